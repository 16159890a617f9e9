"""Parameters of a model: plain nested dicts of arrays, such as {"layers": {"0": {"attention": {"w_qk": ...}}}}.

On disk they are one npz file, an array for each name, with "/" between the levels. Nothing is pickled, so a file from
a stranger runs no code.
"""

import os

import numpy as np


def map_parameters(function, *trees):
    """Apply a function to the arrays that stand in the same place of one or several nested dicts.

    Raises ValueError if the dicts do not have the same keys.
    """
    if not any(isinstance(tree, dict) for tree in trees):
        return function(*trees)
    keys = [sorted(tree) if isinstance(tree, dict) else type(tree).__name__ for tree in trees]
    if any(other != keys[0] for other in keys):
        raise ValueError(f"trees need the same keys, got {' and '.join(map(str, keys))}")
    return {key: map_parameters(function, *(tree[key] for tree in trees)) for key in trees[0]}


def flatten_parameters(tree, prefix=""):
    """List a nested dict as one flat dict: {"a": {"b": x}} -> {"a/b": x}.

    Raises ValueError if a key is not text, or has a "/" in it.
    """
    flat = {}
    for key, value in tree.items():
        if not isinstance(key, str) or "/" in key:
            raise ValueError(f"a key of a nested dict needs to be text without '/', got {key!r}")
        flat |= flatten_parameters(value, f"{prefix}{key}/") if isinstance(value, dict) else {prefix + key: value}
    return flat


def unflatten_parameters(flat):
    """Nest a flat dict again: {"a/b": x} -> {"a": {"b": x}}. The inverse of `flatten_parameters`."""
    tree = {}
    for name, value in flat.items():
        *path, last = name.split("/")
        branch = tree
        for key in path:
            branch = branch.setdefault(key, {})
        branch[last] = value
    return tree


def save_parameters(path, parameters):
    """Write a nested dict of arrays to an npz file, first beside it and then, in one move, over it.

    Raises ValueError if a name or a value cannot be written without pickle. No file is touched then.
    """
    arrays = flatten_parameters(parameters)
    for name, array in arrays.items():
        if name in ("file", "allow_pickle") or name.endswith(".npy"):
            raise ValueError(f"{name} needs another name, NumPy's npz files use this one themselves")
        if not isinstance(array, np.ndarray | np.generic) or array.dtype.hasobject:
            raise ValueError(f"{name} needs to be an array of numbers or text, got {_kind(array)}")
    partial = f"{os.fspath(path)}.partial"
    try:
        with open(partial, "wb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:  # an interrupt too must not leave half a file behind
        if os.path.exists(partial):
            os.unlink(partial)


def load_parameters(path, like):
    """Read a file of `save_parameters`.

    Parameters
    ----------
    path : of the file
    like : nested dict of what is needed, as in `conform_arrays`, such as freshly drawn parameters

    Returns
    -------
    parameters : nested dict of arrays

    Raises ValueError if the file is not an npz file, is damaged, holds Python objects, or does not fit `like`.
    """
    with open(path, "rb") as file:
        try:
            with np.load(file, allow_pickle=False) as archive:
                found = {name: np.asarray(archive[name]) for name in archive.files}
        except Exception as problem:  # damage can raise anything in zipfile and NumPy
            raise ValueError(f"{path} needs to be an npz file of plain arrays, but is not: {problem}") from problem
    return unflatten_parameters(conform_arrays(found, flatten_parameters(like), path))


def conform_arrays(found, needed, what):
    """Return the arrays of `found` in the order of `needed`, if they are what `needed` says.

    Parameters
    ----------
    found : flat dict of arrays
    needed : flat dict of arrays with the same names, shapes and dtypes; None in place of one leaves both open
    what : what to call `found` in an error

    Raises ValueError if a name, shape or dtype is another, or a number is NaN or infinite.
    """
    problems = [f"{name} is missing" for name in needed if name not in found]
    problems += [f"{name} is not expected" for name in found if name not in needed]
    for name in [name for name in needed if name in found]:
        kind, needed_kind = _kind(found[name]), _kind(needed[name])
        if needed[name] is not None and kind != needed_kind:
            problems.append(f"{name} needs {needed_kind}, got {kind}")
        elif kind.startswith("float") and not np.isfinite(found[name]).all():
            n_bad = np.count_nonzero(~np.isfinite(found[name]))
            problems.append(f"{name} needs finite numbers, got {n_bad} that are NaN or infinite")
    if problems:
        more = f" and {len(problems) - 5} more" if len(problems) > 5 else ""
        raise ValueError(f"{what} does not fit: {'; '.join(problems[:5])}{more}")
    return {name: found[name] for name in needed}


def _kind(array):
    return f"{array.dtype} of shape {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
