import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.loops import planes as loops
from reformer.neighbors import k_nearest
from reformer.planes import (
    approximate_k_nearest,
    build_hash_table,
    draw_planes,
    hash_value,
    side_of_planes,
    tables_needed,
)
from tests.reformer.vector_pairs import pairs_at

pytestmark = pytest.mark.filterwarnings("error")
few = settings(max_examples=30, deadline=None)
seeds = st.integers(0, 10**6)
batches = st.sampled_from([(), (1,), (3,), (2, 3)])
dtypes = st.sampled_from([np.float32, np.float64])
counts = st.integers(1, 5)


def families(rng, n_families, size, n_features):
    """Vectors scattered about a few centres, so that there are near neighbours to find."""
    centres = np.repeat(rng.standard_normal((n_families, n_features)), size, axis=0)
    return centres + 0.5 * rng.standard_normal((n_families * size, n_features))


def recall(found, exact):
    return np.mean(np.any(found[:, :, np.newaxis] == exact[:, np.newaxis, :], axis=1))


@few
@given(seeds, batches, counts, counts, counts, dtypes)
def test_side_of_planes_agrees_with_its_loop_twin(seed, batch, n_vectors, n_features, n_planes, dtype):
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((*batch, n_vectors, n_features)).astype(dtype)
    normals = rng.standard_normal((n_features, n_planes)).astype(dtype)
    vectorised, looped = side_of_planes(vectors, normals), loops.side_of_planes(vectors, normals)
    assert vectorised.shape == looped.shape == (*batch, n_vectors, n_planes)
    assert vectorised.dtype == looped.dtype == np.bool_
    decided = np.abs(vectors @ normals) > 1e-5
    np.testing.assert_array_equal(vectorised[decided], looped[decided])


@few
@given(seeds, batches, st.integers(1, 62))
def test_hash_value_agrees_with_its_loop_twin_and_with_pythons_integers(seed, batch, n_planes):
    sides = np.random.default_rng(seed).random((*batch, n_planes)) < 0.5
    buckets = hash_value(sides)
    assert buckets.dtype == np.int64 and np.shape(buckets) == batch
    np.testing.assert_array_equal(buckets, loops.hash_value(sides))
    for entry in np.ndindex(*batch):
        assert buckets[entry] == int("".join("01"[int(side)] for side in sides[entry][::-1]), 2)


@few
@given(seeds, st.integers(0, 40), st.integers(1, 9))
def test_a_hash_table_lists_each_position_once_under_its_bucket(seed, n_positions, n_buckets):
    buckets = np.random.default_rng(seed).integers(0, n_buckets, n_positions)
    table = build_hash_table(buckets)
    assert table == loops.build_hash_table(buckets)
    assert sorted(sum(table.values(), [])) == list(range(n_positions))
    for bucket, positions in table.items():
        assert positions == np.flatnonzero(buckets == bucket).tolist() != []


@few
@given(seeds, st.integers(1, 12), st.integers(1, 5), counts, counts, st.integers(1, 14), dtypes)
def test_approximate_k_nearest_agrees_with_its_loop_twin(seed, n_vectors, n_features, n_tables, n_planes, k, dtype):
    # Small whole numbers put vectors in planes and the zero vector among them; other ties are broken by a shake.
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (n_vectors, n_features)).astype(dtype)
    vectors += rng.uniform(0.01, 0.1, vectors.shape).astype(dtype) * (vectors != 0)
    normals = rng.standard_normal((n_tables, n_features, n_planes)).astype(dtype)
    found = approximate_k_nearest(vectors, k, normals)
    assert found.shape == (n_vectors, k) and found.dtype == np.intp
    similarity = np.sort(_cosines(vectors), axis=-1)
    if np.all(np.diff(similarity, axis=-1) > 1e-5):
        np.testing.assert_array_equal(found, loops.approximate_k_nearest(vectors, k, normals))


def _cosines(vectors):
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit = vectors / np.where(norm > 0, norm, 1)
    return unit @ unit.T


def test_zero_counts_as_the_positive_side():
    normals = np.array([[1.0, 1.0], [0.0, 1.0]])
    sides = side_of_planes(np.array([[0.0, 2.0], [1.0, -1.0], [0.0, 0.0], [-3.0, 1.0]]), normals)
    assert sides.tolist() == [[True, True], [True, True], [True, True], [False, False]]


@few
@given(seeds, dtypes)
def test_the_lengths_of_vectors_and_normals_do_not_matter_not_even_at_the_ends_of_the_range(seed, dtype):
    rng = np.random.default_rng(seed)
    vectors, normals = rng.integers(-4, 5, (20, 5)), rng.integers(-4, 5, (5, 6))
    shortest, one, longest = (
        np.finfo(dtype).smallest_subnormal,
        dtype(1),
        np.ldexp(dtype(1), np.finfo(dtype).maxexp - 3),
    )
    lengths = np.array([shortest, one, longest])[rng.integers(0, 3, (2, 20))]
    scaled = vectors * lengths[0, :, np.newaxis], normals * lengths[1, :6]
    np.testing.assert_array_equal(side_of_planes(*scaled), vectors @ normals >= 0)


@pytest.mark.parametrize(("dtype", "small", "large"), [(np.float32, 1e-22, 1e37), (np.float64, 1e-164, 1e307)])
def test_a_small_entry_counts_beside_a_large_one(dtype, small, large):
    vectors = np.array([[large, small], [large, -small], [-large, small]], dtype)
    np.testing.assert_array_equal(side_of_planes(vectors, np.eye(2, dtype=dtype)), vectors >= 0)


def test_every_table_may_have_planes_of_its_own():
    rng = np.random.default_rng(0)
    vectors, normals = rng.standard_normal((7, 4)), rng.standard_normal((3, 4, 5))
    sides = side_of_planes(vectors, normals)
    for of_table, one in zip(sides, normals, strict=True):
        np.testing.assert_array_equal(of_table, side_of_planes(vectors, one))


def test_planes_are_standard_normal_and_come_from_the_generator_alone():
    shape = dict(n_tables=4, n_features=50, n_planes=50)
    normals = draw_planes(np.random.default_rng(3), **shape)
    assert normals.shape == (4, 50, 50) and normals.dtype == np.float32
    assert draw_planes(np.random.default_rng(3), dtype=np.float64, **shape).dtype == np.float64
    assert abs(normals.mean()) < 0.05 and abs(normals.std() - 1) < 0.05
    np.testing.assert_array_equal(draw_planes(np.random.default_rng(3), **shape), normals)


@pytest.mark.parametrize("n_planes", [1, 2, 5, 8])
@pytest.mark.parametrize("degrees", [10, 45, 90, 135])
def test_pairs_share_a_bucket_as_often_as_the_theory_says(n_planes, degrees):
    n_pairs, rng = 20_000, np.random.default_rng(n_planes + degrees)
    normals = rng.standard_normal((n_pairs, 5, n_planes))
    buckets = hash_value(side_of_planes(pairs_at(np.radians(degrees), n_pairs, 5, rng), normals))
    expected = (1 - degrees / 180) ** n_planes
    standard_error = np.sqrt(max(expected * (1 - expected), 1 / n_pairs) / n_pairs)
    assert abs(np.mean(buckets[:, 0] == buckets[:, 1]) - expected) < 4 * standard_error


@pytest.mark.parametrize("n_features", [2, 40])
def test_tables_find_pairs_as_often_as_the_theory_says(n_features):
    n_pairs, rng = 4000, np.random.default_rng(n_features)
    pairs = pairs_at(np.pi / 6, n_pairs, n_features, rng)
    buckets = hash_value(side_of_planes(pairs[:, np.newaxis], rng.standard_normal((n_pairs, 4, n_features, 6))))
    expected = 1 - (1 - (5 / 6) ** 6) ** 4
    measured = np.mean(np.any(buckets[..., 0] == buckets[..., 1], axis=-1))
    assert abs(measured - expected) < 4 * np.sqrt(expected * (1 - expected) / n_pairs)


def test_the_tables_needed_are_those_that_fractions_need_equality_included():
    for side, n_planes, wanted in itertools.product(range(3, 20), (1, 2, 4), range(0, 20, 3)):
        one_table, enough, n_tables = Fraction(side, 20) ** n_planes, Fraction(wanted, 20), 1
        if one_table < Fraction(1, 500):
            continue
        while 1 - (1 - one_table) ** n_tables < enough:
            n_tables += 1
        assert tables_needed(side / 20, n_planes, wanted / 20) == n_tables
        assert loops.tables_needed(side / 20, n_planes, wanted / 20) == n_tables


def test_what_some_tables_reach_exactly_takes_no_more_of_them_whatever_rounding_does():
    for side, n_planes, n_tables in itertools.product(range(3, 20), (1, 2), range(1, 7)):
        reached = 1 - (1 - Fraction(side, 20) ** n_planes) ** n_tables
        assert tables_needed(side / 20, n_planes, float(reached)) == n_tables
    assert tables_needed(1 - 2**-53, 1, 5e-324) == 1


@few
@given(st.floats(0, 1), st.integers(1, 40), st.floats(0, 1))
def test_the_tables_needed_are_enough_and_one_less_is_not(same_side, n_planes, wanted):
    n_tables, one_table = tables_needed(same_side, n_planes, wanted), same_side**n_planes
    if n_tables is None:
        assert (one_table == 0 and wanted > 0) or (one_table < 1 and wanted == 1)
    elif one_table < 1:
        missed = n_tables * np.log1p(-one_table)
        assert missed <= np.log1p(-wanted) * (1 - 1e-8)
        assert n_tables == 1 or missed - np.log1p(-one_table) > np.log1p(-wanted) * (1 + 1e-8)


def test_where_no_number_of_tables_is_enough_it_is_none_and_where_nothing_is_wanted_it_is_one():
    for function in (tables_needed, loops.tables_needed):
        assert [function(*triple) for triple in ((0, 2, 0.5), (0.5, 1, 1), (0.0, 1, 1))] == [None] * 3
        assert [function(*triple) for triple in ((0, 2, 0), (0.5, 1, 0), (1, 9, 1), (1.0, 1, 0.5), (0.9, 1, 0.9))] == [
            1
        ] * 5
    assert tables_needed(1e-9, 9, 0.5) == pytest.approx(np.log(2) * 1e81)
    assert tables_needed(1e-9, 99, 0.5) is None  # a chance that float64 cannot tell from 0


def test_pairs_are_found_in_the_tables_needed():
    rng = np.random.default_rng(5)
    n_tables = tables_needed(1 - 30 / 180, 6, 0.9)
    normals = draw_planes(rng, n_tables=500 * n_tables, n_features=6, n_planes=6, dtype=np.float64)
    (pair,) = pairs_at(np.pi / 6, 1, 6, rng)
    sides = side_of_planes(pair, normals)
    together = np.all(sides[:, 0] == sides[:, 1], axis=-1).reshape(500, n_tables)
    assert np.mean(np.any(together, axis=1)) == pytest.approx(0.9, abs=0.04)
    assert np.mean(np.any(together[:, : n_tables // 2], axis=1)) < 0.8


def test_in_two_dimensions_each_plane_adds_two_buckets():
    rng = np.random.default_rng(0)
    angles = np.linspace(0, 2 * np.pi, 20_000)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for n_planes in (1, 2, 3, 6):
        assert len(np.unique(hash_value(side_of_planes(circle, rng.standard_normal((2, n_planes)))))) == 2 * n_planes


def test_where_all_share_a_bucket_the_search_is_exact():
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((40, 6))
    vectors[:, 0] = 1 + np.abs(vectors[:, 0])
    normals = np.eye(6)[np.newaxis, :, :1]
    np.testing.assert_array_equal(approximate_k_nearest(vectors, 5, normals), k_nearest(vectors, 5))


def test_candidates_come_once_without_the_vector_itself_and_most_similar_first():
    rng = np.random.default_rng(1)
    vectors, normals = rng.standard_normal((60, 5)), rng.standard_normal((6, 5, 3))
    cosine = _cosines(vectors)
    for i, row in enumerate(approximate_k_nearest(vectors, 20, normals)):
        named = row[row >= 0]
        assert i not in named and len(set(named)) == len(named)
        assert np.all(row[len(named) :] == -1)
        assert np.all(np.diff(cosine[i, named]) <= 1e-12)


def test_tables_bring_neighbours_back_that_planes_have_lost():
    rng = np.random.default_rng(0)
    vectors = families(rng, 20, 10, 16)
    exact, normals = k_nearest(vectors, 5), rng.standard_normal((16, 16, 8))
    by_tables = [recall(approximate_k_nearest(vectors, 5, normals[:n]), exact) for n in (1, 4, 16)]
    by_planes = [recall(approximate_k_nearest(vectors, 5, normals[:1, :, :n]), exact) for n in (1, 4, 8)]
    assert by_tables == sorted(by_tables) and by_planes == sorted(by_planes, reverse=True)
    assert by_tables[0] < 0.5 < 0.9 < by_tables[-1]


def test_fewer_candidates_than_sought_leave_minus_one():
    vectors = np.array([[3.0, 1.0], [1.0, 3.0], [2.0, 1.0], [-1.0, 3.0], [-2.0, 1.0], [1.0, -2.0]])
    tables = np.array([[[1.0, 0.0], [0.0, 1.0]], [[1.0, 1.0], [1.0, -1.0]]])
    quadrants = [[2, 1], [2, 0], [0, 1], [4, -1], [3, -1], [-1, -1]]
    assert approximate_k_nearest(vectors, 2, tables[:1]).tolist() == quadrants
    assert approximate_k_nearest(vectors, 2, tables)[[1, 3]].tolist() == [[3, 2], [1, 4]]


def test_the_zero_vector_is_like_nothing_and_equal_directions_go_by_position():
    vectors = np.array([[2.0, 0.0], [1.0, 0.0], [0.0, 0.0], [4.0, 0.0]])
    found = approximate_k_nearest(vectors, 3, np.eye(2)[np.newaxis])
    assert found.tolist() == [[1, 3, 2], [0, 3, 2], [0, 1, 3], [0, 1, 2]]


@pytest.mark.parametrize("size", [1e30, 1e-30])
def test_vectors_of_any_length_find_the_same_neighbours(size):
    vectors = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float32)
    normals = np.ones((1, 4, 1), np.float32)
    found = approximate_k_nearest(np.float32(size) * vectors, 3, normals)
    np.testing.assert_array_equal(found, approximate_k_nearest(vectors, 3, normals))


def test_a_lone_vector_finds_nobody_and_no_positions_make_an_empty_table():
    assert approximate_k_nearest(np.ones((1, 3)), 2, np.ones((2, 3, 4))).tolist() == [[-1, -1]]
    assert build_hash_table(np.zeros(0, dtype=int)) == build_hash_table([]) == {}


def test_buckets_of_a_table_may_be_any_integers():
    buckets = np.array([-1, 2**62, -1])
    assert build_hash_table(buckets) == {-1: [0, 2], 2**62: [1]}
    assert build_hash_table(np.array([2**64 - 1], dtype=np.uint64)) == {2**64 - 1: [0]}


def test_dtypes_may_be_mixed():
    vectors = np.array([[3, 1], [1, 3], [-2, 1]])
    normals, found = np.eye(2)[np.newaxis], approximate_k_nearest(vectors * 1.0, 2, np.eye(2)[np.newaxis])
    np.testing.assert_array_equal(side_of_planes(vectors.astype(np.float32), normals[0]), vectors >= 0)
    np.testing.assert_array_equal(approximate_k_nearest(vectors.astype(np.float32), 2, normals), found)


def test_62_planes_fill_all_62_bits():
    assert approximate_k_nearest(np.ones((2, 3)), 1, np.ones((1, 3, 62))).tolist() == [[1], [0]]
    assert hash_value(np.ones(62, dtype=bool)) == 2**62 - 1
    assert hash_value(np.arange(62) == 61) == 2**61


rng, x, n, b = np.random.default_rng(0), np.zeros((5, 4)), np.zeros((2, 4, 3)), np.zeros(5, dtype=int)


@pytest.mark.parametrize(
    "call, named",
    [
        (lambda: draw_planes(rng, n_tables=0, n_features=4, n_planes=4), "n_tables"),
        (lambda: draw_planes(rng, n_tables=1, n_features=0, n_planes=4), "n_features"),
        (lambda: draw_planes(rng, n_tables=1, n_features=4, n_planes=True), "n_planes"),
        (lambda: side_of_planes(x.astype(int), n[0]), "vectors"),
        (lambda: side_of_planes(x[0], n[0]), "vectors"),
        (lambda: side_of_planes(x + np.nan, n[0]), "vectors"),
        (lambda: side_of_planes(x, n[0].astype(int)), "normals"),
        (lambda: side_of_planes(x, n[0, :3]), "normals"),
        (lambda: side_of_planes(x, n[0, :, 0]), "normals"),
        (lambda: side_of_planes(x, n[0] + np.inf), "normals"),
        (lambda: hash_value(np.zeros((3, 4))), "sides"),
        (lambda: hash_value(np.zeros((3, 63), dtype=bool)), "sides"),
        (lambda: hash_value(np.zeros((3, 0), dtype=bool)), "sides"),
        (lambda: hash_value(np.bool_(True)), "sides"),
        (lambda: hash_value(np.ma.masked_equal([True, False], False)), "sides"),
        (lambda: build_hash_table(b * 1.0), "buckets"),
        (lambda: build_hash_table(b[np.newaxis]), "buckets"),
        (lambda: approximate_k_nearest(x, 0, n), "k"),
        (lambda: approximate_k_nearest(x, 2.0, n), "k"),
        (lambda: approximate_k_nearest(x[np.newaxis], 1, n), "vectors"),
        (lambda: approximate_k_nearest(x + np.inf, 1, n), "vectors"),
        (lambda: approximate_k_nearest(x, 1, n[0]), "normals"),
        (lambda: approximate_k_nearest(x, 1, n[:, :3]), "normals"),
        (lambda: approximate_k_nearest(x, 1, n[:0]), "normals"),
        (lambda: approximate_k_nearest(x, 1, n[:, :, :0]), "normals"),
        (lambda: approximate_k_nearest(x, 1, np.zeros((2, 4, 63))), "normals"),
        (lambda: approximate_k_nearest(x, 1, n + np.nan), "normals"),
        (lambda: tables_needed(1.1, 2, 0.5), "same_side"),
        (lambda: tables_needed(-0.1, 2, 0.5), "same_side"),
        (lambda: tables_needed(np.array([0.5, 0.6]), 2, 0.5), "same_side"),
        (lambda: tables_needed("half", 2, 0.5), "same_side"),
        (lambda: tables_needed(0.5, 0, 0.5), "n_planes"),
        (lambda: tables_needed(0.5, 2.0, 0.5), "n_planes"),
        (lambda: tables_needed(0.5, 2, 1.5), "wanted_recall"),
        (lambda: tables_needed(0.5, 2, np.nan), "wanted_recall"),
        (lambda: tables_needed(0.5, 2, True), "wanted_recall"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, named):
    with pytest.raises(ValueError, match=f"^{named} needs"):
        call()
