"""The core follows the course: every module belongs to one unit, and a unit builds on earlier ones only."""

import ast
import re
from pathlib import Path

import reformer
from autograder.exercises import MODULES_OF_UNIT

FOLDER = Path(reformer.__file__).parent
UNIT_OF = {name: unit for unit, names in MODULES_OF_UNIT.items() for name in names}
FOR_ALL = {"__init__", "arguments"}


def imported_modules(path):
    """Names of the modules of `reformer` that a file imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "reformer":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reformer."):
            names.add(node.module.split(".")[1])
    return names


def test_every_module_belongs_to_one_unit():
    assert sum(map(len, MODULES_OF_UNIT.values())) == len(UNIT_OF)
    assert {path.stem for path in FOLDER.glob("*.py")} == set(UNIT_OF) | FOR_ALL


def test_a_unit_builds_on_earlier_units_and_on_itself_only():
    later = {
        (path.stem, name)
        for path in FOLDER.glob("*.py")
        for name in imported_modules(path) - FOR_ALL
        if UNIT_OF[name] > UNIT_OF.get(path.stem, 0)
    }
    assert later == set()


def test_the_map_of_the_core_lists_every_module_under_its_unit():
    listed, unit = [], 0
    for line in reformer.__doc__.splitlines():
        entry = re.match(r"    (\d\d|  )  (\w+)  +\S", line)
        if entry:
            unit = int(entry[1]) if entry[1].strip() else unit
            listed.append((unit, entry[2]))
    assert sorted(listed) == sorted((unit, name) for name, unit in UNIT_OF.items() if not name.startswith("_"))
    assert [unit for unit, _ in listed] == sorted(unit for unit, _ in listed)
    assert all(f"`{name}`" in reformer.__doc__ for name in ("arguments", "_fast_lsh", "loops"))


def test_loop_twins_import_nothing_of_the_core():
    assert all(imported_modules(path) == set() for path in (FOLDER / "loops").glob("*.py"))


def test_loop_twins_use_numpy_alone_as_a_lab_does():
    for path in (FOLDER / "loops").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        assert [ast.unparse(node) for node in imports] in ([], ["import numpy as np"]), path.name
