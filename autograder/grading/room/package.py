"""The `autograder` of a learner's kernel: `check` is there, so that the lab's cells run, and does nothing."""

from nothing import Nothing

check = Nothing()
