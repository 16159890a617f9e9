"""A Reformer that Trax builds and trains does what one of `reformer` does, step by step."""

import numpy as np
import pytest

from reformer.model import ReformerLM
from reformer.optimizer import adam_step
from reformer.parameters import flatten_parameters, map_parameters, unflatten_parameters
from trax_bridge import from_trax, load_trax, to_trax
from trax_bridge.models import rotated
from trax_bridge.training import labeled, reformer_lm, start_training, train_step, training_loop

pytestmark = pytest.mark.trax

SIZES = dict(d_model=16, n_heads=2, n_layers=1, n_rounds=1, n_buckets=4, chunk_length=8)
OURS = ReformerLM(vocabulary_size=11, max_length=32, d_ff=32, positions="learned", **SIZES)
RATE = 0.01


@pytest.fixture(scope="module")
def trax():
    return load_trax()


@pytest.fixture(scope="module")
def batches():
    """Two batches of which the end is padding, and counts nothing."""
    rng, found = np.random.default_rng(0), []
    for length in (20, 29):
        tokens, weights = rng.integers(1, 11, (2, 32)), np.ones((2, 32), np.float32)
        tokens[:, length:], weights[1, length:], weights[0, length - 3 :] = 0, 0, 0
        found.append((tokens, weights))
    return found


@pytest.fixture(scope="module")
def parameters():
    return OURS.init_parameters(np.random.default_rng(1))


@pytest.fixture(scope="module")
def built(trax, batches, parameters):
    """The model, and a way to have it anew: with the same numbers, and about to draw the same rotations."""
    model = reformer_lm(11, 32, **SIZES)
    model.init(trax.shapes.signature(labeled(batches[0])[0]), rng=trax.fastmath.random.get_prng(0))
    start, state = to_trax(OURS, parameters, model.weights), model.state

    def anew():
        model.weights, model.state = start, state
        return model

    return anew


def by_hand(parameters, batches, states):
    """The losses of the same steps with `reformer`, and Adam as Trax sets it."""
    losses, moments, flat = [], None, flatten_parameters(parameters)
    for step, ((tokens, weights), state) in enumerate(zip(batches, states, strict=True), start=1):
        inputs = np.pad(tokens, ((0, 0), (1, 0)))[:, :-1]
        now = unflatten_parameters(flat)
        loss, gradients = rotated(OURS, state).loss_and_gradients(now, inputs, tokens, weights, seed=0)
        losses.append(loss)
        moments = moments or {name: (np.zeros_like(array), np.zeros_like(array)) for name, array in flat.items()}
        for name, gradient in flatten_parameters(gradients).items():
            options = dict(learning_rate=RATE, beta2=0.999, epsilon=1e-5)
            moved, *moments[name] = adam_step(flat[name], gradient, *moments[name], step, **options)
            flat[name] = moved - np.float32(1e-5) * flat[name]
    return losses


def test_three_steps_are_the_steps_of_reformer(built, batches, parameters):
    model = built()
    trainer, several, states, losses = start_training(model), [*batches, batches[0]], [], []
    for step, batch in enumerate(several):
        states.append(model.state)
        losses.append(train_step(trainer, batch, step, RATE))
    np.testing.assert_allclose(losses, by_hand(parameters, several, states), rtol=2e-5)
    assert np.ptp(losses[::2]) > 0.05  # the steps did something
    assert trainer._accelerated_update_fn._cache_size() == 1  # compiled once for all steps of a shape
    assert training_loop(built(), batches, learning_rate=RATE, n_steps=3) == losses
    trained = flatten_parameters(from_trax(OURS, model.weights))
    assert not np.array_equal(trained["tokens"], flatten_parameters(parameters)["tokens"])


def test_batches_of_several_lengths_train_one_model(built, batches, parameters):
    """The state of Trax's attention holds buckets; without room for the longest, another length is an error."""
    tokens, weights = batches[0]
    shorter, model = (tokens[:, :24], weights[:, :24]), built()
    states, losses, trainer = [], [], start_training(model)
    for step, batch in enumerate([shorter, batches[1], shorter]):
        states.append(model.state)
        losses.append(train_step(trainer, batch, step, RATE))
    np.testing.assert_allclose(losses, by_hand(parameters, [shorter, batches[1], shorter], states), rtol=2e-5)


def test_all_settings_arrive(trax, batches, parameters):
    """Another value of each setting gives a model of other shapes, or one that hashes otherwise."""
    sent = labeled(batches[0])[0]

    def logits_of(vocabulary_size=11, max_length=32, **changed):
        model = reformer_lm(vocabulary_size, max_length, **{**SIZES, **changed})
        model.init(trax.shapes.signature(sent), rng=trax.fastmath.random.get_prng(0))
        shapes = [array.shape for array in trax.fastmath.tree_flatten(model.weights)]
        if shapes == logits_of.shapes:
            model.weights = to_trax(OURS, map_parameters(lambda array: array * 3, parameters), model.weights)
        return shapes, np.asarray(model(sent))

    logits_of.shapes = None
    logits_of.shapes, _ = logits_of()
    _, logits = logits_of()
    for changed in (dict(vocabulary_size=12), dict(max_length=64), dict(d_model=8), dict(n_heads=4), dict(n_layers=2)):
        assert logits_of(**changed)[0] != logits_of.shapes
    for changed in (dict(n_rounds=2), dict(n_buckets=2), dict(chunk_length=16)):
        shapes, others = logits_of(**changed)
        assert shapes == logits_of.shapes and not np.allclose(others, logits, atol=1e-4)


def test_a_batch_may_be_smaller_than_the_first_and_not_larger(built, batches):
    tokens, weights = batches[0]
    model = built()
    trainer = start_training(model)
    with pytest.raises(ValueError, match="batches needs at most 2 sequences each, as many .* got 3: call init with"):
        train_step(trainer, (tokens[[0, 1, 1]], weights[[0, 1, 1]]), 0, RATE)
    assert train_step(trainer, (tokens[:1], weights[:1]), 0, RATE) > 0
