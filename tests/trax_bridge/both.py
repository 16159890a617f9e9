"""One attention layer computed by both: ours, and Trax's with the same parameters and rotations.

Whole models: `trax_bridge.twins`.
"""

import numpy as np

from reformer.blocks import PROJECTIONS
from reformer.layers import linear, merge_heads, split_heads
from reformer.lsh_attention import Options, lsh_attention, who_sees_whom
from trax_bridge import load_trax, to_trax
from trax_bridge.models import buckets_of, trax_attention


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
