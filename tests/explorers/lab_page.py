"""A real JupyterLab for the browser tests: a server of its own, a notebook open in it, and a way into its kernel."""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat

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
    """Serve `folder` on a free port of this machine. Yields the address, in which "{}" stands for a notebook's name."""
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
            yield f"http://127.0.0.1:{port}/lab/tree/{{}}?token={token}"
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
            "?.connectionStatus === 'connected'",
            timeout=60_000,
        )

    def command(self, name, **arguments):
        """Run a command of JupyterLab, without waiting for its end."""
        script = "([name, arguments_]) => void jupyterapp.commands.execute(name, arguments_)"
        self.page.evaluate(script, [name, arguments])

    def run_all(self):
        self.command("notebook:run-all-cells")

    def theme(self, name):
        """Change to the theme "JupyterLab Dark" or "JupyterLab Light", and wait until it is there."""
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=name)

    def in_kernel(self, code):
        """Run code in the notebook's kernel and return what it prints."""
        script = """async code => {
            const future = jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute({ code });
            let text = "";
            future.onIOPub = ({ header, content }) => {
                if (header.msg_type === "stream") text += content.text;
                if (header.msg_type === "error") text += content.traceback.join("\\n");
            };
            await future.done;
            return text;
        }"""
        return self.page.evaluate(script, code)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_until_up(server, address, log):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{Path(log).read_text()[-2000:]}")
