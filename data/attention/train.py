"""Train the Transformers of data/attention: `python data/attention/train.py dense --seed 0`.

They are the course's own `TransformerLM`, and read the text of data/text by characters. One training takes five to
six CPU minutes. Parameters of seed 0 are stored here in float16; the figures of every seed go to results.json, and
`heads.py` says what they mean.

Most steps read short windows, since those are cheap: `classroom.text_models` says how.
"""

import argparse
import json
import platform
import time
from functools import partial
from hashlib import sha256
from pathlib import Path

import numpy as np
from heads import as_table, figures_of_heads, rounded

from classroom import vectors
from classroom.text_models import TOKENS_IN_STEP, bits_per_character, draw_windows, shifted
from reformer.optimizer import learning_rate_at
from reformer.parameters import flatten_parameters, map_parameters
from reformer.training import start_training, train

HERE = Path(__file__).resolve().parent
WINDOWS = ((64, 1360), (256, 520), (1024, 360))  # (length of a window, steps): 45 %, 25 % and 30 % of the time
PEAK, N_WARMUP = 4e-3, 100
STORED_SEED = 0


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
    model = vectors.describe_model(name)
    bits = {str(length): bits_per_character(model, parameters, length) for length in (256, 1024)}
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
