"""What all tests share: the variables that `make test` sets, a Chromium, and what is left out where Trax is not."""

import collections
import importlib.util
import itertools
import os
import sys

import start

for _name, _value in {**start.SETTINGS, **start.TEST_SETTINGS}.items():
    if _name != "VIRTUAL_ENV":
        os.environ.setdefault(_name, _value)

import pytest  # noqa: E402  (the variables come first: NumPy and jax read them when they are imported)

from tests.chromium import find_chromium  # noqa: E402


def _leave_out(reason):
    """Skip a test on a machine that lacks something; in CI, where nothing may lack, fail it."""
    in_ci = os.environ.get("CI", "").lower() in ("true", "1")
    (pytest.fail if in_ci else pytest.skip)(reason)


@pytest.fixture(scope="session")
def chromium():
    """The path of a Chromium that runs here."""
    path = find_chromium()
    if path is None:
        _leave_out("there is no Chromium here; the variable CHROMIUM names one")
    return path


@pytest.fixture(scope="session")
def browser(chromium):
    """A headless Chromium that all tests of a process share: Playwright allows one driver in a thread."""
    from playwright.sync_api import sync_playwright

    from tests.explorers.lab_page import CHROMIUM_FLAGS

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


def pytest_terminal_summary(terminalreporter):
    """After a whole run, say where the time went: the minutes of one process that each folder of tests took."""
    seconds = collections.Counter()
    for report in itertools.chain.from_iterable(terminalreporter.stats.values()):
        if isinstance(report, pytest.TestReport):
            seconds["/".join(report.nodeid.split("/")[:2])] += report.duration
    if sum(seconds.values()) > 60:
        shares = (f"{folder.partition('/')[2]} {spent / 60:.1f}" for folder, spent in seconds.most_common())
        terminalreporter.write_line("minutes: " + ", ".join(shares))


def pytest_runtest_setup(item):
    if item.get_closest_marker("trax") and importlib.util.find_spec("trax") is None:
        if start.trax_is_built(start.dotted(sys.version_info[:2])):
            _leave_out("Trax is not installed: `make trax`")
        pytest.skip("Trax is not built for this Python on this machine")
