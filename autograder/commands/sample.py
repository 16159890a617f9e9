"""`sample`: ten submissions to try grading on."""

from pathlib import Path

from autograder.commands import FINAL, Usage, short
from autograder.exercises import LABS

SUMMARY = "write ten submissions to try grading on"
DESCRIPTION = "Write ten submissions, good and bad, made from the instructor's version."


def add_arguments(parser):
    parser.add_argument("submissions", metavar="SUBMISSIONS", help="folder to write; must not exist or be empty")
    parser.add_argument("--lab", choices=sorted(LABS), default=next(iter(LABS)), help="the lab (default: %(default)s)")


def run(options):
    from autograder.grading.sample import write_sample

    folder = Path(options.submissions)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Usage(f"{folder} exists and is not an empty folder")
    names = write_sample(folder, LABS[options.lab])
    print(f"{len(names)} submissions are in {short(folder)}: {', '.join(names)}.")
    return FINAL
