"""Answers to lab 01, written from its text alone."""

import numpy as np

from tests.blind import wrong


@wrong(
    "cosine_similarity",
    truth="Divides by the query lengths only, never by the key lengths; shows for any key whose length is not 1. The "
    "zero vector is treated correctly.",
)
def cosine_only_queries_made_unit(queries, keys):
    length = np.linalg.norm(queries, axis=-1, keepdims=True)
    unit = queries / np.where(length == 0, 1, length)
    return unit @ keys.T


@wrong(
    "cosine_similarity",
    truth="np.linalg.norm without axis: divides by the length of the whole table instead of one length for each "
    "vector; right only with one query and one key.",
)
def cosine_norm_of_whole_table(queries, keys):
    lengths = np.linalg.norm(queries) * np.linalg.norm(keys)
    return queries @ keys.T / (lengths if lengths > 0 else 1.0)


@wrong(
    "cosine_similarity",
    truth="Norm along axis 0, so every feature column is divided by its own length over all vectors, instead of "
    "every vector by its length.",
)
def cosine_norm_along_the_columns(queries, keys):
    q_length = np.linalg.norm(queries, axis=0, keepdims=True)
    k_length = np.linalg.norm(keys, axis=0, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    return q @ k.T


@wrong(
    "cosine_similarity",
    truth="Nothing is done about zero vectors: their rows and columns are nan instead of 0. Right when there is no "
    "zero vector.",
)
def cosine_zero_vector_forgotten(queries, keys):
    with np.errstate(all="ignore"):
        q = queries / np.linalg.norm(queries, axis=-1, keepdims=True)
        k = keys / np.linalg.norm(keys, axis=-1, keepdims=True)
        return q @ k.T


@wrong(
    "cosine_similarity",
    truth="Guards zero queries only; a zero key still divides 0 by 0 and its column is nan.",
)
def cosine_zero_guard_for_queries_only(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    with np.errstate(all="ignore"):
        k = keys / np.linalg.norm(keys, axis=-1, keepdims=True)
    return q @ k.T


@wrong(
    "cosine_similarity",
    truth="As soon as one query or key is zero, the whole table is returned as zeros, although only the row or "
    "column of that vector is 0.",
)
def cosine_gives_up_on_any_zero_vector(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1)
    k_length = np.linalg.norm(keys, axis=-1)
    if (q_length == 0).any() or (k_length == 0).any():
        return np.zeros((len(queries), len(keys)))
    return queries @ keys.T / np.outer(q_length, k_length)


@wrong(
    "cosine_similarity",
    truth="Adds 1e-6 to the product of the lengths (remembered from a framework), so vectors whose lengths multiply "
    "to about 1e-6 or less get a similarity far too small; normal sizes are off by about 1e-6.",
)
def cosine_epsilon_in_the_denominator(queries, keys):
    q_length = np.sqrt((queries**2).sum(axis=-1))
    k_length = np.sqrt((keys**2).sum(axis=-1))
    return queries @ keys.T / (np.outer(q_length, k_length) + 1e-6)


@wrong(
    "cosine_similarity",
    truth="Uses maximum(length, 1) as the guard against zero, so every vector shorter than 1 is not divided by its "
    "length and its similarities come out too small.",
)
def cosine_length_at_least_one(queries, keys):
    q = queries / np.maximum(np.linalg.norm(queries, axis=-1, keepdims=True), 1)
    k = keys / np.maximum(np.linalg.norm(keys, axis=-1, keepdims=True), 1)
    return q @ k.T


@wrong(
    "cosine_similarity",
    truth="Clips to 0..1 in the belief that a similarity cannot be negative; every angle above 90 degrees gives 0 "
    "instead of its negative cosine.",
)
def cosine_clipped_to_zero_and_one(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    return np.clip(q @ k.T, 0.0, 1.0)


@wrong(
    "cosine_similarity",
    truth="Subtracts from each vector the mean of its own features first: this is Pearson's correlation, and agrees "
    "only when the features of the vectors already average to zero.",
)
def cosine_as_correlation(queries, keys):
    q = queries - queries.mean(axis=-1, keepdims=True)
    k = keys - keys.mean(axis=-1, keepdims=True)
    q_length = np.linalg.norm(q, axis=-1, keepdims=True)
    k_length = np.linalg.norm(k, axis=-1, keepdims=True)
    return (q / np.where(q_length == 0, 1, q_length)) @ (k / np.where(k_length == 0, 1, k_length)).T


@wrong(
    "cosine_similarity",
    truth="Returns the angle turned into a score, 1 - 2 * angle / pi, instead of its cosine; agrees only at 0, 90 "
    "and 180 degrees (a zero vector gives 0, as it should).",
)
def cosine_replaced_by_linear_angle(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    return 1 - 2 * np.arccos(np.clip(q @ k.T, -1, 1)) / np.pi


@wrong(
    "cosine_similarity",
    truth="Takes a vector for the zero vector when ANY of its features is 0 (not all() instead of not any()), so a "
    "vector such as (0, 5) gets similarity 0 with everything.",
)
def cosine_any_zero_feature_counts_as_zero_vector(queries, keys):
    similarity = np.zeros((len(queries), len(keys)))
    for i, q in enumerate(queries):
        for j, k in enumerate(keys):
            if not q.all() or not k.all():
                continue
            similarity[i, j] = q @ k / (np.linalg.norm(q) * np.linalg.norm(k))
    return similarity


@wrong(
    "cosine_similarity",
    truth="Tests for the zero vector by the SUM of the features, so a vector whose features cancel, such as (1, -1) "
    "or (2, -1, -1), gets similarity 0 with everything.",
)
def cosine_features_that_cancel_count_as_zero(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    q[queries.sum(axis=-1) == 0] = 0
    k[keys.sum(axis=-1) == 0] = 0
    return q @ k.T


@wrong(
    "cosine_similarity",
    truth="Divides with /= in the caller's own arrays: the numbers returned are right, but the queries and keys "
    "passed in are overwritten by unit vectors, and integer arrays raise an error.",
)
def cosine_overwrites_its_arguments(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    queries /= np.where(q_length == 0, 1, q_length)
    if keys is not queries:
        keys /= np.where(k_length == 0, 1, k_length)
    return queries @ keys.T


@wrong(
    "cosine_similarity",
    truth="The result table takes the dtype of the dot products, so for integer vectors every cosine is cut to an "
    "integer (0.6 becomes 0); right for float vectors.",
)
def cosine_table_with_dtype_of_the_input(queries, keys):
    dots = queries @ keys.T
    similarity = np.zeros_like(dots)
    for i in range(len(queries)):
        for j in range(len(keys)):
            lengths = np.linalg.norm(queries[i]) * np.linalg.norm(keys[j])
            if lengths > 0:
                similarity[i, j] = dots[i, j] / lengths
    return similarity


@wrong(
    "cosine_similarity",
    truth="The inner loop also runs to the number of queries: with more keys than queries the last columns stay 0, "
    "with fewer keys it raises IndexError; right only for Q == K.",
)
def cosine_inner_loop_counts_queries(queries, keys):
    similarity = np.zeros((len(queries), len(keys)))
    n = len(queries)
    for i in range(n):
        for j in range(n):
            lengths = np.linalg.norm(queries[i]) * np.linalg.norm(keys[j])
            if lengths != 0:
                similarity[i, j] = np.dot(queries[i], keys[j]) / lengths
    return similarity


@wrong(
    "cosine_similarity",
    truth="Multiplies keys @ queries.T, so the table is transposed: shape (K, Q), row for key, column for query.",
)
def cosine_keys_down_queries_across(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    return k @ q.T


@wrong(
    "cosine_similarity",
    truth="Measures lengths with the sum of absolute features (ord=1) instead of the root of the sum of squares; "
    "right only for vectors with a single non-zero feature.",
)
def cosine_with_manhattan_lengths(queries, keys):
    q_length = np.linalg.norm(queries, ord=1, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, ord=1, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    return q @ k.T


@wrong(
    "cosine_similarity",
    truth="Without keepdims the product of lengths is one list: entry (i, j) is divided by |query j| |key j| instead "
    "of |query i| |key j|; K = 1 gives the shape (Q, Q), other Q != K an error. Right for Q = 1.",
)
def cosine_lengths_multiplied_without_outer(queries, keys):
    lengths = np.linalg.norm(queries, axis=-1) * np.linalg.norm(keys, axis=-1)
    return queries @ keys.T / np.where(lengths == 0, 1, lengths)


@wrong(
    "cosine_similarity",
    truth="Computes the direction with arctan2 of the first two features: wrong for d > 2, an error for d = 1, and a "
    "zero vector counts as pointing along the first axis instead of giving 0.",
)
def cosine_of_difference_of_plane_angles(queries, keys):
    q_angle = np.arctan2(queries[:, 1], queries[:, 0])
    k_angle = np.arctan2(keys[:, 1], keys[:, 0])
    return np.cos(q_angle[:, None] - k_angle[None, :])


@wrong(
    "cosine_similarity",
    truth="The accumulators of the key length are reset for each query, not for each key: from the second key on the "
    "squares of all earlier keys are in the length. Only column 0 is right.",
)
def cosine_key_length_not_reset(queries, keys):
    similarity = np.zeros((len(queries), len(keys)))
    for i in range(len(queries)):
        qq = 0.0
        kk = 0.0
        for t in range(queries.shape[1]):
            qq += queries[i, t] ** 2
        for j in range(len(keys)):
            dot = 0.0
            for t in range(keys.shape[1]):
                dot += queries[i, t] * keys[j, t]
                kk += keys[j, t] ** 2
            if qq > 0 and kk > 0:
                similarity[i, j] = dot / (np.sqrt(qq) * np.sqrt(kk))
    return similarity


@wrong(
    "cosine_similarity",
    truth="Squeezes the result: with one query or one key the shape is (K,), (Q,) or () instead of (1, K), (Q, 1) or "
    "(1, 1). The numbers are right.",
)
def cosine_squeezed(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    return np.einsum("qd,kd->qk", q, k).squeeze()


@wrong(
    "cosine_similarity",
    truth="Says that two zero vectors are alike and gives 1 for a zero query with a zero key, where the lab wants 0; "
    "all else is right.",
)
def cosine_two_zero_vectors_are_alike(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    similarity = q @ k.T
    similarity[(q_length == 0) & (k_length == 0).T] = 1.0
    return similarity


@wrong(
    "cosine_similarity",
    truth="Treats lengths below 1e-3 as zero, so short but non-zero vectors get similarity 0 with everything instead "
    "of their cosine.",
)
def cosine_short_vectors_taken_for_zero(queries, keys):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    q = np.where(q_length < 1e-3, 0.0, queries / np.where(q_length == 0, 1, q_length))
    k = np.where(k_length < 1e-3, 0.0, keys / np.where(k_length == 0, 1, k_length))
    return q @ k.T


@wrong(
    "cosine_similarity",
    truth="Uses 2 q.k / (|q|^2 + |k|^2), the Dice formula, instead of q.k / (|q| |k|); equal only when query and key "
    "have the same length.",
)
def cosine_by_dice_formula(queries, keys):
    qq = (queries**2).sum(axis=-1)[:, None]
    kk = (keys**2).sum(axis=-1)[None, :]
    total = qq + kk
    return 2 * (queries @ keys.T) / np.where(total == 0, 1, total)


@wrong(
    "k_nearest",
    truth="argsort of the similarities without the minus sign: the least similar come first. The vector itself is "
    "kept out (its entry is +inf, so it sorts last).",
)
def nearest_sorted_from_the_least_similar(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, np.inf)
    return np.argsort(table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Forgets that a vector is not its own neighbour: each row normally starts with its own position and the "
    "k-th neighbour is missing.",
)
def nearest_includes_itself(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.argsort(-(unit @ unit.T), axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Drops the first column in the belief that it is always the vector itself. With parallel or equal vectors "
    "at a lower position it drops the real neighbour and keeps the vector itself.",
)
def nearest_drops_first_column_as_self(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.argsort(-(unit @ unit.T), axis=1, kind="stable")[:, 1 : k + 1]


@wrong(
    "k_nearest",
    truth="Sorts ascending and turns the order round, so of equally similar vectors the higher position comes first; "
    "right without ties.",
)
def nearest_turned_round_turns_ties(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, -np.inf)
    return np.argsort(table, axis=1, kind="stable")[:, ::-1][:, :k]


@wrong(
    "k_nearest",
    truth="argsort with its default kind, which does not keep ties in order: with equal similarities a higher "
    "position can come before a lower one. Shows with many vectors (above about 16), on some machines already "
    "with few; right without ties.",
)
def nearest_default_sort_kind(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1)[:, :k]


@wrong(
    "k_nearest",
    truth="Takes the Euclidean distance instead of the cosine, so a vector of the same direction but far away loses "
    "against a close one of another direction.",
)
def nearest_by_euclidean_distance(vectors, k):
    distance = ((vectors[:, None, :] - vectors[None, :, :]) ** 2).sum(axis=-1).astype(float)
    np.fill_diagonal(distance, np.inf)
    return np.argsort(distance, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Ranks by the plain dot product: long vectors win although they point elsewhere. Right when all vectors "
    "have the same length.",
)
def nearest_by_dot_product(vectors, k):
    table = (vectors @ vectors.T).astype(float)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Puts 0 on the diagonal instead of -inf: the vector itself beats every other of negative similarity, so it "
    "shows in rows with fewer than k others of positive similarity.",
)
def nearest_zero_on_the_diagonal(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, 0)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Puts -1 on the diagonal, believing that nothing is lower. An exactly opposite vector at a higher position "
    "ties with it, so for k large enough (L - 1) the vector itself appears in its place.",
)
def nearest_minus_one_on_the_diagonal(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.clip(unit @ unit.T, -1, 1)
    np.fill_diagonal(table, -1)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Compares squared cosines to save the root, so the sign is lost: an opposite vector counts as just as "
    "similar as a parallel one.",
)
def nearest_by_squared_cosine(vectors, k):
    squares = (vectors**2).sum(axis=1)
    table = (vectors @ vectors.T) ** 2 / squares[None, :]
    np.fill_diagonal(table, -1)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Removes every entry of similarity about 1 as being the vector itself, so parallel vectors and duplicates, "
    "the nearest there are, come last instead of first.",
)
def nearest_removes_all_parallel_vectors(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    table[table > 1 - 1e-9] = -np.inf
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Recognises the vector itself by its value, not by its position, so exact duplicates are left out, too; a "
    "row with too few candidates is filled with -1.",
)
def nearest_skips_equal_vectors(vectors, k):
    result = np.full((len(vectors), k), -1)
    for i, v in enumerate(vectors):
        found = []
        for j, w in enumerate(vectors):
            if not np.array_equal(v, w):
                found.append((-(v @ w) / (np.linalg.norm(v) * np.linalg.norm(w)), j))
        best = [j for _, j in sorted(found)[:k]]
        result[i, : len(best)] = best
    return result


@wrong(
    "k_nearest",
    truth="Takes the last k of argpartition: the right set (but for ties at the edge), in no promised order and "
    "usually with the most similar last instead of first; shows for k > 1, and for ties at the edge.",
)
def nearest_partitioned_but_not_sorted(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, -np.inf)
    return np.argpartition(table, -k, axis=1)[:, -k:]


@wrong(
    "k_nearest",
    truth="Chooses the right k but returns each row sorted by position instead of by similarity; shows for k > 1 "
    "whenever the more similar one has the higher position.",
)
def nearest_rows_sorted_by_position(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, -np.inf)
    return np.sort(np.argsort(-table, axis=1, kind="stable")[:, :k], axis=1)


@wrong(
    "k_nearest",
    truth="The positions are right but stored in a float table, so they are not integers and cannot be used as "
    "indices; shows on every input, in the dtype only.",
)
def nearest_positions_as_floats(vectors, k):
    result = np.zeros((len(vectors), k))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for i in range(len(vectors)):
        row = unit @ unit[i]
        row[i] = -np.inf
        result[i] = np.argsort(-row, kind="stable")[:k]
    return result


@wrong(
    "k_nearest",
    truth="Sorts along axis 0 but still cuts columns: column j holds the ranking for vector j, so the first k "
    "columns are full rankings of the first k vectors, not k neighbours of each row.",
)
def nearest_sorted_along_the_wrong_axis(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=0, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Keeps k best in a loop but, when a better one turns up, overwrites the slot instead of moving the others "
    "down: a former best is lost and slots can stay -1. Right for k = 1, or where the similarities come in "
    "falling order.",
)
def nearest_overwrites_instead_of_shifting(vectors, k):
    n = len(vectors)
    result = np.full((n, k), -1)
    for i in range(n):
        best = [-np.inf] * k
        for j in range(n):
            if j == i:
                continue
            s = vectors[i] @ vectors[j] / (np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j]))
            for slot in range(k):
                if s > best[slot]:
                    best[slot] = s
                    result[i, slot] = j
                    break
    return result


@wrong(
    "k_nearest",
    truth="Deletes the vector's own entry from the row before sorting and does not correct the positions afterwards: "
    "every neighbour behind the vector itself is reported one too low.",
)
def nearest_positions_after_deletion(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = []
    for i in range(len(vectors)):
        others = np.delete(unit, i, axis=0)
        rows.append(np.argsort(-(others @ unit[i]), kind="stable")[:k])
    return np.array(rows)


@wrong(
    "k_nearest",
    truth="Deletes its own entry and corrects positions with > instead of >=, so the neighbour directly behind "
    "vector i (position i + 1) is reported as i, the vector itself.",
)
def nearest_deletion_corrected_off_by_one(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    rows = []
    for i in range(len(vectors)):
        others = np.delete(unit, i, axis=0)
        order = np.argsort(-(others @ unit[i]), kind="stable")[:k]
        rows.append(order + (order > i))
    return np.array(rows)


@wrong(
    "k_nearest",
    truth="Looks each sorted similarity up with list.index, which always finds the first: equally similar vectors "
    "give the same position twice and the later one never appears.",
)
def nearest_looked_up_by_value(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    result = []
    for i in range(len(vectors)):
        row = [float(s) for s in unit @ unit[i]]
        row[i] = -9.0
        result.append([row.index(s) for s in sorted(row, reverse=True)[:k]])
    return np.array(result)


@wrong(
    "k_nearest",
    truth="Collects a dictionary similarity -> position: of equally similar vectors only the last survives, and rows "
    "that run short are filled up with 0.",
)
def nearest_through_a_dictionary(vectors, k):
    result = np.zeros((len(vectors), k), dtype=int)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for i in range(len(vectors)):
        place = {}
        row = unit @ unit[i]
        for j in range(len(vectors)):
            if j != i:
                place[float(row[j])] = j
        for n, s in enumerate(sorted(place, reverse=True)[:k]):
            result[i, n] = place[s]
    return result


@wrong(
    "k_nearest",
    truth="A comparator as in Java that returns int(b - a): differences of similarity below 1 count as equal, so "
    "mostly the lower position comes first instead of the more similar.",
)
def nearest_with_an_integer_comparator(vectors, k):
    from functools import cmp_to_key

    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    result = []
    for i in range(len(vectors)):
        others = [j for j in range(len(vectors)) if j != i]
        others.sort(key=cmp_to_key(lambda a, b, row=table[i]: int(row[b] - row[a])))
        result.append(others[:k])
    return np.array(result)


@wrong(
    "k_nearest",
    truth="Breaks ties by how close the positions are, |i - j|, instead of by the lower position; right without "
    "ties.",
)
def nearest_ties_to_the_closest_position(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, -np.inf)
    position = np.arange(len(vectors))
    rows = [np.lexsort((position, np.abs(position - i), -table[i]))[:k] for i in range(len(vectors))]
    return np.array(rows)


@wrong(
    "k_nearest",
    truth="Breaks ties by Euclidean distance instead of by position: of two parallel vectors the one closer in space "
    "comes first even if its position is higher.",
)
def nearest_ties_to_the_closer_in_space(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, -np.inf)
    rows = []
    for i in range(len(vectors)):
        distance = np.linalg.norm(vectors - vectors[i], axis=1)
        rows.append(np.lexsort((distance, np.round(-table[i], 12)))[:k])
    return np.array(rows)


@wrong(
    "k_nearest",
    truth="Rounds the similarities to two decimals to be safe with ties, so vectors that differ by less than 0.01 in "
    "similarity are ordered by position instead of similarity.",
)
def nearest_rounded_to_two_decimals(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = np.round(unit @ unit.T, 2)
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="When a neighbour has been found, its whole column is blocked instead of its one entry, so no later row "
    "can choose that vector again (position 0 is given when all are blocked); only row 0 is sure to be right.",
)
def nearest_blocks_the_whole_column(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, -np.inf)
    result = np.zeros((len(vectors), k), dtype=int)
    for i in range(len(vectors)):
        for n in range(k):
            best = int(np.argmax(table[i]))
            result[i, n] = best
            table[:, best] = -np.inf
    return result


@wrong(
    "k_nearest",
    truth="Picks the maximum k times and crosses the winner out with 0 instead of -inf: once only non-positive "
    "similarities are left, a crossed-out position wins again.",
)
def nearest_crossed_out_with_zero(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    result = np.zeros((len(vectors), k), dtype=int)
    for i in range(len(vectors)):
        row = unit @ unit[i]
        row[i] = -np.inf
        for n in range(k):
            result[i, n] = np.argmax(row)
            row[result[i, n]] = 0
    return result


@wrong(
    "k_nearest",
    truth="Fills only the half of the table above the diagonal and never mirrors it: positions before i have "
    "similarity 0 for row i, so only row 0 is sure to be right.",
)
def nearest_from_half_a_table(vectors, k):
    n = len(vectors)
    table = np.zeros((n, n))
    for i in range(n):
        table[i, i] = -np.inf
        for j in range(i + 1, n):
            table[i, j] = vectors[i] @ vectors[j] / (np.linalg.norm(vectors[i]) * np.linalg.norm(vectors[j]))
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Compares plane angles without going round the circle (350 and 10 degrees count as 340 apart), and looks "
    "at the first two features only; needs d >= 2.",
)
def nearest_angles_without_wrapping(vectors, k):
    angle = np.arctan2(vectors[:, 1], vectors[:, 0])
    apart = np.abs(angle[:, None] - angle[None, :])
    np.fill_diagonal(apart, np.inf)
    return np.argsort(apart, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Normalises with /= in the caller's array: the positions are right, but the vectors passed in are "
    "overwritten by unit vectors, and integer arrays raise an error.",
)
def nearest_normalises_the_callers_array(vectors, k):
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    table = vectors @ vectors.T
    np.fill_diagonal(table, -np.inf)
    return np.argsort(-table, axis=1, kind="stable")[:, :k]


@wrong(
    "k_nearest",
    truth="Slices 1:k after sorting with itself first, so one neighbour is missing: the result has shape (L, k - 1), "
    "which is empty for k = 1.",
)
def nearest_one_neighbour_short(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, 2.0)
    return np.argsort(-table, axis=1, kind="stable")[:, 1:k]


@wrong(
    "k_nearest",
    truth="Returns the k largest similarities themselves (floats) instead of the positions where they stand.",
)
def nearest_similarities_instead_of_positions(vectors, k):
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    table = unit @ unit.T
    np.fill_diagonal(table, -np.inf)
    return -np.sort(-table, axis=1)[:, :k]


@wrong(
    "kernel_regression",
    truth="Leaves out the 2 of the exponent: exp(-r^2 / h^2), a kernel too narrow by a factor of the root of 2; "
    "shows whenever several keys have weight at different distances.",
)
def kernel_without_the_two(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / bandwidth**2
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Operator precedence: / 2 * bandwidth**2 multiplies by h^2 instead of dividing by it; right only for h = "
    "1.",
)
def kernel_parentheses_missing(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / 2 * bandwidth**2
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Divides by 2h instead of 2h^2 (h taken for a variance); right only for h = 1.",
)
def kernel_bandwidth_not_squared(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="np.linalg.norm already takes the root and the square is forgotten: exponents -r / (2h^2), so far keys "
    "weigh too much and near ones too little.",
)
def kernel_distance_not_squared(queries, keys, values, bandwidth):
    r = np.linalg.norm(queries[:, None] - keys, axis=-1)
    e = -r / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Does not subtract the maximum: a query far from all keys (exponents below about -745) divides 0 by 0 and "
    "gives nan.",
)
def kernel_without_the_maximum(queries, keys, values, bandwidth):
    w = np.exp(-((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth**2))
    with np.errstate(all="ignore"):
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Subtracts one maximum for the whole table instead of one for each query: a far query next to a near one "
    "still underflows and gives nan, while a far query alone is fine.",
)
def kernel_one_maximum_for_all_queries(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth**2)
    w = np.exp(e - np.max(e))
    with np.errstate(all="ignore"):
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Takes the maximum of each column (key) over the queries: with more than one query each key is shifted by "
    "another amount, which does not cancel, so the weights are wrong; right for Q = 1.",
)
def kernel_maximum_for_each_key(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=0, keepdims=True))
    with np.errstate(all="ignore"):
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Clips exponents at -700 instead of subtracting the maximum: for a query far from all keys all exponents "
    "become equal and it returns the plain mean instead of (about) the nearest value.",
)
def kernel_exponents_clipped(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth**2)
    w = np.exp(np.maximum(e, -700))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="No maximum, but 1e-12 added to the sum against dividing by 0: queries far from all keys are drawn towards "
    "0 instead of the value of the nearest key.",
)
def kernel_epsilon_against_zero_sum(queries, keys, values, bandwidth):
    w = np.exp(-((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth**2))
    return (w @ values) / (w.sum(axis=-1, keepdims=True) + 1e-12)


@wrong(
    "kernel_regression",
    truth="Where all weights underflow to 0 it falls back to the value of the single nearest key, without a maximum: "
    "two equally near far keys should share, and denormal weights are inexact.",
)
def kernel_far_query_copies_the_nearest(queries, keys, values, bandwidth):
    out = np.zeros((len(queries), values.shape[1]))
    for i, q in enumerate(queries):
        squared = ((q - keys) ** 2).sum(axis=1)
        w = np.exp(-squared / (2 * bandwidth**2))
        if w.sum() == 0:
            out[i] = values[np.argmin(squared)]
        else:
            out[i] = w @ values / w.sum()
    return out


@wrong(
    "kernel_regression",
    truth="The weights are normalised over the queries (axis 0) instead of the keys, so the rows do not add up to "
    "one; with one query the result is the plain sum of the values.",
)
def kernel_normalised_over_queries(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=0, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Divides by the sum of the whole table of weights instead of the row's sum; right for one query only.",
)
def kernel_divided_by_the_total_sum(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum() @ values


@wrong(
    "kernel_regression",
    truth="Multiplies by the Gaussian density 1 / (h sqrt(2 pi)) and averages over the number of keys instead of "
    "dividing by the sum of the weights: a density estimate, not a weighted average.",
)
def kernel_density_formula(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(-1)
    w = np.exp(-r2 / (2 * bandwidth**2)) / (bandwidth * np.sqrt(2 * np.pi))
    return w @ values / len(keys)


@wrong(
    "kernel_regression",
    truth="Averages the squared differences over the features instead of summing them, so the squared distance is "
    "too small by the factor d; right for d = 1.",
)
def kernel_mean_of_squared_differences(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).mean(-1) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Uses only the first feature of queries and keys, as in the example with d = 1; wrong for d > 1.",
)
def kernel_first_feature_only(queries, keys, values, bandwidth):
    r = queries[:, :1] - keys[:, 0]
    e = -(r**2) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Sums the absolute differences and squares the sum (Manhattan distance) instead of summing the squares; "
    "right for d = 1.",
)
def kernel_with_manhattan_distance(queries, keys, values, bandwidth):
    r = np.abs(queries[:, None] - keys).sum(-1)
    e = -(r**2) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Expands the squared distance to |q|^2 + |k|^2 - 2 q.k, which loses all digits when queries and keys lie "
    "close together but far from the origin (coordinates of about 1e8, distances of about 1).",
)
def kernel_squared_distance_expanded(queries, keys, values, bandwidth):
    r2 = (queries**2).sum(1)[:, None] + (keys**2).sum(1) - 2 * queries @ keys.T
    e = -np.maximum(r2, 0) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Cuts the kernel off: keys more than 3 bandwidths away get weight 0. A little wrong near the keys, very "
    "wrong where most keys lie beyond the edge, and nan for a query with no key in reach.",
)
def kernel_cut_off_at_three_bandwidths(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(-1)
    w = np.where(r2 > 9 * bandwidth**2, 0.0, np.exp(-r2 / (2 * bandwidth**2)))
    with np.errstate(all="ignore"):
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Rounds the weights to four decimals as the example prints them, so the result is off by up to about K "
    "times 5e-5 times the values; shows most for large values.",
)
def kernel_weights_rounded_to_four_decimals(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return np.round(w / w.sum(axis=-1, keepdims=True), 4) @ values


@wrong(
    "kernel_regression",
    truth="The result table takes the dtype of values, so with integer values the averages are cut to integers; "
    "right for float values.",
)
def kernel_result_with_dtype_of_values(queries, keys, values, bandwidth):
    out = np.zeros((len(queries), values.shape[1]), dtype=values.dtype)
    for i, q in enumerate(queries):
        e = -((q - keys) ** 2).sum(axis=1) / (2 * bandwidth**2)
        w = np.exp(e - e.max())
        out[i] = w @ values / w.sum()
    return out


@wrong(
    "kernel_regression",
    truth="One pass with a running maximum, but what was already summed is not rescaled when the maximum grows: "
    "right only if the first key is the nearest (later keys weigh too little otherwise).",
)
def kernel_running_maximum_without_rescaling(queries, keys, values, bandwidth):
    out = np.zeros((len(queries), values.shape[1]))
    for i, q in enumerate(queries):
        top, total = -np.inf, 0.0
        for j, key in enumerate(keys):
            e = -np.sum((q - key) ** 2) / (2 * bandwidth**2)
            top = max(top, e)
            w = np.exp(e - top)
            total += w
            out[i] += w * values[j]
        out[i] /= total
    return out


@wrong(
    "kernel_regression",
    truth="The sum of the weights is set to 0 once before the loop over queries and keeps growing: only the first "
    "query is right, the later ones come out too small.",
)
def kernel_total_never_reset(queries, keys, values, bandwidth):
    out = np.zeros((len(queries), values.shape[1]))
    total = 0.0
    for i in range(len(queries)):
        e = [-np.sum((queries[i] - key) ** 2) / (2 * bandwidth**2) for key in keys]
        for j in range(len(keys)):
            w = np.exp(e[j] - max(e))
            total += w
            out[i] += w * values[j]
        out[i] /= total
    return out


@wrong(
    "kernel_regression",
    truth="A query that falls exactly on a key returns the value of that key, as if the kernel had to pass through "
    "the points, instead of the average over all keys.",
)
def kernel_passes_through_its_points(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(-1)
    e = -r2 / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    out = w / w.sum(axis=-1, keepdims=True) @ values
    for i, j in zip(*np.where(r2 == 0), strict=True):
        out[i] = values[j]
    return out


@wrong(
    "kernel_regression",
    truth="Carries 'not its own neighbour' over from task 2: keys at distance 0 from a query get no weight (nan if "
    "there is no other key).",
)
def kernel_leaves_out_keys_at_the_query(queries, keys, values, bandwidth):
    r2 = ((queries[:, None] - keys) ** 2).sum(-1)
    e = np.where(r2 == 0, -np.inf, -r2 / (2 * bandwidth**2))
    with np.errstate(all="ignore"):
        w = np.exp(e - e.max(axis=-1, keepdims=True))
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="The search for the largest exponent starts at -1000, so for queries whose exponents all lie below about "
    "-1750 the weights still underflow and the result is nan.",
)
def kernel_maximum_search_starts_too_high(queries, keys, values, bandwidth):
    out = np.zeros((len(queries), values.shape[1]))
    for i, q in enumerate(queries):
        e = -((q - keys) ** 2).sum(axis=1) / (2 * bandwidth**2)
        top = -1000.0
        for x in e:
            if x > top:
                top = x
        w = np.exp(e - top)
        with np.errstate(all="ignore"):
            out[i] = w @ values / w.sum()
    return out


@wrong(
    "kernel_regression",
    truth="Subtracts queries and keys without the new axis: row i meets only key i, so with Q == K the same list of "
    "weights is used for every query, and Q != K raises an error unless Q is 1.",
)
def kernel_rows_paired_instead_of_all(queries, keys, values, bandwidth):
    e = -((queries - keys) ** 2).sum(-1) / (2 * bandwidth**2)
    w = np.exp(e - e.max())
    w = w / w.sum()
    return np.tile(w @ values, (len(queries), 1))


@wrong(
    "kernel_regression",
    truth="Returns a flat result for one value column: for m = 1 the shape is (Q,) instead of (Q, 1). The numbers "
    "are right.",
)
def kernel_flat_when_one_value(queries, keys, values, bandwidth):
    e = -((queries[:, None] - keys) ** 2).sum(-1) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    out = w / w.sum(axis=-1, keepdims=True) @ values
    return out.ravel() if values.shape[1] == 1 else out


@wrong(
    "kernel_regression",
    truth="Uses the cosine instead of the distance between query and key, exp((cos - 1) / h^2), i.e. compares unit "
    "vectors, so the lengths of queries and keys no longer matter.",
)
def kernel_on_unit_vectors(queries, keys, values, bandwidth):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    e = -((q[:, None] - k) ** 2).sum(-1) / (2 * bandwidth**2)
    w = np.exp(e - e.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "kernel_regression",
    truth="Shifts the keys in place (keys -= q) for each query and never shifts them back: the second and later "
    "queries see displaced keys, and the caller's keys are changed (integer keys with float queries raise an "
    "error).",
)
def kernel_shifts_the_keys_in_place(queries, keys, values, bandwidth):
    out = np.zeros((len(queries), values.shape[1]))
    for i, q in enumerate(queries):
        keys -= q
        e = -(keys**2).sum(axis=1) / (2 * bandwidth**2)
        w = np.exp(e - e.max())
        out[i] = w @ values / w.sum()
    return out


@wrong(
    "softmax_attention",
    truth="Does not divide the scores by the root of d, so the weights are too sharp; right for d = 1.",
)
def attention_without_the_root(queries, keys, values):
    s = queries @ keys.T
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Divides by d instead of the root of d; right for d = 1.",
)
def attention_divided_by_d(queries, keys, values):
    s = queries @ keys.T / keys.shape[-1]
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Divides by d // 2, which is 2 for the d = 4 of the example, where the root of d belongs (1 is used for d "
    "= 1): right for d = 1 and d = 4 only.",
)
def attention_half_of_d(queries, keys, values):
    s = queries @ keys.T / max(keys.shape[-1] // 2, 1)
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Cuts the root of d to an integer, so it is right when d is a square number (1, 4, 9) and too small a "
    "divisor otherwise.",
)
def attention_integer_root(queries, keys, values):
    s = queries @ keys.T / int(np.sqrt(keys.shape[-1]))
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Takes len(keys), the number K of keys, for d under the root; right only when K == d.",
)
def attention_root_of_the_number_of_keys(queries, keys, values):
    s = queries @ keys.T / np.sqrt(len(keys))
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Takes the width m of the values for d under the root; right only when m == d.",
)
def attention_root_of_the_value_width(queries, keys, values):
    s = queries @ keys.T / np.sqrt(values.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Does not subtract the maximum: scores above about 709 overflow and the row is nan, and rows with all "
    "scores below about -745 divide 0 by 0.",
)
def attention_without_the_maximum(queries, keys, values):
    with np.errstate(all="ignore"):
        w = np.exp(queries @ keys.T / np.sqrt(keys.shape[-1]))
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Subtracts one maximum over the whole table: a query whose scores all lie more than about 745 below those "
    "of another query underflows to 0 / 0.",
)
def attention_one_maximum_for_the_table(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max())
    with np.errstate(all="ignore"):
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="The running maximum starts at 0, so a query whose scores are all very negative (below about -745) is not "
    "shifted at all and gives nan.",
)
def attention_maximum_starts_at_zero(queries, keys, values):
    out = np.zeros((len(queries), values.shape[1]))
    for i, q in enumerate(queries):
        top = 0.0
        s = []
        for k in keys:
            s.append(np.dot(q, k) / np.sqrt(len(q)))
            if s[-1] > top:
                top = s[-1]
        w = np.exp(np.array(s) - top)
        with np.errstate(all="ignore"):
            out[i] = w @ values / w.sum()
    return out


@wrong(
    "softmax_attention",
    truth="Subtracts the largest ABSOLUTE score of each query: where a negative score dominates in size (by more "
    "than about 745 in sum) all weights underflow and the result is nan.",
)
def attention_largest_absolute_score(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - np.abs(s).max(axis=-1, keepdims=True))
    with np.errstate(all="ignore"):
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Subtracts the maximum of the dot products BEFORE the division by the root from the scores after it; for "
    "large scores (and d > 1) the shift is far too big, so everything underflows (or, for very negative "
    "scores, overflows) to nan.",
)
def attention_maximum_of_unscaled_scores(queries, keys, values):
    dots = queries @ keys.T
    w = np.exp(dots / np.sqrt(keys.shape[-1]) - dots.max(axis=-1, keepdims=True))
    with np.errstate(all="ignore"):
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Subtracts the smallest score instead of the largest: a spread above about 709 within one query overflows "
    "and gives nan.",
)
def attention_smallest_score_subtracted(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    with np.errstate(all="ignore"):
        w = np.exp(s - s.min(axis=-1, keepdims=True))
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Clips the scores to -50..50 against overflow instead of subtracting the maximum: keys with different "
    "scores beyond 50 share the weight equally.",
)
def attention_scores_clipped(queries, keys, values):
    s = np.clip(queries @ keys.T / np.sqrt(keys.shape[-1]), -50, 50)
    w = np.exp(s)
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Softmax along axis 0: maximum and sum run over the queries instead of the keys, so the weights of one "
    "query do not add up to one.",
)
def attention_softmax_over_queries(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=0, keepdims=True))
    return w / w.sum(axis=0, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="The maximum is taken over axis 0 and the sum over axis 1: each key is shifted by another amount, which "
    "does not cancel; right with one query.",
)
def attention_maximum_for_each_key(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=0))
    with np.errstate(all="ignore"):
        return w / w.sum(axis=1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Divides by the root of d after the softmax: the weights come from unscaled scores and the result is too "
    "small by the factor of the root; right for d = 1.",
)
def attention_root_after_the_softmax(queries, keys, values):
    s = queries @ keys.T
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    w = w / w.sum(axis=-1, keepdims=True) / np.sqrt(keys.shape[-1])
    return w @ values


@wrong(
    "softmax_attention",
    truth="Puts a causal mask on, as in a language model: query i sees only the keys 0..i, although the lab wants "
    "all keys; only the rows i >= K - 1 are right.",
)
def attention_with_a_causal_mask(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    s = np.where(np.arange(len(keys)) > np.arange(len(queries))[:, None], -np.inf, s)
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Takes over 'not its own neighbour': when queries and keys have equal shape the diagonal is masked, so "
    "query i ignores key i; right for Q != K (and for a single token).",
)
def attention_never_to_itself(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    if queries.shape == keys.shape and len(keys) > 1:
        np.fill_diagonal(s, -np.inf)
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Takes a score of exactly 0 for padding and gives the key no weight: orthogonal keys are dropped, and a "
    "zero query (all scores 0) gives nan.",
)
def attention_zero_scores_masked(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    s = np.where(s == 0, -np.inf, s)
    with np.errstate(all="ignore"):
        w = np.exp(s - s.max(axis=-1, keepdims=True))
        return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="A zero query returns 0, as in task 1, instead of the plain mean of all values (all its scores are 0, all "
    "weights equal).",
)
def attention_zero_query_gives_zero(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    w /= w.sum(axis=-1, keepdims=True)
    w[~queries.any(axis=-1)] = 0
    return w @ values


@wrong(
    "softmax_attention",
    truth="Scores by the cosine divided by the root of d instead of by the dot product: the lengths of queries and "
    "keys no longer matter.",
)
def attention_by_cosine(queries, keys, values):
    q_length = np.linalg.norm(queries, axis=-1, keepdims=True)
    k_length = np.linalg.norm(keys, axis=-1, keepdims=True)
    q = queries / np.where(q_length == 0, 1, q_length)
    k = keys / np.where(k_length == 0, 1, k_length)
    s = q @ k.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Reuses the kernel of task 3 with h^2 = sqrt(d): scores -r^2 / (2 sqrt(d)), which lower every key by its "
    "own squared length; right only when all keys have the same length.",
)
def attention_by_distance_kernel(queries, keys, values):
    r2 = ((queries[:, None] - keys) ** 2).sum(-1)
    s = -r2 / (2 * np.sqrt(keys.shape[-1]))
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Scales with queries /= sqrt(d) in the caller's array: the result is right, but the queries passed in are "
    "changed (for d > 1), and integer queries raise an error.",
)
def attention_scales_the_callers_queries(queries, keys, values):
    root = np.sqrt(keys.shape[-1])
    scaled = queries
    keys = keys.copy()
    scaled /= root
    s = scaled @ keys.T
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True) @ values


@wrong(
    "softmax_attention",
    truth="Makes the result with zeros_like of the values' dtype, so with integer values (as in the example) the "
    "averages are cut to integers, 16 instead of 16.95.",
)
def attention_integer_values_cut(queries, keys, values):
    out = np.zeros_like(values, shape=(len(queries), values.shape[1]))
    for i in range(len(queries)):
        s = keys @ queries[i] / np.sqrt(keys.shape[1])
        w = np.exp(s - s.max())
        w /= w.sum()
        for m in range(values.shape[1]):
            out[i, m] = np.sum(w * values[:, m])
    return out


@wrong(
    "softmax_attention",
    truth="Online softmax in which the sum is rescaled when the maximum grows but the weighted values are not: wrong "
    "as soon as a later key has a larger score than an earlier one.",
)
def attention_online_with_half_the_rescaling(queries, keys, values):
    out = np.zeros((len(queries), values.shape[1]))
    for i, q in enumerate(queries):
        top, total = -np.inf, 0.0
        for k, v in zip(keys, values, strict=True):
            s = q @ k / np.sqrt(len(q))
            new_top = max(top, s)
            total = total * np.exp(top - new_top) + np.exp(s - new_top)
            out[i] += np.exp(s - new_top) * v
            top = new_top
        out[i] /= total
    return out


@wrong(
    "softmax_attention",
    truth="Adds 1 to the sum of the weights (an extra key of score s_max and value 0), so the weights add up to less "
    "than one and the result is drawn to 0.",
)
def attention_one_added_to_the_sum(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / (1 + w.sum(axis=-1, keepdims=True)) @ values


@wrong(
    "softmax_attention",
    truth="Hard choice: gives each query the value of its highest-scoring key alone; agrees only when one score is "
    "far above all others.",
)
def attention_hard_choice(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    return values[np.argmax(s, axis=-1)].astype(float)


@wrong(
    "softmax_attention",
    truth="Weights rounded to three decimals as in the example, so keys of small weight vanish and the result is off "
    "by about 1e-3 times the values.",
)
def attention_weights_rounded(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return np.round(w / w.sum(axis=-1, keepdims=True), 3) @ values


@wrong(
    "softmax_attention",
    truth="Returns the table of weights, shape (Q, K), and never multiplies by the values; agrees only when values "
    "is the identity matrix.",
)
def attention_weights_only(queries, keys, values):
    s = queries @ keys.T / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return w / w.sum(axis=-1, keepdims=True)


@wrong(
    "softmax_attention",
    truth="The loop over keys stops one short (range(K - 1)), so the last key gets no weight; a single key gives "
    "nan.",
)
def attention_last_key_forgotten(queries, keys, values):
    out = np.zeros((len(queries), values.shape[1]))
    for i in range(len(queries)):
        s = keys @ queries[i] / np.sqrt(keys.shape[1])
        w = np.exp(s - s.max())
        total = 0.0
        for j in range(len(keys) - 1):
            out[i] += w[j] * values[j]
            total += w[j]
        with np.errstate(all="ignore"):
            out[i] = out[i] / np.float64(total)
    return out


@wrong(
    "softmax_attention",
    truth="Squeezes the result: with one query, or one value column, the shape is (m,), (Q,) or () instead of (1, "
    "m), (Q, 1) or (1, 1). The numbers are right.",
)
def attention_squeezed(queries, keys, values):
    s = np.einsum("qd,kd->qk", queries, keys) / np.sqrt(keys.shape[-1])
    w = np.exp(s - s.max(axis=-1, keepdims=True))
    return np.squeeze(w / w.sum(axis=-1, keepdims=True) @ values)
