"""Two functions of Trax that resuming from a checkpoint needs, mended.

A `Loop` that finds a checkpoint in its `output_dir` rebuilds trees of arrays with `tree_unflatten`. That asks of every
part whether it is one of a few empty tuples and dicts, by `in`, and so compares arrays with tuples; jax refuses
(TypeError, 'ArrayImpl' and 'tuple'). Here an array is never compared. And weights that do not fit raise an IndexError
without a word; here it says which.
"""

import warnings


class CheckpointMismatch(IndexError, ValueError):
    """A checkpoint that is not one of this model. Trax itself catches the IndexError, where less is enough."""


def mend(trax):
    """Put both functions in the place of Trax's own, and ignore two warnings about its calls of others.

    Doing it twice changes nothing.
    """
    training = trax.supervised.training
    trax.fastmath.numpy.tree_unflatten = trax.fastmath.tree_unflatten = tree_unflatten
    training._match_by_shape = match_by_shape
    for old_way in ("jax.host_count has been renamed", "GzipFile was opened for writing"):  # a reader can do nothing
        warnings.filterwarnings("ignore", message=old_way)


def tree_unflatten(flat, tree, copy_from_tree=None):
    """Put the entries of a list, in order, in the place of the leaves of a tree: (tree, entries left over).

    A part of the tree that equals an entry of `copy_from_tree`, such as (), stays as it is.
    Source: Trax `fastmath/numpy.py`, whose function this replaces.
    """
    if any(_is_the_same(tree, kept) for kept in copy_from_tree or ()):
        return tree, flat
    if isinstance(tree, dict):
        values, flat = tree_unflatten(flat, list(tree.values()), copy_from_tree)
        return dict(zip(tree, values, strict=True)), flat
    if isinstance(tree, list | tuple):
        parts = []
        for part in tree:
            part, flat = tree_unflatten(flat, part, copy_from_tree)
            parts.append(part)
        return (tuple(parts) if isinstance(tree, tuple) else parts), flat
    return flat[0], flat[1:]


def _is_the_same(part, kept):
    return part is kept or (isinstance(part, list | tuple | dict) and type(part) is type(kept) and part == kept)


def match_by_shape(full, partial):
    """Put what a checkpoint holds in the place of a model's arrays: both in order, so the arrays of the checkpoint.

    Raises CheckpointMismatch, an IndexError, if their number or a shape differs.
    Source: Trax `supervised/training.py`, `_match_by_shape`. That fills up what is missing in a checkpoint with the
    model's own arrays, and fails later, at the state.
    """
    pairs = zip(map(_shape, full), map(_shape, partial), strict=False)
    problems = [f"{len(partial)} arrays, where the model has {len(full)}"] if len(full) != len(partial) else []
    problems += [f"an array of shape {there}, where the model has {here}" for here, there in pairs if here != there]
    if problems:
        raise CheckpointMismatch(
            f"The checkpoint is not one of this model: it holds {problems[0]}. Build the model with the settings it "
            "was saved with, or choose another output_dir."
        )
    return list(partial)


def _shape(array):
    return None if array is None else tuple(array.shape)
