"""What a training step costs: `python data/results/costs.py`.

    speed  CPU seconds of a step of 16,384 tokens, cut into sequences of 512 to 16,384: a Reformer of 1, 4 and 8 rounds
           against a Transformer whose dense attention goes block by block
    depth  peak memory of a step against the number of layers, activations stored or computed again from the outputs
    long   one step on a single sequence, up to 65,536 tokens: CPU seconds and peak memory, in a process of its own

The tuned path, one thread, random tokens. Results go to costs.json; those of other measurements stay. All three take
about ten CPU minutes; `--what speed` measures one alone.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy starts its threads

import argparse
import gc
import json
import subprocess
import sys
import time
import tracemalloc
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import storing

from reformer.fast import memory as scratch
from reformer.model import ReformerLM, TransformerLM
from reformer.optimizer import clip_by_global_norm, update_parameters
from reformer.parameters import flatten_parameters, map_parameters

HERE = Path(__file__).resolve().parent
SIZE = dict(vocabulary_size=256, d_model=256, d_ff=1024, n_heads=4, n_rounds=4, chunk_length=64, fast=True)
LENGTHS, TOKENS = (512, 1024, 2048, 4096, 8192, 16384), 16384
ROUNDS = (1, 4, 8)
N_TIMES, ENOUGH_SECONDS = 3, 20  # a step longer than that is timed once
DEPTHS, DEPTH_LENGTH = (1, 2, 4, 8, 16), 2048
LONG = ((6, 16384), (6, 65536), (12, 65536))  # layers, length
LONG_CHUNK = 512  # positions that feed-forward and output layers take at a time
LABELS = ("speed", "depth", "long")


def n_buckets(length):
    """2L/C buckets, as two digits of about the same size."""
    exponent = int(np.log2(2 * length // SIZE["chunk_length"]))
    return (2 ** (exponent // 2), 2 ** (exponent - exponent // 2))


def describe_model(length, **fields):
    """A Reformer for sequences of that length, or with `attention="dense"` a Transformer."""
    rows = 2 ** (int(np.log2(length)) // 2)
    grid = dict(max_length=length, positions="axial", axial_shape=(rows, length // rows), n_buckets=n_buckets(length))
    kind = TransformerLM if fields.get("attention") == "dense" else ReformerLM
    return kind(**SIZE | grid | fields)


def start(model, batch_size=1):
    """Parameters, and a batch of random tokens of the greatest length."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(model.vocabulary_size, size=(batch_size, model.max_length + 1))
    batch = tokens[:, :-1], tokens[:, 1:], np.ones((batch_size, model.max_length), np.float32)
    return model.init_parameters(rng), batch


def seconds_of_step(model, batch_size):
    """CPU seconds of loss and gradients: the median of a few, after one that is not counted."""
    parameters, batch = start(model, batch_size)
    taken = []
    for _ in range(N_TIMES + 1):
        before = time.process_time()
        model.loss_and_gradients(parameters, *batch, seed=0)
        taken.append(time.process_time() - before)
        if taken[0] > ENOUGH_SECONDS:
            return round(taken[0], 3)
    return round(float(np.median(taken[1:])), 3)


def speed():
    """{"dense": [seconds at each length], "LSH-1": ...}"""
    found = {}
    for length in LENGTHS:
        models = {f"LSH-{rounds}": describe_model(length, n_layers=1, n_rounds=rounds) for rounds in ROUNDS}
        models["dense"] = describe_model(length, n_layers=1, attention="dense")
        for name, model in models.items():
            found.setdefault(name, []).append(seconds_of_step(model, TOKENS // length))
            print(f"speed: {name} at {length}: {found[name][-1]} s", flush=True)
    return {"lengths": LENGTHS, "tokens_in_step": TOKENS, "cpu_seconds": found}


def peak_of_step(model):
    """Peak bytes of loss and gradients beside the parameters, and the bytes of the parameters."""
    parameters, batch = start(model)
    scratch.idle.clear()
    gc.collect()
    tracemalloc.start()
    model.loss_and_gradients(parameters, *batch, seed=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak, sum(array.nbytes for array in flatten_parameters(parameters).values())


def depth():
    """Peak bytes of a step by depth, {"stored": [...], "reversible": [...]}, and bytes of the parameters."""
    found, of_parameters = {}, []
    for n_layers in DEPTHS:
        for name in ("stored", "reversible"):
            model = describe_model(DEPTH_LENGTH, n_layers=n_layers, reversible=name == "reversible")
            peak, size = peak_of_step(replace(model, position_chunk=LONG_CHUNK))
            found.setdefault(name, []).append(peak)
            print(f"depth: {n_layers} layers, {name}: {peak / 2**20:.0f} MiB", flush=True)
        of_parameters.append(size)
    return {"n_layers": DEPTHS, "length": DEPTH_LENGTH, "peak_bytes": found, "parameter_bytes": of_parameters}


def long():
    """One row for each of `LONG`, each from a process of its own."""
    rows = []
    for n_layers, length in LONG:
        command = [sys.executable, __file__, "--one-step", str(n_layers), str(length)]
        ended = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
        rows.append(json.loads(ended.stdout))
        print(f"long: {rows[-1]}", flush=True)
    return {"position_chunk": LONG_CHUNK, "rows": rows}


def long_model(n_layers, length):
    return describe_model(length, n_layers=n_layers, position_chunk=LONG_CHUNK)


def one_step(n_layers, length):
    """A whole training step: loss, gradients, clipping, Adam. A row of `long`; for a process of its own."""
    model = long_model(n_layers, length)
    parameters, batch = start(model)
    moments = [map_parameters(np.zeros_like, parameters) for _ in range(2)]
    before = time.process_time()
    loss, gradients = model.loss_and_gradients(parameters, *batch, seed=0)
    gradients, _ = clip_by_global_norm(gradients, 1.0)
    update_parameters(parameters, gradients, *moments, 1, learning_rate=1e-3)
    return {
        "n_layers": n_layers,
        "length": length,
        "n_parameters": sum(array.size for array in flatten_parameters(parameters).values()),
        "loss": round(loss, 4),
        "cpu_seconds": round(time.process_time() - before, 1),
        "peak_bytes": peak_of_process(),
    }


def peak_of_process():
    """The most memory this process has had, in bytes, Python and NumPy included. Only Linux tells."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def settings():
    """What a reader needs to run the same again."""
    return {
        "size": SIZE,
        "lengths": LENGTHS,
        "tokens_in_step": TOKENS,
        "rounds": ROUNDS,
        "depths": DEPTHS,
        "depth_length": DEPTH_LENGTH,
        "long": LONG,
        "position_chunk": LONG_CHUNK,
        "long_model": asdict(long_model(*LONG[1])),
    }


def main(arguments=None):
    """Measure what is asked for, store it beside what is there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--what", nargs="+", choices=LABELS, default=LABELS)
    parser.add_argument("--one-step", nargs=2, type=int, metavar=("LAYERS", "LENGTH"), help="print a row of `long`")
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    asked = parser.parse_args(arguments)
    if asked.one_step:
        print(json.dumps(one_step(*asked.one_step)))
        return
    asked.out.mkdir(parents=True, exist_ok=True)
    path = asked.out / "costs.json"
    for name in asked.what:
        measured = {"speed": speed, "depth": depth, "long": long}[name]()
        stored = {label: storing.read(path).get(label) for label in LABELS}
        storing.write(path, settings(), {label: row for label, row in (stored | {name: measured}).items() if row})


if __name__ == "__main__":
    main()
