"""The tables of units say what there is; hours and points are those of the notebooks."""

import json
import re

from autograder.exercises import LABS
from classroom import syllabus
from reformer import UNITS


def test_the_tables_of_units_are_up_to_date():
    hint = "`make syllabus ARGS=--write` writes them anew"
    assert syllabus.table_of_readme() in syllabus.README.read_text(encoding="utf-8"), hint
    cells = json.loads(syllabus.FIRST_LESSON.read_text(encoding="utf-8"))["cells"]
    assert any(syllabus.table_of_first_lesson() in "".join(cell["source"]) for cell in cells), hint


def test_a_table_is_replaced_whole_and_nothing_else():
    text = "before\n\n| unit | a |\n|---|---|\n| 01 | x |\n\nafter\n\n| unit | other |\n"
    assert syllabus.replaced(text, "| unit | b |\n| 02 | \\1 |") == (
        "before\n\n| unit | b |\n| 02 | \\1 |\n\nafter\n\n| unit | other |\n"
    )


def test_the_printed_table_has_the_points_of_the_exercises(capsys):
    syllabus.main([])
    lines = capsys.readouterr().out.splitlines()
    columns = re.split(r"  +", lines[0])
    assert columns == ["unit", "lesson", "lab", "points", "needs", "may be left out"]
    rows = {line[:2]: re.split(r"  +", line) for line in lines[2:] if line[:2].isdigit()}
    assert len(rows) == len(UNITS) + 1
    for lab in LABS.values():
        assert int(rows[f"{lab.unit:02}"][3]) == sum(exercise.max_score for exercise in lab.exercises)
    points = sum(int(row[3]) for row in rows.values() if row[3].isdigit())
    minutes = sum(int(cell.split()[0]) for row in rows.values() for cell in row[1:3] if cell.endswith(" min"))
    assert f"{minutes / 60:.1f} hours, {points} points" in lines[-1]


def road_to(number):
    """A unit and all that it needs, directly or not."""
    return {number}.union(*(road_to(needed) for needed in UNITS[number].needs))


def test_a_unit_needs_earlier_ones_and_the_last_one_all_but_those_that_may_be_left_out():
    assert all(needed < number for number, unit in UNITS.items() for needed in unit.needs)
    last = max(UNITS)
    assert {*UNITS} - road_to(last) == {*syllabus.dispensable()} - {last}


def test_a_unit_imports_from_itself_and_from_units_that_it_needs():
    unit_of = {module: number for number, unit in UNITS.items() for module in unit.modules}
    for module, number in unit_of.items():
        code = (syllabus.ROOT / "reformer" / f"{module}.py").read_text(encoding="utf-8")
        imported = re.findall(r"^from reformer\.(\w+) import", code, re.MULTILINE)
        assert {unit_of[name] for name in imported if name in unit_of} <= road_to(number), module


def test_writing_renews_both_tables_and_nothing_else(tmp_path, monkeypatch):
    originals = {name: getattr(syllabus, name) for name in ("README", "FIRST_LESSON")}
    for name, original in originals.items():
        text = original.read_text(encoding="utf-8")
        assert "08 Trax" in text
        (tmp_path / original.name).write_text(text.replace("08 Trax", "08 Old"), encoding="utf-8")
        monkeypatch.setattr(syllabus, name, tmp_path / original.name)
    syllabus.write_tables()
    for original in originals.values():
        assert (tmp_path / original.name).read_bytes() == original.read_bytes()
