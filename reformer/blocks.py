"""One layer of a Reformer or Transformer: attention and feed-forward, each with its norm (unit 07).

`reformer_block` puts them together as one reads them; `attention_branch` and `feed_forward_branch` give them to a stack
of blocks, with gradients. What stands before and after the attention, `to_heads` and `from_heads`, is written once: the
sampler has an attention of its own between the two, one that remembers.

Letters: L positions, d features of the model, H heads, R hash rounds, B buckets. Leading axes are batch axes.
"""

from functools import partial

import numpy as np

from reformer.angular import angular_hash, draw_rotations, factorised_hash
from reformer.chunked import chunked_feed_forward, chunked_feed_forward_backward, chunked_feed_forward_forward
from reformer.fast import feed_forward as fast_feed_forward
from reformer.fast import lsh_attention as fast_lsh
from reformer.fast.hashing import hash_vectors
from reformer.feed_forward import feed_forward
from reformer.gradients import (
    dense_attention_backward,
    dense_attention_forward,
    feed_forward_backward,
    feed_forward_forward,
    layer_norm_backward,
    linear_backward,
    lsh_attention_backward,
    lsh_attention_forward,
    shared_qk_attention_backward,
    shared_qk_attention_forward,
)
from reformer.layers import layer_norm, linear, merge_heads, split_heads
from reformer.lsh_attention import lsh_attention, newest_attention
from reformer.reversible import Branch, dropout, reversible_forward

PROJECTIONS = {"dense": ("w_q", "w_k", "w_v"), "shared_qk": ("w_qk", "w_v"), "lsh": ("w_qk", "w_v")}
# Forward and backward, by kind of attention and whether it is the tuned one.
ATTENTION = {
    ("dense", False): (dense_attention_forward, dense_attention_backward),
    ("shared_qk", False): (shared_qk_attention_forward, shared_qk_attention_backward),
    ("lsh", False): (lsh_attention_forward, lsh_attention_backward),
    ("lsh", True): (fast_lsh.lsh_attention_forward, fast_lsh.lsh_attention_backward),
}


def reformer_block(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    """Run one layer of a Reformer: y1 = x1 + attention(norm(x2)), then y2 = x2 + feed_forward(norm(y1)).

    The attention is LSH attention with shared queries and keys, hashed by `rotations`; the feed-forward layer has a
    ReLU and runs in chunks.

    Parameters
    ----------
    x1, x2 : (..., L, d) float32 or float64 arrays, the two streams
    parameters : {"attention": {"norm": norm, "w_qk" (d, d), "w_v" (d, d), "w_out" (d, d)},
        "feed_forward": {"norm": norm, "w_in" (d, d_ff), "b_in" (d_ff), "w_out" (d_ff, d), "b_out" (d)}}
        where each norm is {"scale" (d), "bias" (d)}, of a layer norm
    rotations : (R, d/H, B/2) array, shared by batch entries and heads
    n_heads : H, a divisor of d
    chunk_length : positions in a chunk, of attention and of the feed-forward layer alike

    Returns
    -------
    y1, y2 : (..., L, d) arrays

    Raises ValueError if a shape or dtype does not fit.
    Source: Reformer, section 3.
    """

    def attend(x):
        queries_keys, values = to_heads(x, parameters["attention"], n_heads)
        buckets = angular_hash(queries_keys, rotations)
        n_buckets = 2 * rotations.shape[-1]
        attended = lsh_attention(queries_keys, values, buckets, n_buckets=n_buckets, chunk_length=chunk_length)
        return from_heads(attended, parameters["attention"])

    def feed(y):
        normed = layer_norm(y, **parameters["feed_forward"]["norm"])
        layer = partial(feed_forward, parameters=parameters["feed_forward"])
        return chunked_feed_forward(normed, layer, chunk_length=chunk_length)

    return reversible_forward(x1, x2, attend, feed)


def to_heads(x, parameters, n_heads):
    """How an attention layer begins: norm, projections, heads. (..., L, d) -> a list of (..., H, L, d/H) arrays.

    They are queries, keys and values, or queries_keys and values where the parameters have one projection for both.
    """
    normed = layer_norm(x, **parameters["norm"])
    weights = [parameters[name] for name in ("w_q", "w_k", "w_qk", "w_v") if name in parameters]
    return [split_heads(linear(normed, of_projection, None), n_heads) for of_projection in weights]


def from_heads(attended, parameters):
    """How an attention layer ends: heads side by side, output map. (..., H, L, d/H) -> (..., L, d)."""
    return linear(merge_heads(attended), parameters["w_out"], None)


def attention_branch(model, parameters, *, seed, dropout_rate=0.0, padding=None, settled=None):
    """One attention layer of a model as a `Branch`. It replays its hash buckets.

    `seed`, a tuple of numbers, decides the rotations; with a 1 behind it, what drops out. With `settled`, LSH attention
    is `newest_attention`, which has no backward pass.
    """
    attend_forward, attend_backward = ATTENTION[model.attention, model.fast and model.attention == "lsh"]
    options = attention_options(model, padding)
    if settled is not None and model.attention == "lsh":
        options["settled"] = settled
        attend_forward, attend_backward = lambda *heads, **options: (newest_attention(*heads, **options), None), None

    def forward(x, replay=None):
        heads = to_heads(x, parameters, model.n_heads)
        if model.attention == "lsh":
            replay = hash_heads(model, heads[0], np.random.default_rng(seed)) if replay is None else replay
            heads.append(replay)
        attended, saved_attention = attend_forward(*heads, **options)
        outputs = from_heads(attended, parameters)
        return dropout(outputs, (*seed, 1), rate=dropout_rate), (x, attended, saved_attention), replay

    def backward(gradient, saved):
        x, attended, saved_attention = saved
        gradient = dropout(gradient, (*seed, 1), rate=dropout_rate)
        d_merged, d_out = linear_backward(gradient, (merge_heads(attended), parameters["w_out"]))
        d_heads, _ = attend_backward(split_heads(d_merged, model.n_heads), saved_attention)
        normed, found = layer_norm(x, **parameters["norm"]), {"w_out": d_out["weights"]}
        d_normed = 0
        for name, d_head in zip(PROJECTIONS[model.attention], d_heads, strict=True):
            through, d_projection = linear_backward(merge_heads(d_head), (normed, parameters[name]))
            d_normed, found[name] = d_normed + through, d_projection["weights"]
        d_x, found["norm"] = layer_norm_backward(d_normed, (x, parameters["norm"]["scale"]))
        return d_x, found

    return Branch(forward, backward)


def feed_forward_branch(model, parameters, *, seed=(), dropout_rate=0.0):
    """One feed-forward layer of a model, whole or in chunks of `model.position_chunk`, as a `Branch`.

    `seed` as in `attention_branch`; without dropout it is not used.
    """
    options = {} if model.activation == "relu" else {"activation": model.activation}
    run, back = feed_forward_forward, feed_forward_backward
    if model.fast:
        run, back = fast_feed_forward.feed_forward_forward, fast_feed_forward.feed_forward_backward
    if model.position_chunk is not None:
        options["chunk_length"] = model.position_chunk
        run, back = chunked_feed_forward_forward, chunked_feed_forward_backward

    def forward(x, replay=None):
        outputs, saved_feed = run(layer_norm(x, **parameters["norm"]), parameters, **options)
        return dropout(outputs, (*seed, 1), rate=dropout_rate), (x, saved_feed), None

    def backward(gradient, saved):
        x, saved_feed = saved
        d_normed, found = back(dropout(gradient, (*seed, 1), rate=dropout_rate), saved_feed)
        d_x, d_norm = layer_norm_backward(d_normed, (x, parameters["norm"]["scale"]))
        return d_x, found | {"norm": d_norm}

    return Branch(forward, backward)


def attention_options(model, padding):
    """What the attention of a model is told besides arrays: only what differs from the defaults of the function."""
    options = {}
    if padding is not None:
        options["padding"] = np.broadcast_to(padding[:, np.newaxis], (len(padding), model.n_heads, padding.shape[-1]))
    if model.attention == "dense":
        options["causal"] = model.causal
    if model.attention == "lsh":
        options |= {"n_buckets": model.n_buckets_together, "chunk_length": model.chunk_length}
        options |= {name: True for name in ("same_bucket_only", "correct_duplicates") if getattr(model, name)}
    return options


def hash_heads(model, queries_keys, rng):
    """Buckets of (batch, H, L, d/H) vectors, in the smallest integers that hold them: (batch, H, R, L).

    Rotations are shared by batch entries and heads, and are the same for float32 and float64.
    """
    draw = partial(draw_rotations, rng, n_rounds=model.n_rounds, n_features=queries_keys.shape[-1], dtype=np.float64)
    rotations = [draw(n_buckets=factor).astype(queries_keys.dtype) for factor in model.bucket_factors]
    if not np.all(np.isfinite(queries_keys)):
        queries_keys = np.nan_to_num(queries_keys)  # a NaN goes on to the loss, where training can say what happened
    hash_all = hash_vectors if model.fast else factorised_hash
    return hash_all(queries_keys, rotations).astype(model.bucket_dtype)
