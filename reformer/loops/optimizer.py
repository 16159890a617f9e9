"""Loop twin of `reformer.optimizer` (unit 07). Shapes and meaning: there."""

import numpy as np


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
