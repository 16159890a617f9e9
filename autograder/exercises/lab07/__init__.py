"""Lab 07, the Reformer: its exercises, in the order in which they are asked."""

from autograder.checking.exercise import Lab
from autograder.exercises.lab07 import (
    adam_step,
    axial_positions,
    chunked_feed_forward,
    cross_entropy,
    reformer_block,
    sample_token,
)

MODULES = (
    chunked_feed_forward,
    axial_positions,
    cross_entropy,
    reformer_block,
    adam_step,
    sample_token,
)

LAB = Lab(
    "lab07_reformer",
    unit=7,
    exercises=tuple(module.exercise for module in MODULES),
)
