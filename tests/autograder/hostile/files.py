"""Files that are handed in: catalogue 42, 44, 46-50 and 58."""

import io
import json
import os
import stat
import zipfile

from tests.autograder.hostile.entry import FULL, LAB, NOTHING, RIGHT, Entry, lost

NAME = f"{LAB.name}.ipynb"

SHADOW = "open('@TMP@/hostile-mark', 'w')\nraise ImportError('this file was run')\n"

CONFIGURATION = (
    "c = get_config()\nopen('@TMP@/hostile-mark', 'w')\nc.CourseDirectory.db_url = 'sqlite:////tmp/hostile-mark'\n"
)

SHADOWS = ("numpy.py", "sitecustomize.py", "usercustomize.py", "json.py", "reformer.py", "autograder.py", "conftest.py")

CONFIGURATIONS = (
    "nbgrader_config.py",
    "jupyter_config.py",
    "ipython_config.py",
    ".ipython/profile_default/startup/a.py",
)

SHADOWS_BY_ITSELF = """
import os
for name in ("numpy", "json", "random", "autograder", "probe", "traceback", "base64"):
    with open(name + ".py", "w") as file:
        file.write("def __getattr__(name):\\n    return lambda *a, **k: 14.0\\n")
os.makedirs("numpy", exist_ok=True)
open("sitecustomize.py", "w").write("raise SystemExit")
"""


def other_files(folder, content, told):
    """The notebook, and beside it files that Python, pytest, Jupyter and nbgrader would read elsewhere."""
    (folder / NAME).write_bytes(content)
    for name in (*SHADOWS, *CONFIGURATIONS):
        text = SHADOW if name in SHADOWS else CONFIGURATION
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text.replace("@TMP@", told["@TMP@"]), "utf-8")
    (folder / "evil.pth").write_text(f"import os; open('{told['@TMP@']}/hostile-mark', 'w')\n", "utf-8")


def link_to(target):
    """A link in the notebook's place."""

    def files(folder, content, told):
        os.symlink(told.get(target, target), folder / NAME)

    return files


def linked_folder(folder, content, told):
    """A link in the place of the lab's folder, to one that holds a right notebook."""
    folder.rmdir()
    os.symlink(told["@LINKED@"], folder)


def links_inside(folder, content, told):
    """A right notebook, and links beside it to what is none of the student's."""
    (folder / NAME).write_bytes(content)
    for number, target in enumerate(("/etc/passwd", told["@HOME@"], "/", "loop", told["@SECRET@"], "/dev/zero")):
        os.symlink(target, folder / f"link-{number}.ipynb")
    os.symlink("loop", folder / "loop")


def hard_link(folder, content, told):
    """A second name of a file that somebody else has."""
    os.link(os.path.join(told["@LINKED@"], NAME), folder / NAME)


def pipe(folder, content, told):
    os.mkfifo(folder / NAME)


def device(folder, content, told):
    """The device that gives zeros for ever, where the user may make one, else a link to it."""
    try:
        os.mknod(folder / NAME, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except OSError:
        os.symlink("/dev/zero", folder / NAME)


def folder_as_notebook(folder, content, told):
    (folder / NAME).mkdir()


def nothing(folder, content, told):
    """A folder without a file."""


def named(*names):
    """The notebook under other names, in the lab's folder or where a path leads from there."""

    def files(folder, content, told):
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)

    return files


def zipped(*names, large=0, outer=""):
    """A zip archive that holds the notebook by these names; with `large` zeros; in another archive."""

    def files(folder, content, told):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                with archive.open(name, "w", force_zip64=True) as file:
                    if not large:
                        file.write(content)
                    for _ in range(large // 2**20):
                        file.write(bytes(2**20))
        inner = packed.getvalue()
        if outer:
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr(outer, inner)
        (folder / f"{LAB.name}.zip").write_bytes(packed.getvalue())

    return files


def blank_and_copy(folder, content, told):
    """The right notebook as its copy; under the right name one that is blank."""
    notebook = json.loads(content)
    (folder / f"{LAB.name}-Copy1.ipynb").write_bytes(content)
    for cell in notebook["cells"]:
        if cell["metadata"]["nbgrader"]["grade_id"] in FULL:
            cell["source"] = ""
    (folder / NAME).write_text(json.dumps(notebook), "utf-8")


def as_json(change):
    """A `content` that changes the notebook as a dict and writes whatever comes back."""
    return lambda content: json.dumps(change(json.loads(content))).encode()


def with_field(name, text):
    """A `content` with a field before all others, given as JSON text."""
    return lambda content: b'{"%s": %s, ' % (name.encode(), text.encode()) + content.lstrip()[1:]


def many_cells(n):
    def change(notebook):
        own = {"cell_type": "code", "metadata": {}, "source": "x = 1", "outputs": [], "execution_count": None}
        return {**notebook, "cells": [*notebook["cells"], *([own] * n)]}

    return as_json(change)


def with_outputs(n_bytes):
    def change(notebook):
        html = {"output_type": "display_data", "data": {"text/html": "x" * n_bytes}, "metadata": {}}
        for cell in notebook["cells"]:
            if cell["metadata"]["nbgrader"]["grade_id"] == "imports":
                cell["outputs"] = [html]
        return notebook

    return as_json(change)


def unreadable(number, name, what, *, content=None, files=None, says=(), outcome="unreadable", long=False):
    """A submission of which nothing is run."""
    return Entry(
        number, name, what, content=content, files=files, outcome=outcome, points=NOTHING, says=says, long=long
    )


FORMS = {  # what stands in the notebook's place: the change, the outcome, words, whether `make test` tries it
    "a-list": (lambda content: b"[]", "unreadable", "not a notebook", False),
    "empty-object": (lambda content: b"{}", "unreadable", "not a notebook", True),
    "null": (lambda content: b"null", "unreadable", "not a notebook", False),
    "a-number": (lambda content: b"9" * 100_000, "unreadable", "not a notebook", False),
    "cells-null": (as_json(lambda notebook: {**notebook, "cells": None}), "unreadable", "no cells", False),
    "cells-of-numbers": (as_json(lambda notebook: {**notebook, "cells": [1, 2]}), "unreadable", "is not a cell", False),
    "source-of-numbers": (
        as_json(lambda notebook: {**notebook, "cells": [{**notebook["cells"][0], "source": [1]}]}),
        "unreadable",
        "has no text",
        False,
    ),
    "format-3": (lambda content: b'{"nbformat": 3, "worksheets": [{"cells": []}]}', "unreadable", "format 3", False),
    "worksheets-in-4": (lambda content: b'{"nbformat": 4, "worksheets": []}', "unreadable", "no cells", False),
    "format-99": (as_json(lambda notebook: {**notebook, "nbformat": 99}), "unreadable", "format 99", False),
    "format-of-text": (as_json(lambda notebook: {**notebook, "nbformat": "4"}), "unreadable", "format", False),
    "nested": (with_field("x", "[" * 100_000 + "]" * 100_000), "unreadable", "nested too deep", True),
    "nested-objects": (with_field("x", '{"a":' * 100_000 + "1" + "}" * 100_000), "unreadable", "nested", False),
    "brackets": (with_field("x", "[" + "[]," * 3_000_000 + "[]]"), ("unreadable", "graded"), "", False),
    "long-number": (with_field("nbformat_minor", "9" * 1_000_000), ("unreadable", "graded"), "", False),
    "too-many-cells": (many_cells(20_000), "unreadable", "cells", False),
}

LOAD = {  # right notebooks in an odd form, all of which are worth their points
    "byte-order-mark": (lambda content: b"\xef\xbb\xbf" + content, True),
    "windows-line-ends": (lambda content: content.replace(b"\\n", b"\\r\\n"), False),
    "not-a-number-in-ids": (
        lambda content: content.replace(b'"nbformat_minor": 5', b'"nbformat_minor": NaN, "x": [Infinity, -Infinity]'),
        False,
    ),
    "same-id-for-all-cells": (
        as_json(lambda notebook: {**notebook, "cells": [{**cell, "id": "a"} for cell in notebook["cells"]]}),
        False,
    ),
    "fields-twice": (with_field("cells", "[]"), False),
    "large-outputs": (with_outputs(12_000_000), False),
    "half-characters": (
        lambda content: content.replace(b"import numpy as np", b"import numpy as np  # \\ud800"),
        False,
    ),
    "many-own-cells": (many_cells(1_500), False),
}

ENTRIES = [
    Entry(42, "shadows", "files that other programs would run", files=other_files),
    Entry(
        42,
        "shadows-by-itself",
        "the notebook writes such files where it runs, and then ends its kernel",
        answers={
            "angular_hash": SHADOWS_BY_ITSELF + RIGHT["angular_hash"],
            "offset_rounds": "import os\nos._exit(1)",
        },
        outcome="crashed",
        points=lost("offset_rounds"),
        long=True,
    ),
    unreadable(44, "link", "a link to a file of the system", files=link_to("/etc/passwd"), says=("link",)),
    unreadable(
        44,
        "link-to-a-right-one",
        "a link to somebody's notebook",
        files=link_to("@NOTEBOOK@"),
        says=("link",),
        long=True,
    ),
    unreadable(44, "link-to-itself", "a link that leads nowhere", files=link_to(NAME), says=("link",), long=True),
    unreadable(44, "linked-folder", "a link to somebody's folder", files=linked_folder, says=("link",), long=True),
    unreadable(44, "hard-link", "a second name of somebody's notebook", files=hard_link, says=("second name",)),
    unreadable(44, "pipe", "a pipe that nobody writes to", files=pipe, says=("not a file",)),
    unreadable(44, "device", "zeros without end", files=device, long=True),
    unreadable(
        44,
        "folder-as-notebook",
        "a folder with a notebook's name",
        files=folder_as_notebook,
        outcome=("unreadable", "missing"),
        long=True,
    ),
    Entry(44, "links-beside", "a right notebook, and links to everything", files=links_inside, long=True),
    unreadable(46, "zip-bomb", "1 GB of zeros in a small archive", files=zipped(NAME, large=2**30), says=("bomb",)),
    unreadable(
        46,
        "zip-in-zip",
        "an archive in an archive",
        files=zipped(NAME, outer="lab.zip"),
        says=("archive",),
        outcome=("unreadable", "missing", "wrong-name"),
        long=True,
    ),
    unreadable(
        46,
        "zip-that-leads-out",
        "an archive with ../ in its names",
        files=zipped(f"../../{NAME}"),
        says=("archive",),
        long=True,
    ),
    Entry(46, "zip", "a right notebook in an archive", files=zipped(NAME), says=("archive",), long=True),
    unreadable(
        47,
        "cut-off",
        "half of a notebook",
        content=lambda content: content[: len(content) // 2],
        says=("not a notebook",),
    ),
    unreadable(
        47,
        "cut-off-in-a-character",
        "cut within a character",
        content=lambda content: content[:-3] + b"\xe2\x80",
        long=True,
    ),
    unreadable(48, "empty", "no byte", content=lambda content: b"", says=("empty",)),
    unreadable(48, "blanks", "blanks only", content=lambda content: b" \n" * 1000, says=("empty",), long=True),
    unreadable(
        48,
        "latin-1",
        "not UTF-8",
        content=lambda content: content.replace(b"import numpy", b"# \xe9\\nimport numpy"),
        says=("UTF-8",),
    ),
    unreadable(
        48, "utf-16", "UTF-16", content=lambda content: content.decode().encode("utf-16"), says=("UTF-8",), long=True
    ),
    unreadable(
        48, "binary", "a picture", content=lambda content: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, long=True
    ),
    *(
        unreadable(
            49, f"form-{name}", "JSON that is no notebook", content=make, outcome=outcome, says=(say,), long=not soon
        )
        for name, (make, outcome, say, soon) in FORMS.items()
        if outcome == "unreadable"
    ),
    *(
        Entry(
            49,
            f"form-{name}",
            "a notebook with something giant in it",
            content=make,
            outcome=outcome,
            points={exercise: (0, points) for exercise, points in FULL.items()},
            long=not soon,
        )
        for name, (make, outcome, _, soon) in FORMS.items()
        if outcome != "unreadable"
    ),
    *(
        Entry(48 if "mark" in name else 49, name, "a right notebook in an odd form", content=make, long=not soon)
        for name, (make, soon) in LOAD.items()
    ),
    Entry(
        50,
        "wrong-name",
        "a notebook of another name",
        files=named("lab three (1).ipynb"),
        says=("it was known by its cells",),
    ),
    Entry(50, "as-text", "a browser saved it as text", files=named(NAME + ".txt"), says=("ipynb.txt",), long=True),
    Entry(50, "nested-twice", "in a folder within the folder", files=named(f"{LAB.name}/{NAME}"), long=True),
    unreadable(50, "missing", "an empty folder", files=nothing, outcome="missing", says=("no notebook was handed in",)),
    unreadable(
        50, "essay", "another file", files=named("essay.docx"), outcome="missing", says=("essay.docx",), long=True
    ),
    Entry(
        58,
        "copy-is-right",
        "a blank notebook under the right name, and a right one as its copy",
        files=blank_and_copy,
        says=("-Copy1.ipynb", "nothing is written in it"),
    ),
    Entry(58, "two-of-one", "the right notebook twice", files=named(NAME, "old/" + NAME), says=("old",), long=True),
]
