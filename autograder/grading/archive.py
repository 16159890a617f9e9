"""Zip archives of strangers: what one holds is counted before anything is unpacked, and names never become paths."""

import os
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass

from autograder.grading.names import is_litter, platform_name

MOST_ENTRIES = 20_000
MOST_BYTES = 4 * 2**30  # of all that is unpacked, a class's hand-ins; of one hand-in it is less
MOST_LISTED = 400  # bytes of an entry in the list at an archive's end, which is read whole; names in it are shorter
MOST_RATIO = 1000  # deflate reaches 1032: only zeros, or a bomb, come near


class ArchiveFault(Exception):
    """An archive that is not unpacked; the message says why, for a person."""


@dataclass(frozen=True)
class Listed:
    """An entry of an archive: the names of its path, and why it is not taken, or "".

    A folder's path ends in "", and one that leads out of the archive from the start begins with "..".
    """

    parts: tuple[str, ...]
    entry: zipfile.ZipInfo
    fault: str = ""


@contextmanager
def opened(file, most_bytes=MOST_BYTES, most_entries=MOST_ENTRIES):
    """Open a zip archive, given as a file that is open. Gives it, and its files as `(names of its path, entry)`.

    Litter and folders are left out. Raises ArchiveFault, before anything is unpacked, where an entry is a link,
    encrypted, or named so that it leaves the archive, where names come twice, or where it all takes too much.
    """
    with opened_by_entries(file, most_entries) as (archive, entries):
        fault = next((one.fault for one in entries if one.fault), "")
        if fault:
            raise ArchiveFault(fault)
        files = [(one.parts, one.entry) for one in entries if one.parts[-1]]
        require_small([entry.file_size for _, entry in files], most_bytes)
        yield archive, files


@contextmanager
def opened_by_entries(file, most_entries=MOST_ENTRIES):
    """Open a zip archive of many people's files. Gives it, and what it lists: what is wrong with one is said there."""
    with damage_in_words():
        _require_short_list(file, most_entries)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > most_entries:
                raise _too_many(len(entries), most_entries)
            yield archive, _listed(entries)


@contextmanager
def damage_in_words():
    """Turn what the reader of archives says of a damaged one into ArchiveFault."""
    try:
        yield
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as fault:
        raise ArchiveFault(f"the archive is damaged or of a kind that is not read ({str(fault)[:100]})") from None
    except (ValueError, OverflowError, IndexError, struct.error) as fault:
        raise ArchiveFault(f"the archive is damaged ({type(fault).__name__})") from None


def require_small(sizes, most_bytes=MOST_BYTES):
    """Refuse what would take too much together. Raises ArchiveFault."""
    if sum(sizes) > most_bytes:
        raise ArchiveFault(f"the archive would take more than {most_bytes // 2**20} MB unpacked")


def _listed(entries):
    """Return the entries of an archive, without litter, each with what is wrong with it."""
    found, seen = [], set()
    for entry in entries:
        parts, fault = _parts(entry)
        litter = next((n for n, part in enumerate(parts) if _is_litter(part, n < len(parts) - 1)), None)
        if litter is not None:  # the folder it lies in is somebody's all the same
            found += [Listed((*parts[:litter], ""), entry)] if litter else []
            continue
        fault = fault or _fault_of(entry)
        if not fault and parts in seen and parts[-1]:
            fault = f"the archive holds {'/'.join(parts)[:100]!r} twice"
        seen.add(parts)
        found.append(Listed(parts, entry, fault))
    return found


def _is_litter(part, is_folder):
    """Whether a part of a path is litter; a platform's folder is not, whatever the student calls themself."""
    return is_litter(part) and not (is_folder and platform_name(part))


def _fault_of(entry):
    """Say why an entry is not taken, whatever it is called; or ""."""
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return f"the archive holds a link or a device, {entry.filename[-100:]!r}; only files are taken"
    if entry.flag_bits & 0x1:
        return "the archive is encrypted; hand it in without a password"
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # the others unpack without bounds
        return "the archive is compressed in a way that is not read; make a plain zip"
    if entry.file_size > MOST_RATIO * max(1024, entry.compress_size):
        return f"an entry would take {entry.file_size / 2**20:.0f} MB unpacked, of nearly nothing: it is a bomb"
    return ""


def _too_many(count, most):
    return ArchiveFault(f"the archive has {count} entries; at most {most} are taken")


def _parts(entry):
    """Return the names of an entry's path, as `Listed` has them, and what is wrong with it."""
    name = _decoded(entry).replace("\\", "/")
    all_parts = [part for part in name.split("/") if part not in ("", ".")]
    parts = tuple(part for part in all_parts if part != "..")
    parts = (*parts, "") if name.endswith("/") or not parts else parts
    from_start = name.startswith("/") or all_parts[:1] == [".."] or len(parts[0]) == 2 and parts[0][1] == ":"
    if from_start or ".." in all_parts:
        return ("..", *parts) if from_start else parts, f"the archive holds {name[:100]!r}, a path that leads out of it"
    if any(len(part) > 255 for part in parts):
        return parts, "the archive holds a name that is too long for a file"
    return parts, ""


def _decoded(entry):
    """An entry's name; one that does not say it is UTF-8, and is, is read as such, as Windows and macOS write it."""
    if entry.flag_bits & 0x800:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _require_short_list(file, most_entries):
    """Refuse an archive whose list of entries is too long, before it is read: `ZipFile` builds all of it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(-min(size, 76 + 22 + 65535), os.SEEK_END)
    tail = file.read()
    end = tail.rfind(b"PK\5\6")
    if end < 0 or len(tail) < end + 22:
        raise ArchiveFault("the file is no zip archive, or it was cut off")
    count, size = struct.unpack_from("<HL", tail, end + 10)
    if end >= 76 and tail[end - 20 : end - 16] == b"PK\6\7":  # a large archive: what holds stands in another record
        count, size = struct.unpack_from("<QQ", tail, end - 76 + 32)
    if count > most_entries:
        raise _too_many(count, most_entries)
    if size > MOST_LISTED * most_entries:  # the count may be a lie
        raise ArchiveFault("the archive's list of entries is too long")
    file.seek(0)
