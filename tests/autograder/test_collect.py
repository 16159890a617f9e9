"""Archives: platforms' are taken in through nbgrader, a student's own is opened, and neither can do harm unpacked."""

import io
import json
import os
import stat
import tracemalloc
import zipfile
from datetime import UTC, datetime

import pytest

from autograder.__main__ import main
from autograder.grading import archive as archives
from autograder.grading.archive import ArchiveFault
from autograder.grading.collect import CollectFault, collect
from autograder.grading.collected import read_names
from autograder.grading.intake import left_out, students_in, take_in
from autograder.grading.late import handed_in_at
from autograder.grading.names import COLLECTED, is_litter
from autograder.grading.roster import missing_from, students_of
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
    return {name for name in found if not name.endswith("timestamp.txt")} - {COLLECTED}


@pytest.mark.parametrize(
    ("files", "collected"),
    [
        ([f"{MOODLE}/{LAB}.ipynb"], [f"Ann Smith/{LAB}/{LAB}.ipynb"]),
        ([f"{MOODLE}{LAB}.ipynb"], [f"Ann Smith/{LAB}/{LAB}.ipynb"]),
        (
            [f"{MOODLE}/mine.ipynb", f"{MOODLE}/lib/helpers.py"],
            [f"Ann Smith/{LAB}/mine.ipynb", f"Ann Smith/{LAB}/lib/helpers.py"],
        ),
        ([f"{MOODLE}/all.zip"], [f"Ann Smith/{LAB}/all.zip"]),
        (
            [f"{MOODLE}/{LAB}.ipynb", f"Ann Smith_99_assignsubmission_file_/{LAB}.ipynb"],
            [f"Ann Smith_123456/{LAB}/{LAB}.ipynb", f"Ann Smith_99/{LAB}/{LAB}.ipynb"],
        ),
        ([f"{CANVAS}{LAB}.ipynb"], [f"smithann/{LAB}/{LAB}.ipynb"]),
        ([f"{CANVAS}{LAB}-1.ipynb", f"{CANVAS}{LAB}.ipynb"], [f"smithann/{LAB}/{LAB}.ipynb"]),
        ([f"doebob_LATE_1_2_{LAB} (1).ipynb"], [f"doebob/{LAB}/{LAB} (1).ipynb"]),
        (
            [f"{MOODLE}/{LAB}.ipynb", f"{MOODLE}/{LAB} (1).ipynb", f"{MOODLE}/labs/{LAB}.ipynb"],
            [f"Ann Smith/{LAB}/{LAB}.ipynb", f"Ann Smith/{LAB}/{LAB} (1).ipynb", f"Ann Smith/{LAB}/labs/{LAB}.ipynb"],
        ),
        (
            [f"{MOODLE}/a.pdf", f"{MOODLE}/lab", "Bob_2_assignsubmission_file_/"],
            [f"Ann Smith/{LAB}/a.pdf", f"Ann Smith/{LAB}/lab"],
        ),
        ([f"{MOODLE}/{LAB}.ipynb.download"], [f"Ann Smith/{LAB}/{LAB}.ipynb.download"]),
        ([f"{MOODLE}/timestamp.txt/x", f"{MOODLE}/a", f"{MOODLE}/a/b", f"{MOODLE}/A"], ["~"] * 4),
        ([f"submissions/{CANVAS}{LAB}.ipynb"], [f"smithann/{LAB}/{LAB}.ipynb"]),
        ([f"lab01/{MOODLE}/{LAB}.ipynb", "lab01/grades.csv"], [f"Ann Smith/{LAB}/{LAB}.ipynb"]),
        (
            [f"Lab 1/Smith, Ann/sent/{LAB}.ipynb", f"Lab 1/Doe, Bob/sent/{LAB}.ipynb", "Lab 1/grades.csv"],
            [f"Smith, Ann/{LAB}/sent/{LAB}.ipynb", f"Doe, Bob/{LAB}/sent/{LAB}.ipynb"],
        ),
        ([f"submitted/ann/{LAB}/{LAB}.ipynb", "gradebook.db"], [f"ann/{LAB}/{LAB}.ipynb"]),
        (
            [f"hw/ann/{LAB}.ipynb", f"hw/bob/{LAB}.ipynb", "hw/Read.txt"],
            [f"ann/{LAB}/{LAB}.ipynb", f"bob/{LAB}/{LAB}.ipynb"],
        ),
        (
            [f"ann/{LAB}/{LAB}.ipynb", "ann/lab01_neighbors/x.ipynb"],
            [f"ann/{LAB}/{LAB}.ipynb", f"ann/{LAB}/lab01_neighbors/x.ipynb"],
        ),
        (
            [f"Lab_3_{who}_attempt_2016-01-30-15-00-00_x.ipynb" for who in ("j_smith", "k_smith")],
            [f"j_smith/{LAB}/x.ipynb", f"k_smith/{LAB}/x.ipynb"],
        ),
        (
            [f"{MOODLE}{LAB}.ipynb", f"submissions/bob/{LAB}.ipynb"],
            [f"Ann Smith/{LAB}/{LAB}.ipynb", f"submissions/{LAB}/bob/{LAB}.ipynb"],
        ),
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
    assert result.students == sorted(path.name for path in (tmp_path / "in").iterdir() if path.name != COLLECTED)
    assert students_in(tmp_path / "in") == result.students and left_out(tmp_path / "in") == []
    assert all((tmp_path / "in" / student / LAB).is_dir() for student in result.students)
    assert not [path for path in (tmp_path / "in").iterdir() if path.name.startswith(".") and path.name != COLLECTED]


def test_of_several_attempts_the_newest_is_taken_and_the_others_are_named(tmp_path):
    path = zipped(tmp_path / "a.zip", {f"{CANVAS}{LAB}-2.ipynb": "new", f"{CANVAS}{LAB}-1.ipynb": "old"})
    assert collect(path, LAB, tmp_path / "in").left == [f"{CANVAS}{LAB}-1.ipynb (an earlier attempt)"]
    assert (tmp_path / "in" / "smithann" / LAB / f"{LAB}.ipynb").read_text() == "new"


def test_a_roster_says_what_a_folder_is_called(tmp_path):
    students = students_of('Student,ID,SIS Login ID\n"Smith, Ann",1234,asmith\n')
    for name in (f"{CANVAS}{LAB}.ipynb", f"{MOODLE}/{LAB}.ipynb"):
        path = zipped(tmp_path / "a.zip", {name: ""})
        assert collect(path, LAB, tmp_path / name[:5], students).students == ["asmith"]


def test_what_the_platform_called_each_hand_in_is_remembered(tmp_path):
    blackboard = f"Lab 3_ann_attempt_2016-01-30-15-00-00_{LAB}.ipynb"
    names = {
        "lab01_neighbors": [f"{MOODLE}/notes.txt", f"{MOODLE}/{LAB}.ipynb", "Bob_2_assignsubmission_file_/"],
        "lab02_hash_planes": [f"{CANVAS}notes.txt", f"{CANVAS}{LAB}-1.ipynb", f"doebob_LATE_1_2_{LAB}.ipynb"],
        "lab04_sort_and_chunk": [blackboard],
        "lab05_lsh_attention": [f"ann/{LAB}/{MOODLE}/{LAB}.ipynb", f"bob/{LAB}/{LAB}.ipynb"],
    }
    students = students_of('Student,ID,SIS Login ID\n"Smith, Ann",1234,asmith\n')
    for lab, paths in names.items():
        collect(zipped(tmp_path / "a.zip", dict.fromkeys(paths, "")), lab, tmp_path / "in", students)
    assert read_names(tmp_path / "in") == {
        ("asmith", "lab01_neighbors"): MOODLE,
        ("Bob", "lab01_neighbors"): "Bob_2_assignsubmission_file_",
        ("asmith", "lab02_hash_planes"): f"{CANVAS}{LAB}-1.ipynb",
        ("doebob", "lab02_hash_planes"): f"doebob_LATE_1_2_{LAB}.ipynb",
        ("ann", "lab04_sort_and_chunk"): blackboard,
    }


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


WHOLE = ("entries", "cut off", "no zip")  # what refuses a class's archive; all else is one student's


@pytest.mark.parametrize("words", bad_archives())
def test_an_archive_that_could_do_harm_does_none(tmp_path, words):
    """What is wrong with one file is its student's; of their own archive nothing is taken then."""
    path = tmp_path / "a.zip"
    bad_archives()[words](path)
    if words in WHOLE:
        with pytest.raises(CollectFault, match=words):
            collect(path, LAB, tmp_path / "in")
        assert not (tmp_path / "in").exists()
    else:
        students = students_of("ann\n")
        result = collect(path, LAB, tmp_path / "in", students)
        assert "ann" in result.students and words in " ".join(result.left)
        assert [path.name for path in tmp_path.iterdir() if path.name not in ("a.zip", "in")] == []
        assert all(path.stat().st_size < 1000 for path in (tmp_path / "in").rglob("*") if path.is_file())
        if words in ("bomb", "encrypted", "way that is not read", "damaged"):
            assert take_in(tmp_path / "in", "ann", LAB, IDS).refusal == "unreadable"
    (tmp_path / "students" / "ann" / LAB).mkdir(parents=True)
    path.rename(tmp_path / "students" / "ann" / LAB / f"{LAB}.zip")
    submission = take_in(tmp_path / "students", "ann", LAB, IDS)
    assert submission.refusal == "unreadable" and words in submission.reason


@pytest.mark.parametrize("words", bad_archives())
def test_one_student_s_bad_file_costs_the_others_nothing(tmp_path, right, words):
    path = tmp_path / "a.zip"
    bad_archives()[words](path)
    if words in WHOLE:
        return
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"bob/{LAB}.ipynb", as_bytes(right))
    assert {"ann", "bob"} <= set(collect(path, LAB, tmp_path / "in").students)
    assert take_in(tmp_path / "in", "bob", LAB, IDS).refusal == ""


def test_what_is_too_large_of_one_student_is_left_out_of_theirs_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.grading.collect.MAX_BYTES", 3_000)
    monkeypatch.setattr("autograder.grading.collect.MOST_OF_ONE", 5_000)
    monkeypatch.setattr(archives, "MOST_BYTES", 9_000)
    files = {
        f"ann/{name}": "x" * size
        for name, size in {"a.mp4": 4000, "b.mp4": 2900, "c.mp4": 2900, f"{LAB}.ipynb": 9}.items()
    }
    result = collect(zipped(tmp_path / "a.zip", {**files, f"bob/{LAB}.ipynb": ""}), LAB, tmp_path / "in")
    assert len(result.left) == 2 and all("too large" in words for words in result.left)
    assert sorted(path.stat().st_size for path in (tmp_path / "in" / "ann" / LAB).glob("*p*"))[-1] == 2900


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([f"{LAB}/{LAB}.ipynb"], "is no student"),
        ([f"{LAB}/a.ipynb", "lab01_neighbors/a.ipynb"], "is no student"),
        (["lab03/a.ipynb", "lab04/a.ipynb"], "is no student"),
        ([f"hw/ann_{number}.ipynb" for number in range(3)], "whether that is a student"),
        ([f"submissions/ann/{LAB}.ipynb"], "whether that is a student"),
        (["Lab_1_ann_attempt_2016-01-30-15-00-00_x.ipynb"], "give a roster"),
        (["a.ipynb", "b.ipynb"], "nothing that looks like"),
    ],
)
def test_where_it_is_unclear_who_is_a_student_the_archive_is_refused(tmp_path, files, words):
    with pytest.raises(CollectFault, match=words):
        collect(zipped(tmp_path / "a.zip", dict.fromkeys(files, "")), LAB, tmp_path / "in")
    assert not (tmp_path / "in").exists()


def test_a_roster_says_which_folder_is_a_student_and_where_a_login_begins(tmp_path):
    students = students_of("id\nann\n1_bob\n")
    path = zipped(tmp_path / "a.zip", {f"submissions/ann/{LAB}.ipynb": ""})
    assert collect(path, LAB, tmp_path / "in", students).students == ["ann"]
    path = zipped(tmp_path / "b.zip", {"Lab_1_bob_attempt_2016-01-30-15-00-00_x.ipynb": ""})
    assert collect(path, LAB, tmp_path / "in", students).students == ["1_bob"]


def test_of_blackboard_s_attempts_the_last_is_kept_with_all_its_files(tmp_path):
    name = "Lab 3_ann_attempt_2016-01-30-1{}-00-00{}".format
    path = zipped(
        tmp_path / "a.zip",
        {name(6, "_b.ipynb"): "", name(6, "_c.py"): "", name(5, "_a.ipynb"): "", name(6, ".txt"): ""},
    )
    result = collect(path, LAB, tmp_path / "in")
    assert files_in(tmp_path / "in") == {f"ann/{LAB}/{file}" for file in ("b.ipynb", "c.py", name(6, ".txt"))}
    assert result.left == [f"{name(5, '_a.ipynb')} (an earlier attempt)"]


def test_a_path_that_is_deep_or_long_is_made_flat_and_costs_little(tmp_path):
    files = [f"{MOODLE}/{'a/' * 20_000}x.ipynb", f"{MOODLE}/{('b' * 190 + '/') * 6}x.ipynb", f"{MOODLE}/c/d/x.ipynb"]
    collect(zipped(tmp_path / "a.zip", dict.fromkeys(files, "")), LAB, tmp_path / "in")
    found = sorted(path.count("/") for path in files_in(tmp_path / "in"))
    assert found == [2, 2, 4]


SMITHS = 'Student,ID,SIS Login ID\n"Smith, Ann",11,asmith1\n"Smith, Ann",12,asmith2\n'
MAILS = "Full name,Email address\nAnn Smith,ann@x.edu\nBob Lee,bob@x.edu\n"


@pytest.mark.parametrize(
    ("roster", "owners", "folders", "missing"),
    [
        (MAILS, ["Ann Smith_1", "ann@x.edu_2"], ["ann@x.edu", "ann@x.edu_2"], ["bob@x.edu"]),
        (MAILS, ["ann@x.edu_2"], ["ann@x.edu_2"], ["ann@x.edu", "bob@x.edu"]),
        (MAILS, ["Ann Smith_1", "Ann Smith_2"], ["Ann Smith_1", "Ann Smith_2"], ["ann@x.edu", "bob@x.edu"]),
        (MAILS, ["Ann Smith_1", "ANN smith_2"], ["ANN smith_2", "Ann Smith_1"], ["ann@x.edu", "bob@x.edu"]),
        ("", ["Ann_1", "Ann_2", "Ann_1_3"], ["Ann_1", "Ann_1_3", "Ann_2"], []),
        ("id\nx_5\n", ["x_5", "x_6"], None, ["x_5"]),
    ],
)
def test_two_never_get_one_folder_and_nobody_gets_another_s(tmp_path, roster, owners, folders, missing):
    students = students_of(roster)
    path = zipped(tmp_path / "a.zip", {f"{owner}_assignsubmission_file_/{owner}.ipynb": owner for owner in owners})
    result = collect(path, LAB, tmp_path / "in", students)
    assert folders in (None, result.students) and len(result.students) == len(owners)
    assert {path.read_text() for path in (tmp_path / "in").rglob("*.ipynb")} == set(owners)
    assert len(list((tmp_path / "in").glob("*/*/*.ipynb"))) == len(owners)
    assert missing_from(students, result.students) == missing
    assert all("others may be called so too" in words for words in result.apart)
    assert bool(result.apart) == any(one not in (*owners, *MAILS.split(",")) or "_" in one for one in result.students)


def test_namesakes_are_told_apart_by_the_platform_s_number(tmp_path):
    path = zipped(tmp_path / "a.zip", {f"smithann_{number}_1_{LAB}.ipynb": str(number) for number in (11, 12, 13)})
    students = students_of(SMITHS)
    result = collect(path, LAB, tmp_path / "in", students)
    assert result.students == ["asmith1", "asmith2", "smithann_13"] and missing_from(students, result.students) == []
    assert (tmp_path / "in" / "asmith2" / LAB / f"{LAB}.ipynb").read_text() == "12"
    moodle = students_of("Identifier,Full name,Email\nParticipant 7,Ann Smith,a@x\nParticipant 8,Ann Smith,b@x\n")
    path = zipped(tmp_path / "b.zip", {f"Ann Smith_{n}_assignsubmission_file_/{n}.ipynb": "" for n in (7, 8)})
    assert collect(path, LAB, tmp_path / "moodle", moodle).students == ["a@x", "b@x"]


def test_who_is_called_like_litter_or_handed_in_litter_alone_gets_a_folder(tmp_path):
    platform = "{}_{}_assignsubmission_file_/{}".format
    names = [platform("~$ann", 1, "a.ipynb"), platform("._bob", 2, "a.ipynb"), platform("Cyd", 3, ".DS_Store")]
    path = zipped(tmp_path / "a.zip", dict.fromkeys([*names, "__MACOSX/x/._a.ipynb"], ""))
    students = collect(path, LAB, tmp_path / "in").students
    assert len(students) == 3 and "Cyd" in students and not any(map(is_litter, students))


@pytest.mark.parametrize("name", ["=cmd|x", "x" * 210, " ann", "\u202eann", "a\x1b[1mb", "ann~0123456789abcdef"])
def test_a_folder_that_was_collected_is_called_the_same_when_it_is_graded(tmp_path, name):
    path = zipped(tmp_path / "a.zip", {f"{name}/{LAB}.ipynb": "", f"bob/{LAB}.ipynb": ""})
    for student in collect(path, LAB, tmp_path / "in").students:
        assert take_in(tmp_path / "in", student, LAB, IDS).student == student


@pytest.mark.parametrize(
    "name",
    [
        "\u200flab.ipynb",
        " lab.ipynb",
        "lab.ipynb ",
        "+lab.ipynb",
        "=x.zip",
        "実" * 80 + ".ipynb",
        f"{LAB}",
        "a.ipynb.download",
    ],
)
def test_whatever_a_file_is_called_it_is_collected(tmp_path, right, name):
    content = (
        zipped(tmp_path / "x", {f"{LAB}.ipynb": as_bytes(right)}).read_bytes() if "zip" in name else as_bytes(right)
    )
    path = zipped(tmp_path / "a.zip", {f"{MOODLE}/{name}": content})
    assert collect(path, LAB, tmp_path / "in").left == []
    assert take_in(tmp_path / "in", "Ann Smith", LAB, IDS).refusal == ""


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
    assert "1 hand-ins" in said and "Ann Smith" in said and "readme.md" in said and "make grade SUBMISSIONS=" in said
    assert main(["collect", str(tmp_path / "none.zip"), "--lab", LAB, "--out", str(tmp_path / "in")]) == 2
    said = capsys.readouterr().err
    assert "No such file" in said and said.count("\n") == 1


def test_the_command_says_who_was_kept_apart(tmp_path, capsys):
    path = zipped(tmp_path / "a.zip", {f"Ann_{number}_assignsubmission_file_/{LAB}.ipynb": "" for number in (1, 2)})
    assert main(["collect", str(path), "--lab", LAB, "--out", str(tmp_path / "in")]) == 0
    assert "Kept apart: Ann is in Ann_1" in capsys.readouterr().out


def test_a_list_of_entries_longer_than_allowed_is_refused_before_it_is_built(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", {f"{number}": "" for number in range(50)})
    content = path.read_bytes()
    end = content.rindex(b"PK\5\6")
    lied = content[: end + 8] + b"\1\0\1\0" + content[end + 12 :]  # it says that it has one entry
    monkeypatch.setattr(archives.zipfile, "ZipFile", None)
    for listed, most in ((content, 40), (lied, 5)):
        with pytest.raises(ArchiveFault, match="at most 40|too long"), archives.opened(io.BytesIO(listed), 99, most):
            pass


def test_when_a_hand_in_came_is_read_in_the_zone_that_is_asked_for(tmp_path, capsys):
    entry = zipfile.ZipInfo(f"{MOODLE}/{LAB}.ipynb", (2026, 11, 20, 23, 30, 0))
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(entry, "{}")
    here = datetime(2026, 11, 20, 23, 30).astimezone(UTC)
    for zone, expected in (("Europe/Berlin", "2026-11-20 22:30"), ("-0500", "2026-11-21 04:30"), ("", f"{here:%F %R}")):
        out = tmp_path / f"out{zone.replace('/', '')}"
        arguments = ["collect", str(tmp_path / "a.zip"), "--lab", LAB, "--out", str(out)]
        assert main([*arguments, *(["--zone", zone] if zone else [])]) == 0
        assert f"a time of {zone or 'the zone of this machine'} (--zone says another)" in capsys.readouterr().out
        time, note = handed_in_at(out / "Ann Smith" / LAB)
        assert f"{time:%F %R}" == expected and not note
    assert main([*arguments, "--zone", "CST"]) == 2
    assert "--zone: no time zone is called 'CST'" in capsys.readouterr().err
