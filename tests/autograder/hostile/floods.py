"""What takes too much of something, memory, processes, files, output: catalogue 14-20."""

from tests.autograder.hostile.entry import FULL, FUSE, STOPPED, Entry, around, lost

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
own = [".", tempfile.gettempdir(), os.path.expanduser("~")]
for folder in (*own, "/tmp", "/dev/shm", "/var/tmp", "/run", "/dev", "/"):
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

# Memory that belongs to no process: what is written to sockets and not read. Sockets whose buffers can be enlarged
# take all memory of the machine, in as many processes as there may be; so only their sizes are asked here.
SOCKETS = (
    FUSE
    + """
import socket
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    for which in (socket.SO_SNDBUF, socket.SO_RCVBUF):
        one, other = socket.socketpair(socket.AF_UNIX, kind)
        try:
            one.setsockopt(socket.SOL_SOCKET, which, 2**24)
        except OSError:
            pass
        if one.getsockopt(socket.SOL_SOCKET, which) > 2**19:
            say("a buffer of", one.getsockopt(socket.SOL_SOCKET, which), "bytes")
"""
)
PRINTS_WHEN_ASKED = """
def chance_to_meet(probability, n_rounds):
    print("x" * 3_000_000)
    return 1 - (1 - probability) ** n_rounds
"""
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


ENTRIES = [
    *(
        Entry(
            14,
            f"memory-{kind}",
            "takes all memory",
            answers={"collision_probability": code},
            outcome=("graded", *STOPPED),
            points=lost("collision_probability"),
            long=kind != "step-by-step",
        )
        for kind, code in MEMORY.items()
    ),
    Entry(
        15,
        "fork-bomb",
        "forks without end",
        answers=around("offset_rounds", "", FORK_BOMB),
        outcome=STOPPED,
        points=lost("offset_rounds"),
    ),
    Entry(
        15,
        "two-hundred-forks",
        "forks 200 times and is right; what the processes share counts as the memory of each",
        answers=around("offset_rounds", MANY_FORKS),
        outcome=("graded", "memory", "killed"),
        points={"offset_rounds": (0, FULL["offset_rounds"])},
    ),
    Entry(
        15,
        "fork-bomb-of-shells",
        "forks shells without end",
        answers=around("offset_rounds", "", SHELL_BOMB),
        outcome=(*STOPPED, "graded"),
        points={"offset_rounds": (0, 10)},
        long=True,
    ),
    Entry(16, "a-thousand-threads", "starts 1,000 threads and is right", answers=around("offset_rounds", MANY_THREADS)),
    Entry(
        16,
        "thread-bomb",
        "threads that start threads",
        answers=around("offset_rounds", "", THREAD_BOMB),
        outcome=(*STOPPED, "graded", "output-limit"),
        points={"offset_rounds": (0, 10)},
        long=True,
    ),
    Entry(
        17,
        "one-large-file",
        "writes a file of 1 GB wherever it may, and is right",
        answers=around("offset_rounds", ONE_FILE, FREES),
    ),
    *(
        Entry(
            17,
            name,
            "writes a million files",
            answers=around("offset_rounds", "", code),
            outcome=("graded", *STOPPED),
            points={"offset_rounds": (0, 10)},
            long=True,
        )
        for name, code in (("many-files", MANY_FILES), ("empty-files", EMPTY_FILES))
    ),
    Entry(
        17,
        "some-large-files",
        "writes 900 MB in files of 30 MB",
        answers=around("offset_rounds", SOME_LARGE_FILES, FREES),
        long=True,
    ),
    Entry(
        17,
        "holes-and-depths",
        "a file of a petabyte that is empty, a million folders in one another",
        answers={**around("offset_rounds", HOLES), **around("collision_probability", DEEP)},
        outcome=("graded", *STOPPED),
        points={"offset_rounds": (0, 10), "collision_probability": 0},
        long=True,
    ),
    Entry(
        14,
        "memory-in-sockets",
        "enlarges what sockets hold that nobody reads",
        answers=around("offset_rounds", SOCKETS),
    ),
    Entry(
        18,
        "prints-when-asked",
        "prints 3 MB in every call",
        answers={"chance_to_meet": PRINTS_WHEN_ASKED},
        outcome=("graded", "output-limit"),
        points={"chance_to_meet": (0, FULL["chance_to_meet"])},
        long=True,
    ),
    Entry(18, "a-million-lines", "prints a million lines in an own cell", first=LINES),
    Entry(
        18,
        "a-million-lines-in-an-answer",
        "prints a million lines behind an answer",
        answers=around("offset_rounds", "", LINES),
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
]
