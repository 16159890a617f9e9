"""The exercises of the course, a folder for each lab and a file for each exercise, and where to find one by name.

Those of the gallery stand beside the labs: `check` knows them, and nothing that counts points, hours or hand-ins does.
"""

from autograder.exercises import gallery, lab01, lab02, lab03, lab04, lab05, lab06, lab07, lab08

LABS = {lab.LAB.name: lab.LAB for lab in (lab01, lab02, lab03, lab04, lab05, lab06, lab07, lab08)}
GALLERY = gallery.EXERCISES


def exercise_named(name):
    """Return the exercise called `name`. Raises KeyError with a sentence that lists the names there are."""
    exercises = {exercise.name: exercise for lab in LABS.values() for exercise in lab.exercises}
    exercises |= {exercise.name: exercise for exercise in GALLERY}
    if name not in exercises:
        raise KeyError(f"There is no exercise called {name!r}. There are: {', '.join(exercises)}.")
    return exercises[name]


def lab_named(name):
    """Return the lab called `name`. Raises KeyError with a sentence that lists the names there are."""
    if name not in LABS:
        raise KeyError(f"There is no lab called {name!r}. There are: {', '.join(LABS)}.")
    return LABS[name]
