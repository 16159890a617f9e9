import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer import tasks

few = settings(max_examples=20, deadline=None)
seeds = st.integers(0, 10**6)
WORD_TASKS = [(tasks.copy, list), (tasks.reverse, lambda word: list(reversed(word))), (tasks.sort, sorted)]


def whole(batch):
    """The sequences, and which of their tokens count."""
    sequences = np.concatenate([batch.inputs, batch.targets[:, -1:]], axis=1)
    counts = np.concatenate([np.zeros((len(sequences), 1), np.float32), batch.weights], axis=1)
    np.testing.assert_array_equal(sequences[:, 1:], batch.targets)
    return sequences, counts


def words_before_and_after_the_middle(sequence):
    """Cut 0w0v0... at its zeros."""
    zeros = np.flatnonzero(sequence == 0)
    return list(sequence[1 : zeros[1]]), list(sequence[zeros[1] + 1 : zeros[2]])


@few
@given(seeds, st.integers(2, 12), st.integers(1, 127))
def test_duplication_repeats_a_word_and_counts_its_second_half_only(seed, half, n_symbols):
    batch = tasks.duplication(np.random.default_rng(seed), n_sequences=3, length=2 * half, n_symbols=n_symbols)
    assert batch.inputs.shape == batch.targets.shape == batch.weights.shape == (3, 2 * half)
    sequences, counts = whole(batch)
    np.testing.assert_array_equal(sequences[:, :half], sequences[:, half : 2 * half])
    assert np.all(sequences[:, [0, half]] == 0)
    assert np.all((sequences[:, 1:half] >= 1) & (sequences[:, 1:half] <= n_symbols))
    for counted in counts:
        np.testing.assert_array_equal(np.flatnonzero(counted), np.arange(half + 1, 2 * half))


@pytest.mark.parametrize(("task", "answer"), WORD_TASKS)
@few
@given(seed=seeds, longest=st.integers(1, 8))
def test_a_word_is_followed_by_its_answer_which_counts_with_the_zero_that_ends_it(task, answer, seed, longest):
    batch = task(np.random.default_rng(seed), n_sequences=4, longest=longest, n_symbols=9)
    assert batch.inputs.shape == (4, 2 * longest + 3)
    for sequence, counts in zip(*whole(batch), strict=True):
        word, second = words_before_and_after_the_middle(sequence)
        assert 1 <= len(word) <= longest and second == answer(word)
        size = len(word)
        assert np.all(sequence[2 * size + 2 :] == 0)
        np.testing.assert_array_equal(np.flatnonzero(counts), np.arange(size + 2, 2 * size + 3))


@few
@given(seeds, st.integers(1, 9))
def test_addition_is_right_and_its_digits_count(seed, n_digits):
    sequences, counts = whole(tasks.addition(np.random.default_rng(seed), n_sequences=4, n_digits=n_digits))
    for sequence, counted in zip(sequences, counts, strict=True):
        assert sequence[0] == sequence[-1] == 0
        text = "".join("0123456789+="[token - 1] for token in sequence[1:-1])
        a, rest = text.split("+")
        b, c = rest.split("=")
        assert int(a[::-1]) + int(b[::-1]) == int(c[::-1])
        assert len(a) == len(b) == n_digits and len(c) == n_digits + 1
        np.testing.assert_array_equal(np.flatnonzero(counted), np.arange(2 * n_digits + 3, 3 * n_digits + 4))


def test_the_same_generator_state_draws_the_same_batch_and_another_does_not():
    draw = [tasks.copy(np.random.default_rng(seed), n_sequences=5, longest=6, n_symbols=9).inputs for seed in (1, 1, 2)]
    np.testing.assert_array_equal(draw[0], draw[1])
    assert not np.array_equal(draw[0], draw[2])


def test_every_digit_and_every_symbol_is_drawn():
    rng = np.random.default_rng(0)
    digits = tasks.addition(rng, n_sequences=100, n_digits=2).inputs[:, [1, 2, 4, 5]]
    assert [set(place) for place in digits.T] == [set(range(1, 11))] * 4
    words = tasks.duplication(rng, n_sequences=100, length=6, n_symbols=4).inputs[:, [1, 2]]
    assert [set(place) for place in words.T] == [{1, 2, 3, 4}] * 2


def test_words_of_every_length_up_to_the_longest_are_drawn():
    batch = tasks.copy(np.random.default_rng(0), n_sequences=200, longest=5, n_symbols=3)
    assert set(batch.weights.sum(axis=1) - 1) == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda rng: tasks.duplication(rng, n_sequences=1, length=7, n_symbols=3), "length needs an even whole number"),
        (lambda rng: tasks.duplication(rng, n_sequences=0, length=8, n_symbols=3), "n_sequences needs a whole number"),
        (lambda rng: tasks.sort(rng, n_sequences=1, longest=3, n_symbols=0), "n_symbols needs a whole number"),
        (lambda rng: tasks.copy(rng, n_sequences=1, longest=0, n_symbols=3), "longest needs a whole number"),
        (lambda rng: tasks.addition(rng, n_sequences=1, n_digits=0), "n_digits needs a whole number"),
        (lambda rng: tasks.addition(rng, n_sequences=0, n_digits=1), "n_sequences needs a whole number"),
        (lambda rng: tasks.duplication(rng, n_sequences=1, length=2, n_symbols=3), "length needs .* at least 4, got 2"),
    ],
)
def test_a_bad_number_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.random.default_rng(0))
