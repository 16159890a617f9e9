"""How much memory a call needs at its worst moment, beside what there was before."""

import gc
import tracemalloc


def peak_bytes(call):
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
