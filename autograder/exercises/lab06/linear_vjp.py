"""Lab 06, `linear_vjp(gradient, inputs, weights)`: the gradients of a linear map, from that of its outputs.

gradient (..., d_out), inputs (..., d_in), weights (d_in, d_out) -> (d_inputs (..., d_in), d_weights (d_in, d_out),
d_bias (d_out)); the last two are summed over all leading axes.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import gradients
from reformer.loops import reversible as twins

exercise = Exercise(reference=gradients.linear_vjp, twin=twins.linear_vjp, results=("d_inputs", "d_weights", "d_bias"))


def drawn(*batch, d_in, d_out, dtype=np.float64):
    def make(rng):
        shapes = (*batch, d_out), (*batch, d_in), (d_in, d_out)
        return call(*(rng.standard_normal(shape).astype(dtype) for shape in shapes))

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("one row of two numbers, and three outputs", tolerance=1e-7)
def _(rng):
    return call(np.array([1.0, -1.0, 2.0]), np.array([1.0, 2.0]), np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]]))


@exercise.case("two rows", tolerance=1e-7)
def _(rng):
    gradient, inputs = np.array([[1.0, -1.0, 2.0], [0.0, 2.0, 1.0]]), np.array([[1.0, 2.0], [3.0, -1.0]])
    return call(gradient, inputs, np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]]))


exercise.case("five rows", drawn(5, d_in=3, d_out=4), tolerance=1e-7)
exercise.case("as many rows as inputs and outputs", drawn(3, d_in=3, d_out=3), tolerance=1e-7)
exercise.case("one row, one input, one output", drawn(1, d_in=1, d_out=1), tolerance=1e-7)
exercise.case("no leading axis", drawn(d_in=4, d_out=2), tolerance=1e-7)
exercise.case("two sequences of five rows", drawn(2, 5, d_in=3, d_out=4), tolerance=1e-7, points=2)
exercise.case("all axes of length three", drawn(3, 3, d_in=3, d_out=3), tolerance=1e-7)


def _a_small_step(rng):
    return [drawn(2, 4, d_in=3, d_out=2)(rng)]


@exercise.property("a step changes the loss by the sum of its numbers times your gradients", _a_small_step)
def _(calls, answers):
    gradient, inputs, weights = calls[0].args
    rng = np.random.default_rng(len(inputs))
    d_inputs, d_weights, d_bias = (np.asarray(one) for one in answers[0])
    steps = [rng.standard_normal(shape) for shape in (inputs.shape, weights.shape, gradient.shape[-1:])]
    changes = [steps[0] @ weights, inputs @ steps[1], np.broadcast_to(steps[2], gradient.shape)]
    told = [np.sum(one * step) for one, step in zip((d_inputs, d_weights, d_bias), steps, strict=True)]
    return [abs(one - np.sum(gradient * change)) < 1e-9 for one, change in zip(told, changes, strict=True)]


exercise.case(
    "two heads of three sequences, in float32",
    drawn(2, 3, 6, d_in=5, d_out=4, dtype=np.float32),
    tolerance=1e-5,
)
exercise.case("three leading axes", drawn(2, 3, 4, d_in=6, d_out=5), hidden=True, points=2, tolerance=1e-7)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_flattening(gradient, inputs, weights):
    rows, sent = inputs.reshape(-1, inputs.shape[-1]), gradient.reshape(-1, gradient.shape[-1])
    return gradient @ weights.T, rows.T @ sent, sent.sum(axis=0)


@exercise.solution
def by_einsum(gradient, inputs, weights):
    rows, sent = (np.reshape(array, (-1, array.shape[-1])) for array in (inputs, gradient))
    d_inputs = np.einsum("...o,io->...i", gradient, weights)
    return d_inputs, np.einsum("ni,no->io", rows, sent), np.einsum("no->o", sent)


@exercise.solution
def by_outer_products(gradient, inputs, weights):
    leading = tuple(range(gradient.ndim - 1))
    products = inputs[..., :, None] * gradient[..., None, :]
    return [gradient @ weights.T, np.sum(products, axis=leading), np.sum(gradient, axis=leading)]


# --- mistakes in the gradient of the inputs ---------------------------------------------------------------------


def _rows(array):
    return array.reshape(-1, array.shape[-1])


def _right(gradient, inputs, weights):
    return gradient @ weights.T, _rows(inputs).T @ _rows(gradient), _rows(gradient).sum(axis=0)


@exercise.mistake(
    why="the forward pass multiplies by the weights, and so does the backward pass, it seems",
    says="the gradient is multiplied by the weights as they are; on the way back it goes from d_out to d_in, by their "
    "transpose",
)
def weights_not_transposed(gradient, inputs, weights):
    return gradient @ weights, *_right(gradient, inputs, weights)[1:]


@exercise.mistake(
    why="the derivative of x W by x is W, and the chain is forgotten",
    says="d_inputs does not depend on the gradient: it is the sum of each row of the weights; multiply by what "
    "comes in",
)
def gradient_taken_for_ones(gradient, inputs, weights):
    return (np.ones_like(gradient) @ weights.T, *_right(gradient, inputs, weights)[1:])


@exercise.mistake(
    why="weights and bias are summed over the rows, so the inputs are, too",
    says="d_inputs is summed over the leading axes; each row of the inputs has a gradient of its own",
)
def inputs_summed(gradient, inputs, weights):
    return (_rows(gradient @ weights.T).sum(axis=0), *_right(gradient, inputs, weights)[1:])


# --- mistakes in the gradient of the weights --------------------------------------------------------------------


@exercise.mistake(
    why="the factors of the product are in the wrong order",
    says="d_weights is transposed: (d_out, d_in) where the weights are (d_in, d_out); the inputs come first",
)
def weights_gradient_transposed(gradient, inputs, weights):
    d_inputs, d_weights, d_bias = _right(gradient, inputs, weights)
    return d_inputs, d_weights.T, d_bias


@exercise.mistake(
    why="each row gives an outer product, and nobody adds them up",
    says="d_weights is not summed over the leading axes: all rows use the same weights, so their outer products add up",
)
def weights_not_summed(gradient, inputs, weights):
    d_inputs, _, d_bias = _right(gradient, inputs, weights)
    return d_inputs, inputs[..., :, np.newaxis] * gradient[..., np.newaxis, :], d_bias


@exercise.mistake(
    why="swapaxes and @ are how one writes a batch",
    says="d_weights is summed over one leading axis alone, by `np.swapaxes(inputs, -1, -2) @ gradient`; there may be "
    "none or several, so make rows of them first: `inputs.reshape(-1, d_in)`",
)
def weights_summed_over_one_axis(gradient, inputs, weights):
    d_inputs, _, d_bias = _right(gradient, inputs, weights)
    return d_inputs, np.swapaxes(inputs, -1, -2) @ gradient, d_bias


@exercise.mistake(
    why="inputs.T @ gradient is right for a table of rows",
    says="d_weights is `inputs.T @ gradient`, which is right for one leading axis alone: `.T` turns all axes round",
)
def by_plain_transpose(gradient, inputs, weights):
    d_inputs, _, d_bias = _right(gradient, inputs, weights)
    return d_inputs, inputs.T @ gradient, d_bias


@exercise.mistake(
    why="inputs.T @ gradient, and the bias over axis 0: right for a table of rows",
    says="the function is made for a table of rows: `inputs.T` and `axis=0` mean the leading axis only where there is "
    "just one; there may be none or several",
)
def for_one_leading_axis(gradient, inputs, weights):
    return gradient @ weights.T, inputs.T @ gradient, gradient.sum(axis=0)


@exercise.mistake(
    why="np.outer is known as what a row gives",
    says="d_weights is `np.outer` of all numbers, which joins rows that never met; a row meets its own gradient only",
)
def outer_of_all(gradient, inputs, weights):
    d_inputs, _, d_bias = _right(gradient, inputs, weights)
    return d_inputs, np.outer(inputs, gradient), d_bias


@exercise.mistake(
    why="sums are taken first, to save work",
    says="the inputs are summed before they meet the gradient; the sum of products is no product of sums",
)
def product_of_sums(gradient, inputs, weights):
    d_inputs, _, d_bias = _right(gradient, inputs, weights)
    return d_inputs, np.outer(_rows(inputs).sum(axis=0), d_bias), d_bias


@exercise.mistake(
    why="the outputs are taken for the inputs",
    says="d_weights is made from the outputs, `inputs @ weights`; it takes the inputs",
)
def from_the_outputs(gradient, inputs, weights):
    d_inputs, _, d_bias = _right(gradient, inputs, weights)
    return d_inputs, _rows(inputs @ weights).T @ _rows(gradient), d_bias


@exercise.mistake(
    why="the derivative of x W by W is x, and the chain is forgotten",
    says="d_weights does not depend on the gradient: the sum of the inputs stands in each column; multiply by what "
    "comes in",
)
def weights_by_inputs_alone(gradient, inputs, weights):
    d_inputs, _, d_bias = _right(gradient, inputs, weights)
    return d_inputs, _rows(inputs).T @ np.ones_like(_rows(gradient)), d_bias


@exercise.mistake(
    why="a loss is a mean over the rows",
    says="d_weights and d_bias are means over the rows; asked is their sum: the gradient that comes in says already "
    "how much each row counts",
)
def averaged_over_the_rows(gradient, inputs, weights):
    d_inputs, d_weights, d_bias = _right(gradient, inputs, weights)
    return d_inputs, d_weights / len(_rows(inputs)), d_bias / len(_rows(inputs))


# --- mistakes in the gradient of the bias -----------------------------------------------------------------------


@exercise.mistake(
    why="the derivative of the outputs by the bias is 1, so the gradient goes through",
    says="d_bias is the gradient itself, not summed over the leading axes; the bias is added to every row, so it gets "
    "the sum of all",
)
def bias_not_summed(gradient, inputs, weights):
    return (*_right(gradient, inputs, weights)[:2], gradient.copy())


@exercise.mistake(
    why="axis 0 is the rows, where there is one leading axis",
    says="d_bias is summed over axis 0 alone, the wrong axes where there is no leading axis or more than one; sum over "
    "all axes but the last",
)
def bias_over_the_first_axis(gradient, inputs, weights):
    return (*_right(gradient, inputs, weights)[:2], gradient.sum(axis=0))


@exercise.mistake(
    why="the axes are mixed up",
    says="d_bias is summed over the last axis, the features; sum over the others, so that one number a feature is left",
)
def bias_over_the_last_axis(gradient, inputs, weights):
    return (*_right(gradient, inputs, weights)[:2], gradient.sum(axis=-1))


@exercise.mistake(
    why="axis=-2 is thought to be the rows, whatever stands before it",
    says="d_bias is summed over the axis before the last alone; with two leading axes one is left over, and with none "
    "there is no such axis",
)
def bias_over_the_last_axis_but_one(gradient, inputs, weights):
    return (*_right(gradient, inputs, weights)[:2], gradient.sum(axis=-2))


@exercise.mistake(
    why="np.sum without an axis",
    says="d_bias is one number, the sum of everything; one number a feature is asked: sum over all axes but the last",
)
def bias_summed_to_one_number(gradient, inputs, weights):
    return (*_right(gradient, inputs, weights)[:2], gradient.sum())


@exercise.mistake(
    why="keepdims is a habit",
    says="d_bias keeps its leading axes, at length 1; its shape is (d_out)",
)
def bias_with_axes_kept(gradient, inputs, weights):
    leading = tuple(range(gradient.ndim - 1)) or (0,)
    d_bias = gradient.sum(axis=leading, keepdims=True) if gradient.ndim > 1 else gradient[np.newaxis]
    return (*_right(gradient, inputs, weights)[:2], d_bias)


@exercise.mistake(
    why="a derivative of 1 is returned as it is",
    says="d_bias is the number of rows, whatever the gradient is: the derivative alone; multiply by what comes in",
)
def bias_of_ones(gradient, inputs, weights):
    return (*_right(gradient, inputs, weights)[:2], np.full(gradient.shape[-1], float(len(_rows(gradient)))))


@exercise.mistake(
    why="the rows are averaged, as a loss often is",
    says="d_bias is the mean over the rows; asked is their sum",
)
def bias_averaged(gradient, inputs, weights):
    d_inputs, d_weights, d_bias = _right(gradient, inputs, weights)
    return d_inputs, d_weights, d_bias / len(_rows(gradient))


# --- mistakes in all of them ------------------------------------------------------------------------------------


@exercise.mistake(
    why="a step of gradient descent goes downhill",
    says="all gradients have the wrong sign: the step downhill is a matter of the optimiser",
)
def downhill(gradient, inputs, weights):
    return tuple(-one for one in _right(gradient, inputs, weights))


@exercise.mistake(
    why="the weights are what one wants to learn, so they come first",
    says="the results come in another order; asked are d_inputs, d_weights, d_bias",
)
def weights_first(gradient, inputs, weights):
    d_inputs, d_weights, d_bias = _right(gradient, inputs, weights)
    return d_weights, d_bias, d_inputs


@exercise.mistake(
    why="the bias is not among the arguments",
    says="there are two results; the bias has a gradient, too, though its own values are not needed for it",
)
def no_gradient_of_the_bias(gradient, inputs, weights):
    return _right(gradient, inputs, weights)[:2]


@exercise.mistake(
    why="one row is thought of",
    says="only the last row counts for weights and bias, each row overwriting the one before it; add them up: `+=`",
)
def last_row_alone(gradient, inputs, weights):
    d_bias = _rows(gradient)[-1]
    return gradient @ weights.T, np.outer(_rows(inputs)[-1], d_bias), d_bias


@exercise.mistake(
    why="the gradient was made a table of rows, and stays one",
    says="d_inputs is a table of rows: its leading axes are lost; give it the shape of the inputs again",
)
def inputs_left_as_rows(gradient, inputs, weights):
    return _rows(gradient) @ weights.T, *_right(gradient, inputs, weights)[1:]


@exercise.mistake(
    why="a loss is a mean over the rows",
    says="d_weights is the mean over the rows; asked is their sum",
)
def weights_averaged(gradient, inputs, weights):
    d_inputs, d_weights, d_bias = _right(gradient, inputs, weights)
    return d_inputs, d_weights / len(_rows(inputs)), d_bias


@exercise.mistake(
    why="to go back seems to need the inverse",
    says="d_inputs is made with an inverse of the weights; the gradient goes back by their transpose",
)
def inverse_for_transpose(gradient, inputs, weights):
    return gradient @ np.linalg.pinv(weights), *_right(gradient, inputs, weights)[1:]


@exercise.mistake(
    why="reshape gives the shape that a transpose has",
    says="`reshape` stands for a transpose: it keeps the numbers in their order and cuts them anew, so that rows mix; "
    "`.T` or `np.swapaxes` turns axes over",
)
def reshaped_for_transpose(gradient, inputs, weights):
    d_inputs, _, d_bias = _right(gradient, inputs, weights)
    return d_inputs, inputs.reshape(inputs.shape[-1], -1) @ _rows(gradient), d_bias
