"""The explorer of dot products (unit 01): a query and keys as arrows in the plane, their scores, the weights they get.

Scores and weights are computed twice: here with `reformer.neighbors`, for the first state, and in the browser for
every later one. A test holds the two equal.
"""

import numpy as np

from explorers.explorer import STILLS, Explorer
from explorers.inputs import Array, Choice, Number, reported
from explorers.modules import join_modules
from explorers.points import count_points, seeded
from reformer.neighbors import cosine_similarity, softmax_attention

FARTHEST = 3.0  # query and keys lie in -FARTHEST .. FARTHEST along each axis


class DotProductExplorer(Explorer):
    """Turn and stretch the query, move the keys; see shadows, scores and weights change together.

    Parameters
    ----------
    n_points : K, number of keys, 2 to 500
    seed : of the keys
    **state : first values of the inputs, such as `query=[1.0, 0.5], score="cosine"`

    All traits can be read and set from Python at any time. `scores` and `weights` belong to the browser, which
    overwrites them.
    """

    _esm = join_modules("dot_products.js")
    still = STILLS / "dot_products.png"
    alternative_text = (
        "A query and six keys as arrows from the middle of a plane, the shadow of key 0 on the query, and the line on "
        "which a key would score the same. Key 0 weighs most, 48 %, since it is 2.0 long, though key 1, 0.6 long, "
        "points more nearly the query's way. Bars show the scores and the weights."
    )

    query = Array("float64", (2,), low=-FARTHEST, high=FARTHEST, help="(2,) the query")
    key_vectors = Array("float64", (None, 2), low=-FARTHEST, high=FARTHEST, at_least=2, help="(K, 2) the keys")
    score = Choice(
        "dot",
        [("dot", "Dot"), ("cosine", "Cosine"), ("distance", "Distance")],
        help="what a key is judged by: its dot product with the query by √2, their cosine, or half their squared "
        "distance, negative",
        label="Score",
    )
    n_near = Number(2, low=1, at_most="key_vectors", label="Best keys k", help="k, keys that stand out")
    chosen = Number(0, low=0, below="key_vectors", help="key that W, A, S, D move")
    seed = Number(0, low=0, help="of the keys that the browser draws next")

    scores = reported(Array("float64", help="(K,) score of each key"))
    weights = reported(Array("float64", help="(K,) weight of each key: the softmax of the scores"))

    def __init__(self, n_points=None, seed=1572, **state):
        those = [state["key_vectors"]] if "key_vectors" in state else []
        n_points = count_points(n_points, those, default=6, at_least=2)
        keys = np.clip(1.2 * seeded(seed).standard_normal((n_points, 2)), -FARTHEST, FARTHEST)
        made = {"query": np.array([1.2, 0.5]), "key_vectors": np.round(keys, 2)}
        super().__init__({"n_points": n_points, "seed": seed}, made, state)

    def first_report(self):
        query, keys = self.query[np.newaxis], self.key_vectors
        of = {
            "dot": lambda: query @ keys.T / np.sqrt(2),
            "cosine": lambda: cosine_similarity(query, keys),
            "distance": lambda: -((query - keys) ** 2).sum(axis=1)[np.newaxis] / 2,
        }
        self.scores = of[self.score]()[0]
        self.weights = softmax_attention(np.ones((1, 1)), self.scores[:, np.newaxis], np.eye(len(keys)))[0]
