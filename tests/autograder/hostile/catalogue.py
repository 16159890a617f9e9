"""The catalogue: sixty kinds of bad submissions for lab 03, several of each, and two kinds that were found later.

The later ones are forgeries (61) and ways to stop the grader (62). Of runs, not of submissions, are 57, 59 and 60:
`test_hostile_runs.py`.
"""

from tests.autograder.hostile import (
    files,
    floods,
    forgeries,
    lies,
    messages,
    reaches,
    shortcuts,
    stops,
    tampering,
    texts,
    wrong_answers,
)

KINDS = (wrong_answers, shortcuts, stops, floods, reaches, forgeries, lies, messages, tampering, files, texts)
CATALOGUE = {entry.name: entry for kind in KINDS for entry in kind.ENTRIES}
OF_RUNS = {57, 59, 60}
