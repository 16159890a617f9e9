"""Folders for a while: one for each process of grading, removed at its end, or by the next run where it was killed."""

import contextlib
import functools
import os
import re
import shutil
import signal
import tempfile
from multiprocessing import util
from pathlib import Path

PREFIX = "course-grading-"
OF_PROCESS = re.compile(rf"{PREFIX}(\d+)-")


@functools.cache
def folder():
    """Return this process's folder, made at the first call."""
    path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    path.chmod(0o755)  # kernels that are other users read in it
    util.Finalize(None, shutil.rmtree, (path,), {"ignore_errors": True}, exitpriority=1)  # in a worker, too
    return path


def sweep():
    """Remove the folders of processes that are gone, those that were killed could not, and what still runs in them."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        found = OF_PROCESS.match(path.name)
        if found and not _lives(int(found.group(1))):
            _end_kernels(f"{path}/")
            shutil.rmtree(path, ignore_errors=True)  # another user's stays as it is


def _end_kernels(folder):
    """Kill the kernels that were started with a folder.

    bubblewrap ends with whoever started it, but for one that is killed while bubblewrap begins.
    """
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # gone, or another user's
            program, *arguments = os.fsdecode(path.read_bytes()).split("\0")
            if Path(program).name == "bwrap" and any(one.startswith(folder) for one in arguments):
                os.kill(int(path.parent.name), signal.SIGKILL)


def _lives(pid):
    with contextlib.suppress(PermissionError):  # somebody else's
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:  # Windows
            return True
    return True
