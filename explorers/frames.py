"""The second kind of explorer: what only Python knows is computed in the kernel, frame by frame, and drawn elsewhere.

A frame holds the arrays and numbers that follow from some of the inputs. In a notebook the kernel computes the one that
is wanted. A page without a kernel carries a recording: a frame for each of a few values of these inputs, between which
its controls and keys then move.
"""

import itertools

import numpy as np
import traitlets

from explorers.explorer import Explorer
from explorers.inputs import given, to_wire


class KernelExplorer(Explorer):
    """An explorer that draws frames.

    A subclass sets `recorded` to the inputs that a frame is computed from, each with the values that a page without a
    kernel offers, such as `{"n_rounds": [1, 2, 4, 8]}`, and computes a frame in `compute`. In JavaScript `derive` gets
    the frame as its second argument.
    """

    recorded = {}

    frame = given(traitlets.Dict(help="the frame of the present inputs: which those are, and what was computed"))
    frames = given(traitlets.List(help="the recording, in a page without a kernel"))

    def compute(self, **inputs):
        """Return the frame of these values of the inputs in `recorded`: a dict of arrays, numbers and text."""
        raise NotImplementedError

    def first_report(self):
        self.frame = self._frame_of({name: getattr(self, name) for name in self.recorded})

    @traitlets.observe(traitlets.All)
    def _renew(self, change):
        if change["name"] in self.recorded and self.frame:
            self.first_report()

    def page_state(self):
        """The recording; the present values are in it, too."""
        values = [sorted({*values, getattr(self, name)}) for name, values in self.recorded.items()]
        combinations = itertools.product(*values)
        return {"frames": [self._frame_of(dict(zip(self.recorded, each, strict=True))) for each in combinations]}

    def _frame_of(self, inputs):
        values = self.compute(**inputs)
        wire = {name: to_wire(value) if isinstance(value, np.ndarray) else value for name, value in values.items()}
        return {"of": inputs, "values": wire}
