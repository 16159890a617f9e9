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
    """What lies below a student's folder: files and folders, by path, and what was not looked into, in words."""

    files: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    seen: int = 0


def found_below(place, lab=None):
    """Return what lies in and below a folder, without litter and other labs' folders. No link is followed."""
    found = Found()
    _look_into(Path(place), Path(place), lab, found)
    return found


def looks_like_a_notebook(path):
    """Whether a file could be a notebook by its name: what browsers and platforms make of `.ipynb` counts too."""
    name = path.name.lower()
    return bool(re.search(r"ipynb|\.json(\.txt)?$|\.zip$", name)) or any(lab in name for lab in LABS)


def listed(paths, place, at_most=8):
    """Name some files in one line, as they lie below `place`."""
    names = sorted(shown(path.relative_to(place).as_posix())[-80:] for path in paths)
    more = f" and {len(names) - at_most} more" if len(names) > at_most else ""
    return ", ".join(names[:at_most]) + more


def labs_named_in(found):
    """Return the names of the course's labs that some file or folder bears."""
    names = {path.name.lower() for path in [*found.files, *found.folders]}
    return {lab for lab in LABS if any(lab in name for name in names)}


def _look_into(folder, place, lab, found):
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
        if is_litter(entry.name) or entry.name in NOT_HANDED_IN or _is_of_another_lab(entry.name, lab):
            continue
        found.seen += 1
        if found.seen > MOST_ENTRIES:
            found.refused.append(f"there are more than {MOST_ENTRIES} files; the others were not looked at")
            return
        if entry.is_symlink():
            found.refused.append(f"{where}/{shown(entry.name)} is a link; links are not followed")
        elif not entry.is_dir(follow_symlinks=False):
            found.files.append(path)
        elif len(path.relative_to(place).parts) < DEEPEST:
            found.folders.append(path)
            _look_into(path, place, lab, found)
            if found.seen > MOST_ENTRIES:
                return
        else:
            found.refused.append(f"{where}/{shown(entry.name)} lies too deep; it was not looked into")


def _is_of_another_lab(name, lab):
    lower = name.lower()
    return lab is not None and lab not in lower and any(other in lower for other in LABS)
