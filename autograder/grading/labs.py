"""The labs as notebooks: reading the instructor's version, and making from it what students get.

`solutions/<lab>/<lab>.ipynb` is the only source; `labs/` is generated, byte for byte the same on every machine.
"""

import json
import shutil
import tempfile
from pathlib import Path

from autograder.exercises import LABS
from autograder.grading.nbgrader_config import ROOT, configure_labs, nbgrader_at_work


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


def make_labs(root=ROOT):
    """Make labs/ anew from solutions/. Returns the folder. Raises LabFault, leaving labs/ as it was."""
    labs = Path(root) / "labs"
    with tempfile.TemporaryDirectory() as made:
        release_all(Path(made), root)
        for lab in Path(made).iterdir():
            shutil.rmtree(labs / lab.name, ignore_errors=True)
            shutil.copytree(lab, labs / lab.name)
    return labs


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
