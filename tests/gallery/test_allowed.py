"""Softmax over an allowed set: weights of what is allowed, and gradients that finite differences confirm."""

import numpy as np
import pytest

from gallery.allowed import allowed_softmax, allowed_softmax_backward, allowed_softmax_forward
from reformer.attention import softmax
from tests.reformer.finite_differences import worst_error


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_what_is_allowed_shares_the_weight_as_if_nothing_else_were_there(rng):
    scores, allowed = rng.standard_normal((5, 9)), rng.random((5, 9)) < 0.6
    weights = allowed_softmax(scores, allowed)
    for row, mask, found in zip(scores, allowed, weights, strict=True):
        np.testing.assert_allclose(found[mask], softmax(row[mask]))
        assert np.all(found[~mask] == 0)


def test_where_nothing_is_allowed_all_weights_are_zero_and_so_are_all_gradients():
    weights, saved = allowed_softmax_forward(np.ones((2, 3)), np.array([[True] * 3, [False] * 3]))
    np.testing.assert_allclose(weights, [[1 / 3] * 3, [0] * 3])
    d_scores, _ = allowed_softmax_backward(np.array([[1.0, 2.0, 3.0]] * 2), saved)
    assert np.all(d_scores[1] == 0) and np.any(d_scores[0] != 0)


def test_what_is_hidden_may_hold_anything():
    scores = np.array([[1.0, np.nan, 2.0], [np.inf, 0.0, 1.0]])
    allowed = np.array([[True, False, True], [False, True, True]])
    weights = allowed_softmax(scores, allowed)
    np.testing.assert_allclose(weights[0], [1 / (1 + np.e), 0, np.e / (1 + np.e)])
    np.testing.assert_allclose(weights[1], [0, 1 / (1 + np.e), np.e / (1 + np.e)])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_scores_do_not_overflow_and_the_dtype_stays(dtype):
    weights = allowed_softmax(np.array([[1000, 999, 2000]], dtype), np.array([[True, True, False]]))
    assert weights.dtype == dtype
    np.testing.assert_allclose(weights, [[np.e / (1 + np.e), 1 / (1 + np.e), 0]], rtol=1e-5)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
def test_gradients_are_those_of_finite_differences(rng, share):
    allowed = rng.random((3, 4, 6)) < share

    def forward(scores):
        return allowed_softmax_forward(scores, allowed)

    assert worst_error(forward, allowed_softmax_backward, [rng.standard_normal((3, 4, 6))], rng) < 1e-7


def test_a_mask_of_another_shape_or_kind_is_refused_by_name():
    with pytest.raises(ValueError, match="allowed"):
        allowed_softmax(np.ones((2, 3)), np.ones((3, 3), bool))
    with pytest.raises(ValueError, match="allowed"):
        allowed_softmax(np.ones((2, 3)), np.ones((2, 3)))
