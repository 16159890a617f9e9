"""shared/lsh.js is the twin of `reformer`: the same numbers from the same inputs, ties and edges included."""

import itertools

import numpy as np
import pytest

from reformer.angular import angular_hash, collision_probability
from reformer.attention import shared_qk_attention
from reformer.chunking import WRAPS, look_adjacent, share_of_pairs_lost, sort_by_bucket, split_into_chunks, undo_sort
from reformer.lsh_attention import Options, attend_in_rounds, combine_rounds, count_duplicates, who_sees_whom
from reformer.masks import HIDDEN, attention_mask
from reformer.neighbors import k_nearest, kernel_regression
from reformer.planes import hash_value, side_of_planes

pytestmark = browser_test = pytest.mark.browser


@pytest.fixture
def functions(functions_of):
    return functions_of("shared/lsh.js")


@pytest.mark.parametrize(
    ("n_features", "n_buckets", "n_rounds"), list(itertools.product([2, 3, 64], [2, 8, 16], [1, 5]))
)
def test_the_browsers_hash_is_numpys_hash(functions, n_features, n_buckets, n_rounds):
    rng = np.random.default_rng([n_features, n_buckets, n_rounds])
    vectors = rng.normal(size=(200, n_features))
    rotations = rng.normal(size=(n_rounds, n_features, n_buckets // 2))
    script = """([vectors, rotations, ...sizes]) => Array.from(
        functions.angularHash(Float64Array.from(vectors), Float64Array.from(rotations), ...sizes))"""
    got = functions(script, vectors.ravel().tolist(), rotations.ravel().tolist(), n_rounds, n_features, n_buckets // 2)
    np.testing.assert_array_equal(np.reshape(got, (n_rounds, 200)), angular_hash(vectors, rotations))


def test_ties_and_the_zero_vector_go_to_the_lower_bucket(functions):
    vectors, rotations = np.array([[0.0, 0.0], [1.0, 1.0], [-1.0, -1.0]]), np.array([[[1.0, 0.0], [0.0, 1.0]]])
    script = "([v, r]) => Array.from(functions.angularHash(Float64Array.from(v), Float64Array.from(r), 1, 2, 2))"
    got = functions(script, vectors.ravel().tolist(), rotations.ravel().tolist())
    assert got == angular_hash(vectors, rotations)[0].tolist() == [0, 0, 2]


def test_a_point_in_a_plane_counts_as_on_its_positive_side(functions):
    script = "point => functions.hashValue(functions.planeScores(point, [1, 1, 0, 1], 2))"
    normals = np.array([[1.0, 1.0], [0.0, 1.0]])
    for point in ([0.0, 0.5], [0.0, -0.5], [-0.5, 0.0], [0.0, 0.0]):
        assert functions(script, *point) == hash_value(side_of_planes(np.array([point]), normals))[0]


@pytest.mark.parametrize("n_planes", [1, 3, 8])
def test_the_browsers_sides_and_values_are_numpys(functions, n_planes):
    rng = np.random.default_rng(n_planes)
    vectors, normals = rng.normal(size=(50, 5)), rng.normal(size=(5, n_planes))
    script = """([vectors, normals, n]) => vectors.map((vector) => {
        const scores = functions.planeScores(vector, normals, n);
        return [scores, functions.hashValue(scores)];
    })"""
    scores, values = zip(*functions(script, vectors.tolist(), normals.ravel().tolist(), n_planes), strict=True)
    np.testing.assert_allclose(scores, vectors @ normals, atol=1e-12)
    np.testing.assert_array_equal(values, hash_value(side_of_planes(vectors, normals)))


@pytest.mark.parametrize("n_buckets", [2, 6, 16])
def test_the_scores_of_the_directions_are_those_whose_largest_is_the_bucket(functions, n_buckets):
    rng = np.random.default_rng(n_buckets)
    vectors, rotation = rng.normal(size=(50, 3)), rng.normal(size=(3, n_buckets // 2))
    script = "([vectors, r, half]) => vectors.map((vector) => functions.directionScores(vector, r, half))"
    scores = functions(script, vectors.tolist(), rotation.ravel().tolist(), n_buckets // 2)
    np.testing.assert_array_equal(np.argmax(scores, axis=1), angular_hash(vectors, rotation[np.newaxis])[0])


@pytest.mark.parametrize("bandwidth", [0.05, 0.5, 3.0])
def test_the_browsers_weights_are_those_of_kernel_regression(functions, bandwidth):
    keys = np.random.default_rng(1).uniform(0, 10, 9)
    for query in (0.0, 3.3, 10.0):
        weights = kernel_regression(np.array([[query]]), keys[:, np.newaxis], np.eye(9), bandwidth)[0]
        got = functions("([k, q, h]) => functions.kernelWeights(k, q, h)", keys.tolist(), query, bandwidth)
        np.testing.assert_allclose(got, weights, atol=1e-12)


@pytest.mark.parametrize("k", [1, 5, 29])
def test_the_browser_finds_the_neighbours_that_numpy_finds(functions, k):
    points = np.random.default_rng(k).normal(size=(30, 2))
    got = functions("([points, k]) => functions.kNearest(Float64Array.from(points), k)", points.ravel().tolist(), k)
    assert got == k_nearest(points, k).tolist()


@pytest.mark.parametrize("n_planes", [1, 2, 8])
def test_the_browsers_chance_for_planes_is_that_of_signs_which_agree(functions, n_planes):
    """One random plane is a random direction and its opposite: the angular hash with two buckets."""
    angles = np.linspace(0, np.pi, 37)
    got = functions("([angles, n]) => angles.map((a) => functions.planesChance(a, n))", angles.tolist(), n_planes)
    np.testing.assert_allclose(got, collision_probability(angles, 2) ** n_planes, atol=1e-12)


def test_the_browser_sorts_and_chunks_as_numpy_does(functions):
    for length, n_buckets, chunk_length in [(1, 1, 1), (12, 4, 4), (13, 3, 4), (40, 16, 7)]:
        buckets = np.random.default_rng(length).integers(0, n_buckets, length)
        order = sort_by_bucket(buckets)
        assert functions("([b]) => functions.sortByBucket(b)", buckets.tolist()) == order.tolist()
        assert functions("([o]) => functions.undoSort(o)", order.tolist()) == undo_sort(order).tolist()
        got = functions("([o, c]) => functions.splitIntoChunks(o, c)", order.tolist(), chunk_length)
        assert got == split_into_chunks(order, chunk_length).tolist()


@pytest.mark.parametrize(("n_before", "n_after"), [(1, 0), (1, 1), (0, 0), (2, 1), (4, 5)])
@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize("n_rounds", [1, 3])
def test_the_browser_looks_where_numpy_looks(functions, n_before, n_after, wrap, n_rounds):
    rounds = np.random.default_rng(n_rounds).permuted(np.tile(np.arange(11), (n_rounds, 1)), axis=1)
    chunks = split_into_chunks(rounds, 3)
    options = {"n_before": n_before, "n_after": n_after, "wrap": wrap}
    look = "([c, o]) => functions.lookAdjacent(c, o)"
    assert functions(look, chunks.tolist(), options) == look_adjacent(chunks, **options).tolist()
    if wrap != "global":
        assert functions(look, chunks[0].tolist(), options) == look_adjacent(chunks[0], **options).tolist()


def test_the_browser_looks_by_default_as_numpy_does(functions):
    chunks = split_into_chunks(np.arange(22).reshape(2, 11), 3)
    assert functions("([c]) => functions.lookAdjacent(c)", chunks.tolist()) == look_adjacent(chunks).tolist()


@pytest.mark.parametrize(("causal", "avoid_self", "in_buckets"), list(itertools.product([True, False], repeat=3)))
def test_the_browser_masks_what_numpy_masks(functions, causal, avoid_self, in_buckets):
    buckets = np.array([0, 1, 0, 1, 1, 0, 2])
    queries, keys = np.array([0, 2, 5, -1]), np.array([4, 0, 2, 5, -1, 6])
    by_bucket = {"query_buckets": buckets[queries], "key_buckets": buckets[keys]} if in_buckets else {}
    expected = attention_mask(queries, keys, causal=causal, avoid_self=avoid_self, **by_bucket)
    options = {"causal": causal, "avoid_self": avoid_self} | {name: of.tolist() for name, of in by_bucket.items()}
    script = "([q, k, options]) => functions.attentionMask(q, k, options).map((row) => row.map(String))"
    got = functions(script, queries.tolist(), keys.tolist(), options)
    np.testing.assert_array_equal(np.array(got, dtype=np.float32), expected)


@pytest.mark.parametrize(("n_buckets", "chunk_length", "n_before"), [(1, 4, 1), (4, 4, 1), (6, 7, 0), (16, 3, 2)])
def test_the_browser_loses_the_pairs_that_numpy_loses(functions, n_buckets, chunk_length, n_before):
    for length in (1, 13, 128):
        buckets = np.random.default_rng(length).integers(0, n_buckets, length)
        script = "([b, c, n_before]) => functions.shareOfPairsLost(b, c, { n_before })"
        got = functions(script, buckets.tolist(), chunk_length, n_before)
        assert got == pytest.approx(float(share_of_pairs_lost(buckets, chunk_length, n_before=n_before)), abs=1e-12)


# Lengths that fill their chunks and lengths that do not, one round and several, every option both ways.
ATTENTION = [
    {"n_buckets": 2, "chunk_length": 16},
    {"n_buckets": 4, "chunk_length": 4, "wrap": "none"},
    {"n_buckets": 8, "chunk_length": 5, "wrap": "round", "n_before": 2},
    {"n_buckets": 4, "chunk_length": 4, "same_bucket_only": True},
    {"n_buckets": 4, "chunk_length": 6, "n_after": 1, "causal": False},
    {"n_buckets": 8, "chunk_length": 3, "n_before": 0, "correct_duplicates": True},
    {"n_buckets": 4, "chunk_length": 30, "n_before": 3, "correct_duplicates": True, "same_bucket_only": True},
]
every_attention = pytest.mark.parametrize(
    ("options", "length", "n_rounds"), list(itertools.product(ATTENTION, [1, 16, 19], [1, 3]))
)


def sequence(length, n_rounds, n_buckets):
    """(L, d) queries_keys, some of them the zero vector, (L, e) values, (R, L) buckets."""
    rng = np.random.default_rng([length, n_rounds, n_buckets])
    queries_keys = 2 * rng.normal(size=(length, 5))
    queries_keys[::7] = 0
    return queries_keys, rng.normal(size=(length, 3)), rng.integers(0, n_buckets, (n_rounds, length))


@every_attention
def test_in_the_browser_everyone_sees_whom_they_see_in_numpy(functions, options, length, n_rounds):
    _, _, buckets = sequence(length, n_rounds, options["n_buckets"])
    order, chunks, windows, mask = who_sees_whom(buckets, Options(**options))
    script = """([buckets, options]) => {
        const seen = functions.whoSeesWhom(buckets, options);
        const { met } = functions.countMeetings(seen);
        const counts = functions.countDuplicates(seen.chunks, seen.windows, seen.mask);
        const words = (array) => (Array.isArray(array) ? array.map(words) : String(array));
        return { ...seen, mask: words(seen.mask), met: Array.from(met), counts };
    }"""
    got = functions(script, buckets.tolist(), options)
    for name, expected in {"order": order, "chunks": chunks, "windows": windows}.items():
        assert got[name] == expected.tolist()
    np.testing.assert_allclose(np.array(got["mask"], dtype=np.float64), mask, rtol=1e-6)
    counts = count_duplicates(chunks, windows, mask > HIDDEN)
    assert got["counts"] == counts.tolist()
    met = np.zeros((length, length), int)
    pairs = [np.broadcast_to(of, mask.shape)[counts > 0] for of in (chunks[..., np.newaxis], windows[..., None, :])]
    met[tuple(pairs)] = counts[counts > 0]
    assert got["met"] == met.ravel().tolist()


@every_attention
def test_the_browser_attends_as_numpy_does(functions, options, length, n_rounds):
    queries_keys, values, buckets = sequence(length, n_rounds, options["n_buckets"])
    script = """([queriesKeys, values, buckets, options]) => {
        const { outputs, log_normalizers } = functions.attendInRounds(queriesKeys, values, buckets, options);
        const lists = (rows) => rows.map((row) => Array.from(row));
        const combined = lists(functions.combineRounds(outputs, log_normalizers));
        const dense = lists(functions.sharedQkAttention(queriesKeys, values, options));
        return [outputs.map(lists), log_normalizers.map((round) => round.map(String)), combined, dense];
    }"""
    got = functions(script, queries_keys.tolist(), values.tolist(), buckets.tolist(), options)
    outputs, log_normalizers = attend_in_rounds(queries_keys, values, buckets, Options(**options))
    np.testing.assert_allclose(got[0], outputs, atol=1e-6)
    np.testing.assert_allclose(np.array(got[1], dtype=np.float64), log_normalizers, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(got[2], combine_rounds(outputs, log_normalizers), atol=1e-6)
    dense = shared_qk_attention(queries_keys, values, causal=options.get("causal", True))
    np.testing.assert_allclose(got[3], dense, atol=1e-6)


def test_a_token_that_no_round_shows_anything_gets_zeros_in_the_browser(functions):
    script = "([o, n]) => functions.combineRounds(o, n.map((round) => round.map(Number))).map((row) => Array.from(row))"
    outputs = [[[0, 0], [1, 2]], [[0, 0], [3, 4]]]
    got = functions(script, outputs, [["-Infinity", "0"], ["-Infinity", "-Infinity"]])
    assert got == [[0, 0], [1, 2]]
