"""The tuned forward and backward pass behind `lsh_attention_forward` and `lsh_attention_backward`.

The same function as the clear composition in `lsh_attention`, to which a test holds it. What is different:

- Work goes block by block: a few chunks at a time, in memory that stays in the cache. Nothing of size R L W exists
  (but for the correction of duplicates), so memory is linear in length, and more rounds cost a few integers a position.
- A window is not copied. A block's keys lie in one row, and overlapping views of it serve as windows.
- Logits and weights stand as keys x queries. Then only queries are transposed, once each, and every matrix product
  has the form the library is quickest at.
- Weights stay unnormalised: the sum over rounds of exp(logit) V, divided by the sum over rounds of exp(logit), is the
  combination of the rounds. Logits are at most |q|, keys having length one, so exp needs nothing subtracted unless some
  |q| is large; then a pass of its own finds the largest logit of each query first.
- The causal mask is a bound: with T = 2^20 (query position - 1/2 - key position), min(logit, T) is the logit where the
  key is earlier and at most -2^19 elsewhere. T is a matrix product of rank 2, exact in float32 below position 2^22.
- The backward pass saves only outputs and normalisers, sorts again, and computes the weights again.
"""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from reformer.angular import offset_rounds
from reformer.attention import inverse_lengths
from reformer.chunking import NOBODY, sort_by_bucket, split_into_chunks

BLOCK_SIZE = 2**16  # logits in a block: several arrays of this size must fit the cache
ROWS_OF_HEADS = 2**12  # rows of several heads that are sorted and cut into blocks together
ROWS_AT_ONCE = 2**9  # rows moved back into the order of the sequence at a time
# Sums of exp of it, and one over sums of exp of minus it, stay far from the ends of the range.
LARGEST_LOGIT = {np.dtype(np.float32): 60.0, np.dtype(np.float64): 600.0}
STEEP = 2.0**20
CACHE_LINE = 64  # bytes
MOST_KEPT = 2**22  # bytes of an array that is kept for the next call
LONGEST = 2**22  # positions that the causal bound can tell apart; also a position later than all


# Memory for the calls to come. Fresh memory has to be fetched page by page: up to a third of the time of a short call.
_idle = []


class Saved(NamedTuple):
    """What the backward pass needs, of H sequences (heads)."""

    queries_keys: np.ndarray  # (H, L, d)
    values: np.ndarray  # (H, L, e)
    buckets: np.ndarray  # (H, R, L)
    shares: np.ndarray | None  # (H, R, n, C, W): how much a key counts, where duplicates are corrected
    outputs: np.ndarray  # (H, L, e)
    scales: np.ndarray  # (H, L, 1): one over the length of a key
    totals: np.ndarray  # (H, L, 1): sum of exp(logit - reference); infinite where a token saw only itself
    references: np.ndarray | None  # (H, L, 1): the largest logit, or None where nothing needs to be subtracted
    options: object
    n_workers: int

    def of_heads(self, heads):
        return Saved(*(part[heads] if isinstance(part, np.ndarray) else part for part in self))


def hash_vectors(vectors, factor_rotations, *, n_workers=1):
    """`factorised_hash` of (H, L, d) and (R, d, B_i/2) arrays: (H, R, L), in 16 bits where they suffice.

    The rotated vectors stand as columns, so that the search for the largest entry runs along whole rows of memory.
    """
    n_buckets = int(np.prod([2 * rotations.shape[-1] for rotations in factor_rotations]))
    shape = (len(vectors), len(factor_rotations[0]), vectors.shape[1])
    buckets = np.zeros(shape, np.uint16 if n_buckets <= 2**16 else np.intp)
    columns = [np.ascontiguousarray(np.swapaxes(rotations, 1, 2)) for rotations in factor_rotations]

    def work(head, memory):
        _hash_head(vectors[head], columns, buckets[head], memory, 2 * _bite(n_workers) * BLOCK_SIZE)

    _share_out(range(len(vectors)), work, n_workers)
    return buckets


def _hash_head(vectors, columns, buckets, memory, size):
    """Fill (R, L) zeros with the buckets of (L, d) vectors, for (R, B_i/2, d) columns of the rotations.

    `size` is how many entries of rotated vectors to look at at a time.
    """
    weight = 1
    for factor in columns:
        n_rounds, half, n_features = factor.shape
        step = max(1, size // (n_rounds * half))
        for start in range(0, len(vectors), step):
            part = vectors[start : start + step]
            rotated = _kept(memory, "rotated", (n_rounds, half, len(part)), part.dtype)
            np.matmul(factor.reshape(-1, n_features), part.T, out=rotated.reshape(-1, len(part)))
            digit = _largest_of_both_signs(rotated, memory).astype(buckets.dtype)
            buckets[:, start : start + step] += digit * buckets.dtype.type(weight)
        weight *= 2 * half


def _largest_of_both_signs(rotated, memory):
    """argmax of [y, -y] along the middle axis of (R, B/2, rows), ties to the lower index: (R, rows)."""
    half = rotated.shape[1]
    high, low = np.max(rotated, axis=1), np.min(rotated, axis=1)
    negative = high < -low
    np.copyto(high, low, where=negative)  # now the largest entry, with its sign
    hits = np.equal(rotated, high[:, np.newaxis], out=_kept(memory, "hits", rotated.shape, bool)).view(np.uint8)
    countdown = np.arange(half, 0, -1, dtype=np.min_scalar_type(2 * half))[:, np.newaxis]
    counts = np.multiply(hits, countdown, out=_kept(memory, "counts", rotated.shape, countdown.dtype))
    return half - np.max(counts, axis=1) + negative * countdown.dtype.type(half)


def forward(queries_keys, values, buckets, options, *, shares=None, n_workers=1):
    """`lsh_attention` of contiguous arrays (H, L, d), (H, L, e) and (H, R, L): (outputs, saved)."""
    scales = inverse_lengths(queries_keys)
    are_small = np.min(scales, initial=1) * LARGEST_LOGIT[values.dtype] > 1
    references = None if are_small else np.empty_like(scales)
    outputs, totals = np.empty_like(values), np.empty_like(scales)
    saved = Saved(queries_keys, values, buckets, shares, outputs, scales, totals, references, options, n_workers)
    _over_heads(_forward_heads, saved)
    return outputs, saved


def backward(gradient, saved):
    """Gradients of queries_keys and values, from that of the outputs, (H, L, e)."""
    d_queries_keys, d_values = np.empty_like(saved.queries_keys), np.empty_like(saved.values)
    _over_heads(_backward_heads, saved, gradient, d_queries_keys, d_values)
    return d_queries_keys, d_values


def _over_heads(work, saved, *arrays):
    """Do the work for a few heads at a time, for one where sequences are long. Every worker gets some."""
    n_heads, n_positions, _ = saved.values.shape
    step = max(1, min(ROWS_OF_HEADS // n_positions, n_heads // saved.n_workers))

    def work_on(heads, memory):
        work(saved.of_heads(heads), memory, *(array[heads] for array in arrays))

    _share_out(_slices(0, n_heads, step), work_on, saved.n_workers)


def _share_out(groups, work, n_workers):
    """Call work(group, memory) for every group, in threads; `memory` is a thread's own, for `_kept`."""

    def share(first):
        try:
            memory = _idle.pop()
        except IndexError:  # asked first, another thread could take the last one in between
            memory = {}
        for group in groups[first::n_workers]:
            work(group, memory)
        for name in [name for name, array in memory.items() if array.nbytes > MOST_KEPT]:
            del memory[name]
        _idle.append(memory)

    if n_workers == 1:
        share(0)
    else:
        with ThreadPoolExecutor(n_workers) as pool:
            list(pool.map(share, range(n_workers)))


def _kept(memory, name, shape, dtype):
    """An array that is used again and again. What it holds is left from its last use."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    if name not in memory or memory[name].nbytes < n_bytes:
        memory[name] = _aligned_bytes(n_bytes)
    return memory[name][:n_bytes].view(dtype).reshape(shape)


def _aligned_bytes(n_bytes):
    """Memory that starts where a cache line does, which NumPy's need not; the widest instructions are quicker there."""
    memory = np.empty(n_bytes + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + n_bytes]


def _forward_heads(saved, memory):
    rounds = _Rounds(saved, memory, keeps_queries=False)
    if saved.references is not None:
        _find_references(rounds, saved.references)
    numerators = rounds.rows("numerators", saved.values.shape[-1])
    denominators = rounds.rows("denominators", 1)
    ones = np.ones((1, rounds.window_length), saved.values.dtype)
    for r in range(rounds.n_rounds):
        for place in rounds.blocks(r):
            block = rounds.weights(place)
            np.matmul(block.weights_t, block.value_windows, out=numerators[place])
            np.matmul(ones, block.weights, out=_t(denominators[place]))
        undo = rounds.undo(r)
        rounds.add_unsorted(numerators, undo, saved.outputs, is_first=r == 0)
        rounds.add_unsorted(denominators, undo, saved.totals, is_first=r == 0)
    alone = saved.totals[..., 0] == 0
    saved.totals[alone] = np.inf
    np.divide(saved.outputs, saved.totals, out=saved.outputs)
    saved.outputs[alone] = saved.values[alone]


def _find_references(rounds, references):
    """The largest logit of each query over all rounds, into (h, L, 1); 0 where it sees nobody."""
    tops = rounds.rows("tops", 1)
    references[...] = -np.inf
    for r in range(rounds.n_rounds):
        for place in rounds.blocks(r):
            block = rounds.logits(place)
            np.max(block.weights, axis=-2, keepdims=True, out=_t(tops[place]))
        np.maximum(references, tops.reshape(-1)[rounds.undo(r)].reshape(references.shape), out=references)
    references[np.isneginf(references)] = 0


def _backward_heads(saved, memory, gradient, d_queries_keys, d_values):
    """With P = weight / total: dV = P' dO and dlogit = P * (dO V' - rowsum(dO * O)). The total is divided out of dO."""
    rounds = _Rounds(saved, memory, keeps_queries=True)
    n_features, n_values = saved.queries_keys.shape[-1], saved.values.shape[-1]
    d_outputs = np.multiply(gradient, 1 / saved.totals, out=rounds.kept("d_outputs", gradient.shape))
    along = np.einsum("hle,hle->hl", d_outputs, saved.outputs)[..., np.newaxis]
    d_queries, d_keys = rounds.rows("d_queries", n_features), rounds.rows("d_keys", n_features)
    d_window_values = rounds.rows("d_values", n_values)
    d_unit_keys = rounds.kept("d_unit_keys", saved.queries_keys.shape)
    for r in range(rounds.n_rounds):
        for place in rounds.blocks(r):
            block = rounds.weights(place)
            query_index = rounds.index[place]
            _take(d_outputs, query_index, block.d_rows)
            np.copyto(block.d_rows_t, _t(block.d_rows))
            d_logits = np.matmul(block.value_windows, block.d_rows_t, out=block.spare)
            d_logits -= _t(_take(along, query_index, block.of_queries))
            d_logits *= block.weights
            np.matmul(_t(d_logits), block.key_windows, out=d_queries[place])
            rounds.add_products(d_logits, block.queries, place, d_keys)
            rounds.add_products(block.weights, block.d_rows, place, d_window_values)
        undo = rounds.undo(r)
        rounds.add_unsorted(d_queries, undo, d_queries_keys, is_first=r == 0)
        for stretched, total in ((d_keys, d_unit_keys), (d_window_values, d_values)):
            rounds.add_unsorted(stretched, undo, total, is_first=r == 0)
            rounds.add_edges(stretched, total)
    for head in range(rounds.n_heads):
        _add_unit_keys_backward(d_unit_keys[head], saved.of_heads(head), d_queries_keys[head])
    alone = np.isinf(saved.totals[..., 0])
    d_values[alone] += gradient[alone]


def _add_unit_keys_backward(d_unit_keys, saved, d_queries_keys):
    """Add what `unit_keys_backward` gives for one head, a few rows at a time."""
    for start in range(0, len(d_unit_keys), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        d_keys, keys, scale = d_unit_keys[part], saved.queries_keys[part], saved.scales[part]
        along = np.einsum("ld,ld->l", d_keys, keys)[:, np.newaxis] * scale**2
        d_keys -= along * keys
        d_keys *= scale
        d_queries_keys[part] += d_keys


class _Rounds:
    """The attention weights of a few heads (h of them), computed block by block, and the order they stand in.

    A round is a row of chunks, stretched at both ends by the chunks that its first and last chunk look at: it has
    m = n_before + n + n_after of them.
    """

    def __init__(self, saved, memory, *, keeps_queries):
        self.keeps_queries = keeps_queries  # as a backward pass needs; else keys are scaled in their place
        self.saved, self.options, self.memory, self.workspaces = saved, saved.options, memory, {}
        self.n_heads, self.n_rounds, self.n_positions = saved.buckets.shape
        self.chunk_length = self.options.chunk_length
        self.n_chunks = -(-self.n_positions // self.chunk_length)
        self.n_around = self.options.n_before + self.options.n_after
        self.window_length = (self.n_around + 1) * self.chunk_length
        self.has_empty = self.n_chunks * self.chunk_length > self.n_positions or self.options.wrap == "none"
        plain = saved.references is None and saved.shares is None and not self.options.same_bucket_only
        self.is_bounded = plain and self.options.causal and self.n_positions < LONGEST
        self.first_rows = self.n_positions * np.arange(self.n_heads)[:, np.newaxis, np.newaxis]
        small = np.uint16 if self.options.n_buckets <= 2**16 else np.intp  # sorting 16 bits is several times faster
        order = np.empty(saved.buckets.shape, np.int32)
        for r in range(self.n_rounds):
            order[:, r] = sort_by_bucket(saved.buckets[:, r].astype(small))
        self.chunks = split_into_chunks(order, self.chunk_length)
        if self.options.same_bucket_only:
            ids = offset_rounds(saved.buckets, self.options.n_buckets)
            self.chunks_of_ids = split_into_chunks(np.take_along_axis(ids, order, axis=-1), self.chunk_length)
        if self.is_bounded:
            self._make_room_for_sides()

    def blocks(self, r):
        """Prepare round r, and cut it into blocks: slices of heads and of chunks, without the chunks around."""
        self.r, self.positions = r, self._stretch(self.chunks, r)
        self.index = np.maximum(self.positions, 0) + self.first_rows  # in the rows of all heads, one after another
        if self.options.same_bucket_only:
            self.bucket_ids = self._stretch(self.chunks_of_ids, r)
        if self.is_bounded:
            self._fill_sides()
        size = _chunks_per_block(self.saved)
        chunks = _slices(self.options.n_before, self.options.n_before + self.n_chunks, size)
        return list(product(_slices(0, self.n_heads, max(1, size // self.n_chunks)), chunks))

    def _stretch(self, chunks, r):
        """Round r of (h, R, n, C), and the chunks around it: (h, m, C)."""
        places = np.arange(-self.options.n_before, self.n_chunks + self.options.n_after)
        if self.options.wrap == "global":
            one_long_row = chunks.reshape(self.n_heads, -1, self.chunk_length)
            return one_long_row.take((r * self.n_chunks + places) % one_long_row.shape[1], axis=1)
        stretched = chunks[:, r].take(places % self.n_chunks, axis=1)
        if self.options.wrap == "none":
            stretched[:, (places < 0) | (places >= self.n_chunks)] = NOBODY
        return stretched

    def rows(self, name, n_features):
        """Memory for rows in sorted order: (h, m, C, f)."""
        return self.kept(name, (self.n_heads, self.n_chunks + self.n_around, self.chunk_length, n_features))

    def kept(self, name, shape):
        return _kept(self.memory, name, shape, self.saved.values.dtype)

    def weights(self, place):
        """A workspace with the weights of the queries in a block of the round that `blocks` prepared."""
        block = self.logits(place)
        if self.saved.references is not None:
            block.weights -= _t(_take(self.saved.references, self.index[place], block.of_queries))
            # Numbers between 0 and the smallest normal one would make all that follows ten times slower.
            np.copyto(block.weights, -np.inf, where=block.weights < np.log(np.finfo(block.weights.dtype).tiny))
        np.exp(block.weights, out=block.weights)
        if self.saved.shares is not None:
            heads, own, _ = self._around(place)
            block.weights *= _t(self.saved.shares[heads, self.r, own])
        _take(self.saved.values, block.index, block.values)
        return block

    def logits(self, place):
        """A workspace with the logits; they are -inf, or as good as that, where a key is hidden."""
        heads, own, around = self._around(place)
        block = self._workspace(heads.stop - heads.start, own.stop - own.start)
        block.index = self.index[heads, around]
        _take(self.saved.queries_keys, block.index, block.rows)
        np.copyto(block.queries_t, _t(block.queries))
        np.multiply(block.rows, _take(self.saved.scales, block.index, block.scales), out=block.keys)
        np.matmul(block.key_windows, block.queries_t, out=block.weights)
        if self.is_bounded:
            np.matmul(self.key_sides[heads, own], self.query_sides[heads, own], out=block.spare)
            np.minimum(block.weights, block.spare, out=block.weights)
        else:
            np.copyto(block.weights, -np.inf, where=self._hidden(place))
        return block

    def _around(self, place):
        """Of a block: its heads, its chunks as they count without the chunks around, and these with neighbours."""
        heads, chunks = place
        n_before, n_after = self.options.n_before, self.options.n_after
        own = slice(chunks.start - n_before, chunks.stop - n_before)
        return heads, own, slice(own.start, chunks.stop + n_after)

    def _workspace(self, n_heads, n_chunks):
        if (n_heads, n_chunks) not in self.workspaces:
            self.workspaces[n_heads, n_chunks] = _Workspace(self, n_heads, n_chunks)
        return self.workspaces[n_heads, n_chunks]

    def _make_room_for_sides(self):
        """The factors of STEEP (query position - 1/2 - key position): (h, n, W, 2) and (h, n, 2, C)."""
        self.sides_of_keys = self.rows("sides_of_keys", 2)
        self.sides_of_keys[..., 1] = 1
        self.key_sides = self.windows(self.sides_of_keys)
        shape = (self.n_heads, self.n_chunks, 2, self.chunk_length)
        self.query_sides = self.kept("query_sides", shape)
        self.query_sides[..., 0, :] = -STEEP

    def _fill_sides(self):
        self.sides_of_keys[..., 0] = self.positions
        if self.has_empty:
            self.sides_of_keys[..., 0][self.positions == NOBODY] = LONGEST
        own = self.positions[:, self.options.n_before : self.options.n_before + self.n_chunks]
        np.multiply(own - 0.5, STEEP, out=self.query_sides[..., 1, :])

    def _hidden(self, place):
        """Which keys are hidden from which queries, as in `masks`: (h, g, W, C) booleans."""
        heads, _, around = self._around(place)
        queries = self.positions[place][:, :, np.newaxis]
        keys = self.windows(self.positions[heads, around, :, np.newaxis])
        hidden = keys >= queries if self.options.causal else keys == queries
        if self.has_empty:
            hidden |= (keys == NOBODY) | (queries == NOBODY)
        if self.options.same_bucket_only:
            ids = self.bucket_ids
            hidden |= self.windows(ids[heads, around, :, np.newaxis]) != ids[place][:, :, np.newaxis]
        return hidden

    def windows(self, rows):
        """Overlapping views of (h, g + n_around, C, f) as windows: (h, g, W, f)."""
        n_heads, n_chunks, _, n_features = rows.shape
        return as_strided(rows, (n_heads, n_chunks - self.n_around, self.window_length, n_features), rows.strides)

    def add_products(self, left, right, place, total):
        """Add left @ right, of (h, g, W, C) and (h, g, C, f), to the chunks (h, m, C, f) that the windows overlap.

        Blocks come in order, so only the last chunk of a window can be new in `total`; it is written, not added to.
        """
        (heads, own, _), n_chunks = self._around(place), left.shape[1]
        total, memory = total[heads], self.kept("product", right.shape)
        if own.start == 0:
            total[:, : self.n_around] = 0
        for step in reversed(range(self.n_around + 1)):
            part = left[:, :, step * self.chunk_length : (step + 1) * self.chunk_length]
            target = total[:, own.start + step : own.start + step + n_chunks]
            if step == self.n_around:
                np.matmul(part, right, out=target)
            else:
                target += np.matmul(part, right, out=memory)

    def add_unsorted(self, sorted_rows, undo, total, *, is_first):
        """Add rows (h, m, C, f) to (h, L, f), each where it belongs. The first are written, not added."""
        sorted_rows, total = (rows.reshape(-1, rows.shape[-1]) for rows in (sorted_rows, total))
        n_rows = _bite(self.saved.n_workers) * ROWS_AT_ONCE
        taken = self.kept("taken", (n_rows, total.shape[-1]))
        for start in range(0, len(total), n_rows):
            part = total[start : start + n_rows]
            out = part if is_first else taken[: len(part)]
            sorted_rows.take(undo[start : start + n_rows], axis=0, out=out, mode="clip")
            if not is_first:
                part += out

    def undo(self, r):
        """The row of (h m C) where each of the (h L) positions went in round r."""
        undo = np.empty((self.n_heads, self.n_positions), np.intp)
        order = self.chunks[:, r].reshape(self.n_heads, -1)[:, : self.n_positions]
        rows = self.options.n_before * self.chunk_length + np.arange(self.n_positions)
        for head in range(self.n_heads):
            undo[head, order[head]] = rows + head * (self.n_chunks + self.n_around) * self.chunk_length
        return undo.reshape(-1)

    def add_edges(self, sorted_rows, total):
        """Add the rows (h, m, C, f) of the chunks around a round to (h, L, f)."""
        n_edges = sorted_rows.shape[1]
        for chunk in [*range(self.options.n_before), *range(n_edges - self.options.n_after, n_edges)]:
            for head, positions in enumerate(self.positions[:, chunk]):
                real = positions != NOBODY
                total[head, positions[real]] += sorted_rows[head, chunk, real]


class _Workspace:
    """Memory for a block of g chunks and views of it, used again and again, so that it stays in the cache."""

    def __init__(self, rounds, n_heads, n_chunks):
        saved = rounds.saved
        n_features, n_values = saved.queries_keys.shape[-1], saved.values.shape[-1]
        chunk_length, window_length = rounds.chunk_length, rounds.window_length

        def kept(name, *shape):
            return rounds.kept(name, (n_heads, *shape))

        around = (n_chunks + rounds.n_around, chunk_length)
        self.rows = kept("rows", *around, n_features)
        self.keys = kept("keys", *around, n_features) if rounds.keeps_queries else self.rows
        self.values, self.scales = kept("values", *around, n_values), kept("scales", *around, 1)
        self.queries_t = kept("queries_t", n_chunks, n_features, chunk_length)
        self.of_queries = kept("of_queries", n_chunks, chunk_length, 1)
        self.weights = kept("weights", n_chunks, window_length, chunk_length)
        self.weights_t = _t(self.weights)
        self.spare = kept("spare", n_chunks, window_length, chunk_length)
        self.queries = self.rows[:, rounds.options.n_before : rounds.options.n_before + n_chunks]
        self.key_windows, self.value_windows = rounds.windows(self.keys), rounds.windows(self.values)
        self.d_rows = kept("d_rows", n_chunks, chunk_length, n_values)
        self.d_rows_t = kept("d_rows_t", n_chunks, n_values, chunk_length)


def _take(rows, index, out):
    """Fetch rows of (h, L, f), numbered as in (h L, f)."""
    return rows.reshape(-1, rows.shape[-1]).take(index, axis=0, out=out, mode="clip")


def _chunks_per_block(saved):
    options = saved.options
    window_length = (options.n_before + 1 + options.n_after) * options.chunk_length
    return max(1, _bite(saved.n_workers) * BLOCK_SIZE // (window_length * options.chunk_length))


def _bite(n_workers):
    """How many blocks to take as one: after each operation, several workers wait for each other's turn in Python."""
    return 1 if n_workers == 1 else 4


def _slices(start, stop, step):
    return [slice(first, min(first + step, stop)) for first in range(start, stop, step)]


def _t(matrices):
    return np.swapaxes(matrices, -1, -2)
