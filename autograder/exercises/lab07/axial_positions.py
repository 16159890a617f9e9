"""Lab 07, `axial_positions(rows, columns)`: a vector for every place of a grid, from two small tables.

rows (n_rows, d_rows), columns (n_columns, d_columns) -> (n_rows n_columns, d_rows + d_columns). Position p has
rows[p // n_columns] and, behind it, columns[p % n_columns].
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import positions
from reformer.loops import model as twins

exercise = Exercise(positions.axial_positions, twins.axial_positions, axes=("position", "feature"))


def drawn(n_rows, n_columns, d_rows, d_columns, dtype=np.float64):
    def make(rng):
        rows, columns = rng.standard_normal((n_rows, d_rows)), rng.standard_normal((n_columns, d_columns))
        return call(rows.astype(dtype), columns.astype(dtype))

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("two rows and three columns, one number each", tolerance=1e-6)
def _(rng):
    return call(np.array([[1.0], [2.0]]), np.array([[10.0], [20.0], [30.0]]))


exercise.case("three rows and two columns, two numbers and three", drawn(3, 2, 2, 3), tolerance=1e-6)
exercise.case("two rows and five columns, three numbers and one", drawn(2, 5, 3, 1), tolerance=1e-6)
exercise.case("a square grid, two numbers each", drawn(3, 3, 2, 2), tolerance=1e-6)
exercise.case("four rows and two columns, two numbers each", drawn(4, 2, 2, 2), tolerance=1e-6)


def _one_row_changes(rng):
    rows, columns = drawn(3, 4, 2, 3)(rng).args
    others = rows.copy()
    others[1] += 5.0
    return [call(rows, columns), call(others, columns)]


@exercise.property(
    "three rows, four columns: another vector for row 1 changes positions 4 to 7 alone", _one_row_changes
)
def _(calls, answers):
    changed = np.abs(np.asarray(answers[0]) - answers[1]) > 1e-6
    right = np.zeros(changed.shape, dtype=bool)
    right[4:8, :2] = True
    return changed == right


exercise.case("one row", drawn(1, 4, 2, 3), tolerance=1e-6)
exercise.case("one column", drawn(4, 1, 3, 2), tolerance=1e-6)
exercise.case("one place", drawn(1, 1, 2, 1), tolerance=1e-6)
exercise.case("four rows and three columns, in float32", drawn(4, 3, 1, 4, dtype=np.float32), tolerance=1e-6)
exercise.case("twelve rows and seven columns, five numbers and three", drawn(12, 7, 5, 3), hidden=True, tolerance=1e-6)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_index(rows, columns):
    position = np.arange(len(rows) * len(columns))
    return np.hstack([rows[position // len(columns)], columns[position % len(columns)]])


@exercise.solution
def by_broadcast(rows, columns):
    shape = len(rows), len(columns)
    grid = np.concatenate(
        [
            np.broadcast_to(rows[:, np.newaxis], (*shape, rows.shape[-1])),
            np.broadcast_to(columns[np.newaxis], (*shape, columns.shape[-1])),
        ],
        axis=-1,
    )
    return grid.reshape(shape[0] * shape[1], -1)


@exercise.solution
def row_by_row(rows, columns):
    return [[*row, *column] for row in rows for column in columns]


# --- mistakes ---------------------------------------------------------------------------------------------------


def _parts(rows, columns):
    return np.repeat(rows, len(columns), axis=0), np.tile(columns, (len(rows), 1))


@exercise.mistake(
    why="learned positions are added to the tokens, so parts seem to be added, too",
    says="the two parts are added; they stand side by side: `np.concatenate` along the last axis",
)
def parts_added(rows, columns):
    by_row, by_column = _parts(rows, columns)
    return by_row + by_column


@exercise.mistake(
    why="a table of all pairs is made by a product elsewhere",
    says="the two parts are multiplied; they stand side by side: `np.concatenate` along the last axis",
)
def parts_multiplied(rows, columns):
    by_row, by_column = _parts(rows, columns)
    return by_row * by_column


@exercise.mistake(
    why="x comes before y",
    says="the column's part stands first; the row's does",
)
def column_part_first(rows, columns):
    return np.concatenate(_parts(rows, columns)[::-1], axis=-1)


@exercise.mistake(
    why="`np.tile` and `np.repeat` change places, or the loop over the columns is the outer one",
    says="rows and columns are swapped: your grid is filled column by column; it has to be row by row, so that "
    "position p stands in row p // n_columns",
)
def filled_down_the_columns(rows, columns):
    return np.concatenate([np.tile(rows, (len(columns), 1)), np.repeat(columns, len(rows), axis=0)], axis=-1)


@exercise.mistake(
    why="`np.tile` and `np.repeat` change places, and the parts as well",
    says="rows and columns are swapped throughout: your grid is filled column by column, with the column's part first; "
    "it has to be row by row, with the row's part first",
)
def arguments_swapped(rows, columns):
    return exercise.reference(columns, rows)


@exercise.mistake(
    why="the number of rows seems to belong to the row's number",
    says="the position is divided by the number of rows; a row is as long as there are columns: p // n_columns, "
    "p % n_columns",
)
def divided_by_the_number_of_rows(rows, columns):
    position = np.arange(len(rows) * len(columns))
    return np.concatenate([rows[position // len(rows)], columns[position % len(rows)]], axis=-1)


@exercise.mistake(
    why="the number of rows seems to belong to the row's number, and an index too large is cut",
    says="the position is divided by the number of rows, each with the remainder of its own table; position p stands "
    "in row p // n_columns, column p % n_columns",
)
def remainders_of_both(rows, columns):
    position = np.arange(len(rows) * len(columns))
    return np.concatenate([rows[position % len(rows)], columns[position % len(columns)]], axis=-1)


@exercise.mistake(
    why="both tables are stretched in the same way",
    says="both tables are repeated row by row; the columns begin anew in every row: `np.tile`",
)
def both_repeated(rows, columns):
    return np.concatenate([_parts(rows, columns)[0], np.repeat(columns, len(rows), axis=0)], axis=-1)


@exercise.mistake(
    why="`zip` pairs what has the same number",
    says="row 0 is paired with column 0, row 1 with column 1, and so on; every row meets every column",
)
def paired_once(rows, columns):
    n = min(len(rows), len(columns))
    return np.concatenate([rows[:n], columns[:n]], axis=-1)


@exercise.mistake(
    why="the tables are joined as they are",
    says="the two tables are joined as they are, without a vector for every place of the grid",
)
def tables_joined(rows, columns):
    return np.concatenate([rows, columns], axis=-1)


@exercise.mistake(
    why="-1 and 0 are mixed up",
    says="the two parts stand one below the other; they stand side by side, along the last axis",
)
def parts_one_below_the_other(rows, columns):
    return np.concatenate(_parts(rows, columns), axis=0)


@exercise.mistake(
    why="the grid is made, and left as it is",
    says="the result is a grid, (n_rows, n_columns, d); one row for each position is asked: `.reshape(-1, d)`",
)
def grid_not_flattened(rows, columns):
    return exercise.reference(rows, columns).reshape(len(rows), len(columns), -1)


@exercise.mistake(
    why="the grid is made with the columns first, and flattened",
    says="the grid is turned over before it is made a list, so that the next position is in the next row",
)
def grid_of_columns_not_flattened(rows, columns):
    return np.swapaxes(grid_not_flattened(rows, columns), 0, 1)


@exercise.mistake(
    why="both parts are at hand, and joining them is forgotten",
    says="the two parts are returned as two arrays; join them along the last axis",
)
def two_arrays(rows, columns):
    return _parts(rows, columns)


@exercise.mistake(
    why="the column's part is forgotten",
    says="the row's part alone is returned",
)
def row_part_only(rows, columns):
    return _parts(rows, columns)[0]


@exercise.mistake(
    why="the row's part is forgotten",
    says="the column's part alone is returned",
)
def column_part_only(rows, columns):
    return _parts(rows, columns)[1]


@exercise.mistake(
    why="positions are counted from one on paper",
    says="positions are counted from 1; the first, of row 0 and column 0, has number 0",
)
def counted_from_one(rows, columns):
    return np.roll(exercise.reference(rows, columns), -1, axis=0)


@exercise.mistake(
    why="the features of both parts are made to alternate, as sines and cosines do",
    says="the numbers of the two parts alternate; those of the row stand first, then those of the column",
)
def parts_alternate(rows, columns):
    by_row, by_column = _parts(rows, columns)
    return np.stack([by_row, by_column], axis=-1).reshape(len(by_row), -1)
