"""References that take whole numbers: a learner types `np.array([[3, 4]])`, and the core asks for floats."""

import functools

import numpy as np


def taking_whole_numbers(reference):
    """The same function, for which arrays of integers are arrays of float64."""

    @functools.wraps(reference)
    def function(*args):
        return reference(*(_as_floats(argument) for argument in args))

    return function


def _as_floats(argument):
    whole = isinstance(argument, np.ndarray) and argument.dtype.kind in "iu"
    return argument.astype(np.float64) if whole else argument
