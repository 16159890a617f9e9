"""Plain values: the only things that cross between a learner's kernel and the judge.

Numbers, booleans, text, None, numeric arrays, and lists, tuples and dicts of these become JSON text and back; so do
the forms that stand for functions in a call, and what is built for it, but only on the way to the kernel. Nothing is
unpickled, so nothing that a kernel sends can run on the judge's side. Text is measured, and its parts are counted,
before it is parsed. Arrays travel as dtype, shape and raw bytes, whose length must fit before memory is taken. This
file is also copied into the learner's kernel: it imports NumPy and `call` only.
"""

import base64
import json
import math

import numpy as np

from autograder.checking.call import Built, Call, Form

MAX_BYTES = 4 * 2**20  # the largest right answer takes 21 kB
MAX_PARTS = 2**18  # of the characters that divide JSON text into parts; a right answer has about a thousand
MAX_DEPTH = 8
MAX_BITS = 3000  # of a whole number
MAX_DIGITS = 1000  # of one that is read, before its bits are counted
_DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<f2", "<i4", "<u4", "<f4", "<i8", "<u8", "<f8")


class NotPlain(ValueError):
    """A value that cannot cross: an object, an array of objects, too deep or too large."""


def encode(value):
    """Return `value` as JSON text. Raises NotPlain, naming the type, where it holds something that is not plain."""
    text = json.dumps(_pack(value, MAX_DEPTH))
    _require_small(text)
    return text


def decode(text):
    """Return the value that `encode` wrote, which holds no form. Raises NotPlain for anything else."""
    return _read(text, forms=False)


def encode_call(call):
    """Return a `Call`, functions among its arguments included, as JSON text."""
    return encode([call.args, call.kwargs, call.sent])


def decode_call(text):
    """Return the call that `encode_call` wrote. Raises NotPlain for anything else."""
    content = _read(text, forms=True)
    if type(content) is not list or [*map(type, content)] != [tuple, dict, tuple]:
        raise NotPlain("the call cannot be read")
    return Call(*content)


def _read(text, forms):
    if type(text) is not str or not text.isascii():  # as `encode` writes it: one character is one byte
        raise NotPlain("the answer cannot be read (no ASCII text)")
    _require_small(text)
    try:
        return _unpack(json.loads(text, parse_int=_int, object_pairs_hook=_dict), MAX_DEPTH, forms)
    except NotPlain:
        raise
    except Exception as error:  # whatever a forged text makes JSON or NumPy stumble over
        raise NotPlain(f"the answer cannot be read ({type(error).__name__})") from None


def _require_small(text):
    _require_bytes(len(text))
    if sum(map(text.count, "[{,:")) > MAX_PARTS:
        raise NotPlain("the answer has too many parts: numbers in an array count as one, those in a list do not")


def _require_bytes(size):
    if size > MAX_BYTES:
        raise NotPlain(f"the answer takes {size:,} bytes; at most {MAX_BYTES:,} are read")


def _int(digits):
    if len(digits) > MAX_DIGITS:
        raise NotPlain(f"the answer holds a whole number of more than {MAX_DIGITS:,} digits")
    return int(digits)


def _dict(pairs):
    items = dict(pairs)
    if len(items) < len(pairs):
        raise NotPlain("the answer cannot be read (a key comes twice)")
    return items


def _pack(value, depth):
    if depth == 0:
        raise NotPlain(f"the answer is nested more than {MAX_DEPTH} deep")
    if isinstance(value, np.ndarray | np.generic):
        return _pack_array(np.asarray(value))
    if isinstance(value, list | tuple):
        form = "list" if isinstance(value, list) else "tuple"
        return {form: [_pack(item, depth - 1) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_pack_key(key), _pack(item, depth - 1)] for key, item in value.items()]}
    if isinstance(value, Form | Built):
        kind = "form" if isinstance(value, Form) else "built"
        return {kind: [value.name, _pack(value.arrays, depth - 1)]}
    if not _is_single(value):
        kind = type(value).__name__[:100]
        raise NotPlain(f"the answer holds a {kind}; numbers, text, arrays, lists and dicts can be judged")
    return value


def _is_single(value):
    """Whether a value is None, a number or text; a number with too many digits, or text that is none, is refused."""
    if type(value) is int and value.bit_length() > MAX_BITS:
        raise NotPlain(f"the answer holds a whole number of more than {MAX_BITS} bits")
    if type(value) is str and not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise NotPlain("the answer holds text that is no Unicode")
    return value is None or type(value) in (bool, int, float, str)


def _pack_key(key):
    key = key.item() if isinstance(key, np.generic) else key  # numbers of NumPy make good keys, arrays do not
    if not _is_key(key):
        kind = "whole number beyond 64 bits" if type(key) is int else type(key).__name__[:100]
        raise NotPlain(f"the answer is a dict with a {kind} for a key; numbers and text can be judged")
    return key


def _is_key(key):
    """Whether a value can be a key; whole numbers beyond 64 bits, which can be chosen to collide, cannot."""
    return key is not None and _is_single(key) and not (type(key) is int and key.bit_length() > 64)


def _pack_array(array):
    little_endian = array.dtype.newbyteorder("<")
    if little_endian.str not in _DTYPES:
        kind = str(array.dtype)[:100]
        raise NotPlain(f"the answer holds an array of dtype {kind}; whole and real numbers can be judged")
    _require_bytes(array.size * array.itemsize)  # what is broadcast takes no memory yet
    if array.ndim > MAX_DEPTH:
        raise NotPlain(f"the answer holds an array of {array.ndim} axes; at most {MAX_DEPTH} can be judged")
    array = array.astype(little_endian, copy=False)
    data = base64.b64encode(array.tobytes()).decode("ascii")
    return {"array": {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}}


def _unpack(node, depth, forms):
    if depth == 0:
        raise NotPlain(f"the answer is nested more than {MAX_DEPTH} deep")
    if not isinstance(node, dict):
        if _is_single(node):
            return node
        raise NotPlain("the answer cannot be read (a bare list)")
    ((form, content),) = node.items()
    if form == "array":
        return _unpack_array(**content)
    if form in ("list", "tuple", "dict") and not isinstance(content, list):
        raise NotPlain(f"the answer cannot be read (a {form} that is none)")
    if form in ("list", "tuple"):
        items = [_unpack(item, depth - 1, forms) for item in content]
        return items if form == "list" else tuple(items)
    if form == "dict":
        if not all(isinstance(pair, list) and len(pair) == 2 and _is_key(pair[0]) for pair in content):
            raise NotPlain("the answer cannot be read (a dict that is none)")
        return _dict([(key, _unpack(item, depth - 1, forms)) for key, item in content])
    if form in ("form", "built") and forms:
        return {"form": Form, "built": Built}[form](content[0], _unpack(content[1], depth - 1, forms))
    raise NotPlain(f"the answer cannot be read (unknown form {form[:20]!r})")


def _unpack_array(dtype, shape, data):
    is_shape = type(shape) is list and len(shape) <= MAX_DEPTH
    if not is_shape or any(type(size) is not int or not 0 <= size <= MAX_BYTES for size in shape):
        raise NotPlain("the answer cannot be read (not the shape of an array)")
    if dtype not in _DTYPES or type(data) is not str:
        raise NotPlain("the answer cannot be read (not a numeric array)")
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if len(data) != 4 * -(-n_bytes // 3):
        raise NotPlain("the answer cannot be read (an array with numbers missing, or too many)")
    array = np.frombuffer(base64.b64decode(data, validate=True), dtype=dtype).reshape(shape).copy()
    if dtype == "|b1" and np.any(array.view(np.uint8) > 1):
        raise NotPlain("the answer cannot be read (neither true nor false)")
    return array
