"""Names and texts that harm whoever shows them: catalogue 45, 51, 52."""

from tests.autograder.hostile.entry import STOPPED, Entry, lost

MARKUP = "</pre></style><script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>"

MARKED_UP = f"""
from IPython.display import HTML, Javascript, Markdown, display
display(HTML({MARKUP!r}), Javascript("alert(4)"), Markdown("[x](javascript:alert(5))"))
display({{"text/html": {MARKUP!r}, "text/plain": {MARKUP!r}, "text/latex": {MARKUP!r}}}, raw=True)
print({MARKUP!r})
def angular_hash(vectors, rotations):
    raise ValueError({MARKUP!r})
def offset_rounds(buckets, n_buckets):
    return {MARKUP!r}
class Markup(Exception):
    pass
Markup.__name__ = {MARKUP!r}
"""

RAISES_MARKUP = "def collision_probability(angles, n_buckets):\n    raise Markup('`<script>alert(6)</script>`')\n"

RETURNS_MARKUP = f"def chance_to_meet(probability, n_rounds):\n    return {{{MARKUP!r}: {MARKUP!r}}}\n"

STEERS = """
STEERING = "\\x1b[2J\\x1b[31mred\\x1b]0;title\\x07\\x9b5n\\x00\\x08\\x7f\\r\\u202e\\ud800\\udc80\\ufffe\\u2028 =x()"
print(STEERING)
import sys
print(STEERING.encode("utf-8", "replace").decode(), file=sys.stderr)
def offset_rounds(buckets, n_buckets):
    raise ValueError(STEERING)
"""

STEERS_BY_NAME = """
class Steering(Exception):
    pass
Steering.__name__ = Steering.__qualname__ = "\\x1b[31mName\\x07"
def collision_probability(angles, n_buckets):
    raise Steering("\\ud800" * 10 + "\\x1b[31m")
"""

RETURNS_STEERING = "def chance_to_meet(p, n):\n    return {'\\x1b[31m\\ud800': '\\x1b]0;title\\x07'}\n"

LARGE_TRACEBACK = "raise ValueError('hostile ' * 1_300_000)\n"

DEEP_TRACEBACK = """
def recall_and_cost(vectors, rotations, n_nearest):
    raise ExceptionGroup("x" * 10**6, [ValueError("y" * 10**6) for _ in range(10)])
"""

NAMES = {  # what it is: the folder's name, whether `make test` tries it
    "not-utf-8": (b"Jos\xe9", True),
    "other-blanks": ("Ann\N{NO-BREAK SPACE}Smith", False),
    "joiner": ("\N{ARABIC LETTER ALEF}\N{ZERO WIDTH NON-JOINER}\N{ARABIC LETTER BEH}", False),
    "accents-in-one-form": ("Zo\N{LATIN SMALL LETTER E WITH DIAERESIS}", False),
    "accents-in-the-other": ("Zoe\N{COMBINING DIAERESIS}", False),
    "blanks-around": (" ann ", False),
    "line-end-and-colour": ("a\nb\x1b[31m\x07", True),
    "right-to-left": ("\N{RIGHT-TO-LEFT OVERRIDE}nna", False),
    "nothing-to-see": ("\N{ZERO WIDTH SPACE}", False),
    "pattern": ("[a-z]*?{x}", False),
    "option": ("--out", False),
    "formula": ("=cmd|' /C calc'!A0", True),
    "plus-and-at": ("+ann@b", False),
    "shell": ("$(touch hostile-mark);`id`&|", False),
    "quotes": ("Robert'); DROP TABLE student;--\"", False),
    "format": ("%s%n{0}{student}%2e%2e", False),
    "hidden": (".ann", True),
    "tilde": ("~root", False),
    "long": ("n" * 255, True),
    "long-in-bytes": ("\N{HIRAGANA LETTER A}" * 85, False),
    "markup": ("<script>alert(7)</script>".replace("/", "\\"), False),
    "backslashes": ("..\\..\\ann", False),
    "dots": ("...", False),
    "folders-of-the-course": ("nbgrader", False),
    "device-of-windows": ("CON", False),
}

ENTRIES = [
    *(
        Entry(45, f"name-{name}", "a right notebook in a folder of an odd name", student=student, long=not soon)
        for name, (student, soon) in NAMES.items()
    ),
    Entry(
        51,
        "markup",
        "HTML and scripts in outputs, errors, answers and names of errors",
        answers={
            "angular_hash": MARKED_UP,
            "offset_rounds": f"# {MARKUP}",
            "collision_probability": RAISES_MARKUP,
            "chance_to_meet": RETURNS_MARKUP,
        },
        first=f"# {MARKUP}\n{MARKUP!r}",
        points=lost("angular_hash", "offset_rounds", "collision_probability", "chance_to_meet"),
    ),
    Entry(
        52,
        "steering",
        "characters that steer a terminal, in output, errors, names of errors and answers",
        answers={
            "offset_rounds": STEERS,
            "collision_probability": STEERS_BY_NAME,
            "chance_to_meet": RETURNS_STEERING,
        },
        points=lost("offset_rounds", "collision_probability", "chance_to_meet"),
        outcome=("graded", *STOPPED),
    ),
    Entry(
        52,
        "large-traceback",
        "an error of 10 MB",
        first=LARGE_TRACEBACK,
        answers={"recall_and_cost": DEEP_TRACEBACK},
        points=lost("recall_and_cost"),
        long=True,
    ),
]
