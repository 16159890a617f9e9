"""A real JupyterLab for the browser tests: a server of its own, a notebook open in it, and a way into its kernel."""

import contextlib
import importlib.resources
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat

SENTENCE = ".explorer-sentence"
STAGE = ".explorer [role=application]"  # what the keys move
PICTURES = "[...document.querySelectorAll('.explorer canvas')].map((canvas) => canvas.toDataURL()).join()"
PATIENCE = 120_000  # milliseconds
ONLY_CONTRAST = {"runOnly": ["color-contrast"]}  # of axe's rules, the one on which the theme tells
AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Where JupyterLab and IPython keep what belongs to a user. A test must neither read nor change that.
_USER_FOLDERS = [
    "HOME",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
]


@contextlib.contextmanager
def jupyterlab_server(folder):
    """Serve `folder` on a free port of this machine. Yields the address; in it "{0}" stands for a notebook's name."""
    user = Path(folder) / ".user"
    environment = dict(os.environ) | {name: str(user / name.lower()) for name in _USER_FOLDERS}
    notification = user / "jupyterlab_settings_dir" / "@jupyterlab" / "apputils-extension"
    notification.mkdir(parents=True)
    no_news = {"fetchNews": "false", "checkForUpdates": False}
    (notification / "notification.jupyterlab-settings").write_text(json.dumps(no_news))
    port, token = _free_port(), secrets.token_hex(8)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--expose-app-in-browser"]
    command += [f"--ServerApp.port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder}"]
    with open(Path(folder) / "server.log", "wb") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_until_up(server, f"http://127.0.0.1:{port}/api?token={token}", log.name)
            # A workspace for each notebook: a shared one brings back the tabs of other pages, in the midst of a test.
            yield f"http://127.0.0.1:{port}/lab/workspaces/{{0}}/tree/{{0}}.ipynb?token={token}"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def write_notebook(path, *sources):
    """Write a notebook with the given code cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)


def open_page_of(browser, **options):
    """A new page that waits for two minutes where a quiet machine needs a second: nobody's machine is quiet always."""
    page = browser.new_page(**options)
    page.set_default_timeout(PATIENCE)
    return page


def wait_until_drawn(page):
    """Wait until the explorer in a page has drawn its picture and said what is in it."""
    page.wait_for_selector(f"{SENTENCE}:not(:empty)")


def wait_until_said(page, words):
    """Wait until the sentence of the explorer in a page has these words in it."""
    page.wait_for_function(f"words => document.querySelector('{SENTENCE}').textContent.includes(words)", arg=words)


def open_state(page):
    """Unfold the state as text in a page or frame, and wait until it is there: a browser unfolds in its own time."""
    from playwright.sync_api import expect  # only in tests with a browser

    page.locator(".explorer-state > summary").click()
    expect(page.locator(".explorer-state textarea")).to_have_value(re.compile("."), timeout=PATIENCE)


def wait_until_still(page):
    """Wait until the last change of the explorer in a page has ended: a step of its history, told to who listens."""
    page.wait_for_selector(".explorer[data-still=yes]")


def write_explorer_notebook(folder, name):
    """Write a notebook that makes the explorer of the given class and shows it."""
    write_notebook(Path(folder) / f"{name}.ipynb", f"from explorers import {name}\n\nexplorer = {name}()\nexplorer")


def violations(result):
    """What axe found: which rules, and where."""
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in result["violations"]]


@contextlib.contextmanager
def explorer_in_lab(browser, address, name):
    """Open and run what `write_explorer_notebook` wrote. Yields its `Lab` when the explorer is drawn."""
    page = open_page_of(browser, viewport={"width": 1400, "height": 1000})
    try:
        lab = Lab(page, address.format(name))
        lab.run_all()
        wait_until_drawn(page)
        yield lab
    finally:
        page.close()


class Lab:
    """A browser page that shows one notebook in JupyterLab.

    `requests` lists the addresses the page asked for, `errors` what it wrote to the console as an error.
    """

    def __init__(self, page, address):
        self.page, self.requests, self.errors = page, [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.goto(address)
        # "idle" is said too early: a kernel takes cells only when its channel is connected.
        page.wait_for_function(
            "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
            "?.connectionStatus === 'connected'"
        )

    def command(self, name, **arguments):
        """Run a command of JupyterLab, without waiting for its end."""
        script = "([name, arguments_]) => void jupyterapp.commands.execute(name, arguments_)"
        self.page.evaluate(script, [name, arguments])

    def run_all(self):
        """Run all cells, wait until they have run, and fail with what a cell says where it went wrong."""
        self.command("notebook:run-all-cells")
        self.page.wait_for_function(
            """() => {
                const cells = [...jupyterapp.shell.currentWidget.context.model.cells];
                const failed = (cell) => cell.toJSON().outputs?.some(({ output_type }) => output_type === "error");
                return cells.some(failed) || cells.every((cell) => cell.type !== "code" || cell.executionCount);
            }"""
        )
        cells = self.page.evaluate("jupyterapp.shell.currentWidget.context.model.toJSON().cells")
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        faults = [f"{one['ename']}: {one['evalue']}" for one in outputs if one["output_type"] == "error"]
        assert not faults, faults

    def theme(self, name):
        """Change to the theme "JupyterLab Dark" or "JupyterLab Light", and wait until it is there.

        While it loads, JupyterLab shows its splash, and stumbles over taking it away if the theme changes again.
        """
        self.command("apputils:change-theme", theme=name)
        script = "name => document.body.dataset.jpThemeName === name && !document.querySelector('#jupyterlab-splash')"
        self.page.wait_for_function(script, arg=name)

    def in_kernel(self, code):
        """Run code in the notebook's kernel and return what it prints. A kernel that never answers is an error."""
        script = """async ([code, patience]) => {
            const future = jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code });
            let text = "";
            future.onIOPub = ({ header, content }) => {
                if (header.msg_type === "stream") text += content.text;
                if (header.msg_type === "error") text += content.traceback.join("\\n");
            };
            const late = (_, reject) => setTimeout(() => reject(new Error("no answer from the kernel")), patience);
            await Promise.race([future.done, new Promise(late)]);
            return text;
        }"""
        return self.page.evaluate(script, [code, PATIENCE])

    def kernel_holds(self, setup, condition, **expected):
        """Wait until the kernel's explorer has the expected traits and the condition is true. Returns whether it came.

        `setup` is code that runs before the condition is asked for. An explorer that stands still has told the kernel
        what changed: what the kernel sets from then on is not overwritten by news of what was before.
        """
        wait_until_still(self.page)
        code = f"""
import json
import numpy as np
{setup}
print(json.dumps([[getattr(explorer, name) for name in {list(expected)}], bool({condition})]))
"""
        for _ in range(300):
            values, holds = json.loads(self.in_kernel(code))
            if holds and values == list(expected.values()):
                return True
            self.page.wait_for_timeout(100)
        return False

    def pictures(self):
        """All pictures of the explorer, once what moves in them has come to rest."""
        wait_until_still(self.page)
        return self.page.evaluate(PICTURES)

    def wait_for_change(self, before):
        """Wait until a picture is another than in `before`, and fail if all stay the same."""
        self.page.wait_for_function(f"before => {PICTURES} !== before", arg=before)

    def assert_key_is_the_explorers(self, key):
        """Press a key on the stage: a picture changes; the notebook does not, nor does the focus.

        Any picture, since a key may leave the stage's as it is; and from rest, so that it is the key that changes it,
        and not what glides since an earlier one.
        """
        cells = self.page.locator(".jp-Notebook .jp-Cell").count()
        before = self.pictures()
        self.page.locator(STAGE).press(key)
        self.wait_for_change(before)
        assert self.page.locator(".jp-Notebook .jp-Cell").count() == cells
        assert self.page.evaluate(f"document.activeElement === document.querySelector('{STAGE}')")

    def assert_axe_finds_no_violation(self):
        """In the dark theme and in the light one, which stays; of the latter, the contrast is all that is another."""
        self.page.evaluate(AXE)
        for theme, options in (("JupyterLab Dark", {}), ("JupyterLab Light", ONLY_CONTRAST)):
            self.theme(theme)
            self.page.wait_for_timeout(300)
            assert violations(self.page.evaluate("options => axe.run('.explorer', options)", options)) == []

    def assert_nothing_went_wrong(self):
        """No error was reported, and nothing outside this machine was asked."""
        outside = [url for url in self.requests if not re.match(r"(blob:)?http://127\.0\.0\.1:|data:", url)]
        assert self.requests and not outside, outside
        assert not self.errors, self.errors


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_up(server, address, log):
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{Path(log).read_text()[-2000:]}")
