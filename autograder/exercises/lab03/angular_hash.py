"""Lab 03, `angular_hash(vectors, rotations)`: the place of the largest number in [y, -y], once for each round.

vectors (..., L, d), rotations (R, d, B/2) -> buckets, integers (..., R, L). Of equal numbers the lowest place counts.
"""

import itertools

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises.whole_numbers import taking_whole_numbers
from reformer import angular
from reformer.loops import angular as twins

hashed = taking_whole_numbers(angular.angular_hash)
exercise = Exercise(hashed, twins.angular_hash, axes=("round", "position"))

LENGTHS = np.array([[1e-30], [1.0], [1e30]] * 2)


def drawn(*batch, L, d, R, B, lengths=1.0, dtype=np.float64):
    def make(rng):
        vectors = lengths * rng.standard_normal((*batch, L, d))
        return call(vectors.astype(dtype), rng.standard_normal((R, d, B // 2)).astype(dtype))

    return make


def scores_of(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    return np.concatenate([rotated, -rotated], axis=-1)


def far_from_a_tie(vectors, rotations):
    """Whether the largest score beats the second by a thousandth of the vector's norm, everywhere."""
    scores = np.sort(scores_of(vectors, rotations), axis=-1)
    norms = np.linalg.norm(vectors, axis=-1)[..., np.newaxis, :]
    return np.all(scores[..., -1] - scores[..., -2] > 1e-3 * norms)


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("four tokens on a circle, four buckets, in whole numbers")
def _(rng):
    return call(np.array([[2, 1], [-1, 3], [-2, -1], [1, -3]]), np.array([[[1, 0], [0, 1]]]))


@exercise.case("ties from all sides, and the zero vector")
def _(rng):
    return call(np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [0.0, 0.0]]), np.eye(2)[np.newaxis])


@exercise.case("numbers that agree in nine digits, in float64")
def _(rng):
    more = 1 + 1e-9
    return call(np.array([[1, more], [more, 1], [-1, -more], [1, -more], [-more, 1]]), np.eye(2)[np.newaxis])


exercise.case(
    "five tokens, two rounds, in float32", drawn(L=5, d=3, R=2, B=4, dtype=np.float32), clear_cut=far_from_a_tie
)
exercise.case(
    "two sequences of one token with one feature, one round", drawn(2, L=1, d=1, R=1, B=6), clear_cut=far_from_a_tie
)
exercise.case("two sequences at once, three rounds", drawn(2, L=4, d=2, R=3, B=8), clear_cut=far_from_a_tie)
exercise.case("two sequences with three heads", drawn(2, 3, L=3, d=4, R=2, B=6), clear_cut=far_from_a_tie)
exercise.case("two buckets: a single column of random numbers", drawn(L=12, d=3, R=2, B=2), clear_cut=far_from_a_tie)
exercise.case("four hundred buckets", drawn(L=20, d=3, R=1, B=400), clear_cut=far_from_a_tie)
exercise.case("very short and very long vectors", drawn(L=6, d=3, R=2, B=8, lengths=LENGTHS), clear_cut=far_from_a_tie)


def opposites(rng):
    vectors, rotations = rng.standard_normal((6, 3)), rng.standard_normal((2, 3, 4))
    return [call(vectors, rotations), call(-vectors, rotations)]


@exercise.property("the opposite vector lands B/2 buckets away", opposites)
def _(calls, answers):
    n_buckets = 2 * calls[0].args[1].shape[-1]
    return np.equal((np.asarray(answers[0]) + n_buckets // 2) % n_buckets, answers[1])


exercise.case(
    "a batch of sequences with heads, some vectors very short or very long",
    drawn(2, 3, L=18, d=8, R=4, B=16, lengths=np.tile(LENGTHS, (3, 1))),
    points=2,
    hidden=True,
    clear_cut=far_from_a_tie,
)


@exercise.case("every tie of three columns, and the zero vector", hidden=True)
def _(rng):
    every = np.array(list(itertools.product([-1.0, 0.0, 1.0], repeat=3)))
    turned = np.stack([np.roll(np.eye(3), shift, axis=0) for shift in rng.permutation([1, 2])])
    return call(rng.permutation(every), turned * rng.choice([-1.0, 1.0], size=(2, 1, 3)))


# --- mistakes ---------------------------------------------------------------------------------------------------


@exercise.mistake(
    why="the formula in many summaries is argmax(y)",
    says="the argmax sees `y` alone, without `-y`: half of the buckets are never used",
)
def no_negative_half(vectors, rotations):
    return np.argmax(vectors[..., np.newaxis, :, :] @ rotations, axis=-1)


@exercise.mistake(
    why="'the largest entry' is read as the largest in size",
    says="the signs are thrown away: a vector and its opposite share a bucket, yet nothing is farther apart",
)
def absolute_values(vectors, rotations):
    return np.argmax(np.abs(vectors[..., np.newaxis, :, :] @ rotations), axis=-1)


@exercise.mistake(
    why="the order of the two halves looks arbitrary, or a nearest neighbour is sought by a smallest score",
    says="`-y` comes before `y`, or the smallest score wins: the groups are right, their numbers are swapped",
)
def negative_half_first(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([-rotated, rotated], axis=-1), axis=-1)


@exercise.mistake(
    why="with four axes in play the last but one is easily taken for the last",
    says="the argmax runs over the positions instead of the B scores of each position",
)
def argmax_over_positions(vectors, rotations):
    return np.argmax(scores_of(vectors, rotations), axis=-2)


@exercise.mistake(
    why="max and argmax look alike",
    says="the largest score itself is returned; the bucket is its place, as `np.argmax` gives it",
)
def largest_score(vectors, rotations):
    return np.max(scores_of(vectors, rotations), axis=-1)


@exercise.mistake(
    why="sorting and taking the last entry treats ties the other way round",
    says="a tie goes to the higher place; the specification sends it to the lower one, as `np.argmax` does",
)
def last_of_equals(vectors, rotations):
    scores = scores_of(vectors, rotations)
    return scores.shape[-1] - 1 - np.argmax(scores[..., ::-1], axis=-1)


@exercise.mistake(
    why="the largest in size, then its sign: right but for ties",
    says="the largest in size is found first and its sign afterwards: where a positive and a negative number are equal "
    "in size, the lowest place in [y, -y] is the positive one's",
)
def sign_after_size(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    largest = np.argmax(np.abs(rotated), axis=-1)
    value = np.take_along_axis(rotated, largest[..., np.newaxis], axis=-1)[..., 0]
    return largest + np.where(value < 0, rotations.shape[-1], 0)


@exercise.mistake(
    why="a guard against dividing by the norm of the zero vector, or exp, which makes 1 of all small numbers",
    says="the numbers of a very short vector count as equal; it has a direction all the same, and norms play no part",
)
def short_taken_for_zero(vectors, rotations):
    norms = np.linalg.norm(vectors, axis=-1)[..., np.newaxis, :]
    return np.where(norms < 1e-12, 0, hashed(vectors, rotations))


@exercise.mistake(
    why="'random rotation' suggests columns of norm 1",
    says="the columns of `rotations` are brought to norm 1 first; they are used as they come",
)
def columns_of_length_one(vectors, rotations):
    return hashed(vectors, rotations / np.linalg.norm(rotations, axis=-2, keepdims=True))


@exercise.mistake(
    why="np.stack puts the new axis first",
    says="the rounds stand in front of the batch; they belong right before the positions: `axis=-2` in `np.stack`",
)
def rounds_before_batch(vectors, rotations):
    return np.stack([hashed(vectors, rotation[np.newaxis])[..., 0, :] for rotation in rotations])


@exercise.mistake(
    why="with a single sequence, broadcasting happens to work",
    says="`vectors` has no axis for the rounds, right before L: a single sequence works without it, a batch does not",
)
def only_one_sequence(vectors, rotations):
    rotated = vectors @ rotations
    return np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)


@exercise.mistake(
    why="published code hashes and offsets in one function",
    says="each round already has numbers of its own; that is the next exercise, here every round uses 0 to B - 1",
)
def offset_at_once(vectors, rotations):
    return angular.offset_rounds(hashed(vectors, rotations), 2 * rotations.shape[-1])


@exercise.mistake(
    why="it is the hash of unit 02",
    says="the signs of `y` are read as bits, as with hash planes; here the place of the largest number counts",
)
def sign_bits(vectors, rotations):
    bits = vectors[..., np.newaxis, :, :] @ rotations >= 0
    return np.sum(bits * 2 ** np.arange(rotations.shape[-1]), axis=-1)


@exercise.mistake(
    why="np.concatenate joins along the first axis unless told otherwise",
    says="`y` and `-y` are joined along the first axis; they belong behind each other on the last, `axis=-1`",
)
def joined_along_rounds(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([rotated, -rotated]), axis=-1)


@exercise.mistake(
    why="each number is put next to its negative",
    says="each number stands next to its negative; all of `y` comes first, then all of `-y`",
)
def halves_interleaved(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.stack([rotated, -rotated], axis=-1)
    return np.argmax(scores.reshape(*rotated.shape[:-1], -1), axis=-1)


@exercise.mistake(
    why="float32 is the course's usual dtype",
    says="numbers that differ in the ninth digit come out equal, as in float32; float64 input is compared as it is",
)
def in_single_precision(vectors, rotations):
    return np.argmax(scores_of(vectors.astype(np.float32), rotations.astype(np.float32)), axis=-1)


@exercise.mistake(
    why="rounding is to make ties stable",
    says="numbers that are nearly equal count as equal, as after rounding: that makes ties where there are none",
)
def scores_rounded(vectors, rotations):
    return np.argmax(np.round(scores_of(vectors, rotations), 6), axis=-1)


@exercise.mistake(
    why="the scores are stored in an array of integers",
    says="the scores are cut to whole numbers before they are compared; only the buckets are whole",
)
def scores_cut_to_whole_numbers(vectors, rotations):
    return np.argmax(scores_of(vectors, rotations).astype(int), axis=-1)


@exercise.mistake(
    why="a softmax keeps the order, on paper",
    says="`exp` is applied before the comparison: of large scores it is infinite, of small ones 1; compare the scores",
)
def through_exp(vectors, rotations):
    weights = np.exp(scores_of(vectors, rotations))
    return np.argmax(weights / np.sum(weights, axis=-1, keepdims=True), axis=-1)


@exercise.mistake(
    why="the two halves are compared with > instead of >=",
    says="the half of `-y` wins where the largest of `y` and of `-y` are equal; the lowest place is in `y`",
)
def negative_half_wins_ties(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.where(y.max(-1) > -y.min(-1), y.argmax(-1), y.shape[-1] + y.argmin(-1))


@exercise.mistake(
    why="the search for the largest starts with bucket -1 and score 0",
    says="the zero vector gets -1: all its scores are 0, none is above 0, and the lowest place is bucket 0",
)
def zero_vector_without_bucket(vectors, rotations):
    scores = scores_of(vectors, rotations)
    return np.where(np.max(scores, axis=-1) > 0, np.argmax(scores, axis=-1), -1)


@exercise.mistake(
    why="a loop over the buckets ends one too early",
    says="the last of the B scores is never looked at",
)
def last_bucket_never_tried(vectors, rotations):
    return np.argmax(scores_of(vectors, rotations)[..., :-1], axis=-1)


@exercise.mistake(
    why="the axis of np.concatenate is miscounted",
    says="`y` and `-y` are joined along the positions, which doubles them; they are joined on the last axis",
)
def joined_along_positions(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([rotated, -rotated], axis=-2), axis=-1)


@exercise.mistake(
    why="the shape of one matrix is wanted the other way round",
    says="each matrix is transposed; it is (d, B/2), and a vector has d features",
)
def matrices_transposed(vectors, rotations):
    return np.argmax(scores_of(vectors, np.swapaxes(rotations, -1, -2)), axis=-1)


@exercise.mistake(
    why="one large product is quicker than R small ones",
    says="`rotations` is reshaped into one matrix (d, R B/2) without moving d to the front: the rounds are mixed",
)
def reshaped_into_one_matrix(vectors, rotations):
    R, d, half = rotations.shape
    y = (vectors @ rotations.reshape(d, R * half)).reshape(*vectors.shape[:-1], R, half)
    return np.swapaxes(np.argmax(np.concatenate([y, -y], axis=-1), axis=-1), -1, -2)


@exercise.mistake(
    why="reshape makes the shape right",
    says="(..., L, R) is brought to (..., R, L) by reshape, which mixes rounds and positions; swap the two axes",
)
def reshaped_instead_of_swapped(vectors, rotations):
    buckets = hashed(vectors, rotations)
    return np.swapaxes(buckets, -1, -2).reshape(buckets.shape)


@exercise.mistake(
    why="the new axis is put in front, as without a batch",
    says="the new axis for the rounds is in front of the batch; it belongs right before L",
)
def new_axis_in_front(vectors, rotations):
    rotated = vectors[np.newaxis] @ rotations
    return np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)


@exercise.mistake(
    why="einsum is written for (L, d)",
    says="the einsum has letters for L and d alone; with `...` in front of them batch axes pass through",
)
def einsum_without_batch(vectors, rotations):
    y = np.einsum("ld,rdb->rlb", vectors, rotations)
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)


@exercise.mistake(
    why="einsum is written for (L, d) and for (N, L, d)",
    says="there is room for one batch axis at most; with `...` in einsum any number passes through",
)
def one_batch_axis_at_most(vectors, rotations):
    y = np.einsum("ld,rdb->rlb" if vectors.ndim == 2 else "nld,rdb->nrlb", vectors, rotations)
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)


@exercise.mistake(
    why="the batch is flattened for the product",
    says="the result has exactly one batch axis, whatever the input has: the batch axes have to come back as they were",
)
def batch_left_flat(vectors, rotations):
    return hashed(vectors.reshape(-1, *vectors.shape[-2:]), rotations)


@exercise.mistake(
    why="`vectors /= norms` looks like a short way to write it",
    says="the vectors are divided in place: this changes the caller's array, and cannot be done to whole numbers",
)
def divided_in_place(vectors, rotations):
    vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-300)
    return hashed(vectors, rotations)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_einsum(vectors, rotations):
    rotated = np.einsum("...ld,rdb->...rlb", vectors, rotations)
    return np.concatenate((rotated, -rotated), axis=-1).argmax(-1)


@exercise.solution
def by_largest_and_smallest(vectors, rotations):
    rotated = np.expand_dims(vectors, -3) @ rotations
    positive = rotated.max(axis=-1) >= -rotated.min(axis=-1)
    return np.where(positive, rotated.argmax(axis=-1), rotations.shape[-1] + rotated.argmin(axis=-1))


@exercise.solution
def round_by_round(vectors, rotations):
    rounds = []
    for rotation in rotations:
        rotated = np.dot(vectors, rotation)
        rounds.append(np.argmax(np.append(rotated, -rotated, axis=-1), axis=-1).astype(np.int32))
    return np.stack(rounds, axis=-2)
