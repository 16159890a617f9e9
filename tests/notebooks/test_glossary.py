"""The glossary: its page is that of its data, each word belongs to a lesson that uses it, and is explained once."""

import re

import pytest

from classroom import glossary
from classroom.site import as_html
from tests.notebooks.notebook_files import GLOSSARY, LESSONS, prose_of, read
from tests.notebooks.test_links import anchors_of, links_of

NAMES = [term.name for term in glossary.TERMS]


def test_the_page_is_that_of_the_data():
    page = {cell.id: cell.source for cell in read(GLOSSARY).cells}
    assert page == glossary.cells(), "`make syllabus ARGS=--write` writes it anew"


def test_writing_gives_the_page_as_it_is_stored(tmp_path, monkeypatch):
    monkeypatch.setattr(glossary, "PAGE", tmp_path / "glossary.ipynb")
    glossary.write()
    assert glossary.PAGE.read_bytes() == GLOSSARY.read_bytes()


@pytest.mark.parametrize("term", glossary.TERMS, ids=lambda term: term.name)
def test_the_lesson_of_a_word_uses_it(term):
    (lesson,) = [path for path in LESSONS if path.name.startswith(term.lesson)]
    words = r"[\s*_]+".join(map(re.escape, term.name.split()))
    assert re.search(rf"\b{words}", prose_of(read(lesson)), re.IGNORECASE)


@pytest.mark.parametrize("term", glossary.TERMS, ids=lambda term: term.name)
def test_a_word_is_explained_in_one_sentence(term):
    assert re.fullmatch(r"[A-Z][^.]*\.", term.meaning)
    assert len(term.meaning.split()) <= 35


def test_no_word_stands_there_twice_nor_as_another_name_of_another():
    names = [name.casefold() for name in NAMES]
    assert len(set(names)) == len(names)
    assert not [other for term in glossary.TERMS for other in term.also if other.casefold() in names]


def test_words_that_change_are_words_of_the_glossary_in_the_order_of_lessons():
    lesson_of = {term.name: term.lesson for term in glossary.TERMS}
    for renamed in glossary.RENAMED:
        lessons = [lesson for _, lesson in renamed.words]
        assert lessons == sorted(set(lessons))
        assert all(lesson_of[name] <= lesson for name, lesson in renamed.words)


def test_every_word_has_an_anchor_in_the_notebook_and_the_same_on_the_web_page():
    html = as_html(read(GLOSSARY))
    for name in NAMES:
        assert glossary.anchor(name) in anchors_of(GLOSSARY)
        assert f'id="{glossary.anchor(name)}"' in html


def test_the_first_lesson_links_to_the_glossary():
    assert "glossary.ipynb" in links_of(LESSONS[0])
