"""Answers to lab 02, written from its text alone."""

import numpy as np

from tests.blind import right, wrong

# 1 · side_of_planes: wrong


@wrong("side_of_planes", truth="compares with > instead of >=, so a dot product of exactly 0 (a vector in the plane, "
       "the zero vector) gives False")
def strictly_above_zero(vectors, normals):
    return vectors @ normals > 0


@wrong("side_of_planes", truth="compares with <= : True for the side the normal points away from (0 is still True); "
       "wrong wherever the dot product is not 0")
def other_side_with_zero(vectors, normals):
    return vectors @ normals <= 0


@wrong("side_of_planes", truth="compares with < : the exact opposite of the right answer on every input")
def other_side_without_zero(vectors, normals):
    dots = vectors @ normals
    return dots < 0


@wrong("side_of_planes", truth="takes the rows of normals for the normals (multiplies by normals.T): other results "
       "where d == P and normals is not symmetric, and a crash where d != P")
def rows_taken_as_normals(vectors, normals):
    return vectors @ normals.T >= 0


@wrong("side_of_planes", truth="the last two axes of the result are swapped, (..., P, L) instead of (..., L, P); with "
       "L == P the shape is right and the entries are transposed")
def planes_before_vectors(vectors, normals):
    return normals.T @ np.swapaxes(vectors, -1, -2) >= 0


@wrong("side_of_planes", truth="returns the signs -1, 0 and 1 as numbers instead of bool")
def signs_instead_of_bools(vectors, normals):
    return np.sign(vectors @ normals)


@wrong("side_of_planes", truth="casts the signs to bool, but -1 is True as a bool, too: True for both sides, and False "
       "just for a dot product of 0")
def signs_cast_to_bool(vectors, normals):
    return np.sign(vectors @ normals).astype(bool)


@wrong("side_of_planes", truth="makes 1 and -1 and casts both to bool, which is True everywhere; wrong wherever a dot "
       "product is negative")
def plus_minus_one_cast_to_bool(vectors, normals):
    return np.where(vectors @ normals >= 0, 1, -1).astype(bool)


@wrong("side_of_planes", truth="right values but as the integers 0 and 1, not bool, so ~ and masks with the result go "
       "wrong; on every input")
def ones_and_zeros(vectors, normals):
    return (vectors @ normals >= 0).astype(int)


@wrong("side_of_planes", truth="returns the dot products themselves; the comparison with 0 is missing")
def bare_dot_products(vectors, normals):
    return vectors @ normals


@wrong("side_of_planes", truth="counts everything that np.isclose calls 0 as positive, so negative dot products down "
       "to -1e-8 come out True; shows with small vectors or normals, or very close to the plane")
def nearly_zero_is_positive(vectors, normals):
    dots = vectors @ normals
    return (dots > 0) | np.isclose(dots, 0)


@wrong("side_of_planes", truth="rounds the dot products to whole numbers first, so those from -0.5 up to 0 become "
       "(minus) 0 and come out True; never shows where all dot products are whole")
def rounded_dot_products(vectors, normals):
    return np.round(vectors @ normals) >= 0


@wrong("side_of_planes", truth="casts the vectors to int, which cuts the fractions off, before it multiplies; shows "
       "with vectors that are not whole numbers")
def whole_number_vectors(vectors, normals):
    return np.asarray(vectors).astype(int) @ normals >= 0


@wrong("side_of_planes", truth="divides by the length of each vector without care for length 0: the zero vector "
       "becomes nan, and nan >= 0 is False; shows just with a zero vector")
def unit_vectors_first(vectors, normals):
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return unit @ normals >= 0


@wrong("side_of_planes", truth="scales the caller's vectors to length 1 in place: with float input the sides are right "
       "but the argument is damaged, and with integer vectors (as in the example) the in-place division crashes")
def scales_vectors_in_place(vectors, normals):
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    lengths[lengths == 0] = 1
    vectors /= lengths
    return vectors @ normals >= 0


@wrong("side_of_planes", truth="works for (L, d) only: with batch axes in front the unpacking of the shape crashes")
def no_batch_axes(vectors, normals):
    length, _ = vectors.shape
    sides = np.zeros((length, normals.shape[1]), dtype=bool)
    for i in range(length):
        for p in range(normals.shape[1]):
            sides[i, p] = np.sum(vectors[i] * normals[:, p]) >= 0
    return sides


@wrong("side_of_planes", truth="flattens the batch axes and does not restore them: the shape is (B * L, P) where "
       "(B, L, P) is asked for; right without batch axes")
def flattened_batch(vectors, normals):
    flat = vectors.reshape(-1, vectors.shape[-1])
    return flat @ normals >= 0


@wrong("side_of_planes", truth="loops over the first axis as if it were always L; with batch axes it gives (B, P), "
       "True where all vectors of the batch entry are on the positive side; right without batch axes")
def first_axis_taken_as_length(vectors, normals):
    n_planes = normals.shape[1]
    sides = np.zeros((vectors.shape[0], n_planes), dtype=bool)
    for i in range(vectors.shape[0]):
        for p in range(n_planes):
            sides[i, p] = np.all(vectors[i] @ normals[:, p] >= 0)
    return sides


@wrong("side_of_planes", truth="knows no batch axis or exactly one; with two or more batch axes einsum crashes")
def one_batch_axis_at_most(vectors, normals):
    if vectors.ndim == 2:
        return np.einsum("ld,dp->lp", vectors, normals) >= 0
    return np.einsum("bld,dp->blp", vectors, normals) >= 0


@wrong("side_of_planes", truth="subtracts the mean of the L vectors first, so the planes go through the mean and not "
       "through the origin; shows whenever the mean is not 0 and some vector lies between the two planes")
def planes_through_the_mean(vectors, normals):
    centred = vectors - vectors.mean(axis=-2, keepdims=True)
    return centred @ normals >= 0


@wrong("side_of_planes", truth="treats the zero vector as being on no side, False for all planes; only the zero vector "
       "is wrong, other vectors with dot product 0 are right")
def zero_vector_on_no_side(vectors, normals):
    sides = vectors @ normals >= 0
    is_zero = ~np.any(vectors, axis=-1)
    sides[is_zero] = False
    return sides


@wrong("side_of_planes", truth="asks whether every single product of features is at least 0, not whether their sum is: "
       "False where one negative product is outweighed by the others")
def every_product_positive(vectors, normals):
    products = vectors[..., :, np.newaxis] * normals
    return np.all(products >= 0, axis=-2)


@wrong("side_of_planes", truth="multiplies element by element and sums over the planes instead of the features, so the "
       "result is (..., L, d); right shape and wrong entries where d == P")
def sum_over_planes(vectors, normals):
    return np.sum(vectors[..., np.newaxis] * normals, axis=-1) >= 0


@wrong("side_of_planes", truth="squeezes the result: axes of length 1 are lost, so the shape is wrong with one plane, "
       "one vector or a batch axis of length 1")
def squeezed_sides(vectors, normals):
    return np.squeeze(vectors @ normals >= 0)


@wrong("side_of_planes", truth="the loop stops one plane early, so the last plane is False for all vectors")
def last_plane_forgotten(vectors, normals):
    n_planes = normals.shape[1]
    sides = np.zeros((*vectors.shape[:-1], n_planes), dtype=bool)
    for p in range(n_planes - 1):
        sides[..., p] = vectors @ normals[:, p] >= 0
    return sides


@wrong("side_of_planes", truth="takes len(normals), which is d, for the number of planes: the planes from d on stay "
       "False where P > d, and it crashes where P < d; right where P == d")
def counts_planes_by_rows(vectors, normals):
    sides = np.zeros((*vectors.shape[:-1], normals.shape[1]), dtype=bool)
    for p in range(len(normals)):
        sides[..., p] = vectors @ normals[:, p] >= 0
    return sides


@wrong("side_of_planes", truth="asks for the sign bit: a dot product of minus zero counts as negative, so the zero "
       "vector (float) is False for a plane whose normal has negative entries only")
def sign_bit(vectors, normals):
    products = vectors[..., np.newaxis] * normals
    dots = products[..., 0, :]
    for feature in range(1, normals.shape[0]):
        dots = dots + products[..., feature, :]
    return ~np.signbit(dots)


@wrong("side_of_planes", truth="compares the distances to the normal and to its opposite; equal to the dot product on "
       "paper, but rounding makes the two distances equal, and the answer True, when a vector on the negative side is "
       "very short (or very long) against the normal")
def nearer_to_the_tip(vectors, normals):
    here = vectors[..., np.newaxis, :]
    to_tip = np.sum((here - normals.T) ** 2, axis=-1)
    to_tail = np.sum((here + normals.T) ** 2, axis=-1)
    return to_tip <= to_tail


@wrong("side_of_planes", truth="computes the angle from the cosine with 1e-9 added to the lengths and asks for at most "
       "90 degrees; for very short vectors (or nearly perpendicular ones) the cosine vanishes in the rounding of "
       "arccos, and the negative side comes out True")
def angle_at_most_ninety(vectors, normals):
    lengths = np.linalg.norm(vectors, axis=-1)[..., np.newaxis] * np.linalg.norm(normals, axis=0)
    cosine = (vectors @ normals) / (lengths + 1e-9)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1))) <= 90


@wrong("side_of_planes", truth="works in float16: small negative products become 0 and count as positive, close calls "
       "are rounded to the other side and large values overflow; right on small whole numbers")
def half_precision(vectors, normals):
    with np.errstate(over="ignore", invalid="ignore"):
        small = np.asarray(vectors).astype(np.float16) @ np.asarray(normals).astype(np.float16)
    return small >= 0


@wrong("side_of_planes", truth="uses the first plane only and repeats its side for all P planes; right with one plane")
def first_plane_for_all(vectors, normals):
    first = vectors @ normals[:, 0] >= 0
    return np.repeat(first[..., np.newaxis], normals.shape[1], axis=-1)


@wrong("side_of_planes", truth="compares the dot product with the length of the normal (a plane that is shifted to the "
       "tip of the arrow), so vectors on the positive side but close to the plane come out False")
def beyond_the_tip(vectors, normals):
    return vectors @ normals >= np.linalg.norm(normals, axis=0)


# 1 · side_of_planes: right


@right("side_of_planes")
def sides_by_loops(vectors, normals):
    sides = np.empty((*vectors.shape[:-1], normals.shape[1]), dtype=bool)
    for entry in np.ndindex(*vectors.shape[:-1]):
        for p in range(normals.shape[1]):
            total = 0.0
            for a, b in zip(vectors[entry].tolist(), normals[:, p].tolist()):
                total += a * b
            sides[entry][p] = not total < 0
    return sides


@right("side_of_planes")
def sides_by_einsum(vectors, normals):
    return np.einsum("...ld,dp->...lp", vectors, normals) >= 0


@right("side_of_planes")
def sides_by_broadcast_sum(vectors, normals):
    return ~((vectors[..., :, np.newaxis] * normals).sum(axis=-2) < 0)


@right("side_of_planes")
def sides_plane_by_plane(vectors, normals):
    columns = [np.greater_equal(np.dot(vectors, normal), 0) for normal in np.transpose(normals)]
    return np.stack(columns, axis=-1)


@right("side_of_planes")
def sides_by_heaviside(vectors, normals):
    return np.heaviside(np.tensordot(vectors, normals, axes=(-1, 0)), 1.0).astype(bool)


@right("side_of_planes")
def sides_by_sign(vectors, normals):
    flat = np.reshape(vectors, (-1, normals.shape[0]))
    sides = np.sign(np.matmul(normals.T, flat.T)) != -1
    return sides.T.reshape(*vectors.shape[:-1], normals.shape[1])


# 2 · hash_value: wrong


@wrong("hash_value", truth="reads the sides as a binary number from left to right, so plane 0 weighs most, 2^(P-1); "
       "right just for sides that read the same in both directions")
def first_plane_weighs_most(sides):
    bucket = np.zeros(sides.shape[:-1], dtype=np.int64)
    for p in range(sides.shape[-1]):
        bucket = 2 * bucket + sides[..., p]
    return bucket


@wrong("hash_value", truth="counts the planes from 1: plane i weighs 2^(i+1), so every bucket is twice what it should "
       "be; right only if all sides are False")
def planes_counted_from_one(sides):
    weights = 2 ** np.arange(1, sides.shape[-1] + 1, dtype=np.int64)
    return sides @ weights


@wrong("hash_value", truth="the weights are floats, so the result is a float array; beyond 53 planes the values are "
       "rounded, too")
def float_buckets(sides):
    return sides @ (2.0 ** np.arange(sides.shape[-1]))


@wrong("hash_value", truth="adds up floats and casts to int64 at the end: the sum has 53 exact bits, so with more than "
       "53 planes the low planes are rounded away")
def float_sum_cast_at_the_end(sides):
    weights = np.exp2(np.arange(sides.shape[-1]))
    return np.sum(sides * weights, axis=-1).astype(np.int64)


@wrong("hash_value", truth="float32 weights and a cast at the end: the buckets are exact for 24 planes only")
def single_precision_sum(sides):
    weights = np.float32(2) ** np.arange(sides.shape[-1]).astype(np.float32)
    return (sides.astype(np.float32) @ weights).astype(np.int64)


@wrong("hash_value", truth="works in int32: plane 31 makes the bucket negative and planes from 32 on weigh 0; right up "
       "to 31 planes")
def thirty_two_bits(sides):
    weights = np.int32(1) * 2 ** np.arange(sides.shape[-1], dtype=np.int32)
    return sides.astype(np.int32) @ weights


@wrong("hash_value", truth="casts the sum to uint32, so all planes from 32 on are dropped; right up to 32 planes")
def unsigned_thirty_two_bits(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return np.sum(sides * weights, axis=-1).astype(np.uint32)


@wrong("hash_value", truth="weights of type int8: plane 7 weighs -128 and the sum wraps around; right up to 7 planes")
def eight_bit_weights(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int8)
    return sides.astype(np.int8) @ weights


@wrong("hash_value", truth="packs the bits and keeps the first byte only: planes from 8 on are ignored; right up to 8 "
       "planes")
def first_byte_only(sides):
    return np.packbits(sides, axis=-1, bitorder="little")[..., 0].astype(np.int64)


@wrong("hash_value", truth="np.packbits in its default order: plane 0 gets the top bit of the byte, 128, whatever P "
       "is, and planes from 8 on are ignored")
def packed_from_the_top_bit(sides):
    return np.packbits(sides, axis=-1)[..., 0].astype(np.int64)


@wrong("hash_value", truth="counts the True sides, each weighs 1; wrong as soon as a plane other than plane 0 is True")
def number_of_positive_sides(sides):
    return np.sum(sides, axis=-1)


@wrong("hash_value", truth="the sum has no axis: one number for all tokens together; right for a single token of shape "
       "(P,) only")
def sum_over_everything(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return np.sum(sides * weights)


@wrong("hash_value", truth="weights and sums over the first axis, as if the planes stood there: for (L, P) the result "
       "is (P,) with weights by token; right for a single token of shape (P,)")
def sum_over_the_first_axis(sides):
    weights = 2 ** np.arange(sides.shape[0], dtype=np.int64)
    return np.tensordot(weights, sides.astype(np.int64), axes=(0, 0))


@wrong("hash_value", truth="plane i weighs i squared instead of 2 to the power of i: weights 0, 1, 4, 9, ...")
def squares_as_weights(sides):
    return sides @ (np.arange(sides.shape[-1], dtype=np.int64) ** 2)


@wrong("hash_value", truth="plane i weighs 2 * i instead of 2 to the power of i: weights 0, 2, 4, 6, ...; right if "
       "only planes 1 and 2 are True")
def doubles_as_weights(sides):
    return sides @ (2 * np.arange(sides.shape[-1], dtype=np.int64))


@wrong("hash_value", truth="^ is exclusive or in Python, not a power: the weights are 2, 3, 0, 1, 6, 7, ...")
def caret_taken_for_power(sides):
    weights = 2 ^ np.arange(sides.shape[-1], dtype=np.int64)
    return np.sum(sides * weights, axis=-1)


@wrong("hash_value", truth="multiplies the weights of the True sides instead of adding them, so no True side gives 1 "
       "and planes 1 and 2 give 8; right if exactly one side is True")
def product_of_weights(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return np.prod(np.where(sides, weights, 1), axis=-1)


@wrong("hash_value", truth="gives the weight of the highest True plane only and ignores all lower ones; right with at "
       "most one True side")
def highest_plane_only(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return np.max(sides * weights, axis=-1)


@wrong("hash_value", truth="the loop from the last plane down stops before plane 0, so plane 0 is ignored and every "
       "other plane weighs half of what it should")
def loop_stops_before_plane_zero(sides):
    bucket = np.zeros(sides.shape[:-1], dtype=np.int64)
    for p in range(sides.shape[-1] - 1, 0, -1):
        bucket = 2 * bucket + sides[..., p]
    return bucket


@wrong("hash_value", truth="the last plane is left out (weights up to P-2); wrong wherever the last side is True")
def last_plane_left_out(sides):
    n_planes = sides.shape[-1]
    bucket = np.zeros(sides.shape[:-1], dtype=np.int64)
    for p in range(n_planes - 1):
        bucket += sides[..., p] * np.int64(2**p)
    return bucket


@wrong("hash_value", truth="False subtracts the weight instead of adding nothing, so buckets run from -(2^P-1) to "
       "2^P-1; right only if all sides are True")
def minus_for_false(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return np.where(sides, 1, -1) @ weights


@wrong("hash_value", truth="adds the weights of the sides that are False: 2^P-1 minus the right bucket")
def weights_of_the_false_sides(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return np.logical_not(sides) @ weights


@wrong("hash_value", truth="loops over rows and planes, so it works for shape (L, P) only; a single token (P,) or "
       "batch axes crash")
def rows_only(sides):
    buckets = []
    for row in sides:
        bucket = 0
        for p, side in enumerate(row):
            if side:
                bucket += 2**p
        buckets.append(bucket)
    return np.array(buckets, dtype=np.int64)


@wrong("hash_value", truth="makes the input at least 2-D and leaves it so: a single token of shape (P,) gives shape "
       "(1,) instead of a single number")
def at_least_one_row(sides):
    sides = np.atleast_2d(sides)
    return sides @ (2 ** np.arange(sides.shape[-1], dtype=np.int64))


@wrong("hash_value", truth="keeps the summed axis, so the shape is (..., 1) instead of (...)")
def planes_axis_kept(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return np.sum(sides * weights, axis=-1, keepdims=True)


@wrong("hash_value", truth="flattens all batch axes into one and does not restore them; right for (L, P), wrong shape "
       "for (B, L, P) and for a single token (P,)")
def flat_list_of_buckets(sides):
    n_planes = sides.shape[-1]
    return sides.reshape(-1, n_planes) @ (1 << np.arange(n_planes, dtype=np.int64))


@wrong("hash_value", truth="numbers the different rows of sides 0, 1, 2, ... in sorted order instead of weighing the "
       "planes, so a bucket depends on which other tokens are there")
def numbered_by_appearance(sides):
    flat = sides.reshape(-1, sides.shape[-1])
    reversed_rows = [tuple(row[::-1]) for row in flat.tolist()]
    number = {row: n for n, row in enumerate(sorted(set(reversed_rows)))}
    return np.array([number[row] for row in reversed_rows], dtype=np.int64).reshape(sides.shape[:-1])


@wrong("hash_value", truth="takes the bucket modulo 1024, as a table of fixed size would; wrong once plane 10 or a "
       "later one is True")
def modulo_table_size(sides):
    weights = 2 ** np.arange(sides.shape[-1], dtype=np.int64)
    return (sides @ weights) % 1024


@wrong("hash_value", truth="the weights 1, 2, 4 of the example are written out, so it crashes for any other number of "
       "planes than 3")
def weights_of_the_example(sides):
    return sides @ np.array([1, 2, 4])


@wrong("hash_value", truth="doubles the weight only after a True side, so the bucket is 2^(number of True) - 1; right "
       "if the True sides are the first ones")
def doubles_only_after_true(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    for entry in np.ndindex(*sides.shape[:-1]):
        weight = 1
        for side in sides[entry]:
            if side:
                buckets[entry] += weight
                weight *= 2
    return buckets


@wrong("hash_value", truth="the weight is not set back to 1 for the next token, it goes on doubling; only the first "
       "token is right (and tokens without a True side)")
def weight_not_reset(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    weight = 1
    for entry in np.ndindex(*sides.shape[:-1]):
        for side in sides[entry]:
            if side:
                buckets[entry] += weight
            weight = (weight * 2) % 2**62
    return buckets


@wrong("hash_value", truth="stops at the first False side, so True sides after a False one are not counted")
def stops_at_first_false(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    for entry in np.ndindex(*sides.shape[:-1]):
        for p, side in enumerate(sides[entry]):
            if not side:
                break
            buckets[entry] += 2**p
    return buckets


@wrong("hash_value", truth="reverses the caller's array in place to read it as a binary number: the buckets of the "
       "first call are right, but the argument is left reversed (P >= 2), so a second call with it gives others")
def reverses_sides_in_place(sides):
    sides[...] = sides[..., ::-1].copy()
    bucket = np.zeros(sides.shape[:-1], dtype=np.int64)
    for p in range(sides.shape[-1]):
        bucket = bucket * 2 + sides[..., p]
    return bucket


# 2 · hash_value: right


@right("hash_value")
def hash_by_horner(sides):
    bucket = np.zeros(np.shape(sides)[:-1], dtype=np.int64)
    for p in reversed(range(np.shape(sides)[-1])):
        bucket = (bucket << 1) | sides[..., p]
    return bucket


@right("hash_value")
def hash_by_einsum(sides):
    weights = np.left_shift(np.int64(1), np.arange(sides.shape[-1], dtype=np.int64))
    return np.einsum("...p,p->...", sides.astype(np.int64), weights)


@right("hash_value")
def hash_by_bitwise_or(sides):
    weights = 1 << np.arange(sides.shape[-1], dtype=np.int64)
    return np.bitwise_or.reduce(np.where(sides, weights, 0), axis=-1)


@right("hash_value")
def hash_by_binary_text(sides):
    flat = sides.reshape(-1, sides.shape[-1])
    numbers = [int("".join("1" if side else "0" for side in row[::-1]), 2) for row in flat]
    return np.array(numbers, dtype=np.int64).reshape(sides.shape[:-1])


@right("hash_value")
def hash_by_packed_bytes(sides):
    packed = np.packbits(sides, axis=-1, bitorder="little").astype(np.int64)
    bucket = np.zeros(sides.shape[:-1], dtype=np.int64)
    for byte in range(packed.shape[-1]):
        bucket += packed[..., byte] << (8 * byte)
    return bucket


@right("hash_value")
def hash_by_doubling_weights(sides):
    bucket, weight = np.zeros(sides.shape[:-1], dtype=np.int64), 1
    for side in np.moveaxis(sides, -1, 0):
        bucket = np.where(side, bucket + weight, bucket)
        weight = weight + weight
    return bucket


# 3 · build_hash_table: wrong


@wrong("build_hash_table", truth="counts the positions from 1 instead of 0")
def positions_from_one(buckets):
    table = {}
    for position, bucket in enumerate(buckets, start=1):
        table.setdefault(int(bucket), []).append(position)
    return table


@wrong("build_hash_table", truth="the wrong way round: a dict from each position to its bucket")
def position_to_bucket(buckets):
    return {position: int(bucket) for position, bucket in enumerate(buckets)}


@wrong("build_hash_table", truth="overwrites the list each time, so only the last position of a bucket is left; right "
       "if no bucket is shared")
def last_position_only(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table[int(bucket)] = [position]
    return table


@wrong("build_hash_table", truth="enters only the first position of a bucket and never appends; right if no bucket is "
       "shared")
def first_position_only(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        if int(bucket) not in table:
            table[int(bucket)] = [position]
    return table


@wrong("build_hash_table", truth="makes an empty list the first time a bucket comes up and appends in the else branch "
       "only, so the first position of each bucket is lost")
def first_position_lost(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        if bucket not in table:
            table[bucket] = []
        else:
            table[bucket].append(position)
    return table


@wrong("build_hash_table", truth="returns a list of position lists, ordered by bucket, instead of a dict: the bucket "
       "numbers are lost")
def lists_without_keys(buckets):
    return [np.flatnonzero(buckets == bucket).tolist() for bucket in np.unique(buckets)]


@wrong("build_hash_table", truth="makes an empty list for each of the buckets 0 .. L-1 beforehand, so buckets that "
       "nobody is in have an entry")
def empty_buckets_entered(buckets):
    table = {bucket: [] for bucket in range(len(buckets))}
    for position, bucket in enumerate(buckets):
        table.setdefault(int(bucket), []).append(position)
    return table


@wrong("build_hash_table", truth="gives the number of vectors in each bucket instead of their positions")
def counts_per_bucket(buckets):
    values, counts = np.unique(buckets, return_counts=True)
    return {int(value): int(count) for value, count in zip(values, counts)}


@wrong("build_hash_table", truth="puts each position at the front, so the positions stand in descending order; right "
       "if no bucket is shared")
def latest_position_first(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table.setdefault(int(bucket), []).insert(0, position)
    return table


@wrong("build_hash_table", truth="dict.fromkeys gives all buckets one and the same list, so each bucket lists all "
       "positions; right with at most one bucket in use")
def one_list_for_all(buckets):
    table = dict.fromkeys([int(bucket) for bucket in buckets], [])
    for position, bucket in enumerate(buckets):
        table[int(bucket)].append(position)
    return table


@wrong("build_hash_table", truth="cuts the sequence wherever the bucket changes, without sorting; of a bucket that "
       "comes up again after another one only the last run is left")
def last_run_only(buckets):
    cuts = np.flatnonzero(np.diff(buckets)) + 1
    runs = np.split(np.arange(len(buckets)), cuts)
    return {int(buckets[run[0]]): run.tolist() for run in runs if len(run)}


@wrong("build_hash_table", truth="sorts with np.argsort's default, which is not stable, so in tables of more than about "
       "16 positions those of one bucket may be out of ascending order; right on short inputs")
def unstable_sort(buckets):
    order = np.argsort(buckets)
    values, starts = np.unique(buckets[order], return_index=True)
    return {int(value): part.tolist() for value, part in zip(values, np.split(order, starts[1:]))}


@wrong("build_hash_table", truth="sorts the caller's buckets in place and then counts positions in the sorted array: "
       "positions are wrong unless buckets were sorted already, and the argument is damaged")
def positions_after_sorting(buckets):
    buckets.sort()
    table = {}
    for position, bucket in enumerate(buckets):
        table.setdefault(int(bucket), []).append(position)
    return table


@wrong("build_hash_table", truth="the keys are the ranks 0, 1, 2, ... of the buckets in use, not the buckets "
       "themselves; right if the buckets in use are 0 .. n-1 without gaps")
def ranks_as_keys(buckets):
    _, ranks = np.unique(buckets, return_inverse=True)
    table = {}
    for position, rank in enumerate(ranks):
        table.setdefault(int(rank), []).append(position)
    return table


@wrong("build_hash_table", truth="takes bucket 0 for no bucket and leaves its positions out (tests `if bucket`)")
def bucket_zero_left_out(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        if bucket:
            table.setdefault(int(bucket), []).append(position)
    return table


@wrong("build_hash_table", truth="keeps only buckets with at least two positions, since one alone has no neighbour; "
       "buckets with a single position are missing")
def single_positions_left_out(buckets):
    table = {}
    for bucket in set(np.asarray(buckets).tolist()):
        positions = np.flatnonzero(buckets == bucket).tolist()
        if len(positions) > 1:
            table[bucket] = positions
    return table


@wrong("build_hash_table", truth="looks the position up with list.index, which always finds the first one, so a shared "
       "bucket lists its first position several times")
def position_by_list_index(buckets):
    numbers = [int(bucket) for bucket in buckets]
    table = {}
    for bucket in numbers:
        table.setdefault(bucket, []).append(numbers.index(bucket))
    return table


@wrong("build_hash_table", truth="takes the key modulo L, the size of the table: buckets from L on (or negative ones) "
       "get another key and may fall together; right if all buckets are below L")
def keys_modulo_length(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table.setdefault(int(bucket) % len(buckets), []).append(position)
    return table


@wrong("build_hash_table", truth="the keys are text such as '2', not numbers, so looking up bucket 2 fails")
def text_keys(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table.setdefault(str(int(bucket)), []).append(position)
    return table


@wrong("build_hash_table", truth="cuts the buckets to 32 bits, so with many planes buckets that differ by a multiple of "
       "2^32 fall together and the keys are wrong; right for buckets below 2^31")
def keys_of_thirty_two_bits(buckets):
    table = {}
    for position, bucket in enumerate(np.asarray(buckets).astype(np.int32)):
        table.setdefault(int(bucket), []).append(position)
    return table


@wrong("build_hash_table", truth="takes the buckets through float64, so those above 2^53 are rounded: keys are wrong "
       "and different buckets fall together; right for small buckets")
def keys_through_float(buckets):
    table = {}
    for position, bucket in enumerate(np.array(buckets, dtype=float)):
        table.setdefault(int(bucket), []).append(position)
    return table


@wrong("build_hash_table", truth="starts from the first element of the sorted order, which does not exist for L = 0: "
       "crashes on an empty input and is right otherwise")
def needs_a_first_position(buckets):
    order = np.argsort(buckets, kind="stable")
    table, current = {}, [int(order[0])]
    for position in order[1:]:
        if buckets[position] != buckets[current[0]]:
            table[int(buckets[current[0]])] = current
            current = []
        current.append(int(position))
    table[int(buckets[current[0]])] = current
    return table


@wrong("build_hash_table", truth="goes through the sorted positions and stores a bucket when the next one begins; the "
       "last one, the largest bucket, is never stored")
def largest_bucket_not_stored(buckets):
    table, current = {}, []
    for position in np.argsort(buckets, kind="stable"):
        if current and buckets[position] != buckets[current[0]]:
            table[int(buckets[current[0]])] = current
            current = []
        current.append(int(position))
    return table


@wrong("build_hash_table", truth="the positions are in a set, which has no order, instead of an ascending list, array "
       "or tuple")
def sets_of_positions(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table.setdefault(int(bucket), set()).add(position)
    return table


@wrong("build_hash_table", truth="np.where without [0]: each value is a tuple that holds one array, not the positions "
       "themselves")
def tuple_around_the_positions(buckets):
    return {int(bucket): np.where(buckets == bucket) for bucket in np.unique(buckets)}


@wrong("build_hash_table", truth="np.argwhere gives a column, so each value has shape (n, 1) instead of (n,)")
def columns_of_positions(buckets):
    return {int(bucket): np.argwhere(buckets == bucket) for bucket in np.unique(buckets)}


@wrong("build_hash_table", truth="each value is a mask of L times True or False, not the positions where it is True")
def masks_instead_of_positions(buckets):
    return {int(bucket): buckets == bucket for bucket in np.unique(buckets)}


@wrong("build_hash_table", truth="stores the positions as uint8, so from position 256 on they start again at 0; right "
       "for L up to 256")
def positions_of_eight_bits(buckets):
    return {int(bucket): np.flatnonzero(buckets == bucket).astype(np.uint8) for bucket in np.unique(buckets)}


@wrong("build_hash_table", truth="begins at position 1, so position 0 is missing")
def position_zero_missing(buckets):
    table = {}
    for position in range(1, len(buckets)):
        table.setdefault(int(buckets[position]), []).append(position)
    return table


@wrong("build_hash_table", truth="ends one early (range(len(buckets) - 1)), so the last position is missing")
def last_position_missing(buckets):
    table = {}
    for position in range(len(buckets) - 1):
        table.setdefault(int(buckets[position]), []).append(position)
    return table


@wrong("build_hash_table", truth="appends the bucket number instead of the position: {2: [2, 2, 2]}")
def buckets_appended(buckets):
    table = {}
    for _, bucket in enumerate(buckets):
        table.setdefault(int(bucket), []).append(int(bucket))
    return table


@wrong("build_hash_table", truth="a bucket with a single position holds the bare number instead of a list of one; right "
       "where every bucket in use is shared")
def bare_number_if_alone(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        bucket = int(bucket)
        if bucket not in table:
            table[bucket] = position
        elif isinstance(table[bucket], int):
            table[bucket] = [table[bucket], position]
        else:
            table[bucket].append(position)
    return table


@wrong("build_hash_table", truth="the table is a default argument, made once and kept: the first call is right, every "
       "later call still has the positions of the earlier ones in it")
def table_kept_between_calls(buckets, table={}):  # noqa: B006
    for position, bucket in enumerate(buckets):
        table.setdefault(int(bucket), []).append(position)
    return dict(table)


# 3 · build_hash_table: right


@right("build_hash_table")
def table_as_defaultdict(buckets):
    from collections import defaultdict

    table = defaultdict(list)
    for position, bucket in enumerate(buckets):
        table[bucket].append(position)
    return table


@right("build_hash_table")
def table_by_stable_sort(buckets):
    order = np.argsort(buckets, kind="stable")
    values, starts = np.unique(np.asarray(buckets)[order], return_index=True)
    return dict(zip(values.tolist(), np.split(order, starts[1:])))


@right("build_hash_table")
def table_of_tuples(buckets):
    numbers = [int(bucket) for bucket in buckets]
    return {b: tuple(i for i, other in enumerate(numbers) if other == b) for b in sorted(set(numbers), reverse=True)}


@right("build_hash_table")
def table_by_groupby(buckets):
    from itertools import groupby

    pairs = sorted((int(bucket), position) for position, bucket in enumerate(buckets))
    return {bucket: [position for _, position in group] for bucket, group in groupby(pairs, key=lambda pair: pair[0])}


@right("build_hash_table")
def table_by_flatnonzero(buckets):
    return {bucket: np.flatnonzero(buckets == bucket) for bucket in np.unique(buckets)}


@right("build_hash_table")
def table_from_the_back(buckets):
    table = {}
    for position in range(len(buckets) - 1, -1, -1):
        table[int(buckets[position])] = [position] + table.get(int(buckets[position]), [])
    return table


# 4 · approximate_k_nearest: wrong


@wrong("approximate_k_nearest", truth="does not remove the vector itself from its candidates, so it takes a place among "
       "its own neighbours, mostly the first")
def itself_among_the_candidates(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        share = np.zeros(len(vectors), dtype=bool)
        for table in sides:
            share |= (table == table[i]).all(axis=1)
        found = np.flatnonzero(share)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="takes only those who share the bucket in all tables instead of in at least one; "
       "right with one table")
def shared_in_all_tables(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    share = np.ones((len(vectors), len(vectors)), dtype=bool)
    for planes in normals:
        sides = vectors @ planes >= 0
        share &= (sides[:, None] == sides[None]).all(axis=-1)
    np.fill_diagonal(share, False)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = np.flatnonzero(share[i])
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="uses the first table only and ignores the others; right with one table")
def first_table_only(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    codes = (vectors @ normals[0] >= 0) @ (1 << np.arange(normals.shape[-1], dtype=np.int64))
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = np.flatnonzero(codes == codes[i])
        found = found[found != i]
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="assigns the candidates of each table to the same variable instead of joining "
       "them, so only the last table counts; right with one table")
def last_table_only(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        for sides in all_sides:
            candidates = [j for j in range(len(vectors)) if j != i and np.array_equal(sides[j], sides[i])]
        candidates = np.array(candidates, dtype=int)
        cosine = vectors[candidates] @ vectors[i] / (norms[candidates] * norms[i])
        ranked = candidates[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="joins the lists of the tables without removing repeats, so a vector that shares "
       "two buckets stands twice among the neighbours; right with one table")
def repeated_candidates(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = np.concatenate([np.flatnonzero((sides == sides[i]).all(axis=1)) for sides in all_sides])
        found = np.sort(found[found != i])
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="joins the lists of all tables and removes the vector itself once, with "
       "list.remove; with two or more tables it is in the list several times and stays among its own candidates")
def itself_removed_once(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = []
        for sides in all_sides:
            found += np.flatnonzero((sides == sides[i]).all(axis=1)).tolist()
        found.remove(i)
        found = np.array(sorted(set(found)), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="sorts the similarities ascending, so the least similar candidates come first")
def least_similar_first(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="fills the places that are left with 0 instead of -1, which looks like a "
       "neighbour at position 0; right if every vector has k candidates")
def zeros_for_missing(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.zeros((len(vectors), k), dtype=int)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="fills the places that are left with the vector's own position instead of -1")
def itself_for_missing(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.repeat(np.arange(len(vectors))[:, np.newaxis], k, axis=1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="puts the -1 into the first places and the neighbours into the last; right if "
       "every vector has k candidates or none")
def minus_one_in_front(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, k - len(ranked) :] = ranked
    return result


@wrong("approximate_k_nearest", truth="fills the places that are left with the most similar vectors that share no "
       "bucket instead of with -1")
def filled_up_from_outside(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    share = np.zeros((len(vectors), len(vectors)), dtype=bool)
    for planes in normals:
        sides = vectors @ planes >= 0
        share |= (sides[:, None] == sides[None]).all(axis=-1)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        cosine = vectors @ vectors[i] / (norms * norms[i])
        order = np.lexsort((-cosine, ~share[i]))
        ranked = order[order != i][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="ignores the tables and searches all vectors exactly, so vectors that share no "
       "bucket are found, too; right if all are in one bucket of some table")
def exact_search(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    cosine = vectors @ vectors.T / (norms[:, None] * norms)
    np.fill_diagonal(cosine, -np.inf)
    order = np.argsort(-cosine, axis=1, kind="stable")[:, : max(len(vectors) - 1, 0)][:, :k]
    result = np.full((len(vectors), k), -1)
    result[:, : order.shape[1]] = order
    return result


@wrong("approximate_k_nearest", truth="ranks by the dot product instead of the cosine similarity, so long vectors come "
       "first; right if all vectors are equally long")
def ranked_by_dot_product(vectors, k, normals):
    vectors = np.asarray(vectors)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        ranked = found[np.argsort(-(vectors[found] @ vectors[i]), kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="ranks by the Euclidean distance instead of the cosine similarity; right if all "
       "vectors are equally long")
def ranked_by_distance(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        distance = np.linalg.norm(vectors[found] - vectors[i], axis=1)
        ranked = found[np.argsort(distance, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="sorts ascending and turns the order round, so among equally similar candidates "
       "the higher position comes first; right without ties")
def ties_by_higher_position(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(cosine, kind="stable")[::-1]][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="equally similar candidates stay in the order in which the tables gave them, not "
       "in the order of positions; shows with two or more tables and ties")
def ties_by_table_order(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = []
        for sides in all_sides:
            for j in range(len(vectors)):
                if j != i and j not in found and np.array_equal(sides[j], sides[i]):
                    found.append(j)
        found = np.array(found, dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="the result has min(k, L - 1) columns instead of k; wrong shape where k is at "
       "least L")
def fewer_columns_if_k_is_large(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    k = max(min(k, len(vectors) - 1), 0)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="returns the places within the list of candidates (the argsort) instead of the "
       "candidates' positions; right only where the candidates are the first positions 0, 1, 2, ...")
def places_in_the_candidate_list(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        order = np.argsort(-cosine, kind="stable")[:k]
        result[i, : len(order)] = order
    return result


@wrong("approximate_k_nearest", truth="right numbers in a float array (np.full with -1.0), where integers are asked for")
def float_positions(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1.0)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="divides by the length 0 of a zero vector: its similarity is nan instead of 0 and "
       "sorts last, behind candidates with negative similarity; shows just with a zero vector among them")
def nan_for_the_zero_vector(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        with np.errstate(invalid="ignore", divide="ignore"):
            cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="leaves zero vectors out of the search, as queries and as candidates, though they "
       "have a bucket and similarity 0 like others; shows just with a zero vector")
def zero_vectors_left_out(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    share = np.zeros((len(vectors), len(vectors)), dtype=bool)
    for planes in normals:
        sides = vectors @ planes >= 0
        share |= (sides[:, None] == sides[None]).all(axis=-1)
    share &= (norms[:, None] > 0) & (norms > 0)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = np.flatnonzero(share[i])
        found = found[found != i]
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="adds 1e-3 to the product of the lengths against division by 0, which lowers the "
       "similarity of short vectors and changes the ranking; shows if vectors of small and different lengths meet")
def epsilon_in_the_denominator(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i] + 1e-3)
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="hashes with > instead of >=, so a vector in a plane falls into the other bucket; "
       "shows only if some dot product with a normal is exactly 0")
def strict_sides_in_the_hash(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes > 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="puts the buckets of all tables into one common dict, so vectors whose bucket "
       "numbers agree in two different tables become candidates; right with one table")
def one_dict_for_all_tables(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    weights = 1 << np.arange(normals.shape[-1], dtype=np.int64)
    table, own = {}, [[] for _ in vectors]
    for planes in normals:
        for i, bucket in enumerate(((vectors @ planes >= 0) @ weights).tolist()):
            table.setdefault(bucket, []).append(i)
            own[i].append(bucket)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = sorted({j for bucket in own[i] for j in table[bucket] if j != i})
        found = np.array(found, dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="ranks first by the number of tables in which the bucket is shared and only then "
       "by similarity; right with one table")
def most_shared_tables_first(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    votes = np.zeros((len(vectors), len(vectors)), dtype=int)
    for planes in normals:
        sides = vectors @ planes >= 0
        votes += (sides[:, None] == sides[None]).all(axis=-1)
    np.fill_diagonal(votes, 0)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = np.flatnonzero(votes[i])
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.lexsort((-cosine, -votes[i, found]))][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="ranks the candidates by the number of sides they agree in (over all planes), not "
       "by the exact cosine similarity; with one table that leaves them in order of position")
def ranked_by_equal_sides(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    sides = np.stack([vectors @ planes >= 0 for planes in normals], axis=1)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        equal = sides == sides[i]
        share = equal.all(axis=-1).any(axis=-1)
        share[i] = False
        found = np.flatnonzero(share)
        agree = equal.sum(axis=(1, 2))[found]
        ranked = found[np.argsort(-agree, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="does not rank at all: it returns the first k candidates in order of position")
def not_ranked(vectors, k, normals):
    weights = 2 ** np.arange(normals.shape[-1], dtype=np.int64)
    codes = np.array([(vectors @ planes >= 0) @ weights for planes in normals])
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        share = np.any(codes == codes[:, i : i + 1], axis=0)
        share[i] = False
        found = np.flatnonzero(share)[:k]
        result[i, : len(found)] = found
    return result


@wrong("approximate_k_nearest", truth="cuts the candidates to the k with the lowest positions before ranking, so more "
       "similar ones further back are lost; right with at most k candidates")
def cut_before_ranking(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)[:k]
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="stops looking into further tables once k candidates are found, so more similar "
       "ones of later tables are missed; right with one table or with k larger than what is found")
def stops_once_there_are_k(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = set()
        for sides in all_sides:
            found |= {j for j in range(len(vectors)) if j != i and np.array_equal(sides[j], sides[i])}
            if len(found) >= k:
                break
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="drops the first of the ranking as if that were always the vector itself; with "
       "an equal or parallel vector at a lower position, or for a zero vector, another one is dropped and the vector "
       "is its own neighbour")
def first_ranked_taken_for_itself(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    unit = vectors / norms[:, None]
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = np.round(unit[found] @ unit[i], 12)
        ranked = found[np.argsort(-cosine, kind="stable")][1 : k + 1]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="recognises the vector itself by its values, so other vectors equal to it are not "
       "candidates either; shows with repeated vectors")
def equal_vectors_removed(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        share = np.zeros(len(vectors), dtype=bool)
        for sides in all_sides:
            share |= (sides == sides[i]).all(axis=1)
        share &= ~(vectors == vectors[i]).all(axis=1)
        found = np.flatnonzero(share)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="stores the candidates in a dict by similarity, so of several equally similar "
       "ones only the last is left; right without ties")
def one_candidate_for_each_similarity(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        by_similarity = {}
        for j in range(len(vectors)):
            if j != i and any(np.array_equal(s[j], s[i]) for s in all_sides):
                by_similarity[float(vectors[i] @ vectors[j] / (norms[i] * norms[j]))] = j
        for place, similarity in enumerate(sorted(by_similarity, reverse=True)[:k]):
            result[i, place] = by_similarity[similarity]
    return result


@wrong("approximate_k_nearest", truth="accepts only candidates with a similarity above 0; those at 0 or below are "
       "replaced by -1 though they share a bucket")
def only_positive_similarity(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        scored = []
        for j in range(len(vectors)):
            cosine = vectors[i] @ vectors[j] / (norms[i] * norms[j])
            if j != i and cosine > 0 and any(np.array_equal(s[j], s[i]) for s in all_sides):
                scored.append((-cosine, j))
        for place, (_, j) in enumerate(sorted(scored)[:k]):
            result[i, place] = j
    return result


@wrong("approximate_k_nearest", truth="ranks by the absolute value of the cosine, so a nearly opposite vector beats a "
       "perpendicular one; shows only with candidates of negative similarity")
def ranked_by_absolute_cosine(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = np.abs(vectors[found] @ vectors[i]) / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="rounds the similarities to two decimals, so candidates that differ by less than "
       "about 0.01 count as equal and stand in order of position")
def similarity_rounded(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = np.round(vectors[found] @ vectors[i] / (norms[found] * norms[i]), 2)
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="takes the k best with np.argpartition and lists them by position: the right set "
       "in the wrong order; right for k = 1 without ties")
def best_k_not_in_order(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        if len(found) > k:
            cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
            found = np.sort(found[np.argpartition(-cosine, k - 1)[:k]])
        result[i, : len(found)] = found
    return result


@wrong("approximate_k_nearest", truth="the hash keeps the first 8 planes only (one byte of np.packbits), so vectors "
       "that differ only in later planes share a bucket; right for P up to 8")
def hash_of_eight_planes(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    codes = [np.packbits(vectors @ planes >= 0, axis=-1, bitorder="little")[:, 0] for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for code in codes for j in np.flatnonzero(code == code[i]).tolist() if j != i}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="the bucket is the number of True sides, so vectors with different sides but "
       "equally many True share a bucket; right with one plane")
def bucket_counts_true_sides(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    codes = [(vectors @ planes >= 0).sum(axis=1) for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for code in codes for j in np.flatnonzero(code == code[i]).tolist() if j != i}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="one equal side in one plane is enough to be a candidate (any instead of all over "
       "the planes), so the buckets are much too large; right with one plane")
def one_equal_side_is_enough(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.any(s[j] == s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="takes the rows of each normals[t] for the normals: other buckets where d == P "
       "and normals[t] is not symmetric, and a crash where d != P")
def planes_in_the_rows(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes.T >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="scales the caller's vectors to length 1 in place: with float vectors the result "
       "is right but the argument is damaged, with integer vectors (as in the example) it crashes")
def search_scales_in_place(vectors, k, normals):
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    norms[norms == 0] = 1
    all_sides = [vectors @ planes >= 0 for planes in normals]
    vectors /= norms
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        ranked = found[np.argsort(-(vectors[found] @ vectors[i]), kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="leaves the loop (break instead of continue) at the first vector without "
       "candidates, so all rows after it hold -1")
def break_at_first_lonely_vector(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        if not found:
            break
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="assigns what is found to the whole row: a single candidate is repeated in all k "
       "places, and other numbers below k crash; right where every vector has k candidates or none")
def whole_row_assigned(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        if not found:
            continue
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        result[i] = found[np.argsort(-cosine, kind="stable")][:k]
    return result


@wrong("approximate_k_nearest", truth="subtracts each vector's own mean over the features before the cosine (a Pearson "
       "correlation), which ranks differently unless the features of each vector add up to 0")
def ranked_by_correlation(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1)
    norms = np.where(norms == 0, 1, norms)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = centred[found] @ centred[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="looks at later positions only (j > i), so earlier vectors in the same bucket are "
       "never found; the last row is always -1")
def later_positions_only(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        scored = []
        for j in range(i + 1, len(vectors)):
            if any(np.array_equal(sides[j], sides[i]) for sides in all_sides):
                scored.append((-(vectors[i] @ vectors[j]) / (norms[i] * norms[j]), j))
        for place, (_, j) in enumerate(sorted(scored)[:k]):
            result[i, place] = j
    return result


@wrong("approximate_k_nearest", truth="fills k - 1 places only, so the last column is always -1; right where each "
       "vector has fewer than k candidates")
def last_place_never_filled(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][: k - 1]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="also takes the candidates of the candidates, through shared buckets of other "
       "tables, though they share no bucket with the vector itself; right with one table")
def candidates_of_candidates(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    share = np.zeros((len(vectors), len(vectors)), dtype=bool)
    for planes in normals:
        sides = vectors @ planes >= 0
        share |= (sides[:, None] == sides[None]).all(axis=-1)
    share = share.astype(int) @ share.astype(int) > 0
    np.fill_diagonal(share, False)
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        found = np.flatnonzero(share[i])
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="looks into the neighbouring buckets as well, those that differ in one plane, so "
       "vectors that share no bucket are candidates, too")
def neighbouring_buckets_too(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        share = np.zeros(len(vectors), dtype=bool)
        for sides in all_sides:
            share |= (sides != sides[i]).sum(axis=1) <= 1
        share[i] = False
        found = np.flatnonzero(share)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        ranked = found[np.argsort(-cosine, kind="stable")][:k]
        result[i, : len(ranked)] = ranked
    return result


@wrong("approximate_k_nearest", truth="returns a list of rows of different lengths without the -1 at the end, not an "
       "array of shape (L, k); only like the right answer, as a nested list, if every vector has k candidates")
def ragged_list_of_rows(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    rows = []
    for i in range(len(vectors)):
        found = {j for s in all_sides for j in range(len(vectors)) if j != i and np.array_equal(s[j], s[i])}
        found = np.array(sorted(found), dtype=int)
        cosine = vectors[found] @ vectors[i] / (norms[found] * norms[i])
        rows.append(found[np.argsort(-cosine, kind="stable")][:k].tolist())
    return rows


@wrong("approximate_k_nearest", truth="position 0 is dropped from the candidates by a truth test (`if j`), so nobody "
       "ever finds the first vector")
def position_zero_never_found(vectors, k, normals):
    vectors = np.asarray(vectors, dtype=float)
    norms = np.linalg.norm(vectors, axis=1)
    norms = np.where(norms == 0, 1, norms)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        scored = []
        for j in range(len(vectors)):
            if j and j != i and any(np.array_equal(sides[j], sides[i]) for sides in all_sides):
                scored.append((-(vectors[i] @ vectors[j]) / (norms[i] * norms[j]), j))
        for place, (_, j) in enumerate(sorted(scored)[:k]):
            result[i, place] = j
    return result


# 4 · approximate_k_nearest: right


@right("approximate_k_nearest")
def search_by_pair_loops(vectors, k, normals):
    rows = [[float(x) for x in row] for row in vectors]
    tables = [[[float(x) for x in normal] for normal in planes.T] for planes in normals]

    def dot(a, b):
        total = 0.0
        for x, y in zip(a, b):
            total += x * y
        return total

    codes = [[tuple(dot(row, normal) >= 0 for normal in table) for row in rows] for table in tables]
    result = []
    for i, row in enumerate(rows):
        scored = []
        for j, other in enumerate(rows):
            if i != j and any(code[i] == code[j] for code in codes):
                lengths = (dot(row, row) ** 0.5) * (dot(other, other) ** 0.5)
                scored.append((dot(row, other) / lengths if lengths else 0.0, -j))
        best = [-j for _, j in sorted(scored, reverse=True)[:k]]
        result.append(best + [-1] * (k - len(best)))
    return np.array(result, dtype=int).reshape(len(rows), k)


@right("approximate_k_nearest")
def search_by_full_matrix(vectors, k, normals):
    n = len(vectors)
    sides = np.einsum("ld,tdp->tlp", vectors, normals) >= 0
    share = (sides[:, :, None] == sides[:, None]).all(axis=-1).any(axis=0) & ~np.eye(n, dtype=bool)
    norms = np.sqrt(np.einsum("ld,ld->l", vectors, vectors))
    lengths = np.outer(norms, norms)
    cosine = np.divide(vectors @ vectors.T, lengths, out=np.zeros((n, n)), where=lengths > 0)
    score = np.where(share, -cosine, np.inf)
    order = np.argsort(score, axis=1, kind="stable")
    order = np.where(np.take_along_axis(score, order, axis=1) < np.inf, order, -1)
    return np.hstack([order, np.full((n, k), -1)])[:, :k]


@right("approximate_k_nearest")
def search_by_tables_and_sets(vectors, k, normals):
    norms = [float(np.sqrt(np.sum(vector * vector))) for vector in vectors]
    found = [set() for _ in vectors]
    for planes in normals:
        table = {}
        for i, row in enumerate(vectors @ planes >= 0):
            table.setdefault(row.tobytes(), set()).add(i)
        for members in table.values():
            for i in members:
                found[i] |= members

    def similarity(i, j):
        return float(np.sum(vectors[i] * vectors[j])) / (norms[i] * norms[j]) if norms[i] and norms[j] else 0.0

    result = np.full((len(vectors), k), -1, dtype=np.int64)
    for i, members in enumerate(found):
        ranked = sorted(members - {i}, key=lambda j: (-similarity(i, j), j))[:k]
        result[i, : len(ranked)] = ranked
    return result


@right("approximate_k_nearest")
def search_with_unit_vectors(vectors, k, normals):
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    weights = 1 << np.arange(normals.shape[-1], dtype=np.int64)
    codes = (np.matmul(vectors, normals) >= 0) @ weights
    result = np.full((len(vectors), k), -1, dtype=np.int32)
    for i in range(len(vectors)):
        share = (codes == codes[:, i : i + 1]).any(axis=0)
        share[i] = False
        candidates = np.flatnonzero(share)
        similarity = (unit[candidates] * unit[i]).sum(axis=-1)
        ranked = candidates[np.lexsort((candidates, -similarity))]
        result[i, : min(k, len(ranked))] = ranked[:k]
    return result


@right("approximate_k_nearest")
def search_by_repeated_maximum(vectors, k, normals):
    n = len(vectors)
    norms = np.linalg.norm(vectors, axis=1)
    all_sides = [vectors @ planes >= 0 for planes in normals]
    result = -np.ones((n, k), dtype=np.intp)
    for i in range(n):
        open_ones = np.zeros(n, dtype=bool)
        for sides in all_sides:
            open_ones |= ~np.any(sides ^ sides[i], axis=1)
        open_ones[i] = False
        dots = (vectors * vectors[i]).sum(axis=1)
        lengths = norms * norms[i]
        similarity = np.where(lengths > 0, dots / np.where(lengths > 0, lengths, 1), 0.0)
        for place in range(k):
            if not open_ones.any():
                break
            best = int(np.argmax(np.where(open_ones, similarity, -np.inf)))
            result[i, place] = best
            open_ones[best] = False
    return result


@right("approximate_k_nearest")
def search_by_sorted_codes(vectors, k, normals):
    n = len(vectors)
    pairs = set()
    for planes in normals:
        keys = ["".join("01"[int(side)] for side in row) for row in vectors @ planes >= 0]
        order = sorted(range(n), key=keys.__getitem__)
        start = 0
        for stop in range(1, n + 1):
            if stop == n or keys[order[stop]] != keys[order[start]]:
                group = order[start:stop]
                pairs.update((i, j) for i in group for j in group if i != j)
                start = stop
    rows = [[] for _ in range(n)]
    for i, j in pairs:
        size = np.sqrt((vectors[i] ** 2).sum()) * np.sqrt((vectors[j] ** 2).sum())
        rows[i].append((0.0 if size == 0 else -(vectors[i] * vectors[j]).sum() / size, j))
    result = np.full((n, k), -1)
    for i, row in enumerate(rows):
        for place, (_, j) in zip(range(k), sorted(row)):
            result[i, place] = j
    return result
