"""The small NumPy implementation underneath the course: one module for each idea, in the order of the units.

{map}

Begin with the module of your unit, at its first lines: they say what it is about and name the letters of its shapes.
Modules are imported by name, as in `from reformer.angular import angular_hash`; a unit imports earlier units only.

An evening's reading, from nothing to one layer of a Reformer: `neighbors.softmax_attention` · `planes.hash_value` ·
`angular.angular_hash` · `chunking`, all of it · `masks.attention_mask` · `lsh_attention.lsh_attention`, and below it
the steps · `reversible.reversible_forward` and `reversible_backward` · `chunked.chunked_feed_forward` ·
`blocks.reformer_block`. A first reading skips the integral at the end of `angular`, `count_duplicates`, all of
`gradients` but its first lines, `costs`, `parameters`, and the two packages beside the modules:

    loops          the slow and obvious twin of every function a learner writes
    fast           a tuned path for hashing and LSH attention, behind one switch of the model

A function `f` returns its result alone, and is written to be read. Where training needs more, `f_forward` calls `f` and
returns (result, saved), with `saved` holding arguments and results only, and `f_backward(gradient, saved)` returns
(d_inputs, d_parameters): for units 01 to 05 in `gradients`, later beside `f`. The one exception is
`reversible_backward`, whose point is that nothing is saved.

`UNITS` says which module belongs to which unit; every list of them, this one too, is made from it. `arguments` has the
checks that all modules share.
"""

from typing import NamedTuple


class Unit(NamedTuple):
    """A unit of the course: its name, the question it answers, its modules, each with what it is about, and the numbers
    of the units that a learner needs first."""

    name: str
    question: str
    modules: dict
    needs: tuple = ()


UNITS = {
    1: Unit(
        "neighbours",
        "What does attention look up, and what does it cost?",
        {"neighbors": "which vectors point my way, and averages of them: hard, by distance, by softmax attention"},
    ),
    2: Unit(
        "hash planes",
        "How can a hash keep neighbours together?",
        {"planes": "buckets from the sides of random planes, tables of them, and how many it takes"},
        needs=(1,),
    ),
    3: Unit(
        "angular LSH",
        "How does the Reformer hash, and how well?",
        {"angular": "buckets from random rotations; how often two vectors share one, what that finds and costs"},
        needs=(1,),
    ),
    4: Unit(
        "sort and chunk",
        "How do buckets become a regular shape?",
        {"chunking": "sort by bucket, cut into chunks, look at the chunk before; how many pairs that loses"},
        needs=(3,),
    ),
    5: Unit(
        "LSH attention",
        "Does it give what full attention gives? What does it cost?",
        {
            "masks": "who may attend to whom",
            "layers": "linear map, layer norm, embedding, heads",
            "attention": "dense attention, the yardstick",
            "lsh_attention": "the two ideas together: attention within chunks of a sorted sequence, round by round",
            "feed_forward": "the wide layer that follows attention",
            "costs": "time and memory, as the paper prints them and as they can be counted",
        },
        needs=(4,),
    ),
    6: Unit(
        "reversible layers",
        "How can a deep network forget its activations?",
        {
            "gradients": "what changes the loss, and how fast: every layer so far, differentiated by hand",
            "reversible": "blocks whose inputs follow from their outputs, stacks of them, dropout that can be replayed",
        },
        needs=(5,),
    ),
    7: Unit(
        "the Reformer",
        "What happens when all of it is put together and trained?",
        {
            "chunked": "the wide layer, a few positions at a time",
            "positions": "sinusoidal and axial",
            "losses": "cross-entropy",
            "blocks": "one layer of a Reformer or Transformer, and its gradients",
            "parameters": "nested dicts of arrays, and files of them",
            "model": "`ReformerLM` and `TransformerLM` from all of this, their loss and its gradients",
            "streaming": "what a model has read, kept so that a new token costs one row",
            "sampling": "writing one token after the other",
            "optimizer": "Adam, clipping, learning rates",
            "training": "the loop that can be stopped and taken up again, and its files",
            "tasks": "small sequences to learn",
        },
        needs=(6,),
    ),
    8: Unit("Trax", "What does the published implementation do?", {}, needs=(7,)),
}


def _map():
    lines = []
    for number, unit in UNITS.items():
        for place, (module, about) in enumerate(unit.modules.items()):
            lines.append(f"    {f'{number:02}' if place == 0 else '  '}  {module:13}  {about}")
    return "\n".join(lines)


if __doc__:  # Python leaves it out where it is asked to (-OO)
    __doc__ = __doc__.replace("{map}", _map())
