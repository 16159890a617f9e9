"""The explorer of hash planes (unit 02): points in the plane, hashed by the sides of lines through the origin.

Hashing happens twice: here with `reformer.planes`, for the first state, and in hash_planes.js for every later one.
A test holds the two equal.
"""

import numpy as np
import traitlets

from explorers.explorer import STILLS, Array, Explorer, join_modules, synced
from reformer.planes import hash_value, side_of_planes

MAX_PLANES = 8
MAX_TABLES = 6


class HashPlanesExplorer(Explorer):
    """Move points and planes; see the bucket codes, whom a query finds and misses, and what planes and tables change.

    Parameters
    ----------
    n_points : L, number of points, at least 2
    seed : of the points and of the first planes
    **state : first values of the traits, such as `n_planes=5, n_tables=2`

    All traits can be read and set from Python at any time. `buckets`, `recall` and `compared` belong to the browser,
    which overwrites them.
    """

    _esm = join_modules("hash_planes.js")
    still = STILLS / "hash_planes.png"
    alternative_text = (
        "Forty points in a disc that three planes cut into six sectors. The query, point 3, meets the seven others in "
        "its bucket 2 and misses its near neighbours 1 and 0 just across a plane. Beside it, the share of neighbours "
        "found falls from 90 % with one plane to 32 % with eight, and bars show the bucket sizes and their bits."
    )

    points = Array("float64", help="(L, 2) points in the unit disc")
    angles = Array("float64", help="(6, 8) direction of each normal in radians; planes 0 .. P - 1 of T tables are used")
    n_planes = synced(traitlets.Int(3, min=1, max=MAX_PLANES, help="P, in each table"))
    n_tables = synced(traitlets.Int(1, min=1, max=MAX_TABLES, help="T"))
    shown_table = synced(traitlets.Int(1, min=1, max=MAX_TABLES, help="table whose planes are drawn, 1 .. T"))
    query = synced(traitlets.Int(3, min=0, help="point whose neighbours are sought"))
    chosen = synced(traitlets.Int(0, min=0, help="point that the arrow keys move"))
    chosen_plane = synced(traitlets.Int(0, min=0, max=MAX_PLANES - 1, help="plane of the shown table that T turns"))
    n_near = synced(traitlets.Int(6, min=1, help="how many nearest points count as near; nearness is by angle"))
    seed = synced(traitlets.Int(0, help="of the planes that the browser draws next"))

    buckets = Array("int32", help="(T, L) bucket of each point in each table")
    recall = Array("float64", help="(6, 8) share of all near points found, for 1 .. 6 tables of 1 .. 8 planes")
    compared = Array("float64", help="(6, 8) share of all pairs that share a bucket, likewise")

    def __init__(self, n_points=40, seed=299, **state):
        rng = np.random.default_rng(seed)
        state = {"points": _scatter(rng, n_points), "seed": seed} | state
        state = {"angles": rng.uniform(0, 2 * np.pi, (MAX_TABLES, MAX_PLANES))} | state
        state.setdefault("chosen", state.get("query", 3))
        super().__init__(**state)
        self.buckets = hash_value(side_of_planes(self.points, self.normals))

    @property
    def normals(self):
        """The (T, 2, P) normals of the planes in use, of length 1."""
        used = self.angles[: self.n_tables, : self.n_planes]
        return np.stack([np.cos(used), np.sin(used)], axis=1)


def _scatter(rng, n_points):
    """Points all round, in order, at different distances from the origin."""
    angles = 2 * np.pi * (np.arange(n_points) + rng.uniform(0, 0.7, n_points)) / n_points
    distance = rng.uniform(0.35, 0.82, n_points)
    return np.stack([distance * np.cos(angles), distance * np.sin(angles)], axis=1)
