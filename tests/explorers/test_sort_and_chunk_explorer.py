"""The explorer of sorting and chunking: its losses are those of `reformer.chunking`, and keys move it."""

import json
from functools import partial

import numpy as np
import pytest

from explorers import SortAndChunkExplorer
from explorers.long_sequences import BUCKET_COUNTS, N_DRAWS, long_sequences
from explorers.sort_and_chunk import pairs_lost_in_rounds
from reformer.angular import angular_hash, draw_rotations
from reformer.chunking import look_adjacent, share_of_pairs_lost, sort_by_bucket, split_into_chunks
from start import ROOT
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_said, wait_until_still

browser_test = pytest.mark.browser


# ---- In Python alone


def test_the_buckets_are_those_of_the_angular_hash():
    explorer = SortAndChunkExplorer(source="text", n_buckets=16, draw=2, n_rounds=8, n_tokens=512)
    explorer.first_report()
    sizes = {"n_rounds": 8, "n_features": 64, "n_buckets": BUCKET_COUNTS[-1]}
    rotations = draw_rotations(np.random.default_rng(2), **sizes, dtype=np.float64)[..., :8]
    np.testing.assert_array_equal(explorer.buckets, angular_hash(long_sequences()["text"].vectors, rotations))


@pytest.mark.parametrize("chunk_length", [4, 20, 128])
@pytest.mark.parametrize("n_before", [0, 1, 3])
def test_in_one_round_what_is_lost_is_the_share_of_pairs_lost(chunk_length, n_before):
    buckets = SortAndChunkExplorer().hashed[3, 1, 2, :1, :256]
    lost = pairs_lost_in_rounds(buckets, chunk_length, n_before)
    assert lost == pytest.approx(share_of_pairs_lost(buckets, chunk_length, n_before=n_before)[0])


@pytest.mark.parametrize(("n_rounds", "n_before"), [(1, 1), (3, 1), (4, 0), (2, 2)])
def test_a_pair_is_lost_where_no_window_of_any_round_holds_both(n_rounds, n_before):
    """By the windows of `look_adjacent` themselves, without a wrap, pair by pair."""
    buckets = np.random.default_rng(n_rounds).integers(0, 6, (n_rounds, 60))
    chunks = split_into_chunks(sort_by_bucket(buckets), 8)
    windows = look_adjacent(chunks, n_before=n_before, wrap="none")
    sought, met = set(), set()
    for of_round, chunks_of_round, windows_of_round in zip(buckets, chunks, windows, strict=True):
        sought |= {(i, j) for i in range(60) for j in range(i) if of_round[i] == of_round[j]}
        for chunk, window in zip(chunks_of_round, windows_of_round, strict=True):
            met |= {(max(i, j), min(i, j)) for i in chunk for j in window}
    assert pairs_lost_in_rounds(buckets, 8, n_before) == pytest.approx(len(sought - met) / len(sought))


def test_where_no_two_share_a_bucket_nothing_is_lost():
    assert pairs_lost_in_rounds(np.arange(12)[np.newaxis], 4, 0) == 0


def test_removing_the_mean_halves_at_least_what_the_head_loses_and_clouds_lose_nothing():
    losses = {}
    for source in ("cloud", "head", "centred"):
        explorers = [SortAndChunkExplorer(source=source, draw=draw, n_rounds=8) for draw in range(N_DRAWS)]
        for explorer in explorers:
            explorer.first_report()
        losses[source] = np.mean([explorer.lost_in_round for explorer in explorers])
    assert losses["cloud"] < 0.01 < losses["centred"] < losses["head"] / 2


def test_the_alternative_text_says_what_the_first_view_shows():
    explorer = SortAndChunkExplorer()
    explorer.first_report()
    sizes = np.bincount(explorer.buckets[0])
    fullest, text = int(np.argmax(sizes)), explorer.alternative_text
    places = np.flatnonzero(explorer.buckets[0, explorer.order] == fullest)
    n_chunks = np.ptp(places // explorer.chunk_length) + 1
    assert f"The fullest bucket, {fullest}, holds {sizes.max()} tokens and lies in {n_chunks} chunks" in text
    assert f"In all {100 * explorer.lost:.0f} % of the pairs" in text
    assert f"A strip of {explorer.n_tokens} letters" in text and f"cut into {256 // explorer.chunk_length}" in text


def test_fewer_tokens_leave_none_chosen_that_is_gone():
    explorer = SortAndChunkExplorer(chosen=250)
    explorer.n_tokens = 192
    assert explorer.chosen == 191


# ---- In the browser, without Jupyter

REPORT = """() => JSON.stringify(Object.fromEntries(["buckets", "order", "lost_in_round"].map((name) => {
    const { data, dtype } = explorer.model.get(name);
    const Type = dtype === "int32" ? Int32Array : Float64Array;
    return [name, [...new Type(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))]];
}).concat([["lost", explorer.model.get("lost")]])))"""


@browser_test
@pytest.mark.parametrize(
    "state",
    [
        {},
        {"source": "text", "n_rounds": 4, "shown_round": 3, "chunk_length": 20},
        {"source": "cloud", "n_tokens": 512, "n_buckets": 8, "n_rounds": 2, "n_before": 0},
        {"source": "centred", "n_tokens": 448, "n_buckets": 16, "n_rounds": 8, "n_before": 2, "chunk_length": 12},
        {"source": "words", "n_tokens": 128, "n_buckets": 64, "draw": 2, "chunk_length": 128},
    ],
)
def test_the_browser_computes_what_python_computes(state, open_drawn):
    page = open_drawn(SortAndChunkExplorer(), reduced_motion="reduce")
    page.evaluate("state => Object.entries(state).forEach(([name, value]) => explorer.model.set(name, value))", state)
    wait_until_still(page)
    explorer, got = SortAndChunkExplorer(**state), json.loads(page.evaluate(REPORT))
    explorer.first_report()
    np.testing.assert_array_equal(got["buckets"], explorer.buckets.ravel())
    np.testing.assert_array_equal(got["order"], explorer.order)
    np.testing.assert_allclose(got["lost_in_round"], explorer.lost_in_round, atol=1e-12)
    assert got["lost"] == pytest.approx(explorer.lost, abs=1e-12)


@browser_test
def test_the_first_view_says_what_python_knows_of_it(open_drawn):
    page = open_drawn(SortAndChunkExplorer(), reduced_motion="reduce")
    assert page.locator(SENTENCE).text_content() == (
        "The fullest bucket, 14, holds 54 of 256 tokens, 6.8 times its even share, and lies in 4 chunks. Of the pairs "
        "that share a bucket, 25 % are lost. The windows hold 13 % as many pairs as attention to all."
    )


@browser_test
def test_a_curve_remembers_the_lengths_that_were_tried_and_forgets_them_with_a_step_back(open_drawn):
    page = open_drawn(SortAndChunkExplorer(), reduced_motion="reduce")
    words = "() => document.querySelector('.explorer [role=application] canvas').getAttribute('aria-label')"
    assert "By chunk length C: 25 % at 16." in page.evaluate(words)
    for _ in range(2):
        page.locator(STAGE).press("ArrowUp")
    wait_until_still(page)
    said = page.evaluate(words).split("By chunk length C: ")[1].split(". By chunks")[0]
    assert [part.split(" at ")[1] for part in said.split(", ")] == ["16", "20", "24"]
    losses = [int(part.split(" %")[0]) for part in said.split(", ")]
    assert losses == sorted(losses, reverse=True) and losses[0] > losses[-1]
    page.locator(STAGE).press("z")
    wait_until_still(page)
    assert "By chunk length C: 25 % at 16." in page.evaluate(words)


@browser_test
def test_the_end_of_the_first_chunk_is_dragged_and_a_pressed_token_is_chosen(open_drawn):
    page = open_drawn(SortAndChunkExplorer(), reduced_motion="reduce")
    box = page.locator(f"{STAGE} canvas").bounding_box()
    cell = (box["width"] - 2) / 64

    def at(place, down):
        return box["x"] + 1 + cell * place, box["y"] + down

    page.mouse.move(*at(16, 56))
    page.mouse.down()
    page.mouse.move(*at(32, 56), steps=8)
    page.mouse.up()
    assert page.evaluate("explorer.model.get('chunk_length')") == 32
    tried = page.evaluate("explorer.model.get('lengths_tried')")
    assert [4 * bit for bit in range(33) if tried >> bit & 1] == [16, 20, 24, 28, 32]
    page.mouse.move(*at(16.5, 74 + 30))  # the row below
    page.mouse.down()
    page.mouse.up()
    explorer = SortAndChunkExplorer()
    explorer.first_report()
    assert page.evaluate("explorer.model.get('chosen')") == explorer.order[64 + 16]


@browser_test
def test_a_mouse_over_a_token_says_what_it_loses_and_chooses_nothing(open_drawn):
    page = open_drawn(SortAndChunkExplorer(), reduced_motion="reduce")
    box = page.locator(f"{STAGE} canvas").bounding_box()
    page.mouse.move(box["x"] + 5, box["y"] + 28)
    explorer = SortAndChunkExplorer()
    explorer.first_report()
    page.wait_for_function(
        "token => document.querySelector('.explorer canvas').getAttribute('aria-label').includes(`Token ${token}, `)",
        arg=int(explorer.order[0]),
    )
    assert page.evaluate("explorer.model.get('chosen')") == explorer.chosen


@browser_test
def test_keys_choose_cut_look_hash_and_sort(open_drawn):
    page = open_drawn(SortAndChunkExplorer(), reduced_motion="reduce")
    explorer = SortAndChunkExplorer()
    explorer.first_report()
    place = explorer.order.tolist().index(explorer.chosen)
    value = "name => explorer.model.get(name)"
    for key, name, expected in [
        ("ArrowRight", "chosen", explorer.order[place + 1]),
        ("ArrowLeft", "chosen", explorer.chosen),
        ("ArrowDown", "chunk_length", 12),
        ("l", "n_before", 2),
        ("h", "n_rounds", 2),
        ("r", "draw", 2),
        ("s", "view", "position"),
        ("ArrowRight", "chosen", explorer.chosen + 1),
    ]:
        page.locator(STAGE).press(key)
        assert page.evaluate(value, name) == expected, key
    wait_until_said(page, "of any round are lost in all 2")


# ---- In JupyterLab


def agrees_with_python(lab, condition="True", **expected):
    """Wait until the kernel holds the expected traits and what the browser computed is what Python computes."""
    setup = f"""
import sys
sys.path.append({str(ROOT)!r})
from explorers import SortAndChunkExplorer
twin = SortAndChunkExplorer(**{{name: getattr(explorer, name) for name in explorer.inputs()}})
twin.first_report()
same = np.array_equal(twin.order, explorer.order) and np.isclose(twin.lost, explorer.lost)
"""
    return lab.kernel_holds(setup, f"same and ({condition})", **expected)


@browser_test
def test_jupyterlab_draws_it_and_kernel_and_browser_follow_each_other(sort_and_chunk_lab):
    page = sort_and_chunk_lab.page
    assert page.locator(".explorer canvas").count() == 3
    agrees = partial(agrees_with_python, sort_and_chunk_lab)
    assert agrees(chunk_length=16, source="head")
    page.locator(STAGE).press("ArrowUp")
    assert agrees(chunk_length=20)
    page.get_by_label("Vectors").select_option("text")
    assert agrees(source="text")
    sort_and_chunk_lab.in_kernel("explorer.n_rounds = 4; explorer.n_before = 0")
    wait_until_said(page, "in all 4")
    assert agrees(n_rounds=4, n_before=0)


@browser_test
@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowUp", "n", "p", "c", "l", "h", "s", "r"])
def test_every_key_changes_the_picture_and_the_notebook_stays_as_it_is(sort_and_chunk_lab, key):
    sort_and_chunk_lab.assert_key_is_the_explorers(key)


@browser_test
def test_jupyterlab_reports_no_error_nothing_outside_is_asked_and_axe_finds_no_violation(sort_and_chunk_lab):
    sort_and_chunk_lab.assert_axe_finds_no_violation()
    sort_and_chunk_lab.assert_nothing_went_wrong()
