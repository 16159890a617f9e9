"""Symptoms: what tells of a mistake where no list and no relation does.

They are the error that was raised, the form of the answers, inputs that were changed, and which of the questions are
wrong: those with a batch, say. Each says what is certain, and what it mostly comes from.
"""

import re

import numpy as np

from autograder.checking.differences import difference_of
from autograder.checking.relations import WRAPPED, Named, arrays_in

ENOUGH = 0.75  # of the wrong answers, that a symptom has to explain
ENOUGH_RIGHT = 3  # questions elsewhere that are right
MOST_ITEMS = 5  # of a tuple that is searched for the right answer

# Words of an error, a name, and a clause that completes "This is what you get when ...".
ERRORS = (
    (
        r"be broadcast|could not broadcast|mismatch in its core dimension|must match exactly",
        "shapes that do not fit",
        "arrays meet whose shapes do not fit: print them, and line them up from the last axis on. Lengths have to be "
        "equal, or 1; `[..., np.newaxis]` adds an axis of length 1, and `np.swapaxes` turns two over",
    ),
    (
        r"AxisError|too many indices|axes don't match",
        "an axis that is not there",
        "an axis is asked for that the array does not have: a batch has axes in front, and a single sequence has none",
    ),
    (
        r"out of bounds for (axis|size)|index out of range",
        "a place that is not there",
        "a place is looked up that is not there: n places are counted from 0 to n − 1, and back from −1 to −n",
    ),
    (
        r"cannot reshape array",
        "reshaped to another size",
        "`reshape` is asked for more places than the array has, or fewer",
    ),
    (
        r"truth value of an array",
        "the truth of an array",
        "`if`, `and` or a comparison of tuples meets an array, which is neither true nor false as a whole",
    ),
    (
        r"cannot convert float (infinity|NaN) to integer",
        "infinity among whole numbers",
        "infinity, or NaN, is made a whole number, or written into an array of them: make the array one of floats",
    ),
    (
        r"Cannot cast ufunc",
        "floats into whole numbers",
        "floats are worked into an array of whole numbers, as by `x /= 2`: write `x = x / 2`, which makes a new one",
    ),
    (
        r"values to unpack",
        "a fixed number of axes",
        "the function takes one number of axes only: `*batch, n = x.shape` takes any number of them in front",
    ),
)

CHANGED_INPUTS = (
    "inputs changed",
    "the function writes into the arrays or lists it is given, as `x[...] = `, `x += `, `x /= `, `x.sort()` and "
    "`x.shape = ` do: take a copy first, `x = x.copy()`",
)

RIGHT_WITHOUT_BATCH = (
    "right without a batch only",
    "a batch comes in front, and only then: count axes from the end, `axis=-1`, and leave those in front alone",
)
WRONG_WITHOUT_BATCH = (
    "wrong without a batch only",
    "a single sequence comes, without a batch in front, and only then",
)
ONE_BATCH_AXIS = (
    "right for one batch axis only",
    "there is not exactly one batch axis: `*batch, n = x.shape` takes any number of them, and none",
)


def symptom_of(exercise, findings):
    """The first symptom that explains the lost points, as a `Named`, or None."""
    lost = [finding for finding in findings if not finding.right]
    wrong = [finding for finding in findings if finding.wrong]
    signs = (_changed_inputs(lost), _form(exercise, wrong), _error(wrong), _where(exercise, findings))
    return next((sign for sign in signs if sign), None)


def _named(name_and_says, among, shown_by):
    """The symptom, if it explains enough `among` the findings."""
    name, says = name_and_says
    enough = shown_by and len(shown_by) >= ENOUGH * len(among)
    return Named(name, f"This is what you get when {says}.", [f.question for f in shown_by]) if enough else None


def _changed_inputs(lost):
    return _named(CHANGED_INPUTS, lost, [f for f in lost if any(answer.changed_input for answer in f.answers)])


def _error(wrong):
    for words, *name_and_says in ERRORS:
        shown_by = [f for f in wrong if any(re.search(words, answer.error) for answer in f.answers)]
        named = _named(name_and_says, wrong, shown_by)
        if named:
            return named
    return None


# --- the form of the answers ------------------------------------------------------------------------------------


def _floats(right, got):
    """Right whole numbers in an array of floats."""
    arrays = [arrays_in(right), arrays_in(got)]
    if None in arrays or not difference_of(right, got, 1e-6).form_only:
        return False
    return any(ours.dtype.kind in "iu" and theirs.dtype.kind == "f" for ours, theirs in zip(*arrays, strict=False))


def _more(right, got):
    """The right answer among other things."""
    if right is None or not isinstance(got, tuple | list) or len(got) > MOST_ITEMS:
        return False
    parts = [got[: len(right)], got[-len(right) :]] if isinstance(right, tuple) and len(got) > len(right) else got
    return len(got) > 1 and any(not difference_of(right, part, 1e-6).words for part in parts)


FORMS = (
    (
        "floats for whole numbers",
        "whole numbers stand in an array of floats, as `np.zeros`, `np.ones` and `/` make them: `dtype=int` makes it "
        "one of whole numbers",
        _floats,
    ),
    ("more than the answer", "something else is returned besides the right answer: return that alone", _more),
    (
        "none for an answer",
        "None is returned where there is an answer: what is asked before it holds too often, as `not x` does for 0, or "
        "a search misses what is there",
        lambda right, got: got is None and right is not None,
    ),
)


def _form(exercise, wrong):
    for *name_and_says, shows in FORMS if exercise.none_is_an_answer else FORMS[:-1]:
        shown_by = [f for f in wrong if _all_that_are_wrong(f, shows)]
        named = _named(name_and_says, wrong, shown_by)
        if named:
            return named
    return None


def _all_that_are_wrong(finding, shows):
    if any(answer.error for answer in finding.answers):
        return False
    pairs = [(one, answer.value) for one, answer in zip(finding.expected, finding.answers, strict=True)]
    pairs = [(right, got) for right, got in pairs if difference_of(right, got, 1e-6).words]
    return bool(pairs) and all(shows(*pair) for pair in pairs)


# --- which questions are wrong ----------------------------------------------------------------------------------


def _where(exercise, findings):
    """What the wrong questions have in common that no other has."""
    asked = [[dict(call.named(exercise.parameters)) for call in finding.calls] for finding in findings]
    every = [arguments for those in asked for arguments in those]
    arrays = {name for arguments in every for name, value in arguments.items() if isinstance(value, np.ndarray)}
    axes = {name: min(np.ndim(arguments[name]) for arguments in every if name in arguments) for name in arrays}

    def n_batch(arguments):
        return max((np.ndim(value) - axes[name] for name, value in arguments.items() if name in axes), default=0)

    def is_small(arguments):
        given = [value for value in arguments.values() if isinstance(value, np.ndarray)]
        return any(array.dtype.kind in "iu" and array.dtype.itemsize < 4 for array in given)

    def is_large(name):
        return lambda arguments: type(arguments.get(name)) is int and arguments[name] > 1

    places = [
        (RIGHT_WITHOUT_BATCH, 2, lambda arguments: n_batch(arguments) > 0),
        (WRONG_WITHOUT_BATCH, 2, lambda arguments: n_batch(arguments) == 0),
        (ONE_BATCH_AXIS, 2, lambda arguments: n_batch(arguments) != 1),
        (WRAPPED, 1, is_small),
    ]
    for name in exercise.parameters:
        says = f"`{name}` is 2 or more, and only then: up to 1 the answers are right"
        places.append((("right up to one", says), 2, is_large(name)))
    n_wrong = sum(finding.wrong for finding in findings)
    for name_and_says, least, holds in places:
        there = [f for f, those in zip(findings, asked, strict=True) if any(map(holds, those))]
        wrong = [f for f in there if f.wrong]
        if len(wrong) == n_wrong >= least and len(findings) - len(there) >= ENOUGH_RIGHT:
            named = _named(name_and_says, there, wrong)
            if named:
                return named
    return None
