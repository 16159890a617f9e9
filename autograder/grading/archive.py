"""Zip archives of strangers: what one holds is counted before anything is unpacked, and names never become paths."""

import os
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager

from autograder.grading.names import is_litter

MOST_ENTRIES = 20_000
MOST_BYTES = 4 * 2**30  # of all that is unpacked, a class's hand-ins; of one hand-in it is less
MOST_DIRECTORY = 16 * 2**20  # of the list at an archive's end, which is read whole
MOST_RATIO = 1000  # deflate reaches 1032: only zeros, or a bomb, come near


class ArchiveFault(Exception):
    """An archive that is not unpacked; the message says why, for a person."""


@contextmanager
def opened(file, most_bytes=MOST_BYTES, most_entries=MOST_ENTRIES):
    """Open a zip archive, given as a file that is open. Gives it, and its files as `(names of its path, entry)`.

    Litter and folders are left out. Raises ArchiveFault, before anything is unpacked, where an entry is a link,
    encrypted, or named so that it leaves the archive, where names come twice, or where it all takes too much.
    """
    try:
        _require_small_directory(file, min(MOST_DIRECTORY, 1000 * most_entries))
        with zipfile.ZipFile(file) as archive:
            yield archive, _files_in(archive, most_bytes, most_entries)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as fault:
        raise ArchiveFault(f"the archive is damaged or of a kind that is not read ({str(fault)[:100]})") from None
    except (ValueError, OverflowError, IndexError, struct.error) as fault:
        raise ArchiveFault(f"the archive is damaged ({type(fault).__name__})") from None


def _files_in(archive, most_bytes, most_entries):
    entries = archive.infolist()
    if len(entries) > most_entries:
        raise ArchiveFault(f"the archive has {len(entries)} entries; at most {most_entries} are taken")
    files, seen, total = [], set(), 0
    for entry in entries:
        parts = _parts(entry)
        if any(map(is_litter, parts)):
            continue
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise ArchiveFault(f"the archive holds a link or a device, {parts[-1][:100]!r}; only files are taken")
        if entry.is_dir():
            continue
        if entry.flag_bits & 0x1:
            raise ArchiveFault("the archive is encrypted; hand it in without a password")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # the others unpack without bounds
            raise ArchiveFault("the archive is compressed in a way that is not read; make a plain zip")
        if parts in seen:
            raise ArchiveFault(f"the archive holds {'/'.join(parts)[:100]!r} twice")
        total += entry.file_size
        if total > most_bytes or entry.file_size > MOST_RATIO * max(1024, entry.compress_size):
            raise ArchiveFault(f"the archive would take more than {most_bytes // 2**20} MB unpacked, or is a bomb")
        seen.add(parts)
        files.append((parts, entry))
    return files


def _parts(entry):
    name = _decoded(entry).replace("\\", "/")
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts or (parts and len(parts[0]) == 2 and parts[0][1] == ":"):
        raise ArchiveFault(f"the archive holds {name[:100]!r}, a path that leads out of it")
    if any(len(part) > 255 for part in parts):
        raise ArchiveFault("the archive holds a name that is too long for a file")
    return parts or ("",)


def _decoded(entry):
    """An entry's name; one that does not say it is UTF-8, and is, is read as such, as Windows and macOS write it."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _require_small_directory(file, most_bytes):
    """Refuse an archive whose list of entries would itself fill the memory: `ZipFile` reads it whole."""
    size = file.seek(0, os.SEEK_END)
    file.seek(-min(size, 76 + 22 + 65535), os.SEEK_END)
    tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + 22:
        raise ArchiveFault("the file is no zip archive, or it was cut off")
    (directory,) = struct.unpack_from("<L", tail, end + 12)
    if end >= 76 and tail[end - 20 : end - 16] == b"PK\6\7":  # a large archive: what holds stands in another record
        (directory,) = struct.unpack_from("<Q", tail, end - 76 + 40)
    if directory > most_bytes:
        raise ArchiveFault("the archive's list of entries is too long")
    file.seek(0)
