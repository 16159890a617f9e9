"""A call of a learner's function: its arguments, positional and by keyword, and functions among them.

A function cannot travel to a learner's kernel, so one that is an argument is a `Form`: a name from `FORMS` and the
arrays it is made of. It can be called like any function, here and there. Nor can an object that a function changes: it
is `Built`, from a name of `BUILDERS` and arrays, anew for each call. This file is also copied into the learner's
kernel: it imports NumPy only, and what a builder needs when it builds.
"""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Call:
    """The arguments of one call.

    sent : what is not for the function, but for the `observe` of its exercise
    """

    args: tuple
    kwargs: dict = field(default_factory=dict)
    sent: tuple = ()

    def of(self, function):
        """Call a function with copies of the arguments."""
        return function(*copy_of(self.args), **copy_of(self.kwargs))

    def named(self, names):
        """List (name, argument) for each argument; `names` are those of the function's parameters."""
        return [*zip(names, self.args, strict=False), *self.kwargs.items()]

    def with_sent(self, *sent):
        """The same call, with something for `observe`."""
        return Call(self.args, self.kwargs, sent)


def call(*args, **kwargs):
    """The call f(*args, **kwargs)."""
    return Call(args, kwargs)


@dataclass(frozen=True)
class Form:
    """A function argument: one of `FORMS`, made of arrays."""

    name: str
    arrays: tuple

    def __post_init__(self):
        if self.name not in FORMS:
            raise ValueError(f"a form needs one of the names {', '.join(FORMS)}, got {self.name!r}")

    def __call__(self, x):
        return FORMS[self.name](np.array(x), *self.arrays)

    def __str__(self):
        made_of = ", ".join(str(np.shape(array) or array) for array in self.arrays)
        return f"{WORDS[self.name]}, made of {made_of}" if made_of else WORDS[self.name]


def form(name, *arrays):
    """A function argument by its name in `FORMS` and what it is made of."""
    return Form(name, arrays)


@dataclass(frozen=True)
class Built:
    """An argument that is an object: one of `BUILDERS`, made of arrays. A copy of it is the object, built anew."""

    name: str
    arrays: tuple

    def __post_init__(self):
        if self.name not in BUILDERS:
            raise ValueError(f"what is built needs one of the names {', '.join(BUILDERS)}, got {self.name!r}")

    def build(self):
        return BUILDERS[self.name](*self.arrays)

    def __str__(self):
        return f"{self.name}, with {' and '.join(str(np.shape(array)) for array in self.arrays)} numbers"


def built(name, *arrays):
    """An argument that is an object, by its name in `BUILDERS` and what it is made of."""
    return Built(name, arrays)


def _embedding_and_dense(table, weights, bias):
    """A language model of Trax's parts that sees one token back, after its `init`."""
    from trax_bridge import load_trax

    trax = load_trax()
    layers, asarray = trax.layers, trax.fastmath.numpy.asarray
    model = layers.Serial(layers.ShiftRight(), layers.Embedding(*table.shape), layers.Dense(len(bias)))
    tokens = asarray(np.zeros((1, 4), np.int32))
    model.init(trax.shapes.signature(tokens), rng=trax.fastmath.random.get_prng(0))
    model.weights = (model.weights[0], asarray(table), (asarray(weights), asarray(bias)))
    return model


BUILDERS = {"a model of Trax: ShiftRight, Embedding, Dense": _embedding_and_dense}


def _tanh_with_pull(x, weights, bias):
    value = np.tanh(x @ weights + bias)
    return value.copy(), lambda gradient: ((1 - value**2) * gradient) @ weights.T  # who changes the value harms nobody


# x is a copy: none of these can harm its caller.
FORMS = {
    "affine": lambda x, weights, bias: x @ weights + bias,
    "tanh": lambda x, weights, bias: np.tanh(x @ weights + bias),
    "tanh with pull": _tanh_with_pull,
    "square": lambda x: x * x,
    "square with pull": lambda x: (x * x, lambda gradient: 2 * x * gradient),
    "scale": lambda x, factor: factor * x,
    "scale with pull": lambda x, factor: (factor * x, lambda gradient: factor * gradient),
    "minus mean": lambda x: x - np.mean(x, axis=-2, keepdims=True),
    "row": lambda x, table: table[x[..., -1]],
    "sum of rows": lambda x, table: np.sum(table[x], axis=-2),
}
WORDS = {
    "affine": "x -> x W + b",
    "tanh": "x -> tanh(x W + b)",
    "tanh with pull": "x -> tanh(x W + b), with its pull",
    "square": "x -> x * x",
    "square with pull": "x -> x * x, with its pull",
    "scale": "x -> a x",
    "scale with pull": "x -> a x, with its pull",
    "minus mean": "x -> x less the mean over the positions it is given",
    "row": "tokens -> the row of a table that the last token names",
    "sum of rows": "tokens -> the sum of the rows of a table that all tokens name",
}


def copy_of(value):
    """A copy of a value all the way down: arrays, and lists, tuples and dicts of them. A form needs no copy."""
    if isinstance(value, Built):
        return value.build()
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, list | tuple):
        return type(value)(map(copy_of, value))
    if isinstance(value, dict):
        return {key: copy_of(item) for key, item in value.items()}
    return value


def same(value, other):
    """Whether two values are the same to the last bit, all the way down. What is built is there to be changed."""
    if isinstance(value, Built):
        return True
    if type(value) is not type(other):
        return False
    if isinstance(value, np.ndarray):
        return value.dtype == other.dtype and value.shape == other.shape and value.tobytes() == other.tobytes()
    if isinstance(value, list | tuple):
        return len(value) == len(other) and all(map(same, value, other))
    if isinstance(value, dict):
        return [*value] == [*other] and all(same(item, other[key]) for key, item in value.items())
    return value is other or bool(value == other) or (value != value and other != other)
