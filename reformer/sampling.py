"""Let a model write: one token after the other, each chosen from the logits of the last (unit 07).

`sample_token` chooses. `stream` writes: it reads the prompt into a `streaming.Memory`, and each token costs one row,
whatever stands before it. `sample` is all that a stream yields, behind the prompt.

With LSH attention each new token is answered as the newest so far, and the answer stays: see `streaming`. A model of
one layer writes what it would write if everything were computed again for every token. With more layers the texts
differ where two tokens are about as likely.
"""

import numpy as np

from reformer.arguments import require_arrays, require_count, require_finite, require_integers, require_shape
from reformer.attention import softmax
from reformer.streaming import Memory


def sample(model, parameters, prompt, **options):
    """Continue each prompt by up to `n_new` tokens.

    Parameters
    ----------
    model, parameters, prompt, options : as in `stream`

    Returns
    -------
    tokens : (batch n_samples, P + n_new) integer array, shorter if all texts have ended

    Raises ValueError as `stream`.
    """
    written = np.stack(list(stream(model, parameters, prompt, **options)), axis=1)
    prompts = np.repeat(np.asarray(prompt).astype(np.intp), len(written) // len(prompt), axis=0)
    return np.concatenate([prompts, written], axis=1)


def stream(
    model,
    parameters,
    prompt,
    *,
    n_new,
    rng,
    temperature=1.0,
    top_k=None,
    top_p=None,
    stop=None,
    n_samples=1,
    seed=0,
):
    """Continue each prompt token by token, and hand out every token as soon as it is chosen.

    Parameters
    ----------
    model : `ReformerLM` or `TransformerLM`
    parameters : its nested dict of arrays
    prompt : (batch, P) integer array of tokens, batch and P at least 1
    n_new : number of tokens to write, at least 1; P + n_new is at most `model.max_length`
    rng : numpy.random.Generator that draws the tokens; greedy choice (temperature 0) does not use it
    temperature, top_k : as in `sample_token`
    top_p : as in `keep_top_p`, or None for all tokens
    stop : token that ends a text, several of them, or None. What would follow it is filled with it; when all texts have
        ended, it ends.
    n_samples : texts to write for each prompt, which is read once; those of one prompt follow each other
    seed : of the rotations of LSH attention

    Returns
    -------
    tokens : iterator of up to n_new (batch n_samples) integer arrays

    Raises ValueError, before the first token, if a token, a length or a number is out of range; and where the logits
    are not finite.
    """
    prompt = require_integers("prompt", prompt, "batch+ P", below=model.vocabulary_size)
    stops = [] if stop is None else np.ravel(stop).tolist()
    require_integers("stop", stops, "tokens", below=model.vocabulary_size)
    n_new, n_samples = require_count("n_new", n_new), require_count("n_samples", n_samples)
    n_prompt = require_count("the length of prompt", prompt.shape[1])
    if n_prompt + n_new > model.max_length:
        raise ValueError(f"n_new needs at most max_length - P = {model.max_length - n_prompt}, got {n_new}")
    memory = Memory(model, parameters, prompt, seed=seed)
    if n_samples > 1:
        memory = memory.copies(n_samples)
    first = _choose(memory.logits, rng, temperature, top_k, top_p)

    def write(chosen):
        ended = np.zeros(len(chosen), dtype=bool)
        for n_written in range(1, n_new + 1):
            ended |= np.isin(chosen, stops)
            yield chosen.copy()
            if n_written == n_new or np.all(ended):
                return
            chosen = np.where(ended, chosen, _choose(memory.step(chosen), rng, temperature, top_k, top_p))

    return write(first)


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
    _require_temperature(temperature)
    top_k = logits.shape[-1] if top_k is None else require_count("top_k", top_k)
    require_finite("the highest logit of every row", np.max(logits, axis=-1))
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    if top_k < logits.shape[-1]:
        order = np.argsort(-logits, axis=-1, kind="stable")  # stable: of equal logits the lower tokens count
        logits = logits.copy()
        np.put_along_axis(logits, order[..., top_k:], -np.inf, axis=-1)
    up_to = np.cumsum(_probabilities(logits, temperature), axis=-1)
    return np.sum(up_to <= uniforms[..., np.newaxis] * up_to[..., -1:], axis=-1)


def keep_top_p(logits, top_p, *, temperature=1.0):
    """Hide all but the likeliest tokens that together have a given probability: nucleus sampling.

    Parameters
    ----------
    logits : (..., V) float32 or float64 array
    top_p : above 0, at most 1; the likeliest tokens are kept, of equal ones the lower first, until their probabilities
        add up to at least this. One is always kept.
    temperature : finite number of at least 0, by which the logits are divided first. At 0 one token is kept.

    Returns
    -------
    logits : (..., V) array of the same dtype, -inf where a token is hidden; for `sample_token`, with the same
        temperature

    Raises ValueError if a shape or number is not as above, or the highest logit of a row is not finite.
    Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020), section 3.1.
    """
    logits = require_arrays(logits=(logits, "... V+"))
    if not 0 < top_p <= 1:
        raise ValueError(f"top_p needs a number above 0 and at most 1, got {top_p}")
    _require_temperature(temperature)
    require_finite("the highest logit of every row", np.max(logits, axis=-1))
    order = np.argsort(-logits, axis=-1, kind="stable")
    likely = np.take_along_axis(logits, order, axis=-1)
    if temperature == 0:
        likelier = np.ones(logits.shape)
    else:
        probabilities = _probabilities(likely, temperature)
        likelier = np.cumsum(probabilities, axis=-1) - probabilities  # what the tokens before it add up to
    likelier[..., 0] = 0
    hidden = likelier >= top_p
    kept = np.empty_like(logits)
    np.put_along_axis(kept, order, np.where(hidden, -np.inf, likely).astype(logits.dtype), axis=-1)
    return kept


def _choose(logits, rng, temperature, top_k, top_p):
    """One token for each text, (batch, V) -> (batch)."""
    if top_p is not None:
        logits = keep_top_p(logits, top_p, temperature=temperature)
    uniforms = rng.random(len(logits)) if temperature else np.zeros(len(logits))
    return sample_token(logits, uniforms, temperature=temperature, top_k=top_k)


def _probabilities(logits, temperature):
    """softmax(logits / temperature), for a temperature above 0, in float64."""
    with np.errstate(over="ignore"):  # far below the highest logit, -inf is what is meant
        return softmax((logits.astype(np.float64) - np.max(logits, axis=-1, keepdims=True)) / temperature)


def _require_temperature(temperature):
    if not 0 <= temperature < np.inf:
        raise ValueError(f"temperature needs a finite number of at least 0, got {temperature}")
