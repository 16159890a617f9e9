"""The exercises of the gallery's rooms, one each. They are no lab: no points, no grading, nothing noted or counted."""

from autograder.exercises.gallery import strided_pattern

MODULES = (strided_pattern,)

EXERCISES = tuple(module.exercise for module in MODULES)
