"""Feedback handed back: collected from Moodle's zip, graded, amended by a person, and packed as Moodle takes it."""

import csv
import json
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import datetime

import pytest

from autograder.__main__ import main
from autograder.checking.laptop import prose
from autograder.exercises import LABS
from autograder.grading.collected import add_names, read_names
from autograder.grading.feedback import FOR_STUDENTS, Told, _places, as_text, read_told
from autograder.grading.grades import Grade, Points, read_grades
from autograder.grading.intake import left_out, students_in
from autograder.grading.names import folder_name
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.sample import answers_of, as_bytes, mistaken, with_answers, without
from autograder.grading.sources import notes_on_source

LAB = "lab03_angular_lsh"
FIRST, SECOND, *_ = LABS[LAB].exercises
ANN, JOSE, BOB = "Ann Smith_1234567", "José <b>M. O'Hara_1234568", "Bob_99 Doe_1234569"
LINES = "=Cy|\nDee_1234570"
FOLDER = "_assignsubmission_file_"
COMMENT = "Nearly! Look at <b>argmax</b> \u202eagain.\nThen ask me: " + "x" * 100


@pytest.fixture(scope="module")
def graded(tmp_path_factory, secret):
    """OUT, of a zip as Moodle gives it: one notebook that runs, two that cannot be read, and one who sent nothing."""
    place = tmp_path_factory.mktemp("handed_back")
    blank = json.loads((ROOT / "labs" / LAB / f"{LAB}.ipynb").read_text(encoding="utf-8"))
    answers = {FIRST.name: mistaken(FIRST), SECOND.name: answers_of(LABS[LAB])[SECOND.name]}
    with zipfile.ZipFile(place / "moodle.zip", "w") as archive:
        notebook = without(with_answers(blank, answers), f"check_{SECOND.name}")
        archive.writestr(f"{ANN}{FOLDER}/{LAB}.ipynb", as_bytes(notebook))
        for student in (JOSE, LINES):
            archive.writestr(f"{student}{FOLDER}/{LAB}.ipynb", "no notebook")
        archive.writestr(f"{BOB}{FOLDER}/", "")
    (place / "secret").write_bytes(secret)
    assert main(["collect", str(place / "moodle.zip"), "--lab", LAB, "--out", str(place / "in")]) == 0
    assert left_out(place / "in") == [] and len(students_in(place / "in")) == 4
    out = place / "out"
    assert main(["grade", str(place / "in"), "--out", str(out), "--secret", str(place / "secret")]) == 0
    by_hand(out)
    assert main(["feedback", str(out), "--for", "moodle"]) == 0
    return out


def by_hand(out):
    """What a person enters in the formgrader: a score, something extra, a comment, and that it came late."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{out / 'gradebook.db'}") as gradebook:
        gradebook.find_grade(f"check_{FIRST.name}", LAB, LAB, "Ann Smith").manual_score = 2.5
        gradebook.find_grade(f"check_{SECOND.name}", LAB, LAB, "Ann Smith").extra_credit = 1.0
        gradebook.find_comment(FIRST.name, LAB, LAB, "Ann Smith").manual_comment = COMMENT
        submission = gradebook.find_submission(LAB, "Ann Smith")
        submission.timestamp, gradebook.find_assignment(LAB).duedate = datetime(2026, 1, 2, 3, 4), datetime(2026, 1, 2)
        submission.notebooks[0].late_submission_penalty = 3.0
        gradebook.db.commit()


def packed(out):
    with zipfile.ZipFile(out / "hand_back" / f"{LAB}.zip") as archive:
        return {name: archive.read(name).decode("utf-8") for name in archive.namelist()}


def test_moodle_gets_its_own_folders_back_and_a_number_in_a_name_is_none(graded):
    folders = [f"{student}{FOLDER}" for student in (ANN, JOSE, LINES, "Bob 99 Doe_1234569")]
    assert set(packed(graded)) == {f"{folder}/{LAB}{suffix}" for folder in folders for suffix in (".html", ".txt")}
    for folder in folders:  # as Moodle reads it
        name, number, subtype, plugin, _ = folder.split("_", 4)
        assert number.isdigit() and (subtype, plugin) == ("assignsubmission", "file"), name
    assert [path.name for path in (graded / "hand_back").iterdir()] == [f"{LAB}.zip"]


def test_the_text_says_what_a_person_entered_and_what_the_tests_gave(graded):
    text = packed(graded)[f"{ANN}{FOLDER}/{LAB}.txt"]
    tests = read_grades(graded)["Ann Smith", LAB].points[FIRST.name].tests
    total = 2.5 + SECOND.max_score + 1
    most = sum(exercise.max_score for exercise in LABS[LAB].exercises)
    for words in (
        f"Points: {total:g} of {most}\nLate by 3 h 4 min: 3 points less\nFinal score: {total - 3:g} of {most}\n",
        f"1. {FIRST.name}: 2.5 of {FIRST.max_score} points, given by a person (the tests gave {tests:g})\n",
        f"2. {SECOND.name}: {SECOND.max_score + 1} of {SECOND.max_score} points, 1 of them extra\n",
        "   Comment: Nearly! Look at <b>argmax</b> again.\n   Then ask me: xxxx",
        f"- the cell check_{SECOND.name} was deleted; it was put back\n",
    ):
        assert words in text, text
    assert max(map(len, text.splitlines())) <= 78 and "\u202e" not in text
    told = read_told(graded / "nbgrader" / "autograded" / "Ann Smith" / LAB / f"{LAB}.ipynb")
    assert list(told) == [exercise.name for exercise in LABS[LAB].exercises] and told[FIRST.name].sentences
    for sentence in (sentence for one in told.values() for sentence in one.sentences):
        assert " ".join(sentence.split()) in " ".join(text.split())


def test_the_page_is_made_anew_and_shows_the_same(graded):
    page = packed(graded)[f"{ANN}{FOLDER}/{LAB}.html"]
    assert f"(Score: {2.5 + SECOND.max_score + 1 - 3} / " in page and "(Score: 2.5 / " in page
    assert "Then ask me:" in page


def test_a_note_for_the_instructor_reaches_no_student(graded):
    report = json.loads((graded / "report.json").read_text("utf-8"))
    (entry,) = [one for one in report["submissions"] if one["student"] == "Ann Smith"]
    code = f"the answer to {SECOND.name} has the code of"
    assert [note for note in entry["notes"] if note.startswith(code)]
    for name, content in packed(graded).items():
        assert "one can come to the same code alone" not in content
        assert "the code of" not in content or name.endswith(".html")  # where the lab itself says it


def test_of_the_notes_only_what_became_of_the_hand_in_is_for_students():
    source = "import sklearn\nopen('../solutions/lab03_angular_lsh.ipynb')\nfrom reformer.angular import angular_hash\n"
    notes = notes_on_source(LABS[LAB], FIRST, [source, answers_of(LABS[LAB])[FIRST.name]])
    notes += [
        "angular_hash: right on all questions that students see, on no other",
        "the feedback shows the lab without the answers: nbgrader refused it",
        "the folder is called 'x'; in the gradebook it is x~1",
        "what was handed in could not be kept (OSError: /home/x)",
        "the loop twin of angular_hash could not be put in place: its kernel had stopped",
        "not graded, OSError: /home/x",
    ]
    assert len(notes) > 7 and not [note for note in notes if FOR_STUDENTS.match(note)]
    for note in (
        "the cell angular_hash was changed; the course's own was used",
        "the cell angular_hash came 2 times; nothing is written in them",
        "the notebook lies in ann/x and not in ann/lab03_angular_lsh; it was known by its cells",
        "a cell of the student's own behind the cell imports stopped: KeyError: 'a'",
        "output-limit: the answer cell of angular_hash printed more than can be read; the rest is left out",
    ):
        assert FOR_STUDENTS.match(note)


def test_who_could_not_be_read_is_told_why(graded):
    for student in (JOSE, LINES):
        text = packed(graded)[f"{student}{FOLDER}/{LAB}.txt"]
        assert "\nPoints: 0 of " in text and "What happened: unreadable, the file is no notebook" in text
        assert "the file is not a notebook" in text
    first = packed(graded)[f"{LINES}{FOLDER}/{LAB}.txt"].splitlines()[0]
    assert first == f"{LAB}: feedback for {folder_name(LINES.rpartition('_')[0])}"
    assert "no notebook was handed in" in packed(graded)[f"Bob 99 Doe_1234569{FOLDER}/{LAB}.txt"]


def test_a_platform_that_is_not_theirs_is_said_and_they_are_packed_plainly(graded, tmp_path, capsys):
    out = copied(graded, tmp_path)
    assert main(["feedback", str(out), "--for", "canvas", "--student", "Ann Smith"]) == 0
    assert "is not known, so they are packed plainly: Ann Smith." in capsys.readouterr().out
    assert set(packed(out)) == {f"Ann Smith/{LAB}.html", f"Ann Smith/{LAB}.txt"}
    before = (out / "hand_back" / f"{LAB}.zip").read_bytes()
    assert main(["feedback", str(out), "--student", "Ann Smith", "--lab", LAB]) == 0
    assert (out / "hand_back" / f"{LAB}.zip").read_bytes() == before  # of the same gradebook
    add_names(out, {("Ann Smith", LAB): "smithann_LATE_12_34_my lab.ipynb"})
    assert main(["feedback", str(out), "--for", "canvas", "--student", "Ann Smith"]) == 0
    assert set(packed(out)) == {f"smithann_LATE_12_34_{LAB}.html"}


@pytest.mark.parametrize(
    ("platform", "name", "place"),
    [
        ("moodle", f"Ann Smith_12{FOLDER}", f"Ann Smith_12{FOLDER}/{LAB}.html"),
        ("moodle", "Ann Smith_12_assignsubmission_file", f"Ann Smith_12_assignsubmission_file/{LAB}.html"),
        ("moodle", f"Ann Smith_12{FOLDER}mine_1.ipynb", f"Ann Smith_12{FOLDER}/{LAB}.html"),
        ("moodle", f" _7_Eve_12{FOLDER}", f"  7 Eve_12{FOLDER}/{LAB}.html"),
        ("canvas", "smithann_12_34_lab_5_6.ipynb", f"smithann_12_34_{LAB}.html"),
        ("canvas", f"Ann Smith_12{FOLDER}", None),
        ("moodle", "smithann_12_34_lab.ipynb", None),
        ("moodle", "ann", None),
    ],
)
def test_a_file_is_called_as_the_platform_called_the_hand_in(platform, name, place):
    assert _places("ann", LAB, platform, name).get(".html") == place


def test_who_could_not_be_graded_gets_nothing_and_the_exit_code_says_so(graded, tmp_path, capsys):
    out = copied(graded, tmp_path)
    report = json.loads((out / "report.json").read_text("utf-8"))
    for one in report["submissions"]:
        one["outcome"] = "infrastructure-error"
    (out / "report.json").write_text(json.dumps(report), "utf-8")
    (out / "hand_back" / f"{LAB}.zip").unlink()
    assert main(["feedback", str(out)]) == 3
    said = capsys.readouterr().out
    assert "There is nothing to hand back." in said and "Not graded, through no fault of the students" in said
    assert not (out / "hand_back" / f"{LAB}.zip").exists()


def copied(graded, tmp_path):
    return shutil.copytree(graded, tmp_path / "out")


def test_what_there_is_not_is_refused_in_one_sentence(graded, tmp_path, capsys):
    for name in ("empty", "none", "damaged"):
        (tmp_path / name).mkdir()
    for name in ("none", "damaged"):
        shutil.copy(graded / "nbgrader_config.py", tmp_path / name)
    (tmp_path / "damaged" / "gradebook.db").write_bytes(b"no database" * 1000)
    (graded / "export.csv").touch()  # of an export before
    for arguments, words in (
        (["feedback", str(tmp_path / "empty")], "was not made by grading"),
        (["feedback", str(graded), "--student", "nobody"], "there is no student 'nobody'"),
        (["feedback", str(graded), "--lab", "lab99"], "there is no lab 'lab99'"),
        (["export", str(tmp_path / "empty")], "was not made by grading"),
        (["export", str(graded), "--lab", "lab99"], "there is no lab 'lab99'"),
        (["feedback", str(tmp_path / "none")], "there is no gradebook in"),
        (["export", str(tmp_path / "damaged")], "cannot be read"),
        (["export", str(graded), "--roster", str(tmp_path / "none")], f"{tmp_path / 'none'} cannot be read"),
        (["export", str(graded), "--to", str(tmp_path / "nowhere" / "x.csv")], "cannot be written"),
    ):
        assert main(arguments) == 2, arguments
        said = capsys.readouterr().err
        assert words in said and said.count("\n") == 1
    assert not (tmp_path / "none" / "gradebook.db").exists()
    roster = tmp_path / "roster.csv"
    roster.write_text("Username\nAnn Smith\n")
    assert main(["export", str(graded), "--roster", str(roster), "--to", str(roster)]) == 2
    assert "is the roster itself" in capsys.readouterr().err and roster.read_text() == "Username\nAnn Smith\n"


def test_grades_by_hand_and_for_coming_late_are_in_the_export(graded, tmp_path, capsys):
    total = 2.5 + SECOND.max_score + 1
    for options, score in (([], total - 3), (["--points", "raw"], total)):
        assert main(["export", str(graded), "--to", str(tmp_path / "x.csv"), *options]) == 0
        rows = dict(csv.reader((tmp_path / "x.csv").open(encoding="utf-8", newline="")))
        assert rows["student"] == LAB and rows["Ann Smith"] == f"{score:g}" and rows["José <b>M. O'Hara"] == "0"
        assert not [name for name in rows if name.startswith("=")]
    sheet = 'Identifier,"Full name",Grade,"Maximum grade"\nParticipant 1234567,"Ann Smith",,55.00\n'
    (tmp_path / "sheet.csv").write_text(sheet + "Participant 7,Cleo,,55.00\n", "utf-8")
    capsys.readouterr()
    assert main(["export", str(graded), "--roster", str(tmp_path / "sheet.csv"), "--to", str(tmp_path / "y.csv")]) == 0
    filled = sheet.replace('"Ann Smith",,', f"Ann Smith,{total - 3:g},").replace('"', "")
    assert (tmp_path / "y.csv").read_text("utf-8") == filled + "Participant 7,Cleo,,55.00\n"
    said = capsys.readouterr().out
    assert "Filled: Grade." in said and "Graded, and not in the roster: " in said and "Cleo" not in said


def test_nbgrader_s_own_export_works_in_the_folder(graded):
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "nbgrader", "export", "--to", "theirs.csv"]
    subprocess.run(command, cwd=graded, env=env, check=True, capture_output=True, timeout=120)
    rows = {row["student_id"]: row for row in csv.DictReader((graded / "theirs.csv").open(encoding="utf-8"))}
    grades = read_grades(graded)
    assert len(rows) == len(grades) == 4
    for (student, _), grade in grades.items():
        theirs = [float(rows[student][name]) for name in ("raw_score", "score", "max_score")]
        assert theirs == [grade.score, grade.final_score, grade.max_score]


def test_the_text_keeps_what_the_page_says_word_for_word(tmp_path):
    words = "the `argmax` of [x, −x] & <b>"
    page = f"<b>1 of 2 points</b> · timeout<ul><li>{prose(words)}</li><li>{prose('second')}</li></ul>"
    check = {"nbgrader": {"grade": True, "grade_id": "check_one"}}
    cells = [{"metadata": check, "outputs": [{"data": {"text/html": page}}]}, {"metadata": {}}]
    (tmp_path / "x.ipynb").write_text(json.dumps({"cells": cells}), "utf-8")
    told = read_told(tmp_path / "x.ipynb")
    assert told == {"one": Told("timeout", (words, "second"))}


def test_no_line_is_too_long_whatever_is_in_it():
    grade = Grade("x" * 200, LAB, {"one": Points(1.0, None, None, 2.0)}, {"one": f"{' ' * 300}deep\t{'y' * 300}"})
    sentences = (f"{'z' * 500}\n\n{' ' * 90}code", "\x1b[31mred\u202e\r\nnext")
    text = as_text(grade, {"outcome": "timeout", "notes": []}, {"one": Told("timeout", sentences)})
    assert max(map(len, text.splitlines())) <= 78
    assert "\x1b" not in text and "\u202e" not in text and "   - red\n     next\n" in text
    assert text.count("z") == 500 and text.count("y") >= 300


def test_names_that_no_platform_writes_are_not_kept(tmp_path):
    assert read_names(tmp_path) == {}
    add_names(tmp_path, {("a", LAB): "../x_1_assignsubmission_file_", ("b", LAB): "b", ("c", LAB): f"c_1{FOLDER}"})
    add_names(tmp_path, {("c", "lab01_neighbors"): "doebob_1_2_x.ipynb"})
    assert read_names(tmp_path) == {("c", LAB): f"c_1{FOLDER}", ("c", "lab01_neighbors"): "doebob_1_2_x.ipynb"}
    for damaged in ("[]", '{"a": 1}', "{", "\x00"):
        (tmp_path / ".collected.json").write_text(damaged)
        assert read_names(tmp_path) == {}


@pytest.mark.parametrize("command", ["feedback", "export", "sample"])
def test_help_ends_with_examples(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    said = capsys.readouterr().out
    assert f"\nexamples:\n  autograder {command} " in said and max(map(len, said.splitlines())) <= 120
