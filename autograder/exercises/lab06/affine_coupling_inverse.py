"""Lab 06, `affine_coupling_inverse(y1, y2, f, s)`: an affine coupling taken back, x1 = (y1 - f(y2)) exp(-s(y2)).

y1, y2 (..., d), f and s functions from an array to one of the same shape -> (x1, x2), where x2 is y2.
"""

import numpy as np

from autograder.checking.call import call, form
from autograder.checking.exercise import Exercise
from autograder.exercises.lab06.affine_coupling_forward import stays_small
from autograder.exercises.lab06.reversible_forward import bent, drawn
from reformer import reversible
from reformer.loops import reversible as twins

exercise = Exercise(
    reference=reversible.affine_coupling_inverse, twin=twins.affine_coupling_inverse, results=("x1", "x2")
)


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two streams of two numbers, shifted by squares, nothing stretched", tolerance=1e-7)
def _(rng):
    return call(np.array([10.0, 3.0]), np.array([3.0, -1.0]), form("square"), form("scale", 0.0))


@exercise.case("two streams of two numbers, stretched by exp(x2) and shifted by twice x2", tolerance=1e-7)
def _(rng):
    return call(np.array([3.0, -1.5]), np.array([0.5, -1.0]), form("scale", 2.0), form("scale", 1.0))


exercise.case("five numbers", drawn(5), tolerance=1e-7)
exercise.case("four positions", drawn(4, 3), tolerance=1e-7)
exercise.case("one number", drawn(1), tolerance=1e-7)
exercise.case("two sequences of four positions", drawn(2, 4, 3), tolerance=1e-7)


def _strong(sign):
    def make(rng):
        y1, y2 = rng.standard_normal((2, 3, 4))
        return call(y1, y2, bent(rng, 4), form("affine", 0.3 * rng.standard_normal((4, 4)), np.full(4, 3.0 * sign)))

    return make


exercise.case("what was stretched twenty times", _strong(1), clear_cut=stays_small, tolerance=1e-7)
exercise.case("what was shrunk to a twentieth", _strong(-1), clear_cut=stays_small, tolerance=1e-7)


@exercise.case("functions that look at all positions of a sequence", tolerance=1e-7)
def _(rng):
    y1, y2 = rng.standard_normal((2, 3, 4, 2))
    return call(y1, y2, form("minus mean"), bent(rng, 2))


@exercise.property("running the coupling on your answer gives the outputs again", lambda rng: [drawn(3, 4)(rng)])
def _(calls, answers):
    y1, y2, f, s = calls[0].args
    x1, x2 = (np.asarray(one) for one in answers[0])
    again = x1 * np.exp(s(x2)) + f(x2)
    return np.concatenate([np.abs(again - y1) < 1e-9, np.abs(x2 - y2) < 1e-9])


exercise.case("two heads of two sequences, in float32", drawn(2, 2, 5, 4, dtype=np.float32), tolerance=1e-5)
exercise.case("three sequences with two heads", drawn(3, 2, 6, 4), hidden=True, tolerance=1e-7)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_dividing(y1, y2, f, s):
    return (y1 - f(y2)) / np.exp(s(y2)), y2


@exercise.solution
def on_copies(y1, y2, f, s):
    x1, x2 = np.copy(y1), np.copy(y2)
    x1 -= f(x2)
    x1 *= np.exp(-s(x2))
    return [x1, x2]


# --- mistakes in the stretching ---------------------------------------------------------------------------------


@exercise.mistake(
    why="a sign is forgotten",
    says="the difference is multiplied by exp(+s(y2)), which stretches once more; multiply by exp(−s(y2))",
)
def exp_of_plus_s(y1, y2, f, s):
    return (y1 - f(y2)) * np.exp(s(y2)), y2.copy()


@exercise.mistake(
    why="the steps are undone in the order in which they were taken",
    says="f is subtracted after the scaling; it was added last, so it is taken away first: (y1 − f(y2)) · exp(−s(y2))",
)
def f_subtracted_after_scaling(y1, y2, f, s):
    return y1 * np.exp(-s(y2)) - f(y2), y2.copy()


@exercise.mistake(
    why="the brackets are lost",
    says="f(y2) alone is scaled, for want of brackets; the whole difference is: (y1 − f(y2)) · exp(−s(y2))",
)
def brackets_lost(y1, y2, f, s):
    return y1 - f(y2) * np.exp(-s(y2)), y2.copy()


@exercise.mistake(
    why="a quotient is written upside down",
    says="exp(s(y2)) is divided by the difference; divide the difference by exp(s(y2))",
)
def quotient_upside_down(y1, y2, f, s):
    return np.exp(s(y2)) / (y1 - f(y2)), y2.copy()


@exercise.mistake(
    why="s is taken for the factor itself",
    says="the difference is divided by s(y2); the factor was exp(s(y2))",
)
def divided_by_s(y1, y2, f, s):
    return (y1 - f(y2)) / s(y2), y2.copy()


@exercise.mistake(
    why="the minus is all that is left of the exp",
    says="the difference is multiplied by −s(y2); the exp is missing: exp(−s(y2))",
)
def multiplied_by_minus_s(y1, y2, f, s):
    return (y1 - f(y2)) * -s(y2), y2.copy()


@exercise.mistake(
    why="the minus lands before the exp",
    says="the difference is multiplied by −exp(s(y2)); the minus belongs to the exponent: exp(−s(y2))",
)
def minus_before_exp(y1, y2, f, s):
    return (y1 - f(y2)) * -np.exp(s(y2)), y2.copy()


@exercise.mistake(
    why="a factor close to 1 is undone by 1 − s",
    says="the difference is multiplied by 1 − s(y2), the beginning of exp(−s); take exp itself",
)
def one_minus_s(y1, y2, f, s):
    return (y1 - f(y2)) * (1 - s(y2)), y2.copy()


@exercise.mistake(
    why="exp is undone by log, it seems",
    says="the logarithm of the difference is taken; it was not x1 that went through exp, but s(x2)",
)
def logarithm_taken(y1, y2, f, s):
    return np.log(np.abs(y1 - f(y2))) - s(y2), y2.copy()


@exercise.mistake(
    why="s is thought to be subtracted, as f is",
    says="exp(s(y2)) is subtracted; x1 was multiplied by it, so divide",
)
def exp_subtracted(y1, y2, f, s):
    return y1 - f(y2) - np.exp(s(y2)), y2.copy()


@exercise.mistake(
    why="the stretching is left out",
    says="nothing is scaled: s plays no part",
)
def s_forgotten(y1, y2, f, s):
    return y1 - f(y2), y2.copy()


# --- mistakes in the shift --------------------------------------------------------------------------------------


@exercise.mistake(
    why="the order and the scale are turned, and the sign is not",
    says="f(y2) is added; it was added on the way there, so subtract it",
)
def f_added(y1, y2, f, s):
    return (y1 + f(y2)) * np.exp(-s(y2)), y2.copy()


@exercise.mistake(
    why="a difference is written the wrong way round",
    says="the difference is the wrong way round, f(y2) − y1; it is y1 − f(y2)",
)
def difference_turned_round(y1, y2, f, s):
    return (f(y2) - y1) * np.exp(-s(y2)), y2.copy()


@exercise.mistake(
    why="the shift is left out",
    says="nothing is subtracted: f plays no part",
)
def f_forgotten(y1, y2, f, s):
    return y1 * np.exp(-s(y2)), y2.copy()


@exercise.mistake(
    why="the names are mixed up",
    says="f and s change places: f is subtracted, and exp is taken of −s",
)
def f_and_s_swapped(y1, y2, f, s):
    return (y1 - s(y2)) * np.exp(-f(y2)), y2.copy()


@exercise.mistake(
    why="the functions are fed with the stream they change",
    says="both functions are fed with y1; on the way there they saw x2, which is y2",
)
def both_fed_with_y1(y1, y2, f, s):
    return (y1 - f(y1)) * np.exp(-s(y1)), y2.copy()


@exercise.mistake(
    why="f is fed with the stream it is taken from",
    says="f is fed with y1; on the way there it saw x2, which is y2",
)
def f_fed_with_y1(y1, y2, f, s):
    return (y1 - f(y1)) * np.exp(-s(y2)), y2.copy()


@exercise.mistake(
    why="s is fed with the stream it scales",
    says="s is fed with y1; on the way there it saw x2, which is y2",
)
def s_fed_with_y1(y1, y2, f, s):
    return (y1 - f(y2)) * np.exp(-s(y1)), y2.copy()


@exercise.mistake(
    why="s is fed with what is left to scale",
    says="s is fed with the difference y1 − f(y2); on the way there it saw x2, which is y2",
)
def s_fed_with_the_difference(y1, y2, f, s):
    difference = y1 - f(y2)
    return difference * np.exp(-s(difference)), y2.copy()


# --- mistakes in the second stream, and others ------------------------------------------------------------------


@exercise.mistake(
    why="in a reversible block the second stream changes, too",
    says="x2 is changed as in a reversible block, by f of y1; here x2 is y2, as it is",
)
def x2_changed_by_y1(y1, y2, f, s):
    x2 = y2 - f(y1)
    return (y1 - f(x2)) * np.exp(-s(x2)), x2


@exercise.mistake(
    why="both streams are thought to be coupled alike",
    says="x2 is taken back as if it had been stretched and shifted, too; here x2 is y2, as it is",
)
def both_coupled(y1, y2, f, s):
    x2 = (y2 - f(y1)) * np.exp(-s(y1))
    return (y1 - f(x2)) * np.exp(-s(x2)), x2


@exercise.mistake(
    why="both streams are thought to be scaled by the same factor",
    says="x2 is scaled, too; here x2 is y2, as it is",
)
def x2_scaled(y1, y2, f, s):
    scale = np.exp(-s(y2))
    return (y1 - f(y2)) * scale, y2 * scale


@exercise.mistake(
    why="what stayed seems to be the first stream",
    says="the streams change places: y1 is kept and y2 is changed; asked is the other way round",
)
def streams_swapped(y1, y2, f, s):
    return y1.copy(), (y2 - f(y1)) * np.exp(-s(y1))


@exercise.mistake(
    why="x2 is known first, so it is returned first",
    says="the results change places: asked is (x1, x2)",
)
def results_swapped(y1, y2, f, s):
    return reversible.affine_coupling_inverse(y1, y2, f, s)[::-1]


@exercise.mistake(
    why="what does not change is not returned",
    says="x1 alone is returned; x2 is y2, and belongs to the result",
)
def x1_alone(y1, y2, f, s):
    return reversible.affine_coupling_inverse(y1, y2, f, s)[0]


@exercise.mistake(
    why="the forward pass is copied",
    says="this is the coupling run forward once more; subtract first, then scale by exp(−s(y2))",
)
def forward_again(y1, y2, f, s):
    return reversible.affine_coupling_forward(y1, y2, f, s)


@exercise.mistake(
    why="a factor close to 1 seems to be 1 + s",
    says="the difference is divided by 1 + s(y2), the beginning of exp; divide by exp(s(y2))",
)
def divided_by_one_plus_s(y1, y2, f, s):
    return (y1 - f(y2)) / (1 + s(y2)), y2.copy()


@exercise.mistake(
    why="one of two signs is turned",
    says="f(y2) is added after the scaling; it is subtracted, and before: (y1 − f(y2)) · exp(−s(y2))",
)
def f_added_after_scaling(y1, y2, f, s):
    return y1 * np.exp(-s(y2)) + f(y2), y2.copy()
