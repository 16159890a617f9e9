"""The explorer of angular LSH: its numbers are those of `reformer.angular`, its picture follows keys and pointer."""

import itertools
import json
import re

import numpy as np
import pytest
import traitlets

from explorers import AngularExplorer
from reformer.angular import angular_hash, chance_to_meet, collision_probability
from tests.explorers.lab_page import PICTURES, SENTENCE, STAGE

browser_test = pytest.mark.browser


# ---- In Python alone


@pytest.mark.parametrize("dimension", [2, 3])
@pytest.mark.parametrize("n_buckets", [2, 6, 16])
@pytest.mark.parametrize("n_rounds", [1, 8])
def test_the_first_state_is_whole_before_a_browser_sees_it(dimension, n_buckets, n_rounds):
    explorer = AngularExplorer(dimension=dimension, n_buckets=n_buckets, n_rounds=n_rounds, turn=30.0)
    assert explorer.rotations.shape == (n_rounds, dimension, n_buckets // 2)
    np.testing.assert_array_equal(explorer.buckets, angular_hash(explorer.points, explorer.rotations))


def test_the_theory_table_is_the_collision_probability_of_every_number_of_buckets():
    explorer = AngularExplorer()
    for row, n_buckets in zip(explorer.theory, range(2, 17, 2), strict=True):
        np.testing.assert_allclose(row, collision_probability(explorer.angles, n_buckets), rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_buckets", [0, 3, 18])
def test_a_number_of_buckets_that_is_not_on_offer_is_refused(n_buckets):
    with pytest.raises(traitlets.TraitError, match="n_buckets"):
        AngularExplorer(n_buckets=n_buckets)


def test_the_alternative_text_says_what_the_first_view_shows():
    explorer = AngularExplorer()
    to_query = np.argsort(-(explorer.points @ explorer.points[explorer.query]), kind="stable")
    nearest = to_query[1 : explorer.n_near + 1]
    own_bucket = explorer.buckets[0, explorer.query]
    missed = [str(i) for i in nearest if explorer.buckets[0, i] != own_bucket]
    assert f"point {explorer.query}" in explorer.alternative_text
    assert f"bucket {own_bucket}" in explorer.alternative_text
    assert " and ".join([", ".join(missed[:-1]), missed[-1]]) in explorer.alternative_text


# ---- In the browser, without Jupyter


@pytest.fixture
def functions(functions_of):
    return functions_of("shared/regions.js")


@browser_test
@pytest.mark.parametrize("n_buckets", [2, 4, 8, 16])
def test_the_sectors_drawn_are_where_directions_hash(functions, n_buckets):
    rng = np.random.default_rng(n_buckets)
    rotation = rng.normal(size=(2, n_buckets // 2))
    sectors = functions("([r, half]) => functions.sectors(r, half)", rotation.ravel().tolist(), n_buckets // 2)
    assert sum(sector["to"] - sector["from"] for sector in sectors) == pytest.approx(2 * np.pi)
    margin = 2 * np.pi / 2880
    for sector in sectors:
        inside = np.linspace(sector["from"] + margin, sector["to"] - margin, 7)
        buckets = angular_hash(np.stack([np.cos(inside), np.sin(inside)], axis=1), rotation[np.newaxis])
        assert sector["to"] - sector["from"] < 2 * margin or set(buckets[0]) == {sector["bucket"]}


@browser_test
@pytest.mark.parametrize("n_buckets", [2, 4, 8, 16])
def test_the_regions_drawn_on_the_sphere_are_where_directions_hash(functions, n_buckets):
    rng = np.random.default_rng(n_buckets)
    rotation = rng.normal(size=(3, n_buckets // 2))
    toward = np.array([0.48, -0.6, 0.64])
    script = "([rotation, half, toward]) => functions.sphereRegions(rotation, half, toward)"
    regions = functions(script, rotation.ravel().tolist(), n_buckets // 2, toward.tolist())

    directions = rng.normal(size=(400, 3))
    directions = directions[directions @ toward > 0.01 * np.linalg.norm(directions, axis=1)]
    buckets = angular_hash(directions, rotation[np.newaxis])[0]
    for direction, bucket in zip(directions, buckets, strict=True):
        assert [region["bucket"] for region in regions if _lies_inside(direction, region["outline"])] == [bucket]


def _lies_inside(direction, outline):
    """Whether a direction is on the same side of all edges of a convex region of the sphere."""
    corners = np.array(outline)
    sides = np.cross(corners, np.roll(corners, -1, axis=0)) @ direction
    sides = sides[np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1) > 1e-6]
    return bool(np.all(sides > 0) or np.all(sides < 0))


@browser_test
def test_what_the_browser_measures_meets_theory(open_drawn):
    explorer = AngularExplorer(n_draws=2000)
    page = open_drawn(explorer, reduced_motion="reduce")
    for n_buckets, n_rounds in itertools.product([2, 4, 8, 16], [1, 4]):
        measured, n_trials = page.evaluate(
            """async ([n_buckets, n_rounds]) => {
                const { model } = document.getElementById("explorer");
                model.set("n_buckets", n_buckets);
                model.set("n_rounds", n_rounds);
                await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
                const { data } = model.get("measured");
                return [Array.from(new Float64Array(data.buffer)), model.get("n_trials")];
            }""",
            [n_buckets, n_rounds],
        )
        expected = chance_to_meet(explorer.theory[n_buckets // 2 - 1, ::2], n_rounds)
        error = np.sqrt(expected * (1 - expected) / n_trials)
        assert n_trials == 2000
        # Five standard errors, and half a trial more, so that rare meetings near 180 degrees count fairly.
        assert np.all(np.abs(measured - expected) <= 5 * error + 1 / n_trials)


@browser_test
def test_the_first_view_misses_near_points_that_more_rounds_find(open_drawn):
    page = open_drawn(AngularExplorer())
    sentence = page.locator(SENTENCE)
    assert sentence.text_content() == (
        "Query 3 is in bucket 5. In 1 round it meets 7 of 39 other points, 3 of its 6 nearest; "
        "it misses points 2 (11°), 1 (23°) and 0 (28°)."
    )
    page.get_by_label("Hash rounds R").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.querySelector('{SENTENCE}').textContent.includes('among them all 6 nearest')")


@browser_test
def test_keys_that_come_within_one_frame_all_count(open_drawn):
    page = open_drawn(AngularExplorer())
    angles = page.evaluate(
        """() => {
            const { model } = document.getElementById("explorer");
            const angle = () => {
                const { data } = model.get("circle");
                const points = new Float64Array(data.buffer, data.byteOffset, data.byteLength / 8);
                return Math.atan2(points[7], points[6]);
            };
            const before = angle();
            const stage = document.querySelector(".explorer [role=application]");
            for (let i = 0; i < 5; i++) stage.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp" }));
            return [before, angle()];
        }"""
    )
    assert np.rad2deg(angles[1] - angles[0]) == pytest.approx(5 * 2)


@browser_test
def test_fewer_rounds_leave_no_round_shown_that_is_gone_and_a_new_query_is_what_keys_move(open_drawn):
    page = open_drawn(AngularExplorer(n_rounds=8, shown_round=6))
    assert "in round 6" in page.locator(SENTENCE).text_content()
    page.get_by_label("Hash rounds R").fill("2")
    page.get_by_label("Query point").fill("20")
    page.wait_for_function(f"document.querySelector('{SENTENCE}').textContent.startsWith('Query 20 is in')")
    assert "in round 2." in page.locator(SENTENCE).text_content()
    names = ["shown_round", "chosen"]
    assert page.evaluate("names => names.map((name) => explorer.model.get(name))", names) == [2, 20]


@browser_test
def test_a_still_reader_gets_the_measured_dots_at_once_and_others_see_them_settle(open_page):
    seen = """() => new Promise((done) => {
        const { model } = document.getElementById("explorer");
        model.set("n_buckets", 4);
        const watch = () => (model.get("n_buckets") === 4 ? done(model.get("n_trials")) : requestAnimationFrame(watch));
        requestAnimationFrame(watch);
    })"""
    for motion, n_trials in [("reduce", 2000), ("no-preference", 200)]:
        page, _ = open_page(AngularExplorer(n_draws=2000), reduced_motion=motion)
        page.wait_for_function("document.getElementById('explorer').model?.get('n_trials') === 2000")
        assert page.evaluate(seen) == n_trials


# ---- In JupyterLab


def agrees_with_numpy(lab, condition="True", **expected):
    """Wait until the kernel holds the expected traits and what the browser hashed equals NumPy's hash."""
    setup = """
from reformer.angular import angular_hash
same = np.array_equal(angular_hash(explorer.points, explorer.rotations), explorer.buckets)
shape = explorer.rotations.shape == (explorer.n_rounds, explorer.dimension, explorer.n_buckets // 2)
"""
    return lab.kernel_holds(setup, f"same and shape and ({condition})", **expected)


@browser_test
def test_jupyterlab_draws_it(angular_lab):
    assert angular_lab.page.locator(".explorer canvas").count() == 5
    label = angular_lab.page.locator(f"{STAGE} canvas").get_attribute("aria-label")
    assert label.startswith("40 points on the circle in 8 buckets.")
    assert agrees_with_numpy(angular_lab, n_buckets=8, n_rounds=1, n_trials=0)


@browser_test
@pytest.mark.parametrize(
    "key", ["ArrowRight", "ArrowLeft", "ArrowUp", "Shift+ArrowDown", "t", "Shift+T", "n", "q", "r"]
)
def test_every_key_changes_the_picture_and_the_notebook_stays_as_it_is(angular_lab, key):
    angular_lab.assert_key_is_the_explorers(key)


@browser_test
def test_sliders_answer_arrow_keys(angular_lab):
    slider = angular_lab.page.get_by_label("Buckets B")
    slider.press("ArrowRight")
    assert slider.input_value() == "10"
    assert agrees_with_numpy(angular_lab, n_buckets=10)
    slider.press("ArrowLeft")
    assert agrees_with_numpy(angular_lab, n_buckets=8)


@browser_test
def test_the_browser_agrees_with_numpy_after_every_change(angular_lab):
    page = angular_lab.page
    page.get_by_role("button", name="Redraw the rotation").click()
    assert agrees_with_numpy(angular_lab, dimension=2)
    page.get_by_label("Turn of the rotation").fill("77")
    assert agrees_with_numpy(angular_lab, turn=77)
    page.get_by_label("Hash rounds R").fill("8")
    assert agrees_with_numpy(angular_lab, n_rounds=8)
    for n_buckets in (2, 6, 16):
        page.get_by_label("Buckets B").fill(str(n_buckets))
        assert agrees_with_numpy(angular_lab, n_buckets=n_buckets)
    page.get_by_text("Sphere", exact=True).click()
    assert agrees_with_numpy(angular_lab, dimension=3)
    for key in ("ArrowRight", "Shift+ArrowUp", "r", "t", "d", "w"):
        page.locator(STAGE).press(key)
        assert agrees_with_numpy(angular_lab, dimension=3)
    page.get_by_text("Circle", exact=True).click()
    page.get_by_label("Hash rounds R").fill("1")
    page.get_by_label("Buckets B").fill("8")
    assert agrees_with_numpy(angular_lab, dimension=2, n_rounds=1, n_buckets=8)


@browser_test
def test_a_dragged_point_moves_and_a_pressed_point_becomes_the_query(angular_lab):
    page = angular_lab.page
    box = page.locator(f"{STAGE} canvas").bounding_box()
    middle, radius = box["width"] / 2, box["width"] / 2 - 30
    points = np.array(json.loads(angular_lab.in_kernel("print(explorer.points.tolist())")))
    query = json.loads(angular_lab.in_kernel("print(explorer.query)"))
    apart = [i for i in range(40) if i != query and np.delete(points @ points[i], i).max() < np.cos(np.deg2rad(4))]
    dragged, pressed = apart[0], apart[-1]

    def place(vector):
        return box["x"] + middle + radius * vector[0], box["y"] + middle - radius * vector[1]

    page.mouse.move(*place(points[dragged]))
    page.mouse.down()
    page.mouse.move(*place(0.9 * points[dragged]), steps=3)
    page.mouse.move(*place([0.6, -0.8]), steps=5)
    page.mouse.up()
    moved = f"np.allclose(explorer.points[{dragged}], [0.6, -0.8], atol=0.01)"
    assert agrees_with_numpy(angular_lab, moved, chosen=dragged, query=query)
    page.mouse.click(*place(points[pressed]))
    assert agrees_with_numpy(angular_lab, query=pressed)


@browser_test
def test_no_key_is_undone_by_what_python_heard_earlier(angular_lab):
    page = angular_lab.page
    page.get_by_label("Turn of the rotation").fill("0")
    page.locator(STAGE).focus()
    for i in range(40):
        page.keyboard.press("t")
        page.wait_for_timeout(20 + 17 * (i % 5))
    assert agrees_with_numpy(angular_lab, turn=80)


@browser_test
def test_the_picture_follows_the_kernel(angular_lab):
    before = angular_lab.page.locator(SENTENCE).text_content()
    angular_lab.in_kernel("explorer.n_rounds = 5")
    angular_lab.page.wait_for_function(f"document.querySelector('{SENTENCE}').textContent.includes('In 5 rounds')")
    assert "In 5 rounds" not in before
    angular_lab.in_kernel("explorer.n_rounds = 1")
    angular_lab.page.wait_for_function(f"document.querySelector('{SENTENCE}').textContent.includes('In 1 round ')")


@browser_test
def test_tab_visits_the_controls_in_reading_order(angular_lab):
    page = angular_lab.page
    page.locator(".explorer input[type=radio]:checked").focus()
    visited = []
    for _ in range(15):
        page.keyboard.press("Tab")
        visited.append(
            page.evaluate(
                """() => {
                    const { ariaLabel, labels, tagName, textContent } = document.activeElement;
                    return tagName === "SELECT" ? ariaLabel : (labels?.[0]?.textContent ?? textContent);
                }"""
            )
        )
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    controls = ["Query point", "Buckets B", "Hash rounds R", "Turn of the rotation", "Nearest points sought"]
    buttons = ["Redraw the rotation", "Undo", "Reset", "Presets"]
    draws = ["Draw 1", "Draw 10", "Draw 1,000"]
    assert visited == [*controls, *buttons, "", *draws, "Keys", "State"]  # a canvas has no text


@browser_test
def test_the_sentence_is_spoken_when_a_change_has_ended(angular_lab):
    angular_lab.page.locator(STAGE).press("n")
    angular_lab.page.locator(STAGE).press("q")
    angular_lab.page.wait_for_function(
        f"document.querySelector('.explorer [aria-live=polite]').textContent.includes("
        f"document.querySelector('{SENTENCE}').textContent)"
    )


@browser_test
def test_the_dark_theme_reaches_words_and_pictures(angular_lab):
    page = angular_lab.page
    light = angular_lab.pictures()
    angular_lab.theme("JupyterLab Dark")
    angular_lab.wait_for_change(light)
    try:
        for selector in (SENTENCE, ".explorer-title", ".explorer-note", ".explorer output", ".explorer button"):
            assert _contrast(page, selector) >= 4.5, selector
    finally:
        angular_lab.theme("JupyterLab Light")
    page.wait_for_function(f"light => {PICTURES} === light", arg=light)
    for selector in (SENTENCE, ".explorer-title", ".explorer output", ".explorer button"):
        assert _contrast(page, selector) >= 4.5, selector


def _contrast(page, selector):
    """Contrast of an element's text with the explorer's paper, as WCAG defines it."""
    script = """selector => [
        getComputedStyle(document.querySelector(selector)).color,
        getComputedStyle(document.querySelector(".explorer")).backgroundColor,
    ]"""
    ink, paper = [
        [float(number) for number in re.findall(r"[\d.]+", color)] for color in page.evaluate(script, selector)
    ]
    opacity = ink[3] if len(ink) == 4 else 1
    mixed = opacity * np.array(ink[:3]) + (1 - opacity) * np.array(paper[:3])
    low, high = sorted(_luminance(color) for color in (mixed, np.array(paper[:3])))
    return (high + 0.05) / (low + 0.05)


def _luminance(color):
    share = color / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


@browser_test
def test_jupyterlab_reports_no_error_nothing_outside_is_asked_and_axe_finds_no_violation(angular_lab):
    angular_lab.assert_axe_finds_no_violation()
    angular_lab.assert_nothing_went_wrong()
