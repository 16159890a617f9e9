import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.loops import model as loops
from reformer.losses import cross_entropy, cross_entropy_backward, cross_entropy_forward
from tests.reformer.finite_differences import worst_error

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
shapes = st.sampled_from([(), (3,), (2, 3)])
pytestmark = pytest.mark.filterwarnings("error")


def draw(seed, shape, n_tokens):
    """Logits, targets and weights, some of them 0 and the first above 0."""
    rng = np.random.default_rng(seed)
    weights = np.where(rng.random(shape) < 0.3, 0, rng.random(shape))
    weights[(0,) * len(shape)] = 1
    return rng.standard_normal((*shape, n_tokens)), rng.integers(0, n_tokens, shape), weights


@few
@given(seeds, shapes, st.integers(1, 6))
def test_the_gradient_of_cross_entropy_is_its_finite_difference(seed, shape, n_tokens):
    logits, targets, weights = draw(seed, shape, n_tokens)
    error = worst_error(
        lambda z: cross_entropy_forward(z, targets, weights), cross_entropy_backward, [logits], np.random.default_rng(1)
    )
    assert error < 1e-6


@few
@given(seeds, shapes, st.integers(1, 6))
def test_cross_entropy_agrees_with_its_loop_twin(seed, shape, n_tokens):
    arguments = draw(seed, shape, n_tokens)
    np.testing.assert_allclose(cross_entropy(*arguments), loops.cross_entropy(*arguments), rtol=1e-12)


def test_a_hidden_target_counts_nothing_whatever_its_logits_are():
    logits, targets, weights = draw(3, (6,), 4)
    weights[2], logits[2, targets[2]] = 0, -np.inf
    shown = np.arange(6) != 2
    expected = cross_entropy(logits[shown], targets[shown], weights[shown])
    for function in (cross_entropy, loops.cross_entropy):
        assert function(logits, targets, weights) == pytest.approx(expected, rel=1e-12)


def test_cross_entropy_of_even_logits_is_the_logarithm_of_the_vocabulary():
    targets = np.array([[0, 3], [2, 1]])
    assert cross_entropy(np.full((2, 2, 8), 5.0), targets, np.ones((2, 2))) == pytest.approx(np.log(8))


def test_cross_entropy_takes_large_logits_and_fractions_as_weights():
    logits = np.array([[1000.0, -1000.0, 0.0], [3.0, 4.0, 5.0]], dtype=np.float32)
    assert cross_entropy(logits, np.array([0, 0]), np.array([1.0, 0.0])) == 0
    assert cross_entropy(logits, np.array([1, 0]), np.array([1.0, 0.0])) == 2000
    surprise = 2 + np.log(1 + np.exp(-1) + np.exp(-2))
    assert cross_entropy(logits, np.array([1, 0]), [1, 0.25]) == pytest.approx((2000 + 0.25 * surprise) / 1.25)


def test_the_parts_of_a_loss_add_up_by_their_share_of_the_weight():
    logits, targets, weights = draw(5, (12,), 4)
    parts = slice(0, 5), slice(5, 12)
    shares = [weights[part].sum() / weights.sum() for part in parts]
    of_parts = [cross_entropy(logits[part], targets[part], weights[part]) for part in parts]
    assert np.dot(shares, of_parts) == pytest.approx(cross_entropy(logits, targets, weights), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_weight_of_0_hides_a_target_whatever_its_logits(bad, dtype):
    logits, targets, weights = draw(0, (2, 5), 3)
    weights[:, 2:4], weights[0, 1], gradient = 0, 0.5, dtype(1.7)
    clean, saved = cross_entropy_forward(logits.astype(dtype), targets, weights)
    expected, _ = cross_entropy_backward(gradient, saved)
    spoilt = logits.astype(dtype)
    spoilt[:, 2, :2], spoilt[:, 3] = bad, bad
    loss, saved = cross_entropy_forward(spoilt, targets, weights)
    found, _ = cross_entropy_backward(gradient, saved)
    assert loss == clean and loss.dtype == found.dtype == dtype
    np.testing.assert_array_equal(found, expected)
    assert not np.any(found[weights == 0])


def test_a_logit_of_minus_infinity_is_an_impossible_token_and_costs_nothing_unless_it_comes():
    logits = np.array([[0.0, -np.inf, 0.0]])
    assert cross_entropy(logits, np.array([0]), np.ones(1)) == pytest.approx(np.log(2))
    assert cross_entropy(logits, np.array([1]), np.ones(1)) == np.inf


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_logits_near_the_end_of_the_range_give_a_finite_loss_or_are_refused_by_name(dtype):
    top = np.finfo(dtype).max
    one = np.ones(1)
    assert cross_entropy(np.array([[top, -top]], dtype), np.array([0]), one) == 0
    assert cross_entropy(np.array([[top, 0]], dtype), np.array([1]), one) == top
    assert cross_entropy(np.full((1, 2), -top), np.array([1]), one) == pytest.approx(np.log(2))
    with pytest.raises(
        ValueError, match=f"logits needs differences that {np.dtype(dtype)} can hold, got a loss of inf"
    ):
        cross_entropy(np.array([[top, -top]], dtype), np.array([1]), one)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(logits=np.zeros((2, 3), int)), "logits needs dtype float32 or float64"),
        (dict(logits=np.zeros((2, 0))), "logits needs shape .* V at least 1"),
        (dict(targets=np.array([0, 3])), "targets needs values from 0 to 2, got 0 to 3"),
        (dict(targets=np.array([0.0, 1.0])), "targets needs an integer dtype"),
        (dict(targets=np.array([0])), "targets needs shape"),
        (dict(weights=np.ones(3)), "weights needs shape"),
        (dict(weights=np.zeros(2)), "weights needs numbers of at least 0, one of them above 0, got 2 from 0 to 0"),
        (dict(weights=np.array([1, -1])), "weights needs numbers of at least 0, .* from -1 to 1"),
        (dict(weights=np.array([1, np.nan])), "weights needs numbers of at least 0"),
        (dict(weights=np.array([1, np.inf])), "weights needs numbers of at least 0"),
        (dict(weights=np.array([1e308, 1e308])), "weights needs numbers of at least 0"),
    ],
)
def test_a_bad_argument_is_refused_by_name(change, words):
    arguments = dict(logits=np.zeros((2, 3)), targets=np.array([0, 1]), weights=np.ones(2)) | change
    with pytest.raises(ValueError, match=words):
        cross_entropy(**arguments)
