"""How notebooks are stored: without outputs, with an id for each cell, on the Python 3 kernel."""

import pytest

from tests.notebooks.notebook_files import GLOSSARY, LABS, LESSONS, MAP, ROOMS, SOLUTIONS, read


@pytest.mark.parametrize(
    "path", [*LESSONS, GLOSSARY, MAP, *ROOMS, *SOLUTIONS, *LABS], ids=lambda path: f"{path.parts[-2]}/{path.name}"
)
def test_a_notebook_is_stored_clean(path):
    notebook = read(path)
    assert notebook.metadata.kernelspec.name == "python3"
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in notebook.cells)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_every_solution_has_its_lab_and_there_are_lessons():
    assert LESSONS and SOLUTIONS
    assert [lab.name for lab in LABS] == [solution.name for solution in SOLUTIONS]
