"""Lab 06, reversible layers: its exercises, in the order in which they are asked. The last one is without points."""

from autograder.checking.exercise import Lab
from autograder.exercises.lab06 import (
    affine_coupling_forward,
    affine_coupling_inverse,
    attention_vjp,
    dropout,
    lifting_step,
    linear_vjp,
    reversible_backward,
    reversible_forward,
    reversible_inverse,
)

MODULES = (
    linear_vjp,
    attention_vjp,
    reversible_forward,
    reversible_inverse,
    reversible_backward,
    dropout,
    affine_coupling_forward,
    affine_coupling_inverse,
    lifting_step,
)

LAB = Lab(
    "lab06_reversible_layers",
    unit=6,
    exercises=tuple(module.exercise for module in MODULES),
)
