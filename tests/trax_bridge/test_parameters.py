"""Parameters into the form of Trax's weights and back, without Trax: only form and shapes of its weights are needed."""

from dataclasses import replace

import numpy as np
import pytest

from reformer.model import ReformerLM, TransformerLM
from reformer.parameters import flatten_parameters
from trax_bridge import from_trax, to_trax
from trax_bridge.parameters import PARTS, layout, require_trax_length

MODEL = ReformerLM(vocabulary_size=5, max_length=12, d_model=6, d_ff=4, n_heads=3, n_layers=2, n_buckets=4)
AXIAL = dict(positions="axial", axial_shape=(3, 4))


class Everywhere(ReformerLM):
    """Not causal: every token sees all."""

    causal = False


def weights_like(model, part="model"):
    """Zeros in the shapes of Trax, nested as its layers nest: tuples, empty ones too."""
    return ((), tuple((np.zeros(leaf.theirs, np.float32), ()) for leaf in layout(model, part).values()))


def part_of(parameters, part):
    layer = parameters["layers"]["1"]
    attention = {name: array for name, array in layer["attention"].items() if name != "norm"}
    return {"model": parameters, "layer": layer, "attention": attention}[part]


@pytest.mark.parametrize("change", [{}, AXIAL, dict(attention="dense"), dict(attention="shared_qk")])
@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_there_and_back_is_the_same_bits(change, part, dtype):
    model = replace(MODEL, **change)
    parameters = part_of(model.init_parameters(np.random.default_rng(0), dtype), part)
    weights = to_trax(model, parameters, weights_like(model, part), part=part)
    back = flatten_parameters(from_trax(model, weights, part=part))
    assert list(back) == list(layout(model, part))
    for name, array in flatten_parameters(parameters).items():
        assert back[name].dtype == dtype
        np.testing.assert_array_equal(back[name], array)


def test_the_form_of_the_weights_stays():
    weights = to_trax(MODEL, MODEL.init_parameters(np.random.default_rng(0)), weights_like(MODEL))
    empty, pairs = weights
    assert empty == () and all(isinstance(pair, tuple) and pair[1] == () for pair in pairs)


def test_each_head_gets_its_columns_and_its_rows():
    parameters = part_of(MODEL.init_parameters(np.random.default_rng(0)), "attention")
    _, ((w_q, _), (w_v, _), (w_o, _)) = to_trax(MODEL, parameters, weights_like(MODEL, "attention"), part="attention")
    for head in range(3):
        own = slice(2 * head, 2 * head + 2)
        np.testing.assert_array_equal(w_q[head], parameters["w_qk"][:, own])
        np.testing.assert_array_equal(w_v[head], parameters["w_v"][:, own])
        np.testing.assert_array_equal(w_o[head], parameters["w_out"][own])


def test_the_norm_of_an_attention_layer_is_another_layer_in_trax():
    attention = MODEL.init_parameters(np.random.default_rng(0))["layers"]["0"]["attention"]
    weights = to_trax(MODEL, attention, weights_like(MODEL, "attention"), part="attention")
    assert "norm" in attention and "norm" not in from_trax(MODEL, weights, part="attention")


def test_a_wrong_shape_of_ours_is_named():
    parameters = MODEL.init_parameters(np.random.default_rng(0))
    parameters["layers"]["1"]["feed_forward"]["w_in"] = np.zeros((6, 5), np.float32)
    with pytest.raises(ValueError, match=r"layers/1/feed_forward/w_in needs float32 of shape \(6, 4\), got .*\(6, 5\)"):
        to_trax(MODEL, parameters, weights_like(MODEL))


def test_a_wrong_shape_of_trax_is_named():
    weights = weights_like(replace(MODEL, n_heads=2))
    with pytest.raises(ValueError, match=r"layers/0/attention/w_qk needs shape \(3, 6, 2\) in Trax, got \(2, 6, 3\)"):
        from_trax(MODEL, weights)
    with pytest.raises(ValueError, match=r"layers/0/attention/w_qk needs shape \(3, 6, 2\) in Trax"):
        to_trax(MODEL, MODEL.init_parameters(np.random.default_rng(0)), weights)


@pytest.mark.parametrize(
    "weights, said",
    [
        (((), ()), "got none: call its init first"),
        (weights_like(MODEL)[1][:-1], "needs 28 arrays, got 27"),
        ((*weights_like(MODEL)[1], np.zeros(3)), "needs 28 arrays, got 29"),
    ],
)
def test_too_few_or_too_many_arrays_are_refused(weights, said):
    with pytest.raises(ValueError, match=said):
        from_trax(MODEL, weights)


@pytest.mark.parametrize(
    "model, said",
    [
        (TransformerLM(vocabulary_size=5, max_length=12), "reversible needs to be True"),
        (Everywhere(vocabulary_size=5, max_length=12, attention="dense"), "causal needs to be True"),
        (replace(MODEL, positions="sinusoidal"), 'positions needs to be "learned" or "axial"'),
        (replace(MODEL, same_bucket_only=True), "same_bucket_only needs to be False"),
        (replace(MODEL, correct_duplicates=True), "correct_duplicates needs to be False"),
    ],
)
def test_a_model_that_trax_does_not_have_is_refused(model, said):
    with pytest.raises(ValueError, match=f"Trax's ReformerLM is another model: .*{said}"):
        from_trax(model, ())


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="part needs"):
        layout(MODEL, "head")


@pytest.mark.parametrize(
    "change, length, said",
    [
        ({}, 13, "at most max_length = 12 positions, got 13"),
        ({}, 9, "a multiple of chunk_length = 4 in Trax, got 9: pad to 12"),
        (AXIAL, 8, "the whole grid of positions, 3 x 4 = 12, got 8"),
    ],
)
def test_a_length_that_trax_cannot_take_is_refused_with_one_that_it_can(change, length, said):
    with pytest.raises(ValueError, match=said):
        require_trax_length(replace(MODEL, chunk_length=4, **change), length)


@pytest.mark.parametrize("change, length", [({}, 8), (AXIAL, 12), (dict(attention="shared_qk"), 9)])
def test_a_length_that_fits_is_taken(change, length):
    require_trax_length(replace(MODEL, chunk_length=4, **change), length)
