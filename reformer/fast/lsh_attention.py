"""The tuned forward and backward pass of LSH attention: the function that `reformer.lsh_attention` makes clear.

What is different is told where it is done: blocks, windows and the causal bound in `rounds`, the correction of
duplicates in `duplicates`, sizes of numbers in `scaling`, scratch memory and threads in `memory`. Here:

- Weights stay unnormalised: the sum over rounds of exp(logit) V, divided by the sum over rounds of exp(logit), is the
  combination of the rounds. Logits are at most |q|, keys having length one, so exp needs nothing subtracted unless some
  |q| is large. Then each query's largest logit so far is, and what is summed up is scaled anew when a larger one comes,
  as in FlashAttention.
- The backward pass saves only outputs and normalisers, sorts again, and computes the weights again.
- What is not finite must reach only those who attend to it, which sums over blocks cannot promise: such input goes the
  clear path.
"""

from dataclasses import asdict
from typing import NamedTuple

import numpy as np

from reformer import gradients
from reformer.arguments import require_arrays, require_count, require_shape
from reformer.attention import inverse_norms
from reformer.fast import scaling
from reformer.fast.memory import one_batch_axis, share_out
from reformer.fast.rounds import ROWS_AT_ONCE, SEES_NOBODY, Rounds, Saved, slices, t, take
from reformer.lsh_attention import Options, real_tokens

ROWS_OF_HEADS = 2**12  # rows of several heads that are sorted and cut into blocks together


def lsh_attention_forward(queries_keys, values, buckets, *, padding=None, n_workers=1, **options):
    """`lsh_attention`, with its options, by the tuned path: (outputs, saved) for `lsh_attention_backward`.

    `n_workers` threads share the heads, both here and in the backward pass. `saved` refers to the arguments and to
    `outputs`: changing them changes the backward pass. Raises as `lsh_attention`, and ValueError if `n_workers` is
    below 1.
    """
    options, n_workers = Options(**options), require_count("n_workers", n_workers)
    sequences = real_tokens(queries_keys, values, buckets, padding, options)
    parts = [(tokens, *_forward(*sequence, options, n_workers)) for tokens, sequence in sequences]
    if padding is None and parts:
        ((_, outputs, _),) = parts
    else:
        outputs = np.zeros_like(values)
        for tokens, part, _ in parts:
            outputs[tokens] = part
    return outputs, SavedLshAttention(np.shape(queries_keys), outputs, [(tokens, saved) for tokens, _, saved in parts])


def lsh_attention_backward(gradient, saved):
    """((d_queries_keys, d_values), {}) of `lsh_attention`, from the gradient of its outputs. Buckets have no gradient.

    Raises ValueError if `gradient` does not have the shape and dtype of the outputs.
    """
    gradient = require_arrays(gradient=(gradient, "... L e", saved.outputs.dtype))
    require_shape("gradient", gradient, saved.outputs.shape)
    if len(saved.parts) == 1 and saved.parts[0][0] is ...:
        return _backward(gradient, saved.parts[0][1]), {}
    d_queries_keys, d_values = np.zeros(saved.queries_shape, gradient.dtype), np.zeros_like(gradient)
    for tokens, part in saved.parts:
        d_queries_keys[tokens], d_values[tokens] = _backward(gradient[tokens], part)
    return (d_queries_keys, d_values), {}


class SavedLshAttention(NamedTuple):
    """What `lsh_attention_backward` needs. With padding, every sequence was computed alone, on its real tokens."""

    queries_shape: tuple
    outputs: np.ndarray
    parts: list  # pairs of an index of tokens and what was saved of them, `Saved` or `NotFinite`


class NotFinite(NamedTuple):
    """What the clear path saved where numbers are not finite."""

    saved: tuple


def _forward(queries_keys, values, buckets, options, n_workers):
    """Outputs and what to save, of arrays with any leading axes and no padding."""
    heads = [one_batch_axis(array) for array in (queries_keys, values, buckets)]
    scales, (value_powers, are_finite) = inverse_norms(heads[0]), scaling.powers_of_heads(heads[1])
    smallest = np.min(scales)  # NaN where a vector has one, 0 where it is infinite
    if not (are_finite and smallest > 0):
        outputs, saved = gradients.lsh_attention_forward(queries_keys, values, buckets, **asdict(options))
        return outputs, NotFinite(saved)
    are_short = smallest * scaling.LARGEST_LOGIT[values.dtype] > 1
    references = None if are_short else np.full_like(scales, SEES_NOBODY)
    scaled = scaling.times_power(heads[1], -value_powers)
    outputs, totals = np.empty_like(scaled), np.empty_like(scales)
    saved = Saved(heads[0], scaled, value_powers, heads[2], outputs, scales, totals, references, options, n_workers)
    _over_heads(_forward_heads, saved)
    scaling.times_power(outputs, value_powers, out=outputs)
    alone = saved.alone()
    outputs[alone] = heads[1][alone]
    return outputs.reshape(values.shape), saved


def _backward(gradient, saved):
    if isinstance(saved, NotFinite):
        return gradients.lsh_attention_backward(gradient, saved.saved)[0]
    shape, gradient = gradient.shape, one_batch_axis(gradient)
    powers, _ = scaling.powers_of_heads(gradient)
    if saved.references is not None:  # gradients of keys are sums over queries: as much smaller as those are long
        powers += scaling.unusual_powers(1 / np.min(saved.scales, axis=1, keepdims=True))
    d_queries_keys, d_values = np.empty_like(saved.queries_keys), np.empty_like(saved.values)
    _over_heads(_backward_heads, saved, gradient, powers, d_queries_keys, d_values)
    scaling.times_power(d_queries_keys, powers + saved.value_powers, out=d_queries_keys)
    scaling.times_power(d_values, powers, out=d_values)
    alone = saved.alone()
    d_values[alone] += gradient[alone]
    return d_queries_keys.reshape(*shape[:-1], -1), d_values.reshape(shape)


def _over_heads(work, saved, *arrays):
    """Do the work for a few heads at a time, for one where sequences are long. Every worker gets some."""
    n_heads, n_positions, _ = saved.values.shape
    step = max(1, min(ROWS_OF_HEADS // n_positions, n_heads // saved.n_workers))

    def work_on(heads, memory):
        work(saved.of_heads(heads), memory, *(array[heads] for array in arrays))

    share_out(slices(0, n_heads, step), work_on, saved.n_workers)


def _forward_heads(saved, memory):
    rounds = Rounds(saved, memory, keeps_queries=False)
    numerators = rounds.rows("numerators", saved.values.shape[-1])
    denominators = rounds.rows("denominators", 1)
    tops = None if saved.references is None else rounds.rows("tops", 1)
    ones = np.ones((1, rounds.window_length), saved.values.dtype)
    for r in range(rounds.n_rounds):
        for place in rounds.blocks(r):
            block = rounds.weights(place, tops)
            np.matmul(block.weights_t, block.value_windows, out=numerators[place])
            np.matmul(ones, block.weights, out=t(denominators[place]))
        undo = rounds.undo(r)
        if tops is not None:
            _raise_references(saved, tops.reshape(-1)[undo], is_first=r == 0)
        rounds.add_unsorted(numerators, undo, saved.outputs, is_first=r == 0)
        rounds.add_unsorted(denominators, undo, saved.totals, is_first=r == 0)
    saved.totals[saved.totals == 0] = np.inf  # saw nobody
    np.divide(saved.outputs, saved.totals, out=saved.outputs)


def _raise_references(saved, tops, *, is_first):
    """Take the new references, and scale what earlier rounds have summed to them."""
    tops = tops.reshape(saved.references.shape)
    if not is_first:
        shrinkage = scaling.exp_of_negative(saved.references - tops, np.empty_like(tops))
        np.multiply(saved.outputs, shrinkage, out=saved.outputs)
        np.multiply(saved.totals, shrinkage, out=saved.totals)
    saved.references[...] = tops


def _backward_heads(saved, memory, gradient, powers, d_queries_keys, d_values):
    """With P = weight / total: dV = P' dO and dlogit = P * (dO V' - rowsum(dO * O)). The total is divided out of dO.

    All of it for a gradient and values that are scaled.
    """
    rounds = Rounds(saved, memory, keeps_queries=True)
    n_features, n_values = saved.queries_keys.shape[-1], saved.values.shape[-1]
    d_outputs, along = _divide_by_totals(rounds, gradient, powers)
    d_queries, d_keys = rounds.rows("d_queries", n_features), rounds.rows("d_keys", n_features)
    d_window_values = rounds.rows("d_values", n_values)
    d_unit_keys = rounds.kept("d_unit_keys", saved.queries_keys.shape)
    for r in range(rounds.n_rounds):
        for place in rounds.blocks(r):
            block = rounds.weights(place)
            query_index = rounds.index[place]
            take(d_outputs, query_index, block.d_rows)
            np.copyto(block.d_rows_t, t(block.d_rows))
            d_logits = np.matmul(block.value_windows, block.d_rows_t, out=block.spare)
            d_logits -= t(take(along, query_index, block.of_queries))
            d_logits *= block.weights
            np.matmul(t(d_logits), block.key_windows, out=d_queries[place])
            rounds.add_products(d_logits, block.queries, place, d_keys)
            rounds.add_products(block.weights, block.d_rows, place, d_window_values)
        undo = rounds.undo(r)
        rounds.add_unsorted(d_queries, undo, d_queries_keys, is_first=r == 0)
        for stretched, total in ((d_keys, d_unit_keys), (d_window_values, d_values)):
            rounds.add_unsorted(stretched, undo, total, is_first=r == 0)
            rounds.add_edges(stretched, total)
    _add_unit_keys_backward(d_unit_keys, saved, d_queries_keys)


def _divide_by_totals(rounds, gradient, powers):
    """dO / total and rowsum(dO * O) / total: (h, L, e) and (h, L, 1)."""
    saved, d_outputs = rounds.saved, rounds.kept("d_outputs", gradient.shape)
    np.multiply(scaling.times_power(gradient, -powers), 1 / saved.totals, out=d_outputs)
    outputs = scaling.times_power(saved.outputs, -saved.value_powers)
    return d_outputs, np.einsum("hle,hle->hl", d_outputs, outputs)[..., np.newaxis]


def _add_unit_keys_backward(d_unit_keys, saved, d_queries_keys):
    """Add what `unit_keys_backward` gives, a few rows at a time."""
    arrays = (d_unit_keys, saved.queries_keys, saved.scales, d_queries_keys)
    d_unit_keys, queries_keys, scales, d_queries_keys = (array.reshape(-1, array.shape[-1]) for array in arrays)
    for start in range(0, len(d_unit_keys), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        d_keys, scale = d_unit_keys[part], scales[part]
        keys = queries_keys[part] * scale
        keys *= np.einsum("ld,ld->l", d_keys, keys)[:, np.newaxis]
        d_keys -= keys
        d_keys *= scale
        d_queries_keys[part] += d_keys
