"""Let a model write: one token after the other, each chosen from the logits of the last (unit 07).

Dense attention can remember: keys and values of earlier tokens never change, so they are kept in a cache, and a new
token costs one row. LSH attention cannot: a new token shifts the chunks of the sorted sequence, so every token is
computed again from the start. A model trained with LSH attention may also write with
`dataclasses.replace(model, attention="shared_qk")`, which has the same parameters and a cache.
"""

import numpy as np

from reformer.arguments import require_arrays, require_count, require_finite, require_integers, require_shape
from reformer.attention import scaled, softmax, unit_keys
from reformer.blocks import feed_forward_branch, from_heads, to_heads
from reformer.reversible import Branch


def sample(model, parameters, prompt, *, n_new, rng, temperature=1.0, top_k=None, stop=None, seed=0):
    """Continue each prompt by up to `n_new` tokens.

    Parameters
    ----------
    model : `ReformerLM` or `TransformerLM`
    parameters : its nested dict of arrays
    prompt : (batch, P) integer array of tokens, P at least 1
    n_new : number of tokens to write, at least 1; P + n_new is at most `model.max_length`
    rng : numpy.random.Generator that draws the tokens; greedy choice (temperature 0) does not use it
    temperature, top_k : as in `sample_token`
    stop : token that ends a text, or None. What would follow it is filled with it; when all texts have ended, it ends.
    seed : of the rotations of LSH attention

    Returns
    -------
    tokens : (batch, P + n_new) integer array, shorter if all texts have ended

    Raises ValueError if a token, a length or a number is out of range, or the logits are not finite.
    """
    tokens = require_integers("prompt", prompt, "batch P", below=model.vocabulary_size).astype(np.intp)
    if stop is not None:
        require_integers("stop", stop, "", below=model.vocabulary_size)
    n_new = require_count("n_new", n_new)
    n_prompt = require_count("the length of prompt", tokens.shape[1])
    if n_prompt + n_new > model.max_length:
        raise ValueError(f"n_new needs at most max_length - P = {model.max_length - n_prompt}, got {n_new}")
    next_logits = _Cached(model, parameters) if model.attention != "lsh" else _uncached(model, parameters, seed)
    ended = np.zeros(len(tokens), dtype=bool)
    for _ in range(n_new):
        uniforms = rng.random(len(tokens)) if temperature else np.zeros(len(tokens))
        chosen = sample_token(next_logits(tokens), uniforms, temperature=temperature, top_k=top_k)
        if stop is not None:
            chosen[ended] = stop
            ended |= chosen == stop
        tokens = np.concatenate([tokens, chosen[:, np.newaxis]], axis=1)
        if np.all(ended):
            break
    return tokens


def sample_token(logits, uniforms, *, temperature=1.0, top_k=None):
    """Choose a token for each row of logits, by inverse transform sampling.

    Parameters
    ----------
    logits : (..., V) float32 or float64 array
    uniforms : (...) array of numbers drawn evenly from [0, 1): token v is chosen where the probabilities of the tokens
        before it, in the order of their numbers, add up to at most that number, and with its own to more
    temperature : finite number of at least 0; logits are divided by it. At 0 the highest logit is taken, the lower
        token at a tie.
    top_k : only the so many highest logits count, of equal ones those of the lower tokens; None for all

    Returns
    -------
    tokens : (...) intp array

    Raises ValueError if a shape or number is not as above, or the highest logit of a row is not finite.
    Source: top-k: Fan, Lewis, Dauphin, "Hierarchical Neural Story Generation" (2018).
    """
    logits = require_arrays(logits=(logits, "... V+"))
    uniforms = require_shape("uniforms", np.asarray(uniforms), logits.shape[:-1])
    if not np.all((uniforms >= 0) & (uniforms < 1)):
        raise ValueError(
            f"uniforms needs numbers of at least 0 and below 1, got {np.min(uniforms)} to {np.max(uniforms)}"
        )
    if not 0 <= temperature < np.inf:
        raise ValueError(f"temperature needs a finite number of at least 0, got {temperature}")
    top_k = logits.shape[-1] if top_k is None else require_count("top_k", top_k)
    highest = require_finite("the highest logit of every row", np.max(logits, axis=-1, keepdims=True))
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    if top_k < logits.shape[-1]:
        order = np.argsort(-logits, axis=-1, kind="stable")  # stable: of equal logits the lower tokens count
        logits = logits.copy()
        np.put_along_axis(logits, order[..., top_k:], -np.inf, axis=-1)
    with np.errstate(over="ignore"):  # far below the highest logit, -inf is what is meant
        sharpened = (logits.astype(np.float64) - highest) / temperature
    up_to = np.cumsum(softmax(sharpened), axis=-1)
    return np.sum(up_to <= uniforms[..., np.newaxis] * up_to[..., -1:], axis=-1)


def _uncached(model, parameters, seed):
    """A function from all tokens so far to the next logits."""
    return lambda tokens: model.logits(parameters, tokens, seed=seed)[:, -1]


class _Cached:
    """The same, which computes only the positions that it has not seen yet."""

    def __init__(self, model, parameters):
        self.model, self.parameters, self.n_seen = model, model.conform_parameters(parameters), 0
        self.blocks = [
            (_cached_branch(model, layer["attention"]), feed_forward_branch(model, layer["feed_forward"]))
            for layer in self.parameters["layers"].values()
        ]

    def __call__(self, tokens):
        for place in range(self.n_seen, tokens.shape[1]):
            new = tokens[:, place : place + 1]
            hidden, _ = self.model.hidden_forward(self.parameters, new, self.blocks, first=place)
        self.n_seen = tokens.shape[1]
        return self.model.output(self.parameters, hidden[:, -1])


def _cached_branch(model, parameters):
    """An attention layer that is given one position after the other, and remembers keys and values."""
    memory = {}

    def forward(x, replay=None):
        attended = _attend_to_all_before(model, memory, *to_heads(x, parameters, model.n_heads))
        return from_heads(attended, parameters), None, None

    return Branch(forward, None)


def _attend_to_all_before(model, memory, query, *others):
    """Attention of one position, (batch, H, 1, d/H), to all so far, whose keys and values stand in `memory`."""
    shared = model.attention == "shared_qk"
    key, value = (unit_keys(query), *others) if shared else others
    if not memory:
        shape = (*key.shape[:2], model.max_length, key.shape[-1])
        memory.update(keys=np.empty(shape, key.dtype), values=np.empty(shape, key.dtype), n_seen=0)
    memory["keys"][:, :, memory["n_seen"]], memory["values"][:, :, memory["n_seen"]] = key[:, :, 0], value[:, :, 0]
    memory["n_seen"] += 1
    # With shared queries and keys a token sees itself only where nothing else is visible.
    visible = slice(max(1, memory["n_seen"] - 1) if shared else memory["n_seen"])
    logits = (query if shared else scaled(query)) @ np.swapaxes(memory["keys"][:, :, visible], -1, -2)
    return softmax(logits) @ memory["values"][:, :, visible]
