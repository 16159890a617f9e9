"""Answers to `top_k_attention` of lab 01, written from its text alone."""

import heapq

import numpy as np

from tests.blind import right, wrong


@wrong(
    "top_k_attention",
    truth="Keeps every key that reaches the k-th best score, so a tie at that place keeps more than k. "
    "Shows only where the k-th and the next score are equal.",
)
def keeps_all_that_tie_with_the_kth(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    threshold = np.sort(scores, axis=-1)[..., -k, np.newaxis]
    scores = np.where(scores >= threshold, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ values


@wrong(
    "top_k_attention",
    truth="Ranks upwards and takes the last k, so of equal scores the higher positions stay. "
    "Shows only where a tie straddles the k-th place.",
)
def takes_the_last_k_of_an_ascending_order(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(scores, axis=-1, kind="stable")[..., : scores.shape[-1] - k]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Sorts without kind='stable', so which of equal scores come first is up to the sort. "
    "Shows only with ties at the k-th place; on machines with a plain sort only with more than 16 keys.",
)
def sorts_without_stable(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1)[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="np.argpartition finds k best keys, but picks any of equal scores and not the lower positions. "
    "Shows only with ties at the k-th place.",
)
def partitions_for_speed(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    best = np.argpartition(-scores, k - 1, axis=-1)[..., :k]
    masked = np.full_like(scores, -np.inf)
    np.put_along_axis(masked, best, np.take_along_axis(scores, best, axis=-1), axis=-1)
    weights = np.exp(masked - masked.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Takes the softmax over all keys and sets the weights of the others to zero, so the kept ones do not add up "
    "to one. Shows for every k below K.",
)
def leaves_the_weights_of_full_attention(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(weights, left_out, 0.0, axis=-1)
    return weights @ values


@wrong(
    "top_k_attention",
    truth="Sets the scores left out to 0 in place of minus infinity, so these keys keep a weight. "
    "Shows for every k below K unless the best scores are very large.",
)
def masks_scores_with_zero(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, 0.0, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Masks with -1000 in place of minus infinity. Shows only where all scores of a query, the kept ones "
    "too, are near -1000 or below: then keys left out get weight.",
)
def masks_with_minus_a_thousand(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -1000.0, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Does not divide the scores by the root of d. The same keys are kept, but the weights are too sharp; "
    "hidden for k = 1 and for d = 1.",
)
def forgets_the_root_of_d(queries, keys, values, k):
    scores = np.einsum("...qd,...kd->...qk", queries, keys)
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    scores = scores.astype(float)
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Divides by the root of keys.shape[1], which is d only without batch axes. "
    "With one batch axis it is K, with two a batch length; hidden where these equal d, and for k = 1.",
)
def takes_d_from_axis_one(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(keys.shape[1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Divides by the root of k, the number of kept keys, in place of d. Hidden where k equals d or k is 1.",
)
def divides_by_the_root_of_k(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(k)
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="keys.T turns over all axes, so it fails or mixes the batch entries as soon as there is a batch axis.",
)
def transposes_all_axes(queries, keys, values, k):
    scores = queries @ keys.T / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Ranks along the axis of the queries: each key keeps its k best queries. "
    "Shows for almost all inputs with k < K, a query may even keep no key and give nan.",
)
def ranks_along_the_queries(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-2, kind="stable")[..., k:, :]
    np.put_along_axis(scores, left_out, -np.inf, axis=-2)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Takes the softmax along the queries, so the weights of a query do not add up to one. "
    "Shows for almost every input.",
)
def softmax_along_the_queries(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    kept = np.ones_like(scores)
    np.put_along_axis(kept, left_out, 0.0, axis=-1)
    weights = np.exp(scores - scores.max()) * kept
    total = weights.sum(axis=-2, keepdims=True)
    return weights / np.where(total == 0, 1, total) @ values


@wrong(
    "top_k_attention",
    truth="Chooses one set of k keys for all queries of a batch entry, by their summed scores. "
    "Shows where two queries have different best keys; hidden for Q = 1 and k = K.",
)
def one_choice_for_all_queries(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    best = np.argsort(-scores.sum(axis=-2), axis=-1, kind="stable")[..., :k]
    few_scores = np.take_along_axis(scores, best[..., np.newaxis, :], axis=-1)
    few_values = np.take_along_axis(values, best[..., np.newaxis], axis=-2)
    weights = np.exp(few_scores - few_scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ few_values


@wrong(
    "top_k_attention",
    truth="Does not take the largest score off before np.exp. Scores above about 709 overflow to nan, and where all "
    "kept scores lie below about -745 it divides zero by zero.",
)
def exp_without_taking_the_maximum_off(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores)
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Takes the largest score of the whole array off and not that of each query. Shows only where the best score "
    "of a query is some 745 below the best of another one: there it gives nan.",
)
def takes_one_maximum_off_everywhere(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - np.max(scores))
    return weights / np.sum(weights, axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Adds 1e-9 to the sum of unshifted exponentials 'against division by zero'. Shows where the kept scores "
    "are all strongly negative (below about -10), and overflows above 709.",
)
def adds_a_small_number_below(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    weights = np.exp(scores)
    np.put_along_axis(weights, left_out, 0.0, axis=-1)
    return weights / (weights.sum(axis=-1, keepdims=True) + 1e-9) @ values


@wrong(
    "top_k_attention",
    truth="Ranks by the size of the score without its sign, so a strongly negative score counts as good. "
    "Shows where a negative score is among the k largest in size.",
)
def ranks_by_absolute_score(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-np.abs(scores), axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Chooses the keys by cosine, as a nearest neighbour search does, and not by score. "
    "Shows where the keys have different lengths; a zero key or query gives nan.",
)
def chooses_by_cosine(queries, keys, values, k):
    dots = queries @ np.swapaxes(keys, -1, -2)
    cosines = dots / np.linalg.norm(queries, axis=-1)[..., :, np.newaxis]
    cosines = cosines / np.linalg.norm(keys, axis=-1)[..., np.newaxis, :]
    scores = dots / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-cosines, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Leaves out the places from k + 1 on, so each query keeps one key too many. Hidden only for k = K.",
)
def keeps_one_too_many(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k + 1 :]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="The places left out are written as the last K - k, by a negative index. For k = K that is -0, "
    "which takes all of them: the result is nan. Right for every other k.",
)
def counts_the_left_out_from_the_end(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    n_left_out = keys.shape[-2] - k
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., -n_left_out:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Keeps the scores strictly above the (k + 1)-th best. Where that ties with the k-th, fewer than k are kept; "
    "where all kept ones tie, none, and the result is nan.",
)
def keeps_only_scores_above_the_next(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    if k < scores.shape[-1]:
        next_best = -np.sort(-scores, axis=-1)[..., k : k + 1]
        scores = np.where(scores > next_best, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Looks up the position of each of the k best scores with list.index, so a score that occurs twice "
    "takes the first of its keys twice. Shows only with equal scores among the k best.",
)
def looks_positions_up_by_score(queries, keys, values, k):
    result = np.zeros((*queries.shape[:-1], values.shape[-1]))
    for place in np.ndindex(*queries.shape[:-1]):
        entry = place[:-1]
        scores = [float(queries[place] @ key) / np.sqrt(queries.shape[-1]) for key in keys[entry]]
        best = [scores.index(score) for score in sorted(scores, reverse=True)[:k]]
        weights = np.exp([scores[j] - max(scores) for j in best])
        result[place] = weights @ values[entry][best] / weights.sum()
    return result


@wrong(
    "top_k_attention",
    truth="A dictionary from score to position holds each score once, with its last position. "
    "Shows only where a query has equal scores.",
)
def files_positions_by_score(queries, keys, values, k):
    result = np.zeros((*queries.shape[:-1], values.shape[-1]))
    for place in np.ndindex(*queries.shape[:-1]):
        entry = place[:-1]
        position_of = {float(queries[place] @ key) / np.sqrt(queries.shape[-1]): j for j, key in enumerate(keys[entry])}
        best_scores = sorted(position_of, reverse=True)[:k]
        weights = [np.exp(score - best_scores[0]) for score in best_scores]
        for score, weight in zip(best_scores, weights, strict=True):
            result[place] += weight / sum(weights) * values[entry][position_of[score]]
    return result


@wrong(
    "top_k_attention",
    truth="Makes ties unique by taking 1e-6 times the position off the scores that it ranks. Shows only where a "
    "later key is better than an earlier one by less than that, around the k-th place: then the wrong one is kept.",
)
def breaks_ties_with_a_slope(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    sloped = scores - 1e-6 * np.arange(scores.shape[-1])
    threshold = np.sort(sloped, axis=-1)[..., -k, np.newaxis]
    scores = np.where(sloped >= threshold, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Rounds the scores to three decimals for the ranking, to be safe about ties. Shows only where two scores "
    "around the k-th place differ by less than 0.001 and the better one comes later.",
)
def rounds_before_ranking(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-np.round(scores, 3), axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Multiplies scores with a 0/1 mask and takes every zero for 'left out', so a kept key whose score "
    "is exactly 0 loses its weight. Shows for keys at right angles to the query, and nan for a zero query.",
)
def takes_a_zero_score_for_left_out(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    kept = np.zeros_like(scores)
    np.put_along_axis(kept, np.argsort(-scores, axis=-1, kind="stable")[..., :k], 1, axis=-1)
    scores = scores * kept
    weights = np.where(scores != 0, np.exp(scores - scores.max(axis=-1, keepdims=True)), 0)
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Averages the values of the k best keys evenly, without the softmax. Hidden for k = 1 and equal scores.",
)
def averages_the_best_evenly(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    weights = np.zeros_like(scores)
    np.put_along_axis(weights, best, 1 / k, axis=-1)
    return weights @ values


@wrong(
    "top_k_attention",
    truth="Gathers the values with values[best], which indexes the first axis: right without batch axes, "
    "but with them it picks batch entries (or fails).",
)
def gathers_values_by_plain_indexing(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    top = np.take_along_axis(scores, best, axis=-1)
    weights = np.exp(top - top[..., :1])
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.sum(weights[..., np.newaxis] * values[best], axis=-2)


@wrong(
    "top_k_attention",
    truth="Handles no batch axis, or a single one by a loop over the first axis. With two batch axes or more it fails.",
)
def loops_over_one_batch_axis(queries, keys, values, k):
    def single(q, keys_of_entry, v):
        result = np.zeros((q.shape[0], v.shape[1]))
        for i in range(q.shape[0]):
            scores = keys_of_entry @ q[i] / np.sqrt(q.shape[1])
            best = np.argsort(-scores, kind="stable")[:k]
            weights = np.exp(scores[best] - scores[best[0]])
            result[i] = (weights / weights.sum()) @ v[best]
        return result

    if queries.ndim == 2:
        return single(queries, keys, values)
    return np.array([single(queries[b], keys[b], values[b]) for b in range(len(queries))])


@wrong(
    "top_k_attention",
    truth="Squeezes the result, so axes of length 1 go missing. Shows for Q = 1, m = 1 or a batch axis of length 1.",
)
def squeezes_the_result(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    top = np.take_along_axis(scores, best, axis=-1)
    weights = np.exp(top - top[..., :1])
    weights /= weights.sum(axis=-1, keepdims=True)
    picked = np.take_along_axis(values[..., np.newaxis, :, :], best[..., np.newaxis], axis=-2)
    return np.squeeze(weights[..., np.newaxis, :] @ picked)


@wrong(
    "top_k_attention",
    truth="Fills an array of the type of `values`, so with whole-number values the averages are cut off. "
    "Right for float values.",
)
def fills_an_array_of_the_values_type(queries, keys, values, k):
    result = np.empty((*queries.shape[:-1], values.shape[-1]), dtype=values.dtype)
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    for place in np.ndindex(*queries.shape[:-1]):
        row = scores[place]
        best = np.argsort(-row, kind="stable")[:k]
        weights = np.exp(row[best] - row[best[0]])
        result[place] = weights @ values[place[:-1]][best] / weights.sum()
    return result


@wrong(
    "top_k_attention",
    truth="Shapes the result like the queries, (..., Q, d), in place of (..., Q, m). "
    "Fails where m differs from d (or spreads m = 1 over d columns).",
)
def shapes_the_result_like_the_queries(queries, keys, values, k):
    result = np.zeros(queries.shape)
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    for place in np.ndindex(*queries.shape[:-1]):
        row = scores[place]
        best = np.argsort(-row, kind="stable")[:k]
        weights = np.exp(row[best] - row[best[0]])
        result[place] = weights @ values[place[:-1]][best] / weights.sum()
    return result


@wrong(
    "top_k_attention",
    truth="Lets no position attend to itself, as in a search for neighbours. Shows where Q = K and a query's own "
    "position is among its k best (and always for k = K).",
)
def leaves_the_own_position_out(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    if scores.shape[-1] == scores.shape[-2] > 1:
        scores = np.where(np.eye(scores.shape[-1], dtype=bool), -np.inf, scores)
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="The short way for k = 1 takes the best key over all queries and not for each query (argmax without axis). "
    "Shows only for k = 1, with more than one query or batch entry.",
)
def short_way_for_one_key(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    if k == 1:
        best = np.unravel_index(np.argmax(scores), scores.shape)
        row = values[(*best[:-2], best[-1])]
        return np.broadcast_to(row, (*queries.shape[:-1], values.shape[-1])).astype(float)
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Gathers the k best scores in ranked order, but multiplies with the first k values as they lie. "
    "Right only where the k best keys are the first ones in falling order.",
)
def pairs_ranked_weights_with_unranked_values(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    top = -np.sort(-scores, axis=-1)[..., :k]
    weights = np.exp(top - top[..., :1])
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights @ values[..., :k, :]


@wrong(
    "top_k_attention",
    truth="Half finished: the mask is made on a sorted copy, so all keys keep their weight and the result is that of "
    "full attention. Hidden only for k = K.",
)
def masks_a_copy(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    ranked = -np.sort(-scores, axis=-1)
    ranked[..., k:] = -np.inf
    weights = np.exp(scores - ranked.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@wrong(
    "top_k_attention",
    truth="Works in half precision to save memory, so the result is off in the fourth digit, and scores or values "
    "above 65504 become infinite.",
)
def computes_in_half_precision(queries, keys, values, k):
    queries, keys, values = (np.asarray(a, dtype=np.float16) for a in (queries, keys, values))
    scores = queries @ np.swapaxes(keys, -1, -2) / np.float16(np.sqrt(queries.shape[-1]))
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (weights / weights.sum(axis=-1, keepdims=True) @ values).astype(float)


@right("top_k_attention")
def by_stable_order_and_minus_infinity(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    left_out = np.argsort(-scores, axis=-1, kind="stable")[..., k:]
    np.put_along_axis(scores, left_out, -np.inf, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True) @ values


@right("top_k_attention")
def by_loops_and_a_heap(queries, keys, values, k):
    n_features = queries.shape[-1]
    result = np.zeros((*queries.shape[:-1], values.shape[-1]))
    for *entry, i in np.ndindex(*queries.shape[:-1]):
        query, entry_keys, entry_values = queries[(*entry, i)], keys[tuple(entry)], values[tuple(entry)]
        pairs = [(-float(np.dot(query, key)) / n_features**0.5, j) for j, key in enumerate(entry_keys)]
        best = heapq.nsmallest(k, pairs)
        top = best[0][0]
        weights = [np.exp(top - minus_score) for minus_score, _ in best]
        for weight, (_, j) in zip(weights, best, strict=True):
            result[(*entry, i)] += weight * entry_values[j] / sum(weights)
    return result


@right("top_k_attention")
def by_einsum_and_gathering(queries, keys, values, k):
    scores = np.einsum("...qd,...kd->...qk", queries, keys) / np.sqrt(keys.shape[-1])
    best = np.argsort(-scores, axis=-1, kind="stable")[..., :k]
    top = np.take_along_axis(scores, best, axis=-1)
    weights = np.exp(top - top[..., :1])
    weights = weights / weights.sum(axis=-1, keepdims=True)
    picked = np.take_along_axis(values[..., np.newaxis, :, :], best[..., np.newaxis], axis=-2)
    return np.einsum("...qk,...qkm->...qm", weights, picked)


@right("top_k_attention")
def by_recursion_over_the_batch(queries, keys, values, k):
    if queries.ndim > 2:
        entries = zip(queries, keys, values, strict=True)
        return np.stack([by_recursion_over_the_batch(q, some_keys, v, k) for q, some_keys, v in entries])
    rows = []
    for query in queries:
        scores = (keys * query).sum(axis=1) / np.sqrt(len(query))
        best = sorted(range(len(scores)), key=lambda j, scores=scores: (-scores[j], j))[:k]
        weights = np.exp(scores[best] - scores[best].max())
        rows.append(np.average(values[best], axis=0, weights=weights))
    return np.array(rows)


@right("top_k_attention")
def by_counting_who_is_better(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    mine, other = scores[..., :, np.newaxis], scores[..., np.newaxis, :]
    n_keys = scores.shape[-1]
    earlier = np.tri(n_keys, k=-1, dtype=bool)
    rank = np.sum((other > mine) | ((other == mine) & earlier), axis=-1)
    shifted = scores - scores.max(axis=-1, keepdims=True)
    weights = np.where(rank < k, np.exp(shifted), 0.0)
    return (weights @ values) / weights.sum(axis=-1, keepdims=True)


@right("top_k_attention")
def by_taking_the_maximum_k_times(queries, keys, values, k):
    scores = queries @ np.swapaxes(keys, -1, -2) / np.sqrt(queries.shape[-1])
    kept = np.zeros(scores.shape, dtype=bool)
    for _ in range(k):
        best = np.argmax(np.where(kept, -np.inf, scores), axis=-1, keepdims=True)
        np.put_along_axis(kept, best, True, axis=-1)
    masked = np.where(kept, scores, -np.inf)
    log_total = np.logaddexp.reduce(masked, axis=-1, keepdims=True)
    return np.exp(masked - log_total) @ values


@right("top_k_attention")
def by_one_flat_batch_axis_and_lexsort(queries, keys, values, k):
    batch = queries.shape[:-2]
    flat_q, flat_k, flat_v = (a.reshape(-1, *a.shape[-2:]) for a in (queries, keys, values))
    result = np.empty((len(flat_q), queries.shape[-2], values.shape[-1]))
    positions = np.arange(keys.shape[-2])
    for b, (q, some_keys, v) in enumerate(zip(flat_q, flat_k, flat_v, strict=True)):
        for i, scores in enumerate(q @ some_keys.T / np.sqrt(q.shape[-1])):
            chosen = np.sort(np.lexsort((positions, -scores))[:k])
            weights = np.exp(scores[chosen] - np.max(scores[chosen]))
            result[b, i] = weights / np.sum(weights) @ v[chosen]
    return result.reshape(*batch, *result.shape[1:])


@right("top_k_attention")
def scales_the_queries_first(queries, keys, values, k):
    # Right as mathematics; where the root of d is no power of two, its rounding can part scores that are equal.
    scores = (queries / np.sqrt(queries.shape[-1])) @ np.swapaxes(keys, -1, -2)
    order = np.argsort(-scores, axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True)) * (rank < k)
    weights /= np.sum(weights, axis=-1, keepdims=True)
    return np.matmul(weights, values)
