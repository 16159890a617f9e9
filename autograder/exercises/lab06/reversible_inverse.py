"""Lab 06, `reversible_inverse(y1, y2, f, g)`: a reversible block taken back, x2 = y2 - g(y1), then x1 = y1 - f(x2).

y1, y2 (..., d), f and g functions from an array to one of the same shape -> (x1, x2).
"""

import numpy as np

from autograder.checking.call import call, form
from autograder.checking.exercise import Exercise
from autograder.exercises.lab06.reversible_forward import bent, drawn
from reformer import reversible
from reformer.loops import reversible as twins

exercise = Exercise(reference=reversible.reversible_inverse, twin=twins.reversible_inverse, results=("x1", "x2"))


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two streams of two numbers, squared and doubled", tolerance=1e-7)
def _(rng):
    return call(np.array([10.0, 3.0]), np.array([23.0, 5.0]), form("square"), form("scale", 2.0))


@exercise.case("the same two functions the other way round", tolerance=1e-7)
def _(rng):
    return call(np.array([7.0, 0.0]), np.array([52.0, -1.0]), form("scale", 2.0), form("square"))


exercise.case("five numbers", drawn(5), tolerance=1e-7)
exercise.case("four positions", drawn(4, 3), tolerance=1e-7)
exercise.case("one number", drawn(1), tolerance=1e-7)
exercise.case("two sequences of four positions", drawn(2, 4, 3), tolerance=1e-7)


@exercise.case("functions that look at all positions of a sequence", tolerance=1e-7)
def _(rng):
    y1, y2 = rng.standard_normal((2, 3, 4, 2))
    return call(y1, y2, bent(rng, 2), form("minus mean"))


@exercise.property("running the block on your answer gives the outputs again", lambda rng: [drawn(3, 4)(rng)])
def _(calls, answers):
    y1, y2, f, g = calls[0].args
    x1, x2 = (np.asarray(one) for one in answers[0])
    again1 = x1 + f(x2)
    again2 = x2 + g(again1)
    return np.concatenate([np.abs(again1 - y1) < 1e-9, np.abs(again2 - y2) < 1e-9])


exercise.case("two heads of two sequences, in float32", drawn(2, 2, 5, 4, dtype=np.float32), tolerance=1e-5)
exercise.case("three sequences with two heads", drawn(3, 2, 6, 4), hidden=True, tolerance=1e-7)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def on_copies(y1, y2, f, g):
    x1, x2 = np.copy(y1), np.copy(y2)
    x2 -= g(x1)
    x1 -= f(x2)
    return x1, x2


@exercise.solution
def as_a_block_of_negatives(y1, y2, f, g):
    x2, x1 = reversible.reversible_forward(y2, y1, lambda y: -g(y), lambda x: -f(x))
    return [x1, x2]


# --- mistakes ---------------------------------------------------------------------------------------------------


@exercise.mistake(
    why="what came first forward seems to come first backward",
    says="the inverse runs in the wrong order: x1 comes first, by f of y2; but f saw x2, which has to be found first, "
    "as x2 = y2 − g(y1)",
)
def wrong_order(y1, y2, f, g):
    x1 = y1 - f(y2)
    return x1, y2 - g(x1)


@exercise.mistake(
    why="both halves are thought to be undone at once",
    says="f is fed with y2; it saw x2 on the way there, and has to see x2 again",
)
def f_fed_with_y2(y1, y2, f, g):
    return y1 - f(y2), y2 - g(y1)


@exercise.mistake(
    why="the order of the forward pass, and g fed with the right thing by chance",
    says="f is fed with y1, the stream that it is subtracted from; it saw x2",
)
def f_fed_with_y1(y1, y2, f, g):
    return y1 - f(y1), y2 - g(y1)


@exercise.mistake(
    why="g is thought to belong to y2",
    says="g is fed with y2, the stream that it is subtracted from; it saw y1",
)
def g_fed_with_y2(y1, y2, f, g):
    x2 = y2 - g(y2)
    return y1 - f(x2), x2


@exercise.mistake(
    why="two residual layers side by side",
    says="each stream is taken back by a function of itself: g of y2 and f of y1; each was changed by the other",
)
def each_by_itself(y1, y2, f, g):
    return y1 - f(y1), y2 - g(y2)


@exercise.mistake(
    why="the value of g is passed on to f",
    says="f is fed with g(y1); it saw x2 = y2 − g(y1)",
)
def f_fed_with_the_value_of_g(y1, y2, f, g):
    value = g(y1)
    return y1 - f(value), y2 - value


@exercise.mistake(
    why="the forward pass is copied",
    says="this is the block run forward once more; to take it back, subtract, and begin with x2",
)
def forward_again(y1, y2, f, g):
    return reversible.reversible_forward(y1, y2, f, g)


@exercise.mistake(
    why="the signs are turned, and the order is not",
    says="g is fed with x1, and f with y2: the order is that of the forward pass, with x1 found last; g saw y1",
)
def g_fed_with_an_x1(y1, y2, f, g):
    x2 = y2 - g(y1 - f(y2))
    return y1 - f(x2), x2


@exercise.mistake(
    why="the order is turned, and the signs are not",
    says="the values are added; what was added on the way there has to be subtracted",
)
def added(y1, y2, f, g):
    x2 = y2 + g(y1)
    return y1 + f(x2), x2


@exercise.mistake(
    why="one of two signs slips",
    says="the value of g is added; it has to be subtracted",
)
def first_added(y1, y2, f, g):
    x2 = y2 + g(y1)
    return y1 - f(x2), x2


@exercise.mistake(
    why="one of two signs slips",
    says="the value of f is added; it has to be subtracted",
)
def second_added(y1, y2, f, g):
    x2 = y2 - g(y1)
    return y1 + f(x2), x2


@exercise.mistake(
    why="a difference is written the wrong way round",
    says="x2 is g(y1) − y2, the wrong way round; it is y2 − g(y1)",
)
def difference_turned_round(y1, y2, f, g):
    x2 = g(y1) - y2
    return y1 - f(x2), x2


@exercise.mistake(
    why="both differences are written the wrong way round",
    says="both differences are the wrong way round: g(y1) − y2 and f(x2) − y1",
)
def differences_turned_round(y1, y2, f, g):
    x2 = g(y1) - y2
    return f(x2) - y1, x2


@exercise.mistake(
    why="to undo is to apply in the opposite order, functions and all",
    says="f and g change places: the second half, with g, is taken back first",
)
def f_and_g_swapped(y1, y2, f, g):
    x2 = y2 - f(y1)
    return y1 - g(x2), x2


@exercise.mistake(
    why="a line is copied, and one letter is not changed",
    says="g is used in both steps; x1 is taken back by f",
)
def g_twice(y1, y2, f, g):
    x2 = y2 - g(y1)
    return y1 - g(x2), x2


@exercise.mistake(
    why="what is found first is returned first",
    says="the results change places: asked is (x1, x2), though x2 is found first",
)
def results_swapped(y1, y2, f, g):
    return reversible.reversible_inverse(y1, y2, f, g)[::-1]


@exercise.mistake(
    why="the streams are mixed up",
    says="the streams change places: x2 is found from y2, by g of y1",
)
def streams_swapped(y1, y2, f, g):
    x1 = y1 - g(y2)
    return x1, y2 - f(x1)


@exercise.mistake(
    why="only the second half is thought of",
    says="x1 is y1 as it was: the second step is missing, x1 = y1 − f(x2)",
)
def second_half_alone(y1, y2, f, g):
    return y1.copy(), y2 - g(y1)


@exercise.mistake(
    why="only the first half is thought of",
    says="x2 is y2 as it was: the first step is missing, x2 = y2 − g(y1)",
)
def first_half_alone(y1, y2, f, g):
    return y1 - f(y2), y2.copy()


@exercise.mistake(
    why="a running variable is subtracted from, and the wrong one",
    says="f(x2) is subtracted from x2; it has to be subtracted from y1",
)
def subtracted_from_x2(y1, y2, f, g):
    x2 = y2 - g(y1)
    return x2 - f(x2), x2


@exercise.mistake(
    why="a layer has one output",
    says="the two streams are joined to one array along the last axis; asked are two arrays",
)
def joined(y1, y2, f, g):
    return np.concatenate(reversible.reversible_inverse(y1, y2, f, g), axis=-1)
