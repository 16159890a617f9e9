"""Loop twins of `reformer.planes` (unit 02). Shapes and meaning are described there."""

import numpy as np


def side_of_planes(vectors, normals):
    n_features, n_planes = normals.shape
    sides = np.zeros((*vectors.shape[:-1], n_planes), dtype=bool)
    for entry in np.ndindex(*vectors.shape[:-1]):
        for p in range(n_planes):
            dot = 0.0
            for feature in range(n_features):
                dot += vectors[entry][feature] * normals[feature, p]
            sides[entry][p] = dot >= 0
    return sides


def hash_value(sides):
    buckets = np.zeros(sides.shape[:-1], dtype=np.int64)
    for entry in np.ndindex(*buckets.shape):
        for plane, positive in enumerate(sides[entry]):
            if positive:
                buckets[entry] += 2**plane
    return buckets


def build_hash_table(buckets):
    table = {}
    for position in range(len(buckets)):
        bucket = int(buckets[position])
        if bucket not in table:
            table[bucket] = []
        table[bucket].append(position)
    return table


def approximate_k_nearest(vectors, k, normals):
    neighbors = np.full((len(vectors), k), -1, dtype=np.intp)
    for i, vector in enumerate(vectors):
        found = []
        for j, other in enumerate(vectors):
            share_a_bucket = any(
                all((vector @ plane >= 0) == (other @ plane >= 0) for plane in table.T) for table in normals
            )
            if j != i and share_a_bucket:
                norms = np.sqrt(vector @ vector) * np.sqrt(other @ other)
                found.append((-(vector @ other) / norms if norms > 0 else 0.0, j))
        for place, (_, j) in enumerate(sorted(found)[:k]):
            neighbors[i, place] = j
    return neighbors


def tables_needed(same_side, n_planes, wanted_recall):
    in_one_table = 1.0
    for _ in range(n_planes):
        in_one_table *= same_side
    never_enough = (in_one_table == 0 and wanted_recall > 0) or (in_one_table < 1 and wanted_recall == 1)
    if never_enough:
        return None
    n_tables, missed = 1, 1 - in_one_table
    while 1 - missed < wanted_recall - 1e-12:
        n_tables += 1
        missed *= 1 - in_one_table
    return n_tables
