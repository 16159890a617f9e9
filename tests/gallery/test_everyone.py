"""Room G5: heads and their gradients, tables and pictures, and what the room claims, over seeds (long)."""

from functools import partial

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
from tests.gallery.storing import store
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


# --- what the room claims, over seeds -------------------------------------------------------------------------------

long = pytest.mark.long


@long
def test_one_head_reports_half_and_one_change_of_three_is_enough_for_it_to_report_all():
    def errors(how):
        found = []
        for seed in SEEDS:
            network, parameters = trained_reporter(seed, n_steps=500, **how)
            fresh = draw_tables(np.random.default_rng(7), 2000, apart=how.get("apart", False))
            found.append(np.mean((network.reports(parameters, fresh[0]) - fresh[1]) ** 2))
        return np.array(found)

    ways = HOW | {"four heads": {"n_heads": 4}, "numbers stand apart": {"n_heads": 1, "apart": True}}
    found = {name: errors(how) for name, how in ways.items()}
    store("G5", "squared error of a report of two numbers; always 0 has 1", found)
    assert np.all(np.abs(found.pop("one head") - 0.5) < 0.08)
    assert np.all(found.pop("keys see the numbers") < 0.03)
    assert all(np.all(of_seeds < 0.005) for of_seeds in found.values())


PAINTERS = {
    "3 x 3": {"asks": "nobody", "radius": 1},
    "5 x 5": {"asks": "nobody", "radius": 2},
    "mean": {"asks": "mean"},
    "attention": {"asks": "all"},
}


@pytest.fixture(scope="module")
def painters():
    return {kind: [trained_painter(seed, n_steps=300, **how) for seed in SEEDS] for kind, how in PAINTERS.items()}


@pytest.fixture(scope="module")
def pictures():
    """Pictures that no network was trained on."""
    return draw_waters(np.random.default_rng(1000), 100)


def of_seeds(function, of_kind):
    return np.array([function(*each) for each in of_kind])


@long
def test_only_who_asks_all_calls_every_pixel_right(painters, pictures):
    found = {kind: of_seeds(lambda net, its: net.accuracy(its, *pictures), of) for kind, of in painters.items()}
    store("G5", "share of water pixels called right", found)
    assert np.all(found["attention"] > 0.97)
    assert np.all(found["mean"] < 0.83) and np.all(found["mean"] > 0.68)
    assert np.all(found["5 x 5"] < 0.75) and np.all(found["3 x 3"] < found["5 x 5"])


@long
def test_who_asks_all_changes_its_call_where_boat_and_duck_are_exchanged_and_nowhere_else(painters, pictures):
    pixels, _, is_water = pictures
    band = (np.arange(SIZE * SIZE) // 48 == 1) & is_water
    other = pixels.copy()
    other[..., [BOAT, DUCK]] = np.where(band[..., np.newaxis], pixels[..., [DUCK, BOAT]], pixels[..., [BOAT, DUCK]])

    def changed(network, its):
        calls = [network.logits(its, some).argmax(axis=-1) for some in (pixels, other)]
        return [np.mean((calls[0] != calls[1])[where]) for where in (band, is_water & ~band)]

    found = {kind: of_seeds(changed, painters[kind]) for kind in ("5 x 5", "mean", "attention")}
    store("G5", "boat and duck exchanged in a band: share of calls changed there, elsewhere", found)
    assert np.all(found["attention"][:, 0] > 0.95) and np.all(found["attention"][:, 1] < 0.03)
    assert np.all(found["5 x 5"][:, 0] < 0.7) and np.all(found["mean"][:, 1] > 0.1)


@long
def test_weights_moved_among_equal_pixels_tell_the_same_and_moved_to_others_do_not(painters, pictures):
    pixels, is_sea, is_water = pictures
    same = np.all(pixels[0, :, np.newaxis] == pixels[0], axis=-1)
    first = same.argmax(axis=1)
    afloat = pixels[..., BOAT] + pixels[..., DUCK] > 0
    alike = np.all(np.abs(pixels[:, :, np.newaxis, :2] - pixels[:, np.newaxis, :, :2]) < 1e-5, axis=-1)

    def told(network, its):
        items = np.maximum(pixels[:1] @ its["first"] + its["first_bias"], 0)
        *_, values, weights = attend(items, items, its, 1)
        moved, control = (weights @ np.eye(SIZE * SIZE)[to] for to in (first, (first + 1) % (SIZE * SIZE)))
        far = [np.abs((some - weights) @ values).max() / np.abs(weights @ values).max() for some in (moved, control)]
        weights = network.weights(its, pixels)[:, 0]
        on = np.sum(weights * alike * afloat[:, np.newaxis], axis=-1)
        asks = is_water & ~afloat
        of_labels = [on[asks & (is_sea == label)].mean() for label in (1, 0)]
        return [0.5 * np.abs(moved - weights[:1]).sum(axis=-1).mean(), *far, *of_labels]

    found = of_seeds(told, painters["attention"])
    names = ("weight moved", "told changes by", "control", "on what floats, sea", "on what floats, lake")
    store("G5", "weights moved among equal pixels", dict(zip(names, found.T, strict=True)))
    assert np.all(found[:, 0] > 0.1) and np.all(found[:, 1] < 1e-4) and np.all(found[:, 2] > 0.1)


def called_as_before(pictures, network, its):
    """Share of sea still called sea without boats, and of lake still called lake without ducks."""
    pixels, is_sea, is_water = pictures
    found = []
    for column, label in ((BOAT, 1), (DUCK, 0)):
        bare = pixels.copy()
        bare[..., column] = 0
        calls = network.logits(its, bare).argmax(axis=-1)
        found.append(np.mean(calls[is_water & (is_sea == label)] == label))
    return found


@long
def test_a_network_may_call_sea_what_has_no_boat_since_it_looks_for_ducks(painters, pictures):
    found = of_seeds(partial(called_as_before, pictures), painters["attention"])
    store("G5", "share called as before without boats, without ducks", {"attention": found})
    assert np.all(found.max(axis=1) > 0.8) and np.all(found.min(axis=1) < 0.5)


@long
def test_of_eight_seeds_some_look_for_boats_and_some_for_ducks_and_one_head_reports_either_or_a_mixture(pictures):
    tokens, numbers = draw_tables(np.random.default_rng(7), 2000)

    def still(seed):
        return called_as_before(pictures, *trained_painter(seed, n_steps=300, asks="all"))

    def off(seed):
        network, its = trained_reporter(seed, n_steps=500, n_heads=1)
        return np.mean((network.reports(its, tokens) - numbers) ** 2, axis=0)

    found, errors = np.array([still(seed) for seed in range(8)]), np.array([off(seed) for seed in range(8)])
    store("G5", "eight seeds: share called as before without boats, without ducks", {"attention": found})
    store("G5", "eight seeds: one head's error of A, of B", {"one head": errors})
    needs = found < 0.7
    assert needs.any(axis=1).all(), "each needs something"
    assert np.sum(needs[:, 0] & ~needs[:, 1]) >= 2 and np.sum(needs[:, 1] & ~needs[:, 0]) >= 2
    assert np.all(np.abs(errors.mean(axis=1) - 0.5) < 0.03)
    assert np.any(errors[:, 0] < 0.1) and np.any(errors[:, 1] < 0.1)


@long
def test_a_mean_is_slow_to_learn_and_not_blind(pictures):
    ways = {"24, 3000": (24, 3000, (0, 1)), "96, 300": (96, 300, SEEDS), "96, 3000": (96, 3000, (0,))}
    found = {}
    for name, (d_model, n_steps, seeds) in ways.items():
        of = [trained_painter(seed, asks="mean", d_model=d_model, n_steps=n_steps) for seed in seeds]
        found[name] = np.array([network.accuracy(its, *pictures) for network, its in of])
    store("G5", "mean, by features and steps: share called right", found)
    assert np.all(found["24, 3000"] > 0.87) and np.all(found["96, 300"] < 0.83) and found["96, 3000"][0] > 0.95


@long
def test_who_sees_a_patch_guesses_where_nothing_floats_in_it(painters, pictures):
    pixels, is_sea, is_water = pictures
    afloat = pixels[..., BOAT] + pixels[..., DUCK] > 0
    for kind, radius in (("3 x 3", 1), ("5 x 5", 2)):
        near = patches(1.0 * afloat[..., np.newaxis], radius).max(axis=-1) > 0
        for network, its in painters[kind]:
            assert network.accuracy(its, pixels, is_sea, is_water & near) > 0.87
            assert network.accuracy(its, pixels, is_sea, is_water & ~near) < 0.62
