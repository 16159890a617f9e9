"""Answers to the exercise of room G3, written from the room's text alone, before any mistake was listed."""

import numpy as np

from tests.blind import right, wrong


def _softmax(scores, axis=-1):
    parts = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return parts / parts.sum(axis=axis, keepdims=True)


@right("memory_hops")
def hop_by_hop(question, keys, values):
    state, weights = question.copy(), []
    for k, v in zip(keys, values, strict=True):
        w = np.exp(k @ state - np.max(k @ state))
        w = w / w.sum()
        weights.append(w)
        state = state + w @ v
    return state, np.array(weights)


@right("memory_hops")
def by_recursion(question, keys, values):
    def go(state, hop):
        if hop == len(keys):
            return state, []
        s = keys[hop] @ state
        w = np.exp(s - np.logaddexp.reduce(s))
        end, rest = go(state + (w[:, None] * values[hop]).sum(axis=0), hop + 1)
        return end, [w, *rest]

    end, weights = go(question, 0)
    return end, np.stack(weights)


@right("memory_hops")
def by_einsum_into_a_table(question, keys, values):
    weights = np.empty(keys.shape[:2])
    state = np.array(question, dtype=float)
    for i in range(keys.shape[0]):
        s = np.einsum("nd,d->n", keys[i], state)
        e = np.exp(s - s.max())
        weights[i] = e / e.sum()
        state += np.einsum("n,nd->d", weights[i], values[i])
    return state, weights


@wrong("memory_hops", truth="What was read takes the place of the state; the question is not added.")
def state_is_what_was_read(question, keys, values):
    state, weights = question, []
    for k, v in zip(keys, values, strict=True):
        weights.append(_softmax(k @ state))
        state = weights[-1] @ v
    return state, np.array(weights)


@wrong("memory_hops", truth="Every hop asks with the first question; the reads are only added up at the end.")
def asks_the_same_each_time(question, keys, values):
    weights = np.array([_softmax(k @ question) for k in keys])
    return question + sum(w @ v for w, v in zip(weights, values, strict=True)), weights


@wrong("memory_hops", truth="Averages the keys; the values are never used.")
def reads_the_keys(question, keys, values):
    state, weights = question, []
    for k in keys:
        weights.append(_softmax(k @ state))
        state = state + weights[-1] @ k
    return state, np.array(weights)


@wrong("memory_hops", truth="Scores come from the values, and the keys are never used.")
def scores_from_the_values(question, keys, values):
    state, weights = question, []
    for v in values:
        weights.append(_softmax(v @ state))
        state = state + weights[-1] @ v
    return state, np.array(weights)


@wrong("memory_hops", truth="Uses the keys and values of the first hop in every hop.")
def always_the_first_table(question, keys, values):
    state, weights = question, []
    for _ in range(len(keys)):
        weights.append(_softmax(keys[0] @ state))
        state = state + weights[-1] @ values[0]
    return state, np.array(weights)


@wrong("memory_hops", truth="One softmax over the scores of all hops and lines at once, with the first question.")
def one_softmax_for_all_hops(question, keys, values):
    scores = keys @ question
    weights = np.exp(scores - scores.max())
    weights = weights / weights.sum()
    return question + np.einsum("kn,knd->d", weights, values), weights


@wrong("memory_hops", truth="The result lacks the question: the state holds it while asking, but returned is what was read.")
def returns_the_reads_alone(question, keys, values):
    state, weights = question, []
    for k, v in zip(keys, values, strict=True):
        weights.append(_softmax(k @ state))
        state = state + weights[-1] @ v
    return state - question, np.array(weights)


@wrong("memory_hops", truth="Returns the weights of the last hop only.")
def last_weights_only(question, keys, values):
    state = question
    for k, v in zip(keys, values, strict=True):
        w = _softmax(k @ state)
        state = state + w @ v
    return state, w


@wrong("memory_hops", truth="exp without the maximum subtracted; overflows for large scores.")
def overflows(question, keys, values):
    state, weights = question, []
    for k, v in zip(keys, values, strict=True):
        e = np.exp(k @ state)
        weights.append(e / e.sum())
        state = state + weights[-1] @ v
    return state, np.array(weights)


@wrong("memory_hops", truth="Adds every read to the first question, so that only the last read is in the state.")
def adds_to_the_question_not_the_state(question, keys, values):
    state, weights = question, []
    for k, v in zip(keys, values, strict=True):
        weights.append(_softmax(k @ state))
        state = question + weights[-1] @ v
    return state, np.array(weights)


@wrong("memory_hops", truth="Divides the scores by the square root of d, as in a Transformer; not asked for here.")
def scaled_scores(question, keys, values):
    state, weights = question, []
    for k, v in zip(keys, values, strict=True):
        weights.append(_softmax(k @ state / np.sqrt(len(question))))
        state = state + weights[-1] @ v
    return state, np.array(weights)


@wrong("memory_hops", truth="Writes into the question that it was given.")
def changes_its_argument(question, keys, values):
    weights = []
    for k, v in zip(keys, values, strict=True):
        weights.append(_softmax(k @ question))
        question += weights[-1] @ v
    return question, np.array(weights)


@wrong("memory_hops", truth="Reads the plain mean of the values of each hop: weights are computed and not used to read.")
def reads_the_mean(question, keys, values):
    state, weights = question, []
    for k, v in zip(keys, values, strict=True):
        weights.append(_softmax(k @ state))
        state = state + v.mean(axis=0)
    return state, np.array(weights)


@wrong("memory_hops", truth="Takes the value of the best line alone in each hop.")
def hard_choice(question, keys, values):
    state, weights = question, []
    for k, v in zip(keys, values, strict=True):
        scores = k @ state
        weights.append(_softmax(scores))
        state = state + v[scores.argmax()]
    return state, np.array(weights)


@wrong("memory_hops", truth="Softmax down the wrong axis: each feature of keys times state gets a softmax over the lines.")
def softmax_of_products(question, keys, values):
    state, weights = question, []
    for k, v in zip(keys, values, strict=True):
        parts = _softmax(k * state, axis=0)
        weights.append(parts.sum(axis=1) / parts.sum())
        state = state + weights[-1] @ v
    return state, np.array(weights)


@wrong("memory_hops", truth="Stops one hop early.")
def one_hop_too_few(question, keys, values):
    state, weights = question, [_softmax(keys[0] @ question)]
    for i in range(1, len(keys)):
        state = state + weights[-1] @ values[i - 1]
        weights.append(_softmax(keys[i] @ state))
    return state, np.array(weights)
