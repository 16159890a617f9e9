"""A whole Reformer and a whole Transformer, from the same parts (unit 07).

A model is a small, frozen description: `ReformerLM(vocabulary_size=256, max_length=1024)`. It holds no numbers; the
parameters are a plain nested dict of arrays, drawn by `init_parameters` and passed to every call. Tokens go in as
(batch, L) integers; the logits at a position are about the token that comes after it.

Both models differ in two fields only: `attention` and `reversible`. Setting them one by one, with
`dataclasses.replace`, gives the models in between that the paper compares.

Letters: L positions, V vocabulary, d features of the model, H heads, R hash rounds, B buckets.
Source: Kitaev, Kaiser, Levskaya, "Reformer: The Efficient Transformer" (2020); Trax `models/reformer/reformer.py`.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from reformer.angular import angular_hash, draw_rotations
from reformer.arguments import (
    require_choice,
    require_count,
    require_entries,
    require_floats,
    require_integers,
    require_shape,
)
from reformer.attention import (
    dense_attention_backward,
    dense_attention_forward,
    shared_qk_attention_backward,
    shared_qk_attention_forward,
)
from reformer.feed_forward import (
    ACTIVATIONS,
    chunked_feed_forward,
    chunked_feed_forward_backward,
    chunked_feed_forward_forward,
    feed_forward,
    feed_forward_backward,
    feed_forward_forward,
    position_chunks,
)
from reformer.layers import (
    embed_backward,
    embed_forward,
    layer_norm,
    layer_norm_backward,
    layer_norm_forward,
    linear,
    linear_backward,
    linear_forward,
    merge_heads,
    split_heads,
)
from reformer.lsh_attention import hash_vectors, lsh_attention, lsh_attention_backward, lsh_attention_forward
from reformer.parameters import conform_arrays, flatten_parameters, unflatten_parameters
from reformer.positions import axial_positions, axial_positions_backward, sinusoidal_positions
from reformer.reversible import (
    Branch,
    replay_dropout,
    reversible_forward,
    reversible_stack_backward,
    reversible_stack_forward,
    stored_stack_backward,
    stored_stack_forward,
)

PROJECTIONS = {"dense": ("w_q", "w_k", "w_v"), "shared_qk": ("w_qk", "w_v"), "lsh": ("w_qk", "w_v")}
ATTENTION = {
    "dense": (dense_attention_forward, dense_attention_backward),
    "shared_qk": (shared_qk_attention_forward, shared_qk_attention_backward),
    "lsh": (lsh_attention_forward, lsh_attention_backward),
}
POSITIONS = ("learned", "sinusoidal", "axial")


def cross_entropy(logits, targets, weights):
    """Average surprise at the targets: the weighted mean of -log softmax(logits)[target].

    Parameters
    ----------
    logits : (..., V) float32 or float64 array
    targets : (...) integer array of values 0 .. V - 1
    weights : (...) array of at least 0, how much each target counts; 0 for padding

    Returns
    -------
    loss : number of the dtype of `logits`, in nats

    Raises ValueError if a shape, dtype or target does not fit, or no target counts.
    """
    return cross_entropy_forward(logits, targets, weights)[0]


def cross_entropy_forward(logits, targets, weights):
    """`cross_entropy`: (loss, saved), with `saved` for `cross_entropy_backward`. Raises as `cross_entropy`."""
    logits = require_floats("logits", logits, "(..., V)")
    weights = _weights_of_mean(weights, targets, logits.shape, logits.dtype)
    return _weighted_surprise(logits, np.asarray(targets), weights)


def cross_entropy_backward(gradient, saved):
    """Gradient of the logits from that of the loss of `cross_entropy_forward`."""
    probabilities, targets, weights = saved
    d_logits = probabilities.copy()
    d_logits[*np.indices(targets.shape), targets] -= 1
    d_logits *= gradient * weights[..., np.newaxis]
    return d_logits


def _weights_of_mean(weights, targets, logits_shape, dtype):
    """The weights divided by their sum, in `dtype`. Weights and targets are checked."""
    targets = require_integers("targets", targets, "(...)", low=0, below=logits_shape[-1])
    require_shape("targets", targets, logits_shape[:-1])
    weights = require_shape("weights", np.asarray(weights, dtype=dtype), targets.shape)
    total = np.sum(weights)
    if not (np.all(weights >= 0) and total > 0):
        raise ValueError(f"weights needs numbers of at least 0, one of them above 0, got a sum of {total}")
    return weights / total


def _weighted_surprise(logits, targets, weights):
    """Sum of weights times -log softmax(logits)[target]: (sum, saved), with `saved` for `cross_entropy_backward`.

    It is the cross-entropy, or the part of it that some of the positions add, if the weights of all add up to one.
    """
    logits = logits - np.max(logits, axis=-1, keepdims=True)
    at_targets = np.take_along_axis(logits, targets[..., np.newaxis], axis=-1)[..., 0]
    probabilities = np.exp(logits, out=logits)
    total = np.sum(probabilities, axis=-1, keepdims=True)
    probabilities /= total
    return np.sum(weights * (np.log(total[..., 0]) - at_targets)), (probabilities, targets, weights)


def reformer_block(x1, x2, parameters, rotations, *, n_heads, chunk_length):
    """Run one layer of a Reformer: y1 = x1 + attention(norm(x2)), then y2 = x2 + feed_forward(norm(y1)).

    The attention is LSH attention with shared queries and keys, hashed by `rotations`; the feed-forward layer has a
    ReLU and runs in chunks.

    Parameters
    ----------
    x1, x2 : (..., L, d) float32 or float64 arrays, the two streams
    parameters : {"attention": {"norm": norm, "w_qk" (d, d), "w_v" (d, d), "w_out" (d, d)},
        "feed_forward": {"norm": norm, "w_in" (d, d_ff), "b_in" (d_ff), "w_out" (d_ff, d), "b_out" (d)}}
        where each norm is {"scale" (d), "shift" (d)}, of a layer norm
    rotations : (R, d/H, B/2) array, shared by batch entries and heads
    n_heads : H, a divisor of d
    chunk_length : positions in a chunk, of attention and of the feed-forward layer alike

    Returns
    -------
    y1, y2 : (..., L, d) arrays

    Raises ValueError if a shape or dtype does not fit.
    Source: Reformer, section 3.
    """

    def attention(x):
        p = parameters["attention"]
        normed = layer_norm(x, **p["norm"])
        queries_keys = split_heads(linear(normed, p["w_qk"], None), n_heads)
        values = split_heads(linear(normed, p["w_v"], None), n_heads)
        buckets = angular_hash(queries_keys, rotations)
        n_buckets = 2 * rotations.shape[-1]
        heads = lsh_attention(queries_keys, values, buckets, n_buckets=n_buckets, chunk_length=chunk_length)
        return linear(merge_heads(heads), p["w_out"], None)

    def feed(x):
        p = parameters["feed_forward"]
        normed = layer_norm(x, **p["norm"])
        return chunked_feed_forward(normed, partial(feed_forward, parameters=p), chunk_length=chunk_length)

    return reversible_forward(x1, x2, attention, feed)


@dataclass(frozen=True, kw_only=True)
class LanguageModel:
    """What both models share. A later token is predicted from the earlier ones.

    vocabulary_size : V; tokens are 0 .. V - 1
    max_length : longest sequence the positions reach
    d_model, d_ff, n_heads, n_layers : d, width of the feed-forward layer, H, number of blocks
    attention : "dense" (queries and keys of their own), "shared_qk" (dense, queries are keys) or "lsh"
    reversible : two streams and no stored activations, or one stream with all of them
    positions : "learned", "sinusoidal" or "axial"; axial needs `axial_shape`, rows and columns of the grid
    activation : "relu" or "gelu"
    dropout : share of the outputs of each branch that is dropped in training
    position_chunk : positions the feed-forward and output layers treat at once; None for all
    n_rounds, n_buckets, chunk_length : of LSH attention; several numbers for n_buckets make a factorised hash
    same_bucket_only, correct_duplicates : as in `lsh_attention`
    """

    vocabulary_size: int
    max_length: int
    d_model: int = 64
    d_ff: int = 128
    n_heads: int = 2
    n_layers: int = 2
    attention: str = "dense"
    reversible: bool = False
    positions: str = "learned"
    axial_shape: tuple[int, int] | None = None
    activation: str = "relu"
    dropout: float = 0.0
    position_chunk: int | None = None
    n_rounds: int = 2
    n_buckets: int | tuple[int, ...] = 16
    chunk_length: int = 16
    same_bucket_only: bool = False
    correct_duplicates: bool = False

    def __post_init__(self):
        for name in ("vocabulary_size", "max_length", "d_ff", "n_heads", "n_layers", "n_rounds", "chunk_length"):
            require_count(name, getattr(self, name))
        require_count("d_model", self.d_model, at_least=2, even=True)
        if self.position_chunk is not None:
            require_count("position_chunk", self.position_chunk)
        require_choice("attention", self.attention, PROJECTIONS)
        require_choice("positions", self.positions, POSITIONS)
        require_choice("activation", self.activation, ACTIVATIONS)
        require_count("the number of factors in n_buckets", len(self.bucket_factors))
        for factor in self.bucket_factors:
            require_count("n_buckets", factor, at_least=2, even=True)
        if self.d_model % self.n_heads:
            raise ValueError(f"n_heads needs to divide d_model = {self.d_model}, got {self.n_heads}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout needs a number of at least 0 and below 1, got {self.dropout}")
        if self.positions == "axial":
            if np.shape(self.axial_shape) != (2,) or np.prod(self.axial_shape) < self.max_length:
                needed = f"rows and columns for max_length = {self.max_length} positions"
                raise ValueError(f"axial_shape needs {needed}, got {self.axial_shape}")
            for size in self.axial_shape:
                require_count("axial_shape", size)

    @property
    def n_streams(self):
        return 2 if self.reversible else 1

    @property
    def bucket_factors(self):
        return self.n_buckets if isinstance(self.n_buckets, tuple) else (self.n_buckets,)

    @property
    def n_buckets_together(self):
        return int(np.prod(self.bucket_factors))

    @property
    def bucket_dtype(self):
        """The smallest integers that hold a bucket."""
        return np.min_scalar_type(self.n_buckets_together - 1)

    def init_parameters(self, rng, dtype=np.float32):
        """Draw parameters to start training from: a nested dict of arrays.

        Matrices have standard deviation 1 / sqrt(their rows), token and position vectors 1.
        """
        return self._make_parameters(partial(_draw, rng, dtype), dtype)

    def conform_parameters(self, parameters):
        """The same arrays in the order of `init_parameters`, whatever order their dicts had.

        Raises ValueError if a name, shape or dtype is not as there.
        """
        flat = flatten_parameters(parameters)
        dtype = getattr(flat.get("tokens"), "dtype", np.float32)
        needed = self._make_parameters(lambda *shape, std=None: np.broadcast_to(np.zeros((), dtype), shape), dtype)
        return unflatten_parameters(conform_arrays(flat, flatten_parameters(needed), "the tree of parameters"))

    def _make_parameters(self, draw, dtype):
        d, width = self.d_model, self.d_model * self.n_streams
        parameters = {"tokens": draw(self.vocabulary_size, d, std=1.0)}
        if self.positions == "learned":
            parameters["positions"] = {"table": draw(self.max_length, d, std=1.0)}
        elif self.positions == "axial":
            n_rows, n_columns = self.axial_shape
            rows, columns = draw(n_rows, d // 2, std=1.0), draw(n_columns, d - d // 2, std=1.0)
            parameters["positions"] = {"rows": rows, "columns": columns}
        parameters["layers"] = {str(i): self._make_layer(draw, dtype) for i in range(self.n_layers)}
        output = {"weights": draw(width, self.vocabulary_size), "bias": np.zeros(self.vocabulary_size, dtype)}
        return parameters | {"output": _norm(width, dtype) | output}

    def _make_layer(self, draw, dtype):
        d, d_ff = self.d_model, self.d_ff
        attention = {name: draw(d, d) for name in (*PROJECTIONS[self.attention], "w_out")}
        wide = {"w_in": draw(d, d_ff), "b_in": np.zeros(d_ff, dtype)}
        narrow = {"w_out": draw(d_ff, d), "b_out": np.zeros(d, dtype)}
        return {"attention": _norm(d, dtype) | attention, "feed_forward": _norm(d, dtype) | wide | narrow}

    def logits(self, parameters, tokens, *, seed=0):
        """Score every token of the vocabulary as the next one: (batch, L) integers -> (batch, L, V). No dropout.

        `seed` draws the rotations of LSH attention; other attention does not use it. Raises ValueError if a token is
        outside the vocabulary, there are more than `max_length`, or the parameters are not those of this model.
        """
        hidden, _ = self.hidden_forward(parameters, tokens, seed=seed, dropout=0.0)
        return self.output(parameters, hidden)

    def evaluate(self, parameters, inputs, targets, weights, *, seed=0):
        """Loss, and share of the targets that had the highest logit: {"loss", "accuracy"}. No dropout.

        Arguments and errors as in `loss_and_gradients`.
        """
        hidden, _ = self.hidden_forward(parameters, inputs, seed=seed, dropout=0.0)
        targets = np.asarray(targets)
        weights = _weights_of_mean(weights, targets, (*hidden.shape[:2], self.vocabulary_size), hidden.dtype)
        loss = accuracy = 0.0
        for chunk in position_chunks(hidden.shape[1], self.position_chunk):
            logits = self.output(parameters, hidden[:, chunk])
            loss += _weighted_surprise(logits, targets[:, chunk], weights[:, chunk])[0]
            accuracy += np.sum(weights[:, chunk] * (np.argmax(logits, axis=-1) == targets[:, chunk]))
        return {"loss": float(loss), "accuracy": float(accuracy)}

    def loss_and_gradients(self, parameters, inputs, targets, weights, *, seed):
        """Cross-entropy of the next tokens, and its gradient for every parameter.

        Parameters
        ----------
        parameters : nested dict of `init_parameters`
        inputs : (batch, L) integer array of tokens, L at most max_length
        targets : (batch, L) integer array, the token that follows each input
        weights : (batch, L) array, how much each target counts; 0 for padding
        seed : whole number; decides rotations and dropout

        Returns
        -------
        loss : float, in nats
        gradients : nested dict like `parameters`

        Raises ValueError if a token is outside the vocabulary, a shape does not fit, or the parameters are not those of
        this model.
        Source: for the chunks of positions, Reformer, section 3, "Chunking".
        """
        hidden, saved = self.hidden_forward(parameters, inputs, seed=seed, dropout=self.dropout)
        targets = np.asarray(targets)
        weights = _weights_of_mean(weights, targets, (*hidden.shape[:2], self.vocabulary_size), hidden.dtype)
        output = parameters["output"]
        loss, d_hidden = 0.0, np.empty_like(hidden)
        d_output = {name: np.zeros_like(output[name]) for name in ("weights", "bias")}
        for chunk in position_chunks(hidden.shape[1], self.position_chunk):
            logits, saved_linear = linear_forward(hidden[:, chunk], output["weights"], output["bias"])
            part, saved_surprise = _weighted_surprise(logits, targets[:, chunk], weights[:, chunk])
            loss += part
            d_logits = cross_entropy_backward(1.0, saved_surprise)
            d_hidden[:, chunk], d_weights, d_bias = linear_backward(d_logits, saved_linear)
            d_output["weights"] += d_weights
            d_output["bias"] += d_bias
        gradients = self.hidden_backward(d_hidden, saved)
        gradients["output"] |= d_output
        return float(loss), gradients

    def output(self, parameters, hidden):
        """The last linear layer: logits from the hidden vectors of `hidden_forward`."""
        return linear(hidden, parameters["output"]["weights"], parameters["output"]["bias"])

    def hidden_forward(self, parameters, tokens, *, seed, dropout):
        """All but the last linear layer: (hidden, saved), with `saved` for `hidden_backward`.

        `hidden` is (batch, L, d), or (batch, L, 2d) of a reversible model: its two streams side by side. Raises as
        `logits`.
        """
        parameters = self.conform_parameters(parameters)
        blocks = self.blocks(parameters, seed=seed, dropout=dropout)
        x, saved_input = self.input_forward(parameters, tokens)
        hidden, saved = self.blocks_forward(parameters, x, blocks)
        return hidden, (saved_input, *saved)

    def blocks(self, parameters, *, seed, dropout=0.0):
        """The layers as pairs of `Branch`es, in the order of their dict.

        Every branch draws from a seed of its own: that of the step, the number of the layer, and 1 for attention or 2
        for feed-forward. Not 0: `default_rng((seed, 0, 0))` draws the numbers of `default_rng(seed)`, from which the
        parameters may have come.
        """
        return [
            (
                attention_branch(self, layer["attention"], seed=(seed, i, 1), dropout=dropout),
                feed_forward_branch(self, layer["feed_forward"], seed=(seed, i, 2), dropout=dropout),
            )
            for i, layer in enumerate(parameters["layers"].values())
        ]

    def blocks_forward(self, parameters, x, blocks):
        """Run the blocks and the norm after the last: (hidden, saved)."""
        forward = reversible_stack_forward if self.reversible else stored_stack_forward
        streams, saved_stack = forward([x] * self.n_streams, blocks)
        hidden, saved_norm = layer_norm_forward(np.concatenate(streams, axis=-1), **parameters["output"]["norm"])
        return hidden, (saved_stack, saved_norm)

    def hidden_backward(self, gradient, saved):
        """Gradients of the parameters from that of the hidden vectors of `hidden_forward`: a nested dict."""
        saved_input, saved_stack, saved_norm = saved
        d_x, d_norm = layer_norm_backward(gradient, saved_norm)
        backward = reversible_stack_backward if self.reversible else stored_stack_backward
        d_streams, d_blocks = backward(np.split(d_x, self.n_streams, axis=-1), saved_stack)
        layers = {str(i): {"attention": d_f, "feed_forward": d_g} for i, (d_f, d_g) in enumerate(d_blocks)}
        return self.input_backward(sum(d_streams), saved_input) | {"layers": layers, "output": {"norm": d_norm}}

    def input_forward(self, parameters, tokens, *, first=0):
        """Vectors of the tokens and of their positions, which count from `first`, added up: (vectors, saved).

        `first` is for writing one token after the other; `input_backward` is for whole sequences, which begin at 0.
        """
        tokens = require_entries("tokens", require_integers("tokens", tokens, "(batch, L)", below=self.vocabulary_size))
        last = first + tokens.shape[1]
        if last > self.max_length:
            raise ValueError(f"tokens needs at most max_length = {self.max_length} positions, got {last}")
        vectors, saved = embed_forward(tokens, parameters["tokens"])
        positions = self._position_vectors(parameters.get("positions"), first, last, vectors.dtype)
        return vectors + positions, (saved, parameters.get("positions"))

    def _position_vectors(self, tables, first, last, dtype):
        """The vectors of positions first .. last - 1, and no others: a sampler asks for one after the other."""
        if self.positions == "learned":
            return tables["table"][first:last]
        if self.positions == "sinusoidal":
            return sinusoidal_positions(last - first, self.d_model, dtype, first=first)
        n_columns = len(tables["columns"])
        top, bottom = first // n_columns, -(-last // n_columns)
        grid = axial_positions(tables["rows"][top:bottom], tables["columns"])
        return grid[first - top * n_columns :][: last - first]

    def input_backward(self, gradient, saved):
        """Gradients of token and position vectors, from the gradient of the vectors of `input_forward`."""
        saved_tokens, positions = saved
        gradients = {"tokens": embed_backward(gradient, saved_tokens)}
        d_positions = np.sum(gradient, axis=0)
        if self.positions == "learned":
            d_table = np.zeros_like(positions["table"])
            d_table[: len(d_positions)] = d_positions
            gradients["positions"] = {"table": d_table}
        elif self.positions == "axial":
            d_rows, d_columns = axial_positions_backward(d_positions, **positions)
            gradients["positions"] = {"rows": d_rows, "columns": d_columns}
        return gradients


@dataclass(frozen=True, kw_only=True)
class TransformerLM(LanguageModel):
    """An ordinary decoder: dense attention, residual layers. Fields as in `LanguageModel`."""


@dataclass(frozen=True, kw_only=True)
class ReformerLM(LanguageModel):
    """A Reformer: LSH attention, reversible layers. Fields as in `LanguageModel`.

    Nothing a later token says reaches an earlier one. But it takes a place in the sorted sequence, and so moves the
    borders of the chunks: which of the earlier tokens one sees can depend on later ones, here as in the published code.
    So can padding behind a text: a weight of 0 keeps it out of the loss, not out of the sort. A text alone and the same
    text in a batch of longer ones can get different logits.
    """

    attention: str = "lsh"
    reversible: bool = True


def attention_branch(model, parameters, *, seed, dropout=0.0):
    """Norm, projections, heads, attention, output: one attention layer as a `Branch`. It replays its hash buckets.

    `seed`, a tuple of numbers, decides the rotations; with a 1 behind it, what drops out.
    """
    names = PROJECTIONS[model.attention]
    attend, attend_backward = ATTENTION[model.attention]

    def forward(x, replay=None):
        normed, saved_norm = layer_norm_forward(x, **parameters["norm"])
        projected = [linear_forward(normed, parameters[name], None) for name in names]
        heads = [split_heads(features, model.n_heads) for features, _ in projected]
        if model.attention == "lsh" and replay is None:
            replay = hash_heads(model, heads[0], np.random.default_rng(seed))
        attended, saved_attention = attend(*heads, **_attention_options(model, replay))
        outputs, saved_out = linear_forward(merge_heads(attended), parameters["w_out"], None)
        saved_projections = [saved for _, saved in projected]
        return _drop(outputs, seed, dropout), (saved_norm, saved_projections, saved_attention, saved_out), replay

    def backward(gradient, saved):
        saved_norm, saved_projections, saved_attention, saved_out = saved
        d_merged, d_w_out, _ = linear_backward(_drop(gradient, seed, dropout), saved_out)
        d_heads = attend_backward(split_heads(d_merged, model.n_heads), saved_attention)
        gradients, d_normed = {"w_out": d_w_out}, 0
        for name, d_head, saved_projection in zip(names, d_heads, saved_projections, strict=True):
            d_through, gradients[name], _ = linear_backward(merge_heads(d_head), saved_projection)
            d_normed = d_normed + d_through
        d_x, d_norm = layer_norm_backward(d_normed, saved_norm)
        return d_x, gradients | {"norm": d_norm}

    return Branch(forward, backward)


def feed_forward_branch(model, parameters, *, seed=(), dropout=0.0):
    """Norm and feed-forward, whole or in chunks of `model.position_chunk`: one such layer as a `Branch`.

    `seed` as in `attention_branch`; without dropout it is not used.
    """
    feed, feed_backward = feed_forward_forward, feed_forward_backward
    if model.position_chunk is not None:
        feed = partial(chunked_feed_forward_forward, chunk_length=model.position_chunk)
        feed_backward = chunked_feed_forward_backward

    def forward(x, replay=None):
        normed, saved_norm = layer_norm_forward(x, **parameters["norm"])
        outputs, saved_feed = feed(normed, parameters, activation=model.activation)
        return _drop(outputs, seed, dropout), (saved_norm, saved_feed), None

    def backward(gradient, saved):
        saved_norm, saved_feed = saved
        d_normed, gradients = feed_backward(_drop(gradient, seed, dropout), saved_feed)
        d_x, d_norm = layer_norm_backward(d_normed, saved_norm)
        return d_x, gradients | {"norm": d_norm}

    return Branch(forward, backward)


def hash_heads(model, queries_keys, rng):
    """Buckets of (batch, H, L, d/H) vectors, in the smallest integers that hold them: (batch, H, R, L).

    Rotations are shared by batch entries and heads, and are the same for float32 and float64.
    """
    draw = partial(draw_rotations, rng, n_rounds=model.n_rounds, n_features=queries_keys.shape[-1], dtype=np.float64)
    rotations = [draw(n_buckets=factor).astype(queries_keys.dtype) for factor in model.bucket_factors]
    if not np.all(np.isfinite(queries_keys)):
        queries_keys = np.nan_to_num(queries_keys)  # a NaN goes on to the loss, where training can say what happened
    return hash_vectors(queries_keys, rotations).astype(model.bucket_dtype)


def _attention_options(model, buckets):
    """What the attention of a model wants to know besides queries, keys and values."""
    options = {"causal": True}
    if model.attention == "lsh":
        options |= {"buckets": buckets, "n_buckets": model.n_buckets_together}
        options |= {name: getattr(model, name) for name in ("chunk_length", "same_bucket_only", "correct_duplicates")}
    return options


def _drop(values, seed, rate):
    return replay_dropout(values, (*seed, 1), rate=rate) if rate else values


def _draw(rng, dtype, rows, columns, *, std=None):
    std = 1 / np.sqrt(rows) if std is None else std
    return (std * rng.standard_normal((rows, columns))).astype(dtype)


def _norm(n_features, dtype):
    return {"norm": {"scale": np.ones(n_features, dtype), "shift": np.zeros(n_features, dtype)}}
