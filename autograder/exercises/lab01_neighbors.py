"""Lab 01, neighbours: what is asked, how it is judged, and the mistakes that learners make.

The functions are in `reformer.neighbors`, their loop twins in `reformer.loops.neighbors`.
"""

import numpy as np

from autograder.exercise import Case, Exercise, Lab, Misconception, Property
from reformer import neighbors
from reformer.loops import neighbors as twins


def _normals(*shapes):
    """Arrays of standard normal numbers."""
    return lambda rng: tuple(rng.standard_normal(shape) for shape in shapes)


def _lengths(vectors):
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(length == 0, 1, length)


def _softmax(scores, axis=-1):
    weights = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return weights / np.sum(weights, axis=axis, keepdims=True)


def _softmax_on_paper(scores, axis=-1):
    return np.exp(scores) / np.sum(np.exp(scores), axis=axis, keepdims=True)


def _softmax_without_keepdims(scores):
    weights = np.exp(scores - np.max(scores, axis=-1))
    return weights / np.sum(weights, axis=-1)


def _and_no_maximum_subtracted(misconception):
    """The same mistake of a learner who writes the softmax as it stands on paper."""

    def function(*arguments):
        return misconception.function(*arguments, softmax=_softmax_on_paper)

    function.__name__ = f"{misconception.name}_and_no_maximum_subtracted"
    message = f"{misconception.message}; the largest of each query is not subtracted before `np.exp`, either"
    return Misconception(function, f"{misconception.why}; and on paper no maximum is subtracted", message)


def _same(first, second):
    return np.allclose(first, second, rtol=1e-4, atol=1e-5)


# --- cosine_similarity(queries, keys) ---------------------------------------------------------------------------


def _two_queries_three_keys(rng):
    return np.array([[1.0, 0.0], [3.0, 4.0]]), np.array([[2.0, 0.0], [0.0, 5.0], [-3.0, -4.0]])


def _a_zero_among_them(rng):
    return np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [4.0, 3.0], [-1.0, 0.0]])


def _all_lengths_changed(rng):
    queries, keys = _normals((4, 3), (5, 3))(rng)
    return [(queries, keys), (queries * rng.uniform(0.1, 10, (4, 1)), keys * rng.uniform(0.1, 10, (5, 1)))]


def dot_product(queries, keys):
    return queries @ keys.T


def divided_by_query_length(queries, keys):
    return queries @ keys.T / _lengths(queries)


def divided_by_key_length(queries, keys):
    return queries @ keys.T / _lengths(keys).T


def divided_by_length_of_all(queries, keys):
    return queries @ keys.T / (np.linalg.norm(queries) * np.linalg.norm(keys))


def normalised_over_positions(queries, keys):
    return (queries / _lengths(queries.T).T) @ (keys / _lengths(keys.T).T).T


def divided_by_squared_lengths(queries, keys):
    return queries @ keys.T / (_lengths(queries) * _lengths(keys).T) ** 2


def one_minus_cosine(queries, keys):
    return 1 - neighbors.cosine_similarity(queries, keys)


def angle_itself(queries, keys):
    return np.arccos(np.clip(neighbors.cosine_similarity(queries, keys), -1, 1))


def negative_distance(queries, keys):
    return -np.linalg.norm(queries[:, np.newaxis] - keys, axis=-1)


def keys_by_queries(queries, keys):
    return neighbors.cosine_similarity(queries, keys).T


def sign_lost(queries, keys):
    return np.abs(neighbors.cosine_similarity(queries, keys))


def zero_divided_by_zero(queries, keys):
    query_lengths, key_lengths = np.linalg.norm(queries, axis=-1), np.linalg.norm(keys, axis=-1)
    return queries @ keys.T / (query_lengths[:, np.newaxis] * key_lengths)


def squared_lengths_and_zero_by_zero(queries, keys):
    squares = np.sum(queries**2, axis=-1, keepdims=True) * np.sum(keys**2, axis=-1)
    return queries @ keys.T / squares


def one_for_the_zero_vector(queries, keys):
    return np.nan_to_num(zero_divided_by_zero(queries, keys), nan=1.0)


def lengths_without_keepdims(queries, keys):
    return (queries / np.linalg.norm(queries, axis=-1)) @ (keys / np.linalg.norm(keys, axis=-1)).T


def both_lengths_as_rows(queries, keys):
    return queries @ keys.T / (np.linalg.norm(queries, axis=-1) * np.linalg.norm(keys, axis=-1))


def both_lengths_as_columns(queries, keys):
    return queries @ keys.T / (_lengths(queries) * _lengths(keys))


def keys_not_transposed(queries, keys):
    return (queries / _lengths(queries)) @ (keys / _lengths(keys))


def cosine_by_einsum(queries, keys):
    queries, keys = queries.astype(np.float32), keys.astype(np.float32)
    dots = np.einsum("qd,kd->qk", queries, keys)
    lengths = np.sqrt(np.einsum("qd,qd->q", queries, queries)[:, None] * np.einsum("kd,kd->k", keys, keys))
    return np.divide(dots, lengths, out=np.zeros_like(dots), where=lengths > 0)


def cosine_with_a_tiny_number(queries, keys):
    lengths = np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(keys, axis=1))
    return queries @ keys.T / (lengths + 1e-9)


def cosine_query_by_query(queries, keys):
    rows = [keys @ query / np.maximum(_lengths(keys)[:, 0] * np.sqrt(query @ query), 1e-12) for query in queries]
    return np.array(rows)


COSINE_SIMILARITY = Exercise(
    reference=neighbors.cosine_similarity,
    twin=twins.cosine_similarity,
    questions=(
        Case("two queries and three keys in the plane", _two_queries_three_keys, tolerance=1e-5),
        Case("four queries, six keys, three features", _normals((4, 3), (6, 3)), tolerance=1e-5),
        Case("three queries, three keys, three features", _normals((3, 3), (3, 3)), tolerance=1e-5),
        Case("a zero vector on either side, with similarity 0", _a_zero_among_them, tolerance=1e-5),
        Property(
            "longer or shorter vectors are just as similar",
            _all_lengths_changed,
            lambda calls, answers: _same(*answers),
        ),
        Case("one query, one key, one feature", _normals((1, 1), (1, 1)), hidden=True, tolerance=1e-5),
        Case("thirty queries, forty keys", _normals((30, 16), (40, 16)), points=2, hidden=True, tolerance=1e-5),
    ),
    misconceptions=(
        Misconception(
            dot_product,
            "the dot product is the cosine where all vectors have length 1, and many texts assume that",
            "the dot product is not divided by the lengths: a long key looks more similar than a short one",
        ),
        Misconception(
            divided_by_query_length,
            "one of two divisions is forgotten",
            "only the queries are divided by their lengths; the keys need it, too",
        ),
        Misconception(
            divided_by_key_length,
            "one of two divisions is forgotten; within one row it does not even change the order",
            "only the keys are divided by their lengths; the queries need it, too",
        ),
        Misconception(
            divided_by_length_of_all,
            "`np.linalg.norm` without an axis takes the whole array as one long vector",
            "`np.linalg.norm` is called without an axis: it gives one length for all vectors together; say `axis=-1`",
        ),
        Misconception(
            normalised_over_positions,
            "axis 0 is tried first",
            "the lengths are taken along the wrong axis: down the positions instead of along the features",
        ),
        Misconception(
            divided_by_squared_lengths,
            "`sum(x * x)` is taken for the length",
            "the squared lengths are divided by: a square root is missing",
        ),
        Misconception(
            one_minus_cosine,
            "libraries offer the cosine as a distance, which is small for near vectors",
            "1 minus the cosine is returned, a distance; a similarity is 1 for the same direction",
        ),
        Misconception(
            angle_itself,
            "the angle is what one thinks of",
            "the angle is returned and not its cosine: no `arccos` is needed",
        ),
        Misconception(
            negative_distance,
            "near means a small distance, so the distance is negated",
            "the distance between the points is measured; the cosine looks at directions only",
        ),
        Misconception(
            keys_by_queries,
            "with as many queries as keys the shapes do not tell",
            "rows and columns are swapped: there has to be a row for each query and a column for each key",
        ),
        Misconception(
            sign_lost,
            "similarity is thought of as something from 0 to 1",
            "the sign is lost: opposite vectors have similarity -1, as dissimilar as can be",
        ),
        Misconception(
            zero_divided_by_zero,
            "the formula divides by two lengths, and one of them may be 0",
            "the zero vector is divided by its length, 0, which gives NaN; its similarity with everything is to be 0",
        ),
        Misconception(
            squared_lengths_and_zero_by_zero,
            "`sum(x * x)` is taken for the length, and the zero vector is forgotten",
            "the squared lengths are divided by: a square root is missing, and a zero vector gives 0/0",
        ),
        Misconception(
            one_for_the_zero_vector,
            "the zero vector is thought to be as near as can be, or NaN is replaced by 1",
            "the zero vector has similarity 1 with everything; it has no direction, and its similarity is to be 0",
        ),
        Misconception(
            lengths_without_keepdims,
            "`np.linalg.norm` drops the axis, and NumPy lines up axes from the right",
            "the lengths, shape (Q,), are lined up with the features; `keepdims=True` makes them (Q, 1)",
        ),
        Misconception(
            both_lengths_as_rows,
            "`np.linalg.norm` drops the axis, and NumPy lines up axes from the right",
            "the lengths of the queries, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1)",
        ),
        Misconception(
            both_lengths_as_columns,
            "`keepdims=True` is right for both, as long as the vectors are divided one by one",
            "the lengths of the keys stand in a column, (K, 1); for a table (Q, K) they are needed as a row: `.T`",
        ),
        Misconception(
            keys_not_transposed,
            "with as many keys as features the shapes do not tell",
            "the keys are not transposed in the product: the dot products are `queries @ keys.T`",
        ),
    ),
    styles=(cosine_by_einsum, cosine_with_a_tiny_number, cosine_query_by_query),
)

# --- k_nearest(vectors, k) --------------------------------------------------------------------------------------


def _vectors(n_vectors, n_features, k):
    return lambda rng: (rng.standard_normal((n_vectors, n_features)) * rng.uniform(0.3, 3, (n_vectors, 1)), k)


def _ranks_are_clear(vectors, k):
    """Whether all similarities of a vector differ by more than 1e-3, so that no rounding changes an order."""
    similarity = np.sort(neighbors.cosine_similarity(vectors, vectors), axis=-1)
    return np.all(np.diff(similarity, axis=-1) > 1e-3)


def _five_in_the_plane(rng):
    return np.array([[4.0, 0.0], [2.0, 1.0], [0.0, 3.0], [-1.0, 1.0], [9.0, 2.0]]), 2


def _on_the_axes(rng):
    return np.array([[0.0, 2.0], [1.0, 0.0], [4.0, 0.0], [0.0, -1.0], [0.0, 0.5], [-3.0, 0.0]]), 3


def _three_on_a_line(rng):
    return np.array([[1.0, 0.0], [-1.0, 0.0], [-2.0, 0.0]]), 2


def _forty_on_the_axes(rng):
    """Ties everywhere, and too many vectors for a sort that is stable on short rows only."""
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    return directions[rng.integers(4, size=40)] * rng.integers(1, 4, size=(40, 1)), 12


def _lengths_changed(rng):
    calls = []
    while not calls or not _ranks_are_clear(*calls[0]):
        calls = [_vectors(7, 4, 3)(rng)]
    return [*calls, (calls[0][0] * rng.uniform(0.2, 5, (7, 1)), 3)]


def _similarity_without_itself(vectors, itself=-np.inf):
    similarity = neighbors.cosine_similarity(vectors, vectors)
    np.fill_diagonal(similarity, itself)
    return similarity


def _first(scores, k, kind="stable"):
    """The places of the k largest scores in each row; with a stable sort the lower place first where two are equal."""
    return np.argsort(-scores, axis=-1, kind=kind)[:, :k]


def itself_counted(vectors, k, kind="stable"):
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return _first(unit @ unit.T, k, kind)


def first_place_dropped(vectors, k, kind="stable"):
    return _first(neighbors.cosine_similarity(vectors, vectors), k + 1, kind)[:, 1:]


def itself_set_to_zero(vectors, k, kind="stable"):
    return _first(_similarity_without_itself(vectors, itself=0), k, kind)


def itself_set_to_minus_one(vectors, k, kind="stable"):
    return _first(_similarity_without_itself(vectors, itself=-1), k, kind)


def nearest_by_distance(vectors, k, kind="stable"):
    distance = np.linalg.norm(vectors[:, np.newaxis] - vectors, axis=-1)
    np.fill_diagonal(distance, np.inf)
    return _first(-distance, k, kind)


def nearest_by_dot_product(vectors, k, kind="stable"):
    dots = vectors @ vectors.T
    np.fill_diagonal(dots, -np.inf)
    return _first(dots, k, kind)


def least_similar(vectors, k, kind="stable"):
    return _first(-neighbors.cosine_similarity(vectors, vectors), k, kind)


def smallest_first_after_masking(vectors, k, kind="stable"):
    return _first(-_similarity_without_itself(vectors), k, kind)


def last_of_ascending_order(vectors, k, kind="stable"):
    return np.argsort(_similarity_without_itself(vectors), axis=-1, kind=kind)[:, -k:]


def ties_to_the_higher(vectors, k, kind="stable"):
    return np.argsort(_similarity_without_itself(vectors), axis=-1, kind=kind)[:, ::-1][:, :k]


def reversed_and_first_dropped(vectors, k, kind="stable"):
    ascending = np.argsort(neighbors.cosine_similarity(vectors, vectors), axis=-1, kind=kind)
    return ascending[:, ::-1][:, 1 : k + 1]


def ties_in_any_order(vectors, k):
    return _first(_similarity_without_itself(vectors), k, kind=None)


def all_places_returned(vectors, k, kind="stable"):
    return _first(_similarity_without_itself(vectors), len(vectors), kind)


def opposite_counts_as_near(vectors, k):
    return _first(np.abs(_similarity_without_itself(vectors, itself=0)), k)


def neighbours_down_the_columns(vectors, k):
    return neighbors.k_nearest(vectors, k).T


def similarities_not_positions(vectors, k):
    return -np.sort(-_similarity_without_itself(vectors), axis=-1)[:, :k]


def _and_sorted_as_it_comes(misconception):
    """The same mistake of a learner who leaves `kind="stable"` out, too."""

    def function(vectors, k):
        return misconception.function(vectors, k, kind=None)

    function.__name__ = f"{misconception.name}_and_ties_in_any_order"
    return Misconception(function, f"{misconception.why}; and ties are forgotten", misconception.message)


def nearest_one_after_the_other(vectors, k):
    similarity = _similarity_without_itself(vectors)
    found = np.empty((len(vectors), k), dtype=np.int32)
    for place in range(k):
        found[:, place] = np.argmax(similarity, axis=1)
        similarity[np.arange(len(vectors)), found[:, place]] = -np.inf
    return found


def nearest_as_sorted_pairs(vectors, k):
    similarity = neighbors.cosine_similarity(vectors, vectors)
    rows = []
    for i, row in enumerate(similarity):
        others = sorted((j for j in range(len(vectors)) if j != i), key=lambda j: -row[j])
        rows.append(others[:k])
    return rows


def nearest_unit_vectors_by_distance(vectors, k):
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    squared_distance = np.sum((unit[:, np.newaxis] - unit) ** 2, axis=-1)
    np.fill_diagonal(squared_distance, np.inf)
    return np.argsort(squared_distance, axis=1, kind="stable")[:, :k]


_MISTAKES_WITH_A_SORT = (
    Misconception(
        itself_counted,
        "a vector's similarity with itself is the largest of its row",
        "every vector is its own first neighbour; take it out, for instance by a similarity of `-np.inf`",
    ),
    Misconception(
        first_place_dropped,
        "a vector itself seems to come first always",
        "the first place is dropped in the belief that the vector itself stands there: another that points the "
        "same way may come before it",
    ),
    Misconception(
        itself_set_to_zero,
        "0 looks like a value that never wins",
        "a vector's similarity with itself is set to 0, which beats all negative ones; `-np.inf` beats none",
    ),
    Misconception(
        nearest_by_distance,
        "nearest neighbours are nearest in space in most books",
        "the distance between the points decides; here the angle does, and lengths play no part",
    ),
    Misconception(
        nearest_by_dot_product,
        "the division by the lengths is left out",
        "the dot product decides: a long vector looks near to everybody",
    ),
    Misconception(
        least_similar,
        "`np.argsort` puts the smallest first",
        "the k least similar are chosen: `np.argsort` sorts upwards, so sort the negative",
    ),
    Misconception(
        smallest_first_after_masking,
        "`np.argsort` puts the smallest first, and the mask is the smallest of all",
        "`np.argsort` sorts upwards: the vector itself, masked with `-np.inf`, comes first, then the least similar",
    ),
    Misconception(
        last_of_ascending_order,
        "the last k of an ascending order are the right ones",
        "the right neighbours are found in reverse order: the most similar has to come first",
    ),
    Misconception(
        ties_to_the_higher,
        "reversing an ascending order reverses ties, too",
        "a tie goes to the higher position; the specification sends it to the lower one, so sort the negative "
        "instead of reversing",
    ),
    Misconception(
        reversed_and_first_dropped,
        "the usual idiom, `np.argsort(...)[:, ::-1][:, 1:k + 1]`",
        "an ascending order is reversed and its first place dropped: that sends ties to the higher position, and "
        "drops the wrong vector where two point the same way",
    ),
    Misconception(
        itself_set_to_minus_one,
        "no similarity is below -1, so that it looks like a value that never wins",
        "a vector's similarity with itself is set to -1, which ties with an opposite vector; `-np.inf` beats none",
    ),
    Misconception(
        all_places_returned,
        "the sort gives the whole order, and k is forgotten",
        "all L places are returned; only the first k are asked",
    ),
)

K_NEAREST = Exercise(
    reference=neighbors.k_nearest,
    twin=twins.k_nearest,
    questions=(
        Case("five vectors in the plane, two neighbours each", _five_in_the_plane),
        Case("six vectors on the axes: ties, and two that point the same way", _on_the_axes),
        Case("three vectors on a line, both others in order", _three_on_a_line),
        Case("forty vectors on the axes, full of ties, twelve neighbours", _forty_on_the_axes),
        Case("eight vectors of three features, three neighbours", _vectors(8, 3, 3), clear_cut=_ranks_are_clear),
        Case("six vectors, all five others in order", _vectors(6, 4, 5), clear_cut=_ranks_are_clear),
        Property(
            "longer or shorter vectors have the same neighbours",
            _lengths_changed,
            lambda calls, answers: np.array_equal(answers[0], answers[1]),
        ),
        Case("the single nearest", _vectors(12, 5, 1), hidden=True, clear_cut=_ranks_are_clear),
        Case("sixteen vectors, five neighbours", _vectors(16, 8, 5), points=2, hidden=True, clear_cut=_ranks_are_clear),
    ),
    misconceptions=(
        *_MISTAKES_WITH_A_SORT,
        *map(_and_sorted_as_it_comes, _MISTAKES_WITH_A_SORT),
        Misconception(
            opposite_counts_as_near,
            "a similarity of -1 is large in size",
            "the sign is lost: the opposite vector counts as a near one",
        ),
        Misconception(
            neighbours_down_the_columns,
            "the similarities are symmetric, so that both axes look alike",
            "the result is turned over: it has to have a row for each vector, shape (L, k)",
        ),
        Misconception(
            similarities_not_positions,
            "`np.sort` and `np.argsort` are mixed up",
            "the similarities themselves are returned; asked are the positions of the neighbours, from `np.argsort`",
        ),
        Misconception(
            ties_in_any_order,
            "on few vectors the default sort often keeps ties in order; `np.argpartition` is known as the fast way",
            'only the order of ties is wrong: `np.argsort` with `kind="stable"` sends them to the lower position',
        ),
    ),
    styles=(nearest_one_after_the_other, nearest_as_sorted_pairs, nearest_unit_vectors_by_distance),
)

# --- kernel_regression(queries, keys, values, bandwidth) --------------------------------------------------------


def _regression(n_queries, n_keys, n_features, n_value_features, bandwidth):
    shapes = (n_queries, n_features), (n_keys, n_features), (n_keys, n_value_features)
    return lambda rng: (*_normals(*shapes)(rng), bandwidth)


def _four_keys_on_a_line(rng):
    keys = np.array([[0.0], [1.0], [2.0], [3.0]])
    return np.array([[0.0], [1.5]]), keys, np.array([[1.0], [2.0], [3.0], [4.0]]), 0.5


def _a_far_query(rng):
    keys = np.array([[0.0], [1.0], [2.0]])
    return np.array([[1.0], [60.0], [-60.0]]), keys, rng.standard_normal((3, 2)), 0.5


def _one_far_query(rng):
    return np.array([[60.0]]), np.array([[0.0], [1.0], [2.0]]), rng.standard_normal((3, 2)), 0.5


def _constant_values(rng):
    queries, keys, _, bandwidth = _regression(5, 6, 2, 1, 0.7)(rng)
    return [(queries, keys, np.full((6, 1), 3.0), bandwidth)]


def _moved_together(rng):
    queries, keys, values, bandwidth = _regression(3, 5, 2, 2, 0.8)(rng)
    shift = rng.standard_normal(2)
    return [(queries, keys, values, bandwidth), (queries + shift, keys + shift, values, bandwidth)]


def _squared_distance(queries, keys):
    return np.sum((queries[:, np.newaxis] - keys) ** 2, axis=-1)


def _exponents(queries, keys, bandwidth):
    return -_squared_distance(queries, keys) / (2 * bandwidth**2)


def without_the_two(queries, keys, values, bandwidth, softmax=_softmax):
    return softmax(-_squared_distance(queries, keys) / bandwidth**2) @ values


def distance_not_squared(queries, keys, values, bandwidth):
    return _softmax(-np.sqrt(_squared_distance(queries, keys)) / (2 * bandwidth**2)) @ values


def exponential_of_distance(queries, keys, values, bandwidth):
    return _softmax(-np.sqrt(_squared_distance(queries, keys)) / bandwidth) @ values


def bandwidth_not_squared(queries, keys, values, bandwidth, softmax=_softmax):
    return softmax(-_squared_distance(queries, keys) / (2 * bandwidth)) @ values


def bandwidth_ignored(queries, keys, values, bandwidth, softmax=_softmax):
    return softmax(-_squared_distance(queries, keys) / 2) @ values


def multiplied_by_the_bandwidth(queries, keys, values, bandwidth):
    return _softmax(-_squared_distance(queries, keys) / 2 * bandwidth**2) @ values


def weights_not_normalised(queries, keys, values, bandwidth):
    return np.exp(_exponents(queries, keys, bandwidth)) @ values


def only_shifted_by_the_maximum(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    return np.exp(exponents - np.max(exponents, axis=-1, keepdims=True)) @ values


def normalised_over_queries(queries, keys, values, bandwidth, softmax=_softmax):
    return softmax(_exponents(queries, keys, bandwidth), axis=0) @ values


def wrong_sign(queries, keys, values, bandwidth):
    return _softmax(_squared_distance(queries, keys) / (2 * bandwidth**2)) @ values


def nearest_key_only(queries, keys, values, bandwidth):
    return values[np.argmin(_squared_distance(queries, keys), axis=-1)]


def plain_average(queries, keys, values, bandwidth):
    return np.broadcast_to(np.mean(values, axis=0), (len(queries), values.shape[1]))


def weights_vanish_far_away(queries, keys, values, bandwidth):
    weights = np.exp(_exponents(queries, keys, bandwidth))
    return weights / np.sum(weights, axis=-1, keepdims=True) @ values


def one_maximum_for_all_queries(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    weights = np.exp(exponents - np.max(exponents))
    return weights / np.sum(weights, axis=-1, keepdims=True) @ values


def divided_by_the_sum_of_all(queries, keys, values, bandwidth):
    weights = np.exp(_exponents(queries, keys, bandwidth))
    return weights / np.sum(weights) @ values


def shifted_and_divided_by_the_sum_of_all(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    weights = np.exp(exponents - np.max(exponents, axis=-1, keepdims=True))
    return weights / np.sum(weights) @ values


def regression_without_keepdims(queries, keys, values, bandwidth):
    return _softmax_without_keepdims(_exponents(queries, keys, bandwidth)) @ values


def regression_on_paper_without_keepdims(queries, keys, values, bandwidth):
    weights = np.exp(_exponents(queries, keys, bandwidth))
    return weights / np.sum(weights, axis=-1) @ values


def one_maximum_and_one_sum_for_all(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    weights = np.exp(exponents - np.max(exponents))
    return weights / np.sum(weights) @ values


def regression_without_keepdims_in_the_sum(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    weights = np.exp(exponents - np.max(exponents, axis=-1, keepdims=True))
    return weights / np.sum(weights, axis=-1) @ values


def regression_by_a_quotient(queries, keys, values, bandwidth):
    squared_distance = _squared_distance(queries, keys)
    excess = squared_distance - squared_distance.min(axis=1, keepdims=True)
    kernel = np.exp(-0.5 * excess / bandwidth**2)
    return np.einsum("qk,kv->qv", kernel, values) / kernel.sum(axis=1)[:, np.newaxis]


def regression_in_single_precision(queries, keys, values, bandwidth):
    queries, keys, values = (array.astype(np.float32) for array in (queries, keys, values))
    scaled = np.linalg.norm((queries[:, np.newaxis] - keys) / np.float32(bandwidth), axis=-1)
    return _softmax(-np.square(scaled) / 2) @ values


def regression_query_by_query(queries, keys, values, bandwidth):
    estimates = []
    for query in queries:
        exponents = -np.square(query - keys).sum(axis=1) / (2 * bandwidth**2)
        estimates.append(np.average(values, axis=0, weights=np.exp(exponents - exponents.max())))
    return estimates


_MISTAKES_IN_THE_EXPONENTS = (
    Misconception(
        without_the_two,
        "the 2 of the normal distribution is forgotten",
        "the 2 is missing: the exponent is `-r**2 / (2 * bandwidth**2)`",
    ),
    Misconception(
        bandwidth_not_squared,
        "the square is thought to belong to the distance alone",
        "the bandwidth is not squared: only then is the exponent a number without a unit",
    ),
    Misconception(
        bandwidth_ignored,
        "a test with bandwidth 1 cannot tell",
        "the bandwidth is not used: every answer is that of bandwidth 1",
    ),
    Misconception(
        normalised_over_queries,
        "axis 0 is tried first",
        "the weights of a key add up to one over the queries; it has to be those of a query, over the keys",
    ),
)

KERNEL_REGRESSION = Exercise(
    reference=neighbors.kernel_regression,
    twin=twins.kernel_regression,
    questions=(
        Case("two queries, four keys on a line, bandwidth 0.5", _four_keys_on_a_line, tolerance=1e-4),
        Case("three queries, five keys in the plane, bandwidth 0.7", _regression(3, 5, 2, 2, 0.7), tolerance=1e-4),
        Case("three queries, five keys in the plane, bandwidth 2", _regression(3, 5, 2, 2, 2.0), tolerance=1e-4),
        Case("four queries, four keys in the plane, bandwidth 0.7", _regression(4, 4, 2, 2, 0.7), tolerance=1e-4),
        Property(
            "where all values are 3, every estimate is 3",
            _constant_values,
            lambda calls, answers: _same(answers[0], 3.0),
        ),
        Property(
            "moving queries and keys together changes nothing",
            _moved_together,
            lambda calls, answers: _same(*answers),
        ),
        Case(
            "one query so far away that exp gives 0 for every key, unless the largest exponent is subtracted",
            _one_far_query,
            tolerance=1e-4,
        ),
        Case(
            "a near query and two far ones, each with a largest exponent of its own",
            _a_far_query,
            tolerance=1e-4,
        ),
        Case("one key: its value, wherever the query", _regression(4, 1, 3, 2, 0.3), hidden=True, tolerance=1e-4),
        Case("twenty queries, thirty keys", _regression(20, 30, 6, 4, 1.5), points=2, hidden=True, tolerance=1e-4),
    ),
    misconceptions=(
        *_MISTAKES_IN_THE_EXPONENTS,
        *map(_and_no_maximum_subtracted, _MISTAKES_IN_THE_EXPONENTS),
        Misconception(
            exponential_of_distance,
            "'falls off exponentially with the distance' is taken at its word",
            "the exponent is `-r / bandwidth`; it needs the squared distance, `-r**2 / (2 * bandwidth**2)`",
        ),
        Misconception(
            distance_not_squared,
            "`np.linalg.norm` gives the distance, and the square is forgotten",
            "the distance in the exponent is not squared",
        ),
        Misconception(
            multiplied_by_the_bandwidth,
            "other texts give the kernel a factor gamma, which is large where the kernel is narrow",
            "the distance is multiplied by the bandwidth instead of divided: a wide kernel becomes a narrow one",
        ),
        Misconception(
            weights_not_normalised,
            "the kernel looks like the weight",
            "the weights of a query do not add up to one: divide them by their sum",
        ),
        Misconception(
            only_shifted_by_the_maximum,
            "the subtraction is mistaken for the normalisation",
            "the largest exponent is subtracted, but the weights are not divided by their sum",
        ),
        Misconception(
            wrong_sign,
            "the minus sign is lost",
            "the sign of the exponent is wrong: the farthest key gets the largest weight",
        ),
        Misconception(
            nearest_key_only,
            "'look-up' suggests one hit",
            "every query takes the value of its nearest key; it has to be an average over all keys",
        ),
        Misconception(
            plain_average,
            "averaging is where the lesson starts",
            "all keys have the same weight, wherever the query is",
        ),
        Misconception(
            weights_vanish_far_away,
            "the formula as it stands in books",
            "all weights of a far query round to 0, and 0/0 is NaN; before `np.exp`, subtract the largest exponent "
            "of each query: `axis=-1, keepdims=True`",
        ),
        Misconception(
            one_maximum_for_all_queries,
            "`np.max` without an axis takes the largest of the whole table",
            "one maximum is subtracted for all queries, so that a far query still divides 0 by 0; it has to be the "
            "largest exponent of each query: `axis=-1, keepdims=True`",
        ),
        Misconception(
            divided_by_the_sum_of_all,
            "`np.sum` without an axis adds up the whole table",
            "all weights together add up to one; it has to be those of each query: `axis=-1, keepdims=True`",
        ),
        Misconception(
            shifted_and_divided_by_the_sum_of_all,
            "`np.sum` without an axis adds up the whole table",
            "the weights are divided by the sum of the whole table; it has to be that of each query: "
            "`axis=-1, keepdims=True`",
        ),
        Misconception(
            regression_without_keepdims,
            "`np.max` and `np.sum` drop the axis, and NumPy lines up axes from the right",
            "maximum and sum, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1)",
        ),
        Misconception(
            regression_without_keepdims_in_the_sum,
            "`np.sum` drops the axis, and NumPy lines up axes from the right",
            "the sums, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1)",
        ),
        Misconception(
            regression_on_paper_without_keepdims,
            "`np.sum` drops the axis, and NumPy lines up axes from the right; on paper no maximum is subtracted",
            "the sums, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1). Besides, subtract "
            "the largest of each query",
        ),
        Misconception(
            one_maximum_and_one_sum_for_all,
            "`np.max` and `np.sum` without an axis take the whole table",
            "one maximum and one sum are taken for all queries; each query has its own: `axis=-1, keepdims=True`",
        ),
    ),
    styles=(regression_by_a_quotient, regression_in_single_precision, regression_query_by_query),
)

# --- softmax_attention(queries, keys, values) -------------------------------------------------------------------


def _attention(n_queries, n_keys, n_features, n_value_features):
    return _normals((n_queries, n_features), (n_keys, n_features), (n_keys, n_value_features))


def _a_small_look_up(rng):
    queries = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0]])
    keys = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0]])
    return queries, keys, np.array([[10.0], [20.0], [60.0]])


def _scores_of_eight_hundred(rng):
    """In the first row every exponential overflows; less the largest score of all, in the others every one is 0."""
    queries = np.array([[1000.0, 0.0], [0.0, 1.0], [-700.0, 0.0]])
    keys = np.sqrt(2) * np.array([[0.8000, 0.0], [0.8005, 1.0], [0.7995, 2.0]])
    return queries, keys, np.array([[1.0, 0.0], [2.0, 5.0], [4.0, -5.0]])


def _keys_in_another_order(rng):
    queries, keys, values = _attention(3, 6, 4, 2)(rng)
    order = rng.permutation(6)
    return [(queries, keys, values), (queries, keys[order], values[order])]


def _equal_keys(rng):
    queries, keys, values = _attention(3, 5, 4, 2)(rng)
    return [(queries, np.tile(keys[:1], (5, 1)), values)]


def _gives_the_mean(calls, answers):
    return _same(answers[0], np.broadcast_to(calls[0][2].mean(axis=0), (3, 2)))


def _scaled_dots(queries, keys):
    return queries @ keys.T / np.sqrt(queries.shape[-1])


def no_scale(queries, keys, values, softmax=_softmax):
    return softmax(queries @ keys.T) @ values


def divided_by_d(queries, keys, values):
    return _softmax(queries @ keys.T / queries.shape[-1]) @ values


def divided_by_root_of_number_of_keys(queries, keys, values):
    return _softmax(queries @ keys.T / np.sqrt(len(keys))) @ values


def multiplied_by_root(queries, keys, values, softmax=_softmax):
    return softmax(queries @ keys.T * np.sqrt(queries.shape[-1])) @ values


def softmax_over_queries(queries, keys, values, softmax=_softmax):
    return softmax(_scaled_dots(queries, keys), axis=0) @ values


def softmax_over_everything(queries, keys, values):
    weights = np.exp(_scaled_dots(queries, keys) - np.max(_scaled_dots(queries, keys)))
    return weights / np.sum(weights) @ values


def no_maximum_subtracted(queries, keys, values):
    weights = np.exp(_scaled_dots(queries, keys))
    return weights / np.sum(weights, axis=-1, keepdims=True) @ values


def keys_normalised(queries, keys, values):
    return _softmax(_scaled_dots(queries, keys / _lengths(keys))) @ values


def cosine_in_place_of_dot(queries, keys, values):
    return _softmax(neighbors.cosine_similarity(queries, keys)) @ values


def uniform_weights(queries, keys, values):
    return np.broadcast_to(np.mean(values, axis=0), (len(queries), values.shape[1]))


def hard_maximum(queries, keys, values):
    return values[np.argmax(queries @ keys.T, axis=-1)]


def exponentials_not_normalised(queries, keys, values):
    logits = _scaled_dots(queries, keys)
    return np.exp(logits - np.max(logits, axis=-1, keepdims=True)) @ values


def one_maximum_for_all_scores(queries, keys, values):
    weights = np.exp(_scaled_dots(queries, keys) - np.max(_scaled_dots(queries, keys)))
    return weights / np.sum(weights, axis=-1, keepdims=True) @ values


def scores_shifted_and_divided_by_the_sum_of_all(queries, keys, values):
    scores = _scaled_dots(queries, keys)
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return weights / np.sum(weights) @ values


def attention_without_keepdims(queries, keys, values):
    return _softmax_without_keepdims(_scaled_dots(queries, keys)) @ values


def attention_on_paper_without_keepdims(queries, keys, values):
    weights = np.exp(_scaled_dots(queries, keys))
    return weights / np.sum(weights, axis=-1) @ values


def scores_on_paper_divided_by_the_sum_of_all(queries, keys, values):
    weights = np.exp(_scaled_dots(queries, keys))
    return weights / np.sum(weights) @ values


def attention_without_keepdims_in_the_sum(queries, keys, values):
    scores = _scaled_dots(queries, keys)
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return weights / np.sum(weights, axis=-1) @ values


def distance_in_place_of_dot(queries, keys, values):
    return neighbors.kernel_regression(queries, keys, values, queries.shape[-1] ** 0.25)


def cosine_over_root(queries, keys, values):
    return _softmax(neighbors.cosine_similarity(queries, keys) / np.sqrt(queries.shape[-1])) @ values


def divided_by_root_of_value_features(queries, keys, values, softmax=_softmax):
    return softmax(queries @ keys.T / np.sqrt(values.shape[-1])) @ values


def divided_by_root_after_the_softmax(queries, keys, values, softmax=_softmax):
    return softmax(queries @ keys.T) / np.sqrt(queries.shape[-1]) @ values


def attention_by_einsum(queries, keys, values):
    logits = np.einsum("qd,kd->kq", queries, keys) * queries.shape[-1] ** -0.5
    weights = np.exp(logits - np.logaddexp.reduce(logits, axis=0))
    return np.einsum("kq,kv->qv", weights, values)


def attention_in_single_precision(queries, keys, values):
    queries, keys, values = (array.astype(np.float32) for array in (queries, keys, values))
    logits = (queries / np.float32(np.sqrt(queries.shape[1]))) @ keys.T
    weights = np.exp(logits - logits.max(axis=1)[:, None])
    return (weights @ values) / weights.sum(axis=1)[:, None]


def attention_query_by_query(queries, keys, values):
    rows = []
    for query in queries:
        scores = keys @ query / len(query) ** 0.5
        rows.append(np.average(values, axis=0, weights=np.exp(scores - max(scores))))
    return np.stack(rows)


_MISTAKES_IN_THE_SCORES = (
    Misconception(
        no_scale,
        "the root of d looks like a detail",
        "the scores are not divided by `np.sqrt(d)`: the more features, the sharper the weights",
    ),
    Misconception(
        multiplied_by_root,
        "'scaled by' is read as 'times'",
        "the scores are multiplied by `np.sqrt(d)` instead of divided",
    ),
    Misconception(
        softmax_over_queries,
        "axis 0 is tried first; with as many queries as keys the shapes do not tell",
        "the softmax runs over the queries: the weights of every query have to add up to one over the keys",
    ),
    Misconception(
        divided_by_root_of_value_features,
        "`values.shape[-1]` is the number of features, too, but of the values",
        "the root is that of the m features of the values; it has to be that of the d features of the keys",
    ),
    Misconception(
        divided_by_root_after_the_softmax,
        "the order of the two steps is turned round",
        "the weights are divided by `np.sqrt(d)`, after the softmax; the scores have to be, before it",
    ),
)

SOFTMAX_ATTENTION = Exercise(
    reference=neighbors.softmax_attention,
    twin=twins.softmax_attention,
    questions=(
        Case("two queries, three keys, four features", _a_small_look_up, tolerance=1e-4),
        Case("four queries, five keys, three features", _attention(4, 5, 3, 2), tolerance=1e-4),
        Property(
            "the order of the keys, with their values, does not matter",
            _keys_in_another_order,
            lambda calls, answers: _same(*answers),
        ),
        Property("equal keys give the plain average of the values", _equal_keys, _gives_the_mean),
        Case(
            "scores of 800, whose exponentials overflow unless the largest score is subtracted",
            _scores_of_eight_hundred,
            tolerance=1e-3,
        ),
        Case("one key: its value, whatever the query", _attention(3, 1, 4, 2), hidden=True, tolerance=1e-4),
        Case("forty queries, sixty keys", _attention(40, 60, 16, 8), points=2, hidden=True, tolerance=1e-4),
    ),
    misconceptions=(
        *_MISTAKES_IN_THE_SCORES,
        *map(_and_no_maximum_subtracted, _MISTAKES_IN_THE_SCORES),
        Misconception(
            divided_by_d,
            "an average over the features divides by their number",
            "the scores are divided by `d` instead of its root: the weights come out too even",
        ),
        Misconception(
            divided_by_root_of_number_of_keys,
            "with as many keys as features the shapes do not tell",
            "the root is that of the number of keys; it has to be that of the number of features, `keys.shape[-1]`",
        ),
        Misconception(
            keys_normalised,
            "the Reformer does so, and so does the cosine",
            "the keys are brought to length 1; here their lengths count",
        ),
        Misconception(
            softmax_over_everything,
            "`np.sum` without an axis adds up the whole table",
            "all weights together add up to one: say `axis=-1, keepdims=True` in the sum",
        ),
        Misconception(
            no_maximum_subtracted,
            "on paper the subtraction changes nothing",
            "the largest score is not subtracted before `np.exp`: right on paper, but large scores overflow",
        ),
        Misconception(
            cosine_in_place_of_dot,
            "similarity was the first exercise of this lab",
            "the cosine takes the place of the dot product; attention uses the dot product over `np.sqrt(d)`",
        ),
        Misconception(
            uniform_weights,
            "a softmax over an axis of size 1, or of a constant, gives this",
            "all keys have the same weight, whatever the query",
        ),
        Misconception(
            hard_maximum,
            "'look-up' suggests one hit",
            "every query takes the value of its best key alone; attention averages over all keys",
        ),
        Misconception(
            exponentials_not_normalised,
            "the subtraction of the maximum is mistaken for the normalisation",
            "the exponentials are not divided by their sum, so that the weights do not add up to one",
        ),
        Misconception(
            one_maximum_for_all_scores,
            "`np.max` without an axis takes the largest of the whole table",
            "one maximum is subtracted for all queries, so that a query with small scores divides 0 by 0; it has to be "
            "the largest score of each query: `axis=-1, keepdims=True`",
        ),
        Misconception(
            scores_shifted_and_divided_by_the_sum_of_all,
            "`np.sum` without an axis adds up the whole table",
            "the weights are divided by the sum of the whole table; it has to be that of each query: "
            "`axis=-1, keepdims=True`",
        ),
        Misconception(
            attention_without_keepdims,
            "`np.max` and `np.sum` drop the axis, and NumPy lines up axes from the right",
            "maximum and sum, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1)",
        ),
        Misconception(
            attention_without_keepdims_in_the_sum,
            "`np.sum` drops the axis, and NumPy lines up axes from the right",
            "the sums, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1)",
        ),
        Misconception(
            attention_on_paper_without_keepdims,
            "`np.sum` drops the axis, and NumPy lines up axes from the right; on paper no maximum is subtracted",
            "the sums, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1). Besides, subtract "
            "the largest of each query",
        ),
        Misconception(
            scores_on_paper_divided_by_the_sum_of_all,
            "`np.sum` without an axis adds up the whole table",
            "all weights together add up to one: say `axis=-1, keepdims=True`. Besides, subtract the largest "
            "of each query",
        ),
        Misconception(
            distance_in_place_of_dot,
            "`kernel_regression` was the exercise before, and gives the same where all keys are equally long",
            "the distance takes the place of the dot product; here long keys count more",
        ),
        Misconception(
            cosine_over_root,
            "similarity was the first exercise of this lab",
            "the cosine is divided by `np.sqrt(d)`; attention divides the dot product, in which lengths count",
        ),
    ),
    styles=(attention_by_einsum, attention_in_single_precision, attention_query_by_query),
)

LAB = Lab("lab01_neighbors", unit=1, exercises=(COSINE_SIMILARITY, K_NEAREST, KERNEL_REGRESSION, SOFTMAX_ATTENTION))
