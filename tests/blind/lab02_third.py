"""Answers to `tables_needed` of lab 02, written from its text alone."""

import math
from decimal import Decimal, localcontext

import numpy as np

from tests.blind import right, wrong


@wrong(
    "tables_needed",
    truth="Counts on while the chance is not above what is wanted, so equality is not enough. "
    "Shows only where some T meets it exactly, as for (0.5, 1, 0.75).",
)
def wants_more_than_wanted(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1:
        return 1
    if q == 0 or wanted_recall == 1:
        return 1 if wanted_recall == 0 else None
    n_tables, missed = 1, 1 - q
    while 1 - missed <= wanted_recall + 1e-12:
        n_tables += 1
        missed *= 1 - q
    return n_tables


@wrong(
    "tables_needed",
    truth="Compares without any room for rounding, so where a T meets the wanted chance exactly, it can count one too "
    "many: (0.1, 1, 0.19) gives 3 and not 2. Right for halves and wherever equality does not occur.",
)
def counts_up_without_room_for_rounding(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if (q == 0 and wanted_recall > 0) or (wanted_recall == 1 and q < 1):
        return None
    n_tables = 1
    while 1 - (1 - q) ** n_tables < wanted_recall:
        n_tables += 1
    return n_tables


@wrong(
    "tables_needed",
    truth="Rounds the quotient of the logarithms up without taking a hair off. Shows where the exact T is whole and "
    "the quotient lies just above it, as for (0.7, 1, 0.91): one table too many.",
)
def rounds_up_without_the_hair(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, math.ceil(math.log(1 - wanted_recall) / math.log(1 - q)))


@wrong(
    "tables_needed",
    truth="Takes 0.05 off before rounding up, in place of 1e-9. Shows where the quotient is whole plus at most "
    "0.05: one table too few.",
)
def takes_too_much_off(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 0.05)))


@wrong(
    "tables_needed",
    truth="Adds the 1e-9 in place of taking it off. Shows where equality holds: (0.5, 1, 0.75) gives 3.",
)
def adds_the_hair(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return int(np.ceil(np.log1p(-wanted_recall) / np.log1p(-q) + 1e-9))


@wrong(
    "tables_needed",
    truth="The hair is taken off, but nothing keeps the result at 1 or more: where almost nothing is wanted (quotient "
    "below 1e-9, such as (0.5, 1, 1e-12)), it is 0.",
)
def falls_to_zero_for_next_to_nothing(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 1e-9))


@wrong(
    "tables_needed",
    truth="Forgets the end where nothing is wanted: log(1) is 0, and so is the result, in place of 1. "
    "Shows only for wanted_recall 0 (or below about 1e-9) with q between 0 and 1.",
)
def gives_zero_tables_where_nothing_is_wanted(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1:
        return 1
    if q == 0:
        return None if wanted_recall > 0 else 1
    if wanted_recall == 1:
        return None
    return int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 1e-9))


@wrong(
    "tables_needed",
    truth="Leaves q = 1 to the logarithm: log(0) is minus infinity, the quotient -0, the result 0 and not 1. "
    "Shows for same_side 1 with less than 1 wanted (and for a wanted_recall below about 1e-9).",
)
def gives_zero_tables_for_a_sure_meeting(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if wanted_recall == 0:
        return 1
    if wanted_recall == 1:
        return 1 if q == 1 else None
    if q == 0:
        return None
    with np.errstate(divide="ignore"):
        return int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 1e-9))


@wrong(
    "tables_needed",
    truth="Asks for q = 0 before it asks whether anything is wanted. Shows only for (0, P, 0): None and not 1.",
)
def gives_up_at_zero_even_if_nothing_is_wanted(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 0:
        return None
    if wanted_recall == 0 or q == 1:
        return 1
    if wanted_recall == 1:
        return None
    return max(1, int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 1e-9)))


@wrong(
    "tables_needed",
    truth="Returns None for every wanted_recall of 1, also where q is 1. Shows only for (1, P, 1), where 1 is right.",
)
def never_finds_everything(same_side, n_planes, wanted_recall):
    if wanted_recall == 1:
        return None
    q = same_side**n_planes
    if wanted_recall == 0 or q == 1:
        return 1
    if q == 0:
        return None
    return max(1, int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 1e-9)))


@wrong(
    "tables_needed",
    truth="Asks only for q = 0. For wanted_recall 1 and q below 1 the loop ends by rounding, with some number "
    "(50 for q = 0.5) in place of None.",
)
def lets_rounding_end_the_loop(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 0:
        return 1 if wanted_recall == 0 else None
    n_tables, missed = 1, 1 - q
    while 1 - missed < wanted_recall - 1e-15:
        n_tables += 1
        missed *= 1 - q
    return n_tables


@wrong(
    "tables_needed",
    truth="Takes 1 down to 0.999999 to save the logarithm, so wanted_recall 1 with q between 0 and 1 gives a number "
    "and not None. Everything above 0.999999 is cut as well.",
)
def wants_at_most_nearly_all(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0:
        return None
    wanted = min(wanted_recall, 0.999999)
    return max(1, int(np.ceil(np.log(1 - wanted) / np.log(1 - q) - 1e-9)))


@wrong(
    "tables_needed",
    truth="Returns math.inf and not None where no number of tables is enough. Right everywhere else.",
)
def gives_infinity_for_never(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return math.inf
    return max(1, math.ceil(math.log(1 - wanted_recall) / math.log(1 - q) - 1e-9))


@wrong(
    "tables_needed",
    truth="Returns the float that np.ceil gives, 7.0, and no whole number of type int. "
    "The value is right; shows by type only, wherever the logarithms are used.",
)
def leaves_the_result_a_float(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return np.maximum(1.0, np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 1e-9))


@wrong(
    "tables_needed",
    truth="Cuts the quotient off with int() and never rounds up: one table too few wherever it is not whole.",
)
def rounds_down(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, int(np.log(1 - wanted_recall) / np.log(1 - q) + 1e-9))


@wrong(
    "tables_needed",
    truth="Rounds to the nearest whole number, so it is one too few where the fraction is below one half. "
    "The example (6.05) shows it, other inputs hide it.",
)
def rounds_to_the_nearest(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, round(math.log(1 - wanted_recall) / math.log(1 - q)))


@wrong(
    "tables_needed",
    truth="int(...) + 1 stands for rounding up, and is one too many where the quotient is whole (or just above): "
    "(0.5, 1, 0.75) gives 3. Right where it is not.",
)
def rounds_down_and_adds_one(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return int(math.log1p(-wanted_recall) / math.log1p(-q)) + 1


@wrong(
    "tables_needed",
    truth="Leaves the planes out: q is same_side itself. Hidden for P = 1, at the ends, and where one table is enough.",
)
def forgets_the_planes(same_side, n_planes, wanted_recall):
    if wanted_recall == 0 or same_side == 1:
        return 1
    if same_side == 0 or wanted_recall == 1:
        return None
    n_tables, missed = 1, 1 - same_side
    while 1 - missed < wanted_recall - 1e-12:
        n_tables += 1
        missed *= 1 - same_side
    return n_tables


@wrong(
    "tables_needed",
    truth="Takes a table to bring the pair together if any of its planes leaves it on one side, 1 - (1 - s)^P. "
    "Hidden for P = 1; otherwise far too few tables.",
)
def one_plane_is_enough(same_side, n_planes, wanted_recall):
    q = 1 - (1 - same_side) ** n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 1e-9)))


@wrong(
    "tables_needed",
    truth="Takes (1 - s)^P for the chance of one table and 1 - s^P for its miss: mixes up which of the two is the "
    "share that meets. Hidden for s = 0.5 and at some ends.",
)
def swaps_same_side_and_parted(same_side, n_planes, wanted_recall):
    q = (1 - same_side) ** n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 1e-9)))


@wrong(
    "tables_needed",
    truth="Takes same_side for an angle and makes 1 - same_side / pi of it. Wrong for nearly all inputs.",
)
def converts_an_angle_that_is_none(same_side, n_planes, wanted_recall):
    q = (1 - same_side / np.pi) ** n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, int(np.ceil(np.log(1 - wanted_recall) / np.log(1 - q) - 1e-9)))


@wrong(
    "tables_needed",
    truth="Adds the chances of the tables up, T q, as if they could not find a pair twice: ceil(wanted / q). "
    "Too few tables for most inputs that need several.",
)
def adds_the_chances_up(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, math.ceil(wanted_recall / q - 1e-9))


@wrong(
    "tables_needed",
    truth="Uses exp(-q T) for (1 - q)^T. Close for small q and many tables, where it is off by few; for larger q "
    "it gives clearly too many tables.",
)
def takes_the_exponential_for_the_power(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, math.ceil(-math.log(1 - wanted_recall) / q - 1e-9))


@wrong(
    "tables_needed",
    truth="Wants the share missed to come down to wanted_recall and not to 1 - wanted_recall. "
    "Hidden for wanted_recall 0.5 and at the ends.",
)
def brings_the_missed_down_to_the_wanted(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, int(np.ceil(np.log(wanted_recall) / np.log(1 - q) - 1e-9)))


@wrong(
    "tables_needed",
    truth="The loop adds one after the last test, so the result is one table too many wherever a loop is made at all; "
    "hidden where the first table is enough.",
)
def counts_one_too_many(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q >= wanted_recall:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    n_tables = 1
    found = 0.0
    while found < wanted_recall - 1e-12:
        found = 1 - (1 - q) ** n_tables
        n_tables += 1
    return n_tables


@wrong(
    "tables_needed",
    truth="Starts to count at 0, so it needs no table where nothing is wanted: 0 and not 1 for wanted_recall 0.",
)
def starts_at_no_table(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if (q == 0 and wanted_recall > 0) or (q < 1 and wanted_recall == 1):
        return None
    n_tables = 0
    while 1 - (1 - q) ** n_tables < wanted_recall - 1e-12:
        n_tables += 1
    return n_tables


@wrong(
    "tables_needed",
    truth="Searches only up to 1000 tables and then says None, although more would do. "
    "Shows where q is small, as for (0.5, 10, 0.9), which needs 2357.",
)
def gives_up_after_a_thousand(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q < 1 and wanted_recall == 1:
        return None
    for n_tables in range(1, 1001):
        if 1 - (1 - q) ** n_tables >= wanted_recall - 1e-12:
            return n_tables
    return None


@wrong(
    "tables_needed",
    truth="Takes every q that np.isclose holds for 0 (up to 1e-8) for never. "
    "Shows only for very small q that are not 0, such as 0.25^16: None in place of a large number.",
)
def takes_a_tiny_chance_for_none(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if wanted_recall == 0 or q == 1:
        return 1
    if np.isclose(q, 0) or wanted_recall == 1:
        return None
    return max(1, int(np.ceil(np.log1p(-wanted_recall) / np.log1p(-q) - 1e-9)))


@wrong(
    "tables_needed",
    truth="Takes a wanted_recall within 0.001 of 1 for 1 and says None, although a number of tables is enough. "
    "Shows only for wanted_recall between 0.999 and 1.",
)
def takes_nearly_all_for_all(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if wanted_recall == 0 or q == 1:
        return 1
    if q == 0 or math.isclose(wanted_recall, 1, abs_tol=1e-3):
        return None
    return max(1, math.ceil(math.log(1 - wanted_recall) / math.log(1 - q) - 1e-9))


@wrong(
    "tables_needed",
    truth="Rounds q to three decimals, as the text prints it. Off by a few tables where q is small, and None for q "
    "below 0.0005; the example hides it.",
)
def rounds_the_chance_to_three_decimals(same_side, n_planes, wanted_recall):
    q = round(same_side**n_planes, 3)
    if wanted_recall == 0 or q == 1:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, math.ceil(math.log(1 - wanted_recall) / math.log(1 - q) - 1e-9))


@wrong(
    "tables_needed",
    truth="Allows 0.005 of room in the comparison, so 0.898 counts as 0.9: the example gives 6. "
    "Shows where the chance of some T is that little below what is wanted.",
)
def is_content_with_almost(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if (q == 0 and wanted_recall > 0) or (q < 1 and wanted_recall == 1):
        return None
    n_tables = 1
    while 1 - (1 - q) ** n_tables + 0.005 < wanted_recall:
        n_tables += 1
    return n_tables


@wrong(
    "tables_needed",
    truth="Takes wanted_recall 1 for never and everything else by halves: doubles T until it is enough, and returns "
    "that power of two without searching below it. Right only where the fewest are 1, 2, 4, 8 ...",
)
def doubles_and_stops(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if wanted_recall == 0 or q == 1:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    n_tables = 1
    while 1 - (1 - q) ** n_tables < wanted_recall - 1e-12:
        n_tables *= 2
    return n_tables


@wrong(
    "tables_needed",
    truth="Calls itself with one table more until it is enough, and so fails with a RecursionError where about a "
    "thousand tables or more are needed. Right for fewer.",
)
def recurses_table_by_table(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if (q == 0 and wanted_recall > 0) or (q < 1 and wanted_recall == 1):
        return None

    def more(n_tables, missed):
        if 1 - missed >= wanted_recall - 1e-12:
            return n_tables
        return more(n_tables + 1, missed * (1 - q))

    return more(1, 1 - q)


@wrong(
    "tables_needed",
    truth="Multiplies s with the planes in place of raising it, q = min(1, s P). Hidden for P = 1 and at the ends.",
)
def multiplies_by_the_planes(same_side, n_planes, wanted_recall):
    q = min(1.0, same_side * n_planes)
    if wanted_recall == 0 or q == 1:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, math.ceil(math.log(1 - wanted_recall) / math.log(1 - q) - 1e-9))


@wrong(
    "tables_needed",
    truth="Takes the planes' power and the tables' power the wrong way round: (1 - (1 - s)^T)^P, all planes found by "
    "some table. Hidden for P = 1 and at the ends.",
)
def nests_the_powers_the_wrong_way(same_side, n_planes, wanted_recall):
    if wanted_recall == 0 or same_side == 1:
        return 1
    if same_side == 0 or wanted_recall == 1:
        return None
    n_tables = 1
    while (1 - (1 - same_side) ** n_tables) ** n_planes < wanted_recall - 1e-12:
        n_tables += 1
    return n_tables


@right("tables_needed")
def by_logarithms(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if wanted_recall == 0 or q == 1:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    return max(1, int(np.ceil(np.log1p(-wanted_recall) / np.log1p(-q) - 1e-9)))


@right("tables_needed")
def by_counting_up(same_side, n_planes, wanted_recall):
    q = math.prod([same_side] * n_planes)
    if wanted_recall <= q:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    n_tables = 1
    share_missed = 1 - q
    while share_missed > (1 - wanted_recall) * (1 + 1e-9):
        share_missed *= 1 - q
        n_tables += 1
    return n_tables


@right("tables_needed")
def by_doubling_and_halving(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    if q == 1 or wanted_recall == 0:
        return 1
    if wanted_recall == 1 or q == 0:
        return None
    log_miss, log_allowed = math.log1p(-q), math.log1p(-wanted_recall)

    def is_enough(n_tables):
        return n_tables * log_miss <= log_allowed + 1e-9 * -log_miss

    high = 1
    while not is_enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


@right("tables_needed")
def by_long_decimals(same_side, n_planes, wanted_recall):
    with localcontext() as context:
        context.prec = 60
        s, wanted = Decimal(repr(float(same_side))), Decimal(repr(float(wanted_recall)))
        q = s ** int(n_planes)
        if wanted <= q:
            return 1
        if q == 0 or wanted == 1:
            return None
        quotient = (1 - wanted).ln() / (1 - q).ln()
        return max(1, math.ceil(quotient - Decimal("1e-12")))


@right("tables_needed")
def by_recursive_halving_of_a_range(same_side, n_planes, wanted_recall):
    q = same_side**n_planes
    never = (q == 0 and wanted_recall > 0) or (q < 1 and wanted_recall == 1)
    if never:
        return None

    def enough(n_tables):
        if q == 1 or wanted_recall == 0:
            return True
        share_missed = np.exp(n_tables * np.log1p(-q))
        return share_missed <= 1 - wanted_recall + 1e-14

    def first(low, high):
        if low == high:
            return low
        middle = (low + high) // 2
        return first(low, middle) if enough(middle) else first(middle + 1, high)

    top = 1
    while not enough(top):
        top *= 4
    return first(1, top)


@right("tables_needed")
def by_a_guess_and_steps(same_side, n_planes, wanted_recall):
    q = float(same_side) ** n_planes
    if wanted_recall == 0 or q == 1:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    log_missed_by_one = math.log1p(-q)
    limit = math.log1p(-wanted_recall) + 1e-9 * abs(log_missed_by_one)
    guess = max(1, int(limit / log_missed_by_one) - 2)
    while guess * log_missed_by_one > limit:
        guess += 1
    return guess


@right("tables_needed")
def by_blocks_of_an_array(same_side, n_planes, wanted_recall):
    q = np.prod(np.full(n_planes, same_side, dtype=float))
    if q >= wanted_recall:
        return 1
    if q == 0 or wanted_recall == 1:
        return None
    start, length = 1, 64
    while True:
        n_tables = np.arange(start, start + length)
        missed = (1 - q) ** n_tables.astype(float)
        enough = np.flatnonzero(missed <= (1 - wanted_recall) * (1 + 1e-9))
        if enough.size:
            return int(n_tables[enough[0]])
        start, length = start + length, min(2 * length, 1 << 16)
