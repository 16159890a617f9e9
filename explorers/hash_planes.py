"""The explorer of hash planes (unit 02): points in the plane, hashed by the sides of lines through the origin.

Hashing happens twice: here with `reformer.planes`, for the first state, and in the browser for every later one.
A test holds the two equal.
"""

import numpy as np
import traitlets

from explorers.explorer import STILLS
from explorers.inputs import Array, Number, reported
from explorers.modules import join_modules
from explorers.points import ExplorerOfPoints, scatter_disc
from reformer.planes import hash_value, side_of_planes

MAX_PLANES = 8
MAX_TABLES = 6


class HashPlanesExplorer(ExplorerOfPoints):
    """Move points and planes; see the bucket codes, whom a query finds and misses, and what planes and tables change.

    Parameters
    ----------
    n_points : L, number of points, 2 to 500
    seed : of the points and of the first planes
    **state : first values of the inputs, such as `n_planes=5, n_tables=2`

    All traits can be read and set from Python at any time. Those from `buckets` on belong to the browser, which
    overwrites them.
    """

    usual = {"n_points": 40, "seed": 299}
    _esm = join_modules("hash_planes.js")
    still = STILLS / "hash_planes.png"
    still_state = {"n_draws": 1000}
    alternative_text = (
        "Forty points in a disc that three planes cut into six sectors. The query, point 3, meets the seven others in "
        "its bucket 2 and misses its near neighbours 1 and 0 just across a plane. Beside it, the share of neighbours "
        "found falls from 90 % with one plane to 32 % with eight, the chance to meet falls with the angle, and bars "
        "show on which sides of the planes the query lies, and the bucket sizes and their bits."
    )

    points = Array("float64", (None, 2), rows="disc", at_least=2, help="(L, 2) points in the unit disc")
    angles = Array(
        "float64", (MAX_TABLES, MAX_PLANES), help="direction of each normal in radians; 0 .. P - 1 of T tables are used"
    )
    n_planes = Number(3, low=1, high=MAX_PLANES, label="Planes P", help="P, in each table")
    n_tables = Number(1, low=1, high=MAX_TABLES, label="Tables T", help="T")
    shown_table = Number(
        1, low=1, high=MAX_TABLES, at_most="n_tables", label="Table shown", help="whose planes are drawn, 1 .. T"
    )
    query = Number(3, low=0, below="points", label="Query point", help="point whose neighbours are sought")
    n_near = Number(
        6, low=1, high=12, below="points", label="Nearest points sought", help="how many count as near, by angle"
    )
    chosen = Number(3, low=0, below="points", help="point that the arrow keys move, and whose sides are shown")
    chosen_plane = Number(0, low=0, below="n_planes", help="plane of the shown table that T turns")
    n_draws = Number(0, low=0, high=5000, help="times that fresh planes are drawn and meetings counted")
    seed = Number(0, low=0, help="of the planes that the browser draws next")

    buckets = reported(Array("int32", help="(T, L) bucket of each point in each table"))
    recall = reported(Array("float64", help="(6, 8) share of near points found, for 1 .. 6 tables of 1 .. 8 planes"))
    compared = reported(Array("float64", help="(6, 8) share of all pairs that share a bucket, likewise"))
    measured = reported(Array("float64", help="(19,) share of `n_trials` draws in which pairs 0°, 10°, .. apart meet"))
    n_trials = reported(traitlets.Int(0, help="number of draws behind `measured`"))

    def first_arrays(self, rng, n_points):
        return {"points": scatter_disc(rng, n_points), "angles": rng.uniform(0, 2 * np.pi, (MAX_TABLES, MAX_PLANES))}

    def first_report(self):
        self.buckets = hash_value(side_of_planes(self.points, self.normals))

    @property
    def normals(self):
        """The (T, 2, P) normals of the planes in use, of length 1."""
        used = self.angles[: self.n_tables, : self.n_planes]
        return np.stack([np.cos(used), np.sin(used)], axis=1)
