"""The feed-forward layer a few positions at a time (unit 07).

The wide array of `feed_forward` (unit 05) is the largest in a Transformer layer. No position needs another one's, so it
can be made for a chunk of positions, used, and dropped before the next.

Source: Reformer, section 3, "Chunking".
"""

from functools import partial

import numpy as np

from reformer.arguments import require_arrays, require_count, require_shape
from reformer.chunking import stretches
from reformer.feed_forward import feed_forward
from reformer.gradients import feed_forward_backward


def chunked_feed_forward(inputs, layer, *, chunk_length):
    """Apply a layer to one chunk of positions after another. Where it is position-wise, that is the layer itself.

    Parameters
    ----------
    inputs : (..., L, d) float32 or float64 array
    layer : function from (..., n, d) to (..., n, d), such as `feed_forward`; it gets copies, and may work in place
    chunk_length : number of positions that `layer` gets at once, at least 1; the last chunk may be shorter

    Returns
    -------
    outputs : (..., L, d) array

    Raises ValueError if `chunk_length` is below 1 or a shape or dtype does not fit.
    Source: Reformer, section 3, "Chunking".
    """
    inputs = require_arrays(inputs=(inputs, "... L d"))
    outputs = np.empty_like(inputs)
    for chunk in stretches(inputs.shape[-2], require_count("chunk_length", chunk_length)):
        part = inputs[..., chunk, :].copy()
        outputs[..., chunk, :] = require_shape("layer(chunk)", layer(part), outputs[..., chunk, :].shape)
    return outputs


def chunked_feed_forward_forward(inputs, parameters, *, chunk_length, activation="relu"):
    """`feed_forward` in chunks: (outputs, saved), with `saved` for `chunked_feed_forward_backward`."""
    layer = partial(feed_forward, parameters=parameters, activation=activation)
    outputs = chunked_feed_forward(inputs, layer, chunk_length=chunk_length)
    return outputs, (inputs, parameters, chunk_length, activation)


def chunked_feed_forward_backward(gradient, saved):
    """(d_inputs, d_parameters) as of `feed_forward_backward`; the wide activations are made again, chunk by chunk."""
    inputs, parameters, chunk_length, activation = saved
    d_inputs, total = np.empty_like(inputs), None
    for chunk in stretches(inputs.shape[-2], chunk_length):
        of_chunk = inputs[..., chunk, :], parameters, activation
        d_inputs[..., chunk, :], found = feed_forward_backward(gradient[..., chunk, :], of_chunk)
        total = found if total is None else {name: total[name] + found[name] for name in total}
    return d_inputs, total
