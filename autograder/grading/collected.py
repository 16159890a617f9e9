"""What a learning platform called a hand-in, kept from `collect` to `feedback`, which hands back under the same name.

`collect` writes `.collected.json` into SUBMISSIONS, beside the students' folders, and grading copies it into OUT:
`{"<student's folder>": {"<lab>": "<name>"}}`, where a name is that of a folder or file in the platform's archive. As
litter (`names.LITTER_FILES`) it is no student and no loose file, and no student's folder gets its name.
"""

import json
from pathlib import Path

from autograder.grading.names import COLLECTED, platform_name
from autograder.grading.out import replaced

MOST_BYTES = 64 * 2**20


def read_names(folder):
    """Return the platform's names in a folder, by student and lab: `{(student, lab): name}`.

    A file that `collect` did not write tells nothing: then a name is not known, and `feedback` says whose.
    """
    path = Path(folder) / COLLECTED
    try:
        with path.open("rb") as file:
            names = json.loads(file.read(MOST_BYTES).decode("utf-8"))
        found = {(student, lab): name for student, labs in names.items() for lab, name in labs.items()}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}
    return {key: name for key, name in found.items() if isinstance(name, str) and _is_platform_s(name)}


def add_names(folder, names):
    """Add names to those in a folder, written beside and moved into place.

    names : as `read_names` returns them; what is not as a platform writes it is left out
    """
    all_names = read_names(folder) | {key: name for key, name in names.items() if _is_platform_s(name)}
    if not all_names:
        return
    by_student = {}
    for (student, lab), name in sorted(all_names.items()):
        by_student.setdefault(student, {})[lab] = name
    with replaced(Path(folder) / COLLECTED) as file:
        file.write(json.dumps(by_student, indent=1).encode("ascii") + b"\n")  # ASCII: a name may be half a letter


def _is_platform_s(name):
    return "/" not in name and "\\" not in name and platform_name(name) is not None
