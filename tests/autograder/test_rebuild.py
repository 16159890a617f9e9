"""What is graded is the course's notebook; a submission gives the text of answers and own cells, and nothing else."""

import copy
import random

from autograder.grading.intake import SubmittedCell, read_notebook
from autograder.grading.rebuild import grade_id, is_own, rebuild
from autograder.grading.sample import as_bytes, with_answers, without


def cells_of(notebook):
    return read_notebook(as_bytes(notebook))


def sources(notebook):
    return {grade_id(cell): cell.source for cell in notebook.cells}


def test_everything_but_answers_is_the_course_s(lab, release, right):
    hostile = copy.deepcopy(right)
    for cell in hostile["cells"]:
        marks = cell["metadata"]["nbgrader"]
        marks.update(points=1000, grade=False, solution=not marks["solution"], locked=False, checksum="0")
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "picture", "own"]
        cell["cell_type"] = "code" if cell["cell_type"] == "markdown" else "raw"
        cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "9.0"}, "metadata": {}}]
        if marks["grade_id"].startswith("check_"):
            cell["source"] = "9.0"
    hostile["metadata"] = {"kernelspec": {"name": "evil"}}
    rebuilt = rebuild(release, cells_of(hostile))
    honest = rebuild(release, cells_of(right))
    assert rebuilt.notebook == honest.notebook
    assert honest.notes == () and len(rebuilt.notes) == len(lab.exercises)  # each check cell was changed
    assert rebuilt.notebook.metadata == release.metadata
    assert sources(rebuilt.notebook)["check_angular_hash"] == 'check("angular_hash", angular_hash)'
    assert "argmax" in sources(rebuilt.notebook)["angular_hash"]


def test_what_is_gone_is_put_back_and_noted(release, right):
    less = without(without(right, "check_angular_hash"), "offset_rounds")
    rebuilt = rebuild(release, cells_of(less))
    assert [grade_id(cell) for cell in rebuilt.notebook.cells] == [grade_id(cell) for cell in release.cells]
    assert sources(rebuilt.notebook)["offset_rounds"] == ""
    assert rebuilt.notes == (
        "the cell check_angular_hash was deleted; it was put back",
        "the cell offset_rounds was deleted; it counts as empty",
    )


def test_of_an_id_that_comes_twice_the_first_text_that_is_not_blank_is_kept(release, right):
    stub = sources(release)["angular_hash"]
    for texts, kept in ((["", stub, "one", "two"], "one"), (["one", stub], "one"), ([stub + "\n", ""], stub + "\n")):
        cells = [SubmittedCell("code", text, "angular_hash") for text in texts]
        rebuilt = rebuild(release, cells)
        assert sources(rebuilt.notebook)["angular_hash"] == kept
        assert any(f"came {len(texts)} times" in note for note in rebuilt.notes)


def test_own_cells_stay_behind_the_cell_they_stood_behind(release):
    cells = [
        SubmittedCell("code", "first = 1", None),
        SubmittedCell("code", "answer", "angular_hash"),
        SubmittedCell("code", "second = 2", "an-id-of-my-own"),
        SubmittedCell("markdown", "<script>alert(1)</script>", None),
        SubmittedCell("code", "  ", None),
        SubmittedCell("code", "third = 3", None),
    ]
    rebuilt = rebuild(release, cells).notebook
    assert rebuilt.cells[0].source == "first = 1"
    place = next(place for place, cell in enumerate(rebuilt.cells) if grade_id(cell) == "angular_hash")
    assert [cell.source for cell in rebuilt.cells[place : place + 4]] == [
        "answer",
        "second = 2",
        "third = 3",
        'check("angular_hash", angular_hash)',
    ]
    assert [cell.source for cell in rebuilt.cells if is_own(cell)] == ["first = 1", "second = 2", "third = 3"]
    assert len({cell.id for cell in rebuilt.cells}) == len(rebuilt.cells)


def test_the_order_of_a_shuffled_lab_is_the_course_s(release, right):
    shuffled = copy.deepcopy(right)
    random.Random(0).shuffle(shuffled["cells"])
    assert rebuild(release, cells_of(shuffled)).notebook == rebuild(release, cells_of(right)).notebook


def test_another_notebook_gives_an_empty_lab_and_one_note(release, right):
    rebuilt = rebuild(release, cells_of(with_answers({"nbformat": 4, "cells": []}, {})))
    assert rebuilt.notes == ("the notebook holds no cell of this lab",)
