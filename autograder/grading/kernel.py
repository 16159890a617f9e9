"""A learner's kernel as the judge sees it: a process in the sandbox that runs cells and gives answers, within limits.

Every message from it is a stranger's: it is measured before it is read, and what cannot be read counts as nothing.
Answers come in the reply to the request that asks for them, so nothing that is printed or displayed can pass for one.
"""

import contextlib
import re
import signal
import socket
import time
from dataclasses import dataclass

from autograder.grading.sandbox import profile_of, tiers, walls
from autograder.grading.sandbox.meter import Meter, files_within, own_memory
from autograder.grading.text import clean

LAST_OUTPUT = 3.0  # seconds that output may come after the reply
LOOK = 0.1  # seconds between two looks at what the kernel uses
RECEIVED = 64 * 2**20  # bytes of a part of a message; one that is larger ends the connection
MESSAGE = 8 * 2**20  # bytes of a reply that is read; an answer has at most 4 MB
PARTS, SMALL = 64, 2**16  # parts of a message, and bytes of each but the last
GROWTH = 384 * 2**20  # bytes that this process may grow by with a kernel: what else would hold them but messages
PRINTED = 2**20  # bytes of a message of output that is read
NODES = 500_000  # values, lists and dicts in one part of a message: each takes up to a hundred bytes here
TEXT_READ = 100_000  # of one message; the patterns that clean it take time in proportion
TOO_LARGE = {"status": "error", "ename": "Error", "evalue": "what it says is too large to be read"}
MIME = "application/vnd.course.answer+json"


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
    """What running a cell gave: the text it printed, the error that ended it or "", and whether it printed too much to
    be read."""

    output: str
    error: str
    lost: bool = False


class Kernel:
    """A running kernel. Use it as a context manager; once `Stopped` was raised it is dead.

    unit : the unit of the lab; `reformer` holds the modules of the units before it
    tier : how it is walled off; the machine's best if none is given
    end : the time, of time.monotonic(), at which the whole notebook is out of time
    """

    def __init__(self, unit, limits, tier=None, end=float("inf")):
        self.limits = limits
        self.end = end
        self._unit, self._profile = unit, profile_of(unit)
        self._tier = tier or tiers.detect()
        self._manager = self._meter = None
        self.seconds = 0.0  # of processor time, all processes of the kernel together; once it is closed

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *error):
        self.close()

    def run(self, source):
        """Run a cell. Raises Stopped where the kernel did not live to its end."""
        reply, output = self._execute(max(self.limits.cell, self._profile.cell), code=source)
        if any(_field(payload, "source") == "ask_exit" for payload in _field(reply, "payload", list, [])):
            raise self._stopped("crashed", "the code ended the kernel with exit()", output)
        return Ran(output.text(), _error_of(reply), output.lost)

    def ask(self, name, inputs, observe=""):
        """Make a call, in plain text, of the learner's function `name`; `observe` as in `room/probe`.

        Returns the dict {"value": plain text}, {"changed": plain text} where the function changed its inputs,
        {"error": words} or {"missing": True}; anything else that comes back is an error, too. Raises Stopped.
        """
        content = self._evaluate("answer", name, inputs, observe)
        if content == {"missing": True} or any(_is_text(content, kind) for kind in ("value", "changed", "error")):
            return content
        return {"error": "the answer cannot be read"}

    def put_in_place(self, name, source):
        """Define `name` in the kernel by a course's own source. Raises Stopped."""
        self._evaluate("put_in_place", name, source)

    def close(self):
        """Kill the kernel with every process of its own, and clear its room away."""
        from autograder.grading.sandbox.provisioner import remove_room

        if self._manager:
            if self._meter:
                self.seconds = self._meter.used().seconds
            with contextlib.suppress(Exception):  # where it did not start there is nothing to end
                self._manager.shutdown_kernel(now=True)
            self._manager.context.destroy(linger=0)
            remove_room(self._manager)
        self._manager = None

    def _start(self):
        import zmq

        from autograder.grading.sandbox.provisioner import kernel_manager

        self._manager = kernel_manager(self._unit, self.limits, self._tier)
        options = {zmq.MAXMSGSIZE: RECEIVED, zmq.RCVHWM: 4, zmq.SNDTIMEO: int(1000 * LAST_OUTPUT)}
        if self._tier.bwrap:
            # Once only, before any code of a learner runs: what bears the sockets' names later may lead elsewhere.
            options[zmq.RECONNECT_IVL] = -1
        for option, value in options.items():
            self._manager.context.setsockopt(option, value)
        try:
            self._manager.start_kernel()
        except (OSError, LookupError) as error:
            raise KernelFault(f"the kernel did not start: {error}") from error
        self._started, self._watched = self._manager.provisioner.started, False
        self._meter, self._memory, self._is_heard = Meter(self._started.pid), own_memory(), True
        start = max(self.limits.start, self._profile.start)
        try:
            self._wait_until_it_listens(time.monotonic() + start)
            self._shell, self._iopub = self._manager.connect_shell(), self._manager.connect_iopub()
            self._request("kernel_info_request", {}, start, _Output(self.limits))
        except Stopped as stop:
            raise KernelFault(f"the kernel did not start: {stop}") from None
        self._watched = True

    def _wait_until_it_listens(self, end):
        """Wait until both sockets take connections. Raises Stopped where they do not."""
        waiting = [f"{self._manager.ip}-{port}" for port in (self._manager.shell_port, self._manager.iopub_port)]
        while waiting and self._tier.bwrap:
            with socket.socket(socket.AF_UNIX) as one, contextlib.suppress(OSError):
                one.connect(waiting[-1])
                waiting.pop()
                continue
            if self._started.process.poll() is not None:
                raise Stopped(*_death(self._started.process.returncode))
            if time.monotonic() > end:
                raise Stopped("timeout", "it does not listen")
            time.sleep(LOOK / 10)

    def _evaluate(self, function, *arguments):
        call = f'__import__("autograder.probe").probe.{function}({", ".join(map(repr, arguments))})'
        reply, _ = self._execute(
            max(self.limits.call, self._profile.call), code="", user_expressions={"answer": call}, silent=True
        )
        answered = _field(_field(reply, "user_expressions", dict, {}), "answer", dict, {})
        if "ename" in answered:
            return {"error": _error_of({"status": "error", **answered})}
        return _field(_field(answered, "data", dict, {}), MIME, dict, {})

    def _execute(self, seconds, **what):
        output = _Output(self.limits)
        self._require_time(output)
        content = {"silent": False, "store_history": False, "user_expressions": {}, "stop_on_error": False, **what}
        return self._request("execute_request", {**content, "allow_stdin": False}, seconds, output), output

    def _request(self, kind, content, seconds, output):
        """Send a request, wait for its reply and gather what is printed meanwhile. Returns the reply's content.

        seconds : of processor time, for all of it, however often the kernel replies
        """
        import zmq

        session = self._manager.session
        try:
            request = session.send(self._shell, kind, content)["header"]["msg_id"]
        except zmq.Again:  # it has closed its end
            raise self._stopped("crashed", "its kernel no longer listens", output) from None
        poller = zmq.Poller()
        poller.register(self._shell, zmq.POLLIN)
        poller.register(self._iopub, zmq.POLLIN)
        clock = _Clock(self.limits.wait if self._watched else seconds)
        reply, idle, last_output = None, not self._is_heard, float("inf")
        while reply is None or not idle:
            ready = dict(poller.poll(timeout=1000 * LOOK))
            if self._iopub in ready:
                frames = self._receive(self._iopub, output)
                if not output.add(frames):
                    message = _read(session, frames, PRINTED)
                    output.keep(message)
                    idle = idle or (_answers(message, request) and _content(message, "execution_state") == "idle")
            if self._shell in ready:
                frames = self._receive(self._shell, output)
                message = _read(session, frames, MESSAGE)
                if reply is None and (_answers(message, request) or _size(frames) > MESSAGE):
                    reply = _field(message, "content", dict, TOO_LARGE)
                    last_output = time.monotonic() + LAST_OUTPUT
            elif reply is None and self._started.process.poll() is not None:
                raise self._stopped(*_death(self._started.process.returncode), output)
            if time.monotonic() > last_output:  # the kernel says "idle" last: some of what it said is lost
                output.lost = True
                self._is_heard = False  # a message that is too large ends the connection, and there is no second one
                break
            if clock.says_look():
                if own_memory() - self._memory > GROWTH:
                    raise self._stopped("output-limit", "it sent more than can be read", output)
                if reply is not None:
                    continue
                self._require_time(output)
                used = self._meter.used()
                if clock.is_out_of_patience(used.seconds, seconds if self._watched else float("inf")):
                    raise self._stopped("timeout", clock.words, output)
                if self._watched:
                    self._require_within_limits(used, output)
        return reply

    def _receive(self, channel, output):
        """Return the parts of a message. Raises Stopped where there are more than any kernel sends."""
        frames = [channel.recv()]
        while channel.rcvmore:
            frames.append(channel.recv())
            if len(frames) > PARTS:
                raise self._stopped("output-limit", "it sent more than can be read", output)
        return frames

    def _require_within_limits(self, used, output):
        if used.memory > self.limits.memory:
            words = f"it took more than {self.limits.memory / 2**30:g} GiB of memory"
            raise self._stopped("memory", words, output)
        if used.threads > 4 * max(self.limits.processes, self._profile.processes):
            raise self._stopped("killed", "it started too many processes", output)
        if self._tier.bwrap and files_within(self._started.pid, ("/dev/shm", walls.TEMPORARY)) > self.limits.files:
            raise self._stopped("killed", f"it made more than {self.limits.files:,} files", output)

    def _require_time(self, output):
        if time.monotonic() >= self.end:
            words = f"the whole notebook took longer than {self.limits.submission:g} seconds"
            raise self._stopped("timeout", words, output)

    def _stopped(self, outcome, words, output):
        self.close()
        return Stopped(outcome, words, output.text())


class _Clock:
    """When a request has taken too long: by processor time, and by the clock where it hardly works.

    wait : seconds by the clock for what sleeps; what works a tenth of the time and more is given as long as it needs
        for its processor time, so that a busy machine changes nothing
    """

    def __init__(self, wait):
        self._begin = self._look = time.monotonic()
        self._wait = wait
        self._used_before = None
        self.words = ""

    def says_look(self):
        """Whether it is time to look at what the kernel uses."""
        now = time.monotonic()
        if now < self._look + LOOK:
            return False
        self._look = now
        return True

    def is_out_of_patience(self, used, seconds):
        """Whether a kernel that has used so many seconds of processor time is to be stopped; `words` then say why."""
        if self._used_before is None:
            self._used_before = used
        worked, waited = used - self._used_before, time.monotonic() - self._begin
        if worked > seconds:
            self.words = f"it took longer than {seconds:g} seconds"
        elif waited > max(self._wait, 10 * worked):
            self.words = f"it did not end within {self._wait:g} seconds, in which it hardly worked"
        return bool(self.words)


def _read(session, frames, most):
    """Return a message; one that is too large, holds too much, or cannot be read is an empty dict."""
    try:
        _, frames = session.feed_identities(frames)
        if _size(frames) > most or max(map(len, frames[:-1])) > SMALL or _holds_too_much(frames[-1]):
            return {}
        return session.deserialize(frames)
    except Exception:  # whatever a forged message holds
        return {}


def _size(frames):
    return sum(map(len, frames))


def _holds_too_much(text):
    """Whether a part of a message, as JSON text, would become very many values. Numbers of an array are one text."""
    return len(text) > NODES and text.count(b",") + text.count(b"[") + text.count(b"{") > NODES


class _Output:
    """The text a cell prints, up to a limit, and the size of everything it sends.

    lost : whether some of it was not read
    """

    def __init__(self, limits):
        self._limits = limits
        self._texts = []
        self._kept = 0
        self._size = 0
        self.lost = False

    def add(self, frames):
        """Count a message; return whether it is to be passed over, unread."""
        self._size += _size(frames)
        if self._size > self._limits.output_stop and b"idle" not in frames[-1][:200]:
            self.lost = True
            return True
        return False

    def keep(self, message):
        text = _text_of(message)[: self._limits.output_kept - self._kept]
        self._kept += len(text)
        self._texts.append(text)

    def text(self):
        cut = "\n... (the rest is left out)" if self.lost or self._kept >= self._limits.output_kept else ""
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
    """Return text without what steers a terminal, and without the names of the kernel's own files."""
    return re.sub(r"/[^\s/]{1,40}/tmp/ipykernel_\d+/\d+\.py", "cell", clean(text[:TEXT_READ]))


def _error_of(reply):
    if _field(reply, "status") != "error":
        return ""
    words = " ".join(_cleaned(_field(reply, "evalue")).split())[:200]
    words = re.sub(r"\(\d+\.py, line (\d+)\)$", r"(line \1)", words)
    name = _cleaned(_field(reply, "ename"))[:100]
    name = "SyntaxError" if name == "_IncompleteInputError" else name  # Python 3.14's, which no documentation has
    return f"{name}: {words}" if words else name


def _death(returncode):
    """Say how a kernel died. Walls pass a signal on as 128 more than its number."""
    number = -returncode if returncode < 0 else returncode - 128
    if number == signal.SIGKILL:
        return "killed", "its kernel was killed, perhaps for want of memory"
    if not 0 < number <= 64:
        return "crashed", f"its kernel died (exit status {returncode})"
    named = number in {one.value for one in signal.Signals}
    return "crashed", f"its kernel died (signal {signal.Signals(number).name if named else number})"


def _field(mapping, name, kind=str, default=""):
    """Return an entry of a stranger's dict if it has the right type."""
    value = mapping.get(name) if isinstance(mapping, dict) else None
    return value if isinstance(value, kind) else default


def _is_text(content, name):
    return set(content) == {name} and isinstance(content[name], str)


def _is_str(value):
    return isinstance(value, str)
