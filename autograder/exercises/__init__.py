"""The exercises of the course, one file for each lab, and where to find one by name."""

from autograder.exercises import lab01_neighbors, lab02_hash_planes, lab03_angular_lsh

LABS = {lab.name: lab for lab in (lab01_neighbors.LAB, lab02_hash_planes.LAB, lab03_angular_lsh.LAB)}


def exercise_named(name):
    """Return the exercise called `name`. Raises KeyError with a sentence that lists the names there are."""
    exercises = {exercise.name: exercise for lab in LABS.values() for exercise in lab.exercises}
    if name not in exercises:
        raise KeyError(f"There is no exercise called {name!r}. There are: {', '.join(exercises)}.")
    return exercises[name]


def lab_named(name):
    """Return the lab called `name`. Raises KeyError with a sentence that lists the names there are."""
    if name not in LABS:
        raise KeyError(f"There is no lab called {name!r}. There are: {', '.join(LABS)}.")
    return LABS[name]
