"""Trax's layers with the settings of a model of the course, and the course's model with Trax's rotations.

`trax_reformer` builds `trax.models.reformer.ReformerLM`, `trax_attention` one attention layer, `trax_layer` one
decoder block in a `ReversibleSerial`; `trax_twin` is the first with the numbers of ours. What the two libraries draw
differs, so the last step to equal results is `rotated`: a model that hashes by the rotations that Trax is about to
draw, read from the state of its layers. What still differs then stands in `ledger`.

Letters: L positions, d features of the model, H heads, R hash rounds, B buckets.
"""

from copy import copy
from dataclasses import dataclass, fields
from functools import partial

import numpy as np

from reformer.angular import factorised_hash
from reformer.blocks import to_heads
from reformer.model import ReformerLM
from reformer.reversible import Branch
from trax_bridge.loading import load_trax
from trax_bridge.parameters import require_trax_has, require_trax_length, to_trax


def trax_reformer(model, *, mode="eval"):
    """The `ReformerLM` of Trax with the settings of one of the course; `init` it, then give it weights.

    In "predict" mode its memory holds `model.max_length` tokens, and forgets none of them.

    Raises ValueError if Trax has no such model, and ImportError if there is no Trax.
    """
    require_trax_has(model)
    trax = load_trax()
    axial = model.positions == "axial"
    half = model.d_model // 2
    return trax.models.reformer.ReformerLM(
        vocab_size=model.vocabulary_size,
        d_model=model.d_model,
        d_ff=model.d_ff,
        d_attention_key=model.d_model // model.n_heads,
        d_attention_value=model.d_model // model.n_heads,
        n_layers=model.n_layers,
        n_heads=model.n_heads,
        dropout=model.dropout,
        max_len=model.max_length,
        attention_type=_attention_type(trax, model, mode),
        pos_type="axial" if axial else None,
        pos_axial_shape=tuple(model.axial_shape) if axial else (),
        pos_d_axial_embs=(half, model.d_model - half) if axial else None,
        ff_activation=_activation(trax, model),
        ff_chunk_size=model.position_chunk or 0,
        mode=mode,
    )


def trax_twin(model, parameters, tokens, *, mode="eval", seed=0):
    """Trax's `ReformerLM` with the settings and the parameters of one of ours, ready for tokens of this shape.

    Parameters
    ----------
    model : `ReformerLM` of `reformer`
    parameters : its nested dict
    tokens : (batch, L) integer array, such as those that will come; in "predict" mode (batch, 1)
    mode : "train", "eval" or "predict"
    seed : decides the rotations, and in "train" mode dropout

    Returns
    -------
    layer : Trax's layer. It shifts its inputs itself, and wants jax arrays

    Raises ValueError if Trax has no such model, L is a length that it cannot take, or the parameters do not fit.
    """
    trax = load_trax()
    if mode != "predict":
        require_trax_length(model, np.shape(tokens)[1])
    layer = trax_reformer(model, mode=mode)
    signature = trax.shapes.signature(trax.fastmath.numpy.asarray(tokens))
    layer.init(signature, rng=trax.fastmath.random.get_prng(seed))
    layer.weights = to_trax(model, parameters, layer.weights)
    return layer


class TraxMemory:
    """What Trax's ReformerLM has read of one text in "predict" mode, ready for the next token: its cache.

    model, parameters, seed : as in `trax_twin`; Trax needs `max_length` places, one for the token 0 that it reads first

    `logits`, (1, V) float32, are about the token that comes after the last one read.
    """

    def __init__(self, model, parameters, *, seed=0):
        trax = load_trax()
        layer = trax_twin(model, parameters, np.zeros((1, 1), np.int32), mode="predict", seed=seed)
        self._run, self._weights, self._rng = trax.fastmath.jit(layer.pure_fn), layer.weights, layer.rng
        self.max_length, self.n_tokens, self._state = model.max_length, 0, layer.state
        self._read(0)

    def step(self, tokens):
        """Read one more token, (1) integers, and return the new `logits`.

        Raises ValueError if the text would be longer than Trax can remember.
        """
        if self.n_tokens == self.max_length:
            needed = f"at most {self.max_length - 1} tokens before the next one"
            raise ValueError(
                f"the text needs {needed}, as Trax remembers max_length of them with its first 0, got more"
            )
        return self._read(int(tokens[0]))

    def copy(self):
        """A memory of the same text, which can be continued differently; it compiles nothing anew."""
        return copy(self)

    def _read(self, token):
        logits, self._state = self._run(np.full((1, 1), token, np.int32), self._weights, self._state, self._rng)
        self.logits, self.n_tokens = np.asarray(logits)[:, 0], self.n_tokens + 1
        return self.logits


def trax_attention(model, *, mode="eval"):
    """One causal attention layer of Trax, with its projections: `LSHSelfAttention` or `SelfAttention`."""
    per_head = model.d_model // model.n_heads
    sizes = dict(n_heads=model.n_heads, d_qk=per_head, d_v=per_head)
    return _attention_type(load_trax(), model, mode)(**sizes, causal=True, mode=mode)


def trax_layer(model, *, mode="eval"):
    """One decoder block of Trax's ReformerLM as a `ReversibleSerial`: two streams in, two out."""
    require_trax_has(model)
    trax = load_trax()
    per_head = model.d_model // model.n_heads
    block = trax.models.reformer.DecoderBlock(
        model.d_model,
        model.d_ff,
        per_head,
        per_head,
        model.n_heads,
        attention_type=_attention_type(trax, model, mode),
        dropout=model.dropout,
        ff_activation=_activation(trax, model),
        ff_dropout=model.dropout,
        ff_use_sru=0,
        ff_chunk_size=model.position_chunk or 0,
        ff_sparsity=0,
        attention_chunk_size=0,
        mode=mode,
    )
    return trax.layers.ReversibleSerial(block)


def _activation(trax, model):
    return {"relu": trax.layers.Relu, "gelu": trax.layers.FastGelu}[model.activation]


def _attention_type(trax, model, mode):
    options = dict(predict_mem_len=model.max_length, predict_drop_len=model.max_length) if mode == "predict" else {}
    if model.attention != "lsh":
        return partial(trax.layers.SelfAttention, share_qk=model.attention == "shared_qk", **options)
    factors = model.bucket_factors
    return partial(
        trax.layers.LSHSelfAttention,
        chunk_len=model.chunk_length,
        n_hashes=model.n_rounds,
        n_buckets=factors[0] if len(factors) == 1 else list(factors),
        n_parallel_heads=None,  # all at once: the default, one head after the other, is for sequences that fill memory
        **options,
    )


def lsh_states(state):
    """Find the states of LSH attention in the state of a model, in the order of its layers: (buckets, keys) each.

    Each has one row for each entry of the batch and each head in it.
    """
    if not isinstance(state, list | tuple):
        return []
    if len(state) == 2 and all(getattr(part, "ndim", 0) == 2 for part in state):
        return [tuple(state)]
    return [found for part in state for found in lsh_states(part)]


def rotations_of(model, lsh_state):
    """The rotations that Trax's LSH attention draws in its next call, from its state before it, not in "predict" mode.

    Returns
    -------
    rotations : list of (batch, H, R, d/H, B_i/2) float32 arrays, one for each factor of the buckets
    """
    load_trax()
    import jax

    _, keys = lsh_state
    factors = np.array(model.bucket_factors) // 2
    shape = (model.d_model // model.n_heads, model.n_rounds, int(factors.sum()))
    draw = jax.vmap(lambda key: jax.random.normal(jax.random.split(key)[1], shape))
    drawn = np.moveaxis(np.asarray(draw(jax.numpy.asarray(keys)), np.float32), 2, 1)
    by_head = drawn.reshape(-1, model.n_heads, *drawn.shape[1:])
    return np.split(by_head, np.cumsum(factors)[:-1], axis=-1)


def buckets_of(model, lsh_state):
    """The buckets that Trax's LSH attention found in its last call: (batch, H, R, L), each round numbered from 0."""
    rows = np.asarray(lsh_state[0])
    buckets = rows.reshape(-1, model.n_heads, model.n_rounds, rows.shape[-1] // model.n_rounds)
    return buckets - model.n_buckets_together * np.arange(model.n_rounds)[:, np.newaxis]


@dataclass(frozen=True, kw_only=True, eq=False)
class RotatedReformerLM(ReformerLM):
    """A `ReformerLM` that is given its rotations instead of drawing them, whatever the seed.

    rotations : one list for each layer, as `rotations_of` gives it
    """

    rotations: tuple

    def blocks(self, parameters, **options):
        layers = zip(parameters["layers"].values(), self.rotations, super().blocks(parameters, **options), strict=True)
        return [
            (_rotated(self, layer["attention"], rotations, attention), feed_forward)
            for layer, rotations, (attention, feed_forward) in layers
        ]


def rotated(model, state):
    """The same `ReformerLM`, told the rotations that Trax's will draw in its next call, from the state of that one."""
    settings = {field.name: getattr(model, field.name) for field in fields(model)}
    rotations = tuple(rotations_of(model, of_layer) for of_layer in lsh_states(state))
    return RotatedReformerLM(**settings, rotations=rotations)


def _rotated(model, parameters, rotations, branch):
    """The branch, told its buckets where it would have hashed."""

    def forward(x, replay=None):
        if replay is None:
            queries_keys, _ = to_heads(x, parameters, model.n_heads)
            replay = factorised_hash(queries_keys, rotations).astype(model.bucket_dtype)
        return branch.forward(x, replay)

    return Branch(forward, branch.backward)
