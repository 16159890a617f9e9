"""The explorer *reading the model* (unit 08): what a token of a dialogue shares a bucket with, meets and foretells.

A Reformer reads a dialogue with 1 to 8 rounds of hashing, and with all keys. What it sees there, vectors and buckets,
is computed here with `reformer` (`explorers.readings`); who meets whom and with what weight follows in the browser,
and here for the first state. A test holds the two equal.
"""

import numpy as np
import traitlets

from explorers.explorer import STILLS, Explorer
from explorers.inputs import Array, Number, Refused, given, reported
from explorers.modules import join_modules
from explorers.readings import MOST_ROUNDS, Readings, stored_choice, stored_readings
from reformer.attention import shared_qk_attention
from reformer.blocks import attention_options
from reformer.lsh_attention import Options, attend_in_rounds, lsh_attention, who_sees_whom
from reformer.masks import LAST_RESORT
from trax_bridge.trained import own_dialogues, stored_model


class Opened(Number):
    """A number whose first value hangs on the model or the dialogue: a state as text always says it."""

    def __init__(self, first, **limits):
        super().__init__(first, **limits)
        self.limits["default"] = None


class ReadingExplorer(Explorer):
    """Choose a token of a dialogue; see its bucket in each round, whom it attends to, by LSH and by all keys.

    Parameters
    ----------
    readings : `Readings` of a model; without them, the stored model reads five dialogues that it was not trained on.
        `reading_the_model` makes such an explorer of a model and a dialogue of one's own
    **state : first values of the inputs, such as `dialogue=1, n_rounds=2`

    All traits can be read and set from Python at any time. `weights`, `shared` and `share_met` belong to the browser,
    which overwrites them.
    """

    _esm = join_modules("dialogue_reading.js")
    still = STILLS / "dialogue_reading.png"
    alternative_text = stored_choice()["alternative_text"]

    dialogue = Number(0, low=0, below="lengths", label="Dialogue", help="which one is read, from 0")
    layer = Opened(0, low=0, below="layers", label="Layer", help="whose attention is shown, from 0")
    head = Opened(0, low=0, below="heads", label="Head", help="whose attention is shown, from 0")
    n_rounds = Opened(
        MOST_ROUNDS, low=1, high=MOST_ROUNDS, label="Hash rounds R", help="R, with which the whole model reads"
    )
    only_round = Number(
        0,
        low=0,
        high=MOST_ROUNDS,
        at_most="n_rounds",
        label="Only round (0: all)",
        help="0 for what all rounds see together, 1 .. R for what one of them sees",
    )
    chosen = Opened(0, low=0, below="longest", help="the token that attends; behind the end of a dialogue, its last")

    words = given(traitlets.List(help="the vocabulary"))
    abouts = given(traitlets.List(help="why each dialogue is shown; empty for one's own"))
    starts = given(traitlets.List(help="{chosen, layer, head} to open each dialogue on"))
    looks = given(traitlets.Dict(help="how the model attends: see `Options` in reformer/lsh_attention.py"))
    longest = given(traitlets.Int(help="tokens of the longest dialogue"))
    layers = given(Array("uint8", help="(layers,) their numbers"))
    heads = given(Array("uint8", help="(H,) their numbers"))
    lengths = given(Array("int32", help="(dialogues,) tokens of each, L; the rest has one after the other"))
    tokens = given(Array("uint16", help="(all tokens,) their places in `words`"))
    sources = given(Array("int32", help="(all tokens,) where the code's symbol that comes next stands already, or -1"))
    vectors = given(
        Array(
            "float16",
            help="for each dialogue queries_keys, (H, L, d/H), of layer 0, and for 1 to 8 rounds those of the others",
        )
    )
    buckets = given(Array("uint8", help="for each dialogue, for 1 to 8 rounds, for each layer (H, R, L)"))
    likeliest = given(Array("uint16", help="(9, all tokens, 3) what comes next: with all keys, with 1 to 8 rounds"))
    chances = given(Array("float16", help="(9, all tokens, 3) of these"))
    chances_of_next = given(Array("float16", help="(9, all tokens) of what comes indeed; 0 at the end"))

    weights = reported(Array("float64", help="(2, L) of the chosen token: with all keys, and by LSH as it is shown"))
    shared = reported(Array("uint8", help="(R, L) whether a token shares the bucket of the chosen one in a round"))
    share_met = reported(traitlets.Float(help="share of the weight with all keys on tokens that LSH, as shown, meets"))

    def __init__(self, readings=None, **state):
        readings = readings or stored_readings()
        model, starts = readings.model, [dialogue.start for dialogue in readings.dialogues]
        number = state.get("dialogue", 0)
        first = starts[number] if number in range(len(starts)) else {}
        options = Options(**attention_options(model, None))
        made = readings.arrays | {
            "words": list(readings.vocabulary.words),
            "abouts": [dialogue.about for dialogue in readings.dialogues],
            "starts": starts,
            "looks": {name: getattr(options, name) for name in vars(options)},
            "longest": readings.longest,
            "layers": range(model.n_layers),
            "heads": range(model.n_heads),
        }
        self._readings, self._options = readings, options
        super().__init__({}, made, {"n_rounds": min(MOST_ROUNDS, model.n_rounds)} | first | state)
        if readings is not stored_readings():
            self.alternative_text = self.in_words()

    def in_words(self):
        """The first view in words, for who does not see it."""
        self.first_report()
        of, words = self._readings.dialogues[self.dialogue], self.words
        place, (dense, by_lsh) = min(self.chosen, len(of.tokens) - 1), self.weights
        most = int(of.sources[place]) if of.sources[place] >= 0 else int(np.argmax(by_lsh))
        copies = ", the symbol of a code that comes next" if of.sources[place] >= 0 else ""
        return (
            f"A dialogue of {len(of.tokens)} tokens, twice: shaded by the weights of LSH attention in "
            f"{self.n_rounds} rounds, and of dense attention. Token {place}, “{words[of.tokens[place]]}”, looks at "
            f"token {most}, “{words[of.tokens[most]]}”{copies}, with {by_lsh[most]:.0%} of its weight by LSH and "
            f"{dense[most]:.0%} by dense attention. Bars under a word stand for the rounds that share its bucket, "
            f"there {np.sum(self.shared[:, most])}."
        ).replace("%", " %")

    def first_report(self):
        of = self._readings.dialogues[self.dialogue]
        reading = of.with_rounds[self.n_rounds - 1]
        place = min(self.chosen, len(of.tokens) - 1)
        vectors = reading.queries_keys[self.layer][self.head].astype(np.float16).astype(np.float64)  # as they travel
        buckets = reading.buckets[self.layer][self.head].astype(np.intp)
        each = np.eye(len(vectors))
        dense = shared_qk_attention(vectors, each)[place]
        if self.only_round:
            by_lsh = attend_in_rounds(vectors, each, buckets, self._options)[0][self.only_round - 1, place]
        else:
            by_lsh = lsh_attention(vectors, each, buckets, **vars(self._options))[place]
        self.weights = np.stack([dense, by_lsh])
        self.shared = buckets == buckets[:, place, np.newaxis]
        self.share_met = float(np.sum(dense[self._met(buckets, place)]))

    def _met(self, buckets, place):
        """The positions that a token sees; itself where it sees nobody else."""
        _, chunks, windows, mask = who_sees_whom(buckets, self._options)
        here = chunks == place
        if self.only_round:
            here[np.arange(len(here)) != self.only_round - 1] = False
        keys = np.broadcast_to(windows[..., np.newaxis, :], mask.shape)[here]
        others = np.unique(keys[mask[here] > LAST_RESORT / 2])
        return others if others.size else np.array([place])


def reading_the_model(model=None, parameters=None, vocabulary=None, turns=None, **state):
    """An explorer of what a model of one's own sees in a dialogue of one's own.

    Parameters
    ----------
    model, parameters, vocabulary : a trained `ReformerLM` with LSH attention, its parameters, its `Vocabulary`; all
        three, or none for the stored model
    turns : list of texts, Person 1 first, or a list of such lists; None for the dialogues that the explorer opens on
    state : first values of the inputs, as of `ReadingExplorer`

    Raises Refused, a ValueError, if something is missing, the model is none with LSH attention, or a dialogue is empty
    or longer than the model can read.
    """
    own = {"model": model, "parameters": parameters, "vocabulary": vocabulary}
    missing = [name for name, value in own.items() if value is None]
    if len(missing) == 3:
        if turns is None:
            return ReadingExplorer(**state)
        model, parameters, vocabulary = stored_model()
    elif missing:
        raise Refused(f"{' and '.join(missing)} is missing: give model, parameters and vocabulary, or none of them")
    if turns is None:
        dialogues = [own_dialogues("held_out")[number] for number in stored_choice()["dialogues"].values()]
    else:
        dialogues = _as_dialogues(turns)
    return ReadingExplorer(Readings(model, parameters, vocabulary, dialogues), **state)


def _as_dialogues(turns):
    """One dialogue or several as a list of them."""
    dialogues = [turns] if _is_list_of(turns, str) else turns
    if not _is_list_of(dialogues, list | tuple) or not all(_is_list_of(one, str) for one in dialogues):
        raise Refused("turns needs a list of texts, one a turn, or a list of such lists")
    return dialogues


def _is_list_of(found, kind):
    return isinstance(found, list | tuple) and len(found) > 0 and all(isinstance(one, kind) for one in found)
