"""Training as the rooms do it: a small network, examples drawn once, and the loop of the core.

A network is an object with `init_parameters(rng, dtype)`, which draws a dict of arrays, and `loss_and_gradients(
parameters, *batch, seed)`, as `reformer.training` wants it. Drawing examples in a Python loop costs as much as
training on them, so a room draws them once, and a step takes some of them by chance.
"""

import numpy as np

from reformer.training import start_training, train


def learn(network, examples, *, seed, n_steps, batch_size=64, learning_rate=1e-2):
    """Train a network by Adam on batches drawn from examples.

    Parameters
    ----------
    network : object as above
    examples : tuple of arrays whose first axis counts the examples; a batch is some of each
    seed : number that decides on the first parameters and on all batches
    n_steps, batch_size : numbers of at least 1
    learning_rate : number above 0, the same for all steps

    Returns
    -------
    parameters : dict of arrays
    """

    def draw_batch(rng):
        chosen = rng.integers(0, len(examples[0]), batch_size)
        return tuple(array[chosen] for array in examples)

    state = start_training(network, np.random.default_rng(seed))
    state = train(network, draw_batch, state, n_steps=n_steps, learning_rate=lambda step: learning_rate, progress=False)
    return state.parameters
