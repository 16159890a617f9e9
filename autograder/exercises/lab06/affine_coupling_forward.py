"""Lab 06, `affine_coupling_forward(x1, x2, f, s)`: x1 stretched by exp(s(x2)) and shifted by f(x2); x2 stays.

x1, x2 (..., d), f and s functions from an array to one of the same shape -> (y1, y2).
"""

import numpy as np

from autograder.checking.call import call, form
from autograder.checking.exercise import Exercise
from autograder.exercises.lab06.reversible_forward import bent, drawn
from reformer import reversible
from reformer.loops import reversible as twins

exercise = Exercise(
    reference=reversible.affine_coupling_forward, twin=twins.affine_coupling_forward, results=("y1", "y2")
)

MOST = 5  # s of an input stays within it: exp(90) is infinite in float32


def stays_small(x1, x2, f, s):
    return bool(np.all(np.abs(s(x2)) <= MOST))


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two streams of two numbers, shifted by squares, nothing stretched", tolerance=1e-7)
def _(rng):
    return call(np.array([1.0, 2.0]), np.array([3.0, -1.0]), form("square"), form("scale", 0.0))


@exercise.case("two streams of two numbers, stretched by exp(x2) and shifted by twice x2", tolerance=1e-7)
def _(rng):
    return call(np.array([1.0, 2.0]), np.array([0.5, -1.0]), form("scale", 2.0), form("scale", 1.0))


exercise.case("five numbers", drawn(5), tolerance=1e-7)
exercise.case("four positions", drawn(4, 3), tolerance=1e-7)
exercise.case("one number", drawn(1), tolerance=1e-7)
exercise.case("two sequences of four positions", drawn(2, 4, 3), tolerance=1e-7)


def _strong(sign):
    def make(rng):
        x1, x2 = rng.standard_normal((2, 3, 4))
        return call(x1, x2, bent(rng, 4), form("affine", 0.3 * rng.standard_normal((4, 4)), np.full(4, 3.0 * sign)))

    return make


exercise.case("stretched twenty times", _strong(1), clear_cut=stays_small, tolerance=1e-7)
exercise.case("shrunk to a twentieth", _strong(-1), clear_cut=stays_small, tolerance=1e-7)


@exercise.case("functions that look at all positions of a sequence", tolerance=1e-7)
def _(rng):
    x1, x2 = rng.standard_normal((2, 3, 4, 2))
    return call(x1, x2, form("minus mean"), bent(rng, 2))


def _two_with_one_x2(rng):
    x1, x2, f, s = drawn(4, 3)(rng).args
    other = rng.standard_normal(x1.shape)
    return [call(x1, x2, f, s), call(other, x2, f, s)]


@exercise.property("x2 is kept, and the difference of two x1 is stretched by exp(s(x2))", _two_with_one_x2)
def _(calls, answers):
    (x1, x2, _, s), (other, *_) = (one.args for one in calls)
    stretched = np.asarray(answers[0][0]) - answers[1][0]
    return (np.abs(stretched - np.exp(s(x2)) * (x1 - other)) < 1e-9) & (np.abs(np.asarray(answers[0][1]) - x2) < 1e-9)


exercise.case("two heads of two sequences, in float32", drawn(2, 2, 5, 4, dtype=np.float32), tolerance=1e-5)
exercise.case("three sequences with two heads", drawn(3, 2, 6, 4), hidden=True, tolerance=1e-7)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def on_copies(x1, x2, f, s):
    y1 = x1.copy()
    y1 *= np.exp(s(x2))
    y1 += f(x2)
    return y1, x2


@exercise.solution
def divided_by_the_opposite(x1, x2, f, s):
    return [f(x2) + x1 / np.exp(-s(x2)), np.array(x2)]


# --- mistakes in the stretching ---------------------------------------------------------------------------------


@exercise.mistake(
    why="s is taken for the factor itself",
    says="x1 is multiplied by s(x2); multiply by exp(s(x2)), which is never 0, so that it can be undone",
)
def exp_forgotten(x1, x2, f, s):
    return x1 * s(x2) + f(x2), x2.copy()


@exercise.mistake(
    why="the inverse's sign is taken",
    says="x1 is multiplied by exp(−s(x2)); that is the inverse: forward the sign is plus",
)
def exp_of_minus_s(x1, x2, f, s):
    return x1 * np.exp(-s(x2)) + f(x2), x2.copy()


@exercise.mistake(
    why="brackets are set where none are",
    says="f(x2) is added before the stretching, so that it is stretched, too; stretch first, then add",
)
def added_before_stretching(x1, x2, f, s):
    return (x1 + f(x2)) * np.exp(s(x2)), x2.copy()


@exercise.mistake(
    why="the factor is set to the wrong term",
    says="f(x2) is stretched, and x1 is not; stretch x1",
)
def f_stretched(x1, x2, f, s):
    return x1 + f(x2) * np.exp(s(x2)), x2.copy()


@exercise.mistake(
    why="a factor close to 1 seems to be 1 + s",
    says="x1 is multiplied by 1 + s(x2), the beginning of exp; it may be 0, and could not be undone there",
)
def one_plus_s(x1, x2, f, s):
    return x1 * (1 + s(x2)) + f(x2), x2.copy()


@exercise.mistake(
    why="the stretching is left out",
    says="nothing is stretched: s plays no part",
)
def s_forgotten(x1, x2, f, s):
    return x1 + f(x2), x2.copy()


@exercise.mistake(
    why="s is added like f",
    says="exp(s(x2)) is added; x1 is multiplied by it",
)
def exp_added(x1, x2, f, s):
    return x1 + np.exp(s(x2)) + f(x2), x2.copy()


@exercise.mistake(
    why="the brackets of exp are set too far",
    says="exp is taken of s(x2) · x1; take it of s(x2) alone, and multiply x1 by it",
)
def exp_of_the_product(x1, x2, f, s):
    return np.exp(s(x2) * x1) + f(x2), x2.copy()


@exercise.mistake(
    why="a factor is fed with what it multiplies",
    says="s is fed with x1; then nobody can take it back: s sees x2, which is kept",
)
def s_fed_with_x1(x1, x2, f, s):
    return x1 * np.exp(s(x1)) + f(x2), x2.copy()


# --- mistakes in the shift --------------------------------------------------------------------------------------


@exercise.mistake(
    why="the names are mixed up",
    says="f and s change places: exp is taken of s, and f is added",
)
def f_and_s_swapped(x1, x2, f, s):
    return x1 * np.exp(f(x2)) + s(x2), x2.copy()


@exercise.mistake(
    why="f is fed with the stream it is added to",
    says="f is fed with x1; it sees x2, which is kept",
)
def f_fed_with_x1(x1, x2, f, s):
    return x1 * np.exp(s(x2)) + f(x1), x2.copy()


@exercise.mistake(
    why="both functions are fed with the stream they change",
    says="both functions are fed with x1; they see x2, which is kept",
)
def both_fed_with_x1(x1, x2, f, s):
    return x1 * np.exp(s(x1)) + f(x1), x2.copy()


@exercise.mistake(
    why="the inverse's sign is taken",
    says="f(x2) is subtracted; forward it is added",
)
def f_subtracted(x1, x2, f, s):
    return x1 * np.exp(s(x2)) - f(x2), x2.copy()


@exercise.mistake(
    why="the shift is left out",
    says="nothing is added: f plays no part",
)
def f_forgotten(x1, x2, f, s):
    return x1 * np.exp(s(x2)), x2.copy()


# --- mistakes in the second stream ------------------------------------------------------------------------------


@exercise.mistake(
    why="in a reversible block the second stream changes, too",
    says="y2 is changed as in a reversible block, by f of y1; here y2 is x2, as it was",
)
def y2_changed_by_y1(x1, x2, f, s):
    y1 = x1 * np.exp(s(x2)) + f(x2)
    return y1, x2 + f(y1)


@exercise.mistake(
    why="both streams are thought to be coupled alike",
    says="y2 is stretched and shifted as well, by functions of y1; here y2 is x2, as it was",
)
def both_coupled(x1, x2, f, s):
    y1 = x1 * np.exp(s(x2)) + f(x2)
    return y1, x2 * np.exp(s(y1)) + f(y1)


@exercise.mistake(
    why="both streams are thought to be stretched by the same factor",
    says="y2 is stretched, too; here y2 is x2, as it was",
)
def y2_stretched(x1, x2, f, s):
    scale = np.exp(s(x2))
    return x1 * scale + f(x2), x2 * scale


@exercise.mistake(
    why="what stays seems to be x1",
    says="the streams change places: x1 stays and x2 is changed; asked is the other way round",
)
def streams_swapped(x1, x2, f, s):
    return x1.copy(), x2 * np.exp(s(x1)) + f(x1)


@exercise.mistake(
    why="the streams take turns in a stack of couplings",
    says="the results change places: asked is (y1, y2)",
)
def results_swapped(x1, x2, f, s):
    return reversible.affine_coupling_forward(x1, x2, f, s)[::-1]


@exercise.mistake(
    why="what does not change is not returned",
    says="y1 alone is returned; y2 is x2, and belongs to the result",
)
def y1_alone(x1, x2, f, s):
    return reversible.affine_coupling_forward(x1, x2, f, s)[0]


@exercise.mistake(
    why="flows return the logarithm of the determinant as well",
    says="the sum of s is returned, too, as flows do; asked are two arrays",
)
def with_the_determinant(x1, x2, f, s):
    return (*reversible.affine_coupling_forward(x1, x2, f, s), np.sum(s(x2), axis=-1))


@exercise.mistake(
    why="both streams are thought to be changed by the other, as it was",
    says="y2 is stretched and shifted as well, by functions of x1; here y2 is x2, as it was",
)
def both_coupled_at_once(x1, x2, f, s):
    return x1 * np.exp(s(x2)) + f(x2), x2 * np.exp(s(x1)) + f(x1)


@exercise.mistake(
    why="the brackets of exp are set too far",
    says="exp is taken of s(x2) + f(x2); take it of s(x2) alone, and add f(x2) outside",
)
def exp_of_the_sum(x1, x2, f, s):
    return x1 * np.exp(s(x2) + f(x2)), x2.copy()
