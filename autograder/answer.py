"""An answer: what came back from one call of a learner's function. `judge` reads them; a learner's kernel makes them.

This file is also copied into the learner's kernel: it imports NumPy and `plain` only.
"""

from dataclasses import dataclass

import numpy as np

from autograder import plain


@dataclass(frozen=True)
class Answer:
    """What came back from one call: a plain value, or the words that say why there is none."""

    value: object = None
    error: str = ""

    @property
    def unwritten(self):
        return self.error.startswith("NotImplementedError")


def answer_of(function, arguments):
    """Call a function on copies of the arguments; whatever it raises becomes the words of the answer."""
    try:
        with np.errstate(all="ignore"):
            value = function(*map(copy_of, arguments))
        return Answer(plain.decode(plain.encode(value)))
    except plain.NotPlain as error:
        return Answer(error=str(error))
    except (Exception, SystemExit) as error:
        return Answer(error=describe_error(error))


def describe_error(error):
    """Return an exception as one short line."""
    words = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def copy_of(argument):
    """Return a copy of an array, and anything else as it is."""
    return argument.copy() if isinstance(argument, np.ndarray) else argument
