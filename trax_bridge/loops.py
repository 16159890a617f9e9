"""The slow, obvious twin of every function that a learner of unit 08 writes, in the manner of `reformer.loops`.

Each is complete in itself: it uses `np` and, where Trax is asked for, `trax_bridge.load_trax`. A configuration has no
slower version: the twins of what is made of Trax's parts do what the references do.
"""

import numpy as np


def pad_and_bucket(sequences, boundaries, *, batch_size, pad=0):
    for number in range(len(sequences)):
        if len(sequences[number]) > boundaries[-1]:
            raise ValueError(f"sequence {number} is longer than all boundaries")
    batches = []
    for which in range(len(boundaries)):
        members = []
        for sequence in sequences:
            fits = len(sequence) <= boundaries[which]
            fits_in_less = which > 0 and len(sequence) <= boundaries[which - 1]
            if fits and not fits_in_less:
                members.append(sequence)
        while members:
            taken, members = members[:batch_size], members[batch_size:]
            tokens = np.zeros((len(taken), boundaries[which]), dtype=int)
            weights = np.zeros((len(taken), boundaries[which]), dtype=np.float32)
            for row in range(len(taken)):
                for place in range(boundaries[which]):
                    if place < len(taken[row]):
                        tokens[row, place] = taken[row][place]
                        weights[row, place] = 1
                    else:
                        tokens[row, place] = pad
            batches.append((tokens, weights))
    return batches


def sample_reply(next_logits, prompt, uniforms, *, temperature, stop):
    tokens = list(prompt)
    for uniform in uniforms:
        logits = next_logits(tokens)
        token = 0
        if temperature == 0:
            for other in range(1, len(logits)):
                if logits[other] > logits[token]:
                    token = other
        else:
            shares = [np.exp((float(logit) - max(logits)) / temperature) for logit in logits]
            so_far = shares[0]
            while token < len(logits) - 1 and so_far <= uniform * sum(shares):
                token += 1
                so_far += shares[token]
        if token == stop:
            break
        tokens.append(token)
    return tokens[len(prompt) :]


def reformer_lm(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    from trax_bridge import load_trax

    trax = load_trax()

    def attention(**options):
        options["n_hashes"] = n_rounds
        options["n_buckets"] = n_buckets
        options["chunk_len"] = chunk_length
        return trax.layers.LSHSelfAttention(**options)

    return trax.models.reformer.ReformerLM(
        vocab_size=vocabulary_size,
        d_model=d_model,
        d_ff=2 * d_model,
        d_attention_key=d_model // n_heads,
        d_attention_value=d_model // n_heads,
        n_layers=n_layers,
        n_heads=n_heads,
        dropout=0.0,
        max_len=max_length,
        attention_type=attention,
        ff_activation=trax.layers.Relu,
        mode="train",
    )


def training_loop(model, batches, *, learning_rate, n_steps):
    from trax_bridge import load_trax

    trax = load_trax()
    asarray = trax.fastmath.numpy.asarray
    with_loss = trax.layers.Serial(model, trax.layers.WeightedCategoryCrossEntropy())
    adam = trax.optimizers.Adam()
    adam.tree_init(with_loss.weights)
    trainer = trax.optimizers.Trainer(with_loss, adam, n_devices=1)
    losses = []
    for step in range(n_steps):
        tokens, weights = batches[step % len(batches)]
        tokens, weights = asarray(np.array(tokens, np.int32)), asarray(np.array(weights, np.float32))
        key = trax.fastmath.random.get_prng(step)
        loss, _ = trainer.one_step((tokens, tokens, weights), key, step=step, learning_rate=learning_rate)
        losses.append(float(loss))
    return losses
