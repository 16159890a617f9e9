import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.attention import shared_qk_attention
from reformer.chunking import WRAPS, look_adjacent, sort_by_bucket, split_into_chunks
from reformer.loops import lsh_attention as loops
from reformer.lsh_attention import (
    attend_within_chunks,
    combine_rounds,
    count_duplicates,
    lsh_attention,
    lsh_attention_backward,
    lsh_attention_forward,
)
from reformer.masks import HIDDEN, attention_mask
from tests.reformer.finite_differences import worst_error

few = settings(max_examples=25, deadline=None)
seeds = st.integers(0, 10**6)
batches = st.sampled_from([(), (2,), (2, 3)])


@st.composite
def sequences(draw, lengths=(1, 14)):
    """Queries, values and buckets of a random shape; chunks of a length that need not divide theirs."""
    rng = np.random.default_rng(draw(seeds))
    batch, length, n_rounds = draw(batches), draw(st.integers(*lengths)), draw(st.integers(1, 3))
    queries, values = rng.standard_normal((*batch, length, 4)), rng.standard_normal((*batch, length, 3))
    n_buckets = draw(st.integers(1, 4))
    buckets = rng.integers(0, n_buckets, (*batch, n_rounds, length))
    return queries, values, buckets, dict(n_buckets=n_buckets, chunk_length=draw(st.integers(1, 6)))


@st.composite
def options(draw):
    return dict(
        causal=draw(st.booleans()),
        n_before=draw(st.integers(0, 2)),
        n_after=draw(st.integers(0, 1)),
        wrap=draw(st.sampled_from(WRAPS)),
        same_bucket_only=draw(st.booleans()),
        correct_duplicates=draw(st.booleans()),
    )


@few
@given(sequences(), options())
def test_lsh_attention_agrees_with_its_loop_twin(sequence, chosen):
    queries, values, buckets, sizes = sequence
    looped = loops.lsh_attention(queries, values, buckets, **sizes, **chosen)
    np.testing.assert_allclose(lsh_attention(queries, values, buckets, **sizes, **chosen), looped, atol=1e-12)
    fast, _ = lsh_attention_forward(queries, values, buckets, **sizes, **chosen)
    np.testing.assert_allclose(fast, looped, atol=1e-12)


@few
@given(sequences(), st.booleans())
def test_the_steps_of_lsh_attention_agree_with_their_loop_twins(sequence, causal):
    queries, values, buckets, sizes = sequence
    chunks = split_into_chunks(sort_by_bucket(buckets), sizes["chunk_length"])
    windows = look_adjacent(chunks)
    mask = attention_mask(chunks, windows, causal=causal)
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal((*p.shape, n)) for p, n in ((chunks, 4), (windows, 4), (windows, 3))]
    for vectorised, looped in zip(
        attend_within_chunks(*arrays, mask), loops.attend_within_chunks(*arrays, mask), strict=True
    ):
        np.testing.assert_allclose(vectorised, looped, atol=1e-12)
    outputs = rng.standard_normal((*buckets.shape, 3))
    log_normalizers = np.where(rng.random(buckets.shape) < 0.3, -np.inf, rng.standard_normal(buckets.shape))
    np.testing.assert_allclose(
        combine_rounds(outputs, log_normalizers), loops.combine_rounds(outputs, log_normalizers), atol=1e-12
    )
    counts = count_duplicates(chunks, windows, mask > HIDDEN)
    np.testing.assert_array_equal(counts, loops.count_duplicates(chunks, windows, mask > HIDDEN))


@few
@given(sequences(), st.booleans())
def test_one_bucket_and_one_chunk_is_dense_attention(sequence, causal):
    queries, values, buckets, _ = sequence
    sizes = dict(n_buckets=1, chunk_length=values.shape[-2])
    dense = shared_qk_attention(queries, values, causal=causal)
    for attend in (lsh_attention, lambda *a, **k: lsh_attention_forward(*a, **k)[0]):
        np.testing.assert_allclose(
            attend(queries, values, np.zeros_like(buckets), causal=causal, **sizes), dense, atol=1e-12
        )


@few
@given(sequences(), st.booleans(), st.sampled_from(WRAPS))
def test_all_pairs_covered_and_duplicates_corrected_is_dense_attention_for_any_number_of_rounds(sequence, causal, wrap):
    queries, values, buckets, sizes = sequence
    n_chunks = -(-values.shape[-2] // sizes["chunk_length"])
    outputs = lsh_attention(
        queries,
        values,
        buckets,
        causal=causal,
        wrap=wrap,
        n_before=n_chunks,
        n_after=n_chunks,
        correct_duplicates=True,
        **sizes,
    )
    np.testing.assert_allclose(outputs, shared_qk_attention(queries, values, causal=causal), atol=1e-12)


@settings(max_examples=40, deadline=None)
@given(sequences(), options(), st.booleans())
def test_the_gradients_are_the_finite_differences(sequence, chosen, has_padding):
    queries, values, buckets, sizes = sequence
    rng = np.random.default_rng(10**7)
    padding = rng.random(values.shape[:-1]) < 0.3 if has_padding else None

    def forward(both):
        queries, values = np.split(both, [4], axis=-1)
        return lsh_attention_forward(queries, values, buckets, padding=padding, **sizes, **chosen)

    def backward(gradient, saved):
        return np.concatenate(lsh_attention_backward(gradient, saved), axis=-1)

    # Both at once: a query that sees a single key has no gradient, to which no error could be relative.
    both = np.concatenate([queries, values], axis=-1)
    assert worst_error(forward, backward, [both], rng) < 1e-6


@few
@given(sequences(lengths=(2, 14)), options())
def test_a_later_token_changes_nothing_earlier(sequence, chosen):
    queries, values, buckets, sizes = sequence
    chosen["causal"] = True
    before = lsh_attention(queries, values, buckets, **sizes, **chosen)
    queries, values = queries.copy(), values.copy()
    queries[..., -1, :] += 1
    values[..., -1, :] += 1
    after = lsh_attention(queries, values, buckets, **sizes, **chosen)
    np.testing.assert_allclose(after[..., :-1, :], before[..., :-1, :], atol=1e-12)


@few
@given(sequences(), options())
def test_padding_changes_nothing_for_the_others_and_gets_zeros(sequence, chosen):
    queries, values, buckets, sizes = sequence
    padding = np.random.default_rng(0).random(values.shape[:-1]) < 0.4
    for attend in (lsh_attention, lambda *a, **k: lsh_attention_forward(*a, **k)[0]):
        padded = attend(queries, values, buckets, padding=padding, **sizes, **chosen)
        assert np.all(padded[padding] == 0)
        for entry in np.ndindex(*values.shape[:-2]):
            real = np.flatnonzero(~padding[entry])
            if real.size:
                alone = attend(queries[entry][real], values[entry][real], buckets[entry][:, real], **sizes, **chosen)
                np.testing.assert_allclose(padded[entry][real], alone, atol=1e-12)


@few
@given(sequences(), options())
def test_the_order_of_the_rounds_does_not_matter_where_rounds_do_not_see_each_other(sequence, chosen):
    queries, values, buckets, sizes = sequence
    if chosen["wrap"] == "global":
        chosen["wrap"] = "round"
    outputs = lsh_attention(queries, values, buckets, **sizes, **chosen)
    turned = lsh_attention(queries, values, buckets[..., ::-1, :], **sizes, **chosen)
    np.testing.assert_allclose(turned, outputs, atol=1e-12)


@few
@given(sequences(), options())
def test_entries_of_a_batch_do_not_touch_each_other(sequence, chosen):
    queries, values, buckets, sizes = sequence
    together = lsh_attention(queries, values, buckets, **sizes, **chosen)
    for entry in np.ndindex(*values.shape[:-2]):
        alone = lsh_attention(queries[entry], values[entry], buckets[entry], **sizes, **chosen)
        np.testing.assert_allclose(together[entry], alone, atol=1e-12)


@few
@given(sequences(), st.sampled_from(WRAPS))
def test_the_numbers_of_the_buckets_matter_only_by_their_order(sequence, wrap):
    queries, values, buckets, sizes = sequence
    outputs = lsh_attention(queries, values, buckets, wrap=wrap, **sizes)
    sizes["n_buckets"] = 3 * sizes["n_buckets"] + 5
    np.testing.assert_array_equal(lsh_attention(queries, values, 3 * buckets + 5, wrap=wrap, **sizes), outputs)


def test_more_rounds_come_closer_to_dense_attention():
    rng = np.random.default_rng(0)
    queries, values = rng.standard_normal((2, 8, 256, 16))
    dense = shared_qk_attention(queries, values)
    buckets = rng.integers(0, 16, (8, 16, 256))
    errors = [
        np.mean(np.abs(lsh_attention(queries, values, buckets[:, :r], n_buckets=16, chunk_length=16) - dense))
        for r in (1, 4, 16)
    ]
    assert errors[0] > 1.3 * errors[1] > 1.69 * errors[2]


def test_a_token_that_sees_only_itself_in_every_round_keeps_its_value_exactly():
    rng = np.random.default_rng(0)
    queries, values = rng.standard_normal((2, 40, 8)).astype(np.float32)
    buckets = rng.integers(0, 4, (4, 40))
    for attend in (lsh_attention, lambda *a, **k: lsh_attention_forward(*a, **k)[0]):
        outputs = attend(queries, values, buckets, n_buckets=4, chunk_length=5)
        np.testing.assert_array_equal(outputs[0], values[0])


def test_a_round_in_which_a_token_sees_only_itself_does_not_count_beside_the_others():
    rng = np.random.default_rng(1)
    queries, values = rng.standard_normal((2, 3, 4))
    together, apart = [0, 0, 0], [0, 1, 2]
    sizes = dict(n_buckets=3, chunk_length=1, n_before=2, wrap="none", same_bucket_only=True)
    outputs = lsh_attention(queries, values, np.array([together, apart]), **sizes)
    np.testing.assert_array_equal(outputs, lsh_attention(queries, values, np.array([together]), **sizes))


def test_combining_is_one_softmax_over_all_rounds():
    rng = np.random.default_rng(0)
    logits, values = rng.standard_normal((3, 5, 7)), rng.standard_normal((3, 7, 2))
    outputs = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True) @ values
    log_normalizers = np.log(np.exp(logits).sum(-1))
    weights = np.exp(logits) / np.exp(logits).sum((0, 2))[:, np.newaxis]
    np.testing.assert_allclose(combine_rounds(outputs, log_normalizers), (weights @ values).sum(0), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.uint16, np.uint64])
def test_every_integer_dtype_of_buckets_and_positions_gives_the_same(dtype):
    rng = np.random.default_rng(0)
    (queries, values), buckets = rng.standard_normal((2, 2, 20, 4)), rng.integers(0, 4, (2, 3, 20))
    chosen = dict(n_buckets=4, chunk_length=6, same_bucket_only=True, correct_duplicates=True)
    expected = lsh_attention(queries, values, buckets, **chosen)
    for attend in (lsh_attention, lambda *a, **k: lsh_attention_forward(*a, **k)[0]):
        np.testing.assert_allclose(attend(queries, values, buckets.astype(dtype), **chosen), expected, atol=1e-12)
    chunks = split_into_chunks(sort_by_bucket(buckets), 5)  # no empty place, so that unsigned integers can hold it
    visible = rng.random((*chunks.shape, 5)) < 0.5
    counts = count_duplicates(chunks.astype(dtype), chunks.astype(dtype), visible)
    np.testing.assert_array_equal(counts, count_duplicates(chunks, chunks, visible))


def test_a_pair_is_counted_wherever_it_is_visible():
    chunks = np.array([[[0, 1]], [[1, 0]]])  # two rounds of one chunk
    counts = count_duplicates(chunks, chunks, attention_mask(chunks, chunks) > HIDDEN)
    assert counts.tolist() == [[[[2, 0], [2, 2]]], [[[2, 2], [0, 2]]]]


def test_float32_stays_float32_and_is_close_to_float64():
    rng = np.random.default_rng(0)
    queries, values, gradient = rng.standard_normal((3, 2, 500, 16))
    buckets = rng.integers(0, 8, (2, 3, 500))
    rounded = [a.astype(np.float32) for a in (queries, values, gradient)]
    for extra in ({}, {"correct_duplicates": True}):
        sizes = dict(n_buckets=8, chunk_length=32, **extra)
        exact, saved = lsh_attention_forward(queries, values, buckets, **sizes)
        exact_gradients = lsh_attention_backward(gradient, saved)
        outputs, saved = lsh_attention_forward(*rounded[:2], buckets, **sizes)
        gradients = lsh_attention_backward(rounded[2], saved)
        for close in (outputs, lsh_attention(*rounded[:2], buckets, **sizes)):
            assert close.dtype == np.float32
            np.testing.assert_allclose(close, exact, atol=1e-5)
        for ours, theirs in zip(gradients, exact_gradients, strict=True):
            assert ours.dtype == np.float32
            np.testing.assert_allclose(ours, theirs, atol=1e-4)


x, b = np.zeros((2, 6, 4)), np.zeros((2, 3, 6), dtype=int)
sizes = dict(n_buckets=2, chunk_length=3)


def run(queries=x, values=x, buckets=b, **chosen):
    return lsh_attention_forward(queries, values, buckets, **{**sizes, **chosen})


@pytest.mark.parametrize("attend", [run, lambda *a, **k: lsh_attention(**{**defaults(*a), **sizes, **k})])
@pytest.mark.parametrize(
    "arguments, chosen, named",
    [
        ((x.astype(int),), {}, "queries_keys"),
        ((x[0, 0],), {}, "queries_keys"),
        ((x[:, :0],), {}, "queries_keys"),
        ((x, x.astype(np.float32)), {}, "values"),
        ((x, x[:, :5]), {}, "values"),
        ((x, x[..., :0]), {}, "values"),
        ((x[:0], x[:0], b[:0]), {}, "queries_keys"),
        ((x, x, b[:, :0]), {}, "buckets"),
        ((x, x, b * 1.0), {}, "buckets"),
        ((x, x, b + 2), {}, "buckets"),
        ((x, x, b - 1), {}, "buckets"),
        ((x, x, b[..., :5]), {}, "buckets"),
        ((x, x, b[0]), {}, "buckets"),
        ((), {"n_buckets": 0}, "n_buckets"),
        ((), {"chunk_length": 0}, "chunk_length"),
        ((), {"n_before": -1}, "n_before"),
        ((), {"n_after": 0.5}, "n_after"),
        ((), {"wrap": "never"}, "wrap"),
        ((), {"padding": np.zeros((2, 6))}, "padding"),
        ((), {"padding": np.zeros(6, dtype=bool)}, "padding"),
    ],
)
def test_a_bad_argument_is_refused_by_name(attend, arguments, chosen, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        attend(*arguments, **chosen)


def defaults(queries=x, values=x, buckets=b):
    return dict(queries_keys=queries, values=values, buckets=buckets)


chunks, windows = np.zeros((2, 1, 3), dtype=int), np.zeros((2, 1, 6), dtype=int)
q, k, v = np.zeros((2, 3, 4)), np.zeros((2, 6, 4)), np.zeros((2, 6, 5))
m, seen = np.zeros((2, 3, 6)), np.zeros((2, 1, 3, 6), dtype=bool)


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda: attend_within_chunks(q.astype(int), k, v, m), "queries"),
        (lambda: attend_within_chunks(q, k[..., :3], v, m), "keys"),
        (lambda: attend_within_chunks(q, k.astype(np.float32), v, m), "keys"),
        (lambda: attend_within_chunks(q, k, v[:, :5], m), "values"),
        (lambda: attend_within_chunks(q, k, v, m[..., :5]), "mask"),
        (lambda: attend_within_chunks(q, k, v, m == 0), "mask"),
        (lambda: combine_rounds(q.astype(int), m[..., 0]), "outputs"),
        (lambda: combine_rounds(q, m[..., 0].astype(np.float32)), "log_normalizers"),
        (lambda: combine_rounds(q, m[0, ..., :3]), "log_normalizers"),
        (lambda: count_duplicates(chunks * 1.0, windows, seen), "query_positions"),
        (lambda: count_duplicates(chunks, windows * 1.0, seen), "key_positions"),
        (lambda: count_duplicates(chunks, windows[:1], seen), "key_positions"),
        (lambda: count_duplicates(chunks, windows, seen * 1.0), "visible"),
        (lambda: count_duplicates(chunks, windows, seen[0]), "visible"),
        (lambda: lsh_attention_backward(x[0], run()[1]), "gradient"),
        (lambda: lsh_attention_backward(x.astype(np.float32), run()[1]), "gradient"),
        (lambda: run(n_workers=0), "n_workers"),
    ],
)
def test_a_bad_argument_of_a_step_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        call()
