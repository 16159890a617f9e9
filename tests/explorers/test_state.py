"""The state of every explorer: refused by name where it cannot be shown, undone step by step, brought back by a text.

Python and the page refuse with the same sentences.
"""

import datetime
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from explorers import (
    EXPLORERS,
    AngularExplorer,
    AttentionMatrixExplorer,
    DotProductExplorer,
    HashPlanesExplorer,
    MemoryMeterExplorer,
    ReadingExplorer,
    ReversibleStepsExplorer,
    SoftLookupExplorer,
    SortAndChunkExplorer,
    TrainingExplorer,
    WhichPairsExplorer,
    WholeRoadExplorer,
    standalone_page,
)
from explorers.inputs import Refused
from explorers.modules import join_modules
from explorers.page import framed_page
from tests.explorers.kernel_powers import PowersExplorer
from tests.explorers.lab_page import SENTENCE, STAGE, Lab, open_page_of, open_state, wait_until_drawn, wait_until_still

browser_test = pytest.mark.browser
every_explorer = pytest.mark.parametrize("explorer_class", EXPLORERS)
OF_POINTS = [DotProductExplorer, SoftLookupExplorer, HashPlanesExplorer, AngularExplorer]
every_explorer_of_points = pytest.mark.parametrize("explorer_class", OF_POINTS)
nan, inf = float("nan"), float("inf")

# What cannot be shown, and the name by which it is refused.
NUMBERS = [
    (AngularExplorer, {"turn": nan}, "turn needs a number from -180 to 180, got NaN"),
    (AngularExplorer, {"azimuth": inf}, "azimuth needs a number from -180 to 180, got Infinity"),
    (AngularExplorer, {"elevation": -inf}, "elevation needs a number from -90 to 90, got -Infinity"),
    (AngularExplorer, {"n_buckets": 7}, "n_buckets needs an even whole number from 2 to 16, got 7"),
    (AngularExplorer, {"n_buckets": 18}, "n_buckets needs an even whole number from 2 to 16, got 18"),
    (AngularExplorer, {"n_rounds": 2.5}, "n_rounds needs a whole number from 1 to 8, got 2.5"),
    (AngularExplorer, {"query": 40}, "query needs a whole number from 0 to 39, got 40"),
    (AngularExplorer, {"chosen": -1}, "chosen needs a whole number from 0 to 39, got -1"),
    (AngularExplorer, {"n_rounds": 2, "shown_round": 3}, "shown_round needs a whole number from 1 to 2, got 3"),
    (AngularExplorer, {"dimension": 4}, "dimension needs 2 or 3, got 4"),
    (AngularExplorer, {"seed": -1}, "seed needs a whole number of at least 0, got -1"),
    (HashPlanesExplorer, {"n_planes": nan}, "n_planes needs a whole number from 1 to 8, got NaN"),
    (HashPlanesExplorer, {"n_planes": 2, "chosen_plane": 2}, "chosen_plane needs a whole number from 0 to 1, got 2"),
    (DotProductExplorer, {"score": "euclid"}, 'score needs dot or cosine or distance, got "euclid"'),
    (DotProductExplorer, {"n_near": 7}, "n_near needs a whole number from 1 to 6, got 7"),
    (SoftLookupExplorer, {"bandwidth": 0}, "bandwidth needs a number from 0.05 to 3, got 0"),
    (SoftLookupExplorer, {"query": nan}, "query needs a number from 0 to 10, got NaN"),
    (SoftLookupExplorer, {"n_near": 13}, "n_near needs a whole number from 1 to 12, got 13"),
    (SortAndChunkExplorer, {"chunk_length": 0}, "chunk_length needs a whole number from 4 to 128, got 0"),
    (SortAndChunkExplorer, {"n_tokens": 128, "chosen": 128}, "chosen needs a whole number from 0 to 127, got 128"),
    (SortAndChunkExplorer, {"n_buckets": 12}, "n_buckets needs 8 or 16 or 32 or 64, got 12"),
    (AttentionMatrixExplorer, {"n_buckets": 5}, "n_buckets needs an even whole number from 2 to 16, got 5"),
    (AttentionMatrixExplorer, {"causal": 1}, "causal needs true or false, got 1"),
    (WholeRoadExplorer, {"turn": nan}, "turn needs a number from -180 to 180, got NaN"),
    (ReversibleStepsExplorer, {"step": 17}, "step needs a whole number from 0 to 16, got 17"),
    (ReversibleStepsExplorer, {"gain": 9}, "gain needs a number from 0 to 8, got 9"),
    (MemoryMeterExplorer, {"length": 63}, "length needs a whole number from 64 to 1048576, got 63"),
    (MemoryMeterExplorer, {"length": 2000001}, "length needs a whole number from 64 to 1048576, got 2000001"),
    (MemoryMeterExplorer, {"along": "batch"}, 'along needs length or depth, got "batch"'),
    (WhichPairsExplorer, {"length": 63}, "length needs a whole number from 64 to 192, got 63"),
    (WhichPairsExplorer, {"length": 64, "n_near": 65}, "n_near needs a whole number from 1 to 64, got 65"),
    (WhichPairsExplorer, {"cosine": 1}, "cosine needs a number from 0.5 to 0.95, got 1"),
    (TrainingExplorer, {"shown": 41}, "shown needs a whole number from 0 to 40, got 41"),
    (TrainingExplorer, {"head": 2}, "head needs a whole number from 0 to 1, got 2"),
    (ReadingExplorer, {"n_rounds": 2, "only_round": 3}, "only_round needs a whole number from 0 to 2, got 3"),
    (ReadingExplorer, {"dialogue": 5}, "dialogue needs a whole number from 0 to 4, got 5"),
]
NEEDS_VALUES = "needs numbers from -2 to 2"
NEEDS_TWINS = "needs as many rows as keys_on_road"
IN_DISC = "every row in the unit disc, and not in its middle"
ARRAYS = [
    (HashPlanesExplorer, {"points": [[0.5, 0], [nan, 0]]}, "points needs finite numbers, got NaN in row 1"),
    (HashPlanesExplorer, {"points": [[0.5, 0], [1.5, 0]]}, f"points needs {IN_DISC}, got length 1.5 in row 1"),
    (HashPlanesExplorer, {"points": [[0.5, 0], [0, 0]]}, f"points needs {IN_DISC}, got length 0 in row 1"),
    (HashPlanesExplorer, {"points": [[0.5, 0]]}, "points needs shape (L, 2) with L of at least 2, got (1, 2)"),
    (HashPlanesExplorer, {"points": []}, "points needs shape (L, 2) with L of at least 2, got (0,)"),
    (HashPlanesExplorer, {"angles": [[0, 1]]}, "angles needs shape (6, 8), got (1, 2)"),
    (AngularExplorer, {"circle": [[0, 1], [0, 0]]}, "circle needs a direction in every row, got length 0 in row 1"),
    (DotProductExplorer, {"query": [nan, 0]}, "query needs numbers from -3 to 3, got NaN in row 0"),
    (DotProductExplorer, {"query": [1, 2, 3]}, "query needs shape (2,), got (3,)"),
    (DotProductExplorer, {"key_vectors": [[1, 2], [4, 0]]}, "key_vectors needs numbers from -3 to 3, got 4 in row 1"),
    (
        DotProductExplorer,
        {"key_vectors": [[1, 2]]},
        "key_vectors needs shape (L, 2) with L of at least 2, got (1, 2)",
    ),
    (SoftLookupExplorer, {"keys_on_road": [1], "values": [inf]}, f"values {NEEDS_VALUES}, got Infinity in row 0"),
    (SoftLookupExplorer, {"keys_on_road": [1, 11]}, "keys_on_road needs numbers from 0 to 10, got 11 in row 1"),
    (SoftLookupExplorer, {"keys_on_road": [1], "values": [1, 1]}, f"values {NEEDS_TWINS}, 1, got 2"),
]  # fmt: skip
REFUSALS = pytest.mark.parametrize(
    ("explorer_class", "state", "sentence"),
    NUMBERS + ARRAYS,
    ids=[next(iter(state)) for _, state, _ in NUMBERS + ARRAYS],
)


@REFUSALS
def test_what_cannot_be_shown_is_refused_at_construction(explorer_class, state, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        explorer_class(**state)


@pytest.mark.parametrize(("explorer_class", "state", "sentence"), [case for case in NUMBERS if len(case[1]) == 1])
def test_what_cannot_be_shown_is_refused_later_and_leaves_the_state_as_it_was(explorer_class, state, sentence):
    explorer = explorer_class()
    ((name, value),) = state.items()
    before = getattr(explorer, name)
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        setattr(explorer, name, value)
    assert getattr(explorer, name) == before


@pytest.mark.parametrize("n_points", [0, -1, 1, 501, 12.0, nan, None, "12", True])
@every_explorer_of_points
def test_a_number_of_points_that_cannot_be_shown_is_refused(explorer_class, n_points):
    if n_points is None:
        assert len(explorer_class(n_points=None).about["start"]) > 1  # means: as many as usual
        return
    with pytest.raises(ValueError, match=r"^n_points needs a whole number from \d+ to 500, got "):
        explorer_class(n_points=n_points)


def a_number_of(explorer_class):
    """The name of an input that counts something, and is shown."""
    others = {ReversibleStepsExplorer: "n_blocks", MemoryMeterExplorer: "n_layers", TrainingExplorer: "shown"}
    return "n_near" if explorer_class in OF_POINTS else others.get(explorer_class, "n_rounds")


@every_explorer
def test_a_misspelt_name_is_refused_with_the_name_that_was_meant(explorer_class):
    name = a_number_of(explorer_class)
    misspelt = name + name[-1]
    with pytest.raises(ValueError, match=rf"^{explorer_class.__name__} has no {misspelt}; did you mean {name}\?$"):
        explorer_class(**{misspelt: 3})
    with pytest.raises(ValueError, match=r"has no hcosen; did you mean chosen\?$"):
        explorer_class().hcosen = 3
    with pytest.raises(ValueError, match=r"has no zzz; it has \w+, "):
        explorer_class(zzz=3)


def test_text_where_a_number_belongs_is_refused_by_name():
    for value in ("8", None, True, [8]):
        with pytest.raises(ValueError, match="^n_buckets needs an even whole number from 2 to 16, got "):
            AngularExplorer(n_buckets=value)
    with pytest.raises(ValueError, match=r"^circle needs shape \(L, 2\)"):
        AngularExplorer(circle=[[1, 2], [3]])


def test_what_hangs_on_a_smaller_number_becomes_smaller_with_it():
    angular = AngularExplorer(n_rounds=8, shown_round=7)
    angular.n_rounds = 2
    assert angular.shown_round == 2
    planes = HashPlanesExplorer(query=30, n_near=9)
    planes.points = planes.points[:5]
    assert (planes.query, planes.n_near, planes.chosen) == (4, 4, 4)


def test_the_length_of_a_direction_does_not_matter():
    explorer = AngularExplorer(circle=[[3.0, 0.0], [0.0, 0.5]])
    np.testing.assert_array_equal(explorer.circle, [[1, 0], [0, 1]])
    assert len(explorer.sphere) == 2


# ---- On the page


def show(page, text):
    """Paste a state and have it shown."""
    if page.locator(".explorer-state").get_attribute("open") is None:
        open_state(page)
    page.get_by_role("textbox").fill(text)
    page.get_by_role("button", name="Show what stands here").click()


@browser_test
@every_explorer
def test_the_page_refuses_with_the_sentences_of_python_and_keeps_its_picture(explorer_class, open_drawn):
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    before = page.locator(SENTENCE).text_content()
    for _, state, sentence in [case for case in NUMBERS + ARRAYS if case[0] is explorer_class]:
        text = f"{explorer_class.__name__}(**{json.dumps(state)})"
        show(page, text)
        assert page.locator(".explorer-fault").inner_text() == f"Not shown: {sentence}."
        assert page.locator("[aria-live=polite]").text_content() == f"Not shown: {sentence}."
        wait_until_still(page)
        assert page.get_by_role("textbox").input_value() == text  # to be mended, not lost
        assert page.locator(SENTENCE).text_content() == before
    name, fault = a_number_of(explorer_class), page.locator(".explorer-fault")
    show(page, f'{{"{name}{name[-1]}": 3}}')
    assert fault.inner_text().startswith(f"Not shown: {explorer_class.__name__} has no {name}{name[-1]};")
    show(page, f"{name} = 3")
    assert f"got {name} = 3" in fault.inner_text()
    show(page, f'{{"{name}": {1 if explorer_class in OF_POINTS else 3}}}')
    page.wait_for_function("document.querySelector('.explorer-fault').hidden")
    page.wait_for_function(f"before => document.querySelector('{SENTENCE}').textContent !== before", arg=before)


@browser_test
def test_what_a_script_sets_and_cannot_be_shown_is_refused_and_taken_back(open_drawn):
    page = open_drawn(AngularExplorer(), reduced_motion="reduce")
    page.evaluate("explorer.model.set('turn', NaN)")
    page.wait_for_function(
        "document.querySelector('.explorer-fault').textContent ==="
        "'Not shown: turn needs a number from -180 to 180, got NaN.'"
    )
    assert page.evaluate("explorer.model.get('turn')") == 0
    assert page.locator(SENTENCE).text_content().startswith("Query 3 is in bucket 5.")


def state_of(page):
    script = """() => Object.fromEntries(Object.keys(explorer.model.get("about").inputs).map((name) => {
        const value = explorer.model.get(name);
        return [name, value.dtype ? Array.from(new Float64Array(value.data.buffer.slice(
            value.data.byteOffset, value.data.byteOffset + value.data.byteLength))) : value];
    }))"""
    return page.evaluate(script)


KEYS = {
    DotProductExplorer: ["ArrowRight", "ArrowUp", "k", "n", "d", "r"],
    SoftLookupExplorer: ["ArrowRight", "ArrowUp", "k", "d", "r"],
    HashPlanesExplorer: ["ArrowRight", "n", "q", "t", "b", "2", "r"],
    AngularExplorer: ["ArrowRight", "n", "q", "t", "2", "r"],
    SortAndChunkExplorer: ["ArrowRight", "ArrowUp", "l", "h", "s", "r"],
    WholeRoadExplorer: ["ArrowRight", "ArrowDown", "t", "r"],
    AttentionMatrixExplorer: ["ArrowRight", "ArrowUp", "c", "v", "s", "f", "i", "b", "d", "r"],
    ReversibleStepsExplorer: ["ArrowRight", ".", "ArrowDown", "d", "g", "f", "s", "r"],
    WhichPairsExplorer: ["ArrowRight", "ArrowDown", "s", "g", "b", "Shift+h", "c", "t", "r"],
    MemoryMeterExplorer: ["ArrowRight", "ArrowDown", "d", "f", "t", "h", "r", "c", "b", "v"],
    TrainingExplorer: ["ArrowRight", "ArrowDown", "h", "Shift+ArrowRight"],
    ReadingExplorer: ["ArrowRight", "ArrowDown", "c", "l", "h", ",", "o", "d"],
}


@dataclass
class Walk:
    """What an explorer's page showed at its start and after each of its `KEYS`, and the page, which stands at the end.

    states : values of the inputs; links : what hands them on; said : the last sentence
    """

    explorer_class: type
    page: object
    file: Path
    states: list
    links: list
    said: str


@pytest.fixture(scope="module", params=EXPLORERS, ids=lambda explorer_class: explorer_class.__name__)
def walk(request, browser, tmp_path_factory):
    explorer_class = request.param
    made = {"n_points": 11} if explorer_class in OF_POINTS else {}
    file = tmp_path_factory.mktemp("walk") / "page.html"
    file.write_text(standalone_page(explorer_class(**made)), encoding="utf-8")
    page = open_page_of(browser, reduced_motion="reduce")
    page.goto(file.as_uri())
    wait_until_drawn(page)
    open_state(page)
    states, links = [], []
    for key in [None, *KEYS[explorer_class]]:
        if key:
            page.locator(STAGE).press(key)
        wait_until_still(page)
        states.append(state_of(page))
        links.append(page.get_by_role("textbox").input_value())
    yield Walk(explorer_class, page, file, states, links, page.locator(SENTENCE).text_content())
    page.close()


@browser_test
def test_every_step_is_undone_and_done_again_and_reset_goes_back_to_the_start(walk):
    page, states = walk.page, walk.states
    assert all(before != after for before, after in itertools.pairwise(states))
    stage = page.locator(STAGE)
    for state in states[-2::-1]:
        stage.press("z")
        assert state_of(page) == state
    stage.press("z")
    assert state_of(page) == states[0]
    for state in states[1:]:
        stage.press("Shift+Z")
        assert state_of(page) == state
    page.get_by_role("button", name="Reset").click()
    assert state_of(page) == states[0]
    page.get_by_role("button", name="Undo").click()
    assert state_of(page) == states[-1]


@browser_test
def test_a_text_makes_the_same_state_in_python(walk):
    for state, link in zip(walk.states, walk.links, strict=True):
        twin = walk.explorer_class(**json.loads(unquote(link.split("=", 1)[1])))
        for name, value in state.items():
            if isinstance(value, str):
                assert getattr(twin, name) == value
                continue
            np.testing.assert_allclose(np.ravel(getattr(twin, name)), value, rtol=1e-5, atol=2e-6, err_msg=name)


@browser_test
def test_a_link_opens_the_page_in_the_same_state(walk, open_page):
    address = f"{walk.file.as_uri()}#{walk.explorer_class.__name__}="
    link = walk.links[-1]
    assert link.startswith(address)
    page, _ = open_page("<!doctype html><title>elsewhere</title>", reduced_motion="reduce")
    page.goto(link)
    wait_until_drawn(page)
    assert page.locator(SENTENCE).text_content() == walk.said
    page.goto(f"{address}%7B%22chosen%22:999%7D")
    page.wait_for_selector(".explorer-fault:not([hidden])")
    assert "chosen needs " in page.locator(".explorer-fault").inner_text()


@browser_test
@pytest.mark.parametrize(
    ("explorer", "key", "name", "reached"),
    [
        (SoftLookupExplorer(query=9.95), "ArrowRight", "query", 10),
        (SoftLookupExplorer(bandwidth=0.07), "ArrowDown", "bandwidth", 0.05),
        (SoftLookupExplorer(n_points=5, n_near=5), "k", "n_near", 5),
        (SoftLookupExplorer(query=0.2), "ArrowRight", "query", 0.3),  # and not 0.30000000000000004
        (HashPlanesExplorer(n_planes=3, chosen_plane=2), "b", "chosen_plane", 0),
        (HashPlanesExplorer(n_draws=4990), "2", "n_draws", 5000),
        (HashPlanesExplorer(chosen=0), "p", "chosen", 39),
        (AngularExplorer(turn=179.0), "t", "turn", -179),
        (AngularExplorer(chosen=39), "n", "chosen", 0),
        (SortAndChunkExplorer(chunk_length=128), "ArrowUp", "chunk_length", 128),
        (SortAndChunkExplorer(draw=2), "r", "draw", 0),
        (AttentionMatrixExplorer(n_rounds=8), "ArrowUp", "n_rounds", 8),
        (AttentionMatrixExplorer(shown_round=4), ".", "shown_round", 1),
        (ReversibleStepsExplorer(step=16), ".", "step", 0),
        (MemoryMeterExplorer(length=3000), "ArrowRight", "length", 3072),
        (MemoryMeterExplorer(length=3000), "ArrowLeft", "length", 2048),
        (MemoryMeterExplorer(length=2**20), "ArrowRight", "length", 64),
        (MemoryMeterExplorer(n_heads=64), "h", "n_heads", 64),
        (MemoryMeterExplorer(n_heads=1), "Shift+h", "n_heads", 1),
        (TrainingExplorer(shown=40), "ArrowRight", "shown", 40),
        (TrainingExplorer(chosen=2), "ArrowDown", "chosen", 0),
        (ReadingExplorer(n_rounds=8), ".", "n_rounds", 8),
        (ReadingExplorer(layer=1), "l", "layer", 0),
        (PowersExplorer(chosen=10), "ArrowRight", "chosen", 10),
    ],
)
def test_a_step_ends_at_the_limit_that_stands_in_python_or_goes_round(explorer, key, name, reached, open_drawn):
    page = open_drawn(explorer, reduced_motion="reduce")
    page.locator(STAGE).press(key)
    assert page.evaluate("name => explorer.model.get(name)", name) == reached


@browser_test
def test_python_is_told_when_a_reader_rests_and_once_a_second_meanwhile(open_drawn):
    page = open_drawn(AngularExplorer(), reduced_motion="reduce", fresh=True)
    wait_until_still(page)
    page.evaluate("window.told = []; explorer.model.save_changes = () => told.push(explorer.model.get('turn'))")
    page.clock.install()
    page.clock.pause_at(datetime.datetime.now() + datetime.timedelta(hours=1))
    page.evaluate("told.length = 0")
    for _ in range(25):  # a key each tenth of a second, which turns by 2°
        page.locator(STAGE).evaluate("stage => stage.dispatchEvent(new KeyboardEvent('keydown', { key: 't' }))")
        page.clock.run_for(100)
    assert len(page.evaluate("told")) == 2
    page.clock.run_for(400)
    assert len(page.evaluate("told")) == 3 and page.evaluate("told.at(-1)") == 50


@browser_test
def test_two_explorers_of_a_class_on_a_lessons_page_have_each_a_link(browser, tmp_path):
    frames = [framed_page(explorer) for explorer in (AngularExplorer(), HashPlanesExplorer(), AngularExplorer())]
    file = tmp_path / "lesson.html"
    file.write_text("<!doctype html><title>lesson</title>" + "".join(frames), encoding="utf-8")

    def drawn_explorers(page, address):
        page.goto(address)
        explorers = [page.frame_locator(f"iframe >> nth={place}") for place in range(len(frames))]
        for explorer in explorers:
            explorer.locator(f"{SENTENCE}:not(:empty)").wait_for()
        return explorers

    page = open_page_of(browser, reduced_motion="reduce")
    names = ["AngularExplorer", "HashPlanesExplorer", "AngularExplorer-2"]
    first = [explorer.locator(SENTENCE).text_content() for explorer in drawn_explorers(page, file.as_uri())]
    for place, name in enumerate(names):
        explorer = drawn_explorers(page, file.as_uri())[place]
        open_state(explorer)
        explorer.get_by_label("Query point").fill("20")
        explorer.locator(f"{SENTENCE} >> text=/^Query 20/").wait_for()
        explorer.locator(".explorer[data-still=yes]").wait_for()
        link = explorer.get_by_role("textbox").input_value()
        assert link.startswith(f"{file.as_uri()}#{name}=")
        other = open_page_of(browser, reduced_motion="reduce")
        said = [explorer.locator(SENTENCE).text_content() for explorer in drawn_explorers(other, link)]
        other.close()
        assert said[place].startswith("Query 20 ")
        assert said[:place] + said[place + 1 :] == first[:place] + first[place + 1 :]
    page.close()


@browser_test
@every_explorer
def test_presets_can_be_shown(explorer_class, open_drawn):
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    menu = page.get_by_label("Presets")
    names = menu.locator("option").all_inner_texts()[1:]
    assert len(names) >= 2
    for name in names:
        before = state_of(page)
        menu.select_option(name)
        assert state_of(page) != before
        wait_until_still(page)
        assert menu.input_value() == name, "it says which is shown, and arrow keys go on from there"
        assert page.locator(".explorer-fault").is_hidden()


@browser_test
def test_a_preset_is_named_until_something_else_is_shown_and_arrow_keys_go_from_one_to_the_next(open_drawn):
    page = open_drawn(WhichPairsExplorer(), reduced_motion="reduce")
    menu = page.get_by_label("Presets")
    names = menu.locator("option").all_inner_texts()
    for name in names[1:]:
        menu.press("ArrowDown")
        wait_until_still(page)
        assert menu.input_value() == name
    page.locator(STAGE).press("ArrowDown")  # another row, of the same pattern
    wait_until_still(page)
    assert menu.input_value() == names[-1]
    page.get_by_label("Window").press("ArrowRight")
    wait_until_still(page)
    assert menu.input_value() == ""


@browser_test
def test_two_explorers_in_one_page_do_not_disturb_each_other(browser, server):
    """Each widget of a notebook loads its module anew; ids and the names of radio buttons must be the page's own."""
    page = open_page_of(browser, viewport={"width": 1400, "height": 2400})
    lab = Lab(page, server.format("two"))
    lab.run_all()
    page.wait_for_function(f"document.querySelectorAll('{SENTENCE}:not(:empty)').length === 2")
    checked = "[...document.querySelectorAll('.explorer input[type=radio]')].map((input) => input.checked)"
    assert page.evaluate(checked) == [True, False, True, False]
    ids = page.evaluate("[...document.querySelectorAll('.explorer [id]')].map(({ id }) => id)")
    assert len(ids) == len(set(ids)) >= 10
    page.get_by_text("Sphere", exact=True).nth(1).click()
    assert page.evaluate(checked) == [True, False, False, True]
    sliders = page.get_by_label("Buckets B")
    assert [sliders.nth(i).input_value() for i in range(2)] == ["8", "4"]
    sliders.nth(1).press("ArrowRight")
    assert [sliders.nth(i).input_value() for i in range(2)] == ["8", "6"]
    modules = {*re.findall(r'"explorers/[\w/.]+", ', json.dumps(join_modules("angular.js")).replace('\\"', '"'))}
    assert page.evaluate("globalThis[Symbol.for('explorers: modules by source')].size") == len(modules)  # each once
    lab.assert_nothing_went_wrong()
    page.close()


# ---- Tasks


def does(page, *keys):
    for key in keys:
        page.locator(STAGE).press(key)


def done(page):
    return [text for text in page.locator(".explorer-tasks li").all_text_contents() if text.startswith("Done: ")]


@browser_test
@every_explorer
def test_no_task_is_done_before_anything_was_tried(explorer_class, open_drawn):
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    wait_until_still(page)
    assert done(page) == [] and page.locator(".explorer-tasks li").count() == 3


@browser_test
@pytest.mark.parametrize(
    ("explorer_class", "state", "place"),
    [
        (DotProductExplorer, {"query": [0, 3]}, 0),
        (DotProductExplorer, {"query": [-2.5, 1]}, 1),
        (DotProductExplorer, {"query": [0, 0]}, 2),
        (SoftLookupExplorer, {"bandwidth": 0.05}, 0),
        (SoftLookupExplorer, {"bandwidth": 0.5, "query": 2.7}, 1),
        (SoftLookupExplorer, {"bandwidth": 3, "query": 2.0}, 2),
        (HashPlanesExplorer, {"query": 2}, 0),
        (HashPlanesExplorer, {"n_tables": 6, "n_planes": 4}, 1),
        (HashPlanesExplorer, {"angles": [[0.0, 0.001, 1, 2, 3, 4, 5, 6]] * 6}, 2),
        (AngularExplorer, {"query": 10}, 0),
        (AngularExplorer, {"n_rounds": 4}, 1),
        (AngularExplorer, {"n_buckets": 16}, 2),
        (SortAndChunkExplorer, {"chunk_length": 8}, 0),
        (SortAndChunkExplorer, {"chunk_length": 12, "n_before": 4}, 1),
        (SortAndChunkExplorer, {"source": "cloud"}, 2),
        (AttentionMatrixExplorer, {"source": "clusters", "n_buckets": 16, "same_bucket_only": True}, 0),
        (AttentionMatrixExplorer, {"n_rounds": 8}, 1),
        (AttentionMatrixExplorer, {"avoid_self": False, "chosen": 8}, 2),
        (ReversibleStepsExplorer, {"n_blocks": 12, "step": 20}, 0),
        (ReversibleStepsExplorer, {"gain": 4}, 1),
        (ReversibleStepsExplorer, {"precision": "float64", "step": 16, "randomness": "redrawn"}, 2),
        (TrainingExplorer, {"shown": 9}, 0),
        (TrainingExplorer, {"shown": 15}, 1),
        (TrainingExplorer, {"shown": 17, "head": 1}, 2),
        (WhichPairsExplorer, {"n_rounds": 0, "n_near": 20, "stride": 24}, 0),
        (WhichPairsExplorer, {"n_rounds": 0, "n_near": 27, "n_first": 8, "stride": 24}, 1),
        (WhichPairsExplorer, {"n_rounds": 0, "segment": 16, "n_summary": 2}, 2),
        (MemoryMeterExplorer, {"length": 4096}, 0),
        (MemoryMeterExplorer, {"length": 1024}, 1),
        (MemoryMeterExplorer, {"length": 2**20, "d_model": 256, "n_rounds": 1}, 2),
    ],
)
def test_a_task_ticks_when_it_is_done_and_is_heard(explorer_class, state, place, open_drawn):
    page = open_drawn(explorer_class(), reduced_motion="reduce")
    show(page, json.dumps(state))
    wait_until_still(page)
    tasks = page.locator(".explorer-tasks li").all_text_contents()
    assert tasks[place].startswith("Done: "), tasks
    assert f"Task done: {tasks[place].removeprefix('Done: ')}" in page.locator("[aria-live=polite]").text_content()


def test_refused_is_what_traitlets_and_the_house_expect():
    import traitlets

    assert issubclass(Refused, ValueError) and issubclass(Refused, traitlets.TraitError)
