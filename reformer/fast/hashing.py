"""The hash of the tuned path: `angular.factorised_hash`, block by block, without its large intermediates."""

import math

import numpy as np

from reformer.arguments import require_arrays, require_count, require_finite
from reformer.fast import memory as scratch


def hash_vectors(vectors, factor_rotations, *, n_workers=1):
    """Hash vectors as `angular.factorised_hash` does, quicker.

    Parameters
    ----------
    vectors : (..., L, d) float32 or float64 array
    factor_rotations : sequence of (R, d, B_i/2) arrays of the same dtype, one for each factor; one for a plain hash
    n_workers : threads that share the batch entries (heads)

    Returns
    -------
    buckets : (..., R, L) array of values 0 .. B_1 B_2 ... - 1, uint16 where that suffices, else intp

    Raises ValueError if there is no factor, an array is empty, a shape or dtype does not fit, a vector has NaNs or
    infinities, or there are 2^63 buckets or more.
    """
    if len(factor_rotations) == 0:
        raise ValueError("factor_rotations needs at least one array of shape (R, d, B_i/2), got none")
    named = {f"factor_rotations[{i}]": (array, f"R+ d B_{i}/2+") for i, array in enumerate(factor_rotations)}
    vectors, *factors = require_arrays(vectors=(vectors, "... L+ d+"), **named)
    n_workers = require_count("n_workers", n_workers)
    n_buckets = math.prod(2 * rotations.shape[-1] for rotations in factors)
    if n_buckets >= 2**63:
        raise ValueError(f"factor_rotations needs fewer than 2^63 buckets in all factors together, got {n_buckets}")
    heads = _of_usual_length(scratch.one_batch_axis(vectors))
    buckets = np.zeros((len(heads), len(factors[0]), heads.shape[1]), np.uint16 if n_buckets <= 2**16 else np.intp)
    columns = [np.ascontiguousarray(np.swapaxes(rotations, 1, 2)) for rotations in factors]

    def work(head, memory):
        size = 2 * scratch.bite(n_workers) * scratch.BLOCK_SIZE
        _hash_head(heads[head], columns, buckets[head], memory, size)

    scratch.share_out(range(len(heads)), work, n_workers)
    return buckets.reshape(*vectors.shape[:-2], *buckets.shape[1:])


def _of_usual_length(vectors):
    """Scale vectors near either end of the range, whose length does not matter, so that no product leaves it.

    Squares show which these are, and NaN and infinity as well.
    """
    squares = np.einsum("hld,hld->hl", vectors, vectors)
    smallest, largest = np.sqrt([np.finfo(vectors.dtype).tiny, np.finfo(vectors.dtype).max])
    if np.min(squares, initial=1) > smallest and np.max(squares, initial=1) < largest:
        return vectors
    unusual = ~((squares > smallest) & (squares < largest))
    vectors = require_finite("vectors", vectors).copy()
    sizes = np.max(np.abs(vectors[unusual]), axis=-1, keepdims=True)
    vectors[unusual] = np.ldexp(vectors[unusual], -np.frexp(sizes)[1])
    return vectors


def _hash_head(vectors, columns, buckets, memory, size):
    """Fill (R, L) zeros with the buckets of (L, d) vectors, for (R, B_i/2, d) columns of the rotations.

    The rotated vectors stand as columns, so that the search for the largest entry runs along whole rows of memory.
    `size` is how many entries of rotated vectors to look at at a time.
    """
    weight = 1
    for factor in columns:
        n_rounds, half, n_features = factor.shape
        step = max(1, size // (n_rounds * half))
        for start in range(0, len(vectors), step):
            part = vectors[start : start + step]
            rotated = scratch.kept(memory, "rotated", (n_rounds, half, len(part)), part.dtype)
            np.matmul(factor.reshape(-1, n_features), part.T, out=rotated.reshape(-1, len(part)))
            digit = _largest_of_both_signs(rotated, memory).astype(buckets.dtype)
            buckets[:, start : start + step] += digit * buckets.dtype.type(weight)
        weight *= 2 * half


def _largest_of_both_signs(rotated, memory):
    """argmax of [y, -y] along the middle axis of (R, B/2, rows), ties to the lower index: (R, rows)."""
    half = rotated.shape[1]
    high, low = np.max(rotated, axis=1), np.min(rotated, axis=1)
    negative = high < -low
    np.copyto(high, low, where=negative)  # now the largest entry, with its sign
    hits = scratch.kept(memory, "hits", rotated.shape, bool)
    hits = np.equal(rotated, high[:, np.newaxis], out=hits).view(np.uint8)
    countdown = np.arange(half, 0, -1, dtype=np.min_scalar_type(2 * half))[:, np.newaxis]
    counts = np.multiply(hits, countdown, out=scratch.kept(memory, "counts", rotated.shape, countdown.dtype))
    return half - np.max(counts, axis=1) + negative * countdown.dtype.type(half)
