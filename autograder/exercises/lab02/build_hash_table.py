"""`build_hash_table(buckets)`: a dict from each bucket in use to the list of its positions, ascending."""

import itertools

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import planes
from reformer.loops import planes as twins

exercise = Exercise(planes.build_hash_table, twins.build_hash_table, axes=("bucket", "position"))


def _given(*buckets):
    return lambda rng: call(np.array(buckets, dtype=np.int64))


def _buckets(n_positions, n_buckets, dtype=np.int64):
    return lambda rng: call(rng.integers(0, n_buckets, size=n_positions).astype(dtype))


exercise.case("six tokens in three buckets", _given(2, 0, 2, 5, 0, 2))
exercise.case("all tokens in one bucket", _given(3, 3, 3, 3))
exercise.case("each token in a bucket of its own", _given(4, 2, 1, 0))
exercise.case("a single token", _given(6))
exercise.case("no tokens at all", _given())
exercise.case("buckets far apart, above 255", _given(1000, 4, 300, 1000, 256, 4, 0))
# A function that makes a list for every bucket up to the largest would fill the memory, so the far ones are below 0.
exercise.case("buckets that need 62 bits, below 0", _given(-(2**61) - 1, 5, 5 - 2**40, -(2**61), 5))
exercise.case("300 tokens, the buckets kept in one byte each", _buckets(300, 16, np.uint8))


@exercise.property(
    "every position stands in the table exactly once",
    lambda rng: [_buckets(30, 7, np.int32)(rng)],
    axes=("position",),
)
def _(calls, answers):
    listed = sum((np.asarray(positions).tolist() for positions in answers[0].values()), [])
    n_positions = len(calls[0].args[0])
    return [listed.count(position) == 1 for position in range(n_positions)] + [len(listed) == n_positions]


@exercise.case("200 tokens, 512 buckets, most of them empty", hidden=True)
def _(rng):
    buckets = rng.integers(0, 512, size=200)
    buckets[:2] = rng.permutation([0, 511])  # the ends are in use for everybody
    return call(buckets)


@exercise.mistake(
    why="a histogram is the more familiar thing",
    says="the table holds how many tokens a bucket has; it has to hold which ones",
)
def counts(buckets):
    return {int(bucket): int(np.sum(buckets == bucket)) for bucket in buckets}


@exercise.mistake(
    why="the array is turned into a dict as it stands",
    says="the table leads from positions to buckets; it has to lead from a bucket to its positions",
)
def buckets_by_position(buckets):
    return dict(enumerate(buckets.tolist()))


@exercise.mistake(
    why="position and bucket change places as they are put in",
    says="the table leads from positions to lists of buckets; it has to lead from a bucket to its positions",
)
def lists_of_buckets_by_position(buckets):
    return {position: [int(bucket)] for position, bucket in enumerate(buckets)}


@exercise.mistake(
    why="`table[bucket] = [position]` instead of appending",
    says="each position overwrites the one before: the last of a bucket alone is left",
)
def last_position_only(buckets):
    return {int(bucket): [position] for position, bucket in enumerate(buckets)}


@exercise.mistake(
    why="`table[bucket] = position`, as in a dict with one value for each key",
    says="a bucket leads to one number, the last of its positions; it has to lead to the list of all of them",
)
def last_position_without_a_list(buckets):
    return {int(bucket): position for position, bucket in enumerate(buckets)}


@exercise.mistake(
    why="a new bucket is opened, but nothing is appended to an old one",
    says="the first position of a bucket alone is kept: append where the bucket is there already",
)
def first_position_only(buckets):
    return {int(bucket): [int(np.argmax(buckets == bucket))] for bucket in buckets}


def _changed(buckets, change):
    """The right table, with each list changed by `change`."""
    return {bucket: change(positions) for bucket, positions in planes.build_hash_table(buckets).items()}


@exercise.mistake(
    why="`else: table[bucket] = []` opens the list, but puts nobody in",
    says="a new bucket is opened with an empty list, and the position that opened it is forgotten",
)
def first_position_forgotten(buckets):
    return _changed(buckets, lambda positions: positions[1:])


@exercise.mistake(
    why="a list for every bucket is made in advance",
    says="empty buckets have an entry, too: with 40 planes that would be a million million lists, so a bucket is made "
    "when it is first used",
)
def empty_buckets_too(buckets):
    return {bucket: [] for bucket in range(max(buckets.tolist(), default=-1) + 1)} | planes.build_hash_table(buckets)


@exercise.mistake(
    why="as many buckets as tokens are made in advance",
    says="as many lists are made in advance as there are tokens; a bucket that nobody is in has no entry",
)
def empty_buckets_by_the_tokens(buckets):
    return {bucket: [] for bucket in range(len(buckets))} | planes.build_hash_table(buckets)


@exercise.mistake(
    why="a bucket with one token has no neighbours to offer",
    says="buckets with a single token are left out; every bucket in use has an entry",
)
def single_tokens_left_out(buckets):
    return {bucket: positions for bucket, positions in planes.build_hash_table(buckets).items() if len(positions) > 1}


@exercise.mistake(
    why="`range(len(buckets) - 1)`: a fence-post error",
    says="the last token is left out: `range(n)` already stops before n",
)
def last_token_left_out(buckets):
    return planes.build_hash_table(buckets[:-1])


@exercise.mistake(
    why="the loop starts at 1, or position 0 is taken for 'none' by `if position`",
    says="the first token is left out: positions are counted from 0",
)
def first_token_left_out(buckets):
    kept = _changed(buckets, lambda positions: [position for position in positions if position])
    return {bucket: positions for bucket, positions in kept.items() if positions}


@exercise.mistake(
    why="`if bucket:` is False for bucket 0",
    says="bucket 0 is left out: `if bucket` is False for the number 0, which is a bucket like others",
)
def bucket_zero_left_out(buckets):
    return {bucket: positions for bucket, positions in planes.build_hash_table(buckets).items() if bucket}


@exercise.mistake(
    why="a group is stored when the next begins, and after the last none begins",
    says="the largest bucket in use is missing: a loop that stores a group when the next begins has to store the last "
    "one after it",
)
def last_group_not_stored(buckets):
    table = planes.build_hash_table(buckets)
    return {bucket: table[bucket] for bucket in sorted(table)[:-1]}


@exercise.mistake(
    why="the first group is opened with the first position before the loop",
    says="a first position is taken out where there is none: `buckets` may be empty, and then the table is, too",
)
def first_of_none(buckets):
    buckets[0]
    return planes.build_hash_table(buckets)


@exercise.mistake(
    why="`buckets.tolist().index(bucket)` looks like the way to a position",
    says="positions are looked up by their bucket, with `index`: that finds the first one every time",
)
def first_position_repeated(buckets):
    return _changed(buckets, lambda positions: positions[:1] * len(positions))


@exercise.mistake(
    why="one position is stored as it is, and a list is made when a second comes",
    says="a bucket with a single token leads to a bare number; it has to lead to a list of one",
)
def bare_number_if_alone(buckets):
    return _changed(buckets, lambda positions: positions if len(positions) > 1 else positions[0])


@exercise.mistake(
    why="`np.argsort` sorts, and that it shuffles equal ones does not show in small tables",
    says="`np.argsort` without `kind='stable'` sorts the buckets: where there are more than about 16, the positions "
    "of a bucket come in any order",
)
def unstable_sort(buckets):
    order = np.argsort(buckets)
    return {int(bucket): order[buckets[order] == bucket] for bucket in buckets}


@exercise.mistake(
    why="int32 is a common integer type, and few planes fit in it",
    says="the buckets are kept in 32 bits: those of 40 planes do not fit, and different ones fall together",
)
def buckets_in_32_bits(buckets):
    return planes.build_hash_table(buckets.astype(np.int32))


@exercise.mistake(
    why="`np.array(buckets, dtype=float)`, or a table kept in an array of `np.zeros`",
    says="the buckets are turned into floats: above 2^53 those lose the first planes, and different ones fall together",
)
def buckets_as_floats(buckets):
    return planes.build_hash_table(buckets.astype(float).astype(np.int64))


@exercise.mistake(
    why="a hash table of L places takes the number modulo L",
    says="a bucket's number is taken modulo the number of tokens; a dict takes any number, so it keeps its own",
)
def buckets_modulo_tokens(buckets):
    return planes.build_hash_table(buckets % len(buckets))


@exercise.mistake(
    why="codes are written as text, and a dict takes text as well",
    says="the keys are text, such as '2'; a bucket is a whole number",
)
def text_for_keys(buckets):
    return {str(bucket): positions for bucket, positions in planes.build_hash_table(buckets).items()}


@exercise.mistake(
    why="the loop variable at hand is appended",
    says="the lists hold the bucket's own number again and again instead of the positions",
)
def buckets_in_the_lists(buckets):
    return {bucket: [bucket] * len(positions) for bucket, positions in planes.build_hash_table(buckets).items()}


@exercise.mistake(
    why="`dict.fromkeys(buckets, [])` looks like a list for each bucket",
    says="all buckets share one and the same list: `dict.fromkeys(..., [])` makes a single list, and so every bucket "
    "holds every position",
)
def one_list_for_all(buckets):
    return dict.fromkeys(buckets.tolist(), list(range(len(buckets))))


@exercise.mistake(
    why="`itertools.groupby`, or a look at the neighbour before, finds runs of equal buckets",
    says="only tokens that follow one another are put together, and a bucket's later run replaces its earlier one",
)
def runs_of_equal_buckets(buckets):
    runs = itertools.groupby(range(len(buckets)), key=lambda position: int(buckets[position]))
    return {bucket: list(run) for bucket, run in runs}


@exercise.mistake(
    why="after sorting, the places in the sorted array are at hand",
    says="the places in the sorted array stand for the positions; `np.argsort` says which position came to each place",
)
def places_in_the_sorted_array(buckets):
    return planes.build_hash_table(np.sort(buckets))


@exercise.mistake(
    why="`np.unique(..., return_inverse=True)` is used, and its inverse numbers the buckets anew",
    says="the buckets in use are numbered 0, 1, 2, ... anew; a bucket keeps its number",
)
def buckets_numbered_anew(buckets):
    return planes.build_hash_table(np.unique(buckets, return_inverse=True)[1])


@exercise.mistake(
    why="`buckets == bucket` picks the members, and is stored as it is",
    says="a bucket leads to True and False for every token; its positions are asked (`np.flatnonzero` gives them)",
)
def masks_for_positions(buckets):
    return {int(bucket): buckets == bucket for bucket in buckets}


@exercise.mistake(
    why="`np.where(mask)` looks like an array, but is a tuple of arrays",
    says="the positions are packed once more: `np.where` gives a tuple with an array in it (take `[0]` of it), and "
    "`[positions]` a list with a list in it",
)
def tuples_of_where(buckets):
    return {int(bucket): np.where(buckets == bucket) for bucket in buckets}


@exercise.mistake(
    why="small numbers invite a list with a place for each",
    says="the table is a list with a place for every bucket, empty ones included; a dict needs only those in use",
)
def list_of_lists(buckets):
    return [np.flatnonzero(buckets == bucket).tolist() for bucket in range(max(buckets.tolist(), default=-1) + 1)]


@exercise.mistake(
    why="only the lists matter, so they are returned without their buckets",
    says="the lists are returned without their buckets; a dict says which bucket each belongs to",
)
def lists_without_buckets(buckets):
    return [np.flatnonzero(buckets == bucket) for bucket in np.unique(buckets)]


@exercise.mistake(
    why="a bucket is thought of as a set",
    says="the positions are kept in sets, which have no order; they have to be lists, in ascending order",
)
def sets_of_positions(buckets):
    return _changed(buckets, set)


@exercise.solution
def table_by_search(buckets):
    return {int(bucket): np.flatnonzero(buckets == bucket) for bucket in np.unique(buckets)}


@exercise.solution
def table_by_sorting(buckets):
    order = np.argsort(buckets, kind="stable")
    used, starts = np.unique(buckets[order], return_index=True)
    return {bucket: tuple(part.tolist()) for bucket, part in zip(used, np.split(order, starts[1:]), strict=False)}


@exercise.solution
def table_by_groups(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table[bucket] = table.get(bucket, []) + [position]
    return table
