"""The instructor's side: from a folder of submissions to gradebook, feedback and reports, in the order of the work.

`intake` reads a notebook, `rebuild` puts its answers into the course's own, `kernel` runs it in a `room` of its own,
`examine` puts the questions, and `run` does this for a whole folder and has `gradebook` and `report` write it down.
"""
