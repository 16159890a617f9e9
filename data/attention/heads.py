"""What the heads of the trained models attend to, in figures: `python data/attention/heads.py`.

Means over the queries from position 256 on, of the first 1,024 held-out characters:

best1, best32        share of the weight on the best key, on the best 32
keys_for_90          how many keys it takes to hold 90 % of the weight
entropy              of the weights, in bits; all keys alike: 9.2 on average
previous, last32     weight on the character before, on the last 32 keys that the query sees
same, pair           weight on earlier characters that are the same; that also have the same predecessor
mean_query, mean_key |mean|^2 of the vectors at length one: 0 if they point everywhere, 1 if all point one way

And where queries are keys, the weight on a fifth of the pairs of a query and an earlier key, in ways of choosing them:

by_best, by_window   the heaviest pairs; the last keys before each query
by_hash              those that share a bucket, of 64, in 1 to 16 hash rounds; the mean of the first 256 is removed
by_chance            the same, with the bucket numbers dealt out anew
"""

import numpy as np

from classroom import vectors
from reformer.angular import angular_hash, draw_rotations

FIRST_QUERY = 256
COLUMNS = (
    "best1",
    "best32",
    "keys_for_90",
    "entropy",
    "previous",
    "last32",
    "same",
    "pair",
    "mean_query",
    "mean_key",
)
PAY_OFF = ("by_best", "by_window", "by_hash", "by_chance")  # of a model whose queries are its keys
SHARE = 0.2
N_DRAWS, N_ROUNDS, N_BUCKETS = 4, 16, 64


def figures_of_heads(found):
    """Figures of all heads of an `Attention`: {"0.0": {"best1": ...}}, where 0.0 is layer and head."""
    n_layers, n_heads = found.queries.shape[:2]
    places = [(layer, head) for layer in range(n_layers) for head in range(n_heads)]
    return {f"{layer}.{head}": figures_of_head(found, layer, head) for layer, head in places}


def figures_of_head(found, layer, head):
    """The figures of one head, a dict of `COLUMNS`, and of `PAY_OFF` where queries are keys."""
    weights = found.weights(layer, head)[FIRST_QUERY:].astype(np.float64)
    falling = -np.sort(-weights, axis=1)
    logs = np.log2(weights, out=np.zeros_like(weights), where=weights > 0)
    back = np.arange(FIRST_QUERY, len(found.text))[:, np.newaxis] - np.arange(len(found.text))
    nearest = 1 if found.shared else 0  # how far back the last key stands that a query sees
    letters = np.array(list(found.text))
    same = (letters[FIRST_QUERY:, np.newaxis] == letters) & (back > 0)
    before = np.concatenate([[""], letters[:-1]])
    pair = same & (before[FIRST_QUERY:, np.newaxis] == before)
    return {
        "best1": np.mean(falling[:, 0]),
        "best32": np.mean(np.sum(falling[:, :32], axis=1)),
        "keys_for_90": np.mean(1 + np.sum(np.cumsum(falling, axis=1) < 0.9, axis=1)),
        "entropy": np.mean(-np.sum(weights * logs, axis=1)),
        "previous": weight_on(weights, back == 1),
        "last32": weight_on(weights, (back >= nearest) & (back < nearest + 32)),
        "same": weight_on(weights, same),
        "pair": weight_on(weights, pair),
        "mean_query": direction_in_common(found.queries[layer, head]),
        "mean_key": direction_in_common(found.keys[layer, head]),
        **(weight_met(weights, found.queries[layer, head]) if found.shared else {}),
    }


def weight_met(weights, queries):
    """Weight on a fifth of the pairs, a dict of `PAY_OFF`: means over several draws of the hash."""
    length, rng = len(queries), np.random.default_rng(0)
    earlier = np.tri(length, k=-1, dtype=bool)[FIRST_QUERY:]
    falling = np.sort(weights, axis=1)
    sizes = (4, 8, 16, 32, 64, 128, 256, 512, length - 1)
    windows = [~np.tri(length, k=-size - 1, dtype=bool)[FIRST_QUERY:] for size in sizes]
    centred = queries - queries[:FIRST_QUERY].mean(axis=0)
    draws = []
    for _ in range(N_DRAWS):
        rotations = draw_rotations(rng, n_rounds=N_ROUNDS, n_features=queries.shape[1], n_buckets=N_BUCKETS)
        hashed = angular_hash(centred, rotations)
        both = hashed, rng.permuted(hashed, axis=1)
        draws.append([at_share(weights, earlier, met_so_far(buckets)) for buckets in both])
    by_hash, by_chance = np.mean(draws, axis=0)
    return {
        "by_best": at_share(weights, earlier, [weights >= falling[:, [-size]] for size in sizes]),
        "by_window": at_share(weights, earlier, windows),
        "by_hash": by_hash,
        "by_chance": by_chance,
    }


def met_so_far(buckets):
    """Which keys share a bucket with each query in the first round, in the first two, ...: boolean arrays."""
    met = False
    for one in buckets:
        met = met | (one[FIRST_QUERY:, np.newaxis] == one)
        yield met


def at_share(weights, earlier, chosen):
    """Weight on a fifth of the pairs, read between sets of pairs of which each is larger than the one before."""
    rows = [(np.sum(pairs & earlier), weight_on(weights, pairs & earlier)) for pairs in chosen]
    return np.interp(SHARE * np.sum(earlier), *np.transpose(rows))


def weight_on(weights, places):
    """Mean weight of a query on the places that are True."""
    return np.mean(np.sum(weights, axis=1, where=places))


def direction_in_common(arrows):
    """Squared length of the mean of the vectors at length one."""
    units = arrows / np.linalg.norm(arrows, axis=1, keepdims=True)
    return np.sum(np.mean(units, axis=0) ** 2)


def rounded(figures):
    """Numbers of nested dicts with four digits."""
    if isinstance(figures, dict):
        return {name: rounded(figure) for name, figure in figures.items()}
    return float(f"{figures:.4g}")


def as_table(figures):
    """The figures of all heads as lines of text."""
    columns = list(next(iter(figures.values())))
    lines = [f"{'head':>6}" + "".join(f"{name:>12}" for name in columns)]
    for head, row in figures.items():
        lines.append(f"{head:>6}" + "".join(f"{row[name]:12.4g}" for name in columns))
    return "\n".join(lines)


if __name__ == "__main__":
    for name in vectors.MODELS:
        print(name, as_table(figures_of_heads(vectors.attention(name))), sep="\n")
