"""Every backward pass against finite differences, in the order of the module, and what all of them share."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer import chunked, gradients, losses, positions
from reformer.attention import unit_keys
from reformer.chunked import chunked_feed_forward_backward, chunked_feed_forward_forward
from reformer.chunking import WRAPS, look_adjacent, sort_by_bucket, split_into_chunks, undo_sort
from reformer.gradients import (
    attention_vjp,
    dense_attention_backward,
    dense_attention_forward,
    embed_backward,
    embed_forward,
    feed_forward_backward,
    feed_forward_forward,
    fetch_backward,
    layer_norm_backward,
    layer_norm_forward,
    linear_backward,
    linear_forward,
    linear_vjp,
    look_adjacent_backward,
    lsh_attention_backward,
    lsh_attention_forward,
    shared_qk_attention_backward,
    shared_qk_attention_forward,
    unit_keys_backward,
    unsort_backward,
)
from reformer.loops import lsh_attention as loops_of_unit_5
from reformer.loops import model as loops_of_unit_7
from reformer.loops import reversible as loops
from reformer.losses import cross_entropy_backward, cross_entropy_forward
from reformer.lsh_attention import attend_within_chunks, fetch, unsort
from reformer.positions import axial_positions_backward, axial_positions_forward
from tests.reformer.finite_differences import in_order, worst_error
from tests.reformer.peak_memory import peak_bytes

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
batches = st.sampled_from([(), (2,), (2, 3)])
sizes = st.integers(1, 6)
WIDE = ("w_in", "b_in", "w_out", "b_out")
# OpenBLAS can set the flag for an invalid number by what it reads beside its arrays.
pytestmark = pytest.mark.filterwarnings("error", "ignore:invalid value encountered in matmul")


# --- linear map, layer norm, embedding ------------------------------------------------------------------------------


@few
@given(seeds, batches, sizes, sizes)
def test_the_gradients_of_linear_are_its_finite_differences(seed, batch, d_in, d_out):
    rng = np.random.default_rng(seed)
    inputs = [rng.standard_normal(shape) for shape in ((*batch, d_in), (d_in, d_out), (d_out,))]
    assert worst_error(linear_forward, linear_backward, inputs, rng) < 1e-6


@few
@given(seeds, batches, sizes, sizes)
def test_linear_vjp_agrees_with_its_loop_twin(seed, batch, d_in, d_out):
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape) for shape in ((*batch, d_out), (*batch, d_in), (d_in, d_out))]
    for ours, twin in zip(linear_vjp(*arrays), loops.linear_vjp(*arrays), strict=True):
        np.testing.assert_allclose(ours, twin, atol=1e-12)


@few
@given(seeds, batches, st.integers(3, 9), st.sampled_from([1, 1e-3]))  # with 2 features the norm is -1 and 1: no slope
def test_the_gradients_of_layer_norm_are_its_finite_differences(seed, batch, n_features, size):
    rng = np.random.default_rng(seed)
    inputs = rng.standard_normal((*batch, n_features)) * np.exp(rng.standard_normal((*batch, 1)))
    scale, bias = rng.standard_normal((2, n_features))
    forward = partial(scaled_layer_norm_forward, size)  # near 1e-3 the epsilon under the root counts
    assert worst_error(forward, partial(scaled_layer_norm_backward, size), [inputs, scale, bias], rng) < 1e-6


def scaled_layer_norm_forward(size, inputs, scale, bias):
    return layer_norm_forward(size * inputs, scale, bias)


def scaled_layer_norm_backward(size, gradient, saved):
    d_inputs, found = layer_norm_backward(gradient, saved)
    return size * d_inputs, found


@few
@given(seeds, batches, sizes, sizes)
def test_the_gradient_of_embed_is_its_finite_difference_and_tokens_have_none(seed, batch, length, n_tokens):
    rng = np.random.default_rng(seed)
    tokens, table = rng.integers(0, n_tokens, (*batch, length)), rng.standard_normal((n_tokens, 3))
    assert worst_error(partial(embed_forward, tokens), embed_backward, [table], rng) < 1e-6


@pytest.mark.parametrize("shape", [(0, 5, 4), (2, 0, 4)])
def test_the_gradient_of_what_is_empty_is_empty_and_that_of_its_parameters_zero(shape):
    empty, features, weights = np.zeros(shape), np.ones(4), np.ones((4, 4))
    for forward, backward, arguments in (
        (linear_forward, linear_backward, (empty, weights, features)),
        (layer_norm_forward, layer_norm_backward, (empty, features, features)),
        (embed_forward, embed_backward, (np.zeros(shape[:-1], int), weights)),
    ):
        outputs, saved = forward(*arguments)
        d_inputs, found = backward(outputs, saved)
        assert d_inputs is None or d_inputs.shape == shape
        assert not any(np.any(gradient) for gradient in found.values())


# --- permutation and look-back --------------------------------------------------------------------------------------


@few
@given(seeds, batches, st.integers(1, 3), st.integers(1, 9), st.integers(1, 12))
def test_the_gradients_of_sorting_and_undoing_it_are_finite_differences(seed, batch, n_rounds, length, chunk_length):
    rng = np.random.default_rng(seed)
    order = sort_by_bucket(rng.integers(0, 3, (*batch, n_rounds, length)))
    undo, chunks = undo_sort(order), split_into_chunks(order, chunk_length)
    taken = (chunks >= 0)[..., np.newaxis]  # what stands in an empty place is never seen

    def sort(vectors):
        return np.where(taken, fetch(vectors, chunks), 0), None

    def sort_backward(gradient, saved):
        return fetch_backward(gradient * taken, undo), {}

    def unsort_of(rows):
        return unsort(rows, undo), None

    def unsort_of_backward(gradient, saved):
        return unsort_backward(gradient, order, chunks), {}

    vectors, rows = rng.standard_normal((*batch, length, 2)), rng.standard_normal((*chunks.shape, 2))
    assert worst_error(sort, sort_backward, [vectors], rng) < 1e-6
    assert worst_error(unsort_of, unsort_of_backward, [rows], rng) < 1e-6
    np.testing.assert_array_equal(unsort(fetch(vectors, chunks), undo), np.stack([vectors] * n_rounds, axis=-3))


@pytest.mark.parametrize("wrap", WRAPS)
@few
@given(seed=seeds, batch=batches, n_rounds=st.integers(1, 3), n_chunks=st.integers(1, 4), looks=st.tuples(sizes, sizes))
def test_the_gradient_of_looking_back_is_its_finite_difference_however_far_it_looks(
    wrap, seed, batch, n_rounds, n_chunks, looks
):
    rng, chunk_length = np.random.default_rng(seed), 2
    look = dict(n_before=looks[0] - 1, n_after=looks[1] - 1, wrap=wrap)  # up to more than there are chunks
    places = np.arange(n_rounds * n_chunks * chunk_length).reshape(n_rounds, n_chunks, chunk_length)
    windows = look_adjacent(places, **look)

    def gather(chunks):
        row = chunks.reshape(*batch, -1, 3)
        return np.where((windows >= 0)[..., np.newaxis], row[..., windows, :], 0), None

    def backward(gradient, saved):
        return look_adjacent_backward(gradient, **look), {}

    assert worst_error(gather, backward, [rng.standard_normal((*batch, *places.shape, 3))], rng) < 1e-6


def test_the_gradient_of_looking_back_has_the_defaults_of_looking_back():
    gradient = np.random.default_rng(0).standard_normal((2, 3, 4, 1))
    np.testing.assert_array_equal(
        look_adjacent_backward(gradient), look_adjacent_backward(gradient, n_before=1, n_after=0, wrap="global")
    )


# --- softmax attention ----------------------------------------------------------------------------------------------


def draw_window(seed, batch, n_queries, n_keys):
    """Gradient, queries, keys, values and a mask that hides pairs, and some rows altogether."""
    rng = np.random.default_rng(seed)
    shapes = (n_queries, 3), (n_queries, 4), (n_keys, 4), (n_keys, 3)
    mask = np.where(rng.random((*batch, n_queries, n_keys)) < 0.4, -np.inf, rng.standard_normal((n_queries, n_keys)))
    mask[..., 0, :] = -np.inf
    arrays = [rng.standard_normal((*batch, *shape)) for shape in shapes]
    arrays[0] *= rng.random(arrays[0].shape) < 0.7  # a gradient of 0 here and there
    return arrays, mask, rng


@few
@given(seeds, batches, sizes, sizes)
def test_the_gradients_of_attention_within_chunks_are_its_finite_differences(seed, batch, n_queries, n_keys):
    (_, *arrays), mask, rng = draw_window(seed, batch, n_queries, n_keys)

    def forward(*arrays):
        outputs, log_normalizers = attend_within_chunks(*arrays, mask)
        return outputs, (*arrays, mask, outputs, log_normalizers)

    def backward(gradient, saved):
        return attention_vjp(gradient, *saved), {}

    assert worst_error(forward, backward, arrays, rng) < 1e-6


@few
@given(seeds, batches, sizes, sizes)
def test_attention_vjp_agrees_with_its_loop_twin_and_rows_that_see_nothing_send_nothing(seed, batch, n_queries, n_keys):
    (gradient, *arrays), mask, _ = draw_window(seed, batch, n_queries, n_keys)
    arguments = gradient, *arrays, mask, *attend_within_chunks(*arrays, mask)
    for ours, twin in zip(attention_vjp(*arguments), loops.attention_vjp(*arguments), strict=True):
        np.testing.assert_allclose(ours, twin, atol=1e-12)
    assert not np.any(attention_vjp(*arguments)[0][..., 0, :])


@few
@given(seeds, batches, sizes, st.sampled_from([1, 1e-3]))
def test_the_gradient_of_unit_keys_is_its_finite_difference(seed, batch, length, size):
    rng = np.random.default_rng(seed)  # near 1e-3 the small number under the root counts
    error = worst_error(
        lambda q: (unit_keys(size * q), size * q),
        lambda gradient, saved: (size * unit_keys_backward(gradient, saved), {}),
        [rng.standard_normal((*batch, length, 4))],
        rng,
    )
    assert error < 1e-6


DENSE = [
    pytest.param(dense_attention_forward, dense_attention_backward, 3, id="dense"),
    pytest.param(shared_qk_attention_forward, shared_qk_attention_backward, 2, id="shared"),
]


def draw_sequence(seed, batch, length, n_arrays, dtype=np.float64):
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal((*batch, length, n)).astype(dtype) for n in (4, 4, 3)[3 - n_arrays :]]
    return arrays, rng.random((*batch, length)) < 0.3


@pytest.mark.parametrize("forward, backward, n_arrays", DENSE)
@settings(max_examples=25, deadline=None)
@given(
    seed=seeds,
    batch=batches,
    length=st.integers(1, 9),
    block_length=st.sampled_from([None, 1, 2, 3, 20]),
    causal=st.sampled_from([None, False, True]),
    has_padding=st.booleans(),
)
def test_the_gradients_of_dense_attention_are_its_finite_differences(
    forward, backward, n_arrays, seed, batch, length, block_length, causal, has_padding
):
    arrays, padding = draw_sequence(seed, batch, length, n_arrays)
    options = dict(block_length=block_length, causal=causal, padding=padding if has_padding else None)
    options = {name: value for name, value in options.items() if value is not None}  # the others have their defaults
    assert worst_error(partial(forward, **options), backward, arrays, np.random.default_rng(seed + 1)) < 1e-6


@pytest.mark.parametrize("forward, backward, n_arrays", DENSE)
def test_memory_of_the_dense_backward_passes_grows_like_length_and_not_like_its_square(forward, backward, n_arrays):
    def needed(length):
        arrays, _ = draw_sequence(0, (), length, n_arrays, np.float32)
        return peak_bytes(lambda: backward(arrays[-1], forward(*arrays, causal=True)[1]))

    assert needed(2048) < 6 * needed(512)


# --- LSH attention --------------------------------------------------------------------------------------------------


@st.composite
def problems(draw):
    """Queries, values and buckets of a random shape, with chunks of any length and windows of any width."""
    rng = np.random.default_rng(draw(seeds))
    batch, length, n_rounds = draw(batches), draw(st.integers(1, 14)), draw(st.integers(1, 3))
    queries, values = rng.standard_normal((*batch, length, 4)), rng.standard_normal((*batch, length, 3))
    n_buckets = draw(st.integers(1, 4))
    options = dict(n_buckets=n_buckets, chunk_length=draw(st.sampled_from([1, 2, 3, 5, 20])))
    given_ones = draw(
        st.fixed_dictionaries(
            {},
            optional=dict(
                causal=st.booleans(),
                n_before=st.integers(0, 4),
                n_after=st.integers(0, 3),
                wrap=st.sampled_from(WRAPS),
                same_bucket_only=st.booleans(),
                correct_duplicates=st.booleans(),
                padding=st.just(rng.random((*batch, length)) < 0.3),
            ),
        )
    )
    return queries, values, rng.integers(0, n_buckets, (*batch, n_rounds, length)), options | given_ones


@settings(max_examples=60, deadline=None)
@given(problems())
def test_the_gradients_of_lsh_attention_are_its_finite_differences(problem):
    queries, values, buckets, options = problem
    forward = partial(lsh_attention_forward, buckets=buckets, **options)
    assert worst_error(forward, lsh_attention_backward, [queries, values], np.random.default_rng(1)) < 1e-6


@pytest.mark.parametrize(
    "options",
    [
        dict(chunk_length=1, n_before=0),
        dict(chunk_length=1, n_before=9),  # the ring shows a key, the token itself among them, more than once
        dict(chunk_length=1, n_before=0, wrap="none", correct_duplicates=True),
        dict(chunk_length=2, n_before=1, same_bucket_only=True),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_token_alone_in_every_round_sends_its_gradient_to_its_own_value_exactly_once(options, dtype):
    rng = np.random.default_rng(0)
    queries, values, gradient = rng.standard_normal((3, 5, 4)).astype(dtype)
    apart = np.argsort(rng.random((3, 5)))  # five buckets of one token each, in three rounds
    _, saved = lsh_attention_forward(queries, values, apart, n_buckets=5, **options)
    (d_queries, d_values), _ = lsh_attention_backward(gradient, saved)
    first_alone = options["n_before"] == 9  # who sees all that came before is alone only at the beginning
    alone = slice(0, 1 if first_alone else 5)
    d_value_from_others = d_values[alone] - gradient[alone]
    if first_alone:
        others = np.where(np.arange(5)[:, np.newaxis] == 0, 0, gradient).astype(dtype)
        (_, d_values), _ = lsh_attention_backward(others, saved)
        np.testing.assert_allclose(d_value_from_others, d_values[alone], atol=1e-6)
    else:
        assert not np.any(d_value_from_others) and not np.any(d_queries)


@few
@given(seeds, st.integers(1, 12), st.integers(1, 5), st.booleans(), st.sampled_from(WRAPS))
def test_where_all_pairs_are_covered_and_duplicates_corrected_the_gradients_are_those_of_dense_attention(
    seed, length, chunk_length, causal, wrap
):
    rng = np.random.default_rng(seed)
    queries, values, gradient = rng.standard_normal((3, 2, length, 4))
    n_chunks = -(-length // chunk_length)
    look = dict(n_before=n_chunks, n_after=n_chunks, wrap=wrap, causal=causal, correct_duplicates=True)
    _, saved = lsh_attention_forward(
        queries, values, rng.integers(0, 4, (2, 3, length)), n_buckets=4, chunk_length=chunk_length, **look
    )
    _, saved_dense = shared_qk_attention_forward(queries, values, causal=causal)
    found, _ = lsh_attention_backward(gradient, saved)
    expected, _ = shared_qk_attention_backward(gradient, saved_dense)
    for ours, dense in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, dense, atol=1e-11)


# --- feed-forward ---------------------------------------------------------------------------------------------------


@few
@given(seeds, batches, st.integers(1, 7), st.sampled_from([{}, {"activation": "relu"}, {"activation": "gelu"}]))
def test_the_gradients_of_the_feed_forward_layer_are_its_finite_differences(seed, batch, length, options):
    inputs, parameters, rng = draw_wide(seed, batch, length)

    def forward(x, *arrays):
        return feed_forward_forward(x, dict(zip(WIDE, arrays, strict=True)), **options)

    assert worst_error(forward, feed_forward_backward, [inputs, *parameters.values()], rng) < 1e-6


def draw_wide(seed, batch=(), length=4, d=3, d_ff=5):
    rng = np.random.default_rng(seed)
    shapes = ((d, d_ff), (d_ff,), (d_ff, d), (d,))
    parameters = {name: rng.standard_normal(shape) for name, shape in zip(WIDE, shapes, strict=True)}
    return rng.standard_normal((*batch, length, d)), parameters, rng


# --- what all of them share -----------------------------------------------------------------------------------------


def formula_of_dense(queries, keys, values):
    logits = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    weights = np.exp(logits)
    return weights / weights.sum(axis=-1, keepdims=True) @ values


def formula_of_shared(queries, values):
    outputs = np.zeros_like(values)
    for i in range(len(values)):
        keys = queries[:i] / np.sqrt(np.sum(queries[:i] ** 2, axis=-1, keepdims=True) + 4e-6)
        weights = np.exp(keys @ queries[i])
        outputs[i] = weights @ values[:i] / weights.sum() if i else values[0]
    return outputs


def formula_of_norm(inputs, scale, bias):
    centred = inputs - inputs.mean(axis=-1, keepdims=True)
    return scale * centred / np.sqrt(inputs.var(axis=-1, keepdims=True) + 1e-6) + bias


def formula_of_wide(inputs, parameters, *, activation):
    assert activation == "relu"
    return np.maximum(inputs @ parameters["w_in"] + parameters["b_in"], 0) @ parameters["w_out"] + parameters["b_out"]


def taught_lsh_attention(queries_keys, values, buckets, *, n_buckets, chunk_length):
    return loops_of_unit_5.lsh_attention(queries_keys, values, buckets, n_buckets=n_buckets, chunk_length=chunk_length)


def arguments_of(name):
    rng = np.random.default_rng(3)
    inputs, parameters, _ = draw_wide(0)
    q, k, v = rng.standard_normal((3, 6, 4))
    return {
        "linear": (inputs, parameters["w_in"], parameters["b_in"]),
        "layer_norm": (inputs, inputs[0], inputs[1]),
        "embed": (np.array([2, 0, 2]), inputs),
        "dense_attention": (q, k, v),
        "shared_qk_attention": (q, v),
        "lsh_attention": (q, v, rng.integers(0, 4, (2, 6))),
        "feed_forward": (inputs, parameters),
        "chunked_feed_forward": (inputs, parameters),
        "axial_positions": (q, v[:2]),
        "cross_entropy": (q, np.array([0, 3, 1, 1, 2, 0]), np.array([1.0, 0, 2, 0.5, 1, 1])),
    }[name]


PAIRS = {
    "linear": (gradients, linear_forward, linear_backward, lambda x, w, b: np.einsum("...i,ij->...j", x, w) + b, {}),
    "layer_norm": (gradients, layer_norm_forward, layer_norm_backward, formula_of_norm, {}),
    "embed": (gradients, embed_forward, embed_backward, lambda tokens, table: np.stack([table[t] for t in tokens]), {}),
    "dense_attention": (gradients, dense_attention_forward, dense_attention_backward, formula_of_dense, {}),
    "shared_qk_attention": (
        gradients,
        shared_qk_attention_forward,
        shared_qk_attention_backward,
        formula_of_shared,
        {},
    ),
    "lsh_attention": (
        gradients,
        lsh_attention_forward,
        lsh_attention_backward,
        taught_lsh_attention,
        dict(n_buckets=4, chunk_length=2),
    ),
    "feed_forward": (gradients, feed_forward_forward, feed_forward_backward, formula_of_wide, {}),
    "chunked_feed_forward": (
        chunked,
        chunked_feed_forward_forward,
        chunked_feed_forward_backward,
        loops_of_unit_7.chunked_feed_forward,
        dict(chunk_length=3),
    ),
    "axial_positions": (
        positions,
        axial_positions_forward,
        axial_positions_backward,
        loops_of_unit_7.axial_positions,
        {},
    ),
    "cross_entropy": (losses, cross_entropy_forward, cross_entropy_backward, loops_of_unit_7.cross_entropy, {}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_forward_pass_calls_the_function_it_belongs_to_and_any_right_one_will_do(name, monkeypatch):
    module, forward, backward, learners, options = PAIRS[name]
    arguments, calls = arguments_of(name), []

    def called(*given, **options):
        calls.append(name)
        return learners(*given, **options)

    result, saved = forward(*arguments, **options)
    gradient = np.random.default_rng(1).standard_normal(np.shape(result))
    expected = in_order(*backward(gradient, saved))
    monkeypatch.setattr(module, name, called)
    result_of_learner, saved = forward(*arguments, **options)
    assert calls == [name]
    np.testing.assert_allclose(result_of_learner, result, atol=1e-12)
    for ours, one in zip(in_order(*backward(gradient, saved)), expected, strict=True):
        np.testing.assert_allclose(ours, one, atol=1e-11)


def arrays_in(item):
    if isinstance(item, dict):
        item = list(item.values())
    if isinstance(item, tuple | list):
        return [array for part in item for array in arrays_in(part)]
    return [item] if isinstance(item, np.ndarray) else []


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_saved_is_arguments_and_results_and_a_backward_pass_leaves_both_as_they_were(name):
    _, forward, backward, _, options = PAIRS[name]
    arguments = arguments_of(name)
    result, saved = forward(*arguments, **options)
    known = [*arrays_in(arguments), np.asarray(result)]
    assert all(any(np.shares_memory(array, one) for one in known) for array in arrays_in(saved))
    gradient = np.random.default_rng(1).standard_normal(np.shape(result))
    before = [array.copy() for array in (*known, gradient)]
    first = in_order(*backward(gradient, saved))
    for array, copy in zip((*known, gradient), before, strict=True):
        np.testing.assert_array_equal(array, copy)
    for once, again in zip(first, in_order(*backward(gradient, saved)), strict=True):
        np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize("name", PAIRS)
def test_float32_stays_float32_and_is_close_to_float64(name):
    _, forward, backward, _, options = PAIRS[name]

    def found(dtype):
        arguments = [as_dtype(argument, dtype) for argument in arguments_of(name)]
        result, saved = forward(*arguments, **options)
        gradient = np.random.default_rng(1).standard_normal(np.shape(result)).astype(dtype)
        return [result, *in_order(*backward(gradient if gradient.ndim else dtype(gradient), saved))]

    for narrow, wide in zip(found(np.float32), found(np.float64), strict=True):
        assert narrow.dtype == np.float32 and wide.dtype == np.float64
        np.testing.assert_allclose(narrow, wide, atol=2e-5)


def as_dtype(argument, dtype):
    if isinstance(argument, dict):
        return {name: array.astype(dtype) for name, array in argument.items()}
    return argument.astype(dtype) if argument.dtype == np.float64 else argument


# --- numbers that hold ----------------------------------------------------------------------------------------------


def lsh_forward_of(n_tokens, **options):
    buckets = np.random.default_rng(2).integers(0, 3, (2, n_tokens))
    return partial(lsh_attention_forward, buckets=buckets, n_buckets=3, chunk_length=4, **options)


KINDS = {
    "dense": (partial(dense_attention_forward), dense_attention_backward, 3),
    "shared": (partial(shared_qk_attention_forward), shared_qk_attention_backward, 2),
    "lsh": (lsh_forward_of(9), lsh_attention_backward, 2),
    "lsh with duplicates corrected": (lsh_forward_of(9, correct_duplicates=True), lsh_attention_backward, 2),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hides", ["padding", "causal"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_not_finite_reaches_the_gradients_of_nobody_who_may_not_see_it(kind, hides, bad, dtype):
    forward, backward, n_arrays = KINDS[kind]
    arrays, _ = draw_sequence(0, (), 9, n_arrays, dtype)
    hidden = np.arange(9) >= 7 if hides == "causal" else np.isin(np.arange(9), [2, 7])
    options = dict(causal=True) if hides == "causal" else dict(padding=hidden)
    gradient = np.where(hidden[:, np.newaxis], 0, np.random.default_rng(1).standard_normal((9, 3))).astype(dtype)
    _, saved = forward(*arrays, **options)
    expected, _ = backward(gradient, saved)
    for which in range(1, 2**n_arrays):  # any of the arrays can be the one that holds it
        spoilt = [
            np.where(hidden[:, np.newaxis] & bool(which >> i & 1), dtype(bad), array) for i, array in enumerate(arrays)
        ]
        _, saved = forward(*spoilt, **options)
        for ours, clean in zip(backward(gradient, saved)[0], expected, strict=True):
            assert ours.dtype == dtype
            np.testing.assert_allclose(ours[~hidden], clean[~hidden], atol=3e-6)
            np.testing.assert_allclose(ours[hidden], clean[hidden], atol=3e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [1.0, 10.0, 50.0, 60.0])
@pytest.mark.parametrize("size", [1e-18, 1.0, 1e12])
def test_gradients_of_float32_hold_for_aligned_and_opposed_keys_and_gradients_of_any_size(kind, length, size):
    forward, backward, n_arrays = KINDS[kind]
    (*queries, values), _ = draw_sequence(0, (), 9, n_arrays, np.float32)
    along = np.outer([1, 1, -1, 1, 0, -1, 0, 0, -1], [1, 1, 1, 1])  # three tokens point the same way, three the other
    queries = [np.where(along == 0, q, along + 0.1 * q) for q in queries]
    queries = [(length * q / np.linalg.norm(q, axis=-1, keepdims=True)).astype(np.float32) for q in queries]
    if kind == "dense":
        queries[1] /= length  # as long as keys that are shared
    gradient = (size * np.random.default_rng(1).standard_normal((9, 3))).astype(np.float32)

    def found(dtype):
        outputs, saved = forward(*(a.astype(dtype) for a in (*queries, values)))
        return [outputs, *(d / size for d in backward(gradient.astype(dtype), saved)[0])]

    for narrow, wide in zip(found(np.float32), found(np.float64), strict=True):
        assert np.max(np.abs(narrow - wide)) < 1e-4 * np.max(np.abs(wide))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype, length", [(np.float32, 1e20), (np.float32, 1e25), (np.float32, 9e28), (float, 9e28)])
def test_gradients_of_long_vectors_are_finite(kind, dtype, length):
    forward, backward, n_arrays = KINDS[kind]
    arrays, _ = draw_sequence(0, (), 9, n_arrays)
    arrays[:-1] = [length * a / np.linalg.norm(a, axis=-1, keepdims=True) for a in arrays[:-1]]
    outputs, saved = forward(*(a.astype(dtype) for a in arrays))
    found, _ = backward(np.ones((9, 3), dtype), saved)
    assert all(np.all(np.isfinite(array)) for array in (outputs, *found))
