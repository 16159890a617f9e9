"""A student's file is a stranger's: whatever it is, it is read or refused in words, and nothing else happens."""

import json
import os

import pytest

from autograder.grading.intake import MAX_BYTES, Unreadable, labs_in, read_notebook, students_in, take_in
from autograder.grading.sample import as_bytes, sample_submissions

LAB = "lab03_angular_lsh"
IDS = {"angular_hash", "check_angular_hash"}


def handed_in(folder, student, content, name=f"{LAB}/{LAB}.ipynb"):
    path = folder / student / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_notebook_is_read_as_text_and_ids_alone(tmp_path, right):
    handed_in(tmp_path, "ann", as_bytes(right))
    submission = take_in(tmp_path, "ann", LAB, IDS)
    assert submission.refusal == "" and submission.file == f"ann/{LAB}/{LAB}.ipynb" and len(submission.sha256) == 64
    assert len(submission.cells) == len(right["cells"])
    assert set(vars(submission.cells[0])) == {"kind", "source", "grade_id"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b'{"cells": [', "line 1"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        ("é".encode("latin-1"), "UTF-8"),
        (b"[" * 200_000, "deep"),
        (b'{"cells": ' + b"9" * 10_000 + b"}", "too long"),
        (b"[]", "no cells"),
        (b"{}", "no cells"),
        (b'{"nbformat": 4, "cells": {}}', "no cells"),
        (b'{"nbformat": 3, "worksheets": []}', "format 3"),
        (b'{"nbformat": 99, "cells": []}', "format 99"),
        (b'{"nbformat": 4, "cells": [3]}', "cell 1 is not a cell"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [3]}]}', "cell 1 has no text"),
        (b'{"nbformat": 4, "cells": [{"cell_type": 3}]}', "cell 1 is not a cell"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused_with_the_reason(tmp_path, content, words):
    with pytest.raises(Unreadable, match=words):
        read_notebook(content)
    handed_in(tmp_path, "ann", content)
    submission = take_in(tmp_path, "ann", LAB, IDS)
    assert submission.refusal == "unreadable" and words in submission.reason and submission.sha256


def test_the_sample_s_broken_file_is_refused_and_all_others_are_read(lab):
    for name, content in sample_submissions(lab).items():
        if name == "unreadable":
            with pytest.raises(Unreadable):
                read_notebook(content)
        else:
            assert read_notebook(content)


@pytest.mark.parametrize(
    "metadata", [None, 3, {"nbgrader": 3}, {"nbgrader": {"grade_id": 3}}, {"nbgrader": {"grade_id": None}}, {}]
)
def test_odd_metadata_gives_a_cell_without_an_id(metadata):
    cell = {"cell_type": "code", "source": "x", "metadata": metadata}
    (read,) = read_notebook(json.dumps({"nbformat": 4, "cells": [cell]}).encode())
    assert read.grade_id is None


def test_a_byte_order_mark_and_half_characters_do_no_harm():
    cell = {"cell_type": "code", "source": "x = '\ud800'"}
    (read,) = read_notebook(b"\xef\xbb\xbf" + json.dumps({"nbformat": 4, "cells": [cell]}).encode())
    assert read.source == "x = '?'"


def test_a_file_above_the_limit_is_refused_unread(tmp_path):
    handed_in(tmp_path, "ann", b" " * (MAX_BYTES + 1))
    assert "at most 10 MB" in take_in(tmp_path, "ann", LAB, IDS).reason


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_links_pipes_and_folders_are_not_opened(tmp_path, right):
    secret = handed_in(tmp_path / "elsewhere", "ann", as_bytes(right))
    for student in ("linked", "pipe", "folder"):
        (tmp_path / "in" / student / LAB).mkdir(parents=True)
    (tmp_path / "in" / "linked" / LAB / f"{LAB}.ipynb").symlink_to(secret)
    os.mkfifo(tmp_path / "in" / "pipe" / LAB / f"{LAB}.ipynb")
    (tmp_path / "in" / "folder" / LAB / f"{LAB}.ipynb").mkdir()
    (tmp_path / "in" / "linked-folder").symlink_to(secret.parent.parent)
    (tmp_path / "in" / "linked-lab").mkdir()
    (tmp_path / "in" / "linked-lab" / LAB).symlink_to(secret.parent)
    assert students_in(tmp_path / "in") == ["folder", "linked", "linked-folder", "linked-lab", "pipe"]
    for student in students_in(tmp_path / "in"):
        submission = take_in(tmp_path / "in", student, LAB, IDS)
        assert submission.refusal == "unreadable" and submission.reason and not submission.cells, student


def test_a_notebook_of_another_name_is_known_by_its_cells(tmp_path, right):
    handed_in(tmp_path, "ann", as_bytes(right), f"{LAB}/Lab 3 (final).ipynb")
    handed_in(tmp_path, "ann", b'{"nbformat": 4, "cells": []}', f"{LAB}/notes.ipynb")
    handed_in(tmp_path, "bob", as_bytes(right), f"{LAB}.ipynb")
    for student in ("ann", "bob"):
        submission = take_in(tmp_path, student, LAB, IDS)
        assert submission.refusal == "" and submission.cells and "known by its cells" in submission.notes[0]


def test_no_notebook_or_several_that_fit_are_told_apart(tmp_path, right):
    (tmp_path / "none" / "lab3").mkdir(parents=True)
    handed_in(tmp_path, "two", as_bytes(right), f"{LAB}/a.ipynb")
    handed_in(tmp_path, "two", as_bytes(right), f"{LAB}/b.ipynb")
    handed_in(tmp_path, "other", b'{"nbformat": 4, "cells": []}', f"{LAB}/a.ipynb")
    refused = {student: take_in(tmp_path, student, LAB, IDS) for student in ("none", "two", "other", "nobody")}
    assert {student: one.refusal for student, one in refused.items()} == {
        "none": "missing",
        "two": "wrong-name",
        "other": "wrong-name",
        "nobody": "missing",
    }
    assert "lab3" in refused["none"].reason and "several" in refused["two"].reason


@pytest.mark.parametrize("student", ["a[b]*?", "name with spaces", "Ünïcödé", "-rf", "a+b", "{x}", "%s", "a,b"])
def test_odd_names_of_students_are_taken(tmp_path, right, student):
    handed_in(tmp_path, student, as_bytes(right))
    assert take_in(tmp_path, student, LAB, IDS).refusal == ""
    assert labs_in(tmp_path) == [LAB]


@pytest.mark.parametrize("student", ["line\nbreak", " blank", "rtl\u202ename"])
def test_names_that_cannot_be_shown_are_refused_in_words(tmp_path, right, student):
    handed_in(tmp_path, student, as_bytes(right))
    assert "rename" in take_in(tmp_path, student, LAB, IDS).reason
