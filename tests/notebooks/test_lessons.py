"""Lessons run offline from a fresh kernel, and keep the form that readers can rely on."""

import re
from importlib.util import find_spec
from statistics import median

import pytest

from tests.notebooks.notebook_files import LESSONS, code_of, outputs_of, prose_between_code, read, run

# One formula for all lessons, by counting; nobody was timed.
WORDS_A_MINUTE, LINES_A_MINUTE, MINUTES_EACH = 180, 9, {"picture": 0.75, "ask": 1}
LEFT_OUT = r"left out|[Oo]ptional|[Ww]ithout it, go on"

pytestmark = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def test_a_lesson_runs_from_top_to_bottom_without_a_network(path):
    notebook = run(path)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        assert not [output for output in cell.outputs if output.get("name") == "stderr"], cell.source
        if "trax" in cell.metadata.get("tags", []) and not find_spec("trax"):
            continue
        if "figures.show" in cell.source:
            (figure,) = outputs_of(cell, "text/html")
            alternative = re.search(r'<img alt="([^"]+)"', figure).group(1)
            assert len(alternative.split()) >= 8, "a figure needs a sentence that says what it shows"
            assert f">{alternative}</figcaption>" in figure


def test_cells_of_a_lesson_are_small(path):
    lines = [source.splitlines() for source in code_of(read(path))]
    assert median(sum(bool(line.strip()) for line in cell) for cell in lines) <= 7
    assert max(map(len, lines)) <= 30


def test_prose_between_two_cells_is_short(path):
    assert max(prose_between_code(read(path))) <= 150


def test_every_drawing_is_shown_with_words(path):
    notebook = read(path)
    for source in code_of(notebook):
        assert "plt.show" not in source
        assert ("plt.subplots" in source) == ("figures.show" in source)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert not re.search(r"!\[\s*\]\(", cell.source), "a picture without alternative text"


def test_a_lesson_opens_and_closes_as_all_do(path):
    notebook = read(path)
    first = notebook.cells[0].source
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert re.match(r"# \d\d[a-c]? · ", first)
    assert all(part in first for part in ("you can**", "**Time:**", "minutes", "**You need:**"))
    assert all(
        part in prose for part in ("\n## Summary", "**Next:**", "## Five questions to take with you", "## Sources")
    )
    questions = next(cell.source for cell in notebook.cells if cell.source.startswith("## Five questions"))
    assert questions.count("<details>") == 5
    assert "You may have heard" in prose


def sections_of(notebook):
    """The cells of a lesson as (source, kind), in sections: lists that begin with a heading "## "."""
    sections = [[]]
    for cell in notebook.cells:
        is_words = cell.cell_type == "markdown"
        for part in re.split(r"^(?=## )", cell.source, flags=re.MULTILINE) if is_words else [cell.source]:
            if is_words and part.startswith("## "):
                sections.append([])
            is_drawing = "draws" in cell.metadata.get("tags", [])
            kind = "words" if is_words else "picture" if is_drawing else "ask" if "ask(" in part else "code"
            sections[-1].append((part, kind))
    return sections


def minutes_of_section(section):
    """Minutes to read words and code, to look at a picture, and to answer a question before going on."""
    minutes = 0.0
    for source, kind in section:
        if kind in MINUTES_EACH:
            minutes += MINUTES_EACH[kind]
        elif kind == "words":
            minutes += len(re.findall(r"\w[\w'’-]*", source)) / WORDS_A_MINUTE
        else:
            minutes += sum(bool(line.strip()) for line in source.splitlines()) / LINES_A_MINUTE
    return minutes


def test_the_minutes_stated_are_those_of_words_code_pictures_and_questions(path):
    notebook = read(path)
    stated = int(re.search(r"\*\*Time:\*\* (\d+) minutes", notebook.cells[0].source)[1])
    needed = sum(
        minutes_of_section(section)
        for section in sections_of(notebook)
        if section and not re.search(LEFT_OUT, section[0][0][:300])
    )
    assert stated <= 60 and abs(stated - needed) <= 6, f"without what may be left out it takes {needed:.0f} minutes"


def test_the_code_of_a_question_is_folded_away_because_it_holds_the_answer(path):
    questions = [cell for cell in read(path).cells if cell.cell_type == "code" and cell.source.startswith("ask(")]
    assert questions
    assert all(cell.metadata["jupyter"]["source_hidden"] for cell in questions)


def test_paths_named_in_a_lesson_exist(path):
    prose = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    root = path.parents[1]
    for name in re.findall(r"`((?:notebooks|labs|solutions|reformer)/[^`\s]*)`", prose):
        assert (root / name).exists(), f"{path.name} names {name}"
