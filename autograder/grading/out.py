"""The folder OUT as files: one run at a time writes in it, a file is there whole or not at all, and a fault of the
machine is told as such."""

import contextlib
import errno
import os
import sqlite3
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

LOCK = ".lock"
WORDS = {
    errno.ENOSPC: "the disk is full",
    getattr(errno, "EDQUOT", errno.ENOSPC): "the disk quota is used up",
    errno.EROFS: "the disk can only be read",
    errno.EACCES: "you have no right to write there",
    errno.EPERM: "you have no right to write there",
    errno.EIO: "the disk does not answer",
    errno.ENOENT: "the folder is gone",
}


class OutFault(RuntimeError):
    """OUT cannot be used; the message says why, in one sentence, and what helps."""


@contextlib.contextmanager
def only_run(out):
    """Be the only run that writes in OUT. Raises OutFault where another is at work.

    The system lets go of it when the process ends, however it ends.
    """
    with told(out):
        Path(out).mkdir(parents=True, exist_ok=True)
        file = open(Path(out) / LOCK, "a+", encoding="ascii")  # noqa: SIM115 - it is closed below
    with file:
        if fcntl:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                who = file.read(20).strip()
                process = f", process {who}," if who.isdigit() else ""
                raise OutFault(
                    f"another run{process} writes in {out}; wait until it ends, or choose another folder"
                ) from None
            except OSError as fault:
                raise OutFault(f"{out} cannot be locked ({fault.strerror}); choose a folder on a local disk") from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def write_whole(path, text):
    """Write a text: whoever reads the file finds the old one or the new one, whole. Raises OutFault."""
    with told(Path(path).parent), replaced(path) as file:
        file.write(text.encode("utf-8"))


@contextlib.contextmanager
def replaced(path, mode=0o666):
    """Give a file, open for bytes, that is written beside and moved into the place of `path` once it is on the disk.

    mode : the rights of the file, less the umask
    """
    path = Path(path)
    partial = path.with_name(partial_name(path.name))
    with contextlib.suppress(FileNotFoundError):  # of a run that was killed
        partial.unlink()
    try:
        with open(partial, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def partial_name(name):
    """Return the name under which a file is written before it is whole."""
    return f".{name}.partial"


@contextlib.contextmanager
def told(out):
    """Raise what the machine refuses within as OutFault, in one sentence."""
    try:
        yield
    except OutFault:
        raise
    except Exception as fault:
        words = fault_of_machine(fault)
        if not words:
            raise
        hint = "what was graded is kept: mend that, and the same command goes on from here"
        raise OutFault(f"{out} cannot be written: {words}; {hint}") from fault


def fault_of_machine(fault):
    """Return in words what the machine refused where that is behind an exception; "" where it is something else."""
    seen = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        if isinstance(fault, OSError) and fault.errno in WORDS:
            return WORDS[fault.errno]
        if isinstance(fault, sqlite3.OperationalError) and (words := _of_sqlite(str(fault))):
            return words
        fault = getattr(fault, "orig", None) or fault.__cause__ or fault.__context__
    return ""


def _of_sqlite(text):
    for part, words in (
        ("disk is full", WORDS[errno.ENOSPC]),
        ("disk I/O error", WORDS[errno.EIO]),
        ("readonly database", WORDS[errno.EACCES]),
        ("unable to open database", "no file can be made there"),
    ):
        if part in text:
            return words
    return ""
