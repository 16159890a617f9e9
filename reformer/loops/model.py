"""Loop twins of the modules of unit 07. Shapes and meaning are described there."""

import numpy as np


def chunked_feed_forward(inputs, layer, *, chunk_length):
    length = inputs.shape[-2]
    outputs = np.zeros_like(inputs)
    start = 0
    while start < length:
        end = min(start + chunk_length, length)
        chunk_outputs = layer(inputs[..., start:end, :])
        for position in range(start, end):
            outputs[..., position, :] = chunk_outputs[..., position - start, :]
        start = end
    return outputs


def axial_positions(rows, columns):
    n_rows, d_rows = rows.shape
    n_columns, d_columns = columns.shape
    positions = np.zeros((n_rows * n_columns, d_rows + d_columns), dtype=rows.dtype)
    for position in range(n_rows * n_columns):
        row, column = position // n_columns, position % n_columns
        for feature in range(d_rows):
            positions[position, feature] = rows[row, feature]
        for feature in range(d_columns):
            positions[position, d_rows + feature] = columns[column, feature]
    return positions


def cross_entropy(logits, targets, weights):
    total_surprise, total_weight = 0.0, 0.0
    for entry in np.ndindex(*targets.shape):
        if weights[entry] == 0:
            continue
        largest = max(logits[entry])
        normalizer = 0.0
        for logit in logits[entry]:
            normalizer += np.exp(logit - largest)
        surprise = np.log(normalizer) + largest - logits[entry][targets[entry]]
        total_surprise += weights[entry] * surprise
        total_weight += weights[entry]
    return logits.dtype.type(total_surprise / total_weight)


def reformer_block(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    *batch, length, d = x1.shape
    d_head = d // n_heads
    n_rounds, _, half = rotations.shape

    def norm(x, p):
        normed = np.zeros_like(x)
        for position in range(length):
            mean = sum(x[position]) / d
            variance = sum((value - mean) ** 2 for value in x[position]) / d
            for k in range(d):
                centred = (x[position, k] - mean) / np.sqrt(variance + 1e-6)
                normed[position, k] = p["norm"]["scale"][k] * centred + p["norm"]["bias"][k]
        return normed

    def bucket(vector, rotation):
        scores = list(vector @ rotation) + list(-vector @ rotation)
        return scores.index(max(scores))

    def chunks_of_rounds(queries):
        """For each round, the positions sorted by bucket and cut into chunks: chunks[r][c] is a list."""
        chunks = []
        for r in range(n_rounds):
            buckets = [bucket(queries[position], rotations[r]) for position in range(length)]
            order = sorted(range(length), key=lambda position: (buckets[position], position))
            chunks.append([order[start : start + chunk_length] for start in range(0, length, chunk_length)])
        return chunks

    def attend(queries, values):
        """One head: each position gathers, over all rounds, what stands in its own chunk and in the one before."""
        chunks = chunks_of_rounds(queries)
        n_chunks = len(chunks[0])
        outputs = np.zeros_like(values)
        for position in range(length):
            logits, seen = [], []
            for r in range(n_rounds):
                own = next(c for c in range(n_chunks) if position in chunks[r][c])
                before = chunks[r][own - 1] if own > 0 else chunks[r - 1][n_chunks - 1]
                for other in [*before, *chunks[r][own]]:
                    if other <= position:
                        norm_of_key = np.sqrt(sum(queries[other] ** 2) + 1e-6 * d_head)
                        logit = queries[position] @ queries[other] / norm_of_key
                        logits.append(logit - 1e30 if other == position else logit)
                        seen.append(other)
            weights = [np.exp(logit - max(logits)) for logit in logits]
            for weight, other in zip(weights, seen, strict=True):
                outputs[position] += weight / sum(weights) * values[other]
        return outputs

    def attention(x, p):
        normed = norm(x, p)
        queries, values = normed @ p["w_qk"], normed @ p["w_v"]
        outputs = np.zeros_like(values)
        for head in range(n_heads):
            features = slice(head * d_head, (head + 1) * d_head)
            outputs[:, features] = attend(queries[:, features], values[:, features])
        return outputs @ p["w_out"]

    def feed_forward(x, p):
        normed = norm(x, p)
        outputs = np.zeros_like(x)
        for position in range(length):
            wide = [max(0.0, value) for value in normed[position] @ p["w_in"] + p["b_in"]]
            outputs[position] = np.array(wide, dtype=x.dtype) @ p["w_out"] + p["b_out"]
        return outputs

    y1, y2 = np.zeros_like(x1), np.zeros_like(x2)
    for entry in np.ndindex(*batch):
        y1[entry] = x1[entry] + attention(x2[entry], parameters["attention"])
        y2[entry] = x2[entry] + feed_forward(y1[entry], parameters["feed_forward"])
    return y1, y2


def adam_step(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    new_parameter, new_first, new_second = (np.zeros_like(parameter) for _ in range(3))
    for entry in np.ndindex(*parameter.shape):
        new_first[entry] = beta1 * first_moment[entry] + (1 - beta1) * gradient[entry]
        new_second[entry] = beta2 * second_moment[entry] + (1 - beta2) * gradient[entry] ** 2
        unbiased_first = new_first[entry] / (1 - beta1**step)
        unbiased_second = new_second[entry] / (1 - beta2**step)
        new_parameter[entry] = parameter[entry] - learning_rate * unbiased_first / (np.sqrt(unbiased_second) + epsilon)
    return new_parameter, new_first, new_second


def sample_token(logits, uniforms, *, temperature=1.0, top_k=None):
    vocabulary = logits.shape[-1]
    tokens = np.zeros(logits.shape[:-1], dtype=int)
    for place in np.ndindex(*tokens.shape):
        row = [float(logit) for logit in logits[place]]
        by_logit = sorted(range(vocabulary), key=lambda token: (-row[token], token))  # of equal ones the lower first
        kept = by_logit[: vocabulary if top_k is None else top_k]
        if temperature == 0:
            tokens[place] = kept[0]
            continue
        weights = [0.0] * vocabulary
        for token in kept:
            weights[token] = np.exp((row[token] - row[by_logit[0]]) / temperature)
        total, so_far = sum(weights), 0.0
        for token in range(vocabulary):
            so_far += weights[token]
            if weights[token] > 0:
                tokens[place] = token  # the last that can come, unless an earlier one does
            if so_far > uniforms[place] * total:
                break
    return tokens
