"""Plain values cross unchanged; whatever else arrives is refused and never does harm."""

import json
import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.checking import plain
from autograder.checking.call import FORMS, call, form, same

ARRAYS = st.sampled_from(["?", "i1", "u2", "i4", "i8", "f2", "f4", "f8"]).flatmap(
    lambda dtype: hnp.arrays(np.dtype(dtype), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | ARRAYS,
    lambda items: (
        st.lists(items, max_size=3)
        | st.lists(items, max_size=3).map(tuple)
        | st.dictionaries(st.text() | st.integers(-(2**63), 2**64 - 1), items, max_size=3)
    ),
    max_leaves=8,
).filter(lambda value: _depth(value) < plain.MAX_DEPTH)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda items: (
        st.lists(items)
        | st.dictionaries(
            st.sampled_from(["array", "list", "tuple", "dict", "dtype", "shape", "data"]), items, max_size=3
        )
    ),
)

SCRAPS = [
    "NaN",
    "-Infinity",
    "1e999",
    "-1",
    "true",
    "null",
    "[]",
    "{}",
    '"array"',
    '"\\ud800"',
    "9" * 2000,
    "|b1",
    "<f8",
]


def _depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list | tuple) else 0


def _same(one, other):
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return type(one) is type(other) and (one == other or one != one)


@given(PLAIN)
def test_a_plain_value_comes_back_as_it_was(value):
    assert _same(value, plain.decode(plain.encode(value)))


@given(PLAIN, st.data())
@settings(max_examples=300)
def test_a_text_that_was_tampered_with_is_read_or_refused_and_nothing_else_is_raised(value, data):
    text = plain.encode(value)
    for _ in range(data.draw(st.integers(1, 3))):
        begin = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(begin, min(begin + 8, len(text))))
        text = text[:begin] + data.draw(st.text(max_size=4) | st.sampled_from(SCRAPS)) + text[end:]
    try:
        back = plain.decode(text)
    except plain.NotPlain as refused:
        assert str(refused)
    else:
        assert _same(back, plain.decode(plain.encode(back)))


@given(JSON)
@settings(max_examples=300)
def test_any_json_is_read_or_refused_and_nothing_else_is_raised(value):
    try:
        plain.decode(json.dumps(value))
    except plain.NotPlain:
        pass


@pytest.mark.parametrize(
    "content",
    [
        {"dtype": "<f8", "shape": [10**12], "data": ""},
        {"dtype": "<f8", "shape": [-1], "data": "AAAAAAAAAAA="},
        {"dtype": "<f8", "shape": [float("inf")], "data": ""},
        {"dtype": "O", "shape": [1], "data": "AAAAAAAAAAA="},
        {"dtype": "f8,f8", "shape": [1], "data": "AAAAAAAAAAAAAAAAAAAAAA=="},
        {"dtype": "(2,", "shape": [1], "data": ""},
        {"dtype": "<f8", "shape": [1], "data": "not base64!"},
        {"dtype": "<f8", "shape": [0, 10**30], "data": ""},
        {"dtype": "<f8", "shape": [0, 2**62], "data": ""},
        {"dtype": "<f8", "shape": [2**40, 0], "data": ""},
        {"dtype": "|i1", "shape": [True], "data": "AA=="},
        {"dtype": "|i1", "shape": [1.0], "data": "AA=="},
        {"dtype": "|i1", "shape": ["1"], "data": "AA=="},
        {"dtype": "|i1", "shape": 1, "data": "AA=="},
        {"dtype": "|i1", "shape": [1], "data": "AAA="},
        {"dtype": "|i1", "shape": [1], "data": ["A", "A", "=", "="]},
        {"dtype": "|i1", "shape": [2] * 9, "data": ""},
        {"dtype": "int8", "shape": [1], "data": "AA=="},
        {"dtype": ["|i1"], "shape": [1], "data": "AA=="},
        {"dtype": "|b1", "shape": [1], "data": "Ag=="},
        {"dtype": "|i1", "shape": [1], "data": "AA==", "order": "F"},
        {"dtype": "<f8"},
        [],
    ],
)
def test_an_array_that_is_none_is_refused(content):
    with pytest.raises(plain.NotPlain):
        plain.decode(json.dumps({"array": content}))


PARTS = plain.MAX_PARTS
HUGE = {
    "empty lists": "[" + "[]," * (5 * 2**20) + "[]]",
    "lists": '{"list":[' + ",".join(['{"list":[]}'] * (PARTS // 5)) + "]}",
    "dicts": "[" + ",".join(["{}"] * (PARTS // 3)) + "]",
    "keys": '{"list":[' + ",".join(f'{{"k{i}":[]}}' for i in range(PARTS // 6)) + "]}",
    "deep": '{"a":' * 900 + "1" + "}" * 900,
    "brackets": "[" * PARTS,
    "numbers": '{"list":[' + ",".join(["123456789"] * (PARTS - 9)) + "]}",
    "long numbers": '{"list":[' + ",".join(["9" * 1000] * 4000) + "]}",
    "digits": "0." + "9" * (plain.MAX_BYTES - 9),
    "one letter of four bytes": '"\\ud83d\\ude00' + "a" * (plain.MAX_BYTES - 99) + '"',
    "keys that collide": '{"dict":[' + ",".join(f"[{i * (2**61 - 1)},1]" for i in range(PARTS // 4)) + "]}",
    "floats that collide": '{"dict":[' + ",".join(f"[{float(i + 1) * 2.0**61!r},1]" for i in range(PARTS // 4)) + "]}",
    "an array": plain.encode(np.zeros(3 * 2**20 - 999, np.int8)),
}


@pytest.mark.parametrize("text", HUGE.values(), ids=HUGE)
def test_a_huge_text_takes_little_memory_and_time(text):
    begun = time.process_time()
    tracemalloc.start()
    try:
        plain.decode(text)
    except plain.NotPlain:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 48 * 2**20 and time.process_time() - begun < 5


@pytest.mark.parametrize("value", [10**1000, "\ud800", {"\ud800": 1}, {2**64: 1}, {None: 1}, np.zeros([1] * 9)])
def test_a_value_that_could_not_be_read_is_not_written(value):
    with pytest.raises(plain.NotPlain):
        plain.encode(value)


def test_an_array_that_takes_no_memory_yet_is_refused_before_it_does():
    with pytest.raises(plain.NotPlain, match="8,000,000,000,000 bytes"):
        plain.encode(np.broadcast_to(0.0, (10**6, 10**6)))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "[" * 200_000,
            "{",
            "",
            '{"list": 3}',
            "9" * 5000,
            '{"array": 1, "list": 2}',
            "[1]",
            '"\\ud800"',
            '"é"',
            b"1",
        ),
        *(
            '{"list": "ab"}',
            '{"list": {"a": 1}}',
            '{"list": [1], "list": [2]}',
            '{"dict": ["ab"]}',
            '{"dict": {"ab": 1}}',
        ),
        *(
            '{"dict": [["a", 1], ["a", 2]]}',
            '{"dict": [[null, 1]]}',
            '{"dict": [[[], 1]]}',
            '{"array": []}',
            "{}",
            None,
        ),
    ],
)
def test_text_that_is_none_of_ours_is_refused(text):
    with pytest.raises(plain.NotPlain):
        plain.decode(text)


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, np.array([object()]), np.array(["text"]), 1j, lambda: 0, [[object()]]]
)
def test_what_is_not_plain_is_refused_by_its_type(value):
    with pytest.raises(plain.NotPlain):
        plain.encode(value)


def test_too_much_is_refused_in_words():
    with pytest.raises(plain.NotPlain, match="at most"):
        plain.encode(np.zeros(plain.MAX_BYTES))
    deep = 0
    for _ in range(plain.MAX_DEPTH + 1):
        deep = [deep]
    with pytest.raises(plain.NotPlain, match="deep"):
        plain.encode(deep)


def test_a_call_travels_with_its_keywords_and_its_functions():
    sent = call(np.eye(2), form("affine", np.ones((2, 2)), np.zeros(2)), times=3, parameters={"a": [np.arange(3)]})
    back = plain.decode_call(plain.encode_call(sent))
    np.testing.assert_array_equal(back.args[1](np.eye(2)), np.ones((2, 2)))
    assert back.kwargs["times"] == 3 and back.kwargs["parameters"]["a"][0].tolist() == [0, 1, 2]
    assert same(back.args[0], sent.args[0]) and back.args[1].name == "affine"


@pytest.mark.parametrize("name", FORMS)
def test_every_form_can_be_called_after_its_journey_and_leaves_its_argument_as_it_was(name):
    made_of = {"affine": (np.eye(3), np.ones(3)), "tanh": (np.eye(3), np.ones(3)), "scale": (2.0,)}
    made_of |= {"tanh with pull": made_of["affine"], "scale with pull": (2.0,), "row": (np.arange(12.0).reshape(4, 3),)}
    made_of["sum of rows"] = made_of["row"]
    x = np.array([[1, 2, 3], [0, 1, 2]]) if "row" in name else np.array([[1.0, 2.0, 3.0], [0.5, 1.0, 2.0]])
    before = x.copy()
    sent = plain.decode_call(plain.encode_call(call(form(name, *made_of.get(name, ()))))).args[0]
    ours, theirs = form(name, *made_of.get(name, ()))(x), sent(x)
    for one, other in zip(ours, theirs, strict=True):
        assert callable(one) or np.array_equal(one, other)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("name", [name for name in FORMS if name.endswith("with pull")])
def test_the_pull_of_a_form_is_its_vector_jacobian_product(name):
    rng = np.random.default_rng(0)
    made_of = {"tanh with pull": (np.eye(3) + 0.5, rng.standard_normal(3)), "scale with pull": (2.0,)}
    f, (x, gradient) = form(name, *made_of.get(name, ())), rng.standard_normal((2, 4, 3))
    value, pull = f(x)
    value *= -1  # whoever changes the value in place spoils nothing
    np.testing.assert_array_equal(f(x)[0], form(name.removesuffix(" with pull"), *made_of.get(name, ()))(x))
    step = 1e-6 * rng.standard_normal(x.shape)
    assert np.sum(gradient * (f(x + step)[0] - f(x - step)[0])) / 2 == pytest.approx(
        np.sum(pull(gradient) * step), rel=1e-6
    )


def test_no_answer_can_be_a_form():
    with pytest.raises(plain.NotPlain, match="unknown form"):
        plain.decode(plain.encode(form("square")))
    with pytest.raises(ValueError, match="a form needs one of the names affine"):
        form("exec", np.ones(1))
