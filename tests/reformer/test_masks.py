import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.loops import lsh_attention as loops
from reformer.masks import HIDDEN, LAST_RESORT, attention_mask

few = settings(max_examples=60, deadline=None)


@few
@given(
    st.integers(0, 10**6),
    st.sampled_from([(), (2,), (2, 3)]),
    st.integers(1, 7),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_the_mask_agrees_with_its_loop_twin(seed, batch, n_queries, n_keys, causal, avoid_self, with_buckets):
    rng = np.random.default_rng(seed)
    positions = [rng.integers(-1, 5, (*batch, n)) for n in (n_queries, n_keys)]
    options = dict(causal=causal, avoid_self=avoid_self)
    if with_buckets:
        buckets = [rng.integers(0, 3, (*batch, n)) for n in (n_queries, n_keys)]
        options.update(query_buckets=buckets[0], key_buckets=buckets[1])
    vectorised, looped = (module(*positions, **options) for module in (attention_mask, loops.attention_mask))
    assert vectorised.dtype == looped.dtype == np.float32
    np.testing.assert_array_equal(vectorised, looped)


def test_the_future_is_hidden_and_the_past_is_not():
    mask = attention_mask(np.array([2]), np.array([0, 1, 2, 3]))
    assert mask.tolist() == [[0, 0, LAST_RESORT, HIDDEN]]


def test_without_avoid_self_a_token_sees_itself_as_any_other():
    mask = attention_mask(np.arange(3), np.arange(3), causal=True, avoid_self=False)
    np.testing.assert_array_equal(mask == 0, np.tri(3, dtype=bool))


def test_positions_count_and_not_places():
    mask = attention_mask(np.array([5, 0]), np.array([0, 5]))
    assert mask.tolist() == [[0, LAST_RESORT], [LAST_RESORT, HIDDEN]]


def test_a_position_that_stands_twice_in_a_window_is_itself_both_times():
    mask = attention_mask(np.array([3]), np.array([3, 1, 3]), causal=False)
    assert mask.tolist() == [[LAST_RESORT, 0, LAST_RESORT]]


def test_nobody_sees_an_empty_place_and_an_empty_place_sees_nobody():
    mask = attention_mask(np.array([-1, 1]), np.array([-1, 0]), causal=False)
    assert mask.tolist() == [[HIDDEN, HIDDEN], [HIDDEN, 0]]


def test_another_bucket_is_hidden():
    mask = attention_mask(
        np.array([4, 5]), np.array([1, 2]), query_buckets=np.array([7, 8]), key_buckets=np.array([8, 7])
    )
    assert mask.tolist() == [[HIDDEN, 0], [0, HIDDEN]]


p = np.arange(3)


@pytest.mark.parametrize(
    "arguments, options, named",
    [
        ((p * 1.0, p), {}, "query_positions"),
        ((p, p * 1.0), {}, "key_positions"),
        ((p - 2, p), {}, "query_positions"),
        ((3, p), {}, "query_positions"),
        ((p, p - 2), {}, "key_positions"),
        ((p, np.stack([p, p])), {}, "key_positions"),
        ((p, p), {"query_buckets": p}, "key_buckets"),
        ((p, p), {"key_buckets": p}, "query_buckets"),
        ((p, p), {"query_buckets": p * 1.0, "key_buckets": p}, "query_buckets"),
        ((p, p), {"query_buckets": p[:2], "key_buckets": p}, "query_buckets"),
        ((p, p), {"query_buckets": p, "key_buckets": p[:2]}, "key_buckets"),
    ],
)
def test_a_bad_argument_is_refused_by_name(arguments, options, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        attention_mask(*arguments, **options)
