"""The sample submissions: what the wrong one answers runs in the lab's notebook, and its mistakes are named."""

import json

import pytest

from autograder.checking.judge import ask, judge
from autograder.exercises import LABS
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.sample import mistaken
from classroom import my_labs


@pytest.mark.parametrize("name", LABS)
def test_the_wrong_submission_shows_the_first_known_mistake_of_each_exercise(name, monkeypatch, tmp_path):
    lab = LABS[name]
    monkeypatch.setenv(my_labs.FOLDER, str(tmp_path))
    notebook = json.loads((ROOT / "labs" / lab.name / f"{lab.name}.ipynb").read_text(encoding="utf-8"))
    cells = {cell["metadata"]["nbgrader"]["grade_id"]: "".join(cell["source"]) for cell in notebook["cells"]}
    namespace = {}
    exec(cells["imports"], namespace)
    for exercise in lab.exercises:
        exec(mistaken(exercise), namespace)  # as in the notebook, where a check stands below its answer
        function = namespace[exercise.name]
        answered = ask(exercise, function, exercise.asked(hidden=False), exercise.generator)
        verdict = judge(exercise, answered)
        assert verdict.named and verdict.named.name == exercise.mistakes[0].name, (exercise.name, verdict.reasons)
