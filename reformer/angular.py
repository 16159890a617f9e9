"""Angular locality-sensitive hashing: vectors that point the same way tend to share a bucket (unit 03).

A vector x is multiplied by a random matrix R. Its bucket is the place of the largest number in [xR, -xR].
`planes` (unit 02) hashes by signs alone; `chunking` (unit 04) sorts a sequence by the buckets made here.

Letters: L positions, d features, R hash rounds, B buckets.
Source: Kitaev, Kaiser, Levskaya, "Reformer: The Efficient Transformer" (2020), section 2, "Locality sensitive
hashing"; the family is the cross-polytope hash of Andoni et al., "Practical and Optimal LSH for Angular Distance"
(2015).
"""

import numpy as np

from reformer.arguments import require_count, require_finite, require_floats, require_integers, require_range


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

    With y = xR, the bucket is the index of the largest number in [y, -y]. Ties go to the lower index. The length
    of a vector does not matter; the zero vector, which points nowhere, lands in bucket 0.

    Parameters
    ----------
    vectors : (..., L, d) float32 or float64 array
    rotations : (R, d, B/2) float array, or (..., R, d, B/2) where each batch entry has its own

    Returns
    -------
    buckets : (..., R, L) intp array of values 0 .. B - 1

    Raises ValueError if a shape or dtype does not fit, or a vector is not finite.
    Source: Reformer, section 2: h(x) = argmax([xR; -xR]).
    """
    vectors = require_finite("vectors", require_floats("vectors", vectors, "(..., L, d)"))
    rotations = require_floats("rotations", rotations, "(..., R, d, B/2)")
    if rotations.shape[-2] != vectors.shape[-1] or rotations.shape[-1] < 1:
        raise ValueError(
            f"rotations needs shape (..., R, d, B/2) with d = {vectors.shape[-1]} as in vectors and B/2 at least 1, "
            f"got shape {rotations.shape}"
        )
    rotated = vectors[..., np.newaxis, :, :] @ rotations
    return np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)


def factorised_hash(vectors, factor_rotations):
    """Hash into many buckets by several small hashes, combined like the digits of a number.

    B = B_1 B_2 ... buckets cost only (B_1 + B_2 + ...)/2 columns of random numbers, where a single hash needs B/2.
    The first factor is the lowest digit: bucket = b_1 + B_1 b_2 + B_1 B_2 b_3 + ...

    Parameters
    ----------
    vectors : (..., L, d) float32 or float64 array
    factor_rotations : sequence of (R, d, B_i/2) float arrays, one for each factor

    Returns
    -------
    buckets : (..., R, L) intp array of values 0 .. B_1 B_2 ... - 1

    Raises ValueError if there is no factor, or a shape or dtype does not fit.
    Source: the factorised `n_buckets` of Trax (`efficient_attention.py`, `hash_vecs`) and Hugging Face.
    """
    if len(factor_rotations) == 0:
        raise ValueError("factor_rotations needs at least one array of shape (R, d, B_i/2), got none")
    buckets, weight = 0, 1
    for rotations in factor_rotations:
        buckets = buckets + weight * angular_hash(vectors, rotations)
        weight *= 2 * np.shape(rotations)[-1]
    return buckets


def offset_rounds(buckets, n_buckets):
    """Give every hash round bucket numbers of its own, so that one sort keeps the rounds apart.

    Round r uses the numbers r B .. r B + B - 1: the offset is the number of buckets, not the number of rounds.

    Parameters
    ----------
    buckets : (..., R, L) integer array of values 0 .. B - 1
    n_buckets : B, at least 1

    Returns
    -------
    buckets : (..., R, L) intp array of values 0 .. R B - 1

    Raises ValueError if `buckets` is not an integer array of that shape, or a value is outside 0 .. B - 1.
    Source: Reformer, section 2, "Multi-round LSH attention"; Trax `hash_vectors`.
    """
    n_buckets = require_count("n_buckets", n_buckets)
    buckets = require_integers("buckets", buckets, "(..., R, L)", below=n_buckets)
    n_rounds = buckets.shape[-2]
    return np.add(buckets, n_buckets * np.arange(n_rounds)[:, np.newaxis], dtype=np.intp)


def collision_probability(angles, n_buckets):
    """Chance that two vectors share a bucket in one hash round, by the angle between them.

    The chance depends on the angle and on B alone, not on the number of features. It is 1 - angle/pi with 2
    buckets and the square of that with 4. With more it has no closed form and is integrated numerically, to 1e-5.

    Parameters
    ----------
    angles : array of any shape, or a number; radians, 0 .. pi
    n_buckets : B, even, at least 2

    Returns
    -------
    probability : array of the shape of `angles`; float32 for float32 angles, otherwise float64

    Raises ValueError if an angle is outside 0 .. pi or `n_buckets` is not an even number of at least 2.
    Source: B = 2 is Charikar (2002), section 3; lesson 03 derives B = 4; for more, the integral stands below.
    """
    angles = require_range("angles", angles, 0.0, np.pi + 1e-6)  # float32 rounds pi up
    n_buckets = require_count("n_buckets", n_buckets, at_least=2, even=True)
    above_first_plane = np.clip(1 - angles / np.pi, 0, 1)
    if n_buckets == 2:
        return above_first_plane
    if n_buckets == 4:
        return above_first_plane**2
    exact = [_integrate_collisions(angle, n_buckets // 2) for angle in np.ravel(angles)]
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


def _integrate_collisions(angle, n_columns):
    """Collision probability for `n_columns` = B/2 columns of R, as an integral over the column that wins.

    Only what a column does in the plane of the two vectors counts. There it is a standard Gaussian point, in polar
    coordinates (r, phi) with the first vector at 0 and the second at `angle`. It scores a = r cos(phi) on the first
    and b = r cos(phi - angle) on the second. It wins on both with the same sign if every other column falls inside the
    parallelogram |first score| < a, |second score| < b; `inside` is the Gaussian measure of that parallelogram.

    Nothing later builds on this integral: a first reading may skip it, and the two functions below.
    """
    radius, radius_weight = _nodes(0.0, 9.0, 64)
    phi, phi_weight = _nodes(angle - np.pi / 2, np.pi / 2, 48)
    radius = radius[:, np.newaxis]
    a, b = radius * np.cos(phi), radius * np.cos(phi - angle)
    other_corner = np.arctan2(-(b + a * np.cos(angle)), a * np.sin(angle))
    outside = (
        _beyond_line(a, phi)
        + _beyond_line(a, -other_corner)
        + _beyond_line(b, angle - phi)
        + _beyond_line(b, other_corner + np.pi - angle)
    )
    inside = np.clip(1 - 2 * outside, 0, 1)
    density = radius * np.exp(-(radius**2) / 2) / (2 * np.pi)
    return 2 * n_columns * (radius_weight @ (density * inside ** (n_columns - 1)) @ phi_weight)


def _beyond_line(distance, wedge):
    """Gaussian measure beyond a line, in a wedge of angle `wedge` that starts at its foot: Owen's T function."""
    turn, weight = _nodes(0.0, 1.0, 24)
    turn = wedge[..., np.newaxis] * turn
    decay = np.exp(-((distance[..., np.newaxis] / np.cos(turn)) ** 2) / 2)
    return wedge / (2 * np.pi) * (decay @ weight)


def _nodes(low, high, count):
    """Gauss-Legendre nodes and weights on low .. high."""
    node, weight = np.polynomial.legendre.leggauss(count)
    return low + (high - low) * (node + 1) / 2, weight * (high - low) / 2
