"""Exercise `k_nearest(vectors, k)`: (L, d) -> (L, k) positions of the k others of largest cosine, the best first.

A vector is not its own neighbour, and of equal similarities the lower position comes first. Ties are asked on the axes,
where every way of computing gives the same number; elsewhere they are excluded.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises.whole_numbers import taking_whole_numbers
from reformer import neighbors
from reformer.loops import neighbors as twins

exercise = Exercise(
    taking_whole_numbers(neighbors.k_nearest),
    twins.k_nearest,
    axes=("vector", "place"),
    ranking=lambda vectors, k: _without_itself(vectors),
)


def _vectors(rng, n_vectors, n_features):
    return rng.standard_normal((n_vectors, n_features)) * rng.uniform(0.3, 3, (n_vectors, 1))


def _on_axes(rng, n_vectors):
    directions = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])
    return directions[rng.permutation(np.arange(n_vectors) % 4)] * rng.integers(1, 4, size=(n_vectors, 1))


def _ranks_are_clear(vectors, k, margin=1e-3):
    """Whether the first k + 1 similarities of each vector differ by enough that no rounding changes their order."""
    similarity = -np.sort(-_without_itself(vectors), axis=-1)[:, : k + 1]
    return np.all(similarity[:, :-1] - similarity[:, 1:] > margin)


def _without_itself(vectors, itself=-np.inf):
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, itself)
    return similarity


@exercise.case("five vectors in the plane, two neighbours each")
def _(rng):
    return call(np.array([[4.0, 0.0], [2.0, 1.0], [0.0, 3.0], [-1.0, 1.0], [9.0, 2.0]]), 2)


@exercise.case("whole numbers, some of them large, three neighbours each")
def _(rng):
    return call(np.array([[300, 10], [2, 1], [0, -4], [-50, 10], [-1, 260]]), 3)


@exercise.case("six vectors on the axes: ties, and two that point the same way")
def _(rng):
    return call(np.array([[0.0, 2.0], [1.0, 0.0], [4.0, 0.0], [0.0, -1.0], [0.0, 0.5], [-3.0, 0.0]]), 3)


@exercise.case("three vectors on a line, both others in order")
def _(rng):
    return call(np.array([[1.0, 0.0], [-1.0, 0.0], [-2.0, 0.0]]), 2)


@exercise.case("four vectors of one feature, the single nearest")
def _(rng):
    return call(np.array([[2.0], [-3.0], [-1.0], [4.0]]), 1)


@exercise.case("forty vectors on the axes, full of ties, all others in order")
def _(rng):
    return call(_on_axes(rng, 40), 39)


@exercise.case("eight vectors of three features, in float32, three neighbours", clear_cut=_ranks_are_clear)
def _(rng):
    return call(_vectors(rng, 8, 3).astype(np.float32), 3)


@exercise.case("six vectors, all five others in order", clear_cut=_ranks_are_clear)
def _(rng):
    return call(_vectors(rng, 6, 4), 5)


def _lengths_changed(rng):
    vectors = _vectors(rng, 7, 4)
    while not _ranks_are_clear(vectors, 6):
        vectors = _vectors(rng, 7, 4)
    return [call(vectors, 6), call(vectors * np.array([[1.0], [1e-30], [5.0], [1e-30], [0.2], [1e15], [1.0]]), 6)]


@exercise.property("longer or shorter vectors, very short ones too, have the same neighbours", _lengths_changed)
def _(calls, answers):
    return np.equal(*answers)


@exercise.case(
    "two hundred and sixty vectors, so that many similarities are nearly equal, five neighbours",
    clear_cut=lambda vectors, k: _ranks_are_clear(vectors, k, margin=1e-6),
)
def _(rng):
    return call(_vectors(rng, 260, 3), 5)


@exercise.case("sixteen vectors, all fifteen others in order", hidden=True, clear_cut=_ranks_are_clear)
def _(rng):
    return call(_vectors(rng, 16, 8), 15)


@exercise.case("forty vectors on the axes, drawn anew, all others in order", hidden=True)
def _(rng):
    return call(_on_axes(rng, 40), 39)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def nearest_one_after_the_other(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    similarity = unit @ unit.T
    np.fill_diagonal(similarity, -np.inf)
    found = np.empty((len(vectors), k), dtype=np.int32)
    for place in range(k):
        found[:, place] = np.argmax(similarity, axis=1)
        similarity[np.arange(len(vectors)), found[:, place]] = -np.inf
    return found


@exercise.solution
def nearest_as_sorted_pairs(vectors, k):
    rows = []
    for i, row in enumerate(_without_itself(vectors)):
        others = sorted((j for j in range(len(vectors)) if j != i), key=lambda j, row=row: -row[j])
        rows.append(others[:k])
    return rows


@exercise.solution
def nearest_unit_vectors_by_distance(vectors, k):
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    squared_distance = np.sum((unit[:, np.newaxis] - unit) ** 2, axis=-1)
    np.fill_diagonal(squared_distance, np.inf)
    return np.argsort(squared_distance, axis=1, kind="stable")[:, :k]


# --- mistakes ---------------------------------------------------------------------------------------------------


def _first(scores, k, kind="stable"):
    """The places of the k largest scores in each row; with a stable sort the lower place first where two are equal."""
    return np.argsort(-scores, axis=-1, kind=kind)[:, :k]


@exercise.mistake(
    why="a vector's similarity with itself is the largest of its row",
    says="every vector is its own first neighbour; take it out, for instance by a similarity of `-np.inf`",
)
def itself_counted(vectors, k, kind="stable"):
    return _first(_without_itself(vectors, itself=1), k, kind)


@exercise.mistake(
    why="a vector itself seems to come first always",
    says="the first place is dropped in the belief that the vector itself stands there: another that points the same "
    "way may come before it",
)
def first_place_dropped(vectors, k, kind="stable"):
    return _first(_without_itself(vectors, itself=1), k + 1, kind)[:, 1:]


@exercise.mistake(
    why="0 looks like a value that never wins",
    says="a vector's similarity with itself is set to 0, which beats all negative ones; `-np.inf` beats none",
)
def itself_set_to_zero(vectors, k, kind="stable"):
    return _first(_without_itself(vectors, itself=0), k, kind)


@exercise.mistake(
    why="no similarity is below -1, so that it looks like a value that never wins",
    says="a vector's similarity with itself is set to -1, which ties with an opposite vector; `-np.inf` beats none",
)
def itself_set_to_minus_one(vectors, k, kind="stable"):
    return _first(_without_itself(vectors, itself=-1), k, kind)


@exercise.mistake(
    why="nearest neighbours are nearest in space in most books",
    says="the distance between the points decides; here the angle does, and lengths play no part",
)
def nearest_by_distance(vectors, k, kind="stable"):
    distance = np.linalg.norm(vectors[:, np.newaxis] - vectors, axis=-1)
    np.fill_diagonal(distance, np.inf)
    return _first(-distance, k, kind)


@exercise.mistake(
    why="the division by the norms is left out",
    says="the dot product decides: a long vector looks near to everybody",
)
def nearest_by_dot_product(vectors, k, kind="stable"):
    dots = (vectors @ vectors.T).astype(float)
    np.fill_diagonal(dots, -np.inf)
    return _first(dots, k, kind)


@exercise.mistake(
    why="`np.argsort` puts the smallest first",
    says="the k least similar are chosen: `np.argsort` sorts upwards, so sort the negative",
)
def least_similar(vectors, k, kind="stable"):
    return _first(-_without_itself(vectors, itself=1), k, kind)


@exercise.mistake(
    why="`np.argsort` puts the smallest first, and the mask is the smallest of all",
    says="`np.argsort` sorts upwards: the vector itself, masked with `-np.inf`, comes first, then the least similar",
)
def smallest_first_after_masking(vectors, k, kind="stable"):
    return _first(-_without_itself(vectors), k, kind)


@exercise.mistake(
    why="the last k of an ascending order, or of `np.argpartition`, are the right ones",
    says="the right neighbours are found, but the most similar comes last: `np.argsort` sorts upwards, and "
    "`np.argpartition` does not promise any order; the most similar has to come first",
)
def last_of_ascending_order(vectors, k, kind="stable"):
    return np.argsort(_without_itself(vectors), axis=-1, kind=kind)[:, -k:]


@exercise.mistake(
    why="reversing an ascending order reverses ties, too",
    says="a tie goes to the higher position; the specification sends it to the lower one, so sort the negative "
    "instead of reversing",
)
def ties_to_the_higher(vectors, k, kind="stable"):
    return np.argsort(_without_itself(vectors), axis=-1, kind=kind)[:, ::-1][:, :k]


@exercise.mistake(
    why="the usual idiom, `np.argsort(...)[:, ::-1][:, 1:k + 1]`",
    says="an ascending order is reversed and its first place dropped: that sends ties to the higher position, and "
    "drops the wrong vector where two point the same way",
)
def reversed_and_first_dropped(vectors, k, kind="stable"):
    return np.argsort(_without_itself(vectors, itself=1), axis=-1, kind=kind)[:, ::-1][:, 1 : k + 1]


@exercise.mistake(
    why="the sort gives the whole order, and k is forgotten",
    says="all L places are returned; only the first k are asked",
)
def all_places_returned(vectors, k, kind="stable"):
    return _first(_without_itself(vectors), len(vectors), kind)


def _as_it_comes(function):
    """The same mistake of a learner who leaves `kind="stable"` out, too."""

    def again(vectors, k):
        return function(vectors, k, kind=None)

    again.__name__ = f"{function.__name__}_and_ties_in_any_order"
    return again


for _mistake in [*exercise.mistakes]:
    exercise.mistake(why=f"{_mistake.why}; and ties are forgotten", says=_mistake.says)(_as_it_comes(_mistake.function))


@exercise.mistake(
    why="on few vectors the default sort often keeps ties in order; `np.argpartition` is known as the fast way",
    says='only the order of ties is wrong: `np.argsort` with `kind="stable"` sends them to the lower position',
)
def ties_in_any_order(vectors, k):
    return _first(_without_itself(vectors), k, kind=None)


@exercise.mistake(
    why="a similarity of -1 is large in size",
    says="the sign is lost: the opposite vector counts as a near one",
)
def opposite_counts_as_near(vectors, k):
    similarity = np.abs(_without_itself(vectors))
    np.fill_diagonal(similarity, -np.inf)
    return _first(similarity, k)


@exercise.mistake(
    why="the vector itself is kept out by `np.inf`, and `np.argsort` puts the smallest first",
    says="the least similar come first: `np.argsort` sorts upwards, so sort the negative",
)
def least_similar_of_the_others(vectors, k):
    return np.argsort(_without_itself(vectors, itself=np.inf), axis=-1, kind="stable")[:, :k]


@exercise.mistake(
    why="the squared norms are at hand, and the root is forgotten",
    says="the squared norms are divided by: a square root is missing, so that short vectors look near",
)
def divided_by_squared_lengths(vectors, k):
    squares = np.sum(vectors.astype(float) ** 2, axis=-1)
    similarity = vectors @ vectors.T / np.outer(squares, squares)
    np.fill_diagonal(similarity, -np.inf)
    return _first(similarity, k)


@exercise.mistake(
    why="a similarity of 1 is taken for the sign of the vector itself",
    says="every similarity of 1 is masked, but others that point the same way have it, too: mask the diagonal",
)
def same_direction_left_out(vectors, k):
    similarity = _without_itself(vectors, itself=1)
    return _first(np.where(similarity > 1 - 1e-9, -np.inf, similarity), k)


@exercise.mistake(
    why="`/=` saves memory, but does not turn whole numbers into floats",
    says="`vectors /= norms` writes into the caller's array, which fails where that holds whole numbers; write "
    "`vectors / norms`",
)
def divided_in_place(vectors, k):
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    return _first(_without_itself(vectors), k)


@exercise.mistake(
    why="the similarities are symmetric, so that both axes look alike",
    says="the sort runs down the columns, `axis=0`, and the result is read along the rows: row i is not about vector i",
)
def sorted_down_the_columns(vectors, k):
    return np.argsort(-_without_itself(vectors), axis=0, kind="stable")[:, :k]


@exercise.mistake(
    why="`order[:k]` looks like the first k of each row",
    says="`order[:k]` takes the first k rows; the first k places of every row are `order[:, :k]`",
)
def first_rows(vectors, k):
    return _first(_without_itself(vectors), len(vectors))[:k]


@exercise.mistake(
    why="`order[:, 1:k]`, or a range that stops too early",
    says="there are k - 1 places: the end of a slice does not count, so the k after the first are `1 : k + 1`",
)
def one_place_too_few(vectors, k):
    return _first(_without_itself(vectors), k - 1)


@exercise.mistake(
    why="`np.zeros` and `np.empty` give floats",
    says="the positions are right, but they are floats: a position is a whole number",
)
def as_floats(vectors, k):
    return _first(_without_itself(vectors), k).astype(float)


@exercise.mistake(
    why="`np.sort` and `np.argsort` are mixed up",
    says="the similarities themselves are returned; asked are the positions of the neighbours, from `np.argsort`",
)
def similarities_not_positions(vectors, k):
    return -np.sort(-_without_itself(vectors), axis=-1)[:, :k]


@exercise.mistake(
    why="the vector itself is deleted from its row before the sort",
    says="positions are counted without the vector itself: from its own place on every one is too small by 1",
)
def counted_without_itself(vectors, k):
    n_vectors = len(vectors)
    others = _without_itself(vectors)[~np.eye(n_vectors, dtype=bool)].reshape(n_vectors, n_vectors - 1)
    return _first(others, k)


@exercise.mistake(
    why="the vector itself is expected at the first place, and room is made for it",
    says="k + 1 places are returned, the vector itself among them; asked are its k neighbours",
)
def one_place_more_for_itself(vectors, k):
    return _first(_without_itself(vectors, itself=2), k + 1)


@exercise.mistake(
    why="a second `np.argsort` turns an order into ranks",
    says="ranks are returned, which say how near the first k vectors are; asked is which vectors are nearest",
)
def ranks_not_positions(vectors, k):
    return np.argsort(_first(_without_itself(vectors), len(vectors)), axis=-1)[:, :k]


@exercise.mistake(
    why="rounding makes similarities look tidy, or makes equal what rounding errors have torn apart",
    says="the similarities are rounded before they are sorted, so that neighbours of different similarity tie",
)
def similarities_rounded(vectors, k):
    return _first(np.round(_without_itself(vectors), 2), k)


@exercise.mistake(
    why="a small number in the divisor, such as 1e-9, is the usual guard against 0/0",
    says="very short vectors are taken for the zero vector, by a small number added to the norms or compared with "
    "them; here no vector is zero, and none needs a guard",
)
def short_vectors_taken_for_zero(vectors, k):
    norms = np.linalg.norm(vectors, axis=-1)
    similarity = vectors @ vectors.T / (np.outer(norms, norms) + 1e-9)
    np.fill_diagonal(similarity, -np.inf)
    return _first(similarity, k)
