"""A roster is a list of names or a table that was exported; whoever is on it is matched with their folder, once."""

import pytest

from autograder.grading.names import folder_name
from autograder.grading.roster import RosterFault, missing_from, read_roster


def roster(tmp_path, content):
    path = tmp_path / "roster"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return read_roster(path)


def names(tmp_path, content):
    return [student.name for student in roster(tmp_path, content)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("ann\nbob\n\n", ["ann", "bob"]),
        (b"\xef\xbb\xbfann\r\nbob\r\n", ["ann", "bob"]),
        ("# my class\nann\n  # more\n bob \nann\n", ["ann", "bob"]),
        ('"Smith, Ann"\nJosé\nJose\u0301\n', ["Smith, Ann", "José"]),
        ("a,b\nc", ["a,b", "c"]),
        ("", []),
        ("# nobody\n", []),
        ("id,first_name,last_name,email\nann,Ann,Smith,a@b.c\n", ["ann"]),
        ("# exported\nid,first_name,last_name,email\nann,Ann,Smith,a@b.c\n# left\n,,,\nbob,,,\n", ["ann", "bob"]),
        ("\ufeffid\r\nann\r\nbob\r\n", ["ann", "bob"]),
        (
            "Student,ID,SIS User ID,SIS Login ID,Section,Lab 3 (12)\n,,,,,Manual Posting\n"
            '    Points Possible,,,,,37\n"Smith, Ann",12,7,asmith,A,\n"Student, Test",13,,x,A,\n',
            ["asmith"],
        ),
        ("First name,Surname,ID number,Email address\nAnn,Smith,4711,ann@b.c\nBob,Doe,,bob@b.c\n", ["4711", "bob@b.c"]),
        ("Last Name;First Name;Username\nSmith;Ann;asmith\n", ["asmith"]),
        ("Name\tEmail\nAnn Smith\tann@b.c\n", ["ann@b.c"]),
        ('id,name\n"ann","Smith, Ann\nMaria"\n', ["ann"]),
        ("id,name\nann,A\n,Nobody,\n\n", ["ann", "Nobody"]),
        ("name\nSmith, Ann\nDoe, Bob\nCyd\nDee\n", ["Smith, Ann", "Doe, Bob", "Cyd", "Dee"]),
        ("Vorname;Nachname;E-Mail-Adresse\nAnn;Smith;ann@b.c\n", ["ann@b.c"]),
        ("Prénom;Nom;Adresse de courriel\nAnn;Smith;ann@b.c\n", ["ann@b.c"]),
        ("Vorname,Nachname\nAnn,Smith\nBob,Smith\n", ["Ann Smith", "Bob Smith"]),
        ("Name,Vorname\nSmith,Ann\nSmith,Bob\n", ["Ann Smith", "Bob Smith"]),
        ("Matrikelnummer,Name,Vorname\n7,Smith,Ann\n8,Smith,Bob\n", ["7", "8"]),
        ("sep=;\nid;name\nann;Ann\n", ["ann"]),
        ("Raj a/l Kumar\nan\u200bn\n", ["Raj a/l Kumar", "ann"]),
        ("id\tname\nann\tAnn\n".encode("utf-16"), ["ann"]),
    ],
)
def test_the_students_are_read(tmp_path, content, expected):
    assert names(tmp_path, content) == expected


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("ann\n../../etc\n", "line 2 of the roster, '../../etc'"),
        ("ann\nbob/../x\n", "line 2"),
        ("..\n", "line 1"),
        ("a\\b\n", "line 1"),
        ("\x1b[31mann\n", "line 1"),
        ("id,name\nann,A\n../x,B\n", "line 3"),
        ("a,b,c\nd,e,f\n", "heading is not known"),
        ("Klasse;Punkte\nann;3\nbob;4\n", "heading is not known"),
        ("sep=;\nWer;Punkte\nann;3\nbob;4\n", "heading is not known"),
        ("Our class\nUsername;Name\nann;Ann\nbob;Bob\n", "heading is not known"),
        ("ann,Ann Smith\nbob,Bob Doe\n", "commas in quotes"),
        ("ann;Ann Smith\n", "heading is not known"),
        ("There are 1 students in the database:\nann (Smith, Ann) -- None, None\n", "line 1"),
        ("Our class\nname\nann\nbob\n", "line 2"),
        ("ann\n;\n", "line 2"),
        ("ann\nbob,\n", "line 2"),
        ("- ann\n- bob\n", "line 1"),
        ("1. ann\n2. bob\n", "line 1"),
        ("Surname,Points\nSmith,1\nSmith,2\n", "half of a name"),
        ("id,email\n7,ann@b.c\n7,bob@b.c\n", "lines 2 and 3"),
        ('id,name\nann,"Ann\nbob,Bob\ncyd,Cyd\n', "line 2 on"),
        ("ann\n".encode("utf-16-le"), "UTF-16"),
        (b"ann\nJos\xe9\n", "not UTF-8 text in line 2"),
        (b"x" * (5 * 2**20 + 1), "more than 5 MB"),
    ],
)
def test_what_is_no_roster_is_refused_with_the_line(tmp_path, content, words):
    with pytest.raises(RosterFault, match=words):
        roster(tmp_path, content)


CANVAS = 'Student,ID,SIS Login ID\n"Smith, Ann",12,asmith\n"Doe, Bob",13,bdoe\n'
MOODLE = "First name,Surname,ID number,Email address\nAnn,Smith,4711,ann@b.c\nBob,Doe,4712,bob@b.c\n"


@pytest.mark.parametrize(
    ("content", "folders", "missing"),
    [
        ("ann\nbob\n", ["ann"], ["bob"]),
        ("José\n", ["Jose\u0301"], []),
        ("Ann Smith\n", ["ann\u00a0smith"], []),
        ("Ann\nann\n", ["ann"], ["Ann"]),
        ("ann\n", ["Ann", "ANN"], ["ann"]),
        (CANVAS, ["asmith"], ["bdoe"]),
        (CANVAS, ["smithann"], ["bdoe"]),
        (CANVAS, ["12", "Bob Doe"], []),
        (MOODLE, ["Ann Smith_123456_assignsubmission_file_"], ["4712"]),
        (MOODLE, ["4711", "bob"], []),
        ("id,email\na1,ann@b.c\na2,ann@d.e\n", ["ann"], ["a1", "a2"]),
        ("id,email\nann,x@b.c\nbob,ann@d.e\n", ["ann"], ["bob"]),
        ("Raj a/l Kumar\n", [folder_name("Raj a/l Kumar")], []),
        (MOODLE, ["ann@b.c_7_assignsubmission_file_", "bob_8_assignsubmission_file_"], ["4711", "4712"]),
        (CANVAS, ["smithann_12_3_lab.ipynb"], ["bdoe"]),
        (CANVAS, ["smithann_99_3_lab.ipynb"], ["asmith", "bdoe"]),
    ],
)
def test_who_has_no_folder_is_missing(tmp_path, content, folders, missing):
    assert missing_from(roster(tmp_path, content), folders) == missing
