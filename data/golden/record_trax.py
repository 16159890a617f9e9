"""Record what Trax's LSH attention computes: `python data/golden/record_trax.py`, in an environment with Trax.

Writes trax.npz and trax.json beside this file. The layer is `PureLSHSelfAttention`, as it comes. Its rotations are
drawn again from the same keys as inside the layer (`forward_unbatched` splits the key in its state, `hash_vecs` draws
from the second half), and the recorded buckets prove that they are the same.
"""

import numpy as np
from recording import CASES, CHUNK_LENGTH, draw_inputs, write

from trax_bridge import load_trax

shapes = load_trax().shapes  # with the random bits that Trax was written for, so before jax is imported

import jax  # noqa: E402
from trax.layers.research.efficient_attention import PureLSHSelfAttention  # noqa: E402


def record(queries_keys, values, gradient, *, n_rounds, factors, causal, n_after):
    n_heads, _, n_features = queries_keys.shape
    layer = PureLSHSelfAttention(
        n_heads=n_heads,
        d_qk=n_features,
        d_v=values.shape[-1],
        causal=causal,
        chunk_len=CHUNK_LENGTH,
        n_chunks_after=n_after,
        n_hashes=n_rounds,
        n_buckets=factors[0] if len(factors) == 1 else factors,
        mode="eval",
    )
    inputs = tuple(jax.numpy.asarray(array) for array in (queries_keys, values))
    layer.init(shapes.signature(inputs), rng=jax.random.PRNGKey(0))
    state = layer.state
    outputs, (buckets, _), gradients = layer.forward_and_or_backward(
        inputs, state, layer.rng, output_grad=jax.numpy.asarray(gradient), compute_output=True, update_state=True
    )
    keys = [jax.random.split(head_key)[1] for head_key in state[1]]
    rotations = [jax.random.normal(key, (n_features, n_rounds, sum(factors) // 2)) for key in keys]
    return {
        "rotations": np.moveaxis(np.stack(rotations), 2, 1),
        "buckets": np.asarray(buckets).reshape(n_heads, n_rounds, -1),
        "outputs": np.asarray(outputs),
        "d_queries_keys": np.asarray(gradients[0]),
        "d_values": np.asarray(gradients[1]),
    }


if __name__ == "__main__":
    arrays = draw_inputs()
    recorded = {name: record(**arrays, **case) for name, case in CASES.items()}
    write("trax", "record_trax.py", ["trax", "jax", "jaxlib", "numpy"], arrays, recorded)
