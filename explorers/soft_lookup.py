"""The explorer of the soft look-up (unit 01): kernel regression along a road, beside its hard twin, the k nearest.

The estimate is computed twice: here with `reformer.neighbors`, for the first state, and in the browser for every
later one. A test holds the two equal.
"""

import numpy as np
import traitlets

from explorers.explorer import STILLS
from explorers.inputs import Array, Number, reported
from explorers.modules import join_modules
from explorers.points import ExplorerOfPoints
from reformer.neighbors import kernel_regression

ROAD = 10.0  # keys and query lie in 0 .. ROAD
HIGHEST = 2.0  # values lie in -HIGHEST .. HIGHEST


class SoftLookupExplorer(ExplorerOfPoints):
    """Move the query, the points and the bandwidth; see weights, estimate and nearest neighbours change together.

    Parameters
    ----------
    n_points : L, number of points along the road, 3 to 500
    seed : of the points
    **state : first values of the inputs, such as `query=2.0, bandwidth=0.3`

    All traits can be read and set from Python at any time. `weights`, `estimate`, `neighbors` and `hard_estimate`
    belong to the browser, which overwrites them.
    """

    usual = {"n_points": 12, "seed": 5}
    fewest = 3
    _esm = join_modules("soft_lookup.js")
    still = STILLS / "soft_lookup.png"
    alternative_text = (
        "Twelve noisy points along a road, a smooth curve of weighted averages through them, and the staircase of the "
        "3 nearest. At the query, 4.6, the estimate is −1.36: point 5 weighs most, 70 %, and the 3 nearest hold 98 % "
        "of the weight. Bars show the weights, and a second curve the estimate for every bandwidth."
    )

    keys_on_road = Array("float64", (None,), low=0, high=ROAD, help="(L,) places of the points, 0 .. 10")
    values = Array("float64", (None,), low=-HIGHEST, high=HIGHEST, as_many_as="keys_on_road", help="(L,), -2 .. 2")
    query = Number(4.6, low=0, high=ROAD, whole=False, step=0.1, label="Query", help="place whose value is estimated")
    bandwidth = Number(
        0.5, low=0.05, high=3, whole=False, step=0.05, label="Bandwidth h", help="h, how far a point reaches"
    )
    n_near = Number(3, low=1, at_most="keys_on_road", label="Nearest neighbours k", help="k, points of the hard twin")
    chosen = Number(0, low=0, below="keys_on_road", help="point that the keys W, A, S, D move")
    seed = Number(0, low=0, help="of the points that the browser draws next")

    weights = reported(Array("float64", help="(L,) weight of each point, adding up to 1"))
    estimate = reported(traitlets.Float(0.0, help="average of all values by their weights"))
    neighbors = reported(Array("int32", help="(k,) points nearest to the query, the nearest first"))
    hard_estimate = reported(traitlets.Float(0.0, help="plain average of the values of the nearest"))

    def first_arrays(self, rng, n_points):
        """Places in ascending order, unevenly spaced, and the noisy values of a wave there."""
        keys = ROAD * (np.arange(n_points) + rng.uniform(0.1, 0.9, n_points)) / n_points
        values = np.clip(1.2 * np.sin(keys) + 0.3 * rng.standard_normal(n_points), -HIGHEST, HIGHEST)
        return {"keys_on_road": keys, "values": values}

    def first_report(self):
        self.weights = self._estimate(np.eye(len(self.values)))
        self.estimate = float(self._estimate(self.values[:, np.newaxis])[0])
        distance = np.abs(self.keys_on_road - self.query)
        self.neighbors = np.argsort(distance, kind="stable")[: self.n_near]
        self.hard_estimate = float(self.values[self.neighbors].mean())

    def _estimate(self, values):
        """The weighted average of `values` (L, d_v) at the query; of the identity matrix, the weights themselves."""
        return kernel_regression(np.array([[self.query]]), self.keys_on_road[:, np.newaxis], values, self.bandwidth)[0]
