"""LSH attention: each token attends to the tokens near it after sorting by hash bucket (unit 05).

`lsh_attention` is the whole of it, in the steps of the lesson. `lsh_attention_forward` and `lsh_attention_backward`
compute the same, and its gradients, by the tuned path in `_fast_lsh`.

Letters: L positions, d features of queries and keys, e features of values, R hash rounds, B buckets, n chunks of
length C, windows of W keys. Leading axes are batch and heads.
Source: Kitaev, Kaiser, Levskaya, "Reformer: The Efficient Transformer" (2020), section 2; conventions as in Trax.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from reformer import _fast_lsh
from reformer.angular import offset_rounds
from reformer.arguments import (
    require_booleans,
    require_choice,
    require_count,
    require_entries,
    require_finite,
    require_floats,
    require_integers,
    require_shape,
)
from reformer.attention import exponentials, softmax, unit_keys
from reformer.chunking import NOBODY, WRAPS, look_adjacent, sort_by_bucket, split_into_chunks, undo_sort
from reformer.masks import HIDDEN, attention_mask


@dataclass
class Options:
    """The options of `lsh_attention`, under the same names."""

    n_buckets: int
    chunk_length: int
    causal: bool = True
    n_before: int = 1
    n_after: int = 0
    wrap: str = "global"
    same_bucket_only: bool = False
    correct_duplicates: bool = False

    def __post_init__(self):
        for name, at_least in (("n_buckets", 1), ("chunk_length", 1), ("n_before", 0), ("n_after", 0)):
            setattr(self, name, require_count(name, getattr(self, name), at_least=at_least))
        require_choice("wrap", self.wrap, WRAPS)


def lsh_attention(
    queries_keys,
    values,
    buckets,
    *,
    n_buckets,
    chunk_length,
    causal=True,
    n_before=1,
    n_after=0,
    wrap="global",
    same_bucket_only=False,
    correct_duplicates=False,
    padding=None,
):
    """Attend within chunks of the sequence sorted by bucket, in several hash rounds, and combine the rounds.

    Keys are the queries at length one, logits are q . k, and a token sees itself only where nothing else is visible.

    Parameters
    ----------
    queries_keys : (..., L, d) float32 or float64 array
    values : (..., L, e) array of the same dtype
    buckets : (..., R, L) integer array of values 0 .. B - 1, each round numbered from 0
    n_buckets : B
    chunk_length : C, at least 1; L need not be a multiple of it
    causal : a query sees no later key
    n_before, n_after, wrap : which chunks a chunk looks at, as in `look_adjacent`
    same_bucket_only : a query sees only keys of its own bucket in that round
    correct_duplicates : a key that a query meets N times, over all rounds, counts 1/N each time
    padding : (..., L) boolean array, True where a token is padding, or None. Nobody sees padding, it changes nothing
        for the others, and its own outputs are zero.

    Returns
    -------
    outputs : (..., L, e) array

    Raises ValueError if a shape, dtype or number does not fit.
    Source: Reformer, section 2 and appendix A, "Multi-round LSH attention". The paper masks other buckets, equation
    (4), and corrects duplicates, in the appendix; the published code does neither.
    """
    options = Options(n_buckets, chunk_length, causal, n_before, n_after, wrap, same_bucket_only, correct_duplicates)
    queries_keys, values, buckets = _check_arrays(queries_keys, values, buckets, options.n_buckets)
    if padding is None:
        return _attend(queries_keys, values, buckets, options)
    outputs = np.zeros_like(values)
    for entry, real in _real_tokens(padding, values.shape[:-1]):
        outputs[entry][real] = _attend(queries_keys[entry][real], values[entry][real], buckets[entry][:, real], options)
    return outputs


def _attend(queries_keys, values, buckets, options):
    order, chunks, windows, mask = who_sees_whom(buckets, options)
    queries = _fetch(queries_keys, chunks)
    keys = _fetch(unit_keys(queries_keys), windows)
    outputs, log_normalizers = attend_within_chunks(queries, keys, _fetch(values, windows), mask)
    undo = undo_sort(order)  # (R, L): empty places stand at the end of a round, so undo never points at one
    outputs = outputs.reshape(*undo.shape[:-1], -1, values.shape[-1])
    log_normalizers = log_normalizers.reshape(*undo.shape[:-1], -1)
    outputs = np.take_along_axis(outputs, undo[..., np.newaxis], axis=-2)
    return combine_rounds(outputs, np.take_along_axis(log_normalizers, undo, axis=-1))


def _fetch(vectors, positions):
    """The vectors that stand at some positions: (..., L, d) and (..., R, n, C) give (..., R, n, C, d)."""
    flat = positions.reshape(*positions.shape[:-3], -1, 1)
    return np.take_along_axis(vectors, flat, axis=-2).reshape(*positions.shape, vectors.shape[-1])


def who_sees_whom(buckets, options):
    """Sort, chunk and look back: (order, chunks, windows, mask), all of them about positions.

    Shapes: (..., R, L), (..., R, n, C), (..., R, n, W) and (..., R, n, C, W).

    Raises ValueError if `buckets` is not an integer array, or a bucket is out of range.
    Source: Reformer, section 2, figure 2.
    """
    order = sort_by_bucket(buckets)
    look = dict(n_before=options.n_before, n_after=options.n_after, wrap=options.wrap)
    chunks = split_into_chunks(order, options.chunk_length)
    windows = look_adjacent(chunks, **look)
    chunk_buckets = window_buckets = None
    if options.same_bucket_only:
        sorted_buckets = np.take_along_axis(offset_rounds(buckets, options.n_buckets), order, axis=-1)
        chunk_buckets = split_into_chunks(sorted_buckets, options.chunk_length)
        window_buckets = look_adjacent(chunk_buckets, **look)
    mask = attention_mask(
        chunks, windows, causal=options.causal, query_buckets=chunk_buckets, key_buckets=window_buckets
    )
    if options.correct_duplicates:
        mask = mask - np.log(np.maximum(count_duplicates(chunks, windows, mask > HIDDEN), 1))
    return order, chunks, windows, mask


def attend_within_chunks(queries, keys, values, mask):
    """Softmax attention inside every chunk, with the logarithm of what the softmax divides by.

    Parameters
    ----------
    queries : (..., n, C, d) float array
    keys : (..., n, W, d) float array, each chunk's window
    values : (..., n, W, e) float array
    mask : (..., n, C, W) array to add to the logits, from `attention_mask`

    Returns
    -------
    outputs : (..., n, C, e) array; zeros where a query sees nothing
    log_normalizers : (..., n, C) array, log of the sum of exp(logit) over what a query sees; -inf where nothing

    Raises ValueError if a shape or dtype does not fit.
    Source: Reformer, section 2, equations (2) and (3), where the normaliser is z(i, P_i).
    """
    queries = require_floats("queries", queries, "(..., n, C, d)")
    *batch, chunk_length, n_features = queries.shape
    keys = require_floats("keys", keys, "(..., n, W, d)", dtype=queries.dtype)
    require_shape("keys", keys, (*batch, keys.shape[-2], n_features))
    values = require_floats("values", values, "(..., n, W, e)", dtype=queries.dtype)
    require_shape("values", values, (*batch, keys.shape[-2], values.shape[-1]))
    mask = require_floats("mask", mask, "(..., n, C, W)")
    require_shape("mask", mask, (*batch, chunk_length, keys.shape[-2]))
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    logits = logits.astype(queries.dtype)  # a mask that corrects duplicates is float64, whatever the queries are
    weights, totals, log_normalizers = exponentials(logits)
    return weights @ values / totals, log_normalizers


def combine_rounds(outputs, log_normalizers):
    """Combine the rounds as if they had been one softmax: each counts by its share of the normaliser.

    Parameters
    ----------
    outputs : (..., R, L, e) float array
    log_normalizers : (..., R, L) array of the same dtype; -inf where a round saw nothing

    Returns
    -------
    combined : (..., L, e) array; zeros where no round saw anything

    Raises ValueError if a shape or dtype does not fit.
    Source: Reformer, appendix A, "Multi-round LSH attention". The shares are divided by their sum, not by a rounded
    logsumexp: where a token saw only itself, at -1e5, the published code is off by up to 1 percent.
    """
    outputs = require_floats("outputs", outputs, "(..., R, L, e)")
    log_normalizers = require_floats("log_normalizers", log_normalizers, "(..., R, L)", dtype=outputs.dtype)
    require_shape("log_normalizers", log_normalizers, outputs.shape[:-1])
    shares = softmax(np.swapaxes(log_normalizers, -1, -2))
    return np.einsum("...lr,...rle->...le", shares, outputs)


def count_duplicates(query_positions, key_positions, visible):
    """Count how often each query meets each of its keys, over all rounds and windows.

    Parameters
    ----------
    query_positions : (..., R, n, C) integer array of positions, -1 where nobody stands
    key_positions : (..., R, n, W) integer array, each chunk's window
    visible : (..., R, n, C, W) boolean array, True where the query sees the key

    Returns
    -------
    counts : (..., R, n, C, W) intp array: for a visible pair of positions, in how many places the same pair is
        visible, itself included; 0 where the pair is hidden

    Raises ValueError if a shape or dtype does not fit.
    Source: Reformer, appendix A, "Multi-round LSH attention": N_ij.
    """
    query_positions = require_integers("query_positions", query_positions, "(..., R, n, C)", low=NOBODY).astype(np.intp)
    *batch, n_rounds, n_chunks, chunk_length = query_positions.shape
    key_positions = require_integers("key_positions", key_positions, "(..., R, n, W)", low=NOBODY).astype(np.intp)
    window_length = key_positions.shape[-1]
    require_shape("key_positions", key_positions, (*batch, n_rounds, n_chunks, window_length))
    visible = require_booleans("visible", visible, (*query_positions.shape, window_length))
    n_positions = 2 + max(query_positions.max(initial=0), key_positions.max(initial=0))
    pairs = (query_positions[..., np.newaxis] + 1) * n_positions + key_positions[..., np.newaxis, :] + 1
    counts = np.zeros(visible.shape, dtype=np.intp)
    for entry in np.ndindex(*batch):
        _, pair, times = np.unique(pairs[entry][visible[entry]], return_inverse=True, return_counts=True)
        counts[entry][visible[entry]] = times[pair]
    return counts


def hash_vectors(vectors, factor_rotations, *, n_workers=1):
    """Hash vectors as `angular.factorised_hash` does, block by block: quicker, and without its large intermediates.

    Parameters
    ----------
    vectors : (..., L, d) float32 or float64 array
    factor_rotations : sequence of (R, d, B_i/2) arrays of the same dtype, one for each factor; one for a plain hash
    n_workers : threads that share the batch entries (heads)

    Returns
    -------
    buckets : (..., R, L) array of values 0 .. B_1 B_2 ... - 1, uint16 where that suffices, else intp

    Raises ValueError if there is no factor, an array is empty, a shape or dtype does not fit, or a vector has NaNs or
    infinities.
    """
    vectors = require_entries("vectors", require_finite("vectors", require_floats("vectors", vectors, "(..., L, d)")))
    if len(factor_rotations) == 0:
        raise ValueError("factor_rotations needs at least one array of shape (R, d, B_i/2), got none")
    factors = [require_floats("factor_rotations", f, "(R, d, B_i/2)", dtype=vectors.dtype) for f in factor_rotations]
    for factor in factors:
        require_entries("factor_rotations", factor)
        require_shape("factor_rotations", factor, (len(factors[0]), vectors.shape[-1], factor.shape[-1]))
    buckets = _fast_lsh.hash_vectors(_one_batch_axis(vectors), factors, n_workers=require_count("n_workers", n_workers))
    return buckets.reshape(*vectors.shape[:-2], *buckets.shape[1:])


def lsh_attention_forward(queries_keys, values, buckets, *, padding=None, n_workers=1, **options):
    """`lsh_attention`, with the same options, by the fast path: (outputs, saved) for `lsh_attention_backward`.

    `n_workers` threads share the heads, both here and in the backward pass. `saved` refers to the arguments and to
    `outputs`: changing them changes the backward pass. Raises as `lsh_attention`, and ValueError if `n_workers` is
    below 1.
    """
    options = Options(**options)
    queries_keys, values, buckets = _check_arrays(queries_keys, values, buckets, options.n_buckets)
    n_workers = require_count("n_workers", n_workers)
    shapes_and_dtype = queries_keys.shape, values.shape, values.dtype
    if padding is None:
        outputs, whole = _forward(queries_keys, values, buckets, options, n_workers)
        return outputs, SavedLshAttention(*shapes_and_dtype, whole, parts=None)
    outputs, parts = np.zeros_like(values), []
    for entry, real in _real_tokens(padding, values.shape[:-1]):
        sequence = queries_keys[entry][real], values[entry][real], buckets[entry][:, real]
        outputs[entry][real], part = _forward(*sequence, options, n_workers)
        parts.append((entry, real, part))
    return outputs, SavedLshAttention(*shapes_and_dtype, None, parts)


def lsh_attention_backward(gradient, saved):
    """Gradients of queries_keys and values from that of the outputs of `lsh_attention_forward`.

    Parameters
    ----------
    gradient : (..., L, e) array
    saved : what `lsh_attention_forward` returned second

    Returns
    -------
    d_queries_keys, d_values : (..., L, d) and (..., L, e) arrays. The buckets get no gradient.

    Raises ValueError if `gradient` does not have the shape and dtype of the outputs.
    """
    gradient = require_floats("gradient", gradient, "(..., L, e)", dtype=saved.dtype)
    require_shape("gradient", gradient, saved.values_shape)
    if saved.parts is None:
        return _backward(gradient, saved.whole)
    d_queries_keys, d_values = np.zeros(saved.queries_shape, saved.dtype), np.zeros_like(gradient)
    for entry, real, part in saved.parts:
        d_queries_keys[entry][real], d_values[entry][real] = _backward(gradient[entry][real], part)
    return d_queries_keys, d_values


class SavedLshAttention(NamedTuple):
    """What `lsh_attention_backward` needs. With padding, every sequence was computed alone, on its real tokens."""

    queries_shape: tuple
    values_shape: tuple
    dtype: np.dtype
    whole: _fast_lsh.Saved | None  # without padding
    parts: list | None  # with padding: (entry of the batch, its real tokens, what `_fast_lsh` saved of them)


def _forward(queries_keys, values, buckets, options, n_workers):
    shares = None
    if options.correct_duplicates:  # of R L W numbers, where the rest of the path is linear in L alone
        shares = np.exp(who_sees_whom(buckets, options)[-1]).astype(values.dtype)
        shares = shares.reshape(-1, *shares.shape[-4:])
    arrays = (_one_batch_axis(array) for array in (queries_keys, values, buckets))
    outputs, saved = _fast_lsh.forward(*arrays, options, shares=shares, n_workers=n_workers)
    return outputs.reshape(values.shape), saved


def _backward(gradient, saved):
    d_queries_keys, d_values = _fast_lsh.backward(_one_batch_axis(gradient), saved)
    return d_queries_keys.reshape(*gradient.shape[:-1], -1), d_values.reshape(gradient.shape)


def _one_batch_axis(array):
    """(..., a, b) as contiguous (H, a, b)."""
    return np.ascontiguousarray(array.reshape(-1, *array.shape[-2:]))


def _real_tokens(padding, shape):
    """Each entry of the batch with the positions of its real tokens, if it has any."""
    padding = require_booleans("padding", padding, shape)
    for entry in np.ndindex(*shape[:-1]):
        real = np.flatnonzero(~padding[entry])
        if real.size:
            yield entry, real


def _check_arrays(queries_keys, values, buckets, n_buckets):
    """The arrays, with shapes that fit each other."""
    queries_keys = require_entries("queries_keys", require_floats("queries_keys", queries_keys, "(..., L, d)"))
    values = require_entries("values", require_floats("values", values, "(..., L, e)", dtype=queries_keys.dtype))
    *batch, n_positions, _ = queries_keys.shape
    require_shape("values", values, (*batch, n_positions, values.shape[-1]))
    buckets = require_entries("buckets", require_integers("buckets", buckets, "(..., R, L)", below=n_buckets))
    require_shape("buckets", buckets, (*batch, buckets.shape[-2], n_positions))
    return queries_keys, values, buckets
