"""`hash_value(sides)`: the sides of a vector read as the bits of a whole number; plane i weighs 2^i, at most 62."""

import numpy as np

from autograder.checking.call import call
from autograder.checking.exercise import Exercise
from reformer import planes
from reformer.loops import planes as twins

exercise = Exercise(planes.hash_value, twins.hash_value, axes=("token",))


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
    numbers = np.asarray(answers[0]).tolist()
    return [number in range(16) and numbers.count(number) == 1 for number in numbers]


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
    why="`value = 2**i` in a loop over the positive sides, where `value += 2**i` is meant; or a maximum for a sum",
    says="only the highest plane with a positive side counts: the weights of all of them have to be added up",
)
def highest_plane_only(sides):
    return np.max(sides * _weights(sides), axis=-1)


@exercise.mistake(
    why="`range(n_planes - 1)`: a fence-post error",
    says="the last plane is left out: `range(n)` already stops before n",
)
def last_plane_left_out(sides):
    return sides[..., :-1] @ _weights(sides)[:-1]


@exercise.mistake(
    why="`range(n_planes - 1, 0, -1)` doubles from the last plane down and stops before plane 0",
    says="plane 0 is left out and the others move up: plane 1 weighs 1, plane 2 weighs 2; a range downwards has to "
    "stop at -1",
)
def plane_zero_left_out(sides):
    return sides @ _weights(sides) // 2


@exercise.mistake(
    why="`weight *= 2` is indented too far, into the `if`",
    says="the weight doubles after a positive side only; plane i weighs 2^i, whatever the sides before it are",
)
def doubled_after_positive_sides(sides):
    return 2 ** np.sum(sides, axis=-1) - 1


@exercise.mistake(
    why="`weight = 1` stands before the loop over the tokens",
    says="the weight is not set back to 1 for the next token, where plane 0 has to weigh 1 again",
)
def weight_not_set_back(sides):
    n_sides = sides.size
    weights = np.array([2**i % 2**62 for i in range(n_sides)], dtype=np.int64).reshape(sides.shape)
    return np.sum(sides * weights, axis=-1)


@exercise.mistake(
    why="the example has three planes, so three weights are written down",
    says="the weights are 1, 2 and 4, whatever the number of planes is: `2 ** np.arange(n_planes)` makes them for any",
)
def weights_of_the_example(sides):
    return sides @ np.array([1, 2, 4])


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
    why="`len(sides)` or `sides.shape[0]` is taken for the number of planes",
    says="the first axis is taken for the planes: the tokens get the weights. The planes are the last axis",
)
def tokens_weighed(sides):
    return np.tensordot(2 ** np.arange(len(sides), dtype=np.int64), sides, axes=1)


@exercise.mistake(
    why="the task is read for one sequence of tokens",
    says="only `sides` of shape (L, P) are expected: there may be batch axes in front, or a single token alone",
)
def no_batch_axes(sides):
    return np.einsum("lp,p->l", sides, _weights(sides))


@exercise.mistake(
    why="the code is put together as text, token by token, and read by `int(text, 2)`",
    says="the loop runs over the first axis as if it were the tokens: with a batch it is the sequences, and of a "
    "single token it is the planes",
)
def text_of_one_sequence(sides):
    return np.array([int("".join("1" if side else "0" for side in token[::-1]), 2) for token in sides])


@exercise.mistake(
    why="the code is put together as text, token by token, with `reversed`, and read by `int(text, 2)`",
    says="the loop runs over the first axis as if it were the tokens: with a batch it is the sequences, and of a "
    "single token it is the planes, which cannot be gone through once more",
)
def reversed_text_of_one_sequence(sides):
    return np.array([int("".join(str(int(side)) for side in reversed(token)), 2) for token in sides])


@exercise.mistake(
    why="the loops need the sizes, and `n_tokens, n_planes = sides.shape` gives them",
    says="`sides.shape` is taken apart as if it had two numbers: there may be batch axes in front, or a single token",
)
def shape_taken_apart(sides):
    n_tokens, n_planes = sides.shape
    return sides @ 2 ** np.arange(n_planes, dtype=np.int64)


@exercise.mistake(
    why="two loops, over the tokens and over their planes, and `if side`",
    says="two loops run over rows and planes; there may be batch axes in front, or a single token, which has no rows",
)
def loops_over_rows(sides):
    return np.array([sum(2**plane for plane, side in enumerate(row) if side) for row in sides])


@exercise.mistake(
    why="a loop over rows needs rows, and `np.atleast_2d` makes them",
    says="a single token, of shape (P,), gives an array of one number; its bucket is one number, of shape ()",
)
def a_row_for_a_single_token(sides):
    return np.atleast_2d(sides) @ _weights(sides)


@exercise.mistake(
    why="int32 is a common integer type, and up to 31 planes it is enough",
    says="the weights overflow: with 40 planes they need more than 32 bits, so use int64",
)
def overflowing_weights(sides):
    return np.sum(sides * 2 ** np.arange(sides.shape[-1], dtype=np.int32), axis=-1)


@exercise.mistake(
    why="buckets are not negative, so an unsigned type seems right, and 32 bits are many",
    says="the numbers are kept in `uint32`: from plane 32 on, planes count nothing; use int64",
)
def kept_in_uint32(sides):
    return (sides @ _weights(sides)).astype(np.uint32)


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
