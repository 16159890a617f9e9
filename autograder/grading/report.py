"""The reports of a grading run: `report.json` for programs, `report.html` for a person, a table for the terminal.

None holds a date or a path of the machine: the same submissions give the same reports, byte for byte.
"""

import csv
import io
import json
from collections import Counter
from pathlib import Path

from autograder.checking.laptop import prose
from autograder.grading.text import defused

NOT_ANSWERED = ("blank", "missing", "wrong-name", "unreadable", "infrastructure-error")
WIDEST = 40  # column of the table
MEANING = {
    "graded": "every cell ran, every question was put",
    "blank": "nothing was written",
    "missing": "no notebook was handed in",
    "wrong-name": "no notebook could be told to be this lab",
    "unreadable": "the file is no notebook that can be read",
    "timeout": "some code took too long; what it belongs to lost its points",
    "memory": "some code took too much memory; what it belongs to lost its points",
    "crashed": "some code ended its kernel; what it belongs to lost its points",
    "killed": "a kernel was killed from outside; what ran in it lost its points",
    "output-limit": "some code printed too much; what it belongs to lost its points",
    "infrastructure-error": "the fault is the machine's or the course's; not scored, grade again",
}


def as_json(graded, tier):
    """Return the report for programs, as text. `tier`: how the students' code was walled off, of `sandbox.tiers`."""
    report = {"isolation": tier.name, "submissions": [_submission(one) for one in graded]}
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def _submission(graded):
    submission = graded.submission
    return {
        "student": submission.student,
        "lab": submission.lab,
        "file": submission.file,
        "sha256": submission.sha256,
        "outcome": graded.outcome,
        "score": graded.score,
        "max_score": graded.max_score,
        "notes": list(graded.notes),
        "exercises": [_exercise(result, graded.score) for result in graded.results],
    }


def _exercise(result, score_of_all):
    return {
        "name": result.name,
        "outcome": result.outcome,
        "score": None if score_of_all is None else result.score,
        "max_score": result.max_score,
        "reasons": list(result.reasons),
    }


def as_csv(graded):
    """Return one line for each submission, for a spreadsheet, in which no text of a student's becomes a formula."""
    lines = io.StringIO()
    table = csv.writer(lines, lineterminator="\n", quoting=csv.QUOTE_ALL)  # so that no text is split
    table.writerow(("student", "lab", "outcome", "score", "max_score"))
    for one in graded:
        score = "" if one.score is None else f"{one.score:g}"
        table.writerow((defused(one.submission.student), one.submission.lab, one.outcome, score, one.max_score))
    return lines.getvalue()


def as_html(graded, tier, left_out=()):
    """Return the report for a person: a page complete in itself, every text of a student's escaped.

    left_out : names of files that lie in no student's folder
    """
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
    templates.filters["prose"] = lambda text: Markup(prose(text))
    by_lab = {}
    for one in graded:
        by_lab.setdefault(one.submission.lab, []).append(one)
    return templates.get_template("report.html.j2").render(
        tier=tier,
        left_out=left_out,
        labs={lab: (ones, class_of(ones)) for lab, ones in by_lab.items()},
        meaning=MEANING,
        not_answered=NOT_ANSWERED,
    )


def class_of(graded):
    """Return what a class shows of each exercise: its name, the mean share of points, and the mistakes by frequency.

    Counted are submissions in which the exercise was answered: neither blank nor refused.
    """
    rows = []
    for results in zip(*(one.results for one in graded), strict=True):
        answered = [result for result in results if result.outcome not in NOT_ANSWERED]
        share = sum(result.score for result in answered) / max(1, sum(result.max_score for result in answered))
        mistakes = Counter(result.named for result in answered if result.named).most_common()
        rows.append((results[0].name, len(answered), share, mistakes))
    return rows


def as_table(graded):
    """Return one line for each submission, for the terminal."""
    width = min(WIDEST, max(len("student"), *(len(one.submission.student) for one in graded)))
    lines = [f"{'student':{width}}  {'lab':20}  {'points':>9}  outcome"]
    for one in graded:
        points = "–" if one.score is None else f"{one.score:g} / {one.max_score:g}"
        first = " ".join(one.notes[0].split()) if one.notes else ""
        note = f": {first[:60]}{'…' * (len(first) > 60 or len(one.notes) > 1)}" if one.notes else ""
        student = one.submission.student
        student = student if len(student) <= width else f"{student[: width - 1]}…"
        lines.append(f"{student:{width}}  {one.submission.lab:20}  {points:>9}  {one.outcome}{note}")
    return "\n".join(lines)
