"""Grading hand-ins of odd names and odd contents: each has its row and its reason, nobody else loses a point by it.

None of these starts a kernel: what is refused is refused before.
"""

import csv
import errno
import hashlib
import json
import os
import random
import shutil
import time
from collections import defaultdict

import pytest

from autograder.__main__ import main
from autograder.grading import handed_in, opening
from autograder.grading import run as grading
from autograder.grading.examine import Result
from autograder.grading.gradebook import Gradebook, GradebookFault
from autograder.grading.handed_in import MOST_KEPT, keep
from autograder.grading.intake import Submission, take_in
from autograder.grading.judged import _as_shown, write_outputs
from autograder.grading.names import student_id
from autograder.grading.reading import read_notebook
from autograder.grading.rebuild import is_own, rebuild
from autograder.grading.sample import as_bytes, with_answers
from autograder.grading.sandbox import tiers
from autograder.grading.work import How

pytestmark = pytest.mark.skipif(os.name != "posix", reason="names of POSIX")
LAB = "lab03_angular_lsh"
NAMES = (
    "ann",
    "Jos\udce9",
    "line\nbreak",
    " blank ",
    "Ann\u00a0Smith",
    "Jose\u0301",
    ".hidden",
    "rtl\u202ename",
    "\x1b[31mred",
    "=cmd",
    "a[b]*?",
    "a+b",
    "x" * 255,
    "feedback",
    "nbgrader",
    "...",
    "<b>&",
    "(?P<student_id>.*)",
)
FILES = {
    "truncated": b'{"cells": [',
    "worksheets": b'{"nbformat": 4, "worksheets": []}',
    "latin": b"\xe9",
    "nothing": b"",
    "steering": b'{"nbformat": "\\u001b[31m\\u202e\\ud800", "cells": []}',
}


def put(folder, student, content=b"", name=f"{LAB}.ipynb"):
    path = folder / student / LAB / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The folder of one run on all the names and files, beside a file and a link outside."""
    folder = tmp_path_factory.mktemp("strangers")
    (folder / "secret").write_bytes(b"a secret that only these tests use")
    for student in NAMES:
        put(folder / "in", student, b"{")
    for student, content in FILES.items():
        put(folder / "in", student, content)
    put(folder / "in", "__MACOSX")
    (folder / "in" / "loose\x1b.ipynb").write_bytes(b"")
    (folder / "in" / "linked").symlink_to(folder)
    (folder / "roster.csv").write_text("id,email\nann,x@y.z\ncleo,c@y.z\n", "utf-8")
    arguments = [
        "--out",
        str(folder / "out"),
        "--secret",
        str(folder / "secret"),
        "--roster",
        str(folder / "roster.csv"),
    ]
    before = {path for path in folder.rglob("*") if (folder / "out") not in path.parents}
    assert main(["grade", str(folder / "in"), "--lab", LAB, *arguments]) == 0
    assert {path for path in folder.rglob("*") if (folder / "out") not in path.parents} - {folder / "out"} == before
    return folder / "out"


@pytest.fixture(scope="module")
def rows(graded):
    return {one["student"]: one for one in json.loads((graded / "report.json").read_text("utf-8"))["submissions"]}


def test_everybody_has_an_outcome_with_a_reason(rows):
    assert set(rows) == {student_id(name) for name in (*NAMES, *FILES, "linked", "cleo")}
    for student, one in rows.items():
        assert one["outcome"] == ("missing" if student == "cleo" else "unreadable"), one
        assert one["score"] == 0 and one["notes"][0] and all(exercise["reasons"] for exercise in one["exercises"])


def test_everybody_has_a_row_in_the_gradebook_and_feedback(graded, rows):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as gradebook:
        assert {student.id for student in gradebook.students} == set(rows)
        for student in rows:
            assert gradebook.find_submission(LAB, student).score == 0
    for student in rows:
        assert (graded / "feedback" / student / LAB / f"{LAB}.html").is_file()


def test_no_text_that_is_written_steers(graded):
    steers = set("\x00\x07\x0b\x1b\u202e\u2066\u2028")
    for path in (
        graded / "report.json",
        graded / "report.html",
        graded / "grades.csv",
        *graded.rglob("feedback/**/*.html"),
    ):
        assert not steers & set(path.read_text("utf-8")), path


def test_the_table_for_spreadsheets_holds_every_row_and_no_formula(graded, rows):
    table = list(csv.DictReader((graded / "grades.csv").read_text("utf-8").splitlines()))
    assert [row["student"] for row in table] == [one["student"] for one in rows.values()]
    assert not [row for row in table if row["student"].startswith(("=", "+", "-", "@"))]


def test_what_lies_loose_is_named(graded):
    assert "loose\\x1b.ipynb" in (graded / "report.html").read_text("utf-8")


def test_the_bytes_that_were_handed_in_are_kept_with_their_digest(graded, rows):
    for student in FILES:
        digest = rows[student]["sha256"]
        assert (graded / "handed_in" / student / LAB / f"{digest[:16]}.ipynb").read_bytes() == FILES[student]
    assert not (graded / "handed_in" / "linked").exists()


def test_earlier_hand_ins_are_kept_too_and_not_without_end(tmp_path):
    for number in range(MOST_KEPT + 5):
        path = put(tmp_path / "in", "ann", b"x" * number)
        os.utime(path, (number, number))
        keep(tmp_path / "out", take_in(tmp_path / "in", "ann", LAB, set()))
        keep(tmp_path / "out", take_in(tmp_path / "in", "ann", LAB, set()))
        kept = list((tmp_path / "out" / "handed_in" / "ann" / LAB).iterdir())
        assert len(kept) == min(number + 1, MOST_KEPT)


def test_what_one_student_hands_in_again_and_again_takes_50_mb_and_the_newest_of_each_lab(tmp_path, monkeypatch):
    monkeypatch.setattr(handed_in, "MOST_BYTES", 1000)
    kept = tmp_path / "out" / "handed_in" / "ann"

    def sizes_after(lab, size):
        path = tmp_path / "x.ipynb"
        path.write_bytes(b"x" * size)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        keep(tmp_path / "out", Submission("ann", lab, path.name, digest, path=path))
        return sorted(file.stat().st_size for file in kept.rglob("*") if file.is_file())

    assert sizes_after("lab01", 400) == [400]
    assert sizes_after("lab01", 100) == [100, 400]
    assert sizes_after(LAB, 300) == [100, 300, 400]
    assert sizes_after(LAB, 301) == [100, 300, 301]  # 1102 would be too much
    assert sizes_after(LAB, 2000) == [100, 2000]  # the newest of each, and nothing else
    assert sizes_after(LAB, 301) == [100, 301]
    assert sizes_after(LAB, 302) == [100, 301, 302]
    assert sizes_after(LAB, 301) == [100, 301, 302]  # again the newest
    assert sizes_after(LAB, 500) == [100, 301, 500]


def test_in_another_order_every_row_is_the_same(graded, rows, tmp_path, lab, release, secret, quick):
    students = [*FILES, "ann", "Jos\udce9", ".hidden"]
    random.Random(0).shuffle(students)
    for student in students:
        shutil.copytree(graded.parent / "in" / student, tmp_path / student)
    for student in students:
        one, *_ = grading.grade_one(tmp_path, student, lab, release, secret, quick)
        assert list(one.notes) == rows[student_id(student)]["notes"] and one.outcome == "unreadable"


def test_what_nobody_foresaw_in_a_file_is_the_file_s_fault(tmp_path, lab, release, secret, quick, monkeypatch):
    put(tmp_path, "ann", b"{}")
    monkeypatch.setattr(grading, "take_in", lambda *_: 1 / 0)
    one, notebook, _ = grading.grade_one(tmp_path, "ann", lab, release, secret, quick)
    assert one.outcome == "unreadable" and one.score == 0 and "ZeroDivisionError" in one.notes[0] and notebook.cells


@pytest.mark.parametrize(
    "source",
    [
        "a." * 50_000,
        "a.\n" * 30_000,
        "from " + "\n" * 90_000,
        "import a,\\\n" * 9_000,
        "1" + "\n" * 19_990 + "1",
        "1" + "\t\n" * 9_000,
        "1" + (" " * 490 + "\n") * 40,
        "1\n\n\n" * 6_000,
    ],
)
def test_what_is_shown_of_a_cell_is_short_enough_to_be_coloured(source):
    from nbconvert.filters.highlight import Highlight2HTML

    before = time.process_time()
    Highlight2HTML(pygments_lexer="ipython3")(_as_shown(source))
    assert time.process_time() - before < 2


def test_what_is_shown_of_a_notebook_is_short_enough_however_many_cells_it_has(release, right):
    many = json.loads(as_bytes(right))
    many["cells"] = [{"cell_type": "code", "source": "x = 1\n" * 3_000, "metadata": {}}] * 50 + many["cells"]
    notebook = rebuild(release, read_notebook(as_bytes(many))).notebook
    write_outputs(notebook, defaultdict(lambda: Result("", "graded", 0.0, 1, ())), {})
    assert sum(len(cell.source) for cell in notebook.cells) < 300_000
    assert "cut here" in [cell.source for cell in notebook.cells if cell.source.startswith("x = 1")][-1]


def test_a_disk_that_fails_is_nobody_s_fault(tmp_path, lab, release, secret, quick, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "Input/output error")

    put(tmp_path, "ann", b"{}")
    monkeypatch.setattr(opening.os, "open", fail)
    one, *_ = grading.grade_one(tmp_path, "ann", lab, release, secret, quick)
    assert one.outcome == "infrastructure-error" and one.score is None


def test_a_result_is_entered_without_the_answers_where_nbgrader_will_not_have_them(tmp_path, lab, right, quick, secret):
    class Picky(Gradebook):
        def enter(self, student, lab, notebook, *when):
            if any(is_own(cell) for cell in notebook.cells):
                raise GradebookFault("nbgrader refused the submission")
            return super().enter(student, lab, notebook, *when)

    own = with_answers(right, {})
    own["cells"].insert(0, {"cell_type": "code", "source": "x = 41 + 1", "metadata": {}})
    put(tmp_path / "in", "ann", as_bytes(own))
    out = tmp_path / "out"
    how = How(secret, quick, isolation=tiers.detect().name)
    for n_examined in (1, 0):  # and so it stays
        run = grading.grade_folder(tmp_path / "in", out, how=how, gradebook=Picky(out))
        (one,) = run.graded
        assert run.n_examined == n_examined and one.outcome == "graded" and one.score == one.max_score
        assert "without the answers: nbgrader refused the submission" in one.notes[-1]
        page = (out / "feedback" / "ann" / lab.name / f"{lab.name}.html").read_text("utf-8")
        assert "x = 41 + 1" not in page and "Score:" in page
