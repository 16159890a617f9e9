"""Messages that no honest kernel sends: catalogue 29, 30, and what stopped the grader's talk with kernels (62)."""

from tests.autograder.hostile.entry import FULL, FUSE, RIGHT, STOPPED, WRONG, Entry, lost

# Messages sent past IPython, on the kernel's own sockets.
SENDER = """
import json, threading, time
kernel = get_ipython().kernel
session = kernel.session
def frames(kind, content, parent):
    header = session.msg(kind, parent=parent)["header"]
    parts = [json.dumps(part, default=str).encode() for part in (header, parent, {})]
    parts.append(content if isinstance(content, bytes) else json.dumps(content).encode())
    return [b"<IDS|MSG>", session.sign(parts), *parts]
def send(kind, content, parent=None):
    parent = parent or kernel.get_parent().get("header", {})
    kernel.iopub_socket.send_multipart([b"x", *frames(kind, content, parent)])
"""

OLD_ANSWERS = (
    SENDER
    + """
from IPython.display import display
from autograder import probe
first = []
real = probe.answer
def again(name, *arguments, **keywords):
    reply = real(name, *arguments, **keywords)
    first.append(reply)
    for content in ({"value": "0.5"}, {"value": "1.0"}):
        display({probe.MIME: content}, raw=True)
        for kind in ("execute_reply", "display_data", "execute_result"):
            send(kind, {"status": "ok", "user_expressions": {"answer": {"status": "ok", "data": {probe.MIME: content}}},
                        "data": {probe.MIME: content}, "metadata": {}})
    print(probe.MIME, '{"value": "0.5"}')
    return first[0]
probe.answer = again
def chance_to_meet(probability, n_rounds):
    return 3.0
"""
)

TWO_ANSWERS = (
    SENDER
    + """
from autograder import probe
real = probe.answer
def both(name, *arguments, **keywords):
    parent = kernel.get_parent()
    for words in ("0.5", "0.25"):
        content = {"status": "ok", "execution_count": 0, "payload": [], "user_expressions": {
            "answer": {"status": "ok", "data": {probe.MIME: {"value": words}}, "metadata": {}}}}
        try:
            session.send(kernel.shell_stream, "execute_reply", content, parent=parent, ident=kernel._shell_parent_ident)
        except Exception:
            pass
    return real(name, *arguments, **keywords)
probe.answer = both
def chance_to_meet(probability, n_rounds):
    return 3.0
"""
)

NO_IDLE = (
    SENDER
    + """
kernel._publish_status = lambda *a, **k: None
kernel._publish_status_and_flush = lambda *a, **k: None
real_send = session.send
def often(stream, kind, *arguments, **keywords):
    kind_of = kind.get("msg_type") if isinstance(kind, dict) else kind
    if kind_of == "status":
        return None
    sent = real_send(stream, kind, *arguments, **keywords)
    if kind_of == "execute_reply":
        def repeat():
            for _ in range(10**4):
                time.sleep(0.3)
                real_send(stream, kind, *arguments, **keywords)
        threading.Thread(target=repeat, daemon=True).start()
    return sent
session.send = often
"""
)

REPLIES_FOR_EVER = """
def drip():
    while True:
        time.sleep(0.2)
        send("stream", {"name": "stdout", "text": "."})
threading.Thread(target=drip, daemon=True).start()
"""

BRACKETS = (
    SENDER
    + """
send("stream", b'{"name": "stdout", "text": "", "x": [' + b"[]," * 13_000_000 + b"[]]}")
"""
)

BROKEN_FRAMES = (
    SENDER
    + """
long = b'"' + b"x" * 10**6, b"[" * 10**6, b"9" * 10**5
for content in (b"", b"[", b"null", b"\\xff\\xfe", b'{"execution_state": 7}', *long):
    for kind in ("status", "stream", "error", "display_data"):
        send(kind, content)
kernel.iopub_socket.send_multipart([b""])
kernel.iopub_socket.send_multipart([b"a", b"b"])
kernel.iopub_socket.send_multipart([b"x" * 1000] * 1000)
send("stream", {"name": ["stdout"], "text": {"a": 1}})
send("error", {"ename": 3, "evalue": None, "traceback": [1, None, {}]})
send("stream", {"name": "stdout", "text": "x"}, parent={"msg_id": ["a"]})
"""
)

GIVES_UP = """
def _(): pass
import sys
get_ipython().kernel.shell.payload_manager.write_payload({"source": ["ask_exit"], "keepkernel": 7})
"""

PUBLISHERS = """
import IPython, builtins, sys, types
shell = get_ipython()
shell.display_pub.publish = lambda *a, **k: None
shell.displayhook = lambda *a, **k: None
shell.display_formatter.format = lambda *a, **k: ({"text/plain": "14.0"}, {})
"""

NO_SHELL = """
import IPython, sys, types
IPython.get_ipython = lambda: types.SimpleNamespace(user_ns={"chance_to_meet": lambda p, n: 1 - (1 - p) ** n})
"""

FALSE_NUMPY = """
import sys, types
false = types.ModuleType("numpy")
false.ndarray = list
false.generic = float
sys.modules["numpy"] = false
sys.modules["json"] = types.ModuleType("json")
"""

ANY_OF_LAST = tuple(range(FULL["recall_and_cost"] + 1))

ENTRIES = [
    Entry(
        29,
        "old-answers",
        "sends its first answer again and again, and others by every way there is",
        answers={"chance_to_meet": OLD_ANSWERS},
        outcome=("graded", *STOPPED, "output-limit"),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
    ),
    Entry(
        29,
        "two-answers",
        "sends two answers before the right one",
        answers={"chance_to_meet": TWO_ANSWERS},
        outcome=("graded", *STOPPED),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
        long=True,
    ),
    Entry(62, "never-idle", "replies for ever, and never says that it is done", last=NO_IDLE),
    Entry(
        62,
        "never-idle-again",
        "the same for all later questions",
        answers={"chance_to_meet": WRONG["chance_to_meet"] + NO_IDLE},
        outcome=("graded", "output-limit", *STOPPED),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
        long=True,
    ),
    Entry(
        62,
        "drips",
        "never says that it is done, and prints a little for ever",
        answers={"chance_to_meet": WRONG["chance_to_meet"] + NO_IDLE + REPLIES_FOR_EVER},
        outcome=("graded", "output-limit", *STOPPED),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
        long=True,
    ),
    Entry(62, "brackets", "a message of 18 MB of empty lists", first=BRACKETS.replace("13_000_000", "6_000_000")),
    Entry(62, "more-brackets", "a message of 39 MB of empty lists", first=BRACKETS, long=True),
    Entry(62, "broken-frames", "messages that no kernel sends", first=BROKEN_FRAMES),
    Entry(62, "asks-to-exit", "payloads of other types", first=GIVES_UP, long=True),
    *(
        Entry(
            62,
            f"dies-of-signal-{number}",
            "dies of a signal that Python has no name for",
            answers={"offset_rounds": f"{RIGHT['offset_rounds']}{FUSE}\nimport os\nos.kill(os.getpid(), {number})\n"},
            outcome=("crashed", "killed", "timeout"),
            points=lost("offset_rounds"),
            long=number not in (40,),
        )
        for number in (6, 24, 31, 35, 40, 63)
    ),
    Entry(
        30,
        "publishers",
        "replaces the display publisher and the formatter",
        answers={"chance_to_meet": PUBLISHERS + RIGHT["chance_to_meet"]},
        outcome=("graded", *STOPPED),
        points={
            "chance_to_meet": (0, FULL["chance_to_meet"]),
            "recall_and_cost": (0, FULL["recall_and_cost"]),
        },
        long=True,
    ),
    Entry(
        30,
        "no-shell",
        "replaces get_ipython",
        answers={"chance_to_meet": NO_SHELL + WRONG["chance_to_meet"]},
        points={"chance_to_meet": 0},
    ),
    Entry(
        30,
        "false-numpy",
        "replaces NumPy and json in sys.modules",
        answers={"chance_to_meet": WRONG["chance_to_meet"] + FALSE_NUMPY},
        outcome=("graded", *STOPPED),
        points={"chance_to_meet": 0, "recall_and_cost": ANY_OF_LAST},
        long=True,
    ),
]
