"""The explorer of reversible steps (unit 06): a stack of reversible blocks, there and back, half a block at a time.

All of it is computed twice: here with `reformer.reversible`, for the first state, and in the browser for every later
one. A test holds the two equal to the last digit: the branches are made of operations that every machine rounds alike.
"""

from functools import partial

import numpy as np
import traitlets

from explorers.draws import normal_numbers
from explorers.explorer import STILLS, Explorer
from explorers.inputs import Array, Choice, Number, reported
from explorers.modules import join_modules
from reformer.reversible import reversible_forward, reversible_inverse

N_FEATURES = 4  # numbers in a vector
N_PAIRS = 8  # of inputs; the first is shown, the error by depth is that of all
MAX_BLOCKS = 12
DEPTHS = (*range(1, MAX_BLOCKS + 1), 16, 24, 32, 48, 64)
PRECISIONS = ("float32", "float64")
RATE = 0.25  # of dropout
LOWEST_QUARTER = -0.6744897501960817  # a quarter of all normal numbers lie below


def branch(x, weights, gain, factors):
    """The f or g of a block: gain u / (1 + |u|) of u = W x, and what dropout leaves of it.

    Feature by feature, since a matrix product adds up in an order of its own. x : (..., d); weights : (d, d);
    factors : (d,), 0 where a feature is dropped, or 1
    """
    total = weights[:, 0] * x[..., :1]
    for i in range(1, len(weights)):
        total = total + weights[:, i] * x[..., i : i + 1]
    return gain * (total / (1 + np.abs(total))) * factors


def _in_256ths(numbers):
    """Whole multiples of 1/256, which float32 holds exactly."""
    return np.floor(256 * numbers + 0.5) / 256


class ReversibleStepsExplorer(Explorer):
    """Go through a stack of reversible blocks and back; see what is kept, and how well the inputs come back.

    Parameters
    ----------
    **state : first values of the inputs, such as `n_blocks=8, precision="float64"`

    All traits can be read and set from Python at any time. `streams`, `kept`, `error` and `errors` belong to the
    browser, which overwrites them.
    """

    _esm = join_modules("reversible_steps.js")
    still = STILLS / "reversible_steps.png"
    still_state = {"step": 11}
    alternative_text = (
        "A zig-zag of branches between the two streams of four reversible blocks, and an ordinary network below, at "
        "step 11 of 16, on the way back: the ordinary network still keeps 20 numbers, the reversible one 8. Of the 8 "
        "that came back, 2 differ, in their last digits. Curves show the error of the inputs by depth: 7.9e−8 after "
        "4 blocks in float32, 2.0e−16 in float64."
    )

    n_blocks = Number(4, low=1, high=MAX_BLOCKS, label="Blocks in the stack", help="depth")
    step = Number(0, low=0, at_most="n_blocks", times=4, label="Step", help="half blocks gone, forward and back")
    gain = Number(1.0, low=0, high=8, whole=False, step=0.1, label="Gain of the branches", help="factor before f and g")
    precision = Choice("float32", [(name, name) for name in PRECISIONS], label="Precision", help="of all numbers")
    randomness = Choice(
        "none",
        [
            ("none", "no dropout"),
            ("replayed", "dropout, seed replayed"),
            ("redrawn", "dropout, drawn anew"),
        ],
        help="what the branches draw at random, and whether the way back draws the same",
        label="Randomness",
        as_list=True,
    )
    chosen = Number(0, low=0, high=2 * N_FEATURES - 1, help="number of the two streams that is told")
    seed = Number(1, low=0, help="of inputs, weights and dropout")

    streams = reported(Array("float64", help="(2, 4) what the reversible network holds"))
    kept = reported(Array("int32", help="(2,) numbers that the ordinary network keeps, and the reversible one"))
    error = reported(traitlets.Float(0.0, help="of the streams that came back, against those there; 0 on the way"))
    errors = reported(Array("float64", help="(2, 17) of inputs that came back, in both precisions, by `DEPTHS`"))

    def __init__(self, **state):
        super().__init__({}, {}, state)

    def first_report(self):
        there, back = self._there_and_back(self.precision)
        self.streams = [stream[0] for stream in (there + back[1:])[self.step]]
        self.kept = [self.level * N_FEATURES, 2 * N_FEATURES]
        self.error = relative_error([stream[0] for stream in there[self.level]], self.streams)
        self.errors = [[self._error_at(depth, precision) for depth in DEPTHS] for precision in PRECISIONS]

    @property
    def level(self):
        """Half blocks between the inputs and what is held now."""
        return min(self.step, 4 * self.n_blocks - self.step)

    def _there_and_back(self, precision):
        """The pair of streams at every step: 2n + 1 there, and as many back, of which the first is the last there."""
        streams = self.inputs_of_the_stack(precision)
        there = [streams]
        for f, g in self.blocks(precision, self.n_blocks, way=0):
            y1, y2 = reversible_forward(*there[-1], f, g)
            there += [(y1, there[-1][1]), (y1, y2)]
        back = [there[-1]]
        for f, g in self.blocks(precision, self.n_blocks, way=1)[::-1]:
            x1, x2 = reversible_inverse(*back[-1], f, g)
            back += [(back[-1][0], x2), (x1, x2)]
        return there, back

    def _error_at(self, depth, precision):
        streams = first = self.inputs_of_the_stack(precision)
        for f, g in self.blocks(precision, depth, way=0):
            streams = reversible_forward(*streams, f, g)
        for f, g in self.blocks(precision, depth, way=1)[::-1]:
            streams = reversible_inverse(*streams, f, g)
        return relative_error(first, streams)

    def inputs_of_the_stack(self, precision):
        """The two (8, 4) streams that go in."""
        return tuple(_in_256ths(normal_numbers(3 * self.seed, (2, N_PAIRS, N_FEATURES))).astype(precision))

    def blocks(self, precision, depth, *, way):
        """The branches (f, g) of the first `depth` blocks, as they are there (way 0) and back (way 1)."""
        shape = DEPTHS[-1], 2, N_FEATURES
        weights = _in_256ths(normal_numbers(3 * self.seed + 1, (*shape, N_FEATURES)) / 2).astype(precision)
        draw = way if self.randomness == "redrawn" else 0
        dropped = normal_numbers(3 * self.seed + 2, (2, *shape))[draw] < LOWEST_QUARTER
        factors = np.where(dropped & (self.randomness != "none"), 0, 1).astype(precision)
        if self.randomness != "none":
            factors *= np.dtype(precision).type(1 / (1 - RATE))
        gain = np.dtype(precision).type(self.gain)
        return [
            tuple(partial(branch, weights=w, gain=gain, factors=m) for w, m in zip(*of_block, strict=True))
            for of_block in zip(weights[:depth], factors[:depth], strict=True)
        ]


def relative_error(true, found):
    """Length of the difference of two pairs of streams, against that of the first; computed in float64."""
    true, found = (np.asarray(pair, dtype=np.float64) for pair in (true, found))
    return float(np.sqrt(np.sum((found - true) ** 2)) / np.sqrt(np.sum(true**2)))
