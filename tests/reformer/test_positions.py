import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.loops import model as loops
from reformer.positions import (
    axial_positions,
    axial_positions_backward,
    axial_positions_forward,
    sinusoidal_positions,
)
from tests.reformer.finite_differences import worst_error

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
sizes = st.integers(1, 5)


@few
@given(seeds, sizes, sizes, sizes, sizes)
def test_the_gradients_of_axial_positions_are_finite_differences(seed, n_rows, n_columns, d_rows, d_columns):
    rng = np.random.default_rng(seed)
    rows, columns = rng.standard_normal((n_rows, d_rows)), rng.standard_normal((n_columns, d_columns))
    assert worst_error(axial_positions_forward, axial_positions_backward, [rows, columns], rng) < 1e-6


@few
@given(seeds, sizes, sizes, sizes, sizes)
def test_axial_positions_agree_with_their_loop_twin(seed, n_rows, n_columns, d_rows, d_columns):
    rng = np.random.default_rng(seed)
    rows, columns = rng.standard_normal((n_rows, d_rows)), rng.standard_normal((n_columns, d_columns))
    np.testing.assert_array_equal(axial_positions(rows, columns), loops.axial_positions(rows, columns))


def test_no_two_places_of_a_grid_look_alike():
    rng = np.random.default_rng(0)
    positions = axial_positions(rng.standard_normal((8, 3)), rng.standard_normal((16, 5)))
    assert len(np.unique(positions, axis=0)) == 8 * 16


def test_sinusoidal_positions_are_their_formula_number_by_number():
    positions = sinusoidal_positions(7, 6, np.float64)
    for p in range(7):
        for i in range(3):
            angle = p / 10000 ** (2 * i / 6)
            np.testing.assert_allclose(positions[p, 2 * i : 2 * i + 2], [np.sin(angle), np.cos(angle)], rtol=1e-12)


def test_the_angle_between_sinusoidal_positions_depends_on_their_distance_alone():
    positions = sinusoidal_positions(40, 16, np.float64)
    products = positions @ positions.T
    for distance in range(5):
        np.testing.assert_allclose(np.diagonal(products, distance), products[0, distance], rtol=1e-12)


def test_sinusoidal_positions_can_begin_later_and_are_those_of_the_whole():
    whole = sinusoidal_positions(40, 8)
    np.testing.assert_array_equal(sinusoidal_positions(10, 8, first=25), whole[25:35])
    assert whole.dtype == np.float32  # unless told otherwise


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_asked_for_comes_out(dtype):
    assert sinusoidal_positions(3, 4, dtype).dtype == dtype
    assert axial_positions(np.ones((2, 1), dtype), np.ones((3, 2), dtype)).dtype == dtype


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sinusoidal_positions(4, 3), "n_features needs an even whole number of at least 2, got 3"),
        (lambda: sinusoidal_positions(4, 0), "n_features needs an even whole number of at least 2, got 0"),
        (lambda: sinusoidal_positions(0, 4), "length needs a whole number of at least 1, got 0"),
        (lambda: axial_positions(np.ones(3), np.ones((2, 2))), "rows needs shape"),
        (lambda: axial_positions(np.ones((2, 2)), np.ones((2, 2), np.float32)), "columns needs dtype float64"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
