"""Answers as a learner writes them, in the cells of a notebook that is none: each cell is a file."""


def run_cells(folder, *cells):
    """Run the sources of some cells in one namespace, which is returned; `inspect` finds what they define."""
    folder.mkdir(parents=True, exist_ok=True)
    namespace = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        path = folder / f"cell{number}.py"
        path.write_text(cell, encoding="utf-8")
        exec(compile(cell, str(path), "exec"), namespace)
    return namespace


# Right answers to exercises of labs 03 to 05, in a learner's style: with float64 where the core has float32.
IMPORTS = """
import numpy as np
from reformer.chunking import look_adjacent, sort_by_bucket, split_into_chunks, undo_sort
"""
SORT_BY_BUCKET = """
STABLE = "stable"


def by_number(numbers):
    return np.argsort(numbers, axis=-1, kind=STABLE)


def sort_by_bucket(buckets):
    return by_number(buckets)
"""
UNDO_SORT = """
def undo_sort(order):
    return np.argsort(order, axis=-1)
"""
LOOK_ADJACENT = """
def look_adjacent(chunks, *, n_before=1, n_after=0):
    row = chunks.reshape(*chunks.shape[:-3], -1, chunks.shape[-1])
    seen = [np.roll(row, step, axis=-2) for step in range(n_before, -n_after - 1, -1)]
    return np.concatenate(seen, axis=-1).reshape(*chunks.shape[:-1], -1)
"""
ATTENTION_MASK = """
def attention_mask(query_positions, key_positions, *, causal=True, avoid_self=True):
    queries, keys = query_positions[..., :, np.newaxis], key_positions[..., np.newaxis, :]
    hidden = (queries == -1) | (keys == -1) | ((keys > queries) & causal)
    return np.where(hidden, -np.inf, np.where((queries == keys) & avoid_self, -1e30, 0.0))
"""
LSH_ATTENTION = """
def softmax(logits):
    largest = np.max(logits, axis=-1, keepdims=True)
    weights = np.exp(logits - np.where(np.isneginf(largest), 0, largest))
    total = np.sum(weights, axis=-1, keepdims=True)
    return weights / np.where(total == 0, 1, total), (largest + np.log(total))[..., 0]


def lsh_attention(queries_keys, values, buckets, *, n_buckets, chunk_length):
    def fetch(vectors, positions):
        flat = positions.reshape(*vectors.shape[:-2], -1, 1)
        return np.take_along_axis(vectors, flat, axis=-2).reshape(*positions.shape, -1)

    squares = np.sum(queries_keys**2, axis=-1, keepdims=True)
    unit = queries_keys / np.sqrt(squares + 1e-6 * queries_keys.shape[-1])
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    products = fetch(queries_keys, chunks) @ np.swapaxes(fetch(unit, windows), -1, -2)
    weights, normalizers = softmax(products + attention_mask(chunks, windows))
    undo = undo_sort(order)
    outputs = (weights @ fetch(values, windows)).reshape(*order.shape, -1)
    outputs = np.take_along_axis(outputs, undo[..., np.newaxis], axis=-2)
    normalizers = np.take_along_axis(normalizers.reshape(order.shape), undo, axis=-1)
    shares, _ = softmax(np.swapaxes(normalizers, -1, -2))
    return np.einsum("...lr,...rle->...le", shares, outputs)
"""
CELLS = (IMPORTS, SORT_BY_BUCKET, UNDO_SORT, LOOK_ADJACENT, ATTENTION_MASK, LSH_ATTENTION)
NAMES = ("sort_by_bucket", "undo_sort", "look_adjacent", "attention_mask", "lsh_attention")
