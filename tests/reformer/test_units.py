"""The core follows the course: every module belongs to one unit, and a unit builds on earlier ones only."""

import ast
import re
import sys
from pathlib import Path

import reformer
from reformer import UNITS

FOLDER = Path(reformer.__file__).parent
UNIT_OF = {name: number for number, unit in UNITS.items() for name in unit.modules}
FOR_ALL = {"__init__", "arguments"}


def imported_modules(path):
    """Names of the modules and packages of `reformer` that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "reformer":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reformer."):
            names.add(node.module.split(".")[1])
    return names


def test_every_module_belongs_to_one_unit():
    assert sum(len(unit.modules) for unit in UNITS.values()) == len(UNIT_OF)
    assert {path.stem for path in FOLDER.glob("*.py")} == set(UNIT_OF) | FOR_ALL


def test_a_unit_builds_on_earlier_units_and_on_itself_only():
    later = {
        (path.stem, name)
        for path in FOLDER.glob("*.py")
        for name in imported_modules(path) - FOR_ALL - {"fast"}
        if UNIT_OF[name] > UNIT_OF.get(path.stem, 0)
    }
    assert later == set()


def test_modules_of_one_unit_import_those_that_the_map_lists_before_them():
    places = {name: place for place, name in enumerate(UNIT_OF)}
    later = {
        (path.stem, name)
        for path in FOLDER.glob("*.py")
        for name in imported_modules(path) - FOR_ALL - {"fast"}
        if path.stem in places and places[name] >= places[path.stem]
    }
    assert later == set()


def test_the_tuned_path_is_behind_one_switch():
    assert {path.stem for path in FOLDER.glob("*.py") if "fast" in imported_modules(path)} == {"blocks"}


def test_units_one_to_five_are_forward_only():
    for path in FOLDER.glob("*.py"):
        if UNIT_OF.get(path.stem, 9) < 6:
            names = [n.name for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.FunctionDef)]
            with_gradients = [name for name in names if re.search("._(forward|backward|vjp)$", name)]
            assert set(with_gradients) <= {"feed_forward"}, path.name


def test_loop_twins_import_nothing_of_the_core():
    assert all(imported_modules(path) == set() for path in (FOLDER / "loops").glob("*.py"))


def test_loop_twins_use_numpy_alone_as_a_lab_does():
    for path in (FOLDER / "loops").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert [ast.unparse(node) for node in imports] in ([], ["import numpy as np"]), path.name


def test_the_core_needs_numpy_alone():
    for path in FOLDER.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            packages = {name.split(".")[0] for name in names}
            assert not packages - sys.stdlib_module_names - {"numpy", "reformer"}, path.name
