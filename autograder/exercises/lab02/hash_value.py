"""`hash_value(sides)`: the sides of a vector read as the bits of a whole number; plane i weighs 2^i, at most 62."""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import planes
from reformer.loops import planes as twins

exercise = Exercise(reference=planes.hash_value, twin=twins.hash_value)


@exercise.case("four tokens, three planes")
def _(rng):
    return call(np.array([[True, False, False], [False, True, True], [True, True, False], [False, False, False]]))


@exercise.case("a single token, four planes")
def _(rng):
    return call(np.array([True, False, True, True]))


@exercise.case("three tokens, a single plane")
def _(rng):
    return call(np.array([[True], [False], [True]]))


def _random_sides(*shape):
    return lambda rng: call(rng.random(shape) < 0.5)


exercise.case("two sequences with three heads, four tokens each, six planes", _random_sides(2, 3, 4, 6))


def _all_codes(rng):
    return [call(rng.permutation(np.array(list(np.ndindex(2, 2, 2, 2)), dtype=bool)))]


@exercise.property("sixteen different codes get the sixteen numbers 0 to 15", _all_codes)
def _(calls, answers):
    return sorted(np.asarray(answers[0]).tolist()) == list(range(16))


def _with_extremes(n_tokens, n_planes):
    """Random sides; token 0 is on the positive side of all planes, token 1 of the last and token 2 of all others."""

    def make(rng):
        sides = rng.random((n_tokens, n_planes)) < 0.5
        sides[0], sides[1], sides[2] = True, False, True
        sides[1, -1], sides[2, -1] = True, False
        return call(sides)

    return make


exercise.case("ten planes: numbers above 255", _with_extremes(6, 10))
exercise.case("forty planes: numbers beyond 32 bits", _with_extremes(6, 40))
exercise.case("62 planes: as many as int64 holds", _with_extremes(6, 62))
exercise.case("a batch of sequences with heads, twelve planes", _random_sides(2, 3, 40, 12), hidden=True)
exercise.case("200 tokens, 62 planes", _with_extremes(200, 62), hidden=True)


def _weights(sides):
    return 2 ** np.arange(sides.shape[-1], dtype=np.int64)


@exercise.mistake(
    why="binary numbers are written with the highest bit in front",
    says="plane 0 weighs most; here it has to weigh 1, and the last plane most",
)
def reversed_bits(sides):
    return sides @ _weights(sides)[::-1]


@exercise.mistake(
    why="2^i is read or typed as 2 * i",
    says="plane i weighs 2 · i instead of 2^i: plane 0 counts nothing, and different codes get the same number",
)
def twice_the_plane(sides):
    return sides @ (2 * np.arange(sides.shape[-1]))


@exercise.mistake(
    why="base and exponent are exchanged: i ** 2 for 2 ** i",
    says="plane i weighs i² instead of 2^i: base and exponent are exchanged",
)
def plane_squared(sides):
    return sides @ np.arange(sides.shape[-1]) ** 2


@exercise.mistake(
    why="the formula's 2^i is typed as it stands; in Python `^` is 'exclusive or'",
    says="`2 ^ i` is computed, which in Python is 'exclusive or' of the bits of 2 and i; a power is `2 ** i`",
)
def exclusive_or(sides):
    return sides @ (2 ^ np.arange(sides.shape[-1]))


@exercise.mistake(
    why="the plane's number is at hand, so it is added up",
    says="the numbers of the planes are added up, counted from 0: plane i weighs i instead of 2^i",
)
def plane_numbers_added(sides):
    return sides @ np.arange(sides.shape[-1])


@exercise.mistake(
    why="adding up the bits is the first thing that comes to mind",
    says="the positive sides are counted: each plane needs a weight of its own, or different codes collide",
)
def number_of_positive_sides(sides):
    return np.sum(sides, axis=-1)


@exercise.mistake(
    why="planes are counted from one",
    says="the planes are counted from 1: plane 0 weighs 2^0 = 1, here every number is twice too large",
)
def weights_from_two(sides):
    return sides @ (2 * _weights(sides))


@exercise.mistake(
    why="the code is shown as a string of digits 0 and 1",
    says="the bits are read as decimal digits: the codes stay apart, but plane i has to weigh 2^i, not 10^i",
)
def base_ten(sides):
    return sides @ 10 ** np.arange(sides.shape[-1], dtype=np.int64)


@exercise.mistake(
    why="`value = ...` in a loop where `value += ...` is meant",
    says="only the last plane counts: in a loop over the planes the number is replaced instead of added to",
)
def last_plane_only(sides):
    return sides[..., -1] * _weights(sides)[-1]


@exercise.mistake(
    why="sides are thought of as +1 and -1",
    says="a negative side subtracts its weight; it has to add nothing",
)
def minus_for_negative_sides(sides):
    return np.where(sides, 1, -1) @ _weights(sides)


@exercise.mistake(
    why="a False is taken for the bit that is set",
    says="the planes with a negative side are added up: the bits are turned round",
)
def negative_sides_count(sides):
    return ~sides @ _weights(sides)


@exercise.mistake(
    why="floats are added up and turned into whole numbers at the end",
    says="the numbers are added up as floats and made whole afterwards: above 2^53 the first planes are lost by then",
)
def floats_made_whole(sides):
    return (sides @ 2.0 ** np.arange(sides.shape[-1])).astype(np.int64)


@exercise.mistake(
    why="`np.zeros` and powers of 2.0 give floats",
    says="the numbers are floats: a bucket is a whole number, and above 2^53 a float loses the first planes",
)
def as_floats(sides):
    return sides @ 2.0 ** np.arange(sides.shape[-1])


@exercise.mistake(
    why="`np.sum` adds over all axes unless told otherwise",
    says="the sum runs over all tokens, too: with `axis=-1` it runs over the planes alone",
)
def all_tokens_added_up(sides):
    return np.sum(sides * _weights(sides))


@exercise.mistake(
    why="`axis=0` is typed out of habit",
    says="the sum runs over the first axis, the tokens, instead of over the planes, which are the last: `axis=-1`",
)
def summed_over_the_first_axis(sides):
    return np.sum(sides * _weights(sides), axis=0)


@exercise.mistake(
    why="the task is read for one sequence of tokens",
    says="only `sides` of shape (L, P) are expected: there may be batch axes in front, or a single token alone",
)
def no_batch_axes(sides):
    return np.einsum("lp,p->l", sides, _weights(sides))


@exercise.mistake(
    why="batch axes are flattened to one long list of tokens, and the result is left that way",
    says="the leading axes are flattened: the result has one axis, whatever stands in front of the planes in `sides`",
)
def batch_flattened(sides):
    return sides.reshape(-1, sides.shape[-1]) @ _weights(sides)


@exercise.mistake(
    why="int32 is a common integer type, and up to 31 planes it is enough",
    says="the weights overflow: with 40 planes they need more than 32 bits, so use int64",
)
def overflowing_weights(sides):
    return np.sum(sides * 2 ** np.arange(sides.shape[-1], dtype=np.int32), axis=-1)


@exercise.mistake(
    why="a byte holds the weights of eight planes, and `np.packbits` makes bytes",
    says="a single byte is kept, by `uint8` or `np.packbits`: from the ninth plane on, planes count nothing",
)
def first_byte_only(sides):
    return np.packbits(sides, axis=-1, bitorder="little")[..., 0]


@exercise.mistake(
    why="`np.packbits` reads bits as numbers, and nobody looks at its `bitorder`",
    says="`np.packbits` makes bytes with plane 0 as the highest bit, filled up with zeros to eight bits",
)
def packed_from_the_front(sides):
    return np.packbits(sides, axis=-1)[..., 0]


@exercise.mistake(
    why="different codes need different numbers, and `np.unique` hands them out",
    says="the codes that occur are numbered one after the other; a bucket's number must not depend on other tokens",
)
def codes_numbered(sides):
    return np.unique(sides.reshape(-1, sides.shape[-1]), axis=0, return_inverse=True)[1].reshape(sides.shape[:-1])


@exercise.solution
def value_by_sum(sides):
    return np.sum(sides * 2 ** np.arange(sides.shape[-1], dtype=np.int64), axis=-1)


@exercise.solution
def value_by_doubling(sides):
    value = np.zeros(sides.shape[:-1], dtype=np.int64)
    for plane in range(sides.shape[-1] - 1, -1, -1):
        value = 2 * value + sides[..., plane]
    return value


@exercise.solution
def value_by_shifts(sides):
    return np.bitwise_or.reduce(sides.astype(np.uint64) << np.arange(sides.shape[-1], dtype=np.uint64), axis=-1)


@exercise.solution
def value_by_bytes(sides):
    padding = [(0, 0)] * (sides.ndim - 1) + [(0, 64 - sides.shape[-1])]
    return np.packbits(np.pad(sides, padding), axis=-1, bitorder="little").view("<i8")[..., 0]
