"""Loop twins of what a learner writes of `reformer.costs` (unit 05). Shapes and meaning are described there."""


def pairs_computed(length, *, n_rounds, chunk_length, n_before=1, n_after=0):
    n_pairs = 0
    for _ in range(n_rounds):
        for _ in range(0, length, chunk_length):  # each chunk, the last one whole
            for _ in range(n_before + 1 + n_after):  # each chunk of its window
                n_pairs += chunk_length * chunk_length
    return n_pairs


def cheapest_setting(mass, places, wanted):
    best = None
    for row in range(len(mass)):
        for column in range(len(mass[row])):
            if mass[row][column] < wanted:
                continue
            is_cheaper = best is None or places[row][column] < places[best[0]][best[1]]
            is_equal = best is not None and places[row][column] == places[best[0]][best[1]]
            if is_cheaper or (is_equal and mass[row][column] > mass[best[0]][best[1]]):
                best = row, column
    return best
