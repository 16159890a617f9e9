"""What holds for every explorer: the still and its words, the page without a kernel, arrays that travel."""

import html
import re

import ipywidgets
import matplotlib.image
import nbformat
import numpy as np
import pytest
import traitlets
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor

from explorers import EXPLORERS, AngularExplorer, HashPlanesExplorer, SoftLookupExplorer
from explorers.inputs import Array
from explorers.page import standalone_page
from tests.explorers.lab_page import PATIENCE, SENTENCE, STAGE, wait_until_drawn, wait_until_still

every_explorer = pytest.mark.parametrize("explorer_class", EXPLORERS)
browser_test = pytest.mark.browser


@every_explorer
def test_a_still_picture_lies_beside_the_code(explorer_class):
    height, width, _ = matplotlib.image.imread(explorer_class.still).shape
    assert width >= 800 and height >= 400
    assert explorer_class.still.stat().st_size < 200_000


@every_explorer
def test_the_alternative_text_is_a_sentence_or_two(explorer_class):
    text = explorer_class.alternative_text
    assert 80 <= len(text) <= 500
    assert text[0].isupper() and text.endswith(".")
    assert 1 <= text.count(". ") + 1 <= 3


@every_explorer
def test_it_offers_a_widget_a_page_and_words(explorer_class):
    data, _ = explorer_class()._repr_mimebundle_()
    assert data["text/plain"] == explorer_class.alternative_text
    assert data["text/html"].startswith("<iframe title=")
    assert "application/vnd.jupyter.widget-view+json" in data


@every_explorer
def test_the_page_names_no_address(explorer_class):
    assert not re.search(r"(https?:)?//[\w-]+\.\w", standalone_page(explorer_class()))


@every_explorer
def test_python_echoes_no_state_back_to_the_browser(explorer_class):
    explorer = explorer_class()
    own = set(explorer.keys) - set(ipywidgets.DOMWidget().keys) - {"_esm", "_css", "_anywidget_id"}
    assert own and all(explorer.trait_metadata(name, "echo_update") is False for name in own)


class Traveller(traitlets.HasTraits):
    array = Array("float64", help="any")


@pytest.mark.parametrize("shape", [(0,), (3,), (2, 3), (8, 3, 8)])
def test_an_array_comes_back_from_its_bytes(shape):
    there = Traveller(array=np.random.default_rng(0).normal(size=shape))
    to_wire, from_wire = (Traveller.array.metadata[key] for key in ("to_json", "from_json"))
    back = Traveller(array=from_wire(to_wire(there.array, there), there))
    np.testing.assert_array_equal(back.array, there.array)


def test_an_array_cannot_be_changed_in_place():
    explorer = Traveller(array=[1.0, 2.0])
    with pytest.raises(ValueError, match="read-only"):
        explorer.array[0] = 3.0


@browser_test
@every_explorer
def test_the_page_runs_from_a_file_and_asks_for_nothing(explorer_class, open_page):
    page, requests = open_page(explorer_class())
    wait_until_drawn(page)
    assert all(url.startswith(("file:", "blob:")) for url in requests)
    assert page.locator("canvas").count() == page.locator("canvas[role=img][aria-label]").count() >= 1


@every_explorer
def test_the_page_holds_the_alternative_text_for_who_has_no_javascript(explorer_class):
    assert f"<noscript><p>{html.escape(explorer_class.alternative_text)}</p>" in standalone_page(explorer_class())


@browser_test
def test_without_javascript_the_page_shows_the_alternative_text(open_page):
    page, _ = open_page(AngularExplorer(), java_script_enabled=False)
    assert AngularExplorer.alternative_text in page.locator("body").inner_text()


# Notes where the entries of the key of marks are written, and how much room there is.
NOTE_KEY = """() => {
    window.written = [];
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
        const { clientWidth, clientHeight } = this.canvas;
        const isKey = this.canvas === document.querySelectorAll("canvas")[1];
        if (isKey) written.push([x, x + this.measureText(text).width, clientWidth, y, clientHeight]);
        fillText.call(this, text, x, y);
    };
}"""


@browser_test
@every_explorer
def test_the_page_fits_a_narrow_window_and_the_key_of_marks_has_room_for_each_of_its_entries(
    explorer_class, open_drawn
):
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    page.evaluate(NOTE_KEY)
    for width in (500, 390, 920):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function("width => document.documentElement.clientWidth === width", arg=width)
        page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        page.evaluate("written.length = 0")
        page.emulate_media(color_scheme="light" if width == 390 else "dark")
        page.wait_for_function("written.length >= 3")
        for left, right, across, middle, down in page.evaluate("written"):
            assert 0 <= left < right <= across and 8 <= middle <= down - 8
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 500:
            boxes = [figure.bounding_box() for figure in page.locator("figure").all()]
            for above, below in zip(boxes, boxes[1:], strict=False):
                assert above["y"] + above["height"] <= below["y"] + 1


@browser_test
@every_explorer
def test_the_page_follows_the_readers_theme(explorer_class, open_drawn):
    page = open_drawn(explorer_class(), color_scheme="light")
    paper = "getComputedStyle(document.querySelector('.explorer')).backgroundColor"
    assert page.evaluate(paper) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{paper} !== 'rgb(255, 255, 255)'")


@browser_test
@pytest.mark.parametrize("explorer_class", [SoftLookupExplorer, HashPlanesExplorer, AngularExplorer])
def test_a_fixed_key_of_marks_is_drawn_when_theme_or_size_changes_and_not_with_every_key(explorer_class, open_drawn):
    page = open_drawn(explorer_class(), color_scheme="light", reduced_motion="reduce")
    wait_until_still(page)
    page.evaluate(
        """() => {
            window.drawn = [];
            const { clearRect } = CanvasRenderingContext2D.prototype;
            CanvasRenderingContext2D.prototype.clearRect = function (...area) {
                drawn.push([...document.querySelectorAll("canvas")].indexOf(this.canvas));
                clearRect.apply(this, area);
            };
        }"""
    )
    page.locator(STAGE).press("ArrowRight")
    wait_until_still(page)
    stage, key = 0, 1
    assert stage in page.evaluate("drawn") and key not in page.evaluate("drawn")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("drawn.includes(1)")
    page.evaluate("drawn.length = 0")
    page.set_viewport_size({"width": 420, "height": 800})
    page.wait_for_function("drawn.includes(1)")


@browser_test
def test_a_notebook_turned_into_html_stays_alive_without_a_network(open_page):
    from playwright.sync_api import expect

    names = [explorer_class.__name__ for explorer_class in EXPLORERS]
    sources = [f"from explorers import {name}\n{name}()" for name in names]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    ExecutePreprocessor(kernel_name="python3", store_widget_state=False).preprocess(notebook, {})
    exporter = HTMLExporter(require_js_url="", mathjax_url="", jquery_url="")
    exporter.display_data_priority = ["text/html", "image/png", "text/plain"]
    page, requests = open_page(exporter.from_notebook_node(notebook)[0])
    for name in names:
        frame = page.frame_locator(f"iframe[title={name}]")
        frame.locator(f"{SENTENCE}:not(:empty)").wait_for()
        before = frame.locator(SENTENCE).text_content()
        frame.locator("input[type=range]").first.press("ArrowRight")
        expect(frame.locator(SENTENCE)).not_to_have_text(before, timeout=PATIENCE)
    outside = [url for url in requests if not url.startswith(("file:", "blob:", "data:", "about:"))]
    assert not outside
