"""Lab 07, `cross_entropy(logits, targets, weights)`: the average surprise at the targets that count, in nats.

logits (..., V), targets (...), weights (...) -> one number, the sum of weight times -log softmax(logits)[target] over
the sum of the weights. A target of weight 0 counts nothing, whatever its logits are. Some weight is above 0.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import losses
from reformer.loops import model as twins

exercise = Exercise(losses.cross_entropy, twins.cross_entropy)


def drawn(*batch, V, spread=1.5, weigh=None, dtype=np.float64):
    """Random logits and targets; `weigh` draws the weights, from a generator and a shape."""

    def make(rng):
        logits = spread * rng.standard_normal((*batch, V))
        targets = rng.integers(0, V, size=batch)
        weights = np.ones(batch) if weigh is None else weigh(rng, batch)
        return call(logits.astype(dtype), targets, weights.astype(dtype))

    return make


def some_hidden(rng, batch):
    """Weights 0 and 1, both of them in it, and not as many in each sequence."""
    weights = (rng.random(batch) < 0.6).astype(float)
    weights[..., 0], weights[..., -1] = 1.0, 0.0
    weights[(0,) * (len(batch) - 1)] = 1.0
    weights[(0,) * (len(batch) - 1)][..., -1] = 0.0
    return weights


def fractions(rng, batch):
    weights = rng.uniform(0.2, 3.0, size=batch)
    weights[..., 1] = 0.0
    weights[(0,) * (len(batch) - 1)] *= 0.3
    return weights


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two targets of three tokens: surprise log 2 and log 4", tolerance=1e-5)
def _(rng):
    return call(np.log([[1.0, 1.0, 2.0], [2.0, 5.0, 1.0]]), np.array([2, 0]), np.ones(2))


@exercise.case("the same two and a third that weighs nothing", tolerance=1e-5)
def _(rng):
    logits = np.log([[1.0, 1.0, 2.0], [2.0, 5.0, 1.0], [1.0, 9.0, 90.0]])
    return call(logits, np.array([2, 0, 0]), np.array([1.0, 1.0, 0.0]))


@exercise.case("the first of the two weighs three times as much", tolerance=1e-5)
def _(rng):
    return call(np.log([[1.0, 1.0, 2.0], [2.0, 5.0, 1.0]]), np.array([2, 0]), np.array([1.5, 0.5]))


def _weights_times_ten(rng):
    logits, targets, weights = drawn(2, 5, V=6, weigh=fractions)(rng).args
    return [call(logits, targets, weights), call(logits, targets, 10 * weights)]


@exercise.property("all weights ten times as large: the loss stays", _weights_times_ten)
def _(calls, answers):
    return np.abs(np.asarray(answers[0]) - answers[1]) < 1e-6


def _more_for_all(rng):
    logits, targets, weights = drawn(6, V=5, weigh=some_hidden)(rng).args
    return [call(logits, targets, weights), call(logits + 100.0, targets, weights)]


@exercise.property("100 added to all logits: the loss stays", _more_for_all)
def _(calls, answers):
    return np.abs(np.asarray(answers[0]) - answers[1]) < 1e-6


exercise.case("five positions, seven tokens", drawn(5, V=7), tolerance=1e-5)
exercise.case("eight positions, four tokens, some padding", drawn(8, V=4, weigh=some_hidden), tolerance=1e-5)
exercise.case("as many tokens as positions", drawn(6, V=6, weigh=fractions), tolerance=1e-5)
exercise.case("three sequences, with padding", drawn(3, 6, V=5, weigh=some_hidden), tolerance=1e-5)
exercise.case("two sequences, weights that are fractions", drawn(2, 7, V=5, weigh=fractions), tolerance=1e-5)


@exercise.case("logits about 10000 in one row, about -10000 in the next", tolerance=1e-5)
def _(rng):
    logits = 1.5 * rng.standard_normal((4, 5)) + np.array([[1e4], [-1e4], [0.0], [1e4]])
    return call(logits, rng.integers(0, 5, size=4), np.ones(4))


@exercise.case("a target whose logit is 2000 below another: a surprise of 2000", tolerance=1e-5)
def _(rng):
    logits = rng.standard_normal((3, 4))
    logits[1, 2] -= 2000.0
    return call(logits, np.array([0, 2, 3]), np.array([1.0, 1.0, 2.0]))


@exercise.case("a hidden target whose logit is -inf", tolerance=1e-5)
def _(rng):
    logits = rng.standard_normal((4, 5))
    logits[2, 3] = -np.inf
    return call(logits, np.array([1, 0, 3, 4]), np.array([1.0, 2.0, 0.0, 1.0]))


@exercise.case("tokens that cannot come: -inf beside the targets", tolerance=1e-5)
def _(rng):
    logits = rng.standard_normal((3, 5))
    logits[:, 1], logits[2, 4] = -np.inf, -np.inf
    return call(logits, np.array([0, 3, 2]), np.ones(3))


exercise.case("one target counts of six", drawn(6, V=3, weigh=lambda rng, batch: np.eye(6)[2] / 4), tolerance=1e-5)
exercise.case("one row, two tokens", drawn(1, V=2), tolerance=1e-5)
exercise.case(
    "two sequences of two, nine tokens, in float32",
    drawn(2, 2, 5, V=9, weigh=some_hidden, dtype=np.float32),
    tolerance=1e-4,
)


@exercise.case("three sequences of eight positions, twelve tokens", hidden=True, tolerance=1e-5)
def _(rng):
    logits, targets, weights = drawn(3, 8, V=12, spread=3.0, weigh=fractions)(rng).args
    logits[:, 4] += 1e4
    np.put_along_axis(logits[:, 1], targets[:, 1, np.newaxis], -np.inf, axis=-1)  # of weight 0
    return call(logits, targets, weights)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def with_a_choice(logits, targets, weights):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_normalizers = np.log(np.exp(shifted).sum(axis=-1))
    surprise = log_normalizers - np.take_along_axis(shifted, targets[..., None], axis=-1)[..., 0]
    return (weights * np.where(weights > 0, surprise, 0)).sum() / weights.sum()


@exercise.solution
def rows_that_count(logits, targets, weights):
    rows, target, weight = logits[weights > 0], targets[weights > 0], weights[weights > 0]
    log_normalizers = np.logaddexp.reduce(rows, axis=-1)
    return np.average(log_normalizers - rows[np.arange(len(rows)), target], weights=weight)


@exercise.solution
def by_one_hot(logits, targets, weights):
    top = np.max(logits, axis=-1, keepdims=True)
    log_probabilities = logits - top - np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True))
    chosen = (np.arange(logits.shape[-1]) == targets[..., np.newaxis]) & (weights > 0)[..., np.newaxis]
    of_targets = np.sum(np.where(chosen, -log_probabilities, 0), axis=-1)
    return float(np.sum(of_targets * weights) / np.sum(weights))


# --- mistakes: which average ------------------------------------------------------------------------------------


def _log_softmax(logits, axis=-1):
    shifted = logits - np.max(logits, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _at(array, targets):
    return np.take_along_axis(array, targets[..., np.newaxis], axis=-1)[..., 0]


def _surprise(logits, targets, weights):
    """-log softmax at the targets; 0 where the weight is 0."""
    return np.where(weights > 0, -_at(_log_softmax(logits), targets), 0)


def _average(surprise, weights):
    return np.sum(weights * np.where(weights > 0, surprise, 0)) / np.sum(weights)


@exercise.mistake(
    why="`np.mean` is what a loss ends with",
    says="the weighted surprises are averaged over all positions, hidden ones included; divide by the sum of the "
    "weights",
)
def mean_over_all(logits, targets, weights):
    return np.mean(weights * _surprise(logits, targets, weights))


@exercise.mistake(
    why="the weights are forgotten",
    says="the weights play no part: padding counts like every other target",
)
def padding_counts(logits, targets, weights):
    return np.mean(-_at(_log_softmax(logits), targets))


@exercise.mistake(
    why="the division is forgotten",
    says="the sum is not divided by the sum of the weights",
)
def not_divided(logits, targets, weights):
    return np.sum(weights * _surprise(logits, targets, weights))


@exercise.mistake(
    why="weights are taken for yes and no when dividing",
    says="the sum is divided by how many weights are above 0; divide by their sum",
)
def divided_by_how_many_count(logits, targets, weights):
    return np.sum(weights * _surprise(logits, targets, weights)) / np.count_nonzero(weights)


@exercise.mistake(
    why="weights are taken for yes and no",
    says="every target of weight above 0 counts the same; each counts by its weight",
)
def weights_taken_for_yes_and_no(logits, targets, weights):
    return np.mean(_surprise(logits, targets, weights)[weights > 0])


@exercise.mistake(
    why="only weight 1 is thought to count",
    says="the weights are not multiplied in, and the sum of all surprises is divided by the sum of the weights",
)
def divided_but_not_multiplied(logits, targets, weights):
    return np.sum(-_at(_log_softmax(logits), targets)) / np.sum(weights)


@exercise.mistake(
    why="an average for each sequence comes first",
    says="each sequence is averaged by itself, and then the sequences; all targets go into one average, so that a "
    "sequence with more of them counts more",
)
def sequences_averaged_evenly(logits, targets, weights):
    with np.errstate(all="ignore"):
        of_each = np.sum(weights * _surprise(logits, targets, weights), axis=-1) / np.sum(weights, axis=-1)
    return np.mean(of_each)


@exercise.mistake(
    why="`axis=-1` is written everywhere",
    says="each sequence gets a loss of its own; one number for all is asked: sum without an axis",
)
def one_for_each_sequence(logits, targets, weights):
    return np.sum(weights * _surprise(logits, targets, weights), axis=-1) / np.sum(weights, axis=-1)


@exercise.mistake(
    why="the average is forgotten",
    says="the surprise at each position is returned, times its weight; one number is asked: their sum over the sum of "
    "the weights",
)
def one_for_each_position(logits, targets, weights):
    return weights * _surprise(logits, targets, weights)


@exercise.mistake(
    why="the average and the weights are forgotten",
    says="the surprise at each position is returned; one number is asked, the average by the weights",
)
def surprises_returned(logits, targets, weights):
    return -_at(_log_softmax(logits), targets)


@exercise.mistake(
    why="what does not count is thought to be hidden by its logits",
    says="the weights multiply the logits; they weigh the surprises, and nothing before",
)
def weights_on_the_logits(logits, targets, weights):
    weighted = np.where(weights[..., np.newaxis] > 0, logits, 0) * weights[..., np.newaxis]
    return np.mean(-_at(_log_softmax(weighted), targets))


# --- mistakes: which target -------------------------------------------------------------------------------------


@exercise.mistake(
    why="a model predicts the next token, so targets are shifted",
    says="the targets are shifted by one more place: `targets` holds the next token already",
)
def targets_shifted_once_more(logits, targets, weights):
    return _average(-_at(_log_softmax(logits), np.roll(targets, -1, axis=-1)), weights)


@exercise.mistake(
    why="`logits[:-1]` against `targets[1:]` is seen in many programs",
    says="`logits[..., :-1, :]` is compared with `targets[..., 1:]`, a second shift: `targets` holds the next token "
    "already",
)
def shifted_and_cut(logits, targets, weights):
    return _average(-_at(_log_softmax(logits[..., :-1, :]), targets[..., 1:]), weights[..., 1:])


@exercise.mistake(
    why="tokens are counted from one on paper",
    says="the tokens are counted from 1: the number of a target is its place among the logits, from 0",
)
def tokens_counted_from_one(logits, targets, weights):
    return _average(-_at(_log_softmax(logits), targets - 1), weights)


@exercise.mistake(
    why="the largest probability is taken for that of the target",
    says="the surprise at the likeliest token is averaged; it is that at the target",
)
def at_the_likeliest(logits, targets, weights):
    return _average(-np.max(_log_softmax(logits), axis=-1), weights)


@exercise.mistake(
    why="the target is forgotten",
    says="the surprise is averaged over all tokens of the vocabulary; only that at the target counts",
)
def at_every_token(logits, targets, weights):
    return _average(-np.mean(_log_softmax(logits), axis=-1), weights)


# --- mistakes: which softmax ------------------------------------------------------------------------------------


@exercise.mistake(
    why="on paper the subtraction changes nothing",
    says="the largest logit of the row is not subtracted before `np.exp`: at 10000 that is infinite, at -10000 it is 0",
)
def no_maximum_subtracted(logits, targets, weights):
    log_softmax = logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))
    return _average(-_at(log_softmax, targets), weights)


@exercise.mistake(
    why="softmax as on paper, and then its logarithm",
    says="the probabilities are made without subtracting the largest logit, and then their logarithm; `np.exp(10000)` "
    "is infinite",
)
def logarithm_of_an_overflow(logits, targets, weights):
    exponentials = np.exp(logits)
    return _average(-np.log(_at(exponentials / np.sum(exponentials, axis=-1, keepdims=True), targets)), weights)


@exercise.mistake(
    why="a safe softmax, and then its logarithm",
    says="the logarithm is taken of a probability that has become 0; write it as a difference, logit - largest - "
    "log(sum of the exponentials)",
)
def logarithm_of_a_vanished_probability(logits, targets, weights):
    return _average(-np.log(np.exp(_at(_log_softmax(logits), targets))), weights)


@exercise.mistake(
    why="a small number in the logarithm keeps it finite",
    says="a small number is added within the logarithm: a surprise of 2000 becomes about 20; write it as a difference",
)
def small_number_in_the_logarithm(logits, targets, weights):
    return _average(-np.log(np.exp(_at(_log_softmax(logits), targets)) + 1e-9), weights)


@exercise.mistake(
    why="`np.clip` keeps the logarithm finite",
    says="the probability is kept above a small number: a surprise of 2000 becomes about 28; write it as a difference",
)
def probability_clipped(logits, targets, weights):
    return _average(-np.log(np.clip(np.exp(_at(_log_softmax(logits), targets)), 1e-12, 1)), weights)


@exercise.mistake(
    why="`np.max` without an axis takes the whole array",
    says="the largest logit of all is subtracted; in a row far below it every `np.exp` is 0: take that of each row",
)
def one_maximum_for_all(logits, targets, weights):
    shifted = logits - np.max(logits)
    log_softmax = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    return _average(-_at(log_softmax, targets), weights)


@exercise.mistake(
    why="the subtracted maximum is not put back",
    says="the largest logit is subtracted before `np.exp`, but not from the target's own logit",
)
def maximum_not_put_back(logits, targets, weights):
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    return _average(np.log(np.sum(np.exp(shifted), axis=-1)) - _at(logits, targets), weights)


@exercise.mistake(
    why="0 times anything is 0, on paper",
    says="a hidden target of logit -inf gives 0 times infinity, which is not a number: leave it out with `np.where`",
)
def zero_times_infinity(logits, targets, weights):
    return np.sum(weights * -_at(_log_softmax(logits), targets)) / np.sum(weights)


@exercise.mistake(
    why="without a batch axis 0 is the first that comes to mind",
    says="the softmax runs along axis 0; the probabilities of the tokens, the last axis, add up to one",
)
def softmax_over_positions(logits, targets, weights):
    return _average(-_at(_log_softmax(logits, axis=0), targets), weights)


@exercise.mistake(
    why="`np.sum` without an axis takes the whole array",
    says="the softmax runs over all positions together; the probabilities of each position add up to one",
)
def softmax_over_everything(logits, targets, weights):
    shifted = logits - np.max(logits)
    return _average(np.log(np.sum(np.exp(shifted))) - _at(shifted, targets), weights)


@exercise.mistake(
    why="the logits are taken for logarithms of probabilities",
    says="there is no softmax: the logits themselves are averaged, with the sign turned",
)
def no_softmax(logits, targets, weights):
    return _average(-_at(logits, targets), weights)


# --- mistakes: which number of it -------------------------------------------------------------------------------


@exercise.mistake(
    why="a logarithm is below zero, and the minus is forgotten",
    says="the sign is missing: a surprise is minus the logarithm, and never negative",
)
def sign_forgotten(logits, targets, weights):
    return -_average(_surprise(logits, targets, weights), weights)


@exercise.mistake(
    why="information is counted in bits",
    says="the logarithm is that to base 2, which gives bits; nats are asked, by the natural logarithm",
)
def in_bits(logits, targets, weights):
    return _average(_surprise(logits, targets, weights), weights) / np.log(2)


@exercise.mistake(
    why="the exponential of the loss is often reported",
    says="the perplexity is returned, `np.exp` of the loss; the loss itself is asked",
)
def perplexity(logits, targets, weights):
    return np.exp(_average(_surprise(logits, targets, weights), weights))


@exercise.mistake(
    why="the probability is at hand, and a loss has to fall",
    says="one minus the probability of the target is averaged; its logarithm is asked, with the sign turned",
)
def one_minus_the_probability(logits, targets, weights):
    return _average(1 - np.exp(_at(_log_softmax(logits), targets)), weights)


@exercise.mistake(
    why="the logarithm is forgotten",
    says="the probability of the target is averaged; its logarithm is asked, with the sign turned",
)
def probability_averaged(logits, targets, weights):
    return _average(np.exp(_at(_log_softmax(logits), targets)), weights)


@exercise.mistake(
    why="the average is taken first, and its logarithm after",
    says="the probabilities are averaged, and then the logarithm is taken; it is the other way round",
)
def logarithm_of_the_average(logits, targets, weights):
    return -np.log(_average(np.exp(_at(_log_softmax(logits), targets)), weights))


@exercise.mistake(
    why="squares are what regression averages",
    says="squared differences from 0 and 1 are averaged; minus the logarithm of the target's probability is asked",
)
def squared_error(logits, targets, weights):
    one_hot = np.arange(logits.shape[-1]) == targets[..., np.newaxis]
    return _average(np.sum((np.exp(_log_softmax(logits)) - one_hot) ** 2, axis=-1), weights)
