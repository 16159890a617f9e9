"""The parameters of `reformer` and the weights of Trax's layers, both ways.

Trax keeps weights as nested tuples, in the order in which its layers use them, without names; the course keeps nested
dicts. So one list says, for a model of the course, what stands where: name, shape in the course, shape in Trax. Three
parts have such a list: "attention" (`LSHSelfAttention` or `SelfAttention`, without the norm before it), "layer" (one
decoder block in a `ReversibleSerial`) and "model" (`trax.models.reformer.ReformerLM`).

Trax cuts the matrices of attention into heads: (d, d) becomes (H, d, d/H) for queries, keys and values, and
(H, d/H, d) for the output. Numbers are moved, never changed: there and back gives the same bits.

Letters: V vocabulary, d features of the model, H heads.
"""

from typing import NamedTuple

import numpy as np

from reformer.arguments import require_choice
from reformer.blocks import PROJECTIONS
from reformer.parameters import conform_arrays, flatten_parameters, unflatten_parameters

PARTS = ("attention", "layer", "model")


class Leaf(NamedTuple):
    """One array: its shape in the course, and in Trax; `heads` where the columns are cut into heads."""

    ours: tuple
    theirs: tuple
    heads: int | None = None

    def to_trax(self, array):
        if self.heads is None:
            return array.reshape(self.theirs)
        return np.ascontiguousarray(array.reshape(len(array), self.heads, -1).swapaxes(0, 1))

    def from_trax(self, array):
        if self.heads is None:
            return array.reshape(self.ours)
        return np.ascontiguousarray(array.swapaxes(0, 1)).reshape(self.ours)


def to_trax(model, parameters, weights, *, part="model"):
    """Put parameters of the course into weights of Trax.

    Parameters
    ----------
    model : `ReformerLM` or `TransformerLM` of `reformer`, for its sizes
    parameters : nested dict: of the whole model, of one entry of "layers", or of the "attention" in it
    weights : nested tuple, the `weights` of the Trax layer after its `init`; only its form and shapes are used
    part : "model", "layer" or "attention"

    Returns
    -------
    weights : nested tuple of arrays of the same dtype, to be set as `layer.weights`

    Raises ValueError if a name or shape of `parameters` is not that of `model`, or `weights` has another form.
    """
    leaves, found = layout(model, part), flatten_parameters(parameters)
    if part == "attention":
        found = {name: array for name, array in found.items() if not name.startswith("norm/")}  # another layer in Trax
    dtype = getattr(next(iter(found.values()), None), "dtype", np.float32)
    needed = {name: np.broadcast_to(np.zeros((), dtype), leaf.ours) for name, leaf in leaves.items()}
    found = conform_arrays(found, needed, "the tree of parameters")
    _require_leaves(leaves, weights)
    arrays = iter([leaf.to_trax(found[name]) for name, leaf in leaves.items()])
    return _fill(weights, arrays)


def from_trax(model, weights, *, part="model"):
    """Read weights of Trax as parameters of the course: the inverse of `to_trax`.

    Returns
    -------
    parameters : nested dict of NumPy arrays; for "attention" without the norm

    Raises ValueError if the number of arrays or a shape is not that of `model`.
    """
    leaves = layout(model, part)
    arrays = _require_leaves(leaves, weights)
    flat = {name: leaf.from_trax(array) for (name, leaf), array in zip(leaves.items(), arrays, strict=True)}
    return unflatten_parameters(flat)


def layout(model, part="model"):
    """What stands where, in Trax's order: {name: Leaf}.

    Raises ValueError if `part` is unknown, or Trax's ReformerLM has no such model.
    """
    require_choice("part", part, PARTS)
    if part == "attention":
        return _attention(model)
    if part == "layer":
        return _layer(model)
    require_trax_has(model)
    d, wide, size = model.d_model, 2 * model.d_model, model.vocabulary_size
    leaves = {"tokens": _plain(size, d)}
    if model.positions == "axial":
        (n_rows, n_columns), half = model.axial_shape, model.d_model // 2
        leaves["positions/rows"] = Leaf((n_rows, half), (1, n_rows, 1, half))
        leaves["positions/columns"] = Leaf((n_columns, d - half), (1, 1, n_columns, d - half))
    else:
        leaves["positions/table"] = _plain(model.max_length, d)
    for i in range(model.n_layers):
        leaves |= {f"layers/{i}/{name}": leaf for name, leaf in _layer(model).items()}
    leaves |= {"output/norm/scale": _plain(wide), "output/norm/bias": _plain(wide)}
    return leaves | {"output/weights": _plain(wide, size), "output/bias": _plain(size)}


def require_trax_has(model):
    """Raise ValueError, naming each field, if Trax's ReformerLM does not have what `model` asks for."""
    problems = []
    if not model.reversible:
        problems.append("reversible needs to be True, its only kind")
    if not model.causal:
        problems.append("causal needs to be True: its tokens never see later ones")
    if model.positions == "sinusoidal":
        problems.append('positions needs to be "learned" or "axial": it trains its sinusoids, as a table')
    problems += [
        f"{name} needs to be False: it has no such option"
        for name in ("same_bucket_only", "correct_duplicates")
        if model.attention == "lsh" and getattr(model, name)
    ]
    if problems:
        raise ValueError(f"Trax's ReformerLM is another model: {'; '.join(problems)}")


def require_trax_length(model, length):
    """Raise ValueError, saying which length would do, if Trax's ReformerLM cannot take texts of this one at once."""
    if length > model.max_length:
        raise ValueError(f"length needs at most max_length = {model.max_length} positions, got {length}")
    if model.positions == "axial" and length != np.prod(model.axial_shape):
        whole = f"{' x '.join(map(str, model.axial_shape))} = {np.prod(model.axial_shape)}"
        raise ValueError(f"length needs the whole grid of positions, {whole}, got {length}")
    if model.attention == "lsh" and length % model.chunk_length:
        fits = -(-length // model.chunk_length) * model.chunk_length
        needed = f"a multiple of chunk_length = {model.chunk_length} in Trax"
        raise ValueError(f"length needs {needed}, got {length}: pad to {fits}")


def _plain(*shape):
    return Leaf(shape, shape)


def _attention(model):
    d, n_heads = model.d_model, model.n_heads
    per_head = d // n_heads
    split = Leaf((d, d), (n_heads, d, per_head), heads=n_heads)
    leaves = {name: split for name in PROJECTIONS[model.attention]}
    return leaves | {"w_out": Leaf((d, d), (n_heads, per_head, d))}


def _layer(model):
    d, d_ff = model.d_model, model.d_ff
    norm = {"norm/scale": _plain(d), "norm/bias": _plain(d)}
    leaves = {f"attention/{name}": leaf for name, leaf in (norm | _attention(model)).items()}
    wide = {"w_in": _plain(d, d_ff), "b_in": _plain(d_ff), "w_out": _plain(d_ff, d), "b_out": _plain(d)}
    return leaves | {f"feed_forward/{name}": leaf for name, leaf in (norm | wide).items()}


def _require_leaves(leaves, weights):
    """The arrays of Trax's weights, in order, if their number and shapes are those of `leaves`."""
    arrays = [np.asarray(array) for array in _arrays_of(weights)]
    if not arrays:
        raise ValueError("weights needs the arrays of a Trax layer, got none: call its init first")
    for (name, leaf), array in zip(leaves.items(), arrays, strict=False):
        if array.shape != leaf.theirs:
            raise ValueError(f"weights does not fit: {name} needs shape {leaf.theirs} in Trax, got {array.shape}")
    if len(arrays) != len(leaves):
        raise ValueError(f"weights needs {len(leaves)} arrays, got {len(arrays)}")
    return arrays


def _arrays_of(tree):
    if isinstance(tree, dict):
        tree = tree.values()
    elif not isinstance(tree, list | tuple):
        return [] if tree is None else [tree]
    return [array for part in tree for array in _arrays_of(part)]


def _fill(tree, arrays):
    """The same tree with the next of `arrays` in the place of each array."""
    if isinstance(tree, dict):
        return {key: _fill(part, arrays) for key, part in tree.items()}
    if isinstance(tree, list | tuple):
        return type(tree)(_fill(part, arrays) for part in tree)
    return None if tree is None else next(arrays)
