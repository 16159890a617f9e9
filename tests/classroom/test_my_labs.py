"""A learner's copies of the labs: made once, never written again, told of what is newer."""

import json
import subprocess
import sys

import pytest

from classroom import my_labs


@pytest.fixture
def course(tmp_path):
    """A course of two labs, one of them with a data file, and what nobody should copy."""
    for name, content in {
        "lab01_a/lab01_a.ipynb": "first",
        "lab01_a/words.npy": "words",
        "lab02_b/lab02_b.ipynb": "second",
        "lab02_b/.ipynb_checkpoints/lab02_b-checkpoint.ipynb": "a stranger's",
        "lab02_b/.hidden": "hidden",
        ".made.json": "{}",
    }.items():
        path = tmp_path / "labs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return tmp_path


def everything_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def change(course, name, content):
    (course / name).write_text(content, encoding="utf-8")


LAB = "lab01_a/lab01_a.ipynb"


def test_the_first_start_copies_each_lab_whole_and_nothing_hidden(course):
    assert my_labs.copy_new_labs(course) == (["lab01_a", "lab02_b"], [])
    mine = everything_in(course / "my_labs")
    assert set(mine) == {LAB, "lab01_a/words.npy", "lab02_b/lab02_b.ipynb", ".course.json"}
    assert mine[LAB] == b"first"


def test_no_later_start_changes_a_byte_and_a_newer_version_is_named_each_time(course):
    my_labs.copy_new_labs(course)
    change(course, f"my_labs/{LAB}", "my answers")
    change(course, "my_labs/lab01_a/notes.txt", "my notes")
    before = everything_in(course / "my_labs")
    assert my_labs.copy_new_labs(course) == ([], [])
    change(course, f"labs/{LAB}", "first, mended")
    for _ in range(2):
        assert my_labs.copy_new_labs(course) == ([], ["lab01_a"])
    assert everything_in(course / "my_labs") == before


def test_a_lab_that_the_learner_renamed_comes_anew_beside_it_and_is_news_no_more(course):
    my_labs.copy_new_labs(course)
    change(course, f"labs/{LAB}", "first, mended")
    (course / "my_labs" / LAB).rename(course / "my_labs" / "lab01_a" / "old.ipynb")
    assert my_labs.copy_new_labs(course) == (["lab01_a"], [])
    assert my_labs.copy_new_labs(course) == ([], [])
    mine = everything_in(course / "my_labs")
    assert (mine[LAB], mine["lab01_a/old.ipynb"]) == (b"first, mended", b"first")


def test_a_lab_that_is_new_in_the_course_is_copied_at_the_next_start(course):
    my_labs.copy_new_labs(course)
    (course / "labs" / "lab03_c").mkdir()
    change(course, "labs/lab03_c/lab03_c.ipynb", "third")
    assert my_labs.copy_new_labs(course) == (["lab03_c"], [])


@pytest.mark.parametrize("note", [None, "", "no JSON", "[1]", "{}"])
def test_without_our_note_nothing_is_written_and_nothing_is_claimed(course, note):
    my_labs.copy_new_labs(course)
    change(course, f"my_labs/{LAB}", "my answers")
    if note is None:
        (course / "my_labs" / ".course.json").unlink()
    else:
        change(course, "my_labs/.course.json", note)
    assert my_labs.copy_new_labs(course) == ([], [])
    assert (course / "my_labs" / LAB).read_text(encoding="utf-8") == "my answers"


def test_a_file_that_the_learner_put_there_first_is_left_alone(course):
    (course / "my_labs" / "lab01_a").mkdir(parents=True)
    change(course, f"my_labs/{LAB}", "mine")
    my_labs.copy_new_labs(course)
    assert (course / "my_labs" / LAB).read_text(encoding="utf-8") == "mine"


def test_line_ends_are_no_newer_version(course):
    (course / "labs" / LAB).write_bytes(b"one\ntwo\n")
    my_labs.copy_new_labs(course)
    (course / "labs" / LAB).write_bytes(b"one\r\ntwo\r\n")
    assert my_labs.copy_new_labs(course) == ([], [])


def test_a_copy_that_breaks_off_leaves_no_half_lab(course, monkeypatch):
    class FullDisk:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return False

        def write(self, content):
            raise OSError(28, "No space left on device")

    opened = my_labs.Path.open

    def open_on_a_full_disk(path, mode="r", **options):
        opened(path, mode, **options).close()
        return FullDisk()

    with monkeypatch.context() as full:
        full.setattr(
            my_labs.Path,
            "open",
            lambda path, mode="r", *more, **options: (
                open_on_a_full_disk(path, mode) if mode == "xb" else opened(path, mode, *more, **options)
            ),
        )
        with pytest.raises(OSError, match="No space"):
            my_labs.copy_new_labs(course)
    assert everything_in(course / "my_labs") == {}
    assert my_labs.copy_new_labs(course) == (["lab01_a", "lab02_b"], [])


def test_the_terminal_names_what_is_new_and_what_is_newer(course, monkeypatch, capsys):
    monkeypatch.setattr(my_labs.copy_new_labs, "__defaults__", (course,))
    assert my_labs.main() == 0
    assert capsys.readouterr().out == "New in my_labs/, yours to write in: lab01_a, lab02_b.\n"
    assert my_labs.main() == 0
    assert capsys.readouterr().out == ""
    change(course, f"labs/{LAB}", "first, mended")
    my_labs.main()
    said = capsys.readouterr().out
    assert "newer version of lab01_a." in said and "another name" in said


def test_a_place_that_cannot_be_written_is_said_in_one_sentence(course, monkeypatch, capsys):
    monkeypatch.setattr(my_labs.copy_new_labs, "__defaults__", (course,))
    (course / "my_labs").write_text("a file", encoding="utf-8")
    assert my_labs.main() == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_copying_needs_the_standard_library_alone_because_every_start_waits_for_it():
    code = (
        "import sys; import classroom.my_labs; print(*(name for name in ('numpy', 'IPython') if name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


def test_the_note_holds_a_digest_for_each_file(course):
    my_labs.copy_new_labs(course)
    note = json.loads((course / "my_labs" / ".course.json").read_text(encoding="utf-8"))
    assert set(note) == {LAB, "lab01_a/words.npy", "lab02_b/lab02_b.ipynb"}
    assert len(set(note.values())) == 3
