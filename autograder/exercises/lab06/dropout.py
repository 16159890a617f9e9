"""Lab 06, `dropout(values, seed, *, rate)`: entries dropped at random, the same ones whenever the seed is the same.

values of any shape, seed a whole number or a tuple of such, rate 0 .. below 1 -> the shape of values. Kept where
`np.random.default_rng(seed).random(values.shape) >= rate`, and then divided by 1 - rate.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.checking.relations import Relation
from reformer import reversible
from reformer.loops import reversible as twins


def _others_dropped(scaled):
    def makes(right, got, call):
        """The answer, where its kept entries have the right size, whichever they are."""
        if right.shape != got.shape or right.dtype.kind != "f" or not np.any(got):
            return []
        return [np.where(got == 0, 0, call.args[0] / (1 - call.kwargs["rate"] * scaled))]

    return makes


# What is drawn without the seed is different each time, so no list of answers can hold it.
REDRAWN = Relation(
    "redrawn",
    "other entries are dropped than the seed decides, as if they were drawn anew: make the generator in the function, "
    "by `np.random.default_rng(seed)`, and draw once, by its `random(values.shape)`",
    _others_dropped(scaled=True),
)
REDRAWN_NOT_SCALED = Relation(
    "redrawn_not_scaled",
    "other entries are dropped than the seed decides, and the kept ones are not divided by 1 − rate: draw by "
    "`np.random.default_rng(seed).random(values.shape)`",
    _others_dropped(scaled=False),
)

exercise = Exercise(reference=reversible.dropout, twin=twins.dropout, relations=(REDRAWN, REDRAWN_NOT_SCALED))


def values_of(rng, *shape, dtype=np.float64):
    """Numbers well away from 0, so that what is dropped can be told from what is kept."""
    return (rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.5, 2.0, size=shape)).astype(dtype)


def drawn(*shape, rate, seed=None, dtype=np.float64):
    """Values, and a seed drawn for them unless one is named."""

    def make(rng):
        chosen = int(rng.integers(1000, 10**6)) if seed is None else seed
        return call(values_of(rng, *shape, dtype=dtype), chosen, rate=rate)

    return make


def is_telling(values, seed, rate):
    """Whether both kept and dropped entries are there, neither of them a mirror image of the other."""
    kept = np.random.default_rng(seed).random(values.shape) >= rate
    return 0 < np.count_nonzero(kept) < kept.size


def asks(name, make, **how):
    exercise.case(name, make, clear_cut=is_telling, **({"tolerance": 1e-6} | how))


# --- questions --------------------------------------------------------------------------------------------------


asks("six ones, half of them dropped", lambda rng: call(np.ones(6), 3, rate=0.5))
asks("eight numbers, a quarter dropped", drawn(8, rate=0.25))


@exercise.case("a rate of 0: nothing is dropped", tolerance=1e-6)
def _(rng):
    return drawn(5, rate=0.0)(rng)


@exercise.case("one number without axes, kept", tolerance=1e-6)
def _(rng):
    return call(np.array(3.0), 1, rate=0.25)  # drawn is 0.51


@exercise.case("one number without axes, dropped", tolerance=1e-6)
def _(rng):
    return call(np.array(3.0), 1, rate=0.75)


asks("four rows of thirty", drawn(4, 30, rate=0.1))


def _twice(rng):
    values, seed = values_of(rng, 5, 8), int(rng.integers(1000, 10**6))
    return [call(values, seed, rate=0.3)] * 2


@exercise.property("the same seed drops the same entries again", _twice)
def _(calls, answers):
    return np.equal(*answers)


def _values_and_gradient(rng):
    seed = int(rng.integers(1000, 10**6))
    return [call(values_of(rng, 5, 8), seed, rate=0.3) for _ in range(2)]


@exercise.property("a gradient, with the same seed, is dropped where the values were", _values_and_gradient)
def _(calls, answers):
    one, other = (np.equal(answer, 0) for answer in answers)
    return (one == other) & np.any(one)


asks("a seed of three numbers: step, layer and branch", drawn(3, 10, rate=0.4, seed=(7, 0, 1)))
asks("most of two sequences dropped", drawn(2, 6, 5, rate=0.8), points=2)
asks("as many rows as columns, in float32", drawn(8, 8, rate=0.3, dtype=np.float32))
asks("three sequences of twelve rows", drawn(3, 12, 8, rate=0.35), hidden=True, points=2)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_zeros_on_a_copy(values, seed, *, rate):
    dropped = values.copy()
    dropped[np.random.default_rng(seed).random(values.shape) < rate] = 0
    return dropped / (1 - rate)


@exercise.solution
def by_where(values, seed, *, rate=0.5):
    rng = np.random.default_rng(seed)
    return np.where(rng.uniform(size=values.shape) < rate, 0.0, values / (1 - rate))


@exercise.solution
def drawn_in_one_row(values, seed, *, rate):
    kept = np.random.default_rng(seed).random(values.size) >= rate
    return (values.ravel() * kept / (1 - rate)).reshape(values.shape)


# --- mistakes in what is drawn ----------------------------------------------------------------------------------


def _kept(values, seed, rate):
    return np.random.default_rng(seed).random(values.shape) >= rate


@exercise.mistake(why="that is what dropout does where nobody replays it", says=REDRAWN.says)
def redrawn(values, seed, *, rate):
    return values * (np.random.default_rng().random(values.shape) >= rate) / (1 - rate)


@exercise.mistake(
    why="a seed of one's own makes it replay, too",
    says="the seed plays no part: the generator is always made from 0, so that all layers drop the same entries",
)
def fixed_seed(values, seed, *, rate):
    return values * _kept(values, 0, rate) / (1 - rate)


@exercise.mistake(
    why="np.random.seed is what older code does",
    says="the entries are drawn by NumPy's old generator, after `np.random.seed(seed)`; it draws other numbers than "
    "`np.random.default_rng(seed)`, and changes what everybody else draws",
)
def old_generator(values, seed, *, rate):
    return values * (np.random.RandomState(seed).random_sample(values.shape) >= rate) / (1 - rate)


@exercise.mistake(
    why="float32 values seem to want float32 draws",
    says="the draws have the dtype of the values, which drops others in float32; `random(values.shape)` draws float64, "
    "whatever the values are",
)
def draws_in_the_dtype_of_the_values(values, seed, *, rate):
    draws = np.random.default_rng(seed).random(values.shape, dtype=values.dtype)
    return values * (draws >= rate) / (1 - rate)


@exercise.mistake(
    why="a position is dropped with all its features",
    says="whole rows are dropped: one number is drawn for each row; draw one for each entry",
)
def whole_rows(values, seed, *, rate):
    draws = np.random.default_rng(seed).random(values.shape[:-1] or values.shape)
    return values * (draws.reshape(*draws.shape, *[1] * (values.ndim - draws.ndim)) >= rate) / (1 - rate)


@exercise.mistake(
    why="one mask is thought to serve every row",
    says="all rows drop the same features: one row of numbers is drawn for all of them; draw one for each entry",
)
def one_mask_for_all_rows(values, seed, *, rate):
    return values * (np.random.default_rng(seed).random(values.shape[-1:]) >= rate) / (1 - rate)


@exercise.mistake(
    why="one mask is thought to serve every sequence",
    says="all sequences drop the same entries: one mask is drawn for all of them; draw a number for each entry",
)
def one_mask_for_all_sequences(values, seed, *, rate):
    return values * (np.random.default_rng(seed).random(values.shape[-2:]) >= rate) / (1 - rate)


@exercise.mistake(
    why="a coin with a chance is a binomial",
    says="the entries are drawn by `binomial`, which makes other numbers of the same seed; draw by `random`, and "
    "compare with the rate",
)
def by_binomial(values, seed, *, rate):
    return values * np.random.default_rng(seed).binomial(1, 1 - rate, size=values.shape) / (1 - rate)


@exercise.mistake(
    why="normal numbers are what one usually draws",
    says="the numbers are drawn by `standard_normal`; draw by `random`, evenly between 0 and 1",
)
def by_normal_numbers(values, seed, *, rate):
    return values * (np.random.default_rng(seed).standard_normal(values.shape) >= rate) / (1 - rate)


@exercise.mistake(
    why="a rate is a share, so exactly that share is dropped",
    says="exactly the share `rate` is dropped, those of the smallest draws; each entry is decided by "
    "itself, at the rate",
)
def exactly_the_share(values, seed, *, rate):
    draws = np.random.default_rng(seed).random(values.shape)
    n_dropped = int(round(rate * draws.size))
    places = np.argsort(np.argsort(draws, axis=None))
    return values * (places >= n_dropped).reshape(values.shape) / (1 - rate)


# --- mistakes in what is kept -----------------------------------------------------------------------------------


@exercise.mistake(
    why="the rate is taken for the chance to stay",
    says="an entry is kept where its draw is below the rate, so that the share `rate` stays; it is to be dropped there",
)
def kept_below_the_rate(values, seed, *, rate):
    return values * ~_kept(values, seed, rate) / (1 - rate)


@exercise.mistake(
    why="the rate is taken for the chance to stay, throughout",
    says="the rate is taken for the share to keep: an entry is kept below it, and divided by it; it is the "
    "share to drop",
)
def rate_taken_for_the_share_to_keep(values, seed, *, rate):
    return values * ~_kept(values, seed, rate) / (rate or 1)


@exercise.mistake(
    why="1 − rate is where the dropped ones seem to begin",
    says="an entry is kept below 1 − rate: the right share, but not the same entries; keep where the draw is at least "
    "the rate",
)
def kept_below_one_minus_the_rate(values, seed, *, rate):
    return values * (np.random.default_rng(seed).random(values.shape) < 1 - rate) / (1 - rate)


@exercise.mistake(
    why="the rate and what is left of it are mixed up",
    says="an entry is kept where its draw is at least 1 − rate, so that the share `rate` stays; compare with the rate",
)
def kept_above_one_minus_the_rate(values, seed, *, rate):
    return values * (np.random.default_rng(seed).random(values.shape) >= 1 - rate) / (1 - rate)


@exercise.mistake(
    why="the values are compared, not the draws",
    says="small values are dropped, below the rate; the draws decide, not the values",
)
def small_values_dropped(values, seed, *, rate):
    return np.where(np.abs(values) >= rate, values / (1 - rate), 0)


@exercise.mistake(
    why="dropout does nothing when a model is used",
    says="nothing is dropped: the values come back as they were",
)
def nothing_dropped(values, seed, *, rate):
    return values.copy()


@exercise.mistake(
    why="the mask is forgotten",
    says="nothing is dropped, and all is divided by 1 − rate",
)
def all_scaled(values, seed, *, rate):
    return values / (1 - rate)


@exercise.mistake(
    why="the mask itself is what is kept for later",
    says="the mask is returned; multiply the values by it",
)
def mask_returned(values, seed, *, rate):
    return _kept(values, seed, rate) / (1 - rate)


@exercise.mistake(
    why="the dropped ones are left out",
    says="the dropped entries are left out, and the kept ones stand in one row; the shape has to stay, with zeros",
)
def kept_ones_alone(values, seed, *, rate):
    return values[_kept(values, seed, rate)] / (1 - rate)


@exercise.mistake(
    why="a quotient of arrays is thought to be an array always",
    says="zeros are written into `values / (1 - rate)`; of an array without axes that is a number, into which nothing "
    "can be written: `np.where` serves all shapes",
)
def written_into_a_number(values, seed, *, rate):
    dropped = values / (1 - rate)
    dropped[~_kept(values, seed, rate)] = 0
    return dropped


# --- mistakes in the scale --------------------------------------------------------------------------------------


@exercise.mistake(
    why="dropping seems to be all there is to it",
    says="the kept entries are not scaled: the mean shrinks by the share that is dropped; divide by 1 − rate",
)
def not_scaled(values, seed, *, rate):
    return values * _kept(values, seed, rate)


@exercise.mistake(
    why="the rate is what one has",
    says="the kept entries are divided by the rate; divide by 1 − rate, the share that stays",
)
def divided_by_the_rate(values, seed, *, rate):
    return values * _kept(values, seed, rate) / (rate or 1)


@exercise.mistake(
    why="the older form scales when a model is used, and by multiplying",
    says="the kept entries are multiplied by 1 − rate; divide by it, so that the mean stays",
)
def multiplied_by_one_minus_the_rate(values, seed, *, rate):
    return values * _kept(values, seed, rate) * (1 - rate)


@exercise.mistake(
    why="the rate is what one has",
    says="the kept entries are multiplied by the rate; divide them by 1 − rate",
)
def multiplied_by_the_rate(values, seed, *, rate):
    return values * _kept(values, seed, rate) * rate


@exercise.mistake(
    why="what is taken away seems to be given back by 1 + rate",
    says="the kept entries are multiplied by 1 + rate; divide by 1 − rate: at rate 0.5 half of them stay, and need 2",
)
def multiplied_by_one_plus_the_rate(values, seed, *, rate):
    return values * _kept(values, seed, rate) * (1 + rate)


@exercise.mistake(
    why="the mean should stay exactly",
    says="the kept entries are divided by the share that was in fact kept; divide by 1 − rate, whatever was drawn",
)
def divided_by_the_share_kept(values, seed, *, rate):
    kept = _kept(values, seed, rate)
    return values * kept / max(np.mean(kept), 1 / kept.size)


@exercise.mistake(
    why="a variance is kept by a root",
    says="the kept entries are divided by the root of 1 − rate; divide by 1 − rate itself",
)
def divided_by_the_root(values, seed, *, rate):
    return values * _kept(values, seed, rate) / np.sqrt(1 - rate)


@exercise.mistake(
    why="it is forgotten twice: the seed, and the scale",
    says=REDRAWN_NOT_SCALED.says,
)
def redrawn_not_scaled(values, seed, *, rate):
    return values * (np.random.default_rng().random(values.shape) >= rate)
