"""Lab 05, LSH attention: its exercises, in the order in which they are asked."""

from autograder.checking.exercise import Lab
from autograder.exercises.lab05 import (
    attend_within_chunks,
    attention_mask,
    cheapest_setting,
    combine_rounds,
    lsh_attention,
    pairs_computed,
)

MODULES = (
    attention_mask,
    attend_within_chunks,
    combine_rounds,
    lsh_attention,
    pairs_computed,
    cheapest_setting,
)

LAB = Lab(
    "lab05_lsh_attention",
    unit=5,
    exercises=tuple(module.exercise for module in MODULES),
)
