"""Lab 04, `sort_by_bucket(buckets)`: the positions in the order of their buckets, and within a bucket in their own.

buckets (..., L), integers of at least 0 -> order, integers (..., L): order[..., i] is the position that comes i-th.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import chunking
from reformer.loops import chunking as twins

exercise = Exercise(chunking.sort_by_bucket, twins.sort_by_bucket, axes=("place",))


def drawn(*batch, L, B, dtype=np.int64):
    """Buckets by chance, each row with its own; they leave some numbers out and do not begin in order."""

    def make(rng):
        used = np.sort(rng.choice(3 * B, size=B, replace=False))
        return call(used[rng.integers(0, B, size=(*batch, L))].astype(dtype))

    return make


def is_telling(buckets):
    """Whether in every row some bucket comes again, its order is not its own inverse, and the first is not first."""
    order = chunking.sort_by_bucket(buckets)
    undo = chunking.undo_sort(order)
    in_order = np.sort(buckets, axis=-1)
    return bool(
        np.all(np.any(in_order[..., 1:] == in_order[..., :-1], axis=-1))
        and np.all(np.any(order != undo, axis=-1))
        and np.all(buckets[..., 0] > in_order[..., 0])
    )


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("six tokens, three buckets")
def _(rng):
    return call(np.array([2, 0, 1, 0, 2, 1]))


@exercise.case("four tokens of one bucket stay as they are")
def _(rng):
    return call(np.array([3, 3, 3, 3]))


exercise.case("seven tokens, buckets between 0 and 8, some of them empty", drawn(L=7, B=3), clear_cut=is_telling)


@exercise.case("buckets of one, two and three digits")
def _(rng):
    return call(rng.permutation(np.array([9, 10, 100, 9, 2, 10, 20, 100])))


exercise.case("one sequence in a batch, with one token", lambda rng: call(np.array([[5]])))
exercise.case("two sequences at once", drawn(2, L=5, B=3), clear_cut=is_telling)
exercise.case("three hash rounds of two sequences", drawn(2, 3, L=6, B=3), clear_cut=is_telling)
exercise.case("as many sequences as tokens", drawn(5, L=5, B=3), clear_cut=is_telling)
exercise.case("five hundred tokens, four buckets", drawn(L=500, B=4))
exercise.case("three hundred tokens, given in uint8", drawn(L=300, B=30, dtype=np.uint8))


@exercise.case("two thousand tokens, buckets up to 300")
def _(rng):
    return call(rng.integers(0, 301, size=2000))


def _moved_up(rng):
    buckets = drawn(2, L=8, B=4)(rng).args[0]
    return [call(buckets), call(buckets + 7)]


@exercise.property("all buckets moved up by seven: the order is the same", _moved_up)
def _(calls, answers):
    return np.equal(answers[0], answers[1])


exercise.case(
    "a batch of sequences with heads and rounds", drawn(2, 2, 2, L=40, B=6), points=2, hidden=True, clear_cut=is_telling
)
exercise.case("a thousand tokens, eight buckets, in int32", drawn(L=1000, B=8, dtype=np.int32), hidden=True)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_bucket_and_position_in_one_number(buckets):
    length = buckets.shape[-1]
    return np.argsort(buckets.astype(np.int64) * length + np.arange(length), axis=-1)


@exercise.solution
def row_by_row(buckets):
    order = np.empty(buckets.shape, dtype=int)
    for entry in np.ndindex(buckets.shape[:-1]):
        order[entry] = sorted(range(buckets.shape[-1]), key=lambda position: buckets[entry][position])
    return order


@exercise.solution
def by_two_keys(buckets):
    positions = np.broadcast_to(np.arange(buckets.shape[-1]), buckets.shape)
    return np.lexsort((positions, buckets), axis=-1)


# --- mistakes ---------------------------------------------------------------------------------------------------


def _stable(keys, axis=-1):
    return np.argsort(keys, axis=axis, kind="stable")


@exercise.mistake(
    why="sort and argsort look alike",
    says="the buckets are sorted; asked are the positions, in the order in which they come, as `np.argsort` gives them",
)
def buckets_sorted(buckets):
    return np.sort(buckets, axis=-1)


@exercise.mistake(
    why="the order and its inverse are easily mixed up",
    says="each position is told the place it goes to; asked is the reverse, which position stands at each place",
)
def places_for_positions(buckets):
    return _stable(_stable(buckets))


@exercise.mistake(
    why="the default of np.argsort is a quicksort",
    says="the sort is not stable: equal buckets come in any order; `kind='stable'` keeps the lower position first",
)
def unstable(buckets):
    return np.argsort(buckets, axis=-1)


@exercise.mistake(
    why="a stack, or a sort from the back, reverses equal ones",
    says="within a bucket the last position comes first; the lower position has to come first",
)
def last_of_a_bucket_first(buckets):
    length = buckets.shape[-1]
    return length - 1 - _stable(buckets[..., ::-1])


@exercise.mistake(
    why="a sort may ascend or descend",
    says="the highest bucket comes first; the lowest has to",
)
def highest_bucket_first(buckets):
    return _stable(-buckets.astype(np.int64))


@exercise.mistake(
    why="an ascending sort is turned round to descend",
    says="the whole order is turned round, so that both the highest bucket and the last position come first",
)
def order_turned_round(buckets):
    return _stable(buckets)[..., ::-1]


@exercise.mistake(
    why="without a batch the first axis is the positions",
    says="the sort runs along the first axis; with a batch that is the sequences, and the positions are the last axis",
)
def sorted_along_first_axis(buckets):
    return _stable(buckets, axis=0)


@exercise.mistake(
    why="axis=-2 is taken for the positions",
    says="the sort runs along the last axis but one, across sequences or rounds; the positions are the last axis",
)
def sorted_along_last_axis_but_one(buckets):
    return _stable(buckets, axis=-2)


@exercise.mistake(
    why="the batch is flattened, and sorted in one go",
    says="all sequences are put into one row and sorted together; each sequence is sorted by itself",
)
def all_in_one_row(buckets):
    return _stable(buckets, axis=None)


@exercise.mistake(
    why="the batch is flattened, sorted, and brought to its shape again",
    says="all sequences are sorted together, so that positions run beyond L; each sequence is sorted by itself",
)
def sorted_together_and_reshaped(buckets):
    return _stable(buckets, axis=None).reshape(buckets.shape)


@exercise.mistake(
    why="the positions of a batch are counted through",
    says="the positions of a batch are counted through, from 0 to N L - 1; each sequence counts from 0 again",
)
def positions_counted_through(buckets):
    n_rows = buckets.size // buckets.shape[-1]
    starts = buckets.shape[-1] * np.arange(n_rows).reshape(*buckets.shape[:-1], 1)
    return _stable(buckets) + starts


@exercise.mistake(
    why="the order of the first sequence is thought to serve all",
    says="all sequences get the order of the first; each has its own",
)
def order_of_the_first(buckets):
    first = buckets.reshape(-1, buckets.shape[-1])[0]
    return np.broadcast_to(_stable(first), buckets.shape).copy()


@exercise.mistake(
    why="bucket * L + position makes one key of both, and is computed in the dtype of the buckets",
    says="bucket * L + position outgrows a small dtype, such as uint8, which ends at 255; `.astype(int)` makes room",
)
def key_in_a_small_dtype(buckets):
    return np.argsort(buckets * buckets.shape[-1] + np.arange(buckets.shape[-1]), axis=-1)


@exercise.mistake(
    why="the two factors change places",
    says="the key is position * something + bucket, or its order is wrong: positions come first, and nothing moves",
)
def position_before_bucket(buckets):
    return np.broadcast_to(np.arange(buckets.shape[-1]), buckets.shape).copy()


@exercise.mistake(
    why="the position is added without a factor",
    says="bucket + position is sorted; the bucket has to count for more than any position: bucket * L + position",
)
def position_added_to_bucket(buckets):
    return _stable(buckets.astype(np.int64) + np.arange(buckets.shape[-1]))


@exercise.mistake(
    why="the number of buckets is taken for the factor that keeps them apart",
    says="bucket * B + position is sorted, with B the number of buckets; positions reach L - 1, so the factor is L",
)
def factor_of_the_wrong_size(buckets):
    n_buckets = buckets.max(axis=-1, keepdims=True).astype(np.int64) + 1
    return _stable(buckets * n_buckets + np.arange(buckets.shape[-1]))


@exercise.mistake(
    why="a dict keeps the order in which its keys came",
    says="the buckets come in the order in which they first appear; they have to come by number, the lowest first",
)
def buckets_in_order_of_appearance(buckets):
    def of_row(row):
        groups = {}
        for position, bucket in enumerate(row.tolist()):
            groups.setdefault(bucket, []).append(position)
        return [position for group in groups.values() for position in group]

    return _by_row(buckets, of_row)


@exercise.mistake(
    why="numbers read from text, or keys of a dict made with str, sort as text",
    says="the buckets are sorted as text, in which 10 comes before 9",
)
def sorted_as_text(buckets):
    return _stable(buckets.astype(str))


@exercise.mistake(
    why="small buckets are easier to handle first",
    says="the buckets come by size, the smallest first; they have to come by number",
)
def buckets_by_size(buckets):
    sizes = np.sum(buckets[..., np.newaxis] == buckets[..., np.newaxis, :], axis=-1)
    return _stable(sizes * (buckets.max().astype(np.int64) + 1) + buckets)


@exercise.mistake(
    why="the loop over the buckets counts to the number of different ones",
    says="the loop ends at the number of buckets in use; some numbers are empty, so that the highest are left out",
)
def loop_over_the_number_in_use(buckets):
    def of_row(row):
        n_used = len(set(row.tolist()))
        order = [position for bucket in range(n_used) for position in range(len(row)) if row[position] == bucket]
        return order + [0] * (len(row) - len(order))

    return _by_row(buckets, of_row)


@exercise.mistake(
    why="range(max) ends one before the largest",
    says="the loop over the buckets ends one too early: the highest bucket is left out",
)
def last_bucket_left_out(buckets):
    def of_row(row):
        order = _stable(row)
        return np.where(row[order] == row.max(), 0, order)

    return _by_row(buckets, of_row)


@exercise.mistake(
    why="a swap looks like a move",
    says="the order is right at the buckets' borders only: positions are swapped, as a selection sort does, and a swap "
    "breaks the order of equal ones",
)
def by_selection(buckets):
    def of_row(row):
        row, order = row.copy(), np.arange(len(row))
        for place in range(len(row)):
            smallest = place + int(np.argmin(row[place:]))
            row[[place, smallest]], order[[place, smallest]] = row[[smallest, place]], order[[smallest, place]]
        return order

    return _by_row(buckets, of_row)


@exercise.mistake(
    why="Python's sorted is used, as for one sequence",
    says="a single sequence works, a batch does not: Python's `sorted` compares whole rows; `np.argsort` takes an axis",
)
def sorted_of_one_sequence(buckets):
    return np.array(sorted(range(len(buckets)), key=lambda position: buckets[position]))


@exercise.mistake(
    why="the keys of np.lexsort are made for one sequence",
    says="a single sequence works, a batch does not: the keys of `np.lexsort` need one shape; `np.broadcast_to` helps",
)
def lexsort_of_one_sequence(buckets):
    return np.lexsort((np.arange(buckets.shape[-1]), buckets))


@exercise.mistake(
    why="the last key of np.lexsort counts most, against what one expects",
    says="`np.lexsort` sorts by its last key first, and the keys are given the other way round",
)
def lexsort_of_one_sequence_the_wrong_way_round(buckets):
    return np.lexsort((buckets, np.arange(buckets.shape[-1])))


@exercise.mistake(
    why="the buckets are looked for one by one, with np.where",
    says="`np.where(buckets == bucket)[0]` gives the positions of one sequence; with a batch it gives the rows, and all"
    "rows are joined",
)
def where_of_one_sequence(buckets):
    return np.concatenate([np.where(buckets == bucket)[0] for bucket in range(buckets.max() + 1)])


@exercise.mistake(
    why="np.where of a batch gives the positions last",
    says="`np.where(buckets == bucket)[-1]` joins the positions of all rows; each row is sorted by itself",
)
def where_of_all_rows(buckets):
    return np.concatenate([np.where(buckets == bucket)[-1] for bucket in range(buckets.max() + 1)])


@exercise.mistake(
    why="np.unique sorts, too, and gives an index",
    says="the buckets are numbered anew without gaps, by `return_inverse` of `np.unique`; asked are positions",
)
def buckets_numbered_anew(buckets):
    return np.unique(buckets, return_inverse=True)[1].reshape(buckets.shape)


@exercise.mistake(
    why="np.unique sorts, too, and gives an index",
    says="only the first position of each bucket is returned, by `return_index` of `np.unique`; asked are all",
)
def first_position_of_each_bucket(buckets):
    return np.unique(buckets, return_index=True)[1]


@exercise.mistake(
    why="pairs of bucket and position sort as they should",
    says="the pairs (bucket, position) are returned; asked are the positions alone",
)
def pairs_returned(buckets):
    order = _stable(buckets)
    return np.stack([np.take_along_axis(buckets, order, axis=-1), order], axis=-1)


@exercise.mistake(
    why="the sorted buckets are at hand, and will be needed",
    says="two arrays are returned, the order and the sorted buckets; asked is the order alone",
)
def sorted_buckets_returned_too(buckets):
    order = _stable(buckets)
    return order, np.take_along_axis(buckets, order, axis=-1)


@exercise.mistake(
    why="len(buckets) is L without a batch",
    says="bucket * L + position is sorted with `len(buckets)` for L; that is the number of sequences of a batch",
)
def factor_from_first_axis(buckets):
    return _stable(buckets.astype(np.int64) * len(buckets) + np.arange(buckets.shape[-1]))


@exercise.mistake(
    why="a small fraction of the position keeps equal buckets in order",
    says="bucket + position / 100 is sorted; from a hundred positions on that mixes buckets",
)
def fraction_too_large(buckets):
    return _stable(buckets + np.arange(buckets.shape[-1]) / 100)


@exercise.mistake(
    why="the array that came in goes out",
    says="the buckets are returned as they came",
)
def buckets_returned(buckets):
    return buckets.copy()


@exercise.mistake(
    why="the order and its inverse are easily mixed up, and the sort is not stable either",
    says="each position is told the place it goes to, and equal buckets come in any order; asked is which position "
    "stands at each place, the lower first",
)
def places_by_an_unstable_sort(buckets):
    return np.argsort(np.argsort(buckets, axis=-1), axis=-1)


@exercise.mistake(
    why="the row is turned round before it is sorted",
    says="the positions are counted from the back: the buckets are turned round before they are sorted",
)
def sorted_from_the_back(buckets):
    return _stable(buckets[..., ::-1])


@exercise.mistake(
    why="argpartition is quicker",
    says="`np.argpartition` parts small from large and sorts no further",
)
def parted_only(buckets):
    return np.argpartition(buckets, buckets.shape[-1] // 2, axis=-1)


def _by_row(buckets, of_row):
    """Make the order of each row by itself."""
    rows = [of_row(row) for row in buckets.reshape(-1, buckets.shape[-1])]
    return np.array(rows).reshape(buckets.shape)
