"""The explorer of room G7: its patterns are those of `gallery.patterns`, in Python and in the browser."""

import json

import numpy as np
import pytest

from classroom import vectors
from explorers import WhichPairsExplorer
from explorers.draws import normal_numbers
from explorers.which_pairs import (
    LONGFORMER,
    NOTHING,
    REFORMER,
    ROW,
    TASKS,
    TITLE,
    partners_of,
    pattern_by_place,
    vectors_of,
)
from gallery import patterns
from reformer.angular import angular_hash
from reformer.lsh_attention import lsh_attention
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_said, wait_until_still

browser_test = pytest.mark.browser
PRESETS = {
    "All keys": {"n_near": 128},
    "Longformer": LONGFORMER,
    "Sparse Transformer, strided": {"n_near": 27, "stride": ROW},
    "Sparse Transformer, fixed": {"n_near": 1, "segment": 16, "n_summary": 2},
    "Transformer-XL": {"n_near": 1, "segment": 16, "n_kept": 16},
    "Big Bird": {"n_near": 16, "n_first": 4, "n_random": 12},
    "Reformer": REFORMER,
}


def first_state(**state):
    explorer = WhichPairsExplorer(**state)
    explorer.first_report()
    return explorer


def preset(name):
    return first_state(**NOTHING | {"chunk_length": 4} | PRESETS[name])


# ---- In Python alone


@pytest.mark.parametrize("length", [64, 97, 192])
def test_partners_stand_where_their_task_says(length):
    partners, positions = partners_of(length, 5), np.arange(length)
    assert list(partners) == [task for task, _ in TASKS]
    near = (positions - partners["near"])[partners["near"] >= 0]
    assert near.min() == 3 and near.max() == 20
    assert set((positions - partners["row"])[ROW:]) == {ROW} and set((positions - partners["untold"])[5:]) == {5}
    assert set(partners["title"][TITLE:]) == set(range(TITLE)) and np.all(partners["title"][:TITLE] == -1)
    half = length // 2
    assert set(partners["anywhere"][half:]) == set(range(half)) and np.all(partners["anywhere"][:half] == -1)


def test_vectors_have_the_cosine_asked_for_or_tell_nothing():
    partners = partners_of(128, 2)["near"]
    there = np.flatnonzero(partners >= 0)
    for cosine in (0.5, 0.9, None):
        rows = vectors_of(partners, 2, cosine)
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1)
        cosines = np.sum(rows[there] * rows[partners[there]], axis=1)
        assert abs(cosines.mean()) < 0.05 if cosine is None else np.allclose(cosines, cosine)


def test_what_goes_by_place_is_the_union_of_the_patterns_of_the_room():
    settings = NOTHING | {"n_near": 5, "stride": 9, "n_first": 3, "segment": 8, "n_kept": 4, "n_summary": 1}
    expected = patterns.global_pattern(100, 5, 3) | patterns.strided_pattern(100, 1, 9)
    expected |= patterns.segment_pattern(100, 8, 4) | patterns.fixed_pattern(100, 8, 1)
    np.testing.assert_array_equal(pattern_by_place(100, 0, settings), expected)
    drawn = pattern_by_place(100, 0, NOTHING | {"n_near": 1, "n_random": 7})
    np.testing.assert_array_equal(drawn.sum(axis=1), np.minimum(np.arange(100), 7) + 1)


def test_hash_rounds_show_what_lsh_attention_weighs():
    explorer = first_state(task="near", n_rounds=3, chunk_length=6)
    rows = vectors_of(partners_of(128, 1)["near"], 1, 0.9)
    weights = patterns.attend(rows, np.eye(128), explorer.pattern.astype(bool))
    half = 128 // 6 // 2
    buckets = angular_hash(rows, normal_numbers(3, (8, 32, 48))[:3, :, :half])
    options = {"n_buckets": 2 * half, "chunk_length": 6, "correct_duplicates": True}
    np.testing.assert_allclose(weights, lsh_attention(rows, np.eye(128), buckets, **options), atol=1e-12)


def test_presets_look_at_32_keys_at_most_and_are_right_about_what_they_bet_on():
    assert preset("All keys").seen[0].tolist() == [1] * 5
    near, row, title, anywhere, untold = range(5)
    for name, sees in {
        "Longformer": (near, title, untold),
        "Sparse Transformer, strided": (near, row, untold),
        "Transformer-XL": (untold,),
    }.items():
        explorer = preset(name)
        assert explorer.pattern.sum(axis=1).max() <= 32
        assert np.all(explorer.seen[0, list(sees)] == 1) and explorer.seen[0, anywhere] < 0.3
    reformer = preset("Reformer")
    assert np.all(reformer.seen[0, [near, row, anywhere]] > 0.85) and reformer.seen[0, title] < 0.5
    np.testing.assert_array_equal(reformer.seen[0], reformer.seen[2])
    np.testing.assert_array_equal(preset("Longformer").shown[0], reformer.shown[1])


def test_the_weight_of_heads_is_that_of_the_stored_model():
    explorer = first_state(**NOTHING, n_near=20)
    read = vectors.attention("shared_qk")
    rows = read.queries[1, 2, 256:384].astype(np.float64)
    weights = patterns.attend(rows, np.eye(128), patterns.window_pattern(128, 128))
    shown = np.sum(weights * patterns.window_pattern(128, 20), axis=1)[64:].mean()
    assert explorer.shown[0, explorer.heads.index("1.2")] == pytest.approx(shown)


def test_reach_grows_by_windows_and_jumps_by_strides():
    window = first_state(**NOTHING, n_near=16).reach
    np.testing.assert_allclose(window, np.minimum(np.arange(1, 9) * 15, 127) / 127)
    assert preset("Sparse Transformer, fixed").reach[1] == 1


def test_the_alternative_text_says_what_the_first_view_shows():
    explorer, text = first_state(), WhichPairsExplorer.alternative_text
    anywhere, title = (f"{100 * explorer.seen[0, k]:.0f} %" for k in (3, 2))
    assert f"it shows {anywhere}, of those in the title {title}." in text


# ---- In the browser, without Jupyter

REPORT = """() => JSON.stringify(Object.fromEntries(["pattern", "seen", "shown", "reach"].map((name) => {
    const { data, dtype } = explorer.model.get(name);
    const Type = dtype === "uint8" ? Uint8Array : Float64Array;
    return [name, [...new Type(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))]];
})))"""
SET = "state => Object.entries(state).forEach(([name, value]) => explorer.model.set(name, value))"


@browser_test
def test_the_browser_computes_what_python_computes(open_drawn):
    page = open_drawn(WhichPairsExplorer(), reduced_motion="reduce")
    for state in (
        {},
        {"length": 96, "n_near": 9, "stride": 7, "n_first": 3, "n_rounds": 0, "task": "row", "seed": 4},
        {"length": 192, "segment": 20, "n_kept": 11, "n_summary": 3, "n_rounds": 2, "chunk_length": 8, "task": "title"},
        {"n_random": 9, "n_rounds": 8, "chunk_length": 2, "cosine": 0.6, "task": "untold", "seed": 12},
    ):
        page.evaluate(SET, {name: trait.default_value for name, trait in WhichPairsExplorer.inputs().items()} | state)
        wait_until_still(page)
        explorer, got = first_state(**state), json.loads(page.evaluate(REPORT))
        np.testing.assert_array_equal(got["pattern"], explorer.pattern.ravel())
        for name in ("seen", "shown", "reach"):
            np.testing.assert_allclose(got[name], getattr(explorer, name).ravel(), atol=1e-9)


@browser_test
def test_every_preset_says_what_it_looks_at_and_the_answer_by_task(open_drawn):
    page = open_drawn(WhichPairsExplorer(), reduced_motion="reduce")
    assert "at most 32 pairs computed" in page.locator(SENTENCE).text_content()
    looks = {
        "Longformer": "the last 24 and the first 8: at most 32 pairs",
        "Transformer-XL": "the own block of 16 and 16 kept before it: at most 32 pairs",
        "Sparse Transformer, strided": "the last 27 and each 24 back: at most 31 pairs",
        "Big Bird": "the last 16, the first 4 and 12 by chance: at most 32 pairs",
        "All keys": "the last 128: at most 128 pairs",
    }
    for name, words in looks.items():
        page.get_by_label("Presets").select_option(label=name)
        wait_until_said(page, words)


@browser_test
def test_longformer_and_reformer_are_judged_apart_over_several_draws_whatever_is_set(open_drawn):
    def verdict():
        wait_until_still(page)
        assert "Longformer" not in page.locator("[aria-live=polite]").text_content()
        return page.locator(".explorer-aside").text_content()

    page = open_drawn(WhichPairsExplorer(), reduced_motion="reduce")
    drawn = [first_state(seed=seed) for seed in range(1, 9)]
    tasks, heads = (np.mean([getattr(one, name) for one in drawn], axis=0) for name in ("seen", "shown"))
    names = [["near", "a row back", "in the title", "anywhere", "5 back"], drawn[0].heads]
    said = verdict()
    assert said.startswith("Whatever you set: Reformer or Longformer, at 32 pairs, over 8 draws?")
    for part, (_, longformer, reformer), names_of in zip(said.split("By ")[1:], (tasks, heads), names, strict=True):
        for clause in part.rstrip(". ").partition(": ")[2].split("; "):
            model, _, those = clause.partition(" for ")
            least, most = {"Longformer": (0.05, 2), "Reformer": (-2, -0.05), "neither": (-0.05, 0.05)}[model]
            better = [n for n, by in zip(names_of, longformer - reformer, strict=True) if least < by < most]
            assert those.replace(" and ", ", ").split(", ") == better
    page.evaluate(SET, {"seed": 5, "n_near": 7, "stride": 9})
    assert verdict() == said
    page.evaluate(SET, {"length": 64})
    assert verdict() != said


@browser_test
def test_keys_choose_a_query_and_change_the_pattern(open_drawn):
    page = open_drawn(WhichPairsExplorer(), reduced_motion="reduce")
    value = "name => explorer.model.get(name)"
    presses = {
        "ArrowDown": ("chosen", 101),
        "ArrowRight": ("n_near", 2),
        "s": ("stride", 1),
        "g": ("n_first", 1),
        "b": ("segment", 1),
        "Shift+h": ("n_rounds", 3),
        "c": ("chunk_length", 6),
        "t": ("task", "untold"),
        "r": ("seed", 2),
    }
    for key, (name, after) in presses.items():
        page.locator(STAGE).press(key)
        assert page.evaluate(value, name) == after
    wait_until_still(page)
    assert "of the partners 5 back, where as many keys by chance see" in page.locator(SENTENCE).text_content()
