"""Lab 06, `reversible_forward(x1, x2, f, g)`: one reversible block, y1 = x1 + f(x2), then y2 = x2 + g(y1).

x1, x2 (..., d), f and g functions from an array to one of the same shape -> (y1, y2).
"""

import numpy as np

from autograder.checking.call import call, form
from autograder.checking.exercise import Exercise
from reformer import reversible
from reformer.loops import reversible as twins

exercise = Exercise(reference=reversible.reversible_forward, twin=twins.reversible_forward, results=("y1", "y2"))


def bent(rng, d, dtype=np.float64):
    """A function that is not linear, and different each time."""
    return form("tanh", *(rng.standard_normal(shape).astype(dtype) for shape in ((d, d), (d,))))


def drawn(*shape, dtype=np.float64):
    def make(rng):
        x1, x2 = rng.standard_normal((2, *shape)).astype(dtype)
        return call(x1, x2, *(bent(rng, shape[-1], dtype) for _ in range(2)))

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two streams of two numbers, squared and doubled", tolerance=1e-7)
def _(rng):
    return call(np.array([1.0, 2.0]), np.array([3.0, -1.0]), form("square"), form("scale", 2.0))


@exercise.case("the same two functions the other way round", tolerance=1e-7)
def _(rng):
    return call(np.array([1.0, 2.0]), np.array([3.0, -1.0]), form("scale", 2.0), form("square"))


exercise.case("five numbers", drawn(5), tolerance=1e-7)
exercise.case("four positions", drawn(4, 3), tolerance=1e-7)
exercise.case("one number", drawn(1), tolerance=1e-7)
exercise.case("two sequences of four positions", drawn(2, 4, 3), tolerance=1e-7)


@exercise.case("functions that look at all positions of a sequence", tolerance=1e-7)
def _(rng):
    x1, x2 = rng.standard_normal((2, 3, 4, 2))
    return call(x1, x2, form("minus mean"), bent(rng, 2))


@exercise.property("taking the two steps back gives the inputs", lambda rng: [drawn(3, 4)(rng)])
def _(calls, answers):
    x1, x2, f, g = calls[0].args
    y1, y2 = (np.asarray(one) for one in answers[0])
    back2 = y2 - g(y1)
    back1 = y1 - f(back2)
    return np.concatenate([np.abs(back1 - x1) < 1e-9, np.abs(back2 - x2) < 1e-9])


exercise.case("two heads of two sequences, in float32", drawn(2, 2, 5, 4, dtype=np.float32), tolerance=1e-5)
exercise.case("three sequences with two heads", drawn(3, 2, 6, 4), hidden=True, tolerance=1e-7)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def on_copies(x1, x2, f, g):
    y1, y2 = x1.copy(), x2.copy()
    y1 += f(y2)
    y2 += g(y1)
    return y1, y2


@exercise.solution
def in_two_expressions(x1, x2, f, g):
    return [x1 + f(x2), x2 + g(x1 + f(x2))]


@exercise.solution
def as_one_array(x1, x2, f, g):
    streams = np.stack([x1, x2])
    streams[0] += f(streams[1])
    streams[1] += g(streams[0])
    return streams


# --- mistakes ---------------------------------------------------------------------------------------------------


@exercise.mistake(
    why="both halves are thought to be computed at once",
    says="g is fed with x2: it has to see y1, which is why the second half comes after the first",
)
def g_fed_with_x2(x1, x2, f, g):
    return x1 + f(x2), x2 + g(x2)


@exercise.mistake(
    why="each stream is changed by the other, as it was",
    says="g is fed with x1, as it was before the first half; it has to see y1",
)
def g_fed_with_x1(x1, x2, f, g):
    return x1 + f(x2), x2 + g(x1)


@exercise.mistake(
    why="what comes out of f goes into g",
    says="g is fed with f(x2) alone; it has to see y1, with x1 in it",
)
def g_fed_with_the_value_of_f(x1, x2, f, g):
    value = f(x2)
    return x1 + value, x2 + g(value)


@exercise.mistake(
    why="the names are mixed up",
    says="f and g change places: f comes first, and sees x2",
)
def f_and_g_swapped(x1, x2, f, g):
    y1 = x1 + g(x2)
    return y1, x2 + f(y1)


@exercise.mistake(
    why="an ordinary residual layer adds to x a function of x",
    says="f is fed with x1, the stream it is added to; then nothing could take it back: f sees x2",
)
def f_fed_with_x1(x1, x2, f, g):
    y1 = x1 + f(x1)
    return y1, x2 + g(y1)


@exercise.mistake(
    why="two residual layers side by side",
    says="each stream is changed by a function of itself, two ordinary residual layers side by side; each has to be "
    "changed by the other",
)
def two_residual_layers(x1, x2, f, g):
    return x1 + f(x1), x2 + g(x2)


@exercise.mistake(
    why="the streams are mixed up from the start",
    says="the streams change places: f sees x2, and its value is added to x1",
)
def streams_swapped(x1, x2, f, g):
    y1 = x2 + f(x1)
    return y1, x1 + g(y1)


@exercise.mistake(
    why="the second half is written first",
    says="the block is run with its halves in the wrong order: x2 is changed first, by g of x1; first is "
    "y1 = x1 + f(x2)",
)
def second_half_first(x1, x2, f, g):
    y2 = x2 + g(x1)
    return x1 + f(y2), y2


@exercise.mistake(
    why="the functions are applied as in a plain network",
    says="nothing is added: y1 = f(x2) and y2 = g(y1) alone; the streams themselves go on, and the values are added",
)
def nothing_added(x1, x2, f, g):
    y1 = f(x2)
    return y1, g(y1)


@exercise.mistake(
    why="x1 is forgotten",
    says="x1 is forgotten: y1 is f(x2) alone; add x1",
)
def x1_forgotten(x1, x2, f, g):
    y1 = f(x2)
    return y1, x2 + g(y1)


@exercise.mistake(
    why="x2 seems to be in y1 already",
    says="x2 is forgotten: y2 is g(y1) alone; add x2",
)
def x2_forgotten(x1, x2, f, g):
    y1 = x1 + f(x2)
    return y1, g(y1)


@exercise.mistake(
    why="one residual stream is thought of",
    says="g(y1) is added to y1; it has to be added to x2, the other stream",
)
def added_to_y1(x1, x2, f, g):
    y1 = x1 + f(x2)
    return y1, y1 + g(y1)


@exercise.mistake(
    why="x1 is at hand",
    says="g(y1) is added to x1; it has to be added to x2",
)
def added_to_x1(x1, x2, f, g):
    y1 = x1 + f(x2)
    return y1, x1 + g(y1)


@exercise.mistake(
    why="a line is copied, and one letter is not changed",
    says="f is used in both halves; the second has g",
)
def f_twice(x1, x2, f, g):
    y1 = x1 + f(x2)
    return y1, x2 + f(y1)


@exercise.mistake(
    why="the streams are thought to change places after each half",
    says="the results change places: asked is (y1, y2)",
)
def results_swapped(x1, x2, f, g):
    return reversible.reversible_forward(x1, x2, f, g)[::-1]


@exercise.mistake(
    why="this is the inverse",
    says="both values are subtracted; forward they are added",
)
def subtracted(x1, x2, f, g):
    y1 = x1 - f(x2)
    return y1, x2 - g(y1)


@exercise.mistake(
    why="one of two signs slips",
    says="the second value is subtracted; forward both are added",
)
def second_subtracted(x1, x2, f, g):
    y1 = x1 + f(x2)
    return y1, x2 - g(y1)


@exercise.mistake(
    why="one of two signs slips",
    says="the first value is subtracted; forward both are added",
)
def first_subtracted(x1, x2, f, g):
    y1 = x1 - f(x2)
    return y1, x2 + g(y1)


@exercise.mistake(
    why="a layer has one output",
    says="the two streams are joined to one array along the last axis; asked are two arrays",
)
def joined(x1, x2, f, g):
    return np.concatenate(reversible.reversible_forward(x1, x2, f, g), axis=-1)


@exercise.mistake(
    why="only the first half is thought of",
    says="y2 is x2 as it was: the second half is missing, y2 = x2 + g(y1)",
)
def first_half_alone(x1, x2, f, g):
    return x1 + f(x2), x2.copy()


@exercise.mistake(
    why="a gate multiplies",
    says="the streams are multiplied by the values; add them, for what was multiplied by 0 could not be undone",
)
def multiplied(x1, x2, f, g):
    y1 = x1 * f(x2)
    return y1, x2 * g(y1)


@exercise.mistake(
    why="the first stream is thought to go on as it was",
    says="y2 is right, and x1 is returned in place of y1",
)
def x1_returned(x1, x2, f, g):
    return x1.copy(), reversible.reversible_forward(x1, x2, f, g)[1]
