"""Loop twins of `reformer.neighbors` (unit 01). Shapes and meaning are described there.

Only `top_k_attention` takes batch axes, as only its exercise asks them.
"""

import numpy as np


def cosine_similarity(queries, keys):
    similarity = np.zeros((len(queries), len(keys)))
    for i, query in enumerate(queries):
        for j, key in enumerate(keys):
            dot = sum(a * b for a, b in zip(query, key, strict=True))
            norms = np.sqrt(sum(a * a for a in query)) * np.sqrt(sum(b * b for b in key))
            similarity[i, j] = dot / norms if norms > 0 else 0.0
    return similarity


def k_nearest(vectors, k):
    neighbors = np.zeros((len(vectors), k), dtype=np.intp)
    for i, vector in enumerate(vectors):
        others = []
        for j, other in enumerate(vectors):
            norms = np.sqrt(sum(a * a for a in vector)) * np.sqrt(sum(b * b for b in other))
            dot = sum(a * b for a, b in zip(vector, other, strict=True))
            if j != i:
                others.append((-dot / norms if norms > 0 else 0.0, j))
        neighbors[i] = [j for _, j in sorted(others)[:k]]
    return neighbors


def kernel_regression(queries, keys, values, bandwidth):
    estimates = np.zeros((len(queries), values.shape[-1]))
    for i, query in enumerate(queries):
        exponents = []
        for key in keys:
            squared_distance = sum((a - b) ** 2 for a, b in zip(query, key, strict=True))
            exponents.append(-squared_distance / (2 * bandwidth**2))
        weights = [np.exp(exponent - max(exponents)) for exponent in exponents]
        for j, weight in enumerate(weights):
            estimates[i] += weight / sum(weights) * values[j]
    return estimates


def softmax_attention(queries, keys, values):
    attended = np.zeros((len(queries), values.shape[-1]))
    for i, query in enumerate(queries):
        logits = []
        for key in keys:
            logits.append(sum(a * b for a, b in zip(query, key, strict=True)) / np.sqrt(len(query)))
        weights = [np.exp(logit - max(logits)) for logit in logits]
        for j, weight in enumerate(weights):
            attended[i] += weight / sum(weights) * values[j]
    return attended


def top_k_attention(queries, keys, values, k):
    *batch, n_queries, n_features = queries.shape
    attended = np.zeros((*batch, n_queries, values.shape[-1]))
    for entry in np.ndindex(*batch):
        for i in range(n_queries):
            scores = []
            for key in keys[entry]:
                dot = sum(a * b for a, b in zip(queries[*entry, i], key, strict=True))
                scores.append(dot / np.sqrt(n_features))
            ranked = sorted((-score, j) for j, score in enumerate(scores))
            best = [j for _, j in ranked[:k]]
            weights = [np.exp(scores[j] - max(scores)) for j in best]
            for j, weight in zip(best, weights, strict=True):
                attended[*entry, i] += weight / sum(weights) * values[*entry, j]
    return attended
