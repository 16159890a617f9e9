from contextlib import contextmanager
from dataclasses import FrozenInstanceError, replace
from functools import partial
from itertools import combinations, count

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reformer import blocks as blocks_module
from reformer.blocks import hash_heads
from reformer.losses import cross_entropy
from reformer.model import ReformerLM, TransformerLM
from reformer.parameters import flatten_parameters, map_parameters, unflatten_parameters
from reformer.reversible import (
    Branch,
    bytes_held,
    reversible_stack_backward,
    reversible_stack_forward,
    stored_stack_backward,
    stored_stack_forward,
)
from reformer.sampling import sample
from tests.reformer.finite_differences import gradient_error
from tests.reformer.peak_memory import peak_bytes

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
VOCABULARY = 7
SMALL = dict(vocabulary_size=VOCABULARY, max_length=12, d_model=4, d_ff=6, chunk_length=3, n_buckets=4)
MODELS = {
    "Transformer": TransformerLM(**SMALL),
    "Transformer with shared queries and keys": TransformerLM(**SMALL, attention="shared_qk"),
    "Reformer": ReformerLM(**SMALL),
    "Reformer without reversible layers": ReformerLM(**SMALL, reversible=False),
    "Reformer without LSH": ReformerLM(**SMALL, attention="dense", activation="gelu"),
    "Reformer in chunks with dropout": ReformerLM(**SMALL, position_chunk=5, dropout=0.2),
    "Reformer with the paper's masks": ReformerLM(**SMALL, same_bucket_only=True, correct_duplicates=True, n_rounds=3),
    "Reformer with axial positions": ReformerLM(**SMALL, positions="axial", axial_shape=(3, 4)),
    "Reformer with sinusoids and many buckets": ReformerLM(**SMALL | {"n_buckets": (4, 2)}, positions="sinusoidal"),
}


def draw_batch(rng, batch=2, length=10):
    inputs, targets = rng.integers(0, VOCABULARY, (2, batch, length))
    weights = rng.integers(0, 3, (batch, length)).astype(np.float64)
    weights[0, 0] = 1
    return inputs, targets, weights


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=6, deadline=None)
@given(
    seed=seeds,
    batch=st.integers(1, 2),
    length=st.integers(1, 12),
    n_layers=st.integers(1, 2),
    n_heads=st.sampled_from([1, 2, 3]),
    d_ff=st.integers(1, 7),
)
@example(seed=13574, batch=1, length=9, n_layers=2, n_heads=3, d_ff=5)  # a kink of a ReLU lies a millionth away
def test_the_gradients_of_a_whole_model_are_its_finite_differences(name, seed, batch, length, n_layers, n_heads, d_ff):
    model = replace(MODELS[name], n_layers=n_layers, n_heads=n_heads, d_ff=d_ff, d_model=max(4, 2 * n_heads))
    rng = np.random.default_rng(seed)
    data = draw_batch(rng, batch, length)
    flat = flatten_parameters(model.init_parameters(rng, np.float64))
    with buckets_of_the_first_call() as start_over:
        check_gradients(model, flat, data, seed, rng, start_over)


@contextmanager
def buckets_of_the_first_call():
    """Between buckets the loss jumps. Within this, every pass uses the buckets that its layers found in the first."""
    found, calls = [], count()

    def hash_once(*arguments):
        layer = next(calls)
        if layer == len(found):
            found.append(hash_heads(*arguments))
        return found[layer]

    def start_over():
        nonlocal calls
        calls = count()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks_module, "hash_heads", hash_once)
        yield start_over


def check_gradients(model, flat, data, seed, rng, start_over):
    """All parameters move at once, each by more the shorter its gradient is, so that none hides behind another."""
    _, gradients = model.loss_and_gradients(unflatten_parameters(flat), *data, seed=seed)
    gradients = flatten_parameters(gradients)
    assert gradients.keys() == flat.keys()
    norms = {name: np.linalg.norm(gradient) for name, gradient in gradients.items()}
    sizes = {name: 1 / max(norms[name] / max(norms.values()), 0.03) for name in flat}
    ends = np.cumsum([array.size for array in flat.values()])[:-1]

    def loss(moves):
        start_over()
        moves = dict(zip(flat, np.split(moves, ends), strict=True))
        moved = {name: flat[name] + sizes[name] * moves[name].reshape(flat[name].shape) for name in flat}
        return model.loss_and_gradients(unflatten_parameters(moved), *data, seed=seed)[0]

    slopes = np.concatenate([sizes[name] * gradients[name].ravel() for name in flat])
    assert gradient_error(loss, np.zeros(slopes.shape), slopes, rng) < 1e-6


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=5, deadline=None)
@given(seed=seeds, length=st.integers(1, 12), has_padding=st.booleans())
def test_the_tuned_path_gives_the_same_loss_and_gradients(name, seed, length, has_padding):
    model, rng = MODELS[name], np.random.default_rng(seed)
    parameters, data = model.init_parameters(rng, np.float64), draw_batch(rng, length=length)
    padding = rng.random((2, length)) < 0.3 if has_padding else None
    (loss, gradients), (fast_loss, fast_gradients) = (
        replace(model, fast=fast).loss_and_gradients(parameters, *data, padding, seed=seed) for fast in (False, True)
    )
    assert fast_loss == pytest.approx(loss, rel=1e-9)
    map_parameters(partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-11), fast_gradients, gradients)
    logits, fast_logits = (
        replace(model, fast=fast).logits(parameters, data[0], padding, seed=seed) for fast in (False, True)
    )
    np.testing.assert_allclose(fast_logits, logits, rtol=1e-9, atol=1e-11)


PADDED = [
    pytest.param(replace(MODELS[name], fast=fast), id=f"{name}{', fast' if fast else ''}")
    for name in MODELS
    for fast in (False, True)
    if (not fast or MODELS[name].attention == "lsh") and not MODELS[name].dropout
]


@pytest.mark.parametrize("model", PADDED)
@settings(max_examples=5, deadline=None)
@given(seed=seeds, lengths=st.lists(st.integers(1, 12), min_size=1, max_size=3))
def test_a_text_alone_and_in_a_batch_of_longer_ones_gets_the_same_logits_loss_and_gradients(model, seed, lengths):
    rng = np.random.default_rng(seed)
    parameters = model.init_parameters(rng, np.float64)
    inputs, targets, _ = draw_batch(rng, len(lengths), 12)
    padding = np.arange(12) >= np.array(lengths)[:, np.newaxis]
    weights = np.where(padding, 0, rng.random(padding.shape) + 0.1)
    logits = model.logits(parameters, inputs, padding, seed=seed)
    loss, gradients = model.loss_and_gradients(parameters, inputs, targets, weights, padding, seed=seed)
    found = model.evaluate(parameters, inputs, targets, weights, padding, seed=seed)
    total, total_gradients = 0.0, None
    for text, length in enumerate(lengths):
        alone = np.s_[text : text + 1, :length]
        np.testing.assert_allclose(model.logits(parameters, inputs[alone], seed=seed), logits[alone], atol=1e-9)
        share = np.sum(weights[alone]) / np.sum(weights)
        data = inputs[alone], targets[alone], weights[alone]
        loss_alone, gradients_alone = model.loss_and_gradients(parameters, *data, seed=seed)
        total += share * loss_alone
        gradients_alone = map_parameters(lambda g, share=share: share * g, gradients_alone)
        total_gradients = gradients_alone if text == 0 else map_parameters(np.add, total_gradients, gradients_alone)
    assert loss == pytest.approx(total) and found["loss"] == pytest.approx(total)
    map_parameters(partial(np.testing.assert_allclose, atol=1e-9), gradients, total_gradients)


@few
@given(seeds, st.sampled_from(["dense", "shared_qk"]), st.booleans(), st.integers(0, 9))
def test_a_later_token_changes_nothing_earlier(seed, attention, reversible, place):
    model = TransformerLM(**SMALL, attention=attention, reversible=reversible)
    rng = np.random.default_rng(seed)
    parameters = model.init_parameters(rng)
    tokens = rng.integers(0, VOCABULARY, (1, 10))
    changed = tokens.copy()
    changed[0, place] = (changed[0, place] + 1) % VOCABULARY
    before, after = (model.logits(parameters, t) for t in (tokens, changed))
    np.testing.assert_allclose(after[:, :place], before[:, :place], atol=1e-6)
    assert not np.allclose(after[:, place:], before[:, place:])


@few
@given(seeds, st.integers(0, 9))
def test_a_later_token_changes_nothing_earlier_in_a_reformer_whose_chunks_hold_all(seed, place):
    model = ReformerLM(**SMALL | {"chunk_length": 12})
    rng = np.random.default_rng(seed)
    parameters = model.init_parameters(rng)
    tokens = rng.integers(0, VOCABULARY, (1, 10))
    changed = tokens.copy()
    changed[0, place:] = rng.integers(0, VOCABULARY, 10 - place)
    before, after = (model.logits(parameters, t) for t in (tokens, changed))
    np.testing.assert_allclose(after[:, :place], before[:, :place], atol=1e-5)


@pytest.mark.parametrize("name", [name for name in MODELS if MODELS[name].positions == "learned"])
@few
@given(seed=seeds, place=st.integers(0, 9))
def test_what_is_predicted_at_a_place_has_no_gradient_for_later_places(name, seed, place):
    model, rng = MODELS[name], np.random.default_rng(seed)
    inputs, targets, _ = draw_batch(rng)
    weights = np.tile(np.arange(10) == place, (2, 1))
    _, gradients = model.loss_and_gradients(model.init_parameters(rng), inputs, targets, weights, seed=seed)
    of_positions = gradients["positions"]["table"]
    assert not of_positions[place + 1 :].any()
    assert of_positions[place].any()


def test_a_later_token_can_still_move_the_borders_of_chunks_and_so_change_who_sees_whom():
    model, rng = ReformerLM(**SMALL), np.random.default_rng(0)
    parameters, tokens = model.init_parameters(rng), rng.integers(0, VOCABULARY, (40, 12))
    changed = tokens.copy()
    changed[:, -1] = (changed[:, -1] + 1) % VOCABULARY
    before, after = (model.logits(parameters, t)[:, :-1] for t in (tokens, changed))
    assert np.max(np.abs(before - after)) > 1e-3


@few
@given(seeds)
def test_each_sequence_of_a_batch_is_treated_by_itself(seed):
    model, rng = MODELS["Reformer"], np.random.default_rng(seed)
    parameters, (tokens, *_) = model.init_parameters(rng), draw_batch(rng, batch=3)
    together = model.logits(parameters, tokens, seed=seed)
    apart = [model.logits(parameters, tokens[i : i + 1], seed=seed)[0] for i in range(3)]
    np.testing.assert_allclose(together, apart, atol=1e-5)


@few
@given(seeds, st.integers(1, 12))
def test_chunks_of_positions_change_neither_loss_nor_gradients(seed, position_chunk):
    whole, rng = MODELS["Reformer"], np.random.default_rng(seed)
    parameters, data = whole.init_parameters(rng, np.float64), draw_batch(rng)
    chunked = replace(whole, position_chunk=position_chunk)
    assert chunked.evaluate(parameters, *data) == pytest.approx(whole.evaluate(parameters, *data))
    (loss, gradients), (loss_in_chunks, gradients_in_chunks) = (
        model.loss_and_gradients(parameters, *data, seed=seed) for model in (whole, chunked)
    )
    assert loss_in_chunks == pytest.approx(loss)
    map_parameters(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12, rtol=1e-9), gradients, gradients_in_chunks)


@pytest.mark.parametrize("attribute", ["evaluate", "loss_and_gradients"])
@pytest.mark.alone
def test_chunks_of_positions_keep_the_logits_of_all_positions_from_existing_at_once(attribute):
    whole, rng = replace(MODELS["Transformer"], vocabulary_size=3000, max_length=80), np.random.default_rng(0)
    parameters, data = whole.init_parameters(rng), draw_batch(rng, length=80)

    def needed(position_chunk):
        model = replace(whole, position_chunk=position_chunk)
        return peak_bytes(lambda: getattr(model, attribute)(parameters, *data, seed=0))

    assert needed(4) < 2 * 80 * 3000 * 4 < needed(None)


def test_loss_and_accuracy_are_those_of_the_logits():
    model, rng = MODELS["Reformer in chunks with dropout"], np.random.default_rng(4)
    parameters, (inputs, targets, weights) = model.init_parameters(rng, np.float64), draw_batch(rng)
    logits = model.logits(parameters, inputs, seed=3)
    found = model.evaluate(parameters, inputs, targets, weights, seed=3)
    assert found["loss"] == pytest.approx(cross_entropy(logits, targets, weights))
    assert found["accuracy"] == pytest.approx(np.average(logits.argmax(axis=-1) == targets, weights=weights))


def test_only_training_drops_out_and_a_seed_repeats_it():
    model = replace(MODELS["Transformer"], dropout=0.5)
    rng = np.random.default_rng(0)
    parameters, data = model.init_parameters(rng, np.float64), draw_batch(rng)
    losses = [model.loss_and_gradients(parameters, *data, seed=seed)[0] for seed in (1, 1, 2)]
    plain = replace(model, dropout=0.0)
    assert losses[0] == losses[1] != losses[2]
    assert losses[0] != plain.loss_and_gradients(parameters, *data, seed=1)[0]
    assert model.evaluate(parameters, *data) == plain.evaluate(parameters, *data)


def test_every_layer_has_rotations_and_dropout_of_its_own_and_none_are_the_numbers_of_the_parameters(monkeypatch):
    first_numbers, true = [], np.random.default_rng

    def default_rng(seed):
        first_numbers.append(true(seed).random())
        return true(seed)

    model = ReformerLM(**SMALL | dict(n_layers=3, dropout=0.5))
    parameters, data = model.init_parameters(true(8)), draw_batch(true(0))
    monkeypatch.setattr(np.random, "default_rng", default_rng)
    model.loss_and_gradients(parameters, *data, seed=8)
    assert len(set(first_numbers)) == 3 * (1 + 2)  # of each layer: rotations, and dropout of both branches
    assert true(8).random() not in first_numbers


def test_layers_come_in_the_order_of_their_numbers_whatever_the_order_of_their_dict():
    model, rng = ReformerLM(**SMALL | dict(n_layers=12, d_model=8)), np.random.default_rng(0)
    parameters, data = model.init_parameters(rng), draw_batch(rng)
    turned = parameters | {"layers": dict(sorted(parameters["layers"].items()))}  # "0", "1", "10", ...
    assert list(turned["layers"]) != list(parameters["layers"])
    (loss, gradients), (turned_loss, turned_gradients) = (
        model.loss_and_gradients(tree, *data, seed=0) for tree in (parameters, turned)
    )
    assert loss == turned_loss
    map_parameters(np.testing.assert_array_equal, gradients, turned_gradients)
    cached = replace(model, attention="shared_qk")
    written = [sample(cached, tree, data[0][:, :2], n_new=6, rng=rng, temperature=0) for tree in (parameters, turned)]
    np.testing.assert_array_equal(*written)


@pytest.mark.parametrize("fields", [dict(same_bucket_only=True), dict(correct_duplicates=True), dict(n_rounds=1)])
def test_the_options_of_lsh_attention_reach_it(fields):
    model, rng = MODELS["Reformer"], np.random.default_rng(2)
    parameters, (tokens, *_) = model.init_parameters(rng), draw_batch(rng)
    plain, changed = (m.logits(parameters, tokens) for m in (model, replace(model, **fields)))
    assert np.max(np.abs(plain - changed)) > 1e-3


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("n_layers", [2, 16])
def test_reversible_gradients_equal_those_from_stored_activations(dtype, tolerance, n_layers):
    # GELU: the gate of a ReLU whose input comes back on the other side of 0 would flip.
    model = ReformerLM(**SMALL | dict(d_model=16, d_ff=32, n_layers=n_layers, activation="gelu"))
    rng = np.random.default_rng(1)
    blocks = model.blocks(model.init_parameters(rng, dtype), seed=0)
    x1, x2, d1, d2 = rng.standard_normal((4, 2, 12, 16)).astype(dtype)
    (d_x, d_blocks), (d_x_stored, d_stored) = (
        reversible_stack_backward((d1, d2), reversible_stack_forward((x1, x2), blocks)[1]),
        stored_stack_backward((d1, d2), stored_stack_forward((x1, x2), blocks)[1]),
    )
    pairs = [(d_x[0], d_x_stored[0]), (d_x[1], d_x_stored[1])]
    for block, stored in zip(d_blocks, d_stored, strict=True):
        for ours, reference in zip(block, stored, strict=True):
            flat, flat_reference = flatten_parameters(ours), flatten_parameters(reference)
            pairs += [(flat[name], flat_reference[name]) for name in flat_reference]
    for ours, reference in pairs:
        assert ours.dtype == dtype
        assert np.max(np.abs(ours - reference)) < tolerance * np.max(np.abs(reference))


def test_one_flipped_bucket_ruins_the_way_back_so_buckets_are_replayed():
    """The vectors come back with a rounding error. Hashing them again may give another bucket; here one always does."""
    model = ReformerLM(**SMALL | dict(n_layers=3))
    rng = np.random.default_rng(0)
    parameters = model.init_parameters(rng)

    def hashed_again(branch):
        calls = []

        def forward(x, replay=None):
            value, saved, buckets = branch.forward(x)
            if calls:
                buckets[:, :, 0, 0] = (buckets[:, :, 0, 0] + 1) % 4
                value, saved, buckets = branch.forward(x, buckets)
            calls.append(1)
            return value, saved, buckets

        return Branch(forward, branch.backward)

    x1, x2, d1, d2 = rng.standard_normal((4, 1, 12, 4)).astype(np.float32)
    worst = {}
    for how in ("replayed", "hashed again"):
        blocks = model.blocks(parameters, seed=0)
        if how == "hashed again":
            blocks = [(hashed_again(attention), feed_forward) for attention, feed_forward in blocks]
        _, d_blocks = reversible_stack_backward((d1, d2), reversible_stack_forward((x1, x2), blocks)[1])
        _, d_stored = stored_stack_backward((d1, d2), stored_stack_forward((x1, x2), blocks)[1])
        ours, reference = d_blocks[0][0]["w_v"], d_stored[0][0]["w_v"]
        worst[how] = np.max(np.abs(ours - reference)) / np.max(np.abs(reference))
    assert worst["replayed"] < 2e-5
    assert worst["hashed again"] > 1e-2


def test_what_a_reformer_holds_is_flat_from_2_to_64_layers_but_for_its_buckets():
    held = {}
    for attention in ("shared_qk", "lsh"):
        for n_layers in (2, 64):
            model = ReformerLM(**SMALL | dict(n_layers=n_layers, attention=attention))
            rng = np.random.default_rng(0)
            parameters = model.init_parameters(rng)
            _, saved = model.hidden_forward(parameters, draw_batch(rng)[0], model.blocks(parameters, seed=0))
            held[attention, n_layers] = bytes_held(saved, parameters) - bytes_held(parameters)
    assert held["shared_qk", 64] == held["shared_qk", 2]
    n_buckets_held = 2 * model.n_heads * model.n_rounds * 10  # one byte for each round of each token of each head
    assert held["lsh", 64] - held["lsh", 2] == 62 * n_buckets_held


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", MODELS)
def test_the_dtype_of_the_parameters_is_that_of_everything(name, dtype):
    model, rng = MODELS[name], np.random.default_rng(0)
    parameters, data = model.init_parameters(rng, dtype), draw_batch(rng)
    assert {array.dtype for array in flatten_parameters(parameters).values()} == {np.dtype(dtype)}
    assert model.logits(parameters, data[0]).dtype == dtype
    _, gradients = model.loss_and_gradients(parameters, *data, seed=0)
    assert {array.dtype for array in flatten_parameters(gradients).values()} == {np.dtype(dtype)}


def test_float32_is_close_to_float64():
    model, rng = MODELS["Reformer"], np.random.default_rng(6)
    parameters, data = model.init_parameters(rng), draw_batch(rng)
    wide = map_parameters(lambda array: array.astype(np.float64), parameters)
    narrow_logits, wide_logits = (model.logits(p, data[0]) for p in (parameters, wide))
    np.testing.assert_allclose(narrow_logits, wide_logits, atol=1e-4)


def test_a_weight_of_0_hides_what_is_there_in_chunks_and_whole_and_a_chunk_without_weight_is_not_asked():
    whole, rng = MODELS["Reformer"], np.random.default_rng(0)
    parameters, (inputs, targets, weights) = whole.init_parameters(rng, np.float64), draw_batch(rng)
    weights[:, 2:6] = 0
    other_targets = targets.copy()
    other_targets[:, 2:6] = (targets[:, 2:6] + 1) % VOCABULARY
    for model in (whole, replace(whole, position_chunk=2)):
        (loss, gradients), (other_loss, other_gradients) = (
            model.loss_and_gradients(parameters, inputs, given, weights, seed=0) for given in (targets, other_targets)
        )
        assert loss == other_loss
        map_parameters(np.testing.assert_array_equal, gradients, other_gradients)
        found = [model.evaluate(parameters, inputs, given, weights) for given in (targets, other_targets)]
        assert found[0] == found[1]


def test_a_description_cannot_change_after_it_is_made():
    with pytest.raises(FrozenInstanceError):
        MODELS["Reformer"].n_rounds = 8


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (dict(d_model=6, n_heads=4), "n_heads needs to divide d_model = 6, got 4"),
        (dict(attention="sparse"), "attention needs one of 'dense', 'shared_qk', 'lsh', got 'sparse'"),
        (dict(positions="none"), "positions needs one of"),
        (dict(activation="tanh"), "activation needs one of 'relu', 'gelu'"),
        (dict(n_buckets=5), "n_buckets needs an even whole number of at least 2, got 5"),
        (dict(n_buckets=(4, 3)), "n_buckets needs an even whole number of at least 2, got 3"),
        (dict(dropout=1.0), "dropout needs a number of at least 0 and below 1"),
        (dict(positions="axial"), "axial_shape needs rows and columns for max_length = 12 positions, got None"),
        (dict(positions="axial", axial_shape=(2, 5)), r"axial_shape .* got \(2, 5\)"),
        (dict(positions="axial", axial_shape=(12,)), r"axial_shape needs rows and columns .* got \(12,\)"),
        (dict(positions="axial", axial_shape=(-3, -4)), "axial_shape needs a whole number of at least 1, got -3"),
        (dict(n_buckets=()), "the number of factors in n_buckets needs a whole number of at least 1, got 0"),
        (dict(n_layers=0), "n_layers needs a whole number of at least 1, got 0"),
        (dict(position_chunk=0), "position_chunk needs a whole number of at least 1, got 0"),
    ],
)
def test_a_bad_field_is_refused_by_name(fields, words):
    with pytest.raises(ValueError, match=words):
        ReformerLM(**SMALL | fields)


class Everywhere(TransformerLM):
    """Not causal: every token sees all."""

    causal = False


@pytest.mark.parametrize("attention", ["lsh", "shared_qk"])
def test_a_model_that_is_not_causal_has_dense_attention(attention):
    with pytest.raises(
        ValueError, match=f"attention of a model that is not causal needs one of 'dense', got '{attention}'"
    ):
        Everywhere(**SMALL | {"attention": attention})


def test_in_a_model_that_is_not_causal_every_token_sees_all():
    rng = np.random.default_rng(0)
    model, tokens = Everywhere(**SMALL), rng.integers(0, SMALL["vocabulary_size"], (1, 6))
    parameters, changed = model.init_parameters(rng, np.float64), tokens.copy()
    changed[0, -1] = (tokens[0, -1] + 1) % SMALL["vocabulary_size"]
    moved = np.abs(model.logits(parameters, changed) - model.logits(parameters, tokens)).max(axis=-1)
    causal = TransformerLM(**SMALL)
    still = np.abs(causal.logits(parameters, changed) - causal.logits(parameters, tokens)).max(axis=-1)
    assert np.all(moved > 1e-3) and np.all(still[0, :-1] == 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dict(inputs=np.full((1, 4), 7)), "tokens needs values from 0 to 6, got 7 to 7"),
        (dict(inputs=np.zeros((1, 13), int)), "tokens needs at most max_length = 12 positions, got 13"),
        (dict(inputs=np.zeros(4, int)), r"tokens needs shape \(batch, L\)"),
        (dict(inputs=np.zeros((0, 4), int)), r"tokens needs shape .* batch at least 1, got shape \(0, 4\)"),
        (dict(targets=np.zeros((1, 3), int)), r"targets needs shape .* L = 4 as in inputs, got shape \(1, 3\)"),
        (dict(targets=np.full((1, 4), -1)), "targets needs values from 0 to 6"),
        (dict(weights=np.zeros((1, 4))), "weights needs numbers of at least 0, one of them above 0"),
        (dict(weights=np.full((1, 4), np.nan)), "weights needs numbers of at least 0, one of them above 0"),
        (dict(weights=np.array([[1, -1, 1, 1]])), "weights needs numbers of at least 0, one of them above 0"),
        (dict(padding=np.zeros((1, 3), bool)), "padding needs shape .* L = 4 as in tokens"),
        (dict(padding=np.zeros(4, bool)), "padding needs shape"),
        (dict(padding=np.zeros((1, 4))), "padding needs a boolean dtype"),
        (dict(weights=np.ones(4)), r"weights needs shape \(batch, L\), got shape \(4,\)"),
    ],
)
def test_a_bad_batch_is_refused_by_name(change, words):
    model = MODELS["Reformer"]
    batch = dict(inputs=np.zeros((1, 4), int), targets=np.zeros((1, 4), int), weights=np.ones((1, 4))) | change
    with pytest.raises(ValueError, match=words):
        model.loss_and_gradients(model.init_parameters(np.random.default_rng(0)), **batch, seed=0)


def without(name):
    return lambda flat: {key: array for key, array in flat.items() if key != name}


SPOILT = [(np.nan, "tokens"), (np.inf, "layers/1/attention/w_qk"), (-np.inf, "output/bias")]


def spoilt(bad, name):
    def spoil(flat):
        array = flat[name].copy()
        array.flat[-1] = bad
        return flat | {name: array}

    return spoil


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("tokens"), "tokens is missing"),
        (without("layers/1/attention/norm/scale"), "layers/1/attention/norm/scale is missing"),
        (lambda flat: flat | {"layers/2/attention/w_v": np.zeros((4, 4))}, "layers/2/attention/w_v is not expected"),
        (lambda flat: flat | {"tokens": flat["tokens"].astype(float)}, "positions/table needs float64 of shape"),
        (lambda flat: flat | {"output/bias": np.zeros(3, np.float32)}, r"output/bias needs float32 of shape \(7,\)"),
        (lambda flat: flat | {"tokens": flat["tokens"].tolist()}, "tokens needs float32 of shape .*, got list"),
        *((spoilt(bad, name), f"{name} needs finite numbers") for bad, name in SPOILT),
    ],
)
def test_parameters_of_another_model_are_refused_by_name(change, words):
    model = MODELS["Transformer with shared queries and keys"]
    flat = flatten_parameters(model.init_parameters(np.random.default_rng(0)))
    parameters = unflatten_parameters(change(flat))
    for call in (
        lambda: model.logits(parameters, np.zeros((1, 4), int)),
        lambda: model.evaluate(parameters, *np.ones((3, 1, 4), int)),
        lambda: model.loss_and_gradients(parameters, *np.ones((3, 1, 4), int), seed=0),
        lambda: sample(model, parameters, np.zeros((1, 4), int), n_new=2, rng=np.random.default_rng(0)),
    ):
        with pytest.raises(ValueError, match=f"the tree of parameters does not fit: .*{words}"):
            call()


@pytest.mark.parametrize("kind", ["learned", "sinusoidal", "axial"])
def test_the_vectors_of_some_positions_are_those_of_all(kind):
    model = ReformerLM(**SMALL, positions=kind, axial_shape=(3, 4))
    parameters = model.init_parameters(np.random.default_rng(0))
    tokens = np.zeros((1, model.max_length), dtype=np.intp)
    whole, _ = model.input_forward(parameters, tokens)
    for first, last in combinations(range(model.max_length + 1), 2):
        part, _ = model.input_forward(parameters, tokens[:, first:last], first=first)
        np.testing.assert_array_equal(part, whole[:, first:last])


def test_lists_of_tokens_targets_and_weights_are_taken_as_arrays():
    model = ReformerLM(**SMALL)
    parameters = model.init_parameters(np.random.default_rng(0))
    lists = [[1, 2, 0]], [[2, 0, 1]], [[1, 1, 0]]
    loss, _ = model.loss_and_gradients(parameters, *lists, seed=0)
    assert loss == model.loss_and_gradients(parameters, *map(np.array, lists), seed=0)[0]
    assert model.evaluate(parameters, *lists)["loss"] == pytest.approx(loss, rel=1e-6)


def test_the_factors_of_a_hash_can_be_a_list_as_the_shape_of_the_grid_can():
    rng = np.random.default_rng(0)
    of_tuples = ReformerLM(**SMALL | {"n_buckets": (4, 2)}, positions="axial", axial_shape=(3, 4))
    of_lists = replace(of_tuples, n_buckets=[4, 2], axial_shape=[3, 4])
    parameters, tokens = of_tuples.init_parameters(rng), draw_batch(rng)[0]
    assert of_lists.bucket_factors == (4, 2) and of_lists.n_buckets_together == 8
    np.testing.assert_array_equal(*(model.logits(parameters, tokens) for model in (of_tuples, of_lists)))
    with pytest.raises(ValueError, match="n_buckets needs an even whole number of at least 2, got 3"):
        replace(of_tuples, n_buckets=[4, 3])


@pytest.mark.parametrize("bad", [None, -1, 1.5, True, (1, 2)])
def test_a_seed_that_is_no_whole_number_is_refused_by_name(bad):
    model, data = ReformerLM(**SMALL), np.ones((3, 1, 4), int)
    parameters = model.init_parameters(np.random.default_rng(0))
    for call in (
        lambda: model.logits(parameters, data[0], seed=bad),
        lambda: model.evaluate(parameters, *data, seed=bad),
        lambda: model.loss_and_gradients(parameters, *data, seed=bad),
    ):
        with pytest.raises(ValueError, match="seed needs a whole number of at least 0, got"):
            call()


def test_vectors_of_tokens_begin_at_a_spread_of_one():
    model = TransformerLM(vocabulary_size=400, max_length=8, d_model=32, d_ff=8, n_heads=2, n_layers=1)
    assert np.std(model.init_parameters(np.random.default_rng(0))["tokens"]) == pytest.approx(1, rel=0.02)


def test_an_odd_number_of_features_is_refused_by_its_name():
    with pytest.raises(ValueError, match="^d_model needs an even whole number of at least 2, got 3$"):
        TransformerLM(vocabulary_size=4, max_length=8, d_model=3, d_ff=8, n_heads=1, n_layers=1)
