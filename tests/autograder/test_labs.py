"""labs/ is what solutions/ makes; a lab that does not fit its exercises is refused by name."""

import copy
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

from autograder.__main__ import main
from autograder.checking.exercise import source_of
from autograder.grading import labs, release
from autograder.grading.nbgrader_config import ROOT


def test_labs_are_current():
    assert labs.stale_labs() == [], "run `make labs`"


@pytest.fixture
def course(tmp_path):
    """A copy of the course's notebooks."""
    for folder in ("solutions", "labs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return tmp_path


def test_a_changed_solution_makes_labs_stale_and_making_them_mends_it(course, lab, monkeypatch, capsys):
    path = course / "solutions" / lab.name / f"{lab.name}.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("Lab 03", "Laboratory 03", 1), encoding="utf-8")
    monkeypatch.setattr(labs.stale_labs, "__defaults__", (course,))
    assert main(["labs", "--check"]) == 1
    assert capsys.readouterr().out.strip() == (
        f"labs/ is stale: {lab.name} differs from what solutions/ makes; run `make labs`."
    )
    labs.make_labs(course)
    assert main(["labs", "--check"]) == 0
    made = json.loads((course / "labs" / lab.name / f"{lab.name}.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    text = "".join("".join(cell["source"]) for cell in code)
    assert "SOLUTION" not in text and text.count("NotImplementedError") == len(lab.exercises)
    assert not (course / "gradebook.db").exists()


def test_points_what_one_means_and_the_last_hint_are_filled_in(course, lab):
    path = course / "solutions" / lab.name / f"{lab.name}.ipynb"
    before, notebook = path.read_text(encoding="utf-8"), json.loads(path.read_text(encoding="utf-8"))
    task = _cell(notebook, "task-offset_rounds")
    task["source"] = re.sub(r"· \d+ points", "· 70 points", "".join(task["source"])).replace("moved = np", "other = np")
    title = _cell(notebook, "title")
    title["source"], found, _ = "".join(title["source"]).partition("\n\n**What a point means.**")
    assert found
    _points(notebook)
    path.write_text(json.dumps(notebook), encoding="utf-8")
    labs.fill_in(lab, course)
    assert path.read_text(encoding="utf-8") == before


def test_the_five_cells_of_a_new_exercise_fit_what_labs_must_be(course, lab):
    path = course / "solutions" / lab.name / f"{lab.name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    name = lab.exercises[-1].name
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["id"].endswith(name)]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    with pytest.raises(labs.LabFault, match="is missing"):
        labs.source_of(lab, course)
    labs.add_exercise(lab, name, course)
    labs.source_of(lab, course)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    task = next(cell for cell in cells if cell["id"] == f"task-{name}")["source"]
    assert source_of(lab.exercises[-1].twin).strip() in task and f"· {lab.exercises[-1].max_score} points**" in task
    answer = next(cell for cell in cells if cell["id"] == name)["source"]
    assert answer.startswith(f"def {name}(") and "### BEGIN SOLUTION" in answer
    with pytest.raises(labs.LabFault, match=f"has the cells of {name} already"):
        labs.add_exercise(lab, name, course)
    with pytest.raises(labs.LabFault, match="there is no exercise 'nothing'"):
        labs.add_exercise(lab, "nothing", course)


def test_a_lab_that_somebody_worked_in_is_not_written_over(course, lab):
    path = course / "labs" / lab.name / f"{lab.name}.ipynb"
    labs.make_labs(course)
    solved = path.read_text(encoding="utf-8").replace("# YOUR CODE HERE", "# my own work", 1)
    path.write_text(solved, encoding="utf-8")
    with pytest.raises(labs.LabFault, match=f"holds work of somebody: {lab.name} is not as it was made"):
        labs.make_labs(course)
    assert path.read_text(encoding="utf-8") == solved
    labs.make_labs(course, force=True)
    labs.make_labs(course)


def test_what_is_handed_out_has_all_a_student_needs_and_nothing_of_the_instructor(tmp_path):
    path = release.write_release(tmp_path / "out")
    with zipfile.ZipFile(path) as archive:
        names = [name.removeprefix("course-student/") for name in archive.namelist()]
        archive.extractall(tmp_path)
    assert {"start.py", "Makefile", "requirements.lock", "autograder/checking/laptop.py"} <= set(names)
    assert any(name.startswith("labs/lab01_neighbors/") for name in names)
    assert {"gallery/map.png", "notebooks/gallery/G0_map.ipynb"} <= set(names)
    assert "autograder/exercises/gallery/__init__.py" in names
    assert {"data/text/text.txt.gz", "data/text/LICENSE", "data/words/words.npz", "data/attention/dense.npz"} <= set(
        names
    )
    unwanted = (
        "solutions/",
        "autograder/grading",
        "autograder/__main__",
        "autograder/commands",
        "grading/",
        "tests/",
        ".git",
        "benchmarks/",
    )
    assert not [name for name in names if name.startswith(unwanted) and name != ".gitignore"]
    code = "from autograder import check; print(check('chance_to_meet', lambda p, n: 1 - (1 - p) ** n))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "course-student",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "course-student")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) > 0
    again = release.write_release(tmp_path / "again")
    assert again.read_bytes() == path.read_bytes()


@pytest.fixture
def notebook(lab):
    return json.loads((ROOT / "solutions" / lab.name / f"{lab.name}.ipynb").read_text(encoding="utf-8"))


def _cell(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["metadata"]["nbgrader"]["grade_id"] == name)


def _points(notebook):
    _cell(notebook, "check_offset_rounds")["metadata"]["nbgrader"]["points"] = 70


def _removed(notebook):
    notebook["cells"].remove(_cell(notebook, "offset_rounds"))


def _twice(notebook):
    notebook["cells"].append(copy.deepcopy(_cell(notebook, "check_offset_rounds")))


def _unknown(notebook):
    _cell(notebook, "offset_rounds")["metadata"]["nbgrader"]["grade_id"] = "offset_squares"


def _other_check(notebook):
    _cell(notebook, "check_offset_rounds")["source"] = 'check("angular_hash", offset_rounds)'


def _unmarked(notebook):
    _cell(notebook, "imports")["metadata"] = {}


def _swapped(notebook):
    cells = notebook["cells"]
    cells.insert(0, cells.pop(cells.index(_cell(notebook, "check_offset_rounds"))))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_points, "'check_offset_rounds' is worth 70 points, the exercise"),
        (_removed, "'offset_rounds' is missing"),
        (_twice, "'check_offset_rounds' is given to 2 cells"),
        (_unknown, "'offset_rounds' is missing"),
        (_other_check, "does not check offset_rounds"),
        (_unmarked, "the one after 'title' has none"),
        (_swapped, "order"),
    ],
)
def test_a_lab_that_does_not_fit_its_exercises_is_refused_by_name(lab, notebook, spoil, words):
    labs.require_exercises(lab, notebook)
    spoil(notebook)
    with pytest.raises(labs.LabFault, match=f"{lab.name}.*{words}"):
        labs.require_exercises(lab, notebook)


def test_a_lab_without_a_notebook_is_refused_by_name(tmp_path, lab):
    with pytest.raises(labs.LabFault, match=f"{lab.name}: there is no notebook"):
        labs.source_of(lab, tmp_path)
