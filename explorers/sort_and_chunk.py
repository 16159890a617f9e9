"""The explorer of sorting and chunking (unit 04), and the spill laboratory: which pairs do chunks separate?

Buckets are computed in Python alone, with `reformer.angular`. What chunks make of them is computed twice: here with
`reformer.chunking`, for the first state, and in the browser for every later one. A test holds the two equal.
"""

import numpy as np
import traitlets

from explorers.explorer import STILLS, Explorer
from explorers.inputs import Array, Choice, Number, given, reported
from explorers.long_sequences import BUCKET_COUNTS, MAX_ROUNDS, N_DRAWS, N_TOKENS, hashed, long_sequences
from explorers.modules import join_modules
from reformer.chunking import share_of_pairs_lost, sort_by_bucket, undo_sort

STEP = 4  # of the chunk length


def pairs_lost_in_rounds(buckets, chunk_length, n_before):
    """Of the pairs that share a bucket in some round, the share that no round brings into reach of each other.

    Two positions are in reach where their chunks are at most `n_before` apart, whatever their buckets there. For one
    round this is `share_of_pairs_lost`. buckets : (R, L) integer array
    """
    chunks = undo_sort(sort_by_bucket(buckets)) // chunk_length
    first, second = np.triu_indices(buckets.shape[1], 1)
    sought = np.any(buckets[:, first] == buckets[:, second], axis=0)
    reached = np.any(np.abs(chunks[:, first] - chunks[:, second]) <= n_before, axis=0)
    return float(np.sum(sought & ~reached) / max(np.sum(sought), 1))


def as_bit(steps):
    """A number of steps as a bit of the whole number that remembers which were tried."""
    return 1 << steps


class SortAndChunkExplorer(Explorer):
    """Sort a sequence by bucket and cut it into chunks; see which pairs of a bucket the chunks separate.

    Parameters
    ----------
    **state : first values of the inputs, such as `source="text", chunk_length=32`

    All traits can be read and set from Python at any time. `buckets`, `order`, `lost_in_round` and `lost` belong to
    the browser, which overwrites them.
    """

    _esm = join_modules("sort_and_chunk.js")
    still = STILLS / "sort_and_chunk.png"
    still_state = {"lengths_tried": sum(as_bit(steps) for steps in range(1, 17)), "looks_tried": 7, "rounds_tried": 30}
    alternative_text = (
        "A strip of 256 letters, sorted by bucket and cut into 16 chunks, in four rows. The fullest bucket, 14, holds "
        "54 tokens and lies in 4 chunks; bars below its tokens say how many of it each cannot reach. In all 25 % of "
        "the pairs that share a bucket are lost; curves show that share by chunk length, look-back and rounds."
    )

    source = Choice(
        "head",
        [
            ("cloud", "Random cloud"),
            ("words", "Words, each once"),
            ("text", "Running text"),
            ("head", "A trained head"),
            ("centred", "The head, mean removed"),
        ],
        help="whose vectors are hashed; `explorers.long_sequences` says what they are",
        label="Vectors",
        as_list=True,
    )
    n_buckets = Choice(32, [(count, str(count)) for count in BUCKET_COUNTS], help="B", label="Buckets B", as_list=True)
    view = Choice(
        "sorted",
        [("position", "by position"), ("sorted", "sorted by bucket")],
        help="order in which the strip is drawn",
        label="Strip",
        as_list=True,
    )
    n_tokens = Number(256, low=128, high=N_TOKENS, step=64, label="Tokens L", help="L, the first tokens of the source")
    chunk_length = Number(16, low=STEP, high=128, step=STEP, label="Chunk length C", help="C")
    n_before = Number(1, low=0, high=4, label="Chunks looked back", help="chunks before its own that a token sees")
    n_rounds = Number(1, low=1, high=MAX_ROUNDS, label="Hash rounds R", help="R")
    shown_round = Number(
        1, low=1, high=MAX_ROUNDS, at_most="n_rounds", label="Round shown", help="whose strip is drawn, 1 .. R"
    )
    chosen = Number(248, low=0, below="n_tokens", help="token whose pairs are marked, 0 .. L - 1")
    draw = Number(1, low=0, high=N_DRAWS - 1, help="which of the stored draws of the rotations hashes")
    lengths_tried = Number(as_bit(16 // STEP), low=0, help="chunk lengths tried so far: bit i for C = 4 i")
    looks_tried = Number(as_bit(1), low=0, help="numbers of chunks looked back that were tried, a bit each")
    rounds_tried = Number(as_bit(1), low=0, help="numbers of rounds that were tried, a bit each")

    texts = given(traitlets.Dict(help="{ source: [token, ..] }"))
    hashed = given(Array("uint8", help="(sources, draws, numbers of buckets, 8, 512) buckets"))
    buckets = reported(Array("int32", help="(R, L) bucket of each token in each round"))
    order = reported(Array("int32", help="(L,) positions of the shown round by bucket"))
    lost_in_round = reported(Array("float64", help="(R,) share of same-bucket pairs that each round alone separates"))
    lost = reported(traitlets.Float(0.0, help="share of the pairs of any bucket that no round brings into reach"))

    def __init__(self, **state):
        texts = {key: list(sequence.tokens) for key, sequence in long_sequences().items()}
        super().__init__({}, {"texts": texts, "hashed": hashed()}, state)

    def first_report(self):
        place = list(self.texts).index(self.source), self.draw, BUCKET_COUNTS.index(self.n_buckets)
        self.buckets = self.hashed[place][: self.n_rounds, : self.n_tokens]
        self.order = sort_by_bucket(self.buckets[self.shown_round - 1])
        self.lost_in_round = share_of_pairs_lost(self.buckets, self.chunk_length, n_before=self.n_before)
        self.lost = pairs_lost_in_rounds(self.buckets, self.chunk_length, self.n_before)
