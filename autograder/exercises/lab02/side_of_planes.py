"""`side_of_planes(vectors, normals)`: on which side of each plane a vector lies; a vector in the plane itself counts
as on the positive side."""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from autograder.exercises.whole_numbers import taking_whole_numbers
from reformer import neighbors, planes
from reformer.loops import planes as twins

exercise = Exercise(taking_whole_numbers(planes.side_of_planes), twins.side_of_planes, axes=("vector", "plane"))


def far_from_every_plane(vectors, normals, margin=1e-3):
    """Whether no vector is nearly in a plane: |x n| > margin |x| |n|, everywhere."""
    return np.all(np.abs(neighbors.cosine_similarity(vectors, normals.T)) > margin)


@exercise.case("four vectors, two planes, all of whole numbers")
def _(rng):
    return call(np.array([[2, 1], [-1, 3], [-2, -1], [1, -3]]), np.array([[1, 1], [0, 1]]))


@exercise.case("vectors in a plane, and the zero vector")
def _(rng):
    # Scaled to norm 1, vectors 0 and 4 get a dot product just below 0 with normal 0, in every order of adding, and
    # so do vectors 1 and 5 with normal 2 if it is scaled.
    vectors = [[0, -3, 2], [0, 2, 3], [0, 0, 0], [2, -1, 1], [-3, 0, 1], [3, -1, 3]]
    return call(np.array(vectors, float), np.array([[1.0, 1.0, -3.0], [2.0, 0.0, -3.0], [3.0, 0.0, 2.0]]))


@exercise.case("five vectors with a single feature, a single plane")
def _(rng):
    return call(np.array([[2.0], [-1.0], [0.0], [-0.25], [4.0]]), np.array([[-3.0]]))


@exercise.case("a single vector with four features, five planes, float32", clear_cut=far_from_every_plane)
def _(rng):
    return call(rng.standard_normal((1, 4), np.float32), rng.standard_normal((4, 5), np.float32))


@exercise.case("three sequences, fewer planes than features", clear_cut=far_from_every_plane)
def _(rng):
    return call(rng.standard_normal((3, 5, 4)), rng.standard_normal((4, 3)))


@exercise.case("two sequences with three heads, more planes than features", clear_cut=far_from_every_plane)
def _(rng):
    return call(rng.standard_normal((2, 3, 5, 4)), rng.standard_normal((4, 7)))


@exercise.case("vectors a hair's breadth from a plane, on either side")
def _(rng):
    hair = 2.0**-50  # so small that it shows every margin, and yet exact in every order of adding
    vectors = np.array([[1.0, 1.0], [-1.0, -1.0], [2.0, 2.0], [-2.0, -2.0], [1.0, -1.0]])
    return call(vectors, np.array([[1.0, 1.0], [-1 - hair, -1 + hair]]))


def _of_every_length(rng, n_vectors, n_planes):
    lengths = 10.0 ** rng.permutation(np.resize([-200, -150, -100, -50, 0, 50, 100, 200], n_vectors))
    return call(rng.standard_normal((n_vectors, 4)) * lengths[:, np.newaxis], rng.standard_normal((4, n_planes)))


@exercise.case("eight vectors, from very short to very long", clear_cut=far_from_every_plane)
def _(rng):
    return _of_every_length(rng, 8, 3)


def _opposites(rng):
    vectors, normals = rng.standard_normal((6, 3)), rng.standard_normal((3, 5))
    return [call(vectors, normals), call(-vectors, normals)]


@exercise.property("the opposite vector lies on the other side of every plane", _opposites)
def _(calls, answers):
    return np.equal(answers[0], np.logical_not(answers[1]))


@exercise.case("a batch of small whole numbers, many vectors in a plane, and the zero vector", hidden=True)
def _(rng):
    vectors, normals = rng.integers(-3, 4, size=(2, 3, 60, 4)), rng.integers(1, 4, size=(4, 6))
    vectors[..., 0, :] = 0
    return call(vectors.astype(float), normals * rng.choice([-1.0, 1.0], size=(4, 6)))


@exercise.case(
    "200 vectors, from very short to very long", hidden=True, clear_cut=lambda *of: far_from_every_plane(*of, 1e-6)
)
def _(rng):
    return _of_every_length(rng, 200, 6)


@exercise.mistake(
    why="'the positive side' is read as 'greater than 0'",
    says="a vector in the plane itself, with dot product 0, counts as negative; 0 belongs to the positive side",
)
def strictly_above(vectors, normals):
    return vectors @ normals > 0


@exercise.mistake(
    why="dot products are rounded, or compared with a small number, to be safe from rounding",
    says="a dot product just below 0 is taken for 0; short vectors have small dot products, so compare with 0 itself",
)
def just_below_is_zero(vectors, normals):
    return vectors @ normals >= -1e-9


@exercise.mistake(
    why="dot products are turned into whole numbers, or stored in an array of them",
    says="the dot products are cut to whole numbers: -0.7 becomes 0, and so positive",
)
def cut_to_whole_numbers(vectors, normals):
    return np.trunc(vectors @ normals) >= 0


@exercise.mistake(
    why="the dot products of the example are whole numbers",
    says="the dot products are rounded to whole numbers: -0.3 becomes 0, and so positive",
)
def rounded_to_whole_numbers(vectors, normals):
    return np.round(vectors @ normals) >= 0


@exercise.mistake(
    why="the vectors of the example are whole numbers",
    says="the vectors are cut to whole numbers before they are multiplied; their fractions count",
)
def vectors_cut(vectors, normals):
    return vectors.astype(int) @ normals >= 0


@exercise.mistake(
    why="float32 is what networks compute in",
    says="the numbers are kept in float32 or float16: there the products of short vectors vanish, and long ones become "
    "infinite; compute in the dtype of the vectors",
)
def in_few_digits(vectors, normals):
    return vectors.astype(np.float32) @ normals.astype(np.float32) >= 0


@exercise.mistake(
    why="`np.sign` is made for it, and a well-known lab returns it",
    says="`np.sign` is returned: it has three values, and the 0 of a vector in the plane is none of the two sides",
)
def signs(vectors, normals):
    return np.sign(vectors @ normals)


@exercise.mistake(
    why="`np.sign` or ±1 is turned into bool in the end, for bool is asked",
    says="signs are turned into True and False: as a bool every number but 0 is True, and -1 is, too",
)
def signs_as_bool(vectors, normals):
    return np.sign(vectors @ normals).astype(bool)


@exercise.mistake(
    why="sides are often written as +1 and -1",
    says="the sides are +1 and -1; here they are True and False, the bits of the number that comes next",
)
def plus_and_minus_one(vectors, normals):
    return np.where(vectors @ normals >= 0, 1.0, -1.0)


@exercise.mistake(
    why="bits are thought of as numbers, and `astype(int)`, `np.heaviside` or an array of `np.zeros` makes them so",
    says="the sides are right, but they are the numbers 0 and 1 instead of True and False",
)
def zeros_and_ones(vectors, normals):
    return (vectors @ normals >= 0).astype(float)


@exercise.mistake(
    why="the comparison with 0 is left for later",
    says="the dot products themselves are returned; only on which side of 0 they lie is asked",
)
def dot_products(vectors, normals):
    return vectors @ normals


@exercise.mistake(
    why="vectors come in rows, so normals are expected in rows, too",
    says="the rows of `normals` are taken for normals; each column is one",
)
def normals_in_rows(vectors, normals):
    return vectors @ normals.T >= 0


@exercise.mistake(
    why="the dot product is meant to be positive for the side away from the normal, or `<=` is typed for `>=`",
    says="the comparison is turned round: True is the side that the normal points to, where the dot product is 0 or "
    "above",
)
def other_side_and_the_plane(vectors, normals):
    return vectors @ normals <= 0


@exercise.mistake(
    why="the task is read for one sequence, and einsum is given no `...`",
    says="a fixed number of axes is expected: there may be any number of batch axes in front (in einsum, write '...')",
)
def no_batch_axes(vectors, normals):
    return np.einsum("ld,dp->lp", vectors, normals) >= 0


@exercise.mistake(
    why="the loops need the sizes, and `n_vectors, n_features = vectors.shape` gives them",
    says="`vectors.shape` is taken apart as if it had two numbers; `vectors.shape[-1]` is always the last",
)
def shape_taken_apart(vectors, normals):
    n_vectors, n_features = vectors.shape
    return vectors @ normals >= 0


@exercise.mistake(
    why="the task is read for one sequence, and written with loops over its vectors",
    says="the loop runs over the first axis as if it were the vectors; with a batch in front it is the sequences",
)
def loops_over_one_sequence(vectors, normals):
    sides = np.zeros((len(vectors), normals.shape[1]), dtype=bool)
    for i in range(len(vectors)):
        for p in range(normals.shape[1]):
            sides[i, p] = np.dot(vectors[i], normals[:, p]) >= 0
    return sides


@exercise.mistake(
    why="the task is read for one sequence, and written with loops and an `if`",
    says="the loop runs over the first axis as if it were the vectors; with a batch in front it is the sequences, and "
    "`if` is asked about many dot products at once",
)
def loops_with_if_over_one_sequence(vectors, normals):
    sides = np.zeros((len(vectors), normals.shape[1]), dtype=bool)
    for i in range(len(vectors)):
        for p in range(normals.shape[1]):
            if np.dot(vectors[i], normals[:, p]) >= 0:
                sides[i, p] = True
    return sides


@exercise.mistake(
    why="batch axes are flattened to one long list of vectors, and the result is left that way",
    says="the batch axes are flattened: the result has shape (L, P) for all sequences together instead of (..., L, P)",
)
def batch_flattened(vectors, normals):
    return vectors.reshape(-1, vectors.shape[-1]) @ normals >= 0


@exercise.mistake(
    why="the cosine was the measure of nearness in unit 01, and its sign is the same",
    says="the cosine is compared with 0: rounding pushes some 0s to just below; the dot product of the vectors as "
    "they are needs no division",
)
def by_cosine(vectors, normals):
    return neighbors.cosine_similarity(vectors, normals.T) >= 0


@exercise.mistake(
    why="only the direction matters, so the vectors are scaled to norm 1",
    says="the vectors are divided by their norm, which is 0 for the zero vector and vanishes for very short ones: "
    "the NaN that comes of it is never `>= 0`. The side does not depend on the norm",
)
def unit_vectors(vectors, normals):
    return (vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)) @ normals >= 0


@exercise.mistake(
    why="`/=` looks like a shorter way to write the same",
    says="`vectors /= norm` writes into the caller's array, which fails where that holds whole numbers; no division "
    "is needed",
)
def scaled_in_place(vectors, normals):
    norm = np.linalg.norm(vectors, axis=-1, keepdims=True)
    norm[norm == 0] = 1
    vectors /= norm
    return vectors @ normals >= 0


@exercise.mistake(
    why="the zero vector points nowhere",
    says="the zero vector gets False; it lies in every plane, and that counts as the positive side",
)
def zero_vector_on_no_side(vectors, normals):
    return (vectors @ normals >= 0) & np.any(vectors, axis=-1, keepdims=True)


@exercise.mistake(
    why="a normal is thought of as a vector of norm 1",
    says="the normals are scaled to norm 1 first: rounding pushes some 0s to just below, and the side of a plane "
    "does not depend on the norm of its normal",
)
def unit_normals(vectors, normals):
    return vectors @ (normals / np.linalg.norm(normals, axis=0)) >= 0


@exercise.mistake(
    why="an even split of the vectors seems desirable",
    says="each dot product is compared with the average over the vectors instead of with 0; a plane through the "
    "origin does not know the other vectors",
)
def above_the_average(vectors, normals):
    dots = vectors @ normals
    return dots >= np.mean(dots, axis=-2, keepdims=True)


@exercise.mistake(
    why="one plane in P is taken to be the answer, as in the hash of unit 03",
    says="only the normal that fits a vector best gets True; each plane is asked on its own, and several may say True",
)
def nearest_to_the_normal(vectors, normals):
    dots = vectors @ normals
    return dots >= np.max(dots, axis=-1, keepdims=True)


@exercise.mistake(
    why="`range(n_planes - 1)`: a fence-post error",
    says="the last plane is left out and stays False: `range(n)` already stops before n",
)
def last_plane_left_out(vectors, normals):
    return (vectors @ normals >= 0) & (np.arange(normals.shape[1]) < normals.shape[1] - 1)


@exercise.mistake(
    why="the loop over the planes runs to `len(normals)`",
    says="`len(normals)` is taken for the number of planes, but it is the number of features: `normals.shape[1]`",
)
def planes_counted_by_rows(vectors, normals):
    sides = np.zeros((*vectors.shape[:-1], normals.shape[1]), dtype=bool)
    for plane in range(len(normals)):
        sides[..., plane] = vectors @ normals[:, plane] >= 0
    return sides


@exercise.mistake(
    why="the planes are thought of as the walls of one region",
    says="one answer is given for all planes together, whether a vector is on the positive side of every one; each "
    "plane has an answer of its own",
)
def above_all_planes(vectors, normals):
    return np.all(vectors @ normals >= 0, axis=-1)


@exercise.solution
def sides_by_einsum(vectors, normals):
    return np.einsum("...d,dp->...p", vectors, normals) >= 0


@exercise.solution
def sides_by_products(vectors, normals):
    return ~(np.sum(vectors[..., np.newaxis] * normals, axis=-2) < 0)


@exercise.solution
def sides_plane_by_plane(vectors, normals):
    return np.stack([np.dot(vectors, normal) >= 0 for normal in normals.T], axis=-1)


@exercise.solution
def sides_by_signs(vectors, normals):
    return np.sign(np.tensordot(vectors, normals, axes=1)) != -1
