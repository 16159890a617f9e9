"""Lab 04, sort and chunk: its exercises, in the order in which they are asked."""

from autograder.checking.exercise import Lab
from autograder.exercises.lab04 import (
    cheapest_chunks,
    look_adjacent,
    share_of_pairs_lost,
    sort_by_bucket,
    split_into_chunks,
    undo_sort,
)

MODULES = (sort_by_bucket, undo_sort, split_into_chunks, look_adjacent, share_of_pairs_lost, cheapest_chunks)

LAB = Lab(
    "lab04_sort_and_chunk",
    unit=4,
    exercises=tuple(module.exercise for module in MODULES),
)
