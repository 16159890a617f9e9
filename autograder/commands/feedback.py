"""`feedback`: each student's feedback anew from the gradebook, packed for handing back."""

from pathlib import Path

from autograder.commands import FINAL, SOME_NOT_GRADED, Usage, short, some
from autograder.exercises import LABS

SUMMARY = "make each student's feedback anew and pack it for handing back"
DESCRIPTION = (
    "Make each student's feedback anew from the gradebook in OUT, with the manual scores and comments that a person "
    "entered in the formgrader, and pack it into OUT/hand_back/<lab>.zip: of each student nbgrader's page, and a short "
    "text for an e-mail. Notes that are meant for the instructor alone stay in report.html."
)
EPILOG = """examples:
  autograder feedback grading/first                        a folder for each student: <student>/<lab>.html and .txt
  autograder feedback grading/first --for moodle           folders called as in Moodle's zip of the hand-ins; in Moodle:
                                                           the assignment, Submissions, Actions,
                                                           Upload multiple feedback files in a zip
  autograder feedback grading/first --for canvas           pages called as in Canvas's zip; in Canvas: the assignment,
                                                           Upload Submissions. Canvas shows the page under the name of
                                                           the file that was handed in
  autograder feedback grading/first --lab LAB --student ann   of one student only; the zip then holds nobody else

A platform's names are known of hand-ins that `collect` took out of its zip. Whose are not is said, and packed plainly.
"""
PROGRESS = "feedback {n_fmt} of {total_fmt} |{bar:30}| {elapsed}"


def add_arguments(parser):
    parser.add_argument("out", metavar="OUT", help="the folder that `grade` wrote")
    parser.add_argument("--lab", action="append", default=[], help="of this lab only; more than one may be given")
    parser.add_argument(
        "--student", action="append", default=[], help="to this student only; more than one may be given"
    )
    parser.add_argument(
        "--for",
        dest="platform",
        choices=("plain", "moodle", "canvas"),
        default="plain",
        help="the platform whose names the files get: %(choices)s (default: %(default)s)",
    )


def run(options):
    from tqdm import tqdm

    from autograder.grading.feedback import hand_back, read_entries
    from autograder.grading.gradebook import GradebookFault
    from autograder.grading.late import LateFault
    from autograder.grading.out import OutFault, only_run

    out = graded_folder(options.out)
    grades, entries = grades_in(out), read_entries(out)
    keys = {*grades, *entries}
    require(options.student, {student for student, _ in keys}, "student", out)
    require(options.lab, {lab for _, lab in keys}, "lab", out)
    try:
        with only_run(out):  # else pages of before a run and after it could come into one zip
            handed = hand_back(
                out,
                options.lab,
                options.student,
                options.platform,
                lambda jobs: tqdm(jobs, bar_format=PROGRESS),
            )
    except (GradebookFault, LateFault, OutFault) as fault:
        raise Usage(str(fault)) from None
    except OSError as error:
        raise Usage(f"the feedback cannot be written in {out} ({error.strerror or error})") from None
    for archive in handed.archives:
        print(f"Hand back {short(archive)} ({archive.stat().st_size / 2**20:.1f} MB).")
    if not handed.archives:
        print("There is nothing to hand back.")
    if handed.unknown:
        names = some(dict.fromkeys(handed.unknown))
        print(f"What {options.platform} calls them is not known, so they are packed plainly: {names}.")
    if silent := sorted({lab for _, lab in {*grades} - {*entries} if lab in (options.lab or LABS)}):
        print(
            f"The last run was not of all of {some(silent)}, so some texts lack the notes of the report: grade again."
        )
    if handed.not_graded:
        print(f"Not graded, through no fault of the students, so without feedback: {some(handed.not_graded)}.")
    if handed.failed:
        print(f"nbgrader could not make the page of {some(handed.failed)}; its own words are in nbgrader.log.")
    return SOME_NOT_GRADED if handed.failed or handed.not_graded else FINAL


def graded_folder(out):
    """Return OUT as a path, where it is a folder that was graded."""
    out = Path(out)
    if not (out / "nbgrader_config.py").is_file():
        raise Usage(f"{out} was not made by grading; `grade` makes one: autograder grade SUBMISSIONS --out OUT")
    return out.absolute()


def grades_in(out):
    """Return the grades in OUT's gradebook, as `grades.read_grades` does."""
    from autograder.grading.gradebook import GradebookFault
    from autograder.grading.grades import read_grades

    try:
        return read_grades(out)
    except GradebookFault as fault:
        raise Usage(str(fault)) from None


def require(names, there, what, out):
    """Refuse a name that is not in the gradebook."""
    for name in names:
        if name not in there:
            raise Usage(f"there is no {what} {name!r} in {short(out)}; there are: {some(sorted(there))}")
