"""`exercise`: put the cells of a new exercise into its lab's notebook."""

from autograder.commands import FINAL, Usage, short
from autograder.exercises import LABS

SUMMARY = "put the cells of a new exercise into its lab's notebook"
DESCRIPTION = "Put the five cells of a new exercise into its lab's notebook in solutions/."


def add_arguments(parser):
    parser.add_argument("lab", metavar="LAB", choices=sorted(LABS), help="the lab: %(choices)s")
    parser.add_argument(
        "name", metavar="NAME", help="the exercise, as its file in autograder/exercises/labNN/ is called"
    )


def run(options):
    from autograder.grading.labs import LabFault, add_exercise

    try:
        print(f"Five cells for {options.name} are in {short(add_exercise(LABS[options.lab], options.name))}.")
    except LabFault as fault:
        raise Usage(str(fault)) from None
    return FINAL
