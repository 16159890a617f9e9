"""The test of the tests: right answers must get all points, every known wrong one must lose some and be named."""

import json
from dataclasses import asdict, dataclass, field

from tqdm import tqdm

from autograder.checking.judge import ask, judge
from autograder.exercises import LABS

SECRET = b"selftest: these hidden inputs are public"


@dataclass
class Result:
    """What the selftest counts; `faults` says in words what went wrong."""

    exercises: int = 0
    mistakes: int = 0
    caught: int = 0
    named: int = 0
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
        width = max(len(words) for words, _ in rows)
        return "\n".join(f"{words:{width}}  {value}" for words, value in rows)

    def as_json(self):
        counts = asdict(self)
        counts.pop("faults")
        return json.dumps(counts)


def selftest(exercises=None):
    """Put the reference, the twin, other right answers, every mistake and an empty answer to each exercise.

    A mistake counts as caught and as named only where both a learner's `check` and grading would do so.
    """
    exercises = [e for lab in LABS.values() for e in lab.exercises] if exercises is None else exercises
    result = Result()
    for exercise in tqdm(exercises, desc="exercises", leave=False):
        _test_right_answers(exercise, result)
        _test_mistakes(exercise, result)
        result.exercises += 1
    return result


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
        verdicts = _verdicts(exercise, mistake.function)
        caught = all(verdict.score < exercise.max_score for verdict in verdicts)
        named = all(verdict.named and verdict.named.name == mistake.name for verdict in verdicts)
        result.mistakes += 1
        result.caught += caught
        result.named += named
        if not (caught and named):
            seen = "survives" if not caught else f"is taken for {[v.named and v.named.name for v in verdicts]}"
            result.faults.append(f"{exercise.name}: {mistake.name} {seen}")


def _verdicts(exercise, function):
    """Return the verdict of the laptop and of grading."""
    return [
        judge(exercise, ask(exercise, function, exercise.asked(hidden=hidden), lambda q: exercise.generator(q, SECRET)))
        for hidden in (False, True)
    ]


def _yes(value):
    return "yes" if value else "NO"


def _unwritten(*arguments, **options):
    raise NotImplementedError("write the function here")
