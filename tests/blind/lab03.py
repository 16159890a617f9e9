"""Answers to lab 03, written from its text alone."""

import numpy as np

from tests.blind import right, wrong


@wrong(
    "angular_hash",
    truth=(
        "Never joins -y: takes the largest of y alone, so only buckets 0 .. B/2 - 1 occur. Shows on every vector "
        "whose largest number lies among the negatives."
    ),
)
def hash_without_negatives(vectors, rotations):
    return np.argmax(vectors[..., np.newaxis, :, :] @ rotations, axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Takes the place of the largest |y| and forgets the sign: x and -x get the same bucket, one of 0 .. B/2 - "
        "1. Shows on every vector whose strongest column is met with a negative sign."
    ),
)
def hash_by_absolute_value(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.abs(y).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Puts -y in front of y, so every bucket is shifted by B/2 (with equal scores it also picks another one). "
        "Shows on every vector, the zero vector apart."
    ),
)
def hash_negatives_first(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.concatenate([-y, y], axis=-1).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Among several largest it takes the highest place instead of the lowest, because it searches from the "
        "back. Shows only on ties, for example the zero vector or y = (2, 2)."
    ),
)
def hash_last_of_the_largest(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.concatenate([y, -y], axis=-1)
    return scores.shape[-1] - 1 - scores[..., ::-1].argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Interleaves y0, -y0, y1, -y1, ... instead of putting -y behind the whole of y. The numbers are permuted; "
        "right only with B = 2, where bucket 0 or B - 1 wins, and on a few ties."
    ),
)
def hash_interleaved_signs(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.stack([y, -y], axis=-1).reshape(*y.shape[:-1], 2 * y.shape[-1])
    return scores.argmax(axis=-1)


@wrong(
    "angular_hash",
    truth="Counts buckets from 1 to B instead of 0 to B - 1: every result is one too large.",
)
def hash_counted_from_one(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1) + 1


@wrong(
    "angular_hash",
    truth=(
        "Joins y and -y along the positions and not along the scores, so the result has 2L positions and buckets "
        "only up to B/2 - 1. The shape is wrong on every input with L > 0."
    ),
)
def hash_joined_along_positions(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.concatenate([y, -y], axis=-2).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Looks for the largest along the positions: it returns for each bucket the position that scores best, "
        "shape (..., R, B), instead of for each position its best bucket. Passes the example."
    ),
)
def hash_best_position_per_bucket(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-2)


@wrong(
    "angular_hash",
    truth=(
        "Right buckets, but the last two axes are exchanged: (..., L, R) instead of (..., R, L). Shows whenever L "
        "and R are not both 1."
    ),
)
def hash_positions_before_rounds(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1).swapaxes(-1, -2)


@wrong(
    "angular_hash",
    truth="Uses the matrix of round 0 for every round, so all rounds are equal. Right with R = 1.",
)
def hash_same_matrix_every_round(vectors, rotations):
    y = vectors @ rotations[0]
    once = np.concatenate([y, -y], axis=-1).argmax(axis=-1)
    return np.stack([once] * len(rotations), axis=-2)


@wrong(
    "angular_hash",
    truth=(
        "Writes vectors @ rotations without a new axis. Right with no batch axis; with batch axes the batch is "
        "matched with the rounds: an error, or one round per entry instead of all."
    ),
)
def hash_batch_meets_rounds(vectors, rotations):
    y = vectors @ rotations
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "The einsum has no place for batch axes: right for (L, d), an error for everything with a batch axis in "
        "front."
    ),
)
def hash_einsum_without_batch(vectors, rotations):
    y = np.einsum("ld,rdh->rlh", vectors, rotations)
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Puts the new axis at the very front instead of directly before L. Right with no batch axis; with a batch "
        "the rounds are broadcast against the batch: an error, or a result of the wrong shape."
    ),
)
def hash_new_axis_at_the_front(vectors, rotations):
    y = vectors[np.newaxis] @ rotations
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Flattens the batch axes into one and does not restore them: (L, d) comes back with an extra axis of "
        "length 1, and two batch axes come back as one. Right only with exactly one batch axis."
    ),
)
def hash_batch_left_flat(vectors, rotations):
    flat = vectors.reshape(int(np.prod(vectors.shape[:-2])), *vectors.shape[-2:])
    y = np.einsum("nld,rdh->nrlh", flat, rotations)
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Handles no batch axis and one batch axis, and nothing else: with two or more batch axes the einsum raises "
        "an error."
    ),
)
def hash_at_most_one_batch_axis(vectors, rotations):
    if vectors.ndim == 2:
        y = np.einsum("ld,rdh->rlh", vectors, rotations)
    else:
        y = np.einsum("nld,rdh->nrlh", vectors, rotations)
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Stacks the rounds along a new first axis: (R, ..., L). Right with no batch axis; with a batch axis the "
        "rounds stand before the batch."
    ),
)
def hash_rounds_in_front_of_batch(vectors, rotations):
    rounds = []
    for matrix in rotations:
        y = vectors @ matrix
        rounds.append(np.concatenate([y, -y], axis=-1).argmax(axis=-1))
    return np.stack(rounds)


@wrong(
    "angular_hash",
    truth=(
        "Stores the scores in an array of integers, which cuts off the fractions before the comparison. Right on "
        "whole numbers as in the example, wrong on scores such as 0.3 and 0.9."
    ),
)
def hash_scores_cut_to_integers(vectors, rotations):
    half = rotations.shape[-1]
    y = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.zeros((*y.shape[:-1], 2 * half), dtype=int)
    scores[..., :half] = y
    scores[..., half:] = -y
    return scores.argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "The numbers are right, but they are stored in a float array (np.zeros without dtype); the lab asks for "
        "integers. Shows in the dtype of every result."
    ),
)
def hash_buckets_as_floats(vectors, rotations):
    *batch, n_positions, _ = vectors.shape
    buckets = np.zeros((*batch, len(rotations), n_positions))
    for r, matrix in enumerate(rotations):
        y = vectors @ matrix
        buckets[..., r, :] = np.concatenate([y, -y], axis=-1).argmax(axis=-1)
    return buckets


@wrong(
    "angular_hash",
    truth="Saves memory with int8, so buckets from 128 on wrap round to negative numbers. Shows only with B > 128.",
)
def hash_buckets_in_one_byte(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1).astype(np.int8)


@wrong(
    "angular_hash",
    truth=(
        "Hyperplane hashing remembered from elsewhere: it reads the signs of y as a binary number, which ignores "
        "which score is largest and has 2 ** (B/2) values instead of B."
    ),
)
def hash_signs_as_binary_number(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    powers = 2 ** np.arange(rotations.shape[-1])
    return ((y > 0) * powers).sum(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Takes the place of the largest |y| first and adds B/2 if that y is negative. Wrong only on ties between a "
        "negative and a later positive of the same size: y = (-2, 2) gives 2, but 1 is lower."
    ),
)
def hash_absolute_then_sign(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    place = np.abs(y).argmax(axis=-1)
    value = np.take_along_axis(y, place[..., np.newaxis], axis=-1)[..., 0]
    return np.where(value < 0, place + y.shape[-1], place)


@wrong(
    "angular_hash",
    truth=(
        "Compares the largest y and the largest -y with a strict >, so if both are equal the negative half wins "
        "although its place is higher. Shows on y = (2, -2) and on the zero vector, not on a tie inside one half."
    ),
)
def hash_tie_goes_to_negative_half(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.where(y.max(axis=-1) > -y.min(axis=-1), y.argmax(axis=-1), y.shape[-1] + y.argmin(axis=-1))


@wrong(
    "angular_hash",
    truth=(
        "The search starts with bucket -1 and score 0 and asks for something strictly larger, so a position with "
        "all scores 0 (the zero vector) keeps the bucket -1. All else is right."
    ),
)
def hash_zero_vector_gets_minus_one(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.concatenate([y, -y], axis=-1)
    best_bucket = np.full(scores.shape[:-1], -1)
    best_score = np.zeros(scores.shape[:-1])
    for bucket in range(scores.shape[-1]):
        better = scores[..., bucket] > best_score
        best_bucket = np.where(better, bucket, best_bucket)
        best_score = np.where(better, scores[..., bucket], best_score)
    return best_bucket


@wrong(
    "angular_hash",
    truth=(
        "The best score and bucket are not reset for the next position of a round, so a short vector after a "
        "longer one inherits the bucket of the longer one. Right on the first position of each round."
    ),
)
def hash_best_score_never_reset(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.concatenate([y, -y], axis=-1)
    buckets = np.zeros(scores.shape[:-1], dtype=int)
    for entry in np.ndindex(*scores.shape[:-2]):
        best_score, best_bucket = -np.inf, 0
        for position in range(scores.shape[-2]):
            for bucket in range(scores.shape[-1]):
                if scores[entry][position, bucket] > best_score:
                    best_score, best_bucket = scores[entry][position, bucket], bucket
            buckets[entry][position] = best_bucket
    return buckets


@wrong(
    "angular_hash",
    truth=(
        "Adds a fixed 2 for the negative half, as in the example with B = 4, instead of B/2. Right with B = 4, and "
        "on vectors whose largest score is in the positive half."
    ),
)
def hash_half_fixed_at_two(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.where(y.max(axis=-1) >= -y.min(axis=-1), y.argmax(axis=-1), 2 + y.argmin(axis=-1))


@wrong(
    "angular_hash",
    truth=(
        "Makes one matrix of all rounds with rotations.reshape(d, R * B/2), without moving d to the front first. "
        "The columns of different rounds and features are mixed; right with R = 1 (or d = 1)."
    ),
)
def hash_reshaped_without_transposing(vectors, rotations):
    n_rounds, n_features, half = rotations.shape
    y = vectors @ rotations.reshape(n_features, n_rounds * half)
    y = y.reshape(*vectors.shape[:-1], n_rounds, half)
    return np.moveaxis(np.concatenate([y, -y], axis=-1).argmax(axis=-1), -1, -2)


@wrong(
    "angular_hash",
    truth=(
        "Computes (..., L, R) and brings it to (..., R, L) by reshape and not by exchanging the axes: the shape is "
        "right, but the buckets stand at wrong positions and rounds. Right if R = 1 or L = 1."
    ),
)
def hash_reshape_instead_of_swap(vectors, rotations):
    y = np.einsum("...ld,rdh->...lrh", vectors, rotations)
    buckets = np.concatenate([y, -y], axis=-1).argmax(axis=-1)
    return buckets.reshape(*vectors.shape[:-2], rotations.shape[0], vectors.shape[-2])


@wrong(
    "angular_hash",
    truth=(
        "Brings the columns of the matrices to length 1 first, so the nearest direction wins instead of the "
        "largest y. Wrong near the border of two columns of different length; right with the identity."
    ),
)
def hash_with_unit_columns(vectors, rotations):
    length = np.linalg.norm(rotations, axis=1, keepdims=True)
    unit = rotations / np.where(length == 0, 1, length)
    y = vectors[..., np.newaxis, :, :] @ unit
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Drops axes of length 1 with squeeze, so with one round, one position or a batch axis of length 1 the "
        "shape is not (..., R, L). The example already has one round."
    ),
)
def hash_squeezed(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1).squeeze()


@wrong(
    "angular_hash",
    truth=(
        "Already moves round r up by r * B, which is the task of offset_rounds. Right with R = 1; from the second "
        "round on the numbers leave 0 .. B - 1."
    ),
)
def hash_already_offset(vectors, rotations):
    n_rounds, _, half = rotations.shape
    y = vectors[..., np.newaxis, :, :] @ rotations
    buckets = np.concatenate([y, -y], axis=-1).argmax(axis=-1)
    return buckets + 2 * half * np.arange(n_rounds)[:, np.newaxis]


@wrong(
    "angular_hash",
    truth=(
        "Rounds the scores to six decimals 'to make ties stable', which makes ties where there are none. Wrong on "
        "very short vectors (1e-8: all buckets 0) and on scores that differ by less than 1e-6."
    ),
)
def hash_scores_rounded(vectors, rotations):
    y = np.round(vectors[..., np.newaxis, :, :] @ rotations, 6)
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Takes a softmax of the scores without subtracting the maximum before argmax. Scores above about 709 "
        "overflow to inf / inf = nan, and the first nan wins; scores of 1e-20 all become equal."
    ),
)
def hash_through_naive_softmax(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    with np.errstate(all="ignore"):
        weights = np.exp(np.concatenate([y, -y], axis=-1))
        weights = weights / weights.sum(axis=-1, keepdims=True)
    return weights.argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Multiplies with the transposed matrices. Right with the identity (or any symmetric matrix); otherwise "
        "wrong buckets if d = B/2, and an error if d is not B/2."
    ),
)
def hash_transposed_matrices(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ np.swapaxes(rotations, 1, 2)
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "The return stands inside the loop, so only the first round is computed: the shape is (..., 1, L) instead "
        "of (..., R, L) whenever R > 1."
    ),
)
def hash_returns_after_first_round(vectors, rotations):
    rounds = []
    for matrix in rotations:
        y = vectors @ matrix
        rounds.append(np.concatenate([y, -y], axis=-1).argmax(axis=-1))
        return np.stack(rounds, axis=-2)


@wrong(
    "angular_hash",
    truth=(
        "Collects all places that equal the maximum and hopes that there is one per position: if any position has "
        "a tie (a zero vector, say) there are too many places and reshape raises an error."
    ),
)
def hash_all_places_of_the_maximum(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.concatenate([y, -y], axis=-1)
    places = np.nonzero(scores == scores.max(axis=-1, keepdims=True))[-1]
    return places.reshape(scores.shape[:-1])


@wrong(
    "angular_hash",
    truth=(
        "Computes in float32: scores that differ by less than about 1e-7 of their size become equal and the lower "
        "place wins, and scores beyond 3e38 become inf. Right on ordinary vectors."
    ),
)
def hash_in_single_precision(vectors, rotations):
    with np.errstate(all="ignore"):
        y = vectors.astype(np.float32)[..., np.newaxis, :, :] @ rotations.astype(np.float32)
    return np.nan_to_num(np.concatenate([y, -y], axis=-1)).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "Brings the caller's vectors to length 1 in place. The buckets are right (but for rounding near ties), yet "
        "the argument is overwritten afterwards, and an array of integers raises an error."
    ),
)
def hash_normalises_the_callers_vectors(vectors, rotations):
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    vectors /= np.where(length == 0, 1, length)
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.concatenate([y, -y], axis=-1).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth=(
        "The loop over the candidates stops one short (range(B - 1)), so the last bucket B - 1 is never given. "
        "Wrong on exactly the vectors that belong there."
    ),
)
def hash_last_bucket_never_tried(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    scores = np.concatenate([y, -y], axis=-1)
    best = np.zeros(scores.shape[:-1], dtype=int)
    best_score = scores[..., 0]
    for bucket in range(1, scores.shape[-1] - 1):
        better = scores[..., bucket] > best_score
        best = np.where(better, bucket, best)
        best_score = np.where(better, scores[..., bucket], best_score)
    return best


@wrong(
    "angular_hash",
    truth=(
        "Counts the negative half backwards, as if -y had been joined in reversed order: bucket B - 1 - j instead "
        "of B/2 + j. Right with B = 2, where the largest score is in the positive half, and for the middle column "
        "of an odd B/2."
    ),
)
def hash_negative_half_mirrored(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.concatenate([y, -y[..., ::-1]], axis=-1).argmax(axis=-1)


@right("angular_hash")
def hash_einsum_ellipsis(vectors, rotations):
    y = np.einsum("...ld,rdh->...rlh", vectors, rotations)
    return np.argmax(np.concatenate((y, -y), axis=-1), axis=-1)


@right("angular_hash")
def hash_round_by_round_with_argmin(vectors, rotations):
    *batch, n_positions, _ = vectors.shape
    n_rounds, _, half = rotations.shape
    buckets = np.empty((*batch, n_rounds, n_positions), dtype=np.int32)
    for r in range(n_rounds):
        y = vectors @ rotations[r]
        up, down = y.argmax(axis=-1), y.argmin(axis=-1)
        buckets[..., r, :] = np.where(y.max(axis=-1) >= -y.min(axis=-1), up, half + down)
    return buckets


@right("angular_hash")
def hash_plain_python_search(vectors, rotations):
    y = np.matmul(vectors[..., None, :, :], rotations)
    places = []
    for row in y.reshape(-1, y.shape[-1]).tolist():
        candidates = row + [-value for value in row]
        places.append(candidates.index(max(candidates)))
    return np.array(places, dtype=int).reshape(y.shape[:-1])


@right("angular_hash")
def hash_stable_sort_of_negated_scores(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    order = np.argsort(np.concatenate([-y, y], axis=-1), axis=-1, kind="stable")
    return order[..., 0]


@right("angular_hash")
def hash_counting_the_places_before(vectors, rotations):
    y = np.moveaxis(np.tensordot(vectors, rotations, axes=(-1, 1)), -2, -3)
    scores = np.concatenate([y, -y], axis=-1)
    reached = np.cumsum(scores == scores.max(axis=-1, keepdims=True), axis=-1) > 0
    return np.sum(~reached, axis=-1)


@right("angular_hash")
def hash_running_best_from_zero(vectors, rotations):
    half = rotations.shape[-1]
    y = vectors[..., np.newaxis, :, :] @ rotations
    best = np.zeros(y.shape[:-1], dtype=np.int64)
    best_score = np.zeros(y.shape[:-1])
    for bucket in range(2 * half):
        score = y[..., bucket] if bucket < half else -y[..., bucket - half]
        better = score > best_score
        best[better] = bucket
        best_score[better] = score[better]
    return best


@wrong(
    "offset_rounds",
    truth=(
        "Lays the offsets along the positions instead of the rounds (no second axis on arange(R)). Right with R = "
        "1; with L = R > 1 the wrong axis moves, with other L it is an error."
    ),
)
def offset_laid_along_last_axis(buckets, n_buckets):
    return buckets + np.arange(buckets.shape[-2]) * n_buckets


@wrong(
    "offset_rounds",
    truth="Moves position i up by i * B instead of round r by r * B. Shows whenever L > 1 or R > 1.",
)
def offset_by_position(buckets, n_buckets):
    return buckets + np.arange(buckets.shape[-1]) * n_buckets


@wrong(
    "offset_rounds",
    truth=(
        "Reads the number of buckets off the data as max + 1 and ignores n_buckets. Wrong with R > 1 whenever the "
        "highest bucket is empty everywhere; empty arrays raise an error."
    ),
)
def offset_by_largest_seen(buckets, n_buckets):
    size = buckets.max() + 1
    return buckets + np.arange(buckets.shape[-2])[:, np.newaxis] * size


@wrong(
    "offset_rounds",
    truth=(
        "Uses the number of different buckets that occur instead of n_buckets. Wrong with R > 1 as soon as any "
        "bucket is empty."
    ),
)
def offset_by_number_of_distinct(buckets, n_buckets):
    size = len(np.unique(buckets))
    return buckets + np.arange(buckets.shape[-2])[:, np.newaxis] * size


@wrong(
    "offset_rounds",
    truth=(
        "Moves by the number of positions L instead of by B. Passes the example, where L = B = 4; wrong with R > 1 "
        "whenever L is not B."
    ),
)
def offset_by_length(buckets, n_buckets):
    n_rounds, n_positions = buckets.shape[-2:]
    return buckets + (np.arange(n_rounds) * n_positions)[:, np.newaxis]


@wrong(
    "offset_rounds",
    truth=(
        "Takes R from axis 0. Right with no batch axis (or as many entries as rounds); with other batches the "
        "offsets have the wrong length: an error, no offset at all (one entry), or a wrong shape."
    ),
)
def offset_rounds_counted_on_axis_zero(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[0])[:, np.newaxis]


@wrong(
    "offset_rounds",
    truth=(
        "Loops over axis 0 as if it were the rounds. Right with no batch axis; with one, it is the batch entries "
        "that are moved apart and the rounds still share their numbers."
    ),
)
def offset_enumerates_first_axis(buckets, n_buckets):
    moved = np.zeros(buckets.shape, dtype=int)
    for r, one in enumerate(buckets):
        moved[r] = one.astype(int) + r * n_buckets
    return moved


@wrong(
    "offset_rounds",
    truth="Counts the rounds from 1, so round 0 is already moved up by B. Every number is B too large.",
)
def offset_from_round_one(buckets, n_buckets):
    return buckets + np.arange(1, buckets.shape[-2] + 1)[:, np.newaxis] * n_buckets


@wrong(
    "offset_rounds",
    truth=(
        "Numbers by bucket first and round second: bucket * R + r. All numbers are different and in 0 .. R*B - 1, "
        "but round r does not use r*B .. r*B + B - 1. Right with R = 1."
    ),
)
def offset_bucket_major(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    return buckets * n_rounds + np.arange(n_rounds)[:, np.newaxis]


@wrong(
    "offset_rounds",
    truth="Adds r instead of r * B, so the rounds still overlap. Right with R = 1 or B = 1.",
)
def offset_by_round_number_only(buckets, n_buckets):
    return buckets + np.arange(buckets.shape[-2]).reshape(-1, 1)


@wrong(
    "offset_rounds",
    truth=(
        "The last round stays and the first moves furthest: offset (R - 1 - r) * B. Right with R = 1; the middle "
        "round of an odd R is right too."
    ),
)
def offset_reversed_rounds(buckets, n_buckets):
    offsets = np.arange(buckets.shape[-2])[::-1] * n_buckets
    return buckets + offsets[:, np.newaxis]


@wrong(
    "offset_rounds",
    truth=(
        "Starts each round after the largest number the round before used, instead of at r * B. Wrong as soon as "
        "bucket B - 1 is empty in a round that is not the last."
    ),
)
def offset_packed_behind_previous_round(buckets, n_buckets):
    moved = buckets.astype(int)
    for r in range(1, moved.shape[-2]):
        top = moved[..., r - 1, :].max(axis=-1, keepdims=True)
        moved[..., r, :] += top + 1
    return moved


@wrong(
    "offset_rounds",
    truth="Moves by r * (B - 1), so bucket B - 1 of one round is bucket 0 of the next. Right with R = 1 only.",
)
def offset_one_too_small(buckets, n_buckets):
    return buckets + np.arange(buckets.shape[-2])[:, np.newaxis] * (n_buckets - 1)


@wrong(
    "offset_rounds",
    truth=(
        "Shifts the round number by whole bits, as if B were a power of two. Right with B = 1, 2, 4, 8, ...; with "
        "B = 6 round 1 starts at 8 instead of 6."
    ),
)
def offset_by_bit_shift(buckets, n_buckets):
    bits = int(n_buckets - 1).bit_length()
    return buckets + (np.arange(buckets.shape[-2]) << bits)[:, np.newaxis]


@wrong(
    "offset_rounds",
    truth=(
        "Moves only round 1, as in the example with two rounds; the rounds 2, 3, ... keep their numbers. Right "
        "with R at most 2."
    ),
)
def offset_second_round_only(buckets, n_buckets):
    moved = np.array(buckets, dtype=int)
    moved[..., 1:2, :] += n_buckets
    return moved


@wrong(
    "offset_rounds",
    truth=(
        "Adds in place, so the caller's buckets are overwritten and the result is the same array; for int8 the "
        "numbers wrap round at 128, and unsigned buckets raise an error. With wide signed integers only the "
        "overwriting is wrong."
    ),
)
def offset_in_place(buckets, n_buckets):
    buckets += np.arange(buckets.shape[-2])[:, np.newaxis] * n_buckets
    return buckets


@wrong(
    "offset_rounds",
    truth=(
        "Writes the result into an array of the dtype of buckets. With int8 or uint8 buckets the numbers wrap "
        "round once r * B + bucket exceeds 127 or 255; right with wide integers."
    ),
)
def offset_keeps_narrow_dtype(buckets, n_buckets):
    moved = np.empty_like(buckets)
    moved[...] = buckets + np.arange(buckets.shape[-2])[:, np.newaxis] * n_buckets
    return moved


@wrong(
    "offset_rounds",
    truth=(
        "Makes the offsets with linspace, so the result is floats and not integers. The numbers agree, the dtype "
        "does not."
    ),
)
def offset_linspace_floats(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    return buckets + np.linspace(0, (n_rounds - 1) * n_buckets, n_rounds)[:, np.newaxis]


@wrong(
    "offset_rounds",
    truth=(
        "Builds the round numbers with tile instead of repeat: they run 0, 1, .., R-1, 0, 1, .. through the "
        "flattened (R, L) array, so positions of one round get different offsets. Right with R = 1."
    ),
)
def offset_tile_instead_of_repeat(buckets, n_buckets):
    n_rounds, n_positions = buckets.shape[-2:]
    rounds = np.tile(np.arange(n_rounds), n_positions).reshape(n_rounds, n_positions)
    return buckets + rounds * n_buckets


@wrong(
    "offset_rounds",
    truth=(
        "Goes on counting across the batch: entry 1 starts at R * B instead of at 0 again. Right with no batch "
        "axis and for the first entry of a batch."
    ),
)
def offset_counts_on_through_batch(buckets, n_buckets):
    n_rows = int(np.prod(buckets.shape[:-1]))
    return buckets + (np.arange(n_rows) * n_buckets).reshape(*buckets.shape[:-1], 1)


@wrong(
    "offset_rounds",
    truth=(
        "Right numbers, but flattened to (..., R * L) 'for the sort of the next lesson'; the shape has to stay "
        "(..., R, L)."
    ),
)
def offset_rounds_joined(buckets, n_buckets):
    n_rounds, n_positions = buckets.shape[-2:]
    moved = buckets + np.arange(n_rounds)[:, np.newaxis] * n_buckets
    return moved.reshape(*buckets.shape[:-2], n_rounds * n_positions)


@wrong(
    "offset_rounds",
    truth=(
        "Adds r * B to a running offset, so the offsets are 0, B, 3B, 6B, ... Right with R at most 2, as in the "
        "example; round 2 is B too high."
    ),
)
def offset_triangular(buckets, n_buckets):
    moved = np.zeros(buckets.shape, dtype=int)
    offset = 0
    for r in range(buckets.shape[-2]):
        offset += r * n_buckets
        moved[..., r, :] = buckets[..., r, :].astype(int) + offset
    return moved


@wrong(
    "offset_rounds",
    truth=(
        "Treats bucket 0 as 'empty' and leaves it at 0 in every round. Wrong wherever bucket 0 occurs in a round "
        "after the first."
    ),
)
def offset_leaves_bucket_zero(buckets, n_buckets):
    moved = buckets + np.arange(buckets.shape[-2])[:, np.newaxis] * n_buckets
    return np.where(buckets == 0, 0, moved)


@wrong(
    "offset_rounds",
    truth=(
        "Shapes the offsets (1, R, 1) for exactly one batch axis: without a batch the result gets an extra axis of "
        "length 1 in front. Right with one batch axis or more."
    ),
)
def offset_extra_axis_without_batch(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[-2]).reshape(1, -1, 1)


@wrong(
    "offset_rounds",
    truth=(
        "Computes the offsets in uint8, so they wrap at 256 (and B above 255 raises an error). Right while (R - 1) "
        "* B stays below 256."
    ),
)
def offset_computed_in_uint8(buckets, n_buckets):
    offsets = np.arange(buckets.shape[-2], dtype=np.uint8) * n_buckets
    return buckets + offsets[:, np.newaxis].astype(int)


@wrong(
    "offset_rounds",
    truth=(
        "Drops axes of length 1 at the end: with one round, one position or a batch axis of length 1 the shape is "
        "no longer that of buckets."
    ),
)
def offset_squeezed(buckets, n_buckets):
    return np.squeeze(buckets + np.arange(buckets.shape[-2])[:, np.newaxis] * n_buckets)


@wrong(
    "offset_rounds",
    truth="Knows only (R, L) and (N, R, L); with two or more batch axes it gives the buckets back unmoved.",
)
def offset_gives_up_at_two_batch_axes(buckets, n_buckets):
    moved = buckets.astype(int)
    if buckets.ndim == 2:
        for r in range(buckets.shape[0]):
            moved[r] += r * n_buckets
    elif buckets.ndim == 3:
        for r in range(buckets.shape[1]):
            moved[:, r] += r * n_buckets
    return moved


@wrong(
    "offset_rounds",
    truth="The loop runs over range(R - 1), so the last round is never moved. Right with R = 1.",
)
def offset_last_round_forgotten(buckets, n_buckets):
    moved = buckets.astype(int)
    for r in range(buckets.shape[-2] - 1):
        moved[..., r, :] += r * n_buckets
    return moved


@right("offset_rounds")
def offset_by_indices(buckets, n_buckets):
    return np.indices(buckets.shape)[-2] * n_buckets + buckets


@right("offset_rounds")
def offset_ravel_multi_index(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    rounds = np.broadcast_to(np.arange(n_rounds)[:, None], buckets.shape)
    return np.ravel_multi_index((rounds, buckets.astype(np.int64)), (n_rounds, int(n_buckets)))


@right("offset_rounds")
def offset_pushes_the_rest_up(buckets, n_buckets):
    moved = np.array(buckets, dtype=np.int64)
    for r in range(1, moved.shape[-2]):
        moved[..., r:, :] += n_buckets
    return moved


@right("offset_rounds")
def offset_running_sum(buckets, n_buckets):
    steps = np.full(buckets.shape, n_buckets, dtype=np.int64)
    return buckets + steps.cumsum(axis=-2) - n_buckets


@right("offset_rounds")
def offset_through_swapped_axes(buckets, n_buckets):
    turned = np.swapaxes(buckets, -1, -2) + n_buckets * np.arange(buckets.shape[-2])
    return np.swapaxes(turned, -1, -2)


@right("offset_rounds")
def offset_nested_lists(buckets, n_buckets):
    def moved(part, depth):
        if depth == 2:
            return [[number + r * n_buckets for number in row] for r, row in enumerate(part)]
        return [moved(one, depth - 1) for one in part]

    array = np.asarray(buckets)
    return np.array(moved(array.tolist(), array.ndim), dtype=np.int64).reshape(array.shape)


@wrong(
    "collision_probability",
    truth="Takes the angles for degrees and divides by 180. Right only at angle 0.",
)
def collision_in_degrees(angles, n_buckets):
    same_side = 1 - np.asarray(angles) / 180
    return same_side if n_buckets == 2 else same_side**2


@wrong(
    "collision_probability",
    truth=(
        "Uses the straight line 1 - angle/pi for four buckets too. Right for two buckets; wrong for four, the ends "
        "0 and pi apart."
    ),
)
def collision_straight_line_for_both(angles, n_buckets):
    return 1 - np.asarray(angles) / np.pi


@wrong(
    "collision_probability",
    truth=(
        "Adds the separations of the two lines instead of multiplying the agreements: four buckets give max(0, 1 - "
        "2 angle/pi). Wrong for four buckets strictly between 0 and pi."
    ),
)
def collision_separations_added(angles, n_buckets):
    return np.maximum(0, 1 - (n_buckets // 2) * np.asarray(angles) / np.pi)


@wrong(
    "collision_probability",
    truth=(
        "For four buckets it computes 1 - (angle/pi)^2, the chance that not both lines separate, instead of "
        "neither. Wrong for four buckets strictly between 0 and pi."
    ),
)
def collision_not_both_separate(angles, n_buckets):
    return 1 - (np.asarray(angles) / np.pi) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Uses the cosine similarity scaled to 0 .. 1, (1 + cos)/2, instead of the share of the angle (squared for "
        "four). Right at 0, pi/2 and pi only."
    ),
)
def collision_from_cosine(angles, n_buckets):
    return ((1 + np.cos(angles)) / 2) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Gives the chance to be separated by one line, angle/pi, instead of to stay together (squared for four). 0 "
        "at angle 0 and 1 at pi; right for two buckets at pi/2, for four there also."
    ),
)
def collision_is_separation(angles, n_buckets):
    return (np.asarray(angles) / np.pi) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Divides by the full circle 2 pi instead of pi, so opposite vectors still share a bucket with chance 0.5 "
        "(0.25 for four). Right only at angle 0."
    ),
)
def collision_over_full_circle(angles, n_buckets):
    return (1 - np.asarray(angles) / (2 * np.pi)) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Uses the number of buckets as the exponent: square for two buckets, fourth power for four. Right only at "
        "0 and pi."
    ),
)
def collision_exponent_is_buckets(angles, n_buckets):
    return (1 - np.asarray(angles) / np.pi) ** n_buckets


@wrong(
    "collision_probability",
    truth=(
        "Exponent B - 1: right for two buckets, but the third power for four. Wrong for four buckets strictly "
        "between 0 and pi."
    ),
)
def collision_exponent_buckets_minus_one(angles, n_buckets):
    return (1 - np.asarray(angles) / np.pi) ** (n_buckets - 1)


@wrong(
    "collision_probability",
    truth=(
        "Assumes that vectors at angle pi still meet by chance 1/B and draws a line from 1 to 1/B. Right only at "
        "angle 0."
    ),
)
def collision_line_down_to_chance_level(angles, n_buckets):
    return 1 - np.asarray(angles) / np.pi * (1 - 1 / n_buckets)


@wrong(
    "collision_probability",
    truth=(
        "For four buckets it takes half of the chance for two: 0.5 at angle 0. Right for two; for four only at "
        "pi/2 (0.25) and at pi."
    ),
)
def collision_twice_the_buckets_half_the_chance(angles, n_buckets):
    return (1 - np.asarray(angles) / np.pi) * 2 / n_buckets


@wrong(
    "collision_probability",
    truth=(
        "Divides the caller's angles by pi in place: the values are right for float arrays but the argument is "
        "overwritten, and an array of whole-number angles raises an error."
    ),
)
def collision_in_place(angles, n_buckets):
    angles /= np.pi
    return (1 - angles) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Fills an array made with zeros_like, so for whole-number angles (0, 1, 2, 3) the chances are cut to the "
        "integers 1 and 0. Right for float angles."
    ),
)
def collision_takes_dtype_of_angles(angles, n_buckets):
    probability = np.zeros_like(angles)
    probability[...] = (1 - np.asarray(angles) / np.pi) ** (n_buckets // 2)
    return probability


@wrong(
    "collision_probability",
    truth=(
        "Written for one number: max() of an array has no truth value, so every array of more than one angle "
        "raises an error."
    ),
)
def collision_of_a_single_angle(angles, n_buckets):
    same_side = max(0, 1 - angles / np.pi)
    return same_side if n_buckets == 2 else same_side * same_side


@wrong(
    "collision_probability",
    truth=(
        "Right chances, but flattened to one axis. Shows on a single angle without axes and on arrays of two or "
        "more axes."
    ),
)
def collision_flattened(angles, n_buckets):
    return np.array([(1 - angle / np.pi) ** (n_buckets // 2) for angle in np.ravel(angles)])


@wrong(
    "collision_probability",
    truth=(
        "Takes the angle between the lines, at most pi/2, instead of between the vectors: angle and pi - angle "
        "give the same. Wrong above pi/2; opposite vectors get 1."
    ),
)
def collision_angle_folded(angles, n_buckets):
    angles = np.minimum(angles, np.pi - np.asarray(angles))
    return (1 - angles / np.pi) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Says that vectors more than 90 degrees apart never meet. Right up to pi/2, wrong between pi/2 and pi, for "
        "example 0.25 at 3 pi/4 with two buckets."
    ),
)
def collision_never_beyond_a_right_angle(angles, n_buckets):
    angles = np.asarray(angles)
    return np.where(angles > np.pi / 2, 0.0, (1 - angles / np.pi) ** (n_buckets // 2))


@wrong(
    "collision_probability",
    truth="Rounds to four decimals. The example (0.5625) passes; most other angles are off by up to 0.00005.",
)
def collision_rounded_to_four_decimals(angles, n_buckets):
    return np.round((1 - np.asarray(angles) / np.pi) ** (n_buckets // 2), 4)


@wrong(
    "collision_probability",
    truth=(
        "Interpolates between the four values of the example. Right for two buckets; for four it is piecewise "
        "straight, so too high between the angles of the example, for example at 3 pi/4."
    ),
)
def collision_interpolates_the_example(angles, n_buckets):
    values = [1, 0.75, 0.5, 0] if n_buckets == 2 else [1, 0.5625, 0.25, 0]
    return np.interp(angles, [0, np.pi / 4, np.pi / 2, np.pi], values)


@wrong(
    "collision_probability",
    truth=(
        "Computes in float16, so the chances have about three digits: wrong by up to a few times 0.0001 on most "
        "angles. The angles of the example come out exact."
    ),
)
def collision_in_half_precision(angles, n_buckets):
    same_side = 1 - np.asarray(angles, dtype=np.float16) / np.float16(np.pi)
    return same_side ** np.float16(n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Uses 3.14 for pi: off by up to 0.0005, and slightly below 0 at angle pi for two buckets. Right only at "
        "angle 0."
    ),
)
def collision_with_pi_as_3_14(angles, n_buckets):
    return (1 - np.asarray(angles) / 3.14) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Averages over all angles and returns one number instead of one chance per angle. Right only for a single "
        "angle without axes."
    ),
)
def collision_averaged(angles, n_buckets):
    return np.mean((1 - np.asarray(angles) / np.pi) ** (n_buckets // 2))


@wrong(
    "collision_probability",
    truth=(
        "Brings the angle into 0 .. pi with % pi, which turns pi itself into 0: opposite vectors get chance 1 "
        "instead of 0. Right everywhere else."
    ),
)
def collision_pi_wrapped_to_zero(angles, n_buckets):
    return (1 - np.asarray(angles) % np.pi / np.pi) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Measures with 4000 random matrices instead of using the formula, so the chances are off by about 0.01. "
        "Exact only at 0 and pi."
    ),
)
def collision_simulated(angles, n_buckets):
    columns = np.random.default_rng(0).standard_normal((4000, 2, n_buckets // 2))
    angles = np.asarray(angles, dtype=float)
    turned = np.stack([np.cos(angles), np.sin(angles)], axis=-1).reshape(-1, 2)
    y, reference = turned @ columns, np.array([[1.0, 0.0]]) @ columns
    first = np.concatenate([y, -y], axis=-1).argmax(axis=-1)
    second = np.concatenate([reference, -reference], axis=-1).argmax(axis=-1)
    return (first == second).mean(axis=0).reshape(angles.shape)


@wrong(
    "collision_probability",
    truth=(
        "Takes its argument for cosines and applies arccos first: 1 - arccos(angle)/pi. Wrong almost everywhere, "
        "and nan for angles above 1."
    ),
)
def collision_arccos_of_the_angle(angles, n_buckets):
    with np.errstate(invalid="ignore"):
        return (1 - np.arccos(angles) / np.pi) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "For four buckets it also counts the case that both lines separate: p^2 + (1-p)^2. Right for two; for four "
        "right only at 0, and opposite vectors get 1."
    ),
)
def collision_both_agree_or_both_differ(angles, n_buckets):
    same = 1 - np.asarray(angles) / np.pi
    if n_buckets == 2:
        return same
    return same**2 + (1 - same) ** 2


@wrong(
    "collision_probability",
    truth="Integer division // instead of /: every angle below pi gets chance 1. Right only at 0 and pi.",
)
def collision_floor_division(angles, n_buckets):
    return (1 - np.asarray(angles) // np.pi) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth=(
        "Parentheses forgotten for four buckets: 1 - angle / pi**2 squares pi and not the whole. Right for two; "
        "for four right only at angle 0."
    ),
)
def collision_squares_only_pi(angles, n_buckets):
    angles = np.asarray(angles)
    if n_buckets == 2:
        return 1 - angles / np.pi
    return 1 - angles / np.pi**2


@wrong(
    "collision_probability",
    truth=(
        "Steps over axis 0 with a Python loop and float(), so it works for one axis only: a single angle without "
        "axes and arrays of two axes raise an error."
    ),
)
def collision_one_axis_only(angles, n_buckets):
    result = []
    for angle in angles:
        same_side = 1 - float(angle) / np.pi
        result.append(same_side if n_buckets == 2 else same_side * same_side)
    return np.array(result)


@wrong(
    "collision_probability",
    truth=(
        "The exponents are exchanged: the square for two buckets and the straight line for four. Right only at 0 "
        "and pi."
    ),
)
def collision_cases_exchanged(angles, n_buckets):
    same_side = 1 - np.asarray(angles) / np.pi
    return same_side if n_buckets == 4 else same_side * same_side


@right("collision_probability")
def collision_power_of_half_the_buckets(angles, n_buckets):
    return np.power(1 - np.divide(angles, np.pi), n_buckets // 2)


@right("collision_probability")
def collision_interp_then_power(angles, n_buckets):
    line = np.interp(np.asarray(angles, dtype=float), [0.0, np.pi], [1.0, 0.0])
    return line ** np.log2(n_buckets)


@right("collision_probability")
def collision_polynomial(angles, n_buckets):
    coefficients = {2: [-1.0, 1.0], 4: [1.0, -2.0, 1.0]}[int(n_buckets)]
    return np.polyval(coefficients, np.asarray(angles, dtype=float) / np.pi)


@right("collision_probability")
def collision_vectorized_number_by_number(angles, n_buckets):
    def chance(angle):
        same_side = (np.pi - angle) / np.pi
        return same_side if n_buckets == 2 else same_side * same_side

    return np.vectorize(chance, otypes=[float])(angles)


@right("collision_probability")
def collision_product_of_stacked_signs(angles, n_buckets):
    one_sign = 1.0 - np.asarray(angles, dtype=np.float64) / np.pi
    return np.prod(np.stack([one_sign] * {2: 1, 4: 2}[int(n_buckets)]), axis=0)


@right("collision_probability")
def collision_python_list_and_back(angles, n_buckets):
    array = np.asarray(angles, dtype=float)
    chances = []
    for angle in array.ravel().tolist():
        separated = angle / np.pi
        if n_buckets == 4:
            separated = separated + separated - separated * separated
        chances.append(1 - separated)
    return np.array(chances, dtype=float).reshape(array.shape)


@wrong(
    "chance_to_meet",
    truth=(
        "Adds the chances of the rounds, R * p, which counts repeated meetings twice and exceeds 1. Right with R = "
        "1 or p = 0."
    ),
)
def meet_sum_of_chances(probability, n_rounds):
    return np.asarray(probability) * n_rounds


@wrong(
    "chance_to_meet",
    truth=(
        "Adds the chances of the rounds and cuts at 1: min(1, R * p). Too high for 0 < p < 1 with R > 1; right "
        "with R = 1, p = 0 or p = 1."
    ),
)
def meet_sum_cut_at_one(probability, n_rounds):
    return np.minimum(1, np.asarray(probability) * n_rounds)


@wrong(
    "chance_to_meet",
    truth="Gives the chance to meet in every round, p^R, instead of in at least one. Right with R = 1 or p = 0 or 1.",
)
def meet_in_every_round(probability, n_rounds):
    return np.asarray(probability) ** n_rounds


@wrong(
    "chance_to_meet",
    truth=(
        "Gives the chance to miss in every round, (1-p)^R, and forgets to take the opposite. Shows almost "
        "everywhere, for example at p = 0 and 1."
    ),
)
def meet_is_always_missed(probability, n_rounds):
    return (1 - np.asarray(probability)) ** n_rounds


@wrong(
    "chance_to_meet",
    truth=(
        "Takes the opposite of meeting in every round, 1 - p^R, that is the chance of at least one miss. Gives 1 "
        "at p = 0 and 0 at p = 1."
    ),
)
def meet_at_least_one_miss(probability, n_rounds):
    return 1 - np.asarray(probability) ** n_rounds


@wrong(
    "chance_to_meet",
    truth=(
        "Gives the chance to meet in exactly one round, R p (1-p)^(R-1), instead of at least one. Right with R = 1 "
        "or p = 0; at p = 1 with R > 1 it is 0."
    ),
)
def meet_in_exactly_one_round(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    return n_rounds * p * (1 - p) ** (n_rounds - 1)


@wrong(
    "chance_to_meet",
    truth=(
        "Inclusion and exclusion stopped after the pairs: R p - R(R-1)/2 p^2. Right for R = 1 and 2 (so for the "
        "example); from R = 3 on too low, even negative."
    ),
)
def meet_inclusion_exclusion_of_pairs(probability, n_rounds):
    p = np.asarray(probability)
    return n_rounds * p - n_rounds * (n_rounds - 1) / 2 * p**2


@wrong(
    "chance_to_meet",
    truth=(
        "Poisson approximation 1 - exp(-R p). Near the truth only for small p; wrong for every p > 0, and 0.63 "
        "instead of 1 at p = 1 with R = 1."
    ),
)
def meet_poisson_approximation(probability, n_rounds):
    return 1 - np.exp(-n_rounds * np.asarray(probability))


@wrong(
    "chance_to_meet",
    truth=(
        "One round too few: 1 - (1-p)^(R-1), because the loop starts at 1. With R = 1 everything is 0; right at p "
        "= 0, and at p = 1 if R > 1."
    ),
)
def meet_one_round_too_few(probability, n_rounds):
    missed = np.ones(np.shape(probability))
    for _ in range(1, n_rounds):
        missed = missed * (1 - np.asarray(probability))
    return 1 - missed


@wrong(
    "chance_to_meet",
    truth=(
        "One round too many: starts with one miss and multiplies R more, 1 - (1-p)^(R+1). Right only at p = 0 and "
        "p = 1."
    ),
)
def meet_one_round_too_many(probability, n_rounds):
    missed = 1 - np.asarray(probability, dtype=float)
    for _ in range(n_rounds):
        missed = missed * (1 - np.asarray(probability))
    return 1 - missed


@wrong(
    "chance_to_meet",
    truth=(
        "Squares the running miss instead of multiplying by one more: 1 - (1-p)^(2^(R-1)). Right for R = 1 and 2 "
        "(so for the example), too high from R = 3 on."
    ),
)
def meet_squares_the_running_miss(probability, n_rounds):
    missed = 1 - np.asarray(probability, dtype=float)
    for _ in range(n_rounds - 1):
        missed = missed * missed
    return 1 - missed


@wrong(
    "chance_to_meet",
    truth=(
        "Ignores the number of rounds and computes two, p + (1-p) p, as in the example. Right with R = 2, and at p "
        "= 0 and p = 1."
    ),
)
def meet_always_two_rounds(probability, n_rounds):
    p = np.asarray(probability)
    return p + (1 - p) * p


@wrong(
    "chance_to_meet",
    truth=(
        "Keeps the chances away from 0 and 1 by 0.001 before it takes the logarithm, so p = 0 gives about 0.001 R "
        "instead of 0, and p = 1 gives 0.999 with R = 1. Right for p between 0.001 and 0.999."
    ),
)
def meet_clipped_before_the_logarithm(probability, n_rounds):
    p = np.clip(probability, 0.001, 0.999)
    return 1 - np.exp(n_rounds * np.log(1 - p))


@wrong(
    "chance_to_meet",
    truth=(
        "Writes 1 - p into the caller's array: the values are right, but the argument is overwritten, and a plain "
        "Python number raises an error because it cannot be written to."
    ),
)
def meet_overwrites_the_argument(probability, n_rounds):
    missed = np.subtract(1, probability, out=probability)
    return 1 - missed**n_rounds


@wrong(
    "chance_to_meet",
    truth=(
        "Rounds to four decimals. The example (0.4375) passes; other values are off by up to 0.00005, and chances "
        "below 0.00005 become 0."
    ),
)
def meet_rounded_to_four_decimals(probability, n_rounds):
    return np.round(1 - (1 - np.asarray(probability)) ** n_rounds, 4)


@wrong(
    "chance_to_meet",
    truth=(
        "Shares the chance out over the rounds: 1 - (1 - p/R)^R. Right with R = 1 or p = 0; at p = 1 with R = 2 it "
        "is 0.75."
    ),
)
def meet_chance_shared_out(probability, n_rounds):
    return 1 - (1 - np.asarray(probability) / n_rounds) ** n_rounds


@wrong(
    "chance_to_meet",
    truth=(
        "Sums p (1-p)^k for k = 1 .. R instead of 0 .. R-1, so the first round is left out. Right only at p = 0; "
        "at p = 1 it is 0."
    ),
)
def meet_geometric_sum_from_one(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    chance = np.zeros(p.shape)
    for k in range(1, n_rounds + 1):
        chance = chance + p * (1 - p) ** k
    return chance


@wrong(
    "chance_to_meet",
    truth=(
        "Closed form of the geometric series, p (1 - q^R) / (1 - q) with q = 1 - p, which is 0/0 at p = 0: nan "
        "instead of 0. Right for every p > 0 that is not extremely small."
    ),
)
def meet_geometric_series_divides_by_zero(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    q = 1 - p
    with np.errstate(all="ignore"):
        return p * (1 - q**n_rounds) / (1 - q)


@wrong(
    "chance_to_meet",
    truth=(
        "Takes the entries of the array for the rounds and multiplies over them: one number instead of the shape "
        "of probability, and R is not used. Right only for one number without axes, with R = 1 or p = 0 or 1."
    ),
)
def meet_product_over_the_entries(probability, n_rounds):
    return 1 - np.prod(1 - np.asarray(probability))


@wrong(
    "chance_to_meet",
    truth=(
        "Returns the chance after 1, 2, .. R rounds along an extra last axis instead of after R rounds alone. The "
        "shape is wrong on every input."
    ),
)
def meet_after_each_round(probability, n_rounds):
    missed = 1 - np.asarray(probability, dtype=float)[..., np.newaxis]
    return 1 - missed ** np.arange(1, n_rounds + 1)


@wrong(
    "chance_to_meet",
    truth=(
        "Stacks R copies of the misses along axis 0 but multiplies along the last axis, that is over the entries. "
        "Wrong shape for one axis or more; right for a single number without axes."
    ),
)
def meet_product_along_last_axis(probability, n_rounds):
    misses = np.stack([1 - np.asarray(probability)] * n_rounds)
    return 1 - np.prod(misses, axis=-1)


@wrong(
    "chance_to_meet",
    truth=(
        "Computes in float16: about three digits, wrong by up to a few times 0.0001 on most chances, and chances "
        "below 0.0002 become 0. The example is exact."
    ),
)
def meet_in_half_precision(probability, n_rounds):
    missed = 1 - np.asarray(probability, dtype=np.float16)
    result = missed
    for _ in range(n_rounds - 1):
        result = result * missed
    return 1 - result


@wrong(
    "chance_to_meet",
    truth=(
        "Handles p = 1 with an if on the whole argument: right for a single number, an error for every array of "
        "more than one entry."
    ),
)
def meet_if_on_the_whole_array(probability, n_rounds):
    if probability == 1:
        return 1.0
    return 1 - np.exp(n_rounds * np.log1p(-probability))


@wrong(
    "chance_to_meet",
    truth=(
        "Asks for a meeting in at least half of the rounds. For R = 1 and 2 that is at least one (the example "
        "passes); from R = 3 on it is too low for 0 < p < 1."
    ),
)
def meet_in_half_of_the_rounds(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    chance, ways = np.zeros(p.shape), 1
    for met in range(n_rounds + 1):
        if 2 * met >= n_rounds:
            chance = chance + ways * p**met * (1 - p) ** (n_rounds - met)
        ways = ways * (n_rounds - met) // (met + 1)
    return chance


@wrong(
    "chance_to_meet",
    truth=(
        "Takes the R-th root of p. Right with R = 1, p = 0 or p = 1; otherwise wrong, for example 0.5 instead of "
        "0.4375 at p = 0.25 with R = 2."
    ),
)
def meet_root_of_the_chance(probability, n_rounds):
    return np.asarray(probability, dtype=float) ** (1 / n_rounds)


@wrong(
    "chance_to_meet",
    truth=(
        "Multiplies by R instead of raising to the power: 1 - (1-p) R. Right with R = 1 or p = 1; negative for "
        "small p."
    ),
)
def meet_miss_times_rounds(probability, n_rounds):
    return 1 - (1 - np.asarray(probability)) * n_rounds


@wrong(
    "chance_to_meet",
    truth=(
        "Full inclusion and exclusion with alternating signs. Right for few rounds; for about 60 rounds or more "
        "the huge terms cancel badly in floating point and the result is far outside 0 .. 1."
    ),
)
def meet_alternating_sum(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    chance, ways = np.zeros(p.shape), 1.0
    with np.errstate(all="ignore"):
        for k in range(1, n_rounds + 1):
            ways = ways * (n_rounds - k + 1) / k
            chance = chance - ways * (-p) ** k
    return chance


@wrong(
    "chance_to_meet",
    truth=(
        "Walks over the first axis only and calls float() on what it finds: a single number without axes and "
        "arrays of two axes raise an error. Right for one axis."
    ),
)
def meet_one_axis_only(probability, n_rounds):
    chances = [1 - (1 - float(p)) ** n_rounds for p in probability]
    return np.array(chances)


@wrong(
    "chance_to_meet",
    truth="Right chances, but flattened to one axis. Shows on a single number and on arrays of two or more axes.",
)
def meet_flattened(probability, n_rounds):
    return 1 - (1 - np.ravel(probability)) ** n_rounds


@wrong(
    "chance_to_meet",
    truth=(
        "Plays 4000 games with random numbers instead of computing, so the chances are off by about 0.01. Exact "
        "only at p = 0 and p = 1."
    ),
)
def meet_simulated(probability, n_rounds):
    p = np.asarray(probability)
    rng = np.random.default_rng(0)
    met = np.zeros((4000, *p.shape), dtype=bool)
    for _ in range(n_rounds):
        met |= rng.random((4000, *p.shape)) < p
    return met.mean(axis=0)


@wrong(
    "chance_to_meet",
    truth=(
        "Builds the result in an array of integers, so every chance below 1 is cut to 0. Right only where the "
        "chance is exactly 0 or 1."
    ),
)
def meet_stored_as_integers(probability, n_rounds):
    chance = np.zeros(np.shape(probability), dtype=int)
    chance[...] = 1 - (1 - np.asarray(probability)) ** n_rounds
    return chance


@right("chance_to_meet")
def meet_logarithm_and_expm1(probability, n_rounds):
    with np.errstate(divide="ignore"):
        return -np.expm1(n_rounds * np.log1p(-np.asarray(probability, dtype=float)))


@right("chance_to_meet")
def meet_round_by_round(probability, n_rounds):
    p = np.array(probability, dtype=float)
    chance = np.zeros_like(p)
    for _ in range(n_rounds):
        chance = chance + (1 - chance) * p
    return chance


@right("chance_to_meet")
def meet_first_meeting_summed(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    return sum(p * np.power(1 - p, k) for k in range(n_rounds))


@right("chance_to_meet")
def meet_product_of_broadcast_misses(probability, n_rounds):
    missed = 1.0 - np.asarray(probability)
    return 1.0 - np.prod(np.broadcast_to(missed, (n_rounds, *missed.shape)), axis=0)


@right("chance_to_meet")
def meet_markov_chain(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    step = np.zeros((*p.shape, 2, 2))
    step[..., 0, 0] = 1 - p
    step[..., 0, 1] = p
    step[..., 1, 1] = 1
    return np.linalg.matrix_power(step, n_rounds)[..., 0, 1]


@right("chance_to_meet")
def meet_recursion_by_halves(probability, n_rounds):
    def missed(rounds):
        if rounds == 1:
            return 1 - np.asarray(probability, dtype=float)
        return missed(rounds // 2) * missed(rounds - rounds // 2)

    return 1 - missed(n_rounds)
