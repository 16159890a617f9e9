"""An answer may be any plain value: none makes the judge raise, wait, take much memory, or say what cannot be shown."""

import time
import tracemalloc

import numpy as np
import pytest

from autograder.checking import plain
from autograder.checking.answer import Answer, cleaned
from autograder.checking.differences import alike, difference_of
from autograder.checking.judge import judge, name_of
from autograder.exercises import exercise_named

# One for each kind of answer: an array, whole numbers, a dict, one number or None, two values, and a nest of arrays.
EXERCISES = ["top_k_attention", "angular_hash", "build_hash_table", "tables_needed", "recall_and_cost", "attention_vjp"]
N = 3 * 2**20 - 4000
PARTS = plain.MAX_PARTS - 100
STRANGE = {
    "huge array": np.zeros(N, np.int8),
    "column": np.zeros((4000, 1)),
    "row": np.zeros((1, 4000)),
    "not finite": np.full(N // 2, np.nan, np.float16),
    "one long text among many": ["a" * 2**20] + ["b"] * (PARTS // 2),
    "text": "x" * (3 * 2**20),
    "control characters": "\x1b[31m\u202e\0" * 1000,
    "list": [1] * PARTS,
    "rows": [[1] * 60] * 1000,
    "rows of different lengths": [[1]] * (PARTS // 8) + [[1, 2]],
    "rows and numbers": [np.array(1.0), [1, 2, 3]],
    "deep": [[[[[[[1]]]]]]],
    "dict": {number: number for number in range(PARTS // 3)},
    "dict of lists": {number: [number] for number in range(PARTS // 7)},
    "dict of text": {"k" * 200_000: 1, "\x1b\u202e": 2},
    "nothing, but wide": np.zeros((0, 2**22)),
    "arrays of nothing": [np.zeros(0)] * (PARTS // 14),
    "numbers of NumPy": [np.array(1.0)] * (PARTS // 14),
    "large number": 10**800,
    "large numbers": [10**800] * 1000,
    "nothings": [None] * (PARTS // 2),
    "eight axes": np.ones([1] * 8),
    "empty list": [],
    "empty dict": {},
    "infinity": float("inf"),
    "largest": np.full(N // 8, 2**64 - 1, np.uint64),
}


@pytest.fixture(scope="module", params=EXERCISES)
def asked(request):
    """An exercise and its questions, of which the answers to known mistakes are there already."""
    exercise = exercise_named(request.param)
    entries = [
        (question, question.calls(exercise.generator(question, b"x"))) for question in exercise.asked(hidden=True)
    ]
    judge(exercise, [(question, calls, [Answer(3.25)] * len(calls)) for question, calls in entries])
    return exercise, entries


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_answer_earns_nothing_and_costs_little(asked, name):
    exercise, entries = asked
    answered = [(question, calls, [Answer(STRANGE[name])] * len(calls)) for question, calls in entries]
    begun = time.process_time()
    verdict = judge(exercise, answered)
    assert time.process_time() - begun < 2
    assert verdict.score == (1 if name == "empty dict" and exercise.name == "build_hash_table" else 0)  # of no vectors
    assert all(reason.isprintable() and len(reason) < 600 for reason in verdict.reasons)
    name_of(exercise, verdict.findings)  # `judge` would not let it raise


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("number", [np.nan, np.inf, 1.7e308, 5e-324, 2**64 - 1, -(2**63), True, 0])
def test_strange_numbers_in_the_right_form_stop_nothing(asked, number):
    exercise, entries = asked
    answered = []
    for question, calls in entries:
        right = [call.of(exercise.reference) for call in calls]
        answered.append((question, calls, [Answer(_filled(value, number)) for value in right]))
    verdict = judge(exercise, answered)
    assert verdict.score < exercise.max_score
    if not verdict.right:
        name_of(exercise, verdict.findings)


def _filled(value, number):
    if isinstance(value, list | tuple):
        return type(value)(_filled(item, number) for item in value)
    if isinstance(value, dict):
        return {key: _filled(item, number) for key, item in value.items()}
    return None if value is None else np.full(np.shape(value), number)


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_answer_takes_little_memory(name):
    tracemalloc.start()
    for expected in (np.zeros((4, 4)), [1, 2], {1: [2]}, None, 3, "text"):
        assert difference_of(expected, STRANGE[name], 0.0).words
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 48 * 2**20


def test_answers_are_alike_up_to_rounding_and_nothing_else():
    x = np.array([1.0, np.nan, np.inf])
    assert alike([x, {"a": 1.0}, "b", None], [x * (1 + 1e-9), {"a": 1.0 + 1e-9}, "b", None])
    others = [
        (x, -x),
        (x, x[:2]),
        (x, x.astype(np.float32)),
        (1, 2),
        (1, 1.0),
        ([1], (1,)),
        ({1: 2}, {2: 2}),
        ("a", "b"),
    ]
    assert not any(alike(one, other) for one, other in others)
    assert alike(10**400, 10**400) and not alike(10**400, 10**401) and alike(float("nan"), float("nan"))


def test_a_stranger_s_words_are_cut_and_can_be_shown():
    assert cleaned("a\n b\tc") == "a b c"
    words = cleaned("\x1b[31m\u202e\ud800" * 1000)
    assert words.isprintable() and len(words) == 200 and words.encode()
