"""The explorer of angular LSH (unit 03): points on the circle or the sphere, hashed by random rotations.

Hashing happens twice: here with `reformer.angular`, for the first state, and in angular.js for every later one.
A test holds the two equal.
"""

import functools

import numpy as np
import traitlets

from explorers.explorer import STILLS, Array, Explorer, join_modules, synced
from reformer.angular import angular_hash, collision_probability, draw_rotations

MAX_BUCKETS = 16
MAX_ROUNDS = 8
ANGLES = np.linspace(0, np.pi, 37)


class AngularExplorer(Explorer):
    """Move points and rotations; see which points a query meets in its buckets, and which near ones it misses.

    Parameters
    ----------
    n_points : L, number of points on the circle and on the sphere, at least 8
    seed : of the points and of the first random numbers
    **state : first values of the traits, such as `n_buckets=16, dimension=3`

    All traits can be read and set from Python at any time. `rotations`, `buckets` and `measured` belong to the
    browser, which overwrites them.
    """

    _esm = join_modules("angular.js")
    still = STILLS / "angular.png"
    alternative_text = (
        "Forty points on a circle, which eight buckets cut into sectors of unequal width. The query, point 3, meets "
        "the points of its own bucket 5 and misses its near neighbours 2, 1 and 0 just across the border. Beside it, "
        "the chance to share a bucket falls with the angle between two points, and bars show the bucket sizes."
    )

    dimension = synced(traitlets.Enum([2, 3], 2, help="d: 2 is the circle, 3 the sphere"))
    circle = Array("float64", help="(L, 2) points on the circle")
    sphere = Array("float64", help="(L, 3) points on the sphere")
    drawn = Array("float64", help="(8, 3, 8) Gaussian numbers; rotations use the first R, d and B/2 of them")
    n_buckets = synced(traitlets.Int(8, help="B, even, 2 .. 16"))
    n_rounds = synced(traitlets.Int(1, min=1, max=MAX_ROUNDS, help="R"))
    shown_round = synced(traitlets.Int(1, min=1, max=MAX_ROUNDS, help="round whose buckets are drawn, 1 .. R"))
    turn = synced(traitlets.Float(0.0, help="degrees by which every rotation is turned in the plane of axes 1 and 2"))
    query = synced(traitlets.Int(3, min=0, help="point whose neighbours are sought"))
    chosen = synced(traitlets.Int(0, min=0, help="point that the keys move"))
    n_near = synced(traitlets.Int(6, min=1, help="how many nearest points count as near"))
    azimuth = synced(traitlets.Float(-5.0, help="degrees; direction from which the sphere is seen"))
    elevation = synced(traitlets.Float(25.0, help="degrees; height from which the sphere is seen"))
    seed = synced(traitlets.Int(0, help="of the random numbers that the browser draws next"))
    angles = Array("float64", help="(37,) angles of the theoretical curve, 0 .. pi")
    theory = Array("float64", help="(8, 37) collision probability in one round, for B = 2, 4, .. 16")

    rotations = Array("float64", help="(R, d, B/2) rotations in use")
    buckets = Array("int32", help="(R, L) bucket of each point in each round")
    measured = Array("float64", help="(19,) share of fresh rotations in which points at angles[::2] meet in R rounds")
    n_trials = synced(traitlets.Int(0, help="number of fresh rotations behind `measured`"))

    def __init__(self, n_points=40, seed=2644, **state):
        rng = np.random.default_rng(seed)
        state = {"circle": _scatter_circle(rng, n_points), "sphere": _scatter_sphere(rng, n_points)} | state
        drawn = draw_rotations(rng, n_rounds=MAX_ROUNDS, n_features=3, n_buckets=MAX_BUCKETS, dtype=np.float64)
        state = {"drawn": drawn, "seed": seed, "angles": ANGLES, "theory": _theory()} | state
        state.setdefault("chosen", state.get("query", 3))
        super().__init__(**state)
        self.rotations = self._turned()
        self.buckets = angular_hash(self.points, self.rotations)

    @property
    def points(self):
        """The (L, d) points that are shown now."""
        return self.circle if self.dimension == 2 else self.sphere

    @traitlets.validate("n_buckets")
    def _even(self, proposal):
        if proposal["value"] not in range(2, MAX_BUCKETS + 1, 2):
            raise traitlets.TraitError(
                f"n_buckets needs an even number from 2 to {MAX_BUCKETS}, got {proposal['value']}"
            )
        return proposal["value"]

    def _turned(self):
        cos, sin = np.cos(np.deg2rad(self.turn)), np.sin(np.deg2rad(self.turn))
        turn = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
        return (turn @ self.drawn)[: self.n_rounds, : self.dimension, : self.n_buckets // 2]


@functools.cache
def _theory():
    """Table of `collision_probability` at ANGLES for every number of buckets on offer. Takes a second, once."""
    return np.array([collision_probability(ANGLES, n_buckets) for n_buckets in range(2, MAX_BUCKETS + 1, 2)])


def _scatter_circle(rng, n_points):
    """Points round the circle in order, unevenly spaced but never on top of each other."""
    angles = 2 * np.pi * (np.arange(n_points) + rng.uniform(0, 0.7, n_points)) / n_points
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _scatter_sphere(rng, n_points):
    """Points all over the sphere: a Fibonacci spiral, shaken."""
    height = 1 - 2 * (np.arange(n_points) + 0.5) / n_points
    angle = np.arange(n_points) * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - height**2)
    spiral = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    shaken = spiral + rng.normal(0, 0.12, spiral.shape)
    return shaken / np.linalg.norm(shaken, axis=1, keepdims=True)
