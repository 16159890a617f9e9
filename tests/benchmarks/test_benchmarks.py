"""That the benchmarks measure what they say. No test here looks at a time."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks import allocators, attention
from benchmarks.attention import PEERS, RESULTS, as_line, make_rows
from benchmarks.measure import ALLOCATORS, MOST_TURNS, ROOT, start, take_turns
from benchmarks.sides import MOST_NEW, SIDES, bucket_factors, draw_arrays

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


@pytest.mark.parametrize("side", ["ours", "dense", "again"])
def test_our_own_ways_to_write_a_token_run_as_often_as_turns_are_taken(side):
    run = SIDES[side](dict(what="token", length=64, heads=4, rounds=1, layers=1))
    for _ in range(2 if side == "again" else MOST_NEW):
        assert np.shape(run())[-1] == 320
    assert MOST_NEW > 1 + MOST_TURNS


def test_rows_stretch_the_queries_and_nothing_else():
    row = dict(what="forward", length=64, heads=2, rounds=1)
    plain, stretched = draw_arrays(row), draw_arrays({**row, "stretch": 16})
    np.testing.assert_array_equal(stretched[0], 16 * plain[0])
    np.testing.assert_array_equal(stretched[1:], plain[1:])


def test_every_row_is_measured_with_both_allocators():
    rows = [row for peer in allocators.PEERS for row in allocators.make_rows(peer)]
    assert all(list(row) == [*FIELDS, "layers", "stretch", "allocator"] for row in rows)
    assert len({tuple(row.values()) for row in rows}) == len(rows)
    default, kept = ([{**r, "allocator": ""} for r in rows if r["allocator"] == name] for name in ALLOCATORS)
    assert default == kept and {row["what"] for row in rows} == set(allocators.WHATS)


@pytest.mark.parametrize("allocator", ALLOCATORS)
def test_both_sides_of_a_row_stand_in_one_process_that_is_told_what_to_do_with_freed_memory(allocator, monkeypatch):
    told = []

    class Process:
        stdin, stdout = io.StringIO(), io.StringIO()

        def __init__(self, command, *, env, **_):
            told.append({name: value for name, value in env.items() if name.startswith("MALLOC_")})

        def wait(self):
            pass

    monkeypatch.setattr("benchmarks.measure.subprocess.Popen", Process)
    for name in ALLOCATORS["kept"]:
        monkeypatch.delenv(name, raising=False)
    row = dict(what="forward", peer="hf", length=64, heads=1, rounds=1, layers=None, stretch=1, allocator=allocator)
    attention.measure([row], {"hf": "python"})
    assert told == [ALLOCATORS[allocator]]


@pytest.mark.parametrize(
    "module",
    [
        *("benchmarks", "benchmarks.attention", "benchmarks.allocators", "benchmarks.writing"),
        *("benchmarks.capacity", "benchmarks.class_of_200"),
    ],
)
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


def test_the_committed_results_with_both_allocators_are_whole():
    results = json.loads((RESULTS / "allocators.json").read_text())
    rows = [row for peer in allocators.PEERS for row in allocators.make_rows(peer)]
    assert [{field: row[field] for field in rows[0]} for row in results["rows"]] == rows
    assert all(row["ratio"] > 0 and row["ours_cpu_s"] > 0 for row in results["rows"])
    assert {"numpy", "trax", "torch", "transformers", "reformer-pytorch"} <= set(results["versions"])


def test_a_run_for_some_rows_keeps_the_others_in_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr(allocators, "RESULTS", tmp_path)
    monkeypatch.setattr(attention, "RESULTS", tmp_path)
    monkeypatch.setattr(allocators, "ROOT", tmp_path)
    runs = ("again", "token"), ("hf", "forward"), ("hf", "token"), ("again", "token")
    for number, (peer, what) in enumerate(runs, start=1):
        found = {"ratio": number}
        monkeypatch.setattr(allocators, "measure", lambda rows, _, found=found: [row | found for row in rows])
        options = ["--peers", peer, "--whats", what, "--peers-python", sys.executable]
        monkeypatch.setattr(sys, "argv", ["allocators", *options])
        allocators.main()
    rows = json.loads((tmp_path / "allocators.json").read_text())["rows"]
    n_tokens, n_forward = len(allocators.CONTEXTS), len(allocators.LENGTHS) + 1
    expected = [3] * n_tokens + [2] * n_forward
    assert [row["ratio"] for row in rows] == expected * 2 + [4] * n_tokens * 2


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


def test_the_figures_that_lesson_05c_quotes_stand_in_the_results():
    lesson = (ROOT / "notebooks" / "05c_cost_and_ledger.ipynb").read_text(encoding="utf-8")
    rows = json.loads((ROOT / "benchmarks" / "results" / "long.json").read_text(encoding="utf-8"))["rows"]
    took = {
        row["peer"]: row["peer_cpu_s"]
        for row in rows
        if (row["what"], row["length"], row["heads"], row["rounds"]) == ("forward", 16384, 2, 4)
    }
    assert f"took {took['hf']:.2f} s on one core, torch's dense attention {took['sdpa']:.2f} s" in lesson
