"""How small models of characters are trained on the stored text, and how they are judged.

Most steps read short windows, since those are cheap. Their positions begin anywhere, since a model that has seen
positions 0 to 63 alone is lost beyond them.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from classroom import vectors
from reformer.model import TransformerLM
from reformer.training import evaluate

TOKENS_IN_STEP = 1024


@dataclass(frozen=True, kw_only=True)
class ShiftedLM(TransformerLM):
    """A model whose positions begin at `first` in training, drawn anew at each step.

    Its fields make it a Transformer, a Reformer or one in between.
    """

    first: int = 0

    def loss_and_gradients(self, parameters, inputs, *others, seed):
        first = np.random.default_rng((seed, 7)).integers(self.max_length - inputs.shape[1] + 1)
        return super(ShiftedLM, replace(self, first=int(first))).loss_and_gradients(
            parameters, inputs, *others, seed=seed
        )

    def hidden_forward(self, parameters, tokens, blocks, *, first=0):
        return super().hidden_forward(parameters, tokens, blocks, first=first + self.first)


def shifted(model):
    """The same model for training: positions that begin anywhere, and the tuned path."""
    return ShiftedLM(**{field.name: getattr(model, field.name) for field in fields(model)} | {"fast": True})


def draw_windows(rng, tokens, length):
    """Draw windows of the text from anywhere: a batch of `TOKENS_IN_STEP` tokens."""
    starts = rng.integers(len(tokens) - length, size=TOKENS_IN_STEP // length)
    windows = tokens[starts[:, np.newaxis] + np.arange(length + 1)]
    return windows[:, :-1], windows[:, 1:], np.ones((len(windows), length), np.float32)


def bits_per_character(model, parameters, length, *, n_windows=None, seed=0):
    """Mean cross-entropy, in bits, on windows of `length` that fill the held-out text one after the other.

    n_windows : so many windows from the beginning; all of them without it
    seed : of the rotations of LSH attention
    """
    tokens = vectors.as_tokens(vectors.text("held_out"))
    starts = np.arange(0, len(tokens) - length, length)[:n_windows]
    windows = tokens[starts[:, np.newaxis] + np.arange(length + 1)]
    weights = np.ones((1, length), np.float32)
    batches = [(window[np.newaxis, :-1], window[np.newaxis, 1:], weights) for window in windows]
    return evaluate(model, parameters, batches, seed=seed)["loss"] / np.log(2)
