"""Hash rounds as blocks of logits and weights that fit the cache: what the forward and the backward pass share.

- Work goes block by block: a few chunks at a time. Nothing of size L W exists.
- A window is not copied. A block's keys lie in one row, and overlapping views of it serve as windows.
- Logits and weights stand as keys x queries. Then only queries are transposed, once each, and every matrix product
  has the form the library is quickest at.
- The causal mask is a bound: with T = STEEP (query position - 1/2 - key position), min(logit, T) is the logit where
  the key is earlier, and below every logit elsewhere. T is a matrix product of rank 2, exact in float32 below position
  2^22.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

from reformer.chunking import NOBODY, split_into_chunks
from reformer.fast import memory as scratch
from reformer.fast.duplicates import Meetings
from reformer.fast.scaling import exp_of_negative

ROWS_AT_ONCE = 2**9  # rows moved back into the order of the sequence at a time
LONGEST = 2**22  # positions that the causal bound can tell apart; also a position later than all
STEEP = 2.0**20  # half of it is above all logits that need no reference; more would slow exp of float64
STEEPER = 2.0**98  # half of it is above all logits, and LONGEST times it is in range
SEES_NOBODY = -1.2e29  # below every logit and far above a hidden one: a reference where a query sees no key


class Saved(NamedTuple):
    """What the backward pass needs, of H sequences (heads)."""

    queries_keys: np.ndarray  # (H, L, d)
    values: np.ndarray  # (H, L, e), multiplied by 2^-value_powers
    value_powers: np.ndarray  # (H, 1, 1)
    buckets: np.ndarray  # (H, R, L)
    outputs: np.ndarray  # (H, L, e)
    scales: np.ndarray  # (H, L, 1): one over the length of a key
    totals: np.ndarray  # (H, L, 1): sum of exp(logit - reference); infinite where a token saw only itself
    references: np.ndarray | None  # (H, L, 1): the largest logit, or None where nothing needs to be subtracted
    options: object
    n_workers: int

    def of_heads(self, heads):
        return Saved(*(part[heads] if isinstance(part, np.ndarray) else part for part in self))

    def alone(self):
        """Which tokens see only themselves, (H, L) booleans: their output is their value."""
        return np.isinf(self.totals[..., 0])


class Rounds:
    """The attention weights of a few heads (h of them), computed block by block, and the order they stand in.

    A round is a row of chunks, stretched at both ends by the chunks that its first and last chunk look at: it has
    m = n_before + n + n_after of them.
    """

    def __init__(self, saved, memory, *, keeps_queries):
        self.keeps_queries = keeps_queries  # as a backward pass needs; else keys are scaled in their place
        self.saved, self.options, self.memory, self.workspaces = saved, saved.options, memory, {}
        self.n_heads, self.n_rounds, self.n_positions = saved.buckets.shape
        self.chunk_length = min(self.options.chunk_length, self.n_positions)  # more would be empty places
        self.n_chunks = -(-self.n_positions // self.chunk_length)
        self.n_around = self.options.n_before + self.options.n_after
        self.window_length = (self.n_around + 1) * self.chunk_length
        self.has_empty = self.n_chunks * self.chunk_length > self.n_positions or self.options.wrap == "none"
        self.first_rows = self.n_positions * np.arange(self.n_heads)[:, np.newaxis, np.newaxis]
        order = self._sort()
        self.chunks = split_into_chunks(order, self.chunk_length)
        runs = self._runs(order) if self.options.same_bucket_only else None
        if runs is not None:
            self.chunks_of_runs = split_into_chunks(runs, self.chunk_length)
        self.meetings = Meetings(self, order, runs) if self.options.correct_duplicates else None
        self.is_bounded = self.options.causal and self.n_positions < LONGEST

    def _sort(self):
        """`sort_by_bucket`, for buckets that are checked already: (h, R, L)."""
        order = np.empty(self.saved.buckets.shape, np.int32)
        is_small = self.options.n_buckets <= 2**16  # sorting 16 bits is several times faster
        for r in range(self.n_rounds):
            buckets = self.saved.buckets[:, r]
            buckets = buckets.astype(np.uint16, copy=False) if is_small else buckets
            order[:, r] = np.argsort(buckets, axis=-1, kind="stable")
        return order

    def _runs(self, order):
        """A number for the bucket at each place, (h, R, L), that no other round has; small, however many buckets."""
        buckets = np.take_along_axis(self.saved.buckets, order, axis=-1)
        runs = np.zeros(order.shape, np.min_scalar_type(-self.n_rounds * self.n_positions))
        np.cumsum(buckets[..., 1:] != buckets[..., :-1], axis=-1, out=runs[..., 1:], dtype=runs.dtype)
        firsts = self.n_positions * np.arange(self.n_rounds)[:, np.newaxis]
        runs += firsts.astype(runs.dtype)  # by hand: n_positions itself may be one too large for that dtype
        return runs

    def blocks(self, r):
        """Prepare round r, and cut it into blocks: slices of heads and of chunks, without the chunks around."""
        self.r, self.positions = r, self._stretch(self.chunks, r)
        self.index = np.maximum(self.positions, 0) + self.first_rows  # in the rows of all heads, one after another
        if self.options.same_bucket_only:
            self.runs = self._stretch(self.chunks_of_runs, r)
        if self.is_bounded:
            self._fill_sides()
        size = scratch.bite(self.saved.n_workers) * scratch.BLOCK_SIZE // (self.window_length * self.chunk_length)
        chunks = slices(self.options.n_before, self.options.n_before + self.n_chunks, max(1, size))
        return list(product(slices(0, self.n_heads, max(1, size // self.n_chunks)), chunks))

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

    def kept(self, name, shape, dtype=None):
        return scratch.kept(self.memory, name, shape, dtype or self.saved.values.dtype)

    def weights(self, place, tops=None):
        """A workspace with the weights of the queries in a block of the round that `blocks` prepared.

        Where references are subtracted, `tops`, rows (h, m, C, 1), is filled with those of this round's queries: the
        largest logit of this round or of those before. Without `tops` references are taken as they are.
        """
        block = self.logits(place)
        if self.saved.references is None:
            np.exp(block.weights, out=block.weights)
        else:
            references = take(self.saved.references, self.index[place], block.of_queries)
            if tops is not None:
                np.maximum(references, t(np.max(block.weights, axis=-2, keepdims=True)), out=references)
                tops[place] = references
            block.weights -= t(references)
            exp_of_negative(block.weights, block.spare)
        if self.meetings is not None:
            np.copyto(block.spare, self.meetings.count(block.index))
            block.weights /= block.spare
        take(self.saved.values, block.index, block.values)
        return block

    def logits(self, place):
        """A workspace with the logits; they are -inf, or below all others, where a key is hidden."""
        heads, own, around = self.around(place)
        block = self._workspace(heads.stop - heads.start, own.stop - own.start)
        block.index = self.index[heads, around]
        take(self.saved.queries_keys, block.index, block.rows)
        np.copyto(block.queries_t, t(block.queries))
        np.multiply(block.rows, take(self.saved.scales, block.index, block.scales), out=block.keys)
        np.matmul(block.key_windows, block.queries_t, out=block.weights)
        if self.is_bounded:
            np.matmul(self.key_sides[heads, own], self.query_sides[heads, own], out=block.spare)
            np.minimum(block.weights, block.spare, out=block.weights)
        if not self.is_bounded or self.options.same_bucket_only:
            np.copyto(block.weights, -np.inf, where=self._hidden(place))
        return block

    def around(self, place):
        """Of a block: its heads, its chunks as they count without the chunks around, and these with neighbours."""
        heads, chunks = place
        n_before, n_after = self.options.n_before, self.options.n_after
        own = slice(chunks.start - n_before, chunks.stop - n_before)
        return heads, own, slice(own.start, chunks.stop + n_after)

    def _workspace(self, n_heads, n_chunks):
        if (n_heads, n_chunks) not in self.workspaces:
            self.workspaces[n_heads, n_chunks] = Workspace(self, n_heads, n_chunks)
        return self.workspaces[n_heads, n_chunks]

    def _fill_sides(self):
        """The factors of T = STEEP (query position - 1/2 - key position): (h, n, W, 2) and (h, n, 2, C)."""
        sides_of_keys = self.rows("sides_of_keys", 2)
        sides_of_keys[..., 0], sides_of_keys[..., 1] = self.positions, 1
        if self.has_empty:
            sides_of_keys[..., 0][self.positions == NOBODY] = LONGEST
        self.key_sides = self.windows(sides_of_keys)
        own = self.positions[:, self.options.n_before : self.options.n_before + self.n_chunks]
        self.query_sides = self.kept("query_sides", (self.n_heads, self.n_chunks, 2, self.chunk_length))
        steep = STEEP if self.saved.references is None else STEEPER
        self.query_sides[..., 0, :] = -steep
        np.multiply(own - 0.5, steep, out=self.query_sides[..., 1, :])

    def _hidden(self, place):
        """Which keys are hidden from which queries, beside what the causal bound hides: (h, g, W, C) booleans."""
        heads, _, around = self.around(place)

        def facing(of_places):
            return self.windows(of_places[heads, around, :, np.newaxis]), of_places[place][:, :, np.newaxis]

        hidden = np.not_equal(*facing(self.runs)) if self.options.same_bucket_only else None
        if self.is_bounded:
            return hidden
        keys, queries = facing(self.positions)
        unseen = keys >= queries if self.options.causal else keys == queries
        if self.has_empty:
            unseen |= (keys == NOBODY) | (queries == NOBODY)
        return unseen if hidden is None else np.logical_or(unseen, hidden, out=hidden)

    def windows(self, rows):
        """Overlapping views of (h, g + n_around, C, f) as windows: (h, g, W, f)."""
        n_heads, n_chunks, _, n_features = rows.shape
        return as_strided(rows, (n_heads, n_chunks - self.n_around, self.window_length, n_features), rows.strides)

    def add_products(self, left, right, place, total):
        """Add left @ right, of (h, g, W, C) and (h, g, C, f), to the chunks (h, m, C, f) that the windows overlap.

        Blocks come in order, so only the last chunk of a window can be new in `total`; it is written, not added to.
        """
        (heads, own, _), n_chunks = self.around(place), left.shape[1]
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
        n_rows = scratch.bite(self.saved.n_workers) * ROWS_AT_ONCE
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


class Workspace:
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
        self.weights_t = t(self.weights)
        self.spare = kept("spare", n_chunks, window_length, chunk_length)
        self.queries = self.rows[:, rounds.options.n_before : rounds.options.n_before + n_chunks]
        self.key_windows, self.value_windows = rounds.windows(self.keys), rounds.windows(self.values)
        self.d_rows = kept("d_rows", n_chunks, chunk_length, n_values)
        self.d_rows_t = kept("d_rows_t", n_chunks, n_values, chunk_length)


def take(rows, index, out):
    """Fetch rows of (h, L, f), numbered as in (h L, f)."""
    return rows.reshape(-1, rows.shape[-1]).take(index, axis=0, out=out, mode="clip")


def slices(start, stop, step):
    return [slice(first, min(first + step, stop)) for first in range(start, stop, step)]


def t(matrices):
    return np.swapaxes(matrices, -1, -2)
