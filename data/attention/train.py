"""Train the Transformers of data/attention: `python data/attention/train.py dense --seed 0`.

They are the course's own `TransformerLM`, and read the text of data/text by characters. One training takes five to
six CPU minutes. Parameters of seed 0 are stored here in float16; the figures of every seed go to results.json, and
`heads.py` says what they mean.

Most steps read short windows, since those are cheap. Their positions begin anywhere, since a model that has seen
positions 0 to 63 alone is lost beyond them.
"""

import argparse
import json
import platform
import time
from dataclasses import dataclass, fields, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from heads import as_table, figures_of_heads, rounded

from classroom import vectors
from reformer.model import TransformerLM
from reformer.optimizer import learning_rate_at
from reformer.parameters import flatten_parameters, map_parameters
from reformer.training import evaluate, start_training, train

HERE = Path(__file__).resolve().parent
TOKENS_IN_STEP = 1024
WINDOWS = ((64, 1360), (256, 520), (1024, 360))  # (length of a window, steps): 45 %, 25 % and 30 % of the time
PEAK, N_WARMUP = 4e-3, 100
STORED_SEED = 0


@dataclass(frozen=True, kw_only=True)
class ShiftedLM(TransformerLM):
    """A `TransformerLM` whose positions begin at `first` in training, drawn anew at each step."""

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


def train_model(name, seed):
    """Train one model. Returns its parameters."""
    tokens = vectors.as_tokens(vectors.text("training"))
    model = shifted(vectors.describe_model(name))
    n_steps = sum(steps for _, steps in WINDOWS)
    rate = partial(learning_rate_at, peak=PEAK, n_warmup=N_WARMUP, decay="cosine", n_steps=n_steps)
    state = start_training(model, np.random.default_rng(seed))
    for length, steps in WINDOWS:
        draw = partial(draw_windows, tokens=tokens, length=length)
        state = train(model, draw, state, n_steps=state.step + steps, learning_rate=rate)
        loss = np.mean(state.losses[-100:]) / np.log(2)
        print(f"{name}, seed {seed}, step {state.step}, windows of {length}: {loss:.3f} bits a character", flush=True)
    return state.parameters


def bits_per_character(name, parameters, length):
    """Mean cross-entropy, in bits, on windows of `length` that fill the held-out text one after the other."""
    tokens = vectors.as_tokens(vectors.text("held_out"))
    model = vectors.describe_model(name)
    n_windows = (len(tokens) - 1) // length
    inputs = tokens[: n_windows * length].reshape(n_windows, 1, length)
    targets = tokens[1 : n_windows * length + 1].reshape(n_windows, 1, length)
    weights = np.ones((1, length), np.float32)
    batches = [(*pair, weights) for pair in zip(inputs, targets, strict=True)]
    return evaluate(model, parameters, batches)["loss"] / np.log(2)


def main(arguments=None):
    """Train, measure, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=vectors.MODELS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    asked = parser.parse_args(arguments)
    before = time.process_time()
    parameters = train_model(asked.name, asked.seed)
    seconds = time.process_time() - before
    half = map_parameters(lambda array: array.astype(np.float16), parameters)
    if asked.seed == STORED_SEED:
        np.savez_compressed(asked.out / f"{asked.name}.npz", **flatten_parameters(half))
    figures = figures_of_model(asked.name, map_parameters(lambda array: array.astype(np.float32), half))
    write_results(asked.out, asked.name, asked.seed, {"cpu_seconds": round(seconds), **figures})


def figures_of_model(name, parameters):
    """Bits a character at two lengths of the context, and the figures of all heads; these are printed too."""
    bits = {str(length): bits_per_character(name, parameters, length) for length in (256, 1024)}
    model = vectors.describe_model(name)
    heads = figures_of_heads(vectors.read(model, parameters, vectors.text("held_out")[: model.max_length]))
    print(f"{name}: bits a character at context 256 and 1024: {bits['256']:.3f}, {bits['1024']:.3f}")
    print(as_table(heads), flush=True)
    return rounded({"bits_per_character": bits, "heads": heads})


def write_results(folder, name, seed, figures):
    """Enter a training into results.json, beside those that are there."""
    path = folder / "results.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    results["script"] = "data/attention/train.py"
    results["settings"] = {
        "model": vectors.SETTINGS,
        "n_characters": len(vectors.characters()),
        "windows": WINDOWS,
        "tokens_in_step": TOKENS_IN_STEP,
        "peak": PEAK,
        "n_warmup": N_WARMUP,
        "decay": "cosine",
        "max_norm": 1.0,
    }
    results["versions"] = {"python": platform.python_version(), "numpy": np.__version__}
    files = [folder / f"{stored}.npz" for stored in vectors.MODELS]
    results["sha256"] = {file.name: sha256(file.read_bytes()).hexdigest() for file in files if file.exists()}
    results["chosen_heads"] = vectors.HEADS
    trainings = results.setdefault("trainings", {}).setdefault(name, {})
    trainings[str(seed)] = figures
    results["trainings"][name] = dict(sorted(trainings.items()))
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
