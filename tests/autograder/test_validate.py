"""nbgrader's own commands on a lab: `validate` runs on each, empty and solved, and stderr never costs a point."""

import json

import nbformat
import pytest
from nbgrader.utils import determine_grade, is_grade
from nbgrader.validator import Validator

from autograder.exercises import LABS
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.sample import answers_of, with_answers

# What a learner's cells may set and write to; none of it is wrong.
NOISE = """\
import logging
import sys
import warnings

import numpy as np

logging.basicConfig()
warnings.simplefilter("error")
np.seterr(all="raise")
np.set_printoptions(precision=1, threshold=2)


def noisy(function):
    def louder(*given, **named):
        print("a line", file=sys.stderr)
        logging.warning("a line of a log")
        warnings.warn("a warning", stacklevel=1)
        np.float64(1) / np.float64(0)
        return function(*given, **named)
    return louder
"""
LAB03 = "lab03_angular_lsh"


def points_by_nbgrader(notebook, folder):
    """Validate a notebook; gives the cells that fail, and by id what stock nbgrader gives, as (points, of how many)."""
    path = folder / "lab.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    validator = Validator()
    failed = validator.validate(str(path)).get("failed", [])
    ran = validator._preprocess(nbformat.read(path, as_version=4))
    graded = [cell for cell in ran.cells if is_grade(cell)]
    return failed, {cell.metadata.nbgrader.grade_id: determine_grade(cell) for cell in graded}


@pytest.fixture(
    scope="module", params=[name if name == LAB03 else pytest.param(name, marks=pytest.mark.long) for name in LABS]
)
def one(request):
    lab = LABS[request.param]
    return lab, json.loads((ROOT / "labs" / lab.name / f"{lab.name}.ipynb").read_text(encoding="utf-8"))


@pytest.mark.in_pairs
def test_an_empty_lab_is_validated_and_gets_nothing(one, tmp_path):
    lab, empty = one
    failed, points = points_by_nbgrader(empty, tmp_path)
    assert len(failed) == len([exercise for exercise in lab.exercises if exercise.max_score])
    assert {reached for reached, _ in points.values()} == {0}


@pytest.mark.in_pairs
def test_right_answers_that_warn_and_write_to_stderr_get_all_points_of_stock_nbgrader(one, tmp_path):
    lab, empty = one
    answers = {name: f"{NOISE}\n\n@noisy\n{text}" for name, text in answers_of(lab).items()}
    failed, points = points_by_nbgrader(with_answers(empty, answers), tmp_path)
    assert failed == []
    assert all(reached == most for reached, most in points.values()) and len(points) == len(lab.exercises)
