"""The same numbers: given the same parameters and rotations, Trax computes here and now what `reformer` computes.

One process pays for importing Trax, so what else needs it in the process stands here too: resuming, and the ledger.
How close is close:

- Buckets and orders are integers, and equal.
- In float32, each number is a sum of some ten to forty others near 1, taken in another order, through two layers. Seen
  over three seeds: 1e-6 in logits, 3e-7 of the largest gradient. Asked of each array: 4e-6 of its largest number, or of
  1 where that is less.
- Where several rounds meet a token that sees only itself, Trax combines them badly (`ledger`). In one attention layer
  those rows are left out, and counted. In a whole model they cannot be, so the one with several rounds runs in float64,
  where the same rounding is 5e8 times smaller: seen 3e-12, asked 1e-10.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from reformer.angular import factorised_hash, offset_rounds
from reformer.attention import dense_attention, shared_qk_attention
from reformer.blocks import PROJECTIONS, reformer_block
from reformer.chunking import look_adjacent, sort_by_bucket, split_into_chunks, undo_sort
from reformer.gradients import linear_backward, lsh_attention_backward, lsh_attention_forward
from reformer.layers import linear, merge_heads, split_heads
from reformer.model import ReformerLM
from reformer.parameters import flatten_parameters
from reformer.reversible import reversible_stack_backward, reversible_stack_forward
from tests.trax_bridge.both import attention_of_both, heads_of, rows_that_see_others, started
from trax_bridge import from_trax, load_trax, to_trax
from trax_bridge.chat import TraxReader
from trax_bridge.mending import CheckpointMismatch
from trax_bridge.models import (
    buckets_of,
    lsh_states,
    rotated,
    rotations_of,
    trax_attention,
    trax_layer,
    trax_reformer,
    trax_twin,
)
from trax_bridge.twins import computed_by_both

pytestmark = pytest.mark.trax

ROUNDING = 4e-6
MODEL = ReformerLM(
    vocabulary_size=13,
    max_length=32,
    d_model=16,
    d_ff=24,
    n_heads=2,
    n_layers=2,
    n_rounds=1,
    n_buckets=8,
    chunk_length=8,
)
SMALL = replace(MODEL, max_length=16, d_model=8, d_ff=8, n_heads=1, n_layers=1)
BATCH, LENGTH = 2, MODEL.max_length


@pytest.fixture(scope="module")
def trax():
    return load_trax()


@pytest.fixture(scope="module")
def jax(trax):
    import jax

    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", True)  # compiling takes longer here than running
    yield jax
    jax.config.update("jax_disable_most_optimizations", before)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def assert_close(ours, theirs, bound):
    """Equal up to a share of the largest number of Trax's."""
    theirs = np.asarray(theirs)
    assert ours.shape == theirs.shape
    assert np.max(np.abs(ours - theirs)) <= bound * max(1, np.max(np.abs(theirs)))


# ---- hashing, sorting, chunks ----


@pytest.mark.parametrize("factors", [(8,), (4, 6)])
@pytest.mark.parametrize("n_rounds", [1, 4])
def test_the_same_rotations_give_the_same_buckets(trax, jax, rng, factors, n_rounds):
    from trax.layers.research.efficient_attention import hash_vecs

    vectors, key = rng.standard_normal((64, 12), dtype=np.float32), jax.random.PRNGKey(5)
    theirs, n_buckets = hash_vecs(vectors, factors[0] if len(factors) == 1 else list(factors), n_rounds, key)
    drawn = np.moveaxis(np.asarray(jax.random.normal(key, (12, n_rounds, sum(factors) // 2))), 1, 0)
    rotations = np.split(drawn, np.cumsum(factors)[:-1] // 2, axis=-1)
    assert n_buckets == np.prod(factors)
    np.testing.assert_array_equal(factorised_hash(vectors, rotations), theirs)


def test_the_same_buckets_give_the_same_order_and_the_same_way_back(trax, jax, rng):
    buckets = offset_rounds(rng.integers(0, 8, (4, 64)), 8)
    ticker = jax.numpy.arange(4 * 64)
    keys = 64 * jax.numpy.asarray(buckets.ravel()) + ticker % 64
    _, sticker = trax.fastmath.sort_key_val(keys, ticker, dimension=-1)
    _, undo = trax.fastmath.sort_key_val(sticker, ticker, dimension=-1)
    order, start_of_round = sort_by_bucket(buckets), 64 * np.arange(4)[:, np.newaxis]
    np.testing.assert_array_equal((order + start_of_round).ravel(), sticker)
    np.testing.assert_array_equal((undo_sort(order) + start_of_round).ravel(), undo)


@pytest.mark.parametrize("n_after", [0, 1])
def test_chunks_look_at_the_same_neighbours(trax, rng, n_after):
    from trax.layers.research.efficient_attention import look_adjacent as trax_look_adjacent

    chunks = split_into_chunks(sort_by_bucket(rng.integers(0, 8, (2, 32))), 8)
    theirs = trax_look_adjacent(chunks.reshape(-1, 8), 1, n_after)
    ours = look_adjacent(chunks, n_before=1, n_after=n_after)
    np.testing.assert_array_equal(ours.reshape(-1, ours.shape[-1]), theirs)


# ---- attention ----


@pytest.mark.parametrize(
    "settings", [dict(n_rounds=1), dict(n_rounds=4), dict(n_rounds=2, n_buckets=(4, 6))], ids=["1", "4", "factorised"]
)
def test_lsh_attention_is_the_same_function_with_the_same_gradients(trax, jax, rng, settings):
    model = replace(MODEL, **settings)
    parameters = model.init_parameters(rng)["layers"]["0"]["attention"]
    x, gradient = rng.standard_normal((2, BATCH, LENGTH, model.d_model), dtype=np.float32)
    layer, inputs = started(trax_attention(model), x)
    weights = to_trax(model, parameters, layer.weights, part="attention")
    queries_keys, values = heads_of(model, parameters, x)
    buckets = factorised_hash(queries_keys, rotations_of(model, layer.state))
    options = dict(n_buckets=model.n_buckets_together, chunk_length=model.chunk_length)
    rows = rows_that_see_others(buckets, model) if model.n_rounds > 1 else np.ones(values.shape[:-1], bool)
    gradient *= np.all(rows, axis=1)[..., np.newaxis]  # what goes back from the others is as badly rounded

    run = jax.jit(partial(layer.forward_and_or_backward, compute_output=True, update_state=True))
    theirs, state, d_x_theirs, d_weights = run(inputs, weights, layer.state, layer.rng, output_grad=gradient)

    np.testing.assert_array_equal(buckets_of(model, state), buckets)
    attended, saved = lsh_attention_forward(queries_keys, values, buckets, **options)
    ours = linear(merge_heads(attended), parameters["w_out"], None)
    rows = np.all(rows, axis=1)
    assert np.mean(rows) > 0.8
    assert_close(ours[rows], np.asarray(theirs)[rows], ROUNDING)
    d_merged, d_out = linear_backward(gradient, (merge_heads(attended), parameters["w_out"]))
    d_heads, _ = lsh_attention_backward(split_heads(d_merged, model.n_heads), saved)
    d_x, d_parameters = 0, {"w_out": d_out["weights"]}
    for name, d_head in zip(PROJECTIONS["lsh"], d_heads, strict=True):
        through, found = linear_backward(merge_heads(d_head), (x, parameters[name]))
        d_x, d_parameters[name] = d_x + through, found["weights"]
    assert_close(d_x, d_x_theirs, ROUNDING)
    for name, theirs in from_trax(model, d_weights, part="attention").items():
        assert_close(d_parameters[name], theirs, ROUNDING)


@pytest.mark.parametrize(
    "kind, attend", [("dense", partial(dense_attention, causal=True)), ("shared_qk", shared_qk_attention)]
)
def test_attention_to_all_keys_is_the_same_function(trax, jax, rng, kind, attend):
    model = replace(MODEL, attention=kind)
    parameters = model.init_parameters(rng)["layers"]["0"]["attention"]
    x = rng.standard_normal((BATCH, LENGTH, model.d_model), dtype=np.float32)
    layer, inputs = started(trax_attention(model), x)
    layer.weights = to_trax(model, parameters, layer.weights, part="attention")
    ours = linear(merge_heads(attend(*heads_of(model, parameters, x))), parameters["w_out"], None)
    assert_close(ours, layer(inputs), ROUNDING)


# ---- reversible layers ----


def with_one_key(trax, jax, state):
    """The state of a layer with the key of the first head for all: rotations that heads share, as in ours."""
    ((_, keys),) = lsh_states(state)
    shared = jax.numpy.broadcast_to(keys[:1], keys.shape)
    return trax.fastmath.nested_map(lambda part: shared if part is keys else part, state)


def test_a_reversible_layer_is_the_same_forward_and_backward(trax, jax, rng):
    parameters = MODEL.init_parameters(rng)["layers"]["0"]
    x1, x2, d_y1, d_y2 = rng.standard_normal((4, 1, LENGTH, MODEL.d_model), dtype=np.float32)
    layer, inputs = started(trax_layer(MODEL), x1, x2)
    weights = to_trax(MODEL, parameters, layer.weights, part="layer")
    state, forward = with_one_key(trax, jax, layer.state), jax.jit(layer.pure_fn)
    outputs, new_state = forward(inputs, weights, state, layer.rng)
    backward = jax.jit(layer.reverse_and_grad)
    came_back, (d_streams, d_weights) = backward(outputs, (d_y1, d_y2), weights, state, new_state, layer.rng)
    for restored, x in zip(came_back, (x1, x2), strict=True):
        assert_close(np.asarray(restored), x, ROUNDING)

    model = rotated(replace(MODEL, n_layers=1), state)
    blocks = model.blocks({"layers": {"0": parameters}}, seed=0)
    ours, saved = reversible_stack_forward([x1, x2], blocks)
    for stream, theirs in zip(ours, outputs, strict=True):
        assert_close(stream, theirs, ROUNDING)
    d_ours, [(d_attention, d_feed_forward)] = reversible_stack_backward([d_y1, d_y2], saved)
    for stream, theirs in zip(d_ours, d_streams, strict=True):
        assert_close(stream, theirs, ROUNDING)
    d_ours = flatten_parameters({"attention": d_attention, "feed_forward": d_feed_forward})
    for name, theirs in flatten_parameters(from_trax(MODEL, d_weights, part="layer")).items():
        assert_close(d_ours[name], theirs, ROUNDING)

    ((shared,),) = model.rotations
    block = reformer_block(x1, x2, parameters, shared[0, 0], n_heads=2, chunk_length=8)
    for stream, theirs in zip(block, outputs, strict=True):
        assert_close(stream, theirs, ROUNDING)


# ---- the whole model ----


def compare_whole(model, parameters, tokens, *, bound):
    ours, theirs = computed_by_both(model, parameters, tokens)
    assert_close(ours.logits, theirs.logits, bound)
    assert abs(ours.loss - theirs.loss) <= bound * theirs.loss
    assert ours.gradients.keys() == theirs.gradients.keys()
    largest = max(np.max(np.abs(array)) for array in theirs.gradients.values())
    for name, gradient in theirs.gradients.items():
        assert np.max(np.abs(ours.gradients[name] - gradient)) <= bound * largest, name
    assert len(ours.buckets) == model.n_layers
    for of_layer in zip(ours.buckets, theirs.buckets, strict=True):
        np.testing.assert_array_equal(*of_layer)


def test_a_whole_reformer_has_the_same_logits_loss_and_gradients(trax, jax, rng):
    tokens = rng.integers(0, MODEL.vocabulary_size, (BATCH, LENGTH))
    compare_whole(MODEL, MODEL.init_parameters(rng), tokens, bound=ROUNDING)


def test_a_whole_reformer_of_several_rounds_is_the_same_in_float64(trax, jax, rng):
    model = replace(
        MODEL, n_layers=1, n_rounds=2, n_buckets=(2, 4), positions="axial", axial_shape=(4, 8), activation="gelu"
    )
    tokens = rng.integers(0, model.vocabulary_size, (BATCH, LENGTH))
    with jax.experimental.enable_x64():
        parameters = model.init_parameters(rng, dtype=np.float64)
        compare_whole(model, parameters, tokens, bound=1e-10)


# ---- the next token ----


@pytest.mark.parametrize("kind", ["dense", "shared_qk", "lsh"])
def test_written_token_by_token_trax_foretells_what_it_does_all_at_once(trax, jax, rng, kind):
    """With LSH attention, as long as there are fewer than 2 R C tokens: then the newest one sees all of them."""
    model = replace(MODEL, attention=kind, n_layers=1, n_rounds=2, positions="axial", axial_shape=(4, 8))
    parameters, tokens = model.init_parameters(rng), rng.integers(0, model.vocabulary_size, LENGTH).tolist()
    reader = TraxReader(model, parameters)
    foretold = [reader(tokens[:end]) for end in range(1, LENGTH)]
    sees_all = model if kind == "dense" else replace(model, attention="shared_qk")
    twin = trax_twin(sees_all, parameters, np.array([tokens]))
    assert_close(np.array(foretold), np.asarray(twin(jax.numpy.array([tokens])))[0, 1:], ROUNDING)
    np.testing.assert_array_equal(reader(tokens[:5]), foretold[4])  # another text, read from the start


def test_ledger_from_2_r_c_tokens_on_the_newest_does_not_see_all(trax, jax, rng):
    model = replace(MODEL, attention="lsh", n_layers=1, chunk_length=4)  # one round: 8 tokens, the first one 0
    parameters, tokens = model.init_parameters(rng), rng.integers(0, model.vocabulary_size, 20)
    reader, sees_all = TraxReader(model, parameters), replace(model, attention="shared_qk")
    foretold = np.array([reader(tokens[:end]) for end in range(1, 21)])
    off = np.max(np.abs(foretold - sees_all.logits(parameters, np.array([[0, *tokens]]))[0, 1:]), axis=-1)
    assert np.max(off[:6]) < ROUNDING and np.mean(off[6:] > 1e-3) > 0.5


def test_what_trax_cannot_remember_is_refused(trax, jax, rng):
    reader = TraxReader(replace(SMALL, max_length=16), SMALL.init_parameters(rng))
    reader([1] * 15)
    with pytest.raises(ValueError, match="at most 15 tokens before the next one"):
        reader([1] * 16)


# ---- the ledger ----


def test_ledger_only_rows_that_see_only_themselves_are_off_by_a_third_of_a_percent(trax, jax, rng):
    model = replace(MODEL, n_rounds=4)
    ours, theirs, buckets = attention_of_both(rng, model)
    off = np.max(np.abs(ours - theirs), axis=-1) / np.max(np.abs(theirs), axis=-1)
    others = np.all(rows_that_see_others(buckets, model), axis=1)
    assert 1e-3 < np.max(off[~others]) < 5e-3
    assert np.max(off[others]) < 1e-5


def test_ledger_very_long_vectors_are_seen_by_themselves_in_trax(trax, jax, rng):
    ours, theirs, _ = attention_of_both(rng, MODEL, scale=1e6)
    assert np.mean(np.max(np.abs(ours - theirs), axis=-1) > 1e-3 * np.max(np.abs(theirs))) > 0.9


def test_ledger_the_sort_of_trax_wraps_after_two_to_the_31(jax):
    length, n_buckets = 65_536, 2_048
    for n_rounds, wraps in ((16, False), (17, True)):
        last = jax.numpy.int32(length) * jax.numpy.int32(n_rounds * n_buckets - 1) + jax.numpy.int32(length - 1)
        assert (int(last) < 0) is wraps


def test_ledger_trax_takes_whole_chunks_only(trax, jax, rng):
    layer, inputs = started(trax_attention(MODEL), rng.standard_normal((1, 31, 16), dtype=np.float32))
    with pytest.raises(trax.layers.base.LayerError, match="reshape"):
        layer(inputs)


# ---- resuming from a checkpoint ----


def loop_in(trax, folder, model):
    """Trax's training loop on random tokens; it resumes where `folder` has a checkpoint."""
    rng = np.random.default_rng(0)

    def batches():
        while True:
            tokens = rng.integers(1, model.vocabulary_size, (2, model.max_length))
            yield tokens, tokens, np.ones(tokens.shape, np.float32)

    training, loss = trax.supervised.training, trax.layers.WeightedCategoryCrossEntropy()
    task = training.TrainTask(batches(), loss, trax.optimizers.Adam(0.01), n_steps_per_checkpoint=2)
    built = trax_reformer(model, mode="train")
    return training.Loop(built, [task], eval_model=trax_reformer(model), output_dir=folder, random_seed=0)


@pytest.fixture(scope="module")
def stopped(trax, jax, tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("checkpoint"))
    loop = loop_in(trax, folder, SMALL)
    loop.run(2)
    return folder, loop


def test_a_training_goes_on_where_its_checkpoint_is(trax, stopped):
    folder, before = stopped
    after = loop_in(trax, folder, SMALL)
    assert after.step == 2
    for kept in ("weights", "state"):
        was, now = (trax.fastmath.tree_flatten(getattr(loop.model, kept)) for loop in (before, after))
        assert len(was) == len(now) > 0 and all(map(np.array_equal, was, now))
    slots = [loop._trainer_per_task[0].slots for loop in (before, after)]
    assert all(map(np.array_equal, *(trax.fastmath.tree_flatten(of_loop) for of_loop in slots)))
    after.run(1)
    assert after.step == 3


@pytest.mark.parametrize(
    "change, said",
    [
        (dict(d_ff=12), r"holds an array of shape \(8, 8\), where the model has \(8, 12\)"),
        (dict(n_layers=2), "arrays, where the model has"),
    ],
)
def test_a_checkpoint_of_another_model_is_refused_with_its_shape(trax, stopped, change, said):
    with pytest.raises(CheckpointMismatch, match=said):
        loop_in(trax, stopped[0], replace(SMALL, **change))
