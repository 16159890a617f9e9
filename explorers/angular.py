"""The explorer of angular LSH (unit 03): points on the circle or the sphere, hashed by random rotations.

Hashing happens twice: here with `reformer.angular`, for the first state, and in the browser for every later one.
A test holds the two equal.
"""

import json

import numpy as np
import traitlets

from explorers.explorer import STILLS
from explorers.inputs import Array, Choice, Number, given, reported
from explorers.modules import FOLDER, join_modules
from explorers.points import ExplorerOfPoints, scatter_circle, scatter_sphere
from reformer.angular import angular_hash, draw_rotations

MAX_BUCKETS = 16
MAX_ROUNDS = 8
ANGLES = np.linspace(0, np.pi, 37)
THEORY = FOLDER / "theory.json"  # made by `python -m explorers.theory`, since computing it takes seconds


class AngularExplorer(ExplorerOfPoints):
    """Move points and rotations; see which points a query meets in its buckets, which near ones it misses, and why.

    Parameters
    ----------
    n_points : L, number of points on the circle and on the sphere, 8 to 500
    seed : of the points and of the first random numbers
    **state : first values of the inputs, such as `n_buckets=16, dimension=3`

    All traits can be read and set from Python at any time. `rotations`, `buckets` and `measured` belong to the
    browser, which overwrites them.
    """

    usual = {"n_points": 40, "seed": 2644}
    fewest = 8
    _esm = join_modules("angular.js")
    still = STILLS / "angular.png"
    still_state = {"n_draws": 1000}
    alternative_text = (
        "Forty points on a circle, which eight buckets cut into sectors of unequal width. The query, point 3, meets "
        "the points of its own bucket 5 and misses its near neighbours 2, 1 and 0 just across the border. Beside it, "
        "bars show by how much bucket 5 wins, how the chance to meet falls with the angle, and the bucket sizes."
    )

    dimension = Choice(2, [(2, "Circle"), (3, "Sphere")], label="Points on the", help="d of the points shown")
    circle = Array("float64", (None, 2), rows="direction", at_least=2, help="(L, 2) directions")
    sphere = Array("float64", (None, 3), rows="direction", as_many_as="circle", help="(L, 3) directions")
    query = Number(3, low=0, below="circle", label="Query point", help="point whose neighbours are sought")
    n_buckets = Number(8, low=2, high=MAX_BUCKETS, step=2, label="Buckets B", help="B, even, 2 .. 16")
    n_rounds = Number(1, low=1, high=MAX_ROUNDS, label="Hash rounds R", help="R")
    turn = Number(
        0.0, low=-180, high=180, whole=False, unit="°", label="Turn of the rotation", help="of axes 1 and 2, degrees"
    )
    n_near = Number(6, low=1, high=12, below="circle", label="Nearest points sought", help="how many count as near")
    shown_round = Number(
        1, low=1, high=MAX_ROUNDS, at_most="n_rounds", label="Round shown", help="whose buckets are drawn, 1 .. R"
    )
    azimuth = Number(
        -5.0, low=-180, high=180, whole=False, unit="°", only=("dimension", 3), label="Seen from", help="degrees"
    )
    elevation = Number(
        25.0, low=-90, high=90, whole=False, unit="°", only=("dimension", 3), label="Seen from above", help="degrees"
    )
    drawn = Array(
        "float64",
        (MAX_ROUNDS, 3, MAX_BUCKETS // 2),
        help="Gaussian numbers; the first R, d and B/2 are used",
    )
    chosen = Number(3, low=0, below="circle", help="point that the keys move, and whose dot products are shown")
    n_draws = Number(0, low=0, high=5000, help="fresh rotations over which meetings are counted")
    seed = Number(0, low=0, help="of the random numbers that the browser draws next")

    angles = given(Array("float64", help="(37,) angles of the theoretical curve, 0 .. pi"))
    theory = given(Array("float64", help="(8, 37) collision probability in one round, for B = 2, 4, .. 16"))
    rotations = reported(Array("float64", help="(R, d, B/2) rotations in use"))
    buckets = reported(Array("int32", help="(R, L) bucket of each point in each round"))
    measured = reported(Array("float64", help="(19,) share of `n_trials` draws in which angles[::2] meet in R rounds"))
    n_trials = reported(traitlets.Int(0, help="number of fresh rotations behind `measured`"))

    def first_arrays(self, rng, n_points):
        points = {"circle": scatter_circle(rng, n_points), "sphere": scatter_sphere(rng, n_points)}
        sizes = {"n_rounds": MAX_ROUNDS, "n_features": 3, "n_buckets": MAX_BUCKETS}
        given = {"angles": ANGLES, "theory": json.loads(THEORY.read_text(encoding="utf-8"))}
        return points | {"drawn": draw_rotations(rng, **sizes, dtype=np.float64)} | given

    def first_report(self):
        cos, sin = np.cos(np.deg2rad(self.turn)), np.sin(np.deg2rad(self.turn))
        turned = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ self.drawn
        self.rotations = turned[: self.n_rounds, : self.dimension, : self.n_buckets // 2]
        self.buckets = angular_hash(self.points, self.rotations)

    @property
    def points(self):
        """The (L, d) points that are shown now."""
        return self.circle if self.dimension == 2 else self.sphere
