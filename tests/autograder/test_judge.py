"""The judge gives points for right values only, and says in words what is wrong with others."""

import numpy as np
import pytest

from autograder.answer import Answer
from autograder.exercise import Case, Exercise, Misconception, Property
from autograder.judge import ask, difference, judge


def double(x):
    return 2 * np.asarray(x)


def tripled(x):
    return 3 * np.asarray(x)


EXERCISE = Exercise(
    reference=double,
    twin=double,
    questions=(
        Case("one to three", lambda rng: (np.array([1.0, 2.0, 3.0]),), tolerance=1e-6),
        Case("random", lambda rng: (rng.standard_normal(4),), points=2, hidden=True, tolerance=1e-6),
        Property("zero stays", lambda rng: [(np.zeros(2),)], lambda calls, answers: not np.any(answers[0])),
    ),
    misconceptions=(Misconception(tripled, "three looks like two", "three is taken for two"),),
)


def verdict_on(function):
    questions = EXERCISE.asked(hidden=True)
    return judge(EXERCISE, ask(EXERCISE, function, questions, lambda question: EXERCISE.generator(question, b"s")))


def test_right_values_get_all_points_whatever_their_float_type():
    for function in (double, lambda x: (2 * x).astype(np.float32), lambda x: (2 * x).tolist()):
        assert verdict_on(function).score == EXERCISE.max_score == 4


def test_a_known_mistake_is_named_and_gets_the_points_it_deserves():
    verdict = verdict_on(tripled)
    assert verdict.score == 1 and verdict.named is EXERCISE.misconceptions[0]
    assert verdict.reasons[0] == "This is what you get when three is taken for two."


def test_no_answer_is_no_points():
    answered = [(question, question.calls(np.random.default_rng(0)), []) for question in EXERCISE.questions]
    verdict = judge(EXERCISE, answered)
    assert verdict.score == 0 and not verdict.right
    assert judge(EXERCISE, []).score == 0 and not judge(EXERCISE, []).right


def test_an_unwritten_answer_is_blank():
    def unwritten(x):
        raise NotImplementedError

    assert verdict_on(unwritten).outcome == "blank"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "return"),
        ("text", "numbers"),
        (np.array([2.0, np.nan, 6.0]), "not finite"),
        (np.array([2.0, np.inf, 6.0]), "not finite"),
        (np.array([2.0, 4.0]), r"shape \(3,\)"),
        (np.array([[2.0, 4.0, 6.0]]), "shape"),
        ([[1.0], [2.0, 3.0]], "different lengths"),
        ([10**400, 1, 2], "numbers"),
        ({}, "numbers"),
        (np.array([2.0, 4.0, 7.0]), r"2 of 3 values are right; at \[2\] it gives 7 where 6 is right"),
    ],
)
def test_a_wrong_value_is_described(value, words):
    with np.errstate(all="raise"):
        assert __import__("re").search(words, difference(np.array([2.0, 4.0, 6.0]), value, 1e-6))


def test_whole_numbers_must_come_as_integers_and_truth_as_booleans():
    assert difference(np.array([1, 2]), np.array([1.0, 2.0]), 0)
    assert not difference(np.array([1, 2]), np.array([1, 2], dtype=np.uint8), 0)
    assert difference(np.array([True, False]), np.array([1, 0]), 0)
    assert "1 of 2" in difference(np.array([True, False]), np.array([True, True]), 0)


def test_values_in_tuples_and_dicts_are_compared_one_by_one():
    assert not difference((1, {"a": np.ones(2)}), (1, {"a": [1.0, 1.0]}), 1e-6)
    assert "value 1: entry 'a'" in difference((1, {"a": np.ones(2)}), (1, {"a": [1.0, 2.0]}), 1e-6)
    assert difference((1, 2), (1,), 0) and difference({"a": 1}, {"b": 1}, 0)


def test_a_property_of_answers_that_do_not_fit_does_not_hold():
    calls = [(np.zeros(2),)]
    verdict = judge(EXERCISE, [(EXERCISE.questions[2], calls, [Answer("text"), Answer(None)])])
    assert verdict.score == 0 or verdict.right is False


def test_hidden_inputs_follow_from_the_secret_and_the_student():
    question = EXERCISE.questions[1]

    def drawn(secret, student):
        return question.calls(EXERCISE.generator(question, secret, student))[0][0].tolist()

    assert drawn(b"s", "ann") == drawn(b"s", "ann")
    assert drawn(b"s", "ann") != drawn(b"s", "bob") != drawn(b"t", "bob")
    with pytest.raises(ValueError, match="secret"):
        EXERCISE.generator(question)


def test_infinite_numbers_are_compared_where_they_are_expected():
    expected = np.array([0.0, -np.inf, 2.0])
    assert difference(expected, np.array([1e-9, -np.inf, 2.0]), 1e-6) == ""
    assert difference(expected, np.array([0.0, np.inf, 2.0]), 1e-6)
    assert difference(expected, np.array([0.0, -np.inf, np.inf]), 1e-6)
    assert difference(np.array([1.0, 2.0]), np.array([1.0, np.nan]), np.inf) == "1 of 2 values are not finite"


def test_a_known_mistake_that_gives_nan_is_named_by_its_nan():
    def no_guard(values):
        return values / np.linalg.norm(values)

    def guarded(values):
        return values / max(np.linalg.norm(values), 1e-300)

    mistake = Misconception(no_guard, "zero is forgotten", "zero is divided by zero")
    questions = (Case("zeros", lambda rng: (np.zeros(3),), tolerance=1e-6), Case("ones", lambda rng: (np.ones(3),)))
    exercise = Exercise(guarded, guarded, questions, (mistake,))
    verdict = judge(exercise, ask(exercise, no_guard, questions, exercise.generator))
    assert verdict.named is mistake and verdict.score == 1


def test_two_numbers_that_differ_are_told_with_digits_that_differ():
    assert "it gives 0.9600192 where 0.96 is right" in difference(np.array([0.96]), np.array([0.9600192]), 1e-6)
