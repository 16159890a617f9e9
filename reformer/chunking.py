"""Sort a sequence by bucket and cut it into chunks, so that neighbours by content become neighbours by place (unit 04).

Everything here is done to position numbers, never to the vectors themselves: an order is an array of positions, a
chunk is a row of it, and `lsh_attention` (unit 05) fetches the vectors once, at the end. A place that holds no
position, in the last chunk or before the first, holds `NOBODY`. To fetch by an order is what the field calls a gather,
to write back by it a scatter.

Letters: L positions, R hash rounds, C chunk length, n chunks.
Source: Kitaev, Kaiser, Levskaya, "Reformer: The Efficient Transformer" (2020), section 2, "LSH attention", figure 2.
"""

import math

import numpy as np

from reformer.arguments import require_chance, require_choice, require_count, require_integers

NOBODY = -1
WRAPS = ("global", "round", "none")
MOST_PLACES = 2**29  # in a result: 4 GiB. Who asks for more has mistaken a number


def sort_by_bucket(buckets):
    """Order the positions of a sequence by bucket, and within a bucket by position.

    Parameters
    ----------
    buckets : (..., L) integer array, bucket of each position, at least 0

    Returns
    -------
    order : (..., L) intp array; `order[..., i]` is the position that comes i-th

    Raises ValueError if `buckets` is not an integer array of at least one axis, or a bucket is negative.
    Source: Reformer, section 2, "LSH attention": "sort the queries by bucket number and, within each bucket, by
    sequence position".
    """
    return np.argsort(require_integers("buckets", buckets, "... L"), axis=-1, kind="stable")


def undo_sort(order):
    """Find where each position went: the inverse of a permutation.

    With `undo = undo_sort(order)`, `sorted_values[undo]` is in the original order again: what a gather by `order` has
    moved, a gather by `undo` (or a scatter by `order`) brings back.

    Parameters
    ----------
    order : (..., L) integer array, each row a permutation of 0 .. L - 1

    Returns
    -------
    undo : (..., L) intp array; `undo[..., order[..., i]]` is i

    Raises ValueError if a row is not a permutation.
    Source: Hugging Face writes each place where it belongs, as here; Trax sorts the order once more.
    """
    order = require_integers("order", order, "... L")
    order = require_integers("order", order, "... L", below=order.shape[-1])
    undo = np.full(order.shape, NOBODY, dtype=np.intp)
    places = np.broadcast_to(np.arange(order.shape[-1]), order.shape)
    np.put_along_axis(undo, order, places, axis=-1)
    if np.any(undo == NOBODY):
        raise ValueError("order needs every position exactly once in each row, got a row with repeats")
    return undo


def split_into_chunks(order, chunk_length):
    """Cut a sequence into chunks of equal length; places left over in the last one hold `NOBODY` (-1).

    Parameters
    ----------
    order : (..., L) integer array, such as the positions in sorted order
    chunk_length : C, at least 1; L need not be a multiple of it, and may be less: then there is one chunk

    Returns
    -------
    chunks : (..., n, C) integer array with n = L / C, rounded up; of the dtype of `order`, or intp for an unsigned one

    Raises ValueError if `order` is not an integer array, or `chunk_length` is below 1 or asks for more than
    `MOST_PLACES` places.
    Source: Reformer, section 2, figure 2 c; the published code needs L to be a multiple of C.
    """
    order = require_integers("order", order, "... L", low=NOBODY)
    chunk_length = require_count("chunk_length", chunk_length)
    *batch, n_positions = order.shape
    n_chunks = -(-n_positions // chunk_length)
    _require_room("chunk_length", chunk_length, (*batch, n_chunks, chunk_length))
    padded = np.full((*batch, n_chunks * chunk_length), NOBODY, dtype=order.dtype)
    padded[..., :n_positions] = order
    return padded.reshape(*batch, n_chunks, chunk_length)


def look_adjacent(chunks, *, n_before=1, n_after=0, wrap="global"):
    """Give each chunk the positions it may look at: those of the chunks before it, its own, those after it.

    What does the first chunk see before it? `wrap` decides. "none": nobody. "round": the last chunk of its own
    round. "global": the last chunk of the round before (the first round sees the last), as if all rounds stood in
    one long row; that is what the published code does. The other end works the same way. With "round" and "global" the
    row is a ring: more steps than it has chunks go round it again, and a chunk stands in its window several times.

    Parameters
    ----------
    chunks : (..., R, n, C) integer array; for "round" and "none" (..., n, C) is enough
    n_before, n_after : number of chunks to look at on each side, at least 0; more than there are is allowed
    wrap : "global", "round" or "none"

    Returns
    -------
    windows : (..., R, n, W) integer array with W = (n_before + 1 + n_after) C, from the earliest chunk to the latest

    Raises ValueError if `chunks` has too few axes or an empty one of these or is not of integers, a number is negative,
    `wrap` is unknown, or the windows would have more than `MOST_PLACES` places in all.
    Source: Reformer, section 2: chunks attend "to themselves and one chunk back"; wrap: Trax `look_adjacent`.
    """
    require_choice("wrap", wrap, WRAPS)
    axes = "... R+ n+ C+" if wrap == "global" else "... n+ C+"
    chunks = require_integers("chunks", chunks, axes, low=NOBODY)
    n_before = require_count("n_before", n_before, at_least=0)
    n_after = require_count("n_after", n_after, at_least=0)
    *batch, n_chunks, chunk_length = chunks.shape
    windows_shape = (*batch, n_chunks, (n_before + 1 + n_after) * chunk_length)
    _require_room("n_before" if n_before >= n_after else "n_after", max(n_before, n_after), windows_shape)
    if wrap == "global":
        n_chunks *= batch.pop()
    row = chunks.reshape(*batch, n_chunks, chunk_length)
    seen = np.arange(n_chunks)[:, np.newaxis] + np.arange(-n_before, n_after + 1)
    windows = np.take(row, seen % n_chunks, axis=-2)
    if wrap == "none":
        windows[..., (seen < 0) | (seen >= n_chunks), :] = NOBODY
    return windows.reshape(windows_shape)


def share_of_pairs_lost(buckets, chunk_length, *, n_before=1):
    """Measure spill: the share of same-bucket pairs that chunks separate.

    A pair of positions in one bucket is lost if their chunks are more than `n_before` apart in the sorted order. It
    does not matter whether the later position looks back or both look at each other: a pair counts once.

    Parameters
    ----------
    buckets : (..., L) integer array, bucket of each position, at least 0
    chunk_length : C, at least 1
    n_before : number of chunks a position looks back, at least 0

    Returns
    -------
    share : (...) float64 array, 0 .. 1; 0 where no two positions share a bucket

    Raises ValueError if `buckets` is not an integer array, a bucket is negative, or a number is out of range.
    Source: Reformer, section 2, which assumes that buckets rarely outgrow two chunks; lesson 04 tests when they do.
    """
    buckets = require_integers("buckets", buckets, "... L")
    place = np.arange(buckets.shape[-1])
    # More than there are positions is no more, and fits into an integer.
    chunk_length = min(require_count("chunk_length", chunk_length), place.size + 1)
    n_before = min(require_count("n_before", n_before, at_least=0), place.size)
    # In the sorted order a bucket is one run, so what a position can reach is a stretch of it.
    in_order = np.sort(buckets, axis=-1)
    is_start = np.diff(in_order, axis=-1, prepend=in_order[..., :1]) != 0
    run_start = np.maximum.accumulate(np.where(is_start, place, 0), axis=-1)
    first_reached = (place // chunk_length - n_before) * chunk_length
    n_pairs = np.sum(place - run_start, axis=-1)
    n_lost = np.sum(np.maximum(first_reached - run_start, 0), axis=-1)
    return n_lost / np.maximum(n_pairs, 1)


def cheapest_chunks(buckets, allowed_loss, chunk_lengths, look_backs):
    """Choose chunk length and look-back so that few enough same-bucket pairs are lost, at the fewest places.

    A place is a key that a position attends to, hidden or not: a window of b chunks of C before and the own one has
    C (b + 1) of them. The loss is the mean over the hash rounds of `share_of_pairs_lost`. A chunk that is cut short
    or longer than the sequence counts whole.

    Parameters
    ----------
    buckets : (L) or (R, L) integer array, at least 0, and R at least 1
    allowed_loss : largest mean share of lost pairs, 0 .. 1; a loss of just as much is allowed
    chunk_lengths : the C to choose from, each at least 1, in any order
    look_backs : the b to choose from, each at least 0, in any order

    Returns
    -------
    choice : (C, b) as ints; of pairs with equally many places the one of smaller C. None where every pair loses more

    Raises ValueError if `buckets` has other axes or is not an integer array of numbers of at least 0, `allowed_loss` is
    out of range, or there is nothing to choose from or a number in it is out of range.
    Source: our own; the paper takes C twice the even share of a bucket, and b = 1 (section 2).
    """
    axes = "L" if np.ndim(buckets) < 2 else "R+ L"
    buckets = require_integers("buckets", buckets, axes)
    allowed_loss = require_chance("allowed_loss", allowed_loss)
    chunk_lengths = _require_counts("chunk_lengths", chunk_lengths, at_least=1)
    look_backs = _require_counts("look_backs", look_backs, at_least=0)
    cheapest_first = sorted((C * (b + 1), C, b) for C in chunk_lengths for b in look_backs)
    for _, chunk_length, n_before in cheapest_first:
        if np.mean(share_of_pairs_lost(buckets, chunk_length, n_before=n_before)) <= allowed_loss:
            return chunk_length, n_before
    return None


def _require_counts(name, values, *, at_least):
    """Return a sequence of whole numbers as a list of ints; it may not be empty."""
    if np.ndim(values) != 1 or len(values) == 0:
        raise ValueError(f"{name} needs a list of at least one whole number, got {values!r}")
    return [require_count(name, value, at_least=at_least) for value in values]


def _require_room(name, value, shape):
    """Refuse a number that asks for a result so large that it must be a mistake."""
    n_places = math.prod(shape)
    if n_places > MOST_PLACES:
        raise ValueError(f"{name} needs a result of at most {MOST_PLACES} places, got {value}: {n_places} places")


def stretches(length, size):
    """Slices that cover 0 .. length - 1 in order, each of at most `size` positions; None means all at once.

    Raises ValueError if `size` is below 1.
    """
    size = max(length, 1) if size is None else require_count("the size of a stretch", size)
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]
