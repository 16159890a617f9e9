"""Real vectors for lessons: a text, its words, and what two small Transformers look for when they read it.

All of it is made by scripts in data/ from the documentation inside Python 3.11.7. `text` gives the text, `words` a
thousand of its words with their vectors, `attention` queries, keys and values of a trained model, and `stored_model`
the model itself.

Letters: L positions, H heads, d features of a head.
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

from reformer.attention import blocks, masked_logits, scaled, softmax, unit_keys
from reformer.blocks import to_heads
from reformer.model import TransformerLM
from reformer.parameters import unflatten_parameters

DATA = Path(__file__).resolve().parents[1] / "data"
PARTS = ("whole", "training", "held_out")
MODELS = ("dense", "shared_qk")
SETTINGS = {
    "max_length": 1024,
    "d_model": 128,
    "d_ff": 512,
    "n_heads": 4,
    "n_layers": 3,
    "positions": "sinusoidal",
}
# Heads of different kinds, by what they attend to: (model, layer, head). Figures of all: data/attention/results.json.
HEADS = {
    "the letter before": ("dense", 0, 2),
    "the last few letters": ("dense", 0, 1),
    "quotation marks": ("dense", 1, 0),
    "line ends": ("dense", 2, 0),
    "letters nearby": ("shared_qk", 0, 0),
    "same letter, same surroundings": ("shared_qk", 1, 0),
    "same letter anywhere": ("shared_qk", 1, 2),
}


def text(part="whole"):
    """The text: 373,232 characters of Python's documentation, each paragraph once.

    part : "whole"; "held_out", its last tenth, which the models have not seen; or "training", the rest

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


SENTENCE = (
    "this means that to compare equal every element must compare equal and the two sequences must be of the same type "
    "and have the same length"
)


def sentence():
    """A sentence of the text, to be seen whole: its 26 words, and their vectors, a (26, 64) float32 array."""
    written, known = tuple(SENTENCE.split()), words()
    return written, known.vectors[[known.place(word) for word in written]]


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


def describe_model(name):
    """The model called `name` as a `TransformerLM`, which is a description without parameters.

    name : "dense", with queries and keys of their own, or "shared_qk", where queries are keys

    Raises ValueError if there is no such model.
    """
    if name not in MODELS:
        raise ValueError(f"name needs one of {', '.join(map(repr, MODELS))}, got {name!r}")
    return TransformerLM(vocabulary_size=len(characters()), attention=name, **SETTINGS)


@functools.cache
def stored_model(name):
    """A trained model: its description, a `TransformerLM`, and its parameters, a nested dict of float32 arrays.

    It reads characters, as `as_tokens` numbers them. Trained by data/attention/train.py, and stored in float16.

    Raises ValueError if there is no such model, or the stored file is not the one that the script made.
    """
    model = describe_model(name)
    content = io.BytesIO(_stored(f"attention/{name}.npz", "attention/results.json"))
    with np.load(content, allow_pickle=False) as stored:
        flat = {key: _fixed(stored[key].astype(np.float32)) for key in stored.files}
    return model, model.conform_parameters(unflatten_parameters(flat))


class Attention(NamedTuple):
    """What a model looks for at every position of a text, in all layers and heads.

    For both models the weights are softmax(queries @ keys.T / sqrt(d)) over the keys that a query sees:

    - dense: the key at its own position and all before;
    - shared_qk: all before, and its own where there is no other. There `keys` are `queries` at length sqrt(d): the
      model scores q . k / |k|, and does not divide by sqrt(d). `queries` are the `queries_keys` of
      `shared_qk_attention` and `lsh_attention`.

    text : the L = 1,024 characters read
    queries, keys, values : (layers, H, L, d) float32 arrays, d = 32
    shared : whether queries and keys are the same vectors
    """

    text: str
    queries: np.ndarray
    keys: np.ndarray
    values: np.ndarray
    shared: bool

    def weights(self, layer, head):
        """How much each query weighs each key: (L, L), rows sum to 1, and no row sees a later key."""
        queries, keys = self.queries[layer, head], self.keys[layer, head]
        ((_, _, mask),) = blocks(keys, None, len(keys), causal=True, avoid_self=self.shared)
        return softmax(masked_logits(scaled(queries), keys, mask))


@functools.cache
def attention(name):
    """Queries, keys and values with which a trained model reads the first 1,024 held-out characters: `Attention`.

    Computed when it is first asked for, in a third of a second. Arguments and errors as in `stored_model`.
    """
    model, parameters = stored_model(name)
    return read(model, parameters, text("held_out")[: model.max_length])


def read(model, parameters, written):
    """Let a model read a text, and note queries, keys and values of all its heads: `Attention`."""
    streams, _ = model.input_forward(parameters, as_tokens(written)[np.newaxis])
    found, shared = [], model.attention == "shared_qk"
    for layer, branches in zip(parameters["layers"].values(), model.blocks(parameters, seed=0), strict=True):
        heads = [array[0] for array in to_heads(streams, layer["attention"], model.n_heads)]
        if shared:
            heads.insert(1, unit_keys(heads[0]) * np.float32(np.sqrt(heads[0].shape[-1])))
        found.append(heads)
        for branch in branches:
            streams = streams + branch.forward(streams)[0]
    queries, keys, values = (_fixed(np.stack(arrays)) for arrays in zip(*found, strict=True))
    return Attention(written, queries, keys, values, shared)
