"""Neighbours, exact: which vectors point my way, and how to average over them, hard or soft (unit 01).

From averaging to attention: `kernel_regression` weights values by how near their keys are, `softmax_attention` does the
same with dot products, and `k_nearest` is the hard choice of which both are the soft twins. All compare every query
with every key; `planes` (unit 02) and `angular` (unit 03) avoid that.

Letters: Q queries, K keys, L vectors, d features, d_v features of a value.
"""

import numpy as np

from reformer.arguments import require_count, require_finite, require_floats


def cosine_similarity(queries, keys):
    """Cosine of the angle between every query and every key: 1 the same way, 0 at right angles, -1 opposite.

    The zero vector has no direction; its similarity with everything is 0.

    Parameters
    ----------
    queries : (..., Q, d) float32 or float64 array
    keys : (..., K, d) array

    Returns
    -------
    similarity : (..., Q, K) array of values -1 .. 1, up to rounding

    Raises ValueError if a dtype or shape does not fit, or a number is not finite.
    """
    queries, keys = _require_pair(queries, keys)
    return unit_vectors(queries) @ np.swapaxes(unit_vectors(keys), -1, -2)


def unit_vectors(vectors):
    """Scale vectors to length one, (..., d) -> (..., d). The zero vector stays zero."""
    # Divided by their largest entry first, vectors of any length have squares that neither overflow nor vanish.
    largest = np.max(np.abs(vectors), axis=-1, keepdims=True, initial=0)
    scaled = vectors / np.where(largest == 0, 1, largest)
    length = np.linalg.norm(scaled, axis=-1, keepdims=True)
    return scaled / np.where(length == 0, 1, length)


def k_nearest(vectors, k):
    """For each vector the k others that point most nearly its way, the most similar first.

    A vector is not its own neighbour. Ties go to the lower position; where similarities differ by rounding alone, as
    those with two equal vectors may, either can come first.

    Parameters
    ----------
    vectors : (..., L, d) float32 or float64 array
    k : number of neighbours, 1 .. L - 1

    Returns
    -------
    neighbors : (..., L, k) intp array of positions

    Raises ValueError if `vectors` does not fit, or k is not 1 .. L - 1.
    """
    vectors = require_finite("vectors", require_floats("vectors", vectors, "(..., L, d)"))
    n_vectors = vectors.shape[-2]
    if require_count("k", k) > n_vectors - 1:
        raise ValueError(f"k needs to be at most L - 1 = {n_vectors - 1}, as there are {n_vectors} vectors, got {k}")
    similarity = cosine_similarity(vectors, vectors)
    itself = np.arange(n_vectors)
    similarity[..., itself, itself] = -np.inf
    return np.argsort(-similarity, axis=-1, kind="stable")[..., :k]


def kernel_regression(queries, keys, values, bandwidth):
    """Average of the values, each weighted by how near its key is to the query (Nadaraya and Watson, 1964).

    The weight of a key at distance r is exp(-r^2 / (2 bandwidth^2)); the weights of a query add up to one.

    Parameters
    ----------
    queries : (..., Q, d) float32 or float64 array
    keys : (..., K, d) array, K at least 1
    values : (..., K, d_v) array
    bandwidth : distance at which a weight has fallen to exp(-1/2), in the units of the keys; above 0

    Returns
    -------
    estimates : (..., Q, d_v) array

    Raises ValueError if a dtype or shape does not fit, a number is not finite, or `bandwidth` is not above 0.
    Source: Nadaraya, "On Estimating Regression" (1964); Watson, "Smooth Regression Analysis" (1964).
    """
    queries, keys = _require_pair(queries, keys)
    values = _require_values(values, queries, keys)
    bandwidth = _require_bandwidth(bandwidth)
    difference = queries[..., :, np.newaxis, :] - keys[..., np.newaxis, :, :]
    return _softmax(-np.sum(difference**2, axis=-1) / (2 * bandwidth**2)) @ values


def softmax_attention(queries, keys, values):
    """Average of the values, each weighted by exp(query . key / sqrt(d)): attention as a soft look-up.

    Unit 05 builds on the same equation: `attention.dense_attention` has masks and a gradient besides.

    Parameters
    ----------
    queries : (..., Q, d) float32 or float64 array
    keys : (..., K, d) array, K at least 1
    values : (..., K, d_v) array

    Returns
    -------
    attended : (..., Q, d_v) array

    Raises ValueError if a dtype or shape does not fit, or a number is not finite.
    Source: Vaswani et al., "Attention Is All You Need" (2017), equation 1.
    """
    queries, keys = _require_pair(queries, keys)
    values = _require_values(values, queries, keys)
    return _softmax(queries @ np.swapaxes(keys, -1, -2) / np.sqrt(keys.shape[-1]).astype(keys.dtype)) @ values


def _softmax(logits):
    weights = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return weights / np.sum(weights, axis=-1, keepdims=True)


def _require_pair(queries, keys):
    queries = require_finite("queries", require_floats("queries", queries, "(..., Q, d)"))
    keys = require_finite("keys", require_floats("keys", keys, "(..., K, d)"))
    if keys.shape[-1] != queries.shape[-1] or keys.shape[-2] == 0:
        needed = f"(..., K, d) with d = {queries.shape[-1]} as in queries and K at least 1"
        raise ValueError(f"keys needs shape {needed}, got shape {keys.shape}")
    _require_batch("keys", keys, queries)
    return queries, keys


def _require_values(values, queries, keys):
    values = require_finite("values", require_floats("values", values, "(..., K, d_v)"))
    if values.shape[-2] != keys.shape[-2]:
        raise ValueError(f"values needs one row for each of the {keys.shape[-2]} keys, got shape {values.shape}")
    _require_batch("values", values, queries, keys)
    return values


def _require_batch(name, array, *others):
    batches = [other.shape[:-2] for other in others]
    try:
        np.broadcast_shapes(array.shape[:-2], *batches)
    except ValueError:
        raise ValueError(f"{name} needs batch axes that go with {batches}, got shape {array.shape}") from None


def _require_bandwidth(bandwidth):
    """Return `bandwidth` as a float: a NumPy number would turn float32 into float64."""
    array = np.asarray(bandwidth)
    if array.ndim or array.dtype.kind not in "iuf" or not np.isfinite(array) or array <= 0:
        raise ValueError(f"bandwidth needs a finite number above 0, got {bandwidth!r}")
    return float(array)
