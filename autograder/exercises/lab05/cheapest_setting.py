"""Lab 05, `cheapest_setting(mass, places, wanted)`: of measured settings, the cheapest that catches what is wanted.

Two tables of one shape, rows = numbers of rounds, columns = chunk lengths -> (row, column), counted from 0, of the
smallest `places` among mass >= wanted. Ties: larger mass, then the first in reading order. None where none reaches it.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import costs
from reformer.loops import costs as twins

exercise = Exercise(
    reference=costs.cheapest_setting, twin=twins.cheapest_setting, none_is_an_answer=True, results=("row", "column")
)

_MASS = np.array([[0.40, 0.55, 0.70], [0.60, 0.72, 0.85]])
_PLACES = np.array([[0.05, 0.10, 0.30], [0.12, 0.20, 0.45]])


def at(wanted, mass=_MASS, places=_PLACES):
    return lambda rng: call(np.array(mass), np.array(places), wanted)


def measured(n_rows, n_columns, wanted):
    """Tables like those of a head: both rise along rows and columns, with some noise."""

    def make(rng):
        size = np.add.outer(np.arange(n_rows), np.arange(n_columns)) + rng.uniform(0, 1.5, size=(n_rows, n_columns))
        mass = 1 - 0.7 * np.exp(-0.35 * size) + 0.03 * rng.standard_normal(size.shape)
        return call(mass, 0.04 * 1.7 ** (size + rng.uniform(-0.8, 0.8, size=size.shape)), wanted)

    return make


def is_telling(mass, places, wanted):
    """Whether no number is close to another, and every mistake that can show here does, so that luck plays no part."""
    apart = np.min(np.abs(mass - wanted)) > 1e-3 and np.min(np.diff(np.sort(places, axis=None))) > 1e-4
    right = exercise.reference(mass, places, wanted)
    return apart and right is not None and not any(_same(m, mass, places, wanted, right) for m in _SHOWN_BY_CHANCE)


def _same(mistake, mass, places, wanted, right):
    answer = mistake(mass, places, wanted)
    return np.shape(answer) == (2,) and tuple(answer) == right


# --- questions --------------------------------------------------------------------------------------------------

exercise.case("two numbers of rounds, three chunk lengths, 0.65", at(0.65))
exercise.case("the same tables, 0.5", at(0.5))
exercise.case("the same tables, 0.8: one setting reaches it", at(0.8))
exercise.case("the same tables, 0.9: none reaches it", at(0.9))
exercise.case("the same tables, 0.72: equality is enough", at(0.72))
exercise.case("the same tables, 0.85, the largest: equality is enough", at(0.85))
exercise.case("the same tables, 0: every setting reaches it", at(0.0))
exercise.case(
    "two equally cheap ones: the one that catches more",
    at(0.5, [[0.7, 0.6], [0.75, 0.9], [0.8, 0.4]], [[0.2, 0.2], [0.2, 0.5], [0.3, 0.1]]),
)
exercise.case(
    "three equally cheap ones that catch the same: the first in reading order",
    at(
        0.55,
        [[0.55, 0.7, 0.6], [0.7, 0.6, 0.7], [0.5, 0.9, 0.6]],
        [[0.25, 0.2, 0.3], [0.2, 0.4, 0.2], [0.1, 0.6, 0.2]],
    ),
)
exercise.case(
    "equally cheap ones that do not reach it play no part",
    at(0.65, [[0.3, 0.9, 0.66], [0.6, 0.7, 0.64]], [[0.1, 0.4, 0.3], [0.2, 0.2, 0.2]]),
)
exercise.case(
    "one misses it by little, and one costs a little more", at(0.9, [[0.896, 0.95, 0.9]], [[0.1, 0.204, 0.2]])
)
exercise.case("one costs nothing", at(0.5, [[0.7, 0.6], [0.3, 0.9]], [[0.2, 0.0], [0.1, 0.4]]))
exercise.case(
    "nothing is wanted, and the cheapest catches nothing", at(0.0, [[0.4, 0.2], [0.0, 0.9]], [[0.3, 0.2], [0.1, 0.4]])
)
exercise.case("one setting", at(0.5, [[0.5]], [[0.4]]))
exercise.case("one setting that does not reach it", at(0.6, [[0.5]], [[0.4]]))
exercise.case("one number of rounds, four chunk lengths", at(0.6, [[0.5, 0.7, 0.6, 0.9]], [[0.1, 0.4, 0.3, 0.2]]))
exercise.case(
    "four numbers of rounds, one chunk length", at(0.6, [[0.9], [0.7], [0.6], [0.5]], [[0.5], [0.4], [0.6], [0.1]])
)
exercise.case("tables of whole numbers", at(3, [[1, 5, 3], [4, 2, 6]], [[1, 7, 4], [4, 3, 9]]))
exercise.case("wanted: 0.65; four numbers of rounds, five chunk lengths", measured(4, 5, 0.65))


def _other_units(rng):
    mass, places, wanted = measured(4, 4, 0.7)(rng).args
    return [call(mass, places, wanted), call(mass, 1000 * places, wanted)]


@exercise.property("places counted in other units: the same setting", _other_units)
def _(calls, answers):
    return tuple(answers[0]) == tuple(answers[1])


exercise.case("six numbers of rounds, eight chunk lengths", measured(6, 8, 0.75), hidden=True, clear_cut=is_telling)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_infinity(mass, places, wanted):
    prices = np.where(mass >= wanted, places, np.inf)
    if np.isinf(prices.min()):
        return None
    best = np.where(prices == prices.min(), mass, -np.inf)
    return np.unravel_index(np.argmax(best), best.shape)


@exercise.solution
def by_sorting(mass, places, wanted):
    reached = [
        (places[i, j], -mass[i, j], i, j) for i in range(len(mass)) for j in range(len(mass[0])) if mass[i, j] >= wanted
    ]
    return min(reached)[2:] if reached else None


@exercise.solution
def by_lexsort(mass, places, wanted):
    order = np.lexsort((-mass.ravel(), places.ravel()))
    order = order[mass.ravel()[order] >= wanted]
    return [int(n) for n in divmod(order[0], mass.shape[1])] if order.size else None


# --- mistakes ---------------------------------------------------------------------------------------------------


def _place_of(index, table):
    return tuple(int(n) for n in np.unravel_index(int(index), np.shape(table)))


def _prices(mass, places, wanted):
    return np.where(mass >= wanted, places, np.inf)


@exercise.mistake(
    why="the best setting is the one that catches most",
    says="the setting that catches most is chosen; asked is the cheapest of those that catch enough",
)
def catches_most(mass, places, wanted):
    return _place_of(np.argmax(mass), mass) if np.max(mass) >= wanted else None


@exercise.mistake(
    why="the best setting is the one that catches most, and None is forgotten",
    says="the setting that catches most is chosen, whatever is wanted; asked is the cheapest that catches enough, or "
    "None",
)
def catches_most_always(mass, places, wanted):
    return _place_of(np.argmax(mass), mass)


@exercise.mistake(
    why="the cheapest is sought, and the condition is forgotten",
    says="the cheapest setting of all is chosen; it has to catch what is wanted",
)
def cheapest_of_all(mass, places, wanted):
    return _place_of(np.argmin(places), places)


@exercise.mistake(
    why="the cheapest is sought, and tested afterwards",
    says="only the cheapest setting of all is tested, and None is returned if it does not reach what is wanted; look "
    "among all that do",
)
def cheapest_of_all_or_none(mass, places, wanted):
    best = _place_of(np.argmin(places), places)
    return best if mass[best] >= wanted else None


@exercise.mistake(
    why="the one that is just enough seems to be the cheapest",
    says="the setting that catches just enough is chosen; it can cost more than one that catches more",
)
def just_enough(mass, places, wanted):
    catches = np.where(mass >= wanted, mass, np.inf)
    return None if np.all(np.isinf(catches)) else _place_of(np.argmin(catches), mass)


@exercise.mistake(
    why="the nearest to what is wanted is chosen",
    says="the setting nearest to what is wanted is chosen, from above or below; asked is the cheapest that reaches it",
)
def nearest_to_wanted(mass, places, wanted):
    return _place_of(np.argmin(np.abs(mass - wanted)), mass)


@exercise.mistake(
    why="most catch for the money is what a buyer wants",
    says="the setting with the most mass for its places is chosen, among those that reach what is wanted; asked is the "
    "cheapest of these",
)
def best_ratio(mass, places, wanted):
    ratio = np.where(mass >= wanted, mass / places, -np.inf)
    return None if np.max(mass) < wanted else _place_of(np.argmax(ratio), mass)


@exercise.mistake(
    why="the tables are thought to be in order of their price",
    says="the first setting in reading order that reaches what is wanted is chosen; look for the cheapest",
)
def first_that_reaches(mass, places, wanted):
    return _place_of(np.argmax(mass >= wanted), mass) if np.max(mass) >= wanted else None


@exercise.mistake(
    why="in a loop each setting that reaches it replaces the one before",
    says="the last setting in reading order that reaches what is wanted is chosen; look for the cheapest",
)
def last_that_reaches(mass, places, wanted):
    reached = np.flatnonzero(mass >= wanted)
    return _place_of(reached[-1], mass) if reached.size else None


@exercise.mistake(
    why="`argmax` for `argmin`",
    says="the dearest of the settings that reach what is wanted is chosen; asked is the cheapest",
)
def dearest(mass, places, wanted):
    prices = np.where(mass >= wanted, places, -np.inf)
    return _place_of(np.argmax(prices), mass) if np.max(mass) >= wanted else None


@exercise.mistake(
    why="the two tables change places",
    says="the two tables change places: `wanted` is compared with `mass`, and `places` is what has to be small",
)
def tables_swapped(mass, places, wanted):
    return exercise.reference(places, mass, wanted)


@exercise.mistake(
    why="`wanted` is taken for what may be paid",
    says="`wanted` is compared with `places`; it is the mass that has to reach it",
)
def wanted_compared_with_places(mass, places, wanted):
    prices = np.where(places >= wanted, places, np.inf)
    return None if np.all(np.isinf(prices)) else _place_of(np.argmin(prices), mass)


@exercise.mistake(
    why="a budget is another question, and a common one",
    says="`wanted` is taken for the most that may be paid, and what catches most for it is chosen; it is the mass to "
    "reach",
)
def wanted_taken_for_a_budget(mass, places, wanted):
    catches = np.where(places <= wanted, mass, -np.inf)
    return None if np.all(np.isinf(catches)) else _place_of(np.argmax(catches), mass)


@exercise.mistake(
    why="`<=` for `>=`",
    says="the cheapest of the settings that catch at most what is wanted is chosen; they have to catch at least that",
)
def at_most_what_is_wanted(mass, places, wanted):
    prices = np.where(mass <= wanted, places, np.inf)
    return None if np.all(np.isinf(prices)) else _place_of(np.argmin(prices), mass)


@exercise.mistake(
    why="`>` for `>=`",
    says="a setting that catches exactly what is wanted is left out; equality is enough",
)
def more_than_wanted(mass, places, wanted):
    return exercise.reference(mass, places, np.nextafter(float(wanted), np.inf))


@exercise.mistake(
    why="`np.argmin` takes the first of equal ones",
    says="of equally cheap settings the first is chosen; the one that catches more comes before it",
)
def first_of_equally_cheap(mass, places, wanted):
    prices = _prices(mass, places, wanted)
    return None if np.all(np.isinf(prices)) else _place_of(np.argmin(prices), mass)


@exercise.mistake(
    why="`<=` in a loop takes the last of equal ones",
    says="of equally cheap settings the last is chosen; asked is the one that catches more, then the first",
)
def last_of_equally_cheap(mass, places, wanted):
    prices = _prices(mass, places, wanted).ravel()
    return None if np.all(np.isinf(prices)) else _place_of(len(prices) - 1 - np.argmin(prices[::-1]), mass)


@exercise.mistake(
    why="`>=` in a loop takes the last of equal ones",
    says="of settings that are equal in both tables the last is chosen; asked is the first in reading order",
)
def last_of_all_equal(mass, places, wanted):
    prices = _prices(mass, places, wanted)
    if np.all(np.isinf(prices)):
        return None
    best = np.where(prices == prices.min(), mass, -np.inf).ravel()
    return _place_of(len(best) - 1 - np.argmax(best[::-1]), mass)


@exercise.mistake(
    why="the smallest of a tuple (places, mass) is taken",
    says="of equally cheap settings the one that catches less is chosen; it has to be the one that catches more",
)
def least_of_equally_cheap(mass, places, wanted):
    prices = _prices(mass, places, wanted)
    if np.all(np.isinf(prices)):
        return None
    return _place_of(np.argmin(np.where(prices == prices.min(), mass, np.inf)), mass)


@exercise.mistake(
    why="the first in reading order is thought to go down the columns",
    says="of settings that are equal in both tables the first column comes first; reading order goes along the rows",
)
def first_down_the_columns(mass, places, wanted):
    found = exercise.reference(np.transpose(mass), np.transpose(places), wanted)
    return found and found[::-1]


@exercise.mistake(
    why="settings that do not reach it are among the equally cheap",
    says="of equally cheap settings the one that catches more is chosen among all settings of that price, and the "
    "first is taken: those that do not reach what is wanted are counted in",
)
def price_looked_up_among_all(mass, places, wanted):
    prices = _prices(mass, places, wanted)
    return None if np.all(np.isinf(prices)) else _place_of(np.argmax(places == prices.min()), mass)


@exercise.mistake(
    why="`np.argmin` without an axis counts through the whole table",
    says="the setting is one number, counted through the whole table; asked are row and column: `np.unravel_index`",
)
def one_number_for_both(mass, places, wanted):
    found = exercise.reference(mass, places, wanted)
    return found and found[0] * np.shape(mass)[1] + found[1]


@exercise.mistake(
    why="columns are chunk lengths, which are thought of first",
    says="row and column change places: (row, column) is asked, rounds first",
)
def column_first(mass, places, wanted):
    found = exercise.reference(mass, places, wanted)
    return found and found[::-1]


@exercise.mistake(
    why="rows and columns are counted from one in a table on paper",
    says="rows and columns are counted from 1; count from 0",
)
def counted_from_one(mass, places, wanted):
    found = exercise.reference(mass, places, wanted)
    return found and (found[0] + 1, found[1] + 1)


@exercise.mistake(
    why="`places[mass >= wanted]` is a row of its own, with places of its own",
    says="the place is counted among the settings that reach what is wanted; count it in the whole table",
)
def counted_among_those_that_reach(mass, places, wanted):
    reached = places[mass >= wanted]
    return _place_of(np.argmin(reached), mass) if reached.size else None


@exercise.mistake(
    why="`places[mass >= wanted]` is a row of its own, with places of its own",
    says="one number is returned, counted among the settings that reach what is wanted; asked are row and column in "
    "the whole table",
)
def one_number_among_those_that_reach(mass, places, wanted):
    reached = places[mass >= wanted]
    return int(np.argmin(reached)) if reached.size else None


@exercise.mistake(
    why="the price is what was looked for",
    says="the places of the chosen setting are returned; asked is where it stands: (row, column)",
)
def price_returned(mass, places, wanted):
    found = exercise.reference(mass, places, wanted)
    return found and float(places[found])


@exercise.mistake(
    why="both numbers of the chosen setting are at hand",
    says="mass and places of the chosen setting are returned; asked is where it stands: (row, column)",
)
def both_numbers_returned(mass, places, wanted):
    found = exercise.reference(mass, places, wanted)
    return found and (float(mass[found]), float(places[found]))


@exercise.mistake(
    why="a place has to be returned, it is thought",
    says="the setting that catches most is chosen where none reaches what is wanted; asked is None",
)
def most_where_none_reaches(mass, places, wanted):
    found = exercise.reference(mass, places, wanted)
    return _place_of(np.argmax(mass), mass) if found is None else found


@exercise.mistake(
    why="`np.argmin` of a table of infinities is 0",
    says="(0, 0) is returned where no setting reaches what is wanted; asked is None",
)
def first_where_none_reaches(mass, places, wanted):
    return exercise.reference(mass, places, wanted) or (0, 0)


@exercise.mistake(
    why="-1 stands for nobody in the chunks",
    says="(-1, -1) is returned where no setting reaches what is wanted; asked is None",
)
def minus_one_where_none_reaches(mass, places, wanted):
    return exercise.reference(mass, places, wanted) or (-1, -1)


@exercise.mistake(
    why="two numbers are expected, and each is missing",
    says="a tuple of two None is returned where no setting reaches what is wanted; asked is None",
)
def two_of_none(mass, places, wanted):
    return exercise.reference(mass, places, wanted) or (None, None)


@exercise.mistake(
    why="each number of rounds is looked at by itself",
    says="only the first number of rounds that reaches what is wanted is searched; the cheapest can stand in any row",
)
def first_row_that_reaches(mass, places, wanted):
    for row in range(len(mass)):
        prices = _prices(mass[row], places[row], wanted)
        if np.min(prices) < np.inf:
            return row, int(np.argmin(prices))
    return None


@exercise.mistake(
    why="most catch for the money is what a buyer wants",
    says="the setting with the most mass for its places is chosen, whatever is wanted; asked is the cheapest that "
    "reaches it",
)
def best_ratio_always(mass, places, wanted):
    return _place_of(np.argmax(mass / places), mass)


@exercise.mistake(
    why="catch less price seems to be the gain",
    says="the setting with the largest mass less places is chosen, of those that reach what is wanted; asked is the "
    "cheapest",
)
def largest_gain(mass, places, wanted):
    return (
        _place_of(np.argmax(np.where(mass >= wanted, mass - places, -np.inf)), mass) if np.max(mass) >= wanted else None
    )


@exercise.mistake(
    why="row and column are looked for one by one",
    says="row and column are chosen each by itself; both belong to one setting: `np.unravel_index`",
)
def row_and_column_by_themselves(mass, places, wanted):
    prices = _prices(mass, places, wanted)
    if np.all(np.isinf(prices)):
        return None
    return int(np.argmin(np.min(prices, axis=1))), int(np.argmin(np.min(prices, axis=0)))


@exercise.mistake(
    why="each chunk length is looked at by itself",
    says="only the first chunk length that reaches what is wanted is searched; the cheapest can stand in any column",
)
def first_column_that_reaches(mass, places, wanted):
    for column in range(np.shape(mass)[1]):
        prices = _prices(mass[:, column], places[:, column], wanted)
        if np.min(prices) < np.inf:
            return int(np.argmin(prices)), column
    return None


@exercise.mistake(
    why="the price of what is left out is 0 in place of infinite",
    says="settings that do not reach what is wanted get the price 0, and win; make it infinite",
)
def left_out_for_nothing(mass, places, wanted):
    return _place_of(np.argmin(np.where(mass >= wanted, places, 0)), mass) if np.max(mass) >= wanted else None


@exercise.mistake(
    why="only the columns are counted from one",
    says="the column is counted from 1; both are counted from 0",
)
def column_counted_from_one(mass, places, wanted):
    found = exercise.reference(mass, places, wanted)
    return found and (found[0], found[1] + 1)


@exercise.mistake(
    why="`np.argwhere` gives a list of places",
    says="all of the cheapest settings are returned, as a list; asked is one (row, column)",
)
def all_of_the_cheapest(mass, places, wanted):
    prices = _prices(mass, places, wanted)
    return None if np.all(np.isinf(prices)) else np.argwhere(prices == prices.min())


@exercise.mistake(
    why="`np.where` gives the rows, and then the columns",
    says="rows and columns of all of the cheapest settings are returned, as `np.where` gives them; asked is one of "
    "them",
)
def rows_and_columns_of_the_cheapest(mass, places, wanted):
    prices = _prices(mass, places, wanted)
    return None if np.all(np.isinf(prices)) else np.where(prices == prices.min())


@exercise.mistake(
    why="`np.argmin` takes the first of equal ones, and of a table of infinities the first place",
    says="`np.argmin` alone decides: of equally cheap settings it takes the first, where more mass comes before, and "
    "where none reaches what is wanted it gives (0, 0), where None is asked",
)
def argmin_alone(mass, places, wanted):
    return _place_of(np.argmin(_prices(mass, places, wanted)), mass)


@exercise.mistake(
    why="an empty answer is thought to be nothing",
    says="an empty tuple, or False, is returned where no setting reaches what is wanted; asked is None",
)
def empty_where_none_reaches(mass, places, wanted):
    return exercise.reference(mass, places, wanted) or ()


@exercise.mistake(
    why="`np.argmin` takes the first of equal ones; nothing is returned as an empty tuple",
    says="of equally cheap settings the first is chosen, where more mass comes before; and where none reaches what "
    "is wanted an empty tuple is returned, where None is asked",
)
def first_of_equally_cheap_or_empty(mass, places, wanted):
    return first_of_equally_cheap(mass, places, wanted) or ()


@exercise.mistake(
    why="`np.nanargmin` raises where all is NaN",
    says="there is an error where no setting reaches what is wanted; return None before the search. Besides, of "
    "equally cheap settings the one that catches more comes first",
)
def error_where_none_reaches(mass, places, wanted):
    return _place_of(np.nanargmin(np.where(mass >= wanted, places, np.nan)), mass)


@exercise.mistake(
    why="`np.min` of an empty array raises",
    says="there is an error, the least of nothing, where no setting reaches what is wanted; return None before the "
    "search",
)
def least_of_nothing(mass, places, wanted):
    reached = [(places[i], -mass[i], i) for i in np.ndindex(np.shape(mass)) if mass[i] >= wanted]
    return min(reached)[-1]


# What a table has to tell from the right answer, so that the same mistake costs every student the same.
_SHOWN_BY_CHANCE = (
    catches_most,
    cheapest_of_all,
    just_enough,
    nearest_to_wanted,
    best_ratio,
    first_that_reaches,
    last_that_reaches,
    dearest,
    tables_swapped,
    wanted_compared_with_places,
    wanted_taken_for_a_budget,
    at_most_what_is_wanted,
    column_first,
    counted_among_those_that_reach,
    first_row_that_reaches,
    first_column_that_reaches,
    best_ratio_always,
    largest_gain,
)
