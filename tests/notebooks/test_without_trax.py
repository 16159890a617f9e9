"""Lesson 08 on a machine without Trax: cells marked so are passed over, and a sentence says how to install it."""

import pytest
from nbclient import NotebookClient

from tests.notebooks.notebook_files import LESSONS, read

HIDE_TRAX = """
import importlib.util
_find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *others: None if name == "trax" else _find(name, *others)
"""
(LESSON,) = [path for path in LESSONS if path.stem == "08_trax_chatbot"]


def is_marked(cell):
    return "trax" in cell.metadata.get("tags", [])


@pytest.fixture(scope="module")
def cells():
    """The cells as far as the last that needs Trax, run in a kernel that finds none."""
    notebook = read(LESSON)
    last = max(number for number, cell in enumerate(notebook.cells) if is_marked(cell))
    notebook.cells = notebook.cells[: last + 2]  # and one that stands beside it
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": LESSON.parent}}
    )
    with client.setup_kernel():
        client.kc.execute(HIDE_TRAX)
        for number, cell in enumerate(notebook.cells):
            client.execute_cell(cell, number)
    return notebook.cells


def test_one_sentence_says_what_is_left_out_and_the_rest_runs(cells):
    marked = [cell for cell in cells if is_marked(cell)]
    said = ["".join(output.get("text", "") for output in cell.outputs) for cell in marked]
    assert len(marked) > 5 and [text for text in said if text] == [said[0]]
    assert said[0].startswith("Left out: Trax ") and "`make trax`" in said[0]
    assert said[0].count("\n") == 1


def test_what_needs_trax_is_marked(cells):
    """A cell that was not marked ran here, so it needs none; and one that is marked says so in its first lines."""
    for cell in [cell for cell in cells if cell.cell_type == "code"]:
        if is_marked(cell):
            assert "trax" in cell.source
        else:
            assert "if trax" not in cell.source
