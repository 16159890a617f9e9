from dataclasses import replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer import blocks as blocks_module
from reformer.angular import angular_hash, draw_rotations, factorised_hash
from reformer.blocks import (
    attention_branch,
    attention_options,
    feed_forward_branch,
    hash_heads,
    reformer_block,
)
from reformer.feed_forward import feed_forward
from reformer.layers import layer_norm
from reformer.loops import model as loops
from reformer.model import ReformerLM, TransformerLM
from reformer.parameters import flatten_parameters, map_parameters, unflatten_parameters
from reformer.reversible import bytes_held, reversible_stack_forward
from tests.reformer.finite_differences import worst_error

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
SMALL = dict(vocabulary_size=7, max_length=12, d_model=4, d_ff=6, n_layers=1, chunk_length=3, n_buckets=4)


class Everywhere(TransformerLM):
    """Not causal: every token sees all."""

    causal = False


def draw_block(seed, n_heads=2, d=4, d_ff=6, length=7, n_rounds=2, dtype=np.float64, batch=(2,)):
    rng = np.random.default_rng(seed)
    model = ReformerLM(**SMALL | dict(d_model=d, d_ff=d_ff, n_heads=n_heads, n_rounds=n_rounds))
    parameters = model.init_parameters(rng, dtype)["layers"]["0"]
    parameters = map_parameters(lambda array: array + 0.1 * rng.standard_normal(array.shape).astype(dtype), parameters)
    x1, x2 = rng.standard_normal((2, *batch, length, d)).astype(dtype)
    rotations = draw_rotations(rng, n_rounds=n_rounds, n_features=d // n_heads, n_buckets=4, dtype=dtype)
    return model, (x1, x2, parameters, rotations), dict(n_heads=n_heads, chunk_length=3)


@few
@given(seeds, st.sampled_from([1, 2]), st.integers(1, 9), st.integers(1, 3), st.sampled_from([(), (2,), (2, 1)]))
def test_a_reformer_block_agrees_with_its_loop_twin(seed, n_heads, length, n_rounds, batch):
    _, arrays, options = draw_block(seed, n_heads=n_heads, length=length, n_rounds=n_rounds, batch=batch)
    np.testing.assert_allclose(
        reformer_block(*arrays, **options), loops.reformer_block(*arrays, **options), rtol=1e-9, atol=1e-9
    )


@few
@given(seeds, st.sampled_from([{}, dict(position_chunk=2)]), st.booleans())
def test_a_layer_of_the_model_is_a_reformer_block(seed, fields, fast):
    model, (x1, x2, parameters, _), options = draw_block(seed)
    model = replace(model, fast=fast, **fields)
    rng = np.random.default_rng((seed, 0, 1))
    rotations = draw_rotations(rng, n_rounds=2, n_features=2, n_buckets=4, dtype=np.float64)
    outputs, _ = reversible_stack_forward((x1, x2), model.blocks({"layers": {"0": parameters}}, seed=seed))
    np.testing.assert_allclose(outputs, reformer_block(x1, x2, parameters, rotations, **options), rtol=1e-9, atol=1e-9)


def test_a_reformer_block_tells_its_attention_how_many_buckets_there_are_and_how_long_a_chunk_is(monkeypatch):
    _, arrays, options = draw_block(0)
    told = []
    monkeypatch.setattr(
        blocks_module, "lsh_attention", lambda queries_keys, values, buckets, **of_lsh: (told.append(of_lsh), values)[1]
    )
    reformer_block(*arrays, **options)
    assert told == [dict(n_buckets=4, chunk_length=3)]


def test_float32_stays_float32_in_a_reformer_block():
    _, arrays, options = draw_block(0, dtype=np.float32)
    assert {stream.dtype for stream in reformer_block(*arrays, **options)} == {np.dtype(np.float32)}


MODELS = {
    "dense": TransformerLM(**SMALL),
    "shared": TransformerLM(**SMALL, attention="shared_qk"),
    "LSH": ReformerLM(**SMALL),
    "LSH with every option": ReformerLM(**SMALL, same_bucket_only=True, correct_duplicates=True),
    "GELU in chunks": ReformerLM(**SMALL, activation="gelu", position_chunk=2),
}


@pytest.mark.parametrize(
    "which, name, fast",
    [
        ("attention", "dense", False),
        ("attention", "shared", False),
        *(("attention", name, fast) for name in ("LSH", "LSH with every option") for fast in (False, True)),
        *(("feed_forward", name, fast) for name in ("LSH", "GELU in chunks") for fast in (False, True)),
    ],
)
@settings(max_examples=8, deadline=None)
@given(
    seed=seeds,
    length=st.integers(1, 7),
    rate=st.sampled_from([0.0, 0.3]),
    has_padding=st.booleans(),
    n_heads=st.sampled_from([1, 2]),
)
def test_the_gradients_of_a_branch_are_its_finite_differences(
    which, name, fast, seed, length, rate, has_padding, n_heads
):
    model, rng = replace(MODELS[name], fast=fast, n_heads=n_heads), np.random.default_rng(seed)
    flat = flatten_parameters(model.init_parameters(rng, np.float64)["layers"]["0"][which])
    padding = rng.random((2, length)) < 0.3 if has_padding else None
    inputs, replays = [rng.standard_normal((2, length, 4)), *flat.values()], []

    def branch_of(arrays):
        parameters = unflatten_parameters(dict(zip(flat, arrays, strict=True)))
        if which == "feed_forward":
            return feed_forward_branch(model, parameters, seed=(seed, 2), dropout_rate=rate)
        return attention_branch(model, parameters, seed=(seed, 1), dropout_rate=rate, padding=padding)

    def forward(x, *arrays):
        value, saved, replay = branch_of(arrays).forward(x, replays[0] if replays else None)
        replays[:] = [replay]  # between buckets the value jumps
        return value, (arrays, saved)

    def backward(gradient, saved):
        d_x, found = branch_of(saved[0]).backward(gradient, saved[1])
        found = flatten_parameters(found)
        return d_x, {name: found.pop(name) for name in flat} | found

    assert worst_error(forward, backward, inputs, rng) < 1e-6


@pytest.mark.parametrize("fields", [{}, dict(fast=True), dict(position_chunk=2)])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_a_feed_forward_branch_is_the_layer_after_its_norm_with_the_activation_of_the_model(activation, fields):
    model, (_, x, parameters, _), _ = draw_block(0)
    parameters = parameters["feed_forward"]
    value, _, replay = feed_forward_branch(replace(model, activation=activation, **fields), parameters).forward(x)
    expected = feed_forward(layer_norm(x, **parameters["norm"]), parameters, activation=activation)
    np.testing.assert_allclose(value, expected, atol=1e-12)
    assert replay is None


def test_a_branch_that_is_given_its_buckets_does_not_hash_again(monkeypatch):
    model, (_, x, parameters, _), _ = draw_block(0)
    calls = count()
    monkeypatch.setattr(blocks_module, "hash_heads", lambda *given: (next(calls), hash_heads(*given))[1])
    branch = attention_branch(model, parameters["attention"], seed=(0,))
    value, _, buckets = branch.forward(x)
    again, _, same = branch.forward(x, buckets)
    assert next(calls) == 1 and same is buckets
    np.testing.assert_array_equal(again, value)
    other, _, _ = branch.forward(x, (buckets + np.arange(7, dtype=np.uint8)) % 4)
    assert not np.allclose(other, value)


def test_a_branch_holds_its_input_heads_and_outputs_and_nothing_that_is_wide():
    model = replace(MODELS["shared"], d_ff=1000)
    parameters = model.init_parameters(np.random.default_rng(0), np.float64)["layers"]["0"]
    x = np.random.default_rng(1).standard_normal((2, 12, 4))
    _, saved, _ = attention_branch(model, parameters["attention"], seed=()).forward(x)
    assert bytes_held(saved) == 4 * x.nbytes  # the input, queries, values, outputs
    _, saved, _ = feed_forward_branch(model, parameters["feed_forward"]).forward(x)
    assert bytes_held(saved, parameters) - bytes_held(parameters) == 2 * x.nbytes  # the input, and normed


def test_attention_is_told_only_what_differs_from_its_defaults():
    assert attention_options(MODELS["dense"], None) == {"causal": True}
    assert attention_options(Everywhere(**SMALL), None) == {"causal": False}
    assert attention_options(MODELS["shared"], None) == {}
    sizes = dict(n_buckets=4, chunk_length=3)
    assert attention_options(MODELS["LSH"], None) == sizes
    more = dict(same_bucket_only=True, correct_duplicates=True)
    assert attention_options(MODELS["LSH with every option"], None) == sizes | more
    padding = np.array([[False, True], [False, False], [True, True]])
    of_heads = attention_options(MODELS["shared"], padding)["padding"]
    np.testing.assert_array_equal(of_heads, np.stack([padding] * 2, axis=1))


def test_buckets_are_kept_in_the_smallest_integers_that_hold_them():
    vectors = np.random.default_rng(0).standard_normal((1, 2, 300, 8)).astype(np.float32)
    for n_buckets, dtype in [(256, np.uint8), (258, np.uint16), ((16, 32), np.uint16), ([16, 32], np.uint16)]:
        model = ReformerLM(**SMALL | {"n_buckets": n_buckets})
        for buckets in (hash_heads(m, vectors, np.random.default_rng(1)) for m in (model, replace(model, fast=True))):
            assert buckets.dtype == dtype and buckets.shape == (1, 2, 2, 300)
            assert np.prod(n_buckets) // 2 < buckets.max() < np.prod(n_buckets)


@pytest.mark.parametrize("fast", [False, True])
def test_heads_are_hashed_by_rotations_they_share_and_that_are_the_same_for_both_dtypes(fast):
    vectors, rng = np.random.default_rng(0).standard_normal((2, 3, 50, 8)), np.random.default_rng(1)
    model = ReformerLM(**SMALL | dict(n_buckets=8, n_rounds=3), fast=fast)
    rotations = draw_rotations(rng, n_rounds=3, n_features=8, n_buckets=8, dtype=np.float64)
    buckets = hash_heads(model, vectors, np.random.default_rng(1))
    np.testing.assert_array_equal(buckets, angular_hash(vectors, rotations))
    narrow = hash_heads(model, vectors.astype(np.float32), np.random.default_rng(1))
    assert np.mean(narrow == buckets) > 0.999
    factors = [draw_rotations(rng, n_rounds=3, n_features=8, n_buckets=n, dtype=np.float64) for n in (4, 6)]
    rng = np.random.default_rng(1)
    draw_rotations(rng, n_rounds=3, n_features=8, n_buckets=8, dtype=np.float64)
    found = hash_heads(replace(model, n_buckets=(4, 6)), vectors, rng)
    np.testing.assert_array_equal(found, factorised_hash(vectors, factors))


def test_a_vector_with_a_nan_lands_in_some_bucket_and_moves_no_other():
    vectors = np.random.default_rng(0).standard_normal((1, 1, 20, 8))
    spoilt = vectors.copy()
    spoilt[..., 3, :] = np.nan
    clean, found = (hash_heads(MODELS["LSH"], of, np.random.default_rng(1)) for of in (vectors, spoilt))
    np.testing.assert_array_equal(np.delete(found, 3, axis=-1), np.delete(clean, 3, axis=-1))
    np.testing.assert_array_equal(found[..., 3], 0)  # as the zero vector does


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(x1=np.ones((2, 7, 5))), "x2 needs shape"),
        (dict(rotations=np.ones((2, 3, 2))), "rotations needs shape"),
        (dict(n_heads=3), "n_heads needs to divide the 4 features, got 3"),
        (dict(chunk_length=0), "chunk_length needs a whole number of at least 1, got 0"),
    ],
)
def test_a_bad_argument_is_refused_by_name(change, words):
    _, arrays, options = draw_block(0)
    arguments = dict(zip(("x1", "x2", "parameters", "rotations"), arrays, strict=True)) | options | change
    with pytest.raises(ValueError, match=words):
        reformer_block(**arguments)
