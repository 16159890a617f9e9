"""What is graded is the course's notebook; a submission gives the text of answers and own cells, and nothing else."""

import copy
import random

from autograder.grading.reading import SubmittedCell, read_notebook
from autograder.grading.rebuild import grade_id, is_answer, is_own, rebuild
from autograder.grading.sample import as_bytes, with_answers, without

TWO = ("angular_hash", "offset_rounds")


def cells_of(notebook):
    return read_notebook(as_bytes(notebook))


def sources(notebook):
    return {grade_id(cell): cell.source for cell in notebook.cells}


def test_everything_but_answers_is_the_course_s(lab, release, right):
    hostile = copy.deepcopy(right)
    for cell in hostile["cells"]:
        marks = cell["metadata"]["nbgrader"]
        marks.update(points=1000, grade=False, solution=not marks["solution"], locked=False, checksum="0")
        cell["metadata"]["tags"] = ["skip-execution", "raises-exception", "picture", "own"]
        cell["cell_type"] = "code" if cell["cell_type"] == "markdown" else "raw"
        cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "9.0"}, "metadata": {}}]
        if marks["grade_id"].startswith("check_"):
            cell["source"] = "9.0"
    hostile["metadata"] = {"kernelspec": {"name": "evil"}}
    rebuilt = rebuild(release, cells_of(hostile))
    honest = rebuild(release, cells_of(right))
    assert rebuilt.notebook == honest.notebook
    assert honest.notes == () and len(rebuilt.notes) == len(lab.exercises)  # each check cell was changed
    assert rebuilt.notebook.metadata == release.metadata
    assert sources(rebuilt.notebook)["check_angular_hash"] == 'check("angular_hash", angular_hash)'
    assert "argmax" in sources(rebuilt.notebook)["angular_hash"]


def test_what_is_gone_is_put_back_and_noted(release, right):
    less = without(without(right, "check_angular_hash"), "offset_rounds")
    rebuilt = rebuild(release, cells_of(less))
    assert [grade_id(cell) for cell in rebuilt.notebook.cells] == [grade_id(cell) for cell in release.cells]
    assert sources(rebuilt.notebook)["offset_rounds"] == ""
    assert rebuilt.notes == (
        "the cell check_angular_hash was deleted; it was put back",
        "the cell offset_rounds was deleted; it counts as empty",
    )


def code_of(notebook):
    """The texts that are run for the first exercise, in order, with what is behind its check."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code" and (is_own(cell) or is_answer(cell))]


def test_of_an_id_that_comes_twice_all_that_is_written_is_run_in_order(release):
    stub = sources(release)["angular_hash"]
    for texts, run in (
        (["", stub, "one", "two"], ["one", "two"]),
        (["one", stub], ["one"]),
        ([stub + "\n", ""], [stub + "\n"]),
        (["one", "own: a", "two", "own: b", stub], ["one", "a", "two", "b"]),
    ):
        cells = [
            SubmittedCell("code", text.removeprefix("own: "), None if text.startswith("own") else "angular_hash")
            for text in texts
        ]
        rebuilt = rebuild(release, cells)
        assert code_of(rebuilt.notebook)[: len(run)] == run
        times = sum(not text.startswith("own") for text in texts)
        assert any(f"came {times} times" in note for note in rebuilt.notes)
        assert len({cell.id for cell in rebuilt.notebook.cells}) == len(rebuilt.notebook.cells)


def test_an_own_cell_between_the_check_and_a_second_text_of_its_answer_is_run_with_that(release):
    cells = [
        SubmittedCell("code", "one", "angular_hash"),
        SubmittedCell("code", "check", "check_angular_hash"),
        SubmittedCell("code", "helper", None),
        SubmittedCell("code", "two", "angular_hash"),
    ]
    texts = [cell.source for cell in rebuild(release, cells).notebook.cells if cell.cell_type == "code"]
    place = texts.index("one")
    assert texts[place : place + 4] == ["one", "helper", "two", 'check("angular_hash", angular_hash)']


def test_cells_without_marks_are_known_by_their_ids_or_texts(release, right):
    for cell in (bare := copy.deepcopy(right))["cells"]:
        cell["metadata"] = {}
    assert rebuild(release, cells_of(bare)) == rebuild(release, cells_of(right))
    for cell in bare["cells"]:
        del cell["id"]
    rebuilt = rebuild(release, cells_of(bare))
    written = code_of(rebuilt.notebook)
    assert [text for text in written if "argmax" in text] and sources(rebuilt.notebook)["angular_hash"] == ""
    assert "the cell angular_hash was deleted; the function stands in another cell, which was run" in rebuilt.notes


def test_a_check_typed_again_moves_nothing(release, right):
    again = copy.deepcopy(right)
    check = {"cell_type": "code", "source": 'check("angular_hash", angular_hash)', "metadata": {}}
    again["cells"] += [check, {"cell_type": "code", "source": "mine", "metadata": {}}, again["cells"][4]]
    rebuilt = rebuild(release, cells_of(again)).notebook
    assert [cell.source for cell in rebuilt.cells[-2:]] == [check["source"], "mine"]


def test_line_ends_and_blanks_change_no_cell(release, right):
    for cell in (windows := copy.deepcopy(right))["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n") + "\r\n"
    assert rebuild(release, cells_of(windows)).notes == ()


def test_changed_imports_are_run_behind_the_course_s_own(release, right):
    course = sources(release)["imports"]
    changed = with_answers(right, {"imports": course + "\nimport math"})
    rebuilt = rebuild(release, cells_of(changed))
    texts = [cell.source for cell in rebuilt.notebook.cells]
    place = texts.index(course)
    assert texts[place + 1] == course + "\nimport math" and is_own(rebuilt.notebook.cells[place + 1])
    assert rebuilt.notes == (
        "the cell imports was changed; the course's own was used, and the changed one was run behind it",
    )


def test_a_function_in_another_cell_is_seen_there(release, right):
    answer = next(cell for cell in right["cells"] if cell["id"] == "offset_rounds")
    text = "".join(answer["source"])
    places = [cell["id"] for cell in right["cells"]]
    own = {"cell_type": "code", "source": text, "metadata": {}}
    for at, gone, words in (
        (places.index("offset_rounds"), True, "was deleted; the function stands in another cell, which was run"),
        (places.index("offset_rounds"), False, "was left empty; the function stands in another cell, which was run"),
        (places.index("picture-offset_rounds"), True, "was deleted; the function stands in a cell below its check"),
        (places.index("picture-offset_rounds"), False, "was left empty; the function stands in a cell below its check"),
    ):
        notebook = copy.deepcopy(right)
        notebook["cells"][places.index("offset_rounds")]["source"] = sources(release)["offset_rounds"]
        notebook["cells"].insert(at, copy.deepcopy(own))
        (note,) = rebuild(release, cells_of(without(notebook, "offset_rounds") if gone else notebook)).notes
        assert note.startswith(f"the cell offset_rounds {words}")


def test_two_answers_in_one_cell_are_both_run(release, right):
    texts = {name: "".join(next(c for c in right["cells"] if c["id"] == name)["source"]) for name in TWO}
    merged = without(with_answers(right, {TWO[0]: "\n\n".join(texts.values())}), TWO[1])
    rebuilt = rebuild(release, cells_of(merged))
    assert rebuilt.notes == (f"the cell {TWO[1]} was deleted; the function stands in another cell, which was run",)


def test_very_many_own_cells_are_not_all_run(release):
    own = [SubmittedCell("code", f"x = {number}", None) for number in range(1_000)]
    copies = [SubmittedCell("code", f"y = {number}", "angular_hash") for number in range(1_000)]
    for cells, left in ((own, 800), (copies, 799)):
        rebuilt = rebuild(release, [*cells, SubmittedCell("code", "z", "offset_rounds")])
        assert len(rebuilt.notebook.cells) < len(release.cells) + 250
        assert f"of the cells of the student's own {left} were left out; 200 are run" in rebuilt.notes


def test_own_cells_stay_behind_the_cell_they_stood_behind(release):
    cells = [
        SubmittedCell("code", "first = 1", None),
        SubmittedCell("code", "answer", "angular_hash"),
        SubmittedCell("code", "second = 2", "an-id-of-my-own"),
        SubmittedCell("markdown", "<script>alert(1)</script>", None),
        SubmittedCell("code", "  ", None),
        SubmittedCell("code", "third = 3", None),
    ]
    rebuilt = rebuild(release, cells).notebook
    assert rebuilt.cells[0].source == "first = 1"
    place = next(place for place, cell in enumerate(rebuilt.cells) if grade_id(cell) == "angular_hash")
    assert [cell.source for cell in rebuilt.cells[place : place + 4]] == [
        "answer",
        "second = 2",
        "third = 3",
        'check("angular_hash", angular_hash)',
    ]
    assert [cell.source for cell in rebuilt.cells if is_own(cell)] == ["first = 1", "second = 2", "third = 3"]
    assert len({cell.id for cell in rebuilt.cells}) == len(rebuilt.cells)


def test_the_order_of_a_shuffled_lab_is_the_course_s(release, right):
    shuffled = copy.deepcopy(right)
    random.Random(0).shuffle(shuffled["cells"])
    assert rebuild(release, cells_of(shuffled)).notebook == rebuild(release, cells_of(right)).notebook


def test_another_notebook_gives_an_empty_lab_and_one_note(release, right):
    rebuilt = rebuild(release, cells_of(with_answers({"nbformat": 4, "cells": []}, {})))
    assert rebuilt.notes == ("no cell of the notebook could be told to be one of this lab",)


def test_a_definition_merged_into_another_cell_of_the_course_is_run_or_named(release, right):
    for into, is_run in (("picture-angular_hash", True), ("check_angular_hash", True), ("title", False)):
        merged = copy.deepcopy(right)
        texts = {cell["id"]: "".join(cell["source"]) for cell in merged["cells"]}
        merged = without(with_answers(merged, {into: f"{texts[into]}\n\n{texts['offset_rounds']}"}), "offset_rounds")
        rebuilt = rebuild(release, cells_of(merged))
        run = [cell.source for cell in rebuilt.notebook.cells if is_own(cell)]
        assert any("def offset_rounds" in text for text in run) == is_run
        words = "another cell, which was run" if is_run else f"the cell {into}, which is no code and is not run"
        assert f"the cell offset_rounds was deleted; the function stands in {words}" in rebuilt.notes


def test_an_answer_without_its_id_is_run_behind_any_number_of_own_cells(release):
    own = [SubmittedCell("code", f"x = {number}", None) for number in range(1_000)]
    answer = SubmittedCell("code", "def angular_hash(vectors):\n    pass", None)
    assert answer.source in [cell.source for cell in rebuild(release, [*own, answer]).notebook.cells]
