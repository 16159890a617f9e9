"""That the benchmarks measure what they say. No test here looks at a time."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import attention
from benchmarks.attention import PEERS, RESULTS, as_line, make_rows
from benchmarks.measure import ROOT, start, take_turns
from benchmarks.sides import SIDES, bucket_factors

FIELDS = ["what", "peer", "length", "heads", "rounds"]
MEASURED = ["ours_cpu_s", "peer_cpu_s", "ratio", "ours_peak_bytes", "peer_peak_bytes"]


@pytest.mark.parametrize("length", [128, 1024, 4096, 16384, 65536, 2**20])
def test_there_are_two_buckets_for_each_chunk_in_even_factors_of_at_most_128_or_so(length):
    factors = bucket_factors(length)
    assert np.prod(factors) == 2 * length // 64
    assert all(factor % 2 == 0 for factor in factors)
    assert len(factors) == 1 and factors[0] <= 128 or max(factors) <= 2 * min(factors)


def test_rows_name_every_peer_length_and_number_of_rounds_once():
    rows = make_rows(PEERS, [1024, 4096, 65536], [1, 4])
    assert all(list(row) == FIELDS for row in rows)
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    assert {row["what"] for row in rows} == {"forward", "forward+backward", "model_step"}
    assert not any(row["peer"] == "lucidrains" and row["length"] > 16384 for row in rows)


@pytest.mark.alone
def test_a_fresh_process_measures_turns_and_peak_memory():
    row = dict(what="forward+backward", peer="dense", length=256, heads=1, rounds=1)
    (_, times), (_, peak) = [*start(sys.executable, [row]), *start(sys.executable, [{**row, "side": "ours"}])]
    assert set(times) == {"ours_cpu_s", "peer_cpu_s", "ratio"} and min(times.values()) > 0
    assert isinstance(peak, int) and peak >= 0


def test_a_peer_that_cannot_run_leaves_nothing_measured():
    row = dict(what="forward", peer="no such peer", length=256, heads=1, rounds=1)
    assert [result for _, result in start(sys.executable, [row, row])] == [None, None]
    assert "not measured" in as_line({**row, **dict.fromkeys(MEASURED)})


@pytest.mark.parametrize("what", ["forward", "forward+backward"])
@pytest.mark.parametrize("side", ["ours", "dense"])
def test_our_own_sides_run(side, what):
    SIDES[side](dict(what=what, length=128, heads=2, rounds=2))()


def test_a_ratio_above_one_means_that_ours_is_faster(monkeypatch):
    clock = [0.0]

    def takes(seconds):
        def run():
            clock[0] += seconds

        return lambda row: run

    monkeypatch.setattr("benchmarks.measure.process_time", lambda: clock[0])
    monkeypatch.setitem(SIDES, "ours", takes(0.5))
    monkeypatch.setitem(SIDES, "slower", takes(2.0))
    assert take_turns({"peer": "slower"}) == {"ours_cpu_s": 0.5, "peer_cpu_s": 2.0, "ratio": 4.0}


@pytest.mark.parametrize("module", ["benchmarks", "benchmarks.attention"])
def test_help_says_what_a_command_does(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(f"usage: python -m {module}")


def test_the_committed_results_have_the_form_they_should():
    results = json.loads((RESULTS / "long.json").read_text())
    assert list(results) == ["machine", "versions", "date", "rows"]
    assert {"numpy", "trax", "jax", "torch", "transformers", "reformer-pytorch"} <= set(results["versions"])
    assert {row["peer"] for row in results["rows"]} == set(PEERS)
    for row in results["rows"]:
        assert list(row) == FIELDS + MEASURED
        if row["ratio"] is not None:
            assert row["ratio"] > 0 and row["ours_cpu_s"] > 0 and row["peer_cpu_s"] > 0


def test_a_run_for_some_peers_keeps_the_rows_of_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(attention, "RESULTS", tmp_path)
    monkeypatch.setattr(attention, "ROOT", tmp_path)
    for peer, ratio in (("sdpa", 1.0), ("hf", 2.0), ("sdpa", 3.0)):
        found = {"peer": peer, "ratio": ratio}
        monkeypatch.setattr(attention, "measure", lambda rows, pythons, memory_lengths, found=found: [found])
        monkeypatch.setattr(sys, "argv", ["attention", "--peers", peer, "--peers-python", sys.executable])
        attention.main()
    rows = json.loads((tmp_path / "long.json").read_text())["rows"]
    assert [(row["peer"], row["ratio"]) for row in rows] == [("hf", 2.0), ("sdpa", 3.0)]
