"""The reports of a grading run: `report.json` for programs, `report.html` for a person, a table for the terminal.

None holds a date or a path of the machine: the same submissions give the same reports, byte for byte, but for the
seconds that grading took, which stand in `report.html` in elements of the class `time`.
"""

import base64
import csv
import hashlib
import io
import json
import re
from pathlib import Path

from autograder.checking.laptop import prose
from autograder.grading.examine import WORST_FIRST
from autograder.grading.out import told, write_whole
from autograder.grading.overview import NOT_ANSWERED, lab_of, outcomes_of, spent
from autograder.grading.text import defused

WIDEST = 40  # column of the table for the terminal
LINES = 40  # of that table
DETAILS = "report"  # folder of the pages with reasons, of a class too large for one page
LARGEST = 6_000_000  # characters of a page: a browser opens it in about two seconds
ON_A_PAGE = 250  # submissions of which the reasons stand in one page, where all are too many for one
SHOWN = 600  # characters of a reason or a note
MANY = 12  # reasons of an exercise and notes of a submission that are shown
MISTAKES = 6  # of a lab that are shown at once
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
_OF_AN_ANSWER = re.compile(r"the answer to (\w+) (.+)", re.DOTALL)


# --- for programs -----------------------------------------------------------------------------------------------


def as_json(graded, tier):
    """Return the report for programs, as text. `tier`: how the students' code was walled off, of `sandbox.tiers`."""
    report = {"isolation": tier.name, "submissions": [_submission(one) for one in graded]}
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def _submission(graded):
    submission, late = graded.submission, graded.late
    return {
        "student": submission.student,
        "lab": submission.lab,
        "file": submission.file,
        "sha256": submission.sha256,
        "outcome": graded.outcome,
        "score": graded.score,
        "max_score": graded.max_score,
        "late": {"seconds": late.seconds, "penalty": late.penalty} if late else None,
        "final_score": graded.final_score,
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
    heading = ("student", "lab", "outcome", "score", "max_score", "late_seconds", "penalty", "final_score")
    table.writerow(heading)
    for one in graded:
        late = (one.late.seconds, one.late.penalty) if one.late else (None, None)
        numbers = (one.score, one.max_score, *late, one.final_score)
        texts = (defused(one.submission.student), one.submission.lab, one.outcome)
        table.writerow((*texts, *("" if number is None else _number(number) for number in numbers)))
    return lines.getvalue()


# --- for the terminal -------------------------------------------------------------------------------------------


def as_table(graded):
    """Return a line for each of the first submissions, for the terminal, and how many there are of each outcome."""
    first = graded[:LINES]
    width = min(WIDEST, max(map(len, ("student", *(one.submission.student for one in first)))))
    lines = [f"{'student':{width}}  {'lab':20}  {'points':>9}  outcome", *(_line(one, width) for one in first)]
    if len(graded) > LINES:
        lines.append(f"... and {len(graded) - LINES:,} more, see report.html")
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in outcomes_of(graded).items())
    late = sum(one.late is not None for one in graded)
    lines.append(f"{_how_many(len(graded))}: {counts or 'none'}" + f"; {late:,} late" * bool(late))
    return "\n".join(lines)


def _line(graded, width):
    told = [reason for one in graded.results if one.outcome == graded.outcome != "graded" for reason in one.reasons]
    told = [*(told[:1] if graded.outcome in WORST_FIRST else ()), *graded.notes]
    first = " ".join(told[0].split()) if told else ""
    note = f": {first[:60]}{'…' * (len(first) > 60 or len(told) > 1)}" if told else ""
    student = graded.submission.student
    student = student if len(student) <= width else f"{student[: width - 1]}…"
    outcome = graded.outcome + ", late" * (graded.late is not None)
    return f"{student:{width}}  {graded.submission.lab:20}  {_points(graded, '/'):>9}  {outcome}{note}"


def _how_many(number):
    return f"{number:,} submission{'s' * (number != 1)}"


# --- for a person -----------------------------------------------------------------------------------------------


def as_html(graded, tier, left_out=()):
    """Return the report for a person: a page complete in itself, every text of a student's escaped.

    It holds one script, ours, which the page allows by its digest: it sorts and filters the table of submissions.

    left_out : names of files that lie in no student's folder
    """
    return _overview_page(_in_order(graded), tier, left_out, lambda place: f"#s{place}", whole=True)


def write(out, graded, tier, left_out=()):
    """Write the reports into OUT, each whole or as it was; the page that leads to the others last."""
    pages = as_pages(graded, tier, left_out)
    texts = {"report.json": as_json(graded, tier), "grades.csv": as_csv(graded)}
    with told(out):
        (Path(out) / DETAILS).mkdir(exist_ok=True)
        for name, text in (texts | dict(reversed(pages.items()))).items():
            write_whole(Path(out) / name, text)
        for path in (Path(out) / DETAILS).iterdir():  # of a larger class before
            if f"{DETAILS}/{path.name}" not in pages:
                path.unlink()
        if not any((Path(out) / DETAILS).iterdir()):
            (Path(out) / DETAILS).rmdir()


def as_pages(graded, tier, left_out=()):
    """Return the report for a person as pages: a dict of texts by path below OUT, `report.html` the first.

    Where everything would be too large for one page, as with some 2,000 submissions, the reasons stand in pages of
    their own, `report/<lab>-001.html` and so on, to which the table leads.
    """
    everything = as_html(graded, tier, left_out)
    if len(everything) <= LARGEST:
        return {"report.html": everything}
    graded, pages = _in_order(graded), _places_by_page(_in_order(graded))
    page_of = {place: path for path, places in pages.items() for place in places}
    overview = _overview_page(graded, tier, left_out, lambda place: f"{page_of[place]}#s{place}", whole=False)
    return {"report.html": overview} | {
        path: _rendered("details", title=Path(path).stem, up="../", ones=[(place, graded[place]) for place in places])
        for path, places in pages.items()
    }


def _in_order(graded):
    return sorted(graded, key=lambda one: (one.submission.student, one.submission.lab))


def _places_by_page(graded):
    """Return the places of the submissions whose reasons stand in a page, by its path."""
    pages, by_lab = {}, {}
    for place, one in enumerate(graded):
        by_lab.setdefault(one.submission.lab, []).append(place)
    for lab, places in sorted(by_lab.items()):
        for number, start in enumerate(range(0, len(places), ON_A_PAGE), 1):
            pages[f"{DETAILS}/{lab}-{number:03}.html"] = places[start : start + ON_A_PAGE]
    return pages


def _overview_page(graded, tier, left_out, link, *, whole):
    by_lab = {}
    for one in graded:
        by_lab.setdefault(one.submission.lab, []).append(one)
    late = [place for place, one in enumerate(graded) if one.late]
    return _rendered(
        "overview",
        title="Grading report",
        up="",
        tier=tier,
        left_out=left_out,
        ones=list(enumerate(graded)),
        link=link,
        whole=whole,
        n_students=len({one.submission.student for one in graded}),
        outcomes=outcomes_of(graded),
        labs=[lab_of(name, by_lab[name]) for name in sorted(by_lab)],
        late=[(place, graded[place]) for place in sorted(late, key=lambda place: -graded[place].late.seconds)],
        spent=spent(graded),
    )


def _rendered(kind, **values):
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    here = Path(__file__).parent
    style, script = (f"\n{(here / name).read_text(encoding='utf-8')}" for name in ("report.css", "report.js"))
    templates = Environment(
        loader=FileSystemLoader(here), autoescape=True, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    templates.filters |= {
        "prose": lambda text: Markup(prose(_shortened(text))),
        "shortened": _shortened,
        "number": _number,
        "seconds": _seconds,
        "span": _span,
        "points": _points,
        "said_once": _said_once,
    }
    page = templates.get_template("report.html.j2").render(
        kind=kind,
        style=Markup(style),
        script=Markup(script),
        style_digest=_digest(style),
        script_digest=_digest(script),
        meaning=MEANING,
        not_answered=NOT_ANSWERED,
        many=MANY,
        mistakes=MISTAKES,
        **values,
    )
    return page.lstrip()  # of the lines between the template's macros


def _digest(text):
    """Return the digest by which a Content-Security-Policy allows a script or a style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _said_once(notes):
    """Return notes on answers with what is said of several answers once, behind the names of their exercises."""
    names = {}
    for note in notes:
        of_answer = _OF_AN_ANSWER.fullmatch(note)
        names.setdefault(of_answer[2] if of_answer else note, []).append(of_answer and of_answer[1])
    return [
        f"{', '.join(said[:-1])} and {said[-1]}: the answer {words}"
        if len(said) > 1 and all(said)
        else f"the answer to {said[0]} {words}" * bool(said[0]) or words
        for words, said in names.items()
    ]


def _shortened(text):
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _points(graded, of="of"):
    if graded.score is None:
        return "not scored" if of == "of" else "–"
    return f"{_number(graded.final_score)} {of} {_number(graded.max_score)}"


def _number(value):
    """Return a number with as many digits as it needs, at most two behind the point."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _seconds(value):
    """Return how long something took, in words: `1.9 s`, `12 min`, `3.1 h`."""
    for limit, unit, factor in ((100, "s", 1), (6000, "min", 60), (float("inf"), "h", 3600)):
        if value < limit:
            return f"{value / factor:.1f} {unit}"


def _span(value):
    """Return how late something came, in words: `40 min`, `2 h 5 min`, `3 d 4 h`."""
    days, hours, minutes = int(value // 86400), int(value // 3600 % 24), int(value // 60 % 60)
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return " ".join(parts[:2]) or "less than a minute"
