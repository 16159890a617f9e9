"""What Trax 1.4.1 and `reformer` do differently, and no setting makes equal: the last part of lesson 05c's ledger.

Where a setting does make them equal, `models` sets it. Then, with one hash round, a whole ReformerLM of Trax gives the
logits of ours to 1e-6, loss and gradients likewise; with several rounds to 1e-11 in float64, and in float32 but for the
first entry below. Each entry says where it stands in Trax, and what was measured: with jax 0.5.3 on seeds 0, 1, 2, by
`tests/trax_bridge/test_trax_long.py`, which keeps its figures in `tests/results/trax.json`.
"""

from typing import NamedTuple

ATTENTION = "layers/research/efficient_attention.py"
MODEL = "models/reformer/reformer.py"


class Difference(NamedTuple):
    """One convention: what the course does, what Trax does, where in Trax, and what of it was measured."""

    convention: str
    ours: str
    trax: str
    where: str
    measured: str


LEDGER = (
    Difference(
        "combining rounds where a token sees only itself",
        "each round by its share: exact",
        "exp of a difference of float32 numbers near -1e5, which lie 0.008 apart",
        f"{ATTENTION}: LSHSelfAttention.forward_unbatched",
        "such rows, 10 % with 2 rounds to 20 % with 8 (128 tokens in chunks of 8), are off by up to 0.35 %, all others "
        "by 1e-6; logits of a whole model of 2 or 4 rounds by up to 0.005",
    ),
    Difference(
        "a token sees itself as a last resort",
        "at -1e30, and what is hidden at -inf",
        "at -1e5, and what is hidden at -1e9",
        f"{ATTENTION}: mask_self_attention",
        "nothing while queries are shorter than 5e4; inputs of size 1e6 make 95 % of the rows others",
    ),
    Difference(
        "rotations",
        "one set a layer, shared by heads and batch, from NumPy",
        "a set for each head and each entry of the batch, from a jax key in the state, new at each call",
        f"{ATTENTION}: LSHSelfAttention.hash_vectors",
        "`models.rotated` is told Trax's rotations: then every bucket is the same",
    ),
    Difference(
        "padding",
        "cut out before the sort: it moves no border",
        "a bucket of its own at the end of each round, seen by nobody; ReformerLM has no mask at all",
        f"{ATTENTION}: hash_vectors; {MODEL}: DecoderBlock",
        "40 of 128 tokens padded: 6 to 14 % of the real rows differ with 1 round, 26 to 29 % with 4",
    ),
    Difference(
        "a text written token by token",
        "the newest token sees what it would see as the last one of a whole text",
        "it sees 2 R C tokens: those of its buckets, wherever they stand, and then the latest, by rotations other than "
        "those of the same key in training",
        f"{ATTENTION}: LSHSelfAttention._incremental_forward_unbatched",
        "of 32 tokens, 94 % or more get other logits than all at once, by 0.5 to 3 in a model that is not trained; "
        "while there are fewer than 2 R C, exactly those of shared queries and keys without LSH, since all are seen",
    ),
    Difference(
        "the first input",
        "the caller shifts: inputs and targets are two arguments",
        "the model shifts: one token 0 in front, the last token dropped",
        f"{MODEL}: ReformerLM, ShiftRight",
        "shift before the call of ours, and logits are the same",
    ),
    Difference(
        "position vectors",
        'sinusoids are fixed ("sinusoidal") or a table is trained ("learned"); a text may end anywhere in the grid',
        "sinusoids are where a trained table starts; axial ones need a text as long as the whole grid",
        "layers/attention.py: PositionalEncoding; layers/research/position_encodings.py: AxialPositionalEncoding",
        '"learned" and whole grids agree; `to_trax` refuses "sinusoidal"',
    ),
    Difference(
        "lengths",
        "any",
        "whole chunks only",
        f"{ATTENTION}: attend",
        "another length is an error of reshape in Trax",
    ),
    Difference(
        "other buckets hidden, a pair counted once",
        "options: `same_bucket_only`, `correct_duplicates`",
        "neither",
        f"{ATTENTION}: attend",
        "rows a and b of lesson 05c; `to_trax` refuses both",
    ),
    Difference(
        "the sort",
        "by bucket, stable, in 64 bits",
        "by L bucket + position, in 32 bits",
        f"{ATTENTION}: forward_unbatched",
        "the same order while R B L is at most 2^31: 16 rounds of 2,048 buckets at 65,536 tokens; one more round wraps",
    ),
    Difference(
        "dropout",
        "of the outputs of each branch, drawn anew at each position",
        "of token and position vectors, attention weights and branches too, one draw for all positions",
        f"{MODEL}: ReformerLM; {ATTENTION}: apply_broadcasted_dropout",
        "compared without dropout only",
    ),
    Difference(
        "numbers to start from",
        "normal, standard deviation 1 / sqrt(rows)",
        "uniform (Glorot) for matrices, biases near 0",
        f"{ATTENTION}: _kernel_initializer; layers/core.py: Dense",
        "`from_trax` and `to_trax` carry them over, bit for bit",
    ),
)
