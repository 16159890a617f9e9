import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.feed_forward import (
    chunked_feed_forward,
    chunked_feed_forward_backward,
    chunked_feed_forward_forward,
    feed_forward,
    feed_forward_backward,
    feed_forward_forward,
    position_chunks,
)
from reformer.loops import model as loops
from tests.reformer.finite_differences import worst_error

few = settings(max_examples=15, deadline=None)
NAMES = ("w_in", "b_in", "w_out", "b_out")


def draw(seed, length, d=3, d_ff=5, batch=(), dtype=np.float64):
    rng = np.random.default_rng(seed)
    shapes = ((d, d_ff), (d_ff,), (d_ff, d), (d,))
    parameters = {name: rng.standard_normal(shape).astype(dtype) for name, shape in zip(NAMES, shapes, strict=True)}
    return rng.standard_normal((*batch, length, d)).astype(dtype), parameters


@few
@given(
    st.integers(0, 10**6),
    st.integers(1, 7),
    st.sampled_from([(), (2,)]),
    st.sampled_from(["relu", "gelu"]),
    st.sampled_from([None, 1, 2, 3, 100]),
)
def test_the_gradients_are_finite_differences_whole_and_in_chunks(seed, length, batch, activation, chunk_length):
    inputs, parameters = draw(seed, length, batch=batch)
    rng = np.random.default_rng(seed)

    def forward(x, *arrays):
        named = dict(zip(NAMES, arrays, strict=True))
        if chunk_length is None:
            return feed_forward_forward(x, named, activation=activation)
        return chunked_feed_forward_forward(x, named, activation=activation, chunk_length=chunk_length)

    def backward(gradient, saved):
        undo = feed_forward_backward if chunk_length is None else chunked_feed_forward_backward
        d_x, found = undo(gradient, saved)
        return d_x, *(found[name] for name in NAMES)

    assert worst_error(forward, backward, [inputs, *parameters.values()], rng) < 1e-6


@few
@given(st.integers(0, 10**6), st.integers(1, 9), st.integers(1, 12), st.sampled_from([(), (2,), (2, 1)]))
def test_chunks_change_nothing_and_the_layer_never_gets_more_than_a_chunk(seed, length, chunk_length, batch):
    inputs, parameters = draw(seed, length, batch=batch)
    seen = []

    def layer(part):
        seen.append(part.shape[-2])
        return feed_forward(part, parameters)

    outputs = chunked_feed_forward(inputs, layer, chunk_length=chunk_length)
    np.testing.assert_allclose(outputs, feed_forward(inputs, parameters), rtol=1e-12)
    assert sum(seen) == length and max(seen) <= chunk_length
    twin = loops.chunked_feed_forward(inputs, lambda part: feed_forward(part, parameters), chunk_length=chunk_length)
    np.testing.assert_allclose(outputs, twin, rtol=1e-12)


def test_relu_layer_is_its_formula_entry_by_entry():
    inputs, parameters = draw(3, 4)
    for row, output in zip(inputs, feed_forward(inputs, parameters), strict=True):
        wide = [max(0.0, row @ parameters["w_in"][:, j] + parameters["b_in"][j]) for j in range(5)]
        np.testing.assert_allclose(output, np.array(wide) @ parameters["w_out"] + parameters["b_out"])


def test_gelu_is_within_a_thousandth_of_x_times_the_normal_distribution():
    x = np.linspace(-5, 5, 101)
    one = {"w_in": np.ones((1, 1)), "b_in": np.zeros(1), "w_out": np.ones((1, 1)), "b_out": np.zeros(1)}
    exact = [value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in x]
    np.testing.assert_allclose(feed_forward(x[:, np.newaxis], one, activation="gelu")[:, 0], exact, atol=1e-3)


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_float32_stays_float32_and_close_to_float64(activation):
    inputs, parameters = draw(5, 6, d=16, d_ff=32)
    narrow = {name: array.astype(np.float32) for name, array in parameters.items()}
    outputs, saved = feed_forward_forward(inputs.astype(np.float32), narrow, activation=activation)
    d_inputs, gradients = feed_forward_backward(np.ones_like(outputs), saved)
    assert {outputs.dtype, d_inputs.dtype, *(g.dtype for g in gradients.values())} == {np.dtype(np.float32)}
    np.testing.assert_allclose(outputs, feed_forward(inputs, parameters, activation=activation), rtol=1e-3, atol=1e-4)


def test_position_chunks_cover_every_position_once():
    assert [list(range(10))[chunk] for chunk in position_chunks(10, 4)] == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert position_chunks(10, None) == [slice(0, 10)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chunk_length": 0}, "chunk_length needs a whole number of at least 1, got 0"),
        ({"layer": lambda part: part[..., :1]}, r"layer\(chunk\) needs shape \(2, 3\), got shape \(2, 1\)"),
        ({"inputs": np.ones(3)}, "inputs needs shape"),
    ],
)
def test_a_bad_argument_is_refused_by_name(change, words):
    arguments = {"inputs": np.ones((4, 3)), "layer": lambda part: part, "chunk_length": 2} | change
    with pytest.raises(ValueError, match=words):
        chunked_feed_forward(**arguments)


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="activation needs one of 'relu', 'gelu', got 'swish'"):
        feed_forward(*draw(0, 2), activation="swish")
