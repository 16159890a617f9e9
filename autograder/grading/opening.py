"""Open a stranger's files: regular ones only, through no link, and no more of them than is allowed.

Whatever is wrong with a file is said in words, as `Unreadable`; only what is wrong with the machine is an OSError.
"""

import errno
import hashlib
import os
import stat
from contextlib import contextmanager

from autograder.grading.reading import Unreadable

MAX_BYTES = 128 * 2**20  # six of matplotlib's largest animations; what is not used of it is never built
PIECE = 2**20
OURS = {
    getattr(errno, name, None) for name in ("EIO", "ENOMEM", "EMFILE", "ENFILE", "ENOSPC", "EDQUOT", "ESTALE", "EROFS")
}


@contextmanager
def opened(path, max_bytes=MAX_BYTES):
    """Open a file for reading. Raises Unreadable for a link, a device, a pipe, a folder, or too large a file."""
    flags = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY", "O_CLOEXEC"))
    with told_in_words():
        if os.path.islink(path):
            raise Unreadable("the file is a link to another one; links are not followed")
        with open(path, "rb", opener=lambda name, _: os.open(name, flags)) as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise Unreadable("this is a folder, a device or a pipe, not a file")
            if status.st_size > max_bytes:
                size = f"{status.st_size / 2**20:.1f} MB"
                raise Unreadable(f"the file takes {size}; at most {max_bytes // 2**20} MB are read")
            yield file


def content_of(file, size, max_bytes=MAX_BYTES):
    """Read a file that is open, of which `size` bytes are promised. Raises Unreadable where it has too many."""
    content = bytearray()
    while piece := file.read(PIECE):
        content += piece
        if len(content) > max_bytes:
            raise Unreadable(f"the file takes {size / 2**20:.1f} MB or more; at most {max_bytes // 2**20} MB are read")
    return content


def digest_of(file):
    """The SHA-256 of a file that is open, which is then at its beginning again."""
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest


@contextmanager
def told_in_words():
    """Turn what the system says of a stranger's file into Unreadable; faults of the machine pass."""
    try:
        yield
    except OSError as error:
        if error.errno in OURS:
            raise
        raise Unreadable(f"the file cannot be opened ({error.strerror or type(error).__name__})") from None
    except ValueError as error:  # a name that no file can have
        if isinstance(error, Unreadable):
            raise
        raise Unreadable("the file cannot be opened (no file has such a name)") from None
