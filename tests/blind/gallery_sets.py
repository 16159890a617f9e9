"""Answers to the exercise of room G1, written from the room's text alone, before any mistake was listed."""

import numpy as np

from tests.blind import right, wrong


@right("attention_pool")
def by_numerator_and_denominator(vectors, scores, present):
    top = np.max(np.where(present, scores, -1e300), axis=1, keepdims=True)
    parts = np.exp(np.where(present, scores - top, 0)) * present
    whole = parts.sum(axis=1)[:, None]
    sums = (parts[:, :, None] * vectors).sum(axis=1)
    return np.divide(sums, whole, out=np.zeros_like(sums), where=whole > 0)


@right("attention_pool")
def bag_after_bag_with_average(vectors, scores, present):
    pooled = np.zeros((vectors.shape[0], vectors.shape[2]))
    for b in range(len(vectors)):
        kept = present[b]
        if kept.any():
            s = scores[b][kept]
            pooled[b] = np.average(vectors[b][kept], axis=0, weights=np.exp(s - s.max()))
    return pooled


@right("attention_pool")
def by_logaddexp(vectors, scores, present):
    s = np.where(present, scores, -np.inf)
    total = np.logaddexp.reduce(s, axis=1)
    safe = np.where(np.isfinite(total), total, 0)
    return np.matmul(np.exp(s - safe[:, None])[:, None, :], vectors)[:, 0]


@wrong("attention_pool", truth="Multiplies the scores by the mask, so an absent item has score 0 and takes part.")
def scores_times_mask(vectors, scores, present):
    s = scores * present
    w = np.exp(s - s.max(axis=1, keepdims=True))
    w = w / w.sum(axis=1, keepdims=True)
    return np.einsum("bn,bnd->bd", w, vectors)


@wrong("attention_pool", truth="Softmax over all items, then absent weights are set to 0 and not made to sum to 1 again.")
def zero_after_softmax(vectors, scores, present):
    w = np.exp(scores - scores.max(axis=1, keepdims=True))
    w /= w.sum(axis=1, keepdims=True)
    w[~present] = 0
    return (w[:, :, None] * vectors).sum(axis=1)


@wrong("attention_pool", truth="The mask is not used at all.")
def forgets_present(vectors, scores, present):
    w = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
    w = w / np.sum(w, axis=-1, keepdims=True)
    return np.sum(w[..., None] * vectors, axis=1)


@wrong("attention_pool", truth="Softmax along axis 0, over the bags.")
def softmax_along_the_first_axis(vectors, scores, present):
    s = np.where(present, scores, -np.inf)
    w = np.exp(s - s.max(axis=0))
    w = w / w.sum(axis=0)
    return np.nan_to_num(np.einsum("bn,bnd->bd", np.nan_to_num(w), vectors))


@wrong("attention_pool", truth="exp without subtracting the largest score; overflows for scores about 1000.")
def plain_exponentials(vectors, scores, present):
    w = np.exp(scores) * present
    total = w.sum(axis=1, keepdims=True)
    w = w / np.where(total == 0, 1, total)
    return np.einsum("bn,bnd->bd", w, vectors)


@wrong("attention_pool", truth="An empty bag gives NaN, since 0 is divided by 0.")
def empty_bag_is_nan(vectors, scores, present):
    s = np.where(present, scores, -np.inf)
    w = np.exp(s - s.max(axis=1, keepdims=True))
    w = w / w.sum(axis=1, keepdims=True)
    return np.einsum("bn,bnd->bd", w, vectors)


@wrong("attention_pool", truth="Hides with -1e9, so an empty bag gives the plain mean of all its absent items.")
def minus_a_billion(vectors, scores, present):
    s = np.where(present, scores, -1e9)
    w = np.exp(s - s.max(axis=1, keepdims=True))
    w = w / w.sum(axis=1, keepdims=True)
    return np.einsum("bn,bnd->bd", w, vectors)


@wrong("attention_pool", truth="The plain mean of the present items; scores are not used.")
def mean_of_present(vectors, scores, present):
    n = np.maximum(present.sum(axis=1), 1)
    return np.einsum("bn,bnd->bd", present.astype(float), vectors) / n[:, None]


@wrong("attention_pool", truth="The item of the largest score alone.")
def takes_the_best(vectors, scores, present):
    best = np.argmax(np.where(present, scores, -np.inf), axis=1)
    out = vectors[np.arange(len(vectors)), best]
    return np.where(present.any(axis=1)[:, None], out, 0)


@wrong("attention_pool", truth="The mask is taken the wrong way round: the present items are hidden.")
def mask_inverted(vectors, scores, present):
    s = np.where(present, -np.inf, scores)
    top = np.max(s, axis=1, keepdims=True)
    w = np.exp(s - np.where(np.isfinite(top), top, 0))
    total = w.sum(axis=1, keepdims=True)
    return np.einsum("bn,bnd->bd", w / np.where(total > 0, total, 1), vectors)


@wrong("attention_pool", truth="Divides the weighted average by the number of items once more.")
def divides_by_n_too(vectors, scores, present):
    s = np.where(present, scores, -np.inf)
    top = np.max(s, axis=1, keepdims=True)
    w = np.exp(s - np.where(np.isfinite(top), top, 0))
    total = w.sum(axis=1, keepdims=True)
    return np.mean((w / np.where(total > 0, total, 1))[..., None] * vectors, axis=1)


@wrong("attention_pool", truth="Returns the weights, not the average.")
def gives_the_weights(vectors, scores, present):
    s = np.where(present, scores, -np.inf)
    top = np.max(s, axis=1, keepdims=True)
    w = np.exp(s - np.where(np.isfinite(top), top, 0))
    total = w.sum(axis=1, keepdims=True)
    return w / np.where(total > 0, total, 1)


@wrong("attention_pool", truth="Weights are divided by the sum over the whole batch.")
def one_sum_for_all_bags(vectors, scores, present):
    w = np.exp(scores - scores.max()) * present
    return np.einsum("bn,bnd->bd", w / w.sum(), vectors)
