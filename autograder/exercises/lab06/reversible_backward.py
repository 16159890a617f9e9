"""Lab 06, `reversible_backward(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull)`: a block's gradients from its outputs.

y1, y2 and their gradients (..., d); the functions give x -> (value, pull), where pull turns the gradient of the value
into that of x -> (x1, x2, d_x1, d_x2).
"""

import numpy as np

from autograder.checking.call import call, form
from autograder.checking.exercise import Exercise
from reformer import reversible
from reformer.loops import reversible as twins

exercise = Exercise(
    reference=reversible.reversible_backward, twin=twins.reversible_backward, results=("x1", "x2", "d_x1", "d_x2")
)


def bent(rng, d, dtype=np.float64):
    return form("tanh with pull", *(rng.standard_normal(shape).astype(dtype) for shape in ((d, d), (d,))))


def drawn(*shape, dtype=np.float64):
    def make(rng):
        y1, y2, d_y1, d_y2 = rng.standard_normal((4, *shape)).astype(dtype)
        return call(y1, y2, d_y1, d_y2, *(bent(rng, shape[-1], dtype) for _ in range(2)))

    return make


# --- questions --------------------------------------------------------------------------------------------------


_ON_PAPER = [np.array(numbers) for numbers in ([10.0, 3.0], [23.0, 5.0], [1.0, 0.0], [1.0, 2.0])]


@exercise.case("two streams of two numbers, squared and doubled", tolerance=1e-7)
def _(rng):
    return call(*_ON_PAPER, form("square with pull"), form("scale with pull", 2.0))


@exercise.case("the same two functions the other way round", tolerance=1e-7)
def _(rng):
    return call(*_ON_PAPER, form("scale with pull", 2.0), form("square with pull"))


exercise.case("five numbers", drawn(5), tolerance=1e-7)
exercise.case("four positions", drawn(4, 3), tolerance=1e-7)
exercise.case("one number", drawn(1), tolerance=1e-7)
exercise.case("two sequences of four positions", drawn(2, 4, 3), tolerance=1e-7, points=2)


@exercise.property(
    "a step in the inputs changes the loss by the sum of its numbers times your gradients",
    lambda rng: [drawn(3, 4)(rng)],
)
def _(calls, answers):
    _, _, d_y1, d_y2, f, g = calls[0].args
    x1, x2, d_x1, d_x2 = (np.asarray(one) for one in answers[0])
    rng, h = np.random.default_rng(5), 1e-5
    step1, step2 = rng.standard_normal((2, *x1.shape))

    def loss(a, b):
        y1 = a + f(b)[0]
        return np.sum(d_y1 * y1) + np.sum(d_y2 * (b + g(y1)[0]))

    by1 = (loss(x1 + h * step1, x2) - loss(x1 - h * step1, x2)) / (2 * h)
    by2 = (loss(x1, x2 + h * step2) - loss(x1, x2 - h * step2)) / (2 * h)
    told = np.sum(d_x1 * step1), np.sum(d_x2 * step2)
    return [abs(one - change) < 1e-5 * max(1, abs(change)) for one, change in zip(told, (by1, by2), strict=True)]


def _no_gradient_of_y2(rng):
    y1, y2, d_y1, d_y2, f, g = drawn(3, 4)(rng).args
    return call(y1, y2, d_y1, 0 * d_y2, f, g)


def _no_gradient_of_y1(rng):
    y1, y2, d_y1, d_y2, f, g = drawn(3, 4)(rng).args
    return call(y1, y2, 0 * d_y1, d_y2, f, g)


exercise.case("a loss that depends on y1 alone", _no_gradient_of_y2, tolerance=1e-7)
exercise.case("a loss that depends on y2 alone", _no_gradient_of_y1, tolerance=1e-7)
exercise.case("two heads of two sequences, in float32", drawn(2, 2, 5, 4, dtype=np.float32), tolerance=1e-5)
exercise.case("three sequences with two heads", drawn(3, 2, 6, 4), hidden=True, points=2, tolerance=1e-7)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def inputs_first_and_then_gradients(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_value, g_pull = g_with_pull(y1)
    x2 = y2 - g_value
    f_value, f_pull = f_with_pull(x2)
    d_x1 = d_y1 + g_pull(d_y2)
    return [y1 - f_value, x2, d_x1, d_y2 + f_pull(d_x1)]


@exercise.solution
def in_place_on_copies(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, d_x1, d_x2 = (array.copy() for array in (y1, y2, d_y1, d_y2))
    value, pull = g_with_pull(x1)
    x2 -= value
    d_x1 += pull(d_x2)
    value, pull = f_with_pull(x2)
    x1 -= value
    d_x2 += pull(d_x1)
    return x1, x2, d_x1, d_x2


@exercise.solution
def by_the_inverse(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2 = reversible.reversible_inverse(y1, y2, lambda x: f_with_pull(x)[0], lambda y: g_with_pull(y)[0])
    d_x1 = d_y1 + g_with_pull(y1)[1](d_y2)
    d_x2 = d_y2 + f_with_pull(x2)[1](d_x1)
    return x1, x2, d_x1, d_x2


# --- mistakes in the gradients ----------------------------------------------------------------------------------


def _back(y1, y2, f_with_pull, g_with_pull):
    """Inputs, and the pulls at the right places."""
    g_value, g_pull = g_with_pull(y1)
    x2 = y2 - g_value
    f_value, f_pull = f_with_pull(x2)
    return y1 - f_value, x2, f_pull, g_pull


@exercise.mistake(
    why="the second stream's gradient seems to have been used up by g",
    says="the gradient of the second stream is forgotten: d_x2 is what comes through f alone; x2 goes on into y2 "
    "directly, too, so add d_y2",
)
def second_gradient_forgotten(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = d_y1 + g_pull(d_y2)
    return x1, x2, d_x1, f_pull(d_x1)


@exercise.mistake(
    why="only what comes through g is thought of",
    says="d_y1 is forgotten: d_x1 is what comes through g alone; y1 is a result of its own, so add d_y1",
)
def first_gradient_forgotten(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = g_pull(d_y2)
    return x1, x2, d_x1, d_y2 + f_pull(d_x1)


@exercise.mistake(
    why="each gradient goes through a function, and nothing goes round it",
    says="both gradients come through the functions alone; each stream also goes on directly, so add d_y1 and d_y2",
)
def both_gradients_forgotten(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = g_pull(d_y2)
    return x1, x2, d_x1, f_pull(d_x1)


@exercise.mistake(
    why="x1 is added to y1 as it is, so its gradient seems to be d_y1",
    says="d_x1 is d_y1 alone; y1 also goes into g, so add what g sends back",
)
def nothing_through_g(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, _ = _back(y1, y2, f_with_pull, g_with_pull)
    return x1, x2, d_y1.copy(), d_y2 + f_pull(d_y1)


@exercise.mistake(
    why="x2 is added to y2 as it is, so its gradient seems to be d_y2",
    says="d_x2 is d_y2 alone; x2 also goes into f, so add what f sends back",
)
def nothing_through_f(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, _, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    return x1, x2, d_y1 + g_pull(d_y2), d_y2.copy()


@exercise.mistake(
    why="the gradient that came in is taken, not the one that has been made",
    says="f gets d_y1 in place of d_x1: what came through g is missing there; finish the gradient of y1 first, and "
    "send all of it through f",
)
def f_gets_d_y1(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    return x1, x2, d_y1 + g_pull(d_y2), d_y2 + f_pull(d_y1)


@exercise.mistake(
    why="g's gradient is thought to be that of its input",
    says="g gets d_y1; its value was added to the second stream, so it gets d_y2",
)
def g_gets_d_y1(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = d_y1 + g_pull(d_y1)
    return x1, x2, d_x1, d_y2 + f_pull(d_x1)


@exercise.mistake(
    why="the inverse subtracts, so everything seems to be subtracted",
    says="what comes through f and g is subtracted; the inverse subtracts values, but gradients add up",
)
def gradients_subtracted(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = d_y1 - g_pull(d_y2)
    return x1, x2, d_x1, d_y2 - f_pull(d_x1)


@exercise.mistake(
    why="one of two signs slips",
    says="what comes through f is subtracted from d_y2; gradients add up",
)
def through_f_subtracted(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = d_y1 + g_pull(d_y2)
    return x1, x2, d_x1, d_y2 - f_pull(d_x1)


@exercise.mistake(
    why="one of two signs slips",
    says="what comes through g is subtracted from d_y1; gradients add up",
)
def through_g_subtracted(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = d_y1 - g_pull(d_y2)
    return x1, x2, d_x1, d_y2 + f_pull(d_x1)


@exercise.mistake(
    why="the forward order is kept for the gradients",
    says="the gradients run in the order of the forward pass: f sends first, then g; backward g comes first, and f "
    "gets what it has made",
)
def gradients_in_forward_order(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x2 = d_y2 + f_pull(d_y1)
    return x1, x2, d_y1 + g_pull(d_x2), d_x2


@exercise.mistake(
    why="what f sends is added to the wrong stream",
    says="what comes through f is added to d_y1, and what comes through g to d_y2; f saw x2, and g saw y1",
)
def added_to_the_wrong_stream(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    through_g = g_pull(d_y2)
    d_x2 = d_y2 + through_g
    return x1, x2, d_y1 + f_pull(d_y1), d_x2


@exercise.mistake(
    why="the streams cross, so the gradients seem to cross, too",
    says="the two gradients are swapped: asked are d_x1, then d_x2",
)
def gradients_swapped(*arguments):
    x1, x2, d_x1, d_x2 = reversible.reversible_backward(*arguments)
    return x1, x2, d_x2, d_x1


@exercise.mistake(
    why="gradients are what one wants",
    says="the gradients come first; asked are x1, x2, d_x1, d_x2",
)
def gradients_first(*arguments):
    x1, x2, d_x1, d_x2 = reversible.reversible_backward(*arguments)
    return d_x1, d_x2, x1, x2


@exercise.mistake(
    why="gradients are what one wants",
    says="the gradients alone are returned; the block before this one needs x1 and x2 to go on",
)
def gradients_alone(*arguments):
    return reversible.reversible_backward(*arguments)[2:]


# --- mistakes on the way back -----------------------------------------------------------------------------------


@exercise.mistake(
    why="the outputs are at hand",
    says="the outputs are returned as if they were the inputs; take the block back: x2 = y2 − g(y1), x1 = y1 − f(x2)",
)
def outputs_returned(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    _, _, d_x1, d_x2 = reversible.reversible_backward(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull)
    return y1.copy(), y2.copy(), d_x1, d_x2


@exercise.mistake(
    why="both functions are called at the outputs",
    says="f is called at y2; it saw x2 on the way there, and its value and its pull have to be those at x2",
)
def f_at_y2(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_value, g_pull = g_with_pull(y1)
    f_value, f_pull = f_with_pull(y2)
    d_x1 = d_y1 + g_pull(d_y2)
    return y1 - f_value, y2 - g_value, d_x1, d_y2 + f_pull(d_x1)


@exercise.mistake(
    why="the inputs are found rightly, and the pulls are taken from another call",
    says="the inputs are right, but the pull of f is that at y2; take the one that came with f's value at x2",
)
def pull_of_f_at_y2(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, _, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = d_y1 + g_pull(d_y2)
    return x1, x2, d_x1, d_y2 + f_with_pull(y2)[1](d_x1)


@exercise.mistake(
    why="the inputs are found first, and then both pulls are taken at the inputs",
    says="the inputs are right, but the pull of g is that at x1; g saw y1",
)
def pull_of_g_at_x1(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, _ = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = d_y1 + g_with_pull(x1)[1](d_y2)
    return x1, x2, d_x1, d_y2 + f_pull(d_x1)


@exercise.mistake(
    why="the forward order is kept",
    says="the block is taken back in the wrong order, f before g; the second half, with g, is taken back first",
)
def f_before_g(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    f_value, f_pull = f_with_pull(y2)
    x1, d_x2 = y1 - f_value, d_y2 + f_pull(d_y1)
    g_value, g_pull = g_with_pull(x1)
    return x1, y2 - g_value, d_y1 + g_pull(d_x2), d_x2


@exercise.mistake(
    why="the names are mixed up",
    says="f and g change places; g is the one that is called at y1",
)
def f_and_g_swapped(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    return reversible.reversible_backward(y1, y2, d_y1, d_y2, g_with_pull, f_with_pull)


@exercise.mistake(
    why="the block is run forward to get at the pulls",
    says="the block is run forward once more, from its outputs: the values are added; subtract them",
)
def values_added(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_value, g_pull = g_with_pull(y1)
    x2, d_x1 = y2 + g_value, d_y1 + g_pull(d_y2)
    f_value, f_pull = f_with_pull(x2)
    return y1 + f_value, x2, d_x1, d_y2 + f_pull(d_x1)


@exercise.mistake(
    why="a pull is thought to want the value",
    says="the pulls get the values of the functions; they get gradients",
)
def values_pulled(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    g_value, g_pull = g_with_pull(y1)
    x2, d_x1 = y2 - g_value, d_y1 + g_pull(g_value)
    f_value, f_pull = f_with_pull(x2)
    return y1 - f_value, x2, d_x1, d_y2 + f_pull(f_value)


@exercise.mistake(
    why="f belongs to x2, so it seems to get the gradient of y2",
    says="f gets d_y2; its value was added to the first stream, so it gets the whole gradient of y1, which is d_x1",
)
def f_gets_d_y2(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    return x1, x2, d_y1 + g_pull(d_y2), d_y2 + f_pull(d_y2)


@exercise.mistake(
    why="the chain rule multiplies",
    says="d_y1 and d_y2 are multiplied by what f and g send back; the pulls have multiplied already, and where two "
    "ways meet gradients are added",
)
def gradients_multiplied(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    d_x1 = d_y1 * g_pull(d_y2)
    return x1, x2, d_x1, d_y2 * f_pull(d_x1)


@exercise.mistake(
    why="x1 and y1 are nearly the same, so their gradients seem to be",
    says="d_x1 is returned as d_y1: what came through g is used for f, and then forgotten",
)
def first_result_without_g(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, f_pull, g_pull = _back(y1, y2, f_with_pull, g_with_pull)
    return x1, x2, d_y1.copy(), d_y2 + f_pull(d_y1 + g_pull(d_y2))


@exercise.mistake(
    why="f and y2 stand in the same line of the block",
    says="x1 is taken back by the value of f at y2; f saw x2, so take back x2 first",
)
def x1_by_f_at_y2(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    _, x2, d_x1, d_x2 = reversible.reversible_backward(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull)
    return y1 - f_with_pull(y2)[0], x2, d_x1, d_x2
