"""What stops, floods and stays: catalogue 9-21, 53, 54."""

from tests.autograder.hostile.entry import FULL, FUSE, RIGHT, STOPPED, Entry, lost

LOOP = "while True:\n    pass\n"
DEAF_LOOP = """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, lambda *_: None)
    except (OSError, ValueError, RuntimeError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    try:
        while True:
            pass
    except BaseException:
        pass
"""
LOOPS = {
    "in-c": "sum(iter(int, 1))\n",
    "big-number": "len(str(7 ** (10 ** 9)))\n",
    "pattern": "import re\nre.match('(a|a)*$', 'a' * 100 + 'b')\n",
    "generator": "import itertools\nlist(zip(itertools.repeat(0), itertools.repeat(1), ()) for _ in itertools.count())\n",
    "in-numpy": "import numpy as np\nx = np.ones((600, 600))\nwhile True:\n    x = x @ x / 600\n",
    "in-threads": "import threading\ndef spin():\n    while True:\n        pass\n"
    "threads = [threading.Thread(target=spin) for _ in range(4)]\n[one.start() for one in threads]\nthreads[0].join()\n",
    "in-children": FUSE + "import os\nchildren = [os.fork() for _ in range(2)]\nwhile True:\n    pass\n",
}
WAITS = {
    "sleep": "import time\ntime.sleep(10**9)\n",
    "select": "import select\nselect.select([], [], [])\n",
    "lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n",
    "pipe": "import os\nr, w = os.pipe()\nos.read(r, 1)\n",
    "stopped": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n",
    "pause": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nsignal.sigwait([signal.SIGUSR1])\n",
    "await": "import asyncio\nawait asyncio.sleep(10**9)\n",
    "child": "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(10**6)'])\n",
}
LOOP_IN_ONE_CALL = """
def offset_rounds(buckets, n_buckets):
    while buckets.shape[-2] == 1:
        pass
    return buckets + n_buckets * np.arange(buckets.shape[-2])[:, np.newaxis]
"""
ASKS = "def collision_probability(angles, n_buckets):\n    return float(input('How likely? '))\n"
RECURSION = "def chance_to_meet(p, n):\n    return chance_to_meet(p, n - 1)\n"
OVERFLOW = """
import sys
class Deep:
    def __repr__(self):
        return repr(self)
def offset_rounds(buckets, n_buckets):
    sys.setrecursionlimit(2**31 - 1)
    deep = []
    for _ in range(10**6):
        deep = [deep]
    return repr(deep) and repr(Deep())
"""
MEMORY = {
    "at-once": "def collision_probability(angles, n_buckets):\n    return np.ones(10**12)\n",
    "step-by-step": "def collision_probability(angles, n_buckets):\n    kept = []\n"
    "    while True:\n        kept.append(bytearray(b'1') * (64 * 2**20))\n",
    "kept-after": "def collision_probability(angles, n_buckets):\n    kept = [b'1' * 2**28]\n    while True:\n"
    "        try:\n            kept.append(b'1' * 2**28)\n        except MemoryError:\n            pass\n",
    "in-children": FUSE + "import os, time\ndef collision_probability(angles, n_buckets):\n    for _ in range(30):\n"
    "        if os.fork() == 0:\n            x = bytearray(b'1') * 2**30\n            time.sleep(600)\n"
    "    x = bytearray(b'1') * 2**30\n    time.sleep(600)\n",
    "shared": "import mmap\ndef collision_probability(angles, n_buckets):\n    kept = []\n    while True:\n"
    "        kept.append(mmap.mmap(-1, 2**28))\n        kept[-1].write(b'1' * 2**28)\n",
    "memfd": "import os\ndef collision_probability(angles, n_buckets):\n    kept = []\n    while True:\n"
    "        kept.append(os.memfd_create('x'))\n        os.write(kept[-1], b'1' * 2**28)\n",
}
FORK_BOMB = (
    FUSE
    + """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
)
MANY_FORKS = (
    FUSE
    + """
import os, time
n = 0
for _ in range(200):
    try:
        if os.fork() == 0:
            os.setsid()
            time.sleep(600)
        n += 1
    except OSError as error:
        print(n, "forks, then", error)
        break
else:
    raise SystemExit("two hundred processes, and nothing stops them")
"""
)
SHELL_BOMB = FUSE + "import subprocess\nsubprocess.run(['sh', '-c', 'b() { b | b & }; b; sleep 600'])\n"
MANY_THREADS = (
    FUSE
    + """
import threading, time
for n in range(1000):
    try:
        threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
    except RuntimeError as error:
        print(n, "threads, then", error)
        break
else:
    raise SystemExit("a thousand threads, and nothing stops them")
"""
)
THREAD_BOMB = (
    FUSE
    + """
import threading
def more():
    while True:
        threading.Thread(target=more).start()
more()
"""
)
FILL = (
    FUSE
    + """
import os, tempfile
n_bytes = n_files = 0
block = b"hostile-mark" * 90_000
for folder in (".", tempfile.gettempdir(), os.path.expanduser("~"), "/tmp", "/dev/shm", "/var/tmp", "/run", "/dev", "/"):
    try:
        for number in range(N_FILES):
            with open(os.path.join(folder, f"hostile-mark-{number}"), "wb") as file:
                n_files += 1
                for _ in range(N_BYTES // len(block) + 1):
                    n_bytes += file.write(block[:N_BYTES])
    except OSError as error:
        print(folder, error)
assert n_bytes < 400_000_000 and n_files < 500_000, "and nothing stops it"
"""
)
ONE_FILE = FILL.replace("N_BYTES", "1_000_000_000").replace("N_FILES", "1")
MANY_FILES = FILL.replace("N_BYTES", "10").replace("N_FILES", "1_000_000")
EMPTY_FILES = FILL.replace("N_BYTES", "0").replace("N_FILES", "1_000_000")
SOME_LARGE_FILES = FILL.replace("N_BYTES", "30_000_000").replace("N_FILES", "30")
HOLES = FUSE + "with open('holes', 'wb') as file:\n    file.truncate(2**50)\n"
DEEP = FUSE + "import os\nfor _ in range(10**6):\n    os.mkdir('hostile-mark')\n    os.chdir('hostile-mark')\n"
FREES = "\nimport glob, os\nfor name in glob.glob('hostile-mark*'):\n    os.unlink(name)\n"

LINES = "for number in range(10**6):\n    print(number)\n"
LONG_LINE = "print('x' * 60_000_000)\n"
DISPLAYS = """
from IPython.display import HTML, clear_output, display
for number in range(10**5):
    display(HTML("<b>x</b>"))
    clear_output()
"""
WIDGETS = """
import ipywidgets
for number in range(10**5):
    ipywidgets.IntSlider()
"""
STDERR = "import os\nwhile True:\n    os.write(2, b'x' * 65536)\n    os.write(1, b'x' * 65536)\n"
PICTURES = """
from IPython.display import display
while True:
    display({"image/png": "A" * 1_000_000}, raw=True)
"""

KILL_ALL = (
    FUSE
    + """
import os
try:
    os.kill(-1, 9)
finally:
    os.kill(os.getpid(), 9)
"""
)
KILL_THE_GROUP = (
    FUSE
    + """
import os
for pid in {os.getppid(), os.getpgid(0), 1, 2, 3, @GRADER@, @VICTIM@}:
    try:
        os.kill(pid, 9)
    except OSError as error:
        print(pid, error)
os.killpg(0, 9)
"""
)
SEGFAULT = "\nimport ctypes\ndef chance_to_meet(probability, n_rounds):\n    return ctypes.string_at(0)\n"
MUTE = "import os\nos.closerange(3, 4096)\n"
STOPS_THE_SERVER = "get_ipython().kernel.do_shutdown(False)\nget_ipython().kernel.io_loop.stop()\n"

LATER = """
import atexit, threading, time
started = []
def right(vectors, rotations):
    y = vectors[..., None, :, :] @ rotations
    return np.argmax(np.append(y, -y, -1), -1)
def put_right():
    get_ipython().user_ns["angular_hash"] = right
def soon():
    while True:
        time.sleep(0.3)
        put_right()
class Last:
    def __del__(self):
        put_right()
last = Last()
atexit.register(put_right)
def angular_hash(vectors, rotations):
    if not started:
        started.append(threading.Thread(target=soon, daemon=True))
        started[0].start()
    return right(vectors, rotations) - 1000
"""
PUTS_ANOTHER_RIGHT = """
def recall_and_cost(vectors, rotations, n_nearest):
    put_right()
"""
DAEMONS = (
    FUSE
    + """
import os, subprocess, sys, time
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        for number in range(3, 256):
            try:
                os.close(number)
            except OSError:
                pass
        time.sleep(10**6)
        os._exit(0)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(10**6)"], start_new_session=True)
zombie = subprocess.Popen([sys.executable, "-c", ""])
"""
)


def answered(name, before, after=""):
    """The right answer, with something before and behind it in its cell."""
    return {name: f"{before}\n{RIGHT[name]}\n{after}"}


ENTRIES = [
    Entry(
        9,
        "loop",
        "an endless loop in an answer cell",
        answers=answered("offset_rounds", "", LOOP),
        outcome="timeout",
        points=lost("offset_rounds"),
        says=("the answer cell stopped",),
    ),
    Entry(9, "loop-of-its-own", "an endless loop in an own cell", first=LOOP, says=("student's own",), long=True),
    *(
        Entry(
            9,
            f"loop-{kind}",
            "a loop that hears of nothing",
            answers=answered("offset_rounds", "", code),
            outcome=STOPPED,
            points=lost("offset_rounds"),
            long=True,
        )
        for kind, code in LOOPS.items()
    ),
    Entry(
        10,
        "deaf-loop",
        "a loop that swallows every exception and every signal",
        answers=answered("chance_to_meet", "", DEAF_LOOP),
        outcome=("timeout", "killed"),
        points=lost("chance_to_meet"),
    ),
    Entry(
        11,
        "loop-in-one-call",
        "an endless loop for one input",
        answers={"offset_rounds": LOOP_IN_ONE_CALL},
        outcome="timeout",
        points={"offset_rounds": 9},
        says=("a single round stays as it is",),
    ),
    Entry(
        12,
        "sleeps",
        "sleeps for thirty years, and asks for input",
        answers=answered("offset_rounds", "", WAITS["sleep"]) | {"collision_probability": ASKS},
        outcome="timeout",
        points=lost("offset_rounds", "collision_probability"),
        says=("the answer cell stopped", "EOFError"),
    ),
    *(
        Entry(
            12,
            f"waits-{kind}",
            "waits for what never comes",
            answers=answered("offset_rounds", "", code),
            outcome="timeout",
            points=lost("offset_rounds"),
            long=True,
        )
        for kind, code in WAITS.items()
        if kind != "sleep"
    ),
    Entry(
        13,
        "recursion",
        "calls itself without end; another overflows the stack of C",
        answers={"chance_to_meet": RECURSION, "offset_rounds": OVERFLOW},
        outcome=("crashed", "killed", "graded", "memory", "timeout"),
        points=lost("chance_to_meet", "offset_rounds"),
        says=("RecursionError",),
    ),
    *(
        Entry(
            14,
            f"memory-{kind}",
            "takes all memory",
            answers={"collision_probability": code},
            outcome=STOPPED,
            points=lost("collision_probability"),
            long=kind not in ("at-once", "step-by-step"),
        )
        for kind, code in MEMORY.items()
    ),
    Entry(
        15,
        "fork-bomb",
        "forks without end",
        answers=answered("offset_rounds", "", FORK_BOMB),
        outcome=STOPPED,
        points=lost("offset_rounds"),
    ),
    Entry(15, "two-hundred-forks", "forks 200 times and is right", answers=answered("offset_rounds", MANY_FORKS)),
    Entry(
        15,
        "fork-bomb-of-shells",
        "forks shells without end",
        answers=answered("offset_rounds", "", SHELL_BOMB),
        outcome=(*STOPPED, "graded"),
        points={"offset_rounds": (0, 10)},
        long=True,
    ),
    Entry(
        16, "a-thousand-threads", "starts 1,000 threads and is right", answers=answered("offset_rounds", MANY_THREADS)
    ),
    Entry(
        16,
        "thread-bomb",
        "threads that start threads",
        answers=answered("offset_rounds", "", THREAD_BOMB),
        outcome=(*STOPPED, "graded", "output-limit"),
        points={"offset_rounds": (0, 10)},
        long=True,
    ),
    Entry(
        17,
        "one-large-file",
        "writes a file of 1 GB wherever it may, and is right",
        answers=answered("offset_rounds", ONE_FILE, FREES),
    ),
    *(
        Entry(
            17,
            name,
            "writes a million files",
            answers=answered("offset_rounds", "", code),
            outcome=("graded", "timeout"),
            points={"offset_rounds": (0, 10)},
            long=True,
        )
        for name, code in (("many-files", MANY_FILES), ("empty-files", EMPTY_FILES))
    ),
    Entry(
        17,
        "some-large-files",
        "writes 900 MB in files of 30 MB",
        answers=answered("offset_rounds", SOME_LARGE_FILES, FREES),
        long=True,
    ),
    Entry(
        17,
        "holes-and-depths",
        "a file of a petabyte that is empty, a million folders in one another",
        answers={**answered("offset_rounds", HOLES), **answered("collision_probability", DEEP)},
        outcome=("graded", "timeout"),
        points={"offset_rounds": (0, 10), "collision_probability": 0},
        long=True,
    ),
    Entry(18, "a-million-lines", "prints a million lines in an own cell", first=LINES),
    Entry(
        18,
        "a-million-lines-in-an-answer",
        "prints a million lines behind an answer",
        answers=answered("offset_rounds", "", LINES),
        outcome=("graded", "output-limit", "timeout"),
        points={"offset_rounds": (0, 10)},
        long=True,
    ),
    Entry(19, "one-long-line", "prints 60 MB in one line", first=LONG_LINE),
    Entry(20, "displays", "displays and clears 100,000 times", first=DISPLAYS),
    *(
        Entry(20, f"flood-of-{kind}", "an endless flood", first=code, long=True)
        for kind, code in (("widgets", WIDGETS), ("stderr", STDERR), ("pictures", PICTURES))
    ),
    Entry(
        21,
        "five-deaths",
        "ends its kernel in five ways",
        answers={
            **answered("angular_hash", "", "import os\nos._exit(0)\n"),
            **answered("offset_rounds", "", KILL_ALL),
            "collision_probability": "import sys\ndef collision_probability(a, n):\n    sys.exit(0)\n",
            "chance_to_meet": SEGFAULT,
            **answered("recall_and_cost", "", "exit()\n"),
        },
        outcome="killed",
        points=lost("angular_hash", "offset_rounds", "collision_probability", "chance_to_meet", "recall_and_cost"),
        stops={
            "angular_hash": "crashed",
            "offset_rounds": ("killed", "crashed"),
            "chance_to_meet": "crashed",
            "recall_and_cost": "crashed",
        },
        says=("the answer cell stopped", "SystemExit"),
    ),
    Entry(
        21,
        "kills-its-parents",
        "kills its group, its parents, the first process, and those of the host by number",
        answers=answered("offset_rounds", "", KILL_THE_GROUP),
        outcome=("killed", "crashed"),
        points=lost("offset_rounds"),
    ),
    Entry(
        21,
        "goes-mute",
        "closes every file of the kernel; stops its server",
        answers={**answered("offset_rounds", "", MUTE), **answered("chance_to_meet", "", STOPS_THE_SERVER)},
        outcome=("timeout", "crashed", "killed"),
        points={"offset_rounds": 0, "chance_to_meet": (0, 8)},
        long=True,
    ),
    Entry(
        53,
        "later",
        "a thread, an exit handler and a later exercise put the right function in place after it was asked",
        answers={"angular_hash": LATER, "recall_and_cost": PUTS_ANOTHER_RIGHT},
        points={"angular_hash": tuple(range(FULL["angular_hash"])), "recall_and_cost": 0},
    ),
    Entry(54, "daemons", "leaves daemons, zombies and sessions of their own behind", last=DAEMONS),
]
