import numpy as np
import pytest

from reformer.layers import NORM_EPSILON, embed, layer_norm, linear, merge_heads, split_heads


def test_linear_is_one_affine_map_for_every_position():
    rng = np.random.default_rng(1)
    inputs, weights, bias = rng.standard_normal((2, 3, 4)), rng.standard_normal((4, 5)), rng.standard_normal(5)
    outputs = linear(inputs, weights, bias)
    for entry in np.ndindex(2, 3):
        np.testing.assert_allclose(outputs[entry], [inputs[entry] @ weights[:, k] + bias[k] for k in range(5)])
    np.testing.assert_allclose(linear(inputs, weights, None), outputs - bias, atol=1e-12)


def test_layer_norm_gives_mean_zero_and_variance_one_whatever_the_scale_of_the_input():
    inputs = np.random.default_rng(0).standard_normal((4, 50)) * 1000 + 7
    normed = layer_norm(inputs, np.ones(50), np.zeros(50))
    np.testing.assert_allclose(normed.mean(axis=-1), 0, atol=1e-12)
    np.testing.assert_allclose(normed.var(axis=-1), 1, rtol=1e-9)


def test_layer_norm_is_its_formula_with_epsilon_under_the_root():
    rng = np.random.default_rng(0)
    inputs, (scale, bias) = 1e-3 * rng.standard_normal((3, 5)), rng.standard_normal((2, 5))  # a variance like epsilon
    for x, normed in zip(inputs, layer_norm(inputs, scale, bias), strict=True):
        np.testing.assert_allclose(normed, scale * (x - x.mean()) / np.sqrt(x.var() + 1e-6) + bias, rtol=1e-12)
    assert NORM_EPSILON == 1e-6


def test_layer_norm_of_a_constant_vector_is_the_bias():
    bias = np.arange(5.0)
    np.testing.assert_array_equal(layer_norm(np.full((2, 5), 3.0), np.ones(5), bias), np.tile(bias, (2, 1)))


def test_embed_takes_a_row_of_the_table_for_each_token():
    table = np.random.default_rng(0).standard_normal((4, 3))
    np.testing.assert_array_equal(embed([[3, 0], [0, 0]], table), [[table[3], table[0]], [table[0], table[0]]])


@pytest.mark.parametrize("shape", [(0, 5, 4), (2, 0, 4)])
def test_what_is_empty_keeps_its_shape(shape):
    empty, features = np.zeros(shape), np.ones(shape[-1])
    assert linear(empty, np.ones((shape[-1], 3)), None).shape == (*shape[:-1], 3)
    assert layer_norm(empty, features, features).shape == shape
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
    mapped = linear(ones, np.ones((4, 3), dtype), np.ones(3, dtype))
    found = mapped, layer_norm(ones, ones[0], ones[0]), embed(np.array([0, 1]), ones), merge_heads(split_heads(ones, 2))
    assert {array.dtype for array in found} == {np.dtype(dtype)}


def test_arguments_are_left_as_they_were():
    rng = np.random.default_rng(0)
    inputs, (scale, bias) = rng.standard_normal((3, 4)), rng.standard_normal((2, 4))
    before = inputs.copy(), scale.copy(), bias.copy()
    linear(inputs, np.eye(4), bias)
    layer_norm(inputs, scale, bias)
    for array, copy in zip((inputs, scale, bias), before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: linear(np.ones((2, 3)), np.ones((4, 5)), None), "weights needs shape .* d_in = 3 .* got shape"),
        (lambda: linear(np.ones((2, 3)), np.ones((3, 5), np.float32), None), "weights needs dtype float64"),
        (lambda: linear(np.ones((2, 3)), np.ones((3, 5)), np.ones(4)), "bias needs shape"),
        (lambda: layer_norm(np.ones((2, 3)), np.ones(1), np.ones(3)), "scale needs shape"),
        (lambda: layer_norm(np.ones((2, 3)), np.ones(3), np.ones(3, np.float32)), "bias needs dtype float64"),
        (lambda: embed(np.array([0, 9]), np.ones((9, 2))), "tokens needs values from 0 to 8, got 0 to 9"),
        (lambda: embed(np.array([0.0]), np.ones((9, 2))), "tokens needs an integer dtype"),
        (lambda: embed(np.array([0]), np.ones(9)), "table needs shape"),
        (lambda: split_heads(np.ones((3, 5)), 2), "n_heads needs to divide the 5 features, got 2"),
        (lambda: merge_heads(np.ones((3, 5))), "heads needs shape"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
