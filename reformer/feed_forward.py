"""The feed-forward layer, whole and in chunks of positions (unit 07).

A position widens from d to d_ff features, passes an activation, and narrows to d again. The wide array is the largest
in a Transformer layer, but no position needs another one's, so it can be made for a few positions at a time.

Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.3; chunks: Reformer, section 3, "Chunking".
"""

import math
from functools import partial

import numpy as np

from reformer.arguments import require_choice, require_count, require_floats, require_shape
from reformer.layers import linear_backward, linear_forward

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
    return feed_forward_forward(inputs, parameters, activation=activation)[0]


def feed_forward_forward(inputs, parameters, *, activation="relu"):
    """`feed_forward`: (outputs, saved), with `saved` for `feed_forward_backward`. Raises as `feed_forward`."""
    require_choice("activation", activation, ACTIVATIONS)
    wide, saved_in = linear_forward(inputs, parameters["w_in"], parameters["b_in"])
    active, slope = _relu(wide) if activation == "relu" else _gelu(wide)
    outputs, saved_out = linear_forward(active, parameters["w_out"], parameters["b_out"])
    return outputs, (saved_in, slope, saved_out)


def feed_forward_backward(gradient, saved):
    """Gradient of the inputs, and a dict of those of the parameters, from that of the outputs."""
    saved_in, slope, saved_out = saved
    d_wide, d_w_out, d_b_out = linear_backward(gradient, saved_out)
    d_wide *= slope
    d_inputs, d_w_in, d_b_in = linear_backward(d_wide, saved_in)
    return d_inputs, {"w_in": d_w_in, "b_in": d_b_in, "w_out": d_w_out, "b_out": d_b_out}


def chunked_feed_forward(inputs, layer, *, chunk_length):
    """Apply a position-wise layer to a few positions at a time. The result is that of the whole at once.

    Parameters
    ----------
    inputs : (..., L, d) float32 or float64 array
    layer : function from (..., n, d) to (..., n, d) that treats every position by itself, such as `feed_forward`
    chunk_length : number of positions that `layer` gets at once, at least 1; the last chunk may be shorter

    Returns
    -------
    outputs : (..., L, d) array

    Raises ValueError if `chunk_length` is below 1 or a shape or dtype does not fit.
    Source: Reformer, section 3, "Chunking".
    """
    inputs = require_floats("inputs", inputs, "(..., L, d)")
    outputs = np.empty_like(inputs)
    for chunk in position_chunks(inputs.shape[-2], chunk_length):
        part = inputs[..., chunk, :]
        outputs[..., chunk, :] = require_shape("layer(chunk)", layer(part), part.shape)
    return outputs


def chunked_feed_forward_forward(inputs, parameters, *, chunk_length, activation="relu"):
    """`feed_forward` in chunks: (outputs, saved), with `saved` for `chunked_feed_forward_backward`.

    Nothing but the inputs has to be stored: the wide activations of a chunk are dropped, and computed again later.
    Raises as `chunked_feed_forward` and `feed_forward`.
    """
    layer = partial(feed_forward, parameters=parameters, activation=activation)
    outputs = chunked_feed_forward(inputs, layer, chunk_length=chunk_length)
    return outputs, (inputs, parameters, chunk_length, activation)


def chunked_feed_forward_backward(gradient, saved):
    """Gradient of the inputs, and a dict of those of the parameters, from that of the outputs."""
    inputs, parameters, chunk_length, activation = saved
    d_inputs, total = np.empty_like(inputs), None
    for chunk in position_chunks(inputs.shape[-2], chunk_length):
        _, saved_chunk = feed_forward_forward(inputs[..., chunk, :], parameters, activation=activation)
        d_inputs[..., chunk, :], found = feed_forward_backward(gradient[..., chunk, :], saved_chunk)
        total = found if total is None else {name: total[name] + found[name] for name in total}
    return d_inputs, total


def position_chunks(length, chunk_length):
    """Slices that cover 0 .. length - 1 in order, each of at most `chunk_length` positions; None means all at once.

    Raises ValueError if `chunk_length` is below 1.
    """
    chunk_length = length if chunk_length is None else require_count("chunk_length", chunk_length)
    return [slice(start, min(start + chunk_length, length)) for start in range(0, length, max(chunk_length, 1))]


def _relu(wide):
    """Value, in the place of `wide`, and slope. At 0 the slope is 0."""
    positive = wide > 0
    return np.maximum(wide, 0, out=wide), positive


def _gelu(wide):
    """Value and slope of x Phi(x), by the tanh formula of Hendrycks and Gimpel (2016), section 2."""
    square = wide * wide
    turn = np.tanh(GELU_SLOPE * wide * (1 + GELU_CUBE * square))
    slope = 0.5 * (1 + turn) + (0.5 * GELU_SLOPE) * wide * (1 - turn * turn) * (1 + 3 * GELU_CUBE * square)
    return 0.5 * wide * (1 + turn), slope
