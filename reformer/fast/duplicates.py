"""How often a query meets a key over all rounds, N_ij of `lsh_attention.count_duplicates`, for a block at a time.

A window is a stretch of chunks, so two tokens meet in a round if the number of the key's chunk minus that of the
query's is one of -n_before .. n_after. Where the ends of rounds touch, the key may stand in another round, or once more
around the ring: these distances are as many chunks longer or shorter. Numbers of chunks are small integers, quick to
fetch and to compare, and all that is kept of the rounds.
"""

from itertools import product

import numpy as np


class Meetings:
    """The counts for one `Rounds`. `order` is its order, (h, R, L); `runs` the bucket at each place, or None."""

    def __init__(self, rounds, order, runs):
        self.rounds = rounds
        # Unsigned, so that one comparison tells 0 .. n_around from all other distances, negative ones included.
        dtype = np.min_scalar_type(2 * rounds.n_chunks + 3 * rounds.n_around)
        chunks = (np.arange(rounds.n_positions) // rounds.chunk_length).astype(dtype)
        self.chunks = _at_positions(chunks, order)
        self.runs = None if runs is None else _at_positions(runs, order)
        self.touching = list(self._touching())

    def _touching(self):
        """Wherever windows reach: the query's round, the key's, and what to add to the difference of their chunks.

        It makes a difference within reach one of 0 .. n_around.
        """
        rounds, options = self.rounds, self.rounds.options
        n_chunks, modulus = rounds.n_chunks, 1 + np.iinfo(self.chunks.dtype).max
        steps = range(1)  # rounds from the query's to the key's, as if all stood in one row that goes on
        if options.wrap != "none":
            reach_before, reach_after = (n_chunks - 1 + n for n in (options.n_before, options.n_after))
            steps = range(-(reach_before // n_chunks), reach_after // n_chunks + 1)
        for r, step in product(range(rounds.n_rounds), steps):
            of_key = (r + step) % rounds.n_rounds if options.wrap == "global" else r
            if of_key == r or not options.same_bucket_only:
                yield r, of_key, self.chunks.dtype.type((step * n_chunks + options.n_before) % modulus)

    def count(self, index):
        """N of the queries and keys of a block, whose keys have this index: (h, g, W, C), 1 where it would be 0."""
        rounds = self.rounds
        key_chunks, query_chunks = self._of_block(self.chunks, index)
        if self.runs is not None:
            key_runs, query_runs = self._of_block(self.runs, index)
        shape = rounds.windows(key_chunks[0]).shape[:-1] + query_chunks.shape[-1:]
        counts = np.zeros(shape, np.min_scalar_type(len(self.touching)))
        for r, of_key, shift in self.touching:
            meets = rounds.windows(key_chunks[of_key] + shift) - query_chunks[r] <= rounds.n_around
            if self.runs is not None:
                meets &= rounds.windows(key_runs[r]) == query_runs[r]
            counts += meets
        return np.maximum(counts, 1, out=counts)

    def _of_block(self, numbers, index):
        """Of (R, h L) numbers, those of the keys, (R, h, g + n_around, C, 1), and of the queries, (R, h, g, 1, C)."""
        keys = numbers.take(index, axis=1)
        own = slice(self.rounds.options.n_before, keys.shape[2] - self.rounds.options.n_after)
        return keys[..., np.newaxis], keys[:, :, own, np.newaxis]


def _at_positions(numbers, order):
    """Numbers at places, (L) or (h, R, L), moved to the positions that stand there: (R, h L)."""
    n_heads, n_rounds, n_positions = order.shape
    moved = np.empty((n_rounds, n_heads, n_positions), numbers.dtype)
    np.put_along_axis(np.swapaxes(moved, 0, 1), order, np.broadcast_to(numbers, order.shape), axis=-1)
    return moved.reshape(n_rounds, -1)
