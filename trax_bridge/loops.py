"""The slow, obvious twin of every function that a learner of unit 08 writes, in the manner of `reformer.loops`.

Each is complete in itself: it uses `np` and nothing else, as a lab does.
"""

import numpy as np


def pad_and_bucket(sequences, boundaries, *, batch_size, pad=0):
    for number in range(len(sequences)):
        if len(sequences[number]) > boundaries[-1]:
            raise ValueError(f"sequence {number} is longer than all boundaries")
    batches = []
    for which in range(len(boundaries)):
        members = []
        for sequence in sequences:
            fits = len(sequence) <= boundaries[which]
            fits_in_less = which > 0 and len(sequence) <= boundaries[which - 1]
            if fits and not fits_in_less:
                members.append(sequence)
        while members:
            taken, members = members[:batch_size], members[batch_size:]
            tokens = np.zeros((len(taken), boundaries[which]), dtype=int)
            weights = np.zeros((len(taken), boundaries[which]), dtype=np.float32)
            for row in range(len(taken)):
                for place in range(boundaries[which]):
                    if place < len(taken[row]):
                        tokens[row, place] = taken[row][place]
                        weights[row, place] = 1
                    else:
                        tokens[row, place] = pad
            batches.append((tokens, weights))
    return batches


def sample_reply(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for uniform in uniforms:
        logits = next_logits(tokens)
        token = 0
        if temperature == 0:
            for other in range(1, len(logits)):
                if logits[other] > logits[token]:
                    token = other
        else:
            shares = [np.exp((float(logit) - max(logits)) / temperature) for logit in logits]
            so_far = shares[0]
            while token < len(logits) - 1 and so_far <= uniform * sum(shares):
                token += 1
                so_far += shares[token]
        if token == stop:
            break
        tokens.append(token)
    return tokens[len(prompt) :]
