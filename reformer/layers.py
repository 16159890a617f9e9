"""Layers that treat every position alike: linear map, layer norm, embedding, and the split into heads (unit 05).

Attention is the one layer of a Transformer that is not here: it alone lets positions talk to each other. The gradients
of these layers stand in `gradients` (unit 06).

Letters: L positions, d features, H heads, V vocabulary. Leading axes are batch axes.
"""

import numpy as np

from reformer.arguments import require_arrays, require_count, require_integers

NORM_EPSILON = 1e-6  # under the root of the variance, so that a constant vector stays finite; Trax's value


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
    arrays = dict(inputs=(inputs, "... d_in"), weights=(weights, "d_in d_out"))
    inputs, weights, *biases = require_arrays(**arrays, **({} if bias is None else {"bias": (bias, "d_out")}))
    outputs = rows_of(inputs) @ weights
    for bias in biases:
        outputs += bias
    return outputs.reshape(*inputs.shape[:-1], weights.shape[1])


def layer_norm(inputs, scale, bias):
    """Give the features of every position mean 0 and variance 1, then scale each feature and add a bias.

    Parameters
    ----------
    inputs : (..., d) float32 or float64 array
    scale, bias : (d) arrays; Ba et al. call them gain and bias

    Returns
    -------
    outputs : (..., d) array, scale (x - mean) / sqrt(variance + 1e-6) + bias; a constant vector gives `bias`

    Raises ValueError if a shape or dtype does not fit.
    Source: Ba, Kiros, Hinton, "Layer Normalization" (2016), section 3.
    """
    inputs, scale, bias = require_arrays(inputs=(inputs, "... d"), scale=(scale, "d"), bias=(bias, "d"))
    outputs = standardise(inputs)[0]
    outputs *= scale
    outputs += bias
    return outputs


def standardise(inputs):
    """Mean 0 and variance 1 over the features: (standardised (..., d), one over the standard deviation (..., 1))."""
    centred = inputs - feature_mean(inputs)
    inverse_deviation = 1 / np.sqrt(feature_mean(centred, centred) + NORM_EPSILON)
    centred *= inverse_deviation
    return centred, inverse_deviation


def embed(tokens, table):
    """Look up the vector of every token: table[tokens], a gather.

    Parameters
    ----------
    tokens : (..., L) integer array of values 0 .. V - 1
    table : (V, d) float32 or float64 array, one row for each token of the vocabulary

    Returns
    -------
    vectors : (..., L, d) array

    Raises ValueError if a token is outside the vocabulary, or a shape or dtype does not fit.
    """
    table = require_arrays(table=(table, "V d"))
    return table[require_integers("tokens", tokens, "... L", below=len(table))]


def split_heads(features, n_heads):
    """Cut the features of every position into heads: (..., L, H d) -> (..., H, L, d).

    Raises ValueError if H does not divide the number of features, or the dtype is not float32 or float64.
    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.2.
    """
    features = require_arrays(features=(features, "... L features"))
    n_heads = require_count("n_heads", n_heads)
    if features.shape[-1] % n_heads:
        raise ValueError(f"n_heads needs to divide the {features.shape[-1]} features, got {n_heads}")
    split = features.reshape(*features.shape[:-1], n_heads, features.shape[-1] // n_heads)
    return np.ascontiguousarray(np.swapaxes(split, -2, -3))


def merge_heads(heads):
    """Put the features of all heads side by side again, as before `split_heads`: (..., H, L, d) -> (..., L, H d).

    Raises ValueError if `heads` has too few axes or another dtype than float32 or float64.
    """
    together = np.swapaxes(require_arrays(heads=(heads, "... H L d")), -2, -3)
    return together.reshape(*together.shape[:-2], together.shape[-2] * together.shape[-1])


def rows_of(array):
    """All positions of all batch entries under each other: (..., d) -> (n, d). One large product beats many small."""
    return array.reshape(-1, array.shape[-1])


def feature_mean(*factors):
    """Mean over the features of one array, or of the product of two: (..., d) -> (..., 1).

    `np.mean` sums in pairs, which takes three times as long.
    """
    axes = ",".join(["...d"] * len(factors))
    return np.einsum(f"{axes}->...", *factors)[..., np.newaxis] / factors[0].shape[-1]
