"""What a Reformer sees in dialogues: vectors, buckets and forecasts, as the explorer *reading the model* draws them.

It opens on dialogues that rules choose among those held out from training: `KINDS`. Which ones these are stands in
readings.json, beside this file; `explorers.renew_readings` writes it anew for another stored model.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np

from explorers.inputs import Refused
from reformer.attention import shared_qk_attention, softmax
from reformer.blocks import to_heads
from reformer.reversible import Branch
from trax_bridge.code_copying import find_codes
from trax_bridge.dialogues import Vocabulary
from trax_bridge.trained import own_dialogues, stored_model

CHOSEN = Path(__file__).with_name("readings.json")
MOST_ROUNDS = 8
ROUNDS = range(1, MOST_ROUNDS + 1)  # with which a dialogue is read
COMPARED = (1, 2, 4, 8)
N_LIKELIEST = 3
MOST_BUCKETS, MOST_WORDS, LARGEST = 256, 2**16, 65504  # what the arrays that travel can tell apart, and hold
MOST_TOKENS = 112  # of a dialogue to open on, so that it is seen at a glance


class Reading(NamedTuple):
    """One reading of L tokens.

    queries_keys : for each layer (H, L, d/H), what is hashed and compared
    buckets : for each layer (H, R, L), or None where all keys are read
    likeliest, chances : (L, 3), the tokens that are foretold to come next, the likeliest first, and their chances
    chances_of_next : (L), of the tokens that come indeed; 0 for the last, behind which nothing stands
    """

    queries_keys: list
    buckets: list
    likeliest: np.ndarray
    chances: np.ndarray
    chances_of_next: np.ndarray


def read(model, parameters, tokens, n_rounds=None):
    """Read a sequence as a whole, as in training, and note what each layer sees: `Reading`.

    n_rounds : of hashing; None to attend to all keys, with the same parameters
    """
    fields = {"attention": "shared_qk"} if n_rounds is None else {"n_rounds": n_rounds}
    model, parameters, noted = replace(model, **fields), model.conform_parameters(parameters), []

    def noting(branch):
        def forward(x, replay=None):
            value, saved, replay = branch.forward(x, replay)
            noted.append((x[0], None if replay is None else replay[0]))
            return value, saved, replay

        return Branch(forward, branch.backward)

    blocks = [(noting(attention), feed) for attention, feed in model.blocks(parameters, seed=0)]
    hidden, _ = model.hidden_forward(parameters, np.array([tokens], np.intp), blocks)
    layers = zip(noted, parameters["layers"].values(), strict=True)
    queries_keys = [to_heads(x, layer["attention"], model.n_heads)[0] for (x, _), layer in layers]
    chances = softmax(model.output(parameters, hidden)[0])
    likeliest = np.argsort(-chances, axis=-1, kind="stable")[:, :N_LIKELIEST]
    of_next = np.append(chances[np.arange(len(tokens) - 1), tokens[1:]], 0)
    best = np.take_along_axis(chances, likeliest, axis=-1)
    return Reading(queries_keys, [buckets for _, buckets in noted], likeliest, best, of_next)


def sources_of(words):
    """Where the symbol that comes next has been said before: (L) positions, -1 where no code is repeated.

    A code is repeated symbol by symbol; the first sign does not count, see `trax_bridge.code_copying`.
    """
    sources = np.full(len(words), -1, np.int32)
    for start, end, distance in find_codes(words):
        if distance:
            sources[start - 1 : end - 1] = np.arange(start, end) - distance
    return sources


@dataclass
class Dialogue:
    """A dialogue as a model reads it in all the ways that are compared.

    tokens : list of L numbers
    sources : as in `sources_of`
    with_rounds : list of a `Reading` for each of `ROUNDS`
    dense : `Reading` with all keys
    kind : the rule by which it was chosen, one of `KINDS`; None for a reader's own
    """

    tokens: list
    sources: np.ndarray
    with_rounds: list
    dense: Reading
    kind: "Kind | None" = None

    @cached_property
    def symbols(self):
        """The places behind which a symbol of a repeated code comes."""
        return np.flatnonzero(self.sources >= 0)

    @property
    def ways_back(self):
        """How many tokens earlier the source of each of these symbols stands."""
        return self.symbols + 1 - self.sources[self.symbols]

    def reading(self, n_rounds):
        """The reading with so many rounds, or with all keys for 0."""
        return self.with_rounds[n_rounds - 1] if n_rounds else self.dense

    def chances(self, *readings):
        """What some readings, each so many rounds or 0, give to the symbols of repeated codes: (readings, symbols)."""
        return np.stack([self.reading(n_rounds).chances_of_next[self.symbols] for n_rounds in readings])

    @cached_property
    def about(self):
        """Why it is shown, in words; empty for a reader's own."""
        return self.kind.words(self, self.kind.symbol(self)) if self.kind else ""

    @cached_property
    def start(self):
        """The view to open on: {"chosen", "layer", "head"}.

        It is the symbol that the rule is about, else that on which the readings differ most, in the head that looks at
        its source most; without a repeated code, the last token in the last layer.
        """
        if not self.symbols.size:
            return {"chosen": len(self.tokens) - 1, "layer": len(self.dense.queries_keys) - 1, "head": 0}
        symbol = self.kind.symbol(self) if self.kind else np.argmax(np.ptp(self.chances(0, *COMPARED), axis=0))
        place = int(self.symbols[symbol])
        of_layers = self.with_rounds[-1].queries_keys
        weights = [dense_weights(vectors)[:, place, self.sources[place]] for vectors in of_layers]
        layer, head = np.unravel_index(np.argmax(weights), np.shape(weights))
        return {"chosen": place, "layer": int(layer), "head": int(head)}


def dense_weights(queries_keys):
    """Weights with all keys: (H, L, d) -> (H, L, L)."""
    *_, length, _ = queries_keys.shape
    each = np.broadcast_to(np.eye(length, dtype=queries_keys.dtype), (*queries_keys.shape[:-1], length))
    return shared_qk_attention(queries_keys, each)


class Readings:
    """A model and what it sees in some dialogues, each a list of turns, Person 1 first.

    kinds : names of the rules by which the dialogues were chosen; none for a reader's own

    Raises Refused, a ValueError, if the model is none with LSH attention, or cannot read a dialogue; ValueError if the
    parameters are not those of the model.
    """

    def __init__(self, model, parameters, vocabulary, dialogues, kinds=()):
        _require_readable(model, vocabulary)
        self.model, self.vocabulary = model, vocabulary
        self.dialogues = []
        for number, turns in enumerate(dialogues):
            kind = KINDS[kinds[number]] if kinds else None
            tokens = vocabulary.encode_dialogue(turns)
            if not 1 < len(tokens) <= model.max_length:
                needed = f"2 to max_length = {model.max_length} tokens"
                raise Refused(f"dialogue {number} needs {needed}, got {len(tokens)}")
            words = [vocabulary.words[token] for token in tokens]
            with_rounds = [read(model, parameters, tokens, rounds) for rounds in ROUNDS]
            dense = read(model, parameters, tokens)
            _require_to_travel(with_rounds)
            self.dialogues.append(Dialogue(tokens, sources_of(words), with_rounds, dense, kind))

    @property
    def longest(self):
        """Tokens of the longest dialogue."""
        return max(len(dialogue.tokens) for dialogue in self.dialogues)

    @cached_property
    def arrays(self):
        """What travels to the browser: arrays by name, described in `ReadingExplorer`."""
        vectors, buckets = [], []
        for dialogue in self.dialogues:
            vectors.append(dialogue.with_rounds[0].queries_keys[0])  # nothing has been hashed before the first layer
            for reading in dialogue.with_rounds:
                vectors += reading.queries_keys[1:]
                buckets += reading.buckets
        readings = [[dialogue.reading(n_rounds) for dialogue in self.dialogues] for n_rounds in (0, *ROUNDS)]
        forecasts = {
            name: np.stack([np.concatenate([getattr(one, name) for one in of_dialogues]) for of_dialogues in readings])
            for name in ("likeliest", "chances", "chances_of_next")
        }
        return forecasts | {
            "lengths": [len(dialogue.tokens) for dialogue in self.dialogues],
            "tokens": np.concatenate([dialogue.tokens for dialogue in self.dialogues]),
            "sources": np.concatenate([dialogue.sources for dialogue in self.dialogues]),
            "vectors": _flat(vectors),
            "buckets": _flat(buckets),
        }


def _flat(arrays):
    return np.concatenate([array.ravel() for array in arrays])


def _require_to_travel(readings):
    largest = max(np.max(np.abs(vectors)) for reading in readings for vectors in reading.queries_keys)
    if not largest <= LARGEST:
        raise Refused(f"parameters needs vectors with numbers up to {LARGEST}, got {largest:.3g}")


def _require_readable(model, vocabulary):
    if model.attention != "lsh":
        raise Refused(f"model needs attention lsh, got {model.attention}")
    if model.n_buckets_together > MOST_BUCKETS:
        raise Refused(f"model needs at most {MOST_BUCKETS} buckets, got {model.n_buckets_together}")
    if not isinstance(vocabulary, Vocabulary) or len(vocabulary) != model.vocabulary_size:
        got = len(vocabulary) if isinstance(vocabulary, Vocabulary) else type(vocabulary).__name__
        raise Refused(f"vocabulary needs a Vocabulary of {model.vocabulary_size} words, as the model has, got {got}")
    if len(vocabulary) > MOST_WORDS:
        raise Refused(f"vocabulary needs at most {MOST_WORDS} words, got {len(vocabulary)}")


# ---- The dialogues to open on ----------------------------------------------------------------------------------


class Kind(NamedTuple):
    """A rule by which a dialogue with a repeated code is chosen: of all of them, that with the highest score.

    symbol : of a `Dialogue`, which of its `symbols` it is about
    score : of a `Dialogue` and that symbol
    words : of these two; they hold of whatever dialogue is chosen
    most_tokens : of the dialogue; mostly so many that it is seen at a glance
    """

    symbol: Callable
    score: Callable
    words: Callable
    most_tokens: int = 112


def _differing(worse, better):
    """The rule: a symbol has a higher chance in one reading than in some others; each so many rounds, or 0."""

    def gains(dialogue):
        return dialogue.chances(better)[0] - np.max(dialogue.chances(*worse), axis=0)

    def words(dialogue, symbol):
        told = [f"{_percent(dialogue.chances(n)[0, symbol])} with {_name(n)}" for n in (*worse, better)]
        return f"a symbol of its code has a chance of {', '.join(told[:-1])} and {told[-1]}"

    return Kind(lambda dialogue: np.argmax(gains(dialogue)), lambda dialogue, symbol: gains(dialogue)[symbol], words)


def _name(n_rounds):
    return f"{n_rounds} round{'' if n_rounds == 1 else 's'}" if n_rounds else "all keys"


def _percent(share):
    return f"{share:.0%}".replace("%", " %")


KINDS = {
    "surest": Kind(
        lambda dialogue: dialogue.symbols.size - 1,
        lambda dialogue, symbol: np.min(dialogue.chances(0, *COMPARED)),
        lambda dialogue, symbol: (
            f"with 1 round each symbol of its code has a chance of {_percent(np.min(dialogue.chances(1)))} or more"
        ),
    ),
    "rounds": _differing((1, 2), 8),
    "farthest": Kind(
        lambda dialogue: np.argmax(dialogue.ways_back),
        lambda dialogue, symbol: np.max(dialogue.ways_back) * (np.min(dialogue.chances(8)) > 0.5),
        lambda dialogue, symbol: f"its code comes back after {np.max(dialogue.ways_back)} tokens",
        most_tokens=150,
    ),
    "missed": _differing((8,), 0),
    "hardest": Kind(
        lambda dialogue: np.argmin(dialogue.chances(0)),
        lambda dialogue, symbol: -np.min(dialogue.chances(0)),
        lambda dialogue, symbol: (
            f"a symbol of its code has a chance of {_percent(np.min(dialogue.chances(0)))} even with all keys"
        ),
    ),
}


@cache
def stored_choice():
    """What readings.json says: {"dialogues": {kind: number}, "alternative_text": of the still}."""
    return json.loads(CHOSEN.read_text(encoding="utf-8"))


@cache
def stored_readings():
    """The stored model and the chosen dialogues."""
    chosen = stored_choice()["dialogues"]
    dialogues = [own_dialogues("held_out")[number] for number in chosen.values()]
    return Readings(*stored_model(), dialogues, kinds=list(chosen))
