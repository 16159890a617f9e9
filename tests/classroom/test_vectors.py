"""Real vectors: what is stored is what the scripts make, and what does not fit is refused by name."""

import dataclasses
import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from classroom import vectors
from reformer.angular import angular_hash, draw_rotations
from reformer.attention import shared_qk_attention
from reformer.blocks import ATTENTION
from reformer.lsh_attention import lsh_attention

DATA = vectors.DATA


def script(path):
    """A script of data/ as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, DATA / path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def copied(tmp_path, monkeypatch):
    """A copy of data/ that may be spoiled, with nothing remembered of the true one."""
    for folder in ("text", "words", "attention"):
        shutil.copytree(DATA / folder, tmp_path / folder)
    monkeypatch.setattr(vectors, "DATA", tmp_path)
    forget()
    yield tmp_path
    forget()


def forget():
    for function in vars(vectors).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


def nearest(features):
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    similarity = units @ units.T
    np.fill_diagonal(similarity, -2)
    return np.argmax(similarity, axis=1)


def test_the_text_is_the_one_noted_and_its_parts_join():
    whole = vectors.text()
    made = json.loads((DATA / "text/text.json").read_text(encoding="utf-8"))
    assert len(whole) == made["n_characters"] == 373_232
    assert hashlib.sha256(whole.encode()).hexdigest() == made["sha256"]["the text in UTF-8"]
    assert vectors.text("training") + vectors.text("held_out") == whole
    assert len(vectors.text("held_out")) == 37_324


def test_no_paragraph_stands_in_the_text_twice():
    paragraphs = [" ".join(paragraph.split()) for paragraph in vectors.text().split("\n\n")]
    assert len(set(paragraphs)) == len(paragraphs) > 2000


def test_repeats_are_left_out_after_the_first_whatever_their_white_space():
    leave_out_repeats = script("text/make_text.py").leave_out_repeats
    assert leave_out_repeats("a  b\n\nc\n\na b\n\nd") == "a  b\n\nc\n\nd"


@pytest.mark.skipif(sys.version_info[:3] != (3, 11, 7), reason="the text is that of Python 3.11.7 alone")
def test_the_script_makes_the_stored_text():
    assert script("text/make_text.py").make_text() == vectors.text()


def test_the_licence_of_the_text_has_its_notice_and_what_was_changed():
    notice = " ".join((DATA / "text/LICENSE").read_text(encoding="utf-8").split())
    for part in (
        "2022, 2023 Python Software Foundation; All Rights Reserved What was changed:",
        "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2",
        "8. By copying, installing or otherwise using Python",
    ):
        assert part in notice


def test_the_script_makes_the_stored_words_to_the_last_digits_of_float16():
    words, features, mean = script("words/make_words.py").make_words(vectors.text())
    stored = vectors.words()
    assert stored.words == tuple(words)
    assert stored.vectors.shape == (1000, 64) and stored.vectors.dtype == np.float32
    for found, made in ((stored.vectors, features), (stored.mean, mean)):
        assert np.max(np.abs(found - made)) < 2**-10  # half of what float16 resolves at 2, and then some
    assert np.array_equal(nearest(stored.vectors), nearest(features))


def test_words_have_neighbours_one_can_read():
    found = vectors.words()
    near = nearest(found.vectors)
    for word, neighbour in (("async", "coroutine"), ("true", "false"), ("keyword", "positional")):
        assert found.words[near[found.place(word)]] == neighbour


def test_the_mean_of_the_word_vectors_is_gone():
    found = vectors.words()
    assert np.max(np.abs(np.mean(found.vectors, axis=0))) < 1e-4
    assert np.linalg.norm(found.mean) > 0.3


def test_the_sentence_stands_in_the_text_and_each_word_has_its_own_vector():
    written, points = vectors.sentence()
    whole = " ".join(vectors.text().lower().replace(",", "").split())
    assert " ".join(written) in whole and points.shape == (26, 64)
    book = vectors.words()
    assert all(
        np.array_equal(point, book.vectors[book.place(word)]) for word, point in zip(written, points, strict=True)
    )


def test_a_word_that_is_not_there_is_named_with_those_near_to_it():
    with pytest.raises(ValueError, match="word needs one of the 1,000 words.*got 'kwyword'. Near to it: keyword"):
        vectors.words().place("kwyword")
    with pytest.raises(ValueError, match="got 3. No word is near"):
        vectors.words().place(3)


def test_nobody_can_change_the_vectors_that_all_get():
    with pytest.raises(ValueError, match="read-only"):
        vectors.words().vectors[0] = 0


def test_a_part_that_is_none_is_named():
    with pytest.raises(ValueError, match="part needs one of 'whole', 'training', 'held_out', got 'test'"):
        vectors.text("test")


def test_a_character_that_no_token_stands_for_is_named():
    assert "".join(vectors.characters()[token] for token in vectors.as_tokens("if x:\n")) == "if x:\n"
    with pytest.raises(ValueError, match="written needs characters of the stored text, got .*☃"):
        vectors.as_tokens("a ☃")


@pytest.mark.parametrize(
    ("file", "load"),
    [
        ("text/text.txt.gz", vectors.text),
        ("words/words.npz", vectors.words),
        ("attention/dense.npz", lambda: vectors.attention("dense")),
    ],
    ids=["text", "words", "attention"],
)
def test_a_damaged_or_missing_file_is_refused_by_name(copied, file, load):
    path = copied / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"data/{file} needs to have the sha256"):
        load()
    path.unlink()
    with pytest.raises(ValueError, match=f"data/{file} needs to be there"):
        load()


@pytest.fixture(params=vectors.MODELS)
def name(request):
    return request.param


@pytest.fixture
def training(monkeypatch):
    """The script that trains, as a module, with three steps in place of 2,240."""
    monkeypatch.syspath_prepend(DATA / "attention")
    module = script("attention/train.py")
    monkeypatch.setattr(module, "WINDOWS", ((64, 2), (1024, 1)))
    monkeypatch.setattr(module, "N_WARMUP", 1)
    return module


@pytest.fixture
def results():
    return json.loads((DATA / "attention/results.json").read_text(encoding="utf-8"))


def test_weights_and_vectors_are_those_of_the_models_own_attention(name, monkeypatch):
    model, parameters = vectors.stored_model(name)
    found = vectors.attention(name)
    forward, backward = ATTENTION[name, False]
    seen = []

    def noting(*heads, **options):
        attended, saved = forward(*heads, **options)
        seen.append((heads, attended))
        return attended, saved

    monkeypatch.setitem(ATTENTION, (name, False), (noting, backward))
    model.logits(parameters, vectors.as_tokens(found.text)[np.newaxis])
    assert len(seen) == model.n_layers == 3
    for layer, (heads, attended) in enumerate(seen):
        ours = [found.queries, found.keys, found.values] if name == "dense" else [found.queries, found.values]
        for array, given in zip(ours, heads, strict=True):
            assert array.shape == (3, 4, 1024, 32) and array.dtype == np.float32
            np.testing.assert_allclose(array[layer], given[0], rtol=1e-5, atol=1e-5)
        for head in range(model.n_heads):
            mixed = found.weights(layer, head) @ found.values[layer, head]
            np.testing.assert_allclose(mixed, attended[0, head], rtol=1e-4, atol=1e-4)


def test_one_formula_gives_the_weights_of_both_models(name):
    found = vectors.attention(name)
    scores = found.queries[1, 2] @ found.keys[1, 2].T / np.sqrt(32)
    seen = np.tri(1024, k=-1 if found.shared else 0, dtype=bool)
    seen[0, 0] = True
    weights = np.exp(scores - np.max(scores, axis=1, keepdims=True)) * seen
    weights /= np.sum(weights, axis=1, keepdims=True)
    np.testing.assert_allclose(found.weights(1, 2), weights, rtol=1e-3, atol=1e-6)


def test_what_was_read_is_the_beginning_of_the_held_out_text(name):
    assert vectors.attention(name).text == vectors.text("held_out")[:1024]


def test_a_stored_model_foretells_the_text_it_has_not_seen(name, training):
    model, parameters = vectors.stored_model(name)
    tokens = vectors.as_tokens(vectors.text("held_out")[:1025])[np.newaxis]
    loss = model.evaluate(parameters, tokens[:, :-1], tokens[:, 1:], np.ones((1, 1024)))["loss"]
    assert loss / np.log(2) < 2.3  # bits; without context 4.7


def test_a_model_that_is_none_is_named():
    with pytest.raises(ValueError, match="name needs one of 'dense', 'shared_qk', got 'lsh'"):
        vectors.attention("lsh")


def test_the_figures_of_the_heads_are_those_of_the_stored_models(name, training, results):
    stored = results["trainings"][name]["0"]["heads"]
    for head, figures in training.figures_of_heads(vectors.attention(name)).items():
        assert figures == pytest.approx(stored[head], rel=0.01, abs=1e-3), head


def share_on(kind, characters):
    """Mean weight of the head of that kind on some characters, over queries from 256 on."""
    name, layer, head = vectors.HEADS[kind]
    found = vectors.attention(name)
    columns = np.isin(list(found.text), list(characters))
    return np.mean(np.sum(found.weights(layer, head)[256:], axis=1, where=columns))


def test_heads_attend_to_what_they_are_named_by(results):
    figures = {
        kind: results["trainings"][name]["0"]["heads"][f"{layer}.{head}"]
        for kind, (name, layer, head) in vectors.HEADS.items()
    }
    assert figures["the letter before"]["previous"] > 0.4
    assert figures["the last few letters"]["last32"] > 0.7
    assert share_on("quotation marks", '"') > 0.7  # 2 % of the characters
    assert share_on("line ends", "\n") > 0.4  # 3 %
    assert figures["letters nearby"]["last32"] > 0.6
    surroundings, anywhere = figures["same letter, same surroundings"], figures["same letter anywhere"]
    assert surroundings["same"] > 0.4 and surroundings["pair"] > 0.25  # an even spread: 0.09 and 0.02
    assert anywhere["same"] > 0.3 and anywhere["best32"] < 0.4 and anywhere["mean_query"] > 0.5


def test_figures_of_a_head_whose_weights_are_known(training):
    queries, keys = (np.tile(row, (1, 1, 1024, 1)) for row in ([0.0, 3.0], [2.0, 0.0]))  # a query weighs all keys alike
    figures = training.figures_of_heads(vectors.Attention("abab" * 256, queries, keys, None, shared=False))["0.0"]
    n_seen = np.arange(257, 1025)
    assert figures["best1"] == figures["previous"] == pytest.approx(np.mean(1 / n_seen))
    assert figures["best32"] == figures["last32"] == pytest.approx(np.mean(32 / n_seen))
    assert figures["keys_for_90"] == pytest.approx(np.mean(np.ceil(0.9 * n_seen)), rel=1e-3)
    assert figures["entropy"] == pytest.approx(np.mean(np.log2(n_seen)))
    assert figures["same"] == pytest.approx(np.mean((n_seen - 1) // 2 / n_seen))
    assert figures["pair"] == pytest.approx(np.mean(((n_seen - 1) // 2 - n_seen % 2) / n_seen))
    assert figures["mean_query"] == figures["mean_key"] == pytest.approx(1)


def test_no_training_ended_worse_than_it_may(name, results):
    bits = {seed: row["bits_per_character"]["1024"] for seed, row in results["trainings"][name].items()}
    assert set(bits) == {"0", "1", "2"}
    assert all(2 < of_seed < 2.2 for of_seed in bits.values())


@pytest.mark.long
def test_the_bits_noted_are_those_of_the_stored_model(name, training, results):
    model, parameters = vectors.stored_model(name)
    noted = results["trainings"][name]["0"]["bits_per_character"]
    for length, bits in noted.items():
        assert training.bits_per_character(model, parameters, int(length)) == pytest.approx(bits, abs=2e-3)


def test_the_settings_noted_are_those_of_the_script(training, results):
    noted = results["settings"]
    assert noted["model"] == vectors.SETTINGS and noted["peak"] == training.PEAK
    assert noted["tokens_in_step"] == training.TOKENS_IN_STEP == 1024
    assert results["chosen_heads"] == {kind: list(place) for kind, place in vectors.HEADS.items()}


def test_a_short_training_runs_and_notes_what_it_did(training, tmp_path, capsys, monkeypatch):
    beginning = vectors.text()[:20_000]
    vectors.characters()  # of the whole text
    monkeypatch.setattr(vectors, "_whole_text", lambda: beginning)
    training.main(["shared_qk", "--seed", "0", "--out", str(tmp_path)])
    noted = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert noted["settings"]["windows"] == [[64, 2], [1024, 1]]
    assert 4 < noted["trainings"]["shared_qk"]["0"]["bits_per_character"]["1024"] < 12
    content = (tmp_path / "shared_qk.npz").read_bytes()
    assert noted["sha256"] == {"shared_qk.npz": hashlib.sha256(content).hexdigest()}
    assert "shared_qk, seed 0, step 3, windows of 1024" in capsys.readouterr().out
    assert set(noted["trainings"]["shared_qk"]["0"]["heads"]) == {f"{i}.{j}" for i in range(3) for j in range(4)}


def test_positions_of_a_training_window_begin_anywhere_and_those_of_a_whole_one_at_0(training):
    plain = dataclasses.replace(vectors.describe_model("dense"), n_layers=1, d_model=16, d_ff=16)
    model = training.shifted(plain)
    parameters = plain.init_parameters(np.random.default_rng(0), np.float64)
    for length in (64, 1024):
        tokens = np.random.default_rng(1).integers(103, size=(1, length))
        batch = tokens, tokens, np.ones((1, length))
        losses = {model.loss_and_gradients(parameters, *batch, seed=seed)[0] for seed in range(3)}
        at_0, _ = plain.loss_and_gradients(parameters, *batch, seed=0)
        assert len(losses) == (3 if length == 64 else 1)
        assert any(loss == pytest.approx(at_0, rel=1e-9) for loss in losses) == (length == 1024)


@pytest.fixture
def reading():
    """The script that reads with other attention, as a module."""
    return script("attention/read_with.py")


@pytest.fixture
def noted_reading():
    return json.loads((DATA / "attention/read_with.json").read_text(encoding="utf-8"))


def test_reading_with_all_keys_is_what_the_model_itself_does(reading):
    model, parameters = vectors.stored_model("shared_qk")
    (window,) = reading.windows_of_text(1024)[:1]
    loss = model.evaluate(parameters, window[np.newaxis, :-1], window[np.newaxis, 1:], np.ones((1, 1024)))["loss"]
    assert reading.bits(shared_qk_attention, n_windows=1) == pytest.approx(loss / np.log(2), rel=1e-5)


def test_reading_with_the_last_keys_sees_these_and_no_others(reading):
    rng = np.random.default_rng(0)
    queries_keys, values = rng.standard_normal((2, 40, 8)), np.tile(np.eye(40), (2, 1, 1))
    weights = reading.last_keys(queries_keys, values, n_keys=5)
    back = np.arange(40)[:, np.newaxis] - np.arange(40)
    seen = (back > 0) & (back <= 5)
    seen[0, 0] = True  # who sees nobody sees itself
    assert np.array_equal(weights > 0, np.broadcast_to(seen, weights.shape))
    whole = reading.last_keys(queries_keys, values, n_keys=39)
    np.testing.assert_allclose(whole, shared_qk_attention(queries_keys, values), atol=1e-12)


def test_reading_by_lsh_is_the_clear_function_with_the_options_named(reading):
    rng = np.random.default_rng(0)
    queries_keys, values = rng.standard_normal((2, 2, 64, 8), dtype=np.float32)
    buckets = angular_hash(
        queries_keys, draw_rotations(np.random.default_rng(3), n_rounds=4, n_features=8, n_buckets=64)
    )
    for once in (True, False):
        found = reading.by_lsh(queries_keys, values, rng=np.random.default_rng(3), n_rounds=4, correct_duplicates=once)
        clear = lsh_attention(queries_keys, values, buckets, n_buckets=64, chunk_length=16, correct_duplicates=once)
        np.testing.assert_allclose(found, clear, atol=1e-5)


def test_the_first_bits_noted_are_found_again(reading):
    for kind, setting, attend in reading.ways(0):
        if (kind, setting) == ("once", "8"):
            assert reading.bits(attend, n_windows=1) == pytest.approx(2.010, abs=0.01)


@pytest.mark.long
def test_the_bits_noted_for_other_attention_are_found_again(reading, noted_reading):
    found = reading.measure()
    for kind, noted in noted_reading["bits_per_character"].items():
        for setting, bits in noted.items() if isinstance(noted, dict) else [(None, noted)]:
            again = found[kind] if setting is None else found[kind][setting]
            assert again == pytest.approx(bits, abs=5e-3), (kind, setting)


def test_what_is_noted_of_other_attention_fits_the_script_and_the_training(reading, noted_reading, results):
    noted, bits = noted_reading["settings"], noted_reading["bits_per_character"]
    assert noted["model"] == reading.MODEL and noted["length"] == vectors.SETTINGS["max_length"]
    assert noted["n_windows"] == len(reading.windows_of_text(1024)) == 36
    assert (noted["n_buckets"], noted["chunk_length"]) == (reading.N_BUCKETS, reading.CHUNK_LENGTH)
    assert tuple(noted["seeds"]) == reading.SEEDS
    trained = results["trainings"]["shared_qk"]["0"]["bits_per_character"]["1024"]
    assert bits["all keys"] == pytest.approx(trained, abs=2e-3)
    assert set(bits["last keys"]) == {str(n) for n in reading.WINDOWS}
    for kind in ("once", "as met", "random buckets"):
        assert {setting: len(row) for setting, row in bits[kind].items()} == {str(n): 3 for n in reading.ROUNDS}


def test_the_rounds_noted_show_that_the_bits_of_all_keys_are_crossed_and_not_met(noted_reading):
    bits = noted_reading["bits_per_character"]
    once, as_met, random = (
        [np.mean(row) for row in bits[kind].values()] for kind in ("once", "as met", "random buckets")
    )
    assert once[2] == pytest.approx(bits["all keys"], abs=3e-3)  # 8 rounds
    assert max(once[3:]) < bits["all keys"] - 0.01  # 16 and 32: lower, as windows are
    assert sorted(as_met, reverse=True) == as_met and as_met[-1] > bits["all keys"] + 0.03
    assert min(random) > bits["all keys"] + 0.6


def test_a_short_reading_notes_what_it_did(reading, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(reading, "SEEDS", (0,))
    monkeypatch.setattr(reading, "ROUNDS", (2,))
    monkeypatch.setattr(reading, "WINDOWS", (16,))
    reading.main(["--windows", "1", "--out", str(tmp_path)])
    noted = json.loads((tmp_path / "read_with.json").read_text(encoding="utf-8"))
    bits = noted["bits_per_character"]
    assert noted["settings"]["n_windows"] == 1 and noted["cpu_seconds"] >= 0
    assert bits["all keys"] < bits["once"]["2"][0] < bits["random buckets"]["2"][0]
    assert "once 2, seed 0: 2.7" in capsys.readouterr().out
