"""The right answer to another question is named by what was changed, with the argument's name."""

import numpy as np
import pytest

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.checking.judge import ask, judge


def weighted(values, scores, n=1, *, chosen=(), share=0.5):
    """Something in which each argument plays a part."""
    weights = np.exp(scores) / np.sum(np.exp(scores), axis=-1, keepdims=True)
    return np.cumsum(weights * np.tanh((n + 1.5) * values + share * np.sum(np.sqrt(chosen))), axis=-1)


EXERCISE = Exercise(weighted, weighted)
for seed in range(6):
    EXERCISE.case(
        f"{seed}",
        lambda rng, seed=seed: call(
            rng.standard_normal((3, 4)), rng.standard_normal((3, 4)), seed % 3, chosen=[7, 2, 4], share=0.4
        ),
        tolerance=1e-6,
    )


def named(function):
    return judge(EXERCISE, ask(EXERCISE, function, EXERCISE.questions, EXERCISE.generator)).named


@pytest.mark.parametrize(
    ("change", "name", "argument"),
    [
        ({"n": lambda n: n or 1}, "zero taken for none", "n"),
        ({"n": lambda n: n + 1}, "one too large", "n"),
        ({"n": lambda n: n - 1}, "one too small", "n"),
        ({"share": lambda share: share / 100}, "taken for percent", "share"),
        ({"chosen": lambda chosen: range(2, 8)}, "list taken for a range", "chosen"),
        ({"chosen": lambda chosen: range(8)}, "list taken for a range", "chosen"),
        ({"chosen": lambda chosen: chosen[:-1]}, "end of a list left out", "chosen"),
        ({"chosen": lambda chosen: chosen[1:]}, "end of a list left out", "chosen"),
        ({"scores": np.exp}, "exp of an argument", "scores"),
        ({"scores": lambda x: x * np.log(2)}, "powers of two", "scores"),
        ({"scores": np.negative}, "sign of an argument", "scores"),
        ({"scores": np.abs}, "sign of an argument", "scores"),
        ({"values": lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True)}, "argument of length one", "values"),
        ({"values": lambda x: x[:, ::-1]}, "argument reversed", "values"),
        ({"values": np.sort}, "argument sorted", "values"),
        ({"values": lambda x: np.broadcast_to(x[:1], x.shape)}, "first of an argument for all", "values"),
        ({"values": lambda x: np.broadcast_to(x[:, :1], x.shape)}, "first of an argument for all", "values"),
        ({"scores": lambda x: x.mean(0, keepdims=True)}, "argument averaged", "scores"),
    ],
)
def test_a_change_of_an_argument_is_named(change, name, argument):
    def wrong(values, scores, n=1, *, chosen=(), share=0.5):
        given = {"values": values, "scores": scores, "n": n, "chosen": chosen, "share": share}
        return weighted(**{key: change.get(key, lambda it: it)(it) for key, it in given.items()})

    found = named(wrong)
    assert found.name == name and f"`{argument}`" in found.sentence


def test_the_logarithm_of_an_argument_is_named():
    exercise = Exercise(lambda x: np.cumsum(x), lambda x: x)
    for n in (3, 4, 5):
        exercise.case(f"{n}", lambda rng, n=n: call(1 + rng.random(n)), tolerance=1e-6)
    verdict = judge(exercise, ask(exercise, lambda x: np.cumsum(np.log(x)), exercise.questions, exercise.generator))
    assert verdict.named.name == "logarithm of an argument"


def test_two_changes_at_once_and_a_change_in_some_questions_only_get_no_name():
    def both(values, scores, n=1, *, chosen=(), share=0.5):
        return weighted(values, -scores, n + 1, chosen=chosen, share=share)

    def of_some(values, scores, n=1, *, chosen=(), share=0.5):
        return weighted(values, -scores if n else np.sin(scores), n, chosen=chosen, share=share)

    assert named(both) is None and named(of_some) is None
