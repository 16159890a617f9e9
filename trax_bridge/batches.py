"""Batches of sequences of different lengths: filled up, cut for training, drawn at random (unit 08).

A model reads rectangles. What is filled up costs time and says nothing, so sequences of about one length go together,
and padding counts nothing in the loss.
"""

import numpy as np

from reformer.arguments import require_count


def pad_and_bucket(sequences, boundaries, *, batch_size, pad=0):
    """Sort sequences by length into batches, and fill each up to a boundary, so that few places are wasted.

    A sequence goes to the smallest boundary that is at least its length; those of one boundary keep their order.

    Parameters
    ----------
    sequences : list of lists of tokens
    boundaries : rising lengths, each at least 1
    batch_size : sequences in a batch, at least 1; the last batch of a boundary may have fewer
    pad : token to fill up with

    Returns
    -------
    batches : list of (tokens, weights), by rising boundary: (n, boundary) intp and float32 arrays; weights are 0 on
        padding, else 1. A boundary without sequences has no batch.

    Raises ValueError if a sequence is longer than all boundaries, or a number is not as above.
    """
    boundaries = [require_count("boundaries", boundary) for boundary in boundaries]
    batch_size = require_count("batch_size", batch_size)
    if boundaries != sorted(set(boundaries)) or not boundaries:
        raise ValueError(f"boundaries needs rising lengths, got {boundaries}")
    rows = {boundary: [] for boundary in boundaries}
    for number, sequence in enumerate(sequences):
        fitting = [boundary for boundary in boundaries if boundary >= len(sequence)]
        if not fitting:
            needed = f"at most {boundaries[-1]} tokens, the largest of boundaries"
            raise ValueError(f"sequence {number} needs {needed}, got {len(sequence)}")
        rows[fitting[0]].append(sequence)
    return [
        _pad(rows[boundary][start : start + batch_size], boundary, pad)
        for boundary in boundaries
        for start in range(0, len(rows[boundary]), batch_size)
    ]


def _pad(sequences, length, pad):
    tokens = np.full((len(sequences), length), pad, np.intp)
    weights = np.zeros((len(sequences), length), np.float32)
    for row, sequence in enumerate(sequences):
        tokens[row, : len(sequence)] = sequence
        weights[row, : len(sequence)] = 1
    return tokens, weights


def require_lengths(boundaries, *, chunk_length, max_length):
    """Return `boundaries` if a model can read sequences of these lengths.

    Trax cuts a sequence into whole chunks and does not fill it up; `reformer` does, and needs no such check.

    Raises ValueError if one is no multiple of `chunk_length`, or above `max_length`.
    """
    for boundary in boundaries:
        above = -(-boundary // chunk_length) * chunk_length
        if boundary != above:
            raise ValueError(
                f"boundaries needs multiples of chunk_length = {chunk_length}, got {boundary}: {above} would do"
            )
        if boundary > max_length:
            raise ValueError(f"boundaries needs at most the max_length = {max_length} of the model, got {boundary}")
    return boundaries


def next_token_batch(tokens, weights):
    """What a model of `reformer` trains on: each token foretells the one after it.

    The last token of a sequence foretells nothing, and is padding as what follows it.

    Parameters
    ----------
    tokens, weights : (n, L) arrays of `pad_and_bucket`

    Returns
    -------
    inputs, targets, weights, padding : (n, L - 1) arrays, for `loss_and_gradients`
    """
    return tokens[:, :-1], tokens[:, 1:], weights[:, 1:], weights[:, 1:] == 0


def draw_batch(rng, *, buckets, batch_size, unknown=None, unknown_share=0.0):
    """Draw sequences of one length, for `training.train`: a length as often as it has sequences, then some of these.

    Parameters
    ----------
    rng : numpy.random.Generator
    buckets : list of (tokens, weights), one a length: `pad_and_bucket` with a large `batch_size`
    batch_size : sequences to draw
    unknown, unknown_share : replace this share of the inputs by the token `unknown`, so that a model learns to read on
        over a word it does not know; never a target

    Returns
    -------
    inputs, targets, weights, padding : as in `next_token_batch`
    """
    sizes = np.array([len(tokens) for tokens, _ in buckets])
    tokens, weights = buckets[rng.choice(len(buckets), p=sizes / sizes.sum())]
    rows = rng.integers(len(tokens), size=batch_size)
    inputs, *others = next_token_batch(tokens[rows], weights[rows])
    if unknown_share:
        inputs = np.where(rng.random(inputs.shape) < unknown_share, unknown, inputs)
    return inputs, *others
