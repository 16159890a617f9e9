"""`regrade`: grade again what has changed since the last run, as that was asked for."""

import json
from argparse import Namespace
from pathlib import Path

from autograder.commands import Usage, grade
from autograder.exercises import LABS

SUMMARY = "grade again what has changed, or what you name"
DESCRIPTION = (
    "Grade again into OUT, from the same SUBMISSIONS and with the same options as the last time. Only what has changed "
    "is examined: a hand-in, an exercise, the environment, or what could not be graded. Manual grades and comments "
    "stay."
)


def add_arguments(parser):
    parser.add_argument("out", metavar="OUT", help="the folder that `grade` wrote")
    parser.add_argument(
        "--student", action="append", default=[], help="examine this student anew, whatever changed; may be given again"
    )
    parser.add_argument(
        "--lab", action="append", default=[], choices=sorted(LABS), help="examine this lab anew, whatever changed"
    )
    parser.add_argument("--everything", action="store_true", help="examine all anew, whatever changed")
    parser.add_argument("--jobs", metavar="N", help="as for grade")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="as for grade")


def run(options):
    asked = _last_run(Path(options.out))
    named = options.student or options.lab or options.everything
    if options.student:
        _require_students(asked["submissions"], options.student)
    _require_labs(asked, options.lab)

    def anew(student, lab):
        return bool(named and student in (options.student or [student]) and lab in (options.lab or [lab]))

    how = {"out": options.out, "jobs": options.jobs, "scheduler": options.scheduler, "gradebook": None, "anew": anew}
    return grade.run(Namespace(**asked, **how))


def _last_run(out):
    path = out / grade.LAST_RUN
    try:
        asked = json.loads(path.read_text(encoding="utf-8"))
        return {name: asked[name] for name in grade.ASKED}
    except FileNotFoundError:
        raise Usage(f"{out} was not graded into; autograder grade SUBMISSIONS --out {out} does that") from None
    except OSError as error:
        raise Usage(f"{path} cannot be read ({error.strerror})") from None
    except (ValueError, KeyError, TypeError):
        raise Usage(f"{path} is damaged; say it anew: autograder grade SUBMISSIONS --out {out}") from None


def _require_labs(asked, names):
    from autograder.grading.intake import labs_in

    folder = asked["submissions"]
    there = asked["lab"] or (labs_in(folder) if Path(folder).is_dir() else names)
    for name in names:
        if name not in there:
            raise Usage(f"{name} was not graded by the last run, of {folder}; grade it anew: autograder grade")


def _require_students(submissions, names):
    from autograder.grading.intake import students_in
    from autograder.grading.names import student_id

    there = {student_id(student) for student in students_in(submissions)} if Path(submissions).is_dir() else set()
    for name in names:
        if name not in there:
            raise Usage(f"there is no student called {name!r} in {submissions}; as report.html calls them, please")
