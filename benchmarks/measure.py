"""One process of the benchmarks: `python -m benchmarks.measure`, started by `start`, reads rows and prints results.

A row on standard input is one line of JSON; its result is one line on standard output. With "side" a row asks for the
peak memory of that side, and is the only row of its process; without, for the times of ours and the peer in turns.
"""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from time import process_time

ONE_THREAD = {
    **dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_THREEFRY_PARTITIONABLE": "0",
    "JAX_PLATFORMS": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TRANSFORMERS_VERBOSITY": "error",
    "CUDA_VISIBLE_DEVICES": "",
}
# What a process is told about freed memory. By default glibc gives large blocks back to the system at once, and gets
# fresh pages, filled with zeros, for the next ones. "kept" lets it keep them.
ALLOCATORS = {
    "default": {},
    "kept": {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**35), "MALLOC_TOP_PAD_": str(2**26)},
}
ENOUGH_SECONDS, MOST_SECONDS = 8, 60  # CPU time after which turns end: where there are a few, and in any case
FEWEST_TURNS, MOST_TURNS = 3, 15
ROOT = Path(__file__).parents[1]


def start(python, rows, allocator="default"):
    """Measure rows in a fresh process with that interpreter; yields (row, result) as they come, None for a failure."""
    process = subprocess.Popen(
        [str(python), "-m", "benchmarks.measure"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, **ONE_THREAD, **ALLOCATORS[allocator]},
        text=True,
    )
    process.stdin.write("".join(json.dumps(row) + "\n" for row in rows))
    process.stdin.close()
    for row in rows:
        line = process.stdout.readline()
        yield row, json.loads(line) if line else None
    process.wait()


def take_turns(row):
    """CPU seconds of ours and of the peer, A B A B: medians, and the median of the ratios."""
    from benchmarks.sides import SIDES

    sides = SIDES["ours"](row), SIDES[row["peer"]](row)
    for run in sides:
        run()
    turns = []
    began = process_time()
    while len(turns) < MOST_TURNS:
        turns.append([_seconds(run) for run in sides])
        if process_time() - began > (ENOUGH_SECONDS if len(turns) >= FEWEST_TURNS else MOST_SECONDS):
            break
    return {
        "ours_cpu_s": statistics.median(ours for ours, _ in turns),
        "peer_cpu_s": statistics.median(peer for _, peer in turns),
        "ratio": statistics.median(peer / ours for ours, peer in turns),
    }


def _seconds(run):
    began = process_time()
    run()
    return process_time() - began


def peak_bytes(row):
    """Peak extra memory of the first call of one side, after a small one that loads what a first call loads."""
    from benchmarks.sides import SIDES

    SIDES[row["side"]]({**row, "length": 1024, "heads": 1, "rounds": 1})()
    run = SIDES[row["side"]](row)
    Path("/proc/self/clear_refs").write_text("5")  # forget the high-water mark
    before = _status("VmRSS")
    run()
    return _status("VmHWM") - before


def _status(field):
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/self/status has no {field}")


def _pin():
    """One core, and one thread in torch where it is loaded."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr  # what peers print is not an answer
    _pin()
    for line in sys.stdin:
        row = json.loads(line)
        print(json.dumps(peak_bytes(row) if "side" in row else take_turns(row)), file=answers, flush=True)
