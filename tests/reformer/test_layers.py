import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.layers import (
    embed,
    embed_backward,
    embed_forward,
    layer_norm,
    layer_norm_backward,
    layer_norm_forward,
    linear,
    linear_backward,
    linear_forward,
    merge_heads,
    split_heads,
)
from tests.reformer.finite_differences import worst_error

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
batches = st.sampled_from([(), (1,), (3,), (2, 3)])
sizes = st.integers(1, 6)


@few
@given(seeds, batches, sizes, sizes, st.booleans())
def test_the_gradients_of_linear_are_its_finite_differences(seed, batch, d_in, d_out, has_bias):
    rng = np.random.default_rng(seed)
    inputs = [rng.standard_normal(shape) for shape in ((*batch, d_in), (d_in, d_out), (d_out,))]
    if has_bias:
        assert worst_error(linear_forward, linear_backward, inputs, rng) < 1e-6
    else:
        error = worst_error(
            lambda x, w: linear_forward(x, w, None), lambda d, saved: linear_backward(d, saved)[:2], inputs[:2], rng
        )
        assert error < 1e-6


@few
@given(seeds, batches, st.integers(3, 9))  # two features are always -1 and 1 after the norm: no slope
def test_the_gradients_of_layer_norm_are_its_finite_differences(seed, batch, n_features):
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((*batch, n_features)) * np.exp(rng.standard_normal((*batch, 1)))
    scale, shift = rng.standard_normal((2, n_features))

    def backward(gradient, saved):
        d_inputs, found = layer_norm_backward(gradient, saved)
        return d_inputs, found["scale"], found["shift"]

    assert worst_error(layer_norm_forward, backward, [inputs, scale, shift], rng) < 1e-6


@few
@given(seeds, batches, sizes, sizes)
def test_the_gradient_of_embed_is_its_finite_difference(seed, batch, length, n_tokens):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(0, n_tokens, (*batch, length))
    table = rng.standard_normal((n_tokens, 3))
    assert worst_error(lambda t: embed_forward(tokens, t), embed_backward, [table], rng) < 1e-6


def test_layer_norm_gives_mean_zero_and_variance_one_whatever_the_scale_of_the_input():
    inputs = np.random.default_rng(0).standard_normal((4, 50)) * 1000 + 7
    normed = layer_norm(inputs, np.ones(50), np.zeros(50))
    np.testing.assert_allclose(normed.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(normed.var(axis=-1), 1, rtol=1e-9)


def test_layer_norm_of_a_constant_vector_is_the_shift():
    shift = np.arange(5.0)
    np.testing.assert_array_equal(layer_norm(np.full((2, 5), 3.0), np.ones(5), shift), np.tile(shift, (2, 1)))


def test_linear_is_one_affine_map_for_every_position():
    rng = np.random.default_rng(1)
    inputs, weights, bias = rng.standard_normal((2, 3, 4)), rng.standard_normal((4, 5)), rng.standard_normal(5)
    outputs = linear(inputs, weights, bias)
    for entry in np.ndindex(2, 3):
        np.testing.assert_allclose(outputs[entry], [inputs[entry] @ weights[:, k] + bias[k] for k in range(5)])


@pytest.mark.parametrize("shape", [(0, 5, 4), (2, 0, 4)])
def test_what_is_empty_keeps_its_shape(shape):
    empty, features = np.zeros(shape), np.ones(shape[-1])
    outputs, saved = linear_forward(empty, np.ones((shape[-1], 3)), None)
    assert outputs.shape == (*shape[:-1], 3) and linear_backward(outputs, saved)[0].shape == shape
    normed, saved = layer_norm_forward(empty, features, features)
    assert normed.shape == layer_norm_backward(normed, saved)[0].shape == shape
    assert merge_heads(split_heads(empty, 2)).shape == shape


def test_heads_take_neighbouring_features_and_merging_undoes_splitting():
    features = np.arange(2 * 3 * 6, dtype=np.float32).reshape(2, 3, 6)
    heads = split_heads(features, 2)
    assert heads.shape == (2, 2, 3, 3)
    np.testing.assert_array_equal(heads[1, 0, 2], features[1, 2, :3])
    np.testing.assert_array_equal(heads[1, 1, 2], features[1, 2, 3:])
    np.testing.assert_array_equal(merge_heads(heads), features)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_that_goes_in_comes_out(dtype):
    ones = np.ones((2, 4), dtype)
    mapped, saved = linear_forward(ones, np.ones((4, 3), dtype), np.ones(3, dtype))
    gradients = linear_backward(mapped, saved)
    normed, saved = layer_norm_forward(ones, ones[0], ones[0])
    d_inputs, found = layer_norm_backward(normed, saved)
    assert {array.dtype for array in (mapped, *gradients, normed, d_inputs, *found.values())} == {np.dtype(dtype)}
    assert embed(np.array([0, 1]), ones).dtype == dtype


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: linear(np.ones((2, 3)), np.ones((4, 5)), None), "weights needs shape .* d_in = 3 .* got shape"),
        (lambda: linear(np.ones((2, 3)), np.ones((3, 5), np.float32), None), "weights needs dtype float64"),
        (lambda: linear(np.ones((2, 3)), np.ones((3, 5)), np.ones(4)), "bias needs shape"),
        (lambda: layer_norm(np.ones((2, 3)), np.ones(1), np.ones(3)), "scale needs shape"),
        (lambda: embed(np.array([0, 9]), np.ones((9, 2))), "tokens needs values from 0 to 8, got 0 to 9"),
        (lambda: embed(np.array([0.0]), np.ones((9, 2))), "tokens needs an integer dtype"),
        (lambda: split_heads(np.ones((3, 5)), 2), "n_heads needs to divide the 5 features, got 2"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
