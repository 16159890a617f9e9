"""The catalogue: 60 kinds of bad submissions for lab 03, several of each, and what was found to forge and stop (61, 62).

57, 59 and 60 are about runs: `test_hostile_runs.py`.
"""

from tests.autograder.hostile import files, lies, reaches, stops, tampering, wrong_answers

CATALOGUE = {
    entry.name: entry for kind in (wrong_answers, stops, reaches, lies, tampering, files) for entry in kind.ENTRIES
}
OF_RUNS = {57, 59, 60}
