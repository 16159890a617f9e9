"""Wrong and odd answers: catalogue 1-8, 55, 56."""

from autograder.grading.sample import mistaken
from tests.autograder.hostile.entry import FULL, JUDGED, LAB, NOTHING, RIGHT, UNWRITTEN, WRONG, Entry, changed, lost

COMMENTS = dict.fromkeys(FULL, "# later\n")


def without_batch(name):
    """The right answer for a single sequence, and zeros for a batch."""
    return RIGHT[name].replace("def angular_hash", "def _right") + (
        "\n\ndef angular_hash(vectors, rotations):\n"
        "    buckets = _right(vectors, rotations)\n"
        "    return buckets if vectors.ndim == 2 else np.zeros_like(buckets)\n"
    )


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
    "collision_probability": "def collision_probability(angles, n_buckets):\n    return np.nan * angles\n",
    "chance_to_meet": "def chance_to_meet(probability, n_rounds):\n    return np.inf + probability\n",
    "recall_and_cost": "def recall_and_cost(*asked):\n    return float('nan'), float('-inf')\n",
}

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
    return (same if n_buckets == 2 else same**2) + time.time() % 1
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
        answers=WRONG,
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
        long=True,
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
