"""What can be trained here, and in how many CPU seconds: `python -m benchmarks.training --help`.

    duplication  one layer learns 0w0w with dense and with LSH attention, and is evaluated with other attention
    text         two reversible LSH layers learn small dialogues, in which a name and a code have to be repeated
    revnet       memory, time and exactness of reversible layers, from 2 to 64

CPU time of this process, one thread, by the tuned path (`fast=True`). A result is stored as it is, also where a model
did not learn.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy starts its threads

import argparse
import gc
import json
import time
import tracemalloc
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.machine import describe_machine, describe_versions, today
from reformer import tasks
from reformer.fast import memory as scratch
from reformer.model import ReformerLM
from reformer.optimizer import learning_rate_at
from reformer.reversible import (
    bytes_held,
    checkpointed_stack_backward,
    checkpointed_stack_forward,
    reversible_stack_backward,
    reversible_stack_forward,
    stored_stack_backward,
    stored_stack_forward,
)
from reformer.sampling import sample
from reformer.training import evaluate, start_training, train

RESULTS = Path(__file__).parent / "results" / "training.json"

# --- duplication ---------------------------------------------------------------------------------------------------

DUPLICATION = ReformerLM(
    vocabulary_size=128,
    max_length=128,
    d_model=64,
    d_ff=64,
    n_heads=4,
    n_layers=1,
    n_buckets=16,
    chunk_length=16,
    same_bucket_only=True,
    fast=True,
)
ATTENTION = {"dense": {"attention": "shared_qk"}} | {
    f"LSH-{r}": {"attention": "lsh", "n_rounds": r} for r in (8, 4, 2, 1)
}
LEARNED = 0.995


def duplication(seed, progress):
    """Train with dense and with LSH-4 attention until 99.5 % of held-out targets are right; evaluate with others."""
    draw = partial(tasks.duplication, n_sequences=16, length=128, n_symbols=127)
    rate = partial(learning_rate_at, peak=1e-2, n_warmup=100)
    rows = []
    for trained_with in ("dense", "LSH-4"):
        model = replace(DUPLICATION, **ATTENTION[trained_with])
        state, seconds = train_until_learned(model, draw, rate, seed=seed, n_steps=1500, progress=progress)
        fresh = held_out(draw, seed + 1)
        accuracies = {
            name: evaluate(replace(model, **fields), state.parameters, fresh)["accuracy"]
            for name, fields in ATTENTION.items()
        }
        rows.append(
            {
                "trained_with": trained_with,
                "seed": seed,
                "steps": state.step,
                "cpu_s": round(seconds, 1),
                "learned": state.evaluations[-1][2] >= LEARNED,
                "accuracy": {name: round(value, 4) for name, value in accuracies.items()},
            }
        )
        print(rows[-1], flush=True)
    return {"model": asdict(DUPLICATION), "rows": rows}


def train_until_learned(model, draw, rate, *, seed, n_steps, progress):
    """(state, CPU seconds of training and of the evaluations every 50 steps that decide when to stop)."""
    rng = np.random.default_rng(seed)
    judges = held_out(draw, seed + 1000)
    state = start_training(model, rng)
    started = time.process_time()
    while state.step < n_steps and not (state.evaluations and state.evaluations[-1][2] >= LEARNED):
        state = train(
            model,
            draw,
            state,
            n_steps=state.step + 50,
            learning_rate=rate,
            evaluate_on=judges,
            evaluate_every=50,
            progress=progress,
        )
    return state, time.process_time() - started


def held_out(draw, seed):
    rng = np.random.default_rng(seed)
    return [draw(rng) for _ in range(4)]


# --- text ----------------------------------------------------------------------------------------------------------

NAMES = "ada ben cleo dan eva finn gina hugo ida jon kira leo mia ned olga paul".split()
SYMBOLS = list("abcdefghjkmnpqrstuvwxyz23456789")
GREETINGS = ["hello , this is", "good morning , i am", "hi , my name is", "good evening , this is"]
SMALL_TALK = [
    "it rains again today .",
    "we have had a long day on the road .",
    "the line was busy for an hour .",
    "i hope you are well .",
    "my sister told me about you .",
    "there is no hurry at all .",
]
CODE_LENGTH, TEXT_LENGTH = 5, 80
WORDS = sorted({word for text in GREETINGS + SMALL_TALK for word in text.split()})
EXTRA = "<pad> <end> booking code is the my . one moment please thank you , your".split()
VOCABULARY = list(dict.fromkeys([*EXTRA, *WORDS, *NAMES, *SYMBOLS]))
NUMBER = {word: number for number, word in enumerate(VOCABULARY)}


def draw_dialogue(rng):
    """Words asked, words answered, and for each of the latter whether only looking back can tell it: name and code."""
    name, code = rng.choice(NAMES), list(rng.choice(SYMBOLS, CODE_LENGTH))
    talk = [" ".join(rng.choice(SMALL_TALK, rng.integers(0, 3), replace=False)) for _ in range(2)]
    asked = f"{rng.choice(GREETINGS)} {name} . {talk[0]} my booking code is {' '.join(code)} . {talk[1]}".split()
    answer = f"one moment please . thank you , {name} , your booking code is {' '.join(code)} . <end>".split()
    first = answer.index("is") + 1
    return asked, answer, [word == name or first <= i < first + CODE_LENGTH for i, word in enumerate(answer)]


def draw_texts(rng, *, n_sequences, copied_only=False):
    """A batch of dialogues. The words of the answer count, or with `copied_only` those that have to be copied.

    If the words asked counted too, most of the loss would be chance, and copying would be learned far later.
    """
    tokens = np.zeros((n_sequences, TEXT_LENGTH + 1), dtype=np.intp)
    counts = np.zeros(tokens.shape, dtype=np.float32)
    for row in range(n_sequences):
        asked, answer, copied = draw_dialogue(rng)
        end = len(asked) + len(answer)
        tokens[row, :end] = [NUMBER[word] for word in asked + answer]
        counts[row, len(asked) : end] = copied if copied_only else 1
    return tasks.Batch(tokens[:, :-1], tokens[:, 1:], counts[:, 1:])


def text(seed, progress):
    """Train on dialogues; the name and code of the answer stand at a changing distance from where they were given."""
    model = ReformerLM(
        vocabulary_size=len(VOCABULARY), max_length=TEXT_LENGTH, n_rounds=4, n_buckets=10, chunk_length=16, fast=True
    )
    draw = partial(draw_texts, n_sequences=16)
    answers, copied_words = (
        [draw_texts(np.random.default_rng(seed + 1), n_sequences=64, copied_only=only)] for only in (False, True)
    )
    n_steps, rows = 1600, []
    rate = partial(learning_rate_at, peak=4e-3, n_warmup=100, decay="cosine", n_steps=n_steps)
    state, seconds = start_training(model, np.random.default_rng(seed)), 0.0
    while state.step < n_steps:
        started = time.process_time()
        state = train(model, draw, state, n_steps=state.step + 100, learning_rate=rate, progress=progress)
        seconds += time.process_time() - started
        found, copied = (evaluate(model, state.parameters, batches) for batches in (answers, copied_words))
        rows.append(
            {
                "step": state.step,
                "cpu_s": round(seconds, 1),
                "loss": round(found["loss"], 4),
                "accuracy": round(found["accuracy"], 4),
                "copy_accuracy": round(copied["accuracy"], 4),
            }
        )
        print(rows[-1], flush=True)
    return {"model": asdict(model), "seed": seed, "rows": rows, "samples": write_answers(model, state.parameters, seed)}


def write_answers(model, parameters, seed):
    """Let the model answer three people it has not met, greedily."""
    rng, samples = np.random.default_rng(seed + 2), []
    for _ in range(3):
        asked, answer, _ = draw_dialogue(rng)
        tokens = np.array([[NUMBER[word] for word in asked]])
        n_new = len(answer)
        written = sample(model, parameters, tokens, n_new=n_new, rng=None, temperature=0, stop=NUMBER["<end>"])
        answered = " ".join(VOCABULARY[token] for token in written[0, len(asked) :])
        samples.append({"asked": " ".join(asked), "answered": answered, "expected": " ".join(answer)})
    return samples


# --- revnet --------------------------------------------------------------------------------------------------------


def revnet(seed, progress):
    """Residual, checkpointed and reversible layers: bytes held and peak, CPU time, and gradients against stored ones."""
    rows = []
    for n_layers in (2, 4, 8, 16, 32, 64):
        model = ReformerLM(
            vocabulary_size=2,
            max_length=128,
            d_ff=256,
            n_layers=n_layers,
            n_rounds=2,
            n_buckets=16,
            chunk_length=16,
            fast=True,
        )
        row = {"layers": n_layers}
        for attention in ("shared_qk", "lsh"):
            row[attention] = measure_stacks(replace(model, attention=attention), seed)
        rows.append(row)
        print(row, flush=True)
    return {"batch": 4, "length": 128, "d_model": 64, "rows": rows}


def measure_stacks(model, seed):
    blocks, streams, gradients, weights = draw_stack(model, seed, np.float32)
    passes = {
        "residual": (
            lambda: stored_stack_forward(streams[:1], blocks),
            lambda saved: stored_stack_backward(gradients[:1], saved),
        ),
        "checkpointed": (
            lambda: checkpointed_stack_forward(streams[:1], blocks),
            lambda saved: checkpointed_stack_backward(gradients[:1], saved),
        ),
        "reversible": (
            lambda: reversible_stack_forward(streams, blocks),
            lambda saved: reversible_stack_backward(gradients, saved),
        ),
    }
    found = {}
    for name, (forward, backward) in passes.items():
        found[name] = measure_passes(forward, backward, weights)
    times = {name: [] for name in passes}
    for _ in range(3):  # A B A B
        for name, (forward, backward) in passes.items():
            started = time.process_time()
            backward(forward()[1])
            times[name].append(time.process_time() - started)
    for name in ("checkpointed", "reversible"):
        ratios = np.array(times[name]) / np.array(times["residual"])
        found[name]["cpu_ratio"] = round(float(np.median(ratios)), 2)
    for activation in ("relu", "gelu"):
        for dtype in (np.float32, np.float64):
            changed = replace(model, activation=activation)
            found[f"gradient_error_{activation}_{np.dtype(dtype).name}"] = gradient_errors(changed, seed, dtype)
    return found


def measure_passes(forward, backward, weights):
    """Bytes held between the passes, without the parameters, and the peak above that of what was there before."""
    scratch.idle.clear()  # scratch memory from before would not count
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    saved = forward()[1]
    held = bytes_held(saved, weights) - bytes_held(weights)
    tracemalloc.reset_peak()
    gradients = backward(saved)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return {"held_bytes": held, "peak_bytes": peak, "gradient_bytes": bytes_held(gradients)}


def gradient_errors(model, seed, dtype):
    """Gradients from outputs against those from stored activations: difference relative to the latter.

    "worst": of the array where it is worst, the length of the difference against that of the array. "together": of all
    arrays taken together. With ReLU a reconstructed input can round to the other side of 0; its gate then flips, and
    single arrays differ by a percent or so. GELU has no gates.
    """
    blocks, streams, gradients, _ = draw_stack(model, seed, dtype)
    from_outputs = arrays_in(reversible_stack_backward(gradients, reversible_stack_forward(streams, blocks)[1]))
    stored = arrays_in(stored_stack_backward(gradients, stored_stack_forward(streams, blocks)[1]))
    differences = [a - b for a, b in zip(from_outputs, stored, strict=True)]
    lengths = np.array([[np.linalg.norm(d), np.linalg.norm(b)] for d, b in zip(differences, stored, strict=True)])
    worst = np.max(lengths[:, 0] / lengths[:, 1])
    together = np.divide(*np.linalg.norm(lengths, axis=0))
    return {"worst": float(f"{worst:.2e}"), "together": float(f"{together:.2e}")}


def draw_stack(model, seed, dtype):
    rng = np.random.default_rng(seed)
    parameters = model.init_parameters(rng, dtype)
    blocks = model.blocks(parameters, seed=seed)
    x1, x2, d1, d2 = rng.standard_normal((4, 4, 128, model.d_model)).astype(dtype)
    return blocks, (x1, x2), (d1, d2), parameters["layers"]


def arrays_in(nested):
    if isinstance(nested, np.ndarray):
        return [nested]
    values = nested.values() if isinstance(nested, dict) else nested
    return [array for value in values for array in arrays_in(value)]


MEASUREMENTS = {"duplication": duplication, "text": text, "revnet": revnet}


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--what", nargs="+", choices=MEASUREMENTS, default=list(MEASUREMENTS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--results", type=Path, default=RESULTS, help="JSON file; other measurements in it are kept")
    parser.add_argument("--progress", action="store_true", help="show progress bars")
    options = parser.parse_args()
    stored = json.loads(options.results.read_text()) if options.results.exists() else {}
    for name in options.what:
        runs = [MEASUREMENTS[name](seed, options.progress) for seed in options.seeds]
        stored[name] = {
            "machine": describe_machine(),
            "versions": describe_versions("numpy"),
            "date": today(),
            "runs": runs,
        }
        options.results.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
