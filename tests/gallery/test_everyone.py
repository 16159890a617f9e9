"""Room G5: heads and their gradients, tables and pictures, and what the room claims, over seeds (long)."""

import numpy as np
import pytest

from gallery import loops
from gallery.everyone import (
    BOAT,
    DUCK,
    N_BANDS,
    NUMBER,
    SIZE,
    Painter,
    Reporter,
    attend,
    draw_tables,
    draw_waters,
    multi_head_attention,
    multi_head_attention_backward,
    multi_head_attention_forward,
    patches,
    trained_painter,
    trained_reporter,
)
from reformer.gradients import dense_attention_forward
from reformer.layers import merge_heads, split_heads
from tests.reformer.finite_differences import gradient_error, worst_error

SEEDS = (0, 1, 2)
ASKED = ("all", "mean", "nobody")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


# --- heads ---


def head_inputs(rng, n=3, m=5, d=6, batch=()):
    parameters = {name: rng.standard_normal((d, d)) for name in ("w_q", "w_k", "w_v", "w_out")}
    return rng.standard_normal((*batch, n, d)), rng.standard_normal((*batch, m, d)), parameters


@pytest.mark.parametrize("n_heads", [1, 2, 3, 6])
def test_the_twin_gives_the_same(n_heads, rng):
    inputs = *head_inputs(rng), n_heads
    np.testing.assert_allclose(multi_head_attention(*inputs), loops.multi_head_attention(*inputs), atol=1e-12)


def test_self_attention_is_that_of_the_core(rng):
    x, _, parameters = head_inputs(rng, batch=(2,))
    heads = [split_heads(x @ parameters[name], 2) for name in ("w_q", "w_k", "w_v")]
    found = merge_heads(dense_attention_forward(*heads)[0]) @ parameters["w_out"]
    np.testing.assert_allclose(multi_head_attention(x, x, parameters, 2), found, atol=1e-12)


def test_weights_of_each_head_sum_to_one_and_heads_differ(rng):
    *_, weights = attend(*head_inputs(rng, batch=(4,)), 3)
    assert weights.shape == (4, 3, 3, 5)
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    assert np.abs(weights[:, 0] - weights[:, 1]).max() > 0.1


@pytest.mark.parametrize(("n_heads", "batch"), [(1, ()), (2, (2,)), (3, (2, 2))])
def test_gradients_of_multi_head_attention_are_those_of_finite_differences(n_heads, batch, rng):
    x, memory, parameters = head_inputs(rng, batch=batch)

    def forward(x, memory, *weights):
        return multi_head_attention_forward(x, memory, dict(zip(parameters, weights, strict=True)), n_heads)

    assert worst_error(forward, multi_head_attention_backward, [x, memory, *parameters.values()], rng) < 1e-7


def test_shapes_that_do_not_fit_are_refused(rng):
    x, memory, parameters = head_inputs(rng)
    with pytest.raises(ValueError, match="memory"):
        multi_head_attention(x, memory[:, :4], parameters, 2)
    with pytest.raises(ValueError, match="n_heads"):
        multi_head_attention(x, memory, parameters, 4)


# --- two numbers to report ---


@pytest.mark.parametrize("apart", [False, True])
def test_a_table_marks_two_tokens_and_asks_for_their_numbers(apart, rng):
    tokens, numbers = draw_tables(rng, 300, apart=apart)
    assert tokens.shape == (300, 12, 7) and tokens.dtype == numbers.dtype == np.float32
    np.testing.assert_array_equal(tokens[..., :2], np.broadcast_to(np.eye(12, 2), (300, 12, 2)))
    np.testing.assert_array_equal(tokens[..., 2:NUMBER].sum(axis=1), 1)
    assert not tokens[:, :2, 2:NUMBER].any(), "those who ask are not marked"
    each, marked = np.arange(300)[:, np.newaxis], tokens[..., 2:NUMBER].argmax(axis=1)
    column = NUMBER + np.array([0, 1]) if apart else NUMBER
    np.testing.assert_array_equal(tokens[each, marked, column], numbers)
    assert len(np.unique(marked)) == 10 and np.all(marked[:, 0] != marked[:, 1])
    assert np.all(np.count_nonzero(tokens[..., NUMBER:], axis=-1) == 1)
    assert abs(numbers.std() - 1) < 0.1 and abs(np.corrcoef(numbers.T)[0, 1]) < 0.15


HOW = {
    "one head": {"n_heads": 1},
    "two heads": {"n_heads": 2},
    "keys see the numbers": {"n_heads": 1, "keys_see_numbers": True},
    "two ask": {"n_heads": 1, "n_asking": 2},
}


def assert_gradients_are_right(network, examples, rng):
    parameters = network.init_parameters(rng, np.float64)
    parameters = {
        name: array + 0.1 * (array != 0) * rng.standard_normal(array.shape) for name, array in parameters.items()
    }
    _, gradients = network.loss_and_gradients(parameters, *examples)
    assert gradients.keys() == parameters.keys()
    for name, array in parameters.items():
        held = (array == 0) & (gradients[name] == 0)

        def loss(moved, name=name, array=array, held=held):
            moved = np.where(held, array, moved)
            return network.loss_and_gradients({**parameters, name: moved}, *examples)[0]

        assert gradient_error(loss, array, gradients[name], rng) < 1e-6, name
    return gradients


@pytest.mark.parametrize("how", HOW.values(), ids=HOW)
def test_gradients_of_a_reporter_are_those_of_finite_differences(how, rng):
    tokens, numbers = draw_tables(rng, 5, 6)
    gradients = assert_gradients_are_right(
        Reporter(**how, d_model=4), (tokens.astype(float), numbers.astype(float)), rng
    )
    assert all(np.any(gradient) for gradient in gradients.values())


def test_keys_that_do_not_see_the_numbers_give_weights_that_do_not_depend_on_them(rng):
    tokens, _ = draw_tables(rng, 20)
    other = tokens.copy()
    other[:, 1:, NUMBER] = rng.standard_normal((20, 11))  # that of token 0, who asks, stays: its query sees it
    for sees in (False, True):
        network, parameters = trained_reporter(0, n_steps=20, n_heads=2, keys_see_numbers=sees)
        weights = [attend(some[:, :1], some, parameters, 2)[-1] for some in (tokens, other)]
        assert network.keys_see_numbers == sees
        assert np.allclose(*weights, atol=1e-6) != sees


def test_all_reporters_have_as_many_numbers():
    sizes = {sum(a.size for a in Reporter(h).init_parameters(np.random.default_rng(0)).values()) for h in (1, 2, 4)}
    assert len(sizes) == 1


# --- sea or lake ---


def test_a_picture_has_three_bands_each_of_one_hue_with_one_boat_or_duck_and_a_quarter_land(rng):
    pixels, is_sea, is_water = draw_waters(rng, 200)
    assert pixels.shape == (200, SIZE * SIZE, 6) and pixels.dtype == np.float32
    bands = pixels.reshape(200, N_BANDS, -1, 6)
    np.testing.assert_array_equal(bands[..., BOAT].sum(axis=2) + bands[..., DUCK].sum(axis=2), 1)
    np.testing.assert_array_equal(bands[..., BOAT].sum(axis=2), is_sea.reshape(200, N_BANDS, -1)[..., 0])
    assert np.all(np.ptp(is_sea.reshape(200, N_BANDS, -1), axis=2) == 0)
    np.testing.assert_array_equal(pixels[..., 2], is_water)
    np.testing.assert_array_equal(pixels[..., 3], ~is_water)
    assert 0.7 < is_water.mean() < 0.8 and 0.4 < is_sea.mean() < 0.6
    assert not pixels[~is_water][:, [0, 1, BOAT, DUCK]].any(), "land has no hue and carries nothing"
    hues = np.arctan2(bands[..., 1], bands[..., 0])[..., np.newaxis]
    of_band = [
        np.unique(hues[i, band][is_water.reshape(200, N_BANDS, -1)[i, band]]) for i in (0, 7) for band in range(3)
    ]
    assert all(len(found) == 1 for found in of_band)
    turn = np.abs(of_band[0] - of_band[1]) / (2 * np.pi)
    assert 0.19 < min(turn, 1 - turn) < 0.5


def test_a_patch_holds_what_stands_around_a_pixel_and_zeros_beyond_the_edge():
    numbers = np.arange(1, SIZE * SIZE + 1, dtype=np.float32).reshape(1, -1, 1)
    around = patches(numbers, 1).reshape(SIZE, SIZE, 3, 3)
    np.testing.assert_array_equal(around[4, 5], numbers.reshape(SIZE, SIZE)[3:6, 4:7])
    np.testing.assert_array_equal(around[0, 0], [[0, 0, 0], [0, 1, 2], [0, 13, 14]])
    np.testing.assert_array_equal(patches(numbers, 0), numbers)


@pytest.mark.parametrize("asks", ASKED)
@pytest.mark.parametrize("radius", [0, 1])
def test_gradients_of_a_painter_are_those_of_finite_differences(asks, radius, rng):
    pixels, is_sea, is_water = draw_waters(rng, 2)
    assert_gradients_are_right(Painter(asks, radius, 2, d_model=6), (pixels.astype(float), is_sea, is_water), rng)


def test_land_is_not_asked_for(rng):
    network, (pixels, is_sea, is_water) = Painter("all"), draw_waters(rng, 3)
    parameters = network.init_parameters(rng)
    other = np.where(is_water, is_sea, 1 - is_sea)
    losses = [network.loss_and_gradients(parameters, pixels, labels, is_water)[0] for labels in (is_sea, other)]
    assert losses[0] == losses[1]
    assert network.accuracy(parameters, pixels, is_sea, is_water) == network.accuracy(
        parameters, pixels, other, is_water
    )


def test_whoever_is_asked_the_numbers_to_begin_with_are_the_same():
    drawn = [Painter(asks).init_parameters(np.random.default_rng(3)) for asks in ASKED]
    assert all(np.array_equal(drawn[0][name], other[name]) for other in drawn for name in drawn[0])


def test_shuffled_pixels_get_the_same_answers_unless_patches_tell_who_is_next_to_whom(rng):
    pixels, *_ = draw_waters(rng, 3)
    order = rng.permutation(SIZE * SIZE)
    for asks in ASKED:
        for radius in (0, 1):
            network = Painter(asks, radius)
            parameters = network.init_parameters(np.random.default_rng(1))
            far = np.abs(network.logits(parameters, pixels[:, order]) - network.logits(parameters, pixels)[:, order])
            assert (far.max() < 1e-4) == (radius == 0)


def test_who_asks_nobody_knows_only_its_patch(rng):
    pixels, *_ = draw_waters(rng, 1)
    other = pixels.copy()
    other[:, -1] = pixels[:, 0]
    for asks in ASKED:
        network = Painter(asks, 1)
        parameters = network.init_parameters(np.random.default_rng(1))
        changed = np.any(network.logits(parameters, pixels) != network.logits(parameters, other), axis=-1)[0]
        changed = changed.reshape(SIZE, SIZE)
        assert changed[-2:, -2:].all() and changed[:5].any() == (asks != "nobody")


def test_a_short_training_is_the_same_twice_and_better_than_none():
    (network, parameters), (_, again) = (trained_painter(0, asks="mean", n_steps=150, n_pictures=300) for _ in range(2))
    assert all(np.array_equal(parameters[name], again[name]) for name in parameters)
    pictures = draw_waters(np.random.default_rng(9), 100)
    before = network.init_parameters(np.random.default_rng(0))
    assert network.accuracy(parameters, *pictures) > network.accuracy(before, *pictures) + 0.05
