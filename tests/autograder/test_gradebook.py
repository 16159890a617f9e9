"""The gradebook: nbgrader's own rows, files and feedback, made faster; whole after a crash; with manual grades kept."""

import csv
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import nbformat
import pytest
from sqlalchemy.engine import Connection

from autograder.grading import changed_lab, database
from autograder.grading.examine import Result
from autograder.grading.gradebook import DatabaseFault, Gradebook, GradebookFault
from autograder.grading.judged import write_outputs
from autograder.grading.labs import source_of
from autograder.grading.nbgrader_config import ROOT, configure_grading, nbgrader_at_work
from autograder.grading.rebuild import rebuild
from tests.autograder.judged_notebooks import changed, judged, rows, without_offset_rounds

DUE = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)


def change(out, statement, *values):
    """Enter something as a person would; it has to hit a row."""
    with sqlite3.connect(out / "gradebook.db") as db:
        assert db.execute(statement, values).rowcount > 0


def give(out, student, cell, column, value):
    """A manual score, extra credit or comment, as the formgrader enters it."""
    table = "comment" if column == "manual_comment" else "grade"
    where = "where cell_id = (select id from base_cell where name = ?) and notebook_id = (select n.id from"
    where += " submitted_notebook n join submitted_assignment a on a.id = n.assignment_id where student_id = ?)"
    change(out, f"update {table} set {column} = ? {where}", value, cell, student)


@pytest.fixture(scope="module")
def made(tmp_path_factory, lab):
    """A folder with the lab in its gradebook, and the lab's release; each test works on a copy of the folder."""
    out = tmp_path_factory.mktemp("gradebook") / "out"
    gradebook = Gradebook(out, late="10%/day")
    gradebook.prepare()
    release = gradebook.register(lab, source_of(lab), due=DUE)
    gradebook.close()
    return out, release


@pytest.fixture
def out(made, tmp_path):
    return shutil.copytree(made[0], tmp_path / "out")


@pytest.fixture
def notebook(made, lab):
    """Return a judged notebook by its share of the points."""
    return lambda share, answer=None: judged(made[1], lab, share, answer)


def by_nbgrader(out, lab, student):
    """Let nbgrader's own autograder and feedback do what `enter` and `write_feedback` do."""
    from nbgrader.converters import Autograde, GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import AssignLatePenalties, CheckCellMetadata, SaveAutoGrades
    from traitlets.config import Config

    config = Config()
    configure_grading(config, out)
    config.Autograde.autograde_preprocessors = [SaveAutoGrades, AssignLatePenalties, CheckCellMetadata]
    with nbgrader_at_work():
        for converter in (Autograde, GenerateFeedback):
            course = CourseDirectory(config=config, assignment_id=lab.name, student_id=student)
            converter(coursedir=course, config=config, force=True).start()


def test_rows_files_and_feedback_are_those_of_nbgrader_s_own_autograder(out, lab, notebook, tmp_path):
    other = shutil.copytree(out, tmp_path / "other")
    gradebook = Gradebook(out)
    for share, answer, came, score in [
        (0.5, None, None, None),
        (0.25, "def angular_hash(v, r):\n    return 1 < 2\n", DUE + timedelta(days=1, hours=1), 3.5),
        (1.0, "x = 1", DUE - timedelta(seconds=1), 3.5),
    ]:
        late = gradebook.enter("ann & co", lab.name, notebook(share, answer), handed_in_at=came)
        page = gradebook.write_feedback("ann & co", lab.name)
        shutil.rmtree(other / "nbgrader" / "judged", ignore_errors=True)
        shutil.copytree(out / "nbgrader" / "judged", other / "nbgrader" / "judged")
        by_nbgrader(other, lab, "ann & co")
        assert rows(out) == rows(other)
        for path in (page, *(out / "nbgrader" / "autograded").rglob("*.*")):
            assert path.read_bytes() == (other / path.relative_to(out)).read_bytes(), path
        assert bool(late) == (share == 0.25)
        if share == 0.5:  # a manual grade and a comment stand from here on, on points that change each time
            for place in (out, other):
                give(place, "ann & co", "check_offset_rounds", "manual_score", score or 3.5)
                give(place, "ann & co", "check_offset_rounds", "extra_credit", 0.5)
                give(place, "ann & co", "angular_hash", "manual_comment", "<b>well done</b>")
    assert "well done" in page.read_text("utf-8")


def test_a_person_is_asked_to_look_again_only_where_points_have_changed(out, lab, notebook):
    gradebook = Gradebook(out)
    waiting = "select needs_manual_grade from grade where manual_score = 3"
    gradebook.enter("ann", lab.name, notebook(0.5))
    give(out, "ann", "check_offset_rounds", "manual_score", 3)
    for share, waits in ((0.5, 0), (1.0, 1), (1.0, 1)):  # what waits goes on to wait
        gradebook.enter("ann", lab.name, notebook(share))
        with sqlite3.connect(out / "gradebook.db") as db:
            assert db.execute(waiting).fetchall() == [(waits,)], share
    assert sum(one[3] == 3 for one in rows(out)["grades"]) == 1
    (standing,) = gradebook.standing().values()
    assert standing == gradebook.standing("ann")["ann", lab.name] and gradebook.standing("bob") == {}
    assert standing[0] == 55.0 != standing[1]  # the tests', whatever a person gave; and what counts


def test_a_check_that_does_not_say_its_points_is_refused_and_nothing_is_entered(out, lab, notebook):
    gradebook, before = Gradebook(out), rows(out)
    for text in (None, "nan", "inf", "-1", "1e9", "full"):
        wrong = notebook(0.5)
        check = next(cell for cell in wrong.cells if cell.metadata.get("nbgrader", {}).get("grade"))
        check.outputs = [{**check.outputs[0], "data": {"text/plain": text}}] if text else []
        wrong = nbformat.from_dict(wrong)
        with pytest.raises(GradebookFault, match=check.metadata["nbgrader"]["grade_id"]):
            gradebook.enter("ann", lab.name, wrong)
    assert rows(out) == before and not (out / "nbgrader" / "judged").exists()


@pytest.mark.parametrize("name", [b"what?/fi[r]st 100% #1 \xc3\xbc", b"a%3Fb*\xff"])
def test_a_folder_may_be_called_anything(name, lab, made, tmp_path):
    try:
        out = tmp_path / os.fsdecode(name) / "out"
        out.parent.mkdir(parents=True)
    except OSError:
        pytest.skip("this file system has no such names")
    gradebook = Gradebook(out)
    gradebook.prepare()
    gradebook.enter("ann", lab.name, judged(gradebook.register(lab, source_of(lab)), lab, 0.5))
    assert "Score: 27.5" in gradebook.write_feedback("ann", lab.name).read_text("utf-8")
    assert gradebook.back_up() is None
    assert {path.name for path in tmp_path.rglob("*.db")} >= {"gradebook.db"} and (out / "gradebook.db").stat().st_size
    assert len(list(tmp_path.rglob("gradebook.db"))) == 1 and len(list((out / "backups").iterdir())) == 1
    if b"%3F" in name:  # one is enough
        return
    command = [sys.executable, "-m", "nbgrader", "export"]
    subprocess.run(command, cwd=out, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True, capture_output=True)
    assert re.search(rf"^{lab.name},,,ann,.*,27\.5,0\.0,27\.5,55", (out / "grades.csv").read_text(), re.MULTILINE)


def test_back_ups_are_whole_and_the_newest_ten_are_kept(out, lab, notebook):
    gradebook = Gradebook(out)
    for number in range(12):
        gradebook.enter(f"student {number}", lab.name, notebook(0.5))
        assert gradebook.back_up() is None
    kept = sorted((out / "backups").iterdir())
    assert len(kept) == 10
    for path, students in zip(kept, range(3, 13), strict=True):
        with sqlite3.connect(path) as db:
            assert db.execute("select count(*) from student").fetchone() == (students,)
    new = Gradebook(out.parent / "new")
    new.prepare()
    assert new.back_up() is None and not (out.parent / "new" / "backups").exists()


def test_a_damaged_gradebook_is_told_in_one_sentence_that_names_the_newest_back_up(out, lab, notebook):
    gradebook = Gradebook(out)
    gradebook.back_up()
    gradebook.close()
    (kept,) = (out / "backups").iterdir()
    whole = (out / "gradebook.db").read_bytes()
    torn = bytearray(whole)
    torn[4096:] = b"\xa5" * len(torn[4096:])
    for damaged in (b"no database at all" * 300, bytes(torn)):
        (out / "gradebook.db").write_bytes(damaged)
        for job in (gradebook.back_up, lambda: Gradebook(out).enter("ann", lab.name, notebook(0.5))):
            with pytest.raises(DatabaseFault) as told:
                job()
            assert "is damaged" in str(told.value) and str(kept) in str(told.value) and "\n" not in str(told.value)
        assert list((out / "backups").iterdir()) == [kept]
    shutil.copy(kept, out / "gradebook.db")
    Gradebook(out).enter("ann", lab.name, notebook(0.5))


@pytest.fixture
def with_manual_grades(out, lab, notebook):
    """Two students with manual grades, on cells that stay and on cells that go."""
    gradebook = Gradebook(out)
    for student in ("ann", "=cmd|bob"):
        gradebook.enter(student, lab.name, notebook(0.5))
    gradebook.close()
    give(out, "ann", "check_offset_rounds", "manual_score", 4.25)
    give(out, "ann", "check_offset_rounds", "extra_credit", 1)
    give(out, "ann", "offset_rounds", "manual_comment", 'two lines,\r\n"quoted"')
    give(out, "=cmd|bob", "check_offset_rounds", "extra_credit", 2)
    give(out, "=cmd|bob", "check_angular_hash", "manual_score", 5)
    give(out, "=cmd|bob", "angular_hash", "manual_comment", "stays")
    return out


REMOVED = [
    ["student", "lab", "cell", "score", "extra credit", "comment"],
    ["'=cmd|bob", "lab03_angular_lsh", "check_offset_rounds", "", "2.0", ""],
    ["ann", "lab03_angular_lsh", "check_offset_rounds", "4.25", "1.0", ""],
    ["ann", "lab03_angular_lsh", "offset_rounds", "", "", 'two lines,\r\n"quoted"'],
]


def removed(out):
    with (out / changed_lab.REMOVED).open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file))
    return [found[0], *sorted(found[1:])]


def test_a_changed_lab_is_taken_and_no_manual_grade_is_lost(with_manual_grades, lab, made, tmp_path):
    out, gradebook = with_manual_grades, Gradebook(with_manual_grades)
    source = changed(lab, tmp_path, without_offset_rounds)
    release = gradebook.register(lab, source)
    assert removed(out) == REMOVED
    lost, sunk = gradebook.said[0], gradebook.said[1]
    assert "check_offset_rounds, offset_rounds" in lost and changed_lab.REMOVED in lost
    assert "check_angular_hash of lab03_angular_lsh gives at most 1 points now" in sunk and "=cmd|bob" in sunk
    after = rows(out)
    cells = {name for name, *_ in after["cells"]}
    assert {"turned", "check_turned"} <= cells and not {"offset_rounds", "check_offset_rounds"} & cells
    grades = {one[:2]: one[2:] for one in after["grades"]}
    assert grades["=cmd|bob", "check_angular_hash"][1] == 5 and grades["ann", "check_turned"] == (None, None, None, 1)
    assert ("=cmd|bob", "angular_hash", None, "stays") in after["comments"]
    assert "offset_rounds" not in {name for name, *_ in after["source"]}
    # the changed lab is graded as if it had always been so
    exercises = [one for one in lab.exercises if one.name != "offset_rounds"]
    notebook = rebuild(release, ()).notebook
    results = [Result(one.name, "graded", 1.0, 1, ("why",)) for one in exercises] + [Result("turned", "graded", 2.0, 9)]
    write_outputs(notebook, {result.name: result for result in results}, {})
    gradebook.enter("=cmd|bob", lab.name, notebook)
    gradebook.enter("new", lab.name, notebook)
    said = len(gradebook.said)
    gradebook.register(lab, source)
    gradebook.register(lab, source_of(lab))  # and back again
    assert removed(out) == REMOVED and len(gradebook.said) == said
    assert rows(out)["cells"] == rows(made[0])["cells"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.parametrize("step", ["_written_down", "_remove", "_add", "replace", "commit"])
def test_killed_at_any_step_of_a_change_nothing_is_lost(step, with_manual_grades, lab, tmp_path):
    """A process dies at the step; the next one finds the gradebook as it was, and goes on."""
    out, before, replace = with_manual_grades, rows(with_manual_grades), os.replace
    source = changed(lab, tmp_path, without_offset_rounds)
    child = os.fork()
    if not child:
        if step == "commit":
            Connection._commit_impl = lambda *arguments: os._exit(9)
        elif step == "replace":
            os.replace = lambda old, new: os._exit(9) if new.suffix == ".csv" else replace(old, new)
        else:
            setattr(changed_lab, step, lambda *arguments: os._exit(9))
        try:
            Gradebook(out).register(lab, source)
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert rows(out) == before
    Gradebook(out).register(lab, source)
    assert removed(out) == REMOVED


def test_others_read_while_nothing_is_written_and_wait_while_something_is(out, lab, notebook, monkeypatch):
    writer, readers = Gradebook(out), [Gradebook(out), Gradebook(out)]
    writer.enter("ann", lab.name, notebook(0.5))
    with readers[0]._session(writing=False) as first, readers[1]._session(writing=False) as second:
        assert [book.find_submission(lab.name, "ann").score for book in (first, second)] == [27.5, 27.5]
    assert readers[0].write_feedback("ann", lab.name) == readers[1].write_feedback("ann", lab.name)
    monkeypatch.setattr(database, "WAIT", 0.1)
    with writer._session(writing=True), pytest.raises(DatabaseFault, match="is being written by another program"):
        Gradebook(out).enter("bob", lab.name, notebook(0.5))
    Gradebook(out).enter("bob", lab.name, notebook(0.5))


def test_a_submission_is_entered_whole_or_not_at_all(out, lab, notebook, monkeypatch):
    gradebook, before = Gradebook(out), rows(out)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Gradebook, "_write_notebooks", full)
    with pytest.raises(OSError):
        gradebook.enter("ann", lab.name, notebook(0.5))
    assert rows(out) == before
    monkeypatch.undo()
    gradebook.enter("ann", lab.name, notebook(0.5))
    assert len(rows(out)["submitted"]) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_killed_while_the_gradebook_is_made_the_next_run_makes_it(lab, tmp_path):
    gradebook = Gradebook(tmp_path)
    gradebook.prepare()
    child = os.fork()
    if not child:
        database._newest_version = lambda: os._exit(9)
        try:
            gradebook.register(lab, source_of(lab))
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    Gradebook(tmp_path).register(lab, source_of(lab))
    assert len(rows(tmp_path)["version"]) == 1 and rows(tmp_path)["cells"]


def test_a_full_disk_is_told_as_such_and_the_lab_stays_as_it_was(with_manual_grades, lab, tmp_path, monkeypatch):
    out, before = with_manual_grades, rows(with_manual_grades)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(changed_lab.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Gradebook(out).register(lab, changed(lab, tmp_path, without_offset_rounds))
    assert rows(out) == before


def test_feedback_on_what_was_never_entered_is_refused_in_one_sentence(out, lab, made, tmp_path):
    with pytest.raises(GradebookFault, match="nothing of ann was entered for"):
        Gradebook(out).write_feedback("ann", lab.name)
    with pytest.raises(DatabaseFault, match="there is no gradebook"):
        Gradebook(tmp_path / "none").write_feedback("ann", lab.name)
    assert Gradebook(tmp_path / "none").standing() == {}
    assert not (tmp_path / "none").exists()
    Gradebook(out).enter("ann", lab.name, judged(made[1], lab, 0.5))
    Gradebook(out).register(lab, changed(lab, tmp_path, without_offset_rounds))
    with pytest.raises(GradebookFault, match="the lab has changed since; grade it again"):
        Gradebook(out).write_feedback("ann", lab.name)
