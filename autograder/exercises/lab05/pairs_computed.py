"""Lab 05, `pairs_computed(length, *, n_rounds, chunk_length, n_before=1, n_after=0)`: logits of LSH attention.

Five whole numbers -> an int: rounds times chunks (the last one whole) times C times (n_before + 1 + n_after) C. Every
logit in the arrays counts, hidden and empty places too; wrap and causality play no part.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import costs
from reformer.loops import costs as twins

exercise = Exercise(reference=costs.pairs_computed, twin=twins.pairs_computed)


def asked(length, n_rounds, chunk_length, n_before, n_after):
    return lambda rng: call(length, n_rounds=n_rounds, chunk_length=chunk_length, n_before=n_before, n_after=n_after)


# --- questions --------------------------------------------------------------------------------------------------

exercise.case("one round, eight tokens, chunks of four, one chunk back", asked(8, 1, 4, 1, 0))
exercise.case("three rounds of it", asked(8, 3, 4, 1, 0))
exercise.case("ten tokens, chunks of four: the last one is half empty, and counts whole", asked(10, 1, 4, 1, 0))
exercise.case("two chunks back and one ahead", asked(28, 2, 5, 2, 1))
exercise.case("no chunk back, two ahead", asked(24, 3, 6, 0, 2))
exercise.case("the own chunk alone", asked(21, 2, 7, 0, 0))
exercise.case("chunks of eight, and only three tokens", asked(3, 1, 8, 1, 0))
exercise.case("more chunks in a window than there are: each counts as often as it stands there", asked(6, 2, 3, 4, 1))
exercise.case("chunks of one token", asked(5, 4, 1, 1, 0))
exercise.case("one token", asked(1, 2, 3, 2, 2))
exercise.case("four million tokens: more pairs than 32 bits can count", asked(2**22 + 1, 8, 64, 1, 0))


def _twice_as_long(rng):
    return [asked(length, 4, 16, 1, 0)(rng) for length in (160, 320)]


@exercise.property("twice as many tokens take twice as many pairs, not four times as many", _twice_as_long)
def _(calls, answers):
    return answers[1] == 2 * answers[0]


@exercise.case("numbers of all kinds", hidden=True)
def _(rng):
    chunk_length = int(rng.integers(20, 60))
    length = chunk_length * int(rng.integers(50, 90)) + int(rng.integers(3, chunk_length // 2 - 3))
    return asked(length, int(rng.integers(5, 9)), chunk_length, 3, 2)(rng)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_ceil(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * int(np.ceil(length / chunk_length)) * (1 + n_before + n_after) * chunk_length**2


@exercise.solution
def by_remainder(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    places = length + (chunk_length - length % chunk_length) % chunk_length
    return sum([places * chunk_length] * (n_before + n_after + 1)) * n_rounds


# --- mistakes ---------------------------------------------------------------------------------------------------


def _chunks(length, chunk_length):
    return -(-length // chunk_length)


@exercise.mistake(
    why="`//` rounds down",
    says="the number of chunks is rounded down, so that the last tokens have none; round it up",
)
def chunks_rounded_down(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * (length // chunk_length) * chunk_length * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="rounding up is done by adding one",
    says="there is one chunk too many where the length is a multiple of the chunk length; round up, do not add one",
)
def always_one_chunk_more(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * (length // chunk_length + 1) * chunk_length * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="half up is how one rounds",
    says="the number of chunks is rounded to the nearest; round it up",
)
def chunks_rounded_to_the_nearest(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * round(length / chunk_length) * chunk_length * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="only tokens are thought to have queries",
    says="only tokens have queries, and the empty places of the last chunk have none; they count, too",
)
def empty_queries_left_out(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * length * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="a division without rounding gives a part of a chunk",
    says="the number of chunks is a fraction; round it up to a whole number, and return an int",
)
def chunks_not_rounded(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * (length / chunk_length) * chunk_length * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="only pairs of two tokens are thought to count",
    says="only pairs of two tokens are counted, and empty places are left out; each logit in the arrays counts",
)
def real_pairs_only(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = _chunks(length, chunk_length)
    sizes = [min(chunk_length, length - start) for start in range(0, n_chunks * chunk_length, chunk_length)]
    steps = range(-n_before, n_after + 1)
    return n_rounds * sum(size * sizes[(c + step) % len(sizes)] for c, size in enumerate(sizes) for step in steps)


@exercise.mistake(
    why="the first chunk seems to have nothing before it",
    says="the window ends where the round does; the ring gives every chunk a whole window",
)
def windows_cut_at_the_ends(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = _chunks(length, chunk_length)
    n_seen = n_chunks  # its own chunk
    n_seen += sum(max(n_chunks - step, 0) for step in range(1, n_before + 1))
    n_seen += sum(max(n_chunks - step, 0) for step in range(1, n_after + 1))
    return n_rounds * n_seen * chunk_length**2


@exercise.mistake(
    why="a window with more chunks than there are seems to hold each once",
    says="a chunk that stands twice in a window is counted once; it is computed as often as it stands there",
)
def each_chunk_once_in_a_window(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_chunks = _chunks(length, chunk_length)
    return n_rounds * n_chunks * min(n_before + 1 + n_after, n_chunks) * chunk_length**2


@exercise.mistake(
    why="what is causal has half of the pairs",
    says="only half of the pairs are counted, as if hidden ones were not computed; they are, and then hidden",
)
def half_of_the_pairs(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * chunk_length * (n_before + 1 + n_after) * chunk_length // 2


@exercise.mistake(
    why="the rounds are forgotten",
    says="one round alone is counted; all of them are computed",
)
def one_round(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return _chunks(length, chunk_length) * chunk_length * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="the ring joins all rounds, and each seems to see all others",
    says="the rounds are squared, as if each looked at all others",
)
def rounds_squared(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds**2 * _chunks(length, chunk_length) * chunk_length * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="a window is thought to be the neighbours",
    says="the own chunk is forgotten in the window: it has n_before + 1 + n_after chunks",
)
def own_chunk_forgotten(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * chunk_length * (n_before + n_after) * chunk_length


@exercise.mistake(
    why="only looking back is usual",
    says="`n_after` plays no part; chunks ahead are in the window, too",
)
def chunks_ahead_forgotten(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * chunk_length * (n_before + 1) * chunk_length


@exercise.mistake(
    why="a chunk and its look-ahead are thought of",
    says="`n_before` plays no part; chunks back are in the window, too",
)
def chunks_back_forgotten(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * chunk_length * (1 + n_after) * chunk_length


@exercise.mistake(
    why="two chunks are what a window has in the paper",
    says="a window has two chunks, whatever `n_before` and `n_after` are",
)
def always_two_chunks(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * 2 * chunk_length**2


@exercise.mistake(
    why="attention within chunks is thought to be just that",
    says="each chunk is counted against itself alone; it meets all chunks of its window",
)
def own_chunk_alone(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * chunk_length**2


@exercise.mistake(
    why="'how many pairs has a sequence' has a well-known answer",
    says="this is what dense attention computes, length²; LSH attention computes less",
)
def dense(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return length**2


@exercise.mistake(
    why="each round is compared with all of the text",
    says="this is what dense attention computes, once for each round; a chunk meets its window only",
)
def dense_in_each_round(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * length**2


@exercise.mistake(
    why="the places of a window are counted for one chunk",
    says="one chunk's pairs are counted; multiply by the number of chunks",
)
def one_chunk(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * (n_before + 1 + n_after) * chunk_length**2


@exercise.mistake(
    why="chunks are counted in place of tokens",
    says="pairs of chunks are counted; each has chunk_length² pairs of places",
)
def pairs_of_chunks(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * (n_before + 1 + n_after)


@exercise.mistake(
    why="a window is squared, as all of the text is in dense attention",
    says="the whole window meets itself; only the chunk's own C places are queries",
)
def windows_squared(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * ((n_before + 1 + n_after) * chunk_length) ** 2


@exercise.mistake(
    why="a window's places are multiplied with the number of chunks, and one factor C is forgotten",
    says="one factor of `chunk_length` is missing: each of the C queries of a chunk meets the whole window",
)
def windows_counted(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="a window is thought to grow by single positions",
    says="`n_before` and `n_after` are taken for positions; they are chunks, of C places each",
)
def steps_taken_for_positions(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * chunk_length * (n_before + chunk_length + n_after)


@exercise.mistake(
    why="small NumPy integers hold what they hold",
    says="the number is counted in 32 bits, which end at 2,147,483,647; Python's own ints have no end",
)
def counted_in_32_bits(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_pairs = n_rounds * _chunks(length, chunk_length) * (n_before + 1 + n_after) * chunk_length**2
    return int(np.array(n_pairs).astype(np.int32))


@exercise.mistake(
    why="a token is not compared with itself, it is thought",
    says="each token's pair with itself is left out; it is computed, as all others are",
)
def itself_left_out(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_places = _chunks(length, chunk_length) * chunk_length
    return n_rounds * n_places * ((n_before + 1 + n_after) * chunk_length - 1)


@exercise.mistake(
    why="the rounds are forgotten, and the empty places",
    says="one round is counted, and only tokens have queries; all rounds and all places count",
)
def one_round_of_tokens(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return length * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="`np.ceil` and `/` give floats",
    says="the number is right, but it is a float; asked is an int: round up with `-(-length // chunk_length)`",
)
def a_float(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return float(n_rounds * _chunks(length, chunk_length) * (n_before + 1 + n_after) * chunk_length**2)


@exercise.mistake(
    why="`//` rounds down, and a sequence shorter than a chunk is thought of",
    says="the number of chunks is rounded down, but to no less than one; round it up",
)
def at_least_one_chunk(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * max(length // chunk_length, 1) * (n_before + 1 + n_after) * chunk_length**2


@exercise.mistake(
    why="a window longer than the text seems to hold it once",
    says="a window is cut to the length of the text; it is computed whole, with all that stands in it",
)
def windows_no_longer_than_the_text(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return (
        n_rounds * _chunks(length, chunk_length) * chunk_length * min((n_before + 1 + n_after) * chunk_length, length)
    )


@exercise.mistake(
    why="empty places are thought to cost nothing",
    says="only tokens are counted, on both sides; empty places are computed, too",
)
def tokens_and_windows_no_longer_than_the_text(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * length * min((n_before + 1 + n_after) * chunk_length, length)


@exercise.mistake(
    why="all rounds stand in one ring",
    says="all rounds are cut as one row; each round is cut by itself, and its last chunk is filled up",
)
def rounds_cut_as_one_row(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return _chunks(length * n_rounds, chunk_length) * chunk_length * (n_before + 1 + n_after) * chunk_length


@exercise.mistake(
    why="the own chunk is counted with each side",
    says="the own chunk is counted twice in the window: it has n_before + 1 + n_after chunks",
)
def own_chunk_counted_twice(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * (n_before + n_after + 2) * chunk_length**2


@exercise.mistake(
    why="`*` for `+`",
    says="n_before and n_after are multiplied; add them, and one for the own chunk",
)
def sides_multiplied(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * (n_before * n_after + 1) * chunk_length**2


@exercise.mistake(
    why="each side gets the own chunk",
    says="the two sides are multiplied; a window has n_before + 1 + n_after chunks",
)
def sides_multiplied_with_the_own_chunk(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * (n_before + 1) * (n_after + 1) * chunk_length**2


@exercise.mistake(
    why="`+` for `*`",
    says="the rounds are added; each computes all of its pairs, so multiply",
)
def rounds_added(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds + _chunks(length, chunk_length) * (n_before + 1 + n_after) * chunk_length**2


@exercise.mistake(
    why="cutting into n chunks is thought to divide the cost by n",
    says="length² is divided by the number of chunks; count the places of chunks and windows",
)
def dense_over_the_chunks(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * length**2 // _chunks(length, chunk_length)


@exercise.mistake(
    why="the own chunk is causal",
    says="in the own chunk only half is counted; hidden pairs are computed, too",
)
def half_of_the_own_chunk(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return (
        n_rounds
        * _chunks(length, chunk_length)
        * (chunk_length * (chunk_length + 1) // 2 + (n_before + n_after) * chunk_length**2)
    )


@exercise.mistake(
    why="the first chunk seems to have nothing before it",
    says="at the ends of each round chunks are left out of the windows; on the ring every window is whole",
)
def ends_of_each_round_left_out(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * (_chunks(length, chunk_length) * (n_before + 1 + n_after) - n_before - n_after) * chunk_length**2


@exercise.mistake(
    why="the very first chunk seems to have nothing before it",
    says="at the ends of the whole row chunks are left out of the windows; it closes to a ring",
)
def ends_of_the_ring_left_out(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return (n_rounds * _chunks(length, chunk_length) * (n_before + 1 + n_after) - n_before - n_after) * chunk_length**2


@exercise.mistake(
    why="the brackets are set in another place",
    says="the own chunk is counted as one place; the window has (n_before + 1 + n_after) · C of them",
)
def own_chunk_as_one_place(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * chunk_length * ((n_before + n_after) * chunk_length + 1)


@exercise.mistake(
    why="`+` for `*`",
    says="the places of chunk and window are added; each of one meets each of the other, so multiply",
)
def queries_and_window_added(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * (chunk_length + (n_before + 1 + n_after) * chunk_length)


@exercise.mistake(
    why="neighbours stand on both sides",
    says="a window has three chunks, whatever `n_before` and `n_after` are",
)
def one_chunk_on_each_side(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * 3 * chunk_length**2


@exercise.mistake(
    why="what is before is thought to be behind, too",
    says="a window has n_before chunks on each side; ahead it has n_after",
)
def same_on_both_sides(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    return n_rounds * _chunks(length, chunk_length) * (2 * n_before + 1) * chunk_length**2
