"""The explorer of the soft look-up: its numbers are those of `reformer.neighbors`, its picture follows keys."""

import re
from functools import partial

import numpy as np
import pytest
import traitlets

from explorers import SoftLookupExplorer
from reformer.neighbors import kernel_regression
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_said

browser_test = pytest.mark.browser


def weights_by_numpy(explorer):
    places = np.array([[explorer.query]]), explorer.keys_on_road[:, np.newaxis]
    return kernel_regression(*places, np.eye(len(explorer.values)), explorer.bandwidth)[0]


# ---- In Python alone


@pytest.mark.parametrize(("query", "bandwidth", "n_near"), [(0.0, 0.05, 1), (4.6, 0.5, 3), (10.0, 3.0, 12)])
def test_the_first_state_is_whole_before_a_browser_sees_it(query, bandwidth, n_near):
    explorer = SoftLookupExplorer(query=query, bandwidth=bandwidth, n_near=n_near)
    assert explorer.weights.sum() == pytest.approx(1)
    np.testing.assert_array_equal(explorer.weights, weights_by_numpy(explorer))
    assert explorer.estimate == pytest.approx(explorer.weights @ explorer.values)
    assert explorer.hard_estimate == pytest.approx(explorer.values[explorer.neighbors].mean())
    away = np.abs(explorer.keys_on_road - query)
    others = np.delete(away, explorer.neighbors)
    assert len(explorer.neighbors) == n_near and away[explorer.neighbors].max() <= others.min(initial=np.inf)


@pytest.mark.parametrize("state", [{"query": 10.5}, {"bandwidth": 0.0}, {"n_near": 0}])
def test_a_state_that_is_not_on_offer_is_refused(state):
    with pytest.raises(traitlets.TraitError, match=next(iter(state))):
        SoftLookupExplorer(**state)


def test_the_alternative_text_says_what_the_first_view_shows():
    explorer = SoftLookupExplorer()
    heaviest = int(np.argmax(explorer.weights))
    held = explorer.weights[explorer.neighbors].sum()
    estimate = f"{explorer.estimate:.2f}".replace("-", "−")
    for words in (
        f"At the query, {explorer.query}, the estimate is {estimate}",
        f"point {heaviest} weighs most, {100 * explorer.weights[heaviest]:.0f} %",
        f"the {explorer.n_near} nearest hold {100 * held:.0f} %",
    ):
        assert words in explorer.alternative_text


# ---- In the browser, without Jupyter


@browser_test
def test_the_browsers_averages_are_numpys_averages(functions_of):
    script = """cases => {
        const { nearestKeys, softEstimate, hardEstimate } = functions;
        return cases.map(([keys, values, query, bandwidth, k]) => [
            nearestKeys(keys, query, k),
            softEstimate(keys, values, query, bandwidth), hardEstimate(keys, values, query, k)]);
    }"""
    rng = np.random.default_rng(0)
    cases = [
        (rng.uniform(0, 10, 9).tolist(), rng.uniform(-2, 2, 9).tolist(), query, bandwidth, k)
        for query, bandwidth, k in [(5.0, 0.5, 3), (0.0, 0.05, 1), (10.0, 3.0, 9), (3.3, 0.05, 2)]
    ]
    cases.append(([1.0, 3.0, 3.0, 1.0], [0.5, 1.0, 1.5, 2.0], 2.0, 0.05, 3))  # ties go to the lower
    for case, got in zip(cases, functions_of("shared/lsh.js")(script, *cases), strict=True):
        keys, values, query, bandwidth, k = case
        explorer = SoftLookupExplorer(keys_on_road=keys, values=values, query=query, bandwidth=bandwidth, n_near=k)
        assert got[0] == explorer.neighbors.tolist()
        assert got[1:] == pytest.approx([explorer.estimate, explorer.hard_estimate])


@browser_test
@pytest.mark.parametrize("k", [1, 3, 8, 9])
def test_the_stairs_are_the_hard_estimate_at_every_place(functions_of, k):
    rng = np.random.default_rng(k)
    keys, values = rng.uniform(0, 10, 9).tolist(), rng.uniform(-2, 2, 9).tolist()
    places = rng.uniform(0, 10, 50).tolist()
    script = """([keys, values, k, places]) => {
        const steps = functions.stairs(keys, values, k);
        return places.map((place) =>
            steps.filter(({ from, to }) => from <= place && place < to).map(({ value }) => value));
    }"""
    for place, found in zip(places, functions_of("soft_lookup.js")(script, keys, values, k, places), strict=True):
        explorer = SoftLookupExplorer(keys_on_road=keys, values=values, query=place, n_near=k)
        assert found == pytest.approx([explorer.hard_estimate])


@browser_test
def test_keys_sliders_and_pointer_move_query_points_and_bandwidth(open_drawn):
    page = open_drawn(SoftLookupExplorer())
    assert page.locator(SENTENCE).text_content() == (
        "At 4.6 with bandwidth 0.50 the estimate is −1.36. Point 5 weighs most, 70 %; "
        "the 3 nearest hold 98 % of the weight, and by themselves, with equal weights, would give −1.02."
    )

    says = partial(wait_until_said, page)
    stage = page.locator(STAGE)
    for _ in range(3):
        stage.press("Shift+ArrowRight")
    stage.press("ArrowLeft")
    says("At 6.0 with")
    stage.press("ArrowDown")
    says("bandwidth 0.45")
    stage.press("Shift+K")
    says("the 2 nearest")
    page.get_by_role("slider", name="Query").fill("2")
    says("At 2.0 with")

    box = stage.locator("canvas").bounding_box()
    x, y = box["x"] + 34, box["y"] + 12
    across, down = box["width"] - 48, box["height"] - 42
    page.mouse.click(x + 0.9 * across, y + 2)
    says("At 9.0 with")
    explorer = SoftLookupExplorer()
    page.mouse.move(x + across * explorer.keys_on_road[7] / 10, y + down * (2 - explorer.values[7]) / 4)
    page.mouse.down()
    page.mouse.move(x + 0.9 * across, y + 0.25 * down, steps=4)
    page.mouse.up()
    says("Point 7 weighs most")
    moved = """() => ["keys_on_road", "values"].map((name) => {
        const { data } = explorer.model.get(name);
        return new Float64Array(data.buffer, data.byteOffset, 12)[7];
    })"""
    assert page.evaluate(moved) == pytest.approx([9.0, 1.0], abs=0.02)
    assert page.evaluate("explorer.model.get('chosen')") == 7


@browser_test
def test_a_narrow_bandwidth_gives_the_nearest_value_and_steps_add_up(open_drawn):
    page = open_drawn(SoftLookupExplorer(bandwidth=0.05, n_near=1))
    words = page.locator(SENTENCE).text_content()
    soft, hard = re.search(r"estimate is (\S+)\. ", words)[1], re.search(r"would give (\S+)\.$", words)[1]
    assert soft == hard and "100 %; the nearest point holds 100 %" in words
    script = """() => {
        const stage = document.querySelector(".explorer [role=application]");
        for (let i = 0; i < 30; i++) stage.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight" }));
        return explorer.model.get("query");
    }"""
    assert page.evaluate(script) == 7.6


# ---- In JupyterLab


def agrees_with_numpy(lab, **expected):
    """Wait until the kernel holds the expected traits and what the browser computed is what NumPy computes."""
    setup = """
from reformer.neighbors import kernel_regression
places = np.array([[explorer.query]]), explorer.keys_on_road[:, np.newaxis]
weights = kernel_regression(*places, np.eye(len(explorer.values)), explorer.bandwidth)[0]
same = np.allclose(weights, explorer.weights) and np.isclose(weights @ explorer.values, explorer.estimate)
"""
    return lab.kernel_holds(setup, "same and len(explorer.neighbors) == explorer.n_near", **expected)


@browser_test
def test_jupyterlab_draws_it_and_kernel_and_browser_follow_each_other(soft_lookup_lab):
    page = soft_lookup_lab.page
    assert page.locator(".explorer canvas").count() == 4
    assert agrees_with_numpy(soft_lookup_lab, query=4.6, bandwidth=0.5, n_near=3)
    page.locator(STAGE).press("ArrowRight")
    page.locator(STAGE).press("ArrowUp")
    assert agrees_with_numpy(soft_lookup_lab, query=4.7, bandwidth=0.55)
    page.get_by_role("button", name="Draw new points").click()
    assert agrees_with_numpy(soft_lookup_lab, seed=6)
    soft_lookup_lab.in_kernel("explorer.query = 1.5")
    page.wait_for_function(f"document.querySelector('{SENTENCE}').textContent.startsWith('At 1.5 with')")


@browser_test
@pytest.mark.parametrize("key", ["ArrowLeft", "ArrowDown", "k", "n", "p", "w", "s", "a", "d", "r"])
def test_every_key_changes_the_picture_and_the_notebook_stays_as_it_is(soft_lookup_lab, key):
    soft_lookup_lab.assert_key_is_the_explorers(key)


@browser_test
def test_jupyterlab_reports_no_error_nothing_outside_is_asked_and_axe_finds_no_violation(soft_lookup_lab):
    soft_lookup_lab.assert_axe_finds_no_violation()
    soft_lookup_lab.assert_nothing_went_wrong()
