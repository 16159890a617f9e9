"""Lab 07, `reformer_block(x1, x2, parameters, rotations, *, n_heads, chunk_length)`: one whole layer of a Reformer.

x1, x2 (..., L, d), L a multiple of C, parameters as in the core, rotations (R, d/H, B/2) -> (y1, y2), both (..., L, d):
y1 = x1 + attention(norm(x2)), y2 = x2 + feed_forward(norm(y1)). A layer norm divides by the root of variance + 1e-6.

Hashing decides: no score is close to the next best of its vector.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import blocks
from reformer.angular import angular_hash
from reformer.attention import shared_qk_attention
from reformer.layers import merge_heads, split_heads
from reformer.loops import model as twins
from reformer.lsh_attention import lsh_attention

exercise = Exercise(blocks.reformer_block, twins.reformer_block, axes=("position", "feature"), results=("y1", "y2"))


def norm_of(rng, d):
    return {"scale": rng.uniform(0.5, 1.5, size=d), "bias": 0.3 * rng.standard_normal(d)}


def parameters_of(rng, d, d_ff):
    """Parameters in which nothing is 0 or 1, so that what is left out shows."""

    def matrix(rows, columns):
        return rng.standard_normal((rows, columns)) / np.sqrt(rows)

    attention = {"norm": norm_of(rng, d)} | {name: matrix(d, d) for name in ("w_qk", "w_v", "w_out")}
    feed_forward = {"norm": norm_of(rng, d), "w_in": matrix(d, d_ff), "b_in": 0.5 * rng.standard_normal(d_ff)}
    feed_forward |= {"w_out": matrix(d_ff, d), "b_out": 0.5 * rng.standard_normal(d)}
    return {"attention": attention, "feed_forward": feed_forward}


def drawn(*batch, L, d, H, R, B, C, d_ff=5, size=1.0, dtype=np.float64):
    def make(rng):
        x1, x2 = (size * rng.standard_normal((*batch, L, d)) for _ in range(2))
        rotations = rng.standard_normal((R, d // H, B // 2))
        return call(
            x1.astype(dtype),
            x2.astype(dtype),
            _as_type(parameters_of(rng, d, d_ff), dtype),
            rotations.astype(dtype),
            n_heads=H,
            chunk_length=C,
        )

    return make


def _as_type(tree, dtype):
    return {
        name: _as_type(part, dtype) if isinstance(part, dict) else part.astype(dtype) for name, part in tree.items()
    }


def clear_hash(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    """Whether the best score of every vector, in every head and round, beats the next by a thousandth of its norm."""
    of_attention = parameters["attention"]
    queries_keys = split_heads(_norm(x2, **of_attention["norm"]) @ of_attention["w_qk"], n_heads)
    rotated = queries_keys[..., np.newaxis, :, :] @ rotations
    scores = np.sort(np.concatenate([rotated, -rotated], axis=-1), axis=-1)
    norms = np.linalg.norm(queries_keys, axis=-1)[..., np.newaxis, :]
    return np.all(scores[..., -1] - scores[..., -2] > 1e-3 * norms)


def ask(name, make, *, tolerance=1e-5, **how):
    exercise.case(name, make, clear_cut=clear_hash, tolerance=tolerance, **how)


def without(part, make):
    """The same, with the output map of one part at 0, so that the other one is seen alone."""

    def make_without(rng):
        drawn_call = make(rng)
        for name in ("w_out", "b_out"):
            if name in drawn_call.args[2][part]:
                drawn_call.args[2][part][name][:] = 0.0
        return drawn_call

    return make_without


# --- questions --------------------------------------------------------------------------------------------------

_SMALL = drawn(L=4, d=4, H=1, R=1, B=4, C=2)

ask("four positions, one head: feed-forward gives 0, so y2 = x2", without("feed_forward", _SMALL))
ask("four positions, one head: attention gives 0, so y1 = x1", without("attention", _SMALL))
ask("six positions, one head, two rounds", drawn(L=6, d=4, H=1, R=2, B=4, C=2))
ask("six positions, two heads, one round", drawn(L=6, d=4, H=2, R=1, B=4, C=3))


def _more_in_the_first_stream(rng):
    while not clear_hash(*(one := drawn(L=8, d=4, H=2, R=2, B=4, C=4)(rng)).args, **one.kwargs):
        pass
    x1, *others = one.args
    return [one, call(x1 + np.arange(4.0), *others, **one.kwargs)]


@exercise.property("x1 larger by some amount, x2 as it was: y1 is larger by just that", _more_in_the_first_stream)
def _(calls, answers):
    return np.abs(np.asarray(answers[1][0]) - np.asarray(answers[0][0]) - np.arange(4.0)) < 1e-6


ask("nine positions, two heads, two rounds of three chunks", drawn(L=9, d=6, H=2, R=2, B=6, C=3, d_ff=7))


@exercise.case("both streams the same, as at the first layer of a model", clear_cut=clear_hash, tolerance=1e-5)
def _(rng):
    drawn_call = drawn(L=6, d=4, H=2, R=2, B=4, C=3)(rng)
    drawn_call.args[0][:] = drawn_call.args[1]
    return drawn_call


@exercise.case("a position whose features are all equal, whose norm is the bias", clear_cut=clear_hash, tolerance=1e-5)
def _(rng):
    drawn_call = drawn(L=6, d=4, H=1, R=2, B=4, C=3)(rng)
    drawn_call.args[1][2] = 0.7
    return drawn_call


ask(
    "numbers about 0.001, where the 1e-6 of the norm is seen",
    without("feed_forward", drawn(L=6, d=4, H=2, R=1, B=4, C=2, size=1e-3)),
)
ask("one chunk in each of two rounds", drawn(L=5, d=4, H=2, R=2, B=6, C=5))
ask("four heads of two features, one chunk after the other", drawn(L=8, d=8, H=4, R=2, B=4, C=4, d_ff=3))
ask("as many positions as features, three rounds", drawn(L=6, d=6, H=3, R=3, B=4, C=2))
ask("two sequences, two heads", drawn(2, L=8, d=4, H=2, R=2, B=4, C=4))
ask(
    "two of two sequences, in float32",
    drawn(2, 2, L=4, d=4, H=2, R=1, B=4, C=2, dtype=np.float32),
    tolerance=1e-4,
)
ask(
    "three sequences, two heads, three rounds",
    drawn(3, L=12, d=8, H=2, R=3, B=6, C=3, d_ff=10),
    hidden=True,
    tolerance=1e-7,
)


# --- right answers in other styles ------------------------------------------------------------------------------


def _norm(x, scale, bias, epsilon=1e-6):
    centred = x - np.mean(x, axis=-1, keepdims=True)
    return scale * centred / np.sqrt(np.mean(centred**2, axis=-1, keepdims=True) + epsilon) + bias


@exercise.solution
def written_out(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    *batch, length, d = x1.shape
    p = parameters["attention"]
    normed = _norm(x2, **p["norm"])
    heads = (*batch, length, n_heads, d // n_heads)
    queries_keys = np.moveaxis((normed @ p["w_qk"]).reshape(heads), -2, -3)
    values = np.moveaxis((normed @ p["w_v"]).reshape(heads), -2, -3)
    buckets = angular_hash(queries_keys, rotations)
    attended = lsh_attention(
        queries_keys, values, buckets, n_buckets=2 * rotations.shape[-1], chunk_length=chunk_length
    )
    y1 = x1 + np.moveaxis(attended, -3, -2).reshape(x1.shape) @ p["w_out"]
    p = parameters["feed_forward"]
    wide = np.maximum(_norm(y1, **p["norm"]) @ p["w_in"] + p["b_in"], 0)
    return y1, x2 + wide @ p["w_out"] + p["b_out"]


@exercise.solution
def head_by_head(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    p, d_head = parameters["attention"], x1.shape[-1] // n_heads
    normed = _norm(x2, **p["norm"])
    attended = []
    for head in range(n_heads):
        features = slice(head * d_head, (head + 1) * d_head)
        queries_keys, values = normed @ p["w_qk"][:, features], normed @ p["w_v"][:, features]
        buckets = angular_hash(queries_keys, rotations)
        attended.append(lsh_attention(queries_keys, values, buckets, n_buckets=99, chunk_length=chunk_length))
    y1 = x1 + np.concatenate(attended, axis=-1) @ p["w_out"]
    p, y2 = parameters["feed_forward"], []
    for start in range(0, x1.shape[-2], chunk_length):
        part = _norm(y1[..., start : start + chunk_length, :], **p["norm"])
        y2.append(np.clip(part @ p["w_in"] + p["b_in"], 0, None) @ p["w_out"] + p["b_out"])
    return [y1, x2 + np.concatenate(y2, axis=-2)]


# --- mistakes ---------------------------------------------------------------------------------------------------


def _norms(x, p):
    return _norm(x, **p["norm"])


def _attention(
    x,
    p,
    rotations,
    n_heads,
    chunk_length,
    *,
    norm=_norms,
    split=split_heads,
    merge=merge_heads,
    heads_of=lambda normed, p: (normed @ p["w_qk"], normed @ p["w_v"]),
    hashed=lambda queries_keys, normed, rotations: angular_hash(queries_keys, rotations),
    attend=lsh_attention,
    chunk_length_of=lambda length, chunk_length: chunk_length,
    leave=lambda merged, p: merged @ p["w_out"],
):
    """The attention of the reference, of which a mistake can replace each step."""
    normed = norm(x, p)
    queries_keys, values = (split(array, n_heads) for array in heads_of(normed, p))
    buckets = hashed(queries_keys, split(normed, n_heads), rotations)
    sizes = dict(n_buckets=2 * rotations.shape[-1], chunk_length=chunk_length_of(x.shape[-2], chunk_length))
    return leave(merge(attend(queries_keys, values, buckets, **sizes)), p)


def _feed(
    y,
    p,
    *,
    norm=_norms,
    widen=lambda normed, p: normed @ p["w_in"] + p["b_in"],
    activate=lambda wide: np.maximum(wide, 0),
    narrow=lambda wide, p: wide @ p["w_out"] + p["b_out"],
):
    """The feed-forward part of the reference, of which a mistake can replace each step."""
    return narrow(activate(widen(norm(y, p), p)), p)


def _both(x1, x2, f, g):
    y1 = x1 + f(x2)
    return y1, x2 + g(y1)


def _mistake(name, *, why, says, streams=_both, attention=None, feed=None):
    """Know a mistake in the way of the two streams, or in some steps of one part."""

    def answer(x1, x2, parameters, rotations, *, n_heads, chunk_length):
        def f(x):
            return _attention(x, parameters["attention"], rotations, n_heads, chunk_length, **(attention or {}))

        def g(y):
            return _feed(y, parameters["feed_forward"], **(feed or {}))

        return streams(x1, x2, f, g)

    answer.__name__ = name
    exercise.mistake(why=why, says=says)(answer)


# The way of the two streams.
_mistake(
    "feed_forward_reads_x2",
    streams=lambda x1, x2, f, g: (x1 + f(x2), x2 + g(x2)),
    why="both parts seem to read the inputs",
    says="the feed-forward layer reads x2; it reads y1, what the attention has just made",
)
_mistake(
    "feed_forward_reads_x1",
    streams=lambda x1, x2, f, g: (x1 + f(x2), x2 + g(x1)),
    why="each part reads the other stream, as it came",
    says="the feed-forward layer reads x1; it reads y1, what the attention has just made",
)
_mistake(
    "attention_reads_x1",
    streams=lambda x1, x2, f, g: _both(x1, x2, lambda x: f(x1), g),
    why="so does an ordinary residual",
    says="the attention reads x1, to which it is added; it reads x2, or nothing could be taken back",
)
_mistake(
    "one_stream",
    streams=lambda x1, x2, f, g: (x1 + f(x1), x1 + f(x1) + g(x1 + f(x1))),
    why="so does an ordinary Transformer",
    says="there is one stream, as in an ordinary Transformer: x2 plays no part; y1 = x1 + attention(x2), "
    "y2 = x2 + feed_forward(y1)",
)
_mistake(
    "second_sum_with_y1",
    streams=lambda x1, x2, f, g: (x1 + f(x2), x1 + f(x2) + g(x1 + f(x2))),
    why="the second residual is that of an ordinary Transformer",
    says="the feed-forward layer's outputs are added to y1; they are added to x2",
)
_mistake(
    "both_sums_with_what_was_read",
    streams=lambda x1, x2, f, g: (x2 + f(x2), x2 + f(x2) + g(x2 + f(x2))),
    why="a residual adds what was read",
    says="each part is added to what it read, so that x1 plays no part; it is added to the other stream",
)
_mistake(
    "first_sum_with_what_was_read",
    streams=lambda x1, x2, f, g: (y1 := x2 + f(x2), x2 + g(y1)),
    why="a residual layer adds to what it reads",
    says="what attention gives is added to x2, which it has read; it is added to the other stream, x1",
)
_mistake(
    "streams_swapped",
    streams=lambda x1, x2, f, g: _both(x2, x1, f, g),
    why="the two streams look alike",
    says="x1 and x2 change places: the attention reads x2 and is added to x1",
)
_mistake(
    "results_swapped",
    streams=lambda x1, x2, f, g: _both(x1, x2, f, g)[::-1],
    why="the streams of a Reformer are swapped from layer to layer in some programs",
    says="y2 is returned before y1",
)
_mistake(
    "feed_forward_first",
    streams=lambda x1, x2, f, g: _both(x1, x2, g, f),
    why="the two parts change places",
    says="the feed-forward layer comes before the attention",
)
_mistake(
    "residual_added_twice",
    streams=lambda x1, x2, f, g: _both(x1, x2, lambda x: x + f(x), lambda y: y + g(y)),
    why="each part has its residual already, and the block adds one more",
    says="the residual is added twice: each part adds what it read, and the block adds the other stream; the block "
    "alone does",
)
_mistake(
    "residuals_forgotten",
    streams=lambda x1, x2, f, g: (f(x2), g(f(x2))),
    why="the parts are called one after the other",
    says="there is no residual: y1 is x1 plus the attention, y2 is x2 plus the feed-forward layer",
)
_mistake(
    "first_residual_forgotten",
    streams=lambda x1, x2, f, g: (f(x2), x2 + g(f(x2))),
    why="a residual is forgotten",
    says="the attention is not added to x1",
)
_mistake(
    "second_residual_forgotten",
    streams=lambda x1, x2, f, g: (x1 + f(x2), g(x1 + f(x2))),
    why="a residual is forgotten",
    says="the feed-forward layer is not added to x2",
)
_mistake(
    "taken_back",
    streams=lambda x1, x2, f, g: (x1 - f(x2 - g(x1)), x2 - g(x1)),
    why="the inverse is written in place of the forward pass",
    says="a layer is taken back, the inverse of what is asked",
)
_mistake(
    "subtracted",
    streams=lambda x1, x2, f, g: (x1 - f(x2), x2 - g(x1 - f(x2))),
    why="the signs of the inverse",
    says="both parts are subtracted; they are added",
)
_mistake(
    "streams_summed",
    streams=lambda x1, x2, f, g: sum(_both(x1, x2, f, g)),
    why="the streams are put together at the end of a model",
    says="the sum of both streams is returned; a layer hands on both, as y1, y2",
)
_mistake(
    "streams_side_by_side",
    streams=lambda x1, x2, f, g: np.concatenate(_both(x1, x2, f, g), axis=-1),
    why="the streams are put together at the end of a model",
    says="both streams are returned side by side, in one array; a layer hands them on as two, y1, y2",
)
_mistake(
    "y2_alone",
    streams=lambda x1, x2, f, g: _both(x1, x2, f, g)[1],
    why="the last line is what is returned",
    says="y2 alone is returned; a layer hands on both streams, as y1, y2",
)
_mistake(
    "attention_alone",
    streams=lambda x1, x2, f, g: (x1 + f(x2), x2),
    why="the second half is forgotten",
    says="there is no feed-forward layer: y2 is x2",
)
_mistake(
    "inputs_returned",
    streams=lambda x1, x2, f, g: (x1.copy(), x2.copy()),
    why="a first try",
    says="the two streams come back as they are",
)

# The norms.
_UNNORMED = {"norm": lambda x, p: x}


def _mistaken_norm(name, norm, *, why, says):
    _mistake(name, attention={"norm": norm}, feed={"norm": norm}, why=why, says=says)


_mistake(
    "attention_without_norm",
    attention=_UNNORMED,
    why="the norm is forgotten",
    says="the attention reads x2 without a layer norm",
)
_mistake(
    "feed_forward_without_norm",
    feed=_UNNORMED,
    why="the norm is forgotten",
    says="the feed-forward layer reads y1 without a layer norm",
)
_mistake(
    "no_norms",
    attention=_UNNORMED,
    feed=_UNNORMED,
    why="the norms are forgotten",
    says="there are no layer norms: each part reads its stream as it is",
)


def _norm_behind(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    a, f = parameters["attention"], parameters["feed_forward"]
    y1 = x1 + _norms(_attention(x2, a, rotations, n_heads, chunk_length, **_UNNORMED), a)
    return y1, x2 + _norms(_feed(y1, f, **_UNNORMED), f)


def _norm_of_the_sums(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    a, f = parameters["attention"], parameters["feed_forward"]
    y1 = _norms(x1 + _attention(x2, a, rotations, n_heads, chunk_length, **_UNNORMED), a)
    return y1, _norms(x2 + _feed(y1, f, **_UNNORMED), f)


def _norm_kept(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    a, f = parameters["attention"], parameters["feed_forward"]
    y1 = _norms(x1 + _attention(x2, a, rotations, n_heads, chunk_length), f)
    return y1, x2 + _feed(y1, f, **_UNNORMED)


def _norms_exchanged(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    a, f = parameters["attention"], parameters["feed_forward"]
    y1 = x1 + _attention(x2, a, rotations, n_heads, chunk_length, norm=lambda x, p: _norms(x, f))
    return y1, x2 + _feed(y1, f, norm=lambda x, p: _norms(x, a))


def _one_norm_for_both(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    a, f = parameters["attention"], parameters["feed_forward"]
    y1 = x1 + _attention(x2, a, rotations, n_heads, chunk_length)
    return y1, x2 + _feed(y1, f, norm=lambda x, p: _norms(x, a))


for function, name, why, says in (
    (
        _norm_behind,
        "norm_behind_each_part",
        "a norm is thought to come last",
        "the norm stands behind each part; it stands before it, on what the part reads",
    ),
    (
        _norm_of_the_sums,
        "norm_of_the_sums",
        "so did the first Transformer",
        "the sums are normed, as in the first Transformer; here the norm is on what a part reads, and the streams "
        "themselves are never normed",
    ),
    (
        _norm_kept,
        "y1_replaced_by_its_norm",
        "`y1 = layer_norm(y1, ...)` writes over it",
        "the normed y1 takes the place of y1, and is returned; the norm is for the feed-forward layer alone",
    ),
    (
        _norms_exchanged,
        "norms_exchanged",
        "the two have the same names",
        "each part uses the scale and bias of the other one's norm",
    ),
    (
        _one_norm_for_both,
        "one_norm_for_both",
        "a line is copied",
        "the feed-forward layer uses scale and bias of the attention's norm; it has its own",
    ),
):
    function.__name__ = name
    exercise.mistake(why=why, says=says)(function)

_mistaken_norm(
    "scale_and_bias_forgotten",
    lambda x, p: _norm(x, 1, 0),
    why="a norm seems to be done with mean 0 and variance 1",
    says="scale and bias of the norms are not used",
)
_mistaken_norm(
    "bias_of_the_norm_forgotten",
    lambda x, p: _norm(x, p["norm"]["scale"], 0),
    why="the scale alone is remembered",
    says="the bias of the norms is not added",
)
_mistaken_norm(
    "mean_alone",
    lambda x, p: p["norm"]["scale"] * (x - np.mean(x, axis=-1, keepdims=True)) + p["norm"]["bias"],
    why="the division is forgotten",
    says="the norms take off the mean, but do not divide by the root of the variance",
)
_mistaken_norm(
    "mean_not_taken_off",
    lambda x, p: p["norm"]["scale"] * x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-6) + p["norm"]["bias"],
    why="so does RMSNorm",
    says="the norms divide by the root of the mean square, and do not take off the mean first",
)
_mistaken_norm(
    "divided_by_the_variance",
    lambda x, p: (
        p["norm"]["scale"] * (x - np.mean(x, axis=-1, keepdims=True)) / (np.var(x, axis=-1, keepdims=True) + 1e-6)
        + p["norm"]["bias"]
    ),
    why="the root is forgotten",
    says="the norms divide by the variance; they divide by its root",
)
_mistaken_norm(
    "epsilon_of_another_framework",
    lambda x, p: _norm(x, **p["norm"], epsilon=1e-5),
    why="PyTorch has 1e-5",
    says="1e-5 is added to the variance; it is 1e-6, which is seen where features are small",
)
_mistaken_norm(
    "epsilon_behind_the_root",
    lambda x, p: (
        p["norm"]["scale"] * (x - np.mean(x, axis=-1, keepdims=True)) / (np.std(x, axis=-1, keepdims=True) + 1e-6)
        + p["norm"]["bias"]
    ),
    why="Adam has it there",
    says="1e-6 is added to the root of the variance; it is added to the variance, before the root",
)
_mistaken_norm(
    "norm_without_epsilon",
    lambda x, p: (
        p["norm"]["scale"] * (x - np.mean(x, axis=-1, keepdims=True)) / np.std(x, axis=-1, keepdims=True)
        + p["norm"]["bias"]
    ),
    why="so small a number seems to do nothing",
    says="the 1e-6 of the norms is missing, which is seen where features are small, or all equal",
)
_mistaken_norm(
    "variance_over_one_less",
    lambda x, p: (
        p["norm"]["scale"]
        * (x - np.mean(x, axis=-1, keepdims=True))
        / np.sqrt(np.var(x, axis=-1, keepdims=True, ddof=1) + 1e-6)
        + p["norm"]["bias"]
    ),
    why="so does a sample's variance, and PyTorch's `std`",
    says="the variance is divided by d - 1; in a norm it is the mean of the squares, divided by d",
)
_mistaken_norm(
    "norm_over_positions",
    lambda x, p: (
        p["norm"]["scale"]
        * (x - np.mean(x, axis=-2, keepdims=True))
        / np.sqrt(np.var(x, axis=-2, keepdims=True) + 1e-6)
        + p["norm"]["bias"]
    ),
    why="so does batch norm",
    says="the norms run over the positions; a layer norm runs over the features of each position",
)

# The heads.
_mistake(
    "first_head_alone",
    attention={
        "attend": lambda queries_keys, values, buckets, **sizes: (
            lsh_attention(queries_keys, values, buckets, **sizes)
            * (np.arange(queries_keys.shape[-3]) == 0)[:, np.newaxis, np.newaxis]
        )
    },
    why="one head is tried first",
    says="the first head alone attends: what the other heads give is 0",
)
_mistake(
    "last_head_for_all",
    attention={
        "attend": lambda queries_keys, values, buckets, **sizes: np.broadcast_to(
            lsh_attention(queries_keys, values, buckets, **sizes)[..., -1:, :, :], values.shape
        )
    },
    why="in a loop each head replaces the one before",
    says="the last head's outputs stand in the place of all heads: in the loop each replaces the one before",
)
_mistake(
    "buckets_of_the_first_head",
    attention={
        "hashed": lambda queries_keys, normed, rotations: np.broadcast_to(
            (found := angular_hash(queries_keys, rotations))[..., :1, :, :], found.shape
        ).copy()
    },
    why="the rotations are shared, so the buckets seem to be",
    says="all heads use the buckets of the first; they share the rotations, but each hashes its own queries",
)
_mistake(
    "heads_without_swapping_the_axes",
    attention={"split": lambda array, n_heads: _reshaped_heads(array, n_heads)},
    why="a reshape to (..., H, L, d/H) has the right shape",
    says="the heads are cut by `reshape` alone, which mixes positions: reshape to (..., L, H, d/H), then swap two axes",
)
_mistake(
    "heads_merged_without_swapping_the_axes",
    attention={
        "merge": lambda heads: heads.reshape(*heads.shape[:-3], heads.shape[-2], heads.shape[-3] * heads.shape[-1])
    },
    why="a reshape to (..., L, d) has the right shape",
    says="the heads are put together by `reshape` alone, which mixes positions: swap the axes back first",
)
_mistake(
    "heads_cut_both_ways_without_swapping",
    attention={
        "split": lambda array, n_heads: _reshaped_heads(array, n_heads),
        "merge": lambda heads: heads.reshape(*heads.shape[:-3], heads.shape[-2], heads.shape[-3] * heads.shape[-1]),
    },
    why="two reshapes undo each other",
    says="the heads are cut and put together by `reshape` alone, so that a head holds some positions, not some "
    "features: swap two axes, and swap them back",
)
_mistake(
    "every_h_th_feature",
    attention={
        "split": lambda array, n_heads: np.ascontiguousarray(
            np.moveaxis(array.reshape(*array.shape[:-1], array.shape[-1] // n_heads, n_heads), -1, -3)
        ),
        "merge": lambda heads: np.moveaxis(heads, -3, -1).reshape(
            *heads.shape[:-3], heads.shape[-2], heads.shape[-3] * heads.shape[-1]
        ),
    },
    why="d/H and H change places in the reshape",
    says="a head takes every H-th feature; it takes d/H features that stand side by side",
)
_mistake(
    "heads_ignored",
    attention={"split": lambda array, n_heads: array[..., np.newaxis, :, :]},
    why="`n_heads` is not used",
    says="there is one head, of all features, and the rotations do not fit it: cut into `n_heads` heads first",
)

# The attention.
_mistake(
    "output_map_forgotten",
    attention={"leave": lambda merged, p: merged},
    why="the heads are put together, and that looks like the end",
    says="the last map of the attention, `w_out`, is missing",
)
_mistake(
    "maps_exchanged",
    attention={"heads_of": lambda normed, p: (normed @ p["w_v"], normed @ p["w_qk"])},
    why="the two have the same shape",
    says="`w_qk` and `w_v` change places",
)
_mistake(
    "values_are_the_queries",
    attention={"heads_of": lambda normed, p: (normed @ p["w_qk"], normed @ p["w_qk"])},
    why="what is shared seems to be shared by all three",
    says="the values are made by `w_qk`, too; queries and keys share it, values have `w_v`",
)
_mistake(
    "values_not_mapped",
    attention={"heads_of": lambda normed, p: (normed @ p["w_qk"], normed)},
    why="`w_v` is forgotten",
    says="the values are the normed vectors themselves; map them by `w_v`",
)
_mistake(
    "maps_transposed",
    attention={
        "heads_of": lambda normed, p: (normed @ p["w_qk"].T, normed @ p["w_v"].T),
        "leave": lambda merged, p: merged @ p["w_out"].T,
    },
    why="frameworks store a layer's matrix the other way round",
    says="the maps of the attention are transposed: it is vectors @ matrix",
)
_mistake(
    "inputs_hashed",
    attention={"hashed": lambda queries_keys, normed, rotations: angular_hash(normed, rotations)},
    why="what is hashed seems to be what comes in",
    says="the normed vectors are hashed; it is the queries, after `w_qk`, that have to land with keys like them",
)
_mistake(
    "first_round_only",
    attention={"hashed": lambda queries_keys, normed, rotations: angular_hash(queries_keys, rotations[:1])},
    why="`rotations[0]` has the shape of one matrix",
    says="the first round alone is hashed",
)
_mistake(
    "divided_by_the_root_of_d",
    attention={
        "attend": lambda queries_keys, values, buckets, **sizes: lsh_attention(
            queries_keys / np.sqrt(queries_keys.shape[-1]), values, buckets, **sizes
        )
    },
    why="so does a Transformer",
    says="the queries are divided by the root of their size; with keys of length one they are not",
)
_mistake(
    "dense_attention",
    attention={"attend": lambda queries_keys, values, buckets, **sizes: shared_qk_attention(queries_keys, values)},
    why="dense attention gives nearly the same where chunks are few",
    says="the attention is dense: the buckets play no part",
)
_mistake(
    "other_buckets_hidden",
    attention={
        "attend": lambda queries_keys, values, buckets, **sizes: lsh_attention(
            queries_keys, values, buckets, **sizes, same_bucket_only=True
        )
    },
    why="the paper's formula hides other buckets",
    says="keys of other buckets are hidden, as in the paper's formula; here all of the window is visible, as in its "
    "code",
)
_mistake(
    "chunk_length_taken_for_their_number",
    attention={"chunk_length_of": lambda length, chunk_length: max(1, length // chunk_length)},
    why="the number of chunks is taken for their length",
    says="the sorted sequence is cut into `chunk_length` chunks; a chunk holds that many positions",
)
_mistake(
    "not_causal",
    attention={
        "attend": lambda queries_keys, values, buckets, **sizes: lsh_attention(
            queries_keys, values, buckets, **sizes, causal=False
        )
    },
    why="a switch is left off",
    says="later keys are visible in the attention",
)

# The feed-forward layer.
_mistake(
    "relu_forgotten",
    feed={"activate": lambda wide: wide},
    why="the two maps are what is remembered",
    says="the ReLU between the two maps of the feed-forward layer is missing, so that they are one",
)
_mistake(
    "relu_at_the_end",
    feed={
        "activate": lambda wide: wide,
        "narrow": lambda wide, p: np.maximum(wide @ p["w_out"] + p["b_out"], 0),
    },
    why="an activation is thought to come last",
    says="the ReLU stands behind the second map of the feed-forward layer; it stands between the two",
)
_mistake(
    "relu_before_the_bias",
    feed={"widen": lambda normed, p: np.maximum(normed @ p["w_in"], 0) + p["b_in"], "activate": lambda wide: wide},
    why="a bracket is misplaced",
    says="the ReLU comes before `b_in` is added; it comes after it",
)
_mistake(
    "tanh_for_relu",
    feed={"activate": np.tanh},
    why="the forms of the questions have a tanh",
    says="the activation is tanh; it is a ReLU, max(x, 0)",
)
_mistake(
    "biases_forgotten",
    feed={"widen": lambda normed, p: normed @ p["w_in"], "narrow": lambda wide, p: wide @ p["w_out"]},
    why="the maps of the attention have none",
    says="the biases of the feed-forward layer, `b_in` and `b_out`, are missing",
)
_mistake(
    "first_bias_forgotten",
    feed={"widen": lambda normed, p: normed @ p["w_in"]},
    why="one of the two is forgotten",
    says="`b_in` is not added",
)
_mistake(
    "second_bias_forgotten",
    feed={"narrow": lambda wide, p: wide @ p["w_out"]},
    why="one of the two is forgotten",
    says="`b_out` is not added",
)


def _reshaped_heads(array, n_heads):
    *batch, length, d = array.shape
    return array.reshape(*batch, n_heads, length, d // n_heads)
