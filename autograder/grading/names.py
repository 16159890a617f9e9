"""Names of folders and files that strangers chose: who is meant, what is litter, and the id a student gets in OUT.

Ids become folders and database keys. A name that is safe as both is its own id. Any other gets an id made of what can
be shown of it and a digest of all its bytes, so that no two names share one and none leaves OUT. What `collect` makes
bears a longer digest: its folders are their own ids, and no two names share one of those either.
"""

import hashlib
import os
import re
import unicodedata
from fnmatch import translate
from typing import NamedTuple

from autograder.grading.text import FORMULA, clean, is_plain

LONGEST = 200  # bytes of an id; a folder's name has at most 255, and nbgrader adds to it
IN_ID, IN_FOLDER = 16, 20  # digits of the digest in an id, and in a folder's name that `collect` makes
MARKED = re.compile(rf"~[0-9a-f]{{{IN_ID}}}$")
MADE = re.compile(rf"~[0-9a-f]{{{IN_FOLDER}}}$")
SUFFIX = re.compile(r"(?:\.[A-Za-z0-9]{1,12}){1,2}$")
COLLECTED = ".collected.json"  # what a platform called each hand-in, beside the students' folders
LITTER_FILES = (
    ".ds_store ._* thumbs.db ehthumbs.db desktop.ini .nfs* .directory .~lock.* ~$* .gitignore .gitkeep .dropbox "
    f"{COLLECTED} {COLLECTED}.partial"
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
MOODLE = re.compile(r"(?P<who>.+)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<file>.*)", re.DOTALL)
BLACKBOARD = re.compile(
    r"(?P<head>.+?_(?P<who>[^_/]+))_attempt_(?P<attempt>\d{4}(?:-\d\d){5})(?:_(?P<file>.+)|\.txt)", re.DOTALL
)


class Platform(NamedTuple):
    """What a learning platform says in a name.

    who, number : whose hand-in it is: on Moodle the full name, on Canvas family and given name in one, on Blackboard
        the login, or the last part of one that holds `_`; and their number there, or ""
    file, late : the file, or "", and whether it came late
    form : "moodle", "canvas" or "blackboard"
    head, attempt : on Blackboard the exercise's title and the login, and when it was handed in; else ""
    """

    who: str
    number: str
    file: str
    late: bool
    form: str
    head: str = ""
    attempt: str = ""


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
    return marked(name, IN_ID)


def folder_name(name):
    """Return what a folder made for a student is called: the name itself where it is safe, and always its own id."""
    return name if student_id(name) == name and not (MADE.search(name) or is_litter(name)) else marked(name)


def file_name(name):
    """Return what a copy of a student's file is called: its own name, or one made of it with the suffix it has."""
    if folder_name(name) == name:
        return name
    suffix = SUFFIX.search(clean(name).strip())
    return marked(name) + (suffix.group() if suffix else "")


def marked(name, digits=IN_FOLDER):
    """Return what can be shown of a name, with a digest of all of it: no two names, and no name itself, become one."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
    rest = "".join(char if is_plain(char) and char not in "/\\" else "_" for char in unicodedata.normalize("NFC", name))
    rest = rest.strip(" .~_" + "".join(FORMULA))[:40].strip()
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
    """Return what a name tells where it is made as Moodle, Canvas or Blackboard make them; else None.

    What the student chose of a name, on Moodle their own and elsewhere the file's, never makes them somebody else.
    """
    for form, written in (("moodle", MOODLE), ("canvas", CANVAS), ("blackboard", BLACKBOARD)):
        found = written.fullmatch(name)
        # a file on Canvas may be called as on Blackboard; but Canvas writes whose it is in small letters
        if found and (form != "canvas" or found["who"].islower() or not BLACKBOARD.fullmatch(name)):
            parts = {key: value or "" for key, value in found.groupdict().items()}
            late = bool(parts.pop("late", ""))
            return Platform(**{"number": "", **parts, "who": parts["who"].strip(), "late": late, "form": form})
    return None
