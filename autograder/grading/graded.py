"""A graded submission: what grading finds out, the journal keeps, and reports, feedback and exports tell."""

from dataclasses import asdict, dataclass, replace

from autograder.grading.examine import Result
from autograder.grading.intake import Submission

INFRASTRUCTURE = "infrastructure-error"


@dataclass(frozen=True)
class Times:
    """What a submission took, in seconds: by the clock and of the processor, all of its processes together."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Late:
    """How late a submission came, in seconds, and the points that costs."""

    seconds: float
    penalty: float


@dataclass(frozen=True)
class Graded:
    """A submission with its outcome, the result of each exercise, and what a person should know.

    times : what it took, or None where no cell was run
    late : how late it came; None where it was in time, or nobody knows when it came or when it was due
    """

    submission: Submission
    outcome: str
    results: tuple[Result, ...]
    notes: tuple[str, ...]
    times: Times | None = None
    late: Late | None = None

    @property
    def score(self):
        """Points of the exercises, or None where the fault is not the student's."""
        return None if self.outcome == INFRASTRUCTURE else sum(result.score for result in self.results)

    @property
    def final_score(self):
        """Points that count: those of the exercises, less what coming late costs; never below 0."""
        if self.score is None or self.late is None:
            return self.score
        return max(0.0, self.score - self.late.penalty)

    @property
    def max_score(self):
        return sum(result.max_score for result in self.results)

    def as_dict(self):
        """Return it as plain values, which JSON can hold; the cells that were handed in are not among them."""
        plain = asdict(replace(self, submission=replace(self.submission, cells=(), path=None)))
        for name in ("cells", "path"):
            del plain["submission"][name]
        return plain


def from_dict(plain):
    """Return the Graded of which `as_dict` made plain values."""
    results = tuple(Result(**{**result, "reasons": tuple(result["reasons"])}) for result in plain["results"])
    submission = Submission(**{**plain["submission"], "notes": tuple(plain["submission"]["notes"])})
    times, late = plain["times"], plain["late"]
    return Graded(
        submission,
        plain["outcome"],
        results,
        tuple(plain["notes"]),
        Times(**times) if times else None,
        Late(**late) if late else None,
    )
