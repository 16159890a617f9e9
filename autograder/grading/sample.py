"""Ten submissions to try grading on, made from the instructor's version of a lab: good ones and bad ones."""

import copy
import inspect
import json
from pathlib import Path

from autograder.exercises import LABS
from autograder.grading.labs import source_of
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.standalone import standalone

LOOP = "    while True:\n        pass\n"
DEATH = "import os\n\nos._exit(1)\n"
WARNING = "import warnings\n\nwarnings.warn('this goes to stderr and costs nothing')\n"


def write_sample(folder, *labs):
    """Write the sample submissions of labs, each as <name>/<lab>/<lab>.ipynb. Returns the names, all labs' alike."""
    for lab in labs:
        submissions = sample_submissions(lab)
        for name, content in submissions.items():
            path = Path(folder) / name / lab.name / f"{lab.name}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
    return list(submissions)


def sample_submissions(lab):
    """Return the bytes of the sample submissions of a lab, by name."""
    blank = json.loads((ROOT / "labs" / lab.name / f"{lab.name}.ipynb").read_text(encoding="utf-8"))
    answers = answers_of(lab)
    right = with_answers(blank, answers)
    first, second, *_, last = lab.exercises
    half = {exercise.name: answers[exercise.name] for exercise in lab.exercises[: len(lab.exercises) // 2]}
    wrong = {exercise.name: mistaken(exercise) for exercise in lab.exercises}
    signature = f"def {second.name}{inspect.signature(second.reference)}:\n"
    notebooks = {
        "right": right,
        "half-right": with_answers(blank, half),
        "wrong": with_answers(blank, wrong),
        "blank": blank,
        "warns": with_answers(right, {first.name: WARNING + answers[first.name]}),
        "endless-loop": with_answers(right, {second.name: signature + LOOP}),
        "dead-kernel": with_answers(right, {second.name: answers[second.name] + "\n" + DEATH}),
        "deleted-check": without(right, f"check_{last.name}"),
        "doubled-id": doubled(right, first.name, before=mistaken(first)),
    }
    contents = {name: as_bytes(notebook) for name, notebook in notebooks.items()}
    return contents | {"unreadable": contents["right"][: len(contents["right"]) // 2]}


def answers_of(lab):
    """Return the instructor's answers, by exercise, as a student would have written them."""
    source = json.loads(source_of(lab).read_text(encoding="utf-8"))
    texts = {exercise.name: answer_in(source, exercise.name) for exercise in lab.exercises}
    return {name: "\n".join(line for line in text.split("\n") if "### " not in line) for name, text in texts.items()}


def mistaken(exercise, mistake=None):
    """Return the source of a mistake, the exercise's first if none is given, under the exercise's name, with all that
    it needs in the lab's kernel."""
    if exercise.double and not mistake:
        return written(exercise, exercise.double.wrong)  # its mistakes are doubles, too
    return written(exercise, (mistake or exercise.mistakes[0]).function)


def written(exercise, function):
    """Return the source of a function as a student would hand it in, as the answer to an exercise."""
    lab = next(lab for lab in LABS.values() if any(one is exercise for one in lab.exercises))
    return standalone(function, exercise.name, unit=lab.unit, avoid={one.name for one in lab.exercises})


def as_bytes(notebook):
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def answer_in(notebook, name):
    return "".join(_cell(notebook, name)["source"])


def with_answers(notebook, answers):
    """Return a copy of a notebook in which the cells of these ids have these texts."""
    notebook = copy.deepcopy(notebook)
    for name, source in answers.items():
        _cell(notebook, name)["source"] = source
    return notebook


def without(notebook, name):
    """Return a copy of a notebook without the cell of an id."""
    notebook = copy.deepcopy(notebook)
    notebook["cells"].remove(_cell(notebook, name))
    return notebook


def doubled(notebook, name, *, before):
    """Return a copy of a notebook in which a cell comes twice, first with the text `before`."""
    notebook = copy.deepcopy(notebook)
    cell = _cell(notebook, name)
    notebook["cells"].insert(notebook["cells"].index(cell), {**copy.deepcopy(cell), "source": before})
    return notebook


def _cell(notebook, name):
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name)
