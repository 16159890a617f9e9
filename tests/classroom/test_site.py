"""Lessons as web pages: self-contained, formulas without a script, predictions without their answer."""

import re
from pathlib import Path

import nbformat
import pytest

from classroom import site
from tests.explorers.lab_page import open_page_of
from tests.explorers.test_heard_and_seen import AXE
from tests.notebooks.notebook_files import GLOSSARY, LESSONS, MAP, ROOMS, prose_of, read

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    (path,) = site.build(tmp_path_factory.mktemp("site"), [ROOT / "notebooks" / "00_start_here.ipynb"])
    return path


def test_a_page_needs_no_other_file(page):
    text = page.read_text(encoding="utf-8")
    assert not re.search(r'(?:src|srcset)="(?!data:)', text)
    assert "<link" not in text and "@import" not in text
    assert (page.parent / "index.html").read_text(encoding="utf-8") == text


def test_the_code_of_a_prediction_is_left_out_and_the_prediction_is_there(page):
    text = page.read_text(encoding="utf-8")
    assert 'class="ask"' in text
    assert '<span class="n">ask</span><span class="p">(' not in text


def test_formulas_become_mathml_and_code_stays():
    formulas = []
    text = site.set_aside_formulas("so $$x^2$$ and $y$, but `$z$` and\n```\n$w$\n```", formulas)
    assert text == "so FORMULA0 and FORMULA1, but `$z$` and\n```\n$w$\n```"
    assert all(formula.startswith("<math") for formula in formulas)
    assert 'display="block"' in formulas[0] and 'display="inline"' in formulas[1]


def page_of(*cells):
    """The body of a page with these cells: Markdown where a cell is a text, else a code cell and its metadata."""
    make = nbformat.v4
    made = [
        make.new_markdown_cell(cell) if isinstance(cell, str) else make.new_code_cell(cell[0], metadata=cell[1])
        for cell in cells
    ]
    return site.as_html(make.new_notebook(cells=made))


def test_an_answer_stays_in_what_has_to_be_opened_to_see_it():
    answers = "<details><summary>Seen</summary>\n\n1. One, $x$.\n2. Two.\n\n</details>\n\nbelow"
    html = page_of(answers, "1. <details><summary>Asked</summary>Answered.</details>")
    (seen, asked) = re.findall(r"<details>.*?</details>", html, re.DOTALL)
    assert re.search(r"<summary>Seen</summary>\s*<ol>\s*<li>One, <math.*</li>\s*<li>Two.</li>\s*</ol>", seen, re.DOTALL)
    assert asked == "<details><summary>Asked</summary>Answered.</details>"


@pytest.mark.parametrize("path", [*LESSONS, GLOSSARY, MAP, *ROOMS], ids=lambda path: path.stem)
def test_every_answer_of_a_lesson_stays_in_what_has_to_be_opened_to_see_it(path):
    notebook = read(path)
    html = site.as_html(notebook)  # of the words alone: nothing was run
    for details in re.findall(r"<details.*?</details>", html, re.DOTALL):
        words = re.sub(r"<[^>]+>", "", re.sub(r"<summary>.*?</summary>", "", details, flags=re.DOTALL))
        assert words.strip(), f"{path.name}: nothing in {details}"


@pytest.mark.parametrize("path", [*LESSONS, GLOSSARY, MAP, *ROOMS], ids=lambda path: path.stem)
def test_no_picture_in_the_words_of_a_lesson_is_a_file_which_a_page_could_not_show(path):
    assert not re.search(r"!\[[^]]*\]\((?!attachment:|data:)|<img[^>]+src=\"(?!data:)", prose_of(read(path)))


def test_the_code_of_a_drawing_can_be_opened_and_the_code_of_a_prediction_is_left_out():
    folded = {"source_hidden": True}
    draws = ("figure = height", {"jupyter": folded, "tags": ["draws"]})
    html = page_of(draws, ("ask(question)", {"jupyter": folded}), ("seen = 1", {}))
    (details,) = re.findall(r"<details.*?</details>", html, re.DOTALL)
    assert "<summary>The code that draws this</summary>" in details and ">height<" in details
    assert "question" not in html and ">seen<" in html.replace(details, "")


def test_every_page_leads_to_the_page_before_to_the_glossary_and_to_the_page_after():
    titles = {Path(f"{name}.ipynb"): name.title() for name in ("00_a", "01_b", "02_c", "glossary")}
    links = {path.stem: re.findall(r'href="(\w+)\.html">([^<]+)', site._links(path, titles)) for path in titles}
    assert links == {
        "00_a": [("glossary", "Glossary"), ("01_b", "01_B →")],
        "01_b": [("00_a", "← 00_A"), ("glossary", "Glossary"), ("02_c", "02_C →")],
        "02_c": [("01_b", "← 01_B"), ("glossary", "Glossary")],
        "glossary": [("02_c", "← 02_C")],
    }


def test_links_to_lessons_lead_to_their_pages_and_of_links_to_labs_the_words_are_left():
    text = "[lesson 01](01_neighbors.ipynb), [lab 01](../my_labs/lab01_neighbors/lab01_neighbors.ipynb), [b](https://b.org)"
    assert site.links_between_pages(text) == "[lesson 01](01_neighbors.html), lab 01, [b](https://b.org)"
    assert site.links_between_pages("[k](glossary.ipynb#cell-id=key)") == "[k](glossary.html#cell-id=key)"


def test_pages_of_the_gallery_lie_beside_those_of_the_road_and_lead_to_each_other_and_to_the_road():
    text = "[map](gallery/G0_map.ipynb), [lesson](../05b_lsh.ipynb#cell-id=a), [lab](../../my_labs/lab05/lab05.ipynb)"
    assert site.links_between_pages(text) == "[map](G0_map.html), [lesson](05b_lsh.html#cell-id=a), lab"
    road = [Path("00_a.ipynb"), Path("01_b.ipynb"), Path("glossary.ipynb")]
    rooms = [Path(f"gallery/{name}.ipynb") for name in ("G0_map", "G1_c", "G3_d")]
    titles = {path: path.stem.title() for path in [*road, *rooms]}
    links = {path.stem: re.findall(r'href="(\w+)\.html"', site._links(path, titles)) for path in titles}
    assert links["00_a"] == ["glossary", "G0_map", "01_b"]
    assert links["G0_map"] == ["glossary", "G1_c"]
    assert links["G1_c"] == ["G0_map", "glossary", "G0_map", "G3_d"]
    assert links["glossary"] == ["01_b", "G0_map"]


def test_by_default_every_notebook_of_the_road_and_of_the_gallery_becomes_a_page():
    assert site.pages_of()[0].name == "00_start_here.ipynb"  # which is the index, too
    assert {*site.pages_of()} == {*LESSONS, GLOSSARY, MAP, *ROOMS}


def test_no_link_of_a_page_leads_to_a_notebook(page):
    assert not re.search(r'href="[^"]*\.ipynb', page.read_text(encoding="utf-8"))


def test_a_missing_notebook_is_named(capsys):
    with pytest.raises(SystemExit):
        site.main(["nowhere.ipynb"])
    assert "no such notebook: nowhere.ipynb" in capsys.readouterr().err


@pytest.mark.browser
def test_a_page_opens_without_any_request_and_its_explorer_answers(page, browser):
    tab = open_page_of(browser)
    requests, errors = [], []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(page.as_uri())
    slider = tab.frame_locator("iframe[title=AngularExplorer]").locator("input[type=range]").first
    before = slider.input_value()
    slider.press("ArrowRight")
    assert slider.input_value() != before
    outside = [url for url in requests if not url.startswith(("file:", "data:", "blob:", "about:"))]
    tab.close()
    assert outside == [] and errors == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_on_a_page_code_included(page, browser, scheme):
    tab = open_page_of(browser, color_scheme=scheme)
    tab.goto(page.as_uri())
    for details in tab.locator("details").all():
        details.evaluate("details => { details.open = true; }")
    tab.evaluate(AXE)
    result = tab.evaluate("axe.run({ iframes: false })")  # what is in a frame, an explorer, has its own tests
    tab.close()
    violations = [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in result["violations"]]
    assert violations == [] and len(result["passes"]) >= 15


@pytest.mark.browser
def test_what_is_folded_opens_at_a_click_and_a_word_leads_to_its_place_in_the_glossary(page, browser):
    site.build(page.parent, [GLOSSARY])
    tab = open_page_of(browser)
    tab.goto(page.as_uri())
    details = tab.locator("details.code").first
    assert not details.locator(".highlight").is_visible()
    details.locator("summary").click()
    assert details.locator(".highlight").is_visible()
    tab.locator('a[href="glossary.html#cell-id=Reformer"]').first.click()
    heading = tab.get_by_role("heading", name="Reformer", exact=True)
    assert 0 <= heading.bounding_box()["y"] < tab.viewport_size["height"]
    tab.close()
