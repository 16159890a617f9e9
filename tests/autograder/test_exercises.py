"""Tested tests: the exercises let no known mistake through, and no right answer is refused."""

import json
import re

import numpy as np
import pytest

from autograder.__main__ import main
from autograder.checking.call import call
from autograder.checking.exercise import Case, Exercise
from autograder.checking.selftest import selftest
from autograder.exercises import GALLERY, LABS, exercise_named, lab_named
from reformer import UNITS

EXERCISES = [exercise for lab in LABS.values() for exercise in lab.exercises]
WITH_TRAX = [
    pytest.param(lab, id=name, marks=[pytest.mark.trax] * any(exercise.needs_trax for exercise in lab.exercises))
    for name, lab in LABS.items()
]


@pytest.mark.parametrize("lab", WITH_TRAX)
def test_every_known_mistake_loses_points_and_is_named_and_every_right_answer_gets_all(lab, record_property, capsys):
    """By the command, which ends with one line of JSON: a run takes minutes, so one has to do for both."""
    code, printed = main(["selftest", "--json", "--lab", lab.name]), capsys.readouterr().out
    result = json.loads(printed.splitlines()[-1])
    record_property("known mistakes caught", f"{result['caught']} of {result['mistakes']}")
    assert code == 0, printed
    counts = {"exercises", "mistakes", "caught", "named", "blind", "blind_caught", "blind_named", "blind_misnamed"}
    assert set(result) == counts | {"references_full", "styles_full", "empty_zero"}
    assert all(type(result[name]) is (int if name in counts else bool) for name in result)
    assert result["mistakes"] == result["caught"] == result["named"] and result["exercises"] == len(lab.exercises)
    assert result["references_full"] and result["styles_full"] and result["empty_zero"]
    assert result["blind_caught"] > 0.95 * result["blind"] and result["blind_misnamed"] < 0.04 * result["blind"]


def test_the_selftest_sees_a_test_that_lets_a_mistake_through_and_a_reference_that_fails():
    def add(a, b):
        return a + b

    def multiplied(a, b):
        return a * b

    for reference, twin in ((add, multiplied), (add, add)):
        exercise = Exercise(reference, twin)
        exercise.case("zeros", lambda rng: call(0, 0))
        exercise.case("one and two", lambda rng: call(1, 2), points=0 if twin is add else 1)
        exercise.mistake(why="the signs look alike", says="it multiplies")(multiplied)
        result = selftest([exercise])
        assert not result.good
        assert result.references_full == (twin is add) and result.caught == (twin is not add)
    assert "multiplied survives" in result.faults[0]


def test_an_exercise_without_answers_written_blind_is_tested_as_any_other():
    def halve(x):
        return x / 2

    def doubled(x):
        return 2 * x

    exercise = Exercise(halve, halve)
    exercise.case("a number", lambda rng: call(3.0))
    exercise.case("another number", lambda rng: call(5.0), hidden=True)
    exercise.mistake(why="the opposite is near at hand", says="it is doubled")(doubled)
    result = selftest([exercise])
    assert result.good and (result.mistakes, result.caught, result.named) == (1, 1, 1)
    assert json.loads(result.as_json())["blind"] == 0 and "blind" not in result.as_table()


@pytest.mark.parametrize("lab", LABS.values(), ids=lambda lab: lab.name)
def test_a_lab_has_enough_known_mistakes_and_hidden_questions(lab):
    counts = [len(exercise.mistakes) for exercise in lab.exercises]
    assert min(counts) >= 3 and sum(counts) / len(counts) >= 5
    assert all(any(question.hidden for question in exercise.questions) for exercise in lab.exercises)
    assert lab.unit in UNITS


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_a_twin_bears_its_exercise_s_name_and_its_questions_have_names_of_their_own(exercise):
    assert exercise.twin.__name__ == exercise.name == exercise.reference.__name__
    names = [question.name for question in exercise.questions]
    assert len(names) == len(set(names))


def test_what_a_mistake_is_called_completes_a_sentence_that_ends_with_when():
    """`This is what you get when ...`: neither a second "when" or "where" nor a full stop comes next, or at the end."""
    mistakes = [mistake for exercise in [*EXERCISES, *GALLERY] for mistake in exercise.mistakes]
    assert len(mistakes) > 900
    for mistake in mistakes:
        assert not re.match(r"(when|where|if|since|because)\b", mistake.says), mistake.says
        assert not mistake.says.endswith((".", " ")), mistake.says


def test_unknown_names_are_answered_with_those_there_are():
    with pytest.raises(KeyError, match="angular_hash"):
        exercise_named("nothing")
    with pytest.raises(KeyError, match="lab03"):
        lab_named("nothing")


def test_a_case_that_is_never_clear_cut_says_so():
    with pytest.raises(RuntimeError, match="clear-cut"):
        Case("ties", lambda rng: call(1), clear_cut=lambda x: False).calls(np.random.default_rng(0))
