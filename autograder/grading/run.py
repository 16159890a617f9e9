"""Grading: a folder of submissions in; gradebook, feedback and reports out.

Intake, rebuild, kernel and judge work on one submission at a time, and only values come out of them. Then one writer
enters the results. A submission that fails in a way nobody foresaw is tried once more and then reported as
`infrastructure-error`: it gets no score, and the others are not touched.
"""

from collections.abc import Callable
from dataclasses import replace

from autograder.exercises import LABS
from autograder.grading.collected import add_names, read_names
from autograder.grading.examine import WORST_FIRST, examine, failed_results
from autograder.grading.gradebook import Gradebook, GradebookFault
from autograder.grading.graded import INFRASTRUCTURE, Graded
from autograder.grading.handed_in import keep
from autograder.grading.intake import Submission, labs_in, students_in, take_in
from autograder.grading.labs import source_of
from autograder.grading.names import student_id
from autograder.grading.opening import OURS
from autograder.grading.rebuild import grade_id, is_answer, is_check, rebuild
from autograder.grading.sandbox import Limits
from autograder.grading.text import clean


def grade_folder(
    submissions, out, *, secret, labs=(), roster=(), limits=None, hint_share=1.0, tier=None, progress=lambda jobs: jobs
):
    """Grade the submissions in a folder and write OUT. Returns them graded, by student and lab.

    labs : names of the labs to grade; empty means those that some student has a folder for
    roster : names of students who should have handed in, and have no folder
    hint_share : what an answer whose code is that of the last hint counts of its points, 0 .. 1
    tier : how the students' code is walled off, of `sandbox.tiers`; the machine's best if none is given
    progress : wraps the list of what is to do, to show how far it is
    """
    gradebook = Gradebook(out)
    gradebook.prepare()
    add_names(out, read_names(submissions))
    labs = [LABS[name] for name in labs or [name for name in labs_in(submissions) if name in LABS]]
    releases = {lab.name: gradebook.register(lab, source_of(lab)) for lab in labs}
    students = sorted({*students_in(submissions), *roster})
    graded = []
    for student, lab in progress([(student, lab) for student in students for lab in labs]):
        release = releases[lab.name]
        how = (limits or Limits(), hint_share, tier)
        one, notebook, printed = grade_one(submissions, student, lab, release, secret, *how)
        one = _entered(gradebook, _kept(out, one), lab, notebook, release, printed)
        graded.append(replace(one, submission=replace(one.submission, cells=())))  # of a large class, not all texts
    return graded


def grade_one(folder, student, lab, release, secret, limits, hint_share=1.0, tier=None):
    """Grade one submission. Returns it, the rebuilt notebook, and what each cell printed."""
    graded = _tried_twice(lambda: _grade(folder, student, lab, release, secret, limits, hint_share, tier))
    if isinstance(graded, Exception):
        return _not_graded(Submission(student_id(student), lab.name), lab, (), graded), None, {}
    return graded


def _grade(folder, student, lab, release, secret, limits, hint_share, tier):
    submission, rebuilt = _taken_in(folder, student, lab, release)
    if submission.refusal:
        results = failed_results(lab, submission.refusal, clean(submission.reason))
        notes = _cleaned_notes(submission.reason, *submission.notes)
        return Graded(submission, submission.refusal, results, notes), rebuilt.notebook, {}

    def generator(exercise, question):
        return exercise.generator(question, secret, submission.student)

    examined = examine(rebuilt.notebook, lab, generator, limits, hint_share, tier)
    results = tuple(_cleaned_result(result) for result in examined.results)
    notes = _cleaned_notes(*submission.notes, *rebuilt.notes, *examined.notes)
    printed = {place: clean(text) for place, text in examined.printed.items()}
    return Graded(submission, _outcome(results), results, notes), rebuilt.notebook, printed


def _taken_in(folder, student, lab, release):
    """Return the submission and the notebook rebuilt from it. What nobody foresaw in a file is the file's fault."""
    ids = {grade_id(cell) for cell in release.cells if is_answer(cell) or is_check(cell)}
    try:
        submission = take_in(folder, student, lab.name, ids, release)
        return submission, rebuild(release, submission.cells)
    except MemoryError:
        raise
    except Exception as fault:
        if isinstance(fault, OSError) and fault.errno in OURS:
            raise
        reason = f"what was handed in cannot be read ({type(fault).__name__}); tell whoever looks after the course"
        return Submission(student_id(student), lab.name, refusal="unreadable", reason=reason), rebuild(release, ())


def _cleaned_notes(*notes):
    return tuple(dict.fromkeys(map(clean, notes)))


def _cleaned_result(result):
    reasons = tuple(map(clean, result.reasons))
    return replace(result, reasons=reasons, named=clean(result.named), note=clean(result.note))


def _kept(out, graded):
    """Keep what was handed in, as it came, in OUT."""
    if graded.submission.path is None:
        return graded
    kept = _tried_twice(lambda: keep(out, graded.submission))
    if not isinstance(kept, Exception):
        return graded
    return replace(
        graded, notes=(*graded.notes, f"what was handed in could not be kept ({type(kept).__name__}: {kept})")
    )


def _entered(gradebook, graded, lab, notebook, release, printed):
    """Enter a result; where nbgrader will not have a student's texts, without them: the points do not hang on it."""
    if graded.outcome == INFRASTRUCTURE:
        return graded
    student = graded.submission.student
    entered = _tried_twice(lambda: gradebook.enter(student, lab, notebook, graded.results, printed))
    if isinstance(entered, GradebookFault):
        graded = replace(
            graded, notes=(*graded.notes, "the feedback shows the lab without the answers: " + str(entered))
        )
        entered = _tried_twice(lambda: gradebook.enter(student, lab, rebuild(release, ()).notebook, graded.results, {}))
    return _not_graded(graded.submission, lab, graded.notes, entered) if isinstance(entered, Exception) else graded


def _tried_twice(job: Callable):
    """Do a job, once more if it fails, and return what it gives or the exception of the second failure."""
    for last in (False, True):
        try:
            return job()
        except Exception as fault:
            if last:
                return fault


def _not_graded(submission, lab, notes, fault):
    reason = clean(f"not graded, {type(fault).__name__}: {fault}")
    return Graded(submission, INFRASTRUCTURE, failed_results(lab, INFRASTRUCTURE, reason), (*notes, reason))


def _outcome(results):
    """Return the one word for a submission that was run: blank, the worst that happened, or graded."""
    outcomes = {result.outcome for result in results}
    if outcomes == {"blank"}:
        return "blank"
    return next((word for word in WORST_FIRST if word in outcomes), "graded")
