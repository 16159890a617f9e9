"""Lab 04, `share_of_pairs_lost(buckets, chunk_length, *, n_before=1)`: of the pairs of one bucket, those too far apart.

buckets (..., L), integers of at least 0 -> share (...), a number for one sequence. A pair of positions of one bucket is
lost if their chunks, in the sorted order, are more than n_before apart. 0 where no two share a bucket.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import chunking
from reformer.loops import chunking as twins

exercise = Exercise(chunking.share_of_pairs_lost, twins.share_of_pairs_lost, axes=("sequence",))

EXACT = {"tolerance": 1e-6}


def drawn(*batch, L, B, C, dtype=np.int64, **look):
    """Buckets by chance, some rarer than others, some numbers unused."""

    def make(rng):
        used = np.sort(rng.choice(2 * B, size=B, replace=False))
        chances = np.arange(1, B + 1) / np.sum(np.arange(1, B + 1))
        return call(used[rng.choice(B, size=(*batch, L), p=chances)].astype(dtype), C, **look)

    return make


def is_telling(*arguments, **look):
    """Whether every mistake that such a question can tell gives other numbers than the right ones."""
    right = np.asarray(exercise.reference(*arguments, **look))
    telling = [mistake.function for mistake in exercise.mistakes if mistake.name not in _EDGES]
    return (
        np.all(right > 0.02)
        and _same(on_a_ring, right, arguments, look)
        and not _same(each_bucket_cut_by_itself, right, arguments, look)  # the most frequent reason to draw again
        and not any(_same(function, right, arguments, look) for function in telling)
    )


def _same(function, right, arguments, look):
    try:
        given = np.asarray(function(*arguments, **look), dtype=float)
    except (ValueError, TypeError, IndexError):
        return False
    return given.shape == right.shape and bool(np.any(np.isclose(given, right, rtol=1e-5)))


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("six tokens in chunks of two", **EXACT)
def _(rng):
    return call(np.array([0, 0, 1, 0, 0, 0]), 2)


@exercise.case("the same six tokens, and nobody looks back", **EXACT)
def _(rng):
    return call(np.array([0, 0, 1, 0, 0, 0]), 2, n_before=0)


@exercise.case("five tokens of one bucket and two of another, chunks of one", **EXACT)
def _(rng):
    return call(np.array([3, 1, 1, 3, 1, 1, 1]), 1)


@exercise.case("one bucket in four chunks of three", **EXACT)
def _(rng):
    return call(np.full(12, 2), 3)


exercise.case("no two tokens share a bucket", lambda rng: call(rng.permutation(6), 2))
exercise.case("a chunk longer than the sequence loses nothing", drawn(L=7, B=2, C=9, n_before=0))
exercise.case("thirteen tokens, three buckets", drawn(L=13, B=3, C=2), clear_cut=is_telling, **EXACT)
exercise.case("thirty-one tokens, two chunks back", drawn(L=31, B=3, C=3, n_before=2), clear_cut=is_telling, **EXACT)
exercise.case("thirty tokens, no chunk back", drawn(L=30, B=4, C=4, n_before=0), **EXACT)
exercise.case("more chunks back than there are", drawn(L=12, B=2, C=2, n_before=20))
exercise.case("three hundred tokens, three buckets, in uint8", drawn(L=310, B=3, C=20, dtype=np.uint8), **EXACT)
exercise.case("two sequences at once", drawn(2, L=17, B=4, C=2), clear_cut=is_telling, **EXACT)
exercise.case("as many sequences as tokens", drawn(9, L=9, B=2, C=1), **EXACT)


@exercise.case("three hash rounds of two sequences, in one of which no two tokens share a bucket", **EXACT)
def _(rng):
    call_of_six = drawn(2, 3, L=8, B=3, C=2)(rng)
    call_of_six.args[0][1, 1] = rng.permutation(8)
    return call_of_six


def _farther_and_farther(rng):
    buckets = drawn(4, L=24, B=2, C=3)(rng).args[0]
    return [call(buckets, 3, n_before=n_before) for n_before in (0, 1, 2, 8)]


@exercise.property(
    "who looks farther back loses less, and who sees all chunks nothing", _farther_and_farther, axes=("sequence",)
)
def _(calls, answers):
    none, one, two, all_of_them = map(np.asarray, answers)
    return (1 >= none) & (none > one) & (one >= two) & (two >= all_of_them) & (all_of_them == 0)


exercise.case(
    "a batch of sequences with rounds, two chunks back",
    drawn(2, 3, L=43, B=4, C=3, n_before=2),
    points=2,
    hidden=True,
    clear_cut=is_telling,
    **EXACT,
)
exercise.case("sixty-two tokens, five buckets", drawn(L=62, B=5, C=5), hidden=True, clear_cut=is_telling, **EXACT)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_a_table_of_all_pairs(buckets, chunk_length, *, n_before=1):
    undo = np.argsort(np.argsort(buckets, axis=-1, kind="stable"), axis=-1)
    chunk = undo // chunk_length
    together = buckets[..., :, np.newaxis] == buckets[..., np.newaxis, :]
    together = together & ~np.eye(buckets.shape[-1], dtype=bool)
    apart = np.abs(chunk[..., :, np.newaxis] - chunk[..., np.newaxis, :]) > n_before
    return np.sum(together & apart, axis=(-1, -2)) / np.maximum(np.sum(together, axis=(-1, -2)), 1)


@exercise.solution
def by_counting_tokens_in_each_chunk(buckets, chunk_length, n_before=1):
    def of_row(row):
        in_order = np.sort(row)
        pairs = lost = 0
        for bucket in np.unique(row):
            counts = np.bincount(np.flatnonzero(in_order == bucket) // chunk_length)
            size = int(counts.sum())
            pairs += size * (size - 1) // 2
            for chunk in range(n_before + 1, len(counts)):
                lost += int(counts[chunk] * counts[: chunk - n_before].sum())
        return lost / pairs if pairs else 0.0

    if buckets.ndim == 1:
        return of_row(buckets)
    return np.reshape([of_row(row) for row in buckets.reshape(-1, buckets.shape[-1])], buckets.shape[:-1]).tolist()


# --- mistakes ---------------------------------------------------------------------------------------------------

# What shows in some questions only: without pairs, in a batch, at the ends of the row, with another look-back.
_EDGES = {"not_a_number_without_pairs", "one_without_pairs", "division_by_zero", "on_a_ring", "always_one_back"}
_EDGES |= {"n_before_plays_no_part", "sorted_along_first_axis", "a_single_sequence_only", "loops_over_one_sequence"}
_EDGES |= {
    "pooled_over_the_batch",
    "length_of_first_axis",
    "averaged_over_the_batch",
    "a_list_without_its_batch",
    "sequences_joined",
}


def _chunk_of(buckets, chunk_length):
    """The chunk in which each position stands."""
    return chunking.undo_sort(chunking.sort_by_bucket(buckets)) // chunk_length


def _together(buckets):
    """The pairs of one bucket, each twice, and none of a position with itself: bool (..., L, L)."""
    same = buckets[..., :, np.newaxis] == buckets[..., np.newaxis, :]
    return same & ~np.eye(buckets.shape[-1], dtype=bool)


def _gap(chunk):
    return np.abs(chunk[..., :, np.newaxis] - chunk[..., np.newaxis, :])


def _share(lost, pairs, nothing=0.0):
    n_lost, n_pairs = np.sum(lost, axis=(-1, -2)), np.sum(pairs, axis=(-1, -2))
    return np.where(n_pairs > 0, n_lost / np.maximum(n_pairs, 1), nothing)[()]


def _lost(buckets, chunk_length, n_before, chunk=None):
    together = _together(buckets)
    chunk = _chunk_of(buckets, chunk_length) if chunk is None else chunk
    return together & (_gap(chunk) > n_before), together


def _right(buckets, chunk_length, n_before=1):
    return _share(*_lost(buckets, chunk_length, n_before))


@exercise.mistake(
    why="one looks for the pairs that meet",
    says="the share of pairs that are kept is returned; asked is the share that is lost",
)
def share_that_is_kept(buckets, chunk_length, *, n_before=1):
    lost, together = _lost(buckets, chunk_length, n_before)
    return _share(together & ~lost, together)


@exercise.mistake(
    why="'n_before apart' is the border, and it is easily put on the wrong side",
    says="pairs count as lost whose chunks are exactly `n_before` apart; those still see each other: `>`, not `>=`",
)
def border_on_the_wrong_side(buckets, chunk_length, *, n_before=1):
    together = _together(buckets)
    return _share(together & (_gap(_chunk_of(buckets, chunk_length)) >= n_before), together)


@exercise.mistake(
    why="'n_before' is read as the number of chunks in all, or one is added for the own chunk",
    says="a pair counts as lost only if its chunks are more than `n_before + 1` apart; the border is one too far",
)
def border_one_too_far(buckets, chunk_length, *, n_before=1):
    return _right(buckets, chunk_length, n_before + 1)


@exercise.mistake(
    why="the sequence is cut as it stands",
    says="the sequence is cut without being sorted first; chunks are cut from the order by bucket",
)
def cut_without_sorting(buckets, chunk_length, *, n_before=1):
    chunk = np.broadcast_to(np.arange(buckets.shape[-1]) // chunk_length, buckets.shape)
    return _share(*_lost(buckets, chunk_length, n_before, chunk))


@exercise.mistake(
    why="the order is taken for its inverse",
    says="the chunk of a position is read off the order; its place is in the inverse, `undo_sort(order)`",
)
def order_for_its_inverse(buckets, chunk_length, *, n_before=1):
    chunk = chunking.sort_by_bucket(buckets) // chunk_length
    return _share(*_lost(buckets, chunk_length, n_before, chunk))


@exercise.mistake(
    why="a share is taken of all there is",
    says="the lost pairs are divided by all L (L − 1) / 2 pairs; divide by those of one bucket",
)
def share_of_all_pairs(buckets, chunk_length, *, n_before=1):
    lost, _ = _lost(buckets, chunk_length, n_before)
    length = buckets.shape[-1]
    return np.sum(lost, axis=(-1, -2)) / max(length * (length - 1), 1)


@exercise.mistake(
    why="np.mean takes the whole table of pairs",
    says="the lost pairs are divided by all L² places of the table; divide by those of one bucket",
)
def share_of_the_table(buckets, chunk_length, *, n_before=1):
    return np.mean(_lost(buckets, chunk_length, n_before)[0], axis=(-1, -2))


@exercise.mistake(
    why="each token shares a bucket with itself",
    says="each token counts as a pair with itself; a pair has two positions, so the diagonal does not count",
)
def diagonal_counted(buckets, chunk_length, *, n_before=1):
    lost, together = _lost(buckets, chunk_length, n_before)
    return _share(lost, together | np.eye(buckets.shape[-1], dtype=bool))


@exercise.mistake(
    why="np.triu keeps the diagonal unless it is told k=1",
    says="each pair is counted once, and each token once with itself: `np.triu` keeps the diagonal, with `k=1` it does "
    "not",
)
def diagonal_of_the_triangle_counted(buckets, chunk_length, *, n_before=1):
    lost, together = _lost(buckets, chunk_length, n_before)
    return _share(np.triu(lost), np.triu(together | np.eye(buckets.shape[-1], dtype=bool)))


@exercise.mistake(
    why="the table of pairs holds each twice",
    says="a lost pair counts twice, and the pairs there are once: the share is twice as large",
)
def lost_pairs_twice(buckets, chunk_length, *, n_before=1):
    return 2 * _right(buckets, chunk_length, n_before)


@exercise.mistake(
    why="the table of pairs holds each twice",
    says="a lost pair counts once, and the pairs there are twice: the share is half as large",
)
def pairs_twice(buckets, chunk_length, *, n_before=1):
    return _right(buckets, chunk_length, n_before) / 2


@exercise.mistake(
    why="'how many pairs are lost' is a count",
    says="the number of lost pairs is returned; asked is their share",
)
def number_of_lost_pairs(buckets, chunk_length, *, n_before=1):
    return np.sum(_lost(buckets, chunk_length, n_before)[0], axis=(-1, -2)) / 2


@exercise.mistake(
    why="'how many pairs are lost' is a count, and the table holds each twice",
    says="the number of lost pairs is returned, each twice; asked is their share",
)
def number_of_lost_pairs_twice(buckets, chunk_length, *, n_before=1):
    return np.sum(_lost(buckets, chunk_length, n_before)[0], axis=(-1, -2))


@exercise.mistake(
    why="a share for each bucket is a natural step",
    says="the shares of the buckets are averaged, each bucket counting the same; each pair has to count the same",
)
def averaged_over_buckets(buckets, chunk_length, *, n_before=1):
    return _averaged_over_buckets(buckets, chunk_length, n_before, with_single=False)


@exercise.mistake(
    why="a share for each bucket is a natural step, and a bucket without pairs loses nothing",
    says="the shares of the buckets are averaged, those of a single token as 0; each pair has to count the same",
)
def averaged_over_all_buckets(buckets, chunk_length, *, n_before=1):
    return _averaged_over_buckets(buckets, chunk_length, n_before, with_single=True)


def _averaged_over_buckets(buckets, chunk_length, n_before, *, with_single):
    def of_row(row):
        lost, together = _lost(row, chunk_length, n_before)
        shares = []
        for bucket in np.unique(row):
            inside = row == bucket
            n_pairs = np.sum(together[inside])
            if n_pairs or with_single:
                shares.append(np.sum(lost[inside]) / max(n_pairs, 1))
        return np.mean(shares) if shares else 0.0

    return _by_row(buckets, of_row)


@exercise.mistake(
    why="a token that loses a partner is what one sees",
    says="the share of tokens that lose a partner is returned; asked is the share of pairs",
)
def share_of_tokens(buckets, chunk_length, *, n_before=1):
    return np.mean(np.any(_lost(buckets, chunk_length, n_before)[0], axis=-1), axis=-1)


@exercise.mistake(
    why="each token's own share is averaged",
    says="each token's share of lost partners is averaged over the tokens; each pair has to count the same",
)
def averaged_over_tokens(buckets, chunk_length, *, n_before=1):
    lost, together = _lost(buckets, chunk_length, n_before)
    return np.mean(np.sum(lost, axis=-1) / np.maximum(np.sum(together, axis=-1), 1), axis=-1)


@exercise.mistake(
    why="a bucket that spills is what one sees",
    says="the share of buckets is returned that reach too far; asked is the share of pairs",
)
def share_of_buckets(buckets, chunk_length, *, n_before=1):
    def of_row(row):
        lost, _ = _lost(row, chunk_length, n_before)
        return np.mean([np.any(lost[row == bucket]) for bucket in np.unique(row)])

    return _by_row(buckets, of_row)


@exercise.mistake(
    why="a distance in places seems finer than one in chunks",
    says="a pair counts as lost if its places are more than `n_before` times C apart; what counts is the chunks",
)
def distance_in_places(buckets, chunk_length, *, n_before=1):
    place = chunking.undo_sort(chunking.sort_by_bucket(buckets))
    together = _together(buckets)
    return _share(together & (_gap(place) > n_before * chunk_length), together)


@exercise.mistake(
    why="a window holds (n_before + 1) C places",
    says="a pair counts as lost if its places are (`n_before` + 1) C or more apart; what counts is the chunks",
)
def distance_in_places_of_a_window(buckets, chunk_length, *, n_before=1):
    place = chunking.undo_sort(chunking.sort_by_bucket(buckets))
    together = _together(buckets)
    return _share(together & (_gap(place) >= (n_before + 1) * chunk_length), together)


@exercise.mistake(
    why="every token has the same number of places to look at",
    says="each position reaches `n_before` times C places back from itself, or a window's length; it reaches to the "
    "beginning of a chunk",
)
def reach_less_one(buckets, chunk_length, *, n_before=1):
    place = chunking.undo_sort(chunking.sort_by_bucket(buckets))
    together = _together(buckets)
    return _share(together & (_gap(place) > (n_before + 1) * chunk_length), together)


@exercise.mistake(
    why="the row of chunks closes to a ring in `look_adjacent`",
    says="the first chunk and the last count as neighbours; the ring of `look_adjacent` plays no part here",
)
def on_a_ring(buckets, chunk_length, *, n_before=1):
    together, gap = _together(buckets), _gap(_chunk_of(buckets, chunk_length))
    n_chunks = -(-buckets.shape[-1] // chunk_length)
    return _share(together & (np.minimum(gap, n_chunks - gap) > n_before), together)


@exercise.mistake(
    why="pairs of different buckets are lost, too",
    says="all pairs are counted, of one bucket or not; asked are the pairs of one bucket",
)
def pairs_of_any_bucket(buckets, chunk_length, *, n_before=1):
    apart = _gap(_chunk_of(buckets, chunk_length)) > n_before
    length = buckets.shape[-1]
    return np.sum(apart, axis=(-1, -2)) / max(length * (length - 1), 1)


@exercise.mistake(
    why="a token and the next of its bucket are looked at",
    says="a token is compared with the next of its bucket only; a bucket of n tokens has n (n − 1) / 2 pairs",
)
def next_of_the_bucket_only(buckets, chunk_length, *, n_before=1):
    in_order = np.sort(buckets, axis=-1)
    chunk = np.arange(buckets.shape[-1]) // chunk_length
    same = in_order[..., 1:] == in_order[..., :-1]
    lost = same & (np.diff(chunk) > n_before)
    return np.sum(lost, axis=-1) / np.maximum(np.sum(same, axis=-1), 1)


@exercise.mistake(
    why="what does not fit into the window seems lost",
    says="a bucket loses what its size is above a window's (`n_before` + 1) C; it need not begin at the border of a "
    "chunk, and what is asked is pairs",
)
def size_above_a_window(buckets, chunk_length, *, n_before=1):
    def of_row(row):
        sizes = np.unique(row, return_counts=True)[1]
        return np.sum(np.maximum(sizes - (n_before + 1) * chunk_length, 0)) / len(row)

    return _by_row(buckets, of_row)


@exercise.mistake(
    why="each bucket is cut by itself",
    says="each bucket is cut into chunks of its own, from its first token on; the whole order is cut, so that a bucket "
    "may begin in the middle of a chunk",
)
def each_bucket_cut_by_itself(buckets, chunk_length, *, n_before=1):
    rank = np.sum(np.tril(_together(buckets)), axis=-1)
    return _share(*_lost(buckets, chunk_length, n_before, rank // chunk_length))


@exercise.mistake(
    why="one chunk back is what the paper does",
    says="every chunk looks one back, whatever `n_before` says",
)
def always_one_back(buckets, chunk_length, *, n_before=1):
    return _right(buckets, chunk_length, 1)


@exercise.mistake(
    why="the own chunk comes to mind first",
    says="a pair counts as lost as soon as its chunks differ, whatever `n_before` says",
)
def n_before_plays_no_part(buckets, chunk_length, *, n_before=1):
    return _right(buckets, chunk_length, 0)


@exercise.mistake(
    why="0 / 0 is not thought of",
    says="0 is divided by 0 where no two tokens share a bucket; the share is 0 there",
)
def not_a_number_without_pairs(buckets, chunk_length, *, n_before=1):
    return _share(*_lost(buckets, chunk_length, n_before), nothing=np.nan)


@exercise.mistake(
    why="0 / 0 is an error in Python",
    says="0 is divided by 0 where no two tokens share a bucket, which is an error in Python; the share is 0 there",
)
def division_by_zero(buckets, chunk_length, *, n_before=1):
    def of_row(row):
        lost, together = _lost(row, chunk_length, n_before)
        return int(np.sum(lost)) / int(np.sum(together))

    return _by_row(buckets, of_row)


@exercise.mistake(
    why="no pair is kept where there is none",
    says="1 is returned where no two tokens share a bucket; nothing is lost there, so the share is 0",
)
def one_without_pairs(buckets, chunk_length, *, n_before=1):
    return _share(*_lost(buckets, chunk_length, n_before), nothing=1.0)


@exercise.mistake(
    why="np.sum without an axis adds up everything",
    says="all sequences of a batch are counted together, and one number returned; each has a share of its own",
)
def pooled_over_the_batch(buckets, chunk_length, *, n_before=1):
    lost, together = _lost(buckets, chunk_length, n_before)
    return np.sum(lost) / max(np.sum(together), 1)


@exercise.mistake(
    why="np.mean without an axis averages everything",
    says="the shares of a batch are averaged to one number; each sequence has a share of its own",
)
def averaged_over_the_batch(buckets, chunk_length, *, n_before=1):
    return np.mean(_right(buckets, chunk_length, n_before))


@exercise.mistake(
    why="the batch is flattened, and comes back as a list",
    says="the shares of a batch come in one row; they have the shape of the batch",
)
def a_list_without_its_batch(buckets, chunk_length, *, n_before=1):
    share = _right(buckets, chunk_length, n_before)
    return np.ravel(share) if buckets.ndim > 1 else share


@exercise.mistake(
    why="the batch is flattened, and its sequences taken for one",
    says="the sequences of a batch are put into one row, sorted and cut together; each stands by itself",
)
def sequences_joined(buckets, chunk_length, *, n_before=1):
    return _right(buckets.reshape(-1), chunk_length, n_before)


@exercise.mistake(
    why="the shape is taken for that of one sequence",
    says="the function is made for a single sequence; of a batch it has to give one share for each",
)
def a_single_sequence_only(buckets, chunk_length, *, n_before=1):
    (length,) = buckets.shape
    return _right(buckets, chunk_length, n_before)


@exercise.mistake(
    why="loops over range(len(buckets)) compare whole rows",
    says="the function is made for a single sequence: a comparison of two rows of a batch is an array, neither true "
    "nor false",
)
def loops_over_one_sequence(buckets, chunk_length, *, n_before=1):
    chunk = [0] * len(buckets)
    for place, position in enumerate(sorted(range(len(buckets)), key=lambda position: buckets[position])):
        chunk[position] = place // chunk_length
    pairs = [(i, j) for j in range(len(buckets)) for i in range(j) if buckets[i] == buckets[j]]
    return sum(abs(chunk[i] - chunk[j]) > n_before for i, j in pairs) / max(len(pairs), 1)


@exercise.mistake(
    why="shares are often given in percent",
    says="the share is in percent; asked is a number from 0 to 1",
)
def in_percent(buckets, chunk_length, *, n_before=1):
    return 100 * _right(buckets, chunk_length, n_before)


@exercise.mistake(
    why="the lost pairs are compared with those that are kept",
    says="the lost pairs are divided by those that are kept; divide by all of one bucket",
)
def lost_over_kept(buckets, chunk_length, *, n_before=1):
    lost, together = _lost(buckets, chunk_length, n_before)
    return _share(lost, together & ~lost)


@exercise.mistake(
    why="the order of a single row is taken for the batch",
    says="the sort runs along the first axis; with a batch that is the sequences, and the positions are the last",
)
def sorted_along_first_axis(buckets, chunk_length, *, n_before=1):
    order = np.argsort(buckets, axis=0, kind="stable")
    chunk = np.argsort(order, axis=0, kind="stable") // chunk_length
    return _share(*_lost(buckets, chunk_length, n_before, chunk))


@exercise.mistake(
    why="the table of who is apart is averaged as it is",
    says="all places of the table are counted, of one bucket or not; asked are the pairs of one bucket",
)
def table_of_any_bucket(buckets, chunk_length, *, n_before=1):
    return np.mean(_gap(_chunk_of(buckets, chunk_length)) > n_before, axis=(-1, -2))


@exercise.mistake(
    why="len(buckets) is L without a batch",
    says="`len(buckets)` is taken off the diagonal; of a batch that is the number of sequences, not L",
)
def length_of_first_axis(buckets, chunk_length, *, n_before=1):
    lost, together = _lost(buckets, chunk_length, n_before)
    n_pairs = np.sum(together, axis=(-1, -2)) + buckets.shape[-1] - len(buckets)
    return np.sum(lost, axis=(-1, -2)) / np.maximum(n_pairs, 1)


@exercise.mistake(
    why="a chunk looks back, so the earlier one does not see the later",
    says="a pair counts as lost from the side of the earlier chunk, too, which does not look ahead; it is enough that "
    "one of the two sees the other",
)
def seen_from_both_sides(buckets, chunk_length, *, n_before=1):
    together, chunk = _together(buckets), _chunk_of(buckets, chunk_length)
    ahead = chunk[..., :, np.newaxis] - chunk[..., np.newaxis, :]
    return _share(together & ((ahead > n_before) | (ahead < 0)), together)


@exercise.mistake(
    why="the first chunk that is not seen comes to mind",
    says="only pairs that are exactly `n_before + 1` chunks apart count as lost; those farther apart are lost, too",
)
def just_out_of_reach(buckets, chunk_length, *, n_before=1):
    together = _together(buckets)
    return _share(together & (_gap(_chunk_of(buckets, chunk_length)) == n_before + 1), together)


@exercise.mistake(
    why="the table is averaged over all that share a bucket",
    says="the share that is kept is returned, and each token counts as a pair with itself",
)
def kept_with_the_diagonal(buckets, chunk_length, *, n_before=1):
    lost, together = _lost(buckets, chunk_length, n_before)
    same = together | np.eye(buckets.shape[-1], dtype=bool)
    return np.sum(same & ~lost, axis=(-1, -2)) / np.sum(same, axis=(-1, -2))


@exercise.mistake(
    why="a border that cuts a bucket is what one sees",
    says="neighbours in the order are counted that a border parts; asked are all pairs of a bucket that are too far "
    "apart",
)
def neighbours_that_a_border_parts(buckets, chunk_length, *, n_before=1):
    in_order = np.sort(buckets, axis=-1)
    same = in_order[..., 1:] == in_order[..., :-1]
    lost = same & (np.diff(np.arange(buckets.shape[-1]) // chunk_length) > 0)
    return np.sum(lost, axis=-1) / np.maximum(np.sum(same, axis=-1), 1)


@exercise.mistake(
    why="`//` looks like a division",
    says="the division is a whole one, `//`, which leaves 0 of every share; `/` gives the share",
)
def whole_division(buckets, chunk_length, *, n_before=1):
    return np.floor(_right(buckets, chunk_length, n_before)).astype(int)


@exercise.mistake(
    why="a sort may ascend or descend",
    says="the highest bucket comes first in the order, so that the chunks have other borders; the lowest comes first",
)
def highest_bucket_first(buckets, chunk_length, *, n_before=1):
    return _right(buckets.max().astype(np.int64) - buckets, chunk_length, n_before)


@exercise.mistake(
    why="the look-back is taken for a number of chunks in all",
    says="`n_before` is read as the number of chunks in the window, its own included, so that 1 is no look-back",
)
def own_chunk_among_those_before(buckets, chunk_length, *, n_before=1):
    return _right(buckets, chunk_length, max(n_before - 1, 0))


def _by_row(buckets, of_row):
    """The number of each row, in the shape of the batch."""
    if buckets.ndim == 1:
        return of_row(buckets)
    return np.reshape([of_row(row) for row in buckets.reshape(-1, buckets.shape[-1])], buckets.shape[:-1])
