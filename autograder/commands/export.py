"""`export`: grades for a learning platform, as CSV."""

import os
from pathlib import Path

from autograder.commands import FINAL, Usage, short, some
from autograder.commands.feedback import graded_folder, grades_in, require

SUMMARY = "write the grades as the CSV that a learning platform takes"
DESCRIPTION = (
    "Write the grades in OUT's gradebook as CSV, with manual grades and late penalties: a line for each student and a "
    "column for each lab, or with --roster the table that the platform exported, with the grades in it."
)
EPILOG = """examples:
  autograder export grading/first                                   writes grading/first/export.csv
  autograder export grading/first --roster canvas.csv               Canvas: Grades, Export; then Grades, Import
  autograder export grading/first --roster grades.csv --lab LAB     Moodle: the assignment, Submissions, Actions,
                                                                    Download grading worksheet; then Upload grading
                                                                    worksheet. It is the table of one assignment
  autograder export grading/first --roster gc.csv --percent         Blackboard: Grade Center, Work Offline

A column that is called as a lab (lab03_angular_lsh, Lab 3, lab03 (12345)) is filled; where none is, one is added. In a
column that was there, whoever has no grade keeps what stands there. nbgrader's own `nbgrader export`, run in OUT, works
as well; it writes names as they are, also those that a spreadsheet would calculate.
"""


def add_arguments(parser):
    parser.add_argument("out", metavar="OUT", help="the folder that `grade` wrote")
    parser.add_argument(
        "--roster", metavar="CSV", help="the table that Canvas, Moodle, Blackboard or nbgrader exported"
    )
    parser.add_argument("--to", metavar="FILE", help="file to write (default: OUT/export.csv)")
    parser.add_argument("--lab", action="append", default=[], help="this lab only; more than one may be given")
    parser.add_argument(
        "--points",
        choices=("final", "raw"),
        default="final",
        help="with what coming late costs, or without (default: %(default)s)",
    )
    parser.add_argument("--percent", action="store_true", help="percent of a lab's points, not points")


def run(options):
    from autograder.grading.collected import read_names
    from autograder.grading.export import Counted, ExportFault, export, export_into
    from autograder.grading.out import OutFault, only_run, replaced
    from autograder.grading.roster import RosterFault

    out = graded_folder(options.out)
    try:
        with only_run(out):  # else grades of before a run and after it could stand in one table
            grades = grades_in(out)
    except OutFault as fault:
        raise Usage(str(fault)) from None
    labs = sorted({lab for _, lab in grades})
    require(options.lab, labs, "lab", out)
    labs = [lab for lab in labs if not options.lab or lab in options.lab]
    to = Path(options.to) if options.to else out / "export.csv"
    counted = Counted(raw=options.points == "raw", percent=options.percent)
    try:
        if options.roster and to.exists() and Path(options.roster).exists() and os.path.samefile(to, options.roster):
            raise Usage(f"{to} is the roster itself; write to another file")
        exported = (
            export_into(options.roster, grades, labs, counted, read_names(out))
            if options.roster
            else export(grades, labs, counted)
        )
        with replaced(to) as file:
            file.write(exported.content)
    except (ExportFault, RosterFault) as fault:
        raise Usage(str(fault)) from None
    except OSError as error:
        raise Usage(f"{to} cannot be written ({error.strerror or error})") from None
    print(f"The grades of {some(labs) or 'no lab'} are in {short(to)}.")
    for words, columns in (("Filled", exported.filled), ("Added", exported.added)):
        if options.roster and columns:
            print(f"{words}: {some(columns)}.")
    if exported.unlisted:
        print(f"Graded, and not in the roster: {some(exported.unlisted)}.")
    if exported.unclear:
        print(f"Told apart by nothing in the roster: {some(exported.unclear)}.")
    if exported.scales:
        print(f"Not the same points: {some(exported.scales)}. Set them on the platform, or count with --percent.")
    return FINAL
