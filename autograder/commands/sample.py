"""`sample`: ten students' submissions to try grading on."""

from pathlib import Path

from autograder.commands import FINAL, Usage, short
from autograder.exercises import LABS

SUMMARY = "write submissions of ten students to try grading on"
DESCRIPTION = (
    "Write the submissions of ten students, good and bad, made from the instructor's version. Each is called what it "
    "is: right, half-right, wrong (a known mistake in every exercise), blank, warns, endless-loop, dead-kernel, "
    "deleted-check, doubled-id, unreadable."
)
ALL = "all"
EPILOG = """examples:
  autograder sample submissions                                   of the first lab
  autograder sample submissions --lab all                         of every lab; each student has all of them
  autograder sample submissions --lab LAB --lab LAB               of these
  autograder grade submissions --out grading/first                grades them
"""


def add_arguments(parser):
    parser.add_argument("submissions", metavar="SUBMISSIONS", help="folder to write; must not exist or be empty")
    parser.add_argument(
        "--lab",
        metavar="LAB",
        action="append",
        choices=[*sorted(LABS), ALL],
        help=f"the lab, more than one may be given: %(choices)s (default: {next(iter(LABS))})",
    )


def run(options):
    from autograder.grading.sample import write_sample

    folder = Path(options.submissions)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Usage(f"{folder} exists and is not an empty folder")
    chosen = options.lab or [next(iter(LABS))]
    labs = [lab for lab in LABS.values() if lab.name in chosen or ALL in chosen]
    names = write_sample(folder, *labs)
    of = f", of {len(labs)} labs each," if len(labs) > 1 else ""
    print(f"{len(names)} submissions{of} are in {short(folder)}: {', '.join(names)}.")
    return FINAL
