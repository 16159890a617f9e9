"""One model computed by both libraries: ours, and Trax's with the same parameters and rotations (unit 08)."""

from typing import NamedTuple

import numpy as np

from reformer.parameters import flatten_parameters
from reformer.reversible import reversible_stack_forward
from trax_bridge.loading import load_trax
from trax_bridge.models import buckets_of, lsh_states, rotated, trax_twin
from trax_bridge.parameters import from_trax


class Whole(NamedTuple):
    """What a model computes of some texts.

    logits : (batch, L, V) array
    loss : mean over all tokens, in nats
    gradients : dict of arrays by name, such as "layers/0/attention/w_qk"
    buckets : list of (batch, H, R, L) arrays, one for each layer
    """

    logits: np.ndarray
    loss: float
    gradients: dict
    buckets: list


def computed_by_both(model, parameters, tokens):
    """Let a ReformerLM foretell `tokens`, each from those before it, with the rotations that Trax draws.

    Parameters
    ----------
    model : `ReformerLM` of `reformer` that Trax has, too
    parameters : its nested dict
    tokens : (batch, L) integer array, of a length that Trax takes

    Returns
    -------
    ours, theirs : `Whole` each

    Raises ImportError if there is no Trax, and ValueError if it has no such model or takes no such length.
    """
    trax = load_trax()
    import jax

    layer, inputs = trax_twin(model, parameters, tokens, seed=3), jax.numpy.asarray(tokens)
    state = layer.state
    run = jax.jit(jax.value_and_grad(_loss_of(trax, layer), has_aux=True))
    (loss, (logits, after)), d_weights = run(layer.weights, state, inputs)
    d_parameters = flatten_parameters(from_trax(model, d_weights))
    buckets = [buckets_of(model, of_layer) for of_layer in lsh_states(after)]
    theirs = Whole(np.asarray(logits), float(loss), d_parameters, buckets)

    ours, shifted = rotated(model, state), np.pad(tokens, ((0, 0), (1, 0)))[:, :-1]  # Trax shifts inside
    loss, d_parameters = ours.loss_and_gradients(parameters, shifted, tokens, np.ones(tokens.shape), seed=0)
    logits, buckets = ours.logits(parameters, shifted), _buckets_of_ours(ours, parameters, shifted)
    return Whole(logits, loss, flatten_parameters(d_parameters), buckets), theirs


def _loss_of(trax, layer):
    """Cross-entropy of Trax's model, by Trax's own loss layer, as a function of weights."""

    def loss(weights, state, tokens):
        logits, state = layer.pure_fn(tokens, weights, state, layer.rng)
        predicted = logits, tokens, trax.fastmath.numpy.ones(tokens.shape, logits.dtype)
        return trax.layers.WeightedCategoryCrossEntropy().pure_fn(predicted, (), (), None)[0], (logits, state)

    return loss


def _buckets_of_ours(model, parameters, tokens):
    """The buckets of each layer, by running one block after the other."""
    parameters = model.conform_parameters(parameters)
    streams, buckets = [model.input_forward(parameters, tokens)[0]] * 2, []
    for block in model.blocks(parameters, seed=0):
        buckets.append(block[0].forward(streams[1])[2])
        streams, _ = reversible_stack_forward(streams, [block])
    return buckets
