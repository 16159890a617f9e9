"""The explorer of room G7: which pairs a pattern compares, what of the sought it shows, and how far layers carry it.

All of it is computed twice: here with `gallery.patterns` and `reformer`, for the first state, and in the browser for
every later one. A test holds the two equal.

Letters: L tokens, d = 32 features, R hash rounds, C chunk length, B buckets.
"""

import numpy as np
import traitlets

from classroom import vectors
from explorers.draws import normal_numbers, uniform_numbers
from explorers.explorer import STILLS, Explorer
from explorers.inputs import Array, Choice, Number, given, reported
from explorers.modules import join_modules
from gallery import patterns
from reformer.angular import angular_hash
from reformer.attention import shared_qk_attention
from reformer.chunking import NOBODY

MOST_TOKENS, N_FEATURES, MAX_ROUNDS, MAX_HALF, N_LAYERS = 192, 32, 8, 48, 8
ROW, TITLE = 24, 8
TASKS = [
    ("near", "3 to 20 back"),
    ("row", f"a row back: {ROW}"),
    ("title", f"title: the first {TITLE}"),
    ("anywhere", "anywhere early"),
    ("untold", "5 back, not told"),
]
HEADS = {"0.0": (0, 0), "1.0": (1, 0), "1.2": (1, 2), "2.0": (2, 0)}  # of the model "shared_qk": layer.head
FIRST_LETTER = 256  # of the text that the heads read
LONGFORMER = {"n_near": 24, "n_first": 8}
REFORMER = {"n_near": 1, "n_rounds": 4, "chunk_length": 4}
NOTHING = {"stride": 0, "n_first": 0, "segment": 0, "n_kept": 0, "n_summary": 0, "n_random": 0, "n_rounds": 0}
SETTINGS = ("n_near", *NOTHING, "chunk_length")


def partners_of(length, seed):
    """For each task the token that each token should find, -1 where there is none: { task: (L,) integers }."""
    drawn, positions, half = uniform_numbers(seed, (3, MOST_TOKENS)), np.arange(length), length // 2
    wanted = np.resize(np.argsort(drawn[2, :half], kind="stable"), length - half)
    partners = {
        "near": positions - 3 - np.floor(18 * drawn[0, :length]).astype(int),
        "row": positions - ROW,
        "title": np.where(positions < TITLE, NOBODY, np.floor(TITLE * drawn[1, :length]).astype(int)),
        "anywhere": np.concatenate([np.full(half, NOBODY), wanted]),
        "untold": positions - 5,
    }
    return {task: np.maximum(places, NOBODY) for task, places in partners.items()}


def vectors_of(partners, seed, cosine):
    """Unit vectors, each at that cosine to its partner's and random otherwise; None tells nothing: (L, 32)."""
    rows = normal_numbers(seed, (MOST_TOKENS, N_FEATURES))[: len(partners)]
    for i, partner in enumerate(partners):
        if cosine is None or partner == NOBODY:
            rows[i] /= np.linalg.norm(rows[i])
        else:
            aside = rows[i] - rows[i] @ rows[partner] * rows[partner]
            rows[i] = cosine * rows[partner] + np.sqrt(1 - cosine**2) * aside / np.linalg.norm(aside)
    return rows


def pattern_by_place(length, seed, settings):
    """The union of all that goes by places: the window, strides, global tokens, segments or blocks, chance."""
    pattern = patterns.global_pattern(length, settings["n_near"], settings["n_first"])
    if settings["stride"]:
        pattern |= patterns.strided_pattern(length, 1, settings["stride"])
    if settings["segment"]:
        pattern |= patterns.segment_pattern(length, settings["segment"], settings["n_kept"])
        pattern |= patterns.fixed_pattern(length, settings["segment"], min(settings["n_summary"], settings["segment"]))
    if settings["n_random"]:
        lots = uniform_numbers(seed + 1, (MOST_TOKENS, MOST_TOKENS))[:length, :length]
        earlier = patterns.how_far_back(length) > 0
        rank = np.argsort(np.argsort(np.where(earlier, lots, 2), axis=1), axis=1)
        pattern |= earlier & (rank < settings["n_random"])
    return pattern


def pattern_by_hash(rows, seed, n_rounds, chunk_length):
    """What hash rounds add to it."""
    half = max(len(rows) // chunk_length // 2, 1)
    rotations = normal_numbers(seed, (MAX_ROUNDS, N_FEATURES, MAX_HALF))[:n_rounds, :, :half]
    return patterns.lsh_pattern(angular_hash(rows, rotations), n_buckets=2 * half, chunk_length=chunk_length)


class WhichPairsExplorer(Explorer):
    """Choose which pairs are compared; see what of the sought is seen by task, by real heads, and through layers.

    Parameters
    ----------
    **state : first values of the inputs, such as `n_near=1, n_rounds=4, task="title"`

    All traits can be read and set from Python at any time. `pattern`, `seen`, `shown` and `reach` belong to the
    browser, which overwrites them.
    """

    _esm = join_modules("which_pairs.js")
    still = STILLS / "which_pairs.png"
    alternative_text = (
        "A square of pairs of 128 tokens: a query looks at chunks of 4 and the 4 before, in 4 hash rounds. Of partners "
        "that stand anywhere it shows 92 %, of those in the title 30 %. Bars compare it by task with Longformer and "
        "Reformer at 32 keys a query, and by the weight of four heads; a curve shows what eight layers reach."
    )

    length = Number(128, low=64, high=MOST_TOKENS, step=32, label="Tokens L", help="L")
    n_near = Number(1, low=1, high=MOST_TOKENS, at_most="length", label="Window", help="last tokens, itself counted")
    stride = Number(0, low=0, high=64, label="Stride", help="every so many tokens back, 0 for none")
    n_first = Number(0, low=0, high=32, label="Global tokens", help="first tokens that all see")
    segment = Number(0, low=0, high=64, label="Segment or block", help="its length, 0 for none")
    n_kept = Number(0, low=0, high=64, label="Kept before it", help="tokens before it that are seen, too")
    n_summary = Number(0, low=0, high=8, label="Last of each block", help="of each block, which all see")
    n_random = Number(0, low=0, high=32, label="Keys by chance", help="earlier tokens drawn by chance")
    n_rounds = Number(4, low=0, high=MAX_ROUNDS, label="Hash rounds R", help="R, 0 for no hash")
    chunk_length = Number(4, low=2, high=32, step=2, label="Chunk length C", help="C")
    cosine = Number(
        0.9, low=0.5, high=0.95, step=0.05, whole=False, label="Cosine of partners", help="of their vectors"
    )
    task = Choice("anywhere", TASKS, help="whose partners are drawn", label="Partner stands", as_list=True)
    chosen = Number(100, low=0, high=MOST_TOKENS - 1, below="length", help="query whose row is marked")
    seed = Number(1, low=0, help="of partners, vectors and rotations")

    queries = given(Array("float32", help="(4, 192, 32) queries_keys of four heads"))
    heads = given(traitlets.List(help="their names, layer.head"))
    pattern = reported(Array("uint8", help="(L, L) 1 where the query may look, with the vectors of the task shown"))
    seen = reported(Array("float64", help="(3, 5) partners seen by task: by the pattern, Longformer, Reformer"))
    shown = reported(Array("float64", help="(3, 4) weight of the heads, the same three"))
    reach = reported(Array("float64", help="(8,) share of the text within reach of the last token, by layers"))

    def __init__(self, **state):
        read = vectors.attention("shared_qk")
        rows = slice(FIRST_LETTER, FIRST_LETTER + MOST_TOKENS)
        queries = np.stack([read.queries[*head, rows] for head in HEADS.values()])
        super().__init__({}, {"queries": queries, "heads": list(HEADS)}, state)

    def first_report(self):
        own = {name: getattr(self, name) for name in SETTINGS}
        three = own, NOTHING | {"chunk_length": 4} | LONGFORMER, NOTHING | REFORMER
        partners = partners_of(self.length, self.seed)
        rows = {t: vectors_of(p, self.seed, None if t == "untold" else self.cosine) for t, p in partners.items()}
        self.pattern = self._pattern(own, rows[self.task])
        self.seen = [[patterns.share_seen(self._pattern(one, rows[t]), partners[t]) for t in partners] for one in three]
        self.shown = [[self._weight_shown(one, queries) for queries in self.queries] for one in three]
        layers = [self._pattern(own, rows["anywhere"], self.seed + 3 + k) for k in range(N_LAYERS)]
        self.reach = patterns.reach(np.array(layers))

    def _pattern(self, settings, rows, seed_of_rotations=None):
        pattern = pattern_by_place(self.length, self.seed, settings)
        if settings["n_rounds"]:
            seed = self.seed + 2 if seed_of_rotations is None else seed_of_rotations
            pattern = pattern | pattern_by_hash(rows, seed, settings["n_rounds"], settings["chunk_length"])
        return pattern

    def _weight_shown(self, settings, queries):
        rows = queries[: self.length].astype(np.float64)
        weights = shared_qk_attention(rows, np.eye(self.length))
        late = slice(self.length // 2, None)
        return np.mean(np.sum(weights * self._pattern(settings, rows), axis=1)[late])
