"""Lab 07, `chunked_feed_forward(inputs, layer, *, chunk_length)`: a layer on one run of positions after another.

inputs (..., L, d) -> (..., L, d). `layer` is called once for each run of chunk_length positions, in order, the last
one shorter, with the whole batch. Most questions pass a layer that sees what it is called with: it subtracts the mean
over the positions it was given.
"""

import numpy as np

from autograder.checking.call import call, form
from autograder.checking.exercise import Exercise
from reformer import chunked
from reformer.loops import model as twins

exercise = Exercise(chunked.chunked_feed_forward, twins.chunked_feed_forward, axes=("position", "feature"))

LESS_THEIR_MEAN = form("minus mean")


def drawn(*batch, L, C, d=3, dtype=np.float64):
    """A layer that sees its chunk, on random inputs."""

    def make(rng):
        inputs = rng.standard_normal((*batch, L, d)) + 2.0
        return call(inputs.astype(dtype), LESS_THEIR_MEAN, chunk_length=C)

    return make


def position_wise(*batch, L, C, d=3):
    """A layer that treats every position by itself, as a feed-forward layer does."""

    def make(rng):
        inputs, weights, bias = rng.standard_normal((*batch, L, d)), rng.standard_normal((d, d)), rng.standard_normal(d)
        return call(inputs, form("tanh", weights, bias), chunk_length=C)

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("five positions, chunks of two, each less its mean", tolerance=1e-6)
def _(rng):
    return call(np.array([[1.0], [3.0], [10.0], [20.0], [7.0]]), LESS_THEIR_MEAN, chunk_length=2)


exercise.case(
    "six positions, chunks of three, a layer that looks at one position", position_wise(L=6, C=3), tolerance=1e-6
)


def _two_lengths(rng):
    inputs, layer = position_wise(2, L=7, C=2)(rng).args
    return [call(inputs, layer, chunk_length=length) for length in (2, 5)]


@exercise.property("a layer that looks at one position gives the same in chunks of 2 and of 5, and whole", _two_lengths)
def _(calls, answers):
    inputs, layer = calls[0].args
    one, other = (np.asarray(answer) for answer in answers)
    return (np.abs(one - other) < 1e-6) & (np.abs(one - layer(inputs)) < 1e-6)


exercise.case("seven positions, chunks of three: the last has one", drawn(L=7, C=3), tolerance=1e-6)
exercise.case("eight positions, chunks of five: the last has three", drawn(L=8, C=5), tolerance=1e-6)
exercise.case("six positions in two chunks of three", drawn(L=6, C=3), tolerance=1e-6)
exercise.case("one chunk as long as the sequence", drawn(L=4, C=4), tolerance=1e-6)
exercise.case("a chunk longer than the sequence", drawn(L=3, C=8), tolerance=1e-6)
exercise.case("chunks of one position, a layer that looks at one position", position_wise(L=4, C=1), tolerance=1e-6)
exercise.case("one position", position_wise(L=1, C=2, d=4), tolerance=1e-6)
exercise.case("as many positions as features", drawn(L=5, C=2, d=5), tolerance=1e-6)
exercise.case("three sequences, chunks of two", drawn(3, L=7, C=2), tolerance=1e-6)
exercise.case("six sequences of five positions, chunks of four", drawn(6, L=5, C=4), tolerance=1e-6)
exercise.case(
    "two sequences of two heads, chunks of three, in float32", drawn(2, 2, L=8, C=3, dtype=np.float32), tolerance=1e-5
)
exercise.case(
    "two sequences of three heads, forty positions in chunks of seven",
    drawn(2, 3, L=40, C=7, d=5),
    hidden=True,
    tolerance=1e-6,
)

# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def joined(inputs, layer, *, chunk_length):
    starts = range(0, inputs.shape[-2], chunk_length)
    return np.concatenate([layer(inputs[..., start : start + chunk_length, :]) for start in starts], axis=-2)


@exercise.solution
def by_split(inputs, layer, *, chunk_length):
    borders = np.arange(chunk_length, inputs.shape[-2], chunk_length)
    return np.concatenate([layer(part) for part in np.split(inputs, borders, axis=-2)], axis=-2)


@exercise.solution
def in_place_of_a_copy(inputs, layer, *, chunk_length):
    outputs = np.array(inputs)
    for start in range(0, len(outputs[..., 0].T), chunk_length):
        outputs[..., start : start + chunk_length, :] = layer(outputs[..., start : start + chunk_length, :])
    return outputs


# --- mistakes: how it is cut ------------------------------------------------------------------------------------


def _in_runs(inputs, layer, runs):
    """The layer on some runs of positions, each (start, end), written where they stand; zeros elsewhere."""
    outputs = np.zeros_like(inputs)
    for start, end in runs:
        outputs[..., start:end, :] = layer(inputs[..., start:end, :])
    return outputs


def _runs(length, chunk_length):
    return [(start, min(start + chunk_length, length)) for start in range(0, length, chunk_length)]


@exercise.mistake(
    why="for a feed-forward layer the result is the same",
    says="the layer gets all positions at once: nothing is cut into chunks, so the wide array is as large as before",
)
def not_in_chunks(inputs, layer, *, chunk_length):
    return layer(inputs)


@exercise.mistake(
    why="`chunk_length` is taken for how many chunks there are",
    says="the sequence is cut into `chunk_length` chunks; a chunk holds that many positions",
)
def length_taken_for_a_number(inputs, layer, *, chunk_length):
    parts = np.array_split(inputs, min(chunk_length, inputs.shape[-2]), axis=-2)
    return np.concatenate([layer(part) for part in parts], axis=-2)


@exercise.mistake(
    why="`np.array_split` with the number of chunks looks right",
    says="the chunks are made about equally long; all but the last have `chunk_length` positions",
)
def chunks_evened_out(inputs, layer, *, chunk_length):
    parts = np.array_split(inputs, -(-inputs.shape[-2] // chunk_length), axis=-2)
    return np.concatenate([layer(part) for part in parts], axis=-2)


@exercise.mistake(
    why="`L // chunk_length` rounds down",
    says="the last chunk, which is shorter, is lost: its outputs stay 0",
)
def last_chunk_left_at_zero(inputs, layer, *, chunk_length):
    length = inputs.shape[-2]
    return _in_runs(inputs, layer, _runs(length - length % chunk_length, chunk_length))


@exercise.mistake(
    why="`L // chunk_length` rounds down, and the parts are joined",
    says="the last chunk, which is shorter, is missing",
)
def last_chunk_missing(inputs, layer, *, chunk_length):
    whole = inputs.shape[-2] // chunk_length * chunk_length
    return last_chunk_left_at_zero(inputs, layer, chunk_length=chunk_length)[..., :whole, :]


@exercise.mistake(
    why="`L // chunk_length` rounds down, on a copy of the inputs",
    says="the last chunk, which is shorter, does not pass the layer: its inputs come back",
)
def last_chunk_left_as_it_was(inputs, layer, *, chunk_length):
    whole = inputs.shape[-2] // chunk_length * chunk_length
    outputs = last_chunk_left_at_zero(inputs, layer, chunk_length=chunk_length)
    outputs[..., whole:, :] = inputs[..., whole:, :]
    return outputs


@exercise.mistake(
    why="the last chunk is filled up to be like the others",
    says="the last chunk is filled up with zeros before the layer gets it; it gets the positions that are left, and "
    "no more",
)
def last_chunk_filled_with_zeros(inputs, layer, *, chunk_length):
    length = inputs.shape[-2]
    missing = -length % chunk_length
    filled = np.concatenate([inputs, np.zeros((*inputs.shape[:-2], missing, inputs.shape[-1]), inputs.dtype)], axis=-2)
    return _in_runs(filled, layer, _runs(length + missing, chunk_length))[..., :length, :]


@exercise.mistake(
    why="the last chunk is moved back, so that it is whole",
    says="the last chunk begins earlier, so that it is whole; it holds the positions that are left, no more",
)
def last_chunk_moved_back(inputs, layer, *, chunk_length):
    length = inputs.shape[-2]
    runs = [(max(0, min(start, length - chunk_length)), end) for start, end in _runs(length, chunk_length)]
    return _in_runs(inputs, layer, runs)


@exercise.mistake(
    why="the rest is put into the last whole chunk",
    says="what is left over is added to the chunk before; it makes a shorter chunk of its own",
)
def rest_added_to_the_chunk_before(inputs, layer, *, chunk_length):
    length = inputs.shape[-2]
    runs = _runs(length, chunk_length)
    if len(runs) > 1 and length % chunk_length:
        runs[-2:] = [(runs[-2][0], length)]
    return _in_runs(inputs, layer, runs)


@exercise.mistake(
    why="the short chunk is made first",
    says="the short chunk comes first; it comes last",
)
def short_chunk_first(inputs, layer, *, chunk_length):
    length = inputs.shape[-2]
    ends = range(length, 0, -chunk_length)
    return _in_runs(inputs, layer, [(max(0, end - chunk_length), end) for end in ends])


@exercise.mistake(
    why="an end is thought to be part of a slice, or to be left out of it",
    says="each chunk is one position short: a slice leaves its end out already",
)
def one_position_too_few(inputs, layer, *, chunk_length):
    runs = [(start, end - 1) for start, end in _runs(inputs.shape[-2], chunk_length)]
    return _in_runs(inputs, layer, [run for run in runs if run[0] < run[1]])


@exercise.mistake(
    why="an end is thought to be left out of a slice",
    says="each chunk has one position of the next",
)
def one_position_too_many(inputs, layer, *, chunk_length):
    return _in_runs(inputs, layer, [(start, end + 1) for start, end in _runs(inputs.shape[-2], chunk_length)])


@exercise.mistake(
    why="`inputs[..., i::n, :]` looks like a cut into n parts",
    says="each chunk takes every so-manieth position; it takes positions that follow each other",
)
def every_so_manieth(inputs, layer, *, chunk_length):
    outputs, n_chunks = np.zeros_like(inputs), -(-inputs.shape[-2] // chunk_length)
    for i in range(n_chunks):
        outputs[..., i::n_chunks, :] = layer(inputs[..., i::n_chunks, :])
    return outputs


@exercise.mistake(
    why="a position is what the layer is made for",
    says="the layer gets one position at a time; it gets `chunk_length` of them",
)
def one_position_at_a_time(inputs, layer, *, chunk_length):
    return _in_runs(inputs, layer, _runs(inputs.shape[-2], 1))


# --- mistakes: along which axis ---------------------------------------------------------------------------------


@exercise.mistake(
    why="without a batch the positions are axis 0",
    says="axis 0 is cut, which is a batch axis where there is one; the positions are axis -2",
)
def cut_along_axis_zero(inputs, layer, *, chunk_length):
    starts = range(0, len(inputs), chunk_length)
    return np.concatenate([layer(inputs[start : start + chunk_length]) for start in starts], axis=0)


@exercise.mistake(
    why="the last axis is the first that comes to mind",
    says="the features are cut, the last axis; the layer needs all of them, and the positions are axis -2",
)
def features_cut(inputs, layer, *, chunk_length):
    starts = range(0, inputs.shape[-1], chunk_length)
    return np.concatenate([layer(inputs[..., start : start + chunk_length]) for start in starts], axis=-1)


@exercise.mistake(
    why="all positions of the batch are put under each other, as for a linear layer",
    says="the sequences of a batch are put behind each other before the cut, so that a chunk holds positions of two",
)
def sequences_run_together(inputs, layer, *, chunk_length):
    rows = inputs.reshape(-1, inputs.shape[-1])
    return _in_runs(rows, layer, _runs(len(rows), chunk_length)).reshape(inputs.shape)


@exercise.mistake(
    why="without a batch the parts are joined along axis 0",
    says="the chunks are joined along axis 0, which is a batch axis where there is one; join them along axis -2",
)
def joined_along_axis_zero(inputs, layer, *, chunk_length):
    starts = range(0, inputs.shape[-2], chunk_length)
    return np.concatenate([layer(inputs[..., start : start + chunk_length, :]) for start in starts], axis=0)


@exercise.mistake(
    why="-1 is the axis that comes to mind",
    says="the chunks are joined along the features, the last axis; join them along axis -2",
)
def joined_along_the_features(inputs, layer, *, chunk_length):
    starts = range(0, inputs.shape[-2], chunk_length)
    return np.concatenate([layer(inputs[..., start : start + chunk_length, :]) for start in starts], axis=-1)


# --- mistakes: what is returned ---------------------------------------------------------------------------------


@exercise.mistake(
    why="the parts are gathered, and joining them is forgotten",
    says="a list of chunks is returned; join them: `np.concatenate(parts, axis=-2)`",
)
def list_of_chunks(inputs, layer, *, chunk_length):
    return [layer(inputs[..., start:end, :]) for start, end in _runs(inputs.shape[-2], chunk_length)]


@exercise.mistake(
    why="`return` stands one step too far to the right",
    says="only the first chunk is returned: `return` stands within the loop",
)
def first_chunk_alone(inputs, layer, *, chunk_length):
    return layer(inputs[..., :chunk_length, :])


@exercise.mistake(
    why="in a loop each chunk replaces the one before",
    says="only the last chunk is returned: in the loop each replaces the one before",
)
def last_chunk_alone(inputs, layer, *, chunk_length):
    start, end = _runs(inputs.shape[-2], chunk_length)[-1]
    return layer(inputs[..., start:end, :])


@exercise.mistake(
    why="`return` stands one step too far to the right, with the outputs made first",
    says="only the first chunk is filled in: `return` stands within the loop",
)
def first_chunk_only(inputs, layer, *, chunk_length):
    return _in_runs(inputs, layer, _runs(inputs.shape[-2], chunk_length)[:1])


@exercise.mistake(
    why="every layer of a Transformer has a residual",
    says="the inputs are added to what the layer gives; the residual is added elsewhere, in the block",
)
def residual_added(inputs, layer, *, chunk_length):
    return inputs + exercise.reference(inputs, layer, chunk_length=chunk_length)


@exercise.mistake(
    why="the layer is called in the loop and once more on the result",
    says="the layer is applied twice",
)
def layer_twice(inputs, layer, *, chunk_length):
    return layer(exercise.reference(inputs, layer, chunk_length=chunk_length))


@exercise.mistake(
    why="the cut is done, and the layer forgotten",
    says="the inputs come back as they are: the layer is not called",
)
def layer_forgotten(inputs, layer, *, chunk_length):
    return inputs.copy()


@exercise.mistake(
    why="a shape that fits is made, and never filled",
    says="all outputs are 0: the array that was made for them is not filled",
)
def zeros_returned(inputs, layer, *, chunk_length):
    return np.zeros_like(inputs)
