"""The slow, obvious twin of every function that a room's exercise asks for: one loop for each axis.

A twin says what its function means, and stands in for an answer that is not there yet. Each uses `np` and nothing else.
"""

import numpy as np


def attention_pool(vectors, scores, present):
    """Average the vectors of each bag by the softmax of the scores of what is present; zeros where nothing is."""
    pooled = np.zeros((vectors.shape[0], vectors.shape[2]))
    for bag in range(len(vectors)):
        here = [item for item in range(len(vectors[bag])) if present[bag, item]]
        if not here:
            continue
        top = max(scores[bag, item] for item in here)
        whole = sum(np.exp(scores[bag, item] - top) for item in here)
        for item in here:
            pooled[bag] += np.exp(scores[bag, item] - top) / whole * vectors[bag, item]
    return pooled


def strided_pattern(length, n_near, stride):
    pattern = np.zeros((length, length), dtype=bool)
    for i in range(length):
        for j in range(i + 1):
            pattern[i, j] = i - j < n_near or (i - j) % stride == 0
    return pattern
