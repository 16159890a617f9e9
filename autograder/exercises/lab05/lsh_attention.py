"""Lab 05, `lsh_attention(queries_keys, values, buckets, *, n_buckets, chunk_length)`: all steps together.

queries_keys (..., L, d), values (..., L, e), buckets (..., R, L), L a multiple of C -> (..., L, e). Keys are
`unit_keys`; causal; a token sees itself as a last resort; a chunk looks at itself and one chunk back, on the ring of
all rounds; the rounds are combined by their normalisers. Other buckets are not hidden, and nothing counts less because
it is met twice.
"""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import lsh_attention as core
from reformer.attention import shared_qk_attention, unit_keys
from reformer.chunking import look_adjacent, sort_by_bucket, split_into_chunks, undo_sort
from reformer.loops import lsh_attention as twins
from reformer.lsh_attention import attend_within_chunks, combine_rounds, fetch, unsort
from reformer.masks import attention_mask

exercise = Exercise(reference=core.lsh_attention, twin=twins.lsh_attention, axes=("position", "feature"))

_SIX_VECTORS = np.array([[2.0, 0.0], [0.0, 2.0], [2.0, 0.0], [0.0, 2.0], [2.0, 0.0], [0.0, 2.0]])
_SIX_BUCKETS = np.array([[2, 0, 1, 0, 2, 1]])


def drawn(*batch, R, L, B, C, d=4, e=3, lengths=(0.7, 4.0), dtype=np.float64):
    """Random vectors of several lengths, and buckets by chance: who meets whom is then clear to the last bit."""

    def make(rng):
        vectors = rng.standard_normal((*batch, L, d))
        vectors *= np.exp(rng.uniform(*np.log(lengths), size=(*batch, L, 1)))
        values = rng.standard_normal((*batch, L, e)) + 1.0
        buckets = rng.integers(0, B, size=(*batch, R, L))
        return call(vectors.astype(dtype), values.astype(dtype), buckets, n_buckets=B, chunk_length=C)

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("six tokens, one round, three chunks of two", tolerance=1e-5)
def _(rng):
    values = 10.0 * np.arange(6)[:, np.newaxis]
    return call(_SIX_VECTORS, values, _SIX_BUCKETS, n_buckets=3, chunk_length=2)


def _one_bucket_and_one_chunk(rng):
    queries_keys, values, buckets = drawn(R=1, L=8, B=1, C=8)(rng).args
    return [call(queries_keys, values, buckets, n_buckets=1, chunk_length=8)]


@exercise.property("one round, bucket and chunk: every query sees every key before it", _one_bucket_and_one_chunk)
def _(calls, answers):
    return np.abs(np.asarray(answers[0]) - shared_qk_attention(*calls[0].args[:2])) < 1e-6


def _values_of_one(rng):
    queries_keys, values, buckets = drawn(2, R=2, L=12, B=4, C=4)(rng).args
    return [call(queries_keys, np.ones_like(values), buckets, n_buckets=4, chunk_length=4)]


@exercise.property("the weights of a query add up to one: values of 1 come out as 1", _values_of_one)
def _(calls, answers):
    return np.abs(np.asarray(answers[0]) - 1) < 1e-6


def _the_last_tokens_change(rng):
    queries_keys, values, buckets = drawn(R=2, L=12, B=3, C=3)(rng).args
    other_keys, other_values = queries_keys.copy(), values.copy()
    other_keys[9:], other_values[9:] = other_keys[9:] + 3.0, other_values[9:] - 5.0
    sizes = dict(n_buckets=3, chunk_length=3)
    return [call(queries_keys, values, buckets, **sizes), call(other_keys, other_values, buckets, **sizes)]


@exercise.property(
    "other vectors at positions 9 to 11, buckets as they were: 0 to 8 do not change", _the_last_tokens_change
)
def _(calls, answers):
    one, other = (np.asarray(answer)[:9] for answer in answers)
    return np.abs(one - other) < 1e-9


exercise.case("eight tokens, one round, four chunks", drawn(R=1, L=8, B=4, C=2), tolerance=1e-5)
exercise.case("nine tokens, two rounds of three chunks", drawn(R=2, L=9, B=3, C=3), tolerance=1e-5)
exercise.case("twelve tokens, three rounds, more buckets than chunks", drawn(R=3, L=12, B=10, C=4), tolerance=1e-5)
exercise.case("twelve tokens, two rounds, two buckets that spill", drawn(R=2, L=12, B=2, C=2), tolerance=1e-5)


@exercise.case("all in one bucket of three, chunks of two", tolerance=1e-5)
def _(rng):
    queries_keys, values, buckets = drawn(R=1, L=10, B=3, C=2)(rng).args
    return call(queries_keys, values, np.ones_like(buckets), n_buckets=3, chunk_length=2)


exercise.case("one token, two rounds", drawn(R=2, L=1, B=2, C=1, d=3, e=2), tolerance=1e-5)
exercise.case("chunks of one token", drawn(R=2, L=6, B=3, C=1), tolerance=1e-5)
exercise.case("one chunk in each of three rounds", drawn(R=3, L=5, B=3, C=5), tolerance=1e-5)
exercise.case("as many features as positions", drawn(R=2, L=8, B=4, C=4, d=8, e=8), tolerance=1e-5)


@exercise.case("a vector of zeros and a very short one among others", tolerance=1e-5)
def _(rng):
    queries_keys, values, buckets = drawn(R=2, L=9, B=3, C=3)(rng).args
    queries_keys[2], queries_keys[5] = 0.0, queries_keys[5] / 2000
    return call(queries_keys, values, buckets, n_buckets=3, chunk_length=3)


exercise.case("vectors up to fifty long", drawn(R=2, L=12, B=4, C=4, lengths=(10.0, 50.0)), tolerance=1e-5)
exercise.case("three sequences, two rounds", drawn(3, R=2, L=12, B=4, C=4), tolerance=1e-5)
exercise.case(
    "two sequences of two heads, three rounds, in float32",
    drawn(2, 2, R=3, L=12, B=4, C=3, dtype=np.float32),
    tolerance=1e-4,
)


def _nobody_is_alone_twice(queries_keys, values, buckets, *, n_buckets, chunk_length):
    """Whether no token that sees only itself stands twice in its window, which happens in every fifth draw."""
    chunks = split_into_chunks(sort_by_bucket(buckets), chunk_length)
    mask = attention_mask(chunks, look_adjacent(chunks))
    alone = ~np.any(mask == 0, axis=-1)
    return not np.any(alone & (np.sum(np.isfinite(mask), axis=-1) > 1))


exercise.case(
    "two sequences of two heads, four rounds, forty tokens",
    drawn(2, 2, R=4, L=40, B=8, C=5, d=6, e=5),
    hidden=True,
    clear_cut=_nobody_is_alone_twice,
    tolerance=1e-5,
)


# --- right answers in other styles ------------------------------------------------------------------------------


def _rows(array, index):
    """`np.take_along_axis` for the rows of a batch: (..., L, d) and (..., N) give (..., N, d)."""
    return np.take_along_axis(array, index[..., np.newaxis], axis=-2)


@exercise.solution
def round_by_round(queries_keys, values, buckets, *, n_buckets, chunk_length):
    """With the steps of the lab, for one sequence after the other."""
    *batch, length, _ = queries_keys.shape
    keys = queries_keys / np.sqrt((queries_keys**2).sum(-1, keepdims=True) + 1e-6 * queries_keys.shape[-1])
    result = np.zeros_like(values)
    for entry in np.ndindex(*batch):
        order = np.argsort(buckets[entry], axis=-1, kind="stable")
        chunks = order.reshape(len(order), -1, chunk_length)
        ring = chunks.reshape(-1, chunk_length)
        windows = np.concatenate([np.roll(ring, 1, axis=0), ring], axis=-1)
        outputs, log_normalizers = [], []
        for r, own in enumerate(chunks):
            seen = windows[r * len(own) : (r + 1) * len(own)]
            mask = attention_mask(own, seen)
            outs, logs = attend_within_chunks(queries_keys[entry][own], keys[entry][seen], values[entry][seen], mask)
            undo = np.argsort(order[r])
            outputs.append(outs.reshape(length, -1)[undo])
            log_normalizers.append(logs.reshape(length)[undo])
        result[entry] = combine_rounds(np.stack(outputs), np.stack(log_normalizers))
    return result


@exercise.solution
def by_take_along_axis(queries_keys, values, buckets, *, n_buckets, chunk_length):
    queries_keys, values = queries_keys[..., np.newaxis, :, :], values[..., np.newaxis, :, :]
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)

    def fetched(array, positions):
        flat = positions.reshape(*positions.shape[:-2], -1)
        array = np.broadcast_to(array, (*flat.shape[:-1], *array.shape[-2:]))
        return _rows(array, flat).reshape(*positions.shape, array.shape[-1])

    outputs, log_normalizers = attend_within_chunks(
        fetched(queries_keys, chunks),
        fetched(unit_keys(queries_keys), windows),
        fetched(values, windows),
        attention_mask(chunks, windows),
    )
    undo = undo_sort(order)
    outputs = _rows(outputs.reshape(*order.shape, -1), undo)
    return combine_rounds(outputs, np.take_along_axis(log_normalizers.reshape(order.shape), undo, axis=-1))


@exercise.solution
def by_one_long_row(queries_keys, values, buckets, *, n_buckets, chunk_length):
    """As the published code: all rounds in one sort, kept apart by an offset."""
    *batch, n_rounds, length = buckets.shape
    offset = buckets + n_buckets * np.arange(n_rounds)[:, np.newaxis]
    order = np.argsort(offset.reshape(*batch, -1), axis=-1, kind="stable")
    positions = (order % length).reshape(*batch, -1, chunk_length)
    windows = np.concatenate([np.roll(positions, 1, axis=-2), positions], axis=-1)

    def fetched(array, index):
        return _rows(array, index.reshape(*batch, -1)).reshape(*index.shape, array.shape[-1])

    outputs, log_normalizers = attend_within_chunks(
        fetched(queries_keys, positions),
        fetched(unit_keys(queries_keys), windows),
        fetched(values, windows),
        attention_mask(positions, windows),
    )
    undo = np.argsort(order, axis=-1)
    outputs = _rows(outputs.reshape(*batch, n_rounds * length, -1), undo)
    log_normalizers = np.take_along_axis(log_normalizers.reshape(*batch, -1), undo, axis=-1)
    return combine_rounds(outputs.reshape(*batch, n_rounds, length, -1), log_normalizers.reshape(buckets.shape))


# --- mistakes ---------------------------------------------------------------------------------------------------


def _places_of(order):
    return np.broadcast_to(np.arange(order.shape[-1]), order.shape)


def _attend(
    queries_keys,
    values,
    buckets,
    chunk_length,
    *,
    sort=sort_by_bucket,
    look=look_adjacent,
    to_queries=lambda x: x,
    to_keys=unit_keys,
    masked=attention_mask,
    attend=attend_within_chunks,
    keys_at=None,
    values_at=None,
    undo_outputs=undo_sort,
    undo_normalizers=undo_sort,
    combine=combine_rounds,
):
    """The steps of the reference, each of which a mistake can replace.

    keys_at, values_at : give, of the order, what to fetch in place of the sorted positions
    """
    order = sort(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look(chunks)
    of_keys, of_values = (
        windows if fetched_at is None else look(split_into_chunks(fetched_at(order), chunk_length))
        for fetched_at in (keys_at, values_at)
    )
    outputs, log_normalizers = attend(
        fetch(to_queries(queries_keys), chunks),
        fetch(to_keys(queries_keys), of_keys),
        fetch(values, of_values),
        masked(chunks, windows),
    )
    outputs = unsort(outputs, undo_outputs(order))
    return combine(outputs, unsort(log_normalizers[..., np.newaxis], undo_normalizers(order))[..., 0])


def _mistake(name, *, why, says, **changed):
    """Know a mistake in which some steps are others."""

    def answer(queries_keys, values, buckets, *, n_buckets, chunk_length):
        return _attend(queries_keys, values, buckets, chunk_length, **changed)

    answer.__name__ = name
    exercise.mistake(why=why, says=says)(answer)


def _weights_from_the_log_normalizer(queries, keys, values, mask):
    logits = queries @ np.swapaxes(keys, -1, -2) + mask
    _, log_normalizers = attend_within_chunks(queries, keys, values, mask)
    return np.exp(logits - log_normalizers[..., np.newaxis]) @ values, log_normalizers


_mistake(
    "weights_from_the_log_normalizer",
    attend=_weights_from_the_log_normalizer,
    why="on paper the weights are exp(logit - log_normalizer)",
    says="the weights are `np.exp(logits - log_normalizer)`: at -1e30 the logarithm of 2 is lost, so that a token that "
    "sees only itself, twice, gets its value twice; divide by the sum of the weights",
)
# How the rounds are combined.
_mistake(
    "rounds_averaged_evenly",
    combine=lambda outputs, logs: np.mean(outputs, axis=-3),
    why="measurements are averaged",
    says="the rounds are averaged with equal weights; `combine_rounds` weighs them by their normalisers",
)
_mistake(
    "first_round_only",
    combine=lambda outputs, logs: outputs[..., 0, :, :],
    why="the other rounds are forgotten",
    says="the first round alone counts",
)
_mistake(
    "last_round_only",
    combine=lambda outputs, logs: outputs[..., -1, :, :],
    why="in a loop over the rounds each replaces the one before",
    says="the last round alone counts",
)
_mistake(
    "best_round_only",
    combine=lambda outputs, logs: np.take_along_axis(
        outputs, np.argmax(logs, axis=-2)[..., np.newaxis, :, np.newaxis], axis=-3
    )[..., 0, :, :],
    why="the round that found most is taken for the answer",
    says="the round with the largest normaliser alone counts; all do, by their share",
)
_mistake(
    "rounds_added_up",
    combine=lambda outputs, logs: np.sum(outputs, axis=-3),
    why="in a loop over the rounds their outputs are added up",
    says="the outputs of the rounds are added up; `combine_rounds` averages them, by their normalisers",
)
_mistake(
    "rounds_not_combined",
    combine=lambda outputs, logs: outputs,
    why="the last step is forgotten",
    says="the rounds are not combined: they are still there, as an axis",
)
_mistake(
    "outputs_and_normalizers_returned",
    combine=lambda outputs, logs: (outputs, logs),
    why="the last step is forgotten",
    says="outputs and log-normalisers of all rounds are returned; `combine_rounds` makes one array of them",
)
_mistake(
    "normalizers_summed_into_the_outputs",
    combine=lambda outputs, logs: np.sum(np.exp(logs)[..., np.newaxis] * outputs, axis=-3),
    why="each round is multiplied by its normaliser, and the division is forgotten",
    says="each round is multiplied by its normaliser, but the sum is not divided by that of all normalisers",
)

# The way back.
_mistake(
    "order_taken_for_its_inverse",
    undo_outputs=lambda order: order,
    undo_normalizers=lambda order: order,
    why="sorting again looks like undoing",
    says="the order is applied a second time, where its inverse is needed: `undo_sort(order)`",
)
_mistake(
    "nothing_unsorted",
    undo_outputs=_places_of,
    undo_normalizers=_places_of,
    why="the way back is forgotten",
    says="outputs and log-normalisers stay in the order of each round; bring both back before you combine the rounds",
)
_mistake(
    "normalizers_not_unsorted",
    undo_normalizers=_places_of,
    why="the outputs are what is wanted, and the log-normalisers are forgotten on the way back",
    says="the outputs are brought back to the order of the text, but the log-normalisers are not",
)
_mistake(
    "outputs_not_unsorted",
    undo_outputs=_places_of,
    why="one of two is forgotten on the way back",
    says="the log-normalisers are brought back to the order of the text, but the outputs are not",
)
_mistake(
    "order_taken_for_its_inverse_in_the_normalizers",
    undo_normalizers=lambda order: order,
    why="the two ways back are written on two lines",
    says="the outputs are right, but the log-normalisers are brought back by the order itself, not by its inverse",
)
_mistake(
    "order_taken_for_its_inverse_in_the_outputs",
    undo_outputs=lambda order: order,
    why="the two ways back are written on two lines",
    says="the log-normalisers are right, but the outputs are brought back by the order itself, not by its inverse",
)


@exercise.mistake(
    why="the rounds look alike, so that they seem to fit as they are",
    says="the rounds are combined while each is still in its own order; bring each back first",
)
def combined_before_unsorted(queries_keys, values, buckets, *, n_buckets, chunk_length):
    combined = _attend(
        queries_keys, values, buckets, chunk_length, undo_outputs=_places_of, undo_normalizers=_places_of
    )
    return _rows(combined, undo_sort(sort_by_bucket(buckets))[..., 0, :])


# What is fetched.
_mistake(
    "values_not_sorted",
    values_at=_places_of,
    why="queries and keys are one array, and the values are another, which is forgotten",
    says="the values stay in the order of the text while the keys are sorted; fetch both at the same positions",
)
_mistake(
    "keys_not_sorted",
    keys_at=_places_of,
    why="the keys are made on a line of their own",
    says="the keys stay in the order of the text; fetch them at the positions of the windows",
)
_mistake(
    "neither_keys_nor_values_sorted",
    keys_at=_places_of,
    values_at=_places_of,
    why="the queries are sorted, and the rest is forgotten",
    says="keys and values stay in the order of the text; fetch both at the positions of the windows",
)
_mistake(
    "fetched_by_the_inverse",
    sort=lambda buckets: undo_sort(sort_by_bucket(buckets)),
    why="order and inverse are mixed up",
    says="the inverse of the order is cut into chunks; cut the order itself: it says which position comes first",
)
_mistake(
    "nothing_sorted",
    sort=_places_of,
    why="the sort is forgotten, or its result is not used",
    says="the chunks are cut from the text as it stands; sort by bucket first",
)
_mistake(
    "sorted_from_the_last_bucket",
    sort=lambda buckets: np.argsort(-buckets.astype(int), axis=-1, kind="stable"),
    why="the largest first is another habit",
    says="the last bucket comes first; the order begins with bucket 0",
)
_mistake(
    "later_positions_first",
    sort=lambda buckets: sort_by_bucket(buckets)[..., ::-1],
    why="the order is turned round",
    says="the order is turned round",
)
_mistake(
    "within_a_bucket_from_the_end",
    sort=lambda buckets: buckets.shape[-1] - 1 - np.argsort(buckets[..., ::-1], axis=-1, kind="stable"),
    why="which of equal buckets comes first is left to chance",
    says="of one bucket the later position comes first; the sort is stable: the earlier position comes first",
)
_mistake(
    "all_rounds_in_the_order_of_the_first",
    sort=lambda buckets: np.broadcast_to(sort_by_bucket(buckets[..., :1, :]), buckets.shape),
    why="one order is made, and used for all rounds",
    says="all rounds have the order of the first; each round sorts by its own buckets",
)
_mistake(
    "keys_not_of_length_one",
    to_keys=lambda x: x,
    why="queries and keys are shared, so that they seem to be the same",
    says="the keys are the queries as they are; bring them to length one with `unit_keys`",
)
_mistake(
    "queries_of_length_one",
    to_queries=unit_keys,
    to_keys=lambda x: x,
    why="which of the two is brought to length one is mixed up",
    says="the queries are brought to length one, and the keys are not; it has to be the keys",
)
_mistake(
    "queries_of_length_one_too",
    to_queries=unit_keys,
    why="queries and keys are shared, and one array is made for both",
    says="the queries are brought to length one, too; only the keys are",
)
_mistake(
    "keys_without_the_small_number",
    to_keys=lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True),
    why="a vector over its length is written by hand",
    says="the keys are divided by their length alone, which a zero vector does not survive; `unit_keys` is given",
)
_mistake(
    "divided_by_the_root_of_d",
    to_queries=lambda x: x / np.sqrt(x.shape[-1]),
    why="attention divides by the root of d, everywhere else",
    says="the logits are divided by `np.sqrt(d)`; with keys of length one nothing is divided",
)


@exercise.mistake(
    why="keys are looked up, and so they are thought to be what is handed over",
    says="the vectors of the keys are averaged; what each position hands over are its values",
)
def keys_averaged(queries_keys, values, buckets, *, n_buckets, chunk_length):
    return _attend(queries_keys, queries_keys, buckets, chunk_length)


_mistake(
    "divided_by_d",
    to_queries=lambda x: x / x.shape[-1],
    why="an average over the features divides by their number",
    says="the logits are divided by d; with keys of length one nothing is divided",
)
_mistake(
    "keys_as_they_are_and_divided_by_the_root_of_d",
    to_keys=lambda x: x / np.sqrt(x.shape[-1]),
    why="attention divides by the root of d, everywhere else",
    says="the keys are the queries divided by `np.sqrt(d)`; bring them to length one with `unit_keys`",
)
_mistake(
    "keys_of_length_root_of_d",
    to_keys=lambda x: unit_keys(x) * np.sqrt(x.shape[-1]),
    why="the stored model keeps its keys at this length",
    says="the keys have length √d; bring them to length one, and no more",
)
_mistake(
    "keys_divided_by_the_norm_of_all",
    to_keys=lambda x: x / np.linalg.norm(x),
    why="`np.linalg.norm` without an axis takes the whole array",
    says="the keys are divided by the norm of the whole array; each has a length of its own: axis -1",
)
_mistake(
    "keys_divided_along_the_positions",
    to_keys=lambda x: x / np.linalg.norm(x, axis=-2, keepdims=True),
    why="the axis is counted from the wrong end",
    says="the keys are divided along the positions, axis -2; the length of a vector is along its features, axis -1",
)
_mistake(
    "keys_divided_by_their_squares",
    to_keys=lambda x: x / np.maximum(np.sum(x**2, axis=-1, keepdims=True), 1e-12),
    why="the root is forgotten",
    says="the keys are divided by their squared length; `unit_keys` takes the root",
)
_mistake(
    "keys_divided_by_their_sum",
    to_keys=lambda x: x / np.maximum(np.sum(np.abs(x), axis=-1, keepdims=True), 1e-12),
    why="'normalised' is read as 'adds up to one'",
    says="the keys are divided by the sum of their sizes; their length is the root of the sum of squares",
)
_mistake(
    "values_in_the_order_of_the_first_round",
    values_at=lambda order: np.broadcast_to(order[..., :1, :], order.shape),
    why="the values are fetched once, before the rounds",
    says="the values stand in the order of the first round in all rounds; fetch them for each round anew",
)
_mistake(
    "largest_of_the_rounds",
    combine=lambda outputs, logs: np.max(outputs, axis=-3),
    why="the largest of several answers is taken",
    says="the largest number of the rounds is taken, feature by feature; `combine_rounds` averages them by their "
    "shares",
)
_mistake(
    "logarithms_as_weights",
    combine=lambda outputs, logs: np.sum((logs / np.sum(logs, axis=-2, keepdims=True))[..., np.newaxis] * outputs, -3),
    why="normalisers are weights, and their logarithms look like them",
    says="the log-normalisers themselves weigh the rounds; `combine_rounds` takes `np.exp` of them",
)
_mistake(
    "shares_over_positions",
    combine=lambda outputs, logs: np.sum(
        (lambda w: w / np.sum(w, axis=-1, keepdims=True))(np.exp(logs - np.max(logs, axis=-1, keepdims=True)))[
            ..., np.newaxis
        ]
        * outputs,
        axis=-3,
    ),
    why="softmax works along the last axis",
    says="the shares add up to one over the positions, not over the rounds",
)
_mistake(
    "shifted_but_not_divided",
    combine=lambda outputs, logs: np.sum(
        np.exp(logs - np.max(logs, axis=-2, keepdims=True))[..., np.newaxis] * outputs, axis=-3
    ),
    why="the maximum is subtracted, and taken for the normalisation",
    says="the weights of the rounds are not divided by their sum",
)
_mistake(
    "averaged_over_rounds_that_saw_others",
    combine=lambda outputs, logs: (
        np.sum(np.where((logs > -1e20)[..., np.newaxis], outputs, 0), axis=-3)
        / np.maximum(np.sum(logs > -1e20, axis=-2), 1)[..., np.newaxis]
    ),
    why="rounds that saw nothing are thought of, and nothing more",
    says="the rounds that saw others are averaged with equal weights; `combine_rounds` weighs them by their "
    "normalisers",
)

# Who sees whom.
_mistake(
    "own_chunk_only",
    look=lambda chunks: chunks,
    why="the step back is forgotten",
    says="each chunk looks at itself alone; it looks one chunk back, too",
)
_mistake(
    "previous_chunk_only",
    look=lambda chunks: look_adjacent(chunks)[..., : chunks.shape[-1]],
    why="the window is thought to be the chunk before",
    says="each chunk looks at the chunk before alone; it looks at itself, too",
)
_mistake(
    "first_chunk_sees_none_before",
    look=lambda chunks: look_adjacent(chunks, wrap="none"),
    why="there seems to be nothing before the first chunk",
    says="the first chunk of a round sees nothing before it; all rounds stand in one ring, so that it sees the last "
    "chunk of the round before",
)
_mistake(
    "first_chunk_of_the_ring_sees_none_before",
    look=lambda chunks: _without_the_first_step_back(chunks),
    why="there seems to be nothing before the very first chunk",
    says="the very first chunk sees nothing before it; the rounds stand in a ring, so that it sees the last chunk of "
    "the last round",
)
_mistake(
    "each_round_a_ring",
    look=lambda chunks: look_adjacent(chunks, wrap="round"),
    why="`np.roll` along the chunks closes each round by itself",
    says="the first chunk sees the last one of its own round; all rounds stand in one ring, so that it is the last "
    "chunk of the round before",
)
_mistake(
    "one_chunk_ahead",
    look=lambda chunks: look_adjacent(chunks, n_before=0, n_after=1),
    why="the sign of the step is turned round",
    says="each chunk looks one chunk ahead; it looks one chunk back",
)
_mistake(
    "one_chunk_ahead_in_each_round",
    look=lambda chunks: look_adjacent(chunks, n_before=0, n_after=1, wrap="round"),
    why="`np.roll` by -1 along the chunks",
    says="each chunk looks one chunk ahead, and each round is a ring by itself; it looks one chunk back, on the ring "
    "of all rounds",
)
_mistake(
    "one_chunk_on_each_side",
    look=lambda chunks: look_adjacent(chunks, n_before=1, n_after=1),
    why="neighbours stand on both sides",
    says="each chunk looks one chunk back and one ahead; it looks back only",
)
_mistake(
    "two_chunks_back",
    look=lambda chunks: look_adjacent(chunks, n_before=2),
    why="one more seems safer",
    says="each chunk looks two chunks back; one is asked",
)
_mistake(
    "the_same_chunk_of_the_round_before",
    look=lambda chunks: np.concatenate([np.roll(chunks, 1, axis=-3), chunks], axis=-1),
    why="`np.roll` along the rounds for along the chunks",
    says="each chunk looks at the same chunk of the round before; it looks at the chunk before",
)
_mistake(
    "triangle_of_places",
    masked=lambda chunks, windows: attention_mask(
        *(lambda places: (places, look_adjacent(places)))(
            np.broadcast_to(
                np.arange(chunks.shape[-2] * chunks.shape[-1]).reshape(chunks.shape[-2:]), chunks.shape
            ).copy()
        )
    ),
    why="after sorting, places are taken for positions",
    says="the mask compares places in the sorted order; whether a key is later says its position in the text",
)
_mistake(
    "not_causal",
    masked=lambda chunks, windows: attention_mask(chunks, windows, causal=False),
    why="the mask's first switch is left off",
    says="later keys are visible",
)
_mistake(
    "itself_visible",
    masked=lambda chunks, windows: attention_mask(chunks, windows, avoid_self=False),
    why="a token's own value seems to be its best answer",
    says="a token sees itself as any other; it is most like itself, so that it would see little else",
)
_mistake(
    "no_mask",
    masked=lambda chunks, windows: np.zeros((*chunks.shape, windows.shape[-1])),
    why="the mask is forgotten",
    says="there is no mask: later keys are visible, and so is the token itself",
)
_mistake(
    "itself_never_visible",
    masked=lambda chunks, windows: np.where(attention_mask(chunks, windows) == 0, 0.0, -np.inf),
    why="the token itself is hidden as the future is",
    says="a token never sees itself, so that one which sees nothing else gives zeros; itself is the last resort",
)


_mistake(
    "first_chunk_sees_itself_twice",
    look=lambda chunks: np.concatenate(
        [np.concatenate([chunks[..., :1, :], chunks[..., :-1, :]], axis=-2), chunks], axis=-1
    ),
    why="the first chunk is repeated to stand before itself",
    says="the first chunk of a round stands before itself; on the ring it is the last chunk of the round before",
)
_mistake(
    "one_chunk_ahead_and_no_ring",
    look=lambda chunks: look_adjacent(chunks, n_before=0, n_after=1, wrap="none"),
    why="the sign of the step is turned round, and the ring is forgotten",
    says="each chunk looks one chunk ahead, and the last sees nothing there; it looks one chunk back, on a ring",
)
_mistake(
    "one_chunk_on_each_side_and_no_ring",
    look=lambda chunks: look_adjacent(chunks, n_before=1, n_after=1, wrap="none"),
    why="neighbours stand on both sides, and the ends have one",
    says="each chunk looks one chunk back and one ahead, and nothing is a ring; it looks back only, on a ring",
)
_mistake(
    "one_chunk_on_each_side_in_each_round",
    look=lambda chunks: look_adjacent(chunks, n_before=1, n_after=1, wrap="round"),
    why="neighbours stand on both sides",
    says="each chunk looks one chunk back and one ahead, in its own round; it looks back only, on the ring of all "
    "rounds",
)
_mistake(
    "triangle_of_the_window",
    masked=lambda chunks, windows: _triangle(chunks, windows, 0),
    why="a triangle is the causal mask of every text",
    says="the mask is a triangle from the first place of the window on; compare positions, by `attention_mask`",
)
_mistake(
    "triangle_at_the_end_of_the_window",
    masked=lambda chunks, windows: _triangle(chunks, windows, windows.shape[-1] - chunks.shape[-1]),
    why="a triangle is the causal mask of every text, and the own chunk comes second",
    says="the mask is a triangle over the own chunk; compare positions, by `attention_mask`",
)
_mistake(
    "strict_triangle_at_the_end_of_the_window",
    masked=lambda chunks, windows: _triangle(chunks, windows, windows.shape[-1] - chunks.shape[-1] - 1),
    why="a triangle is the causal mask of every text, and the diagonal is the token itself",
    says="the mask is a triangle over the own chunk, without its diagonal; compare positions, by `attention_mask`",
)
_mistake(
    "itself_as_hard_as_the_future_and_both_finite",
    masked=lambda chunks, windows: np.where(windows[..., np.newaxis, :] >= chunks[..., np.newaxis], -1e9, 0.0),
    why="-1e9 is what frameworks write for hidden",
    says="the token itself and the future have one finite number, so that a token alone looks into the future",
)
_mistake(
    "the_past_hidden",
    masked=lambda chunks, windows: np.where(
        windows[..., np.newaxis, :] < chunks[..., np.newaxis],
        -np.inf,
        np.where(windows[..., np.newaxis, :] == chunks[..., np.newaxis], -1e30, 0.0),
    ),
    why="the sides of the comparison, or of `attention_mask`, change places",
    says="earlier keys are hidden, and later ones are visible",
)


def _triangle(chunks, windows, moved):
    triangle = np.tri(chunks.shape[-1], windows.shape[-1], moved, dtype=bool)
    return np.broadcast_to(np.where(triangle, 0.0, -np.inf), (*chunks.shape, windows.shape[-1]))


def _without_the_first_step_back(chunks):
    windows = look_adjacent(chunks)
    windows[..., 0, 0, : chunks.shape[-1]] = -1
    return windows


@exercise.mistake(
    why="the paper's formula hides other buckets",
    says="keys of other buckets are hidden, as in the paper's formula; here all of the window is visible, as in its "
    "code",
)
def same_bucket_only(queries_keys, values, buckets, *, n_buckets, chunk_length):
    sizes = dict(n_buckets=n_buckets, chunk_length=chunk_length)
    return exercise.reference(queries_keys, values, buckets, **sizes, same_bucket_only=True)


@exercise.mistake(
    why="a pair that is met in two rounds seems to be counted twice",
    says="a key that is met several times counts less each time; here it counts fully each time, as in the published "
    "code",
)
def duplicates_corrected(queries_keys, values, buckets, *, n_buckets, chunk_length):
    sizes = dict(n_buckets=n_buckets, chunk_length=chunk_length)
    return exercise.reference(queries_keys, values, buckets, **sizes, correct_duplicates=True)


@exercise.mistake(
    why="'LSH attention' is remembered as attention within a bucket",
    says="each token attends to the whole of its bucket, without chunks; sort, cut into chunks, and look one chunk "
    "back",
)
def whole_buckets(queries_keys, values, buckets, *, n_buckets, chunk_length):
    positions = np.broadcast_to(np.arange(buckets.shape[-1]), buckets.shape)
    mask = attention_mask(positions, positions, query_buckets=buckets, key_buckets=buckets)
    vectors, keys, values = (
        np.broadcast_to(a[..., np.newaxis, :, :], (*buckets.shape, a.shape[-1]))
        for a in (queries_keys, unit_keys(queries_keys), values)
    )
    return combine_rounds(*attend_within_chunks(vectors, keys, values, mask))


@exercise.mistake(
    why="one bucket and one chunk is the property that is tried first",
    says="every query sees every key before it: this is dense attention, in which the buckets play no part",
)
def dense_attention(queries_keys, values, buckets, *, n_buckets, chunk_length):
    return shared_qk_attention(queries_keys, values)


@exercise.mistake(
    why="the paper cuts into as many chunks as there are buckets",
    says="`n_buckets` says how the sequence is cut; `chunk_length` does, and a chunk holds that many positions",
)
def as_many_chunks_as_buckets(queries_keys, values, buckets, *, n_buckets, chunk_length):
    return _attend(queries_keys, values, buckets, max(1, buckets.shape[-1] // n_buckets))


@exercise.mistake(
    why="the number of chunks is taken for their length",
    says="the sequence is cut into `chunk_length` chunks; a chunk holds that many positions",
)
def chunk_length_taken_for_their_number(queries_keys, values, buckets, *, n_buckets, chunk_length):
    return _attend(queries_keys, values, buckets, max(1, buckets.shape[-1] // chunk_length))


@exercise.mistake(
    why="all rounds are sorted as one row, and the offset of lab 03 is forgotten",
    says="bucket 1 of one round is sorted in with bucket 1 of the next; sort each round by itself",
)
def rounds_sorted_together(queries_keys, values, buckets, *, n_buckets, chunk_length):
    *batch, n_rounds, length = buckets.shape
    order = sort_by_bucket(buckets.reshape(*batch, -1))
    chunks = split_into_chunks(order % length, chunk_length).reshape(*batch, n_rounds, -1, chunk_length)
    windows = look_adjacent(chunks)
    outputs, log_normalizers = attend_within_chunks(
        fetch(queries_keys, chunks),
        fetch(unit_keys(queries_keys), windows),
        fetch(values, windows),
        attention_mask(chunks, windows),
    )
    undo = undo_sort(order)
    outputs = _rows(outputs.reshape(*batch, n_rounds * length, -1), undo)
    log_normalizers = np.take_along_axis(log_normalizers.reshape(*batch, -1), undo, axis=-1)
    return combine_rounds(outputs.reshape(*batch, n_rounds, length, -1), log_normalizers.reshape(buckets.shape))


@exercise.mistake(
    why="`vectors[positions]` fetches the rows of one sequence",
    says="`queries_keys[chunks]` fetches along axis 0, which is a batch axis where there is one; fetch along axis "
    "-2, for each sequence by itself",
)
def for_one_sequence_only(queries_keys, values, buckets, *, n_buckets, chunk_length):
    order = sort_by_bucket(buckets)
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks)
    outputs, log_normalizers = attend_within_chunks(
        queries_keys[chunks], unit_keys(queries_keys)[windows], values[windows], attention_mask(chunks, windows)
    )
    undo = undo_sort(order)
    return combine_rounds(unsort(outputs, undo), unsort(log_normalizers[..., np.newaxis], undo)[..., 0])


@exercise.mistake(
    why="one table of who shares a bucket in any round is made, as in lab 03",
    says="each token attends once to all that share a bucket in any round; sort, cut into chunks, and combine the "
    "rounds",
)
def whole_buckets_of_any_round(queries_keys, values, buckets, *, n_buckets, chunk_length):
    together = np.any(buckets[..., :, np.newaxis] == buckets[..., np.newaxis, :], axis=-3)
    positions = np.broadcast_to(np.arange(buckets.shape[-1]), values.shape[:-1])
    mask = np.where(together, attention_mask(positions, positions), -np.inf)
    return attend_within_chunks(queries_keys, unit_keys(queries_keys), values, mask)[0]


@exercise.mistake(
    why="a first try",
    says="the values come back as they are",
)
def values_returned(queries_keys, values, buckets, *, n_buckets, chunk_length):
    return values.copy()


@exercise.mistake(
    why="`np.zeros_like(values)` is made, and never filled",
    says="all outputs are 0: the array that was made for them is not filled",
)
def zeros_returned(queries_keys, values, buckets, *, n_buckets, chunk_length):
    return np.zeros_like(values)
