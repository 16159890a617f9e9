"""Relations: mistakes that nobody listed, told by how the answers relate to the right ones.

Many wrong functions give the right answer transposed, or reversed, or doubled, or for the first row only. Each relation
here makes such an answer from the right one; where it gives the learner's own, question after question, it is named.
The most specific come first, and a name is never a guess: a relation has to explain all wrong answers but a few, and
enough numbers that it would be a wonder if it did so by chance.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

CLOSE = 1e-5  # relative to the largest number
ENOUGH_NUMBERS = 4  # wrong numbers that a relation has to explain where there is one wrong answer only
WRAPPED = "wrapped", "whole numbers outgrow a small dtype, such as uint8, which ends at 255; `.astype(int)` makes room"
TIES = "ties in another order", "equal ones come in another order"


@dataclass(frozen=True)
class Named:
    """A name for a mistake: of the list, or of a relation; a sentence for the learner; the questions that show it."""

    name: str
    sentence: str
    shown_by: list


@dataclass(frozen=True)
class Relation:
    """A way to be wrong.

    makes : from the right answer, the learner's and the call, the arrays that this way could give
    says : a clause that completes "This is what you get when ..."
    fitted : whether it takes a number from the learner's answer; then it could explain a right one as well
    """

    name: str
    says: str
    makes: Callable
    fitted: bool = False

    def explains(self, right, got, call):
        """Whether the answer is one of its arrays."""
        return any(_is(made, got) for made in self.made(right, got, call))

    def leaves(self, right, call):
        """Whether this way of being wrong gives the right answer here, or nothing at all."""
        made = self.made(right, right, call)
        return not made or (not self.fitted and any(_is(array, right) for array in made))

    def made(self, right, got, call):
        with np.errstate(all="ignore"):
            return [np.asarray(array) for array in self.makes(np.asarray(right), np.asarray(got), call)]


def relation_of(exercise, findings):
    """The first relation that explains the wrong answers, as a `Named`, or None."""
    wrong, right = [], []
    for finding in findings:
        for call, answer, expected in zip(finding.calls, finding.answers, finding.expected, strict=True):
            arrays = arrays_in(answer.value), arrays_in(expected)
            if answer.error or None in arrays or len(arrays[0]) != len(arrays[1]):
                wrong.append((finding.question, None, None, call))
                continue
            for got, one in zip(*arrays, strict=True):
                (right if _is(one, got) else wrong).append((finding.question, one, got, call))
    telling = [entry for entry in wrong if entry[1] is not None]
    if wrong and not telling and all(_does_not_fit(answer) for answer in _failed(findings)):
        return _named(*WRAPPED, [question for question, *_ in wrong])
    ranking = [_ties(exercise.ranking)] if exercise.ranking else []
    for relation in [*ranking, *exercise.relations, *RELATIONS] if telling else []:
        shown_by, numbers = [], 0
        for question, one, got, call in telling:
            if relation.explains(one, got, call):
                shown_by.append(question)
                numbers += np.size(got) if np.shape(got) != np.shape(one) else np.count_nonzero(got != one)
        unexplained = len(wrong) - len(shown_by)
        # A fault may show in some questions only, such as those without a batch; then it has to explain all of them.
        against = relation.fitted and sum(not relation.leaves(one, call) for _, one, _, call in right)
        enough = len(shown_by) >= 2 or numbers >= ENOUGH_NUMBERS
        if shown_by and enough and len(shown_by) >= 3 * (unexplained + against):
            return _named(relation.name, relation.says, shown_by)
    return None


def _named(name, says, shown_by):
    return Named(name, f"This is what you get when {says}.", shown_by)


def _failed(findings):
    return [answer for finding in findings if not finding.right for answer in finding.answers]


def _does_not_fit(answer):
    """Whether NumPy refused a whole number that a small dtype cannot hold, where it does not let it wrap."""
    return "out of bounds for" in answer.error and answer.error.startswith("OverflowError")


def arrays_in(value):
    """The arrays in a value, as a list; None where it holds something else."""
    if isinstance(value, tuple | list) and not all(isinstance(item, bool | int | float | np.number) for item in value):
        parts = [arrays_in(item) for item in value]
        return None if None in parts else [array for part in parts for array in part]
    if isinstance(value, dict):
        return arrays_in([value[key] for key in sorted(value, key=str)])
    array = (
        np.asarray(value) if isinstance(value, bool | int | float | list | tuple | np.ndarray | np.generic) else None
    )
    return None if array is None or array.dtype.kind not in "biuf" else [array]


def _is(made, got):
    made, got = np.asarray(made), np.asarray(got)
    if made.shape != got.shape:
        return False
    with np.errstate(all="ignore"):
        scale = np.max(np.abs(made), initial=0, where=np.isfinite(made) & (np.abs(made) < 1e20))
        close = np.abs(got.astype(float) - made) <= CLOSE * scale
        return bool(np.all(close | (got == made) | (np.isnan(got) & np.isnan(made))))


# --- the relations ----------------------------------------------------------------------------------------------


def _along_each_axis(name, says, change):
    """Relations that change one axis, counted from the last or the first: change(array, axis) gives the arrays."""

    def makes(axis):
        def made(right, got, call):
            is_there = -right.ndim <= axis < right.ndim and right.shape[axis] > 1
            return change(right, axis) if is_there else []

        return made

    axes = {-1: "its last axis", -2: "the last axis but one", -3: "the last axis but two", 0: "its first axis"}
    return [Relation(name, f"{says} along {words}", makes(axis)) for axis, words in axes.items()]


def _numbers(change):
    """A relation that changes every number."""
    return lambda right, got, call: [change(right.astype(float))]


def _swapped(right, got, call):
    axes = range(right.ndim)
    return [np.swapaxes(right, i, j) for i in axes for j in axes[:i]]


def _wrapped(right, got, call):
    if right.dtype.kind not in "iu":
        return []
    return [right.astype(dtype) for dtype in (np.uint8, np.int8, np.uint16, np.int16, np.int32, np.uint32)] + [
        right % 256
    ]


def _first_repeated(array, axis):
    return [np.broadcast_to(np.take(array, [0], axis=axis), array.shape)]


def _only_first(array, axis):
    rest = np.zeros_like(array)
    first = np.moveaxis(rest, axis, 0)
    first[0] = np.moveaxis(array, axis, 0)[0]
    return [rest]


def _shifted(array, axis):
    rolled = []
    for step in (1, -1):
        moved = np.roll(array, step, axis)
        empty = moved.copy()
        np.moveaxis(empty, axis, 0)[0 if step == 1 else -1] = 0
        rolled += [moved, empty]
    return rolled


def _sizes(call):
    """Numbers of entries that a sum over an axis of an argument could have forgotten to divide by."""
    arguments = [*call.args, *call.kwargs.values()]
    found = {size for argument in arguments if isinstance(argument, np.ndarray) for size in argument.shape}
    found |= {argument for argument in arguments if type(argument) is int}
    return sorted(size for size in found if size > 1)


def _summed(right, got, call):
    return [right * n for n in _sizes(call)] + [right / n for n in _sizes(call)]


def _rooted(right, got, call):
    return [right * np.sqrt(n) for n in _sizes(call)] + [right / np.sqrt(n) for n in _sizes(call)]


def _scaled(right, got, call):
    """The right answer times the factor that its largest number shows; it takes three numbers to speak of a factor."""
    if right.shape != got.shape or right.dtype.kind != "f" or np.count_nonzero(right) < 3:
        return []
    place = np.unravel_index(np.argmax(np.abs(right)), right.shape)
    return [right * (got[place] / right[place])]


def _moved(right, got, call):
    """The right answer plus what the first number is off by; it takes three different numbers to speak of an offset."""
    if right.shape != got.shape or right.dtype.kind == "b" or len(np.unique(right)) < 3:
        return []
    return [right + (got.flat[0].astype(float) - right.flat[0])]


def _squeezed(right, got, call):
    """With all axes of length one gone, or one of them."""
    lost = [np.squeeze(right, axis) for axis in range(right.ndim) if right.shape[axis] == 1]
    return [np.squeeze(right), *lost] if lost else []


def _flattened(right, got, call):
    return [np.ravel(right)] if right.ndim != 1 else []


def _expanded(right, got, call):
    """With axes of length one in addition."""
    others = [[n for n in array.shape if n != 1] for array in (right, got)]
    return [np.reshape(right, got.shape)] if got.ndim > right.ndim and others[0] == others[1] else []


def _first_alone(array, axis):
    return [np.take(array, 0, axis=axis), np.take(array, [0], axis=axis)]


def _rounded(n_decimals):
    to = "whole ones" if n_decimals == 0 else f"{n_decimals} decimal{'s' * (n_decimals > 1)}"

    def makes(right, got, call):
        return [np.round(right, n_decimals)] if right.dtype.kind == "f" else []

    return Relation("rounded", f"the numbers are rounded to {to}", makes)


def _ties_in_another_order(right, got, call):
    """The answer itself, where it names other places at which an argument holds the same values."""
    if right.dtype.kind not in "iu" or got.dtype.kind not in "iu" or right.shape != got.shape or not right.ndim:
        return []
    lowest, highest = min(right.min(initial=0), got.min(initial=0)), max(right.max(initial=0), got.max(initial=0))
    for array in call.args:
        fits = isinstance(array, np.ndarray) and array.ndim == right.ndim and array.shape[:-1] == right.shape[:-1]
        if fits and lowest >= 0 and highest < array.shape[-1]:
            one, other = (np.take_along_axis(array, places, -1) for places in (right, got))
            if np.array_equal(one, other):
                return [got]
    return []


def _ties(ranking):
    """The answer itself, where it names other places, each once, that the exercise's ranking finds just as good."""

    def makes(right, got, call):
        if right.dtype.kind not in "iu" or got.dtype.kind not in "iu" or right.shape != got.shape:
            return []
        scores = ranking(*call.args, **call.kwargs)
        none, own = right < 0, np.sort(got, axis=-1)
        twice = (own[..., 1:] == own[..., :-1]) & (own[..., 1:] >= 0)
        if np.any(none != (got < 0)) or np.any(twice) or got.max(initial=0) >= scores.shape[-1]:
            return []
        one, other = (np.take_along_axis(scores, np.maximum(places, 0), -1) for places in (right, got))
        return [got] if np.all(none | (np.abs(one - other) < 1e-9)) else []

    return Relation(*TIES, makes)


def _values_at_places(right, got, call):
    if right.dtype.kind not in "iu" or right.size == 0 or right.min() < 0:
        return []
    arrays = [argument for argument in call.args if isinstance(argument, np.ndarray) and argument.ndim]
    made = [array[right] for array in arrays if right.max() < len(array)]
    fits = [array for array in arrays if array.ndim == right.ndim and right.max() < array.shape[-1]]
    return made + [np.take_along_axis(array, right, -1) for array in fits if array.shape[:-1] == right.shape[:-1]]


def _inverse(right, got, call):
    return [np.argsort(right, axis=-1)] if right.ndim and right.dtype.kind in "iu" else []


def _same_everywhere(right, got, call):
    if got.shape != right.shape or got.size < ENOUGH_NUMBERS or np.all(right == right.flat[0]):
        return []
    return [np.full_like(got, got.flat[0])]


RELATIONS = (
    Relation(*WRAPPED, _wrapped),
    Relation("transposed", "two axes of the right answer change places", _swapped),
    Relation(*TIES, _ties_in_another_order),
    *_along_each_axis("reversed", "the right answer comes in reverse order", lambda a, axis: [np.flip(a, axis)]),
    *_along_each_axis("shifted by one", "the right answer stands one place too far", _shifted),
    Relation(
        "counted from one",
        "every number is one too large, or one too small: places are counted from 0",
        lambda right, got, call: [right + 1, right - 1] if right.dtype.kind in "iu" else [],
    ),
    *_along_each_axis("first repeated", "the first is answered, and repeated for all others", _first_repeated),
    *_along_each_axis("first only", "the first is answered, and zeros stand for all others", _only_first),
    *_along_each_axis("first alone", "the first is answered, and all others are missing", _first_alone),
    Relation("axis lost", "an axis of length one is lost: the numbers are right, the shape is not", _squeezed),
    Relation("flattened", "the numbers are right, but all stand in one row", _flattened),
    Relation(
        "axis kept",
        "the numbers are right, but the result has axes of length one too many: `keepdims=True` leaves them",
        _expanded,
    ),
    Relation(
        "turned around",
        "True and False change places",
        lambda right, got, call: [~right] if right.dtype.kind == "b" else [],
    ),
    Relation("negated", "every number has the wrong sign", _numbers(np.negative)),
    Relation("one minus it", "one minus the right answer is returned", _numbers(lambda right: 1 - right)),
    Relation("squared", "the right answer is squared", _numbers(np.square)),
    Relation("root", "the square root of the right answer is returned", _numbers(np.sqrt)),
    Relation("logarithm", "the logarithm of the right answer is returned", _numbers(np.log)),
    Relation("exponential", "exp of the right answer is returned", _numbers(np.exp)),
    Relation("in degrees", "degrees and radians are mixed up", lambda r, g, c: [np.degrees(r), np.radians(r)]),
    Relation("cut", "the numbers are cut to whole ones", lambda r, g, c: [np.trunc(r)] if r.dtype.kind == "f" else []),
    *(_rounded(n_decimals) for n_decimals in range(5)),
    Relation("without its sign", "the signs of the right answer are lost", _numbers(np.abs)),
    Relation(
        "cut at zero",
        "negative numbers become 0",
        lambda right, got, call: [np.maximum(right, 0)] if right.dtype.kind in "if" else [],
    ),
    Relation("summed or averaged", "a sum is returned for a mean, or a mean for a sum", _summed),
    Relation("off by a root", "a square root of a size is left out, or put in twice", _rooted),
    Relation("doubled or halved", "every number is twice the right one, or half of it", lambda r, g, c: [2 * r, r / 2]),
    Relation("sorted", "the right answer is sorted", lambda r, g, c: [np.sort(r, axis=-1)] if r.ndim else []),
    Relation("inverse", "the inverse permutation of the right answer is returned", _inverse),
    Relation("values for places", "values stand where their places are asked", _values_at_places),
    Relation("constant factor", "every number is off by one and the same factor", _scaled, fitted=True),
    Relation("constant offset", "every number is off by one and the same amount", _moved, fitted=True),
    Relation("same number everywhere", "one and the same number is returned everywhere", _same_everywhere, fitted=True),
)
