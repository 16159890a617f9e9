"""Lab 01, neighbours: its exercises, in the order in which they are asked."""

from autograder.checking.exercise import Lab
from autograder.exercises.lab01 import (
    cosine_similarity,
    k_nearest,
    kernel_regression,
    softmax_attention,
    top_k_attention,
)

MODULES = (cosine_similarity, k_nearest, kernel_regression, softmax_attention, top_k_attention)

LAB = Lab(
    "lab01_neighbors",
    unit=1,
    exercises=tuple(module.exercise for module in MODULES),
)
