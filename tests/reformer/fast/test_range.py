"""Numbers of any size, and what is not finite: the tuned path gives what exact arithmetic would, or refuses by name."""

import warnings
from itertools import product

import numpy as np
import pytest

from reformer.fast import rounds
from reformer.fast.lsh_attention import lsh_attention_backward, lsh_attention_forward
from reformer.lsh_attention import lsh_attention
from tests.reformer.peak_memory import peak_bytes

SIZES = dict(n_buckets=4, chunk_length=16)


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def forward_and_gradients(queries, values, gradient, dtype, **chosen):
    """Outputs, d_queries_keys, d_values, computed in a dtype."""
    buckets = np.random.default_rng(1).integers(0, 4, (*values.shape[:-2], 3, values.shape[-2]))
    queries, values, gradient = (array.astype(dtype) for array in (queries, values, gradient))
    outputs, saved = lsh_attention_forward(queries, values, buckets, **{**SIZES, **chosen})
    (d_queries_keys, d_values), _ = lsh_attention_backward(gradient, saved)
    return outputs, d_queries_keys, d_values


def along_one_line(rng, size, *, opposed, noise=0.1):
    """Vectors of one length that point nearly the same way, or half of them the other: logits near |q| and -|q|."""
    queries = 1 + noise * rng.standard_normal((2, 100, 8))
    if opposed:
        queries *= rng.choice([-1, 1], (2, 100, 1))
    return size * queries / np.linalg.norm(queries, axis=-1, keepdims=True)


def assert_close(found, exact, error=1e-4):
    for close, right in zip(found, exact, strict=True):
        np.testing.assert_allclose(close, right, rtol=0, atol=error * np.max(np.abs(right)))


@pytest.mark.parametrize("opposed", [False, True], ids=["aligned", "opposed"])
@pytest.mark.parametrize("size", [1, 30, 50, 59.5, 60.5, 200])
def test_float32_keeps_its_digits_whatever_the_size_of_values_and_gradients(size, opposed):
    rng = np.random.default_rng(0)
    queries = along_one_line(rng, size, opposed=opposed).astype(np.float32)
    values, gradient = rng.standard_normal((2, 2, 100, 5))
    for of_values, of_gradient in product((1e-15, 1e-6, 1, 1e12, 1e20), (1e-18, 1e-14, 1, 1e12)):
        arrays = queries, np.float32(of_values * values), np.float32(of_gradient * gradient)
        assert_close(forward_and_gradients(*arrays, np.float32), forward_and_gradients(*arrays, np.float64))


@pytest.mark.parametrize("dtype, size, power", [(np.float32, 59, 90), (np.float64, 599, 900), (np.float64, 700, 900)])
@pytest.mark.parametrize("opposed", [False, True], ids=["aligned", "opposed"])
def test_a_power_of_two_goes_through_to_the_results(dtype, size, power, opposed):
    rng = np.random.default_rng(0)
    queries, (values, gradient) = along_one_line(rng, size, opposed=opposed), rng.standard_normal((2, 2, 100, 5))
    plain = forward_and_gradients(queries, values, gradient, dtype)
    for of_values, of_gradient in ((power, 0), (-power, 0), (0, power), (0, -power), (power, -power), (-power, power)):
        scaled = np.ldexp(values, of_values), np.ldexp(gradient, of_gradient)
        powers = of_values, of_values + of_gradient, of_gradient
        found = [np.ldexp(a, -k) for a, k in zip(forward_and_gradients(queries, *scaled, dtype), powers, strict=True)]
        assert_close(found, plain, error=4 * np.finfo(dtype).eps)


def test_large_numbers_in_one_head_leave_the_digits_of_another():
    rng = np.random.default_rng(0)
    queries, (values, gradient) = along_one_line(rng, 59, opposed=True), rng.standard_normal((2, 2, 100, 5))
    plain = forward_and_gradients(queries, values, gradient, np.float32)
    values[1], gradient[1] = values[1] * 1e25, gradient[1] * 1e-25
    for one, other in zip(plain, forward_and_gradients(queries, values, gradient, np.float32), strict=True):
        np.testing.assert_array_equal(one[0], other[0])


@pytest.mark.parametrize("causal", [True, False])
@pytest.mark.parametrize("size", [1e3, 1e15, 1e25, 9.9e28])
@pytest.mark.parametrize("of_values, of_gradient", [(1, 1), (1e20, 1e-18), (1e4, 1e12), (1e-15, 1e4)])
def test_gradients_of_long_vectors_are_right(size, of_values, of_gradient, causal):
    # Along axes, so that logits are 0, |q| or -|q| in float32 as in float64, and keys equally near stay so. There are
    # many axes: a query whose nearest keys are all at a right angle has a gradient, one that meets its like has none.
    rng = np.random.default_rng(0)
    queries = np.float32(size) * np.eye(32)[rng.integers(0, 32, (2, 100))] * rng.choice([-1, 1], (2, 100, 1))
    values, gradient = rng.standard_normal((2, 2, 100, 5))
    arrays = queries, np.float32(of_values * values), np.float32(of_gradient * gradient)
    chosen = dict(causal=causal, chunk_length=4)
    exact = forward_and_gradients(*arrays, np.float64, **chosen)
    assert np.max(np.abs(exact[1])) > 0.1 * of_values * of_gradient
    assert_close(forward_and_gradients(*arrays, np.float32, **chosen), exact)


@pytest.mark.parametrize("size", [1e27, 9.9e28])
def test_gradients_of_a_key_that_many_long_queries_look_at_are_finite(size):
    # In each of 60 rounds another token meets the first two, and nobody else meets anybody.
    buckets = np.arange(62) * np.ones((60, 1), int)
    buckets[:, 1] = buckets[np.arange(60), 2 + np.arange(60)] = 0
    queries = np.full((62, 1), size, np.float32)
    values = np.full((62, 8), 16000, np.float32)
    gradient = values.copy()
    values[1] *= -1
    chosen = dict(n_buckets=62, chunk_length=3, n_before=0, same_bucket_only=True)
    _, saved = lsh_attention_forward(queries, values, buckets, **chosen)
    (d_queries_keys, d_values), _ = lsh_attention_backward(gradient, saved)
    np.testing.assert_allclose(d_queries_keys, 0, atol=1e-6 * 16000**2)  # on one line nothing turns
    np.testing.assert_allclose(d_values[:, 0], [16000 * 32, 16000 * 30] + [0] * 60, rtol=1e-5)


@pytest.mark.parametrize(
    "dtype, size", [(np.float32, 1.1e29), (np.float32, 3e38), (np.float64, 1e29), (np.float64, 1e300)]
)
def test_vectors_beyond_1e29_are_refused_by_name_unless_they_are_padding(dtype, size):
    rng = np.random.default_rng(0)
    queries, (values, gradient) = np.ones((1, 50, 4)), rng.standard_normal((2, 1, 50, 5))
    queries[0, 20] = [size, 0, 0, 0]
    with pytest.raises(ValueError, match="^queries_keys needs vectors shorter than 1e29"):
        forward_and_gradients(queries, values, gradient, dtype)
    padding = np.arange(50)[np.newaxis] == 20
    found = forward_and_gradients(queries, values, gradient, dtype, padding=padding)
    assert all(np.all(np.isfinite(array)) for array in found)


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf])
def test_padding_that_is_not_finite_reaches_nobody(nothing):
    rng = np.random.default_rng(0)
    queries, values, gradient = rng.standard_normal((3, 2, 50, 5))
    padding = rng.random((2, 50)) < 0.3
    clean = forward_and_gradients(queries, values, gradient, np.float64, padding=padding)
    for array in (queries, values, gradient):
        array[padding] = nothing
    found = forward_and_gradients(queries, values, gradient, np.float64, padding=padding)
    for one, other in zip(clean, found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", ["queries", "values"])
def test_input_that_is_not_finite_is_treated_as_on_the_clear_path(nothing, place):
    arrays = dict(zip(("queries", "values"), np.random.default_rng(0).standard_normal((2, 2, 50, 5)), strict=True))
    arrays[place][0, 30, 2] = nothing
    buckets = np.random.default_rng(1).integers(0, 4, (2, 3, 50))
    with np.errstate(all="ignore"):
        clear = lsh_attention(*arrays.values(), buckets, **SIZES)
        tuned, _ = lsh_attention_forward(*arrays.values(), buckets, **SIZES)
    np.testing.assert_array_equal(tuned, clear)
    assert np.all(np.isfinite(tuned[1])) and not np.all(np.isfinite(tuned[0]))


@pytest.mark.parametrize("nothing", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 1], ids=["queries", "values"])
def test_a_later_token_that_is_not_finite_reaches_no_earlier_one(nothing, place):
    arrays = np.random.default_rng(0).standard_normal((3, 2, 50, 5))
    arrays[2, :, 30:] = 0  # the gradient of the outputs, so that later tokens ask nothing of earlier ones
    clean = forward_and_gradients(*arrays, np.float64)
    arrays[place, :, 30] = nothing
    for one, other in zip(clean, forward_and_gradients(*arrays, np.float64), strict=True):
        np.testing.assert_allclose(one[:, :30], other[:, :30], atol=1e-12)


@pytest.mark.parametrize("padding", [None, np.arange(70)[np.newaxis] > 60])
def test_a_chunk_longer_than_the_sequence_is_as_long_as_the_sequence(padding):
    arrays = np.random.default_rng(0).standard_normal((3, 1, 70, 5))
    chosen = dict(padding=padding, n_after=1, causal=False)
    whole = forward_and_gradients(*arrays, np.float64, chunk_length=70 if padding is None else 61, **chosen)
    for chunk_length in (71, 10**6):
        found = forward_and_gradients(*arrays, np.float64, chunk_length=chunk_length, **chosen)
        for one, other in zip(whole, found, strict=True):
            np.testing.assert_array_equal(one, other)
    needed = peak_bytes(lambda: forward_and_gradients(*arrays, np.float64, chunk_length=10**9, **chosen))
    assert needed < 2**22


@pytest.mark.parametrize("n_buckets", [2**31, 2**62, 2**63])
def test_buckets_of_any_number_are_told_apart(n_buckets):
    rng = np.random.default_rng(0)
    queries, values, gradient = rng.standard_normal((3, 2, 60, 5))
    few = rng.integers(0, 4, (2, 3, 60))
    spread = few.astype(np.uint64) * np.uint64(n_buckets // 4)
    chosen = dict(chunk_length=8, same_bucket_only=True, correct_duplicates=True)
    expected, saved = lsh_attention_forward(queries, values, few, n_buckets=4, **chosen)
    outputs, also_saved = lsh_attention_forward(queries, values, spread, n_buckets=n_buckets, **chosen)
    np.testing.assert_array_equal(outputs, expected)
    for one, other in zip(*(lsh_attention_backward(gradient, s)[0] for s in (saved, also_saved)), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("size", [1, 1000])
def test_a_forward_pass_computes_every_logit_once_however_long_vectors_are(size, monkeypatch):
    places, true = [], rounds.Rounds.logits

    def noted(self, place):
        places.append((self.r, str(place)))
        return true(self, place)

    monkeypatch.setattr(rounds.Rounds, "logits", noted)
    queries, values = np.random.default_rng(0).standard_normal((2, 1, 3000, 4))
    buckets = np.zeros((1, 2, 3000), int)
    lsh_attention_forward(size * queries, values, buckets, n_buckets=1, chunk_length=64)
    assert len(places) == len(set(places)) > 2
