"""The optimizer: Adam, clipping by global norm, and learning rates that rise and fall (unit 07).

`adam_step` moves one array. `update_parameters` calls it, by its name, for every array of a nested dict, so another
function put in its place trains a whole model.
"""

from numbers import Real

import numpy as np

from reformer.arguments import require_arrays, require_choice, require_count
from reformer.parameters import flatten_parameters, map_parameters

DECAYS = ("none", "inverse_sqrt", "cosine")


def adam_step(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    """Move one array against its gradient by Adam: a running mean of gradients over the root of that of their squares.

    Both means begin at 0 and are too small at first, by a factor that is known and divided out. At step t of gradient g

        first_moment = beta1 first_moment + (1 - beta1) g        second_moment = beta2 second_moment + (1 - beta2) g^2
        parameter -= learning_rate (first_moment / (1 - beta1^t)) / (sqrt(second_moment / (1 - beta2^t)) + epsilon)

    Parameters
    ----------
    parameter, gradient, first_moment, second_moment : float32 or float64 arrays of one shape
    step : t, which counts from 1
    learning_rate, beta1, beta2, epsilon : numbers as in the formulas

    Returns
    -------
    parameter, first_moment, second_moment : new arrays; those given are not changed

    Raises ValueError if the arrays do not fit each other, or a number is not as above.
    Source: Kingma and Ba, "Adam" (2015), algorithm 1; beta2 and epsilon: Vaswani et al. (2017), section 5.3.
    """
    arrays = dict(parameter=parameter, gradient=gradient, first_moment=first_moment, second_moment=second_moment)
    require_arrays(**{name: (array, "...") for name, array in arrays.items()})
    step = require_count("step", step)
    if not (0 <= beta1 < 1 and 0 <= beta2 < 1):
        raise ValueError(f"beta1 and beta2 need numbers of at least 0 and below 1, got {beta1} and {beta2}")
    # as Python's numbers: a float64 of NumPy would widen float32 arrays
    learning_rate, beta1, beta2, epsilon = map(float, (learning_rate, beta1, beta2, epsilon))

    first_moment = beta1 * first_moment + (1 - beta1) * gradient
    second_moment = beta2 * second_moment + (1 - beta2) * gradient**2
    unbiased_first = first_moment / (1 - beta1**step)
    unbiased_second = second_moment / (1 - beta2**step)
    change = learning_rate * unbiased_first / (np.sqrt(unbiased_second) + epsilon)
    return parameter - change, first_moment, second_moment


def update_parameters(parameters, gradients, first_moments, second_moments, step, *, learning_rate):
    """Take an `adam_step` with every array of nested dicts: the new (parameters, first_moments, second_moments)."""

    def move(parameter, *rest):
        moved = adam_step(parameter, *rest, step, learning_rate=learning_rate)
        return [np.asarray(array, parameter.dtype) for array in moved]  # a learner's version may return lists

    moved = map_parameters(move, parameters, gradients, first_moments, second_moments)
    return tuple(map_parameters(lambda arrays, i=i: arrays[i], moved) for i in range(3))


def clip_by_global_norm(gradients, max_norm):
    """Shrink all gradients by one factor so that their length, taken together, is at most `max_norm`.

    Parameters
    ----------
    gradients : dict of float arrays; dicts may be nested
    max_norm : number above 0; infinity clips nothing

    Returns
    -------
    clipped : dict like `gradients`
    norm : float, the length before: the root of the sum of all squares, in float64

    Raises ValueError if `max_norm` is not above 0.
    Source: Pascanu, Mikolov, Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1.
    """
    if not (isinstance(max_norm, Real) and max_norm > 0):
        raise ValueError(f"max_norm needs a number above 0, got {max_norm!r}")
    squares = [np.sum(np.square(g, dtype=np.float64)) for g in flatten_parameters(gradients).values()]
    norm = float(np.sqrt(np.sum(squares)))
    shrink = float(max_norm) / norm if norm > max_norm else 1.0
    return map_parameters(lambda g: shrink * g, gradients), norm


def learning_rate_at(step, *, peak, n_warmup, decay="none", n_steps=None):
    """Learning rate at a step, the schedule: a straight rise to `peak` over `n_warmup` steps (warm-up), then a decay.

    Parameters
    ----------
    step : the step, counted from 1
    peak : highest learning rate, above 0
    n_warmup : steps of the rise, at least 1
    decay : "none"; "inverse_sqrt", which falls as sqrt(n_warmup / step); or "cosine", half a cosine down to 0
    n_steps : where the cosine reaches 0; only "cosine" needs it

    Returns
    -------
    rate : float

    Raises ValueError if a number or the decay is not as above.
    Source: Vaswani et al. (2017), section 5.3; cosine: Loshchilov and Hutter, "SGDR" (2017).
    """
    step, n_warmup = require_count("step", step), require_count("n_warmup", n_warmup)
    require_choice("decay", decay, DECAYS)
    if not (isinstance(peak, Real) and 0 < peak < np.inf):
        raise ValueError(f"peak needs a finite number above 0, got {peak!r}")
    if decay == "cosine":  # checked at the first step, not after the rise
        n_steps = require_count("n_steps", n_steps, at_least=n_warmup + 1)
    share = 1.0
    if step <= n_warmup:
        share = step / n_warmup
    elif decay == "inverse_sqrt":
        share = np.sqrt(n_warmup / step)
    elif decay == "cosine":
        share = 0.5 * (1 + np.cos(np.pi * min(1.0, (step - n_warmup) / (n_steps - n_warmup))))
    return float(peak * share)
