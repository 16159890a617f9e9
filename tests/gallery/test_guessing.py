"""Room G6: the language and its tasks, who sees whom, gradients, and what the room claims, over seeds (long)."""

import numpy as np
import pytest

from gallery import loops
from gallery.guessing import (
    CODE,
    LENGTH,
    MASK,
    N_SENTENCES,
    PLACE,
    PLACES,
    START,
    TASKS,
    THINGS,
    WORDS,
    Guesser,
    are_sentences,
    deal_things,
    draw_sentences,
    draw_topics,
    examples_of,
    guesses,
    mask_tokens,
    read_out,
    sentences,
    surprise,
    trained,
    write,
)
from reformer.losses import cross_entropy
from reformer.model import TransformerLM
from reformer.parameters import flatten_parameters, unflatten_parameters
from reformer.sampling import sample
from tests.gallery.storing import store
from tests.reformer.finite_differences import gradient_error

SEEDS = range(5)
EVERY = sentences(np.arange(N_SENTENCES))
SIZES = dict(vocabulary_size=len(WORDS), max_length=LENGTH, d_model=32, d_ff=64, n_heads=4, n_layers=1)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def in_words(tokens):
    return " ".join(WORDS[token] for token in tokens)


# --- the language ---


def test_every_number_is_another_sentence():
    assert len(np.unique(EVERY.tokens, axis=0)) == N_SENTENCES == 18_432
    assert EVERY.tokens.shape == (N_SENTENCES, LENGTH) and len(WORDS) == len(CODE)
    assert np.mean(EVERY.is_later) == 0.5 and np.mean(EVERY.is_riddle) == 0.25 and np.mean(EVERY.is_bank) == 0.5


def test_sentences_read_as_they_are_meant():
    assert in_words(EVERY.tokens[0]) == "[start] seeking boats I ran to the shore this morning very happily"
    assert in_words(EVERY.tokens[-1]) == "[start] one day they walked to the ___ counting safes : bank"


def test_the_thing_tells_the_place_and_nothing_else_does():
    """Of each other word as many sentences tell of the shore as of the bank."""
    plain = EVERY.tokens[~EVERY.is_riddle]
    assert np.all((plain[:, PLACE] == CODE["bank"]) == EVERY.is_bank[~EVERY.is_riddle])
    riddles = EVERY.tokens[EVERY.is_riddle]
    assert np.all((riddles[:, -1] == CODE["bank"]) == EVERY.is_bank[EVERY.is_riddle])
    for word, code in CODE.items():
        share = EVERY.is_bank[np.any(EVERY.tokens == code, axis=1)]
        if word in (*PLACES, *THINGS):
            assert len(set(share)) == 1, word
        elif len(share):
            assert np.mean(share) == 0.5, word


def test_the_thing_stands_where_it_is_said_to():
    where = np.argmax(EVERY.tokens == EVERY.thing[:, np.newaxis], axis=1)
    assert np.all((where > PLACE) == EVERY.is_later) and np.all(np.isin(EVERY.thing, [CODE[thing] for thing in THINGS]))


def test_what_is_a_sentence_and_what_is_not(rng):
    drawn = draw_sentences(rng, 50).tokens
    assert np.all(are_sentences(drawn))
    assert not np.any(are_sentences(drawn[:, ::-1]))
    plain = EVERY.tokens[~EVERY.is_riddle][:40].copy()
    plain[:, PLACE] = CODE["shore"] + CODE["bank"] - plain[:, PLACE]
    assert not np.any(are_sentences(plain))


def test_numbers_out_of_range_are_refused():
    with pytest.raises(ValueError, match="numbers"):
        sentences(np.array([N_SENTENCES]))


def test_dealt_anew_things_tell_nothing_and_all_else_stays(rng):
    drawn = draw_sentences(rng, 4000)
    dealt = deal_things(rng, drawn.tokens)
    changed = dealt != drawn.tokens
    assert np.all(drawn.tokens[changed] >= CODE[THINGS[0]]) and np.all(changed.sum(axis=1) <= 1)
    thing = np.take_along_axis(dealt, np.argmax(drawn.tokens == drawn.thing[:, None], axis=1)[:, None], axis=1)[:, 0]
    np.testing.assert_array_equal(np.sort(thing), np.sort(drawn.thing))
    agree = (thing >= CODE[THINGS[6]]) == drawn.is_bank
    assert abs(np.mean(agree) - 0.5) < 0.05


# --- tasks ---


def test_the_twin_masks_the_same(rng):
    tokens, others = rng.integers(0, 9, (2, 20, 7))
    pick, kind = rng.random((20, 7)) / 3, rng.random((20, 7))
    found, slow = (f(tokens, pick, kind, others, 1, (0, 4)) for f in (mask_tokens, loops.mask_tokens))
    for ours, theirs in zip(found, slow, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_shares_of_what_is_masked_are_those_of_the_paper(rng):
    tokens = np.full((1000, 100), 7)
    inputs, weights = mask_tokens(tokens, *rng.random((2, 1000, 100)), np.full_like(tokens, 8), 1, [])
    chosen = weights == 1
    assert np.mean(chosen) == pytest.approx(0.15, abs=0.005) and np.all(inputs[~chosen] == 7)
    assert [np.mean(inputs[chosen] == token) for token in (1, 8, 7)] == pytest.approx([0.8, 0.1, 0.1], abs=0.01)


def test_what_does_not_fit_is_refused_by_name(rng):
    tokens = np.zeros((2, 3), int)
    with pytest.raises(ValueError, match="kind"):
        mask_tokens(tokens, np.zeros((2, 3)), np.zeros((2, 4)), tokens, 1, [])
    with pytest.raises(ValueError, match="tokens"):
        mask_tokens(tokens * 0.5, np.zeros((2, 3)), np.zeros((2, 3)), tokens, 1, [])
    with pytest.raises(ValueError, match="task"):
        examples_of("riddles", rng, tokens)


def test_each_task_asks_for_what_it_says(rng):
    tokens = draw_sentences(rng, 2000).tokens
    inputs, targets, weights = examples_of("next words", rng, tokens)
    np.testing.assert_array_equal(inputs[:, 1:], targets[:, :-1])
    assert np.all(weights == 1) and np.all(inputs[:, 0] == CODE[START])
    shares = {"blanks": (0.8, 0.1), "blanks and others": (0.8, 0.2), "blanks and own": (0.8, 0), "blanks alone": (1, 0)}
    assert {"next words", *shares} == {*TASKS}
    for task, (masked, exchanged) in shares.items():
        inputs, targets, weights = examples_of(task, rng, tokens)
        np.testing.assert_array_equal(targets, tokens)
        assert np.all(weights[:, 0] == 0) and np.mean(weights[:, 1:]) == pytest.approx(0.15, abs=0.01)
        assert np.mean(inputs[weights == 1] == CODE[MASK]) == pytest.approx(masked, abs=0.02)
        np.testing.assert_array_equal(inputs[weights == 0], tokens[weights == 0])
        replaced = (weights == 1) & (inputs != CODE[MASK]) & (inputs != tokens)
        assert np.sum(replaced) / np.sum(weights) == pytest.approx(exchanged, abs=0.02)
        assert not np.any(np.isin(inputs[replaced], [CODE[START], CODE[MASK]]))


def test_topics_hide_their_place_and_things_tell_them(rng):
    tokens, labels, known, later = draw_topics(rng, 2000)
    assert np.all(tokens[:, PLACE] == CODE["___"]) and not np.any(np.isin(tokens, [CODE[place] for place in PLACES]))
    of_bank = np.any(np.isin(tokens, [CODE[thing] for thing in THINGS[6:]]), axis=1)
    np.testing.assert_array_equal(labels, np.where(of_bank, 1.0, -1.0))
    named = np.any(np.isin(tokens, [CODE[THINGS[number]] for number in (0, 1, 6, 7)]), axis=1)
    np.testing.assert_array_equal(known, named)
    np.testing.assert_array_equal(later, np.any(np.isin(tokens[:, PLACE:], [CODE[thing] for thing in THINGS]), axis=1))


def test_a_linear_map_learns_from_some_rows_alone(rng):
    features = rng.standard_normal((400, 3)) + 5
    labels = np.sign(features[:, 1] - 5)
    found = read_out(features, labels, np.arange(100))
    assert np.mean(found == labels) > 0.95
    labels[200:] *= -1
    np.testing.assert_array_equal(read_out(features, labels, np.arange(100)), found)


# --- who sees whom ---


def test_a_causal_guesser_is_the_transformer_of_the_core(rng):
    tokens, core = draw_sentences(rng, 4).tokens, TransformerLM(**SIZES)
    parameters = core.init_parameters(rng)
    np.testing.assert_array_equal(Guesser(causal=True).logits(parameters, tokens), core.logits(parameters, tokens))
    assert np.any(Guesser(causal=False).logits(parameters, tokens) != core.logits(parameters, tokens))


def test_only_a_causal_one_hides_later_words(rng):
    tokens = draw_sentences(rng, 3).tokens
    for causal in (True, False):
        network = Guesser(causal=causal)
        parameters = network.init_parameters(np.random.default_rng(1), np.float64)
        weights = network.weights(parameters, tokens)
        assert weights.shape == (3, 4, LENGTH, LENGTH)
        np.testing.assert_allclose(weights.sum(axis=-1), 1)
        assert np.all((np.triu(weights, 1) == 0) == (np.triu(np.ones((LENGTH, LENGTH)), 1) == 0) | causal)


def test_weights_are_those_that_the_layer_uses(rng):
    """The layer's attention, put together from the weights alone."""
    network, tokens = Guesser(causal=False), draw_sentences(rng, 2).tokens
    parameters = network.init_parameters(rng, np.float64)
    x, _ = network.input_forward(parameters, tokens)
    layer = parameters["layers"]["0"]["attention"]
    normed = (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-6)
    values = (normed @ layer["w_v"]).reshape(2, LENGTH, 4, 8)
    read = np.einsum("bhij,bjhd->bihd", network.weights(parameters, tokens), values).reshape(2, LENGTH, 32)
    (attention, _), *_ = network.blocks(parameters, seed=0)
    np.testing.assert_allclose(attention.forward(x)[0], read @ layer["w_out"], atol=1e-5)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("causal", [True, False])
def test_gradients_are_those_of_finite_differences(causal, task, rng):
    network = Guesser(causal=causal, d_model=8, d_ff=6, n_heads=2)
    batch = examples_of(task, rng, draw_sentences(rng, 5).tokens)
    flat = flatten_parameters(network.init_parameters(rng, np.float64))
    _, gradients = network.loss_and_gradients(unflatten_parameters(flat), *batch, seed=0)
    for name, found in flatten_parameters(gradients).items():

        def loss(moved, name=name):
            return network.loss_and_gradients(unflatten_parameters(flat | {name: moved}), *batch, seed=0)[0]

        assert gradient_error(loss, flat[name], found, rng) < 1e-5, name


def test_the_surprises_of_a_text_add_up_to_its_loss(rng):
    network, tokens = Guesser(causal=True), draw_sentences(rng, 6).tokens
    parameters = network.init_parameters(rng, np.float64)
    found = surprise(network, parameters, tokens)
    logits = network.logits(parameters, tokens[:, :-1])
    assert found.shape == (6, 11)
    assert np.mean(found) == pytest.approx(cross_entropy(logits, tokens[:, 1:], np.ones((6, 11))))


def test_a_guess_is_read_at_the_blank_or_at_the_word_before(rng):
    network, tokens = Guesser(causal=False), draw_sentences(rng, 40).tokens
    parameters = network.init_parameters(rng)
    other = tokens.copy()
    other[:, PLACE] = CODE["shore"] + CODE["bank"] - tokens[:, PLACE]
    blanked = [guesses(network, parameters, some, blanked=True) for some in (tokens, other)]
    np.testing.assert_array_equal(*blanked)  # what stands there is not looked at
    codes = [CODE[place] for place in PLACES]
    before = network.logits(parameters, tokens)[:, PLACE - 1][:, codes].argmax(axis=-1)
    np.testing.assert_array_equal(guesses(network, parameters, tokens, blanked=False), before)
    assert np.any(before != blanked[0])


def test_a_causal_one_writes_as_the_sampler_of_the_core_and_the_other_cannot_use_it(rng):
    network = Guesser(causal=True)
    parameters = network.init_parameters(rng)
    prompt = np.full((5, 1), CODE[START])
    ours = write(network, parameters, rng, 5, blanked=False, temperature=0)
    np.testing.assert_array_equal(ours, sample(network, parameters, prompt, n_new=11, rng=rng, temperature=0))
    with pytest.raises(ValueError, match="causal"):
        sample(Guesser(causal=False), parameters, prompt, n_new=11, rng=rng)


def test_with_blanks_the_words_to_come_are_masks(rng, monkeypatch):
    network, seen = Guesser(causal=False), []
    parameters = network.init_parameters(rng)

    def logits(self, parameters, tokens):
        seen.append(tokens.copy())
        return np.zeros((*tokens.shape, len(WORDS)), np.float32)

    monkeypatch.setattr(Guesser, "logits", logits)
    write(network, parameters, rng, 3, blanked=True)
    for at, tokens in enumerate(seen, 1):
        assert tokens.shape == (3, LENGTH) and np.all(tokens[:, at:] == CODE[MASK])
    seen.clear()
    write(network, parameters, rng, 3, blanked=False)
    assert [tokens.shape[1] for tokens in seen] == list(range(1, LENGTH))


def test_a_short_training_is_the_same_twice_and_better_than_none():
    fresh = examples_of("next words", None, draw_sentences(np.random.default_rng(9), 300).tokens)
    (network, once), (_, again) = (trained("next words", 0, causal=True, n_steps=30) for _ in range(2))
    np.testing.assert_array_equal(once["tokens"], again["tokens"])
    before = network.init_parameters(np.random.default_rng(0))
    assert network.evaluate(once, *fresh)["loss"] < network.evaluate(before, *fresh)["loss"] - 1


# --- what the room claims, over seeds -------------------------------------------------------------------------------

long = pytest.mark.long
# BERT has 500 steps in the room, where one seed of five is not there yet.
KINDS = {"GPT": ("next words", True, 200), "BERT": ("blanks", False, 600), "third": ("next words", False, 80)}
FLOOR = np.log(N_SENTENCES) / 11


@pytest.fixture(scope="module")
def networks():
    """Of each kind the networks of all seeds, with their parameters."""
    return {
        name: [trained(task, seed, causal=causal, n_steps=n_steps) for seed in SEEDS]
        for name, (task, causal, n_steps) in KINDS.items()
    }


def of_seeds(function):
    return np.array([function(seed) for seed in SEEDS])


def fresh(seed):
    return draw_sentences(np.random.default_rng(1000 + seed), 3000)


@long
def test_nobody_who_sees_earlier_words_is_below_the_entropy_and_who_sees_all_is(networks):
    batch = examples_of("next words", None, EVERY.tokens)  # all sentences: the mean is the expectation
    losses = {name: of_seeds(lambda seed, name=name: loss_of(networks[name][seed], batch)) for name in ("GPT", "third")}
    store("G6", "loss of next words, over all sentences", {**losses, "entropy of the language": FLOOR})
    assert np.all(losses["GPT"] >= FLOOR) and np.all(losses["GPT"] < FLOOR + 0.06)
    assert np.all(losses["third"] < 0.1)


@long
def test_the_third_says_whoever_comes_because_it_looks(networks):
    def measured(name):
        def follows(seed):
            (network, parameters), tokens = networks[name][seed], fresh(seed).tokens.copy()
            tokens[:, 3] = np.random.default_rng(seed).permutation(tokens[:, 3])
            return np.mean(network.logits(parameters, tokens[:, :-1])[:, 2].argmax(axis=-1) == tokens[:, 3])

        return of_seeds(follows)

    found = {name: measured(name) for name in ("GPT", "third")}
    store("G6", "says the person that was put in the place of another", found)
    assert np.all(found["third"] > 0.95) and np.all(found["GPT"] < 0.35)


def loss_of(trained_one, batch):
    network, parameters = trained_one
    return network.evaluate(parameters, *batch)["loss"]


def right_at_the_place(trained_one, seed, *, blanked, kind=None):
    """Shares right where the thing comes before the place, and after it."""
    (network, parameters), drawn = trained_one, fresh(seed)
    right = guesses(kind or network, parameters, drawn.tokens, blanked=blanked) == drawn.is_bank
    return [np.mean(right[side & ~drawn.is_riddle]) for side in (~drawn.is_later, drawn.is_later)]


@long
def test_the_square_decides_what_can_be_told_and_not_the_task(networks):
    found = {
        "GPT": of_seeds(lambda seed: right_at_the_place(networks["GPT"][seed], seed, blanked=False)),
        "BERT": of_seeds(lambda seed: right_at_the_place(networks["BERT"][seed], seed, blanked=True)),
        "BERT, after 200 steps": of_seeds(
            lambda seed: right_at_the_place(trained("blanks", seed, causal=False, n_steps=200), seed, blanked=True)
        ),
        "BERT, reading back only": of_seeds(
            lambda seed: right_at_the_place(networks["BERT"][seed], seed, blanked=True, kind=Guesser(causal=True))
        ),
        "blanks, trained reading back only": of_seeds(
            lambda seed: right_at_the_place(trained("blanks", seed, causal=True, n_steps=800), seed, blanked=True)
        ),
    }
    store("G6", "right at the place, thing before it and after it", found)
    for name, shares in found.items():
        assert np.all(np.abs(shares[:, 1] - 0.5) < 0.06) or name in ("BERT", "BERT, after 200 steps")
    assert np.sum(np.any(found["BERT, after 200 steps"] < 0.9, axis=1)) >= 2
    assert np.all(found["GPT"][:, 0] > 0.97) and np.all(found["BERT, reading back only"][:, 0] > 0.9)
    assert np.sum(np.all(found["BERT"] > 0.9, axis=1)) >= 4  # now and then a seed takes longer
    assert np.sum(found["blanks, trained reading back only"][:, 0] > 0.9) >= 4


@long
def test_a_causal_network_knows_what_it_cannot_see_yet(networks):
    def measured(seed, of_seeds=networks["GPT"]):
        network, parameters = of_seeds[seed]
        drawn = fresh(seed)
        plain = drawn.tokens[drawn.is_later & ~drawn.is_riddle]
        swapped = plain.copy()
        swapped[:, PLACE] = CODE["shore"] + CODE["bank"] - plain[:, PLACE]
        right, wrong = (surprise(network, parameters, tokens) for tokens in (plain, swapped))
        riddles = drawn.is_riddle & drawn.is_later
        answers = guesses(network, parameters, drawn.tokens[riddles], blanked=False, at=LENGTH - 1)
        gap = (wrong - right).mean(axis=0)
        return [
            np.mean(right.sum(axis=1) < wrong.sum(axis=1)),
            np.mean(answers == drawn.is_bank[riddles]),
            gap[PLACE - 1],  # surprises begin at the second word
            gap[PLACE + 1],
        ]

    found = of_seeds(measured).T
    names = ("right sentence less surprising", "riddle answered", "gap at the place", "gap at the thing")
    dealt = [trained("next words", seed, causal=True, n_steps=200, dealt=True) for seed in SEEDS]
    control = np.array([measured(seed, dealt) for seed in SEEDS]).T
    figures = dict(zip(names, found, strict=True)) | {
        f"things dealt: {n}": c for n, c in zip(names, control, strict=True)
    }
    store("G6", "GPT where the thing comes after", figures)
    assert np.all(np.abs(control[:2] - 0.5) < 0.1)
    assert np.all(found[0] > 0.95) and np.sum(found[1] > 0.95) >= 4
    assert np.all(np.abs(found[2]) < 0.2) and np.all(found[3] > 2)


@long
def test_the_lowest_loss_cannot_write_and_blanks_can(networks):
    def measured(name):
        def share(seed):
            texts = write(*networks[name][seed], np.random.default_rng(seed), 500, blanked=name == "BERT")
            return np.mean(are_sentences(texts))

        return of_seeds(share)

    found = {name: measured(name) for name in KINDS}
    store("G6", "share of sentences written, temperature 1", found)
    assert np.all(found["GPT"] > 0.85) and np.all(found["third"] < 0.2)
    assert np.mean(found["BERT"]) > 0.6 and np.mean(found["BERT"]) < np.mean(found["GPT"])


@long
def test_what_teaches_to_say_visible_words_is_the_tenth_that_stays():
    def measured(task):
        def said(seed):
            network, parameters = trained(task, seed, causal=False, n_steps=50)
            tokens = fresh(seed).tokens
            return np.mean((network.logits(parameters, tokens).argmax(axis=-1) == tokens)[:, 1:])

        return of_seeds(said)

    found = {task: measured(task) for task in TASKS if task != "next words"}
    store("G6", "visible words said right", found)
    assert np.all(found["blanks"] > 0.65) and np.all(found["blanks and own"] > 0.85)
    assert np.all(found["blanks and others"] < 0.62) and np.all(found["blanks alone"] < 0.55)


@long
def test_text_without_labels_tells_of_things_without_labels(networks):
    dealt = [trained("next words", seed, causal=True, n_steps=200, dealt=True) for seed in SEEDS]
    untrained = [
        (Guesser(causal=False), Guesser(causal=False).init_parameters(np.random.default_rng(50 + seed)))
        for seed in SEEDS
    ]

    def measured(of_seed, words=slice(1, None)):
        def shares(seed):
            tokens, labels, known, late = draw_topics(np.random.default_rng((seed, 2)), 3000)
            if of_seed is None:
                features = (tokens[..., np.newaxis] == np.arange(len(WORDS))).any(axis=1).astype(float)
            else:
                network, parameters = of_seed[seed]
                features = network.vectors(parameters, tokens)[:, words].mean(axis=1).astype(float)
            right = read_out(features, labels, np.flatnonzero(known)[:60]) == labels
            return [np.mean(right[some]) for some in (known, ~known & ~late, ~known & late)]

        return of_seeds(shares)

    blind = [trained("blanks", seed, causal=False, n_steps=600, dealt=True) for seed in SEEDS]
    found = {name: measured(networks[name]) for name in ("GPT", "BERT")} | {"BERT, things dealt": measured(blind)}
    found |= {"GPT, things dealt": measured(dealt), "untrained": measured(untrained), "words counted": measured(None)}
    found["BERT, first word"] = measured(networks["BERT"], slice(0, 1))
    store(
        "G6",
        "sixty labels: right with things that had labels, with others before the place, with others after it",
        found,
    )
    assert np.all(found["BERT"][:, 1:] > 0.7) and np.all(found["GPT"][:, 1] > 0.75)
    assert np.all(found["GPT"][:, 2] < found["GPT"][:, 1] - 0.1)
    for name in ("GPT, things dealt", "BERT, things dealt", "words counted"):
        assert np.all(np.abs(found[name][:, 1:] - 0.5) < 0.15), name
    assert np.mean(found["untrained"][:, 1:]) < np.mean(found["GPT"][:, 1:]) - 0.15
    assert np.ptp(found["BERT, first word"][:, 1]) > 0.15
