"""The course's own dialogues: made again byte for byte, varied, and with codes that come back after any distance."""

import hashlib
import json
import random
import re
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest

from trax_bridge.code_copying import find_codes
from trax_bridge.dialogues import Vocabulary, load_dialogues, split_words

FOLDER = Path(__file__).resolve().parents[2] / "data" / "dialogues"
NAMES = ("training", "held_out")
DIALOGUES = {name: load_dialogues(FOLDER / f"{name}.json") for name in NAMES}
VOCABULARY = Vocabulary.of(DIALOGUES["training"].values())


@pytest.fixture(scope="module")
def script():
    spec = spec_from_file_location("make_dialogues", FOLDER / "make_dialogues.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words_of(turns):
    return [word for turn in turns for word in split_words(turn)]


def distances(name):
    """How many tokens back the code stands, marks of turns included, for each repeat."""
    read = (
        [VOCABULARY.words[token] for token in VOCABULARY.encode_dialogue(turns)] for turns in DIALOGUES[name].values()
    )
    return np.array([mention.distance for words in read for mention in find_codes(words) if mention.distance])


def test_the_script_makes_the_files_again_byte_for_byte(script, tmp_path):
    script.main(["--out", str(tmp_path)])
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert set(made) == {"training.json", "held_out.json", "dialogues.json"}
    for name, content in made.items():
        assert content == (FOLDER / name).read_bytes(), name
    noted = json.loads(made["dialogues.json"])
    assert noted["sha256"] == {f"{name}.json": hashlib.sha256(made[f"{name}.json"]).hexdigest() for name in NAMES}
    assert {name: len(DIALOGUES[name]) for name in NAMES} == noted["n_dialogues"]


def test_another_seed_makes_other_dialogues(script):
    assert script.make_file(3, random.Random(1)) != script.make_file(3, random.Random(2))


def test_every_dialogue_has_one_code_that_comes_back(script):
    for turns in (turns for dialogues in DIALOGUES.values() for turns in dialogues.values()):
        codes = script.CODE.findall(" ".join(turns))
        assert len(set(codes)) == 1 and len(codes) >= 2
        assert (
            len(set(codes[0])) == script.CODE_LENGTH + 1
            and re.search("[0-9]", codes[0])
            and re.search("[A-Z]", codes[0])
        )
        assert len(turns) % 2 == 0
    of_training, held_out = ({" ".join(turns) for turns in DIALOGUES[name].values()} for name in NAMES)
    assert len(of_training) == len(DIALOGUES["training"]) and not of_training & held_out


def test_nothing_of_the_grammar_is_left_in_a_text_and_sentences_begin_with_capitals():
    for turn in (turn for dialogues in DIALOGUES.values() for turns in dialogues.values() for turn in turns):
        assert not re.search(r"[\[\]{}|]| [,.?]|  |(^|[.?] )[a-z]|\d:\d(?!\d)", turn), turn
        assert turn[-1] in ".?"


@pytest.mark.parametrize("name", NAMES)
def test_a_code_comes_back_after_any_distance(name):
    """No rule "so many tokens back" gets more than a few codes right."""
    found = distances(name)
    assert max(Counter(found.tolist()).values()) < 0.04 * len(found)
    assert np.percentile(found, 10) < 25 and np.percentile(found, 90) > 70 and np.max(found) > 100


def test_turns_between_a_code_and_its_repeat_are_from_none_to_many():
    between = Counter()
    for turns in DIALOGUES["training"].values():
        first, second, *_ = [number for number, turn in enumerate(turns) if re.search(r"#[A-Z2-9]{5}\b", turn)]
        between[second - first - 1] += 1
    assert {0, 1, 2, 3, 4, 5, 6, 7} <= set(between)
    assert max(between.values()) < 0.35 * between.total()


def test_dialogues_do_not_repeat_each_other():
    """Of all turns longer than three words, few are heard often; and no dialogue of thirty begins like another."""
    dialogues = list(DIALOGUES["training"].values())
    turns = Counter(turn for dialogue in dialogues for turn in dialogue if len(turn.split()) > 3)
    assert len(turns) > 0.4 * turns.total() and turns.most_common(1)[0][1] < 0.012 * turns.total()
    grams = Counter(tuple(words[i : i + 4]) for words in map(words_of, dialogues[:30]) for i in range(len(words) - 3))
    assert len(grams) > 0.65 * grams.total()
    assert len({tuple(dialogue[:3]) for dialogue in dialogues[:30]}) == 30


def test_lengths_vary_and_fit_the_model():
    vocabulary = Vocabulary.of(DIALOGUES["training"].values())
    lengths = [
        len(vocabulary.encode_dialogue(turns)) for dialogues in DIALOGUES.values() for turns in dialogues.values()
    ]
    assert max(lengths) <= 256 and np.percentile(lengths, 10) < 105 and np.percentile(lengths, 90) > 165


def test_the_vocabulary_of_the_training_knows_all_that_is_held_out_and_texts_come_back():
    assert 400 < len(VOCABULARY) < 600
    for turns in DIALOGUES["held_out"].values():
        for turn in turns:
            assert VOCABULARY.decode(VOCABULARY.encode(turn)) == turn.lower()
