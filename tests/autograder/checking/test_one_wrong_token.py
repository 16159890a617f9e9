"""Of every exercise: one wrong token is told by its name, and changing the inputs costs half, whatever is asked."""

import re

import numpy as np
import pytest

from autograder.checking.answer import Answer
from autograder.checking.call import copy_of
from autograder.checking.differences import AS_GOOD_AS_INFINITE
from autograder.checking.exercise import Property
from autograder.checking.judge import ask, judge
from autograder.exercises import LABS

# Those whose answers are plain; test_lab08_in_trax.py has the others.
EXERCISES = [exercise for lab in LABS.values() for exercise in lab.exercises if not exercise.double]
SECRET = b"a secret that only these tests use"


def asked(exercise):
    """Each question with its calls and the right answers."""
    return ask(exercise, exercise.reference, exercise.questions, lambda q: exercise.generator(q, SECRET))


def spoiled(answer, rng):
    """A right answer with one number changed, or with one position fewer in a dict's list; of arrays, in the first."""
    value = copy_of(answer.value)
    if isinstance(value, dict):
        value[next(iter(value))].pop(0)
        return Answer(value)
    if is_tuple_of_arrays(value):
        return Answer((spoiled(Answer(value[0]), rng).value, *value[1:]))
    if is_list_of_pairs(value):
        return Answer([spoiled(Answer(value[0]), rng).value, *value[1:]])
    value = np.array(value)
    place = tuple(rng.integers(value.shape))
    as_infinite = value.dtype.kind == "f" and not abs(value[place]) < AS_GOOD_AS_INFINITE
    value[place] = ~value[place] if value.dtype == bool else 1 if as_infinite else value[place] + 1
    return Answer(value)


def is_tuple_of_arrays(value):
    return isinstance(value, tuple) and all(isinstance(one, np.ndarray) for one in value)


def is_list_of_pairs(value):
    return isinstance(value, list) and bool(value) and all(map(is_tuple_of_arrays, value))


def place_of(exercise, right, wrong):
    """The words by which a message has to say where two answers differ."""
    if is_list_of_pairs(right):
        place = np.argwhere(right[0][0] != wrong[0][0])[0]
        return ", ".join(f"{name} {i}" for name, i in zip(exercise.axes[2:], place, strict=True))
    if isinstance(right, dict):
        bucket = next(iter(right))
        return f"{exercise.axes[0]} {bucket}: {exercise.axes[1]} {right[bucket][0]} is missing"
    if isinstance(right, tuple):
        changed = [not np.array_equal(one, other) for one, other in zip(right, wrong, strict=True)]
        return f"value {changed.index(True)}: "
    place = np.argwhere(np.not_equal(right, wrong))[0].tolist()
    names = exercise.axes[-len(place) :]
    own = place[len(place) - len(names) :]
    return ", ".join(f"{name} {i}" for name, i in zip(names, own, strict=True)) or f"at {place}"


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_case_that_goes_wrong_at_one_token_says_at_which(exercise):
    rng = np.random.default_rng(1)
    told = 0
    for question, calls, (right, *more) in asked(exercise):
        is_array = is_tuple_of_arrays(right.value) or is_list_of_pairs(right.value) or np.ndim(right.value) > 0
        is_empty = isinstance(right.value, list) and not right.value
        if more or isinstance(question, Property) or is_empty or not is_array and not right.value:
            continue
        for wrong in (spoiled(right, rng) for _ in range(5)):
            (finding,) = judge(exercise, [(question, calls, [wrong])]).findings
            assert not is_array or place_of(exercise, right.value, wrong.value) in finding.reason
            told += 1
    assert told >= 15


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_property_that_does_not_hold_at_one_token_says_at_which(exercise):
    rng = np.random.default_rng(2)
    for question, calls, (right, *more) in asked(exercise):
        if isinstance(question, Property) and isinstance(right.value, np.ndarray) and right.value.size > 1:
            findings = [
                judge(exercise, [(question, calls, [spoiled(right, rng), *more])]).findings[0] for _ in range(20)
            ]
            failed = [finding.reason for finding in findings if not finding.right]  # it does not fix every number
            assert failed and all(re.search(r" at (\w+ \d|\[\d)", reason) for reason in failed), question.name


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_number_that_is_not_finite_is_told_with_its_place(exercise):
    for question, calls, (right, *more) in asked(exercise):
        if isinstance(right.value, np.ndarray) and right.value.size > 1 and right.value.dtype.kind == "f":
            wrong = right.value.copy()
            wrong[tuple(np.argwhere(np.isfinite(wrong))[-1])] = np.nan
            (finding,) = judge(exercise, [(question, calls, [Answer(wrong), *more])]).findings
            assert "not finite, the first at" in finding.reason
            assert place_of(exercise, right.value, wrong).removeprefix("at ") in finding.reason


def spoil_arrays(value):
    """Change each array in a value, in place, to other bits."""
    if isinstance(value, np.ndarray):
        np.atleast_1d(value).view(np.uint8)[...] ^= 1
        return value.size > 0
    return any([spoil_arrays(item) for item in value]) if isinstance(value, tuple | list) else False


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_right_answer_that_changes_its_inputs_costs_half_and_one_that_changes_copies_nothing(exercise):
    def in_place(*arguments, **options):
        answer = exercise.reference(*copy_of(arguments), **options)
        spoil_arrays(arguments)
        return answer

    def on_copies(*arguments, **options):
        return in_place(*copy_of(arguments), **options)

    questions, generator = exercise.questions, lambda q: exercise.generator(q, SECRET)
    changing = [any([spoil_arrays(copy_of(call.args)) for call in q.calls(generator(q))]) for q in questions]
    points = sum(q.points / 2 if changes else q.points for q, changes in zip(questions, changing, strict=True))
    verdict = judge(exercise, ask(exercise, in_place, questions, generator))
    assert verdict.score == (0 if exercise.without_points else points)
    assert (verdict.named and verdict.named.name) == ("inputs changed" if any(changing) else None)
    assert not any(changing) or any("changes what it is given: work on a copy" in reason for reason in verdict.reasons)
    assert judge(exercise, ask(exercise, on_copies, questions, generator)).score == exercise.max_score
