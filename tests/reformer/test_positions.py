import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer.loops import model as loops
from reformer.positions import axial_positions, axial_positions_backward, sinusoidal_positions
from tests.reformer.finite_differences import worst_error

few = settings(max_examples=15, deadline=None)
sizes = st.integers(1, 5)


@few
@given(st.integers(0, 10**6), sizes, sizes, sizes, sizes, st.integers(0, 3))
def test_axial_gradients_are_finite_differences_for_any_used_length(seed, n_rows, n_columns, d_rows, d_columns, unused):
    rng = np.random.default_rng(seed)
    rows, columns = rng.standard_normal((n_rows, d_rows)), rng.standard_normal((n_columns, d_columns))
    used = max(1, n_rows * n_columns - unused)
    error = worst_error(
        lambda r, c: (axial_positions(r, c)[:used], (r, c)),
        lambda gradient, saved: axial_positions_backward(gradient, *saved),
        [rows, columns],
        rng,
    )
    assert error < 1e-6


@few
@given(st.integers(0, 10**6), sizes, sizes)
def test_axial_positions_agree_with_their_loop_twin(seed, n_rows, n_columns):
    rng = np.random.default_rng(seed)
    rows, columns = rng.standard_normal((n_rows, 2)), rng.standard_normal((n_columns, 3))
    np.testing.assert_array_equal(axial_positions(rows, columns), loops.axial_positions(rows, columns))


def test_no_two_places_of_a_grid_look_alike():
    rng = np.random.default_rng(0)
    positions = axial_positions(rng.standard_normal((8, 3)), rng.standard_normal((16, 5)))
    assert len(np.unique(positions, axis=0)) == 8 * 16


def test_the_angle_between_sinusoidal_positions_depends_on_their_distance_alone():
    positions = sinusoidal_positions(40, 16, np.float64)
    products = positions @ positions.T
    for distance in range(5):
        np.testing.assert_allclose(np.diagonal(products, distance), products[0, distance], rtol=1e-12)
    np.testing.assert_array_equal(positions[0], np.tile([0, 1], 8))
    np.testing.assert_allclose(positions[:, 0], np.sin(np.arange(40)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_asked_for_comes_out(dtype):
    assert sinusoidal_positions(3, 4, dtype).dtype == dtype
    assert axial_positions(np.ones((2, 1), dtype), np.ones((3, 2), dtype)).dtype == dtype


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sinusoidal_positions(4, 3), "n_features needs an even whole number of at least 2, got 3"),
        (lambda: sinusoidal_positions(0, 4), "length needs a whole number of at least 1, got 0"),
        (lambda: axial_positions(np.ones(3), np.ones((2, 2))), "rows needs shape"),
        (lambda: axial_positions(np.ones((2, 2)), np.ones((2, 2), np.float32)), "columns needs dtype float64"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
