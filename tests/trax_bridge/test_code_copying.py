import numpy as np
import pytest

from reformer.model import ReformerLM
from trax_bridge.batches import pad_and_bucket
from trax_bridge.code_copying import (
    codes_said,
    copy_accuracy,
    count_foretold,
    find_codes,
    judge,
    redraw_codes,
    shares,
    weigh_repeats,
)
from trax_bridge.dialogues import Vocabulary, split_words

TURNS = ["It is #K7QXM.", "#K7QXM?", "Yes, and not #7KQXM.", "So #K7QXM it is."]
VOCABULARY = Vocabulary.of([TURNS], at_least=1)
TOKENS = np.array([VOCABULARY.encode_dialogue(TURNS)])


def codes(sequence=TOKENS[0]):
    return find_codes([VOCABULARY.words[token] for token in sequence])


def test_codes_are_found_with_the_way_back_to_the_last_mention():
    words = split_words("It is #K7QXM. #K7QXM? Not 7KQXM. So #K7QXM")
    mentions = find_codes(words)
    assert ["".join(words[start:end]) for start, end, _ in mentions] == [
        "+k+7+q+x+m",
        "+k+7+q+x+m",
        "+k+q+x+m",
        "+k+7+q+x+m",
    ]
    assert [(start, distance) for start, _, distance in mentions] == [(3, 0), (10, 7), (18, 0), (25, 15)]


@pytest.mark.parametrize(("text", "n_codes"), [("", 0), ("no code, + 1", 0), ("K7QXM K7QX M7QXK", 3)])
def test_a_code_told_once_is_no_repeat(text, n_codes):
    assert [mention.distance for mention in find_codes(split_words(text))] == [0] * n_codes


def test_symbols_foretold_are_counted_for_each_code():
    foretold = TOKENS.copy()
    new, first, other, second = codes()
    assert copy_accuracy(count_foretold(VOCABULARY, TOKENS, foretold)) == 1
    foretold[0, first.start] = foretold[0, second.end - 1] = foretold[0, second.end - 2] = 0
    foretold[0, new.start : new.end] = 0  # nobody can know it
    foretold[0, second.end] = 0  # no symbol of a code
    counts = count_foretold(VOCABULARY, TOKENS, foretold)
    assert counts.tolist() == [[0, 0, 5], [first.distance, 4, 5], [0, 5, 5], [second.distance, 3, 5]]
    assert copy_accuracy(counts) == pytest.approx(0.7)
    assert np.isnan(copy_accuracy(counts[:1]))


def test_what_a_model_foretells_is_held_against_the_token_that_comes():
    """A model whose logits are drawn up by hand: it is sure of the token at every place but one."""

    class Sure(ReformerLM):
        def logits(self, parameters, tokens, padding=None, *, seed=0):
            coming = np.concatenate([tokens[:, 1:], tokens[:, -1:]], axis=1)
            logits = 20.0 * (np.arange(self.vocabulary_size) == coming[..., np.newaxis])
            logits[:, wrong] = 0.0
            return logits

    wrong = codes()[1].start - 1  # foretells the first symbol
    model = Sure(vocabulary_size=len(VOCABULARY), max_length=100)
    batches = pad_and_bucket(TOKENS.tolist(), [64], batch_size=1)
    loss, counts = judge(model, {}, VOCABULARY, batches)
    assert copy_accuracy(counts) == pytest.approx(0.9)
    assert loss == pytest.approx(np.log(len(VOCABULARY)) / (TOKENS.size - 1), rel=1e-4)


def test_repeats_and_where_they_end_weigh_more():
    weights = np.ones(TOKENS.shape, np.float32)
    weighed = weigh_repeats(VOCABULARY, TOKENS, weights, 4)
    changed = np.flatnonzero(weighed[0] != 1)
    assert [VOCABULARY.words[token] for token in TOKENS[0, changed]] == [
        "+k",
        "+7",
        "+q",
        "+x",
        "+m",
        "?",
        "+k",
        "+7",
        "+q",
        "+x",
        "+m",
        "it",
    ]
    assert np.all(weighed[0, changed] == 4) and weights.all()


def test_redrawn_codes_are_others_and_repeated_where_they_were():
    tokens = np.repeat(TOKENS, 3, axis=0)
    inputs, targets = redraw_codes(np.random.default_rng(0), VOCABULARY, tokens[:, :-1], tokens[:, 1:])
    redrawn = np.concatenate([inputs, targets[:, -1:]], axis=1)
    assert np.array_equal(redrawn[:, 1:], targets)  # those that belong together still do
    symbols = np.array([word.startswith("+") for word in VOCABULARY.words])
    assert np.array_equal(symbols[redrawn], symbols[tokens])
    assert np.array_equal(redrawn[~symbols[tokens]], tokens[~symbols[tokens]])
    for row in redrawn:
        assert codes(row) == codes()
    told = {tuple(row[codes()[0].start : codes()[0].end]) for row in (*redrawn, TOKENS[0])}
    assert len(told) == 4
    every = redraw_codes(np.random.default_rng(1), VOCABULARY, np.repeat(TOKENS, 200, axis=0))[0]
    first = every[:, codes()[0].start]
    assert set(first) == set(np.flatnonzero(symbols))  # each symbol can stand for each


def test_what_is_given_to_redraw_stays_as_it_is():
    before = TOKENS.copy()
    redraw_codes(np.random.default_rng(0), VOCABULARY, TOKENS)
    assert np.array_equal(TOKENS, before)


def test_the_codes_of_replies_stand_beside_those_that_were_told():
    words = split_words("Code #K7Q? Yes: #K7Q. And #B2. Now #C3? #B2.")
    first, last = words.index("yes"), len(words)
    own = slice(words.index("now"), words.index("?", words.index("now")) + 1)
    said = codes_said(words, [(first, own.start), (own.stop, last)])
    assert [(one.code, one.told) for one in said] == [
        ("#k7q", ("#k7q",)),
        ("#b2", ("#k7q",)),  # a wrong one,
        ("#b2", ("#k7q", "#c3")),  # which stays wrong when it is said again; #c3 was told by the partner
    ]
    assert [one.distance for one in said] == [7, 0, 0]
    assert ["".join(words[one.place - 1 : one.place + 1]) for one in said] == ["#+k", "#+b", "#+b"]


def test_the_first_code_of_a_dialogue_is_told_whoever_says_it():
    words = split_words("It is #K7Q. Again: #K7Q.")
    said = codes_said(words, [(0, len(words))])
    assert [(one.told, one.distance > 0) for one in said] == [((), False), (("#k7q",), True)]


def test_a_symbol_that_nobody_knows_does_not_cut_a_code_in_two():
    words = ["it", "is", "#", "+b", "<unknown>", "<unknown>", "+2", ".", "#", "+b", "<unknown>", "and", "#", "+c"]
    assert [(one.start, one.end) for one in find_codes(words)] == [(3, 7), (9, 10), (13, 14)]
    words = ["#", "<unknown>", "+b", "+2"]  # where it begins cannot be seen
    assert [(one.start, one.end) for one in find_codes(words)] == [(2, 4)]


def test_shares_are_of_symbols_but_for_whole_codes():
    counts = np.array([[0, 1, 4], [10, 4, 4], [16, 2, 4], [17, 4, 4], [99, 0, 4]])  # distance, foretold, symbols
    found = shares(counts, (16, 64))
    assert found == {"whole_codes": 0.5, "new_codes": 0.25, "by_distance": {"1 to 16": [2, 0.75], "17 to 64": [1, 1.0]}}
