"""nbgrader's formgrader on what `grade` wrote: Jupyter's server, started in that folder, opened at /formgrader."""

import os
import secrets
from pathlib import Path


def serve(out, *, browser, port):
    """Serve the formgrader of a folder until Ctrl-C, and print its address. Returns the exit code."""
    from jupyter_server.serverapp import ServerApp

    out = Path(out).resolve()
    os.chdir(out)  # nbgrader reads the configuration of its working folder
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)
    server = ServerApp.instance()
    server.initialize(
        [
            f"--ServerApp.root_dir={out}",
            "--ServerApp.default_url=/formgrader",
            f"--ServerApp.port={port}",
            f"--ServerApp.open_browser={browser}",
            "--PasswordIdentityProvider.hashed_password=",  # so that the address with its token always opens it
            f"--IdentityProvider.token={token}",
            "--ServerApp.answer_yes=True",  # one Ctrl-C is enough
            "--ServerApp.log_level=ERROR",
            "--LabApp.log_level=ERROR",
            *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        ]
    )
    if "[" in str(out):
        print("nbgrader reads the [ in this folder's path as a pattern and lists no labs; rename what bears it.")
    print(f"The formgrader is at {server.connection_url}formgrader?token={token}\nCtrl-C stops it.", flush=True)
    server.start()
    return 0
