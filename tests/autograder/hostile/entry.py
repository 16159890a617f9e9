"""An entry of the catalogue: one bad submission for lab 03, how it is made, and what it must come to.

Every entry starts from the right notebook, so what is not named in `points` is worth all its points. Words between two
at signs stand for places of the host that a student would have to find out, and that the tests tell: `canaries.py`.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from autograder.exercises import LABS
from autograder.grading.sample import answers_of

LAB = LABS["lab03_angular_lsh"]
FULL = {exercise.name: exercise.max_score for exercise in LAB.exercises}
NOTHING = dict.fromkeys(FULL, 0)
RIGHT = answers_of(LAB)
UNWRITTEN = dict.fromkeys(FULL, "# YOUR CODE HERE\nraise NotImplementedError()")
WRONG = {  # each the same for every question, and worth nothing
    "angular_hash": "def angular_hash(vectors, rotations):\n    return np.full((len(rotations), len(vectors)), -1)\n",
    "offset_rounds": "def offset_rounds(buckets, n_buckets):\n    return buckets * 0 - 1\n",
    "collision_probability": "def collision_probability(angles, n_buckets):\n    return 2.0\n",
    "chance_to_meet": "def chance_to_meet(probability, n_rounds):\n    return probability * 0 - 1\n",
    "recall_and_cost": "def recall_and_cost(vectors, rotations, n_nearest):\n    return None\n",
}
STOPPED = ("timeout", "killed", "crashed", "memory")  # where it is chance which of the limits is met first
MARK = "hostile-mark"  # what a submission writes outside is called so, or holds these words
JUDGED = "as the judge says"  # of points: what the judge gives the answer without a kernel; harmless answers only

IN_SIGHT = "host-in-sight"  # printed by code that found what it must not see; its own source does not hold the word

SAY = """
def say(*words):
    print("-".join(("host", "in", "sight")), *words)
"""
# The most harmful code asks first whether it sees the host, and then loses its points instead of doing harm.
FUSE = (
    SAY
    + """
import os
for place in ("@HOME@", "@TMP@", "@BESIDE@", "@REPO@/pyproject.toml"):
    if os.path.exists(place):
        say(place)
        raise SystemExit("nothing is done")
"""
)


@dataclass(frozen=True)
class Entry:
    """A bad submission.

    number : its number in the catalogue, or several; 61 for a forgery and 62 for a stopper that came later
    name : the test's name, and the student's
    what : what it does, in a line
    answers : texts of answer cells, by exercise; first, last : a cell of the student's own at the beginning, at the end
    notebook : makes another notebook of the right one (a dict); content : makes other bytes of the notebook's
    files : writes what is handed in instead, given the lab's folder and the bytes
    student : the folder's name where it matters; text, or bytes where it is no text
    outcome : the word, or words of which any may come
    points : by exercise, unless all: a number, numbers of which any may come, or JUDGED
    stops : by exercise, the word, or words of which any may come, where it is another than "graded"
    says : words that stand in reasons or notes
    after : name of an entry that has to be graded before this one
    long : whether only `make test-long` has the time
    """

    number: int | tuple
    name: str
    what: str
    answers: dict = field(default_factory=dict)
    first: str = ""
    last: str = ""
    notebook: Callable | None = None
    content: Callable | None = None
    files: Callable | None = None
    student: str | bytes = ""
    outcome: str | tuple = "graded"
    points: dict = field(default_factory=dict)
    stops: dict = field(default_factory=dict)
    says: tuple = ()
    after: str = ""
    long: bool = False

    @property
    def numbers(self):
        return one_or_more(self.number)

    @property
    def outcomes(self):
        return one_or_more(self.outcome)


def one_or_more(value):
    """A value, or several, as a tuple."""
    return value if isinstance(value, tuple) else (value,)


def around(name, before, after=""):
    """The right answer, with something before and behind it in its cell."""
    return {name: f"{before}\n{RIGHT[name]}\n{after}"}


def lost(*names):
    """The points where these exercises get none."""
    return dict.fromkeys(names, 0)


def cells_of(notebook, name):
    """The cells of a notebook that bear an nbgrader id."""
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade_id") == name]


def changed(change):
    """A `notebook` that gives `change` a copy of the right notebook, to change it in place."""

    def make(notebook):
        notebook = copy.deepcopy(notebook)
        change(notebook)
        return notebook

    return make


def own_cell(source, number=0, kind="code"):
    """A cell without an id of the course, as JSON."""
    code = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": f"own-{number}", "metadata": {}, "source": source, **code}
