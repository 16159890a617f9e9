"""The roster: who should have handed in. A list of names, one a line, or a table that nbgrader or a platform exported.

A student is known by any name their row gives: nbgrader's id, a platform's login, number, mail address or full name.
What a platform says is looked for only among names of its kind, as a student may choose some of them. Names are
compared with both forms of an accent as one; and where that leaves no doubt, without regard to case and to which
blanks they hold. What is no list of names and no table with a known heading is refused, never guessed.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass

from autograder.grading.names import exact, folder_name, loose, platform_name, student_id
from autograder.grading.text import is_plain, shown

MOST_BYTES = 5 * 2**20
# What columns are called, in English, German, French and Spanish, without regard to case. Of a student's ids the
# first is the one a missing hand-in is entered under.
IDS = ("sis login id", "login", "login id", "username", "student_id", "student id", "id", "id number", "sis user id")
IDS += ("studentid", "user name", "user", "idnumber", "student number", "matriculation number", "netid", "orgdefinedid")
IDS += ("benutzername", "anmeldename", "kennung", "matrikelnummer", "matrikelnr", "matrikelnr.", "matrikel-nr.")
IDS += ("identifiant", "nom d'utilisateur", "numéro d'identification", "numéro étudiant", "n° étudiant")
IDS += ("usuario", "nombre de usuario", "número de id", "matrícula")
MAILS = ("email", "e-mail", "email address", "e-mail address", "mail", "e-mail-adresse", "mailadresse")
MAILS += ("adresse de courriel", "courriel", "adresse e-mail", "dirección de correo", "correo electrónico")
FULL = (
    "student",
    "students",
    "name",
    "names",
    "full name",
    "student name",
    "folder",
    "vollständiger name",
    "teilnehmer",
)
FULL += ("nom complet", "nombre completo")
FIRST = ("first name", "first_name", "firstname", "given name", "vorname", "prénom", "prenom", "nombre")
LAST = ("last name", "last_name", "surname", "lastname", "family name", "nachname", "familienname", "nom", "apellidos")
LAST += ("apellido", "apellido(s)", "nom de famille")
PARTICIPANT = ("identifier",)  # of Moodle's grading worksheet: "Participant 123"
KNOWN = {*IDS, *MAILS, *FULL, *FIRST, *LAST, *PARTICIPANT}
NOT_STUDENTS = ("points possible", "student, test", "test student")  # rows of Canvas
NOT_ALONE = re.compile(r"^([-*•–]|\d+[.)])\s|[,;:]$")  # in a list of names, what is more than a name
MARKS = (",", ";", "\t")
WHAT = "it needs a heading with a column such as username, email or name; or one name a line, with commas in quotes"


class RosterFault(ValueError):
    """A roster that cannot be read; the message says where, in one sentence."""


@dataclass(frozen=True)
class Student:
    """A line of a roster: the name a missing hand-in is entered under, and all others, by their kinds.

    logins : ids, mail addresses, and what these begin with
    full : the full name, in each order
    numbers : what a platform counts them by, as `(platform, number)`
    """

    name: str
    logins: tuple[str, ...] = ()
    full: tuple[str, ...] = ()
    numbers: tuple[tuple[str, str], ...] = ()

    def names(self, form=""):
        """All names that a folder may have which an instructor made, or those that a platform may say."""
        squashed = {"".join(filter(str.isalnum, name.casefold())) for name in self.full}  # Canvas's "smithann"
        kinds = {"moodle": {*self.full}, "canvas": squashed, "blackboard": {*self.logins}}
        every = {self.name, *self.logins, *self.full, *squashed, *(number for _, number in self.numbers)}
        return kinds.get(form, every) - {""}


@dataclass(frozen=True)
class Table:
    """A roster's table as it is written, to be written again with more in it.

    rows : the cells of each row, the heading first
    students : of each row the student, or None where it is the heading, empty, or a platform's own
    before, mark, line_end, encoding : what stands above the heading, and how the table is written
    quotes_all : whether every cell of the heading is in quotes
    """

    rows: list[list[str]]
    students: list[Student | None]
    before: str
    mark: str
    line_end: str
    encoding: str
    quotes_all: bool

    def as_bytes(self):
        """Return the file, in the encoding it came in."""
        text = io.StringIO()
        quoting = csv.QUOTE_ALL if self.quotes_all else csv.QUOTE_MINIMAL
        csv.writer(text, delimiter=self.mark, lineterminator=self.line_end, quoting=quoting).writerows(self.rows)
        sign = "\ufeff" if self.encoding.startswith("utf-16-") else ""
        return (sign + self.before + text.getvalue()).encode(self.encoding)


def read_table(path):
    """Return the table in a roster's file; a list of names alone is none. Raises RosterFault."""
    text, encoding, what = *_text_of(path), shown(str(path))
    students_of(text, what)  # refuses two who cannot be told apart
    text = text if "\n" in text else text.replace("\r", "\n")
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if _says_something(_seen(line))), len(lines))
    mark = _separator(_seen(lines[start])) if start < len(lines) else None
    if not mark:
        raise RosterFault(f"{what} is no table; {WHAT.partition(';')[0]}")
    rows = _of_table("\n".join(lines[start:]), mark, start + 1)
    heading = rows[0][1]
    return Table(
        [row for _, row, _ in rows],
        [student for _, _, student in rows],
        "".join(f"{line}\n" for line in lines[:start]),
        mark,
        "\r\n" if "\r\n" in text else "\n",
        encoding,
        lines[start].count('"') >= 2 * len(heading),
    )


def read_roster(path):
    """Return the students of a roster, each once. Raises RosterFault."""
    return students_of(_text_of(path)[0], shown(str(path)))


def students_of(text, what="the roster"):
    """Return the students of a roster given as text: names, one a line, or a table with a known heading."""
    text = _seen(text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = next((n for n, line in enumerate(lines) if _says_something(line)), len(lines))
    mark = _separator(lines[start]) if start < len(lines) else None
    if mark:
        rows = _of_table("\n".join(lines[start:]), mark, start + 1)
        students = [(number, student) for number, _, student in rows if student]
    else:
        students = _of_list(lines, start, what)
    first = {}
    for number, student in students:
        _require_name(number, student.name)
        line, same = first.setdefault(exact(student.name), (number, student))
        if same != student:
            raise RosterFault(
                f"lines {line} and {number} of the roster are both '{shown(student.name)[:60]}', but not the same; "
                "give each an id or a mail address"
            )
    return [student for _, student in first.values()]


def whose(students):
    """Return a function that finds the one student who is meant by a name, a number and a platform; or gives None."""
    by_name = {exact(student.name): student for student in students}
    meant = defaultdict(list)
    for form in ("", "moodle", "canvas", "blackboard"):
        for student in students:
            for key in (exact, loose):
                for name in {key(name) for name in student.names(form)}:
                    meant[form, key, name].append(student)

    def find(who, number="", form=""):
        if not form and exact(who) in by_name:
            return by_name[exact(who)]
        for key in (exact, loose):
            found = meant.get((form, key, key(who)), [])
            numbered = [student for student in found if (form, number) in student.numbers]
            found = numbered or [student for student in found if not number or form not in dict(student.numbers)]
            if len(found) == 1:
                return found[0]
        return None

    return find


def missing_from(students, folders):
    """Return the names of those on the roster who have no folder."""
    find, there, meant = whose(students), set(map(exact, folders)), Counter()
    for folder in folders:
        platform = platform_name(folder)
        student = find(folder) or platform and find(platform.who, platform.number, platform.form)
        meant[student and student.name] += 1

    def has_folder(student):
        own = {exact(student.name), folder_name(student.name), student_id(student.name)}
        return bool(own & there) or meant[student.name] == 1

    return [student.name for student in students if not has_folder(student)]


def _seen(text):
    """A text with both forms of an accent as one, and without what shows nothing, as copying adds it."""
    seen = (char for char in text if char in "\u200c\u200d" or unicodedata.category(char) != "Cf")
    return unicodedata.normalize("NFC", "".join(seen))


def _text_of(path):
    """Return the text of a file, and its encoding, in which it can be written again."""
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise RosterFault(f"the roster {path} cannot be read ({getattr(error, 'strerror', error)})") from None
    if len(content) > MOST_BYTES:
        raise RosterFault(f"the roster {path} takes more than {MOST_BYTES // 2**20} MB; is it the right file?")
    encoding = "utf-8-sig" if content.startswith(codecs.BOM_UTF8) else "utf-8"
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):  # as Blackboard and spreadsheets write it
        encoding = "utf-16-le" if content.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
        content = content.decode("utf-16", "replace").encode("utf-8")
    if b"\0" in content:
        raise RosterFault(f"the roster {path} is UTF-16 text or no text at all; save it as CSV in UTF-8")
    try:
        return content.decode("utf-8-sig"), encoding
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RosterFault(f"the roster {path} is not UTF-8 text in line {line}; save it as CSV in UTF-8") from None


def _says_something(line):
    line = line.strip().strip('"').lower()
    return bool(line) and not line.startswith(("#", "sep="))


def _separator(heading):
    """Return what separates the columns of a heading that is known; None where it is none."""
    for mark in MARKS:
        columns = _columns(heading, mark)
        if len(columns) > 1 and KNOWN & set(columns):
            return mark
    return None


def _columns(line, mark):
    return [column.strip().casefold() for column in next(csv.reader([line], delimiter=mark, skipinitialspace=True), [])]


def _of_list(lines, start, what):
    """Return the students of a list of names, each with the number of its line."""
    if start < len(lines) and lines[start].strip().strip('"').casefold() in KNOWN:
        start += 1  # a heading over the names
    plain = [(number, line.strip()) for number, line in enumerate(lines, 1) if number > start and _says_something(line)]
    for mark in MARKS:
        if plain and 2 * sum(len(_columns(line, mark)) > 1 for _, line in plain) > len(plain):
            raise RosterFault(f"{what} is a table whose heading is not known: line {plain[0][0]}; {WHAT}")
    for number, line in plain:
        if line.casefold() in KNOWN or not any(map(str.isalnum, line)) or NOT_ALONE.search(line):
            raise RosterFault(f"line {number} of the roster, '{shown(line)[:60]}', is not a name alone; {WHAT}")
    names = [(number, line.strip('"').strip()) for number, line in plain]
    return [(number, Student(name, (name,), _orders(name))) for number, name in names]


def _orders(full):
    """A full name as it is written, and where it is "Smith, Ann" as "Ann Smith" too."""
    family, comma, given = full.partition(", ")
    return (full, f"{given} {family}") if comma and ", " not in given else (full,)


def _of_table(text, mark, first):
    """Return the rows of a table, the heading first: the number of the line, the cells, and the student or None."""
    spaced = f'{mark} "' in text  # else blanks belong to the cell
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark, skipinitialspace=spaced, strict=True)
    found, number = [], first
    try:
        heading = next(rows)
        columns = _kinds([_seen(column).strip().casefold() for column in heading], first)
        found.append((first, heading, None))
        number = first + rows.line_num
        for row in rows:
            plain = [_seen(cell).strip() for cell in row]
            cells = dict(reversed([(c, cell) for c, cell in zip(columns, plain, strict=False) if cell]))
            first_cell = plain[0] if row else ""
            is_student = cells and not first_cell.startswith("#") and first_cell.casefold() not in NOT_STUDENTS
            is_student = is_student and (first_cell or KNOWN & set(cells))
            found.append((number, row, _student_of(cells, number) if is_student else None))
            number = first + rows.line_num
    except csv.Error as error:
        raise RosterFault(f"the roster is no table from line {number} on ({error})") from None
    return found


def _kinds(columns, line):
    """Return the columns of a heading. Where "name" stands beside the first name, it is the family name."""
    known = set(columns)
    if known & set(FIRST) and not known & set(LAST):
        columns = ["surname" if column == "name" else column for column in columns]
    known = set(columns)
    if not known & {*IDS, *MAILS, *FULL, *PARTICIPANT} and not (known & set(FIRST) and known & set(LAST)):
        raise RosterFault(f"line {line} of the roster has half of a name alone; it needs a column username or email")
    return columns


def _student_of(cells, number):
    full = [cells[column] for column in FULL if column in cells]
    given = next((cells[column] for column in FIRST if column in cells), "")
    family = next((cells[column] for column in LAST if column in cells), "")
    full += [f"{given} {family}", f"{family}, {given}", f"{family} {given}"] if given and family else []
    full += [other for name in full for other in _orders(name)]
    mails = [cells[column] for column in MAILS if column in cells]
    ids = [cells[column] for column in IDS if column in cells]
    numbers = [("moodle", cells[column].split()[-1]) for column in PARTICIPANT if column in cells]
    numbers += [("canvas", cells["id"])] if {"id", "student"} <= set(cells) else []
    names = [*ids, *mails, *full, *(number for _, number in numbers)]
    if not names:
        raise RosterFault(f"line {number} of the roster has neither an id nor a name")
    logins = [*ids, *mails, *(mail.split("@")[0] for mail in mails)]
    return Student(names[0], *(tuple(dict.fromkeys(one)) for one in (logins, full, numbers)))


def _require_name(number, name):
    parts = re.split(r"[/\\]", name)
    leads_away = "\\" in name or not all(parts) or {".", ".."} & set(parts)
    if not is_plain(name) or leads_away:
        raise RosterFault(f"line {number} of the roster, '{shown(name)[:60]}', is not the name of a student's folder")
