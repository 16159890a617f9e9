"""Room G1, `attention_pool(vectors, scores, present)`: (B, n, d), (B, n), (B, n) bool -> (B, d) weighted averages.

The weights of a bag are the softmax of the scores of the items that are present. What is absent counts nothing,
whatever number stands in its place; an empty bag gives zeros.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from gallery import loops, sets

exercise = Exercise(sets.attention_pool, loops.attention_pool, axes=("bag", "feature"), in_gallery=True)


def _inputs(rng, n_bags, n_items, n_features):
    """Vectors of one sign in a column, so that no average is too small to see; each bag lacks some items, not all."""
    signs = np.where(np.arange(n_features) % 2, -1, 1)
    vectors = signs * rng.uniform(1, 5, (n_bags, n_items, n_features))
    present = rng.random((n_bags, n_items)) < 0.6
    present[:, 0], present[:, -1] = True, False
    return vectors, rng.standard_normal((n_bags, n_items)), rng.permuted(present, axis=1)


@exercise.case("one bag of three items, all present", tolerance=1e-5)
def _(rng):
    vectors = np.array([[[10.0, 0.0], [20.0, 4.0], [60.0, 8.0]]])
    return call(vectors, np.array([[0.0, 1.0, -1.0]]), np.ones((1, 3), bool))


@exercise.case("the same bag, and once more without its last item", tolerance=1e-5)
def _(rng):
    vectors = np.array([[[10.0, 0.0], [20.0, 4.0], [60.0, 8.0]]] * 2)
    return call(vectors, np.array([[0.0, 1.0, -1.0]] * 2), np.array([[True] * 3, [True, True, False]]))


@exercise.case("four bags of five items, some absent", tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 4, 5, 2))


@exercise.case("four bags of four items with four features", tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 4, 4, 4))


@exercise.case("an empty bag beside two others", tolerance=1e-5)
def _(rng):
    vectors, scores, present = _inputs(rng, 3, 4, 2)
    present[1] = False
    return call(vectors, scores, present)


@exercise.case("absent items with the largest scores and vectors", tolerance=1e-5)
def _(rng):
    vectors, scores, present = _inputs(rng, 3, 6, 2)
    scores[~present] += 2000
    vectors[~present] *= 30
    return call(vectors, scores, present)


@exercise.case("scores about 1000, whose exponentials overflow unless the largest is subtracted", tolerance=1e-5)
def _(rng):
    vectors, scores, present = _inputs(rng, 3, 5, 2)
    return call(vectors, scores + np.array([[1000.0], [0.0], [990.0]]), present)


@exercise.case("scores about -1000, whose exponentials are 0 unless the largest is subtracted", tolerance=1e-5)
def _(rng):
    vectors, scores, present = _inputs(rng, 3, 5, 2)
    return call(vectors, scores - np.array([[1000.0], [1010.0], [990.0]]), present)


def _in_another_order(rng):
    vectors, scores, present = _inputs(rng, 3, 6, 2)
    order = rng.permutation(6)
    return [call(vectors, scores, present), call(vectors[:, order], scores[:, order], present[:, order])]


@exercise.property("the order of the items does not matter", _in_another_order)
def _(calls, answers):
    return np.isclose(*answers, rtol=0, atol=1e-5)


def _with_absent_items(rng):
    vectors, scores, present = _inputs(rng, 3, 5, 2)
    more = _inputs(rng, 3, 4, 2)
    added = [np.concatenate(pair, axis=1) for pair in zip((vectors, scores, present), more, strict=True)]
    added[2][:, 5:] = False
    return [call(vectors, scores, present), call(*added)]


@exercise.property("more absent items change nothing", _with_absent_items)
def _(calls, answers):
    return np.isclose(*answers, rtol=0, atol=1e-5)


# --- right answers in other styles ------------------------------------------------------------------------------


def _hidden(scores, present):
    return np.where(present, scores, -np.inf)


def _top(scores):
    top = np.max(scores, axis=1, keepdims=True)
    return np.where(np.isfinite(top), top, 0)


def _divided(parts, axis=1):
    whole = np.sum(parts, axis=axis, keepdims=True)
    return parts / np.where(whole == 0, 1, whole)


def _weights(scores, present):
    hidden = _hidden(scores, present)
    return _divided(np.exp(hidden - _top(hidden)))


@exercise.solution
def by_einsum(vectors, scores, present):
    return np.einsum("bn,bnd->bd", _weights(scores, present), vectors)


@exercise.solution
def two_sums(vectors, scores, present):
    """A deep set: the sum of the weighted vectors over the sum of the weights."""
    parts = np.exp(np.where(present, scores - _top(_hidden(scores, present)), -np.inf))
    sums = (parts[:, np.newaxis] @ vectors)[:, 0]
    return sums / np.maximum(parts.sum(axis=1), np.finfo(float).tiny)[:, np.newaxis]


@exercise.solution
def bag_by_bag(vectors, scores, present):
    pooled = []
    for items, its_scores, here in zip(vectors, scores, present, strict=True):
        weights = np.exp(its_scores[here] - np.max(its_scores[here], initial=-np.inf))
        pooled.append(weights @ items[here] / max(weights.sum(), 1e-300))
    return np.array(pooled)


@exercise.solution
def in_single_precision(vectors, scores, present):
    return by_einsum(vectors.astype(np.float32), scores.astype(np.float32), present)


# --- mistakes -----------------------------------------------------------------------------------------------------


@exercise.mistake(
    why="multiplying by the mask looks like hiding",
    says="an absent item has score 0, and so a weight of its own; hide it before the softmax, by `-np.inf`",
)
def absent_scores_are_zero(vectors, scores, present):
    return by_einsum(vectors, scores * present, np.ones_like(present))


@exercise.mistake(
    why="the weights are there, and what is absent is taken out of them",
    says="absent items are taken out after the softmax, and the other weights no longer add up to one",
)
def not_normalised_again(vectors, scores, present):
    return np.einsum("bn,bnd->bd", _weights(scores, np.ones_like(present)) * present, vectors)


@exercise.mistake(
    why="the third argument is easily forgotten",
    says="`present` is not used: absent items take their share of the weight",
)
def present_is_not_used(vectors, scores, present):
    return by_einsum(vectors, scores, np.ones_like(present))


@exercise.mistake(
    why="True is taken for 'to be hidden', as in masks of other libraries",
    says="`present` is read the wrong way round: the items that are there are hidden",
)
def present_is_hidden(vectors, scores, present):
    return by_einsum(vectors, scores, ~present)


@exercise.mistake(
    why="axis 0 is tried first",
    says="the softmax runs over the bags: the weights of every bag have to add up to one over its items, `axis=1`",
)
def softmax_over_the_batch(vectors, scores, present):
    hidden = _hidden(scores, present)
    top = np.max(hidden, axis=0, keepdims=True)
    parts = np.exp(hidden - np.where(np.isfinite(top), top, 0))
    return np.einsum("bn,bnd->bd", _divided(parts, axis=0), vectors)


@exercise.mistake(
    why="`np.sum` without an axis adds up the whole table",
    says="all weights of all bags together add up to one: `np.sum`, and `np.max` before it, need "
    "`axis=1, keepdims=True`; take the largest of the items present only",
)
def softmax_over_everything(vectors, scores, present):
    hidden = _hidden(scores, present)
    parts = np.exp(hidden - np.max(hidden))
    return np.einsum("bn,bnd->bd", parts / np.sum(parts), vectors)


@exercise.mistake(
    why="on paper the subtraction changes nothing",
    says="the largest score is not subtracted before `np.exp`: right on paper, but large scores overflow",
)
def no_maximum_subtracted(vectors, scores, present):
    return np.einsum("bn,bnd->bd", _divided(np.exp(_hidden(scores, present))), vectors)


@exercise.mistake(
    why="on paper the subtraction changes nothing, and only bags with nothing in them are looked out for",
    says="the largest score is not subtracted before `np.exp`: right on paper, but large scores overflow, and of very "
    "low ones all exponentials are 0, and so is their sum",
)
def no_maximum_bag_by_bag(vectors, scores, present):
    pooled = np.zeros((vectors.shape[0], vectors.shape[2]))
    for bag in np.flatnonzero(present.any(axis=1)):
        parts = np.exp(scores[bag, present[bag]])
        pooled[bag] = parts / np.sum(parts) @ vectors[bag, present[bag]]
    return pooled


@exercise.mistake(
    why="0 divided by 0 is not thought of, and on paper the subtraction changes nothing",
    says="the largest score is not subtracted before `np.exp`, so that large scores overflow; and an empty bag gives "
    "NaN, as 0 is divided by 0, where it has to give zeros",
)
def no_maximum_and_nothing_for_empty_bags(vectors, scores, present):
    parts = np.exp(_hidden(scores, present))
    return np.einsum("bn,bnd->bd", parts / np.sum(parts, axis=1, keepdims=True), vectors)


@exercise.mistake(
    why="multiplying by the mask looks like hiding, after `np.exp`",
    says="`np.exp` is taken of all scores as they are, and inf times 0 is NaN: hide the absent ones first, then "
    "subtract the largest of those present",
)
def exponentials_of_the_absent_too(vectors, scores, present):
    return np.einsum("bn,bnd->bd", _divided(np.exp(scores) * present), vectors)


@exercise.mistake(
    why="multiplying by the mask looks like hiding, after `np.exp`; and 0 divided by 0 is not thought of",
    says="`np.exp` is taken of all scores as they are, and inf times 0 is NaN: hide the absent ones first, then "
    "subtract the largest of those present; an empty bag, where 0 is divided by 0, has to give zeros",
)
def exponentials_of_the_absent_and_nothing_for_empty_bags(vectors, scores, present):
    parts = np.exp(scores) * present
    return np.einsum("bn,bnd->bd", parts / np.sum(parts, axis=1, keepdims=True), vectors)


@exercise.mistake(
    why="`np.max` without an axis takes the largest of the whole table",
    says="one largest score is subtracted in all bags: where the scores of a bag are far below it, `np.exp` of them is "
    "0; take the largest of each bag, `axis=1, keepdims=True`",
)
def one_maximum_for_all_bags(vectors, scores, present):
    hidden = _hidden(scores, present)
    return np.einsum("bn,bnd->bd", _divided(np.exp(hidden - np.max(hidden))), vectors)


@exercise.mistake(
    why="the maximum is taken before anything is hidden",
    says="the largest score of all items is subtracted, of absent ones too: where it is far above the others, "
    "`np.exp` of these is 0; take the largest of those that are present",
)
def maximum_of_the_absent_too(vectors, scores, present):
    parts = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    return np.einsum("bn,bnd->bd", _divided(np.where(present, parts, 0)), vectors)


@exercise.mistake(
    why="the maximum is taken before anything is hidden, and 0 divided by 0 is not thought of",
    says="the largest score of all items is subtracted, of absent ones too: where it is far above the others, "
    "`np.exp` of these is 0, and 0 divided by 0 is NaN; take the largest of those that are present, and give zeros "
    "for an empty bag",
)
def maximum_of_the_absent_and_nothing_for_empty_bags(vectors, scores, present):
    parts = np.exp(scores - np.max(scores, axis=1, keepdims=True)) * present
    return np.einsum("bn,bnd->bd", parts / np.sum(parts, axis=1, keepdims=True), vectors)


@exercise.mistake(
    why="0 divided by 0 is not thought of",
    says="an empty bag gives NaN, as 0 is divided by 0; it has to give zeros",
)
def empty_bag_is_nan(vectors, scores, present):
    hidden = _hidden(scores, present)
    parts = np.exp(hidden - np.max(hidden, axis=1, keepdims=True))
    return np.einsum("bn,bnd->bd", parts / np.sum(parts, axis=1, keepdims=True), vectors)


@exercise.mistake(
    why="a large negative number hides well, as long as something is left",
    says="absent items are hidden by a finite number: in an empty bag all have the same, and share "
    "the weight; hide by `-np.inf`, and give zeros for an empty bag",
)
def hidden_by_a_finite_number(vectors, scores, present):
    return by_einsum(vectors, np.where(present, scores, -1e9), np.ones_like(present))


@exercise.mistake(
    why="pooling is thought to be the mean",
    says="all items that are present count the same; their scores are not used",
)
def plain_mean(vectors, scores, present):
    return by_einsum(vectors, np.zeros_like(scores), present)


@exercise.mistake(
    why="'the most important item' suggests one",
    says="the item of the largest score is taken alone; all that are present count, by their weights",
)
def best_item_alone(vectors, scores, present):
    best = np.argmax(_hidden(scores, present), axis=1)
    return np.where(present.any(axis=1)[:, np.newaxis], vectors[np.arange(len(vectors)), best], 0)


@exercise.mistake(
    why="an average seems to ask for a division by the number",
    says="the weighted sum is divided by the number of items once more; the weights add up to one already",
)
def divided_by_the_number_too(vectors, scores, present):
    return by_einsum(vectors, scores, present) / vectors.shape[1]


@exercise.mistake(
    why="the weights are the hard part, and the last step is forgotten",
    says="the weights themselves are returned, shape (B, n); asked is the average of the vectors with these weights",
)
def weights_returned(vectors, scores, present):
    return _weights(scores, present)


@exercise.mistake(
    why="the exponentials are taken for the weights",
    says="the exponentials are not divided by their sum, so that the weights do not add up to one",
)
def exponentials_not_divided(vectors, scores, present):
    hidden = _hidden(scores, present)
    return np.einsum("bn,bnd->bd", np.exp(hidden - _top(hidden)), vectors)


@exercise.mistake(
    why="'an average with weights' is taken to mean the scores themselves",
    says="the scores are divided by their sum, without `np.exp`: weights can be negative then",
)
def scores_as_weights(vectors, scores, present):
    return np.einsum("bn,bnd->bd", _divided(scores * present), vectors)
