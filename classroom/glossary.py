"""The words of the course, as data, and the page of them, `notebooks/glossary.ipynb`, which is made from here.

A lesson links to a word as `[kernel](glossary.ipynb#cell-id=kernel)`, with hyphens for the blanks of a word.
`make syllabus ARGS=--write` writes the page anew; a test fails where it is out of date.
"""

import json
from pathlib import Path
from typing import NamedTuple

from classroom.kernel import LANGUAGE

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "notebooks" / "glossary.ipynb"


class Term(NamedTuple):
    """A word: what it means, in one sentence, the lesson that explains it, and what else the field calls it."""

    name: str
    meaning: str
    lesson: str
    also: tuple = ()


class Renamed(NamedTuple):
    """One thing that has two words, each with the lesson that uses it, and what they stand for."""

    words: tuple
    meaning: str


TERMS = (
    # 00 start here
    Term(
        "attention",
        "For each token, an average of what all tokens hold, weighted by how much each of them matters to it.",
        "00",
    ),
    Term("head", "One of several attentions that run side by side in a layer, each on projections of its own.", "00"),
    Term(
        "layer",
        "One step of a Transformer: attention, then a small network for each token by itself.",
        "00",
        ("block",),
    ),
    Term(
        "Reformer",
        "A Transformer that hashes its tokens into buckets, sorts them by bucket, and lets each look nearby only.",
        "00",
    ),
    Term(
        "score",
        "How well a query fits a key, before softmax: their dot product over the root of the number of features; in a "
        "hash, a vector's dot product with one of its directions.",
        "00",
        ("logit", "similarity"),
    ),
    Term("token", "One item of a sequence: a piece of a word, a colour value of a picture, a sample of sound.", "00"),
    Term(
        "Transformer",
        "A network that reads a sequence of tokens and is a stack of layers, each with attention in it.",
        "00",
    ),
    # 01 neighbours
    Term(
        "bandwidth",
        "The width of a kernel: how far a key reaches before its weight has all but gone.",
        "01",
        ("smoothing parameter", "length scale", "temperature, for softmax"),
    ),
    Term(
        "cosine similarity",
        "The dot product of two vectors that were brought to length 1: 1 for one direction, 0 at a right angle, −1 for "
        "opposite ones.",
        "01",
        ("normalised dot product",),
    ),
    Term(
        "dot product",
        "The sum of the products of two vectors' features, which is length times length times the cosine of the angle.",
        "01",
        ("inner product", "scalar product"),
    ),
    Term(
        "feature",
        "One of the d numbers that a vector consists of.",
        "01",
        ("dimension", "coordinate", "channel"),
    ),
    Term(
        "k nearest neighbours",
        "The k vectors that are most similar to a query, found by comparing it with all.",
        "01",
        ("kNN", "exact search"),
    ),
    Term(
        "kernel",
        "A function that says how much something counts at a distance: much when near, little when far.",
        "01",
        ("window", "Parzen window"),
    ),
    Term(
        "kernel regression",
        "The average of known values, weighted by a kernel of the distance to where they are known.",
        "01",
        ("Nadaraya–Watson estimator", "kernel smoother"),
    ),
    Term("key", "The vector under which something is stored: a query is compared with it.", "01"),
    Term(
        "projection",
        "A matrix, learned, that makes queries, keys or values out of the same vectors.",
        "01",
        ("linear map", "linear layer"),
    ),
    Term("query", "The vector that asks: it is compared with every key.", "01"),
    Term(
        "softmax",
        "The exponentials of some scores, divided by their sum: weights that are positive and add up to one.",
        "01",
        ("normalised exponential", "Boltzmann distribution"),
    ),
    Term("value", "What is stored under a key, and what an average is taken of.", "01"),
    Term("weight", "The share of a value in an average.", "01", ("attention probability",)),
    # 02 hash planes
    Term("bucket", "All vectors with the same hash, or the number that they share.", "02", ("bin", "cell")),
    Term("candidate", "A vector that shares a bucket with the query, and is therefore compared with it exactly.", "02"),
    Term(
        "code",
        "The row of bits that a hash gives a vector; in the last part of lesson 02, the set of all with syndrome zero.",
        "02",
        ("signature", "sketch", "codeword"),
    ),
    Term("coset", "All vectors of bits that have the same syndrome.", "02"),
    Term(
        "Hamming distance",
        "In how many places two rows of bits differ.",
        "02",
    ),
    Term(
        "hash",
        "A function from anything to a whole number below some bound, the same number each time.",
        "02",
        ("hash function",),
    ),
    Term(
        "hash table",
        "A list of buckets, in which one looks only into the bucket that the hash names.",
        "02",
        ("dictionary", "inverted lists, in a search index"),
    ),
    Term(
        "LSH",
        "Locality-sensitive hashing: the nearer two vectors are, the likelier is it that they share a bucket.",
        "02",
        ("locality-sensitive hashing",),
    ),
    Term(
        "MinHash",
        "A locality-sensitive hash for sets: how likely two share a bucket is the share of their elements in common.",
        "02",
        ("min-wise hashing",),
    ),
    Term(
        "multi-probe",
        "To look into neighbouring buckets, too, those across the nearest borders, instead of making more tables.",
        "02",
    ),
    Term("normal", "The vector at right angles to a plane, which says which way the plane faces.", "02"),
    Term(
        "plane",
        "All vectors at right angles to a normal: a line in two dimensions, and in d dimensions of dimension d − 1.",
        "02",
        ("hyperplane",),
    ),
    Term("precision", "The share of the candidates that are true neighbours.", "02"),
    Term("recall", "The share of the true neighbours that are found.", "02", ("hit rate", "sensitivity")),
    Term(
        "side",
        "Where a vector lies of a plane: the sign of its dot product with the normal, with 0 counted as positive.",
        "02",
        ("sign bit",),
    ),
    Term(
        "SimHash",
        "The hash by sides of random planes, under the name that it has where texts are compared.",
        "02",
        ("sign random projection", "hyperplane LSH"),
    ),
    Term(
        "stranger",
        "A vector that has nothing to do with the query: in many dimensions, one almost at a right angle to it; in a "
        "window of chunks (unit 04), a key of another bucket.",
        "02",
        ("unrelated vector",),
    ),
    Term("syndrome", "The bits s = xH mod 2 of a vector x of bits, all of them zero for the vectors of a code.", "02"),
    Term("table", "One complete hashing of all vectors, with planes of its own.", "02", ("repetition",)),
    # 03 angular LSH
    Term(
        "collision probability",
        "The chance that two vectors at a given angle share a bucket, over all draws of the hash.",
        "03",
    ),
    Term("column", "One random direction, as it stands in the matrix R of the angular hash.", "03"),
    Term(
        "cross-polytope",
        "The solid whose corners are the axes' unit vectors and their opposites; the hash of that name turns a vector "
        "at random and takes the nearest corner.",
        "03",
        ("hyperoctahedron",),
    ),
    Term(
        "factorised hash",
        "A hash put together from the digits of several smaller ones: many buckets for little work.",
        "03",
        ("product of hashes",),
    ),
    Term(
        "hash round",
        "One hashing of the whole sequence with random directions of its own.",
        "03",
        ("round", "repetition", "n_hashes"),
    ),
    Term(
        "random rotation",
        "A matrix that turns vectors before they are hashed; what the Reformer's paper calls so, R, is a Gaussian "
        "matrix, and no rotation in the strict sense.",
        "03",
        ("Gaussian projection",),
    ),
    Term(
        "share of pairs",
        "How many of all pairs of vectors share a bucket and have to be compared, as a share: the cost.",
        "03",
    ),
    Term("weight met", "How much of a query's attention weight lies on the keys that it meets, as a share.", "03"),
    # 04 sort and chunk
    Term(
        "chunk",
        "One of the pieces of equal length into which the sorted sequence is cut.",
        "04",
        ("block", "bin, in some codes"),
    ),
    Term("gather", "To fetch by an array of numbers: place i reads from the position that the array names.", "04"),
    Term(
        "inverse permutation",
        "The array that undoes an order: for each position, the place at which it stands.",
        "04",
        ("undo_sort",),
    ),
    Term(
        "look-back",
        "That each chunk sees the chunk before it, too: a stable sort puts the earlier keys of a bucket to the left.",
        "04",
        ("n_chunks_before", "look_adjacent"),
    ),
    Term(
        "scatter",
        "To write by an array of numbers: what is in place i goes to the position that the array names.",
        "04",
    ),
    Term(
        "spill",
        "That a bucket goes on over several chunks, so that some of its pairs are too far apart to meet.",
        "04",
    ),
    Term("stable sort", "A sort that leaves equal items in the order in which they stood.", "04"),
    Term(
        "wrap",
        "What the first chunk sees before it: nobody, or the last chunk of its own or of another hash round.",
        "04",
    ),
    # 05a the Transformer block
    Term(
        "bits a character",
        "How much a text surprises a model: the mean of −log₂ of the chance that it gave to each character that came.",
        "05a",
        ("cross-entropy, in base 2",),
    ),
    Term(
        "causal mask",
        "What hides from each token all that stand later in the text, wherever they stand after sorting.",
        "05a",
        ("future mask", "autoregressive mask"),
    ),
    Term(
        "feed-forward",
        "The layer that treats each token by itself: widen its vector, set negative numbers to 0, narrow it again.",
        "05a",
        ("MLP", "position-wise network"),
    ),
    Term(
        "norm",
        "To subtract the mean of a vector's features, divide by their size, then scale and shift each.",
        "05a",
        ("layer normalisation",),
    ),
    Term(
        "pre-norm",
        "The norm stands before attention and feed-forward, not after the sum.",
        "05a",
    ),
    Term(
        "residual",
        "What a layer gives is added to what it read, so that nothing is replaced.",
        "05a",
        ("skip connection", "shortcut"),
    ),
    # 05b LSH attention
    Term(
        "duplicate", "A pair of tokens that meets in more than one hash round, and counts as often as it meets.", "05b"
    ),
    Term(
        "last resort",
        "The mask by which a token sees itself only where it sees nobody else: a very low number, not minus infinity.",
        "05b",
        ("soft self mask",),
    ),
    Term(
        "normaliser",
        "What a softmax divides by; its logarithm says how much a round has met, and so how much the round counts.",
        "05b",
        ("partition function", "logsumexp, for its logarithm"),
    ),
    Term("padding", "Empty tokens that fill up the short texts of a batch, so that all have one length.", "05b"),
    Term(
        "shared QK",
        "One vector for a token, which is its query and, brought to length 1, its key.",
        "05b",
        ("tied queries and keys",),
    ),
    # 05c cost and ledger
    Term(
        "crossover", "The length from which one way of computing takes less time than another.", "05c", ("break-even",)
    ),
    Term(
        "places",
        "The logits that are computed for a token, hidden ones included: R · 2C where a chunk looks one back.",
        "05c",
    ),
    Term(
        "sliding window",
        "Attention in which a token looks at the last tokens before it and at no others.",
        "05c",
        ("local attention",),
    ),
    # 06a gradients and memory
    Term(
        "activation",
        "A number that a layer has made on the way forward; training keeps those which the backward pass will need.",
        "06a",
    ),
    Term(
        "backward pass",
        "The way back through a model, last layer first: it turns the gradient of each result into those of the inputs "
        "and weights.",
        "06a",
        ("backpropagation", "reverse mode"),
    ),
    Term("batch", "The texts that a model reads in one step of training.", "06a", ("minibatch",)),
    Term(
        "finite difference",
        "A slope, measured: move a number a little to either side, and divide how much the loss changes by the way "
        "between.",
        "06a",
        ("numerical gradient",),
    ),
    Term(
        "gradient",
        "For each number of an array, how fast the loss rises when that number is raised.",
        "06a",
        ("derivative", "slope"),
    ),
    Term(
        "Jacobian",
        "The table of how fast each result of a step changes with each of its inputs, a row for each result.",
        "06a",
    ),
    Term("loss", "One number that says how wrong a model is; training lowers it.", "06a", ("objective", "cost")),
    Term(
        "moment",
        "A running mean that an optimiser keeps for each weight: of its gradients, or of their squares.",
        "06a",
        ("optimiser state",),
    ),
    Term(
        "vjp",
        "Vector–Jacobian product: a gradient, as a row, times the Jacobian of a step, computed without building that "
        "table.",
        "06a",
        ("vector–Jacobian product", "pullback"),
    ),
    # 06b reversible layers
    Term(
        "avalanche",
        "What one wrong bucket sets off on the way back: wrong vectors, which are hashed into more wrong buckets.",
        "06b",
    ),
    Term(
        "checkpoint",
        "What goes into a block, kept on the way forward so that the inside of the block can be computed again on the "
        "way back.",
        "06b",
        ("gradient checkpointing", "rematerialisation"),
    ),
    Term(
        "drift",
        "How far the input that is computed back from an output has moved by rounding.",
        "06b",
        ("reconstruction error",),
    ),
    Term(
        "dropout",
        "To set a random share of numbers to 0 in training and enlarge the others, so that nothing comes to rely on a "
        "single one.",
        "06b",
    ),
    Term(
        "replay",
        "To give a layer, on the way back, the decisions that it took on the way forward: its dice by their seed, its "
        "buckets as kept.",
        "06b",
    ),
    Term(
        "reversible layer",
        "Two streams, each changed in turn by a function of the other, so that the input can be computed from the "
        "output.",
        "06b",
        ("reversible block", "RevNet", "additive coupling"),
    ),
    Term("stream", "One of the two vectors that a token has in a reversible network.", "06b"),
    # 07a the Reformer
    Term(
        "axial positions",
        "Position vectors made of one for the row and one for the column of a grid, side by side, so that two small "
        "tables do for many positions.",
        "07a",
    ),
    Term(
        "position-wise",
        "Said of a layer in which no position needs another, so that it may be cut into stretches of positions.",
        "07a",
    ),
    # 07b experiments
    Term(
        "duplication task",
        "Sequences 0w0w with a random word w: the second w can be foretold by looking back half the length, and by "
        "nothing else.",
        "07b",
        ("copy task",),
    ),
    Term("warm-up", "The first steps of a training, in which the learning rate rises from near 0 to its peak.", "07b"),
    Term(
        "retrieval",
        "To search for the few texts that matter before a model reads, so that it attends to them alone.",
        "07b",
        ("retrieval-augmented generation",),
    ),
    Term(
        "state-space model",
        "A model that hands a memory of fixed size from token to token, in place of attention.",
        "07b",
        ("S4", "Mamba"),
    ),
    # 08 Trax and a chatbot
    Term(
        "subword",
        "A token between a letter and a word: a frequent word is one of them, a rare one is cut into several.",
        "08",
        ("word piece", "byte-pair encoding", "BPE"),
    ),
    Term(
        "boundary",
        "A length to which sequences are filled up with padding, so that those of about one length share a batch.",
        "08",
        ("bucket boundary",),
    ),
    Term(
        "combinator",
        "In Trax, what makes a layer of layers: one after the other, side by side, or around a sum.",
        "08",
    ),
    Term(
        "induction head",
        "A head that looks at what came after the same token last time, and so copies it.",
        "08",
    ),
    Term(
        "temperature",
        "What logits are divided by before a token is drawn: at 0 the likeliest is taken, above 1 the others gain.",
        "08",
    ),
    Term(
        "beam search",
        "To write with the few likeliest beginnings of an answer side by side, and to keep the likeliest end.",
        "08",
    ),
)

RENAMED = (
    Renamed(
        (("normal", "02"), ("column", "03")),
        "A random direction with which every vector is compared. P normals make 2^P buckets, B/2 columns make B.",
    ),
    Renamed(
        (("side", "02"), ("score", "03")),
        "A vector's dot product with that direction: lesson 02 keeps its sign, lesson 03 asks which is the largest.",
    ),
    Renamed(
        (("table", "02"), ("hash round", "03")),
        "One complete hashing of all vectors. Several of them raise the recall.",
    ),
    Renamed(
        (("recall", "02"), ("weight met", "03")),
        "How much is found of what one looks for: neighbours counted one by one, or by their weight in attention.",
    ),
    Renamed(
        (("candidate", "02"), ("share of pairs", "03")),
        "Whom a vector meets and has to be compared with: counted for one query, or as a share of all pairs.",
    ),
)

TITLE = """# Glossary

The words of the course, each in one sentence, with the lesson that explains it and with what else the field calls it.
[Lesson 00](00_start_here.ipynb) is where the course begins."""


def anchor(name):
    """The anchor of a word: its cell. An anchor of a heading JupyterLab misses where it first has to open the page."""
    return f"cell-id={_cell_of(name)}"


def cells():
    """The page: the Markdown of each of its cells, by the cell's id."""
    terms = sorted(TERMS, key=lambda term: term.name.casefold())
    index = " · ".join(f"[{term.name}](#{anchor(term.name)})" for term in terms)
    return {
        "title": f"{TITLE}\n\n{index}",
        "Words-that-change": f"## Words that change\n\n{_table_of_renamed()}",
        "All-words": "## All words",
        **{_cell_of(term.name): _entry(term) for term in terms},
    }


def _cell_of(name):
    return name.replace(" ", "-")


def write():
    """Write the page anew."""
    markdown = [
        {"cell_type": "markdown", "id": name, "metadata": {}, "source": text.splitlines(keepends=True)}
        for name, text in cells().items()
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": LANGUAGE}
    page = {"cells": markdown, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    PAGE.write_text(json.dumps(page, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def _entry(term):
    (lesson,) = ROOT.glob(f"notebooks/{term.lesson}_*.ipynb")
    also = f" Also: {', '.join(term.also)}." if term.also else ""
    return f"### {term.name}\n\n{term.meaning} [Lesson {term.lesson}]({lesson.name}).{also}"


def _table_of_renamed():
    rows = ["| first called | later called | what it is |", "|---|---|---|"]
    for renamed in RENAMED:
        words = [f"[{name}](#{anchor(name)}) (lesson {lesson})" for name, lesson in renamed.words]
        rows.append(f"| {' | '.join(words)} | {renamed.meaning} |")
    return "\n".join(rows)
