"""Reversible layers: a network that needs no stored activations, since its inputs follow from its outputs (unit 06).

The stream of a residual network is split in two. Each half is changed by a function of the other half only:

    y1 = x1 + f(x2)        x2 = y2 - g(y1)
    y2 = x2 + g(y1)        x1 = y1 - f(x2)

so every step can be taken back, whatever f and g are. Training then keeps the last pair alone and walks back from it.

What f and g compute must be the same both times. Dropout draws its mask again from a seed. Hash buckets are kept, not
computed again: the vectors come back with a rounding error, and one token that rounds into another bucket changes all
that follows. (A ReLU whose input rounds to the other side of 0 is harmless by comparison: its value hardly changes, and
one token counts or does not count in the gradient of one feature.)

Three stacks of blocks run here, with the same results: reversible, with everything stored, and checkpointed, which
keeps the inputs of each block and computes the rest again (gradient checkpointing, or rematerialisation).

Source: Gomez, Ren, Urtasun, Grosse, "The Reversible Residual Network" (2017); Reformer, section 3.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from reformer.arguments import require_arrays, require_count, require_shape


class Branch(NamedTuple):
    """The f or g of a block in a network: a function with parameters, and its gradients.

    forward(x, replay=None) -> (value, saved, replay): `replay` holds the decisions that must not be taken twice, such
        as hash buckets, or None. Given back to `forward`, it makes the value the same again.
    backward(gradient, saved) -> (d_x, d_parameters): gradients from that of the value.
    """

    forward: Callable
    backward: Callable


def reversible_forward(x1, x2, f, g):
    """Run one reversible block: y1 = x1 + f(x2), then y2 = x2 + g(y1).

    Parameters
    ----------
    x1, x2 : (..., d) float32 or float64 arrays of the same shape, the two streams
    f, g : functions from an array to an array of the same shape; they get copies, and may change them in place

    Returns
    -------
    y1, y2 : (..., d) arrays

    Raises ValueError if a shape or dtype does not fit.
    Source: Gomez et al. (2017), section 3; Reformer, section 3, "RevNets".
    """
    x1, x2 = require_arrays(x1=(x1, "..."), x2=(x2, "..."))
    y1 = x1 + require_shape("f(x2)", f(x2.copy()), x2.shape)
    y2 = x2 + require_shape("g(y1)", g(y1.copy()), y1.shape)
    return y1, y2


def reversible_inverse(y1, y2, f, g):
    """Take one reversible block back: x2 = y2 - g(y1), then x1 = y1 - f(x2).

    Parameters
    ----------
    y1, y2 : (..., d) float32 or float64 arrays of the same shape, what `reversible_forward` returned
    f, g : the functions it was given

    Returns
    -------
    x1, x2 : (..., d) arrays, equal to the inputs of the block up to rounding

    Raises ValueError if a shape or dtype does not fit.
    Source: Gomez et al. (2017), section 3; Reformer, section 3, "RevNets".
    """
    y1, y2 = require_arrays(y1=(y1, "..."), y2=(y2, "..."))
    x2 = y2 - require_shape("g(y1)", g(y1.copy()), y1.shape)
    x1 = y1 - require_shape("f(x2)", f(x2.copy()), x2.shape)
    return x1, x2


def reversible_backward(y1, y2, d_y1, d_y2, f_with_pull, g_with_pull):
    """Find inputs and gradients of one reversible block from its outputs alone.

    Parameters
    ----------
    y1, y2 : (..., d) float32 or float64 arrays, the outputs of the block
    d_y1, d_y2 : (..., d) arrays, gradients of the loss with respect to them
    f_with_pull, g_with_pull : functions x -> (value, pull). `value` is f(x); `pull(gradient)` turns the gradient with
        respect to the value into the gradient with respect to x: the vector-Jacobian product. They get copies, so that
        one that works in place does no harm

    Returns
    -------
    x1, x2 : (..., d) arrays, the inputs of the block
    d_x1, d_x2 : (..., d) arrays, gradients of the loss with respect to them

    Raises ValueError if a shape or dtype does not fit.
    Source: Gomez et al. (2017), algorithm 1.
    """
    y1, y2, d_y1, d_y2 = require_arrays(y1=(y1, "..."), y2=(y2, "..."), d_y1=(d_y1, "..."), d_y2=(d_y2, "..."))
    g_value, g_pull = g_with_pull(y1.copy())
    x2 = y2 - require_shape("the value of g_with_pull", g_value, y2.shape)
    d_x1 = d_y1 + require_shape("the pull of g_with_pull", g_pull(d_y2.copy()), y1.shape)  # directly and through g
    del g_pull  # it holds the activations of g; those of f need the room
    f_value, f_pull = f_with_pull(x2.copy())
    x1 = y1 - require_shape("the value of f_with_pull", f_value, y1.shape)
    d_x2 = d_y2 + require_shape("the pull of f_with_pull", f_pull(d_x1.copy()), x2.shape)  # directly and through f
    return x1, x2, d_x1, d_x2


def dropout(values, seed, *, rate):
    """Drop entries at random, where the seed alone decides which: the same seed drops the same ones again.

    An entry is kept where `np.random.default_rng(seed).random(values.shape)` is at least `rate`, and then divided by
    1 - rate, so that the mean stays. The map is linear and its own transpose: the gradient of the values is
    `dropout` of the gradient of the result, with the same seed.

    Parameters
    ----------
    values : float32 or float64 array of any shape
    seed : whole number of at least 0, or a tuple of such
    rate : share to drop, 0 .. below 1

    Returns
    -------
    dropped : array of the shape of `values`

    Raises ValueError if `seed` or `rate` is out of range or the dtype does not fit.
    Source: Srivastava et al., "Dropout" (2014), in its inverted form; Gomez et al. (2017) need the replay.
    """
    values = require_arrays(values=(values, "..."))
    for number in seed if isinstance(seed, tuple | list) else (seed,):
        require_count("seed", number, at_least=0)
    if not 0 <= rate < 1:
        raise ValueError(f"rate needs a number of at least 0 and below 1, got {rate}")
    if rate == 0:
        return values
    kept = np.random.default_rng(seed).random(values.shape) >= rate
    return values * (kept / (1 - rate)).astype(values.dtype)


def affine_coupling_forward(x1, x2, f, s):
    """Run one affine coupling: x1 is stretched and shifted, both by functions of x2, which stays as it is.

        y1 = x1 * exp(s(x2)) + f(x2)        y2 = x2

    It can be undone whatever f and s are, since exp is never 0. With s = 0 it is the first half of a reversible block.
    The Jacobian is triangular, and the logarithm of its determinant is the sum of s(x2): normalising flows are made of
    such layers.

    Parameters
    ----------
    x1, x2 : (..., d) float32 or float64 arrays of the same shape
    f, s : functions from an array to an array of the same shape; they get copies, and may change them in place

    Returns
    -------
    y1, y2 : (..., d) arrays; y2 is a copy of x2

    Raises ValueError if a shape or dtype does not fit.
    Source: Dinh, Sohl-Dickstein, Bengio, "Density Estimation Using Real NVP" (2017), section 3.2.
    """
    x1, x2 = require_arrays(x1=(x1, "..."), x2=(x2, "..."))
    scale = np.exp(require_shape("s(x2)", s(x2.copy()), x2.shape))
    return x1 * scale + require_shape("f(x2)", f(x2.copy()), x2.shape), x2.copy()


def affine_coupling_inverse(y1, y2, f, s):
    """Take one affine coupling back: x2 = y2, then x1 = (y1 - f(x2)) * exp(-s(x2)).

    Parameters
    ----------
    y1, y2 : (..., d) float32 or float64 arrays of the same shape, what `affine_coupling_forward` returned
    f, s : the functions it was given

    Returns
    -------
    x1, x2 : (..., d) arrays, equal to its inputs up to rounding; x2 is a copy of y2

    Raises ValueError if a shape or dtype does not fit.
    Source: Dinh, Sohl-Dickstein, Bengio, "Density Estimation Using Real NVP" (2017), section 3.3.
    """
    y1, y2 = require_arrays(y1=(y1, "..."), y2=(y2, "..."))
    scale = np.exp(-require_shape("s(y2)", s(y2.copy()), y2.shape))
    return (y1 - require_shape("f(y2)", f(y2.copy()), y2.shape)) * scale, y2.copy()


def lifting_step(signal, predict, update):
    """Split a signal into averages and details: one step of the lifting scheme, a reversible block on its halves.

    The odd entries are predicted from the even ones, and the error of the prediction is the detail. The even entries
    are then updated by the details:

        detail = odd - predict(even)        average = even + update(detail)

    With `haar_predict` and `haar_update` this is the Haar wavelet: each average is the mean of two neighbours, each
    detail their difference.

    Parameters
    ----------
    signal : (..., L) float32 or float64 array, L even; entries 0, 2, 4, ... are the even ones
    predict, update : functions from a (..., L/2) array to one of the same shape

    Returns
    -------
    average, detail : (..., L/2) arrays

    Raises ValueError if L is odd or a shape or dtype does not fit.
    Source: Sweldens, "The Lifting Scheme" (1996); Daubechies and Sweldens, "Factoring Wavelet Transforms" (1998).
    """
    signal = require_arrays(signal=(signal, "... L"))
    if signal.shape[-1] % 2:
        raise ValueError(f"signal needs an even number of entries along its last axis, got shape {signal.shape}")
    even, odd = signal[..., 0::2], signal[..., 1::2]
    detail = odd - require_shape("predict(even)", predict(even.copy()), even.shape)
    average = even + require_shape("update(detail)", update(detail.copy()), detail.shape)
    return average, detail


def lifting_inverse(average, detail, predict, update):
    """Put the signal together again from what `lifting_step` returned: (..., L/2), (..., L/2) -> (..., L).

    Raises ValueError if shapes or dtypes differ or do not fit.
    """
    average, detail = require_arrays(average=(average, "... L/2"), detail=(detail, "... L/2"))
    even = average - require_shape("update(detail)", update(detail.copy()), detail.shape)
    odd = detail + require_shape("predict(even)", predict(even.copy()), even.shape)
    return np.stack([even, odd], axis=-1).reshape(*even.shape[:-1], -1)


def haar_predict(even):
    """The Haar wavelet expects each odd entry to equal the even one before it."""
    return even


def haar_update(detail):
    """The Haar wavelet moves each even entry half-way to its odd neighbour, which makes it their mean."""
    return detail / 2


def reversible_stack_forward(streams, blocks):
    """Run a stack of reversible blocks, each by `reversible_forward`, and keep the last pair only.

    Parameters
    ----------
    streams : pair (x1, x2) of (..., d) float32 or float64 arrays of the same shape
    blocks : sequence of pairs (f, g) of `Branch`es

    Returns
    -------
    (y1, y2), saved : the outputs, and what `reversible_stack_backward` needs: the outputs again, and what each branch
        wants replayed

    Source: Reformer, section 3, "Reversible Transformer".
    """
    replays = [[] for _ in blocks]

    def value_of(branch, replays, x):
        value, _, replay = branch.forward(x)  # what it would save is dropped at once
        replays.append(replay)
        return value

    for (f, g), of_block in zip(blocks, replays, strict=True):
        streams = reversible_forward(*streams, partial(value_of, f, of_block), partial(value_of, g, of_block))
    return streams, (streams, blocks, replays)


def reversible_stack_backward(gradients, saved):
    """Gradients of a reversible stack, from those of its outputs (d_y1, d_y2): ((d_x1, d_x2), d_blocks).

    Each block is taken back by `reversible_backward`, from the last to the first. `d_blocks` has, for each block, the
    pair of parameter gradients of f and g.
    """
    streams, blocks, replays = saved
    d_blocks = []

    def with_pull(branch, replay, found, x):
        value, branch_saved, _ = branch.forward(x, replay)

        def pull(gradient):
            d_x, d_parameters = branch.backward(gradient, branch_saved)
            found.insert(0, d_parameters)  # that of g comes first
            return d_x

        return value, pull

    for (f, g), (f_replay, g_replay) in zip(blocks[::-1], replays[::-1], strict=True):
        d_blocks.insert(0, found := [])
        pulls = partial(with_pull, f, f_replay, found), partial(with_pull, g, g_replay, found)
        back = reversible_backward(*streams, *gradients, *pulls)
        streams, gradients = back[:2], back[2:]
    return gradients, d_blocks


def stored_stack_forward(streams, blocks):
    """Run a stack of blocks with every activation stored, in memory that grows with depth: (streams, saved).

    With a pair of streams it gives what `reversible_stack_forward` does. With a single one, (x,), it is an ordinary
    residual network: x = x + f(x), then x = x + g(x).
    """
    streams, kept = list(streams), []
    for branch, source, target in _half_steps(blocks):
        value, branch_saved, _ = branch.forward(streams[source])
        streams[target] = streams[target] + value
        kept.append(branch_saved)
    return tuple(streams), (blocks, kept)


def stored_stack_backward(gradients, saved):
    """Gradients from the stored activations, in the form of `reversible_stack_backward`."""
    blocks, kept = saved
    gradients, found = list(gradients), []
    for (branch, source, target), branch_saved in zip(_half_steps(blocks)[::-1], kept[::-1], strict=True):
        through, d_parameters = branch.backward(gradients[target], branch_saved)
        gradients[source] = gradients[source] + through
        found.append(d_parameters)
    found = found[::-1]
    return tuple(gradients), list(zip(found[0::2], found[1::2], strict=True))


def checkpointed_stack_forward(streams, blocks):
    """Run a stack of blocks and keep the inputs of each block only: (streams, saved).

    Streams as in `stored_stack_forward`.
    Source: Chen, Xu, Zhang, Guestrin, "Training Deep Nets with Sublinear Memory Cost" (2016), section 4.
    """
    kept = []
    for block in blocks:
        kept.append(streams)
        streams, _ = stored_stack_forward(streams, [block])
    return streams, (blocks, kept)


def checkpointed_stack_backward(gradients, saved):
    """Gradients with each block computed once more from its inputs, in the form of `reversible_stack_backward`."""
    found = []
    for block, streams in zip(*(part[::-1] for part in saved), strict=True):
        gradients, d_block = stored_stack_backward(gradients, stored_stack_forward(streams, [block])[1])
        found += d_block
    return gradients, found[::-1]


def bytes_held(*held):
    """Count the bytes of all arrays reachable from what is held: an array in two places, or a view of it, counts once.

    Looks into tuples, lists and dicts. What a function has closed over is not seen.

    Returns
    -------
    n_bytes : int
    """
    buffers, waiting = {}, list(held)
    while waiting:
        item = waiting.pop()
        if isinstance(item, np.ndarray):
            while isinstance(item.base, np.ndarray):
                item = item.base
            buffers[id(item)] = item.nbytes
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, tuple | list):
            waiting.extend(item)
    return sum(buffers.values())


def _half_steps(blocks):
    """Each branch with the places of the stream it reads and of the stream its value is added to.

    f reads the last stream and changes the first, g the other way round; of a single stream, first and last are one.
    """
    first, last = 0, -1
    return [step for f, g in blocks for step in ((f, last, first), (g, first, last))]
