"""`grade`: a folder of submissions in; gradebook, feedback and reports out."""

from pathlib import Path

from autograder.commands import FINAL, SOME_NOT_GRADED, Usage, short, some
from autograder.commands.collect import ROSTER, collected, roster_of, say_what_was_left
from autograder.exercises import LABS

SUMMARY = "grade a folder of submissions"
DESCRIPTION = "Grade every notebook SUBMISSIONS/<student>/<lab>/<lab>.ipynb."
PROGRESS = "grading {n_fmt} of {total_fmt} |{bar:30}| {elapsed}"


def add_arguments(parser):
    parser.add_argument(
        "submissions", metavar="SUBMISSIONS", help="folder with one folder for each student, or an archive"
    )
    parser.add_argument(
        "--out", required=True, help="folder for the gradebook, feedback and reports; may be graded again"
    )
    parser.add_argument(
        "--lab", action="append", default=[], help="grade this lab only (default: all that were handed in)"
    )
    parser.add_argument("--roster", metavar="FILE", help=ROSTER)
    parser.add_argument("--secret", metavar="FILE", help="secret of the hidden questions (default: grading/secret)")
    parser.add_argument(
        "--hint-share",
        metavar="SHARE",
        default="1",
        help="what an answer whose code is that of the last hint counts of its points, 0 .. 1 (default: 1)",
    )
    parser.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="run the students' code with your own rights, where it cannot be walled off; the reports then say so",
    )


def run(options):
    from tqdm import tqdm

    from autograder.grading import report
    from autograder.grading.gradebook import GradebookFault
    from autograder.grading.intake import left_out, students_in
    from autograder.grading.labs import LabFault
    from autograder.grading.roster import missing_from
    from autograder.grading.run import grade_folder
    from autograder.grading.sandbox import tiers

    roster = roster_of(options.roster)
    hint_share = _share(options.hint_share)
    if Path(options.submissions).is_file():
        options.submissions = _collected_in_out(options, roster)
    submissions, out = _checked_folders(options.submissions, options.out)
    chosen, secret = _checked_labs(options.lab, submissions), _secret(options.secret)
    _require_students(submissions, roster)
    try:
        tier = tiers.NONE if options.unsafe_no_sandbox else tiers.detect()
    except tiers.NoSandbox as fault:
        raise Usage(str(fault)) from None
    _make_writable(out)
    print(f"isolation: {tier.name} – {tier.meaning}.")
    try:
        graded = grade_folder(
            submissions,
            out,
            secret=secret,
            labs=chosen,
            roster=missing_from(roster, students_in(submissions)),
            hint_share=hint_share,
            tier=tier,
            progress=lambda jobs: tqdm(jobs, bar_format=PROGRESS),
        )
    except (LabFault, GradebookFault) as fault:
        raise Usage(str(fault)) from None
    (out / "report.json").write_text(report.as_json(graded, tier), encoding="utf-8")
    loose = left_out(submissions)
    (out / "report.html").write_text(report.as_html(graded, tier, loose), encoding="utf-8")
    (out / "grades.csv").write_text(report.as_csv(graded), encoding="utf-8")
    print(report.as_table(graded))
    if loose:
        print(f"Left out, as it lies in no student's folder: {some(loose)}. (A platform's files: autograder collect.)")
    not_graded = sum(one.score is None for one in graded)
    if not_graded:
        print(f"{not_graded} could not be graded, through no fault of the students: grade again, see report.html.")
    print(f"In {short(out)}: report.html, report.json, grades.csv, gradebook.db, feedback/.", end=" ")
    print(f"Look closer: make formgrader OUT={out}")
    return SOME_NOT_GRADED if not_graded else FINAL


def _checked_folders(submissions, out):
    submissions, out = Path(submissions), Path(out).absolute()
    if not submissions.is_dir():
        raise Usage(f"there is no folder {submissions}")
    if out.resolve().is_relative_to(submissions.resolve()):
        raise Usage(f"{out} lies inside {submissions}; keep the results apart from what students handed in")
    if out.exists() and (not out.is_dir() or any(out.iterdir())) and not (out / "nbgrader_config.py").is_file():
        raise Usage(f"{out} exists and was not made by grading; choose a new folder for --out")
    return submissions, out


def _make_writable(out):
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "report.json").open("a").close()
    except OSError as error:
        raise Usage(f"{out} cannot be written ({error.strerror})") from None


def _checked_labs(names, submissions):
    from autograder.grading.intake import labs_in

    there = ", ".join(LABS)
    for name in names:
        if name not in LABS:
            raise Usage(f"there is no lab called {name!r}; there are: {there}")
    found = labs_in(submissions)
    if not names and not set(found) & set(LABS):
        raise Usage(f"no student in {submissions} has a folder of a lab; expected <student>/<lab>, with lab: {there}")
    return names


def _require_students(submissions, roster):
    from autograder.grading.intake import students_in

    if not students_in(submissions) and not roster:
        raise Usage(f"{submissions} is empty; expected {submissions}/<student>/<lab>/<lab>.ipynb")


def _collected_in_out(options, roster):
    """Collect an archive that was given in place of a folder, beside OUT, and return the folder."""
    if len(options.lab) != 1 or options.lab[0] not in LABS:
        raise Usage(
            f"{options.submissions} is an archive; say which one lab it is of, such as --lab {next(iter(LABS))}"
        )
    folder = Path(f"{options.out.rstrip('/')}-submissions")
    found = collected(options.submissions, options.lab[0], folder, roster)
    print(f"{len(found.students)} hand-ins were collected in {short(folder)}.")
    say_what_was_left(found)
    return folder


def _secret(path):
    from autograder.grading.secret import SecretFault, make_secret, read_secret

    if not path and make_secret():
        print("A secret for the hidden questions was drawn: grading/secret. Keep it for regrades.")
    try:
        return read_secret(path)
    except SecretFault as fault:
        raise Usage(str(fault)) from None


def _share(text):
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise Usage(f"--hint-share needs a number from 0 to 1, got {text!r}")
    return share
