"""Lab 07, `adam_step(parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1, beta2, epsilon)`.

Arrays of one shape and the number of the step, from 1 -> (parameter, first_moment, second_moment), new arrays. The
moments are moved first; each is divided by 1 - beta^step for the step alone; epsilon is added to the root.

A parameter is smaller than the learning rate in all questions: a larger one would hide the step in the tolerance. The
form of the paper's last lines, with one rate for the whole step, puts epsilon in another place and passes.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import optimizer
from reformer.loops import model as twins

exercise = Exercise(optimizer.adam_step, twins.adam_step, results=("parameter", "first_moment", "second_moment"))

RATE = 0.01


def _gradients(rng, shape, size):
    """Numbers from size/3 to 3 size, of both signs."""
    return size * np.exp(rng.uniform(-1.1, 1.1, size=shape)) * rng.choice([-1.0, 1.0], size=shape)


def drawn(*shape, step, size=1.0, dtype=np.float64, **options):
    """A step on the way: moments as earlier gradients of that size would have left them."""

    def make(rng):
        parameter = RATE * rng.uniform(-0.9, 0.9, size=shape)
        gradient, earlier = _gradients(rng, shape, size), _gradients(rng, shape, size)
        squares = _gradients(rng, shape, size) ** 2
        grown = [1 - beta ** (step - 1) for beta in (0.9, 0.98)]
        arrays = parameter, gradient, grown[0] * earlier, grown[1] * squares
        return call(*(array.astype(dtype) for array in arrays), step, learning_rate=RATE, **options)

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two numbers, the first step", tolerance=1e-5)
def _(rng):
    zeros = np.zeros(2)
    return call(np.array([0.004, -0.006]), np.array([3.0, -0.5]), zeros, zeros.copy(), 1, learning_rate=0.01)


@exercise.case("the same two numbers, the second step, with another gradient", tolerance=1e-5)
def _(rng):
    moments = np.array([0.3, -0.05]), np.array([0.18, 0.005])
    return call(np.array([-0.006, 0.004]), np.array([1.0, 2.0]), *moments, 2, learning_rate=0.01)


def _first_step(rng):
    parameter, gradient = RATE * rng.uniform(-0.9, 0.9, size=(3, 4)), _gradients(rng, (3, 4), 20.0)
    return [call(parameter, gradient, np.zeros((3, 4)), np.zeros((3, 4)), 1, learning_rate=RATE)]


@exercise.property(
    "at the first step every number moves by the learning rate, against its gradient",
    _first_step,
    axes=("row", "column"),
)
def _(calls, answers):
    parameter, gradient = calls[0].args[:2]
    return np.abs(np.asarray(answers[0][0]) - (parameter - RATE * np.sign(gradient))) < 1e-6 * RATE


exercise.case("three numbers, step 3", drawn(3, step=3), tolerance=1e-5)
exercise.case("a matrix, step 10", drawn(3, 4, step=10), tolerance=1e-5)
exercise.case("step 1000, where the corrections hardly matter", drawn(5, step=1000), tolerance=1e-5)


@exercise.case("a gradient of zero at the first step, among others", tolerance=1e-5)
def _(rng):
    parameter, gradient, zeros = RATE * rng.uniform(-0.9, 0.9, size=4), _gradients(rng, 4, 1.0), np.zeros(4)
    gradient[1] = 0.0
    return call(parameter, gradient, zeros, zeros.copy(), 1, learning_rate=RATE)


@exercise.case("a gradient of zero on the way: the first moment goes on", tolerance=1e-5)
def _(rng):
    drawn_call = drawn(4, step=5)(rng)
    drawn_call.args[1][2] = 0.0
    return drawn_call


# At the first of these epsilon within the root is off by 5 %, at the second by 70 %; the paper's last lines by less
# than a thousandth.
exercise.case("gradients of 0.0001", drawn(4, step=1, size=1e-4), tolerance=1e-2)
exercise.case("gradients of 0.00001, step 2", drawn(4, step=2, size=1e-5), tolerance=1e-2)
exercise.case(
    "other betas and an epsilon of 0.5, step 5000",
    drawn(4, step=5000, beta1=0.7, beta2=0.95, epsilon=0.5),
    tolerance=1e-5,
)
exercise.case("another beta1 and beta2, step 3", drawn(2, 3, step=3, beta1=0.8, beta2=0.9), tolerance=1e-5)
exercise.case("gradients of 1000", drawn(4, step=4, size=1000.0), tolerance=1e-5)
exercise.case("one number, step 7", drawn(1, step=7), tolerance=1e-5)
exercise.case("three axes, step 2, in float32", drawn(2, 3, 2, step=2, dtype=np.float32), tolerance=1e-4)
exercise.case(
    "three axes, step 37, other betas", drawn(3, 4, 5, step=37, beta1=0.85, beta2=0.97), hidden=True, tolerance=1e-5
)
exercise.case("a matrix of gradients of 0.0001, step 1", drawn(3, 5, step=1, size=1e-4), hidden=True, tolerance=1e-2)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_one_rate(p, g, m, v, t, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9):
    """The last lines of section 2 of the paper: both corrections in one rate, epsilon beside a root not corrected."""
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    rate = learning_rate * (1 - beta2**t) ** 0.5 / (1 - beta1**t)
    return p - rate * m / (v**0.5 + epsilon), m, v


@exercise.solution
def by_differences(parameter, gradient, first, second, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9):
    first = first + (1 - beta1) * (gradient - first)
    second = second + (1 - beta2) * (np.square(gradient) - second)
    direction = (first / (1 - np.power(beta1, step))) / (np.sqrt(second / (1 - np.power(beta2, step))) + epsilon)
    return [parameter - learning_rate * direction, first, second]


# --- mistakes ---------------------------------------------------------------------------------------------------


def _adam(
    *,
    first=lambda m, g, b: b * m + (1 - b) * g,
    second=lambda v, g, b: b * v + (1 - b) * g**2,
    correct=lambda moment, b, t: moment / (1 - b**t),
    correct_first=None,
    correct_second=None,
    change=lambda m, v, g, e: m / (np.sqrt(v) + e),
    move=lambda p, rate, change: p - rate * change,
    returned=lambda p, m, v, old: (p, m, v),
    of_step=lambda t: t,
    betas=lambda b1, b2: (b1, b2),
    epsilon_of=lambda e: e,
    corrected_are_kept=False,
    step_by_the_old=False,
):
    """Adam, of which a mistake can replace each part."""

    def step_of(p, g, m, v, t, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9):
        b1, b2 = betas(beta1, beta2)
        old = p, m, v
        new_m, new_v, t = first(m, g, b1), second(v, g, b2), of_step(t)
        by_m, by_v = (m, v) if step_by_the_old else (new_m, new_v)
        m_hat = (correct_first or correct)(by_m, b1, t)
        v_hat = (correct_second or correct)(by_v, b2, t)
        p = move(p, learning_rate, change(m_hat, v_hat, g, epsilon_of(epsilon)))
        return returned(p, *((m_hat, v_hat) if corrected_are_kept else (new_m, new_v)), old)

    return step_of


def _mistake(name, *, why, says, **changed):
    """Know a mistake in which some parts are others."""
    function = _adam(**changed)
    function.__name__ = name
    exercise.mistake(why=why, says=says)(function)


# The corrections.
_mistake(
    "no_bias_correction",
    correct=lambda moment, b, t: moment,
    why="the moments look ready to use",
    says="the moments are not corrected for their start at 0: divide by 1 - beta1**step and 1 - beta2**step",
)
_mistake(
    "first_not_corrected",
    correct_first=lambda moment, b, t: moment,
    why="one of the two corrections is forgotten",
    says="the first moment is not corrected: divide it by 1 - beta1**step",
)
_mistake(
    "second_not_corrected",
    correct_second=lambda moment, b, t: moment,
    why="one of the two corrections is forgotten",
    says="the second moment is not corrected: divide it by 1 - beta2**step",
)
_mistake(
    "corrected_moments_returned",
    corrected_are_kept=True,
    why="the same names are used for both",
    says="the corrected moments are returned, and would be corrected again next time; return them as they were before",
)
_mistake(
    "power_of_the_difference",
    correct=lambda moment, b, t: moment / (1 - b) ** t,
    why="the brackets are set round the difference",
    says="the corrections are (1 - beta)**step; the power belongs to beta alone: 1 - beta**step",
)
_mistake(
    "multiplied_by_the_correction",
    correct=lambda moment, b, t: moment * (1 - b**t),
    why="a correction is thought to make smaller",
    says="the moments are multiplied by 1 - beta**step; they are too small at first, so divide",
)
_mistake(
    "beta_times_step",
    correct=lambda moment, b, t: moment / (1 - b * t),
    why="`*` for `**`",
    says="the corrections are 1 - beta * step; they are 1 - beta ** step, a power",
)
_mistake(
    "corrected_as_at_the_first_step",
    correct=lambda moment, b, t: moment / (1 - b),
    why="`step` is forgotten",
    says="the corrections are 1 - beta, those of the first step, for ever; they are 1 - beta ** step",
)
_mistake(
    "step_counted_from_zero",
    of_step=lambda t: t + 1,
    why="steps are counted from 0 in a program",
    says="the corrections are those of the next step: `step` counts from 1 already",
)
_mistake(
    "one_step_behind",
    of_step=lambda t: t - 1,
    why="steps are counted from 1, it is thought, so 1 is taken off",
    says="the corrections are those of the step before, 1 - beta ** (step - 1), which is 0 at the first step",
)
_mistake(
    "root_before_the_correction",
    change=lambda m, v, g, e: m / (v + e),
    correct_second=lambda moment, b, t: np.sqrt(moment) / (1 - b**t),
    why="the root is taken first",
    says="the root is taken before the second moment is corrected; correct first, then take the root",
)

# Epsilon.
_mistake(
    "epsilon_within_the_root",
    change=lambda m, v, g, e: m / np.sqrt(v + e),
    why="layer norm has it there",
    says="epsilon is within the root; it is added to the root, which tells where gradients are small",
)
_mistake(
    "epsilon_forgotten",
    change=lambda m, v, g, e: m / np.sqrt(v),
    why="so small a number seems to do nothing",
    says="epsilon is missing: a gradient of zero at the first step gives 0 / 0",
)
_mistake(
    "epsilon_behind_the_fraction",
    change=lambda m, v, g, e: m / np.sqrt(v) + e,
    why="a bracket is missing",
    says="epsilon is added to the fraction; it belongs below the line, beside the root: mind the brackets",
)
_mistake(
    "epsilon_of_its_own",
    epsilon_of=lambda e: 1e-9,
    why="1e-9, or the 1e-8 of other tables, is written into the formula",
    says="epsilon is a number of its own, whatever is passed",
)

# The moments.
_mistake(
    "moments_updated_after_the_step",
    step_by_the_old=True,
    why="the step seems to come first",
    says="the step is made with the moments as they were, and these are moved after it; move them first",
)
_mistake(
    "betas_swapped",
    betas=lambda b1, b2: (b2, b1),
    why="the two numbers look alike",
    says="beta1 and beta2 change places: beta1 belongs to the first moment, of the gradients, beta2 to that of their "
    "squares",
)
_mistake(
    "beta1_for_both",
    betas=lambda b1, b2: (b1, b1),
    why="a line is copied",
    says="both moments are moved with beta1",
)
_mistake(
    "beta2_for_both",
    betas=lambda b1, b2: (b2, b2),
    why="a line is copied",
    says="both moments are moved with beta2",
)
_mistake(
    "betas_of_the_paper",
    betas=lambda b1, b2: (0.9, 0.999),
    why="0.9 and 0.999 are in every table of defaults",
    says="beta1 and beta2 are 0.9 and 0.999, whatever is passed; the defaults here are 0.9 and 0.98",
)
_mistake(
    "betas_of_its_own",
    betas=lambda b1, b2: (0.9, 0.98),
    why="the defaults are written into the formula",
    says="beta1 and beta2 are 0.9 and 0.98, whatever is passed",
)
_mistake(
    "gradient_not_squared",
    second=lambda v, g, b: b * v + (1 - b) * g,
    why="a line is copied from the first moment",
    says="the second moment is a mean of gradients; it is one of their squares",
)
_mistake(
    "absolute_gradient",
    second=lambda v, g, b: b * v + (1 - b) * np.abs(g),
    why="a size is wanted",
    says="the second moment is a mean of the sizes of the gradients; it is one of their squares",
)
_mistake(
    "gradient_halves_exchanged",
    first=lambda m, g, b: (1 - b) * m + b * g,
    second=lambda v, g, b: (1 - b) * v + b * g**2,
    why="beta and 1 - beta change places",
    says="beta and 1 - beta change places: the old moment keeps beta of itself",
)
_mistake(
    "share_of_the_gradient_forgotten",
    first=lambda m, g, b: b * m + g,
    second=lambda v, g, b: b * v + g**2,
    why="momentum is often written so",
    says="the gradient counts fully, not by 1 - beta, in both moments",
)
_mistake(
    "first_share_forgotten",
    first=lambda m, g, b: b * m + g,
    why="momentum is often written so",
    says="in the first moment the gradient counts fully, not by 1 - beta1",
)
_mistake(
    "second_moment_of_all",
    second=lambda v, g, b: b * v + (1 - b) * np.mean(g**2),
    why="`np.mean` is at hand",
    says="the second moment is moved by the mean of all squares; each number has its own",
)
_mistake(
    "second_moment_centred",
    second=lambda v, g, b: b * v + (1 - b) * (g - np.mean(g)) ** 2,
    why="a moment is taken for a variance",
    says="the mean is subtracted before the square; the second moment is that of the gradient itself",
)

# The step.
_mistake(
    "upwards",
    move=lambda p, rate, change: p + rate * change,
    why="the sign is turned round",
    says="the parameter moves along its gradient; it has to move against it",
)
_mistake(
    "no_root",
    change=lambda m, v, g, e: m / (v + e),
    why="the root is forgotten",
    says="the root is missing: the first moment is divided by the second itself",
)
_mistake(
    "gradient_for_the_first_moment",
    change=lambda m, v, g, e: g / (np.sqrt(v) + e),
    why="so does RMSProp",
    says="the gradient itself is divided by the root; it is the first moment that makes the step",
)
_mistake(
    "first_moment_alone",
    change=lambda m, v, g, e: m,
    why="momentum stops there",
    says="the second moment plays no part in the step: divide by its root",
)
_mistake(
    "gradient_alone",
    change=lambda m, v, g, e: g,
    why="gradient descent stops there",
    says="the step is the gradient times the learning rate; the moments play no part in it",
)
_mistake(
    "sign_alone",
    change=lambda m, v, g, e: np.sign(g),
    why="the first step is one of the signs",
    says="every number moves by the learning rate at every step; that is so at the first step only",
)
_mistake(
    "learning_rate_forgotten",
    move=lambda p, rate, change: p - change,
    why="the factor is forgotten",
    says="the learning rate is missing",
)

# What is returned.
_mistake(
    "old_moments_returned",
    returned=lambda p, m, v, old: (p, old[1], old[2]),
    why="the new moments have names of their own",
    says="the moments come back as they were; return the moved ones",
)
_mistake(
    "old_parameter_returned",
    returned=lambda p, m, v, old: (old[0], m, v),
    why="the step has a name of its own",
    says="the parameter comes back as it was; return the moved one",
)
_mistake(
    "parameter_alone",
    returned=lambda p, m, v, old: p,
    why="the parameter is what is wanted",
    says="only the parameter is returned; the next step needs the moments, too",
)
_mistake(
    "change_returned",
    returned=lambda p, m, v, old: (p - old[0], m, v),
    why="the step is what was computed",
    says="the change is returned in place of the new parameter",
)
_mistake(
    "moments_first",
    returned=lambda p, m, v, old: (m, v, p),
    why="they are computed first",
    says="the moments are returned before the parameter; the parameter comes first",
)
_mistake(
    "moments_swapped",
    returned=lambda p, m, v, old: (p, v, m),
    why="two names change places",
    says="the moments change places: the first comes before the second",
)
