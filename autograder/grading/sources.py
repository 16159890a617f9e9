"""Where an answer's code comes from: the last hint, the course's own code, or somebody else's ready-made function.

It is read as a syntax tree, so that nothing of it is run. A right answer is worth its points wherever it came from;
what is found here is told to the instructor, and costs nothing unless the instructor wants the last hint to count
less. Who writes a short function alone can come to the same code.
"""

import ast
import copy
import functools
import itertools
import re
import warnings

from autograder.checking.exercise import source_of
from autograder.exercises import lab_named
from autograder.grading.labs import LabFault
from autograder.grading.sample import answers_of

MOST_CHARACTERS = 20_000  # of a cell that is read; a twin has fewer than a tenth of it
MOST_OF_ALL = 100_000  # of the last cells together
READY_MADE = {
    "flax",
    "jax",
    "keras",
    "reformer_pytorch",
    "scipy",
    "sklearn",
    "tensorflow",
    "torch",
    "transformers",
    "trax",
}
ALONE = "one can come to the same code alone"
_FILES = re.compile(r"(^|[/\\])(solutions|loops|autograder|reformer|trax_bridge)[/\\]|(^|[/\\])solutions$|\.ipynb\b")
_IMPORTS = re.compile(r"\bfrom\s+([\w.]+)\s+import\b|\bimport\s+([\w.]+)")


def is_last_hint(exercise, cells):
    """Whether the last of some cells, given as text, that defines the exercise's function does so by its loop twin."""
    return _code_in(exercise, _statements_in(cells)) == _known_code(source_of(exercise.twin))


def notes_on_source(lab, exercise, cells):
    """Say of an answer, in sentences for the instructor, what it has from elsewhere.

    cells : the texts of all cells of the student's up to the exercise's check, in order
    """
    statements = _statements_in(cells)
    code = _code_in(exercise, statements)
    notes = []
    if code == _known_code(source_of(exercise.twin)):
        notes.append(f"has the code of its last hint; {ALONE}")
    elif code and code in map(_known_code, _own_versions(lab, exercise)):
        notes.append(f"has the code of the course's own version; {ALONE}")
    ready_made = READY_MADE - ({"trax", "jax"} if exercise.needs_trax else set())
    notes += _taken(_rests_on(exercise.name, statements), exercise.name, ready_made)
    return [f"the answer to {exercise.name} {words}" for words in notes]


def _own_versions(lab, exercise):
    """The sources of the course's own versions: the reference and what the instructor's notebook answers."""
    solution = _solutions_of(lab.name).get(exercise.name)
    return [source_of(exercise.reference), *([solution] if solution else [])]


@functools.cache
def _solutions_of(name):
    try:
        return answers_of(lab_named(name))
    except (LabFault, OSError):
        return {}


# --- reading a stranger's cells ---------------------------------------------------------------------------------


def _statements_in(cells):
    """The statements of some cells, as syntax trees; a cell that cannot be read has none."""
    lengths = itertools.accumulate(map(len, reversed(cells)))
    n_read = sum(length <= MOST_OF_ALL for length in lengths)
    return [statement for text in cells[len(cells) - n_read :] for statement in _read(text)]


def _read(text):
    if len(text) > MOST_CHARACTERS:
        return []
    lines = (repr(line) if line.startswith(("%", "!")) else line for line in text.splitlines())  # these are IPython's
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("\n".join(lines)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last three: a stranger's text
        return []


def _binds(statement):
    """The names that a statement at the top of a cell gives a meaning to; none are told of one that may give any."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names} - {"*"}
    return {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _code_in(exercise, statements):
    """The code of the function that the exercise's name stands for in the end; empty where it is none."""
    last = [statement for statement in statements if exercise.name in _binds(statement)][-1:]
    return _code_of(last[0]) if last and isinstance(last[0], ast.FunctionDef) else ""


def _rests_on(name, statements):
    """The statements that give a name its meaning, and the names in those theirs; and those that may give any."""
    meaning = {bound: statement for statement in statements for bound in _binds(statement)}  # the last counts
    found = [statement for statement in statements if not _binds(statement)]
    names, seen = [name, *_names_in(found)], set()
    while names:
        name = names.pop()
        if name in meaning and name not in seen:
            found.append(meaning[name])
            names += _names_in([meaning[name]])
        seen.add(name)
    return found


def _names_in(statements):
    return [node.id for statement in statements for node in ast.walk(statement) if isinstance(node, ast.Name)]


# --- what is taken from elsewhere -------------------------------------------------------------------------------


def _taken(statements, name, ready_made):
    """Say what some statements take from elsewhere, where `name` is asked."""
    nodes = [node for statement in statements for node in ast.walk(statement)]
    texts = [node.value.strip() for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    modules = [
        f"{node.module}.{alias.name}" for node in nodes if isinstance(node, ast.ImportFrom) for alias in node.names
    ]
    modules += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [module for text in texts for pair in _IMPORTS.findall(text) for module in pair if module]
    modules += [text for text in texts if re.fullmatch(r"\w+(\.\w+)*", text)]  # as importlib and sys.modules take them
    asks = any(isinstance(node, ast.Attribute) and node.attr == name for node in nodes)
    asks = asks or any(re.search(rf"\b{name}\b", text) for text in texts)
    notes = []
    parts = [module.split(".") for module in modules]
    course = [path for path in parts if path[0] in ("reformer", "trax_bridge")]
    if any(asks or path[-1] in (name, "*") or "loops" in path for path in course):
        notes.append("takes the course's own function")
    notes += [f"uses {package}" for package in sorted(ready_made & {path[0] for path in parts})]
    if any(path[0] == "autograder" and path != ["autograder", "check"] and path != ["autograder"] for path in parts):
        notes.append("looks into the autograder")
    if any(len(text) < 300 and _FILES.search(text) for text in texts):
        notes.append("names a file of the course, or a notebook")
    return notes


# --- whether two functions have the same code -------------------------------------------------------------------


@functools.cache
def _known_code(source):
    """The code of the last function in a source of the course's."""
    return _code_of([statement for statement in _read(source) if isinstance(statement, ast.FunctionDef)][-1])


def _code_of(function):
    """A function as text in which docstrings and annotations are gone and local names are numbered."""
    try:
        return ast.dump(_Plain(_locals_of(function)).visit(copy.deepcopy(function)))
    except RecursionError:
        return ""


def _locals_of(function):
    """The names a function binds: a dict to numbers, in the order of the syntax tree."""
    names, nodes = {}, ast.walk(function)
    for node in itertools.islice(nodes, 1, None):
        if isinstance(node, ast.arg):
            names.setdefault(node.arg, len(names))
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.setdefault(node.id, len(names))
    return names


class _Plain(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_FunctionDef(self, node):
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node):
        return ast.arg(str(self.names[node.arg]))

    def visit_AnnAssign(self, node):
        return self.generic_visit(ast.Assign([node.target], node.value) if node.value else ast.Pass())

    def visit_Name(self, node):
        return ast.Name(str(self.names.get(node.id, node.id)), node.ctx)
