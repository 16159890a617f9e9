"""The files in a hand-in that could be the lab's notebook: the likeliest first, each opened and read, or refused."""

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograder.exercises import LABS
from autograder.grading.archive import ArchiveFault
from autograder.grading.archive import opened as opened_archive
from autograder.grading.finding import looks_like_a_notebook
from autograder.grading.opening import content_of, digest_of, opened
from autograder.grading.reading import SubmittedCell, Unreadable, read_notebook
from autograder.grading.text import shown

MOST_READ = 40  # notebooks of one student that are opened to find the one; `reading.Budget` bounds what they take
MOST_ENTRIES = 2_000  # of an archive


@dataclass(frozen=True)
class Candidate:
    """A notebook that was handed in, or a file that could be one.

    path : where the file lies
    name : what the notebook is called; in an archive its path there
    sha256 : of the file's bytes, or None
    cells : its cells, none where it cannot be read
    fault : why it cannot, in words, or ""
    notes : what a person should know of it
    """

    path: Path
    name: PurePosixPath
    sha256: str | None = None
    cells: tuple[SubmittedCell, ...] = field(default=(), repr=False)
    fault: str = ""
    notes: tuple[str, ...] = ()

    @property
    def label(self):
        """What it is called, to be shown."""
        return shown(self.name.name)[-100:]


def likelihood(path, lab, size=0):
    """A key that sorts paths, below a student's folder or in an archive: the likeliest notebook of a lab first."""
    name, whole = path.name.lower(), path.as_posix().lower()
    return (
        name != f"{lab}.ipynb",
        lab not in whole,
        any(other in whole for other in LABS if other != lab),
        ".ipynb" not in name,
        size,
        path.as_posix(),
    )


def read_candidates(path, lab, budget):
    """Read a file, and return it as candidates: one, or one for each notebook in an archive."""
    digest = None
    try:
        with opened(path) as file:
            status = os.fstat(file.fileno())
            budget.spend(bytes=status.st_size)
            digest = digest_of(file)
            if status.st_nlink > 1:
                raise Unreadable("the file has a second name elsewhere (a hard link); hand in a copy of it")
            if path.suffix.lower() == ".zip" or file.peek(4).startswith(b"PK\3\4"):
                found = _unpacked(file, lab, budget)
                return [Candidate(path, name, digest, cells, fault, of) for name, cells, fault, of in found]
            cells = read_notebook(content_of(file, status.st_size), budget)
            return [Candidate(path, PurePosixPath(path.name), digest, cells)]
    except Unreadable as fault:
        return [Candidate(path, PurePosixPath(path.name), digest, fault=str(fault))]


def _unpacked(file, lab, budget):
    """Return the name, the cells, the fault and the notes of each notebook in an archive. Raises Unreadable."""
    try:
        with opened_archive(file, most_entries=MOST_ENTRIES) as (archive, files):
            entries = [(PurePosixPath(*parts), entry) for parts, entry in files]
            notebooks = [one for one in entries if looks_like_a_notebook(one[0].name) and one[0].suffix != ".zip"]
            notebooks.sort(key=lambda one: likelihood(one[0], lab, one[1].file_size))
            read = [_member(archive, name, entry, budget) for name, entry in notebooks[:MOST_READ]]
    except ArchiveFault as words:
        raise Unreadable(str(words)) from None
    if not read:
        raise Unreadable(_nothing_in([name for name, _ in entries]))
    return read


def _member(archive, name, entry, budget):
    label = shown(name.as_posix())[-100:]
    try:
        budget.spend(bytes=entry.file_size)
        with archive.open(entry) as member:
            cells = read_notebook(content_of(member, entry.file_size), budget)
    except Unreadable as words:
        return name, (), f"{label} in the archive: {words}", ()
    return name, cells, "", (f"the notebook was taken out of an archive, where it is called {label}",)


def _nothing_in(names):
    listed = ", ".join(shown(name.as_posix())[-80:] for name in names[:8])
    return "there is no notebook in the archive" + (f"; it holds {listed}" if listed else "")
