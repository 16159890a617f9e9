"""`approximate_k_nearest(vectors, k, normals)`: the most similar of those that share a bucket in at least one table,
ranked by cosine similarity, ties to the lower position; -1 where there are fewer than k."""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises.lab02.side_of_planes import far_from_every_plane
from reformer import neighbors, planes
from reformer.loops import planes as twins


def _candidates_of(found, place):
    """What is special about a token where -1 is right: how few candidates it has."""
    n_found = int(np.count_nonzero(found[place[0]] >= 0))
    few = f"only {n_found} candidate{'s' * (n_found > 1)}" if n_found else "no candidates"
    return f"token {place[0]} has {few}" if len(place) == 1 or found[place] < 0 else None


exercise = Exercise(
    planes.approximate_k_nearest,
    twins.approximate_k_nearest,
    axes=("token", "place"),
    remark=_candidates_of,
    ranking=lambda vectors, k, normals: np.where(_others(vectors @ normals >= 0), _cosines(vectors), -np.inf),
)

_SIX_TOKENS = np.array([[3.0, 1.0], [1.0, 3.0], [2.0, 1.0], [-1.0, 3.0], [-2.0, 1.0], [1.0, -2.0]])
_TWO_TABLES = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, -1.0]]])


def _search(n_vectors, n_features, k, n_tables, n_planes, *, lengths=None, dtype=np.float64):
    def make(rng):
        sizes = rng.uniform(0.5, 2, size=n_vectors) if lengths is None else rng.permutation(lengths)
        vectors = rng.standard_normal((n_vectors, n_features)) * sizes[:, np.newaxis]
        return call(vectors.astype(dtype), k, rng.standard_normal((n_tables, n_features, n_planes)).astype(dtype))

    return make


def _clear_search(vectors, k, normals, margin=1e-3):
    """Whether no side is nearly a tie, nor the order of the k + 1 best candidates of any vector."""
    if not all(far_from_every_plane(vectors, of_table, margin) for of_table in normals):
        return False
    found = planes.approximate_k_nearest(vectors, k + 1, normals)
    similarity = np.take_along_axis(neighbors.cosine_similarity(vectors, vectors), np.maximum(found, 0), axis=1)
    similarity[found < 0] = -2 - np.nonzero(found < 0)[1]
    return np.all(similarity[:, :-1] - similarity[:, 1:] > margin)


def _clear_in_float64(vectors, k, normals):
    return _clear_search(vectors, k, normals, margin=1e-6)


exercise.case("six tokens, one table of two planes", lambda rng: call(_SIX_TOKENS, 2, _TWO_TABLES[:1]))
exercise.case("the same six tokens, two tables", lambda rng: call(_SIX_TOKENS, 2, _TWO_TABLES))


@exercise.case("equal and opposite directions, and the zero vector")
def _(rng):
    vectors = np.array([[0.0, 2.0], [0.0, -1.0], [1.0, 0.0], [0.0, 0.0], [0.0, 1.0], [0.0, 4.0]])
    return call(vectors, 5, np.array([[[1.0], [0.0]]]))


@exercise.case("repeated vectors, one without neighbours, and equally similar ones that different tables find")
def _(rng):
    vectors = np.array([[1.0, 0.0], [-1.0, -2.0], [3.0, 4.0], [3.0, -4.0], [1.0, 0.0], [3.0, 4.0]])
    return call(vectors, 4, np.array([[[0.0, 1.0], [-1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]]))


@exercise.case("six numbers on a line, one neighbour each")
def _(rng):
    return call(np.array([[3.0], [-1.0], [2.0], [-5.0], [1.0], [-2.0]]), 1, np.array([[[1.0]]]))


exercise.case("a single token", lambda rng: call(_SIX_TOKENS[:1], 2, _TWO_TABLES))
exercise.case("ten tokens, three tables, float32", _search(10, 3, 3, 3, 2, dtype=np.float32), clear_cut=_clear_search)
exercise.case("five tokens, seven neighbours sought", _search(5, 3, 7, 2, 1), clear_cut=_clear_search)
exercise.case(
    "nine tokens, from very short to very long",
    _search(9, 3, 4, 2, 1, lengths=10.0 ** np.array([-100, -75, -50, -25, 0, 25, 50, 75, 100])),
    clear_cut=_clear_search,
)


exercise.case("260 tokens, a single plane, the two nearest", _search(260, 3, 2, 1, 1), clear_cut=_clear_in_float64)


@exercise.case("62 planes, which only the first and the last tell apart")
def _(rng):
    normals = np.tile([[1.0], [0.0]], 62)
    normals[:, 0], normals[:, -1] = [0, 1], [1, -1]
    vectors = np.array([[3.0, 1.0], [1.0, 3.0], [3.0, -1.0], [4.0, 1.0], [1.0, 4.0], [4.0, -1.0]])
    return call(vectors, 2, normals[np.newaxis])


@exercise.property(
    "no token is its own neighbour, and none is named twice",
    lambda rng: [_search(14, 4, 5, 3, 2)(rng)],
    axes=("token",),
)
def _(calls, answers):
    rows = [[j for j in row if j != -1] for row in np.asarray(answers[0]).tolist()]
    return [i not in row and len(set(row)) == len(row) for i, row in enumerate(rows)]


def _more_and_more_tables(rng):
    vectors, k, normals = _search(12, 4, 11, 4, 4)(rng).args
    return [call(vectors, k, normals[:n_tables]) for n_tables in (1, 2, 4)]


@exercise.property("more tables lose nothing that fewer had found", _more_and_more_tables, axes=("token",))
def _(calls, answers):
    one, two, four = [[set(row) - {-1} for row in np.asarray(answer).tolist()] for answer in answers]
    return [few <= more <= most for few, more, most in zip(one, two, four, strict=True)]


def _clear_and_finds_the_first(vectors, k, normals):
    """Whether a search is clear and somebody finds position 0, so that forgetting it costs every student the same."""
    return np.any(planes.approximate_k_nearest(vectors, k, normals) == 0) and _clear_in_float64(vectors, k, normals)


exercise.case("50 tokens, four tables", _search(50, 8, 12, 4, 4), hidden=True, clear_cut=_clear_and_finds_the_first)
exercise.case(
    "140 tokens, from very short to very long, and so many planes that most find few",
    _search(140, 3, 4, 5, 30, lengths=10.0 ** np.resize([-100, -50, 0, 50, 100], 140)),
    hidden=True,
    clear_cut=_clear_and_finds_the_first,
)


def _met(sides):
    """In how many tables each pair of tokens shares a bucket, integers (L, L), of `sides` (T, L, P)."""
    return np.sum(np.all(sides[:, :, np.newaxis] == sides[:, np.newaxis], axis=-1), axis=0)


def _others(sides):
    return (_met(sides) > 0) & ~np.eye(sides.shape[1], dtype=bool)


def _cosines(vectors):
    return neighbors.cosine_similarity(vectors, vectors)


def _ranked(k, candidates, scores, padding=-1):
    """Fill (L, k) with the candidates of each position, each as often as (L, L) says, the highest score first."""
    found = np.full((len(candidates), k), padding)
    for i, times in enumerate(candidates):
        own = np.repeat(np.arange(len(times)), times)
        best = own[np.argsort(-scores[i, own], kind="stable")[:k]]
        found[i, : len(best)] = best
    return found


@exercise.mistake(
    why="exact search from lab 01 gives the better answer",
    says="everybody is compared with everybody: only those that share a bucket may be looked at, that is the saving",
)
def exact_search(vectors, k, normals):
    return _ranked(k, ~np.eye(len(vectors), dtype=bool), _cosines(vectors))


@exercise.mistake(
    why="one table is built and the loop over the others forgotten, or all use the same planes",
    says="the first table alone is used; each of the T tables has planes of its own and may find what others miss",
)
def first_table_only(vectors, k, normals):
    return planes.approximate_k_nearest(vectors, k, normals[:1])


@exercise.mistake(
    why="each table's result replaces the one before, in a loop over the tables",
    says="the last table alone is used: in the loop over the tables candidates are replaced instead of joined",
)
def last_table_only(vectors, k, normals):
    return planes.approximate_k_nearest(vectors, k, normals[-1:])


@exercise.mistake(
    why="a search may stop when it has found enough",
    says="no further table is looked at once there are k candidates; a later one may hold more similar vectors",
)
def stopped_once_there_are_k(vectors, k, normals):
    found = np.zeros((len(vectors), len(vectors)), dtype=bool)
    for of_table in normals:
        too_few = np.sum(found, axis=1, keepdims=True) < k
        found |= too_few & _others((vectors @ of_table >= 0)[np.newaxis])
    return _ranked(k, found, _cosines(vectors))


@exercise.mistake(
    why="`&` for `|`, or all planes read as one long code",
    says="a candidate has to share the bucket in every table, as if all planes were one long code; one table is enough",
)
def all_tables_must_agree(vectors, k, normals):
    everywhere = _met(vectors @ normals >= 0) == len(normals)
    return _ranked(k, everywhere & ~np.eye(len(vectors), dtype=bool), _cosines(vectors))


@exercise.mistake(
    why="planes are compared one by one, with `any` for `all`",
    says="one plane in common makes a candidate; a bucket is shared where all planes of a table agree",
)
def one_plane_is_enough(vectors, k, normals):
    one_plane_each = np.concatenate(np.moveaxis(normals, 2, 1))[:, :, np.newaxis]
    return planes.approximate_k_nearest(vectors, k, one_plane_each)


@exercise.mistake(
    why="the positive sides are counted for a bucket",
    says="vectors with equally many positive sides are put together; a bucket says which ones are positive",
)
def positive_sides_counted(vectors, k, normals):
    return _ranked(k, _others(np.sum(vectors @ normals >= 0, axis=-1, keepdims=True)), _cosines(vectors))


@exercise.mistake(
    why="the hash packs the sides into one byte",
    says="the first eight planes make the bucket, as in one byte of `np.packbits`; all P planes have a say",
)
def first_eight_planes(vectors, k, normals):
    return planes.approximate_k_nearest(vectors, k, normals[:, :, :8])


@exercise.mistake(
    why="vectors come in rows, so normals are expected in rows, too",
    says="the rows of `normals[t]` are taken for normals; each column is one",
)
def normals_in_rows(vectors, k, normals):
    return _ranked(k, _others(vectors @ np.swapaxes(normals, 1, 2) >= 0), _cosines(vectors))


@exercise.mistake(
    why="one dict is filled by all tables",
    says="the tables are thrown together: bucket 3 of one table is another bucket than bucket 3 of the next",
)
def one_dict_for_all_tables(vectors, k, normals):
    buckets = planes.hash_value(vectors @ normals >= 0)
    mixed = np.any(buckets[:, np.newaxis, :, np.newaxis] == buckets[:, np.newaxis], axis=(0, 1))
    return _ranked(k, mixed & ~np.eye(len(vectors), dtype=bool), _cosines(vectors))


@exercise.mistake(
    why="'the positive side' is read as 'greater than 0' in the hash",
    says="a vector in a plane is hashed to the negative side; 0 belongs to the positive side",
)
def strictly_above(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals > 0), _cosines(vectors))


@exercise.mistake(
    why="whoever shares a bucket is taken to be near",
    says="the candidates are taken as they come; rank them by cosine similarity, the most similar first",
)
def unranked(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals >= 0), np.zeros((len(vectors), len(vectors))))


@exercise.mistake(
    why="k neighbours are asked, so k candidates are taken",
    says="the list of candidates is cut to k before it is ranked; the most similar may stand further back",
)
def cut_before_ranking(vectors, k, normals):
    others = _others(vectors @ normals >= 0)
    return _ranked(k, others & (np.cumsum(others, axis=1) <= k), _cosines(vectors))


@exercise.mistake(
    why="sorting ascends",
    says="the least similar candidates come first; a sort ascends, and a large cosine means near",
)
def least_similar_first(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals >= 0), -_cosines(vectors))


@exercise.mistake(
    why="the dot product is taken for the cosine",
    says="the candidates are ranked by dot product: long vectors win, whatever their direction; take the cosine",
)
def ranked_by_dot_product(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals >= 0), vectors @ vectors.T)


@exercise.mistake(
    why="near is read as 'at a small distance'",
    says="the candidates are ranked by distance: norms play a part in it; take the cosine, which asks for the "
    "direction only",
)
def ranked_by_distance(vectors, k, normals):
    distance = np.linalg.norm(vectors[:, np.newaxis] - vectors, axis=-1)
    return _ranked(k, _others(vectors @ normals >= 0), -distance)


@exercise.mistake(
    why="a large cosine, whatever its sign, looks like a close relation",
    says="the candidates are ranked by the cosine without its sign: opposite vectors are the least similar of all",
)
def ranked_by_absolute_cosine(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals >= 0), np.abs(_cosines(vectors)))


@exercise.mistake(
    why="a similarity of 0 or below is taken for no similarity; or the result of a mask is compared with 0",
    says="candidates with a similarity of 0 or below are left out; they share a bucket, so they are ranked, too",
)
def positive_similarity_only(vectors, k, normals):
    similarity = _cosines(vectors)
    return _ranked(k, _others(vectors @ normals >= 0) & (similarity > 0), similarity)


@exercise.mistake(
    why="similarities are rounded, to be safe from rounding or to look better",
    says="the similarities are rounded to two decimals, and so nearly equal ones become equal",
)
def rounded_similarity(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals >= 0), np.round(_cosines(vectors), 2))


@exercise.mistake(
    why="a small number is added to the norms, against division by 0",
    says="a small number is added to what the dot products are divided by: short vectors lose similarity, and equal "
    "directions no longer tie; only the zero vector needs care",
)
def small_number_in_the_lengths(vectors, k, normals):
    norms = np.linalg.norm(vectors, axis=-1)
    similarity = vectors @ vectors.T / (np.outer(norms, norms) + 1e-8)
    return _ranked(k, _others(vectors @ normals >= 0), similarity)


@exercise.mistake(
    why="division by the norm 0 gives NaN, and `np.argsort` puts NaN last",
    says="the zero vector is divided by its norm 0: its similarity, NaN, is sorted to the end; it has to be 0",
)
def zero_vector_last(vectors, k, normals):
    nothing = ~np.any(vectors, axis=1)
    similarity = np.where(nothing | nothing[:, np.newaxis], np.nan, _cosines(vectors))
    return _ranked(k, _others(vectors @ normals >= 0), similarity)


@exercise.mistake(
    why="the zero vector is left out against division by 0",
    says="the zero vector neither finds anybody nor is found; it has a bucket, and is 0 to everybody",
)
def zero_vectors_left_out(vectors, k, normals):
    others = _others(vectors @ normals >= 0) & np.any(vectors, axis=1) & np.any(vectors, axis=1)[:, np.newaxis]
    return _ranked(k, others, _cosines(vectors))


@exercise.mistake(
    why="`np.argsort(similarity)[::-1]` is the usual way to sort downwards",
    says="equally similar candidates stand in descending order: `[::-1]` turns ties round, too; sort `-similarity` "
    "with `kind='stable'`",
)
def ties_reversed(vectors, k, normals):
    later_first = 1e-9 * np.arange(len(vectors))
    return _ranked(k, _others(vectors @ normals >= 0), _cosines(vectors) + later_first)


@exercise.mistake(
    why="the tables' lists are joined one after the other, and a stable sort is trusted with the rest",
    says="equally similar candidates stand in the order in which the tables gave them; sort the joined list first",
)
def ties_in_order_of_the_tables(vectors, k, normals):
    sides = vectors @ normals >= 0
    first_table = np.argmax(np.all(sides[:, :, np.newaxis] == sides[:, np.newaxis], axis=-1), axis=0)
    return _ranked(k, _others(sides), _cosines(vectors) - 1e-9 * first_table)


@exercise.mistake(
    why="the vector itself is known by its values, or by a similarity of 1",
    says="every vector equal to it is taken for the vector itself; it is known by its position",
)
def equal_vectors_left_out(vectors, k, normals):
    equal = np.all(vectors[:, np.newaxis] == vectors, axis=-1)
    return _ranked(k, _others(vectors @ normals >= 0) & ~equal, _cosines(vectors))


@exercise.mistake(
    why="each vector is most similar to itself, so the first of the ranking is dropped",
    says="the first of the ranking is dropped, as if that were always the token itself: with equal directions it may "
    "be another, and the zero vector is 0 to everybody; take the token out by its position",
)
def first_of_the_ranking_dropped(vectors, k, normals):
    return itself_included(vectors, k + 1, normals)[:, 1:]


@exercise.mistake(
    why="a vote of the tables looks like a measure of nearness",
    says="the candidates are ranked by how many tables they share; that is a rough guess at what the cosine says "
    "exactly",
)
def ranked_by_shared_tables(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals >= 0), _met(vectors @ normals >= 0))


@exercise.mistake(
    why="a vote of the tables goes first, and the cosine settles what is equal",
    says="the candidates are ranked by how many tables they share, and by the cosine only after that",
)
def shared_tables_first(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals >= 0), 4 * _met(vectors @ normals >= 0) + _cosines(vectors))


@exercise.mistake(
    why="the share of equal sides estimates the angle, as lesson 02 says",
    says="the candidates are ranked by how many sides they have in common; that estimates what the cosine says exactly",
)
def ranked_by_equal_sides(vectors, k, normals):
    sides = vectors @ normals >= 0
    equal = np.sum(sides[:, :, np.newaxis] == sides[:, np.newaxis], axis=(0, -1))
    return _ranked(k, _others(sides), equal)


@exercise.mistake(
    why="the candidates of all tables are joined as lists",
    says="a candidate that several tables find is listed several times; take each once",
)
def found_twice(vectors, k, normals):
    times = _met(vectors @ normals >= 0) * ~np.eye(len(vectors), dtype=bool)
    return _ranked(k, times, _cosines(vectors))


@exercise.mistake(
    why="each vector is in its own bucket",
    says="each token is its own nearest neighbour: it shares every bucket with itself, so take it out",
)
def itself_included(vectors, k, normals):
    return _ranked(k, _met(vectors @ normals >= 0) > 0, _cosines(vectors))


@exercise.mistake(
    why="`list.remove` takes the token out of the joined lists",
    says="the token is taken out of the joined lists once, as `list.remove` does; each table has put it there",
)
def itself_removed_once(vectors, k, normals):
    times = _met(vectors @ normals >= 0) - np.eye(len(vectors), dtype=int)
    return _ranked(k, times > 0, _cosines(vectors))


@exercise.mistake(
    why="each pair is met once, from its first token",
    says="only later positions are looked at; a pair that shares a bucket is a neighbour for both",
)
def later_positions_only(vectors, k, normals):
    return _ranked(k, np.triu(_others(vectors @ normals >= 0)), _cosines(vectors))


@exercise.mistake(
    why="`if j` is False for position 0; or -1 and 0 are both taken for 'nobody'",
    says="position 0 is never found: `if j` is False for the number 0, which is a position like others",
)
def position_zero_never_found(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals >= 0) & (np.arange(len(vectors)) > 0), _cosines(vectors))


@exercise.mistake(
    why="`break` or `return` where `continue` is meant, if nobody shares a bucket",
    says="the loop ends at the first token without candidates; go on with the next one (`continue`)",
)
def ended_at_the_first_without(vectors, k, normals):
    found = planes.approximate_k_nearest(vectors, k, normals)
    return np.where(np.logical_and.accumulate(found[:, :1] >= 0), found, -1)


@exercise.mistake(
    why="`ranking[1:k]` is written to skip the token itself",
    says="the last place is never filled: there are k - 1 neighbours; after skipping one, go up to k + 1",
)
def last_place_never_filled(vectors, k, normals):
    found = planes.approximate_k_nearest(vectors, k, normals)
    return np.where(np.arange(k) < k - 1, found, -1)


@exercise.mistake(
    why="`neighbors[i] = ranked[:k]` fits where everybody has k candidates",
    says="what is found is assigned to a whole row: one candidate fills all places, and another number below k "
    "does not fit; assign to `neighbors[i, : len(ranked)]`",
)
def whole_row_assigned(vectors, k, normals):
    neighbors = planes.approximate_k_nearest(vectors, k, normals)
    for row in neighbors:
        if np.any(row >= 0):
            row[:] = row[row >= 0]
    return neighbors


@exercise.mistake(
    why="`np.argsort` numbers what it sorts, and that is the list of candidates",
    says="the numbers are places in the list of candidates; `candidates[order]` turns them into positions",
)
def places_among_the_candidates(vectors, k, normals):
    places = np.cumsum(_others(vectors @ normals >= 0), axis=1) - 1
    found = planes.approximate_k_nearest(vectors, k, normals)
    return np.where(found < 0, -1, np.take_along_axis(places, found, axis=1))


@exercise.mistake(
    why="`np.sort` or a set puts the best k in order of position in the end",
    says="the right neighbours stand in order of position; the most similar has to come first",
)
def sorted_by_position(vectors, k, normals):
    found = planes.approximate_k_nearest(vectors, k, normals)
    last = np.sort(np.where(found < 0, len(vectors), found))
    return np.where(last < len(vectors), last, -1)


@exercise.mistake(
    why="`np.zeros` makes the result",
    says="free places hold 0, which is the first token's position; they have to hold -1",
)
def padded_with_zero(vectors, k, normals):
    return _ranked(k, _others(vectors @ normals >= 0), _cosines(vectors), padding=0)


@exercise.mistake(
    why="`np.full` and `np.nan` or -1.0 give floats",
    says="the positions are right, but they are floats: a position is a whole number",
)
def as_floats(vectors, k, normals):
    return planes.approximate_k_nearest(vectors, k, normals).astype(float)


@exercise.mistake(
    why="nobody has more than L - 1 neighbours, so the result needs no more places",
    says="there are no more places than other tokens: the result has k, however few tokens there are",
)
def no_place_beyond_the_others(vectors, k, normals):
    return planes.approximate_k_nearest(vectors, k, normals)[:, : len(vectors) - 1]


@exercise.mistake(
    why="`order[:, :k]` has as many columns as there are tokens, if k is larger",
    says="a row has no more places than there are tokens: the result has k, however few tokens there are",
)
def no_place_beyond_the_tokens(vectors, k, normals):
    return planes.approximate_k_nearest(vectors, k, normals)[:, : len(vectors)]


@exercise.mistake(
    why="a score of minus infinity puts others last, and is thought to keep them out",
    says="the places beyond the candidates hold vectors of other buckets: a score of `-np.inf` puts them last, but "
    "does not take them out; free places have to hold -1",
)
def filled_by_other_buckets(vectors, k, normals):
    scores = np.where(_others(vectors @ normals >= 0), _cosines(vectors), -np.inf)
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


@exercise.mistake(
    why="an empty list becomes an array of floats",
    says="`np.array` of an empty list is an array of floats, which picks nothing: where nobody shares a bucket, go on "
    "with the next token (`continue`), or say `dtype=int`",
)
def empty_list_as_floats(vectors, k, normals):
    others, similarity = _others(vectors @ normals >= 0), _cosines(vectors)
    found = np.full((len(vectors), k), -1)
    for i in range(len(vectors)):
        candidates = np.array(np.flatnonzero(others[i]).tolist())
        ranked = candidates[np.argsort(-similarity[i][candidates], kind="stable")][:k]
        found[i, : len(ranked)] = ranked
    return found


@exercise.mistake(
    why="fewer than k neighbours look like a failure",
    says="free places are filled by exact search; where the tables find fewer than k, -1 has to say so",
)
def topped_up_by_exact_search(vectors, k, normals):
    found = planes.approximate_k_nearest(vectors, k, normals)
    everybody = exact_search(vectors, len(vectors) - 1, normals)
    joined = [[*own[own >= 0], *rest[~np.isin(rest, own)]] for own, rest in zip(found, everybody, strict=True)]
    return np.array([(row + [-1] * k)[:k] for row in joined])


@exercise.mistake(
    why="the neighbours are collected in lists and returned as they are",
    says="the rows differ in length: each needs k places, with -1 where nobody was found",
)
def rows_of_different_lengths(vectors, k, normals):
    return [[int(j) for j in row if j >= 0] for row in planes.approximate_k_nearest(vectors, k, normals)]


@exercise.solution
def search_by_masks(vectors, k, normals):
    buckets = planes.hash_value(planes.side_of_planes(vectors, normals))
    shared = np.any(buckets[:, :, np.newaxis] == buckets[:, np.newaxis, :], axis=0)
    np.fill_diagonal(shared, False)
    similarity = np.where(shared, neighbors.cosine_similarity(vectors, vectors), -np.inf)
    order = np.argsort(-similarity, axis=1, kind="stable")
    found = np.where(np.take_along_axis(similarity, order, axis=1) > -np.inf, order, -1)
    return np.pad(found, ((0, 0), (0, k)), constant_values=-1)[:, :k]


@exercise.solution
def search_by_sets(vectors, k, normals):
    codes = [["".join("01"[int(x @ n >= 0)] for n in of_table.T) for x in vectors] for of_table in normals]
    norms = np.sqrt(np.sum(vectors.astype(float) ** 2, axis=1))
    found = []
    for i, x in enumerate(vectors):
        met = {j for of_table in codes for j, code in enumerate(of_table) if code == of_table[i]} - {i}
        scale = [max(norms[i] * norms[j], 1e-300) for j in range(len(vectors))]
        best = sorted(met, key=lambda j: (-(x @ vectors[j]) / scale[j], j))[:k]
        found.append(best + [-1] * (k - len(best)))
    return np.array(found)


@exercise.solution
def search_bucket_by_bucket(vectors, k, normals):
    met = np.zeros((len(vectors), len(vectors)), dtype=bool)
    for of_table in normals:
        for positions in planes.build_hash_table(planes.hash_value(vectors @ of_table >= 0)).values():
            met[np.ix_(positions, positions)] = True
    np.fill_diagonal(met, False)
    return _ranked(k, met, _cosines(vectors))
