import math

import numpy as np
import pytest

from reformer.feed_forward import activate, feed_forward, slope

NAMES = ("w_in", "b_in", "w_out", "b_out")


def draw(seed, length, d=3, d_ff=5, dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = ((d, d_ff), (d_ff,), (d_ff, d), (d,))
    parameters = {name: rng.standard_normal(shape).astype(dtype) for name, shape in zip(NAMES, shapes, strict=True)}
    return rng.standard_normal((length, d)).astype(dtype), parameters


def test_the_layer_is_its_formula_entry_by_entry_with_relu_unless_told_otherwise():
    inputs, parameters = draw(3, 4)
    for row, output in zip(inputs, feed_forward(inputs, parameters), strict=True):
        wide = [max(0.0, row @ parameters["w_in"][:, j] + parameters["b_in"][j]) for j in range(5)]
        np.testing.assert_allclose(output, np.array(wide) @ parameters["w_out"] + parameters["b_out"])
    np.testing.assert_array_equal(feed_forward(inputs, parameters, activation="relu"), feed_forward(inputs, parameters))


def test_gelu_is_the_tanh_formula_of_the_paper_number_by_number():
    x = np.linspace(-5, 5, 101)
    formula = [0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3))) for v in x]
    np.testing.assert_allclose(activate(x, "gelu"), formula, atol=1e-15)
    exact = [value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x]
    np.testing.assert_allclose(activate(x, "gelu"), exact, atol=5e-4)  # so close is the formula to x Phi(x)


def test_the_slope_is_that_of_the_activation_and_0_at_the_kink_of_relu():
    x = np.linspace(-5, 5, 101)
    for activation, away in (("relu", np.abs(x) > 1e-3), ("gelu", x == x)):
        differences = (activate(x + 1e-5, activation) - activate(x - 1e-5, activation)) / 2e-5
        np.testing.assert_allclose(slope(x, activation)[away], differences[away], atol=1e-9)
    assert slope(np.zeros(1), "relu") == 0


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_float32_stays_float32_and_close_to_float64(activation):
    inputs, parameters = draw(5, 6, d=16, d_ff=32)
    narrow = {name: array.astype(np.float32) for name, array in parameters.items()}
    outputs = feed_forward(inputs.astype(np.float32), narrow, activation=activation)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, feed_forward(inputs, parameters, activation=activation), rtol=1e-3, atol=1e-4)


def test_other_entries_of_the_parameters_are_ignored():
    inputs, parameters = draw(0, 2)
    outputs = feed_forward(inputs, parameters | {"norm": None})
    np.testing.assert_array_equal(outputs, feed_forward(inputs, parameters))


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="activation needs one of 'relu', 'gelu', got 'swish'"):
        feed_forward(*draw(0, 2), activation="swish")
