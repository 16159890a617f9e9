"""Neighbours, exact: which vectors point my way, and how to average over them, hard or soft (unit 01).

From averaging to attention: `kernel_regression` weights values by how near their keys are, `softmax_attention` does the
same with dot products, and `k_nearest` is the hard choice of which both are the soft twins. `top_k_attention` stands
between them: soft, over the best keys alone. All compare every query with every key; `planes` (unit 02) and `angular`
(unit 03) avoid that.

Letters: Q queries, K keys, L vectors, d features, d_v features of a value.
"""

import numpy as np

from reformer.arguments import require_arrays, require_count


def cosine_similarity(queries, keys):
    """Cosine of the angle between every query and every key: 1 the same way, 0 at right angles, -1 opposite.

    The zero vector has no direction; its similarity with everything is 0.

    Parameters
    ----------
    queries : (..., Q, d) float32 or float64 array, d at least 1
    keys : (..., K, d) array, K at least 1

    Returns
    -------
    similarity : (..., Q, K) array of values -1 .. 1, up to rounding

    Raises ValueError if a dtype or shape does not fit, or a number is not finite.
    """
    queries, keys = require_arrays(mixed=True, finite=True, queries=(queries, "... Q d+"), keys=(keys, "... K+ d"))
    return unit_vectors(queries) @ np.swapaxes(unit_vectors(keys), -1, -2)


def unit_vectors(vectors):
    """Scale vectors to norm one, (..., d) -> (..., d). The zero vector stays zero."""
    scaled = rescale(vectors)
    norm = np.linalg.norm(scaled, axis=-1, keepdims=True)
    return scaled / np.where(norm == 0, 1, norm)


def rescale(vectors, axis=-1):
    """Multiply each vector by a power of two, so that its squares and products neither overflow nor vanish.

    Directions stay as they are: a power of two changes no digit. The largest entry along `axis` comes to lie near 2^50
    (float32) or 2^498 (float64); only an entry 1e59 (1e472) times smaller may become 0. Where no vector has an unusual
    norm they are returned as they are.
    """
    size = np.max(np.abs(vectors), axis=axis, keepdims=True, initial=0)
    usual = np.finfo(vectors.dtype).max ** 0.25
    if np.all((size == 0) | ((size > 1 / usual) & (size < usual))):
        return vectors
    _, exponent = np.frexp(size)
    shift = np.finfo(vectors.dtype).maxexp // 2 - 14 - exponent
    first, one = shift // 2, vectors.dtype.type(1)  # in two steps: 2^shift itself may lie outside the range
    return vectors * np.ldexp(one, first) * np.ldexp(one, shift - first)


def k_nearest(vectors, k):
    """For each vector the k others that point most nearly its way, the most similar first.

    A vector is not its own neighbour. Ties go to the lower position; where similarities differ by rounding alone, as
    those with two equal vectors may, either can come first.

    Parameters
    ----------
    vectors : (..., L, d) float32 or float64 array, d at least 1
    k : number of neighbours, 1 .. L - 1

    Returns
    -------
    neighbors : (..., L, k) intp array of positions

    Raises ValueError if `vectors` does not fit, or k is not 1 .. L - 1.
    """
    vectors = require_arrays(finite=True, vectors=(vectors, "... L d+"))
    n_vectors = vectors.shape[-2]
    if require_count("k", k) > n_vectors - 1:
        raise ValueError(f"k needs to be at most L - 1 = {n_vectors - 1}, as there are {n_vectors} vectors, got {k}")
    similarity = cosine_similarity(vectors, vectors)
    itself = np.arange(n_vectors)
    similarity[..., itself, itself] = -np.inf
    return np.argsort(-similarity, axis=-1, kind="stable")[..., :k]


def kernel_regression(queries, keys, values, bandwidth):
    """Average of the values, each weighted by how near its key is to the query: the Nadaraya-Watson estimator.

    The weight of a key at distance r is exp(-r^2 / (2 bandwidth^2)); the weights of a query add up to one. A very small
    bandwidth leaves the value of the nearest key, or the average over those equally near; a very large one the
    average over all.

    Parameters
    ----------
    queries : (..., Q, d) float32 or float64 array, d at least 1
    keys : (..., K, d) array, K at least 1
    values : (..., K, d_v) array
    bandwidth : distance at which a weight has fallen to exp(-1/2), in the units of the keys; above 0

    Returns
    -------
    estimates : (..., Q, d_v) array

    Raises ValueError if a dtype or shape does not fit, a number or a distance is not finite, or `bandwidth` is not
    above 0.
    Source: Nadaraya, "On Estimating Regression" (1964); Watson, "Smooth Regression Analysis" (1964).
    """
    queries, keys, values = require_arrays(
        mixed=True, finite=True, queries=(queries, "... Q d+"), keys=(keys, "... K+ d"), values=(values, "... K d_v")
    )
    bandwidth = _require_bandwidth(bandwidth)
    dtype = np.result_type(queries, keys, values)
    queries, keys = queries[..., :, np.newaxis, :], keys[..., np.newaxis, :, :]
    with np.errstate(all="ignore"):
        squared = np.sum((queries - keys) ** 2, axis=-1)
        logits = (np.min(squared, axis=-1, keepdims=True) - squared) / (2 * bandwidth * bandwidth)
    usual = float(np.finfo(dtype).max) ** 0.25  # beyond, squares overflow or vanish
    if not (1 / usual < bandwidth < usual and np.all(np.isfinite(logits))):
        logits = _kernel_logits(queries, keys, bandwidth)
    return _average(values, logits, dtype)


def softmax_attention(queries, keys, values):
    """Average of the values, each weighted by exp(query . key / sqrt(d)): attention as a soft look-up.

    Unit 05 builds on the same equation: `attention.dense_attention` has masks and a gradient besides.

    Parameters
    ----------
    queries : (..., Q, d) float32 or float64 array, d at least 1
    keys : (..., K, d) array, K at least 1
    values : (..., K, d_v) array

    Returns
    -------
    attended : (..., Q, d_v) array

    Raises ValueError if a dtype or shape does not fit, a number is not finite, or a dot product is beyond float64.
    Source: Vaswani et al., "Attention Is All You Need" (2017), equation 1.
    """
    queries, keys, values = require_arrays(
        mixed=True, finite=True, queries=(queries, "... Q d+"), keys=(keys, "... K+ d"), values=(values, "... K d_v")
    )
    logits, scale = dot_products(queries, keys), np.sqrt(keys.shape[-1]).astype(keys.dtype)
    return _average(values, logits / scale, np.result_type(queries, keys, values))


def top_k_attention(queries, keys, values, k):
    """Average of the values as in `softmax_attention`, for each query over its k keys of highest score alone.

    The softmax runs over those k, so that their weights add up to one. Of keys with equal scores the lower positions
    are kept; where scores differ by rounding alone, as those of two equal keys may, either can be. With k = 1 it is the
    value of the best key, with k = K `softmax_attention`.

    Parameters
    ----------
    queries : (..., Q, d) float32 or float64 array, d at least 1
    keys : (..., K, d) array, K at least 1
    values : (..., K, d_v) array
    k : number of keys that each query keeps, 1 .. K

    Returns
    -------
    attended : (..., Q, d_v) array

    Raises ValueError if a dtype or shape does not fit, a number is not finite, a dot product is beyond float64, or k is
    not 1 .. K.
    Source: Gupta et al., "Memory-efficient Transformers via Top-k Attention" (2021).
    """
    queries, keys, values = require_arrays(
        mixed=True, finite=True, queries=(queries, "... Q d+"), keys=(keys, "... K+ d"), values=(values, "... K d_v")
    )
    n_keys = keys.shape[-2]
    if require_count("k", k) > n_keys:
        raise ValueError(f"k needs to be at most K = {n_keys}, the number of keys, got {k}")
    logits, scale = dot_products(queries, keys), np.sqrt(keys.shape[-1]).astype(keys.dtype)
    left_out = np.argsort(-logits, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(logits, left_out, -np.inf, axis=-1)
    return _average(values, logits / scale, np.result_type(queries, keys, values))


def dot_products(queries, keys):
    """query . key for every pair: (..., Q, d), (..., K, d) -> (..., Q, K); float64 where float32 cannot hold one.

    Only pairs with a vector that is not finite give NaN or infinity. Raises ValueError where float64 cannot hold one.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        products = queries @ np.swapaxes(keys, -1, -2)
        if np.all(np.isfinite(products)):
            return products
        products = queries.astype(np.float64) @ np.swapaxes(keys, -1, -2).astype(np.float64)
    known = np.all(np.isfinite(queries), -1)[..., :, np.newaxis] & np.all(np.isfinite(keys), -1)[..., np.newaxis, :]
    if np.any(known & ~np.isfinite(products)):
        raise ValueError("queries needs dot products with keys that float64 can hold, got larger ones")
    return products


@np.errstate(over="ignore")
def _kernel_logits(queries, keys, bandwidth):
    """-(r^2 - r_nearest^2) / (2 bandwidth^2) for distances r along the last axis, in float64.

    Distances are counted in a power of two near the bandwidth, or near the distance of the nearest key where that is
    greater: then no square overflows or vanishes that has any weight, and keys equally near stay so.
    """
    difference = np.subtract(queries, keys, dtype=np.float64)
    largest = np.max(np.abs(difference), axis=-1)
    if np.any(np.isinf(largest)):
        raise ValueError("queries needs distances to keys that float64 can hold, got larger ones")
    _, exponent = np.frexp(np.maximum(np.min(largest, axis=-1, keepdims=True), bandwidth))
    unit = np.ldexp(1.0, exponent - 1)
    squared = np.sum((difference / unit[..., np.newaxis]) ** 2, axis=-1)
    width = np.maximum(bandwidth / unit, np.finfo(np.float64).tiny)
    return (np.min(squared, axis=-1, keepdims=True) - squared) / width / width / 2


@np.errstate(over="ignore")
def _average(values, logits, dtype):
    """Average of the values, weighted by the softmax of the logits; rounding carries it beyond none of them."""
    smallest, largest = np.min(values, axis=-2, keepdims=True), np.max(values, axis=-2, keepdims=True)
    return np.clip(_softmax(logits) @ values, smallest, largest).astype(dtype)


def _softmax(logits):
    """exp(logits - logsumexp(logits)) along the last axis; less the largest logit of the row, none overflows."""
    row_max = np.max(logits, axis=-1, keepdims=True)
    weights = np.exp(logits - row_max)
    row_sum = np.sum(weights, axis=-1, keepdims=True)
    return weights / row_sum


def _require_bandwidth(bandwidth):
    """Return `bandwidth` as a float."""
    array = np.asarray(bandwidth)
    if array.ndim or array.dtype.kind not in "iuf" or not 0 < float(array) < np.inf:
        raise ValueError(f"bandwidth needs a finite number above 0, got {bandwidth!r}")
    return float(array)
