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


@exercise.case("a single whole number, four buckets", tolerance=1e-5)
def _(rng):
    return call(2, 4)


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
    why="the square is applied to the wrong part",
    says="the angle's share is squared instead of the chance",
)
def share_of_angle_squared(angles, n_buckets):
    return 1 - (angles / np.pi) ** (n_buckets // 2)


@exercise.mistake(
    why="the chance that the line falls between the two is computed first",
    says="the result is θ/π, the chance that a line separates the two; they meet when it does not",
)
def share_of_the_angle(angles, n_buckets):
    return angles / np.pi


@exercise.mistake(
    why="two signs, twice the chance to be separated; or a picture of the circle cut into equal sectors",
    says="with four buckets the line falls twice as fast, and stays at 0 beyond a right angle; two independent signs "
    "have to agree, so their chances multiply",
)
def misses_added_up_and_capped(angles, n_buckets):
    return np.maximum(0, 1 - n_buckets // 2 * angles / np.pi)


@exercise.mistake(
    why="the chance that both lines separate is computed, and its opposite forgotten",
    says="θ/π is taken, and squared for four buckets; that is the chance to be separated, so at angle 0 it gives 0",
)
def separated_by_every_line(angles, n_buckets):
    return (angles / np.pi) ** (n_buckets // 2)


@exercise.mistake(
    why="two signs that both differ agree with each other, too",
    says="with four buckets, the case that both signs differ is counted as well; then opposite vectors always meet",
)
def both_agree_or_both_differ(angles, n_buckets):
    same_side = 1 - angles / np.pi
    return same_side if n_buckets == 2 else same_side**2 + (1 - same_side) ** 2


@exercise.mistake(
    why="one bucket less than there are looks like the number of signs",
    says="the exponent is B - 1, so 3 for four buckets; four buckets are two signs",
)
def power_of_buckets_less_one(angles, n_buckets):
    return (1 - angles / np.pi) ** (n_buckets - 1)


@exercise.mistake(
    why="a bucket drawn by chance would be shared once in B times",
    says="opposite vectors still meet with a chance of 1/B; their buckets are never the same",
)
def line_down_to_one_in_B(angles, n_buckets):
    return 1 - angles / np.pi * (1 - 1 / n_buckets)


@exercise.mistake(
    why="the brackets around the chance are forgotten",
    says="π alone is squared for four buckets; it takes brackets to square all of 1 - θ/π",
)
def brackets_forgotten(angles, n_buckets):
    return 1 - angles / np.pi ** (n_buckets // 2)


@exercise.mistake(
    why="two lines are never farther apart than a right angle",
    says="beyond a right angle the chance rises again, and opposite vectors always meet: θ is between two vectors, "
    "which have a direction, not between two lines",
)
def angle_between_lines(angles, n_buckets):
    return (1 - np.minimum(angles, np.pi - angles) / np.pi) ** (n_buckets // 2)


@exercise.mistake(
    why="a probability sounds like one number",
    says="the mean over all angles is returned; each angle has a chance of its own",
)
def mean_over_angles(angles, n_buckets):
    return np.mean((1 - angles / np.pi) ** (n_buckets // 2))


@exercise.mistake(
    why="np.zeros_like takes over the dtype",
    says="the chances are stored as whole numbers where the angles are whole, which cuts them to 0",
)
def dtype_of_angles_kept(angles, n_buckets):
    chances = np.zeros_like(angles)
    chances[...] = (1 - angles / np.pi) ** (n_buckets // 2)
    return chances


@exercise.mistake(
    why="`angles /= np.pi` looks like a short way to write it",
    says="the angles are divided in place: this changes the caller's array, and cannot be done to whole numbers",
)
def divided_in_place(angles, n_buckets):
    angles /= np.pi
    return (1 - angles) ** (n_buckets // 2)


@exercise.mistake(
    why="the function is written for one angle",
    says="`if`, `max` or `min` asks about all angles at once; NumPy's `np.where` and `np.maximum` ask about each",
)
def written_for_one_angle(angles, n_buckets):
    return max(0, 1 - angles / np.pi) ** (n_buckets // 2)


@exercise.mistake(
    why="a loop takes the angles one by one",
    says="the loop expects one axis of angles; arithmetic on the whole array takes any shape, and a single number",
)
def one_axis_only(angles, n_buckets):
    return np.array([(1 - float(angle) / np.pi) ** (n_buckets // 2) for angle in angles])


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
