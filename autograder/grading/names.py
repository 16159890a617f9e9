"""Names of folders and files that strangers chose: who is meant, what is litter, and the id a student gets in OUT.

Ids become folders and database keys. A name that is safe as both is its own id. Any other gets an id made of what can
be shown of it and a digest of all its bytes, so that no two names share one and none leaves OUT.
"""

import hashlib
import os
import re
import unicodedata
from fnmatch import translate
from typing import NamedTuple

from autograder.grading.text import FORMULA, clean, is_plain

LONGEST = 200  # bytes of an id; a folder's name has at most 255, and nbgrader adds to it
MARKED = re.compile(r"~[0-9a-f]{16}$")
LITTER_FILES = (
    ".ds_store ._* thumbs.db ehthumbs.db desktop.ini .nfs* .directory .~lock.* ~$* .gitignore .gitkeep .dropbox"
)
LITTER_FOLDERS = (
    "__macosx .spotlight-v100 .trashes .fseventsd .temporaryitems .appledouble .documentrevisions-v100 $recycle.bin "
    "system?volume?information lost+found .trash-* .ipynb_checkpoints __pycache__ .git .svn .hg .venv .cache .config "
    ".local .jupyter .ipython .idea .vscode .pytest_cache .sync .collecting-* .dropbox.cache"
)
IS_LITTER = {
    is_folder: re.compile("|".join(map(translate, names.split())))
    for is_folder, names in ((False, LITTER_FILES), (True, LITTER_FOLDERS))
}
CANVAS = re.compile(r"(?P<who>[^_/]+?)(?P<late>_(?i:late))?_(?P<number>\d+)_\d+_(?P<file>.+)", re.DOTALL)
MOODLE = re.compile(r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.DOTALL)
BLACKBOARD = re.compile(r".+?_(?P<who>[^_/]+)_attempt_\d{4}(?:-\d\d){5}_(?P<file>.+)", re.DOTALL)


class Platform(NamedTuple):
    """What a learning platform says in a name: whose hand-in it is, their number there, the file, whether late."""

    who: str
    number: str
    file: str
    late: bool


def student_id(name):
    """Return the id under which a student is entered; the name itself unless it could do harm. Never twice the same."""
    safe = (
        is_plain(name)
        and name == name.strip()
        and name not in ("", ".", "..")
        and not re.search(r"[/\\\x00]", name)
        and not name.startswith(FORMULA)
        and not MARKED.search(name)
        and len(name.encode("utf-8")) <= LONGEST
    )
    if safe:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    rest = "".join(char if is_plain(char) and char not in "/\\" else "_" for char in unicodedata.normalize("NFC", name))
    rest = rest.strip(" .~_" + "".join(FORMULA))[:60].strip()
    return f"{rest or 'student'}~{digest}"


def is_litter(name, is_folder=None):
    """Whether a file or folder is one that an operating system or a tool left, and nobody handed in.

    is_folder : None where it is not known which it is
    """
    return any(litter.match(name.lower()) for kind, litter in IS_LITTER.items() if is_folder in (None, kind))


def exact(name):
    """A name as names are compared at first: both forms of an accent are one."""
    return unicodedata.normalize("NFC", os.fspath(name))


def loose(name):
    """A name as names are compared where that leaves no doubt: blanks of any kind are one, case does not count."""
    return " ".join(unicodedata.normalize("NFC", clean(name)).split()).casefold()


def platform_name(name):
    """Return what a name tells where it is made as Moodle, Canvas or Blackboard make them; else None."""
    for form in (MOODLE, BLACKBOARD, CANVAS):
        found = form.fullmatch(name)
        if found:
            parts = found.groupdict()
            return Platform(parts["who"].strip(), parts.get("number") or "", parts["file"], bool(parts.get("late")))
    return None
