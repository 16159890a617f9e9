"""Progress is noted by checks in a learner's own copy of a lab, in a plain file, and nowhere else."""

import json
import os
import re
import stat
from copy import copy
from dataclasses import replace
from types import SimpleNamespace

import pytest

from autograder import check
from autograder.checking.differences import Difference
from autograder.checking.judge import Finding, Verdict
from autograder.exercises import LABS, exercise_named
from autograder.grading.sandbox.walls import environment
from classroom import my_labs, progress
from classroom.syllabus import lab_of, lessons_of, minutes_of
from tests.classroom.answers import IMPORTS, SORT_BY_BUCKET, UNDO_SORT, run_cells
from tests.explorers.lab_page import write_notebook
from tests.notebooks.notebook_files import outputs_of, run

LAB = LABS["lab04_sort_and_chunk"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(my_labs.FOLDER, str(tmp_path / "my_labs"))
    return tmp_path / "my_labs"


@pytest.fixture
def sort_by_bucket(tmp_path):
    return run_cells(tmp_path / "cells", IMPORTS, SORT_BY_BUCKET)["sort_by_bucket"]


def floats(buckets):
    return exercise_named("sort_by_bucket").reference(buckets).astype(float)


def stored(folder):
    return json.loads((folder / progress.FILE).read_text(encoding="utf-8"))


def note_all(folder, *labs):
    for lab in labs:
        for exercise in lab.exercises:
            progress.note(folder, exercise, exercise.max_score)


def test_a_check_notes_points_keeps_the_answer_and_shows_the_bar_of_the_lab(folder, sort_by_bucket, capsys):
    message = check("sort_by_bucket", sort_by_bucket)
    (name, entry), *others = stored(folder)["exercises"].items()
    assert name == "sort_by_bucket" and not others and entry["points"] == entry["of"] == 15
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d", entry["when"])
    assert (folder / "kept" / "sort_by_bucket.py").exists()
    total = sum(exercise.max_score for exercise in LAB.exercises)
    words = f"Lab 04: 15 of {total} points, 1 of 6 exercises done"
    width = f"width:{100 * 15 / total:.0f}%"
    assert f"</span> {words}</div>" in message._repr_html_() and width in message._repr_html_()
    assert repr(message) == "15.0" and capsys.readouterr() == ("", "")


def test_the_most_points_stay_and_what_is_not_written_is_not_noted(folder, sort_by_bucket):
    assert (
        "Lab 04"
        not in check("sort_by_bucket", lambda buckets: (_ for _ in ()).throw(NotImplementedError))._repr_html_()
    )
    assert not folder.exists()
    assert "7.5 of" in check("sort_by_bucket", floats)._repr_html_()
    assert not (folder / "kept").exists()
    check("sort_by_bucket", sort_by_bucket)
    before = (folder / progress.FILE).read_bytes()
    shown = check("sort_by_bucket", floats)._repr_html_()
    assert "Lab 04: 15 of" in shown
    assert "Your earlier answer (15 points) counts in the bar and is in my_labs/kept. Handed in is what stands" in shown
    assert "earlier" not in check("sort_by_bucket", sort_by_bucket)._repr_html_()
    assert (folder / progress.FILE).read_bytes() == before


def test_an_answer_that_needs_the_notebook_is_told_the_name_and_keeps_its_points(folder, tmp_path):
    cells = (
        IMPORTS + "rng = np.random.default_rng(0)",
        "def sort_by_bucket(buckets):\n    return rng and np.argsort(buckets, kind='stable')",
    )
    message = check("sort_by_bucket", run_cells(tmp_path / "cells", *cells)["sort_by_bucket"])
    assert message.score == 15 and stored(folder)["exercises"]["sort_by_bucket"]["points"] == 15
    assert "It is not kept for your own model, though: it uses <code>rng</code>" in message._repr_html_()


@pytest.mark.parametrize("where", ["notebooks", "labs/lab04_sort_and_chunk", "solutions/lab04_sort_and_chunk"])
def test_outside_my_labs_a_check_notes_nothing(where, tmp_path, monkeypatch, sort_by_bucket):
    monkeypatch.delenv(my_labs.FOLDER, raising=False)
    (tmp_path / where).mkdir(parents=True)
    monkeypatch.chdir(tmp_path / where)
    before = sorted(tmp_path.rglob("*"))
    assert "Lab 04" not in check("sort_by_bucket", sort_by_bucket)._repr_html_()
    assert sorted(tmp_path.rglob("*")) == before and my_labs.folder_to_write() is None


def test_an_empty_variable_says_that_there_is_no_folder(tmp_path, monkeypatch, sort_by_bucket):
    (tmp_path / "my_labs").mkdir()
    monkeypatch.chdir(tmp_path / "my_labs")
    monkeypatch.setenv(my_labs.FOLDER, "")
    assert "Lab 04" not in check("sort_by_bucket", sort_by_bucket)._repr_html_()
    assert not list((tmp_path / "my_labs").iterdir()) and progress.read() == {}
    assert "Nothing yet" in progress.road().text


@pytest.mark.skipif(os.name == "nt", reason="Windows has no folder that its owner cannot write in")
def test_where_nothing_can_be_written_a_check_says_what_it_says_elsewhere(folder, sort_by_bucket, monkeypatch, capsys):
    folder.mkdir()
    folder.chmod(stat.S_IRUSR | stat.S_IXUSR)
    if os.access(folder, os.W_OK):  # the superuser may write everywhere

        def refuse(path, text):
            raise PermissionError(path)

        monkeypatch.setattr(my_labs, "write_whole", refuse)
    message = check("sort_by_bucket", sort_by_bucket)
    assert message.score == 15 and "Right" in message._repr_html_()
    assert not list(folder.iterdir()) and capsys.readouterr() == ("", "")


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"exercises": 3}', b"\xff", b"[" * 100_000])
def test_a_damaged_file_is_set_aside_and_named_and_the_next_one_is_whole(content, folder, sort_by_bucket):
    folder.mkdir()
    (folder / progress.FILE).write_bytes(content)
    assert "cannot be read" in progress.road().text and (folder / progress.FILE).read_bytes() == content
    html = check("sort_by_bucket", sort_by_bucket)._repr_html_()
    assert "could not be read, and is now my_labs/progress.json.damaged" in html
    assert (folder / "progress.json.damaged").read_bytes() == content
    assert set(stored(folder)["exercises"]) == {"sort_by_bucket"}
    assert "damaged" not in check("sort_by_bucket", sort_by_bucket)._repr_html_()


def test_an_entry_that_cannot_be_read_is_passed_over_and_stays(folder, sort_by_bucket):
    folder.mkdir()
    odd = {
        "undo_sort": {"points": "many", "of": 13},
        "of_a_later_course": {"points": 3, "of": 4, "when": ""},
        "x": None,
    }
    (folder / progress.FILE).write_text(json.dumps({"format": 1, "exercises": odd, "more": True}), encoding="utf-8")
    assert set(progress.read()) == {"of_a_later_course"}
    check("sort_by_bucket", sort_by_bucket)
    assert stored(folder)["exercises"].items() > odd.items() and stored(folder)["more"] is True


def test_a_write_that_fails_leaves_the_old_file(folder, monkeypatch):
    progress.note(folder, LAB.exercises[0], 3)
    before = (folder / progress.FILE).read_bytes()
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        progress.note(folder, LAB.exercises[0], 4)
    assert [path.read_bytes() for path in folder.iterdir()] == [before]


def test_the_road_says_what_is_done_what_is_next_and_how_long_it_takes(folder):
    labs = list(LABS.values())
    nothing = progress.road().text
    assert nothing.startswith("Nothing yet.") and nothing.count("0 of") == len(labs)
    note_all(folder, labs[0])
    takes = progress._hours(sum(map(minutes_of, lessons_of(2))) + minutes_of(lab_of(2)))
    assert f"Next: unit 02 hash planes, its lesson first. Lesson and lab take {takes}." in progress.road().text
    first, second = labs[3].exercises[:2]
    progress.note(folder, first, first.max_score)
    progress.note(folder, second, 1)
    text, html = progress.road().text, progress.road()._repr_html_()
    stated = progress.minutes_of(labs[3].name)[1]
    rest = sum(stated.values()) - stated[first.name]
    assert f"Next: {second.name} in lab 04, {stated[second.name]} min. The rest of the lab: {rest} min." in text
    assert text.count("✓ done") == 1 and f"1 of 6 exercises, {rest} min left" in text
    assert html.count('role="img"') == len(labs) and html.count('<th scope="row"') == len(labs)
    note_all(folder, *labs)
    assert progress.road().text.startswith("All done") and "Left" not in progress.road().text


def test_minutes_are_those_that_lessons_and_labs_state(folder):
    total = 0
    for lab in LABS.values():
        whole, of_each = progress.minutes_of(lab.name)
        assert set(of_each) == {exercise.name for exercise in lab.exercises}
        assert whole == minutes_of(lab_of(lab.unit))
        total += whole + sum(map(minutes_of, lessons_of(lab.unit)))
    assert f"In all: {progress._hours(total)}." in progress.road().text
    progress.note(folder, LAB.exercises[0], 1)
    assert f" of {progress._hours(total)}." in progress.road().text.partition("Left: ")[2]


def test_an_exercise_that_has_come_to_be_worth_more_keeps_its_share(folder):
    exercise = LAB.exercises[0]
    folder.mkdir()
    entry = {"points": 4, "of": 4, "when": "2026-01-01T00:00"}
    (folder / progress.FILE).write_text(json.dumps({"format": 1, "exercises": {exercise.name: entry}}))
    assert f": {exercise.max_score} of" in progress.of(LAB.name).text


def test_an_exercise_without_points_counts_nowhere_and_its_answer_is_kept(folder, sort_by_bucket, monkeypatch):
    exercise = LAB.exercises[0]
    monkeypatch.setattr(exercise, "questions", [replace(one, points=0) for one in exercise.questions])
    verdict = Verdict(exercise, "graded", (Finding(exercise.questions[0], Difference(), [], [], []),))
    assert "0 of 5 exercises done" in progress.after_check(verdict, sort_by_bucket, 1.0)
    assert progress.read() == {} and (folder / "kept" / "sort_by_bucket.py").exists()
    note_all(folder, SimpleNamespace(exercises=LAB.exercises[1:]))
    assert "04 sort and chunk    ██████████ ✓ done" in progress.road().text


def test_progress_is_read_from_the_course_around_a_lesson(tmp_path, monkeypatch):
    monkeypatch.delenv(my_labs.FOLDER, raising=False)
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert my_labs.folder_to_read() == my_labs.ROOT / "my_labs"
    progress.note(tmp_path / "my_labs", LAB.exercises[0], 3)
    assert my_labs.folder_to_read() == tmp_path / "my_labs" and my_labs.folder_to_write() is None
    assert ": 3 of" in progress.of(LAB.name).text


def test_a_learners_kernel_in_grading_is_told_of_no_folder(folder):
    assert my_labs.FOLDER in os.environ and my_labs.FOLDER not in environment()


def test_an_unknown_lab_is_answered_with_the_names_there_are():
    with pytest.raises(KeyError, match="lab04_sort_and_chunk"):
        progress.of("lab99")


def test_no_verdict_is_lost_where_progress_fails(folder, sort_by_bucket, monkeypatch):
    monkeypatch.setattr(progress, "after_check", lambda *arguments: 1 / 0)
    assert check("sort_by_bucket", sort_by_bucket).score == 15


def test_a_verdict_on_an_exercise_of_no_lab_is_not_noted(folder, sort_by_bucket):
    assert progress.after_check(Verdict(copy(LAB.exercises[0]), "graded", ()), sort_by_bucket, 1.0) == ""
    assert not folder.exists()


def test_in_a_notebook_of_my_labs_all_of_it_happens_by_itself(tmp_path, monkeypatch):
    monkeypatch.delenv(my_labs.FOLDER, raising=False)
    lab = tmp_path / "my_labs" / LAB.name
    lab.mkdir(parents=True)
    sources = IMPORTS + "from autograder import check", SORT_BY_BUCKET, 'check("sort_by_bucket", sort_by_bucket)'
    later = UNDO_SORT, 'check("undo_sort", undo_sort)'
    seen = "from classroom import mine, progress\n\nprogress.of('lab04_sort_and_chunk')", "mine.install()"
    write_notebook(lab / "notebook.ipynb", *sources, *later, *seen)
    notebook = run(lab / "notebook.ipynb")
    assert not any(output.get("name") == "stderr" for cell in notebook.cells for output in cell.outputs)
    assert "1 of 6 exercises done" in outputs_of(notebook.cells[2], "text/html")[0]
    (bar,), (report,) = (outputs_of(cell, "text/html") for cell in notebook.cells[-2:])
    assert (
        "2 of 6 exercises done" in bar and "<b>Yours:</b> <code>sort_by_bucket</code>, <code>undo_sort</code>" in report
    )
    kept = (tmp_path / "my_labs" / "kept" / "sort_by_bucket.py").read_text(encoding="utf-8")
    assert "def by_number(" in kept and "STABLE" in kept
    assert not list(lab.glob("*.json"))
