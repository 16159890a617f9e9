"""What the explorers' tests share: a browser, a JupyterLab with every explorer in it, pages without a kernel."""

import contextlib

import pytest
from playwright.sync_api import sync_playwright

from explorers import AngularExplorer, standalone_page
from tests.explorers.lab_page import CHROMIUM_FLAGS, Lab, jupyterlab_server, write_notebook

NOTEBOOKS = {
    "angular.ipynb": "AngularExplorer",
    "hash_planes.ipynb": "HashPlanesExplorer",
    "soft_lookup.ipynb": "SoftLookupExplorer",
}


@pytest.fixture(scope="session")
def browser(chromium):
    """A headless Chromium; without one, what needs it is left out."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A JupyterLab that serves one notebook for each explorer."""
    folder = tmp_path_factory.mktemp("jupyterlab")
    for name, explorer in NOTEBOOKS.items():
        write_notebook(folder / name, f"from explorers import {explorer}\n\nexplorer = {explorer}()\nexplorer")
    with jupyterlab_server(folder) as address:
        yield address


def _open_in_jupyterlab(browser, server, notebook):
    """Open a notebook with an explorer, run it, and close it when the tests are done."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    lab = Lab(page, server.format(notebook))
    lab.run_all()
    page.wait_for_selector(".explorer-sentence:not(:empty)", timeout=60_000)
    yield lab
    page.close()


@pytest.fixture(scope="session")
def angular_lab(browser, server):
    """The angular explorer, run and drawn in JupyterLab."""
    yield from _open_in_jupyterlab(browser, server, "angular.ipynb")


@pytest.fixture(scope="session")
def hash_planes_lab(browser, server):
    """The explorer of hash planes, run and drawn in JupyterLab."""
    yield from _open_in_jupyterlab(browser, server, "hash_planes.ipynb")


@pytest.fixture(scope="session")
def soft_lookup_lab(browser, server):
    """The explorer of the soft look-up, run and drawn in JupyterLab."""
    yield from _open_in_jupyterlab(browser, server, "soft_lookup.ipynb")


@pytest.fixture
def open_page(browser, tmp_path):
    """A function that opens HTML text, or an explorer's standalone page, from a file. Returns page and requests."""
    with contextlib.ExitStack() as stack:

        def open_text(content=None, **options):
            text = content if isinstance(content, str) else standalone_page(content or AngularExplorer())
            file = tmp_path / "page.html"
            file.write_text(text, encoding="utf-8")
            page = browser.new_page(**{"viewport": {"width": 920, "height": 800}} | options)
            stack.callback(page.close)
            requests = []
            page.on("request", lambda request: requests.append(request.url))
            page.goto(file.as_uri())
            return page, requests

        yield open_text
