"""The collision probabilities that the explorer of angular LSH draws, stored because computing them takes seconds.

`python -m explorers.theory` computes the table anew with `reformer.angular`; a test holds the two equal.
"""

import json
from pathlib import Path

import numpy as np

from reformer.angular import collision_probability

FILE = Path(__file__).with_name("theory.json")
ANGLES = np.linspace(0, np.pi, 37)
MAX_BUCKETS = 16


def stored_theory():
    """Return the chance to meet in one round: (8, 37) for B = 2, 4, .. 16 and ANGLES."""
    return np.array(json.loads(FILE.read_text(encoding="utf-8")))


def main():
    table = [collision_probability(ANGLES, n_buckets).round(7).tolist() for n_buckets in range(2, MAX_BUCKETS + 1, 2)]
    FILE.write_text("[\n" + ",\n".join(map(json.dumps, table)) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
