import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reformer import reversible
from reformer.gradients import layer_norm_backward, layer_norm_forward, linear_backward, linear_forward
from reformer.loops import reversible as loops
from reformer.reversible import (
    Branch,
    affine_coupling_forward,
    affine_coupling_inverse,
    bytes_held,
    checkpointed_stack_backward,
    checkpointed_stack_forward,
    dropout,
    haar_predict,
    haar_update,
    lifting_inverse,
    lifting_step,
    reversible_backward,
    reversible_forward,
    reversible_inverse,
    reversible_stack_backward,
    reversible_stack_forward,
    stored_stack_backward,
    stored_stack_forward,
)
from tests.reformer.finite_differences import gradient_error, worst_error

few = settings(max_examples=15, deadline=None)
seeds = st.integers(0, 10**6)
shapes = st.sampled_from([(3,), (2, 4), (2, 3, 5), (1, 1)])


def bent(weights):
    """A function that is not linear, alone and with its pull: x -> tanh(x W)."""

    def with_pull(x):
        value = np.tanh(x @ weights)
        return value, lambda gradient: (gradient * (1 - value**2)) @ weights.T

    return (lambda x: with_pull(x)[0]), with_pull


def draw_block(seed, shape, dtype=np.float64):
    rng = np.random.default_rng(seed)
    x1, x2, d1, d2 = rng.standard_normal((4, *shape)).astype(dtype)
    f, g = (bent(rng.standard_normal((shape[-1], shape[-1])).astype(dtype)) for _ in range(2))
    return (x1, x2), (d1, d2), f, g


def bent_branch(weights):
    """The same as a `Branch` with one parameter, after a layer norm as in a Transformer."""
    plain = np.ones(len(weights), weights.dtype), np.zeros(len(weights), weights.dtype)

    def forward(x, replay=None):
        normed, saved_norm = layer_norm_forward(x, *plain)
        wide, saved_linear = linear_forward(normed, weights, None)
        value = np.tanh(wide)
        return value, (saved_norm, value, saved_linear), None

    def backward(gradient, saved):
        saved_norm, value, saved_linear = saved
        d_normed, found = linear_backward(gradient * (1 - value**2), saved_linear)
        return layer_norm_backward(d_normed, saved_norm)[0], {"weights": found["weights"]}

    return Branch(forward, backward)


def draw_stack(seed, n_blocks, d=6, dtype=np.float64, length=5):
    rng = np.random.default_rng(seed)
    weights = (rng.standard_normal((n_blocks, 2, d, d)) / np.sqrt(d)).astype(dtype)
    x1, x2, d1, d2 = (rng.standard_normal((length, d)).astype(dtype) for _ in range(4))
    return weights, (x1, x2), (d1, d2)


def as_blocks(weights):
    return [(bent_branch(w[0]), bent_branch(w[1])) for w in weights]


def value_of(branch):
    return lambda x: branch.forward(x)[0]


def with_pull_of(branch):
    def with_pull(x):
        value, saved, _ = branch.forward(x)
        return value, lambda gradient: branch.backward(gradient, saved)[0]

    return with_pull


def stacked(d_blocks):
    return np.array([[d_f["weights"], d_g["weights"]] for d_f, d_g in d_blocks])


@few
@given(seeds, shapes)
def test_the_inverse_gives_the_inputs_back(seed, shape):
    (x1, x2), _, (f, _), (g, _) = draw_block(seed, shape)
    back = reversible_inverse(*reversible_forward(x1, x2, f, g), f, g)
    np.testing.assert_allclose(back, (x1, x2), atol=1e-13)


@few
@given(seeds, shapes)
def test_the_inverse_needs_no_inverse_of_f_and_g(seed, shape):
    (x1, x2), _, _, _ = draw_block(seed, shape)
    f, g = np.abs, np.zeros_like  # neither can be undone
    np.testing.assert_allclose(reversible_inverse(*reversible_forward(x1, x2, f, g), f, g), (x1, x2), atol=1e-13)


@few
@given(seeds, shapes)
def test_backward_gives_the_inputs_back_and_gradients_that_are_finite_differences(seed, shape):
    (x1, x2), (d1, d2), (f, f_with_pull), (g, g_with_pull) = draw_block(seed, shape)
    y1, y2 = reversible_forward(x1, x2, f, g)
    found1, found2, d_x1, d_x2 = reversible_backward(y1, y2, d1, d2, f_with_pull, g_with_pull)
    np.testing.assert_allclose((found1, found2), (x1, x2), atol=1e-13)

    def loss(a, b):
        out1, out2 = reversible_forward(a, b, f, g)
        return np.sum(d1 * out1) + np.sum(d2 * out2)

    rng = np.random.default_rng(seed)
    assert gradient_error(lambda moved: loss(moved, x2), x1, d_x1, rng) < 1e-6
    assert gradient_error(lambda moved: loss(x1, moved), x2, d_x2, rng) < 1e-6


@few
@given(seeds, shapes)
def test_the_loop_twins_agree(seed, shape):
    (x1, x2), (d1, d2), (f, f_with_pull), (g, g_with_pull) = draw_block(seed, shape)
    for ours, twin, arguments in [
        (reversible_forward, loops.reversible_forward, (x1, x2, f, g)),
        (reversible_inverse, loops.reversible_inverse, (x1, x2, f, g)),
        (reversible_backward, loops.reversible_backward, (x1, x2, d1, d2, f_with_pull, g_with_pull)),
        (affine_coupling_forward, loops.affine_coupling_forward, (x1, x2, f, g)),
        (affine_coupling_inverse, loops.affine_coupling_inverse, (x1, x2, f, g)),
        (lifting_step, loops.lifting_step, (np.concatenate([x1, x2], axis=-1), np.tanh, np.square)),
    ]:
        np.testing.assert_allclose(ours(*arguments), twin(*arguments), rtol=1e-12)
    ours, twin = (module(x1, seed, rate=0.3) for module in (dropout, loops.dropout))
    np.testing.assert_allclose(ours, twin, rtol=1e-12)


@few
@given(seeds, st.sampled_from([(50,), (4, 30)]), st.floats(0, 0.9))
def test_one_seed_always_drops_the_same_entries_in_both_dtypes(seed, shape, rate):
    values = np.random.default_rng(seed + 1).standard_normal(shape) + 10
    once, again = (dropout(values, seed, rate=rate) for _ in range(2))
    np.testing.assert_array_equal(once, again)
    narrow = dropout(values.astype(np.float32), seed, rate=rate)
    assert narrow.dtype == np.float32
    np.testing.assert_array_equal(narrow == 0, once == 0)
    np.testing.assert_allclose(once[once != 0], (values / (1 - rate))[once != 0])


@few
@given(seeds, st.floats(0, 0.9))
def test_the_gradient_of_dropout_is_dropout_of_the_gradient(seed, rate):
    values = np.random.default_rng(seed).standard_normal((3, 4))
    error = worst_error(
        lambda x: (dropout(x, seed, rate=rate), None),
        lambda gradient, saved: (dropout(gradient, seed, rate=rate), {}),
        [values],
        np.random.default_rng(seed),
    )
    assert error < 1e-6


@pytest.mark.parametrize("seed", [0, 7, np.int64(7), (3, 0, 1), [3, 0, 1]])
@pytest.mark.parametrize("shape", [(), (1,), (4, 30)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_entry_is_kept_where_a_float64_draw_from_the_seed_is_at_least_the_rate(seed, shape, dtype):
    values = np.full(shape, 3, dtype)
    draws = np.random.default_rng(seed).random(shape)
    for rate in (0, 0.25, draws.flat[0] if shape else float(draws)):  # at the rate itself an entry is kept
        dropped = dropout(values, seed, rate=rate)
        assert dropped.dtype == dtype and dropped.shape == shape
        np.testing.assert_allclose(dropped, np.where(draws >= rate, 3 / (1 - rate), 0), rtol=1e-6)


def test_dropout_drops_the_stated_share_and_keeps_the_mean():
    dropped = dropout(np.ones(100_000), 7, rate=0.25)
    assert abs(np.mean(dropped == 0) - 0.25) < 0.005
    assert abs(dropped.mean() - 1) < 0.01
    assert not np.array_equal(dropped, dropout(np.ones(100_000), 8, rate=0.25))


def test_an_affine_coupling_stretches_and_shifts_one_stream_by_the_other():
    x1, x2 = np.array([1.0, 2.0]), np.array([3.0, 0.0])
    y1, y2 = affine_coupling_forward(x1, x2, np.square, lambda x: np.log(x + 1))  # stretched by x2 + 1
    np.testing.assert_allclose(y1, [1 * 4 + 9, 2 * 1 + 0], rtol=1e-15)
    np.testing.assert_array_equal(y2, x2)
    assert not np.shares_memory(y2, x2)


@few
@given(seeds, shapes)
def test_an_affine_coupling_can_be_undone_and_without_stretching_is_half_of_a_reversible_block(seed, shape):
    (x1, x2), _, (f, _), (s, _) = draw_block(seed, shape)
    y1, y2 = affine_coupling_forward(x1, x2, f, s)
    np.testing.assert_allclose(affine_coupling_inverse(y1, y2, f, s), (x1, x2), atol=1e-13)
    shifted = affine_coupling_forward(x1, x2, f, np.zeros_like)
    np.testing.assert_array_equal(shifted, reversible_forward(x1, x2, f, np.zeros_like))


def test_the_volume_that_an_affine_coupling_makes_of_a_unit_cube_is_exp_of_the_sum_of_s():
    (x1, x2), _, (f, _), (s, _) = draw_block(0, (3,))
    streams, step = np.concatenate([x1, x2]), 1e-6

    def coupled(both):
        return np.concatenate(affine_coupling_forward(both[:3], both[3:], f, s))

    jacobian = [(coupled(streams + step * e) - coupled(streams - step * e)) / (2 * step) for e in np.eye(6)]
    np.testing.assert_allclose(np.linalg.slogdet(jacobian)[1], np.sum(s(x2)), atol=1e-8)


def test_the_haar_wavelet_gives_means_and_differences_of_neighbours():
    average, detail = lifting_step(np.array([9.0, 7.0, 3.0, 5.0, 6.0, 10.0]), haar_predict, haar_update)
    np.testing.assert_array_equal(average, [8, 4, 8])
    np.testing.assert_array_equal(detail, [-2, 2, 4])


@few
@given(seeds, st.sampled_from([(2,), (8,), (3, 6)]))
def test_lifting_is_a_reversible_block_on_odd_and_even_entries_and_can_be_undone(seed, shape):
    signal = np.random.default_rng(seed).standard_normal(shape)
    average, detail = lifting_step(signal, np.sin, np.square)
    as_block = reversible_forward(signal[..., 1::2], signal[..., 0::2], lambda even: -np.sin(even), np.square)
    np.testing.assert_array_equal((detail, average), as_block)
    np.testing.assert_allclose(lifting_inverse(average, detail, np.sin, np.square), signal, atol=1e-14)


def doubled_in_place(x):
    x *= 2
    return x


def with_pull_in_place(x):
    before = x.copy()
    return doubled_in_place(x), lambda gradient: doubled_in_place(gradient) + 0 * before


def test_functions_that_work_in_place_do_no_harm():
    (x1, x2), (d1, d2), _, _ = draw_block(0, (2, 4))
    before = [array.copy() for array in (x1, x2, d1, d2)]
    y1, y2 = reversible_forward(x1, x2, doubled_in_place, doubled_in_place)
    np.testing.assert_array_equal((y1, y2), (x1 + 2 * x2, x2 + 2 * (x1 + 2 * x2)))
    ends = y1.copy(), y2.copy()
    np.testing.assert_allclose(reversible_inverse(y1, y2, doubled_in_place, doubled_in_place), before[:2], atol=1e-14)
    *inputs, d_x1, d_x2 = reversible_backward(y1, y2, d1, d2, with_pull_in_place, with_pull_in_place)
    np.testing.assert_allclose(inputs, before[:2], atol=1e-14)
    np.testing.assert_array_equal((d_x1, d_x2), (d1 + 2 * d2, d2 + 2 * (d1 + 2 * d2)))
    coupled = affine_coupling_forward(x1, x2, doubled_in_place, doubled_in_place)
    np.testing.assert_allclose(coupled, (x1 * np.exp(2 * x2) + 2 * x2, x2), atol=1e-14)
    back = affine_coupling_inverse(*coupled, doubled_in_place, doubled_in_place)
    np.testing.assert_allclose(back, before[:2], atol=1e-14)
    signal = np.arange(8.0)
    average, detail = lifting_step(signal, doubled_in_place, doubled_in_place)
    np.testing.assert_array_equal(detail, [1, -1, -3, -5])
    np.testing.assert_array_equal(average, [2, 0, -2, -4])
    np.testing.assert_array_equal(lifting_inverse(average, detail, doubled_in_place, doubled_in_place), np.arange(8))
    arrays = (x1, x2, d1, d2, y1, y2, signal, average)
    for array, kept in zip(arrays, (*before, *ends, np.arange(8), [2, 0, -2, -4]), strict=True):
        np.testing.assert_array_equal(array, kept)


@few
@given(seeds, st.sampled_from([np.float32, np.float64]))
def test_a_stack_of_one_block_is_that_block(seed, dtype):
    weights, (x1, x2), (d1, d2) = draw_stack(seed, 1, dtype=dtype)
    ((f, g),) = as_blocks(weights)
    (y1, y2), saved = reversible_stack_forward((x1, x2), [(f, g)])
    np.testing.assert_array_equal((y1, y2), reversible_forward(x1, x2, value_of(f), value_of(g)))
    d_streams, _ = reversible_stack_backward((d1, d2), saved)
    _, _, *of_block = reversible_backward(y1, y2, d1, d2, with_pull_of(f), with_pull_of(g))
    np.testing.assert_array_equal(d_streams, of_block)


def test_a_stored_stack_of_one_stream_adds_what_each_branch_makes_of_it():
    weights, (x, _), _ = draw_stack(0, 2)
    outputs, _ = stored_stack_forward((x,), as_blocks(weights))
    for f, g in as_blocks(weights):
        x = x + value_of(f)(x)
        x = x + value_of(g)(x)
    np.testing.assert_array_equal(outputs, (x,))


def test_a_reversible_stack_runs_by_the_two_functions_that_are_taught(monkeypatch):
    weights, streams, gradients = draw_stack(0, 3)
    _, saved = reversible_stack_forward(streams, as_blocks(weights))
    expected = reversible_stack_backward(gradients, saved)
    calls = []
    for name in ("reversible_forward", "reversible_backward"):

        def twin(*arguments, name=name):
            calls.append(name)
            return getattr(loops, name)(*arguments)

        monkeypatch.setattr(reversible, name, twin)
    _, saved = reversible_stack_forward(streams, as_blocks(weights))
    (d_x1, d_x2), d_blocks = reversible_stack_backward(gradients, saved)
    assert calls == ["reversible_forward"] * 3 + ["reversible_backward"] * 3
    np.testing.assert_allclose((d_x1, d_x2), expected[0], atol=1e-12)
    np.testing.assert_allclose(stacked(d_blocks), stacked(expected[1]), atol=1e-12)


@few
@given(seeds, st.integers(1, 4), st.integers(1, 2))
def test_a_checkpointed_stack_equals_the_stored_one_exactly_and_keeps_the_inputs_of_blocks_alone(
    seed, n_blocks, n_streams
):
    weights, streams, gradients = draw_stack(seed, n_blocks)
    streams, gradients = streams[:n_streams], gradients[:n_streams]
    outputs, saved = stored_stack_forward(streams, as_blocks(weights))
    checkpointed, kept = checkpointed_stack_forward(streams, as_blocks(weights))
    np.testing.assert_array_equal(checkpointed, outputs)
    assert bytes_held(kept) == n_blocks * n_streams * streams[0].nbytes
    (d_x, d_blocks), (d_x_stored, d_stored) = (
        checkpointed_stack_backward(gradients, kept),
        stored_stack_backward(gradients, saved),
    )
    np.testing.assert_array_equal(d_x, d_x_stored)
    np.testing.assert_array_equal(stacked(d_blocks), stacked(d_stored))


@pytest.mark.parametrize("kind", ["reversible", "stored", "residual", "checkpointed"])
@few
@given(seed=seeds, n_blocks=st.integers(1, 4))
def test_the_gradients_of_a_stack_are_its_finite_differences(kind, seed, n_blocks):
    weights, (x1, x2), (d1, d2) = draw_stack(seed, n_blocks)
    forward, backward, streams, gradients = {
        "reversible": (reversible_stack_forward, reversible_stack_backward, [x1, x2], [d1, d2]),
        "stored": (stored_stack_forward, stored_stack_backward, [x1, x2], [d1, d2]),
        "residual": (stored_stack_forward, stored_stack_backward, [x1], [d1]),
        "checkpointed": (checkpointed_stack_forward, checkpointed_stack_backward, [x1, x2], [d1, d2]),
    }[kind]

    def loss(weights, *streams):
        outputs, saved = forward(streams, as_blocks(weights))
        return sum(np.sum(d * y) for d, y in zip(gradients, outputs, strict=True)), saved

    d_streams, d_blocks = backward(gradients, loss(weights, *streams)[1])
    rng = np.random.default_rng(seed)
    assert gradient_error(lambda moved: loss(moved, *streams)[0], weights, stacked(d_blocks), rng) < 1e-6
    for i, d_stream in enumerate(d_streams):
        error = gradient_error(
            lambda moved, i=i: loss(weights, *streams[:i], moved, *streams[i + 1 :])[0], streams[i], d_stream, rng
        )
        assert error < 1e-6


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 2e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("n_blocks", [1, 8, 64])
def test_gradients_from_the_outputs_equal_those_from_stored_activations(dtype, tolerance, n_blocks):
    weights, streams, gradients = draw_stack(3, n_blocks, dtype=dtype)
    outputs, from_outputs = reversible_stack_forward(streams, as_blocks(weights))
    same_outputs, stored = stored_stack_forward(streams, as_blocks(weights))
    np.testing.assert_array_equal(outputs, same_outputs)
    (d_x, d_blocks), (d_x_stored, d_blocks_stored) = (
        reversible_stack_backward(gradients, from_outputs),
        stored_stack_backward(gradients, stored),
    )
    for ours, reference in [(np.array(d_x), np.array(d_x_stored)), (stacked(d_blocks), stacked(d_blocks_stored))]:
        assert ours.dtype == dtype
        assert np.max(np.abs(ours - reference)) < tolerance * np.max(np.abs(reference))


def test_what_a_reversible_stack_holds_does_not_grow_with_depth_and_what_others_hold_does():
    held = {}
    for n_blocks in (2, 64):
        weights, (x1, x2), _ = draw_stack(0, n_blocks)
        blocks = as_blocks(weights)
        for name, saved in [
            ("reversible", reversible_stack_forward((x1, x2), blocks)[1]),
            ("stored", stored_stack_forward((x1, x2), blocks)[1]),
            ("residual", stored_stack_forward((x1,), blocks)[1]),
            ("checkpointed", checkpointed_stack_forward((x1,), blocks)[1]),
        ]:
            held[name, n_blocks] = bytes_held(saved, weights) - weights.nbytes
    assert held["reversible", 64] == held["reversible", 2] == 2 * x1.nbytes
    assert held["stored", 64] > 30 * held["stored", 2]
    assert held["residual", 64] > 30 * held["residual", 2]
    # Of each block the input, or of each branch: normed input, value and its own input, which the norm keeps.
    assert held["checkpointed", 64] == 64 * x1.nbytes
    assert held["residual", 64] >= 2 * 3 * held["checkpointed", 64]


def test_a_decision_that_is_not_replayed_ruins_the_way_back_and_one_that_is_does_not():
    draws = np.random.default_rng(0)

    def noisy(replayed):
        def forward(x, replay=None):
            noise = draws.standard_normal(x.shape) if replay is None or not replayed else replay
            return x * noise, (x, noise), noise

        return Branch(forward, lambda gradient, saved: (gradient * saved[1], {"x": saved[0]}))

    x = np.ones((2, 3))
    for replayed, close in [(True, True), (False, False)]:
        blocks = [(noisy(replayed), noisy(replayed))] * 3
        _, saved = reversible_stack_forward((x, x), blocks)
        _, d_blocks = reversible_stack_backward((x, x), saved)
        assert np.allclose(d_blocks[0][0]["x"], x) == close


def test_what_g_has_stored_is_gone_before_f_begins():
    stored = []

    def g_with_pull(x):
        activations = np.ones_like(x)
        stored.append(weakref.ref(activations))
        return x, lambda gradient: gradient * activations

    def f_with_pull(x):
        assert stored[0]() is None
        return x, lambda gradient: gradient

    reversible_backward(*np.ones((4, 2, 3)), f_with_pull, g_with_pull)
    assert len(stored) == 1


def test_bytes_held_counts_every_buffer_once_wherever_it_is():
    array = np.zeros((4, 8))
    assert bytes_held(array) == 256
    assert bytes_held([array, {"view": array[1:, ::2], "again": (array,)}]) == 256
    assert bytes_held((array, None, 3, "text"), [np.zeros(10), array.T], {"a": {"b": np.zeros(5)}}) == 256 + 80 + 40


def test_float32_stays_float32():
    (x1, x2), (d1, d2), (f, f_with_pull), (g, g_with_pull) = draw_block(0, (3, 4), np.float32)
    found = [
        *reversible_forward(x1, x2, f, g),
        *reversible_backward(x1, x2, d1, d2, f_with_pull, g_with_pull),
        *affine_coupling_forward(x1, x2, f, g),
        *affine_coupling_inverse(x1, x2, f, g),
        *lifting_step(x1, haar_predict, haar_update),
    ]
    assert {array.dtype for array in found} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda x: reversible_forward(x, x[:1], np.abs, np.abs), r"x2 needs shape .* \(2, 4\) as in x1, got shape"),
        (lambda x: reversible_forward(x, x, np.sum, np.abs), r"f\(x2\) needs shape \(2, 4\), got shape \(\)"),
        (lambda x: reversible_inverse(x.astype(int), x, np.abs, np.abs), "y1 needs dtype float32 or float64"),
        (lambda x: reversible_forward(x, x.astype(np.float32), np.abs, np.abs), "x2 needs dtype float64 as x1 has"),
        (lambda x: reversible_backward(x, x, x[:1], x, None, None), "d_y1 needs shape"),
        (lambda x: reversible_backward(x, x, x, x.astype(np.float32), None, None), "d_y2 needs dtype float64"),
        (
            lambda x: reversible_backward(x, x, x, x, None, lambda y: (y[:1], None)),
            "the value of g_with_pull needs shape",
        ),
        (lambda x: reversible_backward(x, x, x, x, None, lambda y: (y, np.sum)), "the pull of g_with_pull needs shape"),
        (lambda x: affine_coupling_forward(x, x[:1], np.abs, np.abs), "x2 needs shape"),
        (lambda x: affine_coupling_forward(x, x, np.sum, np.abs), r"f\(x2\) needs shape \(2, 4\), got shape \(\)"),
        (lambda x: affine_coupling_forward(x, x, np.abs, np.sum), r"s\(x2\) needs shape \(2, 4\), got shape \(\)"),
        (lambda x: affine_coupling_inverse(x.astype(int), x, np.abs, np.abs), "y1 needs dtype float32 or float64"),
        (lambda x: affine_coupling_inverse(x, x, np.sum, np.abs), r"f\(y2\) needs shape \(2, 4\), got shape \(\)"),
        (lambda x: affine_coupling_inverse(x, x, np.abs, np.sum), r"s\(y2\) needs shape \(2, 4\), got shape \(\)"),
        (lambda x: lifting_inverse(x, x, np.abs, np.sum), r"update\(detail\) needs shape \(2, 4\)"),
        (lambda x: lifting_step(x[:, :3], np.abs, np.abs), "signal needs an even number of entries"),
        (lambda x: lifting_step(x, np.sum, np.abs), r"predict\(even\) needs shape \(2, 2\)"),
        (lambda x: dropout(x, 0, rate=1), "rate needs a number of at least 0 and below 1, got 1"),
        (lambda x: dropout(x, 0, rate=-0.1), "rate needs a number of at least 0 and below 1, got -0.1"),
        (lambda x: dropout(x, 0, rate=np.nan), "rate needs a number of at least 0 and below 1, got nan"),
        (lambda x: dropout(x.astype(int), 0, rate=0.5), "values needs dtype float32 or float64"),
        (lambda x: dropout(x, None, rate=0.5), "seed needs a whole number of at least 0, got None"),
        (lambda x: dropout(x, -1, rate=0.5), "seed needs a whole number of at least 0, got -1"),
        (lambda x: dropout(x, 1.5, rate=0.5), "seed needs a whole number of at least 0, got 1.5"),
        (lambda x: dropout(x, True, rate=0.5), "seed needs a whole number of at least 0, got True"),
        (lambda x: dropout(x, (1, None), rate=0.5), "seed needs a whole number of at least 0, got None"),
    ],
)
def test_a_bad_argument_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call(np.ones((2, 4)))
