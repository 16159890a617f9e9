"""A learner's kernel: a process of its own, in a room of its own, that runs cells and gives answers, within limits.

Every message from it is a stranger's: it is measured before it is read, and what cannot be read counts as nothing.
Answers come in the reply to the request that asks for them, so nothing that is printed or displayed can pass for one.
"""

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from autograder.grading import isolation
from reformer import UNITS

HERE = Path(__file__).parent
LAST_OUTPUT = 1.0  # seconds that output may come after the reply
TEXT_READ = 100_000  # of one message; the patterns that clean it take time in proportion
MIME = "application/vnd.course.answer+json"


@dataclass(frozen=True)
class Limits:
    """What a learner's code may use.

    start, cell, call, submission : seconds for the kernel to start, one cell, one call of a function, one notebook
    memory : bytes of address space of the kernel
    output_kept, output_stop : bytes of output of one cell that are kept, and that stop it
    """

    start: float = 60.0
    cell: float = 30.0
    call: float = 10.0
    submission: float = 300.0
    memory: int = 4 * 2**30
    output_kept: int = 20_000
    output_stop: int = 50_000_000


class KernelFault(RuntimeError):
    """The kernel did not start, before any code of a learner ran: the fault is the machine's, not theirs."""


class Stopped(Exception):
    """The kernel had to be killed or died; `outcome` is the one word for it and the message says it in a sentence."""

    def __init__(self, outcome, words, output=""):
        super().__init__(words)
        self.outcome = outcome
        self.output = output


@dataclass(frozen=True)
class Ran:
    """What running a cell gave: the text it printed, and the error that ended it or the empty string."""

    output: str
    error: str


class Kernel:
    """A running kernel. Use it as a context manager; once `Stopped` was raised it is dead.

    unit : the unit of the lab; `reformer` holds the modules of the units before it
    """

    def __init__(self, unit, limits):
        self.limits = limits
        self._unit = unit
        self._room = self._process = self._client = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error):
        self.close()

    def run(self, source, seconds=None):
        """Run a cell. Raises Stopped where the kernel did not live to its end."""
        reply, output = self._request(seconds or self.limits.cell, code=source)
        if any(_field(payload, "source") == "ask_exit" for payload in _field(reply, "payload", list, [])):
            raise self._stopped("crashed", "the code ended the kernel with exit()", output)
        return Ran(output.text(), _error_of(reply))

    def ask(self, name, inputs, seconds=None, observe=""):
        """Make a call, in plain text, of the learner's function `name`; `observe` as in `room/probe`.

        Returns the dict {"value": plain text}, {"changed": plain text} where the function changed its inputs,
        {"error": words} or {"missing": True}; anything else that comes back is an error, too. Raises Stopped.
        """
        content = self._evaluate("answer", seconds or self.limits.call, name, inputs, observe)
        if content == {"missing": True} or any(_is_text(content, kind) for kind in ("value", "changed", "error")):
            return content
        return {"error": "the answer cannot be read"}

    def put_in_place(self, name, source, seconds=None):
        """Define `name` in the kernel by a course's own source. Raises Stopped."""
        self._evaluate("put_in_place", seconds or self.limits.call, name, source)

    def close(self):
        """Kill the kernel with every process of its group, and clear its room away."""
        if self._client:
            self._client.stop_channels()
            self._client.context.destroy(linger=0)
        if self._process:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                _kill_group(self._process)
            self._process.wait()
        if self._room:
            shutil.rmtree(self._room, ignore_errors=True)
        self._room = self._process = self._client = None

    def _start(self):
        self._room = Path(tempfile.mkdtemp(prefix="room-"))
        furnish(self._room, self._unit)
        connection_file = self._room / "kernel.json"
        self._client = _connect(connection_file, self.limits)
        env = environment(self._room)
        argv = [sys.executable, "-P", "-s", str(self._room / "launch.py"), str(connection_file)]
        argv = isolation.enclose([*argv, str(self.limits.memory)], room=self._room, env=env, limits=self.limits)
        self._process = subprocess.Popen(
            argv,
            cwd=self._room / "work",
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._client.start_channels(hb=False, stdin=False, control=False)
        try:
            self._exchange(self._client.kernel_info(), self.limits.start, _Output(self.limits))
        except Stopped as stop:
            raise KernelFault(f"the kernel did not start: {stop}") from None

    def _evaluate(self, function, seconds, *arguments):
        call = f'__import__("autograder.probe").probe.{function}({", ".join(map(repr, arguments))})'
        reply, _ = self._request(seconds, code="", user_expressions={"answer": call}, silent=True)
        answered = _field(_field(reply, "user_expressions", dict, {}), "answer", dict, {})
        if "ename" in answered:
            return {"error": _error_of({"status": "error", **answered})}
        return _field(_field(answered, "data", dict, {}), MIME, dict, {})

    def _request(self, seconds, **what):
        output = _Output(self.limits)
        request = self._client.execute(**what, store_history=False, allow_stdin=False, stop_on_error=False)
        return self._exchange(request, seconds, output), output

    def _exchange(self, request, seconds, output):
        """Wait for the reply to a request and gather what is printed meanwhile. Returns the reply's content."""
        import zmq

        shell, iopub = self._client.shell_channel.socket, self._client.iopub_channel.socket
        poller = zmq.Poller()
        poller.register(shell, zmq.POLLIN)
        poller.register(iopub, zmq.POLLIN)
        end = time.monotonic() + seconds
        reply, idle = None, False
        while reply is None or not idle:
            ready = dict(poller.poll(timeout=100))
            if iopub in ready:
                message = output.add(*_receive(self._client.session, iopub))
                idle = idle or (_answers(message, request) and _content(message, "execution_state") == "idle")
            if output.size > self.limits.output_stop:
                words = f"it printed more than {self.limits.output_stop // 1_000_000} MB"
                raise self._stopped("output-limit", words, output)
            if shell in ready:
                message, _ = _receive(self._client.session, shell)
                if _answers(message, request):
                    reply = _field(message, "content", dict, {})
                    end = time.monotonic() + LAST_OUTPUT
            elif reply is None and self._process.poll() is not None:
                raise self._stopped(*_death(self._process.returncode), output)
            if time.monotonic() > end:
                if reply is None:
                    raise self._stopped("timeout", f"it took longer than {seconds:g} seconds", output)
                break  # the kernel says "idle" last, but a flood of output may have swallowed that
        return reply

    def _stopped(self, outcome, words, output):
        self.close()
        return Stopped(outcome, words, output.text())


def furnish(room, unit):
    """Put into a kernel's room what it may import, and nothing else of the project."""
    packages = room / "packages"
    copies = {
        HERE / "room" / "launch.py": room / "launch.py",
        HERE / "room" / "nothing.py": packages / "nothing.py",
        HERE / "room" / "package.py": packages / "autograder" / "__init__.py",
        HERE / "room" / "probe.py": packages / "autograder" / "probe.py",
    }
    shared = HERE.parent / "checking"
    for name in ("__init__.py", "call.py", "plain.py", "answer.py"):
        copies[shared / name] = packages / "autograder" / "checking" / name
    reformer = HERE.parents[1] / "reformer"
    for name in ["__init__", "arguments", *_modules_before(unit)]:
        copies[reformer / f"{name}.py"] = packages / "reformer" / f"{name}.py"
    for source, copy in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    for folder in ("home", "tmp", "work"):
        (room / folder).mkdir()
    for name, content in _font_lists().items():
        (room / "home" / name).write_bytes(content)


def environment(room):
    """Return the environment variables of a kernel: none of the instructor's, the same on every machine."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # Windows needs it
    home = str(room / "home")
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath]),
        "LANG": "C.UTF-8",
        "HOME": home,
        "TMPDIR": str(room / "tmp"),
        "IPYTHONDIR": home,
        "JUPYTER_RUNTIME_DIR": home,
        "MPLCONFIGDIR": home,
        "MPLBACKEND": "Agg",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONSAFEPATH": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "JPY_PARENT_PID": str(os.getpid()),  # the kernel ends when this process is gone
    }


def _modules_before(unit):
    """What a lab's kernel can import of the core: what its own unit teaches is what the lab asks for."""
    return [name for earlier, taught in UNITS.items() if earlier < unit for name in taught.modules]


@functools.cache
def _font_lists():
    """Return matplotlib's lists of fonts, by file name: building one takes seconds, and every kernel would."""
    try:
        import matplotlib
        import matplotlib.font_manager  # noqa: F401 - importing it makes the list
    except ImportError:  # a learner's kernel then gets a stand-in for it
        return {}

    return {path.name: path.read_bytes() for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json")}


def _connect(connection_file, limits):
    import zmq
    from jupyter_client import BlockingKernelClient
    from jupyter_client.connect import write_connection_file

    where = {"transport": "ipc", "ip": str(connection_file.with_suffix(""))} if os.name == "posix" else {}
    write_connection_file(str(connection_file), key=os.urandom(16).hex().encode(), **where)
    context = zmq.Context()
    context.setsockopt(zmq.MAXMSGSIZE, 4 * limits.output_stop)
    context.setsockopt(zmq.RCVHWM, 20)
    client = BlockingKernelClient(connection_file=str(connection_file), context=context)
    client.load_connection_file()
    return client


def _receive(session, socket):
    """Return the next message and its size in bytes; a message that cannot be read is an empty dict."""
    frames = socket.recv_multipart()
    size = sum(map(len, frames))
    try:
        _, frames = session.feed_identities(frames)
        return session.deserialize(frames), size
    except Exception:  # whatever a forged message holds
        return {}, size


class _Output:
    """The text a cell prints, up to a limit, and the size of everything it sends."""

    def __init__(self, limits):
        self._limits = limits
        self._texts = []
        self._kept = 0
        self.size = 0

    def add(self, message, size):
        self.size += size
        text = _text_of(message)[: self._limits.output_kept - self._kept]
        self._kept += len(text)
        self._texts.append(text)
        return message

    def text(self):
        cut = "\n... (the rest is left out)" if self._kept >= self._limits.output_kept else ""
        return "".join(self._texts) + cut


def _answers(message, request):
    return _field(_field(message, "parent_header", dict, {}), "msg_id") == request


def _content(message, name):
    return _field(_field(message, "content", dict, {}), name)


def _text_of(message):
    content = _field(message, "content", dict, {})
    kind = _field(message, "msg_type")
    if kind == "stream":
        return _cleaned(_field(content, "text"))
    if kind == "error":
        return _cleaned("\n".join(filter(_is_str, _field(content, "traceback", list, [])))) + "\n"
    if kind in ("execute_result", "display_data"):
        return _cleaned(_field(_field(content, "data", dict, {}), "text/plain")) + "\n"
    return ""


def _cleaned(text):
    """Return text without terminal colours, other control characters, and the names of the kernel's own files."""
    text = re.sub(r"\x1b\[[0-9;?]{0,20}[A-Za-z]", "", text[:TEXT_READ])
    text = re.sub(r"/[^\s/]{1,40}/tmp/ipykernel_\d+/\d+\.py", "cell", text)
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]", "", text)


def _error_of(reply):
    if _field(reply, "status") != "error":
        return ""
    words = " ".join(_cleaned(_field(reply, "evalue")).split())[:200]
    words = re.sub(r"\(\d+\.py, line (\d+)\)$", r"(line \1)", words)
    name = _cleaned(_field(reply, "ename"))[:100]
    name = "SyntaxError" if name == "_IncompleteInputError" else name  # Python 3.14's, which no documentation has
    return f"{name}: {words}" if words else name


def _death(returncode):
    if returncode == -9:
        return "killed", "its kernel was killed from outside, perhaps for want of memory"
    how = f"signal {signal.Signals(-returncode).name}" if returncode < 0 else f"exit status {returncode}"
    return "crashed", f"its kernel died ({how})"


def _kill_group(process):
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _field(mapping, name, kind=str, default=""):
    """Return an entry of a stranger's dict if it has the right type."""
    value = mapping.get(name) if isinstance(mapping, dict) else None
    return value if isinstance(value, kind) else default


def _is_text(content, name):
    return set(content) == {name} and isinstance(content[name], str)


def _is_str(value):
    return isinstance(value, str)
