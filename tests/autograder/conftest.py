"""What the tests of grading share: the lab, its notebooks, short limits, and a way to examine one set of answers."""

import json

import nbformat
import pytest

from autograder.exercises import LABS
from autograder.grading.examine import examine
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.reading import read_notebook
from autograder.grading.rebuild import rebuild
from autograder.grading.sample import answers_of, as_bytes, with_answers
from autograder.grading.sandbox import Limits

SECRET = b"a secret that only these tests use"
KILL_RATE = "known mistakes caught"
QUICK = Limits(cell=2.0, call=2.0, wait=10.0, submission=60.0, output_stop=5_000_000)


@pytest.fixture(scope="session")
def lab():
    return LABS["lab03_angular_lsh"]


@pytest.fixture(scope="session")
def release(lab):
    """The lab as students get it."""
    return nbformat.read(ROOT / "labs" / lab.name / f"{lab.name}.ipynb", as_version=4)


@pytest.fixture(scope="session")
def right(lab):
    """A submission with all answers right, as JSON; no code is the instructor's own, which would be noted."""
    blank = json.loads((ROOT / "labs" / lab.name / f"{lab.name}.ipynb").read_text(encoding="utf-8"))
    return with_answers(blank, {name: f"{text}\n    assert True\n" for name, text in answers_of(lab).items()})


@pytest.fixture(scope="session")
def examined(lab, release, right):
    """Examine the right submission with some answers replaced, or a whole notebook; gives results by exercise."""

    def run(answers=None, notebook=None, limits=QUICK):
        submitted = with_answers(notebook or right, answers or {})
        rebuilt = rebuild(release, read_notebook(as_bytes(submitted)))
        outcome = examine(rebuilt.notebook, lab, lambda exercise, q: exercise.generator(q, SECRET, "ann"), limits)
        return {result.name: result for result in outcome.results}, (*rebuilt.notes, *outcome.notes)

    return run


@pytest.fixture(scope="session")
def quick():
    return QUICK


@pytest.fixture(scope="session")
def secret():
    return SECRET


def pytest_collection_modifyitems(items):
    """A kernel has seconds to answer. Many at once on a small machine might not make it."""
    for item in items:
        if {"quick", "examined"} & set(getattr(item, "fixturenames", ())) and not item.get_closest_marker("alone"):
            item.add_marker("in_pairs")


def pytest_terminal_summary(terminalreporter):
    """Print the kill rate of the exercises' tests, where the selftest ran."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == KILL_RATE:
                terminalreporter.write_line(f"{name}: {value}")
