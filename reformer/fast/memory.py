"""Threads that share the heads, and scratch memory that is used again from block to block and from call to call.

Fresh memory has to be fetched from the system page by page: up to a third of the time of a short call.
"""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np

BLOCK_SIZE = 2**16  # numbers in a block: several arrays of this size must fit the cache
CACHE_LINE = 64  # bytes
MOST_KEPT = 2**22  # bytes of an array that is kept for the next call

idle = []  # scratch memory that no thread is using


def share_out(groups, work, n_workers):
    """Call work(group, memory) for every group, in threads; `memory` is a thread's own, for `kept`."""

    def share(first):
        try:
            memory = idle.pop()
        except IndexError:  # asked first, another thread could take the last one in between
            memory = {}
        for group in groups[first::n_workers]:
            work(group, memory)
        for name in [name for name, array in memory.items() if array.nbytes > MOST_KEPT]:
            del memory[name]
        idle.append(memory)

    if n_workers == 1:
        share(0)
    else:
        with ThreadPoolExecutor(n_workers) as pool:
            list(pool.map(share, range(n_workers)))


def kept(memory, name, shape, dtype):
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


def bite(n_workers):
    """How many blocks to take as one: after each operation, several workers wait for each other's turn in Python."""
    return 1 if n_workers == 1 else 4


def one_batch_axis(array):
    """(..., a, b) as contiguous (H, a, b)."""
    return np.ascontiguousarray(array.reshape(-1, *array.shape[-2:]))
