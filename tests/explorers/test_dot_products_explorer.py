"""The explorer of dot products: its scores and weights are those of `reformer.neighbors`, its picture follows keys."""

from functools import partial

import numpy as np
import pytest

from explorers import DotProductExplorer
from reformer.neighbors import cosine_similarity, kernel_regression, softmax_attention
from start import ROOT
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_said

browser_test = pytest.mark.browser
SCORES = ["dot", "cosine", "distance"]


def by_numpy(query, keys, score):
    """Weight of each key; the distance by kernel regression with a bandwidth of 1."""
    query, ones = query[np.newaxis], np.eye(len(keys))
    if score == "dot":
        return softmax_attention(query, keys, ones)[0]
    if score == "distance":
        return kernel_regression(query, keys, ones, 1.0)[0]
    kernel = np.exp(cosine_similarity(query, keys)[0])
    return kernel / kernel.sum()


# ---- In Python alone


@pytest.mark.parametrize("score", SCORES)
def test_the_first_state_is_whole_before_a_browser_sees_it(score):
    explorer = DotProductExplorer(score=score, query=[-0.5, 2.0])
    explorer.first_report()
    np.testing.assert_allclose(explorer.weights, by_numpy(explorer.query, explorer.key_vectors, score))
    np.testing.assert_allclose(np.log(explorer.weights / explorer.weights[0]), explorer.scores - explorer.scores[0])


def test_the_alternative_text_says_what_the_first_view_shows():
    explorer = DotProductExplorer()
    explorer.first_report()
    lengths = np.linalg.norm(explorer.key_vectors, axis=1)
    heaviest = int(np.argmax(explorer.weights))
    nearest = int(np.argmax(cosine_similarity(explorer.query[np.newaxis], explorer.key_vectors)[0]))
    assert f"Key {heaviest} weighs most, {100 * explorer.weights[heaviest]:.0f} %" in explorer.alternative_text
    assert f"it is {lengths[heaviest]:.1f} long" in explorer.alternative_text
    assert f"key {nearest}, {lengths[nearest]:.1f} long, points more nearly" in explorer.alternative_text


def test_a_query_of_no_length_gives_every_key_the_same_weight_unless_the_distance_judges():
    for score in SCORES:
        explorer = DotProductExplorer(score=score, query=[0.0, 0.0])
        explorer.first_report()
        assert (np.ptp(explorer.weights) == 0) == (score != "distance")


# ---- In the browser, without Jupyter


@browser_test
@pytest.mark.parametrize("score", SCORES)
def test_the_browsers_weights_are_numpys_weights(functions_of, score):
    scores_of = "cases => cases.map(([query, keys, score]) => functions.scoresOf(query, keys, score))"
    rng = np.random.default_rng(0)
    queries = [*rng.uniform(-3, 3, (4, 2)), np.zeros(2), np.array([3.0, -3.0])]
    keys = [*rng.uniform(-3, 3, (4, 7, 2)), rng.uniform(-3, 3, (5, 2)), np.array([[3.0, -3.0], [0, 0], [-3, 3]])]
    cases = [(query.tolist(), those.tolist(), score) for query, those in zip(queries, keys, strict=True)]
    all_scores = functions_of("dot_products.js")(scores_of, *cases)
    all_weights = functions_of("shared/lsh.js")("scores => scores.map(functions.softmax)", *all_scores)
    for query, those, scores, weights in zip(queries, keys, all_scores, all_weights, strict=True):
        explorer = DotProductExplorer(query=query, key_vectors=those, score=score, n_near=1)
        explorer.first_report()
        np.testing.assert_allclose(scores, explorer.scores, atol=1e-12)
        np.testing.assert_allclose(weights, by_numpy(query, those, score))


@browser_test
def test_keys_and_pointer_move_query_and_keys(open_drawn):
    page = open_drawn(DotProductExplorer(), reduced_motion="reduce")
    assert page.locator(SENTENCE).text_content() == (
        "The query is 1.3 long, at 23°. Key 0 weighs most, 48 %: score 1.45, length 2.0, 38° from the query. "
        "Key 1 points more nearly its way, at 15°. The best 2 hold 67 % of the weight."
    )

    says = partial(wait_until_said, page)
    stage = page.locator(STAGE)
    stage.press("Shift+ArrowUp")
    says("The query is 1.8 long, at 23°.")
    stage.press("Shift+ArrowLeft")
    says("The query is 1.8 long, at 53°.")
    stage.press("Shift+K")
    page.wait_for_function(f"!document.querySelector('{SENTENCE}').textContent.includes('The best')")
    page.get_by_text("Distance", exact=True).click()
    says("score −")
    page.get_by_text("Dot", exact=True).click()

    box = stage.locator("canvas").bounding_box()
    unit = (box["width"] / 2 - 22) / 3

    def place(vector):
        return box["x"] + box["width"] / 2 + unit * vector[0], box["y"] + box["height"] / 2 - unit * vector[1]

    def drag(start, stop):
        page.mouse.move(*place(start))
        page.mouse.down()
        page.mouse.move(*place(stop), steps=4)
        page.mouse.up()

    drag(DotProductExplorer().key_vectors[5], [2.0, 2.0])
    array = "name => { const { data } = explorer.model.get(name); return [...new Float64Array(data.buffer)]; }"
    assert page.evaluate(array, "key_vectors")[10:] == pytest.approx([2, 2], abs=0.03)
    assert page.evaluate("explorer.model.get('chosen')") == 5
    drag(page.evaluate(array, "query"), [-1.0, 0.0])
    assert page.evaluate(array, "query") == pytest.approx([-1, 0], abs=0.03)
    says("The query is 1.0 long, at 180°.")


@browser_test
def test_a_step_back_takes_a_query_of_no_length_back_to_where_it_was(open_drawn):
    page = open_drawn(DotProductExplorer(query=[0.3, 0.0]), reduced_motion="reduce")
    script = """keys => {
        const stage = document.querySelector(".explorer [role=application]");
        for (const key of keys) stage.dispatchEvent(new KeyboardEvent("keydown", { key }));
        return [...new Float64Array(explorer.model.get("query").data.buffer)];
    }"""
    assert page.evaluate(script, ["ArrowDown"] * 5) == pytest.approx([0, 0])
    assert page.evaluate(script, ["ArrowUp"] * 3) == pytest.approx([0.3, 0])


# ---- In JupyterLab


def agrees_with_numpy(lab, condition="True", **expected):
    """Wait until the kernel holds the expected traits and what the browser computed is what NumPy computes."""
    setup = """
from tests.explorers.test_dot_products_explorer import by_numpy
same = np.allclose(explorer.weights, by_numpy(explorer.query, explorer.key_vectors, explorer.score))
"""
    return lab.kernel_holds(
        f"import sys\nsys.path.append({str(ROOT)!r})" + setup, f"same and ({condition})", **expected
    )


@browser_test
def test_jupyterlab_draws_it_and_kernel_and_browser_follow_each_other(dot_products_lab):
    page = dot_products_lab.page
    assert page.locator(".explorer canvas").count() == 4
    assert agrees_with_numpy(dot_products_lab, n_near=2, score="dot")
    page.locator(STAGE).press("Shift+ArrowUp")
    assert agrees_with_numpy(dot_products_lab, "np.isclose(np.linalg.norm(explorer.query), 1.8, atol=2e-3)")
    page.get_by_text("Cosine", exact=True).click()
    assert agrees_with_numpy(dot_products_lab, score="cosine")
    page.get_by_role("button", name="Draw new keys").click()
    assert agrees_with_numpy(dot_products_lab, seed=1573, score="cosine")
    dot_products_lab.in_kernel("explorer.query = [1.0, 0.0]; explorer.score = 'dot'")
    page.wait_for_function(
        f"document.querySelector('{SENTENCE}').textContent.startsWith('The query is 1.0 long, at 0°')"
    )


@browser_test
@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowUp", "k", "n", "p", "w", "s", "a", "d", "r"])
def test_every_key_changes_the_picture_and_the_notebook_stays_as_it_is(dot_products_lab, key):
    dot_products_lab.assert_key_is_the_explorers(key)


@browser_test
def test_jupyterlab_reports_no_error_nothing_outside_is_asked_and_axe_finds_no_violation(dot_products_lab):
    dot_products_lab.assert_axe_finds_no_violation()
    dot_products_lab.assert_nothing_went_wrong()
