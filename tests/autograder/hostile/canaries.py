"""What must stay as it is while strangers' code runs: files, sockets, processes, memory.

The code of the submissions is told where everything is, by words between two at signs, though a student would have to
find it out.
"""

import contextlib
import ctypes
import functools
import hashlib
import os
import secrets
import selectors
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from unittest import mock

import psutil

from autograder.grading.nbgrader_config import ROOT
from tests.autograder.hostile.entry import MARK

COURSE = ("autograder", "solutions", "labs", "reformer", "classroom", "pyproject.toml", "Makefile")
WHERE_MARKS_ARE_LEFT = ("/", "/tmp", "/var/tmp", "/dev/shm", "/run", "/dev", "/etc", "/usr", "/home", "/mnt", ".", "~")
BECOME_PARENT_OF_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER
SECONDS_TO_END = 10


class Canaries:
    """Use it as a context manager; inside, `told` says where everything is, and `faults` what was touched.

    word : stands in every file that nobody may read
    folder : where the submissions and OUT lie
    """

    def __init__(self, folder, notebook):
        self.word = f"canary-{secrets.token_hex(8)}"
        self.folder = Path(folder)
        self._notebook = notebook
        self._closing = contextlib.ExitStack()

    def __enter__(self):
        number = secrets.token_hex(4)
        self._made = []
        made = mock.patch.object(tempfile, "mkdtemp", functools.partial(self._make, tempfile.mkdtemp))
        self._closing.enter_context(made)
        places = {"@HOME@": Path.home(), "@TMP@": Path("/tmp"), "@BESIDE@": self.folder}
        self.told = {name: str(self._canary(place / f".canary-{number}")) for name, place in places.items()}
        self.told |= {"@LINKED@": f"{self.told['@TMP@']}/lab03", "@REPO@": str(ROOT)}
        self.told |= {f"@{name.upper()}@": str(self.folder / name) for name in ("submissions", "out", "secret")}
        self.heard = []
        self._listen()
        self._victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(10**5)"])
        self._closing.callback(self._victim.wait)
        self._closing.callback(self._victim.kill)
        self.told |= {"@VICTIM@": str(self._victim.pid), "@GRADER@": str(os.getpid())}
        ctypes.CDLL(None).prctl(BECOME_PARENT_OF_ORPHANS, 1, 0, 0, 0)
        return self

    def __exit__(self, *error):
        self._closing.close()

    def watch(self):
        """Remember how everything is; `faults` tells what has changed since."""
        self._files = self._all_files()
        self._marks = self._marks_left()
        self._processes = {child.pid for child in psutil.Process().children(recursive=True)}
        Path("/proc/self/clear_refs").write_text("5")  # the largest memory so far is forgotten
        self._memory = _memory("VmRSS")

    @property
    def growth(self):
        """By how many bytes this process has grown at most."""
        return _memory("VmHWM") - self._memory

    def faults(self):
        """What was touched, in words."""
        now = self._all_files()
        changed = sorted(path for path in {*now, *self._files} if now.get(path) != self._files.get(path))
        return [
            *(f"changed: {path}" for path in changed),
            *(f"left: {path}" for path in sorted(self._marks_left() - self._marks)),
            *(f"left: {path}" for path in self._made if path.exists()),
            *(f"heard: {words}" for words in self.heard),
            *(f"still runs: {words}" for words in self._processes_left()),
            *(["the victim was killed"] if self._victim.poll() is not None else []),
        ]

    def _canary(self, place):
        place.mkdir()
        self._closing.callback(shutil.rmtree, place, ignore_errors=True)
        (place / "canary").write_text(self.word, "utf-8")
        (place / "report.json").write_text(f'"{self.word}"', "utf-8")
        for folder in ("lab03", "solutions/lab03_angular_lsh"):
            (place / folder).mkdir(parents=True)
            (place / folder / "lab03_angular_lsh.ipynb").write_bytes(self._notebook)
        return place

    def _make(self, mkdtemp, suffix=None, prefix=None, dir=None):
        """Make a temporary folder and remember it, unless it is the one that all kernels of a process share."""
        path = mkdtemp(suffix, prefix, dir)
        self._made += [] if str(prefix).startswith("course-grading-") else [Path(path)]
        return path

    def _all_files(self):
        trees = [Path(self.told[name]) for name in ("@HOME@", "@TMP@", "@BESIDE@", "@SUBMISSIONS@", "@SECRET@")]
        found = {}
        for top in [*trees, *(ROOT / name for name in COURSE)]:
            with_digest = top in trees
            for path in [top, *_below(top)]:
                found[path] = _state(path, with_digest)
        beside = {str(path): "there" for path in self.folder.iterdir()}
        return found | beside

    def _marks_left(self):
        found = set()
        for place in map(os.path.expanduser, (*WHERE_MARKS_ARE_LEFT, str(ROOT), str(self.folder))):
            with contextlib.suppress(OSError):
                found |= {os.path.join(place, name) for name in os.listdir(place) if MARK in name}
        return found

    def _processes_left(self):
        """Processes that were not there; orphans have become this process's own children."""
        end = time.monotonic() + SECONDS_TO_END
        while True:
            left = [one for one in psutil.Process().children(recursive=True) if one.pid not in self._processes]
            left = [one for one in left if _runs(one)]
            if not left or time.monotonic() > end:
                return [str(one) for one in left]
            time.sleep(0.2)

    def _listen(self):
        path = f"{self.told['@TMP@']}/socket"
        abstract = f"canary-{secrets.token_hex(8)}"
        sockets = {
            "@TCP@": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "@TCP6@": (socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0)),
            "@UDP@": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "@UNIX@": (socket.AF_UNIX, socket.SOCK_STREAM, path),
            "@ABSTRACT@": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}"),
        }
        selector = self._closing.enter_context(selectors.DefaultSelector())
        self.told |= {"@UNIX@": path, "@ABSTRACT@": abstract}
        for name, (family, kind, address) in sockets.items():
            listener = self._closing.enter_context(socket.socket(family, kind))
            try:
                listener.bind(address)
            except OSError:  # a machine without version 6
                self.told[name] = "1"
                continue
            if family != socket.AF_UNIX:
                self.told[name] = str(listener.getsockname()[1])
            if kind == socket.SOCK_STREAM:
                listener.listen()
            selector.register(listener, selectors.EVENT_READ, name)
        ended = threading.Event()
        thread = threading.Thread(target=self._hear, args=(selector, ended), daemon=True)
        thread.start()
        self._closing.callback(thread.join)
        self._closing.callback(ended.set)

    def _hear(self, selector, ended):
        while not ended.is_set():
            for key, _ in selector.select(timeout=0.2):
                words = b""
                with contextlib.suppress(OSError):
                    if key.fileobj.type == socket.SOCK_DGRAM:
                        words = key.fileobj.recv(1000)
                    else:
                        with key.fileobj.accept()[0] as one:
                            one.settimeout(1)
                            words = one.recv(1000)
                self.heard.append(f"{key.data}: {words!r}")


def _below(top):
    """Every path below a folder, links not followed, without what Python leaves."""
    if not top.is_dir() or top.is_symlink():
        return
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (Path(folder) / name for name in (*folders, *names))


def _state(path, with_digest):
    """What tells that a file was changed. Nothing but regular files is opened."""
    try:
        status = path.lstat()
        if not with_digest or not stat.S_ISREG(status.st_mode):
            return status.st_mode, status.st_size, None if stat.S_ISDIR(status.st_mode) else status.st_mtime_ns
        return status.st_mode, status.st_size, status.st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return error.strerror


def _runs(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _memory(name):
    """A line of /proc/self/status, in bytes."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
