"""What a refusal says of a shape or a number: the letters of the docstring, so that a reader finds what is meant."""

import numpy as np
import pytest

from reformer.angular import collision_probability, draw_rotations
from reformer.chunking import share_of_pairs_lost, sort_by_bucket
from reformer.neighbors import cosine_similarity, k_nearest, kernel_regression, softmax_attention, top_k_attention
from reformer.planes import build_hash_table, hash_value, side_of_planes

two, one = np.ones((2, 3)), np.ones(3)
whole = np.arange(3)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: cosine_similarity(one, two), "queries needs shape (..., Q, d)"),
        (lambda: cosine_similarity(two, one), "keys needs shape (..., K, d)"),
        (lambda: k_nearest(one, 1), "vectors needs shape (..., L, d)"),
        (lambda: kernel_regression(one, two, two, 1.0), "queries needs shape (..., Q, d)"),
        (lambda: kernel_regression(two, one, two, 1.0), "keys needs shape (..., K, d)"),
        (lambda: kernel_regression(two, two, one, 1.0), "values needs shape (..., K, d_v)"),
        (lambda: softmax_attention(one, two, two), "queries needs shape (..., Q, d)"),
        (lambda: softmax_attention(two, one, two), "keys needs shape (..., K, d)"),
        (lambda: softmax_attention(two, two, one), "values needs shape (..., K, d_v)"),
        (lambda: top_k_attention(two, two, one, 1), "values needs shape (..., K, d_v)"),
        (lambda: side_of_planes(one, two), "vectors needs shape (..., L, d)"),
        (lambda: side_of_planes(two, one), "normals needs shape (..., d, P)"),
        (lambda: hash_value(np.bool_(True)), "sides needs shape (..., P)"),
        (lambda: build_hash_table(whole.reshape(1, 3)), "buckets needs shape (L)"),
        (lambda: sort_by_bucket(np.int64(3)), "buckets needs shape (..., L)"),
        (lambda: share_of_pairs_lost(np.int64(3), 2), "buckets needs shape (..., L)"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused_with_the_letters_of_the_docstring(call, words):
    with pytest.raises(ValueError) as refused:
        call()
    assert str(refused.value).startswith(words)


@pytest.mark.parametrize(
    "call",
    [
        lambda: draw_rotations(np.random.default_rng(0), n_rounds=1, n_features=2, n_buckets=1),
        lambda: collision_probability(np.array([0.5]), 1),
    ],
)
def test_fewer_than_two_buckets_are_refused_as_such(call):
    with pytest.raises(ValueError, match="^n_buckets needs an even whole number of at least 2, got 1$"):
        call()
