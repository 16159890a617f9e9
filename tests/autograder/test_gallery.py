"""Exercises of the gallery: `check` says right or not, without a number, and nothing that counts knows of them."""

import json
import re

import numpy as np
import pytest

from autograder import check
from autograder.__main__ import main
from autograder.checking import laptop
from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises import GALLERY, LABS, exercise_named
from classroom import progress
from gallery import ROOMS
from gallery.patterns import how_far_back

EVERY = pytest.mark.parametrize("exercise", GALLERY, ids=lambda exercise: exercise.name)


def halve(x):
    return x / 2


def doubled(x):
    return 2 * x


@pytest.fixture
def halving(monkeypatch):
    """An exercise of the gallery that `check` knows."""
    exercise = Exercise(halve, halve, in_gallery=True)
    exercise.case("a number", lambda rng: call(3.0))
    exercise.case("zero", lambda rng: call(0.0))
    exercise.mistake(why="the opposite is near at hand", says="it is doubled")(doubled)
    monkeypatch.setattr(laptop, "exercise_named", {"halve": exercise}.__getitem__)
    return exercise


def test_a_right_answer_is_right_and_nothing_is_counted(halving):
    message = check("halve", lambda x: 0.5 * x)
    assert message.state == "right" and repr(message) == "Right." and message.score is None
    assert not re.search(r"points|\d of \d", message._repr_html_())


def test_a_wrong_answer_is_named_with_the_case_that_shows_it_and_without_a_number(halving):
    message = check("halve", lambda x: x + x)
    note = message._repr_html_()
    assert message.state == "wrong" and "This is what you get when it is doubled." in note
    assert "a number" in note and "1.5" in note
    assert "later cells" not in note, "no later cell of a room uses the function"
    assert not re.search(r"points|\d of \d", note) and not re.fullmatch(r"[\d.]+", repr(message))


def test_an_answer_that_is_not_written_yet_and_one_that_is_borrowed_are_told_so(halving):
    def unwritten(x):
        raise NotImplementedError

    assert repr(check("halve", unwritten)) == "Not written yet."
    borrowed = check("halve", type("Borrowed", (), {"__module__": "gallery.sets"})())
    assert borrowed.state == "borrowed" and "points" not in borrowed._repr_html_()


def test_nothing_is_noted_of_the_gallery(halving, monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_MY_LABS", str(tmp_path))
    assert "Lab" not in check("halve", lambda x: 0.5 * x)._repr_html_()
    assert not any(tmp_path.iterdir()) and progress.read(tmp_path) == {}


def test_the_gallery_is_no_lab_and_its_exercises_are_worth_nothing():
    of_labs = {exercise.name for lab in LABS.values() for exercise in lab.exercises}
    assert not of_labs & {exercise.name for exercise in GALLERY}
    assert all(exercise.in_gallery and exercise.max_score == 0 for exercise in GALLERY)
    assert len(GALLERY) <= len(ROOMS)


@pytest.mark.skipif(not GALLERY, reason="no room has an exercise yet")
def test_every_known_mistake_is_caught_and_named_and_every_right_answer_is_right(capsys):
    code, printed = main(["selftest", "--json", "--lab", "gallery"]), capsys.readouterr().out
    result = json.loads(printed.splitlines()[-1])
    assert code == 0, printed
    assert result["exercises"] == len(GALLERY)
    assert result["mistakes"] == result["caught"] == result["named"]
    assert result["blind"] >= 5 * len(GALLERY), "every room has a blind set"
    assert result["blind_caught"] > 0.95 * result["blind"] and result["blind_misnamed"] <= 0.04 * result["blind"]


@EVERY
def test_an_exercise_of_the_gallery_has_a_twin_mistakes_other_styles_and_no_hidden_questions(exercise):
    assert exercise_named(exercise.name) is exercise
    assert exercise.twin.__name__ == exercise.name == exercise.reference.__name__
    assert exercise.twin.__module__ == "gallery.loops" and exercise.reference.__module__.startswith("gallery.")
    assert len(exercise.mistakes) >= 5 and len(exercise.solutions) >= 2
    assert not any(question.hidden for question in exercise.questions)


@EVERY
def test_the_first_mistake_of_a_room_is_explained(exercise):
    message = check(exercise.name, exercise.mistakes[0].function)
    assert message.state == "wrong" and "This is what you get when" in message._repr_html_()
    assert not re.search(r"points|\d+ of \d+ questions", message._repr_html_())


def by_slots(length, n_near, stride):
    table = [[False] * length for _ in range(length)]
    for i in range(length):
        for back in [*range(min(n_near, length)), *range(0, length, stride)]:
            table[i][i - back] = True
    return table


def near_by_slots(length, n_near, stride):
    table = np.tri(length, dtype=bool) & (how_far_back(length) % stride == 0)
    for i in range(length):
        for back in range(min(n_near, length)):
            table[i, i - back] = True
    return table


@pytest.mark.parametrize("answer", [by_slots, near_by_slots])
def test_places_before_the_first_token_that_turn_negative_are_named(answer):
    shown = check("strided_pattern", lambda *sizes: np.array(answer(*sizes)))._repr_html_()
    assert "negative" in shown and "from the end of the row" in shown
