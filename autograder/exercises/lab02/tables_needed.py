"""`tables_needed(same_side, n_planes, wanted_recall)`: the fewest tables that bring a pair together with the chance
wanted, an int of at least 1; None where no number of tables does. One table does so with q = same_side^n_planes, T
tables with 1 - (1 - q)^T; to reach the chance wanted exactly is enough.

Where equality is not meant, the exact number of tables is a thousandth away from whole. q is 0 or at least a
thousandth, so that a search that counts up comes to its end.
"""

import math

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import planes
from reformer.loops import planes as twins

exercise = Exercise(planes.tables_needed, twins.tables_needed, none_is_an_answer=True)


def _exact(same_side, n_planes, wanted_recall):
    """The number of tables, before it is made whole."""
    return math.log(1 - wanted_recall) / math.log(1 - same_side**n_planes)


def _far_from_whole(same_side, n_planes, wanted_recall):
    exact = _exact(same_side, n_planes, wanted_recall)
    return same_side**n_planes >= 1e-3 and 1e-3 < exact % 1 < 1 - 1e-3


def _far(same_side, n_planes, wanted):
    """Ask a triple for which the number of tables is far from whole."""
    words = f"planes: {n_planes}, each with a chance of {same_side}; wanted: {wanted}"
    exercise.case(words, lambda rng: call(same_side, n_planes, wanted), clear_cut=_far_from_whole)


_far(0.5, 2, 0.7)
_far(0.75, 4, 0.9)
_far(0.9, 1, 0.75)
exercise.case("two tables reach the chance wanted exactly", lambda rng: call(0.5, 1, 0.75))
exercise.case("three tables reach the chance wanted exactly", lambda rng: call(0.5, 2, 0.578125))
_far(0.5, 9, 0.999)
_far(0.5, 1, 0.877)  # three tables give nearly enough
_far(0.75, 2, 0.9995)
exercise.case("two tables reach the chance wanted, but for rounding", lambda rng: call(0.1, 1, 0.19))
exercise.case("five tables reach the chance wanted, but for rounding", lambda rng: call(0.9, 1, 0.99999))
exercise.case("next to nothing is wanted", lambda rng: call(0.5, 1, 1e-12))
exercise.case("planes that never part the pair, and less than certainty is wanted", lambda rng: call(1, 4, 0.5))
exercise.case("nothing is wanted: one table is the fewest there can be", lambda rng: call(0.5, 3, 0))
exercise.case("planes that never part the pair: one table finds it for certain", lambda rng: call(1, 5, 1))
exercise.case("planes that always part the pair: no number of tables finds it", lambda rng: call(0, 2, 0.5))
exercise.case("planes that always part the pair, and nothing is wanted", lambda rng: call(0.0, 2, 0.0))
exercise.case("certainty is wanted, and a table may miss: no number of tables gives it", lambda rng: call(0.75, 2, 1))


def _one_table_more_or_less(rng):
    """For a number of tables, a chance a little below what they give and one a little above."""
    same_side, n_planes, n_tables = rng.uniform(0.55, 0.7), int(rng.integers(3, 6)), int(rng.integers(3, 13))
    missed = (1 - same_side**n_planes) ** n_tables
    return [call(same_side, n_planes, 1 - missed * (1 - same_side**n_planes) ** part) for part in (-0.2, 0.2)]


@exercise.property("a little more is wanted than some tables give: it takes one table more", _one_table_more_or_less)
def _(calls, answers):
    return answers[1] == answers[0] + 1


def _any(rng):
    return call(round(rng.uniform(0.55, 0.75), 3), int(rng.integers(4, 7)), round(rng.uniform(0.9, 0.98), 3))


def _telling(low, high):
    """Whether the exact number is `low` to `high` above a whole one, and each formula of the mistakes gives another."""

    def is_telling(*triple):
        formulas = chance_divided_by_planes, sides_swapped, chances_added, limit_of_small_chances
        formulas += average_number_of_tries, wanted_share_missed
        exact = _exact(*triple)
        others = {formula(*triple) for formula in formulas}
        return low < exact % 1 < high and 3 < exact < 99 and math.ceil(exact) not in others

    return is_telling


exercise.case("three numbers that were drawn", _any, hidden=True, clear_cut=_telling(0.1, 0.4))
exercise.case("three other numbers that were drawn", _any, hidden=True, clear_cut=_telling(0.6, 0.9))


@exercise.case("equality with a number of tables that was drawn", hidden=True)
def _(rng):
    n_tables = int(rng.integers(3, 8))
    return call(0.5, 1, 1 - 0.5**n_tables)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def tables_counted(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if wanted_recall > 0 and (q == 0 or (wanted_recall == 1 and q < 1)):
        return None
    n_tables = 1
    while 1 - (1 - q) ** n_tables < wanted_recall - 1e-12:
        n_tables += 1
    return n_tables


@exercise.solution
def tables_by_logarithms_of_numpy(same_side, n_planes, wanted_recall):
    q = np.power(float(same_side), n_planes)
    if wanted_recall == 0 or q == 1:
        return np.int64(1)
    if wanted_recall == 1 or q == 0:
        return None
    return np.maximum(1, np.ceil(np.log2(1 - wanted_recall) / np.log2(1 - q) - 1e-9)).astype(int)


@exercise.solution
def tables_by_bisection(same_side, n_planes, wanted_recall):
    def enough(n_tables):
        return (1 - same_side**n_planes) ** n_tables <= 1 - wanted_recall + 1e-12

    if wanted_recall == 1 and same_side < 1:
        return None
    low, high = 0, 1
    while not enough(high):
        low, high = high, 2 * high
        if high > 2**20:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


# --- mistakes ---------------------------------------------------------------------------------------------------


def _answered(same_side, n_planes, wanted_recall, q=None, number=None):
    """The right ends, and between them `number` of tables from the exact one; q may be another."""
    q = same_side**n_planes if q is None else q
    if wanted_recall == 0 or q == 1:
        return 1
    if wanted_recall == 1 or q == 0:
        return None
    exact = math.log(1 - wanted_recall) / math.log(1 - q)
    return max(1, (number or (lambda exact: math.ceil(exact - 1e-9)))(exact))


@exercise.mistake(
    why="the chance of one plane is taken for that of one table",
    says="the planes of a table are left out: it takes all P of them to agree, so q is `same_side ** n_planes`",
)
def planes_ignored(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall, q=same_side)


@exercise.mistake(
    why="'more planes, less chance' is read as a division",
    says="the chance of one plane is divided by P; P independent planes multiply their chances: a power",
)
def chance_divided_by_planes(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall, q=same_side / n_planes)


@exercise.mistake(
    why="'at least one' belongs to the tables, and is applied to the planes",
    says="one plane that agrees is taken for enough; in a table all P planes have to agree",
)
def one_plane_is_enough(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall, q=1 - (1 - same_side) ** n_planes)


@exercise.mistake(
    why="the chance to be parted is easily taken for the chance to stay together",
    says="`same_side` is taken for the chance that a plane parts the pair; it is the chance that it does not",
)
def sides_swapped(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall, q=(1 - same_side) ** n_planes)


@exercise.mistake(
    why="`int` makes a whole number",
    says="the number of tables is rounded down, by `int` or `//`: then it is not quite enough; round up",
)
def rounded_down(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall, number=lambda exact: math.floor(exact + 1e-9))


@exercise.mistake(
    why="`round` makes a whole number",
    says="the number of tables is rounded to the nearest, which is not quite enough where that is below; round up",
)
def rounded_to_the_nearest(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall, number=round)


@exercise.mistake(
    why="`int(...) + 1` looks like rounding up, and `>` like `>=`",
    says="a number of tables that reaches the chance wanted exactly is not taken: equality is enough",
)
def equality_is_not_enough(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall, number=lambda exact: math.floor(exact + 1e-9) + 1)


@exercise.mistake(
    why="the quotient of two logarithms of numbers that floats hold exactly is thought to be exact",
    says="rounding lifts the quotient of logarithms a hair above a whole number, and it is rounded up to the next: "
    "take 1e-9 off before you round up, and return 1 at least",
)
def lifted_by_rounding(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall, number=math.ceil)


@exercise.mistake(
    why="a loop raises the number before it looks",
    says="there is one table too many, everywhere but at the ends",
)
def one_too_many(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall, number=lambda exact: math.ceil(exact - 1e-9) + 1)


@exercise.mistake(
    why="chances of separate tries are added",
    says="the chances of the tables are added up, T q; a pair that two tables find counts twice then",
)
def chances_added(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if wanted_recall == 0 or q == 0:
        return None if wanted_recall else 1
    return max(1, math.ceil(wanted_recall / q - 1e-9))


@exercise.mistake(
    why="1 - exp(-T q) is the well-known limit for small chances",
    says="1 - exp(-T q) takes the place of 1 - (1 - q)^T, which is close for small q only",
)
def limit_of_small_chances(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if wanted_recall == 0 or q == 1:
        return 1
    return None if wanted_recall == 1 or q == 0 else max(1, math.ceil(-math.log(1 - wanted_recall) / q))


@exercise.mistake(
    why="'on average it takes 1/q tries'",
    says="1/q is rounded up: so many tables it takes on average, whatever recall is wanted",
)
def average_number_of_tries(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    return math.ceil(1 / q - 1e-9) if q else None


@exercise.mistake(
    why="the letters P and T change places",
    says="planes and tables change places: 1 - (1 - same_side^T)^P, so that it gets worse with every table",
)
def planes_and_tables_swapped(same_side, n_planes, wanted_recall):
    n_tables = 1
    while n_tables < 100 and 1 - (1 - same_side**n_tables) ** n_planes < wanted_recall:
        n_tables += 1
    return n_tables if n_tables < 100 else None


@exercise.mistake(
    why="every table is thought to be another filter",
    says="the pair has to share a bucket in every table, and each new table makes that less likely; once is enough",
)
def found_by_every_table(same_side, n_planes, wanted_recall):
    return 1 if same_side**n_planes >= wanted_recall else None


@exercise.mistake(
    why="the miss, 1 - wanted, is easily forgotten in the logarithm",
    says="the tables may miss the share that is to be found: it is `1 - wanted_recall` that may be missed",
)
def wanted_share_missed(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, 1 - wanted_recall)


@exercise.mistake(
    why="log(1 - 0) is 0, and so is the number of tables",
    says="0 tables are returned where nothing is wanted; the fewest that there can be is 1",
)
def no_table_at_all(same_side, n_planes, wanted_recall):
    return 0 if wanted_recall == 0 else _answered(same_side, n_planes, wanted_recall)


@exercise.mistake(
    why="q = 0 is asked first",
    says="None is returned wherever q is 0, but where nothing is wanted one table does",
)
def none_where_nothing_is_wanted(same_side, n_planes, wanted_recall):
    return None if same_side == 0 else _answered(same_side, n_planes, wanted_recall)


@exercise.mistake(
    why="certainty is thought to be out of reach",
    says="None is returned wherever certainty is wanted, but planes that never part the pair give it with one table",
)
def none_for_every_certainty(same_side, n_planes, wanted_recall):
    return None if wanted_recall == 1 else _answered(same_side, n_planes, wanted_recall)


@exercise.mistake(
    why="the ends are asked in the order of the formulas that fail there",
    says="the ends with None are asked before those with 1: where nothing is wanted, or q is 1, one table does, "
    "whatever else holds",
)
def none_asked_before_one(same_side, n_planes, wanted_recall):
    return None if same_side == 0 or wanted_recall == 1 else _answered(same_side, n_planes, wanted_recall)


@exercise.mistake(
    why="the power is typed as a product",
    says="q is `same_side` times `n_planes`; P independent planes multiply their chances: `same_side ** n_planes`",
)
def chance_times_planes(same_side, n_planes, wanted_recall):
    q = same_side * n_planes
    if wanted_recall == 0 or q == 1:
        return 1
    if wanted_recall == 1 or q == 0:
        return None
    return max(1, math.ceil(math.log(1 - wanted_recall) / math.log(1 - q) - 1e-9))


@exercise.mistake(
    why="the power is typed as a product, and the number of tables is counted up",
    says="q is `same_side` times `n_planes`, which may be above 1; P independent planes multiply their chances: "
    "`same_side ** n_planes`",
)
def chance_times_planes_counted_up(same_side, n_planes, wanted_recall):
    q = same_side * n_planes
    if wanted_recall == 0 or q == 1:
        return 1
    if wanted_recall == 1 or q == 0:
        return None
    n_tables = 1
    while n_tables < 10_000 and 1 - (1 - q) ** n_tables < wanted_recall - 1e-12:
        n_tables += 1
    return n_tables


@exercise.mistake(
    why="`math.inf` is the number of tables that no number of tables reaches",
    says="infinity is returned where no number of tables is enough; None is asked there",
)
def infinity_for_none(same_side, n_planes, wanted_recall):
    n_tables = _answered(same_side, n_planes, wanted_recall)
    return math.inf if n_tables is None else n_tables


@exercise.mistake(
    why="0 or -1 often stands for 'there is none'",
    says="0 is returned where no number of tables is enough; None is asked there",
)
def zero_for_none(same_side, n_planes, wanted_recall):
    return _answered(same_side, n_planes, wanted_recall) or 0


@exercise.mistake(
    why="the ends are not thought of, and `math.log(0)` is an error",
    says="the logarithm of 0 is taken at the ends: ask first whether certainty is wanted, or q is 1",
)
def logarithm_of_zero(same_side, n_planes, wanted_recall):
    return max(1, math.ceil(math.log(1 - wanted_recall) / math.log(1 - same_side**n_planes) - 1e-9))


@exercise.mistake(
    why="the ends are not thought of, and NumPy's logarithm of 0 is minus infinity",
    says="NumPy's logarithm of 0 is taken at the ends, and infinity or NaN made whole: ask first for q = 0, q = 1 and "
    "certainty",
)
def logarithm_of_zero_in_numpy(same_side, n_planes, wanted_recall):
    return int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - same_side**n_planes) - 1e-9))


@exercise.mistake(
    why="a search that counts up ends in floats, where 1 - 1e-17 is 1",
    says="the search comes to its end by rounding: 1 - (1 - q)^T is 1 in floats long before it is certain; ask first "
    "whether certainty is wanted",
)
def certain_by_rounding(same_side, n_planes, wanted_recall):
    n_tables = 1
    while n_tables < 10_000 and 1 - (1 - same_side**n_planes) ** n_tables < wanted_recall:
        n_tables += 1
    return n_tables if n_tables < 10_000 else None


@exercise.mistake(
    why="a search needs an end, and a hundred tables sound like enough",
    says="the search stops too early, and says None; it may take thousands of tables, so ask first whether any number "
    "is enough",
)
def search_ends_too_early(same_side, n_planes, wanted_recall):
    n_tables = _answered(same_side, n_planes, wanted_recall)
    return n_tables if n_tables is not None and n_tables <= 100 else None


@exercise.mistake(
    why="`np.ceil` rounds up to a float",
    says="the number of tables is a float: `np.ceil` gives one, `math.ceil` and `int` give a whole number",
)
def float_returned(same_side, n_planes, wanted_recall):
    n_tables = _answered(same_side, n_planes, wanted_recall)
    return None if n_tables is None else float(n_tables)


@exercise.mistake(
    why="the recall is the more interesting number",
    says="the recall is returned that so many tables reach; asked is how many tables they are",
)
def recall_returned(same_side, n_planes, wanted_recall):
    n_tables = _answered(same_side, n_planes, wanted_recall)
    return None if n_tables is None else 1 - (1 - same_side**n_planes) ** n_tables
