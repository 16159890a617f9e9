"""Lab 03, `recall_and_cost(vectors, rotations, n_nearest)`: what several rounds find, and what share of pairs it takes.

vectors (L, d), rotations (R, d, B/2), n_nearest 1 .. L - 1 -> two floats. Two vectors meet if they share a bucket in at
least one round. Recall: the share of the L * n_nearest pairs (vector, one of its nearest) that meet. Cost: the share of
the L (L - 1) / 2 pairs that do.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises.lab03.angular_hash import scores_of
from reformer import angular, neighbors
from reformer.loops import angular as twins

exercise = Exercise(reference=angular.recall_and_cost, twin=twins.recall_and_cost, results=("recall", "cost"))

_SIX_TOKENS = np.array([[4.0, 1.0], [3.0, 2.0], [2.0, 3.0], [-1.0, 4.0], [-3.0, 1.0], [1.0, -2.0]])
_TWO_ROUNDS = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, -1.0], [1.0, 1.0]]])


def drawn(*, L, d, R, B, n_nearest, mean=0.0, lengths=(1.0, 1.0)):
    def make(rng):
        vectors = rng.standard_normal((L, d)) + mean
        vectors *= np.exp(rng.uniform(*np.log(lengths), size=(L, 1)))
        return call(vectors, rng.standard_normal((R, d, B // 2)), n_nearest)

    return make


def cosines(vectors):
    similarity = neighbors.cosine_similarity(vectors, vectors)
    np.fill_diagonal(similarity, -np.inf)
    return similarity


def is_clear(vectors, rotations, n_nearest, margin=1e-3):
    """Whether no bucket is nearly a tie, nor the border between a vector's nearest and the others."""
    scores = np.sort(scores_of(vectors, rotations), axis=-1)
    lengths = np.linalg.norm(vectors, axis=-1) * np.mean(np.abs(rotations))
    similarity = -np.sort(-cosines(vectors), axis=-1)
    border = similarity[:, n_nearest - 1] - similarity[:, n_nearest]
    return np.all(scores[..., -1] - scores[..., -2] > margin * lengths) and np.all(border > margin)


def is_telling(*arguments):
    """Whether all is clear in float64, and every mistake below gives other numbers, so that nobody gets by on luck."""
    if not is_clear(*arguments, margin=1e-6):
        return False
    right = exercise.reference(*arguments)
    return not any(np.allclose(mistake.function(*arguments), right, rtol=1e-3) for mistake in exercise.mistakes)


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("six tokens on a circle, one round, the nearest", tolerance=1e-5)
def _(rng):
    return call(_SIX_TOKENS, _TWO_ROUNDS[:1], 1)


@exercise.case("the same six tokens, two rounds", tolerance=1e-5)
def _(rng):
    return call(_SIX_TOKENS, _TWO_ROUNDS, 1)


exercise.case("three vectors, the nearest", drawn(L=3, d=2, R=2, B=4, n_nearest=1), tolerance=1e-5, clear_cut=is_clear)
exercise.case(
    "nine vectors, one round of two buckets, the three nearest",
    drawn(L=9, d=3, R=1, B=2, n_nearest=3),
    tolerance=1e-5,
    clear_cut=is_clear,
)
exercise.case(
    "ten vectors, three rounds of six buckets, the four nearest",
    drawn(L=10, d=4, R=3, B=6, n_nearest=4),
    tolerance=1e-5,
    clear_cut=is_clear,
)
exercise.case(
    "twelve vectors, short ones and long ones, the three nearest",
    drawn(L=12, d=3, R=2, B=8, n_nearest=3, lengths=(0.1, 10.0)),
    tolerance=1e-5,
    clear_cut=is_clear,
)
exercise.case(
    "eight vectors, six rounds, so that many pairs meet again and again",
    drawn(L=8, d=3, R=6, B=4, n_nearest=2),
    tolerance=1e-5,
    clear_cut=is_clear,
)
exercise.case(
    "three hundred vectors that point much the same way: most meet more than 255 others",
    drawn(L=300, d=3, R=1, B=2, n_nearest=2, mean=3.0),
    tolerance=1e-5,
    clear_cut=lambda *arguments: is_clear(*arguments, margin=1e-9),
)


def _pairs_are_apart(vectors, rotations, n_nearest):
    """Whether all is clear, and each direction has a bucket of its own."""
    buckets = np.argmax(scores_of(vectors, rotations)[0], axis=-1)
    return is_clear(vectors, rotations, n_nearest) and len(set(buckets.tolist())) == 3


@exercise.case("three pairs of one direction each, the nearest", tolerance=1e-5, clear_cut=_pairs_are_apart)
def _(rng):
    pairs = np.array([[3.0, 0.0], [1.0, 0.0], [1.0, 2.0], [2.0, 4.0], [-2.0, 1.0], [-4.0, 2.0]])
    return call(pairs, rng.standard_normal((1, 2, 2)), 1)


exercise.case("five vectors, all four others", drawn(L=5, d=3, R=2, B=4, n_nearest=4), tolerance=1e-5)


def _a_round_again(rng):
    vectors, rotations, n_nearest = drawn(L=10, d=3, R=2, B=6, n_nearest=2)(rng).args
    return [call(vectors, rotations, n_nearest), call(vectors, np.concatenate([rotations, rotations]), n_nearest)]


@exercise.property("the same rounds once more find nothing new and cost nothing new", _a_round_again)
def _(calls, answers):
    return np.allclose(*answers, rtol=0, atol=1e-6)


def _more_rounds(rng):
    vectors, rotations, n_nearest = drawn(L=16, d=3, R=4, B=8, n_nearest=3)(rng).args
    return [call(vectors, rotations[:n_rounds], n_nearest) for n_rounds in (1, 2, 4)]


@exercise.property("more rounds lose nothing: recall and cost rise from round to round, up to 1", _more_rounds)
def _(calls, answers):
    one, two, four = map(np.asarray, answers)
    return np.all(one <= two) and np.all(two <= four) and np.all(one < four) and np.all(four <= 1)


exercise.case(
    "sixty vectors, four rounds of sixteen buckets, the five nearest",
    drawn(L=60, d=8, R=4, B=16, n_nearest=5, lengths=(0.2, 5.0)),
    hidden=True,
    tolerance=1e-5,
    clear_cut=is_telling,
)
exercise.case(
    "forty vectors of many lengths with a common mean, the six nearest",
    drawn(L=40, d=6, R=3, B=8, n_nearest=6, mean=0.8, lengths=(0.2, 5.0)),
    hidden=True,
    tolerance=1e-5,
    clear_cut=is_telling,
)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_sets_of_pairs(vectors, rotations, n_nearest):
    rotated = vectors @ rotations
    buckets = np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)
    n = len(vectors)
    met = {(i, j) for row in buckets for i in range(n) for j in range(i) if row[i] == row[j]}
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    nearest = np.argsort(-(unit @ unit.T) + 9 * np.eye(n), axis=1, kind="stable")[:, :n_nearest]
    found = sum((max(i, j), min(i, j)) in met for i in range(n) for j in nearest[i].tolist())
    return [found / nearest.size, len(met) / (n * (n - 1) / 2)]


@exercise.solution
def by_the_upper_triangle(vectors, rotations, n_nearest):
    rotated = np.einsum("ld,rdb->rlb", vectors, rotations)
    buckets = np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)
    first, second = np.triu_indices(len(vectors), k=1)
    meets = np.max(buckets[:, first] == buckets[:, second], axis=0)
    together = np.zeros((len(vectors), len(vectors)))
    together[first, second] = together[second, first] = meets
    similarity = vectors @ vectors.T / np.linalg.norm(vectors, axis=1)
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.argpartition(-similarity, n_nearest - 1, axis=1)[:, :n_nearest]
    return np.array([np.mean([row[places] for row, places in zip(together, nearest, strict=True)]), np.mean(meets)])


# --- mistakes: who meets ----------------------------------------------------------------------------------------


def _buckets(vectors, rotations):
    return np.argmax(scores_of(vectors, rotations), axis=-1)


def _met(buckets):
    """Who meets whom in each round, itself included: bool (R, L, L)."""
    return buckets[:, :, np.newaxis] == buckets[:, np.newaxis]


def _at_least_once(vectors, rotations):
    return np.any(_met(_buckets(vectors, rotations)), axis=0)


def _nearest(vectors, n_nearest, similarity=None):
    similarity = cosines(vectors) if similarity is None else similarity
    return np.argsort(-similarity, axis=-1, kind="stable")[:, :n_nearest]


def _recall(met, nearest):
    return float(np.mean(np.take_along_axis(met, nearest, axis=1)))


def _cost(met):
    n = len(met)
    return float((np.sum(met) - np.trace(met)) / (n * (n - 1)))


def _both(met, vectors, n_nearest):
    return _recall(met, _nearest(vectors, n_nearest)), _cost(met)


@exercise.mistake(
    why="the rounds are forgotten, or the loop over them returns in its first turn",
    says="the first round alone counts; a pair meets if it shares a bucket in any of the R rounds",
)
def first_round_only(vectors, rotations, n_nearest):
    rotated, n = vectors @ rotations[0], len(vectors)
    buckets = np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)
    met = buckets[:, np.newaxis] == buckets
    unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    nearest = np.argsort(3 * np.eye(n) - unit @ unit.T, axis=-1, kind="stable")[:, :n_nearest]
    return np.mean(np.take_along_axis(met, nearest, axis=1)), (np.sum(met) - n) / (n * (n - 1))


@exercise.mistake(
    why="each round's table replaces the one before",
    says="the last round alone counts: in the loop the pairs that met are replaced instead of joined, by `|=`",
)
def last_round_only(vectors, rotations, n_nearest):
    return _both(_met(_buckets(vectors, rotations[-1:]))[0], vectors, n_nearest)


@exercise.mistake(
    why="`np.all` or `&` for `np.any` or `|`",
    says="a pair has to share its bucket in every round; at least one is enough",
)
def in_every_round(vectors, rotations, n_nearest):
    return _both(np.all(_met(_buckets(vectors, rotations)), axis=0), vectors, n_nearest)


@exercise.mistake(
    why="more measurements are averaged",
    says="recall and cost are averaged over the rounds; rounds add what they find, each pair once",
)
def averaged_over_rounds(vectors, rotations, n_nearest):
    return _both(np.mean(_met(_buckets(vectors, rotations)), axis=0), vectors, n_nearest)


@exercise.mistake(
    why="the cost of the rounds is averaged, as measurements are",
    says="the cost is averaged over the rounds, while the recall is right; a pair that meets in any round counts once",
)
def cost_averaged_over_rounds(vectors, rotations, n_nearest):
    recall, _ = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return recall, _cost(np.mean(_met(_buckets(vectors, rotations)), axis=0))


@exercise.mistake(
    why="the recall of the rounds is averaged, as measurements are",
    says="the recall is averaged over the rounds, while the cost is right; a pair is found if it meets in any round",
)
def recall_averaged_over_rounds(vectors, rotations, n_nearest):
    _, cost = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return _recall(np.mean(_met(_buckets(vectors, rotations)), axis=0), _nearest(vectors, n_nearest)), cost


@exercise.mistake(
    why="each round is counted by itself",
    says="recall and cost are added up over the rounds: a pair that meets in two rounds counts once",
)
def added_up_over_rounds(vectors, rotations, n_nearest):
    return _both(np.sum(_met(_buckets(vectors, rotations)), axis=0), vectors, n_nearest)


@exercise.mistake(
    why="the work of a computer is done anew in each round",
    says="the cost is added up over the rounds, while the recall is right; here a pair that meets twice counts once",
)
def cost_added_up_over_rounds(vectors, rotations, n_nearest):
    recall, _ = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return recall, _cost(np.sum(_met(_buckets(vectors, rotations)), axis=0))


@exercise.mistake(
    why="all buckets are put into one list",
    says="bucket 3 of one round is taken for bucket 3 of the next; buckets are compared within a round",
)
def buckets_compared_across_rounds(vectors, rotations, n_nearest):
    buckets = _buckets(vectors, rotations)
    met = np.any(buckets[:, np.newaxis, :, np.newaxis] == buckets[:, np.newaxis], axis=(0, 1))
    return _both(met, vectors, n_nearest)


@exercise.mistake(
    why="the formula in many summaries is argmax(y)",
    says="the buckets come from `y` alone, without `-y`",
)
def no_negative_half(vectors, rotations, n_nearest):
    return _both(np.any(_met(np.argmax(vectors @ rotations, axis=-1)), axis=0), vectors, n_nearest)


@exercise.mistake(
    why="'the largest entry' is read as the largest in size",
    says="the buckets come from the largest number in size, so that opposite vectors meet",
)
def signs_lost(vectors, rotations, n_nearest):
    return _both(np.any(_met(np.argmax(np.abs(vectors @ rotations), axis=-1)), axis=0), vectors, n_nearest)


# --- mistakes: what is counted ----------------------------------------------------------------------------------


@exercise.mistake(
    why="`np.mean(met)` takes the whole table",
    says="each vector meets itself in the cost: take the diagonal off, above and below the fraction line",
)
def diagonal_in_the_cost(vectors, rotations, n_nearest):
    met = _at_least_once(vectors, rotations)
    return _recall(met, _nearest(vectors, n_nearest)), float(np.mean(met))


@exercise.mistake(
    why="`np.triu` keeps the diagonal, unless it is told `k=1`",
    says="each pair is counted once, and each vector once with itself: `np.triu(met)` keeps the diagonal, "
    "`np.triu(met, k=1)` does not",
)
def diagonal_in_the_triangle(vectors, rotations, n_nearest):
    met, n = _at_least_once(vectors, rotations), len(vectors)
    return _recall(met, _nearest(vectors, n_nearest)), float(np.sum(np.triu(met)) / (n * (n - 1) / 2))


@exercise.mistake(
    why="the diagonal is taken off below the fraction line only",
    says="each vector meets itself in the cost: the sum of the table is divided by L (L - 1), but holds the diagonal",
)
def diagonal_above_the_line(vectors, rotations, n_nearest):
    met, n = _at_least_once(vectors, rotations), len(vectors)
    return _recall(met, _nearest(vectors, n_nearest)), float(np.sum(met) / (n * (n - 1)))


@exercise.mistake(
    why="the diagonal is taken off above the fraction line only",
    says="the pairs that meet are right, and divided by L²; there are L (L - 1) / 2 pairs, each twice in the table",
)
def divided_by_all_places(vectors, rotations, n_nearest):
    met = _at_least_once(vectors, rotations)
    return _recall(met, _nearest(vectors, n_nearest)), _cost(met) * (len(met) - 1) / len(met)


@exercise.mistake(
    why="the table of pairs is symmetric",
    says="each pair is counted twice in the cost, but the pairs there are once, or the reverse: the cost is off by 2",
)
def pairs_counted_twice(vectors, rotations, n_nearest):
    recall, cost = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return recall, 2 * cost


@exercise.mistake(
    why="the pairs that meet are counted once, and divided by L (L - 1)",
    says="each pair is counted once in the cost, and divided by twice as many as there are: L (L - 1) / 2 pairs",
)
def pairs_halved(vectors, rotations, n_nearest):
    recall, cost = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return recall, cost / 2


@exercise.mistake(
    why="the cost of a search is how many a query looks at",
    says="the cost is the number of others that a vector meets on average; asked is the share, so divide by L - 1",
)
def candidates_for_cost(vectors, rotations, n_nearest):
    recall, cost = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return recall, cost * (len(vectors) - 1)


@exercise.mistake(
    why="'cost' is read as a count",
    says="the cost is the number of pairs that meet; asked is their share of all L (L - 1) / 2 pairs",
)
def number_of_pairs_for_cost(vectors, rotations, n_nearest):
    recall, cost = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return recall, cost * len(vectors) * (len(vectors) - 1) / 2


@exercise.mistake(
    why="the saving is what one is after",
    says="the share of pairs that do not meet is returned as the cost; it is the share of those that do",
)
def saving_for_cost(vectors, rotations, n_nearest):
    recall, cost = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return recall, 1 - cost


@exercise.mistake(
    why="the buckets decide what a comparison costs, so 1/B is taken for the cost",
    says="the cost is computed from B and R, as if all vectors were at right angles; count the pairs that do meet",
)
def cost_by_theory(vectors, rotations, n_nearest):
    recall, _ = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return recall, 1 - (1 - 0.5 / rotations.shape[-1]) ** len(rotations)


@exercise.mistake(
    why="the two numbers are returned in the order in which they were computed",
    says="cost and recall change places: the recall comes first",
)
def cost_first(vectors, rotations, n_nearest):
    return _both(_at_least_once(vectors, rotations), vectors, n_nearest)[::-1]


@exercise.mistake(
    why="the example asks for the single nearest",
    says="a vector counts in full if it meets any of its nearest; each of the L * n_nearest pairs counts by itself",
)
def any_of_the_nearest(vectors, rotations, n_nearest):
    met = _at_least_once(vectors, rotations)
    hit = np.any(np.take_along_axis(met, _nearest(vectors, n_nearest), axis=1), axis=1)
    return float(np.mean(hit)), _cost(met)


@exercise.mistake(
    why="a search is called right where it finds all that is sought",
    says="a vector counts only if it meets all of its nearest; each of the L * n_nearest pairs counts by itself",
)
def all_of_the_nearest(vectors, rotations, n_nearest):
    met = _at_least_once(vectors, rotations)
    hit = np.all(np.take_along_axis(met, _nearest(vectors, n_nearest), axis=1), axis=1)
    return float(np.mean(hit)), _cost(met)


@exercise.mistake(
    why="recall and precision are easily mixed up",
    says="the recall is divided by the pairs that meet: that is precision; divide by the L * n_nearest pairs sought",
)
def precision_for_recall(vectors, rotations, n_nearest):
    met = _at_least_once(vectors, rotations)
    found = np.sum(np.take_along_axis(met, _nearest(vectors, n_nearest), axis=1))
    return float(found / max(1, np.sum(met) - len(met))), _cost(met)


@exercise.mistake(
    why="a pair is a pair, in whichever order",
    says="two vectors that are each among the other's nearest count once in the recall; they are two of the "
    "L * n_nearest pairs",
)
def neighbours_as_unordered_pairs(vectors, rotations, n_nearest):
    met = _at_least_once(vectors, rotations)
    wanted = np.zeros(met.shape, dtype=bool)
    np.put_along_axis(wanted, _nearest(vectors, n_nearest), True, axis=1)
    return float(np.mean(met[np.triu(wanted | wanted.T)])), _cost(met)


@exercise.mistake(
    why="a vector is most similar to itself",
    says="a vector is taken for one of its own nearest, which it always meets; leave it out",
)
def itself_among_the_nearest(vectors, rotations, n_nearest):
    met = _at_least_once(vectors, rotations)
    nearest = _nearest(vectors, n_nearest, neighbors.cosine_similarity(vectors, vectors))
    return _recall(met, nearest), _cost(met)


@exercise.mistake(
    why="near means at a small distance",
    says="the nearest are those at the smallest distance; `k_nearest` goes by the cosine: lengths play no part in it",
)
def nearest_by_distance(vectors, rotations, n_nearest):
    distance = np.linalg.norm(vectors[:, np.newaxis] - vectors, axis=-1)
    np.fill_diagonal(distance, np.inf)
    met = _at_least_once(vectors, rotations)
    return _recall(met, _nearest(vectors, n_nearest, -distance)), _cost(met)


@exercise.mistake(
    why="the dot product is taken for the cosine",
    says="the nearest are those of largest dot product, long ones first; `k_nearest` goes by the cosine",
)
def nearest_by_dot_product(vectors, rotations, n_nearest):
    products = vectors @ vectors.T
    np.fill_diagonal(products, -np.inf)
    met = _at_least_once(vectors, rotations)
    return _recall(met, _nearest(vectors, n_nearest, products)), _cost(met)


@exercise.mistake(
    why="sorting ascends",
    says="the farthest are taken for the nearest: a sort ascends, and a large cosine means near",
)
def farthest_for_nearest(vectors, rotations, n_nearest):
    similarity = cosines(vectors)
    np.fill_diagonal(similarity, np.inf)
    met = _at_least_once(vectors, rotations)
    return _recall(met, _nearest(vectors, n_nearest, -similarity)), _cost(met)


@exercise.mistake(
    why="shares are often given in percent",
    says="both are percentages; asked are shares from 0 to 1",
)
def in_percent(vectors, rotations, n_nearest):
    recall, cost = _both(_at_least_once(vectors, rotations), vectors, n_nearest)
    return 100 * recall, 100 * cost
