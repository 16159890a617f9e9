"""nbgrader's formgrader on what `grade` wrote: Jupyter's server, started in that folder, opened at /formgrader."""

import os
from pathlib import Path


def serve(out, *, browser, port):
    """Serve the formgrader of a folder until Ctrl-C; the server prints its address. Returns the exit code."""
    from jupyter_server.serverapp import ServerApp

    out = Path(out).resolve()
    os.chdir(out)  # nbgrader reads the configuration of its working folder
    server = ServerApp.instance()
    server.initialize(
        [
            f"--ServerApp.root_dir={out}",
            "--ServerApp.default_url=/formgrader",
            f"--ServerApp.port={port}",
            f"--ServerApp.open_browser={browser}",
            "--PasswordIdentityProvider.hashed_password=",  # so that the address with its token always opens it
            "--ServerApp.answer_yes=True",  # one Ctrl-C is enough
            "--ServerApp.log_level=ERROR",
            "--LabApp.log_level=ERROR",
            *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        ]
    )
    server.start()
    return 0
