"""Answers to the exercises of lab 07, written from its text alone."""

from functools import partial

import numpy as np

from reformer.angular import angular_hash
from reformer.feed_forward import feed_forward
from reformer.layers import layer_norm, merge_heads, split_heads
from reformer.lsh_attention import lsh_attention
from tests.blind import right, wrong

# 1 · chunked_feed_forward


@right("chunked_feed_forward")
def cuts_with_np_split(inputs, layer, *, chunk_length):
    places = np.arange(chunk_length, inputs.shape[-2], chunk_length)
    return np.concatenate([layer(part) for part in np.split(inputs, places, axis=-2)], axis=-2)


@wrong(
    "chunked_feed_forward",
    truth="Cuts along axis 0, which is the batch where there is one, so it cuts sequences apart, not positions. Right for "
    "(L, d), wrong with batch axes.",
)
def cuts_along_the_first_axis(inputs, layer, *, chunk_length):
    outputs = []
    for start in range(0, len(inputs), chunk_length):
        outputs.append(layer(inputs[start : start + chunk_length]))
    return np.concatenate(outputs)


@wrong(
    "chunked_feed_forward",
    truth="Cuts the positions rightly, but puts the outputs together along axis 0. With batch axes the shape is wrong, or "
    "it fails where the last chunk is shorter.",
)
def concatenates_along_the_first_axis(inputs, layer, *, chunk_length):
    L = inputs.shape[-2]
    outputs = [layer(inputs[..., i : i + chunk_length, :]) for i in range(0, L, chunk_length)]
    return np.concatenate(outputs, axis=0)


@wrong(
    "chunked_feed_forward",
    truth="Makes L // C full chunks and drops the shorter last one. Wrong where C does not divide L; fails where C is above "
    "L.",
)
def drops_the_shorter_last_chunk(inputs, layer, *, chunk_length):
    n_chunks = inputs.shape[-2] // chunk_length
    outputs = []
    for n in range(n_chunks):
        outputs.append(layer(inputs[..., n * chunk_length : (n + 1) * chunk_length, :]))
    return np.concatenate(outputs, axis=-2)


@wrong(
    "chunked_feed_forward",
    truth="Fills the last chunk up with zeros before the layer gets it, and cuts the result. A layer that looks at all its "
    "positions sees the zeros. Wrong where C does not divide L.",
)
def pads_the_last_chunk_with_zeros(inputs, layer, *, chunk_length):
    L = inputs.shape[-2]
    missing = -L % chunk_length
    padded = np.pad(inputs, [(0, 0)] * (inputs.ndim - 2) + [(0, missing), (0, 0)])
    outputs = [
        layer(padded[..., i : i + chunk_length, :]) for i in range(0, L + missing, chunk_length)
    ]
    return np.concatenate(outputs, axis=-2)[..., :L, :]


@wrong(
    "chunked_feed_forward",
    truth="np.array_split with the number of chunks makes chunks of nearly equal length: 7 in chunks of 3 becomes 3, 2, 2 "
    "instead of 3, 3, 1. Wrong for many L that C does not divide.",
)
def evens_out_the_chunks(inputs, layer, *, chunk_length):
    n_chunks = int(np.ceil(inputs.shape[-2] / chunk_length))
    parts = np.array_split(inputs, n_chunks, axis=-2)
    return np.concatenate([layer(part) for part in parts], axis=-2)


@wrong(
    "chunked_feed_forward",
    truth="Takes the chunk length for the number of chunks. Wrong wherever the two differ.",
)
def takes_the_length_for_the_number(inputs, layer, *, chunk_length):
    parts = np.array_split(inputs, chunk_length, axis=-2)
    return np.concatenate([layer(part) for part in parts], axis=-2)


@wrong(
    "chunked_feed_forward",
    truth="Reshapes into chunks and calls the layer once on all of them. Fails where C does not divide L, and the layer is "
    "not called once for each run, so the wide array is as large as ever.",
)
def reshapes_and_calls_once(inputs, layer, *, chunk_length):
    *batch, L, d = inputs.shape
    chunks = inputs.reshape(*batch, L // chunk_length, chunk_length, d)
    return layer(chunks).reshape(inputs.shape)


@wrong(
    "chunked_feed_forward",
    truth="Calls the layer for each position by itself; the chunk length is not used. Wrong for every C above 1 with a layer "
    "that looks at all its positions.",
)
def one_position_at_a_time(inputs, layer, *, chunk_length):
    L = inputs.shape[-2]
    return np.concatenate([layer(inputs[..., i : i + 1, :]) for i in range(L)], axis=-2)


@wrong(
    "chunked_feed_forward",
    truth="Writes the outputs back into the inputs. The numbers are right, but the caller's array is changed.",
)
def writes_into_the_inputs(inputs, layer, *, chunk_length):
    for i in range(0, inputs.shape[-2], chunk_length):
        inputs[..., i : i + chunk_length, :] = layer(inputs[..., i : i + chunk_length, :])
    return inputs


@wrong(
    "chunked_feed_forward",
    truth="The starts go only up to L - 1, one too few: where the last position would stand in a chunk by itself, as in the "
    "example, it is missing from the result. For a single position nothing is left to put together.",
)
def starts_end_one_too_early(inputs, layer, *, chunk_length):
    L = inputs.shape[-2]
    outputs = [layer(inputs[..., i : i + chunk_length, :]) for i in range(0, L - 1, chunk_length)]
    return np.concatenate(outputs, axis=-2)


# 2 · axial_positions


@right("axial_positions")
def fills_a_grid_by_broadcasting(rows, columns):
    (n_rows, d_rows), (n_columns, d_columns) = rows.shape, columns.shape
    grid = np.empty((n_rows, n_columns, d_rows + d_columns), dtype=np.result_type(rows, columns))
    grid[:, :, :d_rows] = rows[:, np.newaxis, :]
    grid[:, :, d_rows:] = columns
    return grid.reshape(n_rows * n_columns, -1)


@wrong(
    "axial_positions",
    truth="Repeats the columns and tiles the rows: the grid is filled column by column. Wrong wherever there are two or more "
    "rows and columns.",
)
def fills_column_by_column(rows, columns):
    first = np.tile(rows, (len(columns), 1))
    second = np.repeat(columns, len(rows), axis=0)
    return np.concatenate([first, second], axis=1)


@wrong(
    "axial_positions",
    truth="The column's vector stands in front and the row's behind. Wrong for all inputs whose vectors differ.",
)
def column_vector_in_front(rows, columns):
    p = np.arange(len(rows) * len(columns))
    return np.concatenate([columns[p % len(columns)], rows[p // len(columns)]], axis=1)


@wrong(
    "axial_positions",
    truth="Adds the row's and the column's vector, as position vectors are added elsewhere, instead of putting them behind "
    "each other. Wrong shape; fails where d_rows and d_columns differ.",
)
def adds_the_two_vectors(rows, columns):
    return (rows[:, np.newaxis, :] + columns[np.newaxis, :, :]).reshape(-1, rows.shape[1])


@wrong(
    "axial_positions",
    truth="Leaves the grid's two axes: (n_rows, n_columns, d) instead of one axis of positions. Wrong shape for every input.",
)
def leaves_the_grid_as_two_axes(rows, columns):
    n_rows, n_columns = len(rows), len(columns)
    left = np.broadcast_to(rows[:, np.newaxis], (n_rows, n_columns, rows.shape[1]))
    right_half = np.broadcast_to(columns[np.newaxis], (n_rows, n_columns, columns.shape[1]))
    return np.concatenate([left, right_half], axis=-1)


@wrong(
    "axial_positions",
    truth="Repeats each row n_rows times and tiles the columns n_columns times: the counts are exchanged. Fails, or is wrong, "
    "unless the grid is square.",
)
def repeat_counts_exchanged(rows, columns):
    first = np.repeat(rows, len(rows), axis=0)
    second = np.tile(columns, (len(columns), 1))
    return np.concatenate([first, second], axis=1)


@wrong(
    "axial_positions",
    truth="Takes the row as p modulo n_rows instead of p // n_columns. Wrong wherever there are two or more rows and two or "
    "more columns.",
)
def row_by_remainder_as_well(rows, columns):
    result = []
    for p in range(len(rows) * len(columns)):
        result.append(np.concatenate([rows[p % len(rows)], columns[p % len(columns)]]))
    return np.array(result)


@wrong(
    "axial_positions",
    truth="Divides by n_rows instead of n_columns in both places. Right for a square grid, wrong or out of range for others.",
)
def divides_by_the_number_of_rows(rows, columns):
    n_rows, n_columns = rows.shape[0], columns.shape[0]
    p = np.arange(n_rows * n_columns)
    return np.hstack([rows[p // n_rows], columns[p % n_rows]])


@wrong(
    "axial_positions",
    truth="Repeats and tiles flat numbers. Right where each table has one feature, as in the example; with more the shapes "
    "are wrong.",
)
def right_for_one_feature_only(rows, columns):
    first = np.repeat(rows, len(columns))
    second = np.tile(columns.ravel(), len(rows))
    return np.column_stack([first, second])


@wrong(
    "axial_positions",
    truth="The result has room for twice d_rows features. Fails where d_columns differs from d_rows.",
)
def takes_both_tables_as_equally_wide(rows, columns):
    n_rows, d = rows.shape
    n_columns = columns.shape[0]
    result = np.zeros((n_rows * n_columns, 2 * d), dtype=rows.dtype)
    for p in range(n_rows * n_columns):
        result[p, :d] = rows[p // n_columns]
        result[p, d:] = columns[p % n_columns]
    return result


@wrong(
    "axial_positions",
    truth="Puts the two tables of vectors below each other, not side by side: concatenates along axis 0. Wrong shape for "
    "every input; fails where d_rows and d_columns differ.",
)
def stacks_below_each_other(rows, columns):
    first = np.repeat(rows, len(columns), axis=0)
    second = np.tile(columns, (len(rows), 1))
    return np.concatenate([first, second])


# 3 · cross_entropy


@right("cross_entropy")
def loops_over_the_targets_that_count(logits, targets, weights):
    flat = logits.reshape(-1, logits.shape[-1]).astype(np.float64)
    total = 0.0
    for row, target, weight in zip(flat, targets.ravel(), weights.ravel()):
        if weight > 0:
            total += weight * (np.logaddexp.reduce(row) - row[target])
    return total / np.sum(weights, dtype=np.float64)


@wrong(
    "cross_entropy",
    truth="Takes exp of the logits as they are. Logits above about 709 overflow and give NaN.",
)
def overflows_for_large_logits(logits, targets, weights):
    p = np.exp(logits) / np.sum(np.exp(logits), axis=-1, keepdims=True)
    chosen = np.take_along_axis(p, targets[..., np.newaxis], axis=-1)[..., 0]
    surprise = np.where(weights > 0, -np.log(np.where(weights > 0, chosen, 1)), 0)
    return np.sum(weights * surprise) / np.sum(weights)


@wrong(
    "cross_entropy",
    truth="Subtracts the maximum, but then takes the logarithm of the softmax. A surprise above about 745 becomes infinite, "
    "since exp gives 0.",
)
def logarithm_of_a_softmax_that_is_zero(logits, targets, weights):
    shifted = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    p = shifted / np.sum(shifted, axis=-1, keepdims=True)
    chosen = np.take_along_axis(p, targets[..., np.newaxis], axis=-1)[..., 0]
    surprise = np.where(weights > 0, -np.log(np.where(weights > 0, chosen, 1)), 0)
    return np.sum(weights * surprise) / np.sum(weights)


@wrong(
    "cross_entropy",
    truth="Adds 1e-12 within the logarithm, so no surprise is above 27.6. Wrong where a target has a probability of about "
    "1e-12 or less.",
)
def small_number_within_the_logarithm(logits, targets, weights):
    shifted = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    p = shifted / np.sum(shifted, axis=-1, keepdims=True)
    chosen = np.take_along_axis(p, targets[..., np.newaxis], axis=-1)[..., 0]
    surprise = -np.log(chosen + 1e-12)
    return np.sum(weights * surprise) / np.sum(weights)


@wrong(
    "cross_entropy",
    truth="Takes the mean over all positions of weight times surprise, so padding counts in what is divided by. Wrong "
    "wherever the weights do not have mean 1.",
)
def mean_over_all_positions(logits, targets, weights):
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p, targets[..., np.newaxis], axis=-1)[..., 0]
    chosen = np.where(weights > 0, chosen, 0)
    return -np.mean(weights * chosen)


@wrong(
    "cross_entropy",
    truth="A target of weight 0 whose logit is minus infinity gives 0 times infinity: NaN. Wrong only there.",
)
def zero_times_infinity(logits, targets, weights):
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p, targets[..., np.newaxis], axis=-1)[..., 0]
    return np.sum(weights * -chosen) / np.sum(weights)


@wrong(
    "cross_entropy",
    truth="Divides by the number of targets that count instead of the sum of the weights. Right for weights of 0 and 1, wrong "
    "for others.",
)
def divides_by_the_number_that_count(logits, targets, weights):
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p, targets[..., np.newaxis], axis=-1)[..., 0]
    counts = weights > 0
    return -np.sum(weights[counts] * chosen[counts]) / np.count_nonzero(counts)


@wrong(
    "cross_entropy",
    truth="Averages each sequence first and then takes the mean of these averages. Wrong where the sequences of a batch have "
    "different sums of weights, NaN where one is all padding.",
)
def averages_each_sequence_first(logits, targets, weights):
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p, targets[..., np.newaxis], axis=-1)[..., 0]
    surprise = np.where(weights > 0, -chosen, 0)
    return np.mean(np.sum(weights * surprise, axis=-1) / np.sum(weights, axis=-1))


@wrong(
    "cross_entropy",
    truth="Indexes with arange over the first axis. Right for logits (n, V), fails or picks wrong numbers with more batch "
    "axes or none.",
)
def picks_targets_of_one_batch_axis_only(logits, targets, weights):
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    surprise = -log_p[np.arange(len(targets)), targets]
    surprise = np.where(weights > 0, surprise, 0)
    return np.sum(weights * surprise) / np.sum(weights)


@wrong(
    "cross_entropy",
    truth="Shifts: the logits of each position are compared with the target of the next, and the last logits are left out. "
    "The targets hold the next token already. Wrong for nearly all inputs.",
)
def shifts_the_targets(logits, targets, weights):
    logits, targets, weights = logits[..., :-1, :], targets[..., 1:], weights[..., 1:]
    shifted = logits - np.max(logits, axis=-1, keepdims=True)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p, targets[..., np.newaxis], axis=-1)[..., 0]
    surprise = np.where(weights > 0, -chosen, 0)
    return np.sum(weights * surprise) / np.sum(weights)


@wrong(
    "cross_entropy",
    truth="Subtracts the maximum of the whole array, not of each row. A row that lies more than 745 below it has only zeros "
    "under the logarithm: infinite or NaN.",
)
def one_maximum_for_all_rows(logits, targets, weights):
    shifted = logits - np.max(logits)
    log_p = shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))
    chosen = np.take_along_axis(log_p, targets[..., np.newaxis], axis=-1)[..., 0]
    surprise = np.where(weights > 0, -chosen, 0)
    return np.sum(weights * surprise) / np.sum(weights)


# 4 · reformer_block


def in_chunks(inputs, layer, chunk_length):
    """What a learner wrote for `chunked_feed_forward`."""
    starts = range(0, inputs.shape[-2], chunk_length)
    return np.concatenate([layer(inputs[..., i : i + chunk_length, :]) for i in starts], axis=-2)


@right("reformer_block")
def two_inner_functions_and_head_by_head(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    def attention(x, w_qk, w_v, w_out, norm):
        normed = layer_norm(x, norm["scale"], norm["bias"])
        width = x.shape[-1] // n_heads
        parts = []
        for h in range(n_heads):
            mine = slice(h * width, (h + 1) * width)
            qk, v = normed @ w_qk[:, mine], normed @ w_v[:, mine]
            buckets = angular_hash(qk, rotations)
            sizes = {"n_buckets": rotations.shape[-1] * 2, "chunk_length": chunk_length}
            parts.append(lsh_attention(qk, v, buckets, **sizes))
        return np.concatenate(parts, axis=-1) @ w_out

    wide = parameters["feed_forward"]
    y1 = x1 + attention(x2, **parameters["attention"])
    normed = layer_norm(y1, **wide["norm"])
    return y1, x2 + in_chunks(normed, lambda part: feed_forward(part, wide), chunk_length)


def attended(x, part, rotations, n_heads, chunk_length, **options):
    """What a learner wrote for the attention of normed vectors."""
    qk = split_heads(x @ part["w_qk"], n_heads)
    v = split_heads(x @ part["w_v"], n_heads)
    buckets = angular_hash(qk, rotations)
    n_buckets = 2 * rotations.shape[-1]
    heads = lsh_attention(qk, v, buckets, n_buckets=n_buckets, chunk_length=chunk_length, **options)
    return merge_heads(heads) @ part["w_out"]


@wrong(
    "reformer_block",
    truth="The feed-forward part reads x1, the old stream, instead of y1. y2 is wrong wherever attention adds something.",
)
def feed_forward_reads_x1(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    x = layer_norm(x2, **att["norm"])
    y1 = x1 + attended(x, att, rotations, n_heads, chunk_length)
    x = layer_norm(x1, **ff["norm"])
    y2 = x2 + in_chunks(x, partial(feed_forward, parameters=ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="The second sum starts from y1, y2 = y1 + feed-forward(norm(y1)), as in an ordinary Transformer layer. Wrong "
    "wherever y1 and x2 differ.",
)
def adds_to_y1_as_an_ordinary_layer(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    y1 = x1 + attended(layer_norm(x2, **att["norm"]), att, rotations, n_heads, chunk_length)
    y2 = y1 + in_chunks(layer_norm(y1, **ff["norm"]), partial(feed_forward, parameters=ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="Takes the last axis of the rotations, B/2, for the number of buckets. Buckets of B/2 and above are out of range: "
    "lsh_attention refuses them, or sorts them into the wrong round.",
)
def half_the_number_of_buckets(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    x = layer_norm(x2, **att["norm"])
    qk = split_heads(x @ att["w_qk"], n_heads)
    v = split_heads(x @ att["w_v"], n_heads)
    buckets = angular_hash(qk, rotations)
    heads = lsh_attention(qk, v, buckets, n_buckets=rotations.shape[-1], chunk_length=chunk_length)
    y1 = x1 + merge_heads(heads) @ att["w_out"]
    y2 = x2 + in_chunks(layer_norm(y1, **ff["norm"]), lambda p: feed_forward(p, ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="No norm before the attention. y1 is wrong wherever x2 is not normed already.",
)
def attention_without_norm(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    y1 = x1 + attended(x2, att, rotations, n_heads, chunk_length)
    y2 = x2 + in_chunks(layer_norm(y1, **ff["norm"]), lambda p: feed_forward(p, ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="Both parts use the norm of the attention. y2 is wrong wherever the two norms differ.",
)
def one_norm_for_both_parts(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    norm = partial(layer_norm, scale=att["norm"]["scale"], bias=att["norm"]["bias"])
    y1 = x1 + attended(norm(x2), att, rotations, n_heads, chunk_length)
    y2 = x2 + in_chunks(norm(y1), lambda p: feed_forward(p, ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="Makes heads by a bare reshape, without exchanging positions and heads, and back the same way. Numbers of different "
    "positions get into one head. Right for one head, wrong for more.",
)
def heads_by_a_bare_reshape(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    x = layer_norm(x2, **att["norm"])
    *batch, L, d = x.shape
    qk = (x @ att["w_qk"]).reshape(*batch, n_heads, L, d // n_heads)
    v = (x @ att["w_v"]).reshape(*batch, n_heads, L, d // n_heads)
    buckets = angular_hash(qk, rotations)
    n_buckets = 2 * rotations.shape[-1]
    heads = lsh_attention(qk, v, buckets, n_buckets=n_buckets, chunk_length=chunk_length)
    y1 = x1 + heads.reshape(*batch, L, d) @ att["w_out"]
    y2 = x2 + in_chunks(layer_norm(y1, **ff["norm"]), lambda p: feed_forward(p, ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="Leaves out the map by w_out after the heads are put together. Wrong unless w_out is the identity.",
)
def forgets_w_out(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    x = layer_norm(x2, **att["norm"])
    qk = split_heads(x @ att["w_qk"], n_heads)
    v = split_heads(x @ att["w_v"], n_heads)
    buckets = angular_hash(qk, rotations)
    n_buckets = 2 * rotations.shape[-1]
    heads = lsh_attention(qk, v, buckets, n_buckets=n_buckets, chunk_length=chunk_length)
    y1 = x1 + merge_heads(heads)
    y2 = x2 + in_chunks(layer_norm(y1, **ff["norm"]), lambda p: feed_forward(p, ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="The first stream is not added: y1 is the attention alone, and y2 follows from it. Wrong wherever x1 is not 0.",
)
def forgets_to_add_x1(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    y1 = attended(layer_norm(x2, **att["norm"]), att, rotations, n_heads, chunk_length)
    y2 = x2 + in_chunks(layer_norm(y1, **ff["norm"]), lambda p: feed_forward(p, ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="The attention reads x1 and the sum goes to x1 as well: one stream only. y1 is wrong wherever the streams differ.",
)
def attention_reads_x1(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    y1 = x1 + attended(layer_norm(x1, **att["norm"]), att, rotations, n_heads, chunk_length)
    y2 = x2 + in_chunks(layer_norm(y1, **ff["norm"]), lambda p: feed_forward(p, ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="Hashes the heads of w_v instead of those of w_qk. The buckets, and so who sees whom, are wrong wherever more than "
    "one chunk or its neighbour matters.",
)
def hashes_the_values(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    x = layer_norm(x2, **att["norm"])
    qk = split_heads(x @ att["w_qk"], n_heads)
    v = split_heads(x @ att["w_v"], n_heads)
    buckets = angular_hash(v, rotations)
    n_buckets = 2 * rotations.shape[-1]
    heads = lsh_attention(qk, v, buckets, n_buckets=n_buckets, chunk_length=chunk_length)
    y1 = x1 + merge_heads(heads) @ att["w_out"]
    y2 = x2 + in_chunks(layer_norm(y1, **ff["norm"]), lambda p: feed_forward(p, ff), chunk_length)
    return y1, y2


@wrong(
    "reformer_block",
    truth="No norm before the feed-forward layer. y2 is wrong wherever y1 is not normed already.",
)
def feed_forward_without_norm(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    att, ff = parameters["attention"], parameters["feed_forward"]
    y1 = x1 + attended(layer_norm(x2, **att["norm"]), att, rotations, n_heads, chunk_length)
    y2 = x2 + in_chunks(y1, lambda p: feed_forward(p, ff), chunk_length)
    return y1, y2


# 5 · adam_step


@right("adam_step")
def as_one_rate_and_lists_of_moments(
    parameter,
    gradient,
    first_moment,
    second_moment,
    step,
    *,
    learning_rate,
    beta1=0.9,
    beta2=0.98,
    epsilon=1e-9,
):
    m = first_moment + (1 - beta1) * (gradient - first_moment)
    v = second_moment + (1 - beta2) * (np.square(gradient) - second_moment)
    bottom = np.sqrt(v * (1 / (1 - beta2**step))) + epsilon
    move = m / bottom * (learning_rate / (1 - beta1**step))
    return np.subtract(parameter, move), m, v


@wrong(
    "adam_step",
    truth="Does not divide the moments by 1 - beta^t. The steps are wrong for every t, most of all the first.",
)
def no_correction_of_the_moments(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    m = beta1 * first_moment + (1 - beta1) * gradient
    v = beta2 * second_moment + (1 - beta2) * gradient**2
    parameter = parameter - learning_rate * m / (np.sqrt(v) + epsilon)
    return parameter, m, v


@wrong(
    "adam_step",
    truth="Returns the corrected moments, so the correction is done again in the next step. m and v are wrong at small t; "
    "the parameter of one call is right.",
)
def returns_the_corrected_moments(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    m = beta1 * first_moment + (1 - beta1) * gradient
    v = beta2 * second_moment + (1 - beta2) * gradient**2
    m = m / (1 - beta1**step)
    v = v / (1 - beta2**step)
    return parameter - learning_rate * m / (np.sqrt(v) + epsilon), m, v


@wrong(
    "adam_step",
    truth="Epsilon stands within the root. The step is wrong where the gradients are small or epsilon is large.",
)
def epsilon_within_the_root(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    m = beta1 * first_moment + (1 - beta1) * gradient
    v = beta2 * second_moment + (1 - beta2) * gradient**2
    m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
    return parameter - learning_rate * m_hat / np.sqrt(v_hat + epsilon), m, v


@wrong(
    "adam_step",
    truth="Changes the given arrays in place and returns them. The numbers are right, but new arrays are asked for.",
)
def moves_the_given_arrays(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    first_moment *= beta1
    first_moment += (1 - beta1) * gradient
    second_moment *= beta2
    second_moment += (1 - beta2) * gradient**2
    m_hat = first_moment / (1 - beta1**step)
    v_hat = second_moment / (1 - beta2**step)
    parameter -= learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return parameter, first_moment, second_moment


@wrong(
    "adam_step",
    truth="Counts from 0, so it corrects with t + 1. Wrong for every step; t counts from 1 already.",
)
def corrects_with_one_step_too_many(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    m = beta1 * first_moment + (1 - beta1) * gradient
    v = beta2 * second_moment + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1 ** (step + 1))
    v_hat = v / (1 - beta2 ** (step + 1))
    return parameter - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


@wrong(
    "adam_step",
    truth="The correction is (1 - beta)^t instead of 1 - beta^t. Right at t = 1, wrong later.",
)
def power_outside_the_parentheses(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    m = beta1 * first_moment + (1 - beta1) * gradient
    v = beta2 * second_moment + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1) ** step
    v_hat = v / (1 - beta2) ** step
    return parameter - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


@wrong(
    "adam_step",
    truth="The correction is by beta without the power t: 1 - beta at every step. Right at t = 1, wrong later.",
)
def correction_without_the_power(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    m = beta1 * first_moment + (1 - beta1) * gradient
    v = beta2 * second_moment + (1 - beta2) * gradient**2
    m_hat = m / (1 - beta1)
    v_hat = v / (1 - beta2)
    return parameter - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


@wrong(
    "adam_step",
    truth="The second moment takes the gradient, not its square. v is wrong, and the root of a negative v is NaN.",
)
def second_moment_without_the_square(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    m = beta1 * first_moment + (1 - beta1) * gradient
    v = beta2 * second_moment + (1 - beta2) * gradient
    m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
    return parameter - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


@wrong(
    "adam_step",
    truth="Goes along the gradient, with a plus, instead of against it. The parameter is wrong wherever m is not 0.",
)
def goes_uphill(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    m = beta1 * first_moment + (1 - beta1) * gradient
    v = beta2 * second_moment + (1 - beta2) * gradient**2
    m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
    return parameter + learning_rate * m_hat / (np.sqrt(v_hat) + epsilon), m, v


@wrong(
    "adam_step",
    truth="Leaves epsilon out. A number whose gradients have all been 0 gives 0 / 0, NaN; a large epsilon has no effect.",
)
def leaves_epsilon_out(
    parameter, gradient, first_moment, second_moment, step, *, learning_rate, beta1=0.9, beta2=0.98, epsilon=1e-9
):
    m = beta1 * first_moment + (1 - beta1) * gradient
    v = beta2 * second_moment + (1 - beta2) * gradient**2
    m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
    return parameter - learning_rate * m_hat / np.sqrt(v_hat), m, v


# 6 · sample_token


@right("sample_token")
def row_by_row_with_searchsorted(logits, uniforms, *, temperature=1.0, top_k=None):
    logits = np.asarray(logits, dtype=np.float64)
    V = logits.shape[-1]
    result = np.zeros(logits.shape[:-1], dtype=np.int64)
    for index in np.ndindex(result.shape):
        row = logits[index]
        best = sorted(range(V), key=lambda token: (-row[token], token))
        if temperature == 0:
            result[index] = best[0]
            continue
        kept = np.sort(best[: V if top_k is None else top_k])
        shares = np.exp((row[kept] - row[best[0]]) / temperature)
        ends = np.cumsum(shares)
        ends /= ends[-1]
        result[index] = kept[np.searchsorted(ends, np.asarray(uniforms)[index], side="right")]
    return result


@wrong(
    "sample_token",
    truth="Takes the k-th highest logit as a threshold, so all logits equal to it count: more than k where there are ties.",
)
def ties_at_the_threshold_all_count(logits, uniforms, *, temperature=1.0, top_k=None):
    z = logits.astype(np.float64)
    if temperature == 0:
        return np.argmax(z, axis=-1)
    if top_k is not None and top_k < z.shape[-1]:
        kth = np.sort(z, axis=-1)[..., -top_k]
        z = np.where(z < kth[..., np.newaxis], -np.inf, z)
    z = z / temperature
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    ends = np.cumsum(p, axis=-1)
    ends = ends / ends[..., -1:]
    return np.sum(ends <= np.asarray(uniforms)[..., np.newaxis], axis=-1)


@wrong(
    "sample_token",
    truth="Temperature 0 has no case of its own: the logits are divided by 0, which gives infinities and NaN, and no choice "
    "of the highest. Wrong at temperature 0.",
)
def divides_by_temperature_zero(logits, uniforms, *, temperature=1.0, top_k=None):
    z = logits.astype(np.float64)
    if top_k is not None and top_k < z.shape[-1]:
        ranks = np.argsort(np.argsort(-z, axis=-1, kind="stable"), axis=-1)
        z = np.where(ranks < top_k, z, -np.inf)
    z = z / temperature
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    ends = np.cumsum(p, axis=-1)
    ends = ends / ends[..., -1:]
    return np.sum(ends <= np.asarray(uniforms)[..., np.newaxis], axis=-1)


@wrong(
    "sample_token",
    truth="Lays the shares in the order of falling probability, as code for top-p does, instead of the tokens' numbers. Wrong "
    "wherever the logits do not fall already.",
)
def shares_in_order_of_probability(logits, uniforms, *, temperature=1.0, top_k=None):
    z = logits.astype(np.float64)
    if temperature == 0:
        return np.argmax(z, axis=-1)
    order = np.argsort(-z, axis=-1, kind="stable")[..., :top_k]
    z = np.take_along_axis(z, order, axis=-1) / temperature
    ends = np.cumsum(np.exp(z - z[..., :1]), axis=-1)
    ends = ends / ends[..., -1:]
    place = np.sum(ends <= np.asarray(uniforms)[..., np.newaxis], axis=-1)
    return np.take_along_axis(order, place[..., np.newaxis], axis=-1)[..., 0]


@wrong(
    "sample_token",
    truth="Takes exp of the divided logits without subtracting the highest: overflow to infinity and NaN for large logits or "
    "low temperatures.",
)
def overflows_without_the_maximum(logits, uniforms, *, temperature=1.0, top_k=None):
    z = logits.astype(np.float64)
    if temperature == 0:
        return np.argmax(z, axis=-1)
    if top_k is not None and top_k < z.shape[-1]:
        ranks = np.argsort(np.argsort(-z, axis=-1, kind="stable"), axis=-1)
        z = np.where(ranks < top_k, z, -np.inf)
    p = np.exp(z / temperature)
    p = p / p.sum(axis=-1, keepdims=True)
    ends = np.cumsum(p, axis=-1)
    ends = ends / ends[..., -1:]
    return np.sum(ends <= np.asarray(uniforms)[..., np.newaxis], axis=-1)


@wrong(
    "sample_token",
    truth="Where a uniform equals the end of a share it takes that token, not the next: < in place of <=. So a uniform of 0 "
    "can choose a token without any share. Wrong only on such borders.",
)
def border_belongs_to_the_token_before(logits, uniforms, *, temperature=1.0, top_k=None):
    z = logits.astype(np.float64)
    if temperature == 0:
        return np.argmax(z, axis=-1)
    if top_k is not None and top_k < z.shape[-1]:
        ranks = np.argsort(np.argsort(-z, axis=-1, kind="stable"), axis=-1)
        z = np.where(ranks < top_k, z, -np.inf)
    z = z / temperature
    ends = np.cumsum(np.exp(z - z.max(axis=-1, keepdims=True)), axis=-1)
    ends = ends / ends[..., -1:]
    return np.sum(ends < np.asarray(uniforms)[..., np.newaxis], axis=-1)


@wrong(
    "sample_token",
    truth="Stays in the dtype of the logits and does not divide by the last sum. With thousands of float32 numbers the ends "
    "are off, and a uniform near 1 falls behind the last: V, or a wrong token.",
)
def adds_up_in_float32_and_not_to_one(logits, uniforms, *, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    z = logits / temperature
    if top_k is not None and top_k < z.shape[-1]:
        ranks = np.argsort(np.argsort(-z, axis=-1, kind="stable"), axis=-1)
        z = np.where(ranks < top_k, z, -np.inf)
    p = np.exp(z - z.max(axis=-1, keepdims=True))
    p = p / p.sum(axis=-1, keepdims=True)
    ends = np.cumsum(p, axis=-1)
    return np.sum(ends <= np.asarray(uniforms)[..., np.newaxis], axis=-1)


@wrong(
    "sample_token",
    truth="Takes the last k of a plain argsort: of equal logits the higher token counts, where the lower should. Wrong where "
    "ties stand at the border of the top k.",
)
def last_k_of_argsort_prefers_higher_tokens(logits, uniforms, *, temperature=1.0, top_k=None):
    z = logits.astype(np.float64)
    if temperature == 0:
        return np.argmax(z, axis=-1)
    if top_k is not None:
        kept = np.argsort(z, axis=-1, kind="stable")[..., -top_k:]
        masked = np.full(z.shape, -np.inf)
        np.put_along_axis(masked, kept, np.take_along_axis(z, kept, axis=-1), axis=-1)
        z = masked
    z = z / temperature
    ends = np.cumsum(np.exp(z - z.max(axis=-1, keepdims=True)), axis=-1)
    ends = ends / ends[..., -1:]
    return np.sum(ends <= np.asarray(uniforms)[..., np.newaxis], axis=-1)


@wrong(
    "sample_token",
    truth="Sets the logits that do not count to 0 instead of minus infinity, so they keep a share. Wrong with top_k below V.",
)
def sets_other_logits_to_zero(logits, uniforms, *, temperature=1.0, top_k=None):
    z = logits.astype(np.float64)
    if temperature == 0:
        return np.argmax(z, axis=-1)
    if top_k is not None and top_k < z.shape[-1]:
        ranks = np.argsort(np.argsort(-z, axis=-1, kind="stable"), axis=-1)
        z = np.where(ranks < top_k, z, 0)
    z = z / temperature
    ends = np.cumsum(np.exp(z - z.max(axis=-1, keepdims=True)), axis=-1)
    ends = ends / ends[..., -1:]
    return np.sum(ends <= np.asarray(uniforms)[..., np.newaxis], axis=-1)


@wrong(
    "sample_token",
    truth="np.searchsorted with one row of ends and one uniform: right for logits (V), fails with batch axes.",
)
def one_row_of_logits_only(logits, uniforms, *, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits)
    z = np.array(logits, dtype=np.float64)
    if top_k is not None:
        z[np.argsort(-z, kind="stable")[top_k:]] = -np.inf
    z = z / temperature
    ends = np.cumsum(np.exp(z - z.max()))
    return np.searchsorted(ends / ends[-1], uniforms, side="right")


@wrong(
    "sample_token",
    truth="np.partition with V - top_k fails, or takes a wrong border, where top_k is more than V; ties at the border all count "
    "as well. Two slips.",
)
def partition_fails_for_a_large_top_k(logits, uniforms, *, temperature=1.0, top_k=None):
    if temperature == 0:
        return np.argmax(logits, axis=-1)
    z = logits.astype(np.float64) / temperature
    if top_k is not None:
        border = np.partition(z, -top_k, axis=-1)[..., -top_k, np.newaxis]
        z = np.where(z >= border, z, -np.inf)
    ends = np.cumsum(np.exp(z - z.max(axis=-1, keepdims=True)), axis=-1)
    ends = ends / ends[..., -1:]
    return np.argmax(ends > np.asarray(uniforms)[..., np.newaxis], axis=-1)


@wrong(
    "sample_token",
    truth="Multiplies the logits by the temperature instead of dividing. Wrong for every temperature but 1 and 0.",
)
def multiplies_by_the_temperature(logits, uniforms, *, temperature=1.0, top_k=None):
    z = logits.astype(np.float64)
    if temperature == 0:
        return np.argmax(z, axis=-1)
    if top_k is not None and top_k < z.shape[-1]:
        ranks = np.argsort(np.argsort(-z, axis=-1, kind="stable"), axis=-1)
        z = np.where(ranks < top_k, z, -np.inf)
    z = z * temperature
    ends = np.cumsum(np.exp(z - z.max(axis=-1, keepdims=True)), axis=-1)
    ends = ends / ends[..., -1:]
    return np.sum(ends <= np.asarray(uniforms)[..., np.newaxis], axis=-1)
