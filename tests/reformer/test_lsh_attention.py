from inspect import signature

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.attention import shared_qk_attention
from reformer.chunking import WRAPS, look_adjacent, sort_by_bucket, split_into_chunks
from reformer.loops import lsh_attention as loops
from reformer.lsh_attention import (
    Options,
    attend_within_chunks,
    combine_rounds,
    count_duplicates,
    lsh_attention,
    newest_attention,
)
from reformer.masks import HIDDEN, attention_mask

# OpenBLAS can set the flag for an invalid number by what it reads beside its arrays.
pytestmark = pytest.mark.filterwarnings("error", "ignore:invalid value encountered in matmul")
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
    outputs = lsh_attention(queries, values, np.zeros_like(buckets), causal=causal, **sizes)
    np.testing.assert_allclose(outputs, shared_qk_attention(queries, values, causal=causal), atol=1e-12)


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
    padded = lsh_attention(queries, values, buckets, padding=padding, **sizes, **chosen)
    assert np.all(padded[padding] == 0)
    for entry in np.ndindex(*values.shape[:-2]):
        real = np.flatnonzero(~padding[entry])
        if real.size:
            sequence = queries[entry][real], values[entry][real], buckets[entry][:, real]
            alone = lsh_attention(*sequence, **sizes, **chosen)
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
    outputs = lsh_attention(queries, values, buckets, n_buckets=4, chunk_length=5)
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
    outputs = lsh_attention(queries, values, buckets.astype(dtype), **chosen)
    np.testing.assert_allclose(outputs, expected, atol=1e-12)
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
    queries, values = rng.standard_normal((2, 2, 500, 16))
    buckets = rng.integers(0, 8, (2, 3, 500))
    for extra in ({}, {"correct_duplicates": True}):
        exact, outputs = (
            lsh_attention(queries.astype(dtype), values.astype(dtype), buckets, n_buckets=8, chunk_length=32, **extra)
            for dtype in (np.float64, np.float32)
        )
        assert outputs.dtype == np.float32
        np.testing.assert_allclose(outputs, exact, atol=1e-5)


def test_an_empty_batch_gives_an_empty_result():
    none = np.zeros((0, 5, 4))
    for extra in ({}, dict(padding=np.zeros((0, 5), bool))):
        outputs = lsh_attention(none, none, np.zeros((0, 2, 5), int), n_buckets=2, chunk_length=3, **extra)
        assert outputs.shape == (0, 5, 4)


def test_more_places_in_a_chunk_than_positions_cost_nothing():
    rng = np.random.default_rng(0)
    (queries, values), buckets = rng.standard_normal((2, 70, 4)), rng.integers(0, 4, (2, 70))
    huge, enough = (lsh_attention(queries, values, buckets, n_buckets=4, chunk_length=c) for c in (10**6, 70))
    np.testing.assert_array_equal(huge, enough)


def test_a_window_that_sees_nothing_gives_zeros_and_minus_infinity_and_large_scores_hold():
    keys, values = np.array([[1.0], [-1.0]]), np.array([[1.0], [3.0]])
    mask = np.array([[0, 0], [0, -np.inf], [-np.inf, -np.inf]])
    for dtype in (np.float32, np.float64):
        arrays = [array.astype(dtype) for array in (np.array([[1e3], [0.0], [1e3]]), keys, values, mask)]
        outputs, log_normalizers = attend_within_chunks(*arrays)
        np.testing.assert_array_equal(outputs, [[1], [1], [0]])
        np.testing.assert_array_equal(log_normalizers, [1e3, 0, -np.inf])
        assert outputs.dtype == log_normalizers.dtype == dtype
        combined = combine_rounds(outputs[:, np.newaxis], log_normalizers[:, np.newaxis])
        np.testing.assert_array_equal(combined, [[1]])
        np.testing.assert_array_equal(combine_rounds(outputs[2:, np.newaxis], log_normalizers[2:, np.newaxis]), [[0]])


@pytest.mark.parametrize("hides", ["padding", "causal"])
@pytest.mark.parametrize("bad, n_entries", [(np.nan, 4), (np.inf, 4), (-np.inf, 1), (1e30, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", [{}, dict(same_bucket_only=True, correct_duplicates=True, wrap="round")])
def test_what_is_not_finite_or_too_long_reaches_nobody_who_may_not_see_it(hides, bad, n_entries, dtype, options):
    rng = np.random.default_rng(0)
    arrays, buckets = rng.standard_normal((2, 2, 12, 4)).astype(dtype), rng.integers(0, 3, (2, 3, 12))
    hidden = np.zeros((2, 12), bool)
    hidden[0, [2, 7]], hidden[1, 9:] = True, True
    if hides == "causal":
        hidden[0] = np.arange(12) > 10
    sizes = dict(n_buckets=3, chunk_length=4, padding=hidden if hides == "padding" else None)
    clean = lsh_attention(*arrays, buckets, **sizes, **options)
    for which in ([0], [1], [0, 1]):
        spoilt = arrays.copy()
        for i in which:
            spoilt[i, hidden, :n_entries] = bad
        if bad == 1e30 and hides == "causal" and 0 in which:
            continue  # refused: no padding hides it
        outputs = lsh_attention(*spoilt, buckets, **sizes, **options)
        np.testing.assert_allclose(outputs[~hidden], clean[~hidden], rtol=1e-5, atol=1e-6)
        if hides == "padding":
            assert not np.any(outputs[hidden])


@pytest.mark.parametrize("dtype, length", [(np.float32, 1e25), (np.float32, 9.9e28), (np.float64, 9.9e28)])
@pytest.mark.parametrize("bad", [[], [np.nan]])
def test_long_vectors_see_the_others_and_not_themselves_also_beside_a_nan(dtype, length, bad):
    queries = np.array([[1, 0], [0, 1], [-1, 0], *([b, 0] for b in bad)]) * dtype(length)
    values = np.array([[1], [2], [4], *([8] for _ in bad)], dtype)
    one_bucket = np.zeros((2, len(values)), int)
    outputs = lsh_attention(queries.astype(dtype), values, one_bucket, n_buckets=1, chunk_length=4)
    np.testing.assert_allclose(outputs[:3], [[1], [1], [2]], rtol=1e-6)


@pytest.mark.parametrize("dtype, entry", [(np.float32, 1e29), (np.float64, 1e29), (np.float64, 1e300)])
def test_vectors_too_long_to_see_the_others_first_are_refused_by_name(dtype, entry):
    vectors = np.array([[1, 0], [0, entry]], dtype)
    with pytest.raises(ValueError, match="queries_keys needs vectors shorter than 1e29, got a longer one"):
        lsh_attention(vectors, vectors, np.zeros((1, 2), int), n_buckets=1, chunk_length=2)


def test_options_have_the_names_and_defaults_of_the_function():
    taken = {name: p.default for name, p in signature(lsh_attention).parameters.items() if p.kind is p.KEYWORD_ONLY}
    assert taken.pop("padding") is None
    assert taken == {name: p.default for name, p in signature(Options).parameters.items()}


def test_a_step_is_told_only_what_differs_from_its_defaults():
    assert Options(4, 2).look == Options(4, 2, causal=False, same_bucket_only=True).look == {}
    assert Options(4, 2, n_before=2).look == dict(n_before=2)
    assert Options(4, 2, n_before=0, n_after=1, wrap="none").look == dict(n_before=0, n_after=1, wrap="none")


x, b = np.zeros((2, 6, 4)), np.zeros((2, 3, 6), dtype=int)
sizes = dict(n_buckets=2, chunk_length=3)


@pytest.mark.parametrize(
    "arguments, chosen, named",
    [
        ((x.astype(int),), {}, "queries_keys"),
        ((x[0, 0],), {}, "queries_keys"),
        ((x[:, :0],), {}, "queries_keys"),
        ((x, x.astype(np.float32)), {}, "values"),
        ((x, x[:, :5]), {}, "values"),
        ((x, x[..., :0]), {}, "values"),
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
def test_a_bad_argument_is_refused_by_name(arguments, chosen, named):
    names = ("queries_keys", "values", "buckets")[: len(arguments)]
    given = dict(queries_keys=x, values=x, buckets=b) | dict(zip(names, arguments, strict=True))
    with pytest.raises(ValueError, match=f"^{named} needs"):
        lsh_attention(**given | sizes | chosen)


chunks, windows = np.zeros((2, 1, 3), dtype=int), np.zeros((2, 1, 6), dtype=int)
q, k, v = np.zeros((2, 3, 4)), np.zeros((2, 6, 4)), np.zeros((2, 6, 5))
m, seen = np.zeros((2, 3, 6)), np.zeros((2, 1, 3, 6), dtype=bool)


LARGE = np.full((2, 1, 1), 3e38, np.float32)  # a key and a value


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
        (lambda: attend_within_chunks(np.full((1, 1), 3e38, np.float32), *LARGE, np.zeros((1, 1))), "queries and keys"),
    ],
)
def test_a_bad_argument_of_a_step_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        call()


# --- the newest token ------------------------------------------------------------------------------------------------


@few
@given(sequences(), options(), st.data())
def test_the_attention_of_the_newest_agrees_with_its_loop_twin(sequence, chosen, data):
    queries, values, buckets, sizes = sequence
    settled = data.draw(st.integers(1, values.shape[-2]))
    looped = loops.newest_attention(queries, values, buckets, settled=settled, **sizes, **chosen)
    found = newest_attention(queries, values, buckets, settled=settled, **sizes, **chosen)
    np.testing.assert_allclose(found, looped, atol=1e-12)


@few
@given(sequences(lengths=(2, 20)), st.data())
def test_from_the_settled_tokens_on_no_later_token_changes_anything_not_even_by_its_bucket(sequence, data):
    queries, values, buckets, sizes = sequence
    settled = data.draw(st.integers(1, values.shape[-2] - 1))
    before = newest_attention(queries, values, buckets, settled=settled, **sizes)
    queries, values, buckets = queries.copy(), values.copy(), buckets.copy()
    queries[..., -1, :] += 1
    values[..., -1, :] += 1
    buckets[..., -1] = (buckets[..., -1] + 1) % sizes["n_buckets"]
    after = newest_attention(queries, values, buckets, settled=settled, **sizes)
    np.testing.assert_array_equal(after[..., :-1, :], before[..., :-1, :])


@few
@given(sequences(), st.data())
def test_in_one_chunk_the_newest_sees_what_dense_attention_shows_it(sequence, data):
    queries, values, buckets, sizes = sequence
    sizes["chunk_length"], settled = values.shape[-2], data.draw(st.integers(1, values.shape[-2]))
    found = newest_attention(queries, values, buckets, settled=settled, **sizes)
    np.testing.assert_allclose(found, shared_qk_attention(queries, values), atol=1e-12)


def test_the_newest_among_padding_is_answered_as_if_the_padding_were_not_there():
    rng = np.random.default_rng(0)
    queries, values = rng.standard_normal((2, 12, 4))
    buckets, padding = rng.integers(0, 3, (2, 12)), np.arange(12) % 3 == 1
    sizes = dict(n_buckets=3, chunk_length=2)
    found = newest_attention(queries, values, buckets, settled=5, padding=padding, **sizes)
    alone = newest_attention(queries[~padding], values[~padding], buckets[:, ~padding], settled=3, **sizes)
    np.testing.assert_allclose(found[~padding], alone, atol=1e-12)
    assert not np.any(found[padding])


@pytest.mark.parametrize(
    ("settled", "words"),
    [(0, "settled needs a whole number of at least 1, got 0"), (6, "settled needs at most L = 5 tokens, got 6")],
)
def test_more_settled_tokens_than_there_are_or_none_are_refused(settled, words):
    arrays = np.ones((5, 4)), np.ones((5, 3)), np.zeros((1, 5), int)
    with pytest.raises(ValueError, match=words):
        newest_attention(*arrays, settled=settled, n_buckets=2, chunk_length=2)
