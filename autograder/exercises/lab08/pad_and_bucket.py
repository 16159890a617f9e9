"""Lab 08, `pad_and_bucket(sequences, boundaries, *, batch_size, pad=0)`: batches of sequences of about one length.

A list of lists of tokens and a list of rising lengths -> a list of (tokens, weights), two (n, boundary) arrays each, by
rising boundary. Each sequence goes to the smallest boundary that is at least its length, in the order in which they
come; batches of `batch_size`, the last of a boundary shorter; none for a boundary without sequences. Weights are 0 on
padding alone, also where a token of a sequence is `pad`. Longer than all boundaries: a ValueError with the sequence's
number, counted from 0.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.differences import difference_of
from autograder.checking.exercise import Exercise
from trax_bridge import batches, loops

exercise = Exercise(batches.pad_and_bucket, loops.pad_and_bucket, axes=("batch", ("tokens", "weights"), "row", "place"))


def drawn(n, boundaries, *, batch_size, shortest=1, longest=None, **options):
    """So many sequences of any length, tokens 0 to 9."""

    def make(rng):
        lengths = rng.integers(shortest, (longest or boundaries[-1]) + 1, n)
        sequences = [rng.integers(0, 10, length).tolist() for length in lengths]
        return call(sequences, list(boundaries), batch_size=batch_size, **options)

    return make


def unlike(make, *names):
    """Redraw until these mistakes give something else, so that a hidden question costs everybody the same."""

    def drawn_anew(rng):
        while True:
            one = make(rng)
            right = one.of(exercise.reference)
            others = [one.of(mistake.function) for mistake in exercise.mistakes if mistake.name in names]
            if all(difference_of(right, other, 0).words for other in others):
                return one

    return drawn_anew


def of_lengths(*lengths, boundaries, batch_size, **options):
    """Sequences of these lengths, tokens 1 to 9."""

    def make(rng):
        sequences = [rng.integers(1, 10, length).tolist() for length in lengths]
        return call(sequences, boundaries, batch_size=batch_size, **options)

    return make


# --- questions --------------------------------------------------------------------------------------------------


exercise.case(
    "four short sequences, lengths up to 2 and up to 4",
    lambda rng: call([[5, 6], [7, 8, 9], [4], [3, 2, 1]], [2, 4], batch_size=2),
)
exercise.case("one sequence, one boundary above its length", lambda rng: call([[3, 1, 2]], [5], batch_size=4))
exercise.case(
    "sequences exactly as long as a boundary",
    of_lengths(2, 4, 3, 6, 2, 4, boundaries=[2, 4, 6], batch_size=8),
)
exercise.case(
    "seven sequences in batches of three: the last one holds one",
    of_lengths(4, 3, 4, 2, 3, 4, 1, boundaries=[4], batch_size=3),
)
exercise.case(
    "the long ones come first, and are not of one length",
    of_lengths(7, 5, 8, 2, 6, 1, 3, boundaries=[3, 8], batch_size=2),
)
exercise.case(
    "no sequence for the first and the third boundary", of_lengths(4, 9, 5, boundaries=[2, 5, 7, 9], batch_size=2)
)
exercise.case(
    "batches of one; two of the sequences are the same",
    lambda rng: call([[300], [4, 4, 7], [5, 4], [4, 4, 7]], [2, 3], batch_size=1),
)
exercise.case(
    "filled up with 9, which is a token of a sequence, too",
    lambda rng: call([[9, 1], [2, 9, 9], [9], [1, 2]], [2, 4], batch_size=2, pad=9),
)
exercise.case(
    "filled up with 0, which is a token of a sequence, too",
    lambda rng: call([[0, 4, 0], [0, 0], [6, 0]], [3, 5], batch_size=2),
)
exercise.case(
    "filled up with 1, and the last batch holds two of three",
    lambda rng: call([[1, 5, 1], [7], [2, 1], [1], [4, 4, 3]], [4], batch_size=3, pad=1),
)
exercise.case("an empty sequence among others", lambda rng: call([[1, 2], [], [3]], [2, 3], batch_size=2, pad=7))
exercise.case("no sequences: no batches", lambda rng: call([], [4, 8], batch_size=2))
exercise.case(
    "a sequence longer than all boundaries", of_lengths(3, 4, 9, 2, boundaries=[4, 8], batch_size=2), refused="2"
)
exercise.case("twenty sequences, three boundaries, batches of four", drawn(20, [4, 7, 12], batch_size=4))


def _in_batches_of_one_and_of_fifty(rng):
    one = drawn(15, [3, 6, 9], batch_size=1)(rng)
    return [one, call(*one.args, batch_size=50)]


@exercise.property(
    "batches of one and of fifty hold the same rows, in the same order", _in_batches_of_one_and_of_fifty, axes=("row",)
)
def _(calls, answers):
    rows = [[row.tolist() for tokens, _ in batches for row in np.asarray(tokens)] for batches in answers]
    return len(rows[0]) == 15 and rows[0] == rows[1]


exercise.case(
    "sixty sequences, four boundaries, batches of seven, filled up with 3",
    unlike(drawn(60, [5, 8, 16, 24], batch_size=7, pad=3), "short_batches_at_the_end", "last_batch_of_one_dropped"),
    hidden=True,
)
exercise.case(
    "thirty sequences, of which many are as long as a boundary",
    unlike(
        drawn(30, [2, 3, 4], batch_size=4),
        "boundaries_in_the_order_of_their_first_sequence",
        "filled_up_to_the_longest",
        "last_batch_of_one_dropped",
        "short_batches_at_the_end",
    ),
    hidden=True,
)
exercise.case(
    "among nine one that is longer than all boundaries",
    of_lengths(1, 3, 2, 3, 1, 2, 1, 6, 2, boundaries=[2, 5], batch_size=3),
    hidden=True,
    refused="7",
)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def with_searchsorted(sequences, boundaries, *, batch_size, pad=0):
    lengths = np.array([len(sequence) for sequence in sequences], dtype=int)
    which = np.searchsorted(boundaries, lengths, side="left")
    if np.any(which == len(boundaries)):
        raise ValueError(f"too long: number {np.flatnonzero(which == len(boundaries))[0]}")
    found = []
    for number, boundary in enumerate(boundaries):
        members = np.flatnonzero(which == number)
        for start in range(0, len(members), batch_size):
            rows = members[start : start + batch_size]
            weights = (np.arange(boundary) < lengths[rows][:, None]).astype(np.float32)
            tokens = [sequences[row] + [pad] * (boundary - lengths[row]) for row in rows]
            found.append((np.array(tokens), weights))
    return found


@exercise.solution
def with_lists_alone(sequences, boundaries, *, batch_size, pad=0):
    buckets = {boundary: [] for boundary in boundaries}
    for i, sequence in enumerate(sequences):
        try:
            boundary = next(one for one in boundaries if len(sequence) <= one)
        except StopIteration:
            raise ValueError(f"sequences[{i}] has {len(sequence)} tokens") from None
        missing = boundary - len(sequence)
        buckets[boundary].append((list(sequence) + missing * [pad], [1] * len(sequence) + [0] * missing))
    found = []
    for rows in buckets.values():
        while rows:
            batch, rows = rows[:batch_size], rows[batch_size:]
            found.append(([tokens for tokens, _ in batch], [weights for _, weights in batch]))
    return found


# --- mistakes ---------------------------------------------------------------------------------------------------


def _smallest_that_fits(length, boundaries):
    return next((boundary for boundary in boundaries if boundary >= length), None)


def _cut(members, batch_size):
    return [members[start : start + batch_size] for start in range(0, len(members), batch_size)]


def _refuse(sequence, number, boundaries):
    raise ValueError(f"sequence {number} needs at most {boundaries[-1]} tokens")


def _padded(sequence, length, pad):
    return [*sequence, *[pad] * (length - len(sequence))][:length]


def _ones(sequence, length, pad):
    return [1.0] * min(len(sequence), length) + [0.0] * (length - len(sequence))


def _bucketer(
    *,
    boundary_of=_smallest_that_fits,
    too_long=_refuse,
    arrange=lambda members: members,
    cut=_cut,
    boundaries_of=lambda boundaries, filled: [boundary for boundary in boundaries if boundary in filled],
    length_of=lambda boundary, members: boundary,
    padded=_padded,
    weights_of=_ones,
    pad_of=lambda pad: pad,
):
    """`pad_and_bucket`, of which a mistake can replace each step."""

    def bucket(sequences, boundaries, *, batch_size, pad=0):
        filled, pad = {}, pad_of(pad)
        for number, sequence in enumerate(sequences):
            boundary = boundary_of(len(sequence), boundaries)
            boundary = too_long(sequence, number, boundaries) if boundary is None else boundary
            if boundary is not None:
                filled.setdefault(boundary, []).append(sequence)
        found = []
        for boundary in boundaries_of(boundaries, filled):
            for members in cut(arrange(filled.get(boundary, [])), batch_size) or [[]] * (boundary not in filled):
                length = length_of(boundary, members)
                tokens = [padded(sequence, length, pad) for sequence in members]
                weights = [weights_of(sequence, length, pad) for sequence in members]
                shape = len(members), length
                found.append((np.reshape(np.array(tokens, int), shape), np.reshape(np.array(weights, "f4"), shape)))
        return found

    return bucket


def _mistake(name, *, why, says, **changed):
    """Know a mistake in which some steps are others."""
    function = _bucketer(**changed)
    function.__name__ = name
    exercise.mistake(why=why, says=says)(function)


# Which boundary.
_mistake(
    "boundary_has_to_be_longer",
    boundary_of=lambda length, boundaries: _smallest_that_fits(length + 1, boundaries),
    why='`<` for `<=`, or `side="right"`',
    says="a sequence exactly as long as a boundary goes to the next one; it fits, without padding",
)
_mistake(
    "one_place_is_kept_free_except_at_the_end",
    boundary_of=lambda length, boundaries: (
        _smallest_that_fits(length + 1, boundaries) or _smallest_that_fits(length, boundaries)
    ),
    why="`<` for `<=`, with the last boundary as the default",
    says="a sequence exactly as long as a boundary goes to the next one, if there is one; it fits, without padding",
)
_mistake(
    "largest_boundary_for_all",
    boundary_of=lambda length, boundaries: _smallest_that_fits(max(length, boundaries[-1]), boundaries),
    why="one length for all is the simplest padding",
    says="all sequences are filled up to the largest boundary; each goes to the smallest that is at least its length",
)
_mistake(
    "long_ones_are_cut",
    too_long=lambda sequence, number, boundaries: boundaries[-1],
    why="slices cut without a word",
    says="a sequence longer than all boundaries is cut to the largest; it has to be refused by a ValueError",
)
_mistake(
    "long_ones_are_left_out",
    too_long=lambda sequence, number, boundaries: None,
    why="libraries drop what is too long",
    says="a sequence longer than all boundaries is left out; it has to be refused by a ValueError",
)

# Which batch.
_mistake(
    "last_short_batch_dropped",
    cut=lambda members, n: [batch for batch in _cut(members, n) if len(batch) == n],
    why="whole division counts whole batches, as `drop_remainder` does",
    says="the last batch of a boundary is dropped where it is not full; it has fewer rows, and belongs to the result",
)
_mistake(
    "last_batch_of_one_dropped",
    cut=lambda members, n: [members[start : start + n] for start in range(0, len(members) - 1, n)],
    why="one is subtracted too many: `range(0, n - 1, batch_size)`",
    says="the last batch of a boundary is lost where one sequence is left for it; a single row is a batch, too",
)
_mistake(
    "last_batch_filled_up",
    cut=lambda members, n: [batch + [[]] * (n - len(batch)) for batch in _cut(members, n)],
    why="all batches are thought to have one shape",
    says="the last batch of a boundary is filled up with rows of padding; it has fewer rows instead",
)
_mistake(
    "sorted_by_length",
    arrange=lambda members: sorted(members, key=len),
    why="sorting by length puts equal lengths together",
    says="the sequences of a boundary are sorted by length; they stay in the order in which they come",
)
_mistake(
    "sorted_by_length_from_the_longest",
    arrange=lambda members: sorted(members, key=len, reverse=True),
    why="so does `pack_padded_sequence`",
    says="the sequences of a boundary are sorted, the longest first; they stay in the order in which they come",
)
_mistake(
    "last_come_first",
    arrange=lambda members: members[::-1],
    why="`pop()` takes from the end",
    says="the sequences of a boundary come in reverse order, as `pop()` takes them; `pop(0)` takes the first",
)
_mistake(
    "one_batch_for_a_boundary",
    cut=lambda members, n: [members] if members else [],
    why="`batch_size` is forgotten",
    says="a boundary has one batch of all its sequences: `batch_size` has no effect",
)
_mistake(
    "empty_sequences_left_out",
    arrange=lambda members: [sequence for sequence in members if sequence],
    why="`if sequence:` leaves the empty ones out",
    says="an empty sequence is left out; it has a row, of padding alone",
)
_mistake(
    "empty_batches",
    boundaries_of=lambda boundaries, filled: boundaries,
    why="every boundary is thought to have a batch",
    says="a boundary without sequences has a batch of no rows; it has no batch",
)
_mistake(
    "longest_boundary_first",
    boundaries_of=lambda boundaries, filled: [boundary for boundary in boundaries[::-1] if boundary in filled],
    why="what is longest is thought to come first",
    says="the batches come from the largest boundary to the smallest; it is the other way round",
)
_mistake(
    "boundaries_in_the_order_of_their_first_sequence",
    boundaries_of=lambda boundaries, filled: list(filled),
    why="a dict keeps the order in which its keys came",
    says="the boundaries come in the order in which the first sequence of each came, as in a dict; they come rising",
)


@exercise.mistake(
    why="a stream of batches gives each as soon as it is full, as Trax's `BucketByLength` does",
    says="each batch comes as soon as it is full, and the rest at the end; here all batches of the smallest boundary "
    "come first",
)
def batches_as_they_fill(sequences, boundaries, *, batch_size, pad=0):
    full, waiting = [], {boundary: [] for boundary in boundaries}
    for number, sequence in enumerate(sequences):
        boundary = _smallest_that_fits(len(sequence), boundaries) or _refuse(sequence, number, boundaries)
        waiting[boundary].append(sequence)
        if len(waiting[boundary]) == batch_size:
            full.append((boundary, waiting[boundary]))
            waiting[boundary] = []
    full += [(boundary, members) for boundary, members in waiting.items() if members]
    return [
        (
            np.array([_padded(sequence, boundary, pad) for sequence in members]),
            np.array([_ones(sequence, boundary, pad) for sequence in members], np.float32),
        )
        for boundary, members in full
    ]


@exercise.mistake(
    why="what is left over is gathered, and added at the end",
    says="the batches that are not full come at the very end; each comes right behind the others of its boundary",
)
def short_batches_at_the_end(sequences, boundaries, *, batch_size, pad=0):
    found = _bucketer()(sequences, boundaries, batch_size=batch_size, pad=pad)
    return sorted(found, key=lambda batch: len(batch[0]) < batch_size)


@exercise.mistake(
    why="sequences are cut into batches first, and then filled up to the boundary of the longest",
    says="sequences are cut into batches as they come, and each batch goes to the boundary of its longest; each "
    "sequence goes to its own boundary, and only then are batches made",
)
def batches_before_boundaries(sequences, boundaries, *, batch_size, pad=0):
    found = []
    for number, sequence in enumerate(sequences):
        _smallest_that_fits(len(sequence), boundaries) or _refuse(sequence, number, boundaries)
    for members in _cut(sequences, batch_size):
        boundary = _smallest_that_fits(max(map(len, members)), boundaries)
        tokens = np.array([_padded(sequence, boundary, pad) for sequence in members])
        found.append((tokens, np.array([_ones(sequence, boundary, pad) for sequence in members], np.float32)))
    return found


# Padding and weights.
_mistake(
    "filled_up_to_the_longest",
    length_of=lambda boundary, members: max(map(len, members)),
    why="most libraries fill up to the longest of a batch",
    says="a batch is filled up to its longest sequence; it is filled up to the boundary, so that few shapes occur",
)
_mistake(
    "padding_in_front",
    padded=lambda sequence, length, pad: _padded(sequence[::-1], length, pad)[::-1],
    weights_of=lambda sequence, length, pad: _ones(sequence, length, pad)[::-1],
    why="for writing on, padding in front is usual",
    says="the padding stands in front of a sequence; it stands behind it",
)
_mistake(
    "always_zeros",
    pad_of=lambda pad: 0,
    why="`np.zeros` makes the array",
    says="0 is filled up with, whatever `pad` is",
)
_mistake(
    "padding_counts",
    weights_of=lambda sequence, length, pad: [1.0] * length,
    why="the weights are forgotten",
    says="all weights are 1, so that padding counts in the loss; they are 0 on padding",
)
_mistake(
    "first_padding_counts",
    weights_of=lambda sequence, length, pad: [float(place <= len(sequence)) for place in range(length)],
    why="the end of a sequence is thought to be worth learning; or `<=` for `<`",
    says="the first place of padding has weight 1, too; the weights are 0 on all padding",
)
_mistake(
    "last_token_does_not_count",
    weights_of=lambda sequence, length, pad: [float(place < len(sequence) - 1) for place in range(length)],
    why="nothing follows the last token; or one is subtracted too many",
    says="the last token of a sequence has weight 0; weights are 0 on padding alone",
)
_mistake(
    "tokens_that_look_like_padding",
    weights_of=lambda sequence, length, pad: [float(token != pad) for token in _padded(sequence, length, pad)],
    why="`tokens != pad` is short",
    says="the weights are 0 wherever a token is `pad`, inside a sequence, too; it is the length that says where the "
    "padding begins",
)
_mistake(
    "weights_filled_up_with_pad",
    weights_of=lambda sequence, length, pad: [float(one) for one in _padded([1.0] * len(sequence), length, pad)],
    why="one function fills up both",
    says="the weights are filled up with `pad`, as the tokens are; they are 0 on padding, whatever `pad` is",
)
_mistake(
    "mask_turned_round",
    weights_of=lambda sequence, length, pad: [1 - one for one in _ones(sequence, length, pad)],
    why="a mask often says what to leave out",
    says="the weights are 1 on padding and 0 on tokens; it is the other way round",
)
_mistake(
    "weights_add_up_to_one",
    weights_of=lambda sequence, length, pad: [one / max(1, len(sequence)) for one in _ones(sequence, length, pad)],
    why="weights are thought to be shares",
    says="the weights of a sequence are divided by its length; each token counts 1",
)
