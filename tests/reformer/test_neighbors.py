import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.loops import neighbors as loops
from reformer.neighbors import cosine_similarity, k_nearest, kernel_regression, softmax_attention, top_k_attention

pytestmark = pytest.mark.filterwarnings("error")
few = settings(max_examples=30, deadline=None)
seeds = st.integers(0, 10**6)
batches = st.sampled_from([(), (1,), (3,), (2, 3)])
dtypes = st.sampled_from([np.float32, np.float64])
counts = st.integers(1, 6)


def normals(seed, dtype, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


def by_entry(function, batch, *arrays):
    """What a loop twin, which knows no batch axes, gives for each entry of a batch."""
    entries = [function(*(array[entry] for array in arrays)) for entry in np.ndindex(*batch)]
    return np.reshape(entries, (*batch, *entries[0].shape))


@few
@given(seeds, batches, counts, counts, counts, dtypes)
def test_cosine_similarity_agrees_with_its_loop_twin(seed, batch, n_queries, n_keys, n_features, dtype):
    queries, keys = normals(seed, dtype, (*batch, n_queries, n_features), (*batch, n_keys, n_features))
    similarity = cosine_similarity(queries, keys)
    assert similarity.shape == (*batch, n_queries, n_keys) and similarity.dtype == dtype
    np.testing.assert_allclose(similarity, by_entry(loops.cosine_similarity, batch, queries, keys), atol=1e-6)


@few
@given(seeds, batches, st.integers(2, 8), st.integers(2, 5), dtypes, st.data())
def test_k_nearest_agrees_with_its_loop_twin(seed, batch, n_vectors, n_features, dtype, data):
    k = data.draw(st.integers(1, n_vectors - 1))
    (vectors,) = normals(seed, dtype, (*batch, n_vectors, n_features))
    found = k_nearest(vectors, k)
    assert found.shape == (*batch, n_vectors, k) and found.dtype == np.intp
    ranked = np.sort(cosine_similarity(vectors, vectors), axis=-1)
    if np.all(np.diff(ranked, axis=-1) > 1e-5):
        np.testing.assert_array_equal(found, by_entry(lambda x: loops.k_nearest(x, k), batch, vectors))


@few
@given(seeds, batches, counts, counts, counts, counts, st.floats(0.2, 5), dtypes)
def test_kernel_regression_agrees_with_its_loop_twin(seed, batch, n_queries, n_keys, d, d_v, bandwidth, dtype):
    arrays = normals(seed, dtype, (*batch, n_queries, d), (*batch, n_keys, d), (*batch, n_keys, d_v))
    estimates = kernel_regression(*arrays, bandwidth)
    assert estimates.shape == (*batch, n_queries, d_v) and estimates.dtype == dtype
    looped = by_entry(lambda q, k, v: loops.kernel_regression(q, k, v, bandwidth), batch, *arrays)
    np.testing.assert_allclose(estimates, looped, atol=1e-4 if dtype == np.float32 else 1e-12)


@few
@given(seeds, batches, counts, counts, counts, counts, dtypes)
def test_softmax_attention_agrees_with_its_loop_twin(seed, batch, n_queries, n_keys, d, d_v, dtype):
    arrays = normals(seed, dtype, (*batch, n_queries, d), (*batch, n_keys, d), (*batch, n_keys, d_v))
    attended = softmax_attention(*arrays)
    assert attended.shape == (*batch, n_queries, d_v) and attended.dtype == dtype
    np.testing.assert_allclose(attended, by_entry(loops.softmax_attention, batch, *arrays), atol=1e-5)


@few
@given(seeds, batches, counts, counts, counts, counts, dtypes, st.data())
def test_top_k_attention_agrees_with_its_loop_twin(seed, batch, n_queries, n_keys, d, d_v, dtype, data):
    k = data.draw(st.integers(1, n_keys))
    arrays = normals(seed, dtype, (*batch, n_queries, d), (*batch, n_keys, d), (*batch, n_keys, d_v))
    attended = top_k_attention(*arrays, k)
    assert attended.shape == (*batch, n_queries, d_v) and attended.dtype == dtype
    scores = np.sort(arrays[0] @ np.swapaxes(arrays[1], -1, -2), axis=-1)
    if np.all(np.diff(scores, axis=-1) > 1e-4):
        np.testing.assert_allclose(attended, loops.top_k_attention(*arrays, k), atol=1e-5)


@few
@given(seeds, st.integers(1, 5), st.integers(1, 6), st.data())
def test_the_best_k_are_the_first_k_keys_of_which_no_others_have_a_larger_sum_of_scores(seed, n_queries, n_keys, data):
    k = data.draw(st.integers(1, n_keys))
    rng = np.random.default_rng(seed)
    queries, keys = (rng.integers(-2, 3, (n, 2)).astype(float) for n in (n_queries, n_keys))  # full of ties
    values = rng.standard_normal((n_keys, 3))
    for query, attended in zip(queries, top_k_attention(queries, keys, values, k), strict=True):
        best = list(
            max(itertools.combinations(range(n_keys), k), key=lambda chosen: sum(keys[j] @ query for j in chosen))
        )
        alone = softmax_attention(query[np.newaxis], keys[best], values[best])[0]
        np.testing.assert_allclose(attended, alone, atol=1e-12)


@few
@given(seeds, counts, dtypes)
def test_the_best_of_all_keys_are_all_and_the_best_one_is_the_value_of_its_key(seed, n_keys, dtype):
    arrays = normals(seed, dtype, (2, 4, 3), (2, n_keys, 3), (2, n_keys, 2))
    np.testing.assert_array_equal(top_k_attention(*arrays, n_keys), softmax_attention(*arrays))
    best = np.argmax(arrays[0] @ np.swapaxes(arrays[1], -1, -2), axis=-1)
    expected = np.take_along_axis(arrays[2], best[..., np.newaxis], axis=-2)
    np.testing.assert_array_equal(top_k_attention(*arrays, 1), expected)


def test_keys_that_are_not_among_the_best_change_nothing_and_large_scores_do_not_overflow():
    queries, keys, values = np.array([[32.0, 0.0]]), np.array([[50.0, 0.0], [-50.0, 1.0], [49.0, 2.0]]), np.eye(3)
    attended = top_k_attention(queries, keys, values, 2)
    other_keys, other_values = keys.copy(), values.copy()
    other_keys[1], other_values[1] = [-9, 3], [5, 5, 5]
    np.testing.assert_array_equal(attended, top_k_attention(queries, other_keys, other_values, 2))
    assert attended[0, 1] == 0 and np.sum(attended) == pytest.approx(1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_zero_vector_is_similar_to_nothing(dtype):
    vectors = np.array([[0, 0], [3, 4], [-1, 0]], dtype=dtype)
    similarity = cosine_similarity(vectors, vectors)
    np.testing.assert_array_equal(similarity[0], [0, 0, 0])
    np.testing.assert_allclose(similarity[1], [0, 1, -0.6], atol=1e-6)
    assert k_nearest(vectors, 2).tolist() == [[1, 2], [0, 2], [0, 1]]


@few
@given(seeds, dtypes)
def test_vectors_of_any_length_have_the_similarity_of_their_directions(seed, dtype):
    queries, keys = (np.random.default_rng(seed + i).integers(-4, 5, (5, 3)).astype(dtype) for i in range(2))
    shortest, longest = np.finfo(dtype).smallest_subnormal, np.ldexp(dtype(1), np.finfo(dtype).maxexp - 3)
    expected = cosine_similarity(queries, keys)
    for scale, other in ((shortest, longest), (longest, longest), (shortest, shortest), (longest, dtype(1))):
        np.testing.assert_array_equal(cosine_similarity(scale * queries, other * keys), expected)
    assert np.all(np.abs(expected) <= 1 + 1e-6)


@few
@given(seeds, st.integers(2, 12))
def test_a_vector_is_never_its_own_neighbour_and_all_others_are_if_k_says_so(seed, n_vectors):
    (vectors,) = normals(seed, np.float64, (n_vectors, 3))
    vectors[0] = vectors[-1]  # even where another points the same way
    found = k_nearest(vectors, n_vectors - 1)
    for position, row in enumerate(found):
        assert sorted(row) == [other for other in range(n_vectors) if other != position]
        assert np.all(np.diff(cosine_similarity(vectors, vectors)[position, row]) <= 0)


def test_equally_similar_neighbours_come_in_the_order_of_their_positions():
    vectors = np.array([[0.0, 2.0], [1.0, 0.0], [4.0, 0.0], [0.0, -1.0], [0.0, 0.5], [-3.0, 0.0]])
    assert k_nearest(vectors, 5)[0].tolist() == [4, 1, 2, 5, 3]


def test_the_nearest_by_distance_are_the_nearest_by_cosine_on_unit_vectors_alone():
    (vectors,) = normals(0, np.float64, (60, 5))

    def nearest_by_distance(vectors):
        distance = np.linalg.norm(vectors[:, np.newaxis] - vectors, axis=-1) + np.diag(np.full(60, np.inf))
        return np.argsort(distance, axis=1)[:, :4]

    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_array_equal(nearest_by_distance(unit), k_nearest(vectors, 4))
    assert np.mean(nearest_by_distance(vectors) == k_nearest(vectors, 4)) < 0.8


@few
@given(seeds, counts, counts, dtypes)
def test_equal_keys_give_the_plain_average(seed, n_keys, d, dtype):
    queries, key, values = normals(seed, dtype, (3, d), (1, d), (n_keys, 2))
    keys = np.repeat(key, n_keys, axis=0)
    average = np.broadcast_to(values.mean(axis=0), (3, 2))
    np.testing.assert_allclose(softmax_attention(queries, keys, values), average, atol=1e-5)
    np.testing.assert_allclose(kernel_regression(queries, keys, values, 0.3), average, atol=1e-5)


@few
@given(seeds, st.integers(2, 8))
def test_attention_does_not_know_the_order_of_its_keys(seed, n_keys):
    queries, keys, values = normals(seed, np.float64, (3, 4), (n_keys, 4), (n_keys, 2))
    order = np.random.default_rng(seed).permutation(n_keys)
    np.testing.assert_allclose(
        softmax_attention(queries, keys[order], values[order]), softmax_attention(queries, keys, values), atol=1e-12
    )


@few
@given(seeds, st.integers(1, 9), st.floats(0.1, 10))
def test_attention_is_kernel_regression_where_all_keys_are_equally_long(seed, n_features, length):
    queries, keys, values = normals(seed, np.float64, (4, n_features), (6, n_features), (6, 2))
    keys *= length / np.linalg.norm(keys, axis=1, keepdims=True)
    np.testing.assert_allclose(
        softmax_attention(queries, keys, values),
        kernel_regression(queries, keys, values, n_features**0.25),
        atol=1e-9,
    )


def test_the_bandwidth_leads_from_the_nearest_value_to_the_average_of_all():
    keys, values = np.array([[0.0], [1.0], [5.0]]), np.array([[1.0], [2.0], [6.0]])
    queries = np.array([[0.4], [0.6], [40.0]])
    np.testing.assert_allclose(kernel_regression(queries, keys, values, 1e-3), [[1.0], [2.0], [6.0]])
    np.testing.assert_allclose(kernel_regression(queries, keys, values, 1e6), [[3.0]] * 3, atol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_far_queries_and_large_scores_neither_underflow_nor_overflow(dtype):
    keys, values = np.array([[1], [2]], dtype=dtype), np.array([[3], [7]], dtype=dtype)
    np.testing.assert_array_equal(kernel_regression(np.array([[1e4]], dtype=dtype), keys, values, 0.1), [[7]])
    np.testing.assert_array_equal(softmax_attention(np.array([[1e4], [-1e4]], dtype=dtype), keys, values), [[7], [3]])


@few
@given(seeds, st.integers(-30, 37), st.integers(-30, 37))
def test_attention_on_float32_is_right_whatever_its_dot_products_are(seed, size, other_size):
    queries, keys, values = normals(seed, np.float32, (4, 3), (5, 3), (5, 2))
    queries, keys = queries * np.float32(10.0**size), keys * np.float32(10.0**other_size)
    scores = queries.astype(np.float64) @ keys.T.astype(np.float64) / np.sqrt(3)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    attended = softmax_attention(queries, keys, values)
    np.testing.assert_allclose(attended, weights / weights.sum(axis=1, keepdims=True) @ values, atol=1e-5)
    assert attended.dtype == np.float32


def test_dot_products_and_distances_that_no_float_can_hold_are_refused_by_name():
    x, far = np.array([[1e200, -1e200]]), np.array([[1.7e308, 0]])
    with pytest.raises(ValueError, match="^queries needs dot products"):
        softmax_attention(x, x, np.ones((1, 1)))
    with pytest.raises(ValueError, match="^queries needs dot products"):
        softmax_attention(x, np.abs(x), np.ones((1, 1)))  # inf - inf
    with pytest.raises(ValueError, match="^queries needs distances"):
        kernel_regression(far, np.concatenate([far, -far]), np.ones((2, 1)), 1.0)


@few
@given(seeds, dtypes, st.integers(1, 40))
def test_an_average_never_leaves_its_values_not_even_at_the_end_of_the_range(seed, dtype, n_keys):
    queries, keys = normals(seed, dtype, (4, 3), (n_keys, 3))
    values = np.random.default_rng(seed).choice([-1, 1, 1, 1], (n_keys, 3)).astype(dtype) * np.finfo(dtype).max
    for average in (softmax_attention(queries, keys, values), kernel_regression(queries, keys, values, 1.0)):
        assert np.all((average >= values.min(axis=0)) & (average <= values.max(axis=0)))


@few
@given(seeds, dtypes, st.floats(-1, 1))
def test_in_other_units_kernel_regression_gives_the_same(seed, dtype, size):
    queries, keys, values = normals(seed, dtype, (4, 3), (5, 3), (5, 2))
    unit = 2.0 ** round(size * (120 if dtype == np.float32 else 1010))
    scaled = [(array.astype(np.float64) * unit).astype(dtype) for array in (queries, keys)]
    expected = kernel_regression(*(array.astype(np.float64) / unit for array in scaled), values, 0.7)
    atol = 1e-5 if dtype == np.float32 else 1e-12
    np.testing.assert_allclose(kernel_regression(*scaled, values, 0.7 * unit), expected, atol=atol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bandwidth", [5e-324, 1e-200, 1e-50, 1e-20, 1e-3])
def test_a_very_small_bandwidth_leaves_the_nearest_value_or_the_average_over_those_equally_near(dtype, bandwidth):
    keys = np.array([[1, 2, 2], [3, 0, 0], [0, 0, 4]], dtype=dtype)
    queries = np.array([[0, 0, 0], [0, 0, 3], [3, 0, 0]], dtype=dtype)
    values = np.array([[1], [2], [6]], dtype=dtype)
    for unit in (2.0**0, 2.0**-100, 2.0**100):
        if bandwidth < 1e-2 * unit:
            found = kernel_regression(dtype(unit) * queries, dtype(unit) * keys, values, bandwidth)
            np.testing.assert_array_equal(found, [[1.5], [6], [2]])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("bandwidth", [1e10, 1e60, 1e200, 1.7e308])
def test_a_very_large_bandwidth_leaves_the_average_over_all(dtype, bandwidth):
    (keys,), values = normals(0, dtype, (3, 2)), np.array([[1], [2], [6]], dtype=dtype)
    np.testing.assert_allclose(kernel_regression(keys, keys, values, bandwidth), [[3]] * 3, rtol=1e-6)


@pytest.mark.parametrize(("dtype", "keys"), [(np.float32, [-3e38, 1e38]), (np.float64, [-1.5e308, 1.2e308])])
def test_keys_may_lie_as_far_away_as_they_can(dtype, keys):
    keys, values = np.array(keys, dtype)[:, np.newaxis], np.array([[1], [2]], dtype)
    np.testing.assert_array_equal(kernel_regression(np.zeros((1, 1), dtype), keys, values, 1.0), [[2]])
    if dtype == np.float32:
        np.testing.assert_array_equal(kernel_regression(np.array([[3e38]], dtype), keys, values, 1.0), [[2]])


@pytest.mark.parametrize(("dtype", "far", "near"), [(np.float32, 1e38, 1e-20), (np.float64, 1e300, 1e-200)])
def test_a_key_far_away_changes_nothing_among_the_near_ones(dtype, far, near):
    keys, values = np.array([[near], [2 * near], [far]], dtype=dtype), np.array([[1], [2], [9]], dtype=dtype)
    expected = (np.exp(-0.5) + 2 * np.exp(-2)) / (np.exp(-0.5) + np.exp(-2))
    found = kernel_regression(np.zeros((1, 1), dtype), keys, values, float(dtype(near)))
    np.testing.assert_allclose(found, [[expected]], rtol=1e-6)


def test_dtypes_may_be_mixed_and_the_wider_one_counts():
    queries, keys, values = normals(0, np.float64, (2, 3), (4, 3), (4, 1))
    single = queries.astype(np.float32)
    wide = single.astype(np.float64)
    np.testing.assert_allclose(cosine_similarity(single, keys), cosine_similarity(wide, keys), atol=1e-6)
    for average in (softmax_attention, lambda *arrays: kernel_regression(*arrays, 1.0)):
        found = average(single, keys, values.astype(np.float32))
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, average(wide, keys, values.astype(np.float32)), rtol=1e-12)


@pytest.mark.parametrize("wide", range(3))
def test_one_wide_argument_is_enough_for_a_wide_result(wide):
    arrays = normals(0, np.float32, (2, 3), (4, 3), (4, 1))
    arrays[wide] = arrays[wide].astype(np.float64)
    for average in (softmax_attention, lambda *those: kernel_regression(*those, 1.0)):
        assert average(*arrays).dtype == np.float64


def test_one_set_of_keys_may_serve_a_batch_of_queries():
    queries, keys, values = normals(0, np.float64, (2, 3, 4), (5, 4), (5, 2))
    for entry in range(2):
        np.testing.assert_allclose(
            softmax_attention(queries, keys, values)[entry], softmax_attention(queries[entry], keys, values)
        )


def test_a_bandwidth_of_any_number_type_leaves_float32_as_it_is():
    x = np.ones((2, 2), dtype=np.float32)
    for bandwidth in (1, 0.5, np.float64(0.5), np.float32(0.5), np.int64(2), np.array(0.5)):
        assert kernel_regression(x, x, x, bandwidth).dtype == np.float32


def test_scores_divided_by_the_root_of_d_keep_their_size_whatever_d_is():
    for n_features in (4, 64, 1024):
        queries, keys = normals(n_features, np.float64, (400, n_features), (100, n_features))
        weights = softmax_attention(queries, keys, np.eye(100))
        assert np.std(np.log(weights)) == pytest.approx(1, abs=0.2)


q, k, v = np.ones((3, 4)), np.ones((5, 4)), np.ones((5, 2))


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda: cosine_similarity(q.astype(int), k), "queries"),
        (lambda: cosine_similarity(q[0], k), "queries"),
        (lambda: cosine_similarity(q * np.nan, k), "queries"),
        (lambda: cosine_similarity(q, k.astype(np.float16)), "keys"),
        (lambda: cosine_similarity(q, k[0]), "keys"),
        (lambda: cosine_similarity(q, k[:, :3]), "keys"),
        (lambda: cosine_similarity(q, k[:0]), "keys"),
        (lambda: cosine_similarity(q, k * np.inf), "keys"),
        (lambda: k_nearest(k.astype(int), 2), "vectors"),
        (lambda: k_nearest(k[0], 2), "vectors"),
        (lambda: k_nearest(k * np.nan, 2), "vectors"),
        (lambda: k_nearest(k, 0), "k"),
        (lambda: k_nearest(k, 5), "k"),
        (lambda: k_nearest(k[:1], 1), "k"),
        (lambda: k_nearest(k, 2.0), "k"),
        (lambda: k_nearest(k, True), "k"),
        (lambda: kernel_regression(q[0], k, v, 1.0), "queries"),
        (lambda: kernel_regression(q, k[:, :3], v, 1.0), "keys"),
        (lambda: kernel_regression(q, k, v[:4], 1.0), "values"),
        (lambda: kernel_regression(q, k * np.nan, v, 1.0), "keys"),
        (lambda: kernel_regression(q, k, v * np.inf, 1.0), "values"),
        (lambda: kernel_regression(q, k, v.astype(int), 1.0), "values"),
        (lambda: kernel_regression(q, k, v, 0.0), "bandwidth"),
        (lambda: kernel_regression(q, k, v, -1.0), "bandwidth"),
        (lambda: kernel_regression(q, k, v, np.nan), "bandwidth"),
        (lambda: kernel_regression(q, k, v, np.inf), "bandwidth"),
        (lambda: kernel_regression(q, k, v, "wide"), "bandwidth"),
        (lambda: kernel_regression(q, k, v, True), "bandwidth"),
        (lambda: kernel_regression(q, k, v, np.ones(3)), "bandwidth"),
        (lambda: kernel_regression(q, k, v, None), "bandwidth"),
        (lambda: kernel_regression(q, k, v, np.ma.masked), "bandwidth"),
        (lambda: kernel_regression(q[:, :0], k[:, :0], v, 1.0), "queries"),
        (lambda: softmax_attention(q[:, :0], k[:, :0], v), "queries"),
        (lambda: softmax_attention(q, np.ma.masked_equal(k, 1), v), "keys"),
        (lambda: k_nearest(np.ma.masked_equal(k, 1), 2), "vectors"),
        (lambda: cosine_similarity(np.stack([q, q]), np.stack([k, k, k])), "keys"),
        (lambda: softmax_attention(q * np.inf, k, v), "queries"),
        (lambda: softmax_attention(q, k[:, :3], v), "keys"),
        (lambda: softmax_attention(np.stack([q, q]), k, np.stack([v, v, v])), "values"),
        (lambda: softmax_attention(q, k[:0], v[:0]), "keys"),
        (lambda: softmax_attention(q, k, v * np.nan), "values"),
        (lambda: softmax_attention(q, k, v[:, 0]), "values"),
        (lambda: top_k_attention(q * np.nan, k, v, 2), "queries"),
        (lambda: top_k_attention(q, k[:, :3], v, 2), "keys"),
        (lambda: top_k_attention(q, k[:0], v[:0], 1), "keys"),
        (lambda: top_k_attention(q, k, v[:4], 2), "values"),
        (lambda: top_k_attention(q, k, v, 0), "k"),
        (lambda: top_k_attention(q, k, v, 6), "k"),
        (lambda: top_k_attention(q, k, v, 2.0), "k"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        call()
