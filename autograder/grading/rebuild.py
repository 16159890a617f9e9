"""Rebuild: the notebook that is graded is the course's own, with a learner's answers put in.

Cells, ids, points, check cells and read-only text come from the release; of the submission only the text of answers
and of cells of the learner's own is used. So nothing in a submission's metadata, outputs or check cells can matter.
"""

import copy
from dataclasses import dataclass

OWN = "own"
PICTURE = "picture"


@dataclass(frozen=True)
class Rebuilt:
    """The notebook to grade, and what was mended in it, in words."""

    notebook: object
    notes: tuple[str, ...]


def rebuild(release, cells):
    """Put the answers and own cells of a submission into a copy of the release.

    release : the lab as students get it, an nbformat notebook
    cells : the submitted cells, as `intake` reads them

    An id that comes twice: the first text that is not blank is kept. A cell that is gone is put back; the answer in it
    stays empty. Code cells without a known id are the learner's own and follow the course's cell they stood behind.
    """
    places = {cell.metadata.nbgrader.grade_id: place for place, cell in enumerate(release.cells)}
    texts, own = {}, {}
    anchor = -1
    for cell in cells:
        if cell.grade_id in places:
            anchor = places[cell.grade_id]
            texts.setdefault(cell.grade_id, []).append(cell.source)
        elif cell.kind == "code" and cell.source.strip():
            own.setdefault(anchor, []).append(cell.source)
    notebook = copy.deepcopy(release)
    rebuilt = [_own_cell(source, -1, number) for number, source in enumerate(own.get(-1, []))]
    for place, cell in enumerate(notebook.cells):
        if is_answer(cell):
            cell.source = _answer(texts.get(grade_id(cell), []), cell.source)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        rebuilt.append(cell)
        rebuilt += [_own_cell(source, place, number) for number, source in enumerate(own.get(place, []))]
    notebook.cells = rebuilt
    return Rebuilt(notebook, tuple(_notes(release, texts)))


def grade_id(cell):
    """Return the nbgrader id of a rebuilt cell; None for a learner's own."""
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def is_answer(cell):
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_check(cell):
    return bool(cell.metadata.get("nbgrader", {}).get("grade"))


def is_picture(cell):
    return PICTURE in cell.metadata.get("tags", [])


def is_own(cell):
    return OWN in cell.metadata.get("tags", [])


def exercise_of(cell):
    """Return the name of the exercise that an answer or check cell belongs to."""
    return grade_id(cell).removeprefix("check_")


def _answer(texts, stub):
    written = [text for text in texts if not _blank(text, stub)]
    return (written or texts or [""])[0]


def _blank(text, stub):
    return not text.strip() or "".join(text.split()) == "".join(stub.split())


def _own_cell(source, place, number):
    from nbformat.v4 import new_code_cell

    return new_code_cell(source, id=f"own-{place + 1}-{number + 1}", metadata={"tags": [OWN]})


def _notes(release, texts):
    if not texts:
        yield "the notebook holds no cell of this lab"
        return
    for cell in release.cells:
        name, found = grade_id(cell), texts.get(grade_id(cell), [])
        code = cell.cell_type == "code" and not is_picture(cell)
        if len(found) > 1:
            kept = "the first that is not blank was kept" if is_answer(cell) else "the course's own was used"
            yield f"the cell {name} came {len(found)} times; {kept}"
        if not found and code:
            yield f"the cell {name} was deleted; " + ("it counts as empty" if is_answer(cell) else "it was put back")
        elif code and not is_answer(cell) and any(text.strip() != cell.source.strip() for text in found):
            yield f"the cell {name} was changed; the course's own was used"
