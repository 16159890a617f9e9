"""The Reformer that data/results/dialogues.py trained, for readers in a hurry: plain arrays, stored in float16."""

import functools
import json
from pathlib import Path

import numpy as np

from reformer.model import ReformerLM
from reformer.parameters import load_parameters, map_parameters
from trax_bridge.dialogues import Vocabulary, load_dialogues

DATA = Path(__file__).resolve().parents[1] / "data"


@functools.cache
def own_dialogues(name):
    """The course's own dialogues, "training" or "held_out": a list of lists of turns, Person 1 first."""
    return list(load_dialogues(DATA / "dialogues" / f"{name}.json").values())


@functools.cache
def own_vocabulary():
    """The vocabulary of the course's own dialogues."""
    return Vocabulary.of(own_dialogues("training"))


@functools.cache
def stored_model():
    """A trained model: (`ReformerLM`, its parameters in float32, its vocabulary).

    It was trained with 2 rounds of hashing and reads with 8: of the codes that 2 rounds miss, 8 find most.

    Raises ValueError if the stored file is damaged or of another shape.
    """
    noted = json.loads((DATA / "results" / "dialogues.json").read_text(encoding="utf-8"))
    model = ReformerLM(**noted["settings"]["model"] | {"n_rounds": noted["settings"]["reading_rounds"]})
    needed = model.init_parameters(np.random.default_rng(0), np.float16)
    stored = load_parameters(DATA / "results" / "dialogues.npz", needed)
    return model, map_parameters(lambda array: array.astype(np.float32), stored), own_vocabulary()
