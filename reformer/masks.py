"""Masks: who may attend to whom, decided by position (unit 05).

After sorting, a token's place says nothing about its time, and with the published wrap a position can even stand
twice in one window. So every mask compares position numbers; none uses the diagonal.

A mask is added to the logits: 0 where a key is visible, `HIDDEN` where it is not, `LAST_RESORT` for the token itself.
"""

import numpy as np

from reformer.arguments import require_arrays, require_integers
from reformer.chunking import NOBODY

HIDDEN = -np.inf
# Far below every real logit, so that it counts only where nothing else is visible. A key at -|q| must still beat the
# token itself at |q| - 1e30. The published code has -1e5, which vectors longer than 5e4 would beat; but it hides with a
# finite number too, and needs room below. Here hidden is -inf.
LAST_RESORT = np.float32(-1e30)


def attention_mask(
    query_positions, key_positions, *, causal=True, avoid_self=True, query_buckets=None, key_buckets=None
):
    """Make the mask between queries and keys that stand at given positions.

    Hidden are: all that concerns `NOBODY` (-1, an empty or padded place), as query or key; with `causal`, a key later
    than the query; with buckets given, a key in another bucket. With `avoid_self` a token sees itself as a last
    resort only: where queries are keys, each token is most similar to itself, and would attend to little else.

    Parameters
    ----------
    query_positions : (..., Q) integer array, -1 for an empty place
    key_positions : (..., K) integer array
    causal : hide the future
    avoid_self : see oneself only where nothing else is visible
    query_buckets, key_buckets : integer arrays of the shapes of the positions, or both None

    Returns
    -------
    mask : (..., Q, K) float32 array to add to the logits: 0, `LAST_RESORT` (-1e30) or `HIDDEN` (-inf)

    Raises ValueError if positions are not integer arrays, a shape does not fit, or only one kind of bucket is given.
    Source: Reformer, section 2, "Causal masking for shared-QK attention".
    """
    query_positions = require_integers("query_positions", query_positions, "... Q", low=NOBODY)
    key_positions = require_integers("key_positions", key_positions, "... K", low=NOBODY)
    arrays = dict(query_positions=(query_positions, "... Q", int), key_positions=(key_positions, "... K", int))
    with_buckets = query_buckets is not None or key_buckets is not None
    if with_buckets:
        arrays |= dict(query_buckets=(query_buckets, "... Q", int), key_buckets=(key_buckets, "... K", int))
    _, _, *buckets = require_arrays(**arrays)
    queries, keys = _facing(query_positions, key_positions)
    hidden = (queries == NOBODY) | (keys == NOBODY)
    if causal:
        hidden |= keys > queries
    if with_buckets:
        hidden |= np.not_equal(*_facing(*buckets))
    mask = np.where(hidden, np.float32(HIDDEN), np.float32(0))
    if avoid_self:
        mask[(queries == keys) & ~hidden] = LAST_RESORT
    return mask


def _facing(of_queries, of_keys):
    """Shaped so that comparing the two compares each query with each key."""
    return of_queries[..., :, np.newaxis], of_keys[..., np.newaxis, :]
