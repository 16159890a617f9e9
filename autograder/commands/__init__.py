"""The instructor's commands, one module each: what it asks for in `add_arguments`, what it does in `run`.

`python -m autograder` (`__main__.py`) makes a parser of them, in the order of `COMMANDS`. A command's module is called
as it is; `SUMMARY` is its line in the list of all, `DESCRIPTION` what its own help begins with, and `EPILOG`, where
there is one, what it ends with, such as examples.
"""

from pathlib import Path

COMMANDS = (
    *("doctor", "labs", "exercise", "release", "sample", "collect"),
    *("grade", "regrade", "formgrader", "feedback", "export", "selftest"),
)  # in the order of an instructor's day
FINAL, FAULT, USAGE, SOME_NOT_GRADED, STOPPED = 0, 1, 2, 3, 130  # exit codes


class Usage(Exception):
    """What was asked for cannot be done; the message says why, in one sentence."""


def short(path):
    """Return a path from the working folder where that is shorter."""
    path = Path(path).absolute()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def some(names, at_most=8):
    """Return names in one line, and how many more there are."""
    names = list(names)
    return ", ".join(names[:at_most]) + (f" and {len(names) - at_most} more" if len(names) > at_most else "")
