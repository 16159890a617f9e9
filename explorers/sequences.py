"""Sequences of tokens with vectors, for explorers: a sentence, letters of a head, clusters, words by Zipf's law.

The vectors are turned so that their first two features are the two leading principal directions of the 64 tokens, not
without the mean: what is near in these two is mostly near in all. A turn changes no dot product.
"""

import functools
import re
from typing import NamedTuple

import numpy as np

from classroom import vectors
from explorers.inputs import Choice

N_TOKENS, N_FEATURES = 64, 64
SENTENCE = "an object of an immutable sequence type cannot change"  # how the words begin
LETTERS = (1, 2, 256)  # layer and head of the model "shared_qk", whose vectors have a common mean; the first position
SOURCES = [
    ("words", "Words of a sentence"),
    ("letters", "Letters, common mean"),
    ("clusters", "Clusters"),
    ("zipf", "Words by Zipf’s law"),
]
WRAPS = [("global", "last of round before"), ("round", "last of its round"), ("none", "nobody")]
LENGTHENED = 5.0  # times the length of words: about as long as the vectors of the heads


class Sequence(NamedTuple):
    """64 tokens.

    name : what it is called; about : one line that says what the vectors are
    tokens : tuple of text
    queries_keys, values : (64, 64) float32 arrays
    """

    name: str
    about: str
    tokens: tuple
    queries_keys: np.ndarray
    values: np.ndarray


def which_sequence(start):
    """The input of an explorer that chooses one of the sequences, at first `start`."""
    about = "which tokens; `explorers.sequences` says what their vectors are"
    return Choice(start, SOURCES, help=about, label="Tokens", as_list=True)


def which_wrap():
    """The input of an explorer that chooses what the first chunk sees before it."""
    about = "what the first chunk sees before it, as in `look_adjacent`"
    return Choice("global", WRAPS, help=about, label="First chunk looks back at", as_list=True)


@functools.cache
def sequences():
    """All sequences by key: { "words", "letters", "clusters", "zipf" }."""
    return {"words": _sentence(), "letters": _letters(), "clusters": _clusters(), "zipf": _zipf()}


def _sentence():
    """A sentence of the text, without the words that have no vector."""
    running = re.findall("[a-z]{2,}", vectors.text().lower())
    beginning = SENTENCE.split()
    start = next(i for i in range(len(running)) if running[i : i + len(beginning)] == beginning)
    known = set(vectors.words().words)
    tokens = [word for word in running[start : start + 2 * N_TOKENS] if word in known][:N_TOKENS]
    return _of_words("A sentence", "words of a sentence, each with its vector", tokens)


def _zipf():
    """Words drawn by Zipf's law: the k-th most frequent comes with a chance of 1/k, over the sum."""
    words = vectors.words().words
    chance = 1 / np.arange(1, len(words) + 1)
    drawn = np.random.default_rng(4).choice(len(words), N_TOKENS, p=chance / chance.sum())
    about = "words drawn by Zipf's law, the k-th most frequent with a chance of 1/k, so that a few come again and again"
    return _of_words("Zipf's law", about, [words[i] for i in drawn])


def _of_words(name, about, tokens):
    of = vectors.words()
    rows = of.vectors[[of.place(word) for word in tokens]]
    return _turned(name, f"{about}, {LENGTHENED:g} times as long", tokens, LENGTHENED * rows, rows)


def _letters():
    layer, head, start = LETTERS
    read = vectors.attention("shared_qk")
    rows = slice(start, start + N_TOKENS)
    visible = {" ": "␣", "\n": "↵"}
    tokens = [visible.get(letter, letter) for letter in read.text[rows]]
    about = "letters as a head of a trained Transformer sees them: its vectors have a common mean"
    return _turned(
        "Letters, common mean", about, tokens, read.queries[layer, head, rows], read.values[layer, head, rows]
    )


def _clusters():
    """Eight directions, each token near to one of them."""
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((8, N_FEATURES))
    of = rng.integers(0, 8, N_TOKENS)
    rows = centres[of] + 0.35 * rng.standard_normal((N_TOKENS, N_FEATURES))
    count = {}
    tokens = []
    for cluster in of:
        count[cluster] = count.get(cluster, 0) + 1
        tokens.append(f"{'ABCDEFGH'[cluster]}{count[cluster]}")
    rows *= 8 / np.linalg.norm(rows, axis=1, keepdims=True)
    return _turned("Clusters", "made-up vectors, each near to one of eight directions", tokens, rows, rows / 8)


def _turned(name, about, tokens, queries_keys, values):
    """The sequence in the basis of the principal directions of its vectors at length one, filled up with zeros."""
    rows = np.asarray(queries_keys, dtype=np.float64)
    _, _, directions = np.linalg.svd(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    furthest = np.argmax(np.abs(directions), axis=1)
    directions *= np.sign(directions[np.arange(len(directions)), furthest])[:, np.newaxis]  # signs are open
    return Sequence(name, about, tuple(tokens), _filled(rows @ directions.T), _filled(values))


def _filled(rows):
    filled = np.zeros((N_TOKENS, N_FEATURES), np.float32)
    filled[:, : rows.shape[1]] = rows
    filled.setflags(write=False)
    return filled
