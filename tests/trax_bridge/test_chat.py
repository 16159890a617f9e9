import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reformer.model import ReformerLM
from trax_bridge.chat import Chat, DialogueFull, Reader, chat, sample_reply
from trax_bridge.dialogues import END_OF_TURN, Vocabulary

TURNS = ["A room, please.", "Your code is #K7QXM.", "#K7QXM, right?", "Yes."]
VOCABULARY = Vocabulary.of([TURNS], at_least=1)
MODEL = ReformerLM(
    vocabulary_size=len(VOCABULARY), max_length=48, d_model=16, d_ff=16, n_buckets=4, chunk_length=8, fast=True
)
PARAMETERS = MODEL.init_parameters(np.random.default_rng(0), np.float64)
NEXT = np.log(np.array([[0.1, 0.2, 0.7], [0.5, 0.25, 0.25], [0.6, 0.3, 0.1]]))


def by_last_token(tokens):
    return NEXT[tokens[-1]]


def talk(**options):
    return Chat(MODEL, PARAMETERS, VOCABULARY, rng=np.random.default_rng(0), **options)


def test_a_reply_takes_the_token_that_the_uniform_number_falls_on():
    assert sample_reply(by_last_token, [0], [0.25, 0.6, 0.95], temperature=1.0, stop=9) == [1, 1, 2]


def test_a_reply_ends_before_the_token_that_stops_it_or_when_there_are_no_more_numbers():
    assert sample_reply(by_last_token, [0], [0.5, 0.0, 0.5, 0.5], temperature=1.0, stop=0) == [2]
    assert sample_reply(by_last_token, [0], [0.0, 0.0, 0.5], temperature=1.0, stop=0) == []
    assert sample_reply(by_last_token, [0], [0.25, 0.6], temperature=1.0, stop=2) == [1, 1]


def test_temperature_divides_the_logits():
    cold = sample_reply(by_last_token, [0], [0.15] * 6, temperature=0.1, stop=9)
    assert cold == sample_reply(by_last_token, [0], [0.15] * 6, temperature=0, stop=9) == [2, 0, 2, 0, 2, 0]
    # at 2, the chances 0.1, 0.2 and 0.7 are as their roots: 0.195, 0.275, 0.530
    assert sample_reply(by_last_token, [0], [0.19], temperature=2.0, stop=9) == [0]
    assert sample_reply(by_last_token, [0], [0.20], temperature=2.0, stop=9) == [1]
    assert sample_reply(by_last_token, [0], [0.46], temperature=2.0, stop=9) == [1]
    assert sample_reply(by_last_token, [0], [0.48], temperature=2.0, stop=9) == [2]


def test_a_reader_expects_what_the_model_does_and_reads_each_token_once(monkeypatch):
    rng = np.random.default_rng(1)
    tokens, reader = rng.integers(0, len(VOCABULARY), 20).tolist(), Reader(MODEL, PARAMETERS, seed=3)
    reader(tokens[:5])
    memory, steps = reader.memory, []
    step = memory.step
    monkeypatch.setattr(memory, "step", lambda token: (steps.append(int(token[0])), step(token))[1])
    for end in (6, 7, 7, 11):
        logits = MODEL.logits(PARAMETERS, np.array([tokens[:end]]), seed=3, settled=5)
        np.testing.assert_allclose(reader(tokens[:end]), logits[0, -1], rtol=1e-9)
    assert steps == tokens[5:11]


@pytest.mark.parametrize("other", [[7, 8, 9], [1, 2], [1, 2, 9, 4, 5]])
def test_a_reader_of_another_text_begins_anew(other):
    reader = Reader(MODEL, PARAMETERS)
    reader([1, 2, 3, 4])
    np.testing.assert_array_equal(reader(other), Reader(MODEL, PARAMETERS)(other))


def test_a_reader_that_was_interrupted_is_not_lost(monkeypatch):
    reader = Reader(MODEL, PARAMETERS)
    reader([1, 2, 3])
    step, n_left = reader.memory.step, [1]

    def stops(token):
        if not n_left.pop():
            raise KeyboardInterrupt
        n_left.append(0)
        step(token)

    monkeypatch.setattr(reader.memory, "step", stops)
    with pytest.raises(KeyboardInterrupt):
        reader([1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(reader([1, 2, 3, 4]), Reader(MODEL, PARAMETERS)([1, 2, 3, 4]))


def test_a_dialogue_grows_by_a_turn_of_each():
    ours = talk(longest_reply=5)
    reply = ours.say("A room, please.")
    lines = ours.transcript().splitlines()
    assert lines[0] == "Person 1: a room, please." and lines[1].startswith("Person 2:")
    assert VOCABULARY.decode(ours.tokens[8:-1]) == reply
    assert ours.tokens[-1] == VOCABULARY.numbers[END_OF_TURN] and len(ours.tokens) <= 7 + 7


def test_who_is_person_2_can_let_person_1_begin():
    ours = talk(speaker=1, longest_reply=3)
    ours.listen()
    ours.say("Yes.")
    starts = [line[:9] for line in ours.transcript().splitlines() if line.startswith("Person")]
    assert starts == ["Person 1:", "Person 2:", "Person 1:"]


def test_a_dialogue_that_outgrows_the_positions_is_refused_and_stays_as_it_was():
    ours = talk(longest_reply=40)
    with pytest.raises(ValueError, match="at most the max_length = 48 tokens of the model, a reply included, got 5"):
        ours.say("please " * 50)
    assert ours.tokens == []
    ours.tokens = VOCABULARY.encode_turn("please " * 37, 0)  # 39, and 9 are left: two marks, the text, the reply
    ours.say("Yes")
    assert len(ours.tokens) <= MODEL.max_length
    with pytest.raises(ValueError, match="text needs at least one word"):
        ours.say("  ")


def says(*texts):
    """A `next_logits` that writes these turns, one after the other."""
    script = iter([token for text in texts for token in [*VOCABULARY.encode(text), VOCABULARY.numbers[END_OF_TURN]]])
    return lambda tokens: np.where(np.arange(len(VOCABULARY)) == next(script), 0.0, -50.0)


def scripted(*texts, **options):
    return Chat.of(says(*texts), VOCABULARY, **{"max_length": 48, "rng": np.random.default_rng(0)} | options)


def test_a_dialogue_with_any_function_knows_what_of_it_was_written_by_that():
    ours = scripted("Your code is #K7QXM.", "Yes.")
    assert ours.say("A room, please.") == "your code is #k7qxm." and not ours.is_cut
    ours.say("#K7QXM, right?")
    assert [VOCABULARY.decode(ours.tokens[start:end]) for start, end in ours.replies] == [
        "your code is #k7qxm.",
        "yes.",
    ]


def test_a_reply_without_an_end_is_cut():
    ours = scripted("Your code is #K7QXM.", longest_reply=4)
    assert ours.say("A room, please.") == "your code is #" and ours.is_cut


def test_another_dialogue_with_the_same_model_begins_empty_and_keeps_what_is_not_named():
    ours = scripted("Yes.", "Yes.", temperature=0.3, longest_reply=7)
    ours.say("Yes")
    other = ours.anew(speaker=1, temperature=1.0)
    assert (other.tokens, other.replies, other.speaker, other.temperature, other.longest_reply) == ([], [], 1, 1.0, 7)
    assert other.next_logits is ours.next_logits and other.rng is ours.rng
    assert ours.tokens and other.listen() == "yes."


def test_a_dialogue_without_room_is_refused_by_a_name_of_its_own():
    with pytest.raises(DialogueFull):
        scripted(max_length=5).say("Yes")
    with pytest.raises(ValueError, match="max_length"):
        scripted(max_length=0)


def test_talking_in_plain_text_shows_replies_and_words_that_are_not_known():
    lines, shown = iter(["A pizza, please.", "Yes.", ""]), []
    ours = scripted("Your code is #K7QXM.", "#K7QXM, right?")
    chat(ours, read=lambda prompt: (shown.append(prompt), next(lines))[1], write=shown.append)
    assert shown == [
        "An empty line ends the talk.",
        "Person 1: ",
        "(Words the model does not know: pizza.)",
        "Person 2: your code is #k7qxm.",
        "(#k7qxm: no code was told before, so the model made one up.)",
        "Person 1: ",
        "Person 2: #k7qxm, right?",
        "(✓ #k7qxm is the code that was told, 13 tokens back.)",
        "Person 1: ",
    ]
    assert "<unknown>" in ours.transcript()


def test_talking_ends_with_a_sentence_where_there_is_no_more_room_and_with_the_input():
    shown = []
    chat(talk(longest_reply=3), read=lambda prompt: "please " * 60, write=shown.append)
    assert "begin anew" in shown[-1]

    def nothing(prompt):
        raise EOFError

    ours = talk(speaker=1, longest_reply=3)
    chat(ours, read=nothing, write=shown.append)
    assert shown[-2].startswith("Person 1: ") and shown[-1] == "(Cut off after 3 tokens.)" and ours.tokens


def test_dialogues_the_chat_and_its_box_need_neither_trax_nor_jax():
    code = "import sys, trax_bridge.chat, trax_bridge.code_copying, trax_bridge.trained\n"
    code += "assert not {'trax', 'jax', 'tensorflow', 'matplotlib'} & set(sys.modules)\n"
    code += "import classroom.chat_box\nassert not {'trax', 'jax', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).resolve().parents[2])
