"""Vectors at a known angle, for the hashes that collide by angle."""

import numpy as np


def pairs_at(angle, n_pairs, n_features, rng):
    """Pairs of random unit vectors, each pair at the same angle: (n_pairs, 2, d)."""
    first, other = rng.standard_normal((2, n_pairs, n_features))
    first /= np.linalg.norm(first, axis=-1, keepdims=True)
    other -= np.sum(first * other, axis=-1, keepdims=True) * first
    other /= np.linalg.norm(other, axis=-1, keepdims=True)
    return np.stack([first, np.cos(angle) * first + np.sin(angle) * other], axis=1)
