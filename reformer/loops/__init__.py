"""The slow, obvious twin of every function a learner writes: one module for each unit, one loop for each axis.

A twin says what its function means, serves as the last hint of its exercise, and stands in for a wrong answer so
that later exercises can go on. Each is complete in itself: it uses `np` and nothing else, as a lab does.
"""
