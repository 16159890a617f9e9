"""Lab 06, `attention_vjp(gradient, queries, keys, values, mask, outputs, log_normalizers)`: back through attention.

gradient (..., C, e), queries (..., C, d), keys (..., W, d), values (..., W, e), mask (..., C, W), outputs (..., C, e),
log_normalizers (..., C) -> (d_queries, d_keys, d_values). The weights are P = exp(q . k + mask - log_normalizer), and
dS = P (dO . v - dO . outputs). A row whose log-normaliser is -inf sends nothing.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import gradients
from reformer.loops import reversible as twins
from reformer.lsh_attention import attend_within_chunks

exercise = Exercise(
    reference=gradients.attention_vjp, twin=twins.attention_vjp, results=("d_queries", "d_keys", "d_values")
)

HIDDEN, LAST_RESORT = -np.inf, -1e30
MOST = 10  # scores of a row stay so close: a saturated softmax leaves only rounding in dS


def drawn(*batch, C, W, d=4, e=3, hidden=0.3, size=1.0, dtype=np.float64, n_windows=1, change=None):
    """A gradient, random vectors, a mask that hides a share of the keys from each query, and what attention gave.

    With more than one window, outputs and normalisers are those of all windows together, as of all rounds; the call
    is about the first. `change` works on queries, keys and mask in place.
    """

    def make(rng):
        gradient = rng.standard_normal((*batch, C, e))
        queries, keys, values = (
            rng.standard_normal((*batch, *shape)) for shape in ((C, d), (n_windows * W, d), (n_windows * W, e))
        )
        mask = np.where(rng.random((*batch, C, n_windows * W)) < hidden, HIDDEN, 0.0)
        np.put_along_axis(mask, rng.integers(0, W, size=(*batch, C, 1)), 0.0, axis=-1)
        queries *= size
        if change:
            change(queries, keys, mask)
        arrays = [array.astype(dtype) for array in (gradient, queries, keys, values, mask)]
        outputs, log_normalizers = attend_within_chunks(*arrays[1:])
        gradient, queries, keys, values, mask = arrays
        keys, values, mask = keys[..., :W, :], values[..., :W, :], mask[..., :W]
        made = gradient, queries, keys, values, mask, outputs, log_normalizers
        return call(*(np.ascontiguousarray(array) for array in made))

    return make


def is_spread(gradient, queries, keys, values, mask, outputs, log_normalizers):
    """Whether no row's scores are more than `MOST` apart, but for hidden ones and the last resort."""
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    seen = logits > LAST_RESORT / 2
    highest = np.max(logits, axis=-1, initial=-np.inf, where=seen)
    lowest = np.min(logits, axis=-1, initial=np.inf, where=seen)
    return bool(np.all(highest - lowest <= MOST))


def asks(name, make, **how):
    exercise.case(name, make, clear_cut=is_spread, **({"tolerance": 1e-7} | how))


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("one query, two keys that it weighs alike, and a hidden one", tolerance=1e-7)
def _(rng):
    queries, keys = np.array([[1.0, 1.0]]), np.array([[2.0, 0.0], [0.0, 2.0], [0.6, 0.8]])
    values, mask = np.array([[10.0], [20.0], [30.0]]), np.array([[0.0, 0.0, HIDDEN]])
    outputs, log_normalizers = attend_within_chunks(queries, keys, values, mask)
    return call(np.array([[1.0]]), queries, keys, values, mask, outputs, log_normalizers)


asks("four queries, six keys, nothing hidden", drawn(C=4, W=6, hidden=0.0))
asks("five queries, ten keys, some hidden", drawn(C=5, W=10))
asks("as many queries as keys and features", drawn(4, C=4, W=4, d=4, e=4, hidden=0.0))


@exercise.property(
    "a step changes the loss by the sum of its numbers times your gradients",
    lambda rng: [drawn(C=4, W=5, d=3, e=2, hidden=0.0)(rng)],
)
def _(calls, answers):
    gradient, *arrays, mask = calls[0].args[:5]
    rng, h = np.random.default_rng(5), 1e-5
    held = []
    for place, found in enumerate(answers[0]):
        step = rng.standard_normal(arrays[place].shape)
        losses = []
        for sign in (1, -1):
            moved = [array + sign * h * step if i == place else array for i, array in enumerate(arrays)]
            losses.append(np.sum(gradient * attend_within_chunks(*moved, mask)[0]))
        change = (losses[0] - losses[1]) / (2 * h)
        held.append(abs(np.sum(np.asarray(found) * step) - change) < 1e-5 * max(1, abs(change)))
    return held


@exercise.property(
    "all keys moved alike change nothing, so the gradients of the keys add up to zero",
    lambda rng: [drawn(2, C=4, W=6)(rng)],
)
def _(calls, answers):
    return np.abs(np.sum(np.asarray(answers[0][1]), axis=-2)) < 1e-9


def _nothing_seen(queries, keys, mask):
    mask[..., 1, :] = HIDDEN


def _alone(queries, keys, mask):
    mask[..., 0, :], mask[..., 2, :] = HIDDEN, HIDDEN
    mask[..., 0, 2], mask[..., 2, 1] = LAST_RESORT, LAST_RESORT


def _last_resort(queries, keys, mask):
    mask[..., np.arange(4), 4 + np.arange(4)] = LAST_RESORT


def _about_1000(queries, keys, mask):
    queries[..., :2, -1], keys[..., -1] = [500.0, -500.0], 2.0


def _other_numbers(queries, keys, mask):
    mask[...] = -2 * np.abs(np.sin(np.arange(mask.size))).reshape(mask.shape)


asks("a query that sees nothing, its log-normaliser at -inf", drawn(C=3, W=4, change=_nothing_seen))
asks("queries that see only themselves, at -1e30", drawn(C=3, W=4, hidden=0.0, change=_alone))
asks("queries that see themselves at -1e30, and others", drawn(C=4, W=8, hidden=0.0, change=_last_resort))
asks("a mask of other numbers", drawn(C=4, W=5, hidden=0.0, change=_other_numbers))
asks("logits about 1000, and about -1000", drawn(C=3, W=5, d=3, hidden=0.0, change=_about_1000))
asks("outputs and normalisers of all of three rounds", drawn(C=4, W=6, n_windows=3), points=2)
asks("two sequences of three chunks", drawn(2, 3, C=4, W=8), points=2)
asks("three chunks, in float32", drawn(3, C=4, W=8, dtype=np.float32), tolerance=1e-5)


def _all(queries, keys, mask):
    _nothing_seen(queries, keys, mask)
    mask[..., 3, :], mask[..., 3, 5] = HIDDEN, LAST_RESORT


asks(
    "two sequences of five chunks, all of two rounds",
    drawn(2, 5, C=6, W=12, d=5, e=4, size=0.8, n_windows=2, change=_all),
    hidden=True,
    points=2,
)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_einsum(gradient, queries, keys, values, mask, outputs, log_normalizers):
    below = np.where(np.isinf(log_normalizers), 0, log_normalizers)[..., None]
    weights = np.exp(np.einsum("...cd,...wd->...cw", queries, keys) + mask - below)
    d_weights = np.einsum("...ce,...we->...cw", gradient, values)
    d_logits = weights * (d_weights - (gradient * outputs).sum(-1)[..., None])
    return (
        np.einsum("...cw,...wd->...cd", d_logits, keys),
        np.einsum("...cw,...cd->...wd", d_logits, queries),
        np.einsum("...cw,...ce->...we", weights, gradient),
    )


@exercise.solution
def by_differences_of_values(gradient, queries, keys, values, mask, outputs, log_normalizers):
    logits = queries @ keys.swapaxes(-1, -2) + mask
    weights = np.where(np.isneginf(logits), 0, np.exp(logits - log_normalizers[..., None]))
    surplus = values[..., None, :, :] - outputs[..., :, None, :]
    d_logits = weights * np.sum(gradient[..., :, None, :] * surplus, axis=-1)
    d_keys, d_values = (np.swapaxes(one, -1, -2) for one in (d_logits, weights))
    return [d_logits @ keys, d_keys @ queries, d_values @ gradient]


# --- mistakes in the weights ------------------------------------------------------------------------------------


def _t(array):
    return np.swapaxes(array, -1, -2)


def _weights(queries, keys, mask, log_normalizers):
    below = np.where(np.isneginf(log_normalizers), 0, log_normalizers)[..., np.newaxis]
    return np.exp(queries @ _t(keys) + mask - below)


def _along(gradient, outputs):
    return np.sum(gradient * outputs, axis=-1, keepdims=True)


def _sent(weights, d_logits, gradient, queries, keys):
    return d_logits @ keys, _t(d_logits) @ queries, _t(weights) @ gradient


def _from_weights(weights, gradient, queries, keys, values, outputs):
    d_logits = weights * (gradient @ _t(values) - _along(gradient, outputs))
    return _sent(weights, d_logits, gradient, queries, keys)


def _right(gradient, queries, keys, values, mask, outputs, log_normalizers):
    weights = _weights(queries, keys, mask, log_normalizers)
    return _from_weights(weights, gradient, queries, keys, values, outputs)


@exercise.mistake(
    why="the softmax has done it before",
    says="a row that sees nothing is not minded: −inf less −inf is not a number; use 0 for its log-normaliser, and "
    "its weights become 0",
)
def unguarded(gradient, queries, keys, values, mask, outputs, log_normalizers):
    weights = np.exp(queries @ _t(keys) + mask - log_normalizers[..., np.newaxis])
    return _from_weights(weights, gradient, queries, keys, values, outputs)


@exercise.mistake(
    why="exp(a − b) is exp(a) / exp(b)",
    says="`np.exp(logits)` is divided by `np.exp(log_normalizer)`; at 1000 both are infinite: subtract first",
)
def exponentials_divided(gradient, queries, keys, values, mask, outputs, log_normalizers):
    weights = np.exp(queries @ _t(keys) + mask) / np.exp(log_normalizers)[..., np.newaxis]
    return _from_weights(weights, gradient, queries, keys, values, outputs)


@exercise.mistake(
    why="exp(a − b) is exp(a) / exp(b), with a guard for rows that see nothing",
    says="`np.exp(logits)` is divided by `np.exp(log_normalizer)`; at 1000 both are infinite, and at -1000 both are 0: "
    "subtract first",
)
def exponentials_divided_with_a_guard(gradient, queries, keys, values, mask, outputs, log_normalizers):
    below = np.where(np.isneginf(log_normalizers), 0, log_normalizers)[..., np.newaxis]
    weights = np.exp(queries @ _t(keys) + mask) / np.exp(below)
    return _from_weights(weights, gradient, queries, keys, values, outputs)


@exercise.mistake(
    why="the weights are a softmax, so a softmax is taken",
    says="the weights are a softmax over this window alone; with the normalisers of all rounds, a window's weights add "
    "up to less than 1: take `np.exp(logits - log_normalizer)`",
)
def softmax_of_the_window(gradient, queries, keys, values, mask, outputs, log_normalizers):
    own = attend_within_chunks(queries, keys, values, mask)[1]
    return _from_weights(_weights(queries, keys, mask, own), gradient, queries, keys, values, outputs)


@exercise.mistake(
    why="a softmax is differentiated from what stands in the window",
    says="weights and outputs are both computed again from this window alone; take those that are given",
)
def all_from_the_window(gradient, queries, keys, values, mask, outputs, log_normalizers):
    outputs, own = attend_within_chunks(queries, keys, values, mask)
    return _from_weights(_weights(queries, keys, mask, own), gradient, queries, keys, values, outputs)


@exercise.mistake(
    why="the derivative of a softmax is P (dP − sum of P dP), by the book",
    says="the second term is the sum of `P * (dO · v)` over this window; with the outputs of all rounds that is not "
    "`dO · outputs`: use the outputs that are given",
)
def second_term_of_the_window(gradient, queries, keys, values, mask, outputs, log_normalizers):
    weights = _weights(queries, keys, mask, log_normalizers)
    return _from_weights(weights, gradient, queries, keys, values, weights @ values)


@exercise.mistake(
    why="exp(logit) is the weight, but for what it is divided by",
    says="the weights are not divided by the normaliser: subtract the log-normaliser from the logits first",
)
def normalizers_forgotten(gradient, queries, keys, values, mask, outputs, log_normalizers):
    return _from_weights(np.exp(queries @ _t(keys) + mask), gradient, queries, keys, values, outputs)


@exercise.mistake(
    why="what divides is divided by, logarithm or not",
    says="the weights are divided by the log-normaliser; it is a logarithm: subtract it from the logits",
)
def divided_by_the_logarithm(gradient, queries, keys, values, mask, outputs, log_normalizers):
    weights = np.exp(queries @ _t(keys) + mask) / log_normalizers[..., np.newaxis]
    return _from_weights(weights, gradient, queries, keys, values, outputs)


@exercise.mistake(
    why="a sign slips",
    says="the log-normaliser is added to the logits; subtract it",
)
def normalizers_added(gradient, queries, keys, values, mask, outputs, log_normalizers):
    return _right(gradient, queries, keys, values, mask, outputs, -log_normalizers)


@exercise.mistake(
    why="broadcasting takes it as it comes",
    says="the log-normalisers stand along the keys; each belongs to a query: `log_normalizers[..., np.newaxis]`",
)
def normalizers_along_the_keys(gradient, queries, keys, values, mask, outputs, log_normalizers):
    weights = np.exp(queries @ _t(keys) + mask - log_normalizers[..., np.newaxis, :])
    return _from_weights(weights, gradient, queries, keys, values, outputs)


@exercise.mistake(
    why="the mask is thought to be in the normalisers",
    says="the mask is forgotten: hidden keys have weights, too; add it to the logits",
)
def mask_forgotten(gradient, queries, keys, values, mask, outputs, log_normalizers):
    return _right(gradient, queries, keys, values, np.zeros_like(mask), outputs, log_normalizers)


@exercise.mistake(
    why="attention divides by the root of d, everywhere else",
    says="the logits are divided by `np.sqrt(d)`; here nothing is divided",
)
def divided_by_the_root_of_d(gradient, queries, keys, values, mask, outputs, log_normalizers):
    scaled = queries / np.sqrt(queries.shape[-1])
    weights = _weights(scaled, keys, mask, log_normalizers)
    d_queries, d_keys, d_values = _from_weights(weights, gradient, queries, keys, values, outputs)
    return d_queries / np.sqrt(queries.shape[-1]), d_keys / np.sqrt(queries.shape[-1]), d_values


# --- mistakes in dS ---------------------------------------------------------------------------------------------


def _with(d_logits_of):
    """A function that is right but for dS, which `d_logits_of(weights, d_weights, gradient, outputs)` gives."""

    def answer(gradient, queries, keys, values, mask, outputs, log_normalizers):
        weights = _weights(queries, keys, mask, log_normalizers)
        d_logits = d_logits_of(weights, gradient @ _t(values), gradient, outputs)
        return _sent(weights, d_logits, gradient, queries, keys)

    return answer


@exercise.mistake(
    why="the chain rule seems to end at the weights",
    says="dS has its first term only, `P * (dO · v)`; more weight for one key is less for the others: subtract "
    "`dO · outputs` of the query before you multiply",
)
def without_the_second_term(*arguments):
    return _with(lambda weights, d_weights, gradient, outputs: weights * d_weights)(*arguments)


@exercise.mistake(
    why="the brackets are lost",
    says="the second term is not multiplied by the weights: it is `P * (dO · v − dO · outputs)`, with brackets",
)
def second_term_without_weights(*arguments):
    return _with(lambda weights, d_weights, gradient, outputs: weights * d_weights - _along(gradient, outputs))(
        *arguments
    )


@exercise.mistake(
    why="p (1 − p) is known as the derivative of a sigmoid",
    says="dS is `P * (1 − P) * (dO · v)`, the diagonal of the softmax's Jacobian alone; a logit changes the weights of "
    "all the other keys, too",
)
def diagonal_alone(*arguments):
    return _with(lambda weights, d_weights, gradient, outputs: weights * (1 - weights) * d_weights)(*arguments)


@exercise.mistake(
    why="the axis of a sum is guessed",
    says="the sum of the softmax's derivative runs over the queries, axis −2; a softmax runs over the keys, so each "
    "query has its own sum",
)
def summed_over_the_queries(*arguments):
    return _with(
        lambda weights, d_weights, gradient, outputs: (
            weights * (d_weights - np.sum(weights * d_weights, axis=-2, keepdims=True))
        )
    )(*arguments)


@exercise.mistake(
    why="np.sum without an axis",
    says="`dO · outputs` is summed over all queries; each query has its own number",
)
def summed_over_everything(*arguments):
    return _with(lambda weights, d_weights, gradient, outputs: weights * (d_weights - np.sum(gradient * outputs)))(
        *arguments
    )


@exercise.mistake(
    why="a mean is what one subtracts",
    says="the plain mean of `dO · v` over the keys is subtracted; the mean has to be weighted, which makes it "
    "`dO · outputs`",
)
def plain_mean_subtracted(*arguments):
    return _with(
        lambda weights, d_weights, gradient, outputs: weights * (d_weights - np.mean(d_weights, axis=-1, keepdims=True))
    )(*arguments)


@exercise.mistake(
    why="a sign slips",
    says="the second term is added; it is subtracted",
)
def second_term_added(*arguments):
    return _with(lambda weights, d_weights, gradient, outputs: weights * (d_weights + _along(gradient, outputs)))(
        *arguments
    )


@exercise.mistake(
    why="a sign slips",
    says="the two terms of dS are the wrong way round: `dO · v` comes first, and `dO · outputs` is subtracted",
)
def terms_turned_round(*arguments):
    return _with(lambda weights, d_weights, gradient, outputs: weights * (_along(gradient, outputs) - d_weights))(
        *arguments
    )


@exercise.mistake(
    why="the last factor is forgotten",
    says="dS is not multiplied by the weights: a key of no weight changes nothing",
)
def weights_forgotten(*arguments):
    return _with(lambda weights, d_weights, gradient, outputs: d_weights - _along(gradient, outputs))(*arguments)


@exercise.mistake(
    why="the gradient of the weights is taken for that of the logits",
    says="`dO · v` is sent on as it is; that is the gradient of the weights, and the softmax is still to come",
)
def softmax_skipped(*arguments):
    return _with(lambda weights, d_weights, gradient, outputs: d_weights)(*arguments)


# --- mistakes in what is sent -----------------------------------------------------------------------------------


def _parts(gradient, queries, keys, values, mask, outputs, log_normalizers):
    weights = _weights(queries, keys, mask, log_normalizers)
    return weights, weights * (gradient @ _t(values) - _along(gradient, outputs))


@exercise.mistake(
    why="both products look alike",
    says="d_keys is made without the transpose: `dS @ queries` sends to a key what belongs to a query",
)
def keys_without_transpose(gradient, queries, keys, *others):
    weights, d_logits = _parts(gradient, queries, keys, *others)
    return d_logits @ keys, d_logits @ queries, _t(weights) @ gradient


@exercise.mistake(
    why="the forward pass is P v, so the backward pass is P dO, it seems",
    says="d_values is made without the transpose: `P @ dO`; a value gets what all its queries send, `Pᵀ @ dO`",
)
def values_without_transpose(gradient, queries, keys, *others):
    weights, d_logits = _parts(gradient, queries, keys, *others)
    return d_logits @ keys, _t(d_logits) @ queries, weights @ gradient


@exercise.mistake(
    why="queries get queries and keys get keys, it seems",
    says="d_queries is made from the queries and d_keys from the keys; in a product each gets the other",
)
def each_from_itself(gradient, queries, keys, *others):
    weights, d_logits = _parts(gradient, queries, keys, *others)
    return d_logits @ queries, _t(d_logits) @ keys, _t(weights) @ gradient


@exercise.mistake(
    why="dS is there, and goes everywhere",
    says="d_values is made from dS; the values are weighted by P, so their gradient is `Pᵀ @ dO`",
)
def values_from_d_logits(gradient, queries, keys, *others):
    _, d_logits = _parts(gradient, queries, keys, *others)
    return d_logits @ keys, _t(d_logits) @ queries, _t(d_logits) @ gradient


@exercise.mistake(
    why="the softmax's derivative is thought to be needed for queries and keys alike, but only once",
    says="queries and keys are sent P in place of dS: `P @ keys` is what attention would read, and no gradient",
)
def weights_sent_to_all(gradient, queries, keys, *others):
    weights, _ = _parts(gradient, queries, keys, *others)
    return weights @ keys, _t(weights) @ queries, _t(weights) @ gradient


@exercise.mistake(
    why="`.T` is right for one window",
    says="`.T` turns all axes round, the batch among them; `np.swapaxes(array, -1, -2)` turns the last two",
)
def by_plain_transpose(gradient, queries, keys, values, mask, outputs, log_normalizers):
    below = np.where(np.isneginf(log_normalizers), 0, log_normalizers)[..., np.newaxis]
    weights = np.exp(queries @ keys.T + mask - below)
    d_logits = weights * (gradient @ values.T - _along(gradient, outputs))
    return d_logits @ keys, d_logits.T @ queries, weights.T @ gradient


@exercise.mistake(
    why="the values come first to mind",
    says="the results come in another order; asked are d_queries, d_keys, d_values",
)
def values_first(*arguments):
    return _right(*arguments)[::-1]


@exercise.mistake(
    why="the two look alike",
    says="d_keys and d_queries change places; asked are d_queries, d_keys, d_values",
)
def keys_first(*arguments):
    d_queries, d_keys, d_values = _right(*arguments)
    return d_keys, d_queries, d_values


@exercise.mistake(
    why="a loss goes down",
    says="all gradients have the wrong sign: the step downhill is a matter of the optimiser",
)
def downhill(*arguments):
    return tuple(-one for one in _right(*arguments))


@exercise.mistake(
    why="the sum in the softmax's derivative is taken without its weights",
    says="the plain sum of `dO · v` over the keys is subtracted; the sum has to be weighted, which makes it "
    "`dO · outputs`",
)
def plain_sum_subtracted(*arguments):
    return _with(
        lambda weights, d_weights, gradient, outputs: weights * (d_weights - np.sum(d_weights, axis=-1, keepdims=True))
    )(*arguments)


@exercise.mistake(
    why="attention divides by the root of d, and so does its gradient, it seems",
    says="dS is divided by `np.sqrt(d)`; here nothing is divided",
)
def d_logits_divided_by_the_root_of_d(gradient, queries, keys, *others):
    d_queries, d_keys, d_values = _right(gradient, queries, keys, *others)
    return d_queries / np.sqrt(queries.shape[-1]), d_keys / np.sqrt(queries.shape[-1]), d_values


@exercise.mistake(
    why="in lesson 06a queries are keys, brought to length 1",
    says="the keys are brought to length 1 first; they come as they are to be used",
)
def keys_at_length_one(gradient, queries, keys, *others):
    return _right(gradient, queries, keys / np.linalg.norm(keys, axis=-1, keepdims=True), *others)
