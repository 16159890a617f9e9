"""The test of the tests: right answers must get all points, every known wrong one must lose some and be named.

Answers that were written blind, in `tests/blind` of a checkout, say what the names are worth beyond the known mistakes.
"""

import json
import sys
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from tqdm import tqdm

from autograder.checking.judge import ask, judge
from autograder.exercises import GALLERY, LABS

SECRET = b"selftest: these hidden inputs are public"
PATIENCE = 3  # seconds for a call of a wrong answer, since some count up for ever
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Result:
    """What the selftest counts; `faults` says in words what went wrong."""

    exercises: int = 0
    mistakes: int = 0
    caught: int = 0
    named: int = 0
    blind: int = 0
    blind_caught: int = 0
    blind_named: int = 0
    blind_misnamed: int = 0
    references_full: bool = True
    styles_full: bool = True
    empty_zero: bool = True
    faults: list = field(default_factory=list)

    @property
    def good(self):
        return not self.faults

    def as_table(self):
        rate = 100 * self.caught / self.mistakes if self.mistakes else 0
        rows = [
            ("exercises", f"{self.exercises}"),
            ("reference and loop twin get all points", _yes(self.references_full)),
            ("right answers in other styles get all points", _yes(self.styles_full)),
            ("empty answers get none", _yes(self.empty_zero)),
            ("known mistakes", f"{self.mistakes}"),
            ("... that lose points (kill rate)", f"{self.caught} ({rate:.0f} %)"),
            ("... that are named", f"{self.named}"),
        ]
        if self.blind:
            share = {name: f"{100 * count / self.blind:.1f} %" for name, count in self._of_blind().items()}
            rows += [("wrong answers written blind", f"{self.blind}")]
            rows += [(f"... that are {name}", f"{count} ({share[name]})") for name, count in self._of_blind().items()]
        width = max(len(words) for words, _ in rows)
        return "\n".join(f"{words:{width}}  {value}" for words, value in rows)

    def _of_blind(self):
        return {"caught": self.blind_caught, "named": self.blind_named, "misnamed": self.blind_misnamed}

    def as_json(self):
        counts = asdict(self)
        counts.pop("faults")
        return json.dumps(counts)


def selftest(exercises=None):
    """Put the reference, the twin, other right answers, every mistake and an empty answer to each exercise.

    A mistake counts as caught and as named only where both a learner's `check` and grading would do so.
    """
    if exercises is None:
        exercises = [*(exercise for lab in LABS.values() for exercise in lab.exercises), *GALLERY]
    result = Result()
    for exercise in tqdm(exercises, desc="exercises", leave=False):
        _test_right_answers(exercise, result)
        _test_mistakes(exercise, result)
        result.exercises += 1
    _test_blind(exercises, result)
    return result


def blind_answers():
    """Of each exercise the newest answers written blind, as {exercise: [(answer, right names)]}; only in a checkout."""
    if not (ROOT / "tests" / "blind").is_dir():
        return {}
    sys.path.insert(0, str(ROOT))
    try:
        from tests import blind
    finally:
        sys.path.remove(str(ROOT))
    newest = {}
    for name in blind.SETS:  # lab01, lab01_second, lab01_third
        answers, names = blind.blind_set(name), blind.right_names(name)
        for exercise in {answer.exercise for answer in answers}:
            newest[exercise] = [(one, names.get(one.name, set())) for one in answers if one.exercise == exercise]
    return newest


def _test_blind(exercises, result):
    """Count what answers written blind come to: caught where they lose points, named by what a learner is told."""
    newest = blind_answers()
    for exercise in exercises:
        for answer, names in newest.get(exercise.name, []):
            laptop, *_, grading = _verdicts(exercise, answer.function, PATIENCE if answer.truth else None)
            if not answer.truth:
                if not (laptop.right and grading.right):
                    result.styles_full = False
                    result.faults.append(f"{exercise.name}: {answer.name} is right but does not get full points")
                continue
            result.blind += 1
            result.blind_caught += not (laptop.right or grading.right)
            if laptop.named:
                result.blind_named += laptop.named.name in names
                result.blind_misnamed += laptop.named.name not in names


def _test_right_answers(exercise, result):
    for function in (exercise.reference, exercise.twin):
        if not all(verdict.right for verdict in _verdicts(exercise, function)):
            result.references_full = False
            result.faults.append(f"{exercise.name}: {function.__module__} does not get full points")
    for solution in exercise.solutions:
        if not all(verdict.right for verdict in _verdicts(exercise, solution)):
            result.styles_full = False
            result.faults.append(f"{exercise.name}: {solution.__name__} is right but does not get full points")
    if any(verdict.score or verdict.outcome != "blank" for verdict in _verdicts(exercise, _unwritten)):
        result.empty_zero = False
        result.faults.append(f"{exercise.name}: an empty answer gets points")


def _test_mistakes(exercise, result):
    for mistake in exercise.mistakes:
        verdicts = _verdicts(exercise, mistake.function, of_the_course=True)
        caught = all(verdict.score < exercise.max_score or not exercise.max_score for verdict in verdicts)
        caught = caught and not any(verdict.right for verdict in verdicts)
        named = all(verdict.named and verdict.named.name == mistake.name for verdict in verdicts)
        result.mistakes += 1
        result.caught += caught
        result.named += named
        if not (caught and named):
            seen = "survives" if not caught else f"is taken for {[v.named and v.named.name for v in verdicts]}"
            result.faults.append(f"{exercise.name}: {mistake.name} {seen}")


def _verdicts(exercise, function, seconds=None, of_the_course=False):
    """Return the verdict of the laptop and of grading; `seconds`, for a function that may not end, and more as in
    `ask`."""
    generator = partial(exercise.generator, secret=SECRET)
    answered = ask(exercise, function, exercise.asked(hidden=True), generator, seconds, of_the_course)
    visible = [entry for entry in answered if not entry[0].hidden]
    if exercise.needs_trax and not of_the_course:  # seconds for each judgement, and grading has the visible ones, too
        return [judge(exercise, answered)]
    return [judge(exercise, visible), judge(exercise, answered)]


def _yes(value):
    return "yes" if value else "NO"


def _unwritten(*arguments, **options):
    raise NotImplementedError("write the function here")
