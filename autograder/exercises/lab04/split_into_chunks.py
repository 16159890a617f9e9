"""Lab 04, `split_into_chunks(order, chunk_length)`: rows of C places, the last one filled up with -1.

order (..., L), integers, chunk_length C -> chunks, integers (..., n, C), n = L / C rounded up. C may be above L.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import chunking
from reformer.loops import chunking as twins

exercise = Exercise(chunking.split_into_chunks, twins.split_into_chunks, axes=("chunk", "place"))


def drawn(*batch, L, C, dtype=np.int64):
    def make(rng):
        order = rng.permuted(np.broadcast_to(np.arange(L), (*batch, L)), axis=-1)
        return call(order.astype(dtype), C)

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("six tokens in chunks of four")
def _(rng):
    return call(np.array([1, 3, 2, 5, 0, 4]), 4)


exercise.case("six tokens in chunks of three: no place is left over", drawn(L=6, C=3))
exercise.case("six tokens in chunks of two", drawn(L=6, C=2))
exercise.case("ten tokens in chunks of four", drawn(L=10, C=4))
exercise.case("nine tokens in chunks of three", drawn(L=9, C=3))
exercise.case("three tokens in a chunk of five", drawn(L=3, C=5))
exercise.case("as many places as tokens", drawn(L=4, C=4))
exercise.case("chunks of one token", drawn(L=3, C=1))
exercise.case("seven tokens in chunks of six", drawn(L=7, C=6))
exercise.case("two sequences at once, two places left over", drawn(2, L=6, C=4))
exercise.case("four sequences of four tokens, in chunks of three", drawn(4, L=4, C=3))
exercise.case("three hash rounds of two sequences, in int32", drawn(2, 3, L=8, C=3, dtype=np.int32))
exercise.case("three hundred tokens in chunks of seven", drawn(L=300, C=7))
exercise.case("one sequence in a batch, with one token", lambda rng: call(np.array([[0]]), 2))


@exercise.property("joined again, the chunks are the order, and -1 behind it", lambda rng: [drawn(2, L=11, C=4)(rng)])
def _(calls, answers):
    order, _ = calls[0].args
    flat = np.asarray(answers[0]).reshape(2, 12)
    return flat == np.concatenate([order, [[-1], [-1]]], axis=-1)


exercise.case("a batch of sequences with heads and rounds", drawn(2, 2, 3, L=23, C=5), points=2, hidden=True)
exercise.case("two sequences that are shorter than a chunk", drawn(2, L=5, C=9), hidden=True)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_padding(order, chunk_length):
    missing = -order.shape[-1] % chunk_length
    widths = [(0, 0)] * (order.ndim - 1) + [(0, missing)]
    padded = np.pad(order, widths, constant_values=-1)
    return padded.reshape(*order.shape[:-1], -1, chunk_length)


@exercise.solution
def by_joining(order, chunk_length):
    missing = -order.shape[-1] % chunk_length
    nobody = np.full((*order.shape[:-1], missing), -1)
    joined = np.concatenate([order, nobody], axis=-1)
    return np.stack([joined[..., i : i + chunk_length] for i in range(0, joined.shape[-1], chunk_length)], axis=-2)


@exercise.solution
def by_counting_places(order, chunk_length):
    length = order.shape[-1]
    places = np.arange(chunk_length * (1 + (length - 1) // chunk_length)).reshape(-1, chunk_length)
    return np.where(places < length, order[..., np.minimum(places, length - 1)], -1)


# --- mistakes ---------------------------------------------------------------------------------------------------


def _filled(order, n_places, filler=-1):
    """The order with `filler` behind it, n_places in all."""
    filled = np.full((*order.shape[:-1], n_places), filler)
    filled[..., : order.shape[-1]] = order
    return filled


def _rounded_up(order, chunk_length):
    return -(-order.shape[-1] // chunk_length) * chunk_length


def _cut(order, chunk_length):
    return order.reshape(*order.shape[:-1], -1, chunk_length)


@exercise.mistake(
    why="L // C is the number of whole chunks",
    says="the last chunk is dropped where it is not full; its tokens would be seen by nobody",
)
def last_chunk_dropped(order, chunk_length):
    n_whole = order.shape[-1] // chunk_length
    return order[..., : n_whole * chunk_length].reshape(*order.shape[:-1], n_whole, chunk_length)


@exercise.mistake(
    why="the published code needs L to be a multiple of C",
    says="the order is reshaped as it is, which works only where no place is left over; fill it up with -1 first",
)
def reshaped_as_it_is(order, chunk_length):
    return order.reshape(*order.shape[:-1], -1, chunk_length)


@exercise.mistake(
    why="the published code needs L to be a multiple of C, and the number of chunks is L // C",
    says="the order is reshaped to L // C chunks, which works only where no place is left over; fill it up with -1 "
    "first",
)
def reshaped_to_whole_chunks(order, chunk_length):
    n_chunks = order.shape[-1] // chunk_length
    return order.reshape(*order.shape[:-1], n_chunks, chunk_length)


@exercise.mistake(
    why="np.zeros and np.pad fill with zeros",
    says="empty places hold 0, which is a position; they hold -1",
)
def filled_with_zeros(order, chunk_length):
    return _cut(_filled(order, _rounded_up(order, chunk_length), 0), chunk_length)


@exercise.mistake(
    why="L is the first number that is no position",
    says="empty places hold L; they hold -1",
)
def filled_with_length(order, chunk_length):
    return _cut(_filled(order, _rounded_up(order, chunk_length), order.shape[-1]), chunk_length)


@exercise.mistake(
    why="np.pad repeats an edge, and a clipped index does, too",
    says="empty places repeat the last token; they hold -1",
)
def filled_with_the_last(order, chunk_length):
    places = np.minimum(np.arange(_rounded_up(order, chunk_length)), order.shape[-1] - 1)
    return _cut(order[..., places], chunk_length)


@exercise.mistake(
    why="np.resize starts again from the front",
    says="empty places repeat the first tokens; they hold -1",
)
def filled_from_the_front(order, chunk_length):
    places = np.arange(_rounded_up(order, chunk_length)) % order.shape[-1]
    return _cut(order[..., places], chunk_length)


@exercise.mistake(
    why="a last chunk of full length is taken from the end",
    says="the last chunk is taken from the end of the order, so that some tokens stand in two chunks; it holds what is "
    "left, and -1",
)
def last_chunk_overlaps(order, chunk_length):
    n_places, length = _rounded_up(order, chunk_length), order.shape[-1]
    places = np.arange(n_places)
    in_last = places >= n_places - chunk_length
    places = np.where(in_last, np.maximum(places - (n_places - length), 0), places)
    return _cut(order[..., places], chunk_length)


@exercise.mistake(
    why="numbers are often filled up in front",
    says="the empty places stand in front, in the first chunk; they belong to the end of the last",
)
def filled_in_front(order, chunk_length):
    flipped = _filled(order[..., ::-1], _rounded_up(order, chunk_length))
    return _cut(flipped[..., ::-1], chunk_length)


@exercise.mistake(
    why="the last chunk is filled from its end",
    says="in the last chunk the empty places come first; they come last",
)
def last_chunk_at_its_end(order, chunk_length):
    chunks = chunking.split_into_chunks(order, chunk_length)
    missing = _rounded_up(order, chunk_length) - order.shape[-1]
    chunks[..., -1, :] = np.roll(chunks[..., -1, :], missing, axis=-1)
    return chunks


@exercise.mistake(
    why="the two numbers are easily taken for each other",
    says="there are C chunks, instead of chunks of C places",
)
def number_taken_for_length(order, chunk_length):
    n_places = _rounded_up(order, chunk_length)
    return _filled(order, n_places).reshape(*order.shape[:-1], chunk_length, -1)


@exercise.mistake(
    why="the axes come in the wrong order out of a reshape",
    says="the places of a chunk are the last axis but one, and the chunks the last: the two change places",
)
def transposed(order, chunk_length):
    return np.swapaxes(chunking.split_into_chunks(order, chunk_length), -1, -2)


@exercise.mistake(
    why="dealing cards shares them out, too",
    says="the tokens are dealt out like cards, every n-th into one chunk; a chunk is a run of neighbours",
)
def dealt_out(order, chunk_length):
    filled = _filled(order, _rounded_up(order, chunk_length))
    return np.swapaxes(filled.reshape(*order.shape[:-1], chunk_length, -1), -1, -2)


@exercise.mistake(
    why="// C + 1 looks like rounding up",
    says="there is an empty chunk behind the last where no place is left over: round up by `-(-L // C)`",
)
def one_chunk_too_many(order, chunk_length):
    n_places = (order.shape[-1] // chunk_length + 1) * chunk_length
    return _cut(_filled(order, n_places), chunk_length)


@exercise.mistake(
    why="L % C tokens are left over, which is not what is missing",
    says="as many places are filled as tokens are left over, L % C; it takes -L % C more to make the last chunk full",
)
def filled_by_the_rest(order, chunk_length):
    n_places = order.shape[-1] + order.shape[-1] % chunk_length
    return _cut(_filled(order, n_places), chunk_length)


@exercise.mistake(
    why="a chunk is thought to be no longer than the sequence",
    says="a C above L is cut down to L; there is one chunk of C places then, filled up with -1",
)
def no_longer_than_the_sequence(order, chunk_length):
    return chunking.split_into_chunks(order, min(chunk_length, order.shape[-1]))


@exercise.mistake(
    why="np.array_split makes parts of nearly equal size",
    says="all chunks are made nearly equally full; all are full but the last",
)
def shared_out_evenly(order, chunk_length):
    n_chunks = -(-order.shape[-1] // chunk_length)
    parts = np.array_split(order, n_chunks, axis=-1)
    return np.stack([_filled(part, chunk_length) for part in parts], axis=-2)


@exercise.mistake(
    why="slices of C are the natural cut",
    says="the last chunk is left shorter, and there is no array of rows of different lengths; fill it up with -1",
)
def rows_of_different_lengths(order, chunk_length):
    length = order.shape[-1]
    return [order[..., i : i + chunk_length].tolist() for i in range(0, length, chunk_length)]


@exercise.mistake(
    why="slices of C are joined by np.stack or np.array",
    says="the last chunk is left shorter, so that the chunks cannot be stacked; fill it up with -1",
)
def stacked_though_shorter(order, chunk_length):
    parts = [order[..., i : i + chunk_length] for i in range(0, order.shape[-1], chunk_length)]
    return np.stack(parts, axis=-2)


@exercise.mistake(
    why="without a batch the first axis is the positions",
    says="the first axis is cut; with a batch that is the sequences, and the positions are the last",
)
def split_on_first_axis(order, chunk_length):
    moved = np.moveaxis(order, 0, -1)
    return np.moveaxis(chunking.split_into_chunks(moved, chunk_length), (-2, -1), (0, 1))


@exercise.mistake(
    why="len(order) is the number of positions of one sequence",
    says="`len(order)` is taken for L; of a batch it is the number of sequences: L is `order.shape[-1]`",
)
def length_of_first_axis(order, chunk_length):
    n_chunks = -(-len(order) // chunk_length)
    filled = np.full(n_chunks * chunk_length, -1)
    filled[: len(order)] = order
    return filled.reshape(n_chunks, chunk_length)


@exercise.mistake(
    why="a single row is cut, as for one sequence",
    says="all sequences are put into one row before they are cut, so that a chunk can hold two of them",
)
def sequences_joined(order, chunk_length):
    return chunking.split_into_chunks(order.reshape(-1), chunk_length)


@exercise.mistake(
    why="np.pad with a single pair of widths fills every axis",
    says="`np.pad` fills every axis, sequences too; give it a pair of widths for each: (0, 0) but for the last",
)
def filled_on_every_axis(order, chunk_length):
    padded = np.pad(order, (0, -order.shape[-1] % chunk_length), constant_values=-1)
    return padded.reshape(*padded.shape[:-1], -1, chunk_length)


@exercise.mistake(
    why="reshape(-1, C) is enough without a batch",
    says="the chunks of all sequences stand in one row: keep the batch axes, `reshape(*order.shape[:-1], -1, C)`",
)
def batch_lost(order, chunk_length):
    return _filled(order, _rounded_up(order, chunk_length)).reshape(-1, chunk_length)


@exercise.mistake(
    why="chunks seem to be sets",
    says="the positions of a chunk are sorted; they stay in the order of the buckets",
)
def chunks_sorted(order, chunk_length):
    return np.sort(chunking.split_into_chunks(order, chunk_length), axis=-1)


@exercise.mistake(
    why="the sequence is cut as it stands",
    says="the positions 0, 1, 2, … are cut, instead of the order that is given",
)
def positions_for_order(order, chunk_length):
    positions = np.broadcast_to(np.arange(order.shape[-1]), order.shape)
    return chunking.split_into_chunks(positions, chunk_length)


@exercise.mistake(
    why="NaN is the usual mark of a missing number",
    says="empty places hold NaN, which makes floats of all positions; they hold -1",
)
def filled_with_nan(order, chunk_length):
    return _cut(np.where(_filled(order, _rounded_up(order, chunk_length)) < 0, np.nan, 0) + 0, chunk_length) + _cut(
        _filled(order, _rounded_up(order, chunk_length)), chunk_length
    )


@exercise.mistake(
    why="np.array_split makes parts of nearly equal size",
    says="`np.array_split` makes chunks of nearly equal length; all have C places, and the last is filled up with -1",
)
def parts_of_array_split(order, chunk_length):
    return np.array_split(order, -(-order.shape[-1] // chunk_length), axis=-1)


@exercise.mistake(
    why="round makes a whole number of L / C",
    says="the number of chunks is rounded to the nearest; it is rounded up, or the last tokens fall off",
)
def number_rounded_to_the_nearest(order, chunk_length):
    n_places = max(1, round(order.shape[-1] / chunk_length)) * chunk_length
    return _cut(_filled(order[..., :n_places], max(n_places, 0)), chunk_length)


@exercise.mistake(
    why="np.full(m, -1) is the filler of one sequence",
    says="the filler has no batch axes, so that a batch cannot be joined with it: `np.full((*batch, m), -1)`",
)
def filler_without_batch(order, chunk_length):
    missing = -order.shape[-1] % chunk_length
    return _cut(np.concatenate([order, np.full(missing, -1)], axis=-1), chunk_length)


@exercise.mistake(
    why="np.append flattens",
    says="`np.append` flattens a batch, and all sequences are cut as one row",
)
def flattened_by_append(order, chunk_length):
    return np.append(order, [-1] * (-order.size % chunk_length)).reshape(-1, chunk_length)


@exercise.mistake(
    why="a window slides by one in most codes",
    says="the chunks overlap: each begins one place after the one before; they begin C places apart",
)
def sliding_windows(order, chunk_length):
    starts = range(order.shape[-1] - chunk_length + 1)
    return np.stack([order[..., start : start + chunk_length] for start in starts], axis=-2)


@exercise.mistake(
    why="the chunks are stacked in front of the batch",
    says="the chunks stand in front of the batch; their axis is the last but one",
)
def chunks_in_front_of_the_batch(order, chunk_length):
    return np.moveaxis(chunking.split_into_chunks(order, chunk_length), -2, 0)
