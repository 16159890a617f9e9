"""The learner's own copies of the labs: `python -m classroom.my_labs`, which `make lab` runs at each start.

What is in labs/ and not yet in my_labs/ is copied there. What is there already is the learner's: it is never written
again. Where labs/ has a newer version than the one that was copied, its name is printed.

Beside the copies, my_labs/ holds what checks note there: `progress` and `kept`.
"""

import hashlib
import json
import os
import sys
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTE = ".course.json"  # in my_labs/: {"lab01_neighbors/lab01_neighbors.ipynb": digest of the original that was copied}


FOLDER = "COURSE_MY_LABS"  # a variable that names another folder in the place of my_labs/, or, where it is empty, none


def folder_to_read(root=ROOT):
    """Where a learner's progress and kept answers are, if any: in the course around what runs, or else in `root`."""
    if os.environ.get(FOLDER) == "":
        return Path(os.devnull)  # in which there is nothing
    here = Path.cwd()
    beside = (folder / "my_labs" for folder in (here, *here.parents) if (folder / "my_labs").is_dir())
    return folder_to_write() or next(beside, Path(root) / "my_labs")


def folder_to_write():
    """Where checks may note something: the my_labs/ around the notebook that runs, or None anywhere else.

    So nothing is noted of lessons, of labs/ and solutions/, in grading, or in a test, unless `COURSE_MY_LABS` names a
    folder.
    """
    if (named := os.environ.get(FOLDER)) is not None:
        return Path(named) if named else None
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if folder.name == "my_labs"), None)


def write_whole(path, text):
    """Write a text file so that at any moment the old one or the new one is there. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def set_aside(path):
    """Rename a damaged file, so that nothing of it is lost and a new one can be written. Returns its name now."""
    names = [path.with_name(f"{path.name}.damaged{number}") for number in ("", *range(2, 100))]
    with suppress(OSError):  # nothing can be written here: it stays, and is passed over
        aside = next(name for name in names if not name.exists())
        return path.rename(aside).name
    return path.name


def copy_new_labs(root=ROOT):
    """Copy the files of labs/ that my_labs/ lacks. Returns the names of the labs copied, and of those with news.

    A lab has news where labs/ holds another version of a file than the one that was copied.
    Raises OSError where my_labs/ cannot be written.
    """
    labs, mine = Path(root) / "labs", Path(root) / "my_labs"
    digests = _noted(mine)
    copied, newer = {}, {}
    for original in sorted(path for path in labs.glob("lab*/*") if path.is_file() and path.name[0] != "."):
        name = original.relative_to(labs).as_posix()
        content = original.read_bytes()
        if _write_new(mine / name, content):
            digests[name] = _digest(content)
            copied[original.parent.name] = None
        elif digests.get(name, _digest(content)) != _digest(content):
            newer[original.parent.name] = None
    if copied:
        (mine / NOTE).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")
    return list(copied), list(newer)


def _write_new(path, content):
    """Write a file where there is none. Returns whether there was none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = path.open("xb")  # refused by the system where something bears this name
    except FileExistsError:
        return False
    try:
        with file:
            file.write(content)
    except OSError:
        path.unlink()  # half a lab would stay half for ever
        raise
    return True


def _noted(mine):
    try:
        return dict(json.loads((mine / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def _digest(content):
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()


def main():
    """Copy what is new, and say what was done. Returns the exit code."""
    try:
        copied, newer = copy_new_labs()
    except OSError as error:
        print(f"my_labs/ could not be written ({error}): there you work on the labs.", file=sys.stderr)
        return 1
    if copied:
        print(f"New in my_labs/, yours to write in: {', '.join(copied)}.")
    if newer:
        print(f"There is a newer version of {', '.join(newer)}. Yours in my_labs/ stays as it is.")
        print("To get the newer one too: give your notebook another name, and start this again.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
