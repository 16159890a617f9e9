"""Labs: solved, they run and earn all points; empty, they run and earn none; and they keep their form."""

import inspect
import re

import numpy as np
import pytest

from autograder import check
from autograder.exercises import lab_named
from tests.notebooks.notebook_files import LABS, SOLUTIONS, outputs_of, read, run

# Of each lab, the checks that failed in the slowest of three attempts on a first reading; 1 where nobody tried it yet.
FAILED_CHECKS = {"lab01_neighbors": 1, "lab02_hash_planes": 2, "lab03_angular_lsh": 1}
WORDS_A_MINUTE, MINUTES_A_LINE, MINUTES_A_FAILED_CHECK = 180, 2, 3


def minutes_of(notebook, ids=None):
    """Minutes to read a lab, without its hints, and to write the lines of its answers; or of the cells `ids` alone."""
    cells = [cell for cell in notebook.cells if ids is None or cell.id in ids]
    prose = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    words = re.findall(r"\w[\w'’-]*", re.sub(r"<details>.*?</details>", "", prose, flags=re.DOTALL))
    answers = [re.findall(r"### BEGIN SOLUTION\n(.*?)\n *### END", cell.source, re.DOTALL) for cell in cells]
    lines = [line for answer in answers for text in answer for line in text.splitlines() if line.strip()]
    return len(words) / WORDS_A_MINUTE + MINUTES_A_LINE * len(lines)


def checks_of(notebook):
    """Return the exercise of each check cell with the plain text of its verdict."""
    return {
        cell.metadata.nbgrader.grade_id.removeprefix("check_"): outputs_of(cell, "text/plain")[0]
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }


def task_of(notebook, exercise):
    return next(cell.source for cell in notebook.cells if cell.id == f"task-{exercise.name}")


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solved_lab_runs_and_earns_all_points(path):
    notebook = run(path)
    lab = lab_named(path.stem)
    assert {name: float(text) for name, text in checks_of(notebook).items()} == {
        exercise.name: exercise.max_score for exercise in lab.exercises
    }
    pictures = [cell for cell in notebook.cells if "picture" in cell.metadata.get("tags", [])]
    assert len(pictures) == len(lab.exercises)
    assert all('<img alt="' in outputs_of(cell, "text/html")[0] for cell in pictures)


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_an_empty_lab_runs_to_its_end_and_earns_nothing(path):
    notebook = run(path)
    assert {float(text) for text in checks_of(notebook).values()} == {0.0}
    assert not any(output.get("name") == "stderr" for cell in notebook.cells for output in cell.get("outputs", []))


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_each_exercise_has_its_task_answer_check_and_picture_in_this_order(path):
    notebook = read(path)
    ids = [cell.id for cell in notebook.cells if cell.id not in ("title", "imports", "end")]
    expected = []
    for exercise in lab_named(path.stem).exercises:
        name = exercise.name
        expected += [f"task-{name}", name, f"check_{name}", f"about-picture-{name}", f"picture-{name}"]
    assert ids == expected
    for cell in notebook.cells:
        assert cell.metadata.nbgrader.grade_id == cell.id


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_a_lab_says_what_a_point_means(path):
    text = read(path).cells[0].source
    for words in ("wherever it came from", "wrong dtype", "work on copies", "earns none", "code of the last hint"):
        assert words in text.partition("What a point means.")[2]


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_points_minutes_and_hints_in_the_text_are_those_of_the_exercise(path):
    notebook = read(path)
    for exercise in lab_named(path.stem).exercises:
        task = task_of(notebook, exercise)
        assert re.search(rf"\*\*\d+ minutes · difficulty [●○]{{3}} · {exercise.max_score} points\*\*", task)
        hints = task.split("<details>")[1:]
        assert len(hints) == 3
        assert inspect.getsource(exercise.twin).strip() in hints[-1], "the last hint is the loop twin itself"
        pasted = {"np": np}
        exec(re.search(r"```python\n(.*?)```", hints[-1], re.DOTALL)[1], pasted)
        assert check(exercise.name, pasted[exercise.name]).score == exercise.max_score, "the last hint works as pasted"


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_minutes_stated_are_those_of_the_words_the_lines_and_the_failed_checks(path):
    notebook = read(path)
    needed = minutes_of(notebook) + MINUTES_A_FAILED_CHECK * FAILED_CHECKS[path.stem]
    stated = int(re.search(r"\*\*Time:\*\* (\d+) minutes", notebook.cells[0].source)[1])
    assert stated % 5 == 0 and abs(stated - needed) <= 4, f"the lab takes {needed:.0f} minutes"
    for exercise in lab_named(path.stem).exercises:
        name = exercise.name
        needed = minutes_of(notebook, (f"task-{name}", name, f"about-picture-{name}"))
        stated = int(re.search(r"\*\*(\d+) minutes", task_of(notebook, exercise))[1])
        assert abs(stated - needed) <= 1, f"{name} takes {needed:.0f} minutes"
