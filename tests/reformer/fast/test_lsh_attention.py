"""The tuned path is held to the clear composition, and its gradients to finite differences, in every option."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.chunking import WRAPS
from reformer.fast import lsh_attention as fast
from reformer.fast import memory, rounds, scaling
from reformer.fast.lsh_attention import lsh_attention_backward, lsh_attention_forward
from reformer.loops import lsh_attention as loops
from reformer.lsh_attention import lsh_attention
from tests.reformer.finite_differences import gradient_error
from tests.reformer.peak_memory import peak_bytes

LOOKS = [(1, 0), (0, 0), (1, 1), (2, 1)]
LENGTHS = [(40, 8), (37, 8), (8, 8), (5, 8), (3, 1)]  # of sequence and chunk: dividing, not, few chunks, or one


def draw(length, scale=1.0):
    rng = np.random.default_rng(0)
    queries, values = scale * rng.standard_normal((3, length, 6)), rng.standard_normal((3, length, 5))
    return queries, values, rng.integers(0, 4, (3, 3, length))


def forward_and_gradients(queries, values, buckets, gradient, **options):
    outputs, saved = lsh_attention_forward(queries, values, buckets, **options)
    (d_queries_keys, d_values), _ = lsh_attention_backward(gradient, saved)
    return [outputs, d_queries_keys, d_values]


@pytest.fixture(params=[600.0, 0.0], ids=["small_logits", "large_logits"])
def largest_logit(request, monkeypatch):
    """With 0 every call takes the branch for large logits."""
    monkeypatch.setitem(scaling.LARGEST_LOGIT, np.dtype(np.float64), request.param)


options = pytest.mark.parametrize(
    "causal, wrap, same_bucket_only, correct_duplicates",
    list(product((True, False), WRAPS, (False, True), (False, True))),
)


@options
def test_the_tuned_path_agrees_with_the_clear_one(causal, wrap, same_bucket_only, correct_duplicates, largest_logit):
    flags = dict(same_bucket_only=same_bucket_only, correct_duplicates=correct_duplicates)
    for (n_before, n_after), (length, chunk_length), scale in product(LOOKS, LENGTHS, (1, 30)):
        look = dict(causal=causal, wrap=wrap, n_before=n_before, n_after=n_after)
        chosen = dict(n_buckets=4, chunk_length=chunk_length, **look, **flags)
        arguments = draw(length, scale)
        outputs, _ = lsh_attention_forward(*arguments, **chosen)
        np.testing.assert_allclose(outputs, lsh_attention(*arguments, **chosen), atol=1e-11)


@pytest.mark.parametrize("length", [128, 2**15])
def test_one_round_of_a_length_that_a_small_integer_just_cannot_hold(length):
    rng = np.random.default_rng(0)
    vectors, buckets = rng.standard_normal((length, 4)), rng.integers(0, 16, (1, length))
    chosen = dict(n_buckets=16, chunk_length=16, same_bucket_only=True)
    outputs, _ = lsh_attention_forward(vectors, vectors, buckets, **chosen)
    np.testing.assert_allclose(outputs, lsh_attention(vectors, vectors, buckets, **chosen), atol=1e-11)


@options
def test_the_gradients_of_the_tuned_path_are_finite_differences(
    causal, wrap, same_bucket_only, correct_duplicates, largest_logit
):
    flags = dict(same_bucket_only=same_bucket_only, correct_duplicates=correct_duplicates)
    for (n_before, n_after), (length, chunk_length) in product(LOOKS, LENGTHS[:3]):
        look = dict(causal=causal, wrap=wrap, n_before=n_before, n_after=n_after)
        chosen = dict(n_buckets=4, chunk_length=chunk_length, **look, **flags)
        assert worst_gradient_error(*draw(length), **chosen) < 1e-6


def worst_gradient_error(queries, values, buckets, **chosen):
    rng = np.random.default_rng(1)
    weighing = rng.standard_normal(values.shape)
    _, d_queries, d_values = forward_and_gradients(queries, values, buckets, weighing, **chosen)

    def number(queries, values):
        return np.sum(weighing * lsh_attention_forward(queries, values, buckets, **chosen)[0])

    return max(
        gradient_error(lambda moved: number(moved, values), queries, d_queries, rng),
        gradient_error(lambda moved: number(queries, moved), values, d_values, rng),
    )


@pytest.mark.parametrize(
    "size, dtype", [(1e4, float), (1e6, float), (1e8, float), (1e20, np.float32), (1e28, np.float32)]
)
@pytest.mark.parametrize("causal", [True, False])
def test_the_tuned_path_agrees_with_the_clear_one_and_both_with_their_twin_on_long_vectors(size, dtype, causal):
    # Also a key that points the other way is seen before the token itself, however long the vectors are.
    queries, values, buckets = draw(37, size)
    queries, values = queries.astype(dtype), values.astype(dtype)
    chosen = dict(n_buckets=4, chunk_length=8, causal=causal)
    clear = lsh_attention(queries, values, buckets, **chosen)
    np.testing.assert_allclose(lsh_attention_forward(queries, values, buckets, **chosen)[0], clear, atol=1e-6)
    np.testing.assert_allclose(loops.lsh_attention(queries, values, buckets, **chosen), clear, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5), st.integers(1, 4), st.integers(1, 300), st.integers(1, 14))
def test_the_tuned_path_agrees_on_many_shapes(seed, n_heads, n_rounds, length, chunk_length):
    rng = np.random.default_rng(seed)
    queries, values = (rng.standard_normal((n_heads, length, n)) for n in (6, 5))
    buckets = rng.integers(0, 9, (n_heads, n_rounds, length))
    chosen = dict(n_buckets=9, chunk_length=chunk_length, causal=bool(seed % 2))
    outputs, _ = lsh_attention_forward(queries, values, buckets, **chosen)
    np.testing.assert_allclose(outputs, lsh_attention(queries, values, buckets, **chosen), atol=1e-11)


@pytest.mark.parametrize("size", [1.0, 9.0, 200.0, 1e4])
def test_float32_keeps_its_precision_whatever_the_size_of_the_logits(size):
    rng = np.random.default_rng(0)
    queries, values, gradient = rng.standard_normal((3, 2, 300, 16))
    queries *= size / 4
    buckets = rng.integers(0, 8, (2, 3, 300))
    exact = forward_and_gradients(queries, values, buckets, gradient, n_buckets=8, chunk_length=16)
    queries, values, gradient = (array.astype(np.float32) for array in (queries, values, gradient))
    rounded = forward_and_gradients(queries, values, buckets, gradient, n_buckets=8, chunk_length=16)
    for close, right in zip(rounded, exact, strict=True):
        assert close.dtype == np.float32
        np.testing.assert_allclose(close, right, atol=max(2e-6, 2e-6 * size) * np.max(np.abs(right)))


def dense_and_gradients(queries, values, gradient):
    """Causal attention of (L, d) and (L, e) with shared queries and keys, and its gradients, by the whole table."""
    norms = np.sqrt(np.sum(queries**2, axis=-1, keepdims=True) + 1e-6 * queries.shape[-1])
    keys = queries / norms
    logits = np.where(np.tri(len(queries), k=-1) > 0, queries @ keys.T, -np.inf)
    logits[0, 0] = 0  # it sees only itself
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    d_weights = gradient @ values.T
    d_logits = weights * (d_weights - np.sum(d_weights * weights, axis=-1, keepdims=True))
    d_keys = d_logits.T @ queries
    d_norms = -np.sum(d_keys * queries, axis=-1, keepdims=True) / norms**2
    return weights @ values, d_logits @ keys + d_keys / norms + d_norms * queries / norms, weights.T @ gradient


@pytest.mark.parametrize(
    "dtype, size",
    [(np.float32, n) for n in (59, 61, 84, 90, 1000)] + [(np.float64, n) for n in (599, 601, 705, 720, 1000)],
)
def test_sums_stay_in_range_on_both_sides_of_the_largest_logit_that_needs_no_reference(dtype, size):
    # All logits of a row are |q| or -|q|: sums are as large, and where only -|q| is seen as small, as they can get.
    rng = np.random.default_rng(0)
    signs = np.repeat([1.0, -1.0, 1.0], [150, 1, 149])
    queries = size * signs[:, np.newaxis] * np.array([0.6, 0.8])
    values, gradient = rng.standard_normal((2, 300, 3))
    exact = dense_and_gradients(queries, values, gradient)
    arrays = (array.astype(dtype) for array in (queries, values))
    one_chunk = dict(n_buckets=1, chunk_length=300, n_before=0)
    found = forward_and_gradients(*arrays, np.zeros((1, 300), int), gradient.astype(dtype), **one_chunk)
    for close, right in zip(found, exact, strict=True):
        np.testing.assert_allclose(close, right, atol=100 * size * np.finfo(dtype).eps * max(1, np.max(np.abs(right))))


@pytest.mark.parametrize("option", [{}, {"correct_duplicates": True}, {"same_bucket_only": True}])
@pytest.mark.alone
def test_memory_is_linear_in_length_and_flat_in_the_number_of_rounds(option):
    rng = np.random.default_rng(0)
    row_bytes = 16 * 4

    def needed(length, n_rounds):
        queries, values, gradient = rng.standard_normal((3, 1, length, 16)).astype(np.float32)
        buckets = rng.integers(0, 16, (1, n_rounds, length))
        chosen = dict(n_buckets=16, chunk_length=16, **option)
        memory.idle.clear()
        return peak_bytes(lambda: forward_and_gradients(queries, values, buckets, gradient, **chosen))

    short, middle, long = (needed(length, 1) for length in (4096, 8192, 16384))
    assert (middle - short) / 4096 == pytest.approx((long - middle) / 8192, rel=0.05)
    assert (long - middle) / 8192 < 14 * row_bytes  # about as many rows as there are arrays of them; no row of logits
    integers = 8 * 16384 * 16 if option else 0  # some for each position and round
    assert needed(16384, 8) < 1.1 * long + integers


def test_more_than_2_to_the_16_buckets_are_kept_apart():
    rng = np.random.default_rng(0)
    queries, values = rng.standard_normal((2, 1, 60, 4))
    buckets = rng.permutation(2**17)[:60].reshape(1, 1, 60)
    chosen = dict(n_buckets=2**17, chunk_length=4)
    outputs, _ = lsh_attention_forward(queries, values, buckets, **chosen)
    np.testing.assert_allclose(outputs, lsh_attention(queries, values, buckets, **chosen), atol=1e-11)


@pytest.mark.parametrize("block_size, rows_of_heads", [(1, 1), (2**10, 100), (2**12, 2**12)])
def test_results_do_not_depend_on_how_the_work_is_cut_into_blocks(block_size, rows_of_heads, monkeypatch):
    rng = np.random.default_rng(0)
    queries, values, gradient = rng.standard_normal((3, 5, 100, 8))
    buckets = rng.integers(0, 8, (5, 2, 100))
    for look in (dict(n_before=1, n_after=0), dict(n_before=2, n_after=1, same_bucket_only=True)):
        chosen = dict(n_buckets=8, chunk_length=16, **look)
        whole = forward_and_gradients(queries, values, buckets, gradient, **chosen)
        with monkeypatch.context() as patch:
            patch.setattr(memory, "BLOCK_SIZE", block_size)
            patch.setattr(fast, "ROWS_OF_HEADS", rows_of_heads)
            patch.setattr(rounds, "ROWS_AT_ONCE", 7)
            patch.setattr(fast, "ROWS_AT_ONCE", 7)
            cut = forward_and_gradients(queries, values, buckets, gradient, **chosen)
        for one, other in zip(whole, cut, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-12)


@pytest.mark.parametrize("dtype, size", [(np.float32, 90.0), (np.float64, 720.0)])
def test_no_weight_is_a_denormal_number(dtype, size):
    # A processor takes many times longer for each of them, and where vectors are long there are many.
    rng = np.random.default_rng(0)
    queries, values = (size * rng.standard_normal((1, 200, 1)), rng.standard_normal((1, 200, 4)))
    buckets = rng.integers(0, 4, (1, 1, 200))
    _, saved = lsh_attention_forward(queries.astype(dtype), values.astype(dtype), buckets, n_buckets=4, chunk_length=50)
    whole = rounds.Rounds(saved.parts[0][1], {}, keeps_queries=False)
    weights = np.concatenate([whole.weights(place).weights.copy() for place in whole.blocks(0)])
    assert np.any(weights == 0) and np.any(weights == 1)
    assert np.min(weights[weights > 0]) >= np.finfo(dtype).tiny


def test_a_call_leaves_nothing_behind_for_the_next():
    # Scratch memory outlives a call. Whatever the last one left there, the next has to write before it reads.
    rng = np.random.default_rng(0)
    for n_heads, length, chunk_length in ((1, 300, 32), (4, 90, 16), (3, 37, 50)):
        queries, values, gradient = rng.standard_normal((3, n_heads, length, 8))
        buckets = rng.integers(0, 8, (n_heads, 2, length))
        for wrap in WRAPS:
            chosen = dict(n_buckets=8, chunk_length=chunk_length, n_before=2, n_after=1, causal=False, wrap=wrap)
            memory.idle.clear()
            fresh = forward_and_gradients(queries, values, buckets, gradient, **chosen)
            for array in memory.idle[0].values():
                array[...] = 0xFF  # NaN, in every float dtype
            again = forward_and_gradients(queries, values, buckets, gradient, **chosen)
            for one, other in zip(fresh, again, strict=True):
                np.testing.assert_array_equal(one, other)


def test_only_small_arrays_are_kept_for_the_next_call(monkeypatch):
    monkeypatch.setattr(memory, "MOST_KEPT", 2**13)
    memory.idle.clear()
    queries, values, buckets = draw(200)
    lsh_attention_forward(queries, values, buckets, n_buckets=4, chunk_length=8)
    (left,) = memory.idle
    assert 0 < max(array.nbytes for array in left.values()) <= 2**13


def test_calls_from_many_threads_do_not_share_scratch_memory():
    rng = np.random.default_rng(0)
    problems = [(*rng.standard_normal((2, 2, 400, 8)), rng.integers(0, 8, (2, 2, 400))) for _ in range(8)]

    def work(problem):
        return lsh_attention_forward(*problem, n_buckets=8, chunk_length=16, n_workers=2)[0]

    alone = [work(problem) for problem in problems]
    with ThreadPoolExecutor(4) as pool:
        for one, together in zip(alone * 5, pool.map(work, problems * 5), strict=True):
            np.testing.assert_array_equal(one, together)


def test_two_workers_give_what_one_gives():
    rng = np.random.default_rng(0)
    queries, values, gradient = rng.standard_normal((3, 2, 3, 700, 8))
    buckets = rng.integers(0, 8, (2, 3, 2, 700))
    results = [
        forward_and_gradients(queries, values, buckets, gradient, n_buckets=8, chunk_length=64, n_workers=n_workers)
        for n_workers in (1, 2)
    ]
    for one, two in zip(*results, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("length", [20, 700, 5000])
def test_every_worker_gets_some_of_the_heads(length, monkeypatch):
    met = set()
    true, together = fast._forward_heads, Barrier(4, timeout=30)

    def noted(saved, scratch):
        if threading.get_ident() not in met:
            met.add(threading.get_ident())
            together.wait()  # broken, unless four threads come
        true(saved, scratch)

    monkeypatch.setattr(fast, "_forward_heads", noted)
    rng = np.random.default_rng(0)
    heads, buckets = rng.standard_normal((8, length, 2)), rng.integers(0, 4, (8, 1, length))
    lsh_attention_forward(heads, heads, buckets, n_buckets=4, chunk_length=10, n_workers=4)
    assert len(met) == 4


def test_arguments_are_left_as_they_were():
    rng = np.random.default_rng(0)
    arrays = [*rng.standard_normal((3, 2, 90, 8)), rng.integers(0, 8, (2, 2, 90))]
    copies = [array.copy() for array in arrays]
    _, saved = lsh_attention_forward(arrays[0], arrays[1], arrays[3], n_buckets=8, chunk_length=16)
    first, _ = lsh_attention_backward(arrays[2], saved)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    for once, again in zip(first, lsh_attention_backward(arrays[2], saved)[0], strict=True):
        np.testing.assert_array_equal(once, again)


def test_an_empty_batch_gives_empty_results():
    empty, buckets = np.zeros((2, 0, 90, 8)), np.zeros((2, 0, 3, 90), int)
    found = forward_and_gradients(empty, empty, buckets, empty, n_buckets=8, chunk_length=16)
    assert [array.shape for array in found] == 3 * [(2, 0, 90, 8)]


def test_views_that_are_not_contiguous_are_taken_for_what_they_show():
    rng = np.random.default_rng(0)
    wide = rng.standard_normal((2, 90, 3, 8))
    heads = np.swapaxes(wide, 1, 2)  # (2, 3, 90, 8)
    buckets = rng.integers(0, 8, (2, 3, 2, 90))
    results = [
        forward_and_gradients(shown, shown, buckets, shown, n_buckets=8, chunk_length=16)
        for shown in (heads, heads.copy())
    ]
    for of_view, of_copy in zip(*results, strict=True):
        np.testing.assert_array_equal(of_view, of_copy)
