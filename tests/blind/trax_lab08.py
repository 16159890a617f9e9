"""Answers to the exercises of lab 08 that need Trax, written from its text.

They take minutes, so they stand apart from those that the selftest asks. Their writer had written the exercises, too.
"""

import numpy as np

from tests.blind import right, wrong

# 2 · reformer_lm


def _built(sizes, *, attention=None, lsh=None, **changed):
    """What a learner builds in Trax; `lsh` changes the options of LSH attention, `changed` those of the model."""
    from functools import partial

    from trax_bridge import load_trax

    trax = load_trax()
    V, L, d, H = (sizes[name] for name in ("vocabulary_size", "max_length", "d_model", "n_heads"))
    options = {"n_hashes": sizes["n_rounds"], "n_buckets": sizes["n_buckets"], "chunk_len": sizes["chunk_length"]}
    options |= lsh or {}
    options = {name: value for name, value in options.items() if value is not None}
    model = {"d_model": d, "d_ff": 2 * d, "d_attention_key": d // H, "d_attention_value": d // H, "dropout": 0.0}
    model |= {"n_layers": sizes["n_layers"], "n_heads": H, "max_len": L, "ff_activation": trax.layers.Relu}
    model["attention_type"] = attention or partial(trax.layers.LSHSelfAttention, **options)
    model = {name: value for name, value in (model | changed).items() if value is not None}
    return trax.models.reformer.ReformerLM(V, **model)


def _sizes(vocabulary_size, max_length, **others):
    return {"vocabulary_size": vocabulary_size, "max_length": max_length, **others}


@right("reformer_lm")
def all_heads_at_once_and_the_mode_named(*args, **kwargs):
    return _built(_sizes(*args, **kwargs), lsh={"n_parallel_heads": None}, mode="train")


@wrong("reformer_lm", truth="attention_type is not given: SelfAttention, dense.")
def no_attention_type(*args, **kwargs):
    from trax_bridge import load_trax

    return _built(_sizes(*args, **kwargs), attention=load_trax().layers.SelfAttention)


@wrong("reformer_lm", truth="n_hashes is left at 1: wrong with more rounds.")
def forgets_the_rounds(*args, **kwargs):
    return _built(_sizes(*args, **kwargs), lsh={"n_hashes": None})


@wrong("reformer_lm", truth="n_buckets is left at its default, 256.")
def forgets_the_buckets(*args, **kwargs):
    return _built(_sizes(*args, **kwargs), lsh={"n_buckets": None})


@wrong("reformer_lm", truth="d_ff is left at its default, 2048.")
def forgets_d_ff(*args, **kwargs):
    return _built(_sizes(*args, **kwargs), d_ff=None)


@wrong("reformer_lm", truth="The activation is left at its default, FastGelu.")
def forgets_the_relu(*args, **kwargs):
    return _built(_sizes(*args, **kwargs), ff_activation=None)


@wrong("reformer_lm", truth="Dropout is left at 0.1, which works in train mode.")
def forgets_the_dropout(*args, **kwargs):
    return _built(_sizes(*args, **kwargs), dropout=None)


@wrong("reformer_lm", truth="Keys and values have d_model features in each head.")
def does_not_divide_by_the_heads(*args, d_model, **kwargs):
    sizes = _sizes(*args, d_model=d_model, **kwargs)
    return _built(sizes, d_attention_key=d_model, d_attention_value=d_model)


@wrong("reformer_lm", truth="A chunk sees the one behind it in the sorted row as well: n_chunks_after is 1.")
def looks_both_ways(*args, **kwargs):
    return _built(_sizes(*args, **kwargs), lsh={"n_chunks_after": 1})


# 3 · training_loop


def _loop(model, batches, rate, n_steps, *, first=0, batch_of=None, loss=None, adam=None, pick=None):
    from trax_bridge import load_trax

    trax = load_trax()
    asarray = trax.fastmath.numpy.asarray
    with_loss = trax.layers.Serial(model, loss or trax.layers.WeightedCategoryCrossEntropy())
    adam = adam or trax.optimizers.Adam()
    adam.tree_init(with_loss.weights)
    trainer, losses = trax.optimizers.Trainer(with_loss, adam, n_devices=1), []
    for step in range(n_steps):
        tokens, weights = batches[pick(step) if pick else step % len(batches)]
        batch = batch_of(tokens, weights) if batch_of else (tokens, tokens, weights)
        key = trax.fastmath.random.get_prng(step)
        value, _ = trainer.one_step(tuple(map(asarray, batch)), key, step=step + first, learning_rate=rate)
        losses.append(float(value))
    return losses


@right("training_loop")
def with_cycle_and_zip(model, batches, *, learning_rate, n_steps):
    return _loop(model, list(batches), learning_rate, n_steps, pick=lambda step: step % len(batches))


@wrong("training_loop", truth="The steps are counted from 1, so Adam corrects the first moments wrongly.")
def begins_at_step_one(model, batches, *, learning_rate, n_steps):
    return _loop(model, batches, learning_rate, n_steps, first=1)


@wrong("training_loop", truth="The weights passed are ones: padding counts.")
def passes_ones(model, batches, *, learning_rate, n_steps):
    return _loop(model, batches, learning_rate, n_steps, batch_of=lambda t, w: (t, t, np.ones_like(w)))


@wrong("training_loop", truth="Inputs are all tokens but the last, targets all but the first; the model shifts again.")
def shifts_as_in_numpy(model, batches, *, learning_rate, n_steps):
    return _loop(model, batches, learning_rate, n_steps, batch_of=lambda t, w: (t[:, :-1], t[:, 1:], w[:, 1:]))


@wrong("training_loop", truth="Only the first batch is ever used.")
def always_the_first(model, batches, *, learning_rate, n_steps):
    return _loop(model, batches, learning_rate, n_steps, pick=lambda step: 0)


@wrong("training_loop", truth="The learning rate is not passed on; Adam's default is used.")
def keeps_the_default_rate(model, batches, *, learning_rate, n_steps):
    return _loop(model, batches, 1e-4, n_steps)


@wrong("training_loop", truth="The optimizer is SGD.")
def uses_sgd(model, batches, *, learning_rate, n_steps):
    from trax_bridge import load_trax

    sgd = load_trax().optimizers.SGD(learning_rate)
    return _loop(model, batches, learning_rate, n_steps, adam=sgd)


@wrong("training_loop", truth="Trainer and Adam are made inside the loop, each step is a first one.")
def makes_all_anew(model, batches, *, learning_rate, n_steps):
    return [_loop(model, [batches[i % len(batches)]], learning_rate, 1)[0] for i in range(n_steps)]


@wrong("training_loop", truth="It goes once through the batches, whatever n_steps says.")
def one_epoch(model, batches, *, learning_rate, n_steps):
    return _loop(model, batches, learning_rate, len(batches))


@wrong("training_loop", truth="Only the last loss is returned.")
def gives_the_last_loss(model, batches, *, learning_rate, n_steps):
    return _loop(model, batches, learning_rate, n_steps)[-1]
