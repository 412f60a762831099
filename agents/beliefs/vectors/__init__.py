"""The parts of beliefs in which users are vectors: Laplace steps, mixtures of Gaussians, and what items are about."""
