import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trax_bridge.dialogues import MARKS, UNKNOWN, Vocabulary, load_dialogues, split_words

TURNS = ["A room, please.", "Your code is #K7QXM.", "#K7QXM, right?", "Don't forget: 18:30!"]


@pytest.fixture
def file(tmp_path):
    """A function that writes text, bytes or what JSON can say into a file."""

    def write(content):
        content = content if isinstance(content, str | bytes) else json.dumps(content)
        path = tmp_path / "talk.json"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_both_versions_of_the_format_give_the_same_dialogues(file):
    log = [{"text": text, "metadata": {}} for text in TURNS]
    older = load_dialogues(file({"MUL1.json": {"goal": {}, "log": log}}))
    turns = [{"turn_id": str(i), "speaker": "USER", "utterance": text} for i, text in enumerate(TURNS)]
    newer = load_dialogues(file([{"dialogue_id": "MUL1.json", "services": [], "turns": turns}]))
    assert older == newer == {"MUL1.json": TURNS}


def test_a_mark_of_the_byte_order_is_no_part_of_the_text(file):
    assert load_dialogues(file(b"\xef\xbb\xbf" + json.dumps({"a": {"log": [{"text": "Hé"}]}}).encode())) == {
        "a": ["Hé"]
    }


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "needs to be JSON, but line 1 is none"),
        ('{"a":\n {"log": ]}}', "needs to be JSON, but line 2 is none"),
        ('{"a": {"log": [{"text": "Café"}]}}'.encode("latin-1"), "needs to be text in UTF-8, but byte 28 of it"),
        ('{"a": {}}'.encode("utf-16"), "needs to be text in UTF-8"),
        ("[" * 100_000, "nested too deeply"),
        ('"a"', "needs to hold an object of dialogues by name, or a list of dialogues, got a text"),
        ("3", "got a number"),
        ({}, "needs at least one dialogue, got none"),
        ([], "needs at least one dialogue, got none"),
        ([1], "dialogue 0 of .* needs to be an object with turns, got a number"),
        ({"a": ["Hello"]}, "dialogue 'a' of .* needs to be an object with turns, got a list"),
        ({"a": {"goal": {}}}, "dialogue 'a' of .* needs a list of turns, got none under 'log' or 'turns'"),
        ({"a": {"log": []}}, "dialogue 'a' of .* needs a list of turns, got a list with nothing in it"),
        ({"a": {"log": {"0": "Hello"}}}, "needs a list of turns, got an object"),
        ({"a": {"log": ["Hello"]}}, "turn 0 of dialogue 'a' of .* needs a text under 'text', got a text"),
        ({"a": {"log": [{"text": "Hello"}, {"text": None}]}}, "turn 1 of dialogue 'a' .* under 'text'"),
        ([{"dialogue_id": "b", "turns": [{"text": "Hello"}]}], "turn 0 of dialogue 'b' .* under 'utterance'"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_in_one_sentence(file, content, said):
    path = file(content)
    with pytest.raises(ValueError, match=said) as told:
        load_dialogues(path)
    assert str(path) in str(told.value) and "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_dialogues(tmp_path / "none.json")


def test_words_punctuation_and_the_symbols_of_codes_are_tokens():
    assert split_words("Don't pay: the 18:30 is booked, code #K7QXM.") == [
        *("don't", "pay", ":", "the", "18:30", "is", "booked", ",", "code"),
        *("#", "+k", "+7", "+q", "+x", "+m", "."),
    ]
    assert split_words("K7 and #12 of 2024") == ["k", "+7", "and", "#12", "of", "2024"]  # digits alone are no code


def test_a_vocabulary_has_the_marks_and_what_occurs_often_enough():
    vocabulary = Vocabulary.of([["One bed.", "One bed?"], ["Two beds."]])
    assert vocabulary.words == (*MARKS, ".", "bed", "one")
    assert vocabulary.encode("One seat") == [vocabulary.numbers["one"], vocabulary.numbers[UNKNOWN]]
    assert vocabulary.unknown_words("One seat, one Seat") == ["seat", ","]
    assert len(Vocabulary.of([["One bed.", "One bed?"], ["Two beds."]], at_least=1)) == len(vocabulary) + 3


@pytest.mark.parametrize("words", [("a", "b"), (*MARKS, "a", "a"), MARKS[::-1]])
def test_a_vocabulary_without_the_marks_or_with_a_word_twice_is_refused(words):
    with pytest.raises(ValueError, match="words needs to begin with <pad>, <unknown>"):
        Vocabulary(words)


def test_a_dialogue_comes_back_from_its_numbers():
    vocabulary = Vocabulary.of([TURNS], at_least=1)
    tokens = vocabulary.encode_dialogue(TURNS)
    assert vocabulary.decode(tokens) == (
        "Person 1: a room, please.\nPerson 2: your code is #k7qxm.\n"
        "Person 1: #k7qxm, right?\nPerson 2: don't forget: 18:30!\n"
    )


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab Z19é+#<>-.,:'?\n"), max_size=30))
def test_what_was_decoded_is_encoded_to_the_same_tokens(text):
    vocabulary = Vocabulary.of([[text]], at_least=1)
    assert not vocabulary.unknown_words(text)
    again = vocabulary.decode(vocabulary.encode(text))
    assert vocabulary.encode(again) == vocabulary.encode(text)


@pytest.mark.parametrize("number", [-1, 9])
def test_a_number_of_no_token_is_refused(number):
    vocabulary = Vocabulary.of([["One bed.", "One bed."]])
    with pytest.raises(ValueError, match=f"tokens needs numbers from 0 to 7, got {number}"):
        vocabulary.decode([5, number])
