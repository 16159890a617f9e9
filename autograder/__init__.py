"""Exercises, `check` for the learner's laptop, and grading for the instructor.

A lab's check cell says `from autograder import check`; that imports NumPy and nothing heavier. Instructors run
`python -m autograder --help`. Where things are: `exercises/` says what is asked, `judge` compares answers,
`laptop` is `check`, `grading` runs a folder of submissions.
"""

from autograder.checking.laptop import check

__all__ = ["check"]
