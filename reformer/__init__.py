"""The small NumPy implementation underneath the course: one module for each idea, in the order of the units.

`angular` (unit 03) is where LSH begins. `loops` holds the slow, obvious twin of every function a learner writes.
Modules are imported by name, as in `from reformer.angular import angular_hash`; a unit imports earlier units only.
"""
