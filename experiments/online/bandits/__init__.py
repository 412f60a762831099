"""Bandits without a recommender: every belief with every strategy, where the best that can be done is known.

A new task is one class and one line in `TASKS`, a new belief one class and one line in `LEARNERS`.
"""

TASKS = {
    "bernoulli": "serendip.experiments.online.bandits.arms:bernoulli",
    "drifting": "serendip.experiments.online.bandits.arms:drifting",
    "linear": "serendip.experiments.online.bandits.contextual:linear",
    "sparse-linear": "serendip.experiments.online.bandits.contextual:sparse_linear",
    "clicks": "serendip.experiments.online.bandits.contextual:clicks",
    "wheel": "serendip.experiments.online.bandits.contextual:wheel",
    "network": "serendip.experiments.online.bandits.network:network",
}
LEARNERS = {
    "beta": "serendip.experiments.online.bandits.counts:Beta",
    "fading-beta": "serendip.experiments.online.bandits.counts:FadingBeta",
    "bootstrap": "serendip.experiments.online.bandits.counts:Bootstrap",
    "linear": "serendip.experiments.online.bandits.regressing:Linear",
    "linear-ensemble": "serendip.experiments.online.bandits.regressing:LinearEnsemble",
    "logistic": "serendip.experiments.online.bandits.regressing:Logistic",
    "neural-linear": "serendip.experiments.online.bandits.neural:NeuralLinear",
}
