"""Ten submissions to try grading on, made from the instructor's version of a lab: good ones and bad ones."""

import ast
import copy
import functools
import inspect
import json
import re
import textwrap
from pathlib import Path

import numpy as np

from autograder.grading.labs import source_of
from autograder.grading.nbgrader_config import ROOT

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


def mistaken(exercise):
    """Return the source of the exercise's first mistake, under the exercise's name, with all that it needs."""
    return _Definitions().of(exercise.mistakes[0].function, exercise.name)


class _Definitions:
    """The statements that give functions and values of the exercises' modules their names, in an order that runs.

    `np` is not among them: every lab imports it.
    """

    def __init__(self):
        self.statements = {}  # by the name that each gives

    def of(self, function, name):
        """The text of all that a function needs, and of the function itself, called `name`."""
        self._define(name, function)
        texts = self.statements.values()
        text = "".join(f"\n\n{words}\n\n\n" if "\n" in words else f"{words}\n" for words in texts)
        return re.sub(r"\n{3,}", "\n\n\n", text).strip()

    def _define(self, name, value):
        if name in self.statements or value is np:
            return
        text = self._import_of(name, value) or self._function(name, value) or f"{name} = {self._expression(value)}"
        self.statements[name] = text

    def _import_of(self, name, value):
        """The import of what is not of an exercise: a module, or what a module of `reformer` has."""
        if inspect.ismodule(value):
            package, _, module = value.__name__.rpartition(".")
            words = f"import {module}" if not package else f"from {package} import {module}"
            return words + f" as {name}" * (name != module)
        module = getattr(value, "__module__", None) or ""
        if not hasattr(value, "__name__") or module.startswith("autograder."):
            return None
        return f"from {module} import {value.__name__}" + f" as {name}" * (name != value.__name__)

    def _function(self, name, value):
        """A function with `def`, after all that it needs; None for all else."""
        if not inspect.isfunction(value) or isinstance(node := _node_of(value), ast.Lambda):
            return None
        self._define_names_in(node, value)
        source = textwrap.dedent(inspect.getsource(value))
        source = source[source.index("def ") :].rstrip()
        return re.sub(rf"\b{node.name}\b", name, source)

    def _expression(self, value):
        """A value as an expression, after all that it needs."""
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {self._expression(item)}" for key, item in value.items()) + "}"
        if not inspect.isfunction(value):
            return repr(value)
        node = _node_of(value)
        if isinstance(node, ast.Lambda):
            self._define_names_in(node, value)
            return ast.unparse(node)
        self._define(value.__name__, value)
        return value.__name__

    def _define_names_in(self, node, function):
        """Define what the names in a function stand for: those of the function around it, and those of its module."""
        around = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        known = function.__globals__ | {name: cell.cell_contents for name, cell in around}
        arguments, body = node.args, node.body if isinstance(node.body, list) else [node.body]
        defaults = [one for one in (*arguments.defaults, *arguments.kw_defaults) if one]
        own = {one.arg for one in ast.walk(arguments) if isinstance(one, ast.arg)} | {getattr(node, "name", "")}
        own |= {one.id for one in _names_in(body) if isinstance(one.ctx, ast.Store)}
        used = [one.id for one in _names_in(defaults)] + [one.id for one in _names_in(body) if one.id not in own]
        for name in used:
            if name in known:
                self._define(name, known[name])


def _names_in(nodes):
    return [one for node in nodes for one in ast.walk(node) if isinstance(one, ast.Name)]


def _node_of(function):
    """The syntax of a function, `def` or lambda: of several lambdas that begin in a line the one at the same place."""
    tree, line = _tree_of(inspect.getsourcefile(function)), function.__code__.co_firstlineno
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    first_lines = (min(one.lineno for one in (node, *getattr(node, "decorator_list", ()))) for node in found)
    found = [node for node, first in zip(found, first_lines, strict=True) if first == line]
    return next(node for node in found if len(found) == 1 or _column(node) == _column_of(function))


@functools.cache
def _tree_of(path):
    return ast.parse(Path(path).read_text(encoding="utf-8"))


def _column(node):
    return node.body.col_offset if isinstance(node, ast.Lambda) else node.col_offset


def _column_of(function):
    """Where in its line the body of a lambda begins."""
    columns = [start for _, _, start, end in function.__code__.co_positions() if start is not None and end]
    return min(columns)


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
