"""Lab 03, `chance_to_meet(probability, n_rounds)`: chance to share a bucket at least once in independent rounds.

probability of one round, 0 .. 1, of any shape; n_rounds R, at least 1 -> 1 - (1 - probability)^R, of the same shape.
"""

import math

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import angular
from reformer.loops import angular as twins

exercise = Exercise(reference=angular.chance_to_meet, twin=twins.chance_to_meet)


def chances(*shape, n_rounds, high=1.0, dtype=np.float64):
    return lambda rng: call(rng.uniform(0, high, size=shape).astype(dtype), n_rounds)


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("four chances, two rounds", tolerance=1e-5)
def _(rng):
    return call(np.array([0.0, 0.25, 0.5, 1.0]), 2)


exercise.case("a single round changes nothing", chances(5, n_rounds=1), tolerance=1e-5)


@exercise.case("a single number, three rounds", tolerance=1e-5)
def _(rng):
    return call(0.3, 3)


exercise.case(
    "two tables of chances, four rounds, in float32", chances(2, 2, 3, n_rounds=4, dtype=np.float32), tolerance=1e-5
)


@exercise.case("small chances and large ones, a hundred rounds", tolerance=1e-5)
def _(rng):
    return call(np.concatenate([rng.uniform(0, 0.03, size=6), [0.5, 0.9, 1.0]]), 100)


def growing_rounds(rng):
    probability = rng.uniform(0.05, 0.95, size=6)
    return [call(probability, 1), call(probability, 2), call(probability, 5)]


@exercise.property("one round is the chance itself, more rounds meet more often", growing_rounds)
def _(calls, answers):
    one, two, five = map(np.asarray, answers)
    return np.isclose(one, calls[0].args[0]) & (one < two) & (two < five) & (five <= 1)


exercise.case("many chances, eight rounds", chances(30, n_rounds=8), points=2, hidden=True, tolerance=1e-5)


# --- mistakes ---------------------------------------------------------------------------------------------------


@exercise.mistake(
    why="the complement is taken of the wrong power",
    says="the result is `1 - p**R`, the chance to miss at least once; take the complement first, then the power",
)
def complement_of_meeting_always(probability, n_rounds):
    return 1 - probability**n_rounds


@exercise.mistake(
    why="'several rounds' is read as 'in every round'",
    says="the vectors must meet in every round; once is enough",
)
def meet_every_time(probability, n_rounds):
    return probability**n_rounds


@exercise.mistake(
    why="chances of separate tries are added",
    says="the chances are added up; with enough rounds that exceeds 1, because meeting twice is counted twice",
)
def added_up(probability, n_rounds):
    return probability * n_rounds


@exercise.mistake(
    why="the sum is seen to exceed 1 and mended",
    says="the chances are added up and cut off at 1; meeting twice is still counted twice",
)
def added_up_and_capped(probability, n_rounds):
    return np.minimum(1, probability * n_rounds)


@exercise.mistake(
    why="meeting twice is taken off again, and meeting three times forgotten",
    says="the chances are added up and those of each pair of rounds taken off; it goes on with three rounds, with four "
    "and so on, and the opposite is quicker",
)
def pairs_taken_off(probability, n_rounds):
    return n_rounds * probability - math.comb(n_rounds, 2) * probability**2


@exercise.mistake(
    why="it is the well-known limit for many rounds and small chances",
    says="the result is 1 - exp(-R p), which is close for small chances only",
)
def limit_of_small_chances(probability, n_rounds):
    return 1 - np.exp(-n_rounds * probability)


@exercise.mistake(
    why="more measurements give a better mean, not a larger one",
    says="more rounds change nothing; each round is a new chance, and one success is enough",
)
def average_of_rounds(probability, n_rounds):
    return probability


@exercise.mistake(
    why="the example has two rounds",
    says="there are always two rounds, whatever `n_rounds` says",
)
def always_two_rounds(probability, n_rounds):
    return 1 - (1 - probability) ** 2


@exercise.mistake(
    why="the first round is not counted as a repetition",
    says="one round is missing: with R = 1 the result has to be the chance itself",
)
def one_round_too_few(probability, n_rounds):
    return 1 - (1 - probability) ** (n_rounds - 1)


@exercise.mistake(
    why="a loop begins with one miss and adds all rounds",
    says="there is one round too many: with R = 1 the result has to be the chance itself",
)
def one_round_too_many(probability, n_rounds):
    return 1 - (1 - probability) ** (n_rounds + 1)


@exercise.mistake(
    why="the binomial formula is known, and read for one success",
    says="the vectors meet in exactly one round; to meet twice counts as well",
)
def in_exactly_one_round(probability, n_rounds):
    return n_rounds * probability * (1 - probability) ** (n_rounds - 1)


@exercise.mistake(
    why="the tries are counted until the first success",
    says="the vectors meet in the last round and in none before; the round in which they meet does not matter",
)
def in_the_last_round_only(probability, n_rounds):
    return probability * (1 - probability) ** (n_rounds - 1)


@exercise.mistake(
    why="an array of chances looks like one for each round",
    says="all chances in the array are multiplied into one number; each stands for a pair of its own, and it is the "
    "rounds that repeat",
)
def array_taken_for_rounds(probability, n_rounds):
    return 1 - np.prod(1 - probability)


@exercise.mistake(
    why="the complement is right, the repetition is not",
    says="the chances to miss are added up; independent chances multiply, so it takes a power",
)
def misses_added_up(probability, n_rounds):
    return 1 - (1 - probability) * n_rounds


@exercise.mistake(
    why="`missed = missed * missed` looks like one more round",
    says="the chance to miss is squared with every round, so it counts 2, 4, 8 times; a round is one more factor",
)
def miss_squared_every_round(probability, n_rounds):
    return 1 - (1 - probability) ** (2 ** (n_rounds - 1))


@exercise.mistake(
    why="the rounds seem to share one chance",
    says="the chance is divided among the rounds; each round has all of it",
)
def chance_shared_out(probability, n_rounds):
    return 1 - (1 - probability / n_rounds) ** n_rounds


@exercise.mistake(
    why="the sum over the round of the first meeting begins at 1 miss",
    says="the rounds 2 to R + 1 are counted: the vectors may meet in the first round, with no miss before it",
)
def first_round_left_out(probability, n_rounds):
    return (1 - probability) * (1 - (1 - probability) ** n_rounds)


@exercise.mistake(
    why="raising to 1/R is the inverse of raising to R",
    says="the R-th root of the chance is taken; it is the chance to miss that repeats, as a power",
)
def root_of_the_chance(probability, n_rounds):
    return probability ** (1 / n_rounds)


@exercise.mistake(
    why="the closed form of a geometric series is divided by 1 - q",
    says="a chance of 0 gives 0/0; `1 - (1 - p)**R` divides by nothing",
)
def zero_over_zero(probability, n_rounds):
    missed = 1 - probability
    return np.asarray(probability) * (1 - missed**n_rounds) / (1 - missed)


@exercise.mistake(
    why="the function is written for one chance",
    says="`if`, `max` or `min` asks about all chances at once; NumPy's `np.where` and `np.minimum` ask about each",
)
def written_for_one_chance(probability, n_rounds):
    return 1.0 if probability == 1 else 1 - (1 - probability) ** n_rounds


@exercise.mistake(
    why="a loop takes the chances one by one",
    says="the loop expects one axis of chances; arithmetic on the whole array takes any shape, and a single number",
)
def one_axis_only(probability, n_rounds):
    return np.array([1 - (1 - float(p)) ** n_rounds for p in probability])


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_logarithms(probability, n_rounds):
    with np.errstate(divide="ignore"):
        return -np.expm1(n_rounds * np.log1p(-np.asarray(probability)))


@exercise.solution
def round_by_round(probability, n_rounds):
    missed = np.ones_like(probability)
    for _ in range(n_rounds):
        missed = missed * (1 - probability)
    return 1 - missed
