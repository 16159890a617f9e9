"""LSH attention: each token attends to the tokens near it after sorting by hash bucket (unit 05).

`lsh_attention` is the whole of it, in the steps of the lesson; `attend_in_rounds` below it is where they stand one
after the other. The gradients stand in `gradients` (unit 06), a tuned version of the same function in `fast`.

Letters: L positions, d features of queries and keys, e features of values, R hash rounds, B buckets, n chunks of
length C, windows of W keys. Leading axes are batch and heads.
Source: Kitaev, Kaiser, Levskaya, "Reformer: The Efficient Transformer" (2020), section 2; conventions as in Trax.
"""

from dataclasses import dataclass, fields

import numpy as np

from reformer.angular import offset_rounds
from reformer.arguments import require_arrays, require_choice, require_count, require_integers
from reformer.attention import logsumexp, masked_logits, require_shared, softmax, unit_keys, weighted_sum
from reformer.chunking import NOBODY, WRAPS, look_adjacent, sort_by_bucket, split_into_chunks, undo_sort
from reformer.masks import HIDDEN, attention_mask


@dataclass
class Options:
    """The options of `lsh_attention`, under the same names and with the same defaults."""

    n_buckets: int
    chunk_length: int
    causal: bool = True
    n_before: int = 1
    n_after: int = 0
    wrap: str = "global"
    same_bucket_only: bool = False
    correct_duplicates: bool = False

    def __post_init__(self):
        for name, at_least in (("n_buckets", 1), ("chunk_length", 1), ("n_before", 0), ("n_after", 0)):
            setattr(self, name, require_count(name, getattr(self, name), at_least=at_least))
        require_choice("wrap", self.wrap, WRAPS)

    @property
    def look(self):
        """What `look_adjacent` is told: what is not its default, so that one which knows nothing else can be called."""
        told = dict(n_before=self.n_before, n_after=self.n_after, wrap=self.wrap)
        defaults = {field.name: field.default for field in fields(self)}
        return {name: value for name, value in told.items() if value != defaults[name]}


def lsh_attention(
    queries_keys,
    values,
    buckets,
    *,
    n_buckets,
    chunk_length,
    causal=True,
    n_before=1,
    n_after=0,
    wrap="global",
    same_bucket_only=False,
    correct_duplicates=False,
    padding=None,
):
    """Attend within chunks of the sequence sorted by bucket, in several hash rounds, and combine the rounds.

    Keys are the queries at length one, logits are q . k, and a token sees itself only where nothing else is visible.

    Parameters
    ----------
    queries_keys : (..., L, d) float32 or float64 array of vectors shorter than 1e29
    values : (..., L, e) array of the same dtype
    buckets : (..., R, L) integer array of values 0 .. B - 1, each round numbered from 0
    n_buckets : B
    chunk_length : C, at least 1; L need not be a multiple of it
    causal : a query sees no later key
    n_before, n_after, wrap : which chunks a chunk looks at, as in `look_adjacent`
    same_bucket_only : a query sees only keys of its own bucket in that round
    correct_duplicates : a key that a query meets N times, over all rounds, counts 1/N each time
    padding : (..., L) boolean array, True where a token is padding, or None. Each sequence is sorted and cut on its
        real tokens alone: nobody sees padding, it moves no border of a chunk, and its own outputs are zero.

    Returns
    -------
    outputs : (..., L, e) array

    Raises ValueError if a shape, dtype or number does not fit, or a vector is too long.
    Source: Reformer, section 2 and appendix A, "Multi-round LSH attention". The paper masks other buckets, equation
    (4), and corrects duplicates, in the appendix; the published code does neither.
    """
    options = Options(n_buckets, chunk_length, causal, n_before, n_after, wrap, same_bucket_only, correct_duplicates)
    outputs = np.zeros(np.shape(values), np.asarray(values).dtype)
    for tokens, sequence in real_tokens(queries_keys, values, buckets, padding, options):
        outputs[tokens] = combine_rounds(*attend_in_rounds(*sequence, options))
    return outputs


def newest_attention(queries_keys, values, buckets, *, settled, padding=None, **options):
    """LSH attention of the first tokens together, and of each later one as the newest so far.

    A text that is written token by token can keep no answer of `lsh_attention`: every new token moves the borders of
    chunks. Here a token sees what it would see as the last one of `lsh_attention`, is answered once, and stays.

    Parameters
    ----------
    queries_keys, values, buckets, padding, options : as in `lsh_attention`
    settled : number of tokens that are attended together, 1 to L, such as those of a prompt

    Returns
    -------
    outputs : (..., L, e) array. A later token changes nothing in it from `settled` on.

    Raises ValueError as `lsh_attention`, or if `settled` is not as above.
    Source: our own. Hugging Face's cache lets the newest token see its chunk and the neighbours, too.
    """
    length = np.shape(values)[-2]
    if require_count("settled", settled) > length:
        raise ValueError(f"settled needs at most L = {length} tokens, got {settled}")

    def attend_to(n):
        sequence = queries_keys[..., :n, :], values[..., :n, :], buckets[..., :n]
        return lsh_attention(*sequence, padding=None if padding is None else padding[..., :n], **options)

    later = [attend_to(n)[..., -1:, :] for n in range(settled + 1, length + 1)]
    return np.concatenate([attend_to(settled), *later], axis=-2)


def attend_in_rounds(queries_keys, values, buckets, options):
    """Sort, chunk, look back, attend, undo the sort, in each round: (..., R, L, e) outputs, (..., R, L) normalisers."""
    order, chunks, windows, mask = who_sees_whom(buckets, options)
    queries, keys = fetch(queries_keys, chunks), fetch(unit_keys(queries_keys), windows)
    outputs, log_normalizers = attend_within_chunks(queries, keys, fetch(values, windows), mask)
    undo = undo_sort(order)
    return unsort(outputs, undo), unsort(log_normalizers[..., np.newaxis], undo)[..., 0]


def who_sees_whom(buckets, options):
    """Sort, chunk and look back: (order, chunks, windows, mask), all of them about positions.

    Shapes: (..., R, L), (..., R, n, C), (..., R, n, W) and (..., R, n, C, W).

    Raises ValueError if `buckets` is not an integer array, or a bucket is out of range.
    Source: Reformer, section 2, figure 2.
    """
    order = sort_by_bucket(buckets)
    chunk_length = min(options.chunk_length, order.shape[-1])  # more places than positions would all be empty
    chunks = split_into_chunks(order, chunk_length)
    windows = look_adjacent(chunks, **options.look)
    visibility = {} if options.causal else {"causal": False}
    if options.same_bucket_only:
        sorted_buckets = np.take_along_axis(offset_rounds(buckets, options.n_buckets), order, axis=-1)
        chunk_buckets = split_into_chunks(sorted_buckets, chunk_length)
        window_buckets = look_adjacent(chunk_buckets, **options.look)
        visibility |= {"query_buckets": chunk_buckets, "key_buckets": window_buckets}
    mask = attention_mask(chunks, windows, **visibility)
    if options.correct_duplicates:
        mask = mask - np.log(np.maximum(count_duplicates(chunks, windows, mask > HIDDEN), 1))
    return order, chunks, windows, mask


def attend_within_chunks(queries, keys, values, mask):
    """Softmax attention inside every chunk, with the logarithm of what the softmax divides by.

    Parameters
    ----------
    queries : (..., C, d) float32 or float64 array
    keys : (..., W, d) array, each chunk's window
    values : (..., W, e) array
    mask : (..., C, W) array to add to the logits, from `attention_mask`

    Returns
    -------
    outputs : (..., C, e) array; zeros where a query sees nothing
    log_normalizers : (..., C) array, the logsumexp of the logits of what a query sees; -inf where nothing

    Raises ValueError if a shape or dtype does not fit, or the dtype cannot hold a dot product.
    Source: Reformer, section 2, equations (2) and (3), where the normaliser is z(i, P_i).
    """
    queries, keys, values = require_arrays(
        queries=(queries, "... C d"), keys=(keys, "... W d"), values=(values, "... W e")
    )
    *_, mask = require_arrays(mixed=True, queries=(queries, "... C d"), keys=(keys, "... W d"), mask=(mask, "... C W"))
    logits = masked_logits(queries, keys, mask)
    if logits.dtype != queries.dtype and np.all(np.isfinite(queries)) and np.all(np.isfinite(keys)):
        raise ValueError(f"queries and keys needs dot products that {queries.dtype} can hold, got some that are larger")
    return weighted_sum(softmax(logits), values), logsumexp(logits).astype(queries.dtype, copy=False)


def combine_rounds(outputs, log_normalizers):
    """Combine the rounds as if they had been one softmax: each counts by its share of the normaliser.

    Parameters
    ----------
    outputs : (..., R, L, e) float32 or float64 array
    log_normalizers : (..., R, L) array of the same dtype; -inf where a round saw nothing

    Returns
    -------
    combined : (..., L, e) array; zeros where no round saw anything

    Raises ValueError if a shape or dtype does not fit.
    Source: Reformer, appendix A, "Multi-round LSH attention". The shares are divided by their sum, not by a rounded
    logsumexp: where a token saw only itself, at -1e5, the published code is off by up to 1 percent.
    """
    outputs, log_normalizers = require_arrays(
        outputs=(outputs, "... R L e"), log_normalizers=(log_normalizers, "... R L")
    )
    return np.einsum("...rl,...rle->...le", shares_of_rounds(log_normalizers), outputs)


def shares_of_rounds(log_normalizers):
    """What each round counts for, a softmax over the rounds: (..., R, L) -> (..., R, L)."""
    return np.swapaxes(softmax(np.swapaxes(log_normalizers, -1, -2)), -1, -2)


def count_duplicates(query_positions, key_positions, visible):
    """Count how often each query meets each of its keys, over all rounds and windows.

    Parameters
    ----------
    query_positions : (..., R, n, C) integer array of positions, -1 where nobody stands
    key_positions : (..., R, n, W) integer array, each chunk's window
    visible : (..., R, n, C, W) boolean array, True where the query sees the key

    Returns
    -------
    counts : (..., R, n, C, W) intp array: for a visible pair of positions, in how many places the same pair is
        visible, itself included; 0 where the pair is hidden

    Raises ValueError if a shape or dtype does not fit.
    Source: Reformer, appendix A, "Multi-round LSH attention": N_ij.
    """
    queries = require_integers("query_positions", query_positions, "... R n C", low=NOBODY)
    keys = require_integers("key_positions", key_positions, "... R n W", low=NOBODY)
    queries, keys, visible = require_arrays(
        query_positions=(queries.astype(np.intp), "... R n C", int),
        key_positions=(keys.astype(np.intp), "... R n W", int),
        visible=(visible, "... R n C W", bool),
    )
    n_positions = 2 + max(queries.max(initial=0), keys.max(initial=0))
    pairs = (queries[..., :, np.newaxis] + 1) * n_positions + keys[..., np.newaxis, :] + 1
    counts = np.zeros(visible.shape, dtype=np.intp)
    for entry in np.ndindex(*visible.shape[:-4]):
        _, pair, times = np.unique(pairs[entry][visible[entry]], return_inverse=True, return_counts=True)
        counts[entry][visible[entry]] = times[pair]
    return counts


def gather(rows, index):
    """The rows of each entry that an index names: (..., L, d) and (..., N) give (..., N, d)."""
    entries = np.indices(index.shape[:-1], sparse=True)
    return rows[(*(entry[..., np.newaxis] for entry in entries), index)]


def fetch(vectors, positions):
    """The vectors that stand at some positions: (..., L, d) and (..., R, n, C) give (..., R, n, C, d).

    An empty place (-1) gets the last vector; the mask hides it.
    """
    flat = positions.reshape(*positions.shape[:-3], -1)
    return gather(vectors, flat).reshape(*positions.shape, vectors.shape[-1])


def unsort(rows, undo):
    """Rows in sorted order, each back where it belongs: (..., R, n, C, d) and (..., R, L) give (..., R, L, d).

    Empty places stand at the end of a round, so `undo` never points at one.
    """
    return gather(rows.reshape(*undo.shape[:-1], -1, rows.shape[-1]), undo)


def real_tokens(queries_keys, values, buckets, padding, options):
    """Cut a batch into sequences without padding: (index of the tokens, (queries_keys, values, buckets) of them).

    Without padding the whole batch is one. All arguments are checked here.
    """
    arrays = require_shared(queries_keys, values, padding, buckets=(buckets, "... R+ L", int))
    queries_keys, values, buckets, *padding = arrays
    require_integers("buckets", buckets, "... R L", below=options.n_buckets)
    if not padding and values.size:
        yield ..., (queries_keys, values, buckets)
    if not padding:
        return
    for entry in np.ndindex(*values.shape[:-2]):
        tokens = (*entry, np.flatnonzero(~padding[0][entry]))
        if tokens[-1].size:
            yield tokens, (queries_keys[tokens], values[tokens], buckets[entry][:, tokens[-1]])
