"""Long sequences and their buckets, for the spill laboratory: a cloud, words, and what a head of a model looks for.

The vectors stay here: the browser gets the buckets, for a few draws of the rotations.
"""

import functools
import re
from typing import NamedTuple

import numpy as np

from classroom import vectors
from reformer.angular import angular_hash, draw_rotations

N_TOKENS = 512
N_CLOUD_FEATURES = 64
MAX_ROUNDS = 8
N_DRAWS = 3
BUCKET_COUNTS = (8, 16, 32, 64)
HEAD = "same letter, same surroundings"
SEED = 14  # of the cloud and of the choice of words


class LongSequence(NamedTuple):
    """512 tokens.

    name : what it is called
    tokens : tuple of text, "" where a vector stands for nothing
    vectors : (512, d) float64 array of what is hashed
    """

    name: str
    tokens: tuple
    vectors: np.ndarray


@functools.cache
def long_sequences():
    """All long sequences by key: { "cloud", "words", "text", "head", "centred" }."""
    letters, directions = _head()
    return {
        "cloud": LongSequence("Random cloud", ("",) * N_TOKENS, _cloud()),
        "words": LongSequence("Words, each once", *_words_once()),
        "text": LongSequence("Running text", *_running_text()),
        "head": LongSequence("A trained head", letters, directions[:N_TOKENS]),
        "centred": LongSequence("The head, mean removed", letters, (directions - directions.mean(axis=0))[:N_TOKENS]),
    }


def _cloud():
    """Independent Gaussian vectors, which point everywhere."""
    return np.random.default_rng(SEED).standard_normal((N_TOKENS, N_CLOUD_FEATURES))


def _words_once():
    """Words of the stored text in random order, none of them twice."""
    n_words = len(vectors.words().words)
    return _of_words(np.random.default_rng(SEED).permutation(n_words)[:N_TOKENS])


def _running_text():
    """The words of the stored text in their order; those without a vector are left out."""
    places = {word: place for place, word in enumerate(vectors.words().words)}
    written = re.findall("[a-z]+", vectors.text().lower())
    return _of_words([places[word] for word in written if word in places][:N_TOKENS])


def _of_words(places):
    known = vectors.words()
    return tuple(known.words[place] for place in places), known.vectors[places].astype(np.float64)


def _head():
    """The letters that a head reads, and the directions of all 1,024 vectors by which it looks for others."""
    model, layer, head = vectors.HEADS[HEAD]
    read = vectors.attention(model)
    queries = read.queries[layer, head].astype(np.float64)
    visible = {" ": "␣", "\n": "↵"}
    letters = tuple(visible.get(letter, letter) for letter in read.text[:N_TOKENS])
    return letters, queries / np.linalg.norm(queries, axis=1, keepdims=True)


@functools.cache
def hashed():
    """Buckets of all long sequences: (sequences, draws, numbers of buckets, MAX_ROUNDS, 512) uint8 array."""
    every = [
        [_hash_often(sequence.vectors, np.random.default_rng(draw)) for draw in range(N_DRAWS)]
        for sequence in long_sequences().values()
    ]
    return np.array(every, dtype=np.uint8)


def _hash_often(rows, rng):
    """Buckets in all rounds for all numbers of buckets: fewer buckets use the first columns of the same rotations."""
    sizes = {"n_rounds": MAX_ROUNDS, "n_features": rows.shape[1], "n_buckets": BUCKET_COUNTS[-1]}
    rotations = draw_rotations(rng, **sizes, dtype=np.float64)
    return [angular_hash(rows, rotations[..., : n_buckets // 2]) for n_buckets in BUCKET_COUNTS]
