"""Room G5, `multi_head_attention(x, memory, parameters, n_heads)`: (n, d), (m, d) -> (n, d), n asking m in H heads.

Queries come from x, keys and values from memory, by the (d, d) matrices w_q, w_k and w_v. Head h has columns h d/H to
(h + 1) d/H of each. What the heads found stands side by side, and w_out follows.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from gallery import everyone, loops

exercise = Exercise(
    everyone.multi_head_attention, loops.multi_head_attention, axes=("who asks", "feature"), in_gallery=True
)
NAMES = ("w_q", "w_k", "w_v", "w_out")


def _inputs(rng, n, m, d, n_heads, size=1.0):
    parameters = {name: rng.standard_normal((d, d)) / np.sqrt(d) for name in NAMES}
    parameters["w_q"] *= 2 * size
    return rng.standard_normal((n, d)), rng.standard_normal((m, d)), parameters, n_heads


@exercise.case("one who asks, three who are asked, one head of two features", tolerance=1e-5)
def _(rng):
    parameters = {name: np.eye(2) for name in NAMES}
    return call(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]), parameters, 1)


@exercise.case("the same with two heads, of one feature each", tolerance=1e-5)
def _(rng):
    parameters = {name: np.eye(2) for name in NAMES} | {"w_out": np.array([[1.0, 2.0], [0.0, 10.0]])}
    return call(np.array([[1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]), parameters, 2)


@exercise.case("three who ask, five who are asked, two heads", tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 3, 5, 6, 2))


@exercise.case("four who ask, four who are asked, four heads", tolerance=1e-5)
def _(rng):
    return call(*_inputs(rng, 4, 4, 8, 4))


@exercise.case("six who ask one another in three heads", tolerance=1e-5)
def _(rng):
    x, _, parameters, n_heads = _inputs(rng, 6, 1, 6, 3)
    return call(x, x, parameters, n_heads)


@exercise.case("scores about 1000, whose exponentials overflow unless the largest is subtracted", tolerance=1e-5)
def _(rng):
    x, memory, parameters, n_heads = _inputs(rng, 3, 5, 6, 2)
    parameters["w_q"] *= 1000
    return call(x, memory, parameters, n_heads)


def _in_another_order(rng):
    x, memory, parameters, n_heads = _inputs(rng, 3, 6, 6, 2)
    return [call(x, memory, parameters, n_heads), call(x, memory[rng.permutation(6)], parameters, n_heads)]


@exercise.property("the order of those who are asked does not matter", _in_another_order)
def _(calls, answers):
    return np.isclose(*answers, rtol=0, atol=1e-5)


def _alone(rng):
    x, memory, parameters, n_heads = _inputs(rng, 4, 5, 6, 3)
    return [call(x, memory, parameters, n_heads), call(x[:1], memory, parameters, n_heads)]


@exercise.property("who else asks does not matter", _alone)
def _(calls, answers):
    return np.isclose(answers[0][:1], answers[1], rtol=0, atol=1e-5)


# --- right answers in other styles ------------------------------------------------------------------------------


def _softmax(scores, axis=-1):
    parts = np.exp(scores - np.max(scores, axis=axis, keepdims=True))
    return parts / np.sum(parts, axis=axis, keepdims=True)


def _cut(rows, n_heads):
    return np.swapaxes(rows.reshape(len(rows), n_heads, -1), 0, 1)


def _cut_all(x, memory, parameters, n_heads, cut=_cut):
    return [cut(of @ parameters[name], n_heads) for of, name in ((x, "w_q"), (memory, "w_k"), (memory, "w_v"))]


def _merge(heads):
    return np.swapaxes(heads, 0, 1).reshape(heads.shape[1], -1)


def _scores(queries, keys, by=None):
    return queries @ np.swapaxes(keys, 1, 2) / (np.sqrt(queries.shape[2]) if by is None else by)


def _averages(x, memory, parameters, n_heads, by=None):
    queries, keys, values = _cut_all(x, memory, parameters, n_heads)
    return _softmax(_scores(queries, keys, by)) @ values


@exercise.solution
def with_a_third_axis(x, memory, parameters, n_heads):
    return _merge(_averages(x, memory, parameters, n_heads)) @ parameters["w_out"]


@exercise.solution
def head_by_head(x, memory, parameters, n_heads):
    """No cutting and no merging: each head's columns, and its own rows of w_out, added up."""
    total, d = 0, parameters["w_q"].shape[1] // n_heads
    for start in range(0, n_heads * d, d):
        queries, keys, values = (
            of @ parameters[name][:, start : start + d] for of, name in ((x, "w_q"), (memory, "w_k"), (memory, "w_v"))
        )
        total = total + _softmax(queries @ keys.T / np.sqrt(d)) @ values @ parameters["w_out"][start : start + d]
    return total


@exercise.solution
def in_single_precision(x, memory, parameters, n_heads):
    narrow = {name: array.astype(np.float32) for name, array in parameters.items()}
    return with_a_third_axis(x.astype(np.float32), memory.astype(np.float32), narrow, n_heads)


# --- mistakes -----------------------------------------------------------------------------------------------------


@exercise.mistake(
    why="(n, d) reshapes to (heads, n, d/heads) without complaint",
    says="the heads are cut by `reshape` alone: that gives each head some of the rows; reshape to "
    "(n, heads, d/heads) and swap the first two axes",
)
def heads_of_rows(x, memory, parameters, n_heads):
    queries, keys, values = _cut_all(
        x, memory, parameters, n_heads, lambda rows, n_heads: rows.reshape(n_heads, len(rows), -1)
    )
    return _merge(_softmax(_scores(queries, keys)) @ values) @ parameters["w_out"]


@exercise.mistake(
    why="the axes are swapped on the way in, and the way back is forgotten",
    says="the heads are put together by `reshape` alone; swap the axes back first",
)
def merged_without_swapping(x, memory, parameters, n_heads):
    return _averages(x, memory, parameters, n_heads).reshape(len(x), -1) @ parameters["w_out"]


@exercise.mistake(
    why="the features can be cut into neighbours or into every H-th",
    says="a head gets every H-th column; it should get d/H neighbouring ones",
)
def every_so_many_columns(x, memory, parameters, n_heads):
    queries, keys, values = _cut_all(
        x, memory, parameters, n_heads, lambda rows, n_heads: np.moveaxis(rows.reshape(len(rows), -1, n_heads), 2, 0)
    )
    return _merge(_softmax(_scores(queries, keys)) @ values) @ parameters["w_out"]


@exercise.mistake(
    why="formulas say the square root of d, and d is the width of the model elsewhere",
    says="scores are divided by the root of d; it has to be the root of the width of a head, d/H",
)
def scaled_by_the_model(x, memory, parameters, n_heads):
    return _merge(_averages(x, memory, parameters, n_heads, np.sqrt(x.shape[1]))) @ parameters["w_out"]


@exercise.mistake(
    why="shared attention of lesson 05 does not scale either",
    says="scores are not divided by the root of d/H",
)
def not_scaled(x, memory, parameters, n_heads):
    return _merge(_averages(x, memory, parameters, n_heads, 1)) @ parameters["w_out"]


@exercise.mistake(
    why="the root is lost",
    says="scores are divided by d/H and not by its root",
)
def scaled_without_the_root(x, memory, parameters, n_heads):
    return _merge(_averages(x, memory, parameters, n_heads, x.shape[1] // n_heads)) @ parameters["w_out"]


@exercise.mistake(
    why="the last map is often left unsaid",
    says="the heads stand side by side, and `w_out` is missing",
)
def no_map_at_the_end(x, memory, parameters, n_heads):
    return _merge(_averages(x, memory, parameters, n_heads))


@exercise.mistake(
    why="in self-attention all comes from x",
    says="keys and values come from `x`, too, and `memory` is not used",
)
def memory_is_not_asked(x, memory, parameters, n_heads):
    return with_a_third_axis(x, x, parameters, n_heads)


@exercise.mistake(
    why="who asks whom is easily turned round",
    says="`memory` asks `x`: queries come from `memory`, keys and values from `x`",
)
def memory_asks(x, memory, parameters, n_heads):
    return with_a_third_axis(memory, x, parameters, n_heads)


@exercise.mistake(
    why="one head works, and n_heads seems a detail",
    says="there is one head, as wide as all; `n_heads` is not used",
)
def one_head(x, memory, parameters, n_heads):
    return with_a_third_axis(x, memory, parameters, 1)


@exercise.mistake(
    why="axis -2 is tried first",
    says="the softmax runs over those who ask; the weights of each who asks have to add up to one",
)
def softmax_over_who_asks(x, memory, parameters, n_heads):
    queries, keys, values = _cut_all(x, memory, parameters, n_heads)
    return _merge(_softmax(_scores(queries, keys), axis=1) @ values) @ parameters["w_out"]


@exercise.mistake(
    why="several heads suggest a mean over heads",
    says="the result is divided by the number of heads; what they found is put side by side, not averaged",
)
def divided_by_the_heads(x, memory, parameters, n_heads):
    return with_a_third_axis(x, memory, parameters, n_heads) / n_heads


@exercise.mistake(
    why="several heads suggest a mean over heads",
    says="the mean over the heads is taken, which is d/H wide; what they found has to stand side by side, d wide",
)
def mean_of_the_heads(x, memory, parameters, n_heads):
    found = _averages(x, memory, parameters, n_heads).mean(axis=0)
    return found @ parameters["w_out"][: found.shape[1]]


@exercise.mistake(
    why="on paper the subtraction changes nothing",
    says="the largest score is not subtracted before `np.exp`: right on paper, but large scores overflow",
)
def no_maximum_subtracted(x, memory, parameters, n_heads):
    queries, keys, values = _cut_all(x, memory, parameters, n_heads)
    parts = np.exp(_scores(queries, keys))
    return _merge(parts / np.sum(parts, axis=-1, keepdims=True) @ values) @ parameters["w_out"]


@exercise.mistake(
    why="keys and values both come from memory",
    says="the keys are averaged; `w_v` is not used",
)
def keys_averaged(x, memory, parameters, n_heads):
    return with_a_third_axis(x, memory, parameters | {"w_v": parameters["w_k"]}, n_heads)


@exercise.mistake(
    why="in shared attention, lesson 05a, queries and keys are made with the same matrix",
    says="keys are made with `w_q`; they have to be made with `w_k`",
)
def keys_made_with_w_q(x, memory, parameters, n_heads):
    return with_a_third_axis(x, memory, parameters | {"w_k": parameters["w_q"]}, n_heads)


@exercise.mistake(
    why="some libraries keep the matrix of a layer the other way round",
    says="`w_out` is transposed; rows of what was found meet its rows: `... @ w_out`",
)
def w_out_transposed(x, memory, parameters, n_heads):
    return with_a_third_axis(x, memory, parameters | {"w_out": parameters["w_out"].T}, n_heads)


@exercise.mistake(
    why="a block adds x to what attention gives",
    says="`x` is added to the result, as a block does; here attention alone is asked for",
)
def x_added(x, memory, parameters, n_heads):
    return x + with_a_third_axis(x, memory, parameters, n_heads)


@exercise.mistake(
    why="the scores look like weights already",
    says="the scores are taken as weights, without a softmax",
)
def no_softmax(x, memory, parameters, n_heads):
    queries, keys, values = _cut_all(x, memory, parameters, n_heads)
    return _merge(_scores(queries, keys) @ values) @ parameters["w_out"]
