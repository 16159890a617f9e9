"""Softmax over an allowed set, and its gradient: the one new pair that the rooms share.

A mask says for each score whether it takes part. What is not allowed gets weight 0, whatever its score; where nothing
is allowed all weights are 0. Items that a bag lacks, edges that a graph lacks, later tokens, blanks and windows are all
such masks. The core has attention with masks of its own (`reformer.attention`); here the weights themselves are wanted.

Letters: K items that are weighed against each other, along the last axis. Leading axes are batch axes.
"""

import numpy as np

from reformer.arguments import require_arrays
from reformer.attention import softmax
from reformer.masks import HIDDEN


def allowed_softmax(scores, allowed):
    """Turn scores into weights that sum to 1 over the allowed items, and are 0 elsewhere.

    Parameters
    ----------
    scores : (..., K) float32 or float64 array
    allowed : (..., K) boolean array

    Returns
    -------
    weights : (..., K) array; a row in which nothing is allowed is all 0

    Raises ValueError if a shape or dtype does not fit.
    """
    scores, allowed = require_arrays(scores=(scores, "... K"), allowed=(allowed, "... K", bool))
    return softmax(np.where(allowed, scores, scores.dtype.type(HIDDEN)))


def allowed_softmax_forward(scores, allowed):
    """`allowed_softmax`: (weights, saved), with `saved` for `allowed_softmax_backward`."""
    weights = allowed_softmax(scores, allowed)
    return weights, weights


def allowed_softmax_backward(gradient, saved):
    """(d_scores, {}) of `allowed_softmax`, from the weights P alone: dS = P * (dP - sum of P * dP).

    What is not allowed has P = 0, and so no gradient.
    """
    weights = saved
    along = np.sum(weights * gradient, axis=-1, keepdims=True)
    return weights * (gradient - along), {}
