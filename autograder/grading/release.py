"""What is handed out: one archive with everything a student needs, and nothing of the instructor's side.

The course is open: `reformer/` and the exercises are in it, and grading believes nothing that comes from it. Solutions,
the grading side and the secret are not. Unpacked, `make lab` works in it.
"""

import zipfile
from pathlib import Path

from autograder.grading.nbgrader_config import ROOT

NAME = "course-student"
FOLDERS = ("notebooks", "labs", "reformer", "explorers", "classroom", "data", "gallery", "trax_bridge")
OF_AUTOGRADER = ("__init__.py", "checking", "exercises")
LEFT_OUT = ("__pycache__", ".ipynb_checkpoints", ".made.json")
WHEN = (2020, 1, 1, 0, 0, 0)  # the same archive from the same files, whenever it is made


def write_release(out, root=ROOT):
    """Write `course-student.zip` into the folder `out`. Returns its path; the old one stays whole until it is done."""
    out.mkdir(parents=True, exist_ok=True)
    path, partial = out / f"{NAME}.zip", out / f"{NAME}.zip.partial"
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files_to_hand_out(root):
            entry = zipfile.ZipInfo(f"{NAME}/{file.relative_to(root).as_posix()}", WHEN)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, file.read_bytes())
    partial.replace(path)
    return path


def files_to_hand_out(root=ROOT):
    """List the files of the archive, in order."""
    root = Path(root)
    single = [path for path in root.iterdir() if path.is_file() and (path.name[0] != "." or path.name == ".gitignore")]
    folders = [root / name for name in FOLDERS] + [root / "autograder" / name for name in OF_AUTOGRADER]
    inside = [file for path in folders for file in ([path] if path.is_file() else path.rglob("*"))]
    found = [file for file in [*single, *inside] if file.is_file() and not set(LEFT_OUT) & set(file.parts)]
    return sorted(found)
