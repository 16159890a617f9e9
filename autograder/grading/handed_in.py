"""What was handed in, kept as it came, earlier hand-ins too: OUT/handed_in/<student>/<lab>/<SHA-256>.ipynb."""

import hashlib
import os
from pathlib import Path

from autograder.grading.opening import PIECE, opened
from autograder.grading.reading import Unreadable

MOST_KEPT = 20  # hand-ins of one student for one lab; then the oldest goes
SUFFIXES = (".ipynb", ".zip", ".json", ".txt")


def keep(out, submission):
    """Copy a submission's file into OUT, unless it is there. One that could not be opened is not kept."""
    folder = Path(out) / "handed_in" / submission.student / submission.lab
    suffix = submission.path.suffix.lower()
    name = f"{(submission.sha256 or '')[:16]}{suffix if suffix in SUFFIXES else '.bin'}"
    if not submission.sha256 or (folder / name).exists():
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
    kept = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    for path in kept[:-MOST_KEPT]:
        path.unlink()
