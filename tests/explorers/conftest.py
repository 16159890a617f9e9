"""What the explorers' tests share: a JupyterLab with every explorer in it, pages without a kernel."""

import contextlib
import functools
import json

import pytest

import start
from explorers import EXPLORERS, AngularExplorer, standalone_page
from explorers.modules import join_modules
from tests.explorers.lab_page import (
    explorer_in_lab,
    jupyterlab_server,
    open_page_of,
    wait_until_drawn,
    write_explorer_notebook,
    write_notebook,
)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A JupyterLab with a notebook for each explorer, one for two of a kind, one for frames of the kernel."""
    folder = tmp_path_factory.mktemp("jupyterlab")
    for explorer_class in EXPLORERS:
        write_explorer_notebook(folder, explorer_class.__name__)
    tests_path = f"import sys\n\nsys.path.append({str(start.ROOT)!r})\n"  # the tests are not installed
    powers = "from tests.explorers.kernel_powers import PowersExplorer\n\nexplorer = PowersExplorer()\nexplorer"
    write_notebook(folder / "powers.ipynb", tests_path + powers)
    two = "from explorers import AngularExplorer\n\nAngularExplorer()", "AngularExplorer(n_buckets=4)"
    write_notebook(folder / "two.ipynb", *two)
    with jupyterlab_server(folder) as address:
        yield address


def _lab_with(name):
    """A fixture: the explorer of this class, run and drawn in JupyterLab."""

    @pytest.fixture(scope="module")
    def lab(browser, server):
        with explorer_in_lab(browser, server, name) as lab:
            yield lab

    return lab


angular_lab = _lab_with("AngularExplorer")
hash_planes_lab = _lab_with("HashPlanesExplorer")
dot_products_lab = _lab_with("DotProductExplorer")
soft_lookup_lab = _lab_with("SoftLookupExplorer")
sort_and_chunk_lab = _lab_with("SortAndChunkExplorer")
attention_matrix_lab = _lab_with("AttentionMatrixExplorer")
road_lab = _lab_with("WholeRoadExplorer")
reversible_steps_lab = _lab_with("ReversibleStepsExplorer")
memory_meter_lab = _lab_with("MemoryMeterExplorer")
training_lab = _lab_with("TrainingExplorer")
reading_lab = _lab_with("ReadingExplorer")


@pytest.fixture(scope="session")
def shared_page(browser):
    """The page in which most tests open theirs: a new page takes longer than a new document in one that is there."""
    page = open_page_of(browser)
    yield page
    page.close()


@pytest.fixture
def open_page(browser, shared_page, tmp_path):
    """A function that opens HTML text, or an explorer's standalone page, from a file. Returns page and requests.

    It is the shared page, unless the test opens a second one, or asks for what stays with a page, such as touch; for a
    clock, which stays too, it asks for `fresh=True`.
    """
    with contextlib.ExitStack() as stack:
        is_free = True

        def page_with(options, fresh):
            nonlocal is_free
            if not is_free or fresh or options.keys() - {"viewport", "color_scheme", "reduced_motion"}:
                page = open_page_of(browser, **options)
                stack.callback(page.close)
                return page
            is_free = False
            shared_page.mouse.move(0, 0)  # where no picture is: a mouse stays where an earlier test has left it
            shared_page.set_viewport_size(options["viewport"])
            usual = {"color_scheme": "light", "reduced_motion": "no-preference"}
            shared_page.emulate_media(**{name: options.get(name, value) for name, value in usual.items()})
            return shared_page

        def open_text(content=None, *, fresh=False, **options):
            text = content if isinstance(content, str) else standalone_page(content or AngularExplorer())
            file = tmp_path / "page.html"
            file.write_text(text, encoding="utf-8")
            page = page_with({"viewport": {"width": 920, "height": 800}} | options, fresh)
            requests = []

            def note(request):
                requests.append(request.url)

            page.on("request", note)
            stack.callback(page.remove_listener, "request", note)
            page.goto(file.as_uri())
            return page, requests

        yield open_text


@pytest.fixture
def open_drawn(open_page):
    """A function that opens an explorer's standalone page and waits until it is drawn. Returns the page."""

    def open_explorer_page(explorer, **options):
        page, _ = open_page(explorer, **options)
        wait_until_drawn(page)
        return page

    return open_explorer_page


@pytest.fixture(scope="session")
def functions_of(browser):
    """A function that loads an explorer's JavaScript, or a shared module, into a page: one for all tests of it.

    Returns the way to call it: `functions("([x]) => functions.f(x)", x)`, with what JSON can say: an
    infinite number, which it cannot, comes back as None.
    """

    @functools.cache
    def load(filename):
        page = open_page_of(browser)
        script = """async source => {
            await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
            const addresses = [...globalThis[Symbol.for("explorers: modules by source")].values()];
            window.functions = await import(addresses.at(-1));
        }"""
        page.evaluate(script, join_modules(filename))

        def call(script, *arguments):
            # As text, since Playwright takes long over long lists.
            as_text = f"async (text) => JSON.stringify(await ({script})(JSON.parse(text)))"
            return json.loads(page.evaluate(as_text, json.dumps(arguments, allow_nan=False)))

        return call

    return load
