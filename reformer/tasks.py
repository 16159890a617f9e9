"""Small tasks a model can learn in seconds: duplication, copy, reverse, sort, addition (unit 07).

A task is a function of a random generator that draws one batch. Token 0 separates and ends; symbols are 1 .. N. The
model reads a whole sequence and at each place predicts the next token; only the places whose answer follows from what
came before count.
"""

from typing import NamedTuple

import numpy as np

from reformer.arguments import require_count

PLUS, EQUALS = 11, 12  # addition: digit k is token k + 1


class Batch(NamedTuple):
    """What a model learns from.

    inputs : (batch, L) intp array of tokens
    targets : (batch, L) intp array, the token that follows each input; 0 after the last
    weights : (batch, L) float32 array, 1 where the target counts, else 0
    """

    inputs: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


def duplication(rng, *, n_sequences, length, n_symbols):
    """Draw sequences 0w0w, where w is a random word. The second w counts.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_sequences : size of the batch
    length : L, even, at least 4; w has L/2 - 1 symbols
    n_symbols : N; the vocabulary has N + 1 tokens

    Returns
    -------
    batch : `Batch`

    Raises ValueError if a number is not as above.
    Source: Reformer, section 2, "Analysis on a synthetic task"; there L = 1024 and N = 127.
    """
    half = require_count("length", length, at_least=4, even=True) // 2
    words = _draw_symbols(rng, n_sequences, half - 1, n_symbols)
    sequences = np.tile(np.pad(words, ((0, 0), (1, 0))), 2)
    return _next_token_batch(sequences, np.arange(length) > half)


def copy(rng, *, n_sequences, longest, n_symbols):
    """Draw sequences 0w0w0 with words w of 1 .. `longest` symbols, filled up with 0. The second w and its 0 count.

    L is 2 `longest` + 3. Raises ValueError if a number is below 1. All else as in `duplication`.
    Source: Graves, Wayne, Danihelka, "Neural Turing Machines" (2014), section 4.1.
    """
    return _answer_words(rng, n_sequences, longest, n_symbols, lambda word: word)


def reverse(rng, *, n_sequences, longest, n_symbols):
    """Draw sequences 0w0v0 where v is w backwards. Arguments, errors and result as in `copy`."""
    return _answer_words(rng, n_sequences, longest, n_symbols, lambda word: word[::-1])


def sort(rng, *, n_sequences, longest, n_symbols):
    """Draw sequences 0w0v0 where v has the symbols of w in rising order. All else as in `copy`."""
    return _answer_words(rng, n_sequences, longest, n_symbols, np.sort)


def addition(rng, *, n_sequences, n_digits):
    """Draw sums 0a+b=c of two numbers of `n_digits` digits; c has one more. The digits of c count.

    All numbers are written from the lowest digit on, as one adds by hand: then each digit of c needs only digits
    already read, and a carry. Digit k is token k + 1, the signs are tokens 11 and 12: the vocabulary has 13 tokens.
    L is 3 `n_digits` + 4. Raises ValueError if a number is below 1. All else as in `duplication`.
    """
    n_digits = require_count("n_digits", n_digits)
    a, b = rng.integers(0, 10, (2, require_count("n_sequences", n_sequences), n_digits))
    c, carry = np.zeros((n_sequences, n_digits + 1), dtype=np.intp), 0
    for place in range(n_digits):
        total = a[:, place] + b[:, place] + carry
        c[:, place], carry = total % 10, total // 10
    c[:, -1] = carry
    zero, plus, equals = (np.full((n_sequences, 1), token) for token in (0, PLUS, EQUALS))
    sequences = np.concatenate([zero, a + 1, plus, b + 1, equals, c + 1], axis=1)
    return _next_token_batch(sequences, np.arange(sequences.shape[1]) > 2 * n_digits + 2)


def _answer_words(rng, n_sequences, longest, n_symbols, answer):
    words = _draw_symbols(rng, n_sequences, longest, n_symbols)
    sequences = np.zeros((n_sequences, 2 * longest + 3), dtype=np.intp)
    counts = np.zeros(sequences.shape, dtype=bool)
    for i, size in enumerate(rng.integers(1, longest + 1, n_sequences)):
        word = words[i, :size]
        sequences[i, : 2 * size + 2] = [0, *word, 0, *answer(word)]
        counts[i, size + 2 : 2 * size + 3] = True
    return _next_token_batch(sequences, counts)


def _draw_symbols(rng, n_sequences, length, n_symbols):
    shape = require_count("n_sequences", n_sequences), require_count("longest", length)
    return rng.integers(1, require_count("n_symbols", n_symbols) + 1, shape)


def _next_token_batch(sequences, counts):
    """`counts` says which tokens of the sequences count; each is the target of the place before it.

    All sequences start with a 0 that does not count, which thereby serves as what follows the last token.
    """
    counts = np.broadcast_to(counts, sequences.shape)
    return Batch(sequences, np.roll(sequences, -1, axis=1), np.roll(counts, -1, axis=1).astype(np.float32))
