"""Answers to the exercise of room G6, written from the room's text alone, before any mistake was listed."""

import numpy as np

from tests.blind import right, wrong


def _chosen(tokens, pick, special):
    return (pick < 0.15) & ~np.isin(tokens, list(special))


@right("mask_tokens")
def with_two_wheres(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = _chosen(tokens, pick, special)
    became = np.where(kind < 0.8, mask_token, np.where(kind < 0.9, random_tokens, tokens))
    return np.where(chosen, became, tokens), chosen.astype(float)


@right("mask_tokens")
def word_by_word(tokens, pick, kind, random_tokens, mask_token, special):
    seen, weights = tokens.copy(), np.zeros(tokens.shape)
    for b in range(tokens.shape[0]):
        for i in range(tokens.shape[1]):
            if pick[b, i] >= 0.15 or tokens[b, i] in special:
                continue
            weights[b, i] = 1
            if kind[b, i] < 0.8:
                seen[b, i] = mask_token
            elif kind[b, i] < 0.9:
                seen[b, i] = random_tokens[b, i]
    return seen, weights


@right("mask_tokens")
def by_lists_of_places(tokens, pick, kind, random_tokens, mask_token, special):
    weights = np.ones(tokens.shape, dtype=int)
    weights[pick >= 0.15] = 0
    for word in special:
        weights[tokens == word] = 0
    rows, columns = np.nonzero(weights)
    case = np.digitize(kind[rows, columns], [0.8, 0.9])
    seen = np.array(tokens)
    seen[rows[case == 0], columns[case == 0]] = mask_token
    other = rows[case == 1], columns[case == 1]
    seen[other] = random_tokens[other]
    return seen, weights


@wrong("mask_tokens", truth="Special words are chosen like any other; the last argument is never used.")
def special_forgotten(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = pick < 0.15
    seen = np.where(chosen & (kind < 0.8), mask_token, tokens)
    seen = np.where(chosen & (kind >= 0.8) & (kind < 0.9), random_tokens, seen)
    return seen, chosen.astype(float)


@wrong("mask_tokens", truth="Only words that became the mask count in the loss, not those exchanged or left.")
def counts_the_masks_alone(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = _chosen(tokens, pick, special)
    masked = chosen & (kind < 0.8)
    swapped = chosen & (kind >= 0.8) & (kind < 0.9)
    seen = tokens.copy()
    seen[masked] = mask_token
    seen[swapped] = random_tokens[swapped]
    return seen, masked.astype(float)


@wrong("mask_tokens", truth="A word counts if it looks different afterwards; chosen words that stay do not count.")
def counts_what_changed(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = _chosen(tokens, pick, special)
    seen = tokens.copy()
    seen[chosen & (kind < 0.8)] = mask_token
    swapped = chosen & (kind >= 0.8) & (kind < 0.9)
    seen[swapped] = random_tokens[swapped]
    return seen, (seen != tokens).astype(float)


@wrong("mask_tokens", truth="Writes into the sentences that it was given, and returns them; no new array.")
def writes_into_the_sentences(tokens, pick, kind, random_tokens, mask_token, special):
    seen = tokens
    chosen = _chosen(tokens, pick, special)
    weights = np.zeros(tokens.shape)
    weights[chosen] = 1
    swapped = chosen & (kind >= 0.8) & (kind < 0.9)
    seen[chosen & (kind < 0.8)] = mask_token
    seen[swapped] = random_tokens[swapped]
    return seen, weights


@wrong("mask_tokens", truth="Masks and exchanges by kind among all words, chosen or not; weights alone are right.")
def mixes_all_words(tokens, pick, kind, random_tokens, mask_token, special):
    weights = np.where(_chosen(tokens, pick, special), 1.0, 0.0)
    seen = np.select([kind < 0.8, kind < 0.9], [np.full_like(tokens, mask_token), random_tokens], default=tokens)
    return seen, weights


@wrong("mask_tokens", truth="No chosen word stays: all with kind from 0.8 up become the other word.")
def no_word_stays(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = _chosen(tokens, pick, special)
    seen = np.where(chosen, np.where(kind < 0.8, mask_token, random_tokens), tokens)
    return seen, chosen.astype(float)


@wrong("mask_tokens", truth="From 0.8 to 0.9 the word stays, from 0.9 it is the other word: exchanged.")
def other_and_own_exchanged(tokens, pick, kind, random_tokens, mask_token, special):
    seen, weights = tokens.copy(), np.zeros(tokens.shape)
    for b, i in np.argwhere(_chosen(tokens, pick, special)):
        weights[b, i] = 1
        if kind[b, i] < 0.8:
            seen[b, i] = mask_token
        elif kind[b, i] >= 0.9:
            seen[b, i] = random_tokens[b, i]
    return seen, weights


@wrong("mask_tokens", truth="Special words stay as they are but count in the loss where pick is below 0.15.")
def special_words_count(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = pick < 0.15
    seen = np.where(chosen & (kind < 0.8), mask_token, tokens)
    seen = np.where(chosen & (0.8 <= kind) & (kind < 0.9), random_tokens, seen)
    is_special = np.isin(tokens, list(special))
    seen[is_special] = tokens[is_special]
    return seen, chosen.astype(float)


@wrong("mask_tokens", truth="The second step asks only kind < 0.9: other words are written over all masks.")
def others_written_over_the_masks(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = _chosen(tokens, pick, special)
    seen = tokens.copy()
    seen[chosen & (kind < 0.8)] = mask_token
    seen[chosen & (kind < 0.9)] = random_tokens[chosen & (kind < 0.9)]
    return seen, chosen.astype(float)


@wrong("mask_tokens", truth="Each turn of the loop over special words starts anew: only the last one is spared.")
def spares_the_last_special_alone(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = pick < 0.15
    for word in special:
        chosen = (pick < 0.15) & (tokens != word)
    seen = tokens.copy()
    seen[chosen & (kind < 0.8)] = mask_token
    swapped = chosen & (kind >= 0.8) & (kind < 0.9)
    seen[swapped] = random_tokens[swapped]
    return seen, chosen.astype(float)


@wrong(
    "mask_tokens",
    truth="Takes special words out of the weights last, by what is seen: masks that are special count 0.",
)
def asks_for_special_too_late(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = _chosen(tokens, pick, special)
    seen = tokens.copy()
    seen[chosen & (kind < 0.8)] = mask_token
    swapped = chosen & (kind >= 0.8) & (kind < 0.9)
    seen[swapped] = random_tokens[swapped]
    weights = chosen.astype(float)
    for word in special:
        weights[seen == word] = 0
    return seen, weights


@wrong("mask_tokens", truth="Divides 0.15 into 80, 10 and 10 % and asks pick for the kind; kind itself is never used.")
def kind_from_pick(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = _chosen(tokens, pick, special)
    seen = np.where(pick < 0.15 * 0.8, mask_token, np.where(pick < 0.15 * 0.9, random_tokens, tokens))
    return np.where(chosen, seen, tokens), chosen.astype(int)


@wrong("mask_tokens", truth="Takes 'below' with the border: pick 0.15 is chosen, kind 0.8 masked, kind 0.9 exchanged.")
def borders_included(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = (pick <= 0.15) & ~np.isin(tokens, list(special))
    seen = np.where(chosen & (kind <= 0.8), mask_token, tokens)
    seen = np.where(chosen & (kind > 0.8) & (kind <= 0.9), random_tokens, seen)
    return seen, chosen.astype(float)


@wrong("mask_tokens", truth="any over axis 0: a special word in one sentence spares its column in all sentences.")
def special_by_columns(tokens, pick, kind, random_tokens, mask_token, special):
    is_special = (tokens[:, :, None] == np.array(list(special))).any(axis=2).any(axis=0)
    chosen = (pick < 0.15) & ~is_special
    became = np.where(kind < 0.8, mask_token, np.where(kind < 0.9, random_tokens, tokens))
    return np.where(chosen, became, tokens), chosen.astype(float)


@wrong("mask_tokens", truth="np.ix_ of rows and columns: masks every crossing of a row and a column that have a mask.")
def masks_at_all_crossings(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = _chosen(tokens, pick, special)
    seen = tokens.copy()
    rows, columns = np.nonzero(chosen & (kind < 0.8))
    seen[np.ix_(rows, columns)] = mask_token
    rows, columns = np.nonzero(chosen & (kind >= 0.8) & (kind < 0.9))
    seen[rows, columns] = random_tokens[rows, columns]
    return seen, chosen.astype(float)


@wrong("mask_tokens", truth="Deals out the other words from the first on, instead of that at the word's own place.")
def other_words_dealt_in_turn(tokens, pick, kind, random_tokens, mask_token, special):
    chosen = _chosen(tokens, pick, special)
    seen = tokens.copy()
    seen[chosen & (kind < 0.8)] = mask_token
    swapped = chosen & (kind >= 0.8) & (kind < 0.9)
    seen[swapped] = random_tokens.ravel()[: swapped.sum()]
    return seen, chosen.astype(float)


@wrong("mask_tokens", truth="The loop starts at 1: the first word of a sentence is never chosen, special or not.")
def first_word_left_out(tokens, pick, kind, random_tokens, mask_token, special):
    seen, weights = tokens.copy(), np.zeros(tokens.shape)
    for b in range(len(tokens)):
        for i in range(1, tokens.shape[1]):
            if pick[b, i] < 0.15 and tokens[b, i] not in special:
                weights[b, i] = 1.0
                if kind[b, i] < 0.8:
                    seen[b, i] = mask_token
                elif kind[b, i] < 0.9:
                    seen[b, i] = random_tokens[b, i]
    return seen, weights


@wrong("mask_tokens", truth="What the network sees are numbers with a point, not whole ones: it cannot index a table.")
def words_with_a_point(tokens, pick, kind, random_tokens, mask_token, special):
    seen, weights = np.zeros(tokens.shape), np.zeros(tokens.shape)
    chosen = _chosen(tokens, pick, special)
    weights[chosen] = 1
    masked = weights * (kind < 0.8)
    swapped = weights * (kind >= 0.8) * (kind < 0.9)
    seen += masked * mask_token + swapped * random_tokens + (1 - masked - swapped) * tokens
    return seen, weights
