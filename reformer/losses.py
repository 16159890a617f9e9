"""The loss of a language model: how surprised it is by the tokens that come (unit 07).

Letters: V vocabulary. Leading axes are batch and positions.
"""

import numpy as np

from reformer.arguments import require_arrays, require_integers
from reformer.attention import logsumexp, row_max, softmax


def cross_entropy(logits, targets, weights):
    """Average surprise at the targets: the weighted mean of -log softmax(logits)[target].

    Parameters
    ----------
    logits : (..., V) float32 or float64 array
    targets : (...) integer array of values 0 .. V - 1
    weights : (...) array of at least 0, how much each target counts; 0 hides a target whatever its logits are

    Returns
    -------
    loss : number of the dtype of `logits`, in nats

    Raises ValueError if a shape, dtype or target does not fit, no target counts, or the dtype cannot hold how far
    finite logits lie apart.
    """
    logits, targets, weights = _require_counted(logits, targets, weights)
    with np.errstate(over="ignore", invalid="ignore"):  # far below the largest, -inf is what is meant
        shifted = logits - row_max(logits)
        at_targets = np.take_along_axis(shifted, targets[..., np.newaxis], axis=-1)[..., 0]
        loss = np.sum(weights * (logsumexp(shifted) - at_targets)) / np.sum(weights)
    if not np.isfinite(loss) and np.all(np.isfinite(logits)):
        raise ValueError(f"logits needs differences that {logits.dtype} can hold, got a loss of {loss}")
    return loss


def cross_entropy_forward(logits, targets, weights):
    """`cross_entropy`: (loss, saved), with `saved` for `cross_entropy_backward`."""
    return cross_entropy(logits, targets, weights), (logits, targets, weights)


def cross_entropy_backward(gradient, saved):
    """(d_logits, {}) of `cross_entropy`: the probabilities, less 1 at the target, times the share of the weight."""
    logits, targets, weights = saved
    d_logits = np.zeros_like(logits)
    counted = np.asarray(weights) > 0
    logits, targets, weights = _require_counted(logits, targets, weights)
    probabilities = softmax(logits)
    probabilities[np.arange(len(targets)), targets] -= 1
    d_logits[counted] = probabilities * (gradient * weights / np.sum(weights))[:, np.newaxis]
    return d_logits, {}


def _require_counted(logits, targets, weights):
    """The rows whose target counts: (n, V) logits, (n) targets, (n) weights."""
    logits = require_arrays(logits=(logits, "... V+"))
    weights = np.asarray(weights, dtype=logits.dtype)
    logits, targets, weights = require_arrays(
        logits=(logits, "... V"), targets=(targets, "...", int), weights=(weights, "...")
    )
    require_integers("targets", targets, "...", below=logits.shape[-1])
    counted = weights > 0
    with np.errstate(over="ignore"):
        total = np.sum(weights)
    if not (np.all(weights >= 0) and np.any(counted) and np.isfinite(total)):
        raise ValueError(
            f"weights needs numbers of at least 0, one of them above 0, got {weights.size} from "
            f"{np.min(weights, initial=np.inf):.3g} to {np.max(weights, initial=-np.inf):.3g}"
        )
    return logits[counted], targets[counted], weights[counted]
