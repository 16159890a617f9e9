"""The sample submissions of every lab are what they are called, and the mistakes of the wrong one are named."""

import json
from importlib.util import find_spec

import nbformat
import pytest

from autograder.__main__ import main
from autograder.checking.judge import ask, judge
from autograder.exercises import LABS
from autograder.grading.intake import take_in
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.rebuild import exercise_of, grade_id, is_answer, is_check, rebuild
from autograder.grading.sample import mistaken, write_sample
from classroom import my_labs

NAMES = ["right", "half-right", "wrong", "blank", "warns", "endless-loop", "dead-kernel", "deleted-check"]
NAMES += ["doubled-id", "unreadable"]


def notes_of(lab):
    """The note that a sample submission gets, by name; the others get none of the hand-in."""
    first, *_, last = lab.exercises
    run = "all that are written were run, and the last definition counts"
    return {
        "deleted-check": [f"the cell check_{last.name} was deleted; it was put back"],
        "doubled-id": [f"the cell {first.name} came 2 times; {run}"],
    }


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    folder = tmp_path_factory.mktemp("samples")
    assert write_sample(folder, *LABS.values()) == NAMES
    return folder


@pytest.mark.parametrize("name", LABS)
def test_a_sample_of_any_lab_is_what_it_is_called(name, samples):
    lab = LABS[name]
    release = nbformat.read(ROOT / "labs" / name / f"{name}.ipynb", as_version=4)
    ids = {grade_id(cell) for cell in release.cells if is_answer(cell) or is_check(cell)}
    exercises, stubs = [exercise.name for exercise in lab.exercises], answers_in(release)
    answers = {}
    for student in NAMES:
        submission = take_in(samples, student, name, ids, release)
        assert submission.refusal == ("unreadable" if student == "unreadable" else "")
        rebuilt = rebuild(release, submission.cells)
        if not submission.refusal:
            answers[student] = answers_in(rebuilt.notebook)
            assert [*submission.notes, *rebuilt.notes] == notes_of(lab).get(student, [])
    written = {student: [one for one in exercises if texts[one] != stubs[one]] for student, texts in answers.items()}
    assert written.pop("half-right") == exercises[: len(exercises) // 2]
    assert written.pop("blank") == []
    assert all(one == exercises for one in written.values())
    right, second = answers["right"], exercises[1]
    assert answers["wrong"] == {exercise.name: mistaken(exercise) for exercise in lab.exercises}
    assert answers["deleted-check"] == answers["doubled-id"] == right
    assert "while True" in answers["endless-loop"][second] and "os._exit(1)" in answers["dead-kernel"][second]
    assert answers["warns"][exercises[0]].endswith(right[exercises[0]]) and "warn(" in answers["warns"][exercises[0]]


def answers_in(notebook):
    return {exercise_of(cell): cell.source for cell in notebook.cells if is_answer(cell)}


def test_every_student_of_the_command_s_sample_has_every_lab_that_was_asked_for(tmp_path, capsys):
    labs = list(LABS)
    for number, (options, expected) in enumerate(
        (
            ([], labs[:1]),
            (["--lab", labs[2]], labs[2:3]),
            (["--lab", labs[4], "--lab", labs[1]], [labs[1], labs[4]]),
            (["--lab", "all"], labs),
        )
    ):
        assert main(["sample", str(tmp_path / str(number)), *options]) == 0
        found = sorted(path.relative_to(tmp_path / str(number)).parts for path in tmp_path.glob(f"{number}/*/*/*"))
        assert found == sorted((name, lab, f"{lab}.ipynb") for name in NAMES for lab in expected)
    assert f"10 submissions, of {len(labs)} labs each, are in" in capsys.readouterr().out


@pytest.mark.long
@pytest.mark.alone
def test_every_lab_s_sample_is_graded_as_it_is_called(samples, tmp_path, secret):
    (tmp_path / "secret").write_bytes(secret)
    assert main(["grade", str(samples), "--out", str(tmp_path / "out"), "--secret", str(tmp_path / "secret")]) == 0
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    entries = {(one["student"], one["lab"]): one for one in report["submissions"]}
    assert len(entries) == len(NAMES) * len(LABS)
    outcomes = dict.fromkeys(NAMES, "graded") | {name: name for name in ("blank", "unreadable")}
    outcomes |= {"endless-loop": "timeout", "dead-kernel": "crashed"}
    for (student, name), entry in entries.items():
        lab = LABS[name]
        full = [exercise.max_score for exercise in lab.exercises]
        half = len(full) // 2
        scores = [exercise["score"] for exercise in entry["exercises"]]
        expected = {
            "half-right": full[:half] + [0] * (len(full) - half),
            "blank": [0] * len(full),
            "unreadable": [0] * len(full),
            "endless-loop": [full[0], 0, *full[2:]],
            "dead-kernel": [full[0], 0, *full[2:]],
        }
        assert entry["outcome"] == outcomes[student], (student, name)
        if student == "wrong":
            assert all(score < most or not most for score, most in zip(scores, full, strict=True)), (name, scores)
            assert all(exercise["reasons"] for exercise in entry["exercises"])
        else:
            assert scores == expected.get(student, full), (student, name)
        assert set(notes_of(lab).get(student, [])) <= set(entry["notes"])


@pytest.mark.parametrize("name", LABS)
def test_the_wrong_submission_shows_the_first_known_mistake_of_each_exercise(name, monkeypatch, tmp_path):
    lab = LABS[name]
    monkeypatch.setenv(my_labs.FOLDER, str(tmp_path))
    notebook = json.loads((ROOT / "labs" / lab.name / f"{lab.name}.ipynb").read_text(encoding="utf-8"))
    cells = {cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    namespace = {}
    exec(cells["imports"], namespace)
    for exercise in lab.exercises:
        if exercise.needs_trax and not find_spec("trax"):
            continue
        exec(mistaken(exercise), namespace)  # as in the notebook, where a check stands below its answer
        function = namespace[exercise.name]
        answered = ask(exercise, function, exercise.asked(hidden=False), exercise.generator)
        verdict = judge(exercise, answered)
        assert verdict.named and verdict.named.name == exercise.mistakes[0].name, (exercise.name, verdict.reasons)
