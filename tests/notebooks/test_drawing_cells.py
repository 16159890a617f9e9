"""Cells that only draw are folded: whoever leaves them so misses the code of a picture, and nothing else."""

import ast
import re
from symtable import symtable

import nbformat
import pytest

from tests.notebooks.notebook_files import LESSONS, ROOMS, read

CHANGES = {"append", "extend", "fill", "insert", "pop", "put", "remove", "setdefault", "sort", "update"}
SAYS = {"print", "display", "ask", "check"}


def only_draws(cell):
    return "draws" in cell.metadata.get("tags", [])


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def names_bound(source):
    """The names that code binds where it stands, not those inside of its functions and comprehensions."""
    symbols = symtable(source, "cell", "exec").get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}


def names_read(source):
    """The names of the notebook that code reads, inside of its functions and comprehensions too."""
    tables, names = [symtable(source, "cell", "exec")], set()
    for table in tables:
        tables += table.get_children()
        is_read = [symbol for symbol in table.get_symbols() if symbol.is_referenced()]
        names |= {symbol.get_name() for symbol in is_read if symbol.is_global() or table.get_type() == "module"}
    return names


def names_from_outside(source):
    """The names that a cell reads, or changes in place, before it has bound them."""
    bound, outside = set(), set()
    for statement in ast.parse(source).body:
        code = ast.unparse(statement)
        if isinstance(statement, ast.AugAssign):
            outside |= (names_read(code) | names_bound(code)) - bound
        elif isinstance(statement, ast.Assign):
            outside |= names_read(code) - bound
        else:
            outside |= names_read(code) - names_bound(code) - bound
        bound |= names_bound(code)
    return outside


def base_of(target):
    """The name at the left end of `name[...]` and `name.attribute`, or the name itself."""
    while isinstance(target, ast.Subscript | ast.Attribute | ast.Starred):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None


def names_changed(source):
    """The names whose object a cell changes: by an assignment to a part of it, or by a method that works in place."""
    changed = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            changed.add(base_of(node))
        elif isinstance(node, ast.AugAssign):
            changed.add(base_of(node.target))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGES:
            changed.add(base_of(node.func))
    return changed - {None}


def fault_of(source):
    """Why a cell does more than draw, in a few words; None if it does not."""
    tree = ast.parse(source)
    if not tree.body or not ast.unparse(tree.body[-1]).startswith("figures.show("):
        return "it needs to end with figures.show"
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    if called & SAYS:
        return f"it calls {', '.join(sorted(called & SAYS))}"
    words = names_read(source) | {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    if words & {"rng", "random", "default_rng"}:
        return "it draws random numbers"
    if changed := names_changed(source) & names_from_outside(source):
        return f"it changes {', '.join(sorted(changed))}"
    return None


def faults_of(notebook):
    """What is wrong with the drawing cells of a notebook, and with cells that need what a drawing cell has bound."""
    faults, drawn = [], set()
    for cell in code_cells(notebook):
        if only_draws(cell):
            faults += [f"{cell.id}: {fault}" for fault in [fault_of(cell.source)] if fault]
            drawn |= names_bound(cell.source)
        else:
            needed = names_from_outside(cell.source) & drawn
            faults += [f"{cell.id}: it needs {name} from a drawing cell" for name in sorted(needed)]
            drawn -= names_bound(cell.source)
    return faults


@pytest.mark.parametrize("path", [*LESSONS, *ROOMS], ids=lambda path: path.stem)
def test_cells_tagged_as_drawing_only_draw(path):
    assert faults_of(read(path)) == []


@pytest.mark.parametrize("path", [*LESSONS, *ROOMS], ids=lambda path: path.stem)
def test_what_is_folded_is_a_drawing_a_question_or_a_long_run_and_every_drawing_so_tagged_is_folded(path):
    for cell in code_cells(read(path)):
        is_folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        runs_the_whole = "runs-the-whole" in cell.metadata.get("tags", [])
        assert is_folded == (only_draws(cell) or cell.source.startswith("ask(") or runs_the_whole), cell.id
        if runs_the_whole:  # what takes minutes, and only for whoever asks for it
            assert re.match(r"[A-Z_]+ = False", cell.source), cell.id


DRAWS = "figure, ax = plt.subplots()\nax.plot(heights)\n"
SHOWS = 'figures.show(figure, "Heights.")'


def notebook_of(drawing, *others):
    make = nbformat.v4.new_code_cell
    draws = make(drawing, id="drawing", metadata={"tags": ["draws"]})
    return nbformat.v4.new_notebook(cells=[make("heights = [1]", id="first"), draws, *map(make, others)])


def test_a_cell_that_draws_what_others_computed_only_draws():
    drawing = "low = min(heights)\nfor height in heights:\n    height += low\n" + DRAWS + SHOWS
    later = ["figure, ax = plt.subplots()\nax.plot(heights)", "lows = [low for low in heights]", "heights[0] = 2"]
    assert faults_of(notebook_of(drawing, *later)) == []


@pytest.mark.parametrize(
    ("drawing", "fault"),
    [
        (DRAWS, "it needs to end with figures.show"),
        (DRAWS + "print(heights)\n" + SHOWS, "it calls print"),
        ("noise = rng.standard_normal(3)\n" + DRAWS + SHOWS, "it draws random numbers"),
        ("noise = np.random.default_rng(0).random(3)\n" + DRAWS + SHOWS, "it draws random numbers"),
        ("heights[0] = 2\n" + DRAWS + SHOWS, "it changes heights"),
        ("heights += 2\n" + DRAWS + SHOWS, "it changes heights"),
        ("heights.sort()\n" + DRAWS + SHOWS, "it changes heights"),
        ('plt.rcParams["font.size"] = 20\n' + DRAWS + SHOWS, "it changes plt"),
    ],
)
def test_a_cell_that_does_more_than_draw_is_found(drawing, fault):
    assert faults_of(notebook_of(drawing)) == [f"drawing: {fault}"]


@pytest.mark.parametrize(
    "later",
    ["print(low)", "low = low + 1", "low += 1", "lows = [low for _ in heights]", "def lower():\n    return low"],
)
def test_a_cell_that_needs_what_a_drawing_cell_bound_is_found(later):
    notebook = notebook_of("low = min(heights)\n" + DRAWS + SHOWS, later)
    assert faults_of(notebook) == [f"{notebook.cells[-1].id}: it needs low from a drawing cell"]
