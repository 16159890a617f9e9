"""The explorer of the attention matrix: its weights are those of `reformer.lsh_attention`, mask by mask."""

import json
from functools import partial

import numpy as np
import pytest

from explorers import AttentionMatrixExplorer
from explorers.attention_matrix import attend
from reformer.attention import shared_qk_attention
from reformer.lsh_attention import Options, lsh_attention
from start import ROOT
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_said, wait_until_still

browser_test = pytest.mark.browser
EACH = np.eye(64)


def first_state(**state):
    explorer = AttentionMatrixExplorer(**state)
    explorer.first_report()
    return explorer


# ---- In Python alone


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize(
    "options", [{}, {"causal": False}, {"same_bucket_only": True}, {"wrap": "none"}, {"n_before": 2, "wrap": "round"}]
)
def test_with_the_self_mask_it_attends_as_lsh_attention(options, once):
    explorer = first_state(n_rounds=3)
    sizes = {"n_buckets": 8, "chunk_length": 8} | options
    buckets = explorer.buckets.astype(np.intp)
    expected = lsh_attention(explorer.queries_keys, EACH, buckets, **sizes, correct_duplicates=once)
    got, counts = attend(explorer.queries_keys, EACH, buckets, Options(**sizes), avoid_self=True, once=once)
    np.testing.assert_allclose(got, expected, atol=1e-12)
    off_diagonal = ~np.eye(64, dtype=bool)
    np.testing.assert_array_equal((counts > 0)[off_diagonal & (expected > 0)], True)


def test_without_the_self_mask_one_chunk_is_softmax_over_all_earlier_tokens_and_oneself():
    explorer = first_state(n_rounds=1, n_before=0)
    options = Options(8, 64, n_before=0)
    buckets = explorer.buckets.astype(np.intp)
    got, _ = attend(explorer.queries_keys, EACH, buckets, options, avoid_self=False, once=True)
    rows = explorer.queries_keys
    logits = rows @ (rows / np.sqrt((rows**2).sum(1, keepdims=True) + 1e-6 * 64)).T
    weights = np.where(np.tri(64, dtype=bool), np.exp(logits - logits.max(axis=1, keepdims=True)), 0)
    np.testing.assert_allclose(got, weights / weights.sum(axis=1, keepdims=True), atol=1e-12)


def test_a_pair_that_two_rounds_bring_together_is_counted_twice():
    explorer = first_state(n_rounds=2, n_before=0, wrap="none")
    buckets = np.zeros((2, 64), dtype=np.intp)
    options = Options(8, 8, n_before=0, wrap="none")
    _, counts = attend(explorer.queries_keys, EACH, buckets, options, avoid_self=True, once=True)
    of_chunk = np.kron(np.eye(8), np.tril(np.ones((8, 8))))
    np.testing.assert_array_equal(counts, 2 * of_chunk)


def test_one_window_that_holds_all_is_dense_attention_without_error():
    explorer = first_state(n_rounds=1, chunk_length=32, wrap="round")
    np.testing.assert_allclose(explorer.weights, shared_qk_attention(explorer.queries_keys, EACH), atol=1e-12)
    assert explorer.by_rounds[0, :3] == pytest.approx([1, 1, 0], abs=1e-9)


def test_more_rounds_meet_more_and_err_less_when_each_pair_counts_once():
    by_rounds = first_state(n_rounds=8).by_rounds
    assert np.all(np.diff(by_rounds[:, 1]) > -0.02) and by_rounds[-1, 1] > by_rounds[0, 1] + 0.3
    assert by_rounds[-1, 2] < by_rounds[-1, 3] / 2 and by_rounds[-1, 2] < by_rounds[0, 2] / 4


def test_the_alternative_text_says_what_the_first_view_shows():
    explorer = first_state()
    pairs, mass, once, often = explorer.by_rounds[-1]
    text = explorer.alternative_text
    assert f"in {explorer.n_rounds} rounds" in text
    assert f"{100 * pairs:.0f} % of the earlier pairs meet, with {100 * mass:.0f} % of the attention" in text
    assert f"{once:.2f} with each pair counted once, {often:.2f} as often as met" in text


@pytest.mark.parametrize("value", [1, 0, None, "on"])
def test_a_switch_that_is_neither_on_nor_off_is_refused(value):
    with pytest.raises(ValueError, match="^causal needs true or false, got "):
        AttentionMatrixExplorer(causal=value)


# ---- In the browser, without Jupyter

REPORT = """() => JSON.stringify(Object.fromEntries(["buckets", "weights", "met", "by_rounds"].map((name) => {
    const { data, dtype } = explorer.model.get(name);
    const Type = dtype === "int32" ? Int32Array : Float64Array;
    return [name, [...new Type(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))]];
})))"""


@browser_test
@pytest.mark.parametrize(
    "state",
    [
        {},
        {"source": "words", "n_rounds": 8, "n_buckets": 16, "chunk_length": 4, "correct_duplicates": False},
        {"source": "zipf", "n_rounds": 2, "causal": False, "wrap": "round", "n_before": 2},
        {"source": "clusters", "n_rounds": 3, "same_bucket_only": True, "wrap": "none", "chunk_length": 10},
        {"source": "letters", "n_rounds": 2, "avoid_self": False, "n_before": 0, "correct_duplicates": False},
        {"n_rounds": 1, "avoid_self": False, "causal": False, "chunk_length": 32, "n_before": 3, "seed": 9},
    ],
)
def test_the_browser_computes_what_python_computes(state, open_drawn):
    page = open_drawn(AttentionMatrixExplorer(), reduced_motion="reduce")
    page.evaluate("state => Object.entries(state).forEach(([name, value]) => explorer.model.set(name, value))", state)
    wait_until_still(page)
    explorer, got = first_state(**state), json.loads(page.evaluate(REPORT))
    for name in ("buckets", "met"):
        np.testing.assert_array_equal(got[name], getattr(explorer, name).ravel())
    for name in ("weights", "by_rounds"):
        np.testing.assert_allclose(got[name], getattr(explorer, name).ravel(), atol=1e-9)


@browser_test
def test_the_first_view_says_what_python_knows_of_it(open_drawn):
    page = open_drawn(AttentionMatrixExplorer(), reduced_motion="reduce")
    pairs, mass, once, often = first_state().by_rounds[-1]
    said = page.locator(SENTENCE).text_content()
    assert said.startswith(
        f"In 4 rounds {100 * pairs:.0f} % of the earlier pairs meet, with {100 * mass:.0f} % of the attention."
    )
    assert f"The output is off by {once:.2f} of its length, or by {often:.2f} if each time counts." in said


@browser_test
def test_every_mask_is_a_switch_for_mouse_and_key(open_drawn):
    page = open_drawn(AttentionMatrixExplorer(), reduced_motion="reduce")
    switches = {
        "causal": ("Hide later tokens", "f"),
        "avoid_self": ("Itself as last resort", "i"),
        "same_bucket_only": ("Hide other buckets", "b"),
        "correct_duplicates": ("Count each pair once", "d"),
    }
    value = "name => explorer.model.get(name)"
    for name, (label, key) in switches.items():
        before = page.evaluate(value, name)
        page.get_by_label(label).click()
        wait_until_still(page)
        assert page.evaluate(value, name) is not before
        page.locator(STAGE).press(key)
        assert page.evaluate(value, name) is before
        wait_until_still(page)
        assert page.get_by_label(label).is_checked() is before
        assert f"{label} {'on' if before else 'off'}." in page.locator("[aria-live]").text_content()


@browser_test
def test_the_marks_are_what_python_says_of_each_pair(open_drawn):
    """Filled squares for what is met, diamonds for what dense attention sees and LSH attention does not."""
    page = open_drawn(AttentionMatrixExplorer(), color_scheme="light", reduced_motion="reduce")
    page.evaluate(
        """() => {
            window.squares = 0;
            window.diamonds = 0;
            const stage = document.querySelector(".explorer [role=application] canvas");
            const kinds = CanvasRenderingContext2D.prototype;
            const { rect, closePath, fill, beginPath } = kinds;
            let rects = 0;
            kinds.beginPath = function () { rects = 0; beginPath.call(this); };
            kinds.rect = function (...box) { rects++; rect.apply(this, box); };
            kinds.fill = function () {
                if (this.canvas === stage && this.globalAlpha === 1) squares += rects;
                fill.call(this);
            };
            kinds.closePath = function () { diamonds += this.canvas === stage; closePath.call(this); };
        }"""
    )
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("squares > 0")
    explorer = first_state()
    met = (explorer.met > 0) & (explorer.weights > 0)
    beside = np.zeros((64, 64), dtype=bool)
    free = first_state(causal=False)
    beside = free.met > 0
    dense = shared_qk_attention(explorer.queries_keys, EACH) > 0
    wait_until_still(page)
    frames = page.evaluate("squares") / met.sum()
    assert frames == int(frames) >= 1
    assert page.evaluate("diamonds") == frames * np.sum(dense & ~met & ~beside)


@browser_test
def test_keys_choose_a_row_add_rounds_and_change_the_view(open_drawn):
    page = open_drawn(AttentionMatrixExplorer(), reduced_motion="reduce")
    value = "name => explorer.model.get(name)"
    order = first_state(seed=4, n_rounds=5).buckets[1].argsort(kind="stable").tolist()
    for key, name, expected in [
        ("ArrowRight", "chosen", 41),
        ("Shift+ArrowLeft", "chosen", 33),
        ("ArrowUp", "n_rounds", 5),
        (".", "shown_round", 2),
        ("c", "chunk_length", 10),
        ("l", "n_before", 2),
        ("v", "view", "added"),
        ("r", "seed", 4),
        ("s", "order", "sorted"),
        ("ArrowRight", "chosen", order[order.index(33) + 1]),
    ]:
        page.locator(STAGE).press(key)
        assert page.evaluate(value, name) == expected, key
    wait_until_said(page, "In 5 rounds")


@browser_test
def test_a_mouse_over_a_row_tells_of_it_and_a_press_keeps_it(open_drawn):
    page = open_drawn(AttentionMatrixExplorer(), reduced_motion="reduce")
    box = page.locator(f"{STAGE} canvas").bounding_box()
    cell = (box["width"] - 39) / 64
    page.mouse.move(box["x"] + 100, box["y"] + 35 + 20.5 * cell)
    page.wait_for_function(
        "document.querySelector('.explorer canvas').getAttribute('aria-label').includes('Token 20,')"
    )
    assert page.evaluate("explorer.model.get('chosen')") == 40
    page.mouse.down()
    page.mouse.up()
    assert page.evaluate("explorer.model.get('chosen')") == 20


# ---- In JupyterLab


def agrees_with_python(lab, condition="True", **expected):
    """Wait until the kernel holds the expected traits and what the browser computed is what Python computes."""
    setup = f"""
import sys
sys.path.append({str(ROOT)!r})
from explorers import AttentionMatrixExplorer
twin = AttentionMatrixExplorer(**{{name: getattr(explorer, name) for name in explorer.inputs()}})
twin.first_report()
same = twin.weights.shape == explorer.weights.shape and np.allclose(twin.weights, explorer.weights)
"""
    return lab.kernel_holds(setup, f"same and ({condition})", **expected)


@browser_test
def test_jupyterlab_draws_it_and_kernel_and_browser_follow_each_other(attention_matrix_lab):
    page = attention_matrix_lab.page
    assert page.locator(".explorer canvas").count() == 5
    agrees = partial(agrees_with_python, attention_matrix_lab)
    assert agrees(n_rounds=4, causal=True)
    page.get_by_label("Hide later tokens").click()
    assert agrees(causal=False)
    page.get_by_label("Rows and columns").select_option("sorted")
    assert agrees(order="sorted")
    attention_matrix_lab.in_kernel("explorer.n_rounds = 2; explorer.causal = True")
    wait_until_said(page, "In 2 rounds")
    assert agrees(n_rounds=2, causal=True)
    assert page.get_by_label("Hide later tokens").is_checked()


@browser_test
@pytest.mark.parametrize("key", ["i", "b", "d", "f", "ArrowLeft", "ArrowUp", "n", "p", "h", "c", "l", "v", "s", "r"])
def test_every_key_changes_the_picture_and_the_notebook_stays_as_it_is(attention_matrix_lab, key):
    attention_matrix_lab.assert_key_is_the_explorers(key)


@browser_test
def test_jupyterlab_reports_no_error_nothing_outside_is_asked_and_axe_finds_no_violation(attention_matrix_lab):
    attention_matrix_lab.assert_axe_finds_no_violation()
    attention_matrix_lab.assert_nothing_went_wrong()
