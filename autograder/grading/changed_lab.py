"""A lab that has changed since submissions were entered: the gradebook follows it, and no manual grade is lost.

nbgrader refuses a lab that has other cells than the one that was graded. Here the rows of cells that are new are added
and those of cells that are gone removed, for all students; what a person entered for the latter is written to a file
before.
"""

import csv
import io
import os
from pathlib import Path

from nbgrader import utils
from nbgrader.api import Comment, Grade, GradeCell, MissingEntry, SolutionCell, SourceCell
from nbgrader.preprocessors import SaveCells

from autograder.grading.text import defused, shown

REMOVED = "manual-grades-of-removed-cells.csv"
FIELDS = ("student", "lab", "cell", "score", "extra credit", "comment")


def saving_cells(book, out, said):
    """Return a preprocessor that saves a lab's cells in an open gradebook, which it makes ready for them.

    book : nbgrader's Gradebook, in a transaction
    said : a list, to which sentences for the instructor are added
    """

    class SaveChangedCells(SaveCells):
        def preprocess(self, nb, resources):
            self.gradebook = book
            self.notebook_id, self.assignment_id = (resources["nbgrader"][name] for name in ("notebook", "assignment"))
            self.new_grade_cells, self.new_solution_cells = {}, {}
            self.new_task_cells, self.new_source_cells = {}, {}
            said.extend(follow(book, self.assignment_id, nb, out))
            for place, cell in enumerate(nb.cells):
                nb.cells[place], resources = self.preprocess_cell(cell, resources, place)
            self._create_notebook(nb)
            return nb, resources

    return SaveChangedCells


def follow(book, lab, notebook, out):
    """Give the submissions of a lab the cells that its notebook has now. Returns sentences for the instructor."""
    try:
        old = book.find_notebook(lab, lab)
    except MissingEntry:
        return []
    if not old.submissions:
        return []  # nbgrader makes the lab anew
    graded, answered, kept = (_ids(notebook, of) for of in (utils.is_grade, utils.is_solution, _is_kept))
    gone = [cell for cell in old.grade_cells if cell.name not in graded]
    gone += [cell for cell in old.solution_cells if cell.name not in answered]
    said = _written_down(_manual_grades(book, lab, gone), lab, out) + _above(book, lab, old, graded)
    _remove(book, gone)
    for cell in old.source_cells:
        if cell.name not in kept:
            book.db.delete(cell)
    _add(book, lab, old, graded, answered, kept)
    book.db.flush()
    book.db.expire_all()
    return said


def _ids(notebook, of):
    """The cells of a kind, by their ids."""
    return {cell.metadata["nbgrader"]["grade_id"]: cell for cell in notebook.cells if of(cell)}


def _is_kept(cell):
    return utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell)


def _manual_grades(book, lab, cells):
    """Rows of REMOVED: what a person entered for some cells."""
    rows = []
    for cell in cells:
        for grade in cell.grades or ():
            if grade.manual_score is not None or grade.extra_credit is not None:
                rows.append((grade.student.id, lab, cell.name, grade.manual_score, grade.extra_credit, None))
        for comment in cell.comments or ():
            if comment.manual_comment is not None:
                rows.append((comment.student.id, lab, cell.name, None, None, comment.manual_comment))
    return sorted(rows, key=lambda row: row[:3])


def _written_down(rows, lab, out):
    """Add rows to the file, unless they are in it. Killed at any moment, it is whole; then it is on the disk."""
    if not rows:
        return []
    path = Path(out) / REMOVED
    partial = path.with_suffix(".partial")
    written = path.read_bytes().decode("utf-8", "surrogateescape") if path.exists() else _lines([FIELDS])
    lines = (_lines([[defused(value) if isinstance(value, str) else value for value in row]]) for row in rows)
    written += "".join(line for line in lines if f"\n{line}" not in written)
    with partial.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        file.write(written)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)
    cells = ", ".join(dict.fromkeys(row[2] for row in rows))
    return [f"{lab} has lost {cells}: the manual grades and comments given there stand in {shown(str(path))}"]


def _lines(rows):
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _above(book, lab, old, graded):
    """Say which manual scores are above a maximum that has sunk."""
    said = []
    for cell in old.grade_cells:
        most = float(graded[cell.name].metadata["nbgrader"]["points"]) if cell.name in graded else cell.max_score
        if most >= cell.max_score:
            continue
        above = book.db.query(Grade).filter(Grade.cell_id == cell.id, Grade.manual_score > most).all()
        if above:
            students = ", ".join(sorted(grade.student.id for grade in above)[:5])
            more = f" and {len(above) - 5} more" if len(above) > 5 else ""
            words = f"{cell.name} of {lab} gives at most {most:g} points now"
            said.append(f"{words}; the manual scores above that, of {students}{more}, are kept")
    return said


def _remove(book, cells):
    for cell in cells:
        for row in (*(cell.grades or ()), *(cell.comments or ())):
            book.db.delete(row)
    book.db.flush()
    for cell in cells:
        book.db.delete(cell)
    book.db.flush()


def _add(book, lab, old, graded, answered, kept):
    """Add cells that are new, with an empty row in each submission."""
    known = [{cell.name for cell in cells} for cells in (old.grade_cells, old.solution_cells, old.source_cells)]
    submissions = list(old.submissions)
    for name, cell in graded.items():
        if name not in known[0]:
            points = float(cell.metadata["nbgrader"]["points"])
            new = GradeCell(name=name, notebook=old, max_score=points, cell_type=cell.cell_type)
            book.db.add(new)
            book.db.add_all(Grade(cell=new, notebook=submission) for submission in submissions)
    for name in answered:
        if name not in known[1]:
            new = SolutionCell(name=name, notebook=old)
            book.db.add(new)
            book.db.add_all(Comment(cell=new, notebook=submission) for submission in submissions)
    for name, cell in kept.items():
        if name not in known[2]:
            book.db.add(SourceCell(name=name, notebook=old, cell_type=cell.cell_type, locked=utils.is_locked(cell)))
