from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.chunked import chunked_feed_forward, chunked_feed_forward_backward, chunked_feed_forward_forward
from reformer.feed_forward import feed_forward
from reformer.gradients import feed_forward_backward, feed_forward_forward
from reformer.loops import model as loops
from tests.reformer.finite_differences import in_order, worst_error
from tests.reformer.peak_memory import peak_bytes

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
batches = st.sampled_from([(), (2,), (2, 1)])
NAMES = ("w_in", "b_in", "w_out", "b_out")


def draw(seed, batch, length, d=3, d_ff=5):
    rng = np.random.default_rng(seed)
    shapes = ((d, d_ff), (d_ff,), (d_ff, d), (d,))
    parameters = {name: rng.standard_normal(shape) for name, shape in zip(NAMES, shapes, strict=True)}
    return rng.standard_normal((*batch, length, d)), parameters


@few
@given(seeds, batches, st.integers(1, 9), st.integers(1, 12))
def test_the_layer_gets_one_chunk_after_another_in_order_the_last_one_shorter(seed, batch, length, chunk_length):
    inputs, _ = draw(seed, batch, length)
    seen = []

    def layer(part):
        seen.append(part)
        return np.cumsum(part, axis=-2)  # it may mix the positions of a chunk

    outputs = chunked_feed_forward(inputs, layer, chunk_length=chunk_length)
    assert [part.shape[-2] for part in seen] == [
        len(range(length)[i:][:chunk_length]) for i in range(0, length, chunk_length)
    ]
    np.testing.assert_array_equal(np.concatenate(seen, axis=-2), inputs)
    np.testing.assert_array_equal(outputs, np.concatenate([np.cumsum(part, axis=-2) for part in seen], axis=-2))
    twin = loops.chunked_feed_forward(inputs, lambda part: np.cumsum(part, axis=-2), chunk_length=chunk_length)
    np.testing.assert_array_equal(outputs, twin)


@few
@given(seeds, batches, st.integers(1, 9), st.integers(1, 12), st.sampled_from([{}, {"activation": "gelu"}]))
def test_chunks_change_neither_results_nor_gradients(seed, batch, length, chunk_length, options):
    inputs, parameters = draw(seed, batch, length)
    whole, saved_whole = feed_forward_forward(inputs, parameters, **options)
    outputs, saved = chunked_feed_forward_forward(inputs, parameters, chunk_length=chunk_length, **options)
    np.testing.assert_allclose(outputs, whole, atol=1e-12)
    gradient = np.random.default_rng(seed + 1).standard_normal(outputs.shape)
    found = in_order(*chunked_feed_forward_backward(gradient, saved))
    for ours, expected in zip(found, in_order(*feed_forward_backward(gradient, saved_whole)), strict=True):
        np.testing.assert_allclose(ours, expected, atol=1e-12)


@few
@given(seeds, batches, st.integers(1, 7), st.integers(1, 9), st.sampled_from(["relu", "gelu"]))
def test_the_gradients_are_its_finite_differences(seed, batch, length, chunk_length, activation):
    inputs, parameters = draw(seed, batch, length)

    def forward(x, *arrays):
        named = dict(zip(NAMES, arrays, strict=True))
        return chunked_feed_forward_forward(x, named, chunk_length=chunk_length, activation=activation)

    arrays = [inputs, *parameters.values()]
    assert worst_error(forward, chunked_feed_forward_backward, arrays, np.random.default_rng(seed)) < 1e-6


def test_wide_features_exist_for_one_chunk_at_a_time_forward_and_backward():
    inputs, parameters = draw(0, (), 400, d=2, d_ff=1000)
    wide_of_all = 400 * 1000 * 8

    def needed(chunk_length):
        _, saved = chunked_feed_forward_forward(inputs, parameters, chunk_length=chunk_length)
        forward = partial(chunked_feed_forward_forward, inputs, parameters, chunk_length=chunk_length)
        return peak_bytes(forward), peak_bytes(lambda: chunked_feed_forward_backward(inputs, saved))

    assert max(needed(20)) < wide_of_all / 2 < min(needed(400))


def test_a_layer_that_works_in_place_does_no_harm():
    inputs, _ = draw(0, (2,), 7)
    before = inputs.copy()

    def layer(part):
        part *= 2
        return part

    np.testing.assert_array_equal(chunked_feed_forward(inputs, layer, chunk_length=3), 2 * before)
    np.testing.assert_array_equal(inputs, before)


def test_float32_and_emptiness_stay_what_they_are():
    inputs, parameters = draw(0, (2,), 5)
    narrow = {name: array.astype(np.float32) for name, array in parameters.items()}
    layer = partial(feed_forward, parameters=narrow)
    assert chunked_feed_forward(inputs.astype(np.float32), layer, chunk_length=2).dtype == np.float32
    for shape in ((0, 5, 3), (2, 0, 3)):
        assert chunked_feed_forward(np.zeros(shape), lambda part: part, chunk_length=2).shape == shape


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"chunk_length": 0}, "chunk_length needs a whole number of at least 1, got 0"),
        ({"layer": lambda part: part[..., :1]}, r"layer\(chunk\) needs shape \(2, 3\), got shape \(2, 1\)"),
        ({"inputs": np.ones(3)}, "inputs needs shape"),
        ({"inputs": np.ones((4, 3), int)}, "inputs needs dtype float32 or float64"),
    ],
)
def test_a_bad_argument_is_refused_by_name(change, words):
    arguments = {"inputs": np.ones((4, 3)), "layer": lambda part: part, "chunk_length": 2} | change
    with pytest.raises(ValueError, match=words):
        chunked_feed_forward(**arguments)
