"""Intake: find the submissions in a folder, and read each as a stranger's file.

SUBMISSIONS/<student>/<lab>/<lab>.ipynb, as nbgrader lays them out. No link is followed, nothing but regular files is
opened, and whatever is wrong with one file becomes a reason in words: nothing a student hands in stops the others.
"""

import hashlib
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

MAX_BYTES = 10 * 2**20


class Unreadable(ValueError):
    """A file that is no notebook we can read; the message says why, for a person."""


@dataclass(frozen=True)
class SubmittedCell:
    """A cell as handed in: its kind ("code", "markdown", "raw"), its text, and the nbgrader id it claims, or None."""

    kind: str
    source: str
    grade_id: str | None


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lab.

    file : path of the notebook below SUBMISSIONS, or None
    sha256 : of the file's bytes, or None
    refusal : the outcome that stands before any cell is run: "unreadable", "missing", "wrong-name", or ""
    reason : the refusal in words
    notes : what a person should know, whatever the outcome
    cells : the cells that were handed in
    """

    student: str
    lab: str
    file: str | None = None
    sha256: str | None = None
    refusal: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    cells: tuple[SubmittedCell, ...] = field(default=(), repr=False)


def students_in(folder):
    """Return the names of the student folders in SUBMISSIONS, sorted."""
    return sorted(entry.name for entry in os.scandir(folder) if _is_folder(entry) and not entry.name.startswith("."))


def labs_in(folder):
    """Return the names of the lab folders that some student has, sorted."""
    students = [Path(folder) / student for student in students_in(folder)]
    students = [student for student in students if not student.is_symlink() and os.access(student, os.R_OK)]
    return sorted({entry.name for student in students for entry in os.scandir(student) if entry.is_dir()})


def take_in(folder, student, lab, known_ids):
    """Return the submission of a student for a lab.

    known_ids : the nbgrader ids of the lab's cells, by which a notebook of another name is known
    """
    folder = Path(folder)
    fault = _fault_of_name(student)
    if fault:
        return Submission(student, lab, refusal="unreadable", reason=fault)
    for path in (folder / student, folder / student / lab):
        if path.is_symlink():
            reason = f"{path.relative_to(folder)} is a link to another folder; links are not followed"
            return Submission(student, lab, refusal="unreadable", reason=reason)
    path = folder / student / lab / f"{lab}.ipynb"
    if os.path.lexists(path):
        return _read(folder, path, student, lab)
    return _take_in_by_ids(folder, student, lab, known_ids)


def read_notebook(content):
    """Return the cells of a notebook given as bytes. Raises Unreadable."""
    if not content.strip():
        raise Unreadable("the file is empty")
    try:
        notebook = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unreadable("the file is not UTF-8 text, as notebooks are") from None
    except json.JSONDecodeError as error:
        raise Unreadable(f"the file is not a notebook: it cannot be read from line {error.lineno} on") from None
    except RecursionError:
        raise Unreadable("the file is not a notebook: it is nested too deep") from None
    except ValueError:
        raise Unreadable("the file is not a notebook: it holds a number that is too long") from None
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells", notebook.get("worksheets")), list):
        raise Unreadable("the file is not a notebook: it has no cells")
    if notebook.get("nbformat") != 4:
        raise Unreadable(
            f"the notebook has format {str(notebook.get('nbformat'))[:20]}, format 4 is needed; "
            "open it in JupyterLab and save it again"
        )
    return tuple(_read_cell(number, cell) for number, cell in enumerate(notebook["cells"], start=1))


def _take_in_by_ids(folder, student, lab, known_ids):
    """Look for one notebook of another name, or in the student's own folder, that holds the cells of the lab."""
    places = [place for place in (folder / student / lab, folder / student) if place.is_dir()]
    paths = [path for place in places for path in sorted(place.iterdir()) if path.name.lower().endswith(".ipynb")]
    if not paths:
        there = [entry.name for entry in os.scandir(folder / student) if entry.is_dir()] if places else []
        hint = f"; the folders here are {', '.join(sorted(there))[:200]}" if there and lab not in there else ""
        return Submission(student, lab, refusal="missing", reason=f"no notebook was handed in{hint}")
    read = [_read(folder, path, student, lab) for path in paths]
    fitting = [one for one in read if known_ids & {cell.grade_id for cell in one.cells}]
    names = ", ".join(path.name for path in paths)[:200]
    if len(fitting) == 1:
        note = f"the notebook is called {Path(fitting[0].file).name} and not {lab}.ipynb; it was known by its cells"
        return Submission(**{**fitting[0].__dict__, "notes": (note,)})
    found = "several hold" if fitting else "none holds"
    reason = f"no notebook is called {lab}.ipynb, and of those here ({names}) {found} the cells of this lab"
    return Submission(student, lab, refusal="wrong-name", reason=reason)


def _read(folder, path, student, lab):
    known = {"student": student, "lab": lab, "file": path.relative_to(folder).as_posix()}
    try:
        content = _read_bytes(path)
    except Unreadable as fault:
        return Submission(**known, refusal="unreadable", reason=str(fault))
    known["sha256"] = hashlib.sha256(content).hexdigest()
    try:
        return Submission(**known, cells=read_notebook(content))
    except Unreadable as fault:
        return Submission(**known, refusal="unreadable", reason=str(fault))


def _read_bytes(path):
    if path.is_symlink():
        raise Unreadable("the file is a link to another one; links are not followed")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("this is a folder, a device or a pipe, not a file")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"the file cannot be opened ({error.strerror})") from None
    if len(content) > MAX_BYTES:
        raise Unreadable(f"the file takes {status.st_size / 2**20:.1f} MB; at most {MAX_BYTES // 2**20} MB are read")
    return content


def _read_cell(number, cell):
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        raise Unreadable(f"the file is not a notebook: its cell {number} is not a cell")
    lines = cell.get("source", "")
    lines = [lines] if isinstance(lines, str) else lines
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Unreadable(f"the file is not a notebook: its cell {number} has no text")
    marks = cell.get("metadata")
    marks = marks.get("nbgrader") if isinstance(marks, dict) else None
    grade_id = marks.get("grade_id") if isinstance(marks, dict) else None
    text = "".join(lines).encode("utf-8", "replace").decode("utf-8")  # half characters cannot be written again
    return SubmittedCell(cell["cell_type"], text, grade_id if isinstance(grade_id, str) else None)


def _fault_of_name(student):
    if student != student.strip() or not student.isprintable():
        return "the folder's name has blanks around it or characters that cannot be shown; rename it"
    return ""


def _is_folder(entry):
    return entry.is_dir() or entry.is_symlink()
