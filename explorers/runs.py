"""Small trainings, noted point by point as the explorer of training draws them.

`python -m explorers.runs` trains the one that `TrainingExplorer` shows before a reader trains one: half a minute. It
goes to recorded_run.npz, beside this file.
"""

from functools import partial
from pathlib import Path

import numpy as np

from reformer.attention import dense_attention, shared_qk_attention
from reformer.blocks import attention_options, hash_heads, to_heads
from reformer.lsh_attention import lsh_attention
from reformer.model import ReformerLM
from reformer.optimizer import learning_rate_at
from reformer.sampling import sample
from reformer.tasks import duplication
from reformer.training import start_training, train

RECORDED = Path(__file__).with_name("recorded_run.npz")
LENGTH, N_SYMBOLS = 32, 26  # a separator, 15 letters, and the same again
GIVEN = LENGTH // 2 + 1  # tokens that a model is given when it writes: the word, and the separator behind it
EVERY, N_STEPS = 5, 200  # steps between two points of a run, and of the whole
N_EXAMPLES, N_HELD_OUT = 3, 64
SHADES = 255  # weights are noted in so many steps


def small_reformer():
    """One layer with two rounds of LSH attention, for the task of duplication."""
    return ReformerLM(
        vocabulary_size=N_SYMBOLS + 1, max_length=LENGTH, n_layers=1, d_ff=64, n_buckets=8, chunk_length=8, fast=True
    )


class Run:
    """One training of a model on the task of duplication, and what is noted of it every `EVERY` steps.

    `points` has, by name, a list of what stands in `TrainingExplorer` under that name.
    """

    def __init__(self, model, seed):
        rng = np.random.default_rng(seed)
        self.model, self.state = model, start_training(model, rng)
        self.draw = partial(duplication, n_sequences=32, length=LENGTH, n_symbols=N_SYMBOLS)
        self.held_out = duplication(
            np.random.default_rng((seed, 1)), n_sequences=N_HELD_OUT, length=LENGTH, n_symbols=N_SYMBOLS
        )
        self.examples = self.held_out.inputs[:N_EXAMPLES].astype(np.uint8)
        self.points = {name: [] for name in ("steps", "losses", "accuracies", "attention", "written")}
        self.note()

    @property
    def is_done(self):
        return self.state.step >= N_STEPS

    def advance(self):
        """Train to the next point, and note it."""
        rate = partial(learning_rate_at, peak=3e-3, n_warmup=50)
        to = self.state.step + EVERY
        self.state = train(self.model, self.draw, self.state, n_steps=to, learning_rate=rate, progress=False)
        self.note()

    def note(self):
        parameters = self.state.parameters
        found = self.model.evaluate(parameters, *self.held_out)
        of_point = {
            "steps": self.state.step,
            "losses": found["loss"],
            "accuracies": found["accuracy"],
            "attention": np.round(SHADES * attention_weights(self.model, parameters, self.examples)).astype(np.uint8),
            "written": write(self.model, parameters, self.examples),
        }
        for name, value in of_point.items():
            self.points[name].append(value)

    def arrays(self):
        """What was noted so far, as arrays by name."""
        return {"examples": self.examples} | {name: np.array(values) for name, values in self.points.items()}


def attention_weights(model, parameters, tokens):
    """Weights of the first layer: (batch, L) tokens -> (batch, H, L, L), a row for each query."""
    vectors, _ = model.input_forward(parameters, tokens)
    *heads, _ = to_heads(vectors, parameters["layers"]["0"]["attention"], model.n_heads)
    length = heads[0].shape[-2]
    each_itself = np.broadcast_to(np.eye(length, dtype=vectors.dtype), (*heads[0].shape[:-2], length, length))
    if model.attention == "dense":
        return dense_attention(*heads, each_itself, causal=True)
    if model.attention == "shared_qk":
        return shared_qk_attention(*heads, each_itself)
    buckets = hash_heads(model, heads[0], np.random.default_rng((0, 0, 1)))  # the model's own, for seed 0
    return lsh_attention(*heads, each_itself, buckets, **attention_options(model, None))


def write(model, parameters, examples):
    """What the model writes behind the word and its separator, always the likeliest: (batch, L/2 - 1) tokens."""
    rng = np.random.default_rng(0)  # greedy: nothing is drawn
    texts = sample(model, parameters, examples[:, :GIVEN], n_new=LENGTH - GIVEN, rng=rng, temperature=0.0)
    return texts[:, GIVEN:].astype(np.uint8)


def recorded_run():
    """The arrays of the stored run, by name."""
    with np.load(RECORDED) as stored:
        return {name: stored[name] for name in stored.files}


def main():
    run = Run(small_reformer(), seed=0)
    while not run.is_done:
        run.advance()
        print(f"step {run.state.step}: {run.points['accuracies'][-1]:.0%} of the held-out letters", flush=True)
    np.savez_compressed(RECORDED, **run.arrays())


if __name__ == "__main__":
    main()
