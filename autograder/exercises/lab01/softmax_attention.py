"""Exercise `softmax_attention(queries, keys, values)`: (Q, d), (K, d), (K, m) -> (Q, m) weighted averages.

The weights of a query are the softmax, over the keys, of its scores q . k / sqrt(d). The largest score of a query is
taken off first, so that no score is too large and none too small.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises.lab01.on_paper import mistakes_on_paper, softmax, softmax_on_paper
from autograder.exercises.whole_numbers import taking_whole_numbers
from reformer import neighbors
from reformer.loops import neighbors as twins

exercise = Exercise(
    taking_whole_numbers(neighbors.softmax_attention), twins.softmax_attention, axes=("query", "number")
)


def _inputs(rng, n_queries, n_keys, n_features, n_value_features):
    """Normal queries and keys; values from 1 to 5 in size, of one sign in a column: no average is too small to see."""
    signs = np.where(np.arange(n_value_features) % 2, -1, 1)
    values = signs * rng.uniform(1, 5, (n_keys, n_value_features))
    return rng.standard_normal((n_queries, n_features)), rng.standard_normal((n_keys, n_features)), values


@exercise.case("two queries, three keys, four features", tolerance=1e-5)
def _(rng):
    queries = np.array([[2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 2.0]])
    keys = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [-1.0, 0.0, 0.0, 0.0]])
    return call(queries, keys, np.array([[10.0], [20.0], [60.0]]))


@exercise.case("whole numbers, some of them large", tolerance=1e-5)
def _(rng):
    keys = np.array([[1, 0, 2], [0, -1, 1], [2, 1, 0], [-1, 2, 1]])
    return call(np.array([[1, 2, 0], [-1, 0, 1]]), keys, np.array([[10, -5], [300, 2], [-40, 70], [25, 1]]))


@exercise.case("four queries, five keys, three features, in float32", tolerance=1e-5)
def _(rng):
    return call(*(array.astype(np.float32) for array in _inputs(rng, 4, 5, 3, 2)))


@exercise.case("four queries, four keys, three features", tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 4, 4, 3, 2))


@exercise.case("one query, one key, one feature: the values of the key", tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 1, 1, 1, 4))


def _keys_in_another_order(rng):
    queries, keys, values = _inputs(rng, 3, 6, 4, 2)
    order = rng.permutation(6)
    return [call(queries, keys, values), call(queries, keys[order], values[order])]


@exercise.property("the order of the keys, with their values, does not matter", _keys_in_another_order)
def _(calls, answers):
    return np.isclose(*answers, rtol=0, atol=1e-5)


def _equal_keys(rng):
    queries, keys, values = _inputs(rng, 3, 5, 4, 2)
    return [call(queries, np.tile(keys[:1], (5, 1)), values)]


@exercise.property("equal keys give the plain average of the values", _equal_keys)
def _(calls, answers):
    values = calls[0].args[2]
    return np.isclose(answers[0], values.mean(axis=0), rtol=1e-5)


@exercise.case(
    "scores about 800 and about -800, whose exponentials overflow or vanish unless the largest score is subtracted",
    tolerance=1e-5,
)
def _(rng):
    queries = np.array([[32.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0], [-32.0, 0.0, 0.0, 0.0]])
    keys = np.array([[50.0, 0.0, 0.0, 0.0], [50.03125, 1.0, 0.0, 0.0], [49.96875, 2.0, 0.0, 0.0]])
    return call(queries, keys, np.array([[1.0, -9.0], [2.0, 5.0], [4.0, -5.0]]))


@exercise.case("scores from -1000 to 1000: only the largest can be subtracted", tolerance=1e-5)
def _(rng):
    queries = np.array([[1.0], [-1.0]])
    return call(queries, np.array([[1000.0], [999.0], [998.0], [-1000.0]]), _inputs(rng, 1, 4, 1, 2)[2])


@exercise.case("forty queries, sixty keys", hidden=True, tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 40, 60, 16, 8))


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def attention_by_einsum(queries, keys, values):
    logits = np.einsum("qd,kd->kq", queries, keys) * queries.shape[-1] ** -0.5
    weights = np.exp(logits - np.logaddexp.reduce(logits, axis=0))
    return np.einsum("kq,kv->qv", weights, values)


@exercise.solution
def attention_in_single_precision(queries, keys, values):
    queries, keys, values = (array.astype(np.float32) for array in (queries, keys, values))
    logits = (queries / np.float32(np.sqrt(queries.shape[1]))) @ keys.T
    weights = np.exp(logits - logits.max(axis=1)[:, None])
    return (weights @ values) / weights.sum(axis=1)[:, None]


@exercise.solution
def attention_query_by_query(queries, keys, values):
    rows = []
    for query in queries:
        scores = keys @ query / len(query) ** 0.5
        rows.append(np.average(values, axis=0, weights=np.exp(scores - max(scores))))
    return np.stack(rows)


# --- mistakes in the scores -------------------------------------------------------------------------------------


def _scores(queries, keys):
    return queries @ keys.T / np.sqrt(queries.shape[-1])


def _norms(vectors):
    return np.linalg.norm(vectors, axis=-1, keepdims=True)


@exercise.mistake(
    why="the root of d looks like a detail",
    says="the scores are not divided by `np.sqrt(d)`: the more features, the sharper the weights",
)
def no_scale(queries, keys, values, softmax=softmax):
    return softmax(queries @ keys.T) @ values


@exercise.mistake(
    why="'scaled by' is read as 'times'",
    says="the scores are multiplied by `np.sqrt(d)` instead of divided",
)
def multiplied_by_root(queries, keys, values, softmax=softmax):
    return softmax(queries @ keys.T * np.sqrt(queries.shape[-1])) @ values


@exercise.mistake(
    why="an average over the features divides by their number",
    says="the scores are divided by `d` instead of its root: the weights come out too even",
)
def divided_by_d(queries, keys, values, softmax=softmax):
    return softmax(queries @ keys.T / queries.shape[-1]) @ values


@exercise.mistake(
    why="with as many keys as features the shapes do not tell",
    says="the root is that of the number of keys; it has to be that of the number of features, `keys.shape[-1]`",
)
def divided_by_root_of_number_of_keys(queries, keys, values, softmax=softmax):
    return softmax(queries @ keys.T / np.sqrt(len(keys))) @ values


@exercise.mistake(
    why="`values.shape[-1]` is the number of features, too, but of the values",
    says="the root is that of the m features of the values; it has to be that of the d features of the keys",
)
def divided_by_root_of_value_features(queries, keys, values, softmax=softmax):
    return softmax(queries @ keys.T / np.sqrt(values.shape[-1])) @ values


@exercise.mistake(
    why="the order of the two steps is turned round",
    says="the weights are divided by `np.sqrt(d)`, after the softmax; the scores have to be, before it",
)
def divided_by_root_after_the_softmax(queries, keys, values, softmax=softmax):
    return softmax(queries @ keys.T) / np.sqrt(queries.shape[-1]) @ values


@exercise.mistake(
    why="axis 0 is tried first; with as many queries as keys the shapes do not tell",
    says="the softmax runs over the queries: the weights of every query have to add up to one over the keys",
)
def softmax_over_queries(queries, keys, values, softmax=softmax):
    return softmax(_scores(queries, keys), axis=0) @ values


mistakes_on_paper(exercise, "score")


@exercise.mistake(
    why="the Reformer does so, and so does the cosine",
    says="the keys are brought to norm 1; here their norms count",
)
def keys_normalised(queries, keys, values):
    return softmax(_scores(queries, keys / _norms(keys))) @ values


@exercise.mistake(
    why="similarity was the first exercise of this lab",
    says="the cosine takes the place of the dot product; attention uses the dot product over `np.sqrt(d)`",
)
def cosine_in_place_of_dot(queries, keys, values):
    return softmax((queries / _norms(queries)) @ (keys / _norms(keys)).T) @ values


@exercise.mistake(
    why="similarity was the first exercise of this lab",
    says="the cosine is divided by `np.sqrt(d)`; attention divides the dot product, in which norms count",
)
def cosine_over_root(queries, keys, values):
    return softmax(_scores(queries / _norms(queries), keys / _norms(keys))) @ values


@exercise.mistake(
    why="`kernel_regression` was the exercise before, and gives the same where all keys are equally long",
    says="the distance takes the place of the dot product; here long keys count more",
)
def distance_in_place_of_dot(queries, keys, values):
    squared_distance = np.sum((queries[:, np.newaxis] - keys) ** 2, axis=-1)
    return softmax(-squared_distance / (2 * np.sqrt(queries.shape[-1]))) @ values


# --- mistakes in the softmax and after it -----------------------------------------------------------------------


@exercise.mistake(
    why="on paper the subtraction changes nothing",
    says="the largest score is not subtracted before `np.exp`: right on paper, but large scores overflow",
)
def no_maximum_subtracted(queries, keys, values):
    return softmax_on_paper(_scores(queries, keys)) @ values


@exercise.mistake(
    why="'what overflows' is thought of as what is small",
    says="the smallest score of each query is subtracted, so that `np.exp` still overflows where the scores are far "
    "apart; subtract the largest",
)
def smallest_subtracted(queries, keys, values):
    scores = _scores(queries, keys)
    return softmax_on_paper(scores - np.min(scores, axis=-1, keepdims=True)) @ values


@exercise.mistake(
    why="numbers are centred by their mean in statistics",
    says="the mean score of each query is subtracted, so that `np.exp` still overflows where one score is far above "
    "the others; subtract the largest",
)
def mean_subtracted(queries, keys, values):
    scores = _scores(queries, keys)
    return softmax_on_paper(scores - np.mean(scores, axis=-1, keepdims=True)) @ values


@exercise.mistake(
    why="`np.max` without an axis takes the largest of the whole table",
    says="one maximum is subtracted for all queries, so that a query with small scores divides 0 by 0; it has to be "
    "the largest score of each query: `axis=-1, keepdims=True`",
)
def one_maximum_for_all_scores(queries, keys, values):
    scores = _scores(queries, keys)
    return softmax_on_paper(scores - np.max(scores)) @ values


@exercise.mistake(
    why="axis 0 is tried first",
    says="the largest score of each key is subtracted, along the wrong axis, which changes the weights; it has to be "
    "the largest of each query: `axis=-1, keepdims=True`",
)
def maximum_over_the_queries(queries, keys, values):
    scores = _scores(queries, keys)
    return softmax_on_paper(scores - np.max(scores, axis=0)) @ values


@exercise.mistake(
    why="`np.clip` keeps `np.exp` from overflowing",
    says="the scores are cut at a limit, so that all large ones look alike; subtract the largest score of each query "
    "instead",
)
def scores_clipped(queries, keys, values):
    return softmax(np.clip(_scores(queries, keys), -500, 500)) @ values


@exercise.mistake(
    why="`np.nan_to_num` makes warnings and NaN go away",
    says="infinity over infinity and 0 over 0 are replaced by 0; subtract the largest score of each query before "
    "`np.exp`",
)
def nan_replaced(queries, keys, values):
    return np.nan_to_num(softmax_on_paper(_scores(queries, keys))) @ values


@exercise.mistake(
    why="the maximum has the right axis, the sum the first",
    says="the maximum is taken over the keys and the sum over the first axis; the weights of every query have to add "
    "up to one over the keys: `axis=-1, keepdims=True`",
)
def divided_by_the_sum_over_the_first_axis(queries, keys, values):
    scores = _scores(queries, keys)
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return weights / np.sum(weights, axis=0) @ values


@exercise.mistake(
    why="`np.sum` without an axis adds up the whole table",
    says="all weights together add up to one: say `axis=-1, keepdims=True` in the sum",
)
def softmax_over_everything(queries, keys, values):
    weights = np.exp(_scores(queries, keys) - np.max(_scores(queries, keys)))
    return weights / np.sum(weights) @ values


@exercise.mistake(
    why="`np.sum` without an axis adds up the whole table; on paper no maximum is subtracted",
    says="all weights together add up to one: say `axis=-1, keepdims=True`. Besides, subtract the largest of each "
    "query",
)
def scores_on_paper_divided_by_the_sum_of_all(queries, keys, values):
    weights = np.exp(_scores(queries, keys))
    return weights / np.sum(weights) @ values


@exercise.mistake(
    why="`np.sum` without an axis adds up the whole table",
    says="the weights are divided by the sum of the whole table; it has to be that of each query: "
    "`axis=-1, keepdims=True`",
)
def scores_shifted_and_divided_by_the_sum_of_all(queries, keys, values):
    scores = _scores(queries, keys)
    weights = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return weights / np.sum(weights) @ values


@exercise.mistake(
    why="`np.max` and `np.sum` drop the axis, and NumPy lines up axes from the right",
    says="maximum or sum, shape (Q,), are lined up with the keys; `keepdims=True` makes them (Q, 1)",
)
def attention_without_keepdims(queries, keys, values):
    scores = _scores(queries, keys)
    weights = np.exp(scores - np.max(scores, axis=-1))
    return weights / np.sum(weights, axis=-1) @ values


@exercise.mistake(
    why="the subtraction of the maximum is mistaken for the normalisation",
    says="the exponentials are not divided by their sum, so that the weights do not add up to one",
)
def exponentials_not_normalised(queries, keys, values):
    scores = _scores(queries, keys)
    return np.exp(scores - np.max(scores, axis=-1, keepdims=True)) @ values


@exercise.mistake(
    why="'an average with weights' is taken to mean the scores themselves",
    says="the scores are divided by their sum, without `np.exp`: weights can be negative then",
)
def scores_as_weights(queries, keys, values):
    scores = _scores(queries, keys)
    return scores / np.sum(scores, axis=-1, keepdims=True) @ values


@exercise.mistake(
    why="the weights are the hard part, and the last step is forgotten",
    says="the weights themselves are returned, shape (Q, K); asked is the average of the values with these weights",
)
def weights_returned(queries, keys, values):
    return softmax(_scores(queries, keys))


@exercise.mistake(
    why="a softmax over an axis of size 1, or of a constant, gives this",
    says="all keys have the same weight, whatever the query",
)
def uniform_weights(queries, keys, values):
    return np.broadcast_to(np.mean(values, axis=0), (len(queries), values.shape[1]))


@exercise.mistake(
    why="'look-up' suggests one hit",
    says="every query takes the value of its best key alone; attention averages over all keys",
)
def hard_maximum(queries, keys, values):
    return values[np.argmax(queries @ keys.T, axis=-1)]


@exercise.mistake(
    why="keys are looked up, and so they are thought to be what is handed over",
    says="the keys are averaged; what each position hands over are its values",
)
def keys_averaged(queries, keys, values):
    return softmax(_scores(queries, keys)) @ keys


@exercise.mistake(
    why="`np.zeros_like(values)` keeps the dtype of the values, which is that of whole numbers here",
    says="the result has the dtype of the values: where they are whole numbers, the averages are cut to whole numbers",
)
def cut_to_whole_numbers(queries, keys, values):
    return exercise.reference(queries, keys, values).astype(values.dtype)


@exercise.mistake(
    why="the dot product is symmetric, so either order looks right",
    says="the table of scores is turned over: `keys @ queries.T` has a row for each key, where each query needs one",
)
def keys_look_up_queries(queries, keys, values):
    return softmax(keys @ queries.T / np.sqrt(keys.shape[-1])) @ values


@exercise.mistake(
    why="language models do so",
    says="query i sees the keys 0 to i only, as in a language model; here every query sees all keys",
)
def causal_mask(queries, keys, values):
    scores = _scores(queries, keys)
    return softmax(np.where(np.tril(np.ones(scores.shape, dtype=bool)), scores, -np.inf)) @ values


@exercise.mistake(
    why="a vector was not its own neighbour in `k_nearest`",
    says="query i does not see key i, as in `k_nearest`; here every query sees all keys",
)
def not_to_itself(queries, keys, values):
    scores = _scores(queries, keys)
    np.fill_diagonal(scores, -np.inf)
    return softmax(scores) @ values


@exercise.mistake(
    why="numerator and denominator are written on two lines, and one of them is corrected",
    says="the largest score is subtracted above the fraction line, but not below it; it cancels only if both have it",
)
def maximum_in_the_numerator_only(queries, keys, values):
    scores = _scores(queries, keys)
    shifted = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    return shifted / np.sum(np.exp(scores), axis=-1, keepdims=True) @ values


@exercise.mistake(
    why="the weights are put through a softmax function that is called again",
    says="the softmax is applied twice, the second time to the weights, which makes them much too even",
)
def softmax_twice(queries, keys, values):
    return softmax(softmax(_scores(queries, keys))) @ values


@exercise.mistake(
    why="`=` is written for `+=` in the loop over the keys",
    says="each key's share replaces the one before, so that the last key's is left: add them up with `+=`",
)
def last_share_only(queries, keys, values):
    return softmax(_scores(queries, keys))[:, -1:] * values[-1]


@exercise.mistake(
    why="`/=` saves memory, but does not turn whole numbers into floats",
    says="`queries /= np.sqrt(d)` writes into the caller's array, which fails where that holds whole numbers; write "
    "`queries / np.sqrt(d)`",
)
def divided_in_place(queries, keys, values):
    queries /= np.sqrt(queries.shape[-1])
    return softmax(queries @ keys.T) @ values


@exercise.mistake(
    why="the weights of the example are shown with three decimals",
    says="the weights are rounded to three decimals; small ones count, too",
)
def weights_rounded(queries, keys, values):
    return np.round(softmax(_scores(queries, keys)), 3) @ values
