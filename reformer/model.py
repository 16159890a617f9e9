"""A whole Reformer and a whole Transformer, from the same parts (unit 07).

A model is a small, frozen description: `ReformerLM(vocabulary_size=256, max_length=1024)`. It holds no numbers; the
parameters are a plain nested dict of arrays, drawn by `init_parameters` and passed to every call. Tokens go in as
(batch, L) integers; the logits at a position are about the token that comes after it.

Both models differ in two fields only: `attention` and `reversible`. Setting them one by one, with
`dataclasses.replace`, gives the models in between that the paper compares.

A model runs the functions that the lessons teach. `fast=True` puts the tuned path of `fast` in the place of hashing and
LSH attention: the same numbers up to rounding, sooner.

Letters: L positions, V vocabulary, d features of the model, H heads, R hash rounds, B buckets.
Source: Kitaev, Kaiser, Levskaya, "Reformer: The Efficient Transformer" (2020); Trax `models/reformer/reformer.py`.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from reformer.arguments import require_arrays, require_choice, require_count, require_integers
from reformer.blocks import PROJECTIONS, attention_branch, feed_forward_branch
from reformer.chunking import stretches
from reformer.feed_forward import ACTIVATIONS
from reformer.gradients import (
    embed_backward,
    embed_forward,
    layer_norm_backward,
    layer_norm_forward,
    linear_backward,
    linear_forward,
)
from reformer.layers import linear
from reformer.losses import cross_entropy, cross_entropy_backward, cross_entropy_forward
from reformer.parameters import conform_arrays, flatten_parameters, unflatten_parameters
from reformer.positions import axial_positions_backward, axial_positions_forward, sinusoidal_positions
from reformer.reversible import (
    reversible_stack_backward,
    reversible_stack_forward,
    stored_stack_backward,
    stored_stack_forward,
)

POSITIONS = ("learned", "sinusoidal", "axial")


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
    fast : hash and attend by the tuned path

    All are causal, so that is no field. A subclass for other tasks than the next token may set `causal` to False: then
    every token sees all, by dense attention, and `sampling` does not write with it.
    """

    causal = True

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
    fast: bool = False

    def __post_init__(self):
        for name in ("vocabulary_size", "max_length", "d_ff", "n_heads", "n_layers", "n_rounds", "chunk_length"):
            require_count(name, getattr(self, name))
        require_count("d_model", self.d_model, at_least=2, even=True)
        if self.position_chunk is not None:
            require_count("position_chunk", self.position_chunk)
        require_choice("attention", self.attention, PROJECTIONS)
        if not self.causal:
            require_choice("attention of a model that is not causal", self.attention, ["dense"])
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
        return tuple(self.n_buckets) if isinstance(self.n_buckets, tuple | list) else (self.n_buckets,)

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

        Every public call does this once. Raises ValueError if a name, shape or dtype is not as there, or a number is
        not finite.
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

    def logits(self, parameters, tokens, padding=None, *, seed=0, settled=None):
        """Score every token of the vocabulary as the next one: (batch, L) integers -> (batch, L, V). No dropout.

        `padding` as in `loss_and_gradients`. `seed` draws the rotations of LSH attention; other attention does not use
        it. `settled` tells how the text came about: so many tokens were given together, each later one was written as
        the newest so far, as `sampling` writes; None means all at once, as in training. Without LSH attention that
        makes no difference. Raises ValueError if a token is outside the vocabulary, there are more than `max_length`,
        or the parameters are not those of this model.
        """
        parameters = self.conform_parameters(parameters)
        blocks = self.blocks(parameters, seed=seed, padding=_require_padding(padding, tokens), settled=settled)
        hidden, _ = self.hidden_forward(parameters, tokens, blocks)
        return self.output(parameters, hidden)

    def evaluate(self, parameters, inputs, targets, weights, padding=None, *, seed=0):
        """Loss, and share of the targets that had the highest logit: {"loss", "accuracy"}. No dropout.

        Arguments and errors as in `loss_and_gradients`.
        """
        parameters = self.conform_parameters(parameters)
        blocks = self.blocks(parameters, seed=seed, padding=_require_padding(padding, inputs))
        hidden, _ = self.hidden_forward(parameters, inputs, blocks)
        loss = accuracy = 0.0
        for chunk, share in self._counted_chunks(hidden, targets, weights):
            logits = self.output(parameters, hidden[:, chunk])
            of_chunk = np.asarray(targets)[:, chunk], np.asarray(weights)[:, chunk]
            loss += share * cross_entropy(logits, *of_chunk)
            accuracy += share * np.average(np.argmax(logits, axis=-1) == of_chunk[0], weights=of_chunk[1])
        return {"loss": float(loss), "accuracy": float(accuracy)}

    def loss_and_gradients(self, parameters, inputs, targets, weights, padding=None, *, seed):
        """Cross-entropy of the next tokens, and its gradient for every parameter.

        Parameters
        ----------
        parameters : nested dict of `init_parameters`
        inputs : (batch, L) integer array of tokens, L at most max_length
        targets : (batch, L) integer array, the token that follows each input
        weights : (batch, L) array, how much each target counts; 0 for padding
        padding : (batch, L) boolean array, True where a token is padding, or None. No token sees padding, and LSH
            attention sorts and cuts each sequence on its real tokens alone: a text alone and in a batch of longer ones
            gets the same logits.
        seed : whole number; decides rotations and dropout

        Returns
        -------
        loss : float, in nats
        gradients : nested dict like `parameters`

        Raises ValueError if a token is outside the vocabulary, a shape does not fit, or the parameters are not those of
        this model.
        Source: for the chunks of positions, Reformer, section 3, "Chunking".
        """
        parameters = self.conform_parameters(parameters)
        padding = _require_padding(padding, inputs)
        blocks = self.blocks(parameters, seed=seed, dropout_rate=self.dropout, padding=padding)
        hidden, saved = self.hidden_forward(parameters, inputs, blocks)
        output = parameters["output"]["weights"], parameters["output"]["bias"]
        loss, d_hidden, d_output = 0.0, np.zeros_like(hidden), None
        for chunk, share in self._counted_chunks(hidden, targets, weights):
            logits, saved_linear = linear_forward(hidden[:, chunk], *output)
            of_chunk = np.asarray(targets)[:, chunk], np.asarray(weights)[:, chunk]
            part, saved_loss = cross_entropy_forward(logits, *of_chunk)
            loss += share * part
            d_logits, _ = cross_entropy_backward(share, saved_loss)
            d_hidden[:, chunk], found = linear_backward(d_logits, saved_linear)
            d_output = found if d_output is None else {name: d_output[name] + found[name] for name in found}
        gradients = self._hidden_backward(d_hidden, saved)
        gradients["output"] |= d_output
        return float(loss), gradients

    def output(self, parameters, hidden):
        """The last linear layer: logits from hidden vectors."""
        return linear(hidden, parameters["output"]["weights"], parameters["output"]["bias"])

    def _counted_chunks(self, hidden, targets, weights):
        """Stretches of positions that hold weight, each with its share of all the weight.

        The loss of the whole is the sum over them of share times `cross_entropy`.
        """
        _, _, weights = require_arrays(
            inputs=(hidden, "batch L d"),
            targets=(targets, "batch L", int),
            weights=(np.asarray(weights, dtype=np.float64), "batch L", np.float64),
        )
        total = np.sum(weights)
        if not (np.all(weights >= 0) and 0 < total < np.inf):
            raise ValueError(f"weights needs numbers of at least 0, one of them above 0, got a sum of {total}")
        for chunk in stretches(hidden.shape[1], self.position_chunk):
            share = float(np.sum(weights[:, chunk]) / total)
            if share:
                yield chunk, share

    def blocks(self, parameters, *, seed, dropout_rate=0.0, padding=None, settled=None):
        """The layers as pairs of `Branch`es, in the order of their dict. `settled` as in `logits`.

        Every branch draws from a seed of its own: that of the step, the number of the layer, and 1 for attention or 2
        for feed-forward. Not 0: `default_rng((seed, 0, 0))` draws the numbers of `default_rng(seed)`, from which the
        parameters may have come.
        """
        require_count("seed", seed, at_least=0)
        of_attention = dict(dropout_rate=dropout_rate, padding=padding, settled=settled)
        return [
            (
                attention_branch(self, layer["attention"], seed=(seed, i, 1), **of_attention),
                feed_forward_branch(self, layer["feed_forward"], seed=(seed, i, 2), dropout_rate=dropout_rate),
            )
            for i, layer in enumerate(parameters["layers"].values())
        ]

    def hidden_forward(self, parameters, tokens, blocks, *, first=0):
        """All but the last linear layer: (hidden, saved), with `saved` for `_hidden_backward`.

        `hidden` is (batch, L, d), or (batch, L, 2d) of a reversible model: its two streams side by side. `first` as in
        `input_forward`.
        """
        x, saved_input = self.input_forward(parameters, tokens, first=first)
        forward = reversible_stack_forward if self.reversible else stored_stack_forward
        streams, saved_stack = forward([x] * self.n_streams, blocks)
        hidden, saved_norm = layer_norm_forward(np.concatenate(streams, axis=-1), **parameters["output"]["norm"])
        return hidden, (saved_input, saved_stack, saved_norm)

    def _hidden_backward(self, gradient, saved):
        """Gradients of the parameters from that of the hidden vectors of `hidden_forward`: a nested dict."""
        (saved_tokens, saved_positions, tables), saved_stack, saved_norm = saved
        d_streams, d_norm = layer_norm_backward(gradient, saved_norm)
        backward = reversible_stack_backward if self.reversible else stored_stack_backward
        d_streams, d_blocks = backward(np.split(d_streams, self.n_streams, axis=-1), saved_stack)
        layers = {str(i): {"attention": d_f, "feed_forward": d_g} for i, (d_f, d_g) in enumerate(d_blocks)}
        d_vectors = sum(d_streams)
        _, d_tokens = embed_backward(d_vectors, saved_tokens)
        gradients = {"tokens": d_tokens["table"], "layers": layers, "output": {"norm": d_norm}}
        d_positions = np.sum(d_vectors, axis=0)
        if self.positions == "learned":
            gradients["positions"] = {"table": np.zeros_like(tables["table"])}
            gradients["positions"]["table"][: len(d_positions)] = d_positions
        elif self.positions == "axial":
            rows, columns = saved_positions  # only the rows that the sequence reached
            d_grid = np.zeros((len(rows) * len(columns), self.d_model), d_positions.dtype)
            d_grid[: len(d_positions)] = d_positions
            (d_rows, d_columns), _ = axial_positions_backward(d_grid, saved_positions)
            gradients["positions"] = {"rows": np.zeros_like(tables["rows"]), "columns": d_columns}
            gradients["positions"]["rows"][: len(rows)] = d_rows
        return gradients

    def input_forward(self, parameters, tokens, *, first=0):
        """Vectors of the tokens and of their positions, which count from `first`, added up: (vectors, saved).

        `first` is for writing one token after the other; the gradient is for whole sequences, which begin at 0.
        """
        tokens = require_integers("tokens", tokens, "batch+ L+", below=self.vocabulary_size)
        last = first + tokens.shape[1]
        if last > self.max_length:
            raise ValueError(f"tokens needs at most max_length = {self.max_length} positions, got {last}")
        vectors, saved_tokens = embed_forward(tokens, parameters["tokens"])
        tables, saved_positions = parameters.get("positions"), None
        if self.positions == "learned":
            positions = tables["table"][first:last]
        elif self.positions == "sinusoidal":
            positions = sinusoidal_positions(last - first, self.d_model, vectors.dtype, first=first)
        else:
            n_columns = len(tables["columns"])
            top, bottom = first // n_columns, -(-last // n_columns)  # no other rows than are asked for
            grid, saved_positions = axial_positions_forward(tables["rows"][top:bottom], tables["columns"])
            positions = grid[first - top * n_columns :][: last - first]
        return vectors + positions, (saved_tokens, saved_positions, tables)


@dataclass(frozen=True, kw_only=True)
class TransformerLM(LanguageModel):
    """An ordinary decoder: dense attention, residual layers. Fields as in `LanguageModel`."""


@dataclass(frozen=True, kw_only=True)
class ReformerLM(LanguageModel):
    """A Reformer: LSH attention, reversible layers. Fields as in `LanguageModel`.

    Nothing a later token says reaches an earlier one. But it takes a place in the sorted sequence, and so moves the
    borders of the chunks: which of the earlier tokens one sees can depend on later ones, here as in the published code.
    So can what stands behind a text, unless `padding` says that it is none.
    """

    attention: str = "lsh"
    reversible: bool = True


def _require_padding(padding, tokens):
    """`padding` as an array that fits the tokens, or None as it is."""
    if padding is not None:
        _, padding = require_arrays(tokens=(tokens, "batch L", int), padding=(padding, "batch L", bool))
    return padding


def _draw(rng, dtype, rows, columns, *, std=None):
    std = 1 / np.sqrt(rows) if std is None else std
    return (std * rng.standard_normal((rows, columns))).astype(dtype)


def _norm(n_features, dtype):
    return {"norm": {"scale": np.ones(n_features, dtype), "bias": np.zeros(n_features, dtype)}}
