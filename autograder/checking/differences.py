"""How an answer differs from the right one, in words that say at which token, or not at all.

Every answer is a stranger's: it may have any type, shape and size that plain values can have.
"""

import math
from typing import NamedTuple

import numpy as np

from autograder.checking.call import same

AS_GOOD_AS_INFINITE = 1e20  # such numbers stand for "hidden": they are compared exactly, and set no tolerance

ROUNDING = 1e-5
MOST_LISTED = 10_000  # items of a list that are looked at one by one


class Difference(NamedTuple):
    """How an answer differs from what was expected: words, empty where it does not.

    form_only : the numbers are right, and only their dtype is not, or the inputs are not what they were
    place : index of the first number that is wrong, or None
    """

    words: str = ""
    form_only: bool = False
    place: tuple | None = None


def difference_of(expected, answer, tolerance, axes=()):
    """Say how an answer differs from what was expected, and where: `axes` names the last axes of an array.

    Of a list, the first of `axes` names its items, and the others what is in them: ("batch", ("tokens", "weights"),
    "row", "place") for a list of pairs of arrays. What has no names is said by number.

    Lists of numbers are read as arrays, NumPy's numbers are as good as Python's, and any float dtype does where a float
    is expected. An infinite or huge number is wrong only where the expected one is not the same. With an infinite
    tolerance only the form counts: type and shape.
    """
    if isinstance(expected, tuple | list):
        is_named = axes and (isinstance(expected, list) or isinstance(axes[0], tuple))
        return _difference_in_items(expected, answer, tolerance, *([axes[0], axes[1:]] if is_named else []))
    if isinstance(expected, dict):
        return _difference_in_entries(expected, answer, tolerance, *axes)
    if expected is None or isinstance(expected, str):
        same = type(answer) is type(expected) and answer == expected
        return Difference() if same else Difference(f"expected {expected!r}, got {_brief(answer)}")
    if answer is None:
        return Difference("got None, so perhaps a return is missing")
    expected = np.asarray(expected)
    if expected.dtype == object:  # a whole number beyond 64 bits, which a mistake may give
        expected = expected.astype(float)
    if isinstance(answer, list | tuple) and len(answer) > max(MOST_LISTED, expected.size):  # more than there are
        return Difference(f"expected {_form(expected)}, got {len(answer):,} values")
    if not holds_numbers(answer):  # NumPy would give every text of a list the room of the longest
        return Difference(f"expected numbers, got {_brief(answer)}")
    return _difference_in_arrays(expected, answer, tolerance, axes)


def alike(value, other):
    """Whether two plain values of a stranger's are the same but for rounding: NumPy may add in another order."""
    if type(value) is not type(other):
        return False
    if isinstance(value, list | tuple):
        return len(value) == len(other) and all(map(alike, value, other))
    if isinstance(value, dict):
        return [*value] == [*other] and all(alike(item, other[key]) for key, item in value.items())
    if isinstance(value, np.ndarray):
        is_float = value.dtype == other.dtype and value.shape == other.shape and value.dtype.kind == "f"
        return same(value, other) or (is_float and bool(np.allclose(value, other, ROUNDING, ROUNDING, equal_nan=True)))
    return same(value, other) or (type(value) is float and math.isclose(value, other, rel_tol=ROUNDING))


def holds_numbers(value):
    """Whether a value is numbers, arrays, or lists and tuples of these, all the way down."""
    if isinstance(value, list | tuple):
        return {*map(type, value)} <= {bool, int, float, np.ndarray} or all(map(holds_numbers, value))
    return isinstance(value, bool | int | float | np.ndarray | np.generic)


def _difference_in_items(expected, answer, tolerance, item="value", axes=()):
    is_array = isinstance(answer, np.ndarray) and answer.ndim > 0
    is_row = isinstance(answer, tuple | list) or is_array
    if is_array and isinstance(expected, tuple) and not _has_rows(answer, expected):
        return Difference(f"expected {len(expected)} values, got one array of shape {answer.shape}")
    if not is_row or len(answer) != len(expected):
        got = f"{len(answer)} values" if is_row else _brief(answer)
        return Difference(f"expected {len(expected)} values, got {got}")
    found = [difference_of(one, other, tolerance, axes) for one, other in zip(expected, answer, strict=True)]
    return _first_of(found, lambda index: f"{item[index]}: " if isinstance(item, tuple) else f"{item} {index}: ")


def _has_rows(array, values):
    """Whether the rows of an array could be several values: otherwise it is one of them alone, or something else."""
    shapes = [np.shape(one) for one in values if isinstance(one, np.ndarray | np.generic | int | float)]
    return len(array) == len(values) and all(shape == array.shape[1:] for shape in shapes)


def _difference_in_entries(expected, answer, tolerance, entry="entry", item="value"):
    if not isinstance(answer, dict):
        return Difference(f"expected a dict, got {_brief(answer)}")
    missing, extra = [key for key in expected if key not in answer], [key for key in answer if key not in expected]
    if missing or extra:
        there = [f"there is nothing for {entry} {missing[0]!r}"] if missing else []
        there += [f"{entry} {extra[0]!r:.40} should not be there"] if extra else []
        return Difference(", and ".join(there))
    found = []
    for key, one in expected.items():
        difference = difference_of(one, answer[key], tolerance)
        found.append(difference.words and _missing_or_extra(one, answer[key], item) or difference)
    return _first_of(found, lambda index: f"{entry} {[*expected][index]!r}: ")


def _missing_or_extra(expected, answer, item):
    """Where lists of whole numbers do not hold the same ones, which is missing or too many; None elsewhere."""
    if not (holds_numbers(expected) and holds_numbers(answer)):
        return None
    try:
        lists = [np.asarray(expected), np.asarray(answer)]
    except ValueError:  # lists of different lengths
        return None
    if any(array.ndim != 1 or array.dtype.kind not in "iu" or array.size > MOST_LISTED for array in lists):
        return None
    missing, extra = (sorted(set(one.tolist()) - set(other.tolist())) for one, other in (lists, lists[::-1]))
    there = [f"{item} {missing[0]} is missing"] if missing else []
    there += [f"{item} {extra[0]} should not be there"] if extra else []
    return Difference(", and ".join(there)) if there else None


def _first_of(found, prefix):
    wrong = [index for index, difference in enumerate(found) if difference.words]
    if not wrong:
        return Difference()
    index = next((index for index in wrong if not found[index].form_only), wrong[0])
    return found[index]._replace(words=prefix(index) + found[index].words)


def _difference_in_arrays(expected, answer, tolerance, axes):
    try:
        got = np.asarray(answer)
    except ValueError:
        return _difference_in_rows(expected, answer, axes)
    if got.dtype.kind not in "biuf":
        return Difference(f"expected numbers, got {_brief(answer)}")
    if got.shape != expected.shape:
        return Difference(f"expected {_form(expected)}, got {_form(got)}")
    strange = ~np.isfinite(got) & np.isfinite(expected)
    if np.any(strange):
        place = first_place(strange)
        where = f", the first{at(place, expected.ndim, axes)}" if place else ""
        return Difference(f"{np.count_nonzero(strange)} of {got.size} values are not finite{where}", place=place)
    difference = Difference() if np.isinf(tolerance) else _difference_in_values(expected, got, tolerance, axes)
    if difference.words or got.dtype.kind == expected.dtype.kind or {got.dtype.kind, expected.dtype.kind} == {"i", "u"}:
        return difference
    if expected.dtype.kind == "f":  # whole numbers, where they are right, are good numbers
        return difference if got.dtype.kind in "iu" else Difference(f"expected numbers, got {got.dtype}", True)
    needed = "True and False (a bool array)" if expected.dtype.kind == "b" else "whole numbers (an integer array)"
    return Difference(f"the values are right, but expected are {needed}, got {got.dtype}", form_only=True)


def _difference_in_rows(expected, answer, axes):
    """Say of a list that is no array which is the first of its rows that does not fit."""
    words = "the answer is a list of rows of different lengths"
    if expected.ndim < 2 or len(answer) != len(expected):
        return Difference(f"{words}; an array was expected")
    for index, (one, row) in enumerate(zip(expected, answer, strict=True)):
        has_length = isinstance(row, list | tuple) or np.ndim(row) > 0
        if has_length and len(row) != len(one):
            where = at((index,), expected.ndim, axes)
            return Difference(f"{words}: expected {len(one)},{where} it has {len(row)}", place=(index,))
    return Difference(f"{words}; an array was expected")


def _difference_in_values(expected, got, tolerance, axes):
    huge = ~(np.abs(expected.astype(float)) < AS_GOOD_AS_INFINITE)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    if tolerance:
        scale = np.max(np.abs(expected), initial=1e-30, where=~huge)
        with np.errstate(invalid="ignore", over="ignore"):
            same |= ~huge & (np.abs(got.astype(float) - expected) <= tolerance * scale)
            # the float32 nearest to a huge number is that number
            same |= huge & np.isfinite(expected) & (got.astype(np.float32) == expected.astype(np.float32))
    wrong = ~same
    n_wrong = np.count_nonzero(wrong)
    if n_wrong == 0:
        return Difference()
    place = first_place(wrong)
    right = f"{expected.size - n_wrong} of {expected.size} values are right;" if expected.size > 1 else ""
    shown, wanted = _two_numbers(got[place], expected[place])
    words = f"{right}{at(place, expected.ndim, axes)} it gives {shown} where {wanted} is right"
    return Difference(words.strip(), place=place)


def first_place(chosen):
    return tuple(int(index) for index in np.argwhere(chosen)[0])


def at(place, n_axes, names):
    """Say a place in an array of `n_axes` axes: by the names of its last axes, those before them being a batch."""
    if not place:
        return ""
    names = names[-n_axes:]
    n_batch = n_axes - len(names)
    if not names or len(place) <= n_batch:
        return f" at {list(place)}"
    sequence = [f"sequence {place[0] if n_batch == 1 else list(place[:n_batch])}"] if n_batch else []
    return " at " + ", ".join(sequence + [f"{name} {i}" for name, i in zip(names, place[n_batch:], strict=False)])


def _two_numbers(got, expected):
    """Both as text with as many digits as it takes to tell them apart; True and False, and whole numbers, in full."""
    if expected.dtype.kind == "b" and got in (0, 1):
        return str(bool(got)), str(bool(expected))
    whole = [str(int(number)) if number.dtype.kind in "iub" else None for number in (got, expected)]
    for digits in (4, 7, 17):
        words = [text or f"{number:.{digits}g}" for text, number in zip(whole, (got, expected), strict=True)]
        if words[0] != words[1]:
            break
    return words


def _form(array):
    return f"shape {array.shape}" if array.ndim else "one number"


def _brief(answer):
    """What an answer is, in a few words."""
    if answer is None:
        return "None"
    if isinstance(answer, np.ndarray):
        return f"{_form(answer)} of {answer.dtype}" if answer.ndim else "one value"
    if isinstance(answer, bool | int | float):
        return "one value"
    return f"a {type(answer).__name__}"
