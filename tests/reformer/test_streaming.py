"""A memory gives what its definition gives: `logits(..., settled=P)`, which computes everything again."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.chunking import NOBODY, look_adjacent, sort_by_bucket, split_into_chunks
from reformer.model import ReformerLM, TransformerLM
from reformer.streaming import Memory, SortedTokens

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
LENGTH = 40
SMALL = dict(vocabulary_size=9, max_length=LENGTH, d_model=8, d_ff=12, chunk_length=4, n_buckets=4)
WITH_LSH = {
    "plain": ReformerLM(**SMALL),
    "one round": ReformerLM(**SMALL, n_rounds=1, fast=True),
    "same bucket": ReformerLM(**SMALL, same_bucket_only=True),
    "same bucket, one round": ReformerLM(**SMALL, same_bucket_only=True, n_rounds=1),
    "duplicates": ReformerLM(**SMALL, correct_duplicates=True, n_rounds=3, fast=True),
    "all": ReformerLM(
        **SMALL | dict(n_buckets=(2, 4), chunk_length=5, n_layers=3),
        **dict(n_rounds=3, same_bucket_only=True, correct_duplicates=True),
        **dict(positions="axial", axial_shape=(5, 8), activation="gelu", position_chunk=3),
    ),
    "one chunk": ReformerLM(**SMALL | dict(chunk_length=10**12)),
    "residual": TransformerLM(**SMALL, attention="lsh", n_heads=1),
}
DENSE = {
    "dense": TransformerLM(**SMALL),
    "shared": TransformerLM(**SMALL, attention="shared_qk", positions="sinusoidal"),
    "reversible dense": ReformerLM(**SMALL, attention="dense"),
    "reversible shared": ReformerLM(**SMALL, attention="shared_qk", fast=True),
}
PROMPTS = (1, 2, 3, 4, 5, 8, 9, 17, 24, 39, 40)  # on both sides of C, 2 C and more


def draw(model, seed, dtype=np.float64, batch=2):
    rng = np.random.default_rng(seed)
    return model.init_parameters(rng, dtype), rng.integers(0, 9, (batch, LENGTH))


def remembered(model, parameters, tokens, n_prompt, seed):
    """Logits from the last token of the prompt on."""
    memory = Memory(model, parameters, tokens[:, :n_prompt], seed=seed)
    return np.stack([memory.logits, *(memory.step(of_texts) for of_texts in tokens[:, n_prompt:].T)], axis=1)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-5)])
@pytest.mark.parametrize("model", [*WITH_LSH.values(), *DENSE.values()], ids=[*WITH_LSH, *DENSE])
def test_a_memory_gives_what_its_definition_gives(model, dtype, tolerance):
    for n_prompt in PROMPTS:
        parameters, tokens = draw(model, n_prompt, dtype, batch=1 + n_prompt % 3)
        found = remembered(model, parameters, tokens, n_prompt, seed=3)
        defined = model.logits(parameters, tokens, settled=n_prompt, seed=3)[:, n_prompt - 1 :]
        np.testing.assert_allclose(found, defined, atol=tolerance, rtol=0)
        assert found.dtype == dtype


@pytest.mark.parametrize("model", [*WITH_LSH.values(), *DENSE.values()], ids=[*WITH_LSH, *DENSE])
def test_the_first_new_token_is_that_of_the_ordinary_model(model):
    for n_prompt in PROMPTS:
        parameters, tokens = draw(model, n_prompt)
        ordinary = model.logits(parameters, tokens[:, :n_prompt])[:, -1]
        np.testing.assert_allclose(Memory(model, parameters, tokens[:, :n_prompt]).logits, ordinary, atol=1e-12)


@pytest.mark.parametrize("name", ["plain", "same bucket", "all", "residual"])
def test_with_one_layer_every_token_has_the_logits_of_computing_all_again(name):
    model = replace(WITH_LSH[name], n_layers=1)
    parameters, tokens = draw(model, 0)
    found = remembered(model, parameters, tokens, 7, seed=1)
    again = [model.logits(parameters, tokens[:, :n], seed=1)[:, -1] for n in range(7, LENGTH + 1)]
    np.testing.assert_allclose(found, np.stack(again, axis=1), atol=1e-12)


def test_with_more_layers_an_answer_that_stays_is_another_one():
    parameters, tokens = draw(WITH_LSH["plain"], 0)
    found = remembered(WITH_LSH["plain"], parameters, tokens, 7, seed=1)
    again = WITH_LSH["plain"].logits(parameters, tokens, seed=1)[:, -1]
    assert np.max(np.abs(found[:, -1] - again)) > 1e-3


@pytest.mark.parametrize("model", DENSE.values(), ids=DENSE)
def test_without_lsh_attention_it_makes_no_difference_how_a_text_came_about(model):
    parameters, tokens = draw(model, 0)
    np.testing.assert_array_equal(model.logits(parameters, tokens, settled=5), model.logits(parameters, tokens))


@pytest.mark.parametrize("model", [WITH_LSH["all"], WITH_LSH["one round"], *DENSE.values()])
def test_copies_go_on_as_if_each_had_read_the_text_and_leave_the_first_as_it_was(model):
    parameters, tokens = draw(model, 5)
    memory = Memory(model, parameters, tokens[:, :9])
    memory.step(tokens[:, 9])
    copies, rng = memory.copies(3), np.random.default_rng(0)
    before = copies.logits.copy()
    others = rng.integers(0, 9, (6, 12))
    found = [copies.step(of_texts) for of_texts in others.T]
    texts = np.concatenate([np.repeat(tokens[:, :10], 3, axis=0), others], axis=1)
    alone = remembered(model, parameters, texts, 9, seed=0)[:, 1:]
    np.testing.assert_allclose(np.stack([before, *found], axis=1), alone, atol=1e-12)
    went_on = [memory.step(of_texts) for of_texts in tokens[:, 10:20].T]
    np.testing.assert_allclose(np.stack(went_on, axis=1), remembered(model, parameters, tokens[:, :20], 9, 0)[:, 2:])


def test_a_text_of_a_batch_that_is_not_finite_leaves_the_others_as_they_are():
    model = WITH_LSH["plain"]
    parameters, tokens = draw(model, 1, batch=3)
    parameters["tokens"][8] = 1e200  # its square is infinite
    tokens %= 8
    spoilt = tokens.copy()
    spoilt[1, 20] = 8
    with np.errstate(all="ignore"):
        clean, found = (remembered(model, parameters, of, 6, seed=0) for of in (tokens, spoilt))
    np.testing.assert_allclose(found[[0, 2]], clean[[0, 2]], atol=1e-12)


@pytest.mark.parametrize("n_prompt", [1, 2, 9])
def test_vectors_too_long_for_the_last_resort_are_refused_as_by_the_ordinary_form(n_prompt):
    model = WITH_LSH["plain"]
    parameters, tokens = draw(model, 0, np.float32)
    parameters["layers"]["0"]["attention"]["w_qk"] *= 1e30
    for read in (model.logits, partial(Memory, model)):
        with np.errstate(all="ignore"), pytest.raises(ValueError, match="queries_keys needs vectors shorter than 1e29"):
            read(parameters, tokens[:, :n_prompt])


@pytest.mark.parametrize("n_prompt", [1, 4, 40])
def test_a_token_beyond_the_last_position_is_refused_and_changes_nothing(n_prompt):
    model = WITH_LSH["plain"]
    parameters, tokens = draw(model, 0)
    memory = Memory(model, parameters, tokens[:, :n_prompt])
    for of_texts in tokens[:, n_prompt:].T:
        memory.step(of_texts)
    before = memory.logits
    for _ in range(2):
        with pytest.raises(ValueError, match="tokens needs at most max_length = 40 positions, got 41"):
            memory.step(tokens[:, 0])
    np.testing.assert_array_equal(memory.logits, before)


@pytest.mark.parametrize(
    ("tokens", "words"),
    [
        ([1, 2, 3], r"tokens needs shape \(2,\), got shape \(3,\)"),
        ([[1], [2]], r"tokens needs shape \(batch\), got shape \(2, 1\)"),
        ([1, 9], "tokens needs values from 0 to 8, got 1 to 9"),
        ([0.0, 1.0], "tokens needs an integer dtype, got float64"),
    ],
)
def test_a_step_that_does_not_fit_the_texts_is_refused_and_changes_nothing(tokens, words):
    model = WITH_LSH["plain"]
    parameters, text = draw(model, 0)
    memory = Memory(model, parameters, text[:, :5])
    with pytest.raises(ValueError, match=words):
        memory.step(tokens)
    np.testing.assert_array_equal(memory.step(text[:, 5]), Memory(model, parameters, text[:, :5]).step(text[:, 5]))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(prompt=np.zeros((1, 0), int)), "tokens needs shape"),
        (dict(prompt=np.full((1, 2), 9)), "tokens needs values from 0 to 8"),
        (dict(prompt=np.zeros((1, 41), int)), "tokens needs at most max_length = 40 positions, got 41"),
        (dict(seed=-1), "seed needs a whole number of at least 0, got -1"),
        (dict(parameters={}), "the tree of parameters"),
    ],
)
def test_a_prompt_that_cannot_be_read_is_refused_by_name(change, words):
    parameters, tokens = draw(WITH_LSH["plain"], 0)
    with pytest.raises(ValueError, match=words):
        Memory(WITH_LSH["plain"], **dict(parameters=parameters, prompt=tokens[:, :3]) | change)


def test_a_model_that_is_not_causal_is_refused_for_what_it_has_read_would_change():
    class Everywhere(TransformerLM):
        causal = False

    model = Everywhere(vocabulary_size=9, max_length=40)
    with pytest.raises(ValueError, match="model needs to be causal"):
        Memory(model, model.init_parameters(np.random.default_rng(0)), np.zeros((1, 3), int))


# --- the order of the tokens so far ----------------------------------------------------------------------------------


@few
@given(seeds, st.integers(1, 3), st.integers(1, 6), st.integers(1, 25), st.integers(1, 25), st.booleans())
def test_tokens_sorted_in_one_by_one_stand_and_see_as_if_all_had_been_sorted_together(
    seed, n_rounds, chunk_length, n_first, n_later, same_bucket_only
):
    rng, n_buckets = np.random.default_rng(seed), 5
    length = n_first + n_later
    buckets = rng.integers(0, n_buckets, (2, n_rounds, length))
    tokens = SortedTokens((2, n_rounds, length + 3), chunk_length, np.uint8)
    tokens.fill(buckets[..., :n_first])
    for n in range(n_first + 1, length + 1):
        tokens.insert(buckets[..., n - 1 : n])
        order = sort_by_bucket(buckets[..., :n])
        np.testing.assert_array_equal(tokens.order[..., :n], order)
        assert np.all(tokens.order[..., n:] == NOBODY)
        chunks = split_into_chunks(order, chunk_length)
        windows = look_adjacent(chunks)
        rounds = look_adjacent(np.where(chunks < 0, NOBODY, np.arange(n_rounds)[:, np.newaxis, np.newaxis]))
        for entry in range(2):
            expected = []
            for r in range(n_rounds):
                (own,) = np.flatnonzero(np.any(chunks[entry, r] == n - 1, axis=-1))
                seen = windows[entry, r, own].copy()
                of_bucket = buckets[entry, r, seen] == buckets[entry, r, n - 1]
                if same_bucket_only:
                    seen[(rounds[entry, r, own] != r) | ~of_bucket] = NOBODY
                expected.extend(seen)
            found = tokens.windows(same_bucket_only=same_bucket_only)[entry]
            np.testing.assert_array_equal(found[found >= 0], np.array(expected)[np.array(expected) >= 0])
