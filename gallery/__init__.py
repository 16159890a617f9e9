"""The code of the gallery: optional rooms beside the road, each a notebook in `notebooks/gallery/` and a module here.

Every room asks two questions: what is averaged over what, and which pairs are compared? On the way through the rooms
the pairs grow, from one question to a set to everyone asks everyone, and then they shrink. Two sentences hold the
rooms together. Softmax attention saves nothing by itself: it reads everything, and then ignores most of it. To save,
something cheap must say beforehand where to look: a sentence's mark, an edge, a period, a bucket, a coarse picture.
Rooms G1 to G6 show the first, G7 and G8 the second; the Reformer's hash is one such cheap something.

    {rooms}

Beside the rooms: `allowed` is the one new pair of functions, softmax over an allowed set and its gradient; `learning`
trains a room's small network; `map` draws the map of the gallery; `loops` has the slow twin of every function that a
room's exercise asks for. The gallery imports `reformer`, never the reverse. `README.md` says how a room is made.
"""

import os
from typing import NamedTuple

MODE = "REFORMER_GALLERY"  # a variable: "short" makes every training a tenth as long, and its numbers worthless


class Room(NamedTuple):
    """A room: its title, its module, what is averaged, which pairs are compared, the unit after which it opens."""

    title: str
    module: str
    averaged: str
    pairs: str
    unit: int


ROOMS = {
    "G1": Room("One question to a set", "sets", "the items of a bag", "1 × n", 5),
    "G2": Room("Levels and edges", "levels", "words, then sentences; friends", "along a given structure", 5),
    "G3": Room("Ask again", "hops", "the lines of a story, several times", "hops × n", 5),
    "G4": Room("Point and write", "pointing", "the source, once for each word written", "m × n", 5),
    "G5": Room("Everyone asks everyone", "everyone", "all pixels, in several heads", "n × n", 5),
    "G6": Room("What may be seen", "guessing", "what the task does not hide", "n × n, less the hidden ones", 7),
    "G7": Room("Which pairs", "patterns", "as in G6, but a few for each query", "k × n: windows, strides, hashes", 7),
    "G8": Room("What is saved", "thrift", "what a first, coarse look has chosen", "few, then fewer", 7),
}


def is_short():
    """Whether trainings are to be short: in `make test`, which looks at form and not at numbers."""
    return os.environ.get(MODE) == "short"


def steps(number):
    """The number of steps of a training, or of draws, that a room states; a tenth of it, at least 1, in short mode."""
    return max(1, number // 10) if is_short() else number


def _rooms():
    return "\n    ".join(f"{name}  {room.module:9}  {room.title}" for name, room in ROOMS.items())


if __doc__:  # Python leaves it out where it is asked to (-OO)
    __doc__ = __doc__.replace("{rooms}", _rooms())
