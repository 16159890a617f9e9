"""The explorer of reversible steps: its streams and errors are those of `reformer.reversible`, to the last digit."""

from functools import partial

import numpy as np
import pytest

from explorers import ReversibleStepsExplorer
from explorers.reversible_steps import DEPTHS, N_FEATURES, PRECISIONS
from reformer.reversible import (
    Branch,
    bytes_held,
    reversible_stack_forward,
    stored_stack_forward,
)
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_said, wait_until_still

browser_test = pytest.mark.browser


def reported(**state):
    explorer = ReversibleStepsExplorer(**state)
    explorer.first_report()
    return explorer


# ---- In Python alone


@pytest.mark.parametrize("precision", PRECISIONS)
def test_the_streams_at_the_top_are_those_of_a_reversible_stack_and_as_many_numbers_are_kept(precision):
    n_blocks = 5
    explorer = reported(n_blocks=n_blocks, precision=precision, step=2 * n_blocks, gain=2.0)

    def as_branch(function):
        return Branch(lambda x, replay=None: (function(x), x, None), None)

    blocks = [tuple(map(as_branch, block)) for block in explorer.blocks(precision, n_blocks, way=0)]
    inputs = tuple(stream[:1].copy() for stream in explorer.inputs_of_the_stack(precision))
    streams, (held, *_) = reversible_stack_forward(inputs, blocks)
    np.testing.assert_array_equal(explorer.streams, np.concatenate(streams))
    _, (_, kept) = stored_stack_forward(inputs[:1], blocks)
    n_bytes = np.dtype(precision).itemsize
    assert explorer.kept.tolist() == [bytes_held(kept) / n_bytes, bytes_held(held) / n_bytes] == [40, 8]


@pytest.mark.parametrize("randomness", ["none", "replayed", "redrawn"])
def test_what_comes_back_is_off_by_rounding_alone_unless_dropout_is_drawn_anew(randomness):
    explorer = reported(step=16, randomness=randomness)
    single, double = explorer.errors
    assert explorer.error > 0
    if randomness == "redrawn":
        assert explorer.error > 0.1 and single.min() > 0.1 and double.min() > 0.1
    else:
        assert explorer.error < 1e-6 and single.max() < 1e-4 and double.max() < 1e-12


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_error_grows_with_depth_and_with_the_gain(seed):
    gentle, strong = (reported(seed=seed, gain=gain).errors for gain in (1.0, 4.0))
    for errors in (*gentle, *strong):
        assert errors[-1] > 10 * errors[0]
    assert np.all(strong[:, -1] > 10 * gentle[:, -1])


def test_half_way_through_a_block_one_stream_is_changed_and_on_the_way_back_it_is_so_again():
    steps = [reported(step=step, precision="float64").streams for step in range(17)]
    for step in range(8):
        same = np.all(steps[step] == steps[step + 1], axis=1)
        assert same.tolist() == [step % 2 == 1, step % 2 == 0]
    for step in range(9):
        np.testing.assert_allclose(steps[step], steps[16 - step], rtol=0, atol=1e-14)


def test_without_a_gain_nothing_changes_and_nothing_is_off():
    explorer = reported(gain=0.0, step=5)
    np.testing.assert_array_equal(explorer.streams, reported().streams)
    assert not explorer.errors.any()


def test_a_shorter_stack_has_fewer_steps():
    explorer = ReversibleStepsExplorer(n_blocks=5, step=20)
    explorer.n_blocks = 3
    assert explorer.step == 12
    with pytest.raises(ValueError, match="^step needs a whole number from 0 to 12, got 13$"):
        explorer.step = 13


def test_the_alternative_text_says_what_the_still_shows():
    explorer, text = reported(**ReversibleStepsExplorer.still_state), ReversibleStepsExplorer.alternative_text
    there = reported(step=explorer.level)
    assert f"step {explorer.step} of 16, on the way back" in text
    assert f"keeps {explorer.kept[0]} numbers, the reversible one {explorer.kept[1]}" in text
    assert np.sum(explorer.streams != there.streams) == 2 and "2 differ" in text
    for errors, precision in zip(explorer.errors, PRECISIONS, strict=True):
        written = f"{errors[DEPTHS.index(4)]:.1e}".replace("e-0", "e−").replace("e-", "e−")
        assert f"{written}{' after 4 blocks' if precision == 'float32' else ''} in {precision}" in text


# ---- In the browser, without Jupyter

REPORT = """() => Object.fromEntries(["streams", "kept", "errors"].map((name) => {
    const { data, dtype } = explorer.model.get(name);
    const Type = dtype === "int32" ? Int32Array : Float64Array;
    return [name, [...new Type(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength))]];
}).concat([["error", explorer.model.get("error")]]))"""
STATES = [
    {"step": 11},
    {"n_blocks": 12, "step": 31, "gain": 4.0, "seed": 3},
    {"precision": "float64", "step": 16, "gain": 7.3, "seed": 8},
    {"randomness": "replayed", "step": 13},
    {"randomness": "redrawn", "n_blocks": 1, "step": 4, "precision": "float64"},
]


@browser_test
def test_the_browser_computes_what_python_computes_to_the_last_digit(open_drawn):
    page = open_drawn(ReversibleStepsExplorer(), reduced_motion="reduce")
    usual = {"n_blocks": 4, "gain": 1.0, "precision": "float32", "randomness": "none", "seed": 1}
    for state in STATES:
        given = usual | state
        page.evaluate("state => Object.entries(state).forEach(([k, v]) => explorer.model.set(k, v))", given)
        wait_until_still(page)
        explorer, got = reported(**given), page.evaluate(REPORT)
        np.testing.assert_array_equal(np.reshape(got["streams"], (2, N_FEATURES)), explorer.streams)
        assert got["kept"] == explorer.kept.tolist()
        # Sums of squares are added up in another order.
        np.testing.assert_allclose(np.reshape(got["errors"], (2, -1)), explorer.errors, rtol=1e-12)
        assert got["error"] == pytest.approx(explorer.error, rel=1e-12)


@browser_test
def test_digits_are_as_few_as_make_the_number(functions_of):
    functions = functions_of("reversible_steps.js")
    numbers = np.random.default_rng(0).normal(size=40).astype(np.float32)
    script = "([numbers, precision]) => numbers.map((number) => functions.digitsOf(number, precision))"
    for precision, values in (("float32", numbers), ("float64", numbers.astype(float) / 3)):
        for value, text in zip(values, functions(script, values.tolist(), precision), strict=True):
            assert np.dtype(precision).type(text.replace("−", "-")) == value
            assert text == np.format_float_positional(value, unique=True).replace("-", "−")


@browser_test
def test_keys_pointer_and_play_go_through_the_stack_and_back(open_drawn):
    page = open_drawn(ReversibleStepsExplorer(), reduced_motion="reduce", fresh=True)
    assert page.locator(SENTENCE).text_content() == (
        "Step 0 of 16: the two streams go in. The ordinary network keeps 0 numbers now, the reversible one 8. "
        "Through 4 blocks and back, inputs are off by 7.9e−8 of their length in float32, 2.0e−16 in float64."
    )
    press, says = page.locator(STAGE).press, partial(wait_until_said, page)
    press(".")
    says("Step 1 of 16, forward: y1 = x1 + f(x2) in block 1. The ordinary network keeps 4 numbers")
    press(",")
    press(",")
    says("Step 16 of 16, inverse: x1 = y1 − f(x2) in block 1, off by ")
    press("d")
    says("the reversible one 8 and has run 6 branches again. Through 5 blocks")
    page.get_by_label("Step", exact=True).fill("10")
    says("forward: y2 = x2 + g(y1) in block 5. The ordinary network keeps 40 numbers now")

    box = page.locator(f"{STAGE} canvas").bounding_box()
    across = box["width"] - 34 - 20
    grip = box["x"] + 34 + across / 2, box["y"] + box["height"] - 44 + 12
    page.mouse.move(*grip)
    page.mouse.down()
    page.mouse.move(box["x"] + 34 + 0.9 * across, grip[1] - 60, steps=5)
    page.mouse.up()
    says("Step 18 of 20, inverse")

    page.clock.install()
    press(" ")
    page.clock.run_for(4000)
    says("Step 20 of 20")
    assert page.get_by_role("button", name="Play").is_visible()
    press(" ")
    assert page.evaluate("explorer.model.get('step')") == 0  # from the beginning again
    page.clock.run_for(600)
    says("Step 1 of 20")
    assert page.get_by_role("button", name="Pause").is_visible()


# ---- In JupyterLab


@browser_test
def test_jupyterlab_draws_it_and_kernel_and_browser_follow_each_other(reversible_steps_lab):
    lab = reversible_steps_lab
    assert lab.page.locator(".explorer canvas").count() == 4
    setup = "from explorers import ReversibleStepsExplorer\n" + (
        "twin = ReversibleStepsExplorer(**{name: getattr(explorer, name) for name in explorer.inputs()})\n"
        "twin.first_report()\n"
        "same = np.array_equal(twin.streams, explorer.streams) and np.allclose(twin.errors, explorer.errors, 1e-9, 0)\n"
    )
    lab.page.locator(STAGE).press(",")
    lab.page.locator(STAGE).press("g")
    assert lab.kernel_holds(setup, "same", step=16, gain=1.5)
    lab.in_kernel("explorer.n_blocks = 2")
    wait_until_said(lab.page, "Step 8 of 8")
    assert lab.kernel_holds(setup, "same", step=8, n_blocks=2)
    for key in (".", "ArrowDown", "g", "f", "s", "r", " "):  # the last one plays: what follows would meet it under way
        lab.assert_key_is_the_explorers(key)
    lab.assert_axe_finds_no_violation()
    lab.assert_nothing_went_wrong()
