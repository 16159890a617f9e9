"""An answer whose code is that of the last hint is known as such, whatever its names; other answers are not."""

import time

import pytest

from autograder.checking.exercise import source_of
from autograder.exercises import LABS, exercise_named
from autograder.grading.sample import answers_of
from autograder.grading.sources import MOST_CHARACTERS, is_last_hint, notes_on_source
from tests import blind

EXERCISES = [exercise for lab in LABS.values() for exercise in lab.exercises]
EXERCISE = exercise_named("chance_to_meet")
TWIN = source_of(EXERCISE.twin)
SAME_AS_THE_COURSE_S = ["by_sorting_the_order"]  # undo_sort in one line
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


@pytest.mark.parametrize("name", blind.SETS)
def test_of_right_answers_written_blind_few_have_the_hint_s_code(name):
    taken = [
        answer.name
        for answer in blind.blind_set(name)
        if not answer.truth and is_last_hint(exercise_named(answer.exercise), [under_its_name(answer)])
    ]
    assert taken == []


def under_its_name(answer):
    return source_of(answer.function).replace(f"def {answer.name}(", f"def {answer.exercise}(", 1)


RIGHT = "def chance_to_meet(p, n):\n    return 1 - (1 - p) ** n\n"
TAKES = "the answer to chance_to_meet takes the course's own function"
LAB = LABS["lab03_angular_lsh"]


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda exercise: exercise.name)
def test_the_course_s_own_version_is_known_and_other_right_answers_are_not(exercise):
    lab = next(lab for lab in LABS.values() if exercise in lab.exercises)
    own = [source_of(exercise.reference), answers_of(lab)[exercise.name]]
    for source in own:
        (note,) = notes_on_source(lab, exercise, [source])
        assert "has the code of the course's own version; one can come to the same code alone" in note
    for solution in exercise.solutions:
        source = source_of(solution).replace(f"def {solution.__name__}(", f"def {exercise.name}(", 1)
        assert notes_on_source(lab, exercise, [source]) == [] or solution.__name__ in SAME_AS_THE_COURSE_S


@pytest.mark.parametrize(
    "source",
    [
        "from reformer.angular import chance_to_meet",
        "from reformer.loops.angular import chance_to_meet",
        "from reformer.angular import *",
        "from reformer.angular import chance_to_meet as f\ndef chance_to_meet(p, n):\n    return f(p, n)",
        "import reformer.angular\ndef chance_to_meet(p, n):\n    return reformer.angular.chance_to_meet(p, n)",
        "import reformer.angular as a\nchance_to_meet = a.chance_to_meet",
        "import reformer.loops.angular as a\nf = lambda p, n: vars(a)['chance' + '_to_meet'](p, n)\n"
        "def chance_to_meet(p, n):\n    return f(p, n)",
        "def chance_to_meet(p, n):\n    from reformer import angular\n    return angular.chance_to_meet(p, n)",
        "import sys\ndef chance_to_meet(p, n):\n    return sys.modules['reformer.angular'].chance_to_meet(p, n)",
        "import importlib\nchance_to_meet = getattr(importlib.import_module('reformer.angular'), 'chance_to_meet')",
        "exec('from reformer.angular import chance_to_meet')",
    ],
)
def test_who_takes_the_course_s_function_is_told(source):
    assert TAKES in notes_on_source(LAB, EXERCISE, [source])


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import torch.nn.functional as F\ndef chance_to_meet(p, n):\n    return F.softmax(p)", "uses torch"),
        ("def chance_to_meet(p, n):\n    return __import__('scipy.special').special.expit(p)", "uses scipy"),
        (
            "from trax import layers\ndef g(p):\n    return layers.LSH(p)\nchance_to_meet = lambda p, n: g(p)",
            "uses trax",
        ),
        ("exec(open('../../solutions/lab03.txt').read())", "names a file of the course, or a notebook"),
        ("!cat ../solutions/lab03_angular_lsh/*.ipynb > x.py\n" + RIGHT, "names a file of the course, or a notebook"),
        ("from autograder.exercises import LABS\nchance_to_meet = LABS['x']", "looks into the autograder"),
    ],
)
def test_ready_made_functions_and_files_of_the_course_are_told(source, words):
    assert f"the answer to chance_to_meet {words}" in notes_on_source(LAB, EXERCISE, [source])


@pytest.mark.parametrize(
    "cells",
    [
        ["from reformer.angular import chance_to_meet", RIGHT.replace("return", "x = 0\n    return")],
        [
            "import torch\nfrom reformer.neighbors import cosine_similarity",
            RIGHT.replace("n)", "n: int)").replace("1 -", "1.0 -"),
        ],
        ['def chance_to_meet(p, n):\n    """Loops from 1 to n, as in reformer."""\n    return p * n'],
        ["from autograder import check", "def chance_to_meet(p, n):\n    return check"],
    ],
)
def test_what_the_last_definition_does_not_rest_on_is_not_told(cells):
    assert notes_on_source(LAB, EXERCISE, cells) == []


@pytest.mark.parametrize(
    "text",
    ["\0", "\ud800", "(" * 9000, "-" * 19000 + "1", "9" * 19000, "x = '\\d'", "f(" + "a," * 9000 + ")", "a.b" * 6000]
    + [
        "def chance_to_meet(p, n):\n    return " + "not " * 80 + "p",
        "def chance_to_meet(p, n):\n" + "    p += 1\n" * 1500,
    ],
)
def test_strange_text_is_read_soon_and_without_a_word_on_stderr(text, capsys):
    begun = time.process_time()
    assert notes_on_source(LAB, EXERCISE, [text] * 1000) == []
    assert time.process_time() - begun < 3 and capsys.readouterr().err == ""
