"""The short form: forward passes at two lengths, against Trax where it is installed, else against our dense attention.

Takes about a minute with Trax, most of it Trax's import. Writes results/short.json, in the form of the long one. Then,
where there is a Chromium, the explorers, in three minutes: see benchmarks.explorers.
"""

import argparse
import sys
from importlib.util import find_spec

from benchmarks import explorers
from benchmarks.attention import ROOT, find_versions, make_rows, measure, write
from tests.chromium import get_chromium


def main():
    argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n")[0]).parse_args()
    peer = "trax" if find_spec("trax") else "dense"
    rows = [row for row in make_rows([peer], [1024, 4096], [1, 4]) if row["heads"] == 2]
    results = measure(rows, {peer: sys.executable})
    print("written:", write("short", results, find_versions([])).relative_to(ROOT))
    chromium = get_chromium()
    if chromium:
        explorers.main(chromium)


if __name__ == "__main__":
    main()
