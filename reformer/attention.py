"""Dense attention, the yardstick for everything else: every query weighs every key (unit 05).

`dense_attention` has queries, keys and values of its own. `shared_qk_attention` lets queries serve as keys, as the
Reformer does, and is what `lsh_attention` approximates. Both go over blocks of queries, so that no table of L times L
weights exists at a time: the idea of Rabe and Staats, "Self-attention Does Not Need O(n^2) Memory" (2021), which
FlashAttention (Dao et al., 2022) made fast. `softmax`, `logsumexp` and the functions around them serve every kind of
attention here. The gradients stand in `gradients` (unit 06).

What is not finite touches only the rows that attend to it: a hidden key or value may hold NaN.

Letters: L positions, Q queries, K keys, d features of queries and keys, e features of values. Leading axes are batch
and heads.
"""

import numpy as np

from reformer.arguments import require_arrays
from reformer.chunking import NOBODY, stretches
from reformer.masks import HIDDEN, attention_mask
from reformer.neighbors import dot_products

UNIT_EPSILON = 1e-6  # under the root, per feature, so that the zero vector stays finite; Trax and Hugging Face agree
LONGEST_SHARED = 1e29  # a token sees itself at |q| - 1e30, which has to stay below every other key, at -|q| at worst


def dense_attention(queries, keys, values, *, causal=False, padding=None, block_length=256):
    """Average the values by the softmax of scaled dot products between queries and keys.

    The equation of `neighbors.softmax_attention` (unit 01), for one sequence whose tokens attend to each other.

    Parameters
    ----------
    queries, keys : (..., L, d) float32 or float64 arrays
    values : (..., L, e) array of the same dtype
    causal : a query sees no later key
    padding : (..., L) boolean array, True where a token is padding, or None. Nobody sees padding; what it sees
        itself is a zero vector.
    block_length : queries treated at once, at least 1; it changes memory and nothing else

    Returns
    -------
    outputs : (..., L, e) array

    Raises ValueError if a shape or dtype does not fit, or float64 cannot hold a dot product.
    Source: Vaswani et al., "Attention Is All You Need" (2017), equation 1.
    """
    queries, keys, values = require_arrays(
        queries=(queries, "... L d+"), keys=(keys, "... L d"), values=(values, "... L e")
    )
    return _attend_in_blocks(scaled(queries), keys, values, padding, block_length, causal=causal, avoid_self=False)


def shared_qk_attention(queries_keys, values, *, causal=True, padding=None, block_length=256):
    """Dense attention whose keys are the queries at length one; a token sees itself only where nothing else is visible.

    The logit of query i and key j is q_i . q_j / |q_j|. It is not divided by sqrt(d).

    Parameters
    ----------
    queries_keys : (..., L, d) float32 or float64 array of vectors shorter than 1e29: a token's own logit is |q| - 1e30
    values : (..., L, e) array of the same dtype
    causal, padding, block_length : as in `dense_attention`

    Returns
    -------
    outputs : (..., L, e) array

    Raises ValueError if a shape or dtype does not fit, or a vector is too long.
    Source: Reformer, section 2, "Shared-QK Transformer" and "Causal masking for shared-QK attention".
    """
    queries, values, *_ = require_shared(queries_keys, values, padding)
    return _attend_in_blocks(queries, unit_keys(queries), values, padding, block_length, causal=causal)


def _attend_in_blocks(queries, keys, values, padding, block_length, **visibility):
    outputs = np.empty_like(values)
    for rows, reach, mask in blocks(values, padding, block_length, **visibility):
        logits = masked_logits(queries[..., rows, :], keys[..., reach, :], mask)
        outputs[..., rows, :] = weighted_sum(softmax(logits), values[..., reach, :])
    return outputs


def blocks(values, padding, block_length, **visibility):
    """Cut attention over (..., L, e) values into blocks: slices of queries, of the keys that they reach, and masks."""
    length = values.shape[-2]
    positions = np.arange(length)
    if padding is not None:
        _, padding = require_arrays(values=(values, "... L e"), padding=(padding, "... L", bool))
        positions = np.where(padding, NOBODY, positions)
    for rows in stretches(length, block_length):
        reach = slice(0, rows.stop if visibility["causal"] else length)
        yield rows, reach, attention_mask(positions[..., rows], positions[..., reach], **visibility)


def scaled(queries):
    """Queries divided by sqrt(d), so that dot products of random vectors do not grow with d."""
    return queries / np.sqrt(queries.dtype.type(queries.shape[-1]))


def require_shared(queries_keys, values, padding=None, **others):
    """Arguments of attention with shared queries and keys as arrays: queries_keys, values, others, padding if any."""
    if padding is not None:
        others["padding"] = (padding, "... L", bool)
    queries_keys, values, *arrays = require_arrays(
        queries_keys=(queries_keys, "... L+ d+"), values=(values, "... L e+"), **others
    )
    largest = max(np.max(queries_keys, initial=0), -np.min(queries_keys, initial=0))
    if not largest < LONGEST_SHARED / np.sqrt(queries_keys.shape[-1]):  # too long, padding, or not finite
        counts = np.all(np.isfinite(queries_keys), axis=-1, keepdims=True)
        if padding is not None:
            counts &= ~arrays[-1][..., np.newaxis]
        if np.any(counts & (inverse_norms(queries_keys) <= 1 / LONGEST_SHARED)):
            largest = np.max(np.abs(queries_keys), where=counts, initial=0)
            needed = f"vectors shorter than 1e29, got a longer one, and entries up to {largest:.3g}"
            raise ValueError(f"queries_keys needs {needed}")
    return queries_keys, values, *arrays


def unit_keys(queries_keys):
    """Scale vectors to length one: (..., d) -> (..., d). One shorter than about 0.001 sqrt(d) stays shorter than one.

    At d = 64 a vector of length 0.01 becomes one of length 0.78, and the zero vector stays zero.
    Source: Reformer, section 2, "Shared-QK Transformer"; the small number under the root: Trax and Hugging Face.
    """
    with np.errstate(invalid="ignore"):  # an infinite vector becomes NaN
        return queries_keys * inverse_norms(queries_keys)


def inverse_norms(vectors):
    """One over the norm of each vector: (..., d) -> (..., 1)."""
    squares = np.einsum("...d,...d->...", vectors, vectors)[..., np.newaxis]
    if vectors.dtype == np.float32 and np.any(np.isinf(squares)):  # some vector is longer than 1.8e19
        return inverse_norms(vectors.astype(np.float64)).astype(np.float32)
    return 1 / np.sqrt(squares + UNIT_EPSILON * vectors.shape[-1])


def masked_logits(queries, keys, mask):
    """Dot products plus mask, -inf where the mask is: (..., Q, d), (..., K, d), (..., Q, K) -> (..., Q, K).

    As in `dot_products`: float64 where float32 cannot hold one, ValueError where float64 cannot.
    """
    products = dot_products(queries, keys)
    if np.all(np.isfinite(products)):
        products += mask
        return products
    with np.errstate(invalid="ignore"):
        return np.where(mask == HIDDEN, HIDDEN, products + mask)


def softmax(logits):
    """exp(logit) over its sum, along the last axis. A row where all is hidden (-inf) becomes zeros."""
    with np.errstate(over="ignore", invalid="ignore"):  # -inf far below the largest, NaN for infinity less infinity
        weights = np.exp(logits - row_max(logits))
    row_sum = np.sum(weights, axis=-1, keepdims=True)
    weights /= np.where(row_sum == 0, 1, row_sum)
    return weights


def logsumexp(logits):
    """Logarithm of the sum of exp(logit) along the last axis, which it drops; -inf where all is hidden (-inf)."""
    top = row_max(logits)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        return (top + np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True)))[..., 0]


def row_max(logits):
    """The largest entry of each row, (..., K) -> (..., 1), which exp needs subtracted; 0 where all is hidden (-inf)."""
    top = np.max(logits, axis=-1, keepdims=True, initial=-np.inf)
    return np.where(np.isneginf(top), 0, top)


def weighted_sum(weights, values):
    """weights @ values, where a weight of 0 hides even NaN and infinity: (..., Q, K), (..., K, e) -> (..., Q, e)."""
    finite = np.isfinite(values)
    if np.all(finite):
        return (weights @ values).astype(values.dtype, copy=False)
    reached = (weights != 0).astype(values.dtype) @ (~finite).astype(values.dtype) > 0
    return np.where(reached, np.nan, weights @ np.where(finite, values, 0)).astype(values.dtype)
