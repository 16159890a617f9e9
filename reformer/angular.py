"""Angular locality-sensitive hashing: vectors that point the same way tend to share a bucket (unit 03).

A vector x is multiplied by a random matrix R. Its bucket is the place of the largest number in [xR, -xR].
`planes` (unit 02) hashes by signs alone; `chunking` (unit 04) sorts a sequence by the buckets made here.

Letters: L positions, d features, R hash rounds, B buckets.
Source: Kitaev, Kaiser, Levskaya, "Reformer: The Efficient Transformer" (2020), section 2, "Locality sensitive
hashing"; the family is the cross-polytope LSH of Andoni et al., "Practical and Optimal LSH for Angular Distance"
(2015): the bucket is the corner of a cross-polytope (plus and minus each axis) that is closest to xR. Where they look
into the next-best buckets of a round as well (multi-probe), the Reformer draws more rounds.
"""

import math

import numpy as np

from reformer.arguments import require_arrays, require_count, require_integers, require_range
from reformer.neighbors import k_nearest, rescale


def draw_rotations(rng, *, n_rounds, n_features, n_buckets, dtype=np.float32):
    """Draw the random matrices of several hash rounds.

    The field says "random rotation". The matrices are Gaussian: neither square nor orthogonal. Lesson 03 tests
    what that changes.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_rounds : R, at least 1
    n_features : d, at least 1
    n_buckets : B, even, at least 2
    dtype : float32 or float64

    Returns
    -------
    rotations : (R, d, B/2) array of independent standard normal numbers

    Raises ValueError if a count is not as above.
    Source: Reformer, section 2: "a random matrix R of size [d_k, b/2]".
    """
    n_rounds = require_count("n_rounds", n_rounds)
    n_features = require_count("n_features", n_features)
    n_buckets = require_count("n_buckets", n_buckets, at_least=2, even=True)
    return rng.standard_normal((n_rounds, n_features, n_buckets // 2), dtype=dtype)


def angular_hash(vectors, rotations):
    """Give each vector the bucket of the direction it is closest to, once for every hash round.

    With y = xR, the bucket is the index of the largest number in [y, -y]. Ties go to the lower index. The norm
    of a vector does not matter; the zero vector, which points nowhere, lands in bucket 0.

    Parameters
    ----------
    vectors : (..., L, d) float32 or float64 array
    rotations : (R, d, B/2) float array, or (..., R, d, B/2) where each batch entry has its own

    Returns
    -------
    buckets : (..., R, L) intp array of values 0 .. B - 1

    Raises ValueError if a shape or dtype does not fit, or a number is not finite.
    Source: Reformer, section 2: h(x) = argmax([xR; -xR]).
    """
    vectors, rotations = require_arrays(
        mixed=True, finite=True, vectors=(vectors, "... L d"), rotations=(rotations, "... R d B/2+")
    )
    rotated = rescale(vectors)[..., np.newaxis, :, :] @ rescale(rotations, axis=(-2, -1))
    return np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)


def factorised_hash(vectors, factor_rotations):
    """Hash into many buckets by several small hashes, combined like the digits of a number.

    B = B_1 B_2 ... buckets cost only (B_1 + B_2 + ...)/2 columns of random numbers, where a single hash needs B/2.
    The first factor is the lowest digit: bucket = b_1 + B_1 b_2 + B_1 B_2 b_3 + ...

    Parameters
    ----------
    vectors : (..., L, d) float32 or float64 array
    factor_rotations : sequence of (R, d, B_i/2) float arrays, one for each factor; B_1 B_2 ... below 2^63

    Returns
    -------
    buckets : (..., R, L) intp array of values 0 .. B_1 B_2 ... - 1

    Raises ValueError if there is no factor, a shape or dtype does not fit, a number is not finite, or there are too
    many buckets.
    Source: the factorised `n_buckets` of Trax (`efficient_attention.py`, `hash_vecs`) and Hugging Face.
    """
    named = {f"factor_rotations[{i}]": (rotations, f"... R d B_{i}/2+") for i, rotations in enumerate(factor_rotations)}
    if not named:
        raise ValueError("factor_rotations needs at least one array of shape (R, d, B_i/2), got none")
    vectors, *factors = require_arrays(mixed=True, finite=True, vectors=(vectors, "... L d"), **named)
    n_buckets = math.prod(2 * rotations.shape[-1] for rotations in factors)
    if n_buckets >= 2**63:
        raise ValueError(f"factor_rotations needs fewer than 2^63 buckets in all, got {n_buckets}")
    buckets, weight = 0, 1
    for rotations in factors:
        buckets = buckets + weight * angular_hash(vectors, rotations)
        weight *= 2 * rotations.shape[-1]
    return buckets


def offset_rounds(buckets, n_buckets):
    """Give every hash round bucket numbers of its own, so that one sort keeps the rounds apart.

    Round r uses the numbers r B .. r B + B - 1: the offset is the number of buckets, not the number of rounds.

    Parameters
    ----------
    buckets : (..., R, L) integer array of values 0 .. B - 1
    n_buckets : B, at least 1; R B below 2^63

    Returns
    -------
    buckets : (..., R, L) intp array of values 0 .. R B - 1

    Raises ValueError if `buckets` is not an integer array of that shape, a value is outside 0 .. B - 1, or R B is too
    large.
    Source: Reformer, section 2, "Multi-round LSH attention"; Trax `hash_vectors`.
    """
    n_buckets = require_count("n_buckets", n_buckets)
    buckets = require_integers("buckets", buckets, "... R L", below=n_buckets)
    n_rounds = buckets.shape[-2]
    if n_rounds * n_buckets >= 2**63:
        raise ValueError(f"n_buckets needs R B below 2^63, got {n_buckets} in {n_rounds} rounds")
    return np.add(buckets, n_buckets * np.arange(n_rounds)[:, np.newaxis], dtype=np.intp)


def collision_probability(angles, n_buckets):
    """Chance that two vectors share a bucket in one hash round, by the angle between them.

    The chance depends on the angle and on B alone, not on the number of features. It is 1 - angle/pi with 2
    buckets and the square of that with 4. With more it has no closed form and is integrated numerically: for every
    angle and every B up to 2^62 it is right to 1e-5.

    Parameters
    ----------
    angles : array of any shape, or a number; radians, 0 .. pi
    n_buckets : B, even, from 2 to 2^62

    Returns
    -------
    probability : array of the shape of `angles`; float32 for float32 angles, otherwise float64

    Raises ValueError if an angle is outside 0 .. pi or `n_buckets` is not an even number from 2 to 2^62.
    Source: B = 2 is Charikar (2002), section 3; lesson 03 derives B = 4; for more, the integral stands below.
    """
    angles = require_range("angles", angles, 0.0, np.pi + 1e-6)  # float32 rounds pi up
    n_buckets = require_count("n_buckets", n_buckets, at_least=2, even=True)
    if n_buckets > 2**62:
        raise ValueError(f"n_buckets needs at most 2^62, got {n_buckets}")
    above_first_plane = np.clip(1 - angles / np.pi, 0, 1)
    if n_buckets <= 4:
        return above_first_plane ** (n_buckets // 2)
    exact = [_integrate_collisions(min(float(angle), np.pi), n_buckets // 2) for angle in np.ravel(angles)]
    return np.clip(np.reshape(exact, np.shape(angles)), 0, 1).astype(angles.dtype)  # the last digits may leave 0 .. 1


def chance_to_meet(probability, n_rounds):
    """Chance that two vectors share a bucket in at least one of several independent hash rounds.

    Parameters
    ----------
    probability : array of any shape, or a number; chance to share a bucket in one round, 0 .. 1
    n_rounds : R, at least 1

    Returns
    -------
    chance : array of the shape of `probability`; 1 - (1 - probability)^R

    Raises ValueError if a probability is outside 0 .. 1 or `n_rounds` is below 1.
    Source: Reformer, section 2, "Multi-round LSH attention".
    """
    probability = require_range("probability", probability, 0.0, 1.0)
    return 1 - (1 - probability) ** require_count("n_rounds", n_rounds)


def recall_and_cost(vectors, rotations, n_nearest):
    """What several hash rounds find of the nearest neighbours, and the share of all pairs they look at for it.

    Two vectors meet if they share a bucket in at least one round. A pair that meets in several rounds counts once.

    Parameters
    ----------
    vectors : (L, d) float32 or float64 array
    rotations : (R, d, B/2) array, R at least 1
    n_nearest : number of neighbours of each vector, 1 .. L - 1

    Returns
    -------
    recall : of the L * n_nearest pairs of a vector with one of its `k_nearest`, the share that meet
    cost : of the L (L - 1) / 2 pairs of vectors, the share that meet

    Raises ValueError if a shape or dtype does not fit, a number is not finite, or `n_nearest` is not 1 .. L - 1.
    Source: the two axes of Aumüller et al., "ANN-Benchmarks" (2017), with pairs in the place of seconds.
    """
    vectors, rotations = require_arrays(
        mixed=True, finite=True, vectors=(vectors, "L d+"), rotations=(rotations, "R+ d B/2+")
    )
    n_vectors = len(vectors)
    if require_count("n_nearest", n_nearest) > n_vectors - 1:
        raise ValueError(f"n_nearest needs to be at most L - 1 = {n_vectors - 1}, got {n_nearest}")
    met = np.zeros((n_vectors, n_vectors), dtype=bool)
    for of_round in angular_hash(vectors, rotations):
        met |= of_round[:, np.newaxis] == of_round
    recall = np.mean(np.take_along_axis(met, k_nearest(vectors, n_nearest), axis=1))
    n_met = np.count_nonzero(met) - n_vectors  # each pair twice; a vector and itself are none
    return float(recall), float(n_met / (n_vectors * (n_vectors - 1)))


def _integrate_collisions(angle, n_columns):
    """Collision probability for `n_columns` = B/2 columns of R, as an integral over the column that wins.

    Only what a column does in the plane of the two vectors counts. There it is a standard Gaussian point, in polar
    coordinates (r, phi) with the first vector at 0 and the second at `angle`. It scores a = r cos(phi) on the first
    and b = r cos(phi - angle) on the second. It wins on both with the same sign if every other column falls inside the
    parallelogram |first score| < a, |second score| < b, of which the point is a corner; `outside` is half the Gaussian
    measure of all that lies beyond. The integral over phi runs from the bisector of the vectors to one side and counts
    twice.

    Nothing later builds on this integral: a first reading may skip it, and the two functions below.
    """
    # Of many columns, one that scores less than `least` wins, or one is longer than `most`, with chance below 1e-7.
    least, most = math.sqrt(2 * math.log(max(n_columns / 200, 1))), math.sqrt(2 * math.log(1e8 * n_columns))
    if least >= most * math.cos(angle / 2):
        return 0.0
    radius, radius_weight = _nodes(least / math.cos(angle / 2), most, 40)
    radius = radius[:, np.newaxis]
    widest = np.arccos(least / radius) - angle / 2
    turn, turn_weight = _nodes(0.0, 1.0, 20)
    phi = angle / 2 + widest * turn
    a, b = radius * np.cos(phi), radius * np.cos(phi - angle)
    other_corner = np.arctan2(-(b + a * np.cos(angle)), a * np.sin(angle))
    wedges = (a, phi), (a, -other_corner), (b, angle - phi), (b, other_corner + np.pi - angle)
    outside = sum(_beyond_line(distance, wedge) for distance, wedge in wedges)
    all_inside = np.exp((n_columns - 1) * np.log1p(-2 * np.clip(outside, 0, 0.5 - 1e-16)))
    density = radius * np.exp(-(radius**2) / 2) / (2 * np.pi)
    return 4 * n_columns * (radius_weight @ (density * widest * all_inside) @ turn_weight)


def _beyond_line(distance, wedge):
    """Gaussian measure beyond a line, in a wedge of angle `wedge` that starts at its foot: Owen's T function."""
    farthest = np.arctan2(9, distance)  # beyond, nothing is left that counts
    turn, weight = _nodes(0.0, 1.0, 16)
    wedge = np.clip(wedge, -farthest, farthest)
    decay = np.exp(-((distance[..., np.newaxis] / np.cos(wedge[..., np.newaxis] * turn)) ** 2) / 2)
    return wedge / (2 * np.pi) * (decay @ weight)


def _nodes(low, high, count):
    """Gauss-Legendre nodes and weights on low .. high."""
    node, weight = np.polynomial.legendre.leggauss(count)
    return low + (high - low) * (node + 1) / 2, weight * (high - low) / 2
