"""Answers to lab 01, written from its text alone."""

import numpy as np

from tests.blind import right, wrong


@wrong(
    "cosine_similarity",
    truth="returns the bare dot products; shows wherever a vector is not of length 1 (or zero)",
)
def plain_dot_products(queries, keys):
    return queries @ keys.T


@wrong(
    "cosine_similarity",
    truth="divides by a length of 0, so the row of a zero query and the column of a zero key are nan instead "
    "of 0; all other entries are right",
)
def zero_vector_gives_nan(queries, keys):
    q_len = np.sqrt((queries**2).sum(axis=1))
    k_len = np.sqrt((keys**2).sum(axis=1))
    return (queries @ keys.T) / np.outer(q_len, k_len)


@wrong(
    "cosine_similarity",
    truth="guards only the keys against length 0; a zero query gives a row of nan",
)
def guards_only_the_keys(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=-1, keepdims=True)
    k_len = np.where(k_len == 0, 1, k_len)
    return (queries / q_len) @ (keys / k_len).T


@wrong(
    "cosine_similarity",
    truth="divides by the length of the query only; each column is too large by the length of its key, shows "
    "for keys whose length is not 1",
)
def divides_by_query_length_alone(queries, keys):
    length = np.linalg.norm(queries, axis=-1, keepdims=True)
    length = np.where(length == 0, 1, length)
    return (queries / length) @ keys.T


@wrong(
    "cosine_similarity",
    truth="divides by the length of the key only; each row is too large by the length of its query, shows for "
    "queries whose length is not 1",
)
def divides_by_key_length_alone(queries, keys):
    length = np.linalg.norm(keys, axis=-1)
    length = np.where(length == 0, 1, length)
    return queries @ keys.T / length


@wrong(
    "cosine_similarity",
    truth="forgets the square root, so it divides by the squared lengths; shows wherever the product of the "
    "two lengths is not 1",
)
def divides_by_squared_lengths(queries, keys):
    q_len = np.sum(queries**2, axis=1, keepdims=True)
    k_len = np.sum(keys**2, axis=1, keepdims=True)
    q_len = np.where(q_len == 0, 1, q_len)
    k_len = np.where(k_len == 0, 1, k_len)
    return (queries / q_len) @ (keys / k_len).T


@wrong(
    "cosine_similarity",
    truth="measures lengths as sums of absolute features (L1 norm) instead of Euclidean ones; shows for any "
    "vector with two or more features that are not 0",
)
def manhattan_lengths(queries, keys):
    q_len = np.abs(queries).sum(axis=1, keepdims=True)
    k_len = np.abs(keys).sum(axis=1, keepdims=True)
    q_len = np.where(q_len == 0, 1, q_len)
    k_len = np.where(k_len == 0, 1, k_len)
    return (queries / q_len) @ (keys / k_len).T


@wrong(
    "cosine_similarity",
    truth="np.linalg.norm without an axis gives one length for the whole array, so all vectors are divided by "
    "the same number; right only if all but one of the queries and of the keys are zero",
)
def one_norm_for_the_whole_array(queries, keys):
    q_len = np.linalg.norm(queries)
    k_len = np.linalg.norm(keys)
    if q_len == 0 or k_len == 0:
        return np.zeros((len(queries), len(keys)))
    return (queries / q_len) @ (keys / k_len).T


@wrong(
    "cosine_similarity",
    truth="takes the norm along axis 0, so each feature is scaled over all vectors instead of each vector "
    "over its features; shows on nearly every input",
)
def norm_along_the_first_axis(queries, keys):
    q_len = np.linalg.norm(queries, axis=0, keepdims=True)
    k_len = np.linalg.norm(keys, axis=0, keepdims=True)
    q_len = np.where(q_len == 0, 1, q_len)
    k_len = np.where(k_len == 0, 1, k_len)
    return (queries / q_len) @ (keys / k_len).T


@wrong(
    "cosine_similarity",
    truth="returns the transposed table, shape (K, Q); shows in the shape if Q is not K, and in the values if "
    "Q equals K and the table is not symmetric (queries equal to keys would hide it)",
)
def keys_down_queries_across(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=-1, keepdims=True)
    q_unit = queries / np.where(q_len == 0, 1, q_len)
    k_unit = keys / np.where(k_len == 0, 1, k_len)
    return k_unit @ q_unit.T


@wrong(
    "cosine_similarity",
    truth="returns the absolute value, so opposite directions get 1 and not -1; shows for every pair at an "
    "angle over 90 degrees",
)
def sign_thrown_away(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=-1, keepdims=True)
    q_unit = queries / np.where(q_len == 0, 1, q_len)
    k_unit = keys / np.where(k_len == 0, 1, k_len)
    return np.abs(q_unit @ k_unit.T)


@wrong(
    "cosine_similarity",
    truth="clips to the range 0 to 1, as if a similarity could not be negative; every pair at an angle over "
    "90 degrees gets 0",
)
def clipped_at_zero(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=-1, keepdims=True)
    q_unit = queries / np.where(q_len == 0, 1, q_len)
    k_unit = keys / np.where(k_len == 0, 1, k_len)
    return np.clip(q_unit @ k_unit.T, 0, 1)


@wrong(
    "cosine_similarity",
    truth="adds 0.001 to each length against the division by zero, so every similarity that is not 0 comes "
    "out too near to 0: by 0.2 percent for two vectors of length 1, by three quarters for two of length "
    "0.001",
)
def thousandth_added_to_lengths(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1, keepdims=True) + 1e-3
    k_len = np.linalg.norm(keys, axis=-1, keepdims=True) + 1e-3
    return (queries / q_len) @ (keys / k_len).T


@wrong(
    "cosine_similarity",
    truth="never divides by less than 1e-6, so a pair whose lengths multiply to less than 1e-6 (two vectors "
    "of length 1e-4, say) comes out too near to 0; right for all longer vectors and for zero",
)
def floor_under_the_product_of_lengths(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1)
    k_len = np.linalg.norm(keys, axis=-1)
    return queries @ keys.T / np.maximum(np.outer(q_len, k_len), 1e-6)


@wrong(
    "cosine_similarity",
    truth="gives two zero vectors the similarity 1, because they are equal; should be 0, shows only if both a "
    "query and a key are zero",
)
def zero_is_like_zero(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=-1, keepdims=True)
    q_unit = queries / np.where(q_len == 0, 1, q_len)
    k_unit = keys / np.where(k_len == 0, 1, k_len)
    table = q_unit @ k_unit.T
    table[(q_len == 0) & (k_len.T == 0)] = 1.0
    return table


@wrong(
    "cosine_similarity",
    truth="recognises the zero vector by the sum of its features, so a vector such as (1, -1) counts as zero "
    "and gets similarity 0 with everything",
)
def zero_by_sum_of_features(queries, keys):
    q_zero = queries.sum(axis=1) == 0
    k_zero = keys.sum(axis=1) == 0
    table = np.zeros((len(queries), len(keys)))
    for i in range(len(queries)):
        for j in range(len(keys)):
            if not q_zero[i] and not k_zero[j]:
                table[i, j] = queries[i] @ keys[j] / (np.linalg.norm(queries[i]) * np.linalg.norm(keys[j]))
    return table


@wrong(
    "cosine_similarity",
    truth="replaces every feature that is 0 by 1 (instead of every length that is 0), so it changes the "
    "directions; shows for any vector with a feature 0",
)
def zero_features_become_one(queries, keys):
    q = np.where(queries == 0, 1, queries)
    k = np.where(keys == 0, 1, keys)
    q_unit = q / np.linalg.norm(q, axis=-1, keepdims=True)
    k_unit = k / np.linalg.norm(k, axis=-1, keepdims=True)
    return q_unit @ k_unit.T


@wrong(
    "cosine_similarity",
    truth="makes the unit vectors in arrays of the dtype of the input, so with integer inputs they are cut "
    "off to whole numbers (0.6 becomes 0); right for float inputs",
)
def units_in_the_dtype_of_the_input(queries, keys):
    def units(vectors):
        result = np.zeros_like(vectors)
        for i, vector in enumerate(vectors):
            length = np.sqrt(np.sum(vector**2))
            if length > 0:
                result[i] = vector / length
        return result

    return units(queries) @ units(keys).T


@wrong(
    "cosine_similarity",
    truth="divides in place: the result is right for float arrays but the caller's queries and keys are "
    "changed to unit vectors; integer arrays raise an error",
)
def divides_the_callers_arrays_in_place(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=-1, keepdims=True)
    queries /= np.where(q_len == 0, 1, q_len)
    if keys is not queries:
        keys /= np.where(k_len == 0, 1, k_len)
    return queries @ keys.T


@wrong(
    "cosine_similarity",
    truth="returns the cosine distance, 1 minus the cosine, so the same direction gets 0; shows wherever the "
    "cosine is not 0.5",
)
def cosine_distance(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=-1, keepdims=True)
    q_unit = queries / np.where(q_len == 0, 1, q_len)
    k_unit = keys / np.where(k_len == 0, 1, k_len)
    return 1 - q_unit @ k_unit.T


@wrong(
    "cosine_similarity",
    truth="computes each length from the first two features only; right for d = 2 as in the example, wrong "
    "for d = 3 and more, an index error for d = 1",
)
def lengths_from_two_features(queries, keys):
    q_len = np.hypot(queries[:, 0], queries[:, 1])
    k_len = np.hypot(keys[:, 0], keys[:, 1])
    lengths = np.outer(q_len, k_len)
    return np.where(lengths > 0, queries @ keys.T / np.where(lengths > 0, lengths, 1), 0.0)


@wrong(
    "cosine_similarity",
    truth="multiplies the lengths (Q, 1) and (K, 1) without transposing the second: with Q = K row i is "
    "divided by the length of key i and not of key j, with Q = 1 the shape is (K, K), with K = 1 it is "
    "right, else an error",
)
def key_lengths_stand_upright(queries, keys):
    lengths = np.linalg.norm(queries, axis=1, keepdims=True) * np.linalg.norm(keys, axis=1, keepdims=True)
    lengths = np.where(lengths == 0, 1, lengths)
    return queries @ keys.T / lengths


@wrong(
    "cosine_similarity",
    truth="squeezes the result, so with one query or one key the table loses an axis: shape (K,) or (Q,) or "
    "() instead of (1, K), (Q, 1), (1, 1)",
)
def squeezed_table(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1)
    k_len = np.linalg.norm(keys, axis=-1)
    lengths = np.outer(q_len, k_len)
    return np.squeeze(queries @ keys.T / np.where(lengths == 0, 1, lengths))


@wrong(
    "cosine_similarity",
    truth="subtracts from each vector the mean of its features first, which gives the correlation and not the "
    "cosine; shows unless the features of the vectors add up to 0",
)
def pearson_correlation(queries, keys):
    q = queries - queries.mean(axis=1, keepdims=True)
    k = keys - keys.mean(axis=1, keepdims=True)
    q_len = np.linalg.norm(q, axis=1, keepdims=True)
    k_len = np.linalg.norm(k, axis=1, keepdims=True)
    return (q / np.where(q_len == 0, 1, q_len)) @ (k / np.where(k_len == 0, 1, k_len)).T


@wrong(
    "cosine_similarity",
    truth="the inner loop breaks off at a zero key instead of skipping it, so all keys after a zero key get 0 "
    "as well; right if zero keys stand last or are absent",
)
def breaks_at_the_zero_key(queries, keys):
    table = np.zeros((len(queries), len(keys)))
    for i, query in enumerate(queries):
        for j, key in enumerate(keys):
            lengths = np.linalg.norm(query) * np.linalg.norm(key)
            if lengths == 0:
                break
            table[i, j] = np.dot(query, key) / lengths
    return table


@wrong(
    "cosine_similarity",
    truth="returns zeros for the whole table as soon as a single vector is zero, instead of only for that "
    "vector's row or column",
)
def one_zero_blanks_everything(queries, keys):
    q_len = np.linalg.norm(queries, axis=1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=1, keepdims=True)
    if (q_len == 0).any() or (k_len == 0).any():
        return np.zeros((len(queries), len(keys)))
    return (queries / q_len) @ (keys / k_len).T


@wrong(
    "cosine_similarity",
    truth="rounds the result to one decimal, as the example happens to be printed; wrong by up to 0.05 "
    "wherever the cosine has more decimals",
)
def rounded_like_the_example(queries, keys):
    q_len = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=-1, keepdims=True)
    q_unit = queries / np.where(q_len == 0, 1, q_len)
    k_unit = keys / np.where(k_len == 0, 1, k_len)
    return np.round(q_unit @ k_unit.T, 1)


@right("cosine_similarity")
def cosine_by_loops_in_plain_python(queries, keys):
    table = np.zeros((len(queries), len(keys)))
    for i in range(len(queries)):
        for j in range(len(keys)):
            q = [float(x) for x in queries[i]]
            k = [float(x) for x in keys[j]]
            lengths = sum(x * x for x in q) ** 0.5 * sum(x * x for x in k) ** 0.5
            if lengths:
                table[i, j] = sum(a * b for a, b in zip(q, k)) / lengths
    return table


@right("cosine_similarity")
def cosine_by_einsum(queries, keys):
    dots = np.einsum("id,jd->ij", queries, keys)
    q2 = np.einsum("id,id->i", queries, queries)
    k2 = np.einsum("id,id->i", keys, keys)
    lengths = np.sqrt(q2)[:, None] * np.sqrt(k2)[None, :]
    return np.divide(dots, lengths, out=np.zeros(lengths.shape), where=lengths > 0)


@right("cosine_similarity")
def cosine_with_infinite_length_for_zero(queries, keys):
    q = np.array(queries, dtype=float)
    k = np.array(keys, dtype=float)
    q_len = np.sqrt((q * q).sum(-1))
    k_len = np.sqrt((k * k).sum(-1))
    q_len[q_len == 0] = np.inf
    k_len[k_len == 0] = np.inf
    return (q @ k.T) / q_len[:, None] / k_len


@right("cosine_similarity")
def cosine_from_distance_of_units(queries, keys):
    def unit(a):
        a = np.asarray(a, dtype=float)
        length = np.linalg.norm(a, axis=1, keepdims=True)
        return a / np.where(length == 0, 1, length), length[:, 0] > 0

    q, q_ok = unit(queries)
    k, k_ok = unit(keys)
    distance2 = ((q[:, None, :] - k[None, :, :]) ** 2).sum(axis=2)
    return np.where(q_ok[:, None] & k_ok[None, :], 1 - distance2 / 2, 0.0)


@right("cosine_similarity")
def cosine_scaled_by_largest_feature(queries, keys):
    def unit(a):
        a = np.asarray(a, dtype=float)
        biggest = np.abs(a).max(axis=1, keepdims=True)
        a = a / np.where(biggest == 0, 1, biggest)
        length = np.sqrt(np.square(a).sum(axis=1, keepdims=True))
        return a / np.maximum(length, 1e-300)

    return np.tensordot(unit(queries), unit(keys), axes=([1], [1]))


@right("cosine_similarity")
def cosine_column_by_column(queries, keys):
    queries = np.asarray(queries, dtype=float)
    q_len = np.linalg.norm(queries, axis=1)
    table = np.empty((len(queries), len(keys)))
    for j, key in enumerate(keys):
        with np.errstate(divide="ignore", invalid="ignore"):
            column = queries.dot(key) / (q_len * np.linalg.norm(key))
        table[:, j] = np.nan_to_num(column, nan=0.0)
    return table


@wrong(
    "k_nearest",
    truth="leaves the diagonal in, so each vector finds itself, in the first place unless a parallel vector "
    "of lower position stands before it; shows on every input",
)
def finds_itself(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.argsort(-np.round(units @ units.T, 12), axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="sorts ascending, so the least similar come first (itself is kept out rightly); right only for two "
    "vectors or if all similarities are equal",
)
def least_similar_first(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = units @ units.T
    np.fill_diagonal(table, np.inf)
    return np.argsort(table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="sorts ascending and turns the order round, so among equally similar ones the higher position comes "
    "first; shows only with ties, such as two parallel vectors",
)
def reversed_sort_turns_ties(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(table, axis=1, kind="stable")[:, ::-1][:, :k]


@wrong(
    "k_nearest",
    truth="drops the first place of the sorted row in the belief that it is the vector itself; if a vector of "
    "lower position points in the same direction, that one is dropped and the vector finds itself",
)
def first_place_must_be_itself(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    return np.argsort(-table, axis=1, kind="stable")[:, 1 : k + 1]


@wrong(
    "k_nearest",
    truth="uses the default argsort, which is not stable; with ties in longer rows (more than 16 vectors, on "
    "some processors fewer) the lower position does not always come first",
)
def unstable_argsort(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1)[:, :k]


@wrong(
    "k_nearest",
    truth="ranks by Euclidean distance instead of cosine; shows if the vectors have different lengths, right "
    "if all have the same length",
)
def nearest_in_space(vectors, k):
    distance = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)
    np.fill_diagonal(distance, np.inf)
    return np.argsort(distance, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="ranks by the bare dot product, so long vectors win; right if all vectors have the same length",
)
def largest_dot_product(vectors, k):
    table = (vectors @ vectors.T).astype(float)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="puts 0 on the diagonal, which still beats negative similarities (and ties with 0); a vector with "
    "fewer than k others of positive similarity may find itself",
)
def diagonal_set_to_zero(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, 0)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="puts -1 on the diagonal, which ties with an exactly opposite vector; if that one has a higher "
    "position and is among the k wanted, the vector itself is taken in its place",
)
def diagonal_set_to_minus_one(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -1)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="ranks by the absolute similarity, so opposite vectors count as near; shows as soon as a negative "
    "similarity is larger in size than one of the others",
)
def opposite_counts_as_near(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(np.abs(units @ units.T), 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="takes the last k of argpartition: the k largest but in no promised order, mostly ascending, so the "
    "most similar comes last; shows for k of 2 and more, and with ties at the border for k = 1",
)
def partition_without_sorting(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    return np.argpartition(table, -k, axis=1)[:, -k:]


@wrong(
    "k_nearest",
    truth="returns the k largest similarities themselves, floats, instead of the positions",
)
def similarities_not_positions(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = units @ units.T
    np.fill_diagonal(table, -np.inf)
    return -np.sort(-table, axis=1)[:, :k]


@wrong(
    "k_nearest",
    truth="collects the right positions in an array of floats; they cannot be used as indices, the text asks "
    "for integers; shows in the dtype on every input",
)
def positions_as_floats(vectors, k):
    neighbors = np.zeros((len(vectors), k))
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    for i, row in enumerate(table):
        neighbors[i] = np.argsort(-row, kind="stable")[:k]
    return neighbors


@wrong(
    "k_nearest",
    truth="sorts along axis 0 and transposes nothing, so the columns and not the rows hold the orders: row i "
    "is the i-th choice of each of the first k vectors",
)
def sorts_down_the_columns(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=0, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="the slice [:k] cuts rows and not columns: shape (k, L), the full orders of the first k vectors, "
    "with each vector itself in the last column",
)
def slices_rows(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:k]


@wrong(
    "k_nearest",
    truth="blanks every similarity of 1 instead of the diagonal, so other vectors in the same direction are "
    "treated like the vector itself and come last; right if no two are parallel",
)
def parallel_ones_thrown_out(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    table[table >= 1 - 1e-9] = -np.inf
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="rounds the similarities to two decimals before sorting, so vectors whose similarities differ by "
    "less than about 0.01 count as equal and come in order of position",
)
def rounded_to_false_ties(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 2)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="deletes the vector itself from its row before sorting and does not correct the positions, so every "
    "neighbour behind position i is given one too low",
)
def deletion_shifts_positions(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    rows = [np.argsort(-np.delete(table[i], i), kind="stable")[:k] for i in range(len(vectors))]
    return np.array(rows)


@wrong(
    "k_nearest",
    truth="normalises the caller's array in place: positions right for floats, but the input is changed; an "
    "array of integers raises an error",
)
def normalises_the_callers_vectors(vectors, k):
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(vectors @ vectors.T, 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="ranks by the difference of the arctan2 angles without going round at 180 degrees, and looks at two "
    "features only; wrong for neighbours on both sides of the direction (-1, 0) and for d over 2, error "
    "for d = 1",
)
def angles_do_not_wrap(vectors, k):
    angle = np.arctan2(vectors[:, 1], vectors[:, 0])
    difference = np.round(np.abs(angle[:, None] - angle[None, :]), 12)
    np.fill_diagonal(difference, np.inf)
    return np.argsort(difference, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="divides by the squared lengths (square root forgotten), so short vectors in a positive direction "
    "win; right if all have the same length",
)
def squared_lengths_favour_short_ones(vectors, k):
    length2 = (vectors**2).sum(axis=1)
    table = np.round(vectors @ vectors.T / np.outer(length2, length2), 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="picks the maximum k times but sets the picked one to 0 and not to -inf, so once only negative (or "
    "zero) similarities are left, one already taken can be taken again",
)
def picked_ones_set_to_zero(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    neighbors = np.zeros((len(vectors), k), dtype=int)
    for i in range(len(vectors)):
        for n in range(k):
            best = np.argmax(table[i])
            neighbors[i, n] = best
            table[i, best] = 0
    return neighbors


@wrong(
    "k_nearest",
    truth="makes unit vectors in an array of the dtype of the input, so integers are cut to 0 or 1 and most "
    "similarities become 0; right for floats",
)
def integer_unit_vectors(vectors, k):
    units = np.empty_like(vectors)
    for i, vector in enumerate(vectors):
        units[i] = vector / np.linalg.norm(vector)
    table = np.round((units @ units.T).astype(float), 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="stores the positions as int8, so positions from 128 on come out negative; right up to 128 vectors",
)
def positions_in_one_byte(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k].astype(np.int8)


@wrong(
    "k_nearest",
    truth="returns the right k neighbours in order of position instead of the most similar first; shows for k "
    "of 2 and more",
)
def sorted_by_position(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    return np.sort(np.argsort(-table, axis=1, kind="stable")[:, :k], axis=1)


@wrong(
    "k_nearest",
    truth="for k = 1 it returns shape (L,) from argmax instead of (L, 1); right for all larger k",
)
def one_neighbour_loses_its_axis(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    if k == 1:
        return np.argmax(table, axis=1)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="fills the table only above the diagonal and never mirrors it, so for j below i the similarity "
    "stays 0; the first row is right, the later ones see the earlier vectors as orthogonal",
)
def half_of_the_table(vectors, k):
    count = len(vectors)
    table = np.zeros((count, count))
    for i in range(count):
        table[i, i] = -np.inf
        for j in range(i + 1, count):
            cosine = vectors[i] @ vectors[j] / (np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j]))
            table[i, j] = np.round(cosine, 12)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="breaks ties by the distance in space (the closer first) and only then by position; shows if of two "
    "equally similar vectors the one of higher position is closer",
)
def ties_go_to_the_closer(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    distance = np.linalg.norm(vectors[:, None] - vectors[None], axis=-1)
    return np.array([np.lexsort((distance[i], -table[i]))[:k] for i in range(len(vectors))])


@wrong(
    "k_nearest",
    truth="the slice runs to k - 1, so one neighbour too few: shape (L, k - 1), empty for k = 1",
)
def one_neighbour_too_few(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, : k - 1]


@wrong(
    "k_nearest",
    truth="finds a position by looking up each sorted value in the row (first match), so tied vectors all get "
    "the position of the first of them, which then stands twice",
)
def looks_up_the_value(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    neighbors = []
    for row in table.tolist():
        best = sorted(row, reverse=True)[:k]
        neighbors.append([row.index(value) for value in best])
    return np.array(neighbors)


@right("k_nearest")
def neighbours_by_sorted_with_key(vectors, k):
    def cosine(a, b):
        dot = sum(float(x) * float(y) for x, y in zip(a, b))
        return round(dot / np.sqrt(sum(float(x) ** 2 for x in a) * sum(float(y) ** 2 for y in b)), 12)

    count = len(vectors)
    out = np.empty((count, k), dtype=np.int64)
    for i in range(count):
        out[i] = sorted((j for j in range(count) if j != i), key=lambda j: -cosine(vectors[i], vectors[j]))[:k]
    return out


@right("k_nearest")
def neighbours_by_lexsort(vectors, k):
    count = len(vectors)
    units = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    table = np.round(np.einsum("id,jd->ij", units, units), 12)
    position = np.broadcast_to(np.arange(count), (count, count))
    return np.lexsort((position, -table, np.eye(count)))[:, :k]


@right("k_nearest")
def neighbours_by_repeated_argmax(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    rows = np.arange(len(vectors))
    table[rows, rows] = -np.inf
    picks = np.empty((len(vectors), k), dtype=np.int32)
    for n in range(k):
        picks[:, n] = table.argmax(axis=1)
        table[rows, picks[:, n]] = -np.inf
    return picks


@right("k_nearest")
def neighbours_with_keys_normalised_only(vectors, k):
    keys = vectors / np.sqrt(np.sum(np.square(vectors, dtype=float), axis=1, keepdims=True))
    size = np.linalg.norm(vectors, axis=1, keepdims=True)
    order = np.argsort(-np.round(vectors @ keys.T / size, 12), axis=1, kind="stable")
    count = len(vectors)
    others = order[order != np.arange(count)[:, None]].reshape(count, count - 1)
    return others[:, :k]


@right("k_nearest")
def neighbours_by_counting_the_better(vectors, k):
    count = len(vectors)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -2)
    here, there = table[:, :, None], table[:, None, :]
    earlier = np.arange(count)[None, None, :] < np.arange(count)[None, :, None]
    rank = ((there > here) | ((there == here) & earlier)).sum(axis=2)
    out = np.empty((count, count), dtype=int)
    np.put_along_axis(out, rank, np.broadcast_to(np.arange(count), (count, count)).copy(), axis=1)
    return out[:, :k]


@right("k_nearest")
def neighbours_from_mirrored_table(vectors, k):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(units @ units.T, 12)
    np.fill_diagonal(table, -np.inf)
    last = len(vectors) - 1
    ascending = np.argsort(table[:, ::-1], axis=1, kind="stable")
    return last - ascending[:, ::-1][:, :k]


@wrong(
    "kernel_regression",
    truth="does not subtract the largest exponent; a query so far from all keys that every exp underflows "
    "(exponents under about -745) divides 0 by 0 and gives nan",
)
def no_maximum_subtracted(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    w = np.exp(-r2 / (2 * bandwidth**2))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="uses the distance and not its square in the exponent; shows unless all distances are 0 or 1 or the "
    "weights are equal",
)
def distance_not_squared(queries, keys, values, bandwidth):
    r = np.sqrt(((queries[:, None] - keys) ** 2).sum(axis=-1))
    e = -r / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="forgets the 2 in the denominator, so the kernel is too narrow by a factor of root 2; shows unless "
    "the weights are all equal or one key has practically all the weight",
)
def two_forgotten(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / bandwidth**2
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="does not square the bandwidth; right only for bandwidth 1",
)
def bandwidth_not_squared(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="writes / 2 * h**2 without brackets, so it multiplies by the squared bandwidth; right only for "
    "bandwidth 1",
)
def brackets_forgotten(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / 2 * bandwidth**2
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="subtracts the largest exponent of the whole table and not of each query; right for one query, but "
    "a query far from all keys is nan if it comes together with a query near to one",
)
def maximum_of_all_queries(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max())
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="subtracts the smallest exponent and not the largest, so exp overflows and gives nan if the "
    "exponents of a query spread over more than about 709; right for smaller spreads",
)
def smallest_exponent_subtracted(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.min(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="divides by the sum over the whole table, so all weights of all queries together make one; right "
    "for a single query",
)
def one_sum_for_all_queries(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - np.max(e, axis=-1, keepdims=True))
    return w / w.sum() @ values


@wrong(
    "kernel_regression",
    truth="takes maximum and sum along axis 0, over the queries, so the weights of a key and not of a query "
    "add up to one",
)
def normalised_over_the_queries(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=0))
    return w / w.sum(axis=0) @ values


@wrong(
    "kernel_regression",
    truth="forgets the minus sign, so the farthest key gets the most weight; right only if all keys are "
    "equally far from the query, or K = 1",
)
def minus_forgotten(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="returns the value of the nearest key alone (the first if tied) instead of an average; right only "
    "in the limit of a small bandwidth without ties",
)
def nearest_value_alone(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    return values[np.argmin(r2, axis=1)]


@wrong(
    "kernel_regression",
    truth="does not divide by the sum of the weights, so it is a weighted sum; too large wherever more than "
    "one key has weight",
)
def weights_not_normalised(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    return np.exp(e - e.max(axis=1, keepdims=True)) @ values


@wrong(
    "kernel_regression",
    truth="instead of subtracting the maximum adds 1e-12 to the sum of the weights, so far from all keys the "
    "estimate goes to 0 instead of the value of the nearest",
)
def epsilon_in_the_denominator(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    w = np.exp(-r2 / (2 * bandwidth**2))
    return (w @ values) / (w.sum(axis=1, keepdims=True) + 1e-12)


@wrong(
    "kernel_regression",
    truth="clips the exponents at -700 instead of subtracting the maximum, so far from all keys they count "
    "alike and the estimate is their plain mean; right elsewhere",
)
def exponents_clipped(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    w = np.exp(np.maximum(-r2 / (2 * bandwidth**2), -700))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="the sum of the weights has no keepdims, so column j is divided by the sum of query j; an error if "
    "Q and K differ (unless Q is 1), wrong values if Q = K",
)
def sum_without_keepdims(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1) @ values


@wrong(
    "kernel_regression",
    truth="looks at the first feature only; right for d = 1 as in the example, wrong for d of 2 and more if "
    "the other features differ",
)
def first_feature_only(queries, keys, values, bandwidth):
    e = -((queries[:, :1] - keys[:, 0]) ** 2) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="squares the sum of the differences instead of summing their squares, so differences of opposite "
    "sign cancel; right for d = 1, wrong for d of 2 and more",
)
def square_of_the_summed_differences(queries, keys, values, bandwidth):
    r2 = (queries[:, None] - keys).sum(axis=-1) ** 2
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="takes the mean of the squared differences over the features instead of their sum, so the distance "
    "shrinks by root d; right for d = 1",
)
def mean_over_the_features(queries, keys, values, bandwidth):
    r2 = np.mean((queries[:, None] - keys) ** 2, axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="uses the Manhattan distance, squared: (sum of |differences|)**2; right for d = 1 or if query and "
    "key differ in one feature only",
)
def manhattan_distance_squared(queries, keys, values, bandwidth):
    r = np.abs(queries[:, None] - keys).sum(axis=-1)
    e = -(r**2) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="averages only the first column of the values and returns (Q, 1); right for m = 1",
)
def first_value_column_only(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return (w * values[:, 0]).sum(axis=1, keepdims=True) / w.sum(axis=1, keepdims=True)


@wrong(
    "kernel_regression",
    truth="drops the last axis if there is one value per key: shape (Q,) instead of (Q, 1) for m = 1; right "
    "for m of 2 and more",
)
def flat_for_one_value(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    result = w / w.sum(axis=1, keepdims=True) @ values
    return result[:, 0] if result.shape[1] == 1 else result


@wrong(
    "kernel_regression",
    truth="collects the estimates in an array of the dtype of the values, so integer values cut the averages "
    "down to whole numbers; right for float values",
)
def estimates_in_the_dtype_of_values(queries, keys, values, bandwidth):
    estimates = np.zeros((len(queries), values.shape[1]), dtype=values.dtype)
    for i, query in enumerate(queries):
        e = -((keys - query) ** 2).sum(axis=1) / (2 * bandwidth**2)
        w = np.exp(e - e.max())
        estimates[i] = (w / w.sum()) @ values
    return estimates


@wrong(
    "kernel_regression",
    truth="subtracts each query from a single copy of the keys in place, so from the second query on the keys "
    "are already shifted by the earlier ones; the first query is right",
)
def keys_drift_from_query_to_query(queries, keys, values, bandwidth):
    offset = np.array(keys, dtype=float)
    result = []
    for query in queries:
        offset -= query
        e = -(offset**2).sum(axis=1) / (2 * bandwidth**2)
        w = np.exp(e - e.max())
        result.append(w / w.sum() @ values)
    return np.array(result)


@wrong(
    "kernel_regression",
    truth="goes through the keys with a running maximum but does not rescale what was summed before when the "
    "maximum grows; right only if the first key is the nearest",
)
def running_maximum_not_rescaled(queries, keys, values, bandwidth):
    result = np.zeros((len(queries), values.shape[1]))
    for i, query in enumerate(queries):
        top, total = -np.inf, 0.0
        for key, value in zip(keys, values):
            e = -np.sum((query - key) ** 2) / (2 * bandwidth**2)
            top = max(top, e)
            total += np.exp(e - top)
            result[i] += np.exp(e - top) * value
        result[i] /= total
    return result


@wrong(
    "kernel_regression",
    truth="leaves out keys at distance 0, as if they were the query itself; shows if a query coincides with a "
    "key (nan if all keys do)",
)
def coinciding_key_left_out(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = np.where(r2 == 0, -np.inf, -r2 / (2 * bandwidth**2))
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="gives weight 0 to keys farther than three bandwidths (if none is within, the nearest alone "
    "counts); shows where a key beyond that still has weight beside the others, for example a query "
    "with all keys about four bandwidths away",
)
def cut_off_at_three_bandwidths(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.where(r2 <= 9 * bandwidth**2, np.exp(e), 0.0)
    for i in range(len(w)):
        if w[i].sum() == 0:
            w[i, np.argmin(r2[i])] = 1.0
    return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="rounds the weights to four decimals, as the example prints them; the result is wrong by up to "
    "about 0.00005 times each value, plain to see with values in the thousands",
)
def weights_rounded_to_four_places(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=1, keepdims=True))
    return np.round(w / w.sum(axis=1, keepdims=True), 4) @ values


@wrong(
    "kernel_regression",
    truth="makes the result with zeros_like(values), so it has K rows and not Q: rows of 0 are left over if Q "
    "is under K, an index error if Q is over K; integer values are cut off, too",
)
def result_shaped_like_values(queries, keys, values, bandwidth):
    result = np.zeros_like(values)
    for i in range(len(queries)):
        e = -np.sum((keys - queries[i]) ** 2, axis=1) / (2 * bandwidth**2)
        w = np.exp(e - np.max(e))
        result[i] = np.sum(w[:, None] * values, axis=0) / np.sum(w)
    return result


@right("kernel_regression")
def regression_by_einsum(queries, keys, values, bandwidth):
    difference = (queries[:, None, :] - keys[None, :, :]) / bandwidth
    e = -0.5 * np.einsum("qkd,qkd->qk", difference, difference)
    w = np.exp(e - e.max(axis=1)[:, None])
    return np.einsum("qk,km,q->qm", w, values, 1 / w.sum(axis=1))


@right("kernel_regression")
def regression_by_pure_python(queries, keys, values, bandwidth):
    m = len(values[0])
    rows = []
    for q in queries:
        e = [-sum((float(a) - float(b)) ** 2 for a, b in zip(q, key)) / (2 * bandwidth * bandwidth) for key in keys]
        top = max(e)
        w = [np.exp(x - top) for x in e]
        total = sum(w)
        rows.append([sum(a * float(v[c]) for a, v in zip(w, values)) / total for c in range(m)])
    return np.array(rows, dtype=float).reshape(len(queries), m)


@right("kernel_regression")
def regression_by_np_average(queries, keys, values, bandwidth):
    result = np.empty((len(queries), values.shape[1]))
    for i, query in enumerate(queries):
        r2 = np.square(keys - query).sum(axis=1)
        result[i] = np.average(values, axis=0, weights=np.exp((r2.min() - r2) / (2 * bandwidth**2)))
    return result


@right("kernel_regression")
def regression_with_rescaled_running_maximum(queries, keys, values, bandwidth):
    top = np.full((len(queries), 1), -np.inf)
    total = np.zeros((len(queries), 1))
    summed = np.zeros((len(queries), values.shape[1]))
    for key, value in zip(keys, values):
        e = -np.sum((queries - key) ** 2, axis=1, keepdims=True) / (2 * bandwidth**2)
        new = np.maximum(top, e)
        total = total * np.exp(top - new) + np.exp(e - new)
        summed = summed * np.exp(top - new) + np.exp(e - new) * value
        top = new
    return summed / total


@right("kernel_regression")
def regression_by_logaddexp(queries, keys, values, bandwidth):
    e = np.zeros((len(queries), len(keys)))
    for feature in range(keys.shape[1]):
        e -= np.subtract.outer(queries[:, feature], keys[:, feature]) ** 2 / (2 * bandwidth**2)
    return np.exp(e - np.logaddexp.reduce(e, axis=1, keepdims=True)) @ values


@right("kernel_regression")
def regression_from_ratios_of_weights(queries, keys, values, bandwidth):
    e = -(np.linalg.norm(queries[:, None] - keys, axis=-1) ** 2) / (2 * bandwidth**2)
    with np.errstate(over="ignore"):
        ratio = np.exp(e[:, None, :] - e[:, :, None])
    return (1 / ratio.sum(axis=2)) @ values


@wrong(
    "softmax_attention",
    truth="does not divide the scores by the root of d; right only for d = 1",
)
def scores_not_scaled(queries, keys, values):
    s = queries @ keys.T
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="divides the scores by d and not by its root; right only for d = 1",
)
def scaled_by_d_itself(queries, keys, values):
    s = queries @ keys.T / keys.shape[-1]
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="takes int(sqrt(d)), the root cut off to a whole number; right if d is a square such as 1, 4, 9, "
    "16, wrong for d = 2, 3, 5, 8 and so on",
)
def root_cut_to_an_integer(queries, keys, values):
    s = queries @ keys.T / int(np.sqrt(queries.shape[1]))
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="scales by the root of the number of features of the values, m, instead of d; right if m = d",
)
def scaled_by_width_of_values(queries, keys, values):
    s = queries @ keys.T / np.sqrt(values.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="scales by the root of the number of keys, len(keys), instead of d; right if K = d",
)
def scaled_by_number_of_keys(queries, keys, values):
    s = queries @ keys.T / np.sqrt(len(keys))
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="does not subtract the largest score: scores over about 709 overflow to inf/inf = nan, and a query "
    "with all scores under about -745 gives 0/0 = nan",
)
def exp_of_raw_scores(queries, keys, values):
    w = np.exp(queries @ keys.T / np.sqrt(keys.shape[-1]))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="subtracts the largest score of the whole table; right for one query, but a query whose scores all "
    "lie more than about 745 below another query's best gives nan",
)
def maximum_of_the_whole_table(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - np.max(s))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="the running maximum starts at 0, so negative maxima are never found; a query whose scores are all "
    "under about -745 gives nan, everything else is right",
)
def maximum_starts_at_zero(queries, keys, values):
    result = np.zeros((len(queries), values.shape[1]))
    for i, query in enumerate(queries):
        scores = [query @ key / np.sqrt(len(query)) for key in keys]
        top = 0.0
        for score in scores:
            if score > top:
                top = score
        w = np.exp(np.array(scores) - top)
        result[i] = w @ values / w.sum()
    return result


@wrong(
    "softmax_attention",
    truth="subtracts the largest absolute score; gives nan if the best score of a query lies more than about "
    "745 below the largest size of its scores, as with the scores 0 and -1000; right for smaller scores",
)
def maximum_of_absolute_scores(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - np.abs(s).max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="clips the scores to -50 .. 50 instead of subtracting the maximum, so all scores beyond 50 count as "
    "equal (likewise below -50)",
)
def scores_clipped_at_fifty(queries, keys, values):
    s = np.clip(queries @ keys.T / np.sqrt(keys.shape[-1]), -50, 50)
    w = np.exp(s)
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="leaves the overflow in and turns the nan weights into 0 with nan_to_num, so a query with a score "
    "over about 709, or with all scores under about -745, gets the result 0",
)
def nan_weights_become_zero(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    with np.errstate(all="ignore"):
        w = np.exp(s)
        w = np.nan_to_num(w / w.sum(axis=-1, keepdims=True))
    return w @ values


@wrong(
    "softmax_attention",
    truth="takes the softmax along axis 0, over the queries, so the weights of a query do not add up to one; "
    "with a single query every weight is 1",
)
def softmax_over_queries(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=0, keepdims=True))
    return w / w.sum(axis=0, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="never divides by the sum of the weights, so it returns a weighted sum and no average; shows "
    "wherever more than one key has weight",
)
def exponentials_not_normalised(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    return np.exp(s - s.max(axis=-1, keepdims=True)) @ values


@wrong(
    "softmax_attention",
    truth="scores with keys @ queries.T, the transposed table: an error if Q and K differ, wrong if Q = K "
    "unless the table of scores is symmetric (queries equal to keys hides it)",
)
def keys_attend_to_queries(queries, keys, values):
    s = keys @ queries.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="scores with the cosine (divides by the lengths of query and key, zero vectors get 0) instead of "
    "the dot product over root d; right only if the product of the lengths happens to be root d or all "
    "scores are equal",
)
def cosine_as_score(queries, keys, values):
    q_len = np.linalg.norm(queries, axis=1, keepdims=True)
    k_len = np.linalg.norm(keys, axis=1, keepdims=True)
    s = (queries / np.where(q_len == 0, 1, q_len)) @ (keys / np.where(k_len == 0, 1, k_len)).T
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="divides by root d after the softmax instead of before: weights of unscaled scores, and they add up "
    "to 1/root d; right only for d = 1",
)
def scaled_after_the_softmax(queries, keys, values):
    s = queries @ keys.T
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) / np.sqrt(keys.shape[-1]) @ values


@wrong(
    "softmax_attention",
    truth="keeps the squared distance of task 3 in the exponent, over 2 root d; right if all keys have the "
    "same length, else longer keys get too little weight",
)
def still_uses_the_distance(queries, keys, values):
    r2 = ((queries[:, None] - keys) ** 2).sum(axis=-1)
    s = -r2 / (2 * np.sqrt(keys.shape[-1]))
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="masks the future: query i sees only the keys 0 .. i, as in a language model; the lab asks for all "
    "keys, so all queries but those from position K - 1 on are wrong",
)
def causal_mask_from_elsewhere(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    s = np.where(np.tril(np.ones(s.shape, dtype=bool)), s, -np.inf)
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="forbids query i to attend to key i, as in k_nearest; the lab does not ask for that, and with a "
    "single key the first query gives nan",
)
def does_not_attend_to_itself(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    np.fill_diagonal(s, -np.inf)
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="treats a score of exactly 0 as padding and gives it no weight; shows if a query and a key are "
    "orthogonal, all nan if all scores of a query are 0",
)
def zero_score_means_padding(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    s[s == 0] = -np.inf
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="divides the scores with // and so rounds them down; right where the scores are whole numbers, as "
    "in the example",
)
def floor_division_of_scores(queries, keys, values):
    s = queries @ keys.T // np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="takes the maximum without keepdims, so it subtracts the maximum of query j from column j; an error "
    "if Q and K differ (unless Q is 1), wrong if Q = K and the maxima of the queries differ",
)
def maximum_without_keepdims(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="subtracts the maximum in the numerator but not in the denominator, so each result is multiplied by "
    "exp(-maximum): too small for a positive maximum, too large for a negative one, 0 after overflow, "
    "infinite or nan after underflow",
)
def maximum_in_the_numerator_only(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True)) / np.exp(s).sum(axis=-1, keepdims=True)
    return w @ values


@wrong(
    "softmax_attention",
    truth="hands over the value of the best key alone (the first if tied) instead of an average; shows "
    "wherever more than one key has weight",
)
def hard_attention(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    return values[s.argmax(axis=-1)]


@wrong(
    "softmax_attention",
    truth="returns the weights (Q, K) and never multiplies them by the values; right only if the values are "
    "the identity matrix",
)
def weights_without_values(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True)


@wrong(
    "softmax_attention",
    truth="applies the softmax twice, the second time to the weights, so the average is far too even; right "
    "only if all scores of a query are equal",
)
def softmax_twice(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    for _ in range(2):
        s = np.exp(s - s.max(axis=-1, keepdims=True))
        s = s / s.sum(axis=-1, keepdims=True)
    return s @ values


@wrong(
    "softmax_attention",
    truth="the sum of the weights is not set back to 0 for each query but goes on, so the first query is "
    "right and all later results are too small",
)
def total_carried_over(queries, keys, values):
    result = np.zeros((len(queries), values.shape[1]))
    total = 0.0
    for i, query in enumerate(queries):
        s = keys @ query / np.sqrt(len(query))
        w = np.exp(s - s.max())
        total += w.sum()
        result[i] = w @ values / total
    return result


@wrong(
    "softmax_attention",
    truth="writes = instead of += in the inner loop, so only the last key's weight times value is left; right "
    "for K = 1 or if the last key has all the weight",
)
def last_key_overwrites(queries, keys, values):
    result = np.zeros((len(queries), values.shape[1]))
    for i, query in enumerate(queries):
        s = keys @ query / np.sqrt(len(query))
        w = np.exp(s - s.max())
        w = w / w.sum()
        for j in range(len(keys)):
            result[i] = w[j] * values[j]
    return result


@wrong(
    "softmax_attention",
    truth="stores the averages in an array of the dtype of the values, so integer values cut them off to "
    "whole numbers (16 instead of 16.95 in the example); right for float values",
)
def attended_in_the_dtype_of_values(queries, keys, values):
    attended = np.zeros((queries.shape[0], values.shape[1]), dtype=values.dtype)
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    for i, row in enumerate(s):
        w = np.exp(row - row.max())
        attended[i] = w @ values / w.sum()
    return attended


@wrong(
    "softmax_attention",
    truth="squeezes the result, so with one query or m = 1 an axis is missing: (m,), (Q,) or () instead of "
    "(1, m), (Q, 1), (1, 1)",
)
def squeezed_result(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return np.squeeze(w / w.sum(axis=-1, keepdims=True) @ values)


@wrong(
    "softmax_attention",
    truth="scales the caller's queries in place: the result is right for floats, but the input is changed "
    "(and if the same array is given as keys, the scores are divided by d); integers raise an error",
)
def scales_the_callers_queries(queries, keys, values):
    queries /= np.sqrt(queries.shape[-1])
    s = queries @ keys.T
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="rounds the weights to three decimals, as the example prints them; wrong by up to 0.0005 times each "
    "value",
)
def weights_rounded_to_three_places(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return np.round(w / w.sum(axis=-1, keepdims=True), 3) @ values


@right("softmax_attention")
def attention_by_einsum_and_fourth_roots(queries, keys, values):
    root = keys.shape[1] ** 0.25
    s = np.einsum("qd,kd->qk", queries / root, keys / root)
    s -= s.max(axis=1)[:, None]
    w = np.exp(s)
    return np.einsum("qk,km->qm", w / np.einsum("qk->q", w)[:, None], values)


@right("softmax_attention")
def attention_by_pure_python(queries, keys, values):
    d, m = len(keys[0]), len(values[0])
    rows = []
    for q in queries:
        s = [sum(float(a) * float(b) for a, b in zip(q, key)) / np.sqrt(d) for key in keys]
        top = max(s)
        w = [np.exp(x - top) for x in s]
        total = sum(w)
        rows.append([sum(w[j] * float(values[j][c]) for j in range(len(w))) / total for c in range(m)])
    return np.array(rows, dtype=float).reshape(len(queries), m)


@right("softmax_attention")
def attention_key_by_key(queries, keys, values):
    scale = 1 / np.sqrt(keys.shape[1])
    top = np.full(len(queries), -np.inf)
    total = np.zeros(len(queries))
    summed = np.zeros((len(queries), values.shape[1]))
    for key, value in zip(keys, values):
        s = queries @ key * scale
        new = np.maximum(top, s)
        old_part, new_part = np.exp(top - new), np.exp(s - new)
        total = total * old_part + new_part
        summed = summed * old_part[:, None] + np.outer(new_part, value)
        top = new
    return summed / total[:, None]


@right("softmax_attention")
def attention_by_logaddexp(queries, keys, values):
    s = (keys @ queries.T / np.sqrt(queries.shape[1])).T
    log_total = np.logaddexp.reduce(s, axis=1, keepdims=True)
    return np.dot(np.exp(s - log_total), values)


@right("softmax_attention")
def attention_with_a_column_of_ones(queries, keys, values):
    dots = queries @ keys.T
    w = np.exp((dots - dots.max(axis=1, keepdims=True)) * keys.shape[1] ** -0.5)
    both = w @ np.hstack([values, np.ones((len(keys), 1))])
    return both[:, :-1] / both[:, -1:]


@right("softmax_attention")
def attention_over_sorted_scores(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    order = np.argsort(-s, axis=1)
    ranked = np.take_along_axis(s, order, axis=1)
    w = np.exp(ranked - ranked[:, :1])
    return (w[:, :, None] * values[order]).sum(axis=1) / w.sum(axis=1)[:, None]
