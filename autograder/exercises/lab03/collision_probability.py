"""Lab 03, `collision_probability(angles, n_buckets)`: chance that two vectors at an angle share a bucket.

angles in radians, 0 .. pi, of any shape; n_buckets 2 or 4 -> 1 - angle/pi, or its square, of the shape of `angles`.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import angular
from reformer.loops import angular as twins

exercise = Exercise(reference=angular.collision_probability, twin=twins.collision_probability)


def table(*shape, n_buckets):
    return lambda rng: call(rng.uniform(0, np.pi, size=shape), n_buckets)


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("five angles from 0 to pi, two buckets", tolerance=1e-5)
def _(rng):
    return call(np.linspace(0, np.pi, 5), 2)


@exercise.case("five angles from 0 to pi, four buckets, in float32", tolerance=1e-5)
def _(rng):
    return call(np.linspace(0, np.pi, 5).astype(np.float32), 4)


@exercise.case("a single number, two buckets", tolerance=1e-5)
def _(rng):
    return call(2.3, 2)


@exercise.case("whole numbers, four buckets", tolerance=1e-5)
def _(rng):
    return call(np.array([0, 1, 2, 3]), 4)


exercise.case("two tables of angles, four buckets", table(2, 2, 3, n_buckets=4), tolerance=1e-5)


@exercise.property(
    "at a right angle the chance is 1/B", lambda rng: [call(np.array([np.pi / 2]), 2), call(np.array([np.pi / 2]), 4)]
)
def _(calls, answers):
    return all(np.allclose(answer, 1 / asked.args[1]) for asked, answer in zip(calls, answers, strict=True))


exercise.case("a table of angles, two buckets", table(5, 6, n_buckets=2), hidden=True, tolerance=1e-5)
exercise.case("many angles, four buckets", table(50, n_buckets=4), hidden=True, tolerance=1e-5)


# --- mistakes ---------------------------------------------------------------------------------------------------


@exercise.mistake(
    why="a full turn is 2 pi",
    says="the angle is divided by 2π; two vectors are at most π apart, and there they never share a bucket",
)
def half_as_steep(angles, n_buckets):
    return (1 - angles / (2 * np.pi)) ** (n_buckets // 2)


@exercise.mistake(
    why="a right angle looks like the farthest that two directions can be apart",
    says="the angle is divided by π/2; two vectors can be as far as π apart, and only there they never share a bucket",
)
def twice_as_steep(angles, n_buckets):
    return (1 - 2 * angles / np.pi) ** (n_buckets // 2)


@exercise.mistake(
    why="angles are often given in degrees",
    says="the angles are taken for degrees; they are radians, so the largest is π and not 180",
)
def in_degrees(angles, n_buckets):
    return (1 - angles / 180) ** (n_buckets // 2)


@exercise.mistake(
    why="the angle is usually computed from a cosine first",
    says="the angles are taken for cosines, and `arccos` is applied to them; they are angles already",
)
def arccos_of_angles(angles, n_buckets):
    return (1 - np.arccos(angles) / np.pi) ** (n_buckets // 2)


@exercise.mistake(
    why="the formula for two buckets is the famous one",
    says="four buckets are treated like two; with four, two independent signs have to agree",
)
def number_of_buckets_ignored(angles, n_buckets):
    return 1 - angles / np.pi


@exercise.mistake(
    why="four buckets are done last, and the case of two is forgotten",
    says="two buckets are treated like four; with two, a single sign has to agree",
)
def always_squared(angles, n_buckets):
    return (1 - angles / np.pi) ** 2


@exercise.mistake(
    why="twice as many buckets sound like half the chance",
    says="twice as many buckets halve the chance; then even a vector and itself would meet only every second time",
)
def shared_among_buckets(angles, n_buckets):
    return (1 - angles / np.pi) * 2 / n_buckets


@exercise.mistake(
    why="one factor for each bucket seems natural",
    says="one factor is taken for each bucket; there is one for each column of the rotation, half as many",
)
def power_of_all_buckets(angles, n_buckets):
    return (1 - angles / np.pi) ** n_buckets


@exercise.mistake(
    why="the two cases change places",
    says="two buckets and four change places: two buckets are one sign, four are two signs",
)
def two_and_four_swapped(angles, n_buckets):
    return (1 - angles / np.pi) ** (4 // n_buckets)


@exercise.mistake(
    why="two signs, twice the chance to be separated",
    says="the chances that a line separates the two are added up; it is the chances to agree that multiply",
)
def misses_added_up(angles, n_buckets):
    return 1 - n_buckets // 2 * angles / np.pi


@exercise.mistake(
    why="two signs, each with its chance",
    says="the chances of the two signs are added up; both have to agree, so they multiply",
)
def chances_added_up(angles, n_buckets):
    return n_buckets // 2 * (1 - angles / np.pi)


@exercise.mistake(
    why="3.14 is how π is remembered",
    says="π is cut to 3.14; `np.pi` has all the digits",
)
def short_pi(angles, n_buckets):
    return (1 - angles / 3.14) ** (n_buckets // 2)


@exercise.mistake(
    why="cosine similarity also falls from 1 as the angle grows",
    says="the cosine, cut at 0, is taken for the chance; the chance of one sign falls in a straight line",
)
def cosine_as_chance(angles, n_buckets):
    return np.clip(np.cos(angles), 0, 1) ** (n_buckets // 2)


@exercise.mistake(
    why="cosine similarity is what attention compares",
    says="the result is the cosine of the angle; it turns negative beyond 90°, which no chance does",
)
def plain_cosine(angles, n_buckets):
    return np.cos(angles)


@exercise.mistake(
    why="the cosine is stretched so that it stays between 0 and 1",
    says="the result is made from (1 + cos θ) / 2; that is no chance of a hash, which falls with the angle itself",
)
def stretched_cosine(angles, n_buckets):
    return ((1 + np.cos(angles)) / 2) ** (n_buckets // 2)


@exercise.mistake(
    why="pictures show the circle cut into equal sectors and turned by a random angle",
    says="the circle is cut into equal sectors; the two columns of a Gaussian matrix are seldom at right angles",
)
def equal_sectors(angles, n_buckets):
    return np.maximum(0, 1 - n_buckets * angles / (2 * np.pi))


@exercise.mistake(
    why="the square is applied to the wrong part",
    says="the angle's share is squared instead of the chance",
)
def share_of_angle_squared(angles, n_buckets):
    return 1 - (angles / np.pi) ** (n_buckets // 2)


@exercise.mistake(
    why="the complement is computed on the way",
    says="the result is the chance to be in different buckets; at angle 0 it has to be 1",
)
def chance_to_differ(angles, n_buckets):
    return 1 - (1 - angles / np.pi) ** (n_buckets // 2)


@exercise.mistake(
    why="the chance that the line falls between the two is computed first",
    says="the result is θ/π, the chance that a line separates the two; they meet when it does not",
)
def share_of_the_angle(angles, n_buckets):
    return angles / np.pi


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_planes(angles, n_buckets):
    return (1 - angles / np.pi) ** np.log2(n_buckets)


@exercise.solution
def by_cases(angles, n_buckets):
    same_side = 1 - np.asarray(angles, dtype=np.float32) / np.float32(np.pi)
    if n_buckets == 2:
        return same_side
    return same_side * same_side
