"""Loop twins of `reformer.chunking` (unit 04). Shapes and meaning are described there."""

import numpy as np


def sort_by_bucket(buckets):
    *batch, n_positions = buckets.shape
    order = np.zeros(buckets.shape, dtype=np.intp)
    for entry in np.ndindex(*batch):
        place = 0
        for bucket in sorted(set(buckets[entry].tolist())):
            for position in range(n_positions):
                if buckets[*entry, position] == bucket:
                    order[*entry, place] = position
                    place += 1
    return order


def undo_sort(order):
    *batch, n_positions = order.shape
    undo = np.zeros(order.shape, dtype=np.intp)
    for entry in np.ndindex(*batch):
        for place in range(n_positions):
            undo[*entry, order[*entry, place]] = place
    return undo


def split_into_chunks(order, chunk_length):
    *batch, n_positions = order.shape
    n_chunks = (n_positions + chunk_length - 1) // chunk_length
    chunks = np.zeros((*batch, n_chunks, chunk_length), dtype=order.dtype)
    for entry in np.ndindex(*batch):
        for chunk in range(n_chunks):
            for i in range(chunk_length):
                place = chunk * chunk_length + i
                chunks[*entry, chunk, i] = order[*entry, place] if place < n_positions else -1
    return chunks


def look_adjacent(chunks, *, n_before=1, n_after=0, wrap="global"):
    *batch, n_chunks, chunk_length = chunks.shape
    n_seen = n_before + 1 + n_after
    windows = np.full((*batch, n_chunks, n_seen * chunk_length), -1, dtype=chunks.dtype)
    for entry in np.ndindex(*batch):
        for chunk in range(n_chunks):
            for step in range(n_seen):
                seen = chunk - n_before + step
                if wrap == "none" and not 0 <= seen < n_chunks:
                    continue
                source = entry
                if wrap == "global":
                    n_rounds = batch[-1]
                    source = (*entry[:-1], (entry[-1] + seen // n_chunks) % n_rounds)
                for i in range(chunk_length):
                    windows[*entry, chunk, step * chunk_length + i] = chunks[*source, seen % n_chunks, i]
    return windows


def share_of_pairs_lost(buckets, chunk_length, *, n_before=1):
    *batch, n_positions = buckets.shape
    share = np.zeros(batch)
    for entry in np.ndindex(*batch):
        chunk_of = [0] * n_positions
        for place, position in enumerate(sorted(range(n_positions), key=buckets[entry].__getitem__)):
            chunk_of[position] = place // chunk_length
        n_pairs = n_lost = 0
        for later in range(n_positions):
            for earlier in range(later):
                if buckets[*entry, earlier] == buckets[*entry, later]:
                    n_pairs += 1
                    n_lost += chunk_of[later] - chunk_of[earlier] > n_before
        share[entry] = n_lost / n_pairs if n_pairs else 0.0
    return share


def cheapest_chunks(buckets, allowed_loss, chunk_lengths, look_backs):
    rounds = [buckets] if buckets.ndim == 1 else list(buckets)
    best = None
    for chunk_length in chunk_lengths:
        for n_before in look_backs:
            loss = 0.0
            for row in rounds:
                chunk_of = [0] * len(row)
                for place, position in enumerate(sorted(range(len(row)), key=row.__getitem__)):
                    chunk_of[position] = place // chunk_length
                n_pairs = n_lost = 0
                for later in range(len(row)):
                    for earlier in range(later):
                        if row[earlier] == row[later]:
                            n_pairs += 1
                            n_lost += abs(chunk_of[later] - chunk_of[earlier]) > n_before
                loss += n_lost / n_pairs / len(rounds) if n_pairs else 0.0
            choice = (chunk_length * (n_before + 1), chunk_length, n_before)
            if loss <= allowed_loss and (best is None or choice < best):
                best = choice
    return None if best is None else best[1:]
