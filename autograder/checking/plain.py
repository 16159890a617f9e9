"""Plain values: the only things that cross between a learner's kernel and the judge.

Numbers, booleans, text, None, numeric arrays, and lists, tuples and dicts of these become JSON text and back; so do
the forms that stand for functions in a call, but only on the way to the kernel. Nothing is unpickled, so nothing that a
kernel sends can run on the judge's side. Arrays travel as dtype, shape and raw bytes, whose length must fit before
memory is taken. This file is also copied into the learner's kernel: it imports NumPy and `call` only.
"""

import base64
import json

import numpy as np

from autograder.checking.call import Call, Form

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 8
_DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<f2", "<i4", "<u4", "<f4", "<i8", "<u8", "<f8")


class NotPlain(ValueError):
    """A value that cannot cross: an object, an array of objects, too deep or too large."""


def encode(value):
    """Return `value` as JSON text. Raises NotPlain, naming the type, where it holds something that is not plain."""
    text = json.dumps(_pack(value, MAX_DEPTH))
    if len(text) > MAX_BYTES:
        raise NotPlain(f"the answer takes {len(text):,} bytes; at most {MAX_BYTES:,} are read")
    return text


def decode(text):
    """Return the value that `encode` wrote, which holds no form. Raises NotPlain for anything else."""
    return _read(text, forms=False)


def _read(text, forms):
    if len(text) > MAX_BYTES:
        raise NotPlain(f"the answer takes {len(text):,} bytes; at most {MAX_BYTES:,} are read")
    try:
        return _unpack(json.loads(text), MAX_DEPTH, forms)
    except NotPlain:
        raise
    except Exception as error:  # whatever a forged text makes JSON or NumPy stumble over
        raise NotPlain(f"the answer cannot be read ({type(error).__name__})") from None


def encode_call(call):
    """Return a `Call`, functions among its arguments included, as JSON text."""
    return encode([call.args, call.kwargs])


def decode_call(text):
    """Return the call that `encode_call` wrote. Raises NotPlain for anything else."""
    args, kwargs = _read(text, forms=True)
    return Call(args, kwargs)


def _pack(value, depth):
    if depth == 0:
        raise NotPlain(f"the answer is nested more than {MAX_DEPTH} deep")
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return _pack_array(np.asarray(value))
    if isinstance(value, list | tuple):
        form = "list" if isinstance(value, list) else "tuple"
        return {form: [_pack(item, depth - 1) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_pack_key(key), _pack(item, depth - 1)] for key, item in value.items()]}
    if isinstance(value, Form):
        return {"form": [value.name, _pack(value.arrays, depth - 1)]}
    raise NotPlain(f"the answer holds a {type(value).__name__}; numbers, text, arrays, lists and dicts can be judged")


def _pack_key(key):
    key = key.item() if isinstance(key, np.generic) else key  # numbers of NumPy make good keys, arrays do not
    if type(key) not in (bool, int, float, str):
        raise NotPlain(f"the answer is a dict with a {type(key).__name__} for a key; numbers and text can be judged")
    return key


def _pack_array(array):
    little_endian = array.dtype.newbyteorder("<")
    if little_endian.str not in _DTYPES:
        raise NotPlain(f"the answer holds an array of dtype {array.dtype}; whole and real numbers can be judged")
    array = array.astype(little_endian, copy=False)
    data = base64.b64encode(array.tobytes()).decode("ascii")
    return {"array": {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}}


def _unpack(node, depth, forms):
    if depth == 0:
        raise NotPlain(f"the answer is nested more than {MAX_DEPTH} deep")
    if not isinstance(node, dict):
        if node is None or type(node) in (bool, int, float, str):
            return node
        raise NotPlain("the answer cannot be read (a bare list)")
    ((form, content),) = node.items()
    if form == "array":
        return _unpack_array(content)
    if form in ("list", "tuple"):
        items = [_unpack(item, depth - 1, forms) for item in content]
        return items if form == "list" else tuple(items)
    if form == "dict":
        return {key: _unpack(item, depth - 1, forms) for key, item in content}
    if form == "form" and forms:
        return Form(content[0], _unpack(content[1], depth - 1, forms))
    raise NotPlain(f"the answer cannot be read (unknown form {form[:20]!r})")


def _unpack_array(content):
    shape = tuple(int(size) for size in content["shape"])
    if content["dtype"] not in _DTYPES or len(shape) > MAX_DEPTH or min(shape, default=0) < 0:
        raise NotPlain("the answer cannot be read (not a numeric array)")
    data = base64.b64decode(content["data"], validate=True)
    return np.frombuffer(data, dtype=content["dtype"]).reshape(shape).copy()
