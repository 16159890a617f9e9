"""An answer: what came back from one call of a learner's function. `judge` reads them; a learner's kernel makes them.

This file is also copied into the learner's kernel: it imports NumPy, `call` and `plain` only.
"""

import contextlib
import inspect
import random
import sys
import traceback
import warnings
from dataclasses import dataclass

import numpy as np

from autograder.checking import plain
from autograder.checking.call import Call, copy_of, same

MOST_WORDS = 200  # letters of a stranger's text that are shown
LEAST_RECURSION = 1000  # what Python begins with
SEED = 0


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

    observe : where the answer is an object, a function that turns it, and the call as the function left it, into plain
        values

    What a notebook's cells have set does not reach the asking; see `undisturbed`.
    """
    try:
        copies = Call(copy_of(call.args), copy_of(call.kwargs), call.sent)
        with undisturbed():
            value = function(*copies.args, **copies.kwargs)
        with undisturbed():  # once more, since the function may have set something itself
            value = plain.decode(plain.encode(observe(value, copies) if observe else value))
            changed = not (same(call.args, copies.args) and same(call.kwargs, copies.kwargs))
    except plain.NotPlain as error:
        return Answer(error=str(error))
    except (Exception, SystemExit) as error:
        return Answer(error=_unwritten_in(function, error) or describe_error(error) + _line_in(function, error))
    return Answer(value, changed_input=changed)


@contextlib.contextmanager
def undisturbed():
    """Let nothing that a cell has set decide what comes of a call: the same on a laptop and in grading.

    Warnings are neither shown nor raised, NumPy's errors neither. What is drawn without a seed is the same each time,
    and goes on afterwards as if nothing had been drawn. Recursion may go as deep as Python allows at first. What jax
    compiles meanwhile runs once, so it is compiled quickly, not well.
    """
    states, depth = (random.getstate(), np.random.get_state()), sys.getrecursionlimit()  # noqa: NPY002 - a learner's
    with warnings.catch_warnings(), np.errstate(all="ignore"), _compiled_quickly():
        warnings.simplefilter("ignore")
        sys.setrecursionlimit(max(depth, LEAST_RECURSION))
        random.seed(SEED)
        np.random.seed(SEED)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])  # noqa: NPY002
            with contextlib.suppress(RecursionError):  # no deeper than it is already
                sys.setrecursionlimit(depth)


@contextlib.contextmanager
def _compiled_quickly():
    """Where jax is there, let it leave out what makes a program faster the next time: it takes a third of the time."""
    jax, option = sys.modules.get("jax"), "jax_disable_most_optimizations"
    before = getattr(jax, "config", None) and jax.config.values.get(option)
    if before is None:
        yield
        return
    jax.config.update(option, True)
    try:
        yield
    finally:
        jax.config.update(option, before)


def cleaned(text, most=MOST_WORDS):
    """A stranger's text on one line, cut, without control characters, marks of direction and lone surrogates."""
    words = " ".join(str(text)[: 10 * most].split())[:most]
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words)


def describe_error(error):
    """Return an exception as one short line, by the name that its documentation has."""
    try:
        words = cleaned(error)
    except Exception:  # a class of the learner's own
        words = "its words cannot be read"
    name = cleaned(next(kind.__name__ for kind in type(error).__mro__ if not kind.__name__.startswith("_")), 100)
    return f"{name}: {words}" if words else name


def _unwritten_in(function, error):
    """Say which other function of the learner's, called by this one, is not written yet; empty if none is."""
    if not isinstance(error, NotImplementedError) or not inspect.isfunction(function):
        return ""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    is_its_own = frame.f_code is function.__code__ or frame.f_code.co_name.startswith("<")  # a loop in brackets, say
    if is_its_own or frame.f_globals is not function.__globals__:
        return ""
    return f"your function calls `{frame.f_code.co_name}`, which is not written yet"


def _line_in(function, error):
    """Return where in the learner's function an exception arose, as words; empty if that cannot be told."""
    code = function.__code__ if inspect.isfunction(function) else None
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code is code]
    return f" (line {lines[-1] - code.co_firstlineno + 1} of the function)" if lines else ""
