"""Where no listed mistake and no relation explains an answer, what is certain is named: and only where it is."""

import numpy as np
import pytest

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.checking.judge import ask, judge


def order(x):
    return np.argsort(x, axis=-1, kind="stable")


def asked(reference, calls):
    exercise = Exercise(reference, reference, none_is_an_answer=True)
    for number, one in enumerate(calls):
        exercise.case(f"{number}", lambda rng, one=one: one, tolerance=1e-6)
    return exercise


def name_of(exercise, function):
    verdict = judge(exercise, ask(exercise, function, exercise.questions, exercise.generator))
    return verdict.named and verdict.named.name


TABLE = np.random.default_rng(7).permuted(np.arange(120).reshape(2, 3, 4, 5), axis=-1)
ARRAYS = [TABLE[index] for index in ((0, 0, 0), (0, 0, 1), (1, 1, 0), (0, 0), (0, 1), (1, 1), (0,), (1,))]
SORTING = asked(order, [call(array) for array in ARRAYS])


def sorted_in_place(x):
    answer = order(x)
    x.sort()
    return answer


def infinity_first(x):
    answer = order(x)
    answer[..., 0] = np.inf
    return answer


def into_whole_numbers(x):
    answer = order(x)
    answer /= 2
    return answer


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (sorted_in_place, "inputs changed"),
        (lambda x: order(x).astype(float), "floats for whole numbers"),
        (lambda x: (np.sort(x), order(x)), "more than the answer"),
        (lambda x: None, "none for an answer"),
        (lambda x: [[1], [2, 3]], None),
        (lambda x: x + np.zeros(7), "shapes that do not fit"),
        (lambda x: np.argsort(x, axis=-4), "an axis that is not there"),
        (lambda x: x[..., 5], "a place that is not there"),
        (lambda x: x.reshape(7, 7), "reshaped to another size"),
        (lambda x: order(x) if x > 0 else None, "the truth of an array"),
        (infinity_first, "infinity among whole numbers"),
        (into_whole_numbers, "floats into whole numbers"),
        (lambda x: order(x) if x.ndim == 1 else order(x) * (x % 3), "right without a batch only"),
        (lambda x: order(x) if x.ndim > 1 else order(x) * (x % 3), "wrong without a batch only"),
        (lambda x: order(x) if x.ndim == 2 else order(x) * (x % 3), "right for one batch axis only"),
        (lambda x: order(x) if x[..., 0].max() % 2 else order(x) * (x % 3), None),
    ],
)
def test_a_symptom_is_named_where_all_wrong_answers_share_it(function, name):
    assert name_of(SORTING, function) == name


def test_floats_for_whole_numbers_are_named_beside_a_result_that_is_floats_by_right():
    def places_and_values(x):
        return order(x), np.sort(x) / 2

    both = asked(places_and_values, [call(array) for array in ARRAYS])
    assert name_of(both, lambda x: (order(x).astype(float), np.sort(x) / 2)) == "floats for whole numbers"
    assert name_of(both, lambda x: (order(x), (np.sort(x) / 2).astype(np.float32) + 1)) is None


def test_a_fixed_number_of_axes_is_told_by_its_error():
    def of_two_axes(x):
        n_rows, length = x.shape
        return order(x)

    assert name_of(SORTING, of_two_axes) == "a fixed number of axes"


def test_an_argument_that_tells_the_wrong_questions_from_the_right_ones_is_named():
    def powers(x, n):
        return x**n

    exercise = asked(powers, [call(np.array([2, 3, 5]), n) for n in (0, 1, 0, 1, 2, 3, 4)])
    named = judge(
        exercise, ask(exercise, lambda x, n: x**n if n < 2 else x * n % 7, exercise.questions, exercise.generator)
    ).named
    assert named.name == "right up to one" and "`n` is 2 or more" in named.sentence
    assert [question.name for question in named.shown_by] == ["4", "5", "6"]


def test_only_questions_in_a_small_dtype_are_named_for_it():
    calls = [call(array.astype(dtype)) for dtype in (np.int64, np.uint8) for array in ARRAYS[:4]]
    exercise = asked(order, calls)
    assert name_of(exercise, lambda x: order(x) if x.dtype == np.int64 else order(x) * (x % 3)) == "wrapped"


def test_inputs_changed_are_named_also_beside_wrong_values_and_a_right_answer_gets_no_name():
    def changed_and_wrong(x):
        x[...] = x[..., ::-1].copy() % 4
        return order(x) * (x % 2)

    assert name_of(SORTING, changed_and_wrong) == "inputs changed"
    assert name_of(SORTING, order) is None
