"""Lab 03, angular LSH: what is asked, how it is judged, and the mistakes that learners make.

The functions are in `reformer.angular`, their loop twins in `reformer.loops.angular`.
"""

import numpy as np

from autograder.exercise import Case, Exercise, Lab, Misconception, Property
from reformer import angular
from reformer.loops import angular as twins

# --- angular_hash(vectors, rotations) ---------------------------------------------------------------------------


def _vectors_and_rotations(*batch, n_positions, n_features, n_rounds, n_buckets):
    def make(rng):
        vectors = rng.standard_normal((*batch, n_positions, n_features))
        return vectors, rng.standard_normal((n_rounds, n_features, n_buckets // 2))

    return make


def _far_from_a_tie(vectors, rotations):
    """Whether the largest of [xR, -xR] beats the second by more than 1e-3, everywhere."""
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.sort(np.concatenate([rotated, -rotated], axis=-1), axis=-1)
    return np.all(scores[..., -1] - scores[..., -2] > 1e-3 * scores[..., -1])


def _four_on_a_circle(rng):
    return np.array([[2.0, 1.0], [-1.0, 3.0], [-2.0, -1.0], [1.0, -3.0]]), np.eye(2)[np.newaxis]


def _a_tie_and_nothing(rng):
    return np.array([[1.0, 1.0], [-1.0, -1.0], [0.0, 0.0]]), np.eye(2)[np.newaxis]


def _two_lengths(rng):
    vectors, rotations = rng.standard_normal((6, 3)), rng.standard_normal((2, 3, 4))
    return [(vectors, rotations), (2 * vectors, rotations)]


def _opposites(rng):
    vectors, rotations = rng.standard_normal((6, 3)), rng.standard_normal((2, 3, 4))
    return [(vectors, rotations), (-vectors, rotations)]


def _half_the_buckets_away(calls, answers):
    n_buckets = 2 * calls[0][1].shape[-1]
    return np.array_equal((np.asarray(answers[0]) + n_buckets // 2) % n_buckets, answers[1])


def no_negative_half(vectors, rotations):
    return np.argmax(vectors[..., np.newaxis, :, :] @ rotations, axis=-1)


def absolute_values(vectors, rotations):
    return np.argmax(np.abs(vectors[..., np.newaxis, :, :] @ rotations), axis=-1)


def negative_half_first(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([-rotated, rotated], axis=-1), axis=-1)


def argmax_over_positions(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-2)


def last_of_equals(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.concatenate([rotated, -rotated], axis=-1)
    return scores.shape[-1] - 1 - np.argmax(scores[..., ::-1], axis=-1)


def first_rotation_only(vectors, rotations):
    return angular.angular_hash(vectors, np.broadcast_to(rotations[:1], rotations.shape))


def first_vector_only(vectors, rotations):
    return angular.angular_hash(np.broadcast_to(vectors[..., :1, :], vectors.shape), rotations)


def rounds_last(vectors, rotations):
    return np.swapaxes(angular.angular_hash(vectors, rotations), -1, -2)


def offset_at_once(vectors, rotations):
    return angular.offset_rounds(angular.angular_hash(vectors, rotations), 2 * rotations.shape[-1])


def sign_bits(vectors, rotations):
    bits = vectors[..., np.newaxis, :, :] @ rotations >= 0
    return np.sum(bits * 2 ** np.arange(rotations.shape[-1]), axis=-1)


def sign_bits_above_zero(vectors, rotations):
    bits = vectors[..., np.newaxis, :, :] @ rotations > 0
    return np.sum(bits * 2 ** np.arange(rotations.shape[-1]), axis=-1)


def rounds_before_batch(vectors, rotations):
    return np.stack([angular.angular_hash(vectors, rotation[np.newaxis])[..., 0, :] for rotation in rotations])


def joined_along_rounds(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([rotated, -rotated]), axis=-1)


def halves_interleaved(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.stack([rotated, -rotated], axis=-1)
    return np.argmax(scores.reshape(*rotated.shape[:-1], -1), axis=-1)


def only_one_sequence(vectors, rotations):
    rotated = vectors @ rotations
    return np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)


def first_round_alone(vectors, rotations):
    return angular.angular_hash(vectors, rotations[:1])


def hash_by_einsum(vectors, rotations):
    rotated = np.einsum("...ld,rdb->...rlb", vectors, rotations)
    return np.concatenate((rotated, -rotated), axis=-1).argmax(-1)


def hash_by_size_and_sign(vectors, rotations):
    rotated = np.expand_dims(vectors, -3) @ rotations
    largest = np.argmax(np.abs(rotated), axis=-1)
    value = np.take_along_axis(rotated, largest[..., np.newaxis], axis=-1)[..., 0]
    return largest + np.where(value < 0, rotations.shape[-1], 0)


def hash_round_by_round(vectors, rotations):
    rounds = []
    for rotation in rotations.astype(np.float32):
        rotated = np.dot(vectors.astype(np.float32), rotation)
        rounds.append(np.argmax(np.append(rotated, -rotated, axis=-1), axis=-1).astype(np.int32))
    return np.stack(rounds, axis=-2)


ANGULAR_HASH = Exercise(
    reference=angular.angular_hash,
    twin=twins.angular_hash,
    questions=(
        Case("four tokens on a circle, four buckets", _four_on_a_circle),
        Case("a tie, and the zero vector", _a_tie_and_nothing),
        Case(
            "five tokens, two rounds",
            _vectors_and_rotations(n_positions=5, n_features=3, n_rounds=2, n_buckets=4),
            clear_cut=_far_from_a_tie,
        ),
        Case(
            "two sequences at once, three rounds",
            _vectors_and_rotations(2, n_positions=4, n_features=2, n_rounds=3, n_buckets=8),
            clear_cut=_far_from_a_tie,
        ),
        Property(
            "a vector twice as long lands in the same bucket",
            _two_lengths,
            lambda calls, answers: np.array_equal(answers[0], answers[1]),
        ),
        Property("the opposite vector lands B/2 buckets away", _opposites, _half_the_buckets_away),
        Case(
            "two buckets: a single column of random numbers",
            _vectors_and_rotations(n_positions=12, n_features=3, n_rounds=2, n_buckets=2),
            hidden=True,
            clear_cut=_far_from_a_tie,
        ),
        Case(
            "a batch of sequences with heads",
            _vectors_and_rotations(2, 3, n_positions=16, n_features=8, n_rounds=4, n_buckets=16),
            points=2,
            hidden=True,
            clear_cut=_far_from_a_tie,
        ),
    ),
    misconceptions=(
        Misconception(
            no_negative_half,
            "the formula in many summaries is argmax(xR)",
            "the argmax sees `xR` alone, without `-xR`: half of the buckets are never used",
        ),
        Misconception(
            absolute_values,
            "'the largest entry' is read as the largest in size",
            "the signs are thrown away: a vector and its opposite share a bucket, yet nothing is farther apart",
        ),
        Misconception(
            negative_half_first,
            "the order of the two halves looks arbitrary, or a nearest neighbour is sought by a smallest score",
            "`-xR` comes before `xR`, or the smallest score wins: the groups are right, their numbers are swapped",
        ),
        Misconception(
            argmax_over_positions,
            "with four axes in play the last but one is easily taken for the last",
            "the argmax runs over the positions instead of the 2 · B/2 scores of each position",
        ),
        Misconception(
            last_of_equals,
            "sorting and taking the last entry treats ties the other way round",
            "a tie goes to the higher index; the specification sends it to the lower one, as `np.argmax` does",
        ),
        Misconception(
            first_rotation_only,
            "a rotation is drawn once outside the loop over rounds",
            "every round uses the first rotation: the rounds are copies, so that more of them find nothing new",
        ),
        Misconception(
            first_vector_only,
            "a test with equal rows cannot tell, so this survives in known labs",
            "the first vector is hashed and its bucket given to all positions",
        ),
        Misconception(
            rounds_last,
            "broadcasting puts the new axis last",
            "the rounds are on the last axis: the result has shape (..., L, R) instead of (..., R, L)",
        ),
        Misconception(
            offset_at_once,
            "published code hashes and offsets in one function",
            "each round already has numbers of its own; that is the next exercise, here every round uses 0 to B - 1",
        ),
        Misconception(
            sign_bits,
            "it is the hash of unit 02",
            "the signs of `xR` are read as bits, as with hash planes; here the place of the largest number counts",
        ),
        Misconception(
            sign_bits_above_zero,
            "it is the hash of unit 02, with zero on the other side",
            "the signs of `xR` are read as bits, `> 0` for each; here the place of the largest number counts",
        ),
        Misconception(
            rounds_before_batch,
            "np.stack puts the new axis first",
            "the rounds stand in front of the batch; they belong right before the positions: `axis=-2` in `np.stack`",
        ),
        Misconception(
            joined_along_rounds,
            "np.concatenate joins along the first axis unless told otherwise",
            "`xR` and `-xR` are joined along the first axis; they belong behind each other on the last, `axis=-1`",
        ),
        Misconception(
            halves_interleaved,
            "each number is put next to its negative",
            "each number stands next to its negative; all of `xR` comes first, then all of `-xR`",
        ),
        Misconception(
            only_one_sequence,
            "with a single sequence, broadcasting happens to work",
            "a single sequence works, a batch does not: `vectors` needs a new axis for the rounds, right before L",
        ),
        Misconception(
            first_round_alone,
            "rotations[0] is a good start, and is then forgotten",
            "only the first round is hashed; each matrix in `rotations` gives one row of buckets",
        ),
    ),
    styles=(hash_by_einsum, hash_by_size_and_sign, hash_round_by_round),
)

# --- offset_rounds(buckets, n_buckets) --------------------------------------------------------------------------


def _buckets(*batch, n_rounds, n_positions, n_buckets):
    return lambda rng: (rng.integers(0, n_buckets, size=(*batch, n_rounds, n_positions)), n_buckets)


def _two_rounds_of_four(rng):
    return np.array([[0, 3, 1, 2], [2, 0, 3, 1]]), 4


def _high_buckets_unused(rng):
    return rng.integers(0, 3, size=(3, 5)), 8


def _rounds_do_not_share(calls, answers):
    numbers = [set(np.ravel(one_round).tolist()) for one_round in np.asarray(answers[0])]
    return all(first.isdisjoint(second) for i, first in enumerate(numbers) for second in numbers[:i])


def not_offset(buckets, n_buckets):
    return buckets


def offset_by_number_of_rounds(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    return buckets + n_rounds * np.arange(n_rounds)[:, np.newaxis]


def offset_by_largest_used(buckets, n_buckets):
    return buckets + (buckets.max() + 1) * np.arange(buckets.shape[-2])[:, np.newaxis]


def offset_from_one(buckets, n_buckets):
    return buckets + n_buckets * np.arange(1, buckets.shape[-2] + 1)[:, np.newaxis]


def offset_along_positions(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[-1])


def rounds_interleaved(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    return buckets * n_rounds + np.arange(n_rounds)[:, np.newaxis]


def multiplied_by_round(buckets, n_buckets):
    return buckets * np.arange(1, buckets.shape[-2] + 1)[:, np.newaxis]


def offset_by_round_number(buckets, n_buckets):
    return buckets + np.arange(buckets.shape[-2])[:, np.newaxis]


def bucket_times_number_of_buckets(buckets, n_buckets):
    return buckets * n_buckets + np.arange(buckets.shape[-2])[:, np.newaxis]


def offset_without_a_column(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[-2])


def offset_in_a_loop(buckets, n_buckets):
    moved = np.array(buckets)
    for r in range(moved.shape[-2]):
        moved[..., r, :] += r * n_buckets
    return moved


def offset_by_broadcast_of_range(buckets, n_buckets):
    starts = np.arange(0, n_buckets * buckets.shape[-2], n_buckets, dtype=np.int32)
    return np.add(buckets, starts.reshape(-1, 1))


OFFSET_ROUNDS = Exercise(
    reference=angular.offset_rounds,
    twin=twins.offset_rounds,
    questions=(
        Case("two rounds of four tokens, four buckets", _two_rounds_of_four),
        Case("three rounds, eight buckets, the high ones unused", _high_buckets_unused),
        Case("a single round stays as it is", _buckets(n_rounds=1, n_positions=6, n_buckets=4)),
        Case("two sequences at once", _buckets(2, n_rounds=3, n_positions=5, n_buckets=6)),
        Property(
            "no two rounds share a number",
            lambda rng: [_buckets(n_rounds=4, n_positions=20, n_buckets=6)(rng)],
            _rounds_do_not_share,
        ),
        Case(
            "a batch of sequences with heads", _buckets(2, 2, n_rounds=5, n_positions=7, n_buckets=10), 2, hidden=True
        ),
    ),
    misconceptions=(
        Misconception(
            not_offset,
            "the rounds already sit on an axis of their own",
            "the numbers are left as they were: after flattening, bucket 3 of one round is bucket 3 of the next",
        ),
        Misconception(
            offset_by_number_of_rounds,
            "a well-known lab's text says so",
            "round r moves up by r times the number of rounds; it has to be the number of buckets, or rounds overlap",
        ),
        Misconception(
            offset_by_largest_used,
            "the largest number seen looks like the number of buckets",
            "the offset is taken from the largest bucket in use; a bucket may be empty, so use `n_buckets`",
        ),
        Misconception(
            offset_from_one,
            "rounds are counted from one in prose",
            "rounds are counted from 1: the first round has to keep its numbers",
        ),
        Misconception(
            offset_along_positions,
            "broadcasting an array of shape (R,) falls on the last axis",
            "the offset grows along the positions instead of the rounds; the round is the last axis but one",
        ),
        Misconception(
            rounds_interleaved,
            "it keeps the numbers apart, too",
            "the rounds are interleaved: no number is shared, but a sort would mix the rounds",
        ),
        Misconception(
            multiplied_by_round,
            "'r times' is applied to the bucket, not to the offset",
            "the buckets are multiplied by the round instead of moved up by it",
        ),
        Misconception(
            offset_by_round_number,
            "a different number for each round seems enough",
            "round r moves up by r alone; the rounds still overlap, as each of them uses `n_buckets` numbers",
        ),
        Misconception(
            bucket_times_number_of_buckets,
            "the two factors change places",
            "the bucket is multiplied by `n_buckets` and the round added; it is the round that has to be multiplied",
        ),
        Misconception(
            offset_without_a_column,
            "an array of shape (R,) is laid along the last axis",
            "`np.arange(R)` is laid along the positions; with `[:, np.newaxis]` it becomes a column, one entry a round",
        ),
    ),
    styles=(offset_in_a_loop, offset_by_broadcast_of_range),
)

# --- collision_probability(angles, n_buckets) -------------------------------------------------------------------


def _five_angles(n_buckets):
    return lambda rng: (np.linspace(0, np.pi, 5), n_buckets)


def _table_of_angles(n_buckets):
    return lambda rng: (rng.uniform(0, np.pi, size=(3, 4)), n_buckets)


def _right_angle(rng):
    return [(np.array([np.pi / 2]), 2), (np.array([np.pi / 2]), 4)]


def _all_buckets_equally_likely(calls, answers):
    return all(np.allclose(answer, 1 / n_buckets) for (_, n_buckets), answer in zip(calls, answers, strict=True))


def half_as_steep(angles, n_buckets):
    return (1 - angles / (2 * np.pi)) ** (n_buckets // 2)


def in_degrees(angles, n_buckets):
    return (1 - angles / 180) ** (n_buckets // 2)


def number_of_buckets_ignored(angles, n_buckets):
    return 1 - angles / np.pi


def shared_among_buckets(angles, n_buckets):
    return (1 - angles / np.pi) * 2 / n_buckets


def power_of_all_buckets(angles, n_buckets):
    return (1 - angles / np.pi) ** n_buckets


def cosine_as_chance(angles, n_buckets):
    return np.clip(np.cos(angles), 0, 1) ** (n_buckets // 2)


def equal_sectors(angles, n_buckets):
    return np.maximum(0, 1 - n_buckets * angles / (2 * np.pi))


def share_of_angle_squared(angles, n_buckets):
    return 1 - (angles / np.pi) ** (n_buckets // 2)


def chance_to_differ(angles, n_buckets):
    return 1 - (1 - angles / np.pi) ** (n_buckets // 2)


def share_of_the_angle(angles, n_buckets):
    return angles / np.pi


def plain_cosine(angles, n_buckets):
    return np.cos(angles)


def probability_by_planes(angles, n_buckets):
    return (1 - angles / np.pi) ** np.log2(n_buckets)


def probability_by_cases(angles, n_buckets):
    same_side = 1 - np.asarray(angles, dtype=np.float32) / np.float32(np.pi)
    if n_buckets == 2:
        return same_side
    return same_side * same_side


COLLISION_PROBABILITY = Exercise(
    reference=angular.collision_probability,
    twin=twins.collision_probability,
    questions=(
        Case("five angles from 0 to pi, two buckets", _five_angles(2), tolerance=1e-5),
        Case("five angles from 0 to pi, four buckets", _five_angles(4), tolerance=1e-5),
        Case("a table of angles, four buckets", _table_of_angles(4), tolerance=1e-5),
        Property("at a right angle the chance is 1/B", _right_angle, _all_buckets_equally_likely),
        Case("a table of angles, two buckets", _table_of_angles(2), hidden=True, tolerance=1e-5),
        Case("many angles, four buckets", lambda rng: (rng.uniform(0, np.pi, size=50), 4), hidden=True, tolerance=1e-5),
    ),
    misconceptions=(
        Misconception(
            half_as_steep,
            "a full turn is 2 pi",
            "the angle is divided by 2π; two vectors are at most π apart, and there they never share a bucket",
        ),
        Misconception(
            in_degrees,
            "angles are often given in degrees",
            "the angles are taken for degrees; they are radians, so the largest is π and not 180",
        ),
        Misconception(
            number_of_buckets_ignored,
            "the formula for two buckets is the famous one",
            "four buckets are treated like two; with four, two independent signs have to agree",
        ),
        Misconception(
            shared_among_buckets,
            "twice as many buckets sound like half the chance",
            "twice as many buckets halve the chance; then even a vector and itself would meet only every second time",
        ),
        Misconception(
            power_of_all_buckets,
            "one factor for each bucket seems natural",
            "one factor is taken for each bucket; there is one for each column of the rotation, half as many",
        ),
        Misconception(
            cosine_as_chance,
            "cosine similarity also falls from 1 as the angle grows",
            "the cosine is taken for the chance; the chance falls in a straight line with the angle",
        ),
        Misconception(
            equal_sectors,
            "pictures show the circle cut into equal sectors and turned by a random angle",
            "the circle is cut into equal sectors; the two columns of a Gaussian matrix are seldom at right angles",
        ),
        Misconception(
            share_of_angle_squared,
            "the square is applied to the wrong part",
            "the angle's share is squared instead of the chance",
        ),
        Misconception(
            chance_to_differ,
            "the complement is computed on the way",
            "the result is the chance to be in different buckets; at angle 0 it has to be 1",
        ),
        Misconception(
            share_of_the_angle,
            "the chance that the line falls between the two is computed first",
            "the result is θ/π, the chance that a line separates the two; they meet when it does not",
        ),
        Misconception(
            plain_cosine,
            "cosine similarity is what attention compares",
            "the result is the cosine of the angle; it turns negative beyond 90°, which no chance does",
        ),
    ),
    styles=(probability_by_planes, probability_by_cases),
)

# --- chance_to_meet(probability, n_rounds) ----------------------------------------------------------------------


def _chances(*shape, n_rounds):
    return lambda rng: (rng.uniform(0, 1, size=shape), n_rounds)


def _growing_rounds(rng):
    probability = rng.uniform(0.05, 0.95, size=6)
    return [(probability, 1), (probability, 2), (probability, 5)]


def _more_rounds_meet_more(calls, answers):
    one, two, five = map(np.asarray, answers)
    return np.allclose(one, calls[0][0]) and np.all(one < two) and np.all(two < five) and np.all(five <= 1)


def complement_of_meeting_always(probability, n_rounds):
    return 1 - probability**n_rounds


def meet_every_time(probability, n_rounds):
    return probability**n_rounds


def added_up(probability, n_rounds):
    return probability * n_rounds


def added_up_and_capped(probability, n_rounds):
    return np.minimum(1, probability * n_rounds)


def never_meet(probability, n_rounds):
    return (1 - probability) ** n_rounds


def average_of_rounds(probability, n_rounds):
    return probability


def one_round_too_few(probability, n_rounds):
    return 1 - (1 - probability) ** (n_rounds - 1)


def in_exactly_one_round(probability, n_rounds):
    return n_rounds * probability * (1 - probability) ** (n_rounds - 1)


def misses_added_up(probability, n_rounds):
    return 1 - (1 - probability) * n_rounds


def chance_by_logarithms(probability, n_rounds):
    with np.errstate(divide="ignore"):
        return -np.expm1(n_rounds * np.log1p(-np.asarray(probability)))


def chance_round_by_round(probability, n_rounds):
    missed = np.ones_like(probability)
    for _ in range(n_rounds):
        missed = missed * (1 - probability)
    return 1 - missed


CHANCE_TO_MEET = Exercise(
    reference=angular.chance_to_meet,
    twin=twins.chance_to_meet,
    questions=(
        Case("four chances, two rounds", lambda rng: (np.array([0.0, 0.25, 0.5, 1.0]), 2), tolerance=1e-5),
        Case("a single round changes nothing", _chances(5, n_rounds=1), tolerance=1e-5),
        Case("a table of chances, four rounds", _chances(2, 3, n_rounds=4), tolerance=1e-5),
        Property(
            "one round is the chance itself, more rounds meet more often", _growing_rounds, _more_rounds_meet_more
        ),
        Case("many chances, eight rounds", _chances(30, n_rounds=8), points=2, hidden=True, tolerance=1e-5),
    ),
    misconceptions=(
        Misconception(
            complement_of_meeting_always,
            "the complement is taken of the wrong power",
            "the result is `1 - p**R`, the chance to miss at least once; take the complement first, then the power",
        ),
        Misconception(
            meet_every_time,
            "'several rounds' is read as 'in every round'",
            "the vectors must meet in every round; once is enough",
        ),
        Misconception(
            added_up,
            "chances of separate tries are added",
            "the chances are added up; with enough rounds that exceeds 1, because meeting twice is counted twice",
        ),
        Misconception(
            added_up_and_capped,
            "the sum is seen to exceed 1 and mended",
            "the chances are added up and cut off at 1; meeting twice is still counted twice",
        ),
        Misconception(
            never_meet,
            "the complement is forgotten at the end",
            "the result is the chance never to meet; subtract it from 1",
        ),
        Misconception(
            average_of_rounds,
            "more measurements give a better mean, not a larger one",
            "more rounds change nothing; each round is a new chance, and one success is enough",
        ),
        Misconception(
            one_round_too_few,
            "the first round is not counted as a repetition",
            "one round is missing: with R = 1 the result has to be the chance itself",
        ),
        Misconception(
            in_exactly_one_round,
            "the binomial formula is known, and read for one success",
            "the vectors meet in exactly one round; to meet twice counts as well",
        ),
        Misconception(
            misses_added_up,
            "the complement is right, the repetition is not",
            "the chances to miss are added up; independent chances multiply, so it takes a power",
        ),
    ),
    styles=(chance_by_logarithms, chance_round_by_round),
)

LAB = Lab("lab03_angular_lsh", unit=3, exercises=(ANGULAR_HASH, OFFSET_ROUNDS, COLLISION_PROBABILITY, CHANCE_TO_MEET))
