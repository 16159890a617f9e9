"""The meter: what a kernel and all its processes use, read from outside, where no code of a learner's can reach.

Linux only. Without walls the processes are those below the kernel's own.
"""

import contextlib
import os
from dataclasses import dataclass, replace
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Used:
    """Seconds of processor time so far, bytes of memory held now, processes and threads now.

    own : of each process now, the seconds it has used itself, by its number and the time it was started
    """

    seconds: float
    memory: int
    threads: int
    own: dict


class Meter:
    """What a process and all its descendants have used so far.

    A process that ends hands its time on to its parent, unless the parent ignores that. So what each was seen to use
    is kept, too, and the larger of the two sums counts: nothing is lost, and nothing counts twice.
    """

    def __init__(self, pid):
        self._pid = pid
        self._own = {}

    def used(self):
        now = used_by(self._pid)
        self._own |= now.own
        return replace(now, seconds=max(now.seconds, sum(self._own.values())))


def used_by(pid):
    """Return what a process and all its descendants use. Programs and libraries, which all share, count once."""
    seconds = memory = shared = threads = 0
    waiting, own = [pid], {}
    while waiting:
        one = waiting.pop()
        try:
            # The name in brackets may hold anything; the fields that count follow the last bracket.
            fields = Path(f"/proc/{one}/stat").read_bytes().rpartition(b")")[2].split()
            seconds += sum(map(int, fields[11:15])) / TICK  # its own, and of children that are gone
            own[one, fields[19]] = sum(map(int, fields[11:13])) / TICK
            threads += int(fields[17])
            resident, common = map(int, Path(f"/proc/{one}/statm").read_bytes().split()[1:3])
            memory, shared = memory + (resident - common) * PAGE, max(shared, common * PAGE)
            for thread in os.listdir(f"/proc/{one}/task"):
                waiting += map(int, Path(f"/proc/{one}/task/{thread}/children").read_bytes().split())
        except (OSError, IndexError, ValueError):  # it ended meanwhile
            continue
    return Used(seconds, memory + shared, threads, own)


def own_memory():
    """Return how many bytes of memory this process holds; 0 where that cannot be told."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * PAGE
    except OSError:
        return 0


def files_within(pid, folders):
    """Return how many files and folders lie in temporary folders behind walls."""
    n_files = 0
    for folder in folders:
        with contextlib.suppress(OSError):
            status = os.statvfs(f"/proc/{pid}/root{folder}")
            n_files += status.f_files - status.f_ffree
    return n_files
