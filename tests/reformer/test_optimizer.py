from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.loops import model as loops
from reformer.optimizer import adam_step, clip_by_global_norm, learning_rate_at, update_parameters
from reformer.parameters import flatten_parameters, map_parameters

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
OPTIONS = [{}, dict(beta1=0, beta2=0), dict(beta1=0.5), dict(beta2=0.7), dict(epsilon=1e-3)]


def draw_tree(rng, scale=1.0):
    return {"a": scale * rng.standard_normal((2, 3)), "deeper": {"a": scale * rng.standard_normal(4)}}


def zeros_like(tree):
    return map_parameters(np.zeros_like, tree)


@pytest.mark.parametrize("options", OPTIONS)
@few
@given(seed=seeds, scale=st.sampled_from([1e-8, 1e-4, 1.0, 100.0]), shape=st.sampled_from([(2, 3), (4,), (1, 0)]))
def test_adam_agrees_with_its_loop_twin(options, seed, scale, shape):
    rng = np.random.default_rng(seed)
    found = expected = [1e-3 * rng.standard_normal(shape), np.zeros(shape), np.zeros(shape)]
    for step in range(1, 4):
        gradient = scale * rng.standard_normal(shape)
        found, expected = (
            adam(of[0], gradient, *of[1:], step, learning_rate=0.01, **options)
            for adam, of in ((adam_step, found), (loops.adam_step, expected))
        )
        for array, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(array, other, rtol=1e-9)


@few
@given(seeds)
def test_the_first_step_moves_every_parameter_by_the_learning_rate_against_its_gradient(seed):
    parameter, gradient, zeros = *np.random.default_rng(seed).standard_normal((2, 5)), np.zeros(5)
    gradient += np.sign(gradient)  # far above epsilon
    moved, first_moment, second_moment = adam_step(parameter, gradient, zeros, zeros, 1, learning_rate=0.01)
    np.testing.assert_allclose(moved - parameter, -0.01 * np.sign(gradient), rtol=1e-4)
    np.testing.assert_allclose(first_moment, 0.1 * gradient)
    np.testing.assert_allclose(second_moment, 0.02 * gradient**2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_step_changes_nothing_in_place_and_keeps_the_dtype(dtype):
    given = [np.array([1.0, 2.0], dtype) for _ in range(4)]
    numbers = dict(learning_rate=0.1, beta1=0.9, beta2=0.98, epsilon=1e-9)
    numbers = {name: np.float64(number) for name, number in numbers.items()}  # as a schedule of one's own may give them
    made = adam_step(*given, np.int64(3), **numbers)
    assert [array.dtype for array in made] == [dtype] * 3
    for array in given:
        np.testing.assert_array_equal(array, [1, 2])


def test_every_array_of_a_dict_takes_its_own_step():
    rng = np.random.default_rng(0)
    trees = draw_tree(rng), draw_tree(rng), draw_tree(rng), map_parameters(np.abs, draw_tree(rng))
    found = [flatten_parameters(tree) for tree in update_parameters(*trees, 2, learning_rate=0.1)]
    flat = [flatten_parameters(tree) for tree in trees]
    assert [list(tree) for tree in found] == [["a", "deeper/a"]] * 3
    for name in flat[0]:
        expected = adam_step(*(tree[name] for tree in flat), 2, learning_rate=0.1)
        for array, other in zip((tree[name] for tree in found), expected, strict=True):
            np.testing.assert_array_equal(array, other)


def test_adam_finds_the_lowest_point_of_a_bowl():
    target = draw_tree(np.random.default_rng(1))
    trees = zeros_like(target), zeros_like(target), zeros_like(target)
    for step in range(1, 401):
        parameters, *moments = trees
        gradients = map_parameters(lambda p, t: p - t, parameters, target)
        rate = learning_rate_at(step, peak=0.1, n_warmup=10, decay="cosine", n_steps=400)
        trees = update_parameters(parameters, gradients, *moments, step, learning_rate=rate)
    map_parameters(partial(np.testing.assert_allclose, atol=1e-3), trees[0], target)


@few
@given(seeds, st.floats(0.01, 50))
def test_clipping_shortens_all_gradients_alike_and_only_if_they_are_too_long(seed, max_norm):
    gradients = draw_tree(np.random.default_rng(seed))
    clipped, norm = clip_by_global_norm(gradients, max_norm)
    together, clipped_together = (
        np.concatenate([a.ravel() for a in flatten_parameters(tree).values()]) for tree in (gradients, clipped)
    )
    assert norm == pytest.approx(np.linalg.norm(together))
    assert np.linalg.norm(clipped_together) == pytest.approx(min(norm, max_norm))
    np.testing.assert_allclose(clipped_together * norm, together * min(norm, max_norm))


@pytest.mark.parametrize("max_norm", [1, np.float64(1.0)])
def test_gradients_whose_squares_float32_cannot_hold_are_clipped_to_their_direction_and_stay_float32(max_norm):
    clipped, norm = clip_by_global_norm({"a": np.array([3e30, -4e30], np.float32)}, max_norm)
    assert norm == pytest.approx(5e30) and type(norm) is float
    np.testing.assert_allclose(clipped["a"], [0.6, -0.8], rtol=1e-6)
    assert clipped["a"].dtype == np.float32


def test_the_learning_rate_rises_in_a_line_and_then_decays():
    rates = {
        decay: [learning_rate_at(s, peak=2.0, n_warmup=10, decay=decay, n_steps=100) for s in range(1, 121)]
        for decay in ("none", "inverse_sqrt", "cosine")
    }
    for decay, found in rates.items():
        np.testing.assert_allclose(found[:10], 0.2 * np.arange(1, 11))
        assert np.argmax(found) == 9 and np.all(np.diff(found[9:]) <= 0), decay
    assert set(rates["none"][9:]) == {2.0}
    assert rates["inverse_sqrt"][39] == pytest.approx(1.0)
    assert rates["cosine"][54] == pytest.approx(1.0) and rates["cosine"][99] == rates["cosine"][119] == 0
    assert rates["cosine"][39] == pytest.approx(1.5)
    assert {type(rate) for found in rates.values() for rate in found} == {float}
    assert type(learning_rate_at(20, peak=np.float64(2.0), n_warmup=10)) is float
    assert learning_rate_at(20, peak=2, n_warmup=10) == 2.0
    with pytest.raises(ValueError, match="n_steps needs"):  # at the first step already
        learning_rate_at(1, peak=2.0, n_warmup=10, decay="cosine")


def step(**changed):
    arrays = {name: np.ones(2) for name in ("parameter", "gradient", "first_moment", "second_moment")}
    return adam_step(**(arrays | dict(step=1, learning_rate=0.1) | changed))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: step(step=0), "step needs a whole number of at least 1, got 0"),
        (lambda: step(step=1.5), "step needs a whole number of at least 1, got 1.5"),
        (lambda: step(gradient=np.ones((2, 2))), "gradient needs shape"),
        (lambda: step(first_moment=np.ones(1)), "first_moment needs shape"),
        (lambda: step(second_moment=np.ones(2, np.float32)), "second_moment needs dtype float64 as parameter has"),
        (lambda: step(parameter=np.ones(2, int)), "parameter needs dtype float32 or float64"),
        (lambda: step(beta1=1.0), "beta1 and beta2 need numbers of at least 0 and below 1, got 1.0 and 0.98"),
        (lambda: step(beta2=1.0), "beta1 and beta2 need numbers of at least 0 and below 1, got 0.9 and 1.0"),
        (lambda: step(beta1=-0.1), "beta1 and beta2 need"),
        (lambda: step(beta2=-0.1), "beta1 and beta2 need"),
        (lambda: update_parameters({"a": np.ones(2)}, {"b": np.ones(2)}, {}, {}, 1, learning_rate=1), "the same keys"),
        (lambda: clip_by_global_norm({"a": np.ones(2)}, 0), "max_norm needs a number above 0, got 0"),
        (lambda: clip_by_global_norm({"a": np.ones(2)}, np.nan), "max_norm needs a number above 0, got nan"),
        (lambda: clip_by_global_norm({"a": np.ones(2)}, None), "max_norm needs a number above 0, got None"),
        (lambda: learning_rate_at(0, peak=1, n_warmup=5), "step needs a whole number of at least 1, got 0"),
        (lambda: learning_rate_at(1, peak=1, n_warmup=0), "n_warmup needs a whole number of at least 1, got 0"),
        (lambda: learning_rate_at(1, peak=1, n_warmup=5, decay="linear"), "decay needs one of 'none'"),
        (lambda: learning_rate_at(1, peak=0, n_warmup=5), "peak needs a finite number above 0, got 0"),
        (lambda: learning_rate_at(1, peak=np.inf, n_warmup=5), "peak needs a finite number above 0, got inf"),
        (lambda: learning_rate_at(1, peak="1", n_warmup=5), "peak needs a finite number above 0, got '1'"),
        (
            lambda: learning_rate_at(9, peak=1, n_warmup=5, decay="cosine", n_steps=5),
            "n_steps needs .* at least 6, got 5",
        ),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
