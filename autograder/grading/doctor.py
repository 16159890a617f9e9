"""What this machine can isolate, and what is missing for grading: looked up or tried, and told in findings."""

import functools
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from autograder.exercises import LABS
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.sandbox import PROFILES, Limits, tiers
from autograder.grading.secret import SECRET, SecretFault, read_secret

OK, MISSING, NOTE = "ok", "missing", "note"
PACKAGES = ("numpy", "nbgrader", "jupyter-client", "ipykernel", "pyzmq", "sqlalchemy")  # versions that matter
PER_SUBMISSION = 600_000  # bytes that OUT grows by, feedback and all; measured were 400,000
LEAST_FREE = 200_000_000  # bytes without which grading is not begun
RENEW = "make the environment anew: remove the folder .venv, then python start.py labs"
INSTALL = "on Linux install bubblewrap (Debian, Ubuntu: sudo apt install bubblewrap); elsewhere use a virtual machine"
PIP = "{} -m pip install {}"

# Settings of the system that forbid what bubblewrap builds walls of: where, the value that forbids, and what to do.
FORBIDDING = (
    ("/proc/sys/user/max_user_namespaces", "0", "sudo sysctl -w user.max_user_namespaces=15000"),
    ("/proc/sys/kernel/unprivileged_userns_clone", "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    (
        "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
        "1",
        "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or install an AppArmor profile for bwrap",
    ),
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    status : "ok"; "missing", where something has to be done; "note", where nothing has to be
    about : what was looked at, in a word or two
    words : what was found
    do : the one thing to do, or ""
    needed : whether grading behind walls hangs on it
    """

    status: str
    about: str
    words: str
    do: str = ""
    needed: bool = False


def findings(*, quick=False):
    """Look at this machine, and yield a Finding as soon as there is one. `quick` leaves out what takes seconds."""
    yield _python()
    yield _packages()
    yield _alembic()
    try:
        tier = tiers.detect()
    except tiers.NoSandbox as fault:
        words = str(fault).removesuffix(f". {tiers.HOW_TO}")
        is_there = "there is no bubblewrap" not in words
        yield Finding(MISSING, "walls", words, tiers.HOW_TO if is_there else INSTALL, needed=True)
        yield _user_namespaces(works=False)
    else:
        yield Finding(OK, "walls", f"isolation: {tier.name} – {tier.meaning}")
        yield Finding(OK, "bubblewrap", f"{_version_of(tier.bwrap)}, {tier.bwrap}")
        yield _user_namespaces(works=True)
        yield _cgroup(tier)
        if not quick:
            yield _kernel(tier)
    yield _cores_and_memory()
    yield from (_disk(place) for place in (ROOT, Path(tempfile.gettempdir())))
    yield _secret(SECRET)
    yield _labs(quick=quick)
    yield _trax()
    gradebook = "a gradebook in PostgreSQL (grade --gradebook)"
    yield _optional(("psycopg", "psycopg2"), "PostgreSQL", gradebook, "'psycopg[binary]'")
    yield _optional(("distributed",), "Dask", "grading on several machines (grade --scheduler)", "distributed")


def is_well(found):
    """Whether grading behind walls works, as far as it was looked at."""
    return not any(finding.needed and finding.status == MISSING for finding in found)


# --- Python and packages ----------------------------------------------------------------------------------------


def _python():
    from packaging.specifiers import SpecifierSet

    about = functools.partial(Finding, about="Python", needed=True)
    version, system = platform.python_version(), f"{platform.system()} {platform.release()}"
    try:
        wanted = importlib.metadata.metadata("reformer-course")["Requires-Python"]
    except importlib.metadata.PackageNotFoundError:
        return about(MISSING, words=f"{version} does not know the course's own package", do=RENEW)
    if not SpecifierSet(wanted).contains(version, prereleases=True):
        return about(MISSING, words=f"{version} is not {wanted}", do=RENEW)
    return about(OK, words=f"{version} on {system}")


def _packages():
    try:
        import nbgrader.converters  # noqa: F401 - all that it needs is imported with it

        versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    except Exception as fault:  # whatever a broken package does
        words = f"nbgrader cannot be used ({type(fault).__name__}: {fault})"
        return Finding(MISSING, "packages", words, RENEW, needed=True)
    return Finding(OK, "packages", versions)


def _alembic():
    """nbgrader starts it to make a gradebook; grading puts the environment's programs first on PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    alembic = shutil.which("alembic", path=path)
    if not alembic:
        words = "there is no program alembic, with which nbgrader makes its gradebook"
        return Finding(MISSING, "alembic", words, RENEW, needed=True)
    return Finding(OK, "alembic", alembic)


# --- walls ------------------------------------------------------------------------------------------------------


def _version_of(program):
    ran = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=tiers.SECONDS)
    return ran.stdout.strip() or "of an unknown version"


def _user_namespaces(*, works):
    if works:
        return Finding(OK, "user namespaces", "bubblewrap may make them")
    for path, value, do in FORBIDDING:
        if _text_of(path) == value:
            return Finding(MISSING, "user namespaces", f"{path} is {value}, which forbids them", do)
    if not os.path.exists("/proc/self/ns/user"):
        return Finding(MISSING, "user namespaces", "this system has none", "grade on Linux, or in a virtual machine")
    words = "no setting forbids them; a container may, by its own rules"
    return Finding(NOTE, "user namespaces", words, "in a container, allow them: --security-opt seccomp=unconfined")


def _cgroup(tier):
    if tier.cgroup:
        return Finding(OK, "cgroup", "version 2, through systemd: it limits memory and processes of a kernel together")
    controllers = (_text_of("/sys/fs/cgroup/cgroup.controllers") or "").split()
    lacking = [name for name in ("memory", "pids") if name not in controllers]
    if not os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        why = "cgroup version 2 is not at /sys/fs/cgroup"
    elif lacking:
        why = f"cgroup version 2 is here without {' and '.join(lacking)}"
    elif not os.path.isdir("/run/systemd/system"):
        why = "systemd does not run here"
    elif not shutil.which("systemd-run"):
        why = "the program systemd-run is missing"
    else:
        why = "systemd-run may not make a scope for you"
    words = f"{why}; each process has limits instead, and a watchdog adds them up: that is enough"
    do = "for the better tier, bubblewrap+cgroup, grade on a machine that systemd has started, with cgroup version 2"
    return Finding(NOTE, "cgroup", words, do)


def _kernel(tier):
    """Start a kernel as grading does, and run a cell in it that looks for the course's folder."""
    from autograder.grading.kernel import Kernel, KernelFault, Stopped

    about = functools.partial(Finding, about="a kernel", needed=True)
    began = time.monotonic()
    try:
        with Kernel(min(lab.unit for lab in LABS.values()), Limits(), tier) as kernel:
            ran = kernel.run(f"import os\nimport numpy\nprint(int(numpy.prod([6, 7])), os.path.exists({str(ROOT)!r}))")
    except (KernelFault, Stopped, OSError) as fault:
        do = "see whether an ordinary user may read the folder of Python; if so, tell whoever looks after the course"
        return about(MISSING, words=f"none runs behind the walls: {fault}", do=do)
    if ran.output.split() == ["42", "True"]:
        do = "move the project to a folder of its own, such as one in a home folder"
        return about(MISSING, words=f"it sees {ROOT}, where the solutions are", do=do)
    if ran.output.split() != ["42", "False"]:
        return about(MISSING, words=f"its first cell failed: {ran.error or ran.output}", do=RENEW)
    words = (
        f"started behind the walls and ran a cell in {time.monotonic() - began:.1f} s; it sees nothing of the course"
    )
    return about(OK, words=words)


# --- the machine ------------------------------------------------------------------------------------------------


def _cores_and_memory():
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory, each = _memory(), Limits().memory
    if memory is None:
        return Finding(NOTE, "cores, memory", f"{cores} cores; how much memory there is cannot be told")
    words = f"{cores} cores, {memory / 2**30:.0f} GiB of memory; a kernel may take {each / 2**30:g} GiB"
    jobs = max(1, memory // each)
    if jobs < cores:
        do = f"grade with --jobs {jobs}, so that the worst submissions fit side by side"
        return Finding(NOTE, "cores, memory", words, do)
    return Finding(OK, "cores, memory", f"{words}: enough for one on each core")


def _memory():
    """Return the bytes of memory that this process may use: the machine's, or those of its container; or None."""
    try:
        machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows
        return None
    limits = (_text_of(path) for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"))
    return min([machine, *(int(limit) for limit in limits if limit and limit.isdigit())])


def _disk(place):
    free = shutil.disk_usage(place).free
    about = functools.partial(Finding, about="disk")
    if free < LEAST_FREE:
        do = f"make room for at least {LEAST_FREE / 1e6:.0f} MB"
        return about(MISSING, words=f"{free / 1e6:.0f} MB are free at {place}", do=do, needed=True)
    words = f"{free / 1e9:.1f} GB are free at {place}"
    room = f": room for about {float(f'{free / PER_SUBMISSION:.1g}'):,.0f} graded submissions"
    return about(OK, words=words + room * (place == ROOT))


# --- the course -------------------------------------------------------------------------------------------------


def _secret(path):
    about = functools.partial(Finding, about="secret")
    if not os.path.lexists(path):
        do = "to grade again what was graded elsewhere, put the secret of that time there first"
        return about(NOTE, words=f"there is none at {path}; the first grading draws one", do=do)
    try:
        read_secret(path)
    except SecretFault as fault:
        do = f"put the course's secret there, or remove it: rm {path}"
        return about(MISSING, words=str(fault), do=do, needed=True)
    rights = stat.S_IMODE(os.stat(path).st_mode)
    if os.name == "posix" and rights & 0o077:
        words = f"others than you may use {path}: its rights are {rights:04o}"
        return about(MISSING, words=words, do=f"chmod 600 {path}")
    return about(OK, words=f"{path}, for your eyes only")


def _labs(*, quick):
    from autograder.grading.labs import LabFault, source_of, stale_labs

    about = functools.partial(Finding, about="labs")
    try:
        for lab in LABS.values():
            source_of(lab)
        stale = [] if quick else stale_labs()
    except (LabFault, OSError, ValueError) as fault:
        return about(
            MISSING, words=str(fault), do="get the folder solutions/ anew: git checkout solutions", needed=True
        )
    if stale:
        words = f"labs/ is not what solutions/ makes: {', '.join(stale)}"
        return about(MISSING, words=words, do="python start.py labs")
    fits = "fit their exercises" if quick else "fit their exercises, and labs/ is what solutions/ makes"
    return about(OK, words=f"{len(LABS)} in solutions/ {fits}")


def _trax():
    units = [unit for unit, profile in PROFILES.items() if "trax" in profile.distributions]
    which = " and ".join(f"lab {unit:02}" for unit in units)
    lacking = [
        name for unit in units for name in PROFILES[unit].distributions if importlib.util.find_spec(name) is None
    ]
    if lacking:
        return Finding(NOTE, "Trax", f"{lacking[0]} is not installed: {which} cannot be graded", "python start.py trax")
    return Finding(OK, "Trax", f"{importlib.metadata.version('trax')}, for the kernel of {which}")


def _optional(modules, about, what, requirement):
    there = next((name for name in modules if importlib.util.find_spec(name)), None)
    if there:
        return Finding(OK, about, f"{there} {importlib.metadata.version(there)}, for {what}")
    words = f"{modules[0]} is not installed; only {what} needs it"
    return Finding(NOTE, about, words, PIP.format(sys.executable, requirement))


def _text_of(path):
    """Return the text of a file of the system, or None."""
    try:
        return Path(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
