"""Feedback to hand back: each student's page anew from the gradebook, a short text beside it, and both in a zip.

What reaches a student: what nbgrader's page shows of an exercise (points, outcome, reasons, the judge's note), manual
scores and comments that a person entered, what coming late costs, and of the report's notes those in `FOR_STUDENTS`,
which say what became of the files and cells that were handed in. Every other note is for the instructor alone (whose
code it is, what it imports, what is right on seen questions only), and a new kind of note is so until it is added here.
Of hidden questions a student sees what the page says of them, and no more.

What the zip holds, by the platform it is for:

- plain: `<student>/<lab>.html` and `<student>/<lab>.txt`.
- moodle: the same two in the folder that the student's hand-in came in, `Ann Smith_1234567_assignsubmission_file_`, for
  "Upload multiple feedback files in a zip". Moodle parts a folder's name at `_` and knows the student by the second
  part (moodle/moodle, mod/assign/feedback/file/importziplib.php, `is_valid_filename_for_import`).
- canvas: one page for each student, `smithann_1234_5678_<lab>.html`, for "Upload Submissions" on the assignment's page.
  Canvas knows the student and the file that is commented by the first two numbers between `_`, and shows the page
  under that file's name; of two pages on one file the second might be taken for the first (instructure/canvas-lms,
  app/models/abstract_assignment.rb, `infer_comment_context_from_filename`).

A student whose name on the platform is not known is packed as in the plain form, which platforms pass over.
"""

import json
import re
import textwrap
import zipfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from autograder.exercises import LABS
from autograder.grading.collected import read_names
from autograder.grading.gradebook import Gradebook, GradebookFault
from autograder.grading.graded import INFRASTRUCTURE
from autograder.grading.grades import read_grades
from autograder.grading.names import platform_name
from autograder.grading.out import replaced
from autograder.grading.report import MEANING
from autograder.grading.text import clean, shown

WIDTH, DEEPEST = 78, 20  # characters of a line, as e-mails have them, and how far it is set in
FOR_STUDENTS = re.compile(
    r"the cell \w+ (?:was (?:deleted|changed|left empty|too long)|came \d+ times)"
    r"|the notebook (?:is called|lies in) "
    r"|\S+ was not used: "
    r"|not used of what was handed in: "
    r"|no cell of the notebook could be told to be one of this lab"
    r"|of the cells of the student's own \d+ were left out"
    r"|a cell of the student's own .* stopped: "
    r"|output-limit: "
)


@dataclass
class HandedBack:
    """What was packed: the archives and how many students' labs are in them; and of whom not all went well.

    unknown : those whose name on the platform is not known
    not_graded : those whose hand-in could not be graded, so that there is nothing to hand back
    failed : those whose page nbgrader could not make
    """

    archives: list[Path] = field(default_factory=list)
    packed: int = 0
    unknown: list[str] = field(default_factory=list)
    not_graded: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def hand_back(out, labs=(), students=(), platform="plain", progress=lambda jobs: jobs):
    """Make the feedback in OUT anew, and pack it into OUT/hand_back/<lab>.zip. Returns what was packed.

    labs, students : names of those to hand back to; empty means all that are in the gradebook, of labs that stand

    Raises GradebookFault, or LateFault, for a folder whose gradebook or settings cannot be read.
    """
    out = Path(out)
    grades, entries, names = read_grades(out), read_entries(out), read_names(out)

    def is_meant(key):
        return (not students or key[0] in students) and key[1] in (labs or LABS)

    unscored = {key for key, entry in entries.items() if entry["outcome"] == INFRASTRUCTURE}
    handed, packs = HandedBack(), {}
    known = Counter((lab, name) for (_, lab), name in names.items())
    twice = {one for one, n in known.items() if n > 1}  # of somebody who was collected twice, under two names
    handed.not_graded = sorted({shown(student) for student, lab in unscored if is_meant((student, lab))})
    with closing(Gradebook(out)) as gradebook:
        for student, lab in progress([key for key in grades if is_meant(key) and key not in unscored]):
            try:
                files = _write(gradebook, grades[student, lab], entries.get((student, lab)))
            except GradebookFault:
                handed.failed.append(shown(student))
                continue
            name = names.get((student, lab), student)
            places = _places(student, lab, platform, name) if (lab, name) not in twice else {}
            if not places:
                handed.unknown.append(shown(student))
            packs.setdefault(lab, []).append((places or _places(student, lab, "plain"), files))
            handed.packed += 1
    handed.archives = [_pack(out / "hand_back" / f"{lab}.zip", pack) for lab, pack in packs.items()]
    return handed


def read_entries(out):
    """Return what OUT's report.json says of each submission, by student and lab; nothing where there is no report."""
    try:
        report = json.loads((Path(out) / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {(entry["student"], entry["lab"]): entry for entry in report["submissions"]}


def _write(gradebook, grade, entry):
    """Make a student's page and text anew. Returns their paths, by suffix. Raises GradebookFault."""
    gradebook.write_feedback(grade.student, grade.lab)
    page = gradebook.out / "feedback" / grade.student / grade.lab / f"{grade.lab}.html"
    text = page.with_suffix(".txt")
    autograded = gradebook.out / "nbgrader" / "autograded" / grade.student / grade.lab / f"{grade.lab}.ipynb"
    text.write_text(as_text(grade, entry, read_told(autograded)), encoding="utf-8")
    return {".html": page, ".txt": text}


# --- where a file lies in the zip ---------------------------------------------------------------------------------


def _places(student, lab, platform, name=""):
    """Return where a student's files lie in the zip, by suffix; nothing where the name says nothing of the platform.

    name : what the platform called the hand-in, or the student's folder
    """
    if platform == "plain":
        return {suffix: f"{student}/{lab}{suffix}" for suffix in (".html", ".txt")}
    known = platform_name(name)
    if not known or known.form != platform:
        return {}
    if platform == "canvas":
        return {".html": f"{name.removesuffix(known.file)}{lab}.html"}
    end = name.rindex(f"_{known.number}_assignsubmission")
    folder = name[:end].replace("_", " ") + name[end:].removesuffix(known.file)  # else a name could hold a number
    return {suffix: f"{folder}/{lab}{suffix}" for suffix in (".html", ".txt")}


def _pack(path, pack):
    """Write a zip beside its place and move it there. The same files give the same bytes."""
    path.parent.mkdir(exist_ok=True)
    with replaced(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for places, files in pack:
            for suffix, place in places.items():
                entry = zipfile.ZipInfo(place)  # of 1980, as every entry
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, files[suffix].read_bytes())
    return path


# --- the text -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """What the page tells of an exercise: the one word for what happened, or "", and sentences."""

    outcome: str = ""
    sentences: tuple[str, ...] = ()


def read_told(notebook):
    """Return what an autograded notebook tells of each exercise, by name, in the lab's order."""
    told = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if marks.get("grade"):
            pages = [output.get("data", {}).get("text/html", "") for output in cell.get("outputs", ())]
            told[marks["grade_id"].removeprefix("check_")] = _Page.told_by("".join(map("".join, pages)))
    return told


class _Page(HTMLParser):
    """Reads what `judged.as_html` wrote."""

    @classmethod
    def told_by(cls, page):
        reader = cls()
        reader.head, reader.items, reader.into = "", [], "head"
        reader.feed(page)
        reader.close()
        return Told(reader.head.partition(" · ")[2].strip(), tuple(reader.items))

    def handle_starttag(self, tag, attributes):
        if tag == "li":
            self.items.append("")
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if tag == "code":
            self.handle_data("`")

    def handle_data(self, data):
        if self.items:
            self.items[-1] += data
        else:
            self.head += data


def as_text(grade, entry, told):
    """Return the feedback of a student as a text for an e-mail, in lines of at most 78 characters.

    entry : what report.json says of the submission, or None
    told : by exercise, what the page tells, as `read_told` returns it
    """
    lines = [f"{grade.lab}: feedback for {shown(grade.student)}", ""]
    lines += _sum(grade)
    if entry and entry["outcome"] != "graded":
        lines.append(f"What happened: {entry['outcome']}, {MEANING.get(entry['outcome'], '')}")
    for number, name in enumerate({**told, **grade.points}, start=1):
        lines += ["", *_exercise(number, name, grade, told.get(name, Told()))]
    others = {name: text for name, text in grade.comments.items() if name not in {**told, **grade.points}}
    for name, text in others.items():
        lines += ["", *_item(f"Comment on {name}: {text}", "")]
    notes = [note for note in (entry or {}).get("notes", ()) if FOR_STUDENTS.match(note)]
    if notes:
        lines += ["", "About what was handed in:"] + [line for note in notes for line in _item(note, "- ")]
    lines += ["", f"Your notebook, with all of this in its place, is the page {grade.lab}.html."]
    return "".join(f"{line}\n" for text in lines for line in _wrapped(text))


def _sum(grade):
    points = f"{grade.score:g} of {grade.max_score:g}"
    if not grade.penalty and not grade.seconds_late:
        return [f"Points: {points}"]
    return [
        f"Points: {points}",
        f"Late by {_span(grade.seconds_late)}: {grade.penalty:g} points less"
        if grade.seconds_late
        else f"For coming late: {grade.penalty:g} points less",
        f"Final score: {grade.final_score:g} of {grade.max_score:g}",
    ]


def _exercise(number, name, grade, told):
    """Return what is said of an exercise: its points, the outcome, the reasons, a person's comment."""
    points = grade.points.get(name)
    head = f"{number}. {name}: "
    head += f"{points.score:g} of {points.max_score:g} points" if points and points.max_score else "without points"
    if points and points.by_hand is not None:
        head += f", given by a person (the tests gave {points.tests or 0.0:g})"
    if points and points.extra:
        head += f", {points.extra:g} of them extra"
    lines = [head + (f" – {told.outcome}" if told.outcome else "")]
    lines += [line for sentence in told.sentences for line in _item(sentence, "   - ")]
    if grade.comments.get(name):
        lines += _item(f"Comment: {grade.comments[name]}", "   ")
    return lines


def _span(seconds):
    """A time in words: days and hours, hours and minutes, or minutes."""
    minutes = max(1, round(seconds / 60))
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [f"{days} d", f"{hours} h"] if days else [f"{hours} h", f"{minutes} min"]
    return " ".join(part for part in parts if not part.startswith("0 "))


def _item(text, mark):
    """The lines of a text below each other, the first behind a mark."""
    first, *rest = clean(text).expandtabs(4).split("\n")
    return [mark + first, *(" " * len(mark) + line for line in rest)]


def _wrapped(line):
    """A line in pieces of at most 78 characters, those that follow set in as it is."""
    line = " ".join(clean(line).expandtabs(4).split("\n"))
    line = re.sub(rf"^ {{{DEEPEST},}}", " " * DEEPEST, line)
    inset = re.match(r" *(?:- |\d+\. )?", line).end()
    return textwrap.wrap(line, WIDTH, subsequent_indent=" " * inset, break_on_hyphens=False) or [""]
