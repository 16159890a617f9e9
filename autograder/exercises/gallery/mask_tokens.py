"""Room G6, `mask_tokens(tokens, pick, kind, random_tokens, mask_token, special)` -> inputs (B, L), weights (B, L).

A token is chosen where pick < 0.15, unless it is special. Of the chosen ones those with kind < 0.8 become the mask,
from there those with kind < 0.9 the random token of their place, and the others stay. Weights are 1 at what is chosen.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from gallery import guessing, loops

exercise = Exercise(
    guessing.mask_tokens,
    loops.mask_tokens,
    results=("inputs", "weights"),
    axes=("sentence", "word"),
    in_gallery=True,
)
MASK, SPECIAL = 1, (0, 2)


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("six words: the mask, another word, itself, and three that are not chosen")
def _(rng):
    pick, kind = np.array([[0.1, 0.1, 0.1, 0.9, 0.85, 0.95]]), np.array([[0.5, 0.85, 0.95, 0.5, 0.05, 0.1]])
    return call(np.array([[5, 6, 7, 8, 4, 3]]), pick, kind, np.full((1, 6), 9), MASK, SPECIAL)


@exercise.case("on the borders: 0.15 is not chosen, 0.8 is another word, 0.9 stays")
def _(rng):
    pick, kind = np.array([[0.15, 0.1, 0.1, 0.0]]), np.array([[0.1, 0.8, 0.9, 0.0]])
    return call(np.array([[5, 6, 7, 8]]), pick, kind, np.array([[9, 9, 9, 9]]), MASK, SPECIAL)


@exercise.case("special words, which are never chosen, whatever was drawn")
def _(rng):
    pick, kind = np.array([[0.0, 0.1, 0.1, 0.1, 0.1]]), np.array([[0.1, 0.1, 0.85, 0.1, 0.85]])
    return call(np.array([[0, 6, 2, 2, 7]]), pick, kind, np.array([[9, 9, 9, 9, 9]]), MASK, SPECIAL)


@exercise.case("the mask itself is special, and so is another word: what was there before decides")
def _(rng):
    pick, kind = np.array([[0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.5]]), np.array([[0.1, 0.85, 0.1, 0.95]] * 2)
    tokens, others = np.array([[0, 6, 7, 8], [5, 4, 3, 2]]), np.array([[9, 2, 9, 9]] * 2)
    return call(tokens, pick, kind, others, MASK, (0, MASK, 2))


def drawn(n_sentences, n_words, share=0.15, special=SPECIAL):
    """Sentences, of whose words about this share is chosen."""

    def make(rng):
        size = n_sentences, n_words
        pick, kind = rng.random(size) * 0.15 / share, rng.random(size)
        tokens, others = rng.integers(0, 12, size), rng.integers(3, 12, size)
        return call(tokens, pick, kind, others, MASK, special)

    return make


exercise.case("four sentences of ten words", drawn(4, 10))
exercise.case("three sentences of eight words, half of them chosen", drawn(3, 8, share=0.5))
exercise.case("two sentences of twelve words, all chosen but the special ones", drawn(2, 12, share=1.0))
exercise.case("no special words", drawn(3, 6, share=0.6, special=()))
exercise.case("one special word", drawn(3, 6, share=0.8, special=(4,)))
exercise.case("the mask has another number", lambda rng: call(*drawn(2, 9, share=0.7)(rng).args[:4], 11, SPECIAL))


def _another_mask(rng):
    args = drawn(3, 9, share=0.7)(rng).args
    return [call(*args), call(*args[:3], (args[3] + 1) % 12, *args[4:])]


@exercise.property("what counts does not depend on the words that were drawn", _another_mask)
def _(calls, answers):
    return np.asarray(answers[0][1]) == np.asarray(answers[1][1])


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_where(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = (pick < 0.15) & ~np.isin(tokens, special)
    fate = np.select([kind < 0.8, kind < 0.9], [mask_token, random_tokens], tokens)
    return np.where(chosen, fate, tokens), chosen * 1.0


@exercise.solution
def by_assignment(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = pick < 0.15
    for token in special:
        chosen &= tokens != token
    inputs = tokens.copy()
    masked = chosen & (kind < 0.8)
    inputs[masked] = mask_token
    other = chosen & (kind >= 0.8) & (kind < 0.9)
    inputs[other] = random_tokens[other]
    return inputs, chosen.astype(np.float32)


@exercise.solution
def word_by_word(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, weights = np.empty_like(tokens), np.zeros(tokens.shape, dtype=int)
    for row, column in np.ndindex(*tokens.shape):
        own = tokens[row, column]
        counts = pick[row, column] < 0.15 and own not in special
        masks, replaces = kind[row, column] < 0.8, kind[row, column] < 0.9
        inputs[row, column] = own if not counts else mask_token if masks else random_tokens[row, column]
        if counts and not replaces:
            inputs[row, column] = own
        weights[row, column] = counts
    return inputs, weights


# --- mistakes -----------------------------------------------------------------------------------------------------


def _masked(tokens, pick, kind, random_tokens, mask_token, special, *, share=0.15, fates=(0.8, 0.9), chosen=None):
    """The right answer, with other shares, or another choice."""
    if chosen is None:
        chosen = (pick < share) & ~np.isin(tokens, special)
    fate = np.select([kind < fates[0], kind < fates[1]], [mask_token, random_tokens], tokens)
    return np.where(chosen, fate, tokens), chosen.astype(float)


@exercise.mistake(
    why="80 %, 10 % and 10 % sound like shares of the whole",
    says="the kinds are given to all words; first 15 % should be chosen, and only those should change",
)
def shares_of_all_words(tokens, pick, kind, random_tokens, mask_token, special):
    fate = np.select([kind < 0.8, kind < 0.9], [mask_token, random_tokens], tokens)
    chosen = ~np.isin(tokens, special)
    return np.where(chosen, fate, tokens), (chosen & (pick < 0.15)).astype(float)


@exercise.mistake(
    why="80 %, 10 % and 10 % sound like shares of the whole",
    says="the kinds are given to all words, special ones too; first 15 % should be chosen, and only those "
    "should change",
)
def shares_of_all_words_and_special(tokens, pick, kind, random_tokens, mask_token, special):
    fate = np.select([kind < 0.8, kind < 0.9], [mask_token, random_tokens], tokens)
    return fate, ((pick < 0.15) & ~np.isin(tokens, special)).astype(float)


@exercise.mistake(
    why="everything is treated as chosen",
    says="all words are chosen; only those whose `pick` is below 0.15 should be",
)
def everything_chosen(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, kind, random_tokens, mask_token, special, chosen=~np.isin(tokens, special))


@exercise.mistake(
    why="a word that stays looks as if nothing had been done to it",
    says="chosen words that stay as they are do not count; they are to be foretold like the others",
)
def unchanged_do_not_count(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, weights = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    return inputs, weights * (kind < 0.9)


@exercise.mistake(
    why="the task is called filling in blanks",
    says="only words under the mask count; those replaced by another word, and those that stay, count as well",
)
def only_masks_count(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, weights = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    return inputs, weights * (kind < 0.8)


@exercise.mistake(
    why="what changed is found by comparing, and a random word can be the word itself",
    says="what counts is found by comparing `inputs` with `tokens`; words that stay are chosen, too, and a random word "
    "can be the same",
)
def what_changed_counts(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, _ = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    return inputs, (inputs != tokens).astype(float)


@exercise.mistake(
    why="`special` is read over",
    says="special words are chosen, too; they never should be",
)
def special_chosen(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, kind, random_tokens, mask_token, special, chosen=pick < 0.15)


@exercise.mistake(
    why="special words are left as they are and still counted",
    says="special words are left alone, and count; their weight should be 0",
)
def special_count(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, _ = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    return inputs, (pick < 0.15).astype(float)


@exercise.mistake(
    why="special words are kept out of the weights, and not out of the inputs",
    says="special words do not count, but are replaced in `inputs`",
)
def special_replaced(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, weights = _masked(tokens, pick, kind, random_tokens, mask_token, special, chosen=pick < 0.15)
    return inputs, weights * ~np.isin(tokens, special)


@exercise.mistake(
    why="a loss counts all words unless told otherwise",
    says="every word counts; only the chosen ones should",
)
def everything_counts(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, _ = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    return inputs, np.ones(tokens.shape)


@exercise.mistake(
    why="weights can mean what is seen or what is asked for",
    says="the words that were not chosen count, and the chosen ones do not",
)
def weights_inverted(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, weights = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    return inputs, 1 - weights


@exercise.mistake(
    why="the 10 % and 10 % are easily swapped",
    says="random words and words that stay are swapped: another word should come from 0.8 up to 0.9, and from 0.9 on "
    "the word should stay",
)
def swapped_shares(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = (pick < 0.15) & ~np.isin(tokens, special)
    fate = np.select([kind < 0.8, kind < 0.9], [mask_token, tokens], random_tokens)
    return np.where(chosen, fate, tokens), chosen.astype(float)


@exercise.mistake(
    why="the blanks are what one remembers of BERT",
    says="every chosen word becomes the mask; by its `kind` a tenth should become another word, and a tenth stay",
)
def masks_alone(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, kind, random_tokens, mask_token, special, fates=(1.1, 1.1))


@exercise.mistake(
    why="the words that stay are forgotten",
    says="every chosen word that is not masked becomes another one; half of those should stay, where `kind` is 0.9 or "
    "more",
)
def none_stays(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, kind, random_tokens, mask_token, special, fates=(0.8, 1.1))


@exercise.mistake(
    why="the random words are forgotten",
    says="no chosen word becomes another one; from 0.8 up to 0.9 it should",
)
def none_replaced(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, kind, random_tokens, mask_token, special, fates=(0.8, 0.8))


@exercise.mistake(
    why="0.1 follows 0.8, so the second border is written as 0.1",
    says="`kind` is compared from the wrong end: below 0.8 should be the mask, and the last fifth be shared by "
    "another word and the word itself",
)
def counted_from_the_other_end(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = (pick < 0.15) & ~np.isin(tokens, special)
    fate = np.select([kind < 0.1, kind < 0.2], [tokens, random_tokens], mask_token)
    return np.where(chosen, fate, tokens), chosen.astype(float)


@exercise.mistake(
    why="one drawn number seems enough",
    says="`kind` is used to choose, too; a word is chosen by `pick`",
)
def kind_for_both(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, kind, kind, random_tokens, mask_token, special)


@exercise.mistake(
    why="pick and kind are two arrays of the same kind",
    says="`pick` and `kind` are exchanged",
)
def arrays_exchanged(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, kind, pick, random_tokens, mask_token, special)


@exercise.mistake(
    why="the share to keep is mistaken for the share to choose",
    says="words with a `pick` above 0.15 are chosen, 85 % of them; it is those below",
)
def choice_inverted(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(
        tokens, pick, kind, random_tokens, mask_token, special, chosen=(pick >= 0.15) & ~np.isin(tokens, special)
    )


@exercise.mistake(
    why="<= and < differ on a border alone",
    says="`<=` stands for `<`: 0.15 should not be chosen, 0.8 should be another word, 0.9 should stay",
)
def borders_included(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = (pick <= 0.15) & ~np.isin(tokens, special)
    fate = np.select([kind <= 0.8, kind <= 0.9], [mask_token, random_tokens], tokens)
    return np.where(chosen, fate, tokens), chosen.astype(float)


@exercise.mistake(
    why="what the network is asked for is put where what it sees belongs",
    says="`inputs` are the words themselves, unchanged: the network would see what it is to foretell",
)
def inputs_unchanged(tokens, pick, kind, random_tokens, mask_token, special):
    _, weights = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    return np.array(tokens), weights


@exercise.mistake(
    why="a loss of one sentence is its mean",
    says="the weights are divided by how many are chosen; each should be 1, the loss takes the mean by itself",
)
def weights_divided(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, weights = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    return inputs, weights / max(weights.sum(), 1)


@exercise.mistake(
    why="another word seems to stand for the whole sentence",
    says="the random word is taken from the first place of the sentence; each place has its own",
)
def one_random_word(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, kind, random_tokens[:, :1], mask_token, special)


@exercise.mistake(
    why="a second step forgets what the first has done",
    says="other words are put wherever `kind` is below 0.9, over the masks as well; only from 0.8 up to 0.9 "
    "they should be",
)
def masks_written_over(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, kind, random_tokens, mask_token, special, fates=(-1, 0.9))


@exercise.mistake(
    why="80 % of 15 % is 12 %, and can be read off the first number",
    says="what becomes of a chosen word is read off `pick`, below 0.12 and below 0.135; that is what `kind` is for",
)
def kind_read_off_pick(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, pick / 0.15, random_tokens, mask_token, special)


@exercise.mistake(
    why="random words come in an array, and are taken as they are needed",
    says="other words are taken in turn, from the first on; each place has its own in `random_tokens`",
)
def other_words_in_turn(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, weights = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    other = (weights == 1) & (kind >= 0.8) & (kind < 0.9)
    inputs[other] = random_tokens.ravel()[: np.sum(other)]
    return inputs, weights


@exercise.mistake(
    why="the first word of BERT's sentences is always special",
    says="the first word of a sentence is never chosen; only those in `special` should be spared",
)
def first_word_spared(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = (pick < 0.15) & ~np.isin(tokens, special)
    chosen[:, 0] = False
    return _masked(tokens, pick, kind, random_tokens, mask_token, special, chosen=chosen)


@exercise.mistake(
    why="special words are looked for once all is done",
    says="special words are looked for in `inputs`, after masking; it is `tokens` that decides, a mask or another word "
    "counts whatever it is",
)
def special_looked_for_too_late(tokens, pick, kind, random_tokens, mask_token, special):
    inputs, weights = _masked(tokens, pick, kind, random_tokens, mask_token, special)
    return inputs, weights * ~np.isin(inputs, special)


@exercise.mistake(
    why="a loop over the special words begins anew each time",
    says="only the last of the special words is spared; none of them should be chosen",
)
def last_special_spared(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, kind, random_tokens, mask_token, special[-1:])


@exercise.mistake(
    why="the special word is compared with, and there can be several",
    says="only the first of the special words is spared; none of them should be chosen",
)
def first_special_spared(tokens, pick, kind, random_tokens, mask_token, special):
    return _masked(tokens, pick, kind, random_tokens, mask_token, special[:1])
