"""Lies to the judge, and messages that no kernel sends: catalogue 25-31, and the stoppers of the grader's kernel talk."""

from tests.autograder.hostile.entry import (
    FULL,
    FUSE,
    NOTHING,
    RIGHT,
    STOPPED,
    Entry,
    cells_of,
    changed,
    lost,
    own_cell,
)

WRONG = {
    "angular_hash": "def angular_hash(vectors, rotations):\n    return np.full((len(rotations), len(vectors)), -1)\n",
    "offset_rounds": "def offset_rounds(buckets, n_buckets):\n    return buckets * 0 - 1\n",
    "collision_probability": "def collision_probability(angles, n_buckets):\n    return 2.0\n",
    "chance_to_meet": "def chance_to_meet(probability, n_rounds):\n    return probability * 0 - 1\n",
    "recall_and_cost": "def recall_and_cost(vectors, rotations, n_nearest):\n    return None\n",
}
PATCHES = """
import builtins, json, math, unittest
import numpy as np
yes = lambda *a, **k: True
for name in ("allclose", "array_equal", "isclose", "all", "any", "array_equiv"):
    setattr(np, name, yes)
for name in [name for name in dir(np.testing) if name.startswith("assert")]:
    setattr(np.testing, name, yes)
for name in [name for name in dir(unittest.TestCase) if name.startswith("assert")]:
    setattr(unittest.TestCase, name, yes)
math.isclose = yes
builtins.AssertionError = type("Never", (Exception,), {})
"""
PATCHED_BUILTINS = """
import builtins
builtins.all = builtins.any = builtins.isinstance = lambda *a, **k: True
builtins.len = lambda *a: 4
builtins.abs = lambda *a: 0
"""
CHECKS = """
import autograder, sys
def check(name, function):
    print("all questions are right")
    return 14.0
autograder.check = check
class Module(type(sys)):
    check = staticmethod(check)
sys.modules["autograder"].__class__ = Module
"""
TRANSFORMS = """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
    def visit_Expr(self, node):
        return ast.Expr(ast.Constant(14.0))
shell = get_ipython()
shell.ast_transformers.append(Drop())
shell.input_transformers_cleanup.append(lambda lines: [line.replace("assert", "#") for line in lines])
shell.input_transformers_post.append(lambda lines: ["14.0\\n"] if any("check(" in line for line in lines) else lines)
shell.events.register("pre_run_cell", lambda info: print("cell:", info.raw_cell[:40]))
shell.events.register("post_run_cell", lambda result: setattr(result, "result", 14.0))
shell.set_custom_exc((Exception,), lambda *a, **k: [])
shell.showtraceback = lambda *a, **k: None
"""
ALWAYS_EQUAL = """
class Equal:
    __hash__ = None
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array__(self, *a, **k): raise ValueError("not today")
    def __bool__(self): return True
    def __len__(self): return 2
def angular_hash(vectors, rotations):
    return Equal()
"""
LYING_ARRAY = """
class Lying(np.ndarray):
    def __array_ufunc__(self, ufunc, method, *inputs, **keywords): return np.array(True)
    def __array_function__(self, *a, **k): return True
    def __eq__(self, other): return np.array(True)
    def tobytes(self, *a): return b""
    @property
    def dtype(self): return np.dtype("O")
def offset_rounds(buckets, n_buckets):
    return np.full(buckets.shape, -1).view(Lying)
"""
LYING_NUMBERS = """
class Number(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    def __float__(self): return 0.5
    def __array__(self, *a, **k): return np.array(0.5)
def collision_probability(angles, n_buckets):
    return Number(7.0)
"""
ARRAY_INTERFACE = """
class Giant:
    __array_interface__ = {"shape": (2**40,), "typestr": "<f8", "data": (64, False), "version": 3}
class Rows(list):
    def __iter__(self): return iter(())
    def __len__(self): return 10**9
    def __eq__(self, other): return True
def chance_to_meet(probability, n_rounds):
    return [Giant(), Rows([1]), {"a": Rows([2])}]
"""
PICKLES = """
import os, pickle
class Run:
    def __reduce__(self): return (os.system, ("touch @TMP@/hostile-mark",))
def angular_hash(vectors, rotations):
    return np.array([Run(), pickle.dumps(Run())], dtype=object)
def _bytes():
    return pickle.dumps(Run())
"""
BYTES = "def offset_rounds(buckets, n_buckets):\n    return _bytes()\n"
RECORDS = "def collision_probability(angles, n_buckets):\n    return np.zeros(3, dtype=[('a', 'f8'), ('b', 'O')])\n"
DEEP = "def chance_to_meet(probability, n_rounds):\n    x = []\n    for _ in range(10**5):\n        x = [x]\n    return x\n"
LARGE = "def recall_and_cost(vectors, *more):\n    return np.zeros(30_000_000) if len(vectors) == 300 else None\n"
MOST_ALLOWED = LARGE.replace("30_000_000)", "1_500_000).tolist()")
SHARED = """
def chance_to_meet(probability, n_rounds):
    x = [0.0]
    for _ in range(6):
        x = [x] * 100
    return x
"""

# Replies made by hand: the probe's own way of answering is replaced, one forgery for each exercise.
FORGE = """
from autograder import probe
MIME = probe.MIME
class Forged:
    def __init__(self, content): self.content = content
    def __repr__(self): return ""
    def _repr_mimebundle_(self, **options): return {MIME: self.content}
def forged(name, *arguments, **keywords):
    return Forged(REPLIES[name])
probe.answer = forged
"""
MALFORMED = (
    FORGE
    + """
REPLIES = {
    "angular_hash": {"value": '{"array": {"dtype": "<f8", "shape": [1000000000, 1000000000], "data": ""}}'},
    "offset_rounds": {"value": '{"array": {"dtype": "|O", "shape": [1], "data": "gAN9"}}'},
    "collision_probability": {"value": "[" * 1_000_000},
    "chance_to_meet": {"value": "1" * 1_000_000},
    "recall_and_cost": {"value": '{"array": {"dtype": "<f8", "shape": [-1, -8], "data": "AAAAAAAAAAA="}}'},
}
"""
)
STRANGE = (
    FORGE
    + """
REPLIES = {
    "angular_hash": {"value": None, "score": 14, "right": True},
    "offset_rounds": {"value": '{"list": [' + '{"list": []},' * 200_000 + "null]}"},
    "collision_probability": {"value": {"value": 1.0}},
    "chance_to_meet": ["value", "1.0"],
    "recall_and_cost": {"value": '{"form": ["affine", []]}', "changed": "1"},
}
"""
)
LARGER_THAN_ALLOWED = (
    FORGE
    + """
REPLIES = {"recall_and_cost": {"value": "9" * 18_000_000}}
"""
)
ERRORS_MADE_UP = (
    FORGE
    + """
REPLIES = {
    "angular_hash": {"error": "NotImplementedError"},
    "offset_rounds": {"missing": True},
    "collision_probability": {"error": "infrastructure-error: the disk is full" + "x" * 1_000_000},
    "chance_to_meet": {"error": ""},
    "recall_and_cost": {"error": "\\x1b[2J\\u202e\\x07<script>alert(5)</script>"},
}
"""
)
# Messages sent past IPython, on the kernel's own sockets.
SENDER = """
import json, threading, time
kernel = get_ipython().kernel
session = kernel.session
def frames(kind, content, parent):
    header = session.msg(kind, parent=parent)["header"]
    parts = [json.dumps(part, default=str).encode() for part in (header, parent, {})]
    parts.append(content if isinstance(content, bytes) else json.dumps(content).encode())
    return [b"<IDS|MSG>", session.sign(parts), *parts]
def send(kind, content, parent=None):
    parent = parent or kernel.get_parent().get("header", {})
    kernel.iopub_socket.send_multipart([b"x", *frames(kind, content, parent)])
"""
OLD_ANSWERS = (
    SENDER
    + """
from IPython.display import display
from autograder import probe
first = []
real = probe.answer
def again(name, *arguments, **keywords):
    reply = real(name, *arguments, **keywords)
    first.append(reply)
    for content in ({"value": "0.5"}, {"value": "1.0"}):
        display({probe.MIME: content}, raw=True)
        for kind in ("execute_reply", "display_data", "execute_result"):
            send(kind, {"status": "ok", "user_expressions": {"answer": {"status": "ok", "data": {probe.MIME: content}}},
                        "data": {probe.MIME: content}, "metadata": {}})
    print(probe.MIME, '{"value": "0.5"}')
    return first[0]
probe.answer = again
def chance_to_meet(probability, n_rounds):
    return 3.0
"""
)
TWO_ANSWERS = (
    SENDER
    + """
from autograder import probe
real = probe.answer
def both(name, *arguments, **keywords):
    parent = kernel.get_parent()
    for words in ("0.5", "0.25"):
        content = {"status": "ok", "execution_count": 0, "payload": [], "user_expressions": {
            "answer": {"status": "ok", "data": {probe.MIME: {"value": words}}, "metadata": {}}}}
        try:
            session.send(kernel.shell_stream, "execute_reply", content, parent=parent, ident=kernel._shell_parent_ident)
        except Exception:
            pass
    return real(name, *arguments, **keywords)
probe.answer = both
def chance_to_meet(probability, n_rounds):
    return 3.0
"""
)
NO_IDLE = (
    SENDER
    + """
kernel._publish_status = lambda *a, **k: None
kernel._publish_status_and_flush = lambda *a, **k: None
real_send = session.send
def often(stream, kind, *arguments, **keywords):
    kind_of = kind.get("msg_type") if isinstance(kind, dict) else kind
    if kind_of == "status":
        return None
    sent = real_send(stream, kind, *arguments, **keywords)
    if kind_of == "execute_reply":
        def repeat():
            for _ in range(10**4):
                time.sleep(0.3)
                real_send(stream, kind, *arguments, **keywords)
        threading.Thread(target=repeat, daemon=True).start()
    return sent
session.send = often
"""
)
REPLIES_FOR_EVER = """
def drip():
    while True:
        time.sleep(0.2)
        send("stream", {"name": "stdout", "text": "."})
threading.Thread(target=drip, daemon=True).start()
"""
BRACKETS = (
    SENDER
    + """
send("stream", b'{"name": "stdout", "text": "", "x": [' + b"[]," * 13_000_000 + b"[]]}")
"""
)
BRACKETS_AS_ANSWER = (
    FORGE
    + """
REPLIES = dict.fromkeys(("angular_hash", "offset_rounds", "collision_probability", "chance_to_meet", "recall_and_cost"),
                        {"value": "1", "x": [[]] * 3_000_000})
"""
)
BROKEN_FRAMES = (
    SENDER
    + """
for content in (b"", b"[", b"null", b'"' + b"x" * 10**6, b"\\xff\\xfe", b"[" * 10**6, b"9" * 10**5, b'{"execution_state": 7}'):
    for kind in ("status", "stream", "error", "display_data"):
        send(kind, content)
kernel.iopub_socket.send_multipart([b""])
kernel.iopub_socket.send_multipart([b"a", b"b"])
kernel.iopub_socket.send_multipart([b"x" * 1000] * 1000)
send("stream", {"name": ["stdout"], "text": {"a": 1}})
send("error", {"ename": 3, "evalue": None, "traceback": [1, None, {}]})
send("stream", {"name": "stdout", "text": "x"}, parent={"msg_id": ["a"]})
"""
)
GIVES_UP = """
def _(): pass
import sys
get_ipython().kernel.shell.payload_manager.write_payload({"source": ["ask_exit"], "keepkernel": 7})
get_ipython().user_expressions = lambda *a: {"answer": 3}
"""
PUBLISHERS = """
import IPython, builtins, sys, types
shell = get_ipython()
shell.display_pub.publish = lambda *a, **k: None
shell.displayhook = lambda *a, **k: None
shell.display_formatter.format = lambda *a, **k: ({"text/plain": "14.0"}, {})
"""
NO_SHELL = """
import IPython, sys, types
IPython.get_ipython = lambda: types.SimpleNamespace(user_ns={"chance_to_meet": lambda p, n: 1 - (1 - p) ** n})
"""
FALSE_NUMPY = """
import sys, types
false = types.ModuleType("numpy")
false.ndarray = list
false.generic = float
sys.modules["numpy"] = false
sys.modules["json"] = types.ModuleType("json")
"""


def outputs(text):
    """Outputs as if the check had been run and were worth `text` points."""

    def change(notebook):
        for name in FULL:
            for cell in cells_of(notebook, f"check_{name}"):
                data = {"text/plain": text, "text/html": f"<b>{text}</b>"}
                result = {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": 3}
                cell["outputs"] = [result, {"output_type": "stream", "name": "stderr", "text": text}]
            for cell in cells_of(notebook, name):
                cell["source"] = WRONG[name] + f"\nfloat('{text}')"
        notebook["cells"].append(own_cell(f"float('{text}')"))

    return changed(change)


ANY_OF_LAST = tuple(range(FULL["recall_and_cost"] + 1))

ENTRIES = [
    Entry(25, "patches", "np.testing, unittest, AssertionError say yes", first=PATCHES, answers=WRONG, points=NOTHING),
    Entry(
        25,
        "patched-builtins",
        "all, any, isinstance, len and abs are replaced",
        answers={"chance_to_meet": PATCHED_BUILTINS + WRONG["chance_to_meet"]},
        outcome=("graded", *STOPPED),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
        long=True,
    ),
    Entry(25, "own-check", "another check", first=CHECKS, answers=WRONG, points=NOTHING, long=True),
    Entry(
        26,
        "transformers",
        "rewrites every later cell, and hides errors",
        answers={**WRONG, "angular_hash": WRONG["angular_hash"] + TRANSFORMS},
        points=NOTHING,
        outcome=("graded", *STOPPED),
    ),
    Entry(
        27,
        "always-equal",
        "objects, arrays and numbers that are equal to everything",
        answers={
            "angular_hash": ALWAYS_EQUAL,
            "offset_rounds": LYING_ARRAY,
            "collision_probability": LYING_NUMBERS,
            "chance_to_meet": ARRAY_INTERFACE,
        },
        points=lost("angular_hash", "offset_rounds", "collision_probability", "chance_to_meet"),
        outcome=("graded", *STOPPED),
    ),
    Entry(
        28,
        "objects",
        "pickles, bytes, records, a list 100,000 deep, 240 MB",
        answers={
            "angular_hash": PICKLES,
            "offset_rounds": BYTES,
            "collision_probability": RECORDS,
            "chance_to_meet": DEEP,
            "recall_and_cost": LARGE,
        },
        outcome=("graded", *STOPPED),
        points=NOTHING,
        says=("can be judged", "nested more than", "bytes; at most"),
    ),
    Entry(
        28,
        "large-answers",
        "as much as may be read, and a list that holds itself a million million times",
        answers={"recall_and_cost": MOST_ALLOWED, "chance_to_meet": SHARED},
        outcome=("graded", *STOPPED),
        points=lost("recall_and_cost", "chance_to_meet"),
        long=True,
    ),
    *(
        Entry(
            28,
            name,
            what,
            first=code,
            points=NOTHING,
            outcome=("graded", *STOPPED, "output-limit", "blank"),
            long=later,
        )
        for name, what, code, later in (
            (
                "malformed",
                "replies that declare giant, negative and object arrays, nested without end",
                MALFORMED,
                False,
            ),
            ("strange", "replies of other types and with other keys", STRANGE, False),
            ("larger-than-allowed", "replies of 18 MB", LARGER_THAN_ALLOWED, True),
            (
                "errors-made-up",
                "replies that blame the machine, and that say the answer is not written",
                ERRORS_MADE_UP,
                False,
            ),
            ("brackets-as-answer", "a reply that is small until it is parsed", BRACKETS_AS_ANSWER, True),
        )
    ),
    Entry(
        29,
        "old-answers",
        "sends its first answer again and again, and others by every way there is",
        answers={"chance_to_meet": OLD_ANSWERS},
        outcome=("graded", *STOPPED, "output-limit"),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
    ),
    Entry(
        29,
        "two-answers",
        "sends two answers before the right one",
        answers={"chance_to_meet": TWO_ANSWERS},
        outcome=("graded", *STOPPED),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
    ),
    Entry(62, "never-idle", "replies for ever, and never says that it is done", last=NO_IDLE),
    Entry(
        62,
        "never-idle-again",
        "the same for all later questions",
        answers={"chance_to_meet": WRONG["chance_to_meet"] + NO_IDLE},
        outcome=("graded", *STOPPED),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
        long=True,
    ),
    Entry(
        62,
        "drips",
        "never says that it is done, and prints a little for ever",
        answers={"chance_to_meet": WRONG["chance_to_meet"] + NO_IDLE + REPLIES_FOR_EVER},
        outcome=("graded", *STOPPED),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
        long=True,
    ),
    Entry(62, "brackets", "a message of 18 MB of empty lists", first=BRACKETS.replace("13_000_000", "6_000_000")),
    Entry(62, "more-brackets", "a message of 39 MB of empty lists", first=BRACKETS, long=True),
    Entry(62, "broken-frames", "messages that no kernel sends", first=BROKEN_FRAMES),
    Entry(62, "asks-to-exit", "payloads of other types", first=GIVES_UP, long=True),
    *(
        Entry(
            62,
            f"dies-of-signal-{number}",
            "dies of a signal that Python has no name for",
            answers={"offset_rounds": f"{RIGHT['offset_rounds']}{FUSE}\nimport os\nos.kill(os.getpid(), {number})\n"},
            outcome=("crashed", "killed", "timeout"),
            points=lost("offset_rounds"),
            long=number not in (40,),
        )
        for number in (6, 24, 31, 35, 40, 63)
    ),
    Entry(
        30,
        "publishers",
        "replaces the display publisher and the formatter",
        answers={"chance_to_meet": PUBLISHERS + RIGHT["chance_to_meet"]},
        outcome=("graded", *STOPPED),
        points={
            "chance_to_meet": (0, FULL["chance_to_meet"]),
            "recall_and_cost": (0, FULL["recall_and_cost"]),
        },
    ),
    Entry(
        30,
        "no-shell",
        "replaces get_ipython",
        answers={"chance_to_meet": NO_SHELL + WRONG["chance_to_meet"]},
        points={"chance_to_meet": 0},
        long=True,
    ),
    Entry(
        30,
        "false-numpy",
        "replaces NumPy and json in sys.modules",
        answers={"chance_to_meet": WRONG["chance_to_meet"] + FALSE_NUMPY},
        outcome=("graded", *STOPPED),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
        long=True,
    ),
    *(
        Entry(
            31,
            f"points-of-{text.strip('-')}",
            "outputs and last lines that claim points",
            notebook=outputs(text),
            points=NOTHING,
            long=text != "nan",
        )
        for text in ("nan", "-5", "inf", "1e308")
    ),
]
