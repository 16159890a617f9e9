"""Room G1: bags and their labels, poolings and their gradients, and what the room claims, over seeds (long)."""

import numpy as np
import pytest

from gallery import loops
from gallery.sets import (
    DIGITS,
    NINE,
    POOLINGS,
    BagNetwork,
    attention_pool,
    attention_pool_backward,
    attention_pool_forward,
    draw_bags,
    trained,
)
from tests.gallery.storing import store
from tests.reformer.finite_differences import gradient_error, worst_error

SEEDS = (0, 1, 2)
SIZES = (10, 30, 100, 300)
SHARES = {(5, 1): "one of five", (10, 1): "one of ten", (10, 3): "three of ten", (30, 3): "three of thirty"}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_eight_and_nine_differ_in_one_pixel_and_no_two_digits_are_alike():
    differing = {(a, b): np.sum(DIGITS[a] != DIGITS[b]) for a in range(10) for b in range(a)}
    assert differing[9, 8] == 1 and min(differing.values()) == 1 and DIGITS.shape == (10, 5, 3)


def test_a_bag_with_nines_has_as_many_as_asked_for_and_another_has_none(rng):
    bags, labels, digits = draw_bags(rng, 400, 12, n_nines=(0, 3))
    assert bags.shape == (400, 12, 15) and bags.dtype == np.float32
    np.testing.assert_array_equal(np.sum(digits == NINE, axis=1), 3 * labels)
    assert 0.4 < labels.mean() < 0.6
    places = np.argmax(digits[labels == 1] == NINE, axis=1)
    assert len(np.unique(places)) > 8, "nines stand anywhere"
    assert np.abs(bags - DIGITS[digits].reshape(400, 12, 15)).std() == pytest.approx(0.12, abs=0.02)


def test_a_companion_stands_beside_every_nine_and_nowhere_else(rng):
    _, labels, digits = draw_bags(rng, 300, companion=7)
    np.testing.assert_array_equal(np.sum(digits == 7, axis=1), labels)
    np.testing.assert_array_equal(np.sum(digits == NINE, axis=1), labels)
    _, labels, digits = draw_bags(rng, 300)
    assert np.sum(digits[labels == 0] == 7) > 100


def pool_inputs(rng, share=0.6):
    vectors, scores = rng.standard_normal((4, 5, 3)), rng.standard_normal((4, 5))
    present = rng.random((4, 5)) < share
    present[0] = False
    return vectors, scores, present


def test_the_twin_gives_the_same(rng):
    inputs = pool_inputs(rng)
    np.testing.assert_allclose(attention_pool(*inputs), loops.attention_pool(*inputs), atol=1e-12)


def test_what_is_absent_may_hold_anything_and_an_empty_bag_gives_zeros(rng):
    vectors, scores, present = pool_inputs(rng)
    other = np.where(present[..., np.newaxis], vectors, np.nan), np.where(present, scores, np.inf)
    np.testing.assert_array_equal(attention_pool(*other, present), attention_pool(vectors, scores, present))
    assert np.all(attention_pool(vectors, scores, present)[0] == 0)


def test_gradients_of_attention_pooling_are_those_of_finite_differences(rng):
    vectors, scores, present = pool_inputs(rng)

    def forward(vectors, scores):
        return attention_pool_forward(vectors, scores, present)

    assert worst_error(forward, attention_pool_backward, [vectors, scores], rng) < 1e-7


@pytest.mark.parametrize("pooling", POOLINGS)
def test_gradients_of_the_whole_network_are_those_of_finite_differences(pooling, rng):
    network = BagNetwork(pooling, d_model=6)
    bags, labels, _ = draw_bags(rng, 5, 4)
    bags = bags.astype(np.float64)
    parameters = network.init_parameters(rng, np.float64)
    parameters = {name: array + 0.1 * rng.standard_normal(array.shape) for name, array in parameters.items()}
    _, gradients = network.loss_and_gradients(parameters, bags, labels)
    assert gradients.keys() == parameters.keys()
    for name, array in parameters.items():

        def loss(moved, name=name):
            return network.loss_and_gradients({**parameters, name: moved}, bags, labels)[0]

        assert gradient_error(loss, array, gradients[name], rng) < 1e-6, name


def test_all_poolings_begin_with_the_same_weights():
    drawn = [BagNetwork(pooling).init_parameters(np.random.default_rng(3)) for pooling in POOLINGS]
    for other in drawn[1:]:
        assert all(np.array_equal(drawn[0][name], other[name]) for name in drawn[0])
    assert drawn[0].keys() == drawn[1].keys() < drawn[2].keys()


def test_an_unknown_pooling_is_refused():
    with pytest.raises(ValueError, match="pooling"):
        BagNetwork("median")


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_order_of_a_bag_changes_no_answer(pooling, rng):
    network = BagNetwork(pooling)
    parameters, (bags, *_) = network.init_parameters(rng), draw_bags(rng, 20)
    shuffled = bags[:, rng.permutation(10)]
    np.testing.assert_allclose(network.logits(parameters, shuffled), network.logits(parameters, bags), atol=1e-5)


def test_a_short_training_is_the_same_twice_and_better_than_none():
    (network, parameters), (_, again) = (trained("max", 0, n_steps=150, n_bags=500) for _ in range(2))
    assert all(np.array_equal(parameters[name], again[name]) for name in parameters)
    bags, labels, _ = draw_bags(np.random.default_rng(9), 500)
    before = network.init_parameters(np.random.default_rng(0))
    assert network.accuracy(parameters, bags, labels) > network.accuracy(before, bags, labels) + 0.1


# --- what the room claims, over seeds -------------------------------------------------------------------------------

long = pytest.mark.long


def fresh(seed, n_bags=1000, n_items=10, **how):
    """Bags that no network was trained on, the same for each."""
    return draw_bags(np.random.default_rng(1000 + seed), n_bags, n_items, **how)


@pytest.fixture(scope="module")
def networks():
    """Of each pooling the networks of all seeds, trained on "is there a nine?"."""
    return {pooling: [trained(pooling, seed, n_steps=600) for seed in SEEDS] for pooling in POOLINGS}


def of_seeds(function, of_pooling):
    """An array of what a function gives of each seed with its network and parameters."""
    return np.array([function(seed, *of_pooling[seed]) for seed in SEEDS])


def share_on(network, parameters, bags, those):
    """Mean weight of some items together, in bags that have one."""
    return np.mean(np.sum(network.weights(parameters, bags) * those, axis=1)[those.any(axis=1)])


def scores_of(network, parameters, bags):
    return network.scores(parameters, network.features(parameters, bags)[1])[0]


@long
def test_max_and_attention_find_a_nine_and_the_mean_loses_it_in_larger_bags(networks):
    def accuracies(seed, network, parameters):
        return [network.accuracy(parameters, *fresh(seed, n_items=size)[:2]) for size in SIZES[:3]]

    accuracy = {pooling: of_seeds(accuracies, networks[pooling]) for pooling in POOLINGS}
    store("G1", "accuracy at 10, 30 and 100 items", accuracy)
    assert np.all(accuracy["mean"] < [0.94, 0.78, 0.65])
    for pooling in ("max", "attention"):
        assert np.all(accuracy[pooling] > [0.91, 0.86, 0.8])
    apart = accuracy["attention"].mean(axis=0) - accuracy["max"].mean(axis=0)
    assert np.all(np.abs(apart) < 0.05), "attention is no better than max"


@long
def test_on_larger_bags_the_mean_needs_more_steps_does_not_carry_over_and_attention_needs_more_than_max(networks):
    def right(pooling, n_items, n_steps=600):
        networks = [trained(pooling, seed, n_steps=n_steps, n_items=n_items) for seed in SEEDS]
        return of_seeds(lambda seed, net, its: net.accuracy(its, *fresh(seed, n_items=n_items)[:2]), networks)

    def at_sizes(seed, network, parameters):
        return [network.accuracy(parameters, *fresh(seed, n_items=size)[:2]) for size in SIZES[:3]]

    figures = {f"{pooling}, {size}": right(pooling, size) for size in (30, 100) for pooling in POOLINGS}
    figures["attention, 100, after 1,500 steps"] = right("attention", 100, 1500)
    store("G1", "trained on bags of 30 and of 100", figures)
    longer = of_seeds(at_sizes, [trained("mean", seed, n_steps=2000, n_items=30) for seed in SEEDS])
    of_max = of_seeds(at_sizes, networks["max"])
    store("G1", "mean, bags of 30, 2,000 steps: accuracy at 10, 30 and 100 items", {"accuracy": longer})
    assert np.all(figures["mean, 30"] < 0.72) and np.all(figures["mean, 100"] < 0.6)
    assert np.all(longer[:, 1] > figures["mean, 30"] + 0.1) and np.all(longer[:, 1] > 0.7)
    assert np.max(longer[:, 1]) > of_max[np.argmax(longer[:, 1]), 1] - 0.02, "in some seeds all the way"
    assert np.all(longer[:, 2] < 0.72) and np.all(longer[:, 2] < of_max[:, 2] - 0.1)
    for name in ("max, 30", "attention, 30", "max, 100", "attention, 100, after 1,500 steps"):
        assert np.all(figures[name] > 0.8), name
    assert np.min(figures["attention, 100"]) < 0.65


@long
def test_the_weight_is_on_the_nine_and_dilutes_while_its_score_stays(networks):
    def measured(seed, network, parameters):
        rows = []
        for size in SIZES:
            bags, _, digits = fresh(seed, max(400, 40_000 // size), size)
            first = np.take_along_axis(digits, np.argmax(network.weights(parameters, bags), axis=1)[:, None], axis=1)
            there = np.any(digits == NINE, axis=1)
            score = scores_of(network, parameters, bags)[digits == NINE].mean()
            on_nine = network.weights(parameters, bags)[digits == NINE]
            rows.append([on_nine.mean(), np.mean(first[there] == NINE), score, np.median(on_nine)])
        return rows

    def predicted(seed, network, parameters):
        bags, _, digits = fresh(seed, 4000)
        scores = scores_of(network, parameters, bags)
        gaps = scores[digits == NINE] - np.log(np.mean(np.exp(scores[digits != NINE])))
        return [np.mean(1 / (1 + (size - 1) * np.exp(-gaps))) for size in SIZES]

    weight, is_largest, score, middle = np.moveaxis(of_seeds(measured, networks["attention"]), -1, 0)
    by_gap = of_seeds(predicted, networks["attention"])
    alike = 1 / (1 + (SIZES[3] - 1) / (SIZES[0] - 1) * (1 / weight[:, 0] - 1))  # all as the mean one at ten
    figures = {"weight": weight, "is the largest": is_largest, "score": score, "weight by the gap": by_gap}
    figures |= {"median weight": middle, "weight at 300 were all nines alike": alike}
    store("G1", "the nine at 10, 30, 100 and 300 items", figures)
    assert np.all(weight[:, 0] > 0.85) and np.all(is_largest[:, 0] > 0.9)
    assert np.all(weight[:, 3] < weight[:, 0] - 0.1) and np.all(np.diff(weight, axis=1) < 0)
    assert np.all(np.abs(weight - by_gap) < 0.06)
    assert np.all(np.ptp(score, axis=1) < 0.5), "the score of a nine does not fall"
    assert np.all(middle[:, 0] > 0.98) and np.all(alike < 0.55) and np.all(alike < weight[:, 3] - 0.1)
    assert np.all(np.abs(weight[:, 0] - 0.95) < 0.03) and np.all(np.abs(weight[:, 3] - 0.7) < 0.06)


@long
def test_the_item_of_the_largest_weight_does_nearly_as_well_alone_at_ten_and_says_yes_too_often_at_a_hundred(networks):
    def alone(seed, network, parameters):
        rows = []
        for n_items in SIZES[0], SIZES[2]:
            bags, labels, _ = fresh(seed, n_items=n_items)
            each, largest = np.arange(len(bags)), np.argmax(network.weights(parameters, bags), axis=1)
            by_chance = np.random.default_rng(seed).integers(0, n_items, len(bags))
            kept = [bags] + [bags[each, one][:, np.newaxis] for one in (largest, by_chance)]
            yes = [np.argmax(network.logits(parameters, some), axis=1) for some in kept]
            rows.append([[np.mean(said == labels) for said in yes], [np.mean(said[labels == 0]) for said in yes]])
        return rows

    found = of_seeds(alone, networks["attention"])  # seeds, sizes, right or false alarm, what is kept
    for size, of_size in zip((10, 100), np.swapaxes(found, 0, 1), strict=True):
        figures = {"right": of_size[:, 0], "yes without a nine": of_size[:, 1]}
        store("G1", f"all of {size} items, the largest weight alone, one by chance", figures)
    right, alarms = found[:, 0, 0], found[:, 1, 1]
    assert np.all(right[:, 1] > right[:, 0] - 0.06) and np.all(right[:, 2] < 0.65)
    assert np.all(alarms[:, 1] > alarms[:, 0] + 0.1) and np.all(alarms[:, 1] > 2 * alarms[:, 0])


@long
def test_sharp_weights_hear_three_nines_as_one_and_trained_to_count_they_turn_soft(networks):
    def by_sureness(seed, network, parameters):
        """Share of ones and threes told apart by the best level of yes less no."""
        bags, labels, _ = fresh(seed, n_nines=(1, 3))
        no, yes = network.logits(parameters, bags).T
        return max(np.mean((yes - no > level) == labels) for level in (yes - no)[::5])

    def counted(seed, network, parameters):
        bags, labels, digits = fresh(seed, n_nines=(1, 3))
        found = [network.accuracy(parameters, bags, labels)]
        if network.pooling == "attention":
            found += [share_on(network, parameters, bags[labels == k], digits[labels == k] == NINE) for k in (0, 1)]
        return found

    def by_share(seed, network, parameters):
        rows = []
        for n_items, n_nines in SHARES:
            bags, _, digits = fresh(seed, 500, n_items, n_nines=(n_nines, n_nines))
            share = share_on(network, parameters, bags, digits == NINE)
            rows.append([share, np.mean(np.argmax(network.logits(parameters, bags), axis=1))])
        return rows

    as_they_are = {pooling: of_seeds(by_sureness, networks[pooling]) for pooling in POOLINGS}
    counting = {
        pooling: [trained(pooling, seed, n_steps=600, n_nines=(1, 3)) for seed in SEEDS] for pooling in POOLINGS
    }
    count = {pooling: of_seeds(counted, counting[pooling]) for pooling in POOLINGS}
    sharp = of_seeds(counted, networks["attention"])[:, 1:]
    ratio = count["attention"][:, 2] / count["attention"][:, 1]
    shares = of_seeds(by_share, counting["attention"])  # seeds, bags, share and how often "three"
    for part, name in enumerate(("weight on the nines", "says three")):
        figures = dict(zip(SHARES.values(), shares[..., part].T, strict=True))
        store("G1", f"trained to count, {name}", figures)
    store("G1", "trained to find: three nines told from one by the best level of yes less no", as_they_are)
    store("G1", "trained to count: accuracy, of attention also the weight on one nine and on three", count)
    store("G1", "trained to find: weight on one nine and on three", {"attention": sharp})
    assert np.all(as_they_are["mean"] > 0.92) and np.all(as_they_are["attention"] < 0.75)
    assert np.all(count["attention"][:, 0] > 0.94) and np.all(count["max"][:, 0] < 0.92)
    assert np.all(count["mean"][:, 0] > 0.9)
    assert np.all(count["attention"][:, 1] < 0.6) and np.all(sharp[:, 0] > 0.85)
    assert np.all(np.abs(ratio - 2) < 0.4), "three nines have about twice the share of one"
    assert np.all(as_they_are["mean"] > as_they_are["max"] + 0.1)
    one_of_five, one_of_ten, three_of_ten, three_of_thirty = np.swapaxes(shares, 0, 1)
    assert np.all(one_of_five[:, 0] > one_of_ten[:, 0] + 0.1)
    assert np.all(np.abs(three_of_thirty[:, 0] - one_of_ten[:, 0]) < 0.05)
    assert np.all(one_of_five[:, 1] > 0.4) and np.all(one_of_ten[:, 1] < 0.15)
    assert np.all(three_of_ten[:, 1] > 0.9) and np.all(three_of_thirty[:, 1] < 0.1)


@long
@pytest.mark.parametrize("companion", [7, 8])
def test_weights_name_what_was_read_and_not_what_made_the_label(companion):
    def read(seed, network, parameters):
        bags, labels, digits = fresh(seed, companion=companion)
        on = [share_on(network, parameters, bags, digits == digit) for digit in (NINE, companion)]
        plain = bags[labels == 0][:400, 0]
        bags_with, their_digits = bags[labels == 1][: len(plain)], digits[labels == 1][: len(plain)]
        without = []
        for taken in ([NINE], [companion], [NINE, companion]):
            changed = np.where(np.isin(their_digits, taken)[..., np.newaxis], plain[:, np.newaxis], bags_with)
            without.append(np.mean(np.argmax(network.logits(parameters, changed), axis=1)))
        return [*on, *without, network.accuracy(parameters, bags, labels)]

    found = of_seeds(read, [trained("attention", seed, n_steps=600, companion=companion) for seed in SEEDS])
    names = ["weight on the nine", "on the companion", "yes without the nine", "without the companion"]
    names += ["without both", "accuracy"]
    store("G1", f"companion {companion}", dict(zip(names, found.T, strict=True)))
    on_nine, on_companion, without_nine, without_companion, without_both, _ = found.T
    assert np.all(without_both < 0.15)
    if companion == 7:  # easier to tell than a nine
        assert np.all(on_nine < 0.05) and np.all(on_companion > 0.9)
        assert np.all(without_nine > 0.9) and np.all(without_companion < 0.1)
    else:  # one pixel away from a nine
        assert np.all(found[:, :2] > 0.1) and np.ptp(on_nine) > 0.05, "the weight is split, and the seed decides how"
        assert np.all(without_nine > 0.5) and np.all(without_companion > 0.5)
