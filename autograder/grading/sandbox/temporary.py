"""Folders for a while: one for each process of grading, removed at its end, or by the next run where it was killed."""

import contextlib
import functools
import os
import re
import shutil
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
    """Remove the folders of processes that are gone: those that were killed could not."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        found = OF_PROCESS.match(path.name)
        if found and not _lives(int(found.group(1))):
            shutil.rmtree(path, ignore_errors=True)  # another user's stays as it is


def _lives(pid):
    with contextlib.suppress(PermissionError):  # somebody else's
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:  # Windows
            return True
    return True
