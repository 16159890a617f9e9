"""Whether an answer's code is that of the last hint, the loop twin, whatever its names, comments and layout.

It is compared as a syntax tree, so that nothing of it is run. A right answer is worth its points wherever it came from;
this says only where it came from, and an instructor may count that less. Who writes a short function alone can come to
the same code.
"""

import ast
import itertools

from autograder.checking.exercise import source_of

MOST_CHARACTERS = 20_000  # of a cell that is read; a twin has fewer than a tenth of it


def is_last_hint(exercise, cells):
    """Whether the last of some cells, given as text, that defines the exercise's function does so by its loop twin."""
    defined = [function for text in cells for function in _functions_in(text) if function.name == exercise.name]
    (twin,) = _functions_in(source_of(exercise.twin))
    return bool(defined) and _code_of(defined[-1]) == _code_of(twin)


def _functions_in(text):
    """The functions that a cell defines, as syntax trees; none where it cannot be read."""
    if len(text) > MOST_CHARACTERS:
        return []
    lines = ("pass" if line.startswith(("%", "!")) else line for line in text.splitlines())  # these are IPython's
    try:
        tree = ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last three: a stranger's text
        return []
    return [statement for statement in tree.body if isinstance(statement, ast.FunctionDef)]


def _code_of(function):
    """A function as text in which docstrings and annotations are gone and local names are numbered."""
    try:
        return ast.dump(_Plain(_locals_of(function)).visit(function))
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
