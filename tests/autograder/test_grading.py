"""Grading a folder: ten submissions in one batch and one by one, the gradebook, feedback, reports, and what is refused.

`EXPECTED` is the contract: the outcome and the exact points of each sample submission, and words its report must hold.
"""

import html.parser
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from autograder.__main__ import main
from autograder.checking.exercise import source_of
from autograder.checking.judge import ask, judge
from autograder.commands import grade
from autograder.exercises import LABS
from autograder.grading import report, work
from autograder.grading.run import grade_one
from autograder.grading.sample import as_bytes, sample_submissions, with_answers, write_sample
from autograder.grading.sandbox import tiers

EXERCISES = LABS["lab03_angular_lsh"].exercises
FULL = tuple(exercise.max_score for exercise in EXERCISES)
NOTHING = (0,) * len(FULL)


def of_first_mistake(exercise):
    """Points of the first known mistake, judged here, without a kernel."""
    answered = ask(exercise, exercise.mistakes[0].function, exercise.questions, lambda q: exercise.generator(q, b"any"))
    return judge(exercise, answered).score


EXPECTED = {
    "right": ("graded", FULL, ""),
    "half-right": ("graded", (*FULL[:2], *NOTHING[2:]), "not written yet"),
    "wrong": (
        "graded",
        tuple(map(of_first_mistake, EXERCISES)),
        "This is what you get when the argmax sees `y` alone",
    ),
    "blank": ("blank", NOTHING, "not written yet"),
    "warns": ("graded", FULL, ""),
    "endless-loop": ("timeout", (FULL[0], 0, *FULL[2:]), "no answer: it took longer than 2 seconds"),
    "dead-kernel": ("crashed", (FULL[0], 0, *FULL[2:]), "the answer cell stopped: its kernel died (exit status 1)"),
    "deleted-check": ("graded", FULL, f"the cell check_{EXERCISES[-1].name} was deleted; it was put back"),
    "doubled-id": (
        "graded",
        FULL,
        "the cell angular_hash came 2 times; all that are written were run, and the last definition counts",
    ),
    "unreadable": ("unreadable", NOTHING, "the file is not a notebook: it cannot be read from line"),
}


@pytest.fixture(scope="module")
def submissions(tmp_path_factory, lab):
    folder = tmp_path_factory.mktemp("submissions")
    assert set(write_sample(folder, lab)) == set(EXPECTED)
    return folder


@pytest.fixture(scope="module")
def secret_file(tmp_path_factory, secret):
    path = tmp_path_factory.mktemp("secret") / "secret"
    path.write_bytes(secret)
    return path


@pytest.fixture(scope="module")
def batch(tmp_path_factory, submissions, secret_file, quick):
    """The folder that one run of the command wrote for all ten, and what it said."""
    out = tmp_path_factory.mktemp("graded") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grade, "limits", lambda: quick)
        assert main(["grade", str(submissions), "--out", str(out), "--secret", str(secret_file)]) == 0
    return out


@pytest.fixture(scope="module")
def in_batch(batch):
    """The entries of report.json, by student."""
    return {one["student"]: one for one in json.loads((batch / "report.json").read_text("utf-8"))["submissions"]}


@pytest.mark.parametrize("student", EXPECTED)
def test_each_submission_comes_to_the_same_alone_and_in_the_batch(
    student, submissions, in_batch, lab, release, secret, quick, tmp_path
):
    outcome, points, words = EXPECTED[student]
    shutil.copytree(submissions / student, tmp_path / student)
    alone, *_ = grade_one(tmp_path, student, lab, release, secret, quick)
    (entry,) = json.loads(report.as_json([alone], tiers.detect()))["submissions"]
    assert entry == in_batch[student]
    assert entry["outcome"] == outcome
    assert tuple(exercise["score"] for exercise in entry["exercises"]) == points and entry["score"] == sum(points)
    assert words in json.dumps(entry, ensure_ascii=False)
    for exercise in entry["exercises"]:
        assert bool(exercise["reasons"]) == (exercise["score"] < exercise["max_score"])


def test_the_report_has_the_fields_it_promises(batch):
    text = json.loads((batch / "report.json").read_text("utf-8"))
    assert set(text) == {"isolation", "submissions"} and text["isolation"] == tiers.detect().name
    for one in text["submissions"]:
        fields = {"student", "lab", "file", "sha256", "outcome", "score", "max_score", "notes", "exercises"}
        assert set(one) == fields | {"late", "final_score"} and one["max_score"] == sum(FULL)
        for exercise in one["exercises"]:
            assert set(exercise) == {"name", "outcome", "score", "max_score", "reasons"}
    assert [one["student"] for one in text["submissions"]] == sorted(EXPECTED)


def test_the_gradebook_holds_the_same_points(batch, in_batch, lab):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{batch / 'gradebook.db'}") as gradebook:
        for student, entry in in_batch.items():
            submission = gradebook.find_submission(lab.name, student)
            assert (submission.score, submission.max_score) == (
                entry["score"],
                sum(FULL),
            ) and not submission.needs_manual_grade
            grades = {
                grade.name: grade.auto_score for (notebook,) in [submission.notebooks] for grade in notebook.grades
            }
            assert grades == {f"check_{exercise['name']}": exercise["score"] for exercise in entry["exercises"]}


def test_feedback_shows_points_and_reasons(batch, in_batch, lab):
    for student, entry in in_batch.items():
        page = Text.of(batch / "feedback" / student / lab.name / f"{lab.name}.html")
        assert f"(Score: {float(entry['score'])} / {float(sum(FULL))})" in page
        for reason in (reason for exercise in entry["exercises"] for reason in exercise["reasons"]):
            assert reason.replace("`", "") in page, student
    # what a cell printed is there, escaped, and costs nothing
    assert "this goes to stderr and costs nothing" in Text.of(batch / "feedback/warns" / lab.name / f"{lab.name}.html")


def test_the_report_for_a_person_is_one_page_complete_in_itself(batch, in_batch):
    raw = (batch / "report.html").read_text("utf-8")
    page = Text.of(batch / "report.html")
    assert f"isolation: {tiers.detect().name}" in page
    assert raw.startswith("<!DOCTYPE html>") and '<html lang="en">' in raw
    assert raw.count("<script") == 1 and "http://" not in raw and "https://" not in raw and " src=" not in raw
    assert (
        "1 of 8 (12 %), angular_hash: This is what you get when the argmax sees y alone" in page
    )  # eight of ten wrote angular_hash, one so
    for student, entry in in_batch.items():
        assert student in page and entry["outcome"] in page
        assert (batch / "feedback" / student).is_dir() and f'href="feedback/{student}/' in raw


def test_the_formgrader_opens_on_what_was_graded(batch, lab, tmp_path):
    command = [sys.executable, "-m", "autograder", "formgrader", str(batch), "--no-browser", "--port", "8931"]
    env = {**os.environ, "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    env.pop("JUPYTER_TOKEN", None)
    log = tmp_path / "log"
    with log.open("w") as said, subprocess.Popen(command, env=env, stdout=said, stderr=said) as server:
        try:
            site, _, token = _address(server, log).partition("/formgrader?token=")
            assert "<title>nbgrader" in _fetched(f"{site}/formgrader?token={token}")
            assert lab.name in _fetched(f"{site}/formgrader/api/assignments?token={token}")
            entries = json.loads(_fetched(f"{site}/formgrader/api/submissions/{lab.name}?token={token}"))
            assert {entry["student"]: entry["score"] for entry in entries if entry["autograded"]} == {
                student: float(sum(points)) for student, (_, points, _) in EXPECTED.items()
            }
            api = f"{site}/formgrader/api/submitted_notebooks/{lab.name}/{lab.name}?token={token}"
            wrong = next(one["id"] for one in json.loads(_fetched(api)) if one["student"] == "wrong")
            assert "This is what you get when" in _fetched(f"{site}/formgrader/submissions/{wrong}?token={token}")
        finally:
            server.terminate()


def _address(server, log):
    """Wait until the server says where it is; it does so once it listens."""
    end = time.monotonic() + 120
    while server.poll() is None and time.monotonic() < end:
        found = re.search(r"http://\S+/formgrader\?token=\w+(?=\n)", log.read_text("utf-8"))
        if found:
            return found.group()
        time.sleep(0.2)
    raise AssertionError(log.read_text("utf-8"))


def _fetched(url):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor())
    with opener.open(url, timeout=60) as answer:
        assert answer.status == 200
        return answer.read().decode("utf-8")


def test_nbgrader_s_talk_is_kept_in_a_file(batch):
    assert "Converting notebook" in (batch / "nbgrader.log").read_text("utf-8")


@pytest.fixture
def two(tmp_path, lab, right):
    """A folder with two students, one of them with a name and a message full of markup."""
    hostile = {
        "angular_hash": "def angular_hash(v, r):\n    raise ValueError('<script>alert(1)</script>')\n",
        "offset_rounds": "print('<script>alert(2)</script>')\n",
    }
    for student, notebook in (("ann", right), ("<b>[x]*&", with_answers(right, hostile))):
        path = tmp_path / "in" / student / lab.name / f"{lab.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(as_bytes(notebook))
    return tmp_path


def test_a_regrade_gives_the_same_report_and_keeps_what_a_person_entered(two, lab, secret_file, capsys):
    from nbgrader.api import Gradebook

    arguments = ["grade", str(two / "in"), "--out", str(two / "out"), "--secret", str(secret_file), "--lab", lab.name]
    roster = two / "roster.txt"
    roster.write_text("ann\ncleo\n\n", "utf-8")
    assert main([*arguments, "--roster", str(roster)]) == 0
    told = capsys.readouterr().out
    assert f"isolation: {tiers.detect().name}" in told
    assert "report.html" in told and "cleo" in told and "missing" in told
    reports = reports_in(two / "out")
    assert main([*arguments, "--roster", str(roster)]) == 0
    assert reports == reports_in(two / "out")
    with Gradebook(f"sqlite:///{two / 'out' / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("check_offset_rounds", lab.name, lab.name, "<b>[x]*&")
        grade.manual_score = 3.0
        gradebook.db.commit()
    assert main([*arguments, "--roster", str(roster)]) == 0
    before, after = (json.loads(one[0])["submissions"] for one in (reports, reports_in(two / "out")))
    assert (before[0].pop("notes"), len(notes := after[0].pop("notes"))) == ([], 1) and before == after
    assert "a person gave points in the gradebook: with them it counts 34 points" in notes[0]
    with sqlite3.connect(two / "out" / "gradebook.db") as database:
        scores = database.execute(
            "select auto_score, manual_score from grade where manual_score is not null"
        ).fetchall()
    assert scores == [(0.0, 3.0)]
    for page in (two / "out").rglob("*.html"):
        assert "<script>alert" not in page.read_text("utf-8"), page


def reports_in(out):
    """The reports as text, without the times of this run."""
    texts = [(out / name).read_text("utf-8") for name in ("report.json", "report.html")]
    return [re.sub(r'<(\w+) class="time".*?</\1>', "", text) for text in texts]


def test_an_answer_with_the_code_of_the_last_hint_is_noted_and_counts_what_the_instructor_says(
    tmp_path, lab, right, secret_file
):
    twins = {exercise.name: source_of(exercise.twin) for exercise in lab.exercises[:1]}
    path = tmp_path / "in" / "ann" / lab.name / f"{lab.name}.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(as_bytes(with_answers(right, twins)))
    arguments = ["grade", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--secret", str(secret_file)]
    note = f"the answer to {EXERCISES[0].name} has the code of its last hint; one can come to the same code alone"
    for share, words in ((1, "it counts in full"), (0.5, "counts 50 % of its points here"), (0, "counts 0 %")):
        assert main([*arguments, *(["--hint-share", str(share)] if share < 1 else [])]) == 0
        (entry,) = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["submissions"]
        assert entry["notes"] == [note] and note in Text.of(tmp_path / "out" / "report.html")
        assert [one["score"] for one in entry["exercises"]] == [share * FULL[0], *FULL[1:]]
        assert (words in json.dumps(entry)) == (share < 1)
        page = Text.of(tmp_path / "out" / "feedback" / "ann" / lab.name / f"{lab.name}.html")
        assert words in page and f"(Score: {float(entry['score'])} / {float(sum(FULL))})" in page


def test_a_fault_of_the_machine_is_reported_and_never_scored(two, lab, secret_file, monkeypatch, capsys):
    def out_of_order(*arguments):
        tries.append(arguments)
        raise OSError("no space left on device")

    tries = []
    monkeypatch.setattr(work, "examine", out_of_order)
    shutil.rmtree(two / "in" / "<b>[x]*&")
    arguments = ["grade", str(two / "in"), "--out", str(two / "out"), "--secret", str(secret_file), "--jobs", "1"]
    assert main(arguments) == 3
    assert len(tries) == 2
    (entry,) = json.loads((two / "out" / "report.json").read_text("utf-8"))["submissions"]
    assert entry["outcome"] == "infrastructure-error" and entry["score"] is None
    assert all(exercise["score"] is None for exercise in entry["exercises"])
    assert "no space left on device" in entry["notes"][-1]
    assert "not scored" in Text.of(two / "out" / "report.html") and "grade again" in capsys.readouterr().out
    with sqlite3.connect(two / "out" / "gradebook.db") as database:
        assert database.execute("select * from submitted_assignment").fetchall() == []


def test_what_cannot_be_graded_is_refused_in_one_sentence(tmp_path, lab, secret_file, capsys):
    students, empty, other = tmp_path / "in", tmp_path / "empty", tmp_path / "other"
    (students / "ann" / lab.name).mkdir(parents=True)
    (students / "ann" / lab.name / f"{lab.name}.ipynb").write_text("{}", "utf-8")
    empty.mkdir()
    (other / "ann" / "lab99").mkdir(parents=True)
    (tmp_path / "short").write_text("abc", "utf-8")
    (tmp_path / "outside").write_text("ann\n../../etc\n", "utf-8")
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine", "utf-8")
    out = str(tmp_path / "out")
    for arguments, words in [
        ([str(tmp_path / "none"), "--out", out], "there is no folder"),
        ([str(empty), "--out", out, "--lab", lab.name], "is empty"),
        ([str(other), "--out", out], "no student in"),
        (
            [str(students), "--out", out, "--lab", "lab99"],
            "there is no lab called 'lab99'; there are:",
        ),
        ([str(students), "--out", str(students / "out")], "lies inside"),
        ([str(students), "--out", str(foreign)], "was not made by grading"),
        ([str(students), "--out", str(tmp_path / "short")], "was not made by grading"),
        ([str(students), "--out", "/dev/null/out"], "cannot be written"),
        ([str(students), "--out", out, "--hint-share", "1.5"], "--hint-share needs a number from 0 to 1, got '1.5'"),
        ([str(students), "--out", out, "--hint-share", "half"], "--hint-share needs a number from 0 to 1, got 'half'"),
        ([str(students), "--out", out, "--hint-share", "nan"], "--hint-share needs a number from 0 to 1, got 'nan'"),
        ([str(students), "--out", out, "--roster", str(tmp_path / "none")], "roster"),
        ([str(students), "--out", out, "--roster", str(tmp_path / "outside")], "line 2 of the roster, '../../etc'"),
        ([str(tmp_path / "short"), "--out", out], "is an archive; say which one lab"),
        ([str(tmp_path / "short"), "--out", out, "--lab", lab.name], "no zip archive"),
        ([str(students), "--out", out, "--secret", str(tmp_path / "none")], "secret"),
        ([str(students), "--out", out, "--secret", str(tmp_path / "short")], "at least 16"),
    ]:
        secret = [] if "--secret" in arguments else ["--secret", str(secret_file)]
        assert main(["grade", *arguments, *secret]) == 2, arguments
        said = capsys.readouterr()
        assert words in said.err and said.err.count("\n") == 1 and "Traceback" not in said.err
    assert not any(path.name == "gradebook.db" for path in tmp_path.rglob("*"))
    assert main(["formgrader", str(empty)]) == 2 and "was not made by grading" in capsys.readouterr().err
    assert main(["sample", str(foreign)]) == 2 and "not an empty folder" in capsys.readouterr().err


def test_help_explains_each_command(capsys):
    for command in ("grade", "collect", "labs", "formgrader", "selftest", "sample"):
        with pytest.raises(SystemExit) as stop:
            main([command, "--help"])
        assert stop.value.code == 0 and len(capsys.readouterr().out) > 150


def test_a_sample_is_the_same_every_time(lab):
    assert sample_submissions(lab) == sample_submissions(lab)


class Text(html.parser.HTMLParser):
    """The text of a page, without its style."""

    @classmethod
    def of(cls, path):
        parser = cls()
        parser.parts, parser.quiet = [], False
        parser.feed(Path(path).read_text("utf-8"))
        return " ".join("".join(parser.parts).split())

    def handle_starttag(self, tag, attributes):
        self.quiet = tag in ("style", "script")

    def handle_data(self, data):
        self.parts.append("" if self.quiet else data)
