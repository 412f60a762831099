"""How fast beliefs decide and learn, beside their peers: `python benchmarks/beliefs.py [--repeats 5]`.

Decisions: 100 arms, 20 features, an ensemble of 10, exact propensities; beside `BootstrappedTS` of contextualbandits
and `--bag 10` of Vowpal Wabbit where they are installed (neither gives exact propensities).  Learning: a day of 10,000
visits with the linear belief, beside the bare linear algebra, X'X, X'y and an inverse for each item.  Medians of
`--repeats`, in seconds of the processor, which other work on the machine moves less than those of the clock; all on one
thread, on which the two are the same where nothing else runs.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from serendip.agents.beliefs.features import UserTable
from serendip.agents.beliefs.linear import Linear, LinearSettings
from serendip.agents.beliefs.linear_ensemble import LinearEnsemble, LinearEnsembleSettings
from serendip.agents.recommender import Recommender, RecommenderSettings
from serendip.agents.serving.server import Server
from serendip.agents.strategies.thompson import Thompson, ThompsonSettings
from serendip.simulator.interface import Feedback, Items, Slates, Visits

ARMS, FEATURES, MEMBERS, USERS, KEY = 100, 20, 10, 20_000, 1
ITEMS = Items(np.zeros(ARMS, np.int32), np.zeros(ARMS, np.int32))


def median(run: Callable[[], object], repeats: int) -> float:
    """Return the median seconds of the processor that `run` took."""
    times = list[float]()
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return statistics.median(times)


def visits_of(n: int) -> Visits:
    return Visits(np.arange(n), 0, np.zeros(n, np.int32), np.ones(ARMS, dtype=bool))


def logged(n: int) -> tuple[Any, Any, Any]:
    """Return contexts (n, 20), arms (n,) and clicks (n,) of a random policy."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((n, FEATURES)).astype(np.float32)
    return x, rng.integers(0, ARMS, n), rng.random(n) < 1.0 / (1.0 + np.exp(1.0 - x[:, 0]))


def slates_of(arms: Any) -> Slates:
    n = len(arms)
    return Slates(arms[:, None], np.full((n, 1), 1.0 / ARMS), None, np.ones(n, dtype=bool))


def agent_of(belief: Any) -> Recommender:
    settings = RecommenderSettings("bench", "linear-ensemble", "thompson", epsilon=0.05)
    return Recommender(settings, ITEMS, 1, 0, belief, Thompson(ThompsonSettings()))


def decisions(repeats: int) -> dict[str, float]:
    """Return decisions a second: the server's and its agent's, batched and one by one."""
    x, arms, clicks = logged(USERS)
    table = UserTable(np.arange(USERS), x.astype(np.float64))
    agent = agent_of(LinearEnsemble(LinearEnsembleSettings(members=MEMBERS), ITEMS, 0, table))
    agent.observe(visits_of(USERS), slates_of(arms), Feedback(clicks[:, None]))
    agent.update()
    server = Server(agent, np.ones(ARMS, dtype=bool), KEY)
    rows = [(x[[i]], i) for i in range(1000)]
    found = dict[str, float]()
    for n in (1000, USERS):
        visits = visits_of(n)
        seconds = median(lambda n=n, v=visits: server.choose(x[:n], v.user_ids, 0, v.visit), repeats)
        found[f"server, batches of {n:,}"] = n / seconds
        found[f"agent, batches of {n:,}"] = n / median(lambda v=visits: agent.act(v, KEY), repeats)
    found["server, one by one"] = 1000 / median(
        lambda: [server.choose_one(context, user, 0, 0) for context, user in rows], repeats
    )
    one = [visits_of(USERS).rows([i]) for i in range(100)]
    found["agent, one by one"] = 100 / median(lambda: [agent.act(visits, KEY) for visits in one], repeats)
    return found


def contextualbandits(repeats: int) -> dict[str, float]:
    """Return decisions a second of BootstrappedTS on the same data."""
    if importlib.util.find_spec("contextualbandits") is None:
        return {}
    from contextualbandits.online import BootstrappedTS  # pyright: ignore
    from sklearn.linear_model import LogisticRegression  # pyright: ignore

    x, arms, clicks = logged(USERS)
    base = LogisticRegression(max_iter=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer: Any = BootstrappedTS(base, nchoices=ARMS, nsamples=MEMBERS, njobs_arms=1, njobs_samples=1, random_state=1)
        peer.fit(x, arms, clicks.astype(np.int64))
        return {
            f"contextualbandits BootstrappedTS, batches of {n:,}": n / median(lambda n=n: peer.predict(x[:n]), repeats)
            for n in (1000, USERS)
        }


def vowpal_wabbit(repeats: int) -> dict[str, float]:
    """Return decisions a second of `--bag 10`, whose examples are parsed beforehand."""
    if importlib.util.find_spec("vowpalwabbit") is None:
        return {}
    import vowpalwabbit as vw  # pyright: ignore

    x, arms, clicks = logged(2000)
    words = [" ".join(f"f{j}:{value:.4f}" for j, value in enumerate(row)) for row in x.tolist()]
    peer: Any = vw.Workspace(f"--cb_explore {ARMS} --bag {MEMBERS} --quiet")
    for arm, click, text in zip(arms.tolist(), clicks.tolist(), words, strict=True):
        peer.learn(f"{arm + 1}:{-float(click)}:{1 / ARMS} | {text}")
    examples = [peer.parse(f"| {text}", vw.LabelType.CONTEXTUAL_BANDIT) for text in words[:1000]]
    return {"Vowpal Wabbit --bag 10, one by one": 1000 / median(lambda: [peer.predict(e) for e in examples], repeats)}


def learning(repeats: int) -> tuple[float, float]:
    """Return seconds of `observe` and `update` on a day of 10,000 visits, and of the bare linear algebra."""
    n = 10_000
    x, arms, clicks = logged(n)
    table = UserTable(np.arange(n), x.astype(np.float64))
    visits, slates, feedback = visits_of(n), slates_of(arms), Feedback(clicks[:, None])
    agents = [agent_of(Linear(LinearSettings(), ITEMS, table)) for _ in range(repeats)]

    def day() -> None:
        agent = agents.pop()
        agent.observe(visits, slates, feedback)
        agent.update()

    x64, y = x.astype(np.float64), clicks.astype(np.float64)
    of_item = [np.flatnonzero(arms == item) for item in range(ARMS)]

    def bare() -> None:
        precision, right = np.empty((ARMS, FEATURES, FEATURES)), np.empty((ARMS, FEATURES))
        for item, rows in enumerate(of_item):
            here = x64[rows]
            precision[item], right[item] = here.T @ here + np.eye(FEATURES), here.T @ y[rows]
        np.matmul(np.linalg.inv(precision), right[:, :, None])

    return median(day, repeats), median(bare, repeats)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    load = os.getloadavg()[0]
    print(f"{ARMS} arms, {FEATURES} features, {MEMBERS} members; {os.cpu_count()} cores, load {load:.1f}")
    ours = decisions(repeats)
    theirs = contextualbandits(repeats), vowpal_wabbit(repeats)
    for name, rate in (ours | theirs[0] | theirs[1]).items():
        print(f"{name:<60} {rate:>12,.0f} decisions/s")
    for (name, rate), n in zip(theirs[0].items(), (f"{1000:,}", f"{USERS:,}"), strict=False):
        print(f"server over {name:<48} {ours[f'server, batches of {n}'] / rate:>12,.1f}")
    for name, rate in theirs[1].items():
        print(f"server, batches of 1,000, over {name:<29} {ours['server, batches of 1,000'] / rate:>12,.1f}")
        print(f"server, one by one, over {name:<35} {ours['server, one by one'] / rate:>12,.1f}")
    for name, there in (("contextualbandits", theirs[0]), ("Vowpal Wabbit", theirs[1])):
        if not there:
            print(f"{name}: not installed")
    mine, bare = learning(repeats)
    print(f"observe + update of 10,000 visits: {1e3 * mine:.1f} ms; bare {1e3 * bare:.1f} ms, ratio {mine / bare:.2f}")


if __name__ == "__main__":
    main()
