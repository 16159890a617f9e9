"""An oracle for every hand-written gradient: how fast the result changes when the input moves a little."""

import numpy as np

STEP = 1e-4


def gradient_error(function, array, gradient, rng, n_directions=2):
    """Compare a gradient with fourth-order finite differences of `function(array)`, a number, along random directions.

    Returns the worst difference, relative to the length of the gradient: a direction of n standard normal numbers
    is expected to change the result by about that much.
    """
    worst = 0.0
    for _ in range(n_directions):
        direction = rng.standard_normal(array.shape)
        ahead, behind = (function(array + s * STEP * direction) for s in (1, -1))
        far_ahead, far_behind = (function(array + 2 * s * STEP * direction) for s in (1, -1))
        slope = (8 * (ahead - behind) - (far_ahead - far_behind)) / (12 * STEP)
        size = max(np.linalg.norm(gradient), 1e-6)
        worst = max(worst, abs(slope - np.sum(gradient * direction)) / size)
    return worst


def worst_error(forward, backward, inputs, rng):
    """Check a forward and backward pair, of the core's form, on the given float64 inputs.

    `forward(*inputs)` -> (outputs, saved), `backward(gradient, saved)` -> a gradient, or one for each input. The
    outputs are turned into one number by weighing their entries at random.
    """
    outputs, saved = forward(*inputs)
    weighing = rng.standard_normal(np.shape(outputs))
    gradients = backward(weighing, saved)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    errors = []
    for i, gradient in enumerate(gradients):
        assert gradient.shape == inputs[i].shape and gradient.dtype == np.float64

        def number(moved, i=i):
            return np.sum(weighing * forward(*inputs[:i], moved, *inputs[i + 1 :])[0])

        errors.append(gradient_error(number, inputs[i], gradient, rng))
    return max(errors)
