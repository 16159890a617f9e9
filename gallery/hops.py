"""Room G3, ask again: where an answer needs two facts, what the first look brings decides what the second looks for.

A story is some lines of three words, "Bo took ball" or "Bo went garden", and the question is where a thing is. Who took
it stands in one line, and where that person went in another. A memory network looks at all lines, adds what it read to
its question, and looks again: a hop is one look. The stories are made here, in the style of bAbI.

A line is the sum of the vectors of its words, and of its number where the order tells. There is a table of vectors for
each look: that of hop k makes its keys, the next one its values.

Letters: B stories, n lines, K hops, d features, V words, T tables.
Source: Sukhbaatar, Szlam, Weston, Fergus, "End-To-End Memory Networks" (2015), sections 2.1, 2.2 (adjacent) and 4.1.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gallery.allowed import allowed_softmax_backward
from gallery.learning import learn
from reformer.arguments import require_arrays, require_choice
from reformer.attention import softmax
from reformer.gradients import embed_backward
from reformer.layers import embed
from reformer.losses import cross_entropy_backward, cross_entropy_forward

PEOPLE = ("Ada", "Bo", "Cy", "Dee")
THINGS = ("ball", "cup", "key")
PLACES = ("attic", "cellar", "garden", "hall", "kitchen")
NUMBERS = tuple(f"({number})" for number in range(1, 13))
WORDS = (*PEOPLE, "went", "took", *THINGS, *PLACES, *NUMBERS)
CODE = {word: code for code, word in enumerate(WORDS)}
OF_PLACES = slice(CODE[PLACES[0]], CODE[NUMBERS[0]])
SHARED = ("always", "at first", "never")


def memory_hops(question, keys, values):
    """Look at a memory K times; what a look reads, an average of the values, is added to what is asked next.

    Parameters
    ----------
    question : (..., d) float32 or float64 array, the first state
    keys, values : (..., K, n, d) arrays, those of each hop; the scores of a hop are keys . state

    Returns
    -------
    state : (..., d) array, the question and all that was read
    weights : (..., K, n) array, where each hop looked

    Raises ValueError if a shape or dtype does not fit.
    """
    question, keys, values = require_arrays(
        question=(question, "... d"), keys=(keys, "... K n d"), values=(values, "... K n d")
    )
    state, weights = question, np.zeros(keys.shape[:-1], keys.dtype)
    for hop in range(keys.shape[-3]):
        weights[..., hop, :] = softmax(_scores(keys[..., hop, :, :], state))
        state = state + _read(weights[..., hop, :], values[..., hop, :, :])
    return state, weights


def memory_hops_forward(question, keys, values):
    """The state of `memory_hops`, and `saved` for `memory_hops_backward`."""
    state, weights = memory_hops(question, keys, values)
    return state, (question, keys, values, weights)


def memory_hops_backward(gradient, saved):
    """((d_question, d_keys, d_values), {}) of the state of `memory_hops`: backwards through the hops."""
    question, keys, values, weights = saved
    states = [question]
    for hop in range(keys.shape[-3]):
        states.append(states[-1] + _read(weights[..., hop, :], values[..., hop, :, :]))
    d_keys, d_values = np.zeros_like(keys), np.zeros_like(values)
    for hop in reversed(range(keys.shape[-3])):
        d_values[..., hop, :, :] = weights[..., hop, :, np.newaxis] * gradient[..., np.newaxis, :]
        d_weights = _scores(values[..., hop, :, :], gradient)
        d_scores, _ = allowed_softmax_backward(d_weights, weights[..., hop, :])
        d_keys[..., hop, :, :] = d_scores[..., np.newaxis] * states[hop][..., np.newaxis, :]
        gradient = gradient + _read(d_scores, keys[..., hop, :, :])  # the state goes on, and it asked
    return (gradient, d_keys, d_values), {}


def _scores(vectors, state):
    return (vectors @ state[..., np.newaxis])[..., 0]


def _read(weights, vectors):
    return (weights[..., np.newaxis, :] @ vectors)[..., 0, :]


class Stories(NamedTuple):
    """Stories, each with a question and its answer; the first three are what a network is trained on.

    lines : (B, n, V) float32 array, 1 for each word of a line
    questions, answers : (B) integer arrays, the thing that is asked for, counted in WORDS, and its place, in PLACES
    words : (B, n, 3 or 4) integer array, the words of each line, counted in WORDS: who, what was done, where or what,
        and the number of the line
    took, went : (B) integer arrays, the lines that hold the two facts
    """

    lines: np.ndarray
    questions: np.ndarray
    answers: np.ndarray
    words: np.ndarray
    took: np.ndarray
    went: np.ndarray


def draw_stories(rng, n_stories, *, n_people=4, n_walks=1, numbered=False, chances=None, asked=True):
    """Draw stories: everybody goes to `n_walks` places, all but one take a thing, and the lines are shuffled.

    Parameters
    ----------
    rng : np.random.Generator
    n_stories, n_people, n_walks : how many stories; people in one, 2 to 4; and lines "went" for each of them; at
        most 12 lines in all
    numbered : whether a line has its number as a fourth word
    chances : of each place to be gone to, or None for all the same
    asked : whether the question is put; otherwise "took" stands in its place, which tells nothing

    Returns
    -------
    stories : `Stories`; the answer is where whoever took the thing went last
    """
    people, n_lines, each = np.arange(n_people), n_people * (n_walks + 1) - 1, np.arange(n_stories)
    walkers = np.tile(people, (n_stories, n_walks))
    takers = rng.permuted(np.tile(people, (n_stories, 1)), axis=1)[:, :-1]
    places = CODE[PLACES[0]] + rng.choice(len(PLACES), walkers.shape, p=chances)
    things = np.broadcast_to(CODE[THINGS[0]] + people[:-1], takers.shape)
    who, what = np.hstack([walkers, takers]), np.hstack([places, things])
    did = np.tile(np.repeat([CODE["went"], CODE["took"]], [n_people * n_walks, n_people - 1]), (n_stories, 1))
    order = rng.permuted(np.tile(np.arange(n_lines), (n_stories, 1)), axis=1)
    words = np.stack([who, did, what], axis=-1)[each[:, np.newaxis], order]
    questions = rng.choice(things[0], n_stories)
    took = np.argmax(words[..., 2] == questions[:, np.newaxis], axis=1)
    theirs = (words[..., 0] == words[each, took, 0][:, np.newaxis]) & (words[..., 1] == CODE["went"])
    went = np.max(np.where(theirs, np.arange(n_lines), 0), axis=1)
    if numbered:
        words = np.insert(words, 3, CODE[NUMBERS[0]] + np.arange(n_lines), axis=2)
    lines = np.eye(len(WORDS), dtype=np.float32)[words].sum(axis=2)
    put = questions if asked else np.full(n_stories, CODE["took"])
    return Stories(lines, put, words[each, went, 2] - CODE[PLACES[0]], words, took, went)


@dataclass(frozen=True)
class MemoryNetwork:
    """Tables of word vectors, hops, and the place whose vector is most like the last state; for `gallery.learning`.

    `shared` says whether tables are: "always", so that the values of a hop are made by the table of the next hop's
    keys, the question by the first table and the answer by the last; "never", so that each has a table of its own; or
    "at first", as "never", but those that would be shared begin as copies.
    """

    n_hops: int
    d_model: int = 32
    shared: str = "always"

    @property
    def tables(self):
        """Which tables are those of the question, of the keys of each hop, of their values, and of the answer."""
        hops = np.arange(self.n_hops)
        if require_choice("shared", self.shared, SHARED) == "always":
            return 0, hops, hops + 1, self.n_hops
        return 0, hops + 1, hops + 1 + self.n_hops, 2 * self.n_hops + 1

    def init_parameters(self, rng, dtype=np.float32):
        """Draw the tables, small: (V, T, d)."""
        tables = (0.1 * rng.standard_normal((len(WORDS), self.tables[-1] + 1, self.d_model))).astype(dtype)
        if self.shared == "at first":
            tables = tables[:, [0, *range(self.n_hops), *range(1, self.n_hops + 1), self.n_hops]]
        return {"tables": tables}

    def memory(self, parameters, lines, questions):
        """What the hops work on: the question (B, d), the keys and the values of each hop, (B, K, n, d) each."""
        asked, keys, values, _ = self.tables
        tables = parameters["tables"]
        vectors = np.tensordot(lines, tables, 1).swapaxes(1, 2)
        return embed(questions, tables[:, asked]), vectors[:, keys], vectors[:, values]

    def weights(self, parameters, lines, questions):
        """Where each hop looks: (B, K, n)."""
        return memory_hops(*self.memory(parameters, lines, questions))[1]

    def answers(self, parameters, state):
        """The place whose vector is most like the last state, counted in PLACES: (B, d) -> (B)."""
        return np.argmax(state @ self._places(parameters).T, axis=1)

    def accuracy(self, parameters, lines, questions, answers):
        """Share of questions that are answered right."""
        state, _ = memory_hops(*self.memory(parameters, lines, questions))
        return float(np.mean(self.answers(parameters, state) == answers))

    def loss_and_gradients(self, parameters, lines, questions, answers, *, seed=0):
        """Cross-entropy of the answers, and its gradients. Nothing is random here."""
        asked, keys, values, answer = self.tables
        state, saved = memory_hops_forward(*self.memory(parameters, lines, questions))
        places = self._places(parameters)
        loss, kept = cross_entropy_forward(state @ places.T, answers, np.ones(len(answers)))
        d_logits, _ = cross_entropy_backward(1.0, kept)
        (d_question, d_keys, d_values), _ = memory_hops_backward(d_logits @ places, saved)
        d_tables = np.zeros_like(parameters["tables"])
        for made, gradient in ((keys, d_keys), (values, d_values)):
            d_tables[:, made] += np.tensordot(lines, gradient, ([0, 1], [0, 2]))
        d_tables[:, asked] += embed_backward(d_question, (questions, d_tables[:, asked]))[1]["table"]
        d_tables[OF_PLACES, answer] += d_logits.T @ state
        return loss, {"tables": d_tables}

    def _places(self, parameters):
        return parameters["tables"][OF_PLACES, self.tables[-1]]


def trained(network, seed, *, n_steps, n_stories=10_000, **how):
    """Draw stories, `how` as in `draw_stories`, and train a network on them: its parameters, all by the seed."""
    stories = draw_stories(np.random.default_rng(seed), n_stories, **how)
    return learn(network, stories[:3], seed=seed, n_steps=n_steps)
