"""The random numbers that browser and kernel draw alike from a seed; the twin of shared/numbers.js."""

import numpy as np

_32_BITS = 0xFFFFFFFF


def normal_numbers(seed, shape):
    """Standard normal numbers, as `drawnArray(shape, normalFrom(seed))` gives them: mulberry32, then Box and Muller."""
    uniforms = uniform_numbers(seed, (int(np.prod(shape)), 2))
    normals = np.sqrt(-2 * np.log(1 - uniforms[:, 0])) * np.cos(2 * np.pi * uniforms[:, 1])
    return normals.reshape(shape)


def uniform_numbers(seed, shape):
    """Uniform numbers in 0 .. 1, as `drawnArray(shape, uniformFrom(seed))` gives them: mulberry32."""
    steps = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64)
    state = (np.uint64(seed & _32_BITS) + steps * np.uint64(0x6D2B79F5)) & np.uint64(_32_BITS)
    mixed = _times(state ^ (state >> 15), state | 1)
    mixed ^= (mixed + _times(mixed ^ (mixed >> 7), mixed | 61)) & np.uint64(_32_BITS)
    return ((mixed ^ (mixed >> 14)) / 2**32).reshape(shape)


def _times(a, b):
    """Products of 32-bit numbers, of which the lower 32 bits are kept."""
    return (a * b) & np.uint64(_32_BITS)
