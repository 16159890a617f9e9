"""Notebooks that were tampered with: catalogue 32-36 and 43. What counts is the text of answers and own cells."""

import copy

from tests.autograder.hostile.entry import FULL, NOTHING, RIGHT, WRONG, Entry, cells_of, changed, lost, own_cell

TAGS = ["skip-execution", "raises-exception", "picture", "own", "remove-cell", "hide-input"]
FORGED_CHECK = "check = lambda *asked: 14.0\nscore = max_score = 14\nprint('14 of 14 points')\n14.0"
FIRST_HALF = "def angular_hash(vectors, rotations):\n    return bucket_of(vectors[..., None, :, :] @ rotations)\n"
SECOND_HALF = "def bucket_of(y):\n    return np.argmax(np.append(y, -y, -1), -1)\n"


@changed
def tagged(notebook):
    for cell in notebook["cells"]:
        cell["metadata"]["tags"] = TAGS
        cell["metadata"].update(deletable=False, editable=False, collapsed=True, jupyter={"source_hidden": True})


@changed
def points_raised(notebook):
    for cell in notebook["cells"]:
        marks = cell["metadata"]["nbgrader"]
        marks.update(points=1000, locked=False, task=True, schema_version=99, checksum="0" * 32)
        marks["grade"], marks["solution"] = marks["solution"], marks["grade"]


@changed
def kinds_changed(notebook):
    for name in FULL:
        for cell in cells_of(notebook, f"check_{name}"):
            cell["cell_type"] = "markdown"
        for cell in cells_of(notebook, name):
            cell["cell_type"] = "raw"


@changed
def checks_edited(notebook):
    for name in FULL:
        for cell in cells_of(notebook, f"check_{name}"):
            cell["source"] = FORGED_CHECK
    cells_of(notebook, "imports")[0]["source"] = "import numpy as np\n" + FORGED_CHECK


@changed
def checks_deleted(notebook):
    keep = set(FULL)
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["metadata"]["nbgrader"]["grade_id"] in keep]


@changed
def turned_over(notebook):
    notebook["cells"].reverse()


@changed
def ids_renamed(notebook):
    for name in FULL:
        for cell in cells_of(notebook, name):
            cell["metadata"]["nbgrader"]["grade_id"] = cell["id"] = f"my_{name}"


@changed
def ids_swapped(notebook):
    (first,), (second,) = cells_of(notebook, "angular_hash"), cells_of(notebook, "offset_rounds")
    first["metadata"], second["metadata"] = second["metadata"], first["metadata"]
    first["id"], second["id"] = second["id"], first["id"]


@changed
def one_id_for_all(notebook):
    for cell in notebook["cells"]:
        cell["metadata"]["nbgrader"]["grade_id"] = "angular_hash"


def twice(name, first, second):
    """The cell of an id twice, with these texts."""

    def change(notebook):
        (cell,) = cells_of(notebook, name)
        place = notebook["cells"].index(cell)
        again = copy.deepcopy(cell)
        cell["source"], again["source"] = first, second
        notebook["cells"].insert(place + 1, again)

    return changed(change)


def without_answer(name, *own):
    """The answer cell deleted, and own cells with these texts in its place."""

    def change(notebook):
        (cell,) = cells_of(notebook, name)
        place = notebook["cells"].index(cell)
        notebook["cells"][place : place + 1] = [own_cell(source, number) for number, source in enumerate(own)]

    return changed(change)


def with_metadata(**more):
    return changed(lambda notebook: notebook["metadata"].update(more))


def with_fields(**more):
    return changed(lambda notebook: notebook.update(more))


EVIL_KERNEL = {
    "name": "../../../../tmp/hostile-mark",
    "display_name": "<b>evil</b>",
    "argv": ["sh", "-c", "touch @TMP@/hostile-mark"],
    "env": {"PYTHONSTARTUP": "@TMP@/hostile-mark", "LD_PRELOAD": "./evil.so"},
    "language": "bash",
}

ENTRIES = [
    Entry(32, "tagged", "tags that skip cells, or allow errors, and the course's own tags", notebook=tagged, long=True),
    Entry(
        32,
        "tagged-and-wrong",
        "the same, with a wrong answer",
        answers={"offset_rounds": WRONG["offset_rounds"]},
        notebook=tagged,
        points=lost("offset_rounds"),
    ),
    Entry(
        33,
        "points-raised",
        "a thousand points, flags of grades and solutions flipped, one answer wrong",
        answers={"offset_rounds": WRONG["offset_rounds"]},
        notebook=points_raised,
        points=lost("offset_rounds"),
    ),
    Entry(33, "kinds-changed", "checks are text, answers are raw", notebook=kinds_changed, long=True),
    Entry(
        34,
        "checks-edited",
        "checks that say what they like",
        answers={"offset_rounds": WRONG["offset_rounds"]},
        notebook=checks_edited,
        points=lost("offset_rounds"),
        says=("the cell check_offset_rounds was changed; the course's own was used", "the cell imports was changed"),
    ),
    Entry(
        34,
        "checks-deleted",
        "everything but the answers is gone",
        notebook=checks_deleted,
        says=("the cell check_chance_to_meet was deleted; it was put back",),
        long=True,
    ),
    Entry(34, "turned-over", "the cells from last to first", notebook=turned_over, long=True),
    Entry(
        34,
        "ids-renamed",
        "answers with other ids",
        notebook=ids_renamed,
        says=("the cell angular_hash was deleted; the function stands in another cell",),
        long=True,
    ),
    Entry(
        34,
        "ids-swapped",
        "two answers with each other's ids: one comes too late",
        notebook=ids_swapped,
        points=lost("angular_hash"),
        says=("there is no function called angular_hash",),
        long=True,
    ),
    Entry(
        35,
        "wrong-then-right",
        "two cells with one id: the last counts",
        notebook=twice("offset_rounds", WRONG["offset_rounds"], RIGHT["offset_rounds"]),
        says=("the cell offset_rounds came 2 times",),
    ),
    Entry(
        35,
        "right-then-wrong",
        "two cells with one id: the last counts",
        notebook=twice("offset_rounds", RIGHT["offset_rounds"], WRONG["offset_rounds"]),
        points=lost("offset_rounds"),
        says=("the cell offset_rounds came 2 times",),
        long=True,
    ),
    Entry(
        35,
        "split",
        "an answer in two cells with one id",
        notebook=twice("angular_hash", SECOND_HALF, FIRST_HALF),
        says=("the cell angular_hash came 2 times",),
        long=True,
    ),
    Entry(
        35,
        "check-twice",
        "a check that comes twice, the second time before its answer",
        notebook=twice("check_offset_rounds", FORGED_CHECK, FORGED_CHECK),
        says=("the cell check_offset_rounds came 2 times",),
        long=True,
    ),
    Entry(
        35,
        "one-id-for-all",
        "every cell has the same id",
        notebook=one_id_for_all,
        outcome=("graded", "blank"),
        points={name: (0, points) for name, points in FULL.items()},
        says=("the cell angular_hash came",),
        long=True,
    ),
    Entry(
        36,
        "answer-deleted",
        "an answer cell is deleted",
        notebook=without_answer("chance_to_meet"),
        outcome=("graded",),
        points=lost("chance_to_meet"),
        says=("the cell chance_to_meet was deleted; it counts as empty",),
    ),
    Entry(
        36,
        "answer-in-own-cells",
        "an answer cell is deleted, its function stands in two cells of the student's own",
        notebook=without_answer("angular_hash", SECOND_HALF, FIRST_HALF),
        says=("the cell angular_hash was deleted; the function stands in another cell",),
        long=True,
    ),
    Entry(
        36,
        "all-answers-deleted",
        "no answer cell, no code",
        notebook=changed(lambda notebook: [notebook["cells"].remove(cells_of(notebook, name)[0]) for name in FULL]),
        outcome="blank",
        points=NOTHING,
        long=True,
    ),
    Entry(43, "evil-kernel", "a kernel of its own", notebook=with_metadata(kernelspec=EVIL_KERNEL)),
    *(
        Entry(43, f"kernel-{name}", "a notebook for another kernel", notebook=make, long=True)
        for name, make in (
            ("of-r", with_metadata(kernelspec={"name": "ir", "language": "R"}, language_info={"name": "R"})),
            ("unknown", with_metadata(kernelspec=None, language_info=[1, 2])),
            ("metadata-is-a-list", with_fields(metadata=["kernelspec"])),
            ("minor-format", with_fields(nbformat_minor="x", more={"a": [1]})),
        )
    ),
]
