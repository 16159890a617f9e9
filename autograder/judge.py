"""The judge: a learner's answers in, a verdict with points and reasons out.

It sees values only, never the learner's code, and trusts none of them: points start at zero, and only an answer that
was read and found right adds some. `laptop` asks it about visible questions, `grading` about all.
"""

from dataclasses import dataclass

import numpy as np

from autograder.answer import Answer, answer_of, copy_of
from autograder.exercise import Case


@dataclass(frozen=True)
class Finding:
    """What one question showed: its points if right, otherwise the reason, with the calls and answers to show."""

    question: object
    reason: str
    calls: list
    answers: list
    expected: list

    @property
    def right(self):
        return not self.reason

    @property
    def score(self):
        return self.question.points if self.right else 0


@dataclass(frozen=True)
class Verdict:
    """The outcome of one exercise, with the findings it rests on.

    outcome : "graded", "blank" where the answer is not written yet, or what stopped it ("timeout", "crashed", ...)
    named : the misconception whose answers are the learner's own, or None
    """

    exercise: object
    outcome: str
    findings: tuple
    named: object = None

    @property
    def score(self):
        """Points reached, of the exercise's `max_score`; where only some questions were asked, in proportion."""
        asked = sum(finding.question.points for finding in self.findings)
        reached = sum(finding.score for finding in self.findings)
        return round(self.exercise.max_score * reached / asked, 2) if asked else 0.0

    @property
    def right(self):
        return bool(self.findings) and all(finding.right for finding in self.findings)

    @property
    def reasons(self):
        """Return the reasons for lost points, as sentences: the named mistake first, then one for each question."""
        lost = [f"{finding.question.name}: {finding.reason}" for finding in self.findings if not finding.right]
        return ([f"This is what you get when {self.named.message}."] if self.named else []) + lost


def judge(exercise, answered):
    """Judge the answers to some questions of an exercise.

    answered : list of (question, calls, answers), one entry for each question that was asked; fewer answers than
        calls, or none, means that nothing came back for the rest
    """
    findings = tuple(_find(exercise, *entry) for entry in answered)
    if findings and all(answer.unwritten for finding in findings for answer in finding.answers):
        return Verdict(exercise, "blank", findings)
    wrong = any(not finding.right for finding in findings)
    return Verdict(exercise, "graded", findings, _name_misconception(exercise, findings) if wrong else None)


def ask(exercise, function, questions, generator):
    """Put questions to a function in this process, and return what `judge` needs.

    generator : gives the random generator of a question
    """
    answered = []
    for question in questions:
        calls = question.calls(generator(question))
        answered.append((question, calls, [answer_of(function, arguments) for arguments in calls]))
    return answered


def difference(expected, answer, tolerance):
    """Say how an answer differs from what was expected, in one sentence; the empty string where it does not.

    Lists of numbers are read as arrays, and any float dtype does where a float is expected. Whole numbers must come
    as integers, and every number must be finite. With an infinite tolerance only the form counts: type and shape.
    """
    if isinstance(expected, tuple | list):
        return _difference_in_items(expected, answer, tolerance)
    if isinstance(expected, dict):
        return _difference_in_entries(expected, answer, tolerance)
    if expected is None or isinstance(expected, str):
        return "" if type(answer) is type(expected) and answer == expected else f"expected {expected!r}"
    if answer is None:
        return "the function returned None, so perhaps a return is missing"
    return _difference_in_arrays(np.asarray(expected), answer, tolerance)


def _find(exercise, question, calls, answers):
    if len(answers) < len(calls):
        answers = answers + [Answer(error="no answer came back")] * (len(calls) - len(answers))
    expected = [exercise.reference(*map(copy_of, arguments)) for arguments in calls]
    failed = next((answer for answer in answers if answer.error), None)
    if failed:
        reason = "not written yet" if failed.unwritten else failed.error
    elif isinstance(question, Case):
        reason = difference(expected[0], answers[0].value, question.tolerance)
    else:
        forms = (difference(one, answer.value, np.inf) for one, answer in zip(expected, answers, strict=True))
        reason = next(filter(None, forms), "" if _holds(question, calls, answers) else "this does not hold")
    return Finding(question, reason, calls, answers, expected)


def _holds(question, calls, answers):
    try:
        return bool(question.holds(calls, [answer.value for answer in answers]))
    except Exception:  # an answer of the wrong shape or type cannot have the property
        return False


def _name_misconception(exercise, findings):
    """Return the misconception that gives the learner's own answers to every question asked, if there is one."""
    smallest_wrong_first = sorted(findings, key=lambda finding: finding.right)
    for misconception in exercise.misconceptions:
        if all(_gives(misconception.function, finding) for finding in smallest_wrong_first):
            return misconception
    return None


def _gives(function, finding):
    for arguments, answer in zip(finding.calls, finding.answers, strict=True):
        theirs = answer_of(function, arguments)
        if theirs.error or answer.error:
            if theirs.error.partition(":")[0] != answer.error.partition(":")[0]:
                return False
        elif difference(theirs.value, answer.value, max(getattr(finding.question, "tolerance", 0.0), 1e-6)):
            return False
    return True


def _difference_in_items(expected, answer, tolerance):
    if isinstance(answer, np.ndarray) and answer.ndim:
        answer = list(answer)
    if not isinstance(answer, tuple | list) or len(answer) != len(expected):
        got = f"{len(answer)} values" if isinstance(answer, tuple | list) else f"a {type(answer).__name__}"
        return f"expected {len(expected)} values, got {got}"
    for index, (one, other) in enumerate(zip(expected, answer, strict=True)):
        words = difference(one, other, tolerance)
        if words:
            return f"value {index}: {words}"
    return ""


def _difference_in_entries(expected, answer, tolerance):
    if not isinstance(answer, dict):
        return f"expected a dict, got a {type(answer).__name__}"
    if set(answer) != set(expected):
        return f"expected the keys {sorted(expected, key=str)}, got {sorted(answer, key=str)}"
    for key, one in expected.items():
        words = difference(one, answer[key], tolerance)
        if words:
            return f"entry {key!r}: {words}"
    return ""


def _difference_in_arrays(expected, answer, tolerance):
    try:
        got = np.asarray(answer)
    except ValueError:
        return "the answer is a list of rows of different lengths; an array was expected"
    if got.dtype.kind not in "biuf":
        return f"expected numbers, got {got.dtype}"
    if got.shape != expected.shape:
        return f"expected shape {expected.shape}, got {got.shape}"
    if expected.dtype.kind in "iub" and got.dtype.kind != expected.dtype.kind and not _both_whole(expected, got):
        needed = "True and False (a bool array)" if expected.dtype.kind == "b" else "whole numbers (an integer array)"
        return f"expected {needed}, got {got.dtype}"
    if not np.all(np.isfinite(got)) and np.all(np.isfinite(expected)):
        return f"{np.count_nonzero(~np.isfinite(got))} of {got.size} values are not finite"
    return _difference_in_values(expected, got, tolerance)


def _both_whole(expected, got):
    return expected.dtype.kind in "iu" and got.dtype.kind in "iu"


def _difference_in_values(expected, got, tolerance):
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    if tolerance:
        scale = np.max(np.abs(expected), initial=1e-30, where=np.isfinite(expected))
        with np.errstate(invalid="ignore"):
            same |= np.abs(got.astype(float) - expected) <= tolerance * scale
    wrong = ~same
    n_wrong = np.count_nonzero(wrong)
    if n_wrong == 0:
        return ""
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    where = f"at {list(place)} " if place else ""
    right = f"{expected.size - n_wrong} of {expected.size} values are right; " if expected.size > 1 else ""
    digits = next(n for n in (4, 7, 17) if n == 17 or f"{got[place]:.{n}g}" != f"{expected[place]:.{n}g}")
    return f"{right}{where}it gives {got[place]:.{digits}g} where {expected[place]:.{digits}g} is right"
