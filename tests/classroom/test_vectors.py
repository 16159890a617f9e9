"""Real vectors: what is stored is what the scripts make, and what does not fit is refused by name."""

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from classroom import vectors

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
    for folder in ("text", "words"):
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
    ("name", "load"), [("text/text.txt.gz", vectors.text), ("words/words.npz", vectors.words)], ids=["text", "words"]
)
def test_a_damaged_or_missing_file_is_refused_by_name(copied, name, load):
    path = copied / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"data/{name} needs to have the sha256"):
        load()
    path.unlink()
    with pytest.raises(ValueError, match=f"data/{name} needs to be there"):
        load()
