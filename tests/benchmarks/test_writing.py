"""The three ways in which `benchmarks.writing` asks for the next word, without the training."""

import json

import numpy as np
import pytest

from benchmarks.attention import RESULTS
from benchmarks.training import TEXT_LENGTH, VOCABULARY, draw_dialogue
from benchmarks.writing import measure, next_words, write_answer
from reformer.model import ReformerLM

SIZES = dict(vocabulary_size=len(VOCABULARY), max_length=TEXT_LENGTH, d_model=16, d_ff=16, n_buckets=10)


def draw(n_layers, dtype=np.float64):
    model = ReformerLM(**SIZES, n_layers=n_layers)
    asked, answer, _ = draw_dialogue(np.random.default_rng(0))
    return model, model.init_parameters(np.random.default_rng(0), dtype), asked, answer


@pytest.mark.parametrize("n_layers", [1, 2])
def test_every_word_is_asked_for_after_the_right_ones_before_it(n_layers):
    model, parameters, asked, answer = draw(n_layers)
    found = next_words(model, parameters, asked, answer, seed=1)
    assert all(logits.shape == (len(answer), len(VOCABULARY)) for logits in found.values())
    np.testing.assert_allclose(found["newest"][0], found["again"][0], atol=1e-12)
    np.testing.assert_allclose(found["evaluated"][-1], found["again"][-1], atol=1e-12)
    apart = np.max(np.abs(found["newest"] - found["again"]))
    assert apart < 1e-12 if n_layers == 1 else apart > 1e-3


def test_what_a_model_writes_by_itself_follows_its_own_words():
    model, parameters, asked, answer = draw(2)
    written = write_answer(model, parameters, asked, len(answer), seed=1)
    words = [VOCABULARY[number] for number in written]
    best = np.argmax(next_words(model, parameters, asked, words, seed=1)["newest"], axis=-1)
    np.testing.assert_array_equal(written, best)


def test_the_shares_are_shares(monkeypatch):
    monkeypatch.setattr("benchmarks.writing.N_TEXTS", 2)
    model, parameters, *_ = draw(2, np.float32)
    row = measure(model, parameters, 0)
    assert {"seed", "evaluated", "again", "newest"} < set(row) and row["newest"]["loss"] > 0
    for name in ("total_variation", "same_first_choice", "written_by_itself"):
        assert 0 <= row[name] <= 1


def test_the_committed_results_say_that_the_rule_costs_nothing_that_could_be_seen():
    rows = json.loads((RESULTS / "writing.json").read_text())["rows"]
    loss = {way: np.mean([row[way]["loss"] for row in rows]) for way in ("evaluated", "again", "newest")}
    assert abs(loss["newest"] - loss["again"]) < 0.02
