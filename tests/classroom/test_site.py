"""Lessons as web pages: self-contained, formulas without a script, predictions without their answer."""

import re
from pathlib import Path

import pytest

from classroom import site
from tests.explorers.lab_page import open_page_of

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


def test_links_to_lessons_lead_to_their_pages_and_of_links_to_labs_the_words_are_left():
    text = "[lesson 01](01_neighbors.ipynb), [lab 01](../my_labs/lab01_neighbors/lab01_neighbors.ipynb), [b](https://b.org)"
    assert site.links_between_pages(text) == "[lesson 01](01_neighbors.html), lab 01, [b](https://b.org)"


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
    slider = tab.frame_locator("iframe").locator("input[type=range]").first
    before = slider.input_value()
    slider.press("ArrowRight")
    assert slider.input_value() != before
    outside = [url for url in requests if not url.startswith(("file:", "data:", "blob:", "about:"))]
    tab.close()
    assert outside == [] and errors == []
