"""Rebuild: the notebook that is graded is the course's own, with a learner's answers put in.

Cells, ids, points, check cells and read-only text come from the release; of the submission only the text of answers
and of cells of the learner's own is used. So nothing in a submission's metadata, outputs or check cells can matter.
"""

import copy
import re
from dataclasses import dataclass, field

from autograder.grading.reading import LEFT_OUT

OWN = "own"
PICTURE = "picture"
TOO_LATE = "the function stands in a cell below its check, too late to count; it belongs above it"
MOST_OWN = 200  # cells of a learner's own that are run
DEFINITION = re.compile(r"(?:async\s+)?(?:def|class)\s|import\s|from\s")
CHECK = re.compile(r"\s*check\(\s*[\"'](\w{1,80})[\"']\s*,\s*\w+\s*\)\s*")


@dataclass(frozen=True)
class Rebuilt:
    """The notebook to grade, and what was mended in it, in words."""

    notebook: object
    notes: tuple[str, ...]


def rebuild(release, cells):
    """Put the answers and own cells of a submission into a copy of the release.

    release : the lab as students get it, an nbformat notebook
    cells : the submitted cells, as `intake` reads them

    Cells that share an id are all run, in their order, and the last definition counts; those that nobody wrote in are
    left out where another was. A cell that is gone is put back; the answer in it stays empty. Code cells without a
    known id are the learner's own and follow the course's cell they stood behind; so does what a learner made of the
    imports.
    """
    handed_in = _sorted_in(release, cells)
    notebook = copy.deepcopy(release)
    rebuilt = _own_cells(handed_in.own.get(-1, []), -1)
    for place, cell in enumerate(notebook.cells):
        before, after = [], handed_in.own.get(place, [])
        if is_answer(cell):
            before, cell.source, more = _answer(handed_in.texts.get(grade_id(cell), []), cell.source)
            after = more + after
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        rebuilt += [*_own_cells(before, place, "before"), cell, *_own_cells(after, place)]
    notebook.cells = rebuilt
    return Rebuilt(notebook, tuple(_notes(release, handed_in)))


def known_as(cell, ids, texts=None):
    """Return which of the lab's ids a submitted cell has, or None.

    It is the nbgrader id; or else, where a platform has taken the metadata away, the cell's own id.

    texts : for a notebook that has neither: ids by the text of the course's cells, squeezed; a check's is known anyway
    """
    for name in (cell.grade_id, cell.cell_id):
        if name in ids:
            return name
    if texts is None:
        return None
    check = CHECK.fullmatch(cell.source[:300])
    if check and f"check_{check.group(1)}" in ids:
        return f"check_{check.group(1)}"
    return texts.get(squeezed(cell.source))


def texts_if_unmarked(cells, ids, texts):
    """Return `texts`, for `known_as`, where no cell is known by an id; else None."""
    return None if any(known_as(cell, ids) for cell in cells) else texts


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


def squeezed(text):
    """A text without its blanks and line ends, to compare by."""
    return "".join(text.split())


@dataclass
class _HandedIn:
    """What was handed in, by the course's cell it belongs to.

    texts : by a cell's id, its texts as `(text, False)`, and between those of an answer own cells as `(text, True)`
    own : by a cell's place, the texts of the own cells behind it; -1 is the beginning
    too_many : how many cells more there were than are run
    """

    texts: dict = field(default_factory=dict)
    own: dict = field(default_factory=dict)
    too_many: int = 0


def _sorted_in(release, cells):
    places = {grade_id(cell): place for place, cell in enumerate(release.cells)}
    texts = texts_if_unmarked(cells, places, {squeezed(cell.source): grade_id(cell) for cell in release.cells})
    names = [grade_id(cell) for cell in release.cells if is_answer(cell)]
    handed_in, anchor, waiting, extra, answers = _HandedIn(), -1, [], 0, 0
    for cell in cells:
        name = known_as(cell, places, texts)
        again = name in handed_in.texts
        if again or (name is None and cell.kind == "code" and cell.source.strip()):
            if answers < MOST_OWN and any(defines(answer, cell.source) for answer in names):
                answers += 1  # however many cells come before it
            else:
                extra += 1
                if extra > MOST_OWN:
                    continue
        if name is None:
            waiting += [cell.source] if cell.kind == "code" and cell.source.strip() else []
            continue
        place = places[name]
        if again and not is_answer(release.cells[place]):  # a copy, of which nothing is used
            handed_in.texts[name].append((cell.source, False))
            continue
        if again:  # own cells between two texts of an answer belong to it
            handed_in.texts[name] += [(text, True) for text in [*handed_in.own.pop(place, []), *waiting]]
            waiting = []
        handed_in.own.setdefault(anchor, []).extend(waiting)
        handed_in.texts.setdefault(name, []).append((cell.source, False))
        anchor, waiting = place, [cell.source] if _is_preparation(release.cells[place], cell) else []
    handed_in.own.setdefault(anchor, []).extend(waiting)
    handed_in.too_many = max(0, extra - MOST_OWN)
    return handed_in


def _is_preparation(cell, submitted):
    """Whether a learner changed a cell of the course so that answers may rest on it.

    That is one that prepares, such as the imports, or a check or a picture into which a definition was merged.
    """
    if cell.cell_type != "code" or is_answer(cell) or submitted.kind != "code":
        return False
    if is_check(cell) or is_picture(cell):
        course = cell.source.splitlines()
        return any(line not in course and DEFINITION.match(line) for line in submitted.source.splitlines())
    return squeezed(submitted.source) not in ("", squeezed(cell.source))


def _answer(texts, stub):
    """Return what is run before an answer cell, its own text, the last that is written, and what is run after it."""
    written = [(text, own) for text, own in texts if own or not _blank(text, stub)]
    answers = [index for index, (_, own) in enumerate(written) if not own]
    if not answers:
        first = next((text for text, own in texts if not own), "")
        return [], first, [text for text, _ in written]
    texts = [text for text, _ in written]
    return texts[: answers[-1]], texts[answers[-1]], texts[answers[-1] + 1 :]


def _blank(text, stub):
    return not text.strip() or squeezed(text) == squeezed(stub)


def _own_cells(sources, place, where="own"):
    from nbformat.v4 import new_code_cell

    made = [(f"{where}-{place + 1}-{number}", source) for number, source in enumerate(sources, start=1)]
    return [new_code_cell(source, id=cell_id, metadata={"tags": [OWN]}) for cell_id, source in made]


def _notes(release, handed_in):
    if not handed_in.texts:
        own = "; all were run as the student's own" if any(handed_in.own.values()) else ""
        yield f"no cell of the notebook could be told to be one of this lab{own}"
    else:
        for place, cell in enumerate(release.cells):
            if cell.cell_type == "code" and not is_picture(cell):
                yield from (
                    _notes_of_answer(release, place, handed_in) if is_answer(cell) else _notes_of(cell, handed_in)
                )
    if handed_in.too_many:
        yield f"of the cells of the student's own {handed_in.too_many} were left out; {MOST_OWN} are run"


def _notes_of(cell, handed_in):
    name, found = grade_id(cell), [text for text, _ in handed_in.texts.get(grade_id(cell), [])]
    if len(found) > 1:
        yield f"the cell {name} came {len(found)} times; the course's own was used"
    if not found:
        yield f"the cell {name} was deleted; it was put back"
    elif any(text.startswith(LEFT_OUT) for text in found):
        yield f"the cell {name} was too long to be read; the course's own was used"
    elif any(squeezed(text) != squeezed(cell.source) for text in found):
        behind = "" if is_check(cell) else ", and the changed one was run behind it"
        yield f"the cell {name} was changed; the course's own was used{behind}"


def _notes_of_answer(release, place, handed_in):
    cell = release.cells[place]
    name = grade_id(cell)
    texts = [text for text, own in handed_in.texts.get(name, []) if not own]
    written = [text for text in texts if not _blank(text, cell.source)]
    if len(texts) > 1:
        told = ("nothing is written in them", "the one that is written was used")
        all_run = "all that are written were run, and the last definition counts"
        yield f"the cell {name} came {len(texts)} times; {told[len(written)] if len(written) < 2 else all_run}"
    where = "" if written else _where_defined(name, release, handed_in)
    if not texts:
        yield f"the cell {name} was deleted; {where or 'it counts as empty'}"
    elif where:
        yield f"the cell {name} was left empty; {where}"


def defines(name, text):
    """Whether the text of a cell gives a meaning to a name, at the beginning of a line."""
    return bool(re.search(rf"^(?:(?:async\s+)?def\s+{name}\s*\(|{name}\s*=[^=])", text, re.MULTILINE))


def _where_defined(name, release, handed_in):
    """Say in which other cell a function is defined; "" where it is nowhere."""
    check = next(place for place, cell in enumerate(release.cells) if grade_id(cell) == f"check_{name}")
    places = {grade_id(cell): place for place, cell in enumerate(release.cells) if cell.cell_type == "code"}
    elsewhere = [(place, text) for place, texts in handed_in.own.items() for text in texts]
    answers = [other for other in handed_in.texts if other in places and is_answer(release.cells[places[other]])]
    elsewhere += [(places[other], text) for other in answers for text, _ in handed_in.texts[other] if other != name]
    found = [place for place, text in elsewhere if defines(name, text)]
    if not found:
        checks = [text for text, _ in handed_in.texts.get(f"check_{name}", [])]
        if any(defines(name, text) for text in checks):
            return "what stands in its check cell does not count"
        given = {grade_id(cell): squeezed(cell.source) for cell in release.cells}  # where tasks show the first line
        changed = [(other, text) for other, texts in handed_in.texts.items() for text, _ in texts]
        prose = [other for other, text in changed if squeezed(text) != given[other] and defines(name, text)]
        return f"the function stands in the cell {prose[0]}, which is no code and is not run" if prose else ""
    if min(found) < check:
        return "the function stands in another cell, which was run"
    return TOO_LATE
