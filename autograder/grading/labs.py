"""The labs as notebooks: reading the instructor's version, and making from it what students get.

`solutions/<lab>/<lab>.ipynb` is the only source; `labs/` is generated, byte for byte the same on every machine. What a
notebook says of an exercise's points, and its last hint, are filled in from the exercise itself.
"""

import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path

from autograder.checking.exercise import source_of as source_of_function
from autograder.exercises import LABS
from autograder.grading.nbgrader_config import ROOT, configure_labs, nbgrader_at_work

MADE = ".made.json"
POINTS = (
    "**What a point means.** A right answer earns all its points, wherever it came from: your own idea, a hint, a "
    "friend. Right numbers of the wrong dtype, such as floats where whole numbers are asked, earn half of a question's "
    "points. So does a function that changes the arrays it is given: work on copies. *Go on without it*, which a "
    "failed check offers, earns none. Whoever grades your lab sees which answers have the code of the last hint, and "
    "may count them less."
)


class LabFault(ValueError):
    """A lab's notebook and its exercises do not fit together; the message names the lab and what is wrong."""


def source_of(lab, root=ROOT):
    """Return the path of the instructor's version of a lab. Raises LabFault where it is missing or does not fit."""
    path = Path(root) / "solutions" / lab.name / f"{lab.name}.ipynb"
    if not path.is_file():
        raise LabFault(f"{lab.name}: there is no notebook {path}")
    require_exercises(lab, json.loads(path.read_text(encoding="utf-8")))
    return path


def require_exercises(lab, notebook):
    """Raise LabFault unless the notebook asks each exercise of the lab once, for its points, and nothing else.

    Each exercise has an answer cell that bears its name, and below it a check cell `check_<name>`. Every other cell
    is marked as read-only, so that grading can tell a learner's own cells from the course's.
    """
    cells = [(cell, cell["metadata"].get("nbgrader", {})) for cell in notebook["cells"]]
    ids = [marks.get("grade_id") for _, marks in cells]
    for name in ids:
        if name is None:
            raise LabFault(
                f"{lab.name}: every cell needs an nbgrader id; the one after {_before(ids, None)!r} has none"
            )
        if ids.count(name) > 1:
            raise LabFault(f"{lab.name}: the id {name!r} is given to {ids.count(name)} cells")
    expected = [name for exercise in lab.exercises for name in (exercise.name, f"check_{exercise.name}")]
    found = [marks["grade_id"] for _, marks in cells if marks.get("solution") or marks.get("grade")]
    for name in [name for name in expected if name not in found] + [name for name in found if name not in expected]:
        fault = "is missing from the notebook" if name in expected else "belongs to no exercise of the lab"
        raise LabFault(f"{lab.name}: the cell {name!r} {fault}")
    if found != expected:
        raise LabFault(f"{lab.name}: the exercises are asked in the order {found[::2]}, not {expected[::2]}")
    graded = {marks["grade_id"]: (cell, marks) for cell, marks in cells if marks.get("grade")}
    for exercise in lab.exercises:
        cell, marks = graded[f"check_{exercise.name}"]
        if marks.get("points") != exercise.max_score:
            points = f"is worth {marks.get('points')} points, the exercise {exercise.max_score}"
            raise LabFault(f"{lab.name}: the cell 'check_{exercise.name}' {points}")
        if "".join(cell["source"]).strip() != f'check("{exercise.name}", {exercise.name})':
            raise LabFault(f"{lab.name}: the cell 'check_{exercise.name}' does not check {exercise.name}")


def make_labs(root=ROOT, *, force=False):
    """Make labs/ anew from solutions/. Returns the folder. Raises LabFault, leaving labs/ as it was.

    A lab that somebody edited, one that is not what this function last wrote, is refused unless `force` says so: it
    could be a learner's work. `.made.json` in labs/ holds the digests of what was written.
    """
    labs = Path(root) / "labs"
    made_before = _digests_in(labs)
    edited = [name for name in LABS if (labs / name).exists() and _digest(labs / name) != made_before.get(name)]
    if edited and not force:
        raise LabFault(
            f"labs/ holds work of somebody: {', '.join(edited)} is not as it was made. Move it to my_labs/, where work "
            "belongs, and try again; or say --force to write over it"
        )
    for lab in LABS.values():
        fill_in(lab, root)
    with tempfile.TemporaryDirectory() as made:
        release_all(Path(made), root)
        for lab in Path(made).iterdir():
            shutil.rmtree(labs / lab.name, ignore_errors=True)
            shutil.copytree(lab, labs / lab.name)
    digests = {name: _digest(labs / name) for name in LABS}
    (labs / MADE).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
    return labs


def fill_in(lab, root=ROOT):
    """Write into the instructor's notebook what it does not say itself: points, what one means, the last hints."""
    path = Path(root) / "solutions" / lab.name / f"{lab.name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = {cell["id"]: cell for cell in notebook["cells"]}
    title = cells["title"]
    paragraphs = "".join(title["source"]).strip().split("\n\n")
    title["source"] = "\n\n".join([text for text in paragraphs if text[:20] != POINTS[:20]] + [POINTS])
    for exercise in lab.exercises:
        task, check = cells.get(f"task-{exercise.name}"), cells.get(f"check_{exercise.name}")
        if task is None or check is None:
            continue  # `source_of` says what is missing
        text = re.sub(r"· \d+ points?\*\*", f"· {exercise.max_score} points**", "".join(task["source"]), count=1)
        head, fence, rest = text.rpartition("```python\n")
        if fence:
            text = head + fence + source_of_function(exercise.twin).strip() + "\n" + rest[rest.index("```") :]
        task["source"] = text
        check["metadata"]["nbgrader"]["points"] = exercise.max_score
    _write(path, notebook)


def add_exercise(lab, name, root=ROOT):
    """Put the five cells of an exercise at the end of the instructor's notebook, before its last cell.

    Raises LabFault where the lab has no such exercise, or the notebook has its cells already.
    """
    exercise = next((exercise for exercise in lab.exercises if exercise.name == name), None)
    if exercise is None:
        names = ", ".join(exercise.name for exercise in lab.exercises)
        raise LabFault(f"{lab.name}: there is no exercise {name!r} in its __init__.py, only {names}")
    path = Path(root) / "solutions" / lab.name / f"{lab.name}.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    if any(cell["id"] == name for cell in notebook["cells"]):
        raise LabFault(f"{lab.name}: the notebook has the cells of {name} already")
    number = 1 + sum(cell["id"].startswith("task-") for cell in notebook["cells"])
    place = len(notebook["cells"]) - (notebook["cells"][-1]["id"] == "end")
    notebook["cells"][place:place] = _five_cells(exercise, number)
    _write(path, notebook)
    fill_in(lab, root)
    return path


def _five_cells(exercise, number):
    name, source = exercise.name, source_of_function(exercise.reference)
    signature = source[: source.index(":\n", source.index(")")) + 2]
    hints = "".join(
        f"<details><summary>Hint {place}: {title}</summary>\n\n{text}\n\n</details>\n"
        for place, title, text in (
            (1, "a nudge", "Which question would help here?"),
            (2, "the shapes", "Which shapes have the intermediate results?"),
            (3, "a complete version, slow", "```python\n```"),
        )
    )
    task = (
        f"## {number} · `{name}`\n\n**10 minutes · difficulty ●●○ · 0 points**\n\nWhy: two lines.\n\n"
        f"**Write** `{name}({', '.join(exercise.parameters)})`.\n\n| | shape | what it is |\n|---|---|---|\n"
        + "".join(f"| `{parameter}` | | |\n" for parameter in exercise.parameters)
        + f"| result | | |\n\n**Example.** \n\n{hints}"
    )
    answer = f"{signature}    ### BEGIN SOLUTION\n    return None\n    ### END SOLUTION"
    drawn = '    figure, ax = plt.subplots()\n    figures.show(figure, "What it shows, in words.")'
    picture = f'with figures.drawn_from("{name}"):\n{drawn}'
    marks = {"locked": True, "schema_version": 3, "solution": False, "grade": False, "task": False}

    def cell(kind, cell_id, text, **changed):
        made = {"cell_type": kind, "id": cell_id, "source": text, "metadata": {}}
        made["metadata"]["nbgrader"] = dict(sorted((marks | {"grade_id": cell_id} | changed).items()))
        return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})

    last = cell("code", f"picture-{name}", picture)
    last["metadata"]["tags"] = ["picture"]
    return [
        cell("markdown", f"task-{name}", task),
        cell("code", name, answer, solution=True, locked=False),
        cell("code", f"check_{name}", f'check("{name}", {name})', grade=True, points=exercise.max_score),
        cell("markdown", f"about-picture-{name}", "What is drawn from your function."),
        last,
    ]


def _write(path, notebook):
    text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    if text != path.read_text(encoding="utf-8"):
        path.write_text(text, encoding="utf-8", newline="\n")


def _digests_in(labs):
    try:
        return json.loads((labs / MADE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _digest(folder):
    """A digest of the files in a folder, whichever line ends they have; what Jupyter leaves there does not count."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and ".ipynb_checkpoints" not in path.parts):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + _lines(path) + b"\0")
    return digest.hexdigest()


def stale_labs(root=ROOT):
    """Return the names of the labs in labs/ that are not what solutions/ makes."""
    with tempfile.TemporaryDirectory() as made:
        release_all(Path(made), root)
        return [name for name in LABS if not _same(Path(made) / name, Path(root) / "labs" / name)]


def release_all(folder, root=ROOT):
    """Write what students get of every lab into `folder`."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    for lab in LABS.values():
        source_of(lab, root)
    with nbgrader_at_work():
        for name in LABS:
            config = Config()
            configure_labs(config, root, folder)
            course = CourseDirectory(config=config, assignment_id=name)
            GenerateAssignment(coursedir=course, config=config).start()


def _before(ids, name):
    return ids[max(0, ids.index(name) - 1)]


def _same(made, kept):
    names = sorted(str(path.relative_to(made)) for path in made.rglob("*") if path.is_file())
    if not kept.is_dir() or names != sorted(str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file()):
        return False
    return all(_lines(made / name) == _lines(kept / name) for name in names)


def _lines(path):
    """Return a file's bytes, whichever line ends the machine writes."""
    return path.read_bytes().replace(b"\r\n", b"\n")
