"""The bridge to Trax, in which the authors of the Reformer wrote it: the only place that knows of its quirks.

    loading        import Trax: soon, silently, with the right random bits; or say how to install it
    mending        resuming from a checkpoint, which Trax 1.4.1 cannot with our versions
    parameters     numbers of `reformer` into Trax's layers, and back
    models         Trax's layers with the settings of a model of the course; its rotations, its buckets
    twins          one model computed by both
    ledger         what differs all the same, and by how much
    training       a Reformer of Trax's parts, and its training

Importing this package imports neither Trax nor jax: that happens in `load_trax`, which everything that needs Trax
calls. Where Trax does not exist, that call raises a `TraxMissing` that says so in a sentence, and the rest works. A
notebook that can do without begins with `trax = trax_if_here()`, which prints the sentence and returns None.
"""

from trax_bridge.loading import TraxMissing, load_trax, trax_if_here
from trax_bridge.parameters import from_trax, to_trax

__all__ = ["TraxMissing", "from_trax", "load_trax", "to_trax", "trax_if_here"]
