"""Examine: run a rebuilt notebook in a learner's kernel, put the questions, and have every exercise judged once.

Exercises are judged in the lab's order, each when its check cell comes up, and their points are then locked. After a
wrong answer the loop twin takes the function's place, so that nobody pays twice. What stops the kernel costs the
exercise it happened in: the kernel is started anew, the good cells before are run again, and the lab goes on.
"""

import inspect
import time
import warnings
from dataclasses import dataclass, replace

import numpy as np

from autograder.checking import plain
from autograder.checking.answer import Answer, cleaned
from autograder.checking.differences import alike
from autograder.checking.judge import judge
from autograder.grading.kernel import Kernel, Stopped
from autograder.grading.rebuild import (
    TOO_LATE,
    defines,
    exercise_of,
    grade_id,
    is_answer,
    is_check,
    is_own,
    is_picture,
)
from autograder.grading.sandbox import Limits
from autograder.grading.sources import is_last_hint, notes_on_source

WORST_FIRST = ("killed", "memory", "crashed", "timeout", "output-limit")
STOPS_OF_AN_EXERCISE = 2  # after that many its other questions are not put any more
NOT_PUT = "not put any more"
UNSTEADY = "asked again, it gave another answer: draw from the generator it is given, or from a seed"


class CourseFault(RuntimeError):
    """A cell of the course itself failed before any code of a learner had run."""


@dataclass(frozen=True)
class Result:
    """The outcome of one exercise: points, reasons for lost ones, and the sentence that names its mistake.

    note : what costs nothing, and is told all the same
    """

    name: str
    outcome: str
    score: float
    max_score: int
    reasons: tuple[str, ...] = ()
    named: str = ""
    note: str = ""


@dataclass(frozen=True)
class Examined:
    """What the examination of a notebook gave: a result for each exercise, notes, and the text each cell printed.

    seconds : of processor time of the student's code, in all its kernels together
    """

    results: tuple[Result, ...]
    notes: tuple[str, ...]
    printed: dict
    seconds: float


def examine(notebook, lab, generator, limits=None, hint_share=1.0, tier=None):
    """Run a rebuilt notebook and return what it is worth.

    generator : gives the random generator of an exercise's question: generator(exercise, question)
    hint_share : what an answer whose code is that of the last hint counts of its points, 0 .. 1
    tier : how its kernels are walled off, of `sandbox.tiers`; the machine's best if none is given

    Raises KernelFault or CourseFault where the machine or the course is at fault.
    """
    examination = _Examination(notebook, lab, generator, limits or Limits(), hint_share, tier)
    try:
        examination.run()
    finally:
        examination.close()
    return examination.examined()


class _Examination:
    def __init__(self, notebook, lab, generator, limits, hint_share, tier):
        self.cells = notebook.cells
        self.hint_share = hint_share
        self.lab = lab
        self.exercises = {exercise.name: exercise for exercise in lab.exercises}
        self.generator = generator
        self.limits = limits
        self.tier = tier
        self.kernel = Kernel(lab.unit, limits, tier)
        self.seconds = 0.0  # of processor time, in kernels that were closed
        self.done = []  # what to run again in a new kernel: functions that do it
        self.results, self.notes, self.printed = [], [], {}
        self.stops = {}  # by exercise, the outcomes that its cells and calls came to
        self.floods = set()  # exercises whose answer cells printed too much
        self.trouble = {}  # by exercise, why its answer cell did not run to its end
        self.unwritten = set()  # exercises whose answer cell says itself that it is not written yet
        self.earlier_trouble = []  # the same of all cells so far, as sentences that stand alone

    def run(self):
        self.kernel.__enter__()
        self.end = self.kernel.end = time.monotonic() + self.limits.submission
        for place, cell in enumerate(self.cells):
            if cell.cell_type != "code" or is_picture(cell):
                continue
            if is_check(cell):
                self._examine_exercise(self.exercises[exercise_of(cell)], place)
            elif cell.source.strip():
                self._run_cell(place, cell)

    def close(self):
        self.kernel.close()
        self.seconds += self.kernel.seconds
        self.kernel.seconds = 0.0  # counted

    def examined(self):
        return Examined(tuple(self.results), tuple(self.notes), self.printed, self.seconds)

    def _run_cell(self, place, cell):
        try:
            ran = self.kernel.run(cell.source)
        except Stopped as stop:
            self.printed[place] = stop.output
            self._note_trouble(place, cell, stop.outcome, str(stop))
            self._start_anew()
            return
        self.done.append(lambda: self.kernel.run(cell.source))
        self.printed[place] = ran.output
        if ran.lost:
            self._note_flood(place, cell)
        if ran.error.startswith("NotImplementedError") and is_answer(cell):
            self.unwritten.add(exercise_of(cell))
        elif ran.error:
            self._note_trouble(place, cell, "memory" if ran.error.startswith("MemoryError") else "", ran.error)

    def _note_flood(self, place, cell):
        words = f"{self._named(place, cell)} printed more than can be read"
        self.notes.append(f"output-limit: {words}; the rest is left out")
        self.earlier_trouble.append(words)
        if is_answer(cell):
            self.floods.add(exercise_of(cell))

    def _note_trouble(self, place, cell, outcome, words):
        if is_answer(cell):
            self.trouble[exercise_of(cell)] = f"the answer cell stopped: {words}"
            self.stops.setdefault(exercise_of(cell), []).extend([outcome] if outcome else [])
            self.earlier_trouble.append(f"{self._named(place, cell)} stopped: {words}")
        elif is_own(cell):
            note = f"{self._named(place, cell)} stopped: {words}"
            self.notes.append(note)
            self.earlier_trouble.append(note)
        elif not any(is_own(one) or is_answer(one) for one in self.cells[:place]):
            raise CourseFault(f"{self.lab.name}: the course's own cell {grade_id(cell)!r} failed: {words}")

    def _named(self, place, cell):
        if is_answer(cell):
            return f"the answer cell of {exercise_of(cell)}"
        return f"a cell of the student's own {self._behind(place)}" if is_own(cell) else f"the cell {grade_id(cell)}"

    def _behind(self, place):
        known = [grade_id(cell) for cell in self.cells[:place] if not is_own(cell)]
        return f"behind the cell {known[-1]}" if known else "at the beginning"

    def _examine_exercise(self, exercise, place):
        answered = self._put_questions(exercise)
        is_steady = self._gives_the_same_again(exercise, answered)
        verdict = _judged(exercise, answered)
        result = self._result(exercise, verdict)
        written = [cell.source for cell in self.cells[:place] if is_answer(cell) or is_own(cell)]
        if result.score:
            self.notes += notes_on_source(self.lab, exercise, written)
        if result.score and is_last_hint(exercise, written):
            result = self._counted_as_hint(result)
        if _knows_only_what_is_seen(verdict):
            self.notes.append(f"{exercise.name}: right on all questions that students see, on no other")
        if not is_steady:
            self.notes.append(f"{exercise.name}: {UNSTEADY}")
            result = replace(result, note="; ".join(filter(None, (result.note, UNSTEADY))))
        self.results.append(result)
        if not verdict.right:
            twin = inspect.getsource(exercise.twin)
            if not self._go_on_with(lambda: self.kernel.put_in_place(exercise.name, twin)):
                self.notes.append(f"the loop twin of {exercise.name} could not be put in place: its kernel had stopped")

    def _put_questions(self, exercise):
        answered = []
        stops = self.stops.setdefault(exercise.name, [])
        for question in exercise.asked(hidden=True):
            calls = question.calls(self.generator(exercise, question))
            answers = []
            for call in calls:
                if len(stops) >= STOPS_OF_AN_EXERCISE:
                    answers.append(Answer(error=NOT_PUT))
                else:
                    answers.append(self._ask(exercise, call, stops))
            answered.append((question, calls, answers))
        return answered

    def _gives_the_same_again(self, exercise, answered):
        """Put the first and the last question again, of what gave a value; whether that is as it was, but for rounding.

        It costs no points. What stops the kernel only now is said in the same words.
        """
        if self.stops[exercise.name]:
            return True
        for _, calls, answers in (answered[0], answered[-1]):
            if not answers[0].error:
                again = self._ask(exercise, calls[0], [])
                if again.error or not alike(answers[0].value, again.value):
                    return False
        return True

    def _ask(self, exercise, call, stops):
        try:
            observe = inspect.getsource(exercise.observe) if exercise.observe else ""
            content = self.kernel.ask(exercise.name, plain.encode_call(call), observe)
        except Stopped as stop:
            stops.append(stop.outcome)
            self._start_anew()
            return Answer(error=f"no answer: {stop}")
        if content.get("missing"):
            return Answer(error=_missing(exercise))
        if content.get("error", "").startswith("MemoryError"):
            stops.append("memory")
        if "error" in content:
            return Answer(error=_short(content))
        ((kind, text),) = content.items()
        try:
            # The kernel's word that the inputs are as they were is believed: who could forge it could copy them.
            return Answer(plain.decode(text), changed_input=kind == "changed")
        except plain.NotPlain as fault:
            return Answer(error=str(fault))

    def _result(self, exercise, verdict):
        trouble = self.trouble.get(exercise.name)
        reasons = _grouped(verdict)
        outcome = verdict.outcome
        nothing = all(answer.error == _missing(exercise) for finding in verdict.findings for answer in finding.answers)
        if nothing and trouble:
            reasons = [trouble]
        elif nothing and any(is_own(cell) and defines(exercise.name, cell.source) for cell in self._below(exercise)):
            reasons = [TOO_LATE]
        elif nothing and (exercise.name in self.unwritten or not self._answer_text(exercise).strip()):
            outcome, reasons = "blank", ["not written yet"]
        elif nothing:
            reasons = [_missing(exercise)]
        elif verdict.outcome == "blank":
            reasons = ["not written yet"]
        elif not verdict.right and trouble:
            reasons = [trouble, *reasons]
        if not verdict.right and any("NameError" in reason for reason in reasons):
            reasons = [*(words for words in self.earlier_trouble if words not in reasons), *reasons]
        stops = [word for word in WORST_FIRST if word in self.stops.get(exercise.name, [])]
        if exercise.name in self.floods:
            stops.append("output-limit")  # the least of them
        outcome = stops[0] if stops and not verdict.right else outcome
        named = verdict.named.sentence if verdict.named else ""
        return Result(exercise.name, outcome, verdict.score, exercise.max_score, tuple(reasons), named)

    def _counted_as_hint(self, result):
        """Mark a result whose code is that of the last hint, and count it as the instructor wishes."""
        if self.hint_share == 1:
            return replace(result, note="this is the code of the last hint; it counts in full")
        score = round(self.hint_share * result.score, 2)
        words = f"this is the code of the last hint, which counts {100 * self.hint_share:g} % of its points here"
        return replace(result, score=score, reasons=(*result.reasons, f"{words}: {score:g} of {result.score:g}"))

    def _below(self, exercise):
        """The cells below an exercise's check."""
        names = [exercise_of(cell) if is_check(cell) else "" for cell in self.cells]
        return self.cells[names.index(exercise.name) + 1 :]

    def _answer_text(self, exercise):
        return next(cell.source for cell in self.cells if is_answer(cell) and exercise_of(cell) == exercise.name)

    def _go_on_with(self, step):
        """Do something that later cells rest on, in a new kernel if need be. Returns whether it was done."""
        self.done.append(step)
        try:
            step()
        except Stopped:
            self._start_anew()
        return step in self.done

    def _start_anew(self):
        """Start a new kernel and run the good cells again; one that now fails is left out from here on."""
        self.close()
        while time.monotonic() < self.end:
            self.kernel = Kernel(self.lab.unit, self.limits, self.tier, self.end)
            self.kernel.__enter__()
            if self._repeat():
                return
            self.close()

    def _repeat(self):
        for step in list(self.done):
            try:
                step()
            except Stopped:
                self.done.remove(step)
                return False
        return True


def failed_results(lab, outcome, reason):
    """Return the results of a submission of which no cell was run."""
    return tuple(Result(exercise.name, outcome, 0.0, exercise.max_score, (reason,)) for exercise in lab.exercises)


def _judged(exercise, answered):
    """Judge what was answered. Answers that the judge stumbles over are wrong, for a stranger chose them."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return judge(exercise, answered)
        except Exception as fault:
            unread = Answer(error=f"the answer cannot be judged ({type(fault).__name__})")
            return judge(exercise, [(question, calls, [unread] * len(calls)) for question, calls, _ in answered])


def _knows_only_what_is_seen(verdict):
    """Whether an answer is right where students see what is asked, and nowhere else, as if it held a table."""
    right = {hidden: [] for hidden in (True, False)}
    for finding in verdict.findings:
        right[finding.question.hidden].append(finding.right)
    return all(right[False]) and len(right[True]) > 1 and not any(right[True])


def _grouped(verdict):
    """Return the verdict's reasons; one that all questions share is said once, and so is what was not asked."""
    put = tuple(finding for finding in verdict.findings if finding.reason != NOT_PUT)
    if len(put) < len(verdict.findings):
        others = f"the other {len(verdict.findings) - len(put)} questions were {NOT_PUT}"
        return [*replace(verdict, findings=put).reasons, others]
    faults = {finding.reason for finding in verdict.findings}
    if len(faults) == 1 and len(verdict.findings) > 1 and not verdict.right:
        shared = replace(verdict, findings=verdict.findings[:1])
        return [*shared.reasons[:-1], f"all {len(verdict.findings)} questions: {verdict.findings[0].reason}"]
    return verdict.reasons


def _missing(exercise):
    return f"NameError: there is no function called {exercise.name}"


def _short(content):
    return cleaned(content["error"], 300) or "the function failed without a word"
