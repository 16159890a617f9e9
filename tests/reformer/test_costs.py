from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer import lsh_attention as lsh_module
from reformer.chunking import look_adjacent, split_into_chunks
from reformer.costs import (
    attention_costs,
    attention_multiplications,
    attention_pairs,
    logits_bytes,
    model_costs,
    reversible_bytes,
)
from reformer.lsh_attention import Options, who_sees_whom
from reformer.model import ReformerLM
from reformer.reversible import bytes_held, reversible_stack_forward, stored_stack_forward

PAPER = dict(batch=8, length=2**16, n_heads=8, d_model=1024, d_ff=4096, n_layers=12, n_rounds=8)
few = settings(max_examples=15, deadline=None)


def saved_by_a_stack(model, *, batch, length, dtype=np.float32):
    """What the layers of a model hold after the forward pass, without the parameters, in bytes."""
    rng = np.random.default_rng(0)
    parameters = model.init_parameters(rng, dtype)
    blocks = model.blocks(parameters, seed=0)
    x = rng.standard_normal((batch, length, model.d_model)).astype(dtype)
    _, saved = reversible_stack_forward((x, x), blocks) if model.reversible else stored_stack_forward((x,), blocks)
    return bytes_held(saved, parameters) - bytes_held(parameters)


def small_model(**fields):
    return ReformerLM(**dict(vocabulary_size=5, max_length=64, d_model=8, d_ff=16, chunk_length=8) | fields)


@few
@given(
    st.integers(1, 50), st.integers(1, 3), st.integers(1, 12), st.integers(0, 2), st.integers(0, 1), st.integers(0, 9)
)
def test_lsh_pairs_are_the_size_of_the_table_of_logits(length, n_rounds, chunk_length, n_before, n_after, seed):
    order = np.argsort(np.random.default_rng(seed).random((n_rounds, length)))
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks, n_before=n_before, n_after=n_after)
    logits = chunks[..., :, np.newaxis] - windows[..., np.newaxis, :]
    sizes = dict(length=length, n_rounds=n_rounds, chunk_length=chunk_length, n_before=n_before, n_after=n_after)
    assert attention_pairs("lsh", **sizes) == logits.size


class Counting(int):
    """A whole number that counts the products it takes part in."""

    n_products = 0

    def __mul__(self, other):
        Counting.n_products += 1
        return Counting(int(self) * int(other))

    def __add__(self, other):
        return Counting(int(self) + int(other))

    __rmul__, __radd__ = __mul__, __add__


def products_within_chunks(monkeypatch, chunks, windows, *, d_k, d_v):
    """Count the products that `attend_within_chunks` forms for chunks and windows of these positions.

    Its checks would refuse such numbers, and its softmax, which is not counted, could not take them.
    """
    monkeypatch.setattr(lsh_module, "require_floats", lambda name, value, axes, dtype=None: value)
    monkeypatch.setattr(lsh_module, "exponentials", lambda logits: (logits, 1, None))
    Counting.n_products = 0
    counting = np.frompyfunc(Counting, 1, 1)
    shapes = (*chunks.shape, d_k), (*windows.shape, d_k), (*windows.shape, d_v)
    queries, keys, values = (counting(np.ones(shape, int)) for shape in shapes)
    mask = np.zeros((*chunks.shape, windows.shape[-1]), int)
    lsh_module.attend_within_chunks(queries, keys, values, mask)
    return Counting.n_products


@pytest.mark.parametrize("d_k, d_v", [(3, 2), (2, 5)])
def test_multiplications_are_those_that_attention_does(monkeypatch, d_k, d_v):
    everything = np.arange(5)[np.newaxis]  # dense attention is one chunk of all
    dense = products_within_chunks(monkeypatch, everything, everything, d_k=d_k, d_v=d_v)
    assert attention_multiplications("dense", length=5, d_k=d_k, d_v=d_v) == dense
    chunks = split_into_chunks(np.argsort(np.random.default_rng(0).random((2, 7))), 3)
    lsh = products_within_chunks(monkeypatch, chunks, look_adjacent(chunks), d_k=d_k, d_v=d_v)
    assert attention_multiplications("lsh", length=7, n_rounds=2, chunk_length=3, d_k=d_k, d_v=d_v) == lsh


def test_64k_positions_need_16_gib_of_logits():
    assert logits_bytes(batch=1, length=2**16, n_heads=1) == 16 * 2**30


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reversible_bytes_are_the_bytes_measured(dtype):
    for fields in (
        {},
        dict(n_layers=5, n_rounds=3),
        dict(n_buckets=1024, n_heads=4),
        dict(n_buckets=(16, 32)),
        dict(attention="shared_qk", n_layers=7),
    ):
        model = small_model(**fields)
        measured = saved_by_a_stack(model, batch=2, length=24, dtype=dtype)
        assert measured == reversible_bytes(model, batch=2, length=24, dtype=dtype)


def test_measured_bytes_of_residual_layers_grow_with_depth_and_width_as_in_table_3():
    held = {}
    for n_layers, d_ff, length in [(2, 16, 32), (4, 16, 32), (2, 32, 32), (4, 32, 32), (2, 16, 64)]:
        model = small_model(reversible=False, n_layers=n_layers, d_ff=d_ff)
        held[n_layers, d_ff, length] = saved_by_a_stack(model, batch=2, length=length)
    assert held[4, 16, 32] == pytest.approx(2 * held[2, 16, 32], rel=0.05)
    assert held[2, 16, 64] == pytest.approx(2 * held[2, 16, 32], rel=0.05)
    # 16 more wide features: each a float32 activation and one byte for the slope of the ReLU, in every layer
    assert held[2, 32, 32] - held[2, 16, 32] == 2 * 2 * 32 * 16 * 5
    assert held[4, 32, 32] - held[4, 16, 32] == 2 * (held[2, 32, 32] - held[2, 16, 32])


def test_chunks_of_positions_take_the_wide_features_out_of_what_is_held():
    for model in (small_model(reversible=False), small_model(reversible=False, d_ff=64)):
        whole, chunked = (saved_by_a_stack(replace(model, position_chunk=c), batch=2, length=32) for c in (None, 8))
        assert whole - chunked == model.n_layers * 2 * 32 * model.d_ff * 5


def test_each_step_of_table_3_saves_what_the_paper_says_it_saves():
    costs = model_costs(**PAPER)
    assert costs["Reversible Transformer"].memory * 12 == costs["Transformer"].memory
    deeper = model_costs(**PAPER | {"n_layers": 24})
    for name, depends_on_depth in [
        ("Transformer", True),
        ("LSH Transformer", True),
        ("Reversible Transformer", False),
        ("Chunked Reversible Transformer", False),
        ("Reformer", False),
    ]:
        assert deeper[name].memory == costs[name].memory * (2 if depends_on_depth else 1)
        assert deeper[name].time == 2 * costs[name].time
    longer = model_costs(**PAPER | {"length": 2**17})
    assert longer["Reformer"].memory == 2 * costs["Reformer"].memory
    assert longer["Transformer"].memory == 4 * costs["Transformer"].memory


def test_chunking_helps_where_the_wide_layer_and_not_attention_is_largest():
    short = PAPER | {"length": 64, "pairs_per_token": 1}
    costs = model_costs(**short)
    assert costs["Reversible Transformer"].memory == 8 * 64 * 4096
    assert costs["Chunked Reversible Transformer"].memory == 8 * 64 * 1024
    assert costs["LSH Transformer"].memory == 12 * 8 * 64 * 4096
    assert costs["Reformer"].memory == 8 * 64 * 1024


def test_table_3_is_what_the_paper_prints():
    costs = model_costs(
        batch=2, length=3, n_heads=5, d_model=7, d_ff=11, n_layers=13, n_rounds=17, pairs_per_token=19
    )  # b l d_ff = 66, b l d_model = 42, b n_h l^2 = 90, b n_h l n_r c = 9690
    assert costs == {
        "Transformer": (90 * 13, (66 + 90) * 13),
        "Reversible Transformer": (90, (5 * 66 + 90) * 13),
        "Chunked Reversible Transformer": (90, (5 * 66 + 90) * 13),
        "LSH Transformer": (9690 * 13, (66 + 9690) * 13),
        "Reformer": (9690, (66 + 9690) * 13),
    }


def test_table_1_is_what_the_paper_prints():
    sizes = dict(batch=3, length=4096, n_heads=2, d_k=64, n_rounds=2, n_chunks=128)
    costs = attention_costs(**sizes)
    assert costs["dot-product"] == costs["memory-efficient"] == (3 * 2 * 4096**2, 3 * 2 * 4096**2)
    assert costs["lsh"] == (3 * 2 * 4096 * 2 * 128**2, 3 * 2 * 4096 * 2 * 128**2)
    wide = attention_costs(**sizes | {"d_k": 2**20})  # more features than anybody has keys
    assert {cost for costs in wide.values() for cost in costs} == {3 * 2 * 4096 * 2**20}


@pytest.mark.parametrize("grown", [["batch"], ["n_heads"], ["n_rounds"], ["length", "n_chunks"]])
def test_logits_grow_as_table_1_says(grown):
    sizes = dict(batch=2, n_heads=3, n_rounds=2, length=24, n_chunks=4)
    larger = sizes | {name: 2 * sizes[name] for name in grown}

    def logits(*, batch, n_heads, n_rounds, length, n_chunks):
        buckets = np.zeros((batch, n_heads, n_rounds, length), int)
        dense = np.zeros((batch, n_heads, length, 1)) @ np.zeros((1, length))
        *_, mask = who_sees_whom(buckets, Options(n_buckets=1, chunk_length=length // n_chunks))
        return {"dot-product": dense.size, "lsh": mask.size}

    for name in ("dot-product", "lsh"):
        printed = [attention_costs(**s, d_k=1)[name] for s in (sizes, larger)]
        assert printed[1].memory / printed[0].memory == logits(**larger)[name] / logits(**sizes)[name]
        assert printed[1].time / printed[0].time == logits(**larger)[name] / logits(**sizes)[name]


@pytest.mark.parametrize("grown", ["batch", "length", "d_ff", "n_layers"])
def test_wide_features_that_are_stored_grow_as_table_3_says(grown):
    sizes = dict(batch=3, length=16, d_ff=64, n_layers=2)
    larger = sizes | {grown: 2 * sizes[grown]}

    def stored(*, batch, length, **fields):
        model = small_model(reversible=False, **fields)
        whole, chunked = (
            saved_by_a_stack(replace(model, position_chunk=n), batch=batch, length=length) for n in (None, 8)
        )
        return whole - chunked

    def printed(sizes):
        return model_costs(**sizes, n_heads=1, d_model=8, n_rounds=1, pairs_per_token=1)["LSH Transformer"].memory

    assert stored(**larger) / stored(**sizes) == printed(larger) / printed(sizes) == 2


def test_lsh_multiplies_less_from_the_length_on_that_the_counts_say():
    sizes = dict(d_k=64, d_v=64)
    lsh = dict(n_rounds=4, chunk_length=64)
    assert attention_multiplications("lsh", length=512, **sizes, **lsh) == attention_multiplications(
        "dense", length=512, **sizes
    )
    assert attention_pairs("lsh", length=1024, **lsh) * 2 == attention_pairs("dense", length=1024)


def test_there_is_at_least_one_chunk():
    with pytest.raises(ValueError, match="n_chunks needs a whole number of at least 1, got 0"):
        attention_costs(batch=1, length=8, n_heads=1, d_k=4, n_rounds=1, n_chunks=0)


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        (dict(attention="sparse", length=4), "attention needs one of 'dense', 'lsh', got 'sparse'"),
        (dict(attention="dense", length=0), "length needs a whole number of at least 1, got 0"),
        (dict(attention="lsh", length=4, n_before=-1), "n_before needs a whole number of at least 0, got -1"),
    ],
)
def test_a_bad_argument_is_refused_by_name(sizes, words):
    with pytest.raises(ValueError, match=words):
        attention_pairs(**sizes)
