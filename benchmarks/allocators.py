"""Peers on equal terms: both allocators, whole models, long vectors, and writing; `python -m benchmarks.allocators`.

Much of what a peer loses at great lengths is the operating system handing out fresh pages for its temporaries, which
our kept scratch memory avoids. So every row is measured twice: with glibc as it comes, and with both sides told to keep
what they free (`measure.ALLOCATORS`). The second is the figure to quote.

Writes results/allocators.json, in the form of results/long.json with three more fields a row: "layers" of a whole
model, "stretch" (queries so many times longer than random ones; from about 60 on the largest logit is subtracted), and
"allocator". Of a "token" row "length" is what stands before it, and "peer" may be "dense" (our dense attention, which
remembers) or "again" (ours, everything computed again). Rows that are not chosen stay as they were.
"""

import argparse
import json

from benchmarks.attention import RESULTS, find_versions, measure, parse_with_peers, write
from benchmarks.measure import ALLOCATORS, ROOT

PEERS = ("hf", "lucidrains", "trax", "dense", "again")
WHATS = ("token", "forward", "forward+backward", "model_step")
LENGTHS = (1024, 4096, 16384)
MODELS = ((6, 1024, 4), (6, 1024, 1), (6, 4096, 4), (12, 2048, 4))  # layers, length, rounds
CONTEXTS = (128, 1024, 4096, 8192)
LONG = 16  # vectors of 8 features' standard deviations become 128 long


def make_rows(peer):
    """The rows to measure for one peer, those of an allocator together, large ones last."""
    rows = []
    if peer in ("hf", "dense", "again"):
        rows += [_row("token", peer, length, heads=4, rounds=4, layers=6) for length in CONTEXTS]
    if peer in ("hf", "lucidrains", "trax"):
        shapes = [(length, 1) for length in LENGTHS] + [(4096, LONG)]
        rows += [_row(what, peer, length, stretch=stretch) for length, stretch in shapes for what in WHATS[1:3]]
    if peer == "hf":
        rows += [_row("model_step", peer, length, heads=4, rounds=r, layers=n) for n, length, r in MODELS]
    return [{**row, "allocator": allocator} for allocator in ALLOCATORS for row in rows]


def _row(what, peer, length, *, heads=2, rounds=4, layers=None, stretch=1):
    return dict(what=what, peer=peer, length=length, heads=heads, rounds=rounds, layers=layers, stretch=stretch)


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.allocators", description=__doc__.split("\n")[0])
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--whats", nargs="+", choices=WHATS, default=list(WHATS))
    chosen, pythons = parse_with_peers(parser)
    path = RESULTS / "allocators.json"
    stored = json.loads(path.read_text()) if path.exists() else {"versions": {}, "rows": []}
    versions = stored["versions"] | find_versions(pythons.values())
    rows = {_name(row): row for row in stored["rows"]}
    for peer in chosen.peers:
        measured = measure([row for row in make_rows(peer) if row["what"] in chosen.whats], pythons)
        rows |= {_name(row): row for row in measured}
        in_order = [rows[_name(row)] for peer in PEERS for row in make_rows(peer) if _name(row) in rows]
        print("written:", write("allocators", in_order, versions).relative_to(ROOT), flush=True)


def _name(row):
    """What a row measures, without what came out."""
    return tuple(
        row[field] for field in ("what", "peer", "length", "heads", "rounds", "layers", "stretch", "allocator")
    )


if __name__ == "__main__":
    main()
