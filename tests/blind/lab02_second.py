"""Answers to lab 02, written from its text alone."""

import numpy as np

from tests.blind import wrong


@wrong(
    "side_of_planes",
    truth="Makes a bool of np.sign, so every dot product other than 0 becomes True, negative ones too, and 0 is "
    "False.",
)
def hurried_sign_made_bool(vectors, normals):
    return np.sign(vectors @ normals).astype(bool)


@wrong(
    "side_of_planes",
    truth="Truncates the dot products to integers before the comparison, so those between -1 and 0 become 0 and "
    "True.",
)
def c_programmer_casts_dots_to_int(vectors, normals):
    dots = (vectors @ normals).astype(np.int64)
    return dots >= 0


@wrong(
    "side_of_planes",
    truth="The zero vector gets True by a special case, but any other vector in a plane (dot product 0) gets "
    "False.",
)
def careful_only_zero_vector_is_positive(vectors, normals):
    is_zero = np.all(vectors == 0, axis=-1, keepdims=True)
    return (vectors @ normals > 0) | is_zero


@wrong(
    "side_of_planes",
    truth="Compares the cosine, with a division by the length: the zero vector gives NaN, and NaN >= 0 is "
    "False. (Rounding in the division can also push a vector that lies in a plane just below 0.)",
)
def careful_unit_vectors_first(vectors, normals):
    with np.errstate(all="ignore"):
        unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
        return unit @ normals >= 0


@wrong(
    "side_of_planes",
    truth="Rounds the dot products to 6 decimals against 'numerical noise', so negative ones nearer to 0 than "
    "5e-7 are True; it shows for tiny vectors or vectors that lie just behind a plane.",
)
def careful_rounds_noise_away(vectors, normals):
    return np.round(vectors @ normals, 6) >= 0


@wrong(
    "side_of_planes",
    truth="Subtracts the mean of the L vectors first, so the planes go through the mean and not through the "
    "origin.",
)
def careful_centres_the_cloud(vectors, normals):
    centred = vectors - vectors.mean(axis=-2, keepdims=True)
    return centred @ normals >= 0


@wrong(
    "side_of_planes",
    truth="Asks whether the vector is at least as near to the tip of the normal as to the origin, so the plane "
    "is moved by half a normal: vectors with a dot product from 0 to under half the normal's squared "
    "length get False.",
)
def careful_nearer_to_the_tip(vectors, normals):
    tips = normals.T
    to_tip = np.sum((vectors[..., np.newaxis, :] - tips) ** 2, axis=-1)
    to_origin = np.sum(vectors**2, axis=-1)[..., np.newaxis]
    return to_tip <= to_origin


@wrong(
    "side_of_planes",
    truth="Splits at the median of the L dot products of a plane instead of at 0, so that the halves are equal; "
    "wrong wherever the median is not 0.",
)
def careful_splits_at_the_median(vectors, normals):
    dots = vectors @ normals
    return dots >= np.median(dots, axis=-2, keepdims=True)


@wrong(
    "side_of_planes",
    truth="Starts at 1 as in Matlab and so never looks at plane 0: its column is False for all vectors.",
)
def matlab_starts_at_plane_one(vectors, normals):
    n_planes = normals.shape[1]
    sides = np.zeros((*vectors.shape[:-1], n_planes), dtype=bool)
    for p in range(1, n_planes):
        sides[..., p] = vectors @ normals[:, p] >= 0
    return sides


@wrong(
    "side_of_planes",
    truth="Believes that a normal is a row and reshapes (d, P) to (P, d) to have it so; this mixes the numbers "
    "of different planes, wherever d and P are both above 1.",
)
def reshapes_where_it_means_rows(vectors, normals):
    rows = normals.reshape(normals.shape[1], normals.shape[0])
    return np.stack([vectors @ row >= 0 for row in rows], axis=-1)


@wrong(
    "side_of_planes",
    truth="Reads the sign bit of a dot product added up from its first product: a dot product of -0.0 (the zero "
    "vector, as floats, with a normal of negative numbers only) counts as negative and gets False.",
)
def c_programmer_reads_the_sign_bit(vectors, normals):
    dots = vectors[..., 0, np.newaxis] * normals[0]
    for feature in range(1, normals.shape[0]):
        dots = dots + vectors[..., feature, np.newaxis] * normals[feature]
    return ~np.signbit(dots)


@wrong(
    "side_of_planes",
    truth="Remembers the Reformer's formula and puts the sides of the opposite normals behind the P sides, so "
    "the last axis has 2P entries instead of P.",
)
def copies_both_directions(vectors, normals):
    dots = vectors @ normals
    return np.concatenate([dots, -dots], axis=-1) >= 0


@wrong(
    "side_of_planes",
    truth="True only for the plane with the largest dot product of a vector (an argmax as one-hot), whatever "
    "the signs; other planes with the vector on their positive side are False.",
)
def copies_the_argmax(vectors, normals):
    dots = vectors @ normals
    return dots == dots.max(axis=-1, keepdims=True)


@wrong(
    "side_of_planes",
    truth="Takes a sigmoid and asks for at least a half: 1 + exp(-x) rounds to 2 for negative dot products "
    "nearer to 0 than about 1e-16, so these get True (seen with very small vectors).",
)
def copies_the_sigmoid(vectors, normals):
    with np.errstate(over="ignore"):
        probability = 1 / (1 + np.exp(-(vectors @ normals)))
    return probability >= 0.5


@wrong(
    "side_of_planes",
    truth="Uses a sigmoid and returns the rounded probability as a number, 0.0 or 1.0, not as a bool; besides a "
    "dot product of 0 gives 0.5, which np.round makes 0.",
)
def copies_the_sigmoid_and_rounds(vectors, normals):
    return np.round(0.5 * (1 + np.tanh((vectors @ normals) / 2)))


@wrong(
    "side_of_planes",
    truth="Adds the products over the planes (last axis) and not over the features, so the result is (..., L, "
    "d) and holds no dot products.",
)
def broadcasts_and_sums_planes(vectors, normals):
    products = vectors[..., np.newaxis] * normals
    return products.sum(axis=-1) >= 0


@wrong(
    "side_of_planes",
    truth="Adds up the signs of the products only, a vote of the features, so a small number of large features "
    "is outvoted, as in (1, -3) . (1, 1): one vote each, 0, True, while the dot product is -2.",
)
def vectorises_a_vote_of_signs(vectors, normals):
    return np.sign(vectors) @ np.sign(normals) >= 0


@wrong(
    "side_of_planes",
    truth="einsum with the output letters swapped: the last two axes are (P, L) and not (L, P); with L = P the "
    "shape is right and the entries are transposed.",
)
def einsum_with_swapped_letters(vectors, normals):
    return np.einsum("...ld,dp->...pl", vectors, normals) >= 0


@wrong(
    "side_of_planes",
    truth="tensordot over axis 1 of the vectors: right without batch axes, but with them axis 1 is not the "
    "features, so it fails, or where the sizes fit adds over the wrong axis.",
)
def tensordot_over_axis_one(vectors, normals):
    return np.tensordot(vectors, normals, axes=(1, 0)) >= 0


@wrong(
    "side_of_planes",
    truth="Flattens the batch axes to multiply and does not restore them: with batch axes the result is (B * L, "
    "P).",
)
def flattens_and_forgets_the_batch(vectors, normals):
    flat = vectors.reshape(-1, vectors.shape[-1])
    return (flat @ normals) >= 0


@wrong(
    "side_of_planes",
    truth="Works in float16 'as a sign needs no precision': dot products that nearly cancel, tiny ones (rounded "
    "to 0) and large ones (inf - inf is NaN, False) come out on the wrong side.",
)
def half_precision_is_enough(vectors, normals):
    with np.errstate(all="ignore"):
        products = vectors.astype(np.float16)[..., np.newaxis] * normals.astype(np.float16)
        return products.sum(axis=-2, dtype=np.float16) >= 0


@wrong(
    "side_of_planes",
    truth="The running sum is set to 0 once for each vector and not for each plane, so plane p gets the sum of "
    "the dot products with planes 0 .. p; right for one plane.",
)
def loops_without_resetting_the_sum(vectors, normals):
    n_features, n_planes = normals.shape
    sides = np.zeros((*vectors.shape[:-1], n_planes), dtype=bool)
    for entry in np.ndindex(*vectors.shape[:-1]):
        dot = 0.0
        for p in range(n_planes):
            for feature in range(n_features):
                dot += vectors[entry][feature] * normals[feature, p]
            sides[entry][p] = dot >= 0
    return sides


@wrong(
    "side_of_planes",
    truth="Writes the answer of each plane over the whole row, so all planes get the answer of the last one.",
)
def loops_and_overwrites_the_row(vectors, normals):
    sides = np.zeros((*vectors.shape[:-1], normals.shape[1]), dtype=bool)
    for entry in np.ndindex(*vectors.shape[:-1]):
        for normal in normals.T:
            sides[entry] = np.sum(vectors[entry] * normal) >= 0
    return sides


@wrong(
    "side_of_planes",
    truth="The loop over the features runs to the number of planes: features from P on are ignored where P < d, "
    "and where P > d it leaves the array (IndexError).",
)
def loops_over_planes_for_features(vectors, normals):
    n_planes = normals.shape[1]
    dots = np.zeros((*vectors.shape[:-1], n_planes))
    for p in range(n_planes):
        for feature in range(n_planes):
            dots[..., p] += vectors[..., feature] * normals[feature, p]
    return dots >= 0


@wrong(
    "side_of_planes",
    truth="Makes the normals unit length in the caller's own array: the normals are changed afterwards (for "
    "integer normals it fails). The sides are right but for rounding where the dot product is 0.",
)
def careful_normalises_normals_in_place(vectors, normals):
    lengths = np.linalg.norm(normals, axis=0)
    normals /= np.where(lengths > 0, lengths, 1.0)
    return vectors @ normals >= 0


@wrong(
    "hash_value",
    truth="Adds 10**i: the decimal number that reads like the bits, plane 0 at the right; wrong as soon as a "
    "plane after plane 0 is True.",
)
def hurried_reads_bits_as_decimal(sides):
    return np.sum(sides * 10 ** np.arange(sides.shape[-1], dtype=np.int64), axis=-1)


@wrong(
    "hash_value",
    truth="Weighs plane i with i squared instead of 2 to the power i: plane 0 weighs 0, plane 1 weighs 1.",
)
def hurried_mixes_up_the_power(sides):
    return sides @ np.arange(sides.shape[-1]) ** 2


@wrong(
    "hash_value",
    truth="Written for the three planes of the example: planes from 3 on are ignored, with fewer than 3 it "
    "fails.",
)
def hurried_three_planes_only(sides):
    return sides[..., 0] * 1 + sides[..., 1] * 2 + sides[..., 2] * 4


@wrong(
    "hash_value",
    truth="Sums over axis 1: right for (L, P) only. For one row of sides (P,) it fails; with batch axes it adds "
    "over the tokens and keeps the planes.",
)
def hurried_sums_axis_one(sides):
    return (sides * 2 ** np.arange(sides.shape[-1], dtype=np.int64)).sum(axis=1)


@wrong(
    "hash_value",
    truth="Multiplies in float64 and casts to int64 at the end: sums above 2**53 are rounded, so with more than "
    "53 planes low bits get lost or carried.",
)
def floats_then_casts(sides):
    weights = 2.0 ** np.arange(sides.shape[-1])
    return (sides @ weights).astype(np.int64)


@wrong(
    "hash_value",
    truth="Multiplies in float32, as on a GPU, and casts at the end: sums above 2**24 are rounded, so it goes "
    "wrong with more than 24 planes.",
)
def deep_learner_uses_float32(sides):
    weights = np.float32(2) ** np.arange(sides.shape[-1], dtype=np.float32)
    return (sides.astype(np.float32) @ weights).astype(np.int64)


@wrong(
    "hash_value",
    truth="Weights from exp(i log 2), cut off to integers: some lie just below the power (such as 7.999...) and "
    "are 1 too small (large ones are off by more).",
)
def powers_through_exp_and_cut(sides):
    weights = np.exp(np.arange(sides.shape[-1]) * np.log(2)).astype(np.int64)
    return sides @ weights


@wrong(
    "hash_value",
    truth="Reads '0 .. 2^P - 1' as a modulus and takes the sum modulo 2**P - 1: all True gives 0 instead of "
    "2**P - 1; everything else is right.",
)
def careful_takes_modulus_of_largest(sides):
    n_planes = sides.shape[-1]
    return (sides @ 2 ** np.arange(n_planes, dtype=np.int64)) % (2**n_planes - 1)


@wrong(
    "hash_value",
    truth="Takes the bucket modulo the prime 1000003 'as a hash must stay small': wrong from 20 planes on, for "
    "buckets of 1000003 and more.",
)
def java_programmer_takes_a_prime_modulus(sides):
    return (sides @ 2 ** np.arange(sides.shape[-1], dtype=np.int64)) % 1_000_003


@wrong(
    "hash_value",
    truth="Reads the bits as a signed number: the last plane weighs -2**(P-1), so buckets with the last plane "
    "True are negative.",
)
def c_programmer_twos_complement(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    weights[-1] = -weights[-1]
    return sides @ weights


@wrong(
    "hash_value",
    truth="Shifts in C's 32-bit int: plane 31 weighs -2**31 and planes from 32 on weigh 0, so wrong for more "
    "than 31 planes.",
)
def c_programmer_shifts_32_bits(sides):
    weights = np.left_shift(np.int32(1), np.arange(sides.shape[-1], dtype=np.int32), dtype=np.int32)
    return np.sum(sides * weights, axis=-1, dtype=np.int32)


@wrong(
    "hash_value",
    truth="Makes two halves of 31 planes to be safe with 32 bits, but weighs the upper half with 2**32 instead "
    "of 2**31: planes 31 and up weigh twice too much.",
)
def careful_splits_into_two_words(sides):
    weights = 2 ** np.arange(31, dtype=np.int64)
    low = sides[..., :31]
    high = sides[..., 31:]
    return low @ weights[: low.shape[-1]] + (high @ weights[: high.shape[-1]]) * 2**32


@wrong(
    "hash_value",
    truth="packbits and then only byte 0: planes from 8 on are ignored.",
)
def packbits_first_byte(sides):
    return np.packbits(sides, axis=-1, bitorder="little")[..., 0]


@wrong(
    "hash_value",
    truth="packbits with its default bit order, bytes put together with 256: plane 0 becomes the heaviest bit "
    "of its byte (128) and so on; right only where each byte reads the same from both ends.",
)
def packbits_with_default_order(sides):
    packed = np.packbits(sides, axis=-1).astype(np.int64)
    total = np.zeros(sides.shape[:-1], dtype=np.int64)
    for byte in range(min(packed.shape[-1], 7)):
        total = total + packed[..., byte] * 256**byte
    return total


@wrong(
    "hash_value",
    truth="Numbers the different rows of sides in sorted order (np.unique), so the bucket depends on which "
    "other rows are there, and numbers are 0, 1, 2, ... without gaps instead of the sum of the weights.",
)
def vectorises_with_unique_numbers(sides):
    rows = sides.reshape(-1, sides.shape[-1])
    _, inverse = np.unique(rows, axis=0, return_inverse=True)
    return inverse.reshape(sides.shape[:-1])


@wrong(
    "hash_value",
    truth="A False plane takes its weight off, like a sign of -1: the result is twice the bucket minus (2**P - "
    "1), right only where all sides are True.",
)
def physicist_counts_false_as_minus(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return np.where(sides, weights, -weights).sum(axis=-1)


@wrong(
    "hash_value",
    truth="Gives the Gray code of the bucket (b xor b >> 1), so that neighbouring sectors differ by one bit; "
    "the text wants the plain sum. Wrong for every bucket of 2 or more.",
)
def copies_the_gray_code(sides):
    buckets = sides @ 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return buckets ^ (buckets >> 1)


@wrong(
    "hash_value",
    truth="Assigns the weight instead of adding it, so only the last True plane counts; wrong for rows with two "
    "or more True.",
)
def loops_and_assigns(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    for plane in range(sides.shape[-1]):
        buckets = np.where(sides[..., plane], 2**plane, buckets)
    return buckets


@wrong(
    "hash_value",
    truth="Leaves the loop at the first False plane, so True planes after a False one do not count.",
)
def loops_and_breaks_at_false(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    for entry in np.ndindex(*buckets.shape):
        for plane, positive in enumerate(sides[entry]):
            if not positive:
                break
            buckets[entry] += 2**plane
    return buckets


@wrong(
    "hash_value",
    truth="Doubles the weight only after a True plane, so the k-th True plane weighs 2**k wherever it stands: "
    "the result is 2**(number of True) - 1.",
)
def loops_and_doubles_only_when_true(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    for entry in np.ndindex(*buckets.shape):
        weight = 1
        for positive in sides[entry]:
            if positive:
                buckets[entry] += weight
                weight *= 2
    return buckets


@wrong(
    "hash_value",
    truth="Horner from the last plane down, but it stops before plane 0: every bucket is halved, rounded down.",
)
def horner_stops_before_plane_zero(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    for plane in range(sides.shape[-1] - 1, 0, -1):
        buckets = buckets * 2 + sides[..., plane]
    return buckets


@wrong(
    "hash_value",
    truth="Horner in the order of the planes, so plane 0 is the heaviest (2**(P-1)) and the last weighs 1; "
    "right only for rows that read the same from both ends.",
)
def horner_from_the_front(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    for plane in range(sides.shape[-1]):
        buckets = buckets * 2 + sides[..., plane]
    return buckets


@wrong(
    "hash_value",
    truth="The buckets are right, but it ticks off each True by setting it to False in the caller's array, "
    "which is all False afterwards.",
)
def loops_and_ticks_off_the_input(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    for plane in range(sides.shape[-1]):
        buckets += 2**plane * sides[..., plane].astype(np.int64)
        sides[..., plane] = False
    return buckets


@wrong(
    "hash_value",
    truth="Keeps the summed axis: the shape is (..., 1) instead of (...).",
)
def careful_keeps_the_axis(sides):
    return np.sum(sides * 2 ** np.arange(sides.shape[-1], dtype=np.int64), axis=-1, keepdims=True)


@wrong(
    "build_hash_table",
    truth="dict.fromkeys gives all buckets the same list object, so every bucket lists all positions; right "
    "only where all are in one bucket.",
)
def hurried_shares_one_list(buckets):
    table = dict.fromkeys(np.asarray(buckets).tolist(), [])
    for position, bucket in enumerate(buckets):
        table[int(bucket)].append(position)
    return table


@wrong(
    "build_hash_table",
    truth="On the first visit of a bucket it makes the list and forgets the position, so the first position of "
    "every bucket is missing.",
)
def hurried_loses_the_first_visit(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        if bucket in table:
            table[bucket].append(position)
        else:
            table[bucket] = []
    return table


@wrong(
    "build_hash_table",
    truth="Stores what append returns, so a bucket with one position maps to None, and a second position makes "
    "it fail (None has no append).",
)
def hurried_stores_result_of_append(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table[int(bucket)] = table.get(int(bucket), []).append(position)
    return table


@wrong(
    "build_hash_table",
    truth="The empty table is a default argument and lives on: the first call is right, later calls still hold "
    "the entries and positions of the calls before.",
)
def hurried_mutable_default(buckets, table={}):  # noqa: B006
    for position, bucket in enumerate(buckets):
        table.setdefault(int(bucket), []).append(position)
    return table


@wrong(
    "build_hash_table",
    truth="Asks the list for the index of the bucket, which is always its first occurrence: a bucket of 3 gets "
    "its first position three times.",
)
def hurried_asks_list_for_index(buckets):
    numbers = [int(bucket) for bucket in buckets]
    table = {}
    for bucket in numbers:
        table.setdefault(bucket, []).append(numbers.index(bucket))
    return table


@wrong(
    "build_hash_table",
    truth="Skips bucket 0, because 'if bucket' is false for it.",
)
def javascript_truthy_bucket(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        if bucket:
            table.setdefault(int(bucket), []).append(position)
    return table


@wrong(
    "build_hash_table",
    truth="Collects keys as strings, as in a JavaScript object: the table has '2' and not 2; only the empty "
    "table is right.",
)
def javascript_string_keys(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table.setdefault(str(bucket), []).append(position)
    return table


@wrong(
    "build_hash_table",
    truth="Uses a table of 1024 slots, bucket modulo 1024 as the key, as in C: buckets of 1024 and more get a "
    "wrong key and can be mixed with others.",
)
def c_programmer_fixed_slots(buckets):
    slots = [[] for _ in range(1024)]
    for position, bucket in enumerate(buckets):
        slots[int(bucket) % 1024].append(position)
    return {slot: positions for slot, positions in enumerate(slots) if positions}


@wrong(
    "build_hash_table",
    truth="Keeps the buckets in 32-bit integers: those of 2**31 and more get a wrong (often negative) key and "
    "can be mixed with others.",
)
def c_programmer_int32_keys(buckets):
    table = {}
    for position, bucket in enumerate(np.asarray(buckets).astype(np.int32).tolist()):
        table.setdefault(bucket, []).append(position)
    return table


@wrong(
    "build_hash_table",
    truth="Counts positions from 1, as in Matlab or R: every position is one too high.",
)
def r_programmer_counts_from_one(buckets):
    return {int(b): (np.flatnonzero(buckets == b) + 1).tolist() for b in np.unique(buckets)}


@wrong(
    "build_hash_table",
    truth="Keys are floats: equal to the integers up to 2**53, but larger buckets are rounded, so they get a "
    "wrong key and neighbouring buckets fall together.",
)
def float_array_of_pairs(buckets):
    pairs = np.column_stack([np.arange(len(buckets)), buckets]).astype(float)
    table = {}
    for position, bucket in pairs:
        table.setdefault(bucket, []).append(int(position))
    return table


@wrong(
    "build_hash_table",
    truth="Looks only for buckets 0 .. L - 1, so a bucket whose number is L or more is left out.",
)
def thinks_there_are_l_buckets(buckets):
    table = {}
    for bucket in range(len(buckets)):
        positions = np.flatnonzero(buckets == bucket)
        if len(positions) > 0:
            table[bucket] = positions.tolist()
    return table


@wrong(
    "build_hash_table",
    truth="Gives every number from the smallest to the largest bucket an entry (it stops 1000 after the "
    "smallest), so unused buckets between have an empty list, and buckets 1000 or more above the smallest "
    "are missing.",
)
def careful_gives_every_number_a_list(buckets):
    if len(buckets) == 0:
        return {}
    lowest = int(np.min(buckets))
    highest = min(int(np.max(buckets)), lowest + 999)
    return {b: np.flatnonzero(buckets == b).tolist() for b in range(lowest, highest + 1)}


@wrong(
    "build_hash_table",
    truth="Leaves out buckets with a single position, because nobody can be found in them; they are in use and "
    "need an entry.",
)
def careful_drops_lonely_buckets(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table.setdefault(int(bucket), []).append(position)
    return {bucket: positions for bucket, positions in table.items() if len(positions) > 1}


@wrong(
    "build_hash_table",
    truth="Keys are the ranks 0, 1, 2, ... of the buckets (the inverse of np.unique), not the buckets; right "
    "only where the buckets in use have no gaps and start at 0.",
)
def vectorises_with_ranks_as_keys(buckets):
    used, inverse = np.unique(buckets, return_inverse=True)
    return {rank: np.flatnonzero(inverse == rank).tolist() for rank in range(len(used))}


@wrong(
    "build_hash_table",
    truth="Sorts with the default argsort, which is not stable: the positions of a bucket may not be in "
    "ascending order, depending on the processor from a few positions on or from about 17.",
)
def vectorises_with_unstable_sort(buckets):
    order = np.argsort(buckets)
    used, starts = np.unique(np.asarray(buckets)[order], return_index=True)
    return {int(b): part.tolist() for b, part in zip(used, np.split(order, starts[1:]), strict=False)}


@wrong(
    "build_hash_table",
    truth="Splits at all starts, the 0 included, so the first part is empty and every bucket gets the positions "
    "of the bucket before it; those of the largest bucket are lost.",
)
def vectorises_and_splits_one_early(buckets):
    order = np.argsort(buckets, kind="stable")
    used, starts = np.unique(np.asarray(buckets)[order], return_index=True)
    return {int(b): part.tolist() for b, part in zip(used, np.split(order, starts), strict=False)}


@wrong(
    "build_hash_table",
    truth="Splits where the bucket changes without sorting first: a bucket that comes back after another one "
    "keeps only the positions of its last run.",
)
def vectorises_runs_without_sorting(buckets):
    if len(buckets) == 0:
        return {}
    cuts = np.flatnonzero(np.diff(buckets)) + 1
    parts = np.split(np.arange(len(buckets)), cuts)
    return {int(buckets[part[0]]): part.tolist() for part in parts}


@wrong(
    "build_hash_table",
    truth="np.where without [0]: the value is a tuple that holds one array of the positions, not the positions.",
)
def vectorises_with_bare_where(buckets):
    return {int(b): np.where(buckets == b) for b in np.unique(buckets)}


@wrong(
    "build_hash_table",
    truth="squeeze makes the positions of a bucket with a single one an array without axes, a bare number, so "
    "it has no length; buckets of two and more are right.",
)
def vectorises_with_squeeze(buckets):
    return {int(b): np.argwhere(buckets == b).squeeze() for b in np.unique(buckets)}


@wrong(
    "build_hash_table",
    truth="The value is the mask over all L positions (True where the bucket is this one), not the list of "
    "positions.",
)
def vectorises_with_masks(buckets):
    return {int(b): buckets == b for b in np.unique(buckets)}


@wrong(
    "build_hash_table",
    truth="Collects the positions in sets and makes lists of them at the end; a set has no order, so from "
    "position 8 on the lists may not ascend ({1, 8} gives [8, 1]).",
)
def java_programmer_hash_sets(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table.setdefault(int(bucket), set()).add(position)
    return {bucket: list(positions) for bucket, positions in table.items()}


@wrong(
    "build_hash_table",
    truth="Goes through the sorted positions and stores a bucket when the next one begins; the last (largest) "
    "bucket is never stored.",
)
def loops_and_never_stores_the_last(buckets):
    table = {}
    current, positions = None, []
    for position in np.argsort(buckets, kind="stable").tolist():
        if current is not None and buckets[position] != current:
            table[current] = positions
            positions = []
        current = int(buckets[position])
        positions.append(position)
    return table


@wrong(
    "build_hash_table",
    truth="Stores the last group after the loop without asking whether there was one: for L = 0 the table is "
    "{None: []} instead of {}; otherwise right.",
)
def loops_and_stores_a_group_of_nobody(buckets):
    table = {}
    current, positions = None, []
    for position in np.argsort(buckets, kind="stable").tolist():
        if current is not None and buckets[position] != current:
            table[current] = positions
            positions = []
        current = int(buckets[position])
        positions.append(position)
    table[current] = positions
    return table


@wrong(
    "build_hash_table",
    truth="Marks positions that are done with -1 in the caller's own array: the table is right, but the buckets "
    "are all -1 afterwards.",
)
def loops_and_marks_the_input(buckets):
    table = {}
    for position in range(len(buckets)):
        bucket = int(buckets[position])
        if bucket == -1:
            continue
        table[bucket] = [other for other in range(position, len(buckets)) if buckets[other] == bucket]
        buckets[table[bucket]] = -1
    return table


@wrong(
    "build_hash_table",
    truth="The inner loop ends one early, so the last position L - 1 is found only where it is the first of its "
    "bucket.",
)
def loops_one_short_inside(buckets):
    table = {}
    for i in range(len(buckets)):
        bucket = int(buckets[i])
        if bucket in table:
            continue
        table[bucket] = [i]
        for j in range(i + 1, len(buckets) - 1):
            if buckets[j] == bucket:
                table[bucket].append(j)
    return table


@wrong(
    "approximate_k_nearest",
    truth="Starts from zeros and turns what is still 0 into -1 at the end, so position 0 as a true neighbour "
    "becomes -1, too.",
)
def hurried_zeros_become_missing(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.zeros((len(vectors), k), dtype=np.int64)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    result[result == 0] = -1
    return result


@wrong(
    "approximate_k_nearest",
    truth="Leaves the loop (break, not continue) at the first vector without candidates, so all vectors after "
    "it have -1 only.",
)
def hurried_breaks_at_the_first_lonely(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        if len(found) == 0:
            break
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Assigns the ranked candidates to the whole row: a single candidate is broadcast to all k places "
    "instead of once with -1 behind it, and 2 .. k - 1 candidates make it fail.",
)
def hurried_assigns_the_whole_row(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        if len(found) > 0:
            result[i] = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
    return result


@wrong(
    "approximate_k_nearest",
    truth="Returns the places in the candidate list (the argsort) and not the positions that stand there; right "
    "only where the candidates are 0, 1, 2, ... without a gap.",
)
def hurried_returns_places_in_the_list(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        best = np.argsort(-np.round(unit[shared] @ unit[i], 12), kind="stable")[:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Ranks with the vector itself among the candidates and drops the first, thinking it is the vector: "
    "wrong where a vector of the same direction has a lower position, and for the zero vector, whose own "
    "similarity is 0; then a neighbour is lost and the vector lists itself.",
)
def hurried_drops_the_first_as_itself(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        found = np.flatnonzero(np.any([np.all(s == s[i], axis=1) for s in sides], axis=0))
        similarity = np.round(unit[found] @ unit[i], 12)
        best = found[np.argsort(-similarity, kind="stable")][1 : k + 1]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Puts all tables into one dict with the bucket number as key, so a vector in bucket 3 of table 0 "
    "meets those in bucket 3 of table 1, which share no bucket with it in any one table; right for a "
    "single table.",
)
def pools_all_tables_in_one_dict(vectors, k, normals):
    table = {}
    buckets = []
    for planes in normals:
        weights = 2 ** np.arange(planes.shape[1], dtype=np.int64)
        buckets.append((vectors @ planes >= 0) @ weights)
        for position, bucket in enumerate(buckets[-1].tolist()):
            table.setdefault(bucket, set()).add(position)
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        joined = set()
        for row in buckets:
            joined |= table[int(row[i])]
        found = np.array(sorted(joined - {i}), dtype=np.int64)
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Asks for the same bucket in every table, not in at least one (all instead of any); right for a "
    "single table.",
)
def careful_wants_all_tables_to_agree(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    similarity = np.round(unit @ unit.T, 12)
    sides = np.stack([vectors @ planes >= 0 for planes in normals])
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = [j for j in range(len(vectors)) if j != i and np.array_equal(sides[:, i], sides[:, j])]
        found.sort(key=lambda j: -similarity[i, j])
        result[i, : len(found[:k])] = found[:k]
    return result


@wrong(
    "approximate_k_nearest",
    truth="Stops to look into further tables as soon as k candidates are there, so nearer ones from later "
    "tables are missed; right for one table.",
)
def careful_stops_when_k_are_found(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.zeros(len(vectors), dtype=bool)
        for s in sides:
            shared |= np.all(s == s[i], axis=1)
            shared[i] = False
            if shared.sum() >= k:
                break
        found = np.flatnonzero(shared)
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Fills up from all other vectors by exact search where there are fewer than k candidates, instead of "
    "-1.",
)
def careful_fills_up_by_exact_search(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        order = np.argsort(-np.round(unit @ unit[i], 12), kind="stable")
        order = order[order != i]
        best = np.concatenate([order[shared[order]], order[~shared[order]]])[:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Ranks by the number of tables in which a bucket is shared and only then by cosine, so a less similar "
    "one found twice comes before a more similar one found once; right for one table.",
)
def careful_counts_votes_of_tables(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        votes = np.sum([np.all(s == s[i], axis=1) for s in sides], axis=0)
        votes[i] = 0
        found = np.flatnonzero(votes)
        best = found[np.lexsort((found, -np.round(unit[found] @ unit[i], 12), -votes[found]))][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Joins buckets across tables into groups: if a shares a bucket with b and b with c in another table, "
    "c counts as a candidate of a although they share none; right for one table.",
)
def careful_joins_friends_of_friends(vectors, k, normals):
    n = len(vectors)
    near = np.zeros((n, n), dtype=bool)
    for planes in normals:
        sides = vectors @ planes >= 0
        near |= np.all(sides[:, None] == sides[None], axis=-1)
    for middle in range(n):
        near |= near[:, middle, None] & near[middle]
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((n, k), -1)
    for i in range(n):
        near[i, i] = False
        found = np.flatnonzero(near[i])
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Also looks into buckets that differ in one plane (multi-probe), so it has candidates that share no "
    "bucket.",
)
def copies_multi_probe(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.sum(s != s[i], axis=1) <= 1 for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Ranks by the number of planes of all tables on which two vectors agree (Hamming), not by their exact "
    "cosine; with one table all candidates tie and come by position.",
)
def copies_hamming_ranking(vectors, k, normals):
    sides = np.concatenate([vectors @ planes >= 0 for planes in normals], axis=1)
    per_table = sides.reshape(len(vectors), len(normals), -1)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        shared = np.any(np.all(per_table == per_table[i], axis=2), axis=1)
        shared[i] = False
        found = np.flatnonzero(shared)
        differing = np.sum(sides[found] != sides[i], axis=1)
        best = found[np.argsort(differing, kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Ranks by Euclidean distance instead of cosine similarity: a near vector of another direction comes "
    "before a far one of the same direction.",
)
def copies_euclidean_distance(vectors, k, normals):
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        distance = np.sqrt(np.sum((vectors[found] - vectors[i]) ** 2, axis=1))
        best = found[np.argsort(distance, kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Ranks by attention's scaled dot product, not by cosine, so long candidates come first whatever their "
    "angle; right where all lengths are equal.",
)
def copies_scaled_dot_product(vectors, k, normals):
    scores = vectors @ vectors.T / np.sqrt(vectors.shape[1])
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        best = found[np.argsort(-scores[i, found], kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Divides by the product of lengths plus 1e-6: with short vectors (lengths of 1e-3 and less) the short "
    "candidates are ranked too low (or, with a negative cosine, too high).",
)
def copies_an_epsilon(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        similarity = vectors[found] @ vectors[i] / (lengths[found] * lengths[i] + 1e-6)
        best = found[np.argsort(-np.round(similarity, 13), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Divides by the length without care for the zero vector: its similarity is NaN and is sorted to the "
    "very end, behind candidates with a negative cosine, where 0 would put it before them.",
)
def careful_forgot_the_zero_vector(vectors, k, normals):
    with np.errstate(all="ignore"):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Takes the zero vector out: as a query its row is -1 only, and it is nobody's neighbour; by the text "
    "its cosine is 0 and it has a bucket like the others.",
)
def careful_leaves_the_zero_vector_out(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in np.flatnonzero(lengths > 0):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0) & (lengths > 0)
        shared[i] = False
        found = np.flatnonzero(shared)
        similarity = vectors[found] @ vectors[i] / (lengths[found] * lengths[i])
        best = found[np.argsort(-np.round(similarity, 14), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Removes 'itself' by comparing the values, so other positions with an equal vector are removed from "
    "the candidates, too.",
)
def javascript_removes_equal_values(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i, vector in enumerate(vectors):
        found = []
        for j, other in enumerate(vectors):
            if any((s[i] == s[j]).all() for s in sides) and not (vector == other).all():
                found.append(j)
        found = sorted(found, key=lambda j: -round(float(unit[i] @ unit[j]), 12))[:k]
        result[i, : len(found)] = found
    return result


@wrong(
    "approximate_k_nearest",
    truth="Keeps only candidates with a positive similarity; those with a cosine of 0 or below are candidates, "
    "too, and should stand before the -1.",
)
def careful_keeps_positive_similarity_only(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        place = 0
        for j in np.argsort(-np.round(unit @ unit[i], 12), kind="stable"):
            share = any(np.array_equal(vectors[i] @ t >= 0, vectors[j] @ t >= 0) for t in normals)
            if place < k and j != i and share and unit[j] @ unit[i] > 1e-12:
                result[i, place] = j
                place += 1
    return result


@wrong(
    "approximate_k_nearest",
    truth="Multiplies the similarities by the 0/1 mask and takes as many as there are candidates: the masked "
    "ones have 0 and stand before candidates with a negative cosine (and among those with 0), so "
    "strangers get in.",
)
def vectorises_mask_by_product(vectors, k, normals):
    n = len(vectors)
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    sides = np.einsum("ld,tdp->tlp", vectors, normals) >= 0
    mask = (sides[:, :, None] == sides[:, None]).all(axis=-1).any(axis=0) & ~np.eye(n, dtype=bool)
    order = np.argsort(-np.round(unit @ unit.T, 12) * mask, axis=1, kind="stable")
    order = np.where(np.arange(n) < mask.sum(axis=1, keepdims=True), order, -1)
    return np.pad(order, ((0, 0), (0, max(0, k - n))), constant_values=-1)[:, :k]


@wrong(
    "approximate_k_nearest",
    truth="Marks non-candidates with a similarity of -1 and later turns everything at -1 into the answer -1, so "
    "a candidate in exactly the opposite direction (both in all the planes of a table, such as (0, 1) and "
    "(0, -1) with the normal (1, 0)) is lost.",
)
def vectorises_minus_one_as_mark(vectors, k, normals):
    n = len(vectors)
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    sides = np.einsum("ld,tdp->tlp", vectors, normals) >= 0
    mask = (sides[:, :, None] == sides[:, None]).all(axis=-1).any(axis=0) & ~np.eye(n, dtype=bool)
    similarity = np.where(mask, np.round(unit @ unit.T, 12), -1.0)
    order = np.argsort(-similarity, axis=1, kind="stable")
    ranked = np.where(np.take_along_axis(similarity, order, axis=1) > -1 + 1e-12, order, -1)
    return np.pad(ranked, ((0, 0), (0, max(0, k - n))), constant_values=-1)[:, :k]


@wrong(
    "approximate_k_nearest",
    truth="Cuts the sorted matrix with [:, :k], which has only L columns: for k above L the result is (L, L) "
    "and not (L, k).",
)
def vectorises_and_has_l_columns(vectors, k, normals):
    n = len(vectors)
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    sides = np.einsum("ld,tdp->tlp", vectors, normals) >= 0
    mask = (sides[:, :, None] == sides[:, None]).all(axis=-1).any(axis=0) & ~np.eye(n, dtype=bool)
    order = np.argsort(np.where(mask, -np.round(unit @ unit.T, 12), np.inf), axis=1, kind="stable")
    return np.where(np.arange(n) < mask.sum(axis=1, keepdims=True), order, -1)[:, :k]


@wrong(
    "approximate_k_nearest",
    truth="argpartition finds the k best but leaves them in no order, and then they are sorted by position "
    "instead of by similarity; ties at the border may go to the higher position.",
)
def vectorises_with_argpartition(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        if len(found) > k:
            found = np.sort(found[np.argpartition(-np.round(unit[found] @ unit[i], 12), k)[:k]])
        result[i, : len(found)] = found
    return result


@wrong(
    "approximate_k_nearest",
    truth="Sorts ascending and turns the order round, so among equally similar candidates the higher position "
    "comes first.",
)
def vectorises_and_reverses_the_sort(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        similarity = np.round(unit[found] @ unit[i], 13)
        best = found[np.argsort(similarity, kind="stable")[::-1]][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Sorts the vectors by bucket and looks only at the k before and the k after in that order, as in a "
    "chunk; in larger buckets nearer candidates further off are missed.",
)
def vectorises_window_of_sorted_buckets(vectors, k, normals):
    n = len(vectors)
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    seen = [set() for _ in range(n)]
    for planes in normals:
        buckets = (vectors @ planes >= 0) @ 2 ** np.arange(planes.shape[1], dtype=np.int64)
        order = np.argsort(buckets, kind="stable")
        for place, i in enumerate(order.tolist()):
            for j in order[max(0, place - k) : place + k + 1].tolist():
                if j != i and buckets[i] == buckets[j]:
                    seen[i].add(j)
    result = np.full((n, k), -1)
    for i in range(n):
        best = sorted(seen[i], key=lambda j: (-round(float(unit[i] @ unit[j]), 12), j))[:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Adds up the bucket numbers of the T tables and compares the sums: sharing one bucket is not enough, "
    "and different buckets with the same sum meet; right for one table.",
)
def vectorises_sum_of_buckets(vectors, k, normals):
    weights = 2 ** np.arange(normals.shape[-1], dtype=np.int64)
    total = ((vectors @ normals >= 0) @ weights).sum(axis=0)
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = np.flatnonzero((total == total[i]) & (np.arange(len(vectors)) != i))
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Buckets from np.sign (-1, 0, 1), so a vector in a plane gets a bucket apart from those on the "
    "positive side, with which it should be.",
)
def three_signs_for_each_plane(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    signs = [np.sign(vectors @ table) for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in signs], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Takes the rows of a table as planes and not the columns: with d = P other planes than given, "
    "otherwise it fails.",
)
def loops_over_rows_of_the_table(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    for i, vector in enumerate(vectors):
        found = []
        for j, other in enumerate(vectors):
            share = any(all((vector @ p >= 0) == (other @ p >= 0) for p in table) for table in normals)
            if j != i and share:
                found.append((-round(float(unit[i] @ unit[j]), 12), j))
        for place, (_, j) in enumerate(sorted(found)[:k]):
            result[i, place] = j
    return result


@wrong(
    "approximate_k_nearest",
    truth="The list of found candidates is made once before the loop and never emptied, so later vectors "
    "inherit the candidates and similarities of the vectors before them.",
)
def loops_with_a_list_never_emptied(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    found = []
    for i, vector in enumerate(vectors):
        for j, other in enumerate(vectors):
            share = any(np.all((vector @ table >= 0) == (other @ table >= 0)) for table in normals)
            if j != i and share:
                found.append((-round(float(unit[i] @ unit[j]), 12), j))
        for place, (_, j) in enumerate(sorted(found)[:k]):
            result[i, place] = j
    return result


@wrong(
    "approximate_k_nearest",
    truth="Appends a candidate once for each table that shows it, so with several tables the same position can "
    "stand in a row more than once; right for one table.",
)
def loops_and_lists_a_candidate_per_table(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = []
        for table in normals:
            for j in range(len(vectors)):
                if j != i and np.all((vectors[i] @ table >= 0) == (vectors[j] @ table >= 0)):
                    found.append((-round(float(unit[i] @ unit[j]), 12), j))
        for place, (_, j) in enumerate(sorted(found)[:k]):
            result[i, place] = j
    return result


@wrong(
    "approximate_k_nearest",
    truth="The inner loop looks only at later positions and enters each pair on one side, so a vector never "
    "finds a candidate of a lower position.",
)
def loops_over_later_positions_only(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = []
        for j in range(i + 1, len(vectors)):
            if any(np.all((vectors[i] @ t >= 0) == (vectors[j] @ t >= 0)) for t in normals):
                found.append((-round(float(unit[i] @ unit[j]), 12), j))
        for place, (_, j) in enumerate(sorted(found)[:k]):
            result[i, place] = j
    return result


@wrong(
    "approximate_k_nearest",
    truth="Keeps the first k candidates by position and ranks only these; with more than k candidates nearer "
    "ones of a higher position are missed.",
)
def loops_and_ranks_the_first_k(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = []
        for j in range(len(vectors)):
            share = any(np.all((vectors[i] @ t >= 0) == (vectors[j] @ t >= 0)) for t in normals)
            if j != i and share and len(found) < k:
                found.append((-round(float(unit[i] @ unit[j]), 12), j))
        for place, (_, j) in enumerate(sorted(found)):
            result[i, place] = j
    return result


@wrong(
    "approximate_k_nearest",
    truth="Packs the sides into bytes and keeps only the first: planes from 8 on are ignored, so with more "
    "than 8 planes vectors that differ only in later planes count as sharing a bucket.",
)
def c_programmer_one_byte_buckets(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    codes = np.packbits(vectors @ normals >= 0, axis=-1, bitorder="little")[..., 0]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        shared = np.any(codes == codes[:, i : i + 1], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="The neighbours are right, but the vectors are brought to unit length in the caller's own array, "
    "which is changed afterwards (for integer vectors it fails).",
)
def careful_normalises_in_place(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    sides = [vectors @ table >= 0 for table in normals]
    vectors /= np.where(lengths > 0, lengths, 1.0)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        best = found[np.argsort(-np.round(vectors[found] @ vectors[i], 12), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Rounds the similarity to 2 decimals to be safe with ties, so candidates that differ by less than "
    "about 0.01 count as equal and come by position.",
)
def careful_rounds_similarity(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        best = found[np.argsort(-np.round(unit[found] @ unit[i], 2), kind="stable")][:k]
        result[i, : len(best)] = best
    return result


@wrong(
    "approximate_k_nearest",
    truth="Stops in front of the last candidate of the ranked list (range(len - 1)), so the least similar "
    "candidate of each vector is missing where there are at most k.",
)
def loops_one_candidate_short(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    result = np.full((len(vectors), k), -1)
    sides = [vectors @ table >= 0 for table in normals]
    for i in range(len(vectors)):
        shared = np.any([np.all(s == s[i], axis=1) for s in sides], axis=0)
        shared[i] = False
        found = np.flatnonzero(shared)
        ranked = found[np.argsort(-np.round(unit[found] @ unit[i], 12), kind="stable")]
        for place in range(min(k, len(ranked) - 1)):
            result[i, place] = ranked[place]
    return result


@wrong(
    "approximate_k_nearest",
    truth="The candidates are right, but places without a neighbour come first: the -1 stand before the "
    "neighbours and not behind them.",
)
def fills_rows_from_the_right(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=1)
    unit = vectors / np.where(lengths > 0, lengths, 1.0)[:, None]
    rows = []
    for i in range(len(vectors)):
        found = []
        for j in range(len(vectors)):
            if j != i and any(np.all((vectors[i] @ t >= 0) == (vectors[j] @ t >= 0)) for t in normals):
                found.append(j)
        found = sorted(found, key=lambda j: -round(float(unit[i] @ unit[j]), 12))[:k]
        rows.append([-1] * (k - len(found)) + found)
    return np.array(rows)
