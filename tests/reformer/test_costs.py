import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.chunking import look_adjacent, split_into_chunks
from reformer.costs import (
    attention_costs,
    cheapest_setting,
    logits_bytes,
    model_costs,
    pairs_computed,
    reversible_bytes,
)
from reformer.loops import costs as loops
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
def test_the_pairs_computed_are_the_size_of_the_table_of_logits(
    length, n_rounds, chunk_length, n_before, n_after, seed
):
    order = np.argsort(np.random.default_rng(seed).random((n_rounds, length)))
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks, n_before=n_before, n_after=n_after)
    logits = chunks[..., :, np.newaxis] - windows[..., np.newaxis, :]
    sizes = dict(length=length, n_rounds=n_rounds, chunk_length=chunk_length, n_before=n_before, n_after=n_after)
    assert pairs_computed(**sizes) == logits.size


def test_pairs_are_counted_with_empty_places_and_what_stands_twice_as_whole_numbers_of_any_size():
    assert pairs_computed(10, n_rounds=1, chunk_length=4) == 96  # of which 68 are of real positions
    assert pairs_computed(3, n_rounds=1, chunk_length=8) == 128
    sizes = dict(n_rounds=8, chunk_length=64)
    assert pairs_computed(2**40, **sizes) == 8 * 2**40 * 128 and type(pairs_computed(np.int32(2**20), **sizes)) is int
    assert pairs_computed(64, n_rounds=3, chunk_length=4, n_before=2, n_after=1) == 3 * 64 * 16


def test_from_2_rounds_128_positions_on_lsh_computes_fewer_pairs_than_dense_attention():
    sizes = dict(n_rounds=2, chunk_length=32)  # each position meets 2 x 64 keys
    assert [pairs_computed(length, **sizes) / length**2 for length in (64, 128, 256)] == [2, 1, 0.5]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_bytes_of_logits_are_those_of_the_array(dtype):
    for batch, n_heads, length in ((1, 1, 7), (5, 1, 7), (1, 3, 7), (5, 3, 11)):
        queries = np.zeros((batch, n_heads, length, 2), dtype)
        logits = queries @ np.swapaxes(queries, -1, -2)
        assert logits_bytes(batch=batch, length=length, n_heads=n_heads, dtype=dtype) == logits.nbytes


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


def test_measured_bytes_of_residual_layers_grow_with_depth_and_length_as_in_table_3_and_not_with_wide_features():
    held = {}
    for n_layers, d_ff, length in [(2, 16, 32), (4, 16, 32), (2, 64, 32), (2, 16, 64)]:
        model = small_model(reversible=False, n_layers=n_layers, d_ff=d_ff)
        held[n_layers, d_ff, length] = saved_by_a_stack(model, batch=2, length=length)
    assert held[4, 16, 32] == 2 * held[2, 16, 32] == held[2, 16, 64]
    assert held[2, 64, 32] == held[2, 16, 32]  # the wide features are computed again


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


def test_unless_told_otherwise_a_token_meets_as_many_pairs_as_the_paper_sets():
    sizes = PAPER | {"length": 2**10}
    assert model_costs(**sizes) == model_costs(**sizes, pairs_per_token=128**2)
    assert model_costs(**sizes)["Reformer"].memory == 8 * 8 * 2**10 * 8 * 128**2


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


def test_there_is_at_least_one_chunk():
    with pytest.raises(ValueError, match="n_chunks needs a whole number of at least 1, got 0"):
        attention_costs(batch=1, length=8, n_heads=1, d_k=4, n_rounds=1, n_chunks=0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(length=0), "length needs a whole number of at least 1, got 0"),
        (dict(n_rounds=0), "n_rounds needs a whole number of at least 1, got 0"),
        (dict(chunk_length=0), "chunk_length needs a whole number of at least 1, got 0"),
        (dict(n_before=-1), "n_before needs a whole number of at least 0, got -1"),
        (dict(n_after=-1), "n_after needs a whole number of at least 0, got -1"),
    ],
)
def test_a_bad_argument_is_refused_by_name(change, words):
    with pytest.raises(ValueError, match=words):
        pairs_computed(**dict(length=4, n_rounds=1, chunk_length=2) | change)


@few
@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 12), st.integers(0, 3), st.integers(0, 3))
def test_pairs_computed_agrees_with_its_loop_twin(length, n_rounds, chunk_length, n_before, n_after):
    options = dict(n_rounds=n_rounds, chunk_length=chunk_length, n_before=n_before, n_after=n_after)
    assert pairs_computed(length, **options) == loops.pairs_computed(length, **options)


@few
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 4), st.integers(0, 6))
def test_the_cheapest_setting_agrees_with_its_loop_twin_where_many_are_equal(seed, n_rows, n_columns, wanted):
    mass, places = np.random.default_rng(seed).integers(0, 5, size=(2, n_rows, n_columns))
    assert cheapest_setting(mass, places, wanted) == loops.cheapest_setting(mass, places, wanted)


@pytest.mark.parametrize(
    ("mass", "places", "wanted", "setting"),
    [
        ([[0.4, 0.6], [0.5, 0.9]], [[0.1, 0.3], [0.2, 0.6]], 0.5, (1, 0)),  # equality is enough
        ([[0.4, 0.6], [0.5, 0.9]], [[0.1, 0.3], [0.2, 0.6]], 0.55, (0, 1)),
        ([[0.4, 0.6], [0.5, 0.9]], [[0.1, 0.3], [0.2, 0.6]], 0.95, None),
        ([[0.6, 0.7], [0.8, 0.9]], [[0.2, 0.2], [0.2, 0.3]], 0.5, (1, 0)),  # equally cheap: what catches more
        ([[0.6, 0.8], [0.8, 0.9]], [[0.2, 0.2], [0.2, 0.3]], 0.5, (0, 1)),  # and then the first in reading order
        ([[1, 2], [3, 4]], [[4, 3], [2, 1]], 2, (1, 1)),
    ],
)
def test_the_cheapest_setting_of_some_that_can_be_seen_at_once(mass, places, wanted, setting):
    chosen = cheapest_setting(mass, places, wanted)
    assert chosen == setting and (chosen is None or all(type(place) is int for place in chosen))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((np.zeros((2, 3)), np.zeros((3, 2)), 0.5), r"places needs shape \(R, C\) with R = 2 as in mass"),
        ((np.zeros(3), np.zeros(3), 0.5), r"mass needs shape \(R, C\), got shape \(3,\)"),
        ((np.full((1, 1), np.nan), np.zeros((1, 1)), 0.5), "mass needs finite numbers, got 1"),
        ((np.zeros((1, 1)), np.full((1, 1), np.inf), 0.5), "places needs finite numbers, got 1"),
        ((np.zeros((1, 1)), np.zeros((1, 1)), np.nan), "wanted needs numbers"),
        ((np.zeros((1, 1), bool), np.zeros((1, 1)), 0.5), "mass needs dtype float32 or float64, got bool"),
    ],
)
def test_a_table_of_settings_that_does_not_fit_is_refused_by_name(arguments, words):
    with pytest.raises(ValueError, match=words):
        cheapest_setting(*arguments)
