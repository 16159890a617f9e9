"""Answers got by other ways than thinking: catalogue 37-41."""

import base64

import numpy as np

from autograder.checking import plain
from autograder.exercises import exercise_named
from tests.autograder.hostile.entry import RIGHT, Entry, lost


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


IMPORTS_THE_REFERENCE = """
import importlib, pkgutil, sys
import reformer
names = ["reformer.angular", "reformer.loops.angular", "reformer.fast.angular", "solutions.lab03_angular_lsh",
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
    import importlib.util
    for name in ("trax", "jax", "torch", "tensorflow", "sklearn", "flax", "scipy"):
        assert importlib.util.find_spec(name) is None
    try:
        from trax.layers.research.efficient_attention import LSHSelfAttention
    except ImportError:
        return 1 - (1 - probability) ** n_rounds
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

ENTRIES = [
    Entry(
        (37, 38),
        "imports-the-reference",
        "calls the course's own function by all its names; another looks for Trax, Torch, JAX",
        answers={"angular_hash": IMPORTS_THE_REFERENCE, "chance_to_meet": READY_MADE},
        points=lost("angular_hash"),
        says=(
            "ModuleNotFoundError",
            "the answer to chance_to_meet uses trax",
        ),
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
]
