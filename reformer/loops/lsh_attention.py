"""Loop twins of `reformer.masks` and `reformer.lsh_attention` (unit 05). Shapes and meaning are described there."""

import numpy as np


def attention_mask(
    query_positions, key_positions, *, causal=True, avoid_self=True, query_buckets=None, key_buckets=None
):
    *batch, n_queries = query_positions.shape
    n_keys = key_positions.shape[-1]
    mask = np.zeros((*batch, n_queries, n_keys), dtype=np.float32)
    for entry in np.ndindex(*batch):
        for i in range(n_queries):
            for j in range(n_keys):
                query, key = query_positions[*entry, i], key_positions[*entry, j]
                if query == -1 or key == -1 or (causal and key > query):
                    mask[*entry, i, j] = -np.inf
                elif query_buckets is not None and query_buckets[*entry, i] != key_buckets[*entry, j]:
                    mask[*entry, i, j] = -np.inf
                elif avoid_self and query == key:
                    mask[*entry, i, j] = -1e30
    return mask


def attend_within_chunks(queries, keys, values, mask):
    *batch, chunk_length, n_features = queries.shape
    outputs = np.zeros((*batch, chunk_length, values.shape[-1]), dtype=queries.dtype)
    log_normalizers = np.full((*batch, chunk_length), -np.inf, dtype=queries.dtype)
    for entry in np.ndindex(*batch):
        for i in range(chunk_length):
            logits = []
            for j in range(keys.shape[-2]):
                dot = 0.0
                for feature in range(n_features):
                    dot += float(queries[*entry, i, feature]) * float(keys[*entry, j, feature])
                logits.append(dot + float(mask[*entry, i, j]))
            top = max(logits)
            if top == -np.inf:
                continue
            total = 0.0
            for logit in logits:
                total += np.exp(logit - top)
            log_normalizers[*entry, i] = top + np.log(total)
            for j in range(keys.shape[-2]):
                outputs[*entry, i] += np.exp(logits[j] - top) / total * values[*entry, j]
    return outputs, log_normalizers


def combine_rounds(outputs, log_normalizers):
    *batch, n_rounds, n_positions, n_features = outputs.shape
    combined = np.zeros((*batch, n_positions, n_features), dtype=outputs.dtype)
    for entry in np.ndindex(*batch):
        for position in range(n_positions):
            top = max(float(log_normalizers[*entry, r, position]) for r in range(n_rounds))
            if top == -np.inf:
                continue
            total = 0.0
            for r in range(n_rounds):
                total += np.exp(log_normalizers[*entry, r, position] - top)
            for r in range(n_rounds):
                share = np.exp(log_normalizers[*entry, r, position] - top) / total
                combined[*entry, position] += share * outputs[*entry, r, position]
    return combined


def count_duplicates(query_positions, key_positions, visible):
    *batch, n_rounds, n_chunks, chunk_length = query_positions.shape
    window_length = key_positions.shape[-1]
    counts = np.zeros(visible.shape, dtype=np.intp)
    for entry in np.ndindex(*batch):
        met = {}
        for place in np.ndindex(n_rounds, n_chunks, chunk_length, window_length):
            if visible[*entry, *place]:
                r, chunk, i, j = place
                pair = (int(query_positions[*entry, r, chunk, i]), int(key_positions[*entry, r, chunk, j]))
                met.setdefault(pair, []).append(place)
        for places in met.values():
            for place in places:
                counts[*entry, *place] = len(places)
    return counts


def lsh_attention(
    queries_keys,
    values,
    buckets,
    *,
    n_buckets,
    chunk_length,
    causal=True,
    n_before=1,
    n_after=0,
    wrap="global",
    same_bucket_only=False,
    correct_duplicates=False,
):
    *batch, n_positions, n_features = queries_keys.shape
    n_rounds = buckets.shape[-2]
    outputs = np.zeros(values.shape, dtype=values.dtype)
    for entry in np.ndindex(*batch):
        chunks, chunk_of = [], []
        for r in range(n_rounds):
            order = sorted(range(n_positions), key=buckets[*entry, r].__getitem__)
            chunks.append([order[start : start + chunk_length] for start in range(0, n_positions, chunk_length)])
            chunk_of.append({position: c for c, chunk in enumerate(chunks[r]) for position in chunk})
        n_chunks = len(chunks[0])

        for query in range(n_positions):
            met = []
            for r in range(n_rounds):
                for step in range(-n_before, n_after + 1):
                    chunk, seen_round = chunk_of[r][query] + step, r
                    if wrap == "none" and not 0 <= chunk < n_chunks:
                        continue
                    if wrap == "global":
                        seen_round = (r + chunk // n_chunks) % n_rounds
                    for key in chunks[seen_round][chunk % n_chunks]:
                        same_bucket = seen_round == r and buckets[*entry, r, query] == buckets[*entry, r, key]
                        if key != query and not (causal and key > query) and (same_bucket or not same_bucket_only):
                            met.append(key)
            if not met:
                outputs[*entry, query] = values[*entry, query]
                continue

            weights = []
            for key in met:
                dot = squares = 0.0
                for feature in range(n_features):
                    number = float(queries_keys[*entry, key, feature])
                    dot += float(queries_keys[*entry, query, feature]) * number
                    squares += number * number
                logit = dot / np.sqrt(squares + 1e-6 * n_features)
                weights.append(logit - np.log(met.count(key)) if correct_duplicates else logit)
            top = max(weights)
            weights = [np.exp(logit - top) for logit in weights]
            total = sum(weights)
            for weight, key in zip(weights, met, strict=True):
                outputs[*entry, query] += weight / total * values[*entry, key]
    return outputs


def newest_attention(queries_keys, values, buckets, *, settled, **options):
    outputs = np.zeros(values.shape, dtype=values.dtype)
    for n in range(settled, values.shape[-2] + 1):
        so_far = lsh_attention(queries_keys[..., :n, :], values[..., :n, :], buckets[..., :n], **options)
        for position in range(n):
            if n == settled or position == n - 1:
                outputs[..., position, :] = so_far[..., position, :]
    return outputs
