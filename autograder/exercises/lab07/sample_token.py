"""Lab 07, `sample_token(logits, uniforms, *, temperature=1.0, top_k=None)`: a token for each row, from given numbers.

logits (..., V), uniforms (...) of [0, 1) -> tokens, integers (...). Token v where the probabilities of the tokens with
lower numbers sum to at most u, and with its own to more. Logits are divided by the temperature; at 0 the highest is
taken. With top_k only the k highest logits count. Of equal logits the lower token comes first, in both.

Numbers are at least 1e-6 away from every border between two tokens.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import sampling
from reformer.loops import model as twins

exercise = Exercise(sampling.sample_token, twins.sample_token)

MARGIN = 1e-6
_TENTHS = np.log([0.1, 0.2, 0.3, 0.4])


def _softmax(logits):
    weights = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return weights / np.sum(weights, axis=-1, keepdims=True)


def _kept(logits, top_k):
    """The logits with -inf in place of all but the k highest, of equal ones the lower tokens."""
    if top_k is None:
        return logits
    ranks = np.argsort(np.argsort(-logits, axis=-1, kind="stable"), axis=-1, kind="stable")
    return np.where(ranks < top_k, logits, -np.inf)


def far_from_borders(logits, uniforms, *, temperature=1.0, top_k=None):
    """Whether no number is close to a border, and no two logits are nearly but not quite equal."""
    if temperature == 0 or top_k is not None:
        gaps = np.diff(np.sort(logits, axis=-1), axis=-1)
        if np.any((gaps > 0) & (gaps < 1e-5)):
            return False
    if temperature == 0:
        return True
    borders = np.cumsum(_softmax(_kept(logits.astype(float), top_k) / temperature), axis=-1)
    return np.all(np.abs(borders - uniforms[..., np.newaxis]) > MARGIN) and np.all(uniforms < 1 - MARGIN)


def ask(name, make, **how):
    exercise.case(name, make, clear_cut=far_from_borders, **how)


def drawn(*batch, V, spread=1.2, dtype=np.float64, **options):
    def make(rng):
        logits = spread * rng.standard_normal((*batch, V))
        return call(logits.astype(dtype), rng.random(batch), **options)

    return make


def whole(*batch, V, highest=3, **options):
    """Logits that are small whole numbers, so that many are equal."""

    def make(rng):
        return call(rng.integers(0, highest + 1, size=(*batch, V)).astype(float), rng.random(batch), **options)

    return make


# --- questions --------------------------------------------------------------------------------------------------


ask(
    "probabilities 0.1, 0.2, 0.3 and 0.4, four numbers",
    lambda rng: call(np.tile(_TENTHS, (4, 1)), np.array([0.05, 0.15, 0.45, 0.95])),
)
ask(
    "the same four numbers at temperature 0.5",
    lambda rng: call(np.tile(_TENTHS, (4, 1)), np.array([0.05, 0.15, 0.45, 0.95]), temperature=0.5),
)
ask(
    "the same four numbers among the three highest",
    lambda rng: call(np.tile(_TENTHS, (4, 1)), np.array([0.05, 0.15, 0.45, 0.95]), top_k=3),
)
ask(
    "the likeliest token has number 0",
    lambda rng: call(np.tile(_TENTHS[::-1], (4, 1)), np.array([0.05, 0.45, 0.65, 0.95])),
)


def _evenly_spaced(rng):
    return [call(np.tile(rng.standard_normal(5), (400, 1)), (np.arange(400) + 0.5) / 400)]


@exercise.property(
    "400 evenly spaced numbers: each token comes as often as its probability says", _evenly_spaced, axes=("row",)
)
def _(calls, answers):
    same = np.asarray(answers[0])[:, np.newaxis] == np.arange(5)
    as_often = np.abs(np.mean(same, axis=0) - _softmax(calls[0].args[0][0])) < 2 / 400
    return np.any(same & as_often, axis=-1)


ask("twelve rows of eight tokens", drawn(12, V=8))
ask("temperature 3", drawn(12, V=6, spread=2.0, temperature=3.0))
ask("temperature 0.4", drawn(12, V=6, temperature=0.4))
ask("temperature 0: the highest logit", drawn(5, V=6, temperature=0.0))
ask("temperature 0, equal logits", whole(8, V=7, highest=2, temperature=0.0))
ask("the two highest of seven", drawn(12, V=7, top_k=2))
ask("the three highest of eight, at temperature 2", drawn(12, V=8, top_k=3, temperature=2.0))
ask("the three highest of eight, equal logits among them", whole(16, V=8, top_k=3))
ask("the highest alone, equal logits", whole(8, V=6, highest=2, top_k=1))
ask("the two highest at temperature 0, equal logits", whole(8, V=6, highest=2, top_k=2, temperature=0.0))
ask("as many as there are, and more than there are", drawn(8, V=4, top_k=4))
ask("the ten highest of four", drawn(8, V=4, top_k=10))


@exercise.case("logits about 1000 and about -1000, temperature 0.1", clear_cut=far_from_borders)
def _(rng):
    logits = 0.1 * rng.standard_normal((8, 5))
    return call(logits + np.repeat([1000.0, -1000.0], 4)[:, np.newaxis], rng.random(8), temperature=0.1)


@exercise.case("tokens that cannot come: logits of -inf", clear_cut=far_from_borders)
def _(rng):
    logits = rng.standard_normal((8, 6))
    logits[:, 0], logits[4:, 3], logits[:, 5] = -np.inf, -np.inf, -np.inf
    return call(logits, rng.random(8))


@exercise.case("a number of 0, where the first tokens have no share")
def _(rng):
    return call(np.array([[0.0, 1.0, 3.0, 2.0], [1.0, 1.0, 0.0, 4.0]]), np.zeros(2), top_k=2)


@exercise.case("three thousand equal logits in float32, numbers 0.30001 and 0.99999", clear_cut=far_from_borders)
def _(rng):
    """Summed in float32 the probabilities end at 0.99997."""
    return call(np.zeros((2, 3000), dtype=np.float32), np.array([0.30001, 0.99999]))


ask("as many rows as tokens", drawn(6, V=6, temperature=0.8))
ask("two rows of three, of five tokens", drawn(2, 3, V=5))
ask("two of two of two rows, in float32, the four highest", drawn(2, 2, 2, V=9, dtype=np.float32, top_k=4))
ask("one row", drawn(1, V=3))
ask(
    "three rows of forty, of thirty tokens, the five highest at temperature 0.7",
    drawn(3, 40, V=30, top_k=5, temperature=0.7),
    hidden=True,
)
ask("fifty rows of twelve tokens, equal logits, the four highest", whole(50, V=12, highest=4, top_k=4), hidden=True)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def row_by_row(logits, uniforms, *, temperature=1.0, top_k=None):
    tokens = np.zeros(uniforms.shape, dtype=int)
    for place in np.ndindex(*uniforms.shape):
        row = logits[place].astype(float)
        if temperature == 0:
            tokens[place] = np.argmax(row)
            continue
        kept = np.sort(np.argsort(-row, kind="stable")[:top_k])
        weights = np.exp((row[kept] - row[kept].max()) / temperature)
        borders = np.cumsum(weights)
        tokens[place] = kept[np.searchsorted(borders, uniforms[place] * borders[-1], side="right")]
    return tokens


@exercise.solution
def by_argmax(logits, uniforms, *, temperature=1.0, top_k=None):
    if temperature == 0:
        return logits.argmax(-1)
    scores = _kept(logits.astype(np.float64), top_k)
    borders = np.cumsum(_softmax(scores / temperature), axis=-1)
    return np.argmax(borders / borders[..., -1:] > uniforms[..., None], axis=-1)


# --- mistakes ---------------------------------------------------------------------------------------------------


def _count(borders, uniforms):
    return np.sum(borders <= uniforms[..., np.newaxis] * borders[..., -1:], axis=-1)


def _sampler(
    *,
    keep=_kept,
    heat=lambda logits, t: logits / t,
    probabilities=_softmax,
    choose=lambda p, u: _count(np.cumsum(p, axis=-1), u),
    at_zero=lambda logits, u, k: np.argmax(logits, axis=-1),
    number_of=lambda u: u,
    count_of=lambda k: k,
    widen=lambda logits: logits.astype(np.float64),
):
    """`sample_token`, of which a mistake can replace each step."""

    def sample(logits, uniforms, *, temperature=1.0, top_k=None):
        uniforms, top_k = number_of(uniforms), None if top_k is None else count_of(top_k)
        if temperature == 0 and at_zero:
            return at_zero(logits, uniforms, top_k)
        return choose(probabilities(heat(keep(widen(logits), top_k), temperature)), uniforms)

    return sample


def _mistake(name, *, why, says, **changed):
    """Know a mistake in which some steps are others."""
    function = _sampler(**changed)
    function.__name__ = name
    exercise.mistake(why=why, says=says)(function)


# The temperature.
_mistake(
    "temperature_cancels",
    heat=lambda logits, t: logits,
    why="it is applied to the probabilities, which are then divided by their sum; or it is forgotten",
    says="the temperature has no effect: probabilities that are divided by it, and then by their sum, are what they "
    "were; divide the logits, before the softmax",
)


@exercise.mistake(
    why="the temperature is applied to the probabilities",
    says="the probabilities are divided by the temperature, so that they do not add up to one; divide the logits, "
    "before the softmax",
)
def temperature_applied_to_probabilities(logits, uniforms, *, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    borders = np.cumsum(_softmax(_kept(logits.astype(float), top_k)) / temperature, axis=-1)
    return np.minimum(np.sum(borders <= uniforms[..., np.newaxis], axis=-1), logits.shape[-1] - 1)


@exercise.mistake(
    why="the temperature is applied to the probabilities, and `np.argmax` finds the first border above",
    says="the probabilities are divided by the temperature, so that they do not add up to one, and where no border is "
    "above the number token 0 is taken; divide the logits, before the softmax",
)
def temperature_applied_to_probabilities_and_argmax(logits, uniforms, *, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    borders = np.cumsum(_softmax(_kept(logits.astype(float), top_k)) / temperature, axis=-1)
    return np.argmax(borders > uniforms[..., np.newaxis], axis=-1)


_mistake(
    "softmax_of_probabilities",
    heat=lambda logits, t: _softmax(logits) / t,
    why="the temperature is applied to the probabilities, and softmax to that",
    says="the probabilities are divided by the temperature and pass a second softmax; divide the logits, before the "
    "only one",
)
_mistake(
    "multiplied_by_the_temperature",
    heat=lambda logits, t: logits * t,
    why="hot is taken for more",
    says="the logits are multiplied by the temperature; they are divided by it, so that a high one evens them out",
)
_mistake(
    "no_case_for_zero",
    at_zero=None,
    why="a division by zero is not thought of",
    says="at temperature 0 the logits are divided by 0; there the highest logit is taken, without a softmax",
)
_mistake(
    "as_at_one_for_zero",
    at_zero=lambda logits, u, k: _count(np.cumsum(_softmax(_kept(logits.astype(float), k)), axis=-1), u),
    why="`if temperature:` leaves 0 out",
    says="at temperature 0 a token is drawn as at 1; the highest logit is taken there",
)
_mistake(
    "the_last_of_the_highest_at_zero",
    at_zero=lambda logits, u, k: logits.shape[-1] - 1 - np.argmax(logits[..., ::-1], axis=-1),
    why="`argsort` ends with the last of equal ones",
    says="at temperature 0, of equal logits the highest token is taken; it is the lowest",
)
_mistake(
    "always_the_highest",
    choose=lambda p, u: np.argmax(p, axis=-1),
    why="greedy choice comes first to mind",
    says="the likeliest token is taken always; the number decides",
)

# The highest k.
_mistake(
    "all_at_the_threshold_kept",
    keep=lambda logits, k: (
        logits
        if k is None
        else np.where(logits >= np.sort(logits, axis=-1)[..., -min(k, logits.shape[-1])][..., None], logits, -np.inf)
    ),
    why="all that reach the k-th logit are kept",
    says="all logits that reach the k-th are kept, of which there can be more than k; of equal ones the lower tokens",
)
_mistake(
    "higher_tokens_of_equal_ones",
    keep=lambda logits, k: _kept(logits[..., ::-1], k)[..., ::-1],
    why="`argsort` without the minus, from its end",
    says="of equal logits at the threshold the higher tokens are kept; the lower ones are asked",
)
_mistake(
    "top_k_ignored",
    keep=lambda logits, k: logits,
    why="the argument is forgotten",
    says="all tokens can come: `top_k` has no effect",
)
_mistake(
    "lowest_k_kept",
    keep=lambda logits, k: logits if k is None else -_kept(np.where(np.isinf(logits), np.nan, -logits), k),
    why="`argsort` puts the lowest first",
    says="the k lowest logits are kept; the highest are asked",
)
_mistake(
    "one_too_many_kept",
    count_of=lambda k: k + 1,
    why="k is taken for a place counted from 0",
    says="one token more than k is kept",
)
_mistake(
    "one_too_few_kept",
    count_of=lambda k: max(1, k - 1),
    why="a strict comparison with the k-th logit leaves it out",
    says="one token fewer than k is kept",
)
_mistake(
    "others_at_zero",
    keep=lambda logits, k: np.where(np.isinf(_kept(logits, k)), np.where(np.isinf(logits), logits, 0), logits),
    why="what does not count is set to 0",
    says="the other logits are set to 0, and `np.exp(0)` is 1; set them to -inf",
)


def _after_the_softmax(choose):
    def sample(logits, uniforms, *, temperature=1.0, top_k=None):
        if temperature == 0:
            return np.argmax(logits, axis=-1)
        logits = logits.astype(float)
        all_of_them = _softmax(logits / temperature)
        return choose(np.cumsum(np.where(np.isinf(_kept(logits, top_k)), 0, all_of_them), axis=-1), uniforms)

    return sample


@exercise.mistake(
    why="probabilities are set to 0 after the softmax, and not divided again",
    says="the probabilities of those that are kept are not divided by their sum again, so that many numbers are above "
    "the last border, and give V",
)
def kept_not_divided_again(logits, uniforms, *, temperature=1.0, top_k=None):
    choose = _after_the_softmax(lambda borders, u: np.sum(borders <= u[..., np.newaxis], axis=-1))
    return choose(logits, uniforms, temperature=temperature, top_k=top_k)


@exercise.mistake(
    why="probabilities are set to 0 after the softmax, and not divided again; `np.argmax` of no is 0",
    says="the probabilities of those that are kept are not divided by their sum again, so that many numbers are above "
    "the last border, and give 0",
)
def kept_not_divided_again_and_argmax(logits, uniforms, *, temperature=1.0, top_k=None):
    choose = _after_the_softmax(lambda borders, u: np.argmax(borders > u[..., np.newaxis], axis=-1))
    return choose(logits, uniforms, temperature=temperature, top_k=top_k)


@exercise.mistake(
    why="the number is chosen among those that are kept",
    says="the place among those that are kept is returned; asked is the token's own number",
)
def place_among_the_kept(logits, uniforms, *, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    logits = logits.astype(float)
    order = np.sort(np.argsort(-logits, axis=-1, kind="stable")[..., :top_k], axis=-1)
    return _count(np.cumsum(_softmax(np.take_along_axis(logits, order, axis=-1) / temperature), axis=-1), uniforms)


@exercise.mistake(
    why="those that are kept come sorted by their logit",
    says="those that are kept stand in the order of their probabilities; they stand in the order of their numbers",
)
def kept_in_order_of_probability(logits, uniforms, *, temperature=1.0, top_k=None):
    if top_k is None:
        return exercise.reference(logits, uniforms, temperature=temperature)
    return in_order_of_probability(logits, uniforms, temperature=temperature, top_k=top_k)


# The draw.
@exercise.mistake(
    why="top-k and top-p sampling sort first",
    says="the tokens stand in the order of their probabilities, the likeliest first; they stand in the order of their "
    "numbers",
)
def in_order_of_probability(logits, uniforms, *, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    logits = logits.astype(float)
    order = np.argsort(-logits, axis=-1, kind="stable")[..., :top_k]
    likely = _softmax(np.take_along_axis(logits, order, axis=-1) / temperature)
    place = _count(np.cumsum(likely, axis=-1), uniforms)
    return np.take_along_axis(order, place[..., np.newaxis], axis=-1)[..., 0]


@exercise.mistake(
    why="the tokens are sorted, and the way back is forgotten",
    says="the place in the order of the probabilities is returned; asked is the token's own number",
)
def rank_returned(logits, uniforms, *, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    likely = -np.sort(-logits.astype(float), axis=-1)[..., :top_k]
    return _count(np.cumsum(_softmax(likely / temperature), axis=-1), uniforms)


_mistake(
    "in_order_of_rising_probability",
    choose=lambda p, u: np.take_along_axis(
        np.argsort(p, axis=-1, kind="stable"), _count(np.cumsum(np.sort(p, axis=-1), axis=-1), u)[..., np.newaxis], -1
    )[..., 0],
    why="`argsort` puts the lowest first",
    says="the tokens stand in the order of their probabilities, the least likely first; they stand in the order of "
    "their numbers",
)
_mistake(
    "one_token_too_far",
    choose=lambda p, u: np.sum(np.cumsum(p, axis=-1) - p <= u[..., np.newaxis], axis=-1),
    why="the borders before are counted, and the first of them is 0",
    says="the token is one too far: the borders below the number are counted, among them 0",
)
_mistake(
    "one_token_too_early",
    choose=lambda p, u: _count(np.cumsum(p, axis=-1), u) - 1,
    why="a count is turned into a place",
    says="the token is one too early: as many borders as lie below the number, so many tokens come before it",
)
_mistake(
    "a_border_belongs_to_the_token_before",
    choose=lambda p, u: np.sum(np.cumsum(p, axis=-1) < u[..., np.newaxis] * np.sum(p, axis=-1, keepdims=True), axis=-1),
    why="< and <= seem the same for numbers drawn at random",
    says="a number that equals the end of a share takes that token: at 0 it is one without any share; count ends that "
    "are at most the number, `<=`",
)
_mistake(
    "from_the_other_end",
    number_of=lambda u: 1 - u,
    why="what is left over is counted",
    says="the probabilities are added up from the last token on; begin with token 0",
)
_mistake(
    "all_equally_likely",
    choose=lambda p, u: np.floor(u * p.shape[-1]).astype(int),
    why="a number between 0 and 1 times V is a token",
    says="all tokens are equally likely: the logits play no part",
)
_mistake(
    "first_number_for_all",
    number_of=lambda u: np.full_like(u, u.flat[0]),
    why="one number is drawn for all",
    says="the first number is used for every row; each row has its own",
)
_mistake(
    "no_softmax",
    probabilities=lambda logits: logits,
    why="logits are taken for probabilities",
    says="the logits themselves are added up; make probabilities of them first, by a softmax",
)
_mistake(
    "softmax_over_rows",
    probabilities=lambda logits: (
        np.exp(logits - np.max(logits, axis=0)) / np.sum(np.exp(logits - np.max(logits, axis=0)), axis=0)
    ),
    why="axis 0 is the first that comes to mind",
    says="the softmax runs along axis 0; the probabilities of the tokens, the last axis, add up to one",
)
_mistake(
    "added_up_over_rows",
    choose=lambda p, u: np.sum(np.cumsum(p, axis=0) <= u[..., np.newaxis], axis=-1),
    why="axis 0 is the first that comes to mind",
    says="the probabilities are added up along axis 0; add them up over the tokens, the last axis",
)
_mistake(
    "sums_of_everything",
    choose=lambda p, u: np.sum(np.cumsum(p).reshape(p.shape) <= u[..., np.newaxis], axis=-1),
    why="`np.cumsum` without an axis runs through the whole array",
    says="the sums run on from row to row; each row begins anew: `np.cumsum(..., axis=-1)`",
)
_mistake(
    "nothing_added_up",
    choose=lambda p, u: np.argmax(p > u[..., np.newaxis], axis=-1),
    why="the sum is forgotten",
    says="the first token that is likelier than the number is taken; add the probabilities up first",
)
_mistake(
    "no_maximum_subtracted",
    probabilities=lambda logits: np.exp(logits) / np.sum(np.exp(logits), axis=-1, keepdims=True),
    why="on paper the subtraction changes nothing",
    says="the largest logit is not subtracted before `np.exp`, which is infinite, or 0 everywhere",
)
_mistake(
    "sums_in_float32",
    widen=lambda logits: logits,
    choose=lambda p, u: np.sum(np.cumsum(p, axis=-1) <= u[..., np.newaxis], axis=-1),
    why="the sums seem to end at 1",
    says="the sums are made in float32, where they end a little below 1, so that a number above gives V: make them in "
    "float64, and divide by the last",
)
_mistake(
    "sums_in_float32_and_argmax",
    widen=lambda logits: logits,
    choose=lambda p, u: np.argmax(np.cumsum(p, axis=-1) > u[..., np.newaxis], axis=-1),
    why="the sums seem to end at 1; `np.argmax` of no is 0",
    says="the sums are made in float32, where they end a little below 1, so that a number above gives 0: make them in "
    "float64, and divide by the last",
)

# What is returned.
_mistake(
    "probabilities_returned",
    choose=lambda p, u: p,
    why="the draw is forgotten",
    says="the probabilities are returned; a token for each row is asked",
)
_mistake(
    "probability_of_the_token",
    choose=lambda p, u: np.take_along_axis(p, _count(np.cumsum(p, axis=-1), u)[..., np.newaxis], axis=-1)[..., 0],
    why="the token is used as an index once more",
    says="the probability of the token is returned; asked is its number",
)
