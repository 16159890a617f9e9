"""Real vectors for lessons: a text, and a thousand of its words with their vectors.

All of it is made by scripts in data/ from the documentation inside Python 3.11.7.
"""

import difflib
import functools
import gzip
import hashlib
import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

DATA = Path(__file__).resolve().parents[1] / "data"
PARTS = ("whole", "training", "held_out")


def text(part="whole"):
    """The text: 373,232 characters of Python's documentation, each paragraph once.

    part : "whole"; "held_out", its last tenth; or "training", the rest

    Raises ValueError if `part` is another, or the stored text is not the one that the scripts made.
    """
    if part not in PARTS:
        raise ValueError(f"part needs one of {', '.join(map(repr, PARTS))}, got {part!r}")
    whole = _whole_text()
    border = 9 * len(whole) // 10
    return {"whole": whole, "training": whole[:border], "held_out": whole[border:]}[part]


@functools.cache
def _whole_text():
    content = _stored("text/text.txt.gz", "text/text.json")
    return gzip.decompress(content).decode()


def _stored(name, made):
    """The bytes of a file in data/, which have to be those that the file `made` beside it tells of."""
    path = DATA / name
    try:
        content = path.read_bytes()
        wanted = json.loads((DATA / made).read_text(encoding="utf-8"))["sha256"][path.name]
    except OSError as problem:
        raise ValueError(f"data/{name} needs to be there, but cannot be read: {problem}") from problem
    if (found := hashlib.sha256(content).hexdigest()) != wanted:
        needed = "Get the file anew, or make it with the script beside it."
        raise ValueError(f"data/{name} needs to have the sha256 {wanted[:12]}…, got {found[:12]}…. {needed}")
    return content


class Words(NamedTuple):
    """Words with vectors: those that stand in the same company point the same way.

    words : tuple of text, the most frequent first
    vectors : (1000, 64) float32 array, a row for each word, without their mean
    mean : (64,) float32 array, what was subtracted from all of them
    """

    words: tuple
    vectors: np.ndarray
    mean: np.ndarray

    def place(self, word):
        """The row of a word in `vectors`. Raises ValueError if it is not among the words."""
        if word in self.words:
            return self.words.index(word)
        near = difflib.get_close_matches(str(word), self.words)
        hint = f"Near to it: {', '.join(near)}." if near else "No word is near to it."
        raise ValueError(f"word needs one of the {len(self.words):,} words in lower case, got {word!r}. {hint}")


@functools.cache
def words():
    """A thousand words of the text with 64 features each: `Words`.

    Made by data/words/make_words.py, which says how. Raises ValueError if the stored file is not the one it made.
    """
    with np.load(io.BytesIO(_stored("words/words.npz", "words/words.json")), allow_pickle=False) as stored:
        arrays = [_fixed(stored[name].astype(np.float32)) for name in ("vectors", "mean")]
        return Words(tuple(stored["words"].tolist()), *arrays)


def _fixed(array):
    """The same array, made safe from being written to: all who ask get the same one."""
    array.flags.writeable = False
    return array


@functools.cache
def characters():
    """The characters of the text in their order: a token of the models is a place in here."""
    return tuple(sorted(set(text())))


def as_tokens(written):
    """The tokens of a text: (L,) intp array. Raises ValueError if it holds a character that the stored text lacks."""
    places = {character: place for place, character in enumerate(characters())}
    unknown = sorted(set(written) - set(places))
    if unknown:
        raise ValueError(f"written needs characters of the stored text, got {unknown[:5]}")
    return np.array([places[character] for character in written], dtype=np.intp)
