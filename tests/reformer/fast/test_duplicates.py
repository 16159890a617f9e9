"""The tuned path counts from numbers of chunks how often a query meets a key; the clear path counts places."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.chunking import WRAPS
from reformer.fast.lsh_attention import lsh_attention_forward
from reformer.fast.rounds import Rounds
from reformer.lsh_attention import Options, count_duplicates, who_sees_whom
from reformer.masks import HIDDEN


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(1, 40), st.integers(1, 9)),
    st.integers(1, 4),
    st.tuples(st.integers(0, 5), st.integers(0, 4)),
    st.sampled_from(WRAPS),
    st.booleans(),
)
def test_a_query_meets_a_key_as_often_as_it_is_visible(seed, lengths, n_rounds, look, wrap, same_bucket_only):
    rng = np.random.default_rng(seed)
    (length, chunk_length), (n_before, n_after) = lengths, look
    buckets = rng.integers(0, 3, (2, n_rounds, length))
    assert_counted(buckets, Options(3, min(chunk_length, length), False, n_before, n_after, wrap, same_bucket_only))


@pytest.mark.parametrize("n_rounds, n_chunks", [(300, 2), (2, 140), (2, 200), (2, 300)])
def test_more_meetings_or_chunks_than_a_byte_holds_are_counted(n_rounds, n_chunks):
    buckets = np.random.default_rng(0).integers(0, 1000, (1, n_rounds, 2 * n_chunks))
    assert_counted(buckets, Options(1000, 2, False, 1, 1, "round", False))


def assert_counted(buckets, options):
    """Compare the counts of all blocks of all rounds with those of the clear path."""
    _, chunks, windows, mask = who_sees_whom(buckets, options)
    expected = count_duplicates(chunks, windows, mask > HIDDEN)
    queries, values = np.random.default_rng(0).standard_normal((2, len(buckets), buckets.shape[-1], 3))
    _, saved = lsh_attention_forward(queries, values, buckets, **{**vars(options), "correct_duplicates": True})
    rounds = Rounds(saved.parts[0][1], {}, keeps_queries=False)
    for r in range(buckets.shape[1]):
        for place in rounds.blocks(r):
            heads, own, around = rounds.around(place)
            counts = np.swapaxes(rounds.meetings.count(rounds.index[heads, around]), -1, -2)
            visible = expected[heads, r, own] > 0
            np.testing.assert_array_equal(counts[visible], expected[heads, r, own][visible])
