"""Heard as well as seen: what a screen reader is told, contrast of marks and text, axe, and fingers on a phone."""

import json

import numpy as np
import pytest

from explorers import (
    EXPLORERS,
    AngularExplorer,
    AttentionMatrixExplorer,
    DotProductExplorer,
    HashPlanesExplorer,
    MemoryMeterExplorer,
    ReadingExplorer,
    ReversibleStepsExplorer,
    SoftLookupExplorer,
    SortAndChunkExplorer,
    TrainingExplorer,
    WhichPairsExplorer,
    WholeRoadExplorer,
)
from tests.explorers.lab_page import AXE, ONLY_CONTRAST, SENTENCE, STAGE, violations, wait_until_still

pytestmark = pytest.mark.browser
every_explorer = pytest.mark.parametrize("explorer_class", EXPLORERS)
every_scheme = pytest.mark.parametrize("scheme", ["light", "dark"])
STATES = [
    (DotProductExplorer, {}),
    (DotProductExplorer, {"score": "cosine"}),
    (DotProductExplorer, {"score": "distance", "chosen": 5}),
    (SoftLookupExplorer, {}),
    (SoftLookupExplorer, {"n_near": 1, "bandwidth": 3.0}),
    (HashPlanesExplorer, {}),
    (HashPlanesExplorer, {"n_planes": 8, "n_tables": 3, "n_draws": 1000}),
    (AngularExplorer, {"n_draws": 1000}),
    (AngularExplorer, {"n_rounds": 4, "n_draws": 1000, "n_buckets": 6}),
    (AngularExplorer, {"dimension": 3, "n_rounds": 2}),
    (WholeRoadExplorer, {}),
    (WholeRoadExplorer, {"source": "clusters", "hashed": "space", "n_rounds": 2, "order": "position"}),
    (WholeRoadExplorer, {"hashed": "space", "chosen": 28}),
    (SortAndChunkExplorer, {}),
    (SortAndChunkExplorer, {"source": "text", "n_tokens": 512, "n_rounds": 3, "n_buckets": 16, "view": "position"}),
    (AttentionMatrixExplorer, {}),
    (AttentionMatrixExplorer, {"view": "added", "order": "sorted", "shown_round": 2, "source": "words"}),
    (ReversibleStepsExplorer, {"step": 11}),
    (MemoryMeterExplorer, {}),
    (TrainingExplorer, {"shown": 13}),
    (TrainingExplorer, {"shown": 40, "head": 1, "chosen": 2}),
    (ReadingExplorer, {}),
    (ReadingExplorer, {"dialogue": 2, "layer": 0, "n_rounds": 2, "only_round": 1}),
    (WhichPairsExplorer, {}),
    (WhichPairsExplorer, {"n_near": 20, "n_first": 8, "n_rounds": 0, "task": "title", "length": 192}),
    (MemoryMeterExplorer, {"length": 512, "in_blocks": True, "along": "depth", "chosen": 3}),
    (ReversibleStepsExplorer, {"n_blocks": 12, "step": 40, "randomness": "redrawn", "precision": "float64"}),
]
every_state = pytest.mark.parametrize(("explorer_class", "state"), STATES)


# ---- What is heard


def heard_after(page, *keys):
    """What the live region says after keys on the stage; it speaks once the change has ended."""
    for key in keys:
        page.locator(STAGE).press(key)
    wait_until_still(page)
    return page.locator("[aria-live]").text_content()


@every_explorer
def test_there_is_one_live_region_it_is_polite_and_silent_until_something_changes(explorer_class, open_drawn):
    page = open_drawn(explorer_class())
    wait_until_still(page)
    assert page.locator("[aria-live], [role=alert], [role=status], [role=log]").count() == 1
    assert page.locator("[aria-live]").get_attribute("aria-live") == "polite"
    assert page.locator("[aria-live]").text_content() == ""


def test_a_key_that_comes_before_the_last_change_has_ended_is_heard_when_it_is_drawn(open_drawn):
    """Frames come late on a busy machine: the end of a change may not be told of a state that is not drawn yet."""
    page = open_drawn(DotProductExplorer(), reduced_motion="reduce")
    wait_until_still(page)
    page.evaluate(
        """stage => {
            const n = () => new KeyboardEvent("keydown", { key: "n", bubbles: true });
            let keys = 1;
            window.requestAnimationFrame = draw => setTimeout(() => {
                draw();
                if (keys-- > 0) document.querySelector(stage).dispatchEvent(n());
            }, 1500);
            window.heard = [];
            const live = document.querySelector("[aria-live]");
            new MutationObserver(() => window.heard.push(live.textContent)).observe(
                live, { childList: true, characterData: true, subtree: true }
            );
        }""",
        STAGE,
    )
    assert heard_after(page, "n").startswith("Key 2,")
    assert [words[:6] for words in page.evaluate("window.heard")] == ["Key 2,"]


def test_a_session_of_keys_with_hash_directions_is_heard(open_drawn):
    page = open_drawn(AngularExplorer(), reduced_motion="reduce")
    assert heard_after(page, "n") == (
        "Point 4, at 42°, in bucket 5, 0.24 ahead of bucket 4, 10° from the query, meets the query."
    )
    assert heard_after(page, "ArrowUp", "ArrowUp") == (
        "Point 4, at 46°, in bucket 5, 0.34 ahead of bucket 4, 14° from the query, meets the query."
    )
    assert heard_after(page, "q").startswith(
        "Query point 4. Point 4, at 46°, in bucket 5, 0.34 ahead of bucket 4, is the"
    )
    assert heard_after(page, "2") == "10 rotations drawn."
    assert heard_after(page, "3").startswith(
        "1010 rotations drawn. What was measured differs from theory by at most 0.0"
    )
    slider = page.get_by_label("Hash rounds R")
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    heard = heard_after(page)
    assert heard.startswith("Hash rounds R 3.") and heard.endswith(page.locator(SENTENCE).text_content())


def test_a_session_of_keys_with_planes_is_heard(open_drawn):
    page = open_drawn(HashPlanesExplorer(), reduced_motion="reduce")
    assert heard_after(page, "p") == "Point 2, sides − + −, in bucket 2, 13° from the query, meets the query."
    assert heard_after(page, "b").startswith("Plane 1 is chosen; its positive side lies toward ")
    heard = heard_after(page, "Shift+ArrowDown", "Shift+ArrowDown")
    assert heard.startswith("Point 2, sides − + +, in bucket 6, ") and "Query 3 is on the sides" in heard
    assert heard_after(page, "2") == "Planes drawn anew 10 times."
    assert heard_after(page, "3").startswith(
        "Planes drawn anew 1010 times. What was measured differs from theory by at most 0.0"
    )


def test_a_session_of_keys_with_dot_products_is_heard(open_drawn):
    page = open_drawn(DotProductExplorer(), reduced_motion="reduce")
    assert heard_after(page, "n") == (
        "Key 1, length 0.6, 15° from the query: shadow 0.54 times the query's length 1.3, by √2, scores 0.49 and "
        "weighs 18 %."
    )
    assert heard_after(page, "ArrowUp", "ArrowUp").startswith("Key 1, length 0.6, ")
    assert heard_after(page, "w", "w").startswith("Key 1, length 0.7, 28° from the query")


def test_a_session_of_keys_on_the_road_is_heard(open_drawn):
    page = open_drawn(SoftLookupExplorer(), reduced_motion="reduce")
    assert heard_after(page, "n") == "Point 1 at 1.5, value 1.67, weighs 0 %."
    assert heard_after(page, "ArrowRight").startswith("Query 4.7. At 4.7 with bandwidth 0.50 the estimate is ")
    assert heard_after(page, "w").startswith("Point 1 at 1.5, value 1.77, weighs 0 %.")


@every_explorer
def test_a_slider_that_moves_is_heard_once_when_it_has_stopped(explorer_class, open_drawn):
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    page.evaluate(
        """() => {
            window.heard = [];
            const region = document.querySelector("[aria-live]");
            new MutationObserver(() => heard.push(region.textContent)).observe(region, { childList: true });
        }"""
    )
    slider = page.get_by_role("slider").first
    slider.evaluate(  # in one go: on a busy machine keys, and frames too, come as slowly as a slider that has stopped
        """(input) => {
            for (let step = 0; step < 3; step++) {
                input.stepUp();
                input.dispatchEvent(new Event("input", { bubbles: true }));
            }
        }"""
    )
    wait_until_still(page)
    assert len(page.evaluate("heard")) == 1
    label = slider.evaluate("input => input.labels[0].textContent")
    assert page.evaluate("heard")[0].startswith(f"{label} {slider.get_attribute('aria-valuetext')}.")


# ---- What is seen

# Wraps the drawing of canvases: notes for each mark and each text its colour, and the colours on which it was drawn.
RECORD = """() => {
    const kinds = CanvasRenderingContext2D.prototype;
    window.painted = [];
    let path = [];
    const original = {};
    const wrap = (name, before) => {
        original[name] = kinds[name];
        kinds[name] = function (...values) { before.call(this, ...values); return original[name].apply(this, values); };
    };
    wrap("beginPath", () => (path = []));
    wrap("moveTo", (x, y) => path.push([x, y]));
    wrap("lineTo", function (x, y) {
        const [fromX, fromY] = path.at(-1) ?? [x, y];
        for (let i = 1; i <= 12; i++) path.push([fromX + (i / 12) * (x - fromX), fromY + (i / 12) * (y - fromY)]);
    });
    wrap("rect", (x, y, w, h) => path.push([x, y], [x + w, y], [x, y + h], [x + w, y + h], [x + w / 2, y + h / 2]));
    wrap("arc", (x, y, r, from, to) => {
        for (let i = 0; i <= 8; i++) {
            const angle = from + ((to - from) * i) / 8;
            path.push([x + r * Math.cos(angle), y + r * Math.sin(angle)]);
        }
    });
    const paper = getComputedStyle(document.querySelector(".explorer")).backgroundColor;
    const probe = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
    const seen = new Map();
    const rgb = (color) => {
        if (!seen.has(color)) seen.set(color, onPaper(color));
        return seen.get(color);
    };
    const onPaper = (color) => {
        probe.fillStyle = paper;
        original.fillRect.call(probe, 0, 0, 1, 1);
        probe.fillStyle = color;
        original.fillRect.call(probe, 0, 0, 1, 1);
        return [...probe.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const ground = (context, places) => {
        if (!places.length) return [];
        const pixels = places.map((place) => place.map((at) => Math.round(at * devicePixelRatio)));
        const [left, top] = pixels.reduce(([a, b], [x, y]) => [Math.min(a, x), Math.min(b, y)]);
        const [right, bottom] = pixels.reduce(([a, b], [x, y]) => [Math.max(a, x), Math.max(b, y)]);
        const { data, width } = context.getImageData(left, top, right - left + 1, bottom - top + 1);
        return pixels.map(([x, y]) => {
            const at = 4 * ((y - top) * width + x - left);
            const [r, g, b, a] = data.subarray(at, at + 4);
            return a === 255 ? [r, g, b] : rgb(`rgba(${r}, ${g}, ${b}, ${a / 255})`);
        });
    };
    const around = (places, away) =>
        places.flatMap(([x, y]) => [[-1, -1], [-1, 1], [1, -1], [1, 1]].map(([u, v]) => [x + away * u, y + away * v]));
    const note = (kind, context, color, places, text) => {
        const figure = context.canvas.closest("figure").querySelector(".explorer-title")?.textContent ?? "stage or key";
        painted.push({ kind, figure, text, color: rgb(color), on: ground(context, places) });
    };
    wrap("fillRect", () => {});
    wrap("stroke", function () {
        if (this.globalAlpha === 1) note("line", this, this.strokeStyle, around(path, this.lineWidth / 2 + 2));
    });
    wrap("fill", function () {
        if (this.globalAlpha === 1) note("mark", this, this.fillStyle, around(path, 3));
    });
    wrap("strokeText", () => {});
    wrap("fillText", function (text, x, y) {
        const { width } = this.measureText(text);
        const left = { left: x, center: x - width / 2, right: x - width }[this.textAlign];
        const places = [0.1, 0.3, 0.5, 0.7, 0.9].flatMap((s) => [-3, 0, 3].map((up) => [left + s * width, y + up]));
        note("text", this, this.fillStyle, places, text);
    });
    explorer.model.set("chosen", explorer.model.get("chosen") + 1);
    document.documentElement.classList.add("seen-anew"); // as where a theme changes: the key of marks is drawn, too
}"""


def painted_on(page):
    """What `RECORD` noted, once something is drawn: as text, since Playwright takes seconds for so long a list."""
    page.wait_for_function("painted.length > 20")
    return json.loads(page.evaluate("JSON.stringify(painted)"))


def luminance(colors):
    share = np.asarray(colors, float) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def contrast(color, grounds):
    a, b = luminance(color), luminance(grounds)
    return (np.maximum(a, b) + 0.05) / (np.minimum(a, b) + 0.05)


@every_scheme
@every_state
def test_marks_stand_out_by_3_and_text_by_4_5(explorer_class, state, scheme, open_drawn):
    """The ground is what lay beside the outline before a mark was painted.

    A mark has to stand out along a third of its outline at least, since marks overlap: all arrows begin in one place.

    Not counted: what has the colour of the paper (rims that keep marks apart) and the quiet lines of the scales.
    """
    page = open_drawn(explorer_class(**state), color_scheme=scheme, reduced_motion="reduce")
    wait_until_still(page)
    page.evaluate(RECORD)
    colors = "name => getComputedStyle(document.querySelector('.explorer')).getPropertyValue(`--explorer-${name}`)"
    left_out = [page.evaluate(colors, name) for name in ("paper", "line")]
    left_out = [[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in left_out]
    painted = [one for one in painted_on(page) if one["color"] not in left_out and one["on"]]
    assert {one["kind"] for one in painted} == {"line", "mark", "text"}
    for one in painted:
        needed = 4.5 if one["kind"] == "text" else 3
        found = np.quantile(contrast(one["color"], one["on"]), 0.5 if one["kind"] == "text" else 2 / 3)
        assert found >= needed, (one["kind"], one["figure"], one["text"], one["color"], one["on"][:6], found)


@every_explorer
def test_axe_finds_no_violation_and_text_outside_the_pictures_and_edges_of_controls_stand_out(
    explorer_class, open_drawn
):
    page = open_drawn(explorer_class())
    for details in page.locator(".explorer details > summary").all():
        details.click()
    page.evaluate(AXE)
    for scheme, options in (("light", {}), ("dark", ONLY_CONTRAST)):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(IS_DARK, arg=scheme == "dark")  # the page is told of it, and redraws
        result = page.evaluate("options => axe.run(options)", options)
        assert violations(result) == [] and len(result["passes"]) >= (1 if options else 15)
        assert_text_and_edges_stand_out(page, is_dark=scheme == "dark")


IS_DARK = """(isDark) => {
    const paper = getComputedStyle(document.querySelector(".explorer")).backgroundColor.match(/[\\d.]+/g).slice(0, 3);
    return paper.reduce((sum, part) => sum + Number(part), 0) < 3 * 128 === isDark;
}"""


def assert_text_and_edges_stand_out(page, *, is_dark):
    script = """() => [...document.querySelectorAll(".explorer *")].filter((element) =>
        element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
        .map((element) => [element.className || element.tagName, getComputedStyle(element).color])"""
    edges = """() => [...document.querySelectorAll(".explorer button, .explorer select, .explorer textarea")]
        .map((element) => [element.tagName, getComputedStyle(element).borderTopColor])"""
    paper = rgb(page.evaluate("getComputedStyle(document.querySelector('.explorer')).backgroundColor"))
    assert (sum(paper) < 3 * 128) == is_dark
    for name, color in page.evaluate(script):
        assert contrast(rgb(color), paper) >= 4.5, name
    for name, color in page.evaluate(edges):
        assert contrast(rgb(color), paper) >= 3, name


def rgb(text):
    return [float(number) for number in text[text.index("(") + 1 : -1].split(",")[:3]]


@pytest.mark.parametrize("explorer_class", [AngularExplorer, HashPlanesExplorer])
def test_points_buckets_arrows_and_planes_bear_names_that_differ(explorer_class, open_drawn):
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    page.evaluate(RECORD)
    texts = {one["text"] for one in painted_on(page) if one["kind"] == "text" and one["figure"] == "stage or key"}
    names = {text for text in texts if any(character.isdigit() for character in text)}
    assert {"p3", "b5" if explorer_class is AngularExplorer else "b2"} <= names
    assert {"r0", "−r0"} <= names or {"n0", "n1", "n2"} <= names
    assert not any(name.isdigit() for name in names)


@every_explorer
def test_a_redraw_moves_nothing_on_the_page(explorer_class, open_drawn):
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    box = "() => [...document.querySelectorAll('canvas, summary, li, button')].map((e) => e.getBoundingClientRect().y)"
    before = page.evaluate(box)
    for _ in range(12):
        page.locator(STAGE).press("r")
        page.wait_for_timeout(40)
        assert page.evaluate(box) == before


@pytest.mark.parametrize(("motion", "is_eased"), [("no-preference", True), ("reduce", False)])
def test_the_arrows_glide_to_a_redrawn_rotation_unless_the_reader_prefers_stillness(motion, is_eased, open_drawn):
    page = open_drawn(AngularExplorer(), reduced_motion=motion)
    seen = page.evaluate(
        f"""async () => {{
            const [stage, canvas] = [document.querySelector("{STAGE}"), document.querySelector("{STAGE} canvas")];
            stage.dispatchEvent(new KeyboardEvent("keydown", {{ key: "r" }}));
            const pictures = new Set();
            for (const end = performance.now() + 700; performance.now() < end; ) {{
                await new Promise(requestAnimationFrame);
                pictures.add(canvas.toDataURL());
            }}
            return pictures.size;
        }}"""
    )
    assert (seen > 2) == is_eased  # one before, one after, others on the way


# ---- Fingers and keys


@pytest.fixture
def phone(browser, open_page):
    """A function that opens an explorer as on a phone, 390 pixels wide and touched. Returns the page."""

    def open_phone(explorer):
        screen = {"viewport": {"width": 390, "height": 700}, "device_scale_factor": 2}
        page, _ = open_page(explorer, **screen, has_touch=True, is_mobile=True)
        page.wait_for_selector(f"{SENTENCE}:not(:empty)")
        return page

    return open_phone


def swipe(page, x, y, dx, dy):
    """Move one finger from a place of the window."""
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 9):
        at = {"x": x + dx * step / 8, "y": y + dy * step / 8}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
        page.wait_for_timeout(20)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_timeout(100)


@every_explorer
def test_on_a_phone_pictures_are_sharp_and_a_swipe_scrolls_down_only_and_unless_it_begins_on_a_mark(
    explorer_class, phone
):
    page = phone(explorer_class(**({"query": 9.5} if explorer_class is SoftLookupExplorer else {})))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("canvas").first.evaluate("canvas => canvas.width === 2 * canvas.clientWidth")
    stage = page.locator(f"{STAGE} canvas")
    stage.scroll_into_view_if_needed()
    page.evaluate(f"scrollTo(0, document.querySelector('{STAGE} canvas').getBoundingClientRect().y + scrollY - 60)")
    box = stage.bounding_box()
    names = ["query", "chosen", "turn", "azimuth", "chunk_length", "step"]
    state = f"JSON.stringify({names}.map((name) => explorer.model.get(name) ?? 0))"
    before, top = page.evaluate(state), page.evaluate("scrollY")
    swipe(page, box["x"] + 3, box["y"] + box["height"] - 8, 0, -100)  # a corner: nothing is there
    page.wait_for_function("top => scrollY > top + 40", arg=top)
    assert page.evaluate(state) == before

    page.wait_for_timeout(500)  # until the page has come to rest
    page.evaluate(f"scrollTo(0, {top})")
    page.wait_for_timeout(200)
    without_drags = (
        AttentionMatrixExplorer,
        MemoryMeterExplorer,
        TrainingExplorer,
        ReadingExplorer,
        WhichPairsExplorer,
    )
    if explorer_class in without_drags:
        return  # nothing there can be dragged
    x, y = place_of_a_mark(explorer_class, box)
    swipe(page, x, y, 30 if explorer_class in (SortAndChunkExplorer, ReversibleStepsExplorer) else 0, 60)
    assert page.evaluate("scrollY") == pytest.approx(top, abs=1)
    assert page.evaluate(state) != before or page.evaluate("explorer.model.get('chosen')") == 20


def place_of_a_mark(explorer_class, box):
    """Where on the screen point 20 of an explorer's first view is; on the road, point 7; of dot products, key 5.

    Of the whole road, the head of the first arrow; of the strip, the end of the first chunk, 16 of 32 places along; of
    reversible steps, the grip.
    """
    explorer = explorer_class()
    if explorer_class is SortAndChunkExplorer:
        return box["x"] + box["width"] / 2, box["y"] + 56
    if explorer_class is ReversibleStepsExplorer:
        return box["x"] + 34, box["y"] + box["height"] - 32
    if explorer_class is SoftLookupExplorer:
        across, down = box["width"] - 44, box["height"] - 42
        key, value = explorer.keys_on_road[7], explorer.values[7]
        return box["x"] + 34 + across * key / 10, box["y"] + 12 + down * (2 - value) / 4
    if explorer_class is DotProductExplorer:
        unit = (box["width"] / 2 - 22) / 3
        x, y = explorer.key_vectors[5]
        return box["x"] + box["width"] / 2 + unit * x, box["y"] + box["height"] / 2 - unit * y
    if explorer_class is WholeRoadExplorer:
        disc = min(box["width"], 320)
        middle, reach = disc / 2 + 2, 0.42 * (disc / 2 - 46)
        x, y = explorer.rotations[0, :, 0]
        return box["x"] + middle + reach * x, box["y"] + middle - reach * y
    points, room = (explorer.circle, 30) if explorer_class is AngularExplorer else (explorer.points, 28)
    middle, radius = box["width"] / 2, box["width"] / 2 - room
    return box["x"] + middle + radius * points[20, 0], box["y"] + middle - radius * points[20, 1]


@pytest.mark.parametrize(
    ("explorer_class", "steps"),
    [
        (AngularExplorer, "chosen n, circle ArrowUp, query q, turn t, azimuth d, elevation w"),
        (HashPlanesExplorer, "chosen n, points ArrowUp, query q, chosen_plane b, angles t"),
        (DotProductExplorer, "query ArrowLeft, query ArrowUp, chosen n, key_vectors d, key_vectors w"),
        (SoftLookupExplorer, "query ArrowLeft, chosen n, keys_on_road d, values w"),
        (WholeRoadExplorer, "chosen ArrowDown, turn ArrowRight"),
        (SortAndChunkExplorer, "chosen ArrowRight, chunk_length ArrowUp"),
        (
            AttentionMatrixExplorer,
            "chosen ArrowRight, causal f, avoid_self i, same_bucket_only b, correct_duplicates d",
        ),
        (ReversibleStepsExplorer, "step ."),
        (MemoryMeterExplorer, "chosen ArrowDown"),
        (TrainingExplorer, "shown ArrowRight, chosen ArrowDown, head h"),
        (ReadingExplorer, "chosen ArrowRight, chosen ArrowDown, chosen c, layer l, head h, n_rounds ,, dialogue d"),
    ],
)
def test_keys_do_what_the_pointer_does(explorer_class, steps, open_drawn):
    """Choose, move, make a query; turn the wheel of directions, the sphere, a plane; move the query of the road."""
    value = """name => {
        const found = explorer.model.get(name);
        return JSON.stringify(found.data ? [...new Uint8Array(found.data.buffer)] : found);
    }"""
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    for name, key in map(str.split, steps.split(", ")):
        before = page.evaluate(value, name)
        page.locator(STAGE).press(key)
        assert page.evaluate(value, name) != before, name


def test_the_wheel_of_directions_is_turned_by_dragging_an_arrow(open_drawn):
    page = open_drawn(AngularExplorer(), reduced_motion="reduce")
    wait_until_still(page)
    explorer = AngularExplorer()
    columns = explorer.rotations[0].T
    longest = columns[np.argmax(np.linalg.norm(columns, axis=1))]
    box = page.locator(f"{STAGE} canvas").bounding_box()
    middle, radius = box["width"] / 2, box["width"] / 2 - 30
    angle = np.arctan2(longest[1], longest[0])

    def place(turned):
        at = 0.66 * radius * np.array([np.cos(angle + turned), np.sin(angle + turned)])
        return box["x"] + middle + at[0], box["y"] + middle - at[1]

    page.mouse.move(*place(0))
    page.mouse.down()
    for turned in np.linspace(0.05, 0.5, 6):
        page.mouse.move(*place(turned))
    page.mouse.up()
    assert page.evaluate("explorer.model.get('turn')") == pytest.approx(np.rad2deg(0.5), abs=1.5)
    assert json.loads(page.evaluate("JSON.stringify(explorer.model.get('chosen'))")) == 3


@pytest.mark.parametrize("explorer_class", [HashPlanesExplorer, AngularExplorer])
def test_chance_is_drawn_before_theory_is_shown(explorer_class, open_drawn):
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    curve = page.locator("figure", has_text="Chance to share a bucket").locator("canvas")
    assert "theory is shown from 1000 draws on" in curve.get_attribute("aria-label")
    for name, n_draws in [("Draw 1", 1), ("Draw 10", 11), ("Draw 1,000", 1011)]:
        page.get_by_role("button", name=name, exact=True).click()
        page.wait_for_function("n => explorer.model.get('n_trials') === n", arg=n_draws)
        shares = np.array(page.evaluate("Array.from(new Float64Array(explorer.model.get('measured').data.buffer))"))
        np.testing.assert_allclose(shares * n_draws, np.round(shares * n_draws), atol=1e-9)
    assert "falls from 1 at 0° through" in curve.get_attribute("aria-label")
    page.locator(STAGE).press("0")
    page.wait_for_function("explorer.model.get('n_trials') === 0")


def test_why_this_bucket_is_the_argmax_of_the_dot_products_of_the_chosen_point(open_drawn):
    page = open_drawn(AngularExplorer(chosen=11), reduced_motion="reduce")
    explorer = AngularExplorer()
    scores = explorer.circle[11] @ explorer.rotations[0]
    scores = np.concatenate([scores, -scores])
    first, second = np.argsort(-scores)[:2]
    words = page.locator("figure").nth(2).locator("canvas").get_attribute("aria-label")
    written = ", ".join(f"{score:.2f}".replace("-", "−") for score in scores)
    assert f"with the directions of buckets 0 to 7: {written}." in words
    assert words.endswith(f"Bucket {first} wins by {scores[first] - scores[second]:.2f} over bucket {second}.")


def test_why_this_bucket_is_the_signed_lengths_along_the_normals(open_drawn):
    page = open_drawn(HashPlanesExplorer(chosen=11), reduced_motion="reduce")
    explorer = HashPlanesExplorer()
    lengths = explorer.points[11] @ explorer.normals[0]
    words = page.locator("figure").nth(2).locator("canvas").get_attribute("aria-label")
    written = ", ".join(f"{length:.2f}".replace("-", "−") for length in lengths)
    assert words.startswith(f"Signed lengths of point 11 along the normals of planes 0 to 2: {written}.")
    assert words.endswith(f"{explorer.buckets[0, 11]}.")
