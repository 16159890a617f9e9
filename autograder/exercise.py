"""What an exercise is: one object with four uses - laptop check, grading, the tests of the tests, the lab's text.

`exercises/` holds one file of these for each lab; `judge` turns a learner's answers into points and reasons.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Case:
    """One call of the learner's function, compared with the reference.

    name : what the inputs are, in words a learner understands ("four tokens on a circle")
    make : draws the arguments of the call from a generator, as a tuple
    points : what a right answer is worth
    hidden : True where only grading asks it, on inputs drawn from the course's secret
    tolerance : largest difference allowed, relative to the largest expected number; 0 asks for equality
    clear_cut : for discrete answers, says of the arguments whether the decision is far from a tie; others are redrawn
    """

    name: str
    make: Callable[[np.random.Generator], tuple]
    points: int = 1
    hidden: bool = False
    tolerance: float = 0.0
    clear_cut: Callable[..., bool] | None = None

    def calls(self, rng):
        """Return the arguments of this case's only call, as a list of one tuple."""
        for _ in range(1000):
            arguments = self.make(rng)
            if self.clear_cut is None or self.clear_cut(*arguments):
                return [arguments]
        raise RuntimeError(f"case {self.name!r}: 1000 draws and none was clear-cut")


@dataclass(frozen=True)
class Property:
    """Several calls whose answers must agree with one another in a stated way, whatever they are.

    name : the property, as a sentence ("a vector twice as long lands in the same bucket")
    make : draws a list of argument tuples, one for each call
    holds : says of the list of calls and the list of their answers whether the property holds
    """

    name: str
    make: Callable[[np.random.Generator], list[tuple]]
    holds: Callable[..., bool]
    points: int = 1
    hidden: bool = False

    def calls(self, rng):
        """Return the arguments of every call."""
        return self.make(rng)


@dataclass(frozen=True)
class Misconception:
    """A wrong function that learners really write.

    function : what they write
    why : what leads them there, for the instructor
    message : one sentence for the learner, which completes "This is what you get when ..."
    """

    function: Callable
    why: str
    message: str

    @property
    def name(self):
        return self.function.__name__


@dataclass(frozen=True)
class Exercise:
    """A function the learner writes, with everything that is known about it.

    reference : the course's own function; the exercise bears its name
    twin : the loop version from `reformer.loops`, the last hint and the stand-in for a wrong answer
    questions : cases and properties, from small to large
    misconceptions : wrong functions, each with its explanation
    styles : right answers written otherwise; all must get full points
    """

    reference: Callable
    twin: Callable
    questions: tuple[Case | Property, ...]
    misconceptions: tuple[Misconception, ...]
    styles: tuple[Callable, ...] = field(default=())

    @property
    def name(self):
        return self.reference.__name__

    @property
    def max_score(self):
        return sum(question.points for question in self.questions)

    def asked(self, *, hidden):
        """Return the questions to ask: the visible ones, and with `hidden` all of them."""
        return tuple(question for question in self.questions if hidden or not question.hidden)

    def generator(self, question, secret=None, student=""):
        """Return the generator for a question's inputs.

        Visible inputs are the same for everybody. Hidden ones follow from the course's secret and the student, so
        that a regrade repeats them and nobody can pass them on.
        """
        label = f"{self.name}/{question.name}"
        if question.hidden:
            if secret is None:
                raise ValueError(f"question {question.name!r} is hidden: its inputs need the course's secret")
            digest = hmac.digest(secret, f"{student}/{label}".encode(), "sha256")
        else:
            digest = hashlib.sha256(label.encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "big"))


@dataclass(frozen=True)
class Lab:
    """A lab: its folder's name, its unit, and its exercises in the order in which they are asked."""

    name: str
    unit: int
    exercises: tuple[Exercise, ...]
