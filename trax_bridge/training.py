"""A Reformer built of Trax's parts, and trained by Trax (unit 08): `reformer_lm`, `training_loop`.

A batch is what `batches.pad_and_bucket` gives: tokens and weights. The model shifts its inputs itself, so the tokens
are inputs and targets at once, and a weight of 0 takes a place out of the loss.

Trax's own `trax.supervised.training.Loop` does more, such as checkpoints, and evaluates on the way; its Adam begins to
count at 1, where the correction of the moments belongs to the second step. Here steps are counted from 0.
"""

from functools import partial
from itertools import cycle, islice

import numpy as np

from reformer.arguments import require_count
from trax_bridge.loading import load_trax


def reformer_lm(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    """Build Trax's `ReformerLM` with LSH attention: two streams through reversible layers, positions in a table.

    Parameters
    ----------
    vocabulary_size : tokens it knows
    max_length : positions it has; a text may be shorter, by whole chunks
    d_model : features of each stream; the feed-forward layer between has twice as many, with ReLU
    n_heads, n_layers : heads have d_model / n_heads features each
    n_rounds, n_buckets, chunk_length : of LSH attention

    Returns
    -------
    model : Trax layer in "train" mode, without dropout; `init` has not been called

    Raises ImportError if there is no Trax.
    """
    trax = load_trax()
    attention_type = partial(
        trax.layers.LSHSelfAttention,
        n_hashes=n_rounds,
        n_buckets=n_buckets,
        chunk_len=chunk_length,
        max_length_for_buckets=max_length,  # without it the state of attention has the length of the first batch
        n_parallel_heads=None,  # all at once; the default, one after the other, is for sequences that fill memory
    )
    return trax.models.reformer.ReformerLM(
        vocabulary_size,
        d_model=d_model,
        d_ff=2 * d_model,
        d_attention_key=d_model // n_heads,
        d_attention_value=d_model // n_heads,
        n_layers=n_layers,
        n_heads=n_heads,
        dropout=0.0,
        max_len=max_length,
        attention_type=attention_type,
        ff_activation=trax.layers.Relu,
        mode="train",
    )


def training_loop(model, batches, *, learning_rate, n_steps):
    """Train a Trax model with Adam, one batch a step; it holds the trained weights afterwards.

    Parameters
    ----------
    model : Trax layer after its `init`, with a batch of as many sequences as the largest has
    batches : list of (tokens, weights), as `pad_and_bucket` gives them; after the last comes the first again
    learning_rate : of every step
    n_steps : at least 1

    Returns
    -------
    losses : list of floats, the mean loss over what counts in each batch, before that step moves the weights

    Raises ValueError if a batch has more sequences than the one of `init`.
    """
    n_steps = require_count("n_steps", n_steps)
    trainer = start_training(model)
    several = islice(cycle(batches), n_steps)
    return [train_step(trainer, batch, step, learning_rate) for step, batch in enumerate(several)]


def start_training(model, **options):
    """Trax's `Trainer` for a model after its `init`: a loss that weighs targets, and Adam with all moments 0.

    Trax's Adam has a `beta2` of 0.999 and an `epsilon` of 1e-5, lets each weight shrink by 1e-5 of itself a step, and
    does not clip. `options` of Trax's own names, b2, eps, weight_decay_rate and clip_grad_norm, set it otherwise.
    """
    trax = load_trax()
    # as the first step leaves them, bound to a device: else jax compiles the second step anew
    model.weights, model.state = trax.layers.on_cpu(model.weights), trax.layers.on_cpu(model.state)
    model_with_loss = trax.layers.Serial(model, trax.layers.WeightedCategoryCrossEntropy())
    optimizer = trax.optimizers.Adam(**options)
    optimizer.tree_init(model_with_loss.weights)
    return trax.optimizers.Trainer(model_with_loss, optimizer, n_devices=1)


def train_step(trainer, batch, step, learning_rate):
    """Move the weights by one batch; `step` counts from 0. Returns the loss before.

    Raises ValueError if the batch has more sequences than the one that the model was initialised with.
    """
    _require_room(trainer.model_with_loss, len(batch[0]))
    key = load_trax().fastmath.random.get_prng(step)  # for dropout alone
    loss, _ = trainer.one_step(labeled(batch), key, step=step, learning_rate=learning_rate)
    return float(loss)


def _require_room(layer, n_sequences):
    """Trax keeps the buckets of each sequence for the way back: of those beyond, silently, it would take others."""
    if layer.name == "LSHSelfAttention":
        room = len(layer.state[0]) // layer._n_heads
        if n_sequences > room:
            needed = f"at most {room} sequences each, as many as the batch that the model was initialised with"
            raise ValueError(f"batches needs {needed}, got {n_sequences}: call init with the largest")
    for sublayer in layer.sublayers:
        _require_room(sublayer, n_sequences)


def labeled(batch):
    """A batch as Trax wants it: inputs, targets, weights, as arrays of jax (its LSH attention takes no others)."""
    tokens, weights = batch
    asarray = load_trax().fastmath.numpy.asarray
    tokens = asarray(np.asarray(tokens, np.int32))
    return tokens, tokens, asarray(np.asarray(weights, np.float32))
