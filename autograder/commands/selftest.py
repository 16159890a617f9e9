"""`selftest`: put right answers, known mistakes and empty ones to the exercises."""

from autograder.commands import FAULT, FINAL
from autograder.exercises import GALLERY, LABS

SUMMARY = "test the exercises: right answers, known mistakes, an empty lab"
IN_GALLERY = "gallery"
DESCRIPTION = "Put right answers, known mistakes and empty ones to every exercise."


def add_arguments(parser):
    parser.add_argument(
        "--lab",
        choices=[*sorted(LABS), IN_GALLERY],
        action="append",
        help=f"this lab only, or the rooms of the {IN_GALLERY}; more than one may be given",
    )
    parser.add_argument("--json", action="store_true", help="print the counts as JSON in the last line")


def run(options):
    from autograder.checking.selftest import selftest as tested

    of_lab = {name: lab.exercises for name, lab in LABS.items()} | {IN_GALLERY: GALLERY}
    result = tested([exercise for lab in options.lab for exercise in of_lab[lab]] if options.lab else None)
    for fault in result.faults:
        print(f"FAULT  {fault}")
    print(result.as_table())
    if options.json:
        print(result.as_json())
    return FINAL if result.good else FAULT
