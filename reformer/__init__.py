"""The small NumPy implementation underneath the course: one module for each idea, in the order of the units.

    01  neighbors      which vectors point my way, and averages of them: hard, by distance, by softmax attention
    02  planes         buckets from the sides of random planes, and tables of them
    03  angular        buckets from random rotations; how often vectors at an angle share one
    04  chunking       sort by bucket, cut into chunks, look at the chunk before; how many pairs that loses
    05  layers         linear map, layer norm, embedding, heads
        masks          who may attend to whom
        attention      dense attention, the yardstick, plain and in blocks
        lsh_attention  the two ideas together: attention within chunks of a sorted sequence, round by round
    06  reversible     blocks whose inputs follow from their outputs, stacks of them, dropout that can be replayed
    07  feed_forward   the wide layer, whole and in chunks
        positions      sinusoidal and axial
        model          `ReformerLM` and `TransformerLM` from all of this, their loss and its gradients
        parameters     nested dicts of arrays, and files of them
        sampling       writing one token after the other
        optimizer      Adam, clipping by global norm, learning rates
        training       the loop, and checkpoints to go on from
        tasks          small sequences to learn
        costs          time and memory, as the paper prints them and as they can be counted

Begin with the module of your unit, at its first lines: they say what it is about and name the letters of its shapes.
To read the Reformer itself, begin with `lsh_attention.lsh_attention` and go on with `model.reformer_block`.

A function `f` returns its result alone, and is written to be read. Where training needs more, `f_forward` returns
(result, saved) and `f_backward(gradient, saved)` turns the gradient of the result into those of what went in. Some
backward passes need nothing that a forward pass would save, and have no `f_forward` beside them: `unit_keys_backward`
and `axial_positions_backward` take what went in again, `reversible_backward` takes what came out. `f_forward` refuses
what `f` refuses, from the same source; a backward pass trusts its forward pass, unless it says that it raises.

Beside the units stand `arguments`, the checks that all share; `_fast_lsh`, the tuned path behind
`lsh_attention_forward`, which a test holds to `lsh_attention`; and `loops`, a slow and obvious twin of every function a
learner writes. Modules are imported by name, as in `from reformer.angular import angular_hash`; a unit imports earlier
units only.
"""
