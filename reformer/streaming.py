"""Read a text once and remember it, so that the next token costs one row whatever stands before it (unit 07).

Dense attention is easy to remember: the keys and values of earlier tokens never change, and a new token attends to all
of them. The field calls what is kept a KV cache. LSH attention has no such cache of its own: a new token takes a place
in the sorted sequence and moves the borders of chunks, so that earlier tokens would see others, and from the second
layer on every vector would be another one. A memory has to say which answer it keeps. Here each token sees what it sees
as the newest of all so far, is answered once, and stays: `lsh_attention.newest_attention` is the definition, and
`logits(..., settled=P)` of a model gives the same numbers without a memory.

`Memory` is for a whole model, `AttentionMemory` for one layer of any kind, `SortedTokens` for what LSH attention adds:
the order of the buckets.

Letters: L positions, P those of the prompt, n the tokens so far, V vocabulary, d features of the model, e features of a
head, H heads, R hash rounds, C chunk length.
"""

from copy import copy
from functools import partial

import numpy as np

from reformer.angular import draw_rotations
from reformer.arguments import require_count, require_integers, require_shape
from reformer.attention import masked_logits, require_shared, scaled, softmax, unit_keys, weighted_sum
from reformer.blocks import ATTENTION, attention_options, feed_forward_branch, from_heads, hash_heads, to_heads
from reformer.chunking import NOBODY, sort_by_bucket, undo_sort
from reformer.layers import layer_norm, rows_of
from reformer.masks import HIDDEN, LAST_RESORT
from reformer.reversible import Branch, reversible_stack_forward, stored_stack_forward


class Memory:
    """What a model has read of some texts, ready for the next token of each.

    model : `ReformerLM` or `TransformerLM`
    parameters : its nested dict of arrays
    prompt : (batch, P) integer array of tokens, P at least 1; read together, by the ordinary form of the attention
    seed : of the rotations of LSH attention

    `logits`, (batch, V), are about the token that comes after the last one read.

    Raises ValueError if a token is outside the vocabulary, there are more than `max_length`, the parameters are not
    those of the model, or the model is not causal: what it has read would change with every new token.
    """

    def __init__(self, model, parameters, prompt, *, seed=0):
        require_count("seed", seed, at_least=0)
        if not model.causal:
            raise ValueError("model needs to be causal, got one whose tokens see later ones")
        self.model, self.parameters, self.n_tokens = model, model.conform_parameters(parameters), 0
        x = self._vectors(prompt)
        layers = self.parameters["layers"].values()
        self.attention = [AttentionMemory(model, p["attention"], (seed, i, 1), len(x)) for i, p in enumerate(layers)]
        # Of the last layer nothing is needed but the last token: the others are remembered there, not answered.
        streams = self._run([x] * model.n_streams, slice(-1))
        if x.shape[1] > 1:
            self.attention[-1].remember(streams[-1][:, :-1])
        self.logits = self._score(self._run([stream[:, -1:] for stream in streams], slice(-1, None)))

    def step(self, tokens):
        """Read one more token of each text, (batch) integers, and return the new `logits`.

        Raises ValueError if a token is outside the vocabulary, there is not one for each text, or the text would be
        longer than `max_length`.
        """
        tokens = require_integers("tokens", tokens, "batch", below=self.model.vocabulary_size)
        x = self._vectors(require_shape("tokens", tokens, self.logits.shape[:1])[:, np.newaxis])
        self.logits = self._score(self._run([x] * self.model.n_streams, slice(None)))
        return self.logits

    def copies(self, n):
        """A memory of `n` texts for each one here, side by side, which can be continued differently."""
        n, copies = require_count("n", n), copy(self)
        copies.attention = [layer.copies(n) for layer in self.attention]
        copies.logits = np.repeat(self.logits, n, axis=0)
        return copies

    def _vectors(self, tokens):
        vectors, _ = self.model.input_forward(self.parameters, tokens, first=self.n_tokens)
        self.n_tokens += vectors.shape[1]
        return vectors

    def _run(self, streams, which):
        """Some of the layers, with an attention that remembers."""
        forward = reversible_stack_forward if self.model.reversible else stored_stack_forward
        layers = zip(self.attention, self.parameters["layers"].values(), strict=True)
        blocks = [(Branch(f.forward, None), feed_forward_branch(self.model, p["feed_forward"])) for f, p in layers]
        return forward(streams, blocks[which])[0]

    def _score(self, streams):
        hidden = layer_norm(np.concatenate(streams, axis=-1), **self.parameters["output"]["norm"])
        return self.model.output(self.parameters, hidden[:, -1])


class AttentionMemory:
    """What one attention layer has read: the keys and values of all tokens and, for LSH attention, their order.

    Room for `max_length` tokens is set aside at once. Keys and values begin as zeros: these take no memory until they
    are written, and a weight of 0 at an empty place gives 0, not NaN.
    """

    def __init__(self, model, parameters, seed, batch):
        self.model, self.parameters, self.seed, self.n_tokens = model, parameters, seed, 0
        streams, n_features = (batch, model.n_heads), model.d_model // model.n_heads
        self.keys, self.values = np.zeros((2, *streams, model.max_length, n_features), parameters["w_out"].dtype)
        if model.attention == "lsh":
            draw = partial(draw_rotations, np.random.default_rng(seed), n_rounds=model.n_rounds, n_features=n_features)
            drawn = [draw(n_buckets=factor, dtype=np.float64) for factor in model.bucket_factors]  # as `hash_heads`
            self.rotations = [rotations.astype(self.keys.dtype) for rotations in drawn]
            shape = (*streams, model.n_rounds, model.max_length)
            self.sorted_tokens = SortedTokens(shape, model.chunk_length, model.bucket_dtype)

    def remember(self, x):
        """Keep what attention needs of some more tokens, (batch, L, d): several if they are the first, or one.

        Returns what the layer's kind of attention takes: queries_keys, values and buckets, or what it has instead.
        """
        heads = to_heads(x, self.parameters, self.model.n_heads)
        keys = heads[1] if self.model.attention == "dense" else unit_keys(heads[0])
        new = slice(self.n_tokens, self.n_tokens + x.shape[1])
        self.keys[..., new, :], self.values[..., new, :], self.n_tokens = keys, heads[-1], new.stop
        if self.model.attention == "lsh":
            heads.append(self._hash(heads[0], keys))
            self.sorted_tokens.fill(heads[-1]) if x.shape[1] > 1 else self.sorted_tokens.insert(heads[-1])
        return heads

    def forward(self, x, replay=None):
        """As of a `Branch`: the whole prompt at once, or one token as the newest of all so far."""
        queries, *others = self.remember(x)
        if x.shape[1] > 1:
            attend, _ = ATTENTION[self.model.attention, self.model.fast and self.model.attention == "lsh"]
            attended, _ = attend(queries, *others, **attention_options(self.model, None))
        elif self.model.attention == "lsh":
            attended = self._near(queries, others[0])
        else:
            attended = self._all(queries)
        return from_heads(attended, self.parameters), None, None

    def copies(self, n):
        """The same for `n` texts instead of each one."""
        copies, so_far = copy(self), np.s_[..., : self.n_tokens, :]
        batch, *shape = self.keys.shape
        copies.keys, copies.values = np.zeros((2, n * batch, *shape), self.keys.dtype)
        for room, kept in ((copies.keys, self.keys), (copies.values, self.values)):
            room[so_far] = np.repeat(kept[so_far], n, axis=0)
        if self.model.attention == "lsh":
            copies.sorted_tokens = self.sorted_tokens.copies(n)
        return copies

    def _hash(self, queries_keys, keys):
        """Buckets of (batch, H, L, e) vectors: `hash_heads`, or for one token the same with rotations drawn before."""
        if queries_keys.shape[-2] > 1:
            return hash_heads(self.model, queries_keys, np.random.default_rng(self.seed))
        buckets, weight = 0, 1
        for rotations in self.rotations:  # of one factor: (R, e, B_i/2)
            rotated = keys[..., np.newaxis, :, :] @ rotations
            buckets = buckets + weight * np.argmax(np.concatenate([rotated, -rotated], axis=-1), axis=-1)
            weight *= 2 * rotations.shape[-1]
        return buckets

    def _all(self, query):
        """Dense attention of the newest token, (batch, H, 1, e), to all so far."""
        shared = self.model.attention == "shared_qk"
        # With shared queries and keys a token sees itself only where nothing else is visible.
        visible = np.s_[..., : max(1, self.n_tokens - shared), :]
        logits = (query if shared else scaled(query)) @ np.swapaxes(self.keys[visible], -1, -2)
        return softmax(logits) @ self.values[visible]

    def _near(self, query, value):
        """LSH attention of the newest token, (batch, H, 1, e): one softmax over the keys of all rounds."""
        require_shared(query, value)
        windows = self.sorted_tokens.windows(same_bucket_only=self.model.same_bucket_only)
        mask = np.where(windows == NOBODY, np.float32(HIDDEN), np.float32(0))  # who is in a window is past
        mask[windows == self.n_tokens - 1] = LAST_RESORT
        if self.model.correct_duplicates:
            mask = mask - np.log(count_equal(windows))
        rows = windows + np.arange(0, self.keys[..., 0].size, self.model.max_length).reshape(*windows.shape[:-1], 1)
        keys, values = (rows_of(kept).take(rows, axis=0) for kept in (self.keys, self.values))
        return weighted_sum(softmax(masked_logits(query, keys, mask[..., np.newaxis, :])), values)


def count_equal(numbers):
    """How often each number stands in its row: (..., W) integers -> (..., W)."""
    counts = np.empty(numbers.shape, np.intp)
    for row in np.ndindex(numbers.shape[:-1]):
        _, which, times = np.unique(numbers[row], return_inverse=True, return_counts=True)
        counts[row] = times[which]
    return counts


class SortedTokens:
    """The tokens so far in the order of their buckets, to which one more can be added.

    shape : (..., R, room), room for so many tokens
    chunk_length : C
    dtype : of the buckets

    `order`, (..., R, room up to a whole chunk), begins with `sort_by_bucket` of the `buckets` so far; the rest is
    `NOBODY`. `places`, (..., R), is where the newest token stands in it.
    """

    def __init__(self, shape, chunk_length, dtype):
        *rows, room = shape
        self.chunk_length = min(chunk_length, room)
        self.n_tokens, self.buckets, self.places = 0, np.zeros(shape, dtype), np.zeros(rows, np.intp)
        self.order = np.full((*rows, -(-room // self.chunk_length) * self.chunk_length), NOBODY, np.int32)

    def fill(self, buckets):
        """Sort the first tokens, by their (..., R, L) buckets."""
        self.n_tokens = buckets.shape[-1]
        self.buckets[..., : self.n_tokens] = buckets
        self.order[..., : self.n_tokens] = sort_by_bucket(buckets)
        self.places = undo_sort(self.order[..., : self.n_tokens])[..., -1]

    def insert(self, buckets):
        """Sort in one more token, by its (..., R, 1) buckets: behind all of its own bucket, being later than they."""
        n, self.n_tokens = self.n_tokens, self.n_tokens + 1
        self.buckets[..., n : self.n_tokens] = buckets
        for row in np.ndindex(self.places.shape):
            order, of_row = self.order[row], self.buckets[row]
            place = np.count_nonzero(of_row[:n] <= of_row[n])
            order[place + 1 : n + 1] = order[place:n]
            order[place], self.places[row] = n, place

    def windows(self, *, same_bucket_only=False):
        """Whom the newest token meets: its chunk and the one before, as `look_adjacent` has it, in all rounds: (..., W)

        With `same_bucket_only`, `NOBODY` stands for those of another bucket.
        """
        *_, n_rounds, room = self.order.shape
        row = np.arange(n_rounds) * room  # the rounds stand in one long row
        own, last = self.places // self.chunk_length * self.chunk_length, (self.n_tokens - 1) // self.chunk_length
        before = np.where(own > 0, row + own - self.chunk_length, np.roll(row, 1) + last * self.chunk_length)
        starts = np.stack([before, row + own], axis=-1)[..., np.newaxis]
        index = (starts + np.arange(self.chunk_length)).reshape(*self.places.shape, -1)
        in_one_row = self.order.reshape(*self.order.shape[:-2], -1)
        windows = np.take_along_axis(in_one_row, index.reshape(*in_one_row.shape[:-1], -1), axis=-1)
        if same_bucket_only:  # in sorted order a bucket is one run, of which the newest is the last
            lower = self.buckets[..., : self.n_tokens] < self.buckets[..., self.n_tokens - 1 : self.n_tokens]
            first = (row + np.count_nonzero(lower, axis=-1))[..., np.newaxis]
            others = (index < first) | (index > (row + self.places)[..., np.newaxis])
            windows[others.reshape(windows.shape)] = NOBODY
        return windows

    def copies(self, n):
        """The same for `n` texts instead of each one."""
        copies = copy(self)
        for name in ("buckets", "order", "places"):
            setattr(copies, name, np.repeat(getattr(self, name), n, axis=0))
        return copies
