"""Layers that treat every position alike: linear map, layer norm, embedding, and the split into heads (unit 05).

Each layer comes as `f`, which gives the result; `f_forward`, which gives the result and what to save; and
`f_backward`, which turns the gradient of the result into the gradients of what went in, without checking it.
`split_heads` and `merge_heads` only move numbers, and each is the other's backward. Attention is the one layer of a
Transformer that is not here: it alone lets positions talk to each other.

Letters: L positions, d features, H heads. Leading axes are batch axes.
"""

import numpy as np

from reformer.arguments import require_count, require_floats, require_integers, require_shape

EPSILON = 1e-6  # under the root of the variance, so that a constant vector stays finite; Trax's value


def linear(inputs, weights, bias):
    """Map the features of every position by one matrix: inputs @ weights + bias.

    Parameters
    ----------
    inputs : (..., d_in) float32 or float64 array
    weights : (d_in, d_out) array
    bias : (d_out) array, or None for none

    Returns
    -------
    outputs : (..., d_out) array

    Raises ValueError if a shape or dtype does not fit.
    """
    return linear_forward(inputs, weights, bias)[0]


def linear_forward(inputs, weights, bias):
    """`linear`: (outputs, saved), with `saved` for `linear_backward`. Raises as `linear`."""
    inputs = require_floats("inputs", inputs, "(..., d_in)")
    weights = require_floats("weights", weights, "(d_in, d_out)", dtype=inputs.dtype)
    if weights.shape[0] != inputs.shape[-1]:
        raise ValueError(
            f"weights needs shape (d_in, d_out) with d_in = {inputs.shape[-1]} as in inputs, got shape {weights.shape}"
        )
    outputs = _rows(inputs) @ weights
    if bias is not None:
        outputs += require_shape("bias", bias, weights.shape[1:])
    return outputs.reshape(*inputs.shape[:-1], weights.shape[1]), (inputs, weights)


def linear_backward(gradient, saved):
    """Gradients of (inputs, weights, bias) from that of the outputs of `linear_forward`."""
    inputs, weights = saved
    rows = _rows(gradient)
    return (rows @ weights.T).reshape(inputs.shape), _rows(inputs).T @ rows, _sum_of_rows(rows)


def layer_norm(inputs, scale, shift):
    """Give the features of every position mean 0 and variance 1, then scale and shift each feature.

    Parameters
    ----------
    inputs : (..., d) float32 or float64 array
    scale, shift : (d) arrays

    Returns
    -------
    outputs : (..., d) array, scale (x - mean) / sqrt(variance + 1e-6) + shift; a constant vector gives `shift`

    Raises ValueError if a shape or dtype does not fit.
    Source: Ba, Kiros, Hinton, "Layer Normalization" (2016), section 3.
    """
    return layer_norm_forward(inputs, scale, shift)[0]


def layer_norm_forward(inputs, scale, shift):
    """`layer_norm`: (outputs, saved), with `saved` for `layer_norm_backward`. Raises as `layer_norm`."""
    inputs = require_floats("inputs", inputs, "(..., d)")
    require_shape("scale", require_floats("scale", scale, "(d)", dtype=inputs.dtype), inputs.shape[-1:])
    require_shape("shift", require_floats("shift", shift, "(d)", dtype=inputs.dtype), inputs.shape[-1:])
    centred = inputs - _mean(inputs)
    inverse_deviation = 1 / np.sqrt(_mean_product(centred, centred) + EPSILON)
    normed = np.multiply(centred, inverse_deviation, out=centred)
    outputs = normed * scale
    outputs += shift
    return outputs, (normed, inverse_deviation, scale)


def layer_norm_backward(gradient, saved):
    """Gradient of the inputs, and {"scale", "shift"} of the parameters, from that of `layer_norm_forward`'s outputs."""
    normed, inverse_deviation, scale = saved
    d_normed = gradient * scale
    # Mean and length of the inputs cannot change the result, so the gradient loses its part along both.
    d_inputs = d_normed - _mean(d_normed)
    d_inputs -= normed * _mean_product(d_normed, normed)
    d_inputs *= inverse_deviation
    return d_inputs, {"scale": _sum_of_rows(gradient * normed), "shift": _sum_of_rows(gradient)}


def embed(tokens, table):
    """Look up the vector of every token: table[tokens].

    Parameters
    ----------
    tokens : (..., L) integer array of values 0 .. V - 1
    table : (V, d) float32 or float64 array, one row for each token of the vocabulary

    Returns
    -------
    vectors : (..., L, d) array

    Raises ValueError if a token is outside the vocabulary, or a shape or dtype does not fit.
    """
    return embed_forward(tokens, table)[0]


def embed_forward(tokens, table):
    """`embed`: (vectors, saved), with `saved` for `embed_backward`. Raises as `embed`."""
    table = require_floats("table", table, "(V, d)")
    tokens = require_integers("tokens", tokens, "(..., L)", below=len(table))
    return table[tokens], (tokens, table.shape)


def embed_backward(gradient, saved):
    """Gradient of the table from that of the vectors of `embed_forward`: row v sums over the places of token v."""
    tokens, shape = saved
    d_table = np.zeros(shape, dtype=gradient.dtype)
    order = np.argsort(tokens, axis=None, kind="stable")
    present, starts = np.unique(np.ravel(tokens)[order], return_index=True)
    if present.size:
        d_table[present] = np.add.reduceat(_rows(gradient)[order], starts, axis=0)
    return d_table


def split_heads(features, n_heads):
    """Deal the features of every position out to heads: (..., L, H d) -> (..., H, L, d).

    Raises ValueError if the features do not divide by `n_heads`.
    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.2.
    """
    features = require_floats("features", features, "(..., L, H d)")
    n_heads = require_count("n_heads", n_heads)
    if features.shape[-1] % n_heads:
        raise ValueError(f"n_heads needs to divide the {features.shape[-1]} features, got {n_heads}")
    split = features.reshape(*features.shape[:-1], n_heads, features.shape[-1] // n_heads)
    return np.ascontiguousarray(np.swapaxes(split, -2, -3))


def merge_heads(heads):
    """Put the features of all heads side by side again, as before `split_heads`: (..., H, L, d) -> (..., L, H d).

    Raises ValueError if `heads` has too few axes or another dtype than float32 or float64.
    """
    heads = require_floats("heads", heads, "(..., H, L, d)")
    together = np.swapaxes(heads, -2, -3)
    return together.reshape(*together.shape[:-2], heads.shape[-3] * heads.shape[-1])


def _rows(array):
    """All positions of all batch entries under each other: (..., d) -> (n, d). One large product beats many small."""
    return array.reshape(-1, array.shape[-1])


def _sum_of_rows(array):
    """Sum over all positions: (..., d) -> (d). As a matrix product it takes a quarter of the time of `np.sum`."""
    rows = _rows(array)
    return np.ones(len(rows), rows.dtype) @ rows


def _mean(a):
    """Mean over the features: (..., d) -> (..., 1). `np.mean` sums in pairs, which takes three times as long."""
    return np.einsum("...d->...", a)[..., np.newaxis] / a.shape[-1]


def _mean_product(a, b):
    """Mean over the features of a b: (..., d), (..., d) -> (..., 1)."""
    return np.einsum("...d,...d->...", a, b)[..., np.newaxis] / a.shape[-1]
