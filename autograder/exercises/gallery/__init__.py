"""The exercises of the gallery's rooms, one each. They are no lab: no points, no grading, nothing noted or counted."""

MODULES = ()

EXERCISES = tuple(module.exercise for module in MODULES)
