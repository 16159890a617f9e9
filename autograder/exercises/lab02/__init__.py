"""Lab 02, hash planes: its exercises, in the order in which they are asked."""

from autograder.checking.exercise import Lab
from autograder.exercises.lab02 import (
    approximate_k_nearest,
    build_hash_table,
    hash_value,
    side_of_planes,
    tables_needed,
)

MODULES = (side_of_planes, hash_value, build_hash_table, approximate_k_nearest, tables_needed)

LAB = Lab(
    "lab02_hash_planes",
    unit=2,
    exercises=tuple(module.exercise for module in MODULES),
)
