import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.model import ReformerLM
from trax_bridge.batches import draw_batch, next_token_batch, pad_and_bucket, require_lengths


def test_sequences_go_to_the_smallest_boundary_in_their_order():
    sequences = [[1], [2, 2, 2], [3, 3], [4, 4, 4, 4], [5]]
    batches = pad_and_bucket(sequences, [2, 3, 8], batch_size=2, pad=9)
    assert [tokens.tolist() for tokens, _ in batches] == [
        [[1, 9], [3, 3]],
        [[5, 9]],
        [[2, 2, 2]],
        [[4, 4, 4, 4, 9, 9, 9, 9]],
    ]
    assert [weights.tolist() for _, weights in batches][0] == [[1, 0], [1, 1]]
    assert all(weights.dtype == np.float32 and tokens.dtype == np.intp for tokens, weights in batches)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(1, 9), max_size=12), max_size=20), st.integers(1, 4))
def test_every_sequence_is_in_one_batch_whole_and_not_longer_than_it_has_to_be(sequences, batch_size):
    boundaries, found = (3, 6, 12), []
    for tokens, weights in pad_and_bucket(sequences, boundaries, batch_size=batch_size):
        assert 1 <= len(tokens) <= batch_size and tokens.shape == weights.shape
        for row, counts in zip(tokens, weights, strict=True):
            n = int(counts.sum())
            assert counts[:n].all() and not row[n:].any()
            assert tokens.shape[1] == min(boundary for boundary in boundaries if boundary >= n)
            found.append(row[:n].tolist())
    assert sorted(found) == sorted(sequences)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (([[1], [2] * 9], [4, 8], 2), "sequence 1 needs at most 8 tokens, the largest of boundaries, got 9"),
        (([[1]], [8, 4], 2), r"boundaries needs rising lengths, got \[8, 4\]"),
        (([[1]], [4, 4], 2), "boundaries needs rising lengths"),
        (([[1]], [], 2), "boundaries needs rising lengths"),
        (([[1]], [0, 4], 2), "boundaries needs a whole number of at least 1"),
        (([[1]], [4], 0), "batch_size needs a whole number of at least 1"),
    ],
)
def test_what_cannot_be_filled_up_is_refused(arguments, said):
    sequences, boundaries, batch_size = arguments
    with pytest.raises(ValueError, match=said):
        pad_and_bucket(sequences, boundaries, batch_size=batch_size)


def test_lengths_that_do_not_fit_a_model_are_refused_with_one_that_does():
    assert require_lengths([16, 48], chunk_length=16, max_length=48) == [16, 48]
    with pytest.raises(ValueError, match="multiples of chunk_length = 16, got 40: 48 would do"):
        require_lengths([32, 40], chunk_length=16, max_length=64)
    with pytest.raises(ValueError, match="at most the max_length = 64 of the model, got 80"):
        require_lengths([64, 80], chunk_length=16, max_length=64)


def test_padding_is_neither_seen_nor_counted():
    model = ReformerLM(vocabulary_size=10, max_length=12, d_model=8, d_ff=8, n_buckets=4, chunk_length=4)
    parameters = model.init_parameters(np.random.default_rng(0), np.float64)
    sequence = [3, 1, 4, 1, 5, 9]
    losses = []
    for boundary in (6, 12):
        (batch,) = pad_and_bucket([sequence], [boundary], batch_size=1)
        inputs, targets, weights, padding = next_token_batch(*batch)
        assert weights.sum() == 5 and targets[0, :5].tolist() == sequence[1:]
        losses.append(model.evaluate(parameters, inputs, targets, weights, padding)["loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)


def test_a_draw_takes_lengths_as_often_as_they_have_sequences():
    short, long = [[1, 2, 3]] * 30, [[1, 2, 3, 4, 5]] * 10
    buckets = pad_and_bucket(short + long, [3, 5], batch_size=40)
    rng, lengths = np.random.default_rng(0), []
    for _ in range(400):
        inputs, targets, weights, padding = draw_batch(rng, buckets=buckets, batch_size=2)
        assert np.array_equal(targets, inputs + 1) and weights.all() and not padding.any()
        lengths.append(inputs.shape[1])
    assert 0.68 < np.mean(np.array(lengths) == 2) < 0.82


def test_words_made_unknown_stand_in_inputs_alone():
    buckets = pad_and_bucket([[2, 3, 4, 5]] * 50, [4], batch_size=50)
    options = dict(buckets=buckets, batch_size=2000, unknown=1, unknown_share=0.1)
    inputs, targets, *_ = draw_batch(np.random.default_rng(0), **options)
    assert not np.any(targets == 1)
    assert 0.08 < np.mean(inputs == 1) < 0.12
    assert np.all((inputs == 1) | (inputs == [2, 3, 4]))
