"""The course as tables, made from `reformer.UNITS` and from the notebooks that there are.

`python -m classroom.syllabus` prints hours, points and what each unit needs; with --write it also writes the tables of
units in README and lesson 00 anew, and the page of the glossary. A test fails where one of these is out of date.
"""

import argparse
import json
import re
from pathlib import Path

from classroom import glossary
from reformer import UNITS

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
FIRST_LESSON = ROOT / "notebooks" / "00_start_here.ipynb"
IN_THE_MAKING = "in the making"


def lessons_of(number):
    """The lessons of a unit, in reading order."""
    return sorted((ROOT / "notebooks").glob(f"{number:02}*_*.ipynb"))


def lab_of(number):
    """The lab of a unit as its instructor has it, or None."""
    return next(iter(sorted((ROOT / "solutions").glob(f"lab{number:02}_*/*.ipynb"))), None)


def is_complete(number):
    """Does the unit have a lesson and a lab?"""
    return bool(lessons_of(number) and lab_of(number))


def minutes_of(notebook):
    """What the first cell of a notebook says of its time: 50, for "about 50 minutes"."""
    first = "".join(_read(notebook)["cells"][0]["source"])
    return int(re.search(r"\*\*Time:\*\* (?:about )?(\d+) minutes", first)[1])


def points_of(lab):
    """All points that the check cells of a lab give."""
    return sum(cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in _read(lab)["cells"])


def dispensable():
    """The units that no later one needs."""
    return [number for number in UNITS if not any(number in unit.needs for unit in UNITS.values())]


def table_of_readme():
    """One row for each unit: what it has."""
    rows = ["| unit | lesson | lab | core |", "|---|---|---|---|", "| 00 start here | yes | – | – |"]
    for number, unit in UNITS.items():
        there = ["yes" if path else IN_THE_MAKING for path in (lessons_of(number), lab_of(number))]
        core = " ".join(f"`{name}`" for name in unit.modules) or ("–" if is_complete(number) else IN_THE_MAKING)
        rows.append(f"| {number:02} {unit.name} | {' | '.join(there)} | {core} |")
    return "\n".join(rows)


def table_of_first_lesson():
    """One row for each unit: its question, and lesson and lab with how long they take."""
    rows = ["| unit | question | lesson, lab |", "|---|---|---|"]
    for number, unit in UNITS.items():
        name = f"{number:02} {unit.name}"
        if is_complete(number):
            lab = lab_of(number)
            links = [_link(path, path.name) for path in lessons_of(number)]
            links.append(_link(lab, f"../my_labs/{lab.parent.name}/{lab.name}"))
            rows.append(f"| **{name}** | {unit.question} | **{', '.join(links)}** |")
        else:
            rows.append(f"| {name} | {unit.question} | {IN_THE_MAKING} |")
    return "\n".join(rows)


def table_of_hours():
    """One row for each unit: how long it takes, what it is worth, what it needs, whether it may be left out."""
    rows = [("unit", "lesson", "lab", "points", "needs", "may be left out")]
    rows.append(("00 start here", f"{minutes_of(FIRST_LESSON)} min", "–", "–", "–", ""))
    for number, unit in UNITS.items():
        lab = lab_of(number)
        has = (f"{_minutes(number)} min" if lessons_of(number) else IN_THE_MAKING,)
        has += (f"{minutes_of(lab)} min", str(points_of(lab))) if lab else (IN_THE_MAKING, "–")
        needs = " ".join(f"{needed:02}" for needed in unit.needs) or "–"
        rows.append((f"{number:02} {unit.name}", *has, needs, "yes" if number in dispensable() else ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def total():
    """One sentence: hours and points of the lessons and labs that there are, and which units nobody later needs."""
    complete = [number for number in UNITS if is_complete(number)]
    labs = [lab_of(number) for number in UNITS if lab_of(number)]
    minutes = minutes_of(FIRST_LESSON) + sum(map(_minutes, UNITS)) + sum(map(minutes_of, labs))
    points = sum(map(points_of, labs))
    left_out = " and ".join(f"{number:02}" for number in dispensable())
    return (
        f"{len(complete)} of {len(UNITS)} units are complete: {minutes / 60:.1f} hours, {points} points. "
        f"No later unit needs {left_out}."
    )


def replaced(text, table):
    """`text` with its first table that begins with "| unit |" replaced."""
    return re.sub(r"^\| unit \|.*(?:\n\|.*)*", lambda _: table, text, count=1, flags=re.MULTILINE)


def write_tables():
    """Write the tables of README and lesson 00 anew."""
    README.write_text(replaced(README.read_text(encoding="utf-8"), table_of_readme()), encoding="utf-8", newline="\n")
    notebook = _read(FIRST_LESSON)
    cell = next(cell for cell in notebook["cells"] if cell["id"] == "map")
    cell["source"] = replaced("".join(cell["source"]), table_of_first_lesson())
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    FIRST_LESSON.write_text(text, encoding="utf-8", newline="\n")


def _read(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))


def _minutes(number):
    return sum(map(minutes_of, lessons_of(number)))


def _link(notebook, target):
    return f"[{minutes_of(notebook)} min]({target})"


def main(arguments=None):
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m classroom.syllabus", description="Print hours, points and needs of each unit."
    )
    parser.add_argument(
        "--write", action="store_true", help="also renew the tables of units in README and lesson 00, and the glossary"
    )
    options = parser.parse_args(arguments)
    print(table_of_hours(), total(), sep="\n\n")
    if options.write:
        write_tables()
        glossary.write()
        print(
            "\nThe tables of units in README.md and notebooks/00_start_here.ipynb, and the glossary, are written anew."
        )


if __name__ == "__main__":
    main()
