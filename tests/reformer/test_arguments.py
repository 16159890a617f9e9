import numpy as np
import pytest

from reformer.arguments import (
    require_arrays,
    require_choice,
    require_count,
    require_finite,
    require_integers,
    require_range,
    require_shape,
)


def floats(*shape, dtype=np.float64):
    return np.ones(shape, dtype=dtype)


def refusal(call, *arguments, **named):
    with pytest.raises(ValueError) as refused:
        call(*arguments, **named)
    return str(refused.value)


def test_one_argument_gives_its_array_and_several_a_list_in_their_order():
    array = floats(2, 3)
    assert require_arrays(x=(array, "L d")) is array
    y, x = require_arrays(y=([1, 2], "L", int), x=(array, "L d"))
    assert x is array and y.tolist() == [1, 2]


def test_a_letter_means_one_size_in_all_arguments_and_in_one():
    require_arrays(queries=(floats(2, 5, 4), "... Q d"), keys=(floats(2, 7, 4), "... K d"))
    message = refusal(require_arrays, queries=(floats(5, 4), "... Q d"), keys=(floats(7, 3), "... K d"))
    assert message == "keys needs shape (..., K, d) with d = 4 as in queries, got shape (7, 3)"
    assert (
        refusal(require_arrays, x=(floats(2, 3), "d d")) == "x needs shape (d, d) with d = 2 as in x, got shape (2, 3)"
    )


def test_a_name_of_several_letters_is_one_axis():
    axes = "n_rows d_v B/2"
    assert refusal(require_arrays, x=(floats(2, 3), axes)) == "x needs shape (n_rows, d_v, B/2), got shape (2, 3)"


def test_without_dots_the_number_of_axes_is_exact_and_with_them_at_least_so_many():
    require_arrays(x=(floats(), ""), y=(floats(3), "... L"), z=(floats(3, 2), "L d"))
    for shape, axes in (((3,), "L d"), ((1, 3, 2), "L d"), ((), "... L"), ((3,), "")):
        assert refusal(require_arrays, x=(floats(*shape), axes)).startswith("x needs shape (")


def test_leading_axes_are_the_same_in_all_arguments_unless_they_may_broadcast():
    x, y, z = (floats(4, 1, 2), "... d"), (floats(3, 2), "... d"), (floats(5, 2), "... d")
    assert "... = (4, 1) as in x" in refusal(require_arrays, x=x, y=y)
    require_arrays(mixed=True, x=x, y=y)
    message = refusal(require_arrays, mixed=True, x=x, y=y, z=z)  # fits x alone, and not x and y together
    assert message.startswith("z needs shape (..., d) with leading axes that go with (4, 3)")


def test_a_plus_asks_for_at_least_one_and_all_that_is_wrong_is_said_at_once():
    require_arrays(x=(floats(0, 2), "... L d"))
    message = refusal(require_arrays, queries=(floats(5, 4), "Q d"), keys=(floats(0, 3), "K+ d"))
    assert message == "keys needs shape (K, d) with K at least 1 and d = 4 as in queries, got shape (0, 3)"
    assert "L at least 1" in refusal(require_arrays, x=(floats(0), "L+"))


def test_floats_have_one_dtype_unless_they_may_be_mixed():
    single, double = (floats(2, dtype=np.float32), "L"), (floats(2), "L")
    assert refusal(require_arrays, x=single, y=double) == "y needs dtype float32 as x has, got float64"
    x, y = require_arrays(mixed=True, x=single, y=double)
    assert (x.dtype, y.dtype) == (np.float32, np.float64)
    require_arrays(n=([1], "n", int), x=(floats(2), "L"), m=([True], "n", bool))  # only floats are compared


@pytest.mark.parametrize("mixed", [True, False])
@pytest.mark.parametrize(
    ("value", "kind", "needed"),
    [
        ([1, 2], float, "dtype float32 or float64, got int"),
        (np.float16([1]), float, "dtype float32 or float64, got float16"),
        (None, float, "dtype float32 or float64, got object"),
        ([1.0], int, "an integer dtype, got float64"),
        ([True], int, "an integer dtype, got bool"),
        (np.zeros(0), int, "an integer dtype, got float64"),
        ([2**70], int, "an integer dtype, got object"),
        ([0, 1], bool, "a boolean dtype, got int"),
        (np.ones(2), np.float32, "dtype float32, got float64"),
    ],
)
def test_another_kind_is_refused(mixed, value, kind, needed):
    assert f"x needs {needed}" in refusal(require_arrays, mixed=mixed, x=(value, "L", kind))


def test_every_integer_dtype_is_an_integer_and_an_empty_list_has_none_of_its_own():
    for dtype in (np.int8, np.uint64, np.intp):
        assert require_arrays(x=(np.zeros(2, dtype), "L", int)).dtype == dtype
    assert require_arrays(x=([[]], "L n", int)).dtype == np.intp
    assert require_arrays(x=(np.float32([1]), "L", np.float32)).dtype == np.float32


def test_what_is_not_finite_is_refused_only_where_asked_and_counted():
    x = np.array([1, np.nan, np.inf, -np.inf])
    assert require_arrays(x=(x, "L")) is x
    message = "x needs finite numbers, got 3 that are NaN or infinite"
    assert refusal(require_arrays, finite=True, x=(x, "L")) == refusal(require_finite, "x", x) == message
    require_arrays(finite=True, x=([1], "L", int), y=([True], "L", bool))


def test_masked_entries_and_ragged_lists_are_refused_by_name():
    masked, ragged = np.ma.masked_equal([1.0, 2.0, 2.0], 2.0), [[1.0], [1.0, 2.0]]
    for require in (lambda value: require_arrays(x=(value, "...")), lambda value: require_range("x", value, 0, 3)):
        assert refusal(require, masked) == "x needs an array without masked entries, got 2 of them"
        assert refusal(require, ragged) == "x needs an array, got lists that are not all of one length"
        assert require(np.ma.masked_equal([1.0, 2.0], 3.0)).tolist() == [1, 2]


def test_integers_lie_between_their_bounds():
    assert require_integers("x", [0, 4], "L", below=5).tolist() == [0, 4]
    assert refusal(require_integers, "x", [0, 5], "L", below=5) == "x needs values from 0 to 4, got 0 to 5"
    assert refusal(require_integers, "x", [-1, 2], "L") == "x needs values of at least 0, got -1 to 2"
    assert refusal(require_integers, "x", [-2], "L", low=-1) == "x needs values of at least -1, got -2 to -2"
    assert require_integers("x", [], "L", below=0).shape == (0,)
    assert require_integers("x", [-(2**62)], "L", low=-np.inf).tolist() == [-(2**62)]


def test_where_minus_one_has_a_meaning_the_dtype_can_hold_it():
    unsigned = np.array([3], dtype=np.uint8)
    assert require_integers("x", unsigned, "L", low=-1).dtype == np.intp
    assert require_integers("x", unsigned, "L").dtype == np.uint8
    assert require_integers("x", np.int8([3]), "L", low=-1).dtype == np.int8


def test_a_range_holds_both_its_ends_and_gives_floats():
    assert require_range("x", 1, 0, 1).dtype == np.float64
    assert require_range("x", np.float32([0, 1]), 0, 1).dtype == np.float32
    assert refusal(require_range, "x", [0.5, 2], 0, 1) == "x needs numbers from 0 to 1, got 0.5 to 2"
    for value in (-0.1, np.nan):
        assert refusal(require_range, "x", value, 0, 1).startswith("x needs numbers from 0 to 1, got")
    for value in (True, "wide", None, 1j):
        assert refusal(require_range, "x", value, 0, 1).startswith("x needs real numbers, got dtype")


def test_a_count_is_a_whole_number_of_any_integer_type():
    for value in (2, np.int8(2), np.array(2)):
        count = require_count("n", value)
        assert count == 2 and type(count) is int
    assert require_count("n", 0, at_least=0) == 0 and require_count("n", 4, even=True) == 4
    for value in (0, 2.0, True, np.True_, None, "2", [2]):
        assert refusal(require_count, "n", value).startswith("n needs a whole number of at least 1, got ")
    for value in (0, 3, 4.0):
        message = refusal(require_count, "n", value, at_least=2, even=True)
        assert message == f"n needs an even whole number of at least 2, got {value}"


def test_choices_and_exact_shapes():
    assert require_choice("wrap", "none", ("ring", "none")) == "none"
    assert refusal(require_choice, "wrap", 1, ("ring", "none")) == "wrap needs one of 'ring', 'none', got 1"
    assert require_shape("x", [1, 2], [2]) == [1, 2]
    assert refusal(require_shape, "x", [1, 2], (3,)) == "x needs shape (3,), got shape (2,)"
