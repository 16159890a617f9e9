"""The exercises of the course, one file for each lab, and where to find one by name.

Also here, because grading and the labs' text both need it: which modules of `reformer` a unit teaches.
"""

from autograder.exercises import lab01_neighbors, lab02_hash_planes, lab03_angular_lsh

LABS = {lab.name: lab for lab in (lab01_neighbors.LAB, lab02_hash_planes.LAB, lab03_angular_lsh.LAB)}

# A lab's kernel is given the modules of earlier units only: what a unit teaches is what its lab asks for.
MODULES_OF_UNIT = {
    1: ("neighbors",),
    2: ("planes",),
    3: ("angular",),
    4: ("chunking",),
    5: ("layers", "masks", "attention", "_fast_lsh", "lsh_attention"),
    6: ("reversible",),
    7: ("feed_forward", "positions", "model", "parameters", "sampling", "optimizer", "training", "tasks", "costs"),
}


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
