"""Names and texts of strangers: what is shown of them is harmless, and ids made of them stay apart and inside OUT."""

import csv
import io
import os
import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.names import file_name, folder_name, is_litter, platform_name, student_id
from autograder.grading.text import clean, defused, shown

ANY = st.text(st.characters(), max_size=40) | st.binary(max_size=40).map(os.fsdecode)
STEERS = "\x00\x07\x1b\r\u202e\u2066\u2028\ufeff\ud800\udce9"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain\n\ttext – é", "plain\n\ttext – é"),
        ("\x1b[31mred\x1b[0m \x1b]0;title\x07", "red "),
        ("\x9b1;2Hcursor", "cursor"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("Jos\udce9 \ud800", "Jos\\xe9 �"),
        ("Ann\u00a0Smith می\u200cنا", "Ann\u00a0Smith می\u200cنا"),
        ("\x1b", ""),
        ("a\x1bPzz and the course's words", "azz and the course's words"),
        ("a\x1b]0;zz\nthe course's words\x07", "a0;zz\nthe course's words"),
        ("a\xad\u034f\u180e\u2061\u206a\U0001d173\u3164\ufffen", "an"),
    ],
)
def test_a_text_is_cleaned_of_what_steers(text, seen):
    assert clean(text) == seen


def test_a_name_shows_what_cannot_be_seen_in_it():
    assert shown("Jos\udce9\n\u202e\x1b[1m é") == "Jos\\xe9\\n\\u202e\\x1b[1m é"


@given(ANY)
def test_whatever_is_shown_can_be_written_and_steers_nothing(text):
    for seen in (clean(text), shown(text), student_id(text)):
        assert not set(seen) & set(STEERS) and seen.encode("utf-8") is not None
    assert "\n" not in shown(text) + student_id(text) and clean(clean(text)) == clean(text)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", " =1", "\u00a0=1", "＝1", "|calc"])
def test_a_formula_is_defused(text):
    assert defused(text) == "'" + text
    line = io.StringIO()
    csv.writer(line).writerow([defused(text)])
    assert line.getvalue().lstrip('"').startswith("'")


@pytest.mark.parametrize("text", ["ann", "a=b", "a-b", "3 + 4", ""])
def test_any_other_text_is_left_as_it_is(text):
    assert defused(text) == text


@pytest.mark.parametrize("name", ["ann", "Ünïcödé", "a[b]*?", "{x}", "%s", "a,b", ".ann", "O'Neil", "ann~1", "王小明"])
def test_an_ordinary_name_is_its_own_id(name):
    assert student_id(name) == name


@given(ANY)
def test_an_id_is_one_folder_of_modest_length(name):
    made = student_id(name)
    assert 0 < len(made.encode("utf-8")) <= 200 and made == made.strip() and made not in (".", "..")
    assert PurePosixPath("out", made).parts == ("out", made) and "\\" not in made
    assert not PureWindowsPath(made).is_absolute() and not made.startswith(("=", "+", "-", "@", "|"))


@given(ANY, ANY)
def test_no_two_names_share_an_id(one, other):
    forms = {one, other, f"{one} ", f"{one}\n", student_id(one), student_id(f"{one}\n")}
    forms |= {unicodedata.normalize(form, one) for form in ("NFC", "NFD")}
    assert len({student_id(name) for name in forms}) == len(forms - {student_id(f"{one}\n")}) + (
        student_id(f"{one}\n") in forms
    )


@given(ANY, ANY)
def test_a_folder_made_for_a_student_is_its_own_id_and_no_other_student_s(one, other):
    forms = {one, other, f"{one}\n", student_id(one), folder_name(one), folder_name(f"{one}\n")}
    folders = {name: folder_name(name) for name in forms}
    assert all(student_id(folder) == folder for folder in folders.values())
    assert len(set(folders.values())) == len(forms)


@pytest.mark.parametrize("name", ["\u200flab.ipynb", " lab.ipynb", "lab.ipynb ", "=x.ipynb", "x" * 250 + ".ipynb"])
def test_a_file_keeps_its_suffix_whatever_else_its_name_is(name):
    assert file_name(name).endswith(".ipynb") and "~" in file_name(name) and len(file_name(name).encode()) < 250
    assert file_name("実" * 60 + ".ipynb.download").endswith(".ipynb.download")


@pytest.mark.parametrize("name", ["__MACOSX", ".DS_Store", "._x.ipynb", "Thumbs.db", "desktop.ini", "lost+found"])
def test_litter_is_known(name):
    assert is_litter(name) and is_litter(name.upper())


@pytest.mark.parametrize("name", ["ann", ".ann", "macosx", "found", "gitte", "x.ds_store"])
def test_what_may_be_a_student_is_no_litter(name):
    assert not is_litter(name)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Ann Smith_123456_assignsubmission_file_", ("Ann Smith", "123456", "", False, "moodle")),
        ("Ann Smith_123456_assignsubmission_file_lab.ipynb", ("Ann Smith", "123456", "lab.ipynb", False, "moodle")),
        ("A_B_123456_assignsubmission_onlinetext_", ("A_B", "123456", "", False, "moodle")),
        ("smithann_1234_5678_lab-1.ipynb", ("smithann", "1234", "lab-1.ipynb", False, "canvas")),
        ("smithann_LATE_1234_5678_my_lab.ipynb", ("smithann", "1234", "my_lab.ipynb", True, "canvas")),
        ("Lab 3_ann_attempt_2016-01-30-15-00-00_lab.ipynb", ("ann", "", "lab.ipynb", False, "blackboard")),
        (
            "Bob_7_assignsubmission_file__9_assignsubmission_file_",
            ("Bob_7_assignsubmission_file_", "9", "", False, "moodle"),
        ),
        (
            "smithann_1_2_x_bob_attempt_2016-01-30-15-00-00_a",
            ("smithann", "1", "x_bob_attempt_2016-01-30-15-00-00_a", False, "canvas"),
        ),
        ("Lab_1_2_ann_attempt_2016-01-30-15-00-00_a", ("ann", "", "a", False, "blackboard")),
        ("Lab 3_j_smith_attempt_2016-01-30-15-00-00.txt", ("smith", "", "", False, "blackboard")),
        ("ann", None),
        ("ann_smith", None),
    ],
)
def test_platforms_names_are_known(name, known):
    assert (platform_name(name) or (None,) * 5)[:5] == (known or (None,) * 5)
