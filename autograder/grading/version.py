"""Which course and which Python examine a lab, as one digest: where it is the same, so is what comes out."""

import functools
import hashlib
import importlib.metadata
import platform
from pathlib import Path

from autograder.exercises import LABS
from autograder.grading.sandbox import profile_of
from autograder.grading.sandbox.furnish import FOR_EVERYBODY

AUTOGRADER = Path(__file__).resolve().parents[1]
REFORMER, BRIDGE = AUTOGRADER.parent / "reformer", AUTOGRADER.parent / "trax_bridge"
BRIDGE_BEGINS = 8  # the unit whose exercises it has
JUDGES = ("examine", "graded", "kernel", "rebuild", "sources", "text", "work", "version")  # modules of grading/


@functools.cache
def version_of(lab):
    """Return the version of a lab, by its name: of its exercises, of all that judges them, and of the environment.

    What only reads a hand-in or writes a report is not part of it.
    """
    unit, digest = LABS[lab].unit, hashlib.sha256()
    for path in sorted(_files(unit)):
        digest.update(str(path.relative_to(AUTOGRADER.parent)).encode() + b"\0")
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    digest.update("\n".join(environment(unit)).encode())
    return digest.hexdigest()


def environment(unit):
    """Return what the code of a unit's lab runs on: Python and packages, with their versions."""
    names = (*FOR_EVERYBODY, *profile_of(unit).distributions, "jupyter-client", "pyzmq")
    return [f"python {platform.python_version()}", *(f"{name} {_version(name)}" for name in names)]


def _version(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def _files(unit):
    exercises, grading = AUTOGRADER / "exercises", AUTOGRADER / "grading"
    yield from exercises.glob("*.py")
    yield from (exercises / f"lab{unit:02}").rglob("*.py")
    yield from (AUTOGRADER / "checking").rglob("*.py")
    yield from (grading / f"{name}.py" for name in JUDGES)
    for folder in ("room", "sandbox"):
        yield from (grading / folder).rglob("*.py")
    yield from REFORMER.rglob("*.py")
    yield from BRIDGE.rglob("*.py") if unit >= BRIDGE_BEGINS else ()
