"""The tuned forward and backward pass behind `lsh_attention_forward` and `lsh_attention_backward`.

The same function as the clear composition in `lsh_attention`, to which a test holds it. What is different:

- Work goes block by block: a few chunks at a time, in buffers that stay in cache. Nothing of size R L W ever exists,
  so memory is linear in length and flat in the number of rounds.
- A window is not copied. A block's keys lie in one row, and overlapping views of it serve as windows.
- Logits and weights stand as keys x queries. Then only queries are transposed, once each, and every matrix product
  has the form the library is quickest at.
- Weights stay unnormalised: the sum over rounds of exp(logit) V, divided by the sum over rounds of exp(logit), is the
  combination of the rounds. Logits are at most |q|, keys having length one, so exp needs no maximum subtracted unless
  some |q| is large; then a slower branch keeps a running maximum.
- The causal mask is a bound: with T = 2^20 (query position - 1/2 - key position), min(logit, T) is the logit where the
  key is earlier and at most -2^19 elsewhere. T is a matrix product of rank 2, exact in floating point below 2^23.
- The backward pass saves only outputs and normalisers, sorts again, and computes the weights again.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from reformer.angular import offset_rounds
from reformer.attention import inverse_lengths, unit_keys_backward
from reformer.chunking import NOBODY, sort_by_bucket, split_into_chunks, undo_sort

BLOCK_SIZE = 2**16  # logits in a block: several arrays of this size must fit the cache
ROWS_AT_ONCE = 2**12  # rows moved back into the order of the sequence at a time
LARGEST_LOGIT = {np.dtype(np.float32): 60.0, np.dtype(np.float64): 600.0}  # exp of it, squared, is a finite number
STEEP = 2.0**20
LONGEST = 2**22


class Saved(NamedTuple):
    """What the backward pass needs, of H sequences (heads)."""

    queries_keys: np.ndarray  # (H, L, d)
    values: np.ndarray  # (H, L, e)
    buckets: np.ndarray  # (H, R, L)
    outputs: np.ndarray  # (H, L, e)
    scales: np.ndarray  # (H, L, 1): one over the length of a key
    totals: np.ndarray  # (H, L, 1): sum of exp(logit - reference); infinite where a token saw only itself
    references: np.ndarray | None  # (H, L, 1): the largest logit, or None where nothing needs to be subtracted
    options: object
    n_workers: int

    def of_heads(self, heads):
        return Saved(*(part[heads] if isinstance(part, np.ndarray) else part for part in self))


def fits(n_positions, options):
    """Whether this path can serve: duplicates are not counted, and no chunk appears twice in a window."""
    n_chunks = -(-n_positions // options.chunk_length)
    return not options.correct_duplicates and n_chunks > options.n_before + options.n_after and n_positions < LONGEST


def forward(queries_keys, values, buckets, options, n_workers=1):
    """`lsh_attention` of arrays (H, L, d), (H, L, e) and (H, R, L): (outputs, saved)."""
    scales = inverse_lengths(queries_keys)
    small = np.min(scales, initial=1) * LARGEST_LOGIT[values.dtype] > 1
    references = None if small else np.full_like(scales, -np.inf)
    outputs, totals = np.empty_like(values), np.empty_like(scales)
    saved = Saved(queries_keys, values, buckets, outputs, scales, totals, references, options, n_workers)
    _over_heads(_forward_heads, saved)
    return outputs, saved


def backward(gradient, saved):
    """Gradients of queries_keys and values, from that of the outputs, (H, L, e)."""
    d_queries_keys, d_values = np.empty_like(saved.queries_keys), np.empty_like(saved.values)
    _over_heads(_backward_heads, saved, gradient, d_queries_keys, d_values)
    return d_queries_keys, d_values


def _over_heads(work, saved, *arrays):
    """Do the work for a few heads at a time: as many as fill a block together, one where sequences are long."""
    n_heads, n_positions, _ = saved.values.shape
    step = max(1, _chunks_per_block(saved.options) * saved.options.chunk_length // n_positions)
    groups = [slice(start, start + step) for start in range(0, n_heads, step)]

    def of_heads(heads):
        work(saved.of_heads(heads), *(array[heads] for array in arrays))

    if saved.n_workers == 1:
        for heads in groups:
            of_heads(heads)
    else:
        with ThreadPoolExecutor(saved.n_workers) as pool:
            list(pool.map(of_heads, groups))


def _forward_heads(saved):
    weights = _Weights(saved, is_forward=True)
    numerators = weights.sorted_rows(saved.values.shape[-1])
    denominators, tops = weights.sorted_rows(1), weights.sorted_rows(1)
    ones = np.ones((1, weights.window_length), saved.values.dtype)
    for r in range(weights.n_rounds):
        for chunks in weights.blocks():
            block = weights.compute(r, chunks)
            np.matmul(_t(block.weights), block.values, out=numerators[:, chunks])
            np.matmul(ones, block.weights, out=_t(denominators[:, chunks]))
            if saved.references is not None:
                tops[:, chunks] = _t(block.tops)
        fresh = None
        if saved.references is not None:
            fresh = _raise_references(saved, weights.unsort(tops, r), first=r == 0)
        weights.add_unsorted(numerators, r, saved.outputs, factor=fresh, first=r == 0)
        weights.add_unsorted(denominators, r, saved.totals, factor=fresh, first=r == 0)
    alone = saved.totals == 0
    saved.totals[alone] = np.inf
    np.divide(saved.outputs, saved.totals, out=saved.outputs)
    np.copyto(saved.outputs, saved.values, where=alone)


def _raise_references(saved, tops, *, first):
    """Take the largest logits of another round into account; what was added up so far shrinks accordingly."""
    raised = np.maximum(saved.references, tops)
    finite = np.where(np.isneginf(raised), 0, raised)
    if not first:
        shrink = np.exp(saved.references - finite)
        np.multiply(saved.outputs, shrink, out=saved.outputs)
        np.multiply(saved.totals, shrink, out=saved.totals)
    np.copyto(saved.references, raised)
    return np.exp(tops - finite)


def _backward_heads(saved, gradient, d_queries_keys, d_values):
    """With P = weight / total: dV = P' dO and dlogit = P * (dO V' - rowsum(dO * O)), P being folded into dO / total."""
    weights = _Weights(saved, is_forward=False)
    n_features, n_values = saved.queries_keys.shape[-1], saved.values.shape[-1]
    d_outputs = gradient / saved.totals
    along = np.einsum("hle,hle->hl", d_outputs, saved.outputs)
    d_queries = weights.sorted_rows(n_features)
    d_keys, d_window_values = weights.stretched_rows(n_features), weights.stretched_rows(n_values)
    d_unit_keys = np.empty_like(saved.queries_keys)
    for r in range(weights.n_rounds):
        d_keys[...] = 0
        d_window_values[...] = 0
        for chunks in weights.blocks():
            block = weights.compute(r, chunks)
            d_rows = weights.take(d_outputs, block.query_index, "d_rows")
            d_logits = np.matmul(block.values, weights.transposed(d_rows, "d_rows_t"), out=block.spare)
            d_logits -= along.reshape(-1)[block.query_index][..., np.newaxis, :]
            d_logits *= block.weights
            np.matmul(_t(d_logits), block.keys, out=d_queries[:, chunks])
            weights.add_windows(d_keys, chunks, d_logits, block.queries)
            weights.add_windows(d_window_values, chunks, block.weights, d_rows)
        weights.add_unsorted(d_queries, r, d_queries_keys, first=r == 0)
        weights.add_unsorted_stretch(d_keys, r, d_unit_keys, first=r == 0)
        weights.add_unsorted_stretch(d_window_values, r, d_values, first=r == 0)
    d_queries_keys += unit_keys_backward(d_unit_keys, saved.queries_keys)
    np.add(d_values, gradient, out=d_values, where=np.isinf(saved.totals))


class _Block(NamedTuple):
    """Some chunks of one round: g of C queries each, with windows of W keys."""

    query_index: np.ndarray  # (h, g, C): rows of the flattened heads
    queries: np.ndarray  # (h, g, C, d)
    keys: np.ndarray  # (h, g, W, d), overlapping views
    values: np.ndarray  # (h, g, W, e), overlapping views
    weights: np.ndarray  # (h, g, W, C): exp(logit - reference), 0 where hidden
    tops: np.ndarray | None  # (h, g, 1, C): the reference, where there is one
    spare: np.ndarray  # (h, g, W, C): memory to use


class _Weights:
    """The unnormalised attention weights of a few heads, computed block by block, and the order they stand in.

    A round is stretched at both ends by the chunks that its first and last chunk look at: n_before + n + n_after.
    """

    def __init__(self, saved, *, is_forward):
        self.saved, self.options, self.is_forward = saved, saved.options, is_forward
        self.chunk_length = self.options.chunk_length
        self.n_around = self.options.n_before + self.options.n_after
        self.window_length = (self.n_around + 1) * self.chunk_length
        n_heads, self.n_rounds, self.n_positions = saved.buckets.shape
        self.n_chunks = -(-self.n_positions // self.chunk_length)
        self.first_rows = self.n_positions * np.arange(n_heads)
        buckets = saved.buckets.astype(np.uint16) if self.options.n_buckets <= 2**16 else saved.buckets
        self.order = sort_by_bucket(buckets)  # of 16 bits: several times faster
        self.positions = self._stretch(self.order)
        self.bucket_ids = None
        if self.options.same_bucket_only:
            ids = offset_rounds(saved.buckets, self.options.n_buckets)
            self.bucket_ids = self._stretch(np.take_along_axis(ids, self.order, axis=-1))
        self.has_empty = bool(np.any(self.positions == NOBODY))
        self.buffers = {}

    def _stretch(self, of_rounds):
        """Cut (h, R, L) into chunks, and add the chunks around: (h, R, n_before + n + n_after, C)."""
        chunks = split_into_chunks(of_rounds, self.chunk_length)
        n_heads, n_rounds, n_chunks, chunk_length = chunks.shape
        row = chunks.reshape(n_heads, -1, chunk_length)
        place = np.arange(-self.options.n_before, n_chunks + self.options.n_after)
        first = n_chunks * np.arange(n_rounds)[:, np.newaxis]
        if self.options.wrap == "global":
            return np.take(row, (first + place) % (n_rounds * n_chunks), axis=1)
        stretched = np.take(row, first + place % n_chunks, axis=1)
        if self.options.wrap == "none":
            stretched[:, :, (place < 0) | (place >= n_chunks)] = NOBODY
        return stretched

    def blocks(self):
        step = _chunks_per_block(self.options)
        return [slice(start, min(start + step, self.n_chunks)) for start in range(0, self.n_chunks, step)]

    def sorted_rows(self, n_features):
        return np.empty((len(self.first_rows), self.n_chunks, self.chunk_length, n_features), self.saved.values.dtype)

    def stretched_rows(self, n_features):
        n_chunks = self.n_chunks + self.n_around
        return np.empty((len(self.first_rows), n_chunks, self.chunk_length, n_features), self.saved.values.dtype)

    def compute(self, r, chunks):
        """The weights of the queries in some chunks of round r."""
        saved, n_before = self.saved, self.options.n_before
        around = slice(chunks.start, chunks.stop + self.n_around)
        own = slice(n_before, n_before + chunks.stop - chunks.start)
        positions = self.positions[:, r, around]
        index = np.maximum(positions, 0) + self.first_rows[:, np.newaxis, np.newaxis]
        rows = self.take(saved.queries_keys, index, "rows")
        queries = rows[:, own]
        keys = self._windows(np.multiply(rows, self.take(saved.scales, index, "scales"), out=self.like(rows, "keys")))
        values = self._windows(self.take(saved.values, index, "values"))
        weights = self._buffer("weights", (*queries.shape[:2], self.window_length, self.chunk_length), rows.dtype)
        spare = self.like(weights, "spare")
        np.matmul(keys, self.transposed(queries, "queries_t"), out=weights)
        tops = None
        if saved.references is not None:
            np.copyto(weights, -np.inf, where=~self._visible(r, around, own))
            tops = self._tops(weights, index[:, own])
            np.exp(np.subtract(weights, np.where(np.isneginf(tops), 0, tops), out=weights), out=weights)
        elif self.options.causal and self.bucket_ids is None:
            np.exp(np.minimum(weights, self._bound(positions, own, spare), out=weights), out=weights)
        else:
            np.multiply(np.exp(weights, out=weights), self._visible(r, around, own), out=weights)
        return _Block(index[:, own], queries, keys, values, weights, tops, spare)

    def _tops(self, logits, query_index):
        """What to subtract from the logits: in the forward pass the largest of each query, then what was saved."""
        if self.is_forward:
            return np.max(logits, axis=-2, keepdims=True)
        return self.saved.references.reshape(-1)[query_index][..., np.newaxis, :]

    def _bound(self, positions, own, out):
        """STEEP (query position - 1/2 - key position), as a matrix product: (h, g, W, C)."""
        key_side = self._buffer("key_side", (*positions.shape, 2), out.dtype)
        key_side[..., 0] = np.where(positions == NOBODY, LONGEST, positions) if self.has_empty else positions
        key_side[..., 1] = 1
        query_side = self._buffer("query_side", (*positions[:, own].shape[:2], 2, self.chunk_length), out.dtype)
        query_side[..., 0, :] = -STEEP
        query_side[..., 1, :] = STEEP * (positions[:, own] - 0.5)
        return np.matmul(self._windows(key_side), query_side, out=out)

    def _visible(self, r, around, own):
        """Which keys are visible to which queries, as in `masks`: (h, g, W, C) booleans."""
        of_keys, of_queries = self._facing(self.positions[:, r, around], own)
        visible = np.less(of_keys, of_queries) if self.options.causal else np.not_equal(of_keys, of_queries)
        if self.has_empty:
            visible &= (of_keys != NOBODY) & (of_queries != NOBODY)
        if self.bucket_ids is not None:
            visible &= np.equal(*self._facing(self.bucket_ids[:, r, around], own))
        return visible

    def _facing(self, numbers, own):
        return self._windows(numbers[..., np.newaxis]), numbers[:, own, np.newaxis, :]

    def _windows(self, rows):
        """Overlapping views of the chunks in (h, g + n_around, C, f) as windows: (h, g, W, f)."""
        n_heads, n_chunks, chunk_length, n_features = rows.shape
        shape = (n_heads, n_chunks - self.n_around, self.window_length, n_features)
        return as_strided(rows, shape, rows.strides)

    def take(self, rows, index, name):
        """Fetch rows of (h, L, f), flattened to (h L, f), into a buffer."""
        out = self._buffer(name, (*index.shape, rows.shape[-1]), rows.dtype)
        return np.take(rows.reshape(-1, rows.shape[-1]), index, axis=0, out=out, mode="clip")

    def transposed(self, rows, name):
        out = self._buffer(name, (*rows.shape[:-2], rows.shape[-1], rows.shape[-2]), rows.dtype)
        np.copyto(out, _t(rows))
        return out

    def like(self, array, name):
        return self._buffer(name, array.shape, array.dtype)

    def _buffer(self, name, shape, dtype):
        """Memory that is used again for every block: it stays in the cache."""
        if (name, shape) not in self.buffers:
            self.buffers[name, shape] = np.empty(shape, dtype)
        return self.buffers[name, shape]

    def unsort(self, sorted_rows, r):
        """Put (h, n, C, f) back into the order of the sequence: (h, L, f)."""
        total = np.empty((len(self.first_rows), self.n_positions, sorted_rows.shape[-1]), sorted_rows.dtype)
        self.add_unsorted(sorted_rows, r, total, first=True)
        return total

    def add_unsorted(self, sorted_rows, r, total, *, factor=None, first=False):
        """Add (h, n, C, f) of one round to (h, L, f), each row where it belongs, times a factor (h, L, 1)."""
        undo = undo_sort(self.order[:, r])
        for head, rows in enumerate(sorted_rows):
            rows = rows.reshape(-1, rows.shape[-1])
            for start in range(0, self.n_positions, ROWS_AT_ONCE):
                part = slice(start, start + ROWS_AT_ONCE)
                taken = np.take(rows, undo[head, part], axis=0, mode="clip")
                if factor is not None:
                    taken *= factor[head, part]
                if first:
                    total[head, part] = taken
                else:
                    total[head, part] += taken

    def add_windows(self, stretch, chunks, left, right):
        """Add the product of (h, g, W, C) and (h, g, C, f), window by window, to the stretched chunks (.., C, f)."""
        product = self._buffer("product", (*left.shape[:3], right.shape[-1]), right.dtype)
        np.matmul(left, right, out=product)
        for step in range(self.n_around + 1):
            part = product[:, :, step * self.chunk_length : (step + 1) * self.chunk_length]
            stretch[:, chunks.start + step : chunks.stop + step] += part

    def add_unsorted_stretch(self, stretch, r, total, *, first=False):
        """As `add_unsorted`, for the chunks of a round and those around it, (h, n_before + n + n_after, C, f)."""
        n_before = self.options.n_before
        self.add_unsorted(stretch[:, n_before : n_before + self.n_chunks], r, total, first=first)
        for chunk in [
            *range(n_before),
            *range(n_before + self.n_chunks, n_before + self.n_chunks + self.options.n_after),
        ]:
            for head, positions in enumerate(self.positions[:, r, chunk]):
                real = positions != NOBODY
                total[head, positions[real]] += stretch[head, chunk, real]


def _chunks_per_block(options):
    window_length = (options.n_before + 1 + options.n_after) * options.chunk_length
    return max(1, BLOCK_SIZE // (window_length * options.chunk_length))


def _t(matrices):
    return np.swapaxes(matrices, -1, -2)
