"""The meter of memory: its formulas are what real stacks keep, those of `reformer.costs`, and those of the browser."""

import re
import tracemalloc
from functools import partial

import numpy as np
import pytest

from explorers import MemoryMeterExplorer
from explorers.inputs import Refused
from explorers.memory_meter import KINDS, PARTS, SMALL, bytes_kept, measure_memory, memory_parts, small_stack
from reformer.model import LanguageModel
from reformer.reversible import bytes_held
from tests.explorers.lab_page import SENTENCE, STAGE, wait_until_said, wait_until_still

browser_test = pytest.mark.browser
every_kind = pytest.mark.parametrize("kind", KINDS)
GIB = 2**30
PAPER = dict(length=2**16, batch=1, n_layers=12, n_heads=8, d_model=1024, n_rounds=4, chunk_length=64)


def parts_of(kind, in_blocks=False, **changes):
    return memory_parts(kind, **PAPER | changes, in_blocks=in_blocks)


# ---- In Python alone


@every_kind
@pytest.mark.parametrize(
    "sizes",
    [
        {"length": 64},
        {"length": 96, "batch": 3, "n_layers": 2, "n_heads": 2, "d_model": 32, "chunk_length": 16},
        {"length": 2560, "n_layers": 3, "n_rounds": 3, "chunk_length": 16, "n_heads": 1},  # 320 buckets
    ],
)
def test_what_a_stack_keeps_is_what_the_formula_says(kind, sizes):
    sizes = SMALL | sizes
    forward, streams, blocks = small_stack(kind, **sizes)
    _, saved = forward(streams, blocks)
    # Saved feed-forward layers hold their weights, too; of a branch the weights are closed over, and not seen.
    weights = [part[1] for part in _saved_feed_forward(kind, saved)]
    kept = bytes_held(saved, weights) - bytes_held(weights)
    assert kept == pytest.approx(bytes_kept(kind, **sizes), rel=2e-3)


def _saved_feed_forward(kind, saved):
    return [feed for _, feed in saved[1][1::2]] if kind in ("Transformer", "LSH") else []


@every_kind
def test_weights_are_those_of_the_layers_of_a_model(kind):
    is_lsh = kind in ("LSH", "Reformer")
    model = LanguageModel(
        vocabulary_size=2, max_length=8, d_model=32, d_ff=128, n_layers=3, attention="lsh" if is_lsh else "dense"
    )
    layers = model.init_parameters(np.random.default_rng(0))["layers"]
    parts = parts_of(kind, n_layers=3, d_model=32)
    assert parts["weights"] == parts["gradients"] == parts["optimiser"] / 2 == bytes_held(layers)


def test_the_totals_are_those_that_lessons_quote():
    parts = parts_of("Transformer", n_layers=16)
    assert parts["scores"] == 16 * 8 * 16 * GIB  # 16 GiB for a head
    assert sum(parts_of("Reformer").values()) < 16 * GIB < sum(parts_of("LSH").values())
    assert parts_of("reversible")["scores"] * 12 == parts_of("Transformer")["scores"]


@pytest.mark.parametrize(("part", "factors"), [("activations", [2, 2, 1, 2, 1]), ("scores", [2, 1, 1, 2, 1])])
def test_what_depth_does_to_each_model_is_what_table_3_says(part, factors):
    for kind, factor in zip(KINDS, factors, strict=True):
        once, twice = (parts_of(kind, n_layers=n_layers)[part] for n_layers in (32, 64))
        assert twice / once == pytest.approx(factor, abs=0.35 if kind == "checkpointed" else 0.1), kind


def test_with_twice_the_length_dense_scores_are_four_times_as_many_and_others_twice():
    for kind in KINDS:
        scores = [parts_of(kind, length=length)["scores"] for length in (2**14, 2**15)]
        assert scores[1] / scores[0] == (2 if kind in ("LSH", "Reformer") else 4)
        in_blocks = [parts_of(kind, length=length, in_blocks=True)["scores"] for length in (2**14, 2**15)]
        assert in_blocks[1] / in_blocks[0] == (1 if kind in ("LSH", "Reformer") else 2)


def test_points_can_be_measured_here_stored_or_handed_over(monkeypatch):
    stored = MemoryMeterExplorer()
    assert len(stored.points) == 50 and stored.origin.startswith("stored with the course: ")
    monkeypatch.setattr("explorers.memory_meter.LENGTHS", (128,))
    monkeypatch.setattr("explorers.memory_meter.DEPTHS", (1,))
    here = MemoryMeterExplorer(measured="here")
    assert len(here.points) == 10 and here.origin.startswith("measured here: ")
    handed = MemoryMeterExplorer(measured={"points": here.points, "origin": "a lesson"})
    assert handed.points == here.points
    needed = 'measured needs None, "here" or what measure_memory() returned, got "there"'
    with pytest.raises(Refused, match=f"^{re.escape(needed)}$"):
        MemoryMeterExplorer(measured="there")
    for kind, along, at, n_bytes in [*here.points, *stored.points]:
        sizes = {"length": 256} | SMALL | {"length" if along == "length" else "n_layers": at}
        assert n_bytes == pytest.approx(bytes_kept(kind, **sizes), rel=0.06)


def test_measuring_leaves_a_tracing_that_goes_on(monkeypatch):
    monkeypatch.setattr("explorers.memory_meter.KINDS", ("Reformer",))
    monkeypatch.setattr("explorers.memory_meter.LENGTHS", ())
    monkeypatch.setattr("explorers.memory_meter.DEPTHS", (1,))
    assert not tracemalloc.is_tracing()
    tracemalloc.start()
    try:
        measure_memory()
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()
    measure_memory()
    assert not tracemalloc.is_tracing()


def test_the_alternative_text_says_what_the_first_view_shows():
    explorer, text = MemoryMeterExplorer(), MemoryMeterExplorer.alternative_text
    explorer.first_report()
    totals = dict(zip(KINDS, explorer.parts.sum(axis=1), strict=True))
    scores = explorer.parts[0, PARTS.index("scores")] / totals["Transformer"]
    assert f"{totals['Transformer'] / 2**40:.1f} TiB, of which scores are {scores:.0%}".replace("%", " %") in text
    assert f"a Reformer {totals['Reformer'] / GIB:.1f} GiB, which alone fits" in text
    assert [kind for kind, total in totals.items() if total <= 16 * GIB] == ["Reformer"]


# ---- In the browser, without Jupyter


@browser_test
def test_the_browsers_formulas_are_pythons(functions_of):
    rng = np.random.default_rng(0)
    bounds = {name: trait.limits for name, trait in MemoryMeterExplorer.inputs().items() if "log" in trait.limits}
    cases = [PAPER, SMALL | {"length": 77}]
    for _ in range(40):
        cases.append({name: int(rng.integers(of["low"], of["high"] + 1)) for name, of in bounds.items()})
    cases = [case | {"in_blocks": bool(i % 2)} for i, case in enumerate(cases)]
    script = """([kinds, cases]) => cases.map((sizes) => kinds.map((kind) =>
        [functions.memoryParts(kind, sizes), functions.bytesKept(kind, sizes)]))"""
    for case, got in zip(cases, functions_of("memory_meter.js")(script, KINDS, cases), strict=True):
        sizes = {name: case[name] for name in case if name != "in_blocks"}
        for kind, (parts, kept) in zip(KINDS, got, strict=True):
            exact = list(memory_parts(kind, **case).values())
            assert parts == pytest.approx(exact, rel=1e-14), (kind, case)
            assert kept == pytest.approx(bytes_kept(kind, **sizes), rel=1e-14)


@browser_test
def test_bytes_are_told_in_the_unit_that_fits(functions_of):
    told = {1: "0.0 KiB", 1536: "1.5 KiB", 10 * 2**20: "10 MiB", 2**30: "1.0 GiB", 1.25 * 2**40: "1.3 TiB"}
    told |= {2**50: "1.0 PiB", 3 * 2**61: "6.0 EiB"}
    got = functions_of("memory_meter.js")("([sizes]) => sizes.map(functions.inBytes)", list(told))
    assert got == list(told.values())


@browser_test
def test_keys_sliders_and_pointer_change_the_model_and_say_what_is_largest_and_what_fits(open_drawn):
    page = open_drawn(MemoryMeterExplorer(), reduced_motion="reduce")
    assert page.locator(SENTENCE).text_content() == (
        "Transformer, 12 layers, 1 text of 65,536 tokens: 1.5 TiB. The scores are largest, 1.5 TiB or 98 %. "
        "It does not fit in 16 GiB. Only one fits in 16 GiB: Reformer."
    )
    press, says = page.locator(STAGE).press, partial(wait_until_said, page)
    press("ArrowUp")
    says("Reformer, 12 layers, 1 text of 65,536 tokens: 5.1 GiB. The activations are largest, 2.1 GiB or 40 %. It fits")
    press("ArrowDown")
    press("b")
    says("The activations are largest, 36 GiB")
    press("b")
    slider = page.get_by_role("slider", name="Tokens in a text")
    assert slider.get_attribute("aria-valuetext") == "65,536"
    for _ in range(12):
        slider.press("ArrowLeft")
    says("1 text of 1,024 tokens")
    says("All five fit in 16 GiB.")
    page.get_by_role("slider", name="Texts in a batch").press("End")
    says("64 texts of 1,024 tokens")
    box = page.locator(f"{STAGE} canvas").bounding_box()
    page.mouse.click(box["x"] + 200, box["y"] + 22 + 93 * 2 + 40)
    says("Transformer, reversible, 12 layers")
    assert page.evaluate("explorer.model.get('chosen')") == 2
    for name, told in [("This course’s model, 1K", "1 text of 1,024"), ("The paper’s images, 12K", "12,288 tokens")]:
        page.get_by_label("Presets").select_option(name)
        says(told)
    wait_until_still(page)
    measured = page.locator("figure", has_text="Formula and measurement").locator("canvas")
    off = re.search(r"The formula is at most (\d+) % off\.$", measured.get_attribute("aria-label"))
    assert 0 < int(off[1]) <= 6


# ---- In JupyterLab


@browser_test
def test_jupyterlab_draws_it_and_kernel_and_browser_follow_each_other(memory_meter_lab):
    lab = memory_meter_lab
    assert lab.page.locator(".explorer canvas").count() == 4
    setup = "from explorers import MemoryMeterExplorer\n" + (
        "twin = MemoryMeterExplorer(**{name: getattr(explorer, name) for name in explorer.inputs()})\n"
        "twin.first_report()\n"
    )
    lab.page.locator(STAGE).press("d")
    assert lab.kernel_holds(setup, "np.array_equal(twin.parts, explorer.parts)", n_layers=16)
    lab.in_kernel("explorer.length = 3000")
    wait_until_said(lab.page, "3,000 tokens")
    assert lab.kernel_holds(setup, "np.array_equal(twin.parts, explorer.parts)", length=3000)
    for key in ("ArrowRight", "ArrowDown", "f", "b", "c"):
        lab.assert_key_is_the_explorers(key)
    lab.assert_axe_finds_no_violation()
    lab.assert_nothing_went_wrong()
