"""Progress: which exercises are done, with how many points and when, and what is next.

It is noted by `check` in one file of the course folder, `my_labs/progress.json`, outside git and safe to delete:

    {"format": 1, "exercises": {"undo_sort": {"points": 13, "of": 13, "when": "2026-01-31T18:05"}}}

An exercise stands under its name with the most points that a check gave it, of how many, and when it first did, by the
clock of the machine. What is done has all points. Names and keys that a reader does not know are left as they are. No
account, and nothing is sent anywhere; another reader of the format is free to keep the same text elsewhere.

    from classroom import progress
    progress.road()                       # the whole course: what is done, what is next, how long it takes
    progress.of("lab04_sort_and_chunk")   # one lab
"""

import html
import json
import re
import time
from functools import cache
from pathlib import Path

from autograder.exercises import LABS, lab_named
from classroom import kept, my_labs
from reformer import UNITS

FILE = "progress.json"
FORMAT = 1
FULL, EMPTY = "█", "░"  # of a bar in plain text


# --- the file -------------------------------------------------------------------------------------------------------


def read(folder=None):
    """What is noted, as {exercise: {"points", "of", "when"}}; entries that are not of this form are passed over."""
    return _good(_stored(folder or my_labs.folder_to_read())[0])


def note(folder, exercise, points):
    """Note the points of an exercise where they are more than before. Returns a sentence if a damaged file was found.

    Raises OSError where nothing can be written.
    """
    stored, said = _stored(folder, set_aside=True)
    before = _good(stored).get(exercise.name)
    if before is None or points / exercise.max_score > before["points"] / before["of"]:
        entry = {"points": points, "of": exercise.max_score, "when": time.strftime("%Y-%m-%dT%H:%M")}
        stored["exercises"][exercise.name] = entry
        my_labs.write_whole(Path(folder) / FILE, json.dumps(stored, indent=1, ensure_ascii=False) + "\n")
    return said


def _stored(folder, *, set_aside=False):
    """The file as it is, or an empty one, and a sentence if it is damaged."""
    path, empty = Path(folder) / FILE, {"format": FORMAT, "exercises": {}}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(stored, dict) and isinstance(stored.get("exercises"), dict):
            return stored, ""
    except OSError:
        return empty, ""
    except (ValueError, RecursionError):
        pass
    name = my_labs.set_aside(path) if set_aside else FILE
    return empty, f"my_labs/{FILE} could not be read, and is now my_labs/{name}: progress begins anew."


def _good(stored):
    def is_good(entry):
        numbers = [entry.get(key) for key in ("points", "of")] if isinstance(entry, dict) else [None]
        return all(type(number) in (int, float) for number in numbers) and 0 <= numbers[0] <= numbers[1] > 0

    return {name: entry for name, entry in stored["exercises"].items() if is_good(entry)}


# --- one lab --------------------------------------------------------------------------------------------------------


class View:
    """Something to look at: as HTML in a notebook, as text elsewhere."""

    def __init__(self, text, as_html):
        self.text, self._html = text, as_html

    def __repr__(self):
        return self.text

    def _repr_html_(self):
        return self._html


def of(lab, folder=None):
    """The bar of a lab: exercises done and points. `lab` is its name. Raises KeyError where there is no such lab."""
    lab = lab_named(lab) if isinstance(lab, str) else lab
    noted = read(folder)
    points, total = _points(lab, noted), _total(lab)
    n_done, n_all = len(_done(lab, noted)), len(_counted(lab))
    words = f"Lab {lab.unit:02}: {points:g} of {total} points, {n_done} of {n_all} exercises done"
    return View(f"{_bar_of_text(points / total)} {words}", f"<div>{_bar(points / total)} {words}</div>")


def _counted(lab):
    """The exercises of a lab that give points: without what is optional."""
    return [exercise for exercise in lab.exercises if exercise.max_score]


def _total(lab):
    return sum(exercise.max_score for exercise in lab.exercises)


def _done(lab, noted):
    """Names of the exercises that have all points."""
    return [e.name for e in _counted(lab) if e.name in noted and noted[e.name]["points"] == noted[e.name]["of"]]


def _points(lab, noted):
    """Points of a lab; where an exercise has come to be worth more or less, the same share of that."""
    found = [(e.max_score, noted[e.name]) for e in lab.exercises if e.name in noted]
    return round(sum(worth * entry["points"] / entry["of"] for worth, entry in found), 2)


def _bar(share, words=""):
    """A bar as HTML. `words` say what it shows, where no text beside it does."""
    inner = f"display:inline-block;height:100%;width:{100 * share:.0f}%;background:#009e73;vertical-align:top"
    outer = (
        "display:inline-block;width:9em;height:.8em;border:1px solid currentColor;border-radius:3px;"
        "overflow:hidden;vertical-align:middle;text-align:left"
    )
    said = f'role="img" aria-label="{html.escape(words)}"' if words else 'aria-hidden="true"'
    return f'<span {said} style="{outer}"><span style="{inner}"></span></span>'


def _bar_of_text(share):
    return FULL * int(10 * share) + EMPTY * (10 - int(10 * share))


# --- the road -------------------------------------------------------------------------------------------------------


def road(folder=None):
    """The course as it is done so far: a bar for each lab, what is next, and how long the rest takes.

    Nothing is noted of lessons: one counts as read once a point of its unit's lab is earned. Minutes are those that
    lessons and labs state.
    """
    stored, damaged = _stored(folder or my_labs.folder_to_read())
    noted, labs = _good(stored), list(LABS.values())
    rows = [(f"{lab.unit:02} {UNITS[lab.unit].name}", lab, _minutes_left(lab, noted)) for lab in labs]
    first = _next(rows, noted) if any(_points(lab, noted) for lab in labs) else f"Nothing yet. {_next(rows, noted)}"
    below = [_left(sum(minutes for *_, minutes in rows), sum(_minutes_left(lab, {}) for lab in labs))]
    below += [f"my_labs/{FILE} cannot be read. The next check sets it aside and begins anew."] if damaged else []
    lines, cells = zip(*(_row(name, lab, minutes, noted) for name, lab, minutes in rows), strict=True)
    table = f'<table><caption style="text-align:left">Your labs</caption>{"".join(cells)}</table>'
    paragraphs = "".join(f"<p>{html.escape(words)}</p>" for words in below if words)
    text = "\n".join([first, *lines, *filter(None, below)])
    return View(text, f"<div><p><b>{html.escape(first)}</b></p>{table}{paragraphs}</div>")


def _row(name, lab, minutes, noted):
    """A lab's line of the road, as text and as a row of a table."""
    n_done, n_all, share = len(_done(lab, noted)), len(_counted(lab)), _points(lab, noted) / _total(lab)
    mark = "✓ done" if n_done == n_all else f"{n_done} of {n_all} exercises, {_hours(minutes)} left"
    return f"{name:20} {_bar_of_text(share)} {mark}", (
        f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>'
        f'<td>{_bar(share, f"{share:.0%} of the points")}</td><td style="text-align:left">{mark}</td></tr>'
    )


def _left(left, whole):
    if left == whole:
        return f"In all: {_hours(whole)}."
    return f"Left: {_hours(left)} of {_hours(whole)}." if left else ""


def _next(rows, noted):
    """The first exercise not done of the first lab that was begun and is not finished, or of the first lab left."""
    open_rows = [row for row in rows if len(_done(row[1], noted)) < len(_counted(row[1]))]
    if not open_rows:
        return "All done: every exercise of every lab."
    begun = [row for row in open_rows if _points(row[1], noted)]
    name, lab, minutes = (begun or open_rows)[0]
    if not begun:
        return f"Next: unit {name}, its lesson first. Lesson and lab take {_hours(minutes)}."
    exercise = next(e for e in _counted(lab) if e.name not in _done(lab, noted))
    stated = minutes_of(lab.name)[1][exercise.name]
    return f"Next: {exercise.name} in lab {lab.unit:02}, {_hours(stated)}. The rest of the lab: {_hours(minutes)}."


def _minutes_left(lab, noted):
    """Minutes of what is left of a unit, as its lessons and the exercises of its lab state them."""
    done, (whole, of_each) = _done(lab, noted), minutes_of(lab.name)
    if _points(lab, noted):
        return sum(of_each[exercise.name] for exercise in _counted(lab) if exercise.name not in done)
    return sum(_lesson_minutes(lab.unit)) + whole


@cache
def minutes_of(lab_name):
    """What a lab says of its time: minutes of all, and of each exercise as {name: minutes}."""
    path = my_labs.ROOT / "labs" / lab_name / f"{lab_name}.ipynb"
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]}
    stated = {name: re.search(r"\*\*(\d+) minutes", text) for name, text in cells.items() if name.startswith("task-")}
    return _stated(cells["title"]), {name[5:]: int(found[1]) for name, found in stated.items() if found}


@cache
def _lesson_minutes(unit):
    paths = sorted((my_labs.ROOT / "notebooks").glob(f"{unit:02}*_*.ipynb"))
    first = [json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"] for path in paths]
    return [_stated("".join(source)) for source in first]


def _stated(title):
    return int(re.search(r"\*\*Time:\*\* (?:about )?(\d+) minutes", title)[1])


def _hours(minutes):
    hours, rest = divmod(minutes, 60)
    return f"{minutes} min" if not hours else f"{hours} h {rest:02} min" if rest else f"{hours} h"


# --- what a check has to say ----------------------------------------------------------------------------------------


def after_check(verdict, function, seconds):
    """Note what a check found, keep an answer that got all points, and return what to show below it, as HTML.

    Empty, and without effect, where `my_labs.folder_to_write` names no folder, or the answer is not written yet.
    """
    folder, exercise = my_labs.folder_to_write(), verdict.exercise
    lab = next((lab for lab in LABS.values() if any(exercise is one for one in lab.exercises)), None)
    if folder is None or lab is None or verdict.outcome == "blank":
        return ""
    said = note(folder, exercise, verdict.score) if exercise.max_score else ""
    why = ""
    if verdict.right:
        try:
            kept.keep(folder, exercise, lab.name, function, seconds)
        except kept.NotKept as error:
            why = f"Your points stand. It is not kept for your own model, though: {error}."
    words = [_counted_earlier(verdict, folder), why, said]
    below = [of(lab, folder)._repr_html_()] + [f"<div>{kept.explained(one)}</div>" for one in words if one]
    return f'<div style="margin-top:.4em">{"".join(below)}</div>'


def _counted_earlier(verdict, folder):
    """Say what the bar counts, where an earlier answer got more points than this one; empty where none did."""
    entry = read(folder).get(verdict.exercise.name)
    if verdict.right or entry is None or entry["points"] / entry["of"] <= verdict.score / verdict.exercise.max_score:
        return ""
    is_kept = " and is in my_labs/kept" * (verdict.exercise.name in kept.kept_names(folder))
    return (
        f"Your earlier answer ({entry['points']:g} points) counts in the bar{is_kept}. Handed in is what stands above."
    )
