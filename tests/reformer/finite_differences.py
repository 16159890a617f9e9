"""An oracle for every hand-written gradient: how fast the result changes when the input moves a little."""

import numpy as np

STEPS = (1e-4, 1e-5, 1e-6, 1e-7)  # a kink, as of ReLU, within one makes it useless; a wrong gradient is wrong at all
CLOSE = 1e-7


def gradient_error(function, array, gradient, rng, *, n_directions=2, floor=1e-6):
    """Compare a gradient with fourth-order finite differences of `function(array)`, a number, along random directions.

    Returns the worst difference over the directions, each at the step that suits it best, relative to the length of
    the gradient: a direction of n standard normal numbers is expected to change the result by about that much. A
    gradient shorter than `floor` counts as that long, since the differences have a rounding error of their own.
    """
    worst = 0.0
    for _ in range(n_directions):
        direction = rng.standard_normal(array.shape)
        claimed, error = np.sum(gradient * direction), np.inf
        for step in STEPS:
            slope = _slope(function, array, direction, step)
            error = min(error, abs(slope - claimed) / max(np.linalg.norm(gradient), floor))
            if error < CLOSE:
                break
        worst = max(worst, error)
    return worst


def worst_error(forward, backward, inputs, rng):
    """Check a forward and backward pair, of the core's one form, on the given float64 inputs.

    `forward(*inputs)` -> (outputs, saved), `backward(gradient, saved)` -> (d_inputs, d_parameters), with a gradient for
    each of the inputs in their order: first what flows, then the parameters. The outputs are turned into one number by
    weighing their entries at random, some of them by 0.
    """
    outputs, saved = forward(*inputs)
    weighing = rng.standard_normal(np.shape(outputs)) * (rng.random(np.shape(outputs)) < 0.8)
    gradients = in_order(*backward(weighing, saved))
    assert [gradient.shape for gradient in gradients] == [array.shape for array in inputs]
    assert {gradient.dtype for gradient in gradients} == {np.dtype(np.float64)}
    whole = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))
    errors = []
    for i, gradient in enumerate(gradients):

        def number(moved, i=i):
            return np.sum(weighing * forward(*inputs[:i], moved, *inputs[i + 1 :])[0])

        errors.append(gradient_error(number, inputs[i], gradient, rng, floor=max(1e-6, 1e-3 * whole)))
    return max(errors)


def in_order(d_inputs, d_parameters):
    """What a backward pass returns, as one list: gradients of what flows, without None, then those of parameters."""
    flowing = d_inputs if isinstance(d_inputs, tuple) else (d_inputs,)
    return [gradient for gradient in flowing if gradient is not None] + list(d_parameters.values())


def _slope(function, array, direction, step):
    near, far = (function(array + s * step * direction) - function(array - s * step * direction) for s in (1, 2))
    return (8 * near - far) / (12 * step)
