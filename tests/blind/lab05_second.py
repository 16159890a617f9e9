"""Answers to lab 05, written from its text alone: a second, smaller set, the common slips first."""

import math

import numpy as np

from reformer.chunking import look_adjacent, sort_by_bucket, split_into_chunks, undo_sort
from tests.blind import right, wrong


def unit_keys(vectors):
    """As the lab gives it."""
    squares = np.sum(vectors**2, axis=-1, keepdims=True)
    return vectors / np.sqrt(squares + 1e-6 * vectors.shape[-1])


def softmax(logits):
    """As the lab gives it."""
    largest = np.max(logits, axis=-1, keepdims=True)
    weights = np.exp(logits - np.where(np.isneginf(largest), 0, largest))
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total)


# attention_mask


@wrong(
    "attention_mask",
    truth="Hides keys of the same position as later ones (>=), so that oneself is at -inf in place of -1e30, or of 0 "
    "without avoid_self. Wrong with causal wherever a query meets itself.",
)
def hides_oneself_as_later(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    mask = np.where(query == key, -1e30, 0.0) if avoid_self else np.zeros(np.broadcast(query, key).shape)
    if causal:
        mask = np.where(key >= query, -np.inf, mask)
    return np.where((query == -1) | (key == -1), -np.inf, mask)


@wrong(
    "attention_mask",
    truth="The comparison is turned over: it hides the earlier keys and shows the later ones. Wrong with causal for "
    "nearly every input.",
)
def hides_the_earlier_keys(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    mask = np.zeros(np.broadcast(query, key).shape)
    if avoid_self:
        mask[query == key] = -1e30
    if causal:
        mask[query > key] = -np.inf
    mask[(query < 0) | (key < 0)] = -np.inf
    return mask


@wrong(
    "attention_mask",
    truth="Forgets the empty places: a key at -1 is never later and gets 0, or -1e30 for an empty query. "
    "Wrong wherever an input holds -1 among the keys, or among the queries without causal.",
)
def forgets_the_empty_places(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    mask = np.zeros(np.broadcast(query, key).shape)
    if avoid_self:
        mask[query == key] = -1e30
    if causal:
        mask[key > query] = -np.inf
    return mask


@wrong(
    "attention_mask",
    truth="Hides empty keys, but not the row of an empty query. With causal its other keys are later and hidden "
    "anyway; wrong for an empty query with causal=False.",
)
def hides_empty_keys_only(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    mask = np.zeros(np.broadcast(query, key).shape)
    if avoid_self:
        mask = np.where(query == key, -1e30, mask)
    if causal:
        mask = np.where(key > query, -np.inf, mask)
    return np.where(key == -1, -np.inf, mask)


@wrong(
    "attention_mask",
    truth="Writes -1e30 last: an empty query and an empty key, both -1, count as the same token and get -1e30 in "
    "place of -inf. Wrong where both hold -1, with avoid_self.",
)
def oneself_written_last(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    mask = np.where((query == -1) | (key == -1), -np.inf, 0.0)
    if causal:
        mask = np.where(key > query, -np.inf, mask)
    if avoid_self:
        mask = np.where(query == key, -1e30, mask)
    return mask


@wrong(
    "attention_mask",
    truth="Multiplies the table of yes and no by -inf: 0 times infinity is nan wherever nothing is hidden. "
    "Wrong for every visible pair.",
)
def table_times_infinity(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    hidden = (query == -1) | (key == -1)
    if causal:
        hidden = hidden | (key > query)
    mask = hidden * -np.inf
    if avoid_self:
        mask = mask + (query == key) * -1e30
    return mask


@wrong(
    "attention_mask",
    truth="Gives oneself -inf in place of -1e30, as if never to be seen: a token that meets only itself sees nobody. "
    "Wrong with avoid_self wherever a query meets itself.",
)
def never_sees_oneself(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    hidden = (query == -1) | (key == -1)
    if causal:
        hidden = hidden | (key > query)
    if avoid_self:
        hidden = hidden | (key == query)
    return np.where(hidden, -np.inf, 0.0)


@wrong(
    "attention_mask",
    truth="Puts the new axes at 1 and 0, not counted from the end: right without batch axes, for a batch the wrong "
    "shape or an error.",
)
def axes_for_one_chunk_only(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[:, np.newaxis], key_positions[np.newaxis, :]
    mask = np.zeros(np.broadcast(query, key).shape)
    if avoid_self:
        mask[query == key] = -1e30
    if causal:
        mask[key > query] = -np.inf
    mask[(query == -1) | (key == -1)] = -np.inf
    return mask


@wrong(
    "attention_mask",
    truth="Treats the empty places only where causal is on. Wrong for every -1 with causal=False.",
)
def empty_places_only_if_causal(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    mask = np.zeros(np.broadcast(query, key).shape)
    if avoid_self:
        mask = np.where(query == key, -1e30, mask)
    if causal:
        hidden = (key > query) | (query == -1) | (key == -1)
        mask = np.where(hidden, -np.inf, mask)
    return mask


@wrong(
    "attention_mask",
    truth="Hides with the -1e9 of other libraries in place of -inf: a hidden key is then nearer than oneself at "
    "-1e30. Wrong for every hidden pair.",
)
def hides_with_a_large_number(query_positions, key_positions, *, causal=True, avoid_self=True):
    query, key = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    mask = np.zeros(np.broadcast(query, key).shape)
    if avoid_self:
        mask = np.where(query == key, -1e30, mask)
    if causal:
        mask = np.where(key > query, -1e9, mask)
    return np.where((query == -1) | (key == -1), -1e9, mask)


@right("attention_mask")
def chooses_the_first_that_applies(query_positions, key_positions, *, causal=True, avoid_self=True):
    query = np.expand_dims(query_positions, -1)
    key = np.expand_dims(key_positions, -2)
    empty = np.minimum(query, key) < 0
    later = (key > query) & bool(causal)
    oneself = (key == query) & bool(avoid_self)
    return np.select([empty, later, oneself], [-np.inf, -np.inf, -1e30], 0.0)


# attend_within_chunks


def _log_normalizers(logits):
    """Right log-normalisers of logits."""
    top = np.max(logits, axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0, top)
    with np.errstate(divide="ignore"):
        return (top + np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True)))[..., 0]


@wrong(
    "attend_within_chunks",
    truth="Divides the dot products by the root of d, as in usual attention. Wrong for d above 1, unless all dot "
    "products of a query are 0.",
)
def divides_by_the_root_of_d(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1]) + mask
    return softmax(logits) @ values, _log_normalizers(logits)


@wrong(
    "attend_within_chunks",
    truth="keys.T turns over the batch axes, too: right without a batch, else an error or products with the keys of "
    "other chunks.",
)
def turns_over_the_batch_too(queries, keys, values, mask):
    logits = queries @ keys.T + mask
    return softmax(logits) @ values, _log_normalizers(logits)


@wrong(
    "attend_within_chunks",
    truth="Does not add the largest logit again: the log-normaliser is that of the shifted logits. Too low or high "
    "by the largest logit, for every row where that is not 0.",
)
def largest_logit_not_added_again(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    top = np.max(logits, axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0, top)
    return softmax(logits) @ values, np.log(np.sum(np.exp(logits - top), axis=-1))


@wrong(
    "attend_within_chunks",
    truth="Log of the plain sum of exponentials: infinite for logits of 1000, and -inf for -1000 or -1e30. "
    "Right for small logits.",
)
def log_of_the_plain_sum(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    return softmax(logits) @ values, np.log(np.sum(np.exp(logits), axis=-1))


@wrong(
    "attend_within_chunks",
    truth="Subtracts the largest logit also where it is -inf: -inf less -inf is nan. The log-normaliser of a query "
    "that sees nothing is nan; right else.",
)
def nan_where_nothing_is_seen(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    top = np.max(logits, axis=-1, keepdims=True)
    log_normalizers = top + np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True))
    return softmax(logits) @ values, log_normalizers[..., 0]


@wrong(
    "attend_within_chunks",
    truth="The log-normalisers keep their last axis: shape (..., C, 1) in place of (..., C), always.",
)
def log_normalizers_keep_an_axis(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    return softmax(logits) @ values, _log_normalizers(logits)[..., np.newaxis]


@wrong(
    "attend_within_chunks",
    truth="Returns the normalisers themselves, without the logarithm. Wrong for nearly every row, infinite for "
    "logits of 1000.",
)
def normalizers_without_the_logarithm(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    return softmax(logits) @ values, np.sum(np.exp(logits), axis=-1)


@wrong(
    "attend_within_chunks",
    truth="Takes the log-normaliser of the dot products without the mask: hidden keys count. The outputs are right; "
    "wrong in every row with a mask other than 0.",
)
def log_normalizers_without_the_mask(queries, keys, values, mask):
    scores = queries @ np.swapaxes(keys, -1, -2)
    return softmax(scores + mask) @ values, _log_normalizers(scores)


@wrong(
    "attend_within_chunks",
    truth="Subtracts the largest logit of the whole array in place of the row's: rows far below it vanish, with "
    "log-normaliser -inf and output 0. Wrong where rows differ by some 750 and more, or hold -1e30 as their largest.",
)
def one_largest_logit_for_all_rows(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    top = np.max(logits)
    exponentials = np.exp(logits - (0 if np.isneginf(top) else top))
    total = np.sum(exponentials, axis=-1, keepdims=True)
    outputs = exponentials / np.where(total == 0, 1, total) @ values
    return outputs, (np.log(total) + (0 if np.isneginf(top) else top))[..., 0]


@wrong(
    "attend_within_chunks",
    truth="Adds 1e-9 in the logarithm against log(0): a query that sees nothing gets a log-normaliser of -20.7 in "
    "place of -inf, and would count when the rounds are combined.",
)
def small_number_in_the_logarithm(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    top = np.max(logits, axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0, top)
    total = np.sum(np.exp(logits - top), axis=-1, keepdims=True)
    return softmax(logits) @ values, (top + np.log(total + 1e-9))[..., 0]


@right("attend_within_chunks")
def with_einsum_and_logaddexp(queries, keys, values, mask):
    logits = np.einsum("...qd,...kd->...qk", queries, keys) + mask
    outputs = np.einsum("...qk,...ke->...qe", softmax(logits), values)
    return outputs, np.logaddexp.reduce(logits, axis=-1)


# combine_rounds


@wrong(
    "combine_rounds",
    truth="The plain mean of the rounds, without the normalisers. Wrong wherever rounds differ in both.",
)
def plain_mean_of_the_rounds(outputs, log_normalizers):
    return np.mean(outputs, axis=-3)


@wrong(
    "combine_rounds",
    truth="Softmax along the last axis, the positions, in place of the rounds. Wrong for nearly every input with "
    "more than one position or round.",
)
def softmax_over_the_positions(outputs, log_normalizers):
    return np.sum(softmax(log_normalizers)[..., np.newaxis] * outputs, axis=-3)


@wrong(
    "combine_rounds",
    truth="Weighs by the log-normalisers themselves, without exp. Wrong for nearly every input, nan with -inf.",
)
def weighs_by_the_logarithms(outputs, log_normalizers):
    shares = log_normalizers / np.sum(log_normalizers, axis=-2, keepdims=True)
    return np.sum(shares[..., np.newaxis] * outputs, axis=-3)


@wrong(
    "combine_rounds",
    truth="Plain exp, without subtracting the largest: nan at 1000 (inf / inf) and at -1000 and -1e30 (0 / 0), and "
    "where all are at -inf. Right for small numbers.",
)
def plain_exponentials(outputs, log_normalizers):
    weights = np.exp(log_normalizers)
    shares = weights / np.sum(weights, axis=-2, keepdims=True)
    return np.sum(shares[..., np.newaxis] * outputs, axis=-3)


@wrong(
    "combine_rounds",
    truth="Subtracts the largest also where it is -inf: nan in place of zeros where all rounds are at -inf.",
)
def nan_where_all_saw_nothing(outputs, log_normalizers):
    weights = np.exp(log_normalizers - np.max(log_normalizers, axis=-2, keepdims=True))
    shares = weights / np.sum(weights, axis=-2, keepdims=True)
    return np.sum(shares[..., np.newaxis] * outputs, axis=-3)


@wrong(
    "combine_rounds",
    truth="Multiplies by the normalisers and adds up, but never divides by their sum. Too large by that sum, wrong "
    "unless it is 1.",
)
def does_not_divide_by_the_sum(outputs, log_normalizers):
    return np.sum(np.exp(log_normalizers)[..., np.newaxis] * outputs, axis=-3)


@wrong(
    "combine_rounds",
    truth="Takes the first axis for the rounds: right without batch axes, with them it mixes the sequences of the "
    "batch.",
)
def rounds_on_the_first_axis(outputs, log_normalizers):
    top = np.max(log_normalizers, axis=0)
    weights = np.exp(log_normalizers - np.where(np.isneginf(top), 0, top))
    total = np.sum(weights, axis=0)
    shares = weights / np.where(total == 0, 1, total)
    return np.sum(shares[..., np.newaxis] * outputs, axis=0)


@wrong(
    "combine_rounds",
    truth="Subtracts the largest of all positions in place of each position's own: where a position is far below "
    "(some 750), its weights are all 0 and so is its output. Right for numbers near each other.",
)
def one_largest_for_all_positions(outputs, log_normalizers):
    top = np.max(log_normalizers)
    weights = np.exp(log_normalizers - (0 if np.isneginf(top) else top))
    total = np.sum(weights, axis=-2, keepdims=True)
    shares = weights / np.where(total == 0, 1, total)
    return np.sum(shares[..., np.newaxis] * outputs, axis=-3)


@wrong(
    "combine_rounds",
    truth="Weighs rightly, but takes the mean over the rounds in place of the sum: too small by the factor R. "
    "Right for one round.",
)
def mean_of_the_weighted_rounds(outputs, log_normalizers):
    shares = np.swapaxes(softmax(np.swapaxes(log_normalizers, -1, -2)), -1, -2)
    return np.mean(shares[..., np.newaxis] * outputs, axis=-3)


@wrong(
    "combine_rounds",
    truth="Takes the output of the round with the largest normaliser alone. Wrong wherever another round has a share "
    "that counts, and where all are at -inf but an output is not 0.",
)
def round_of_the_largest_normalizer(outputs, log_normalizers):
    best = np.argmax(log_normalizers, axis=-2)[..., np.newaxis, :, np.newaxis]
    return np.take_along_axis(outputs, best, axis=-3)[..., 0, :, :]


@right("combine_rounds")
def sums_again_and_divides(outputs, log_normalizers):
    top = np.max(log_normalizers, axis=-2, keepdims=True)
    normalizers = np.exp(log_normalizers - np.where(np.isneginf(top), 0, top))
    sums = np.einsum("...rl,...rle->...le", normalizers, outputs)
    total = np.sum(normalizers, axis=-2)
    return sums / np.where(total == 0, 1, total)[..., np.newaxis]


# lsh_attention


def _fetch(vectors, positions):
    """Vectors (..., L, d) at positions (..., R, n, C)."""
    flat = positions.reshape(*vectors.shape[:-2], -1, 1)
    return np.take_along_axis(vectors, flat, axis=-2).reshape(*positions.shape, -1)


def _attend(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    return softmax(logits) @ values, _log_normalizers(logits)


def _back(outputs, log_normalizers, order):
    """Outputs and log-normalisers of all places at their positions."""
    undo = undo_sort(order)
    outputs = outputs.reshape(*order.shape, -1)
    outputs = np.take_along_axis(outputs, undo[..., np.newaxis], axis=-2)
    return outputs, np.take_along_axis(log_normalizers.reshape(order.shape), undo, axis=-1)


_mask, _combine = chooses_the_first_that_applies, sums_again_and_divides


@wrong(
    "lsh_attention",
    truth="Brings the outputs back to their positions, but leaves the log-normalisers in sorted order. Right for one "
    "round, where they make no difference; wrong from two on.",
)
def log_normalizers_stay_sorted(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, log_normalizers = _attend(
        _fetch(queries_keys, chunks),
        _fetch(unit_keys(queries_keys), windows),
        _fetch(values, windows),
        _mask(chunks, windows),
    )
    outputs = outputs.reshape(*order.shape, -1)
    outputs = np.take_along_axis(outputs, undo_sort(order)[..., np.newaxis], axis=-2)
    return _combine(outputs, log_normalizers.reshape(order.shape))


@wrong(
    "lsh_attention",
    truth="Fetches by the order a second time, in place of by its inverse, so that outputs land at wrong positions. "
    "Right only where the order is its own inverse.",
)
def fetches_back_by_the_order(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, log_normalizers = _attend(
        _fetch(queries_keys, chunks),
        _fetch(unit_keys(queries_keys), windows),
        _fetch(values, windows),
        _mask(chunks, windows),
    )
    outputs = np.take_along_axis(outputs.reshape(*order.shape, -1), order[..., np.newaxis], axis=-2)
    log_normalizers = np.take_along_axis(log_normalizers.reshape(order.shape), order, axis=-1)
    return _combine(outputs, log_normalizers)


@wrong(
    "lsh_attention",
    truth="Takes the vectors as keys as they are, without unit_keys. Wrong unless all vectors have length one.",
)
def keys_not_at_length_one(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    attended = _attend(
        _fetch(queries_keys, chunks),
        _fetch(queries_keys, windows),
        _fetch(values, windows),
        _mask(chunks, windows),
    )
    return _combine(*_back(*attended, order))


@wrong(
    "lsh_attention",
    truth="Brings the queries to length one, too, not only the keys: the logits are cosines. Wrong unless all vectors "
    "have length one.",
)
def queries_at_length_one_too(queries_keys, values, buckets, *, n_buckets, chunk_length):
    queries_keys = unit_keys(queries_keys)
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    attended = _attend(
        _fetch(queries_keys, chunks),
        _fetch(queries_keys, windows),
        _fetch(values, windows),
        _mask(chunks, windows),
    )
    return _combine(*_back(*attended, order))


@wrong(
    "lsh_attention",
    truth="Takes the plain mean of the rounds in place of weighing them by their normalisers. Right for one round.",
)
def mean_of_the_rounds(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    attended = _attend(
        _fetch(queries_keys, chunks),
        _fetch(unit_keys(queries_keys), windows),
        _fetch(values, windows),
        _mask(chunks, windows),
    )
    outputs, _ = _back(*attended, order)
    return np.mean(outputs, axis=-3)


@wrong(
    "lsh_attention",
    truth="Hides the keys of other buckets, too, though all keys of a window count. Wrong wherever a window holds an "
    "earlier key of another bucket.",
)
def hides_other_buckets(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    in_order = np.take_along_axis(buckets, order, axis=-1)
    here = split_into_chunks(in_order, chunk_length)
    there = look_adjacent(here)
    other = here[..., :, np.newaxis] != there[..., np.newaxis, :]
    attended = _attend(
        _fetch(queries_keys, chunks),
        _fetch(unit_keys(queries_keys), windows),
        _fetch(values, windows),
        np.where(other, -np.inf, _mask(chunks, windows)),
    )
    return _combine(*_back(*attended, order))


@wrong(
    "lsh_attention",
    truth="Switches avoid_self off (it hides later keys only): each token sees itself with its full logit, not as a "
    "last resort. Wrong for each token that sees an earlier key.",
)
def oneself_counts_like_others(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    attended = _attend(
        _fetch(queries_keys, chunks),
        _fetch(unit_keys(queries_keys), windows),
        _fetch(values, windows),
        np.where(windows[..., np.newaxis, :] > chunks[..., np.newaxis], -np.inf, 0.0),
    )
    return _combine(*_back(*attended, order))


@wrong(
    "lsh_attention",
    truth="Goes through the rounds one by one, each with a ring of its own: the first chunk of a round sees that "
    "round's last, not the last of the round before. Right for one round.",
)
def rounds_one_by_one(queries_keys, values, buckets, *, n_buckets, chunk_length):
    outputs, log_normalizers = [], []
    for r in range(buckets.shape[-2]):
        order = sort_by_bucket(buckets[..., r : r + 1, :])
        chunks = split_into_chunks(order, chunk_length)
        windows = look_adjacent(chunks)
        attended = _attend(
            _fetch(queries_keys, chunks),
            _fetch(unit_keys(queries_keys), windows),
            _fetch(values, windows),
            _mask(chunks, windows),
        )
        output, log_normalizer = _back(*attended, order)
        outputs.append(output)
        log_normalizers.append(log_normalizer)
    return _combine(np.concatenate(outputs, axis=-3), np.concatenate(log_normalizers, axis=-2))


@wrong(
    "lsh_attention",
    truth="Fetches with queries_keys[chunks], along the first axis: right for one sequence, with batch axes an error "
    "or the vectors of other sequences.",
)
def fetches_for_one_sequence_only(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    attended = _attend(
        queries_keys[chunks],
        unit_keys(queries_keys)[windows],
        values[windows],
        _mask(chunks, windows),
    )
    return _combine(*_back(*attended, order))


@wrong(
    "lsh_attention",
    truth="Divides the logits by the root of d, as in usual attention. Wrong for d above 1, unless logits are equal.",
)
def scales_the_queries_by_the_root_of_d(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    attended = _attend(
        _fetch(queries_keys / np.sqrt(queries_keys.shape[-1]), chunks),
        _fetch(unit_keys(queries_keys), windows),
        _fetch(values, windows),
        _mask(chunks, windows),
    )
    return _combine(*_back(*attended, order))


@right("lsh_attention")
def dense_with_the_number_of_meetings(queries_keys, values, buckets, *, n_buckets, chunk_length):
    """All rounds together are one softmax in which a key that is met m times has weight m."""
    length = queries_keys.shape[-2]
    chunks = split_into_chunks(sort_by_bucket(buckets), chunk_length)
    windows = look_adjacent(chunks)
    meetings = np.zeros((*queries_keys.shape[:-2], length, length))
    for place in np.ndindex(chunks.shape[:-1]):
        for key in windows[place]:
            meetings[(*place[:-2], chunks[place], key)] += 1
    positions = np.arange(length)
    with np.errstate(divide="ignore"):
        logits = queries_keys @ np.swapaxes(unit_keys(queries_keys), -1, -2) + np.log(meetings)
    return softmax(logits + _mask(positions, positions)) @ values


# pairs_computed


@wrong(
    "pairs_computed",
    truth="Rounds the number of chunks down. Too few where L is not a multiple of C, 0 for L < C.",
)
def chunks_rounded_down(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = length // chunk_length
    return n_rounds * n_chunks * chunk_length * (n_before + 1 + n_after) * chunk_length


@wrong(
    "pairs_computed",
    truth="Each of the L positions meets its window: the empty places of the last chunk are not counted as queries. "
    "Too few where L is not a multiple of C.",
)
def counts_no_empty_queries(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * length * (n_before + 1 + n_after) * chunk_length


@wrong(
    "pairs_computed",
    truth="The window is n_before + n_after chunks, without the own one. Too few for every input.",
)
def forgets_the_own_chunk(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = -(-length // chunk_length)
    return n_rounds * n_chunks * chunk_length * (n_before + n_after) * chunk_length


@wrong(
    "pairs_computed",
    truth="Counts one round only. Wrong for more than one.",
)
def forgets_the_rounds(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = -(-length // chunk_length)
    return n_chunks * chunk_length * (n_before + 1 + n_after) * chunk_length


@wrong(
    "pairs_computed",
    truth="np.ceil returns a float, and so does the function: the right number, but not an int. Always.",
)
def returns_a_float(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = np.ceil(length / chunk_length)
    return n_rounds * n_chunks * chunk_length * (n_before + 1 + n_after) * chunk_length


@wrong(
    "pairs_computed",
    truth="Forgets n_after: the window is n_before + 1 chunks. Too few where n_after is above 0.",
)
def forgets_those_behind(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = -(-length // chunk_length)
    return n_rounds * n_chunks * chunk_length * (n_before + 1) * chunk_length


@wrong(
    "pairs_computed",
    truth="No window is longer than the chunks of its round, as if none stood twice in it. Too few where "
    "n_before + 1 + n_after is more than the number of chunks.",
)
def no_chunk_twice_in_a_window(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = math.ceil(length / chunk_length)
    window = min(n_before + 1 + n_after, n_chunks) * chunk_length
    return n_rounds * n_chunks * chunk_length * window


@wrong(
    "pairs_computed",
    truth="No ring: the first chunks have fewer before them, the last fewer behind. Too few for each look aside.",
)
def windows_end_at_the_ends(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = math.ceil(length / chunk_length)
    total = 0
    for i in range(n_chunks):
        n_seen = min(i, n_before) + 1 + min(n_chunks - 1 - i, n_after)
        total += chunk_length * n_seen * chunk_length
    return n_rounds * total


@wrong(
    "pairs_computed",
    truth="Rounds up as L // C + 1: one chunk too many where L is a multiple of C.",
)
def always_one_chunk_more(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = length // chunk_length + 1
    return n_rounds * n_chunks * chunk_length * (n_before + 1 + n_after) * chunk_length


@wrong(
    "pairs_computed",
    truth="Counts the window in chunks, not in places: each place meets n_before + 1 + n_after keys. Too few by the "
    "factor C, right for C = 1.",
)
def window_counted_in_chunks(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = -(-length // chunk_length)
    return n_rounds * n_chunks * chunk_length * (n_before + 1 + n_after)


@right("pairs_computed")
def adds_up_chunk_by_chunk(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    window = sum(chunk_length for _ in range(-n_before, n_after + 1))
    total = 0
    for _ in range(n_rounds):
        for _start in range(0, length, chunk_length):
            total += chunk_length * window
    return int(total)


# cheapest_setting


@wrong(
    "cheapest_setting",
    truth="Wants more than the wanted mass, though equality is enough. Wrong where a mass equals it and that setting "
    "is the cheapest.",
)
def equality_is_not_enough(mass, places, wanted):
    price = np.where(mass > wanted, places, np.inf)
    cheapest = np.min(price)
    if np.isinf(cheapest):
        return None
    index = np.argmax(np.where(price == cheapest, mass, -np.inf))
    row, column = np.unravel_index(index, mass.shape)
    return int(row), int(column)


@wrong(
    "cheapest_setting",
    truth="Of equally cheap settings it takes the first, not the one with more mass. Wrong for ties in places where "
    "a later one has more.",
)
def first_of_the_cheapest(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    row, column = np.unravel_index(np.argmin(price), price.shape)
    if np.isinf(price[row, column]):
        return None
    return int(row), int(column)


@wrong(
    "cheapest_setting",
    truth="Does not ask whether any setting reaches what is wanted: it returns a setting in place of None where none "
    "does.",
)
def never_none(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    index = np.argmax(np.where(price == np.min(price), mass, -np.inf))
    row, column = np.unravel_index(index, mass.shape)
    return int(row), int(column)


@wrong(
    "cheapest_setting",
    truth="Takes the setting of most mass, whatever it pays. Wrong where a cheaper one reaches what is wanted.",
)
def takes_the_most_mass(mass, places, wanted):
    if np.max(mass) < wanted:
        return None
    row, column = np.unravel_index(np.argmax(mass), mass.shape)
    return int(row), int(column)


@wrong(
    "cheapest_setting",
    truth="The right setting, but the prices of those that do not reach are written into the table it was given: "
    "places holds inf afterwards (or, for a table of integers, an error).",
)
def writes_into_places(mass, places, wanted):
    places[mass < wanted] = np.inf
    cheapest = np.min(places)
    if np.isinf(cheapest):
        return None
    index = np.argmax(np.where(places == cheapest, mass, -np.inf))
    row, column = np.unravel_index(index, mass.shape)
    return int(row), int(column)


@wrong(
    "cheapest_setting",
    truth="Compares tuples (places, mass, row, column) and forgets the minus before the mass: of equally cheap "
    "settings the one with less mass wins. Wrong for ties in places with different mass.",
)
def less_mass_wins_a_tie(mass, places, wanted):
    found = []
    for row in range(mass.shape[0]):
        for column in range(mass.shape[1]):
            if mass[row, column] >= wanted:
                found.append((places[row, column], mass[row, column], row, column))
    return min(found)[2:] if found else None


@wrong(
    "cheapest_setting",
    truth="Its loop compares by <= and so keeps the last of those that are equal in places and mass, not the first. "
    "Wrong for such doubles only.",
)
def last_of_equal_settings(mass, places, wanted):
    best, best_key = None, (np.inf, np.inf)
    for row in range(mass.shape[0]):
        for column in range(mass.shape[1]):
            key = (places[row, column], -mass[row, column])
            if mass[row, column] >= wanted and key <= best_key:
                best, best_key = (row, column), key
    return best


@wrong(
    "cheapest_setting",
    truth="Returns (column, row) in place of (row, column). Wrong unless they are equal.",
)
def column_before_row(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    cheapest = np.min(price)
    if np.isinf(cheapest):
        return None
    index = np.argmax(np.where(price == cheapest, mass, -np.inf))
    row, column = np.unravel_index(index, mass.shape)
    return int(column), int(row)


@wrong(
    "cheapest_setting",
    truth="Takes the setting that just reaches what is wanted, of the smallest mass, and asks for places only among "
    "equals. Wrong where one with more mass is cheaper.",
)
def takes_the_mass_that_just_reaches(mass, places, wanted):
    found = [
        (mass[row, column], places[row, column], row, column)
        for row, column in np.ndindex(mass.shape)
        if mass[row, column] >= wanted
    ]
    return min(found)[2:] if found else None


@wrong(
    "cheapest_setting",
    truth="Returns the first setting in reading order that reaches what is wanted, as if the tables rose in cost. "
    "Wrong where a later one is cheaper.",
)
def first_that_reaches(mass, places, wanted):
    for row in range(mass.shape[0]):
        for column in range(mass.shape[1]):
            if mass[row, column] >= wanted:
                return row, column
    return None


@right("cheapest_setting")
def smallest_of_the_tuples(mass, places, wanted):
    found = [(places[i], -mass[i], i) for i in np.ndindex(mass.shape) if mass[i] >= wanted]
    return min(found)[2] if found else None
