"""The feed-forward layer: a position widens from d to d_ff features, passes an activation, and narrows again (unit 05).

No position needs another one's wide features, so they can be made for a few positions at a time: `chunked` (unit 07).

Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.3.
"""

import math

import numpy as np

from reformer.arguments import require_choice
from reformer.layers import linear

ACTIVATIONS = ("relu", "gelu")
GELU_SLOPE, GELU_CUBE = math.sqrt(2 / math.pi), 0.044715  # plain floats: they leave float32 as it is


def feed_forward(inputs, parameters, *, activation="relu"):
    """Widen, activate, narrow: activation(x w_in + b_in) w_out + b_out, for each position by itself.

    Parameters
    ----------
    inputs : (..., d) float32 or float64 array
    parameters : dict of w_in (d, d_ff), b_in (d_ff), w_out (d_ff, d), b_out (d); other entries are ignored
    activation : "relu" or "gelu"

    Returns
    -------
    outputs : (..., d) array

    Raises ValueError if a shape or dtype does not fit or the activation is unknown.
    Source: Vaswani et al. (2017), equation 2.
    """
    require_choice("activation", activation, ACTIVATIONS)
    wide = linear(inputs, parameters["w_in"], parameters["b_in"])
    return linear(activate(wide, activation), parameters["w_out"], parameters["b_out"])


def activate(wide, activation):
    """max(x, 0) for "relu"; x Phi(x) for "gelu", by the tanh formula of Hendrycks and Gimpel (2016), section 2.

    The values take the place of `wide`, the largest array there is.
    """
    if activation == "relu":
        return np.maximum(wide, 0, out=wide)
    wide *= 0.5 * (1 + np.tanh(GELU_SLOPE * wide * (1 + GELU_CUBE * wide * wide)))
    return wide


def slope(wide, activation):
    """Derivative of `activate`; that of "relu" at 0 is 0."""
    if activation == "relu":
        return wide > 0
    square = wide * wide
    turn = np.tanh(GELU_SLOPE * wide * (1 + GELU_CUBE * square))
    return 0.5 * (1 + turn) + (0.5 * GELU_SLOPE) * wide * (1 - turn * turn) * (1 + 3 * GELU_CUBE * square)
