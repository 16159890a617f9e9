"""An answer: what came back from one call of a learner's function. `judge` reads them; a learner's kernel makes them.

This file is also copied into the learner's kernel: it imports NumPy, `call` and `plain` only.
"""

import traceback
from dataclasses import dataclass

import numpy as np

from autograder.checking import plain
from autograder.checking.call import Call, copy_of, same


@dataclass(frozen=True)
class Answer:
    """What came back from one call: a plain value, or the words that say why there is none.

    changed_input : whether the function changed what it was given, instead of copies of its own
    """

    value: object = None
    error: str = ""
    changed_input: bool = False

    @property
    def unwritten(self):
        return self.error.startswith("NotImplementedError")


def answer_of(function, call, observe=None):
    """Make a call with copies of its arguments; whatever is raised becomes the words of the answer.

    observe : where the answer is an object, a function that turns it, and the call, into plain values
    """
    copies = Call(copy_of(call.args), copy_of(call.kwargs))
    try:
        with np.errstate(all="ignore"):
            value = function(*copies.args, **copies.kwargs)
            value = plain.decode(plain.encode(observe(value, call) if observe else value))
    except plain.NotPlain as error:
        return Answer(error=str(error))
    except (Exception, SystemExit) as error:
        return Answer(error=_unwritten_in(function, error) or describe_error(error) + _line_in(function, error))
    return Answer(value, changed_input=not (same(call.args, copies.args) and same(call.kwargs, copies.kwargs)))


def describe_error(error):
    """Return an exception as one short line, by the name that its documentation has."""
    words = " ".join(str(error).split())[:200]
    name = next(kind.__name__ for kind in type(error).__mro__ if not kind.__name__.startswith("_"))
    return f"{name}: {words}" if words else name


def _unwritten_in(function, error):
    """Say which other function of the learner's, called by this one, is not written yet; empty if none is."""
    if not isinstance(error, NotImplementedError) or not hasattr(function, "__code__"):
        return ""
    frame = [frame for frame, _ in traceback.walk_tb(error.__traceback__)][-1]
    is_its_own = frame.f_code is function.__code__ or frame.f_code.co_name.startswith("<")  # a loop in brackets, say
    if is_its_own or frame.f_globals is not function.__globals__:
        return ""
    return f"your function calls `{frame.f_code.co_name}`, which is not written yet"


def _line_in(function, error):
    """Return where in the learner's function an exception arose, as words; empty if that cannot be told."""
    code = getattr(function, "__code__", None)
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code is code]
    return f" (line {lines[-1] - code.co_firstlineno + 1} of the function)" if lines else ""
