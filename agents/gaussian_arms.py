"""How likely each of several arms with independent Gaussian scores is the best, by quadrature."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from serendip.simulator.interface import Floats


def chances_of_the_best(mean: Floats, deviation: Floats, n_nodes: int = 2001) -> Floats:
    """Return (B, M) probability that each arm's score is the highest: what Thompson sampling of one slot plays.

    P(i) = int phi(z) prod_{j != i} Phi((m_i + s_i z - m_j) / s_j) dz, by the trapezoid rule over z in [-8, 8].

    Args:
        mean: m (B, M).
        deviation: s (B, M), above 0.
        n_nodes: of the rule; more are needed where deviations differ by a factor of a hundred or more.
    """
    z = np.linspace(-8.0, 8.0, n_nodes)
    density = np.exp(-0.5 * z * z)
    density /= density.sum()
    out = np.empty_like(mean, dtype=np.float64)
    for arm in range(mean.shape[1]):
        score = mean[:, [arm]] + deviation[:, [arm]] * z  # (B, nodes)
        below = np.ones_like(score)
        for other in range(mean.shape[1]):
            if other != arm:
                below *= ndtr((score - mean[:, [other]]) / deviation[:, [other]])
        out[:, arm] = below @ density
    return out
