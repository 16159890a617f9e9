"""labs/ is what solutions/ makes; a lab that does not fit its exercises is refused by name."""

import copy
import json
import shutil

import pytest

from autograder.__main__ import main
from autograder.grading import labs
from autograder.grading.nbgrader_config import ROOT


def test_labs_are_current():
    assert labs.stale_labs() == [], "run `make labs`"


@pytest.fixture
def course(tmp_path):
    """A copy of the course's notebooks."""
    for folder in ("solutions", "labs"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns(".*"))
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
        (_points, "'check_offset_rounds' is worth 70 points, the exercise 7"),
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
