"""Lab 03, `offset_rounds(buckets, n_buckets)`: round r moves up by r times the number of buckets.

buckets (..., R, L), integers 0 .. B - 1 -> integers of the same shape, 0 .. R B - 1. A bucket may be empty.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import angular
from reformer.loops import angular as twins

exercise = Exercise(angular.offset_rounds, twins.offset_rounds, axes=("round", "position"))


def drawn(*batch, R, L, B, dtype=np.int64):
    return lambda rng: call(rng.integers(0, B, size=(*batch, R, L), dtype=dtype), B)


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two rounds of four tokens, four buckets")
def _(rng):
    return call(np.array([[0, 3, 1, 2], [2, 0, 3, 1]]), 4)


@exercise.case("three rounds, eight buckets, some unused, in int32")
def _(rng):
    return call(rng.permuted(np.tile(np.array([0, 2, 5, 5, 2], dtype=np.int32), (3, 1)), axis=-1), 8)


exercise.case("a single round stays as it is", drawn(R=1, L=6, B=4))
exercise.case("a batch of one sequence, one position", drawn(1, R=3, L=1, B=6))
exercise.case("two sequences with heads, as many rounds as positions, two buckets", drawn(2, 2, R=3, L=3, B=2))
exercise.case("forty thousand buckets", drawn(R=3, L=4, B=40_000))
exercise.case("two hundred buckets, given in uint8", drawn(R=2, L=12, B=200, dtype=np.uint8))


@exercise.property("no two rounds share a number", lambda rng: [drawn(R=4, L=20, B=6)(rng)])
def _(calls, answers):
    rounds = np.asarray(answers[0])
    return [~np.isin(one, np.delete(rounds, r, axis=0)) for r, one in enumerate(rounds)]


@exercise.case("a batch of sequences with heads, the high buckets unused", points=2, hidden=True)
def _(rng):
    return call(rng.integers(0, 7, size=(2, 3, 5, 8)), 10)


# --- mistakes ---------------------------------------------------------------------------------------------------


@exercise.mistake(
    why="the rounds already sit on an axis of their own",
    says="the numbers are left as they were: after flattening, bucket 3 of one round is bucket 3 of the next",
)
def not_offset(buckets, n_buckets):
    return buckets


@exercise.mistake(
    why="a well-known lab's text says so",
    says="round r moves up by r times the number of rounds; it has to be the number of buckets, or rounds overlap",
)
def offset_by_number_of_rounds(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    return buckets + n_rounds * np.arange(n_rounds)[:, np.newaxis]


@exercise.mistake(
    why="published code multiplies by the length, to sort by bucket and position at once",
    says="round r moves up by r times the number of positions; it has to be the number of buckets",
)
def offset_by_number_of_positions(buckets, n_buckets):
    return buckets + buckets.shape[-1] * np.arange(buckets.shape[-2])[:, np.newaxis]


@exercise.mistake(
    why="the largest number seen looks like the number of buckets",
    says="the offset is taken from the largest bucket in use; a bucket may be empty, so use `n_buckets`",
)
def offset_by_largest_used(buckets, n_buckets):
    return buckets + (buckets.max() + 1) * np.arange(buckets.shape[-2])[:, np.newaxis]


@exercise.mistake(
    why="the buckets seen are counted",
    says="the offset is the number of different buckets in use; a bucket may be empty, so use `n_buckets`",
)
def offset_by_number_used(buckets, n_buckets):
    return buckets + len(np.unique(buckets)) * np.arange(buckets.shape[-2])[:, np.newaxis]


@exercise.mistake(
    why="the largest number is B - 1",
    says="round r moves up by r (B - 1): the last bucket of one round is then the first of the next",
)
def offset_one_too_small(buckets, n_buckets):
    return buckets + (n_buckets - 1) * np.arange(buckets.shape[-2])[:, np.newaxis]


@exercise.mistake(
    why="rounds are counted from one in prose",
    says="rounds are counted from 1: the first round has to keep its numbers",
)
def offset_from_one(buckets, n_buckets):
    return buckets + n_buckets * np.arange(1, buckets.shape[-2] + 1)[:, np.newaxis]


@exercise.mistake(
    why="the position is taken for the round",
    says="the offset grows along the positions instead of the rounds; the round is the last axis but one",
)
def offset_along_positions(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[-1])


@exercise.mistake(
    why="an array of shape (R,) is laid along the last axis",
    says="`np.arange(R)` is laid along the positions; with `[:, np.newaxis]` it becomes a column, one entry a round",
)
def offset_without_a_column(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[-2])


@exercise.mistake(
    why="without a batch the first axis is the rounds",
    says="the offset grows along the first axis; with a batch that is the sequences, the rounds are the last but one",
)
def offset_along_first_axis(buckets, n_buckets):
    steps = np.arange(buckets.shape[0]).reshape(-1, *[1] * (buckets.ndim - 1))
    return buckets + n_buckets * steps


@exercise.mistake(
    why="np.arange(len(buckets)) counts the rounds, as long as there is no batch",
    says="the rounds are counted along the first axis; with a batch that is the sequences, the rounds are the last but "
    "one",
)
def rounds_counted_on_first_axis(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[0])[:, np.newaxis]


@exercise.mistake(
    why="all rows are counted through",
    says="every sequence of a batch gets numbers of its own; only the rounds need them, and each sequence starts at 0",
)
def sequences_kept_apart(buckets, n_buckets):
    n_rows = int(np.prod(buckets.shape[:-1]))
    return buckets + n_buckets * np.arange(n_rows).reshape(*buckets.shape[:-1], 1)


@exercise.mistake(
    why="the last round is counted first",
    says="the rounds are counted backwards: round 0 has to keep its numbers, the last moves up most",
)
def last_round_first(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[-2])[::-1, np.newaxis]


@exercise.mistake(
    why="with two rounds, one step is enough",
    says="all rounds but the first move up by `n_buckets`; round r moves up by r times as much",
)
def later_rounds_alike(buckets, n_buckets):
    return buckets + n_buckets * (np.arange(buckets.shape[-2]) > 0)[:, np.newaxis]


@exercise.mistake(
    why="published code does so next, to sort by bucket and position at once",
    says="the bucket is multiplied by the number of positions and the position added; here the rounds are kept apart",
)
def position_added(buckets, n_buckets):
    return buckets * buckets.shape[-1] + np.arange(buckets.shape[-1])


@exercise.mistake(
    why="it keeps the numbers apart, too",
    says="the rounds are interleaved: no number is shared, but a sort would mix the rounds",
)
def rounds_interleaved(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    return buckets * n_rounds + np.arange(n_rounds)[:, np.newaxis]


@exercise.mistake(
    why="'r times' is applied to the bucket, not to the offset",
    says="the buckets are multiplied by the round instead of moved up by it",
)
def multiplied_by_round(buckets, n_buckets):
    return buckets * np.arange(1, buckets.shape[-2] + 1)[:, np.newaxis]


@exercise.mistake(
    why="`*` is typed for `+`",
    says="the buckets are multiplied by the offsets r * `n_buckets` instead of moved up by them: `+`, not `*`",
)
def multiplied_by_the_offset(buckets, n_buckets):
    return buckets * (n_buckets * np.arange(buckets.shape[-2])[:, np.newaxis])


@exercise.mistake(
    why="a different number for each round seems enough",
    says="round r moves up by r alone; the rounds still overlap, as each of them uses `n_buckets` numbers",
)
def offset_by_round_number(buckets, n_buckets):
    return buckets + np.arange(buckets.shape[-2])[:, np.newaxis]


@exercise.mistake(
    why="the two factors change places",
    says="the bucket is multiplied by `n_buckets` and the round added; it is the round that has to be multiplied",
)
def bucket_times_number_of_buckets(buckets, n_buckets):
    return buckets * n_buckets + np.arange(buckets.shape[-2])[:, np.newaxis]


@exercise.mistake(
    why="`+=` looks like a short way to write it",
    says="the offset is added in place: this changes the caller's array, and a small dtype, such as uint8, has "
    "no room for the result; `buckets.astype(int)` makes a copy with room",
)
def added_in_place(buckets, n_buckets):
    buckets += n_buckets * np.arange(buckets.shape[-2])[:, np.newaxis]
    return buckets


@exercise.mistake(
    why="each round is to begin where the one before ends",
    says="a round starts behind the largest number in use before it; a bucket may be empty, so use `n_buckets`",
)
def packed_behind_the_largest(buckets, n_buckets):
    moved = buckets.astype(int)
    for r in range(1, moved.shape[-2]):
        moved[..., r, :] += np.max(moved[..., r - 1, :], axis=-1, keepdims=True) + 1
    return moved


@exercise.mistake(
    why="the example has two rounds",
    says="only round 1 moves; the rounds after it keep their numbers",
)
def second_round_only(buckets, n_buckets):
    return buckets + n_buckets * (np.arange(buckets.shape[-2]) == 1)[:, np.newaxis]


@exercise.mistake(
    why="a loop over the rounds ends one too early",
    says="the last round is not moved; all others are right",
)
def last_round_forgotten(buckets, n_buckets):
    rounds = np.arange(buckets.shape[-2])
    return buckets + n_buckets * np.where(rounds == rounds[-1], 0, rounds)[:, np.newaxis]


@exercise.mistake(
    why="an offset that grows in a loop is multiplied by the round as well",
    says="the offsets are 0, B, 3B, 6B: each step is larger than the one before; it has to be B every time",
)
def steps_that_grow(buckets, n_buckets):
    return buckets + n_buckets * np.cumsum(np.arange(buckets.shape[-2]))[:, np.newaxis]


@exercise.mistake(
    why="the next lesson sorts all rounds at once",
    says="the rounds are joined to one axis of length R L; the shape stays (..., R, L)",
)
def rounds_joined(buckets, n_buckets):
    return angular.offset_rounds(buckets, n_buckets).reshape(*buckets.shape[:-2], -1)


@exercise.mistake(
    why="the offsets are shaped for exactly one batch axis",
    says="without a batch the result has an axis of length 1 too many: offsets of shape (R, 1) fit any batch",
)
def axis_added_without_batch(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[-2]).reshape(1, -1, 1)


@exercise.mistake(
    why="the shape is taken apart into R and L",
    says="the function takes two axes only; `buckets.shape[-2]` is R with any batch in front",
)
def no_batch_axes(buckets, n_buckets):
    n_rounds, n_positions = buckets.shape
    return buckets + n_buckets * np.arange(n_rounds)[:, np.newaxis]


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def in_a_loop(buckets, n_buckets):
    moved = np.array(buckets, dtype=np.int64)
    for r in range(moved.shape[-2]):
        moved[..., r, :] += r * n_buckets
    return moved


@exercise.solution
def by_a_range_of_starts(buckets, n_buckets):
    starts = np.arange(0, n_buckets * buckets.shape[-2], n_buckets, dtype=np.int32)
    return np.add(buckets, starts.reshape(-1, 1))
