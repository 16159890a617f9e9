"""Collect: a learning platform's archive becomes SUBMISSIONS/<student>/<lab>/, through nbgrader's zip collection.

nbgrader's `ZipCollectApp` moves the files and writes the times. Its two plug-in points are filled: the extractor counts
before it unpacks and gives every file a harmless name, and the collector knows how Moodle, Canvas and Blackboard call
files. Archives inside the archive stay closed; grading opens one that a student handed in, under the same limits.
"""

import re
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath

from autograder.grading import archive as archives
from autograder.grading.archive import ArchiveFault
from autograder.grading.names import exact, loose, platform_name, student_id
from autograder.grading.nbgrader_config import ROOT, nbgrader_at_work
from autograder.grading.opening import MAX_BYTES, PIECE
from autograder.grading.text import shown

NOTEBOOKS = (".ipynb", ".zip", ".json", ".txt", ".py")


class CollectFault(Exception):
    """An archive that cannot be taken in; the message says why, in one sentence."""


@dataclass
class Collected:
    """What was taken out of an archive: the students, and what was left in it, in words."""

    students: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Entry:
    """A file in an archive: whose it is, what it is to be called, which attempt it is, and where it lies there."""

    who: str
    number: str
    name: str
    attempt: tuple
    parts: tuple
    entry: object


def collect(archive, lab, submissions, students=()):
    """Write the hand-ins of an archive into the folder `submissions`. Returns what was collected. Raises CollectFault.

    students : the roster, if there is one: whose name fits is called as in the roster
    """
    submissions = Path(submissions).absolute()
    try:
        with open(archive, "rb") as file, archives.opened(file) as (opened, files):
            entries, left = _sorted_out(files, lab)
            if not entries:
                raise CollectFault(f"{shown(str(archive))} holds nothing that looks like a hand-in of {lab}")
            named = _named(entries, students)
            there = [name for name in sorted(set(named.values())) if (submissions / name / lab).exists()]
            if there:
                where = f"{shown(there[0])} has a folder {lab} in {shown(str(submissions))} already"
                raise CollectFault(f"{where}; grade that, or collect into a new one")
            submissions.mkdir(parents=True, exist_ok=True)
            _through_nbgrader(opened, [(named[one.who, one.number], one) for one in entries], lab, submissions)
            return Collected(sorted(set(named.values())), left)
    except ArchiveFault as fault:
        raise CollectFault(f"{shown(str(archive))}: {fault}") from None
    except OSError as error:
        raise CollectFault(f"{shown(str(archive))} cannot be collected ({error.strerror or error})") from None


def _sorted_out(files, lab):
    """Return the hand-ins among an archive's files, of files that come twice the newest, and what is left, in words."""
    root = _common_folder([parts for parts, _ in files])
    newest, left = {}, []
    for parts, entry in files:
        who, number, path = _owner(parts[root:])
        name = _called(path, lab)
        if who is None or not name.lower().endswith(NOTEBOOKS) or entry.file_size > MAX_BYTES:
            why = (
                "whose it is cannot be told"
                if who is None
                else "not used"
                if entry.file_size <= MAX_BYTES
                else "too large"
            )
            left.append(f"{shown('/'.join(parts))[-100:]} ({why})")
            continue
        one = _Entry(who, number, name, (_number_in(path), _time_of(entry)), parts, entry)
        same = newest.get((exact(who), number, name.casefold()))
        if same and same.attempt > one.attempt:
            same, one = one, same
        if same:
            left.append(f"{shown('/'.join(same.parts))[-100:]} (an earlier attempt)")
        newest[exact(who), number, name.casefold()] = one
    return sorted(newest.values(), key=lambda one: one.parts), left


def _common_folder(paths):
    """How many folders all files lie in: an archive may hold one folder that holds everything."""
    depth = 0
    while paths and all(len(parts) > depth + 2 for parts in paths) and len({parts[depth] for parts in paths}) == 1:
        if platform_name(paths[0][depth]):
            break
        depth += 1
    return depth


def _owner(parts):
    """Return whose a file is, by its path: the name, the platform's number, and the file's path in the hand-in."""
    platform = platform_name(parts[0])
    if platform:
        rest = [platform.file] if platform.file and len(parts) == 1 else parts[1:]
        return platform.who, platform.number, "/".join(rest)
    if len(parts) > 1:  # a folder for each student
        return parts[0], "", "/".join(parts[1:])
    return None, "", parts[0]


def _called(path, lab):
    """Return what a file of a hand-in is to be called: by its own name, without what a platform adds to the lab's."""
    name = PurePosixPath(path).name
    stem, dot, suffix = name.partition(".ipynb")
    rest = stem.removeprefix(lab)
    if dot and not suffix and rest != stem and (not rest or rest.strip("-0123456789 ()_") == ""):
        return f"{lab}.ipynb"
    return student_id(name) if len(name.encode("utf-8", "replace")) < 150 else student_id(name[-100:])


def _number_in(path):
    """The number that a browser or a platform adds to a name that was there already: `-1`, ` (1)`; else 0."""
    found = re.search(r"[-_ (](\d{1,4})\)?\.ipynb", path)
    return int(found.group(1)) if found else 0


def _time_of(entry):
    try:
        return datetime(*entry.date_time)
    except ValueError:
        return datetime(1980, 1, 1)


def _named(entries, students):
    """Return each owner's folder. Of two with one name the platform's number tells them apart."""
    owners = {(one.who, one.number) for one in entries}
    shared = Counter(loose(who) for who, _ in owners)
    in_roster = Counter(loose(name) for one in students for name in {one.name, *one.others})
    known = {
        loose(name): one.name for one in students for name in (one.name, *one.others) if in_roster[loose(name)] == 1
    }
    named = {}
    for who, number in owners:
        plain = known.get(loose(who), who) if shared[loose(who)] == 1 else f"{who}_{number}" if number else who
        named[who, number] = student_id(plain)
    return named


def _through_nbgrader(opened, named, lab, submissions):
    """Run nbgrader's zip collection on the files of an archive that were chosen."""
    from nbgrader.apps.zipcollectapp import ZipCollectApp
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
    from traitlets.config import Config

    class Extractor(ExtractorPlugin):
        """Unpacks what was chosen, each file under a number."""

        def extract(self, archive_path, extracted_path):
            for number, (_, one) in enumerate(named):
                path = Path(extracted_path, f"{number}{PurePosixPath(one.name).suffix}")
                with opened.open(one.entry) as source, path.open("wb") as copy:
                    while piece := source.read(PIECE):
                        copy.write(piece)

    class Collector(FileNameCollectorPlugin):
        """Knows a file by its number."""

        def collect(self, submitted_file):
            student, one = named[int(Path(submitted_file).stem)]
            return {"student_id": student, "file_id": one.name, "timestamp": one.attempt[1]}

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
                raise CollectFault("nbgrader's zip collection gave up, with two files of one name") from None
        for folder in sorted((work / "submitted").iterdir()):
            (submissions / folder.name).mkdir(exist_ok=True)
            (folder / lab).rename(submissions / folder.name / lab)
