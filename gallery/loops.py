"""The slow, obvious twin of every function that a room's exercise asks for: one loop for each axis.

A twin says what its function means, and stands in for an answer that is not there yet. Each uses `np` and nothing else.
"""

import numpy as np


def strided_pattern(length, n_near, stride):
    pattern = np.zeros((length, length), dtype=bool)
    for i in range(length):
        for j in range(i + 1):
            pattern[i, j] = i - j < n_near or (i - j) % stride == 0
    return pattern
