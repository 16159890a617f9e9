"""Lab 05, `attention_mask(query_positions, key_positions, *, causal=True, avoid_self=True)`: who may attend to whom.

query_positions (..., Q), key_positions (..., K) -> (..., Q, K) floats: -inf where a position is -1, or (causal) the key
is later; else -1e30 where both are the same position (avoid_self); else 0.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import masks
from reformer.loops import lsh_attention as twins

exercise = Exercise(reference=masks.attention_mask, twin=twins.attention_mask, axes=("query", "key"))

NOBODY, LAST_RESORT = -1, -1e30
_QUERIES, _KEYS = np.array([5, 2, 7]), np.array([0, 6, 4, 5, 2, 7])


def drawn(*batch, Q, K, L=40, n_empty=0, **options):
    """Q queries among K keys: positions out of L, in any order, the last Q keys being the queries themselves."""

    def make(rng):
        keys = rng.permuted(np.broadcast_to(np.arange(L), (*batch, L)), axis=-1)[..., :K]
        queries = rng.permuted(keys, axis=-1)[..., :Q].copy()
        keys = keys.copy()
        for places in (queries, keys):
            places[..., places.shape[-1] - n_empty :] = NOBODY
        return call(queries, keys, **options)

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("three queries in the order of a bucket, six keys", tolerance=1e-6)
def _(rng):
    return call(_QUERIES, _KEYS)


@exercise.case("four positions in order, which are queries and keys", tolerance=1e-6)
def _(rng):
    return call(np.arange(4), np.arange(4))


@exercise.case("a position that stands twice among the keys", tolerance=1e-6)
def _(rng):
    return call(np.array([3, 1, 0]), np.array([1, 3, 0, 3, 1]))


@exercise.case("an empty place among the keys", tolerance=1e-6)
def _(rng):
    return call(np.array([2, 0]), np.array([1, -1, 2, 0]))


@exercise.case("an empty place among the queries, none among the keys", tolerance=1e-6)
def _(rng):
    return call(np.array([2, -1, 0]), np.array([1, 2, 0]))


@exercise.case("empty places on both sides", tolerance=1e-6)
def _(rng):
    return call(np.array([4, 1, -1]), np.array([4, -1, 1, -1]))


@exercise.case("`causal=False`: later keys are visible, empty places are not", tolerance=1e-6)
def _(rng):
    return call(np.array([5, -1, 7, 2]), np.array([0, 7, -1, 5, 9]), causal=False)


@exercise.case("`avoid_self=False`: a token may see itself, but no empty place", tolerance=1e-6)
def _(rng):
    return call(np.array([5, -1, 7, 2]), np.array([0, 7, -1, 5, 9]), avoid_self=False)


@exercise.case("both switched off: only empty places are hidden", tolerance=1e-6)
def _(rng):
    return call(np.array([5, -1, 7, 2]), np.array([0, 7, -1, 5, 9]), causal=False, avoid_self=False)


exercise.case("one query, one key: itself", lambda rng: call(np.array([6]), np.array([6])), tolerance=1e-6)
exercise.case("five chunks of one sequence", drawn(5, Q=4, K=8), tolerance=1e-6)
exercise.case("two rounds of three chunks, some places empty", drawn(2, 3, Q=4, K=8, n_empty=1), tolerance=1e-6)
exercise.case("as many chunks as queries, `causal=False`", drawn(4, Q=4, K=8, n_empty=1, causal=False), tolerance=1e-6)


def _keys_in_another_order(rng):
    queries, keys = drawn(2, Q=5, K=9, n_empty=1)(rng).args
    return [call(queries, keys), call(queries, keys[:, ::-1].copy())]


@exercise.property("keys in reverse order give the same columns in reverse order", _keys_in_another_order)
def _(calls, answers):
    one, other = answers
    return np.asarray(one) == np.asarray(other)[..., ::-1]


exercise.case(
    "six chunks in two rounds and two sequences, some places empty",
    drawn(2, 2, 6, Q=8, K=16, n_empty=2),
    hidden=True,
    tolerance=1e-6,
)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_where(query_positions, key_positions, *, causal=True, avoid_self=True):
    q, k = query_positions[..., :, None], key_positions[..., None, :]
    mask = np.where((k == q) & avoid_self, -1e30, 0.0)
    if causal:
        mask = np.where(k > q, -np.inf, mask)
    return np.where((q < 0) | (k < 0), -np.inf, mask)


@exercise.solution
def by_adding(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = np.expand_dims(query_positions, -1), np.expand_dims(key_positions, -2)
    mask = np.zeros(np.broadcast_shapes(queries.shape, keys.shape), np.float32)
    if avoid_self:
        mask[queries == keys] += np.float32(-1e30)
    if causal:
        mask[queries < keys] += -np.inf
    mask[(queries + 0 * keys) == -1] = -np.inf
    mask[(keys + 0 * queries) == -1] = -np.inf
    return mask


@exercise.solution
def row_by_row(query_positions, key_positions, *, causal=True, avoid_self=True):
    def of(query, keys):
        row = [-np.inf if key == -1 or query == -1 or (causal and key > query) else 0.0 for key in keys]
        return [LAST_RESORT if avoid_self and key == query and x == 0 else x for key, x in zip(keys, row, strict=True)]

    *batch, n_queries = query_positions.shape
    rows = [
        of(query, key_positions[entry]) for entry in np.ndindex(*batch) for query in query_positions[entry].tolist()
    ]
    return np.array(rows).reshape(*batch, n_queries, -1)


# --- mistakes ---------------------------------------------------------------------------------------------------


def _facing(query_positions, key_positions):
    return query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]


def _mask(hidden, itself, *, hard=-np.inf, soft=LAST_RESORT):
    """The mask from two tables of yes and no; what is hidden wins."""
    return np.where(hidden, hard, np.where(itself, soft, 0.0))


def _tables(query_positions, key_positions, causal, avoid_self):
    """Of each pair whether a place is empty, whether the key is later, whether both are one token."""
    queries, keys = _facing(query_positions, key_positions)
    empty = (queries == NOBODY) | (keys == NOBODY)
    return empty, causal & (keys > queries), avoid_self & (keys == queries)


@exercise.mistake(
    why="a triangle is the causal mask of every text",
    says="the mask is a triangle, by the places in the window; the order is that of the buckets, so compare positions",
)
def a_triangle(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    triangle = ~np.tri(*empty.shape[-2:], dtype=bool)
    return _mask(empty | (causal & triangle), itself)


@exercise.mistake(
    why="a triangle is the causal mask of every text, and its diagonal is the token itself",
    says="both masks go by the places in the window, as a triangle and its diagonal; compare positions",
)
def a_triangle_and_its_diagonal(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, *_ = _tables(query_positions, key_positions, causal, avoid_self)
    triangle = ~np.tri(*empty.shape[-2:], dtype=bool)
    return _mask(empty | (causal & triangle), avoid_self & np.eye(*empty.shape[-2:], dtype=bool))


@exercise.mistake(
    why="in a table with one row and one column for each token the diagonal is the token itself",
    says="the last resort stands on the diagonal; a token is where its position stands again among the keys",
)
def itself_on_the_diagonal(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, _ = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | later, avoid_self & np.eye(*empty.shape[-2:], dtype=bool))


@exercise.mistake(
    why="in a window of two chunks the own chunk comes second, so its diagonal is moved by one chunk",
    says="the last resort stands on a diagonal, moved to the end of the window; compare positions",
)
def itself_on_a_moved_diagonal(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, _ = _tables(query_positions, key_positions, causal, avoid_self)
    n_queries, n_keys = empty.shape[-2:]
    return _mask(empty | later, avoid_self & np.eye(n_queries, n_keys, n_keys - n_queries, dtype=bool))


@exercise.mistake(
    why="one kind of hidden seems enough",
    says="the token itself is hidden as hard as the future, by -inf; it is a last resort, -1e30",
)
def itself_as_hard_as_the_future(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | later | itself, itself)


@exercise.mistake(
    why="`>=` for `>` hides the present with the future",
    says="the present is hidden with the future, by `>=`; only a later key is, by `>`, and itself is a last resort",
)
def the_present_with_the_future(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = _facing(query_positions, key_positions)
    empty, _, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | (causal & (keys >= queries)), itself)


@exercise.mistake(
    why="one kind of hidden seems enough",
    says="the future is only a last resort, -1e30; a query that sees nothing else would look into it",
)
def the_future_as_soft_as_itself(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty, later | itself)


@exercise.mistake(
    why="frameworks write a large negative number for minus infinity",
    says="what is hidden has a finite number, -1e30 or -1e9, in place of -inf, and a row where all is hidden attends",
)
def hidden_by_a_finite_number(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | later, itself, hard=LAST_RESORT)


@exercise.mistake(
    why="frameworks write -1e9 for minus infinity",
    says="what is hidden has -1e9 in place of -inf: then the token itself, at -1e30, comes even after the future",
)
def hidden_by_a_billion(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | later, itself, hard=-1e9)


@exercise.mistake(
    why="both numbers are there, and change places",
    says="the two numbers change places: -inf belongs to what is hidden, -1e30 to the token itself",
)
def hard_and_soft_swapped(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | later, itself, hard=LAST_RESORT, soft=-np.inf)


@exercise.mistake(
    why="the published code has this number",
    says="the token itself has -1e5, as in the published code; asked is -1e30, which no long vector beats",
)
def the_published_number(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | later, itself, soft=-1e5)


@exercise.mistake(
    why="a large negative number is thought to be as good as another",
    says="the token itself has -1e9; asked is -1e30",
)
def itself_at_a_billion(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | later, itself, soft=-1e9)


@exercise.mistake(
    why="the minus is forgotten",
    says="the signs are lost: a mask is added to the logits, so that hidden is -inf and the last resort -1e30",
)
def positive_numbers(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | later, itself, hard=np.inf, soft=1e30)


@exercise.mistake(
    why="the sides of the comparison change places",
    says="earlier keys are hidden and later ones are visible: turn the comparison around",
)
def the_past_hidden(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = _facing(query_positions, key_positions)
    empty, _, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | (causal & (keys < queries)), itself)


@exercise.mistake(
    why="positions are thought to be all of a token's",
    says="empty places, -1, are not hidden: as numbers they come before all positions, so that all see them",
)
def empty_places_visible(query_positions, key_positions, *, causal=True, avoid_self=True):
    _, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(later, itself)


@exercise.mistake(
    why="an empty place is thought of as a key",
    says="empty places are hidden as keys only; an empty query, -1, sees nothing, either",
)
def empty_keys_only(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = _facing(query_positions, key_positions)
    _, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask((keys == NOBODY) | later, itself)


@exercise.mistake(
    why="an empty place is thought of as a query",
    says="empty places are hidden as queries only; an empty key, -1, is seen by nobody, either",
)
def empty_queries_only(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = _facing(query_positions, key_positions)
    _, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask((queries == NOBODY) | later, itself)


@exercise.mistake(
    why="`&` for `|`",
    says="a pair is hidden only where both places are empty; one of them is enough",
)
def both_have_to_be_empty(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = _facing(query_positions, key_positions)
    _, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(((queries == NOBODY) & (keys == NOBODY)) | later, itself)


@exercise.mistake(
    why="-1 equals -1, and the last resort is written last",
    says="an empty query sees an empty key as if it were itself, at -1e30; where a place is empty, -inf stays",
)
def an_empty_place_sees_itself(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return np.where(itself, LAST_RESORT, np.where(empty | later, -np.inf, 0.0))


@exercise.mistake(
    why="-1 equals -1 in the comparison, but only what is later was excluded",
    says="0 counts as empty, too: only -1 is an empty place, and position 0 is the first token",
)
def position_zero_is_empty(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = _facing(query_positions, key_positions)
    _, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask((queries <= 0) | (keys <= 0) | later, itself)


@exercise.mistake(
    why="the switches are overlooked",
    says="`causal` plays no part: with `causal=False` later keys are visible",
)
def always_causal(query_positions, key_positions, *, causal=True, avoid_self=True):
    return exercise.reference(query_positions, key_positions, causal=True, avoid_self=avoid_self)


@exercise.mistake(
    why="the switches are overlooked",
    says="`avoid_self` plays no part: with `avoid_self=False` a token sees itself as any other",
)
def itself_always_avoided(query_positions, key_positions, *, causal=True, avoid_self=True):
    return exercise.reference(query_positions, key_positions, causal=causal)


@exercise.mistake(
    why="the switches are overlooked",
    says="both switches play no part; `causal=False` shows later keys, `avoid_self=False` the token itself",
)
def switches_overlooked(query_positions, key_positions, *, causal=True, avoid_self=True):
    return exercise.reference(query_positions, key_positions)


@exercise.mistake(
    why="the masks are nested: itself inside of the branch for `causal`",
    says="the token itself is avoided only together with the future; each switch works by itself",
)
def one_switch_inside_of_the_other(query_positions, key_positions, *, causal=True, avoid_self=True):
    return exercise.reference(query_positions, key_positions, causal=causal, avoid_self=causal and avoid_self)


@exercise.mistake(
    why="the names of the switches are mixed up",
    says="the two switches change places",
)
def switches_swapped(query_positions, key_positions, *, causal=True, avoid_self=True):
    return exercise.reference(query_positions, key_positions, causal=avoid_self, avoid_self=causal)


@exercise.mistake(
    why="the switch is read as 'the mask is turned off'",
    says="empty places are hidden only if `causal` says so; they are always hidden",
)
def empty_places_hidden_only_if_causal(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask((causal & empty) | later, itself)


@exercise.mistake(
    why="the last resort is forgotten",
    says="a token sees itself as any other; with `avoid_self` it has -1e30",
)
def itself_visible(query_positions, key_positions, *, causal=True, avoid_self=True):
    return exercise.reference(query_positions, key_positions, causal=causal, avoid_self=False)


@exercise.mistake(
    why="the future is taken to be hidden already, as the order is that of the text",
    says="later keys are visible: `causal` plays no part",
)
def never_causal(query_positions, key_positions, *, causal=True, avoid_self=True):
    return exercise.reference(query_positions, key_positions, causal=False, avoid_self=avoid_self)


@exercise.mistake(
    why="a mask is thought of as yes or no",
    says="True or False say what is hidden; asked are numbers to add to the logits",
)
def yes_where_hidden(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return empty | later | itself


@exercise.mistake(
    why="a mask is thought of as yes or no",
    says="True and False, or 1 and 0, say what is visible; asked are numbers to add to the logits",
)
def yes_where_visible(query_positions, key_positions, *, causal=True, avoid_self=True):
    return ~yes_where_hidden(query_positions, key_positions, causal=causal, avoid_self=avoid_self)


@exercise.mistake(
    why="a mask is thought of as yes or no, and the last resort is no hidden place",
    says="True, or 1, says what is visible; asked are numbers to add to the logits: 0 for visible",
)
def one_where_visible(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return np.where(empty | later, 0.0, 1.0)


@exercise.mistake(
    why="yes and no are multiplied by minus infinity",
    says="a table of yes and no is multiplied by -inf: zero times infinity is not a number, take `np.where`",
)
def times_infinity(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    with np.errstate(invalid="ignore"):
        return np.where(itself & ~empty, LAST_RESORT, (empty | later) * -np.inf)


@exercise.mistake(
    why="'as a last resort' is worked out in the mask, where softmax would do it",
    says="the token itself is 0 where nothing else is visible, and -inf elsewhere; write -1e30, and softmax decides",
)
def last_resort_worked_out(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    alone = np.all(empty | later | itself, axis=-1, keepdims=True)
    return _mask(empty | later | (itself & ~alone), np.zeros_like(itself))


@exercise.mistake(
    why="the future of one sequence is a table of queries and keys, and a batch is forgotten",
    says="the new axes fit one sequence only: write `query_positions[..., :, np.newaxis]`, which leaves a batch alone",
)
def for_one_sequence_only(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = query_positions[:, np.newaxis], key_positions[np.newaxis, :]
    empty = (queries == NOBODY) | (keys == NOBODY)
    return _mask(empty | (causal & (keys > queries)), avoid_self & (keys == queries))


@exercise.mistake(
    why="the new axes change places",
    says="keys stand in the rows and queries in the columns: the shape is (..., Q, K)",
)
def keys_in_the_rows(query_positions, key_positions, *, causal=True, avoid_self=True):
    return np.swapaxes(exercise.reference(query_positions, key_positions, causal=causal, avoid_self=avoid_self), -1, -2)


@exercise.mistake(
    why="the mask is left for later",
    says="all is visible: the mask is 0 everywhere",
)
def all_visible(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, *_ = _tables(query_positions, key_positions, causal, avoid_self)
    return np.zeros(empty.shape, np.float32)


@exercise.mistake(
    why="`k = 1` of `np.triu` is carried over to positions",
    says="the next position is visible, too; a key is later as soon as its position is larger",
)
def next_position_visible(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = _facing(query_positions, key_positions)
    empty, _, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | (causal & (keys > queries + 1)), itself)


@exercise.mistake(
    why="a mask is thought of as yes or no",
    says="1 says what is hidden, and 0 what is visible; asked are numbers to add to the logits: -inf and 0",
)
def one_where_hidden(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return np.where(empty | later | itself, 1.0, 0.0)


@exercise.mistake(
    why="both numbers are taken from frameworks",
    says="hidden has -1e9 and the token itself -1e5; asked are -inf and -1e30",
)
def numbers_of_frameworks(query_positions, key_positions, *, causal=True, avoid_self=True):
    empty, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(empty | later, itself, hard=-1e9, soft=-1e5)


@exercise.mistake(
    why="the window is thought to be in order",
    says="the positions are sorted first; the places of a window stay where they are",
)
def positions_sorted_first(query_positions, key_positions, *, causal=True, avoid_self=True):
    switches = dict(causal=causal, avoid_self=avoid_self)
    return exercise.reference(np.sort(query_positions, axis=-1), np.sort(key_positions, axis=-1), **switches)


@exercise.mistake(
    why="the chunk before is thought to be the past",
    says="only the own chunk is masked, at the end of the window; the chunk before can hold later keys, too",
)
def own_chunk_masked_alone(query_positions, key_positions, *, causal=True, avoid_self=True):
    mask = exercise.reference(query_positions, key_positions, causal=causal, avoid_self=avoid_self).copy()
    mask[..., : max(mask.shape[-1] - mask.shape[-2], 0)] = 0.0
    return mask


@exercise.mistake(
    why="the empty place is forgotten, and the last resort is hidden as the future is",
    says="empty places are not hidden, and the token itself is hidden by -inf; it is a last resort, -1e30",
)
def empty_places_visible_and_itself_hidden(query_positions, key_positions, *, causal=True, avoid_self=True):
    _, later, itself = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(later | itself, itself)


@exercise.mistake(
    why="both are forgotten",
    says="only the future is hidden; empty places are, too, and a token sees itself as a last resort",
)
def the_future_alone(query_positions, key_positions, *, causal=True, avoid_self=True):
    _, later, _ = _tables(query_positions, key_positions, causal, avoid_self)
    return _mask(later, np.zeros_like(later))
