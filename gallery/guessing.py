"""Room G6, what may be seen: one network, two tasks. Foretell the next word, or fill in what was blanked out.

GPT sees the words so far and foretells the next one; BERT sees all words, some of them blanked out, and fills those in.
The weights have the same shapes. What differs is the square of pairs, who may look at whom, and what is asked for.

The language is small enough to count. A sentence tells of a thing and of a way to a place, the shore or the bank; which
of the two only the thing tells, and it stands before the place or after it. In a quarter of the sentences the place is
left out, and answered at the end.

Letters: B sentences, L words of a sentence, d features.
Source: Radford et al., "Improving Language Understanding by Generative Pre-Training" (2018); Devlin et al., "BERT:
Pre-training of Deep Bidirectional Transformers for Language Understanding" (2019), section 3.1, task 1.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gallery.allowed import allowed_softmax
from gallery.learning import learn
from reformer.arguments import require_arrays, require_choice, require_integers
from reformer.attention import logsumexp, scaled
from reformer.blocks import to_heads
from reformer.model import TransformerLM
from reformer.sampling import sample_token

DOING, WHO, WENT = ("seeking", "finding", "carrying", "counting"), ("I", "we", "you", "they"), ("ran", "rode", "walked")
PLACES = ("shore", "bank")
THINGS = (
    *("boats", "fish", "gulls", "reeds", "sand", "shells"),  # those of the shore
    *("cash", "cheques", "clerks", "coins", "loans", "safes"),  # and those of the bank
)
TIMES = (("this", "morning"), ("that", "evening"), ("last", "night"), ("one", "day"))
ENDINGS = (("very", "happily"), ("once", "more"), ("all", "alone"))
START, MASK, BLANK, COLON = "[start]", "[mask]", "___", ":"
WORDS = (START, MASK, BLANK, COLON, "to", "the", *DOING, *WHO, *WENT, *PLACES, *THINGS, *sum(TIMES + ENDINGS, ()))
CODE = {word: code for code, word in enumerate(WORDS)}
CHOICES = (2, len(THINGS), len(DOING), len(TIMES), len(WHO), len(WENT), len(ENDINGS) + 1)
N_SENTENCES, LENGTH, PLACE = int(np.prod(CHOICES)), 12, 7  # how many there are, their words, where the place stands
CHOSEN, MASKED, REPLACED = 0.15, 0.8, 0.1  # of all words, and of those that are chosen
# What `kind` becomes where it is not below MASKED: None for itself, a word that is exchanged, one that stays, the mask.
TASKS = {"next words": None, "blanks": None, "blanks and others": 0.85, "blanks and own": 0.95, "blanks alone": 0.0}


class Sentences(NamedTuple):
    """Sentences, and what is true of each.

    tokens : (B, L) integer array; the place, or the blank for it, is tokens[:, PLACE]
    is_bank : (B) integer array, 1 where the place is the bank, and 0 where it is the shore
    thing : (B) integer array, the token of the thing
    is_later : (B) boolean array, whether the thing stands behind the place
    is_riddle : (B) boolean array, whether the place is left out, and answered at the end
    """

    tokens: np.ndarray
    is_bank: np.ndarray
    thing: np.ndarray
    is_later: np.ndarray
    is_riddle: np.ndarray


def sentences(numbers):
    """The sentences with these numbers, which are 0 .. N_SENTENCES - 1."""
    numbers = require_integers("numbers", numbers, "B", below=N_SENTENCES)
    later, thing, doing, time, who, went, ending = np.unravel_index(numbers, CHOICES)
    is_later, is_riddle, is_bank = later == 1, ending == len(ENDINGS), thing // (len(THINGS) // len(PLACES))

    def of(words, chosen):
        return np.array([CODE[word] for word in words])[chosen]

    def both(pairs, chosen):
        return [of(words, chosen) for words in zip(*pairs, strict=True)]

    start, to, the = (np.full(len(numbers), CODE[word]) for word in (START, "to", "the"))
    place, things, (end, last) = of(PLACES, is_bank), of(THINGS, thing), both((*ENDINGS, (COLON, BLANK)), ending)
    going = of(WHO, who), of(WENT, went), to, the, np.where(is_riddle, CODE[BLANK], place)
    before, after = (of(DOING, doing), things), both(TIMES, time)
    sides = np.where(is_later, (after, before), (before, after))
    tokens = np.stack([start, *sides[0], *going, *sides[1], end, np.where(is_riddle, place, last)], axis=-1)
    return Sentences(tokens, is_bank, things, is_later, is_riddle)


def draw_sentences(rng, n):
    """Draw n sentences, all of them equally likely."""
    return sentences(rng.integers(0, N_SENTENCES, n))


def deal_things(rng, tokens):
    """The same sentences with their things dealt anew among them, so that no thing tells the place."""
    is_thing, dealt = np.isin(tokens, [CODE[thing] for thing in THINGS]), np.array(tokens)
    dealt[is_thing] = rng.permutation(tokens[is_thing])
    return dealt


def are_sentences(tokens):
    """Which of (B, L) tokens are sentences of the language: (B) booleans."""
    known = set(map(tuple, sentences(np.arange(N_SENTENCES)).tokens.tolist()))
    return np.array([tuple(row) in known for row in np.asarray(tokens).tolist()], dtype=bool)


# --- what is asked for ------------------------------------------------------------------------------------------------


def mask_tokens(tokens, pick, kind, random_tokens, mask_token, special):
    """Choose 15 % of the tokens; of those 80 % become the mask, 10 % another token, and 10 % stay as they are.

    Parameters
    ----------
    tokens : (..., L) integer array
    pick : (..., L) array of numbers drawn evenly from [0, 1): a token is chosen where it is below 0.15
    kind : (..., L) array of such numbers: of the chosen ones, below 0.8 the mask, from there below 0.9 another token
    random_tokens : (..., L) integer array, what another token would be
    mask_token : number of the mask
    special : sequence of tokens that are never chosen

    Returns
    -------
    inputs : (..., L) integer array
    weights : (..., L) array of 1.0 for every chosen token, whatever became of it, and 0.0 elsewhere

    Raises ValueError if a shape or dtype does not fit.
    Source: Devlin et al. (2019), section 3.1, task 1.
    """
    whole = dict(tokens=(tokens, "... L", int), random_tokens=(random_tokens, "... L", int))
    tokens, random_tokens, pick, kind = require_arrays(**whole, pick=(pick, "... L"), kind=(kind, "... L"))
    chosen = (pick < CHOSEN) & ~np.isin(tokens, special)
    replaced = np.where(kind < MASKED + REPLACED, random_tokens, tokens)
    return np.where(chosen, np.where(kind < MASKED, mask_token, replaced), tokens), chosen.astype(np.float64)


def examples_of(task, rng, tokens):
    """What a task makes of (B, L) tokens, for training: (inputs, targets, weights) as `loss_and_gradients` takes them.

    task : "next words", or "blanks" as `mask_tokens` makes them; in "blanks and others", "blanks and own" and "blanks
        alone" all of the chosen words that are not masked are exchanged, or stay, or are masked as well
    """
    if require_choice("task", task, TASKS) == "next words":
        return tokens[:, :-1], tokens[:, 1:], np.ones(tokens[:, 1:].shape)
    pick, kind = rng.random((2, *tokens.shape))
    kind = kind if TASKS[task] is None else np.where(kind < MASKED, kind, TASKS[task])
    others = rng.integers(CODE[BLANK], len(WORDS), tokens.shape)
    inputs, weights = mask_tokens(tokens, pick, kind, others, CODE[MASK], [CODE[START]])
    return inputs, tokens, weights


# --- who may look at whom ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Guesser(TransformerLM):
    """A Transformer of the core that is either causal, as GPT, or lets every word see all words, as BERT.

    The parameters have the same names and shapes in both.
    """

    causal: bool
    vocabulary_size: int = len(WORDS)
    max_length: int = LENGTH
    d_model: int = 32
    d_ff: int = 64
    n_heads: int = 4
    n_layers: int = 1

    def weights(self, parameters, tokens):
        """How much each word reads of each, in the first layer: (B, H, L, L)."""
        x, _ = self.input_forward(parameters, tokens)
        queries, keys, _ = to_heads(x, parameters["layers"]["0"]["attention"], self.n_heads)
        scores = scaled(queries) @ keys.swapaxes(-1, -2)
        pairs = np.ones(scores.shape, dtype=bool)
        return allowed_softmax(scores, np.tril(pairs) if self.causal else pairs)

    def vectors(self, parameters, tokens):
        """What the layers make of each word, before the logits: (B, L, d)."""
        return self.hidden_forward(parameters, tokens, self.blocks(parameters, seed=0))[0]


def trained(task, seed, *, causal, n_steps, dealt=False):
    """Draw sentences, train a `Guesser` on them: (network, parameters). With `dealt` their things are dealt anew."""
    rng, network = np.random.default_rng(seed), Guesser(causal=causal)
    tokens = draw_sentences(rng, 20_000).tokens
    examples = examples_of(task, rng, deal_things(rng, tokens) if dealt else tokens)
    return network, learn(network, examples, seed=seed, n_steps=n_steps)


def guesses(network, parameters, tokens, *, blanked, at=PLACE):
    """Which place the network would put at a word of (B, L) tokens: (B), 0 the shore and 1 the bank.

    blanked : whether the mask is put there, and the answer read there; or read at the word before, as the next one
    """
    asked = np.where(np.arange(LENGTH) == at, CODE[MASK], tokens) if blanked else tokens
    logits = network.logits(parameters, asked)[:, at if blanked else at - 1]
    return np.argmax(logits[:, [CODE[place] for place in PLACES]], axis=-1)


def surprise(network, parameters, tokens):
    """How surprised a network that foretells next words is by each word but the first: (B, L - 1), in nats."""
    logits = network.logits(parameters, tokens[:, :-1])
    return logsumexp(logits) - np.take_along_axis(logits, tokens[:, 1:, np.newaxis], axis=-1)[..., 0]


def write(network, parameters, rng, n, *, blanked, temperature=1.0):
    """Write n texts of L words, one word after the other: (n, L) tokens.

    blanked : whether the words to come are masks, which the network sees; or not there yet
    """
    tokens = np.full((n, LENGTH), CODE[MASK])
    tokens[:, 0] = CODE[START]
    for at in range(1, LENGTH):
        logits = network.logits(parameters, tokens if blanked else tokens[:, :at])[:, at if blanked else -1]
        tokens[:, at] = sample_token(logits, rng.random(n), temperature=temperature)
    return tokens


# --- few labels -------------------------------------------------------------------------------------------------------


def draw_topics(rng, n):
    """Draw sentences whose place is blank, to be told by their thing: shore or bank.

    Returns
    -------
    tokens : (B, L) integer array, for at most n sentences
    labels : (B) array, 1.0 for the bank and -1.0 for the shore
    is_known : (B) boolean array, whether the thing is one of the two of each kind that may occur among the labelled
    is_later : (B) boolean array, whether the thing stands behind the place
    """
    drawn = draw_sentences(rng, n)
    asked, known = ~drawn.is_riddle, [CODE[THINGS[number]] for number in (0, 1, 6, 7)]
    tokens = np.where(np.arange(LENGTH) == PLACE, CODE[BLANK], drawn.tokens)
    return tokens[asked], 2.0 * drawn.is_bank[asked] - 1, np.isin(drawn.thing, known)[asked], drawn.is_later[asked]


def read_out(features, labels, some):
    """Fit a linear map from (B, d) features to (B) labels, on some rows alone, by ridge regression: (B) signs."""
    centred = features - np.mean(features[some], axis=0)
    gram = centred[some].T @ centred[some] + np.eye(centred.shape[1])
    return np.sign(centred @ np.linalg.solve(gram, centred[some].T @ labels[some]))
