"""Export: a platform's own table comes back with the grades in it, and with nothing else changed."""

import csv
import io

import pytest

from autograder.grading.export import Counted, ExportFault, export, export_into
from autograder.grading.grades import Grade, Points
from autograder.grading.roster import RosterFault, read_table

LAB, FIRST = "lab03_angular_lsh", "lab01_neighbors"


def grade(student, lab=LAB, tests=40.5, max_score=55.0, **more):
    return (student, lab), Grade(student, lab, {"one": Points(tests, None, None, max_score)}, **more)


def exported(tmp_path, roster, grades, labs=(LAB,), names=None, **counted):
    """The rows of the table that comes back, and what is said of it."""
    path = tmp_path / "roster.csv"
    path.write_bytes(roster if isinstance(roster, bytes) else roster.encode("utf-8"))
    result = export_into(path, dict(grades), list(labs), Counted(**counted), names)
    (tmp_path / "back.csv").write_bytes(result.content)
    return read_table(tmp_path / "back.csv").rows, result


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Lab 3 (77),Final Score\r\n"
    ",,,,,Manual Posting,(read only)\r\n"
    "    Points Possible,,,,,55,(read only)\r\n"
    '"Smith, Ann",12,7,asmith,"A, B",,90\r\n'
    '"Doe, Bob",13,8,bdoe,A,3,10\r\n'
    '"Student, Test",14,,x,A,,\r\n'
)


def test_canvas_gets_its_column_filled_and_a_new_one_with_its_points(tmp_path):
    grades = [grade("smithann"), grade("smithann", FIRST, 7.0, 10.0), grade("doebob_13", FIRST, 0.0, 10.0)]
    names = {("doebob_13", FIRST): "doebob_13_9_lab.ipynb"}
    rows, result = exported(tmp_path, CANVAS, grades, (FIRST, LAB), names)
    assert rows == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Lab 3 (77)", "Final Score", FIRST],
        ["", "", "", "", "", "Manual Posting", "(read only)", ""],
        ["    Points Possible", "", "", "", "", "55", "(read only)", "10"],
        ["Smith, Ann", "12", "7", "asmith", "A, B", "40.5", "90", "7"],
        ["Doe, Bob", "13", "8", "bdoe", "A", "3", "10", "0"],
        ["Student, Test", "14", "", "x", "A", "", "", ""],
    ]
    assert result.filled == ["Lab 3 (77)"] and result.added == [FIRST]
    assert not (result.unlisted or result.unclear or result.scales)
    changed = CANVAS.replace('"A, B",,90', '"A, B",40.5,90').replace("\r\n", ",\r\n").splitlines()
    assert result.content.decode().splitlines()[1] == changed[1]  # line ends, quotes and blanks as they were
    assert result.content.count(b"\r\n") == CANVAS.count("\r\n")


MOODLE = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum grade","Last modified (grade)"\n'
    'Participant 1234567,"Ann Smith",ann@b.c,"Submitted for grading",,55.00,-\n'
    'Participant 1234568,"Ann Smith",ann@d.e,"No submission",5.00,55.00,-\n'
)


def test_moodle_s_worksheet_gets_its_column_grade(tmp_path):
    names = {("Ann Smith_1234567", LAB): "Ann Smith_1234567_assignsubmission_file_"}
    rows, result = exported(tmp_path, MOODLE, [grade("Ann Smith_1234567")], names=names)
    assert [row[4] for row in rows] == ["Grade", "40.5", "5.00"] and result.filled == ["Grade"]
    assert [row[:4] + row[5:] for row in rows] == [
        row[:4] + row[5:] for row in csv.reader(io.StringIO(MOODLE.lstrip("\ufeff")))
    ]
    assert result.content.startswith(b"\xef\xbb\xbfIdentifier") and result.scales == []
    (_, percent, _), scaled = exported(tmp_path, MOODLE, [grade("Ann Smith_1234567")], names=names, percent=True)
    assert percent[4] == "73.64" and scaled.scales == [f"Grade counts to 55, {LAB} to 100"]
    with pytest.raises(ExportFault, match="worksheet of one assignment"):
        exported(tmp_path, MOODLE, [grade("Ann Smith_1234567")], (FIRST, LAB))


BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"lab03_angular_lsh [Total Pts: 55 Score] |12345"\n'
    '"Smith"\t"Ann"\t"asmith"\t"0007"\t""\n'
    '"Müller"\t"José"\t"jmueller"\t"0008"\t""\n'
)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_blackboard_s_file_keeps_its_encoding_and_tabs(tmp_path, encoding):
    rows, result = exported(tmp_path, f"\ufeff{BLACKBOARD}".encode(encoding), [grade("jmueller", max_score=50.0)])
    filled = BLACKBOARD.replace('"0008"\t""', '"0008"\t"40.5"')
    assert result.content == f"\ufeff{filled}".encode(encoding)
    assert result.scales == ["lab03_angular_lsh [Total Pts: 55 Score] |12345 counts to 55, lab03_angular_lsh to 50"]
    assert rows[1][3] == "0007"  # no number


def test_nbgrader_s_students_and_a_list_in_german_get_a_column(tmp_path):
    late = grade("ann", penalty=50.0)
    text = "# exported\nid,first_name,last_name,email,lms_user_id\nann,Ann,Smith,a@b.c,\nbob,Bob,Doe,b@b.c,\n\n"
    rows, _ = exported(tmp_path, text, [late])
    assert [row[-1:] for row in rows] == [[LAB], ["0"], [""], []]
    assert (tmp_path / "back.csv").read_text("utf-8").startswith("# exported\nid,first_name")
    rows, _ = exported(tmp_path, "Vorname;Nachname;E-Mail-Adresse\nAnn;Smith;ann@b.c\n", [late], raw=True)
    assert rows == [["Vorname", "Nachname", "E-Mail-Adresse", LAB], ["Ann", "Smith", "ann@b.c", "40.5"]]


def test_who_is_not_in_the_roster_or_could_be_two_is_said_and_gets_nothing(tmp_path):
    text = "Username,Name\nasmith,Ann Smith\nbdoe,Bob Doe\n"
    rows, result = exported(tmp_path, text, [grade("Ann Smith"), grade("ann  smith"), grade("cleo"), grade("bdoe")])
    assert [row[-1] for row in rows] == [LAB, "", "40.5"]
    assert result.unlisted == ["cleo"] and result.unclear == ["Ann Smith and ann  smith could be asmith"]


@pytest.mark.parametrize(
    ("cell", "back"),
    [
        ("-7", "-7"),
        ("@ann", "@ann"),
        ("+49 30 1234", "+49 30 1234"),
        ("-", "-"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("=1", "'=1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        (" @SUM(1)", "' @SUM(1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
    ],
)
def test_ids_come_back_as_they_were_unless_a_spreadsheet_would_do_harm(tmp_path, cell, back):
    rows, _ = exported(tmp_path, f'Username,Name,Note\nann,Ann,"{cell}"\n', [grade("ann")])
    assert rows[1] == ["ann", "Ann", back, "40.5"]


def test_without_a_roster_there_is_a_line_for_each_student_and_no_formula():
    grades = dict([grade("=cmd|x"), grade("ann", FIRST, 3.25, 10.0), grade("Zoë, <b>")])
    table = list(csv.reader(io.StringIO(export(grades, [FIRST, LAB], Counted()).content.decode("utf-8"))))
    assert table == [
        ["student", FIRST, LAB],
        ["'=cmd|x", "", "40.5"],
        ["Zoë, <b>", "", "40.5"],
        ["ann", "3.25", ""],
    ]


def test_of_a_lab_without_points_there_is_no_percentage():
    (_, none), (_, some) = grade("ann", tests=0.0, max_score=0.0), grade("ann", tests=1.0, max_score=3.0)
    assert [Counted(percent=percent).cell(one) for percent in (False, True) for one in (none, some, None)] == [
        *("0", "1", ""),
        *("", "33.33", ""),
    ]


def test_what_is_no_table_is_refused(tmp_path):
    with pytest.raises(RosterFault, match="no table"):
        exported(tmp_path, "ann\nbob\n", [grade("ann")])
    with pytest.raises(ExportFault, match="several columns"):
        exported(tmp_path, "Username,Lab 3,lab03\nann,,\n", [grade("ann")])
