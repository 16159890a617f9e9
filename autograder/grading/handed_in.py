"""What was handed in, kept as it came, earlier hand-ins too: OUT/handed_in/<student>/<lab>/<SHA-256>.ipynb.

What one student can make us store is bounded. Of hand-ins 20 are kept for a lab, and 50 MB together, but the newest of
each lab whatever it takes, at most 128 MB (`opening.MAX_BYTES`). What is made of one is small: the judged notebook,
nbgrader's autograded copy and the page show at most 20,000 characters of a cell, and together ten times as much and the
beginnings of the cells after that (`judged`). Of 9 MB of comment in one cell they took 49, 49 and 217 kB; of 9 MB in
300 cells 364, 364 and 626 kB.
"""

import hashlib
import os
from pathlib import Path

from autograder.grading.opening import PIECE, opened
from autograder.grading.reading import Unreadable

MOST_KEPT = 20  # hand-ins of one student for one lab; then the oldest goes
MOST_BYTES = 50_000_000  # of all hand-ins of one student; then the oldest go, but the newest of each lab
SUFFIXES = (".ipynb", ".zip", ".json", ".txt")


def keep(out, submission):
    """Copy a submission's file into OUT, unless it is there. One that could not be opened is not kept."""
    folder = Path(out) / "handed_in" / submission.student / submission.lab
    suffix = submission.path.suffix.lower()
    name = f"{(submission.sha256 or '')[:16]}{suffix if suffix in SUFFIXES else '.bin'}"
    if not submission.sha256:
        return
    if (folder / name).exists():
        (folder / name).touch()  # handed in again, it is the newest
        return
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{name}.partial"
    try:
        with opened(submission.path) as file, partial.open("wb") as copy:
            digest = hashlib.sha256()
            while piece := file.read(PIECE):
                digest.update(piece)
                copy.write(piece)
    except Unreadable as fault:
        raise OSError(f"the file has changed meanwhile: {fault}") from None
    if digest.hexdigest() != submission.sha256:
        raise OSError("the file has changed meanwhile")
    os.replace(partial, folder / name)
    _drop_oldest(folder.parent)


def _drop_oldest(folder):
    """Remove a student's oldest hand-ins that are too many of a lab, or take too much together."""
    taken, of_lab = 0, {}
    files = [(path.stat(), path) for path in folder.glob("*/*") if path.suffix != ".partial"]
    newest = sorted(files, key=lambda file: (file[0].st_mtime_ns, file[1].name), reverse=True)
    for status, path in newest:
        of_lab[path.parent] = of_lab.get(path.parent, 0) + 1
        taken += status.st_size
        if of_lab[path.parent] > MOST_KEPT or of_lab[path.parent] > 1 and taken > MOST_BYTES:
            path.unlink(missing_ok=True)
            taken -= status.st_size
