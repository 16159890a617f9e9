"""Keep numbers away from both ends of the floating-point range, where they overflow or lose their digits.

Attention is linear in the values, and its gradients in the gradient of the outputs. So each head of either may be
multiplied by a power of two before, and the results by another after, and nothing else changes: not even rounding.
"""

import numpy as np

# Sums of exp of it, and one over sums of exp of minus it, leave room for a factor of usual size. Larger logits need a
# reference subtracted before exp.
LARGEST_LOGIT = {np.dtype(np.float32): 60.0, np.dtype(np.float64): 600.0}
USUAL_POWERS = (-20, 14)  # 2^k of arrays that are left as they are


def powers_of_heads(array):
    """The k, (H, 1, 1), for which each head of (H, L, f), divided by 2^k, has a usual size; and whether all is finite.

    Its size is its length as one vector, which is quick to find, or where that is not usual its largest number.
    """
    heads = array.reshape(len(array), -1)
    low, high = USUAL_POWERS
    with np.errstate(over="ignore"):
        squares = np.vecdot(heads, heads)
    if all(4.0**low <= square < 4.0**high for square in squares.tolist()):
        return np.zeros((len(heads), 1, 1), int), True
    sizes = np.max(np.abs(heads), axis=1)
    return unusual_powers(sizes)[:, np.newaxis, np.newaxis], bool(np.all(np.isfinite(sizes)))


def unusual_powers(sizes):
    """The k with 2^k next below each size; 0 where that is usual."""
    low, high = USUAL_POWERS
    powers = np.frexp(sizes)[1] - 1
    return np.where((powers < low) | (powers >= high), powers, 0)


def times_power(array, powers, out=None):
    """array * 2^powers, in two steps as one alone may overflow; the array itself where all powers are 0."""
    if not powers.any():
        return array
    most = np.finfo(array.dtype).maxexp - 2
    half = powers // 2
    first, second = (np.ldexp(array.dtype.type(1), np.clip(k, -most, most)) for k in (half, powers - half))
    out = np.multiply(array, first, out=out)
    return np.multiply(out, second, out=out)


def exp_of_negative(logits, spare):
    """Replace logits of at most 0 by their exp, and by 0 where that is below the smallest normal number.

    Numbers between 0 and that one would make all that follows ten times slower. They are pushed down before exp by
    arithmetic, several times quicker than by a mask: the line through the end of the range is steeper than rounding.
    """
    numbers = np.finfo(logits.dtype)
    end = np.ceil(np.log(numbers.tiny))
    np.subtract(logits, end, out=spare)
    with np.errstate(over="ignore"):  # to minus infinity, where a key is hidden
        np.multiply(spare, 2 / numbers.eps, out=spare)
    np.minimum(logits, spare, out=logits)
    return np.exp(logits, out=logits)
