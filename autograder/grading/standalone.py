"""A function as text that stands alone, under another name: with all that it needs from the modules around it.

What a learner's kernel can import is imported; everything else, such as a helper in the exercise's own module or the
reference of the lab's own unit, is written out in front of the function.
"""

import ast
import builtins
import collections
import copy
import functools
import inspect
import re
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import numpy as np

from reformer import UNITS


def standalone(function, name, *, unit, avoid=()):
    """Return the source of a function, called `name`, with all that it needs; `np` alone is taken as imported.

    unit : number of the unit in whose kernel it is to run; there `reformer` has the modules of units before it
    avoid : names that nothing else may bear
    """
    bundle = _Bundle(unit, {name, "np", *avoid, *dir(builtins)})
    bundle.define(function, name)
    text = "".join(f"\n\n{words}\n\n\n" if "\n" in words else f"{words}\n" for words in bundle.statements)
    return re.sub(r"\n{3,}", "\n\n\n", text).strip()


class _Bundle:
    """Statements that give values their names, in an order that runs; each value has one name, and no two the same."""

    def __init__(self, unit, taken):
        self.available = {"arguments", *(name for n, one in UNITS.items() if n < unit for name in one.modules)}
        self.taken = taken
        self.names = {id(np): "np"}  # by the identity of the value
        self.kept = []  # the values, so that no identity is given twice
        self.statements = []

    def name_of(self, value, wanted):
        """The name of a value, which is defined if it is new."""
        if id(value) not in self.names:
            name, number = wanted, 1
            while name in self.taken:
                number += 1
                name = f"{wanted}_{number}"
            self.taken.add(name)
            self.define(value, name)
        return self.names[id(value)]

    def define(self, value, name):
        self.names[id(value)] = name
        self.kept.append(value)
        self.statements.append(self._statement(value, name))  # which defines first what it needs

    def is_hidden(self, module):
        """Whether the learner's kernel has no such module."""
        package, _, rest = module.partition(".")
        return package in ("autograder", "tests") or (package == "reformer" and rest not in self.available)

    def _statement(self, value, name):
        while inspect.isfunction(value) and not self.is_hidden(value.__globals__["__name__"]):
            if not hasattr(value, "__wrapped__"):
                break
            value = value.__wrapped__  # of what a library wraps, such as in `np.errstate`, the function itself
        if isinstance(value, ModuleType):
            package, _, module = value.__name__.rpartition(".")
            words = f"import {module}" if not package else f"from {package} import {module}"
            return words + f" as {name}" * (name != module)
        module = getattr(value, "__module__", None)
        if hasattr(value, "__name__") and module and not self.is_hidden(module):
            return f"from {module} import {value.__name__}" + f" as {name}" * (name != value.__name__)
        if inspect.isfunction(value) and isinstance(node := _node_of(value), ast.FunctionDef):
            node = self._rewritten(node, value)
            node.name, node.decorator_list, node.returns = name, [], None
            return ast.unparse(node)
        if inspect.isclass(value):
            return self._class(value, name)
        return f"{name} = {self._expression(value)}"

    def _class(self, value, name):
        (node,) = ast.parse(textwrap.dedent(inspect.getsource(value))).body
        node = _Renamed(self, vars(sys.modules[value.__module__]), _bound_in(node)).visit(node)
        node.name = name
        return ast.unparse(node)

    def _expression(self, value):
        """A value as an expression, after all that it needs."""
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {self._expression(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list | tuple) and type(value) in (list, tuple):
            items = ", ".join(map(self._expression, value)) + "," * (type(value) is tuple and len(value) == 1)
            return f"[{items}]" if isinstance(value, list) else f"({items})"
        if isinstance(value, np.ndarray):
            return f"np.array({value.tolist()!r}, dtype={value.dtype.name!r})"
        if inspect.isfunction(value) and isinstance(node := _node_of(value), ast.Lambda):
            return ast.unparse(self._rewritten(node, value))
        if callable(value):
            return self.name_of(value, value.__name__)
        return f"float('{value}')" if isinstance(value, float) and not np.isfinite(value) else repr(value)

    def _rewritten(self, node, function):
        """The syntax of a function in which all names stand for what they stood for in its module."""
        node = ast.parse(_text_of(node)).body[0]
        node = node.value if isinstance(node, ast.Expr) else node
        given = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        defaults = iter(ast.parse(self._expression(value), mode="eval").body for value in given)
        arguments = node.args
        arguments.defaults = [next(defaults) for _ in arguments.defaults]
        arguments.kw_defaults = [one and next(defaults) for one in arguments.kw_defaults]
        for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            one.annotation = None
        around = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        known = function.__globals__ | {name: cell.cell_contents for name, cell in around}
        body = _Renamed(self, known, _bound_in(node))
        node.body = [body.visit(one) for one in node.body] if isinstance(node.body, list) else body.visit(node.body)
        return node


class _Renamed(ast.NodeTransformer):
    """Gives what is known under a name, and is not bound within, the name that it has in the bundle."""

    def __init__(self, bundle, known, bound):
        self.bundle, self.known, self.bound = bundle, known, bound

    def visit_Name(self, node):
        if not self._is_known(node):
            return node
        return ast.Name(self.bundle.name_of(self.known[node.id], node.id), node.ctx)

    def visit_Attribute(self, node):
        owner = self.known[node.value.id] if self._is_known(node.value) else None
        module = owner.__name__ if isinstance(owner, ModuleType) else type(owner).__module__
        if not self.bundle.is_hidden(module):
            return self.generic_visit(node)
        return ast.Name(self.bundle.name_of(getattr(owner, node.attr), node.attr), node.ctx)

    def _is_known(self, node):
        return isinstance(node, ast.Name) and node.id in self.known and node.id not in self.bound


def _bound_in(node):
    """The names that a function or a class binds itself."""
    names = set()
    for one in ast.walk(node):
        if isinstance(one, ast.arg):
            names.add(one.arg)
        elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            names.add(one.id)
        elif isinstance(one, ast.FunctionDef) and one is not node:
            names.add(one.name)
    return names


@functools.cache
def _text_of(node):
    """The source of a function, without its docstring."""
    node = copy.copy(node)
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        node.body = node.body[1:] or [ast.Pass()]
    return ast.unparse(node)


def _node_of(function):
    """The syntax of a function, `def` or lambda: of several lambdas that begin in a line the one at the same place."""
    found = _functions_in(inspect.getsourcefile(function))[function.__code__.co_firstlineno]
    found = [node for node in found if isinstance(node, ast.Lambda) == (function.__code__.co_name == "<lambda>")]
    return next(node for node in found if len(found) == 1 or _column(node) == _column_of(function))


@functools.cache
def _functions_in(path):
    """The functions in a file, `def` or lambda, by the line where they or their decorators begin."""
    found = collections.defaultdict(list)
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.Lambda):
            found[min(one.lineno for one in (node, *getattr(node, "decorator_list", ())))].append(node)
    return found


def _column(node):
    return node.body.col_offset if isinstance(node, ast.Lambda) else node.col_offset


def _column_of(function):
    """Where in its line the body of a lambda begins."""
    columns = [start for _, _, start, end in function.__code__.co_positions() if start is not None and end]
    return min(columns)
