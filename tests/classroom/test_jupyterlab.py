"""JupyterLab as `make lab` starts it: notebooks lead to each other, and opening one does not mark it as unsaved."""

import shutil

import pytest

import start
from classroom.kernel import LANGUAGE, CourseKernel
from classroom.my_labs import copy_new_labs
from tests.explorers.lab_page import Lab, jupyterlab_server, open_page_of
from tests.notebooks.notebook_files import LESSONS, read

SHOWN = "() => jupyterapp.shell.currentWidget?.context?.path"
UNSAVED = "() => jupyterapp.shell.currentWidget.context.model.dirty"
LANGUAGE_OF_KERNEL = """async () => {
    const kernel = jupyterapp.shell.currentWidget.sessionContext.session?.kernel;
    return kernel ? (await kernel.info).language_info : null;
}"""


@pytest.fixture
def address(tmp_path, monkeypatch):
    """The course with its labs copied, served as `make lab` serves it."""
    for folder in ("notebooks", "labs"):
        shutil.copytree(start.ROOT / folder, tmp_path / folder)
    copy_new_labs(tmp_path)
    for name, value in start.LAB_SETTINGS.items():
        monkeypatch.setenv(name, value)
    with jupyterlab_server(tmp_path) as address:
        yield address.replace("workspaces/{0}", "workspaces/course").format("notebooks/00_start_here")


def follow(page, words, target):
    """Click on the first link with these words, wait for what it opens, and say whether that is marked as unsaved."""
    page.locator(".jp-Notebook:visible a", has_text=words).first.click()
    page.wait_for_function(f"path => ({SHOWN})() === path", arg=target)
    # What a kernel says of its language is written into the notebook; before that, none is marked.
    page.wait_for_function(LANGUAGE_OF_KERNEL)
    page.wait_for_timeout(500)
    return page.evaluate(UNSAVED)


def assert_in_sight(page, heading):
    """Wait until a heading is where a reader sees it."""
    page.wait_for_function(
        """text => [...document.querySelectorAll(".jp-Notebook h3")].some((heading) => {
            const { top, bottom } = heading.getBoundingClientRect();
            return heading.textContent.startsWith(text) && 0 < top && bottom < innerHeight && heading.checkVisibility();
        })""",
        arg=heading,
    )


@pytest.mark.browser
def test_a_drawing_is_folded_and_a_word_leads_to_its_place_in_the_glossary(address, browser):
    page = open_page_of(browser, viewport={"width": 1400, "height": 1000})
    lab = Lab(page, address)
    place = next(i for i, cell in enumerate(read(LESSONS[0]).cells) if "draws" in cell.metadata.get("tags", []))
    folded = page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{place}"]')
    assert folded.locator(".jp-InputPlaceholder").is_visible() and not folded.locator(".cm-editor").is_visible()
    folded.locator(".jp-InputPlaceholder").click()
    folded.locator(".cm-editor").wait_for()
    assert not follow(page, "Reformer", "notebooks/glossary.ipynb")
    assert_in_sight(page, "Reformer")
    lab.assert_nothing_went_wrong()
    page.close()


@pytest.mark.browser
def test_a_learner_gets_from_lesson_to_lab_and_back_and_nothing_is_marked_as_unsaved(address, browser):
    page = open_page_of(browser, viewport={"width": 1400, "height": 1000})
    lab = Lab(page, address)
    assert page.evaluate(LANGUAGE_OF_KERNEL) == LANGUAGE
    assert not page.evaluate(UNSAVED)
    assert not follow(page, "lab 03", "my_labs/lab03_angular_lsh/lab03_angular_lsh.ipynb")
    toolbar = page.locator(".jp-NotebookPanel-toolbar:visible")
    assert toolbar.count() == 1
    assert toolbar.get_by_text("Validate").count() == 0  # nbgrader's: "partial credit" of an unwritten lab
    assert not follow(page, "lesson 03", "notebooks/03_angular_lsh.ipynb")
    lab.assert_nothing_went_wrong()
    page.close()


def test_of_its_language_the_kernel_says_no_version_because_it_would_differ_from_what_is_stored():
    assert CourseKernel.language_info == LANGUAGE
    assert "version" not in LANGUAGE
