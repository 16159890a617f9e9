"""A made-up class as grading would give it, without a kernel: for the tests of what is made of results."""

import numpy as np

from autograder.exercises import LABS
from autograder.grading.examine import Result, failed_results
from autograder.grading.graded import INFRASTRUCTURE, Graded, Late, Times
from autograder.grading.intake import Submission

OUTCOMES = ("blank", "missing", "unreadable", "timeout", "crashed", INFRASTRUCTURE)
WRONG = "22 of 36 values are right; at sequence [0, 0], round 0, position 1 it gives 2 where 3 is right"


def made_up_class(n, labs=("lab03_angular_lsh",), seed=0):
    """Return the graded submissions of n students for some labs, by student and lab; the same for the same seed."""
    rng = np.random.default_rng(seed)
    return [_graded(f"student {number:05}", LABS[lab], rng) for number in range(n) for lab in labs]


def _graded(student, lab, rng):
    chosen = OUTCOMES[rng.integers(len(OUTCOMES))] if rng.random() < 0.15 else "graded"
    submission = Submission(student, lab.name, f"{student}/{lab.name}/{lab.name}.ipynb", f"{rng.integers(2**63):064x}")
    late = Late(float(rng.integers(60, 400_000)), float(rng.integers(0, 4))) if rng.random() < 0.1 else None
    if chosen in ("timeout", "crashed", "graded"):
        skill = rng.beta(3, 1.5)
        results = tuple(_result(exercise, chosen, skill, rng) for exercise in lab.exercises)
        notes = [f"the answer to {result.name} has the code of its last hint" for result in results[:2]]
        times = Times(float(rng.gamma(4, 0.5)), float(rng.gamma(3, 0.5)))
        return Graded(submission, chosen, results, tuple(notes) if rng.random() < 0.1 else (), times, late)
    return Graded(submission, chosen, failed_results(lab, chosen, f"a reason for {chosen}"), (f"a note: {chosen}",))


def _result(exercise, outcome, skill, rng):
    if rng.random() < skill:
        return Result(exercise.name, "graded", float(exercise.max_score), exercise.max_score)
    mistake = exercise.mistakes[min(len(exercise.mistakes) - 1, rng.geometric(0.4) - 1)]
    named = f"This is what you get when {mistake.says}."
    score = float(rng.integers(max(1, exercise.max_score)))
    reasons = (named, *(f"question {number}: {WRONG}" for number in range(rng.integers(3, 12))))
    return Result(exercise.name, outcome, score, exercise.max_score, reasons, named)
