"""Right answers to other questions: mistakes that nobody listed, told by what happens to an argument first.

Many wrong functions do the right thing with an argument that was changed: `exp` of it is taken, 0 counts as not given,
a list is read as a range. Each change here, of each argument, makes a wrong function of the reference; `judge` compares
it with the learner's answers as it does a listed mistake, and names it only where it gives all of them but one in six.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from autograder.checking.call import Call, same

LARGEST_LISTED = 1000  # in a list that is read as a range


@dataclass(frozen=True)
class Change:
    """A way to change an argument.

    says : a clause that completes "This is what you get when ..."; {it} is the argument's name
    makes : gives of an argument the changed one, or None where there is nothing to change
    """

    name: str
    says: str
    makes: Callable


@dataclass(frozen=True, eq=False)
class OtherQuestion:
    """A wrong function: the reference, asked with some arguments changed. It has what a listed mistake has."""

    exercise: object
    change: Change
    changed: tuple[str, ...]

    @property
    def name(self):
        return self.change.name

    @property
    def says(self):
        return self.change.says.format(it=" and ".join(f"`{name}`" for name in self.changed))

    def function(self, *args, **kwargs):
        given = self._given(Call(args, kwargs))
        given.arguments.update(self._made(given))
        right = self.exercise.double.function if self.exercise.double else self.exercise.reference
        return right(*given.args, **given.kwargs)

    def is_another(self, call):
        """Whether the change makes another question of a call."""
        given = self._given(call)
        return any(not same(value, given.arguments[name]) for name, value in self._made(given).items())

    def _given(self, call):
        given = inspect.signature(self.exercise.reference).bind(*call.args, **call.kwargs)
        given.apply_defaults()
        return given

    def _made(self, given):
        with np.errstate(all="ignore"):
            made = {name: self.change.makes(given.arguments[name]) for name in self.changed}
        return {name: value for name, value in made.items() if value is not None}


def other_questions(exercise, findings):
    """The changes of one argument, or of all lists together, that make another question of one that is wrong."""
    calls = [call for finding in findings if finding.wrong for call in finding.calls]
    lists = sorted({name for call in calls for name, it in call.named(exercise.parameters) if type(it) is list})
    changed = [(name,) for name in exercise.parameters] + ([tuple(lists)] if len(lists) > 1 else [])
    others = [OtherQuestion(exercise, change, names) for change in CHANGES for names in changed]
    return [other for other in others if any(map(other.is_another, calls))]


def _of_ints(change):
    return lambda it: change(it) if type(it) is int else None


def _of_floats(change):
    return lambda it: change(it) if type(it) is float else None


def _of_lists(change):
    def makes(it):
        fits = type(it) is list and it and all(type(item) is int and abs(item) < LARGEST_LISTED for item in it)
        return change(it) if fits else None

    return makes


def _of_arrays(change, kinds="biuf", n_axes=1):
    def makes(it):
        fits = isinstance(it, np.ndarray) and it.size and it.dtype.kind in kinds and it.ndim >= n_axes
        return change(it) if fits else None

    return makes


def _of_length_one(it):
    return it / np.maximum(np.linalg.norm(it, axis=-1, keepdims=True), 1e-30)


def _first_for_all(axis):
    return lambda it: np.broadcast_to(np.take(it, [0], axis), it.shape).copy()


def _mean_for_all(axis):
    return lambda it: np.broadcast_to(np.mean(it, axis=axis, keepdims=True), it.shape).copy()


_AXES = {-1: "last axis", -2: "last axis but one", -3: "last axis but two"}

CHANGES = (
    Change(
        "zero taken for none",
        "{it} = 0 is taken for nothing given: 0 is a number as any other",
        _of_ints(lambda n: n or 1),
    ),
    Change("one too large", "{it} is taken one too large", _of_ints(lambda n: n + 1)),
    Change("one too small", "{it} is taken one too small", _of_ints(lambda n: n - 1)),
    Change("taken for percent", "{it} is taken for percent, and divided by 100", _of_floats(lambda x: x / 100)),
    Change(
        "list taken for a range",
        "every number from the smallest to the largest of {it} is tried; only those in the list are asked",
        _of_lists(lambda it: [*range(min(it), max(it) + 1)]),
    ),
    Change(
        "list taken for a range",
        "every number from 0 to the largest of {it} is tried; only those in the list are asked",
        _of_lists(lambda it: [*range(max(it) + 1)]),
    ),
    Change("end of a list left out", "the last of {it} is left out", _of_lists(lambda it: it[:-1])),
    Change("end of a list left out", "the first of {it} is left out", _of_lists(lambda it: it[1:])),
    Change("exp of an argument", "`np.exp` is taken of {it} once more than is needed", _of_arrays(np.exp, "f")),
    Change("logarithm of an argument", "`np.log` is taken of {it}, which needs none", _of_arrays(np.log, "f")),
    Change("powers of two", "powers of 2 of {it} stand for powers of e", _of_arrays(lambda x: x * np.log(2), "f")),
    Change("sign of an argument", "the sign of {it} is turned round", _of_arrays(np.negative, "f")),
    Change("sign of an argument", "the sign of {it} is lost", _of_arrays(np.abs, "f")),
    Change("argument of length one", "the vectors in {it} are brought to length one", _of_arrays(_of_length_one, "f")),
    Change("argument reversed", "{it} is read from the back", _of_arrays(lambda it: it[..., ::-1])),
    Change("argument sorted", "{it} is sorted first", _of_arrays(lambda it: np.sort(it, axis=-1))),
    *(
        Change(
            "first of an argument for all",
            f"the first of {{it}} along its {words} stands for all others",
            _of_arrays(_first_for_all(axis), n_axes=-axis),
        )
        for axis, words in _AXES.items()
    ),
    *(
        Change(
            "argument averaged",
            f"{{it}} is averaged along its {words} first",
            _of_arrays(_mean_for_all(axis), "f", n_axes=-axis),
        )
        for axis, words in _AXES.items()
    ),
)
