"""What attention and whole models cost in time and memory, as functions of the paper's symbols (unit 05).

`attention_costs` and `model_costs` are tables 1 and 3 of the paper as printed: orders of growth, in numbers held and in
multiplications, without constants. `pairs_computed`, `logits_bytes` and `reversible_bytes` count what the code of this
package does, exactly; tests hold them to the shapes and bytes of real arrays. `cheapest_setting` chooses among settings
that were measured.

The printed tables are for reading, not for planning. Where table 1 has (4l/n_c)^2 for LSH attention, l/n_c queries of a
chunk meet 2l/n_c keys, so a chunk has 2 (l/n_c)^2 pairs and a round 2 l^2/n_c. And memory-efficient attention is
printed with the memory of l^2 that it avoids.
"""

from typing import NamedTuple

import numpy as np

from reformer.arguments import require_arrays, require_count, require_range


class Cost(NamedTuple):
    """Order of growth: numbers held at a time, and multiplications."""

    memory: float
    time: float


def attention_costs(*, batch, length, n_heads, d_k, n_rounds, n_chunks):
    """Table 1 as printed: dict of `Cost` for "dot-product", "memory-efficient" and "lsh" attention.

    Parameters
    ----------
    batch, length, n_heads, d_k : b, l, n_h and d_k of the paper
    n_rounds, n_chunks : n_r and n_c, of LSH attention

    Raises ValueError if `n_chunks` is below 1.
    Source: Reformer, table 1.
    """
    chunk_length = length / require_count("n_chunks", n_chunks)
    vectors = batch * n_heads * length * d_k
    dense = max(vectors, batch * n_heads * length**2)
    lsh = max(vectors, batch * n_heads * length * n_rounds * (4 * chunk_length) ** 2)
    return {"dot-product": Cost(dense, dense), "memory-efficient": Cost(dense, dense), "lsh": Cost(lsh, lsh)}


def model_costs(*, batch, length, n_heads, d_model, d_ff, n_layers, n_rounds, pairs_per_token=128**2):
    """Table 3 as printed: dict of `Cost` for the five models between the Transformer and the Reformer.

    Parameters
    ----------
    batch, length, n_heads, d_model, d_ff, n_layers, n_rounds : b, l, n_h, d_model, d_ff, n_l and n_r of the paper
    pairs_per_token : c; the paper sets it to 128^2, which is (4l/n_c)^2 with n_c = l/32 chunks

    Source: Reformer, table 3.
    """
    wide, narrow = batch * length * d_ff, batch * length * d_model
    dense = batch * n_heads * length**2
    lsh = batch * n_heads * length * n_rounds * pairs_per_token
    # n_heads times `wide`, in two of the rows, is what table 3 prints.
    return {
        "Transformer": Cost(max(wide, dense) * n_layers, (wide + dense) * n_layers),
        "Reversible Transformer": Cost(max(wide, dense), (n_heads * wide + dense) * n_layers),
        "Chunked Reversible Transformer": Cost(max(narrow, dense), (n_heads * wide + dense) * n_layers),
        "LSH Transformer": Cost(max(wide, lsh) * n_layers, (wide + lsh) * n_layers),
        "Reformer": Cost(max(narrow, lsh), (wide + lsh) * n_layers),
    }


def pairs_computed(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    """Count the logits that LSH attention computes in one head of one sequence.

    Hidden pairs count, and so do empty places: all are computed, then masked. Dense attention computes length^2.

    Parameters
    ----------
    length : l of the paper, at least 1
    n_rounds, chunk_length : n_r and the positions in a chunk, at least 1; the last chunk is filled up
    n_before, n_after : chunks that a chunk looks at besides itself, at least 0; each counts whole

    Returns
    -------
    n_pairs : int, n_rounds times places in all chunks times places in a window

    Raises ValueError if a number is out of range.
    """
    length, chunk_length = require_count("length", length), require_count("chunk_length", chunk_length)
    n_before, n_after = (
        require_count(name, value, at_least=0) for name, value in (("n_before", n_before), ("n_after", n_after))
    )
    n_chunks = -(-length // chunk_length)
    window_length = (n_before + 1 + n_after) * chunk_length
    return require_count("n_rounds", n_rounds) * n_chunks * chunk_length * window_length


def cheapest_setting(mass, places, wanted):
    """Choose, of settings that were measured, the one that looks at least and still catches what is wanted.

    Parameters
    ----------
    mass : (rounds, chunk lengths) float array, the share of attention mass that each setting catches
    places : array of the same shape, what each setting pays, such as the share of causal pairs it looks at
    wanted : the share of the mass to reach; equality is enough

    Returns
    -------
    setting : (row, column) as ints, counted from 0. Of equally cheap settings the one that catches more, and of
        these the first in reading order. None where no setting reaches `wanted`.

    Raises ValueError if the tables are not of one shape, or a number is not finite.
    Source: our own.
    """
    mass, places = require_arrays(mixed=True, finite=True, mass=(_floats(mass), "R C"), places=(_floats(places), "R C"))
    wanted = float(require_range("wanted", wanted, -np.inf, np.inf))
    reaches = mass >= wanted
    if not np.any(reaches):
        return None
    cheapest = reaches & (places == np.min(places[reaches]))
    chosen = cheapest & (mass == np.max(mass[cheapest]))
    row, column = np.argwhere(chosen)[0]
    return int(row), int(column)


def _floats(table):
    """Whole numbers are as good as floats here."""
    table = np.asarray(table)
    return table.astype(np.float64) if table.dtype.kind in "iu" else table


def logits_bytes(*, batch, length, n_heads, dtype=np.float32):
    """Bytes of all logits of dense attention at once. 64K positions, one head, float32: 16 GiB.

    Source: Reformer, section 2, "Memory-efficient attention".
    """
    return batch * n_heads * length**2 * np.dtype(dtype).itemsize


def reversible_bytes(model, *, batch, length, dtype=np.float32):
    """Bytes a stack of reversible layers holds between forward and backward: two streams, and the buckets to replay.

    The streams do not depend on depth. The buckets do, but a bucket is a byte or two, where a residual layer holds
    several vectors for each token.
    """
    streams = 2 * batch * length * model.d_model * np.dtype(dtype).itemsize
    if model.attention != "lsh":
        return streams
    n_buckets_held = model.n_layers * batch * model.n_heads * model.n_rounds * length
    return streams + n_buckets_held * model.bucket_dtype.itemsize
