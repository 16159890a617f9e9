"""Compute and store the collision probabilities that the explorer of angular LSH draws: `python -m explorers.theory`.

A test holds what is stored equal to `reformer.angular`.
"""

import json

from explorers.angular import ANGLES, MAX_BUCKETS, THEORY
from reformer.angular import collision_probability


def main():
    table = [collision_probability(ANGLES, n_buckets).round(7).tolist() for n_buckets in range(2, MAX_BUCKETS + 1, 2)]
    THEORY.write_text("[\n" + ",\n".join(map(json.dumps, table)) + "\n]\n", encoding="utf-8")


if __name__ == "__main__":
    main()
