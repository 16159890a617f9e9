"""A name is no guess, and the same mistake costs every student the same, in every exercise."""

import numpy as np
import pytest

from autograder.checking.judge import ask, find, judge
from autograder.exercises import GALLERY, LABS

# Those whose answers are plain; test_lab08_in_trax.py has the others.
EXERCISES = [exercise for lab in LABS.values() for exercise in lab.exercises if not exercise.double]


def to_another_question(exercise, rng):
    """A right answer to a question that was not asked: the same numbers in another order."""
    return lambda *arguments: exercise.reference(*(shuffled(argument, rng) for argument in arguments))


def in_another_order(exercise, rng):
    """The right numbers at places chosen by chance."""
    return lambda *arguments: shuffled(exercise.reference(*arguments), rng)


def by_chance(exercise, rng):
    """Numbers by chance, of the right shape, dtype and size."""

    def drawn(right):
        if isinstance(right, dict):
            return {key: rng.integers(0, 300, size=len(positions)).tolist() for key, positions in right.items()}
        if right is None:
            return 1
        right = np.asarray(right)
        low, high = (right.min(initial=1), right.max(initial=0)) if right.dtype != bool else (0, 1)
        if right.dtype.kind == "f":
            return rng.uniform(low, high, right.shape).astype(right.dtype)
        return rng.integers(low, high, right.shape, endpoint=True).astype(right.dtype)

    return lambda *arguments: drawn(exercise.reference(*arguments))


def shuffled(value, rng):
    if isinstance(value, dict):
        return dict(zip(value, [list(value.values())[i] for i in rng.permutation(len(value))], strict=True))
    return rng.permutation(value.ravel()).reshape(value.shape) if isinstance(value, np.ndarray) else value


def test_answers_to_other_questions_and_answers_by_chance_get_no_name():
    named = [
        (exercise.name, make.__name__, verdict.named.name)
        for exercise in [*EXERCISES, *GALLERY]
        for make in (to_another_question, in_another_order, by_chance)
        for seed in (1, 2)
        for function in [make(exercise, np.random.default_rng(seed))]
        for verdict in [judge(exercise, ask(exercise, function, exercise.asked(hidden=False), exercise.generator))]
        if verdict.named
    ]
    assert named == []  # of 72 functions; at most one in a hundred may be named


LONG = ("approximate_k_nearest",)  # its mistakes take long


@pytest.mark.parametrize(
    "exercise",
    [pytest.param(e, id=e.name, marks=[pytest.mark.long] if e.name in LONG else []) for e in EXERCISES],
)
def test_the_same_mistake_costs_every_student_the_same(exercise):
    hidden = [question for question in exercise.questions if question.hidden]
    for mistake in exercise.mistakes:
        points = set()
        for student in ("ann", "bob", "cleo"):
            asked = ask(
                exercise, mistake.function, hidden, lambda q, student=student: exercise.generator(q, b"s", student)
            )
            points.add(tuple(find(exercise, *entry).score for entry in asked))
        assert len(points) == 1, mistake.name
