"""The judge: a learner's answers in, a verdict with points and reasons out.

It sees values only, never the learner's code, and trusts none of them: points start at zero, and only an answer that
was read and found right adds some. `laptop` asks it about visible questions, `grading` about all.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from autograder.checking.answer import Answer, answer_of
from autograder.checking.exercise import Case
from autograder.checking.relations import Named, relation_of

FORM_SHARE = 0.5  # of a question's points, for the right numbers in the wrong dtype, or at the cost of the inputs
AS_GOOD_AS_INFINITE = 1e20  # such numbers stand for "hidden": they are compared exactly, and set no tolerance


class Difference(NamedTuple):
    """How an answer differs from what was expected: words, empty where it does not.

    form_only : the numbers are right, and only their dtype is not, or the inputs are not what they were
    place : index of the first number that is wrong, or None
    """

    words: str = ""
    form_only: bool = False
    place: tuple | None = None


CHANGED = Difference("the values are right, but the function changes what it is given: work on a copy", form_only=True)


@dataclass(frozen=True)
class Finding:
    """What one question showed: its points if right, otherwise the difference, with the calls and answers to show.

    A right answer that changes what it is given costs as much as one of the wrong dtype, and nothing else: it is no
    wrong value that a mistake could explain.
    """

    question: object
    difference: Difference
    calls: list
    answers: list
    expected: list

    @property
    def reason(self):
        return self.difference.words

    @property
    def right(self):
        return not self.difference.words

    @property
    def wrong(self):
        """Whether a value is wrong, or its dtype."""
        return not self.right and self.difference is not CHANGED

    @property
    def score(self):
        share = 1 if self.right else FORM_SHARE if self.difference.form_only else 0
        return share * self.question.points


@dataclass(frozen=True)
class Verdict:
    """The outcome of one exercise, with the findings it rests on.

    outcome : "graded", "blank" where the answer is not written yet, or what stopped it ("timeout", "crashed", ...)
    named : the mistake that explains the learner's own answers, or None
    """

    exercise: object
    outcome: str
    findings: tuple
    named: Named | None = None

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
    def first_wrong(self):
        """The finding to show: the smallest question that shows the named mistake, or that is wrong at all."""
        lost = [finding for finding in self.findings if not finding.right]
        wrong = [finding for finding in lost if finding.wrong] or lost
        return next((finding for finding in wrong if self.named and finding.question in self.named.shown_by), wrong[0])

    @property
    def reasons(self):
        """Return the reasons for lost points, as sentences: the named mistake first, then one for each question."""
        lost = [f"{finding.question.name}: {finding.reason}" for finding in self.findings if not finding.right]
        return ([self.named.sentence] if self.named else []) + lost


def judge(exercise, answered):
    """Judge the answers to some questions of an exercise.

    answered : list of (question, calls, answers), one entry for each question that was asked; fewer answers than
        calls, or none, means that nothing came back for the rest
    """
    findings = tuple(find(exercise, *entry) for entry in answered)
    if findings and all(answer.unwritten for finding in findings for answer in finding.answers):
        return Verdict(exercise, "blank", findings)
    wrong = any(finding.wrong for finding in findings)
    return Verdict(exercise, "graded", findings, name_of(exercise, findings) if wrong else None)


def ask(exercise, function, questions, generator):
    """Put questions to a function in this process, and return what `judge` needs.

    generator : gives the random generator of a question
    """
    answered = []
    for question in questions:
        calls = question.calls(generator(question))
        answered.append((question, calls, [answer_of(function, call, exercise.observe) for call in calls]))
    return answered


def find(exercise, question, calls, answers):
    """What the answers to one question's calls show, as a `Finding`."""
    if len(answers) < len(calls):
        answers = answers + [Answer(error="no answer came back")] * (len(calls) - len(answers))
    expected = [_expected(exercise, call) for call in calls]
    failed = next((answer for answer in answers if answer.error), None)
    if failed:
        difference = Difference("not written yet" if failed.unwritten else failed.error)
    elif isinstance(question, Case):
        difference = difference_of(expected[0], answers[0].value, question.tolerance, exercise.axes)
        remark = exercise.remark and difference.place and exercise.remark(expected[0], difference.place)
        difference = difference._replace(words=f"{difference.words}; {remark}") if remark else difference
    else:
        forms = [
            difference_of(one, got.value, np.inf, exercise.axes) for one, got in zip(expected, answers, strict=True)
        ]
        unfit = next((form for form in forms if form.words and not form.form_only), None)
        dtype = next((form for form in forms if form.words), Difference())
        difference = unfit or _failure_of(question, calls, answers, exercise.axes) or dtype
    if not difference.words and any(answer.changed_input for answer in answers):
        difference = CHANGED
    return Finding(question, difference, calls, answers, expected)


def _expected(exercise, call):
    answer = call.of(exercise.reference)
    return exercise.observe(answer, call) if exercise.observe else answer


def _failure_of(question, calls, answers, axes):
    """Where a property does not hold, as a `Difference`; None where it does."""
    try:
        held = np.asarray(question.holds(calls, [answer.value for answer in answers]), dtype=bool)
    except Exception:  # an answer of the wrong shape or type cannot have the property
        held = np.array(False)
    if np.all(held):
        return None
    place = _first_place(~held)
    return Difference(f"this does not hold{_at(place, held.ndim, question.axes or axes)}", place=place)


# --- naming a mistake -------------------------------------------------------------------------------------------


def name_of(exercise, findings):
    """Return what explains the learner's wrong answers: a listed mistake, else a relation to the right ones, or None.

    A mistake need not agree everywhere: a learner makes a second one, or treats a tie in another way. It is named from
    the questions that tell, those which it answers wrongly: the learner's answers have to be its own in nearly all of
    them, and nearly all of the learner's wrong answers have to be among those.
    """
    wrong = [finding for finding in findings if finding.wrong]
    best, best_rank = None, (False, 0)
    for mistake in exercise.mistakes:
        shown_by, against = _compare(exercise, mistake.function, findings)
        unexplained = len(wrong) - len(shown_by)
        exact = not against and not unexplained
        enough = exact or (len(shown_by) >= 2 and len(shown_by) >= 3 * (against + unexplained))
        if shown_by and enough and (exact, len(shown_by)) > best_rank:
            best = Named(mistake.name, f"This is what you get when {mistake.says}.", shown_by)
            best_rank = exact, len(shown_by)
    return best or relation_of(exercise, findings)


def _compare(exercise, function, findings):
    """Questions that show a mistake, and how many speak against it: the learner is right there, and it would not be."""
    shown_by, against = [], 0
    for finding in findings:
        theirs = [answer_of(function, call, exercise.observe) for call in finding.calls]
        if all(map(_agree, theirs, finding.answers)):
            if finding.wrong:
                shown_by.append(finding.question)
        elif not finding.wrong and find(exercise, finding.question, finding.calls, theirs).wrong:
            against += 1
    return shown_by, against


def _agree(theirs, answer):
    if theirs.error or answer.error:
        return theirs.error.partition(" (line ")[0] == answer.error.partition(" (line ")[0]
    return not difference_of(theirs.value, answer.value, 1e-6).words


# --- comparing values -------------------------------------------------------------------------------------------


def difference_of(expected, answer, tolerance, axes=()):
    """Say how an answer differs from what was expected, and where: `axes` names the last axes of an array.

    Lists of numbers are read as arrays, NumPy's numbers are as good as Python's, and any float dtype does where a float
    is expected. An infinite or huge number is wrong only where the expected one is not the same. With an infinite
    tolerance only the form counts: type and shape.
    """
    if isinstance(expected, tuple | list):
        return _difference_in_items(expected, answer, tolerance)
    if isinstance(expected, dict):
        return _difference_in_entries(expected, answer, tolerance, *axes)
    if expected is None or isinstance(expected, str):
        same = type(answer) is type(expected) and answer == expected
        return Difference() if same else Difference(f"expected {expected!r}, got {_brief(answer)}")
    if answer is None:
        return Difference("got None, so perhaps a return is missing")
    return _difference_in_arrays(np.asarray(expected), answer, tolerance, axes)


def _difference_in_items(expected, answer, tolerance):
    if isinstance(answer, np.ndarray) and answer.ndim:
        answer = list(answer)
    if not isinstance(answer, tuple | list) or len(answer) != len(expected):
        got = f"{len(answer)} values" if isinstance(answer, tuple | list) else _brief(answer)
        return Difference(f"expected {len(expected)} values, got {got}")
    found = [difference_of(one, other, tolerance) for one, other in zip(expected, answer, strict=True)]
    return _first_of(found, lambda index: f"value {index}: ")


def _difference_in_entries(expected, answer, tolerance, entry="entry", item="value"):
    if not isinstance(answer, dict):
        return Difference(f"expected a dict, got {_brief(answer)}")
    missing, extra = [key for key in expected if key not in answer], [key for key in answer if key not in expected]
    if missing or extra:
        there = [f"there is nothing for {entry} {missing[0]!r}"] if missing else []
        there += [f"{entry} {extra[0]!r:.40} should not be there"] if extra else []
        return Difference(", and ".join(there))
    found = []
    for key, one in expected.items():
        difference = difference_of(one, answer[key], tolerance)
        found.append(difference.words and _missing_or_extra(one, answer[key], item) or difference)
    return _first_of(found, lambda index: f"{entry} {[*expected][index]!r}: ")


def _missing_or_extra(expected, answer, item):
    """Where lists of whole numbers do not hold the same ones, which is missing or too many; None elsewhere."""
    try:
        lists = [np.asarray(expected), np.asarray(answer)]
    except ValueError:  # lists of different lengths
        return None
    if any(array.ndim != 1 or array.dtype.kind not in "iu" for array in lists):
        return None
    missing, extra = (sorted(set(one.tolist()) - set(other.tolist())) for one, other in (lists, lists[::-1]))
    there = [f"{item} {missing[0]} is missing"] if missing else []
    there += [f"{item} {extra[0]} should not be there"] if extra else []
    return Difference(", and ".join(there)) if there else None


def _first_of(found, prefix):
    wrong = [index for index, difference in enumerate(found) if difference.words]
    if not wrong:
        return Difference()
    index = next((index for index in wrong if not found[index].form_only), wrong[0])
    return found[index]._replace(words=prefix(index) + found[index].words)


def _difference_in_arrays(expected, answer, tolerance, axes):
    try:
        got = np.asarray(answer)
    except ValueError:
        return _difference_in_rows(expected, answer, axes)
    if got.dtype.kind not in "biuf":
        return Difference(f"expected numbers, got {_brief(answer)}")
    if got.shape != expected.shape:
        return Difference(f"expected {_form(expected)}, got {_form(got)}")
    strange = ~np.isfinite(got) & np.isfinite(expected)
    if np.any(strange):
        place = _first_place(strange)
        where = f", the first{_at(place, expected.ndim, axes)}" if place else ""
        return Difference(f"{np.count_nonzero(strange)} of {got.size} values are not finite{where}", place=place)
    difference = Difference() if np.isinf(tolerance) else _difference_in_values(expected, got, tolerance, axes)
    if difference.words or got.dtype.kind == expected.dtype.kind or {got.dtype.kind, expected.dtype.kind} == {"i", "u"}:
        return difference
    if expected.dtype.kind == "f":  # whole numbers, where they are right, are good numbers
        return difference if got.dtype.kind in "iu" else Difference(f"expected numbers, got {got.dtype}", True)
    needed = "True and False (a bool array)" if expected.dtype.kind == "b" else "whole numbers (an integer array)"
    return Difference(f"the values are right, but expected are {needed}, got {got.dtype}", form_only=True)


def _difference_in_rows(expected, answer, axes):
    """Say of a list that is no array which is the first of its rows that does not fit."""
    words = "the answer is a list of rows of different lengths"
    if expected.ndim < 2 or len(answer) != len(expected):
        return Difference(f"{words}; an array was expected")
    for index, (one, row) in enumerate(zip(expected, answer, strict=True)):
        if isinstance(row, list | tuple | np.ndarray) and len(row) != len(one):
            where = _at((index,), expected.ndim, axes)
            return Difference(f"{words}: expected {len(one)},{where} it has {len(row)}", place=(index,))
    return Difference(f"{words}; an array was expected")


def _difference_in_values(expected, got, tolerance, axes):
    huge = ~(np.abs(expected.astype(float)) < AS_GOOD_AS_INFINITE)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    if tolerance:
        scale = np.max(np.abs(expected), initial=1e-30, where=~huge)
        with np.errstate(invalid="ignore", over="ignore"):
            same |= ~huge & (np.abs(got.astype(float) - expected) <= tolerance * scale)
            # the float32 nearest to a huge number is that number
            same |= huge & np.isfinite(expected) & (got.astype(np.float32) == expected.astype(np.float32))
    wrong = ~same
    n_wrong = np.count_nonzero(wrong)
    if n_wrong == 0:
        return Difference()
    place = _first_place(wrong)
    right = f"{expected.size - n_wrong} of {expected.size} values are right;" if expected.size > 1 else ""
    shown, wanted = _two_numbers(got[place], expected[place])
    words = f"{right}{_at(place, expected.ndim, axes)} it gives {shown} where {wanted} is right"
    return Difference(words.strip(), place=place)


def _first_place(chosen):
    return tuple(int(index) for index in np.argwhere(chosen)[0])


def _at(place, n_axes, names):
    """Say a place in an array of `n_axes` axes: by the names of its last axes, those before them being a batch."""
    if not place:
        return ""
    names = names[-n_axes:]
    n_batch = n_axes - len(names)
    if not names or len(place) <= n_batch:
        return f" at {list(place)}"
    sequence = [f"sequence {place[0] if n_batch == 1 else list(place[:n_batch])}"] if n_batch else []
    return " at " + ", ".join(sequence + [f"{name} {i}" for name, i in zip(names, place[n_batch:], strict=False)])


def _two_numbers(got, expected):
    """Both as text with as many digits as it takes to tell them apart; True and False, and whole numbers, in full."""
    if expected.dtype.kind == "b" and got in (0, 1):
        return str(bool(got)), str(bool(expected))
    whole = [str(int(number)) if number.dtype.kind in "iub" else None for number in (got, expected)]
    for digits in (4, 7, 17):
        words = [text or f"{number:.{digits}g}" for text, number in zip(whole, (got, expected), strict=True)]
        if words[0] != words[1]:
            break
    return words


def _form(array):
    return f"shape {array.shape}" if array.ndim else "one number"


def _brief(answer):
    """What an answer is, in a few words."""
    if answer is None:
        return "None"
    if isinstance(answer, np.ndarray):
        return f"{_form(answer)} of {answer.dtype}" if answer.ndim else "one value"
    if isinstance(answer, bool | int | float):
        return "one value"
    return f"a {type(answer).__name__}"
