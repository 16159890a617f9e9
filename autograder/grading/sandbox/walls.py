"""The walls: the command that runs a kernel under bubblewrap, with a world of its own.

No network but a loopback of its own; own processes, mounts, users, shared memory and host name; a system that can only
be read; two temporary folders of bounded size; no /proc, which tells too much of the world outside. The kernel binds
its sockets in one of them, and the grader reaches them through /proc/<process>/root: no folder of the host can be
written from within.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys

from autograder.grading.sandbox import furnish
from autograder.grading.sandbox.tiers import properties

SYSTEM = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec", "/usr/share/zoneinfo")
FONTS = ("/etc/fonts", "/usr/share/fonts", "/usr/share/fontconfig")
LINKS = ("bin", "sbin", "lib", "lib32", "lib64")
TEMPORARY = "/tmp"
STUDENT = 1000  # the user within
FIRST_USER, N_USERS = 60001, 256  # the users outside that kernels run as where root grades: each has its own limits
SECONDS = 10  # for all processes within to be gone


class WallsFault(OSError):
    """Bubblewrap did not build the walls: the fault is the machine's."""


class Walled:
    """A kernel's process behind walls.

    process : the outer process, as a Popen
    pid : of the first process within, as it is called outside
    """

    def __init__(self, tier, unit, limits, profile, settings):
        self.process = self.pid = None
        self._user = _User() if os.geteuid() == 0 and _can_map_users() else None
        information, told = os.pipe()
        waits, go = os.pipe()
        memory = limits.memory if profile.address_space else None
        processes = max(limits.processes, profile.processes)
        within = {"user": STUDENT, "memory": memory, "processes": processes}
        within |= {"files": limits.open_files, "file_size": limits.disk}
        settings = {**settings, "limits": within, "walled": True, "packages": [furnish.PACKAGES]}
        scope = [*tier.cgroup, *properties(limits.memory, processes)] if tier.cgroup else []
        command = [*scope, str(tier.bwrap), "--info-fd", str(told)]
        command += _world(unit, limits, profile)
        if self._user:  # rights for `room/confine` to become that user; they are gone when it has
            command += ["--userns-block-fd", str(waits), "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            command += ["--uid", str(STUDENT), "--gid", str(STUDENT)]
        command += ["--", *_python(settings)]
        try:
            self.process = subprocess.Popen(
                command,
                pass_fds=(told, waits),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", os.defpath)},
                cwd="/",
            )
            os.close(told)
            told = -1
            _let_go_first(self.process.pid)
            self.pid = _pid_in(information)
            _let_go_first(self.pid)
            if self._user:
                self._user.map_in(self.pid)
                os.write(go, b"\n")
        except BaseException:
            self.end()
            raise
        finally:
            for descriptor in (information, told, waits, go):
                if descriptor >= 0:
                    os.close(descriptor)

    def end(self):
        """Kill every process within, and wait until none is left."""
        if self.process:
            if self.pid and self.process.poll() is None:  # while bubblewrap lives, the number is nobody else's
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, signal.SIGKILL)  # the first process within takes all others with it
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.process.wait(SECONDS)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)  # and what it started, where it was stopped at the start
            self.process.wait()
        if self._user:
            self._user.release()


def _let_go_first(pid):
    """Let the system, where it has no memory left, end this process before any of the instructor's."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")


def _world(unit, limits, profile):
    """Return bubblewrap's options: what is separate, what can be seen, what can be written."""
    apart = ("user", "ipc", "pid", "net", "uts", "cgroup-try")
    options = [
        *(f"--unshare-{what}" for what in apart),
        "--die-with-parent",
        "--hostname",
        "course",
        "--cap-drop",
        "ALL",
    ]
    options += ["--clearenv"]
    for name, value in environment().items():
        options += ["--setenv", name, value]
    for folder in ("/usr", "/usr/share", "/etc", "/python", "/python/bin", "/python/lib", furnish.PACKAGES):
        options += ["--perms", "0755", "--dir", folder]
    for path in (*SYSTEM, *FONTS):
        options += ["--ro-bind-try", path, path]
    for name in LINKS:
        if os.path.islink(f"/{name}"):
            options += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
        else:
            options += ["--ro-bind-try", f"/{name}", f"/{name}"]
    options += ["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"]
    for here, within in furnish.binds(unit, profile.distributions):
        options += ["--ro-bind", str(here), within]
    for folder in furnish.hidden():
        options += ["--tmpfs", folder, "--remount-ro", folder]
    options += ["--dev", "/dev", "--remount-ro", "/dev"]
    for folder in ("/dev/shm", TEMPORARY):
        options += ["--perms", "1777", "--size", str(limits.disk), "--tmpfs", folder]
    return [*options, "--remount-ro", "/", "--chdir", TEMPORARY]


def environment():
    """Return the environment variables within: none of the instructor's, the same on every machine."""
    home = f"{TEMPORARY}/home"
    return {
        "PATH": "/python/bin:/usr/bin:/bin",
        "LD_LIBRARY_PATH": "/python/lib",
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": f"{TEMPORARY}/tmp",
        "IPYTHONDIR": home,
        "JUPYTER_RUNTIME_DIR": home,
        "MPLCONFIGDIR": home,
        **SAME_EVERYWHERE,
    }


SAME_EVERYWHERE = {
    "MPLBACKEND": "Agg",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONSAFEPATH": "1",
    "PYTHONNOUSERSITE": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
}


def _python(settings):
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return [f"/python/bin/{version}", "-P", "-s", "-S", f"{furnish.COURSE}/launch.py", json.dumps(settings)]


def _pid_in(information):
    """Read from bubblewrap what the first process within is called outside. Raises WallsFault."""
    text = b""
    while b"}" not in text:
        more = os.read(information, 4096)
        if not more:
            raise WallsFault("bubblewrap did not build the walls")
        text += more
    return json.loads(text)["child-pid"]


def _can_map_users():
    """Whether this root is the machine's own, which has users to give away; that of a user namespace may have none."""
    with open("/proc/self/uid_map", encoding="ascii") as file:
        ranges = [list(map(int, line.split())) for line in file]
    return any(first <= FIRST_USER and FIRST_USER + N_USERS <= first + many for first, _, many in ranges)


class _User:
    """A user of this machine for one kernel, so that no two share the limit of processes.

    Two graders must not choose the same: an abstract socket bears the user's number, and goes with the process.
    """

    def __init__(self):
        for self.number in range(FIRST_USER, FIRST_USER + N_USERS):
            self._mark = socket.socket(socket.AF_UNIX)
            try:
                self._mark.bind(f"\0course-grading-{self.number}")
                return
            except OSError:
                self._mark.close()
        raise WallsFault(f"all {N_USERS} users for kernels are taken")

    def map_in(self, pid):
        """Let root be root within, so that it can build the walls, and the student this user."""
        for kind in ("uid", "gid"):
            with open(f"/proc/{pid}/{kind}_map", "w", encoding="ascii") as file:
                file.write(f"0 0 1\n{STUDENT} {self.number} 1\n")

    def release(self):
        self._mark.close()
