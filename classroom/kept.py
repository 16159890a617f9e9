"""Kept answers: functions that got all points, as source, so that a later lab can run them.

One file for each exercise, `my_labs/kept/NAME.py`. It is plain Python, written to be read: a docstring that says where
the function is from; the imports, constants and helper functions that it uses; the function itself. It needs nothing of
the notebook. Before it is kept it has to pass the visible questions alone, in an empty namespace. The files are outside
git and safe to delete: the next check that gives all points writes one anew.
"""

import ast
import builtins
import contextlib
import inspect
import io
import math
import re
import symtable
import sys
import textwrap
import time
import types
import warnings
from collections import ChainMap
from pathlib import Path

import numpy as np

from autograder.checking.judge import ask, judge
from classroom import my_labs

FOLDER = "kept"
LONGEST_CONSTANT = 5_000  # characters; more is data, which a function gets as an argument
SEARCHED = ("numpy", "numpy.linalg", "math")  # for what does not say which module it is from


class NotKept(Exception):
    """Why an answer cannot be kept, as a sentence."""


class Damaged(Exception):
    """A kept file that cannot be used, and why, as a sentence."""


# --- from a function to a text that needs no notebook ---------------------------------------------------------------


def source_of(function, name):
    """The source of a function with all it uses, as a text that defines `name`.

    Imports, plain constants, and functions and classes of the learner's are found from the names that it uses, and so
    on with theirs. Raises NotKept, with the name that cannot be had, where there is one.
    """
    parts = _Parts()
    parts.add(name, function)
    head = ["\n".join(lines) for lines in (sorted(parts.imports, key=str.split), parts.constants) if lines]
    return "\n\n\n".join(["\n\n".join(head)] * bool(head) + parts.sources) + "\n"


class _Parts:
    """What a function needs, in the order in which a file has to have it."""

    def __init__(self):
        self.imports, self.constants, self.sources = set(), [], []
        self._named = {}  # what each name stands for

    def add(self, name, value):
        """Add what defines `name`."""
        if name in self._named:
            if self._named[name] is not value:
                raise NotKept(f"it uses two different things called `{name}`")
            return
        self._named[name] = value
        if isinstance(value, types.ModuleType):
            alias = "" if value.__name__ == name else f" as {name}"
            self.imports.add(f"import {value.__name__}{alias}")
        elif _is_the_learners(value):
            self._add_source(name, value)
        elif (origin := _origin_of(value)) is not None:
            module, attribute = origin
            self.imports.add(f"from {module} import {attribute}" + ("" if attribute == name else f" as {name}"))
        elif (text := written(value)) is not None:
            self.constants.append(f"{name} = {text}")
            self.imports |= {"import numpy"} if "numpy." in text else set()
        else:
            raise NotKept(f"it uses `{name}`, and a {type(value).__name__} cannot be kept")

    def _add_source(self, name, value):
        try:
            source = textwrap.dedent(inspect.getsource(inspect.unwrap(value))).rstrip()
            own, used = names_in(source)
        except (OSError, TypeError, SyntaxError):
            raise NotKept(f"the source of `{name}` cannot be found") from None
        if name not in own and value.__name__ not in own:
            raise NotKept(f"`{name}` has no name where it is written: begin it with `def {name}(`")
        around = _namespace_of(value)
        for other in sorted(used - own):
            if other in around:
                self.add(other, around[other])
            elif not hasattr(builtins, other):
                raise NotKept(f"it uses `{other}`, which is not defined")
        for other in own - {name}:
            self.add_name_of(other, value)
        self.sources.append(source if name in own else f"{source}\n\n\n{name} = {value.__name__}")

    def add_name_of(self, name, value):
        if self._named.setdefault(name, value) is not value:
            raise NotKept(f"it uses two different things called `{name}`")


def names_in(source):
    """The names that a source defines at its top, and the global names that it uses: two sets."""
    top = symtable.symtable(source, "a kept answer", "exec")
    own = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    used, waiting = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}, top.get_children()
    while waiting:
        table = waiting.pop()
        used |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced()}
        waiting += table.get_children()
    return own, used


def written(value):
    """A plain value as Python text that makes it again; None for any other.

    Plain are numbers, text, None, and tuples, lists, sets and dicts of these, and arrays of numbers.
    """
    with contextlib.suppress(RecursionError):
        text = _written(value)
        return text if text is not None and len(text) <= LONGEST_CONSTANT else None


def _written(value):
    kind = type(value)
    if kind in (int, bool, str, bytes, complex, types.NoneType, types.EllipsisType):
        return repr(value)
    if kind is float:
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, np.ndarray | np.generic):
        text = _written(value.tolist()) if value.dtype.kind in "biuf" and value.size < LONGEST_CONSTANT else None
        make = f'numpy.array({{}}, dtype="{value.dtype}")' if kind is np.ndarray else f"numpy.{value.dtype}({{}})"
        return text and make.format(text)
    if kind is dict:
        items = [(_written(key), _written(item)) for key, item in value.items()]
        return None if any(None in item for item in items) else "{" + ", ".join(map(": ".join, items)) + "}"
    if kind in (tuple, list, set) and None not in (items := [_written(item) for item in value]):
        before, after = {tuple: ("(", ",)" if len(items) == 1 else ")"), list: "[]", set: "{}"}[kind]
        return f"{before}{', '.join(items)}{after}" if items or kind is not set else "set()"
    return None


def _is_the_learners(value):
    """Whether something was written in a notebook, or in a file beside one."""
    if not isinstance(value, types.FunctionType | type) and not hasattr(value, "__wrapped__"):
        return False
    module = getattr(value, "__module__", None)
    if module == "__main__" or module not in sys.modules:
        return True
    file = getattr(sys.modules[module], "__file__", None)
    return file is not None and "my_labs" in Path(file).parts


def _origin_of(value):
    """(module, attribute) from which something can be imported, or None."""
    name = getattr(value, "__name__", None)
    for module in (getattr(value, "__module__", None), *SEARCHED):
        there = getattr(sys.modules.get(module), name, None) if name and module else None
        # What `mine.install` put there wraps the course's own.
        if there is not None and any(value is one for one in (there, getattr(there, "__wrapped__", there))):
            return module, name
    return None


def _namespace_of(value):
    """The names that a function sees from where it was written; of a class, those of its module."""
    function = inspect.unwrap(value)
    if isinstance(function, type):
        return vars(sys.modules.get(function.__module__, builtins))
    inside = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # an empty cell
            inside[name] = cell.cell_contents
    return ChainMap(inside, function.__globals__)


# --- keeping, and having again --------------------------------------------------------------------------------------


def keep(folder, exercise, lab, function, seconds):
    """Keep an answer that got all points. Returns whether it was written; one that is there already is not.

    lab : name of the lab, for the file's first line
    seconds : the longest that one call may take

    Raises NotKept where it does not work alone, OSError where it cannot be written.
    """
    source, path = source_of(function, exercise.name), Path(folder) / FOLDER / f"{exercise.name}.py"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8").partition("\n\n")[2] == source:
            return False
    _require_right_alone(source, exercise, seconds)
    said = f'"""`{exercise.name}`, yours: it got all points in {lab} on {time.strftime("%Y-%m-%d")}."""'
    my_labs.write_whole(path, f"{said}\n\n{source}")
    return True


def _require_right_alone(source, exercise, seconds):
    with _quiet():
        try:
            alone = defined_by(source, exercise.name)
        except Exception as error:
            raise NotKept(f"alone it fails: {type(error).__name__}: {error}") from None
        questions = exercise.asked(hidden=False)
        verdict = judge(exercise, ask(exercise, alone, questions, exercise.generator, seconds))
    if not verdict.right:
        raise NotKept(f"alone it fails: {verdict.first_wrong.reason}")


def kept_names(folder):
    """The names of the exercises whose answers are kept, in alphabetical order."""
    return sorted(path.stem for path in (Path(folder) / FOLDER).glob("*.py") if path.stem.isidentifier())


def load(folder, name):
    """The kept function called `name`, from its file alone.

    Raises Damaged where the file cannot be read as what `keep` writes; it is then set aside. Raises NotKept where the
    file is whole, and something that it imports or does fails.
    """
    path = Path(folder) / FOLDER / f"{name}.py"
    try:
        source = path.read_text(encoding="utf-8")
        defines = name in names_in(source)[0]
    except (OSError, ValueError, SyntaxError) as error:
        why = type(error).__name__
        raise Damaged(f"its file cannot be read ({why}), and is now {my_labs.set_aside(path)}") from None
    if not defines:
        raise Damaged(f"its file does not define it, and is now {my_labs.set_aside(path)}")
    try:
        with _quiet():
            return defined_by(source, name, path)
    except Exception as error:
        raise NotKept(f"its file fails: {type(error).__name__}: {error}") from None


def defined_by(source, name, path="a kept answer"):
    """What a source defines under a name, in a namespace that holds nothing else."""
    namespace = {"__name__": f"kept_{name}"}
    exec(compile(ast.parse(source), str(path), "exec"), namespace)
    return namespace[name]


@contextlib.contextmanager
def _quiet():
    silent = io.StringIO()
    with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def explained(error):
    """A reason as HTML: what stands between backticks is code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", str(error).replace("&", "&amp;").replace("<", "&lt;"))
