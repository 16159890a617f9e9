"""The tables of units say what there is."""

import json

from classroom import syllabus


def test_the_tables_of_units_are_up_to_date():
    hint = "`python -m classroom.syllabus` writes them anew"
    assert syllabus.table_of_readme() in syllabus.README.read_text(encoding="utf-8"), hint
    cells = json.loads(syllabus.FIRST_LESSON.read_text(encoding="utf-8"))["cells"]
    assert any(syllabus.table_of_first_lesson() in "".join(cell["source"]) for cell in cells), hint


def test_a_table_is_replaced_whole_and_nothing_else():
    text = "before\n\n| unit | a |\n|---|---|\n| 01 | x |\n\nafter\n\n| unit | other |\n"
    assert syllabus.replaced(text, "| unit | b |\n| 02 | \\1 |") == (
        "before\n\n| unit | b |\n| 02 | \\1 |\n\nafter\n\n| unit | other |\n"
    )
