"""Answers to the exercise of room G7, written from its text alone."""

import numpy as np

from tests.blind import right, wrong


@right("strided_pattern")
def by_distances(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return np.logical_and(d >= 0, np.logical_or(d < n_near, d % stride == 0))


@right("strided_pattern")
def row_after_row(length, n_near, stride):
    table = np.zeros((length, length), dtype=bool)
    for i in range(length):
        table[i, max(0, i + 1 - n_near) : i + 1] = True
        table[i, i::-stride] = True
    return table


@right("strided_pattern")
def diagonals_added_up(length, n_near, stride):
    wanted = [d for d in range(length) if d < n_near or d % stride == 0]
    return sum(np.eye(length, k=-d) for d in wanted) > 0


@wrong("strided_pattern", truth="No causal part: the distance is taken without its sign, so later tokens are seen.")
def distance_without_sign(length, n_near, stride):
    i = np.arange(length)
    d = np.abs(i[:, None] - i[None, :])
    return (d < n_near) | (d % stride == 0)


@wrong(
    "strided_pattern",
    truth="The strided half is not causal: i - j is a multiple of the stride for later j as well. The window is right.",
)
def only_the_window_is_causal(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return ((d >= 0) & (d < n_near)) | (d % stride == 0)


@wrong("strided_pattern", truth="Rows and columns change places: key j looks at query i, the upper triangle is filled.")
def keys_down_the_rows(length, n_near, stride):
    i = np.arange(length)
    d = i[None, :] - i[:, None]
    return (d >= 0) & ((d < n_near) | (d % stride == 0))


@wrong("strided_pattern", truth="The strided keys are the multiples of the stride themselves, 0, s, 2s, for all queries.")
def every_stride_th_column(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d >= 0) & ((d < n_near) | (i[None, :] % stride == 0))


@wrong(
    "strided_pattern",
    truth="Strided keys are the last place of each stretch of the stride, counted from token 0, as in 'fixed'.",
)
def last_of_each_stretch(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d >= 0) & ((d < n_near) | (i[None, :] % stride == stride - 1))


@wrong("strided_pattern", truth="The window has one token too many: n_near before the query, and the query itself.")
def itself_not_counted(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d >= 0) & ((d <= n_near) | (d % stride == 0))


@wrong("strided_pattern", truth="The token itself is missing: the window begins one before it, and so do the strides.")
def strictly_before(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d > 0) & ((d < n_near) | (d % stride == 0))


@wrong("strided_pattern", truth="Only one strided key, the one exactly a stride back; 2s, 3s, ... are missing.")
def one_stride_back_only(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d >= 0) & ((d < n_near) | (d == stride))


@wrong("strided_pattern", truth="And for or: only those keys that are both near and a multiple of the stride back.")
def near_and_strided(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d >= 0) & (d < n_near) & (d % stride == 0)


@wrong("strided_pattern", truth="Strides begin at the end of the window: n_near - 1 + s, n_near - 1 + 2s, ... back.")
def strides_from_the_edge_of_the_window(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d >= 0) & ((d < n_near) | ((d - n_near + 1) % stride == 0) & (d >= n_near))


@wrong("strided_pattern", truth="The near tokens are those of the own block, as in 'fixed', not the last n_near.")
def near_in_blocks(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d >= 0) & ((i[:, None] // n_near == i[None, :] // n_near) | (d % stride == 0))


@wrong("strided_pattern", truth="The window is missing, only the strided keys are there.")
def no_window(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d >= 0) & (d % stride == 0)


@wrong("strided_pattern", truth="A mask to add, 0 and -inf, in the place of True and False.")
def mask_to_add(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    seen = (d >= 0) & ((d < n_near) | (d % stride == 0))
    return np.where(seen, 0.0, -np.inf)


@wrong("strided_pattern", truth="True where a key is hidden: the table is turned into its opposite.")
def true_is_hidden(length, n_near, stride):
    i = np.arange(length)
    d = i[:, None] - i[None, :]
    return (d < 0) | ((d >= n_near) & (d % stride != 0))


@wrong("strided_pattern", truth="Keys before token 0 are not left out: negative places count from the end of the row.")
def negative_places_wrap(length, n_near, stride):
    table = np.zeros((length, length), dtype=bool)
    for i in range(length):
        for k in range(n_near):
            table[i, i - k] = True
        for k in range(length // stride):
            table[i, i - k * stride] = True
    return table


@wrong("strided_pattern", truth="The last strided key is missing where it is token 0: range stops before 0.")
def token_0_left_out(length, n_near, stride):
    table = np.zeros((length, length), dtype=bool)
    for i in range(length):
        table[i, max(0, i - n_near + 1) : i + 1] = True
        for j in range(i, 0, -stride):
            table[i, j] = True
    return table
