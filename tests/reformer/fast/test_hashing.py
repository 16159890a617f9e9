"""The hash of the tuned path is held to `angular.factorised_hash`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.angular import draw_rotations, factorised_hash
from reformer.fast.hashing import hash_vectors


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_length_of_a_vector_does_not_matter_near_the_ends_of_the_range_either(dtype):
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((300, 16)).astype(dtype)
    vectors /= np.max(np.abs(vectors), axis=-1, keepdims=True)
    factors = [draw_rotations(rng, n_rounds=2, n_features=16, n_buckets=b, dtype=dtype) for b in (8, 6)]
    expected = hash_vectors(vectors, factors)
    for power in (np.finfo(dtype).maxexp - 1, np.finfo(dtype).minexp):
        sizes = np.where(np.arange(300) % 2, 0, power)[:, np.newaxis]  # every other one, for the others must stay
        np.testing.assert_array_equal(hash_vectors(np.ldexp(vectors, sizes), factors), expected)
    assert np.all(hash_vectors(0 * vectors, factors) == 0)


def test_as_many_buckets_as_64_bits_can_number_are_told_apart_and_more_are_refused():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((50, 6))
    half = [draw_rotations(rng, n_rounds=1, n_features=6, n_buckets=2**7, dtype=np.float64) for _ in range(9)]
    buckets = hash_vectors(vectors, half[:8] + [half[8][..., :16]])  # 2^61
    np.testing.assert_array_equal(buckets % 2**7, hash_vectors(vectors, half[:1]))
    np.testing.assert_array_equal(buckets // 2**56, hash_vectors(vectors, [half[8][..., :16]]))
    with pytest.raises(ValueError, match="^factor_rotations needs fewer than 2\\^63 buckets"):
        hash_vectors(vectors, half)


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
        ((x, [r[:0]]), "factor_rotations"),
        ((x[:, :0], [r]), "vectors"),
        ((x, [r], 0), "n_workers"),
    ],
)
def test_a_bad_argument_of_hash_vectors_is_refused_by_name(arguments, named):
    vectors, factors, *n_workers = arguments
    with pytest.raises(ValueError, match=rf"^{named}(\[\d\])? needs"):
        hash_vectors(vectors, factors, **dict(zip(["n_workers"], n_workers, strict=False)))
