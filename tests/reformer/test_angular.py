import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer import angular
from reformer.angular import (
    angular_hash,
    chance_to_meet,
    collision_probability,
    draw_rotations,
    factorised_hash,
    offset_rounds,
    recall_and_cost,
)
from reformer.loops import angular as loops
from tests.reformer.vector_pairs import pairs_at

pytestmark = pytest.mark.filterwarnings("error")
few = settings(max_examples=30, deadline=None)
seeds = st.integers(0, 10**6)
batches = st.sampled_from([(), (1,), (3,), (2, 3)])
dtypes = st.sampled_from([np.float32, np.float64])
halves = st.integers(1, 5)
counts = st.integers(1, 4)


def decided(vectors, rotations):
    """Where the largest entry leads by so much that no way of adding up can turn it: (..., R, L)."""
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    tops = np.sort(np.concatenate([rotated, -rotated], axis=-1), axis=-1)[..., -2:]
    return tops[..., 1] - tops[..., 0] > 1e-5


def share_that_collides(angle, n_buckets, rng, *, n_pairs=20_000, n_features=5):
    """Measured with rotations of its own for each pair, so that the trials are independent."""
    rotations = rng.standard_normal((n_pairs, 1, n_features, n_buckets // 2))
    buckets = angular_hash(pairs_at(angle, n_pairs, n_features, rng), rotations)
    return np.mean(buckets[:, 0, 0] == buckets[:, 0, 1])


@few
@given(seeds, batches, counts, counts, st.integers(1, 6), halves, dtypes)
def test_angular_hash_agrees_with_its_loop_twin(seed, batch, n_positions, n_rounds, n_features, half, dtype):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((*batch, n_positions, n_features)).astype(dtype)
    rotations = draw_rotations(rng, n_rounds=n_rounds, n_features=n_features, n_buckets=2 * half, dtype=dtype)
    vectorised, looped = angular_hash(vectors, rotations), loops.angular_hash(vectors, rotations)
    assert vectorised.shape == looped.shape == (*batch, n_rounds, n_positions)
    assert vectorised.dtype == looped.dtype == np.intp
    clear = decided(vectors, rotations)
    np.testing.assert_array_equal(vectorised[clear], looped[clear])


@few
@given(seeds, batches, counts, counts, st.integers(1, 9), st.sampled_from([np.intp, np.int32, np.uint8, np.uint64]))
def test_offset_rounds_agrees_with_its_loop_twin(seed, batch, n_positions, n_rounds, n_buckets, dtype):
    buckets = np.random.default_rng(seed).integers(0, n_buckets, (*batch, n_rounds, n_positions)).astype(dtype)
    vectorised, looped = offset_rounds(buckets, n_buckets), loops.offset_rounds(buckets, n_buckets)
    assert vectorised.dtype == looped.dtype == np.intp
    np.testing.assert_array_equal(vectorised, looped)


@few
@given(seeds, batches, st.sampled_from([2, 4]), dtypes)
def test_collision_probability_agrees_with_its_loop_twin(seed, shape, n_buckets, dtype):
    angles = (np.pi * np.random.default_rng(seed).random(shape)).astype(dtype)
    probability = collision_probability(angles, n_buckets)
    assert np.shape(probability) == shape and probability.dtype == dtype
    np.testing.assert_allclose(probability, loops.collision_probability(angles, n_buckets), atol=1e-6)


def test_the_loop_twin_of_collision_probability_refuses_what_has_no_closed_form():
    with pytest.raises(ValueError, match="n_buckets needs 2 or 4, got 8"):
        loops.collision_probability(np.zeros(1), 8)


@few
@given(seeds, batches, st.integers(1, 12), dtypes)
def test_chance_to_meet_agrees_with_its_loop_twin(seed, shape, n_rounds, dtype):
    probability = np.random.default_rng(seed).random(shape).astype(dtype)
    chance = chance_to_meet(probability, n_rounds)
    assert np.shape(chance) == shape and chance.dtype == dtype
    np.testing.assert_allclose(chance, loops.chance_to_meet(probability, n_rounds), atol=1e-6)


@few
@given(seeds, halves, dtypes)
def test_the_length_of_a_vector_does_not_matter_not_even_at_the_ends_of_the_range(seed, half, dtype):
    rng = np.random.default_rng(seed)
    vectors, rotations = (rng.integers(-4, 5, shape).astype(dtype) for shape in ((20, 64), (3, 64, half)))
    shortest, one, longest = (
        np.finfo(dtype).smallest_subnormal,
        dtype(1),
        np.ldexp(dtype(1), np.finfo(dtype).maxexp - 3),
    )
    buckets = loops.angular_hash(vectors, rotations)  # whole numbers: every way of adding up is exact
    for length in (shortest, one, longest):
        for size in (shortest, one, longest):
            np.testing.assert_array_equal(angular_hash(length * vectors, size * rotations), buckets)


@few
@given(seeds, halves)
def test_the_opposite_vector_lands_half_the_buckets_away(seed, half):
    rng = np.random.default_rng(seed)
    vectors, rotations = rng.standard_normal((20, 4)), rng.standard_normal((3, 4, half))
    opposite = (angular_hash(vectors, rotations) + half) % (2 * half)
    np.testing.assert_array_equal(angular_hash(-vectors, rotations), opposite)


def test_the_zero_vector_and_ties_go_to_the_lowest_bucket():
    rotations = np.array([[[1.0, 1.0, -1.0], [0.0, 1.0, 0.0]]])
    vectors = np.array([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, -1.0]])
    assert angular_hash(vectors, rotations).tolist() == [[0, 0, 2, 4]]


def test_two_buckets_are_the_two_sides_of_a_plane_and_zero_counts_as_the_positive_one():
    vectors, rotations = np.array([[2.0], [0.0], [-3.0]]), np.ones((1, 1, 1))
    assert angular_hash(vectors, rotations).tolist() == [[0, 0, 1]]


def test_every_batch_entry_may_have_rotations_of_its_own():
    rng = np.random.default_rng(0)
    vectors, rotations = rng.standard_normal((2, 3, 7, 4)), rng.standard_normal((2, 3, 5, 4, 3))
    buckets = angular_hash(vectors, rotations)
    for entry in np.ndindex(2, 3):
        np.testing.assert_array_equal(buckets[entry], angular_hash(vectors[entry], rotations[entry]))


def test_rotations_are_standard_normal_and_come_from_the_generator_alone():
    shape = dict(n_rounds=4, n_features=50, n_buckets=100)
    rotations = draw_rotations(np.random.default_rng(3), **shape)
    assert rotations.shape == (4, 50, 50) and rotations.dtype == np.float32
    assert draw_rotations(np.random.default_rng(3), dtype=np.float64, **shape).dtype == np.float64
    assert abs(rotations.mean()) < 0.05 and abs(rotations.std() - 1) < 0.05
    np.testing.assert_array_equal(draw_rotations(np.random.default_rng(3), **shape), rotations)


def test_the_digits_of_a_factorised_hash_are_its_factors():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((30, 6))
    factors = [rng.standard_normal((2, 6, half)) for half in (2, 3, 1)]
    digits = [angular_hash(vectors, factor) for factor in factors]
    buckets = factorised_hash(vectors, factors)
    assert buckets.max() < 4 * 6 * 2
    np.testing.assert_array_equal(buckets % 4, digits[0])
    np.testing.assert_array_equal(buckets // 4 % 6, digits[1])
    np.testing.assert_array_equal(buckets // 24, digits[2])
    np.testing.assert_array_equal(factorised_hash(vectors, factors[:1]), digits[0])


def test_every_batch_entry_may_have_factors_of_its_own():
    rng = np.random.default_rng(0)
    vectors, factors = rng.standard_normal((3, 7, 4)), [rng.standard_normal((3, 2, 4, half)) for half in (2, 1)]
    for entry, buckets in enumerate(factorised_hash(vectors, factors)):
        np.testing.assert_array_equal(buckets, factorised_hash(vectors[entry], [factor[entry] for factor in factors]))


def test_numbers_of_buckets_reach_up_to_the_largest_that_an_integer_holds():
    side = np.ones((1, 1, 1))
    assert factorised_hash(np.array([[-1.0], [1.0]]), [side] * 62).tolist() == [[2**62 - 1, 0]]
    largest = (2**63 - 1) // 3
    assert offset_rounds(np.full((3, 1), largest - 1), largest)[:, 0].tolist() == [r * largest - 1 for r in (1, 2, 3)]


def test_offsets_keep_the_rounds_apart():
    buckets = offset_rounds(np.array([[0, 4], [0, 4], [1, 2]]), 5)
    assert buckets.tolist() == [[0, 4], [5, 9], [11, 12]]


@pytest.mark.parametrize("n_buckets", [2, 4, 8, 16, 64])
@pytest.mark.parametrize("degrees", [10, 45, 90, 135])
def test_pairs_collide_as_often_as_the_theory_says(n_buckets, degrees):
    angle, n_pairs = np.radians(degrees), 20_000
    expected = float(collision_probability(angle, n_buckets))
    measured = share_that_collides(angle, n_buckets, np.random.default_rng(n_buckets + degrees), n_pairs=n_pairs)
    standard_error = np.sqrt(max(expected * (1 - expected), 1 / n_pairs) / n_pairs)
    assert abs(measured - expected) < 4 * standard_error


def test_the_number_of_features_does_not_change_how_often_pairs_collide():
    rng = np.random.default_rng(0)
    expected = float(collision_probability(np.pi / 4, 8))
    for n_features in (2, 3, 40):
        measured = share_that_collides(np.pi / 4, 8, rng, n_features=n_features)
        assert abs(measured - expected) < 4 * np.sqrt(expected * (1 - expected) / 20_000)


def test_two_and_four_buckets_follow_their_closed_forms_and_the_integral_agrees():
    angles = np.linspace(0, np.pi, 13)
    np.testing.assert_allclose(collision_probability(angles, 2), 1 - angles / np.pi, atol=1e-15)
    np.testing.assert_allclose(collision_probability(angles, 4), (1 - angles / np.pi) ** 2, atol=1e-15)
    for n_columns in (1, 2):
        integrated = [angular._integrate_collisions(angle, n_columns) for angle in angles]
        np.testing.assert_allclose(integrated, (1 - angles / np.pi) ** n_columns, atol=1e-5)


@pytest.mark.parametrize("n_buckets", [2, 4, 6, 8, 32, 128, 512, 2**20, 2**62])
def test_the_probability_falls_from_one_over_1_by_b_at_a_right_angle_to_zero(n_buckets):
    probability = collision_probability(np.linspace(0, np.pi, 9), n_buckets)
    assert probability[0] == pytest.approx(1, abs=2e-5)
    assert probability[4] == pytest.approx(1 / n_buckets, abs=2e-5)
    assert probability[8] == pytest.approx(0, abs=2e-5)
    assert np.all(np.diff(probability) < 1e-5)


def test_at_the_same_number_of_buckets_argmax_keeps_near_pairs_together_better_than_signs():
    four_sign_bits = collision_probability(np.radians(30), 2) ** 4
    assert collision_probability(np.radians(30), 16) > four_sign_bits + 0.05


def panels(edges, count):
    """Gauss-Legendre nodes and weights between all neighbouring edges, (..., n + 1) -> (..., n count)."""
    node, weight = np.polynomial.legendre.leggauss(count)
    low, width = edges[..., :-1, np.newaxis], np.diff(edges)[..., np.newaxis]
    nodes, weights = low + width * (node + 1) / 2, width * weight / 2
    return (array.reshape(*edges.shape[:-1], -1) for array in (nodes, weights))


def conditional_collisions(angle, n_columns):
    """The collision probability in another form: over the largest first score, and the second score of its column.

    If column i has the largest first score, a, its second is b = a cos + z sin with z normal. It wins again if of no
    other column, whose first score t lies in -a .. a, the second is larger; that is one integral of erfc over t.
    """

    def normal(x):
        return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)

    erfc = np.vectorize(math.erfc, otypes=[float])
    rho, s = math.cos(angle), math.sin(angle)
    grid = np.linspace(0, 12, 4801)[1:]
    log_all_below = n_columns * np.log1p(-erfc(grid / math.sqrt(2)))
    low, high = (grid[np.searchsorted(log_all_below, bound)] for bound in (-25, -1e-10))
    low = 0 if low == grid[0] else low
    near_zero = [low + scale * s for scale in (3, 12, 100)]
    a, a_weight = panels(np.unique(np.clip([*np.linspace(low, high, 4), *near_zero], low, high)), 20)
    a_weight *= 2 * n_columns * normal(a) * np.exp((n_columns - 1) * np.log1p(-erfc(a / math.sqrt(2))))
    a = a[:, np.newaxis]
    z, z_weight = panels(np.linspace(np.clip(-rho * a[:, 0] / s, -8, 8), 8, 6, axis=-1), 14)
    b = rho * a + s * z
    a = np.broadcast_to(a, b.shape)
    turns = [b / rho + step * s / abs(rho) for step in (-9, -3, 3, 9)]  # where erfc goes from 2 to 0
    t, t_weight = panels(np.stack([-a, *(np.sort(np.clip(turns, -a, a), axis=0)), a], axis=-1), 12)
    beaten = np.sum(normal(t) * erfc((b[..., np.newaxis] - rho * t) / (s * math.sqrt(2))) * t_weight, axis=-1)
    given_first = np.clip(beaten / (1 - erfc(a / math.sqrt(2))), 0, 1 - 1e-15)
    wins = np.exp((n_columns - 1) * np.log1p(-given_first))
    return a_weight @ np.sum(normal(z) * wins * z_weight, axis=-1)


@pytest.mark.parametrize("n_buckets", [6, 16, 300, 402, 2**15, 2**16, 2**20, 2**36])
def test_the_integral_is_right_to_the_precision_it_states(n_buckets):
    for angle in (1e-4, 0.1, 0.8, 2.2):
        expected = conditional_collisions(angle, n_buckets // 2)
        assert float(collision_probability(angle, n_buckets)) == pytest.approx(expected, abs=1e-6)


def test_the_other_form_of_the_integral_follows_the_closed_forms():
    for angle in (1e-4, 0.2, 2.4):
        for n_columns in (1, 2):
            assert conditional_collisions(angle, n_columns) == pytest.approx((1 - angle / np.pi) ** n_columns, abs=1e-7)


def test_more_rounds_find_more_of_the_nearest_neighbours():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((200, 8))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    nearest = np.argmax(vectors @ vectors.T - 2 * np.eye(200), axis=-1)
    buckets = angular_hash(vectors, draw_rotations(rng, n_rounds=16, n_features=8, n_buckets=32, dtype=np.float64))
    met = buckets == buckets[:, nearest]
    recall = [np.mean(np.any(met[:r], axis=0)) for r in (1, 2, 4, 8, 16)]
    assert np.all(np.diff(recall) > 0) and recall[0] < 0.5 < 0.9 < recall[-1]


def test_the_chance_to_meet_is_what_independent_rounds_measure():
    rng = np.random.default_rng(0)
    angle, n_pairs, n_rounds = np.pi / 3, 4000, 5
    rotations = rng.standard_normal((n_pairs, n_rounds, 6, 4))
    buckets = angular_hash(pairs_at(angle, n_pairs, 6, rng), rotations)
    measured = np.mean(np.any(buckets[..., 0] == buckets[..., 1], axis=-1))
    expected = chance_to_meet(collision_probability(angle, 8), n_rounds)
    assert abs(measured - expected) < 4 * np.sqrt(expected * (1 - expected) / n_pairs)


def pairs_met(vectors, rotations):
    """The pairs that share a bucket in some round, as a set, from the lists of each bucket."""
    pairs = set()
    for of_round in angular_hash(vectors, rotations):
        for bucket in np.unique(of_round):
            pairs |= set(itertools.combinations(np.flatnonzero(of_round == bucket).tolist(), 2))
    return pairs


@few
@given(seeds, st.integers(2, 12), st.integers(1, 4), st.integers(1, 4), st.integers(1, 4), dtypes, st.data())
def test_recall_and_cost_count_pairs_as_sets_do_and_agree_with_their_loop_twin(seed, n, d, n_rounds, half, dtype, data):
    n_nearest = data.draw(st.integers(1, n - 1))
    rng = np.random.default_rng(seed)
    vectors, rotations = (rng.standard_normal(shape).astype(dtype) for shape in ((n, d + 1), (n_rounds, d + 1, half)))
    recall, cost = recall_and_cost(vectors, rotations, n_nearest)
    met = pairs_met(vectors, rotations)
    angles = np.arccos(np.clip(vectors @ vectors.T / np.sqrt(np.outer(*[np.sum(vectors**2, axis=1)] * 2)), -1, 1))
    nearest = [sorted(set(range(n)) - {i}, key=angles[i].__getitem__)[:n_nearest] for i in range(n)]
    found = sum(tuple(sorted((i, j))) in met for i in range(n) for j in nearest[i])
    assert type(recall) is type(cost) is float
    assert cost == pytest.approx(len(met) / math.comb(n, 2))
    if np.all(np.diff(np.sort(angles, axis=-1), axis=-1) > 1e-3) and np.all(decided(vectors, rotations)):
        assert recall == pytest.approx(found / (n * n_nearest))
        assert (recall, cost) == pytest.approx(loops.recall_and_cost(vectors, rotations, n_nearest))


def test_on_a_cloud_the_cost_is_what_theory_says_of_its_angles_and_neighbours_meet_more_often():
    rng = np.random.default_rng(8)
    vectors = rng.standard_normal((200, 16))
    pairs = np.triu_indices(200, 1)
    angles = np.arccos(np.corrcoef(vectors - vectors.mean(axis=1, keepdims=True))[pairs])
    vectors -= vectors.mean(axis=1, keepdims=True)  # so that the correlation is the cosine
    steps = np.linspace(0, np.pi, 91)
    expected = np.mean(np.interp(angles, steps, chance_to_meet(collision_probability(steps, 16), 4)))
    rotations = rng.standard_normal((50, 4, 16, 8))
    recalls, costs = np.transpose([recall_and_cost(vectors, of_trial, 5) for of_trial in rotations])
    assert np.mean(costs) == pytest.approx(expected, rel=0.02)
    assert np.mean(recalls) > 2 * np.mean(costs)


def test_one_bucket_for_all_finds_everything_and_costs_everything():
    vectors = 1 + 0.01 * np.random.default_rng(0).standard_normal((9, 3))
    rotations = np.array([[[1.0], [1.0], [1.0]]])
    assert recall_and_cost(vectors, rotations, 8) == (1.0, 1.0)
    assert recall_and_cost(vectors[:2] * [[1], [-1]], rotations, 1) == (0.0, 0.0)


def test_float32_angles_may_round_pi_up():
    assert collision_probability(np.float32(np.pi), 2) == pytest.approx(0, abs=1e-7)


rng, x, r, b = np.random.default_rng(0), np.zeros((5, 4)), np.zeros((2, 4, 3)), np.zeros((2, 5), dtype=int)


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda: draw_rotations(rng, n_rounds=0, n_features=4, n_buckets=4), "n_rounds"),
        (lambda: draw_rotations(rng, n_rounds=1, n_features=0, n_buckets=4), "n_features"),
        (lambda: draw_rotations(rng, n_rounds=1, n_features=4, n_buckets=3), "n_buckets"),
        (lambda: draw_rotations(rng, n_rounds=1, n_features=4, n_buckets=0), "n_buckets"),
        (lambda: draw_rotations(rng, n_rounds=True, n_features=4, n_buckets=4), "n_rounds"),
        (lambda: angular_hash(x.astype(int), r), "vectors"),
        (lambda: angular_hash(x[0], r), "vectors"),
        (lambda: angular_hash(x + np.inf, r), "vectors"),
        (lambda: angular_hash(x * np.nan, r), "vectors"),
        (lambda: angular_hash(x, r.astype(int)), "rotations"),
        (lambda: angular_hash(x, r[0]), "rotations"),
        (lambda: angular_hash(x, r[:, :3]), "rotations"),
        (lambda: angular_hash(x, r[..., :0]), "rotations"),
        (lambda: angular_hash(x, r + np.nan), "rotations"),
        (lambda: factorised_hash(x, []), "factor_rotations"),
        (lambda: factorised_hash(x, [r, r[:1]]), r"factor_rotations\[1\]"),
        (lambda: factorised_hash(x, [r, r[..., :0]]), r"factor_rotations\[1\]"),
        (lambda: factorised_hash(x, [r.astype(int)]), r"factor_rotations\[0\]"),
        (lambda: factorised_hash(x, [r[..., :1]] * 63), "factor_rotations"),
        (lambda: factorised_hash(x, [r[:, :3]]), r"factor_rotations\[0\]"),
        (lambda: offset_rounds(b * 1.0, 2), "buckets"),
        (lambda: offset_rounds(b[0], 2), "buckets"),
        (lambda: offset_rounds(b + 2, 2), "buckets"),
        (lambda: offset_rounds(b - 1, 2), "buckets"),
        (lambda: offset_rounds(b, 0), "n_buckets"),
        (lambda: offset_rounds(b, 2.0), "n_buckets"),
        (lambda: offset_rounds(b, 2**62), "n_buckets"),
        (lambda: offset_rounds(b, 2**80), "n_buckets"),
        (lambda: collision_probability(-0.1, 2), "angles"),
        (lambda: collision_probability(3.2, 2), "angles"),
        (lambda: collision_probability(np.nan, 2), "angles"),
        (lambda: collision_probability("right", 2), "angles"),
        (lambda: collision_probability(np.ma.masked_equal([1.0, 2.0], 2.0), 2), "angles"),
        (lambda: collision_probability(1.0, 3), "n_buckets"),
        (lambda: collision_probability(1.0, 2**62 + 2), "n_buckets"),
        (lambda: chance_to_meet(1.1, 2), "probability"),
        (lambda: chance_to_meet(-0.1, 2), "probability"),
        (lambda: chance_to_meet(0.5, 0), "n_rounds"),
        (lambda: recall_and_cost(x[np.newaxis], r, 1), "vectors"),
        (lambda: recall_and_cost(x * np.nan, r, 1), "vectors"),
        (lambda: recall_and_cost(x, r[0], 1), "rotations"),
        (lambda: recall_and_cost(x, r[:0], 1), "rotations"),
        (lambda: recall_and_cost(x, r[:, :3], 1), "rotations"),
        (lambda: recall_and_cost(x, r[..., :0], 1), "rotations"),
        (lambda: recall_and_cost(x, r, 0), "n_nearest"),
        (lambda: recall_and_cost(x, r, 5), "n_nearest"),
        (lambda: recall_and_cost(x[:1], r, 1), "n_nearest"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        call()


@pytest.mark.parametrize("n_buckets", [2, 4, 6, 8, 16, 128])
def test_a_probability_never_leaves_the_range_that_chance_to_meet_takes(n_buckets):
    probability = angular.collision_probability(np.array([0.0, 1e-9, np.pi]), n_buckets)
    assert np.all((probability >= 0) & (probability <= 1))
    assert angular.chance_to_meet(probability, 4)[0] == pytest.approx(1)
