"""Where in the sequence a token stands: sinusoidal, learned and axial position vectors (unit 07).

A learned table needs one row for each position: 64K positions of 1024 features are 64M numbers. Axial positions write
a position as row and column of a grid and learn two small tables.

Letters: L positions, d features.
"""

import numpy as np

from reformer.arguments import require_arrays, require_count


def sinusoidal_positions(length, n_features, dtype=np.float32, *, first=0):
    """Write each position as sines and cosines of falling frequency.

    Feature 2i of position p is sin(p / 10000^(2i/d)), feature 2i + 1 is the cosine of the same.

    Parameters
    ----------
    length : L, at least 1
    n_features : d, even, at least 2
    dtype : float32 or float64
    first : the position to begin with

    Returns
    -------
    positions : (L, d) array

    Raises ValueError if a count is not as above.
    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.5.
    """
    length = require_count("length", length)
    n_features = require_count("n_features", n_features, at_least=2, even=True)
    frequency = 10000.0 ** (-np.arange(0, n_features, 2) / n_features)
    turn = np.arange(first, first + length)[:, np.newaxis] * frequency
    return np.stack([np.sin(turn), np.cos(turn)], axis=-1).reshape(length, n_features).astype(dtype)


def axial_positions(rows, columns):
    """Make a vector for every place of a grid from one vector for each row and one for each column, side by side.

    Position p stands in row p // n_columns and column p % n_columns.

    Parameters
    ----------
    rows : (n_rows, d_rows) float32 or float64 array
    columns : (n_columns, d_columns) array of the same dtype

    Returns
    -------
    positions : (n_rows n_columns, d_rows + d_columns) array

    Raises ValueError if a shape or dtype does not fit.
    Source: Ho et al., "Axial Attention in Multidimensional Transformers" (2019); Trax `AxialPositionalEncoding`.
    """
    rows, columns = require_arrays(rows=(rows, "n_rows d_rows"), columns=(columns, "n_columns d_columns"))
    by_row = np.repeat(rows, len(columns), axis=0)
    by_column = np.tile(columns, (len(rows), 1))
    return np.concatenate([by_row, by_column], axis=-1)


def axial_positions_forward(rows, columns):
    """`axial_positions`: (positions, saved), with `saved` for `axial_positions_backward`."""
    return axial_positions(rows, columns), (rows, columns)


def axial_positions_backward(gradient, saved):
    """((d_rows, d_columns), {}) of `axial_positions`: a row gets the sum of what its places send, a column likewise."""
    rows, columns = saved
    grid = gradient.reshape(len(rows), len(columns), -1)
    return (np.sum(grid[..., : rows.shape[-1]], axis=1), np.sum(grid[..., rows.shape[-1] :], axis=0)), {}
