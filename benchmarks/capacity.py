"""How many machines, hours and bytes a class of any size takes, from the measured cost of one submission.

    python -m benchmarks.capacity

prints the table of `autograder/README.md`, "How much it takes", from the stored results of benchmarks.class_of_200.
"""

import argparse
import json
import math
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "class_of_200.json"
SIZES = (100, 10_000, 1_000_000)
WRITER = "writer's CPU s"
CORES = 16  # of a node
NIGHT = 8.0  # hours that grading may take


def plan(cost, sizes=SIZES):
    """Return a row for each size, as a dict.

    cost : of one submission "CPU s" in all, the "writer's CPU s" among them, and "bytes" in OUT

    "nodes" is how many it takes to be done in a night; where the one writer alone takes longer, "folders" says into
    how many folders OUT the class is split, each with a writer of its own.
    """
    rows = []
    for size in sizes:
        hours, writing = size * cost["CPU s"] / 3600, size * cost[WRITER] / 3600
        rows.append(
            {
                "submissions": size,
                "CPU hours": hours,
                "hours on two cores": max(hours / 2, writing),
                "nodes": math.ceil(hours / CORES / NIGHT),
                "writer's hours": writing,
                "folders": math.ceil(writing / NIGHT),
                "GB": size * cost["bytes"] / 1e9,
            }
        )
    return rows


def most_workers(cost):
    """Return how many workers keep one writer busy: more of them make a run no shorter."""
    return (cost["CPU s"] - cost[WRITER]) / cost[WRITER]


def as_table(rows):
    """Return the rows as a table in Markdown."""
    head = (
        *("submissions", "CPU hours", "hours on 2 cores", f"nodes of {CORES} cores for a night"),
        *("writer's hours", "folders OUT", "storage"),
    )
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [f"{row['submissions']:,}", _short(row["CPU hours"]), _short(row["hours on two cores"])]
        cells += [f"{row['nodes']:,}", _short(row["writer's hours"]), f"{row['folders']}", f"{_short(row['GB'])} GB"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def as_text(cost):
    """Return the table of a plan and the two sentences below it, as they stand in `autograder/README.md`."""
    one = f"One submission takes {_short(cost['CPU s'])} CPU s, {_short(cost[WRITER])} of them the writer's, and "
    one += f"{cost['bytes'] / 1e3:.0f} kB in OUT. One writer keeps about {_short(most_workers(cost))} workers busy."
    return f"{as_table(plan(cost))}\n\n{one}"


def _short(number):
    """Two digits that count."""
    digits = max(0, 1 - math.floor(math.log10(number))) if number else 0
    return f"{round(number, 1 - math.floor(math.log10(number))) if number else 0:,.{digits}f}"


def main():
    argparse.ArgumentParser(prog="python -m benchmarks.capacity", description=__doc__.split("\n")[0]).parse_args()
    cost = json.loads(RESULTS.read_text(encoding="utf-8"))["one submission"]
    print(as_text(cost))


if __name__ == "__main__":
    main()
