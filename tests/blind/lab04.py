"""Answers to the six exercises of lab 04, written from its text alone."""

from collections import Counter
from fractions import Fraction
from itertools import combinations, product

import numpy as np

from reformer import chunking
from tests.blind import right, wrong

# 1 · sort_by_bucket


@right("sort_by_bucket")
def sorts_stably(buckets):
    return np.argsort(buckets, axis=-1, kind="stable")


@right("sort_by_bucket")
def sorts_by_two_keys(buckets):
    positions = np.broadcast_to(np.arange(buckets.shape[-1]), buckets.shape)
    return np.lexsort((positions, buckets), axis=-1)


@right("sort_by_bucket")
def sorts_one_whole_number_for_both(buckets):
    n_positions = buckets.shape[-1]
    key = buckets.astype(np.int64) * n_positions + np.arange(n_positions)
    return np.argsort(key)


@right("sort_by_bucket")
def sorts_pairs_in_python(buckets):
    rows = buckets.reshape(-1, buckets.shape[-1]).tolist()
    orders = [[p for _, p in sorted((b, p) for p, b in enumerate(row))] for row in rows]
    return np.array(orders, dtype=int).reshape(buckets.shape)


@right("sort_by_bucket")
def collects_the_positions_of_each_bucket(buckets):
    def one(row):
        return np.concatenate([np.flatnonzero(row == bucket) for bucket in np.unique(row)])

    return np.apply_along_axis(one, -1, buckets)


@wrong(
    "sort_by_bucket",
    truth="The default sort is not stable: equal buckets may come in any order. Wrong for long rows with ties "
    "(and, on some processors, for short ones).",
)
def plain_argsort(buckets):
    return np.argsort(buckets)


@wrong(
    "sort_by_bucket",
    truth="Selection sort by hand: the swap throws a position behind others of its bucket, so it is not stable. Wrong "
    "for many rows with ties, already short ones.",
)
def selection_sort_with_swaps(buckets):
    def one(row):
        order = np.arange(len(row))
        for place in range(len(row)):
            smallest = place + int(np.argmin(row[order[place:]]))
            order[[place, smallest]] = order[[smallest, place]]
        return order

    return np.apply_along_axis(one, -1, buckets)


@wrong(
    "sort_by_bucket",
    truth="Returns the sorted buckets, not the positions where they stood. Wrong for nearly every input.",
)
def returns_the_sorted_buckets(buckets):
    return np.sort(buckets, axis=-1, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Sorts along the first axis. Right for a single row, wrong for every batch, where rows are mixed up.",
)
def sorts_along_the_first_axis(buckets):
    return np.argsort(buckets, axis=0, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Flattens the batch, sorts everything together and gives it the old shape: entries are numbers in the flat "
    "array. Right for one row only.",
)
def sorts_the_whole_batch_flat(buckets):
    return np.argsort(buckets, axis=None, kind="stable").reshape(buckets.shape)


@wrong(
    "sort_by_bucket",
    truth="Sorts the batch flat and takes the flat numbers modulo L. The entries are positions, but rows are still "
    "mixed and no longer permutations. Right for one row only.",
)
def sorts_flat_and_takes_the_remainder(buckets):
    flat = np.argsort(buckets.ravel(), kind="stable")
    return (flat % buckets.shape[-1]).reshape(buckets.shape)


@wrong(
    "sort_by_bucket",
    truth="Sorts the negative buckets: higher buckets first (in unsigned dtypes the negative wraps round, so that only "
    "bucket 0 stays first). Within a bucket the order is right.",
)
def highest_bucket_first(buckets):
    return np.argsort(-buckets, axis=-1, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Turns the right order round: higher buckets first and, within a bucket, later positions first.",
)
def turns_the_order_round(buckets):
    return np.argsort(buckets, axis=-1, kind="stable")[..., ::-1]


@wrong(
    "sort_by_bucket",
    truth="Buckets rise, but within a bucket the higher position comes first. Wrong wherever two share a bucket.",
)
def later_position_first_among_equals(buckets):
    last = buckets.shape[-1] - 1
    return last - np.argsort(buckets[..., ::-1], axis=-1, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Builds the key bucket * L + position in the dtype of the buckets. With uint8 and other small dtypes it wraps "
    "round (or cannot hold L); wrong there, right with wide integers.",
)
def key_in_the_dtype_of_the_buckets(buckets):
    n_positions = buckets.shape[-1]
    positions = np.arange(n_positions).astype(buckets.dtype)
    return np.argsort(buckets * np.array(n_positions).astype(buckets.dtype) + positions, axis=-1, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Adds position / (L - 1) to the bucket: the last position of bucket b gets the key of position 0 in bucket "
    "b + 1, and comes behind it. Wrong where the last position's bucket is one below that of position 0.",
)
def fraction_that_reaches_one(buckets):
    n_positions = buckets.shape[-1]
    return np.argsort(buckets + np.arange(n_positions) / max(n_positions - 1, 1), axis=-1, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Adds a tenth of a percent of the position to break ties: from position 1000 on the addition is a whole "
    "bucket. Wrong for rows longer than 1000.",
)
def tie_breaker_too_big_for_long_rows(buckets):
    return np.argsort(buckets + 0.001 * np.arange(buckets.shape[-1]), axis=-1)


@wrong(
    "sort_by_bucket",
    truth="Weights the bucket with the number of buckets instead of the number of positions, so late positions of a low "
    "bucket come behind early ones of a higher. Wrong where L is greater than the highest bucket + 1.",
)
def weights_the_bucket_with_the_number_of_buckets(buckets):
    n_buckets = int(buckets.max()) + 1
    key = buckets.astype(np.int64) * n_buckets + np.arange(buckets.shape[-1])
    return np.argsort(key, axis=-1, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Adds the position to the bucket with no weight: sorts by bucket + position. Wrong for most inputs.",
)
def sorts_by_bucket_plus_position(buckets):
    return np.argsort(buckets.astype(int) + np.arange(buckets.shape[-1]), axis=-1, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Sorts twice and so returns the rank: at which place each position comes, the inverse of the order. Wrong "
    "wherever the order is not its own inverse.",
)
def returns_the_rank_of_each_position(buckets):
    order = np.argsort(buckets, axis=-1, kind="stable")
    return np.argsort(order, axis=-1)


@wrong(
    "sort_by_bucket",
    truth="np.lexsort takes its last key as the first: with the keys in this order it sorts by position and returns "
    "0 .. L - 1. Wrong wherever the buckets do not rise already.",
)
def lexsort_with_the_keys_swapped(buckets):
    positions = np.broadcast_to(np.arange(buckets.shape[-1]), buckets.shape)
    return np.lexsort((buckets, positions), axis=-1)


@wrong(
    "sort_by_bucket",
    truth="np.lexsort with one key (L) and one (..., L) raises an error for every batch. Right for a single row.",
)
def lexsort_for_a_single_row_only(buckets):
    return np.lexsort((np.arange(buckets.shape[-1]), buckets))


@wrong(
    "sort_by_bucket",
    truth="Hands the batch itself to np.lexsort, which takes its rows for keys: a batch (B, L) gives one order (L), by "
    "the last row first. Right only for a single row.",
)
def lexsort_takes_the_rows_for_keys(buckets):
    return np.lexsort(np.atleast_2d(buckets))


@wrong(
    "sort_by_bucket",
    truth="Goes over the buckets 0 .. max - 1 and leaves out the highest. The result is too short, or an "
    "error where the rows of a batch then differ in length. Wrong for every input.",
)
def leaves_out_the_highest_bucket(buckets):
    def one(row):
        return [p for bucket in range(int(row.max())) for p in range(len(row)) if row[p] == bucket]

    if buckets.ndim == 1:
        return np.array(one(buckets), dtype=int)
    return np.array([one(row) for row in buckets.reshape(-1, buckets.shape[-1])]).reshape(*buckets.shape[:-1], -1)


@wrong(
    "sort_by_bucket",
    truth="Takes the number of different buckets for the highest number + 1. Where numbers are unused, the positions of "
    "the highest buckets are missing (zeros stand there instead).",
)
def takes_the_buckets_to_have_no_gaps(buckets):
    def one(row):
        order, place = np.zeros(len(row), dtype=int), 0
        for bucket in range(len(set(row.tolist()))):
            for position in np.flatnonzero(row == bucket):
                order[place] = position
                place += 1
        return order

    return np.apply_along_axis(one, -1, buckets)


@wrong(
    "sort_by_bucket",
    truth="Collects the positions of each bucket with the first index array of np.nonzero, in a batch the numbers of the "
    "rows, and all rows in one list. Right for a single row only.",
)
def collects_the_first_index_of_nonzero(buckets):
    return np.concatenate([np.nonzero(buckets == bucket)[0] for bucket in np.unique(buckets)])


@wrong(
    "sort_by_bucket",
    truth="Puts the buckets in the order in which they first appear, not by number. Wrong wherever a lower bucket first "
    "appears after a higher.",
)
def buckets_as_they_appear(buckets):
    def one(row):
        groups = {}
        for position, bucket in enumerate(row.tolist()):
            groups.setdefault(bucket, []).append(position)
        return np.array([p for group in groups.values() for p in group])

    return np.apply_along_axis(one, -1, buckets)


@wrong(
    "sort_by_bucket",
    truth="The fullest bucket comes first, not the lowest. Wrong wherever the sizes do not fall with the number.",
)
def fullest_bucket_first(buckets):
    def one(row):
        size = Counter(row.tolist())
        return np.array(sorted(range(len(row)), key=lambda p: (-size[int(row[p])], int(row[p]), p)))

    return np.apply_along_axis(one, -1, buckets)


@wrong(
    "sort_by_bucket",
    truth="The right order, but as floats, because np.zeros makes floats. Wrong dtype for every input.",
)
def order_in_floats(buckets):
    result = np.zeros(buckets.shape)
    result[...] = np.argsort(buckets, axis=-1, kind="stable")
    return result


@wrong(
    "sort_by_bucket",
    truth="Gives the order the dtype of the buckets: with uint8 buckets positions from 256 on wrap round. Right "
    "otherwise.",
)
def order_in_the_dtype_of_the_buckets(buckets):
    return np.argsort(buckets, axis=-1, kind="stable").astype(buckets.dtype)


@wrong(
    "sort_by_bucket",
    truth="Casts the buckets to int8, where 128 .. 255 become negative and come first (and higher ones wrap round). "
    "Wrong where a bucket is 128 or more.",
)
def casts_the_buckets_to_int8(buckets):
    return np.argsort(buckets.astype(np.int8), axis=-1, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Takes the smallest again and again and strikes it out in the array it was given, so the caller's buckets are "
    "overwritten. Also, the mark 'highest + 1' wraps to 0 in uint8 where 255 is used.",
)
def strikes_out_in_the_callers_array(buckets):
    order = np.empty(buckets.shape, dtype=int)
    for entry in np.ndindex(buckets.shape[:-1]):
        row = buckets[entry]
        mark = np.array(int(row.max()) + 1).astype(row.dtype)
        for place in range(len(row)):
            order[(*entry, place)] = np.argmin(row)
            row[order[(*entry, place)]] = mark
    return order


@wrong(
    "sort_by_bucket",
    truth="Strikes out with 255 in a copy: a bucket of 255 or more can no longer be told from what was taken, and "
    "positions come twice. Right where all buckets are below 255.",
)
def strikes_out_with_255(buckets):
    def one(row):
        rest, order = row.copy(), []
        for _ in range(len(row)):
            order.append(int(np.argmin(rest)))
            rest[order[-1]] = 255
        return np.array(order)

    return np.apply_along_axis(one, -1, buckets)


@wrong(
    "sort_by_bucket",
    truth="Written for one row: `len(buckets)` is the number of rows in a batch, and rows cannot be compared (an error), "
    "or a single row gives [0]. Wrong for every batch.",
)
def sorted_of_one_row(buckets):
    return np.array(sorted(range(len(buckets)), key=lambda p: buckets[p]))


@wrong(
    "sort_by_bucket",
    truth="Goes over the first axis and sorts each row: right for (B, L). In a single row (L) each bucket is sorted by "
    "itself, all zeros, and (A, B, L) is sorted along the wrong axis.",
)
def exactly_one_batch_axis(buckets):
    return np.stack([np.argsort(row, axis=0, kind="stable") for row in buckets])


@wrong(
    "sort_by_bucket",
    truth="Flattens all batch axes to one and does not bring them back: the shape is wrong for (L) and for more than "
    "one batch axis.",
)
def does_not_bring_the_batch_axes_back(buckets):
    return np.array([np.argsort(row, kind="stable") for row in buckets.reshape(-1, buckets.shape[-1])])


@wrong("sort_by_bucket", truth="Returns sorted buckets and order as a pair, as torch.sort does. Wrong for every input.")
def returns_values_and_order_like_torch(buckets):
    order = np.argsort(buckets, axis=-1, kind="stable")
    return np.take_along_axis(buckets, order, axis=-1), order


@wrong("sort_by_bucket", truth="Numbers the positions from 1. Every entry is one too high.")
def positions_from_one(buckets):
    return np.argsort(buckets, axis=-1, kind="stable") + 1


@wrong(
    "sort_by_bucket",
    truth="np.unique gives the first position of each bucket only; all others are missing. Wrong for every row with "
    "ties, and for batches.",
)
def first_position_of_each_bucket(buckets):
    return np.unique(buckets, return_index=True)[1]


@wrong(
    "sort_by_bucket",
    truth="Returns the buckets numbered without gaps, not positions at all. Wrong for nearly every input.",
)
def returns_the_buckets_without_gaps(buckets):
    return np.unique(buckets, return_inverse=True)[1].reshape(buckets.shape)


@wrong(
    "sort_by_bucket",
    truth="Sorts the buckets as text: '10' comes before '2'. Wrong where a bucket has more digits than another.",
)
def sorts_the_buckets_as_text(buckets):
    return np.argsort(buckets.astype(str), axis=-1, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Sorts the right axis, but of the transposed array, and does not turn the result back: in a batch its axes are "
    "swapped. Right for a single row.",
)
def result_stays_transposed(buckets):
    return np.argsort(buckets.T, axis=0, kind="stable")


@wrong(
    "sort_by_bucket",
    truth="Sorts the first row only and gives its order to all rows. Right for a single row, wrong for batches whose "
    "rows differ.",
)
def order_of_the_first_row_for_all(buckets):
    first = buckets.reshape(-1, buckets.shape[-1])[0]
    return np.broadcast_to(np.argsort(first, kind="stable"), buckets.shape).copy()


@wrong(
    "sort_by_bucket",
    truth="Higher buckets first, and floats besides. Two slips, wrong for every input.",
)
def highest_first_and_in_floats(buckets):
    return np.argsort(-buckets.astype(float), axis=-1, kind="stable").astype(float)


# 2 · undo_sort


@right("undo_sort")
def sorts_the_order(order):
    return np.argsort(order, axis=-1)


@right("undo_sort")
def writes_along_the_axis(order):
    undo = np.empty(order.shape, dtype=int)
    np.put_along_axis(undo, order, np.broadcast_to(np.arange(order.shape[-1]), order.shape), axis=-1)
    return undo


@right("undo_sort")
def flat_with_offsets(order):
    n_positions = order.shape[-1]
    rows = order.reshape(-1, n_positions).astype(int)
    undo = np.empty(rows.size, dtype=int)
    undo[(rows + n_positions * np.arange(len(rows))[:, np.newaxis]).ravel()] = np.tile(
        np.arange(n_positions), len(rows)
    )
    return undo.reshape(order.shape)


@right("undo_sort")
def asks_the_list(order):
    def one(row):
        places = row.tolist()
        return np.array([places.index(p) for p in range(len(places))])

    return np.apply_along_axis(one, -1, order)


@right("undo_sort")
def table_of_places_and_positions(order):
    return np.argmax(order[..., :, np.newaxis] == np.arange(order.shape[-1]), axis=-2)


@wrong("undo_sort", truth="Returns the order itself. Wrong wherever the order is not its own inverse.")
def returns_the_order(order):
    return order.copy()


@wrong("undo_sort", truth="Reads the order from behind. Wrong for nearly every order.")
def reads_the_order_from_behind(order):
    return order[..., ::-1].copy()


@wrong(
    "undo_sort",
    truth="Applies the order a second time, along the row. Right only where applying it three times moves nothing.",
)
def applies_the_order_again(order):
    return np.take_along_axis(order, order, axis=-1)


@wrong(
    "undo_sort",
    truth="Indexes the order with itself with no regard to batches: twice applied, and for a batch of the wrong shape "
    "or an IndexError.",
)
def order_of_order(order):
    return order[order]


@wrong(
    "undo_sort",
    truth="Writes along the first axis: right for a single row; for a batch whole rows are overwritten, or an "
    "IndexError comes.",
)
def writes_into_whole_rows(order):
    undo = np.zeros_like(order)
    undo[order] = np.arange(order.shape[-1])
    return undo


@wrong(
    "undo_sort",
    truth="`undo[..., order]` writes each row's places into all rows: in a batch every row ends as the inverse of the "
    "last. Right for a single row.",
)
def writes_every_row_into_all(order):
    undo = np.zeros(order.shape, dtype=int)
    undo[..., order] = np.arange(order.shape[-1])
    return undo


@wrong("undo_sort", truth="Sorts along the first axis. Right for a single row, wrong for batches.")
def sorts_the_order_along_the_first_axis(order):
    return np.argsort(order, axis=0, kind="stable")


@wrong(
    "undo_sort",
    truth="Sorts along the axis before the last: an AxisError for a single row, and for a batch the wrong axis.",
)
def sorts_the_order_along_the_axis_before_the_last(order):
    return np.argsort(order, axis=-2, kind="stable")


@wrong(
    "undo_sort",
    truth="Sorts the whole batch flat: equal positions of all rows come together. Right for a single row only.",
)
def sorts_the_orders_flat(order):
    return np.argsort(order, axis=None, kind="stable").reshape(order.shape)


@wrong("undo_sort", truth="The right places in floats, since np.zeros makes floats. Wrong dtype for every input.")
def places_in_floats(order):
    undo = np.zeros(order.shape)
    places = np.broadcast_to(np.arange(order.shape[-1]), order.shape)
    np.put_along_axis(undo, order, places, axis=-1)
    return undo


@wrong("undo_sort", truth="Mirrors the positions, L - 1 - order, instead of inverting. Wrong for nearly every order.")
def mirrors_the_positions(order):
    return order.shape[-1] - 1 - order.astype(int)


@wrong("undo_sort", truth="Subtracts from L: neither an inverse nor within 0 .. L - 1. Wrong for nearly every order.")
def subtracts_from_the_length(order):
    return order.shape[-1] - order.astype(int)


@wrong(
    "undo_sort",
    truth="Sorts descending: the result is the right one read from behind. Wrong for every row of two or more.",
)
def sorts_the_order_descending(order):
    return np.argsort(-order.astype(int), axis=-1)


@wrong("undo_sort", truth="Counts places from 1. Every entry is one too high.")
def places_from_one(order):
    return np.argsort(order, axis=-1) + 1


@wrong(
    "undo_sort",
    truth="Takes the order for a shift and negates it modulo L. Right only by accident, such as for L up to 2 or "
    "an order that is p -> -p.",
)
def negates_modulo_the_length(order):
    return -order.astype(int) % order.shape[-1]


@wrong(
    "undo_sort", truth="Returns how far each entry moved, order - place, not the place. Wrong for nearly every order."
)
def how_far_each_has_moved(order):
    return order.astype(int) - np.arange(order.shape[-1])


@wrong(
    "undo_sort",
    truth="Subtracts the way each has moved from the place, 2 i - order[i], as if a move were undone where it was made. "
    "Wrong unless every entry stays.",
)
def moves_back_from_the_place(order):
    places = np.arange(order.shape[-1])
    return places - (order.astype(int) - places)


@wrong(
    "undo_sort",
    truth="Writes along axis 0: right for a single row, an error or wrong places for a batch.",
)
def puts_along_the_first_axis(order):
    undo = np.zeros(order.shape, dtype=int)
    places = np.broadcast_to(np.arange(order.shape[-1]), order.shape)
    np.put_along_axis(undo, order, places, axis=0)
    return undo


@wrong("undo_sort", truth="Right result, but written into the array that was given: the caller's order is lost.")
def overwrites_the_order(order):
    order[...] = np.argsort(order, axis=-1)
    return order


@wrong(
    "undo_sort",
    truth="Writes into the order while still reading from it: later steps read places for positions. Wrong for most "
    "orders, and the caller's array is changed.",
)
def writes_while_it_reads(order):
    for entry in np.ndindex(order.shape[:-1]):
        row = order[entry]
        for place in range(len(row)):
            row[row[place]] = place
    return order


@wrong("undo_sort", truth="Sorts the values and so always returns 0 .. L - 1. Wrong unless the order is 0 .. L - 1.")
def sorts_the_values(order):
    return np.sort(order, axis=-1)


@wrong("undo_sort", truth="Keeps the places in uint8: from place 256 on they wrap round. Right for L up to 256.")
def places_in_uint8(order):
    return np.argsort(order, axis=-1).astype(np.uint8)


@wrong(
    "undo_sort",
    truth="Casts the positions to int8 before sorting: from 128 on they become negative. Right for L up to 128.",
)
def positions_in_int8(order):
    return np.argsort(order.astype(np.int8), axis=-1, kind="stable")


@wrong(
    "undo_sort",
    truth="Looks with np.where for each position and takes the first index array, in a batch the number of the row. "
    "Right for a single row; for a batch shape and content are wrong.",
)
def where_each_position_stands_in_one_row(order):
    return np.array([np.where(order == position)[0][0] for position in range(order.shape[-1])])


@wrong(
    "undo_sort",
    truth="Goes over the rows of exactly one batch axis: right for (B, L), an error for (L) and for more axes.",
)
def lists_of_a_two_axis_batch(order):
    return np.array([[list(row).index(position) for position in range(len(row))] for row in order])


@wrong(
    "undo_sort",
    truth="np.searchsorted takes the order to be sorted, which it is not. Wrong for nearly every order but 0 .. L - 1.",
)
def searches_as_if_it_were_sorted(order):
    positions = np.arange(order.shape[-1])
    return np.apply_along_axis(lambda row: np.searchsorted(row, positions), -1, order)


@wrong(
    "undo_sort",
    truth="Looks along axis 0 of the table of places and positions. Right for a single row; in a batch axis 0 is the "
    "batch, and the shape is wrong too.",
)
def table_searched_along_the_batch(order):
    return np.argmax(order[..., :, np.newaxis] == np.arange(order.shape[-1]), axis=0)


@wrong(
    "undo_sort",
    truth="Takes the order L - 1 times, as if L times moved nothing. Right only where the cycles' lengths divide L.",
)
def repeats_the_order_length_minus_one_times(order):
    result = np.broadcast_to(np.arange(order.shape[-1]), order.shape)
    for _ in range(order.shape[-1] - 1):
        result = np.take_along_axis(order, result, axis=-1)
    return np.array(result)


@wrong(
    "undo_sort",
    truth="Multiplies 0 .. L - 1 by the permutation matrix and not by its transpose: gives the order back, and in "
    "floats. Two slips, wrong for every input.",
)
def permutation_matrix_not_transposed(order):
    return np.eye(order.shape[-1])[order] @ np.arange(order.shape[-1])


@wrong(
    "undo_sort",
    truth="Writes flat without the offsets of the rows: all rows write into the first, the others stay 0. Right for a "
    "single row.",
)
def flat_without_offsets(order):
    undo = np.zeros(order.size, dtype=int)
    undo[order.ravel()] = np.tile(np.arange(order.shape[-1]), order.size // order.shape[-1])
    return undo.reshape(order.shape)


@wrong(
    "undo_sort",
    truth="Flat with offsets, but what is written are the flat numbers: in row r all places are r L too high. Right for "
    "a single row.",
)
def flat_places_with_their_offset_left_in(order):
    n_positions = order.shape[-1]
    rows = order.reshape(-1, n_positions).astype(int)
    undo = np.empty(rows.size, dtype=int)
    undo[(rows + n_positions * np.arange(len(rows))[:, None]).ravel()] = np.arange(rows.size)
    return undo.reshape(order.shape)


@wrong(
    "undo_sort",
    truth="Batch axes are flattened to one and not brought back: wrong shape for (L) and for two or more batch axes.",
)
def inverse_with_one_batch_axis_always(order):
    return np.array([np.argsort(row) for row in order.reshape(-1, order.shape[-1])])


@wrong(
    "undo_sort",
    truth="Stops before the last place: the position that stands there gets 0. Wrong unless L is 1.",
)
def misses_the_last_place(order):
    undo = np.zeros(order.shape, dtype=int)
    for entry in np.ndindex(order.shape[:-1]):
        for place in range(order.shape[-1] - 1):
            undo[(*entry, order[(*entry, place)])] = place
    return undo


@wrong(
    "undo_sort",
    truth="Inverts the first row only and gives its inverse to every row. Wrong for batches whose rows differ.",
)
def inverse_of_the_first_row(order):
    first = order.reshape(-1, order.shape[-1])[0]
    return np.broadcast_to(np.argsort(first), order.shape).copy()


@wrong("undo_sort", truth="Returns the transposed inverse: for a batch the axes are swapped. Right for a single row.")
def inverse_stays_transposed(order):
    return np.argsort(order, axis=-1).T


# 3 · split_into_chunks


@right("split_into_chunks")
def fills_an_array_of_minus_one(order, chunk_length):
    *batch, n_positions = order.shape
    n_chunks = -(-n_positions // chunk_length)
    row = np.full((*batch, n_chunks * chunk_length), -1)
    row[..., :n_positions] = order
    return row.reshape(*batch, n_chunks, chunk_length)


@right("split_into_chunks")
def pads_the_last_axis(order, chunk_length):
    n_left_over = -order.shape[-1] % chunk_length
    widths = [(0, 0)] * (order.ndim - 1) + [(0, n_left_over)]
    row = np.pad(order.astype(int), widths, constant_values=-1)
    return row.reshape(*order.shape[:-1], row.shape[-1] // chunk_length, chunk_length)


@right("split_into_chunks")
def shifts_by_one_so_that_zero_is_empty(order, chunk_length):
    *batch, n_positions = order.shape
    n_chunks = int(np.ceil(n_positions / chunk_length))
    empty = np.zeros((*batch, n_chunks * chunk_length - n_positions), dtype=int)
    return np.concatenate([order.astype(int) + 1, empty], axis=-1).reshape(*batch, n_chunks, chunk_length) - 1


@right("split_into_chunks")
def asks_for_each_place(order, chunk_length):
    n_positions = order.shape[-1]
    n_chunks = (n_positions - 1) // chunk_length + 1
    place = np.arange(n_chunks)[:, np.newaxis] * chunk_length + np.arange(chunk_length)
    return np.where(place < n_positions, order[..., np.minimum(place, n_positions - 1)].astype(int), -1)


@right("split_into_chunks")
def cuts_slices_one_by_one(order, chunk_length):
    *batch, n_positions = order.shape
    chunks = []
    for start in range(0, n_positions, chunk_length):
        chunk = np.full((*batch, chunk_length), -1)
        piece = order[..., start : start + chunk_length]
        chunk[..., : piece.shape[-1]] = piece
        chunks.append(chunk)
    return np.stack(chunks, axis=-2)


def _filled(order, n_places, fill=-1):
    """The first n_places of the order, as many as there are; then fill."""
    row = np.full((*order.shape[:-1], n_places), fill)
    n_kept = min(n_places, order.shape[-1])
    row[..., :n_kept] = order[..., :n_kept]
    return row


@wrong(
    "split_into_chunks",
    truth="Rounds the number of chunks down: what is left over at the end is dropped. Wrong where C does not divide L.",
)
def drops_what_is_left_over(order, chunk_length):
    n_chunks = order.shape[-1] // chunk_length
    return order[..., : n_chunks * chunk_length].reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Takes L // C + 1 chunks: where C divides L there is a chunk of -1 too many. Right otherwise.",
)
def always_one_chunk_more(order, chunk_length):
    n_chunks = order.shape[-1] // chunk_length + 1
    return _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong("split_into_chunks", truth="Empty places hold 0, which is a position. Wrong where C does not divide L.")
def empty_places_hold_zero(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    return _filled(order, n_chunks * chunk_length, 0).reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong("split_into_chunks", truth="Empty places hold L instead of -1. Wrong where C does not divide L.")
def empty_places_hold_the_length(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    row = _filled(order, n_chunks * chunk_length, order.shape[-1])
    return row.reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong("split_into_chunks", truth="Empty places repeat the last entry. Wrong where C does not divide L.")
def empty_places_repeat_the_last(order, chunk_length):
    widths = [(0, 0)] * (order.ndim - 1) + [(0, -order.shape[-1] % chunk_length)]
    return np.pad(order, widths, mode="edge").reshape(*order.shape[:-1], -1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="np.resize begins again from the start when the row ends: empty places hold first entries, and in a batch the "
    "rows run into each other. Right where C divides L.",
)
def resizes_and_begins_again(order, chunk_length):
    return np.resize(order, (*order.shape[:-1], -(-order.shape[-1] // chunk_length), chunk_length))


@wrong(
    "split_into_chunks",
    truth="The empty places stand at the start of the first chunk. Wrong where C does not divide L.",
)
def empty_places_at_the_start(order, chunk_length):
    widths = [(0, 0)] * (order.ndim - 1) + [(-order.shape[-1] % chunk_length, 0)]
    return np.pad(order, widths, constant_values=-1).reshape(*order.shape[:-1], -1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="np.array_split makes the chunks as even as it can, so that several have an empty place at their end instead "
    "of the last having all. Wrong where two or more places are left over and there are several chunks.",
)
def makes_the_chunks_even(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    pieces = np.array_split(order, n_chunks, axis=-1)
    return np.stack([_filled(piece, chunk_length) for piece in pieces], axis=-2)


@wrong(
    "split_into_chunks",
    truth="Deals the row out like cards: chunk 0 has the entries 0, n, 2n, … Wrong wherever there is more than one chunk "
    "and C is more than 1.",
)
def deals_the_row_out(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    row = _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], chunk_length, n_chunks)
    return row.swapaxes(-1, -2)


@wrong(
    "split_into_chunks",
    truth="The chunks stand in the columns, (..., C, n) instead of (..., n, C). Wrong wherever C or n is above 1.",
)
def chunks_in_columns(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    return _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], n_chunks, chunk_length).swapaxes(-1, -2)


@wrong(
    "split_into_chunks",
    truth="Takes C for the number of chunks: C chunks of L / C places. Wrong wherever L / C, rounded up, is not C.",
)
def takes_the_length_for_the_number(order, chunk_length):
    length = -(-order.shape[-1] // chunk_length)
    return _filled(order, chunk_length * length).reshape(*order.shape[:-1], chunk_length, length)


@wrong(
    "split_into_chunks",
    truth="Flattens the batch before it cuts: chunks run over the ends of rows and the batch axes are gone. Right for a "
    "single row.",
)
def cuts_the_flattened_batch(order, chunk_length):
    flat = order.ravel()
    return _filled(flat, -(-flat.size // chunk_length) * chunk_length).reshape(-1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Each row is filled up rightly, but batch and chunk axis are joined: (B n, C) instead of (B, n, C). Right for a "
    "single row.",
)
def joins_batch_and_chunks(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    return _filled(order, n_chunks * chunk_length).reshape(-1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="`len(order)` is L only without batch axes. For batches the places do not fit, which is mostly an error.",
)
def length_of_the_first_axis(order, chunk_length):
    n_positions = len(order)
    n_chunks = -(-n_positions // chunk_length)
    row = np.full(n_chunks * chunk_length, -1)
    row[:n_positions] = order
    return row.reshape(n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Takes the size of the whole batch for L: in a batch far too many chunks, all -1 behind the real ones. Right "
    "for a single row.",
)
def size_of_the_batch_for_the_length(order, chunk_length):
    n_chunks = -(-order.size // chunk_length)
    return _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong("split_into_chunks", truth="Right numbers in floats, from np.ones. Wrong dtype for every input.")
def chunks_in_floats(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    row = -np.ones((*order.shape[:-1], n_chunks * chunk_length))
    row[..., : order.shape[-1]] = order
    return row.reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong("split_into_chunks", truth="Empty places hold NaN, and so all are floats. Wrong dtype for every input.")
def empty_places_hold_nan(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    return _filled(order, n_chunks * chunk_length, np.nan).reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="np.concatenate with a float array of -1 makes floats, but only where a place is left over. Wrong dtype where "
    "C does not divide L.",
)
def floats_only_where_something_is_left_over(order, chunk_length):
    n_left_over = -order.shape[-1] % chunk_length
    if n_left_over:
        order = np.concatenate([order, -np.ones((*order.shape[:-1], n_left_over))], axis=-1)
    return order.reshape(*order.shape[:-1], -1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="A C above L is cut down to L: the chunk has L places instead of C. Right for C up to L.",
)
def chunk_no_longer_than_the_row(order, chunk_length):
    chunk_length = min(chunk_length, order.shape[-1])
    n_chunks = -(-order.shape[-1] // chunk_length)
    return _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Where C is L or more, returns the order with no chunk axis and not filled up. Right otherwise.",
)
def long_chunks_return_the_order(order, chunk_length):
    if chunk_length >= order.shape[-1]:
        return order.copy()
    n_chunks = -(-order.shape[-1] // chunk_length)
    return _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong("split_into_chunks", truth="Only reshapes: an error where C does not divide L. Right where it does.")
def only_reshapes(order, chunk_length):
    return order.reshape(*order.shape[:-1], -1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Fills up with L % C places instead of (-L) % C. Right only where C divides L or 2 (L % C) = C; otherwise "
    "the reshape is an error, with C above L too.",
)
def fills_up_with_the_remainder(order, chunk_length):
    n_positions = order.shape[-1]
    row = _filled(order, n_positions + n_positions % chunk_length)
    return row.reshape(*order.shape[:-1], -1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Rounds L / C to the nearest: where less than half a chunk is left over, it is dropped. Right otherwise.",
)
def rounds_the_number_to_the_nearest(order, chunk_length):
    n_chunks = round(order.shape[-1] / chunk_length)
    return _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Takes (L - 1) // C chunks and forgets to add 1: the last chunk is always missing.",
)
def last_chunk_is_missing(order, chunk_length):
    n_chunks = (order.shape[-1] - 1) // chunk_length
    return _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="np.pad with one pair of widths fills up every axis, also the batch axes, with -1. Right for a single row or "
    "where C divides L.",
)
def pads_every_axis(order, chunk_length):
    row = np.pad(order, (0, -order.shape[-1] % chunk_length), constant_values=-1)
    return row.reshape(*row.shape[:-1], -1, chunk_length)


@wrong(
    "split_into_chunks",
    truth="The last chunk is moved back until it is full, so that some entries stand in two chunks and no place is "
    "empty. Wrong where C does not divide L (a C above L is filled up rightly).",
)
def moves_the_last_chunk_back(order, chunk_length):
    n_positions = order.shape[-1]
    if chunk_length > n_positions:
        return _filled(order, chunk_length)[..., np.newaxis, :]
    n_chunks = -(-n_positions // chunk_length)
    starts = [min(chunk * chunk_length, n_positions - chunk_length) for chunk in range(n_chunks)]
    return np.stack([order[..., start : start + chunk_length] for start in starts], axis=-2)


@wrong(
    "split_into_chunks",
    truth="Takes sliding windows, a new one at each entry, instead of cutting. Wrong unless C is 1 or L.",
)
def slides_a_window(order, chunk_length):
    row = _filled(order, max(order.shape[-1], chunk_length))
    return np.lib.stride_tricks.sliding_window_view(row, chunk_length, axis=-1).copy()


@wrong(
    "split_into_chunks",
    truth="Fills with zeros and then marks every 0 as empty: position 0 itself becomes -1. Wrong for every order with "
    "position 0.",
)
def marks_position_zero_as_empty(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    chunks = _filled(order, n_chunks * chunk_length, 0).reshape(*order.shape[:-1], n_chunks, chunk_length)
    chunks[chunks == 0] = -1
    return chunks


@wrong(
    "split_into_chunks",
    truth="`row[L:] = -1` is along the first axis: in a batch of fewer than L rows empty places stay 0. Right for a "
    "single row.",
)
def marks_the_empty_places_along_the_first_axis(order, chunk_length):
    *batch, n_positions = order.shape
    n_chunks = -(-n_positions // chunk_length)
    row = np.zeros((*batch, n_chunks * chunk_length), dtype=int)
    row[..., :n_positions] = order
    row[n_positions:] = -1
    return row.reshape(*batch, n_chunks, chunk_length)


@wrong("split_into_chunks", truth="Marks from place L - 1 on: the last entry is overwritten with -1, for every input.")
def overwrites_the_last_entry(order, chunk_length):
    *batch, n_positions = order.shape
    n_chunks = -(-n_positions // chunk_length)
    row = _filled(order, n_chunks * chunk_length)
    row[..., n_positions - 1 :] = -1
    return row.reshape(*batch, n_chunks, chunk_length)


@wrong("split_into_chunks", truth="Keeps the chunks in int8: positions from 128 on become negative. Right below.")
def chunks_in_int8(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    chunks = _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], n_chunks, chunk_length)
    return chunks.astype(np.int8)


@wrong("split_into_chunks", truth="Sorts the row before it cuts it. Wrong for every order that is not sorted.")
def sorts_the_row_before_cutting(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    row = _filled(np.sort(order, axis=-1), n_chunks * chunk_length)
    return row.reshape(*order.shape[:-1], n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Sets the shape of the array it was given where nothing is left over: the caller's order is cut as well. The "
    "result itself is right.",
)
def changes_the_shape_of_the_callers_order(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    if order.shape[-1] % chunk_length:
        order = _filled(order, n_chunks * chunk_length)
    order.shape = (*order.shape[:-1], n_chunks, chunk_length)
    return order


@wrong("split_into_chunks", truth="Returns a mask of the filled places besides the chunks. Wrong for every input.")
def returns_a_mask_too(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    chunks = _filled(order, n_chunks * chunk_length).reshape(*order.shape[:-1], n_chunks, chunk_length)
    return chunks, chunks >= 0


@wrong(
    "split_into_chunks",
    truth="Knows exactly one batch axis: a single row, or more batch axes, is an error.",
)
def knows_one_batch_axis(order, chunk_length):
    n_rows, n_positions = order.shape
    n_chunks = -(-n_positions // chunk_length)
    return _filled(order, n_chunks * chunk_length).reshape(n_rows, n_chunks, chunk_length)


@wrong(
    "split_into_chunks",
    truth="Rounds the number down (at least 1), drops the rest, and fills with 0 where C is more than L. Two slips; "
    "right only where C divides L.",
)
def drops_the_rest_and_fills_with_zero(order, chunk_length):
    n_chunks = max(order.shape[-1] // chunk_length, 1)
    return _filled(order, n_chunks * chunk_length, 0).reshape(*order.shape[:-1], n_chunks, chunk_length)


# 4 · look_adjacent


@right("look_adjacent")
def rolls_the_ring(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    ring = chunks.reshape(*batch, n_rounds * n_chunks, length)
    parts = [np.roll(ring, shift, axis=-2) for shift in range(n_before, -n_after - 1, -1)]
    return np.concatenate(parts, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@right("look_adjacent")
def fetches_by_number_modulo(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    total = n_rounds * n_chunks
    who = (np.arange(total)[:, np.newaxis] + np.arange(-n_before, n_after + 1)) % total
    windows = chunks.reshape(*batch, total, length)[..., who, :]
    return windows.reshape(*batch, n_rounds, n_chunks, (n_before + 1 + n_after) * length)


@right("look_adjacent")
def slides_over_places_of_the_ring(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    places = chunks.reshape(*batch, -1)
    first = length * (np.arange(n_rounds * n_chunks) - n_before)
    who = first[:, None] + np.arange((n_before + 1 + n_after) * length)
    return np.take(places, who, axis=-1, mode="wrap").reshape(*batch, n_rounds, n_chunks, -1)


@right("look_adjacent")
def loops_over_every_chunk(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, length = chunks.shape
    width = n_before + 1 + n_after
    windows = np.empty((*batch, n_rounds, n_chunks, width * length), dtype=chunks.dtype)
    for r, c in product(range(n_rounds), range(n_chunks)):
        for i in range(width):
            other_round, other = divmod((r * n_chunks + c - n_before + i) % (n_rounds * n_chunks), n_chunks)
            windows[..., r, c, i * length : (i + 1) * length] = chunks[..., other_round, other, :]
    return windows


def _ring(chunks):
    """The chunks of all rounds in one row, (..., R n, C)."""
    return chunks.reshape(*chunks.shape[:-3], -1, chunks.shape[-1])


def _windows(parts, chunks):
    """Rows of chunks (..., R n, C) joined to windows, with the rounds apart again."""
    return np.concatenate(parts, axis=-1).reshape(*chunks.shape[:-1], -1)


def _shifts(n_before, n_after):
    return range(n_before, -n_after - 1, -1)


@wrong(
    "look_adjacent",
    truth="Each round closes to a ring of its own: before the first chunk of a round stands the last of the same round. "
    "Right for one round.",
)
def a_ring_for_each_round(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(chunks, s, axis=-2) for s in _shifts(n_before, n_after)], axis=-1)


@wrong(
    "look_adjacent",
    truth="Rolls the wrong way: those before come from behind, and the other way round. Wrong wherever the ring has "
    "three or more chunks and anything but the own is looked at.",
)
def rolls_the_wrong_way(chunks, *, n_before=1, n_after=0):
    return _windows([np.roll(_ring(chunks), -s, axis=-2) for s in _shifts(n_before, n_after)], chunks)


@wrong(
    "look_adjacent",
    truth="The own chunk comes first in the window, then those before, then those behind. Wrong with n_before of 1 or "
    "more.",
)
def own_chunk_first(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    shifts = [0, *range(n_before, 0, -1), *range(-1, -n_after - 1, -1)]
    return _windows([np.roll(ring, s, axis=-2) for s in shifts], chunks)


@wrong(
    "look_adjacent",
    truth="Those before stand the nearest first instead of the farthest first. Wrong with n_before of 2 or more.",
)
def nearest_before_first(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    shifts = [*range(1, n_before + 1), 0, *range(-1, -n_after - 1, -1)]
    return _windows([np.roll(ring, s, axis=-2) for s in shifts], chunks)


@wrong(
    "look_adjacent",
    truth="Those behind stand the farthest first instead of the nearest first. Wrong with n_after of 2 or more.",
)
def farthest_behind_first(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    shifts = [*range(n_before, -1, -1), *range(-n_after, 0)]
    return _windows([np.roll(ring, s, axis=-2) for s in shifts], chunks)


@wrong(
    "look_adjacent",
    truth="The window runs from the latest chunk to the earliest. Wrong wherever it has more than the own chunk.",
)
def latest_to_earliest(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    return _windows([np.roll(ring, s, axis=-2) for s in range(-n_after, n_before + 1)], chunks)


@wrong("look_adjacent", truth="n_after is not looked at: windows lack the chunks behind. Right with n_after 0.")
def forgets_those_behind(chunks, *, n_before=1, n_after=0):
    return _windows([np.roll(_ring(chunks), s, axis=-2) for s in range(n_before, -1, -1)], chunks)


@wrong(
    "look_adjacent",
    truth="Always looks exactly one back, and one behind where n_after is not 0, whatever the numbers. Right only with "
    "n_before 1 and n_after 0 or 1.",
)
def always_just_one(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    parts = [np.roll(ring, 1, axis=-2), ring]
    if n_after:
        parts.append(np.roll(ring, -1, axis=-2))
    return _windows(parts, chunks)


@wrong(
    "look_adjacent",
    truth="The row is not closed: before the first chunk of round 0 (and behind the last) stands -1. Wrong for the first "
    "n_before and last n_after windows of every input.",
)
def empty_before_the_first_of_all(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    total = ring.shape[-2]
    who = np.arange(total)[:, None] + np.arange(-n_before, n_after + 1)
    windows = ring[..., np.clip(who, 0, total - 1), :]
    windows = np.where(((who >= 0) & (who < total))[..., None], windows, -1)
    return windows.reshape(*chunks.shape[:-1], -1)


@wrong(
    "look_adjacent",
    truth="Neither closed nor joined: before the first chunk of each round, and behind its last, stands -1. Wrong for "
    "every input with n_before or n_after above 0.",
)
def empty_before_each_round(chunks, *, n_before=1, n_after=0):
    n_chunks, length = chunks.shape[-2:]
    widths = [(0, 0)] * (chunks.ndim - 2) + [(n_before, n_after), (0, 0)]
    padded = np.pad(chunks, widths, constant_values=-1)
    return np.concatenate([padded[..., i : i + n_chunks, :] for i in range(n_before + 1 + n_after)], axis=-1)


@wrong(
    "look_adjacent",
    truth="At the ends of the row the first (or last) chunk is repeated instead of going round. Wrong for the first "
    "window of every input with n_before above 0 and more than one chunk.",
)
def repeats_the_first_chunk(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    total = ring.shape[-2]
    who = np.clip(np.arange(total)[:, None] + np.arange(-n_before, n_after + 1), 0, total - 1)
    return ring[..., who, :].reshape(*chunks.shape[:-1], -1)


@wrong(
    "look_adjacent",
    truth="All batch entries stand in one ring: the first chunk of an entry has the last of the entry before. Right "
    "without batch axes.",
)
def batch_in_one_ring(chunks, *, n_before=1, n_after=0):
    ring = chunks.reshape(-1, chunks.shape[-1])
    parts = [np.roll(ring, s, axis=0) for s in _shifts(n_before, n_after)]
    return np.concatenate(parts, axis=-1).reshape(*chunks.shape[:-1], -1)


@wrong("look_adjacent", truth="Unpacks exactly three axes: every input with batch axes is an error.")
def exactly_three_axes(chunks, *, n_before=1, n_after=0):
    n_rounds, n_chunks, length = chunks.shape
    ring = chunks.reshape(n_rounds * n_chunks, length)
    parts = [np.roll(ring, s, axis=0) for s in _shifts(n_before, n_after)]
    return np.concatenate(parts, axis=1).reshape(n_rounds, n_chunks, -1)


@wrong(
    "look_adjacent",
    truth="The chunk before is the same chunk of the round before: rolls the axis of the rounds. Wrong for nearly all.",
)
def rolls_the_rounds(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(chunks, s, axis=-3) for s in _shifts(n_before, n_after)], axis=-1)


@wrong(
    "look_adjacent",
    truth="Rolls the places within each chunk and no chunks. Wrong for nearly every input with n_before above 0.",
)
def rolls_the_places_of_a_chunk(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(chunks, s, axis=-1) for s in _shifts(n_before, n_after)], axis=-1)


@wrong(
    "look_adjacent",
    truth="np.roll without an axis rolls the flat array by single places, not chunks. Wrong where C is more than 1, and "
    "for batches.",
)
def rolls_single_places_of_the_flat_array(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(chunks, s) for s in _shifts(n_before, n_after)], axis=-1)


@wrong(
    "look_adjacent",
    truth="Rolls rounds and chunks together, so that every chunk sees the round before, not just the first. Right for "
    "one round.",
)
def rolls_rounds_and_chunks(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(chunks, (s, s), axis=(-3, -2)) for s in _shifts(n_before, n_after)], axis=-1)


@wrong(
    "look_adjacent",
    truth="Those behind are rolled in the same direction as those before. Wrong with n_after above 0.",
)
def those_behind_rolled_like_those_before(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    shifts = [*range(n_before, -1, -1), *range(1, n_after + 1)]
    return _windows([np.roll(ring, s, axis=-2) for s in shifts], chunks)


@wrong(
    "look_adjacent",
    truth="The chunks of a window keep an axis of their own, (..., R, n, k, C), and are not joined. Wrong shape for all.",
)
def window_not_joined(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    return np.stack([np.roll(ring, s, axis=-2) for s in _shifts(n_before, n_after)], axis=-2).reshape(
        *chunks.shape[:-1], n_before + 1 + n_after, chunks.shape[-1]
    )


@wrong(
    "look_adjacent",
    truth="Joins along the axis of the chunks: (..., R, k n, C). Wrong shape wherever the window has several chunks.",
)
def joins_along_the_chunks(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    return np.concatenate(
        [np.roll(ring, s, axis=-2).reshape(chunks.shape) for s in _shifts(n_before, n_after)], axis=-2
    )


@wrong(
    "look_adjacent",
    truth="Joins along the axis of the chunks and then reshapes to the right shape, so windows hold chunks that stand "
    "one behind the other in the stack. Wrong wherever the window has several chunks and the ring too.",
)
def joins_along_the_chunks_and_reshapes(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    parts = [np.roll(ring, s, axis=-2) for s in _shifts(n_before, n_after)]
    return np.concatenate(parts, axis=-2).reshape(*chunks.shape[:-1], -1)


@wrong(
    "look_adjacent",
    truth="Leaves all rounds in one row, (..., R n, W): the axis of the rounds is missing, for every input.",
)
def rounds_stay_joined(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(_ring(chunks), s, axis=-2) for s in _shifts(n_before, n_after)], axis=-1)


@wrong(
    "look_adjacent",
    truth="Stacks on a new last axis, so that the places of the chunks alternate in the window instead of one chunk "
    "standing behind the other. Wrong where C and the number of chunks in a window are more than 1.",
)
def places_of_the_chunks_alternate(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    stacked = np.stack([np.roll(ring, s, axis=-2) for s in _shifts(n_before, n_after)], axis=-1)
    return stacked.reshape(*chunks.shape[:-1], -1)


@wrong(
    "look_adjacent",
    truth="Looks at no more chunks than the ring has besides the own: with more steps the window is too narrow. Right "
    "where n_before and n_after are below R n.",
)
def no_more_than_the_ring_has(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    most = ring.shape[-2] - 1
    shifts = _shifts(min(n_before, most), min(n_after, most))
    return _windows([np.roll(ring, s, axis=-2) for s in shifts], chunks)


@wrong(
    "look_adjacent",
    truth="Lets negative numbers count from behind without a modulo: more than once round is an IndexError, where "
    "n_before is above R n. Right otherwise.",
)
def negative_numbers_without_modulo(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    total = ring.shape[-2]
    who = np.arange(total)[:, None] + np.arange(-n_before, n_after + 1)
    who[who >= 0] %= total
    return ring[..., who, :].reshape(*chunks.shape[:-1], -1)


@wrong(
    "look_adjacent",
    truth="Numbers before the first count from behind by themselves, but behind the last nothing wraps: an IndexError "
    "with n_after above 0 (and with n_before above R n).",
)
def behind_the_last_is_an_error(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    total = ring.shape[-2]
    rows = [[ring[..., i + s, :] for s in range(-n_before, n_after + 1)] for i in range(total)]
    return np.stack([np.concatenate(row, axis=-1) for row in rows], axis=-2).reshape(*chunks.shape[:-1], -1)


@wrong(
    "look_adjacent",
    truth="Takes the number in the ring modulo n, the chunks of one round, so that all windows come from round 0. Right "
    "for one round.",
)
def modulo_the_chunks_of_one_round(chunks, *, n_before=1, n_after=0):
    ring, n_chunks = _ring(chunks), chunks.shape[-2]
    who = (np.arange(ring.shape[-2])[:, None] + np.arange(-n_before, n_after + 1)) % n_chunks
    return ring[..., who, :].reshape(*chunks.shape[:-1], -1)


def _one_back_from_the_round_behind(chunks):
    moved = np.roll(chunks, 1, axis=-2)
    moved[..., 0, :] = np.roll(chunks[..., -1, :], -1, axis=-2)
    return moved


def _one_on_from_the_round_before(chunks):
    moved = np.roll(chunks, -1, axis=-2)
    moved[..., -1, :] = np.roll(chunks[..., 0, :], 1, axis=-2)
    return moved


@wrong(
    "look_adjacent",
    truth="Goes through the rounds the wrong way: before the first chunk of a round stands the last of the round "
    "*behind*. Wrong with three or more rounds.",
)
def rounds_the_wrong_way_round(chunks, *, n_before=1, n_after=0):
    before, after = [chunks], [chunks]
    for _ in range(n_before):
        before.append(_one_back_from_the_round_behind(before[-1]))
    for _ in range(n_after):
        after.append(_one_on_from_the_round_before(after[-1]))
    return np.concatenate([*before[::-1], *after[1:]], axis=-1)


@wrong(
    "look_adjacent",
    truth="A ring for each round, mended for the first chunk alone (and the last, for those behind): with two or more "
    "steps the second chunk still sees its own round. Right with n_before and n_after up to 1, and for one round.",
)
def mends_only_the_first_chunk(chunks, *, n_before=1, n_after=0):
    ring, parts = _ring(chunks), []
    for s in _shifts(n_before, n_after):
        right_one = np.roll(ring, s, axis=-2).reshape(chunks.shape)
        part = np.roll(chunks, s, axis=-2)
        end = 0 if s > 0 else -1
        part[..., end, :] = right_one[..., end, :]
        parts.append(part)
    return np.concatenate(parts, axis=-1)


@wrong("look_adjacent", truth="The right windows in floats, from np.zeros. Wrong dtype for every input.")
def windows_in_floats(chunks, *, n_before=1, n_after=0):
    ring, length = _ring(chunks), chunks.shape[-1]
    windows = np.zeros((*ring.shape[:-1], (n_before + 1 + n_after) * length))
    for i, s in enumerate(_shifts(n_before, n_after)):
        windows[..., i * length : (i + 1) * length] = np.roll(ring, s, axis=-2)
    return windows.reshape(*chunks.shape[:-1], -1)


@wrong(
    "look_adjacent",
    truth="Marks chunks that come a second time in a window, when the steps go round the ring, as -1. Right where the "
    "window has no more chunks than the ring.",
)
def empties_chunks_that_come_again(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    total = ring.shape[-2]
    parts = []
    for s in _shifts(n_before, n_after):
        part = np.roll(ring, s, axis=-2)
        parts.append(np.full_like(part, -1) if s and (s % total == 0 or abs(s) > total) else part)
    return _windows(parts, chunks)


@wrong("look_adjacent", truth="The own chunk is missing in the window: only those before and behind. Wrong for all.")
def own_chunk_missing(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    parts = [np.roll(ring, s, axis=-2) for s in _shifts(n_before, n_after) if s != 0]
    return _windows(parts, chunks) if parts else np.zeros((*chunks.shape[:-1], 0), dtype=chunks.dtype)


@wrong(
    "look_adjacent",
    truth="The range stops one too early, so the latest chunk is missing: with n_after 0 the own one. Wrong for all.",
)
def range_stops_before_the_latest(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    parts = [np.roll(ring, -s, axis=-2) for s in range(-n_before, n_after)]
    return _windows(parts, chunks)


@wrong(
    "look_adjacent",
    truth="range(1, n_before) leaves out the farthest chunk before. Wrong with n_before above 0.",
)
def farthest_before_is_missing(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    shifts = [*range(1, n_before)][::-1] + [0] + [-a for a in range(1, n_after + 1)]
    return _windows([np.roll(ring, s, axis=-2) for s in shifts], chunks)


@wrong("look_adjacent", truth="n_before and n_after are swapped. Wrong wherever they differ.")
def before_and_after_swapped(chunks, *, n_before=1, n_after=0):
    return _windows([np.roll(_ring(chunks), s, axis=-2) for s in _shifts(n_after, n_before)], chunks)


@wrong(
    "look_adjacent",
    truth="The ring goes through chunk 0 of all rounds, then chunk 1 of all, and so on. Wrong for several rounds of "
    "several chunks.",
)
def ring_through_the_rounds_first(chunks, *, n_before=1, n_after=0):
    turned = chunks.swapaxes(-3, -2)
    ring = turned.reshape(*turned.shape[:-3], -1, turned.shape[-1])
    windows = np.concatenate([np.roll(ring, s, axis=-2) for s in _shifts(n_before, n_after)], axis=-1)
    return windows.reshape(*turned.shape[:-1], -1).swapaxes(-3, -2)


@wrong(
    "look_adjacent",
    truth="Turns the array it was given, step by step, and does not turn it back: the caller's chunks change, unless "
    "n_after is a multiple of the ring (such as 0). The windows are right.",
)
def turns_the_callers_chunks(chunks, *, n_before=1, n_after=0):
    ring, parts = np.roll(_ring(chunks), n_before, axis=-2), []
    for _ in range(n_before + 1 + n_after):
        chunks[...] = ring.reshape(chunks.shape)
        parts.append(ring)
        ring = np.roll(ring, -1, axis=-2)
    return _windows(parts, chunks)


@wrong(
    "look_adjacent",
    truth="The first windows hold fewer chunks and are filled up with -1 at their end; nothing goes round. Wrong for the "
    "first and last windows with n_before or n_after above 0.",
)
def short_windows_filled_at_the_end(chunks, *, n_before=1, n_after=0):
    ring, length = _ring(chunks), chunks.shape[-1]
    total = ring.shape[-2]
    windows = np.full((*ring.shape[:-1], (n_before + 1 + n_after) * length), -1)
    for i in range(total):
        seen = ring[..., max(i - n_before, 0) : i + n_after + 1, :]
        flat = seen.reshape(*seen.shape[:-2], -1)
        windows[..., i, : flat.shape[-1]] = flat
    return windows.reshape(*chunks.shape[:-1], -1)


@wrong(
    "look_adjacent",
    truth="Puts `ring[-n_before:]` in front: with n_before 0 that is the whole ring, not nothing, and there are too many "
    "windows, an error. So with more steps than the ring has chunks, where there are too few. Right otherwise.",
)
def minus_zero_is_the_whole_ring(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    length, width = chunks.shape[-1], (n_before + 1 + n_after) * chunks.shape[-1]
    row = np.concatenate([ring[..., -n_before:, :], ring, ring[..., :n_after, :]], axis=-2)
    places = row.reshape(*row.shape[:-2], -1)
    windows = np.lib.stride_tricks.sliding_window_view(places, width, axis=-1)[..., ::length, :]
    return windows.reshape(*chunks.shape[:-1], width)


@wrong(
    "look_adjacent",
    truth="Looks at a single chunk before, the one n_before away, and leaves out those between (behind likewise). Wrong "
    "with n_before or n_after of 2 or more, and with n_before 0.",
)
def only_the_farthest(chunks, *, n_before=1, n_after=0):
    ring = _ring(chunks)
    parts = [np.roll(ring, n_before, axis=-2), ring]
    if n_after:
        parts.append(np.roll(ring, -n_after, axis=-2))
    return _windows(parts, chunks)


@wrong(
    "look_adjacent",
    truth="Own chunk first, and a ring for each round: two slips. Wrong wherever n_before is above 0.",
)
def own_first_and_a_ring_for_each_round(chunks, *, n_before=1, n_after=0):
    shifts = [0, *range(1, n_before + 1), *range(-1, -n_after - 1, -1)]
    return np.concatenate([np.roll(chunks, s, axis=-2) for s in shifts], axis=-1)


# 5 · share_of_pairs_lost


def _chunk_of(buckets, chunk_length):
    return chunking.undo_sort(chunking.sort_by_bucket(buckets)) // chunk_length


def _same(buckets):
    return buckets[..., :, np.newaxis] == buckets[..., np.newaxis, :]


def _apart(numbers):
    return np.abs(numbers[..., :, np.newaxis] - numbers[..., np.newaxis, :])


@right("share_of_pairs_lost")
def tables_of_who_and_whom(buckets, chunk_length, *, n_before=1):
    same, apart = _same(buckets), _apart(_chunk_of(buckets, chunk_length))
    n_pairs = same.sum(axis=(-2, -1)) - buckets.shape[-1]
    return (same & (apart > n_before)).sum(axis=(-2, -1)) / np.maximum(n_pairs, 1)


@right("share_of_pairs_lost")
def counts_chunks_of_each_bucket(buckets, chunk_length, *, n_before=1):
    def one(row):
        place_bucket = np.sort(row)
        n_pairs = n_lost = 0
        for bucket in np.unique(row):
            chunk = np.flatnonzero(place_bucket == bucket) // chunk_length
            sizes = np.bincount(chunk)
            n_pairs += len(chunk) * (len(chunk) - 1) // 2
            n_lost += sum(sizes[i] * sizes[i + n_before + 1 :].sum() for i in range(len(sizes)))
        return n_lost / n_pairs if n_pairs else 0.0

    return np.apply_along_axis(one, -1, buckets)


@right("share_of_pairs_lost")
def upper_triangle(buckets, chunk_length, *, n_before=1):
    order = np.argsort(buckets, axis=-1)
    ranked = np.take_along_axis(buckets, order, axis=-1)
    i, j = np.triu_indices(buckets.shape[-1], k=1)
    pair = ranked[..., i] == ranked[..., j]
    lost = pair & (j // chunk_length - i // chunk_length > n_before)
    n_pairs = pair.sum(axis=-1)
    return np.where(n_pairs > 0, lost.sum(axis=-1) / np.where(n_pairs > 0, n_pairs, 1), 0.0)


@right("share_of_pairs_lost")
def combinations_of_each_row(buckets, chunk_length, *, n_before=1):
    rows = buckets.reshape(-1, buckets.shape[-1])
    shares = []
    for row, chunk in zip(rows.tolist(), _chunk_of(rows, chunk_length).tolist(), strict=True):
        pairs = [abs(chunk[i] - chunk[j]) for i, j in combinations(range(len(row)), 2) if row[i] == row[j]]
        shares.append(float(Fraction(sum(d > n_before for d in pairs), len(pairs))) if pairs else 0.0)
    return np.array(shares).reshape(buckets.shape[:-1])


def _share(lost, pairs):
    """Of tables (..., L, L), without the diagonal, the share of pairs in `lost`."""
    return lost.sum(axis=(-2, -1)) / np.maximum(pairs.sum(axis=(-2, -1)), 1)


def _pairs(buckets):
    return _same(buckets) & ~np.eye(buckets.shape[-1], dtype=bool)


@wrong(
    "share_of_pairs_lost",
    truth="Counts as lost from n_before apart on (>=). Wrong wherever pairs are exactly n_before chunks apart.",
)
def lost_from_the_look_back_on(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(_chunk_of(buckets, chunk_length)) >= n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Counts as lost only from n_before + 2 apart on (> n_before + 1). Wrong wherever pairs are n_before + 1 apart.",
)
def sees_one_chunk_too_far(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before + 1), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="The diagonal is counted as pairs, each position with itself. The share is too low wherever a pair is lost.",
)
def each_with_itself_is_a_pair(buckets, chunk_length, *, n_before=1):
    same = _same(buckets)
    return _share(same & (_apart(_chunk_of(buckets, chunk_length)) > n_before), same)


@wrong(
    "share_of_pairs_lost",
    truth="Lost pairs are counted in one direction (signed difference), all pairs in both. Half of the right share, "
    "wherever a pair is lost.",
)
def lost_in_one_direction_only(buckets, chunk_length, *, n_before=1):
    chunk, pairs = _chunk_of(buckets, chunk_length), _pairs(buckets)
    difference = chunk[..., :, np.newaxis] - chunk[..., np.newaxis, :]
    return _share(pairs & (difference > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Lost pairs are counted twice, in the full table, all pairs once. Double the right share, up to 2.",
)
def lost_pairs_counted_twice(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return 2 * _share(pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Takes m (m + 1) / 2 for the pairs of a bucket. Too low wherever a pair is lost.",
)
def pairs_with_m_plus_one(buckets, chunk_length, *, n_before=1):
    lost = _pairs(buckets) & (_apart(_chunk_of(buckets, chunk_length)) > n_before)
    n_lost = lost.sum(axis=(-2, -1)) / 2
    n_pairs = (_same(buckets).sum(axis=(-2, -1)) + buckets.shape[-1]) / 2
    return n_lost / n_pairs


def _by_bucket(row, chunk_length, n_before):
    """For each bucket of a row: its lost pairs and its pairs."""
    chunk = _chunk_of(row, chunk_length)
    for bucket in np.unique(row):
        mine = chunk[row == bucket]
        yield (_apart(mine) > n_before).sum() / 2, len(mine) * (len(mine) - 1) / 2


@wrong(
    "share_of_pairs_lost",
    truth="The mean of the buckets' shares, over buckets that have a pair, instead of all pairs together. Wrong where "
    "buckets of different size lose different shares.",
)
def mean_of_the_shares_of_buckets(buckets, chunk_length, *, n_before=1):
    def one(row):
        shares = [lost / pairs for lost, pairs in _by_bucket(row, chunk_length, n_before) if pairs]
        return np.mean(shares) if shares else 0.0

    return np.apply_along_axis(one, -1, buckets)


@wrong(
    "share_of_pairs_lost",
    truth="The mean of the buckets' shares over all buckets, those of one token counted as 0. Wrong for most rows with "
    "more than one bucket that lose a pair.",
)
def mean_over_buckets_single_ones_too(buckets, chunk_length, *, n_before=1):
    def one(row):
        return np.mean([lost / max(pairs, 1) for lost, pairs in _by_bucket(row, chunk_length, n_before)])

    return np.apply_along_axis(one, -1, buckets)


@wrong(
    "share_of_pairs_lost",
    truth="The chunks stand on a ring, so that the last is near the first. Wrong where a bucket reaches over so many "
    "chunks that the way round is shorter.",
)
def distance_on_a_ring(buckets, chunk_length, *, n_before=1):
    pairs, apart = _pairs(buckets), _apart(_chunk_of(buckets, chunk_length))
    n_chunks = -(-buckets.shape[-1] // chunk_length)
    return _share(pairs & (np.minimum(apart, n_chunks - apart) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Cuts the sequence and not the sorted row: the chunk is position // C. Wrong wherever sorting matters.",
)
def forgets_to_sort(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(np.arange(buckets.shape[-1]) // chunk_length) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Divides the order instead of the places: order[i] // C is taken for the chunk of position i. Wrong wherever "
    "the order is not its own inverse, with few exceptions.",
)
def order_taken_for_the_places(buckets, chunk_length, *, n_before=1):
    pairs, chunk = _pairs(buckets), chunking.sort_by_bucket(buckets) // chunk_length
    return _share(pairs & (_apart(chunk) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="The chunks are those of places 0 .. L - 1, but compared with the buckets in the order of the sequence. Same "
    "chunks as unsorted cutting, and the diagonal counts as pairs: two slips.",
)
def unsorted_and_with_the_diagonal(buckets, chunk_length, *, n_before=1):
    same = _same(buckets)
    return _share(same & (_apart(np.arange(buckets.shape[-1]) // chunk_length) > n_before), same)


@wrong("share_of_pairs_lost", truth="Where no two share a bucket it is 0 / 0, NaN. Right otherwise.")
def nan_without_pairs(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    lost = pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before)
    with np.errstate(all="ignore"):
        return lost.sum(axis=(-2, -1)) / pairs.sum(axis=(-2, -1))


@wrong("share_of_pairs_lost", truth="Where no two share a bucket the share is 1, not 0: 1 - kept / pairs. Right else.")
def one_without_pairs(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return 1 - _share(pairs & (_apart(_chunk_of(buckets, chunk_length)) <= n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="`if n_pairs == 0` on an array: an error for every batch of more than one row. Right for a single row.",
)
def if_over_an_array(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    n_pairs = pairs.sum(axis=(-2, -1))
    if n_pairs == 0:
        return 0.0
    return (pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before)).sum(axis=(-2, -1)) / n_pairs


@wrong(
    "share_of_pairs_lost",
    truth="One number for the whole batch, all pairs of all rows together. Right for a single row.",
)
def one_share_for_the_whole_batch(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    lost = pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before)
    return lost.sum() / max(pairs.sum(), 1)


@wrong(
    "share_of_pairs_lost", truth="The mean over the rows of a batch instead of a number for each. Right for one row."
)
def mean_over_the_rows(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return np.mean(_share(pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before), pairs))


@wrong("share_of_pairs_lost", truth="The share of pairs kept, not lost. Wrong unless it is exactly a half.")
def share_kept(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(_chunk_of(buckets, chunk_length)) <= n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Divides by all L (L - 1) / 2 pairs of positions, whether they share a bucket or not. Too low wherever there "
    "is more than one bucket and a pair is lost.",
)
def share_of_all_pairs_of_positions(buckets, chunk_length, *, n_before=1):
    n = buckets.shape[-1]
    lost = _pairs(buckets) & (_apart(_chunk_of(buckets, chunk_length)) > n_before)
    return lost.sum(axis=(-2, -1)) / max(n * (n - 1), 1)


@wrong(
    "share_of_pairs_lost", truth="np.mean over the table of lost pairs: divides by L * L. Too low where any is lost."
)
def mean_of_the_table(buckets, chunk_length, *, n_before=1):
    lost = _same(buckets) & (_apart(_chunk_of(buckets, chunk_length)) > n_before)
    return np.mean(lost, axis=(-2, -1))


@wrong("share_of_pairs_lost", truth="Divides the lost pairs by the number of tokens L. Wrong wherever a pair is lost.")
def lost_pairs_per_token(buckets, chunk_length, *, n_before=1):
    lost = _pairs(buckets) & (_apart(_chunk_of(buckets, chunk_length)) > n_before)
    return lost.sum(axis=(-2, -1)) / 2 / buckets.shape[-1]


@wrong(
    "share_of_pairs_lost",
    truth="Lost pairs divided by kept pairs, odds instead of a share. Wrong wherever a pair is lost.",
)
def lost_to_kept(buckets, chunk_length, *, n_before=1):
    pairs, far = _pairs(buckets), _apart(_chunk_of(buckets, chunk_length)) > n_before
    return _share(pairs & far, pairs & ~far)


@wrong(
    "share_of_pairs_lost",
    truth="Only neighbours in the sorted row are taken for pairs, m - 1 in a bucket: nothing is lost unless n_before is "
    "0. Wrong for most rows.",
)
def only_neighbours_are_pairs(buckets, chunk_length, *, n_before=1):
    ranked = np.sort(buckets, axis=-1)
    chunk = np.arange(buckets.shape[-1]) // chunk_length
    pair = ranked[..., 1:] == ranked[..., :-1]
    lost = pair & (np.diff(chunk) > n_before)
    return lost.sum(axis=-1) / np.maximum(pair.sum(axis=-1), 1)


@wrong("share_of_pairs_lost", truth="n_before is not used: always one chunk back. Right with the default.")
def always_one_chunk_back(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(_chunk_of(buckets, chunk_length)) > 1), pairs)


@wrong("share_of_pairs_lost", truth="`n_before or 1` turns a look-back of 0 into 1. Right with 1 or more.")
def zero_back_becomes_one(buckets, chunk_length, *, n_before=1):
    n_before = n_before or 1
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Compares places instead of chunks: lost if more than n_before C places apart. Wrong wherever pairs farther "
    "apart still lie in near chunks.",
)
def distance_in_places(buckets, chunk_length, *, n_before=1):
    place, pairs = chunking.undo_sort(chunking.sort_by_bucket(buckets)), _pairs(buckets)
    return _share(pairs & (_apart(place) > n_before * chunk_length), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Compares places with the length of a window: lost from (n_before + 1) C places apart on. Too low wherever "
    "pairs nearer than that lie in chunks too far apart.",
)
def distance_in_places_of_a_window(buckets, chunk_length, *, n_before=1):
    place, pairs = chunking.undo_sort(chunking.sort_by_bucket(buckets)), _pairs(buckets)
    return _share(pairs & (_apart(place) >= (n_before + 1) * chunk_length), pairs)


@wrong(
    "share_of_pairs_lost", truth="The share of tokens that lose a partner, not of pairs. Wrong for most rows that lose."
)
def share_of_tokens_that_lose(buckets, chunk_length, *, n_before=1):
    lost = _pairs(buckets) & (_apart(_chunk_of(buckets, chunk_length)) > n_before)
    return lost.any(axis=-1).mean(axis=-1)


@wrong(
    "share_of_pairs_lost",
    truth="All pairs of a bucket count as lost if its first and last chunk are too far apart. Too high where such a "
    "bucket keeps pairs.",
)
def whole_bucket_lost(buckets, chunk_length, *, n_before=1):
    def one(row):
        found = list(_by_bucket(row, chunk_length, n_before))
        n_pairs = sum(pairs for _, pairs in found)
        return sum(pairs for lost, pairs in found if lost) / n_pairs if n_pairs else 0.0

    return np.apply_along_axis(one, -1, buckets)


@wrong(
    "share_of_pairs_lost",
    truth="Compares each token of a bucket with the bucket's first only, and takes these m - 1 for all pairs. Wrong for "
    "most rows that lose a pair.",
)
def pairs_with_the_first_only(buckets, chunk_length, *, n_before=1):
    def one(row):
        chunk, n_pairs, n_lost = _chunk_of(row, chunk_length), 0, 0
        for bucket in np.unique(row):
            mine = chunk[row == bucket]
            n_pairs += len(mine) - 1
            n_lost += np.sum(mine - mine[0] > n_before)
        return n_lost / n_pairs if n_pairs else 0.0

    return np.apply_along_axis(one, -1, buckets)


@wrong("share_of_pairs_lost", truth="In percent: 100 times the share. Wrong wherever a pair is lost.")
def share_in_percent(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return 100 * _share(pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="keepdims leaves two axes of length 1: (..., 1, 1) instead of (...). The numbers are right, the shape is wrong.",
)
def keeps_the_axes(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    lost = pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before)
    return lost.sum(axis=(-2, -1), keepdims=True) / np.maximum(pairs.sum(axis=(-2, -1), keepdims=True), 1)


@wrong("share_of_pairs_lost", truth="Rounds to two decimals. Wrong where the share has more.")
def rounds_the_share(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    return np.round(_share(pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before), pairs), 2)


@wrong(
    "share_of_pairs_lost",
    truth="Whole-number division: every share below 1 becomes 0. Wrong where some pairs are lost and some kept, and "
    "the dtype is an integer everywhere.",
)
def divides_whole_numbers(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    lost = pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before)
    return lost.sum(axis=(-2, -1)) // np.maximum(pairs.sum(axis=(-2, -1)), 1)


@wrong(
    "share_of_pairs_lost",
    truth="Sorts with the highest bucket first, so the borders of the chunks cut the buckets elsewhere. Wrong for many "
    "rows of several buckets.",
)
def sorts_the_highest_bucket_first(buckets, chunk_length, *, n_before=1):
    order = np.argsort(-buckets.astype(int), axis=-1, kind="stable")
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(np.argsort(order, axis=-1) // chunk_length) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="The tables are made with [:, None] and [None, :], which in a batch compares rows with rows. Right for a "
    "single row only.",
)
def tables_without_the_batch(buckets, chunk_length, *, n_before=1):
    chunk = _chunk_of(buckets, chunk_length)
    same = buckets[:, None] == buckets[None, :]
    far = np.abs(chunk[:, None] - chunk[None, :]) > n_before
    return (same & far).sum(axis=(-2, -1)) / np.maximum(same.sum(axis=(-2, -1)) - buckets.shape[-1], 1)


@wrong(
    "share_of_pairs_lost",
    truth="Makes the chunks as even as it can instead of filling all but the last. Wrong where C does not divide L and "
    "the borders then cut elsewhere.",
)
def chunks_of_even_size(buckets, chunk_length, *, n_before=1):
    n = buckets.shape[-1]
    n_chunks = -(-n // chunk_length)
    pieces = np.array_split(np.arange(n), n_chunks)
    number = np.repeat(np.arange(n_chunks), [len(piece) for piece in pieces])
    chunk = number[chunking.undo_sort(chunking.sort_by_bucket(buckets))]
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(chunk) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Cuts each bucket by itself, beginning a new chunk with every bucket. Wrong wherever a bucket does not begin "
    "at the border of a chunk and that makes a difference.",
)
def cuts_each_bucket_by_itself(buckets, chunk_length, *, n_before=1):
    pairs = _pairs(buckets)
    place_in_bucket = np.tril(pairs).sum(axis=-1)
    return _share(pairs & (_apart(place_in_bucket // chunk_length) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Keeps the chunk numbers in the dtype of the buckets: with unsigned ones a negative difference wraps round to a "
    "big one, and near pairs count as lost. Wrong for uint8 buckets; right for signed ones.",
)
def chunk_numbers_unsigned(buckets, chunk_length, *, n_before=1):
    chunk = _chunk_of(buckets, chunk_length).astype(buckets.dtype)
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(chunk) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Keeps pairs of the same chunk and of chunks exactly n_before apart, and forgets those between. Wrong with "
    "n_before of 2 or more.",
)
def sees_only_the_farthest_chunk(buckets, chunk_length, *, n_before=1):
    pairs, apart = _pairs(buckets), _apart(_chunk_of(buckets, chunk_length))
    return _share(pairs & ~((apart == 0) | (apart == n_before)), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Counts as lost every two positions too far apart, of one bucket or not. Too high wherever there are several "
    "buckets and more than n_before + 1 chunks.",
)
def lost_without_regard_to_the_bucket(buckets, chunk_length, *, n_before=1):
    far = _apart(_chunk_of(buckets, chunk_length)) > n_before
    return _share(far, _pairs(buckets))


@wrong(
    "share_of_pairs_lost",
    truth="Leaves out the highest bucket (range(max)). Wrong wherever that has a pair.",
)
def without_the_highest_bucket(buckets, chunk_length, *, n_before=1):
    top = buckets.max(axis=-1)[..., np.newaxis, np.newaxis]
    pairs = _pairs(buckets) & (buckets[..., np.newaxis] < top)
    return _share(pairs & (_apart(_chunk_of(buckets, chunk_length)) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Right share, but sorts the given buckets in place: the caller's array is changed wherever it was not sorted.",
)
def sorts_the_callers_buckets(buckets, chunk_length, *, n_before=1):
    buckets.sort(axis=-1)
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(np.arange(buckets.shape[-1]) // chunk_length) > n_before), pairs)


@wrong(
    "share_of_pairs_lost",
    truth="Undoes the order along the first axis. Right for a single row, wrong or of the wrong rows for batches.",
)
def undoes_along_the_first_axis(buckets, chunk_length, *, n_before=1):
    order = np.argsort(buckets, axis=-1, kind="stable")
    pairs = _pairs(buckets)
    return _share(pairs & (_apart(np.argsort(order, axis=0) // chunk_length) > n_before), pairs)


# 6 · cheapest_chunks


def _loss(buckets, chunk_length, n_before):
    return np.mean(chunking.share_of_pairs_lost(buckets, chunk_length, n_before=n_before))


@right("cheapest_chunks")
def smallest_of_tuples(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [
        (C * (b + 1), C, b)
        for C, b in product(chunk_lengths, look_backs)
        if np.mean(chunking.share_of_pairs_lost(buckets, C, n_before=b)) <= allowed_loss
    ]
    best = min(found, default=None)
    return best and best[1:]


@right("cheapest_chunks")
def cheapest_first_until_one_is_good(buckets, allowed_loss, chunk_lengths, look_backs):
    choices = sorted(product(chunk_lengths, look_backs), key=lambda choice: (choice[0] * (choice[1] + 1), choice[0]))
    return next((choice for choice in choices if _loss(buckets, *choice) <= allowed_loss), None)


@right("cheapest_chunks")
def loops_and_keeps_the_best(buckets, allowed_loss, chunk_lengths, look_backs):
    best = None
    best_cost = float("inf")
    for C in sorted(chunk_lengths):
        for b in sorted(look_backs):
            cost = C * (b + 1)
            if cost < best_cost and _loss(np.atleast_2d(buckets), C, b) <= allowed_loss:
                best, best_cost = (C, b), cost
    return best


@right("cheapest_chunks")
def table_of_losses(buckets, allowed_loss, chunk_lengths, look_backs):
    lengths, backs = np.unique(chunk_lengths), np.unique(look_backs)
    loss = np.array([[_loss(buckets, int(C), int(b)) for b in backs] for C in lengths])
    cost = np.where(loss <= allowed_loss, lengths[:, None] * (backs + 1), np.iinfo(np.int64).max)
    i, j = np.unravel_index(np.argmin(cost), cost.shape)
    return (int(lengths[i]), int(backs[j])) if loss[i, j] <= allowed_loss else None


def _choose(buckets, allowed_loss, chunk_lengths, look_backs, *, key=lambda C, b: (C * (b + 1), C), loss=_loss):
    """The pair of the smallest key of those that lose at most what is allowed."""
    found = [(C, b) for C, b in product(chunk_lengths, look_backs) if loss(buckets, C, b) <= allowed_loss]
    return min(found, key=lambda choice: key(*choice), default=None)


@wrong(
    "cheapest_chunks",
    truth="Asks for less than the allowed loss, not at most. Wrong where a loss is exactly what is allowed, such as 0.",
)
def less_than_allowed(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [(C * (b + 1), C, b) for C, b in product(chunk_lengths, look_backs) if _loss(buckets, C, b) < allowed_loss]
    return min(found)[1:] if found else None


@wrong(
    "cheapest_chunks",
    truth="Takes C * b for the cost: the own chunk is forgotten, and a look-back of 0 costs nothing. Wrong where that "
    "changes the cheapest.",
)
def cost_without_the_own_chunk(*args):
    return _choose(*args, key=lambda C, b: (C * b, C))


@wrong(
    "cheapest_chunks",
    truth="Takes C * b for the cost, but C for a look-back of 0: looking one back costs the same as not looking back. "
    "Wrong where that changes the cheapest.",
)
def cost_of_one_back_like_none(*args):
    return _choose(*args, key=lambda C, b: (C * max(b, 1), C))


@wrong("cheapest_chunks", truth="Takes C + b for the cost. Wrong where that changes the order of the costs.")
def cost_is_a_sum(*args):
    return _choose(*args, key=lambda C, b: (C + b, C))


@wrong(
    "cheapest_chunks",
    truth="Takes the window both ways, C (2 b + 1), for the cost. Wrong where that changes the order of the costs.",
)
def cost_of_a_window_both_ways(*args):
    return _choose(*args, key=lambda C, b: (C * (2 * b + 1), C))


@wrong(
    "cheapest_chunks",
    truth="Takes C * C (b + 1), the products of a whole chunk, for the cost. Too hard on long chunks; wrong where that "
    "changes the cheapest.",
)
def cost_of_a_whole_chunk(*args):
    return _choose(*args, key=lambda C, b: (C * C * (b + 1), C))


@wrong(
    "cheapest_chunks",
    truth="Takes the places of all windows together, n C (b + 1) with n chunks, for the cost: nearly L (b + 1), whatever "
    "C. Wrong for most choices with several look-backs.",
)
def cost_of_all_chunks_once(buckets, allowed_loss, chunk_lengths, look_backs):
    n = buckets.shape[-1]
    return _choose(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (-(-n // C) * C * (b + 1), C))


@wrong(
    "cheapest_chunks",
    truth="A C above L is counted as L in the cost, since the other places are empty. Wrong where a C above "
    "L then looks as cheap as or cheaper than what is cheapest.",
)
def long_chunks_cost_only_the_row(buckets, allowed_loss, chunk_lengths, look_backs):
    n = buckets.shape[-1]
    return _choose(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (min(C, n) * (b + 1), C))


@wrong(
    "cheapest_chunks",
    truth="The window is counted as no longer than L: wide windows all cost the same. Wrong where C (b + 1) is above L "
    "and another pair is cheaper.",
)
def windows_cost_only_the_row(buckets, allowed_loss, chunk_lengths, look_backs):
    n = buckets.shape[-1]
    return _choose(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (min(C * (b + 1), n), C))


@wrong("cheapest_chunks", truth="Of equal cost takes the larger C. Wrong where two good pairs cost the same.")
def larger_chunk_among_equals(*args):
    return _choose(*args, key=lambda C, b: (C * (b + 1), -C))


@wrong(
    "cheapest_chunks",
    truth="Of equal cost takes what comes first in the lists. Wrong where the larger C comes first and costs the same.",
)
def first_in_the_list_among_equals(*args):
    return _choose(*args, key=lambda C, b: C * (b + 1))


@wrong(
    "cheapest_chunks",
    truth="Of equal cost takes what comes last in the lists (<=). Wrong where the larger C comes last and costs the "
    "same, as in lists that rise.",
)
def last_in_the_list_among_equals(buckets, allowed_loss, chunk_lengths, look_backs):
    best, best_cost = None, float("inf")
    for C in chunk_lengths:
        for b in look_backs:
            if _loss(buckets, C, b) <= allowed_loss and C * (b + 1) <= best_cost:
                best, best_cost = (C, b), C * (b + 1)
    return best


@wrong(
    "cheapest_chunks",
    truth="Of equal cost takes the one that loses less, not the one of smaller C. Wrong where the larger C loses less, "
    "which happens if a bucket just fits its borders: buckets 0 0 0 1 1 1 1 1 1, (2, 2) and (3, 1), 0.1 allowed.",
)
def smaller_loss_among_equals(buckets, allowed_loss, chunk_lengths, look_backs):
    return _choose(
        buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (C * (b + 1), _loss(buckets, C, b), C)
    )


@wrong("cheapest_chunks", truth="Returns (b, C) instead of (C, b). Wrong wherever there is a result and C is not b.")
def look_back_first(*args):
    best = _choose(*args)
    return best and best[::-1]


@wrong("cheapest_chunks", truth="Returns (cost, C, b) and not just the pair. Wrong wherever there is a result.")
def returns_the_cost_too(*args):
    best = _choose(*args)
    return best and (best[0] * (best[1] + 1), *best)


@wrong("cheapest_chunks", truth="Returns the lowest cost instead of the pair. Wrong wherever there is a result.")
def returns_the_cost_only(*args):
    best = _choose(*args)
    return best and best[0] * (best[1] + 1)


@wrong("cheapest_chunks", truth="Returns the indices into the lists, not what stands there. Wrong for most results.")
def returns_indices(buckets, allowed_loss, chunk_lengths, look_backs):
    best = _choose(buckets, allowed_loss, chunk_lengths, look_backs)
    return best and (list(chunk_lengths).index(best[0]), list(look_backs).index(best[1]))


@wrong("cheapest_chunks", truth="min of an empty list: a ValueError where every pair loses more. Right otherwise.")
def error_where_none_is_good(buckets, allowed_loss, chunk_lengths, look_backs):
    return min((C * (b + 1), C, b) for C in chunk_lengths for b in look_backs if _loss(buckets, C, b) <= allowed_loss)[
        1:
    ]


@wrong("cheapest_chunks", truth="Returns (None, None) instead of None where every pair loses more. Right otherwise.")
def pair_of_nones(*args):
    return _choose(*args) or (None, None)


@wrong(
    "cheapest_chunks",
    truth="Where every pair loses more, returns the one that loses least instead of None. Right otherwise.",
)
def least_loss_where_none_is_good(buckets, allowed_loss, chunk_lengths, look_backs):
    best = _choose(buckets, allowed_loss, chunk_lengths, look_backs)
    return best or min(product(chunk_lengths, look_backs), key=lambda choice: (_loss(buckets, *choice), choice))


@wrong(
    "cheapest_chunks",
    truth="Of the good pairs takes the one of least loss, not of lowest cost. Wrong where a dearer pair loses less.",
)
def least_loss_of_all(buckets, allowed_loss, chunk_lengths, look_backs):
    return _choose(
        buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (_loss(buckets, C, b), C * (b + 1), C)
    )


@wrong(
    "cheapest_chunks",
    truth="Takes the good pair whose loss comes nearest to what is allowed, not the cheapest. Wrong where a cheaper "
    "pair loses less.",
)
def loss_nearest_to_the_allowed(buckets, allowed_loss, chunk_lengths, look_backs):
    return _choose(
        buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (-_loss(buckets, C, b), C * (b + 1), C)
    )


@wrong("cheapest_chunks", truth="Takes the dearest of the good pairs. Wrong wherever good pairs differ in cost.")
def dearest_of_the_good(*args):
    return _choose(*args, key=lambda C, b: (-C * (b + 1), C))


@wrong(
    "cheapest_chunks",
    truth="Asks that each round loses at most what is allowed, instead of the mean. Wrong where rounds lie on both sides.",
)
def every_round_must_be_good(*args):
    return _choose(*args, loss=lambda x, C, b: np.max(chunking.share_of_pairs_lost(x, C, n_before=b)))


@wrong(
    "cheapest_chunks",
    truth="Is content if any one round loses at most what is allowed. Wrong where rounds lie on both sides.",
)
def one_good_round_is_enough(*args):
    return _choose(*args, loss=lambda x, C, b: np.min(chunking.share_of_pairs_lost(x, C, n_before=b)))


@wrong("cheapest_chunks", truth="Takes the sum over the rounds, not the mean: too strict with two rounds or more.")
def sum_over_the_rounds(*args):
    return _choose(*args, loss=lambda x, C, b: np.sum(chunking.share_of_pairs_lost(x, C, n_before=b)))


@wrong(
    "cheapest_chunks", truth="Takes the median of the rounds, not the mean. Wrong with three rounds or more at times."
)
def median_of_the_rounds(*args):
    return _choose(*args, loss=lambda x, C, b: np.median(chunking.share_of_pairs_lost(x, C, n_before=b)))


@wrong("cheapest_chunks", truth="Looks at the first round only. Wrong where the other rounds lose more or less.")
def first_round_only(*args):
    return _choose(*args, loss=lambda x, C, b: chunking.share_of_pairs_lost(np.atleast_2d(x)[0], C, n_before=b))


def _pooled(buckets, C, b):
    pairs = _pairs(np.atleast_2d(buckets))
    n_pairs = pairs.sum(axis=(-2, -1))
    share = chunking.share_of_pairs_lost(np.atleast_2d(buckets), C, n_before=b)
    return np.sum(share * n_pairs) / max(np.sum(n_pairs), 1)


@wrong(
    "cheapest_chunks",
    truth="Counts the pairs of all rounds together, so that rounds with more pairs weigh more, instead of the mean of "
    "the shares. Wrong where rounds with different numbers of pairs lose different shares.",
)
def pairs_of_all_rounds_together(*args):
    return _choose(*args, loss=_pooled)


@wrong(
    "cheapest_chunks",
    truth="Flattens the rounds to one long sequence, where equal buckets of different rounds make pairs. Right for one "
    "round.",
)
def rounds_as_one_sequence(*args):
    return _choose(*args, loss=lambda x, C, b: chunking.share_of_pairs_lost(x.ravel(), C, n_before=b))


@wrong(
    "cheapest_chunks",
    truth="The comparison of an array of several losses with a number has no truth value: an error with two or more "
    "rounds. Right for one.",
)
def losses_of_rounds_not_averaged(buckets, allowed_loss, chunk_lengths, look_backs):
    best = None
    for C in sorted(chunk_lengths):
        for b in sorted(look_backs):
            if chunking.share_of_pairs_lost(buckets, C, n_before=b) <= allowed_loss:
                if best is None or C * (b + 1) < best[0] * (best[1] + 1):
                    best = (C, b)
    return best


@wrong(
    "cheapest_chunks",
    truth="Goes over the rounds with a loop that needs two axes: a single sequence (L) is an error. Right for (R, L).",
)
def needs_an_axis_of_rounds(*args):
    def loss(buckets, C, b):
        n_rounds, _ = buckets.shape
        return sum(chunking.share_of_pairs_lost(buckets[r], C, n_before=b) for r in range(n_rounds)) / n_rounds

    return _choose(*args, loss=loss)


@wrong(
    "cheapest_chunks",
    truth="Does not hand the look-back on, so every loss is that of one chunk back. Wrong where look-backs other than 1 "
    "are in the list.",
)
def loss_always_one_back(*args):
    return _choose(*args, loss=lambda x, C, b: np.mean(chunking.share_of_pairs_lost(x, C)))


@wrong(
    "cheapest_chunks",
    truth="Hands on b + 1 for the look-back: the loss is that of one chunk more. Too lenient.",
)
def loss_of_one_chunk_more(*args):
    return _choose(*args, loss=lambda x, C, b: _loss(x, C, b + 1))


@wrong(
    "cheapest_chunks",
    truth="Takes b for the chunks of a window with the own one: look-back b - 1 and cost C * b. Too strict, and b = 0 "
    "becomes -1, which the course's function may refuse with an error. Two slips that agree.",
)
def look_back_counts_the_own_chunk(*args):
    return _choose(*args, key=lambda C, b: (C * b, C), loss=lambda x, C, b: _loss(x, C, b - 1))


@wrong(
    "cheapest_chunks",
    truth="Compares the share kept with what may be lost. Wrong for nearly every input.",
)
def share_kept_at_most_allowed(*args):
    return _choose(*args, loss=lambda x, C, b: 1 - _loss(x, C, b))


@wrong(
    "cheapest_chunks",
    truth="Takes the allowed loss for percent: a loss of 0.2 is compared as 20. Too strict wherever a loss between "
    "allowed / 100 and allowed would be chosen.",
)
def allowed_loss_in_percent(*args):
    return _choose(*args, loss=lambda x, C, b: 100 * _loss(x, C, b))


@wrong(
    "cheapest_chunks",
    truth="Rounds the loss to one decimal before comparing: a little more than allowed passes, and a little less may "
    "not. Wrong where a loss lies so near.",
)
def rounds_the_loss(*args):
    return _choose(*args, loss=lambda x, C, b: round(float(_loss(x, C, b)), 1))


@wrong(
    "cheapest_chunks",
    truth="Goes over the two lists side by side (zip): most pairs are never tried. Wrong where the best is not such a "
    "pair.",
)
def lists_side_by_side(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [
        (C * (b + 1), C, b)
        for C, b in zip(chunk_lengths, look_backs, strict=False)
        if _loss(buckets, C, b) <= allowed_loss
    ]
    return min(found)[1:] if found else None


@wrong(
    "cheapest_chunks",
    truth="Sorts the lists that were given, in place, and so changes the caller's. The result is right.",
)
def sorts_the_callers_lists(buckets, allowed_loss, chunk_lengths, look_backs):
    chunk_lengths.sort()
    look_backs.sort()
    return _choose(buckets, allowed_loss, chunk_lengths, look_backs)


@wrong(
    "cheapest_chunks",
    truth="Takes the smallest good C, with its smallest look-back, whatever it costs. Wrong where a longer chunk with a "
    "shorter look-back is cheaper.",
)
def smallest_good_chunk(*args):
    return _choose(*args, key=lambda C, b: (C, b))


@wrong(
    "cheapest_chunks",
    truth="Takes the smallest good look-back, with its smallest C, whatever it costs. Wrong where shorter chunks with a "
    "longer look-back are cheaper.",
)
def smallest_good_look_back(*args):
    return _choose(*args, key=lambda C, b: (b, C))


@wrong(
    "cheapest_chunks",
    truth="Returns the first good pair in the order of the lists. Wrong wherever a later one is cheaper.",
)
def first_good_pair(buckets, allowed_loss, chunk_lengths, look_backs):
    for C in chunk_lengths:
        for b in look_backs:
            if _loss(buckets, C, b) <= allowed_loss:
                return C, b
    return None


@wrong(
    "cheapest_chunks",
    truth="For each C stops at the first good look-back of the list, as if it rose. Wrong where the look-backs do not "
    "rise and a smaller one would do.",
)
def takes_the_look_backs_to_rise(buckets, allowed_loss, chunk_lengths, look_backs):
    found = []
    for C in chunk_lengths:
        for b in look_backs:
            if _loss(buckets, C, b) <= allowed_loss:
                found.append((C * (b + 1), C, b))
                break
    return min(found)[1:] if found else None


@wrong(
    "cheapest_chunks",
    truth="For each look-back stops at the first good C of the list, as if it rose. Wrong where the lengths do not rise "
    "and a smaller one would do.",
)
def takes_the_lengths_to_rise(buckets, allowed_loss, chunk_lengths, look_backs):
    found = []
    for b in look_backs:
        for C in chunk_lengths:
            if _loss(buckets, C, b) <= allowed_loss:
                found.append((C * (b + 1), C, b))
                break
    return min(found)[1:] if found else None


@wrong(
    "cheapest_chunks",
    truth="Goes through the lengths from long to short and stops at the first that loses too much, as if the loss always "
    "fell with C. Wrong where a shorter chunk loses less than a longer, because its borders cut better.",
)
def takes_the_loss_to_fall_with_the_length(buckets, allowed_loss, chunk_lengths, look_backs):
    found = []
    for b in look_backs:
        for C in sorted(chunk_lengths, reverse=True):
            if _loss(buckets, C, b) > allowed_loss:
                break
            found.append((C * (b + 1), C, b))
    return min(found)[1:] if found else None


@wrong("cheapest_chunks", truth="Right pair as floats, taken from a table of floats. Wrong dtype at every result.")
def pair_in_floats(buckets, allowed_loss, chunk_lengths, look_backs):
    table = np.array([[C * (b + 1), C, b, _loss(buckets, C, b)] for C, b in product(chunk_lengths, look_backs)])
    table = table[table[:, 3] <= allowed_loss]
    if len(table) == 0:
        return None
    best = table[np.lexsort((table[:, 1], table[:, 0]))[0]]
    return best[1], best[2]


@wrong(
    "cheapest_chunks", truth="Leaves out chunks longer than the row, which are allowed. Wrong where one is the best."
)
def leaves_out_long_chunks(buckets, allowed_loss, chunk_lengths, look_backs):
    lengths = [C for C in chunk_lengths if C <= buckets.shape[-1]]
    return _choose(buckets, allowed_loss, lengths, look_backs)


@wrong(
    "cheapest_chunks",
    truth="Starts with L as the lowest cost so far, so that a pair of L places or more is never found. Wrong where the "
    "best costs L or more.",
)
def starts_from_the_length(buckets, allowed_loss, chunk_lengths, look_backs):
    best, best_cost = None, buckets.shape[-1]
    for C in sorted(chunk_lengths):
        for b in look_backs:
            if C * (b + 1) < best_cost and _loss(buckets, C, b) <= allowed_loss:
                best, best_cost = (C, b), C * (b + 1)
    return best


@wrong(
    "cheapest_chunks",
    truth="Remembers the cost of the best but returns the variables of the loops, the last pair tried. Wrong wherever "
    "that is not the best.",
)
def returns_the_last_pair(buckets, allowed_loss, chunk_lengths, look_backs):
    best_cost = None
    for C in chunk_lengths:
        for b in look_backs:
            if _loss(buckets, C, b) <= allowed_loss and (best_cost is None or C * (b + 1) < best_cost):
                best_cost = C * (b + 1)
    return None if best_cost is None else (C, b)


@wrong(
    "cheapest_chunks",
    truth="Takes the lists for ranges and tries every number from the smallest to the largest. Wrong where a number "
    "between is the best: it is in no list.",
)
def tries_numbers_between(buckets, allowed_loss, chunk_lengths, look_backs):
    lengths = range(min(chunk_lengths), max(chunk_lengths) + 1)
    backs = range(min(look_backs), max(look_backs) + 1)
    return _choose(buckets, allowed_loss, lengths, backs)


@wrong(
    "cheapest_chunks",
    truth="Tries the look-backs 0 .. max instead of those of the list. Wrong where one that is not listed is the best.",
)
def look_backs_from_zero(buckets, allowed_loss, chunk_lengths, look_backs):
    return _choose(buckets, allowed_loss, chunk_lengths, range(max(look_backs) + 1))


@wrong(
    "cheapest_chunks",
    truth="Weighs loss and cost together, (loss + 1) times places, instead of taking the cheapest of the good. Wrong "
    "where a slightly cheaper pair loses much more.",
)
def weighs_loss_and_cost(buckets, allowed_loss, chunk_lengths, look_backs):
    return _choose(
        buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: ((1 + _loss(buckets, C, b)) * C * (b + 1), C)
    )


@wrong(
    "cheapest_chunks",
    truth="Tests `if loss and …`: a loss of exactly 0 counts as none measured and is passed over. Wrong where the best "
    "loses nothing.",
)
def a_loss_of_zero_passed_over(buckets, allowed_loss, chunk_lengths, look_backs):
    found = []
    for C, b in product(chunk_lengths, look_backs):
        loss = _loss(buckets, C, b)
        if loss and loss <= allowed_loss:
            found.append((C * (b + 1), C, b))
    return min(found)[1:] if found else None


@wrong(
    "cheapest_chunks",
    truth="Less than allowed instead of at most, and the larger C among equals: two slips.",
)
def less_than_allowed_and_larger_chunk(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [(C * (b + 1), -C, b) for C, b in product(chunk_lengths, look_backs) if _loss(buckets, C, b) < allowed_loss]
    if not found:
        return None
    _, C, b = min(found)
    return -C, b
