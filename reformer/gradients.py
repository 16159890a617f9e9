"""Gradients by hand, of every layer of units 01 to 05, in the order in which they are taught (unit 06).

linear map, layer norm, embedding; permutation and look-back; softmax attention; LSH attention; feed-forward

For a function `f` there are `f_forward`, which calls `f` and returns (result, saved), and `f_backward(gradient,
saved)`, which turns the gradient of the result into (d_inputs, d_parameters): gradients of what flows through the
layer, one array or a tuple of them, and a dict of those of its parameters. `saved` holds arguments and results and
nothing else; what a backward pass needs besides, it computes again. So any right `f` goes with `f_backward`, a
learner's too.

A backward pass is a vector-Jacobian product (vjp): it never builds the Jacobian, only multiplies by it from the left.
`linear_vjp` and `attention_vjp` are the two that all others are made of. A forward pass refuses what `f` refuses; a
backward pass trusts it, and broadcasts nothing: its gradient has the shape of the result.

Letters: as in the modules of the functions. A name that starts with d_ is the gradient of the loss for what is named.
"""

import numpy as np

from reformer.attention import (
    blocks,
    dense_attention,
    inverse_norms,
    logsumexp,
    masked_logits,
    scaled,
    shared_qk_attention,
    unit_keys,
    weighted_sum,
)
from reformer.chunking import undo_sort
from reformer.feed_forward import activate, feed_forward, slope
from reformer.layers import embed, feature_mean, layer_norm, linear, rows_of, standardise
from reformer.lsh_attention import (
    Options,
    fetch,
    gather,
    lsh_attention,
    real_tokens,
    shares_of_rounds,
    unsort,
    who_sees_whom,
)
from reformer.masks import HIDDEN, LAST_RESORT

# --- linear map, layer norm, embedding ------------------------------------------------------------------------------


def linear_vjp(gradient, inputs, weights):
    """Gradients of a linear map: from that of `inputs @ weights + bias` to those of all three.

    Parameters
    ----------
    gradient : (..., d_out) float32 or float64 array
    inputs : (..., d_in) array
    weights : (d_in, d_out) array

    Returns
    -------
    d_inputs : (..., d_in) array
    d_weights, d_bias : (d_in, d_out) and (d_out) arrays, sums over all leading axes
    """
    rows = rows_of(gradient)
    return (rows @ weights.T).reshape(inputs.shape), rows_of(inputs).T @ rows, _sum_of_rows(gradient)


def linear_forward(inputs, weights, bias):
    """`linear`: (outputs, saved), with `saved` for `linear_backward`."""
    return linear(inputs, weights, bias), (inputs, weights)


def linear_backward(gradient, saved):
    """(d_inputs, {"weights", "bias"}) of `linear`."""
    d_inputs, d_weights, d_bias = linear_vjp(gradient, *saved)
    return d_inputs, {"weights": d_weights, "bias": d_bias}


def layer_norm_forward(inputs, scale, bias):
    """`layer_norm`: (outputs, saved), with `saved` for `layer_norm_backward`."""
    return layer_norm(inputs, scale, bias), (inputs, scale)


def layer_norm_backward(gradient, saved):
    """(d_inputs, {"scale", "bias"}) of `layer_norm`.

    Mean and length of the inputs cannot change the result, so the gradient loses its part along both.
    """
    inputs, scale = saved
    normed, inverse_deviation = standardise(inputs)
    d_normed = gradient * scale
    d_inputs = d_normed - feature_mean(d_normed)
    d_inputs -= normed * feature_mean(d_normed, normed)
    d_inputs *= inverse_deviation
    return d_inputs, {"scale": _sum_of_rows(gradient * normed), "bias": _sum_of_rows(gradient)}


def embed_forward(tokens, table):
    """`embed`: (vectors, saved), with `saved` for `embed_backward`."""
    return embed(tokens, table), (tokens, table)


def embed_backward(gradient, saved):
    """(None, {"table"}) of `embed`: row v sums over the places of token v, a scatter. Tokens have no gradient."""
    tokens, table = saved
    d_table = np.zeros_like(table)
    order = np.argsort(tokens, axis=None, kind="stable")
    present, starts = np.unique(np.ravel(tokens)[order], return_index=True)
    if present.size:
        d_table[present] = np.add.reduceat(rows_of(gradient)[order], starts, axis=0)
    return None, {"table": d_table}


def _sum_of_rows(array):
    """Sum over all positions: (..., d) -> (d). As a matrix product it takes a quarter of the time of `np.sum`."""
    rows = rows_of(array)
    return np.ones(len(rows), rows.dtype) @ rows


# --- permutation and look-back --------------------------------------------------------------------------------------


def fetch_backward(gradient, undo):
    """Gradient of `fetch(vectors, chunks)`, rows of a sorted sequence: gathered by the inverse, summed over the rounds.

    (..., R, n, C, d) and (..., R, L) give (..., L, d).
    """
    return np.sum(unsort(gradient, undo), axis=-3)


def unsort_backward(gradient, order, chunks):
    """Gradient of `unsort`: (..., R, L, d) rows, sorted again, as (..., R, n, C, d); zeros at empty places."""
    rows = gather(gradient, order)
    places = np.zeros((*chunks.shape[:-2], chunks.shape[-2] * chunks.shape[-1], rows.shape[-1]), rows.dtype)
    places[..., : rows.shape[-2], :] = rows
    return places.reshape(*chunks.shape, -1)


def look_adjacent_backward(gradient, *, n_before=1, n_after=0, wrap="global"):
    """Gradient of chunks from that of the windows that look at them: a chunk gets the sum of what all windows send.

    Parameters
    ----------
    gradient : (..., R, n, W, d) array, of vectors in windows
    n_before, n_after, wrap : as in `look_adjacent`

    Returns
    -------
    d_chunks : (..., R, n, C, d) array
    """
    *batch, n_rounds, n_chunks, _, n_features = gradient.shape
    row = gradient.reshape(*batch, -1, *gradient.shape[-2:]) if wrap == "global" else gradient
    total = 0
    for step, part in zip(range(-n_before, n_after + 1), np.split(row, n_before + 1 + n_after, axis=-2), strict=True):
        sent = np.roll(part, step, axis=-3)
        if wrap == "none":  # nothing comes back from beyond the ends
            sent[..., : max(step, 0), :, :] = 0
            sent[..., max(n_chunks + min(step, 0), 0) :, :, :] = 0
        total = total + sent
    return total.reshape(*batch, n_rounds, n_chunks, -1, n_features)


# --- softmax attention ----------------------------------------------------------------------------------------------


def attention_vjp(gradient, queries, keys, values, mask, outputs, log_normalizers):
    """Gradients of softmax attention, from its outputs and normalisers: with weights P = exp(q.k + mask - normaliser),

        dS = P * (dO.v - dO.o)        d_queries = dS k        d_keys = dS' q        d_values = P' dO

    The same line serves one window, and all rounds together: outputs and normalisers can be those of either.

    Parameters
    ----------
    gradient : (..., C, e) float32 or float64 array, of the outputs
    queries, keys, values, mask : (..., C, d), (..., W, d), (..., W, e) and (..., C, W) arrays, as for
        `attend_within_chunks`
    outputs, log_normalizers : (..., C, e) and (..., C) arrays, what it returned

    Returns
    -------
    d_queries, d_keys, d_values : arrays like queries, keys and values

    A row that sees nothing, or whose gradient is 0, sends nothing, whatever it holds.
    Source: the trick with dO.o is that of FlashAttention (Dao et al., 2022), appendix B.2.
    """
    log_normalizers = log_normalizers[..., np.newaxis]
    sees_nothing = np.isneginf(log_normalizers)
    silent = sees_nothing | ~np.any(gradient != 0, axis=-1, keepdims=True)
    logits = masked_logits(queries, keys, mask)
    with np.errstate(invalid="ignore"):
        weights = np.exp(logits - np.where(sees_nothing, 0, log_normalizers))
        weights = np.where(silent | (logits == HIDDEN), 0, weights).astype(values.dtype, copy=False)
        along = np.sum(gradient * outputs, axis=-1, keepdims=True)
        d_logits = np.where(weights == 0, 0, weights * (gradient @ np.swapaxes(values, -1, -2) - along))
    d_queries, d_keys = weighted_sum(d_logits, keys), weighted_sum(np.swapaxes(d_logits, -1, -2), queries)
    return d_queries, d_keys, weighted_sum(np.swapaxes(weights, -1, -2), gradient)


def unit_keys_backward(gradient, queries_keys):
    """Gradient of `unit_keys`, which has no part along the key: (..., d) and (..., d) give (..., d).

    A key whose gradient is 0 sends nothing, whatever it holds.
    """
    scale, keys = inverse_norms(queries_keys), unit_keys(queries_keys)
    through = scale * (gradient - np.sum(gradient * keys, axis=-1, keepdims=True) * keys)
    return np.where(np.any(gradient != 0, axis=-1, keepdims=True), through, 0)


def dense_attention_forward(queries, keys, values, **options):
    """`dense_attention`, with its options: (outputs, saved), with `saved` for `dense_attention_backward`."""
    outputs = dense_attention(queries, keys, values, **options)
    return outputs, (queries, keys, values, options, outputs)


def dense_attention_backward(gradient, saved):
    """((d_queries, d_keys, d_values), {}) of `dense_attention`."""
    queries, keys, values, options, outputs = saved
    options = {"causal": False} | options
    d_queries, d_keys, d_values = _backward_in_blocks(
        gradient, scaled(queries), keys, values, outputs, avoid_self=False, **options
    )
    return (scaled(d_queries), d_keys, d_values), {}


def shared_qk_attention_forward(queries_keys, values, **options):
    """`shared_qk_attention`, with its options: (outputs, saved), with `saved` for `shared_qk_attention_backward`."""
    outputs = shared_qk_attention(queries_keys, values, **options)
    return outputs, (queries_keys, values, options, outputs)


def shared_qk_attention_backward(gradient, saved):
    """((d_queries_keys, d_values), {}) of `shared_qk_attention`."""
    queries_keys, values, options, outputs = saved
    options = {"causal": True} | options
    arrays = gradient, queries_keys, unit_keys(queries_keys), values, outputs
    d_queries, d_keys, d_values = _backward_in_blocks(*arrays, **options)
    return (d_queries + unit_keys_backward(d_keys, queries_keys), d_values), {}


def _backward_in_blocks(gradient, queries, keys, values, outputs, *, padding=None, block_length=256, **visibility):
    d_queries, d_keys, d_values = (np.zeros_like(array) for array in (queries, keys, values))
    for rows, reach, mask in blocks(values, padding, block_length, **visibility):
        block = queries[..., rows, :], keys[..., reach, :], values[..., reach, :], mask
        log_normalizers = logsumexp(masked_logits(block[0], block[1], mask))
        sent = attention_vjp(gradient[..., rows, :], *block, outputs[..., rows, :], log_normalizers)
        d_queries[..., rows, :] = sent[0]
        d_keys[..., reach, :] += sent[1]
        d_values[..., reach, :] += sent[2]
    return d_queries, d_keys, d_values


# --- LSH attention --------------------------------------------------------------------------------------------------


def lsh_attention_forward(queries_keys, values, buckets, *, padding=None, **options):
    """`lsh_attention`, with its options: (outputs, saved), with `saved` for `lsh_attention_backward`."""
    given = {} if padding is None else {"padding": padding}
    outputs = lsh_attention(queries_keys, values, buckets, **options, **given)
    return outputs, (queries_keys, values, buckets, padding, options, outputs)


def lsh_attention_backward(gradient, saved):
    """((d_queries_keys, d_values), {}) of `lsh_attention`. Buckets have no gradient."""
    *arrays, padding, options, outputs = saved
    options = Options(**options)
    d_queries_keys, d_values = np.zeros_like(arrays[0]), np.zeros_like(arrays[1])
    for tokens, sequence in real_tokens(*arrays, padding, options):
        sent = _backward_in_rounds(gradient[tokens], *sequence, outputs[tokens], options)
        d_queries_keys[tokens], d_values[tokens] = sent
    return (d_queries_keys, d_values), {}


def _backward_in_rounds(gradient, queries_keys, values, buckets, outputs, options):
    """The steps of `attend_in_rounds`, back from the last to the first."""
    order, chunks, windows, mask = who_sees_whom(buckets, options)
    undo = undo_sort(order)
    queries, keys = fetch(queries_keys, chunks), fetch(unit_keys(queries_keys), windows)
    sorted_normalizers = logsumexp(masked_logits(queries, keys, mask))
    log_normalizers = unsort(sorted_normalizers[..., np.newaxis], undo)[..., 0]
    # A token that saw only itself has its own value as output. Beside -1e30, rounding loses how often it saw itself.
    alone = np.max(log_normalizers, axis=-2) < LAST_RESORT / 2
    of_others = np.where(alone[..., np.newaxis], 0, gradient)[..., np.newaxis, :, :]
    # The weight of a key among all rounds is that in its round, times the share of the round. So each round gets its
    # share of the gradient, and the outputs of all rounds together.
    shares = shares_of_rounds(log_normalizers)[..., np.newaxis]

    d_queries, d_keys, d_window_values = attention_vjp(
        unsort_backward(np.where(of_others == 0, 0, shares * of_others), order, chunks),
        queries,
        keys,
        fetch(values, windows),
        mask,
        fetch(outputs, chunks),
        sorted_normalizers,
    )
    d_keys, d_values = (look_adjacent_backward(d, **options.look) for d in (d_keys, d_window_values))
    d_queries_keys = fetch_backward(d_queries, undo)
    d_queries_keys += unit_keys_backward(fetch_backward(d_keys, undo), queries_keys)
    return d_queries_keys, fetch_backward(d_values, undo) + np.where(alone[..., np.newaxis], gradient, 0)


# --- feed-forward ---------------------------------------------------------------------------------------------------


def feed_forward_forward(inputs, parameters, *, activation="relu"):
    """`feed_forward`: (outputs, saved), with `saved` for `feed_forward_backward`."""
    return feed_forward(inputs, parameters, activation=activation), (inputs, parameters, activation)


def feed_forward_backward(gradient, saved):
    """(d_inputs, {"w_in", "b_in", "w_out", "b_out"}) of `feed_forward`."""
    inputs, parameters, activation = saved
    wide = linear(inputs, parameters["w_in"], parameters["b_in"])
    rising = slope(wide, activation)
    d_wide, d_w_out, d_b_out = linear_vjp(gradient, activate(wide, activation), parameters["w_out"])
    d_wide *= rising
    d_inputs, d_w_in, d_b_in = linear_vjp(d_wide, inputs, parameters["w_in"])
    return d_inputs, {"w_in": d_w_in, "b_in": d_b_in, "w_out": d_w_out, "b_out": d_b_out}
