"""What an exercise is: one object with four uses - laptop check, grading, the tests of the tests, the lab's text.

`exercises/labNN/` holds one file for each. It makes an `Exercise` and gives it, with its decorators, what is asked, the
mistakes that learners make, and right answers in other styles:

    exercise = Exercise(reference=chunking.undo_sort, twin=twins.undo_sort)

    @exercise.case("four positions")
    def _(rng):
        return call(np.array([2, 0, 3, 1]))

    @exercise.mistake(why="sorting again looks like undoing", says="the order is applied a second time")
    def sorted_again(order):
        return np.take_along_axis(order, order, axis=-1)

    @exercise.solution
    def by_argsort(order):
        return np.argsort(order, axis=-1)

`judge` turns a learner's answers into points and reasons.
"""

import hashlib
import hmac
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from autograder.checking.call import Call

MOST_DRAWS = 1000


@dataclass(frozen=True)
class Case:
    """One call of the learner's function, compared with the reference.

    name : what the inputs are, in words a learner understands ("four tokens on a circle")
    make : draws the `Call` from a generator
    points : what a right answer is worth
    hidden : True where only grading asks it, on inputs drawn from the course's secret
    tolerance : largest difference allowed, relative to the largest expected number below 1e20; 0 asks for equality
    clear_cut : for discrete answers, says of the arguments whether every decision is far from a tie; others are
        redrawn
    refused : where the right answer is a ValueError, a word that its message has to have, such as a number
    """

    name: str
    make: Callable[[np.random.Generator], Call]
    points: int = 1
    hidden: bool = False
    tolerance: float = 0.0
    clear_cut: Callable[..., bool] | None = None
    refused: str = ""

    def calls(self, rng):
        """Return this case's only call, as a list."""
        for _ in range(MOST_DRAWS):
            call = self.make(rng)
            if self.clear_cut is None or self.clear_cut(*call.args, **call.kwargs):
                return [call]
        raise RuntimeError(f"case {self.name!r}: {MOST_DRAWS} draws and none was clear-cut")


@dataclass(frozen=True)
class Property:
    """Several calls whose answers must agree with one another in a stated way, whatever they are.

    name : the property, as a sentence ("a vector twice as long lands in the same bucket")
    make : draws a list of `Call`s
    holds : says of the list of calls and the list of their answers whether the property holds: yes or no, or an array
        of these that says where
    axes : names of the axes of that array, where they are not those of the answer
    """

    name: str
    make: Callable[[np.random.Generator], list[Call]]
    holds: Callable[..., bool]
    points: int = 1
    hidden: bool = False
    axes: tuple[str, ...] = ()

    def calls(self, rng):
        """Return every call."""
        return self.make(rng)


@dataclass(frozen=True)
class Mistake:
    """A wrong function that learners really write.

    function : what they write; the mistake bears its name
    why : what leads them there, for the instructor
    says : a clause for the learner, which completes "This is what you get when ..."
    """

    function: Callable
    why: str
    says: str

    @property
    def name(self):
        return self.function.__name__


@dataclass(frozen=True)
class Double:
    """What stands in for a reference whose answers are objects that take seconds to make.

    The mistakes of its exercise are in the same manner.

    function : takes what the reference takes; what it gives costs nothing. An argument that would be built comes as
        `Built`
    observe : turns that, and the call, into the plain values that the exercise's `observe` makes of the real object
    wrong : the first mistake as a learner writes it, for a sample of hand-ins
    """

    function: Callable
    observe: Callable
    wrong: Callable


@dataclass
class Exercise:
    """A function the learner writes, with everything that is known about it.

    reference : the course's own function; the exercise bears its name
    twin : the loop version from `reformer.loops` or `gallery.loops`, the last hint and the stand-in for a wrong answer
    observe : where an answer is an object, a function that turns it and its `Call` into plain values. It is sent to
        the learner's kernel as source, and uses `np` and nothing else.
    double : a `Double` of the reference, where it takes seconds and packages that not everybody has
    needs_trax : whether the learner's function does: `check` then says so where there is none
    seconds : the longest that a call may take in a notebook
    axes : names of the last axes of an answer, by which messages say a place: ("query", "key"). Of an answer that is a
        dict, what its keys are and what the numbers in its lists
    remark : gives of the right answer and the place of the first wrong number what is special there, in words, or None
    none_is_an_answer : whether None is the right answer to some questions
    without_points : whether it is optional: `check` says right or not, and nothing is won or lost
    in_gallery : whether it belongs to a room of the gallery, and to no lab: what `check` says holds no number at all
    ranking : where an answer is places in order, gives of the arguments the numbers that rank them, (..., n)
    relations : `Relation`s that name mistakes of this exercise alone, such as those that chance has a hand in
    questions : cases and properties, from small to large
    mistakes : wrong functions, each with its explanation
    solutions : right answers written otherwise; all must get full points
    results : of an answer that is several values, their names, as the lab calls them
    """

    reference: Callable
    twin: Callable
    observe: Callable | None = None
    double: Double | None = None
    needs_trax: bool = False
    seconds: float = 10.0
    axes: tuple[str, ...] = ()
    remark: Callable | None = None
    ranking: Callable | None = None
    none_is_an_answer: bool = False
    without_points: bool = False
    in_gallery: bool = False
    relations: tuple = ()
    questions: list = field(default_factory=list)
    mistakes: list = field(default_factory=list)
    solutions: list = field(default_factory=list)
    results: tuple[str, ...] = ()

    @property
    def name(self):
        return self.reference.__name__

    @property
    def max_score(self):
        return 0 if self.without_points or self.in_gallery else sum(question.points for question in self.questions)

    @property
    def parameters(self):
        """Names of the arguments of the learner's function, in order."""
        return list(inspect.signature(self.reference).parameters)

    def of_the_course(self, function, call):
        """The plain values that the reference, or a mistake, gives for a call. Raises what the function raises."""
        if self.double:
            return self.double.observe(function(*call.args, **call.kwargs), call)
        answer = call.of(function)
        return self.observe(answer, call) if self.observe else answer

    def expected(self, call):
        """The right answer to a call, as plain values."""
        return self.of_the_course(self.double.function if self.double else self.reference, call)

    def case(self, name, make=None, **how):
        """Ask a case: `exercise.case("name", make, ...)`, or as a decorator of the function that draws the call."""
        if make is None:
            return lambda make: self.case(name, make, **how)
        self.questions.append(Case(name, make, **how))
        return make

    def property(self, name, make, **how):
        """Ask a property, as a decorator of `holds`; `make` draws its calls."""

        def decorate(holds):
            self.questions.append(Property(name, make, holds, **how))
            return holds

        return decorate

    def mistake(self, *, why, says):
        """Know a wrong function, as its decorator."""

        def decorate(function):
            self.mistakes.append(Mistake(function, why, says))
            return function

        return decorate

    def solution(self, function):
        """Know a right answer in another style, as its decorator."""
        self.solutions.append(function)
        return function

    def asked(self, *, hidden):
        """Return the questions to ask: the visible ones, and with `hidden` all of them."""
        return [question for question in self.questions if hidden or not question.hidden]

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


def source_of(function):
    """Return a function's source without its decorators."""
    source = inspect.getsource(function)
    return source[source.index("def ") :]


@dataclass(frozen=True)
class Lab:
    """A lab: its folder's name, its unit, and its exercises in the order in which they are asked."""

    name: str
    unit: int
    exercises: tuple[Exercise, ...]
