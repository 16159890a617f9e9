"""The explorer of the whole road (unit 05): hash, sort, cut, look back, attend, in four views of the same tokens.

All of it happens twice: here with `reformer`, for the first state, and in the browser for every later one. A test holds
the two equal.
"""

import numpy as np
import traitlets

from explorers.draws import normal_numbers
from explorers.explorer import STILLS, Explorer
from explorers.inputs import Array, Choice, Number, given, reported
from explorers.modules import join_modules
from explorers.sequences import N_FEATURES, N_TOKENS, sequences, which_sequence, which_wrap
from reformer.angular import angular_hash
from reformer.attention import shared_qk_attention
from reformer.lsh_attention import lsh_attention

MAX_BUCKETS = 8
MAX_ROUNDS = 8
N_STEPS = 6


class WholeRoadExplorer(Explorer):
    """Turn the rotation, change buckets, rounds, chunks; see hashing, sorting, chunks and attention change together.

    Parameters
    ----------
    **state : first values of the inputs, such as `source="zipf", n_rounds=4`

    All traits can be read and set from Python at any time. `buckets`, `weights` and `measures` belong to the browser,
    which overwrites them.
    """

    _esm = join_modules("whole_road.js")
    still = STILLS / "whole_road.png"
    alternative_text = (
        "The first 32 words of a sentence in four views: as points on a circle cut into eight buckets, in a column by "
        "position, in a column sorted by bucket and cut into chunks of four, and as an attention matrix of blocks. "
        "“mutable” meets 5 of the 26 words before it and misses “immutable”, just across the border of its bucket."
    )

    source = which_sequence("words")
    hashed = Choice(
        "plane",
        [("plane", "2 leading directions"), ("space", "all 64 features")],
        help="what is hashed: the two leading principal directions, at length 1, or all features",
        label="What is hashed",
        as_list=True,
    )
    order = Choice(
        "sorted",
        [("sorted", "sorted, as the third strip"), ("position", "by position")],
        help="of the rows and columns of the matrix",
        label="Order of the matrix",
        as_list=True,
    )
    wrap = which_wrap()
    n_tokens = Number(32, low=24, high=N_TOKENS, label="Tokens L", help="L, 24 .. 64")
    n_buckets = Number(8, low=2, high=MAX_BUCKETS, step=2, label="Buckets B", help="B, even, 2 .. 8")
    n_rounds = Number(1, low=1, high=MAX_ROUNDS, label="Hash rounds R", help="R")
    chunk_length = Number(4, low=2, high=16, label="Chunk length C", help="C")
    n_before = Number(1, low=0, high=3, label="Chunks looked back", help="chunks before its own that a token sees")
    turn = Number(
        0.0, low=-180, high=180, whole=False, unit="°", label="Turn of the rotation", help="of features 1, 2, degrees"
    )
    shown_round = Number(
        1, low=1, high=MAX_ROUNDS, at_most="n_rounds", label="Round shown", help="whose buckets are drawn, 1 .. R"
    )
    step = Number(N_STEPS, low=1, high=N_STEPS, label="Steps of the road", help="how far the road is shown")
    chosen = Number(26, low=0, below="n_tokens", help="token that is marked everywhere")
    seed = Number(67, low=0, help="of the rotations")

    texts = given(traitlets.Dict(help="{ source: [token, ..] }"))
    about_sources = given(traitlets.Dict(help="{ source: what its vectors are }"))
    vectors = given(Array("float32", help="(sources, 64, 64) queries_keys; of each, features 1 and 2 lead"))
    values = given(Array("float32", help="(sources, 64, 64) values"))
    buckets = reported(Array("int32", help="(R, L) bucket of each token in each round"))
    weights = reported(Array("float64", help="(L, L) how much each token attends to each"))
    measures = reported(
        Array("float64", help="(3,) share of causal pairs met, share of attention met, error of the outputs")
    )

    def __init__(self, **state):
        of = sequences()
        made = {
            "texts": {key: list(one.tokens) for key, one in of.items()},
            "about_sources": {key: one.about for key, one in of.items()},
            "vectors": np.stack([one.queries_keys for one in of.values()]),
            "values": np.stack([one.values for one in of.values()]),
        }
        super().__init__({}, made, state)

    @property
    def queries_keys(self):
        """The (L, 64) vectors of the tokens shown now."""
        return self._shown(self.vectors)

    @property
    def rotations(self):
        """The rotations in use: (R, 64, B/2), or for two directions (R, 2, B/2) with columns of length 1."""
        drawn = normal_numbers(self.seed, (MAX_ROUNDS, N_FEATURES, MAX_BUCKETS // 2))
        cos, sin = np.cos(np.deg2rad(self.turn)), np.sin(np.deg2rad(self.turn))
        drawn[:, :2] = np.array([[cos, -sin], [sin, cos]]) @ drawn[:, :2]
        used = drawn[: self.n_rounds, :, : self.n_buckets // 2]
        if self.hashed == "space":
            return used
        return used[:, :2] / np.linalg.norm(used[:, :2], axis=1, keepdims=True)

    def first_report(self):
        queries_keys, values, each = self.queries_keys, self._shown(self.values), np.eye(self.n_tokens)
        self.buckets = angular_hash(queries_keys[:, : self.rotations.shape[1]], self.rotations)
        self.weights = lsh_attention(
            queries_keys,
            each,
            self.buckets,
            n_buckets=self.n_buckets,
            chunk_length=self.chunk_length,
            n_before=self.n_before,
            wrap=self.wrap,
            correct_duplicates=True,
        )
        dense, met = shared_qk_attention(queries_keys, each), self.weights > 0
        earlier = np.tril(np.ones_like(met), -1)
        outputs = dense @ values
        error = np.linalg.norm(self.weights @ values - outputs) / np.linalg.norm(outputs)
        self.measures = [met[earlier].mean(), (dense * met).sum() / self.n_tokens, error]

    def _shown(self, arrays):
        return arrays[list(self.texts).index(self.source)][: self.n_tokens].astype(np.float64)
