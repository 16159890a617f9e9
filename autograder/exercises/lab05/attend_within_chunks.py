"""Lab 05, `attend_within_chunks(queries, keys, values, mask)`: attention in each chunk, and what it divided by.

queries (..., C, d), keys (..., W, d), values (..., W, e), mask (..., C, W) -> (outputs (..., C, e), log_normalizers
(..., C)). The logits are q . k + mask, not divided by sqrt(d). A row hidden everywhere gives zeros and -inf.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import lsh_attention as core
from reformer.loops import lsh_attention as twins

exercise = Exercise(
    reference=core.attend_within_chunks, twin=twins.attend_within_chunks, results=("outputs", "log_normalizers")
)

HIDDEN, LAST_RESORT = -np.inf, -1e30
_ON_PAPER = np.array([[2.0, 0.0], [0.0, 2.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]])


def drawn(*batch, C, W, d=4, e=3, hidden=0.3, size=1.0, dtype=np.float64):
    """Random vectors, and a mask that hides a share of the keys from each query, but never all."""

    def make(rng):
        queries, keys, values = (rng.standard_normal((*batch, *shape)) for shape in ((C, d), (W, d), (W, e)))
        mask = np.where(rng.random((*batch, C, W)) < hidden, HIDDEN, 0.0)
        np.put_along_axis(mask, rng.integers(0, W, size=(*batch, C, 1)), 0.0, axis=-1)
        return call(*(array.astype(dtype) for array in (size * queries, keys, values, mask)))

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("three queries, three keys, two of them visible to all", tolerance=1e-5)
def _(rng):
    mask = np.array([[0.0, 0.0, HIDDEN]] * 3)
    return call(*_ON_PAPER, np.array([[10.0], [20.0], [30.0]]), mask)


@exercise.case("four queries, six keys, nothing hidden", tolerance=1e-5)
def _(rng):
    return drawn(C=4, W=6, hidden=0.0)(rng)


def _values_of_one(rng):
    queries, keys, _, mask = drawn(2, C=4, W=6)(rng).args
    return [call(queries, keys, np.ones((2, 6, 2)), mask)]


@exercise.property("the weights of a query add up to one: values of 1 come out as 1", _values_of_one)
def _(calls, answers):
    return np.abs(np.asarray(answers[0][0]) - 1) < 1e-6


def _a_hidden_value_changes(rng):
    queries, keys, values, mask = drawn(C=4, W=6)(rng).args
    mask[:, 2], others = HIDDEN, values.copy()
    mask[:, 3] = 0.0
    others[2] += 5.0
    moved = keys.copy()
    moved[2] -= 3.0
    return [call(queries, keys, values, mask), call(queries, moved, others, mask)]


@exercise.property("a key that is hidden from all changes nothing, nor does its value", _a_hidden_value_changes)
def _(calls, answers):
    one, other = answers
    same = [np.abs(np.asarray(a) - b) < 1e-9 for a, b in zip(one, other, strict=True)]
    return np.concatenate([np.ravel(part) for part in same])


exercise.case("some keys hidden", drawn(C=5, W=10), tolerance=1e-5)


@exercise.case("a query that sees nothing: zeros, and a log-normaliser of -inf", tolerance=1e-5)
def _(rng):
    queries, keys, values, mask = drawn(C=3, W=4)(rng).args
    mask[1] = HIDDEN
    return call(queries, keys, values, mask)


@exercise.case("queries that see only themselves, at -1e30", tolerance=1e-5)
def _(rng):
    queries, keys, values, mask = drawn(C=3, W=4, hidden=0.0)(rng).args
    mask[0], mask[0, 2], mask[2], mask[2, 1] = HIDDEN, LAST_RESORT, HIDDEN, LAST_RESORT
    return call(queries, keys, values, mask)


@exercise.case("a query that sees itself at -1e30 in two places of its window, and nobody else", tolerance=1e-5)
def _(rng):
    queries, keys, values, mask = drawn(C=3, W=6, hidden=0.0)(rng).args
    mask[1], mask[1, [0, 4]], keys[4], values[4] = HIDDEN, LAST_RESORT, keys[0], values[0]
    return call(queries, keys, values, mask)


@exercise.case("a query that sees itself at -1e30, and others", tolerance=1e-5)
def _(rng):
    queries, keys, values, mask = drawn(C=4, W=8, hidden=0.0)(rng).args
    mask[np.arange(4), 4 + np.arange(4)] = LAST_RESORT
    return call(queries, keys, values, mask)


@exercise.case("a mask of other numbers, which are added to the logits", tolerance=1e-5)
def _(rng):
    queries, keys, values, mask = drawn(C=4, W=5, hidden=0.0)(rng).args
    return call(queries, keys, values, -rng.uniform(0, 2, size=mask.shape))


@exercise.case("logits about 1000 for one query, and about -1000 for another", tolerance=1e-5)
def _(rng):
    queries, keys, values, mask = drawn(C=3, W=4, d=2, hidden=0.0)(rng).args
    queries[:2], keys[:, 0] = [[500.0, 0.5], [-500.0, 0.5]], [2.0, 2.001, 1.999, 2.0]
    return call(queries, keys, values, mask)


@exercise.case("logits from -1000 to 1000 in one row", tolerance=1e-5)
def _(rng):
    queries, keys, values, mask = drawn(C=2, W=4, d=1, hidden=0.0)(rng).args
    return call(np.array([[1.0], [-1.0]]), np.array([[1000.0], [999.0], [998.0], [-1000.0]]), values, mask)


exercise.case("one query, one key", drawn(C=1, W=1, d=1, e=1, hidden=0.0), tolerance=1e-5)
exercise.case("as many chunks as queries, keys and features", drawn(4, C=4, W=4, d=4, e=4), tolerance=1e-5)
exercise.case("three chunks of long queries", drawn(3, C=4, W=8, size=3.0), tolerance=1e-5)
exercise.case("two rounds of three chunks, in float32", drawn(2, 3, C=4, W=8, dtype=np.float32), tolerance=1e-4)


def _all_logits_higher(rng):
    queries, keys, values, mask = drawn(2, C=3, W=5)(rng).args
    return [call(queries, keys, values, mask), call(queries, keys, values, mask + 2.5)]


@exercise.property("2.5 more on the whole mask: the same outputs, and log-normalisers 2.5 higher", _all_logits_higher)
def _(calls, answers):
    (outputs, log_normalizers), (same_outputs, higher) = answers
    apart = np.abs(np.asarray(outputs) - same_outputs)
    moved = np.abs(np.asarray(log_normalizers) + 2.5 - higher)
    return np.concatenate([np.ravel(apart < 1e-9), np.ravel(moved < 1e-9)])


@exercise.case("two sequences of two rounds of five chunks", hidden=True, tolerance=1e-5)
def _(rng):
    queries, keys, values, mask = drawn(2, 2, 5, C=8, W=16, d=6, e=5, size=2.0)(rng).args
    mask[..., 3, :], mask[..., 5, :] = HIDDEN, HIDDEN
    mask[..., 5, 11] = LAST_RESORT
    return call(queries, keys, values, mask)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_einsum(queries, keys, values, mask):
    logits = np.einsum("...cd,...wd->...cw", queries, keys) + mask
    top = np.maximum(np.max(logits, axis=-1), -1e300)
    weights = np.exp(logits - top[..., None])
    total = weights.sum(-1)
    outputs = np.einsum("...cw,...we->...ce", weights, values) / np.where(total == 0, 1, total)[..., None]
    with np.errstate(divide="ignore"):
        return outputs, top + np.log(total)


@exercise.solution
def by_logaddexp(queries, keys, values, mask):
    logits = queries @ keys.swapaxes(-1, -2) + mask
    log_normalizers = np.logaddexp.reduce(logits, axis=-1)
    weights = np.exp(logits - np.where(np.isinf(log_normalizers), 0, log_normalizers)[..., None])
    largest = logits == np.max(logits, axis=-1, keepdims=True)  # at -1e30 the logarithm of a number is nothing
    lone = (log_normalizers < -1e20)[..., None] & largest & np.isfinite(logits)
    weights = np.where(np.any(lone, axis=-1, keepdims=True), lone / np.maximum(lone.sum(-1, keepdims=True), 1), weights)
    return weights @ values, log_normalizers


@exercise.solution
def query_by_query(queries, keys, values, mask):
    outputs = np.zeros(queries.shape[:-1] + values.shape[-1:])
    log_normalizers = np.full(queries.shape[:-1], -np.inf)
    for place in np.ndindex(queries.shape[:-1]):
        logits = keys[place[:-1]] @ queries[place] + mask[place]
        if np.max(logits) == -np.inf:
            continue
        weights = np.exp(logits - np.max(logits))
        outputs[place] = weights @ values[place[:-1]] / np.sum(weights)
        log_normalizers[place] = np.max(logits) + np.log(np.sum(weights))
    return [outputs, log_normalizers]


# --- mistakes in the logits -------------------------------------------------------------------------------------


def _logits(queries, keys, mask):
    return queries @ np.swapaxes(keys, -1, -2) + mask


def _top(logits, axis=-1):
    top = np.max(logits, axis=axis, keepdims=True)
    return np.where(np.isneginf(top), 0, top)


def _softmax(logits, axis=-1):
    weights = np.exp(logits - _top(logits, axis))
    total = np.sum(weights, axis=axis, keepdims=True)
    return weights / np.where(total == 0, 1, total)


def _logsumexp(logits, axis=-1):
    top = _top(logits, axis)
    return np.squeeze(top + np.log(np.sum(np.exp(logits - top), axis=axis, keepdims=True)), axis=axis)


def _attend(logits, values):
    return _softmax(logits) @ values, _logsumexp(logits)


def _norms(vectors):
    return np.linalg.norm(vectors, axis=-1, keepdims=True)


@exercise.mistake(
    why="on paper the weights are exp(logit - log_normalizer)",
    says="the weights are `np.exp(logits - log_normalizer)`: at -1e30 the logarithm of 2 is lost, so that a query that "
    "sees itself twice gets its value twice; divide by the sum of the weights",
)
def weights_from_the_log_normalizer(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    log_normalizers = _logsumexp(logits)
    return np.exp(logits - np.where(np.isinf(log_normalizers), 0, log_normalizers)[..., np.newaxis]) @ values, (
        log_normalizers
    )


@exercise.mistake(
    why="on paper the weights are exp(logit - log_normalizer), and nobody thinks of a row that sees nothing",
    says="the weights are `np.exp(logits - log_normalizer)`: where a query sees nothing that is -inf less -inf, and at "
    "-1e30 the logarithm of 2 is lost; divide by the sum of the weights, or by 1 where it is 0",
)
def weights_from_the_log_normalizer_unguarded(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    log_normalizers = _logsumexp(logits)
    return np.exp(logits - log_normalizers[..., np.newaxis]) @ values, log_normalizers


@exercise.mistake(
    why="attention divides by the root of d, everywhere else",
    says="the logits are divided by `np.sqrt(d)`; here keys have length one, and nothing is divided",
)
def divided_by_the_root_of_d(queries, keys, values, mask):
    return _attend(_logits(queries / np.sqrt(queries.shape[-1]), keys, mask), values)


@exercise.mistake(
    why="attention divides by the root of d, and the mask is a part of the logits",
    says="logits and mask are divided by `np.sqrt(d)`; nothing is divided here",
)
def all_divided_by_the_root_of_d(queries, keys, values, mask):
    return _attend(_logits(queries, keys, mask) / np.sqrt(queries.shape[-1]), values)


@exercise.mistake(
    why="the mask is forgotten",
    says="the mask plays no part",
)
def no_mask(queries, keys, values, mask):
    return _attend(_logits(queries, keys, 0), values)


@exercise.mistake(
    why="a mask of ones and zeros is multiplied",
    says="the logits are multiplied by the mask; add it",
)
def multiplied_by_the_mask(queries, keys, values, mask):
    return _attend(_logits(queries, keys, 0) * mask, values)


@exercise.mistake(
    why="what is taken away is subtracted",
    says="the mask is subtracted; its numbers are negative already, so add it",
)
def the_mask_subtracted(queries, keys, values, mask):
    return _attend(_logits(queries, keys, -mask), values)


@exercise.mistake(
    why="the mask is read as yes or no",
    says="all that is below 0 in the mask counts as hidden; add its numbers: -1e30 is a last resort, and hides nothing",
)
def all_below_zero_hidden(queries, keys, values, mask):
    return _attend(np.where(mask == 0, _logits(queries, keys, 0), HIDDEN), values)


@exercise.mistake(
    why="the mask is read as yes or no",
    says="only -inf in the mask counts, and other numbers are passed over; add the mask, whatever stands in it",
)
def only_minus_infinity_counts(queries, keys, values, mask):
    return _attend(np.where(np.isneginf(mask), HIDDEN, _logits(queries, keys, 0)), values)


@exercise.mistake(
    why="weights of hidden keys are set to 0 after the softmax",
    says="hidden keys are taken out after the softmax, so that the weights of the others do not add up to one",
)
def masked_after_the_softmax(queries, keys, values, mask):
    logits = _logits(queries, keys, 0)
    return (_softmax(logits) * np.exp(mask)) @ values, _logsumexp(logits)


@exercise.mistake(
    why="the log-normaliser is taken from the logits as they were before the mask",
    says="the log-normalisers are those of all keys, the hidden ones too; take them from the logits with the mask",
)
def normalizers_without_the_mask(queries, keys, values, mask):
    return _softmax(_logits(queries, keys, mask)) @ values, _logsumexp(_logits(queries, keys, 0))


@exercise.mistake(
    why="keys of length one are the lesson's",
    says="the keys are brought to length one here; they come as they shall be used",
)
def keys_brought_to_length_one(queries, keys, values, mask):
    return _attend(_logits(queries, keys / _norms(keys), mask), values)


@exercise.mistake(
    why="the cosine compares directions",
    says="queries and keys are brought to length one; the length of a query says how sharp its weights are",
)
def cosines(queries, keys, values, mask):
    return _attend(_logits(queries / _norms(queries), keys / _norms(keys), mask), values)


@exercise.mistake(
    why="`.T` turns one table over, and all axes of a batch",
    says="`keys.T` reverses all axes; with a batch turn the last two over: `np.swapaxes(keys, -1, -2)`",
)
def all_axes_turned_over(queries, keys, values, mask):
    return _attend(queries @ keys.T + mask, values)


# --- mistakes in the softmax ------------------------------------------------------------------------------------


@exercise.mistake(
    why="axis 0, or the last but one, is tried first",
    says="the softmax runs over the queries, axis -2; each query's weights have to add up to one over its keys",
)
def softmax_over_queries(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return _softmax(logits, axis=-2) @ values, _logsumexp(logits)


@exercise.mistake(
    why="axis 0, or the last but one, is tried first",
    says="softmax and log-normalisers run over the queries, axis -2; both belong along the keys, axis -1",
)
def all_over_queries(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return _softmax(logits, axis=-2) @ values, _logsumexp(logits, axis=-2)


@exercise.mistake(
    why="axis 0 is right for one chunk turned over",
    says="the softmax runs along axis 0, which is a batch axis where there are several chunks; write `axis=-1`",
)
def softmax_along_axis_zero(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return _softmax(logits, axis=0) @ values, _logsumexp(logits)


@exercise.mistake(
    why="axis 1 is right for one chunk",
    says="`axis=1` is the keys of one chunk, but not of several: write `axis=-1`",
)
def along_axis_one(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return _softmax(logits, axis=1) @ values, _logsumexp(logits, axis=1)


@exercise.mistake(
    why="`np.max` and `np.sum` without an axis take the whole table",
    says="all weights together add up to one: say `axis=-1, keepdims=True`",
)
def softmax_over_everything(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    weights = np.exp(logits - np.max(logits))
    return weights / np.sum(weights) @ values, _logsumexp(logits)


@exercise.mistake(
    why="`np.max` and `np.sum` without an axis take the whole table",
    says="one softmax and one normaliser are made for the whole table: say `axis=-1`",
)
def one_normalizer_for_everything(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    weights = np.exp(logits - np.max(logits))
    total = np.max(logits) + np.log(np.sum(weights))
    return weights / np.sum(weights) @ values, np.full(logits.shape[:-1], total)


@exercise.mistake(
    why="on paper the subtraction changes nothing",
    says="the largest logit of each query is not subtracted before `np.exp`: large logits overflow, and rows at -1e30 "
    "become 0 / 0",
)
def no_maximum_subtracted(queries, keys, values, mask):
    weights = np.exp(_logits(queries, keys, mask))
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / total @ values, np.log(total)[..., 0]


@exercise.mistake(
    why="on paper the subtraction changes nothing, and rows that see nothing were thought of",
    says="the largest logit of each query is not subtracted before `np.exp`: large logits overflow, and a row at "
    "-1e30 looks as if it saw nothing",
)
def no_maximum_subtracted_but_empty_rows_are_zero(queries, keys, values, mask):
    weights = np.exp(_logits(queries, keys, mask))
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ values, np.log(total)[..., 0]


@exercise.mistake(
    why="softmax is given, and for the log-normaliser a plain formula is at hand",
    says="the outputs are right, but the log-normaliser is `np.log(np.sum(np.exp(logits)))`, which overflows, or is "
    "-inf for a row at -1e30; subtract the largest logit, and add it again after the logarithm",
)
def normalizers_on_paper(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return _softmax(logits) @ values, np.log(np.sum(np.exp(logits), axis=-1))


@exercise.mistake(
    why="a small number keeps the logarithm from minus infinity",
    says="a small number inside of the logarithm makes -inf a finite number; a row that sees nothing has -inf",
)
def a_small_number_in_the_logarithm(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = _top(logits)
    return _softmax(logits) @ values, (top + np.log(np.sum(np.exp(logits - top), -1, keepdims=True) + 1e-9))[..., 0]


@exercise.mistake(
    why="the largest of the table is at hand: `np.max` without an axis",
    says="one maximum is subtracted for all queries; a row far below it underflows. Take that of each query",
)
def one_maximum_for_all(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    weights = np.exp(logits - np.max(logits))
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / total @ values, np.max(logits) + np.log(total)[..., 0]


@exercise.mistake(
    why="numbers are centred by their mean in statistics",
    says="the mean logit is subtracted, so that `np.exp` overflows, or is not a number where -inf takes part; subtract "
    "the largest",
)
def mean_subtracted(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    middle = np.mean(logits, axis=-1, keepdims=True)
    weights = np.exp(logits - middle)
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / total @ values, (middle + np.log(total))[..., 0]


@exercise.mistake(
    why="the row that sees nothing is not thought of",
    says="a row that sees nothing gives NaN, -inf less -inf; asked are zeros, and -inf",
)
def nothing_seen_is_not_a_number(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits, axis=-1, keepdims=True)
    weights = np.exp(logits - top)
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / total @ values, (top + np.log(total))[..., 0]


@exercise.mistake(
    why="the given softmax minds the row that sees nothing, and the own normaliser does not",
    says="the outputs are right, but the log-normaliser of a row that sees nothing is NaN, -inf less -inf; it is -inf",
)
def normalizer_of_nothing_is_not_a_number(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = np.max(logits, axis=-1, keepdims=True)
    return _softmax(logits) @ values, (top + np.log(np.sum(np.exp(logits - top), axis=-1, keepdims=True)))[..., 0]


@exercise.mistake(
    why="`np.nan_to_num` makes NaN go away",
    says="NaN is replaced by 0, so that a row that sees nothing has a log-normaliser of 0, as one that sees something "
    "has; it is -inf",
)
def not_a_number_replaced(queries, keys, values, mask):
    outputs, log_normalizers = nothing_seen_is_not_a_number(queries, keys, values, mask)
    return np.where(np.isnan(outputs), 0, outputs), np.where(np.isnan(log_normalizers), 0, log_normalizers)


@exercise.mistake(
    why="-1e9 is what frameworks write for minus infinity",
    says="-inf is made a finite number first, so that a row that sees nothing averages all values; asked are zeros and "
    "-inf",
)
def hidden_made_finite(queries, keys, values, mask):
    return _attend(_logits(queries, keys, np.maximum(mask, -1e30)), values)


@exercise.mistake(
    why="'the query with the highest score' suggests one hit",
    says="each query takes the value of its best key alone; average over all visible keys",
)
def the_best_key_alone(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    best = np.argmax(logits, axis=-1)[..., np.newaxis]
    outputs = np.take_along_axis(values, best, axis=-2)
    return np.where(np.isneginf(np.max(logits, -1, keepdims=True)), 0, outputs), _logsumexp(logits)


@exercise.mistake(
    why="the subtraction of the maximum is mistaken for the normalisation",
    says="the exponentials are not divided by their sum, so that the weights do not add up to one",
)
def exponentials_not_normalised(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return np.exp(logits - _top(logits)) @ values, _logsumexp(logits)


@exercise.mistake(
    why="the normaliser is there to be used later",
    says="the outputs are not divided by the normaliser at all: they are sums, where averages are asked",
)
def sums_in_place_of_averages(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return np.exp(logits) @ values, _logsumexp(logits)


@exercise.mistake(
    why="the keys are looked up, and so thought to be what is handed over",
    says="the keys are averaged; what each position hands over are its values",
)
def keys_averaged(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return _softmax(logits) @ keys, _logsumexp(logits)


@exercise.mistake(
    why="the weights are the hard part, and the last step is forgotten",
    says="the weights take the place of the outputs; average the values by them",
)
def weights_in_place_of_outputs(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    return _softmax(logits), _logsumexp(logits)


# --- mistakes in what is returned -------------------------------------------------------------------------------


def _normalizers_as(change):
    """The right outputs, and log-normalisers that `change` makes of the logits."""

    def answer(queries, keys, values, mask):
        logits = _logits(queries, keys, mask)
        return _softmax(logits) @ values, change(logits)

    return answer


def _normalizer_mistake(name, change, *, why, says):
    answer = _normalizers_as(change)
    answer.__name__ = name
    exercise.mistake(why=why, says=says)(answer)


def _sum_of_shifted(logits):
    return np.sum(np.exp(logits - _top(logits)), axis=-1)


_normalizer_mistake(
    "normalizers_without_logarithm",
    lambda logits: np.sum(np.exp(logits), axis=-1),
    why="what the softmax divides by is the sum",
    says="the normalisers are sums; asked is their logarithm, which holds large ones, too",
)
_normalizer_mistake(
    "maximum_not_added_again",
    lambda logits: np.log(_sum_of_shifted(logits)),
    why="the maximum was subtracted, and the step back is forgotten",
    says="the largest logit, which was subtracted, is not added to the log-normaliser again",
)
_normalizer_mistake(
    "shifted_sum_without_logarithm",
    _sum_of_shifted,
    why="it is what the softmax divides by, in most programs",
    says="the sum of exponentials after the largest logit was subtracted stands for the log-normaliser; take its "
    "logarithm, and add the largest logit",
)
_normalizer_mistake(
    "maximum_subtracted_again",
    lambda logits: np.log(_sum_of_shifted(logits)) - _top(logits)[..., 0],
    why="the sign of the step back is turned round",
    says="the largest logit is subtracted from the log-normaliser; it has to be added",
)
_normalizer_mistake(
    "maximum_in_place_of_normalizer",
    lambda logits: np.max(logits, axis=-1),
    why="the largest logit is nearly the logsumexp",
    says="the largest logit stands for the log-normaliser; the logarithm of the sum has to be added",
)
_normalizer_mistake(
    "maximum_times_sum",
    lambda logits: np.log(np.maximum(_top(logits)[..., 0] * _sum_of_shifted(logits), 0)),
    why="what was subtracted inside is multiplied outside",
    says="the largest logit is multiplied with the sum, inside of the logarithm; add it outside",
)
_normalizer_mistake(
    "maximum_added_inside_of_the_logarithm",
    lambda logits: np.log(np.maximum(_top(logits)[..., 0] + _sum_of_shifted(logits), 0)),
    why="the bracket is closed too late",
    says="the largest logit is added inside of the logarithm; add it outside",
)
_normalizer_mistake(
    "normalizers_of_the_weights",
    lambda logits: _logsumexp(_softmax(logits)),
    why="the softmax is at hand, and its weights are taken for the logits",
    says="the log-normaliser is that of the weights; take the logarithm of the sum of exponentials of the logits",
)
_normalizer_mistake(
    "logarithm_of_the_sum_of_weights",
    lambda logits: np.log(np.sum(_softmax(logits), axis=-1)),
    why="the sum of the weights is what they are divided by, before they are",
    says="the log-normaliser is the logarithm of the weights' sum, which is 0; take the exponentials before they are "
    "divided",
)
_normalizer_mistake(
    "logarithm_of_a_mean",
    lambda logits: _logsumexp(logits) - np.log(logits.shape[-1]),
    why="`np.mean` for `np.sum`",
    says="the logarithm is that of a mean over the window; it has to be that of the sum",
)
_normalizer_mistake(
    "sum_of_logits",
    lambda logits: np.sum(logits, axis=-1),
    why="the logarithm of the sum of exponentials is shortened to a sum",
    says="the logits are added up; add up their exponentials, and take the logarithm",
)
_normalizer_mistake(
    "normalizers_negated",
    lambda logits: -_logsumexp(logits),
    why="to divide by a number is to subtract its logarithm",
    says="the log-normalisers have the wrong sign",
)
_normalizer_mistake(
    "normalizers_keep_an_axis",
    lambda logits: _logsumexp(logits)[..., np.newaxis],
    why="`keepdims=True` keeps an axis of length one",
    says="the log-normalisers keep an axis of length one: their shape is (..., C), so take it off with `[..., 0]`",
)
_normalizer_mistake(
    "normalizers_to_the_base_two",
    lambda logits: _logsumexp(logits) / np.log(2),
    why="bits are counted to the base of two",
    says="the logarithm is to the base of 2; `np.log` is the one that undoes `np.exp`",
)
_normalizer_mistake(
    "normalizers_to_the_base_ten",
    lambda logits: _logsumexp(logits) / np.log(10),
    why="`np.log10` is taken for the logarithm",
    says="the logarithm is to the base of 10; `np.log` is the one that undoes `np.exp`",
)


@exercise.mistake(
    why="the outputs are what attention gives",
    says="only the outputs are returned; asked are two arrays, outputs and log-normalisers",
)
def outputs_alone(queries, keys, values, mask):
    return _attend(_logits(queries, keys, mask), values)[0]


@exercise.mistake(
    why="the order of what is returned is mixed up",
    says="the two results change places: outputs first, then log-normalisers",
)
def results_swapped(queries, keys, values, mask):
    return _attend(_logits(queries, keys, mask), values)[::-1]


@exercise.mistake(
    why="the weights are at hand",
    says="the weights stand for the log-normalisers; those are one number for each query",
)
def weights_in_place_of_normalizers(queries, keys, values, mask):
    weights = _softmax(_logits(queries, keys, mask))
    return weights @ values, weights


# --- mistakes of the logits, in both results --------------------------------------------------------------------


def _logit_mistake(name, change, *, why, says):
    """Know a mistake in which `change` makes other logits of (queries, keys, values, mask)."""

    def answer(queries, keys, values, mask):
        return _attend(change(queries, keys, values, mask), values)

    answer.__name__ = name
    exercise.mistake(why=why, says=says)(answer)


_logit_mistake(
    "divided_by_d",
    lambda q, k, v, mask: _logits(q / q.shape[-1], k, mask),
    why="an average over the features divides by their number",
    says="the logits are divided by d; nothing is divided here",
)
_logit_mistake(
    "multiplied_by_the_root_of_d",
    lambda q, k, v, mask: _logits(q * np.sqrt(q.shape[-1]), k, mask),
    why="the scale of keys of length √d is remembered",
    says="the logits are multiplied by `np.sqrt(d)`; they are dot products plus mask, and no more",
)
_logit_mistake(
    "divided_by_the_root_of_the_values_features",
    lambda q, k, v, mask: _logits(q / np.sqrt(v.shape[-1]), k, mask),
    why="`values.shape[-1]` is a number of features, too",
    says="the logits are divided by the root of the values' features; nothing is divided here",
)
_logit_mistake(
    "clipped",
    lambda q, k, v, mask: np.where(np.isneginf(mask), HIDDEN, np.clip(_logits(q, k, mask), -700, 700)),
    why="`np.clip` keeps `np.exp` from overflowing",
    says="the logits are cut at a limit, so that all large ones look alike; subtract the largest of each query instead",
)
_logit_mistake(
    "clipped_with_what_is_hidden",
    lambda q, k, v, mask: np.clip(_logits(q, k, mask), -700, 700),
    why="`np.clip` keeps `np.exp` from overflowing",
    says="logits and mask are cut at a limit: large logits look alike, and a row that sees nothing sees all",
)
_logit_mistake(
    "all_below_zero_at_a_billion",
    lambda q, k, v, mask: np.where(mask == 0, _logits(q, k, 0), -1e9),
    why="the mask is read as yes or no, as in frameworks",
    says="what is not 0 in the mask becomes -1e9 in place of the logit; add the mask, whatever stands in it",
)
_logit_mistake(
    "causal_by_place",
    lambda q, k, v, mask: np.where(
        np.tri(mask.shape[-2], mask.shape[-1], mask.shape[-1] - mask.shape[-2], dtype=bool), _logits(q, k, mask), HIDDEN
    ),
    why="attention in a language model is causal",
    says="a triangle hides keys besides the mask; the mask says all that is hidden",
)
_logit_mistake(
    "soft_weights_of_weights",
    lambda q, k, v, mask: _softmax(_logits(q, k, mask)),
    why="the softmax is called on what is softmax already",
    says="the softmax is taken twice, the second time of the weights, which makes them too even",
)


def _output_mistake(name, change, *, why, says):
    """Know a mistake with the right log-normalisers and the outputs that `change` makes of (logits, values)."""

    def answer(queries, keys, values, mask):
        logits = _logits(queries, keys, mask)
        return change(logits, values), _logsumexp(logits)

    answer.__name__ = name
    exercise.mistake(why=why, says=says)(answer)


_output_mistake(
    "softmax_twice",
    lambda logits, values: _softmax(_softmax(logits)) @ values,
    why="the softmax is called on what is softmax already",
    says="the outputs come from a softmax of the weights, which makes them too even; one softmax is enough",
)
_output_mistake(
    "logarithms_of_weights",
    lambda logits, values: np.log(_softmax(logits)) @ values,
    why="log-softmax is at hand where log-normalisers are",
    says="the values are weighted by the logarithms of the weights; take the weights themselves",
)
_output_mistake(
    "logits_as_weights",
    lambda logits, values: np.where(np.isinf(logits), 0, logits) @ values,
    why="'weighted by the scores' is taken literally",
    says="the logits themselves are the weights; take their softmax",
)
_output_mistake(
    "mean_where_nothing_is_seen",
    lambda logits, values: np.where(
        np.all(np.isneginf(logits), axis=-1, keepdims=True),
        np.mean(values, axis=-2, keepdims=True),
        _softmax(logits) @ values,
    ),
    why="weights that are all the same seem to be fair",
    says="a query that sees nothing gets the mean of all values; asked are zeros",
)
_output_mistake(
    "own_chunk_alone",
    lambda logits, values: _softmax(logits)[..., : logits.shape[-2]] @ values[..., : logits.shape[-2], :],
    why="as many values as queries are taken",
    says="only as many values as there are queries are averaged; the whole window counts",
)
_output_mistake(
    "outputs_rounded",
    lambda logits, values: np.round(_softmax(logits) @ values, 2),
    why="the example is shown with two decimals",
    says="the outputs are rounded to two decimals",
)

_normalizer_mistake(
    "normalizers_over_queries",
    lambda logits: _logsumexp(logits, axis=-2),
    why="the axis is counted from the wrong end",
    says="the outputs are right, but the log-normalisers run over the queries, axis -2; they belong along the keys, -1",
)
_normalizer_mistake(
    "normalizers_of_divided_logits",
    lambda logits: _logsumexp(logits / np.sqrt(logits.shape[-1])),
    why="a scale is put into one of two formulas",
    says="the outputs are right, but the log-normalisers are those of divided logits",
)
_normalizer_mistake(
    "one_added_in_the_logarithm",
    lambda logits: (_top(logits) + np.log1p(np.sum(np.exp(logits - _top(logits)), -1, keepdims=True)))[..., 0],
    why="`np.log1p` for `np.log` keeps off minus infinity",
    says="1 is added inside of the logarithm, by `np.log1p`; take `np.log`, and -inf where nothing is seen",
)
_normalizer_mistake(
    "mean_of_logits",
    lambda logits: np.mean(logits, axis=-1),
    why="the logarithm of the mean of exponentials is shortened to a mean",
    says="the mean logit stands for the log-normaliser; add up the exponentials, and take the logarithm",
)
_normalizer_mistake(
    "normalizers_all_zero",
    lambda logits: np.zeros(logits.shape[:-1]),
    why="the second result is left for later",
    says="the log-normalisers are all 0",
)


@exercise.mistake(
    why="a small number keeps the fraction from 0 / 0",
    says="a small number is added to the sum, and the largest logit is not subtracted: large logits overflow, and "
    "what is far below 0 counts as nothing",
)
def a_small_number_in_the_sum(queries, keys, values, mask):
    weights = np.exp(_logits(queries, keys, mask))
    total = np.sum(weights, axis=-1, keepdims=True) + 1e-9
    return weights / total @ values, np.log(total)[..., 0]


@exercise.mistake(
    why="`np.nan_to_num` makes NaN go away",
    says="the largest logit is not subtracted, and NaN is replaced by 0: a row at -1e30, or of large logits, gives "
    "zeros",
)
def overflow_replaced(queries, keys, values, mask):
    weights = np.exp(_logits(queries, keys, mask))
    total = np.sum(weights, axis=-1, keepdims=True)
    return np.nan_to_num(weights / total) @ values, np.log(total)[..., 0]


@exercise.mistake(
    why="`axis` is counted from the wrong end",
    says="the largest logit of each key is subtracted, over the queries; it has to be that of each query: axis -1",
)
def maximum_over_queries(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    top = _top(logits, axis=-2)
    weights = np.exp(logits - top)
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / total @ values, np.max(top, axis=-1)[..., 0, np.newaxis] + np.log(total)[..., 0]


@exercise.mistake(
    why="any number can be subtracted, on paper",
    says="the first logit of each query is subtracted; it can be -inf or far below the others. Subtract the largest",
)
def first_subtracted(queries, keys, values, mask):
    logits = _logits(queries, keys, mask)
    first = logits[..., :1]
    weights = np.exp(logits - first)
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / total @ values, (first + np.log(total))[..., 0]


@exercise.mistake(
    why="one array is thought to be returned",
    says="the log-normalisers are joined to the outputs as one more feature; return two arrays",
)
def joined_in_one_array(queries, keys, values, mask):
    outputs, log_normalizers = _attend(_logits(queries, keys, mask), values)
    return np.concatenate([outputs, log_normalizers[..., np.newaxis]], axis=-1)
