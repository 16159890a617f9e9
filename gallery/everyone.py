"""Room G5, everyone asks everyone: several averages at once, and pixels that ask all other pixels.

A head gives each query one average. `Reporter`, a single layer of attention, has to report two numbers: that takes two
averages. `Painter` says of each pixel of a picture whether it is sea or lake, which only a boat or a duck far away can
tell; it looks at the pixels around, at the mean of all, or asks all of them by attention.

Letters: B pictures or tables, n who ask, m who are asked, H heads, F features of a token, d features inside.
Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.2; Wang et al., "Non-local Neural Networks"
(2018), for pixels.
"""

from dataclasses import dataclass

import numpy as np

from gallery.allowed import allowed_softmax_backward
from gallery.learning import learn
from reformer.arguments import require_arrays
from reformer.attention import scaled, softmax
from reformer.gradients import linear_vjp
from reformer.layers import linear, merge_heads, split_heads
from reformer.losses import cross_entropy_backward, cross_entropy_forward

SIZE, N_BANDS, N_FEATURES = 12, 3, 6  # pixels along a side, bands of water, numbers of a pixel
BOAT, DUCK = 4, 5  # two of them
PROJECTIONS = ("w_q", "w_k", "w_v", "w_out")
NUMBER, N_COLUMNS = 4, 7  # columns of a token in a table; from NUMBER on they hold its number


def multi_head_attention(x, memory, parameters, n_heads):
    """Let each of x ask each of memory in several heads: softmax attention in each, then one map of all together.

    Parameters
    ----------
    x : (..., n, F) float32 or float64 array, who asks
    memory : (..., m, F) array, who is asked; `memory = x` is self-attention
    parameters : {"w_q", "w_k", "w_v" (F, d), "w_out" (d, e)}
    n_heads : H, a divisor of d

    Returns
    -------
    outputs : (..., n, e) array

    Raises ValueError if a shape or dtype does not fit.
    """
    *_, values, weights = attend(x, memory, parameters, n_heads)
    return linear(merge_heads(weights @ values), parameters["w_out"], None)


def multi_head_attention_forward(x, memory, parameters, n_heads):
    """`multi_head_attention`: (outputs, saved), with `saved` for `multi_head_attention_backward`."""
    return multi_head_attention(x, memory, parameters, n_heads), (x, memory, parameters, n_heads)


def multi_head_attention_backward(gradient, saved):
    """((d_x, d_memory), {"w_q", "w_k", "w_v", "w_out"}) of `multi_head_attention`."""
    x, memory, parameters, n_heads = saved
    queries, keys, values, weights = attend(*saved)
    d_together, d_out, _ = linear_vjp(gradient, merge_heads(weights @ values), parameters["w_out"])
    d_averages = split_heads(d_together, n_heads)
    d_scores, _ = allowed_softmax_backward(d_averages @ values.swapaxes(-1, -2), weights)
    d_queries, d_keys = scaled(d_scores @ keys), d_scores.swapaxes(-1, -2) @ scaled(queries)
    d_values = weights.swapaxes(-1, -2) @ d_averages
    each = zip((d_queries, d_keys, d_values), (x, memory, memory), PROJECTIONS, strict=False)
    sent, found, _ = zip(*(linear_vjp(merge_heads(d), of, parameters[name]) for d, of, name in each), strict=True)
    return (sent[0], sent[1] + sent[2]), dict(zip(PROJECTIONS, (*found, d_out), strict=True))


def attend(x, memory, parameters, n_heads):
    """What is asked, and how much of each is read.

    Parameters
    ----------
    as for `multi_head_attention`

    Returns
    -------
    queries, keys, values : (..., H, n or m, d/H) arrays, each head's own
    weights : (..., H, n, m) array, softmax of q . k / sqrt(d/H)
    """
    x, memory = require_arrays(x=(x, "... n F"), memory=(memory, "... m F"))
    maps = zip((x, memory, memory), PROJECTIONS, strict=False)
    queries, keys, values = (split_heads(linear(of, parameters[name], None), n_heads) for of, name in maps)
    return queries, keys, values, softmax(scaled(queries) @ keys.swapaxes(-1, -2))


def _draw(rng, dtype, sizes):
    return {name: (rng.standard_normal(size) / np.sqrt(size[0])).astype(dtype) for name, size in sizes.items()}


# --- two numbers to report -------------------------------------------------------------------------------------------


def draw_tables(rng, n_tables, n_tokens=12, *, apart=False):
    """Draw tokens with a number each; two of them are marked, and their numbers are to be reported.

    Parameters
    ----------
    rng : np.random.Generator
    n_tables, n_tokens : how many tables, and how many tokens in each
    apart : whether a number stands in another column in the token marked A, in that marked B, and in the others

    Returns
    -------
    tokens : (B, m, 7) float32 array: is token 0, is token 1, is marked A, is marked B, and three columns for a number
    numbers : (B, 2) float32 array, that of A and that of B
    """
    numbers = rng.standard_normal((n_tables, n_tokens, 1))
    kind = np.minimum(rng.permuted(np.tile(np.arange(n_tokens - 2), (n_tables, 1)), axis=1), 2)
    is_kind = np.eye(3)[np.pad(kind, ((0, 0), (2, 0)), constant_values=2)]  # A, B, neither; those who ask are neither
    asks = np.broadcast_to(np.eye(n_tokens, 2), (n_tables, n_tokens, 2))
    tokens = np.concatenate([asks, is_kind[..., :2], numbers * (is_kind if apart else [1, 0, 0])], axis=-1)
    return tokens.astype(np.float32), np.sum(numbers * is_kind[..., :2], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Reporter:
    """One layer of attention, whose outputs are the report; as `gallery.learning` wants it.

    Token 0 asks, and reports both numbers. With `n_asking = 2` token 1 asks, too, and each reports one of them.
    """

    n_heads: int
    n_asking: int = 1
    keys_see_numbers: bool = False
    d_model: int = 16

    def init_parameters(self, rng, dtype=np.float32):
        """Draw parameters: as many for any number of heads."""
        sizes = dict.fromkeys(PROJECTIONS, (N_COLUMNS, self.d_model)) | {"w_out": (self.d_model, 2 // self.n_asking)}
        parameters = _draw(rng, dtype, sizes)
        parameters["w_k"][NUMBER:] *= self.keys_see_numbers
        return parameters

    def reports(self, parameters, tokens):
        """The two numbers as reported: (B, 2)."""
        return multi_head_attention(tokens[:, : self.n_asking], tokens, parameters, self.n_heads).reshape(-1, 2)

    def loss_and_gradients(self, parameters, tokens, numbers, *, seed=0):
        """The mean squared error and its gradients, as a dict like the parameters. Nothing is random here."""
        outputs, saved = multi_head_attention_forward(tokens[:, : self.n_asking], tokens, parameters, self.n_heads)
        off = outputs.reshape(numbers.shape) - numbers
        _, gradients = multi_head_attention_backward((2 * off / off.size).reshape(outputs.shape), saved)
        gradients["w_k"][NUMBER:] *= self.keys_see_numbers  # keys that see no number have zeros there, and keep them
        return np.mean(off**2), gradients


# --- sea or lake ----------------------------------------------------------------------------------------------------


def draw_waters(rng, n_pictures):
    """Draw pictures of three bands of water, each of its own hue, a quarter of it land, with a boat or a duck on it.

    Water on which a boat floats is sea, all of the band; with a duck it is a lake.

    Returns
    -------
    pixels : (B, n, F) float32 array of n = SIZE * SIZE pixels, row by row: cosine and sine of the hue, is water, is
        land, is a boat, is a duck; land has no hue, and boats and ducks have that of their water
    is_sea : (B, n) integer array of 0 and 1, the label of the pixel's band
    is_water : (B, n) boolean array, where the label is asked for
    """
    shape = n_pictures, N_BANDS, SIZE * SIZE // N_BANDS
    turns = rng.random((n_pictures, 1)) + (np.arange(N_BANDS) + rng.uniform(-0.2, 0.2, shape[:2])) / N_BANDS
    hues = 2 * np.pi * rng.permuted(turns, axis=1)[..., np.newaxis]
    has_boat, order = rng.random(shape[:2])[..., np.newaxis] < 0.5, rng.random(shape)
    is_thing, water = order == order.max(axis=2, keepdims=True), order > 0.25
    parts = water * np.cos(hues), water * np.sin(hues), water, ~water, is_thing & has_boat, is_thing & ~has_boat
    pixels = np.stack(parts, axis=-1).astype(np.float32)
    is_sea = np.broadcast_to(has_boat, shape).reshape(n_pictures, -1).astype(int)
    return pixels.reshape(*is_sea.shape, -1), is_sea, water.reshape(is_sea.shape)


def patches(pixels, radius):
    """What stands around each pixel: (B, n, F) -> (B, n, F (2 radius + 1)^2), 0 beyond the edge."""
    wide = np.pad(pixels.reshape(-1, SIZE, SIZE, pixels.shape[-1]), ((0, 0), (radius,) * 2, (radius,) * 2, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(wide, (2 * radius + 1,) * 2, axis=(1, 2))
    return windows.reshape(len(pixels), SIZE * SIZE, -1)


@dataclass(frozen=True)
class Painter:
    """A layer for each pixel's surroundings, plus what it is told, then two layers; as `gallery.learning` wants it.

    asks : whom each pixel asks by attention: "all" pixels, the "mean" of all (one vector, whose weight is 1), or
        "nobody" (a vector of zeros, which tells nothing)
    radius : how far a pixel sees around itself; 1 makes a patch of 3 x 3
    """

    asks: str
    radius: int = 0
    n_heads: int = 1
    d_model: int = 24

    def init_parameters(self, rng, dtype=np.float32):
        """Draw parameters: as many, and the same ones but for the first layer, whoever is asked."""
        d, n_inputs = self.d_model, N_FEATURES * (2 * self.radius + 1) ** 2
        sizes = dict.fromkeys(PROJECTIONS, (d, d)) | {"second": (d, d), "answer": (d, 2), "first": (n_inputs, d)}
        biases = {f"{name}_bias": np.zeros(sizes[name][1], dtype) for name in ("first", "second", "answer")}
        return _draw(rng, dtype, sizes) | biases

    def logits(self, parameters, pixels):
        """ "lake" and "sea" of each pixel: (B, n, 2)."""
        return self._forward(parameters, pixels)[0]

    def weights(self, parameters, pixels):
        """What each pixel reads of each whom it asks: (B, H, n, m)."""
        return attend(*self._forward(parameters, pixels)[1][2])[-1]

    def accuracy(self, parameters, pixels, is_sea, is_water):
        """Share of water pixels that are called right."""
        return float(np.mean((np.argmax(self.logits(parameters, pixels), axis=-1) == is_sea)[is_water]))

    def loss_and_gradients(self, parameters, pixels, is_sea, is_water, *, seed=0):
        """Cross-entropy over the water, and its gradients, as a dict like the parameters. Nothing is random here."""
        logits, (around, items, saved, mixed, second) = self._forward(parameters, pixels)
        loss, kept = cross_entropy_forward(logits, is_sea, is_water)
        gradients, (d_logits, _) = {}, cross_entropy_backward(1.0, kept)

        d_second, gradients["answer"], gradients["answer_bias"] = linear_vjp(d_logits, second, parameters["answer"])
        d_second = d_second * (second > 0)
        d_mixed, gradients["second"], gradients["second_bias"] = linear_vjp(d_second, mixed, parameters["second"])
        (d_asking, d_memory), found = multi_head_attention_backward(d_mixed, saved)
        d_items = (d_mixed + d_asking + self._memory(items)[1] * d_memory) * (items > 0)
        _, gradients["first"], gradients["first_bias"] = linear_vjp(d_items, around, parameters["first"])
        return loss, gradients | found

    def _forward(self, parameters, pixels):
        around = patches(pixels, self.radius)
        items = np.maximum(linear(around, parameters["first"], parameters["first_bias"]), 0)
        told, saved = multi_head_attention_forward(items, self._memory(items)[0], parameters, self.n_heads)
        mixed = items + told
        second = np.maximum(linear(mixed, parameters["second"], parameters["second_bias"]), 0)
        return linear(second, parameters["answer"], parameters["answer_bias"]), (around, items, saved, mixed, second)

    def _memory(self, items):
        """Who is asked, and how much of its gradient each pixel gets."""
        mean, share = items.mean(axis=1, keepdims=True), items.dtype.type(1 / items.shape[1])
        return {"all": (items, 1), "mean": (mean, share), "nobody": (0 * mean, 0)}[self.asks]


def trained_reporter(seed, *, n_steps, apart=False, **how):
    """Draw tables, train a `Reporter` on them: (network, parameters). `how` are its fields."""
    network, tables = Reporter(**how), draw_tables(np.random.default_rng(seed), 5000, apart=apart)
    return network, learn(network, tables, seed=seed, n_steps=n_steps)


def trained_painter(seed, *, n_steps, n_pictures=2000, **how):
    """Draw pictures, train a `Painter` on them: (network, parameters). `how` are its fields."""
    network, pictures = Painter(**how), draw_waters(np.random.default_rng(seed), n_pictures)
    return network, learn(network, pictures, seed=seed, n_steps=n_steps, batch_size=16, learning_rate=5e-3)
