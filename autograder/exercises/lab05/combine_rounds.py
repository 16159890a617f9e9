"""Lab 05, `combine_rounds(outputs, log_normalizers)`: the rounds as if they had been one softmax.

outputs (..., R, L, e), log_normalizers (..., R, L) -> (..., L, e). A round weighs exp(log_normalizer) over the sum of
these over the rounds. A round at -inf counts nothing; a position where all are gives zeros.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import lsh_attention as core
from reformer.loops import lsh_attention as twins

exercise = Exercise(reference=core.combine_rounds, twin=twins.combine_rounds, axes=("position", "feature"))


def drawn(*batch, R, L, e=3, spread=1.5, centre=0.0, dtype=np.float64):
    def make(rng):
        outputs = rng.standard_normal((*batch, R, L, e)) + 1.0
        log_normalizers = centre + spread * rng.standard_normal((*batch, R, L))
        return call(outputs.astype(dtype), log_normalizers.astype(dtype))

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two rounds, three positions: three to one, even, one alone", tolerance=1e-5)
def _(rng):
    outputs = np.array([[[4.0], [4.0], [4.0]], [[8.0], [8.0], [8.0]]])
    return call(outputs, np.log([[3.0, 1.0, 2.0], [1.0, 1.0, 1e-300]]))


def _all_rounds_say_the_same(rng):
    outputs, log_normalizers = drawn(2, R=3, L=5)(rng).args
    outputs[:] = outputs[:, :1]
    return [call(outputs, log_normalizers)]


@exercise.property("where all rounds give the same output, that is the result", _all_rounds_say_the_same)
def _(calls, answers):
    return np.abs(np.asarray(answers[0]) - calls[0].args[0][:, 0]) < 1e-6


exercise.case("three rounds, four positions", drawn(R=3, L=4), tolerance=1e-5)


@exercise.case("eight keys, looked at in two rounds of four: as one softmax over all eight", tolerance=1e-5)
def _(rng):
    logits, values = 1.5 * rng.standard_normal((2, 5, 4)), rng.standard_normal((2, 4, 3))
    weights = np.exp(logits)
    totals = np.sum(weights, axis=-1)
    return call(weights / totals[..., np.newaxis] @ values, np.log(totals))


exercise.case("one round", drawn(R=1, L=4), tolerance=1e-5)
exercise.case("one position, one feature, five rounds", drawn(R=5, L=1, e=1), tolerance=1e-5)


@exercise.case("a round that saw nothing at a position: -inf, and zeros", tolerance=1e-5)
def _(rng):
    outputs, log_normalizers = drawn(R=3, L=4)(rng).args
    for r, position in ((0, 1), (2, 1), (1, 3)):
        outputs[r, position], log_normalizers[r, position] = 0.0, -np.inf
    return call(outputs, log_normalizers)


@exercise.case("a position where no round saw anything", tolerance=1e-5)
def _(rng):
    outputs, log_normalizers = drawn(R=2, L=3)(rng).args
    log_normalizers[:, 1] = -np.inf  # whatever stands in the outputs there
    return call(outputs, log_normalizers)


@exercise.case("a token that saw only itself, at -1e30: in one round, and in all", tolerance=1e-5)
def _(rng):
    outputs, log_normalizers = drawn(R=3, L=4)(rng).args
    log_normalizers[1, 0] = -1e30
    log_normalizers[:, 3] = -np.inf, -1e30, -np.inf
    outputs[:, 2], log_normalizers[:, 2] = outputs[0, 2].copy(), -1e30
    return call(outputs, log_normalizers)


@exercise.case("log-normalisers about 1000 at one position, about -1000 at the next", tolerance=1e-5)
def _(rng):
    outputs, log_normalizers = drawn(R=3, L=4)(rng).args
    return call(outputs, log_normalizers + np.array([1000.0, -1000.0, 0.0, 1000.0]))


@exercise.case("log-normalisers from -1000 to 1000 at one position", tolerance=1e-5)
def _(rng):
    outputs, log_normalizers = drawn(R=4, L=2)(rng).args
    log_normalizers[:, 0] += np.array([-1000.0, 1000.0, 1000.0, -500.0])
    return call(outputs, log_normalizers)


exercise.case("as many rounds as positions and features", drawn(R=4, L=4, e=4), tolerance=1e-5)
exercise.case("three sequences of two rounds", drawn(3, R=2, L=5), tolerance=1e-5)
exercise.case(
    "two sequences of three heads, four rounds, in float32",
    drawn(2, 3, R=4, L=5, dtype=np.float32),
    tolerance=1e-4,
)


def _rounds_in_another_order(rng):
    outputs, log_normalizers = drawn(2, R=3, L=4)(rng).args
    return [call(outputs, log_normalizers), call(outputs[:, ::-1].copy(), log_normalizers[:, ::-1].copy())]


@exercise.property("the order of the rounds plays no part", _rounds_in_another_order)
def _(calls, answers):
    one, other = answers
    return np.abs(np.asarray(one) - other) < 1e-6


@exercise.case("two sequences of two heads, eight rounds, forty positions", hidden=True, tolerance=1e-5)
def _(rng):
    outputs, log_normalizers = drawn(2, 2, R=8, L=40, e=5, centre=3.0)(rng).args
    outputs[:, 0, :3, 7], log_normalizers[:, 0, :3, 7] = 0.0, -np.inf
    log_normalizers[..., 11] += 900.0
    return call(outputs, log_normalizers)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def with_a_new_axis(outputs, log_normalizers):
    top = log_normalizers.max(axis=-2, keepdims=True)
    weights = np.exp(log_normalizers - np.where(np.isinf(top), 0, top))
    weights = weights / np.maximum(weights.sum(axis=-2, keepdims=True), 1e-300)
    return (weights[..., None] * outputs).sum(axis=-3)


@exercise.solution
def by_logaddexp(outputs, log_normalizers):
    total = np.logaddexp.reduce(log_normalizers, axis=-2, keepdims=True)
    shares = np.exp(log_normalizers - np.where(np.isneginf(total), 0, total))
    combined = np.einsum("...rl,...rle->...le", shares, outputs)
    n_rounds_alone = np.sum(np.isclose(log_normalizers, -1e30), axis=-2)[..., None]
    return combined / np.where(total[..., 0, :, None] < -1e20, np.maximum(n_rounds_alone, 1), 1)


@exercise.solution
def position_by_position(outputs, log_normalizers):
    *batch, n_rounds, length, n_features = outputs.shape
    combined = np.zeros((*batch, length, n_features))
    for entry in np.ndindex(*batch, length):
        of_rounds = log_normalizers[(*entry[:-1], slice(None), entry[-1])]
        weights = np.exp(of_rounds - max(of_rounds.max(), -1e300))
        if weights.sum() > 0:
            combined[entry] = np.average(outputs[(*entry[:-1], slice(None), entry[-1])], axis=0, weights=weights)
    return combined


# --- mistakes: which weights ------------------------------------------------------------------------------------


def _shares(log_normalizers, axis=-2):
    top = np.max(log_normalizers, axis=axis, keepdims=True)
    weights = np.exp(log_normalizers - np.where(np.isneginf(top), 0, top))
    total = np.sum(weights, axis=axis, keepdims=True)
    return weights / np.where(total == 0, 1, total)


def _combined(shares, outputs):
    return np.sum(shares[..., np.newaxis] * outputs, axis=-3)


@exercise.mistake(
    why="measurements are averaged",
    says="the rounds are averaged with equal weights; a round that found more of what the query looks for counts more",
)
def rounds_averaged_evenly(outputs, log_normalizers):
    return np.mean(outputs, axis=-3)


@exercise.mistake(
    why="rounds that saw nothing are thought of, and nothing more",
    says="the rounds that saw something are averaged with equal weights; weigh them by their normalisers",
)
def rounds_that_saw_something_averaged_evenly(outputs, log_normalizers):
    saw = ~np.isneginf(log_normalizers)
    return _combined(saw / np.maximum(np.sum(saw, axis=-2, keepdims=True), 1), outputs)


@exercise.mistake(
    why="rounds are thought to add up",
    says="the outputs of the rounds are added up; they are averages, to be averaged again by weights that add up to "
    "one",
)
def rounds_added_up(outputs, log_normalizers):
    return np.sum(outputs, axis=-3)


@exercise.mistake(
    why="the rounds are forgotten",
    says="the first round alone counts",
)
def first_round_only(outputs, log_normalizers):
    return outputs[..., 0, :, :]


@exercise.mistake(
    why="reshape gives the shape that is wanted, and the softmax is then taken along the last axis",
    says="the rounds are brought to the last axis by `reshape`, which leaves the numbers in their order; `np.swapaxes` "
    "turns the axes over",
)
def reshaped_for_swapaxes(outputs, log_normalizers):
    *batch, n_rounds, length = log_normalizers.shape
    shares = _shares(log_normalizers.reshape(*batch, length, n_rounds), axis=-1)
    return _combined(shares.reshape(log_normalizers.shape), outputs)


@exercise.mistake(
    why="in a loop each round replaces the one before",
    says="the last round alone counts: in the loop, add up what the rounds give",
)
def last_round_only(outputs, log_normalizers):
    return outputs[..., -1, :, :]


@exercise.mistake(
    why="the round that found most is taken for the answer",
    says="the round with the largest normaliser alone counts; all do, by their share",
)
def best_round_only(outputs, log_normalizers):
    best = np.argmax(log_normalizers, axis=-2)[..., np.newaxis, :, np.newaxis]
    return np.take_along_axis(outputs, best, axis=-3)[..., 0, :, :]


@exercise.mistake(
    why="the largest of several answers is taken",
    says="the largest number of the rounds is taken, feature by feature; average them by their shares",
)
def largest_of_the_rounds(outputs, log_normalizers):
    return np.max(outputs, axis=-3)


@exercise.mistake(
    why="normalisers are weights, and their logarithms look like them",
    says="the log-normalisers themselves are the weights; they are logarithms, and can be negative: take `np.exp` "
    "first",
)
def logarithms_as_weights(outputs, log_normalizers):
    total = np.sum(log_normalizers, axis=-2, keepdims=True)
    return _combined(log_normalizers / total, outputs)


@exercise.mistake(
    why="normalisers are weights, and their logarithms look like them",
    says="the outputs are multiplied by the log-normalisers; take `np.exp`, and divide by the sum over the rounds",
)
def multiplied_by_logarithms(outputs, log_normalizers):
    return _combined(log_normalizers, outputs)


@exercise.mistake(
    why="what was divided by each round's normaliser is multiplied by it again",
    says="the weights do not add up to one: divide them by their sum over the rounds",
)
def not_divided_by_the_sum(outputs, log_normalizers):
    return _combined(np.exp(log_normalizers), outputs)


@exercise.mistake(
    why="the maximum is subtracted, and taken for the normalisation",
    says="the largest log-normaliser is subtracted, but the weights are not divided by their sum over the rounds",
)
def shifted_but_not_divided(outputs, log_normalizers):
    top = np.max(log_normalizers, axis=-2, keepdims=True)
    return _combined(np.exp(log_normalizers - np.where(np.isneginf(top), 0, top)), outputs)


@exercise.mistake(
    why="to divide by a normaliser has become a habit",
    says="the signs of the log-normalisers are turned round: a round that found more counts less",
)
def weights_turned_round(outputs, log_normalizers):
    with np.errstate(all="ignore"):
        return _combined(_shares(-log_normalizers), outputs)


@exercise.mistake(
    why="a share is divided by the number of rounds, as a mean is",
    says="what is weighted already is averaged once more, divided by the number of rounds; take the sum",
)
def averaged_once_more(outputs, log_normalizers):
    return np.mean(_shares(log_normalizers)[..., np.newaxis] * outputs, axis=-3)


@exercise.mistake(
    why="softmax is called on what is softmax already",
    says="the softmax is taken twice, the second time of the shares, which makes them too even",
)
def softmax_twice(outputs, log_normalizers):
    return _combined(_shares(_shares(log_normalizers)), outputs)


@exercise.mistake(
    why="the normaliser is multiplied back, and then the shares are taken as well",
    says="each round counts by the square of its normaliser; its output is an average already, so the share is enough",
)
def normalizers_squared(outputs, log_normalizers):
    return _combined(_shares(2 * log_normalizers), outputs)


# --- mistakes: along which axis ---------------------------------------------------------------------------------


@exercise.mistake(
    why="softmax works along the last axis",
    says="the softmax runs over the positions, the last axis of the log-normalisers; the shares of the rounds have to "
    "add up to one, axis -2",
)
def softmax_over_positions(outputs, log_normalizers):
    return _combined(_shares(log_normalizers, axis=-1), outputs)


@exercise.mistake(
    why="`np.sum` without an axis takes the whole table",
    says="the shares of all rounds and positions together add up to one; those of each position have to: axis -2",
)
def softmax_over_everything(outputs, log_normalizers):
    weights = np.exp(log_normalizers - np.max(log_normalizers))
    return _combined(weights / np.sum(weights), outputs)


@exercise.mistake(
    why="`np.sum` without an axis takes the whole table",
    says="the weights are divided by the sum of the whole table; divide by that over the rounds, "
    "`axis=-2, keepdims=True`",
)
def divided_by_the_sum_of_everything(outputs, log_normalizers):
    top = np.max(log_normalizers, axis=-2, keepdims=True)
    weights = np.exp(log_normalizers - np.where(np.isneginf(top), 0, top))
    return _combined(weights / np.sum(weights), outputs)


@exercise.mistake(
    why="without a batch the rounds are axis 0",
    says="the rounds are looked for on axis 0, which is a batch axis where there is one; count from the end: -2 in the "
    "log-normalisers, -3 in the outputs",
)
def rounds_on_axis_zero(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers, axis=0)[..., np.newaxis] * outputs, axis=0)


@exercise.mistake(
    why="without a batch the rounds are axis 0, and the sum is counted from the end",
    says="the softmax runs along axis 0, which is a batch axis where there is one; the rounds are axis -2",
)
def softmax_along_axis_zero(outputs, log_normalizers):
    return _combined(_shares(log_normalizers, axis=0), outputs)


@exercise.mistake(
    why="without a batch the rounds are axis 0, and the softmax is counted from the end",
    says="the shares are right, but the sum runs along axis 0; in the outputs the rounds are axis -3",
)
def summed_along_axis_zero(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers)[..., np.newaxis] * outputs, axis=0)


@exercise.mistake(
    why="axis -2 is right for the log-normalisers",
    says="the weighted outputs are added up along axis -2, which is the positions there; the rounds are axis -3",
)
def summed_over_positions(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers)[..., np.newaxis] * outputs, axis=-2)


@exercise.mistake(
    why="the sum over the rounds is forgotten",
    says="the weighted rounds are not added up: the rounds are still there, as an axis",
)
def rounds_not_added_up(outputs, log_normalizers):
    return _shares(log_normalizers)[..., np.newaxis] * outputs


# --- mistakes: numbers that a computer cannot hold --------------------------------------------------------------


@exercise.mistake(
    why="on paper the subtraction changes nothing",
    says="the largest log-normaliser is not subtracted before `np.exp`: large ones overflow, and where all are far "
    "below 0 the sum is 0",
)
def no_maximum_subtracted(outputs, log_normalizers):
    weights = np.exp(log_normalizers)
    return _combined(weights / np.sum(weights, axis=-2, keepdims=True), outputs)


@exercise.mistake(
    why="on paper the subtraction changes nothing, and a sum of 0 is thought of",
    says="the largest log-normaliser is not subtracted before `np.exp`: large ones overflow, and a token that saw only "
    "itself, at -1e30, looks as if it saw nothing",
)
def no_maximum_subtracted_but_nothing_is_zero(outputs, log_normalizers):
    weights = np.exp(log_normalizers)
    total = np.sum(weights, axis=-2, keepdims=True)
    return _combined(weights / np.where(total == 0, 1, total), outputs)


@exercise.mistake(
    why="`np.max` without an axis takes the largest of the table",
    says="one maximum is subtracted at all positions; one far below it underflows. Take that over the rounds, axis -2",
)
def one_maximum_for_all(outputs, log_normalizers):
    weights = np.exp(log_normalizers - np.max(log_normalizers))
    return _combined(weights / np.sum(weights, axis=-2, keepdims=True), outputs)


@exercise.mistake(
    why="`np.max` without an axis takes the largest of the table, and a sum of 0 is thought of",
    says="one maximum is subtracted at all positions, and what underflows is taken for nothing seen; subtract that "
    "over the rounds, axis -2",
)
def one_maximum_for_all_but_nothing_is_zero(outputs, log_normalizers):
    weights = np.exp(log_normalizers - np.max(log_normalizers))
    total = np.sum(weights, axis=-2, keepdims=True)
    return _combined(weights / np.where(total == 0, 1, total), outputs)


@exercise.mistake(
    why="softmax subtracts along the last axis",
    says="the largest of a round is subtracted, over its positions, which changes the shares; subtract that over the "
    "rounds, axis -2",
)
def maximum_over_positions(outputs, log_normalizers):
    weights = np.exp(log_normalizers - np.max(log_normalizers, axis=-1, keepdims=True))
    return _combined(weights / np.sum(weights, axis=-2, keepdims=True), outputs)


@exercise.mistake(
    why="numbers are centred by their mean",
    says="the mean log-normaliser is subtracted: far apart ones still overflow, and with -inf there is no mean; "
    "subtract the largest",
)
def mean_subtracted(outputs, log_normalizers):
    weights = np.exp(log_normalizers - np.mean(log_normalizers, axis=-2, keepdims=True))
    return _combined(weights / np.sum(weights, axis=-2, keepdims=True), outputs)


@exercise.mistake(
    why="a position where no round saw anything is not thought of",
    says="a position where no round saw anything gives NaN, -inf less -inf; asked are zeros",
)
def nothing_seen_is_not_a_number(outputs, log_normalizers):
    weights = np.exp(log_normalizers - np.max(log_normalizers, axis=-2, keepdims=True))
    return _combined(weights / np.sum(weights, axis=-2, keepdims=True), outputs)


@exercise.mistake(
    why="the logarithm of the sum is an old friend, and what is not finite is swept away",
    says="-inf is replaced by 0, the log-normaliser of a round that saw much; a round at -inf counts nothing",
)
def minus_infinity_replaced_by_zero(outputs, log_normalizers):
    return _combined(_shares(np.where(np.isneginf(log_normalizers), 0.0, log_normalizers)), outputs)


@exercise.mistake(
    why="`np.clip` keeps `np.exp` from overflowing",
    says="log-normalisers are cut at a limit, so that all large ones look alike; subtract the largest instead",
)
def clipped(outputs, log_normalizers):
    return _combined(_shares(np.clip(log_normalizers, -500, 500)), outputs)


@exercise.mistake(
    why="rounding errors of `np.logaddexp` at -1e30 are not thought of",
    says="each round that saw only itself has the full weight: at -1e30 the logarithm of 2 is lost to rounding, so "
    "divide the weights by their sum instead of by exp of a rounded logarithm",
)
def logaddexp_at_the_last_resort(outputs, log_normalizers):
    total = np.logaddexp.reduce(log_normalizers, axis=-2, keepdims=True)
    return _combined(np.exp(log_normalizers - np.where(np.isneginf(total), 0, total)), outputs)


def _share_mistake(name, change, *, why, says):
    """Know a mistake in which `change` makes other shares of the log-normalisers."""

    def answer(outputs, log_normalizers):
        return _combined(change(log_normalizers), outputs)

    answer.__name__ = name
    exercise.mistake(why=why, says=says)(answer)


_share_mistake(
    "roots_of_the_normalizers",
    lambda logs: _shares(logs / 2),
    why="a root tames large numbers",
    says="each round counts by the root of its normaliser; it counts by the normaliser itself",
)
_share_mistake(
    "logarithms_of_the_shares",
    lambda logs: logs - np.logaddexp.reduce(logs, axis=-2, keepdims=True),
    why="the difference of two logarithms is the logarithm of the share",
    says="the outputs are multiplied by the logarithms of the shares; take `np.exp` of them",
)
_share_mistake(
    "divided_by_the_number_of_rounds",
    lambda logs: np.exp(logs) / logs.shape[-2],
    why="a mean divides by how many there are",
    says="each round is multiplied by its normaliser, and the sum is divided by R; divide by the sum of the "
    "normalisers",
)
_share_mistake(
    "sizes_of_the_logarithms",
    lambda logs: np.abs(logs) / np.sum(np.abs(logs), axis=-2, keepdims=True),
    why="weights must not be negative",
    says="the log-normalisers without their signs are the weights; take `np.exp` of them",
)
_share_mistake(
    "logarithms_cut_at_zero",
    lambda logs: np.maximum(logs, 0) / np.sum(np.maximum(logs, 0), axis=-2, keepdims=True),
    why="weights must not be negative",
    says="the log-normalisers are the weights, and negative ones are cut to 0; take `np.exp` of them",
)
_share_mistake(
    "even_where_nothing_is_seen",
    lambda logs: np.where(np.all(np.isneginf(logs), axis=-2, keepdims=True), 1 / logs.shape[-2], _shares(logs)),
    why="weights that are all the same seem to be fair",
    says="a position where no round saw anything gets the mean of the rounds; asked are zeros",
)
_share_mistake(
    "minus_infinity_made_finite",
    lambda logs: _shares(np.maximum(logs, -1e9)),
    why="-1e9 is what frameworks write for minus infinity",
    says="-inf and -1e30 become one finite number: a round that saw nothing counts, where others saw only the token "
    "itself",
)
_share_mistake(
    "last_resort_taken_for_hidden",
    lambda logs: _shares(np.where(logs < -1e20, -np.inf, logs)),
    why="-1e30 is taken for minus infinity",
    says="-1e30 counts as -inf, so that a token which saw only itself gets zeros",
)
_share_mistake(
    "maximum_along_axis_zero",
    lambda logs: (lambda w: w / np.sum(w, axis=-2, keepdims=True))(np.exp(logs - np.max(logs, axis=0))),
    why="without a batch the rounds are axis 0",
    says="the largest along axis 0 is subtracted, which is a batch axis where there is one; the rounds are axis -2",
)
_share_mistake(
    "shares_without_keepdims",
    lambda logs: (lambda w: w / np.sum(w, axis=-2))(np.exp(logs - np.max(logs, axis=-2))),
    why="`np.max` and `np.sum` drop the axis",
    says="maximum and sum lose the axis of the rounds, which fits without a batch only: say `keepdims=True`",
)


@exercise.mistake(
    why="the given softmax is applied to what is to be combined",
    says="the shares come from the outputs themselves; they come from the log-normalisers",
)
def softmax_of_the_outputs(outputs, log_normalizers):
    return np.sum(_shares(outputs, axis=-3) * outputs, axis=-3)


@exercise.mistake(
    why="the round with the smallest normaliser is thought to be the surest",
    says="the round with the smallest normaliser alone counts; all do, by their share",
)
def smallest_round_only(outputs, log_normalizers):
    worst = np.argmin(log_normalizers, axis=-2)[..., np.newaxis, :, np.newaxis]
    return np.take_along_axis(outputs, worst, axis=-3)[..., 0, :, :]


@exercise.mistake(
    why="two rounds are combined at a time, and the normaliser of what is combined stays the first one's",
    says="the rounds are combined one by one, but the normaliser of those so far stays that of the first; add to it, "
    "by `np.logaddexp`",
)
def normalizer_of_the_first_kept(outputs, log_normalizers):
    combined = outputs[..., 0, :, :]
    for r in range(1, outputs.shape[-3]):
        two = _shares(log_normalizers[..., [0, r], :])[..., np.newaxis]
        combined = two[..., 0, :, :] * combined + two[..., 1, :, :] * outputs[..., r, :, :]
    return combined


@exercise.mistake(
    why="`keepdims=True` keeps an axis of length one",
    says="the axis of the rounds is kept, of length one; the result is (..., L, e)",
)
def axis_of_rounds_kept(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers)[..., np.newaxis] * outputs, axis=-3, keepdims=True)


@exercise.mistake(
    why="`axis=1` is right for one batch axis",
    says="`axis=1` is the rounds where there is one batch axis, and not else; count from the end",
)
def rounds_on_axis_one(outputs, log_normalizers):
    return np.sum(_shares(log_normalizers, axis=1)[..., np.newaxis] * outputs, axis=1)
