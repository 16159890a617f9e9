"""What one core can do at most, and where the time of our forward pass goes: `python -m benchmarks.limits`.

Prints the sgemm peak, then nanoseconds for one row and round (L = 4096, two heads, four rounds): each step of the tuned
path alone on the block it works on, against the whole. Last, in wall time, which means something only while nothing
else runs: two worker threads against one, how often they waited for each other, and two processes against one, which
never wait. What lies between threads and processes is the price of taking turns in Python.
"""

import os
import resource
import statistics
import sys
from multiprocessing import get_context
from time import perf_counter, process_time

import numpy as np

from benchmarks.measure import ONE_THREAD
from benchmarks.sides import CHUNK_LENGTH, bucket_factors, draw_arrays, ours
from reformer.angular import draw_rotations
from reformer.fast.hashing import hash_vectors
from reformer.fast.lsh_attention import lsh_attention_forward
from reformer.fast.rounds import Rounds, t, take

ROW = dict(what="forward", length=4096, heads=2, rounds=4)


def seconds(work, repeats=15, clock=process_time):
    """Median time of a call, after one that does not count; short calls are repeated until the clock can see them."""
    work()
    began = clock()
    work()
    inner = max(1, round(2e-3 / max(clock() - began, 1e-6)))

    def once():
        began = clock()
        for _ in range(inner):
            work()
        return (clock() - began) / inner

    return statistics.median(once() for _ in range(repeats))


def sgemm_peak():
    """Floating-point operations a second of one thread, in the best of three sizes."""
    best = 0
    for n in (512, 1024, 2048):
        a, b = np.random.default_rng(0).standard_normal((2, n, n), dtype=np.float32)
        best = max(best, 2 * n**3 / seconds(lambda a=a, b=b: a @ b, repeats=5))
    return best


def steps_of_a_block():
    """Seconds for each step of the forward pass, alone, for one row and round."""
    queries_keys, values, _ = draw_arrays(ROW)
    factors = bucket_factors(ROW["length"])
    rng = np.random.default_rng(0)
    rotations = [draw_rotations(rng, n_rounds=ROW["rounds"], n_features=64, n_buckets=b) for b in factors]
    buckets = hash_vectors(queries_keys, rotations)
    sizes = dict(n_buckets=int(np.prod(factors)), chunk_length=CHUNK_LENGTH)
    _, saved = lsh_attention_forward(queries_keys, values, buckets, **sizes)
    rounds = Rounds(saved.parts[0][1].of_heads(slice(0, 1)), {}, keeps_queries=False)
    place = rounds.blocks(0)[1]
    block = rounds.weights(place)
    numerators, undo = rounds.rows("numerators", 64), rounds.undo(0)
    heads, own, _ = rounds.around(place)
    logits = rng.standard_normal(block.spare.shape, dtype=np.float32)
    scaled = np.empty_like(block.rows)
    ones = np.ones((1, rounds.window_length), np.float32)
    n_chunks = own.stop - own.start
    sums = np.empty((1, n_chunks, 1, CHUNK_LENGTH), np.float32)
    rows = n_chunks * CHUNK_LENGTH
    of_block = {
        "gather queries and keys": lambda: take(queries_keys[:1], block.index, block.rows),
        "transpose queries": lambda: np.copyto(block.queries_t, t(block.queries)),
        "scale keys": lambda: np.multiply(block.rows, block.scales, out=scaled),
        "Q K, matrix product": lambda: np.matmul(block.key_windows, block.queries_t, out=block.weights),
        "mask, matrix product": lambda: np.matmul(
            rounds.key_sides[heads, own], rounds.query_sides[heads, own], out=block.spare
        ),
        "mask, minimum": lambda: np.minimum(logits, block.spare, out=block.weights),
        "exp": lambda: np.exp(logits, out=block.weights),
        "gather values": lambda: take(values[:1], block.index, block.values),
        "P V, matrix product": lambda: np.matmul(t(block.weights), block.value_windows, out=numerators[place]),
        "sums of weights": lambda: np.matmul(ones, block.weights, out=sums),
    }
    steps = {name: seconds(work) / rows for name, work in of_block.items()}
    total = np.zeros_like(values[:1])
    add = rounds.add_unsorted
    steps["add to the outputs"] = seconds(lambda: add(numerators, undo, total, is_first=False)) / ROW["length"]
    steps["sort"] = seconds(lambda: np.argsort(buckets[0, 0], kind="stable")) / ROW["length"]
    row_rounds = ROW["heads"] * ROW["rounds"] * ROW["length"]
    steps["hash"] = seconds(lambda: hash_vectors(queries_keys, rotations)) / row_rounds
    return steps, seconds(ours(ROW)) / row_rounds


def main():
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(allowed)})
    peak = sgemm_peak()
    print(f"sgemm, one thread: {peak / 1e9:.0f} Gflop/s; load average {os.getloadavg()[0]:.1f}")
    steps, whole = steps_of_a_block()
    for name, time in steps.items():
        print(f"  {name:26} {time * 1e9:6.1f} ns")
    print(f"  {'all steps, alone':26} {sum(steps.values()) * 1e9:6.1f} ns")
    print(f"  {'forward pass':26} {whole * 1e9:6.1f} ns, the rest being calls, caches and fresh memory")
    products = 2 * 2 * 64 * 128
    print(
        f"two matrix products at the peak: {products / peak * 1e9:.0f} ns, {products / peak / whole:.0%} of the whole"
    )
    os.sched_setaffinity(0, allowed)
    print_workers({**ROW, "heads": 8})


def print_workers(row):
    one, two = (ours({**row, "workers": workers}) for workers in (1, 2))
    turns = [(seconds(one, 1, perf_counter), seconds(two, 1, perf_counter)) for _ in range(9)]
    waited = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    two()
    waited = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - waited
    print(f"two workers against one, 8 heads, wall time: {statistics.median(a / b for a, b in turns):.2f}x")
    print(f"  in one call they slept {waited} times until it was their turn")
    turns = [(in_processes(row, 1), in_processes(row, 2)) for _ in range(5)]
    print(f"two processes against one, twice the work: {statistics.median(2 * a / b for a, b in turns):.2f}x")


def in_processes(row, n_processes):
    """Seconds of a call, where so many processes make theirs at the same time; the slowest counts."""
    fork = get_context("fork")
    together, found = fork.Barrier(n_processes), fork.Queue()

    def work():
        run = ours(row)
        run()
        together.wait()
        found.put(seconds(run, 5, perf_counter))

    processes = [fork.Process(target=work) for _ in range(n_processes)]
    for process in processes:
        process.start()
    slowest = max(found.get(timeout=600) for _ in processes)
    for process in processes:
        process.join()
    return slowest


if __name__ == "__main__":
    if any(os.environ.get(name) != value for name, value in ONE_THREAD.items()):
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.limits"], {**os.environ, **ONE_THREAD})
    main()
