"""The judge: a learner's answers in, a verdict with points and reasons out.

It sees values only, never the learner's code, and trusts none of them: points start at zero, and only an answer that
was read and found right adds some. `laptop` asks it about visible questions, `grading` about all.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from autograder.checking import plain
from autograder.checking.answer import Answer, answer_of, describe_error
from autograder.checking.call import Call
from autograder.checking.differences import Difference, at, difference_of, first_place
from autograder.checking.exercise import Case
from autograder.checking.limit import StillRunning, within
from autograder.checking.other_questions import other_questions
from autograder.checking.relations import Named, relation_of
from autograder.checking.symptoms import symptom_of

FORM_SHARE = 0.5  # of a question's points, for the right numbers in the wrong dtype, or at the cost of the inputs
MOST_REMEMBERED = 2000  # answers of known mistakes, at most some hundred for each exercise
_remembered = {}
MOST_COMPARED, TIMES = 2000, 400  # items of an answer, beyond so many times those of the right one
STOPS = 2
NOT_ASKED = Answer(error="not asked any more, as your function did not end before")
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

    @cached_property
    def digests(self):
        """Of each call what it is known by."""
        return [hashlib.sha256(plain.encode_call(call).encode()).digest() for call in self.calls]

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
    if all(finding.right for finding in findings):
        return Verdict(exercise, "graded", findings)
    try:
        named = name_of(exercise, findings)
    except Exception:  # points stand on what was found; no strange answer that a name stumbles over may stop them
        named = None
    return Verdict(exercise, "graded", findings, named)


def ask(exercise, function, questions, generator, seconds=None, of_the_course=False):
    """Put questions to a function in this process, and return what `judge` needs.

    generator : gives the random generator of a question
    seconds : the longest that a call may take, if there is a limit; after `STOPS` calls that took longer no more are
        made, so that nobody waits for each of them
    of_the_course : whether the function is one of the exercise's mistakes
    """
    answer = answer_of_the_course if of_the_course else _answer_within
    answered, stops = [], 0
    for question in questions:
        calls, answers = question.calls(generator(question)), []
        for call in calls:
            try:
                answers.append(answer(exercise, function, call, seconds) if stops < STOPS else NOT_ASKED)
            except StillRunning:
                stops += 1
                answers.append(
                    Answer(error=f"your function was still running after {seconds:g} s{_for(exercise, call)}")
                )
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # of the learner's own making; grading's kernel stops it, too
                answers.append(Answer(error=describe_error(error)))
        answered.append((question, calls, answers))
    return answered


def answer_of_the_course(exercise, function, call, seconds=None):
    """The answer of a mistake, or of another wrong function of the course's own."""
    if not exercise.double:
        return _answer_within(exercise, function, call, seconds)
    return answer_of(lambda: exercise.of_the_course(function, call), Call(()))


def _answer_within(exercise, function, call, seconds):
    if seconds is None:
        return answer_of(function, call, exercise.observe)
    return within(seconds, lambda: answer_of(function, call, exercise.observe))


def _for(exercise, call):
    """Say the arguments of a call, where all are single numbers."""
    named = call.named(exercise.parameters)
    if not all(isinstance(value, int | float) for _, value in named):
        return ""
    return ", for " + ", ".join(f"{name}={value}" for name, value in named)


def find(exercise, question, calls, answers, expected=None):
    """What the answers to one question's calls show, as a `Finding`; `expected`: the right ones, if known."""
    if len(answers) < len(calls):
        answers = answers + [Answer(error="no answer came back")] * (len(calls) - len(answers))
    refused = getattr(question, "refused", "")
    if expected is None:
        expected = [_refusal(refused)] if refused else [exercise.expected(call) for call in calls]
    failed = next((answer for answer in answers if answer.error), None)
    if refused and not (failed and failed.unwritten):
        difference = _difference_from_refusal(refused, answers[0])
    elif failed:
        difference = Difference("not written yet" if failed.unwritten else failed.error)
    elif isinstance(question, Case):
        difference = _difference(exercise, expected[0], answers[0].value, question.tolerance)
        remark = exercise.remark and difference.place and exercise.remark(expected[0], difference.place)
        difference = difference._replace(words=f"{difference.words}; {remark}") if remark else difference
    else:
        forms = [_difference(exercise, one, got.value, np.inf) for one, got in zip(expected, answers, strict=True)]
        unfit = next((form for form in forms if form.words and not form.form_only), None)
        dtype = next((form for form in forms if form.words), Difference())
        difference = unfit or _failure_of(question, calls, answers, exercise.axes) or dtype
    if not difference.words and any(answer.changed_input for answer in answers):
        difference = CHANGED
    return Finding(question, difference, calls, answers, expected)


def _difference(exercise, expected, value, tolerance):
    """How one answer differs; None is no missing return where it is the right answer to other questions."""
    if value is None and expected is not None and exercise.none_is_an_answer:
        return Difference(f"it gives None where {expected} is right")
    return difference_of(expected, value, tolerance, exercise.axes)


def _refusal(word):
    return f"a ValueError that names {word}"


def _difference_from_refusal(word, answer):
    """How an answer differs from a ValueError with a certain word in its message."""
    kind, _, message = answer.error.partition(" (line ")[0].partition(": ")
    if not answer.error:
        return Difference(f"expected {_refusal(word)}, got an answer")
    if kind != "ValueError" or not re.search(rf"(?<![\w.]){re.escape(word)}(?!\w|\.\d)", message):
        return Difference(f"expected {_refusal(word)}, got {answer.error}")
    return Difference()


def _failure_of(question, calls, answers, axes):
    """Where a property does not hold, as a `Difference`; None where it does."""
    try:
        held = np.asarray(question.holds(calls, [answer.value for answer in answers]), dtype=bool)
    except Exception:  # an answer of the wrong shape or type cannot have the property
        held = np.array(False)
    if np.all(held):
        return None
    place = first_place(~held)
    return Difference(f"this does not hold{at(place, held.ndim, question.axes or axes)}", place=place)


# --- naming a mistake -------------------------------------------------------------------------------------------


def name_of(exercise, findings):
    """Return what explains the learner's lost points, as a `Named`, or None.

    From the surest to the least sure: a listed mistake that gives all of the answers; a relation to the right answers,
    if no listed mistake gives nearly all; the right answer to another question; a listed mistake that gives nearly all,
    since a learner makes a second one, or treats a tie in another way; a symptom; and of two slips in one function the
    listed one that shows most.
    """
    if any(map(_too_large, findings)):
        return None
    if not any(finding.wrong for finding in findings):
        return symptom_of(exercise, findings)
    listed = [entry for entry in (_compare(exercise, one, findings) for one in exercise.mistakes) if entry[1]]
    exact = _best(entry for entry in listed if not entry[2])
    if exact:
        return exact
    near = _best(entry for entry in listed if len(entry[1]) >= max(2, 3 * entry[2]))
    return (
        (None if near else relation_of(exercise, findings))
        or _best(entry for entry in _others(exercise, findings) if len(entry[1]) >= max(1, 6 * entry[2]))
        or near
        or symptom_of(exercise, findings)
        or _best(entry for entry in listed if len(entry[1]) >= max(5, 1.5 * entry[2]))
    )


def _too_large(finding):
    """Whether an answer has so much more than the right one that it is compared with nothing else."""
    return _weight(finding.answers) > MOST_COMPARED + TIMES * _weight(finding.expected)


def _weight(value):
    """What comparing a value costs, about: the items of its lists count one, and a thousand numbers of an array."""
    if isinstance(value, Answer):
        return _weight(value.value)
    if isinstance(value, dict):
        return _weight([*value.values()])
    if isinstance(value, list | tuple):
        return len(value) + sum(map(_weight, value))
    return value.size // 1000 if isinstance(value, np.ndarray) else 0


def _others(exercise, findings):
    for other in other_questions(exercise, findings):
        yield _compare(exercise, other, findings, at_most=1 / 6, remember=False)


def _best(entries):
    """The mistake of most questions, and of these the one with least differences in dtype, as a `Named`, or None."""
    mistake, shown_by, *_ = max(entries, key=lambda entry: (len(entry[1]), -entry[3]), default=(None, []))
    return Named(mistake.name, f"This is what you get when {mistake.says}.", shown_by) if shown_by else None


def _compare(exercise, mistake, findings, *, at_most=2 / 3, remember=True):
    """Return the mistake, the questions that show it, how many speak against it, and how often only the dtype differs.

    A question speaks against it where the learner is right and it would not be, or where it does not explain what is
    wrong.

    at_most : share of the wrong answers; where more speak against it the rest is not asked
    remember : whether the mistake's answers are to be kept for the next learner
    """
    wrong = [finding for finding in findings if finding.wrong]
    shown_by, n_against, n_slips = [], 0, 0
    for finding in wrong + [finding for finding in findings if not finding.wrong]:
        theirs = _answers_of(mistake, exercise, finding, remember)
        refused = bool(getattr(finding.question, "refused", ""))
        pairs = zip(theirs, finding.answers, strict=True)
        differences = [_difference_between(one, answer, refused) for one, answer in pairs]
        slip = any(difference.words for difference in differences)
        agrees = not any(difference.words and not difference.form_only for difference in differences)
        if slip and (not finding.wrong or finding.difference.form_only):
            agrees = False
        if finding.wrong and agrees:
            shown_by.append(finding.question)
            n_slips += slip
        elif finding.wrong or (not agrees and _find_again(exercise, finding, theirs).wrong):
            n_against += 1
            if n_against > at_most * len(wrong):
                break
    return mistake, shown_by, n_against, n_slips


def _find_again(exercise, finding, answers):
    """What other answers to the same calls show."""
    return find(exercise, finding.question, finding.calls, answers, finding.expected)


def _answers_of(mistake, exercise, finding, remember):
    """The answers of a mistake, remembered if it is a listed one: every learner is asked the visible questions."""
    answers = []
    for call, digest in zip(finding.calls, finding.digests, strict=True):
        asked = mistake.function, exercise.observe, digest
        if asked not in _remembered:
            answers.append(answer_of_the_course(exercise, mistake.function, call))
            if remember:
                if len(_remembered) >= MOST_REMEMBERED:
                    _remembered.clear()
                _remembered[asked] = answers[-1]
        else:
            answers.append(_remembered[asked])
    return answers


def _refuse_the_same(one, other):
    """Whether two errors are each a ValueError, and the first numbers in them the same: everybody has other words."""
    numbers = [re.findall(r"\d+", error)[:1] for error in (one, other)]
    return one.startswith("ValueError: ") and other.startswith("ValueError: ") and numbers[0] == numbers[1] != []


def _difference_between(theirs, answer, refused):
    if theirs.error or answer.error:
        one, other = (error.partition(" (line ")[0] for error in (theirs.error, answer.error))
        same = one == other or (refused and _refuse_the_same(one, other))
        return Difference() if same else Difference("another error")
    return difference_of(theirs.value, answer.value, 1e-6)
