"""Grading beside nbgrader's own: the same harmless submissions of a class, in processor time.

Ours is `python -m autograder grade`, in its sandbox, with gradebook, feedback and reports. nbgrader's is `nbgrader
autograde`, once for each lab as it is released: its check cells ask the visible questions and give partial credit; it
writes no feedback, and the students' code runs in the open. Both begin by starting Python. Processor time is that of
all processes, kernels that were killed among them. `benchmarks.class_of_200` measures both.
"""

import contextlib
import ctypes
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from autograder.grading.nbgrader_config import ROOT
from benchmarks.made_up_class import DUE, content_of

SECRET = "a secret for measuring only\n"
LATE = "10%/day"
BECOME_PARENT_OF_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER, of Linux


def command(folder, out, jobs):
    """The one command that grades FOLDER/submissions; FOLDER/secret is written."""
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    how = ["--out", str(out), "--secret", str(folder / "secret"), "--due", DUE, "--late", LATE, "--jobs", str(jobs)]
    return [sys.executable, "-m", "autograder", "grade", str(folder / "submissions"), *how]


def beside_nbgrader(folder, made, n_each, jobs):
    """Grade up to n submissions of each lab with both; return the processor's seconds that each takes for one.

    made : submissions of which none does harm; both get them under plain names
    """
    chosen = {}
    for one in sorted(made, key=lambda one: (one.kind == "mistaken", one.folder)):  # of all kinds some
        if len(chosen.setdefault(one.lab, [])) < n_each:
            chosen[one.lab].append(one)
    for name, ones in chosen.items():
        for place, one in enumerate(ones):
            for top in ("submissions", "submitted"):
                path = folder / top / f"student{place:03}" / name / f"{name}.ipynb"
                path.parent.mkdir(parents=True)
                path.write_bytes(content_of(one))
        _nbgrader(folder, "generate_assignment", name)
    _, ours = timed(command(folder, folder / "out", jobs), ROOT)
    stock = sum(_nbgrader(folder, "autograde", name)[1] for name in chosen)
    n = sum(map(len, chosen.values()))
    graded = len(list((folder / "autograded").glob("*/*/*.ipynb")))
    if graded != n:
        raise RuntimeError(f"nbgrader graded {graded} of {n} submissions")
    each = {"submissions": n, "ours, CPU s each": round(ours / n, 2), "nbgrader, CPU s each": round(stock / n, 2)}
    return each | {"CPU time, nbgrader / ours": round(stock / ours, 2)}


def _nbgrader(folder, what, name):
    """Run a command of nbgrader's on the folder; return its times."""
    (folder / "source" / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "solutions" / name / f"{name}.ipynb", folder / "source" / name)
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    return timed([sys.executable, "-m", "nbgrader", what, name, "--force"], folder, env)


def timed(words, folder, env=None):
    """Run a command to its end; return seconds of the clock and of the processor, of all processes that it started.

    Kernels that are killed leave orphans. This process becomes their parent, so that theirs is counted.
    """
    ctypes.CDLL(None).prctl(BECOME_PARENT_OF_ORPHANS, 1, 0, 0, 0)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    ran = subprocess.run(words, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall = time.monotonic() - begin
    if ran.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {ran.returncode}: {ran.stderr[-2000:]}")
    _wait_for_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _wait_for_orphans(at_most=10.0):
    end = time.monotonic() + at_most
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < end:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                time.sleep(0.05)
