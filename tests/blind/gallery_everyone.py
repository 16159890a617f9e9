"""Answers to the exercise of room G5, written from the room's text alone, before any mistake was listed."""

import numpy as np

from tests.blind import right, wrong


def _softmax(s):
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@right("multi_head_attention")
def with_split(x, memory, parameters, n_heads):
    q, k, v = x @ parameters["w_q"], memory @ parameters["w_k"], memory @ parameters["w_v"]
    outs = []
    for qh, kh, vh in zip(*(np.split(a, n_heads, axis=-1) for a in (q, k, v)), strict=True):
        outs.append(_softmax(qh @ kh.T / np.sqrt(qh.shape[-1])) @ vh)
    return np.hstack(outs) @ parameters["w_out"]


@right("multi_head_attention")
def four_axes_at_once(x, memory, parameters, n_heads):
    d = parameters["w_q"].shape[0]
    wq, wk, wv = (parameters[n].reshape(d, n_heads, -1) for n in ("w_q", "w_k", "w_v"))
    q, k = np.einsum("nd,dhe->hne", x, wq), np.einsum("md,dhe->hme", memory, wk)
    v = np.einsum("md,dhe->hme", memory, wv)
    w = _softmax(np.einsum("hne,hme->hnm", q, k) / q.shape[-1] ** 0.5)
    return np.einsum("hnm,hme,hef->nf", w, v, parameters["w_out"].reshape(n_heads, -1, d))


@right("multi_head_attention")
def sum_over_heads(x, memory, parameters, n_heads):
    d = x.shape[1] // n_heads
    total = np.zeros((x.shape[0], parameters["w_out"].shape[1]))
    for h in range(n_heads):
        cols = slice(h * d, h * d + d)
        s = (x @ parameters["w_q"][:, cols]) @ (memory @ parameters["w_k"][:, cols]).T
        total += _softmax(s * d**-0.5) @ (memory @ parameters["w_v"][:, cols]) @ parameters["w_out"][cols]
    return total


def _heads(a, n_heads):
    return a.reshape(a.shape[0], n_heads, -1).swapaxes(0, 1)


def _all(x, memory, parameters, n_heads):
    return (
        _heads(x @ parameters["w_q"], n_heads),
        _heads(memory @ parameters["w_k"], n_heads),
        _heads(memory @ parameters["w_v"], n_heads),
    )


def _join(heads):
    return heads.swapaxes(0, 1).reshape(heads.shape[1], -1)


@wrong("multi_head_attention", truth="Reshapes straight to (heads, n, d/heads), so heads are stretches of rows.")
def reshaped_without_swap(x, memory, parameters, n_heads):
    q, k, v = (
        a.reshape(n_heads, a.shape[0], -1)
        for a in (x @ parameters["w_q"], memory @ parameters["w_k"], memory @ parameters["w_v"])
    )
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return _join(w @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="Scores divided by sqrt(d), d the whole width, not that of a head.")
def scaled_by_the_whole_width(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(x.shape[1]))
    return _join(w @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="Scores are not divided at all.")
def unscaled(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    return _join(_softmax(q @ k.swapaxes(1, 2)) @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="Scores divided by d/heads, without the root.")
def no_root(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    w = _softmax(q @ k.swapaxes(1, 2) / q.shape[-1])
    return _join(w @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="Stops after the heads are put side by side; w_out is not used.")
def no_last_map(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return _join(w @ v)


@wrong("multi_head_attention", truth="Self-attention: keys and values come from x, and memory is not used.")
def never_looks_at_memory(x, memory, parameters, n_heads):
    q, k, v = _all(x, x, parameters, n_heads)
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return _join(w @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="Queries come from memory and keys and values from x: roles exchanged.")
def roles_exchanged(x, memory, parameters, n_heads):
    q, k, v = _all(memory, x, parameters, n_heads)
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return _join(w @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="One softmax over everything, n_heads is ignored: a single head of width d.")
def one_wide_head(x, memory, parameters, n_heads):
    q, k, v = x @ parameters["w_q"], memory @ parameters["w_k"], memory @ parameters["w_v"]
    return _softmax(q @ k.T / np.sqrt(q.shape[1])) @ v @ parameters["w_out"]


@wrong("multi_head_attention", truth="Softmax over those who ask (axis 1) and not over those who are asked.")
def softmax_over_askers(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    s = q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1])
    w = _softmax(s.swapaxes(1, 2)).swapaxes(1, 2)
    return _join(w @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="Heads are averaged, each put through w_out's rows, so all is divided by heads.")
def heads_averaged(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return _join(w @ v) @ parameters["w_out"] / n_heads


@wrong("multi_head_attention", truth="Merges by reshape without swapping the axes back.")
def merged_without_swap(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return (w @ v).reshape(x.shape[0], -1) @ parameters["w_out"]


@wrong("multi_head_attention", truth="exp without subtracting the largest score: overflow for large scores.")
def raw_exponentials(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    e = np.exp(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return _join(e / e.sum(axis=-1, keepdims=True) @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="The keys' matrix is used for the values as well.")
def keys_as_values(x, memory, parameters, n_heads):
    q, k, _ = _all(x, memory, parameters, n_heads)
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return _join(w @ k) @ parameters["w_out"]


@wrong("multi_head_attention", truth="Adds x to the result, as a block would.")
def residual_added(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return x + _join(w @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="Cuts heads as every n_heads-th column instead of blocks; w_out expects blocks.")
def interleaved_columns(x, memory, parameters, n_heads):
    q, k, v = (
        a.reshape(a.shape[0], -1, n_heads).transpose(2, 0, 1)
        for a in (x @ parameters["w_q"], memory @ parameters["w_k"], memory @ parameters["w_v"])
    )
    w = _softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]))
    return _join(w @ v) @ parameters["w_out"]


@wrong("multi_head_attention", truth="Forgets the softmax: scores themselves are the weights.")
def linear_scores(x, memory, parameters, n_heads):
    q, k, v = _all(x, memory, parameters, n_heads)
    return _join(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[-1]) @ v) @ parameters["w_out"]
