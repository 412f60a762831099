"""Bandits without a recommender: every belief with every strategy, where the best that can be done is known.

A new task is one class and one line in `TASKS`, a new belief one class and one line in `LEARNERS`.
"""

TASKS = {
    "bernoulli": "serendip.experiments.bandits.arms:bernoulli",
    "drifting": "serendip.experiments.bandits.arms:drifting",
    "linear": "serendip.experiments.bandits.contextual:linear",
    "sparse-linear": "serendip.experiments.bandits.contextual:sparse_linear",
    "clicks": "serendip.experiments.bandits.contextual:clicks",
    "wheel": "serendip.experiments.bandits.contextual:wheel",
    "network": "serendip.experiments.bandits.network:network",
}
LEARNERS = {
    "beta": "serendip.experiments.bandits.counts:Beta",
    "fading-beta": "serendip.experiments.bandits.counts:FadingBeta",
    "bootstrap": "serendip.experiments.bandits.counts:Bootstrap",
    "linear": "serendip.experiments.bandits.regressing:Linear",
    "linear-ensemble": "serendip.experiments.bandits.regressing:LinearEnsemble",
    "logistic": "serendip.experiments.bandits.regressing:Logistic",
    "neural-linear": "serendip.experiments.bandits.neural:NeuralLinear",
}
