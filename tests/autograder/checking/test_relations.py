"""Relations name mistakes that nobody listed, and nothing else."""

import numpy as np
import pytest

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.checking.judge import ask, judge
from autograder.checking.relations import TIES


def table(x):
    return np.cumsum(x, axis=-1)


def ranks(x):
    return np.argsort(np.argsort(x, axis=-1, kind="stable"), axis=-1)


def above(x):
    return x > 0.3


def asked(reference):
    exercise = Exercise(reference, reference)
    for shape in ((3, 3), (4, 5), (2, 3, 3)):
        exercise.case(f"{shape}", lambda rng, shape=shape: call(rng.standard_normal(shape)), tolerance=1e-6)
    return exercise


def name_of(reference, function):
    exercise = asked(reference)
    verdict = judge(exercise, ask(exercise, function, exercise.questions, exercise.generator))
    return verdict.named and verdict.named.name


def first_only(x):
    out = np.zeros_like(table(x))
    out[0] = table(x)[0]
    return out


@pytest.mark.parametrize(
    ("reference", "function", "name"),
    [
        (table, lambda x: np.swapaxes(table(x), -1, -2), "transposed"),
        (table, lambda x: table(x)[..., ::-1], "reversed"),
        (table, lambda x: table(x)[::-1], "reversed"),
        (table, lambda x: np.roll(table(x), 1, axis=-1), "shifted by one"),
        (table, lambda x: table(x) - x, "shifted by one"),
        (ranks, lambda x: ranks(x) + 1, "counted from one"),
        (table, lambda x: np.broadcast_to(table(x)[:1], x.shape), "first repeated"),
        (table, first_only, "first only"),
        (table, lambda x: table(x)[0], "first alone"),
        (table, lambda x: table(x)[..., None], "axis kept"),
        (table, lambda x: table(x).ravel(), "flattened"),
        (lambda x: x[..., :1], lambda x: x[..., 0], "axis lost"),
        (table, lambda x: np.round(table(x), 4), "rounded"),
        (
            lambda x: np.argsort(np.round(x), axis=-1, kind="stable"),
            lambda x: x.shape[-1] - 1 - np.argsort(np.round(x)[..., ::-1], axis=-1, kind="stable"),
            None,
        ),
        (above, lambda x: ~above(x), "turned around"),
        (table, lambda x: -table(x), "negated"),
        (table, lambda x: 1 - table(x), "one minus it"),
        (table, lambda x: table(x) ** 2, "squared"),
        (lambda x: np.exp(x), lambda x: x, "logarithm"),
        (table, lambda x: np.degrees(table(x)), "in degrees"),
        (table, lambda x: table(x).astype(int), "cut"),
        (table, lambda x: np.round(table(x), 2), "rounded"),
        (table, lambda x: np.abs(table(x)), "without its sign"),
        (table, lambda x: np.maximum(table(x), 0), "cut at zero"),
        (lambda x: np.mean(x, axis=-1), lambda x: np.sum(x, axis=-1), "summed or averaged"),
        (lambda x: x / np.sqrt(x.shape[-1]), lambda x: 1.0 * x, "off by a root"),
        (table, lambda x: 2 * table(x), "doubled or halved"),
        (table, lambda x: np.sort(table(x), axis=-1), "sorted"),
        (ranks, lambda x: np.argsort(x, axis=-1), "inverse"),
        (lambda x: np.argsort(x, axis=-1), lambda x: np.sort(x, axis=-1), "values for places"),
        (table, lambda x: 1.7 * table(x), "constant factor"),
        (table, lambda x: table(x) + 0.3, "constant offset"),
        (table, lambda x: np.full_like(x, 0.5), "same number everywhere"),
        (lambda x: np.arange(x.size) * 3, lambda x: (np.arange(x.size) * 3).astype(np.uint8), None),
        (lambda x: np.arange(300), lambda x: np.arange(300).astype(np.uint8), "wrapped"),
    ],
)
def test_a_relation_is_named(reference, function, name):
    assert name_of(reference, function) == name


@pytest.mark.parametrize("reference", [table, ranks, above])
def test_random_answers_get_no_name(reference):
    named = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        named += (
            name_of(reference, lambda x, rng=rng: rng.permutation(reference(x).ravel()).reshape(x.shape)) is not None
        )
        named += name_of(reference, lambda x, rng=rng: reference(rng.standard_normal(x.shape))) is not None
    assert named <= 1


def test_a_fault_that_shows_in_one_question_only_is_named_unless_a_number_was_fitted_to_it():
    def negated_for_one(x):
        return -table(x) if x.shape == (3, 3) else table(x)

    def scaled_for_one(x):
        return 1.7 * table(x) if x.shape == (3, 3) else table(x)

    assert name_of(table, negated_for_one) == "negated"
    assert name_of(table, scaled_for_one) is None


def test_a_number_that_a_small_dtype_cannot_hold_is_named_also_where_numpy_refuses_it():
    exercise = Exercise(lambda x, n: x + n, lambda x, n: x + n)
    for n in (1, 2, 300):
        exercise.case(f"{n}", lambda rng, n=n: call(np.arange(4), n))

    def in_uint8(x, n):
        return np.full(len(x), n, dtype=np.uint8) + x

    def other_error(x, n):
        return x + (n if n < 300 else int(float("inf")))

    for function, name in ((in_uint8, "wrapped"), (other_error, "infinity among whole numbers")):
        verdict = judge(exercise, ask(exercise, function, exercise.questions, exercise.generator))
        assert (verdict.named and verdict.named.name) == name and verdict.score == 2


def test_ties_are_told_by_what_ranks_the_answer_and_only_where_they_are_ties():
    def nearest(x):
        return np.argsort(np.abs(x), axis=-1, kind="stable")

    def later_first(x):
        return x.shape[-1] - 1 - np.argsort(np.abs(x[..., ::-1]), axis=-1, kind="stable")

    def first_twice(x):
        return np.where(np.abs(x) == 1, 0, nearest(x))

    exercise = Exercise(nearest, nearest, ranking=lambda x: -np.abs(x))
    for seed in (1, 2, 3):
        exercise.case(f"{seed}", lambda rng: call(rng.permuted([[1, -1, 2, -2, 3], [1, -1, 1, 4, 5]], axis=-1)))
    for function, name in ((later_first, TIES[0]), (first_twice, None), (lambda x: np.roll(nearest(x), 2), None)):
        verdict = judge(exercise, ask(exercise, function, exercise.questions, exercise.generator))
        assert (verdict.named and verdict.named.name) == name


def test_equal_ones_in_another_order_are_told():
    def order(x):
        return np.argsort(x, axis=-1, kind="stable")

    exercise = Exercise(order, order)
    for n in (6, 9):
        exercise.case(f"{n}", lambda rng, n=n: call(rng.integers(0, 3, (2, n))))
    verdict = judge(
        exercise,
        ask(
            exercise, lambda x: np.lexsort((-np.arange(x.shape[-1]) + 0 * x, x)), exercise.questions, exercise.generator
        ),
    )
    assert verdict.named.name == "ties in another order"
