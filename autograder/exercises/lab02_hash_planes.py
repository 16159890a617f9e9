"""Lab 02, hash planes: what is asked, how it is judged, and the mistakes that learners make.

The functions are in `reformer.planes`, their loop twins in `reformer.loops.planes`.
"""

import numpy as np

from autograder.exercise import Case, Exercise, Lab, Misconception, Property
from reformer import neighbors, planes
from reformer.loops import planes as twins

# --- side_of_planes(vectors, normals) ---------------------------------------------------------------------------


def _vectors_and_normals(*batch, n_vectors, n_features, n_planes):
    def make(rng):
        return rng.standard_normal((*batch, n_vectors, n_features)), rng.standard_normal((n_features, n_planes))

    return make


def _far_from_every_plane(vectors, normals):
    """Whether no vector is nearly in a plane: |x n| > 1e-3 |x| |n|, everywhere."""
    lengths = np.linalg.norm(vectors, axis=-1)[..., np.newaxis] * np.linalg.norm(normals, axis=-2)
    return np.all(np.abs(vectors @ normals) > 1e-3 * lengths)


def _four_and_two_planes(rng):
    return np.array([[2.0, 1.0], [-1.0, 3.0], [-2.0, -1.0], [1.0, -3.0]]), np.array([[1.0, 1.0], [0.0, 1.0]])


def _in_the_plane(rng):
    # Scaled to length 1, vectors 0 and 4 get a dot product just below 0 with normal 0, in every order of adding.
    vectors = np.array([[0.0, -3.0, 2.0], [-1.0, 2.0, -1.0], [0.0, 0.0, 0.0], [2.0, -1.0, 1.0], [-3.0, 0.0, 1.0]])
    return vectors, np.array([[1.0, 1.0], [2.0, 0.0], [3.0, 0.0]])


def _two_lengths(rng):
    vectors, normals = rng.standard_normal((6, 3)), rng.standard_normal((3, 5))
    return [(vectors, normals), (2 * vectors, normals)]


def _opposites(rng):
    vectors, normals = rng.standard_normal((6, 3)), rng.standard_normal((3, 5))
    return [(vectors, normals), (-vectors, normals)]


def strictly_above(vectors, normals):
    return vectors @ normals > 0


def signs(vectors, normals):
    return np.sign(vectors @ normals)


def plus_and_minus_one(vectors, normals):
    return np.where(vectors @ normals >= 0, 1, -1)


def zeros_and_ones(vectors, normals):
    return (vectors @ normals >= 0).astype(int)


def dot_products(vectors, normals):
    return vectors @ normals


def normals_in_rows(vectors, normals):
    return vectors @ normals.T >= 0


def other_side(vectors, normals):
    return vectors @ normals < 0


def other_side_and_the_plane(vectors, normals):
    return vectors @ normals <= 0


def no_batch_axes(vectors, normals):
    return np.einsum("ld,dp->lp", vectors, normals) >= 0


def by_cosine(vectors, normals):
    return neighbors.cosine_similarity(vectors, normals.T) >= 0


def planes_first(vectors, normals):
    return np.swapaxes(vectors @ normals >= 0, -1, -2)


def above_the_average(vectors, normals):
    dots = vectors @ normals
    return dots >= np.mean(dots, axis=-2, keepdims=True)


def nearest_to_the_normal(vectors, normals):
    dots = vectors @ normals
    return dots >= np.max(dots, axis=-1, keepdims=True)


def first_plane_only(vectors, normals):
    return vectors @ normals[:, 0] >= 0


def sides_by_einsum(vectors, normals):
    return np.einsum("...d,dp->...p", vectors, normals) >= 0


def sides_by_products(vectors, normals):
    return ~(np.sum(vectors[..., np.newaxis] * normals, axis=-2) < 0)


def sides_plane_by_plane(vectors, normals):
    return np.stack([np.dot(vectors, normal) >= 0 for normal in normals.T], axis=-1)


SIDE_OF_PLANES = Exercise(
    reference=planes.side_of_planes,
    twin=twins.side_of_planes,
    questions=(
        Case("four vectors, two planes", _four_and_two_planes),
        Case("vectors in a plane, and the zero vector", _in_the_plane),
        Case(
            "six vectors with four features, three planes",
            _vectors_and_normals(n_vectors=6, n_features=4, n_planes=3),
            clear_cut=_far_from_every_plane,
        ),
        Case(
            "two sequences at once, more planes than features",
            _vectors_and_normals(2, n_vectors=5, n_features=3, n_planes=7),
            clear_cut=_far_from_every_plane,
        ),
        Property(
            "a vector twice as long lies on the same sides",
            _two_lengths,
            lambda calls, answers: np.array_equal(answers[0], answers[1]),
        ),
        Property(
            "the opposite vector lies on the other side of every plane",
            _opposites,
            lambda calls, answers: np.array_equal(answers[0], ~np.asarray(answers[1])),
        ),
        Case(
            "a batch of sequences with heads",
            _vectors_and_normals(2, 3, n_vectors=20, n_features=8, n_planes=6),
            points=2,
            hidden=True,
            clear_cut=_far_from_every_plane,
        ),
    ),
    misconceptions=(
        Misconception(
            strictly_above,
            "'the positive side' is read as 'greater than 0'",
            "a vector in the plane itself, with dot product 0, counts as negative; 0 belongs to the positive side",
        ),
        Misconception(
            signs,
            "`np.sign` is made for it, and a well-known lab returns it",
            "`np.sign` is returned: it has three values, and the 0 of a vector in the plane is none of the two sides",
        ),
        Misconception(
            plus_and_minus_one,
            "sides are often written as +1 and -1",
            "the sides are +1 and -1; here they are True and False, the bits of the number that comes next",
        ),
        Misconception(
            zeros_and_ones,
            "bits are thought of as numbers",
            "the sides are right, but they are the numbers 0 and 1 instead of True and False",
        ),
        Misconception(
            dot_products,
            "the comparison with 0 is left for later",
            "the dot products themselves are returned; only on which side of 0 they lie is asked",
        ),
        Misconception(
            normals_in_rows,
            "vectors come in rows, so normals are expected in rows, too",
            "the rows of `normals` are taken for normals; each column is one",
        ),
        Misconception(
            other_side,
            "the comparison is turned round, or 'below the plane' is taken for the bit",
            "True and False are exchanged: True is the side that the normal points to",
        ),
        Misconception(
            other_side_and_the_plane,
            "the dot product is meant to be positive for the side away from the normal, or `<=` is typed for `>=`",
            "the comparison is turned round: True is the side that the normal points to, where the dot product is 0 "
            "or above",
        ),
        Misconception(
            no_batch_axes,
            "the task is read for one sequence, and einsum is given no `...`",
            "only `vectors` of shape (L, d) are expected: there may be batch axes in front (in einsum, write '...')",
        ),
        Misconception(
            by_cosine,
            "the cosine was the measure of nearness in unit 01, and its sign is the same",
            "the cosine is compared with 0: rounding pushes some 0s to just below; the dot product of the vectors as "
            "they are needs no division",
        ),
        Misconception(
            planes_first,
            "`normals.T @ vectors.T` multiplies just as well",
            "the planes are on the last axis but one: the result has shape (..., P, L) instead of (..., L, P)",
        ),
        Misconception(
            above_the_average,
            "an even split of the vectors seems desirable",
            "each dot product is compared with the average over the vectors instead of with 0; a plane through the "
            "origin does not know the other vectors",
        ),
        Misconception(
            nearest_to_the_normal,
            "one plane in P is taken to be the answer, as in the hash of unit 03",
            "only the normal that fits a vector best gets True; each plane is asked on its own, and several may say "
            "True",
        ),
        Misconception(
            first_plane_only,
            "a function for one plane is written first",
            "only the first plane is asked: the answer has one side for each vector instead of P",
        ),
    ),
    styles=(sides_by_einsum, sides_by_products, sides_plane_by_plane),
)

# --- hash_value(sides) ------------------------------------------------------------------------------------------


def _sides(*shape):
    return lambda rng: (rng.random(shape) < 0.5,)


def _four_tokens_three_planes(rng):
    return (np.array([[True, False, False], [False, True, True], [True, True, False], [False, False, False]]),)


def _one_token(rng):
    return (np.array([True, False, True, True]),)


def _one_plane(rng):
    return (np.array([[True], [False], [True]]),)


def _all_codes(rng):
    return [(rng.permutation(np.array(list(np.ndindex(2, 2, 2, 2)), dtype=bool)),)]


def _forty_planes(rng):
    sides = rng.random((6, 40)) < 0.5
    sides[0] = True
    return (sides,)


def _weights(sides):
    return 2 ** np.arange(sides.shape[-1], dtype=np.int64)


def reversed_bits(sides):
    return sides @ _weights(sides)[::-1]


def twice_the_plane(sides):
    return sides @ (2 * np.arange(sides.shape[-1]))


def plane_squared(sides):
    return sides @ np.arange(sides.shape[-1]) ** 2


def number_of_positive_sides(sides):
    return np.sum(sides, axis=-1)


def weights_from_two(sides):
    return sides @ (2 * _weights(sides))


def base_ten(sides):
    return sides @ 10 ** np.arange(sides.shape[-1], dtype=np.int64)


def last_plane_only(sides):
    return sides[..., -1] * _weights(sides)[-1]


def minus_for_negative_sides(sides):
    return np.where(sides, 1, -1) @ _weights(sides)


def as_floats(sides):
    return sides @ 2.0 ** np.arange(sides.shape[-1])


def all_tokens_added_up(sides):
    return np.sum(sides * _weights(sides))


def overflowing_weights(sides):
    return np.sum(sides * 2 ** np.arange(sides.shape[-1], dtype=np.int32), axis=-1)


def first_byte_only(sides):
    return np.packbits(sides, axis=-1, bitorder="little")[..., 0]


def value_by_sum(sides):
    return np.sum(sides * 2 ** np.arange(sides.shape[-1], dtype=np.int64), axis=-1)


def value_by_doubling(sides):
    value = np.zeros(sides.shape[:-1], dtype=np.int64)
    for plane in range(sides.shape[-1] - 1, -1, -1):
        value = 2 * value + sides[..., plane]
    return value


def value_by_shifts(sides):
    return np.bitwise_or.reduce(sides.astype(np.uint64) << np.arange(sides.shape[-1], dtype=np.uint64), axis=-1)


HASH_VALUE = Exercise(
    reference=planes.hash_value,
    twin=twins.hash_value,
    questions=(
        Case("four tokens, three planes", _four_tokens_three_planes),
        Case("a single token, four planes", _one_token),
        Case("a single plane", _one_plane),
        Case("two sequences of five tokens, six planes", _sides(2, 5, 6)),
        Property(
            "sixteen different codes get the sixteen numbers 0 to 15",
            _all_codes,
            lambda calls, answers: sorted(np.asarray(answers[0]).tolist()) == list(range(16)),
        ),
        Case("forty planes: numbers beyond 32 bits", _forty_planes),
        Case("a batch of sequences with heads", _sides(2, 3, 9, 12), hidden=True),
    ),
    misconceptions=(
        Misconception(
            reversed_bits,
            "binary numbers are written with the highest bit in front",
            "plane 0 weighs most; here it has to weigh 1, and the last plane most",
        ),
        Misconception(
            twice_the_plane,
            "2^i is read or typed as 2 * i",
            "plane i weighs 2 · i instead of 2^i: plane 0 counts nothing, and different codes get the same number",
        ),
        Misconception(
            plane_squared,
            "base and exponent are exchanged: i ** 2 for 2 ** i",
            "plane i weighs i² instead of 2^i: base and exponent are exchanged",
        ),
        Misconception(
            number_of_positive_sides,
            "adding up the bits is the first thing that comes to mind",
            "the positive sides are counted: each plane needs a weight of its own, or different codes collide",
        ),
        Misconception(
            weights_from_two,
            "planes are counted from one",
            "the planes are counted from 1: plane 0 weighs 2^0 = 1, here every number is twice too large",
        ),
        Misconception(
            base_ten,
            "the code is shown as a string of digits 0 and 1",
            "the bits are read as decimal digits: the codes stay apart, but plane i has to weigh 2^i, not 10^i",
        ),
        Misconception(
            last_plane_only,
            "`value = ...` in a loop where `value += ...` is meant",
            "only the last plane counts: in a loop over the planes the number is replaced instead of added to",
        ),
        Misconception(
            minus_for_negative_sides,
            "sides are thought of as +1 and -1",
            "a negative side subtracts its weight; it has to add nothing",
        ),
        Misconception(
            as_floats,
            "`np.zeros` and powers of 2.0 give floats",
            "the numbers are right, but they are floats: a bucket is a whole number",
        ),
        Misconception(
            all_tokens_added_up,
            "`np.sum` adds over all axes unless told otherwise",
            "the sum runs over all tokens, too: with `axis=-1` it runs over the planes alone",
        ),
        Misconception(
            overflowing_weights,
            "int32 is a common integer type, and up to 31 planes it is enough",
            "the weights overflow: with 40 planes they need more than 32 bits, so use int64",
        ),
        Misconception(
            first_byte_only,
            "`np.packbits` reads bits as numbers, and up to eight planes one of its bytes is enough",
            "the bits are packed into bytes and only the first byte is kept: from the ninth plane on, planes count "
            "nothing",
        ),
    ),
    styles=(value_by_sum, value_by_doubling, value_by_shifts),
)

# --- build_hash_table(buckets) ----------------------------------------------------------------------------------


def _given(*buckets):
    return lambda rng: (np.array(buckets, dtype=np.int64),)


def _buckets(n_positions, n_buckets):
    return lambda rng: (rng.integers(0, n_buckets, size=n_positions),)


def _every_position_once(calls, answers):
    lists = [np.asarray(positions).tolist() for positions in answers[0].values()]
    return sorted(sum(lists, [])) == list(range(len(calls[0][0])))


def counts(buckets):
    return {int(bucket): int(np.sum(buckets == bucket)) for bucket in buckets}


def buckets_by_position(buckets):
    return {position: [int(bucket)] for position, bucket in enumerate(buckets)}


def last_position_only(buckets):
    return {int(bucket): [position] for position, bucket in enumerate(buckets)}


def first_position_only(buckets):
    return {int(bucket): [int(np.argmax(buckets == bucket))] for bucket in buckets}


def first_position_forgotten(buckets):
    return {bucket: positions[1:] for bucket, positions in planes.build_hash_table(buckets).items()}


def empty_buckets_too(buckets):
    table = {bucket: [] for bucket in range(max(buckets, default=-1) + 1)}
    return table | planes.build_hash_table(buckets)


def latest_in_front(buckets):
    return {bucket: positions[::-1] for bucket, positions in planes.build_hash_table(buckets).items()}


def buckets_in_the_lists(buckets):
    return {bucket: [bucket] * len(positions) for bucket, positions in planes.build_hash_table(buckets).items()}


def one_list_for_all(buckets):
    table = dict.fromkeys(buckets.tolist(), [])
    for position, bucket in enumerate(buckets.tolist()):
        table[bucket].append(position)
    return table


def positions_from_one(buckets):
    return {
        bucket: [position + 1 for position in positions]
        for bucket, positions in planes.build_hash_table(buckets).items()
    }


def list_of_lists(buckets):
    return [np.flatnonzero(buckets == bucket).tolist() for bucket in range(max(buckets, default=-1) + 1)]


def sets_of_positions(buckets):
    return {bucket: set(positions) for bucket, positions in planes.build_hash_table(buckets).items()}


def table_by_search(buckets):
    return {int(bucket): np.flatnonzero(buckets == bucket) for bucket in np.unique(buckets)}


def table_by_sorting(buckets):
    order = np.argsort(buckets, kind="stable")
    used, starts = np.unique(buckets[order], return_index=True)
    return {bucket: tuple(part.tolist()) for bucket, part in zip(used, np.split(order, starts[1:]), strict=False)}


def table_by_groups(buckets):
    table = {}
    for position, bucket in enumerate(buckets):
        table[bucket] = table.get(bucket, []) + [position]
    return table


BUILD_HASH_TABLE = Exercise(
    reference=planes.build_hash_table,
    twin=twins.build_hash_table,
    questions=(
        Case("six tokens in three buckets", _given(2, 0, 2, 5, 0, 2)),
        Case("all tokens in one bucket", _given(3, 3, 3, 3)),
        Case("each token in a bucket of its own", _given(4, 2, 1, 0)),
        Case("no tokens at all", _given(), hidden=True),
        Case("forty tokens, sixteen buckets", _buckets(40, 16)),
        Property(
            "every position stands in the table exactly once", lambda rng: [_buckets(30, 7)(rng)], _every_position_once
        ),
        Case("300 tokens, 1,024 buckets, most of them empty", _buckets(300, 1024), points=2, hidden=True),
    ),
    misconceptions=(
        Misconception(
            counts,
            "a histogram is the more familiar thing",
            "the table holds how many tokens a bucket has; it has to hold which ones",
        ),
        Misconception(
            buckets_by_position,
            "the array is turned into a dict as it stands",
            "the table leads from positions to buckets; it has to lead from a bucket to its positions",
        ),
        Misconception(
            last_position_only,
            "`table[bucket] = [position]` instead of appending",
            "each position overwrites the one before: the last of a bucket alone is left",
        ),
        Misconception(
            first_position_only,
            "a new bucket is opened, but nothing is appended to an old one",
            "the first position of a bucket alone is kept: append where the bucket is there already",
        ),
        Misconception(
            first_position_forgotten,
            "`else: table[bucket] = []` opens the list, but puts nobody in",
            "a new bucket is opened with an empty list, and the position that opened it is forgotten",
        ),
        Misconception(
            empty_buckets_too,
            "a list for every bucket is made in advance",
            "empty buckets have an entry, too: with 40 planes that would be a million million lists, so a bucket is "
            "made when it is first used",
        ),
        Misconception(
            latest_in_front,
            "positions are inserted at the front",
            "the positions stand in descending order; they have to ascend",
        ),
        Misconception(
            buckets_in_the_lists,
            "the loop variable at hand is appended",
            "the lists hold the bucket's own number again and again instead of the positions",
        ),
        Misconception(
            one_list_for_all,
            "`dict.fromkeys(buckets, [])` looks like a list for each bucket",
            "all buckets share one and the same list: `dict.fromkeys(..., [])` makes a single list, and so every "
            "bucket holds every position",
        ),
        Misconception(
            positions_from_one,
            "positions are counted from one in prose",
            "the positions are counted from 1; the first token is at position 0",
        ),
        Misconception(
            list_of_lists,
            "small numbers invite a list with a place for each",
            "the table is a list with a place for every bucket, empty ones included; a dict needs only those in use",
        ),
        Misconception(
            sets_of_positions,
            "a bucket is thought of as a set",
            "the positions are kept in sets, which have no order; they have to be lists, in ascending order",
        ),
    ),
    styles=(table_by_search, table_by_sorting, table_by_groups),
)

# --- approximate_k_nearest(vectors, k, normals) -----------------------------------------------------------------

_SIX_TOKENS = np.array([[3.0, 1.0], [1.0, 3.0], [2.0, 1.0], [-1.0, 3.0], [-2.0, 1.0], [1.0, -2.0]])
_TWO_TABLES = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, -1.0]]])


def _search(*, n_vectors, n_features, k, n_tables, n_planes):
    def make(rng):
        vectors = rng.standard_normal((n_vectors, n_features)) * rng.uniform(0.5, 2, size=(n_vectors, 1))
        return vectors, k, rng.standard_normal((n_tables, n_features, n_planes))

    return make


def _clear_search(vectors, k, normals):
    """Whether no side is nearly a tie, nor the order of the k + 1 best candidates of any vector."""
    if not all(_far_from_every_plane(vectors, of_table) for of_table in normals):
        return False
    found = planes.approximate_k_nearest(vectors, k + 1, normals)
    similarity = np.take_along_axis(neighbors.cosine_similarity(vectors, vectors), np.maximum(found, 0), axis=1)
    similarity[found < 0] = -2 - np.nonzero(found < 0)[1]
    return np.all(similarity[:, :-1] - similarity[:, 1:] > 1e-3)


def _one_table(rng):
    return _SIX_TOKENS, 2, _TWO_TABLES[:1]


def _both_tables(rng):
    return _SIX_TOKENS, 2, _TWO_TABLES


def _equal_directions_and_nothing(rng):
    return np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 0.0], [4.0, 0.0]]), 3, np.eye(2)[np.newaxis]


def _more_and_more_tables(rng):
    vectors, _, normals = _search(n_vectors=12, n_features=4, k=11, n_tables=4, n_planes=4)(rng)
    return [(vectors, 11, normals[:n_tables]) for n_tables in (1, 2, 4)]


def _nothing_found_is_lost(calls, answers):
    one, two, four = [[set(row) - {-1} for row in np.asarray(answer).tolist()] for answer in answers]
    return all(few <= more <= most for few, more, most in zip(one, two, four, strict=True))


def _none_is_its_own_or_named_twice(calls, answers):
    rows = [[j for j in row if j != -1] for row in np.asarray(answers[0]).tolist()]
    return len(rows) == len(calls[0][0]) and all(
        i not in row and len(set(row)) == len(row) for i, row in enumerate(rows)
    )


def _candidates(vectors, normals):
    """For each position the positions that share a bucket with it, once for every table, itself included."""
    buckets = [planes.hash_value(planes.side_of_planes(vectors, of_table)) for of_table in normals]
    return [
        np.concatenate([np.flatnonzero(of_table == of_table[i]) for of_table in buckets]) for i in range(len(vectors))
    ]


def _ranked(vectors, k, candidates, score, padding=-1):
    """Fill (L, k) with the candidates of each position, the highest score first."""
    found = np.full((len(vectors), k), padding)
    for i, own in enumerate(candidates):
        best = own[np.argsort(-score(i, own), kind="stable")[:k]]
        found[i, : len(best)] = best
    return found


def _others(vectors, normals):
    return [np.setdiff1d(own, [i]) for i, own in enumerate(_candidates(vectors, normals))]


def _by_cosine(vectors):
    similarity = neighbors.cosine_similarity(vectors, vectors)
    return lambda i, candidates: similarity[i, candidates]


def exact_search(vectors, k, normals):
    everybody = [np.delete(np.arange(len(vectors)), i) for i in range(len(vectors))]
    return _ranked(vectors, k, everybody, _by_cosine(vectors))


def exact_search_of_lab_01(vectors, k, normals):
    return neighbors.k_nearest(vectors, k)


def first_table_only(vectors, k, normals):
    return planes.approximate_k_nearest(vectors, k, normals[:1])


def all_tables_must_agree(vectors, k, normals):
    n_tables, n_features, n_planes = normals.shape
    one_long_code = np.moveaxis(normals, 0, 1).reshape(1, n_features, n_tables * n_planes)
    return planes.approximate_k_nearest(vectors, k, one_long_code)


def one_dict_for_all_tables(vectors, k, normals):
    buckets = np.stack([planes.hash_value(planes.side_of_planes(vectors, of_table)) for of_table in normals])
    pooled = []
    for i in range(len(vectors)):
        shared = np.any(buckets[:, np.newaxis, i, np.newaxis] == buckets, axis=(0, 1))
        pooled.append(np.setdiff1d(np.flatnonzero(shared), [i]))
    return _ranked(vectors, k, pooled, _by_cosine(vectors))


def unranked(vectors, k, normals):
    return _ranked(vectors, k, _others(vectors, normals), lambda i, own: np.zeros(len(own)))


def least_similar_first(vectors, k, normals):
    similarity = _by_cosine(vectors)
    return _ranked(vectors, k, _others(vectors, normals), lambda i, own: -similarity(i, own))


def ranked_by_dot_product(vectors, k, normals):
    return _ranked(vectors, k, _others(vectors, normals), lambda i, own: vectors[own] @ vectors[i])


def ranked_by_distance(vectors, k, normals):
    return _ranked(
        vectors, k, _others(vectors, normals), lambda i, own: -np.linalg.norm(vectors[own] - vectors[i], axis=-1)
    )


def ties_reversed(vectors, k, normals):
    latest_first = [own[::-1] for own in _others(vectors, normals)]
    return _ranked(vectors, k, latest_first, _by_cosine(vectors))


def first_of_the_ranking_dropped(vectors, k, normals):
    with_itself = [np.unique(own) for own in _candidates(vectors, normals)]
    return _ranked(vectors, k + 1, with_itself, _by_cosine(vectors))[:, 1:]


def ranked_by_shared_tables(vectors, k, normals):
    shared = [np.bincount(own, minlength=len(vectors)) for own in _candidates(vectors, normals)]
    return _ranked(vectors, k, _others(vectors, normals), lambda i, own: shared[i][own])


def found_twice(vectors, k, normals):
    repeated = [np.sort(own[own != i]) for i, own in enumerate(_candidates(vectors, normals))]
    return _ranked(vectors, k, repeated, _by_cosine(vectors))


def itself_included(vectors, k, normals):
    return _ranked(vectors, k, [np.unique(own) for own in _candidates(vectors, normals)], _by_cosine(vectors))


def padded_with_zero(vectors, k, normals):
    return _ranked(vectors, k, _others(vectors, normals), _by_cosine(vectors), padding=0)


def topped_up_by_exact_search(vectors, k, normals):
    found, exact = planes.approximate_k_nearest(vectors, k, normals), exact_search(vectors, len(vectors), normals)
    for own, everybody in zip(found, exact, strict=True):
        rest = [j for j in everybody if j >= 0 and j not in own][: np.count_nonzero(own < 0)]
        own[k - np.count_nonzero(own < 0) :][: len(rest)] = rest
    return found


def rows_of_different_lengths(vectors, k, normals):
    return [[int(j) for j in row if j >= 0] for row in planes.approximate_k_nearest(vectors, k, normals)]


def search_by_masks(vectors, k, normals):
    buckets = planes.hash_value(planes.side_of_planes(vectors, normals))
    shared = np.any(buckets[:, :, np.newaxis] == buckets[:, np.newaxis, :], axis=0)
    np.fill_diagonal(shared, False)
    similarity = np.where(shared, neighbors.cosine_similarity(vectors, vectors), -np.inf)
    order = np.argsort(-similarity, axis=1, kind="stable")
    found = np.where(np.take_along_axis(similarity, order, axis=1) > -np.inf, order, -1)
    return np.pad(found, ((0, 0), (0, k)), constant_values=-1)[:, :k]


def search_by_sets(vectors, k, normals):
    codes = [["".join("01"[int(x @ n >= 0)] for n in of_table.T) for x in vectors] for of_table in normals]
    lengths = np.sqrt(np.sum(vectors.astype(float) ** 2, axis=1))
    found = []
    for i, x in enumerate(vectors):
        met = {j for of_table in codes for j, code in enumerate(of_table) if code == of_table[i]} - {i}
        scale = [max(lengths[i] * lengths[j], 1e-300) for j in range(len(vectors))]
        best = sorted(met, key=lambda j: (-(x @ vectors[j]) / scale[j], j))[:k]
        found.append(best + [-1] * (k - len(best)))
    return np.array(found)


def search_bucket_by_bucket(vectors, k, normals):
    met = [set() for _ in vectors]
    for of_table in normals:
        for positions in planes.build_hash_table(planes.hash_value(vectors @ of_table >= 0)).values():
            for position in positions:
                met[position].update(positions)
    return _ranked(vectors, k, [np.array(sorted(own - {i}), int) for i, own in enumerate(met)], _by_cosine(vectors))


APPROXIMATE_K_NEAREST = Exercise(
    reference=planes.approximate_k_nearest,
    twin=twins.approximate_k_nearest,
    questions=(
        Case("six tokens, one table of two planes", _one_table),
        Case("the same six tokens, two tables", _both_tables),
        Case("equal directions, and the zero vector", _equal_directions_and_nothing),
        Case(
            "ten tokens, three tables",
            _search(n_vectors=10, n_features=3, k=3, n_tables=3, n_planes=2),
            clear_cut=_clear_search,
        ),
        Case(
            "five tokens, seven neighbours sought",
            _search(n_vectors=5, n_features=3, k=7, n_tables=2, n_planes=1),
            clear_cut=_clear_search,
        ),
        Property(
            "no token is its own neighbour, and none is named twice",
            lambda rng: [_search(n_vectors=14, n_features=4, k=5, n_tables=3, n_planes=2)(rng)],
            _none_is_its_own_or_named_twice,
        ),
        Property("more tables lose nothing that fewer had found", _more_and_more_tables, _nothing_found_is_lost),
        Case(
            "24 tokens, four tables of four planes",
            _search(n_vectors=24, n_features=8, k=3, n_tables=4, n_planes=4),
            points=2,
            hidden=True,
            clear_cut=_clear_search,
        ),
        Case(
            "so many planes that most tokens are alone",
            _search(n_vectors=16, n_features=6, k=2, n_tables=2, n_planes=9),
            hidden=True,
            clear_cut=_clear_search,
        ),
    ),
    misconceptions=(
        Misconception(
            exact_search,
            "exact search from lab 01 gives the better answer",
            "everybody is compared with everybody: only those that share a bucket may be looked at, that is the saving",
        ),
        Misconception(
            exact_search_of_lab_01,
            "`k_nearest` gives the better answer, and is written already",
            "the exact `k_nearest` is called: only those that share a bucket may be looked at, that is the saving",
        ),
        Misconception(
            first_table_only,
            "one table is built and the loop over the others forgotten, or all use the same planes",
            "the first table alone is used; each of the T tables has planes of its own and may find what others miss",
        ),
        Misconception(
            all_tables_must_agree,
            "`&` for `|`, or all planes read as one long code",
            "a candidate has to share the bucket in every table, as if all planes were one long code; one table is "
            "enough",
        ),
        Misconception(
            one_dict_for_all_tables,
            "one dict is filled by all tables",
            "the tables are thrown together: bucket 3 of one table is another bucket than bucket 3 of the next",
        ),
        Misconception(
            unranked,
            "whoever shares a bucket is taken to be near",
            "the candidates are taken as they come; rank them by cosine similarity, the most similar first",
        ),
        Misconception(
            least_similar_first,
            "sorting ascends",
            "the least similar candidates come first; a sort ascends, and a large cosine means near",
        ),
        Misconception(
            ranked_by_dot_product,
            "the dot product is taken for the cosine",
            "the candidates are ranked by dot product: long vectors win, whatever their direction; take the cosine",
        ),
        Misconception(
            ranked_by_distance,
            "near is read as 'at a small distance'",
            "the candidates are ranked by distance: lengths play a part in it; take the cosine, which asks for the "
            "direction only",
        ),
        Misconception(
            ties_reversed,
            "`np.argsort(similarity)[::-1]` is the usual way to sort downwards",
            "equally similar candidates stand in descending order: `[::-1]` turns ties round, too; sort `-similarity` "
            "with `kind='stable'`",
        ),
        Misconception(
            first_of_the_ranking_dropped,
            "each vector is most similar to itself, so the first of the ranking is dropped",
            "the first of the ranking is dropped, as if that were always the token itself: with equal directions it "
            "may be another, and the zero vector is 0 to everybody; take the token out by its position",
        ),
        Misconception(
            ranked_by_shared_tables,
            "a vote of the tables looks like a measure of nearness",
            "the candidates are ranked by how many tables they share; that is a rough guess at what the cosine says "
            "exactly",
        ),
        Misconception(
            found_twice,
            "the candidates of all tables are joined as lists",
            "a candidate that several tables find is listed several times; take each once",
        ),
        Misconception(
            itself_included,
            "each vector is in its own bucket",
            "each token is its own nearest neighbour: it shares every bucket with itself, so take it out",
        ),
        Misconception(
            padded_with_zero,
            "`np.zeros` makes the result",
            "free places hold 0, which is the first token's position; they have to hold -1",
        ),
        Misconception(
            topped_up_by_exact_search,
            "fewer than k neighbours look like a failure",
            "free places are filled by exact search; where the tables find fewer than k, -1 has to say so",
        ),
        Misconception(
            rows_of_different_lengths,
            "the neighbours are collected in lists and returned as they are",
            "the rows differ in length: each needs k places, with -1 where nobody was found",
        ),
    ),
    styles=(search_by_masks, search_by_sets, search_bucket_by_bucket),
)

LAB = Lab("lab02_hash_planes", unit=2, exercises=(SIDE_OF_PLANES, HASH_VALUE, BUILD_HASH_TABLE, APPROXIMATE_K_NEAREST))
