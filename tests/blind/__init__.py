"""Blind sets: answers to the labs, written from a lab's text alone by someone who had not seen its exercises.

They measure what the listed mistakes and the relations are worth against wrong answers that nobody foresaw: how many
lose points (caught), how many get a right name (named), how many a wrong one (misnamed). `labNN.py` is the first set,
`labNN_second.py` one that was written later, after what the first had shown was mended; `gallery_NAME.py` is that of a
room of the gallery. No answer is edited once it is here, nor its `truth`. `names.json` says for each wrong answer which
names would be right; a second reader filled it in from the truths and the list of names alone, before anything was
measured.
"""

import importlib
import json
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
SETS = sorted(path.stem for kind in ("lab", "gallery") for path in FOLDER.glob(f"{kind}*.py"))


@dataclass(frozen=True)
class Blind:
    """An answer to an exercise; `truth`, its writer's words on what is wrong, is empty where it is right."""

    exercise: str
    function: object
    truth: str

    @property
    def name(self):
        return self.function.__name__


_written = []


def wrong(exercise, *, truth):
    """Know a wrong answer to an exercise, as its decorator."""

    def decorate(function):
        _written.append(Blind(exercise, function, truth))
        return function

    return decorate


def right(exercise):
    """Know a right answer to an exercise, as its decorator."""
    return wrong(exercise, truth="")


def blind_set(name):
    """The answers of one file, such as "lab01" or "lab01_second", in its order."""
    module = importlib.import_module(f"tests.blind.{name}")
    _written.clear()
    importlib.reload(module)  # so that it is written down anew, also where it was imported before
    return list(_written)


def right_names(name):
    """For each wrong answer of a file the set of names, of listed mistakes or relations, that would be right."""
    names = json.loads((FOLDER / "names.json").read_text(encoding="utf-8"))
    return {answer: set(found) for answer, found in names.get(name, {}).items()}
