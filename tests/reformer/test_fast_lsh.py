"""The tuned path is held to the clear composition, in every option and at both ends of its preconditions."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer import _fast_lsh
from reformer.angular import draw_rotations, factorised_hash
from reformer.chunking import WRAPS
from reformer.lsh_attention import (
    Options,
    _attend,
    _attend_backward,
    hash_vectors,
    lsh_attention_backward,
    lsh_attention_forward,
)

LOOKS = [(1, 0), (0, 0), (1, 1), (2, 1)]


def both(queries, values, buckets, options, gradient):
    """Outputs and gradients by the clear path and by the tuned one."""
    clear, saved = _attend(queries, values, buckets, options)
    assert _fast_lsh.fits(values.shape[-2], options)
    fast, fast_saved = _fast_lsh.forward(queries, values, buckets, options)
    clear = [clear, *_attend_backward(gradient, saved)]
    return clear, [fast, *_fast_lsh.backward(gradient, fast_saved)]


@pytest.mark.parametrize("causal, wrap, same_bucket_only", list(product((True, False), WRAPS, (False, True))))
@pytest.mark.parametrize("largest_logit", [600.0, 0.0])  # with 0 every call takes the branch for large logits
def test_the_tuned_path_agrees_with_the_clear_one(causal, wrap, same_bucket_only, largest_logit, monkeypatch):
    monkeypatch.setitem(_fast_lsh.LARGEST_LOGIT, np.dtype(np.float64), largest_logit)
    rng = np.random.default_rng(0)
    for (n_before, n_after), length, scale in product(LOOKS, (40, 37), (1, 30)):
        queries, values, gradient = (rng.standard_normal((3, length, n)) * s for n, s in ((6, scale), (5, 1), (5, 1)))
        buckets = rng.integers(0, 4, (3, 3, length))
        options = Options(4, 8, causal, n_before, n_after, wrap, same_bucket_only)
        for clear, fast in zip(*both(queries, values, buckets, options, gradient), strict=True):
            np.testing.assert_allclose(fast, clear, atol=1e-10 * max(1, np.max(np.abs(clear))))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 4), st.integers(30, 300), st.integers(1, 14))
def test_the_tuned_path_agrees_on_many_shapes(seed, n_heads, n_rounds, length, chunk_length):
    rng = np.random.default_rng(seed)
    queries, values, gradient = (rng.standard_normal((n_heads, length, n)) for n in (6, 5, 5))
    buckets = rng.integers(0, 9, (n_heads, n_rounds, length))
    options = Options(9, chunk_length, causal=bool(seed % 2))
    for clear, fast in zip(*both(queries, values, buckets, options, gradient), strict=True):
        np.testing.assert_allclose(fast, clear, atol=1e-11)


@pytest.mark.parametrize("size", [1.0, 9.0, 200.0, 1e4])
def test_float32_keeps_its_precision_whatever_the_size_of_the_logits(size):
    rng = np.random.default_rng(0)
    queries, values, gradient = rng.standard_normal((3, 2, 300, 16))
    queries *= size / 4
    buckets = rng.integers(0, 8, (2, 3, 300))
    exact, _ = both(queries, values, buckets, Options(8, 16), gradient)
    rounded = [array.astype(np.float32) for array in (queries, values, gradient)]
    _, fast = both(*rounded[:2], buckets, Options(8, 16), rounded[2])
    for close, right in zip(fast, exact, strict=True):
        assert close.dtype == np.float32
        np.testing.assert_allclose(close, right, atol=max(2e-6, 2e-6 * size) * np.max(np.abs(right)))


def test_two_workers_give_what_one_gives():
    rng = np.random.default_rng(0)
    queries, values, gradient = rng.standard_normal((3, 2, 3, 700, 8))
    buckets = rng.integers(0, 8, (2, 3, 2, 700))
    results = []
    for n_workers in (1, 2):
        outputs, saved = lsh_attention_forward(
            queries, values, buckets, n_buckets=8, chunk_length=64, n_workers=n_workers
        )
        results.append([outputs, *lsh_attention_backward(gradient, saved)])
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


def test_arguments_are_left_as_they_were():
    rng = np.random.default_rng(0)
    arrays = [*rng.standard_normal((3, 2, 90, 8)), rng.integers(0, 8, (2, 2, 90))]
    copies = [array.copy() for array in arrays]
    _, saved = lsh_attention_forward(arrays[0], arrays[1], arrays[3], n_buckets=8, chunk_length=16)
    first = lsh_attention_backward(arrays[2], saved)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    for once, again in zip(first, lsh_attention_backward(arrays[2], saved), strict=True):
        np.testing.assert_array_equal(once, again)


def test_views_that_are_not_contiguous_are_taken_for_what_they_show():
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((2, 90, 3, 8))
    heads = np.swapaxes(wide, 1, 2)  # (2, 3, 90, 8)
    buckets = rng.integers(0, 8, (2, 3, 2, 90))
    sizes = dict(n_buckets=8, chunk_length=16)
    outputs, saved = lsh_attention_forward(heads, heads, buckets, **sizes)
    copied, copied_saved = lsh_attention_forward(heads.copy(), heads.copy(), buckets, **sizes)
    np.testing.assert_array_equal(outputs, copied)
    for ours, theirs in zip(
        lsh_attention_backward(heads, saved), lsh_attention_backward(heads.copy(), copied_saved), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.sampled_from([(), (2,), (2, 3)]),
    st.integers(1, 700),
    st.integers(1, 3),
    st.lists(st.integers(1, 12), min_size=1, max_size=3),
    st.sampled_from([np.float32, np.float64]),
)
def test_hash_vectors_gives_the_buckets_of_factorised_hash(seed, batch, length, n_rounds, halves, dtype):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((*batch, length, 5)).astype(dtype)
    factors = [draw_rotations(rng, n_rounds=n_rounds, n_features=5, n_buckets=2 * h, dtype=dtype) for h in halves]
    rotated = [vectors[..., np.newaxis, :, :] @ rotations for rotations in factors]
    fast, clear = hash_vectors(vectors, factors), factorised_hash(vectors, factors)
    assert fast.shape == clear.shape
    np.testing.assert_array_equal(fast[decided(rotated)], clear[decided(rotated)])


def decided(rotated):
    """Where the largest entry leads by more than rounding can take away."""
    tops = [np.sort(np.concatenate([y, -y], axis=-1), axis=-1)[..., -2:] for y in rotated]
    return np.all([top[..., 1] - top[..., 0] > 1e-5 for top in tops], axis=0)


def test_hash_vectors_breaks_ties_as_the_clear_hash_does():
    vectors = np.array([[0.0, 0.0], [1.0, -1.0], [-1.0, 1.0], [-2.0, -2.0], [1.0, 0.0]])
    rotations = np.array([[[1.0, -1.0, 1.0], [1.0, 1.0, -1.0]]])  # exact numbers, many of them equal
    np.testing.assert_array_equal(hash_vectors(vectors, [rotations]), factorised_hash(vectors, [rotations]))


def test_hash_vectors_holds_more_than_2_to_the_16_buckets_and_more_than_255_columns():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((50, 6))
    factors = [draw_rotations(rng, n_rounds=2, n_features=6, n_buckets=b, dtype=np.float64) for b in (600, 256)]
    np.testing.assert_array_equal(hash_vectors(vectors, factors), factorised_hash(vectors, factors))


x, r = np.zeros((2, 6, 4)), np.zeros((3, 4, 2))


@pytest.mark.parametrize(
    "arguments, named",
    [
        ((x.astype(int), [r]), "vectors"),
        ((x[0, 0], [r]), "vectors"),
        ((x + np.nan, [r]), "vectors"),
        ((x, []), "factor_rotations"),
        ((x, [r.astype(np.float32)]), "factor_rotations"),
        ((x, [r[:, :3]]), "factor_rotations"),
        ((x, [r, r[:2]]), "factor_rotations"),
        ((x, [r[..., :0]]), "factor_rotations"),
    ],
)
def test_a_bad_argument_of_hash_vectors_is_refused_by_name(arguments, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        hash_vectors(*arguments)
