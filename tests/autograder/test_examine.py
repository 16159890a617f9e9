"""What a learner's code may do, and what it comes to: forging gains nothing, and one fault costs one exercise.

Each submission is the right one with some answers replaced; `expected` says what the exercises come to, those that are
not named being worth all their points.
"""

import dataclasses
import sys

import numpy as np
import pytest

from autograder.checking.exercise import source_of
from autograder.checking.judge import ask, judge
from autograder.exercises import LABS, exercise_named
from autograder.grading.examine import CourseFault, examine
from autograder.grading.reading import read_notebook
from autograder.grading.rebuild import TOO_LATE, rebuild
from autograder.grading.sample import as_bytes, with_answers, without
from autograder.grading.sandbox import furnish

LAB = LABS["lab03_angular_lsh"]
FULL = {exercise.name: exercise.max_score for exercise in LAB.exercises}
ASKED = {exercise.name: len(exercise.questions) for exercise in LAB.exercises}

ALWAYS_EQUAL = """
class Equal:
    def __eq__(self, other):
        return True
    def __array__(self, *arguments, **keywords):
        raise ValueError("not today")

def angular_hash(vectors, rotations):
    return Equal()
"""
LYING_ARRAY = """
class Lying(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **keywords):
        return np.array(True)
    def __eq__(self, other):
        return np.array(True)

def offset_rounds(buckets, n_buckets):
    return np.full(buckets.shape, -1).view(Lying)
"""
PATCHED_TESTING = """
import unittest
np.testing.assert_allclose = np.testing.assert_array_equal = np.allclose = np.array_equal = lambda *a, **k: True
unittest.TestCase.assertEqual = lambda *a: True

def collision_probability(angles, n_buckets):
    return np.zeros(np.shape(angles))
"""
FORGED_POINTS = """
import autograder
check = autograder.check = lambda *arguments: float("nan")
import ast
class Drop(ast.NodeTransformer):
    def visit_Expr(self, node):
        return ast.parse("6.0").body[0]
get_ipython().ast_transformers.append(Drop())
get_ipython().input_transformers_cleanup.append(lambda lines: ["6.0\\n"])

def recall_and_cost(vectors, rotations, n_nearest):
    return np.nan, np.nan
"""
FORGED_PROBE = """
import sys
from IPython.display import display
from autograder.checking import plain
probe = sys.modules["autograder.probe"] if "autograder.probe" in sys.modules else __import__("autograder.probe").probe
probe.answer = lambda name, inputs, observe="": probe.Reply({"value": inputs})
print(probe.MIME, "28.0")
display({probe.MIME: {"value": "1.0"}}, raw=True)

def recall_and_cost(vectors, rotations, n_nearest):
    return 1.0
"""
LOOKS_AROUND = """
found = []
for name in ("autograder.checking.judge", "autograder.exercises", "reformer.angular", "reformer.loops.angular"):
    try:
        found.append(__import__(name))
    except ImportError:
        pass
assert not found, found

def angular_hash(vectors, rotations):
    from reformer import angular
    return angular.angular_hash(vectors, rotations)
"""
SHORTCUTS = """
def angular_hash(vectors, rotations):
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    buckets = np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)
    rotated[:] = 0  # its own array
    print("x" * 1000)
    return buckets.tolist()
"""
USES_ITS_OWN_SHORTCUTS = """
def recall_and_cost(vectors, rotations, n_nearest):
    nearest = k_nearest(vectors, n_nearest)
    buckets = np.array(angular_hash(vectors, rotations))
    met = sum(row[:, None] == row for row in buckets) > 0
    first, second = np.triu_indices(len(met), 1)
    return [met[np.arange(len(met))[:, None], nearest].mean(), met[first, second].mean()]
"""
IN_PLACE = """
def offset_rounds(buckets, n_buckets):
    buckets += (n_buckets * np.arange(buckets.shape[-2])[:, np.newaxis]).astype(buckets.dtype)
    return buckets
"""
FLOAT32 = """
def collision_probability(angles, n_buckets):
    angles = np.asarray(angles, dtype=np.float32)
    return ((1 - angles / np.float32(np.pi)) ** (n_buckets // 2)).astype(np.float32)
"""
LEANS_ON_AN_EARLIER_ANSWER = """
def chance_to_meet(probability, n_rounds):
    assert collision_probability(np.array([0.0]), 2)[0] == 1
    return 1 - (1 - probability) ** n_rounds
"""
MEMORY = """
def angular_hash(vectors, rotations):
    return np.ones(10**12)
"""
RECURSION = """
def offset_rounds(buckets, n_buckets):
    return offset_rounds(buckets, n_buckets)
"""
ASKS = """
def collision_probability(angles, n_buckets):
    return float(input("How likely? "))
"""
LOOP_FOR_ONE_INPUT = """
def offset_rounds(buckets, n_buckets):
    while buckets.shape[-2] == 1:
        pass
    return buckets + n_buckets * np.arange(buckets.shape[-2])[:, np.newaxis]
"""
DEAF_LOOP = """
while True:
    try:
        while True:
            pass
    except KeyboardInterrupt:
        pass
"""
FLOOD = "print('x' * 12_000_000)\n"
MANY_LINES = "for i in range(20_000):\n    print(i)\n"
WITHOUT_MATPLOTLIB = """
assert type(plt).__name__ == "_EmptyModule"
plt.plot([1, 2])

def offset_rounds(buckets, n_buckets):
    return buckets + n_buckets * np.arange(buckets.shape[-2])[:, np.newaxis]
"""
DEAD_AS_THE_TWIN_COMES = """
import os
from autograder import probe
probe.put_in_place = lambda *arguments: os._exit(1)

def offset_rounds(buckets, n_buckets):
    raise ValueError("offset_rounds")
"""
DEAD_IN_A_CALL = "import os\n\ndef collision_probability(angles, n_buckets):\n    os.kill(os.getpid(), 9)\n"


def half_in_place(name):
    """Points of the answer IN_PLACE, judged here, without a kernel."""
    exercise, defined = exercise_named(name), {"np": np}
    exec(IN_PLACE, defined)
    answered = ask(exercise, defined[name], exercise.questions, lambda q: exercise.generator(q, b"any"))
    points = judge(exercise, answered).score
    assert 0 < points < exercise.max_score
    return points


CATALOGUE = {
    "forging: points come from right values alone": (
        {
            "angular_hash": ALWAYS_EQUAL,
            "offset_rounds": LYING_ARRAY,
            "collision_probability": PATCHED_TESTING,
            "recall_and_cost": FORGED_POINTS,  # the last, since it spoils every cell behind it
        },
        {
            "angular_hash": (0, "graded", "the answer holds a Equal"),
            "offset_rounds": (0, "graded", "0 of 8 values are right"),
            "collision_probability": (0, "graded", "values are right"),
            "recall_and_cost": (0, "graded", "not finite"),
        },
    ),
    "forging: the reference is out of reach, and so is the judge": (
        {"angular_hash": LOOKS_AROUND, "recall_and_cost": FORGED_PROBE},
        {"angular_hash": (0, "graded", "cannot import name"), "recall_and_cost": (0, "graded", "expected")},
    ),
    "right in another way: nothing is lost": (
        {
            "angular_hash": SHORTCUTS,
            "collision_probability": FLOAT32,
            "recall_and_cost": USES_ITS_OWN_SHORTCUTS,
            "own cell": MANY_LINES,
        },
        {},
    ),
    "right in place: a question costs half, unless there is a single round, or numbers wrap": (
        {"offset_rounds": IN_PLACE},
        {"offset_rounds": (half_in_place("offset_rounds"), "graded", "the function changes what it is given")},
    ),
    "a later answer leans on a wrong one, and finds the twin": (
        {
            "collision_probability": "def collision_probability(angles, n_buckets):\n    return angles\n",
            "chance_to_meet": LEANS_ON_AN_EARLIER_ANSWER,
        },
        {"collision_probability": (0, "graded", "")},
    ),
    "errors are told in one line": (
        {
            "angular_hash": MEMORY,
            "offset_rounds": RECURSION,
            "collision_probability": ASKS,
            "chance_to_meet": "chance_to_meet = 3",
        },
        {
            "angular_hash": (0, "memory", "MemoryError"),
            "offset_rounds": (0, "graded", f"all {ASKED['offset_rounds']} questions: RecursionError"),
            "collision_probability": (0, "graded", f"all {ASKED['collision_probability']} questions: EOFError"),
            "chance_to_meet": (0, "graded", "there is no function called chance_to_meet"),
        },
    ),
    "not written, in four ways": (
        {
            "angular_hash": "def angular_hash(vectors, rotations:\n",
            "offset_rounds": "def offset_round(buckets, n_buckets):\n    return buckets\n",
            "collision_probability": "\n",
            "chance_to_meet": "# YOUR CODE HERE\nraise NotImplementedError()",
        },
        {
            "angular_hash": (0, "graded", "the answer cell stopped: SyntaxError"),
            "offset_rounds": (0, "graded", "there is no function called offset_rounds"),
            "collision_probability": (0, "blank", "not written yet"),
            "chance_to_meet": (0, "blank", "not written yet"),
        },
    ),
    "each stops its kernel": (
        {
            "angular_hash": DEAF_LOOP,
            "offset_rounds": FLOOD,
            "collision_probability": DEAD_IN_A_CALL,
            "chance_to_meet": "exit()",
        },
        {
            "angular_hash": (0, "timeout", "the answer cell stopped: it took longer than 2 seconds"),
            "offset_rounds": (0, "output-limit", "printed more than can be read"),
            "collision_probability": (0, "killed", "killed"),
            "chance_to_meet": (0, "crashed", "the code ended the kernel with exit()"),
        },
    ),
    "a kernel that dies as the twin is put in place costs no other exercise": (
        {"offset_rounds": DEAD_AS_THE_TWIN_COMES},
        {"offset_rounds": (0, "graded", "offset_rounds")},
    ),
    "a loop for one input costs the points of that question": (
        {"offset_rounds": LOOP_FOR_ONE_INPUT},
        {
            "offset_rounds": (
                FULL["offset_rounds"] - 1,
                "timeout",
                "a single round stays as it is: no answer: it took longer than 2 seconds",
            )
        },
    ),
}


@pytest.mark.parametrize("what", CATALOGUE)
def test_a_submission_comes_to_what_it_deserves(examined, right, what):
    answers, expected = CATALOGUE[what]
    notebook = with_own_cell(right, answers.get("own cell", ""))
    results, _ = examined({name: source for name, source in answers.items() if name != "own cell"}, notebook)
    for name, points in FULL.items():
        score, outcome, words = expected.get(name, (points, "graded", ""))
        assert (results[name].score, results[name].outcome) == (score, outcome), results[name]
        assert words in " ".join(results[name].reasons)
        assert bool(results[name].reasons) == (score < points)


def own_cell(source):
    return {"cell_type": "code", "id": "own", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


def with_own_cell(notebook, source):
    return {**notebook, "cells": [own_cell(source), *notebook["cells"]]}


def test_an_answer_with_the_code_of_the_last_hint_counts_and_is_marked(examined, release, right, lab, quick):
    twin = source_of(exercise_named("offset_rounds").twin)
    own = twin.replace("moved", "there").replace("\n", '\n    """As I see it."""  # a comment\n', 1)
    notebook = with_answers(right, {"offset_rounds": own})
    results, notes = examined(notebook=notebook)
    assert notes == ("the answer to offset_rounds has the code of its last hint; one can come to the same code alone",)
    assert results["offset_rounds"].score == FULL["offset_rounds"] and not results["offset_rounds"].reasons
    assert "code of the last hint" in results["offset_rounds"].note
    rebuilt = rebuild(release, read_notebook(as_bytes(notebook))).notebook
    half = examine(rebuilt, lab, lambda exercise, q: exercise.generator(q, b"any"), quick, hint_share=0.5)
    scores = {result.name: result.score for result in half.results}
    assert scores == {**FULL, "offset_rounds": FULL["offset_rounds"] / 2}
    (reasons,) = [result.reasons for result in half.results if result.reasons]
    words = "this is the code of the last hint, which counts 50 % of its points here: 5 of 10"
    assert reasons == (words,) and half.notes == notes


OTHERWISE_AGAIN = """
asked = set()

def chance_to_meet(p, n):
    again = (str(p), n) in asked
    asked.add((str(p), n))
    return 1 - (1 - p) ** n + again
"""


def test_code_that_gives_other_answers_when_asked_again_is_told_so_and_loses_nothing(examined):
    twin = source_of(exercise_named("offset_rounds").twin)
    results, notes = examined({"chance_to_meet": OTHERWISE_AGAIN, "offset_rounds": twin})
    assert {name: result.score for name, result in results.items()} == FULL
    words = "asked again, it gave another answer: draw from the generator it is given, or from a seed"
    assert f"chance_to_meet: {words}" in notes and results["chance_to_meet"].note == words
    assert not any(words in note for note in notes if "offset_rounds" in note)


SET_BY_A_CELL = """
import random, sys, warnings
import numpy as np
warnings.simplefilter("error")
np.seterr(all="raise")

def chance_to_meet(p, n):
    warnings.warn("a warning")
    np.float64(1) / np.float64(0)
    print("a line", file=sys.stderr)
    return 1 - (1 - p) ** n + 0 * np.random.rand() + 0 * random.random()
"""


def test_what_a_cell_has_set_does_not_reach_the_asking(examined):
    results, notes = examined({"chance_to_meet": SET_BY_A_CELL})
    assert {name: result.score for name, result in results.items()} == FULL and notes == ()


def test_a_helper_in_a_cell_of_one_s_own_counts(examined, right):
    notebook = with_own_cell(right, "def first_try(p, n):\n    return 1 - (1 - p) ** n\n")
    results, notes = examined({"chance_to_meet": "chance_to_meet = first_try"}, notebook)
    assert {name: result.score for name, result in results.items()} == FULL and notes == ()


def test_a_cell_of_one_s_own_that_kills_the_kernel_costs_only_what_rests_on_it(examined, right):
    notebook = with_own_cell(right, "def first_try(p, n):\n    return p\n\nimport os\nos._exit(0)\n")
    results, notes = examined({"chance_to_meet": "def chance_to_meet(p, n):\n    return first_try(p, n)\n"}, notebook)
    assert {name: result.score for name, result in results.items()} == {**FULL, "chance_to_meet": 0}
    (note,) = notes
    assert note == "a cell of the student's own at the beginning stopped: its kernel died (exit status 0)"
    assert results["chance_to_meet"].reasons[0] == note  # the first cause comes before its NameError


def test_an_answer_in_a_cell_without_its_id_still_counts(examined, right):
    source = "def angular_hash(vectors, rotations):\n    y = vectors[..., None, :, :] @ rotations\n"
    notebook = with_own_cell(
        without(right, "angular_hash"), source + "    return np.argmax(np.append(y, -y, -1), -1)\n"
    )
    results, notes = examined(notebook=notebook)
    assert results["angular_hash"].score == FULL["angular_hash"]
    assert "the cell angular_hash was deleted; the function stands in another cell, which was run" in notes


def test_an_answer_below_its_check_is_too_late_and_told_so(examined, right):
    notebook = without(right, "angular_hash")
    late = own_cell("def angular_hash(vectors, rotations):\n    return 1\n")
    results, _ = examined(notebook={**notebook, "cells": [*notebook["cells"], late]})
    assert results["angular_hash"].score == 0 and results["angular_hash"].outcome == "graded"
    assert results["angular_hash"].reasons == (TOO_LATE,)


def test_a_module_that_a_cell_writes_can_be_imported_and_filters_do_not_reach_the_asking(examined, right):
    answers = {
        "angular_hash": "%%writefile mine.py\nimport numpy as np\ndef turned(y): return np.append(y, -y, -1)\n",
        "offset_rounds": "import warnings, numpy as np\nwarnings.simplefilter('error')\nnp.seterr(all='raise')\n"
        "def offset_rounds(buckets, n_buckets):\n    warnings.warn('costs nothing')\n    np.array([1.0]) / 0\n"
        "    return buckets + np.arange(buckets.shape[-2])[:, None] * n_buckets\n",
    }
    own = "from mine import turned\ndef angular_hash(vectors, rotations):\n"
    own += "    return np.argmax(turned(vectors[..., None, :, :] @ rotations), -1)\n"
    notebook = with_answers(right, answers)
    place = next(number for number, one in enumerate(notebook["cells"]) if one["id"] == "angular_hash") + 1
    cells = [*notebook["cells"][:place], own_cell(own), *notebook["cells"][place:]]
    results, _ = examined(notebook={**notebook, "cells": cells})
    assert results["angular_hash"].score == FULL["angular_hash"], results["angular_hash"]
    assert results["offset_rounds"].score == FULL["offset_rounds"], results["offset_rounds"]


def test_a_notebook_out_of_time_keeps_the_points_it_has(examined, quick):
    limits = dataclasses.replace(quick, cell=60.0, submission=8.0)
    results, _ = examined({"collision_probability": "while True:\n    pass\n"}, limits=limits)
    assert results["angular_hash"].score == FULL["angular_hash"]
    assert results["collision_probability"].outcome == results["chance_to_meet"].outcome == "timeout"
    assert "the whole notebook took longer than 8 seconds" in " ".join(results["chance_to_meet"].reasons)


def test_a_cell_of_the_course_that_fails_is_not_the_student_s_fault(release, right, lab, quick):
    notebook = rebuild(release, read_notebook(as_bytes(right))).notebook
    notebook.cells[1].source = "import nowhere"
    with pytest.raises(CourseFault, match="'imports' failed: ModuleNotFoundError"):
        examine(notebook, lab, None, quick)


def test_without_matplotlib_a_submission_is_graded_all_the_same(examined, monkeypatch):
    def without_it(*what):
        return [(path, within) for path, within in shown(*what) if path.name not in ("matplotlib", "mpl_toolkits")]

    shown = furnish.binds
    monkeypatch.setattr(furnish, "binds", without_it)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert furnish._font_lists() == {}
    results, notes = examined({"offset_rounds": WITHOUT_MATPLOTLIB})
    assert {name: result.score for name, result in results.items()} == FULL and notes == ()


def test_the_examination_of_a_notebook_can_be_repeated(examined):
    assert examined() == examined()
