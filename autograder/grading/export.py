"""Grades for a learning platform, from the gradebook: manual grades and late penalties are in them.

Without a roster: a line for each student, a column for each lab. With the CSV that a platform exported, that table
again, its columns and rows in their order, its separator, line ends and encoding as they were, and in it the grades:

- in the column that is called as the lab (`lab03_angular_lsh`, `Lab 3`, `lab03`), whatever number the platform adds:
  `Lab 3 (12345)` of Canvas, `Lab 3 [Total Pts: 55 Score] |12345` of Blackboard. In the worksheet of one assignment of
  Moodle that is the column Grade. Where no column is, one is added at the end, called as the lab.
- who has no grade has an empty cell in a column that is added; in one that was there, what stands there stays, as an
  emptied cell takes the platform's grade away.
- Canvas makes an assignment of a column it does not know, and reads its points from the row Points Possible.

Sources: Canvas, instructure/canvas-lms, lib/gradebook_importer.rb; Moodle, mod/assign/feedback/offline/
importgradeslib.php, which wants Identifier, Grade and Last modified as they were; Blackboard's help, "Uploading or
Downloading Grade Center Items for Working Offline", which knows students by the user name and columns by the number.

A spreadsheet calculates cells that begin with certain characters. What we write is defused (`text.defused`). Cells of
the roster come back as they were, so that the platform knows its rows, but for those that could do harm: that begin
with `=`, or with another such character and hold what a call or a link to a program needs. So `-`, `+49 30 1234` and
`@ann` stay, and `=cmd|' /C calc'!A0` gets an apostrophe, in a name as in an id.
"""

import csv
import io
import re
from collections import defaultdict
from dataclasses import dataclass, field

from autograder.grading.names import exact, folder_name, platform_name, student_id
from autograder.grading.roster import PARTICIPANT, read_table, whose
from autograder.grading.text import FORMULA, defused

GRADE = ("grade", "bewertung", "note", "calificación")  # Moodle's column, in the roster's languages
MOST = ("maximum grade", "bestwertung", "note maximale", "calificación máxima")
NUMBERED = re.compile(r"\s*(?:\(\d+\)|\[[^\]]*\]\s*(?:\|\s*\d+)?|\|\s*\d+)\s*$")  # what platforms add to a title
TOTAL = re.compile(r"\[[^\]]*?:\s*(\d+(?:[.,]\d+)?)[^\]]*\]")
CALLS = re.compile(r"[^\W\d]\w*\s*\(|[|!]")  # a call, a program, another sheet


class ExportFault(Exception):
    """Grades that cannot be put into a table; the message says why, in one sentence."""


@dataclass
class Exported:
    """A table of grades as bytes, and what there is to say of it.

    filled, added : the columns that were there, and those that are new
    unlisted : students with a grade who are not in the roster
    unclear : students of whom several could be one of the roster, in words
    scales : columns that count to other points than the lab, in words
    """

    content: bytes = b""
    filled: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    scales: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Counted:
    """How grades are counted: with what coming late costs or without, and in points or in percent."""

    raw: bool = False
    percent: bool = False

    def cell(self, grade):
        """A grade as a cell; empty where there is none, or nothing to have a percentage of."""
        if grade is None or self.percent and not grade.max_score:
            return ""
        score = grade.score if self.raw else grade.final_score
        return _number(100 * score / grade.max_score if self.percent else score)

    def most(self, grades):
        """What the best have."""
        return 100.0 if self.percent else max((grade.max_score for grade in grades), default=0.0)


def export(grades, labs, counted):
    """Return the grades as a table of their own, as bytes.

    grades : as `grades.read_grades` returns them
    """
    students = sorted({student for student, lab in grades if lab in labs})
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)  # so that no text is split
    table.writerow(("student", *labs))
    for student in students:
        table.writerow((defused(student), *(counted.cell(grades.get((student, lab))) for lab in labs)))
    return Exported(text.getvalue().encode("utf-8"), added=list(labs))


def export_into(roster, grades, labs, counted, names=None):
    """Return the table of a roster with the grades in it. Raises RosterFault, ExportFault.

    names : what a platform called the hand-ins, as `collected.read_names` returns them
    """
    table, exported = read_table(roster), Exported()
    heading = [_plain(cell) for cell in table.rows[0]]
    columns = {lab: _column(heading, lab, labs) for lab in labs}
    graded = sorted({student for student, lab in grades if lab in labs})
    meant = _meant(table, graded, names or {}, exported)
    exported.filled = [table.rows[0][place] for place in columns.values() if place is not None]
    exported.added = [lab for lab, place in columns.items() if place is None]
    exported.scales = [words for lab, place in columns.items() for words in _scale(table, lab, place, grades, counted)]
    for number, (row, student) in enumerate(zip(table.rows, table.students, strict=True)):
        row[:] = [_harmless(cell) for cell in row]
        if not row:
            continue
        cells = _added_cells(number, row, exported.added, grades, counted)
        for lab in labs if student else ():
            cell = counted.cell(grades.get((meant.get(student.name), lab)))
            place = columns[lab]
            if place is None:
                cells[lab] = cell
            elif cell:
                row += [""] * (place + 1 - len(row))
                row[place] = cell
        if exported.added:
            row += [""] * (len(heading) - len(row))
            row += [cells.get(lab, "") for lab in exported.added]
    exported.content = table.as_bytes()
    return exported


def _added_cells(number, row, labs, grades, counted):
    """What columns that are new hold in the heading and in Canvas's row of points; of other rows nothing."""
    if number == 0:
        return {lab: lab for lab in labs}
    if row[0].strip().casefold() == "points possible":
        return {lab: _number(counted.most([grade for (_, of), grade in grades.items() if of == lab])) for lab in labs}
    return {}


def _column(heading, lab, labs):
    """Return which column is a lab's, or None. Raises ExportFault where that is not clear."""
    number = re.match(r"lab0*(\d+)", lab)
    titles = {_squeezed(lab), *([f"lab{number[1]}", f"lab{number[1]:0>2}"] if number else [])}
    found = [place for place, title in enumerate(heading) if _squeezed(NUMBERED.sub("", title)) in titles]
    if not found and {*MOST, *PARTICIPANT} & set(heading):  # Moodle's worksheet
        found = [place for place, title in enumerate(heading) if title in GRADE]
        if found and len(labs) > 1:
            raise ExportFault(
                f"the roster is the worksheet of one assignment, not of {len(labs)}; say which: --lab LAB"
            )
    if len(found) > 1:
        raise ExportFault(f"several columns of the roster are called as {lab}; keep one: {heading[found[0]]}")
    return found[0] if found else None


def _meant(table, graded, names, exported):
    """Return who of those with a grade is which student of the roster, by the roster's name."""
    students = list({student.name: student for student in table.students if student}.values())
    find, platforms = whose(students), defaultdict(list)
    for (student, _), name in sorted(names.items()):
        platforms[student].append(platform_name(name))
    own = {exact(form(student.name)): student for student in students for form in (student_id, folder_name, str)}
    sure, likely = {}, defaultdict(list)
    for one in graded:
        if exact(one) in own:
            sure[own[exact(one)].name] = one
            continue
        known = [platform for platform in [platform_name(one), *platforms[one]] if platform]
        found = find(one) or next(filter(None, (find(of.who, of.number, of.form) for of in known)), None)
        if found:
            likely[found.name].append(one)
        else:
            exported.unlisted.append(one)
    for name, ones in likely.items():
        if name in sure or len(ones) > 1:
            exported.unclear.append(f"{' and '.join([*filter(None, [sure.get(name)]), *ones])} could be {name}")
    return {name: ones[0] for name, ones in likely.items() if len(ones) == 1} | sure


def _scale(table, lab, place, grades, counted):
    """Say where a column counts to other points than the lab does; nothing where that is not known."""
    if place is None:
        return []
    heading, rows = [_plain(cell) for cell in table.rows[0]], table.rows[1:]
    most = next((column for column, title in enumerate(heading) if title in MOST), None)
    students = [row for row, student in zip(table.rows, table.students, strict=True) if student]
    cells = [row[place] for row in rows if row and _plain(row[0]) == "points possible" and len(row) > place]
    cells += [row[most] for row in students[:1] if most is not None and len(row) > most and heading[place] in GRADE]
    cells += TOTAL.findall(table.rows[0][place])
    ours = counted.most([grade for (_, of), grade in grades.items() if of == lab])
    for cell in cells:
        try:
            theirs = float(cell.strip().replace(",", "."))
        except ValueError:
            continue
        if theirs != ours:
            return [f"{table.rows[0][place]} counts to {_number(theirs)}, {lab} to {_number(ours)}"]
    return []


def _number(value):
    return f"{round(value, 2):.12g}"


def _plain(title):
    return title.strip().strip("\ufeff").strip().casefold()


def _squeezed(title):
    return "".join(filter(str.isalnum, title.casefold()))


def _harmless(cell):
    """A cell of the roster as it is, unless a spreadsheet would do more with it than show it or add it up."""
    text = cell.lstrip(" \xa0\t\r\n")
    if text.startswith(("=", "＝")) or text.startswith(FORMULA) and CALLS.search(text):
        return f"'{cell}"
    return cell
