"""What reaches outside: catalogue 22-24."""

from tests.autograder.hostile.entry import FULL, FUSE, SAY, STOPPED, Entry, around

REMOVE_ALL = (
    FUSE
    + """
import os, shutil
for place in (os.path.expanduser("~"), "/tmp", ".", "/proc/self/root", "/"):
    shutil.rmtree(place, ignore_errors=True)
"""
)

WRITE_ALL = (
    FUSE
    + """
import glob, os
for top in ("/", "/etc/", "/usr/", "/tmp/", "/var/tmp/", "/home/", "/root/", "/dev/shm/", "/run/", "@REPO@/", "@OUT@/",
            "@SUBMISSIONS@/", "@HOME@/", "@TMP@/", "@BESIDE@/"):
    try:
        os.makedirs(top, exist_ok=True)
        open(top + "hostile-mark", "w").write("hostile-mark")
    except OSError:
        pass
import numpy, sys
for path in (sys.executable, numpy.__file__, "/etc/passwd", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger"):
    try:
        open(path, "r+").close()
        say(path)
    except OSError:
        pass
"""
)

PROC = (
    SAY
    + """
import glob, os, sys
texts = [str(value) for value in (os.environ, sys.path, sys.prefix, sys.executable, sys.argv, np.__file__)]
files = ["/etc/hostname", "/proc/keys", *glob.glob(sys.prefix + "/lib/*/site-packages/__editable__*")]
for kind in ("environ", "cmdline", "mountinfo", "maps", "cgroup", "status"):
    files += glob.glob("/proc/[0-9]*/" + kind) + ["/proc/self/" + kind]
for path in files:
    try:
        texts.append(open(path, errors="replace").read())
    except OSError:
        pass
for link in glob.glob("/proc/[0-9]*/fd/*") + glob.glob("/proc/[0-9]*/cwd") + glob.glob("/proc/[0-9]*/root"):
    try:
        texts.append(os.readlink(link))
    except OSError:
        pass
for place in ("@REPO@", "@SUBMISSIONS@", "@OUT@", "@SECRET@"):
    if any(place in text for text in texts):
        say(place)
for path in ("/etc/shadow", "/etc/passwd", "/root", "/home", "/var/log", "/sys/kernel", "/boot"):
    if os.access(path, os.R_OK):
        say(path)
print(texts, os.listdir("/"), os.listdir("/tmp"))
"""
)

MEMORY_OF_OTHERS = (
    FUSE
    + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in (@GRADER@, @VICTIM@):
    if pid < 300:  # in here another process may bear the number
        continue
    try:
        open(f"/proc/{pid}/mem", "r+b").close()
        say("memory", pid)
    except OSError:
        pass
    if libc.ptrace(16, pid, 0, 0) == 0:  # attach
        say("traced", pid)
    try:
        os.kill(pid, 0)
        say("there is", pid)
    except OSError:
        pass
"""
)

# Numbers of system calls on x86-64. What is refused gives EPERM, EACCES, ENOSYS, or ends the child.
SYSTEM_CALLS = (
    FUSE
    + """
import ctypes, os, platform
libc = ctypes.CDLL(None, use_errno=True)
NEW_USER = 0x10000000
arguments = (ctypes.c_uint64 * 11)(NEW_USER, 0, 0, 0, 17)
CALLS = {
    "unshare": (272, NEW_USER), "clone": (56, NEW_USER | 17, 0, 0, 0, 0), "clone3": (435, arguments, 88),
    "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0), "keyctl": (250, 0, -3, 1), "bpf": (321, 0, 0, 0),
    "add_key": (248, b"user", b"hostile-mark", b"x", 1, -3), "userfaultfd": (323, 0), "io_uring_setup": (425, 8, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0), "ptrace": (101, 0, 0, 0, 0), "setns": (308, 0, 0),
    "open_by_handle_at": (304, -100, 0, 0),
}
def worked(number, *arguments):
    child = os.fork()
    if child == 0:
        result = libc.syscall(ctypes.c_long(number), *arguments)
        os._exit(result >= 0 or ctypes.get_errno() not in (1, 13, 38))
    return os.waitpid(child, 0)[1] == 256
allowed = [name for name, call in CALLS.items() if platform.machine() == "x86_64" and worked(*call)]
if allowed:
    say("allowed:", *allowed)
"""
)

CONNECT = """
import socket
heard = []
def reach(name, family, kind, address):
    try:
        with socket.socket(family, kind) as one:
            one.settimeout(1)
            one.connect(address)
            one.send(b"hostile-mark WHO " + name.encode())
            heard.append(name)
    except (OSError, ValueError, TypeError) as error:
        print(name, error)
reach("loopback", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", @TCP@))
reach("loopback, version 6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", @TCP6@))
reach("datagram", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", @UDP@))
reach("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\\0@ABSTRACT@")
reach("socket in a folder", socket.AF_UNIX, socket.SOCK_STREAM, "@UNIX@")
reach("outside", socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 80))
reach("virtual machine's host", 40, socket.SOCK_STREAM, (2, 22))
for name in ("localhost", "example.invalid", "example.com"):
    try:
        if socket.getaddrinfo(name, 80, proto=socket.IPPROTO_TCP) and name != "localhost":
            heard.append(name)
    except OSError as error:
        print(name, error)
if {*heard} - {"datagram"}:
    raise SystemExit(f"reached: {heard}")
"""

RAW = """
import socket
for family, kind, protocol in ((17, 3, 0x300), (2, 3, 1), (16, 3, 0), (38, 5, 0)):
    try:
        socket.socket(family, kind, protocol).close()
        print("opened", family, kind)
    except OSError as error:
        print(family, error)
import http.server, threading
try:
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
except OSError as error:
    print(error)
"""

CHANGES_THE_COURSE = (
    SAY
    + """
import glob, sys
from autograder.checking import answer, call, plain
from autograder import probe
for path in [module.__file__ for module in (answer, call, plain, probe, np)] + ["@REPO@/autograder/checking/judge.py"]:
    try:
        open(path, "a").write("\\n# hostile-mark\\n")
        print("written", path)
    except OSError as error:
        print(error)
"""
)


ENTRIES = [
    Entry(
        22,
        "removes-everything",
        "removes all it may",
        answers=around("offset_rounds", REMOVE_ALL),
        outcome=("graded", *STOPPED),
        points={"offset_rounds": (0, FULL["offset_rounds"])},
    ),
    Entry(
        22,
        "writes-everywhere",
        "writes into every folder, to files of the system, of the course, and of NumPy",
        answers={**around("offset_rounds", WRITE_ALL), **around("chance_to_meet", CHANGES_THE_COURSE)},
    ),
    Entry(
        23,
        "reads-all",
        "prints environments, command lines and open files; opens, traces and signals others; asks the system for more",
        answers={
            **around("offset_rounds", PROC),
            **around("angular_hash", MEMORY_OF_OTHERS),
            **around("chance_to_meet", SYSTEM_CALLS),
        },
    ),
    Entry(24, "network", "connects to whatever may be there", answers=around("offset_rounds", CONNECT)),
    Entry(
        24, "raw-sockets", "opens sockets of other kinds, and serves", answers=around("offset_rounds", RAW), long=True
    ),
]
