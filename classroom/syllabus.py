"""The tables of units in README and lesson 00, made from `reformer.UNITS` and from what there is on disk.

`python -m classroom.syllabus` writes both anew; a test fails where one is out of date.
"""

import json
import re
from pathlib import Path

from reformer import UNITS

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
FIRST_LESSON = ROOT / "notebooks" / "00_start_here.ipynb"
IN_THE_MAKING = "in the making"


def lesson_of(number):
    """The first lesson of a unit, or None."""
    return next(iter(sorted(FIRST_LESSON.parent.glob(f"{number:02}*_*.ipynb"))), None)


def lab_of(number):
    """The lab of a unit, or None."""
    return next(iter(sorted((ROOT / "solutions").glob(f"lab{number:02}_*/*.ipynb"))), None)


def minutes_of(notebook):
    """What the first cell of a notebook says of its time, as text: "50 min"."""
    first = "".join(json.loads(notebook.read_text(encoding="utf-8"))["cells"][0]["source"])
    return re.search(r"\*\*Time:\*\* (?:about )?(\d+) minutes", first)[1] + " min"


def table_of_readme():
    """One row for each unit: what it has."""
    rows = ["| unit | lesson | lab | core |", "|---|---|---|---|", "| 00 start here | yes | – | – |"]
    for number, unit in UNITS.items():
        there = ["yes" if path else IN_THE_MAKING for path in (lesson_of(number), lab_of(number))]
        core = " ".join(f"`{name}`" for name in unit.modules) or IN_THE_MAKING
        rows.append(f"| {number:02} {unit.name} | {' | '.join(there)} | {core} |")
    return "\n".join(rows)


def table_of_first_lesson():
    """One row for each unit: its question, and how long lesson and lab take."""
    rows = ["| unit | question | lesson, lab |", "|---|---|---|"]
    for number, unit in UNITS.items():
        name, lesson, lab = f"{number:02} {unit.name}", lesson_of(number), lab_of(number)
        if lesson and lab:
            rows.append(f"| **{name}** | {unit.question} | **{minutes_of(lesson)}, {minutes_of(lab)}** |")
        else:
            rows.append(f"| {name} | {unit.question} | {IN_THE_MAKING} |")
    return "\n".join(rows)


def replaced(text, table):
    """`text` with its first table that begins with "| unit |" replaced."""
    return re.sub(r"^\| unit \|.*(?:\n\|.*)*", lambda _: table, text, count=1, flags=re.MULTILINE)


def main():
    README.write_text(replaced(README.read_text(encoding="utf-8"), table_of_readme()), encoding="utf-8")
    notebook = json.loads(FIRST_LESSON.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "map")
    cell["source"] = replaced("".join(cell["source"]), table_of_first_lesson())
    FIRST_LESSON.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
