"""Lab 08, a chatbot: its exercises, in the order in which they are asked."""

from autograder.checking.exercise import Lab
from autograder.exercises.lab08 import pad_and_bucket, reformer_lm, sample_reply, training_loop

MODULES = (pad_and_bucket, reformer_lm, training_loop, sample_reply)

LAB = Lab(
    "lab08_trax_chatbot",
    unit=8,
    exercises=tuple(module.exercise for module in MODULES),
)
