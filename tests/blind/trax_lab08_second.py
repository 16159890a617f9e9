"""Answers to the exercises of lab 08 that need Trax, written from its text by somebody who saw nothing else of it.

They take minutes, so they stand apart from those that the selftest asks.
"""

from functools import partial
from itertools import cycle, islice

import numpy as np

from tests.blind import right, wrong
from trax_bridge import load_trax

# ---- reformer_lm


def _lsh(n_rounds, n_buckets, chunk_length):
    """The attention as the task asks."""
    return partial(load_trax().layers.LSHSelfAttention, n_hashes=n_rounds, n_buckets=n_buckets, chunk_len=chunk_length)


@right("reformer_lm")
def row_by_row_down_the_table(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    trax = load_trax()
    attention = partial(trax.layers.LSHSelfAttention, n_hashes=n_rounds, n_buckets=n_buckets, chunk_len=chunk_length)
    return trax.models.reformer.ReformerLM(
        vocab_size=vocabulary_size,
        max_len=max_length,
        d_model=d_model,
        n_heads=n_heads,
        n_layers=n_layers,
        d_ff=2 * d_model,
        d_attention_key=d_model // n_heads,
        d_attention_value=d_model // n_heads,
        ff_activation=trax.layers.Relu,
        attention_type=attention,
        dropout=0.0,
        mode="train",
    )


@right("reformer_lm")
def attention_by_a_function_of_its_own(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    tl = load_trax().layers

    def make_attention(**sizes):
        return tl.LSHSelfAttention(**sizes, chunk_len=chunk_length, n_hashes=n_rounds, n_buckets=n_buckets)

    d_head = d_model // n_heads
    settings = {"d_attention_key": d_head, "d_attention_value": d_head, "d_ff": d_model * 2, "dropout": 0}
    settings |= {"attention_type": make_attention, "ff_activation": tl.Relu}
    return load_trax().models.reformer.ReformerLM(
        vocabulary_size, d_model, n_layers=n_layers, n_heads=n_heads, max_len=max_length, **settings
    )


@right("reformer_lm")
def attention_in_a_list_of_one(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    trax = load_trax()
    lsh = lambda **heads: trax.layers.LSHSelfAttention(  # noqa: E731
        n_hashes=n_rounds, n_buckets=n_buckets, chunk_len=chunk_length, **heads
    )
    width = int(d_model / n_heads)
    return trax.models.ReformerLM(
        vocabulary_size,
        d_model,
        2 * d_model,
        width,
        width,
        n_layers,
        n_heads,
        0.0,
        max_length,
        [lsh],
        ff_activation=trax.layers.Relu,
    )


def _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers):
    """The arguments of Trax that are no attention, as the task asks."""
    return {
        "vocab_size": vocabulary_size,
        "max_len": max_length,
        "d_model": d_model,
        "n_heads": n_heads,
        "n_layers": n_layers,
        "d_ff": 2 * d_model,
        "d_attention_key": d_model // n_heads,
        "d_attention_value": d_model // n_heads,
        "ff_activation": load_trax().layers.Relu,
        "dropout": 0.0,
        "mode": "train",
    }


@wrong(
    "reformer_lm",
    truth="attention_type is left out, so it is Trax's dense SelfAttention with keys of their own; rounds, buckets and "
    "chunks are not used. Wrong for every input (another parameter, and dense attention).",
)
def attention_left_at_its_default(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    return load_trax().models.reformer.ReformerLM(**sizes)


@wrong(
    "reformer_lm",
    truth="SelfAttention with chunks, and shared queries and keys: each chunk looks at itself and the one before it in "
    "the order of the text, nothing is hashed. The parameters fit, the logits are others.",
)
def chunks_without_hashing(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    trax = load_trax()
    attention = partial(trax.layers.SelfAttention, chunk_len=chunk_length, n_chunks_before=1, share_qk=True)
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    return trax.models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="Dense and LSH attention by turns, as some of Trax's configurations: with an even number of layers every "
    "second one is dense, with an odd one Trax refuses.",
)
def dense_and_lsh_by_turns(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    trax = load_trax()
    both = [trax.layers.SelfAttention, _lsh(n_rounds, n_buckets, chunk_length)]
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    return trax.models.reformer.ReformerLM(**sizes, attention_type=both)


@wrong(
    "reformer_lm",
    truth="Keys and values of d_model features in each head; they are to have d_model / n_heads. Right with one head.",
)
def heads_as_wide_as_the_model(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    sizes |= {"d_attention_key": d_model, "d_attention_value": d_model}
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="d_attention_key and d_attention_value are left at Trax's 64. Right only where d_model / n_heads is 64.",
)
def heads_left_at_64(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    del sizes["d_attention_key"], sizes["d_attention_value"]
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="Only the keys are split among the heads; d_attention_value is left at 64. Right only where d_model / "
    "n_heads "
    "is 64.",
)
def values_left_at_64(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    del sizes["d_attention_value"]
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong("reformer_lm", truth="d_ff is left at Trax's 2048 in place of 2 d_model.")
def feed_forward_left_at_2048(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    del sizes["d_ff"]
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="Two habits of GPT-2: four times d_model features in the feed-forward layer, and Gelu; twice and ReLU are "
    "asked.",
)
def feed_forward_as_in_gpt2(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    sizes |= {"d_ff": 4 * d_model, "ff_activation": load_trax().layers.Gelu}
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="ff_activation is left out, so it is Trax's FastGelu in place of ReLU. The parameters fit, the logits "
    "differ.",
)
def activation_left_at_its_default(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    del sizes["ff_activation"]
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="trax.layers.Relu() with brackets: a layer where Trax wants what makes it. Building the model fails.",
)
def relu_with_brackets(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    sizes["ff_activation"] = load_trax().layers.Relu()
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="attention_type is a layer already made, not a function that makes it. Building the model fails.",
)
def attention_made_too_early(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    trax = load_trax()
    attention = trax.layers.LSHSelfAttention(
        n_heads=n_heads,
        d_qk=d_model // n_heads,
        d_v=d_model // n_heads,
        causal=True,
        n_hashes=n_rounds,
        n_buckets=n_buckets,
        chunk_len=chunk_length,
    )
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    return trax.models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="Dropout is left at Trax's 0.1: in train mode features are dropped by chance, so the logits are others, and "
    "change with the random numbers.",
)
def dropout_left_at_its_default(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    del sizes["dropout"]
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="mode is 'predict': no shift of the inputs, and a memory for one token at a time. 'train' is asked; the "
    "logits "
    "are others.",
)
def mode_for_prediction(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers) | {"mode": "predict"}
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="max_len is left at 2048: the model learns vectors for 2048 positions in place of max_length.",
)
def positions_left_at_2048(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    del sizes["max_len"]
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="One position more than max_length, for the zero that the shift puts in front. The shift drops the last "
    "token, "
    "so none is needed: d_model parameters too many.",
)
def one_more_position_for_the_shift(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length + 1, d_model, n_heads, n_layers)
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="One token more than vocabulary_size, for the padding. The padding is one of the tokens; the logits have one "
    "column too many.",
)
def one_more_token_for_the_padding(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size + 1, max_length, d_model, n_heads, n_layers)
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="Fixed waves of sine and cosine for the positions (pos_type); a learned vector for each is asked. "
    "max_length · d_model parameters too few.",
)
def positions_by_sine_and_cosine(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention, pos_type="sin-cos")


@wrong(
    "reformer_lm",
    truth="Axial positions, as in the paper: two small tables in place of a learned vector for each position. Too few "
    "parameters of the positions.",
)
def axial_positions_as_in_the_paper(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    sizes["pos_type"] = "axial"
    sizes |= {"pos_axial_shape": (2, max_length // 2), "pos_d_axial_embs": (d_model // 2, d_model - d_model // 2)}
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="d_model is taken for the features of both streams together, so each has half as many. Every shape is wrong.",
)
def half_the_features_in_each_stream(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers) | {"d_model": d_model // 2}
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong("reformer_lm", truth="n_layers is not handed on, so there are Trax's 6 layers.")
def layers_left_at_6(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    del sizes["n_layers"]
    attention = _lsh(n_rounds, n_buckets, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="n_heads is given to the attention, where the model's own call overrides it, and not to the model, which has "
    "8 heads then. Right with 8 heads only.",
)
def heads_given_to_the_attention_alone(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    del sizes["n_heads"]
    attention = partial(_lsh(n_rounds, n_buckets, chunk_length), n_heads=n_heads)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="n_hashes and n_buckets are mixed up: as many rounds as buckets are asked, and as many buckets as rounds "
    "(where these are odd, Trax refuses).",
)
def rounds_and_buckets_mixed_up(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    attention = _lsh(n_buckets, n_rounds, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong("reformer_lm", truth="n_rounds is not used: n_hashes is left at 1. Right with one round only.")
def one_round_always(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    trax = load_trax()
    attention = partial(trax.layers.LSHSelfAttention, n_buckets=n_buckets, chunk_len=chunk_length)
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    return trax.models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="n_buckets is not used: Trax then takes 2 (L // C) of them. Right only where n_buckets is that number.",
)
def buckets_left_to_trax(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    trax = load_trax()
    attention = partial(trax.layers.LSHSelfAttention, n_hashes=n_rounds, chunk_len=chunk_length)
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    return trax.models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="n_buckets // 2 is handed on, since half as many rotations are drawn as there are buckets; Trax halves it "
    "itself. Half the buckets, and refused where that is odd.",
)
def half_the_buckets(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    attention = _lsh(n_rounds, n_buckets // 2, chunk_length)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="The chunk length goes to attention_chunk_size of the model, and chunk_len is left at 128. The model then "
    "cuts "
    "the text for the attention in another way, or Trax fails.",
)
def chunks_given_to_the_model(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    trax = load_trax()
    attention = partial(trax.layers.LSHSelfAttention, n_hashes=n_rounds, n_buckets=n_buckets)
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    return trax.models.reformer.ReformerLM(**sizes, attention_type=attention, attention_chunk_size=chunk_length)


@wrong(
    "reformer_lm",
    truth="chunk_length is not used: chunks have max_length // n_buckets positions, the mean size of a bucket. Right "
    "only where that is the same.",
)
def chunks_as_long_as_a_bucket(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    attention = _lsh(n_rounds, n_buckets, max(1, max_length // n_buckets))
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="n_chunks_before=0: each chunk looks at itself alone, not at the one before it too. Its default, 1, was to "
    "stay. Wrong wherever there is more than one chunk.",
)
def no_look_at_the_chunk_before(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    attention = partial(_lsh(n_rounds, n_buckets, chunk_length), n_chunks_before=0)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


@wrong(
    "reformer_lm",
    truth="Adds the chunk behind, n_chunks_after=1, to what a chunk looks at; its default, 0, was to stay. Logits "
    "differ "
    "where an earlier position stands in a later chunk of the sorted row.",
)
def looks_at_the_chunk_behind_too(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    sizes = _sizes(vocabulary_size, max_length, d_model, n_heads, n_layers)
    attention = partial(_lsh(n_rounds, n_buckets, chunk_length), n_chunks_before=1, n_chunks_after=1)
    return load_trax().models.reformer.ReformerLM(**sizes, attention_type=attention)


# ---- training_loop


def _as_batch(tokens, weights):
    """Inputs, targets and weights as the task asks."""
    asarray = load_trax().fastmath.numpy.asarray
    return asarray(tokens), asarray(tokens), asarray(weights)


def _trainer(model, loss=None, adam=None):
    """A trainer as the task asks, unless another loss or optimizer is given."""
    trax = load_trax()
    with_loss = trax.layers.Serial(model, loss or trax.layers.WeightedCategoryCrossEntropy())
    adam = adam or trax.optimizers.Adam()
    adam.tree_init(with_loss.weights)
    return trax.optimizers.Trainer(with_loss, adam, n_devices=1)


def _train(trainer, batches, learning_rate, n_steps):
    """The steps as the task asks."""
    random, losses = load_trax().fastmath.random, []
    for step in range(n_steps):
        batch = _as_batch(*batches[step % len(batches)])
        loss, _ = trainer.one_step(batch, random.get_prng(step), step=step, learning_rate=learning_rate)
        losses.append(float(loss))
    return losses


@right("training_loop")
def one_trainer_and_a_loop(model, batches, *, learning_rate, n_steps):
    trax = load_trax()
    with_loss = trax.layers.Serial(model, trax.layers.WeightedCategoryCrossEntropy())
    adam = trax.optimizers.Adam()
    adam.tree_init(with_loss.weights)
    trainer = trax.optimizers.Trainer(with_loss, adam, n_devices=1)
    asarray, losses = trax.fastmath.numpy.asarray, []
    for step in range(n_steps):
        tokens, weights = batches[step % len(batches)]
        tokens = asarray(tokens)
        loss, _ = trainer.one_step(
            (tokens, tokens, asarray(weights)),
            trax.fastmath.random.get_prng(step),
            step=step,
            learning_rate=learning_rate,
        )
        losses.append(float(loss))
    return losses


@right("training_loop")
def the_rate_given_to_adam_and_a_cycle(model, batches, *, learning_rate, n_steps):
    trax = load_trax()
    trainer = _trainer(model, adam=trax.optimizers.Adam(learning_rate))
    rng, losses = trax.fastmath.random.get_prng(7), []
    ready = [_as_batch(tokens, weights) for tokens, weights in batches]
    for step, batch in enumerate(islice(cycle(ready), n_steps)):
        rng, now = trax.fastmath.random.split(rng)
        losses.append(trainer.one_step(batch, now, step=step)[0].item())
    return losses


@right("training_loop")
def gradients_and_updates_by_hand(model, batches, *, learning_rate, n_steps):
    trax = load_trax()
    with_loss = trax.layers.Serial(model, trax.layers.WeightedCategoryCrossEntropy())
    adam = trax.optimizers.Adam(learning_rate=learning_rate)
    slots, options = adam.tree_init(with_loss.weights)
    gradient = trax.fastmath.jit(trax.fastmath.value_and_grad(with_loss.pure_fn, argnums=1, has_aux=True))
    weights, state, losses = with_loss.weights, with_loss.state, []
    for step in range(n_steps):
        batch = _as_batch(*batches[step % len(batches)])
        (loss, state), grads = gradient(batch, weights, state, trax.fastmath.random.get_prng(step))
        weights, slots, _ = adam.tree_update(step, grads, weights, slots, options)
        losses.append(float(loss))
    with_loss.weights, with_loss.state = weights, state
    return losses


@wrong(
    "training_loop",
    truth="Counts the steps from 1: Adam corrects the first moments as if they were the second ones. The first loss is "
    "right, all after it and the weights are not.",
)
def counts_steps_from_one(model, batches, *, learning_rate, n_steps):
    trainer, losses = _trainer(model), []
    prng = load_trax().fastmath.random.get_prng
    for step in range(1, n_steps + 1):
        batch = _as_batch(*batches[(step - 1) % len(batches)])
        losses.append(float(trainer.one_step(batch, prng(step), step=step, learning_rate=learning_rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="Does not hand the step on: it is 0 for all, and Adam corrects every moment as if it were the first one. "
    "Wrong "
    "from the second step's weights on.",
)
def every_step_is_step_zero(model, batches, *, learning_rate, n_steps):
    trainer, losses = _trainer(model), []
    prng = load_trax().fastmath.random.get_prng
    for step in range(n_steps):
        batch = _as_batch(*batches[step % len(batches)])
        losses.append(float(trainer.one_step(batch, prng(step), learning_rate=learning_rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="The count of steps begins anew with each pass over the batches: Adam is told step 0 again. Wrong where "
    "n_steps is above the number of batches.",
)
def counts_steps_within_a_pass(model, batches, *, learning_rate, n_steps):
    trainer, losses = _trainer(model), []
    prng = load_trax().fastmath.random.get_prng
    while len(losses) < n_steps:
        for step, (tokens, weights) in enumerate(batches[: n_steps - len(losses)]):
            batch = _as_batch(tokens, weights)
            loss, _ = trainer.one_step(batch, prng(len(losses)), step=step, learning_rate=learning_rate)
            losses.append(float(loss))
    return losses


@wrong(
    "training_loop",
    truth="Makes a new Adam and trainer in each step, so its moments are forgotten. Wrong from the second step's "
    "weights "
    "on (third loss).",
)
def a_new_adam_in_each_step(model, batches, *, learning_rate, n_steps):
    losses = []
    prng = load_trax().fastmath.random.get_prng
    for step in range(n_steps):
        trainer = _trainer(model)
        batch = _as_batch(*batches[step % len(batches)])
        losses.append(float(trainer.one_step(batch, prng(step), step=step, learning_rate=learning_rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="learning_rate is not used: Adam keeps its 0.0001. The first loss is right, all after it are not unless that "
    "is the rate.",
)
def the_rate_is_not_used(model, batches, *, learning_rate, n_steps):
    trainer, losses = _trainer(model), []
    prng = load_trax().fastmath.random.get_prng
    for step in range(n_steps):
        batch = _as_batch(*batches[step % len(batches)])
        losses.append(float(trainer.one_step(batch, prng(step), step=step)[0]))
    return losses


@wrong(
    "training_loop",
    truth="The rate falls with the root of the step, as in many recipes; learning_rate is to be that of every step. "
    "Wrong from the second step's weights on.",
)
def the_rate_falls(model, batches, *, learning_rate, n_steps):
    trainer, losses = _trainer(model), []
    prng = load_trax().fastmath.random.get_prng
    for step in range(n_steps):
        batch = _as_batch(*batches[step % len(batches)])
        rate = learning_rate / np.sqrt(step + 1)
        losses.append(float(trainer.one_step(batch, prng(step), step=step, learning_rate=rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="The rate rises linearly over the first ten steps, a warm-up nobody asked for. The first loss is right, the "
    "second not.",
)
def the_rate_warms_up(model, batches, *, learning_rate, n_steps):
    trainer, losses = _trainer(model), []
    prng = load_trax().fastmath.random.get_prng
    for step in range(n_steps):
        batch = _as_batch(*batches[step % len(batches)])
        rate = learning_rate * min(1.0, (step + 1) / 10)
        losses.append(float(trainer.one_step(batch, prng(step), step=step, learning_rate=rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="CategoryCrossEntropy, without weights: the mean is over all places, the padding too. Wrong where not all "
    "weights are equal.",
)
def a_loss_without_weights(model, batches, *, learning_rate, n_steps):
    trax, losses = load_trax(), []
    trainer = _trainer(model, trax.layers.CategoryCrossEntropy())
    for step in range(n_steps):
        batch = _as_batch(*batches[step % len(batches)])[:2]
        rng = trax.fastmath.random.get_prng(step)
        losses.append(float(trainer.one_step(batch, rng, step=step, learning_rate=learning_rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="Makes weights of its own, 1 where the token is not 0, and ignores those of the batch. Wrong where a token 0 "
    "counts, where pad is another number, or where weights are not 0 and 1.",
)
def weights_read_off_the_tokens(model, batches, *, learning_rate, n_steps):
    own = [(tokens, (np.asarray(tokens) != 0).astype(np.float32)) for tokens, _ in batches]
    return _train(_trainer(model), own, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="Makes weights of 0 and 1 out of those of the batch (> 0). A weight of 10, as the lab's own batches have it, "
    "or of 1/2, counts as 1.",
)
def weights_made_zero_and_one(model, batches, *, learning_rate, n_steps):
    cut = [(tokens, (np.asarray(weights) > 0).astype(np.float32)) for tokens, weights in batches]
    return _train(_trainer(model), cut, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="The sum of weight · surprise is divided by the number of all places, not by the sum of the weights. Wrong "
    "where the weights are not 1 on average.",
)
def divides_by_all_places(model, batches, *, learning_rate, n_steps):
    trax = load_trax()
    np_, log_softmax = trax.fastmath.numpy, trax.layers.log_softmax

    def mean(logits, targets, weights):
        hot = trax.layers.one_hot(targets, logits.shape[-1])
        return np_.mean(-np_.sum(hot * log_softmax(logits), axis=-1) * weights)

    return _train(_trainer(model, trax.layers.Fn("Loss", mean)), batches, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="The mean over the rows of each row's own weighted mean. Wrong where the rows of a batch have different sums "
    "of weights; a row without weight divides 0 by 0.",
)
def the_mean_of_each_row_first(model, batches, *, learning_rate, n_steps):
    trax = load_trax()
    np_, log_softmax = trax.fastmath.numpy, trax.layers.log_softmax

    def mean(logits, targets, weights):
        hot = trax.layers.one_hot(targets, logits.shape[-1])
        surprise = -np_.sum(hot * log_softmax(logits), axis=-1)
        return np_.mean(np_.sum(surprise * weights, axis=-1) / np_.sum(weights, axis=-1))

    return _train(_trainer(model, trax.layers.Fn("Loss", mean)), batches, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="The weighted sum of the surprise, not its mean: Σ weight times too high. Also the weights move otherwise, "
    "by Adam's epsilon.",
)
def the_sum_in_place_of_the_mean(model, batches, *, learning_rate, n_steps):
    trax = load_trax()
    np_, log_softmax = trax.fastmath.numpy, trax.layers.log_softmax

    def total(logits, targets, weights):
        hot = trax.layers.one_hot(targets, logits.shape[-1])
        return np_.sum(-np_.sum(hot * log_softmax(logits), axis=-1) * weights)

    return _train(_trainer(model, trax.layers.Fn("Loss", total)), batches, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="A softmax between the model and the loss, which takes the softmax itself: the chances are taken for logits. "
    "Wrong for every input.",
)
def softmax_twice(model, batches, *, learning_rate, n_steps):
    layers = load_trax().layers
    loss = layers.Serial(layers.Softmax(), layers.WeightedCategoryCrossEntropy())
    return _train(_trainer(model, loss), batches, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="The old CrossEntropyLoss, which takes log-chances, on logits: no softmax is taken at all. Wrong for every "
    "model that gives logits.",
)
def no_softmax_at_all(model, batches, *, learning_rate, n_steps):
    loss = load_trax().layers.CrossEntropyLoss()
    return _train(_trainer(model, loss), batches, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="Label smoothing of 0.1, copied from a translation recipe. Wrong for every input where the logits are not "
    "all "
    "equal.",
)
def smooths_the_labels(model, batches, *, learning_rate, n_steps):
    loss = load_trax().layers.WeightedCategoryCrossEntropy(label_smoothing=0.1)
    return _train(_trainer(model, loss), batches, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="Shifts by hand: inputs are all tokens but the last, targets all but the first. The model shifts too, so "
    "each "
    "token is foretold without the one before it, and the first is not foretold at all.",
)
def shifts_once_more_by_slices(model, batches, *, learning_rate, n_steps):
    trax, trainer, losses = load_trax(), _trainer(model), []
    asarray = trax.fastmath.numpy.asarray
    for step in range(n_steps):
        tokens, weights = batches[step % len(batches)]
        batch = asarray(tokens[:, :-1]), asarray(tokens[:, 1:]), asarray(weights[:, 1:])
        rng = trax.fastmath.random.get_prng(step)
        losses.append(float(trainer.one_step(batch, rng, step=step, learning_rate=learning_rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="The inputs are shifted right with a 0 in front before the model shifts them again: it never sees the token "
    "before. The targets are right.",
)
def shifts_the_inputs_once_more(model, batches, *, learning_rate, n_steps):
    trax, trainer, losses = load_trax(), _trainer(model), []
    asarray = trax.fastmath.numpy.asarray
    for step in range(n_steps):
        tokens, weights = batches[step % len(batches)]
        inputs = np.pad(np.asarray(tokens), ((0, 0), (1, 0)))[:, :-1]
        batch = asarray(inputs), asarray(tokens), asarray(weights)
        rng = trax.fastmath.random.get_prng(step)
        losses.append(float(trainer.one_step(batch, rng, step=step, learning_rate=learning_rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="The targets are rolled by one, the next token at each place, as for a model that does not shift. This one "
    "does: it is asked for the token after the next, and at the last place for the first one.",
)
def rolls_the_targets(model, batches, *, learning_rate, n_steps):
    trax, trainer, losses = load_trax(), _trainer(model), []
    asarray = trax.fastmath.numpy.asarray
    for step in range(n_steps):
        tokens, weights = batches[step % len(batches)]
        batch = asarray(tokens), asarray(np.roll(tokens, -1, axis=1)), asarray(weights)
        rng = trax.fastmath.random.get_prng(step)
        losses.append(float(trainer.one_step(batch, rng, step=step, learning_rate=learning_rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="Trains on the first batch in every step. Wrong from the second step on where there are several.",
)
def the_first_batch_always(model, batches, *, learning_rate, n_steps):
    return _train(_trainer(model), batches[:1], learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="Begins with the second batch, since the loop counts from 1 and takes batches[step % len]; Adam's steps are "
    "right. Wrong where there are several batches.",
)
def begins_with_the_second_batch(model, batches, *, learning_rate, n_steps):
    return _train(_trainer(model), [*batches[1:], batches[0]], learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="zip ends with the batches: after the last one the training is over, though n_steps may be more. Too few "
    "losses then.",
)
def ends_with_the_last_batch(model, batches, *, learning_rate, n_steps):
    trainer, losses = _trainer(model), []
    prng = load_trax().fastmath.random.get_prng
    for step, (tokens, weights) in zip(range(n_steps), batches, strict=False):
        batch = _as_batch(tokens, weights)
        losses.append(float(trainer.one_step(batch, prng(step), step=step, learning_rate=learning_rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="Takes n_steps for passes over all batches: n_steps · len(batches) losses and steps. Right with one batch "
    "only.",
)
def steps_taken_for_passes(model, batches, *, learning_rate, n_steps):
    return _train(_trainer(model), batches, learning_rate, n_steps * len(batches))


@wrong(
    "training_loop",
    truth="Shuffles the batches before it begins; they are to come in their order. Wrong where there are several.",
)
def shuffles_the_batches(model, batches, *, learning_rate, n_steps):
    order = np.random.default_rng(3).permutation(len(batches))
    return _train(_trainer(model), [batches[i] for i in order], learning_rate, n_steps)


@wrong("training_loop", truth="range(1, n_steps): one step too few, and Adam's count from 1 besides.")
def one_step_too_few(model, batches, *, learning_rate, n_steps):
    trainer, losses = _trainer(model), []
    prng = load_trax().fastmath.random.get_prng
    for step in range(1, n_steps):
        batch = _as_batch(*batches[(step - 1) % len(batches)])
        losses.append(float(trainer.one_step(batch, prng(step), step=step, learning_rate=learning_rate)[0]))
    return losses


@wrong(
    "training_loop",
    truth="Returns the loss of each batch after the weights have moved, asked for anew, in place of that before. Every "
    "loss is one step ahead; the weights are right.",
)
def the_loss_after_the_step(model, batches, *, learning_rate, n_steps):
    trax, trainer, losses = load_trax(), _trainer(model), []
    for step in range(n_steps):
        batch = _as_batch(*batches[step % len(batches)])
        rng = trax.fastmath.random.get_prng(step)
        trainer.one_step(batch, rng, step=step, learning_rate=learning_rate)
        losses.append(float(trainer.model_with_loss(batch, rng=rng)))
    return losses


@wrong(
    "training_loop",
    truth="Returns the mean of all losses so far at each step, a smoother curve. The first is right, the others not; "
    "the "
    "weights are right.",
)
def the_mean_of_the_losses_so_far(model, batches, *, learning_rate, n_steps):
    losses = _train(_trainer(model), batches, learning_rate, n_steps)
    return [float(np.mean(losses[: n + 1])) for n in range(len(losses))]


@wrong(
    "training_loop",
    truth="Trains in weights of its own and never gives them to the model, which is as untrained afterwards as before. "
    "The losses are right.",
)
def the_model_stays_untrained(model, batches, *, learning_rate, n_steps):
    trax = load_trax()
    with_loss = trax.layers.Serial(model, trax.layers.WeightedCategoryCrossEntropy())
    adam = trax.optimizers.Adam(learning_rate)
    slots, options = adam.tree_init(with_loss.weights)
    gradient = trax.fastmath.jit(trax.fastmath.value_and_grad(with_loss.pure_fn, argnums=1, has_aux=True))
    weights, state, losses = with_loss.weights, with_loss.state, []
    for step in range(n_steps):
        batch = _as_batch(*batches[step % len(batches)])
        (loss, state), grads = gradient(batch, weights, state, trax.fastmath.random.get_prng(step))
        weights, slots, _ = adam.tree_update(step, grads, weights, slots, options)
        losses.append(float(loss))
    return losses


@wrong(
    "training_loop",
    truth="Calls init once more, so training begins with new weights, not with those that the model had. Wrong from "
    "the "
    "first loss on, unless the weights were drawn with the same seed.",
)
def begins_with_new_weights(model, batches, *, learning_rate, n_steps):
    trax = load_trax()
    tokens = trax.fastmath.numpy.asarray(batches[0][0])
    model.init(trax.shapes.signature(tokens), rng=trax.fastmath.random.get_prng(12345), use_cache=False)
    return _train(_trainer(model), batches, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="Momentum in place of Adam. The first loss is right, all after it are not.",
)
def momentum_in_place_of_adam(model, batches, *, learning_rate, n_steps):
    trainer = _trainer(model, adam=load_trax().optimizers.Momentum())
    return _train(trainer, batches, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="Adafactor in place of Adam, as Trax's Reformer recipes have it. The first loss is right, all after it are "
    "not.",
)
def adafactor_in_place_of_adam(model, batches, *, learning_rate, n_steps):
    trainer = _trainer(model, adam=load_trax().optimizers.Adafactor())
    return _train(trainer, batches, learning_rate, n_steps)


@wrong(
    "training_loop",
    truth="Adam with the eps of other libraries, 1e-8, and without weight decay; it was to be as it comes. Small "
    "gradients move their weights more: the weights differ after the first step.",
)
def adam_as_in_other_libraries(model, batches, *, learning_rate, n_steps):
    adam = load_trax().optimizers.Adam(learning_rate, weight_decay_rate=0.0, eps=1e-8)
    return _train(_trainer(model, adam=adam), batches, learning_rate, n_steps)
