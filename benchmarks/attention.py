"""Our LSH attention against its peers: `python -m benchmarks.attention --help`. The protocol: see `benchmarks`.

Writes results/long.json: {"machine", "versions", "date", "rows"}, each row with "what", "peer", "length", "heads",
"rounds", "ours_cpu_s", "peer_cpu_s", "ratio", "ours_peak_bytes", "peer_peak_bytes". A ratio above 1 means that ours
is faster. What does not apply, or could not be measured, is null. Rows of peers that are not chosen stay as they were.
"""

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.measure import ROOT, start

RESULTS = Path(__file__).parent / "results"
PEERS = ("trax", "hf", "lucidrains", "sdpa")
PACKAGES = ("numpy", "trax", "jax", "jaxlib", "torch", "transformers", "reformer-pytorch")
TOO_LONG = {"lucidrains": 16384, "sdpa": 16384}  # memory, or time, grows with the square of the length
MODEL_LENGTH = 1024


def make_rows(peers, lengths, rounds, heads=2, whats=("forward", "forward+backward")):
    """The rows to measure, one peer after another."""
    rows = []
    for peer in peers:
        if peer == "hf" and "forward+backward" in whats:  # first, before long sequences leave their mark on the memory
            rows.append(_row("model_step", peer, MODEL_LENGTH, 4, max(rounds)))
        for length in lengths:
            if length > TOO_LONG.get(peer, length):
                continue
            shapes = [(heads, n) for n in rounds] + ([(8, max(rounds))] if length == 4096 else [])
            rows += [_row(what, peer, length, h, r) for h, r in shapes for what in whats]
    return rows


def _row(what, peer, length, heads, rounds):
    return dict(what=what, peer=peer, length=length, heads=heads, rounds=rounds)


def measure(rows, pythons, *, memory_lengths=()):
    """Fill in what is measured, and print it as it comes. A peer whose process dies leaves nulls."""
    results = []
    for peer, allocator in dict.fromkeys((row["peer"], row.get("allocator", "default")) for row in rows):
        together = [row for row in rows if (row["peer"], row.get("allocator", "default")) == (peer, allocator)]
        for row, times in start(pythons[peer], together, allocator):
            empty = dict.fromkeys(("ours_cpu_s", "peer_cpu_s", "ratio", "ours_peak_bytes", "peer_peak_bytes"))
            result = {**row, **empty, **(times or {})}
            if times and row["length"] in memory_lengths and row["rounds"] == max(r["rounds"] for r in rows):
                result["ours_peak_bytes"] = _peak(sys.executable, {**row, "side": "ours"})
                result["peer_peak_bytes"] = _peak(pythons[peer], {**row, "side": peer})
            print(as_line(result), flush=True)
            results.append(result)
    return results


def _peak(python, row):
    return next(start(python, [row]))[1]


def as_line(row):
    head = f"{row['what']:16} {row['peer']:10} H {row['heads']} R {row['rounds']} L {row['length']:5}"
    if "allocator" in row:
        head += f" layers {row['layers'] or '-':>2} x{row['stretch']:<3} {row['allocator']:7}"
    if row["ratio"] is None:
        return f"{head}   not measured"
    line = f"{head}   {row['ratio']:5.2f}x"
    line += f"   ours {row['ours_cpu_s'] * 1e3:8.1f} ms   peer {row['peer_cpu_s'] * 1e3:8.1f} ms"
    if row["what"].startswith("forward"):
        row_rounds = row["heads"] * row["rounds"] * row["length"]
        line += f"   {row['ours_cpu_s'] / row_rounds * 1e9:5.0f} ns a row and round"
    if row["ours_peak_bytes"] and row["peer_peak_bytes"]:
        line += f"   memory {row['ours_peak_bytes'] / 2**20:6.1f} and {row['peer_peak_bytes'] / 2**20:7.1f} MiB"
    return line


def find_versions(pythons):
    """Versions of Python and the packages, as the interpreters themselves report them."""
    code = (
        "import json, platform, sys; from importlib.metadata import version, PackageNotFoundError\n"
        "found = {'python': platform.python_version()}\n"
        "for name in sys.argv[1:]:\n"
        "    try: found[name] = version(name)\n"
        "    except PackageNotFoundError: pass\n"
        "print(json.dumps(found))"
    )
    versions = {}
    for python in dict.fromkeys(map(str, [*pythons, sys.executable])):
        done = subprocess.run([python, "-c", code, *PACKAGES], capture_output=True, text=True, check=True)
        versions |= json.loads(done.stdout)
    return versions


def write(name, rows, versions):
    path = RESULTS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    content = {
        "machine": describe_machine(),
        "versions": versions,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows": rows,
    }
    path.write_text(json.dumps(content, indent=1) + "\n")
    return path


def parse_with_peers(parser):
    """The chosen options of a parser with `--peers`, and each peer's interpreter, for which an option is added."""
    parser.add_argument(
        "--peers-python",
        type=Path,
        default=ROOT / ".peers" / "bin" / "python",
        help="interpreter of the environment with torch, transformers and reformer-pytorch (default: .peers)",
    )
    chosen = parser.parse_args()
    elsewhere = {"hf", "lucidrains", "sdpa"} & set(chosen.peers)
    if elsewhere and not chosen.peers_python.exists():
        parser.error(f"{chosen.peers_python} does not exist; `pydoc benchmarks` says how to make it")
    return chosen, {peer: chosen.peers_python if peer in elsewhere else sys.executable for peer in chosen.peers}


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attention", description=__doc__.split("\n")[0])
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--lengths", nargs="+", type=int, default=[1024, 4096, 16384, 65536])
    parser.add_argument("--rounds", nargs="+", type=int, default=[1, 4])
    parser.add_argument(
        "--memory-lengths",
        nargs="*",
        type=int,
        default=[1024, 4096, 16384, 65536],
        help="lengths at which to take peak memory as well, with the most rounds; slow, being a process a side",
    )
    chosen, pythons = parse_with_peers(parser)
    path = RESULTS / "long.json"
    stored = json.loads(path.read_text()) if path.exists() else {"versions": {}, "rows": []}
    versions = stored["versions"] | find_versions(pythons.values())
    results = {peer: [row for row in stored["rows"] if row["peer"] == peer] for peer in PEERS}
    for peer in chosen.peers:
        rows = make_rows([peer], chosen.lengths, chosen.rounds)
        results[peer] = measure(rows, pythons, memory_lengths=chosen.memory_lengths)
        print("written:", write("long", [*chain(*results.values())], versions).relative_to(ROOT), flush=True)


if __name__ == "__main__":
    main()
