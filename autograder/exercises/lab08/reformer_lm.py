"""Lab 08, `reformer_lm(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length)`:
Trax's `ReformerLM`, configured.

Sizes -> a model of Trax with LSH attention, "train" mode, no dropout, d_model / n_heads features a head, a feed-forward
layer twice as wide with ReLU. The model is observed: how many numbers it learns; whether a second reading gives the
same; its logits for parameters and tokens that are sent, with rotations that are sent, too, in the place of those that
Trax would draw.

What a model should give is computed by `reformer`, so the judge needs no Trax, and a mistake costs milliseconds:
`Settings` say what was configured, here and in each mistake. `in_trax` builds of them what they mean; a test holds the
two together.
"""

from dataclasses import dataclass, replace

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Double, Exercise
from reformer.model import ReformerLM
from trax_bridge import loops, training
from trax_bridge.models import RotatedReformerLM
from trax_bridge.parameters import from_trax, layout

SCALE = 0.4  # of the parameters that are sent
CLOSE, CLOSE_WITH_ROUNDS = 1e-3, 1e-2  # in float32, Trax combines rounds to about 0.4 % where a token sees only itself


def observe(model, call):
    """How many numbers a model learns; whether its logits for what is sent are the same twice; these logits."""
    from trax_bridge import load_trax

    trax, (seed, tokens, n_expected) = load_trax(), call.sent
    if not isinstance(model, trax.layers.Layer):
        raise TypeError(f"a model of Trax is asked, got {type(model).__name__}")
    asarray, random = trax.fastmath.numpy.asarray, trax.fastmath.random
    rng, tokens = np.random.default_rng(seed), asarray(tokens)

    def drawn(shape):
        return asarray((0.4 * rng.standard_normal(shape)).astype(np.float32))

    def filled(tree):
        if isinstance(tree, list | tuple):
            return type(tree)(filled(part) for part in tree)
        return drawn(np.shape(tree))

    def rotations(key, shape=(), **options):
        return asarray(np.random.default_rng((seed, *shape)).standard_normal(shape).astype(np.float32))

    model.init(trax.shapes.signature(tokens), rng=random.get_prng(0))
    n_parameters = sum(int(np.size(array)) for array in trax.fastmath.tree_flatten(model.weights))
    if n_parameters != n_expected:
        return n_parameters, True, np.zeros(0)
    model.weights = filled(model.weights)
    random.normal = rotations
    try:
        once, again = (np.asarray(model(tokens, rng=random.get_prng(key))) for key in (1, 2))
    finally:
        del random.normal
    same = once.shape == again.shape and bool(np.allclose(once, again, 1e-3, 1e-3))
    return n_parameters, same, once if same else np.zeros(0)


@dataclass(frozen=True)
class Settings:
    """What was configured: the sizes of the exercise, and what a learner chooses."""

    vocabulary_size: int
    max_length: int
    d_model: int
    n_heads: int
    n_layers: int
    n_rounds: int
    n_buckets: int | None
    chunk_length: int
    d_ff: int
    d_head: int
    attention: str = "lsh"
    activation: str = "relu"
    dropout: float = 0.0

    @property
    def n_parameters(self):
        """Of the model; a head may have any number of features."""
        d, tables = self.d_model, self.vocabulary_size + self.max_length
        attention = (4 if self.attention == "dense" else 3) * self.n_heads * d * self.d_head
        layer = attention + 2 * d * self.d_ff + self.d_ff + d + 4 * d
        return tables * d + self.n_layers * layer + 4 * d + (2 * d + 1) * self.vocabulary_size


def settings_of(vocabulary_size, max_length, *, d_model, n_heads, **sizes):
    """The right settings."""
    return Settings(vocabulary_size, max_length, d_model, n_heads, d_ff=2 * d_model, d_head=d_model // n_heads, **sizes)


def in_trax(settings):
    """The model of Trax that some settings mean."""
    from functools import partial

    from trax_bridge import load_trax

    trax = load_trax()
    layers, options = trax.layers, {}
    if settings.attention == "lsh":
        options = {"n_hashes": settings.n_rounds, "n_buckets": settings.n_buckets, "chunk_len": settings.chunk_length}
        options["n_parallel_heads"] = None
    kinds = {"lsh": layers.LSHSelfAttention, "dense": layers.SelfAttention}
    kinds["shared_qk"] = partial(layers.SelfAttention, share_qk=True)
    return trax.models.reformer.ReformerLM(
        settings.vocabulary_size,
        d_model=settings.d_model,
        d_ff=settings.d_ff,
        d_attention_key=settings.d_head,
        d_attention_value=settings.d_head,
        n_layers=settings.n_layers,
        n_heads=settings.n_heads,
        dropout=settings.dropout,
        max_len=settings.max_length,
        attention_type=partial(kinds[settings.attention], **options),
        ff_activation={"relu": layers.Relu, "gelu": layers.FastGelu}[settings.activation],
        mode="train",
    )


def observe_settings(settings, call):
    """What `observe` would say of the model that these settings mean, by `reformer`."""
    seed, tokens, n_expected = call.sent
    if settings.n_parameters != n_expected:
        return settings.n_parameters, True, np.zeros(0)
    if settings.dropout:
        return settings.n_parameters, False, np.zeros(0)
    return settings.n_parameters, True, logits_of(settings, tokens, seed)


def logits_of(settings, tokens, seed, shaken=0.0):
    """Logits of a model of `reformer` with these settings, for parameters and rotations from a seed.

    shaken : by which share of themselves the parameters are changed, to see whether a decision is close
    """
    names = (
        "vocabulary_size max_length d_model n_heads n_layers n_rounds n_buckets chunk_length d_ff attention activation"
    )
    if settings.n_buckets is None:  # as Trax chooses
        settings = replace(settings, n_buckets=2 * max(1, tokens.shape[1] // settings.chunk_length))
    fields = {name: getattr(settings, name) for name in names.split()} | {"positions": "learned"}
    model = ReformerLM(**fields)
    if settings.attention == "lsh":
        shape = settings.d_head, settings.n_rounds, settings.n_buckets // 2
        drawn = np.random.default_rng((seed, *shape)).standard_normal(shape).astype(np.float32)
        batch_and_heads = len(tokens), settings.n_heads, shape[1], shape[0], shape[2]
        rotations = [np.broadcast_to(np.moveaxis(drawn, 1, 0), batch_and_heads)]
        model = RotatedReformerLM(**fields, rotations=(rotations,) * settings.n_layers)
    rng, other = np.random.default_rng(seed), np.random.default_rng(seed + 1)
    arrays = [(SCALE * rng.standard_normal(leaf.theirs)).astype(np.float32) for leaf in layout(model).values()]
    arrays = [array * (1 + shaken * other.standard_normal(array.shape)).astype(np.float32) for array in arrays]
    return model.logits(from_trax(model, arrays), np.pad(tokens, ((0, 0), (1, 0)))[:, :-1])


def without_attention_type(
    vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length
):
    """The first mistake below, as a learner writes it."""
    from trax_bridge import load_trax

    trax = load_trax()
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
        ff_activation=trax.layers.Relu,
    )


exercise = Exercise(
    training.reformer_lm,
    loops.reformer_lm,
    observe=observe,
    double=Double(settings_of, observe_settings, without_attention_type),
    needs_trax=True,
    seconds=60.0,
    axes=(("number of parameters", "the same logits twice", "logits"), "position", "token"),
    results=("number of parameters", "the same logits twice", "logits"),
)


# --- questions --------------------------------------------------------------------------------------------------


def ask(name, length, *, hidden=False, **sizes):
    """Ask for a model, read `length` tokens with it; redrawn until no hash is close."""
    tolerance = CLOSE if sizes["n_rounds"] == 1 else CLOSE_WITH_ROUNDS

    def make(rng):
        right = settings_of(**sizes)
        while True:
            seed, tokens = int(rng.integers(2**31)), rng.integers(0, sizes["vocabulary_size"], (2, length))
            logits, shaken = (logits_of(right, tokens, seed, share) for share in (0.0, 1e-4))
            if np.max(np.abs(logits - shaken)) < 0.3 * tolerance * np.max(np.abs(logits)):
                return call(**sizes).with_sent(seed, tokens.astype(np.int32), right.n_parameters)

    exercise.case(name, make, points=3, hidden=hidden, tolerance=tolerance)


ONE = dict(vocabulary_size=7, max_length=16, d_model=8, n_heads=2, n_layers=1, n_rounds=1, n_buckets=4, chunk_length=4)

ask("one layer, one round", 16, **ONE)
ask("two layers, and 32 positions, of which 16 are read", 16, **ONE | dict(n_layers=2, max_length=32))
ask("four rounds of two buckets", 16, **ONE | dict(n_rounds=4, n_buckets=2))
ask(
    "three heads, chunks of eight, six buckets",
    24,
    **ONE | dict(max_length=24, d_model=12, n_heads=3, n_buckets=6, chunk_length=8),
)
ask("one layer, one round, other numbers", 16, hidden=True, **ONE)
ask("two rounds, eleven tokens", 16, hidden=True, **ONE | dict(vocabulary_size=11, n_rounds=2))


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def with_a_lambda(vocabulary_size, max_length, *, d_model, n_heads, n_layers, n_rounds, n_buckets, chunk_length):
    from trax_bridge import load_trax

    trax = load_trax()
    from trax.models.reformer.reformer import ReformerLM

    return ReformerLM(
        vocabulary_size,
        d_model,
        2 * d_model,
        d_model // n_heads,
        d_model // n_heads,
        n_layers,
        n_heads,
        0.0,
        max_length,
        lambda **kw: trax.layers.LSHSelfAttention(
            **kw, n_hashes=n_rounds, n_buckets=n_buckets, chunk_len=chunk_length, n_chunks_before=1, n_chunks_after=0
        ),
        ff_activation=trax.layers.Relu,
    )


# --- mistakes ---------------------------------------------------------------------------------------------------


def _mistake(name, change, *, why, says):
    """Know a mistake: the settings it changes, from the right ones and the sizes asked."""

    def configured(*args, **sizes):
        right = settings_of(*args, **sizes)
        return replace(right, **change(right))

    configured.__name__ = name
    exercise.mistake(why=why, says=says)(configured)


# The attention.
_mistake(
    "dense_attention",
    lambda s: {"attention": "dense"},
    why="`attention_type` is left at its default",
    says="the attention is `SelfAttention`, the default of `attention_type`: dense, with queries and keys of their own",
)
_mistake(
    "dense_attention_with_shared_queries",
    lambda s: {"attention": "shared_qk"},
    why="`share_qk=True` looks like all there is to it; or one chunk holds the whole text",
    says="the attention is dense, with shared queries and keys: `LSHSelfAttention` is asked, with `chunk_len` the "
    "length of a chunk, not of the text",
)
_mistake(
    "rounds_and_buckets_exchanged",
    lambda s: {"n_rounds": s.n_buckets, "n_buckets": s.n_rounds + s.n_rounds % 2},
    why="`n_hashes` may be read as the number of hash values",
    says="`n_hashes` and `n_buckets` change places: `n_hashes` is the number of rounds",
)
_mistake(
    "one_round",
    lambda s: {"n_rounds": 1},
    why="`n_hashes` is left at its default",
    says="there is one round always: `n_hashes`, 1 unless told otherwise, is the number of rounds",
)
_mistake(
    "buckets_counted_by_directions",
    lambda s: {"n_buckets": 2 * s.n_buckets},
    why="each rotated direction stands for two buckets",
    says="there are twice as many buckets: `n_buckets` is their number, not that of the directions",
)
_mistake(
    "default_number_of_buckets",
    lambda s: {"n_buckets": None},
    why="`n_buckets` is left at its default",
    says="`n_buckets` is left out: `LSHSelfAttention` then takes twice as many buckets as there are chunks",
)
_mistake(
    "number_of_chunks_for_their_length",
    lambda s: {"chunk_length": s.max_length // s.chunk_length},
    why="the number of chunks is taken for their length",
    says="`chunk_len` is the number of chunks; it is the length of each",
)

# The sizes.
_mistake(
    "default_feed_forward",
    lambda s: {"d_ff": 2048},
    why="`d_ff` is left at its default",
    says="`d_ff` is 2048, its default; the feed-forward layer has twice `d_model` features within",
)
_mistake(
    "feed_forward_as_wide_as_the_model",
    lambda s: {"d_ff": s.d_model},
    why="one width for all is simple",
    says="`d_ff` is `d_model`; the feed-forward layer has twice as many features within",
)
_mistake(
    "feed_forward_four_times_as_wide",
    lambda s: {"d_ff": 4 * s.d_model},
    why="so does a usual Transformer",
    says="`d_ff` is four times `d_model`, as in a usual Transformer; twice is asked",
)
_mistake(
    "default_heads",
    lambda s: {"d_head": 64},
    why="`d_attention_key` and `d_attention_value` are left at their defaults",
    says="each head has 64 features, the default of `d_attention_key` and `d_attention_value`; it has "
    "d_model / n_heads",
)
_mistake(
    "heads_as_wide_as_the_model",
    lambda s: {"d_head": s.d_model},
    why="the width of attention is thought to be that of the model",
    says="each head has `d_model` features; Trax counts them for each head, and they are d_model / n_heads",
)
_mistake(
    "default_number_of_heads",
    lambda s: {"n_heads": 8},
    why="`n_heads` is left at its default",
    says="there are 8 heads, the default of `n_heads`",
)
_mistake(
    "default_number_of_layers",
    lambda s: {"n_layers": 6},
    why="`n_layers` is left at its default",
    says="there are 6 layers, the default of `n_layers`",
)
_mistake(
    "default_number_of_positions",
    lambda s: {"max_length": 2048},
    why="`max_len` is left at its default",
    says="there are 2048 positions, the default of `max_len`; they are `max_length`",
)
_mistake(
    "positions_and_vocabulary_exchanged",
    lambda s: {"vocabulary_size": s.max_length, "max_length": s.vocabulary_size},
    why="the first two arguments change places",
    says="`vocab_size` and `max_len` change places",
)
_mistake(
    "half_the_model_for_each_stream",
    lambda s: {"d_model": s.d_model // 2, "d_ff": s.d_model, "d_head": s.d_model // 2 // s.n_heads or 1},
    why="two streams are thought to share the features",
    says="each stream has half of `d_model`; in Trax `d_model` is the depth of each of the two",
)

# The rest.
_mistake(
    "gelu_for_relu",
    lambda s: {"activation": "gelu"},
    why="`ff_activation` is left at its default",
    says="the activation is `FastGelu`, the default of `ff_activation`; it is `Relu`",
)
_mistake(
    "dropout_left_on",
    lambda s: {"dropout": 0.1},
    why='`dropout` is left at its default, which works in "train" mode',
    says="`dropout` is 0.1, its default, so that the same tokens give other logits the next time; it is 0",
)
