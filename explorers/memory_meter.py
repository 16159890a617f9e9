"""The meter of training memory (units 06 and 07): five models, part by part, by formulas that are held to measurements.

The formulas stand here, in `memory_parts` and `bytes_kept`, and once more in the browser. A test holds the two equal,
and `bytes_kept` to the bytes that real stacks keep. Layers alone are counted: tables of tokens and positions and the
last layer are left out. `python -m explorers.memory_meter` measures and stores what a page without measurements shows.
"""

import gc
import json
import platform
import tracemalloc
from types import SimpleNamespace

import numpy as np
import traitlets

from explorers.explorer import STILLS, Explorer
from explorers.inputs import Array, Choice, Number, Switch, given, refuse, reported
from explorers.modules import FOLDER, join_modules
from reformer.costs import logits_bytes, pairs_computed, reversible_bytes
from reformer.fast.memory import idle
from reformer.model import ReformerLM
from reformer.reversible import checkpointed_stack_forward, reversible_stack_forward, stored_stack_forward

KINDS = ("Transformer", "checkpointed", "reversible", "LSH", "Reformer")
PARTS = ("weights", "gradients", "optimiser", "activations", "scores")
FLOAT = 4  # bytes of a float32
WIDENING = 4  # d_ff / d_model
POSITIONS_AT_ONCE = 128  # in the feed-forward layer of a Reformer
QUERIES_AT_ONCE = 256  # where scores are made in blocks
FORWARD = {"checkpointed": checkpointed_stack_forward, "reversible": reversible_stack_forward}
STORED_POINTS = FOLDER / "memory_points.json"

# The stack that is measured, and where.
SMALL = {"batch": 1, "n_layers": 4, "n_heads": 4, "d_model": 64, "n_rounds": 2, "chunk_length": 32}
LENGTHS = (128, 256, 512, 1024, 2048)
DEPTHS = (1, 2, 4, 8, 16)
SMALL_LENGTH = 256  # where depth changes


def memory_parts(kind, *, length, batch, n_layers, n_heads, d_model, n_rounds, chunk_length, in_blocks):
    """Bytes of each part of what the layers of a model need in a training step, at its worst moment.

    kind : one of `KINDS`. The first three have dense attention with queries and keys of their own, and differ in what
        they keep; "LSH" keeps all, and has shared queries and keys; "Reformer" is reversible, too, and its feed-forward
        layer treats 128 positions at a time
    in_blocks : scores are made for 256 queries at a time and made again on the way back, as this course's code does;
        else those of all queries are there at once and are kept, as table 3 of the paper counts them

    Returns
    -------
    parts : dict of `PARTS`. "activations" are the vectors that layers keep and, where they keep none, those of the one
        layer at work; "scores" are what attention computes of pairs

    Source: Reformer, table 3, of which each entry is the larger of two terms; here are all, with their constants.
    """
    sizes = dict(length=length, batch=batch, n_layers=n_layers, n_heads=n_heads, d_model=d_model)
    sizes |= dict(n_rounds=n_rounds, chunk_length=chunk_length)
    weights = FLOAT * n_layers * weights_of_a_layer(kind, d_model)
    activations = bytes_kept(kind, **sizes)
    if kind not in ("Transformer", "LSH"):
        at_once = min(length, POSITIONS_AT_ONCE) if kind == "Reformer" else length
        activations += inside_of_a_layer(kind, positions_of_the_wide_part=at_once, **sizes)
    rows = min(length, QUERIES_AT_ONCE) if in_blocks else length
    if kind in ("LSH", "Reformer"):
        window = 2 * chunk_length
        scores = batch * n_heads * FLOAT
        scores *= rows * window if in_blocks else pairs_computed(length, n_rounds=n_rounds, chunk_length=chunk_length)
    else:
        scores = logits_bytes(batch=batch, length=length, n_heads=n_heads) * rows // length
    if kind in ("Transformer", "LSH") and not in_blocks:
        scores *= n_layers
    return dict(zip(PARTS, (weights, weights, 2 * weights, activations, scores), strict=True))


def bytes_kept(kind, *, length, batch, n_layers, n_heads, d_model, n_rounds, chunk_length):
    """Bytes that a stack keeps between forward and backward, without scores: what `bytes_held` finds there."""
    sizes = dict(length=length, batch=batch, n_layers=n_layers, n_heads=n_heads, d_model=d_model)
    sizes |= dict(n_rounds=n_rounds, chunk_length=chunk_length)
    if kind == "checkpointed":
        return n_layers * batch * length * d_model * FLOAT
    if kind in ("reversible", "Reformer"):
        attention = "lsh" if kind == "Reformer" else "dense"
        model = SimpleNamespace(attention=attention, bucket_dtype=_bucket_dtype(length, chunk_length), **sizes)
        return reversible_bytes(model, batch=batch, length=length)
    return n_layers * inside_of_a_layer(kind, positions_of_the_wide_part=length, **sizes)


def inside_of_a_layer(
    kind, *, positions_of_the_wide_part, length, batch, n_layers, n_heads, d_model, n_rounds, chunk_length
):
    """Bytes of the vectors that the backward pass of one layer needs.

    They are what comes into both norms and what leaves the second, queries, keys and values, and the outputs of
    attention; of the wide features a float and a sign. LSH attention has one vector for query and key, and for each
    head a bucket a round and two numbers that sum up the weights of a token.
    """
    is_lsh = kind in ("LSH", "Reformer")
    a_token = FLOAT * (6 if is_lsh else 7) * d_model
    if is_lsh:
        a_token += n_heads * (n_rounds * _bucket_dtype(length, chunk_length).itemsize + 2 * FLOAT)
    return batch * (length * a_token + positions_of_the_wide_part * WIDENING * d_model * (FLOAT + 1))


def weights_of_a_layer(kind, d_model):
    """Numbers in the matrices, biases and norms of one layer."""
    d_ff = WIDENING * d_model
    n_projections = 3 if kind in ("LSH", "Reformer") else 4
    return n_projections * d_model**2 + 2 * d_model * d_ff + d_ff + d_model + 4 * d_model


def n_buckets_of(length, chunk_length):
    """Two chunks' worth of tokens for each bucket, as in the paper."""
    return max(2, 2 * (length // chunk_length))


def _bucket_dtype(length, chunk_length):
    return np.min_scalar_type(n_buckets_of(length, chunk_length) - 1)


def measure_memory():
    """Measure small stacks in this process: {"points": [...], "origin": where and how}. It takes a few seconds.

    A point is [kind, "length" or "depth", that number, bytes that are there between forward and backward beyond what
    was there before], counted by `tracemalloc`.
    """
    points = []
    for kind in KINDS:
        points += [[kind, "length", length, _measured(kind, length=length)] for length in LENGTHS]
        points += [[kind, "depth", depth, _measured(kind, length=SMALL_LENGTH, n_layers=depth)] for depth in DEPTHS]
    machine = f"{platform.system()}, {platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}"
    return {"points": points, "origin": machine}


def _measured(kind, **sizes):
    forward, streams, blocks = small_stack(kind, **sizes)
    was_tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    idle.clear()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    kept = forward(streams, blocks)
    idle.clear()  # scratch memory for the next call is nothing that the backward pass needs
    gc.collect()
    n_bytes = tracemalloc.get_traced_memory()[0] - before
    if not was_tracing:
        tracemalloc.stop()
    del kept
    return n_bytes


def small_stack(kind, **changes):
    """(forward, streams, blocks) of a stack with the sizes of `SMALL`, as it is measured."""
    sizes = {"length": SMALL_LENGTH} | SMALL | changes
    batch, length = sizes.pop("batch"), sizes.pop("length")
    model = ReformerLM(
        vocabulary_size=2,
        max_length=length,
        d_ff=WIDENING * sizes["d_model"],
        attention="lsh" if kind in ("LSH", "Reformer") else "dense",
        reversible=kind in ("reversible", "Reformer"),
        n_buckets=n_buckets_of(length, sizes["chunk_length"]),
        position_chunk=POSITIONS_AT_ONCE if kind == "Reformer" else None,
        fast=True,
        **sizes,
    )
    rng = np.random.default_rng(0)
    blocks = model.blocks(model.init_parameters(rng), seed=0)
    streams = rng.standard_normal((model.n_streams, batch, length, model.d_model)).astype(np.float32)
    forward = FORWARD["reversible" if model.reversible else kind] if kind in FORWARD else None
    if forward is None:
        forward = reversible_stack_forward if model.reversible else stored_stack_forward
    return forward, tuple(stream.copy() for stream in streams), blocks


class MemoryMeterExplorer(Explorer):
    """Change a model and its text; see which part of training takes how much memory, in five kinds of model.

    Parameters
    ----------
    measured : points beside the curves: None for those that are stored with the course, "here" to measure small stacks
        in this process, which takes a few seconds, or what `measure_memory()` returned
    **state : first values of the inputs, such as `length=4096, n_layers=6`

    All traits can be read and set from Python at any time. `parts` belongs to the browser, which overwrites it.
    """

    _esm = join_modules("memory_meter.js")
    still = STILLS / "memory_meter.png"
    alternative_text = (
        "Five models, each with bars for weights, gradients, optimiser, activations and the scores of attention, on a "
        "logarithmic scale. Training 12 layers on 65,536 tokens takes a Transformer 1.5 TiB, of which scores are 98 %, "
        "and a Reformer 5.1 GiB, which alone fits in 16 GiB. Curves show all parts together by length, and points "
        "measured on small stacks, which lie on the lines of the formula."
    )

    length = Number(65536, low=64, high=2**20, log=True, label="Tokens in a text", help="L")
    batch = Number(1, low=1, high=64, log=True, label="Texts in a batch", help="how many at a time")
    n_layers = Number(12, low=1, high=128, log=True, label="Layers", help="depth")
    d_model = Number(1024, low=64, high=8192, log=True, label="Features d", help="d; d_ff is 4 d")
    n_heads = Number(8, low=1, high=64, log=True, label="Heads H", help="H")
    n_rounds = Number(4, low=1, high=16, log=True, label="Hash rounds R", help="R")
    chunk_length = Number(64, low=8, high=512, log=True, label="Chunk length C", help="C; a window has 2 C keys")
    in_blocks = Switch(False, label="Scores in blocks, made again", help="as this course's code; else all at once")
    along = Choice(
        "length",
        [("length", "by length"), ("depth", "by layers")],
        help="what the curves run along",
        label="Curves",
    )
    chosen = Number(0, low=0, high=len(KINDS) - 1, help="model of which the sentence tells")

    points = given(traitlets.List(help="[[kind, length or depth, that number, bytes kept], ..]"))
    origin = given(traitlets.Unicode(help="where the points were measured"))
    parts = reported(Array("float64", help="(5, 5) bytes: a row for each of `KINDS`, a column for each of `PARTS`"))

    def __init__(self, measured=None, **state):
        super().__init__({}, _points_of(measured), state)

    def first_report(self):
        names = ("length", "batch", "n_layers", "n_heads", "d_model", "n_rounds", "chunk_length", "in_blocks")
        sizes = {name: getattr(self, name) for name in names}
        self.parts = [list(memory_parts(kind, **sizes).values()) for kind in KINDS]


def _points_of(measured):
    if measured is None:
        stored = json.loads(STORED_POINTS.read_text(encoding="utf-8"))
        return stored | {"origin": f"stored with the course: {stored['origin']}"}
    if isinstance(measured, str) and measured == "here":
        measured = measure_memory()
    if not isinstance(measured, dict) or measured.keys() != {"points", "origin"}:
        refuse("measured", 'None, "here" or what measure_memory() returned', measured)
    return measured | {"origin": f"measured here: {measured['origin']}"}


if __name__ == "__main__":
    STORED_POINTS.write_text(json.dumps(measure_memory()) + "\n", encoding="utf-8")
    print("written:", STORED_POINTS.name)
