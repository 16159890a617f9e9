"""What the recordings have in common: the inputs, the cases, and how they are stored."""

import json
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

N_HEADS, LENGTH, N_FEATURES, CHUNK_LENGTH = 2, 96, 12, 8
CASES = {
    "one_round": dict(n_rounds=1, factors=[12], causal=True, n_after=0),
    "four_rounds": dict(n_rounds=4, factors=[12], causal=True, n_after=0),
    "factorised": dict(n_rounds=2, factors=[4, 6], causal=True, n_after=0),
    "bidirectional": dict(n_rounds=4, factors=[12], causal=False, n_after=1),
}
CONVENTIONS = {
    "queries_keys, values, gradient, outputs, d_queries_keys, d_values": "(heads, length, features), float32",
    "rotations": "(heads, rounds, features, columns); the columns of the factors one after another",
    "buckets": "(heads, rounds, length): id_1 + B_1 id_2, plus round times number of buckets",
    "keys": "x / sqrt(|x|^2 + 1e-6 features); logits q . k",
    "windows": "own chunk, the one before, and n_after after; wrap over all rounds in one row",
    "masks": "causal where said; itself as a last resort, by -1e5; no mask by bucket, no correction of duplicates",
    "rows to leave out": "with several rounds, rows that see only themselves: their normaliser is near -1e5, where "
    "float32 steps are 0.008, so the published combination of rounds is off by up to 1 percent there",
}


def draw_inputs():
    rng = np.random.default_rng(0)
    shape = (N_HEADS, LENGTH, N_FEATURES)
    names = ("queries_keys", "values", "gradient")
    return {name: rng.standard_normal(shape, dtype=np.float32) for name in names}


def write(name, script, packages, inputs, recorded):
    """Store the arrays of all cases in NAME.npz, and where they come from in NAME.json."""
    folder = Path(__file__).parent
    arrays = dict(inputs)
    for case, results in recorded.items():
        results["buckets"] = results["buckets"].astype(np.uint16)
        arrays.update({f"{case}/{key}": array for key, array in results.items()})
    np.savez_compressed(folder / f"{name}.npz", **arrays)
    provenance = {
        "command": f"python data/golden/{script}",
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {"python": sys.version.split()[0], **{package: version(package) for package in packages}},
        "chunk_length": CHUNK_LENGTH,
        "cases": CASES,
        "conventions": CONVENTIONS,
    }
    (folder / f"{name}.json").write_text(json.dumps(provenance, indent=2) + "\n")
