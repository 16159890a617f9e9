"""Answers to lab 03, written from its text alone."""

import numpy as np

from tests.blind import wrong

# 1 · angular_hash


@wrong(
    "angular_hash",
    truth="Leaves out the negatives: looks for the largest of y alone, so buckets B/2 .. B-1 never occur.",
)
def hurried_without_negatives(vectors, rotations):
    return np.argmax(vectors[..., np.newaxis, :, :] @ rotations, axis=-1)


@wrong("angular_hash", truth="Puts -y in front of y, so buckets are B/2 off (all but exact zero vectors).")
def hurried_negatives_first(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([-y, y], axis=-1), axis=-1)


@wrong("angular_hash", truth="Joins y and -y along the positions instead of the features: the result has 2L positions.")
def hurried_joined_along_positions(vectors, rotations):
    y = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([y, -y], axis=-2), axis=-1)


@wrong("angular_hash", truth="Uses the matrix of round 0 for every round: rounds 1 and later repeat round 0.")
def hurried_round_zero_repeated(vectors, rotations):
    y = vectors @ rotations[0]
    one = np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)
    return np.stack([one] * len(rotations), axis=-2)


@wrong(
    "angular_hash",
    truth="No new axis for the rounds: right without batch axes, but the last batch axis pairs up with the "
    "rounds, so it crashes or (if that axis or R is 1, or they are equal) returns an axis too few.",
)
def hurried_plain_matmul(vectors, rotations):
    y = vectors @ rotations
    return np.concatenate([y, -y], axis=-1).argmax(-1)


@wrong(
    "angular_hash",
    truth="Stacks the rounds in front: (R, ..., L) in place of (..., R, L). Right without batch axes only.",
)
def rounds_stacked_in_front(vectors, rotations):
    rows = []
    for matrix in rotations:
        y = vectors @ matrix
        rows.append(np.argmax(np.hstack([y, -y]) if y.ndim == 2 else np.concatenate([y, -y], -1), axis=-1))
    return np.stack(rows)


@wrong(
    "angular_hash",
    truth="Flattens the batch into the positions and reshapes (R, N*L) straight to (..., R, L) without moving "
    "the round axis: shape right, numbers scrambled once there is more than one batch entry and more "
    "than one round.",
)
def flattened_batch_reshaped_back(vectors, rotations):
    *batch, length, d = vectors.shape
    y = np.einsum("nd,rdh->rnh", vectors.reshape(-1, d), rotations)
    buckets = np.concatenate([y, -y], axis=-1).argmax(axis=-1)
    return buckets.reshape(*batch, len(rotations), length)


@wrong("angular_hash", truth="The einsum leaves the rounds behind the positions: the result is (..., L, R).")
def einsum_positions_before_rounds(vectors, rotations):
    y = np.einsum("...ld,rdh->...lrh", vectors, rotations)
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)


@wrong(
    "angular_hash",
    truth="Reshapes (..., L, R) to (..., R, L) instead of swapping the axes: right only if R or L is 1.",
)
def einsum_then_reshape_for_transpose(vectors, rotations):
    y = np.einsum("...ld,rdh->...lrh", vectors, rotations)
    buckets = np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)
    return buckets.reshape(*vectors.shape[:-2], rotations.shape[0], vectors.shape[-2])


@wrong(
    "angular_hash",
    truth="Takes the column of the largest |y| and adds B/2 if that y is negative: wrong when |y| ties, e.g. "
    "y = (-1, 1) gives 2 where the lowest place of the largest is 1.",
)
def largest_magnitude_plus_sign(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    column = np.abs(y).argmax(axis=-1)
    negative = np.take_along_axis(y, column[..., None], axis=-1)[..., 0] < 0
    return column + negative * rotations.shape[-1]


@wrong(
    "angular_hash",
    truth="Compares the largest of y with minus the smallest using a strict >, so when both are equal (also "
    "for the zero vector) the negative half wins instead of the lower place.",
)
def max_against_min_strict(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    positive_wins = y.max(axis=-1) > -y.min(axis=-1)
    return np.where(positive_wins, y.argmax(axis=-1), y.argmin(axis=-1) + rotations.shape[-1])


@wrong(
    "angular_hash",
    truth="Finds the largest from behind (reversed argmax), so of several largest the highest place counts.",
)
def last_of_the_largest(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    both = np.concatenate([y, -y], axis=-1)
    return both.shape[-1] - 1 - np.argmax(both[..., ::-1], axis=-1)


@wrong(
    "angular_hash",
    truth="Adds the number of features d for negatives where B/2 belongs: the example has d = B/2, for any "
    "other d the negative half is wrong. Also wrong for ties of |y| such as y = (-1, 1).",
)
def loops_add_features_instead_of_half(vectors, rotations):
    *batch, length, d = vectors.shape
    buckets = np.zeros((*batch, len(rotations), length), dtype=int)
    for entry in np.ndindex(*batch):
        for r, matrix in enumerate(rotations):
            for i in range(length):
                y = vectors[(*entry, i)] @ matrix
                best = int(np.argmax(np.abs(y)))
                buckets[(*entry, r, i)] = best + d if y[best] < 0 else best
    return buckets


@wrong(
    "angular_hash",
    truth="Starts its search with best score 0 and bucket -1 and a strict >: a zero vector (all scores 0) "
    "gets -1 where 0 is right.",
)
def loops_start_at_zero_and_minus_one(vectors, rotations):
    *batch, length, _ = vectors.shape
    n_rounds, _, half = rotations.shape
    buckets = np.zeros((*batch, n_rounds, length), dtype=int)
    for entry in np.ndindex(*batch):
        for r in range(n_rounds):
            y = vectors[entry] @ rotations[r]
            for i in range(length):
                best, best_score = -1, 0
                for b, score in enumerate([*y[i], *(-y[i])]):
                    if score > best_score:
                        best, best_score = b, score
                buckets[(*entry, r, i)] = best
    return buckets


@wrong("angular_hash", truth="The loop over rounds begins at 1, so all buckets of round 0 stay 0.")
def loops_skip_round_zero(vectors, rotations):
    buckets = np.zeros((*vectors.shape[:-2], rotations.shape[0], vectors.shape[-2]), dtype=int)
    for r in range(1, rotations.shape[0]):
        y = vectors @ rotations[r]
        buckets[..., r, :] = np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)
    return buckets


@wrong(
    "angular_hash",
    truth="The loop over the negatives runs to B/2 - 1, so bucket B-1 is never given (B = 2: always 0).",
)
def loops_forget_last_negative(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    half = rotations.shape[-1]
    columns = [y[..., j] for j in range(half)] + [-y[..., j] for j in range(half - 1)]
    return np.argmax(np.stack(columns, axis=-1), axis=-1)


@wrong(
    "angular_hash",
    truth="Scales the columns of the matrices to length 1 first ('rotations must not stretch'): other buckets "
    "wherever a longer column would have won.",
)
def careful_unit_columns(vectors, rotations):
    lengths = np.linalg.norm(rotations, axis=1, keepdims=True)
    y = vectors[..., None, :, :] @ (rotations / np.where(lengths == 0, 1, lengths))
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)


@wrong(
    "angular_hash",
    truth="Subtracts the mean over the positions first, as in batch norm: wrong whenever the vectors of a "
    "sequence do not have mean 0; a single position always gets 0.",
)
def careful_centred_vectors(vectors, rotations):
    if vectors.shape[-2]:
        vectors = vectors - vectors.mean(axis=-2, keepdims=True)
    y = vectors[..., None, :, :] @ rotations
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)


@wrong(
    "angular_hash",
    truth="Takes for 'largest' whatever np.isclose says is the largest (absolute tolerance 1e-8, relative "
    "1e-5): tiny vectors all get bucket 0 and near ties go to the lower place.",
)
def careful_isclose_ties(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    both = np.concatenate([y, -y], axis=-1)
    return np.isclose(both, both.max(axis=-1, keepdims=True)).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth="Takes 0.001 times the place off each score so that ties go to the lowest: turns over near ties, "
    "and gives short vectors bucket 0.",
)
def careful_tie_break_too_strong(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    both = np.concatenate([y, -y], axis=-1)
    return np.argmax(both - 1e-3 * np.arange(both.shape[-1]), axis=-1)


@wrong("angular_hash", truth="Counts buckets from 1, as MATLAB and R do: results 1 .. B in place of 0 .. B-1.")
def matlab_counts_from_one(vectors, rotations):
    y = np.matmul(vectors[..., None, :, :], rotations)
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1) + 1


@wrong(
    "angular_hash",
    truth="Multiplies by the transposed matrix (rows in place of columns): the identity hides it; other "
    "square matrices give wrong buckets, and it crashes when d is not B/2.",
)
def matlab_transposed_matrix(vectors, rotations):
    y = vectors[..., None, :, :] @ np.swapaxes(rotations, -1, -2)
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)


@wrong(
    "angular_hash",
    truth="Squeezes axes of length 1 away: R = 1, L = 1 or a batch of 1 lose an axis, e.g. [0, 1, 2, 3] for "
    "[[0, 1, 2, 3]].",
)
def squeezed_result(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    return np.squeeze(np.argmax(np.concatenate([y, -y], axis=-1), axis=-1))


@wrong(
    "angular_hash",
    truth="Stores buckets as int8, as C programmers save memory: from bucket 128 on (B > 128) they become "
    "negative.",
)
def c_programmer_int8(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1).astype(np.int8)


@wrong(
    "angular_hash",
    truth="Writes into an array of the dtype of the vectors, so the buckets are floats for float vectors.",
)
def result_in_dtype_of_vectors(vectors, rotations):
    out = np.empty((*vectors.shape[:-2], len(rotations), vectors.shape[-2]), dtype=vectors.dtype)
    for r, matrix in enumerate(rotations):
        y = vectors @ matrix
        out[..., r, :] = np.concatenate((y, -y), axis=-1).argmax(axis=-1)
    return out


@wrong(
    "angular_hash",
    truth="Uses the other well-known LSH, signs read as binary digits (modulo B), in place of the place of "
    "the largest.",
)
def formula_sign_bits(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    half = rotations.shape[-1]
    return ((y < 0) @ (2 ** np.arange(half))) % (2 * half)


@wrong(
    "angular_hash",
    truth="Cuts the circle of the first two y into B equal sectors from angle 0 on: agrees with the example, "
    "but y = (1, 2) gives 0 instead of 1, other y are ignored, and B = 2 crashes.",
)
def formula_sector_of_the_circle(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    n_buckets = 2 * rotations.shape[-1]
    angle = np.arctan2(y[..., 1], y[..., 0]) % (2 * np.pi)
    return (angle // (2 * np.pi / n_buckets)).astype(int) % n_buckets


@wrong(
    "angular_hash",
    truth="Softmax without taking off the maximum, then argmax: of several scores over about 709 (inf / inf = "
    "nan) the first wins, not the largest, and scores under about 1e-16 all tie at exp = 1.",
)
def formula_softmax_first(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    with np.errstate(all="ignore"):
        e = np.exp(np.concatenate([y, -y], axis=-1))
        return np.argmax(e / e.sum(axis=-1, keepdims=True), axis=-1)


@wrong(
    "angular_hash",
    truth="Interleaves y0, -y0, y1, -y1, ... where all of y should come before all of -y: right for B = 2 "
    "only.",
)
def vectorised_interleaved_stack(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    both = np.stack([y, -y], axis=-1)
    return both.reshape(*y.shape[:-1], 2 * y.shape[-1]).argmax(axis=-1)


@wrong(
    "angular_hash",
    truth="Collects the places equal to the maximum with nonzero and reshapes: crashes as soon as one "
    "position has a tie (e.g. the zero vector), right otherwise.",
)
def vectorised_nonzero_of_maximum(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    both = np.concatenate([y, -y], axis=-1)
    places = np.nonzero(both == both.max(axis=-1, keepdims=True))[-1]
    return places.reshape(both.shape[:-1])


@wrong(
    "angular_hash",
    truth="Rotates on: round r hashes the vectors already multiplied by the matrices of the rounds before. "
    "Wrong from round 1 on, and it crashes for R > 1 when B/2 is not d.",
)
def rotations_one_after_another(vectors, rotations):
    rows, y = [], vectors
    for matrix in rotations:
        y = y @ matrix
        rows.append(np.argmax(np.concatenate([y, -y], axis=-1), axis=-1))
    return np.stack(rows, axis=-2)


@wrong(
    "angular_hash",
    truth="Scales the caller's float vectors to length 1 in place: buckets are right, the input is damaged.",
)
def normalises_in_place(vectors, rotations):
    if vectors.dtype.kind == "f":
        vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-300)
    y = vectors[..., None, :, :] @ rotations
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)


@wrong(
    "angular_hash",
    truth="Computes in half precision: scores that differ by less than about 0.1 % tie, and scores over 65504 "
    "overflow.",
)
def half_precision_scores(vectors, rotations):
    with np.errstate(all="ignore"):
        y = (vectors[..., None, :, :] @ rotations).astype(np.float16)
    return np.argmax(np.concatenate([y, -y], axis=-1), axis=-1)


@wrong(
    "angular_hash",
    truth="Builds nested lists and lets NumPy guess the dtype: without positions (L = 0) the result is float, "
    "and an empty batch loses its axes.",
)
def lists_with_guessed_dtype(vectors, rotations):
    def walk(part):
        if part.ndim > 2:
            return [walk(p) for p in part]
        return [[int(np.argmax(np.r_[x @ m, -(x @ m)])) for x in part] for m in rotations]

    return np.array(walk(vectors))


# 2 · offset_rounds


@wrong(
    "offset_rounds",
    truth="The offsets lie along the positions, not the rounds: crashes unless L equals R (or one of them is "
    "1), and is wrong there for R > 1.",
)
def offsets_along_positions(buckets, n_buckets):
    return buckets + np.arange(buckets.shape[-2]) * n_buckets


@wrong(
    "offset_rounds",
    truth="Uses the largest bucket + 1 in place of n_buckets: wrong when bucket B-1 is empty, crashes for L = "
    "0.",
)
def buckets_counted_from_data(buckets, n_buckets):
    n = buckets.max() + 1
    return buckets + n * np.arange(buckets.shape[-2])[:, None]


@wrong(
    "offset_rounds",
    truth="Counts the distinct bucket numbers in place of n_buckets: wrong when any bucket is empty.",
)
def buckets_counted_by_unique(buckets, n_buckets):
    return buckets + len(np.unique(buckets)) * np.arange(buckets.shape[-2])[:, None]


@wrong("offset_rounds", truth="Adds into the caller's array: the numbers are right, the input is damaged for R > 1.")
def adds_in_place(buckets, n_buckets):
    for r in range(buckets.shape[-2]):
        buckets[..., r, :] += r * n_buckets
    return buckets


@wrong("offset_rounds", truth="Rounds are counted from 1 (MATLAB): round r moves by (r + 1) * B, round 0 too.")
def matlab_rounds_from_one(buckets, n_buckets):
    rounds = np.arange(1, buckets.shape[-2] + 1)
    return buckets + rounds[:, np.newaxis] * n_buckets


@wrong(
    "offset_rounds",
    truth="Moves by r * (B - 1), the largest bucket number, so bucket B-1 of a round meets 0 of the next.",
)
def moves_by_largest_number(buckets, n_buckets):
    return buckets + (n_buckets - 1) * np.arange(buckets.shape[-2])[:, None]


@wrong(
    "offset_rounds",
    truth="Numbers bucket by bucket: bucket * R + round. Unique too, but round r is not r*B .. r*B + B-1 (R > "
    "1).",
)
def unique_but_interleaved(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    return buckets * n_rounds + np.arange(n_rounds)[:, None]


@wrong(
    "offset_rounds",
    truth="Takes axis 0 for the rounds: with batch axes every batch entry is moved, the rounds inside it are "
    "not told apart. Right without batch axes.",
)
def loops_over_axis_zero(buckets, n_buckets):
    moved = np.array(buckets)
    for r in range(len(moved)):
        moved[r] = moved[r] + r * n_buckets
    return moved


@wrong(
    "offset_rounds",
    truth="Reads R off axis 0: right without batch axes; a batch of 1 stays unmoved, other batches than 1 and "
    "R crash.",
)
def rounds_read_off_axis_zero(buckets, n_buckets):
    return buckets + (np.arange(buckets.shape[0]) * n_buckets).reshape(-1, 1)


@wrong(
    "offset_rounds",
    truth="Treats all batch entries as further rounds: the numbers run past R*B - 1 from batch entry 1 on.",
)
def batch_entries_as_more_rounds(buckets, n_buckets):
    flat = buckets.reshape(int(np.prod(buckets.shape[:-1])), buckets.shape[-1])
    return (flat + n_buckets * np.arange(len(flat))[:, None]).reshape(buckets.shape)


@wrong(
    "offset_rounds",
    truth="Repeats the offsets over a flattened array as if the rounds were the slowest axis: with more than "
    "one batch entry the first entries get small offsets and the last ones large.",
)
def repeated_over_flat_array(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    offsets = np.repeat(np.arange(n_rounds) * n_buckets, buckets.size // n_rounds)
    return (buckets.ravel() + offsets).reshape(buckets.shape)


@wrong(
    "offset_rounds",
    truth="Uses .T to bring the rounds last, which turns all axes round: right for two axes, with batch axes "
    "it crashes or adds the offsets along the batch.",
)
def transposed_twice(buckets, n_buckets):
    return (buckets.T + n_buckets * np.arange(buckets.shape[-2])).T


@wrong(
    "offset_rounds",
    truth="Adds r*B to a running offset: 0, B, 3B, 6B, ... Right for up to two rounds, wrong from round 2 on.",
)
def loops_running_offset_twice_counted(buckets, n_buckets):
    moved, offset = np.zeros(buckets.shape, dtype=int), 0
    for r in range(buckets.shape[-2]):
        offset += r * n_buckets
        moved[..., r, :] = buckets[..., r, :] + offset
    return moved


@wrong(
    "offset_rounds",
    truth="Doubles the offset from round to round: 0, B, 2B, 4B, ... Right for up to three rounds, wrong from "
    "round 3 on.",
)
def loops_doubling_offset(buckets, n_buckets):
    moved, offset = np.array(buckets, dtype=int), n_buckets
    for r in range(1, buckets.shape[-2]):
        moved[..., r, :] += offset
        offset *= 2
    return moved


@wrong(
    "offset_rounds",
    truth="Joins the bits with | as C programmers do: right only if B is a power of two (B = 6: 5 | 6 is 7, "
    "not 11).",
)
def c_programmer_bitwise_or(buckets, n_buckets):
    return buckets | (np.arange(buckets.shape[-2]) * n_buckets)[:, None]


@wrong(
    "offset_rounds",
    truth="Shifts the round by whole bits, so B is rounded up to a power of two: wrong for any other B and R "
    "> 1.",
)
def c_programmer_shift(buckets, n_buckets):
    bits = int(n_buckets - 1).bit_length()
    return buckets + (np.arange(buckets.shape[-2]) << bits)[:, None]


@wrong(
    "offset_rounds",
    truth="Takes the sum modulo R*B - 1, the largest allowed number, which itself then becomes 0: wrong for "
    "bucket B-1 of the last round only.",
)
def modulo_largest_number(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    moved = buckets + n_buckets * np.arange(n_rounds)[:, None]
    return moved % max(n_rounds * n_buckets - 1, 1)


@wrong("offset_rounds", truth="Takes bucket 0 for padding and leaves it at 0 in every round.")
def careful_zero_is_padding(buckets, n_buckets):
    moved = buckets + n_buckets * np.arange(buckets.shape[-2])[:, None]
    return np.where(buckets > 0, moved, 0)


@wrong("offset_rounds", truth="Lets the first round have the largest offset: round r moves by (R - 1 - r) * B.")
def rounds_in_reverse(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[-2])[::-1, None]


@wrong(
    "offset_rounds",
    truth="Packs the rounds tightly: each starts after the largest number of the round before (for each batch "
    "entry), so it is wrong when bucket B-1 of a round is empty. Crashes for L = 0.",
)
def packed_after_previous_maximum(buckets, n_buckets):
    moved = np.array(buckets, dtype=int)
    for r in range(1, moved.shape[-2]):
        moved[..., r, :] += moved[..., r - 1, :].max(axis=-1, keepdims=True) + 1
    return moved


@wrong(
    "offset_rounds",
    truth="Numbers the occupied buckets densely afterwards, so empty buckets disappear and all above move "
    "down.",
)
def renumbered_without_gaps(buckets, n_buckets):
    moved = buckets + n_buckets * np.arange(buckets.shape[-2])[:, None]
    return np.unique(moved, return_inverse=True)[1].reshape(buckets.shape)


@wrong("offset_rounds", truth="Returns floats, because linspace makes the offsets floats.")
def linspace_makes_floats(buckets, n_buckets):
    n_rounds = buckets.shape[-2]
    return buckets + np.linspace(0, (n_rounds - 1) * n_buckets, n_rounds)[:, None]


@wrong(
    "offset_rounds",
    truth="Lays rounds and positions into one long axis for the later sort: shape (..., R*L) in place of "
    "(..., R, L).",
)
def joined_rounds_for_sorting(buckets, n_buckets):
    *batch, n_rounds, length = buckets.shape
    moved = buckets + n_buckets * np.arange(n_rounds)[:, None]
    return moved.reshape(*batch, n_rounds * length)


@wrong("offset_rounds", truth="Half finished: only round 1 is moved. Rounds 2 and later stay, a single round crashes.")
def only_second_round_moved(buckets, n_buckets):
    moved = buckets.copy()
    moved[..., 1, :] = moved[..., 1, :] + n_buckets
    return moved


@wrong(
    "offset_rounds",
    truth="Unpacks three axes: adds a batch axis to two-axis input and forgets to take it off, more than one "
    "batch axis crashes.",
)
def always_three_axes(buckets, n_buckets):
    if buckets.ndim == 2:
        buckets = buckets[np.newaxis]
    _, n_rounds, _ = buckets.shape
    return buckets + n_buckets * np.arange(n_rounds)[np.newaxis, :, np.newaxis]


@wrong("offset_rounds", truth="Stores the result in 8 bits: numbers over 127 wrap round to negative ones.")
def result_in_eight_bits(buckets, n_buckets):
    moved = buckets + n_buckets * np.arange(buckets.shape[-2])[:, None]
    return moved.astype(np.int8)


# 3 · collision_probability


@wrong(
    "collision_probability",
    truth="Gives the chance to be separated by one line, theta/pi, and its square for four buckets.",
)
def chance_to_be_separated(angles, n_buckets):
    share = np.asarray(angles) / np.pi
    return share if n_buckets == 2 else share**2


@wrong(
    "collision_probability",
    truth="For four buckets 1 - (theta/pi)^2: that at least one of the two signs agrees, not both.",
)
def one_of_two_signs_agrees(angles, n_buckets):
    share = np.asarray(angles) / np.pi
    return 1 - share ** (n_buckets // 2)


@wrong("collision_probability", truth="Ignores n_buckets: four buckets get the straight line of two.")
def hurried_two_buckets_only(angles, n_buckets):
    return 1 - np.asarray(angles) / np.pi


@wrong("collision_probability", truth="The two cases are swapped: the square for two buckets, the line for four.")
def hurried_cases_swapped(angles, n_buckets):
    same = 1 - np.asarray(angles) / np.pi
    return same if n_buckets == 4 else same * same


@wrong("collision_probability", truth="Takes the angles for degrees: divides by 180 where radians ask for pi.")
def hurried_degrees(angles, n_buckets):
    return (1 - np.asarray(angles) / 180) ** (n_buckets // 2)


@wrong("collision_probability", truth="Divides by the full circle 2 pi where the directions of a line are pi in total.")
def full_circle(angles, n_buckets):
    return (1 - np.asarray(angles) / (2 * np.pi)) ** (n_buckets // 2)


@wrong("collision_probability", truth="Exponent n_buckets: (1 - theta/pi)^2 for two buckets and ^4 for four.")
def exponent_is_number_of_buckets(angles, n_buckets):
    return (1 - np.asarray(angles) / np.pi) ** n_buckets


@wrong("collision_probability", truth="Exponent n_buckets - 1: right for two buckets, the third power for four.")
def exponent_is_buckets_minus_one(angles, n_buckets):
    return (1 - np.asarray(angles) / np.pi) ** (n_buckets - 1)


@wrong("collision_probability", truth="Exponent sqrt(n_buckets): right for four, but 1.414 where two buckets need 1.")
def exponent_is_root_of_buckets(angles, n_buckets):
    base = np.maximum(1 - np.asarray(angles) / np.pi, 0)
    return base ** np.sqrt(n_buckets)


@wrong(
    "collision_probability",
    truth="Brackets forgotten: 1 - theta / pi**2 for four buckets, which never comes below 0.68. Two are "
    "right.",
)
def square_binds_to_pi(angles, n_buckets):
    return 1 - np.asarray(angles) / np.pi ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth="Uses (1 + cos theta)/2 for the agreement of one sign: right at 0, pi/2 and pi only.",
)
def formula_cosine_similarity(angles, n_buckets):
    return ((1 + np.cos(angles)) / 2) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth="For four buckets adds the case that both signs differ: (1-s)^2 + s^2, so pi gives 1 and pi/2 gives "
    "0.5.",
)
def both_agree_or_both_differ(angles, n_buckets):
    share = np.asarray(angles) / np.pi
    return 1 - share if n_buckets == 2 else (1 - share) ** 2 + share**2


@wrong(
    "collision_probability",
    truth="For four buckets adds the shares of two lines, 1 - 2 theta/pi cut at 0, as if two lines never both "
    "separated: 0.5 at pi/4 instead of 0.5625.",
)
def two_lines_added(angles, n_buckets):
    return np.clip(1 - (n_buckets // 2) * np.asarray(angles) / np.pi, 0, 1)


@wrong(
    "collision_probability",
    truth="A straight line from 1 at 0 to the random level 1/B at pi/2, cut at 0: that is right for two "
    "buckets, for four only at 0, pi/2 and pi.",
)
def line_through_random_level(angles, n_buckets):
    return np.maximum(1 - (1 - 1 / n_buckets) * np.asarray(angles) / (np.pi / 2), 0)


@wrong(
    "collision_probability",
    truth="Takes the angle between lines, the smaller of theta and pi - theta: wrong for all angles over "
    "pi/2, opposite vectors get 1.",
)
def careful_angle_between_lines(angles, n_buckets):
    angles = np.asarray(angles)
    return (1 - np.minimum(angles, np.pi - angles) / np.pi) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth="Takes the angles modulo pi to be safe: pi itself becomes 0 and gets 1 where 0 is right.",
)
def careful_modulo_pi(angles, n_buckets):
    return (1 - np.mod(angles, np.pi) / np.pi) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth="Cuts the chance off below at 1/B, since random buckets agree that often: wrong over pi/2, e.g. 0.5 "
    "at pi.",
)
def careful_never_below_random(angles, n_buckets):
    return np.maximum((1 - np.asarray(angles) / np.pi) ** (n_buckets // 2), 1 / n_buckets)


@wrong(
    "collision_probability",
    truth="Writes into zeros_like(angles): with whole-number angles (e.g. 0, 1, 2, 3) the chances are cut to "
    "0 or 1.",
)
def loops_zeros_like_angles(angles, n_buckets):
    angles = np.asarray(angles)
    out = np.zeros_like(angles)
    for entry in np.ndindex(angles.shape):
        out[entry] = (1 - angles[entry] / np.pi) ** (n_buckets // 2)
    return out


@wrong(
    "collision_probability",
    truth="Loops over the first axis only and converts to float: right for one axis, crashes for a single "
    "number and for two or more axes.",
)
def loops_one_axis(angles, n_buckets):
    out = []
    for angle in angles:
        p = 1 - float(angle) / np.pi
        out.append(p if n_buckets == 2 else p * p)
    return np.array(out)


@wrong("collision_probability", truth="Returns a flat array: wrong shape for two or more axes and for a single number.")
def loops_over_flat_angles(angles, n_buckets):
    return np.array([(1 - a / np.pi) ** (n_buckets // 2) for a in np.ravel(angles)], dtype=float)


@wrong("collision_probability", truth="A single angle comes back with shape (1,), because of atleast_1d.")
def single_angle_gets_an_axis(angles, n_buckets):
    same = 1 - np.atleast_1d(angles) / np.pi
    return same if n_buckets == 2 else np.square(same)


@wrong(
    "collision_probability",
    truth="Works in the caller's array when it is float: the chances are right, the angles are overwritten.",
)
def overwrites_the_angles(angles, n_buckets):
    angles = np.asarray(angles)
    if angles.dtype.kind != "f":
        angles = angles.astype(float)
    angles /= -np.pi
    angles += 1
    if n_buckets == 4:
        angles *= angles
    return angles


@wrong("collision_probability", truth="Types pi as 3.14: off by up to 0.0005, and negative (two buckets) at pi.")
def pi_typed_by_hand(angles, n_buckets):
    return (1 - np.asarray(angles) / 3.14) ** (n_buckets // 2)


@wrong(
    "collision_probability",
    truth="Interpolates linearly between the four values of the example: right for two buckets, for four only "
    "at 0, pi/4, pi/2 and pi.",
)
def table_from_the_example(angles, n_buckets):
    values = [1, 0.75, 0.5, 0] if n_buckets == 2 else [1, 0.5625, 0.25, 0]
    return np.interp(angles, [0, np.pi / 4, np.pi / 2, np.pi], values)


@wrong(
    "collision_probability",
    truth="Measures with 4000 random lines (fixed seed) in place of the exact chance: off by about 0.01 "
    "between 0 and pi.",
)
def measured_not_computed(angles, n_buckets):
    rng = np.random.default_rng(0)
    angles = np.asarray(angles, dtype=float)
    agree = np.ones((4000, *angles.shape), dtype=bool)
    for _ in range(n_buckets // 2):
        line = rng.uniform(0, np.pi, size=4000).reshape(-1, *[1] * angles.ndim)
        agree &= line >= angles
    return agree.mean(axis=0)


@wrong(
    "collision_probability",
    truth="Rounds to two decimals: the example's 0.5625 becomes 0.56, and so for most angles.",
)
def rounded_for_display(angles, n_buckets):
    return np.round((1 - np.asarray(angles) / np.pi) ** (n_buckets // 2), 2)


@wrong(
    "collision_probability",
    truth="Asks for 0 < theta < pi by mask and leaves 0 elsewhere: angle 0 gets 0 where 1 is right.",
)
def open_interval_mask(angles, n_buckets):
    angles = np.asarray(angles)
    inside = (angles > 0) & (angles < np.pi)
    return np.where(inside, (1 - angles / np.pi) ** (n_buckets // 2), 0.0)


# 4 · chance_to_meet


@wrong("chance_to_meet", truth="1 - p^R: the chance to miss at least once, not to meet at least once.")
def not_in_every_round(probability, n_rounds):
    return 1 - np.asarray(probability) ** n_rounds


@wrong("chance_to_meet", truth="p^R: the chance to meet in every round. Right for R = 1 only.")
def in_every_round(probability, n_rounds):
    return np.asarray(probability, dtype=float) ** n_rounds


@wrong("chance_to_meet", truth="(1 - p)^R: stops at the opposite, the chance to miss in every round.")
def stopped_at_the_opposite(probability, n_rounds):
    return (1 - np.asarray(probability)) ** n_rounds


@wrong("chance_to_meet", truth="Adds the chances of the rounds, R*p cut at 1: too large for 0 < p < 1 and R > 1.")
def chances_added_and_cut(probability, n_rounds):
    return np.minimum(n_rounds * np.asarray(probability, dtype=float), 1.0)


@wrong("chance_to_meet", truth="R * p without any bound: even chances over 1.")
def chances_added(probability, n_rounds):
    return sum(np.asarray(probability, dtype=float) for _ in range(n_rounds))


@wrong("chance_to_meet", truth="Binomial chance of exactly one meeting, R p (1-p)^(R-1): p = 1 with R > 1 gives 0.")
def formula_exactly_one(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    return n_rounds * p * (1 - p) ** (n_rounds - 1)


@wrong(
    "chance_to_meet",
    truth="Geometric law, p (1-p)^(R-1): that the first meeting is in the last round. Right for R = 1.",
)
def formula_first_meeting_in_last_round(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    return p * (1 - p) ** (n_rounds - 1)


@wrong("chance_to_meet", truth="Poisson approximation 1 - exp(-R p): p = 1 does not give 1, all p > 0 are too small.")
def formula_poisson(probability, n_rounds):
    return -np.expm1(-n_rounds * np.asarray(probability, dtype=float))


@wrong("chance_to_meet", truth="2p - p^2 whatever R is: the two rounds of the example only.")
def example_with_two_rounds(probability, n_rounds):
    p = np.asarray(probability)
    return p + p - p * p


@wrong(
    "chance_to_meet",
    truth="Inclusion and exclusion stopped after pairs: R p - R(R-1)/2 p^2. Right for R = 1 and 2, wrong "
    "(even negative) from R = 3 on.",
)
def formula_inclusion_exclusion_stopped(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    return n_rounds * p - n_rounds * (n_rounds - 1) / 2 * p**2


@wrong(
    "chance_to_meet",
    truth="Joins the running chance with itself in place of p, so that it squares the miss in each step: 1 - "
    "(1-p)^(2^(R-1)). Right for R = 1 and 2, too large from 3 on.",
)
def loops_joined_with_itself(probability, n_rounds):
    chance = np.array(probability, dtype=float)
    for _ in range(n_rounds - 1):
        chance = chance + (1 - chance) * chance
    return chance


@wrong(
    "chance_to_meet",
    truth="Squares the miss while halving R and drops the remainder: right for R = 1, 2, 4, 8, ..., but R = 3 "
    "gives the answer for 2 and R = 5 that for 4.",
)
def repeated_squaring_without_remainder(probability, n_rounds):
    missed = 1 - np.asarray(probability, dtype=float)
    while n_rounds > 1:
        missed = missed * missed
        n_rounds //= 2
    return 1 - missed


@wrong("chance_to_meet", truth="Loop from 1 to R - 1: one round too few, R = 1 gives 0.")
def loops_one_round_too_few(probability, n_rounds):
    missed = np.ones(np.shape(probability))
    for _ in range(1, n_rounds):
        missed = missed * (1 - np.asarray(probability))
    return 1 - missed


@wrong("chance_to_meet", truth="Starts with one miss and then multiplies R more: one round too many, also for R = 1.")
def loops_one_round_too_many(probability, n_rounds):
    missed = 1 - np.asarray(probability, dtype=float)
    step = missed.copy()
    for _ in range(n_rounds):
        missed *= step
    return 1 - missed


@wrong(
    "chance_to_meet",
    truth="missed and step are one array, so `*=` squares it each time: 1 - (1-p)^(2^R), too large already "
    "for R = 1.",
)
def loops_aliased_product(probability, n_rounds):
    step = 1 - np.array(probability, dtype=float, ndmin=1)
    missed = step
    for _ in range(n_rounds):
        missed *= step
    return (1 - missed).reshape(np.shape(probability))


@wrong(
    "chance_to_meet",
    truth="The miss is never reset between entries: each entry also multiplies in those before it.",
)
def loops_miss_not_reset(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    chance, missed = np.zeros(p.shape), 1.0
    for entry in np.ndindex(p.shape):
        for _ in range(n_rounds):
            missed *= 1 - p[entry]
        chance[entry] = 1 - missed
    return chance


@wrong("chance_to_meet", truth="Multiplies by R where the power R belongs: 1 - R (1 - p), even negative for small p.")
def times_for_power(probability, n_rounds):
    return 1 - (1 - np.asarray(probability)) * n_rounds


@wrong(
    "chance_to_meet",
    truth="Says that the average over rounds with equal p is p: R has no influence. Right for R = 1.",
)
def careful_average_over_rounds(probability, n_rounds):
    rounds = np.stack([np.asarray(probability, dtype=float)] * n_rounds)
    return rounds.mean(axis=0)


@wrong(
    "chance_to_meet",
    truth="Keeps the chances between 0.001 and 0.999 to be safe for the logarithm: 0 does not give 0, and 1 "
    "gives 1 only for large R. Inside that range it is right.",
)
def careful_clipped_logarithm(probability, n_rounds):
    p = np.clip(probability, 1e-3, 1 - 1e-3)
    return 1 - np.exp(n_rounds * np.log(1 - p))


@wrong(
    "chance_to_meet",
    truth="Works with R log(1 - p) and replaces the infinite logarithm at p = 1 by its absolute value, +inf: "
    "p = 1 gives -inf where 1 is right. All p < 1 are right.",
)
def careful_repaired_logarithm(probability, n_rounds):
    with np.errstate(all="ignore"):
        log_miss = np.log(1 - np.asarray(probability, dtype=float))
        log_miss = np.where(np.isinf(log_miss), np.abs(log_miss), log_miss)
        return 1 - np.exp(n_rounds * log_miss)


@wrong(
    "chance_to_meet",
    truth="Binomial sum over k = 1 .. R-1 in place of 1 .. R: the case of meeting in every round, p^R, is "
    "missing.",
)
def loops_binomial_sum_without_last(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    total, ways = np.zeros(p.shape), 1.0
    for k in range(1, n_rounds):
        ways = ways * (n_rounds - k + 1) / k
        total = total + ways * p**k * (1 - p) ** (n_rounds - k)
    return total


@wrong(
    "chance_to_meet",
    truth="MATLAB's matrix power: for square two-axis input the matrix 1 - p is multiplied by itself, not "
    "each entry; two axes that are not square crash, other inputs are right.",
)
def matlab_matrix_power(probability, n_rounds):
    missed = 1 - np.asarray(probability, dtype=float)
    if missed.ndim == 2:
        return 1 - np.linalg.matrix_power(missed, n_rounds)
    return 1 - missed**n_rounds


@wrong(
    "chance_to_meet",
    truth="Builds (R, ...) misses but multiplies along the last axis, not the rounds: wrong values and shape "
    "for arrays; right for a single number.",
)
def vectorised_product_over_last_axis(probability, n_rounds):
    missed = np.stack([1 - np.asarray(probability, dtype=float)] * n_rounds)
    return 1 - np.prod(missed, axis=-1)


@wrong(
    "chance_to_meet",
    truth="Takes the product over all rounds and all entries and fills the array with that one number. Right "
    "for a single number.",
)
def vectorised_product_over_everything(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    return np.full(p.shape, 1 - np.prod(np.tile(1 - p.ravel(), n_rounds)))


@wrong(
    "chance_to_meet",
    truth="Gives the whole table of the chances after 1, 2, .. R rounds: an axis too many, of length R.",
)
def vectorised_table_of_all_rounds(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    return 1 - (1 - p[..., np.newaxis]) ** np.arange(1, n_rounds + 1)


@wrong(
    "chance_to_meet",
    truth="Works in the caller's array when it is float: the chances are right, the input is overwritten.",
)
def overwrites_the_probability(probability, n_rounds):
    p = np.asarray(probability)
    if p.dtype.kind != "f":
        p = p.astype(float)
    np.subtract(1, p, out=p)
    np.power(p, n_rounds, out=p)
    return np.subtract(1, p, out=p)


@wrong("chance_to_meet", truth="Loops over one axis with len: crashes for a single number and for two or more axes.")
def loops_with_len(probability, n_rounds):
    chance = [0.0] * len(probability)
    for i in range(len(probability)):
        chance[i] = 1 - (1 - float(probability[i])) ** n_rounds
    return np.array(chance)


@wrong("chance_to_meet", truth="A single probability comes back with shape (1,) instead of ().")
def single_probability_gets_an_axis(probability, n_rounds):
    p = np.array(probability, dtype=float, ndmin=1)
    return 1 - np.power(1 - p, n_rounds)


@wrong(
    "chance_to_meet",
    truth="Rounds to four decimals, enough for the example: 0.1 with R = 5 gives 0.4095 for 0.40951.",
)
def rounded_to_example_digits(probability, n_rounds):
    return np.round(1 - (1 - np.asarray(probability, dtype=float)) ** n_rounds, 4)


@wrong("chance_to_meet", truth="Half finished: handles R = 1 and anything else as two rounds, so R >= 3 is too small.")
def one_or_two_rounds(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    return p if n_rounds == 1 else 1 - (1 - p) * (1 - p)


@wrong(
    "chance_to_meet",
    truth="Simulates 4000 trials of R rounds (fixed seed) in place of the exact chance: off by about 0.01 for "
    "0 < p < 1.",
)
def simulated_rounds(probability, n_rounds):
    p = np.asarray(probability, dtype=float)
    rng = np.random.default_rng(1)
    met = np.zeros((4000, *p.shape), dtype=bool)
    for _ in range(n_rounds):
        met |= rng.random((4000, *p.shape)) < p
    return met.mean(axis=0)
