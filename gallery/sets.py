"""Room G1, one question to a set: how many things become one, when only the whole has a label.

A bag holds digits, drawn coarsely and with noise, and is labelled as a whole: is there a nine? A small network looks at
each digit by itself and pools what it found. The poolings are the mean, the largest of each feature, and a mean whose
weights are learned: attention, whose query is one vector for the whole task.

Letters: B bags, n items of a bag, d features of an item, F pixels. Class 1 is "yes".
Source: Ilse, Tomczak, Welling, "Attention-based Deep Multiple Instance Learning" (2018), equation 8: w . tanh(V h).
"""

from dataclasses import dataclass

import numpy as np

from gallery.allowed import allowed_softmax, allowed_softmax_backward
from gallery.learning import learn
from reformer.arguments import require_arrays, require_choice
from reformer.gradients import linear_vjp
from reformer.layers import linear
from reformer.losses import cross_entropy_backward, cross_entropy_forward

GLYPHS = (
    "### ..# ### ### #.# ### ### ### ### ###",
    "#.# ..# ..# ..# #.# #.. #.. ..# #.# #.#",
    "#.# ..# ### ### ### ### ### ..# ### ###",
    "#.# ..# #.. ..# ..# ..# #.# ..# #.# ..#",
    "### ..# ### ### ..# ### ### ..# ### ###",
)
DIGITS = np.array([[[dot == "#" for dot in word] for word in row.split()] for row in GLYPHS]).swapaxes(0, 1)
NINE = 9
POOLINGS = ("mean", "max", "attention")


def attention_pool(vectors, scores, present):
    """Average the vectors of each bag by the softmax of their scores; items that are not present count nothing.

    Parameters
    ----------
    vectors : (B, n, d) float32 or float64 array
    scores : (B, n) array of the same dtype
    present : (B, n) boolean array, False where a bag has no such item

    Returns
    -------
    pooled : (B, d) array; zeros for an empty bag

    Raises ValueError if a shape or dtype does not fit.
    """
    vectors, scores, present = require_arrays(
        vectors=(vectors, "B n d"), scores=(scores, "B n"), present=(present, "B n", bool)
    )
    weights = allowed_softmax(scores, present)
    return np.einsum("bn,bnd->bd", weights, np.where(present[..., np.newaxis], vectors, 0))


def attention_pool_forward(vectors, scores, present):
    """`attention_pool`: (pooled, saved), with `saved` for `attention_pool_backward`."""
    return attention_pool(vectors, scores, present), (vectors, scores, present)


def attention_pool_backward(gradient, saved):
    """((d_vectors, d_scores), {}) of `attention_pool`."""
    vectors, scores, present = saved
    weights = allowed_softmax(scores, present)
    heard = np.where(present[..., np.newaxis], vectors, 0)
    d_scores, _ = allowed_softmax_backward(np.einsum("bd,bnd->bn", gradient, heard), weights)
    return (weights[..., np.newaxis] * gradient[:, np.newaxis], d_scores), {}


def draw_bags(rng, n_bags, n_items=10, *, n_nines=(0, 1), companion=None, noise=0.2):
    """Draw bags of digits with noise, half of them labelled 1.

    Parameters
    ----------
    rng : np.random.Generator
    n_bags, n_items : how many bags, and how many digits in each
    n_nines : how many nines in a bag labelled 0, and in one labelled 1; its other digits are none
    companion : a digit of which there is one in each bag labelled 1, and none in the others; or None
    noise : standard deviation of what is added to each pixel, which is 0 or 1

    Returns
    -------
    bags : (B, n, F) float32 array
    labels : (B) integer array of 0 and 1
    digits : (B, n) integer array, what each item is
    """
    others = [digit for digit in range(NINE) if digit != companion]
    digits, labels = rng.choice(others, (n_bags, n_items)), rng.integers(0, 2, n_bags)
    digits[np.arange(n_items) < np.array(n_nines)[labels][:, np.newaxis]] = NINE
    if companion is not None:
        digits[labels == 1, -1] = companion
    digits = rng.permuted(digits, axis=1)
    bags = DIGITS[digits].reshape(n_bags, n_items, -1) + noise * rng.standard_normal((n_bags, n_items, DIGITS[0].size))
    return bags.astype(np.float32), labels, digits


@dataclass(frozen=True)
class BagNetwork:
    """Two layers for each item, a pooling, a linear map to "no" and "yes"; as `gallery.learning` wants it."""

    pooling: str
    n_pixels: int = DIGITS[0].size
    d_model: int = 32

    def __post_init__(self):
        require_choice("pooling", self.pooling, POOLINGS)

    def init_parameters(self, rng, dtype=np.float32):
        """Draw parameters. All poolings draw the same ones, the two of attention last."""
        d = self.d_model
        sizes = {"first": (self.n_pixels, d), "second": (d, d), "answer": (d, 2), "hidden": (d, d), "query": (d, 1)}
        drawn = {name: rng.standard_normal(size) * np.sqrt(1 / size[0]) for name, size in sizes.items()}
        drawn |= {f"{name}_bias": np.zeros(sizes[name][1]) for name in ("first", "second", "answer")}
        used = [name for name in drawn if self.pooling == "attention" or name not in ("hidden", "query")]
        return {name: drawn[name].astype(dtype) for name in used}

    def features(self, parameters, bags):
        """What the network finds in each item: (B, n, F) -> the features (B, n, d) of both layers."""
        first = np.maximum(linear(bags, parameters["first"], parameters["first_bias"]), 0)
        return first, np.maximum(linear(first, parameters["second"], parameters["second_bias"]), 0)

    def scores(self, parameters, items):
        """How much each item is asked for, w . tanh(V h): (B, n, d) -> (B, n) scores, and the (B, n, d) of tanh."""
        bent = np.tanh(items @ parameters["hidden"])
        return (bent @ parameters["query"])[..., 0], bent

    def weights(self, parameters, bags):
        """The weight of each item in attention pooling: (B, n)."""
        scores, _ = self.scores(parameters, self.features(parameters, bags)[1])
        return allowed_softmax(scores, np.ones(scores.shape, bool))

    def logits(self, parameters, bags):
        """ "no" and "yes" of each bag: (B, 2)."""
        pooled, _ = self._pool(parameters, self.features(parameters, bags)[1])
        return linear(pooled, parameters["answer"], parameters["answer_bias"])

    def accuracy(self, parameters, bags, labels):
        """Share of bags that are answered right."""
        return float(np.mean(np.argmax(self.logits(parameters, bags), axis=1) == labels))

    def loss_and_gradients(self, parameters, bags, labels, *, seed=0):
        """Cross-entropy of the labels, and its gradients, as a dict like the parameters. Nothing is random here."""
        first, items = self.features(parameters, bags)
        pooled, saved = self._pool(parameters, items)
        logits = linear(pooled, parameters["answer"], parameters["answer_bias"])
        loss, kept = cross_entropy_forward(logits, labels, np.ones(len(labels)))
        gradients, (d_logits, _) = {}, cross_entropy_backward(1.0, kept)
        d_pooled, gradients["answer"], gradients["answer_bias"] = linear_vjp(d_logits, pooled, parameters["answer"])
        d_items = self._pool_backward(d_pooled, parameters, items, saved, gradients) * (items > 0)
        d_first, gradients["second"], gradients["second_bias"] = linear_vjp(d_items, first, parameters["second"])
        _, gradients["first"], gradients["first_bias"] = linear_vjp(d_first * (first > 0), bags, parameters["first"])
        return loss, gradients

    def _pool(self, parameters, items):
        if self.pooling == "mean":
            return np.mean(items, axis=1), None
        if self.pooling == "max":
            return np.max(items, axis=1), np.argmax(items, axis=1)
        scores, bent = self.scores(parameters, items)
        pooled, saved = attention_pool_forward(items, scores, np.ones(scores.shape, bool))
        return pooled, (saved, bent)

    def _pool_backward(self, d_pooled, parameters, items, saved, gradients):
        """The gradient of the items; those of attention's own parameters are added to `gradients`."""
        if self.pooling == "mean":
            return np.broadcast_to(d_pooled[:, np.newaxis] / items.shape[1], items.shape)
        if self.pooling == "max":
            d_items = np.zeros_like(items)
            np.put_along_axis(d_items, saved[:, np.newaxis], d_pooled[:, np.newaxis], axis=1)
            return d_items
        pooling, bent = saved
        (d_items, d_scores), _ = attention_pool_backward(d_pooled, pooling)
        d_bent, gradients["query"], _ = linear_vjp(d_scores[..., np.newaxis], bent, parameters["query"])
        d_through, gradients["hidden"], _ = linear_vjp(d_bent * (1 - bent**2), items, parameters["hidden"])
        return d_items + d_through


def trained(pooling, seed, *, n_steps, n_bags=1000, **how):
    """Draw bags, train a network on them: (network, parameters). `how` as in `draw_bags`; the draws are the seed's."""
    bags, labels, _ = draw_bags(np.random.default_rng(seed), n_bags, **how)
    network = BagNetwork(pooling)
    return network, learn(network, (bags, labels), seed=seed, n_steps=n_steps, learning_rate=3e-3)
