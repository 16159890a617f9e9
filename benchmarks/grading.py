"""Grading beside nbgrader's own: the same harmless submissions of a class, in processor time.

Ours is `python -m autograder grade`, in its sandbox, with gradebook, feedback and reports. nbgrader's is `nbgrader
autograde`, once for each lab as it is released: its check cells ask the visible questions and give partial credit; it
writes no feedback, and the students' code runs in the open. Both begin by starting Python. `benchmarks.class_of_200`
measures both.
"""

import json
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
import zlib
from pathlib import Path

from autograder.grading.nbgrader_config import ROOT
from benchmarks.made_up_class import DUE, content_of

SECRET = "a secret for measuring only\n"
LATE = "10%/day"


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
    _, waited = timed(command(folder, folder / "out", jobs), ROOT)
    ours = processor_time(waited, folder / "out")
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


def processor_time(cpu, out):
    """The processor's seconds of a run of ours: those of the processes that were waited for, and those of the kernels.

    Kernels are killed, and the operating system forgets what they took; the run's journal has it. It has the judge's
    share as well, which is so counted twice: the figure is what a run takes at most.
    """
    return cpu + sum(times["cpu"] for times in times_of(out).values())


def times_of(out):
    """What each submission that was run took, by student and lab, from the run's journal: {"wall": s, "cpu": s}."""
    with sqlite3.connect(out / "journal.db") as journal:
        rows = journal.execute("select student, lab, content from examined").fetchall()
    return {(student, lab): json.loads(zlib.decompress(content))["times"] for student, lab, content in rows}


def timed(words, folder, env=None):
    """Run a command to its end; return seconds of the clock, and of the processor where processes were waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    ran = subprocess.run(words, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {ran.returncode}: {ran.stderr[-2000:]}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
