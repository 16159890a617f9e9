"""An answer: what came back from one call of a learner's function. `judge` reads them; a learner's kernel makes them.

This file is also copied into the learner's kernel: it imports NumPy and `plain` only.
"""

import traceback
from dataclasses import dataclass

import numpy as np

from autograder import plain


@dataclass(frozen=True)
class Answer:
    """What came back from one call: a plain value, or the words that say why there is none.

    changed_input : whether the function worked on its inputs instead of on copies of its own
    """

    value: object = None
    error: str = ""
    changed_input: bool = False

    @property
    def unwritten(self):
        return self.error.startswith("NotImplementedError")


def answer_of(function, arguments):
    """Call a function on copies of the arguments; whatever it raises becomes the words of the answer."""
    copies = [copy_of(argument) for argument in arguments]
    try:
        with np.errstate(all="ignore"):
            value = plain.decode(plain.encode(function(*copies)))
    except plain.NotPlain as error:
        return Answer(error=str(error))
    except (Exception, SystemExit) as error:
        return Answer(error=describe_error(error) + _line_in(function, error))
    return Answer(value, changed_input=not all(map(_equal, arguments, copies)))


def describe_error(error):
    """Return an exception as one short line."""
    words = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def copy_of(argument):
    """Return a copy of an array, and anything else as it is."""
    return argument.copy() if isinstance(argument, np.ndarray) else argument


def _line_in(function, error):
    """Return where in the learner's function an exception arose, as words; empty if that cannot be told."""
    code = getattr(function, "__code__", None)
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code is code]
    return f" (line {lines[-1] - code.co_firstlineno + 1} of the function)" if lines else ""


def _equal(argument, other):
    if isinstance(argument, np.ndarray):
        return argument.tobytes() == other.tobytes()
    return type(argument) is type(other) and argument == other
