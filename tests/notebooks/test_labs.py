"""Labs: solved, they run and earn all points; empty, they run and earn none; and they keep their form."""

import ast
import inspect
import re

import numpy as np
import pytest

from autograder import check
from autograder.exercises import exercise_named, lab_named
from reformer import planes
from tests.notebooks.notebook_files import LABS, SOLUTIONS, outputs_of, read, run

# Of each exercise, the checks that failed in the slowest of three first attempts; each of them costs some minutes.
FAILED_CHECKS = {
    "cosine_similarity": 2,
    "top_k_attention": 1,
    "approximate_k_nearest": 2,
    "tables_needed": 1,
    "angular_hash": 2,
    "offset_rounds": 1,
}
WORDS_A_MINUTE, MINUTES_A_FAILED_CHECK, MINUTES_A_QUESTION = 180, 3, 1
MINUTES_A_LINE = {"●○○": 1, "●●○": 2, "●●●": 2}  # by difficulty; so measured where a first attempt was timed
WITH_TRAX = [
    pytest.param(path, id=path.stem, marks=[pytest.mark.trax] * path.stem.startswith("lab08")) for path in SOLUTIONS
]


def minutes_to_read(cells):
    """Minutes to read the words of some cells, but for their hints."""
    prose = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    words = re.findall(r"\w[\w'’-]*", re.sub(r"<details>.*?</details>", "", prose, flags=re.DOTALL))
    return len(words) / WORDS_A_MINUTE


def minutes_of(notebook, exercise):
    """Minutes to read a task, to write the lines of its answer, and to mend what fails the check."""
    name = exercise.name
    cells = {cell.id: cell for cell in notebook.cells}
    answer = re.search(r"### BEGIN SOLUTION\n(.*?)\n *### END", cells[name].source, re.DOTALL)[1]
    n_lines = sum(bool(line.strip()) for line in answer.splitlines())
    difficulty = re.search(r"difficulty ([●○]{3})", task_of(notebook, exercise))[1]
    writing = MINUTES_A_LINE[difficulty] * n_lines + MINUTES_A_FAILED_CHECK * FAILED_CHECKS.get(name, 0)
    return minutes_to_read([cells[f"task-{name}"], cells[f"about-picture-{name}"]]) + writing


def is_question(cell):
    """Is this cell a question without points, by `ask`?"""
    return cell.cell_type == "code" and cell.source.startswith("ask(")


def worth_of(exercise):
    """What the text of a task says of its points."""
    return "without points" if exercise.without_points else f"{exercise.max_score} points"


def is_beyond(cell):
    """Whether a cell belongs to the part of a lab that is without points, which grading leaves out."""
    return cell.id.startswith("beyond-")


def checks_of(notebook):
    """Return the exercise of each check cell with the plain text of its verdict."""
    return {
        cell.metadata.nbgrader.grade_id.removeprefix("check_"): outputs_of(cell, "text/plain")[0]
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }


def task_of(notebook, exercise):
    return next(cell.source for cell in notebook.cells if cell.id == f"task-{exercise.name}")


@pytest.mark.parametrize("path", WITH_TRAX)
def test_a_solved_lab_runs_and_earns_all_points(path):
    notebook = run(path)
    lab = lab_named(path.stem)
    assert {name: float(text) for name, text in checks_of(notebook).items()} == {
        exercise.name: exercise.max_score for exercise in lab.exercises
    }
    pictures = [cell for cell in notebook.cells if cell.id.startswith("picture-")]
    assert len(pictures) == len(lab.exercises)
    assert all('<img alt="' in outputs_of(cell, "text/html")[0] for cell in pictures)


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_an_empty_lab_runs_to_its_end_and_earns_nothing(path):
    notebook = run(path)
    assert {float(text) for text in checks_of(notebook).values()} == {0.0}
    assert not any(output.get("name") == "stderr" for cell in notebook.cells for output in cell.get("outputs", []))


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_lab_says_what_to_run_after_a_restart(path):
    assert "Each time the kernel was restarted, run the cell of imports first." in read(path).cells[0].source


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_each_exercise_has_its_task_answer_check_and_picture_in_this_order(path):
    notebook = read(path)
    others = [cell for cell in notebook.cells if is_question(cell) or is_beyond(cell)]
    ids = [cell.id for cell in notebook.cells if cell.id not in ("title", "imports", "end") and cell not in others]
    expected = []
    for exercise in lab_named(path.stem).exercises:
        name = exercise.name
        expected += [f"task-{name}", name, f"check_{name}", f"about-picture-{name}", f"picture-{name}"]
    assert ids == expected
    for cell in notebook.cells:
        assert cell.metadata.nbgrader.grade_id == cell.id
        assert not (is_beyond(cell) and cell.cell_type == "code") or "picture" in cell.metadata.tags  # never graded


@pytest.mark.parametrize("path", LABS, ids=lambda path: path.stem)
def test_a_lab_says_what_a_point_means(path):
    text = read(path).cells[0].source
    for words in ("wherever it came from", "wrong dtype", "work on copies", "earns none", "code of the last hint"):
        assert words in text.partition("What a point means.")[2]


@pytest.mark.parametrize("path", WITH_TRAX)
def test_points_minutes_and_hints_in_the_text_are_those_of_the_exercise(path):
    notebook = read(path)
    for exercise in lab_named(path.stem).exercises:
        task = task_of(notebook, exercise)
        assert re.search(rf"\*\*\d+ minutes · difficulty [●○]{{3}} · {worth_of(exercise)}\*\*", task)
        hints = task.split("<details>")[1:]
        assert len(hints) == 3
        assert inspect.getsource(exercise.twin).strip() in hints[-1], "the last hint is the loop twin itself"
        pasted = {"np": np}
        exec(re.search(r"```python\n(.*?)```", hints[-1], re.DOTALL)[1], pasted)
        assert check(exercise.name, pasted[exercise.name]).score == exercise.max_score, "the last hint works as pasted"


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_the_minutes_stated_are_those_of_the_words_the_lines_and_the_failed_checks(path):
    notebook = read(path)
    needed = [(exercise, minutes_of(notebook, exercise)) for exercise in lab_named(path.stem).exercises]
    around = minutes_to_read([notebook.cells[0], *filter(is_beyond, notebook.cells), notebook.cells[-1]])
    stated = int(re.search(r"\*\*Time:\*\* (\d+) minutes", notebook.cells[0].source)[1])
    asked = MINUTES_A_QUESTION * sum(map(is_question, notebook.cells))
    total = around + asked + sum(minutes for exercise, minutes in needed if not exercise.without_points)
    assert stated % 5 == 0 and abs(stated - total) <= 4, f"the lab takes {total:.0f} minutes"
    for exercise, minutes in needed:
        stated = int(re.search(r"\*\*(\d+) minutes", task_of(notebook, exercise))[1])
        assert abs(stated - minutes) <= 1, f"{exercise.name} takes {minutes:.0f} minutes"


def test_the_example_of_tables_needed_is_rounded_and_equality_but_for_rounding_is_enough():
    lab = next(path for path in SOLUTIONS if path.stem == "lab02_hash_planes")
    exercise = exercise_named("tables_needed")
    task = task_of(read(lab), exercise)
    stated = re.search(r"\| \$1 - \(1 - q\)\^T\$ \|(.*)\|", task)[1].split("|")
    assert [float(number) for number in stated] == [round(1 - (1 - 0.75**4) ** T, 3) for T in range(1, 8)]
    assert "`tables_needed(0.1, 1, 0.19)` is 2" in task and f"make {1 - (1 - 0.1) ** 2} of" in task
    for function in (exercise.reference, exercise.twin, *exercise.solutions):
        assert [function(s, 1, wanted) for s, wanted in ((0.1, 0.19), (0.7, 0.91), (0.2, 0.36))] == [2, 2, 2]


def test_the_caption_of_hash_value_tells_reversed_weights_from_right_ones():
    lab = next(path for path in SOLUTIONS if path.stem == "lab02_hash_planes")
    picture = next(cell.source for cell in read(lab).cells if cell.id == "picture-hash_value")
    normals = np.array(ast.literal_eval(re.search(r"normals = np.array\((.*)\)", picture)[1]))
    sides = planes.side_of_planes(normals.T, normals)
    caption = " ".join(picture.replace('"', " ").split())
    for arrow, sector in enumerate(planes.hash_value(sides)):
        assert re.search(rf"arrow {arrow} (lies )?in sector {sector}\b", caption)
    assert not np.array_equal(planes.hash_value(sides[:, ::-1]), planes.hash_value(sides))
