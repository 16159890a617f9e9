"""Record what Hugging Face's LSH attention computes: `python data/golden/record_hf.py`.

Needs torch and transformers 4.57.6, the last release with the Reformer (`benchmarks/peers.txt`). Writes hf.npz and
hf.json beside this file. The layer is `LSHSelfAttention`, as it comes; its two projections are set to pick the
queries and the values out of the input, which changes no bit of them. Its rotations are drawn again from the same
seed, and the recorded buckets prove that they are the same.
"""

import numpy as np
import torch
from recording import CASES, CHUNK_LENGTH, draw_inputs, write
from transformers import ReformerConfig
from transformers.models.reformer.modeling_reformer import LSHSelfAttention

SEED = 20


def record(queries_keys, values, gradient, *, n_rounds, factors, causal, n_after):
    n_heads, length, n_features = queries_keys.shape
    width = n_heads * n_features
    config = ReformerConfig(
        attention_head_size=n_features,
        num_attention_heads=n_heads,
        hidden_size=2 * width,
        is_decoder=causal,
        lsh_attn_chunk_length=CHUNK_LENGTH,
        lsh_num_chunks_before=1,
        lsh_num_chunks_after=n_after,
        lsh_attention_probs_dropout_prob=0.0,
        num_hashes=n_rounds,
        num_buckets=factors[0] if len(factors) == 1 else factors,
        hash_seed=SEED,
    )
    layer = LSHSelfAttention(config).eval()
    with torch.no_grad():
        layer.query_key.weight.copy_(torch.eye(width, 2 * width))
        layer.value.weight.copy_(torch.eye(2 * width)[width:])
    merged = np.concatenate([np.moveaxis(array, 0, 1).reshape(length, width) for array in (queries_keys, values)], -1)
    hidden = torch.tensor(merged[np.newaxis], requires_grad=True)
    result = layer(hidden)
    merged_gradient = np.moveaxis(gradient, 0, 1).reshape(1, length, width)
    result.hidden_states.backward(torch.tensor(merged_gradient))
    torch.manual_seed(SEED)
    rotations = torch.randn(n_heads, n_features, n_rounds, sum(factors) // 2).numpy()

    def split(array):
        return np.moveaxis(array.reshape(length, n_heads, n_features), 1, 0)

    d_hidden = hidden.grad.numpy()[0]
    return {
        "rotations": np.moveaxis(rotations, 2, 1),
        "buckets": result.buckets.numpy()[0],
        "outputs": split(result.hidden_states.detach().numpy()[0]),
        "d_queries_keys": split(d_hidden[:, :width]),
        "d_values": split(d_hidden[:, width:]),
    }


if __name__ == "__main__":
    arrays = draw_inputs()
    recorded = {name: record(**arrays, **case) for name, case in CASES.items()}
    write("hf", "record_hf.py", ["transformers", "torch", "numpy"], arrays, recorded)
