"""Answers to the exercises of lab 08, written from its text.

Their writer had written the exercises, too, so they say less than sets by others will.
"""

import numpy as np

from reformer.sampling import sample_token
from tests.blind import right, wrong

# 1 · pad_and_bucket


@right("pad_and_bucket")
def bisects_and_pads_rows(sequences, boundaries, *, batch_size, pad=0):
    import bisect

    rows = [[] for _ in boundaries]
    for i, s in enumerate(sequences):
        b = bisect.bisect_left(boundaries, len(s))
        if b == len(boundaries):
            raise ValueError("sequence %d does not fit" % i)
        rows[b].append(s)
    out = []
    for length, group in zip(boundaries, rows, strict=True):
        for i in range(0, len(group), batch_size):
            chunk = group[i : i + batch_size]
            tokens = np.array([s + [pad] * (length - len(s)) for s in chunk])
            weights = np.array([[1.0] * len(s) + [0.0] * (length - len(s)) for s in chunk], dtype=np.float32)
            out.append((tokens, weights))
    return out


@right("pad_and_bucket")
def one_boundary_after_the_other(sequences, boundaries, *, batch_size, pad=0):
    out, lower = [], -1
    for i, s in enumerate(sequences):
        if len(s) > max(boundaries):
            raise ValueError(f"{i}")
    for length in boundaries:
        group = [s for s in sequences if lower < len(s) <= length]
        lower = length
        for i in range(0, len(group), batch_size):
            tokens = np.full((len(group[i : i + batch_size]), length), pad, dtype=np.int64)
            weights = np.zeros(tokens.shape, dtype="float32")
            for j, s in enumerate(group[i : i + batch_size]):
                tokens[j, : len(s)] = s
                weights[j, : len(s)] = 1.0
            out.append((tokens, weights))
    return out


def _fill(chunk, length, pad):
    tokens = np.full((len(chunk), length), pad, dtype=int)
    weights = np.zeros((len(chunk), length), dtype=np.float32)
    for row, s in enumerate(chunk):
        tokens[row, : len(s)] = s
        weights[row, : len(s)] = 1
    return tokens, weights


def _group(sequences, boundaries):
    groups = {b: [] for b in boundaries}
    for i, s in enumerate(sequences):
        fit = [b for b in boundaries if b >= len(s)]
        if not fit:
            raise ValueError(f"sequence {i} is too long")
        groups[fit[0]].append(s)
    return groups


@wrong(
    "pad_and_bucket",
    truth="The boundary has to be longer than the sequence. Wrong where a length is a boundary: one too far, or refused.",
)
def needs_room_behind_the_end(sequences, boundaries, *, batch_size, pad=0):
    groups = {b: [] for b in boundaries}
    for i, s in enumerate(sequences):
        fit = [b for b in boundaries if b > len(s)]
        if not fit:
            raise ValueError(f"sequence {i} is too long")
        groups[fit[0]].append(s)
    return [
        _fill(group[i : i + batch_size], b, pad)
        for b, group in groups.items()
        for i in range(0, len(group), batch_size)
    ]


@wrong("pad_and_bucket", truth="Whole batches only: the last, shorter batch of a boundary is lost.")
def counts_whole_batches(sequences, boundaries, *, batch_size, pad=0):
    out = []
    for b, group in _group(sequences, boundaries).items():
        for n in range(len(group) // batch_size):
            out.append(_fill(group[n * batch_size : (n + 1) * batch_size], b, pad))
    return out


@wrong("pad_and_bucket", truth="The weights are made by comparing tokens with pad, so a token equal to pad gets 0.")
def compares_with_pad(sequences, boundaries, *, batch_size, pad=0):
    out = []
    for b, group in _group(sequences, boundaries).items():
        for i in range(0, len(group), batch_size):
            tokens, _ = _fill(group[i : i + batch_size], b, pad)
            out.append((tokens, (tokens != pad).astype(np.float32)))
    return out


@wrong("pad_and_bucket", truth="The weights are all ones.")
def weights_of_ones(sequences, boundaries, *, batch_size, pad=0):
    out = []
    for b, group in _group(sequences, boundaries).items():
        for i in range(0, len(group), batch_size):
            tokens, weights = _fill(group[i : i + batch_size], b, pad)
            out.append((tokens, np.ones_like(weights)))
    return out


@wrong("pad_and_bucket", truth="The sequences are sorted by length first, so their order within a boundary is lost.")
def sorts_everything_first(sequences, boundaries, *, batch_size, pad=0):
    out = []
    for b, group in _group(sorted(sequences, key=len), boundaries).items():
        for i in range(0, len(group), batch_size):
            out.append(_fill(group[i : i + batch_size], b, pad))
    return out


@wrong("pad_and_bucket", truth="Padding stands in front of the tokens.")
def pads_on_the_left(sequences, boundaries, *, batch_size, pad=0):
    out = []
    for b, group in _group(sequences, boundaries).items():
        for i in range(0, len(group), batch_size):
            chunk = group[i : i + batch_size]
            tokens = np.array([[pad] * (b - len(s)) + s for s in chunk])
            weights = np.array([[0] * (b - len(s)) + [1] * len(s) for s in chunk], dtype=np.float32)
            out.append((tokens, weights))
    return out


@wrong("pad_and_bucket", truth="pad is not used: zeros stand there. Wrong where pad is another token.")
def pads_with_zeros(sequences, boundaries, *, batch_size, pad=0):
    out = []
    for b, group in _group(sequences, boundaries).items():
        for i in range(0, len(group), batch_size):
            out.append(_fill(group[i : i + batch_size], b, 0))
    return out


@wrong("pad_and_bucket", truth="A sequence that is too long is cut to the last boundary instead of refused.")
def cuts_what_is_too_long(sequences, boundaries, *, batch_size, pad=0):
    out = []
    for b, group in _group([s[: boundaries[-1]] for s in sequences], boundaries).items():
        for i in range(0, len(group), batch_size):
            out.append(_fill(group[i : i + batch_size], b, pad))
    return out


@wrong("pad_and_bucket", truth="The number in the error is counted from 1.")
def counts_from_one_in_the_error(sequences, boundaries, *, batch_size, pad=0):
    for i, s in enumerate(sequences, start=1):
        if len(s) > boundaries[-1]:
            raise ValueError(f"sequence {i} is too long")
    return needs_no_check(sequences, boundaries, batch_size=batch_size, pad=pad)


def needs_no_check(sequences, boundaries, *, batch_size, pad=0):
    return [
        _fill(group[i : i + batch_size], b, pad)
        for b, group in _group(sequences, boundaries).items()
        for i in range(0, len(group), batch_size)
    ]


@wrong("pad_and_bucket", truth="The rest of a boundary that does not fill a batch comes at the very end of all.")
def gives_full_batches_first(sequences, boundaries, *, batch_size, pad=0):
    out, rest = [], []
    for b, group in _group(sequences, boundaries).items():
        whole = len(group) - len(group) % batch_size
        out += [_fill(group[i : i + batch_size], b, pad) for i in range(0, whole, batch_size)]
        rest += [_fill(group[whole:], b, pad)] if group[whole:] else []
    return out + rest


@wrong("pad_and_bucket", truth="Every sequence is filled up to the longest boundary; there is one group only.")
def pads_all_to_the_longest(sequences, boundaries, *, batch_size, pad=0):
    _group(sequences, boundaries)
    return [
        _fill(sequences[i : i + batch_size], boundaries[-1], pad) for i in range(0, len(sequences), batch_size)
    ]


@wrong("pad_and_bucket", truth="A batch is as long as its longest sequence, not as the boundary.")
def as_long_as_needed(sequences, boundaries, *, batch_size, pad=0):
    out = []
    for group in _group(sequences, boundaries).values():
        for i in range(0, len(group), batch_size):
            chunk = group[i : i + batch_size]
            out.append(_fill(chunk, max(len(s) for s in chunk), pad))
    return out


@wrong("pad_and_bucket", truth="An empty sequence is left out.")
def leaves_out_the_empty_ones(sequences, boundaries, *, batch_size, pad=0):
    return needs_no_check([s for s in sequences if s], boundaries, batch_size=batch_size, pad=pad)


@wrong("pad_and_bucket", truth="An empty batch is added for a boundary without sequences.")
def a_batch_for_every_boundary(sequences, boundaries, *, batch_size, pad=0):
    return [
        _fill(group[i : i + batch_size], b, pad)
        for b, group in _group(sequences, boundaries).items()
        for i in range(0, max(1, len(group)), batch_size)
    ]


@wrong("pad_and_bucket", truth="Batches are cut before lengths are looked at; each goes to the boundary of its longest.")
def cuts_into_batches_first(sequences, boundaries, *, batch_size, pad=0):
    _group(sequences, boundaries)
    out = []
    for i in range(0, len(sequences), batch_size):
        chunk = sequences[i : i + batch_size]
        longest = max(len(s) for s in chunk)
        out.append(_fill(chunk, min(b for b in boundaries if b >= longest), pad))
    return out


# 4 · sample_reply


@right("sample_reply")
def grows_a_list(next_logits, prompt, uniforms, *, temperature, stop):
    context, out = list(prompt), []
    for u in uniforms:
        t = int(sample_token(np.asarray(next_logits(context)), u, temperature=temperature))
        if t == stop:
            return out
        context.append(t)
        out.append(t)
    return out


@right("sample_reply")
def writes_all_and_cuts(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for u in uniforms:
        tokens.append(int(sample_token(next_logits(tokens), np.array(u), temperature=temperature)))
    reply = tokens[len(prompt) :]
    return reply[: reply.index(stop)] if stop in reply else reply


@wrong("sample_reply", truth="The chosen tokens are never given to next_logits: the prompt is asked every time.")
def forgets_what_it_said(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    for u in uniforms:
        t = int(sample_token(next_logits(prompt), u, temperature=temperature))
        if t == stop:
            break
        out.append(t)
    return out


@wrong("sample_reply", truth="The stop token is appended before the loop ends.")
def appends_then_looks(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    for u in uniforms:
        t = int(sample_token(next_logits(prompt + out), u, temperature=temperature))
        out.append(t)
        if t == stop:
            break
    return out


@wrong("sample_reply", truth="The prompt comes back with the reply.")
def gives_back_the_whole_dialogue(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for u in uniforms:
        t = int(sample_token(next_logits(tokens), u, temperature=temperature))
        if t == stop:
            break
        tokens.append(t)
    return tokens


@wrong("sample_reply", truth="stop is never looked at.")
def never_stops(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    for u in uniforms:
        out.append(int(sample_token(next_logits(prompt + out), u, temperature=temperature)))
    return out


@wrong("sample_reply", truth="The temperature is not passed on, so it is 1.")
def forgets_the_temperature(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    for u in uniforms:
        t = int(sample_token(next_logits(prompt + out), u))
        if t == stop:
            break
        out.append(t)
    return out


@wrong("sample_reply", truth="argmax instead of sampling; the uniforms play no part.")
def takes_the_best(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    for _ in uniforms:
        t = int(np.argmax(next_logits(prompt + out) / max(temperature, 1e-9)))
        if t == stop:
            break
        out.append(t)
    return out


@wrong("sample_reply", truth="Softmax is taken first, and sample_token takes another one.")
def gives_probabilities(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    for u in uniforms:
        logits = next_logits(prompt + out)
        p = np.exp(logits - logits.max())
        t = int(sample_token(p / p.sum(), u, temperature=temperature))
        if t == stop:
            break
        out.append(t)
    return out


@wrong("sample_reply", truth="Probabilities to the power of nothing: divided by the temperature after the softmax.")
def divides_probabilities(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    for u in uniforms:
        logits = next_logits(prompt + out)
        p = np.exp(logits - logits.max())
        p = p / p.sum()
        if temperature == 0:
            t = int(p.argmax())
        else:
            p = p / temperature
            t = int(np.searchsorted(np.cumsum(p / p.sum()), u, side="right"))
        if t == stop:
            break
        out.append(t)
    return out


@wrong("sample_reply", truth="Only the last token is passed on.")
def passes_the_newest_only(next_logits, prompt, uniforms, *, temperature, stop):
    out, last = [], prompt[-1]
    for u in uniforms:
        last = int(sample_token(next_logits([last]), u, temperature=temperature))
        if last == stop:
            break
        out.append(last)
    return out


@wrong("sample_reply", truth="The first number is used for all tokens.")
def uses_the_first_number(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    while len(out) < len(uniforms):
        t = int(sample_token(next_logits(prompt + out), uniforms[0], temperature=temperature))
        if t == stop:
            break
        out.append(t)
    return out


@wrong("sample_reply", truth="The prompt list itself is extended, so the caller's list has changed afterwards.")
def extends_the_prompt(next_logits, prompt, uniforms, *, temperature, stop):
    start = len(prompt)
    for u in uniforms:
        t = int(sample_token(next_logits(prompt), u, temperature=temperature))
        if t == stop:
            break
        prompt.append(t)
    return prompt[start:]


@wrong("sample_reply", truth="The loop asks whether the last token is stop before it writes, so a prompt that ends so is mute.")
def looks_before_it_writes(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for u in uniforms:
        if tokens[-1] == stop:
            break
        tokens.append(int(sample_token(next_logits(tokens), u, temperature=temperature)))
    reply = tokens[len(prompt) :]
    return reply[:-1] if reply and reply[-1] == stop else reply


@wrong("sample_reply", truth="The likeliest token first, then the next: shares are laid out by size, not by number.")
def orders_by_probability(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    for u in uniforms:
        logits = np.asarray(next_logits(prompt + out))
        order = np.argsort(-logits)
        if temperature == 0:
            t = int(order[0])
        else:
            p = np.exp((logits - logits.max()) / temperature)[order]
            t = int(order[np.searchsorted(np.cumsum(p / p.sum()), u, side="right")])
        if t == stop:
            break
        out.append(t)
    return out


@wrong("sample_reply", truth="It draws itself with NumPy's global generator; the given numbers are not used.")
def draws_itself(next_logits, prompt, uniforms, *, temperature, stop):
    out = []
    for _ in range(len(uniforms)):
        logits = np.asarray(next_logits(prompt + out))
        if temperature == 0:
            t = int(logits.argmax())
        else:
            p = np.exp((logits - logits.max()) / temperature)
            t = int(np.random.choice(len(p), p=p / p.sum()))  # noqa: NPY002 - what a learner writes
        if t == stop:
            break
        out.append(t)
    return out
