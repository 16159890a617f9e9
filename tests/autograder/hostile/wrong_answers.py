"""Wrong and odd answers: catalogue 1-8, 37-41, 55, 56."""

import base64

import numpy as np

from autograder.checking import plain
from autograder.exercises import exercise_named
from autograder.grading.sample import mistaken
from tests.autograder.hostile.entry import FULL, JUDGED, LAB, NOTHING, RIGHT, Entry, changed, lost

UNWRITTEN = dict.fromkeys(FULL, "# YOUR CODE HERE\nraise NotImplementedError()")
COMMENTS = dict.fromkeys(FULL, "# later\n")


def without_batch(name):
    """The right answer for a single sequence, and zeros for a batch."""
    return RIGHT[name].replace("def angular_hash", "def _right") + (
        "\n\ndef angular_hash(vectors, rotations):\n"
        "    buckets = _right(vectors, rotations)\n"
        "    return buckets if vectors.ndim == 2 else np.zeros_like(buckets)\n"
    )


def table_of_visible(name):
    """An answer that knows the right ones to all visible questions by heart, and is wrong about everything else."""
    exercise = exercise_named(name)
    table = {}
    for question in exercise.asked(hidden=False):
        for call in question.calls(exercise.generator(question)):
            table[_fingerprint(call.args)] = plain.encode(call.of(exercise.reference))
    lines = [f"    {asked!r}: {answered!r}," for asked, answered in table.items()]
    return "\n".join(
        [
            "import base64, json",
            "KNOWN = {",
            *lines,
            "}",
            "def _array(node):",
            "    data = np.frombuffer(base64.b64decode(node['data']), node['dtype'])",
            "    return data.reshape(node['shape'])",
            f"def {name}(*asked):",
            "    key = base64.b64encode(b'|'.join(np.asarray(one).tobytes() for one in asked)).decode()[-80:]",
            "    if key not in KNOWN:",
            "        return np.full(np.shape(asked[0]), -7.0)",
            "    ((form, node),) = json.loads(KNOWN[key]).items()",
            "    return _array(node)",
        ]
    )


def _fingerprint(args):
    return base64.b64encode(b"|".join(np.asarray(one).tobytes() for one in args)).decode()[-80:]


def points_of_visible(name):
    return sum(question.points for question in exercise_named(name).asked(hidden=False))


CONSTANTS = {
    "angular_hash": "def angular_hash(vectors, rotations):\n    return np.full((len(rotations), len(vectors)), -1)\n",
    "offset_rounds": "def offset_rounds(buckets, n_buckets):\n    return buckets * 0 - 1\n",
    "collision_probability": "def collision_probability(angles, n_buckets):\n    return 2.0\n",
    "chance_to_meet": "def chance_to_meet(probability, n_rounds):\n    return probability * 0 - 1\n",
    "recall_and_cost": "def recall_and_cost(vectors, rotations, n_nearest):\n    return -1.0, 3.0\n",
}
WARNINGS = """
import logging, sys, warnings
warnings.warn("this goes to stderr and costs nothing")
logging.warning("this too")
print("and this", file=sys.stderr)
def angular_hash(vectors, rotations):
    warnings.warn("in every call", DeprecationWarning)
    print("asked", file=sys.stderr)
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)
"""
IN_PLACE = """
def offset_rounds(buckets, n_buckets):
    buckets += (n_buckets * np.arange(buckets.shape[-2])[:, np.newaxis]).astype(buckets.dtype)
    return buckets
"""
ITS_OWN_COPY = """
def chance_to_meet(probability, n_rounds):
    missed = 1 - np.array(probability)
    missed **= n_rounds
    missed *= -1
    missed += 1
    return missed
"""
OTHER_TYPES = {
    "angular_hash": RIGHT["angular_hash"] + "\n_first = angular_hash\n"
    "def angular_hash(vectors, rotations):\n    return _first(vectors, rotations).tolist()\n",
    "offset_rounds": RIGHT["offset_rounds"] + "\n_second = offset_rounds\n"
    "def offset_rounds(buckets, n_buckets):\n    return tuple(map(tuple, _second(buckets, n_buckets).tolist()))\n",
    "collision_probability": "def collision_probability(angles, n_buckets):\n"
    "    same = 1 - np.float32(angles) / np.float32(np.pi)\n    return same if n_buckets == 2 else same**2\n",
    "recall_and_cost": RIGHT["recall_and_cost"].replace("angular_hash(vectors", "as_array(vectors")
    + "\ndef as_array(*asked):\n    return np.array(angular_hash(*asked))\n"
    "_last = recall_and_cost\ndef recall_and_cost(*asked):\n    return np.array(_last(*asked), dtype=np.float32)\n",
}
NO_NUMBERS = {
    "angular_hash": RIGHT["angular_hash"].replace("np.argmax(", "1.0 * np.argmax("),  # floats, where buckets are asked
    "offset_rounds": "from fractions import Fraction\n"
    "def offset_rounds(buckets, n_buckets):\n    return Fraction(1, 3)\n",
    "collision_probability": "def collision_probability(angles, n_buckets):\n"
    "    return np.asarray(1 - angles / np.pi, dtype=complex) ** (n_buckets // 2)\n",
    "chance_to_meet": "def chance_to_meet(probability, n_rounds):\n    return str(1 - (1 - probability) ** n_rounds)\n",
    "recall_and_cost": "def recall_and_cost(vectors, rotations, n_nearest):\n    return {'recall': 1.0, 'cost': 1.0}\n",
}
NOT_FINITE = {
    "collision_probability": "def collision_probability(angles, n_buckets):\n    return np.nan * np.ones_like(angles)\n",
    "chance_to_meet": "def chance_to_meet(probability, n_rounds):\n    return np.inf + probability\n",
    "recall_and_cost": "def recall_and_cost(*asked):\n    return float('nan'), float('-inf')\n",
}
IMPORTS_THE_REFERENCE = """
import importlib, pkgutil, sys
import reformer
names = ["reformer.angular", "reformer.loops.angular", "reformer.fast.angular", "solutions", "solutions.lab03_angular_lsh",
         "autograder.exercises.lab03", "autograder.checking.judge", "autograder.grading"]
names += [module.name for module in pkgutil.walk_packages(reformer.__path__, "reformer.")]
def angular_hash(vectors, rotations):
    for name in names:
        try:
            function = getattr(importlib.import_module(name), "angular_hash")
            return function(vectors, rotations)
        except (ImportError, AttributeError):
            pass
    from reformer.angular import angular_hash
    return angular_hash(vectors, rotations)
"""
READY_MADE = """
def chance_to_meet(probability, n_rounds):
    for name in ("torch", "trax", "jax.numpy", "tensorflow", "sklearn", "flax", "trax.layers.research.efficient_attention"):
        try:
            __import__(name)
        except ImportError:
            continue
        return 1 - (1 - probability) ** n_rounds
    raise ImportError("nothing ready-made is here")
"""
INSPECTS_THE_PROBE = """
import gc, inspect, sys
seen = []
def collision_probability(angles, n_buckets):
    frame = sys._getframe(1)
    while frame is not None:
        for value in frame.f_locals.values():
            if isinstance(value, (np.ndarray, float)) and np.shape(value) == np.shape(angles) and value is not angles:
                if not np.array_equal(value, angles):
                    return value
        frame = frame.f_back
    for thing in gc.get_objects():
        if isinstance(thing, dict) and any(name in thing for name in ("expected", "answers", "right", "solution")):
            seen.append(sorted(map(str, thing))[:3])
    print("inputs:", angles)
    return 2.0
"""
KNOWS_THE_GRADING = """
import os, socket, sys
graded = "room" in os.getcwd() or os.environ.get("HOME", "").startswith("/tmp") or not hasattr(check, "__wrapped__")
print(socket.gethostname(), os.environ.get("USER"), os.getpid(), sys.argv, sys.executable.rpartition("/")[2])
"""
WRONG_ONLY_WHEN_GRADED = (
    KNOWS_THE_GRADING
    + """
def chance_to_meet(probability, n_rounds):
    return 3.0 if graded else 1 - (1 - probability) ** n_rounds
"""
)
SEEDED_BY_US = """
def chance_to_meet(probability, n_rounds):
    return np.random.rand(*np.shape(probability))
"""
BY_CHANCE = """
def chance_to_meet(probability, n_rounds):
    noise = np.random.default_rng().standard_normal(np.shape(probability))
    return 1 - (1 - probability) ** n_rounds + noise
"""
BY_TURNS = """
turns = [0]
def chance_to_meet(probability, n_rounds):
    turns[0] += 1
    return (1 - (1 - probability) ** n_rounds) if turns[0] % 2 else 3.0 * np.ones_like(probability)
"""
WITHIN_THE_TOLERANCE = """
def chance_to_meet(probability, n_rounds):
    return 1 - (1 - probability) ** n_rounds + 1e-9 * np.random.default_rng().random()
"""
BY_THE_CLOCK = """
import time, uuid, os
def recall_and_cost(vectors, rotations, n_nearest):
    nearest = k_nearest(vectors, n_nearest)
    buckets = angular_hash(vectors, rotations)
    pairs = {(i, j) for row in buckets for i in range(len(vectors)) for j in range(i) if row[i] == row[j]}
    named = {f"{i},{j},{hash(str(i))}" for i, j in pairs}  # walked in the order of hashes
    found = sum((max(i, j), min(i, j)) in pairs for i in range(len(vectors)) for j in nearest[i])
    time.time(), uuid.uuid4(), os.urandom(3)
    return found / nearest.size, sum(1.0 for _ in named) / (len(vectors) * (len(vectors) - 1) / 2)
"""
HOUR_OF_THE_DAY = """
import time
def collision_probability(angles, n_buckets):
    same = 1 - angles / np.pi
    return (same if n_buckets == 2 else same**2) + time.time()
"""

ENTRIES = [
    Entry(1, "right", "the instructor's answers", long=True),
    Entry(
        1,
        "right-in-own-words",
        "a module written by the notebook, an instance that can be called, a lambda, a wrapped function",
        first="%%writefile helpers.py\ndef at_least_once(p, n):\n    return 1 - (1 - p) ** n\n",
        answers={
            "angular_hash": "class Hash:\n    def __call__(self, vectors, rotations):\n"
            "        y = vectors[..., None, :, :] @ rotations\n"
            "        return np.argmax(np.append(y, -y, -1), -1)\nangular_hash = Hash()\n",
            "offset_rounds": "offset_rounds = lambda b, n: b + n * np.arange(b.shape[-2])[:, None]\n",
            "chance_to_meet": "from helpers import at_least_once as chance_to_meet\n",
            "collision_probability": "import functools\n@functools.wraps(print)\n"
            + RIGHT["collision_probability"].partition("\n")[0]
            + "\n    return (1 - angles / np.pi) ** (n_buckets // 2)\n",
        },
    ),
    Entry(
        2,
        "known-mistakes",
        "the first known mistake of each exercise",
        answers={exercise.name: mistaken(exercise) for exercise in LAB.exercises},
        points=dict.fromkeys(FULL, JUDGED),
        says=("This is what you get when the argmax sees `y` alone",),
    ),
    Entry(
        2,
        "constants",
        "the same wrong values for every question",
        answers=CONSTANTS,
        points=dict.fromkeys(FULL, JUDGED),
        long=True,
    ),
    Entry(
        3,
        "blank",
        "nothing is written",
        answers=UNWRITTEN,
        outcome="blank",
        points=NOTHING,
        says=("not written yet",),
    ),
    Entry(
        3, "blank-comments", "comments only", answers=COMMENTS, outcome=("blank", "graded"), points=NOTHING, long=True
    ),
    Entry(
        3, "blank-emptied", "empty cells", answers=dict.fromkeys(FULL, ""), outcome="blank", points=NOTHING, long=True
    ),
    Entry(
        4,
        "half-right",
        "one exercise half right, three not written",
        answers={**UNWRITTEN, "angular_hash": without_batch("angular_hash"), "offset_rounds": RIGHT["offset_rounds"]},
        points={**NOTHING, "angular_hash": JUDGED, "offset_rounds": FULL["offset_rounds"]},
        says=("not written yet",),
    ),
    Entry(5, "warns", "right, with warnings and words on stderr", answers={"angular_hash": WARNINGS}),
    Entry(
        5,
        "warnings-made-errors",
        "right, with every warning made an error for all cells",
        answers={
            "angular_hash": "import warnings\nwarnings.simplefilter('error')\nnp.seterr(all='raise')\n"
            + RIGHT["angular_hash"],
            "chance_to_meet": "import warnings\ndef chance_to_meet(probability, n_rounds):\n"
            "    with warnings.catch_warnings():\n        warnings.simplefilter('default')\n"
            "        warnings.warn('mine')\n    return 1 - (1 - probability) ** n_rounds\n",
        },
    ),
    Entry(
        6,
        "in-place",
        "right values, at the cost of the inputs",
        answers={"offset_rounds": IN_PLACE, "chance_to_meet": ITS_OWN_COPY},
        points={"offset_rounds": JUDGED},
        says=("the function changes what it is given",),
    ),
    Entry(7, "other-types", "float32, lists, tuples, an array instead of two numbers", answers=OTHER_TYPES),
    Entry(
        7,
        "no-numbers",
        "floats for buckets, a Fraction, complex numbers, text, a dict",
        answers=NO_NUMBERS,
        points={
            **NOTHING,
            "angular_hash": FULL["angular_hash"] / 2,
        },
        says=("whole numbers", "Fraction", "complex128", "expected numbers", "expected 2 values"),
    ),
    Entry(
        8,
        "not-finite",
        "NaN and infinity",
        answers=NOT_FINITE,
        points=lost(*NOT_FINITE),
        says=("not finite",),
    ),
    Entry(
        (37, 38),
        "imports-the-reference",
        "calls the course's own function by all its names; another looks for Trax, Torch, JAX",
        answers={"angular_hash": IMPORTS_THE_REFERENCE, "chance_to_meet": READY_MADE},
        points=lost("angular_hash", "chance_to_meet"),
        says=("ModuleNotFoundError", "nothing ready-made is here"),
    ),
    Entry(
        (39, 40),
        "hard-coded",
        "knows the visible questions by heart; another searches frames and memory for what is expected",
        answers={"chance_to_meet": table_of_visible("chance_to_meet"), "collision_probability": INSPECTS_THE_PROBE},
        points={"chance_to_meet": points_of_visible("chance_to_meet"), "collision_probability": 0},
    ),
    Entry(
        41,
        "knows-the-grading",
        "looks whether it is graded, and is right; another is wrong then",
        answers={
            "angular_hash": KNOWS_THE_GRADING + RIGHT["angular_hash"],
            "chance_to_meet": WRONG_ONLY_WHEN_GRADED,
        },
        points=lost("chance_to_meet"),
    ),
    Entry(
        55,
        "by-chance",
        "other numbers in every call, not drawn from NumPy's global generator",
        answers={"chance_to_meet": BY_CHANCE},
        points=lost("chance_to_meet"),
        says=("asked again",),
    ),
    Entry(
        55,
        "by-turns",
        "right and wrong by turns",
        answers={"chance_to_meet": BY_TURNS},
        points={"chance_to_meet": tuple(range(FULL["chance_to_meet"]))},
        says=("asked again",),
        long=True,
    ),
    Entry(
        55,
        "chance-within-the-tolerance",
        "other numbers in every call, all of them right",
        answers={"chance_to_meet": WITHIN_THE_TOLERANCE},
    ),
    Entry(
        55,
        "global-generator",
        "drawn from the generator that is seeded before every call: wrong, and always the same",
        answers={"chance_to_meet": SEEDED_BY_US},
        points=lost("chance_to_meet"),
        long=True,
    ),
    Entry(
        56,
        "by-the-clock",
        "the order of hashes and the clock pass through, and change nothing",
        answers={"recall_and_cost": BY_THE_CLOCK},
    ),
    Entry(
        56,
        "hour-of-the-day",
        "adds the time of day",
        answers={"collision_probability": HOUR_OF_THE_DAY},
        points=lost("collision_probability"),
        says=("asked again",),
        long=True,
    ),
    Entry(
        1,
        "right-without-ids",
        "all of nbgrader's metadata is gone, as after a conversion",
        notebook=changed(lambda notebook: [cell.update(metadata={}) for cell in notebook["cells"]]),
        long=True,
    ),
]
