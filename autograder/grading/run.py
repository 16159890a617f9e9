"""Grading: a folder of submissions in; gradebook, feedback and reports out.

Intake and rebuild are done here, one submission after the other; workers examine (`workers`, `work`); one writer, here
again, enters results as they come. The journal has each result on the disk before it is entered, so that a run which
is killed goes on where it was, and a later run examines only what changed. A submission that fails in a way nobody
foresaw is tried once more and then reported as `infrastructure-error`: it gets no score, and the others are not
touched.
"""

import functools
import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from autograder.commands import some
from autograder.exercises import LABS
from autograder.grading import late, work
from autograder.grading.collected import add_names, read_names
from autograder.grading.examine import WORST_FIRST, failed_results
from autograder.grading.gradebook import DatabaseFault, Gradebook, GradebookFault
from autograder.grading.graded import INFRASTRUCTURE, Graded, Late, Times
from autograder.grading.handed_in import keep
from autograder.grading.intake import Submission, labs_in, students_in, take_in
from autograder.grading.journal import Journal
from autograder.grading.judged import write_outputs
from autograder.grading.labs import source_of
from autograder.grading.names import student_id
from autograder.grading.opening import OURS
from autograder.grading.out import fault_of_machine, told
from autograder.grading.rebuild import grade_id, is_answer, is_check, is_own, rebuild
from autograder.grading.sandbox import Limits, tiers
from autograder.grading.text import clean, shown
from autograder.grading.work import How, Job, job_for, results_of
from autograder.grading.workers import Here

GRADING, FEEDBACK = "grading", "writing feedback"
BY_HAND = "a person gave points"
EARLIER = "in the gradebook stands what an earlier run found"
WITHOUT_ANSWERS = "the feedback shows the lab without the answers: "


@dataclass(frozen=True)
class Run:
    """What a run came to: submissions graded, by student and lab; how many were examined now; what there is to say."""

    graded: list
    n_examined: int
    said: tuple[str, ...]


@dataclass(frozen=True)
class Taken:
    """A hand-in as it was taken in: what it is, the notebook rebuilt from it, and the job of examining that.

    folder : the student's folder in SUBMISSIONS, as it is called
    notes : of intake and rebuild; job : None where there is nothing to run
    known : what an earlier run found out, plain values, or None
    """

    submission: Submission
    folder: str
    lab: object
    notebook: object = field(repr=False)
    notes: tuple[str, ...] = ()
    job: Job | None = None
    known: dict | None = field(default=None, repr=False)


def grade_folder(
    submissions,
    out,
    *,
    how,
    labs=(),
    roster=(),
    due=None,
    gradebook=None,
    workers=None,
    anew=lambda student, lab: False,
    progress=lambda tasks, total, words: tasks,
):
    """Grade the submissions in a folder; write gradebook and feedback in OUT. Returns a Run.

    how : how they are examined, a `work.How`
    labs : names of the labs to grade; empty means those that some student has a folder for
    roster : names of students who should have handed in, and have no folder
    due : by the lab's name, when it was due, a datetime with a time zone
    gradebook : a Gradebook in OUT; the one in the folder itself if none is given
    workers : who examines, of `workers`, entered already; this process if none is given
    anew : whether a student's hand-in for a lab is examined although nothing has changed
    progress : wraps what is to do, to show how far it is: progress(tasks, total, words)

    Raises OutFault, GradebookFault or LabFault where OUT or the course cannot be used; what was graded is kept.
    """
    out, due, gradebook, workers = Path(out).absolute(), due or {}, gradebook or Gradebook(out), workers or Here()
    labs = [LABS[name] for name in labs or [name for name in labs_in(submissions) if name in LABS]]
    students = sorted({*students_in(submissions), *roster})
    pairs = [(student, lab) for student in students for lab in labs]
    with told(out):
        gradebook.prepare()
        advice = gradebook.back_up()
        add_names(out, read_names(submissions))
    with told(out), Journal(out) as journal:
        releases = {lab.name: gradebook.register(lab, source_of(lab), due.get(lab.name)) for lab in labs}
        run = _Runner(submissions, out, releases, how, gradebook, journal)
        graded = {}
        for taken, found in progress(workers.run(run.tasks(pairs, anew)), len(pairs), GRADING):
            one = run.finish(taken, found)
            graded[one.submission.student, taken.lab.name] = one
        said = [*gradebook.said, *([advice] if advice else []), *run.said(labs)]
        gradebook.close()
        for pair, note in run.show(workers, progress).items():
            graded[pair] = replace(graded[pair], notes=(*graded[pair].notes, note))
    return Run([graded[student_id(student), lab.name] for student, lab in pairs], run.n_examined, tuple(said))


class _Runner:
    """One run: what is to do, and the writer that enters what was done."""

    def __init__(self, submissions, out, releases, how, gradebook, journal):
        self._submissions, self._out, self._releases, self._how = submissions, out, releases, how
        self._gradebook, self._journal = gradebook, journal
        self._there = gradebook.standing()
        self._done, self._entered = set(), set()
        self.n_examined = 0

    def tasks(self, pairs, anew):
        """Give each hand-in as it is taken in, with the job of examining it, or None where nothing has to be run."""
        for student, lab in pairs:
            taken = taken_in(self._submissions, student, lab, self._releases[lab.name], self._how)
            if taken.job is None:
                yield taken, None
                continue
            who = taken.submission.student, lab.name
            if anew(*who):
                self._journal.forget(*who)
            known = self._journal.examined(*who, taken.job.key)
            yield replace(taken, known=known), None if known else taken.job

    def finish(self, taken, found):
        """Write down what was found out, keep what was handed in, and enter the points."""
        submission, lab = taken.submission, taken.lab.name
        self._done.add((submission.student, lab))
        if found and "fault" not in found:
            self.n_examined += 1
            self._journal.keep(submission.student, lab, taken.job.key, found)
        found = found or taken.known
        graded = _kept(self._out, graded_of(taken, found))
        graded = replace(graded, submission=replace(submission, cells=(), path=None))  # not all texts of a large class
        if graded.outcome == INFRASTRUCTURE:
            earlier = (submission.student, lab) in self._there
            return replace(graded, notes=(*graded.notes, EARLIER)) if earlier else graded
        answers = _digest([cell.source for cell in taken.notebook.cells if is_answer(cell) or is_own(cell)])
        time, note = late.handed_in_at(Path(self._submissions) / taken.folder / lab)
        graded = replace(graded, notes=(*graded.notes, *([note] if note else [])))
        write_outputs(taken.notebook, {result.name: result for result in graded.results}, printed_of(found))
        return self._enter(graded, taken, time, answers)

    def _enter(self, graded, taken, time, answers):
        """Enter a result, unless it stands in the gradebook and nobody has changed anything there that counts.

        Where nbgrader will not have a student's texts, it gets the lab without them: the points do not hang on it.

        answers : a digest of what the student wrote; where it is another one, whoever gave points has to look again
        """
        who = graded.submission.student, taken.lab.name
        self._entered.add(who)
        mark = _digest(
            [replace(graded, times=None).as_dict(), taken.notebook, str(time), str(self._gradebook.settings)]
        )
        before, beside = self._journal.entered(*who) or ("", {})
        if before == mark and self._there.get(who, ()) == beside.get("standing"):
            return _with(graded, beside)
        is_other, notes = beside.get("answers", answers) != answers, []
        came = _tried_twice(lambda: self._gradebook.enter(*who, taken.notebook, time, is_other))
        if isinstance(came, GradebookFault) and not isinstance(came, DatabaseFault):
            notes = [WITHOUT_ANSWERS + str(came)]
            blank = self._without_answers(graded, taken.lab)
            came = _tried_twice(lambda: self._gradebook.enter(*who, blank, time, is_other))
        if isinstance(came, Exception):
            if isinstance(came, DatabaseFault | late.LateFault) or fault_of_machine(came):
                raise came
            return _not_graded(graded.submission, taken.lab, (*graded.notes, *notes), came)
        standing = self._gradebook.standing(who[0])[who]
        beside = {"late": asdict(came) if came else None, "notes": notes, "answers": answers, "standing": standing}
        self._journal.enter(*who, mark, beside)
        return _with(graded, beside)

    def said(self, labs):
        """Return sentences on what stands in the gradebook, and the reports do not tell."""
        labs = {lab.name for lab in labs}
        gone = sorted({shown(student) for student, lab in {*self._there} - self._done if lab in labs})
        standing = self._gradebook.standing()
        by_hand = sorted({shown(student) for (student, _), (tests, points, *_) in standing.items() if tests != points})
        said = []
        if by_hand:
            words = "they count in feedback and export, while report.html and grades.csv tell what the tests gave"
            said.append(f"A person gave points to {some(by_hand)}; {words}.")
        if gone:
            words = "Their grades stand in the gradebook and in what is exported"
            said.append(f"Graded earlier, and not among the submissions now: {some(gone)}. {words}.")
        if others := sorted({lab for _, lab in self._there} & set(LABS) - labs):
            words = "The reports tell of this run alone: grade all labs together, or give each a folder OUT of its own"
            said.append(f"In the gradebook stands {some(others)}, too. {words}.")
        return said

    def _without_answers(self, graded, lab):
        notebook = rebuild(self._releases[lab.name], ()).notebook
        write_outputs(notebook, {result.name: result for result in graded.results}, {})
        return notebook

    def show(self, workers, progress):
        """Write the feedback that does not show yet what was entered. Returns notes, by student and lab."""
        waiting = sorted(self._journal.not_shown() & self._entered)
        waiting += sorted(
            who for who in self._entered - set(waiting) if not self._gradebook.feedback_of(*who).is_file()
        )
        tasks = [(who, (self._out, *who)) for who in waiting]
        notes = {}
        for who, found in progress(workers.local.run(tasks, _shown), len(tasks), FEEDBACK):
            if "fault" in found:
                notes[who] = f"there is no page of feedback: {found['fault']}"
            else:
                self._gradebook.feedback_of(*who).with_suffix(".txt").unlink(missing_ok=True)  # of before
                self._journal.show(*who)
        _gradebook.cache_clear()  # where this process wrote them itself
        return notes


def _shown(task):
    """Write a page of feedback. Returns plain values: what went wrong as `fault`, or nothing."""
    out, student, lab = task
    shown = _tried_twice(lambda: _gradebook(out).write_feedback(student, lab))
    if isinstance(shown, Exception):
        if isinstance(shown, DatabaseFault) or fault_of_machine(shown):
            raise shown
        return {"fault": clean(str(shown))}
    return {}


@functools.cache
def _gradebook(out):
    return Gradebook(out)


def grade_one(folder, student, lab, release, secret, limits=None, hint_share=1.0, tier=None):
    """Grade one submission. Returns it, the rebuilt notebook, and what each cell printed."""
    how = How(secret, limits or Limits(), hint_share, (tier or tiers.detect()).name)
    taken = taken_in(folder, student, lab, release, how)
    found = work.examined(taken.job) if taken.job else None
    return graded_of(taken, found), taken.notebook, printed_of(found)


def taken_in(folder, student, lab, release, how):
    """Take a hand-in in. What nobody foresaw in a file is the file's fault; what the machine refuses is not."""
    ids = {grade_id(cell) for cell in release.cells if is_answer(cell) or is_check(cell)}

    def take():
        submission = take_in(folder, student, lab.name, ids, release)
        return submission, rebuild(release, submission.cells)

    def one_that_is_refused(outcome, reason):
        submission = Submission(student_id(student), lab.name, refusal=outcome, reason=reason)
        return Taken(submission, student, lab, rebuild(release, ()).notebook)

    taken = _tried_twice(take)
    if isinstance(taken, MemoryError) or (isinstance(taken, OSError) and taken.errno in OURS):
        return one_that_is_refused(INFRASTRUCTURE, clean(f"not graded, {type(taken).__name__}: {taken}"))
    if isinstance(taken, Exception):
        words = f"what was handed in cannot be read ({type(taken).__name__}); tell whoever looks after the course"
        return one_that_is_refused("unreadable", words)
    submission, rebuilt = taken
    if submission.refusal:
        return Taken(submission, student, lab, rebuilt.notebook, submission.notes)
    notes = (*submission.notes, *rebuilt.notes)
    return Taken(
        submission, student, lab, rebuilt.notebook, notes, job_for(lab, submission.student, rebuilt.notebook, how)
    )


def graded_of(taken, found):
    """Return a hand-in graded.

    found : what examining it gave, as plain values; None where nothing was run
    """
    submission = taken.submission
    if submission.refusal == INFRASTRUCTURE or (found and "fault" in found):
        return _not_graded(submission, taken.lab, taken.notes, found["fault"] if found else submission.reason)
    if submission.refusal:
        results = failed_results(taken.lab, submission.refusal, clean(submission.reason))
        return Graded(submission, submission.refusal, results, _cleaned(submission.reason, *taken.notes))
    results = results_of(found)
    return Graded(
        submission, _outcome(results), results, _cleaned(*taken.notes, *found["notes"]), Times(**found["times"])
    )


def printed_of(found):
    """Return what each cell printed, by its place."""
    return {int(place): text for place, text in found["printed"].items()} if found else {}


def _cleaned(*notes):
    return tuple(dict.fromkeys(map(clean, notes)))


def _with(graded, beside):
    """A graded submission with what its entry in the gradebook says beside the points of the tests."""
    came, notes = Late(**beside["late"]) if beside["late"] else None, list(beside["notes"])
    tests, points, penalty, *_ = beside["standing"]
    if points != tests:
        counts = f"it counts {max(0.0, points - (penalty or 0.0)):g} points"
        notes.append(f"{BY_HAND} in the gradebook: with them {counts}, in feedback and export, too")
    return replace(graded, late=came, notes=(*graded.notes, *notes))


def _digest(plain):
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _kept(out, graded):
    """Keep what was handed in, as it came, in OUT."""
    if graded.submission.path is None:
        return graded
    kept = _tried_twice(lambda: keep(out, graded.submission))
    if not isinstance(kept, Exception):
        return graded
    if isinstance(kept, OSError) and kept.errno in OURS:
        raise kept
    words = f"what was handed in could not be kept ({type(kept).__name__}: {kept})"
    return replace(graded, notes=(*graded.notes, clean(words)))


def _tried_twice(job: Callable):
    """Do a job, once more if it fails, and return what it gives or the exception of the second failure."""
    for last in (False, True):
        try:
            return job()
        except Exception as fault:
            if last:
                return fault


def _not_graded(submission, lab, notes, fault):
    reason = fault if isinstance(fault, str) else clean(f"not graded, {type(fault).__name__}: {fault}")
    results = failed_results(lab, INFRASTRUCTURE, reason)
    return Graded(submission, INFRASTRUCTURE, results, _cleaned(*notes, reason))


def _outcome(results):
    """Return the one word for a submission that was run: blank, the worst that happened, or graded."""
    outcomes = {result.outcome for result in results}
    if outcomes == {"blank"}:
        return "blank"
    return next((word for word in WORST_FIRST if word in outcomes), "graded")
