"""Train with one attention, evaluate with another: `python data/results/duplication.py`.

The duplication task of the Reformer's second section, made small: 0w0w with words w of 63 symbols in place of 511, a
layer of 64 features in place of 256, 400 to 1,000 steps in place of 150,000. Trained with full attention and with LSH
of 4, 2 and 1 rounds; each is then evaluated with all of these, with 8 rounds, and with ordinary attention: keys at
their own length, scores divided by the root of d, a token may attend to itself.

Accuracy on held-out words, three seeds, CPU seconds, and the losses of seed 0 go to duplication.json. The whole takes
about five CPU minutes. A training that is in the file already is not run again.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy starts its threads

import argparse
import time
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import storing

from reformer import tasks
from reformer.model import TransformerLM
from reformer.optimizer import learning_rate_at
from reformer.training import evaluate, start_training, train

HERE = Path(__file__).resolve().parent
MODEL = TransformerLM(
    vocabulary_size=128,
    max_length=128,
    d_model=64,
    d_ff=64,
    n_heads=2,
    n_layers=1,
    n_buckets=16,
    chunk_length=16,
    same_bucket_only=True,
    fast=True,
)
TASK = {"n_sequences": 16, "length": 128, "n_symbols": 127}
RATE = {"peak": 1e-2, "n_warmup": 100}
FULL = {"attention": "shared_qk"}
ROUNDS = {f"LSH-{rounds}": {"attention": "lsh", "n_rounds": rounds} for rounds in (8, 4, 2, 1)}
TRAINED = {"full": 400, "LSH-4": 1000, "LSH-2": 1000, "LSH-1": 900}  # attention and steps
EVALUATED = {"full": FULL} | ROUNDS
N_BATCHES = 8  # to evaluate on: 8,064 symbols
SEEDS = (0, 1, 2)


def train_model(name, seed, n_steps, progress=False):
    """Train with that attention. Returns the state and the CPU seconds."""
    model, draw = replace(MODEL, **EVALUATED[name]), partial(tasks.duplication, **TASK)
    before = time.process_time()
    state = start_training(model, np.random.default_rng(seed))
    rate = partial(learning_rate_at, **RATE)
    state = train(model, draw, state, n_steps=n_steps, learning_rate=rate, progress=progress)
    return state, time.process_time() - before


def held_out(seed):
    """Batches of words that the training of this seed has not drawn."""
    rng = np.random.default_rng((seed, 1))
    return [tasks.duplication(rng, **TASK) for _ in range(N_BATCHES)]


def with_ordinary_attention(parameters):
    """The model and parameters of ordinary attention whose queries and keys are those of the shared projection."""
    layers = {}
    for name, layer in parameters["layers"].items():
        own = {"w_q": layer["attention"]["w_qk"], "w_k": layer["attention"]["w_qk"]}
        kept = {key: value for key, value in layer["attention"].items() if key != "w_qk"}
        layers[name] = layer | {"attention": kept | own}
    return replace(MODEL, attention="dense"), parameters | {"layers": layers}


def accuracies(parameters, seed):
    """Share of the symbols of the second word foretold, by the attention evaluated with."""
    batches = held_out(seed)
    found = {
        name: evaluate(replace(MODEL, **fields), parameters, batches)["accuracy"] for name, fields in EVALUATED.items()
    }
    found["ordinary"] = evaluate(*with_ordinary_attention(parameters), batches)["accuracy"]
    return {name: round(accuracy, 4) for name, accuracy in found.items()}


def settings():
    """What a reader needs to run the same again."""
    return {
        "model": asdict(MODEL),
        "task": TASK,
        "rate": RATE,
        "steps": TRAINED,
        "evaluated": EVALUATED,
        "n_batches": N_BATCHES,
    }


def main(arguments=None):
    """Train what is not there yet, evaluate, store after each training."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    parser.add_argument("--progress", action="store_true", help="show progress bars")
    asked = parser.parse_args(arguments)
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / "duplication.json"
    trainings = storing.read(path).get("trainings", {})
    every = [(seed, name) for seed in asked.seeds for name in TRAINED]
    waiting = [(seed, name) for seed, name in every if str(seed) not in trainings.get(name, {})]
    for number, (seed, name) in enumerate(waiting, start=len(every) - len(waiting) + 1):
        print(f"training {number} of {len(every)}: {name}, seed {seed}", flush=True)
        try:
            row = trained(name, seed, asked.progress)
        except KeyboardInterrupt:
            print(f"{number - 1} of {len(every)} trainings are kept, this one is not. Run it again for the rest.")
            raise
        trainings.setdefault(name, {})[str(seed)] = row
        storing.write(path, settings(), {"trainings": trainings})


def trained(name, seed, progress):
    """What is stored of a training. Raises KeyboardInterrupt where it was stopped, which `train` does not."""
    state, seconds = train_model(name, seed, TRAINED[name], progress)
    if state.step < TRAINED[name]:
        raise KeyboardInterrupt
    row = {"cpu_seconds": round(seconds, 1), "accuracy": accuracies(state.parameters, seed)}
    print(f"trained with {name}, seed {seed}: {row}", flush=True)
    return row | ({"losses": [round(loss, 4) for loss in state.losses]} if seed == SEEDS[0] else {})


if __name__ == "__main__":
    main()
