"""The roster: who should have handed in. A list of names, one a line, or a table that nbgrader or a platform exported.

A student is known by any name their row gives: nbgrader's id, a platform's login, number, mail address or full name.
Names are compared with both forms of an accent as one; and where that leaves no doubt, without regard to case and to
which blanks they hold.
"""

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass

from autograder.grading.names import exact, loose, platform_name, student_id
from autograder.grading.text import is_plain, shown

MOST_BYTES = 5 * 2**20
IDS = ("id", "student id", "student_id", "studentid", "sis login id", "sis user id", "login", "login id", "username")
IDS += ("user name", "user", "id number", "idnumber", "student number", "matriculation number", "netid", "orgdefinedid")
MAILS = ("email", "e-mail", "email address", "e-mail address", "mail")
FULL = ("student", "name", "full name", "student name", "folder")
FIRST, LAST = ("first name", "first_name", "firstname", "given name"), ("last name", "last_name", "surname", "lastname")
KNOWN = {*IDS, *MAILS, *FULL, *FIRST, *LAST}
BEST = ("sis login id", "login", "login id", "username", "student_id", "student id", "id", "id number", "sis user id")
NOT_STUDENTS = ("points possible", "student, test", "test student")  # rows of Canvas


class RosterFault(ValueError):
    """A roster that cannot be read; the message says where, in one sentence."""


@dataclass(frozen=True)
class Student:
    """A line of a roster: the name a missing hand-in is entered under, and all names its folder may have."""

    name: str
    others: tuple[str, ...] = ()


def read_roster(path):
    """Return the students of a roster, each once. Raises RosterFault."""
    return students_of(_text_of(path), shown(str(path)))


def students_of(text, what="the roster"):
    """Return the students of a roster given as text: names, one a line, or a table with a known heading."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = next((n for n, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))
    mark = _separator(lines[start]) if start < len(lines) else None
    if mark:
        students = _of_table("\n".join(lines[start:]), mark, start + 1)
    else:
        plain = [(number, line.strip().strip('"').strip()) for number, line in enumerate(lines, start=1)]
        _refuse_unknown_table(lines[start:], what)
        students = [(number, Student(name)) for number, name in plain if name and not name.startswith("#")]
    first = {}
    for number, student in students:
        _require_name(number, student.name)
        first.setdefault(exact(student.name), student)
    return list(first.values())


def missing_from(students, folders):
    """Return the names of those on the roster who have no folder."""
    names = [{name for name in _names_of_folder(folder)} for folder in folders]
    there = [Counter(key(name) for one in names for name in one) for key in (exact, loose)]
    meant = [
        Counter(name for student in students for name in {key(name) for name in (student.name, *student.others)})
        for key in (exact, loose)
    ]

    def has_folder(student):
        if exact(student.name) in there[0]:
            return True
        forms = [(key(name), *counts) for name in (student.name, *student.others) for key, *counts in ways]
        return any(on_disk[name] == 1 and in_roster[name] == 1 for name, on_disk, in_roster in forms)

    ways = list(zip((exact, loose), there, meant, strict=True))
    return [student.name for student in students if not has_folder(student)]


def _names_of_folder(folder):
    platform = platform_name(folder)
    return (folder, platform.who) if platform else (folder,)


def _text_of(path):
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise RosterFault(f"the roster {path} cannot be read ({getattr(error, 'strerror', error)})") from None
    if len(content) > MOST_BYTES:
        raise RosterFault(f"the roster {path} takes more than {MOST_BYTES // 2**20} MB; is it the right file?")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content:
        raise RosterFault(f"the roster {path} is UTF-16 text or no text at all; save it as CSV in UTF-8")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RosterFault(f"the roster {path} is not UTF-8 text in line {line}; save it as CSV in UTF-8") from None


def _separator(heading):
    """Return what separates the columns of a heading that is known; None where it is none."""
    for mark in (",", ";", "\t"):
        columns = _columns(heading, mark)
        known = [column for column in columns if column in KNOWN]
        if (
            len(columns) > 1
            and known
            or (len(columns) == 1 and columns[0] in ("id", "student_id", "student id", "username", "email"))
        ):
            return mark
    return None


def _columns(heading, mark):
    return [column.strip().casefold() for column in next(csv.reader([heading], delimiter=mark, skipinitialspace=True))]


def _of_table(text, mark, first):
    """Return the students of a table, each with the number of its line."""
    rows = csv.reader(io.StringIO(text), delimiter=mark, skipinitialspace=True)
    columns, students = [column.strip().casefold() for column in next(rows)], []
    try:
        for row in rows:
            cells = dict(reversed([(c, cell.strip()) for c, cell in zip(columns, row, strict=False) if cell.strip()]))
            first_cell = row[0].strip() if row else ""
            if not cells or first_cell.startswith("#") or first_cell.casefold() in NOT_STUDENTS:
                continue
            number = first + rows.line_num - 1
            if first_cell or any(column in cells for column in KNOWN):
                students.append((number, _student_of(cells, number)))
    except csv.Error as error:
        raise RosterFault(f"the roster is no table from line {first + rows.line_num - 1} on ({error})") from None
    return students


def _student_of(cells, number):
    full = [cells[column] for column in FULL if column in cells]
    given = next((cells[column] for column in FIRST if column in cells), "")
    family = next((cells[column] for column in LAST if column in cells), "")
    full += [f"{given} {family}".strip(), f"{family}, {given}", f"{family} {given}"] if given or family else []
    for name in [name for name in full if name.count(", ") == 1]:  # Canvas's "Smith, Ann", and its files' "smithann"
        last, given = name.split(", ")
        full += [f"{given} {last}", "".join(filter(str.isalnum, f"{last}{given}".casefold()))]
    mails = [cells[column] for column in MAILS if column in cells]
    ids = [cells[column] for column in (*BEST, *IDS) if column in cells]
    names = [*ids, *mails, *(mail.split("@")[0] for mail in mails), *full]
    if not names:
        raise RosterFault(f"line {number} of the roster has neither an id nor a name")
    return Student(names[0], tuple(dict.fromkeys(names[1:])))


def _refuse_unknown_table(lines, what):
    counts = {line.count(",") for line in lines if line.strip() and not line.lstrip().startswith("#")}
    if len(lines) > 1 and len(counts) == 1 and min(counts) > 1:
        raise RosterFault(
            f"{what} is a table whose heading is not known; it needs a column id, username, email or name"
        )


def _require_name(number, name):
    if not is_plain(name) or student_id(name) != name and (set(name) & {"/", "\\"} or name in (".", "..")):
        raise RosterFault(f"line {number} of the roster, '{shown(name)[:60]}', is not the name of a student's folder")
