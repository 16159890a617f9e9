"""Lab 04, `look_adjacent(chunks, *, n_before=1, n_after=0)`: the places that each chunk may look at, as one row.

chunks (..., R, n, C), integers -> windows, integers (..., R, n, (n_before + 1 + n_after) C), the earliest chunk first.
The chunks of all rounds stand in one row that closes to a ring, round 0 first.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import chunking
from reformer.loops import chunking as twins

exercise = Exercise(chunking.look_adjacent, twins.look_adjacent, axes=("round", "chunk", "place"))


def drawn(*batch, R, n, C, **look):
    """Chunks that are all different, with -1 in the last places of each round, if there are as many as two."""

    def make(rng):
        length = n * C - (C > 1)
        order = rng.permuted(np.broadcast_to(np.arange(length), (*batch, R, length)), axis=-1)
        return call(chunking.split_into_chunks(order, C), **look)

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two rounds of two chunks of three")
def _(rng):
    return call(np.array([[[1, 3, 2], [5, 0, 4]], [[0, 2, 5], [4, 1, 3]]]))


@exercise.case("one round of three chunks of two: the first looks at the last")
def _(rng):
    return call(np.array([[[1, 3], [2, 5], [0, 4]]]))


@exercise.case("the same chunks look at themselves alone")
def _(rng):
    return call(np.array([[[1, 3], [2, 5], [0, 4]]]), n_before=0)


@exercise.case("the same chunks look ahead instead of back")
def _(rng):
    return call(np.array([[[1, 3], [2, 5], [0, 4]]]), n_before=0, n_after=1)


exercise.case("one round of four chunks, two back", drawn(R=1, n=4, C=2, n_before=2))
exercise.case("three rounds of three chunks, one back and two ahead", drawn(R=3, n=3, C=2, n_before=1, n_after=2))
exercise.case("two rounds of two chunks: three back is across a round", drawn(R=2, n=2, C=2, n_before=3))
exercise.case("three rounds of one chunk", drawn(R=3, n=1, C=3))
exercise.case("one round of two chunks, five back: round the ring again", drawn(R=1, n=2, C=2, n_before=5))
exercise.case("one chunk alone sees itself twice", drawn(R=1, n=1, C=3))
exercise.case("two sequences at once", drawn(2, R=2, n=3, C=2))
exercise.case("two sequences with three heads, one ahead", drawn(2, 3, R=2, n=2, C=2, n_after=1))


def _one_and_two_back(rng):
    chunks = drawn(2, R=2, n=3, C=2)(rng).args[0]
    return [call(chunks), call(chunks, n_before=2)]


@exercise.property("who looks two back sees last what who looks one back sees", _one_and_two_back)
def _(calls, answers):
    return np.asarray(answers[1])[..., 2:] == answers[0]


exercise.case(
    "a batch of sequences with heads, two back and one ahead",
    drawn(2, 2, R=3, n=4, C=3, n_before=2, n_after=1),
    points=2,
    hidden=True,
)
exercise.case("a batch, four back, which is more than a round has", drawn(2, R=2, n=3, C=2, n_before=4), hidden=True)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_rolling(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, chunk_length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, chunk_length)
    seen = [np.roll(row, step, axis=-2) for step in range(n_before, -n_after - 1, -1)]
    return np.concatenate(seen, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@exercise.solution
def by_rolling_places(chunks, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, chunk_length = chunks.shape
    flat = chunks.reshape(*batch, n_rounds * n_chunks * chunk_length)
    shape = (*batch, n_rounds, n_chunks, chunk_length)
    steps = range(-n_before, n_after + 1)
    return np.concatenate([np.roll(flat, -step * chunk_length, axis=-1).reshape(shape) for step in steps], axis=-1)


# --- mistakes ---------------------------------------------------------------------------------------------------


def _windows(chunks, steps, wrap="global"):
    """For each chunk those at `steps` from it, joined in that order."""
    parts = []
    for step in steps:
        look = {"n_before": max(-step, 0), "n_after": max(step, 0), "wrap": wrap}
        window = chunking.look_adjacent(chunks, **look)
        width = chunks.shape[-1]
        parts.append(window[..., :width] if step < 0 else window[..., -width:])
    return np.concatenate(parts, axis=-1)


def _steps(n_before, n_after):
    return range(-n_before, n_after + 1)


@exercise.mistake(
    why="the first chunk has no chunk before it",
    says="the ring is left open: the first chunk has nobody before it and gets -1; before it stands the last chunk of "
    "the last round",
)
def ring_left_open(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, chunk_length = chunks.shape
    row = chunks.reshape(*batch, 1, n_rounds * n_chunks, chunk_length)
    windows = chunking.look_adjacent(row, n_before=n_before, n_after=n_after, wrap="none")
    return windows.reshape(*batch, n_rounds, n_chunks, -1)


@exercise.mistake(
    why="each round seems to be a sequence of its own",
    says="the first chunk of each round gets -1 before it; before it stands the last chunk of the round before, and "
    "before round 0 that of the last round",
)
def rounds_left_open(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, _steps(n_before, n_after), wrap="none")


@exercise.mistake(
    why="np.roll along the chunks closes each round by itself",
    says="each round closes to a ring of its own; all rounds stand in one row, and that closes",
)
def a_ring_for_each_round(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, _steps(n_before, n_after), wrap="round")


@exercise.mistake(
    why="the sign of np.roll is easily the wrong one",
    says="the chunks look the wrong way: back for ahead, and ahead for back; `np.roll(…, 1)` brings the one before",
)
def looks_the_wrong_way(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, [-step for step in _steps(n_before, n_after)])


@exercise.mistake(
    why="the two options are easily taken for each other",
    says="`n_before` and `n_after` change places",
)
def before_and_after_swapped(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, _steps(n_after, n_before))


@exercise.mistake(
    why="the own chunk comes to mind first",
    says="the own chunk is joined first, and the others behind it; the window runs from the earliest chunk to the "
    "latest",
)
def own_chunk_first(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, [0, *(step for step in _steps(n_before, n_after) if step)])


@exercise.mistake(
    why="a loop over 1, 2, … meets the nearest first",
    says="the own chunk is joined first, then the nearest before it, then those farther away; the window runs from the "
    "earliest chunk to the latest",
)
def own_chunk_first_then_the_nearest(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, [0, *(-step for step in range(1, n_before + 1)), *range(1, n_after + 1)])


@exercise.mistake(
    why="a loop over 1, 2, … meets the nearest first",
    says="of the chunks before, the nearest is joined first; the window runs from the earliest to the latest",
)
def nearest_first(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, [*(-step for step in range(1, n_before + 1)), *range(n_after + 1)])


@exercise.mistake(
    why="the list of parts is built from the own chunk on",
    says="the window runs from the latest chunk to the earliest; it is the other way round",
)
def latest_first(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, list(_steps(n_before, n_after))[::-1])


@exercise.mistake(
    why="'look at those before' leaves the own chunk out",
    says="the own chunk is missing; a window holds it, too",
)
def own_chunk_missing(chunks, *, n_before=1, n_after=0):
    steps = [step for step in _steps(n_before, n_after) if step]
    return _windows(chunks, steps) if steps else chunks[..., :0]


@exercise.mistake(
    why="one chunk back is what the paper does",
    says="every chunk looks one back, whatever `n_before` says",
)
def always_one_back(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, _steps(1, n_after))


@exercise.mistake(
    why="one chunk back is all that the example has",
    says="every chunk looks one back and none ahead, whatever `n_before` and `n_after` say",
)
def one_back_and_none_ahead(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, _steps(1, 0))


@exercise.mistake(
    why="n_after is 0 in nearly every call",
    says="`n_after` plays no part: no chunk looks ahead",
)
def never_ahead(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, _steps(n_before, 0))


@exercise.mistake(
    why="range ends before its last number",
    says="the loop over the steps ends one too early: the latest chunk of the window is missing",
)
def last_step_missing(chunks, *, n_before=1, n_after=0):
    steps = list(_steps(n_before, n_after))[:-1]
    return _windows(chunks, steps) if steps else chunks[..., :0]


@exercise.mistake(
    why="range(1, n_before) ends before its last number",
    says="the farthest chunk before is missing: `range(n_before)` has no `n_before`",
)
def farthest_missing(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, _steps(max(n_before - 1, 0), n_after))


@exercise.mistake(
    why="the chunk n steps away is joined, and those between are forgotten",
    says="the chunks between are left out: with `n_before` 2 the window holds the second before and the one before",
)
def only_the_farthest(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, sorted({-n_before, 0, n_after}))


@exercise.mistake(
    why="np.roll without a reshape shifts the first axis it is told",
    says="the rounds are rolled instead of the chunks: a chunk sees its own place in the round before",
)
def rolled_along_rounds(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(chunks, -step, axis=-3) for step in _steps(n_before, n_after)], axis=-1)


@exercise.mistake(
    why="np.roll along the last axis moves places",
    says="the places within each chunk are rolled, so that a chunk sees itself twice; roll along the chunks",
)
def rolled_along_places(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(chunks, -step, axis=-1) for step in _steps(n_before, n_after)], axis=-1)


@exercise.mistake(
    why="np.roll without an axis rolls the flattened array",
    says="everything is rolled by one place, not by one chunk: `np.roll` without an axis takes the array as one row",
)
def rolled_by_one_place(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(chunks, -step) for step in _steps(n_before, n_after)], axis=-1)


@exercise.mistake(
    why="the axes are counted from the front",
    says="the first axis is rolled; with a batch that is the sequences, and chunks look at other sequences",
)
def rolled_along_first_axis(chunks, *, n_before=1, n_after=0):
    return np.concatenate([np.roll(chunks, -step, axis=0) for step in _steps(n_before, n_after)], axis=-1)


@exercise.mistake(
    why="reshape(-1, C) puts everything into one row",
    says="the sequences of a batch stand in one row with the rounds, so that a chunk looks into another sequence; each "
    "sequence is a ring of its own",
)
def sequences_in_one_ring(chunks, *, n_before=1, n_after=0):
    row = chunks.reshape(-1, *chunks.shape[-2:])
    return chunking.look_adjacent(row, n_before=n_before, n_after=n_after).reshape(*chunks.shape[:-1], -1)


@exercise.mistake(
    why="the row of all chunks is what was rolled",
    says="rounds and chunks stay one axis; the windows keep both, (..., R, n, …)",
)
def rounds_and_chunks_one_axis(chunks, *, n_before=1, n_after=0):
    windows = chunking.look_adjacent(chunks, n_before=n_before, n_after=n_after)
    return windows.reshape(*chunks.shape[:-3], -1, windows.shape[-1])


@exercise.mistake(
    why="np.stack puts the chunks of a window on an axis of their own",
    says="the chunks of a window are stacked on an axis of their own; they stand in one row, `axis=-1` in "
    "`np.concatenate`",
)
def chunks_of_a_window_stacked(chunks, *, n_before=1, n_after=0):
    windows = chunking.look_adjacent(chunks, n_before=n_before, n_after=n_after)
    return windows.reshape(*chunks.shape[:-1], -1, chunks.shape[-1])


@exercise.mistake(
    why="np.stack with axis=-1 and a reshape make the right shape",
    says="the chunks of a window are interleaved, place by place; they stand one behind the other",
)
def interleaved(chunks, *, n_before=1, n_after=0):
    windows = chunking.look_adjacent(chunks, n_before=n_before, n_after=n_after)
    apart = windows.reshape(*chunks.shape[:-1], -1, chunks.shape[-1])
    return np.swapaxes(apart, -1, -2).reshape(windows.shape)


@exercise.mistake(
    why="the chunks of a window are joined along the chunks",
    says="the chunks before are joined along the axis of the chunks, which makes more chunks; join along the last, "
    "`axis=-1`",
)
def joined_along_chunks(chunks, *, n_before=1, n_after=0):
    parts = [_windows(chunks, [step]) for step in _steps(n_before, n_after)]
    return np.concatenate(parts, axis=-2)


@exercise.mistake(
    why="np.concatenate joins along the first axis unless told otherwise",
    says="the parts are joined along the first axis; the places of a window stand on the last, `axis=-1`",
)
def joined_along_first_axis(chunks, *, n_before=1, n_after=0):
    return np.concatenate([_windows(chunks, [step]) for step in _steps(n_before, n_after)])


@exercise.mistake(
    why="an index below 0 or above the last is clipped",
    says="at the ends of the row the end itself is seen again; the row closes to a ring",
)
def clipped_at_the_ends(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, chunk_length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, chunk_length)
    seen = np.arange(n_rounds * n_chunks)[:, np.newaxis] + np.arange(-n_before, n_after + 1)
    windows = row[..., np.clip(seen, 0, n_rounds * n_chunks - 1), :]
    return windows.reshape(*batch, n_rounds, n_chunks, -1)


@exercise.mistake(
    why="zeros stand for nothing",
    says="the first chunk has zeros before it; before it stands the last chunk of the last round",
)
def zeros_before_the_first(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, chunk_length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, chunk_length)
    seen = np.arange(n_rounds * n_chunks)[:, np.newaxis] + np.arange(-n_before, n_after + 1)
    inside = (seen >= 0) & (seen < n_rounds * n_chunks)
    windows = np.where(inside[..., np.newaxis], row[..., seen % (n_rounds * n_chunks), :], 0)
    return windows.reshape(*batch, n_rounds, n_chunks, -1)


@exercise.mistake(
    why="a window is thought to have no chunk twice",
    says="no more steps are made than there are other chunks; more of them go round the ring again",
)
def once_round_at_most(chunks, *, n_before=1, n_after=0):
    most = chunks.shape[-3] * chunks.shape[-2] - 1
    return _windows(chunks, _steps(min(n_before, most), min(n_after, most)))


@exercise.mistake(
    why="a negative index wraps by itself, but only once",
    says="an index below -n or above the last is out of range; `%` brings it back, however far it goes",
)
def negative_index(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, chunk_length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, chunk_length)
    seen = np.arange(n_rounds * n_chunks)[:, np.newaxis] + np.arange(-n_before, n_after + 1)
    return row[..., seen, :].reshape(*batch, n_rounds, n_chunks, -1)


@exercise.mistake(
    why="the round after looks like the round before, from the other side",
    says="the first chunk of a round sees the last chunk of the round after; it is the round before",
)
def round_after_for_round_before(chunks, *, n_before=1, n_after=0):
    turned = chunking.look_adjacent(chunks[..., ::-1, :, :], n_before=n_before, n_after=n_after)
    return turned[..., ::-1, :, :]


@exercise.mistake(
    why="the row of all rounds is made with the rounds inside",
    says="in the row the rounds alternate, chunk by chunk; all chunks of round 0 come first, then those of round 1",
)
def rounds_alternate(chunks, *, n_before=1, n_after=0):
    swapped = chunking.look_adjacent(np.swapaxes(chunks, -3, -2), n_before=n_before, n_after=n_after)
    return np.swapaxes(swapped, -3, -2)


@exercise.mistake(
    why="the axes are taken apart into R, n and C",
    says="the function takes three axes only; `*batch, R, n, C = chunks.shape` takes any number in front",
)
def no_batch_axes(chunks, *, n_before=1, n_after=0):
    n_rounds, n_chunks, chunk_length = chunks.shape
    return chunking.look_adjacent(chunks, n_before=n_before, n_after=n_after)


@exercise.mistake(
    why="'look back' is all that the default asks",
    says="the window holds the chunks before alone; the own chunk and those behind belong to it, too",
)
def chunks_before_alone(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, range(-n_before, 0))


@exercise.mistake(
    why="np.stack and a reshape make the right shape",
    says="the rolled rows are stacked in front and reshaped, which mixes chunks; join along the last axis",
)
def stacked_in_front_and_reshaped(chunks, *, n_before=1, n_after=0):
    parts = np.stack([_windows(chunks, [step]) for step in _steps(n_before, n_after)])
    return parts.reshape(*chunks.shape[:-1], -1)


@exercise.mistake(
    why="the sign is right for those before, and copied for those behind",
    says="for `n_after`, too, the chunks before are taken: the sign of the roll is that of `n_before`",
)
def behind_is_before(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, [*range(-n_before, 1), *range(-1, -n_after - 1, -1)])


@exercise.mistake(
    why="those behind are joined before the rest",
    says="the chunks behind stand first in the window; it runs from the earliest chunk to the latest",
)
def behind_first(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, [*range(1, n_after + 1), *range(-n_before, 1)])


@exercise.mistake(
    why="the step in the loop is not used",
    says="every step looks at the nearest chunk again; step k looks k chunks away",
)
def nearest_again_and_again(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, [-1] * n_before + [0] + [1] * n_after)


@exercise.mistake(
    why="without a batch the row of chunks is the first axis",
    says="the row is rolled along the first axis, which with a batch is the sequences; the chunks are the last but one",
)
def row_rolled_along_first_axis(chunks, *, n_before=1, n_after=0):
    *batch, n_rounds, n_chunks, chunk_length = chunks.shape
    row = chunks.reshape(*batch, n_rounds * n_chunks, chunk_length)
    parts = [np.roll(row, -step, axis=0) for step in _steps(n_before, n_after)]
    return np.concatenate(parts, axis=-1).reshape(*batch, n_rounds, n_chunks, -1)


@exercise.mistake(
    why="a window has as many places before as behind in most codes",
    says="every chunk looks `n_before` back and as many ahead",
)
def both_ways_alike(chunks, *, n_before=1, n_after=0):
    return _windows(chunks, _steps(n_before, n_before))


@exercise.mistake(
    why="what is no position is taken out",
    says="a window's places are sorted; they stay in the order of the chunks",
)
def places_sorted(chunks, *, n_before=1, n_after=0):
    return np.sort(_windows(chunks, _steps(n_before, n_after)), axis=-1)
