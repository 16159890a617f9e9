"""The explorer of the whole road: the browser's road is that of `reformer`, and its four views say the same."""

import itertools
import json

import numpy as np
import pytest

from classroom import vectors
from explorers import WholeRoadExplorer
from explorers.draws import normal_numbers
from explorers.inputs import Refused
from explorers.sequences import N_FEATURES, N_TOKENS, sequences
from tests.explorers.lab_page import SENTENCE, STAGE, open_state, wait_until_said, wait_until_still

browser_test = pytest.mark.browser
every_source = pytest.mark.parametrize("source", ["words", "letters", "clusters", "zipf"])

# ---- Its sequences


def test_the_words_are_those_of_the_text_with_their_vectors():
    sentence = sequences()["words"]
    assert " ".join(sentence.tokens[:9]) == "an object of an immutable sequence type cannot change"
    of = vectors.words()
    rows = of.vectors[[of.place(word) for word in sentence.tokens]].astype(np.float64)
    np.testing.assert_allclose(sentence.queries_keys @ sentence.queries_keys.T, 25 * rows @ rows.T, atol=1e-3)
    np.testing.assert_array_equal(sentence.values, rows)


def test_the_letters_are_what_a_head_reads():
    letters, read = sequences()["letters"], vectors.attention("shared_qk")
    assert "".join(letters.tokens).replace("␣", " ").replace("↵", "\n") == read.text[256:320]
    rows = read.queries[1, 2, 256:320].astype(np.float64)
    np.testing.assert_allclose(letters.queries_keys @ letters.queries_keys.T, rows @ rows.T, atol=1e-3)
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    assert np.sum(units.mean(axis=0) ** 2) > 0.4  # which is what "common mean" promises


@every_source
def test_no_two_other_directions_keep_more_of_the_dot_products(source):
    rows = sequences()[source].queries_keys.astype(np.float64)
    assert rows.shape == (N_TOKENS, N_FEATURES) and len(sequences()[source].tokens) == N_TOKENS
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    kept = np.linalg.norm(units[:, :2] @ units[:, :2].T) ** 2
    best = np.sort(np.linalg.eigvalsh(units @ units.T))[-2:]
    assert kept == pytest.approx(np.sum(best**2), rel=1e-4)


def test_words_by_zipfs_law_repeat_more_than_a_sentence():
    assert len(set(sequences()["zipf"].tokens)) < len(set(sequences()["words"].tokens)) + 8
    assert len(set(sequences()["clusters"].tokens)) == N_TOKENS


@pytest.mark.parametrize(
    "state", [{"n_buckets": 3}, {"n_tokens": 65}, {"chosen": 32}, {"source": "poem"}, {"wrap": "x"}]
)
def test_what_cannot_be_shown_is_refused_by_name(state):
    with pytest.raises(Refused, match=next(iter(state))):
        WholeRoadExplorer(**state)


def test_the_alternative_text_says_what_the_first_view_shows():
    explorer = WholeRoadExplorer()
    met = np.flatnonzero(explorer.weights[26, :26])
    words = explorer.texts["words"]
    assert words[explorer.chosen] == "mutable" and len(met) == 5 and words.index("immutable") not in met
    assert "meets 5 of the 26 words" in explorer.alternative_text


# ---- In the browser, without Jupyter


@browser_test
def test_the_browser_draws_the_numbers_that_python_draws(functions_of):
    functions = functions_of("shared/numbers.js")
    for seed in (0, 1, 67, 2**32 + 5):
        got = functions("([seed]) => Array.from(functions.drawnArray([40], functions.normalFrom(seed)))", seed)
        np.testing.assert_allclose(got, normal_numbers(seed, (40,)), rtol=0, atol=1e-12)


STATES = [
    {},
    {"n_rounds": 3, "turn": 33.0, "seed": 4},
    {"source": "letters", "n_tokens": 64, "n_rounds": 8, "chunk_length": 7, "wrap": "round"},
    {"source": "letters", "hashed": "space", "n_buckets": 2, "n_before": 0},
    {"source": "clusters", "hashed": "space", "n_rounds": 2, "turn": -120.0, "wrap": "none"},
    {"source": "zipf", "n_tokens": 24, "n_buckets": 4, "chunk_length": 16, "n_before": 3, "n_rounds": 2},
    {"source": "words", "hashed": "space", "n_tokens": 45, "n_buckets": 6, "chunk_length": 2, "n_rounds": 4},
]
MODEL = """names => JSON.stringify(names.map((name) => {
    const { dtype, data, shape } = document.getElementById("explorer").model.get(name);
    const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    return [Array.from(dtype === "int32" ? new Int32Array(bytes) : new Float64Array(bytes)), shape];
}))"""


@browser_test
@pytest.mark.parametrize("state", STATES)
def test_the_browsers_road_is_that_of_reformer(state, open_drawn):
    explorer = WholeRoadExplorer(**state)
    expected = WholeRoadExplorer(**state)
    page = open_drawn(explorer, reduced_motion="reduce")
    expected.first_report()
    for name, (got, shape) in zip(
        names := ["buckets", "weights", "measures"], json.loads(page.evaluate(MODEL, names)), strict=True
    ):
        value = getattr(expected, name)
        np.testing.assert_allclose(np.reshape(got, shape), value, atol=1e-5, err_msg=name)


@browser_test
def test_it_stays_that_of_reformer_while_everything_is_moved(open_drawn):
    page = open_drawn(WholeRoadExplorer(), reduced_motion="reduce")
    state = {}
    changes = itertools.chain(
        [("n_rounds", 4), ("turn", 50.0), ("chunk_length", 5), ("n_before", 2), ("wrap", "none"), ("hashed", "space")],
        [("n_tokens", 50), ("source", "zipf"), ("n_buckets", 4), ("seed", 9), ("wrap", "round"), ("hashed", "plane")],
    )
    for name, value in changes:
        state[name] = value
        page.evaluate("([name, value]) => document.getElementById('explorer').model.set(name, value)", [name, value])
        wait_until_still(page)
        expected = WholeRoadExplorer(**state)
        expected.first_report()
        for trait, (got, shape) in zip(
            traits := ["buckets", "weights", "measures"], json.loads(page.evaluate(MODEL, traits)), strict=True
        ):
            np.testing.assert_allclose(np.reshape(got, shape), getattr(expected, trait), atol=1e-5, err_msg=str(state))


@browser_test
def test_the_sentence_says_whom_a_token_meets_whom_it_misses_and_why(open_drawn):
    page = open_drawn(WholeRoadExplorer())
    assert page.locator(SENTENCE).text_content() == (
        "“mutable”, token 26, is in bucket 4 and chunk 3. It meets 5 of the 26 tokens before it, with 35 % of its "
        "attention. It misses “immutable” 4 (43 %: other bucket), “created” 12 (5 %: same bucket, other chunk) and "
        "“references” 17 (5 %: other bucket). 5 come later and are masked."
    )
    page.locator(STAGE).press("Shift+ArrowDown")
    page.locator(STAGE).press("ArrowDown")
    wait_until_said(page, "token 0,")
    assert "No token stands before it: it attends to itself. 31 come later" in page.locator(SENTENCE).text_content()


@browser_test
def test_a_mouse_over_a_token_shows_it_and_leaves_the_state_as_it_is(open_drawn):
    page = open_drawn(WholeRoadExplorer(), reduced_motion="reduce")
    wait_until_still(page)
    before = page.evaluate("explorer.model.get('chosen')")
    box = page.locator(f"{STAGE} canvas").bounding_box()
    first_word = box["x"] + 0.36 * box["width"], box["y"] + 32 + 30
    page.mouse.move(*first_word)
    wait_until_said(page, "“an”, token 0")
    assert page.evaluate("explorer.model.get('chosen')") == before
    page.mouse.move(box["x"] + 3, box["y"] + box["height"] + 60)
    wait_until_said(page, "“mutable”, token 26")
    page.mouse.click(*first_word)
    page.wait_for_function("explorer.model.get('chosen') === 0")


@browser_test
@pytest.mark.parametrize(("motion", "glides"), [("no-preference", True), ("reduce", False)])
def test_play_goes_through_the_steps_and_glides_unless_the_reader_prefers_stillness(motion, glides, open_drawn):
    page = open_drawn(WholeRoadExplorer(), reduced_motion=motion)
    wait_until_still(page)
    page.get_by_role("button", name="Play").click()
    assert page.evaluate("explorer.model.get('step')") == 1
    pictures = page.evaluate(
        """async () => {
            const { model } = document.getElementById("explorer");
            const canvas = document.querySelector(".explorer [role=application] canvas");
            const pictures = new Set();
            while (model.get("step") < 3) await new Promise(requestAnimationFrame);
            for (const end = performance.now() + 900; performance.now() < end; ) {
                await new Promise(requestAnimationFrame);
                pictures.add(canvas.toDataURL());
            }
            return pictures.size;
        }"""
    )
    assert (pictures > 3) == glides
    page.get_by_role("button", name="Pause").click()
    at = page.evaluate("explorer.model.get('step')")
    page.wait_for_timeout(2500)
    assert page.evaluate("explorer.model.get('step')") == at
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("explorer.model.get('step') === 6")
    page.get_by_role("button", name="Play").wait_for()


@browser_test
def test_each_step_says_what_happens_in_it(open_drawn):
    page = open_drawn(WholeRoadExplorer(), reduced_motion="reduce")
    for step, words in enumerate(["look back", "cut", "sort", "colour", "hash"]):
        page.get_by_role("button", name="Step back").click()
        wait_until_said(page, f"Step {5 - step}, {words}")
    for _ in range(5):
        page.locator(STAGE).press(".")
    wait_until_said(page, "It meets 5 of the 26 tokens")


@browser_test
def test_a_little_turn_brings_the_missed_word_and_ticks_the_task(open_drawn):
    page = open_drawn(WholeRoadExplorer(), reduced_motion="reduce")
    wait_until_still(page)
    for _ in range(3):
        page.locator(STAGE).press("ArrowRight")
    page.wait_for_function("document.querySelectorAll('.explorer-done').length === 1")
    assert "“immutable” 4" not in page.locator(SENTENCE).text_content()
    assert WholeRoadExplorer(turn=6.0).weights[26, 4] > 0.3


@browser_test
def test_a_preset_a_task_and_a_link(open_drawn):
    page = open_drawn(WholeRoadExplorer())
    wait_until_still(page)
    assert page.locator(".explorer-done").count() == 0
    page.get_by_label("Presets").select_option("Clusters")
    page.get_by_label("Hash rounds R").fill("3")
    page.get_by_label("Chunk length C").fill("3")
    page.wait_for_function("document.querySelectorAll('.explorer-done').length === 1")
    open_state(page)
    link = page.get_by_label("This state as link").input_value()
    text = json.loads(page.evaluate("link => decodeURIComponent(link.split('=').slice(1).join('='))", link))
    assert text == {"source": "clusters", "hashed": "space", "n_rounds": 3, "chunk_length": 3}


# ---- In JupyterLab


@browser_test
@pytest.mark.parametrize("key", ["ArrowRight", "ArrowDown", "Shift+ArrowUp", "r", ",", "."])
def test_every_key_changes_the_picture_and_the_notebook_stays_as_it_is(key, road_lab):
    road_lab.assert_key_is_the_explorers(key)


@browser_test
def test_the_kernel_hears_what_the_browser_computed(road_lab):
    road_lab.page.get_by_label("Hash rounds R").fill("2")
    setup = """
from explorers import WholeRoadExplorer
state = {name: getattr(explorer, name) for name in explorer.inputs()}
expected = WholeRoadExplorer(**state)
expected.first_report()
same = explorer.buckets.shape == expected.buckets.shape and np.array_equal(explorer.buckets, expected.buckets)
same = same and np.allclose(explorer.weights, expected.weights, atol=1e-5)
"""
    assert road_lab.kernel_holds(setup, "same", n_rounds=2)
    road_lab.assert_axe_finds_no_violation()
    road_lab.assert_nothing_went_wrong()
