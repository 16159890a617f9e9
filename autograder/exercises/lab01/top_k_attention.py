"""Exercise `top_k_attention(queries, keys, values, k)`: softmax attention in which a query sees its k best keys alone.

queries (..., Q, d), keys (..., K, d), values (..., K, m), k from 1 to K -> (..., Q, m). The softmax runs over the k
scores q . k / sqrt(d) that are kept; of equal scores those of the lower positions are. Ties are asked in small whole
numbers with four features, whose root is 2: so every way of computing gives the same score, also where the queries are
divided first. Elsewhere ties are excluded.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises.lab01.on_paper import mistakes_on_paper, softmax, softmax_on_paper
from autograder.exercises.whole_numbers import taking_whole_numbers
from reformer import neighbors
from reformer.loops import neighbors as twins

exercise = Exercise(taking_whole_numbers(neighbors.top_k_attention), twins.top_k_attention, axes=("query", "number"))


def _inputs(rng, *batch, Q, K, d, m):
    """Normal queries and keys; values from 1 to 5 in size, of one sign in a column: no average is too small to see."""
    signs = np.where(np.arange(m) % 2, -1, 1)
    values = signs * rng.uniform(1, 5, (*batch, K, m))
    return rng.standard_normal((*batch, Q, d)), rng.standard_normal((*batch, K, d)), values


def _drawn(*batch, Q, K, d, m, k, dtype=np.float64):
    return lambda rng: call(*(array.astype(dtype) for array in _inputs(rng, *batch, Q=Q, K=K, d=d, m=m)), k)


def _scores(queries, keys):
    return queries @ np.swapaxes(keys, -1, -2) / np.sqrt(keys.shape[-1])


def _kept(scores, k, by=None, fill=-np.inf):
    """The scores with all but the k largest of each row, or those where `by` is largest, replaced by `fill`."""
    best = np.argsort(-(scores if by is None else by), axis=-1, kind="stable")[..., :k]
    kept = np.full(scores.shape, fill)
    np.put_along_axis(kept, best, np.take_along_axis(scores, best, axis=-1), axis=-1)
    return kept


def _border_is_clear(queries, keys, values, k, margin=1e-3):
    """Whether the k-th score of each query leads the next by enough that no rounding changes which keys are kept."""
    scores = -np.sort(-_scores(queries, keys), axis=-1)
    if k == scores.shape[-1]:
        return True
    return np.all(scores[..., k - 1] - scores[..., k] > margin * np.max(np.abs(scores), axis=-1))


def _clear_in_float64(queries, keys, values, k):
    return _border_is_clear(queries, keys, values, k, margin=1e-6)


@exercise.case("two queries, four keys, the best two", tolerance=1e-5)
def _(rng):
    queries = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 2.0, 0.0, 0.0]])
    keys = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 3.0, 0.0, 0.0], [-1.0, -1.0, 0.0, 0.0], [2.0, 2.0, 0.0, 0.0]])
    return call(queries, keys, np.array([[10.0], [20.0], [60.0], [40.0]]), 2)


@exercise.case("whole numbers, and equal scores at the border: the lower positions are kept", tolerance=1e-5)
def _(rng):
    keys = np.array([[2, 0, 1, 0], [0, 2, 0, 1], [3, -1, 1, 0], [2, 1, 0, 0], [-1, 0, -2, 1], [2, 0, 2, 0]])
    values = np.array([[10, -5], [300, 2], [-40, 70], [25, 10], [90, 60], [-75, 30]])
    return call(np.array([[1, 0, 0, 0], [0, 1, 0, 0], [-1, 0, 0, 0], [1, 1, 1, 0]]), keys, values, 3)


exercise.case(
    "the best one alone: its value", _drawn(Q=3, K=5, d=3, m=2, k=1), tolerance=1e-5, clear_cut=_border_is_clear
)
exercise.case("all five keys are kept", _drawn(Q=3, K=5, d=4, m=2, k=5), tolerance=1e-5)


@exercise.case("scores below zero throughout", tolerance=1e-5)
def _(rng):
    keys = -np.array([[1.0, 2.0], [3.0, 0.5], [2.0, 2.5], [0.5, 4.0], [4.0, 3.0]])
    return call(np.array([[1.0, 0.5], [0.25, 1.0]]), keys, np.arange(1.0, 11.0).reshape(5, 2) ** 2, 3)


exercise.case(
    "four queries, seven keys, the best four, in float32",
    _drawn(Q=4, K=7, d=3, m=2, k=4, dtype=np.float32),
    tolerance=1e-5,
    clear_cut=_border_is_clear,
)
exercise.case(
    "five queries, five keys, five features, the best two",
    _drawn(Q=5, K=5, d=5, m=5, k=2),
    tolerance=1e-5,
    clear_cut=_border_is_clear,
)
exercise.case("one query, one key, one feature", _drawn(Q=1, K=1, d=1, m=3, k=1), tolerance=1e-5)
exercise.case(
    "two sequences with five heads, the best three of six",
    _drawn(2, 5, Q=4, K=6, d=3, m=2, k=3),
    tolerance=1e-5,
    clear_cut=_border_is_clear,
)


@exercise.case("scores about 1600 and about -1600: the largest is subtracted before `np.exp`", tolerance=1e-5)
def _(rng):
    queries = np.array([[64.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [-64.0, 0.0, 0.0, 0.0]])
    keys = np.array(
        [[50.0, 0.0, 0.0, 0.0], [50.03125, 1.0, 0.0, 0.0], [49.9375, 4.0, 0.0, 0.0], [50.125, 2.5, 0.0, 0.0]]
    )
    return call(queries, keys, np.array([[1.0, -9.0], [2.0, 5.0], [4.0, -5.0], [8.0, 3.0]]), 3)


def _others_changed(rng):
    queries, keys, values = _inputs(rng, Q=1, K=6, d=4, m=2)
    worst = np.argsort(_scores(queries, keys)[0])[:4]
    moved, changed = keys.copy(), values.copy()
    moved[worst] = 2 * keys[worst] - 4 * queries[0] / np.sqrt(np.sum(queries**2))
    changed[worst] = 50
    return [call(queries, keys, values, 2), call(queries, moved, changed, 2)]


@exercise.property("keys that are not among the best k change nothing, nor do their values", _others_changed)
def _(calls, answers):
    return np.isclose(*answers, rtol=0, atol=1e-5)


def _keys_in_another_order(rng):
    queries, keys, values = _inputs(rng, Q=3, K=6, d=4, m=2)
    while not _border_is_clear(queries, keys, values, 3):
        queries, keys, values = _inputs(rng, Q=3, K=6, d=4, m=2)
    order = rng.permutation(6)
    return [call(queries, keys, values, 3), call(queries, keys[order], values[order], 3)]


@exercise.property("the order of the keys, with their values, does not matter", _keys_in_another_order)
def _(calls, answers):
    return np.isclose(*answers, rtol=0, atol=1e-5)


exercise.case(
    "a batch of sequences, forty queries, sixty keys, the best eight",
    _drawn(2, Q=40, K=60, d=16, m=4, k=8),
    hidden=True,
    tolerance=1e-5,
    clear_cut=_clear_in_float64,
)


@exercise.case("whole numbers, full of equal scores, the best four of nine", hidden=True, tolerance=1e-5)
def _(rng):
    values = rng.integers(1, 40, (2, 9, 3)) * np.array([1.0, -1.0, 2.0])
    return call(rng.integers(-2, 3, (2, 6, 4)).astype(float), rng.integers(-2, 3, (2, 9, 4)).astype(float), values, 4)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def top_k_by_gathering(queries, keys, values, k):
    scores = np.einsum("...qd,...kd->...qk", queries, keys) / np.sqrt(queries.shape[-1])
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    kept = np.take_along_axis(scores, best, axis=-1)
    weights = np.exp(kept - kept.max(axis=-1, keepdims=True))
    gathered = np.take_along_axis(values[..., np.newaxis, :, :], best[..., np.newaxis], axis=-2)
    return np.sum(weights[..., np.newaxis] * gathered, axis=-2) / np.sum(weights, axis=-1, keepdims=True)


@exercise.solution
def top_k_one_key_after_the_other(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(keys.shape[-1])
    left, largest = scores.copy(), np.max(scores, axis=-1, keepdims=True)
    total, average = 0.0, 0.0
    for _ in range(k):
        best = np.argmax(left, axis=-1)[..., np.newaxis]
        weight = np.exp(np.take_along_axis(scores, best, axis=-1) - largest)
        total = total + weight
        average = average + weight * np.take_along_axis(values, best, axis=-2)
        np.put_along_axis(left, best, -np.inf, axis=-1)
    return average / total


@exercise.solution
def top_k_by_rank_in_single_precision(queries, keys, values, k):
    queries, keys, values = (array.astype(np.float32) for array in (queries, keys, values))
    scores = queries @ keys.swapaxes(-1, -2) / np.float32(np.sqrt(keys.shape[-1]))
    place = np.argsort(np.argsort(-scores, axis=-1, kind="stable"), axis=-1, kind="stable")
    return softmax(np.where(place < k, scores, -np.inf)) @ values


@exercise.solution
def top_k_of_queries_divided_first(queries, keys, values, k):
    scores = queries / np.sqrt(queries.shape[-1]) @ np.swapaxes(keys, -1, -2)
    return softmax(_kept(scores, k)) @ values


@exercise.solution
def top_k_query_by_query(queries, keys, values, k):
    attended = np.zeros((*queries.shape[:-1], values.shape[-1]))
    for place in np.ndindex(*queries.shape[:-1]):
        scores = keys[place[:-1]] @ queries[place] / len(queries[place]) ** 0.5
        best = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)[:k]
        weights = np.exp(scores[best] - max(scores))
        attended[place] = np.average(values[place[:-1]][best], axis=0, weights=weights)
    return attended


# --- mistakes: which keys are kept ------------------------------------------------------------------------------


@exercise.mistake(
    why="`softmax_attention` is copied, and k forgotten",
    says="every query averages over all keys; only its k best may have a weight",
)
def all_keys(queries, keys, values, k, softmax=softmax):
    return softmax(_scores(queries, keys)) @ values


@exercise.mistake(
    why="the k-th score is taken for a threshold, with `>=`",
    says="all keys that reach the k-th score are kept; where several are equal that is more than k, so keep the lower "
    "positions",
)
def all_equal_ones_kept(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys)
    threshold = -np.sort(-scores, axis=-1)[..., k - 1 : k]
    return softmax(np.where(scores >= threshold, scores, -np.inf)) @ values


@exercise.mistake(
    why="`np.argsort(scores)[..., -k:]` and `[::-1]` are the usual ways to the largest",
    says="of equal scores the later positions are kept: a sort that ascends and is cut at its end, or turned round, "
    "turns ties round, too; sort `-scores` with `kind='stable'`",
)
def later_of_equal_ones(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys)
    return softmax(_kept(scores, k, by=scores + 1e-9 * np.arange(scores.shape[-1]))) @ values


@exercise.mistake(
    why="`np.argpartition` is the quick way to the k largest",
    says="the keys are picked by `np.argpartition`, or by a sort that is not stable: of equal scores it keeps any; "
    "`np.argsort` of `-scores` with `kind='stable'` keeps the lower positions",
)
def partitioned(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys)
    n_left_out = scores.shape[-1] - k
    left_out = np.argpartition(scores, max(n_left_out - 1, 0), axis=-1)[..., :n_left_out]
    kept = scores.copy()
    np.put_along_axis(kept, left_out, -np.inf, axis=-1)
    return softmax(kept) @ values


@exercise.mistake(
    why="`np.argpartition` of `-scores` is the quick way to the k largest",
    says="the keys are picked by `np.argpartition`, or by a sort that is not stable: of equal scores it keeps any; "
    "`np.argsort` of `-scores` with `kind='stable'` keeps the lower positions",
)
def partitioned_from_the_top(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys)
    best = np.argpartition(-scores, k - 1, axis=-1)[..., :k]
    kept = np.full_like(scores, -np.inf)
    np.put_along_axis(kept, best, np.take_along_axis(scores, best, axis=-1), axis=-1)
    return softmax(kept) @ values


@exercise.mistake(
    why="sorting ascends",
    says="the k keys of lowest score are kept: `np.argsort` puts the smallest first, so sort `-scores`",
)
def lowest_kept(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys)
    return softmax(_kept(scores, k, by=-scores)) @ values


@exercise.mistake(
    why="one axis is as good as another where the table is square",
    says="each key keeps its k best queries; it is each query that keeps its k best keys, along the last axis",
)
def best_queries_of_each_key(queries, keys, values, k, softmax=softmax):
    scores = np.swapaxes(_scores(queries, keys), -1, -2)
    kept = np.swapaxes(_kept(scores, min(k, scores.shape[-1]), fill=-1e30), -1, -2)
    return softmax(kept) @ values


@exercise.mistake(
    why="one set of keys for all queries makes the shapes simple",
    says="all queries keep the same k keys, those of the largest scores in all; each query has its own best",
)
def same_keys_for_all_queries(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys)
    return softmax(_kept(scores, k, by=np.broadcast_to(np.sum(scores, axis=-2, keepdims=True), scores.shape))) @ values


@exercise.mistake(
    why="similar means a large cosine, as in the rest of the lab",
    says="the k keys of largest cosine are kept; it is the scores that decide, in which long keys count more",
)
def kept_by_cosine(queries, keys, values, k, softmax=softmax):
    lengths = np.linalg.norm(keys, axis=-1)[..., np.newaxis, :]
    scores = _scores(queries, keys)
    return softmax(_kept(scores, k, by=scores / lengths)) @ values


@exercise.mistake(
    why="near means a small distance",
    says="the k keys at the smallest distance are kept; it is the scores that decide",
)
def kept_by_distance(queries, keys, values, k, softmax=softmax):
    distance = np.linalg.norm(queries[..., np.newaxis, :] - keys[..., np.newaxis, :, :], axis=-1)
    return softmax(_kept(_scores(queries, keys), k, by=-distance)) @ values


@exercise.mistake(
    why="a large score, whatever its sign, looks important",
    says="the k scores of largest size are kept, negative ones among them; the sign counts",
)
def kept_by_size(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys)
    return softmax(_kept(scores, k, by=np.abs(scores))) @ values


@exercise.mistake(
    why="the keys are thought to come in a useful order",
    says="the first k keys are kept; it has to be the k of highest score",
)
def first_keys(queries, keys, values, k, softmax=softmax):
    return softmax(_scores(queries, keys)[..., :k]) @ values[..., :k, :]


@exercise.mistake(
    why="scores and values are sorted apart from each other",
    says="the k best scores meet the first k values; each weight belongs to the value of its own key",
)
def values_not_sorted_along(queries, keys, values, k, softmax=softmax):
    best = -np.sort(-_scores(queries, keys), axis=-1)[..., :k]
    return softmax(best) @ values[..., :k, :]


@exercise.mistake(
    why="the scale was there in `softmax_attention`, and is easily lost when it is written again",
    says="the scores are not divided by `np.sqrt(d)`: the right keys, but weights that are too sharp",
)
def no_scale(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys)
    return softmax(_kept(scores, k) * np.sqrt(keys.shape[-1])) @ values


@exercise.mistake(
    why="after the choice there are k numbers in a row",
    says="the scores are divided by the root of k; it is the number of features d, the last axis of the keys",
)
def divided_by_root_of_k(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys) * np.sqrt(keys.shape[-1] / k)
    return softmax(_kept(scores, k)) @ values


@exercise.mistake(
    why="0 looks like 'left out'",
    says="the scores of the other keys are set to 0, and `exp(0)` is 1: they keep a weight; set them to `-np.inf`",
)
def others_score_zero(queries, keys, values, k, softmax=softmax):
    return softmax(_kept(_scores(queries, keys), k, fill=0.0)) @ values


@exercise.mistake(
    why="'more than the k-th' is written for 'at least the k-th'",
    says="only keys above the k-th score are kept, so that the k-th itself is lost, and with k = 1 nobody is left",
)
def above_the_kth_only(queries, keys, values, k, softmax=softmax):
    scores = _scores(queries, keys)
    threshold = -np.sort(-scores, axis=-1)[..., k - 1 : k]
    return softmax(np.where(scores > threshold, scores, -np.inf)) @ values


@exercise.mistake(
    why="`np.sort` ascends, and place k is taken for the k-th from the end, or `[: k + 1]` for k places",
    says="k + 1 keys are kept, one too many",
)
def one_too_many(queries, keys, values, k, softmax=softmax):
    return softmax(_kept(_scores(queries, keys), k + 1)) @ values


mistakes_on_paper(exercise, "score")


# --- mistakes: their weights ------------------------------------------------------------------------------------


@exercise.mistake(
    why="the weights of the lesson are cut, as they are",
    says="the weights come from a softmax over all keys, and those of the k best no longer add up to one; the softmax "
    "runs over the k scores alone",
)
def weights_of_all_keys(queries, keys, values, k):
    return _kept(softmax(_scores(queries, keys)), k, fill=0.0) @ values


@exercise.mistake(
    why="the hard choice of `k_nearest` is followed by a plain average",
    says="the k best keys have equal weights; their scores still weigh them, by a softmax",
)
def plain_average_of_the_best(queries, keys, values, k):
    scores = _scores(queries, keys)
    return (np.isfinite(_kept(scores, k)) / k) @ values


@exercise.mistake(
    why="'look-up' suggests one hit",
    says="every query takes the value of its best key alone, whatever k is",
)
def best_key_alone(queries, keys, values, k):
    return np.take_along_axis(values, np.argmax(_scores(queries, keys), axis=-1)[..., np.newaxis], axis=-2)


@exercise.mistake(
    why="a mean of k things is divided by k",
    says="the average is divided by k once more: the weights add up to one already",
)
def divided_by_k(queries, keys, values, k):
    return softmax(_kept(_scores(queries, keys), k)) @ values / k


@exercise.mistake(
    why="the softmax is left out after the choice",
    says="the scores themselves are the weights, divided by their sum; it takes `np.exp`",
)
def scores_as_weights(queries, keys, values, k):
    kept = _kept(_scores(queries, keys), k, fill=0.0)
    return kept / np.sum(kept, axis=-1, keepdims=True) @ values


@exercise.mistake(
    why="on paper the subtraction changes nothing",
    says="the largest score is not subtracted before `np.exp`: right on paper, but large scores overflow",
)
def no_maximum_subtracted(queries, keys, values, k):
    return softmax_on_paper(_kept(_scores(queries, keys), k)) @ values


@exercise.mistake(
    why="the weights are the hard part, and the last step is forgotten",
    says="the weights themselves are returned; asked is the average of the values with these weights",
)
def weights_returned(queries, keys, values, k):
    return softmax(_kept(_scores(queries, keys), k))


@exercise.mistake(
    why="`np.zeros_like(values)` keeps the dtype of the values, which is that of whole numbers here",
    says="the result has the dtype of the values: where they are whole numbers, the averages are cut to whole numbers",
)
def cut_to_whole_numbers(queries, keys, values, k):
    return exercise.reference(queries, keys, values, k).astype(values.dtype)


@exercise.mistake(
    why="`.T` is enough as long as there is no batch",
    says="`keys.T` turns over all axes of a batch; `np.swapaxes(keys, -1, -2)` turns over the last two",
)
def turned_over_with_the_batch(queries, keys, values, k):
    return softmax(_kept(queries @ keys.T / np.sqrt(keys.shape[-1]), k)) @ values


@exercise.mistake(
    why="`values[best]` picks rows, as long as there is no batch",
    says="`values[best]` picks along the first axis, which is the batch where there is one; "
    "`np.take_along_axis` picks along the axis of the keys",
)
def picked_along_the_first_axis(queries, keys, values, k):
    scores = _scores(queries, keys)
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    weights = softmax(np.take_along_axis(scores, best, axis=-1))
    return np.sum(weights[..., np.newaxis] * values[best], axis=-2)
