"""Reading and running notebooks in tests: where they are, what is in them, and a fresh kernel without a network."""

import os
import re
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
# Writing token by token is a page beside unit 05: nothing needs it, so it has no number.
LESSONS = [*sorted((ROOT / "notebooks").glob("[0-9]*.ipynb")), ROOT / "notebooks" / "writing_token_by_token.ipynb"]
GLOSSARY = ROOT / "notebooks" / "glossary.ipynb"
MAP = ROOT / "notebooks" / "gallery" / "G0_map.ipynb"  # the first page of the gallery
ROOMS = sorted((ROOT / "notebooks" / "gallery").glob("G[1-8]_*.ipynb"))
SOLUTIONS = sorted((ROOT / "solutions").glob("*/*.ipynb"))
LABS = sorted((ROOT / "labs").glob("*/*.ipynb"))

_REFUSE_THE_NETWORK = """
import socket
def _refused(*arguments, **options):
    raise OSError("this notebook asked for the network")
socket.getaddrinfo = socket.gethostbyname = socket.create_connection = _refused
"""


def read(path):
    return nbformat.read(path, as_version=4)


def run(path, *, last=None, **variables):
    """Return the notebook at `path`, executed from top to bottom in a fresh kernel that finds no network.

    last : code of a cell to be run after all others
    variables : of the environment, for this kernel
    """
    notebook = read(path)
    notebook.cells += [nbformat.v4.new_code_cell(last)] if last else []
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}})
    with client.setup_kernel(env={**os.environ, **variables}):
        client.kc.execute(_REFUSE_THE_NETWORK)
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
    return notebook


def code_of(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def prose_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def prose_between_code(notebook):
    """Return the number of words of prose in front of each code cell."""
    counts, words = [], 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            counts.append(words)
            words = 0
        else:
            words += len(re.findall(r"\w[\w'’-]*", cell.source))
    return counts


def outputs_of(cell, mime):
    return [output.data[mime] for output in cell.outputs if mime in output.get("data", {})]
