"""Room G3, `memory_hops(question, keys, values)`: (d), (K, n, d), (K, n, d) -> the last state (d), the weights (K, n).

The state begins as the question. Each hop weighs the lines by the softmax of keys . state, with the keys of this hop,
and adds the average of its values to the state. The scores are not divided by anything.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from gallery import hops, loops

exercise = Exercise(hops.memory_hops, loops.memory_hops, results=("state", "weights"), in_gallery=True)


def drawn(n_hops, n_lines, n_features, size=1.0):
    """A question, and keys and values for each hop, whose scores are far enough apart for weights that differ."""

    def make(rng):
        keys, values = rng.standard_normal((2, n_hops, n_lines, n_features))
        return call(rng.standard_normal(n_features), size * keys, values)

    return make


@exercise.case("one hop, three lines", tolerance=1e-5)
def _(rng):
    keys, values = np.array([[[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]]), np.array([[[5.0, 0.0], [0.0, 6.0], [7.0, 7.0]]])
    return call(np.array([2.0, 1.0]), keys, values)


@exercise.case("two hops: what the first reads, the second asks for", tolerance=1e-5)
def _(rng):
    keys = np.array([[[4.0, 0.0, 0.0], [0.0, 4.0, 0.0]], [[0.0, 0.0, 1.0], [0.0, 2.0, 0.0]]])
    values = np.array([[[0.0, 1.5, 0.0], [0.0, 0.0, 1.5]], [[3.0, 1.0, 0.0], [1.0, 3.0, 2.0]]])
    return call(np.array([1.0, 0.0, 0.5]), keys, values)


exercise.case("three hops, five lines, four features", drawn(3, 5, 4), tolerance=1e-5)
exercise.case("two hops, four lines, six features", drawn(2, 4, 6), tolerance=1e-5)
exercise.case("two hops, three lines, one feature", drawn(2, 3, 1), tolerance=1e-5)
exercise.case("as many hops as lines and features: three of each", drawn(3, 3, 3), tolerance=1e-5)
exercise.case("a memory of one line", drawn(2, 1, 3), tolerance=1e-5)


@exercise.case("scores about 1000, whose exponentials overflow unless the largest is subtracted", tolerance=1e-3)
def _(rng):
    question, keys, values = drawn(2, 4, 3)(rng).args
    question[0], keys[..., 0], values[..., 0] = 100.0, 10.0, 0.0
    return call(question, keys, values)


def _in_another_order(rng):
    question, keys, values = drawn(3, 6, 4)(rng).args
    order = rng.permutation(6)
    return [call(question, keys, values), call(question, keys[:, order], values[:, order])]


@exercise.property("the order of the lines does not matter to the state", _in_another_order)
def _(calls, answers):
    return np.isclose(answers[0][0], answers[1][0], rtol=0, atol=1e-5)


def _without_values(rng):
    question, keys, values = drawn(3, 4, 3)(rng).args
    return [call(question, keys, np.zeros_like(values))]


@exercise.property("where all values are zero, the state stays the question", _without_values)
def _(calls, answers):
    return np.isclose(answers[0][0], calls[0].args[0], rtol=0, atol=1e-6)


# --- right answers in other styles ------------------------------------------------------------------------------


def softmax(scores, axis=-1):
    parts = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return parts / np.sum(parts, axis=axis, keepdims=True)


@exercise.solution
def hop_by_hop(question, keys, values):
    state, weights = question, []
    for hop in range(len(keys)):
        weights.append(softmax(keys[hop] @ state))
        state = state + weights[-1] @ values[hop]
    return state, np.array(weights)


@exercise.solution
def reads_summed_anew(question, keys, values):
    """Keeps the reads apart, and asks with the sum of all of them."""
    weights, reads = [], [question]
    for some_keys, some_values in zip(keys, values, strict=True):
        scores = np.einsum("nd,d->n", some_keys, np.sum(reads, axis=0))
        weights.append(np.exp(scores - np.logaddexp.reduce(scores)))
        reads.append(np.einsum("n,nd->d", weights[-1], some_values))
    return np.sum(reads, axis=0), np.stack(weights)


@exercise.solution
def in_single_precision(question, keys, values):
    return hop_by_hop(*(array.astype(np.float32) for array in (question, keys, values)))


# --- mistakes -----------------------------------------------------------------------------------------------------


def _looking(question, keys, values, weigh=lambda keys, state: softmax(keys @ state), go_on=np.add):
    """Hops with another way to weigh the lines, or to go on from the state with what was read."""
    state, weights = question, []
    for some_keys, some_values in zip(keys, values, strict=True):
        weights.append(weigh(some_keys, state))
        state = go_on(state, weights[-1] @ some_values)
    return state, np.array(weights)


@exercise.mistake(
    why="what was read looks like the new question",
    says="what was read takes the place of the state; it has to be added to it, so that the question is not forgotten",
)
def read_replaces_the_state(question, keys, values):
    return _looking(question, keys, values, go_on=lambda state, read: read)


@exercise.mistake(
    why="'the question is asked several times' is taken at its word",
    says="every hop asks with the first question; the second hop has to ask with the state after the first",
)
def first_question_in_every_hop(question, keys, values):
    weights = softmax(keys @ question)
    return question + np.einsum("kn,knd->d", weights, values), weights


@exercise.mistake(
    why="the state is rebuilt from the question in each hop",
    says="each hop adds what it read to the first question, and so forgets what the hops before it read",
)
def earlier_reads_forgotten(question, keys, values):
    return _looking(question, keys, values, go_on=lambda state, read: question + read)


@exercise.mistake(
    why="keys and values are both vectors of the lines",
    says="the keys are averaged; they say where to look, and the values are what is read there",
)
def keys_are_read(question, keys, values):
    return _looking(question, keys, keys)


@exercise.mistake(
    why="keys and values are both vectors of the lines",
    says="the scores are made from the values; the state has to be compared with the keys",
)
def values_are_compared(question, keys, values):
    return _looking(question, values, values)


@exercise.mistake(
    why="`values, keys` is easily written",
    says="keys and values have changed places",
)
def keys_and_values_swapped(question, keys, values):
    return _looking(question, values, keys)


@exercise.mistake(
    why="the index of the hop is forgotten",
    says="all hops use the keys and values of the first hop; hop k has to use keys[k] and values[k]",
)
def first_tables_in_every_hop(question, keys, values):
    return _looking(question, keys[[0] * len(keys)], values[[0] * len(keys)])


@exercise.mistake(
    why="axis 0 is tried first",
    says="the softmax runs over the features: the weights of a hop are the softmax of one score for each line",
)
def softmax_over_the_features(question, keys, values):
    return _looking(question, keys, values, weigh=lambda keys, state: np.sum(softmax(keys, axis=1) * state, axis=1))


@exercise.mistake(
    why="keys * state has a product for each feature, and the softmax comes before their sum",
    says="each feature has a softmax of its own over the lines; first add the products of a line up to one score, "
    "`keys @ state`",
)
def softmax_of_each_feature(question, keys, values):
    return _looking(question, keys, values, weigh=lambda keys, state: softmax(keys * state, axis=0).mean(axis=1))


@exercise.mistake(
    why="all scores seem to be at hand at once",
    says="one softmax runs over the lines of all hops together, with the first question: the weights of each hop have "
    "to add up to one",
)
def one_softmax_over_all_hops(question, keys, values):
    scores = keys @ question
    weights = softmax(scores.ravel()).reshape(scores.shape)
    return question + np.einsum("kn,knd->d", weights, values), weights


@exercise.mistake(
    why="on paper the subtraction changes nothing",
    says="the largest score is not subtracted before `np.exp`: right on paper, but large scores overflow",
)
def no_maximum_subtracted(question, keys, values):
    def weigh(keys, state):
        parts = np.exp(keys @ state)
        return parts / parts.sum()

    return _looking(question, keys, values, weigh=weigh)


@exercise.mistake(
    why="Transformers divide so",
    says="the scores are divided by the square root of d; here they are not",
)
def scores_divided_by_the_root(question, keys, values):
    return _looking(question, keys / np.sqrt(len(question)), values)


@exercise.mistake(
    why="the exponentials are taken for the weights",
    says="the exponentials are not divided by their sum, so that the weights of a hop do not add up to one",
)
def exponentials_not_divided(question, keys, values):
    def weigh(keys, state):
        return np.exp(keys @ state - np.max(keys @ state))

    return _looking(question, keys, values, weigh=weigh)


@exercise.mistake(
    why="the scores are taken for the weights",
    says="there is no softmax: the values are summed with the scores themselves",
)
def no_softmax(question, keys, values):
    return _looking(question, keys, values, weigh=lambda keys, state: keys @ state)


@exercise.mistake(
    why="reading is thought to be the mean of what is there",
    says="the plain mean of the values is read; the weights are computed and not used",
)
def plain_mean_read(question, keys, values):
    _, weights = _looking(question, keys, np.repeat(values.mean(axis=1, keepdims=True), values.shape[1], axis=1))
    return question + values.mean(axis=1).sum(axis=0), weights


@exercise.mistake(
    why="'where it looks' suggests one line",
    says="the value of the best line alone is read; all lines count, by their weights",
)
def best_line_alone(question, keys, values):
    state, weights = question, []
    for some_keys, some_values in zip(keys, values, strict=True):
        weights.append(softmax(some_keys @ state))
        state = state + some_values[np.argmax(weights[-1])]
    return state, np.array(weights)


@exercise.mistake(
    why="'where it looks' suggests one line",
    says="the line of the highest score gets all the weight; the softmax gives every line a share",
)
def all_weight_on_the_best_line(question, keys, values):
    def weigh(keys, state):
        return np.eye(len(keys))[np.argmax(keys @ state)]

    return _looking(question, keys, values, weigh=weigh)


@exercise.mistake(
    why="gradients go through the hops from the last to the first",
    says="the hops are taken from the last to the first; begin with keys[0] and values[0]",
)
def last_hop_first(question, keys, values):
    return _looking(question, keys[::-1], values[::-1])


@exercise.mistake(
    why="gradients go through the hops from the last to the first, and weights are written where they belong",
    says="the hops are taken from the last to the first; begin with keys[0] and values[0]",
)
def last_hop_first_in_place(question, keys, values):
    state, weights = last_hop_first(question, keys, values)
    return state, weights[::-1]


@exercise.mistake(
    why="the loop returns to the state before the last read",
    says="what the last hop read is missing in the state",
)
def last_read_missing(question, keys, values):
    state, _ = _looking(question, keys[:-1], values[:-1])
    return state, _looking(question, keys, values)[1]


@exercise.mistake(
    why="the answer is what was read, one thinks",
    says="the question is missing in the state that is returned: it is the question and all that was read",
)
def question_missing(question, keys, values):
    state, weights = _looking(question, keys, values)
    return state - question, weights


@exercise.mistake(
    why="the reads are added to the question, and the state that holds it is one of them",
    says="the question is in the state twice; it is there from the beginning, and only what was read is added",
)
def question_added_twice(question, keys, values):
    state, weights = _looking(question, keys, values)
    return question + state, weights


@exercise.mistake(
    why="'adds to the question' is done anew in each hop",
    says="every hop adds the question once more; it is there from the beginning, and only what was read is added",
)
def question_added_in_every_hop(question, keys, values):
    return _looking(question, keys, values, go_on=lambda state, read: question + state + read)


@exercise.mistake(
    why="the function is named after hops, and the answer is the state",
    says="the state alone is returned; two results are asked for: `return state, weights`",
)
def state_alone(question, keys, values):
    return _looking(question, keys, values)[0]


@exercise.mistake(
    why="the weights are there before the state is",
    says="the two results have changed places; asked is `return state, weights`",
)
def results_swapped(question, keys, values):
    return _looking(question, keys, values)[::-1]


@exercise.mistake(
    why="the name `weights` is written over in each hop",
    says="only the weights of the last hop are returned, shape (n); asked are those of all hops, (K, n)",
)
def weights_of_the_last_hop(question, keys, values):
    state, weights = _looking(question, keys, values)
    return state, weights[-1]


@exercise.mistake(
    why="stacking along axis 1 looks right in a print",
    says="the weights are (n, K); asked is a row for each hop, (K, n)",
)
def weights_in_columns(question, keys, values):
    state, weights = _looking(question, keys, values)
    return state, weights.T


@exercise.mistake(
    why="the history of the state is kept",
    says="the states of all hops are returned; asked is the last one, shape (d)",
)
def all_states(question, keys, values):
    states = [_looking(question, keys[:hop], values[:hop])[0] for hop in range(len(keys) + 1)]
    return np.array(states), _looking(question, keys, values)[1]
