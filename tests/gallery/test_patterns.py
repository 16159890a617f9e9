"""Room G7: patterns show what they say, attention under them is that of the core, and the room's claims hold."""

import json
from functools import partial

import numpy as np
import pytest

from gallery import MODE, loops, patterns
from gallery.patterns import NEAR, ROW, TASKS, TITLE
from reformer import tasks
from reformer.attention import shared_qk_attention
from reformer.lsh_attention import lsh_attention
from reformer.model import TransformerLM
from tests.gallery.storing import store
from tests.notebooks.notebook_files import ROOT, run

L = 96


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def all_patterns(rng):
    return patterns.equal_cost(rng, rng.standard_normal((L, 16))) | {
        "short strides": patterns.strided_pattern(L, 1, 1),
        "nothing near": patterns.strided_pattern(L, 1, 200),
        "no summary": patterns.fixed_pattern(L, 7, 0),
        "nothing kept": patterns.segment_pattern(L, 10, 0),
        "few by chance": patterns.random_pattern(rng, L, 1),
    }


def test_no_pattern_shows_a_later_token_and_each_shows_the_token_itself(rng):
    for name, pattern in all_patterns(rng).items():
        assert pattern.shape == (L, L) and pattern.dtype == bool
        assert not np.any(np.triu(pattern, 1)) and np.all(np.diag(pattern)), name


@pytest.mark.parametrize("sizes", [(1, 1, 1), (8, 2, 3), (9, 1, 4), (13, 20, 5), (12, 3, 30), (30, 4, 7)])
def test_strides_are_those_of_the_loop(sizes):
    assert np.array_equal(patterns.strided_pattern(*sizes), loops.strided_pattern(*sizes))


def test_a_row_of_each_pattern_is_what_its_paper_draws():
    def seen(pattern, query):
        return np.flatnonzero(pattern[query]).tolist()

    assert seen(patterns.window_pattern(12, 3), 9) == [7, 8, 9]
    assert seen(patterns.strided_pattern(12, 2, 4), 10) == [2, 6, 9, 10]
    assert seen(patterns.global_pattern(12, 2, 3), 9) == [0, 1, 2, 8, 9]
    assert seen(patterns.global_pattern(12, 2, 3), 1) == [0, 1]
    assert seen(patterns.fixed_pattern(12, 4, 1), 9) == [3, 7, 8, 9]
    assert seen(patterns.segment_pattern(12, 4, 4), 9) == [4, 5, 6, 7, 8, 9]
    assert seen(patterns.segment_pattern(12, 4, 2), 4) == [2, 3, 4]


def test_patterns_of_equal_cost_show_at_most_64_keys_and_nearly_as_many(rng):
    of_equal_cost = patterns.equal_cost(rng, rng.standard_normal((512, 64)))
    assert of_equal_cost.pop("all keys").sum() == 512 * 513 / 2
    assert all(56 <= pattern.sum(axis=1).max() <= 64 for pattern in of_equal_cost.values())


def test_chance_draws_as_many_as_it_is_asked_for_and_each_place_alike(rng):
    drawn = [patterns.random_pattern(rng, 40, 7) for _ in range(300)]
    assert all(np.array_equal(pattern.sum(axis=1), np.minimum(np.arange(40), 7) + 1) for pattern in drawn)
    last = np.mean(drawn, axis=0)[-1, :-1]
    assert np.all(np.abs(last - 7 / 39) < 0.09)


@pytest.mark.parametrize("sizes", [{"n_rounds": 1, "chunk_length": 8}, {"n_rounds": 3, "chunk_length": 4}])
def test_lsh_attention_is_attention_under_the_pattern_of_its_buckets(rng, sizes):
    vectors, values = rng.standard_normal((L, 8)), rng.standard_normal((L, 5))
    buckets, n_buckets = patterns.draw_buckets(rng, vectors, **sizes)
    options = {"n_buckets": n_buckets, "chunk_length": sizes["chunk_length"]}
    expected = lsh_attention(vectors, values, buckets, **options, correct_duplicates=True)
    found = patterns.attend(vectors, values, patterns.lsh_pattern(buckets, **options))
    np.testing.assert_allclose(found, expected, atol=1e-12)
    as_met = patterns.hash_attention(vectors, values, rng=np.random.default_rng(5), **sizes)
    buckets, _ = patterns.draw_buckets(np.random.default_rng(5), vectors, **sizes)
    np.testing.assert_allclose(as_met, lsh_attention(vectors, values, buckets, **options), atol=1e-6)


def test_buckets_are_a_power_of_two_about_the_number_of_chunks_and_dealt_ones_are_as_full(rng):
    vectors = rng.standard_normal((2, 100, 8))
    buckets, n_buckets = patterns.draw_buckets(rng, vectors, n_rounds=3, chunk_length=6)
    assert n_buckets == 16 and buckets.shape == (2, 3, 100) and buckets.min() >= 0 and 8 < buckets.max() < 16
    one, other = (
        patterns.draw_buckets(np.random.default_rng(1), vectors, n_rounds=3, chunk_length=6, deal=deal)[0]
        for deal in (False, True)
    )
    assert not np.array_equal(one, other) and np.array_equal(np.sort(one), np.sort(other))


def test_attention_under_all_keys_is_that_of_the_core_for_batches_of_heads_too(rng):
    x, values = rng.standard_normal((2, 3, L, 8)), rng.standard_normal((2, 3, L, 4))
    everything = patterns.window_pattern(L, L)
    np.testing.assert_allclose(patterns.attend(x, values, everything), shared_qk_attention(x, values), atol=1e-12)


def test_what_a_pattern_hides_changes_nothing_and_what_it_shows_does(rng):
    x, values = rng.standard_normal((L, 8)), rng.standard_normal((L, 4))
    pattern = patterns.window_pattern(L, 5)
    before = patterns.attend(x, values, pattern)
    values[40] += 1
    changed = np.any(patterns.attend(x, values, pattern) != before, axis=1)
    assert np.flatnonzero(changed).tolist() == [41, 42, 43, 44]  # not 40: itself is a last resort


def test_a_window_in_chunks_sees_its_chunk_and_the_one_before(rng):
    x, values = rng.standard_normal((L, 8)), rng.standard_normal((L, 4))
    expected = patterns.attend(x, values, patterns.segment_pattern(L, 16, 16))
    np.testing.assert_allclose(patterns.chunk_attention(x, values, chunk_length=16), expected, atol=1e-12)


def test_partners_stand_where_their_task_says(rng):
    back = {}
    for task in TASKS:
        partners, _ = patterns.draw_task(rng, 512, task)
        there = partners >= 0
        back[task] = (np.arange(512) - partners)[there]
        assert np.all(back[task] > 0) and there[256:].all()
        if task == "in the title":
            assert partners.max() == TITLE - 1
        if task == "anywhere":
            assert sorted(partners[256:]) == list(range(256))
    assert (back["near"].min(), back["near"].max()) == NEAR
    assert set(back["a row back"]) == {ROW} and set(back["five back"]) == {5}


def test_as_many_queries_want_one_key_as_are_asked_for(rng):
    partners, _ = patterns.draw_task(rng, 512, "anywhere", n_askers=8)
    assert np.all(np.unique(partners[256:], return_counts=True)[1] == 8)
    for length in (2, 3, 7):
        assert len(patterns.draw_task(rng, length, "anywhere", n_askers=9)[0]) == length


@pytest.mark.parametrize("task", TASKS)
def test_vectors_have_their_cosine_to_their_partner_unless_they_tell_nothing(rng, task):
    partners, vectors = patterns.draw_task(rng, 256, task, cosine=0.7)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)
    there = np.flatnonzero(partners >= 0)
    cosines = np.sum(vectors[there] * vectors[partners[there]], axis=1)
    if task == "five back":
        assert abs(cosines.mean()) < 0.03 and cosines.std() > 0.05
    else:
        np.testing.assert_allclose(cosines, 0.7)


def test_shares_count_the_later_half_alone():
    partners = np.array([-1, 0, 1, 2, 0, 4])
    pattern = patterns.window_pattern(6, 2)
    assert patterns.share_seen(pattern, partners) == pytest.approx(2 / 3)
    pattern[1, 0] = False
    assert patterns.share_seen(pattern, partners) == pytest.approx(2 / 3)


def test_a_partner_that_is_seen_is_found_where_the_vectors_tell_and_not_where_they_do_not():
    for task in TASKS:
        rng = np.random.default_rng(3)
        partners, vectors = patterns.draw_task(rng, 512, task)
        for name, pattern in patterns.equal_cost(rng, vectors).items():
            seen, found = patterns.share_seen(pattern, partners), patterns.share_found(pattern, vectors, partners)
            assert found <= seen
            assert found < 0.07 if task == "five back" else found > seen - 0.02, (name, task)


def test_reach_multiplies_the_layers_from_the_last_to_the_first():
    near, far = patterns.window_pattern(20, 2), patterns.strided_pattern(20, 1, 10)
    one_after_the_other = patterns.reach(np.array([near] * 3))
    np.testing.assert_allclose(one_after_the_other, np.array([1, 2, 3]) / 19)
    np.testing.assert_allclose(patterns.reach(np.array([near, far])), np.array([1, 3]) / 19)  # 9, then 8, 9, 18
    assert patterns.reach(np.array([far, near]))[0] == pytest.approx(1 / 19)


def test_reach_grows_by_the_window_and_by_the_segment():
    steps = np.arange(1, 9)
    window = patterns.reach(np.array([patterns.window_pattern(512, 64)] * 8))
    np.testing.assert_allclose(window, steps * 63 / 511)
    segments = patterns.reach(np.array([patterns.segment_pattern(512, 32, 32)] * 8))
    np.testing.assert_allclose(segments, (31 + 32 * steps) / 511)


def test_a_model_read_with_all_keys_is_the_model(rng):
    model = TransformerLM(vocabulary_size=8, max_length=16, n_layers=2, d_model=16, d_ff=16, attention="shared_qk")
    parameters = model.init_parameters(rng)
    batch = tasks.duplication(rng, n_sequences=64, length=16, n_symbols=7)
    found = patterns.accuracy_under(model, parameters, batch, shared_qk_attention)
    assert found == pytest.approx(model.evaluate(parameters, *batch)["accuracy"])
    alone = partial(patterns.attend, pattern=patterns.window_pattern(16, 1))
    assert found != patterns.accuracy_under(model, parameters, batch, alone)


@pytest.mark.parametrize(
    "function, arguments, named",
    [
        (patterns.strided_pattern, (0, 1, 1), "length"),
        (patterns.strided_pattern, (4, 0, 1), "n_near"),
        (patterns.strided_pattern, (4, 1, 0), "stride"),
        (patterns.global_pattern, (4, 1, -1), "n_first"),
        (patterns.fixed_pattern, (4, 0, 1), "block_length"),
        (patterns.segment_pattern, (4, 2, -1), "n_cached"),
        (patterns.random_pattern, (np.random.default_rng(0), 4, 0), "n_random"),
        (patterns.draw_task, (np.random.default_rng(0), 40, "far"), "task"),
        (patterns.reach, (np.ones((2, 3, 4), bool),), "patterns"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(function, arguments, named):
    with pytest.raises(ValueError, match=named):
        function(*arguments)


# --- the claims of the room ---

FIGURES = """
import json as _json
_mean = lambda rows: {str(name): np.round(np.mean(rows[name], axis=0), 3).tolist() for name in rows}
print(_json.dumps({
    "partners seen": {name: _mean(by_task) for name, by_task in seen.items()},
    "by queries that want one key": dict(zip(map(str, askers), by_askers.round(3).tolist())),
    "by cosine": {name: shares.round(3).tolist() for name, shares in by_cosine.items()},
    "by queries that want one key, at 64 places": {name: shares.round(3).tolist() for name, shares in by_many.items()},
    "by length": {str(length): np.round(met(length=length)[1], 3).tolist() for length in (512, 2048)},
    "five back, found": found,
    "reach": {name: shares.round(3).tolist() for name, shares in arms.items()},
    "read with 16 keys": {name: np.round(shares, 3).tolist() for name, shares in right.items()},
    "weight of the heads": {name: shares.round(3).tolist() for name, shares in shown.items()},
}))
"""


@pytest.mark.long
def test_the_claims_of_the_room_hold_and_are_stored():
    notebook = run(ROOT / "notebooks" / "gallery" / "G7_which_pairs.ipynb", last=FIGURES, **{MODE: "full"})
    figures = json.loads(notebook.cells[-1].outputs[0].text)
    table = figures["partners seen"]
    assert all(table["all keys"][task] == 1 for task in TASKS)
    assert all(0.12 < table["chance"][task] < 0.24 for task in TASKS)
    assert table["window"]["near"] == table["window"]["five back"] == 1 and table["window"]["anywhere"] < 0.06
    assert table["strided"]["a row back"] == 1 and table["strided"]["anywhere"] < 0.06
    assert table["global"]["in the title"] == 1 and table["global"]["anywhere"] < 0.12
    for name in ("window", "global", "fixed", "segments", "Big Bird"):
        assert table[name]["a row back"] < 0.1 and table[name]["anywhere"] < 0.14
    for task in ("near", "a row back", "anywhere"):
        assert table["LSH"][task] > 0.85
    assert table["LSH"]["in the title"] < 0.55 and table["LSH"]["five back"] < 0.16
    assert all(table["both"][task] > table["chance"][task] + 0.05 for task in TASKS)
    assert table["both"]["near"] == table["both"]["five back"] == 1 and table["both"]["anywhere"] > 0.6
    assert figures.pop("five back, found") < 0.05

    by_askers = np.array(list(figures["by queries that want one key"].values()))
    assert np.ptp(by_askers[:, 0]) < 0.06 and np.ptp(by_askers[:, 2]) < 0.06  # same bucket; chunks of 32
    assert by_askers[0, 1] > 0.85 and by_askers[-1, 1] < 0.5  # chunks of 8

    by_cosine = np.array(list(figures["by cosine"].values()))
    assert np.all(np.diff(by_cosine, axis=0) < 0) and np.all(np.diff(by_cosine, axis=1) < 0)
    assert 0.4 < by_cosine[0, -1] < 0.55 and by_cosine[-1, -1] > 0.2
    by_many = np.array(list(figures["by queries that want one key, at 64 places"].values()))
    assert np.all(np.diff(by_many[:, 0]) < -0.05) and np.all(np.diff(by_many[:, 0] - by_many[:, -1]) < -0.05)
    assert np.all(by_many[0, -1] < by_many[1:, -1] - 0.03)
    assert figures["by length"]["2048"] < figures["by length"]["512"] - 0.06

    reach = figures["reach"]
    for name in ("fixed", "Big Bird", "LSH", "both", "chance"):
        assert reach[name][1] > 0.7 and reach[name][0] < 0.13
    assert reach["global, not causal"][1] == 1
    assert reach["window"][-1] < 1 and reach["global"][-1] < 0.8 and reach["segments"][-1] < 0.6
    assert 0.6 < reach["strided"][1] < 0.8 and reach["strided"][2] == 1

    right = figures["read with 16 keys"]
    assert np.min(right["all keys"]) > 0.99 and np.min(right["14 near, each 31 back"]) > 0.99
    for name in ("window", *(f"14 near, each {stride} back" for stride in (30, 32, 33))):
        assert np.max(right[name]) < 0.08
    assert np.min(right["LSH 2 x (4 + 4)"]) > 0.65 and np.max(right["random buckets"]) < 0.42

    heads = {name: np.array(shares) for name, shares in figures["weight of the heads"].items()}
    near, far = slice(0, 4), slice(4, 12)
    assert np.all(heads["window"][near] > heads["LSH"][near] + 0.03)
    assert np.all(heads["LSH"][far] > heads["window"][far] + 0.02)
    assert np.all(heads["window"][far] < heads["chance"][far] + 0.07)
    assert np.all(heads["64 heaviest"] > np.maximum(heads["LSH"], heads["window"]) + 0.15)
    assert heads["64 heaviest"].min() < 0.55 and heads["64 heaviest"].max() < 0.92
    for part, of_part in figures.items():
        store("G7", part, of_part)
