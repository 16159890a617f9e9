"""Codes that are repeated in a dialogue, and how many of their symbols a model foretells (unit 08).

A code is drawn at random, so at its first mention nothing helps but luck. Once it is there, a model that looks it up
can foretell every symbol of it: the share it gets right measures how well it reaches back. The first sign does not
count: that a code comes, nobody can know.
"""

from typing import NamedTuple

import numpy as np

from reformer.losses import cross_entropy
from trax_bridge.batches import next_token_batch
from trax_bridge.dialogues import CONTINUED, UNKNOWN


class Mention(NamedTuple):
    """A code in a sequence.

    start, end : the first symbol after its first sign, and the place after its last
    distance : tokens back to where the same code was mentioned last; 0 if it is new
    """

    start: int
    end: int
    distance: int


def find_codes(words):
    """All codes of a sequence: words, as in `Vocabulary.words` -> list of `Mention`.

    A symbol that the vocabulary does not have belongs to the code where a known one follows it.
    """
    mentioned, mentions, start = {}, [], 1
    while start < len(words):
        end = _end_of_symbols(words, start)
        if end > start and not _is_continued(words[start - 1]):
            code = tuple(words[start - 1 : end])
            mentions.append(Mention(start, end, start - mentioned.get(code, start)))
            mentioned[code] = start
        start = max(end, start) + 1
    return mentions


def _end_of_symbols(words, start):
    """The place after the last of the symbols that begin at `start`."""
    end = place = start
    while place < len(words) and (_is_continued(words[place]) or (words[place] == UNKNOWN and place > start)):
        place += 1
        if _is_continued(words[place - 1]):
            end = place
    return end


def _is_continued(word):
    return word.startswith(CONTINUED) and word != CONTINUED


class SaidCode(NamedTuple):
    """A code that a model said, beside those that it was told.

    place : its first symbol after its first sign, in the dialogue
    code : as one word
    told : codes that stood in the dialogue before, in their order; none if it is the first
    distance : tokens back to where the same code was mentioned last; 0 if it is none of `told`
    """

    place: int
    code: str
    told: tuple
    distance: int


def codes_said(words, replies):
    """The codes that a model said in a dialogue: list of `SaidCode`.

    What its partner says is told, and so is the first code of all, whoever says it. Another one in a reply is not: a
    code that was copied wrongly stays wrong when it is said again.

    Parameters
    ----------
    words : list of the tokens of the dialogue, as in `Vocabulary.words`
    replies : (start, end) of each stretch that the model wrote, as `Chat.replies`
    """
    told, said = [], []
    for start, end, distance in find_codes(words):
        code = "".join(word.removeprefix(CONTINUED) for word in words[start - 1 : end])
        is_said = any(first <= start < last for first, last in replies)
        if is_said:
            said.append(SaidCode(start, code, tuple(told), distance if code in told else 0))
        if code not in told and not (is_said and told):
            told.append(code)
    return said


def count_foretold(vocabulary, tokens, foretold):
    """How many symbols of each code were foretold.

    Parameters
    ----------
    vocabulary : `Vocabulary`
    tokens : (n, L) integer array
    foretold : (n, L) integer array, for each place the token that was expected there after those before it

    Returns
    -------
    counts : (mentions, 3) intp array: distance, symbols foretold, symbols; in the order of sequences and places
    """
    tokens, foretold = np.asarray(tokens), np.asarray(foretold)
    rows = [
        (distance, np.count_nonzero(right[start:end]), end - start)
        for sequence, right in zip(tokens, tokens == foretold, strict=True)
        for start, end, distance in find_codes([vocabulary.words[token] for token in sequence])
    ]
    return np.array(rows, np.intp).reshape(-1, 3)


def copy_accuracy(counts):
    """Share of the symbols of repeated codes that were foretold, by `counts` of `count_foretold`; NaN without any."""
    _, right, symbols = counts[counts[:, 0] > 0].sum(axis=0)
    return float(right / symbols) if symbols else float("nan")


def shares(counts, distances):
    """What a results file says of `counts`, beside the accuracy.

    distances : rising numbers of tokens, where one class of distances ends

    Returns {"whole_codes": share of repeated codes with every symbol foretold, "new_codes": share of the symbols of
    codes said for the first time, "by_distance": {"1 to 16": [codes, share of their symbols], ...}}.
    """
    new, again = counts[counts[:, 0] == 0], counts[counts[:, 0] > 0]
    by_distance = {}
    for low, high in zip((0, *distances), distances, strict=False):
        rows = again[(again[:, 0] > low) & (again[:, 0] <= high)]
        by_distance[f"{low + 1} to {high}"] = [len(rows), round(copy_accuracy(rows), 4)]
    return {
        "whole_codes": round(float(np.mean(again[:, 1] == again[:, 2])), 4),
        "new_codes": round(float(new[:, 1].sum() / new[:, 2].sum()), 4),
        "by_distance": by_distance,
    }


def judge(model, parameters, vocabulary, batches, *, seed=0):
    """Loss of a model of `reformer` on dialogues, and what it foretells of their codes.

    batches : list of (tokens, weights) of `pad_and_bucket`
    seed : of the rotations of LSH attention

    Returns (loss in nats a token, counts of `count_foretold`).
    """
    losses, sizes, counts = [], [], []
    for tokens, weights in batches:
        inputs, targets, counted, padding = next_token_batch(tokens, weights)
        logits = model.logits(parameters, inputs, padding, seed=seed)
        losses.append(cross_entropy(logits, targets, counted))
        sizes.append(np.sum(counted))
        foretold = np.pad(np.argmax(logits, axis=-1), ((0, 0), (1, 0)))
        counts.append(count_foretold(vocabulary, tokens, foretold))
    return float(np.average(losses, weights=sizes)), np.concatenate(counts)


def weigh_repeats(vocabulary, tokens, weights, factor):
    """Let repeated codes count `factor` times as much as other tokens: (n, L) weights.

    They are few, and what they ask for is harder than the rest: so it is learned sooner. What follows the last symbol
    counts as much: else a model prefers one more symbol to an end.
    """
    weights = weights.copy()
    for row, sequence in enumerate(tokens):
        for start, end, distance in find_codes([vocabulary.words[token] for token in sequence]):
            if distance:
                weights[row, start : end + 1] *= factor
    return weights


def redraw_codes(rng, vocabulary, *arrays):
    """Give each sequence other symbols in its codes, drawn anew: what was the same in it stays the same.

    A code is no word to be learned by heart. Trained so, a model meets the same dialogues again and again, but never
    the same codes, and all that helps is to look them up.

    Parameters
    ----------
    rng : numpy.random.Generator
    vocabulary : `Vocabulary`
    arrays : (n, L) integer arrays of tokens that belong together, such as inputs and targets

    Returns
    -------
    redrawn : list of arrays like those
    """
    symbols = [number for number, word in enumerate(vocabulary.words) if _is_continued(word)]
    table = np.tile(np.arange(len(vocabulary)), (len(arrays[0]), 1))
    table[:, symbols] = rng.permuted(table[:, symbols], axis=1)
    return [np.take_along_axis(table, tokens, axis=1) for tokens in arrays]
