"""What is measured: for each side, a function without arguments that does the work of one row once.

A side is made by `SIDES[name](row)`; `row` has what, length, heads and rounds, and may have layers (of a model) and
stretch (how much longer queries are than random ones). Imports are inside, so that a process
loads only the side it measures.
"""

import numpy as np

CHUNK_LENGTH, N_FEATURES = 64, 64
MOST_NEW = 64  # tokens for which a text has room behind what it begins with
MODEL = dict(n_layers=6, d_model=256, n_heads=4, d_ff=1024, vocabulary_size=320)


def bucket_factors(length):
    """2 L / C buckets, as the paper has it; two factors, the larger first, where there would be more than 128."""
    n_buckets = 2 * (length // CHUNK_LENGTH)
    if n_buckets <= 128:
        return [n_buckets]
    larger = 2 ** int(np.ceil(np.log2(n_buckets) / 2))
    return [larger, n_buckets // larger]


def draw_arrays(row):
    """Queries, values and the gradient of the outputs: three (H, L, d) float32 arrays.

    Queries are about 8 long; a row's "stretch" makes them so many times longer.
    """
    rng = np.random.default_rng(0)
    arrays = rng.standard_normal((3, row["heads"], row["length"], N_FEATURES), dtype=np.float32)
    arrays[0] *= row.get("stretch", 1)
    return arrays


def draw_tokens(row):
    return np.random.default_rng(0).integers(0, MODEL["vocabulary_size"], (1, row["length"]))


def ours(row):
    """Our tuned path, as a model with `fast=True` runs it."""
    from reformer.angular import draw_rotations
    from reformer.fast.hashing import hash_vectors
    from reformer.fast.lsh_attention import lsh_attention_backward, lsh_attention_forward

    if row["what"] == "model_step":
        return _our_model_step(row)
    if row["what"] == "token":
        return _our_token(row, "lsh")
    queries_keys, values, gradient = draw_arrays(row)
    factors, rng = bucket_factors(row["length"]), np.random.default_rng(0)
    n_workers = row.get("workers", 1)
    options = dict(n_buckets=int(np.prod(factors)), chunk_length=CHUNK_LENGTH, n_workers=n_workers)

    def run():
        rotations = [draw_rotations(rng, n_rounds=row["rounds"], n_features=N_FEATURES, n_buckets=b) for b in factors]
        buckets = hash_vectors(queries_keys, rotations, n_workers=n_workers)
        _, saved = lsh_attention_forward(queries_keys, values, buckets, **options)
        if row["what"] == "forward+backward":
            lsh_attention_backward(gradient, saved)

    return run


def _our_model(row, max_length, attention="lsh"):
    from reformer.model import ReformerLM

    sizes = {**MODEL, "n_layers": row.get("layers", MODEL["n_layers"])}
    chunks = dict(n_rounds=row["rounds"], n_buckets=tuple(bucket_factors(row["length"])), chunk_length=CHUNK_LENGTH)
    model = ReformerLM(max_length=max_length, attention=attention, fast=True, **sizes, **chunks)
    return model, model.init_parameters(np.random.default_rng(0))


def _our_model_step(row):
    model, parameters = _our_model(row, row["length"])
    tokens = draw_tokens(row)
    weights = np.ones(tokens.shape, np.float32)
    return lambda: model.loss_and_gradients(parameters, tokens, np.roll(tokens, -1), weights, seed=0)


def _our_token(row, attention):
    """One more token after so many; the text grows by one a call."""
    from reformer.streaming import Memory

    model, parameters = _our_model(row, row["length"] + MOST_NEW, attention)
    memory = Memory(model, parameters, draw_tokens(row))
    return lambda: memory.step([0])


def again(row):
    """The next token without a memory: everything is computed again."""
    model, parameters = _our_model(row, row["length"])
    return lambda: model.logits(parameters, draw_tokens(row))


def dense(row):
    """Our own dense attention, with shared queries and keys, by blocks."""
    from reformer.gradients import shared_qk_attention_backward, shared_qk_attention_forward

    if row["what"] == "token":
        return _our_token(row, "shared_qk")
    queries_keys, values, gradient = draw_arrays(row)

    def run():
        _, saved = shared_qk_attention_forward(queries_keys, values)
        if row["what"] == "forward+backward":
            shared_qk_attention_backward(gradient, saved)

    return run


def trax(row):
    import jax
    from trax import shapes
    from trax.layers.research.efficient_attention import PureLSHSelfAttention

    queries_keys, values, gradient = (jax.numpy.asarray(array) for array in draw_arrays(row))
    factors = bucket_factors(row["length"])
    layer = PureLSHSelfAttention(
        n_heads=row["heads"],
        d_qk=N_FEATURES,
        d_v=N_FEATURES,
        causal=True,
        chunk_len=CHUNK_LENGTH,
        n_hashes=row["rounds"],
        n_buckets=factors if len(factors) > 1 else factors[0],
        n_parallel_heads=1,
        mode="eval",
    )
    layer.init(shapes.signature((queries_keys, values)))
    given = gradient if row["what"] == "forward+backward" else None

    @jax.jit
    def work(queries_keys, values, state):
        results = layer.forward_and_or_backward(
            (queries_keys, values), state, layer.rng, output_grad=given, compute_output=True, update_state=True
        )
        return [result for result in results if result is not None]

    compiled = work.lower(queries_keys, values, layer.state).compile()
    return lambda: jax.block_until_ready(compiled(queries_keys, values, layer.state))


def hf(row):
    import torch
    from transformers import ReformerConfig
    from transformers.models.reformer.modeling_reformer import LSHSelfAttention

    if row["what"] == "model_step":
        return _hf_model_step(row)
    if row["what"] == "token":
        return _hf_token(row)
    heads, length = row["heads"], row["length"]
    queries_keys, values, gradient = (_merged(torch.tensor(array)) for array in draw_arrays(row))
    config = ReformerConfig(
        attention_head_size=N_FEATURES,
        num_attention_heads=heads,
        hidden_size=heads * N_FEATURES,
        is_decoder=True,
        num_hashes=row["rounds"],
        **_hf_options(length),
    )
    layer = LSHSelfAttention(config).eval()
    layer.query_key, layer.value = _Fixed(queries_keys), _Fixed(values)
    hidden = torch.zeros(1, length, 1)  # only its shape is used, where the projections are left out

    def run():
        if row["what"] == "forward":
            with torch.no_grad():
                layer(hidden)
        else:
            layer(hidden).hidden_states.backward(gradient)

    return run


def _Fixed(vectors):
    """In place of a projection: the vectors it would have made."""
    import torch

    class Fixed(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.vectors = torch.nn.Parameter(vectors)

        def forward(self, hidden):
            return self.vectors

    return Fixed()


def _merged(heads):
    return heads.swapaxes(0, 1).reshape(1, heads.shape[1], -1).contiguous()


def _hf_options(length):
    factors = bucket_factors(length)
    return dict(
        lsh_attn_chunk_length=CHUNK_LENGTH,
        lsh_num_chunks_before=1,
        lsh_num_chunks_after=0,
        lsh_attention_probs_dropout_prob=0.0,
        num_buckets=factors if len(factors) > 1 else factors[0],
        max_position_embeddings=length,
    )


def _hf_model(row, **options):
    from transformers import ReformerConfig, ReformerModelWithLMHead

    config = ReformerConfig(
        attention_head_size=MODEL["d_model"] // MODEL["n_heads"],
        num_attention_heads=MODEL["n_heads"],
        hidden_size=MODEL["d_model"],
        feed_forward_size=MODEL["d_ff"],
        vocab_size=MODEL["vocabulary_size"],
        attn_layers=["lsh"] * row.get("layers", MODEL["n_layers"]),
        num_hashes=row["rounds"],
        hidden_dropout_prob=0.0,
        axial_pos_embds=False,
        is_decoder=True,
        **_hf_options(row["length"]) | options,
    )
    return ReformerModelWithLMHead(config)


def _hf_model_step(row):
    import torch

    model, tokens = _hf_model(row, use_cache=False).train(), torch.tensor(draw_tokens(row))

    def run():
        model.zero_grad()
        model(tokens, labels=tokens).loss.backward()

    return run


def _hf_token(row):
    """One more token by its cache, which keeps hidden vectors and buckets, and projects those in reach again."""
    import torch

    model = _hf_model(row, use_cache=True, max_position_embeddings=row["length"] + MOST_NEW).eval()
    with torch.no_grad():
        past = model(torch.tensor(draw_tokens(row)), use_cache=True).past_buckets_states
    token = torch.zeros((1, 1), dtype=torch.long)

    def run():
        nonlocal past
        with torch.no_grad():
            past = model(token, past_buckets_states=past, use_cache=True).past_buckets_states

    return run


def lucidrains(row):
    import torch
    from reformer_pytorch import LSHAttention

    queries_keys, values, gradient = (torch.tensor(array) for array in draw_arrays(row))
    layer = LSHAttention(bucket_size=CHUNK_LENGTH, n_hashes=row["rounds"], causal=True).eval()
    return _torch_run(row, lambda q, v: layer(q, v)[0], (queries_keys, values), gradient)


def sdpa(row):
    import torch

    queries, values, gradient = (torch.tensor(array)[None] for array in draw_arrays(row))
    attend = torch.nn.functional.scaled_dot_product_attention
    return _torch_run(row, lambda q, v: attend(q, q, v, is_causal=True), (queries, values), gradient)


def _torch_run(row, attend, inputs, gradient):
    import torch

    if row["what"] == "forward":
        return lambda: _without_gradient(attend, inputs)
    inputs = [array.requires_grad_() for array in inputs]
    return lambda: torch.autograd.grad(attend(*inputs), inputs, gradient)


def _without_gradient(attend, inputs):
    import torch

    with torch.no_grad():
        attend(*inputs)


SIDES = {"ours": ours, "dense": dense, "again": again, "trax": trax, "hf": hf, "lucidrains": lucidrains, "sdpa": sdpa}
