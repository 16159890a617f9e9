"""Intake: find the submissions in a folder, and read each as a stranger's file.

SUBMISSIONS/<student>/<lab>/<lab>.ipynb, as nbgrader lays them out, or nearly so: a notebook of another name or place is
known by its cells. No link is followed, nothing but regular files is opened, and whatever is wrong with one file
becomes a reason in words: nothing a student hands in stops the others.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.grading.candidates import MOST_READ, likelihood, read_candidates
from autograder.grading.finding import (
    found_below,
    is_called_a_notebook,
    is_of_another_lab,
    labs_named_in,
    listed,
    looks_like_a_notebook,
)
from autograder.grading.names import is_litter, student_id
from autograder.grading.opening import told_in_words
from autograder.grading.reading import Budget, SubmittedCell, Unreadable
from autograder.grading.rebuild import defines, known_as, squeezed, texts_if_unmarked
from autograder.grading.text import shown


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
    return sorted(entry.name for entry in os.scandir(folder) if _is_folder(entry) and not is_litter(entry.name, True))


def left_out(folder):
    """Return the names of what lies in SUBMISSIONS in no student's folder, as they can be shown; sorted.

    That is what lies loose, and a folder with a notebook in it that is called as the folders of tools are.
    """
    there = [entry for entry in os.scandir(folder) if is_litter(entry.name, _is_folder(entry)) == _is_folder(entry)]
    return sorted(shown(entry.name) for entry in there if not _is_folder(entry) or _holds_a_notebook(entry))


def labs_in(folder):
    """Return the names of the labs that some student has a notebook of, by its name or its folder's, sorted."""
    students = [Path(folder) / student for student in students_in(folder)]
    return sorted(set().union(*(labs_named_in(found_below(one)) for one in students if not one.is_symlink())))


def take_in(folder, student, lab, known_ids, release=None):
    """Return the submission of a student for a lab.

    student : the name of the student's folder, whatever it is
    known_ids : ids that only this lab's cells bear, by which a notebook of another name is known
    release : the lab as students get it; a notebook in which only that stands counts where there is no other
    """
    place, name = Path(folder) / student, shown(student)
    empty = Submission(student_id(student), lab)
    if not _is_one_name(student) or not os.path.lexists(place):
        return replace(empty, refusal="missing", reason="no notebook was handed in")
    if student != empty.student:
        empty = replace(empty, notes=(f"the folder is called '{name}'; in the gradebook it is {empty.student}",))
    elif student.startswith("."):
        empty = replace(empty, notes=(f"the folder {name} is hidden: its name begins with a dot",))
    try:
        with told_in_words():
            for path in (place, place / lab):
                if path.is_symlink():
                    where = shown(path.relative_to(folder).as_posix())
                    raise Unreadable(f"{where} is a link to another folder; links are not followed")
            given = frozenset(squeezed(cell.source) for cell in release.cells) if release else frozenset()
            return _taken_in(place, empty, found_below(place), known_ids, given)
    except Unreadable as fault:
        return replace(empty, refusal="unreadable", reason=str(fault))


def _taken_in(place, empty, found, known_ids, given):
    """Choose the notebook: the one in its place if something is written in it, or else the one known by its cells."""
    lab, budget = empty.lab, Budget()
    exact = place / lab / f"{lab}.ipynb"
    ours = [path for path in found.files if not is_of_another_lab(path.relative_to(place), lab)]
    paths = [path for path in found.files if path != exact and looks_like_a_notebook(path.name)]
    paths.sort(key=lambda path: likelihood(path.relative_to(place), lab, _size(path)))
    paths = [exact, *paths] if os.path.lexists(exact) else paths
    read = []
    for path in paths[:MOST_READ]:
        read += read_candidates(path, lab, budget)
        if path == exact and _is_written(read[0].cells, known_ids, given):
            break
    fitting = [one for one in read if not one.fault and (one.path == exact or _fits(one.cells, known_ids))]
    best = [one for one in fitting if _is_written(one.cells, known_ids, given)] or fitting
    chosen = _the_one_of(best, lab, exact)
    if chosen:
        notes = _how_found(chosen, read[0], place, lab, exact)
        others = [path for path in ours if path not in (chosen.path, exact)]
        if others:
            notes += (f"not used of what was handed in: {listed(others, place)}",)
        return replace(_of(chosen, empty, place), cells=chosen.cells, notes=(*empty.notes, *chosen.notes, *notes))
    of_this_lab = [one for one in read if one.path in (*ours, exact)]
    refused = [one for one in of_this_lab if one.fault]
    if refused and (refused[0].path == exact or (len(refused) == len(of_this_lab) == 1)):
        reason = refused[0].fault if refused[0].path == exact else f"{refused[0].label}: {refused[0].fault}"
        others = f"; beside it {_several(best, place, lab)}" if best else ""
        return replace(_of(refused[0], empty, place), refusal="unreadable", reason=reason + others)
    if best or any(looks_like_a_notebook(path.name) for path in ours):
        reason = _several(best, place, lab) if best else _none(ours, refused, place, lab, len(paths))
        return replace(empty, refusal="wrong-name", reason=reason)
    refusal = "unreadable" if found.refused and not found.files else "missing"
    return replace(empty, refusal=refusal, reason=_nothing_there(place, found, lab))


def _of(candidate, empty, place):
    return replace(
        empty,
        file=shown(candidate.path.relative_to(place.parent).as_posix()),
        sha256=candidate.sha256,
        path=candidate.path,
    )


def _the_one_of(candidates, lab, exact):
    """Return the one that is meant; None where several could be."""
    in_place = [one for one in candidates if one.path == exact]
    named = [one for one in candidates if one.name.name.lower() == f"{lab}.ipynb"]
    for chosen in (in_place, named, candidates):
        if len(chosen) == 1:
            return chosen[0]
    return None


def _fits(cells, known_ids):
    """Whether a notebook is of the lab: some cell is known, or most of its functions are defined in it."""
    texts = texts_if_unmarked(cells, known_ids, {})
    if any(known_as(cell, known_ids, texts) for cell in cells):
        return True
    names = [name for name in known_ids if f"check_{name}" in known_ids]
    defined = [name for name in names if any(defines(name, cell.source) for cell in cells if cell.kind == "code")]
    return not any(cell.grade_id for cell in cells) and 2 * len(defined) > len(names)


def _is_written(cells, known_ids, given):
    """Whether some cell holds what is not in the release."""
    used = (cell for cell in cells if cell.kind == "code" or known_as(cell, known_ids))
    return any((text := squeezed(cell.source)) and text not in given for cell in used)


def _how_found(one, first, place, lab, exact):
    """Say where a notebook was found and what it is called, in notes; nothing of the one in its place."""
    if one.path == exact:
        return ()
    if one.path.name == f"{lab}.ipynb":
        where = shown(one.path.parent.relative_to(place.parent).as_posix())
        words = f"the notebook lies in {where} and not in {shown(place.name)}/{lab}"
    else:
        words = f"the notebook is called {shown(one.path.name)} and not {lab}.ipynb"
    instead = f"{lab}/{lab}.ipynb was not used: {first.fault or 'nothing is written in it'}"
    return (f"{words}; it was known by its cells", *([instead] if first.path == exact else []))


def _several(candidates, place, lab):
    named = [one for one in candidates if one.name.name.lower() == f"{lab}.ipynb"]
    paths = listed({one.path for one in named or candidates}, place)
    if named:
        return f"{len(named)} notebooks are called {lab}.ipynb ({paths}); hand in one"
    return f"several notebooks hold the cells of this lab ({paths}) and none is called {lab}.ipynb; hand in one"


def _none(paths, refused, place, lab, how_many):
    faults = [f"{one.label}: {one.fault}" for one in refused[:3]]
    unread = [f"only the first {MOST_READ} were opened"] if how_many > MOST_READ else []
    of_these = f"of those here ({listed(paths, place)}) none holds the cells of this lab"
    words = f"no notebook is called {lab}.ipynb, and {of_these}"
    return "; ".join([words, *faults, *unread])


def _nothing_there(place, found, lab):
    """Say that there is no notebook, and what there is."""
    files = [path for path in found.files if not is_of_another_lab(path.relative_to(place), lab)]
    folders = [
        path for path in found.folders if path.name != lab and not is_of_another_lab(path.relative_to(place), lab)
    ]
    there = [f"the files here are {listed(files, place)}; hand in the .ipynb itself"] if files else []
    there += [f"the folders here are {listed(folders, place)}"] if folders and not files else []
    there += [f"what lies in {listed(found.litter, place)} is not looked at"] if found.litter else []
    return "; ".join(["no notebook was handed in", *there, *found.refused[:3]])


def _size(path):
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _holds_a_notebook(entry):
    return any(is_called_a_notebook(path.name) for path in found_below(entry.path).files)


def _is_one_name(student):
    """Whether a name can be that of a folder in SUBMISSIONS: it leads nowhere else."""
    return student not in ("", os.curdir, os.pardir) and not set(student) & {"/", os.sep, os.altsep, "\0"}


def _is_folder(entry):
    return entry.is_symlink() or entry.is_dir()
