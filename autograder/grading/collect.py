"""Collect: a learning platform's archive becomes SUBMISSIONS/<student>/<lab>/, through nbgrader's zip collection.

nbgrader's `ZipCollectApp` moves the files and writes the times. Its two plug-in points are filled: the extractor counts
before it unpacks and gives every file a number for a name, and the collector knows whose each is. All of a student's
files are kept, in their folders; grading chooses. Archives inside the archive stay closed; grading opens one that a
student handed in, under the same limits.
"""

import re
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from autograder.grading import archive as archives
from autograder.grading.archive import ArchiveFault, Listed
from autograder.grading.collected import add_names
from autograder.grading.names import file_name, platform_name
from autograder.grading.nbgrader_config import ROOT, nbgrader_at_work
from autograder.grading.opening import MAX_BYTES, PIECE
from autograder.grading.owners import Handed, OwnersUnclear, folders_of, handed_in
from autograder.grading.roster import whose
from autograder.grading.text import shown

TIMES = "timestamp.txt"  # nbgrader's
DEEPEST, LONGEST = 6, 1_000  # folders of a student's, and bytes of a path in them
RESENT = re.compile(r"-(\d{1,4})(?=\.ipynb$)")  # what Canvas adds to a name that was there already
MOST_OF_ONE = 2 * MAX_BYTES  # of one student, unpacked


class CollectFault(Exception):
    """An archive that cannot be taken in; the message says why, in one sentence."""


@dataclass
class Collected:
    """What was taken out of an archive: the students; what was left in it, and who was kept apart, in words.

    names : by a student's folder, what the platform called the hand-in
    """

    students: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    apart: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)


@dataclass
class _File:
    """A file of a student's: where it lies in the archive and is to lie in their folder, and why it is not taken."""

    listed: Listed
    handed: Handed
    fault: str
    place: PurePosixPath | None = None

    @property
    def number(self):
        """How often Canvas says it was handed in before."""
        found = RESENT.search(self.handed.path[-1]) if self.handed.owner.form == "canvas" else None
        return int(found.group(1)) if found else 0

    @property
    def time(self):
        try:
            return datetime(*self.listed.entry.date_time)
        except ValueError:
            return datetime(1980, 1, 1)


def collect(archive, lab, submissions, students=(), zone=None):
    """Write the hand-ins of an archive into the folder `submissions`. Returns what was collected. Raises CollectFault.

    Whoever has an entry in the archive gets a folder. In place of a file that cannot be taken out stands a sentence
    that says why, which is no notebook.

    zone : of the times in the archive, which names none; this machine's if it is not given
    students : the roster, if there is one: whose name fits is called as in the roster
    """
    submissions = Path(submissions).absolute()
    try:
        with open(archive, "rb") as file, archives.opened_by_entries(file) as (opened, listed):
            files, folders, collected = _sorted_out(listed, lab, students)
            if not folders:
                raise CollectFault(f"{shown(str(archive))} holds nothing that looks like a hand-in of {lab}")
            there = [name for name in collected.students if (submissions / name / lab).exists()]
            if there:
                where = f"{shown(there[0])} has a folder {lab} in {shown(str(submissions))} already"
                raise CollectFault(f"{where}; collect into a new folder, and grade that into the same OUT")
            archives.require_small([one.listed.entry.file_size for one in files if not one.fault])
            submissions.mkdir(parents=True, exist_ok=True)
            _through_nbgrader(opened, files, folders, lab, submissions, zone)
            add_names(submissions, {(folder, lab): name for folder, name in collected.names.items()})
    except (ArchiveFault, OwnersUnclear) as fault:
        raise CollectFault(f"{shown(str(archive))}: {fault}") from None
    except OSError as error:
        raise CollectFault(f"{shown(str(archive))} cannot be collected ({error.strerror or error})") from None
    collected.left += [_told(one.listed, one.fault) for one in files if one.fault]
    return collected


def _sorted_out(listed, lab, students):
    """Return the files of an archive that are kept, each owner's folder, and what there is to say."""
    find = whose(students)
    handed = handed_in([one.parts for one in listed], find)
    folders, apart = folders_of({one.owner for one in handed if one.owner}, students, find)
    names = _platform_s_names(listed, handed, folders)
    collected, by_owner = Collected(sorted(folders.values()), [], apart, names), {owner: [] for owner in folders}
    for one, whom in zip(listed, handed, strict=True):
        if whom.owner and one.parts[-1]:
            by_owner[whom.owner].append(_File(one, whom, one.fault))
        elif one.parts[-1]:
            collected.left.append(_told(one, one.fault or "whose it is cannot be told"))
    files = []
    for own in by_owner.values():
        kept, earlier = _newest(own)
        collected.left += [_told(one.listed, one.fault or "an earlier attempt") for one in earlier]
        _place(kept, lab)
        _refuse_too_large(kept.values())
        files += kept.values()
    return files, folders, collected


def _platform_s_names(listed, handed, folders):
    """Return what the platform called each student's hand-in, by folder: of several names that of a notebook."""
    names = {}
    for one, whom in sorted(
        zip(listed, handed, strict=True), key=lambda pair: (not _is_notebook(pair[0]), pair[0].parts)
    ):
        for part in one.parts if whom.owner and whom.owner.form else ():
            platform = platform_name(part)
            if platform and (platform.form, platform.number) == (whom.owner.form, whom.owner.number):
                names.setdefault(folders[whom.owner], part)
    return names


def _is_notebook(listed):
    return ".ipynb" in listed.parts[-1].lower()


def _in_utc(time, zone):
    """A time of an archive as nbgrader's timestamps are: in UTC, and without saying so."""
    return time.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _told(listed, why):
    return f"{shown('/'.join(listed.parts))[-100:]} ({why})"


def _newest(files):
    """Return the files of a student's newest attempt, by their paths, and those of earlier attempts.

    Only what a platform writes parts attempts: Blackboard a time, and Canvas a number. All else is kept.
    """
    attempt = max((one.handed.attempt for one in files), default="")
    earlier, kept = [one for one in files if one.handed.attempt < attempt], {}
    newest = [one for one in files if one.handed.attempt == attempt]
    for one in sorted(newest, key=lambda one: (one.number, not one.fault, one.time)):
        *folders, name = one.handed.path
        path = (*folders, RESENT.sub("", name) if one.number else name)
        earlier += [kept[path]] if path in kept else []
        kept[path] = one
    return kept, earlier


def _place(kept, lab):
    """Say where each file is to lie in the student's folder of the lab: as it did, where that does no harm."""
    files, folders = {TIMES}, set()
    for path, one in sorted(kept.items()):
        inside = path[1:] if len(path) > 1 and path[0].lower() == lab else path
        place = PurePosixPath(*map(file_name, inside[: DEEPEST + 1]))
        above = {str(folder).casefold() for folder in place.parents[:-1]}
        taken = str(place).casefold() in files | folders or above & files
        if taken or len(inside) > DEEPEST + 1 or len(str(place).encode()) > LONGEST:
            place, above = PurePosixPath(file_name("/" + "/".join(path))), set()
        files.add(str(place).casefold())
        folders |= above
        one.place = place


def _refuse_too_large(files):
    """Mark those of a student's files that are too large, or too large together; notebooks come first."""
    taken = 0
    for one in sorted(files, key=lambda one: (".ipynb" not in one.handed.path[-1].lower(), one.listed.entry.file_size)):
        size = one.listed.entry.file_size
        if not one.fault and (size > MAX_BYTES or taken + size > MOST_OF_ONE):
            one.fault = (
                f"too large: of a file {MAX_BYTES // 2**20} MB are taken, of a student {MOST_OF_ONE // 2**20} MB"
            )
        taken += 0 if one.fault else size


def _through_nbgrader(opened, files, folders, lab, submissions, zone):
    """Run nbgrader's zip collection on the files of an archive that were chosen."""
    from nbgrader.apps.zipcollectapp import ZipCollectApp
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
    from traitlets.config import Config

    numbers, by_owner = {owner: f"student{number}" for number, owner in enumerate(folders)}, defaultdict(list)
    for number, one in enumerate(files):
        by_owner[one.handed.owner].append((number, one))

    class Extractor(ExtractorPlugin):
        """Unpacks what was chosen, each file under a number."""

        def extract(self, archive_path, extracted_path):
            for number, one in enumerate(files):
                _write(opened, one, Path(extracted_path, f"{number}.file"))

    class Collector(FileNameCollectorPlugin):
        """Knows a file by its number."""

        def collect(self, submitted_file):
            one = files[int(Path(submitted_file).stem)]
            name = Path(submitted_file).name
            return {"student_id": numbers[one.handed.owner], "file_id": name, "timestamp": _in_utc(one.time, zone)}

    with tempfile.TemporaryDirectory(prefix=".collecting-", dir=submissions) as work:
        work = Path(work)
        config = Config()
        config.Application.log_level = "CRITICAL"
        config.CourseDirectory.root = str(work)
        config.CourseDirectory.release_directory = str(ROOT / "labs")
        app = ZipCollectApp(config=config, extractor_plugin=Extractor, collector_plugin=Collector)
        app.coursedir = CourseDirectory(parent=app, assignment_id=lab)
        (work / "downloaded" / lab / "archive").mkdir(parents=True)
        with nbgrader_at_work():
            try:
                app.init_plugins()
                app.extract_archive_files()
                app.process_extracted_files()
            except SystemExit:
                raise CollectFault("nbgrader's zip collection gave up") from None
        for owner, folder in folders.items():
            numbered, whole = work / "submitted" / numbers[owner] / lab, work / "whole" / numbers[owner]
            whole.mkdir(parents=True)
            if (numbered / TIMES).exists():
                (numbered / TIMES).rename(whole / TIMES)
            for number, one in by_owner[owner]:
                (whole / one.place).parent.mkdir(parents=True, exist_ok=True)
                (numbered / f"{number}.file").rename(whole / one.place)
            (submissions / folder).mkdir(exist_ok=True)
            whole.rename(submissions / folder / lab)


def _write(opened, one, path):
    """Write a file of the archive, or a sentence that says why it cannot be taken out."""
    if not one.fault:
        try:
            with path.open("wb") as copy, archives.damage_in_words(), opened.open(one.listed.entry) as source:
                while piece := source.read(PIECE):
                    copy.write(piece)
        except ArchiveFault as fault:
            one.fault = str(fault)
    if one.fault:
        path.write_text(f"This file was not taken out of the archive: {shown(one.fault)}\n", encoding="utf-8")
