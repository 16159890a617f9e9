"""What `make test` runs in .venv: ruff, then pytest with Trax and a browser, on all cores.

`python -m tests long`, which is `make test-long`, runs what is too long for that. More arguments go to pytest.
"""

import os
import subprocess
import sys

from start import dotted, say, trax_is_built
from tests.chromium import get_chromium

RUFF = {"ruff check": ["check", "."], "ruff format": ["format", "--check", "."]}  # .pre-commit-config.yaml has them too
NO_TESTS = 5  # pytest's exit code where nothing was chosen

# On all cores, but for tests that start kernels, which have to answer within seconds: two at a time; and those that
# measure memory or look at all processes: one at a time. One process more than there are cores: explorers call a change
# done when nothing has moved for a while, and their tests sleep as long.
# In the order of the folders: what takes longest, the exercises and the explorers, begins early.
PROCESSES = min(4, 1 + (os.cpu_count() or 1))
BY_FILE = ["--dist=loadfile", "--no-loadscope-reorder"]  # a JupyterLab or a training serves the tests of a file
TOGETHER = ["-m", "not long and not alone and not in_pairs", "-n", str(PROCESSES), *BY_FILE]
IN_PAIRS = ["-m", "in_pairs and not long", "-n", "2", *BY_FILE]
ALONE = ["-m", "alone and not long"]


def main(arguments):
    """Run the suite, or its long part. Returns the exit code: 0, or that of the first step that failed."""
    chromium = get_chromium()
    if chromium:
        os.environ["CHROMIUM"] = chromium  # where conftest.py and the tests look
    if arguments[:1] == ["long"]:
        return python("pytest", "-m", "long", "--timeout=0", *arguments[1:])
    codes = {name: python("ruff", *step) for name, step in RUFF.items()}
    for name in (name for name, code in codes.items() if code):
        say(f"{name} found something; it stands above the tests.")
    passes = [python("pytest", *step, *arguments) for step in (TOGETHER, IN_PAIRS, ALONE)]
    found = [code for code in passes if code != NO_TESTS] or [NO_TESTS]
    version = dotted(sys.version_info[:2])
    if not trax_is_built(version):
        say(f"Left out: the tests with Trax, which is not built for Python {version} on this machine.")
    if not chromium:
        say("Left out: the tests in a browser. No Chromium was found or could be got; CHROMIUM=path names one.")
    return next((code for code in [*codes.values(), *found] if code), 0)


def python(*arguments):
    """Run a module with this Python; return its exit code."""
    return subprocess.call([sys.executable, "-m", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
