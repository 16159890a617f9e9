"""Room G7, `strided_pattern(length, n_near, stride)`: who may look at whom, near and every so many tokens back.

Three whole numbers of at least 1 -> (L, L) booleans, True where query i may look at key j: at the last `n_near` tokens,
itself counted, and at those `stride`, 2 `stride`, 3 `stride`, ... before it. Never at a later one.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.checking.relations import Relation
from gallery import loops, patterns


def _counted_from_the_end(right, got, call):
    """The learner's own table, if all that it shows and should not lies where a negative place comes to stand."""
    length, n_near, stride = call.args
    if got.shape != right.shape or got.dtype.kind not in "biu":
        return []
    back = patterns.how_far_back(length) + length  # from the query to before token 0, and on from the end
    comes_there = (back < n_near) | (back % stride == 0)
    too_many = (got != 0) & ~right
    return [got] if np.any(too_many) and np.all(comes_there[too_many]) else []


COUNTED_FROM_THE_END = Relation(
    "counted_from_the_end",
    "a place before token 0, such as `i - stride`, turns negative and counts from the end of the row; it has to be "
    "left out",
    _counted_from_the_end,
)

exercise = Exercise(
    reference=patterns.strided_pattern,
    twin=loops.strided_pattern,
    relations=(COUNTED_FROM_THE_END,),
    in_gallery=True,
    axes=("query", "key"),
)


# --- questions --------------------------------------------------------------------------------------------------


exercise.case("eight tokens, 2 near, every 3rd", lambda rng: call(8, 2, 3))
exercise.case("nine tokens, 1 near, every 4th", lambda rng: call(9, 1, 4))
exercise.case("ten tokens, 3 near, every 5th", lambda rng: call(10, 3, 5))
exercise.case("seven tokens, 4 near, every 2nd", lambda rng: call(7, 4, 2))
exercise.case("one token", lambda rng: call(1, 1, 3))
exercise.case("five tokens, more near than there are", lambda rng: call(5, 9, 7))
exercise.case("six tokens, 2 near, a stride longer than the text", lambda rng: call(6, 2, 11))
exercise.case("six tokens, 1 near, every one", lambda rng: call(6, 1, 1))
exercise.case("64 tokens, 12 near, every 31st", lambda rng: call(64, 12, 31))


@exercise.property(
    "a longer text changes nothing in the rows that were there", lambda rng: [call(9, 2, 4), call(12, 2, 4)]
)
def _(calls, answers):
    short, long = (np.asarray(answer) for answer in answers)
    return short == long[:9, :9]


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_distances(length, n_near, stride):
    position = np.arange(length)
    back = position[:, None] - position
    near, strided = back < n_near, back % stride == 0
    return (near | strided) & (back >= 0)


@exercise.solution
def by_slices(length, n_near, stride):
    pattern = np.zeros((length, length), dtype=bool)
    for query in range(length):
        pattern[query, max(query + 1 - n_near, 0) : query + 1] = True
        pattern[query, query::-stride] = True
    return pattern


@exercise.solution
def by_diagonals(length, n_near, stride):
    pattern = np.zeros((length, length), dtype=bool)
    for back in {*range(min(n_near, length)), *range(0, length, stride)}:
        pattern |= np.eye(length, k=-back, dtype=bool)
    return pattern


@exercise.solution
def two_halves_by_tri(length, n_near, stride):
    near = np.tri(length, dtype=bool) & ~np.tri(length, k=-n_near, dtype=bool)
    rows, columns = np.indices((length, length))
    return near | ((columns <= rows) & (rows % stride == columns % stride))


# --- mistakes ---------------------------------------------------------------------------------------------------


def _back(length):
    positions = np.arange(length)
    return positions[:, np.newaxis] - positions


def _pattern(length, near, strided):
    return (_back(length) >= 0) & (near | strided)


@exercise.mistake(
    why="a distance is thought to have no sign",
    says="later tokens are seen, as far ahead as back: the sign of the distance is lost",
)
def as_far_ahead(length, n_near, stride):
    back = abs(_back(length))
    return (back < n_near) | (back % stride == 0)


@exercise.mistake(
    why="`back < n_near` holds for negative distances as well",
    says="all later tokens are seen: a distance below 0 is below `n_near`, too",
)
def all_the_future(length, n_near, stride):
    return (_back(length) < n_near) | (_back(length) % stride == 0)


@exercise.mistake(
    why="`&` binds more tightly than `|`",
    says="only the near half is causal; the strided half sees later tokens, too",
)
def strides_into_the_future(length, n_near, stride):
    back = _back(length)
    return ((back >= 0) & (back < n_near)) | (back % stride == 0)


@exercise.mistake(
    why="rows and columns change places",
    says="queries stand in the columns, keys in the rows: the table is transposed",
)
def queries_in_columns(length, n_near, stride):
    return _pattern(length, _back(length) < n_near, _back(length) % stride == 0).T


@exercise.mistake(
    why="every so many tokens is counted from the first",
    says="strides are counted from token 0, the same keys for all; count back from each query",
)
def strides_from_the_first(length, n_near, stride):
    return _pattern(length, _back(length) < n_near, np.arange(length) % stride == 0)


@exercise.mistake(
    why="the other pattern of the paper, fixed places, is taken",
    says="the last token of each stretch is seen, counted from token 0; count back from each query",
)
def the_last_of_each_stretch(length, n_near, stride):
    return _pattern(length, _back(length) < n_near, np.arange(length) % stride == stride - 1)


@exercise.mistake(
    why="the last n tokens are taken to be those before the query",
    says="`n_near` tokens before the query are seen, and itself besides; it has to be counted among the `n_near`",
)
def itself_not_counted(length, n_near, stride):
    return _pattern(length, _back(length) <= n_near, _back(length) % stride == 0)


@exercise.mistake(
    why="a query is not thought to look at itself",
    says="the token itself is missing; it is the first of the near ones",
)
def itself_missing(length, n_near, stride):
    return _pattern(length, _back(length) < n_near, _back(length) % stride == 0) & (_back(length) > 0)


@exercise.mistake(
    why="what is before the query is thought of: itself not counted, and not seen",
    says="`n_near` tokens before the query are seen, and not itself; it is the first of the near ones",
)
def those_before_it(length, n_near, stride):
    return _pattern(length, _back(length) <= n_near, _back(length) % stride == 0) & (_back(length) > 0)


@exercise.mistake(
    why="a stride is taken for one distance",
    says="one token a stride back is seen, and those 2, 3, ... strides back are missing",
)
def one_stride(length, n_near, stride):
    return _pattern(length, _back(length) < n_near, _back(length) == stride)


@exercise.mistake(
    why="the strided tokens are counted on from the window",
    says="strides begin at the edge of the window; they have to be counted back from the query",
)
def strides_from_the_window(length, n_near, stride):
    beyond = _back(length) - (n_near - 1)
    return _pattern(length, _back(length) < n_near, (beyond > 0) & (beyond % stride == 0))


@exercise.mistake(
    why="the strided tokens are counted on from behind the window",
    says="strides begin at the first token behind the window; they have to be counted back from the query",
)
def strides_from_behind_the_window(length, n_near, stride):
    beyond = _back(length) - n_near
    return _pattern(length, _back(length) < n_near, (beyond >= 0) & (beyond % stride == 0))


@exercise.mistake(
    why="the step between the strided tokens is taken for what is left out between them",
    says="`stride` tokens are left out between two strided ones, so that each is one too far apart",
)
def one_too_far_apart(length, n_near, stride):
    return _pattern(length, _back(length) < n_near, _back(length) % (stride + 1) == 0)


@exercise.mistake(
    why="`and` for `or`",
    says="only tokens that are near and strided are seen; one of the two has to be enough",
)
def both_at_once(length, n_near, stride):
    return _pattern(length, False, (_back(length) < n_near) & (_back(length) % stride == 0))


@exercise.mistake(
    why="the window is taken to be cut into blocks, as in the other pattern of the paper",
    says="near are those of the own block, counted from token 0; the window has to end at each query",
)
def near_in_blocks(length, n_near, stride):
    block = np.arange(length) // n_near
    return _pattern(length, block[:, np.newaxis] == block, _back(length) % stride == 0)


@exercise.mistake(
    why="one half is written, and the other forgotten",
    says="the near tokens are missing, only the strided ones are seen",
)
def strides_alone(length, n_near, stride):
    return _pattern(length, False, _back(length) % stride == 0)


@exercise.mistake(
    why="one half is written, and the other forgotten",
    says="the strided tokens are missing, only the near ones are seen",
)
def window_alone(length, n_near, stride):
    return _pattern(length, _back(length) < n_near, False)


@exercise.mistake(
    why="in some programs a mask says what is hidden",
    says="True stands where a key is hidden; asked is True where it is seen",
)
def true_where_hidden(length, n_near, stride):
    return ~_pattern(length, _back(length) < n_near, _back(length) % stride == 0)


@exercise.mistake(
    why="a mask is added to the logits",
    says="a mask to add, 0 and -inf, is returned; asked are True and False",
)
def a_mask_to_add(length, n_near, stride):
    return np.where(_pattern(length, _back(length) < n_near, _back(length) % stride == 0), 0.0, -np.inf)


@exercise.mistake(
    why="a negative place in NumPy counts from the end",
    says="places before token 0 are not left out: negative ones count from the end of the row",
)
def wrapped_at_the_start(length, n_near, stride):
    return (_back(length) % length < n_near) | (_back(length) % length % stride == 0)


@exercise.mistake(
    why="a range ends before its end",
    says="token 0 is left out of the strided ones; `range(i, 0, -stride)` ends before it",
)
def token_0_left_out(length, n_near, stride):
    return _pattern(length, _back(length) < n_near, (_back(length) % stride == 0) & (np.arange(length) > 0))


@exercise.mistake(
    why="two numbers of tokens are easily mixed up",
    says="window and stride change places: `n_near` is the window, `stride` the step",
)
def window_and_stride_swapped(length, n_near, stride):
    return _pattern(length, _back(length) < stride, _back(length) % n_near == 0)
