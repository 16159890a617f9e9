"""The explorer *reading the model*: its weights are those the model averages by, its buckets those it hashes into."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from explorers import ReadingExplorer, reading_the_model, standalone_page
from explorers.inputs import Refused
from explorers.readings import KINDS, dense_weights, read, sources_of, stored_choice, stored_readings
from explorers.renew_readings import choose
from reformer.angular import angular_hash, draw_rotations
from reformer.attention import softmax
from reformer.blocks import from_heads, to_heads
from reformer.lsh_attention import lsh_attention
from reformer.model import ReformerLM, TransformerLM
from reformer.parameters import map_parameters
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_said, wait_until_still
from trax_bridge.dialogues import Vocabulary
from trax_bridge.trained import own_dialogues, own_vocabulary, stored_model

browser_test = pytest.mark.browser
TURNS = ["i have the code #7x9n4, and a question.", "yes?", "#7x9n4, right?", "right."]


def first_state(explorer):
    explorer.first_report()
    return explorer


@cache
def own_model():
    """An untrained model with every option that tells on who meets whom, and one that reads the same dialogue."""
    vocabulary = Vocabulary.of([TURNS], at_least=1)
    model = ReformerLM(
        vocabulary_size=len(vocabulary),
        max_length=64,
        n_heads=4,
        n_layers=3,
        n_buckets=(2, 4),
        chunk_length=7,
        n_rounds=3,
        same_bucket_only=True,
        correct_duplicates=True,
    )
    return model, model.init_parameters(np.random.default_rng(0)), vocabulary


def own(**state):
    return reading_the_model(*own_model(), TURNS, **state)


# ---- What is read


@pytest.mark.parametrize("n_rounds", [None, 2, 8])
def test_a_reading_foretells_what_the_model_does(n_rounds):
    model, parameters, vocabulary = stored_model()
    tokens = vocabulary.encode_dialogue(own_dialogues("held_out")[0])
    fields = {"n_rounds": n_rounds} if n_rounds else {"attention": "shared_qk"}
    logits = replace(model, **fields).logits(parameters, np.array([tokens]))[0]
    reading, chances = read(model, parameters, tokens, n_rounds), softmax(logits)
    np.testing.assert_allclose(reading.chances, -np.sort(-chances, axis=-1)[:, :3], atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(chances, reading.likeliest, axis=-1), reading.chances, atol=1e-6)
    expected = [chances[place, token] for place, token in enumerate(tokens[1:])]
    np.testing.assert_allclose(reading.chances_of_next, [*expected, 0], atol=1e-6)


@pytest.mark.parametrize("n_rounds", [1, 2, 8])
def test_the_weights_of_every_head_are_those_by_which_the_model_averages(n_rounds):
    """Weights times values, through the output map, make what each attention layer of the model returns."""
    model, parameters, vocabulary = stored_model()
    model, number = replace(model, n_rounds=n_rounds), 1
    tokens = stored_readings().dialogues[number].tokens
    given = []

    def noting(branch):
        def forward(x, replay=None):
            value, saved, replay = branch.forward(x, replay)
            given.append((x, value))
            return value, saved, replay

        return branch._replace(forward=forward)

    blocks = [(noting(f), g) for f, g in model.blocks(model.conform_parameters(parameters), seed=0)]
    model.hidden_forward(parameters, np.array([tokens]), blocks)
    place = len(tokens) - 5
    for layer, (x, value) in enumerate(given):
        of_layer = parameters["layers"][str(layer)]["attention"]
        _, values = to_heads(x, of_layer, model.n_heads)
        explorers = [
            ReadingExplorer(dialogue=number, layer=layer, head=head, n_rounds=n_rounds, chosen=place)
            for head in range(model.n_heads)
        ]
        averages = np.stack([first_state(one).weights[1] @ values[0, one.head] for one in explorers])
        made = from_heads(averages[:, np.newaxis].astype(np.float32), of_layer)[0]
        np.testing.assert_allclose(made, value[0, place], atol=0.02 * np.abs(value[0, place]).max())


def test_the_buckets_are_those_of_the_first_layers_vectors_and_rotations():
    model, parameters, _ = stored_model()
    dialogue = stored_readings().dialogues[0]
    vectors, _ = model.input_forward(parameters, np.array([dialogue.tokens]))
    queries_keys, _ = to_heads(vectors, parameters["layers"]["0"]["attention"], model.n_heads)
    rng = np.random.default_rng((0, 0, 1))
    n_features = queries_keys.shape[-1]
    rotations = draw_rotations(rng, n_rounds=4, n_features=n_features, n_buckets=model.n_buckets, dtype=np.float64)
    expected = angular_hash(queries_keys[0, 1], rotations.astype(np.float32))
    place = 60
    shared = first_state(ReadingExplorer(layer=0, head=1, n_rounds=4, chosen=place)).shared
    assert np.mean(shared != (expected == expected[:, place, np.newaxis])) < 0.01  # a vector may lie between two


def test_a_later_token_gets_no_weight_and_a_token_itself_only_where_it_sees_nobody():
    lonely, explorer = 0, own(n_rounds=1, layer=2, head=3)
    for place in range(1, len(explorer.tokens)):
        explorer.chosen = place
        explorer.first_report()
        assert np.all(explorer.weights[:, place + 1 :] == 0) and explorer.weights[0, place] == 0
        np.testing.assert_allclose(explorer.weights.sum(axis=1), 1)
        assert explorer.weights[1, place] in (0, 1)
        lonely += explorer.weights[1, place] == 1
        assert (explorer.weights[1, place] == 1) == (explorer.share_met == 0)
    assert 0 < lonely < len(explorer.tokens) - 1
    explorer.chosen = 0
    np.testing.assert_array_equal(first_state(explorer).weights[:, 0], [1, 1])


def test_the_weight_met_is_that_of_the_tokens_whose_weight_by_lsh_is_not_zero():
    for dialogue, chosen in ((0, 60), (2, 70)):
        explorer = first_state(ReadingExplorer(dialogue=dialogue, chosen=chosen, layer=0, n_rounds=1))
        dense, by_lsh = explorer.weights
        assert explorer.share_met == pytest.approx(dense[by_lsh > 0].sum()) and 0 < explorer.share_met < 1


def test_a_source_is_the_token_that_comes_next():
    for dialogue in stored_readings().dialogues:
        assert dialogue.symbols.size >= 4
        for place in dialogue.symbols:
            assert dialogue.sources[place] < place
            assert dialogue.tokens[dialogue.sources[place]] == dialogue.tokens[place + 1]
    assert sources_of("a #7x9n4".split()).tolist() == [-1, -1]
    assert sources_of(["#", "+7", "+x", ",", "#", "+7", "+x", "."]).tolist() == [-1, -1, -1, -1, 1, 2, -1, -1]


# ---- The dialogues to open on


def test_every_rule_has_a_dialogue_of_its_own_of_those_held_out_and_says_why():
    chosen = stored_choice()["dialogues"]
    assert list(chosen) == list(KINDS) and len(set(chosen.values())) == len(KINDS)
    for number, dialogue in zip(chosen.values(), stored_readings().dialogues, strict=True):
        assert dialogue.tokens == own_vocabulary().encode_dialogue(own_dialogues("held_out")[number])
        assert len(dialogue.tokens) <= dialogue.kind.most_tokens
        assert dialogue.start["chosen"] in dialogue.symbols


def test_the_rules_order_the_dialogues_as_they_say():
    surest, rounds, farthest, missed, hardest = stored_readings().dialogues
    every = 0, 1, 2, 4, 8
    assert all(np.min(surest.chances(*every)) >= np.min(other.chances(*every)) for other in (rounds, missed, hardest))
    gains = [np.max(one.chances(8) - one.chances(1, 2).max(axis=0)) for one in (rounds, missed, hardest)]
    assert gains[0] == max(gains)
    assert f"after {np.max(farthest.ways_back)} tokens" in farthest.about
    assert np.max(np.subtract(*missed.chances(0, 8))) >= np.max(np.subtract(*hardest.chances(0, 8)))


@pytest.mark.long
def test_the_rules_choose_the_stored_dialogues_for_the_stored_model():
    assert choose() == stored_choice()["dialogues"], "run python -m explorers.renew_readings"


def test_the_alternative_text_says_what_the_first_view_shows():
    text = ReadingExplorer().in_words()
    assert ReadingExplorer.alternative_text == text, "run python -m explorers.renew_readings"
    mine = own()
    assert mine.alternative_text != text and f"A dialogue of {len(mine.tokens)} tokens" in mine.alternative_text


def test_the_page_is_small_enough_to_be_passed_on():
    assert len(standalone_page(ReadingExplorer())) < 1_500_000


# ---- A model and a dialogue of one's own


def test_without_arguments_it_is_the_explorer_and_with_turns_the_stored_model_reads_them():
    assert reading_the_model().lengths.tolist() == ReadingExplorer().lengths.tolist()
    explorer = reading_the_model(turns=TURNS, n_rounds=2)
    assert explorer.lengths.tolist() == [len(own_vocabulary().encode_dialogue(TURNS))] and explorer.n_rounds == 2
    assert explorer.abouts == [""] and explorer.sources[explorer.chosen] >= 0
    assert reading_the_model(turns=[TURNS, TURNS[:2]]).lengths.size == 2


def test_a_model_of_ones_own_opens_with_its_rounds_layers_and_heads():
    explorer = own()
    assert (explorer.n_rounds, explorer.layers.size, explorer.heads.size) == (3, 3, 4)
    model, parameters, vocabulary = stored_model()
    assert reading_the_model(replace(model, n_rounds=2), parameters, vocabulary).n_rounds == 2


def test_a_dialogue_without_a_repeated_code_opens_on_its_last_token():
    explorer = first_state(reading_the_model(turns=TURNS[:2]))
    assert explorer.chosen == explorer.lengths[0] - 1 and np.all(explorer.sources == -1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (lambda m, p, v: (m, None, v), "parameters is missing: give model, parameters and vocabulary, or none of them"),
        (
            lambda m, p, v: (m, None, None),
            "parameters and vocabulary is missing: give model, parameters and vocabulary, or none of them",
        ),
        (lambda m, p, v: (m, p, v, "hello"), "turns needs a list of texts, one a turn, or a list of such lists"),
        (lambda m, p, v: (m, p, v, []), "turns needs a list of texts, one a turn, or a list of such lists"),
        (lambda m, p, v: (m, p, v, [["hi"], []]), "turns needs a list of texts, one a turn, or a list of such lists"),
        (lambda m, p, v: (m, p, v, ["yes " * 70]), "dialogue 0 needs 2 to max_length = 64 tokens, got 72"),
        (lambda m, p, v: (replace(m, attention="shared_qk"), p, v), "model needs attention lsh, got shared_qk"),
        (
            lambda m, p, v: (TransformerLM(vocabulary_size=len(v), max_length=9), p, v),
            "model needs attention lsh, got dense",
        ),
        (lambda m, p, v: (replace(m, n_buckets=512), p, v), "model needs at most 256 buckets, got 512"),
        (lambda m, p, v: (m, p, v.words), "vocabulary needs a Vocabulary of 23 words, as the model has, got tuple"),
        (
            lambda m, p, v: (m, p, own_vocabulary()),
            "vocabulary needs a Vocabulary of 23 words, as the model has, got 479",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(arguments, sentence):
    with pytest.raises(Refused, match=f"^{sentence}$"):
        reading_the_model(*arguments(*own_model()))


def test_vectors_that_cannot_travel_are_refused():
    model, parameters, vocabulary = own_model()
    large = map_parameters(lambda array: 1e6 * array, parameters)
    with pytest.raises(Refused, match="^parameters needs vectors with numbers up to 65504, got "):
        reading_the_model(model, large, vocabulary, TURNS)


def test_parameters_of_another_model_are_refused():
    model, _, vocabulary = own_model()
    with pytest.raises(ValueError, match="the tree of parameters"):
        reading_the_model(model, stored_model()[1], vocabulary, TURNS)


# ---- In the browser, without Jupyter


@browser_test
def test_the_browser_reads_numbers_of_two_bytes(functions_of):
    halves = np.arange(2**16, dtype=np.uint16)
    expected = halves.view(np.float16).astype(np.float64)
    got = functions_of("shared/numbers.js")("([halves]) => [...functions.fromHalves(halves)]", halves.tolist())
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(np.array(got, float)[finite], expected[finite])
    assert [one is None for one in got] == (~finite).tolist()  # JSON has neither NaN nor infinity


STATES = [
    {},
    {"dialogue": 1, "n_rounds": 2, "head": 0},
    {"dialogue": 2, "layer": 0, "n_rounds": 1, "chosen": 70},
    {"dialogue": 2, "layer": 0, "n_rounds": 3, "only_round": 2},
    {"dialogue": 4, "layer": 1, "n_rounds": 8, "only_round": 1, "chosen": 60},
    {"dialogue": 4, "chosen": stored_readings().longest - 1, "n_rounds": 7},  # behind its end
    {"chosen": 0, "n_rounds": 4},
]
OWN_STATES = [
    {"layer": 0, "head": 0},
    {"layer": 2, "head": 3, "n_rounds": 8, "chosen": 20},
    {"layer": 1, "head": 2, "n_rounds": 2, "only_round": 1, "chosen": 12},
]
MODEL = """names => JSON.stringify(names.map((name) => {
    const found = document.getElementById("explorer").model.get(name);
    if (typeof found === "number") return [[found], [1]];
    const { dtype, data, shape } = found;
    const bytes = data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength);
    return [Array.from(dtype === "uint8" ? new Uint8Array(bytes) : new Float64Array(bytes)), shape];
}))"""
REPORTED = ["weights", "shared", "share_met"]


def assert_alike(page, expected, **tolerance):
    """What the browser reports is what Python computes."""
    wait_until_still(page)
    for name, (got, shape) in zip(REPORTED, json.loads(page.evaluate(MODEL, REPORTED)), strict=True):
        value = np.atleast_1d(getattr(expected, name))
        np.testing.assert_allclose(np.reshape(got, shape), value, **{"atol": 1e-6} | tolerance, err_msg=name)


def show(page, state):
    page.evaluate("state => Object.entries(state).forEach(([name, value]) => explorer.model.set(name, value))", state)


@browser_test
def test_the_browsers_weights_are_those_of_reformer(open_drawn):
    page = open_drawn(ReadingExplorer(), reduced_motion="reduce")
    for state in STATES:
        expected = first_state(ReadingExplorer(**state))
        show(page, {name: getattr(expected, name) for name in expected.inputs()})
        assert_alike(page, expected)


@browser_test
def test_they_are_those_of_the_vectors_as_the_model_made_them(open_drawn):
    """Against `lsh_attention` of what the model read, which has not travelled in two bytes."""
    page = open_drawn(ReadingExplorer(), reduced_motion="reduce")
    model, parameters, _ = stored_model()
    for number, n_rounds, layer, head, place in ((0, 8, 1, 0, 65), (1, 1, 1, 1, 60), (2, 2, 0, 1, 70)):
        show(page, {"dialogue": number, "n_rounds": n_rounds, "layer": layer, "head": head, "chosen": place})
        tokens = stored_readings().dialogues[number].tokens
        reading = read(model, parameters, tokens, n_rounds)
        vectors, buckets = reading.queries_keys[layer][head], reading.buckets[layer][head]
        each = np.eye(len(tokens), dtype=np.float32)
        by_lsh = lsh_attention(vectors, each, buckets, n_buckets=model.n_buckets, chunk_length=model.chunk_length)
        dense = dense_weights(reading.queries_keys[layer])[head]
        wait_until_still(page)
        ((got, shape),) = json.loads(page.evaluate(MODEL, ["weights"]))
        np.testing.assert_allclose(np.reshape(got, shape), [dense[place], by_lsh[place]], atol=4e-3)


def a_lonely_place():
    """Where a token of the own model sees nobody but itself."""
    explorer = own(n_rounds=1)
    for place in range(1, len(explorer.tokens)):
        explorer.chosen = place
        explorer.first_report()
        if explorer.weights[1, place] == 1:
            return {name: getattr(explorer, name) for name in explorer.inputs()}
    raise AssertionError("every token sees another")


@browser_test
def test_a_model_with_other_options_is_read_as_reformer_reads_it(open_drawn):
    page = open_drawn(own(), reduced_motion="reduce")
    for state in [*OWN_STATES, a_lonely_place()]:
        expected = first_state(own(**state))
        show(page, {name: getattr(expected, name) for name in expected.inputs()})
        assert_alike(page, expected)
    assert "it meets none of the" in page.locator(SENTENCE).text_content()


@browser_test
def test_keys_lead_from_symbol_to_symbol_and_from_dialogue_to_dialogue(open_drawn):
    first, second, *_ = stored_readings().dialogues
    page = open_drawn(ReadingExplorer(chosen=0), reduced_motion="reduce")
    stage = page.locator(STAGE)
    wait_until_said(page, "No token stands before it: it attends to itself.")
    for place in [*first.symbols, first.symbols[0]]:
        stage.press("c")
        wait_until_said(page, f"Token {place},")
        source = first.sources[place]
        assert (
            f"its source, “{own_vocabulary().words[first.tokens[source]]}” {source},"
            in page.locator(SENTENCE).text_content()
        )
    stage.press("Shift+C")
    wait_until_said(page, f"Token {first.symbols[-1]},")
    stage.press("d")
    start = second.start
    wait_until_said(page, f"Token {start['chosen']},")
    assert f"layer {start['layer']}, head {start['head']}." in page.locator(SENTENCE).text_content()
    assert second.about in page.locator(".explorer-hint").text_content()
    stage.press("ArrowUp")
    begins = [i for i, token in enumerate(second.tokens) if own_vocabulary().words[token].startswith("Person")]
    wait_until_said(page, f"Token {max(i for i in begins if i < start['chosen'])},")


@browser_test
def test_a_word_under_the_mouse_is_shown_and_a_press_chooses_it(open_drawn):
    page = open_drawn(ReadingExplorer(), reduced_motion="reduce")
    wait_until_still(page)
    before = page.evaluate("explorer.model.get('chosen')")
    box = page.locator(f"{STAGE} canvas").bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 40)
    wait_until_said(page, "Token 0, “Person 1:”")
    assert page.evaluate("explorer.model.get('chosen')") == before
    page.mouse.click(box["x"] + 30, box["y"] + 40)
    page.wait_for_function("explorer.model.get('chosen') === 0")


@browser_test
def test_what_is_foretold_is_said_of_every_reading(open_drawn):
    page = open_drawn(ReadingExplorer(dialogue=1, n_rounds=3), reduced_motion="reduce")
    dialogue = stored_readings().dialogues[1]
    place = dialogue.start["chosen"]
    said = page.locator("canvas").nth(3).get_attribute("aria-label")
    for n_rounds in (0, 1, 2, 3, 4, 8):
        chance = float(np.float16(dialogue.reading(n_rounds).chances_of_next[place]))
        name = f"{n_rounds} round{'s' if n_rounds > 1 else ''}" if n_rounds else "all keys"
        assert f"{np.floor(100 * chance + 0.5):.0f} % with {name}" in said


def states_that_tick():
    """For each task a state in which it is done, found among the dialogues."""
    found, explorer = {}, ReadingExplorer(layer=1)
    for number, dialogue in enumerate(stored_readings().dialogues):
        for place in map(int, dialogue.symbols):
            source = dialogue.sources[place]
            explorer.dialogue, explorer.chosen = number, place
            for explorer.n_rounds, explorer.head in ((1, 0), (1, 1), (8, 0), (8, 1)):
                explorer.first_report()
                state = {name: getattr(explorer, name) for name in explorer.inputs()}
                if explorer.weights[1, source] > 0.85:
                    found.setdefault(0, state)
                if not explorer.shared[:, source].any():
                    found.setdefault(1, state)
            first, last = (dialogue.reading(n).likeliest[place, 0] for n in (1, 8))
            if first != dialogue.tokens[place + 1] == last:
                found.setdefault(2, state)
        if len(found) == 3:
            break
    return found


@browser_test
def test_each_task_can_be_done_and_none_is_at_the_start(open_drawn):
    page = open_drawn(ReadingExplorer(), reduced_motion="reduce")
    wait_until_still(page)
    assert page.locator(".explorer-done").count() == 0
    states = states_that_tick()
    assert sorted(states) == list(range(page.locator(".explorer-tasks li").count()))
    for place, state in states.items():
        show(page, state)
        wait_until_still(page)
        assert "explorer-done" in page.locator(".explorer-tasks li").nth(place).get_attribute("class").split()


# ---- In JupyterLab


@browser_test
@pytest.mark.parametrize("key", ["ArrowRight", "ArrowUp", "c", "l", "h", ",", "o", "d"])
def test_every_key_changes_the_picture_and_the_notebook_stays_as_it_is(key, reading_lab):
    reading_lab.assert_key_is_the_explorers(key)


@browser_test
def test_the_kernel_hears_what_the_browser_computed(reading_lab):
    reading_lab.page.get_by_label("Hash rounds R").fill("2")
    setup = """
from explorers import ReadingExplorer
expected = ReadingExplorer(**{name: getattr(explorer, name) for name in explorer.inputs()})
expected.first_report()
same = np.allclose(explorer.weights, expected.weights, atol=1e-6) and np.array_equal(explorer.shared, expected.shared)
"""
    assert reading_lab.kernel_holds(setup, "same and explorer.share_met > 0", n_rounds=2)
    reading_lab.assert_axe_finds_no_violation()
    reading_lab.assert_nothing_went_wrong()
