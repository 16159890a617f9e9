"""Read the held-out text with other attention than the model was trained with: `python data/attention/read_with.py`.

The stored `shared_qk` model reads every window of 1,024 characters of the held-out text: with all keys, with the last
few, with LSH of 2 to 32 rounds. Nothing is trained again. Bits a character, several seeds of the hash, and CPU
seconds go to read_with.json. The whole takes about six CPU minutes.

LSH counts a key that is met several times once ("once"), or as often as it is met, as the published code does ("as
met"). "random buckets" deals out the buckets of "once" anew: as full, but they know nothing.
"""

import argparse
import json
import platform
import time
from functools import partial
from pathlib import Path

import numpy as np

from classroom import vectors
from reformer.angular import draw_rotations
from reformer.attention import masked_logits, shared_qk_attention, softmax, unit_keys
from reformer.blocks import feed_forward_branch, from_heads, to_heads
from reformer.fast.hashing import hash_vectors
from reformer.fast.lsh_attention import lsh_attention_forward
from reformer.layers import layer_norm
from reformer.losses import cross_entropy
from reformer.masks import attention_mask

HERE = Path(__file__).resolve().parent
MODEL = "shared_qk"
N_BUCKETS, CHUNK_LENGTH = 64, 16
ROUNDS = (2, 4, 8, 16, 32)  # at 8 LSH meets the bits of all keys; whether it stays there, more rounds say
WINDOWS = (16, 32, 128, 512)
SEEDS = (0, 1, 2)


def last_keys(queries_keys, values, *, n_keys):
    """Attention to the last `n_keys` keys before a token alone: (..., L, d), (..., L, e) -> (..., L, e)."""
    positions = np.arange(values.shape[-2])
    mask = attention_mask(positions, positions)
    mask[positions[:, np.newaxis] - positions > n_keys] = -np.inf
    return softmax(masked_logits(queries_keys, unit_keys(queries_keys), mask)) @ values


def by_lsh(queries_keys, values, *, rng, n_rounds, correct_duplicates=True, deal=False):
    """LSH attention with rotations drawn anew, shared by all heads; `deal` gives the buckets to other positions."""
    shape = dict(n_rounds=n_rounds, n_features=queries_keys.shape[-1], n_buckets=N_BUCKETS)
    buckets = hash_vectors(queries_keys, [draw_rotations(rng, **shape)])
    if deal:
        buckets = rng.permuted(buckets, axis=-1)
    options = dict(n_buckets=N_BUCKETS, chunk_length=CHUNK_LENGTH, correct_duplicates=correct_duplicates)
    return lsh_attention_forward(queries_keys, values, buckets, **options)[0]


def bits_of_window(model, parameters, tokens, attend):
    """Bits a character on one window: (L + 1,) tokens, and `attend`, which takes (H, L, d) and (H, L, e) arrays."""
    x, _ = model.input_forward(parameters, tokens[np.newaxis, :-1])
    for layer in parameters["layers"].values():
        queries_keys, values = to_heads(x, layer["attention"], model.n_heads)
        x = x + from_heads(attend(queries_keys[0], values[0])[np.newaxis], layer["attention"])
        x = x + feed_forward_branch(model, layer["feed_forward"]).forward(x)[0]
    logits = model.output(parameters, layer_norm(x, **parameters["output"]["norm"]))
    return cross_entropy(logits, tokens[np.newaxis, 1:], np.ones((1, len(tokens) - 1))) / np.log(2)


def windows_of_text(length):
    """Windows of the held-out text, one after the other, each with the token that follows it: (n, length + 1)."""
    tokens = vectors.as_tokens(vectors.text("held_out"))
    starts = np.arange(0, len(tokens) - length, length)
    return tokens[starts[:, np.newaxis] + np.arange(length + 1)]


def bits(attend, n_windows=None):
    """Bits a character over the first windows of the text, or over all, with one kind of attention."""
    model, parameters = vectors.stored_model(MODEL)
    windows = windows_of_text(model.max_length)[:n_windows]
    return float(np.mean([bits_of_window(model, parameters, window, attend) for window in windows]))


def ways(seed):
    """All kinds of attention that need this seed: (kind, setting, attention). Seed None needs no hash."""
    if seed is None:
        yield "all keys", "", shared_qk_attention
        yield from (("last keys", str(n), partial(last_keys, n_keys=n)) for n in WINDOWS)
        return
    kinds = {"once": {}, "as met": {"correct_duplicates": False}, "random buckets": {"deal": True}}
    for kind, options in kinds.items():
        for n_rounds in ROUNDS:
            rng = np.random.default_rng((seed, n_rounds))
            yield kind, str(n_rounds), partial(by_lsh, rng=rng, n_rounds=n_rounds, **options)


def measure(n_windows=None):
    """Bits of all kinds: {"all keys": ..., "last keys": {"16": ...}, "once": {"2": [one for each seed]}, ...}."""
    found = {}
    for seed in (None, *SEEDS):
        for kind, setting, attend in ways(seed):
            read = round(bits(attend, n_windows), 4)
            print(f"{kind} {setting}, seed {seed}: {read:.3f} bits a character", flush=True)
            if seed is not None:
                found.setdefault(kind, {}).setdefault(setting, []).append(read)
            elif setting:
                found.setdefault(kind, {})[setting] = read
            else:
                found[kind] = read
    return found


def main(arguments=None):
    """Read with all kinds of attention, and store what it costs in bits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=int, help="how many windows to read; all of them without it")
    parser.add_argument("--out", type=Path, default=HERE, help="the folder to write to")
    asked = parser.parse_args(arguments)
    before = time.process_time()
    found = measure(asked.windows)
    length = vectors.SETTINGS["max_length"]
    results = {
        "script": "data/attention/read_with.py",
        "settings": {
            "model": MODEL,
            "length": length,
            "n_windows": len(windows_of_text(length)[: asked.windows]),
            "n_buckets": N_BUCKETS,
            "chunk_length": CHUNK_LENGTH,
            "seeds": SEEDS,
        },
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
        "cpu_seconds": round(time.process_time() - before),
        "bits_per_character": found,
    }
    (asked.out / "read_with.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
