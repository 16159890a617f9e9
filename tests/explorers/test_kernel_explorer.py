"""Frames: the kernel computes what the browser draws, and a page without a kernel carries a recording."""

import numpy as np
import pytest

from tests.explorers.kernel_powers import PowersExplorer
from tests.explorers.lab_page import SENTENCE, STAGE, Lab, open_page_of, wait_until_drawn

browser_test = pytest.mark.browser


def says(page, words):
    page.wait_for_function(f"words => document.querySelector('{SENTENCE}').textContent === words", arg=words)


def test_the_frame_follows_the_inputs_it_is_computed_from():
    explorer = PowersExplorer(exponent=3)
    for exponent in (3, 5):
        explorer.exponent = exponent
        frame = explorer.frame["values"]["powers"]
        assert explorer.frame["of"] == {"exponent": exponent}
        np.testing.assert_array_equal(np.frombuffer(frame["data"]), np.arange(11.0) ** exponent)


def test_a_recording_holds_a_frame_for_each_value_on_offer_and_for_the_present_one():
    frames = PowersExplorer(exponent=3).page_state()["frames"]
    assert [frame["of"]["exponent"] for frame in frames] == [1, 2, 3, 4, 7]


@browser_test
def test_a_page_without_a_kernel_moves_between_recorded_frames(open_drawn):
    page = open_drawn(PowersExplorer())
    says(page, "3 to the power of 2 is 9.")
    stage = page.locator(STAGE)
    for key, words in [
        ("e", "3 to the power of 4 is 81."),
        ("ArrowLeft", "2 to the power of 4 is 16."),
        ("e", "2 to the power of 7 is 128."),
        ("e", "2 to the power of 7 is 128."),
        ("Shift+E", "2 to the power of 4 is 16."),
        ("Shift+E", "2 to the power of 2 is 4."),
    ]:
        stage.press(key)
        says(page, words)
    page.get_by_label("Exponent").fill("1")
    says(page, "2 to the power of 1 is 2.")


@browser_test
def test_in_jupyterlab_the_kernel_computes_what_was_not_recorded(browser, server):
    page = open_page_of(browser, viewport={"width": 1200, "height": 900})
    lab = Lab(page, server.format("powers"))
    lab.run_all()
    wait_until_drawn(page)
    says(page, "3 to the power of 2 is 9.")
    page.locator(STAGE).press("e")
    says(page, "3 to the power of 3 is 27.")
    page.get_by_label("Exponent").fill("9")
    says(page, f"3 to the power of 9 is {3**9}.")
    assert lab.kernel_holds("", "explorer.frame['of'] == {'exponent': 9}", exponent=9)
    lab.in_kernel("explorer.exponent = 5")
    says(page, "3 to the power of 5 is 243.")
    lab.assert_nothing_went_wrong()
    page.close()
