"""The instructor's commands: `python -m autograder --help`."""

import argparse
import sys
from pathlib import Path

from autograder.exercises import LABS

PROGRESS = "grading {n_fmt} of {total_fmt} |{bar:30}| {elapsed}"
ROSTER = "all students: names, one a line, or a CSV with a known heading; who has no folder is missing"
FINAL, USAGE, SOME_NOT_GRADED, FAULT = 0, 2, 3, 1


class Usage(Exception):
    """What was asked for cannot be done; the message says why, in one sentence."""


def main(arguments=None):
    """Run a command. Returns its exit code."""
    for stream in (sys.stdout, sys.stderr):  # whatever a student is called, it can be printed
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except Usage as fault:
        print(f"autograder: {fault}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("\nautograder: stopped; nothing more was written", file=sys.stderr)
        return 130


def labs(options):
    """make labs/ from solutions/"""
    from autograder.grading.labs import LabFault, make_labs, stale_labs
    from autograder.grading.secret import make_secret

    try:
        if options.check:
            stale = stale_labs()
            if stale:
                print(f"labs/ is stale: {', '.join(stale)} differs from what solutions/ makes; run `make labs`.")
            return FAULT if stale else FINAL
        print(f"The labs are in {_short(make_labs(force=options.force))}.")
    except LabFault as fault:
        raise Usage(str(fault)) from None
    if make_secret():
        print("A secret for the hidden questions is in grading/secret. Keep it out of git, and keep it for regrades.")
    return FINAL


def exercise(options):
    """put the cells of a new exercise into its lab's notebook"""
    from autograder.grading.labs import LabFault, add_exercise

    try:
        print(f"Five cells for {options.name} are in {_short(add_exercise(LABS[options.lab], options.name))}.")
    except LabFault as fault:
        raise Usage(str(fault)) from None
    return FINAL


def release(options):
    """write course-student.zip: all that students need, and the secret of the hidden questions if there is none"""
    from autograder.grading.labs import LabFault, stale_labs
    from autograder.grading.release import write_release
    from autograder.grading.secret import make_secret

    try:
        stale = stale_labs()
    except LabFault as fault:
        raise Usage(f"{fault}; run `make labs` first") from None
    if stale:
        raise Usage(f"labs/ is stale: {', '.join(stale)} differs from what solutions/ makes; run `make labs` first")
    path = write_release(Path(options.out))
    print(f"Hand out {_short(path)} ({path.stat().st_size / 2**20:.1f} MB). Unpacked, `make lab` works in it.")
    if make_secret():
        print("A secret for the hidden questions is in grading/secret. Keep it out of git, and keep it for regrades.")
    return FINAL


def grade(options):
    """grade a folder of submissions"""
    from tqdm import tqdm

    from autograder.grading import report
    from autograder.grading.gradebook import GradebookFault
    from autograder.grading.intake import left_out, students_in
    from autograder.grading.labs import LabFault
    from autograder.grading.roster import missing_from
    from autograder.grading.run import grade_folder
    from autograder.grading.sandbox import tiers

    roster = _roster(options.roster)
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
        print(f"Left out, as it lies in no student's folder: {_some(loose)}. (A platform's files: autograder collect.)")
    not_graded = sum(one.score is None for one in graded)
    if not_graded:
        print(f"{not_graded} could not be graded, through no fault of the students: grade again, see report.html.")
    print(f"In {_short(out)}: report.html, report.json, grades.csv, gradebook.db, feedback/.", end=" ")
    print(f"Look closer: make formgrader OUT={out}")
    return SOME_NOT_GRADED if not_graded else FINAL


def collect(options):
    """turn a learning platform's archive of hand-ins into a folder of submissions"""
    collected = _collected(options.archive, options.lab, options.out, _roster(options.roster))
    students = collected.students
    print(f"{len(students)} hand-ins of {options.lab} are in {_short(options.out)}: {_some(students)}.")
    _say_what_was_left(collected)
    print(f"Grade them: python -m autograder grade {options.out} --lab {options.lab} --out OUT")
    return FINAL


def formgrader(options):
    """open nbgrader's formgrader on what `grade` wrote"""
    from autograder.grading.formgrader import serve

    if not (Path(options.out) / "gradebook.db").is_file():
        raise Usage(f"{options.out} holds no gradebook.db; `grade` makes one: autograder grade SUBMISSIONS --out OUT")
    return serve(Path(options.out), browser=not options.no_browser, port=options.port)


def selftest(options):
    """test the exercises: right answers, known mistakes, an empty lab"""
    from autograder.checking.selftest import selftest as run

    result = run([exercise for lab in options.lab for exercise in LABS[lab].exercises] if options.lab else None)
    for fault in result.faults:
        print(f"FAULT  {fault}")
    print(result.as_table())
    if options.json:
        print(result.as_json())
    return FINAL if result.good else FAULT


def sample(options):
    """write ten submissions to try grading on"""
    from autograder.grading.sample import write_sample

    folder = Path(options.submissions)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Usage(f"{folder} exists and is not an empty folder")
    names = write_sample(folder, LABS[options.lab])
    print(f"{len(names)} submissions are in {_short(folder)}: {', '.join(names)}.")
    return FINAL


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m autograder", description="Release labs, grade what students hand in, test the exercises."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = _command(commands, grade, "Grade every notebook SUBMISSIONS/<student>/<lab>/<lab>.ipynb.")
    one.add_argument(
        "submissions", metavar="SUBMISSIONS", help="folder with one folder for each student, or an archive"
    )
    one.add_argument("--out", required=True, help="folder for the gradebook, feedback and reports; may be graded again")
    one.add_argument(
        "--lab", action="append", default=[], help="grade this lab only (default: all that were handed in)"
    )
    one.add_argument("--roster", metavar="FILE", help=ROSTER)
    one.add_argument("--secret", metavar="FILE", help="secret of the hidden questions (default: grading/secret)")
    one.add_argument(
        "--hint-share",
        metavar="SHARE",
        default="1",
        help="what an answer whose code is that of the last hint counts of its points, 0 .. 1 (default: 1)",
    )
    one.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="run the students' code with your own rights, where it cannot be walled off; the reports then say so",
    )

    one = _command(
        commands, labs, "Make labs/ from solutions/, and the secret of the hidden questions if there is none."
    )
    one.add_argument("--check", action="store_true", help="write nothing; exit 1 if labs/ is not what solutions/ makes")

    one.add_argument("--force", action="store_true", help="write over a lab that was edited in labs/")

    one = _command(commands, exercise, "Put the five cells of a new exercise into its lab's notebook in solutions/.")
    one.add_argument("lab", metavar="LAB", choices=sorted(LABS), help="the lab: %(choices)s")
    one.add_argument("name", metavar="NAME", help="the exercise, as its file in autograder/exercises/labNN/ is called")

    one = _command(commands, release, "Write course-student.zip: what students need, without solutions and grading.")
    one.add_argument("--out", default="release", help="folder for the archive (default: release/)")

    one = _command(
        commands,
        collect,
        "Take the hand-ins of one lab out of the zip archive that Moodle (Download all submissions), Canvas (Download "
        "Submissions) or Blackboard gives, into SUBMISSIONS/<student>/<lab>/. Any zip with a folder for each student "
        "is taken too. It is counted before it is unpacked; of attempts that a platform "
        "marks the newest is taken, and whoever has an entry gets a folder.",
    )
    one.add_argument("archive", metavar="ARCHIVE", help="the zip archive")
    one.add_argument(
        "--lab", metavar="LAB", required=True, choices=sorted(LABS), help="the lab that was handed in: %(choices)s"
    )
    one.add_argument("--out", required=True, metavar="SUBMISSIONS", help="folder to write to; made if there is none")
    one.add_argument("--roster", metavar="FILE", help=f"{ROSTER}. Folders are called as it calls the students")

    one = _command(commands, formgrader, "Open nbgrader's formgrader on a folder that `grade` wrote.")
    one.add_argument("out", metavar="OUT", help="the folder")
    one.add_argument("--no-browser", action="store_true", help="print the address only")
    one.add_argument("--port", type=int, default=8888, help="port to serve on, or the next free one (default: 8888)")

    one = _command(commands, selftest, "Put right answers, known mistakes and empty ones to every exercise.")
    one.add_argument("--lab", choices=sorted(LABS), action="append", help="this lab only; more than one may be given")
    one.add_argument("--json", action="store_true", help="print the counts as JSON in the last line")

    one = _command(commands, sample, "Write ten submissions, good and bad, made from the instructor's version.")
    one.add_argument("submissions", metavar="SUBMISSIONS", help="folder to write; must not exist or be empty")
    one.add_argument("--lab", choices=sorted(LABS), default=next(iter(LABS)), help="the lab (default: %(default)s)")
    return parser


def _command(commands, function, description):
    parser = commands.add_parser(function.__name__, help=function.__doc__, description=description)
    parser.set_defaults(run=function)
    return parser


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


def _roster(path):
    from autograder.grading.roster import RosterFault, read_roster

    try:
        return read_roster(path) if path else []
    except RosterFault as fault:
        raise Usage(str(fault)) from None


def _collected(archive, lab, submissions, roster):
    from autograder.grading.collect import CollectFault
    from autograder.grading.collect import collect as collect_archive

    try:
        return collect_archive(archive, lab, submissions, roster)
    except CollectFault as fault:
        raise Usage(str(fault)) from None


def _say_what_was_left(collected):
    if collected.left:
        print(f"Left in the archive: {_some(collected.left)}.")
    if collected.apart:
        print(f"Kept apart: {_some(collected.apart)}.")


def _collected_in_out(options, roster):
    """Collect an archive that was given in place of a folder, beside OUT, and return the folder."""
    if len(options.lab) != 1 or options.lab[0] not in LABS:
        raise Usage(
            f"{options.submissions} is an archive; say which one lab it is of, such as --lab {next(iter(LABS))}"
        )
    folder = Path(f"{options.out.rstrip('/')}-submissions")
    collected = _collected(options.submissions, options.lab[0], folder, roster)
    print(f"{len(collected.students)} hand-ins were collected in {_short(folder)}.")
    _say_what_was_left(collected)
    return folder


def _some(names, at_most=8):
    names = list(names)
    return ", ".join(names[:at_most]) + (f" and {len(names) - at_most} more" if len(names) > at_most else "")


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


def _short(path):
    """Return a path from the working folder where that is shorter."""
    path = Path(path).absolute()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())
