"""An explorer whose frames the kernel computes, as small as one can be: it stands for those of the later units."""

from pathlib import Path

import numpy as np

from explorers.frames import KernelExplorer
from explorers.inputs import Number
from explorers.modules import join_modules


class PowersExplorer(KernelExplorer):
    """Powers of the numbers 0 to 10, which the browser here does not know how to compute."""

    _esm = join_modules("kernel_powers.js", Path(__file__).parent)
    alternative_text = (
        "Eleven bars, the squares of the numbers 0 to 10; with another exponent they are other powers of them."
    )
    recorded = {"exponent": [1, 2, 4, 7]}

    exponent = Number(2, low=1, high=9, label="Exponent", help="of the powers")
    chosen = Number(3, low=0, high=10, help="number whose power is told")

    def __init__(self, **state):
        super().__init__({}, {}, state)

    def compute(self, exponent):
        return {"powers": np.arange(11.0) ** exponent}
