"""Checks of arguments, shared by all modules: a bad one is refused by name, with what came and what is needed.

`require_arrays` checks all arrays of a call together, so that a letter means one size throughout. The other functions
check one argument each. All return what they were given, as the arrays or numbers the caller works with.
"""

import operator

import numpy as np

FLOATS = (np.float32, np.float64)


def require_arrays(*, mixed=False, finite=False, **arguments):
    """Return arguments as arrays whose axes and dtypes fit each other.

    An argument is `name=(value, axes)` or `name=(value, axes, kind)`. `axes` names each axis by a letter or word, as
    in "... L d": one that comes again has the same size again, one with a "+" behind it is at least 1, and "..." stands
    for any leading axes, the same in all arguments. `kind` is `float` (float32 or float64, the same in all
    arguments), `int`, `bool` or a dtype.

    Parameters
    ----------
    mixed : let NumPy broadcast leading axes and promote dtypes: they need not be the same
    finite : refuse NaN and infinity

    Returns
    -------
    arrays : list of arrays in the order of the arguments; the array itself where there is one argument

    Raises ValueError if an argument does not fit.
    """
    bound, arrays = {}, []
    for name, (value, axes, *kind) in arguments.items():
        array = _of_kind(name, value, *kind, bound=None if mixed else bound)
        _bind_axes(name, array, axes, bound, mixed)
        if finite and np.issubdtype(array.dtype, np.floating):
            require_finite(name, array)
        arrays.append(array)
    return arrays if len(arrays) > 1 else arrays[0]


def _of_kind(name, value, kind=float, *, bound):
    """`value` as an array of the kind. `bound` remembers the dtype of the first array of floats, and its name."""
    array = _as_array(name, value)
    if kind is int:
        if array.size == 0 and not hasattr(value, "dtype"):  # an empty list has no dtype of its own
            array = array.astype(np.intp)
        if not np.issubdtype(array.dtype, np.integer):
            raise ValueError(f"{name} needs an integer dtype, got {array.dtype}")
    elif kind is bool:
        if array.dtype != np.bool_:
            raise ValueError(f"{name} needs a boolean dtype, got {array.dtype}")
    elif kind is not float:
        if array.dtype != kind:
            raise ValueError(f"{name} needs dtype {np.dtype(kind)}, got {array.dtype}")
    else:
        dtype, owner = (bound or {}).get("dtype", (None, None))
        if array.dtype not in (FLOATS if dtype is None else (dtype,)):
            needed = "float32 or float64" if dtype is None else f"{dtype} as {owner} has"
            raise ValueError(f"{name} needs dtype {needed}, got {array.dtype}")
        if bound is not None:
            bound.setdefault("dtype", (array.dtype, name))
    return array


def _as_array(name, value):
    """`value` as an array; masked entries and rows of different lengths are refused."""
    if type(value) is np.ndarray:
        return value
    if np.ma.is_masked(value):
        raise ValueError(f"{name} needs an array without masked entries, got {np.ma.count_masked(value)} of them")
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} needs an array, got lists that are not all of one length") from None


def _bind_axes(name, array, axes, bound, mixed):
    """Check the shape of one array against the sizes in `bound`, and bind the letters that are new."""
    letters = axes.split()
    batched = letters[:1] == ["..."]
    letters = letters[batched:]
    n_leading, conditions = array.ndim - len(letters), []
    fits = n_leading >= 0 if batched else n_leading == 0
    if fits:
        sizes = array.shape[n_leading:]
        conditions = _batch_conditions(array.shape[:n_leading], name, bound, mixed) if batched else []
        for letter, size in zip(letters, sizes, strict=True):
            first, owner = bound.setdefault(letter.rstrip("+"), (size, name))
            if size != first:
                conditions.append(f"{letter.rstrip('+')} = {first} as in {owner}")
            if size == 0 and letter.endswith("+"):
                conditions.append(f"{letter.rstrip('+')} at least 1")
    if conditions or not fits:
        shape = ", ".join(["..."] * batched + [letter.rstrip("+") for letter in letters])
        needed = f"({shape}) with {' and '.join(conditions)}" if conditions else f"({shape})"
        raise ValueError(f"{name} needs shape {needed}, got shape {array.shape}")


def _batch_conditions(batch, name, bound, mixed):
    """What leading axes have to fulfil and do not, as a list of at most one condition."""
    first, owner = bound.setdefault("...", (batch, name))
    if not mixed:
        return [] if batch == first else [f"... = {first} as in {owner}"]
    try:
        bound["..."] = np.broadcast_shapes(first, batch), owner
    except ValueError:
        return [f"leading axes that go with {first} of {owner}"]
    return []


def require_integers(name, value, axes, *, low=0, below=np.inf):
    """Return `value` as an integer array with the axes that `axes` names and all entries in low .. below - 1.

    Where `low` is below 0, so that -1 has a meaning, the dtype can hold it.
    """
    array = require_arrays(**{name: (value, axes, int)})
    if -np.inf < low < 0 and array.dtype.kind == "u":
        array = array.astype(np.intp)
    if array.size and (array.min() < low or array.max() >= below):
        needed = f"of at least {low}" if below == np.inf else f"from {low} to {below - 1}"
        raise ValueError(f"{name} needs values {needed}, got {array.min()} to {array.max()}")
    return array


def require_finite(name, array):
    """Return `array` unless it holds a NaN or an infinity."""
    finite = np.isfinite(array)
    if not np.all(finite):
        raise ValueError(f"{name} needs finite numbers, got {np.count_nonzero(~finite)} that are NaN or infinite")
    return array


def require_range(name, value, low, high):
    """Return `value`, a number or an array of numbers, as floats in low .. high, both ends included."""
    array = _as_array(name, value)
    if not (np.issubdtype(array.dtype, np.floating) or np.issubdtype(array.dtype, np.integer)):
        raise ValueError(f"{name} needs real numbers, got dtype {array.dtype}")
    if not np.issubdtype(array.dtype, np.floating):
        array = array.astype(np.float64)
    if not np.all((array >= low) & (array <= high)):
        got = f"{array.min():.6g} to {array.max():.6g}"
        raise ValueError(f"{name} needs numbers from {low:.6g} to {high:.6g}, got {got}")
    return array


def require_chance(name, value):
    """Return `value` as a float, one number from 0 to 1: a chance, or a share."""
    chance = require_range(name, value, 0.0, 1.0)
    if chance.ndim:
        raise ValueError(f"{name} needs one number, got shape {chance.shape}")
    return float(chance)


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


def require_shape(name, array, shape):
    """Return `array` if it has exactly `shape`."""
    if np.shape(array) != tuple(shape):
        raise ValueError(f"{name} needs shape {tuple(shape)}, got shape {np.shape(array)}")
    return array
