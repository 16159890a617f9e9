"""Points that explorers begin with: unevenly spaced, never on top of each other."""

import numpy as np

from explorers.explorer import Explorer
from explorers.inputs import refuse

MOST = 500  # more cannot be told apart


class ExplorerOfPoints(Explorer):
    """An explorer of L points that chance makes from a seed, unless a reader gives them as arrays.

    A subclass says in `usual` how many and from which seed, in `fewest` how few it can show, and makes its arrays in
    `first_arrays`.
    """

    usual = {"n_points": 40, "seed": 0}
    fewest = 2

    def __init__(self, n_points=None, seed=None, **state):
        seed = self.usual["seed"] if seed is None else seed
        of_points = [name for name, trait in self.inputs().items() if (trait.limits.get("shape") or [0])[0] is None]
        given = [state[name] for name in of_points if name in state]
        n_points = count_points(n_points, given, default=self.usual["n_points"], at_least=self.fewest)
        arrays = self.first_arrays(seeded(seed), n_points)
        query = self.inputs().get("query")
        if query and "below" in query.limits:
            state = with_chosen(state, n_points)
        super().__init__({"n_points": n_points, "seed": seed}, arrays, state)

    def first_arrays(self, rng, n_points):
        """Return the arrays of the first state, { trait: array }."""
        raise NotImplementedError


def count_points(n_points, given, *, default, at_least):
    """How many points to make: as many as asked for, else as many as stand in an array that was given, else `default`.

    Raises Refused if the number asked for cannot be shown; what was given is judged by its own trait.
    """
    if n_points is None:
        return next(filter(None, map(_rows_of, given)), default)
    if isinstance(n_points, bool) or not isinstance(n_points, int | np.integer) or not at_least <= n_points <= MOST:
        refuse("n_points", f"a whole number from {at_least} to {MOST}", n_points)
    return int(n_points)


def _rows_of(array):
    try:
        return len(array)
    except TypeError:
        return 0


def seeded(seed):
    """The random numbers of a seed; a seed that is none is refused by name."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        refuse("seed", "a whole number of at least 0", seed)
    return np.random.default_rng(seed)


def with_chosen(state, n_points):
    """A state in which the query, if it can be shown, is what the keys move, unless it says otherwise."""
    query = state.get("query")
    is_point = isinstance(query, int | np.integer) and 0 <= query < n_points
    return {"chosen": query} | state if is_point else state


def scatter_angles(rng, n_points):
    """Angles all round, in order."""
    return 2 * np.pi * (np.arange(n_points) + rng.uniform(0, 0.7, n_points)) / n_points


def scatter_circle(rng, n_points):
    """(L, 2) points round the circle in order."""
    angles = scatter_angles(rng, n_points)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def scatter_disc(rng, n_points):
    """(L, 2) points all round in order, at different distances from the origin."""
    angles = scatter_angles(rng, n_points)
    distance = rng.uniform(0.35, 0.82, n_points)
    return np.stack([distance * np.cos(angles), distance * np.sin(angles)], axis=1)


def scatter_sphere(rng, n_points):
    """(L, 3) points all over the sphere: a Fibonacci spiral, shaken."""
    height = 1 - 2 * (np.arange(n_points) + 0.5) / n_points
    angle = np.arange(n_points) * np.pi * (3 - np.sqrt(5))
    radius = np.sqrt(1 - height**2)
    spiral = np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)
    shaken = spiral + rng.normal(0, 0.12, spiral.shape)
    return shaken / np.linalg.norm(shaken, axis=1, keepdims=True)
