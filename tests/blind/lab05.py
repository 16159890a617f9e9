"""Answers to the six exercises of lab 05, written from its text alone."""

import math

import numpy as np

from reformer.chunking import look_adjacent, sort_by_bucket, split_into_chunks, undo_sort
from tests.blind import right, wrong


def unit_keys(vectors):
    squares = np.sum(vectors**2, axis=-1, keepdims=True)
    return vectors / np.sqrt(squares + 1e-6 * vectors.shape[-1])


def softmax(logits):
    largest = np.max(logits, axis=-1, keepdims=True)
    weights = np.exp(logits - np.where(np.isneginf(largest), 0, largest))
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total)


# ---------------------------------------------------------------------------------------------------------------
# 1. attention_mask


def _columns_and_rows(query_positions, key_positions):
    return query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]


@right("attention_mask")
def mask_by_nested_where(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    same = (q == k) & avoid_self
    return np.where(hidden, -np.inf, np.where(same, -1e30, 0.0))


@right("attention_mask")
def mask_by_assignment(query_positions, key_positions, *, causal=True, avoid_self=True):
    q = np.expand_dims(query_positions, -1)
    k = np.expand_dims(key_positions, -2)
    q, k = np.broadcast_arrays(q, k)
    mask = np.zeros(q.shape)
    if avoid_self:
        mask[q == k] = -1e30
    if causal:
        mask[q < k] = -np.inf
    mask[(q < 0) | (k < 0)] = -np.inf
    return mask


@right("attention_mask")
def mask_by_select(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    empty = np.logical_or(q == -1, k == -1)
    later = np.logical_and(causal, k > q)
    itself = np.logical_and(avoid_self, k == q)
    return np.select([empty, later, itself], [-np.inf, -np.inf, -1e30], 0.0)


@right("attention_mask")
def mask_added_up_in_float32(query_positions, key_positions, *, causal=True, avoid_self=True):
    difference = query_positions[..., None] - key_positions[..., None, :]
    mask = np.where(query_positions == -1, -np.inf, 0.0)[..., None] + np.where(key_positions == -1, -np.inf, 0.0)[
        ..., None, :
    ]
    if causal:
        mask = mask + np.where(difference < 0, -np.inf, 0.0)
    if avoid_self:
        mask = mask + np.where(difference == 0, -1e30, 0.0)
    return mask.astype(np.float32)


@wrong(
    "attention_mask",
    truth="Hides keys with >=, so that with causal on the token itself is at -inf, never at -1e30 (or 0 without "
    "avoid_self). Wrong wherever a query's own position is among the keys.",
)
def mask_later_or_equal_is_hidden(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k >= q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Hides keys with >= and writes -1e30 over it for oneself: right with both switches on, but with causal on and "
    "avoid_self off the token itself is at -inf instead of 0.",
)
def mask_later_or_equal_then_self_written_over(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = np.broadcast_arrays(*_columns_and_rows(query_positions, key_positions))
    mask = np.zeros(q.shape)
    if causal:
        mask[k >= q] = -np.inf
    if avoid_self:
        mask[k == q] = -1e30
    mask[(k == -1) | (q == -1)] = -np.inf
    return mask


@wrong(
    "attention_mask",
    truth="Comparison turned round: with causal on it hides the earlier keys and shows the later ones. Wrong for every "
    "pair of two different positions.",
)
def mask_hides_the_past(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k < q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="The causal part is a triangle over the places in the arrays, not over the positions. Wrong with causal on "
    "unless queries and keys both are 0, 1, 2, ... in order.",
)
def mask_triangle_of_places(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | ~np.tri(query_positions.shape[-1], key_positions.shape[-1], dtype=bool)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Oneself is the diagonal of the table (same place), not the same position. Wrong with avoid_self on wherever "
    "the own position stands at another place of the keys.",
)
def mask_self_is_the_diagonal(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    diagonal = np.eye(query_positions.shape[-1], key_positions.shape[-1], dtype=bool)
    return np.where(hidden, -np.inf, np.where(diagonal & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Writes -1e30 for equal positions last, over the -inf of empty places: an empty query and an empty key (-1 and "
    "-1) get -1e30 with avoid_self on.",
)
def mask_empty_meets_empty_as_itself(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    mask = np.where((q == -1) | (k == -1), -np.inf, 0.0)
    if causal:
        mask = np.where(k > q, -np.inf, mask)
    if avoid_self:
        mask = np.where(q == k, -1e30, mask)
    return mask


@wrong(
    "attention_mask",
    truth="Looks only at the keys for empty places. The row of an empty query is not all -inf when causal is off: it sees "
    "every real key at 0.",
)
def mask_empty_queries_forgotten(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = k == -1
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Looks only at the queries for empty places: an empty key, whose -1 is earlier than everything, is visible at 0 "
    "to each real query.",
)
def mask_empty_keys_forgotten(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = q == -1
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Empty places are not treated at all: an empty key counts as an early one (0), empty with empty as oneself "
    "(-1e30).",
)
def mask_empty_places_forgotten(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    mask = np.zeros(np.broadcast_shapes(q.shape, k.shape))
    if causal:
        mask = np.where(k > q, -np.inf, mask)
    if avoid_self:
        mask = np.where(k == q, -1e30, mask)
    return mask


@wrong(
    "attention_mask",
    truth="Hides only the pairs where query and key are both empty ('and' for 'or'): an empty key is visible at 0 to a "
    "real query.",
)
def mask_only_both_empty(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) & (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Empty places are hidden inside the branch of causal only; with causal=False empty keys and queries are "
    "visible.",
)
def mask_empty_only_with_causal(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    mask = np.zeros(np.broadcast_shapes(q.shape, k.shape))
    if avoid_self:
        mask = np.where(q == k, -1e30, mask)
    if causal:
        mask = np.where((k > q) | (q == -1) | (k == -1), -np.inf, mask)
    return mask


@wrong(
    "attention_mask",
    truth="Oneself at -inf instead of -1e30: a token with nobody else sees nothing. Wrong with avoid_self on wherever the "
    "own position is among the keys.",
)
def mask_self_at_minus_infinity(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    if avoid_self:
        hidden = hidden | (k == q)
    return np.where(hidden, -np.inf, 0.0)


@wrong(
    "attention_mask",
    truth="Oneself at -1e5, the number of the published code, instead of -1e30. Wrong with avoid_self on wherever the own "
    "position is among the keys.",
)
def mask_self_at_minus_1e5(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e5, 0.0))


@wrong(
    "attention_mask",
    truth="Exponent mistyped: 1e-30 with a minus in front, so that oneself is practically at 0. Wrong with avoid_self on "
    "wherever the own position is among the keys.",
)
def mask_self_at_minus_1e_minus_30(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e-30, 0.0))


@wrong(
    "attention_mask",
    truth="The two numbers are swapped: later keys and empty places at -1e30, oneself at -inf. Wrong for every input with "
    "a pair that is not at 0.",
)
def mask_numbers_swapped(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -1e30, np.where((q == k) & avoid_self, -np.inf, 0.0))


@wrong(
    "attention_mask",
    truth="Everything that is hidden is at -1e9, as in other libraries, instead of -inf: that is a nearer last resort "
    "than oneself. Wrong for every input with an empty place or a hidden later key.",
)
def mask_hidden_at_minus_1e9(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -1e9, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Empty places at -inf, but later keys at -1e30, as hard as oneself. Wrong with causal on wherever a key is later.",
)
def mask_later_as_a_last_resort(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    mask = np.zeros(np.broadcast_shapes(q.shape, k.shape))
    if causal:
        mask = np.where(k > q, -1e30, mask)
    if avoid_self:
        mask = np.where(k == q, -1e30, mask)
    return np.where((q == -1) | (k == -1), -np.inf, mask)


@wrong("attention_mask", truth="The switch `causal` is ignored: later keys are hidden also with causal=False.")
def mask_causal_always(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1) | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong("attention_mask", truth="The switch `avoid_self` is ignored: oneself is at -1e30 also with avoid_self=False.")
def mask_avoid_self_always(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where(q == k, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Oneself is treated inside the branch of causal: with causal=False and avoid_self=True the token itself is at 0 "
    "instead of -1e30.",
)
def mask_avoid_self_only_with_causal(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    mask = np.where((q == -1) | (k == -1), -np.inf, 0.0)
    if causal:
        mask = np.where(k > q, -np.inf, mask)
        if avoid_self:
            mask = np.where((k == q) & (q != -1), -1e30, mask)
    return mask


@wrong(
    "attention_mask",
    truth="The two switches are mixed up: `causal` turns on the last resort, `avoid_self` the hiding of later keys. Right "
    "only when both are on or both are off.",
)
def mask_switches_mixed_up(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if avoid_self:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & causal, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Rows and columns swapped: the result is (..., K, Q), a row for each key. Wrong shape where Q and K differ, "
    "transposed numbers where they are equal.",
)
def mask_keys_in_the_rows(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = query_positions[..., np.newaxis, :], key_positions[..., :, np.newaxis]
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="New axes for the case without a batch: query[:, None] and key[None, :]. With a batch in front the axes meet "
    "wrongly: an error, or a table of a wrong shape.",
)
def mask_batch_forgotten(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = query_positions[:, None], key_positions[None, :]
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Multiplies the table of hidden pairs by -inf: 0 times -inf is NaN wherever a pair is not hidden.",
)
def mask_zero_times_infinity(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    with np.errstate(invalid="ignore"):
        return hidden * -np.inf + ((q == k) & avoid_self) * -1e30


@wrong(
    "attention_mask",
    truth="Takes positions below 1 for empty, so position 0, the first token, is hidden as a query and as a key.",
)
def mask_position_zero_is_empty(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q <= 0) | (k <= 0)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Tests for empty places with `not`, i.e. for 0 instead of -1: position 0 is hidden, and the -1 of an empty key "
    "is visible as an early key.",
)
def mask_tests_truth_for_empty(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = np.logical_not(q) | np.logical_not(k)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="A position that stands twice among the keys gets -1e30 only at its first place; the second copy of oneself is "
    "at 0.",
)
def mask_only_the_first_copy_of_oneself(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    mask = np.where((q == -1) | (k == -1), -np.inf, 0.0)
    if causal:
        mask = np.where(k > q, -np.inf, mask)
    if avoid_self:
        same = (q == k) & (q != -1)
        first = same & (np.cumsum(same, axis=-1) == 1)
        mask = np.where(first, -1e30, mask)
    return mask


@wrong(
    "attention_mask",
    truth="Hides the second copy of any position that stands twice among the keys with -inf, as if a key might count only "
    "once. Wrong for every window that holds a position twice.",
)
def mask_hides_second_copies(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    n_keys = key_positions.shape[-1]
    again = np.any(
        (key_positions[..., :, None] == key_positions[..., None, :]) & np.tri(n_keys, k=-1, dtype=bool), axis=-1
    )
    hidden = (q == -1) | (k == -1) | again[..., np.newaxis, :]
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Returns a table of yes and no (True where visible) instead of numbers to add; oneself counts as not visible.",
)
def mask_of_booleans(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    visible = (q != -1) & (k != -1)
    if causal:
        visible = visible & (k <= q)
    if avoid_self:
        visible = visible & (k != q)
    return visible


@wrong(
    "attention_mask",
    truth="Returns factors to multiply the weights with (1 visible, 0 hidden) instead of numbers to add. Wrong for every "
    "input with any visible or hidden pair.",
)
def mask_of_ones_and_zeros(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, 0.0, np.where((q == k) & avoid_self, 1e-30, 1.0))


@wrong("attention_mask", truth="Minus signs forgotten: +inf and +1e30, to be subtracted rather than added.")
def mask_positive_numbers(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, np.inf, np.where((q == k) & avoid_self, 1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Resolves the last resort itself: oneself is at 0 where no other key is visible and at -inf elsewhere, never at "
    "-1e30.",
)
def mask_last_resort_resolved_at_once(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q)
    if avoid_self:
        others = np.any(~hidden & (q != k), axis=-1, keepdims=True)
        hidden = hidden | ((q == k) & others)
    return np.where(hidden, -np.inf, 0.0)


@wrong(
    "attention_mask",
    truth="Opens the row of an empty query (all at 0) so that softmax has something to divide by, instead of -inf all "
    "along.",
)
def mask_rows_of_empty_queries_opened(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = k == -1
    if causal:
        hidden = hidden | (k > q)
    mask = np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))
    return np.where(q == -1, 0.0, mask)


@wrong(
    "attention_mask",
    truth="Writes 1e9 in the place of empty keys into the given array, so that they count as later: changes its argument, "
    "and with causal=False they are visible.",
)
def mask_writes_into_the_keys(query_positions, key_positions, *, causal=True, avoid_self=True):
    key_positions[key_positions == -1] = 10**9
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = q == -1
    if causal:
        hidden = hidden | (k > q)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Off by one: only keys more than one position later are hidden, the very next token is visible at 0. Wrong with "
    "causal on wherever key = query + 1 occurs.",
)
def mask_the_next_token_visible(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    hidden = (q == -1) | (k == -1)
    if causal:
        hidden = hidden | (k > q + 1)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, -1e30, 0.0))


@wrong(
    "attention_mask",
    truth="Makes the zeros in the dtype of the positions, whole numbers, into which -inf cannot be written: an "
    "OverflowError wherever anything is hidden.",
)
def mask_in_whole_numbers(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = np.broadcast_arrays(*_columns_and_rows(query_positions, key_positions))
    mask = np.zeros_like(q - k)
    if avoid_self:
        mask[q == k] = -(10**18)
    if causal:
        mask[k > q] = -np.inf
    mask[(q == -1) | (k == -1)] = -np.inf
    return mask


@wrong(
    "attention_mask",
    truth="Two slips: later keys by place in the arrays (triangle), and empty queries forgotten. Wrong for sorted order, "
    "and in the rows of empty queries.",
)
def mask_triangle_and_empty_queries_forgotten(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = _columns_and_rows(query_positions, key_positions)
    mask = np.where((q == k) & avoid_self, -1e30, 0.0)
    if causal:
        mask = np.where(np.arange(k.shape[-1]) > np.arange(q.shape[-2])[:, None], -np.inf, mask)
    return np.where(k == -1, -np.inf, mask)


# ---------------------------------------------------------------------------------------------------------------
# 2. attend_within_chunks


def _logits(queries, keys, mask):
    return queries @ np.swapaxes(keys, -1, -2) + mask


def _log_sum(logits):
    top = np.max(logits, axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore"):
        return (top + np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True)))[..., 0]


@right("attend_within_chunks")
def attend_by_the_hint(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    top = np.max(logits, axis=-1, keepdims=True)
    top = np.where(top == -np.inf, 0, top)
    with np.errstate(divide="ignore"):
        normalizers = top + np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True))
    return softmax(logits) @ values, normalizers[..., 0]


@right("attend_within_chunks")
def attend_by_logaddexp(queries, keys, values, mask):
    logits = np.einsum("...qd,...kd->...qk", queries, keys) + mask
    normalizers = np.logaddexp.reduce(logits, axis=-1)
    return np.einsum("...qk,...ke->...qe", softmax(logits), values), normalizers


@right("attend_within_chunks")
def attend_by_own_fraction(queries, keys, values, mask):
    logits = np.matmul(queries, np.moveaxis(keys, -1, -2)) + mask
    largest = logits.max(-1)
    seen = largest > -np.inf
    largest = np.where(seen, largest, 0)
    exponentials = np.exp(logits - largest[..., None])
    total = exponentials.sum(-1)
    safe = np.where(seen, total, 1)
    outputs = np.einsum("...qk,...ke->...qe", exponentials, values) / safe[..., None]
    return outputs, np.where(seen, largest + np.log(safe), -np.inf)


@right("attend_within_chunks")
def attend_row_by_row(queries, keys, values, mask):
    batch = queries.shape[:-2]
    outputs = np.zeros(queries.shape[:-1] + values.shape[-1:])
    normalizers = np.full(queries.shape[:-1], -np.inf)
    for b in np.ndindex(*batch):
        for i in range(queries.shape[-2]):
            logits = keys[b] @ queries[b][i] + mask[b][i]
            top = logits.max()
            if np.isneginf(top):
                continue
            w = np.exp(logits - top)
            outputs[b][i] = w @ values[b] / w.sum()
            normalizers[b][i] = top + math.log(w.sum())
    return outputs, normalizers


@wrong("attend_within_chunks", truth="Divides the dot products by the root of d, as usual attention does. Wrong wherever d > 1 and the dots are not all 0.")
def attend_divided_by_root_d(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1]) + mask
    return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="Divides by the root of d after the mask was added, so that a finite mask is scaled as well. Wrong wherever d > 1.")
def attend_mask_scaled_too(queries, keys, values, mask):
    logits = _logits(queries, keys, mask) / np.sqrt(keys.shape[-1])
    return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="Brings the keys to length one, although they are to be used as they come. Wrong for keys of any other length.")
def attend_keys_at_length_one(queries, keys, values, mask):
    logits = _logits(queries, unit_keys(keys), mask)
    return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="Softmax runs over the queries (axis -2), not over the keys; the log-normalisers are right. Wrong for nearly every input.")
def attend_softmax_over_the_queries(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    weights = np.swapaxes(softmax(np.swapaxes(logits, -1, -2)), -1, -2)
    return weights @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="Outputs right, but the log-normaliser is summed over axis -2, the queries: one number for each key, shape (..., W).")
def attend_normalizers_over_the_queries(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, _log_sum(np.swapaxes(logits, -1, -2))


@wrong("attend_within_chunks", truth="The largest logit, subtracted for safety, is not added again to the log-normaliser. Wrong wherever the largest logit of a row is not 0.")
def attend_top_not_added_again(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits, axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore"):
        return softmax(logits) @ values, np.log(np.sum(np.exp(logits - top), axis=-1))


@wrong("attend_within_chunks", truth="The largest logit is subtracted a second time instead of added again. Wrong wherever the largest logit of a row is not 0.")
def attend_top_subtracted_again(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits, axis=-1)
    top = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore"):
        return softmax(logits) @ values, np.log(np.sum(np.exp(logits - top[..., None]), axis=-1)) - top


@wrong("attend_within_chunks", truth="Adds the largest logit inside the logarithm: log(top + sum) instead of top + log(sum). Wrong for nearly every input, NaN where top is very negative.")
def attend_top_added_inside_the_logarithm(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits, axis=-1)
    top = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore", invalid="ignore"):
        return softmax(logits) @ values, np.log(top + np.sum(np.exp(logits - top[..., None]), axis=-1))


@wrong("attend_within_chunks", truth="Takes np.exp of the logits as they are for the log-normaliser: inf for logits of 1000, -inf for rows at -1000 or -1e30. Outputs right.")
def attend_normalizers_without_shift(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    with np.errstate(divide="ignore", over="ignore"):
        return softmax(logits) @ values, np.log(np.sum(np.exp(logits), axis=-1))


@wrong("attend_within_chunks", truth="Own softmax without any shift: NaN where logits are 1000, at -1000, at -1e30 or nothing is seen; right for moderate logits.")
def attend_softmax_without_shift(queries, keys, values, mask):
    with np.errstate(all="ignore"):
        exponentials = np.exp(_logits(queries, keys, mask))
        total = exponentials.sum(axis=-1, keepdims=True)
        return exponentials / total @ values, np.log(total)[..., 0]


@wrong("attend_within_chunks", truth="Shifts by the row's largest also where that is -inf: NaN in the log-normaliser of a query that sees nothing.")
def attend_nan_where_nothing_is_seen(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    with np.errstate(all="ignore"):
        top = np.max(logits, axis=-1, keepdims=True)
        return softmax(logits) @ values, (top + np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True)))[..., 0]


@wrong("attend_within_chunks", truth="A query that sees nothing gets log-normaliser 0 instead of -inf.")
def attend_normalizer_zero_where_nothing_is_seen(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    normalizers = _log_sum(logits)
    return softmax(logits) @ values, np.where(np.isneginf(normalizers), 0.0, normalizers)


@wrong("attend_within_chunks", truth="A query that sees nothing gets log-normaliser -1e30, as a finite stand-in for -inf.")
def attend_normalizer_finite_where_nothing_is_seen(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, np.maximum(_log_sum(logits), -1e30)


@wrong("attend_within_chunks", truth="A query that sees nothing gets the plain mean of the values of its window as output instead of zeros (log-normaliser right).")
def attend_mean_where_nothing_is_seen(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    nothing = np.all(np.isneginf(logits), axis=-1, keepdims=True)
    return softmax(np.where(nothing, 0.0, logits)) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="Replaces -inf by the lowest finite number with np.nan_to_num: a query that sees nothing averages everything, at -1.8e308 instead of -inf.")
def attend_infinities_made_finite(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + np.nan_to_num(mask)
    return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="Cleans up -inf to 0 with np.nan_to_num(neginf=0): hidden keys take part like all others. Wrong wherever a key is hidden.")
def attend_hidden_keys_at_zero(queries, keys, values, mask):
    logits = np.nan_to_num(_logits(queries, keys, mask), neginf=0.0)
    return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="keepdims left over: the log-normalisers are (..., C, 1) instead of (..., C).")
def attend_normalizers_with_an_axis_left(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, _log_sum(logits)[..., np.newaxis]


@wrong("attend_within_chunks", truth="Returns the normaliser itself, the sum of exponentials, without the logarithm. Wrong for every input.")
def attend_no_logarithm(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    with np.errstate(over="ignore"):
        return softmax(logits) @ values, np.sum(np.exp(logits), axis=-1)


@wrong("attend_within_chunks", truth="Logarithm to base 10 (of the whole, so it is the right one divided by 2.303). Wrong wherever the log-normaliser is neither 0 nor -inf.")
def attend_log10(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, _log_sum(logits) / np.log(10)


@wrong("attend_within_chunks", truth="Adds the largest logit to a logarithm of base 2. Wrong wherever more than one key has weight.")
def attend_log2_plus_top(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits, axis=-1)
    top = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore"):
        return softmax(logits) @ values, top + np.log2(np.sum(np.exp(logits - top[..., None]), axis=-1))


@wrong("attend_within_chunks", truth="np.log1p for np.log: the logarithm of one plus the sum, too large everywhere, and 0 where nothing is seen.")
def attend_log1p(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits, axis=-1)
    top = np.where(np.isneginf(top), 0.0, top)
    return softmax(logits) @ values, top + np.log1p(np.sum(np.exp(logits - top[..., None]), axis=-1))


@wrong("attend_within_chunks", truth="Adds 1e-9 inside the logarithm against log(0): a query that sees nothing has -20.7 instead of -inf.")
def attend_small_number_in_the_logarithm(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits, axis=-1)
    top = np.where(np.isneginf(top), 0.0, top)
    return softmax(logits) @ values, top + np.log(np.sum(np.exp(logits - top[..., None]), axis=-1) + 1e-9)


@wrong("attend_within_chunks", truth="The mean of the exponentials instead of their sum: the log-normaliser is too small by log W, for every W > 1.")
def attend_log_of_the_mean(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, _log_sum(logits) - np.log(logits.shape[-1])


@wrong("attend_within_chunks", truth="Takes the largest logit of the row for the log-normaliser. Wrong wherever more than one key has weight.")
def attend_largest_logit_as_normalizer(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, np.max(logits, axis=-1)


@wrong("attend_within_chunks", truth="The logarithm of the sum of the weights, after softmax: 0 wherever anything is seen.")
def attend_log_of_the_weights(queries, keys, values, mask):
    weights = softmax(_logits(queries, keys, mask))
    with np.errstate(divide="ignore"):
        return weights @ values, np.log(np.sum(weights, axis=-1))


@wrong("attend_within_chunks", truth="The sign of the log-normaliser is turned round (-log of the sum). Wrong wherever it is not 0.")
def attend_negative_normalizer(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, -_log_sum(logits)


@wrong("attend_within_chunks", truth="The mask is multiplied with the dot products instead of added: visible keys all have logit 0, NaN where 0 meets -inf.")
def attend_mask_multiplied(queries, keys, values, mask):
    with np.errstate(invalid="ignore"):
        logits = (queries @ np.swapaxes(keys, -1, -2)) * mask
        return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="The mask is not used at all: wrong wherever it is not 0.")
def attend_mask_ignored(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2)
    return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="The log-normaliser is taken before the mask is added; the outputs use it. Wrong wherever the mask is not 0.")
def attend_normalizer_before_the_mask(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2)
    normalizers = _log_sum(logits)
    return softmax(logits + mask) @ values, normalizers


@wrong("attend_within_chunks", truth="The mask is added to the weights after softmax, not to the logits: -inf and -1e30 in the outputs. Wrong wherever the mask is not 0.")
def attend_mask_added_after_softmax(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2)
    with np.errstate(all="ignore"):
        return (softmax(logits) + mask) @ values, _log_sum(logits + mask)


@wrong("attend_within_chunks", truth="Sets the weights of hidden keys to 0 after softmax, without dividing anew: rows no longer add up to one. Other numbers of the mask are ignored. Wrong wherever the mask is not 0.")
def attend_weights_cut_after_softmax(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2)
    weights = softmax(logits) * (mask > -1e29)
    return weights @ values, _log_sum(logits + mask)


@wrong("attend_within_chunks", truth="Reads the mask as yes or no: everything but 0 is hidden. A last resort at -1e30 is lost, and other numbers such as -1 hide.")
def attend_mask_as_yes_or_no(queries, keys, values, mask):
    logits = np.where(mask == 0, queries @ np.swapaxes(keys, -1, -2), -np.inf)
    return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="Treats a row whose largest logit is -1e30 as one that sees nothing: zeros and -inf instead of the value of oneself and -1e30.")
def attend_last_resort_counts_as_nothing(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    logits = np.where(logits < -1e20, -np.inf, logits)
    return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="keys.T turns over all axes: with a batch in front an error or wrong shapes; right without a batch.")
def attend_keys_with_dot_T(queries, keys, values, mask):
    logits = queries @ keys.T + mask
    return softmax(logits) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="Subtracts the largest logit of the whole array: rows far below it underflow to zeros and -inf (logits of 1000 beside others at 0, rows at -1e30).")
def attend_largest_of_the_whole_array(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits)
    top = 0.0 if np.isneginf(top) else top
    exponentials = np.exp(logits - top)
    total = np.sum(exponentials, axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return exponentials @ values / np.where(total == 0, 1, total), top + np.log(total[..., 0])


@wrong("attend_within_chunks", truth="Takes the largest dot product before the mask for the shift: where all but oneself (-1e30), or all the large ones, are hidden, everything underflows to zeros and -inf.")
def attend_shift_before_the_mask(queries, keys, values, mask):
    dots = queries @ np.swapaxes(keys, -1, -2)
    top = np.max(dots, axis=-1, keepdims=True)
    exponentials = np.exp(dots - top + mask)
    total = np.sum(exponentials, axis=-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return exponentials @ values / np.where(total == 0, 1, total), (top + np.log(total))[..., 0]


@wrong("attend_within_chunks", truth="Clips the logits to -80 .. 80 for the log-normaliser, against overflow: wrong for logits of 1000, -1000, -1e30, and for rows that see nothing.")
def attend_logits_clipped(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, np.log(np.sum(np.exp(np.clip(logits, -80, 80)), axis=-1))


@wrong("attend_within_chunks", truth="The outputs are not divided by the sum of the exponentials: weights exp(logit - top) do not add up to one. Wrong wherever more than one key has weight.")
def attend_outputs_not_divided(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits, axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    return np.exp(logits - top) @ values, _log_sum(logits)


@wrong("attend_within_chunks", truth="The two results are returned in the wrong order, log-normalisers first.")
def attend_results_swapped(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return _log_sum(logits), softmax(logits) @ values


@wrong("attend_within_chunks", truth="Returns the weights (..., C, W) in place of the outputs: never multiplied with the values.")
def attend_weights_for_outputs(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits), _log_sum(logits)


@wrong("attend_within_chunks", truth="Outputs are laid out like the queries, (..., C, d): an error where values have another number of features e.")
def attend_outputs_shaped_like_queries(queries, keys, values, mask):
    outputs = np.zeros(queries.shape, dtype=float)
    logits = _logits(queries, keys, mask)
    outputs[...] = softmax(logits) @ values
    return outputs, _log_sum(logits)


@wrong("attend_within_chunks", truth="One log-normaliser for a whole chunk, over all queries and keys, repeated for each query. Wrong for C > 1.")
def attend_one_normalizer_for_the_chunk(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    flat = _log_sum(logits.reshape(*logits.shape[:-2], -1))
    return softmax(logits) @ values, np.broadcast_to(flat[..., None], logits.shape[:-1]).copy()


@wrong("attend_within_chunks", truth="Two slips: divided by the root of d, and the largest logit not added again.")
def attend_root_d_and_top_not_added(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1]) + mask
    top = np.max(logits, axis=-1, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    with np.errstate(divide="ignore"):
        return softmax(logits) @ values, np.log(np.sum(np.exp(logits - top), axis=-1))


@wrong("attend_within_chunks", truth="Writes -1e9 for -inf into the given mask: changes its argument; hidden keys win over a last resort at -1e30, and a query that sees nothing has finite results.")
def attend_writes_into_the_mask(queries, keys, values, mask):
    mask[np.isneginf(mask)] = -1e9
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, _log_sum(logits)


# ---------------------------------------------------------------------------------------------------------------
# 3. combine_rounds


@right("combine_rounds")
def combine_by_swapped_softmax(outputs, log_normalizers):
    shares = np.swapaxes(softmax(np.swapaxes(log_normalizers, -1, -2)), -1, -2)
    return np.sum(shares[..., np.newaxis] * outputs, axis=-3)


@right("combine_rounds")
def combine_by_own_softmax(outputs, log_normalizers):
    top = log_normalizers.max(axis=-2, keepdims=True)
    top = np.where(np.isfinite(top), top, 0)
    w = np.exp(log_normalizers - top)[..., None]
    total = w.sum(axis=-3)
    return (w * outputs).sum(axis=-3) / np.where(total > 0, total, 1)


@right("combine_rounds")
def combine_by_einsum_and_logaddexp(outputs, log_normalizers):
    whole = np.logaddexp.reduce(log_normalizers, axis=-2, keepdims=True)
    nothing = np.isneginf(whole)
    # np.exp(a - b) loses digits where both are at -1e30, so the largest goes first
    shift = np.where(nothing, 0, np.max(log_normalizers, axis=-2, keepdims=True))
    shares = np.exp((log_normalizers - shift) - np.log(np.where(nothing, 1, np.sum(np.exp(log_normalizers - shift), axis=-2, keepdims=True))))
    return np.einsum("...rl,...rle->...le", shares, outputs)


@right("combine_rounds")
def combine_round_after_round(outputs, log_normalizers):
    sofar = np.zeros_like(outputs[..., 0, :, :], dtype=float)
    total = np.zeros(sofar.shape[:-1])
    top = np.full(sofar.shape[:-1], -np.inf)
    for r in range(outputs.shape[-3]):
        new = log_normalizers[..., r, :]
        larger = np.maximum(top, new)
        safe = np.where(np.isneginf(larger), 0, larger)
        old_share, new_share = np.exp(top - safe), np.exp(new - safe)
        sofar = sofar * old_share[..., None] + outputs[..., r, :, :] * new_share[..., None]
        total = total * old_share + new_share
        top = larger
    return sofar / np.where(total == 0, 1, total)[..., None]


def _shares(log_normalizers):
    return np.swapaxes(softmax(np.swapaxes(log_normalizers, -1, -2)), -1, -2)


@wrong("combine_rounds", truth="The plain mean of the rounds, normalisers ignored. Wrong wherever the rounds' normalisers differ and R > 1, and where all are at -inf with outputs not zero.")
def combine_plain_mean(outputs, log_normalizers):
    return np.mean(outputs, axis=-3)


@wrong("combine_rounds", truth="The plain mean over the rounds that saw anything. Wrong wherever two finite normalisers of a position differ.")
def combine_mean_of_rounds_that_saw(outputs, log_normalizers):
    seen = (log_normalizers > -np.inf)[..., None]
    return np.sum(np.where(seen, outputs, 0.0), axis=-3) / np.maximum(np.sum(seen, axis=-3), 1)


@wrong("combine_rounds", truth="Sums the rounds weighted by exp of the normaliser, without dividing by the sum of the weights (infinite for 1000).")
def combine_not_divided(outputs, log_normalizers):
    with np.errstate(over="ignore", invalid="ignore"):
        return np.sum(np.exp(log_normalizers)[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Subtracts the largest, but does not divide by the sum of the weights: they add up to more than one where two rounds count.")
def combine_shifted_but_not_divided(outputs, log_normalizers):
    top = np.max(log_normalizers, axis=-2, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    return np.sum(np.exp(log_normalizers - top)[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Softmax along the last axis, over the positions instead of the rounds. Wrong for nearly every input.")
def combine_softmax_over_positions(outputs, log_normalizers):
    return np.sum(softmax(log_normalizers)[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="One softmax over all rounds and positions together: each position's shares add up to less than one where L > 1.")
def combine_softmax_over_rounds_and_positions(outputs, log_normalizers):
    flat = log_normalizers.reshape(*log_normalizers.shape[:-2], -1)
    shares = softmax(flat).reshape(log_normalizers.shape)
    return np.sum(shares[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="The log-normalisers themselves as weights, divided by their sum, without exp: wrong wherever they differ, NaN at -inf or where they sum to 0.")
def combine_without_exp(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        shares = log_normalizers / np.sum(log_normalizers, axis=-2, keepdims=True)
        return np.sum(shares[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="np.exp of the normalisers as they are: right for moderate ones, NaN at 1000, 0 or NaN where all rounds are at -1000, -1e30 or -inf.")
def combine_exp_without_shift(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        w = np.exp(log_normalizers)
        return np.sum((w / np.sum(w, axis=-2, keepdims=True))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="np.exp as they are, with care only for a sum of 0: positions with all rounds at -1000 or -1e30 give zeros, 1000 gives NaN.")
def combine_exp_without_shift_zero_guarded(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        w = np.exp(log_normalizers)
        total = np.sum(w, axis=-2, keepdims=True)
        return np.sum((w / np.where(total == 0, 1, total))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Shifts by the largest also where it is -inf: NaN where all rounds are at -inf, instead of zeros.")
def combine_nan_where_all_saw_nothing(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        w = np.exp(log_normalizers - np.max(log_normalizers, axis=-2, keepdims=True))
        return np.sum((w / np.sum(w, axis=-2, keepdims=True))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Where all rounds are at -inf it gives the mean of the rounds' outputs instead of zeros (seen where those outputs are not zero).")
def combine_mean_where_all_saw_nothing(outputs, log_normalizers):
    nothing = np.all(np.isneginf(log_normalizers), axis=-2, keepdims=True)
    return np.sum(_shares(np.where(nothing, 0.0, log_normalizers))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="-inf is replaced by 0 first (nan_to_num with neginf=0): a round that saw nothing weighs exp(0) = 1.")
def combine_nothing_weighs_one(outputs, log_normalizers):
    return np.sum(_shares(np.nan_to_num(log_normalizers, neginf=0.0))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Takes the output of the round with the largest normaliser alone. Wrong wherever a second round has weight, and where all are at -inf with outputs not zero.")
def combine_best_round_alone(outputs, log_normalizers):
    best = np.argmax(log_normalizers, axis=-2)[..., None, :, None]
    return np.take_along_axis(outputs, best, axis=-3)[..., 0, :, :]


@wrong("combine_rounds", truth="The sign is turned round: a round weighs exp(-log-normaliser), so that the one that met least counts most; -inf gives NaN.")
def combine_weights_inverted(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        return np.sum(_shares(-log_normalizers)[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Takes axis 0 for the rounds, both in the shares and in the sum: right without a batch, wrong with one.")
def combine_rounds_on_the_first_axis(outputs, log_normalizers):
    top = np.max(log_normalizers, axis=0, keepdims=True)
    top = np.where(np.isneginf(top), 0.0, top)
    w = np.exp(log_normalizers - top)
    total = np.sum(w, axis=0, keepdims=True)
    return np.sum((w / np.where(total == 0, 1, total))[..., None] * outputs, axis=0)


@wrong("combine_rounds", truth="Shares right, but the sum is taken over axis 0: right without a batch, with a batch it sums the sequences.")
def combine_summed_over_the_batch(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers)[..., None] * outputs, axis=0)


@wrong("combine_rounds", truth="Sums over axis -2 of the outputs, the positions, instead of -3: the result is (..., R, e).")
def combine_summed_over_positions(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers)[..., None] * outputs, axis=-2)


@wrong("combine_rounds", truth="The mean over the rounds of share times output, so divided by R once more. Wrong for R > 1.")
def combine_divided_by_R_again(outputs, log_normalizers):
    return np.mean(_shares(log_normalizers)[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Adds the rounds up without weights. Wrong for R > 1 with outputs that are not zero.")
def combine_plain_sum(outputs, log_normalizers):
    return np.sum(outputs, axis=-3)


@wrong("combine_rounds", truth="Softmax of exp(log-normaliser), the exponential twice: wrong wherever the normalisers differ; a round at -inf weighs exp(0) = 1.")
def combine_softmax_of_the_normalizers(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        return np.sum(_shares(np.exp(log_normalizers))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Softmax applied twice over the rounds: shares are too even, and a round that saw nothing still counts.")
def combine_softmax_twice(outputs, log_normalizers):
    return np.sum(_shares(_shares(log_normalizers))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Takes the logarithm of the log-normalisers before the softmax, as if they were the plain normalisers of the example's table: NaN for negative ones.")
def combine_logarithm_again(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        return np.sum(_shares(np.log(log_normalizers))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Shifts by the largest of the whole array: positions far below it (one at 1000, another at 0, or all at -1e30) underflow and give zeros.")
def combine_largest_of_the_whole_array(outputs, log_normalizers):
    top = np.max(log_normalizers)
    w = np.exp(log_normalizers - (0.0 if np.isneginf(top) else top))
    total = np.sum(w, axis=-2, keepdims=True)
    return np.sum((w / np.where(total == 0, 1, total))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Shifts by max(largest, 0): positions whose rounds are all at -1000 or -1e30 underflow to zeros.")
def combine_shift_never_below_zero(outputs, log_normalizers):
    top = np.maximum(np.max(log_normalizers, axis=-2, keepdims=True), 0.0)
    w = np.exp(log_normalizers - top)
    total = np.sum(w, axis=-2, keepdims=True)
    return np.sum((w / np.where(total == 0, 1, total))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Clips the log-normalisers to -50 .. 50 before exp: wrong where they differ beyond that, and where all are at -inf (mean instead of zeros).")
def combine_clipped(outputs, log_normalizers):
    w = np.exp(np.clip(log_normalizers, -50.0, 50.0))
    return np.sum((w / np.sum(w, axis=-2, keepdims=True))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Treats a log-normaliser of -1e30 like -inf: where all rounds are at -1e30 (a token alone in each) it gives zeros instead of their mean.")
def combine_last_resort_counts_as_nothing(outputs, log_normalizers):
    return np.sum(_shares(np.where(log_normalizers < -1e20, -np.inf, log_normalizers))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Base 2 instead of e: a round weighs 2 to the power of its log-normaliser. Wrong wherever they differ.")
def combine_base_two(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers * np.log(2))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Divides the log-normalisers by the root of e, the number of features, as with logits. Wrong for e > 1 wherever they differ.")
def combine_scaled_by_root_features(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers / np.sqrt(outputs.shape[-1]))[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Reshapes (..., R, L) to (..., L, R) instead of swapping the axes: the numbers land at wrong places. Wrong for R > 1 and L > 1.")
def combine_reshape_for_swapaxes(outputs, log_normalizers):
    *batch, n_rounds, length = log_normalizers.shape
    shares = softmax(log_normalizers.reshape(*batch, length, n_rounds)).reshape(log_normalizers.shape)
    return np.sum(shares[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="The shares are not swapped back after the softmax: (..., L, R) meets outputs (..., R, L, e). An error unless R = L or one of them is 1 (right only for R = L = 1).")
def combine_not_swapped_back(outputs, log_normalizers):
    shares = softmax(np.swapaxes(log_normalizers, -1, -2))
    return np.sum(shares[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="No new axis for the features: shares (..., R, L) times outputs (..., R, L, e). An error for most sizes; wrong where they happen to broadcast.")
def combine_no_axis_for_features(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers) * outputs, axis=-3)


@wrong("combine_rounds", truth="keepdims left over: the result is (..., 1, L, e).")
def combine_round_axis_left(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers)[..., None] * outputs, axis=-3, keepdims=True)


@wrong("combine_rounds", truth="Multiplies the shares into the given outputs in place (`*=`): the result is right, but the argument is changed (an error for whole-number outputs).")
def combine_writes_into_the_outputs(outputs, log_normalizers):
    outputs *= _shares(log_normalizers)[..., None]
    return np.sum(outputs, axis=-3)


@wrong("combine_rounds", truth="Subtracts the largest in place from the given log-normalisers: the result is right, but the argument is changed.")
def combine_writes_into_the_normalizers(outputs, log_normalizers):
    top = np.max(log_normalizers, axis=-2, keepdims=True)
    log_normalizers -= np.where(np.isneginf(top), 0, top).astype(log_normalizers.dtype)
    return np.sum(_shares(log_normalizers)[..., None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Merges round after round in pairs, but the merged normaliser is the larger of the two, not their logaddexp: right for two rounds, wrong from three on.")
def combine_pairs_with_the_larger_normalizer(outputs, log_normalizers):
    result, sofar = outputs[..., 0, :, :], log_normalizers[..., 0, :]
    result = np.where(np.isneginf(sofar)[..., None], 0.0, result)
    for r in range(1, outputs.shape[-3]):
        pair = np.stack([sofar, log_normalizers[..., r, :]], axis=-1)
        shares = softmax(pair)
        result = shares[..., 0, None] * result + shares[..., 1, None] * outputs[..., r, :, :]
        sofar = np.maximum(sofar, log_normalizers[..., r, :])
    return result


@wrong("combine_rounds", truth="Merges round after round, but never updates the normaliser of what was merged: it stays that of round 0. Right for two rounds, wrong from three on.")
def combine_pairs_normalizer_never_updated(outputs, log_normalizers):
    first = log_normalizers[..., 0, :]
    result = np.where(np.isneginf(first)[..., None], 0.0, outputs[..., 0, :, :])
    for r in range(1, outputs.shape[-3]):
        shares = softmax(np.stack([first, log_normalizers[..., r, :]], axis=-1))
        result = shares[..., 0, None] * result + shares[..., 1, None] * outputs[..., r, :, :]
    return result


@wrong("combine_rounds", truth="Only the first two rounds, as in the example, are combined; further ones are ignored. Wrong for R > 2.")
def combine_first_two_rounds_only(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers[..., :2, :])[..., None] * outputs[..., :2, :, :], axis=-3)


@wrong("combine_rounds", truth="Averages the log-normalisers over the positions first, so that each round has one weight for all positions. Wrong where the shares differ between positions.")
def combine_one_weight_for_each_round(outputs, log_normalizers):
    with np.errstate(invalid="ignore"):
        weight = softmax(np.mean(log_normalizers, axis=-1))
    return np.sum(weight[..., None, None] * outputs, axis=-3)


@wrong("combine_rounds", truth="Two slips: np.exp without a shift, and axis 0 for the rounds. NaN at 1000, wrong with a batch.")
def combine_no_shift_and_first_axis(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        w = np.exp(log_normalizers)
        return np.sum((w / np.sum(w, axis=0))[..., None] * outputs, axis=0)


@wrong("combine_rounds", truth="Divides by the sum of the weights plus 1e-6, with np.exp as it is: too small where the normalisers are small, zeros at -1000 and -1e30, NaN at 1000.")
def combine_small_number_in_the_sum(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        w = np.exp(log_normalizers)[..., None]
        return np.sum(w * outputs, axis=-3) / (np.sum(w, axis=-3) + 1e-6)


# ---------------------------------------------------------------------------------------------------------------
# 4. lsh_attention


def _fetch(vectors, positions):
    flat = positions.reshape(*vectors.shape[:-2], -1, 1)
    return np.take_along_axis(vectors, flat, axis=-2).reshape(*positions.shape, -1)


def _mask(chunks, windows, causal=True, avoid_self=True, self_number=-1e30):
    q, k = chunks[..., :, None], windows[..., None, :]
    hidden = (k > q) if causal else np.zeros(np.broadcast_shapes(q.shape, k.shape), dtype=bool)
    return np.where(hidden, -np.inf, np.where((q == k) & avoid_self, self_number, 0.0))


def _attend(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return softmax(logits) @ values, _log_sum(logits)


def _combine(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers)[..., None] * outputs, axis=-3)


def _unsort(order, outputs, log_normalizers):
    undo = undo_sort(order)
    outputs = np.take_along_axis(outputs.reshape(*order.shape, -1), undo[..., None], axis=-2)
    return outputs, np.take_along_axis(log_normalizers.reshape(order.shape), undo, axis=-1)


@right("lsh_attention")
def lsh_step_by_step(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    keys = unit_keys(queries_keys)
    outputs, log_normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(keys, windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, log_normalizers))


@right("lsh_attention")
def lsh_one_sequence_at_a_time(queries_keys, values, buckets, *, n_buckets, chunk_length):
    batch = queries_keys.shape[:-2]
    result = np.zeros(values.shape)
    for entry in np.ndindex(*batch):
        vectors, numbers = queries_keys[entry], values[entry]
        order = sort_by_bucket(buckets[entry])
        chunks = split_into_chunks(order, chunk_length)
        windows = look_adjacent(chunks)
        outputs, normalizers = _attend(
            vectors[chunks], unit_keys(vectors)[windows], numbers[windows], _mask(chunks, windows)
        )
        n_rounds, length = order.shape
        outputs, normalizers = outputs.reshape(n_rounds, length, -1), normalizers.reshape(n_rounds, length)
        back, back_normalizers = np.empty_like(outputs), np.empty_like(normalizers)
        for r in range(n_rounds):
            back[r, order[r]] = outputs[r]
            back_normalizers[r, order[r]] = normalizers[r]
        result[entry] = _combine(back, back_normalizers)
    return result


@right("lsh_attention")
def lsh_sorted_all_rounds_in_one(queries_keys, values, buckets, *, n_buckets, chunk_length):
    *batch, n_rounds, length = buckets.shape
    offsets = n_buckets * np.arange(n_rounds)[:, None]
    order = sort_by_bucket((buckets + offsets).reshape(*batch, -1)) % length
    order = order.reshape(*batch, n_rounds, length)
    chunks = order.reshape(*batch, -1, chunk_length)
    windows = np.concatenate([np.roll(chunks, 1, axis=-2), chunks], axis=-1)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    outputs = outputs.reshape(*batch, n_rounds, length, -1)
    normalizers = normalizers.reshape(*batch, n_rounds, length)
    undo = np.argsort(order, axis=-1)
    return _combine(
        np.take_along_axis(outputs, undo[..., None], axis=-2), np.take_along_axis(normalizers, undo, axis=-1)
    )


@right("lsh_attention")
def lsh_by_one_softmax_over_all_that_was_met(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    undo = undo_sort(order)
    # the window of each position in each round, (..., R, L, 2C), then one row of R * 2C keys for each position
    window_of = np.take_along_axis(np.repeat(windows, chunk_length, axis=-2), undo[..., None], axis=-2)
    met = np.moveaxis(window_of, -3, -2)
    met = met.reshape(*met.shape[:-2], -1)
    length = queries_keys.shape[-2]
    logits = np.einsum("...ld,...lkd->...lk", queries_keys, _fetch(unit_keys(queries_keys), met))
    own = np.arange(length)[:, None]
    logits = np.where(met > own, -np.inf, np.where(met == own, logits - 1e30, logits))
    return np.einsum("...lk,...lke->...le", softmax(logits), _fetch(values, met))


@wrong("lsh_attention", truth="The values are not fetched at the windows' positions: they are cut as they stand in the text. Wrong wherever sorting moves anything.")
def lsh_values_not_sorted(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    in_text = look_adjacent(split_into_chunks(np.broadcast_to(np.arange(order.shape[-1]), order.shape), chunk_length))
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, in_text), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="The outputs are left in sorted order; only the log-normalisers are brought back. Wrong wherever sorting moves anything.")
def lsh_outputs_not_unsorted(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    _, normalizers = _unsort(order, outputs, normalizers)
    return _combine(outputs.reshape(*order.shape, -1), normalizers)


@wrong("lsh_attention", truth="The log-normalisers are left in sorted order; only the outputs are brought back. Right with one round, wrong with several.")
def lsh_normalizers_not_unsorted(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    unsorted, _ = _unsort(order, outputs, normalizers)
    return _combine(unsorted, normalizers.reshape(order.shape))


@wrong("lsh_attention", truth="Nothing is unsorted: the rounds are combined place by place in sorted order. Wrong wherever sorting moves anything.")
def lsh_nothing_unsorted(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(outputs.reshape(*order.shape, -1), normalizers.reshape(order.shape))


@wrong("lsh_attention", truth="Gathers by `order` on the way back instead of by its inverse: sorts a second time. Wrong wherever order is not its own inverse.")
def lsh_unsorted_by_the_order_itself(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    outputs = np.take_along_axis(outputs.reshape(*order.shape, -1), order[..., None], axis=-2)
    return _combine(outputs, np.take_along_axis(normalizers.reshape(order.shape), order, axis=-1))


@wrong("lsh_attention", truth="Combines the rounds in sorted order first, and unsorts the result by the order of round 0. Right with one round only.")
def lsh_combined_before_unsorting(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    together = _combine(outputs.reshape(*order.shape, -1), normalizers.reshape(order.shape))
    return np.take_along_axis(together, undo_sort(order[..., 0, :])[..., None], axis=-2)


@wrong("lsh_attention", truth="The causal mask is a triangle over places in the sorted order, the window's second half being the chunk itself. Wrong wherever sorting mixes up the time.")
def lsh_causal_by_sorted_place(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    place, seen = np.arange(chunk_length) + chunk_length, np.arange(2 * chunk_length)
    mask = np.where(chunks[..., :, None] == windows[..., None, :], -1e30, 0.0)
    mask = np.where(seen[None, :] > place[:, None], -np.inf, mask)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), mask
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Not causal: a token sees later keys of its window as well.")
def lsh_not_causal(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows, causal=False)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="A token sees itself like any other key (mask 0), not as a last resort. Wrong for each token that sees others.")
def lsh_sees_itself_like_others(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows, avoid_self=False)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="A token never sees itself (-inf), so one that sees nobody else in any round, such as token 0, gives zeros instead of its own value.")
def lsh_never_sees_itself(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows, self_number=-np.inf)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="No mask at all: later keys and oneself count like all others.")
def lsh_no_mask(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), 0.0
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Hides keys of other buckets, as the paper's equation does. Wrong wherever a window holds an earlier key of another bucket.")
def lsh_same_bucket_only(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    sorted_buckets = split_into_chunks(np.take_along_axis(buckets, order, axis=-1), chunk_length)
    window_buckets = look_adjacent(sorted_buckets)
    mask = _mask(chunks, windows)
    mask = np.where(sorted_buckets[..., :, None] != window_buckets[..., None, :], -np.inf, mask)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), mask
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="The keys are the vectors as they are, not at length one. Wrong for vectors that are not of length one.")
def lsh_keys_not_at_length_one(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(queries_keys, windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="The queries are brought to length one, too: logits are cosines. Wrong for vectors that are not of length one.")
def lsh_queries_at_length_one_too(queries_keys, values, buckets, *, n_buckets, chunk_length):
    queries_keys = unit_keys(queries_keys)
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(queries_keys, windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="unit_keys goes to the queries and the keys stay as they are: the lengths are mixed up. Wrong where the lengths of the vectors differ.")
def lsh_length_one_for_queries_instead(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(unit_keys(queries_keys), chunks), _fetch(queries_keys, windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Divides the keys by their length without the small number: NaN for a zero vector and all that see it; right otherwise.")
def lsh_zero_vector_divided_by_zero(queries_keys, values, buckets, *, n_buckets, chunk_length):
    with np.errstate(all="ignore"):
        keys = queries_keys / np.linalg.norm(queries_keys, axis=-1, keepdims=True)
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(keys, windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Divides the logits by the root of d (once more). Wrong for d > 1 wherever a token sees several keys of different logits.")
def lsh_divided_by_root_d(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    keys = unit_keys(queries_keys) / np.sqrt(queries_keys.shape[-1])
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(keys, windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="The rounds are averaged evenly instead of by their normalisers. Right with one round, wrong with several.")
def lsh_rounds_averaged(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    outputs, _ = _unsort(order, outputs, normalizers)
    return np.mean(outputs, axis=-3)


@wrong("lsh_attention", truth="Computes all rounds, but returns round 0 alone instead of combining them. Right with one round, wrong with several.")
def lsh_first_round_only(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _unsort(order, outputs, normalizers)[0][..., 0, :, :]


@wrong("lsh_attention", truth="Looks one chunk back and one ahead, as without causality: meets more keys than asked. Wrong wherever the chunk ahead holds an earlier token.")
def lsh_looks_ahead_too(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks, n_before=1, n_after=1)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Looks one chunk ahead instead of back. Wrong wherever those chunks differ in what they show.")
def lsh_looks_ahead_instead(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks, n_before=0, n_after=1)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Each chunk attends to itself alone, without the chunk before. Wrong wherever that holds an earlier token.")
def lsh_own_chunk_only(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), chunks), _fetch(values, chunks), _mask(chunks, chunks)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Each chunk attends to the chunk before it alone, not to itself. A token that sees nobody there gives zeros.")
def lsh_previous_chunk_only(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)[..., :chunk_length]
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="The ring closes within each round: the first chunk sees the last of its own round, not of the round before. Right with one round.")
def lsh_ring_within_the_round(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = np.concatenate([np.roll(chunks, 1, axis=-2), chunks], axis=-1)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="No ring: the first chunk of each round sees nobody before it. Wrong wherever the last chunk of the round before holds an earlier token.")
def lsh_no_ring(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks, wrap="none")
    mask = np.where((windows == -1)[..., None, :], -np.inf, _mask(chunks, windows))
    inside = np.maximum(windows, 0)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), inside), _fetch(values, inside), mask
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="The ring runs only forward through the rounds: the first chunk of round 0 sees nobody before it, later rounds see the round before. Differs at that one chunk.")
def lsh_ring_open_at_the_start(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    mask = _mask(chunks, windows)
    mask[..., 0, 0, :, :chunk_length] = -np.inf
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), mask
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Never sorts: the text is cut into chunks as it stands, the buckets are ignored. Wrong wherever sorting moves anything.")
def lsh_not_sorted(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = np.broadcast_to(np.arange(buckets.shape[-1]), buckets.shape).copy()
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Cuts the bucket numbers themselves into chunks, not the order, and takes them for positions. Wrong for nearly every input.")
def lsh_buckets_for_positions(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(np.sort(buckets, axis=-1), chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Takes the inverse permutation for the order in cutting, and the order on the way back (both mixed up). Wrong wherever the order is not its own inverse.")
def lsh_order_and_inverse_mixed_up(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = undo_sort(sort_by_bucket(buckets))
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Sorts by bucket from the highest to the lowest, so that chunks hold other tokens. Wrong wherever several buckets are in use and chunks do not end with them.")
def lsh_buckets_descending(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(n_buckets - 1 - buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Within a bucket the later token comes first (argsort of the reversed row). Wrong wherever a bucket is cut by a chunk's border.")
def lsh_ties_by_later_position(queries_keys, values, buckets, *, n_buckets, chunk_length):
    length = buckets.shape[-1]
    order = length - 1 - np.argsort(buckets[..., ::-1], axis=-1, kind="stable")
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Uses n_buckets as the chunk length. Wrong (or an error) wherever B and C differ.")
def lsh_chunks_as_long_as_buckets(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, n_buckets)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Takes the chunk length for the number of chunks: chunks are L / C long. Wrong where C squared is not L.")
def lsh_chunk_length_as_number_of_chunks(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, max(1, order.shape[-1] // chunk_length))
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Plain fancy indexing, vectors[chunks], which is right without a batch; with one it indexes the batch axis: an error or wrong shapes.")
def lsh_batch_forgotten(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        queries_keys[chunks], unit_keys(queries_keys)[windows], values[windows], _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="With a batch, all sequences use the positions of the first one of the batch: its buckets are broadcast. Wrong wherever the sequences' buckets differ.")
def lsh_buckets_of_the_first_sequence(queries_keys, values, buckets, *, n_buckets, chunk_length):
    first = buckets.reshape(-1, *buckets.shape[-2:])[0]
    order = np.broadcast_to(sort_by_bucket(first), buckets.shape).copy()
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Sorts every round by the buckets of round 0, so that all rounds are alike. Right with one round.")
def lsh_every_round_like_the_first(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(np.broadcast_to(buckets[..., :1, :], buckets.shape).copy())
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="A key met several times, over rounds or in one window, counts once: log of the number of meetings is subtracted, as the paper does. Wrong wherever keys are met differently often.")
def lsh_duplicates_count_once(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    undo = undo_sort(order)
    window_of = np.take_along_axis(np.repeat(windows, chunk_length, axis=-2), undo[..., None], axis=-2)
    met = np.moveaxis(window_of, -3, -2)
    met = met.reshape(*met.shape[:-2], -1)
    own = np.arange(queries_keys.shape[-2])[:, None]
    times = np.sum(met[..., :, None] == met[..., None, :], axis=-1)
    logits = np.einsum("...ld,...lkd->...lk", queries_keys, _fetch(unit_keys(queries_keys), met)) - np.log(times)
    logits = np.where(met > own, -np.inf, np.where(met == own, logits - 1e30, logits))
    return np.einsum("...lk,...lke->...le", softmax(logits), _fetch(values, met))


@wrong("lsh_attention", truth="A key that stands twice in one window (short rounds, one chunk) is hidden the second time; over rounds it counts. Wrong where a window holds a key twice and others once.")
def lsh_second_copy_in_a_window_hidden(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    copies = windows[..., :, None] == windows[..., None, :]
    again = np.any(copies & np.tri(windows.shape[-1], k=-1, dtype=bool), axis=-1)
    mask = np.where(again[..., None, :], -np.inf, _mask(chunks, windows))
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), mask
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="The vectors are attended to instead of the values: the result has d features and ignores `values`.")
def lsh_vectors_for_values(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(queries_keys, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="unit_keys is applied to the values too. Wrong for values that are not of length one.")
def lsh_values_at_length_one(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(unit_keys(values), windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Returns all rounds, unsorted but not combined: (..., R, L, e) instead of (..., L, e).")
def lsh_rounds_not_combined(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(unit_keys(queries_keys), windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _unsort(order, outputs, normalizers)[0]


@wrong("lsh_attention", truth="Brings the given vectors to length one in place (`/=`), before the queries are fetched: changes its argument, and the queries are at length one, too.")
def lsh_writes_into_the_vectors(queries_keys, values, buckets, *, n_buckets, chunk_length):
    keys = queries_keys
    keys /= np.sqrt(np.sum(keys**2, axis=-1, keepdims=True) + 1e-6 * keys.shape[-1])
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(keys, windows), _fetch(values, windows), _mask(chunks, windows)
    )
    return _combine(*_unsort(order, outputs, normalizers))


@wrong("lsh_attention", truth="Two slips: keys not at length one, and the log-normalisers left in sorted order.")
def lsh_keys_as_they_are_and_normalizers_sorted(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, normalizers = _attend(
        _fetch(queries_keys, chunks), _fetch(queries_keys, windows), _fetch(values, windows), _mask(chunks, windows)
    )
    unsorted, _ = _unsort(order, outputs, normalizers)
    return _combine(unsorted, normalizers.reshape(order.shape))


# ---------------------------------------------------------------------------------------------------------------
# 5. pairs_computed


@right("pairs_computed")
def pairs_by_negative_division(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = -(-length // chunk_length)
    return n_rounds * n_chunks * chunk_length * (n_before + 1 + n_after) * chunk_length


@right("pairs_computed")
def pairs_by_divmod(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    whole, left = divmod(length, chunk_length)
    if left:
        whole += 1
    window = (1 + n_before + n_after) * chunk_length
    return n_rounds * whole * chunk_length * window


@right("pairs_computed")
def pairs_by_added_chunk_less_one(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    places = (length + chunk_length - 1) // chunk_length * chunk_length
    return places * chunk_length * (n_before + n_after + 1) * n_rounds


@right("pairs_computed")
def pairs_counted_in_a_loop(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    total = 0
    start = 0
    while start < length:
        total += chunk_length**2 * sum(1 for _ in range(-n_before, n_after + 1))
        start += chunk_length
    return total * n_rounds


@wrong("pairs_computed", truth="Rounds the number of chunks down: the last, unfilled chunk is left out. Wrong where L is no multiple of C (0 for L < C).")
def pairs_rounded_down(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * (length // chunk_length) * chunk_length**2 * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="L // C + 1 chunks: one too many where L is a multiple of C.")
def pairs_always_one_more_chunk(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * (length // chunk_length + 1) * chunk_length**2 * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="Rounds L / C to the nearest: too few where the last chunk is at most half full.")
def pairs_rounded_to_the_nearest(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * round(length / chunk_length) * chunk_length**2 * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="Counts only real queries, L of them, with whole windows: the empty places of the last chunk are left out. Wrong where L is no multiple of C.")
def pairs_of_real_queries(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * length * (n_before + 1 + n_after) * chunk_length


@wrong("pairs_computed", truth="Counts only pairs of real positions (68 in the example): places filled up are left out among queries and keys. Wrong where L is no multiple of C.")
def pairs_of_real_positions(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = -(-length // chunk_length)
    sizes = [min(chunk_length, length - c * chunk_length) for c in range(n_chunks)]
    total = 0
    for c in range(n_chunks):
        for step in range(-n_before, n_after + 1):
            total += sizes[c] * sizes[(c + step) % n_chunks]
    return n_rounds * total


@wrong("pairs_computed", truth="The window leaves out the chunk itself: n_before + n_after chunks instead of one more. Wrong for every input.")
def pairs_window_without_itself(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length**2 * (n_before + n_after)


@wrong("pairs_computed", truth="n_after is forgotten. Wrong where it is not 0.")
def pairs_after_forgotten(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length**2 * (n_before + 1)


@wrong("pairs_computed", truth="n_before is forgotten: the window is the chunk and those after it. Wrong where n_before is not 0.")
def pairs_before_forgotten(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length**2 * (1 + n_after)


@wrong("pairs_computed", truth="The window is always 2C, as by default: n_before and n_after are ignored. Wrong where they do not sum to 1.")
def pairs_window_always_two_chunks(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length * 2 * chunk_length


@wrong("pairs_computed", truth="The rounds are forgotten: the count of one round. Wrong for R > 1.")
def pairs_of_one_round(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return -(-length // chunk_length) * chunk_length**2 * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="Squared rounds: as if queries of each round met keys of all rounds. Wrong for R > 1.")
def pairs_rounds_squared(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds**2 * -(-length // chunk_length) * chunk_length**2 * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="Fills up all rounds together: ceil(R L / C) chunks instead of R times ceil(L / C). Wrong where several rounds have an unfilled chunk.")
def pairs_rounds_filled_up_together(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return -(-n_rounds * length // chunk_length) * chunk_length**2 * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="The window is counted in chunks, not in places: C queries times n_before + 1 + n_after. Too small by the factor C, for C > 1.")
def pairs_window_in_chunks(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="The last chunk is left as short as it is: its rest squared, times the chunks of a window, besides the whole ones. Wrong where L is no multiple of C.")
def pairs_last_chunk_left_short(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    whole, rest = divmod(length, chunk_length)
    return n_rounds * (whole * chunk_length**2 + rest**2) * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="Squares the window: all places of the window meet each other. Too large by the number of chunks in a window.")
def pairs_window_squared(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * ((n_before + 1 + n_after) * chunk_length) ** 2


@wrong("pairs_computed", truth="Halves the count because of the causal mask: hidden logits are left out, though they are computed. Wrong for every input.")
def pairs_halved_for_causality(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length**2 * (n_before + 1 + n_after) // 2


@wrong("pairs_computed", truth="Leaves out each place's pair with itself: L times R too few (of all places). Wrong for every input.")
def pairs_without_oneself(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    places = -(-length // chunk_length) * chunk_length
    return n_rounds * places * ((n_before + 1 + n_after) * chunk_length - 1)


@wrong("pairs_computed", truth="No ring: windows at the ends are cut off at the text's borders. Wrong for every input with n_before or n_after above 0.")
def pairs_without_a_ring(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = -(-length // chunk_length)
    met = 0
    for c in range(n_chunks):
        met += min(n_chunks - 1, c + n_after) - max(0, c - n_before) + 1
    return n_rounds * met * chunk_length**2


@wrong("pairs_computed", truth="The ring is open at the very start only: the first chunk of the first round has nobody before it. Too small by n_before C squared (where n_before is not 0).")
def pairs_first_chunk_has_nobody_before(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_windows = n_rounds * -(-length // chunk_length)
    return (n_windows * (n_before + 1 + n_after) - n_before) * chunk_length**2


@wrong("pairs_computed", truth="A window holds no chunk twice: capped at the number of chunks. Wrong where n_before + 1 + n_after is more than there are chunks in a round.")
def pairs_each_chunk_once(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = -(-length // chunk_length)
    return n_rounds * n_chunks * chunk_length**2 * min(n_before + 1 + n_after, n_chunks)


@wrong("pairs_computed", truth="Capped at the dense L squared in each round, as if no more could be computed. Wrong for short texts.")
def pairs_never_more_than_dense(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    one_round = -(-length // chunk_length) * chunk_length**2 * (n_before + 1 + n_after)
    return n_rounds * min(one_round, length**2)


@wrong("pairs_computed", truth="Shortens the chunk to the text where L < C: a chunk of L places. Wrong for L < C only.")
def pairs_chunk_no_longer_than_the_text(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    chunk_length = min(chunk_length, length)
    return n_rounds * -(-length // chunk_length) * chunk_length**2 * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="Returns a float: np.ceil of the fraction is not made a whole number. Right value, wrong type, for every input.")
def pairs_as_a_float(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return float(n_rounds * np.ceil(length / chunk_length) * chunk_length**2 * (n_before + 1 + n_after))


@wrong("pairs_computed", truth="Divides with / and never rounds: a float, too small where L is no multiple of C.")
def pairs_true_division(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * (length / chunk_length) * chunk_length**2 * (n_before + 1 + n_after)


@wrong("pairs_computed", truth="Counts in 32 bits: overflows to wrong, even negative numbers from about 2 billion logits on (long texts).")
def pairs_in_32_bits(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    numbers = np.array([n_rounds, -(-length // chunk_length), chunk_length, chunk_length, n_before + 1 + n_after], np.int32)
    with np.errstate(over="ignore"):
        return int(np.prod(numbers, dtype=np.int32))


@wrong("pairs_computed", truth="Dense attention in every round: R times L squared. Wrong unless the windows happen to be the whole text.")
def pairs_dense_in_each_round(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * length**2


@wrong("pairs_computed", truth="Multiplies n_before and n_after (plus one) instead of adding: the count of one chunk where either is 0. Right only where both are 0 or both are 2.")
def pairs_before_times_after(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length**2 * (n_before * n_after + 1)


@wrong("pairs_computed", truth="Window on both sides by the larger of the two numbers: 2 max(n_before, n_after) + 1 chunks. Wrong where the two differ, as by default.")
def pairs_window_symmetric(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length**2 * (2 * max(n_before, n_after) + 1)


@wrong("pairs_computed", truth="Treats n_before=0 as not given (`n_before or 1`): two chunks where only the own one was asked. Wrong for n_before = 0.")
def pairs_zero_before_becomes_one(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length**2 * ((n_before or 1) + 1 + n_after)


@wrong("pairs_computed", truth="Counts queries and keys, i.e. places plus window places, instead of their product. Wrong for nearly every input.")
def pairs_places_plus_window(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * (chunk_length + (n_before + 1 + n_after) * chunk_length)


@wrong("pairs_computed", truth="The neighbouring chunks give one place each: window of C + n_before + n_after. Wrong for C > 1 where any neighbours are seen.")
def pairs_neighbours_as_single_places(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * -(-length // chunk_length) * chunk_length * (chunk_length + n_before + n_after)


@wrong("pairs_computed", truth="Adds the cost of the sort, L log2 L in each round, to the logits. Too large wherever L > 1.")
def pairs_with_the_sort(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    logits = -(-length // chunk_length) * chunk_length**2 * (n_before + 1 + n_after)
    return n_rounds * (logits + int(length * math.log2(length)))


@wrong("pairs_computed", truth="Two slips: rounds down, and leaves the chunk itself out of the window.")
def pairs_rounded_down_and_without_itself(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * (length // chunk_length) * chunk_length**2 * (n_before + n_after)


# ---------------------------------------------------------------------------------------------------------------
# 6. cheapest_setting


@right("cheapest_setting")
def cheapest_by_the_hint(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    cheapest = np.min(price)
    if np.isinf(cheapest):
        return None
    index = np.argmax(np.where(price == cheapest, mass, -np.inf))
    row, column = np.unravel_index(index, mass.shape)
    return int(row), int(column)


@right("cheapest_setting")
def cheapest_by_min_with_key(mass, places, wanted):
    settings = [(r, c) for r in range(mass.shape[0]) for c in range(mass.shape[1]) if mass[r, c] >= wanted]
    return min(settings, key=lambda s: (places[s], -mass[s]), default=None)


@right("cheapest_setting")
def cheapest_by_lexsort(mass, places, wanted):
    rows, columns = np.nonzero(np.asarray(mass) >= wanted)
    if len(rows) == 0:
        return None
    best = np.lexsort((columns, rows, -mass[rows, columns], places[rows, columns]))[0]
    return int(rows[best]), int(columns[best])


@right("cheapest_setting")
def cheapest_by_sorted_tuples(mass, places, wanted):
    found = sorted(
        (float(places[row][column]), -float(mass[row][column]), row, column)
        for row in range(len(mass))
        for column in range(len(mass[0]))
        if mass[row][column] >= wanted
    )
    return found[0][2:] if found else None


def _reached(mass, places, wanted):
    """What reaches, as (places, mass, row, column) in reading order."""
    n_rows, n_columns = mass.shape
    return [
        (places[r, c], mass[r, c], r, c) for r in range(n_rows) for c in range(n_columns) if mass[r, c] >= wanted
    ]


@wrong("cheapest_setting", truth="Asks for more than wanted (> for >=): a setting that reaches it exactly is left out.")
def cheapest_strictly_more(mass, places, wanted):
    found = [(places[r, c], -mass[r, c], r, c) for r, c in np.ndindex(mass.shape) if mass[r, c] > wanted]
    return min(found)[2:] if found else None


@wrong("cheapest_setting", truth="Compares with a small tolerance (mass >= wanted - 1e-2): a setting that misses narrowly is accepted. Wrong where such a one is cheaper.")
def cheapest_almost_is_enough(mass, places, wanted):
    found = [(places[r, c], -mass[r, c], r, c) for r, c in np.ndindex(mass.shape) if mass[r, c] >= wanted - 1e-2]
    return min(found)[2:] if found else None


@wrong("cheapest_setting", truth="Of equally cheap settings the first in reading order, the mass ignored. Wrong where a later one of the same price has more mass.")
def cheapest_first_of_equal_price(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    if np.all(np.isinf(price)):
        return None
    row, column = np.unravel_index(np.argmin(price), mass.shape)
    return int(row), int(column)


@wrong("cheapest_setting", truth="Of equally cheap settings the one with less mass. Wrong where two of the lowest price have different masses.")
def cheapest_less_mass_of_equal_price(mass, places, wanted):
    found = _reached(mass, places, wanted)
    return min(found)[2:] if found else None


@wrong("cheapest_setting", truth="Of settings equal in price and mass the last in reading order (<= in the loop). Wrong where two are equal in both.")
def cheapest_last_of_equals(mass, places, wanted):
    best = None
    for row in range(mass.shape[0]):
        for column in range(mass.shape[1]):
            if mass[row, column] < wanted:
                continue
            key = (places[row, column], -mass[row, column])
            if best is None or key <= best[0]:
                best = key, (row, column)
    return None if best is None else best[1]


@wrong("cheapest_setting", truth="Later settings win at equal price whatever their mass (<= on the price alone). Wrong where the last of equal price has less mass, or is equal in both.")
def cheapest_last_of_equal_price(mass, places, wanted):
    best, lowest = None, np.inf
    for row in range(mass.shape[0]):
        for column in range(mass.shape[1]):
            if mass[row, column] >= wanted and places[row, column] <= lowest:
                best, lowest = (row, column), places[row, column]
    return best


@wrong("cheapest_setting", truth="Runs down the columns: of settings equal in price and mass the first by column. Wrong where an equal one stands in an earlier column but a later row.")
def cheapest_columns_first(mass, places, wanted):
    found = [(p, -m, c, r) for p, m, r, c in _reached(mass, places, wanted)]
    if not found:
        return None
    _, _, column, row = min(found)
    return row, column


@wrong("cheapest_setting", truth="Returns (column, row). Wrong wherever the two differ.")
def cheapest_column_and_row(mass, places, wanted):
    found = [(p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    if not found:
        return None
    _, _, row, column = min(found)
    return column, row


@wrong("cheapest_setting", truth="Counts rows and columns from 1.")
def cheapest_counted_from_one(mass, places, wanted):
    found = [(p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    if not found:
        return None
    _, _, row, column = min(found)
    return row + 1, column + 1


@wrong("cheapest_setting", truth="Returns the number of the setting in the flattened table, one int instead of row and column.")
def cheapest_flat_index(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    if np.isinf(np.min(price)):
        return None
    return int(np.argmax(np.where(price == np.min(price), mass, -np.inf)))


@wrong("cheapest_setting", truth="Takes row and column apart with the number of rows instead of the number of columns. Wrong where the table is not square.")
def cheapest_divided_by_the_rows(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    if np.isinf(np.min(price)):
        return None
    index = int(np.argmax(np.where(price == np.min(price), mass, -np.inf)))
    return divmod(index, mass.shape[0])


@wrong("cheapest_setting", truth="Never says None: where no setting reaches what is wanted it gives (0, 0).")
def cheapest_never_none(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    index = np.argmax(np.where(price == np.min(price), mass, -np.inf)) if np.isfinite(np.min(price)) else 0
    row, column = np.unravel_index(index, mass.shape)
    return int(row), int(column)


@wrong("cheapest_setting", truth="Where no setting reaches what is wanted it takes the one with the most mass instead of None.")
def cheapest_nearest_where_none_reaches(mass, places, wanted):
    found = [(p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    if not found:
        row, column = np.unravel_index(np.argmax(mass), mass.shape)
        return int(row), int(column)
    return min(found)[2:]


@wrong("cheapest_setting", truth="Gives (None, None) instead of None where no setting reaches what is wanted.")
def cheapest_two_nones(mass, places, wanted):
    found = [(p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    return min(found)[2:] if found else (None, None)


@wrong("cheapest_setting", truth="Gives (-1, -1) instead of None where no setting reaches what is wanted.")
def cheapest_minus_one_for_none(mass, places, wanted):
    found = [(p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    return min(found)[2:] if found else (-1, -1)


@wrong("cheapest_setting", truth="Raises an error (min of nothing) where no setting reaches what is wanted.")
def cheapest_error_for_none(mass, places, wanted):
    return min((p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted))[2:]


@wrong("cheapest_setting", truth="`wanted` is ignored: always the cheapest of all settings. Wrong where that does not reach it.")
def cheapest_of_all(mass, places, wanted):
    return min((places[s], -mass[s], *s) for s in np.ndindex(mass.shape))[2:]


@wrong("cheapest_setting", truth="The setting with the most mass of those that reach, of equal ones the cheapest: order of the two turned round. Wrong where a cheaper one reaches with less mass.")
def cheapest_most_mass_first(mass, places, wanted):
    found = [(-m, p, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    return min(found)[2:] if found else None


@wrong("cheapest_setting", truth="The setting with the smallest mass that still reaches. Wrong where another one with more mass is cheaper.")
def cheapest_just_enough_mass(mass, places, wanted):
    found = [(m, p, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    return min(found)[2:] if found else None


@wrong("cheapest_setting", truth="The setting whose mass is nearest to what is wanted, above or below, if any reaches. Wrong where that misses, or another is cheaper.")
def cheapest_nearest_mass(mass, places, wanted):
    if np.max(mass) < wanted:
        return None
    row, column = np.unravel_index(np.argmin(np.abs(mass - wanted)), mass.shape)
    return int(row), int(column)


@wrong("cheapest_setting", truth="The best mass for its price (mass / places) among those that reach. Wrong where a dearer one has the better ratio.")
def cheapest_best_ratio(mass, places, wanted):
    found = [(-m / p if p else -np.inf, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    return min(found)[1:] if found else None


@wrong("cheapest_setting", truth="The dearest setting that reaches (max for min). Wrong where several prices reach.")
def cheapest_is_the_dearest(mass, places, wanted):
    found = [(-p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    return min(found)[2:] if found else None


@wrong("cheapest_setting", truth="The first setting in reading order that reaches, as if the tables were sorted by price. Wrong where a later one is cheaper.")
def cheapest_first_that_reaches(mass, places, wanted):
    for row in range(mass.shape[0]):
        for column in range(mass.shape[1]):
            if mass[row, column] >= wanted:
                return row, column
    return None


@wrong("cheapest_setting", truth="Takes only the first column of each row that reaches, as if mass and price rose along the rows. Wrong where a later column is cheaper.")
def cheapest_first_column_of_each_row(mass, places, wanted):
    best = None
    for row in range(mass.shape[0]):
        for column in range(mass.shape[1]):
            if mass[row, column] >= wanted:
                key = (places[row, column], -mass[row, column], row, column)
                best = key if best is None else min(best, key)
                break
    return None if best is None else best[2:]


@wrong("cheapest_setting", truth="np.searchsorted in each row, as if masses rose along it. Wrong in rows whose masses are in no order.")
def cheapest_by_searchsorted(mass, places, wanted):
    best = None
    for row in range(mass.shape[0]):
        for column in range(int(np.searchsorted(mass[row], wanted)), mass.shape[1]):
            key = (places[row, column], -mass[row, column], row, column)
            best = key if best is None else min(best, key)
    return None if best is None else best[2:]


@wrong("cheapest_setting", truth="break for continue: the rest of a row is skipped after its first setting that misses. Wrong where the cheapest one stands behind one that misses.")
def cheapest_breaks_at_the_first_miss(mass, places, wanted):
    best = None
    for row in range(mass.shape[0]):
        for column in range(mass.shape[1]):
            if mass[row, column] < wanted:
                break
            key = (places[row, column], -mass[row, column], row, column)
            best = key if best is None else min(best, key)
    return None if best is None else best[2:]


@wrong("cheapest_setting", truth="Gives settings that miss the price 1, as if prices were shares below 1. Wrong where those that reach cost 1 or more, e.g. None although one reaches.")
def cheapest_price_one_for_a_miss(mass, places, wanted):
    price = np.where(mass >= wanted, places, 1.0)
    if np.min(price) >= 1.0:
        return None
    index = np.argmax(np.where(price == np.min(price), mass, -np.inf))
    row, column = np.unravel_index(index, mass.shape)
    return int(row), int(column)


@wrong("cheapest_setting", truth="Multiplies the prices by the table of yes and no: what misses costs 0 and wins. Wrong where any setting misses and one reaches.")
def cheapest_price_zero_for_a_miss(mass, places, wanted):
    if not np.any(mass >= wanted):
        return None
    row, column = np.unravel_index(np.argmin(places * (mass >= wanted)), mass.shape)
    return int(row), int(column)


@wrong("cheapest_setting", truth="Fills the masses of dearer settings with 0 for argmax: where the chosen mass itself is 0 (wanted 0 or less) the first setting of the table wins, whatever it costs.")
def cheapest_filled_with_zero_mass(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    if np.isinf(np.min(price)):
        return None
    row, column = np.unravel_index(np.argmax(np.where(price == np.min(price), mass, 0.0)), mass.shape)
    return int(row), int(column)


@wrong("cheapest_setting", truth="Tests `if not cheapest`: a setting that costs 0 is taken for none at all, and None comes out.")
def cheapest_free_setting_is_none(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    cheapest = np.min(price)
    if not cheapest or np.isinf(cheapest):
        return None
    row, column = np.unravel_index(np.argmax(np.where(price == cheapest, mass, -np.inf)), mass.shape)
    return int(row), int(column)


@wrong("cheapest_setting", truth="Tests `any(best)`: the setting (0, 0) is taken for none at all, and None comes out.")
def cheapest_corner_is_none(mass, places, wanted):
    found = [(p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    best = min(found)[2:] if found else (0, 0)
    return best if any(best) else None


@wrong("cheapest_setting", truth="Rounds masses to two decimals before it compares with what is wanted: 0.896 counts for 0.90. Wrong where such a one is the cheapest.")
def cheapest_masses_rounded(mass, places, wanted):
    rounded = np.round(mass, 2)
    found = [(places[s], -mass[s], *s) for s in np.ndindex(mass.shape) if rounded[s] >= wanted]
    return min(found)[2:] if found else None


@wrong("cheapest_setting", truth="Takes prices for equal that differ by less than 0.01, and then the one with more mass. Wrong where a slightly dearer one has more mass.")
def cheapest_nearly_equal_prices(mass, places, wanted):
    price = np.where(mass >= wanted, places, np.inf)
    cheapest = np.min(price)
    if np.isinf(cheapest):
        return None
    row, column = np.unravel_index(np.argmax(np.where(price < cheapest + 0.01, mass, -np.inf)), mass.shape)
    return int(row), int(column)


@wrong("cheapest_setting", truth="Looks at `places` for what is wanted and at `mass` for the price: the tables are mixed up.")
def cheapest_tables_swapped(mass, places, wanted):
    found = [(m, -p, r, c) for m, p, r, c in _reached(places, mass, wanted)]
    return min(found)[2:] if found else None


@wrong("cheapest_setting", truth="Takes `wanted` as a share of the largest mass in the table. Wrong where that lets a cheaper setting pass (largest mass below 1).")
def cheapest_wanted_as_a_share_of_the_best(mass, places, wanted):
    found = [(p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted * np.max(mass))]
    return min(found)[2:] if found else None


@wrong("cheapest_setting", truth="Writes inf into the given places: the result is right, but the argument is changed (an error for whole-number prices).")
def cheapest_writes_into_the_places(mass, places, wanted):
    places[mass < wanted] = np.inf
    if np.all(np.isinf(places)):
        return None
    index = np.argmax(np.where(places == np.min(places), mass, -np.inf))
    row, column = np.unravel_index(index, mass.shape)
    return int(row), int(column)


@wrong("cheapest_setting", truth="Returns what the setting catches and pays, (mass, places), instead of where it stands.")
def cheapest_values_for_place(mass, places, wanted):
    found = [(p, -m, r, c) for p, m, r, c in _reached(mass, places, wanted)]
    if not found:
        return None
    price, negative, _, _ = min(found)
    return float(-negative), float(price)


@wrong("cheapest_setting", truth="Chooses first the row whose prices sum to least, of those where any setting reaches, then the cheapest column in it. Wrong where the cheapest setting stands in another row.")
def cheapest_row_by_sum_first(mass, places, wanted):
    reaching = [r for r in range(mass.shape[0]) if np.any(mass[r] >= wanted)]
    if not reaching:
        return None
    row = min(reaching, key=lambda r: np.sum(places[r]))
    column = min((places[row, c], -mass[row, c], c) for c in range(mass.shape[1]) if mass[row, c] >= wanted)[2]
    return row, column


@wrong("cheapest_setting", truth="Two slips: more than wanted (>) and (column, row).")
def cheapest_strict_and_swapped(mass, places, wanted):
    found = [(places[r, c], -mass[r, c], r, c) for r, c in np.ndindex(mass.shape) if mass[r, c] > wanted]
    return min(found)[:1:-1] if found else None
