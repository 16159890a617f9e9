"""The slow, obvious twin of every function that a room's exercise asks for: one loop for each axis.

A twin says what its function means, and stands in for an answer that is not there yet. Each uses `np` and nothing else.
"""
