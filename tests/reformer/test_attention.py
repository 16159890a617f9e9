from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer import attention as module
from reformer.attention import (
    dense_attention,
    dense_attention_backward,
    dense_attention_forward,
    shared_qk_attention,
    shared_qk_attention_backward,
    shared_qk_attention_forward,
    unit_keys,
    unit_keys_backward,
)
from tests.reformer.finite_differences import worst_error
from tests.reformer.peak_memory import peak_bytes

few = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10**6)
batches = st.sampled_from([(), (2,), (2, 3)])
lengths = st.integers(1, 9)
blocks = st.integers(1, 10)


def draw(seed, batch, length, *, n_arrays=2, dtype=np.float64):
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal((*batch, length, n)).astype(dtype) for n in (4, 4, 3)[3 - n_arrays :]]
    return arrays, rng.random((*batch, length)) < 0.3


@contextmanager
def blocks_of(length):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_LENGTH", length)
        yield


@few
@given(seeds, batches, lengths, blocks, st.booleans(), st.booleans())
def test_the_blocked_forward_passes_agree_with_the_plain_functions(seed, batch, length, block, causal, has_padding):
    arrays, padding = draw(seed, batch, length, n_arrays=3)
    options = dict(causal=causal, padding=padding if has_padding else None)
    with blocks_of(block):
        blocked, _ = dense_attention_forward(*arrays, **options)
        blocked_shared, _ = shared_qk_attention_forward(*arrays[1:], **options)
    np.testing.assert_allclose(blocked, dense_attention(*arrays, **options), atol=1e-12)
    np.testing.assert_allclose(blocked_shared, shared_qk_attention(*arrays[1:], **options), atol=1e-12)


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


@few
@given(seeds, batches, lengths, blocks, st.booleans(), st.booleans())
def test_the_gradients_are_the_finite_differences(seed, batch, length, block, causal, has_padding):
    arrays, padding = draw(seed, batch, length, n_arrays=3)
    options = dict(causal=causal, padding=padding if has_padding else None)
    rng = np.random.default_rng(seed + 1)

    def check(forward, backward, arrays):
        """All arrays at once: a query that sees a single key has no gradient, to which no error could be relative."""
        ends = np.cumsum([a.shape[-1] for a in arrays])[:-1]
        error = worst_error(
            lambda joined: forward(*np.split(joined, ends, axis=-1), **options),
            lambda gradient, saved: np.concatenate(backward(gradient, saved), axis=-1),
            [np.concatenate(arrays, axis=-1)],
            rng,
        )
        assert error < 1e-6

    with blocks_of(block):
        check(dense_attention_forward, dense_attention_backward, arrays)
        check(shared_qk_attention_forward, shared_qk_attention_backward, arrays[1:])


@few
@given(seeds, batches, lengths)
def test_the_gradient_of_unit_keys_is_its_finite_difference(seed, batch, length):
    (queries, _), _ = draw(seed, batch, length)
    error = worst_error(lambda q: (unit_keys(q), q), unit_keys_backward, [queries], np.random.default_rng(seed + 1))
    assert error < 1e-6


def test_a_key_has_length_one_unless_its_vector_is_shorter_than_about_a_thousandth_of_the_root_of_d():
    directions = np.full((4, 64), 1 / 8)
    lengths = np.linalg.norm(unit_keys(np.array([[1.0], [0.1], [0.01], [0.0]]) * directions), axis=-1)
    np.testing.assert_allclose(lengths, [1, 1, 0.78, 0], atol=0.005)


@few
@given(seeds, batches, st.integers(2, 9))
def test_a_later_token_changes_nothing_earlier(seed, batch, length):
    (queries, keys, values), _ = draw(seed, batch, length, n_arrays=3)
    for attend, arrays in ((dense_attention, (queries, keys, values)), (shared_qk_attention, (queries, values))):
        before = attend(*arrays, causal=True)
        changed = [np.concatenate([a[..., :-1, :], a[..., -1:, :] + 1], axis=-2) for a in arrays]
        np.testing.assert_array_equal(attend(*changed, causal=True)[..., :-1, :], before[..., :-1, :])


@few
@given(seeds, batches, lengths, st.booleans())
def test_padding_changes_nothing_for_the_others_and_gets_zeros(seed, batch, length, causal):
    (queries, keys, values), padding = draw(seed, batch, length, n_arrays=3)
    for attend, arrays in ((dense_attention, (queries, keys, values)), (shared_qk_attention, (queries, values))):
        padded = attend(*arrays, causal=causal, padding=padding)
        assert np.all(padded[padding] == 0)
        for entry in np.ndindex(*batch):
            real = ~padding[entry]
            alone = attend(*(a[entry][real] for a in arrays), causal=causal)
            np.testing.assert_allclose(padded[entry][real], alone, atol=1e-12)


def test_float32_stays_float32_and_is_close_to_float64():
    for attend, forward, backward, n_arrays in (
        (dense_attention, dense_attention_forward, dense_attention_backward, 3),
        (shared_qk_attention, shared_qk_attention_forward, shared_qk_attention_backward, 2),
    ):
        exact, _ = draw(0, (2,), 300, n_arrays=n_arrays)
        rounded = [a.astype(np.float32) for a in exact]
        outputs, saved = forward(*rounded, causal=True)
        gradients = backward(rounded[-1], saved)
        expected, saved = forward(*exact, causal=True)
        assert attend(*rounded, causal=True).dtype == outputs.dtype == np.float32
        np.testing.assert_allclose(outputs, expected, atol=3e-6)
        np.testing.assert_allclose(attend(*rounded, causal=True), expected, atol=3e-6)
        for gradient, exact_gradient in zip(gradients, backward(exact[-1], saved), strict=True):
            assert gradient.dtype == np.float32
            np.testing.assert_allclose(gradient, exact_gradient, atol=3e-5)


@pytest.mark.parametrize(
    "forward, backward, n_arrays",
    [
        (dense_attention_forward, dense_attention_backward, 3),
        (shared_qk_attention_forward, shared_qk_attention_backward, 2),
    ],
)
def test_memory_of_the_blocked_passes_grows_like_length_and_not_like_its_square(forward, backward, n_arrays):
    def needed(length):
        arrays, _ = draw(0, (), length, n_arrays=n_arrays, dtype=np.float32)
        return peak_bytes(lambda: backward(arrays[-1], forward(*arrays, causal=True)[1]))

    assert needed(2048) < 6 * needed(512)


def test_large_logits_do_not_overflow():
    queries = np.full((4, 2), 1e4, dtype=np.float32)
    assert np.all(np.isfinite(dense_attention(queries, queries, queries)))
    assert np.all(np.isfinite(shared_qk_attention(queries, queries)))


x = np.zeros((2, 5, 4))


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda: dense_attention(x.astype(int), x, x), "queries"),
        (lambda: dense_attention(x[0, 0], x, x), "queries"),
        (lambda: dense_attention(x, x.astype(np.float32), x), "keys"),
        (lambda: dense_attention(x, x[..., :3], x), "keys"),
        (lambda: dense_attention(x, x, x[:1]), "values"),
        (lambda: dense_attention(x, x, x, padding=np.zeros((2, 5))), "padding"),
        (lambda: dense_attention(x, x, x, padding=np.zeros(5, dtype=bool)), "padding"),
        (lambda: dense_attention_backward(x[0], dense_attention_forward(x, x, x)[1]), "gradient"),
        (lambda: shared_qk_attention(x, x[:, :3]), "values"),
        (lambda: shared_qk_attention(x, x.astype(np.float32)), "values"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        call()
