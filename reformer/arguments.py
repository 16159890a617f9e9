"""Checks of arguments, shared by all modules: a bad one is refused by name, with what came and what is needed.

Every function returns the value it was given, as the array or number the caller works with.
"""

import operator

import numpy as np


def require_floats(name, value, axes, *, dtype=None):
    """Return `value` as a float32 or float64 array, or one of `dtype`, with the axes `axes` names: "(..., L, d)"."""
    array = np.asarray(value)
    if array.dtype not in ((np.float32, np.float64) if dtype is None else (dtype,)):
        raise ValueError(f"{name} needs dtype {'float32 or float64' if dtype is None else dtype}, got {array.dtype}")
    _require_axes(name, array, axes)
    return array


def require_integers(name, value, axes, *, low=0, below=np.inf):
    """Return `value` as an integer array with the axes `axes` names and all entries in low .. below - 1.

    Where `low` is below 0, so that -1 has a meaning, the dtype can hold it.
    """
    array = np.asarray(value)
    if not np.issubdtype(array.dtype, np.integer):
        raise ValueError(f"{name} needs an integer dtype, got {array.dtype}")
    if -np.inf < low < 0 and array.dtype.kind == "u":
        array = array.astype(np.intp)
    _require_axes(name, array, axes)
    if array.size and (array.min() < low or array.max() >= below):
        needed = f"of at least {low}" if below == np.inf else f"from {low} to {below - 1}"
        raise ValueError(f"{name} needs values {needed}, got {array.min()} to {array.max()}")
    return array


def require_entries(name, array):
    """Return `array` if it has at least one entry."""
    if array.size == 0:
        raise ValueError(f"{name} needs at least one entry, got shape {array.shape}")
    return array


def require_finite(name, array):
    """Return `array` unless it holds a NaN or an infinity."""
    finite = np.isfinite(array)
    if not np.all(finite):
        raise ValueError(f"{name} needs finite numbers, got {np.count_nonzero(~finite)} that are NaN or infinite")
    return array


def require_range(name, value, low, high):
    """Return `value`, a number or an array of numbers, as floats in low .. high, both ends included."""
    array = np.asarray(value)
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise ValueError(f"{name} needs real numbers, got dtype {array.dtype}")
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    if not np.all((array >= low) & (array <= high)):
        got = f"{array.min():.6g} to {array.max():.6g}"
        raise ValueError(f"{name} needs numbers from {low:.6g} to {high:.6g}, got {got}")
    return array


def require_count(name, value, *, at_least=1, even=False):
    """Return `value` as an int, at least `at_least`, and even where `even` says so."""
    needed = f"{name} needs {'an even' if even else 'a'} whole number of at least {at_least}"
    if isinstance(value, bool | np.bool_):
        raise ValueError(f"{needed}, got {value!r}")
    try:
        count = operator.index(value)
    except TypeError:
        raise ValueError(f"{needed}, got {value!r}") from None
    if count < at_least or (even and count % 2):
        raise ValueError(f"{needed}, got {count}")
    return count


def require_choice(name, value, choices):
    """Return `value` if it is one of `choices`."""
    if not any(value == choice for choice in choices):
        raise ValueError(f"{name} needs one of {', '.join(map(repr, choices))}, got {value!r}")
    return value


def require_booleans(name, value, shape):
    """Return `value` as a boolean array of exactly `shape`."""
    array = np.asarray(value)
    if array.dtype != np.bool_:
        raise ValueError(f"{name} needs a boolean dtype, got {array.dtype}")
    return require_shape(name, array, shape)


def require_shape(name, array, shape):
    """Return `array` if it has exactly `shape`."""
    if np.shape(array) != tuple(shape):
        raise ValueError(f"{name} needs shape {tuple(shape)}, got shape {np.shape(array)}")
    return array


def _require_axes(name, array, axes):
    names = [axis.strip() for axis in axes.strip("()").split(",") if axis.strip()]
    batched = names[:1] == ["..."]
    needed = len(names) - batched
    if array.ndim < needed or (array.ndim > needed and not batched):
        raise ValueError(f"{name} needs shape {axes}, got shape {array.shape}")
