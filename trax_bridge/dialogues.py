"""Dialogues as a model reads them: files of them, and their vocabulary (unit 08).

A file has the format of MultiWOZ, a data set of dialogues between visitors and clerks: the course's own files do, and
so does the real one, from a path that the reader gives. A dialogue is a list of turns; Person 1 has the first, Person
2 the second, and so on. To a model it is one sequence of tokens: who speaks, what is said, the end of the turn.

Source of the format: Budzianowski et al., "MultiWOZ" (2018), and the README of https://github.com/budzianowski/multiwoz
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

PAD, UNKNOWN, END_OF_TURN, *SPEAKERS = MARKS = ("<pad>", "<unknown>", "<end>", "Person 1:", "Person 2:")
CONTINUED = "+"  # before the symbols of a code but the first sign


def load_dialogues(path):
    """Read a file in the format of MultiWOZ.

    Versions 2.0 and 2.1 are {name: {"log": [{"text": ...}, ...]}, ...}; version 2.2 is a list of
    {"dialogue_id": name, "turns": [{"utterance": ...}, ...]}. What else stands there is left alone.

    Parameters
    ----------
    path : of the file, in UTF-8

    Returns
    -------
    dialogues : dict of names and dialogues, each a list of texts, one a turn

    Raises ValueError if the file is not of this format, or has no dialogue; OSError if it cannot be opened.
    """
    try:
        found = json.loads(Path(path).read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        raise ValueError(f"{path} needs to be text in UTF-8, but byte {problem.start} of it is none") from problem
    except json.JSONDecodeError as problem:
        raise ValueError(f"{path} needs to be JSON, but line {problem.lineno} is none: {problem.msg}") from problem
    except RecursionError as problem:
        raise ValueError(f"{path} needs to be a file of dialogues, but is nested too deeply for one") from problem
    if isinstance(found, list):
        found = {_name_of(entry, number, path): entry for number, entry in enumerate(found)}
    if not isinstance(found, dict):
        needed = "an object of dialogues by name, or a list of dialogues"
        raise ValueError(f"{path} needs to hold {needed}, got {_kind(found)}")
    if not found:
        raise ValueError(f"{path} needs at least one dialogue, got none")
    return {name: _turns_of(entry, f"dialogue {name!r} of {path}") for name, entry in found.items()}


def _name_of(entry, number, path):
    if not isinstance(entry, dict):
        raise ValueError(f"dialogue {number} of {path} needs to be an object with turns, got {_kind(entry)}")
    return str(entry.get("dialogue_id", number))


def _turns_of(entry, what):
    """The texts of the turns of one dialogue, of either version."""
    if not isinstance(entry, dict):
        raise ValueError(f"{what} needs to be an object with turns, got {_kind(entry)}")
    turns, text = next(((entry[key], text) for key, text in FIELDS.items() if key in entry), (None, None))
    if not isinstance(turns, list) or not turns:
        got = _kind(turns) if text else f"none under {' or '.join(map(repr, FIELDS))}"
        raise ValueError(f"{what} needs a list of turns, got {got}")
    for number, turn in enumerate(turns):
        if not isinstance(turn, dict) or not isinstance(turn.get(text), str):
            raise ValueError(f"turn {number} of {what} needs a text under {text!r}, got {_kind(turn)}")
    return [turn[text] for turn in turns]


FIELDS = {"log": "text", "turns": "utterance"}  # where turns stand, and the text of a turn


def _kind(found):
    """What something of a JSON file is, in the words of JSON."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    kind = kinds.get(type(found), "a number")
    return f"{kind} with nothing in it" if found in ({}, []) else kind


def split_words(text):
    """Cut a text into tokens: words in small letters, punctuation, and the symbols of codes one by one.

    A word of both letters and digits, such as #K7QXM, is a code. Nobody has seen it before and nobody will see it
    again, so as a whole word it would be unknown: it is spelled, with "+" before all signs but the first. Then a model
    knows every part of a code it has never seen, and can only get it right by looking it up.
    """
    tokens = []
    for word in re.findall(r"#?\w+(?:['’:.-]\w+)*|[^\w\s]", text.lower()):
        is_code = word.lstrip("#").isalnum() and re.search(r"\d", word) and re.search(r"[^\W\d_]", word)
        tokens += [word[0], *(CONTINUED + symbol for symbol in word[1:])] if is_code else [word]
    return tokens


@dataclass(frozen=True)
class Vocabulary:
    """The tokens that a model knows. The number of a token is its place in `words`, which begin with `MARKS`.

    Raises ValueError if `words` do not begin so, or one stands there twice.
    """

    words: tuple = field(repr=False)

    def __post_init__(self):
        if self.words[: len(MARKS)] != MARKS or len(set(self.words)) < len(self.words):
            raise ValueError(f"words needs to begin with {', '.join(MARKS)}, and to have every token once")

    @classmethod
    def of(cls, dialogues, *, at_least=2):
        """The vocabulary of some dialogues: tokens that occur `at_least` so often, in alphabetical order."""
        counts = Counter(word for turns in dialogues for turn in turns for word in split_words(turn))
        return cls((*MARKS, *sorted(word for word, count in counts.items() if count >= at_least)))

    def __len__(self):
        return len(self.words)

    @cached_property
    def numbers(self):
        """The number of each token: a dict."""
        return {word: number for number, word in enumerate(self.words)}

    def unknown_words(self, text):
        """The words of a text that stand for nothing here, each once."""
        return [word for word in dict.fromkeys(split_words(text)) if word not in self.numbers]

    def encode(self, text):
        """Numbers of the tokens of a text; a word that is not known becomes that of `UNKNOWN`."""
        unknown = self.numbers[UNKNOWN]
        return [self.numbers.get(word, unknown) for word in split_words(text)]

    def encode_turn(self, text, speaker):
        """One turn: who speaks (0 or 1), what is said, the end of the turn."""
        return [self.numbers[SPEAKERS[speaker]], *self.encode(text), self.numbers[END_OF_TURN]]

    def encode_dialogue(self, turns):
        """A whole dialogue, Person 1 first."""
        return [token for number, text in enumerate(turns) for token in self.encode_turn(text, number % 2)]

    def decode(self, tokens):
        """The text of some numbers, a line for each turn. Small letters stay small, and codes are one word again.

        Raises ValueError if a number is that of no token.
        """
        bad = [int(token) for token in tokens if not 0 <= token < len(self)]
        if bad:
            raise ValueError(f"tokens needs numbers from 0 to {len(self) - 1}, got {bad[0]}")
        text = " ".join(self.words[token] for token in tokens)
        text = re.sub(rf" {re.escape(CONTINUED)}(?=\w)", "", text)
        text = re.sub(r" (?=[.,:;?!])", "", text)
        text = text.replace(f" {END_OF_TURN}", "\n").replace(END_OF_TURN, "\n").replace("\n ", "\n")
        return text
