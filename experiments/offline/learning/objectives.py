"""What a policy is trained towards: estimates of its value that can be differentiated.

Each is the mean over logged slots of min(w, clip) (r - baseline) + what a model expects of the policy, with
w = pi(item | x) / propensity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

Objective = Literal["ips", "snips", "dr", "loglik"]
OBJECTIVES: tuple[Objective, ...] = ("ips", "snips", "dr", "loglik")


@dataclass(frozen=True, slots=True)
class Batch:
    """n slates as tensors.

    Attributes:
        log_policy: (n, M) log probability of each item under the policy.
        items: (n, L) what was shown.
        reward: (n, L) what came of it.
        propensity: (n, L) of what was shown.
        predicted: (n, M) reward that a model predicts of each item, for DR.
    """

    log_policy: torch.Tensor
    items: torch.Tensor
    reward: torch.Tensor
    propensity: torch.Tensor
    predicted: torch.Tensor


def value(batch: Batch, objective: Objective, clip: float, translation: float, penalty: float) -> torch.Tensor:
    """Return what is maximised: the clipped estimate, less `penalty` standard errors of it.

    ips: baseline 0, with the penalty of counterfactual risk minimisation.  Swaminathan & Joachims (2015), "Batch
    learning from logged bandit feedback through counterfactual risk minimization", eq. 7.
    snips: baseline `translation`; over all translations, one of these policies maximises the self-normalised estimate,
    which IPS alone would do by avoiding what was logged.  Joachims, Swaminathan & de Rijke (2018), "Deep learning with
    logged bandit feedback", eq. 11.
    dr: baseline what a model predicts, which is added for all that the policy shows.  Dudik, Langford & Li (2011).
    loglik: the mean of (reward / propensity) log pi(item), the largest lower bound of IPS that is concave; the policy
    then shows items as often as they would be clicked under uniform slates.  Ma, Narayanan & Sra (2019), eq. 4.

    Args:
        batch: logged slots with what the policy shows there.
        objective: name of the objective.
        clip: largest importance weight.
        translation: what is taken from each reward, for snips.
        penalty: standard errors that are taken from the estimate.
    """
    if objective == "loglik":
        terms = torch.gather(batch.log_policy, 1, batch.items) * torch.clamp(batch.reward / batch.propensity, max=clip)
        return terms.mean() - penalty * terms.std() / terms.numel() ** 0.5
    weight = torch.exp(torch.gather(batch.log_policy, 1, batch.items)) / batch.propensity
    weight = torch.clamp(weight, max=clip)
    if objective == "dr":
        base = torch.gather(batch.predicted, 1, batch.items)
        expected = (torch.exp(batch.log_policy) * batch.predicted).sum(dim=1, keepdim=True)
        terms = weight * (batch.reward - base) + expected
    else:
        terms = weight * (batch.reward - (translation if objective == "snips" else 0.0))
    error = terms.std() / terms.numel() ** 0.5
    return terms.mean() - penalty * error
