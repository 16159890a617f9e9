"""Archives: platforms' are taken in through nbgrader, a student's own is opened, and neither can do harm unpacked."""

import io
import json
import os
import stat
import tracemalloc
import zipfile

import pytest

from autograder.__main__ import main
from autograder.grading import archive as archives
from autograder.grading.archive import ArchiveFault
from autograder.grading.collect import CollectFault, collect
from autograder.grading.intake import take_in
from autograder.grading.roster import students_of
from autograder.grading.sample import as_bytes

LAB = "lab03_angular_lsh"
IDS = {"angular_hash", "check_angular_hash"}
MOODLE, CANVAS = "Ann Smith_123456_assignsubmission_file_", "smithann_1234_5678_"


def zipped(path, files, **options):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def files_in(folder):
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    return {name for name in found if not name.endswith("timestamp.txt")}


@pytest.mark.parametrize(
    ("files", "collected"),
    [
        ([f"{MOODLE}/{LAB}.ipynb"], [f"Ann Smith/{LAB}/{LAB}.ipynb"]),
        ([f"{MOODLE}{LAB}.ipynb"], [f"Ann Smith/{LAB}/{LAB}.ipynb"]),
        (
            [f"{MOODLE}/mine.ipynb", f"{MOODLE}/lib/helpers.py"],
            [f"Ann Smith/{LAB}/mine.ipynb", f"Ann Smith/{LAB}/helpers.py"],
        ),
        ([f"{MOODLE}/all.zip"], [f"Ann Smith/{LAB}/all.zip"]),
        (
            [f"{MOODLE}/{LAB}.ipynb", f"Ann Smith_99_assignsubmission_file_/{LAB}.ipynb"],
            [f"Ann Smith_123456/{LAB}/{LAB}.ipynb", f"Ann Smith_99/{LAB}/{LAB}.ipynb"],
        ),
        ([f"{CANVAS}{LAB}.ipynb"], [f"smithann/{LAB}/{LAB}.ipynb"]),
        ([f"{CANVAS}{LAB}-1.ipynb", f"{CANVAS}{LAB}.ipynb"], [f"smithann/{LAB}/{LAB}.ipynb"]),
        ([f"doebob_LATE_1_2_{LAB} (1).ipynb"], [f"doebob/{LAB}/{LAB}.ipynb"]),
        ([f"Lab 3_ann_attempt_2016-01-30-15-00-00_{LAB}.ipynb"], [f"ann/{LAB}/{LAB}.ipynb"]),
        ([f"ann/{LAB}.ipynb", f"bob/{LAB}/{LAB}.ipynb"], [f"ann/{LAB}/{LAB}.ipynb", f"bob/{LAB}/{LAB}.ipynb"]),
        (
            [f"all/sub/ann/{LAB}.ipynb", f"all/sub/bob/{LAB}.ipynb"],
            [f"ann/{LAB}/{LAB}.ipynb", f"bob/{LAB}/{LAB}.ipynb"],
        ),
        (["__MACOSX/._x.ipynb", f"ann\\{LAB}.ipynb"], [f"ann/{LAB}/{LAB}.ipynb"]),
        ([f"=cmd/{LAB}.ipynb", f"b/{LAB}.ipynb"], [f"cmd~0/{LAB}/{LAB}.ipynb", f"b/{LAB}/{LAB}.ipynb"]),
    ],
)
def test_platforms_archives_become_a_folder_of_submissions(tmp_path, files, collected):
    path = zipped(tmp_path / "a.zip", {name: name for name in files})
    result = collect(path, LAB, tmp_path / "in")
    found = files_in(tmp_path / "in")
    assert len(found) == len(collected)
    if not any("~" in name for name in collected):
        assert found == set(collected)
    assert result.students == sorted({name.split("/")[0] for name in found})
    assert not [path for path in (tmp_path / "in").iterdir() if path.name.startswith(".")]


def test_of_several_attempts_the_newest_is_taken_and_the_others_are_named(tmp_path):
    path = zipped(tmp_path / "a.zip", {f"{CANVAS}{LAB}-2.ipynb": "new", f"{CANVAS}{LAB}-1.ipynb": "old"})
    assert collect(path, LAB, tmp_path / "in").left == [f"{CANVAS}{LAB}-1.ipynb (an earlier attempt)"]
    assert (tmp_path / "in" / "smithann" / LAB / f"{LAB}.ipynb").read_text() == "new"


def test_a_roster_says_what_a_folder_is_called(tmp_path):
    students = students_of('Student,ID,SIS Login ID\n"Smith, Ann",1234,asmith\n')
    for name in (f"{CANVAS}{LAB}.ipynb", f"{MOODLE}/{LAB}.ipynb"):
        path = zipped(tmp_path / "a.zip", {name: ""})
        assert collect(path, LAB, tmp_path / name[:5], students).students == ["asmith"]


def test_nothing_is_written_over(tmp_path):
    path = zipped(tmp_path / "a.zip", {f"ann/{LAB}.ipynb": "", f"bob/{LAB}.ipynb": ""})
    mine = tmp_path / "in" / "bob" / LAB
    mine.mkdir(parents=True)
    with pytest.raises(CollectFault, match="bob has a folder"):
        collect(path, LAB, tmp_path / "in")
    assert not (tmp_path / "in" / "ann").exists()


def link(name):
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def bad_archives():
    """Archives that are refused, as functions that write one, by what is wrong."""
    ann = f"ann/{LAB}.ipynb"
    return {
        "leads out": lambda path: zipped(path, {"../../x.ipynb": "", ann: ""}),
        "leads out of it": lambda path: zipped(path, {"/etc/x.ipynb": "", ann: ""}),
        "a path": lambda path: zipped(path, {"C:\\x.ipynb": "", ann: ""}),
        "too long": lambda path: zipped(path, {"a" * 256: "", ann: ""}),
        "a link": lambda path: zipped(path, {link("ann/x.ipynb"): "/etc/passwd", ann: ""}),
        "twice": lambda path: zipped(path, {"ann/x.ipynb": "", "ann//x.ipynb": ""}),
        "bomb": lambda path: zipped(path, {ann: b"\0" * 20_000_000}),
        "entries": lambda path: zipped(
            path, {f"ann/{number}.ipynb": "" for number in range(archives.MOST_ENTRIES + 1)}
        ),
        "encrypted": lambda path: encrypted(path, ann),
        "way that is not read": lambda path: squeezed(path, ann),
        "cut off": lambda path: path.write_bytes(zipped(path, {ann: "x" * 999}).read_bytes()[:-30]),
        "no zip": lambda path: path.write_bytes(b"hello" * 99),
        "damaged": lambda path: path.write_bytes(
            zipped(path, {ann: os.urandom(9999)}).read_bytes().replace(b"\n", b"x", 9)
        ),
    }


def encrypted(path, name):
    """Mark an archive's entry as encrypted, in its list and before the entry."""
    content = bytearray(zipped(path, {name: ""}).read_bytes())
    content[6] |= 1
    content[content.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(content)


def squeezed(path, name):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(name, "x" * 999)


@pytest.mark.parametrize("words", bad_archives())
def test_an_archive_that_could_do_harm_is_refused_before_anything_is_written(tmp_path, words):
    path = tmp_path / "a.zip"
    bad_archives()[words](path)
    with pytest.raises(CollectFault, match=words):
        collect(path, LAB, tmp_path / "in")
    assert not (tmp_path / "in").exists() or not files_in(tmp_path / "in")
    (tmp_path / "students" / "ann" / LAB).mkdir(parents=True)
    path.rename(tmp_path / "students" / "ann" / LAB / f"{LAB}.zip")
    submission = take_in(tmp_path / "students", "ann", LAB, IDS)
    assert submission.refusal == "unreadable" and words in submission.reason


def test_a_list_of_entries_that_would_fill_the_memory_is_not_read():
    for large in (False, True):
        record = b"PK\6\6" + b"\0" * 36 + (2**30).to_bytes(8, "little") + b"\0" * 8 + b"PK\6\7" + b"\0" * 16
        end = b"PK\5\6" + b"\0" * 8 + (5 if large else 2**30).to_bytes(4, "little") + b"\0" * 6
        with pytest.raises(ArchiveFault, match="too long"), archives.opened(io.BytesIO(record * large + end)):
            pass


@pytest.mark.parametrize("name", [f"{LAB}.zip", "mine.zip", f"{LAB}.ipynb"])
def test_a_student_s_archive_with_one_notebook_is_opened(tmp_path, right, name):
    folder = tmp_path / "ann" / LAB
    folder.mkdir(parents=True)
    inside = {
        f"deep/{LAB}/x.ipynb": as_bytes(right),
        f"__MACOSX/._{LAB}.ipynb": b"x",
        "more.zip": b"PK",
        "data.csv": b"",
    }
    zipped(folder / name, inside)
    submission = take_in(tmp_path, "ann", LAB, IDS)
    if name.endswith(".zip"):
        assert submission.refusal == "" and submission.cells and f"deep/{LAB}/x.ipynb" in submission.notes[0]
        assert submission.file == f"ann/{LAB}/{name}"
    else:
        assert submission.refusal == "" and submission.cells


def test_two_notebooks_of_the_lab_in_an_archive_are_told_apart(tmp_path, right):
    (tmp_path / "ann").mkdir()
    zipped(tmp_path / "ann" / "a.zip", {"a.ipynb": as_bytes(right), "b.ipynb": as_bytes(right)})
    assert take_in(tmp_path, "ann", LAB, IDS).refusal == "wrong-name"


def test_a_notebook_that_is_too_large_unpacked_is_refused_in_little_memory(tmp_path):
    (tmp_path / "ann").mkdir()
    content = json.dumps({"nbformat": 4, "cells": [], "x": os.urandom(1000).hex() * 80_000}).encode()
    zipped(tmp_path / "ann" / "a.zip", {"a.ipynb": content})
    del content
    tracemalloc.start()
    submission = take_in(tmp_path, "ann", LAB, IDS)
    assert submission.refusal == "unreadable" and tracemalloc.get_traced_memory()[1] < 300_000_000
    tracemalloc.stop()


def test_the_command_says_what_it_did_and_what_to_do_next(tmp_path, capsys):
    path = zipped(tmp_path / "a.zip", {f"{MOODLE}/{LAB}.ipynb": "", "readme.md": ""})
    assert main(["collect", str(path), "--lab", LAB, "--out", str(tmp_path / "in")]) == 0
    said = capsys.readouterr().out
    assert "1 hand-ins" in said and "Ann Smith" in said and "readme.md" in said and "autograder grade" in said
    assert main(["collect", str(tmp_path / "none.zip"), "--lab", LAB, "--out", str(tmp_path / "in")]) == 2
    said = capsys.readouterr().err
    assert "No such file" in said and said.count("\n") == 1
