"""Loop twins of `reformer.reversible` (unit 06). Shapes and meaning are described there.

Functions such as f are applied to whole arrays, since they may mix the entries; all else is one entry at a time.
"""

import numpy as np


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


def reversible_backward(y1, y2, d_y1, d_y2, f_vjp, g_vjp):
    x1, x2, d_x1, d_x2 = (np.zeros_like(array) for array in (y1, y2, d_y1, d_y2))
    g_value, g_pull = g_vjp(y1)
    through_g = g_pull(d_y2)
    for entry in np.ndindex(*y1.shape):
        x2[entry] = y2[entry] - g_value[entry]
        d_x1[entry] = d_y1[entry] + through_g[entry]
    f_value, f_pull = f_vjp(x2)
    through_f = f_pull(d_x1)
    for entry in np.ndindex(*y1.shape):
        x1[entry] = y1[entry] - f_value[entry]
        d_x2[entry] = d_y2[entry] + through_f[entry]
    return x1, x2, d_x1, d_x2


def replay_dropout(values, seed, *, rate):
    draws = np.random.default_rng(seed).random(values.shape)
    dropped = np.zeros_like(values)
    for entry in np.ndindex(*values.shape):
        if draws[entry] >= rate:
            dropped[entry] = values[entry] / (1 - rate)
    return dropped


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
