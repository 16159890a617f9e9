"""What a learner's kernel is given, twins of earlier exercises and modules of earlier units, answers nothing else."""

import importlib
import inspect

import numpy as np
import pytest

from autograder.checking.judge import ask, find
from autograder.exercises import LABS
from reformer import UNITS

SECRET = b"a secret that only this test uses"

# Points that a twin sent after a wrong answer gets as the answer to a later exercise, and why that is as it should be.
TWINS_THAT_HELP = {
    # Of one key any average is right, and none minds the order of the keys.
    ("kernel_regression", "top_k_attention"): 2,
    # The twin sorts stably, and sorting a permutation inverts it. That is what is to be seen; np.argsort does it, too.
    ("sort_by_bucket", "undo_sort"): 13,
    # A coupling that only adds is an affine one whose scale is 1: whoever has it is that far.
    ("reversible_forward", "affine_coupling_forward"): 1,
    ("reversible_inverse", "affine_coupling_inverse"): 1,
}

# A number that does not hang on the values of what is given passes two questions of "the loss stays", as any does.
FUNCTIONS_THAT_HELP = {("bytes_held", "cross_entropy"): 2}


def points(exercise, function):
    """What a function gets for an exercise, visible and hidden questions."""
    questions = exercise.asked(hidden=True)
    with np.errstate(all="ignore"):
        answered = ask(exercise, function, questions, lambda question: exercise.generator(question, SECRET))
        return sum(find(exercise, *entry).score for entry in answered)


@pytest.mark.parametrize("lab", LABS.values(), ids=LABS)
def test_the_twin_of_an_exercise_answers_no_later_one(lab):
    found = {}
    exercises = [exercise for exercise in lab.exercises if not exercise.double]  # a model of Trax answers nothing else
    for place, later in enumerate(exercises):
        for earlier in exercises[:place]:
            found[earlier.name, later.name] = points(later, earlier.twin)
    names = {exercise.name for exercise in lab.exercises}
    assert {pair: reached for pair, reached in found.items() if reached} == {
        pair: reached for pair, reached in TWINS_THAT_HELP.items() if pair[0] in names
    }


@pytest.mark.parametrize("lab", LABS.values(), ids=LABS)
def test_no_function_of_an_earlier_unit_answers_an_exercise(lab):
    taught = [name for unit, about in UNITS.items() if unit < lab.unit for name in about.modules]
    functions = [function for name in taught for function in _public(importlib.import_module(f"reformer.{name}"))]
    helped = {
        (function.__name__, exercise.name): reached
        for exercise in lab.exercises
        if not exercise.double
        for function in functions
        if (reached := points(exercise, function))
    }
    names = {exercise.name for exercise in lab.exercises}
    assert helped == {pair: reached for pair, reached in FUNCTIONS_THAT_HELP.items() if pair[1] in names}


def _public(module):
    return [
        function
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    ]
