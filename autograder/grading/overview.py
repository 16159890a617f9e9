"""A class at a glance: outcomes, scores, exercises, known mistakes, who came late, and what the grading took."""

import statistics
from collections import Counter
from dataclasses import dataclass

NOT_ANSWERED = ("blank", "missing", "wrong-name", "unreadable", "infrastructure-error")
N_BINS = 10  # of the picture of scores


@dataclass(frozen=True)
class Spread:
    """How the scores of a lab are spread among those who answered.

    counts : how many have 0-10 %, 10-20 %, ... 90-100 % of the points
    lower, median, upper : a quarter, a half, and three quarters have at most so many points
    full, none : how many have all points, and how many none
    """

    counts: tuple[int, ...]
    max_score: float
    lower: float
    median: float
    upper: float
    full: int
    none: int

    @property
    def n(self):
        return sum(self.counts)


@dataclass(frozen=True)
class OfExercise:
    """What a class shows of an exercise: how many answered it, and their mean points."""

    name: str
    answered: int
    mean: float
    max_score: float

    @property
    def share(self):
        return self.mean / self.max_score if self.max_score else 0.0


@dataclass(frozen=True)
class Mistake:
    """A mistake that the course knows, and how many of those who answered the exercise made it."""

    count: int
    answered: int
    exercise: str
    sentence: str

    @property
    def share(self):
        return self.count / self.answered


@dataclass(frozen=True)
class OfLab:
    """What a class shows of a lab; `spread` is None where nobody answered."""

    name: str
    n: int
    outcomes: dict[str, int]
    spread: Spread | None
    exercises: tuple[OfExercise, ...]
    mistakes: tuple[Mistake, ...]

    @property
    def unanswered(self):
        return {outcome: count for outcome, count in self.outcomes.items() if outcome in NOT_ANSWERED}


def lab_of(name, graded):
    """Return what a class shows of a lab, of the graded submissions of that lab.

    Counted for an exercise are submissions in which it was answered: neither blank nor refused.
    """
    exercises, mistakes = [], []
    for results in zip(*(one.results for one in graded), strict=True):
        answered = [result for result in results if result.outcome not in NOT_ANSWERED]
        mean = statistics.fmean(result.score for result in answered) if answered else 0.0
        exercises.append(OfExercise(results[0].name, len(answered), mean, results[0].max_score))
        made = Counter(result.named for result in answered if result.named)
        mistakes += [Mistake(made[words], len(answered), results[0].name, words) for words in sorted(made)]
    mistakes.sort(key=lambda mistake: -mistake.count)
    return OfLab(name, len(graded), outcomes_of(graded), _spread(graded), tuple(exercises), tuple(mistakes))


def outcomes_of(graded):
    """Return how many submissions came to each outcome: what was graded first, then the most frequent."""
    counts = Counter(one.outcome for one in graded)
    order = sorted(counts, key=lambda outcome: (outcome != "graded", -counts[outcome], outcome))
    return {outcome: counts[outcome] for outcome in order}


def _spread(graded):
    answered = [one for one in graded if one.outcome not in NOT_ANSWERED]
    if not answered:
        return None
    scores = sorted(one.final_score for one in answered)
    most = answered[0].max_score
    counts = Counter(min(N_BINS - 1, int(N_BINS * score / most)) if most else N_BINS - 1 for score in scores)
    lower, median, upper = (scores[round(share * (len(scores) - 1))] for share in (0.25, 0.5, 0.75))
    full, none = sum(score >= most for score in scores), sum(score <= 0 for score in scores)
    return Spread(tuple(counts[place] for place in range(N_BINS)), most, lower, median, upper, full, none)


@dataclass(frozen=True)
class Spent:
    """What the grading took: seconds by the clock, and seconds of the processor, of submissions that were run."""

    median: float
    worst: float
    slowest: int
    wall: float
    cpu: float


def spent(graded):
    """Return what the grading took, `slowest` the place of the slowest submission; None where nothing was run."""
    walls = {place: one.times.wall for place, one in enumerate(graded) if one.times}
    if not walls:
        return None
    slowest = max(walls, key=walls.get)
    cpu = sum(one.times.cpu for one in graded if one.times)
    return Spent(statistics.median(walls.values()), walls[slowest], slowest, sum(walls.values()), cpu)
