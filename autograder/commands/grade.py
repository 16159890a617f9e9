"""`grade`: a folder of submissions in; gradebook, feedback and reports out."""

import json
import sys
from dataclasses import replace
from pathlib import Path

from autograder.commands import FINAL, SOME_NOT_GRADED, STOPPED, Usage, short, some
from autograder.commands.collect import ROSTER, collected, roster_of, say_what_was_left
from autograder.exercises import LABS
from autograder.grading.out import LOCK, partial_name
from autograder.grading.text import shown

SUMMARY = "grade a folder of submissions"
DESCRIPTION = "Grade every notebook SUBMISSIONS/<student>/<lab>/<lab>.ipynb."
PROGRESS = "{desc} {n_fmt} of {total_fmt} |{bar:30}| {elapsed}, {remaining} to go {postfix}"
IN_A_LOG = 60  # seconds between two words of progress where nobody looks on
MOST_JOBS = 256  # as many users there are for kernels where root grades
LAST_RUN = "last_run.json"
AT_ONCE = (LAST_RUN, "settings.json")  # what a run writes before anything else
FIRST = {LOCK, *AT_ONCE, *map(partial_name, AT_ONCE)}
LATE = (
    "what coming late costs: none (the default: it is noted), zero, a share of the points earned, or points, for each "
    "day begun (10%%/day, 2/day; 'zero after 2 hours' is possible, too), or module:Class, a plug-in of nbgrader's kind"
)
ASKED = ("submissions", "lab", "roster", "secret", "hint_share", "due", "late", "unsafe_no_sandbox")


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
        "--due",
        metavar="[LAB=]TIME",
        action="append",
        default=[],
        help="when hand-ins were due, such as '2026-11-30 23:59 Europe/Berlin'; with LAB= that lab only, may be given "
        "again; without a zone it is a time of this machine's. When each came stands in nbgrader's timestamp.txt in "
        "its folder, in UTC where it names no zone",
    )
    parser.add_argument("--late", metavar="POLICY", help=LATE)
    parser.add_argument(
        "--jobs", metavar="N", help="processes that examine at the same time (default: one for each core)"
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="have the workers of a Dask cluster examine, such as tcp://127.0.0.1:8786; the results are the same",
    )
    parser.add_argument(
        "--gradebook",
        metavar="URL",
        help="keep the gradebook in a database server: postgresql+psycopg://user@host/name (default: a file in OUT)",
    )
    parser.add_argument(
        "--unsafe-no-sandbox",
        action="store_true",
        help="run the students' code with your own rights, where it cannot be walled off; the reports then say so",
    )
    parser.set_defaults(anew=lambda student, lab: False)


def run(options):
    from autograder.grading.out import OutFault, only_run

    roster = roster_of(options.roster)
    how = _how(options)
    if Path(options.submissions).is_file():
        options.submissions = _collected_in_out(options, roster)
    submissions, out = _checked_folders(options.submissions, options.out)
    labs = _checked_labs(options.lab, submissions)
    due, jobs = _due(options.due, labs), _jobs(options.jobs)
    _require_students(submissions, roster)
    try:
        with only_run(out):
            return _graded(options, submissions, out, how=how, labs=labs, roster=roster, due=due, jobs=jobs)
    except OutFault as fault:
        print(f"autograder: {fault}", file=sys.stderr)
        return SOME_NOT_GRADED
    except KeyboardInterrupt:
        print("\nautograder: stopped; what was graded is kept, and the same command goes on from here", file=sys.stderr)
        return STOPPED


def _graded(options, submissions, out, *, how, labs, roster, due, jobs):
    from autograder.grading import report
    from autograder.grading.gradebook import Gradebook, GradebookFault
    from autograder.grading.intake import left_out, students_in
    from autograder.grading.labs import LabFault
    from autograder.grading.late import LateFault
    from autograder.grading.out import write_whole
    from autograder.grading.roster import missing_from
    from autograder.grading.run import grade_folder
    from autograder.grading.sandbox import temporary, tiers
    from autograder.grading.workers import SchedulerFault

    temporary.sweep()  # what a run that was killed could not clear away
    try:
        with _workers(options, labs, jobs) as workers:
            how = replace(how, isolation=workers.isolation or how.isolation)
            tier = next(tier for tier in tiers.ALL if tier.name == how.isolation)
            print(f"isolation: {tier.name} – {tier.meaning}.")
            gradebook = Gradebook(out, options.gradebook, options.late)
            write_whole(out / LAST_RUN, json.dumps(_as_asked(options), indent=1) + "\n")
            run = grade_folder(
                submissions,
                out,
                how=how,
                labs=labs,
                roster=missing_from(roster, students_in(submissions)),
                due=due,
                gradebook=gradebook,
                workers=workers,
                anew=options.anew,
                progress=_progress,
            )
    except (LabFault, GradebookFault, LateFault, SchedulerFault) as fault:
        raise Usage(str(fault)) from None
    finally:
        temporary.sweep()
    graded, loose = run.graded, left_out(submissions)
    report.write(out, graded, tier, loose)
    print(report.as_table(graded))
    if loose:
        print(f"Left out, as it lies in no student's folder: {some(loose)}. (A platform's files: autograder collect.)")
    print(f"Examined now: {run.n_examined} of {len(graded)}; the others stood already, or had nothing to run.")
    for sentence in run.said:
        print(sentence)
    not_graded = sum(one.score is None for one in graded)
    if not_graded:
        print(f"{not_graded} could not be graded, through no fault of the students: grade again, see report.html.")
    print(f"In {short(out)}: report.html, report.json, grades.csv, gradebook.db, feedback/.", end=" ")
    print(f"Look closer: make formgrader OUT={short(out)}")
    return SOME_NOT_GRADED if not_graded else FINAL


def _how(options):
    """How submissions are examined, as it was asked for."""
    from autograder.grading.sandbox import tiers
    from autograder.grading.work import How

    share, secret = _share(options.hint_share), _secret(options.secret)
    try:
        tier = tiers.NONE if options.unsafe_no_sandbox or options.scheduler else tiers.detect()
    except tiers.NoSandbox as fault:
        raise Usage(str(fault)) from None
    return How(secret, limits(), share, isolation=tier.name)


def limits():
    """Return what the students' code may use."""
    from autograder.grading.sandbox import Limits

    return Limits()


def _workers(options, labs, jobs):
    from autograder.grading.workers import Beside, Cluster, Here

    if options.scheduler:
        return Cluster(options.scheduler, labs, jobs, walls=not options.unsafe_no_sandbox)
    return Beside(jobs) if jobs > 1 else Here()


def _progress(tasks, total, words):
    """Show how far it is, and with whom."""
    from tqdm import tqdm

    often = 0.1 if sys.stderr.isatty() else IN_A_LOG
    with tqdm(total=total, desc=words, bar_format=PROGRESS, mininterval=often, maxinterval=often) as bar:
        for tag, found in tasks:
            yield tag, found
            bar.set_postfix_str(shown(tag[0] if isinstance(tag, tuple) else tag.submission.student)[:20], refresh=False)
            bar.update()


def _as_asked(options):
    """What was asked for, for `regrade`: paths that hold wherever it is run, and no address with a password."""
    asked = {name: getattr(options, name) for name in ASKED}
    for name in ("submissions", "roster", "secret"):
        asked[name] = asked[name] and str(Path(asked[name]).absolute())
    return asked


def _checked_folders(submissions, out):
    submissions, out = Path(submissions), Path(out).absolute()
    if not submissions.is_dir():
        raise Usage(f"there is no folder {submissions}")
    if out.resolve().is_relative_to(submissions.resolve()):
        raise Usage(f"{out} lies inside {submissions}; keep the results apart from what students handed in")
    try:
        is_new = not out.exists() or (out.is_dir() and {path.name for path in out.iterdir()} <= FIRST)
        if not is_new and not (out / "nbgrader_config.py").is_file():
            raise Usage(f"{out} exists and was not made by grading; choose a new folder for --out")
        out.mkdir(parents=True, exist_ok=True)
        (out / LOCK).open("a").close()
    except OSError as error:
        raise Usage(f"{out} cannot be written ({error.strerror})") from None
    return submissions, out


def _checked_labs(names, submissions):
    from autograder.grading.intake import labs_in

    there = ", ".join(LABS)
    for name in names:
        if name not in LABS:
            raise Usage(f"there is no lab called {name!r}; there are: {there}")
    found = labs_in(submissions)
    if not names and not set(found) & set(LABS):
        raise Usage(f"no student in {submissions} has a folder of a lab; expected <student>/<lab>, with lab: {there}")
    return names or [name for name in LABS if name in found]


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


def _jobs(text):
    from autograder.grading.workers import cores

    if text is None:
        return cores()
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_JOBS:
        raise Usage(f"--jobs needs a whole number from 1 to {MOST_JOBS}, got {text!r}")
    return int(text)


def _due(texts, labs):
    """Return when each lab was due: of "TIME" all of them, of "LAB=TIME" that one."""
    from autograder.grading.late import LateFault, read_time

    due = {}
    for text in texts:
        lab, equals, time = text.rpartition("=")
        if equals and lab not in LABS:
            raise Usage(f"--due: there is no lab called {lab!r}; there are: {', '.join(LABS)}")
        try:
            due |= dict.fromkeys([lab] if equals else labs, read_time(time))
        except LateFault as fault:
            raise Usage(f"--due: {fault}") from None
    return due
