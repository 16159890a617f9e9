"""Hash planes: a few signs decide which vectors are worth comparing (unit 02).

Random planes through the origin cut space; the sides a vector lies on, read as bits, are its bucket. The field calls
this SimHash, or random hyperplane LSH: the Hamming distance of the sides of two vectors, divided by P, estimates their
angle, divided by pi. Several tables of such buckets find most neighbours without comparing all pairs. `neighbors`
(unit 01) is the exact search that this approximates, `angular` (unit 03) the hash that the Reformer uses.

Letters: L vectors, d features, P planes in a table, T tables.
Source: Charikar, "Similarity Estimation Techniques from Rounding Algorithms" (2002), section 3.
"""

import math

import numpy as np

from reformer.arguments import require_arrays, require_chance, require_count, require_integers
from reformer.neighbors import rescale, unit_vectors


def draw_planes(rng, *, n_tables, n_features, n_planes, dtype=np.float32):
    """Draw the normal vectors of random planes through the origin, independent standard normal numbers.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_tables : T, at least 1
    n_features : d, at least 1
    n_planes : P, at least 1
    dtype : float32 or float64

    Returns
    -------
    normals : (T, d, P) array; column p of table t is the normal of a plane

    Raises ValueError if a count is below 1.
    Source: Charikar, "Similarity Estimation Techniques from Rounding Algorithms" (2002), section 3.
    """
    shape = (require_count("n_tables", n_tables), require_count("n_features", n_features))
    return rng.standard_normal((*shape, require_count("n_planes", n_planes)), dtype=dtype)


def side_of_planes(vectors, normals):
    """Say for each vector and plane whether the vector lies on the side the normal points to.

    A vector in the plane itself, with dot product 0, counts as on the positive side. How long a vector or a normal is
    does not matter; an entry 1e59 (float64: 1e472) times smaller than the largest beside it may count as 0.

    Parameters
    ----------
    vectors : (..., L, d) float32 or float64 array
    normals : (d, P) array, or (..., d, P) broadcasting against `vectors`; one normal in each column

    Returns
    -------
    sides : (..., L, P) bool array, True on the positive side

    Raises ValueError if a dtype or shape does not fit, or a number is not finite.
    """
    vectors, normals = require_arrays(
        mixed=True, finite=True, vectors=(vectors, "... L d"), normals=(normals, "... d P")
    )
    with np.errstate(all="ignore"):
        products = vectors @ normals
    smallest, largest = np.sqrt([np.finfo(products.dtype).tiny, np.finfo(products.dtype).max])
    size = np.abs(products)
    if not np.all((size > smallest) & (size < largest)):  # a 0 may be a number that vanished
        products = rescale(vectors) @ rescale(normals, axis=-2)
    return products >= 0


def hash_value(sides):
    """Read the sides of a vector as the bits of a number: plane i weighs 2^i. The field calls it a signature.

    Parameters
    ----------
    sides : (..., P) bool array, P at most 62

    Returns
    -------
    buckets : (...) int64 array of values 0 .. 2^P - 1

    Raises ValueError if `sides` is not a bool array with 1 to 62 planes.
    """
    sides = require_arrays(sides=(sides, "... P+", bool))
    if sides.shape[-1] > 62:
        raise ValueError(f"sides needs at most 62 planes, got {sides.shape[-1]}")
    return sides @ 2 ** np.arange(sides.shape[-1], dtype=np.int64)


def build_hash_table(buckets):
    """List the positions in each bucket.

    Parameters
    ----------
    buckets : (L,) integer array, bucket of each position

    Returns
    -------
    table : dict from each bucket in use to the list of its positions, ascending; empty buckets have no entry

    Raises ValueError if `buckets` is not a one-dimensional integer array.
    """
    buckets = require_integers("buckets", buckets, "L", low=-np.inf)
    table = {}
    for position, bucket in enumerate(buckets.tolist()):
        table.setdefault(bucket, []).append(position)
    return table


def approximate_k_nearest(vectors, k, normals):
    """For each vector the k most similar of those that share a bucket with it in at least one table.

    The candidates are ranked by their exact cosine similarity, the most similar first, ties to the lower position. A
    vector is not its own neighbour. Where there are fewer than k candidates the last places hold -1.

    Parameters
    ----------
    vectors : (L, d) float32 or float64 array
    k : number of neighbours sought, at least 1
    normals : (T, d, P) array, the planes of T tables, T at least 1, P from 1 to 62

    Returns
    -------
    neighbors : (L, k) intp array of positions, or -1

    Raises ValueError if a dtype or shape does not fit, or k is below 1.
    """
    k = require_count("k", k)
    vectors, normals = require_arrays(mixed=True, finite=True, vectors=(vectors, "L d"), normals=(normals, "T+ d P+"))
    if normals.shape[-1] > 62:
        raise ValueError(f"normals needs at most 62 planes in a table, got {normals.shape[-1]}")
    buckets = [hash_value(side_of_planes(vectors, planes)) for planes in normals]
    tables = [build_hash_table(of_position) for of_position in buckets]
    unit = unit_vectors(vectors)
    neighbors = np.full((len(vectors), k), -1, dtype=np.intp)
    for position in range(len(vectors)):
        shared = [table[of_position[position]] for table, of_position in zip(tables, buckets, strict=True)]
        candidates = np.unique(np.concatenate(shared))
        candidates = candidates[candidates != position]
        similarity = unit[candidates] @ unit[position]
        nearest = candidates[np.argsort(-similarity, kind="stable")[:k]]
        neighbors[position, : len(nearest)] = nearest
    return neighbors


def tables_needed(same_side, n_planes, wanted_recall):
    """Fewest tables that bring a pair together with the chance wanted, by the chance of one plane to leave it together.

    One table of P planes keeps the pair in one bucket with the chance q = same_side^P, and one of T tables does so with
    1 - (1 - q)^T. To reach the chance wanted exactly is enough; a part in 10^9 of a table counts as rounding.

    Parameters
    ----------
    same_side : chance that one plane leaves the two vectors on one side, 0 .. 1; 1 - angle/pi for random planes
    n_planes : P, at least 1
    wanted_recall : chance wanted, 0 .. 1

    Returns
    -------
    n_tables : T as an int, at least 1; None where no number of tables is enough

    Raises ValueError if a chance is not a number from 0 to 1 or `n_planes` is below 1.
    Source: Indyk, Motwani, "Approximate Nearest Neighbors: Towards Removing the Curse of Dimensionality" (1998).
    """
    same_side, wanted = require_chance("same_side", same_side), require_chance("wanted_recall", wanted_recall)
    one_table = same_side ** require_count("n_planes", n_planes)
    if wanted == 0 or one_table == 1:
        return 1
    if wanted == 1 or one_table == 0:
        return None
    n_tables = math.log1p(-wanted) / math.log1p(-one_table)
    whole = round(n_tables)
    return max(1, whole if math.isclose(n_tables, whole, rel_tol=1e-9) else math.ceil(n_tables))
