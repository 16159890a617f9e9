"""What the heads of the trained models attend to, in figures: `python data/attention/heads.py`.

Means over the queries from position 256 on, of the first 1,024 held-out characters:

best1, best32        share of the weight on the best key, on the best 32
keys_for_90          how many keys it takes to hold 90 % of the weight
entropy              of the weights, in bits; all keys alike: 9.2 on average
previous, last32     weight on the character before, on the last 32 keys that the query sees
same, pair           weight on earlier characters that are the same; that also have the same predecessor
mean_query, mean_key |mean|^2 of the vectors at length one: 0 if they point everywhere, 1 if all point one way
"""

import numpy as np

from classroom import vectors

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


def figures_of_heads(found):
    """Figures of all heads of an `Attention`: {"0.0": {"best1": ...}}, where 0.0 is layer and head."""
    n_layers, n_heads = found.queries.shape[:2]
    places = [(layer, head) for layer in range(n_layers) for head in range(n_heads)]
    return {f"{layer}.{head}": figures_of_head(found, layer, head) for layer, head in places}


def figures_of_head(found, layer, head):
    """The figures of one head, a dict of `COLUMNS`."""
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
    }


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
    lines = [f"{'head':>6}" + "".join(f"{name:>12}" for name in COLUMNS)]
    for head, row in figures.items():
        lines.append(f"{head:>6}" + "".join(f"{row[name]:12.4g}" for name in COLUMNS))
    return "\n".join(lines)


if __name__ == "__main__":
    for name in vectors.MODELS:
        print(name, as_table(figures_of_heads(vectors.attention(name))), sep="\n")
