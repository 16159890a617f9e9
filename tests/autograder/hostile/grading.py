"""Grade entries of the catalogue in one run of the command, and say how each differs from what it must come to."""

import contextlib
import functools
import hashlib
import io
import json
import os
import random
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback  # noqa: F401 - memory, before it counts

from autograder.__main__ import main
from autograder.checking.judge import ask, judge
from autograder.commands import grade
from autograder.exercises import exercise_named
from autograder.grading import run
from autograder.grading.sample import as_bytes, with_answers
from reformer.angular import angular_hash
from reformer.neighbors import k_nearest
from tests.autograder.hostile.canaries import Canaries
from tests.autograder.hostile.entry import FULL, IN_SIGHT, JUDGED, LAB, Entry, one_or_more, own_cell

BESIDE = [Entry(0, f"beside-{number}", "a right submission beside the others") for number in range(4)]
WHOLE = sum(FULL.values())
# Control characters, half characters, and what turns the direction of writing; but for tabs and line ends.
STEERING = re.compile("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
MARKUP = ("<script>alert", "<img src=x", "<svg onload", 'href="javascript:')
LARGEST = 1_500_000  # bytes of a page, a report, a notebook


@dataclass
class Graded:
    """What a run came to.

    code : the command's exit code; said : what it printed
    report : report.json; entries : of each submission by its name in the catalogue
    pages : the feedback of each, as HTML
    word : what stands in the canaries, and nobody may read
    faults : what was touched that must not be, in words
    growth : of this process, in bytes; seconds : by the folder's name, how long its grading took
    """

    out: Path
    code: int
    said: str
    seconds: dict
    report: dict
    entries: dict
    pages: dict
    word: str
    faults: list
    growth: int


@contextlib.contextmanager
def graded(entries, *, right, secret, limits, seed=0, times=1, beside=BESIDE):
    """Hand in entries and right submissions in an order that `seed` draws, and grade them. Gives a `Graded`.

    times : how often they are graded into the same folder; what is given is the last
    beside : the right submissions
    """
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    try:
        with Canaries(folder, as_bytes(right)) as canaries:
            (folder / "secret").write_bytes(secret)
            handed_in = _hand_in(folder / "submissions", _in_order([*entries, *beside], seed), right, canaries.told)
            (folder / "out").mkdir()
            canaries.watch()
            for _ in range(times):
                code, said, seconds = _grade(folder, limits)
            growth, faults = canaries.growth, canaries.faults()
            report = json.loads((folder / "out" / "report.json").read_text("utf-8"))
            found = _found(report, handed_in)
            pages = {name: _page(folder / "out", one) for name, one in found.items()}
            yield Graded(folder / "out", code, said, seconds, report, found, pages, canaries.word, faults, growth)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def faults_of(entry, result):
    """Say how an entry's result in a `Graded` differs from what it must come to."""
    one = result.entries.get(entry.name)
    if one is None:
        return ["it is not in the report"]
    faults = [] if one["outcome"] in entry.outcomes else [f"outcome {one['outcome']}, not {entry.outcome}"]
    if one["max_score"] != WHOLE or one["score"] != sum(exercise["score"] for exercise in one["exercises"]):
        faults.append(f"{one['score']} of {one['max_score']} points")
    for exercise in one["exercises"]:
        faults += _faults_of_exercise(entry, exercise)
    text = json.dumps(one, ensure_ascii=False)
    faults += [f"not said: {words}" for words in entry.says if words not in text]
    shown = text + result.pages[entry.name]
    return faults + [f"said: {words}" for words in (IN_SIGHT, result.word) if words in shown]


def faults_of_outputs(result):
    """Say what in the files that grading wrote may do harm: markup, steering characters, size, triggers."""
    faults = [f"said: {result.said!r}"] if STEERING.search(result.said) else []
    for path in sorted(path for path in result.out.rglob("*") if path.suffix in (".html", ".json", ".csv", ".txt")):
        text = path.read_text("utf-8")
        found = [markup for markup in MARKUP if path.suffix == ".html" and markup in text]
        found += [repr(sign) for sign in sorted(set(STEERING.findall(_unescaped(path, text))))]
        found += [f"{len(text):,} characters"] if len(text) > LARGEST and path.parent != result.out else []
        faults += [f"{path.relative_to(result.out)}: {', '.join(found)}"] if found else []
    return faults


def _unescaped(path, text):
    return "".join(_texts(json.loads(text))) if path.name == "report.json" else text


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _faults_of_exercise(entry, exercise):
    name, score = exercise["name"], exercise["score"]
    allowed = entry.points.get(name, FULL[name])
    allowed = worth(name, entry.answers[name]) if allowed == JUDGED else allowed
    outcomes = one_or_more(entry.stops.get(name, (*entry.outcomes, "graded", "blank")))
    outcomes = ("graded",) if score == FULL[name] else outcomes
    faults = [] if score in one_or_more(allowed) else [f"{name}: {score} points, not {allowed}: {exercise['reasons']}"]
    if exercise["outcome"] not in outcomes:
        faults.append(f"{name}: {exercise['outcome']}, not {outcomes}: {exercise['reasons']}")
    if bool(exercise["reasons"]) != (score < FULL[name]):
        faults.append(f"{name}: {score} points, and the reasons {exercise['reasons']}")
    return faults


@functools.cache
def worth(name, source):
    """Points of a harmless answer, judged here, without a kernel."""
    exercise, defined = exercise_named(name), {"np": np, "k_nearest": k_nearest, "angular_hash": angular_hash}
    exec(source, defined)
    answered = ask(exercise, defined[name], exercise.questions, lambda q: exercise.generator(q, b"any secret"))
    return judge(exercise, answered).score


def _in_order(entries, seed):
    """Name the folders so that grading, which goes by name, comes to them in an order that `seed` draws."""
    order = sorted(entries, key=lambda entry: entry.name)
    random.Random(seed).shuffle(order)
    places = {entry.name: place for place, entry in enumerate(order)}
    for entry in entries:
        if places.get(entry.after, -1) > places[entry.name]:
            places[entry.name], places[entry.after] = places[entry.after], places[entry.name]
    return {entry.student or f"{places[entry.name]:03}-{entry.name}": entry for entry in entries}


def _hand_in(submissions, entries, right, told):
    """Write what is handed in. Returns the entries' names by the folder's name, and by the notebook's digest."""
    names = {}
    for number, (student, entry) in enumerate(entries.items()):
        folder = Path(os.fsdecode(os.path.join(os.fsencode(submissions), os.fsencode(student)))) / LAB.name
        folder.mkdir(parents=True)
        content = _content_of(entry, right, told) + b" " * number  # so that no two are the same
        if entry.files:
            entry.files(folder, content, told)
        else:
            (folder / f"{LAB.name}.ipynb").write_bytes(content)
        names |= {student: entry.name, hashlib.sha256(content).hexdigest(): entry.name}
    return names


def _content_of(entry, right, told):
    notebook = with_answers(right, entry.answers)
    notebook = {**notebook, "cells": _framed(notebook["cells"], entry)}
    content = as_bytes(entry.notebook(notebook) if entry.notebook else notebook)
    content = entry.content(content) if entry.content else content
    for name, place in told.items():
        content = content.replace(name.encode(), place.encode())
    return content


def _framed(cells, entry):
    first = [own_cell(entry.first, 1)] if entry.first else []
    last = [own_cell(entry.last, 2)] if entry.last else []
    return [*first, *cells, *last]


def _grade(folder, limits):
    """Run the command. Returns its exit code, what it printed, and the seconds that each student took."""
    seconds = {}

    def noted(taken, found):
        graded = graded_of(taken, found)
        seconds[taken.folder] = graded.times.wall if graded.times else 0.0
        return graded

    graded_of = run.graded_of
    # one job: what is looked at here, temporary folders and memory, is that of this process
    arguments = ["grade", str(folder / "submissions"), "--out", str(folder / "out"), "--lab", LAB.name, "--jobs", "1"]
    with (
        mock.patch.object(grade, "limits", lambda: limits),
        mock.patch.object(run, "graded_of", noted),
        contextlib.redirect_stdout(io.StringIO()) as said,
    ):
        code = main([*arguments, "--secret", str(folder / "secret")])
    return code, said.getvalue(), seconds


def _found(report, handed_in):
    """The report's entries by their names in the catalogue."""
    found = {}
    for one in report["submissions"]:
        name = handed_in.get(one["sha256"]) or handed_in.get(one["student"])
        found |= {name: one} if name else {}
    return found


def _page(out, one):
    path = out / "feedback" / one["student"] / LAB.name / f"{LAB.name}.html"
    return path.read_text("utf-8") if path.is_file() else ""
