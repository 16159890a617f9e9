"""The softmax, right and as on paper: what wrong answers in `kernel_regression` and `softmax_attention` share."""

import numpy as np


def softmax(logits, axis=-1):
    weights = np.exp(logits - np.max(logits, axis=axis, keepdims=True))
    return weights / np.sum(weights, axis=axis, keepdims=True)


def softmax_on_paper(logits, axis=-1):
    """No maximum is subtracted, so that `np.exp` overflows, or every weight is 0."""
    return np.exp(logits) / np.sum(np.exp(logits), axis=axis, keepdims=True)


def mistakes_on_paper(exercise, logits):
    """Know each mistake so far, which takes `softmax`, on paper as well; `logits` is the exercise's word for them."""
    for mistake in [*exercise.mistakes]:
        exercise.mistake(
            why=f"{mistake.why}; and on paper no maximum is subtracted",
            says=f"{mistake.says}; the largest {logits} of each query is not subtracted before `np.exp`, either",
        )(_on_paper(mistake.function))


def _on_paper(function):
    def again(*arguments):
        return function(*arguments, softmax=softmax_on_paper)

    again.__name__ = f"{function.__name__}_and_no_maximum_subtracted"
    return again
