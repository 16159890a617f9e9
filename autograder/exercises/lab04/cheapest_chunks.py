"""Lab 04, `cheapest_chunks(buckets, allowed_loss, chunk_lengths, look_backs)`: fewest places, little loss.

buckets (L) or (R, L) -> (C, b) as ints, of C in chunk_lengths and b in look_backs, with the fewest places C (b + 1)
among those whose loss, the mean over rounds of `share_of_pairs_lost(row, C, n_before=b)`, is at most allowed_loss; of
equally many places the smaller C; None where every pair loses more. allowed_loss is 0, or 1e-9 away from every loss.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import chunking
from reformer.loops import chunking as twins

exercise = Exercise(
    chunking.cheapest_chunks, twins.cheapest_chunks, none_is_an_answer=True, results=("chunk_length", "n_before")
)

_SIX_TOKENS = np.array([0, 0, 1, 0, 0, 0])


# Designs in which the same mistakes choose otherwise, found by trying seeds: most draws leave several unseen.
_WIDE = {"allowed": 0.12, "chunk_lengths": [9, 4, 16, 6, 3, 12, 2, 8, 5, 10, 24, 7], "look_backs": [2, 0, 5, 1, 3]}
_NARROW = {"allowed": 0.1, "chunk_lengths": [12, 3, 5, 8, 2, 10, 4, 6, 16, 7, 20], "look_backs": [3, 1, 0, 2, 6]}


def designed(seeds, *, R, L, B, allowed, chunk_lengths, look_backs):
    """Rounds whose buckets have the sizes that one of the seeds draws, at positions and with numbers of their own."""

    def make(rng):
        sizes = np.random.default_rng(rng.choice(seeds))
        rows = np.sort([sizes.choice(B, size=L, p=sizes.dirichlet(np.ones(B))) for _ in range(R)], axis=-1)
        return call(rng.permuted(rows, axis=-1) + rng.integers(0, 3), allowed, chunk_lengths, look_backs)

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("six tokens, a quarter may be lost")
def _(rng):
    return call(_SIX_TOKENS, 0.25, [1, 2, 3, 6], [0, 1])


@exercise.case("the same six tokens, nothing may be lost")
def _(rng):
    return call(_SIX_TOKENS, 0, [1, 2, 3, 6], [0, 1])


@exercise.case("the same six tokens, nothing may be lost, and the lists in another order")
def _(rng):
    return call(_SIX_TOKENS, 0, [6, 3, 2, 1], [1, 0])


@exercise.case("the same six tokens, and every choice loses too much")
def _(rng):
    return call(_SIX_TOKENS, 0.1, [1, 2], [0, 1])


@exercise.case("no two tokens share a bucket: nothing is lost anywhere")
def _(rng):
    return call(rng.permutation(5), 0, [4, 2, 1], [1, 0, 2])


@exercise.case("a chunk longer than the sequence counts whole")
def _(rng):
    return call(np.zeros(5, dtype=int), 0, [8, 4], [0, 2])


@exercise.case("all chunks are longer than the sequence")
def _(rng):
    return call(np.array([1, 0, 1, 0]), 0.2, [9, 6], [0])


@exercise.case("nine tokens: the second chunk of eight would be nearly empty")
def _(rng):
    return call(np.zeros(9, dtype=int), 0.3, [3, 8], [0, 2])


@exercise.case("seven tokens: two chunks of four are fewer places than one of nine")
def _(rng):
    return call(np.zeros(7, dtype=int), 0, [9, 4], [1, 0])


@exercise.case("everything may be lost")
def _(rng):
    return call(rng.permutation(np.array([0, 0, 0, 0, 1, 1, 1])), 1, [3, 2, 5], [2, 1, 3])


@exercise.case("of two choices that cost the same, the longer chunk loses less")
def _(rng):
    return call(np.array([2, 2, 2, 3, 1, 1, 3, 2, 2, 1, 2]), 0.2, [3, 2], [2, 1])


@exercise.case("the shorter chunk loses less than the longer")
def _(rng):
    return call(np.array([2, 2, 3, 2, 2, 2, 2, 3, 1, 3, 2]), 0.55, [4, 5], [0])


@exercise.case("a single choice")
def _(rng):
    return call(np.array([1, 0, 1, 1, 0, 1]), 0.5, [2], [1])


@exercise.case("one round loses all, the other nothing, and half may be lost on average")
def _(rng):
    return call(np.array([[0, 1, 2, 3, 4, 4], [0, 0, 0, 0, 1, 2]]), 0.6, [1, 2, 4], [0])


exercise.case("sixty tokens, three rounds", designed([1598, 1653], R=3, L=60, B=5, **_WIDE))
exercise.case("sixty tokens, three rounds of other buckets", designed([894, 1472], R=3, L=60, B=5, **_WIDE))
exercise.case("fifty tokens, four rounds", designed([668, 728], R=4, L=50, B=4, **_NARROW))


@exercise.case("the first of those three rounds alone")
def _(rng):
    buckets, *others = designed([1598], R=3, L=60, B=5, **_WIDE)(rng).args
    return call(buckets[0], *others)


def _more_and_more(rng):
    buckets = rng.choice(3, size=(2, 36), p=[0.2, 0.3, 0.5])
    return [call(buckets, allowed, [12, 3, 6, 9, 4, 18, 36], [1, 0, 2]) for allowed in (0, 0.0501, 0.2001, 0.4003)]


@exercise.property("the more may be lost, the fewer places it takes, and never more", _more_and_more)
def _(calls, answers):
    places = [int(C) * (int(b) + 1) for C, b in answers]
    return all(np.diff(places) <= 0) and places[0] > places[-1]


exercise.case(
    "sixty tokens, three rounds, drawn anew",
    designed([127, 240, 253, 361, 594, 1192, 1230, 1268], R=3, L=60, B=5, **_WIDE),
    points=2,
    hidden=True,
)
exercise.case(
    "fifty tokens, four rounds, drawn anew",
    designed([1, 6, 21, 210, 237, 525, 534, 653], R=4, L=50, B=4, **_NARROW),
    hidden=True,
)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def in_two_loops(buckets, allowed_loss, chunk_lengths, look_backs):
    best = None
    for C in sorted(chunk_lengths):
        for b in look_backs:
            loss = np.mean(chunking.share_of_pairs_lost(buckets, C, n_before=b))
            if loss <= allowed_loss and (best is None or C * (b + 1) < best[0] * (best[1] + 1)):
                best = C, b
    return best


@exercise.solution
def by_tables(buckets, allowed_loss, chunk_lengths, look_backs):
    C, b = np.meshgrid(np.sort(chunk_lengths), np.sort(look_backs), indexing="ij")
    rounds = np.atleast_2d(buckets)
    loss = np.array(
        [
            np.mean([chunking.share_of_pairs_lost(row, length, n_before=back) for row in rounds])
            for length, back in zip(C.ravel().tolist(), b.ravel().tolist(), strict=True)
        ]
    )
    places = np.where(loss <= allowed_loss, (C * (b + 1)).ravel(), np.inf)
    cheapest = np.argmin(places)
    return None if np.isinf(places[cheapest]) else np.array([C.flat[cheapest], b.flat[cheapest]])


# --- mistakes ---------------------------------------------------------------------------------------------------


def _loss(buckets, C, b):
    return float(np.mean(chunking.share_of_pairs_lost(buckets, C, n_before=b)))


def _chosen(buckets, allowed, chunk_lengths, look_backs, loss=_loss, key=None, pairs=None, fits=None):
    """The choice of smallest key (places, then C) of those that fit; the first in the lists where keys are equal."""
    key = key or (lambda C, b: (C * (b + 1), C))
    fits = fits or (lambda lost: lost <= allowed)
    pairs = pairs or [(C, b) for C in chunk_lengths for b in look_backs]
    return min((pair for pair in pairs if fits(loss(buckets, *pair))), key=lambda pair: key(*pair), default=None)


@exercise.mistake(
    why="the first that is good enough ends a search",
    says="the first pair that loses little enough is returned, in the order of the lists; compare the places of all",
)
def first_that_fits(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: 0)


@exercise.mistake(
    why="a short chunk is thought to be cheap",
    says="the smallest C is taken that loses little enough, with whatever look-back; compare the places C (b + 1)",
)
def smallest_chunk(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (C, b))


@exercise.mistake(
    why="a short look-back is thought to be cheap",
    says="the smallest look-back is taken that loses little enough, with whatever C; compare the places C (b + 1)",
)
def smallest_look_back(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (b, C))


@exercise.mistake(
    why="the best is sought by what it loses",
    says="the pair that loses least is returned; any that loses little enough will do, and the cheapest is asked",
)
def smallest_loss(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(
        buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (_loss(buckets, C, b), C * (b + 1), C)
    )


@exercise.mistake(
    why="the allowance is to be used up",
    says="the pair is returned that loses most of what is allowed; the one of fewest places is asked",
)
def largest_loss_allowed(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(
        buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (-_loss(buckets, C, b), C * (b + 1), C)
    )


@exercise.mistake(
    why="of equals the last found, or max for min, wins",
    says="of pairs with equally many places the larger C is taken; the smaller is asked",
)
def larger_chunk_of_equals(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (C * (b + 1), -C))


@exercise.mistake(
    why="equals are not thought of",
    says="of pairs with equally many places the first in the lists is taken; the one with the smaller C is asked",
)
def first_of_equals(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: C * (b + 1))


@exercise.mistake(
    why="`<=` replaces the best by one that is as good",
    says="of pairs with equally many places the last in the lists is taken; the one with the smaller C is asked",
)
def last_of_equals(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths[::-1], look_backs[::-1], key=lambda C, b: C * (b + 1))


@exercise.mistake(
    why="of equals the one that loses less seems better",
    says="of pairs with equally many places the one that loses less is taken; the one with the smaller C is asked",
)
def least_loss_of_equals(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(
        buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (C * (b + 1), _loss(buckets, C, b))
    )


@exercise.mistake(
    why="max looks for the best",
    says="the pair of most places is returned; the fewest are asked",
)
def most_places(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (-C * (b + 1), C))


@exercise.mistake(
    why="the own chunk is forgotten",
    says="the places are counted as C b: the own chunk is forgotten, which has C places, too",
)
def own_chunk_not_counted(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (C * b, C))


@exercise.mistake(
    why="a chunk looks back and ahead in some codes",
    says="the places are counted as C (2 b + 1), as if a chunk looked ahead as well; it looks back alone",
)
def both_sides_counted(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (C * (2 * b + 1), C))


@exercise.mistake(
    why="the two numbers are added",
    says="C + b is taken for the places; each of b + 1 chunks has C of them: C (b + 1)",
)
def added_for_multiplied(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (C + b, C))


@exercise.mistake(
    why="the places of all chunks together are the whole work",
    says="the places of all chunks are counted, so that a last chunk with empty places makes a C dearer; a window's "
    "places are asked, C (b + 1)",
)
def places_of_all_chunks(buckets, allowed_loss, chunk_lengths, look_backs):
    length = buckets.shape[-1]
    return _chosen(
        buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (-(-length // C) * C * C * (b + 1), C)
    )


@exercise.mistake(
    why="the windows of all chunks together are what is stored",
    says="the places of all windows together are counted, which hardly depend on C; asked are those of one, C (b + 1)",
)
def windows_of_all_chunks(buckets, allowed_loss, chunk_lengths, look_backs):
    length = buckets.shape[-1]
    return _chosen(
        buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (-(-length // C) * C * (b + 1), C)
    )


@exercise.mistake(
    why="a chunk or a window cannot hold more than there is",
    says="no more than L places are counted; a window that is longer than the sequence counts whole",
)
def no_more_than_the_sequence(buckets, allowed_loss, chunk_lengths, look_backs):
    length = buckets.shape[-1]
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (min(C * (b + 1), length), C))


@exercise.mistake(
    why="a chunk longer than the sequence seems to make no sense",
    says="a C above L is left out; it is allowed, and counts whole",
)
def chunks_above_the_length_left_out(buckets, allowed_loss, chunk_lengths, look_backs):
    short = [C for C in chunk_lengths if C <= buckets.shape[-1]]
    return _chosen(buckets, allowed_loss, short, look_backs)


@exercise.mistake(
    why="'less than' is close to 'at most'",
    says="a loss of just as much as allowed is refused; where nothing may be lost, 0 is good enough",
)
def just_as_much_refused(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, fits=lambda lost: lost < allowed_loss)


@exercise.mistake(
    why="a share that is kept is asked for just as often",
    says="the share that is kept is compared with the allowed loss",
)
def kept_for_lost(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, fits=lambda lost: 1 - lost <= allowed_loss)


@exercise.mistake(
    why="each round is to lose little enough",
    says="every round has to lose little enough; the mean over the rounds counts",
)
def worst_round_counts(buckets, allowed_loss, chunk_lengths, look_backs):
    return _with_loss_of_rounds(buckets, allowed_loss, chunk_lengths, look_backs, np.max)


@exercise.mistake(
    why="one round that finds a pair is enough",
    says="one round that loses little enough is taken for enough; the mean over the rounds counts",
)
def best_round_counts(buckets, allowed_loss, chunk_lengths, look_backs):
    return _with_loss_of_rounds(buckets, allowed_loss, chunk_lengths, look_backs, np.min)


@exercise.mistake(
    why="the shares of the rounds are added up",
    says="the losses of the rounds are added up; their mean counts",
)
def rounds_added_up(buckets, allowed_loss, chunk_lengths, look_backs):
    return _with_loss_of_rounds(buckets, allowed_loss, chunk_lengths, look_backs, np.sum)


@exercise.mistake(
    why="the median is a mean, too",
    says="the median of the rounds is taken; their mean counts",
)
def median_of_rounds(buckets, allowed_loss, chunk_lengths, look_backs):
    return _with_loss_of_rounds(buckets, allowed_loss, chunk_lengths, look_backs, np.median)


@exercise.mistake(
    why="the rounds are forgotten",
    says="the first round alone is looked at; the mean over all rounds counts",
)
def first_round_only(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(np.atleast_2d(buckets)[0], allowed_loss, chunk_lengths, look_backs)


@exercise.mistake(
    why="a loop over the rounds keeps its last result",
    says="the last round alone is looked at; the mean over all rounds counts",
)
def last_round_only(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(np.atleast_2d(buckets)[-1], allowed_loss, chunk_lengths, look_backs)


@exercise.mistake(
    why="the rounds are flattened",
    says="all rounds are put into one row, in which bucket 3 of one is bucket 3 of the next; each round is sorted by "
    "itself",
)
def rounds_in_one_row(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets.ravel(), allowed_loss, chunk_lengths, look_backs)


@exercise.mistake(
    why="the pairs of all rounds are counted together",
    says="the pairs of all rounds are counted together, so that a round with more pairs counts more; the mean of the "
    "rounds' shares is asked",
)
def pairs_of_all_rounds_together(buckets, allowed_loss, chunk_lengths, look_backs):
    sizes = [np.unique(row, return_counts=True)[1] for row in np.atleast_2d(buckets)]
    n_pairs = np.array([np.sum(size * (size - 1)) for size in sizes])

    def pooled(shares):
        return np.sum(shares * n_pairs) / max(np.sum(n_pairs), 1)

    return _with_loss_of_rounds(buckets, allowed_loss, chunk_lengths, look_backs, pooled)


@exercise.mistake(
    why="`n_before` has a default, which is left as it is",
    says="the loss is measured with one chunk back, whatever b is: hand it on, `n_before=b`",
)
def look_back_not_handed_on(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, loss=lambda rows, C, b: _loss(rows, C, 1))


@exercise.mistake(
    why="b + 1 chunks are seen in all",
    says="the loss is measured with b + 1 chunks back; b of them are before the own one",
)
def one_chunk_back_too_many(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, loss=lambda rows, C, b: _loss(rows, C, b + 1))


@exercise.mistake(
    why="zip pairs two lists",
    says="the lists are taken side by side, by `zip`; every C goes with every b",
)
def lists_side_by_side(buckets, allowed_loss, chunk_lengths, look_backs):
    pairs = list(zip(chunk_lengths, look_backs, strict=False))
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, pairs=pairs)


@exercise.mistake(
    why="no look-back seems to be no choice",
    says="a look-back of 0 is left out; a chunk may look at itself alone",
)
def no_look_back_left_out(buckets, allowed_loss, chunk_lengths, look_backs):
    pairs = [(C, b) for C in chunk_lengths for b in look_backs if b > 0]
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, pairs=pairs) if pairs else None


@exercise.mistake(
    why="the lists are thought to be sorted, so that the first that fits is the cheapest of its C",
    says="of each C the first look-back that fits is taken; the lists come in any order",
)
def first_look_back_that_fits(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [_chosen(buckets, allowed_loss, [C], look_backs, key=lambda C, b: 0) for C in chunk_lengths]
    return min((pair for pair in found if pair), key=lambda pair: (pair[0] * (pair[1] + 1), pair[0]), default=None)


@exercise.mistake(
    why="the lists are thought to be sorted, so that the first that fits is the cheapest of its b",
    says="of each look-back the first C that fits is taken; the lists come in any order",
)
def first_chunk_that_fits(buckets, allowed_loss, chunk_lengths, look_backs):
    found = [_chosen(buckets, allowed_loss, chunk_lengths, [b], key=lambda C, b: 0) for b in look_backs]
    return min((pair for pair in found if pair), key=lambda pair: (pair[0] * (pair[1] + 1), pair[0]), default=None)


@exercise.mistake(
    why="a tuple sorted by places ends with them",
    says="b comes before C; asked is (C, b)",
)
def look_back_first(buckets, allowed_loss, chunk_lengths, look_backs):
    choice = _chosen(buckets, allowed_loss, chunk_lengths, look_backs)
    return choice and choice[::-1]


@exercise.mistake(
    why="the places are what was compared",
    says="the number of places is returned; asked is the pair (C, b)",
)
def places_returned(buckets, allowed_loss, chunk_lengths, look_backs):
    choice = _chosen(buckets, allowed_loss, chunk_lengths, look_backs)
    return choice and choice[0] * (choice[1] + 1)


@exercise.mistake(
    why="the tuple that was compared has the places in front",
    says="the places are returned with the pair; asked is (C, b) alone",
)
def places_in_front(buckets, allowed_loss, chunk_lengths, look_backs):
    choice = _chosen(buckets, allowed_loss, chunk_lengths, look_backs)
    return choice and (choice[0] * (choice[1] + 1), *choice)


@exercise.mistake(
    why="the loss was computed, too",
    says="the loss is returned with the pair; asked is (C, b) alone",
)
def loss_returned_too(buckets, allowed_loss, chunk_lengths, look_backs):
    choice = _chosen(buckets, allowed_loss, chunk_lengths, look_backs)
    return choice and (*choice, _loss(buckets, *choice))


@exercise.mistake(
    why="the number of chunks in the window is b + 1",
    says="(C, b + 1) is returned; b is the number of chunks before the own one",
)
def chunks_in_the_window_returned(buckets, allowed_loss, chunk_lengths, look_backs):
    choice = _chosen(buckets, allowed_loss, chunk_lengths, look_backs)
    return choice and (choice[0], choice[1] + 1)


@exercise.mistake(
    why="the places in the lists were compared",
    says="the places of C and b in their lists are returned; asked are C and b themselves",
)
def places_in_the_lists(buckets, allowed_loss, chunk_lengths, look_backs):
    choice = _chosen(buckets, allowed_loss, chunk_lengths, look_backs)
    return choice and (chunk_lengths.index(choice[0]), look_backs.index(choice[1]))


@exercise.mistake(
    why="a tuple of two is expected everywhere",
    says="(None, None) is returned where every pair loses too much; None alone is asked there",
)
def two_times_none(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs) or (None, None)


@exercise.mistake(
    why="min of an empty list is an error",
    says="the smallest of an empty list is sought where every pair loses too much; None is asked there",
)
def error_for_none(buckets, allowed_loss, chunk_lengths, look_backs):
    pairs = [(C, b) for C in chunk_lengths for b in look_backs if _loss(buckets, C, b) <= allowed_loss]
    return min(pairs, key=lambda pair: (pair[0] * (pair[1] + 1), pair[0]))


@exercise.mistake(
    why="the best that there is seems better than nothing",
    says="a pair is returned that loses too much, where all of them do; None is asked there",
)
def something_for_none(buckets, allowed_loss, chunk_lengths, look_backs):
    choice = _chosen(buckets, allowed_loss, chunk_lengths, look_backs)
    return choice or _chosen(buckets, 1.0, chunk_lengths, look_backs, key=lambda C, b: _loss(buckets, C, b))


@exercise.mistake(
    why="-1 or 0 often stands for 'there is none'",
    says="a pair of numbers that mean nothing is returned where every pair loses too much; None is asked there",
)
def zeros_for_none(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs) or (0, 0)


@exercise.mistake(
    why="the rounds are taken to be there always",
    says="a single sequence of buckets, (L), is gone through as if it were rounds; `np.atleast_2d` makes one round of "
    "it",
)
def rounds_always(buckets, allowed_loss, chunk_lengths, look_backs):
    losses = [np.mean([_loss(row, C, b) for row in buckets]) for C in chunk_lengths for b in look_backs]
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs) if losses else None


@exercise.mistake(
    why="the number of chunks looks like a cost",
    says="the number of chunks times b + 1 is taken for the cost; a window's places are asked, C (b + 1)",
)
def number_of_chunks_for_places(buckets, allowed_loss, chunk_lengths, look_backs):
    length = buckets.shape[-1]
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (-(-length // C) * (b + 1), C))


@exercise.mistake(
    why="the shares of the rounds are compared as an array",
    says="the shares of several rounds are compared as they are, and an array is neither true nor false; take their "
    "mean",
)
def shares_not_averaged(buckets, allowed_loss, chunk_lengths, look_backs):
    def loss(rows, C, b):
        return chunking.share_of_pairs_lost(rows, C, n_before=b)

    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, loss=loss)


@exercise.mistake(
    why="an empty tuple seems to be nothing",
    says="an empty tuple is returned where every pair loses too much; None is asked there",
)
def empty_for_none(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs) or ()


@exercise.mistake(
    why="a chunk cannot hold more than there is",
    says="a C above L is counted as L; it counts whole",
)
def chunk_counted_as_the_sequence(buckets, allowed_loss, chunk_lengths, look_backs):
    length = buckets.shape[-1]
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (min(C, length) * (b + 1), C))


@exercise.mistake(
    why="a chunk cannot hold more than there is",
    says="a C above L is returned as L; the C of the list is asked",
)
def chunk_returned_as_the_sequence(buckets, allowed_loss, chunk_lengths, look_backs):
    choice = _chosen(buckets, allowed_loss, chunk_lengths, look_backs)
    return choice and (min(choice[0], buckets.shape[-1]), choice[1])


@exercise.mistake(
    why="a tuple that begins with the loss is sorted by it",
    says="the pair that loses least is returned, and of equals that with the smallest C; the fewest places are asked",
)
def smallest_loss_then_chunk(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, key=lambda C, b: (_loss(buckets, C, b), C, b))


@exercise.mistake(
    why="the two sides of the question change places",
    says="the pair that loses least is sought among those of fewest places, whatever is allowed",
)
def fewest_places_whatever_is_lost(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, 1.0, chunk_lengths, look_backs)


@exercise.mistake(
    why="`>=` is typed for `<=`",
    says="the pairs that lose more than allowed are taken, and those that lose less refused",
)
def those_that_lose_more(buckets, allowed_loss, chunk_lengths, look_backs):
    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, fits=lambda lost: lost >= allowed_loss)


def _with_loss_of_rounds(buckets, allowed_loss, chunk_lengths, look_backs, combine):
    """The choice by another mean of the rounds."""

    def loss(rows, C, b):
        return combine(np.atleast_1d(chunking.share_of_pairs_lost(rows, C, n_before=b)))

    return _chosen(buckets, allowed_loss, chunk_lengths, look_backs, loss=loss)
