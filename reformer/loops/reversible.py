"""Loop twins of `reformer.gradients` and `reformer.reversible` (unit 06). Shapes and meaning are described there.

Functions such as f are applied to whole arrays, since they may mix the entries; all else is one entry at a time.
"""

import numpy as np


def linear_vjp(gradient, inputs, weights):
    d_in, d_out = weights.shape
    d_inputs, d_weights = np.zeros_like(inputs), np.zeros_like(weights)
    d_bias = np.zeros(d_out, dtype=weights.dtype)
    for entry in np.ndindex(*inputs.shape[:-1]):
        for j in range(d_out):
            d_bias[j] += gradient[*entry, j]
            for i in range(d_in):
                d_inputs[*entry, i] += gradient[*entry, j] * weights[i, j]
                d_weights[i, j] += gradient[*entry, j] * inputs[*entry, i]
    return d_inputs, d_weights, d_bias


def attention_vjp(gradient, queries, keys, values, mask, outputs, log_normalizers):
    *batch, n_queries, n_features = queries.shape
    d_queries, d_keys, d_values = np.zeros_like(queries), np.zeros_like(keys), np.zeros_like(values)
    for entry in np.ndindex(*batch):
        for i in range(n_queries):
            if log_normalizers[*entry, i] == -np.inf:
                continue
            for j in range(keys.shape[-2]):
                logit = mask[*entry, i, j]
                for feature in range(n_features):
                    logit += queries[*entry, i, feature] * keys[*entry, j, feature]
                weight = np.exp(logit - log_normalizers[*entry, i])
                d_logit = 0.0
                for feature in range(values.shape[-1]):
                    surplus = values[*entry, j, feature] - outputs[*entry, i, feature]
                    d_logit += weight * gradient[*entry, i, feature] * surplus
                    d_values[*entry, j, feature] += weight * gradient[*entry, i, feature]
                for feature in range(n_features):
                    d_queries[*entry, i, feature] += d_logit * keys[*entry, j, feature]
                    d_keys[*entry, j, feature] += d_logit * queries[*entry, i, feature]
    return d_queries, d_keys, d_values


def reversible_forward(x1, x2, f, g):
    y1, y2 = np.zeros_like(x1), np.zeros_like(x2)
    f_value = f(x2)
    for entry in np.ndindex(*x1.shape):
        y1[entry] = x1[entry] + f_value[entry]
    g_value = g(y1)
    for entry in np.ndindex(*x2.shape):
        y2[entry] = x2[entry] + g_value[entry]
    return y1, y2


def reversible_inverse(y1, y2, f, g):
    x1, x2 = np.zeros_like(y1), np.zeros_like(y2)
    g_value = g(y1)
    for entry in np.ndindex(*y2.shape):
        x2[entry] = y2[entry] - g_value[entry]
    f_value = f(x2)
    for entry in np.ndindex(*y1.shape):
        x1[entry] = y1[entry] - f_value[entry]
    return x1, x2


def reversible_backward(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    x1, x2, d_x1, d_x2 = (np.zeros_like(array) for array in (y1, y2, d_y1, d_y2))
    g_value, g_pull = g_with_pull(y1)
    through_g = g_pull(d_y2)
    for entry in np.ndindex(*y1.shape):
        x2[entry] = y2[entry] - g_value[entry]
        d_x1[entry] = d_y1[entry] + through_g[entry]
    f_value, f_pull = f_with_pull(x2)
    through_f = f_pull(d_x1)
    for entry in np.ndindex(*y1.shape):
        x1[entry] = y1[entry] - f_value[entry]
        d_x2[entry] = d_y2[entry] + through_f[entry]
    return x1, x2, d_x1, d_x2


def dropout(values, seed, *, rate):
    draws = np.random.default_rng(seed).random(values.shape)
    dropped = np.zeros_like(values)
    for entry in np.ndindex(*values.shape):
        if draws[entry] >= rate:
            dropped[entry] = values[entry] / (1 - rate)
    return dropped


def affine_coupling_forward(x1, x2, f, s):
    y1, y2 = np.zeros_like(x1), np.zeros_like(x2)
    f_value, s_value = f(x2), s(x2)
    for entry in np.ndindex(*x1.shape):
        y1[entry] = x1[entry] * np.exp(s_value[entry]) + f_value[entry]
        y2[entry] = x2[entry]
    return y1, y2


def affine_coupling_inverse(y1, y2, f, s):
    x1, x2 = np.zeros_like(y1), np.zeros_like(y2)
    f_value, s_value = f(y2), s(y2)
    for entry in np.ndindex(*y1.shape):
        x1[entry] = (y1[entry] - f_value[entry]) / np.exp(s_value[entry])
        x2[entry] = y2[entry]
    return x1, x2


def lifting_step(signal, predict, update):
    *batch, n_entries = signal.shape
    even = np.zeros((*batch, n_entries // 2), dtype=signal.dtype)
    odd, detail, average = np.zeros_like(even), np.zeros_like(even), np.zeros_like(even)
    for *entry, i in np.ndindex(*even.shape):
        even[*entry, i] = signal[*entry, 2 * i]
        odd[*entry, i] = signal[*entry, 2 * i + 1]
    predicted = predict(even)
    for entry in np.ndindex(*even.shape):
        detail[entry] = odd[entry] - predicted[entry]
    change = update(detail)
    for entry in np.ndindex(*even.shape):
        average[entry] = even[entry] + change[entry]
    return average, detail
