"""Dense attention, the yardstick for everything else: every query weighs every key (units 05 and 06).

`dense_attention` has queries, keys and values of its own. `shared_qk_attention` lets queries serve as keys, as the
Reformer does, and is what `lsh_attention` approximates. Both come plain, with the whole table of weights at once, and
as a forward and backward pair that walks over blocks of queries, so that memory grows linearly with length.
The idea of the blocks is that of Rabe and Staats, "Self-attention Does Not Need O(n^2) Memory" (2021).

Letters: L positions, d features of queries and keys, e features of values. Leading axes are batch and heads.
"""

from typing import NamedTuple

import numpy as np

from reformer.arguments import require_booleans, require_floats, require_shape
from reformer.chunking import NOBODY
from reformer.masks import attention_mask

NORM_EPSILON = 1e-6  # under the root, per feature, so that the zero vector stays finite; Trax and Hugging Face agree
BLOCK_LENGTH = 256  # queries that the forward and backward pairs treat at once


def dense_attention(queries, keys, values, *, causal=False, padding=None):
    """Average the values by the softmax of scaled dot products between queries and keys.

    The equation of `neighbors.softmax_attention` (unit 01), for one sequence whose tokens attend to each other.

    Parameters
    ----------
    queries, keys : (..., L, d) float32 or float64 arrays
    values : (..., L, e) array of the same dtype
    causal : a query sees no later key
    padding : (..., L) boolean array, True where a token is padding, or None. Nobody sees padding; what it sees
        itself is a zero vector.

    Returns
    -------
    outputs : (..., L, e) array

    Raises ValueError if a shape or dtype does not fit.
    Source: Vaswani et al., "Attention Is All You Need" (2017), equation 1.
    """
    queries, keys, values, positions = _check_arrays(queries, keys, values, padding)
    logits = queries / np.sqrt(queries.dtype.type(queries.shape[-1])) @ np.swapaxes(keys, -1, -2)
    weights = softmax(logits + attention_mask(positions, positions, causal=causal, avoid_self=False))
    return weights @ values


def shared_qk_attention(queries_keys, values, *, causal=True, padding=None):
    """Dense attention whose keys are the queries at length one; a token sees itself only where nothing else is visible.

    The logit of query i and key j is q_i . q_j / |q_j|. It is not divided by sqrt(d).

    Parameters
    ----------
    queries_keys : (..., L, d) float32 or float64 array
    values : (..., L, e) array of the same dtype
    causal, padding : as in `dense_attention`

    Returns
    -------
    outputs : (..., L, e) array

    Raises ValueError if a shape or dtype does not fit.
    Source: Reformer, section 2, "Shared-QK Transformer" and "Causal masking for shared-QK attention".
    """
    queries, _, values, positions = _check_arrays(queries_keys, queries_keys, values, padding)
    logits = queries @ np.swapaxes(unit_keys(queries), -1, -2)
    weights = softmax(logits + attention_mask(positions, positions, causal=causal))
    return weights @ values


def unit_keys(queries_keys):
    """Scale vectors to length one: (..., d) -> (..., d). One shorter than about 0.001 sqrt(d) stays shorter than one.

    At d = 64 a vector of length 0.01 becomes one of length 0.78, and the zero vector stays zero.
    Source: Reformer, section 2, "Shared-QK Transformer"; the small number under the root: Trax and Hugging Face.
    """
    return queries_keys * inverse_lengths(queries_keys)


def unit_keys_backward(gradient, queries_keys):
    """Turn the gradient of `unit_keys(queries_keys)` into that of `queries_keys`; both (..., d)."""
    scale = inverse_lengths(queries_keys)
    keys = queries_keys * scale
    return scale * (gradient - np.sum(gradient * keys, axis=-1, keepdims=True) * keys)


def inverse_lengths(vectors):
    """One over the length of each vector: (..., d) -> (..., 1)."""
    squares = np.einsum("...d,...d->...", vectors, vectors)[..., np.newaxis]
    if vectors.dtype == np.float32 and np.isinf(np.max(squares, initial=0)):  # some vector is longer than 1.8e19
        return inverse_lengths(vectors.astype(np.float64)).astype(np.float32)
    return 1 / np.sqrt(squares + NORM_EPSILON * vectors.shape[-1])


def softmax(logits):
    """Softmax over the last axis. A row where all is hidden (-inf) becomes zeros."""
    weights, totals, _ = exponentials(logits)
    return weights / totals


def exponentials(logits, *, out=None):
    """A softmax over the last axis before it is divided: (weights, totals, log_normalizers).

    `weights / totals` is the softmax, zeros in a row where all is hidden (-inf). `log_normalizers`, without the last
    axis, is the log of the sum of exp(logit), -inf in such a row. `out` is an array for the weights; `logits` will do.
    """
    top = _finite(np.max(logits, axis=-1, keepdims=True, initial=-np.inf))
    weights = np.subtract(logits, top, out=out)
    np.exp(weights, out=weights)
    totals = np.sum(weights, axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        log_normalizers = (top + np.log(totals))[..., 0]
    return weights, np.where(totals == 0, 1, totals), log_normalizers


def dense_attention_forward(queries, keys, values, *, causal=False, padding=None):
    """`dense_attention` by blocks of queries: (outputs, saved), with `saved` for `dense_attention_backward`.

    Raises as `dense_attention`.
    """
    queries, keys, values, positions = _check_arrays(queries, keys, values, padding)
    scaled = queries / np.sqrt(queries.dtype.type(queries.shape[-1]))
    return _blocks_forward(scaled, keys, values, positions, causal=causal, avoid_self=False)


def dense_attention_backward(gradient, saved):
    """Gradients of queries, keys and values from that of the outputs of `dense_attention_forward`.

    Raises ValueError if `gradient` does not have the shape of the outputs.
    """
    d_scaled, d_keys, d_values = _blocks_backward(gradient, saved)
    return d_scaled / np.sqrt(d_scaled.dtype.type(d_scaled.shape[-1])), d_keys, d_values


def shared_qk_attention_forward(queries_keys, values, *, causal=True, padding=None):
    """`shared_qk_attention` by blocks of queries: (outputs, saved), with `saved` for `shared_qk_attention_backward`.

    Raises as `shared_qk_attention`.
    """
    queries, _, values, positions = _check_arrays(queries_keys, queries_keys, values, padding)
    return _blocks_forward(queries, unit_keys(queries), values, positions, causal=causal, avoid_self=True)


def shared_qk_attention_backward(gradient, saved):
    """Gradients of queries_keys and values from that of the outputs of `shared_qk_attention_forward`.

    Raises ValueError if `gradient` does not have the shape of the outputs.
    """
    d_queries, d_keys, d_values = _blocks_backward(gradient, saved)
    return d_queries + unit_keys_backward(d_keys, saved.queries), d_values


class SavedDenseAttention(NamedTuple):
    """What the backward pass needs: nothing of size L times L."""

    queries: np.ndarray  # scaled as the logits need them
    keys: np.ndarray
    values: np.ndarray
    outputs: np.ndarray
    log_normalizers: np.ndarray  # (..., L): log of the sum of exp(logit) over the keys
    positions: np.ndarray
    causal: bool
    avoid_self: bool


def _blocks_forward(queries, keys, values, positions, *, causal, avoid_self):
    outputs = np.empty((*queries.shape[:-1], values.shape[-1]), dtype=values.dtype)
    log_normalizers = np.empty(queries.shape[:-1], dtype=values.dtype)
    saved = SavedDenseAttention(queries, keys, values, outputs, log_normalizers, positions, causal, avoid_self)
    for rows, reach in _blocks(saved):
        logits = _block_logits(saved, rows, reach)
        weights, totals, log_normalizers[..., rows] = exponentials(logits, out=logits)
        outputs[..., rows, :] = weights @ values[..., reach, :] / totals
    return outputs, saved


def _blocks_backward(gradient, saved):
    """With P the weights, dV = P'dO and dS = P * (dO V' - rowsum(dO * O)); the weights are computed again."""
    gradient = require_shape("gradient", np.asarray(gradient, dtype=saved.values.dtype), saved.outputs.shape)
    along = np.sum(gradient * saved.outputs, axis=-1, keepdims=True)
    d_queries, d_keys, d_values = (np.zeros_like(array) for array in (saved.queries, saved.keys, saved.values))
    for rows, reach in _blocks(saved):
        log_normalizer = _finite(saved.log_normalizers[..., rows, np.newaxis])
        weights = np.exp(_block_logits(saved, rows, reach) - log_normalizer)
        d_weights = gradient[..., rows, :] @ np.swapaxes(saved.values[..., reach, :], -1, -2)
        d_logits = weights * (d_weights - along[..., rows, :])
        d_queries[..., rows, :] = d_logits @ saved.keys[..., reach, :]
        d_keys[..., reach, :] += np.swapaxes(d_logits, -1, -2) @ saved.queries[..., rows, :]
        d_values[..., reach, :] += np.swapaxes(weights, -1, -2) @ gradient[..., rows, :]
    return d_queries, d_keys, d_values


def _blocks(saved):
    """Slices of queries, each with the slice of keys that it can reach."""
    n_positions = saved.queries.shape[-2]
    for start in range(0, n_positions, BLOCK_LENGTH):
        stop = min(start + BLOCK_LENGTH, n_positions)
        yield slice(start, stop), slice(0, stop if saved.causal else n_positions)


def _block_logits(saved, rows, reach):
    mask = attention_mask(
        saved.positions[..., rows], saved.positions[..., reach], causal=saved.causal, avoid_self=saved.avoid_self
    )
    logits = saved.queries[..., rows, :] @ np.swapaxes(saved.keys[..., reach, :], -1, -2)
    return np.add(logits, mask, out=logits)


def _check_arrays(queries, keys, values, padding):
    """The arguments as arrays that fit each other, and the positions, `NOBODY` where there is padding."""
    queries = require_floats("queries", queries, "(..., L, d)")
    keys = require_shape("keys", require_floats("keys", keys, "(..., L, d)", dtype=queries.dtype), queries.shape)
    values = require_floats("values", values, "(..., L, e)", dtype=queries.dtype)
    require_shape("values", values, (*queries.shape[:-1], values.shape[-1]))
    positions = np.arange(queries.shape[-2])
    if padding is not None:
        padding = require_booleans("padding", padding, queries.shape[:-1])
        positions = np.where(padding, NOBODY, positions)
    return queries, keys, values, positions


def _finite(array):
    """The array with 0 in place of -inf, so that a row where all is hidden does not become NaN."""
    return np.where(np.isneginf(array), array.dtype.type(0), array)
