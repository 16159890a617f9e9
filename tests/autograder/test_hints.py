"""An answer whose code is that of the last hint is known as such, whatever its names; other answers are not."""

import pytest

from autograder.checking.exercise import source_of
from autograder.exercises import LABS, exercise_named
from autograder.grading.hints import MOST_CHARACTERS, is_last_hint
from autograder.grading.sample import answers_of
from tests import blind

EXERCISES = [exercise for lab in LABS.values() for exercise in lab.exercises]
EXERCISE = exercise_named("chance_to_meet")
TWIN = source_of(EXERCISE.twin)
ANOTHER_LOOK = """
%matplotlib inline
import numpy as np

def chance_to_meet(probability: np.ndarray, n_rounds: int = 1) -> np.ndarray:
    '''Chance to meet.'''
    met = np.zeros(np.shape(probability))  # what is returned
    for place in np.ndindex(*(
        np.shape(probability)
    )):
        missed: float = 1.0
        for _ in range(n_rounds):
            missed *= (1 - np.asarray(probability)[place])
        met[place] = 1 - missed
    return met
"""


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_last_hint_is_known_and_other_right_answers_are_not(exercise):
    assert is_last_hint(exercise, [source_of(exercise.twin)])
    lab = next(lab for lab in LABS.values() if exercise in lab.exercises)
    others = [source_of(function) for function in (exercise.reference, *exercise.solutions)]
    named = [
        source.replace(f"def {f.__name__}(", f"def {exercise.name}(", 1)
        for f, source in zip((exercise.reference, *exercise.solutions), others, strict=True)
    ]
    assert not any(is_last_hint(exercise, [source]) for source in [*named, answers_of(lab)[exercise.name]])


def test_names_of_locals_docstrings_comments_annotations_and_layout_do_not_matter():
    assert is_last_hint(EXERCISE, [ANOTHER_LOOK.replace(": int = 1", "")])


def test_other_code_is_other_code():
    assert not is_last_hint(EXERCISE, [ANOTHER_LOOK])  # a default that the hint has not
    for old, new in (("1.0", "1"), ("range(n_rounds)", "range(n_rounds + 1)"), ("np.zeros", "np.ones"), ("*=", "+=")):
        assert old in TWIN and not is_last_hint(EXERCISE, [TWIN.replace(old, new)])
    assert not is_last_hint(EXERCISE, [TWIN.replace("_ in", "probability in")])  # two names that were different


def test_the_last_definition_before_the_check_counts():
    own = "def chance_to_meet(p, n):\n    return 1 - (1 - p) ** n\n"
    assert is_last_hint(EXERCISE, [own, TWIN]) and not is_last_hint(EXERCISE, [TWIN, own])
    assert not is_last_hint(EXERCISE, [TWIN.replace("def chance_to_meet", "def loop"), own])


@pytest.mark.parametrize(
    "text", ["", "x = 3", "def (", "\0", "(" * 5000, "x = " + "-" * 9000 + "1", TWIN + "\n" + "#" * MOST_CHARACTERS]
)
def test_a_cell_that_cannot_be_read_is_no_hint(text):
    assert not is_last_hint(EXERCISE, [text])


@pytest.mark.parametrize("name", sorted(path.stem for path in blind.FOLDER.glob("lab*.py")))
def test_of_right_answers_written_blind_few_have_the_hint_s_code(name):
    taken = [
        answer.name
        for answer in blind.blind_set(name)
        if not answer.truth and is_last_hint(exercise_named(answer.exercise), [under_its_name(answer)])
    ]
    assert taken == []


def under_its_name(answer):
    return source_of(answer.function).replace(f"def {answer.name}(", f"def {answer.exercise}(", 1)
