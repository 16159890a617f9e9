"""What does not end, ends its kernel, or stays behind: catalogue 9-13, 21, 53, 54."""

from tests.autograder.hostile.entry import FULL, FUSE, STOPPED, Entry, around, lost

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
    "generator": "import itertools\nlist(zip(itertools.repeat(0), ()) for _ in itertools.count())\n",
    "in-numpy": "import numpy as np\nx = np.ones((600, 600))\nwhile True:\n    x = x @ x / 600\n",
    "in-threads": "import threading\ndef spin():\n    while True:\n        pass\n"
    "for _ in range(4):\n    threading.Thread(target=spin).start()\nspin()\n",
    "in-children": FUSE + "import os\nchildren = [os.fork() for _ in range(2)]\nwhile True:\n    pass\n",
}

WAITS = {
    "sleep": "import time\ntime.sleep(10**9)\n",
    "select": "import select\nselect.select([], [], [])\n",
    "lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()\n",
    "pipe": "import os\nr, w = os.pipe()\nos.read(r, 1)\n",
    "stopped": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n",
    "pause": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [10])\nsignal.sigwait([10])\n",
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


ENTRIES = [
    Entry(
        9,
        "loop",
        "an endless loop in an answer cell",
        answers=around("offset_rounds", "", LOOP),
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
            answers=around("offset_rounds", "", code),
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
        answers=around("chance_to_meet", "", DEAF_LOOP),
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
        answers=around("offset_rounds", "", WAITS["sleep"]) | {"collision_probability": ASKS},
        outcome="timeout",
        points=lost("offset_rounds", "collision_probability"),
        says=("the answer cell stopped", "EOFError"),
    ),
    *(
        Entry(
            12,
            f"waits-{kind}",
            "waits for what never comes",
            answers=around("offset_rounds", "", code),
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
    Entry(
        21,
        "five-deaths",
        "ends its kernel in five ways",
        answers={
            **around("angular_hash", "", "import os\nos._exit(0)\n"),
            **around("offset_rounds", "", KILL_ALL),
            "collision_probability": "import sys\ndef collision_probability(a, n):\n    sys.exit(0)\n",
            "chance_to_meet": SEGFAULT,
            **around("recall_and_cost", "", "exit()\n"),
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
        answers=around("offset_rounds", "", KILL_THE_GROUP),
        outcome=("killed", "crashed"),
        points=lost("offset_rounds"),
    ),
    Entry(
        21,
        "goes-mute",
        "closes every file of the kernel; stops its server",
        answers={**around("offset_rounds", "", MUTE), **around("chance_to_meet", "", STOPS_THE_SERVER)},
        outcome=("timeout", "crashed", "killed"),
        points={"offset_rounds": 0, "chance_to_meet": (0, 8), "recall_and_cost": (0, 14)},
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
