"""Answers to lab 04, written from its text alone: a second, smaller set, the common slips first."""

from itertools import product

import numpy as np

from reformer import chunking
from tests.blind import right, wrong

# sort_by_bucket


@wrong(
    "sort_by_bucket",
    truth="Leaves out kind='stable': equal buckets come in any order, in longer rows (beyond 16) with several "
    "tokens in a bucket.",
)
def sorts_without_stable(buckets):
    return np.argsort(buckets)


@wrong(
    "sort_by_bucket",
    truth="Returns the sorted buckets themselves, not the positions where they stood. Wrong for nearly every input.",
)
def returns_the_sorted_buckets(buckets):
    return np.sort(buckets, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Sorts along the first axis. Right for one sequence, wrong for every batch.",
)
def sorts_along_the_first_axis(buckets):
    return np.argsort(buckets, axis=0, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Sorts the whole batch as one long row and shapes it back: positions of L and more, rows mixed. "
    "Right for one sequence only.",
)
def sorts_the_batch_as_one_row(buckets):
    return np.argsort(buckets.ravel(), kind="stable").reshape(buckets.shape)


@wrong(
    "sort_by_bucket",
    truth="Argsort twice: gives the place of each position (the ranks), the inverse of the order. "
    "Right only where the order is its own inverse.",
)
def returns_the_ranks(buckets):
    return np.argsort(np.argsort(buckets, axis=-1, kind="stable"), axis=-1)


@wrong(
    "sort_by_bucket",
    truth="lexsort sorts by its last key first, and that is the position here, so the order is always 0 .. L-1. "
    "Wrong unless the buckets rise already.",
)
def lexsort_with_its_keys_swapped(buckets):
    positions = np.broadcast_to(np.arange(buckets.shape[-1]), buckets.shape)
    return np.lexsort((buckets, positions), axis=-1)


@wrong(
    "sort_by_bucket",
    truth="Makes a key of bucket times L plus position, in the dtype of the buckets: with uint8 the product wraps "
    "round at 256 (or L does not fit), and the order is wrong. Right for int64.",
)
def key_overflows_in_a_small_dtype(buckets):
    length = buckets.shape[-1]
    return np.argsort(buckets * length + np.arange(length), axis=-1)


@wrong(
    "sort_by_bucket",
    truth="Fills an array of the dtype of the buckets with the positions: with uint8 positions of 256 and more wrap "
    "round. Right for wide dtypes and short rows.",
)
def order_in_the_dtype_of_the_buckets(buckets):
    order = np.zeros_like(buckets)
    for row in np.ndindex(buckets.shape[:-1]):
        order[row] = np.argsort(buckets[row], kind="stable")
    return order


@wrong(
    "sort_by_bucket",
    truth="The right order, but written into np.zeros without a dtype: floats where whole numbers are asked, always.",
)
def order_in_floats(buckets):
    order = np.zeros(buckets.shape)
    for row in np.ndindex(buckets.shape[:-1]):
        order[row] = np.argsort(buckets[row], kind="stable")
    return order


@wrong(
    "sort_by_bucket",
    truth="Python's sorted over the first axis: right for one sequence, but in a batch buckets[p] is a whole row, "
    "which cannot be compared (an error), or only the number of rows is ordered.",
)
def sorts_one_sequence_only(buckets):
    return np.array(sorted(range(len(buckets)), key=lambda position: buckets[position]))


@right("sort_by_bucket")
def sorts_a_wide_key_of_bucket_and_position(buckets):
    length = buckets.shape[-1]
    return np.argsort(buckets.astype(np.int64) * length + np.arange(length), axis=-1)


# undo_sort


@wrong(
    "undo_sort",
    truth="argsort along the first axis: right for one row, wrong for every batch.",
)
def inverts_along_the_first_axis(order):
    return np.argsort(order, axis=0)


@wrong(
    "undo_sort",
    truth="Writes order[i] into entry i, in place of i into entry order[i]: the result is the order itself. "
    "Wrong unless the order is its own inverse.",
)
def writes_the_wrong_way_round(order):
    undo = np.empty_like(order)
    for row in np.ndindex(order.shape[:-1]):
        for place in range(order.shape[-1]):
            undo[row][place] = order[row][place]
    return undo


@wrong(
    "undo_sort",
    truth="Applies the order to itself: the order twice, not its inverse. Right only for orders that give nothing "
    "new at the third time (order three).",
)
def applies_the_order_twice(order):
    return np.take_along_axis(order, order, axis=-1)


@wrong(
    "undo_sort",
    truth="undo[order] indexes the first axis: right for one row; in a batch it fails, or writes whole rows.",
)
def assigns_for_one_row_only(order):
    undo = np.zeros_like(order)
    undo[order] = np.arange(order.shape[-1])
    return undo


@wrong(
    "undo_sort",
    truth="undo[..., order] writes the places of every row into every row, and the last row written stays. "
    "Right for one row, wrong where a batch holds different rows.",
)
def every_row_gets_the_last_inverse(order):
    undo = np.zeros_like(order)
    undo[..., order] = np.arange(order.shape[-1])
    return undo


@wrong(
    "undo_sort",
    truth="Takes 'undo' for reading the order backwards. Wrong for nearly every order.",
)
def reads_the_order_backwards(order):
    return order[..., ::-1].copy()


@wrong(
    "undo_sort",
    truth="Sorts the order, which brings the positions back to 0 .. L-1, and returns them in place of the places. "
    "Wrong unless the order is 0 .. L-1.",
)
def sorts_the_order_itself(order):
    return np.sort(order, axis=-1)


@wrong(
    "undo_sort",
    truth="The right places in np.empty without a dtype: floats where integers are asked, always.",
)
def places_in_floats(order):
    undo = np.empty(order.shape)
    np.put_along_axis(undo, order, np.arange(order.shape[-1]), axis=-1)
    return undo


@wrong(
    "undo_sort",
    truth="Asks a list for the index of each position: right for one row; in a batch the list holds rows, and the "
    "position is not found (an error).",
)
def asks_the_index_in_a_list(order):
    places = order.tolist()
    return np.array([places.index(position) for position in range(order.shape[-1])])


@wrong(
    "undo_sort",
    truth="The right result, but written into the array it was given: the caller's order is changed.",
)
def overwrites_the_order(order):
    order[...] = np.argsort(order, axis=-1)
    return order


@right("undo_sort")
def assigns_row_by_row(order):
    undo = np.empty(order.shape, dtype=np.int64)
    for row in np.ndindex(order.shape[:-1]):
        undo[row][order[row]] = np.arange(order.shape[-1])
    return undo


# split_into_chunks


@wrong(
    "split_into_chunks",
    truth="Rounds the number of chunks down and drops what is left over. Wrong where L is not a multiple of C, "
    "with no chunk at all for C > L.",
)
def drops_what_is_left_over(order, chunk_length):
    n_chunks = order.shape[-1] // chunk_length
    return order[..., : n_chunks * chunk_length].reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Fills up with C - L % C places, which is a whole C where nothing is left over: one chunk of -1 too many "
    "for each L that is a multiple of C.",
)
def adds_an_empty_chunk(order, chunk_length):
    *batch, length = order.shape
    n_empty = chunk_length - length % chunk_length
    empty = np.full((*batch, n_empty), -1)
    return np.concatenate([order, empty], axis=-1).reshape(*batch, -1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Fills up with 0, which is a position, in place of -1. Wrong where L is not a multiple of C.",
)
def fills_up_with_zeros(order, chunk_length):
    *batch, length = order.shape
    n_chunks = -(-length // chunk_length)
    filled = np.zeros((*batch, n_chunks * chunk_length), dtype=int)
    filled[..., :length] = order
    return filled.reshape(*batch, n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Puts the empty places in front, into the first chunk. Wrong where L is not a multiple of C.",
)
def empty_places_in_front(order, chunk_length):
    *batch, length = order.shape
    n_chunks = -(-length // chunk_length)
    filled = np.full((*batch, n_chunks * chunk_length), -1)
    filled[..., -length:] = order
    return filled.reshape(*batch, n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Flattens the batch before it cuts: chunks run over from row to row and the batch axes are gone. "
    "Right for one sequence only.",
)
def cuts_the_batch_as_one_row(order, chunk_length):
    flat = order.ravel()
    flat = np.concatenate([flat, np.full(-len(flat) % chunk_length, -1)])
    return flat.reshape(-1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="np.pad with one pair of numbers pads every axis, so that a batch gets rows of -1. "
    "Right for one sequence, and where nothing is left over.",
)
def pads_every_axis(order, chunk_length):
    padded = np.pad(order, (0, -order.shape[-1] % chunk_length), constant_values=-1)
    return padded.reshape(*padded.shape[:-1], -1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Shape (..., C, n) in place of (..., n, C): n and C are mixed up. Right only for n = C.",
)
def number_and_length_swapped(order, chunk_length):
    *batch, length = order.shape
    n_chunks = -(-length // chunk_length)
    filled = np.full((*batch, n_chunks * chunk_length), -1)
    filled[..., :length] = order
    return filled.reshape(*batch, chunk_length, n_chunks)


@wrong(
    "split_into_chunks",
    truth="Takes C down to L where it is more: the one chunk has L places, not C. Wrong for C > L only.",
)
def no_chunk_longer_than_the_row(order, chunk_length):
    *batch, length = order.shape
    chunk_length = min(chunk_length, length)
    n_chunks = -(-length // chunk_length)
    filled = np.full((*batch, n_chunks * chunk_length), -1)
    filled[..., :length] = order
    return filled.reshape(*batch, n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Makes the -1 as -np.ones, which are floats: the right numbers of the wrong dtype, always.",
)
def chunks_in_floats(order, chunk_length):
    *batch, length = order.shape
    n_chunks = -(-length // chunk_length)
    filled = -np.ones((*batch, n_chunks * chunk_length))
    filled[..., :length] = order
    return filled.reshape(*batch, n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Fills up with as many places as are left over, L % C, in place of C - L % C. It fits only where that is "
    "half a chunk or nothing; else the reshape fails.",
)
def fills_up_with_the_remainder(order, chunk_length):
    *batch, length = order.shape
    empty = np.full((*batch, length % chunk_length), -1)
    return np.concatenate([order, empty], axis=-1).reshape(*batch, -1, chunk_length)


@right("split_into_chunks")
def fetches_each_place_by_its_number(order, chunk_length):
    length = order.shape[-1]
    n_chunks = (length + chunk_length - 1) // chunk_length
    places = np.arange(n_chunks * chunk_length).reshape(n_chunks, chunk_length)
    order = order.astype(np.int64)
    return np.where(places < length, order[..., np.minimum(places, length - 1)], -1)


# look_adjacent


@wrong(
    "look_adjacent",
    truth="Rolls the chunks within each round: each round has a ring of its own, not one ring over all rounds. "
    "Right for one round, wrong for the chunks at the ends of a round else.",
)
def a_ring_in_each_round(chunks, *, n_before=1, n_after=0):
    shifts = range(n_before, -n_after - 1, -1)
    return np.concatenate([np.roll(chunks, shift, axis=-2) for shift in shifts], axis=-1)


@wrong(
    "look_adjacent",
    truth="Rolls the wrong way: -b for the chunks before, +a for those behind, so that before and behind are "
    "swapped. Wrong wherever there are more than two chunks.",
)
def rolls_the_wrong_way(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, length)
    parts = [np.roll(row, -shift, axis=-2) for shift in range(n_before, -n_after - 1, -1)]
    return np.concatenate(parts, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@wrong(
    "look_adjacent",
    truth="The own chunk comes first, then those before and those behind. The right keys in the wrong order, "
    "for each n_before above 0.",
)
def own_chunk_first(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, length)
    parts = [row]
    parts += [np.roll(row, b, axis=-2) for b in range(n_before, 0, -1)]
    parts += [np.roll(row, -a, axis=-2) for a in range(1, n_after + 1)]
    return np.concatenate(parts, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@wrong(
    "look_adjacent",
    truth="Joins the chunks before from the nearest to the farthest, in place of the earliest first. "
    "Wrong from n_before = 2 on.",
)
def nearest_before_first(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, length)
    parts = [np.roll(row, b, axis=-2) for b in range(1, n_before + 1)]
    parts += [row]
    parts += [np.roll(row, -a, axis=-2) for a in range(1, n_after + 1)]
    return np.concatenate(parts, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@wrong(
    "look_adjacent",
    truth="No ring: beyond the ends of the row of all chunks stand -1. Wrong for the first n_before chunks and the "
    "last n_after of each input.",
)
def empty_places_beyond_the_ends(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    total = n_rounds * n_chunks
    row = chunks.reshape(*batch, total, length)
    before = np.full((*batch, n_before, length), -1)
    after = np.full((*batch, n_after, length), -1)
    long = np.concatenate([before, row, after], axis=-2)
    parts = [long[..., i : i + total, :] for i in range(n_before + 1 + n_after)]
    return np.concatenate(parts, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@wrong(
    "look_adjacent",
    truth="np.roll without an axis rolls the flattened array by one place, not by one chunk. "
    "Wrong for each look aside, unless C is 1 and there is no batch.",
)
def rolls_without_an_axis(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, length)
    parts = [np.roll(row, shift) for shift in range(n_before, -n_after - 1, -1)]
    return np.concatenate(parts, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@wrong(
    "look_adjacent",
    truth="Puts the batch into the ring, too: the first chunk of a sequence sees the last of the sequence before. "
    "Right without batch axes, or with a batch of one.",
)
def one_ring_for_the_whole_batch(chunks, *, n_before=1, n_after=0):
    row = chunks.reshape(-1, chunks.shape[-1])
    parts = [np.roll(row, shift, axis=0) for shift in range(n_before, -n_after - 1, -1)]
    return np.concatenate(parts, axis=-1).reshape(*chunks.shape[:-1], -1)


@wrong(
    "look_adjacent",
    truth="Stacks the rolled rows along a new last axis: in the window their places alternate, in place of whole "
    "chunks one behind the other. Right only for C = 1 or no look aside.",
)
def places_of_the_chunks_alternate(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, length)
    parts = [np.roll(row, shift, axis=-2) for shift in range(n_before, -n_after - 1, -1)]
    return np.stack(parts, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@wrong(
    "look_adjacent",
    truth="Closes the ring by slices of the row, which hold no more than the row once: it fails where n_before or "
    "n_after is more than the number of chunks of all rounds. Right up to there.",
)
def ring_by_slices(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    total = n_rounds * n_chunks
    row = chunks.reshape(*batch, total, length)
    long = np.concatenate([row[..., -n_before:, :], row, row[..., :n_after, :]], axis=-2)
    parts = [long[..., i : i + total, :] for i in range(n_before + 1 + n_after)]
    return np.concatenate(parts, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@wrong(
    "look_adjacent",
    truth="Off by one: the range of shifts ends one too early, so the last chunk of each window is missing, with "
    "n_after = 0 the own one. Windows are C places too short, always.",
)
def leaves_out_the_last_chunk(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, length)
    windows = np.zeros((*row.shape[:-1], 0), dtype=chunks.dtype)
    for shift in range(n_before, -n_after, -1):
        windows = np.concatenate([windows, np.roll(row, shift, axis=-2)], axis=-1)
    width = windows.shape[-1]
    return windows.reshape(*batch, n_rounds, n_chunks, width)


@right("look_adjacent")
def fetches_neighbours_by_number(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    total = n_rounds * n_chunks
    row = chunks.reshape(*batch, total, length)
    which = (np.arange(total)[:, np.newaxis] + np.arange(-n_before, n_after + 1)) % total
    return row[..., which, :].reshape(*batch, n_rounds, n_chunks, (n_before + 1 + n_after) * length)


# share_of_pairs_lost


def _tables(buckets, chunk_length, n_before):
    """Who shares a bucket, and who is too far apart, (..., L, L) each."""
    chunk = chunking.undo_sort(chunking.sort_by_bucket(buckets)) // chunk_length
    same = buckets[..., :, np.newaxis] == buckets[..., np.newaxis, :]
    far = np.abs(chunk[..., :, np.newaxis] - chunk[..., np.newaxis, :]) > n_before
    return same, far


@wrong(
    "share_of_pairs_lost",
    truth="Counts each position with itself among the pairs: the divisor is too large by L, the share too low "
    "wherever a pair is lost.",
)
def counts_oneself_among_the_pairs(buckets, chunk_length, *, n_before=1):
    same, far = _tables(buckets, chunk_length, n_before)
    return np.sum(same & far, axis=(-1, -2)) / np.sum(same, axis=(-1, -2))


@wrong(
    "share_of_pairs_lost",
    truth="Lost from a difference of n_before on, not above it. Wrong wherever a pair is exactly n_before chunks "
    "apart.",
)
def lost_at_exactly_n_before(buckets, chunk_length, *, n_before=1):
    same, far = _tables(buckets, chunk_length, n_before - 1)
    same = same & ~np.eye(buckets.shape[-1], dtype=bool)
    return np.sum(same & far, axis=(-1, -2)) / np.maximum(np.sum(same, axis=(-1, -2)), 1)


@wrong(
    "share_of_pairs_lost",
    truth="Takes the chunk of a position from the order in place of its inverse: order[p] is who stands at place p, "
    "not where p stands. Wrong for most buckets whose order is not its own inverse.",
)
def chunk_from_the_order(buckets, chunk_length, *, n_before=1):
    chunk = chunking.sort_by_bucket(buckets) // chunk_length
    same = buckets[..., :, np.newaxis] == buckets[..., np.newaxis, :]
    same = same & ~np.eye(buckets.shape[-1], dtype=bool)
    far = np.abs(chunk[..., :, np.newaxis] - chunk[..., np.newaxis, :]) > n_before
    return np.sum(same & far, axis=(-1, -2)) / np.maximum(np.sum(same, axis=(-1, -2)), 1)


@wrong(
    "share_of_pairs_lost",
    truth="Cuts the sequence as it stands, without the sort. Right only where the buckets rise already.",
)
def cuts_without_sorting(buckets, chunk_length, *, n_before=1):
    length = buckets.shape[-1]
    chunk = np.arange(length) // chunk_length
    same = buckets[..., :, np.newaxis] == buckets[..., np.newaxis, :]
    same = same & ~np.eye(length, dtype=bool)
    far = np.abs(chunk[:, np.newaxis] - chunk) > n_before
    return np.sum(same & far, axis=(-1, -2)) / np.maximum(np.sum(same, axis=(-1, -2)), 1)


@wrong(
    "share_of_pairs_lost",
    truth="The share of the pairs that are kept, 1 less the share lost. Wrong for every input but at one half.",
)
def share_of_pairs_kept(buckets, chunk_length, *, n_before=1):
    same, far = _tables(buckets, chunk_length, n_before)
    same = same & ~np.eye(buckets.shape[-1], dtype=bool)
    return np.sum(same & ~far, axis=(-1, -2)) / np.maximum(np.sum(same, axis=(-1, -2)), 1)


@wrong(
    "share_of_pairs_lost",
    truth="Divides 0 by 0 where no two positions share a bucket: nan (with a warning) in place of 0.",
)
def nan_without_pairs(buckets, chunk_length, *, n_before=1):
    same, far = _tables(buckets, chunk_length, n_before)
    n_pairs = np.sum(same, axis=(-1, -2)) - buckets.shape[-1]
    return np.sum(same & far, axis=(-1, -2)) / n_pairs


@wrong(
    "share_of_pairs_lost",
    truth="np.sum without axes adds up all rows: one number for a batch in place of one for each row. "
    "Right for one sequence.",
)
def one_number_for_a_batch(buckets, chunk_length, *, n_before=1):
    same, far = _tables(buckets, chunk_length, n_before)
    same = same & ~np.eye(buckets.shape[-1], dtype=bool)
    return np.sum(same & far) / max(np.sum(same), 1)


@wrong(
    "share_of_pairs_lost",
    truth="Forgets the absolute value: in the table only one of the two entries of a lost pair is found, while the "
    "divisor holds both. Half of the share, wherever a pair is lost.",
)
def difference_with_its_sign(buckets, chunk_length, *, n_before=1):
    chunk = chunking.undo_sort(chunking.sort_by_bucket(buckets)) // chunk_length
    same = buckets[..., :, np.newaxis] == buckets[..., np.newaxis, :]
    same = same & ~np.eye(buckets.shape[-1], dtype=bool)
    far = chunk[..., :, np.newaxis] - chunk[..., np.newaxis, :] > n_before
    return np.sum(same & far, axis=(-1, -2)) / np.maximum(np.sum(same, axis=(-1, -2)), 1)


@wrong(
    "share_of_pairs_lost",
    truth="Divides by all pairs of positions, L (L - 1) / 2, not only by those that share a bucket. "
    "Too low wherever a pair is lost and there is more than one bucket.",
)
def divides_by_all_pairs_of_positions(buckets, chunk_length, *, n_before=1):
    same, far = _tables(buckets, chunk_length, n_before)
    length = buckets.shape[-1]
    return np.sum(same & far, axis=(-1, -2)) / max(length * (length - 1), 1)


@wrong(
    "share_of_pairs_lost",
    truth="Measures the distance round the ring, so that the last chunk is next to the first. Too low where a "
    "bucket reaches from one end of the row to the other.",
)
def distance_round_the_ring(buckets, chunk_length, *, n_before=1):
    length = buckets.shape[-1]
    n_chunks = -(-length // chunk_length)
    chunk = chunking.undo_sort(chunking.sort_by_bucket(buckets)) // chunk_length
    apart = np.abs(chunk[..., :, np.newaxis] - chunk[..., np.newaxis, :])
    apart = np.minimum(apart, n_chunks - apart)
    same = buckets[..., :, np.newaxis] == buckets[..., np.newaxis, :]
    same = same & ~np.eye(length, dtype=bool)
    return np.sum(same & (apart > n_before), axis=(-1, -2)) / np.maximum(np.sum(same, axis=(-1, -2)), 1)


@right("share_of_pairs_lost")
def counts_in_the_sorted_row(buckets, chunk_length, *, n_before=1):
    row = np.sort(buckets, axis=-1)  # the numbers of the chunks need no positions
    first, second = np.triu_indices(buckets.shape[-1], 1)
    same = row[..., first] == row[..., second]
    lost = same & (second // chunk_length - first // chunk_length > n_before)
    n_pairs = same.sum(axis=-1)
    return lost.sum(axis=-1) / np.where(n_pairs == 0, 1, n_pairs)


# cheapest_chunks


def _loss(buckets, chunk_length, n_before):
    return np.mean(chunking.share_of_pairs_lost(buckets, chunk_length, n_before=n_before))


@wrong(
    "cheapest_chunks",
    truth="Wants a loss below the allowed one, not at most that. Wrong where a loss equals it, such as 0 with 0 "
    "allowed.",
)
def wants_less_than_allowed(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [
        (C * (b + 1), C, b)
        for C, b in product(chunk_lengths, look_backs)
        if _loss(buckets, C, b) < allowed_loss
    ]
    return min(found)[1:] if found else None


@wrong(
    "cheapest_chunks",
    truth="Takes C b as the cost, without the own chunk: b = 0 costs nothing, and longer look-backs seem dearer "
    "than they are. Wrong where that changes the cheapest.",
)
def forgets_the_own_chunk_in_the_cost(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [
        (C * b, C, b)
        for C, b in product(chunk_lengths, look_backs)
        if _loss(buckets, C, b) <= allowed_loss
    ]
    return min(found)[1:] if found else None


@wrong(
    "cheapest_chunks",
    truth="Of pairs that cost the same it keeps the one found first, in the order of the lists, in place of the one "
    "with the smaller C. Wrong for ties where the lists do not rise.",
)
def keeps_the_first_of_equal_cost(buckets, allowed_loss, chunk_lengths, look_backs):
    best, best_cost = None, float("inf")
    for C in chunk_lengths:
        for b in look_backs:
            if _loss(buckets, C, b) <= allowed_loss and C * (b + 1) < best_cost:
                best, best_cost = (C, b), C * (b + 1)
    return best


@wrong(
    "cheapest_chunks",
    truth="Of pairs that cost the same it takes the one with the smaller look-back, which has the larger C. "
    "Wrong for every tie.",
)
def smaller_look_back_wins_a_tie(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [
        (C * (b + 1), b, C)
        for C, b in product(chunk_lengths, look_backs)
        if _loss(buckets, C, b) <= allowed_loss
    ]
    if not found:
        return None
    _, b, C = min(found)
    return C, b


@wrong(
    "cheapest_chunks",
    truth="min of an empty list: an error in place of None where every pair loses more than is allowed.",
)
def fails_where_nothing_is_found(buckets, allowed_loss, chunk_lengths, look_backs):
    found = []
    for C in chunk_lengths:
        for b in look_backs:
            if _loss(buckets, C, b) <= allowed_loss:
                found.append((C * (b + 1), C, b))
    cost, C, b = min(found)
    return C, b


@wrong(
    "cheapest_chunks",
    truth="Wants every round to lose at most what is allowed, in place of their mean. Right for one round; too "
    "dear, or None, where the rounds lose differently.",
)
def every_round_has_to_lose_little(buckets, allowed_loss, chunk_lengths, look_backs):
    found = []
    for C in chunk_lengths:
        for b in look_backs:
            if np.all(chunking.share_of_pairs_lost(buckets, C, n_before=b) <= allowed_loss):
                found.append((C * (b + 1), C, b))
    return min(found)[1:] if found else None


@wrong(
    "cheapest_chunks",
    truth="Returns the first pair in the order of the lists that loses little enough, and never looks at the cost. "
    "Wrong where a later one is cheaper, so with falling lists, and where a larger C with a smaller b will do.",
)
def returns_the_first_that_will_do(buckets, allowed_loss, chunk_lengths, look_backs):
    for C in chunk_lengths:
        for b in look_backs:
            if _loss(buckets, C, b) <= allowed_loss:
                return C, b
    return None


@wrong(
    "cheapest_chunks",
    truth="Does not hand n_before on: the loss is always that of one chunk back, so the smallest b always wins. "
    "Wrong wherever b = 0 seems to do, or another b than 1 would.",
)
def loss_always_with_one_back(buckets, allowed_loss, chunk_lengths, look_backs):
    found = []
    for C in chunk_lengths:
        loss = np.mean(chunking.share_of_pairs_lost(buckets, C))
        for b in look_backs:
            if loss <= allowed_loss:
                found.append((C * (b + 1), C, b))
    return min(found)[1:] if found else None


@wrong(
    "cheapest_chunks",
    truth="Returns (cost, C, b), the tuple that was compared, in place of the pair. Wrong wherever there is a pair.",
)
def returns_the_cost_too(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [
        (C * (b + 1), C, b)
        for C, b in product(chunk_lengths, look_backs)
        if _loss(buckets, C, b) <= allowed_loss
    ]
    return min(found, default=None)


@wrong(
    "cheapest_chunks",
    truth="Takes the pair of the lowest loss, and the cost only among equal losses. Wrong where a cheaper pair "
    "loses more, yet little enough.",
)
def takes_the_lowest_loss(buckets, allowed_loss, chunk_lengths, look_backs):
    best = None
    for C in chunk_lengths:
        for b in look_backs:
            loss = _loss(buckets, C, b)
            if loss <= allowed_loss and (best is None or (loss, C * (b + 1), C) < best[:3]):
                best = (loss, C * (b + 1), C, b)
    return None if best is None else best[2:]


@right("cheapest_chunks")
def tries_from_the_cheapest_up(buckets, allowed_loss, chunk_lengths, look_backs):
    by_cost = sorted(product(chunk_lengths, look_backs), key=lambda pair: (pair[0] * (pair[1] + 1), pair[0]))
    return next(((C, b) for C, b in by_cost if _loss(buckets, C, b) <= allowed_loss), None)
