"""Exercise `kernel_regression(queries, keys, values, bandwidth)`: (Q, d), (K, d), (K, m), h -> (Q, m) averages.

The weight of a key at distance r is exp(-r^2 / 2h^2), over their sum for each query. The largest exponent of a query is
taken off first, so that no distance is too far.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises.lab01.on_paper import mistakes_on_paper, softmax, softmax_on_paper
from autograder.exercises.whole_numbers import taking_whole_numbers
from reformer import neighbors
from reformer.loops import neighbors as twins

exercise = Exercise(
    taking_whole_numbers(neighbors.kernel_regression), twins.kernel_regression, axes=("query", "number")
)


def _inputs(rng, n_queries, n_keys, n_features, n_value_features):
    """Normal queries and keys; values from 1 to 5 in size, of one sign in a column: no average is too small to see."""
    signs = np.where(np.arange(n_value_features) % 2, -1, 1)
    values = signs * rng.uniform(1, 5, (n_keys, n_value_features))
    return rng.standard_normal((n_queries, n_features)), rng.standard_normal((n_keys, n_features)), values


@exercise.case("two queries, four keys on a line, bandwidth 0.5", tolerance=1e-5)
def _(rng):
    keys = np.array([[0.0], [1.0], [2.0], [3.0]])
    return call(np.array([[0.0], [1.5]]), keys, np.array([[1.0], [2.0], [3.0], [4.0]]), 0.5)


@exercise.case("whole numbers, some of them large, and bandwidth 2", tolerance=1e-5)
def _(rng):
    keys = np.array([[0, 1], [2, -1], [-3, 2], [1, 4]])
    return call(np.array([[0, 0], [2, 1], [300, 0]]), keys, np.array([[10, -5], [300, 2], [-40, 70], [25, 1]]), 2)


@exercise.case("three queries, five keys in the plane, in float32, bandwidth 0.7", tolerance=1e-5)
def _(rng):
    return call(*(array.astype(np.float32) for array in _inputs(rng, 3, 5, 2, 2)), 0.7)


@exercise.case("four queries, four keys in the plane, bandwidth 0.7", tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 4, 4, 2, 2), 0.7)


@exercise.case("one query, one key, one feature: the values of the key", tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 1, 1, 1, 4), 0.3)


@exercise.property(
    "where all values are 3, every estimate is 3",
    lambda rng: [call(*_inputs(rng, 5, 6, 2, 1)[:2], np.full((6, 1), 3.0), 0.7)],
)
def _(calls, answers):
    return np.isclose(answers[0], 3, rtol=1e-5)


def _moved_together(rng):
    queries, keys, values = _inputs(rng, 3, 5, 2, 2)
    shift = rng.standard_normal(2)
    return [call(queries, keys, values, 0.8), call(queries + shift, keys + shift, values, 0.8)]


@exercise.property("moving queries and keys together changes nothing", _moved_together)
def _(calls, answers):
    return np.isclose(*answers, rtol=0, atol=1e-4)


@exercise.case(
    "one query so far away that exp gives 0 for every key, unless the largest exponent is subtracted", tolerance=1e-5
)
def _(rng):
    return call(np.array([[600.0]]), np.array([[0.0], [1.0], [2.0]]), _inputs(rng, 1, 3, 1, 2)[2], 0.5)


@exercise.case("a near query and two far ones, each with a largest exponent of its own", tolerance=1e-5)
def _(rng):
    queries = np.array([[1.0], [600.0], [-600.0]])
    return call(queries, np.array([[0.0], [1.0], [2.0]]), _inputs(rng, 1, 3, 1, 2)[2], 0.5)


@exercise.case("keys near and very far: only the largest exponent can be subtracted", tolerance=1e-5)
def _(rng):
    keys = np.array([[0.0], [0.5], [1.0], [25.0]])
    return call(np.array([[0.0], [0.25], [25.0]]), keys, _inputs(rng, 1, 4, 1, 2)[2], 0.5)


@exercise.case("twenty queries, thirty keys", hidden=True, tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 20, 30, 6, 4), 1.5)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def regression_by_a_quotient(queries, keys, values, bandwidth):
    squared_distance = np.sum((queries[:, np.newaxis] - keys) ** 2, axis=-1)
    excess = squared_distance - squared_distance.min(axis=1, keepdims=True)
    kernel = np.exp(-0.5 * excess / bandwidth**2)
    return np.einsum("qk,kv->qv", kernel, values) / kernel.sum(axis=1)[:, np.newaxis]


@exercise.solution
def regression_in_single_precision(queries, keys, values, bandwidth):
    queries, keys, values = (array.astype(np.float32) for array in (queries, keys, values))
    scaled = np.linalg.norm((queries[:, np.newaxis] - keys) / np.float32(bandwidth), axis=-1)
    return softmax(-np.square(scaled) / 2) @ values


@exercise.solution
def regression_query_by_query(queries, keys, values, bandwidth):
    estimates = []
    for query in queries:
        exponents = -np.square(query - keys).sum(axis=1) / (2 * bandwidth**2)
        estimates.append(np.average(values, axis=0, weights=np.exp(exponents - exponents.max())))
    return estimates


# --- mistakes in the exponents ----------------------------------------------------------------------------------


def _squared_distance(queries, keys):
    return np.sum((queries[:, np.newaxis] - keys) ** 2, axis=-1)


def _exponents(queries, keys, bandwidth):
    return -_squared_distance(queries, keys) / (2 * bandwidth**2)


@exercise.mistake(
    why="the 2 of the normal distribution is forgotten",
    says="the 2 is missing: the exponent is `-r**2 / (2 * bandwidth**2)`",
)
def without_the_two(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(-_squared_distance(queries, keys) / bandwidth**2) @ values


@exercise.mistake(
    why="the square is thought to belong to the distance alone",
    says="the bandwidth is not squared: only then is the exponent a number without a unit",
)
def bandwidth_not_squared(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(-_squared_distance(queries, keys) / (2 * bandwidth)) @ values


@exercise.mistake(
    why="a test with bandwidth 1 cannot tell",
    says="the bandwidth is not used: every answer is that of bandwidth 1",
)
def bandwidth_ignored(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(-_squared_distance(queries, keys) / 2) @ values


@exercise.mistake(
    why="axis 0 is tried first",
    says="the weights of a key add up to one over the queries; it has to be those of a query, over the keys",
)
def normalised_over_queries(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(_exponents(queries, keys, bandwidth), axis=0) @ values


@exercise.mistake(
    why="'falls off exponentially with the distance' is taken at its word",
    says="the exponent is `-r / bandwidth`; it needs the squared distance, `-r**2 / (2 * bandwidth**2)`",
)
def exponential_of_distance(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(-np.sqrt(_squared_distance(queries, keys)) / bandwidth) @ values


@exercise.mistake(
    why="`np.linalg.norm` gives the distance, and the square is forgotten",
    says="the distance in the exponent is not squared",
)
def distance_not_squared(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(-np.sqrt(_squared_distance(queries, keys)) / (2 * bandwidth**2)) @ values


@exercise.mistake(
    why="other texts give the kernel a factor gamma, large where it is narrow; or `/ 2 * h**2` seems to divide by both",
    says="the distance is multiplied by the bandwidth instead of divided, perhaps by `/ 2 * bandwidth**2`, which needs "
    "brackets: a wide kernel becomes a narrow one",
)
def multiplied_by_the_bandwidth(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(-_squared_distance(queries, keys) / 2 * bandwidth**2) @ values


@exercise.mistake(
    why="`np.mean` is the more familiar word, and in one dimension it does the same",
    says="the squared differences are averaged over the features; the squared distance is their sum",
)
def mean_over_the_features(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(_exponents(queries, keys, bandwidth) / queries.shape[-1]) @ values


@exercise.mistake(
    why="a bracket closes too late: `np.sum(difference) ** 2`",
    says="the differences are added up before they are squared, and cancel; square each, then add up",
)
def square_of_the_summed_differences(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(-(np.sum(queries[:, np.newaxis] - keys, axis=-1) ** 2) / (2 * bandwidth**2)) @ values


@exercise.mistake(
    why="'distance' is read as the sum of the sizes of the differences",
    says="the distance is taken as the sum of the differences' sizes; it is the root of the sum of their squares",
)
def distance_along_the_axes(queries, keys, values, bandwidth, softmax=softmax):
    distance = np.sum(np.abs(queries[:, np.newaxis] - keys), axis=-1)
    return softmax(-(distance**2) / (2 * bandwidth**2)) @ values


@exercise.mistake(
    why="the minus sign is lost",
    says="the sign of the exponent is wrong: the farthest key gets the largest weight",
)
def wrong_sign(queries, keys, values, bandwidth, softmax=softmax):
    return softmax(-_exponents(queries, keys, bandwidth)) @ values


mistakes_on_paper(exercise, "exponent")


# --- other mistakes ---------------------------------------------------------------------------------------------


@exercise.mistake(
    why="the kernel looks like the weight",
    says="the weights of a query do not add up to one: divide them by their sum",
)
def weights_not_normalised(queries, keys, values, bandwidth):
    return np.exp(_exponents(queries, keys, bandwidth)) @ values


@exercise.mistake(
    why="the subtraction is mistaken for the normalisation",
    says="the largest exponent is subtracted, but the weights are not divided by their sum",
)
def only_shifted_by_the_maximum(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    return np.exp(exponents - np.max(exponents, axis=-1, keepdims=True)) @ values


@exercise.mistake(
    why="'look-up' suggests one hit",
    says="every query takes the value of its nearest key; it has to be an average over all keys",
)
def nearest_key_only(queries, keys, values, bandwidth):
    return values[np.argmin(_squared_distance(queries, keys), axis=-1)]


@exercise.mistake(
    why="the weights are the hard part, and the last step is forgotten",
    says="the weights themselves are returned, shape (Q, K); asked is the average of the values with these weights",
)
def weights_returned(queries, keys, values, bandwidth):
    return softmax(_exponents(queries, keys, bandwidth))


@exercise.mistake(
    why="averaging is where the lesson starts",
    says="all keys have the same weight, wherever the query is",
)
def plain_average(queries, keys, values, bandwidth):
    return np.broadcast_to(np.mean(values, axis=0), (len(queries), values.shape[1]))


@exercise.mistake(
    why="similarity was the first exercise of this lab, and attention has dot products",
    says="the dot product takes the place of the distance; here the distance between query and key counts",
)
def dot_in_place_of_distance(queries, keys, values, bandwidth):
    return softmax(queries @ keys.T / (2 * bandwidth**2)) @ values


@exercise.mistake(
    why="'the nearer, the more' is put into the simplest formula",
    says="the weights are one over the distance; they have to be `np.exp(-r**2 / (2 * bandwidth**2))`, over their sum",
)
def inverse_distance(queries, keys, values, bandwidth):
    weights = 1 / (np.sqrt(_squared_distance(queries, keys)) + 1e-9)
    return weights / np.sum(weights, axis=-1, keepdims=True) @ values


@exercise.mistake(
    why="the formula as it stands in books",
    says="all weights of a far query round to 0, and 0/0 is NaN; before `np.exp`, subtract the largest exponent of "
    "each query: `axis=-1, keepdims=True`",
)
def weights_vanish_far_away(queries, keys, values, bandwidth):
    return softmax_on_paper(_exponents(queries, keys, bandwidth)) @ values


@exercise.mistake(
    why="a small number in the divisor, or `np.nan_to_num`, keeps NaN away",
    says="a query far from all keys gets 0, because all its weights round to 0; before `np.exp`, subtract the largest "
    "exponent of each query",
)
def zero_far_away(queries, keys, values, bandwidth):
    return np.nan_to_num(weights_vanish_far_away(queries, keys, values, bandwidth))


@exercise.mistake(
    why="it is overlooked that the exponents are negative, or the sign is put in afterwards",
    says="the smallest exponent of each query is subtracted, so that `np.exp` overflows for a key much nearer than the "
    "farthest; subtract the largest",
)
def smallest_subtracted(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    return softmax_on_paper(exponents - np.min(exponents, axis=-1, keepdims=True)) @ values


@exercise.mistake(
    why="numbers are centred by their mean in statistics",
    says="the mean exponent of each query is subtracted, so that `np.exp` overflows for a key much nearer than the "
    "average; subtract the largest",
)
def mean_subtracted(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    return softmax_on_paper(exponents - np.mean(exponents, axis=-1, keepdims=True)) @ values


@exercise.mistake(
    why="`np.max` without an axis takes the largest of the whole table",
    says="one maximum is subtracted for all queries, so that a far query still divides 0 by 0; it has to be the "
    "largest exponent of each query: `axis=-1, keepdims=True`",
)
def one_maximum_for_all_queries(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    return softmax_on_paper(exponents - np.max(exponents)) @ values


@exercise.mistake(
    why="axis 0 is tried first",
    says="the largest exponent of each key is subtracted, along the wrong axis, which changes the weights; it has to "
    "be the largest of each query: `axis=-1, keepdims=True`",
)
def maximum_over_the_queries(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    return softmax_on_paper(exponents - np.max(exponents, axis=0)) @ values


@exercise.mistake(
    why="`np.clip` keeps `np.exp` from rounding to 0",
    says="the exponents are cut at a limit, which makes all keys look equally near to a far query; subtract the "
    "largest exponent of each query instead",
)
def exponents_clipped(queries, keys, values, bandwidth):
    return softmax(np.maximum(_exponents(queries, keys, bandwidth), -700)) @ values


@exercise.mistake(
    why="`np.sum` without an axis adds up the whole table",
    says="all weights together add up to one; it has to be those of each query: `axis=-1, keepdims=True`",
)
def divided_by_the_sum_of_all(queries, keys, values, bandwidth):
    weights = np.exp(_exponents(queries, keys, bandwidth))
    return weights / np.sum(weights) @ values


@exercise.mistake(
    why="`np.sum` without an axis adds up the whole table",
    says="the weights are divided by the sum of the whole table; it has to be that of each query: "
    "`axis=-1, keepdims=True`",
)
def shifted_and_divided_by_the_sum_of_all(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    weights = np.exp(exponents - np.max(exponents, axis=-1, keepdims=True))
    return weights / np.sum(weights) @ values


@exercise.mistake(
    why="`np.max` and `np.sum` drop the axis, and NumPy lines up axes from the right",
    says="maximum or sum, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1)",
)
def regression_without_keepdims(queries, keys, values, bandwidth):
    exponents = _exponents(queries, keys, bandwidth)
    weights = np.exp(exponents - np.max(exponents, axis=-1))
    return weights / np.sum(weights, axis=-1) @ values


@exercise.mistake(
    why="`np.sum` drops the axis, and NumPy lines up axes from the right; on paper no maximum is subtracted",
    says="the sums, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1). Besides, subtract the "
    "largest of each query",
)
def regression_on_paper_without_keepdims(queries, keys, values, bandwidth):
    weights = np.exp(_exponents(queries, keys, bandwidth))
    return weights / np.sum(weights, axis=-1) @ values


@exercise.mistake(
    why="`np.zeros_like(values)` keeps the dtype of the values, which is that of whole numbers here",
    says="the result has the dtype of the values: where they are whole numbers, the averages are cut to whole numbers",
)
def cut_to_whole_numbers(queries, keys, values, bandwidth):
    return exercise.reference(queries, keys, values, bandwidth).astype(values.dtype)


@exercise.mistake(
    why="`np.zeros_like(values)` is as wide as the result, but as long as there are keys",
    says="the result is made like `values`, with a row for each key and their dtype; it has a row for each query",
)
def shaped_like_values(queries, keys, values, bandwidth):
    result = np.zeros_like(values)
    for i, of_query in enumerate(exercise.reference(queries, keys, values, bandwidth)):
        result[i] = of_query
    return result


@exercise.mistake(
    why="the weights of the example are shown with four decimals",
    says="the weights are rounded to four decimals; small ones count, too",
)
def weights_rounded(queries, keys, values, bandwidth):
    return np.round(softmax(_exponents(queries, keys, bandwidth)), 4) @ values
