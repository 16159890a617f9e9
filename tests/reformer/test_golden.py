"""Ours against what the layers of Trax and Hugging Face computed, recorded in data/golden by the scripts there.

The clear path and the tuned one both. Where Trax is installed, the same is asked of what it computes here and now.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reformer.angular import factorised_hash, offset_rounds
from reformer.fast import lsh_attention as fast
from reformer.fast.hashing import hash_vectors
from reformer.gradients import lsh_attention_backward, lsh_attention_forward
from reformer.lsh_attention import Options, who_sees_whom

GOLDEN = Path(__file__).parents[2] / "data" / "golden"
PEERS = ("trax", "hf")
CASES = ("one_round", "four_rounds", "factorised", "bidirectional")
PATHS = {
    "clear": (lsh_attention_forward, lsh_attention_backward),
    "tuned": (fast.lsh_attention_forward, fast.lsh_attention_backward),
}
paths = pytest.mark.parametrize("forward, backward", PATHS.values(), ids=PATHS)


class Recording:
    """One case of one peer: its inputs, its results, and the options that make ours the same function."""

    def __init__(self, arrays, provenance, case):
        self.arrays, self.case, settings = arrays, case, provenance["cases"][case]
        self.factors, self.n_rounds = settings["factors"], settings["n_rounds"]
        self.options = dict(
            n_buckets=int(np.prod(self.factors)),
            chunk_length=provenance["chunk_length"],
            causal=settings["causal"],
            n_after=settings["n_after"],
        )

    def __getitem__(self, name):
        return self.arrays[name] if name in self.arrays else self.arrays[f"{self.case}/{name}"]

    def rotations(self):
        ends = np.cumsum([factor // 2 for factor in self.factors])
        return np.split(self["rotations"], ends[:-1], axis=-1)

    def buckets(self):
        return self["buckets"].astype(int) - self.options["n_buckets"] * np.arange(self.n_rounds)[:, np.newaxis]

    def comparable_rows(self):
        """With several rounds, not the rows that see only themselves: there the peers round badly."""
        if self.n_rounds == 1:
            return np.full(self["values"].shape[:-1], True)
        _, chunks, _, mask = who_sees_whom(self.buckets(), Options(**self.options))
        rows = np.zeros(self["values"].shape[:-1], dtype=bool)
        for head in range(len(rows)):
            rows[head, chunks[head][np.any(mask[head] == 0, axis=-1)]] = True
        return rows


def load(peer, case, folder=GOLDEN):
    with np.load(folder / f"{peer}.npz") as arrays:
        return Recording(dict(arrays), json.loads((folder / f"{peer}.json").read_text()), case)


@pytest.fixture(scope="module")
def trax_now(tmp_path_factory):
    """What Trax as installed computes: by the script, in a process of its own, since it changes the whole process."""
    folder = tmp_path_factory.mktemp("golden")
    for name in ("record_trax.py", "recording.py"):
        (folder / name).write_text((GOLDEN / name).read_text())
    subprocess.run(
        [sys.executable, "record_trax.py"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(GOLDEN.parents[1]), "JAX_PLATFORMS": "cpu"},
        check=True,
        capture_output=True,
        timeout=600,
    )
    return folder


@pytest.fixture(params=CASES)
def case(request):
    return request.param


@pytest.fixture(params=["trax", "hf", pytest.param("trax_now", marks=pytest.mark.trax)])
def recording(request, case):
    if request.param == "trax_now":
        return load("trax", case, folder=request.getfixturevalue("trax_now"))
    return load(request.param, case)


def test_the_same_rotations_give_the_same_buckets(recording):
    n_buckets, rotations = recording.options["n_buckets"], recording.rotations()
    clear = factorised_hash(recording["queries_keys"], rotations)
    np.testing.assert_array_equal(offset_rounds(clear, n_buckets), recording["buckets"])
    for head, vectors in enumerate(recording["queries_keys"]):
        tuned = hash_vectors(vectors, [factor[head] for factor in rotations])
        np.testing.assert_array_equal(offset_rounds(tuned, n_buckets), recording["buckets"][head])


@paths
def test_the_same_buckets_give_the_same_outputs_to_two_in_a_million(recording, forward, backward):
    arguments = recording["queries_keys"], recording["values"], recording.buckets()
    rows = recording.comparable_rows()
    assert np.mean(rows) > 0.95
    outputs, _ = forward(*arguments, **recording.options)
    assert outputs.dtype == np.float32
    assert np.max(np.abs(outputs - recording["outputs"])[rows]) < 2e-6


@paths
def test_the_gradients_are_the_same_to_one_in_a_hundred_thousand(recording, forward, backward):
    arguments = recording["queries_keys"], recording["values"], recording.buckets()
    _, saved = forward(*arguments, **recording.options)
    (d_queries_keys, d_values), _ = backward(recording["gradient"], saved)
    rows = recording.comparable_rows()
    np.testing.assert_allclose(d_queries_keys, recording["d_queries_keys"], atol=1e-5)
    np.testing.assert_allclose(d_values[rows], recording["d_values"][rows], atol=1e-5)


@paths
@pytest.mark.parametrize("peer", PEERS)
def test_on_rows_that_see_only_themselves_ours_is_exact_and_the_peer_is_not(peer, forward, backward):
    recording = load(peer, "four_rounds")
    alone = ~recording.comparable_rows()
    arguments = recording["queries_keys"], recording["values"], recording.buckets()
    outputs, _ = forward(*arguments, **recording.options)
    assert np.any(alone)
    np.testing.assert_array_equal(outputs[alone], recording["values"][alone])
    assert np.max(np.abs(recording["outputs"] - recording["values"])[alone]) > 1e-4


@pytest.mark.parametrize("peer", PEERS)
def test_a_recording_says_where_it_comes_from(peer):
    provenance = json.loads((GOLDEN / f"{peer}.json").read_text())
    assert provenance["command"] == f"python data/golden/record_{peer}.py"
    assert {"date", "versions", "conventions", "chunk_length"} <= set(provenance)
    assert sum(path.stat().st_size for path in GOLDEN.iterdir() if path.is_file()) < 300_000
