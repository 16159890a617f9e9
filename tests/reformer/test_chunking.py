import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reformer import chunking
from reformer.chunking import (
    NOBODY,
    WRAPS,
    cheapest_chunks,
    look_adjacent,
    share_of_pairs_lost,
    sort_by_bucket,
    split_into_chunks,
    undo_sort,
)
from reformer.loops import chunking as loops

pytestmark = pytest.mark.filterwarnings("error")
few = settings(max_examples=40, deadline=None)
batches = st.sampled_from([(), (1,), (3,), (2, 3)])


@st.composite
def bucketed(draw):
    """Buckets (..., R, L) of a random shape, and a chunk length."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    shape = (*draw(batches), draw(st.integers(1, 3)), draw(st.integers(1, 17)))
    dtype = draw(st.sampled_from([np.intp, np.int32, np.uint16, np.uint8]))
    return rng.integers(0, draw(st.integers(1, 6)), shape).astype(dtype), draw(st.integers(1, 8))


@few
@given(bucketed(), st.integers(0, 9), st.integers(0, 9), st.sampled_from(WRAPS))
def test_every_function_agrees_with_its_loop_twin(buckets_and_length, n_before, n_after, wrap):
    buckets, chunk_length = buckets_and_length
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    look = dict(n_before=n_before, n_after=n_after, wrap=wrap)
    for name, arguments, options in [
        ("sort_by_bucket", (buckets,), {}),
        ("undo_sort", (order,), {}),
        ("split_into_chunks", (order, chunk_length), {}),
        ("look_adjacent", (chunks,), look),
        ("share_of_pairs_lost", (buckets, chunk_length), {"n_before": n_before}),
    ]:
        vectorised = getattr(chunking, name)(*arguments, **options)
        looped = getattr(loops, name)(*arguments, **options)
        assert vectorised.shape == looped.shape and vectorised.dtype == looped.dtype, name
        np.testing.assert_array_equal(vectorised, looped, err_msg=name)


@few
@given(bucketed())
def test_the_order_is_a_permutation_that_sorts_and_keeps_time_within_a_bucket(buckets_and_length):
    buckets, _ = buckets_and_length
    order = sort_by_bucket(buckets)
    np.testing.assert_array_equal(np.sort(order, axis=-1), np.broadcast_to(np.arange(buckets.shape[-1]), order.shape))
    after_sorting = np.take_along_axis(buckets.astype(np.intp), order, axis=-1)
    ranks = after_sorting * buckets.shape[-1] + order
    assert np.all(np.diff(ranks, axis=-1) > 0)


@few
@given(bucketed())
def test_undo_sort_puts_everything_back(buckets_and_length):
    buckets, _ = buckets_and_length
    order = sort_by_bucket(buckets)
    after_sorting = np.take_along_axis(buckets, order, axis=-1)
    np.testing.assert_array_equal(np.take_along_axis(after_sorting, undo_sort(order), axis=-1), buckets)
    np.testing.assert_array_equal(undo_sort(undo_sort(order)), order)


@few
@given(bucketed())
def test_chunks_hold_everybody_once_and_nobody_only_at_the_end(buckets_and_length):
    buckets, chunk_length = buckets_and_length
    order = sort_by_bucket(buckets)
    flat = split_into_chunks(order, chunk_length).reshape(*order.shape[:-1], -1)
    np.testing.assert_array_equal(flat[..., : order.shape[-1]], order)
    assert np.all(flat[..., order.shape[-1] :] == NOBODY)
    assert flat.shape[-1] - order.shape[-1] < chunk_length


def test_the_wrap_decides_what_the_first_chunk_of_a_round_sees_before_it():
    chunks = np.array([[[0, 1], [2, 3]], [[3, 2], [1, 0]]])  # two rounds of two chunks
    before = {wrap: look_adjacent(chunks, wrap=wrap)[:, 0, :2].tolist() for wrap in WRAPS}
    assert before == {"global": [[1, 0], [2, 3]], "round": [[2, 3], [1, 0]], "none": [[-1, -1], [-1, -1]]}


def test_a_chunk_sees_its_neighbours_in_order_from_before_to_after():
    chunks = np.arange(8).reshape(4, 2)
    windows = look_adjacent(chunks, n_before=1, n_after=1, wrap="none")
    assert windows[1].tolist() == [0, 1, 2, 3, 4, 5]
    assert windows[3].tolist() == [4, 5, 6, 7, -1, -1]


def test_a_bucket_of_three_chunks_loses_the_pairs_of_its_first_and_last():
    one_bucket = np.zeros(6, dtype=int)
    assert share_of_pairs_lost(one_bucket, 2) == pytest.approx(4 / 15)
    assert share_of_pairs_lost(one_bucket, 2, n_before=2) == 0
    assert share_of_pairs_lost(one_bucket, 2, n_before=0) == pytest.approx(12 / 15)


@few
@given(bucketed(), st.booleans(), st.sampled_from([0, 0.05, 0.25, 0.5, 1]), st.integers(0, 10**6))
def test_the_cheapest_chunks_lose_little_enough_and_nothing_that_does_is_cheaper(drawn, with_rounds, allowed, seed):
    rng = np.random.default_rng(seed)
    buckets = drawn[0].reshape(-1, drawn[0].shape[-1])
    buckets = buckets if with_rounds else buckets[0]
    lengths, look_backs = rng.permutation([1, 2, 3, 4, 6, 20])[:4], rng.permutation([0, 1, 2, 3])[:3]
    choice = cheapest_chunks(buckets, allowed, lengths, look_backs.tolist())
    losses = {
        (C, b): np.mean(share_of_pairs_lost(buckets, C, n_before=b))
        for C in lengths.tolist()
        for b in look_backs.tolist()
    }
    good = {(C * (b + 1), C): (C, b) for (C, b), loss in losses.items() if loss <= allowed}
    assert choice == (good[min(good)] if good else None)
    assert choice is None or all(type(number) is int for number in choice)
    if all(loss == allowed == 0 or abs(loss - allowed) > 1e-9 for loss in losses.values()):
        assert choice == loops.cheapest_chunks(buckets, allowed, lengths.tolist(), look_backs.tolist())


def test_of_equally_many_places_the_shorter_chunk_is_taken_and_none_where_all_lose_too_much():
    buckets = np.array([0, 0, 1, 0, 0, 0])
    assert cheapest_chunks(buckets, 0.25, [1, 2, 3, 6], [0, 1]) == (2, 1)
    assert cheapest_chunks(buckets, 0, [6, 3, 2, 1], [1, 0]) == (3, 1)
    assert cheapest_chunks(buckets, 0.1, [1, 2], [0, 1]) is None


def test_pairs_are_counted_right_where_there_are_more_than_32_bits_hold():
    one_bucket = np.zeros((2, 100_000), np.uint8)
    kept = 1000 * (100 * 99 / 2) + 999 * 100**2
    expected = 1 - kept / (100_000 * 99_999 / 2)
    np.testing.assert_allclose(share_of_pairs_lost(one_bucket, 100), expected, rtol=1e-12)
    assert share_of_pairs_lost(one_bucket[0], 10**40) == share_of_pairs_lost(one_bucket[0], 1, n_before=10**40) == 0


def test_more_steps_than_chunks_go_round_the_ring_again():
    windows = look_adjacent(np.arange(4).reshape(2, 2, 1), n_before=5)
    assert windows[0, 0].tolist() == [3, 0, 1, 2, 3, 0]
    assert look_adjacent(np.arange(2).reshape(2, 1), n_before=0, n_after=3, wrap="round")[0].tolist() == [0, 1, 0, 1]
    assert look_adjacent(np.arange(2).reshape(2, 1), n_before=0, n_after=3, wrap="none")[0].tolist() == [0, 1, -1, -1]


def test_a_chunk_longer_than_the_sequence_is_filled_up():
    assert split_into_chunks([2, 0, 1], 5).tolist() == [[2, 0, 1, -1, -1]]


def test_a_sequence_or_a_batch_may_be_empty():
    assert sort_by_bucket([]).shape == undo_sort([]).shape == (0,)
    assert split_into_chunks([], 3).shape == (0, 3)
    assert share_of_pairs_lost([], 3) == 0
    assert look_adjacent(np.zeros((0, 2, 3, 4), int)).shape == (0, 2, 3, 8)


@few
@given(bucketed())
@example((np.array([0, 1, 2]), 1))  # no pair at all
def test_nothing_is_lost_where_a_chunk_reaches_everything(buckets_and_length):
    buckets, _ = buckets_and_length
    assert np.all(share_of_pairs_lost(buckets, buckets.shape[-1]) == 0)


def test_fewer_pairs_are_lost_the_further_a_chunk_looks_back():
    buckets = np.random.default_rng(0).integers(0, 3, (5, 200))
    lost = [share_of_pairs_lost(buckets, 16, n_before=n) for n in range(6)]
    assert np.all(np.diff(lost, axis=0) <= 0) and np.all(lost[0] > 0.5)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint16, np.uint32, np.uint64])
def test_nobody_fits_beside_positions_of_every_integer_dtype(dtype):
    order = np.array([[4, 1, 0, 2, 3]])
    chunks = split_into_chunks(order.astype(dtype), 2)
    np.testing.assert_array_equal(chunks, split_into_chunks(order, 2))
    full = order[:, :4].reshape(1, 2, 2)
    np.testing.assert_array_equal(look_adjacent(full.astype(dtype), wrap="none"), look_adjacent(full, wrap="none"))
    np.testing.assert_array_equal(undo_sort(order.astype(dtype)), undo_sort(order))


def test_rows_of_a_batch_do_not_touch_each_other():
    buckets = np.random.default_rng(0).integers(0, 4, (3, 2, 20))
    together = look_adjacent(split_into_chunks(sort_by_bucket(buckets), 6))
    alone = [look_adjacent(split_into_chunks(sort_by_bucket(row), 6)) for row in buckets]
    np.testing.assert_array_equal(together, alone)


order = np.arange(6)


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda: sort_by_bucket(np.array([0.0, 1.0])), "buckets"),
        (lambda: sort_by_bucket(np.array([0, -1])), "buckets"),
        (lambda: sort_by_bucket(3), "buckets"),
        (lambda: undo_sort(np.array([0, 0, 2])), "order"),
        (lambda: undo_sort(np.array([0, 1, 3])), "order"),
        (lambda: undo_sort(np.array([0.0, 1.0])), "order"),
        (lambda: undo_sort(2), "order"),
        (lambda: split_into_chunks(order * 1.0, 2), "order"),
        (lambda: split_into_chunks(order, 0), "chunk_length"),
        (lambda: split_into_chunks(order, 2.0), "chunk_length"),
        (lambda: look_adjacent(order.reshape(3, 2)), "chunks"),
        (lambda: look_adjacent(order, wrap="none"), "chunks"),
        (lambda: look_adjacent(order.reshape(1, 3, 2) * 1.0), "chunks"),
        (lambda: look_adjacent(order.reshape(1, 3, 2), n_before=-1), "n_before"),
        (lambda: look_adjacent(order.reshape(1, 3, 2), n_after=-1), "n_after"),
        (lambda: look_adjacent(order.reshape(1, 3, 2), wrap="both"), "wrap"),
        (lambda: look_adjacent(order.reshape(1, 3, 2)[:, :0]), "chunks"),
        (lambda: look_adjacent(order.reshape(1, 3, 2) - 2), "chunks"),
        (lambda: look_adjacent(order.reshape(1, 3, 2), n_before=10**9), "n_before"),
        (lambda: look_adjacent(order.reshape(1, 3, 2), n_after=10**30), "n_after"),
        (lambda: split_into_chunks(order, 10**9), "chunk_length"),
        (lambda: split_into_chunks(order, 10**30), "chunk_length"),
        (lambda: split_into_chunks(order - 2, 2), "order"),
        (lambda: share_of_pairs_lost(np.array([0, -2]), 2), "buckets"),
        (lambda: share_of_pairs_lost(order, 0), "chunk_length"),
        (lambda: share_of_pairs_lost(order, 2, n_before=-1), "n_before"),
        (lambda: cheapest_chunks(order - 1, 0.1, [2], [1]), "buckets"),
        (lambda: cheapest_chunks(order.reshape(1, 2, 3), 0.1, [2], [1]), "buckets"),
        (lambda: cheapest_chunks(order[:0].reshape(0, 3), 0.1, [2], [1]), "buckets"),
        (lambda: cheapest_chunks(order, 1.5, [2], [1]), "allowed_loss"),
        (lambda: cheapest_chunks(order, [0.1, 0.2], [2], [1]), "allowed_loss"),
        (lambda: cheapest_chunks(order, 0.1, [2, 0], [1]), "chunk_lengths"),
        (lambda: cheapest_chunks(order, 0.1, [], [1]), "chunk_lengths"),
        (lambda: cheapest_chunks(order, 0.1, 2, [1]), "chunk_lengths"),
        (lambda: cheapest_chunks(order, 0.1, [2], [-1]), "look_backs"),
        (lambda: cheapest_chunks(order, 0.1, [2], []), "look_backs"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        call()
