"""Lies to the judge: catalogue 25-28 and 31."""

from tests.autograder.hostile.entry import FULL, NOTHING, STOPPED, WRONG, Entry, cells_of, changed, lost, own_cell

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

DEEP = """
def chance_to_meet(probability, n_rounds):
    x = []
    for _ in range(10**5):
        x = [x]
    return x
"""

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
    "collision_probability": {"value": "[" * 400_000},
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
    "offset_rounds": {"value": '{"list": [' + '{"list": []},' * 100_000 + "null]}"},
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

BRACKETS_AS_ANSWER = (
    FORGE
    + """
REPLIES = dict.fromkeys(("angular_hash", "offset_rounds", "collision_probability", "chance_to_meet", "recall_and_cost"),
                        {"value": "1", "x": [[]] * 3_000_000})
"""
)

# Pulls the floor from under whatever runs next; what is answered before it counts.
SABOTAGE = """
import builtins, gc, os, sys
os.chdir("/")
sys.path.clear()
sys.path_hooks.clear()
sys.meta_path.clear()
sys.stdout = sys.stderr = None
sys.setswitchinterval(10)
gc.set_threshold(1)
builtins.print = builtins.__import__ = None
get_ipython().run_cell = None
"""
GENERATORS = {
    "angular_hash": "async def angular_hash(vectors, rotations):\n    return 0\n",
    "offset_rounds": "def offset_rounds(buckets, n_buckets):\n    yield buckets\n",
    "collision_probability": "class collision_probability:\n    def __init__(self, *asked):\n        pass\n",
    "chance_to_meet": "chance_to_meet = print\n",
    "recall_and_cost": "import numpy as recall_and_cost\n",
}


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
    Entry(
        25,
        "sabotage",
        "takes from Python what it imports and prints with",
        answers={"recall_and_cost": WRONG["recall_and_cost"] + SABOTAGE},
        outcome=("graded", *STOPPED),
        points=lost("recall_and_cost"),
        long=True,
    ),
    Entry(
        27,
        "generators",
        "coroutines, generators, classes and modules for functions",
        answers=GENERATORS,
        points=NOTHING,
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
            ("strange", "replies of other types and with other keys", STRANGE, True),
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
