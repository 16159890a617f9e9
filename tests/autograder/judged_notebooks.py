"""What the tests of the gradebook share: judged notebooks without a kernel, and all that a gradebook says."""

import copy
import sqlite3

import nbformat

from autograder.grading.examine import Result
from autograder.grading.judged import write_outputs
from autograder.grading.labs import source_of
from autograder.grading.rebuild import is_answer, rebuild

ROWS = {
    "assignment": "select name, duedate, course_id from assignment",
    "cells": "select c.name, c.type, g.max_score, g.cell_type from base_cell c left join grade_cells g on g.id = c.id",
    "source": "select name, cell_type, locked, source, checksum from source_cell",
    "submitted": "select student_id, timestamp, extension, flagged, late_submission_penalty from submitted_assignment a"
    " join submitted_notebook n on n.assignment_id = a.id",
    "grades": "select student_id, c.name, auto_score, manual_score, extra_credit, needs_manual_grade from grade g join"
    " base_cell c on c.id = g.cell_id join submitted_notebook n on n.id = g.notebook_id join submitted_assignment a on"
    " a.id = n.assignment_id",
    "comments": "select student_id, c.name, auto_comment, manual_comment from comment g join base_cell c on c.id ="
    " g.cell_id join submitted_notebook n on n.id = g.notebook_id join submitted_assignment a on"
    " a.id = n.assignment_id",
    "version": "select version_num from alembic_version",
}


def rows(out):
    """All that the gradebook in a file in OUT says, without its ids."""
    with sqlite3.connect(out / "gradebook.db") as db:
        return {name: sorted(db.execute(query).fetchall(), key=repr) for name, query in ROWS.items()}


def judged(release, lab, share, answer=None):
    """The notebook of a submission that has a share of the points, and an answer in its first cell to write in."""
    notebook = rebuild(release, ()).notebook
    if answer:
        next(cell for cell in notebook.cells if is_answer(cell)).source = answer
    results = [Result(one.name, "graded", share * one.max_score, one.max_score, ("why",)) for one in lab.exercises]
    write_outputs(notebook, {result.name: result for result in results}, {})
    return notebook


def changed(lab, tmp_path, edit):
    """The lab's source after a change: `edit` gets its cells by id, and may take some out."""
    notebook = nbformat.read(source_of(lab), as_version=4)
    cells = {
        cell.metadata.get("nbgrader", {}).get("grade_id", number): cell for number, cell in enumerate(notebook.cells)
    }
    edit(cells)
    notebook.cells = list(cells.values())
    path = tmp_path / "changed" / f"{lab.name}.ipynb"
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return path


def without_offset_rounds(cells):
    """`offset_rounds` and its check are gone, `turned` and its check are new, and `angular_hash` gives one point."""
    for old, new in (("offset_rounds", "turned"), ("check_offset_rounds", "check_turned")):
        cells[new] = copy.deepcopy(cells.pop(old))
        cells[new].metadata["nbgrader"]["grade_id"], cells[new].id = new, new.replace("_", "-")
    cells["check_angular_hash"].metadata["nbgrader"]["points"] = 1
