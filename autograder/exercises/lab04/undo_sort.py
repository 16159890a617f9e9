"""Lab 04, `undo_sort(order)`: where each position went, the inverse permutation of each row.

order (..., L), each row a permutation of 0 .. L - 1 -> undo, integers (..., L): undo[..., order[..., i]] is i.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import chunking
from reformer.loops import chunking as twins

exercise = Exercise(chunking.undo_sort, twins.undo_sort, axes=("position",))


def drawn(*batch, L, dtype=np.int64):
    return lambda rng: call(rng.permuted(np.broadcast_to(np.arange(L), (*batch, L)), axis=-1).astype(dtype))


def is_telling(order):
    """Whether every row differs from its inverse, from its reverse and from the other rows."""
    rows = order.reshape(-1, order.shape[-1])
    undo = chunking.undo_sort(rows)
    others = [undo, rows[:, ::-1], np.sort(rows), undo[:, ::-1], len(rows[0]) - 1 - rows]
    differ = all(np.all(np.any(rows != other, axis=-1)) for other in others)
    return differ and len(np.unique(rows, axis=0)) == len(rows)


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("six tokens")
def _(rng):
    return call(np.array([1, 3, 2, 5, 0, 4]))


@exercise.case("nothing was moved")
def _(rng):
    return call(np.arange(5))


exercise.case("eight tokens", drawn(L=8), clear_cut=is_telling)
exercise.case("one sequence in a batch, with one token", lambda rng: call(np.array([[0]])))
exercise.case("two sequences at once", drawn(2, L=5), clear_cut=is_telling)
exercise.case("as many sequences as tokens", drawn(5, L=5), clear_cut=is_telling)
exercise.case("more sequences than tokens", drawn(6, L=4), clear_cut=is_telling)
exercise.case("three hash rounds of two sequences", drawn(2, 3, L=6), clear_cut=is_telling)
exercise.case("four hundred tokens, in int32", drawn(L=400, dtype=np.int32))


def _back_and_forth(rng):
    order = drawn(2, L=7)(rng).args[0]
    return [call(order), call(chunking.undo_sort(order))]


@exercise.property("undoing twice gives the order back", _back_and_forth)
def _(calls, answers):
    order = calls[0].args[0]
    return np.equal(answers[1], order) & np.equal(np.argsort(answers[0], axis=-1), order)


@exercise.property("what the order has moved comes back by the answer", lambda rng: [drawn(3, L=9)(rng)])
def _(calls, answers):
    order, undo = calls[0].args[0], np.asarray(answers[0])
    places = np.arange(order.shape[-1])
    back = np.take_along_axis(order, np.clip(undo, 0, places[-1]), axis=-1)
    return np.isin(undo, places) & (back == places)


exercise.case(
    "a batch of sequences with heads and rounds", drawn(2, 2, 3, L=30), points=2, hidden=True, clear_cut=is_telling
)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_sorting_the_order(order):
    return np.argsort(order, axis=-1)


@exercise.solution
def by_writing_back(order):
    undo = np.zeros_like(order)
    np.put_along_axis(undo, order, np.broadcast_to(np.arange(order.shape[-1]), order.shape), axis=-1)
    return undo


@exercise.solution
def row_by_row(order):
    rows = [np.empty(order.shape[-1], dtype=int) for _ in range(order.size // order.shape[-1])]
    for undo, row in zip(rows, order.reshape(-1, order.shape[-1]), strict=True):
        undo[row] = np.arange(len(row))
    return np.reshape(rows, order.shape)


# --- mistakes ---------------------------------------------------------------------------------------------------


def _undo(order):
    return np.argsort(order, axis=-1)


@exercise.mistake(
    why="the order is taken for its own inverse, or it is inverted twice",
    says="the order itself is returned, which is its own inverse for a swap only: `order[i]` is the position at place "
    "i, and asked is the place of each position",
)
def order_itself(order):
    return order.copy()


@exercise.mistake(
    why="doing it once more looks like undoing it",
    says="the order is applied a second time, to itself; that moves everything on, not back",
)
def applied_twice(order):
    return np.take_along_axis(order, order, axis=-1)


@exercise.mistake(
    why="backwards is read as from the back",
    says="the order is read from the back; undoing moves each token to its own place again",
)
def order_reversed(order):
    return order[..., ::-1]


@exercise.mistake(
    why="the opposite of a number is sought in each place",
    says="each position is counted from the back, L - 1 - position; asked is the place at which it stands",
)
def counted_from_the_back(order):
    return order.shape[-1] - 1 - order


@exercise.mistake(
    why="sorting the order puts its numbers back",
    says="the order is sorted, which gives 0, 1, 2, … whatever it was; asked is how each position got there",
)
def order_sorted(order):
    return np.sort(order, axis=-1)


@exercise.mistake(
    why="'how far did it move' is close to 'where did it go'",
    says="the distance is returned that each token moved; asked is the place",
)
def distance_moved(order):
    return _undo(order) - np.arange(order.shape[-1])


@exercise.mistake(
    why="the difference is taken between the order and the places",
    says="order − place is returned, a distance; asked is the place of each position",
)
def order_less_places(order):
    return order - np.arange(order.shape[-1])


@exercise.mistake(
    why="without a batch the first axis is the positions",
    says="the inverse is made along the first axis; with a batch that is the sequences, and the positions are the last",
)
def along_first_axis(order):
    return np.argsort(order, axis=0, kind="stable")


@exercise.mistake(
    why="axis=-2 is taken for the positions",
    says="the inverse is made along the last axis but one, across sequences or rounds; the positions are the last axis",
)
def along_last_axis_but_one(order):
    return np.argsort(order, axis=-2, kind="stable")


@exercise.mistake(
    why="the batch is flattened, and sorted in one go",
    says="all sequences are put into one row and sorted together; each is undone by itself",
)
def all_in_one_row(order):
    return np.argsort(order, axis=None, kind="stable")


@exercise.mistake(
    why="the batch is flattened, sorted, and brought to its shape again",
    says="all sequences are sorted together, so that places run beyond L; each is undone by itself",
)
def sorted_together_and_reshaped(order):
    return np.argsort(order, axis=None, kind="stable").reshape(order.shape)


@exercise.mistake(
    why="undo[order] = arange is right for one sequence",
    says="`undo[order] = …` writes along the first axis, which is the positions without a batch only; with one, "
    "`np.put_along_axis` or `np.argsort` work along the last",
)
def written_along_first_axis(order):
    undo = np.zeros_like(order)
    undo[order] = np.arange(order.shape[-1])
    return undo


@exercise.mistake(
    why="undo[order] = arange, with an axis for the batch",
    says="`undo[..., order]` with an order that has a batch itself takes every row's order for every row; "
    "`np.put_along_axis` pairs each row with its own",
)
def every_row_by_every_order(order):
    undo = np.zeros_like(order)
    undo[..., order] = np.arange(order.shape[-1])
    return undo


@exercise.mistake(
    why="range(len(order)) counts the tokens of one sequence",
    says="the function is made for a single sequence: `len(order)` of a batch is the number of sequences",
)
def loop_over_one_sequence(order):
    undo = np.zeros(len(order), dtype=int)
    for place in range(len(order)):
        undo[order[place]] = place
    return undo


@exercise.mistake(
    why="the inverse of the first sequence is thought to serve all",
    says="all sequences get the inverse of the first; each has its own order",
)
def inverse_of_the_first(order):
    first = order.reshape(-1, order.shape[-1])[0]
    return np.broadcast_to(np.argsort(first), order.shape).copy()


@exercise.mistake(
    why="the places are counted from 1",
    says="the places are counted from 1; the first is 0",
)
def places_from_one(order):
    return _undo(order) + 1


@exercise.mistake(
    why="the rows of a batch are told apart by numbers of their own",
    says="the places of a batch are counted through, from 0 to N L - 1; each sequence counts from 0 again",
)
def places_counted_through(order):
    n_rows = order.size // order.shape[-1]
    return _undo(order) + order.shape[-1] * np.arange(n_rows).reshape(*order.shape[:-1], 1)


@exercise.mistake(
    why="argsort is asked for the largest first",
    says="the inverse is read from the back: `np.argsort` of the negated order, or the result turned round",
)
def inverse_reversed(order):
    return _undo(order)[..., ::-1]


@exercise.mistake(
    why="a position and its place are swapped pair by pair",
    says="the smallest number of the order, 0, stands at its place and no other does: `np.argmin` finds one place, "
    "and asked are all",
)
def place_of_the_first_alone(order):
    return np.argmin(order, axis=-1)


@exercise.mistake(
    why="undo[order] = arange is made to work for a batch by flattening it",
    says="all sequences are flattened and written into one row; each has the positions 0 .. L − 1, so they overwrite "
    "one another",
)
def written_into_one_row(order):
    undo = np.zeros(order.size, dtype=int)
    undo[order.ravel()] = np.arange(order.size)
    return undo.reshape(order.shape)


@exercise.mistake(
    why="each position is looked for, in one sequence",
    says="each position is looked for in a single sequence; with a batch `np.where(order == p)[0]` gives rows",
)
def looked_for_in_one_sequence(order):
    return np.array([np.where(order == position)[0][0] for position in range(order.shape[-1])])


@exercise.mistake(
    why="each position is looked for, with `index`",
    says="each position is looked for by `index` in a single sequence; a batch is a list of rows",
)
def looked_for_by_index(order):
    return [list(order).index(position) for position in range(len(order))]


@exercise.mistake(
    why="np.where gives an array for each position",
    says="there is a row for each position, with its places in all sequences: one axis too many, or two that change "
    "places",
)
def a_row_for_each_position(order):
    return np.array([np.where(order == position)[-1] for position in range(order.shape[-1])])


@exercise.mistake(
    why="the opposite of a number is its negative",
    says="the order is negated; undoing moves each token to its own place again",
)
def order_negated(order):
    return -order


@exercise.mistake(
    why="there is a batch in the lab's later tasks",
    says="the function needs a batch: it goes through rows, and a single sequence has none",
)
def rows_always(order):
    return np.stack([np.argsort(row) for row in order])


@exercise.mistake(
    why="the inverse of the batch's axes is sought",
    says="the order is transposed",
)
def order_transposed(order):
    return order.T
