"""Lab 06, `lifting_step(signal, predict, update)`: averages and details of a signal, without points.

signal (..., L), L even; predict and update functions from (..., L/2) to the same shape -> (average, detail).
"""

import numpy as np

from autograder.checking.call import call, form
from autograder.checking.exercise import Exercise
from autograder.exercises.lab06.reversible_forward import bent
from reformer import reversible
from reformer.loops import reversible as twins

exercise = Exercise(
    reference=reversible.lifting_step, twin=twins.lifting_step, without_points=True, results=("average", "detail")
)

SAME, HALF = form("scale", 1.0), form("scale", 0.5)


def drawn(*batch, L, dtype=np.float64):
    def make(rng):
        signal = rng.standard_normal((*batch, L)).astype(dtype)
        return call(signal, *(bent(rng, L // 2, dtype) for _ in range(2)))

    return make


# --- questions --------------------------------------------------------------------------------------------------


@exercise.case("six numbers, Haar's wavelet", tolerance=1e-7)
def _(rng):
    return call(np.array([9.0, 7.0, 3.0, 5.0, 6.0, 10.0]), SAME, HALF)


@exercise.case("six numbers, predicted by squares", tolerance=1e-7)
def _(rng):
    return call(np.array([2.0, 7.0, 3.0, 5.0, 1.0, 4.0]), form("square"), HALF)


exercise.case("two numbers", drawn(L=2), tolerance=1e-7)
exercise.case("eight numbers", drawn(L=8), tolerance=1e-7)
exercise.case("three signals", drawn(3, L=6), tolerance=1e-7)
exercise.case("two batches of four signals, in float32", drawn(2, 4, L=4, dtype=np.float32), tolerance=1e-5)


@exercise.property("taking both steps back gives the signal", lambda rng: [drawn(2, L=8)(rng)])
def _(calls, answers):
    signal, predict, update = calls[0].args
    average, detail = (np.asarray(one) for one in answers[0])
    even = average - update(detail)
    odd = detail + predict(even)
    return (np.abs(even - signal[..., 0::2]) < 1e-9) & (np.abs(odd - signal[..., 1::2]) < 1e-9)


exercise.case("four signals of sixteen numbers", drawn(4, L=16), hidden=True, tolerance=1e-7)


# --- right answers in other styles ------------------------------------------------------------------------------


@exercise.solution
def by_a_reversible_block(signal, predict, update):
    odd, even = signal[..., 1::2], signal[..., ::2]
    return reversible.reversible_forward(odd, even, lambda x: -predict(x), update)[::-1]


@exercise.solution
def by_pairs(signal, predict, update):
    pairs = signal.reshape(*signal.shape[:-1], -1, 2)
    detail = pairs[..., 1] - predict(pairs[..., 0])
    return [pairs[..., 0] + update(detail), detail]


# --- mistakes ---------------------------------------------------------------------------------------------------


@exercise.mistake(
    why="the first entry is counted as number one, and that is odd",
    says="even and odd entries change places: entry 0 is an even one, and the even ones predict the odd",
)
def even_and_odd_swapped(signal, predict, update):
    even, odd = signal[..., 1::2], signal[..., 0::2]
    detail = odd - predict(even)
    return even + update(detail), detail


@exercise.mistake(
    why="a signal is thought to be cut in the middle",
    says="the signal is cut into a first and a second half; take every other entry: `signal[..., 0::2]` and `1::2`",
)
def cut_in_the_middle(signal, predict, update):
    even, odd = np.split(signal, 2, axis=-1)
    detail = odd - predict(even)
    return even + update(detail), detail


@exercise.mistake(
    why="the update is thought to look at the signal",
    says="the update is fed with the odd entries; it has to see the details, which the inverse has, too",
)
def updated_by_the_odd_entries(signal, predict, update):
    even, odd = signal[..., 0::2], signal[..., 1::2]
    return even + update(odd), odd - predict(even)


@exercise.mistake(
    why="a sign slips",
    says="the prediction is added; the detail is what the prediction misses, odd − predict(even)",
)
def prediction_added(signal, predict, update):
    even, odd = signal[..., 0::2], signal[..., 1::2]
    detail = odd + predict(even)
    return even + update(detail), detail


@exercise.mistake(
    why="a difference is written the wrong way round",
    says="the detail is predict(even) − odd, the wrong way round",
)
def difference_turned_round(signal, predict, update):
    even, odd = signal[..., 0::2], signal[..., 1::2]
    detail = predict(even) - odd
    return even + update(detail), detail


@exercise.mistake(
    why="one step adds and one subtracts, but which",
    says="the update is subtracted; it is added to the even entries",
)
def update_subtracted(signal, predict, update):
    even, odd = signal[..., 0::2], signal[..., 1::2]
    detail = odd - predict(even)
    return even - update(detail), detail


@exercise.mistake(
    why="the detail is what is found first",
    says="the results change places: asked is (average, detail)",
)
def detail_first(signal, predict, update):
    return reversible.lifting_step(signal, predict, update)[::-1]


@exercise.mistake(
    why="averages and details are known from Haar's wavelet",
    says="the functions play no part: the mean and the difference of two neighbours are returned, which is Haar's "
    "wavelet alone",
)
def always_haar(signal, predict, update):
    even, odd = signal[..., 0::2], signal[..., 1::2]
    return (even + odd) / 2, odd - even


@exercise.mistake(
    why="the average is thought to stay what it was",
    says="the averages are the even entries as they were: the update is missing",
)
def not_updated(signal, predict, update):
    even, odd = signal[..., 0::2], signal[..., 1::2]
    return even.copy(), odd - predict(even)


@exercise.mistake(
    why="the names are mixed up",
    says="predict and update change places",
)
def predict_and_update_swapped(signal, predict, update):
    return reversible.lifting_step(signal, update, predict)


@exercise.mistake(
    why="the update is added to the odd entries",
    says="the update is added to the odd entries; the averages are the even ones, updated",
)
def odd_entries_updated(signal, predict, update):
    even, odd = signal[..., 0::2], signal[..., 1::2]
    detail = odd - predict(even)
    return odd + update(detail), detail


@exercise.mistake(
    why="without a batch the first axis is the entries",
    says="every other row is taken, along the first axis; with a batch the entries stand along the last",
)
def along_the_first_axis(signal, predict, update):
    even, odd = signal[0::2], signal[1::2]
    detail = odd - predict(even)
    return even + update(detail), detail


@exercise.mistake(
    why="what is predicted seems to be what predict is given",
    says="predict gets the odd entries; it predicts them from the even ones",
)
def predict_sees_odd(signal, predict, update):
    even, odd = signal[..., 0::2], signal[..., 1::2]
    detail = odd - predict(odd)
    return even + update(detail), detail
