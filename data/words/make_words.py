"""Make data/words from the text of data/text: `python data/words/make_words.py`. It takes a second.

Words that stand in the same company get similar vectors. Count how often two words stand at most five words apart;
take the logarithm of that count over what chance would give, and 0 where it is negative (positive pointwise mutual
information); keep the 64 largest singular vectors of the table, each times the root of its singular value; subtract
the mean.

Source: Levy, Goldberg, Dagan, "Improving Distributional Similarity with Lessons Learned from Word Embeddings" (2015).
"""

import argparse
import hashlib
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np

from classroom import vectors

HERE = Path(__file__).resolve().parent
N_WORDS, N_FEATURES, WINDOW = 1000, 64, 5


def main():
    """Write words.npz and words.json into the folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    out = parser.parse_args().out
    words, features, mean = make_words(vectors.text())
    path = out / "words.npz"
    np.savez_compressed(path, words=words, vectors=features.astype(np.float16), mean=mean.astype(np.float16))
    made = {
        "source": "data/text",
        "script": "data/words/make_words.py",
        "n_words": N_WORDS,
        "n_features": N_FEATURES,
        "window": WINDOW,
        "numpy": np.__version__,
        "sha256": {path.name: hashlib.sha256(path.read_bytes()).hexdigest()},
    }
    (out / "words.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")


def make_words(text):
    """The most frequent words of a text, (1000,), their vectors without the mean, (1000, 64), and that mean, (64,)."""
    running = re.findall("[a-z]{2,}", text.lower())
    ranked = sorted(Counter(running).items(), key=lambda word_and_count: (-word_and_count[1], word_and_count[0]))
    words = np.array([word for word, _ in ranked[:N_WORDS]])
    left, values, _ = np.linalg.svd(mutual_information(count_pairs(running, words)))
    features = left[:, :N_FEATURES] * np.sqrt(values[:N_FEATURES])
    furthest = np.argmax(np.abs(features), axis=0)
    features *= np.sign(features[furthest, np.arange(N_FEATURES)])  # the decomposition leaves the signs open
    mean = np.mean(features, axis=0)
    return words, features - mean, mean


def count_pairs(running, words):
    """How often two words stand at most `WINDOW` words apart: (1000, 1000), symmetric."""
    places = {word: place for place, word in enumerate(words)}
    tokens = np.array([places.get(word, -1) for word in running])
    counts = np.zeros((len(words), len(words)))
    for distance in range(1, WINDOW + 1):
        first, second = tokens[:-distance], tokens[distance:]
        known = (first >= 0) & (second >= 0)
        np.add.at(counts, (first[known], second[known]), 1)
    return counts + counts.T


def mutual_information(counts):
    """Logarithm of each count over what chance would give, 0 where that is negative or the count is 0."""
    of_word = np.sum(counts, axis=1)
    ratio = counts * np.sum(counts) / np.outer(of_word, of_word)
    return np.log(np.maximum(ratio, 1))


if __name__ == "__main__":
    main()
