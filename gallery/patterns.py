"""Which pairs are compared: patterns that say, before any score is known, where each query may look (room G7).

A pattern is an (L, L) table of booleans, True where query i (row) may look at key j (column). All are causal, and show
each token itself. What a pattern goes by is its bet: nearness, a period, marked tokens, chance, or content (`lsh`).
`attend` is the same attention under any of them; `share_seen`, `share_found` and `reach` say what becomes of it.

Letters: L positions, R hash rounds, C chunk length.
Sources: Child et al., "Generating Long Sequences with Sparse Transformers" (2019), section 4; Dai et al.,
"Transformer-XL" (2019); Beltagy, Peters, Cohan, "Longformer" (2020); Zaheer et al., "Big Bird" (2020); Kitaev, Kaiser,
Levskaya, "Reformer" (2020). Where the task is not causal the papers' patterns reach both ways; ours never do.
"""

import numpy as np

from gallery.allowed import allowed_softmax
from reformer.angular import draw_rotations, factorised_hash
from reformer.arguments import require_arrays, require_choice, require_count
from reformer.attention import masked_logits, unit_keys, weighted_sum
from reformer.blocks import feed_forward_branch, from_heads, to_heads
from reformer.chunking import NOBODY
from reformer.fast.lsh_attention import lsh_attention_forward
from reformer.layers import layer_norm
from reformer.lsh_attention import Options, who_sees_whom
from reformer.masks import HIDDEN, attention_mask

TASKS = ("near", "a row back", "in the title", "anywhere", "five back")
NEAR, ROW, TITLE = (3, 20), 96, 16


def how_far_back(length):
    """How far before query i key j stands, i - j: (L, L) integers, negative for later keys."""
    positions = np.arange(require_count("length", length))
    return positions[:, np.newaxis] - positions


def window_pattern(length, n_near):
    """The last `n_near` tokens, itself counted: the window of Longformer's layers."""
    back = how_far_back(length)
    return (back >= 0) & (back < require_count("n_near", n_near))


def strided_pattern(length, n_near, stride):
    """The last `n_near` tokens, itself counted, and every `stride`-th token back from the query.

    Parameters
    ----------
    length : L, at least 1
    n_near : at least 1, which is the token itself
    stride : at least 1; the tokens `stride`, 2 `stride`, 3 `stride`, ... before the query are seen

    Returns
    -------
    pattern : (L, L) boolean array, True where query i may look at key j; never at a later one

    Raises ValueError if a number is out of range.
    Source: Child et al. (2019), section 4.2, where one length serves as both, and each half can have a head of its own.
    """
    back = how_far_back(length)
    return (back >= 0) & ((back < require_count("n_near", n_near)) | (back % require_count("stride", stride) == 0))


def global_pattern(length, n_near, n_first):
    """A window, and the first `n_first` tokens, which all see: Longformer's global tokens, read causally."""
    first = np.arange(length) < require_count("n_first", n_first, at_least=0)
    return window_pattern(length, n_near) | (first & (how_far_back(length) >= 0))


def fixed_pattern(length, block_length, n_summary):
    """The own block so far, and the last `n_summary` places of every block: the Sparse Transformer's "fixed"."""
    block, place = np.divmod(np.arange(length), require_count("block_length", block_length))
    summary = place >= block_length - require_count("n_summary", n_summary, at_least=0)
    return ((block[:, np.newaxis] == block) | summary) & (how_far_back(length) >= 0)


def segment_pattern(length, segment_length, n_cached):
    """The own segment so far, and the `n_cached` tokens before it, whose vectors were kept: Transformer-XL."""
    starts = np.arange(length) // require_count("segment_length", segment_length) * segment_length
    first_seen = starts - require_count("n_cached", n_cached, at_least=0)
    return (np.arange(length) >= first_seen[:, np.newaxis]) & (how_far_back(length) >= 0)


def random_pattern(rng, length, n_random):
    """Itself and `n_random` earlier tokens by chance, or all where there are fewer: the control, which knows nothing.

    With a window and global tokens it makes Big Bird, token by token where the paper draws whole blocks.
    """
    back = how_far_back(length)
    lots = np.where(back > 0, rng.random((length, length)), 2.0)
    last_drawn = np.sort(lots, axis=1)[:, [min(require_count("n_random", n_random), length) - 1]]
    return (back == 0) | ((lots <= last_drawn) & (back > 0))


def lsh_pattern(buckets, *, n_buckets, chunk_length):
    """What a query of `lsh_attention` meets, itself counted, in one of its rounds: buckets (R, L) -> (L, L)."""
    _, chunks, windows, mask = who_sees_whom(buckets, Options(n_buckets, chunk_length))
    pattern = how_far_back(np.shape(buckets)[-1]) == 0
    seen = mask > HIDDEN
    queries, keys, _ = np.broadcast_arrays(chunks[..., np.newaxis], windows[..., np.newaxis, :], seen)
    pattern[queries[seen], keys[seen]] = True
    return pattern


def draw_buckets(rng, vectors, *, n_rounds, chunk_length, deal=False):
    """Buckets under rotations drawn anew, and how many there are: (..., L, d) -> (..., R, L), B.

    B is the largest power of 2 up to L / C, at least 4, hashed in two digits. With `deal` the buckets are dealt out to
    other positions: as full, but they know nothing.
    """
    n_bits = max(int(np.log2(vectors.shape[-2] / chunk_length)), 2)
    shape = dict(n_rounds=n_rounds, n_features=vectors.shape[-1], dtype=vectors.dtype)
    digits = [draw_rotations(rng, n_buckets=2**bits, **shape) for bits in (n_bits - n_bits // 2, n_bits // 2)]
    buckets = factorised_hash(vectors, digits)
    return rng.permuted(buckets, axis=-1) if deal else buckets, 2**n_bits


def hash_pattern(rng, vectors, *, n_rounds, chunk_length):
    """`lsh_pattern` of (L, d) vectors under rotations drawn anew."""
    buckets, n_buckets = draw_buckets(rng, vectors, n_rounds=n_rounds, chunk_length=chunk_length)
    return lsh_pattern(buckets, n_buckets=n_buckets, chunk_length=chunk_length)


def equal_cost(rng, vectors):
    """Patterns of at most 64 keys a query for 512 vectors, after that of all keys: dict of (L, L) arrays."""
    length = len(vectors)
    return {
        "all keys": window_pattern(length, length),
        "window": window_pattern(length, 64),
        "strided": strided_pattern(length, 59, 96),
        "global": global_pattern(length, 48, 16),
        "fixed": fixed_pattern(length, 32, 2),
        "segments": segment_pattern(length, 32, 32),
        "Big Bird": global_pattern(length, 32, 8) | random_pattern(rng, length, 24),
        "LSH": hash_pattern(rng, vectors, n_rounds=4, chunk_length=8),
        "both": window_pattern(length, 32) | hash_pattern(rng, vectors, n_rounds=2, chunk_length=8),
        "chance": random_pattern(rng, length, 63),
    }


def attend(queries_keys, values, pattern):
    """Attention of shared queries and keys under a pattern: (..., L, d), (..., L, e), (L, L) -> (..., L, e).

    `shared_qk_attention` where all earlier keys are allowed, `lsh_attention` that counts each pair once where the
    pattern is that of its buckets. A token weighs itself only where it sees nobody else.
    """
    positions = np.arange(np.shape(pattern)[-1])
    scores = masked_logits(queries_keys, unit_keys(queries_keys), attention_mask(positions, positions))
    return weighted_sum(allowed_softmax(scores, np.broadcast_to(pattern, scores.shape)), values)


def hash_attention(queries_keys, values, *, rng, n_rounds, chunk_length, deal=False):
    """`lsh_attention` under rotations drawn anew, which counts a key as often as it is met; `deal` is a control."""
    sizes = dict(n_rounds=n_rounds, chunk_length=chunk_length)
    buckets, n_buckets = draw_buckets(rng, queries_keys, **sizes, deal=deal)
    return lsh_attention_forward(queries_keys, values, buckets, n_buckets=n_buckets, chunk_length=chunk_length)[0]


def chunk_attention(queries_keys, values, *, chunk_length):
    """Attention to the own chunk of the text and the one before: a window that can be cut into dense pieces."""
    one_bucket = np.zeros((*np.shape(values)[:-2], 1, np.shape(values)[-2]), dtype=np.intp)
    options = dict(n_buckets=1, chunk_length=chunk_length, wrap="none")
    return lsh_attention_forward(queries_keys, values, one_bucket, **options)[0]


def draw_task(rng, length, task, *, cosine=0.9, n_askers=1, n_features=64):
    """Draw for each token the one earlier token that it should find, and vectors that tell which: (partners, vectors).

    "near" is 3 to 20 back, "a row back" 96, "in the title" one of the first 16. "anywhere" gives tokens of the later
    half one of the earlier half, `n_askers` of them the same. "five back" is 5 back, and the vectors do not tell.

    Returns
    -------
    partners : (L,) integers, -1 where a token has none
    vectors : (L, d) float64 array of unit vectors, each at that cosine to its partner's and random otherwise
    """
    positions, half = np.arange(require_count("length", length, at_least=2)), length // 2
    wanted = np.resize(rng.permutation(half)[: max(half // n_askers, 1)], length - half)
    partners = {
        "near": positions - rng.integers(NEAR[0], NEAR[1] + 1, length),
        "a row back": positions - ROW,
        "in the title": np.where(positions < TITLE, NOBODY, rng.integers(0, TITLE, length)),
        "anywhere": np.concatenate([np.full(half, NOBODY), rng.permutation(wanted)]),
        "five back": positions - 5,
    }[require_choice("task", task, TASKS)]
    partners, vectors = np.maximum(partners, NOBODY), rng.standard_normal((length, n_features))
    for i, partner in enumerate(partners):
        if partner == NOBODY or task == "five back":
            vectors[i] /= np.linalg.norm(vectors[i])
        else:
            aside = vectors[i] - vectors[i] @ vectors[partner] * vectors[partner]
            vectors[i] = cosine * vectors[partner] + np.sqrt(1 - cosine**2) * aside / np.linalg.norm(aside)
    return partners, vectors


def share_seen(pattern, partners):
    """Of the later half of the tokens, those whose partner the pattern shows; they all have full windows."""
    asking = len(partners) // 2 + np.flatnonzero(partners[len(partners) // 2 :] != NOBODY)
    return np.mean(pattern[asking, partners[asking]])


def share_found(pattern, vectors, partners, *, sharpness=12.0):
    """Of the later half of the tokens, those that weigh their partner most: scores are `sharpness` times the cosine."""
    weights = attend(sharpness * vectors, np.eye(len(vectors)), pattern)
    return share_seen(weights >= weights.max(axis=1, keepdims=True), partners)


def reach(patterns):
    """Of the tokens before the last, the share whose news can come to it through the last layer, the last two, ...

    patterns : (layers, L, L) boolean array, what each layer sees, the first layer first; returns (layers,) shares
    """
    patterns, shares = require_arrays(patterns=(patterns, "layers L L", bool)), []
    come = np.arange(patterns.shape[-1]) == patterns.shape[-1] - 1
    for pattern in patterns[::-1]:
        come = come @ pattern
        shares.append(np.mean(come[:-1]))
    return np.array(shares)


def accuracy_under(model, parameters, batch, attention):
    """Share of the tokens that count which a model foretells when its attention is another; nothing is trained again.

    model : `TransformerLM` with `attention="shared_qk"`
    batch : (inputs, targets, weights), as of `reformer.tasks`
    attention : function of the (batch, H, L, d) queries and values of a layer
    """
    inputs, targets, weights = batch
    x, _ = model.input_forward(parameters, inputs)
    for layer in parameters["layers"].values():
        x = x + from_heads(attention(*to_heads(x, layer["attention"], model.n_heads)), layer["attention"])
        x = x + feed_forward_branch(model, layer["feed_forward"]).forward(x)[0]
    logits = model.output(parameters, layer_norm(x, **parameters["output"]["norm"]))
    return np.sum((np.argmax(logits, axis=-1) == targets) * weights) / np.sum(weights)
