"""Exercise `cosine_similarity(queries, keys)`: (Q, d) and (K, d) -> (Q, K), the cosine of the angle between each two.

The zero vector has similarity 0 with everything. Vectors of any length count, very short ones included, and so do
whole numbers.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises.whole_numbers import taking_whole_numbers
from reformer import neighbors
from reformer.loops import neighbors as twins

exercise = Exercise(taking_whole_numbers(neighbors.cosine_similarity), twins.cosine_similarity, axes=("query", "key"))


def _normals(rng, n_queries, n_keys, n_features):
    return rng.standard_normal((n_queries, n_features)), rng.standard_normal((n_keys, n_features))


def _every_number_counts(queries, keys):
    """Whether no similarity but an exact 0 is so small that the tolerance hides it."""
    size = np.abs(exercise.reference(queries, keys))
    return np.all((size > 1e-2) | (size == 0))


@exercise.case("two queries and three keys in the plane", tolerance=1e-5)
def _(rng):
    return call(np.array([[1.0, 0.0], [3.0, 4.0]]), np.array([[2.0, 0.0], [0.0, 5.0], [-3.0, -4.0]]))


@exercise.case("whole numbers, some of them large", tolerance=1e-5)
def _(rng):
    return call(np.array([[3, 4], [-300, 400]]), np.array([[12, 5], [1, -1], [0, 260], [300, -224]]))


@exercise.case("three queries, three keys, three features", tolerance=1e-5, clear_cut=_every_number_counts)
def _(rng):
    return call(*_normals(rng, 3, 3, 3))


@exercise.case("four queries, six keys, three features, in float32", tolerance=1e-5, clear_cut=_every_number_counts)
def _(rng):
    return call(*(vectors.astype(np.float32) for vectors in _normals(rng, 4, 6, 3)))


@exercise.case("a zero vector on either side, with similarity 0", tolerance=1e-5)
def _(rng):
    return call(np.array([[3.0, 4.0], [0.0, 0.0]]), np.array([[4.0, 3.0], [0.0, 0.0], [-1.0, 0.0]]))


@exercise.case("very short vectors among others: only the zero vector has no direction", tolerance=1e-5)
def _(rng):
    return call(np.array([[3.0, 4.0], [3e-30, -4e-30]]), np.array([[5e-30, 0.0], [0.0, 2.0], [-4.0, 1.0]]))


@exercise.case("one query, four keys, one feature", tolerance=1e-5)
def _(rng):
    return call(np.array([[-2.0]]), np.array([[3.0], [-1.0], [5.0], [0.5]]))


def _lengths_changed(rng):
    queries, keys = _normals(rng, 4, 5, 3)
    lengths = np.array([[1e15], [0.2], [5.0], [30.0]])
    return [call(queries, keys), call(queries * lengths, keys * rng.uniform(0.1, 10, (5, 1)))]


@exercise.property("longer or shorter vectors are just as similar", _lengths_changed)
def _(calls, answers):
    return np.isclose(*answers, rtol=0, atol=1e-5)


@exercise.case(
    "twelve queries, fifteen keys, a zero vector on either side",
    hidden=True,
    tolerance=1e-5,
    clear_cut=_every_number_counts,
)
def _(rng):
    queries, keys = _normals(rng, 12, 15, 5)
    queries[rng.integers(12)] = keys[rng.integers(15)] = 0
    return call(queries, keys)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def cosine_by_einsum(queries, keys):
    dots = np.einsum("qd,kd->qk", queries, keys)
    squares = np.outer(np.einsum("qd,qd->q", queries, queries), np.einsum("kd,kd->k", keys, keys))
    return np.divide(dots, np.sqrt(squares), out=np.zeros(dots.shape), where=squares > 0)


@exercise.solution
def cosine_query_by_query(queries, keys):
    rows = []
    for query in queries:
        norms = np.linalg.norm(keys, axis=1) * np.sqrt(query @ query)
        rows.append(np.where(norms == 0, 0, keys @ query / norms))
    return np.array(rows)


@exercise.solution
def cosine_with_nan_replaced(queries, keys):
    norms = np.outer(np.linalg.norm(queries, axis=1), np.linalg.norm(keys, axis=1))
    return np.nan_to_num(queries @ keys.T / norms)


# --- mistakes ---------------------------------------------------------------------------------------------------


def _norms(vectors):
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.where(norm == 0, 1, norm)


@exercise.mistake(
    why="the dot product is the cosine where all vectors have norm 1, and many texts assume that",
    says="the dot product is not divided by the norms: a long key looks more similar than a short one",
)
def dot_product(queries, keys):
    return queries @ keys.T


@exercise.mistake(
    why="one of two divisions is forgotten",
    says="only the queries are divided by their norms; the keys need it, too",
)
def divided_by_query_length(queries, keys):
    return queries @ keys.T / _norms(queries)


@exercise.mistake(
    why="one of two divisions is forgotten; within one row it does not even change the order",
    says="only the keys are divided by their norms; the queries need it, too",
)
def divided_by_key_length(queries, keys):
    return queries @ keys.T / _norms(keys).T


@exercise.mistake(
    why="`np.linalg.norm` without an axis takes the whole array as one long vector",
    says="`np.linalg.norm` is called without an axis: it gives one norm for all vectors together; say `axis=-1`",
)
def divided_by_length_of_all(queries, keys):
    return queries @ keys.T / (np.linalg.norm(queries) * np.linalg.norm(keys))


@exercise.mistake(
    why="axis 0 is tried first",
    says="the norms are taken along the wrong axis: down the positions instead of along the features",
)
def normalised_over_positions(queries, keys):
    return (queries / _norms(queries.T).T) @ (keys / _norms(keys.T).T).T


@exercise.mistake(
    why="`sum(x * x)` is taken for the norm",
    says="the squared norms are divided by: a square root is missing",
)
def divided_by_squared_lengths(queries, keys):
    return queries @ keys.T / (_norms(queries) * _norms(keys).T) ** 2


@exercise.mistake(
    why="'length' is read as the sum of the sizes of the entries",
    says="the norm of a vector is taken as the sum of its entries' sizes; it is the root of the sum of their squares",
)
def lengths_along_the_axes(queries, keys):
    sizes = np.outer(np.sum(np.abs(queries), axis=-1), np.sum(np.abs(keys), axis=-1))
    return queries @ keys.T / np.where(sizes == 0, 1, sizes)


@exercise.mistake(
    why="the two norms are joined by the wrong operation",
    says="the dot product is divided by the sum of the two norms instead of their product",
)
def divided_by_the_sum_of_lengths(queries, keys):
    sums = np.linalg.norm(queries, axis=-1)[:, np.newaxis] + np.linalg.norm(keys, axis=-1)
    return queries @ keys.T / np.where(sums == 0, 1, sums)


@exercise.mistake(
    why="`np.corrcoef` and many libraries for statistics do so",
    says="the mean of its entries is taken off each vector first: that is the correlation, not the cosine",
)
def correlation(queries, keys):
    return exercise.reference(*(vectors - np.mean(vectors, axis=-1, keepdims=True) for vectors in (queries, keys)))


@exercise.mistake(
    why="a similarity is thought to lie between 0 and 1",
    says="the cosine is moved to 0 .. 1, as (1 + cosine) / 2; asked is the cosine itself, -1 for opposite vectors",
)
def cosine_from_zero_to_one(queries, keys):
    return (1 + exercise.reference(queries, keys)) / 2


@exercise.mistake(
    why="the angle is what one thinks of",
    says="the angle is returned and not its cosine: no `arccos` is needed",
)
def angle_itself(queries, keys):
    return np.arccos(np.clip(exercise.reference(queries, keys), -1, 1))


@exercise.mistake(
    why="near means a small distance, so the distance is negated",
    says="the distance between the points is measured; the cosine looks at directions only",
)
def negative_distance(queries, keys):
    return -np.linalg.norm(queries[:, np.newaxis] - keys, axis=-1)


@exercise.mistake(
    why="the formula divides by two norms, and one of them may be 0",
    says="the zero vector is divided by its norm, 0, which gives NaN; its similarity with everything is to be 0",
)
def zero_divided_by_zero(queries, keys):
    return queries @ keys.T / np.outer(np.linalg.norm(queries, axis=-1), np.linalg.norm(keys, axis=-1))


@exercise.mistake(
    why="the guard against a norm of 0 is written once, where the queries are divided",
    says="only queries may be zero: a key that is zero is divided by its norm, 0, which gives NaN",
)
def zero_key_forgotten(queries, keys):
    return (queries / _norms(queries)) @ (keys / np.linalg.norm(keys, axis=-1, keepdims=True)).T


@exercise.mistake(
    why="the guard against a norm of 0 is written once, where the keys are divided",
    says="only keys may be zero: a query that is zero is divided by its norm, 0, which gives NaN",
)
def zero_query_forgotten(queries, keys):
    return (queries / np.linalg.norm(queries, axis=-1, keepdims=True)) @ (keys / _norms(keys)).T


@exercise.mistake(
    why="the zero vector is thought to be as near as can be, or NaN is replaced by 1",
    says="the zero vector has similarity 1 with everything; it has no direction, and its similarity is to be 0",
)
def one_for_the_zero_vector(queries, keys):
    return np.nan_to_num(zero_divided_by_zero(queries, keys), nan=1.0)


@exercise.mistake(
    why="`if np.any(norms == 0)` asks for the whole array at once",
    says="a single zero vector makes the whole table 0; only its own row or column is to be 0",
)
def zeros_for_all(queries, keys):
    some_zero = not np.all([np.any(vectors, axis=-1).all() for vectors in (queries, keys)])
    return exercise.reference(queries, keys) * (0 if some_zero else 1)


@exercise.mistake(
    why="`np.where(vectors == 0, 1, vectors)` is written for `np.where(norm == 0, 1, norm)`",
    says="entries that are 0 are replaced by 1, which turns the vector; replace a norm that is 0",
)
def zero_entries_replaced(queries, keys):
    return exercise.reference(*(np.where(vectors == 0, 1, vectors) for vectors in (queries, keys)))


@exercise.mistake(
    why="a small number in the divisor, such as 1e-9, is the usual guard against 0/0",
    says="very short vectors are taken for the zero vector, by a small number added to the norms or compared with "
    "them, or by float32, in which their squares are 0; ask whether a norm is exactly 0",
)
def short_vectors_taken_for_zero(queries, keys):
    norms = np.outer(np.linalg.norm(queries, axis=-1), np.linalg.norm(keys, axis=-1))
    return queries @ keys.T / (norms + 1e-9)


@exercise.mistake(
    why="`np.zeros_like` keeps the dtype of the input, which may be that of whole numbers",
    says="vectors of whole numbers stay whole numbers when they are divided by their norms, as in an array from "
    "`np.zeros_like(queries)`, and are cut to 0",
)
def cut_to_whole_numbers(queries, keys):
    unit_queries, unit_keys = np.zeros_like(queries), np.zeros_like(keys)
    unit_queries[:], unit_keys[:] = queries / _norms(queries), keys / _norms(keys)
    return unit_queries @ unit_keys.T


@exercise.mistake(
    why="`/=` saves memory, and `np.divide` has `where` against 0/0, but neither turns whole numbers into floats",
    says="a division is written into an array of whole numbers, by `/=` or `out=np.zeros_like(queries)`, which NumPy "
    "refuses; write `queries / norms`, or give the array a dtype",
)
def divided_in_place(queries, keys):
    queries, keys = queries.copy(), keys.copy()
    queries /= _norms(queries)
    keys /= _norms(keys)
    return queries @ keys.T


@exercise.mistake(
    why="`np.linalg.norm` drops the axis, and NumPy lines up axes from the right",
    says="the norms, shape (Q,), are lined up with the features; `keepdims=True` makes them (Q, 1)",
)
def lengths_without_keepdims(queries, keys):
    return (queries / np.linalg.norm(queries, axis=-1)) @ (keys / np.linalg.norm(keys, axis=-1)).T


@exercise.mistake(
    why="`np.linalg.norm` drops the axis, and NumPy lines up axes from the right",
    says="the norms of the queries, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1)",
)
def both_lengths_as_rows(queries, keys):
    return queries @ keys.T / (np.linalg.norm(queries, axis=-1) * np.linalg.norm(keys, axis=-1))


@exercise.mistake(
    why="`keepdims=True` is right for both, as long as the vectors are divided one by one",
    says="the norms of the keys stand in a column, (K, 1); for a table (Q, K) they are needed as a row: `.T`",
)
def both_lengths_as_columns(queries, keys):
    return queries @ keys.T / (_norms(queries) * _norms(keys))


@exercise.mistake(
    why="with as many keys as features the shapes do not tell",
    says="the keys are not transposed in the product: the dot products are `queries @ keys.T`",
)
def keys_not_transposed(queries, keys):
    return (queries / _norms(queries)) @ (keys / _norms(keys))
