"""The slow, obvious twin of every function a learner writes: one module for each unit, one loop for each axis.

A twin says what its function means, serves as the last hint of its exercise, and stands in for a wrong answer so
that later exercises can go on. Each is complete in itself: it uses `np` and nothing else, as a lab does. It takes what
its exercise asks for, and that can be less: `angular_hash` takes rotations that the whole batch shares,
`collision_probability` 2 or 4 buckets.
"""
