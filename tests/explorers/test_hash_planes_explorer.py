"""The explorer of hash planes: its numbers are those of `reformer.planes`, its picture follows keys and pointer."""

import itertools
import re

import numpy as np
import pytest
import traitlets

from explorers import HashPlanesExplorer
from reformer.angular import chance_to_meet
from reformer.neighbors import k_nearest
from reformer.planes import approximate_k_nearest, hash_value, side_of_planes
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_still

browser_test = pytest.mark.browser


def normals_of(angles):
    """Normals (T, 2, P) with the directions (T, P)."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


# ---- In Python alone


@pytest.mark.parametrize(("n_planes", "n_tables"), [(1, 1), (3, 2), (8, 6)])
def test_the_first_state_is_whole_before_a_browser_sees_it(n_planes, n_tables):
    explorer = HashPlanesExplorer(n_planes=n_planes, n_tables=n_tables)
    assert explorer.normals.shape == (n_tables, 2, n_planes)
    np.testing.assert_allclose(np.linalg.norm(explorer.normals, axis=1), 1)
    np.testing.assert_array_equal(explorer.buckets, hash_value(side_of_planes(explorer.points, explorer.normals)))


@pytest.mark.parametrize(("name", "value"), [("n_planes", 0), ("n_planes", 9), ("n_tables", 0), ("n_tables", 7)])
def test_a_number_that_is_not_on_offer_is_refused(name, value):
    with pytest.raises(traitlets.TraitError, match=name):
        HashPlanesExplorer(**{name: value})


def test_the_alternative_text_says_what_the_first_view_shows():
    explorer = HashPlanesExplorer()
    query, own = explorer.query, explorer.buckets[0]
    nearest = k_nearest(explorer.points, explorer.n_near)
    missed = " and ".join(str(i) for i in nearest[query] if own[i] != own[query])
    n_others = np.count_nonzero(own == own[query]) - 1
    numbers = ["zero", "one", "two", "three", "four", "five", "six", "seven"]
    text = explorer.alternative_text
    assert f"point {query}, meets the {numbers[n_others]} others in its bucket {own[query]} " in text
    assert f"misses its near neighbours {missed} just" in text
    for n_planes, shown in [(1, "90 % with one plane"), (8, "32 % with eight")]:
        found = approximate_k_nearest(explorer.points, len(own), normals_of(explorer.angles[:1, :n_planes]))
        recall = np.mean([np.isin(near, row).mean() for near, row in zip(nearest, found, strict=True)])
        assert f"{np.floor(100 * recall + 0.5):.0f} %" == shown[:4] and shown in text


# ---- In the browser, without Jupyter


@browser_test
@pytest.mark.parametrize(("n_planes", "n_tables"), [(1, 1), (3, 6), (8, 2)])
def test_the_browsers_hash_is_numpys_hash(functions_of, n_planes, n_tables):
    rng = np.random.default_rng([n_planes, n_tables])
    points, angles = rng.normal(size=(200, 2)), rng.uniform(0, 2 * np.pi, (6, 8))
    script = """([points, angles, ...sizes]) => {
        const table = Object.assign(Float64Array.from(angles), { shape: [6, 8] });
        return Array.from(functions.planesHash(Float64Array.from(points), table, ...sizes));
    }"""
    functions = functions_of("shared/lsh.js")
    got = functions(script, points.ravel().tolist(), angles.ravel().tolist(), n_tables, n_planes)
    expected = hash_value(side_of_planes(points, normals_of(angles[:n_tables, :n_planes])))
    np.testing.assert_array_equal(np.reshape(got, (n_tables, 200)), expected)


@browser_test
@pytest.mark.parametrize("n_planes", [1, 2, 8])
def test_the_sectors_drawn_are_where_directions_hash(functions_of, n_planes):
    angles = np.random.default_rng(n_planes).uniform(0, 2 * np.pi, (1, 8))
    script = "([angles]) => functions.sectorsOfPlanes(Float64Array.from(angles))"
    sectors = functions_of("shared/regions.js")(script, angles[0, :n_planes].tolist())
    assert len(sectors) == 2 * n_planes
    assert sum(sector["to"] - sector["from"] for sector in sectors) == pytest.approx(2 * np.pi)
    for sector in sectors:
        inside = np.linspace(sector["from"], sector["to"], 9)[1:-1]
        directions = np.stack([np.cos(inside), np.sin(inside)], axis=1)
        assert set(hash_value(side_of_planes(directions, normals_of(angles[:, :n_planes])[0]))) == {sector["bucket"]}


@browser_test
def test_recall_and_cost_are_those_of_the_approximate_search(functions_of):
    rng = np.random.default_rng(0)
    points, angles, n_near = rng.normal(size=(30, 2)), rng.uniform(0, 2 * np.pi, (6, 8)), 5
    script = """([codes, nearness]) => {
        const table = functions.searchTable(codes, nearness, 8);
        return [Array.from(table.recall), Array.from(table.compared)];
    }"""
    codes, exact = hash_value(side_of_planes(points, normals_of(angles))), k_nearest(points, n_near)
    recall, compared = np.array(functions_of("shared/lsh.js")(script, codes.ravel().tolist(), exact.tolist()))
    for n_tables, n_planes in [(1, 1), (1, 8), (3, 4), (6, 2), (6, 8)]:
        found = approximate_k_nearest(points, 29, normals_of(angles[:n_tables, :n_planes]))
        hit = np.any(found[:, :, np.newaxis] == exact[:, np.newaxis, :], axis=1)
        at = (n_tables - 1) * 8 + n_planes - 1
        assert recall[at] == pytest.approx(hit.mean())
        assert compared[at] == pytest.approx(np.mean(found >= 0))


@browser_test
def test_the_first_view_misses_near_points_that_more_tables_find(open_drawn):
    page = open_drawn(HashPlanesExplorer())
    assert page.locator(SENTENCE).text_content() == (
        "Query 3 is on the sides − + − of planes 0 to 2: bucket 2. In 1 table it meets 7 of 39 other points, 4 of its "
        "6 nearest; it misses points 1 (20°) and 0 (27°). Over all queries: recall 70 %, 16 % of pairs compared."
    )
    page.get_by_label("Tables T").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.querySelector('{SENTENCE}').textContent.includes('among them all 6 nearest')")


@browser_test
def test_fewer_tables_and_planes_leave_none_chosen_that_is_gone_and_a_new_query_is_what_keys_move(open_drawn):
    page = open_drawn(HashPlanesExplorer(n_tables=6, shown_table=5, n_planes=8, chosen_plane=7))
    assert "in table 5" in page.locator(SENTENCE).text_content()
    page.get_by_label("Tables T").fill("2")
    page.get_by_label("Planes P").fill("4")
    page.get_by_label("Query point").fill("20")
    page.wait_for_function(f"document.querySelector('{SENTENCE}').textContent.startsWith('Query 20 is on')")
    names = ["shown_table", "chosen_plane", "chosen"]
    assert page.evaluate("names => names.map((name) => explorer.model.get(name))", names) == [2, 3, 20]


@browser_test
def test_a_point_stays_in_the_disc_and_out_of_its_middle(open_drawn):
    page = open_drawn(HashPlanesExplorer(points=[[0.5, 0.0], [0.0, 0.97]], query=0, n_near=1))
    stage = page.locator(STAGE)
    for _ in range(6):
        stage.press("Shift+ArrowLeft")
        distance = page.evaluate(
            """() => {
                const { data } = explorer.model.get("points");
                const points = new Float64Array(data.buffer, data.byteOffset, 4);
                return Math.hypot(points[0], points[1]);
            }"""
        )
        assert distance >= 0.05 - 1e-9
    stage.press("n")
    stage.press("Shift+ArrowUp")
    length = "new Float64Array(explorer.model.get('points').data.buffer.slice(-16)).reduce((s, x) => s + x * x, 0)"
    assert page.evaluate(length) == pytest.approx(1)


@browser_test
def test_what_the_browser_measures_meets_theory(open_drawn):
    """(1 - angle / pi)^P for the planes of a table, and 1 - (1 - that)^T for all tables."""
    explorer = HashPlanesExplorer(n_draws=2000)
    page = open_drawn(explorer, reduced_motion="reduce")
    angles = np.linspace(0, np.pi, 19)
    for n_planes, n_tables in itertools.product([1, 3, 8], [1, 6]):
        measured, n_trials = page.evaluate(
            """async ([n_planes, n_tables]) => {
                const { model } = document.getElementById("explorer");
                model.set("n_planes", n_planes);
                model.set("n_tables", n_tables);
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                const { data } = model.get("measured");
                return [Array.from(new Float64Array(data.buffer)), model.get("n_trials")];
            }""",
            [n_planes, n_tables],
        )
        expected = chance_to_meet((1 - angles / np.pi) ** n_planes, n_tables)
        error = np.sqrt(expected * (1 - expected) / n_trials)
        assert n_trials == 2000
        assert np.all(np.abs(measured - expected) <= 5 * error + 1 / n_trials)
        words = page.locator("figure", has_text="Chance to share").locator("canvas").get_attribute("aria-label")
        told = re.search(r"falls from 1 at 0° through (\S+) at 45° and (\S+) at 90° to 0 at 180°", words).groups()
        expected = chance_to_meet(np.array([0.75, 0.5]) ** n_planes, n_tables)
        np.testing.assert_allclose(np.array(told, float), expected, atol=0.00501)


# ---- In JupyterLab


def agrees_with_numpy(lab, condition="True", **expected):
    """Wait until the kernel holds the expected traits and what the browser hashed equals NumPy's hash."""
    setup = """
from reformer.planes import hash_value, side_of_planes
same = np.array_equal(hash_value(side_of_planes(explorer.points, explorer.normals)), explorer.buckets)
"""
    return lab.kernel_holds(setup, f"same and ({condition})", **expected)


@browser_test
@pytest.mark.parametrize("key", ["ArrowRight", "Shift+ArrowDown", "t", "Shift+T", "n", "q", "b", "r"])
def test_every_key_changes_the_picture_and_the_notebook_stays_as_it_is(hash_planes_lab, key):
    hash_planes_lab.assert_key_is_the_explorers(key)


@browser_test
def test_the_browser_agrees_with_numpy_after_every_change(hash_planes_lab):
    page = hash_planes_lab.page
    page.get_by_label("Tables T").fill("4")
    assert agrees_with_numpy(hash_planes_lab, n_tables=4)
    for n_planes in (1, 8, 3):
        page.get_by_label("Planes P").fill(str(n_planes))
        assert agrees_with_numpy(hash_planes_lab, n_planes=n_planes)
    for key in ("ArrowRight", "Shift+ArrowUp", "b", "t", "r"):
        page.locator(STAGE).press(key)
        assert agrees_with_numpy(hash_planes_lab, n_planes=3)
    hash_planes_lab.in_kernel("explorer.n_tables = 1")
    page.wait_for_function(f"document.querySelector('{SENTENCE}').textContent.includes('In 1 table ')")


@browser_test
def test_points_and_planes_can_be_dragged_and_a_pressed_point_becomes_the_query(hash_planes_lab):
    lab, page = hash_planes_lab, hash_planes_lab.page
    place = "[[0.4, 0.0], [0.0, 0.5], [-0.5, 0.1], [0.1, -0.6]]"
    lab.in_kernel(
        f"import numpy as np; explorer.angles = np.zeros((6, 8)) + np.pi * np.arange(8) / 8; explorer.points = {place}"
    )
    lab.in_kernel("explorer.n_tables, explorer.n_planes, explorer.query = 1, 2, 0")
    assert agrees_with_numpy(lab, "explorer.points.shape == (4, 2)", n_tables=1, n_planes=2, query=0)
    box = page.locator(f"{STAGE} canvas").bounding_box()
    middle, radius = box["width"] / 2, box["width"] / 2 - 26

    def drag(start, stop):
        ends = [(box["x"] + middle + radius * x, box["y"] + middle - radius * y) for x, y in (start, stop)]
        page.mouse.move(*ends[0])
        page.mouse.down()
        if start != stop:
            page.mouse.move(*ends[1], steps=4)
        page.mouse.up()

    wait_until_still(page)  # the picture shows what the kernel has set
    drag((-0.5, 0.1), (-0.3, -0.4))
    assert agrees_with_numpy(lab, "np.allclose(explorer.points[2], [-0.3, -0.4], atol=0.01)", chosen=2, query=0)
    drag((0.0, 0.5), (0.0, 0.5))
    assert agrees_with_numpy(lab, query=1, chosen=1)
    drag((0.0, 1.0), (-0.6, 0.8))
    turned = "np.isclose(explorer.angles[0, 0], np.arctan2(0.8, -0.6) - np.pi / 2, atol=0.01)"
    assert agrees_with_numpy(lab, turned, chosen_plane=0)


@browser_test
def test_jupyterlab_reports_no_error_nothing_outside_is_asked_and_axe_finds_no_violation(hash_planes_lab):
    hash_planes_lab.assert_axe_finds_no_violation()
    hash_planes_lab.assert_nothing_went_wrong()
