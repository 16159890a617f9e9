import re
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.attention import (
    LONGEST_SHARED,
    dense_attention,
    logsumexp,
    shared_qk_attention,
    softmax,
    unit_keys,
    weighted_sum,
)
from tests.reformer.peak_memory import peak_bytes

few = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10**6)
batches = st.sampled_from([(), (2,), (2, 3)])
lengths = st.integers(1, 9)
BOTH = (dense_attention, 3), (shared_qk_attention, 2)
both = pytest.mark.parametrize("attend, n_arrays", BOTH, ids=["dense", "shared"])
# OpenBLAS can set the flag for an invalid number by what it reads beside its arrays.
pytestmark = pytest.mark.filterwarnings("error", "ignore:invalid value encountered in matmul")


def draw(seed, batch, length, *, n_arrays=2, dtype=np.float64):
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal((*batch, length, n)).astype(dtype) for n in (4, 4, 3)[3 - n_arrays :]]
    return arrays, rng.random((*batch, length)) < 0.3


@both
@few
@given(seed=seeds, batch=batches, length=lengths, block_length=st.integers(1, 10), causal=st.booleans())
def test_the_length_of_a_block_changes_nothing(attend, n_arrays, seed, batch, length, block_length, causal):
    arrays, padding = draw(seed, batch, length, n_arrays=n_arrays)
    for options in (dict(causal=causal), dict(causal=causal, padding=padding)):
        blocked = attend(*arrays, block_length=block_length, **options)
        np.testing.assert_allclose(blocked, attend(*arrays, **options), atol=1e-12)


@few
@given(seeds, batches, lengths, st.booleans())
def test_dense_attention_is_the_average_that_its_formula_says(seed, batch, length, causal):
    (queries, keys, values), _ = draw(seed, batch, length, n_arrays=3)
    outputs = dense_attention(queries, keys, values, causal=causal)
    for entry in np.ndindex(*batch):
        for i in range(length):
            seen = range(i + 1) if causal else range(length)
            weights = np.array([np.exp(queries[entry][i] @ keys[entry][j] / 2) for j in seen])
            expected = sum(w * values[entry][j] for w, j in zip(weights / weights.sum(), seen, strict=True))
            np.testing.assert_allclose(outputs[entry][i], expected, atol=1e-12)


@few
@given(seeds, batches, lengths, st.booleans())
def test_shared_qk_attention_is_the_average_that_its_formula_says(seed, batch, length, causal):
    (queries, values), _ = draw(seed, batch, length)
    outputs = shared_qk_attention(queries, values, causal=causal)
    for entry in np.ndindex(*batch):
        for i in range(length):
            seen = [j for j in range(i if causal else length) if j != i] or [i]
            keys = [queries[entry][j] / np.sqrt(queries[entry][j] @ queries[entry][j] + 4e-6) for j in seen]
            weights = np.array([np.exp(queries[entry][i] @ key) for key in keys])
            expected = sum(w * values[entry][j] for w, j in zip(weights / weights.sum(), seen, strict=True))
            np.testing.assert_allclose(outputs[entry][i], expected, atol=1e-12)


def test_unless_told_otherwise_dense_attention_sees_all_and_shared_attention_the_past():
    (queries, keys, values), _ = draw(0, (), 5, n_arrays=3)
    dense, shared = dense_attention(queries, keys, values), shared_qk_attention(queries, values)
    np.testing.assert_array_equal(dense, dense_attention(queries, keys, values, causal=False))
    np.testing.assert_array_equal(shared, shared_qk_attention(queries, values, causal=True))


def test_a_key_has_length_one_unless_its_vector_is_shorter_than_about_a_thousandth_of_the_root_of_d():
    directions = np.full((4, 64), 1 / 8)
    norms = np.linalg.norm(unit_keys(np.array([[1.0], [0.1], [0.01], [0.0]]) * directions), axis=-1)
    np.testing.assert_allclose(norms, [1, 1, 0.78, 0], atol=0.005)
    np.testing.assert_allclose(norms[2], 0.01 / np.sqrt(0.01**2 + 64e-6), rtol=1e-12)


def test_softmax_and_logsumexp_take_large_logits_and_rows_where_all_is_hidden():
    logits = np.array([[1e4, 1e4 - 1, -np.inf], [-1e4, -np.inf, -np.inf], [-np.inf] * 3, [-1e30, -1e30, -np.inf]])
    e = np.exp(1)
    expected = [[e / (e + 1), 1 / (e + 1), 0], [1, 0, 0], [0, 0, 0], [0.5, 0.5, 0]]
    np.testing.assert_allclose(softmax(logits), expected, rtol=1e-12)
    np.testing.assert_allclose(logsumexp(logits), [1e4 + np.log1p(1 / e), -1e4, -np.inf, -1e30], rtol=1e-12)
    assert softmax(logits.astype(np.float32)).dtype == logsumexp(logits.astype(np.float32)).dtype == np.float32


@both
@few
@given(seed=seeds, batch=batches, length=st.integers(2, 9))
def test_a_later_token_changes_nothing_earlier(attend, n_arrays, seed, batch, length):
    arrays, _ = draw(seed, batch, length, n_arrays=n_arrays)
    changed = [np.concatenate([a[..., :-1, :], a[..., -1:, :] + 1], axis=-2) for a in arrays]
    before, after = (attend(*of, causal=True)[..., :-1, :] for of in (arrays, changed))
    np.testing.assert_array_equal(after, before)


@both
@few
@given(seed=seeds, batch=batches, length=lengths, causal=st.booleans())
def test_padding_changes_nothing_for_the_others_and_gets_zeros(attend, n_arrays, seed, batch, length, causal):
    arrays, padding = draw(seed, batch, length, n_arrays=n_arrays)
    padded = attend(*arrays, causal=causal, padding=padding)
    assert np.all(padded[padding] == 0)
    for entry in np.ndindex(*batch):
        real = ~padding[entry]
        if not np.any(real):
            continue
        alone = attend(*(a[entry][real] for a in arrays), causal=causal)
        np.testing.assert_allclose(padded[entry][real], alone, atol=1e-12)


@both
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_entries", [1, 9])
def test_what_is_not_finite_reaches_nobody_who_may_not_see_it(attend, n_arrays, bad, dtype, n_entries):
    arrays, _ = draw(0, (2,), 7, n_arrays=n_arrays, dtype=dtype)
    hidden = np.zeros((2, 7), bool)
    hidden[0, [1, 4]], hidden[1, 6] = True, True
    spoilt = [array.copy() for array in arrays]
    for array in spoilt:
        array[hidden, :n_entries] = bad
    for which in range(1, 2**n_arrays):  # any of the arrays can be the one that holds it
        mixed = [spoilt[i] if which >> i & 1 else arrays[i] for i in range(n_arrays)]
        clean, padded = (attend(*of, padding=hidden) for of in (arrays, mixed))
        np.testing.assert_allclose(padded, clean, rtol=1e-6, atol=1e-6)
        for block_length in (3, 256):
            clean, causal = (attend(*of, causal=True, block_length=block_length) for of in (arrays, mixed))
            np.testing.assert_allclose(causal[0, :1], clean[0, :1], rtol=1e-6, atol=1e-6)
            np.testing.assert_allclose(causal[1, :6], clean[1, :6], rtol=1e-6, atol=1e-6)


@both
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_padding_may_hold_vectors_that_are_refused_elsewhere(attend, n_arrays, dtype):
    arrays, _ = draw(0, (), 5, n_arrays=n_arrays, dtype=dtype)
    padding = np.array([False, True, False, False, True])
    clean = attend(*arrays, padding=padding)
    for array in arrays:
        array[padding] = 1e30
    np.testing.assert_allclose(attend(*arrays, padding=padding), clean, rtol=1e-6, atol=1e-6)


@both
def test_what_is_not_finite_reaches_those_who_see_it(attend, n_arrays):
    reached = {3: ([2], [2, 3, 4], [2, 3, 4]), 2: ([2, 3, 4], [3, 4])}[
        n_arrays
    ]  # a token does not see itself if shared
    for i, rows in enumerate(reached):
        arrays, _ = draw(0, (), 5, n_arrays=n_arrays)
        arrays[i][2] = np.nan
        np.testing.assert_array_equal(np.flatnonzero(np.isnan(attend(*arrays, causal=True)).all(axis=-1)), rows)


def test_a_value_that_is_not_finite_stays_in_its_feature_and_with_the_weights_that_are_not_zero():
    values = np.array([[1.0, np.inf], [np.nan, 2.0]])
    np.testing.assert_array_equal(
        weighted_sum(np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.0, 0.0]]), values),
        [[1, np.nan], [np.nan, 2], [np.nan, np.nan], [0, 0]],
    )


def test_float32_takes_dot_products_that_it_cannot_hold():
    x, v = np.float32([[1e20, 0], [0, 1]]), np.float32([[1], [2]])
    outputs = dense_attention(x, x, v)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, [[1], [1.66976]], atol=1e-5)
    huge = np.float32([[3e38, 3e38], [-3e38, 3e38]])
    np.testing.assert_array_equal(dense_attention(huge, huge, v), v)
    for wide in (huge.astype(np.float64) * 1e120, np.array([[1e200, 0], [1, 0]])):  # all too large, or one of them
        with pytest.raises(ValueError, match="queries needs dot products with keys that float64 can hold"):
            dense_attention(wide, wide, v.astype(np.float64))


@pytest.mark.parametrize("dtype, longest", [(np.float32, 9.9e28), (np.float64, 9.9e28), (np.float32, 1e25)])
def test_shared_attention_takes_vectors_almost_as_long_as_its_limit(dtype, longest):
    queries, values = np.array([[1, 0], [0, 1], [-1, 0]]) * dtype(longest), np.array([[1], [2], [4]], dtype)
    # The second token is at right angles to the first, the third opposed to it: both see it, and not themselves.
    np.testing.assert_allclose(shared_qk_attention(queries.astype(dtype), values), [[1], [1], [2]], rtol=1e-6)
    spoilt = np.concatenate([queries, [[np.nan, 0]]]).astype(dtype)
    outputs = shared_qk_attention(spoilt, np.concatenate([values, values[:1]]))
    np.testing.assert_allclose(outputs[:3], [[1], [1], [2]], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shared_attention_refuses_vectors_that_would_see_themselves(dtype):
    values = np.ones((2, 1), dtype)
    for entry in (LONGEST_SHARED / np.sqrt(2), 1e29, -1e30, np.finfo(dtype).max):
        words = f"queries_keys needs vectors shorter than 1e29, got a longer one, and entries up to {abs(entry):.3g}"
        with pytest.raises(ValueError, match=re.escape(words)):
            shared_qk_attention(np.array([[1, 0], [entry, entry]], dtype), values)


@both
def test_float32_stays_float32_and_is_close_to_float64(attend, n_arrays):
    exact, _ = draw(0, (2,), 300, n_arrays=n_arrays)
    outputs = attend(*(a.astype(np.float32) for a in exact), causal=True)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, attend(*exact, causal=True), atol=3e-6)


@both
def test_memory_grows_like_length_and_not_like_its_square(attend, n_arrays):
    def needed(length):
        arrays, _ = draw(0, (), length, n_arrays=n_arrays, dtype=np.float32)
        return peak_bytes(partial(attend, *arrays, causal=True))

    assert needed(2048) < 6 * needed(512)


@both
@pytest.mark.parametrize("shape", [(0, 5), (2, 0)])
def test_what_is_empty_keeps_its_shape_where_a_length_is_not_needed(attend, n_arrays, shape):
    arrays = [np.zeros((*shape, n)) for n in (4, 4, 3)[3 - n_arrays :]]
    if attend is shared_qk_attention and shape[1] == 0:
        with pytest.raises(ValueError, match="queries_keys needs shape .* with L at least 1"):
            attend(*arrays)
    else:
        assert attend(*arrays).shape == (*shape, 3)


x = np.zeros((2, 5, 4))


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda: dense_attention(x.astype(int), x, x), "queries"),
        (lambda: dense_attention(x[0, 0], x, x), "queries"),
        (lambda: dense_attention(x[..., :0], x[..., :0], x), "queries"),
        (lambda: dense_attention(x, x.astype(np.float32), x), "keys"),
        (lambda: dense_attention(x, x[..., :3], x), "keys"),
        (lambda: dense_attention(x, x, x[:1]), "values"),
        (lambda: dense_attention(x, x, x, padding=np.zeros((2, 5))), "padding"),
        (lambda: dense_attention(x, x, x, padding=np.zeros(5, dtype=bool)), "padding"),
        (lambda: dense_attention(x, x, x, block_length=0), "the size of a stretch"),
        (lambda: shared_qk_attention(x, x[:, :3]), "values"),
        (lambda: shared_qk_attention(x, x.astype(np.float32)), "values"),
        (lambda: shared_qk_attention(x[..., :0], x), "queries_keys"),
        (lambda: shared_qk_attention(x, x, padding=np.zeros((2, 4), dtype=bool)), "padding"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        call()
