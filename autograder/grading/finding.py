"""Find what a student handed in for a lab, wherever below the student's folder it lies and whatever it is called."""

import itertools
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from autograder.exercises import LABS
from autograder.grading.names import is_litter
from autograder.grading.opening import told_in_words
from autograder.grading.reading import Unreadable
from autograder.grading.text import shown

DEEPEST = 8
MOST_ENTRIES = 5_000
NOT_HANDED_IN = ("timestamp.txt",)  # nbgrader's own, of when


@dataclass
class Found:
    """What lies below a student's folder: files, folders, litter, and what was not looked into, in words."""

    files: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    litter: list[Path] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seen: int = 0


def found_below(place):
    """Return what lies in and below a folder; litter is not looked into. No link is followed."""
    found = Found()
    _look_into(Path(place), Path(place), found)
    return found


def looks_like_a_notebook(name):
    """Whether a file could be a notebook by its name: what browsers and platforms make of `.ipynb` counts too."""
    return is_called_a_notebook(name) or any(lab in name.lower() for lab in LABS)


def is_called_a_notebook(name):
    """Whether a file's name says that it is a notebook, or an archive, which may hold one."""
    return bool(re.search(r"ipynb|\.json(\.txt)?$|\.zip$", name.lower()))


def listed(paths, place, at_most=8):
    """Name some files in one line, as they lie below `place`."""
    names = sorted(shown(path.relative_to(place).as_posix())[-80:] for path in paths)
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(names[:at_most]) + more


def labs_named_in(found):
    """Return the names of the course's labs that some notebook bears, or a folder it lies in."""
    names = [path.as_posix().lower() for path in found.files if is_called_a_notebook(path.name)]
    return {lab for lab in LABS if any(lab in name for name in names)}


def _look_into(folder, place, found):
    where = shown(folder.relative_to(place.parent).as_posix())
    try:
        with told_in_words():
            with os.scandir(folder) as all_entries:
                entries = sorted(itertools.islice(all_entries, MOST_ENTRIES + 1), key=lambda entry: entry.name)
    except Unreadable:
        found.refused.append(f"the folder {where} cannot be opened")
        return
    for entry in entries:
        path = folder / entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if is_litter(entry.name, is_folder):
            found.litter += [path] if is_folder else []
            continue
        if entry.name in NOT_HANDED_IN:
            continue
        found.seen += 1
        if found.seen > MOST_ENTRIES:
            found.refused.append(f"there are more than {MOST_ENTRIES} files; the others were not looked at")
            return
        if entry.is_symlink():
            found.refused.append(f"{where}/{shown(entry.name)} is a link; links are not followed")
        elif not is_folder:
            found.files.append(path)
        elif len(path.relative_to(place).parts) < DEEPEST:
            found.folders.append(path)
            _look_into(path, place, found)
            if found.seen > MOST_ENTRIES:
                return
        else:
            found.refused.append(f"{where}/{shown(entry.name)} lies too deep; it was not looked into")


def is_of_another_lab(path, lab):
    """Whether a path, below a student's folder, names another of the course's labs and not this one."""
    whole = path.as_posix().lower()
    return lab not in whole and any(other in whole for other in LABS)
