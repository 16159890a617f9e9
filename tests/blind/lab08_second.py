"""Answers to lab 08, written from its text alone."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from functools import partial
from itertools import cycle, groupby, islice

import numpy as np

from reformer.sampling import sample_token
from tests.blind import right, wrong
from trax_bridge import load_trax


def _boundary_of(length, boundaries, number):
    """The boundary of a sequence, as the task asks."""
    for boundary in boundaries:
        if boundary >= length:
            return boundary
    raise ValueError(f"sequence {number} is longer than all boundaries")


def _by_boundary(sequences, boundaries):
    """The sequences of each boundary, smallest first, as the task asks."""
    groups = {boundary: [] for boundary in boundaries}
    for number, sequence in enumerate(sequences):
        groups[_boundary_of(len(sequence), boundaries, number)].append(sequence)
    return groups


def _rectangle(rows, boundary, pad):
    """One batch of the sequences in rows, as the task asks."""
    tokens = np.full((len(rows), boundary), pad, dtype=np.int32)
    weights = np.zeros((len(rows), boundary), dtype=np.float32)
    for row, sequence in enumerate(rows):
        tokens[row, : len(sequence)] = sequence
        weights[row, : len(sequence)] = 1
    return tokens, weights


# ---- pad_and_bucket


@right("pad_and_bucket")
def gathers_in_a_dict_and_cuts(sequences, boundaries, *, batch_size, pad=0):
    groups = {b: [] for b in boundaries}
    for number, sequence in enumerate(sequences):
        boundary = next((b for b in boundaries if b >= len(sequence)), None)
        if boundary is None:
            raise ValueError(f"sequence {number} has {len(sequence)} tokens, too many for all boundaries")
        groups[boundary].append(sequence)
    batches = []
    for boundary, members in groups.items():
        for start in range(0, len(members), batch_size):
            chosen = members[start : start + batch_size]
            tokens = np.full((len(chosen), boundary), pad)
            weights = np.zeros((len(chosen), boundary), np.float32)
            for row, sequence in enumerate(chosen):
                tokens[row, : len(sequence)] = sequence
                weights[row, : len(sequence)] = 1
            batches.append((tokens, weights))
    return batches


@right("pad_and_bucket")
def bisects_and_sorts_stably(sequences, boundaries, *, batch_size, pad=0):
    places = [bisect_left(boundaries, len(s)) for s in sequences]
    if len(boundaries) in places:
        raise ValueError(f"too long: sequence number {places.index(len(boundaries))}")
    order = sorted(range(len(sequences)), key=places.__getitem__)
    result = []
    for place, numbers in groupby(order, key=places.__getitem__):
        width = boundaries[place]
        while rows := [sequences[i] for i in islice(numbers, batch_size)]:
            tokens = np.array([list(s) + [pad] * (width - len(s)) for s in rows], dtype=np.int64)
            lengths = np.array([len(s) for s in rows])
            weights = (np.arange(width) < lengths[:, None]).astype(np.float32)
            result.append((tokens.reshape(len(rows), width), weights))
    return result


@right("pad_and_bucket")
def goes_over_the_boundaries_and_pads_with_numpy(sequences, boundaries, *, batch_size, pad=0):
    for number, sequence in enumerate(sequences):
        if len(sequence) > max(boundaries, default=-1):
            raise ValueError(f"Sequence {number} does not fit.")
    batches, below = [], -1
    for boundary in boundaries:
        members = [s for s in sequences if below < len(s) <= boundary]
        below = boundary
        for i in range(0, len(members), batch_size):
            part = members[i : i + batch_size]
            tokens = [
                np.pad(np.asarray(s, dtype=np.intp), (0, boundary - len(s)), constant_values=pad) for s in part
            ]
            weights = [np.pad(np.ones(len(s), np.float32), (0, boundary - len(s))) for s in part]
            batches.append((np.stack(tokens), np.stack(weights)))
    return batches


@right("pad_and_bucket")
def fills_open_batches_and_joins_them_at_the_end(sequences, boundaries, *, batch_size, pad=0):
    batches = [[[]] for _ in boundaries]
    for number, sequence in enumerate(sequences):
        place = int(np.searchsorted(boundaries, len(sequence), side="left"))
        if place >= len(boundaries):
            raise ValueError("sequence %d is too long" % number)
        if len(batches[place][-1]) == batch_size:
            batches[place].append([])
        batches[place][-1].append(list(sequence))
    return [
        _rectangle(rows, boundary, pad)
        for boundary, of_boundary in zip(boundaries, batches, strict=True)
        for rows in of_boundary
        if rows
    ]


@wrong(
    "pad_and_bucket",
    truth="Takes the smallest boundary that is above the length, not at least it. A sequence as long as a boundary goes "
    "to the next one, and one as long as the largest is refused.",
)
def boundary_strictly_above_the_length(sequences, boundaries, *, batch_size, pad=0):
    groups = {b: [] for b in boundaries}
    for number, sequence in enumerate(sequences):
        boundary = next((b for b in boundaries if b > len(sequence)), None)
        if boundary is None:
            raise ValueError(f"sequence {number} is too long")
        groups[boundary].append(sequence)
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in groups.items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="bisect_right, held below the last boundary: a sequence exactly as long as a boundary other than the last "
    "goes to the next one. Only the last is treated rightly.",
)
def bisect_right_clipped_to_the_last(sequences, boundaries, *, batch_size, pad=0):
    groups = [[] for _ in boundaries]
    for number, sequence in enumerate(sequences):
        if len(sequence) > boundaries[-1]:
            raise ValueError(f"sequence {number} is too long")
        groups[min(bisect_right(boundaries, len(sequence)), len(boundaries) - 1)].append(sequence)
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in zip(boundaries, groups, strict=True)
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="Refuses a sequence that is as long as the largest boundary (>= in place of >); all others are right.",
)
def refuses_a_sequence_that_just_fits(sequences, boundaries, *, batch_size, pad=0):
    for number, sequence in enumerate(sequences):
        if len(sequence) >= boundaries[-1]:
            raise ValueError(f"sequence {number} is too long")
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in _by_boundary(sequences, boundaries).items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="The weights are read off the tokens: wherever a token is pad the weight is 0, also inside a sequence. Wrong "
    "where a sequence holds the number pad.",
)
def weights_where_tokens_are_not_pad(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            tokens = np.array([s + [pad] * (boundary - len(s)) for s in map(list, rows)])
            batches.append((tokens, (tokens != pad).astype(np.float32)))
    return batches


@wrong(
    "pad_and_bucket",
    truth="The weights are tokens > 0, whatever pad is: 0 on a token 0 inside a sequence, and 1 on padding where pad is "
    "above 0. Right only with pad 0 and sequences without 0.",
)
def weights_where_tokens_are_positive(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            tokens, _ = _rectangle(members[i : i + batch_size], boundary, pad)
            batches.append((tokens, np.float32(tokens > 0)))
    return batches


@wrong(
    "pad_and_bucket",
    truth="Fills up in front of the sequence, not behind its end. Wrong for every sequence shorter than its boundary, "
    "in the tokens and in the weights.",
)
def pads_in_front(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            tokens = np.full((len(rows), boundary), pad)
            weights = np.zeros((len(rows), boundary), np.float32)
            for row, sequence in enumerate(rows):
                tokens[row, boundary - len(sequence) :] = sequence
                weights[row, boundary - len(sequence) :] = 1
            batches.append((tokens, weights))
    return batches


@wrong(
    "pad_and_bucket",
    truth="The weights are float64, since np.zeros makes these; float32 is asked. Their values are right.",
)
def weights_in_double_precision(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            tokens = np.full((len(rows), boundary), pad)
            weights = np.zeros((len(rows), boundary))
            for row, sequence in enumerate(rows):
                tokens[row, : len(sequence)] = sequence
                weights[row, : len(sequence)] = 1
            batches.append((tokens, weights))
    return batches


@wrong(
    "pad_and_bucket",
    truth="The weights are a mask of True and False in place of float32 numbers. Where they are 1 and 0 is right.",
)
def weights_as_a_mask(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            lengths = np.array([len(s) for s in rows])
            batches.append((_rectangle(rows, boundary, pad)[0], np.arange(boundary) < lengths[:, np.newaxis]))
    return batches


@wrong(
    "pad_and_bucket",
    truth="The tokens are floats: the array is made by np.ones times pad, without a dtype. Their values are right.",
)
def tokens_as_floats(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            tokens = pad * np.ones((len(rows), boundary))
            for row, sequence in enumerate(rows):
                tokens[row, : len(sequence)] = sequence
            batches.append((tokens, _rectangle(rows, boundary, pad)[1]))
    return batches


@wrong(
    "pad_and_bucket",
    truth="To save memory the tokens are uint8: token 256 becomes 0, and so on. Wrong for tokens (or pad) above 255.",
)
def tokens_in_one_byte(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            tokens, weights = _rectangle(members[i : i + batch_size], boundary, pad)
            batches.append((tokens.astype(np.uint8), weights))
    return batches


@wrong(
    "pad_and_bucket",
    truth="pad is never used: np.zeros fills up with 0. Wrong where pad is not 0 and a sequence is shorter than its "
    "boundary.",
)
def fills_up_with_zero_whatever_pad_is(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            tokens = np.zeros((len(rows), boundary), dtype=int)
            for row, sequence in enumerate(rows):
                tokens[row, : len(sequence)] = sequence
            batches.append((tokens, _rectangle(rows, boundary, pad)[1]))
    return batches


@wrong(
    "pad_and_bucket",
    truth="np.pad fills up the weights with pad too, in place of 0. Wrong where pad is not 0 and something is filled up.",
)
def pads_the_weights_with_pad(sequences, boundaries, *, batch_size, pad=0):
    def fill(row, boundary, dtype):
        return np.pad(np.array(row, dtype=dtype), (0, boundary - len(row)), constant_values=pad)

    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            tokens = np.stack([fill(s, boundary, np.int32) for s in rows])
            weights = np.stack([fill([1] * len(s), boundary, np.float32) for s in rows])
            batches.append((tokens, weights))
    return batches


@wrong(
    "pad_and_bucket",
    truth="Cuts a sequence that is longer than all boundaries to the largest one. A ValueError is asked.",
)
def cuts_sequences_that_are_too_long(sequences, boundaries, *, batch_size, pad=0):
    shortened = [sequence[: boundaries[-1]] for sequence in sequences]
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in _by_boundary(shortened, boundaries).items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="Leaves out sequences that are longer than all boundaries without a word. A ValueError is asked.",
)
def leaves_out_sequences_that_are_too_long(sequences, boundaries, *, batch_size, pad=0):
    groups = defaultdict(list)
    for sequence in sequences:
        for boundary in boundaries:
            if len(sequence) <= boundary:
                groups[boundary].append(sequence)
                break
    return [
        _rectangle(groups[boundary][i : i + batch_size], boundary, pad)
        for boundary in boundaries
        for i in range(0, len(groups[boundary]), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="The ValueError for a sequence that is too long does not say its number.",
)
def refuses_without_the_number(sequences, boundaries, *, batch_size, pad=0):
    if any(len(sequence) > boundaries[-1] for sequence in sequences):
        raise ValueError("a sequence is longer than all boundaries")
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in _by_boundary(sequences, boundaries).items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="The number in the message of the ValueError is counted from 1, not from 0.",
)
def refuses_with_the_number_from_one(sequences, boundaries, *, batch_size, pad=0):
    for number, sequence in enumerate(sequences, start=1):
        if len(sequence) > boundaries[-1]:
            raise ValueError(f"sequence {number} is too long")
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in _by_boundary(sequences, boundaries).items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="The message of the ValueError has the length of the sequence that is too long, in place of its number.",
)
def refuses_with_the_length(sequences, boundaries, *, batch_size, pad=0):
    for sequence in sequences:
        if len(sequence) > boundaries[-1]:
            raise ValueError(f"a sequence of {len(sequence)} tokens is too long")
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in _by_boundary(sequences, boundaries).items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="Sorts by length before it numbers. The number in the message of the ValueError is the place in the sorted "
    "list, and within a boundary the sequences come by length, not in the order in which they came.",
)
def sorts_before_it_numbers(sequences, boundaries, *, batch_size, pad=0):
    in_order = sorted(sequences, key=len)
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in _by_boundary(in_order, boundaries).items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="Within a boundary the sequences are sorted, longest first, in place of keeping their order (numbers in the "
    "error are right). Wrong where a shorter one comes before a longer one of the same boundary.",
)
def longest_first_within_a_boundary(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        members = sorted(members, key=len, reverse=True)
        batches += [_rectangle(members[i : i + batch_size], boundary, pad) for i in range(0, len(members), batch_size)]
    return batches


@wrong(
    "pad_and_bucket",
    truth="Looks the boundary up by its place without a test, so a sequence that is too long ends in an IndexError, "
    "not in a ValueError with its number.",
)
def too_long_is_an_index_error(sequences, boundaries, *, batch_size, pad=0):
    groups = {b: [] for b in boundaries}
    for sequence in sequences:
        groups[boundaries[bisect_left(boundaries, len(sequence))]].append(sequence)
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in groups.items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="Refuses a sequence that is too long by an assert: AssertionError in place of ValueError.",
)
def too_long_is_an_assertion(sequences, boundaries, *, batch_size, pad=0):
    for number, sequence in enumerate(sequences):
        assert len(sequence) <= boundaries[-1], f"sequence {number} is too long"
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in _by_boundary(sequences, boundaries).items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="Drops the last batch of a boundary where it has fewer rows than batch_size, as drop_last of other libraries.",
)
def drops_the_smaller_last_batch(sequences, boundaries, *, batch_size, pad=0):
    return [
        _rectangle(members[i * batch_size : (i + 1) * batch_size], boundary, pad)
        for boundary, members in _by_boundary(sequences, boundaries).items()
        for i in range(len(members) // batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="range(0, len(members) - 1, batch_size): the last batch of a boundary is lost where it would have one row.",
)
def loses_a_last_batch_of_one_row(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for start in range(0, len(members) - 1, batch_size):
            batches.append(_rectangle(members[start : start + batch_size], boundary, pad))
    return batches


@wrong(
    "pad_and_bucket",
    truth="Fills the last batch of a boundary up to batch_size with rows of padding of weight 0. Wrong where the number "
    "of its sequences is no multiple of batch_size.",
)
def fills_the_last_batch_with_empty_rows(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            rows = rows + [[]] * (batch_size - len(rows))
            batches.append(_rectangle(rows, boundary, pad))
    return batches


@wrong(
    "pad_and_bucket",
    truth="The boundaries come in the order in which a sequence first needs them, not the smallest first. Wrong where "
    "a longer sequence comes before all those of a smaller boundary.",
)
def boundaries_in_the_order_they_are_met(sequences, boundaries, *, batch_size, pad=0):
    groups = {}
    for number, sequence in enumerate(sequences):
        groups.setdefault(_boundary_of(len(sequence), boundaries, number), []).append(sequence)
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in groups.items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="Gives a batch out as soon as it is full, as a stream does, and what is left at the end. The batches of the "
    "smallest boundary need not come first: wrong where a batch of a larger one is full before the smaller is done.",
)
def batches_in_the_order_they_are_full(sequences, boundaries, *, batch_size, pad=0):
    waiting, batches = {b: [] for b in boundaries}, []
    for number, sequence in enumerate(sequences):
        boundary = _boundary_of(len(sequence), boundaries, number)
        waiting[boundary].append(sequence)
        if len(waiting[boundary]) == batch_size:
            batches.append(_rectangle(waiting[boundary], boundary, pad))
            waiting[boundary] = []
    return batches + [_rectangle(rows, boundary, pad) for boundary, rows in waiting.items() if rows]


@wrong(
    "pad_and_bucket",
    truth="Fills up to the longest sequence of the batch, not to the boundary. Wrong where no sequence of a batch is "
    "as long as its boundary.",
)
def fills_up_to_the_longest_of_the_batch(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for members in _by_boundary(sequences, boundaries).values():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            batches.append(_rectangle(rows, max(len(s) for s in rows), pad))
    return batches


@wrong(
    "pad_and_bucket",
    truth="Cuts the list into batches first, in its order, and fills each up to the boundary of its longest sequence. "
    "Sequences of several boundaries stand in one batch; wrong where neighbours need different boundaries.",
)
def batches_first_boundaries_afterwards(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for start in range(0, len(sequences), batch_size):
        rows = sequences[start : start + batch_size]
        needed = [_boundary_of(len(s), boundaries, start + i) for i, s in enumerate(rows)]
        batches.append((max(needed), _rectangle(rows, max(needed), pad)))
    return [batch for _, batch in sorted(batches, key=lambda pair: pair[0])]


@wrong(
    "pad_and_bucket",
    truth="Leaves empty sequences out. They have a boundary too, the smallest, and a row of padding of weight 0.",
)
def leaves_out_empty_sequences(sequences, boundaries, *, batch_size, pad=0):
    groups = {b: [] for b in boundaries}
    for number, sequence in enumerate(sequences):
        if not sequence:
            continue
        groups[_boundary_of(len(sequence), boundaries, number)].append(sequence)
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in groups.items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="So that no row is without weight, the first place of an empty sequence gets weight 1, though it is padding.",
)
def an_empty_sequence_counts_once(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            tokens, weights = _rectangle(rows, boundary, pad)
            for row, sequence in enumerate(rows):
                weights[row, : max(len(sequence), 1)] = 1
            batches.append((tokens, weights))
    return batches


@wrong(
    "pad_and_bucket",
    truth="The first place of padding has weight 1 too (: length + 1), as if an end had to be foretold. Wrong for every "
    "sequence shorter than its boundary.",
)
def the_first_padding_counts(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            tokens, weights = _rectangle(rows, boundary, pad)
            for row, sequence in enumerate(rows):
                weights[row, : len(sequence) + 1] = 1
            batches.append((tokens, weights))
    return batches


@wrong(
    "pad_and_bucket",
    truth="A boundary without sequences gives a batch of no rows. It is to have none.",
)
def an_empty_batch_for_an_empty_boundary(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, max(len(members), 1), batch_size):
            batches.append(_rectangle(members[i : i + batch_size], boundary, pad))
    return batches


@wrong(
    "pad_and_bucket",
    truth="Appends the padding to the lists it was given: the result is right, but the caller's sequences are changed.",
)
def appends_the_padding_in_place(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            weights = _rectangle(rows, boundary, pad)[1]
            for sequence in rows:
                while len(sequence) < boundary:
                    sequence.append(pad)
            batches.append((np.array(rows), weights))
    return batches


@wrong(
    "pad_and_bucket",
    truth="batch_size is never used: each boundary gives one batch of all its sequences. Wrong where a boundary has more "
    "than batch_size of them.",
)
def one_batch_for_each_boundary(sequences, boundaries, *, batch_size, pad=0):
    groups = _by_boundary(sequences, boundaries)
    return [_rectangle(members, boundary, pad) for boundary, members in groups.items() if members]


@wrong(
    "pad_and_bucket",
    truth="Only the first batch_size sequences of each boundary are kept, the others are lost.",
)
def only_the_first_batch_of_each_boundary(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        if members:
            batches.append(_rectangle(members[:batch_size], boundary, pad))
    return batches


@wrong(
    "pad_and_bucket",
    truth="Keys the sequences by their tokens, so equal sequences are kept once. Wrong where one comes twice.",
)
def loses_equal_sequences(sequences, boundaries, *, batch_size, pad=0):
    boundary_of = {tuple(s): _boundary_of(len(s), boundaries, i) for i, s in enumerate(sequences)}
    batches = []
    for boundary in boundaries:
        members = [s for s, b in boundary_of.items() if b == boundary]
        batches += [_rectangle(members[i : i + batch_size], boundary, pad) for i in range(0, len(members), batch_size)]
    return batches


@wrong(
    "pad_and_bucket",
    truth="[[pad] * boundary] * n is one row n times: every row shows the tokens of all sequences of the batch written "
    "over each other. Wrong for every batch of two different rows; the weights are right.",
)
def one_row_many_times(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            rows = members[i : i + batch_size]
            tokens = [[pad] * boundary] * len(rows)
            for row, sequence in enumerate(rows):
                for place, token in enumerate(sequence):
                    tokens[row][place] = token
            batches.append((np.array(tokens), _rectangle(rows, boundary, pad)[1]))
    return batches


@wrong(
    "pad_and_bucket",
    truth="Takes the sequences from the end of the list with pop, so within a boundary they come in reversed order. "
    "Wrong where a boundary has two different ones.",
)
def pops_them_from_the_end(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        while members:
            rows = [members.pop() for _ in range(min(batch_size, len(members)))]
            batches.append(_rectangle(rows, boundary, pad))
    return batches


@wrong(
    "pad_and_bucket",
    truth="What does not fill a batch moves on to the next boundary, so that only the very last batch is smaller. Wrong "
    "where a boundary other than the last one has a remainder.",
)
def remainders_move_to_the_next_boundary(sequences, boundaries, *, batch_size, pad=0):
    batches, left = [], []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        members = left + members
        n_full = len(members) // batch_size * batch_size
        if boundary == boundaries[-1]:
            n_full = len(members)
        batches += [
            _rectangle(members[i : min(i + batch_size, n_full)], boundary, pad) for i in range(0, n_full, batch_size)
        ]
        left = members[n_full:]
    return batches


@wrong(
    "pad_and_bucket",
    truth="Takes the boundary that is nearest to the length, and cuts what is over. A sequence a little longer than a "
    "boundary loses its end; one that is too long is cut in place of refused.",
)
def the_nearest_boundary(sequences, boundaries, *, batch_size, pad=0):
    groups = {b: [] for b in boundaries}
    for sequence in sequences:
        nearest = min(boundaries, key=lambda b: abs(b - len(sequence)))
        groups[nearest].append(sequence[:nearest])
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in groups.items()
        for i in range(0, len(members), batch_size)
    ]


@wrong(
    "pad_and_bucket",
    truth="The batches of the largest boundary come first. Wrong where two boundaries have sequences.",
)
def the_largest_boundary_first(sequences, boundaries, *, batch_size, pad=0):
    groups = _by_boundary(sequences, boundaries)
    batches = []
    for boundary in reversed(boundaries):
        members = groups[boundary]
        batches += [_rectangle(members[i : i + batch_size], boundary, pad) for i in range(0, len(members), batch_size)]
    return batches


@wrong(
    "pad_and_bucket",
    truth="Positions are the first axis and sequences the second: shape (boundary, n) in place of (n, boundary).",
)
def positions_before_rows(sequences, boundaries, *, batch_size, pad=0):
    batches = []
    for boundary, members in _by_boundary(sequences, boundaries).items():
        for i in range(0, len(members), batch_size):
            tokens, weights = _rectangle(members[i : i + batch_size], boundary, pad)
            batches.append((tokens.T, weights.T))
    return batches


@wrong(
    "pad_and_bucket",
    truth="Two slips: the boundary must be above the length, and the smaller last batch of each boundary is dropped.",
)
def strictly_above_and_no_last_batch(sequences, boundaries, *, batch_size, pad=0):
    groups = {b: [] for b in boundaries}
    for number, sequence in enumerate(sequences):
        fitting = [b for b in boundaries if len(sequence) < b]
        if not fitting:
            raise ValueError(f"sequence {number} is too long")
        groups[fitting[0]].append(sequence)
    return [
        _rectangle(members[i : i + batch_size], boundary, pad)
        for boundary, members in groups.items()
        for i in range(0, len(members) - batch_size + 1, batch_size)
    ]


# ---- sample_reply


@right("sample_reply")
def a_new_list_for_each_token(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        logits = next_logits([*prompt, *reply])
        token = int(sample_token(logits, uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@right("sample_reply")
def a_copy_that_grows(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    n = 0
    while n < len(uniforms):
        token = sample_token(np.asarray(next_logits(tokens)), uniforms[n], temperature=temperature).item()
        if token == stop:
            return tokens[len(prompt) :]
        tokens = tokens + [token]
        n += 1
    return tokens[len(prompt) :]


@right("sample_reply")
def calls_itself_for_the_rest(next_logits, prompt, uniforms, *, temperature, stop):
    if len(uniforms) == 0:
        return []
    token = int(sample_token(next_logits(list(prompt)), uniforms[0], temperature=temperature))
    if token == stop:
        return []
    rest = calls_itself_for_the_rest(
        next_logits, [*prompt, token], uniforms[1:], temperature=temperature, stop=stop
    )
    return [token] + rest


@right("sample_reply")
def a_generator_inside(next_logits, prompt, uniforms, *, temperature, stop):
    def write():
        so_far = list(prompt)
        for i in range(len(uniforms)):
            chosen = int(sample_token(next_logits(list(so_far)), float(uniforms[i]), temperature=temperature))
            if chosen == stop:
                return
            so_far.append(chosen)
            yield chosen

    return list(write())


@wrong(
    "sample_reply",
    truth="Notes the token down before it looks whether it is the stop, so stop is the last token of a reply that ends "
    "with it.",
)
def keeps_the_stop(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature))
        reply.append(token)
        if token == stop:
            break
    return reply


@wrong(
    "sample_reply",
    truth="Closes every reply with stop, also one that ends because the numbers are used up; the result is to be "
    "without it.",
)
def always_ends_with_a_stop(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return [*reply, stop]


@wrong("sample_reply", truth="Returns the prompt and the new tokens; the new ones alone are asked.")
def returns_the_prompt_too(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for uniform in uniforms:
        token = int(sample_token(next_logits(tokens), uniform, temperature=temperature))
        if token == stop:
            break
        tokens.append(token)
    return tokens


@wrong(
    "sample_reply",
    truth="Asks with the prompt alone for every token: what was chosen is never read. Wrong from the second token on.",
)
def never_reads_what_it_wrote(next_logits, prompt, uniforms, *, temperature, stop):
    logits = next_logits(list(prompt))
    reply = []
    for uniform in uniforms:
        token = int(sample_token(logits, uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Asks with the last token alone, in place of all tokens so far. Wrong for every model that looks further back.",
)
def shows_the_last_token_alone(next_logits, prompt, uniforms, *, temperature, stop):
    token, reply = prompt[-1], []
    for uniform in uniforms:
        token = int(sample_token(next_logits([token]), uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="From the second token on it asks with the reply alone, without the prompt. Wrong for models that look back "
    "beyond the reply.",
)
def forgets_the_prompt_after_the_first_token(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits(list(reply or prompt)), uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="A window as long as the prompt: for each new token the oldest is dropped. Wrong from the second token on for "
    "models that look at all tokens, or at their number.",
)
def a_window_that_slides(next_logits, prompt, uniforms, *, temperature, stop):
    window, reply = list(prompt), []
    for uniform in uniforms:
        token = int(sample_token(next_logits(list(window)), uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
        window = window[1:] + [token]
    return reply


@wrong(
    "sample_reply",
    truth="Shows the model only what follows the last stop in the prompt, its own turn. Wrong where the prompt holds "
    "stop and the model looks back beyond it; where it ends with stop the model is asked with nothing.",
)
def shows_the_last_turn_alone(next_logits, prompt, uniforms, *, temperature, stop):
    turn = list(prompt)
    while stop in turn:
        turn = turn[turn.index(stop) + 1 :]
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits(turn + reply), uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Puts a 0 in front of the tokens, as the model's shift does. The list has one token too many: wrong for models "
    "that look at all tokens or at their places.",
)
def shifts_by_a_zero_in_front(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([0, *prompt, *reply]), uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Asks for the next logits before the token just chosen is in the list: each token is chosen without knowing "
    "the one before it. Wrong from the second token on.",
)
def reads_one_token_late(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    logits = next_logits(list(prompt))
    for uniform in uniforms:
        token = int(sample_token(logits, uniform, temperature=temperature))
        if token == stop:
            break
        logits = next_logits([*prompt, *reply])
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Appends the new tokens to the prompt it was given. The reply is right, but prompt is changed.",
)
def appends_to_the_prompt(next_logits, prompt, uniforms, *, temperature, stop):
    n_before = len(prompt)
    for uniform in uniforms:
        token = int(sample_token(next_logits(prompt), uniform, temperature=temperature))
        if token == stop:
            break
        prompt.append(token)
    return prompt[n_before:]


@wrong(
    "sample_reply",
    truth="tokens += ... on the caller's list, and stop is in the reply: the prompt is changed, and the reply ends with "
    "stop where it is chosen. Two slips.",
)
def changes_the_prompt_and_keeps_the_stop(next_logits, prompt, uniforms, *, temperature, stop):
    tokens, reply = prompt, []
    for uniform in uniforms:
        token = int(sample_token(next_logits(tokens), uniform, temperature=temperature))
        tokens += [token]
        reply += [token]
        if token == stop:
            break
    return reply


@wrong(
    "sample_reply",
    truth="Gives probabilities to sample_token, which takes logits. The softmax is taken twice and the choice is "
    "flatter; wrong for most numbers at a temperature above 0.",
)
def samples_from_probabilities(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        logits = np.asarray(next_logits([*prompt, *reply]), dtype=float)
        chances = np.exp(logits - logits.max())
        chances /= chances.sum()
        token = int(sample_token(chances, uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Does not hand the temperature on, so sample_token uses 1. Wrong at every other temperature.",
)
def leaves_the_temperature_out(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Divides the logits by the temperature and hands it on as well: it acts twice, as its square. Wrong unless "
    "it is 1; at 0 it divides by 0.",
)
def temperature_twice(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        logits = np.asarray(next_logits([*prompt, *reply])) / temperature
        token = int(sample_token(logits, uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Divides by the temperature itself and samples at 1, with no thought of 0: there it divides by zero, and the "
    "logits are not finite. Right above 0.",
)
def divides_by_a_temperature_of_zero(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        scaled = np.asarray(next_logits([*prompt, *reply]), dtype=float) / temperature
        token = int(sample_token(scaled, uniform))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Multiplies the logits by the temperature in place of dividing: hot is cold. Wrong unless it is 1; at 0 all "
    "tokens are equally likely.",
)
def multiplies_by_the_temperature(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        scaled = np.asarray(next_logits([*prompt, *reply])) * temperature
        token = int(sample_token(scaled, uniform))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="temperature or 1.0: a temperature of 0 is taken for none given, and becomes 1. Wrong at 0 only.",
)
def zero_temperature_becomes_one(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature or 1.0))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="A temperature of 0 is replaced by 0.000001 for fear of dividing by 0. Where the highest logit is tied, the "
    "number then chooses between the tied tokens; at 0 it is to be the lower one.",
)
def zero_temperature_becomes_tiny(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=max(temperature, 1e-6)))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Always takes the likeliest token, and uses neither numbers nor temperature. Right at temperature 0 only.",
)
def always_the_likeliest(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for _ in uniforms:
        token = int(np.argmax(next_logits([*prompt, *reply])))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Chooses every token with the first number. Wrong where the others would choose otherwise.",
)
def the_first_number_for_all(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    while len(reply) < len(uniforms):
        token = int(sample_token(next_logits([*prompt, *reply]), uniforms[0], temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Takes the numbers from the end with pop: the last number chooses the first token.",
)
def the_last_number_first(next_logits, prompt, uniforms, *, temperature, stop):
    left, reply = list(uniforms), []
    while left:
        token = int(sample_token(next_logits([*prompt, *reply]), left.pop(), temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Begins with the second number (the loop counts from 1): each token is chosen with the number of the next one, "
    "and there is at most one token less.",
)
def skips_the_first_number(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for i in range(1, len(uniforms)):
        token = int(sample_token(next_logits([*prompt, *reply]), uniforms[i], temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Leaves the last number unused (keeps a place for stop): at most n - 1 tokens. Wrong where stop is not chosen "
    "among the first n.",
)
def leaves_the_last_number(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms[:-1]:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Takes the number at the place in the whole dialogue, uniforms[len(tokens)], so it begins with number P, not "
    "with number 0, and writes fewer tokens, none where the prompt is as long as the numbers.",
)
def numbers_by_place_in_the_dialogue(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    while len(tokens) < len(uniforms):
        token = int(sample_token(next_logits(list(tokens)), uniforms[len(tokens)], temperature=temperature))
        if token == stop:
            break
        tokens.append(token)
    return tokens[len(prompt) :]


@wrong(
    "sample_reply",
    truth="Draws its own numbers with a seed of its own, and uses those it was given only for their count.",
)
def draws_its_own_numbers(next_logits, prompt, uniforms, *, temperature, stop):
    rng, reply = np.random.default_rng(0), []
    for _ in range(len(uniforms)):
        token = int(sample_token(next_logits([*prompt, *reply]), rng.random(), temperature=temperature))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Goes on while the last token is not stop, and looks at the prompt's last one too. A prompt that ends with "
    "stop, an earlier turn, gives an empty reply.",
)
def a_stop_at_the_end_of_the_prompt_ends_it(next_logits, prompt, uniforms, *, temperature, stop):
    tokens, i = list(prompt), 0
    while tokens[-1] != stop and i < len(uniforms):
        tokens.append(int(sample_token(next_logits(list(tokens)), uniforms[i], temperature=temperature)))
        i += 1
    reply = tokens[len(prompt) :]
    return reply[:-1] if reply and reply[-1] == stop else reply


@wrong(
    "sample_reply",
    truth="Looks for stop among all tokens, the prompt's too. If any earlier turn in the prompt has ended, the reply is "
    "over after its first token.",
)
def a_stop_anywhere_ends_it(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for uniform in uniforms:
        tokens.append(int(sample_token(next_logits(list(tokens)), uniform, temperature=temperature)))
        if stop in tokens:
            break
    reply = tokens[len(prompt) :]
    return [token for token in reply if token != stop]


@wrong(
    "sample_reply",
    truth="continue in place of break: a chosen stop is passed over, and the reply goes on with the next number.",
)
def passes_over_the_stop(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature))
        if token == stop:
            continue
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Never ends at stop: writes n tokens always, reads stop as any other, and takes it out at the end. What "
    "follows the first stop stays in the reply.",
)
def takes_the_stops_out_at_the_end(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        reply.append(int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature)))
    return [token for token in reply if token != stop]


@wrong("sample_reply", truth="stop is never used: the reply has n tokens always, stop among them.")
def never_stops(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for uniform in uniforms:
        tokens.append(int(sample_token(next_logits(tokens), uniform, temperature=temperature)))
    return tokens[-len(uniforms) :] if len(uniforms) else []


@wrong(
    "sample_reply",
    truth="Ends at token 0, as in the example, whatever stop is. Wrong where stop is another token, by ending at 0 and "
    "by not ending at stop.",
)
def ends_at_token_zero(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature))
        if not token:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="A reply is to have at least one token, it thinks: a stop that is chosen first is passed over. The right reply "
    "is empty then.",
)
def a_stop_at_once_does_not_count(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature))
        if token == stop and reply:
            break
        if token != stop:
            reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Returns the reply only where stop is chosen. Where the numbers are used up first, it returns None.",
)
def returns_only_at_the_stop(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature))
        if token == stop:
            return reply
        reply.append(token)


@wrong(
    "sample_reply",
    truth="Writes until stop comes, without a look at how many numbers there are: where they are used up first, it ends "
    "in an IndexError.",
)
def goes_on_until_the_stop(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    while True:
        token = int(
            sample_token(next_logits([*prompt, *reply]), uniforms[len(reply)], temperature=temperature)
        )
        if token == stop:
            return reply
        reply.append(token)


@wrong("sample_reply", truth="The return stands within the loop: the reply has at most one token.")
def returns_after_the_first_token(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature))
        if token == stop:
            break
        reply.append(token)
        return reply
    return reply


@wrong(
    "sample_reply",
    truth="Each new token is put in front of the reply: it is read, and returned, from back to front.",
)
def writes_from_back_to_front(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        token = int(sample_token(next_logits([*prompt, *reply]), uniform, temperature=temperature))
        if token == stop:
            break
        reply.insert(0, token)
    return reply


@wrong("sample_reply", truth="The tokens of the reply are floats: whole numbers by value, but not by type.")
def tokens_of_the_reply_as_floats(next_logits, prompt, uniforms, *, temperature, stop):
    reply = np.zeros(len(uniforms))
    for n, uniform in enumerate(uniforms):
        so_far = [*prompt, *(int(token) for token in reply[:n])]
        token = sample_token(next_logits(so_far), uniform, temperature=temperature)
        if token == stop:
            return reply[:n].tolist()
        reply[n] = token
    return reply.tolist()


@wrong(
    "sample_reply",
    truth="Its own sampling: the tokens are sorted by chance, the likeliest first, before the shares are added up. The "
    "shares are to be added in the order of the tokens; wrong for most numbers.",
)
def adds_up_the_likeliest_first(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        logits = np.asarray(next_logits([*prompt, *reply]), dtype=float)
        order = np.argsort(-logits, kind="stable")
        token = int(order[sample_token(logits[order], uniform, temperature=temperature)])
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Its own sampling, by searchsorted from the left: where a number is exactly a share's end the token that ends "
    "there is chosen, not the next. Wrong at such numbers, as 0.5 with two equal chances.",
)
def a_number_at_the_end_of_a_share(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        logits = np.asarray(next_logits([*prompt, *reply]), dtype=float)
        if temperature == 0:
            token = int(np.argmax(logits))
        else:
            shares = np.cumsum(np.exp((logits - logits.max()) / temperature))
            token = int(np.searchsorted(shares, uniform * shares[-1], side="left"))
        if token == stop:
            break
        reply.append(token)
    return reply


@wrong(
    "sample_reply",
    truth="Keeps only the 40 likeliest tokens, as GPT-2's samples did; nobody asked for that. Wrong for vocabularies of "
    "more than 40 tokens.",
)
def only_the_forty_likeliest(next_logits, prompt, uniforms, *, temperature, stop):
    reply = []
    for uniform in uniforms:
        logits = next_logits([*prompt, *reply])
        token = int(sample_token(logits, uniform, temperature=temperature, top_k=min(40, len(logits))))
        if token == stop:
            break
        reply.append(token)
    return reply
