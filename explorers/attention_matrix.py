"""The explorer of the attention matrix (unit 05): dense attention against LSH attention, mask by mask, round by round.

All of it is computed twice: here with `reformer`, for the first state, and in the browser for every later one. A test
holds the two equal.
"""

import numpy as np
import traitlets

from explorers.draws import normal_numbers
from explorers.explorer import STILLS, Explorer
from explorers.inputs import Array, Choice, Number, Switch, given, reported
from explorers.modules import join_modules
from explorers.sequences import N_FEATURES, N_TOKENS, sequences, which_sequence, which_wrap
from reformer.angular import angular_hash
from reformer.attention import shared_qk_attention, unit_keys
from reformer.chunking import undo_sort
from reformer.lsh_attention import (
    Options,
    attend_within_chunks,
    combine_rounds,
    count_duplicates,
    fetch,
    unsort,
    who_sees_whom,
)
from reformer.masks import HIDDEN, LAST_RESORT

MAX_BUCKETS = 16
MAX_ROUNDS = 8


def attend(queries_keys, values, buckets, options, *, avoid_self, once):
    """LSH attention as `lsh_attention`, with a self mask that may be off: (outputs, counts).

    once : whether a pair that is met N times counts 1/N each time. counts : (L, L), in how many places each pair meets
    """
    order, chunks, windows, mask = who_sees_whom(buckets, options)
    if not avoid_self:
        mask = np.where(mask == LAST_RESORT, 0, mask)
    counts = count_duplicates(chunks, windows, mask > HIDDEN)
    if once:
        mask = mask - np.log(np.maximum(counts, 1))
    fetched = fetch(queries_keys, chunks), fetch(unit_keys(queries_keys), windows), fetch(values, windows)
    outputs, log_normalizers = attend_within_chunks(*fetched, mask)
    undo = undo_sort(order)
    outputs = combine_rounds(unsort(outputs, undo), unsort(log_normalizers[..., np.newaxis], undo)[..., 0])
    return outputs, _by_position(counts, chunks, windows)


def _by_position(counts, chunks, windows):
    """Counts of (R, n, C, W) places as an (L, L) matrix of positions."""
    length = chunks.max() + 1
    matrix = np.zeros((length, length), dtype=np.int32)
    places = np.broadcast_arrays(chunks[..., np.newaxis], windows[..., np.newaxis, :])
    seen = counts > 0
    matrix[places[0][seen], places[1][seen]] = counts[seen]
    return matrix


class AttentionMatrixExplorer(Explorer):
    """Switch masks, add rounds, change chunks; see which pairs meet, how often, and what attention loses.

    Parameters
    ----------
    **state : first values of the inputs, such as `source="words", n_rounds=4, causal=False`

    All traits can be read and set from Python at any time. `buckets`, `weights`, `met` and `by_rounds` belong to the
    browser, which overwrites them.
    """

    _esm = join_modules("attention_matrix.js")
    still = STILLS / "attention_matrix.png"
    alternative_text = (
        "A matrix of 64 queries by 64 keys: filled squares for pairs that meet in 4 rounds, diamonds for what is lost, "
        "slanted strokes where a mask hides what was computed. 63 % of the earlier pairs meet, with 83 % of the "
        "attention. Curves show both by rounds, and the error: 0.27 with each pair counted once, 0.42 as often as met."
    )

    source = which_sequence("letters")
    view = Choice(
        "lsh",
        [
            ("dense", "dense attention"),
            ("lsh", "LSH attention, and what it loses"),
            ("added", "what the shown round adds"),
            ("counted", "how often each pair meets"),
        ],
        help="what the matrix shows",
        label="Matrix",
        as_list=True,
    )
    order = Choice(
        "position",
        [("position", "by position"), ("sorted", "sorted, as the shown round")],
        help="of the rows and columns of the matrix",
        label="Rows and columns",
        as_list=True,
    )
    wrap = which_wrap()
    n_buckets = Number(8, low=2, high=MAX_BUCKETS, step=2, label="Buckets B", help="B, even, 2 .. 16")
    chunk_length = Number(8, low=2, high=32, step=2, label="Chunk length C", help="C")
    n_before = Number(1, low=0, high=3, label="Chunks looked back", help="chunks before its own that a token sees")
    n_rounds = Number(4, low=1, high=MAX_ROUNDS, label="Hash rounds R", help="R")
    shown_round = Number(
        1, low=1, high=MAX_ROUNDS, at_most="n_rounds", label="Round shown", help="whose order and pairs, 1 .. R"
    )
    causal = Switch(True, label="Hide later tokens", help="the future mask")
    avoid_self = Switch(True, label="Itself as last resort", help="the self mask, which is soft")
    same_bucket_only = Switch(False, label="Hide other buckets", help="the bucket mask")
    correct_duplicates = Switch(
        True, label="Count each pair once", help="a pair that is met N times counts 1/N each time"
    )
    chosen = Number(40, low=0, high=N_TOKENS - 1, help="token whose row is marked")
    seed = Number(3, low=0, help="of the rotations")

    texts = given(traitlets.Dict(help="{ source: [token, ..] }"))
    vectors = given(Array("float32", help="(sources, 64, 64) queries_keys"))
    values = given(Array("float32", help="(sources, 64, 64) values"))
    buckets = reported(Array("int32", help="(R, 64) bucket of each token in each round"))
    weights = reported(Array("float64", help="(64, 64) how much each token attends to each"))
    met = reported(Array("int32", help="(64, 64) in how many places each query meets each key"))
    by_rounds = reported(
        Array(
            "float64",
            help="(R, 4) for 1 .. R rounds: share of the causal pairs met, share of the attention met, error of the "
            "outputs with each pair counted once, and as often as it is met",
        )
    )

    def __init__(self, **state):
        of = sequences()
        made = {
            "texts": {key: list(one.tokens) for key, one in of.items()},
            "vectors": np.stack([one.queries_keys for one in of.values()]),
            "values": np.stack([one.values for one in of.values()]),
        }
        super().__init__({}, made, state)

    @property
    def queries_keys(self):
        """The (64, 64) vectors of the tokens shown now."""
        return self._shown(self.vectors)

    @property
    def rotations(self):
        """The (R, 64, B/2) rotations in use."""
        drawn = normal_numbers(self.seed, (MAX_ROUNDS, N_FEATURES, MAX_BUCKETS // 2))
        return drawn[: self.n_rounds, :, : self.n_buckets // 2]

    def first_report(self):
        self.buckets = angular_hash(self.queries_keys, self.rotations)
        self.weights, self.met = self._attend(np.eye(N_TOKENS), self.n_rounds, once=self.correct_duplicates)
        self.by_rounds = [self._measures(n_rounds) for n_rounds in range(1, self.n_rounds + 1)]

    def _attend(self, values, n_rounds, *, once):
        options = Options(
            self.n_buckets,
            self.chunk_length,
            causal=self.causal,
            n_before=self.n_before,
            wrap=self.wrap,
            same_bucket_only=self.same_bucket_only,
        )
        buckets = self.buckets[:n_rounds].astype(np.intp)
        return attend(self.queries_keys, values, buckets, options, avoid_self=self.avoid_self, once=once)

    def _measures(self, n_rounds):
        """A row of `by_rounds`. The yardstick is dense attention with the model's masks, whatever is switched."""
        values = self._shown(self.values)
        dense = shared_qk_attention(self.queries_keys, np.eye(N_TOKENS))
        wanted = dense @ values
        (once, counts), (often, _) = (self._attend(values, n_rounds, once=once) for once in (True, False))
        met = counts > 0
        errors = [np.linalg.norm(outputs - wanted) / np.linalg.norm(wanted) for outputs in (once, often)]
        earlier = np.tril(np.ones_like(met), -1)
        return [met[earlier].mean(), (dense * met).sum() / N_TOKENS, *errors]

    def _shown(self, arrays):
        return arrays[list(self.texts).index(self.source)].astype(np.float64)
