"""A student's file is a stranger's: whatever it is, it is read or refused in words, and nothing else happens."""

import contextlib
import errno
import io
import json
import os
import tempfile
import time
import tracemalloc
import zipfile
from pathlib import Path

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.grading import opening
from autograder.grading.intake import labs_in, left_out, students_in, take_in
from autograder.grading.reading import LONGEST_CELL, Unreadable, read_notebook
from autograder.grading.sample import as_bytes, sample_submissions, with_answers

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
    assert set(vars(submission.cells[0])) == {"kind", "source", "grade_id", "cell_id"}


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
        (b'{"nbformat": ' + b"9" * 9_000 + b"}", "too long"),
        (b'{"nbformat": ' + b"9" * 90_000 + b"}", "a format"),
        (b'{"nbformat": NaN, "cells": []}', "format nan"),
        (b'{"nbformat": true, "cells": []}', "format True"),
        (b'{"cells": []}', "does not say its format"),
        (b'{"nbformat": 4, "worksheets": []}', "no cells"),
        (b'{"nbformat": 4, "cells": []} {}', "line 1"),
        (b'{"nbformat": 4, "cells": [],}', "line 1"),
        (b'{"nbformat": 4, "cells": [{"outputs": [', "ends in its middle"),
        (b'{"nbformat": 4, "cells": [{"outputs": ["x', "ends in its middle"),
        (b'{"nbformat": 4, "cells": [{"outputs": [[}]', "line 1"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "outputs": ' + b"[" * 999, "deep"),
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
    with handed_in(tmp_path, "ann", b"").open("wb") as file:
        file.truncate(opening.MAX_BYTES + 1)
    assert "at most 128 MB" in take_in(tmp_path, "ann", LAB, IDS).reason


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


def test_the_outcome_of_a_broken_hand_in_is_the_same_beside_other_labs(tmp_path):
    for student in ("ann", "bob"):
        handed_in(tmp_path, student, b"PK\3\4 and no more", f"{LAB}/lab.zip")
    handed_in(tmp_path, "bob", b'{"nbformat": 4, "cells": []}', "lab04_sort_and_chunk/lab04_sort_and_chunk.ipynb")
    alone, beside = (take_in(tmp_path, student, LAB, IDS) for student in ("ann", "bob"))
    assert alone.refusal == beside.refusal == "unreadable" and alone.reason == beside.reason


NAMES = [
    "a[b]*?",
    "name with spaces",
    "Ünïcödé",
    "a+b",
    "{x}",
    "%s",
    "a,b",
    "<b>",
    "Ann\u00a0Smith",
    "می\u200cنا",
    "Jose\u0301",
    "José",
    "feedback",
    "nbgrader",
]
HARMFUL = [
    "line\nbreak",
    " blank",
    "\u00a0blank",
    "rtl\u202ename",
    "Jos\udce9",
    "\x1b[31mred",
    "=cmd|' calc'!A0",
    "-rf",
    "@sum",
    "x" * 255,
    "é" * 127,
    "back\\slash",
    "ann~0123456789abcdef",
]
HIDDEN = [".ann", "..."]


@pytest.mark.skipif(os.name != "posix", reason="names of POSIX")
@pytest.mark.parametrize("student", NAMES + HIDDEN + HARMFUL)
def test_whatever_a_folder_is_called_its_notebook_is_taken(tmp_path, right, student):
    handed_in(tmp_path, student, as_bytes(right))
    submission = take_in(tmp_path, student, LAB, IDS)
    assert submission.refusal == "" and submission.cells
    assert (submission.student != student) == (student in HARMFUL)
    assert bool(submission.notes) == (student in HARMFUL + HIDDEN)
    assert students_in(tmp_path) == [student] and labs_in(tmp_path) == [LAB]


@pytest.mark.parametrize("student", ["..", ".", "", "../ann", "/etc", "a/../../b", "nul\0", "x" * 5000])
def test_no_name_of_a_roster_leads_to_a_file_elsewhere(tmp_path, right, student):
    handed_in(tmp_path, "ann", as_bytes(right))
    (tmp_path / "in").mkdir()
    assert take_in(tmp_path / "in", student, LAB, IDS).refusal == "missing"


def test_litter_is_no_student_and_loose_files_are_named(tmp_path, right):
    for litter in ("__MACOSX", ".ipynb_checkpoints", "lost+found", ".git", "$RECYCLE.BIN", "System Volume Information"):
        handed_in(tmp_path, litter, as_bytes(right), f"{LAB}/._{LAB}.ipynb")
    for loose in (".DS_Store", "Thumbs.db", "._x", "notes.txt", "late\n.ipynb"):
        (tmp_path / loose).write_bytes(b"")
    assert students_in(tmp_path) == [] and left_out(tmp_path) == ["late\\n.ipynb", "notes.txt"]


def test_litter_in_a_hand_in_is_no_second_notebook(tmp_path, right):
    handed_in(tmp_path, "ann", as_bytes(right), f"{LAB}/mine.ipynb")
    handed_in(tmp_path, "ann", as_bytes(right), f"{LAB}/._mine.ipynb")
    handed_in(tmp_path, "ann", as_bytes(right), f"{LAB}/.ipynb_checkpoints/mine-checkpoint.ipynb")
    submission = take_in(tmp_path, "ann", LAB, IDS)
    assert submission.refusal == "" and len(submission.notes) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (f"{LAB}/{LAB}.ipynb.txt", f"is called {LAB}.ipynb.txt and not"),
        (f"{LAB}/{LAB}.json", f"is called {LAB}.json and not"),
        (f"{LAB}/{LAB} (1).ipynb", "(1).ipynb and not"),
        (f"{LAB}/{LAB}/{LAB}.ipynb", f"lies in ann/{LAB}/{LAB} and not in ann/{LAB}"),
        (f"{LAB}.ipynb", f"lies in ann and not in ann/{LAB}"),
        (f"ann/deep/labs/{LAB}/{LAB}.IPYNB", "known by its cells"),
        (f"{LAB.upper()}/{LAB}.ipynb", "known by its cells"),
    ],
)
def test_a_notebook_is_found_whatever_browsers_and_people_make_of_its_name_and_place(tmp_path, right, name, words):
    handed_in(tmp_path, "ann", as_bytes(right), name)
    submission = take_in(tmp_path, "ann", LAB, IDS)
    assert submission.refusal == "" and submission.cells and words in submission.notes[0]


@pytest.mark.parametrize("kept", ["cell ids", "texts of checks"])
def test_a_notebook_without_metadata_is_known_by_what_is_left(tmp_path, right, kept):
    bare = json.loads(as_bytes(right))
    for cell in bare["cells"]:
        cell["metadata"] = {}
        if kept != "cell ids":
            cell.pop("id")
    handed_in(tmp_path, "ann", as_bytes(bare), f"{LAB}/X (1).ipynb")
    assert take_in(tmp_path, "ann", LAB, IDS).refusal == ""


def test_of_several_notebooks_the_one_of_the_right_name_counts_and_the_others_are_named(tmp_path, right):
    for name in (f"{LAB}.ipynb", f"{LAB}-Copy1.ipynb", "helpers.py"):
        handed_in(tmp_path, "ann", as_bytes(right), f"{LAB}/{name}")
    (note,) = take_in(tmp_path, "ann", LAB, IDS).notes
    assert f"{LAB}-Copy1.ipynb" in note and "helpers.py" in note and "not used" in note


def test_a_file_with_a_second_name_may_be_another_s_and_is_refused_with_a_reason(tmp_path, right):
    path = handed_in(tmp_path, "ann", as_bytes(right))
    os.link(path, tmp_path / "elsewhere")
    submission = take_in(tmp_path, "ann", LAB, IDS)
    assert submission.refusal == "unreadable" and "hand in a copy" in submission.reason and not submission.cells


def test_a_notebook_may_hold_any_outputs_but_not_any_text(right):
    large = with_answers(right, {"offset_rounds": "#" * (LONGEST_CELL + 1)})
    large["cells"][1]["outputs"] = [{"data": {"text/html": "[{" * 6_000_000}, "output_type": "display_data"}]
    large["metadata"]["widgets"] = {"state": [[[number]] for number in range(100_000)]}
    cells = {cell.grade_id: cell.source for cell in read_notebook(as_bytes(large))}
    assert "argmax" in cells["angular_hash"]
    assert cells["offset_rounds"].startswith('raise ValueError("this cell was left out: it has 100,001 characters')


@pytest.mark.parametrize("piece", ["[],", '"",', "[[[]]],", '{"a":"b"},', '"' + "\\\\" * 9 + '",', "{},", "1,"])
def test_what_is_not_used_of_a_file_costs_time_and_no_memory(piece):
    content = b'{"nbformat": 4, "cells": [], "metadata": [' + piece.encode() * (4_000_000 // len(piece)) + b"0]}"
    tracemalloc.start()
    try:
        with contextlib.suppress(Unreadable):
            read_notebook(content)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_too_many_cells_and_too_much_text_are_bounded():
    cell = {"cell_type": "code", "source": "#" * 90_000}
    cells = read_notebook(json.dumps({"nbformat": 4, "cells": [cell] * 1_000}).encode())
    assert sum(len(cell.source) for cell in cells) < 1_200_000
    with pytest.raises(Unreadable, match="more than 2000 cells"):
        read_notebook(json.dumps({"nbformat": 4, "cells": [{"cell_type": "code"}] * 3_000}).encode())


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_no_change_to_a_notebook_s_bytes_makes_intake_fail(right, data):
    content = bytearray(as_bytes(right))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(content)))
        piece = data.draw(st.binary(max_size=8) | st.sampled_from([b"[", b"]", b"{", b'"', b"\\", b"null", b"1e999"]))
        content[start : start + data.draw(st.integers(0, 40))] = piece
    with contextlib.suppress(Unreadable):
        for cell in read_notebook(bytes(content)):
            assert isinstance(cell.source, str) and cell.source.encode("utf-8") is not None


@settings(deadline=None, max_examples=60)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["nbformat", "cells", "cell_type", "source", "metadata", "nbgrader", "grade_id", "id"]),
                inner,
            )
        ),
    )
)
def test_any_json_is_read_or_refused_in_words(value):
    for shape in (value, {"nbformat": 4, "cells": [value]}, {"nbformat": 4, "cells": value}):
        with contextlib.suppress(Unreadable):
            read_notebook(json.dumps(shape).encode())


def test_what_is_read_is_what_json_would_read(right):
    plain = json.loads(as_bytes(right))
    read = read_notebook(as_bytes(right))
    assert [(cell.kind, cell.source, cell.grade_id, cell.cell_id) for cell in read] == [
        (cell["cell_type"], "".join(cell["source"]), cell["metadata"]["nbgrader"]["grade_id"], cell["id"])
        for cell in plain["cells"]
    ]


@pytest.mark.skipif(os.name != "posix", reason="names of POSIX")
@settings(deadline=None, max_examples=60)
@given(st.lists(st.binary(min_size=1, max_size=40).filter(lambda name: not set(name) & set(b"/\0")), max_size=5))
def test_any_names_of_folders_are_taken_and_stay_apart(right, names):
    with tempfile.TemporaryDirectory() as folder:
        for name in {os.fsdecode(name) for name in names} - {".", ".."}:
            handed_in(Path(folder), name, as_bytes(right))
        students = students_in(folder)
        taken = [take_in(folder, student, LAB, IDS) for student in students]
        ids = {one.student for one in taken}
        assert len(ids) == len(students)
        for one in taken:
            assert Path("out", one.student).parts == ("out", one.student) and one.student != ".."
            assert all(
                text.encode("utf-8") is not None for text in (one.student, one.file or "", one.reason, *one.notes)
            )


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":1' + b',"a":1' * 1_000_000 + b',"nbformat":4,"cells":[]}',
        b'{"nbformat":4' + b',"cells":[]' * 1_000_000 + b"}",
        b'{"nbformat":4,"cells":[{"cell_type":"code","metadata":{"a":1' + b',"a":1' * 1_000_000 + b"}}]}",
        b'{"nbformat":4' + (b',"nbformat":[' + b"[]," * 3000 + b"1]") * 1_000 + b',"cells":[]}',
        b'{"nbformat":4,"cells":[{"cell_type":"code"' + (b',"source":["' + b'","' * 200_000 + b'"]') * 50 + b"}]}",
    ],
)
def test_what_is_looked_at_of_a_file_is_counted(content):
    before = time.process_time()
    with contextlib.suppress(Unreadable):
        read_notebook(content)
    assert time.process_time() - before < 3


def test_pictures_pasted_into_texts_do_not_crowd_out_the_code(right):
    pasted = json.loads(as_bytes(right))
    picture = {"cell_type": "markdown", "source": "![](data:image/png;base64," + "A" * 600_000 + ")", "metadata": {}}
    pasted["cells"] = [picture] * 5 + pasted["cells"]
    codes = [[cell.source for cell in read_notebook(as_bytes(one)) if cell.kind == "code"] for one in (pasted, right)]
    assert codes[0] == codes[1]


def put_in(folder, files):
    """One student's hand-in: files by name; a dict is a zip archive of these."""
    for name, content in files.items():
        if isinstance(content, dict):
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as entries:
                for entry, text in content.items():
                    entries.writestr(entry, text)
            content = archive.getvalue()
        handed_in(folder, "ann", content, name)


def hand_ins_with_one_right_notebook(right, blank):
    lesson = b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x"}]}'
    whole = {f"labs/{LAB}/{LAB}.ipynb": blank, f"my_labs/{LAB}/{LAB}.ipynb": right, "notebooks/01.ipynb": lesson}
    exact = f"{LAB}/{LAB}.ipynb"
    yield whole
    yield {"course.zip": whole}
    yield {f"{LAB}/x.zip": {f"{LAB}.ipynb": right, f"Copy of {LAB}.ipynb": right}}
    yield {f"{LAB}/x.zip": {f"{LAB}.ipynb": right, f"{LAB}.IPYNB": blank}}
    yield {f"{LAB}/x.zip": {f"{LAB}.ipynb.txt": right}}
    yield {f"{LAB}/{number:02}.ipynb": lesson for number in range(20)} | {f"{LAB}/my.ipynb": right}
    yield {exact: b"", f"{LAB}/{LAB} (1).ipynb": right}
    yield {exact: blank, f"{LAB}/{LAB} (1).ipynb": right}
    yield {f"{exact}/{LAB}.ipynb": right}
    yield {"lab02_hash_planes/mine.ipynb": right}


@pytest.mark.parametrize("number", range(10))
def test_the_one_notebook_in_which_something_is_written_counts(tmp_path, right, release, number):
    blank = nbformat.writes(release).encode()
    put_in(tmp_path, list(hand_ins_with_one_right_notebook(as_bytes(right), blank))[number])
    submission = take_in(tmp_path, "ann", LAB, IDS, release)
    assert submission.refusal == "" and any("argmax" in cell.source for cell in submission.cells)


def test_of_several_that_are_written_in_none_is_guessed(tmp_path, right, release):
    put_in(tmp_path, {f"a/{LAB}.ipynb": as_bytes(right), f"b/{LAB}.ipynb": as_bytes(right)})
    submission = take_in(tmp_path, "ann", LAB, IDS, release)
    assert submission.refusal == "wrong-name" and f"2 notebooks are called {LAB}.ipynb" in submission.reason


def test_a_notebook_with_neither_ids_nor_checks_is_known_by_its_functions(tmp_path, right, lab):
    bare = json.loads(as_bytes(right))
    ids = {name for exercise in lab.exercises for name in (exercise.name, f"check_{exercise.name}")}
    bare["cells"] = [
        {"cell_type": cell["cell_type"], "source": cell["source"], "metadata": {}}
        for cell in bare["cells"]
        if not cell["id"].startswith("check_")
    ]
    put_in(tmp_path, {f"{LAB}/X.ipynb": as_bytes(bare)})
    assert take_in(tmp_path, "ann", LAB, ids).refusal == ""


def test_all_files_of_a_student_share_one_budget(tmp_path):
    large = b'{"nbformat":4,"x":"' + b" " * 60_000_000 + b'","cells":[]}'
    put_in(tmp_path, {f"{number}.zip": {f"{name}.ipynb": large for name in "abc"} for number in range(3)})
    before = time.process_time()
    assert take_in(tmp_path, "ann", LAB, IDS).refusal
    assert time.process_time() - before < 5


def test_a_notebook_without_a_cell_in_its_place_is_read_as_blank(tmp_path):
    put_in(tmp_path, {f"{LAB}/{LAB}.ipynb": b'{"nbformat": 4, "cells": []}'})
    assert take_in(tmp_path, "ann", LAB, IDS).refusal == ""


def test_a_link_to_itself_is_a_student_who_is_refused(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    assert students_in(tmp_path) == ["loop"] and left_out(tmp_path) == [] and labs_in(tmp_path) == []
    assert take_in(tmp_path, "loop", LAB, IDS).refusal == "unreadable"


@pytest.mark.parametrize("closed", ["", LAB])
def test_a_folder_that_cannot_be_entered_is_unreadable(tmp_path, right, closed, monkeypatch):
    """As root enters every folder, the system's refusal is played."""
    handed_in(tmp_path, "ann", as_bytes(right))
    shut = tmp_path / "ann" / closed

    def refusing(call):
        def instead(path=".", *arguments, **keywords):
            path = Path(path) if not isinstance(path, int) else Path()
            if shut in path.parents or (path == shut and call is scandir):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return call(path, *arguments, **keywords)

        return instead

    scandir = os.scandir
    for name in ("scandir", "lstat", "stat", "open"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    submission = take_in(tmp_path, "ann", LAB, IDS)
    assert submission.refusal == "unreadable" and str(tmp_path) not in submission.reason


@pytest.mark.skipif(os.name != "posix", reason="names of POSIX")
def test_a_folder_called_as_litter_is_a_student_or_is_named(tmp_path, right):
    for name in ("._ann", "~$ann", "Thumbs.db", ".config", "__pycache__"):
        handed_in(tmp_path, name, as_bytes(right))
    assert students_in(tmp_path) == ["._ann", "Thumbs.db", "~$ann"]
    assert left_out(tmp_path) == [".config", "__pycache__"]


def test_no_lab_is_graded_for_a_file_that_is_no_notebook(tmp_path, right):
    handed_in(tmp_path, "ann", as_bytes(right))
    handed_in(tmp_path, "bob", b"", "lab07_reformer.txt")
    assert labs_in(tmp_path) == [LAB]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({f"{LAB}/{LAB}.ipynb": b"<!DOCTYPE html>"}, "a web page"),
        ({f"{LAB}/{LAB}.ipynb": b'{"cells": [\n<<<<<<< HEAD\n'}, "line 2 is git's mark"),
        ({f"{LAB}/{LAB}.ipynb": b'{"nbformat": "4", "cells": []}'}, "written as a text"),
        (
            {"a.ipynb": b'{"cells": [', "b.ipynb": b'{"nbformat": 4, "cells": []}'},
            "a.ipynb: the file is not a notebook",
        ),
        ({".ipynb_checkpoints/x.ipynb": b""}, "what lies in .ipynb_checkpoints is not looked at"),
        ({f"{LAB}/x.zip": {"inner.zip": b""}}, "it holds inner.zip"),
    ],
)
def test_the_reason_says_what_was_found(tmp_path, files, words):
    put_in(tmp_path, files)
    assert words in take_in(tmp_path, "ann", LAB, IDS).reason
