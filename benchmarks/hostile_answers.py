"""Submissions of strangers who mean no good, for any lab: what each does, and what it must come to.

A few of each kind that `tests/autograder/hostile` tries by the dozen on lab 03. One exercise has the bad answer, and
the others the right ones, so that their points must stand.
"""

import copy
import inspect
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from autograder.grading.sample import doubled, without

STOPPED = ("timeout", "memory", "killed", "crashed")
LOOP = "\nwhile True:\n    pass\n"
ALWAYS_EQUAL = """
class Right(float):
    def __eq__(self, other):
        return True
    __ne__ = __lt__ = __gt__ = lambda self, other: False
    __array__ = __len__ = __iter__ = lambda self, *_: (_ for _ in ())
    shape = dtype = property(lambda self: self)
"""
PATCHES = """
import builtins, sys
np.testing.assert_allclose = np.testing.assert_array_equal = np.allclose = lambda *_, **__: True
builtins.all = lambda *_: True
sys.modules["autograder.checking.judge"] = sys.modules["numpy"]
def check(name, function):
    print("right, all points")
"""
SEARCHES = """
import glob, os
for place in ("..", "../..", "/", "/home", "/root", "/tmp", os.path.expanduser("~")):
    found = [*glob.glob(place + "/solutions/*/*.ipynb"), *glob.glob(place + "/*/gradebook.db")]
    for path in found:
        exec("".join(__import__("json").load(open(path))["cells"][-1]["source"]))
try:
    print(open("/etc/shadow").read())
except OSError as error:
    print(error)
"""
CONNECTS = """
import socket
for place in (("127.0.0.1", 22), ("1.1.1.1", 53), ("localhost", 8888)):
    try:
        socket.create_connection(place, timeout=1)
        raise SystemExit("connected")
    except OSError as error:
        print(error)
"""
FILLS = """
try:
    with open("large", "wb") as file:
        for _ in range(200):
            file.write(bytes(1_000_000))
except OSError as error:
    print(error)
"""
MARKUP = """
from IPython.display import HTML, display
print("<script>alert(1)</script><img src=x onerror=alert(1)> \\x1b[31m\\u202e =cmd|' /C calc'!A0")
display(HTML("<script>alert(1)</script>"))
"""


@dataclass(frozen=True)
class Hostile:
    """A bad submission.

    what : what it does, in a line
    answer : of the exercise and its right answer the text of the answer cell
    notebook : of the right notebook, as JSON, and the exercise's name another one
    content : of the bytes of the right notebook what is written in its place
    files : writes what is handed in instead, given the lab's folder, the notebook's name and the bytes
    outcomes : the words of which one must come
    keeps : whether the exercise keeps its points; None where chance decides
    refused : whether nothing is run, and no exercise gets points
    """

    what: str
    answer: Callable | None = None
    notebook: Callable | None = None
    content: Callable | None = None
    files: Callable | None = None
    outcomes: tuple = ("graded",)
    keeps: bool | None = True
    refused: bool = False


def _before(code):
    return lambda exercise, right: code + "\n" + right


def _behind(code):
    return lambda exercise, right: right + "\n" + code


def _body(*lines):
    """An answer whose function does this."""
    body = "".join(f"    {line}\n" for line in lines)
    return lambda exercise, right: f"def {exercise.name}{inspect.signature(exercise.reference)}:\n{body}"


def _calls_itself(exercise, right):
    return f"def {exercise.name}(*given):\n    return {exercise.name}(*given)\n"


def _refused(what, outcome="unreadable", **how):
    return Hostile(what, outcomes=(outcome,), keeps=False, refused=True, **how)


def _with_more_points(notebook, name):
    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader", {})
        if "points" in marks:
            marks["points"] = 1000
            cell["metadata"]["tags"] = ["skip-execution", "raises-exception"]
    return notebook


def _noisy(notebook, name):
    notebook = copy.deepcopy(notebook)
    page = {"output_type": "display_data", "data": {"text/html": "<b>" * 4_000_000}, "metadata": {}}
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")["outputs"] = [page]
    return notebook


def _twice(notebook, name):
    return doubled(notebook, name, before=f"def {name}(*_, **__):\n    return None\n")


def _zipped(content):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("lab.ipynb", content)
    return archive.getvalue()


HOSTILE = {
    "endless-loop": Hostile("a cell without end", _behind(LOOP), outcomes=("timeout",), keeps=False),
    "endless-call": Hostile(
        "a function without end", _body("while True:", "    pass"), outcomes=("timeout",), keeps=False
    ),
    "sleeps": Hostile(
        "sleeps for years", _behind("import time\ntime.sleep(10**9)"), outcomes=("timeout",), keeps=False
    ),
    "takes-all-memory": Hostile(
        "takes all memory",
        _body("kept = []", "while True:", "    kept.append(bytearray(b'1') * 2**26)"),
        outcomes=("graded", *STOPPED),
        keeps=False,
    ),
    "ends-its-kernel": Hostile(
        "ends its kernel", _behind("import os\nos._exit(1)"), outcomes=("crashed",), keeps=False
    ),
    "leaves": Hostile("asks its kernel to end", _behind("exit()"), outcomes=("crashed",), keeps=False),
    "reads-address-zero": Hostile(
        "breaks its process", _body("import ctypes", "return ctypes.string_at(0)"), outcomes=("crashed",), keeps=False
    ),
    "calls-itself": Hostile("calls itself without end", _calls_itself, outcomes=("graded", "crashed"), keeps=False),
    "a-million-lines": Hostile(
        "prints a million lines",
        _behind("for number in range(10**6):\n    print(number)"),
        outcomes=("graded", "output-limit", "timeout"),
        keeps=None,
    ),
    "one-long-line": Hostile(
        "prints 60 MB in a line",
        _before("print('x' * 60_000_000)"),
        outcomes=("graded", "output-limit"),
        keeps=None,
    ),
    "always-equal": Hostile(
        "answers with what is equal to everything",
        lambda exercise, right: f"{ALWAYS_EQUAL}\ndef {exercise.name}(*_, **__):\n    return Right()\n",
        keeps=False,
    ),
    "patches": Hostile("replaces what compares", _before(PATCHES)),
    "searches": Hostile("looks for solutions and secrets", _before(SEARCHES)),
    "connects": Hostile("looks for a network", _before(CONNECTS)),
    "fills-the-disk": Hostile("writes 200 MB", _behind(FILLS)),
    "markup": Hostile("prints what a page or a terminal may run", _behind(MARKUP)),
    "asks-for-input": Hostile("asks for input", _body("return float(input('How much? '))"), keeps=False),
    "more-points": Hostile("raises its points and skips the checks", notebook=_with_more_points),
    "no-check": Hostile("hands in no check", notebook=lambda notebook, name: without(notebook, f"check_{name}")),
    "one-id-twice": Hostile("two cells of one id, the first one wrong", notebook=_twice),
    "large-outputs": Hostile("holds 12 MB of outputs", notebook=_noisy),
    "cut-off": _refused("half a notebook", content=lambda content: content[: len(content) // 2]),
    "empty": _refused("no byte", content=lambda content: b""),
    "a-list": _refused("JSON that is no notebook", content=lambda content: b"[]"),
    "not-utf-8": _refused("bytes that are no text", content=lambda content: content.replace(b"import", b"\xe9", 1)),
    "link": _refused(
        "a link to a file of the system",
        files=lambda folder, name, content: os.symlink("/etc/passwd", folder / name),
    ),
    "pipe": _refused("a pipe that nobody writes to", files=lambda folder, name, content: os.mkfifo(folder / name)),
    "zip-bomb": _refused(
        "128 MB of zeros in a small archive",
        files=lambda folder, name, content: (folder / "lab.zip").write_bytes(_zipped(bytes(2**27))),
    ),
    "no-notebook": _refused(
        "hands in a letter",
        "missing",
        files=lambda folder, name, content: (folder / "letter.docx").write_bytes(b"Dear all"),
    ),
    "zip": Hostile(
        "hands in an archive",
        files=lambda folder, name, content: (folder / "lab.zip").write_bytes(_zipped(content)),
    ),
}
