"""A Chromium for the tests and the benchmarks: the one that is here, or one that is installed, and said so first."""

import os
import shutil
import subprocess
import sys

from start import ON_WINDOWS, is_root, say

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "%ProgramFiles%/Google/Chrome/Application/chrome.exe",
    "%ProgramFiles(x86)%/Google/Chrome/Application/chrome.exe",
    "%LocalAppData%/Google/Chrome/Application/chrome.exe",
    "%ProgramFiles(x86)%/Microsoft/Edge/Application/msedge.exe",
)


def get_chromium():
    """The path of a Chromium, installed if need be; None where none can be had, or where CHROMIUM names a wrong one."""
    if os.environ.get("CHROMIUM"):
        return find_chromium()
    return find_chromium() or _of_playwright() or _from_apt() or _of_playwright(download=True)


def find_chromium():
    """The path of a Chromium that is there and runs, or None. The variable CHROMIUM comes first."""
    if os.environ.get("CHROMIUM"):
        return os.environ["CHROMIUM"] if _runs(os.environ["CHROMIUM"]) else None
    paths = [shutil.which(name) for name in NAMES] + [os.path.expandvars(place) for place in PLACES]
    return next((path for path in paths if path and _runs(path)), None)


def _runs(path):
    """Is this a program that starts? (On Windows --version would open a window.)"""
    if ON_WINDOWS or not os.path.exists(path):
        return os.path.exists(path)
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def _from_apt():
    if not _may_use_apt():
        return None
    say(
        "The tests in a browser need a Chromium, and none is here. Installing the system package `chromium` with "
        "apt-get. CHROMIUM=path names one of your own instead."
    )
    _printed_by(["apt-get", "update"])
    _printed_by(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"])
    return find_chromium()


def _of_playwright(download=False):
    """Playwright's own Chromium: where it lies if it is there, fetched first if asked for."""
    if download:
        libraries = ["--with-deps"] if _may_use_apt() else []
        too = ", and the system packages it needs with apt-get" if libraries else ""
        say(f"The tests in a browser need a Chromium, and none is here. Fetching Playwright's{too}.")
        _printed_by([sys.executable, "-m", "playwright", "install", *libraries, "chromium"])
    code = "from playwright.sync_api import sync_playwright as p\nwith p() as p: print(p.chromium.executable_path)"
    path = _printed_by([sys.executable, "-c", code]).strip()
    return path if path and _runs(path) else None


def _may_use_apt():
    return is_root() and shutil.which("apt-get") is not None


def _printed_by(command):
    """Run a command that may fail; return what it printed, or nothing if it failed."""
    try:
        answer = subprocess.run(
            command, env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"), capture_output=True, text=True
        )
    except OSError:
        return ""
    return answer.stdout if answer.returncode == 0 else ""
