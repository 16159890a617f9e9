"""Intake: find the submissions in a folder, and read each as a stranger's file.

SUBMISSIONS/<student>/<lab>/<lab>.ipynb, as nbgrader lays them out, or nearly so: a notebook of another name or place is
known by its cells. No link is followed, nothing but regular files is opened, and whatever is wrong with one file
becomes a reason in words: nothing a student hands in stops the others.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.grading.archive import ArchiveFault
from autograder.grading.archive import opened as opened_archive
from autograder.grading.finding import found_below, labs_named_in, listed, looks_like_a_notebook
from autograder.grading.names import is_litter, student_id
from autograder.grading.opening import MAX_BYTES, content_of, digest_of, opened, told_in_words
from autograder.grading.reading import SubmittedCell, Unreadable, read_notebook
from autograder.grading.rebuild import known_as, texts_if_unmarked
from autograder.grading.text import shown

MOST_READ = 12  # notebooks of one student that are opened to find the one; of together at most twice MAX_BYTES


@dataclass(frozen=True)
class Submission:
    """What one student handed in for one lab.

    student : the student's id, which is the folder's name where that does no harm
    file : path of the notebook, or of the archive it came in, below SUBMISSIONS, as it can be shown; or None
    sha256 : of the file's bytes, or None
    refusal : the outcome that stands before any cell is run: "unreadable", "missing", "wrong-name", or ""
    reason : the refusal in words
    notes : what a person should know, whatever the outcome
    cells : the cells that were handed in
    path : where the file lies, or None
    """

    student: str
    lab: str
    file: str | None = None
    sha256: str | None = None
    refusal: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    cells: tuple[SubmittedCell, ...] = field(default=(), repr=False)
    path: Path | None = field(default=None, repr=False, compare=False)


def students_in(folder):
    """Return the names of the student folders in SUBMISSIONS, sorted; a link to a folder is one, to be refused."""
    return sorted(entry.name for entry in os.scandir(folder) if _is_folder(entry) and not is_litter(entry.name))


def left_out(folder):
    """Return the names of what lies loose in SUBMISSIONS, in no student's folder, as they can be shown; sorted."""
    there = [entry.name for entry in os.scandir(folder) if not _is_folder(entry) and not is_litter(entry.name)]
    return sorted(map(shown, there))


def labs_in(folder):
    """Return the names of the labs that some student has a folder or a file of, sorted."""
    students = [entry.path for entry in os.scandir(folder) if _is_folder(entry) and not entry.is_symlink()]
    return sorted(set().union(*(labs_named_in(found_below(student)) for student in students)))


def take_in(folder, student, lab, known_ids):
    """Return the submission of a student for a lab.

    student : the name of the student's folder, whatever it is
    known_ids : ids that only this lab's cells bear, by which a notebook of another name is known
    """
    place, name = Path(folder) / student, shown(student)
    empty = Submission(student_id(student), lab)
    if not _is_one_name(student) or not os.path.lexists(place):
        return replace(empty, refusal="missing", reason="no notebook was handed in")
    for path in (place, place / lab):
        if path.is_symlink():
            where = shown(path.relative_to(folder).as_posix())
            reason = f"{where} is a link to another folder; links are not followed"
            return replace(empty, refusal="unreadable", reason=reason)
    if student != empty.student:
        empty = replace(empty, notes=(f"the folder is called '{name}'; in the gradebook it is {empty.student}",))
    elif student.startswith("."):
        empty = replace(empty, notes=(f"the folder {name} is hidden: its name begins with a dot",))
    try:
        with told_in_words():
            return _taken_in(Path(folder), place, empty, found_below(place, lab), known_ids)
    except Unreadable as fault:
        return replace(empty, refusal="unreadable", reason=str(fault))


def _taken_in(folder, place, empty, found, known_ids):
    exact = place / empty.lab / f"{empty.lab}.ipynb"
    if os.path.lexists(exact):
        chosen = _read(folder, exact, empty)[0]
    else:
        chosen = _known_by_cells(folder, place, empty, found, known_ids)
    others = [path for path in found.files if path != chosen.path and path != exact]
    if not others or not chosen.file:
        return chosen
    note = f"not used of what was handed in: {listed(others, place)}"
    return replace(chosen, notes=(*chosen.notes, note))


def _known_by_cells(folder, place, empty, found, known_ids):
    """Look for the one notebook that holds cells of the lab, whatever it is called."""
    paths = [path for path in found.files if looks_like_a_notebook(path)][:MOST_READ]
    if not paths:
        return replace(empty, refusal="missing", reason=_nothing_there(place, found, empty.lab))
    read, left = [], 2 * MAX_BYTES
    for path in paths:
        left -= _size(path)
        read += _read(folder, path, empty) if left >= 0 else []
    fitting = [one for one in read if _fits(one.cells, known_ids)]
    named = [one for one in fitting if one.path.name == f"{empty.lab}.ipynb"]
    for one in named if len(named) == 1 else fitting if len(fitting) == 1 else []:
        return replace(one, notes=(*one.notes, _how_found(one, place)))
    if len(read) == 1 and read[0].refusal:
        return replace(read[0], reason=f"{shown(read[0].path.name)}: {read[0].reason}")
    found_in = "several hold" if fitting else "none holds"
    reason = (
        f"no notebook is called {empty.lab}.ipynb, and of those here ({listed(paths, place)}) {found_in} the cells of "
        "this lab"
    )
    return replace(empty, refusal="wrong-name", reason=reason)


def _fits(cells, known_ids):
    texts = texts_if_unmarked(cells, known_ids, {})
    return any(known_as(cell, known_ids, texts) for cell in cells)


def _how_found(one, place):
    name, lab = shown(one.path.name), one.lab
    if one.path.name == f"{lab}.ipynb":
        where = shown(one.path.parent.relative_to(place.parent).as_posix())
        words = f"the notebook lies in {where} and not in {shown(place.name)}/{lab}"
    else:
        words = f"the notebook is called {name} and not {lab}.ipynb"
    return f"{words}; it was known by its cells"


def _nothing_there(place, found, lab):
    """Say that there is no notebook, and what there is."""
    files = f"the files here are {listed(found.files, place)}" if found.files else ""
    named = [path for path in found.folders if path.name != lab]
    folders = f"the folders here are {listed(named, place)}" if named and not files else ""
    return "; ".join(filter(None, ["no notebook was handed in", files, folders, *found.refused[:3]]))


def _read(folder, path, empty):
    """Read a file, and return it as submissions: one, or one for each notebook in an archive."""
    one = replace(empty, file=shown(path.relative_to(folder).as_posix()), path=path)
    try:
        with opened(path) as file:
            one = replace(one, sha256=digest_of(file))
            if path.suffix.lower() == ".zip" or file.peek(4).startswith(b"PK\3\4"):
                return [replace(one, cells=cells, notes=(*one.notes, note)) for cells, note in _unpacked(file)]
            return [replace(one, cells=read_notebook(content_of(file, os.fstat(file.fileno()).st_size)))]
    except Unreadable as fault:
        return [replace(one, refusal="unreadable", reason=str(fault))]


def _unpacked(file):
    """Return the cells of each notebook in an archive, and a note. Raises Unreadable where none can be read."""
    read, fault = [], "there is no notebook in the archive"
    try:
        with opened_archive(file, 2 * MAX_BYTES, 2_000) as (archive, files):
            notebooks = [(parts, entry) for parts, entry in files if parts[-1].lower().endswith(".ipynb")]
            for parts, entry in notebooks[:MOST_READ]:
                name = shown("/".join(parts))[-100:]
                try:
                    with archive.open(entry) as member:
                        cells = read_notebook(content_of(member, entry.file_size))
                    read.append((cells, f"the notebook was taken out of an archive, where it is called {name}"))
                except Unreadable as words:
                    fault = f"{name} in the archive: {words}"
    except ArchiveFault as words:
        raise Unreadable(str(words)) from None
    if not read:
        raise Unreadable(fault)
    return read


def _size(path):
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _is_one_name(student):
    """Whether a name can be that of a folder in SUBMISSIONS: it leads nowhere else."""
    return student not in ("", os.curdir, os.pardir) and not set(student) & {"/", os.sep, os.altsep, "\0"}


def _is_folder(entry):
    return entry.is_dir() or entry.is_symlink()
