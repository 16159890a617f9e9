"""The slow, obvious twin of every function that a room's exercise asks for: one loop for each axis.

A twin says what its function means, and stands in for an answer that is not there yet. Each uses `np` and nothing else.
"""

import numpy as np


def attention_pool(vectors, scores, present):
    """Average the vectors of each bag by the softmax of the scores of what is present; zeros where nothing is."""
    pooled = np.zeros((vectors.shape[0], vectors.shape[2]))
    for bag in range(len(vectors)):
        here = [item for item in range(len(vectors[bag])) if present[bag, item]]
        if not here:
            continue
        top = max(scores[bag, item] for item in here)
        whole = sum(np.exp(scores[bag, item] - top) for item in here)
        for item in here:
            pooled[bag] += np.exp(scores[bag, item] - top) / whole * vectors[bag, item]
    return pooled


def strided_pattern(length, n_near, stride):
    pattern = np.zeros((length, length), dtype=bool)
    for i in range(length):
        for j in range(i + 1):
            pattern[i, j] = i - j < n_near or (i - j) % stride == 0
    return pattern


def memory_hops(question, keys, values):
    """Look at the lines of a memory once a hop, and add to the state what was read: the last state, and all weights."""
    n_hops, n_lines, n_features = keys.shape
    state, weights = [*question], np.zeros((n_hops, n_lines))
    for hop in range(n_hops):
        scores = []
        for line in range(n_lines):
            scores.append(sum(keys[hop, line, feature] * state[feature] for feature in range(n_features)))
        whole = sum(np.exp(score - max(scores)) for score in scores)
        for line in range(n_lines):
            weights[hop, line] = np.exp(scores[line] - max(scores)) / whole
        for feature in range(n_features):
            state[feature] += sum(weights[hop, line] * values[hop, line, feature] for line in range(n_lines))
    return np.array(state), weights


def multi_head_attention(x, memory, parameters, n_heads):
    """Each of x asks each of memory, in each head by itself; what all heads found stands side by side, times w_out."""
    d = parameters["w_q"].shape[1] // n_heads
    outputs = np.zeros((len(x), parameters["w_out"].shape[1]))
    for asks in range(len(x)):
        side_by_side = []
        for head in range(n_heads):
            its = slice(head * d, (head + 1) * d)
            query = x[asks] @ parameters["w_q"][:, its]
            scores = [query @ (other @ parameters["w_k"][:, its]) / np.sqrt(d) for other in memory]
            whole = sum(np.exp(score - max(scores)) for score in scores)
            average = np.zeros(d)
            for other, score in zip(memory, scores, strict=True):
                average += np.exp(score - max(scores)) / whole * (other @ parameters["w_v"][:, its])
            side_by_side.extend(average)
        outputs[asks] = np.array(side_by_side) @ parameters["w_out"]
    return outputs


def mask_tokens(tokens, pick, kind, random_tokens, mask_token, special):
    """Token by token: is it chosen, and what becomes of it: what the network gets, and what counts."""
    inputs, weights = np.array(tokens), np.zeros(np.shape(tokens))
    for at in np.ndindex(inputs.shape):
        if tokens[at] in special or pick[at] >= 0.15:
            continue
        weights[at] = 1
        if kind[at] < 0.8:
            inputs[at] = mask_token
        elif kind[at] < 0.9:
            inputs[at] = random_tokens[at]
    return inputs, weights
