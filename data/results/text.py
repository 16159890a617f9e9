"""Three models read the same text for the same CPU time: `python data/results/text.py --seed 0`.

Characters of data/text: a Transformer, one with shared queries and keys, and a Reformer (LSH attention, reversible
layers, the tuned path). All have the size, the learning rate and the order of windows of data/attention/train.py. Steps
are planned so that each takes about 300 CPU seconds. The models train in turns of a few seconds, so what else the
machine does slows all alike.

Bits a character on the held-out tenth, the way there, CPU seconds and a little text of each model go to text.json,
beside what gzip, bz2 and xz need. A seed takes about 15 CPU minutes. What is interrupted goes on from its last turn,
out of --unfinished. `--names "reformer, longer"` trains a Reformer for twice as long.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy starts its threads

import argparse
import bz2
import gzip
import json
import lzma
import tempfile
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import storing

from classroom import vectors
from classroom.text_models import TOKENS_IN_STEP, bits_per_character, draw_windows, shifted
from reformer.optimizer import learning_rate_at
from reformer.sampling import sample
from reformer.training import load_checkpoint, save_checkpoint, start_training, train

HERE = Path(__file__).resolve().parent
UNFINISHED = Path(tempfile.gettempdir()) / "text_models"
LENGTHS = (64, 256, 1024)  # of windows: 45 %, 25 % and 30 % of the time
LSH = {  # by length of the windows; where a window is one chunk, one round sees all of it
    64: {"n_rounds": 1, "chunk_length": 64},
    256: {"n_rounds": 4, "chunk_length": 32},
    1024: {"n_rounds": 8, "chunk_length": 16},
}
MODELS = {
    "dense": vectors.describe_model("dense"),
    "shared_qk": vectors.describe_model("shared_qk"),
    "reformer": replace(vectors.describe_model("shared_qk"), attention="lsh", reversible=True, n_buckets=64),
}
MODELS["reformer, longer"] = MODELS["reformer"]
STEPS = {
    "dense": (1430, 440, 295),
    "shared_qk": (1470, 450, 295),
    "reformer": (1150, 515, 560),
    "reformer, longer": (2300, 1030, 1120),
}
N_TURNS = 6  # in each of the three parts
RATE = {"peak": 4e-3, "n_warmup": 100, "decay": "cosine"}
READ_WITH = {f"LSH-{rounds}": {"n_rounds": rounds} for rounds in (2, 4, 8, 16)} | {
    "all keys": {"attention": "shared_qk"}
}
N_WINDOWS_ON_THE_WAY = 4  # of the held-out text, to follow a training
SAMPLE = {"n_prompt": 200, "n_new": 300, "temperature": 0.7}
COMPRESSORS = {"gzip": partial(gzip.compress, compresslevel=9, mtime=0), "bz2": bz2.compress, "xz": lzma.compress}


def turns(name):
    """Where each turn of a training leads: (length of windows, number of its last step)."""
    done = 0
    for length, n_steps in zip(LENGTHS, STEPS[name], strict=True):
        for turn in range(1, N_TURNS + 1):
            yield length, done + n_steps * turn // N_TURNS
        done += n_steps


class Training:
    """A model in training, its CPU seconds, and its way: [CPU seconds, bits a character] after each turn."""

    def __init__(self, name, seed, folder):
        self.name, self.model = name, MODELS[name]
        self.file, self.notes = (folder / f"{name}, {seed}{ending}" for ending in (".npz", ".json"))
        self.state, self.seconds, self.way = start_training(self.model, np.random.default_rng(seed)), 0.0, []
        if self.notes.exists():
            self.state = load_checkpoint(self.file, self.state.parameters)
            self.seconds, self.way = json.loads(self.notes.read_text(encoding="utf-8"))

    def go_on(self, length, last_step, progress):
        """Train until that step with windows of that length; nothing if it is behind already.

        Raises KeyboardInterrupt where an interrupt stopped `train`; what was trained since the last turn is lost.
        """
        if self.state.step >= last_step:
            return
        draw = partial(draw_windows, tokens=vectors.as_tokens(vectors.text("training")), length=length)
        rate = partial(learning_rate_at, **RATE, n_steps=sum(STEPS[self.name]))
        before = time.process_time()
        options = dict(n_steps=last_step, learning_rate=rate, progress=progress)
        self.state = train(shifted(with_windows_of(length, self.model)), draw, self.state, **options)
        if self.state.step < last_step:
            print("What was trained since the last turn is not kept, all before is. Run it again for the rest.")
            raise KeyboardInterrupt
        self.seconds += time.process_time() - before
        read = with_windows_of(LENGTHS[-1], self.model)
        bits = bits_per_character(read, self.state.parameters, LENGTHS[-1], n_windows=N_WINDOWS_ON_THE_WAY)
        self.way.append([round(self.seconds, 1), round(float(bits), 3)])
        print(f"{self.name}, step {last_step}, windows of {length}: {self.way[-1]}", flush=True)
        save_checkpoint(self.file, self.state)
        self.notes.write_text(json.dumps([self.seconds, self.way]), encoding="utf-8")

    def figures(self):
        """What is stored of a finished training."""
        parameters, longest = self.state.parameters, with_windows_of(LENGTHS[-1], self.model)
        bits = {
            str(length): bits_per_character(with_windows_of(length, self.model), parameters, length)
            for length in LENGTHS[1:]
        }
        row = {"cpu_seconds": round(self.seconds), "steps": self.state.step, "bits_per_character": bits}
        if self.model.attention == "lsh":
            others = {kind: replace(longest, **fields) for kind, fields in READ_WITH.items()}
            row["read_with"] = {kind: bits_per_character(other, parameters, 1024) for kind, other in others.items()}
        return rounded(row) | {"way": self.way, "first_losses": rounded(self.state.losses[:30]), "text": write(self)}


def with_windows_of(length, model):
    """The model as it reads windows of that length: the tuned path, and LSH that fits the length."""
    return replace(model, fast=True, **(LSH[length] if model.attention == "lsh" else {}))


def rounded(figures):
    """The same figures with four decimals."""
    if isinstance(figures, dict):
        return {name: rounded(value) for name, value in figures.items()}
    if isinstance(figures, tuple):
        return [round(x, 4) for x in figures]
    return figures if isinstance(figures, int) else round(float(figures), 4)


def write(training):
    """What the model writes after the first held-out characters."""
    prompt = vectors.as_tokens(vectors.text("held_out")[: SAMPLE["n_prompt"]])[np.newaxis]
    options = dict(n_new=SAMPLE["n_new"], temperature=SAMPLE["temperature"], rng=np.random.default_rng(0))
    model = with_windows_of(LENGTHS[-1], training.model)
    tokens = sample(model, training.state.parameters, prompt, **options)[0, SAMPLE["n_prompt"] :]
    return "".join(vectors.characters()[token] for token in tokens)


def compressed_bits():
    """Bits a character of the held-out text by compressors: of it alone, and after the rest was read."""
    held_out, rest = (vectors.text(part).encode() for part in ("held_out", "training"))
    n_characters = len(vectors.text("held_out"))
    found = {}
    for name, compress in COMPRESSORS.items():
        sizes = len(compress(held_out)), len(compress(rest + held_out)) - len(compress(rest))
        found[name] = {
            kind: round(8 * size / n_characters, 3) for kind, size in zip(("alone", "after"), sizes, strict=True)
        }
    return found


def settings():
    """What a reader needs to run the same again."""
    return {
        "models": {name: asdict(model) for name, model in MODELS.items()},
        "lengths": LENGTHS,
        "steps": STEPS,
        "n_turns": N_TURNS,
        "tokens_in_step": TOKENS_IN_STEP,
        "rate": RATE,
        "lsh": LSH,
        "read_with": READ_WITH,
        "n_windows_on_the_way": N_WINDOWS_ON_THE_WAY,
        "sample": SAMPLE,
    }


def main(arguments=None):
    """Train in turns, judge, store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--names", nargs="+", choices=MODELS, default=["dense", "shared_qk", "reformer"])
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    parser.add_argument("--unfinished", type=Path, default=UNFINISHED, help="the folder of unfinished trainings")
    parser.add_argument("--progress", action="store_true", help="show progress bars")
    asked = parser.parse_args(arguments)
    for folder in (asked.out, asked.unfinished):
        folder.mkdir(parents=True, exist_ok=True)
    trainings = [Training(name, asked.seed, asked.unfinished) for name in asked.names]
    for of_all in zip(*(turns(name) for name in asked.names), strict=True):
        for training, turn in zip(trainings, of_all, strict=True):
            training.go_on(*turn, asked.progress)
    for training in trainings:
        store(asked.out / "text.json", training.name, asked.seed, training.figures())


def store(path, name, seed, row):
    """Enter a training into the file, beside those that are there."""
    print(f"{name}, seed {seed}: {row['bits_per_character']}, {row.get('read_with')}", flush=True)
    stored = storing.read(path).get("trainings", {})
    stored[name] = dict(sorted((stored.get(name, {}) | {str(seed): row}).items()))
    storing.write(path, settings(), {"compressors": compressed_bits(), "trainings": stored})


if __name__ == "__main__":
    main()
