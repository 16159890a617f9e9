"""Lab 03, angular LSH: its exercises, in the order in which they are asked."""

from autograder.checking.exercise import Lab
from autograder.exercises.lab03 import (
    angular_hash,
    chance_to_meet,
    collision_probability,
    offset_rounds,
    recall_and_cost,
)

MODULES = (angular_hash, offset_rounds, collision_probability, chance_to_meet, recall_and_cost)

LAB = Lab(
    "lab03_angular_lsh",
    unit=3,
    exercises=tuple(module.exercise for module in MODULES),
)
