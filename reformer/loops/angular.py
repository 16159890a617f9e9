"""Loop twins of `reformer.angular` (unit 03). Shapes and meaning are described there."""

import numpy as np


def angular_hash(vectors, rotations):
    *batch, n_positions, n_features = vectors.shape
    n_rounds, _, half = rotations.shape
    buckets = np.zeros((*batch, n_rounds, n_positions), dtype=np.intp)
    for entry in np.ndindex(*batch):
        for r in range(n_rounds):
            for position in range(n_positions):
                best_bucket, best_score = 0, -np.inf
                for bucket in range(2 * half):
                    sign = 1 if bucket < half else -1
                    score = 0.0
                    for feature in range(n_features):
                        score += vectors[*entry, position, feature] * rotations[r, feature, bucket % half]
                    if sign * score > best_score:
                        best_bucket, best_score = bucket, sign * score
                buckets[*entry, r, position] = best_bucket
    return buckets


def offset_rounds(buckets, n_buckets):
    *batch, n_rounds, n_positions = buckets.shape
    moved = np.zeros(buckets.shape, dtype=np.intp)
    for entry in np.ndindex(*batch):
        for r in range(n_rounds):
            for position in range(n_positions):
                moved[*entry, r, position] = int(buckets[*entry, r, position]) + r * n_buckets
    return moved


def collision_probability(angles, n_buckets):
    if n_buckets not in (2, 4):
        raise ValueError(f"n_buckets needs 2 or 4, got {n_buckets}")
    probability = np.zeros(np.shape(angles))
    for entry in np.ndindex(*np.shape(angles)):
        same_side = 1 - np.asarray(angles)[entry] / np.pi
        probability[entry] = same_side if n_buckets == 2 else same_side * same_side
    return probability


def chance_to_meet(probability, n_rounds):
    chance = np.zeros(np.shape(probability))
    for entry in np.ndindex(*np.shape(probability)):
        missed_every_time = 1.0
        for _ in range(n_rounds):
            missed_every_time *= 1 - np.asarray(probability)[entry]
        chance[entry] = 1 - missed_every_time
    return chance


def recall_and_cost(vectors, rotations, n_nearest):
    n_vectors = len(vectors)
    buckets = []
    for rotation in rotations:
        scores = [[*(vector @ rotation), *(-vector @ rotation)] for vector in vectors]
        buckets.append([of_vector.index(max(of_vector)) for of_vector in scores])
    n_found, n_met = 0, 0
    for i in range(n_vectors):
        others = []
        for j in range(n_vectors):
            lengths = np.sqrt(vectors[i] @ vectors[i]) * np.sqrt(vectors[j] @ vectors[j])
            if j != i:
                others.append((-(vectors[i] @ vectors[j]) / lengths if lengths > 0 else 0.0, j))
        nearest = [j for _, j in sorted(others)[:n_nearest]]
        for j in range(n_vectors):
            if j != i and any(of_round[i] == of_round[j] for of_round in buckets):
                n_met += 1
                n_found += j in nearest
    return n_found / (n_vectors * n_nearest), n_met / (n_vectors * (n_vectors - 1))
