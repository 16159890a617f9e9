"""One layer or one whole model computed by both: ours, and Trax's with the same parameters and rotations."""

from typing import NamedTuple

import numpy as np

from reformer.blocks import PROJECTIONS
from reformer.layers import linear, merge_heads, split_heads
from reformer.lsh_attention import Options, lsh_attention, who_sees_whom
from reformer.parameters import flatten_parameters
from reformer.reversible import reversible_stack_forward
from trax_bridge import from_trax, load_trax, to_trax
from trax_bridge.models import buckets_of, lsh_states, rotated, trax_attention, trax_twin


class Whole(NamedTuple):
    """What a model computes: gradients as a flat dict, and the buckets of each layer."""

    logits: np.ndarray
    loss: float
    gradients: dict
    buckets: list


def started(layer, *inputs):
    """The layer after its `init`, with the inputs as jax arrays."""
    trax = load_trax()
    inputs = tuple(map(trax.fastmath.numpy.asarray, inputs))
    inputs = inputs if len(inputs) > 1 else inputs[0]
    layer.init(trax.shapes.signature(inputs), rng=trax.fastmath.random.get_prng(3))
    return layer, inputs


def heads_of(model, parameters, x):
    """Queries, keys and values, or queries_keys and values, of inputs without a norm."""
    names = PROJECTIONS[model.attention]
    return [split_heads(linear(x, parameters[name], None), model.n_heads) for name in names]


def rows_that_see_others(buckets, model):
    """(..., H, L): True where a token sees another one in every round, so that Trax combines the rounds well."""
    _, chunks, _, mask = who_sees_whom(buckets, Options(model.n_buckets_together, model.chunk_length))
    alone = ~np.any(mask == 0, axis=-1)
    rows = np.ones((*buckets.shape[:-2], buckets.shape[-1]), bool)
    for entry in np.ndindex(*buckets.shape[:-2]):
        rows[entry][chunks[entry][alone[entry]]] = False
    return rows


def attention_of_both(rng, model, *, scale=1, batch=2):
    """Outputs of one LSH attention layer on random inputs, ours and Trax's, and its buckets."""
    parameters = model.init_parameters(rng)["layers"]["0"]["attention"]
    shape = (batch, model.max_length, model.d_model)
    x = np.float32(scale) * rng.standard_normal(shape, dtype=np.float32)
    layer, inputs = started(trax_attention(model), x)
    weights = to_trax(model, parameters, layer.weights, part="attention")
    theirs, state = load_trax().fastmath.jit(layer.pure_fn)(inputs, weights, layer.state, layer.rng)
    queries_keys, values = heads_of(model, parameters, x)
    buckets = buckets_of(model, state)
    options = dict(n_buckets=model.n_buckets_together, chunk_length=model.chunk_length)
    attended = lsh_attention(queries_keys, values, buckets, **options)
    return linear(merge_heads(attended), parameters["w_out"], None), np.asarray(theirs), buckets


def wholes_of_both(model, parameters, tokens):
    """A whole ReformerLM that predicts `tokens`: (ours, Trax's)."""
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
