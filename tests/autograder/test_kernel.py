"""A learner's kernel: what is in its room, what it is told of the machine, and that nothing of it is left behind."""

import ast
import dataclasses
import os
import subprocess
from importlib import import_module
from pathlib import Path

import numpy as np
import psutil
import pytest
import zmq

from autograder.checking import plain
from autograder.checking.call import call, form
from autograder.exercises import LABS
from autograder.grading import secret
from autograder.grading.kernel import Kernel, KernelFault, Stopped, _Output
from autograder.grading.sandbox import Limits, furnish, temporary, tiers
from reformer import UNITS

# What a lab asks for, by unit, the labs to come included.
ASKED = {
    7: ["chunked_feed_forward", "axial_positions", "cross_entropy", "reformer_block", "adam_step", "sample_token"],
} | {lab.unit: [exercise.name for exercise in lab.exercises] for lab in LABS.values()}


def test_a_kernel_sees_modules_of_earlier_units_only():
    folder = furnish.furnished(3)
    there = {path.stem for path in (folder / "packages" / "reformer").glob("*.py")}
    earlier = {name for unit, taught in UNITS.items() if unit < 3 for name in taught.modules}
    assert there == {"__init__", "arguments", *earlier} and "angular" not in there
    assert (furnish.furnished(4) / "packages" / "reformer" / "angular.py").exists()
    text = "".join(path.read_text("utf-8") for path in (folder / "packages").rglob("*.py"))
    assert "Mistake" not in text and "def judge" not in text


@pytest.mark.parametrize("unit", ASKED)
def test_no_lab_s_kernel_can_import_what_the_lab_asks_for_in_any_form(unit):
    packages = furnish.furnished(unit) / "packages"
    there = packages / "reformer"
    assert not (there / "loops").exists() and (there / "fast").exists() == (unit > 7)  # unit 08 runs whole models
    assert (packages / "trax_bridge").exists() == (unit == 8)
    defined = {
        node.name
        for path in [*there.glob("*.py"), *packages.glob("trax_bridge/*.py")]
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    answers = {name + form for name in ASKED[unit] for form in ("", "_forward", "_backward")}
    assert not defined & answers
    modules = [f"reformer.{module}" for module in UNITS[unit].modules]
    modules += [f"trax_bridge.{module}" for module in ("batches", "training", "chat")] * (unit == 8)
    with_the_core = {name for module in modules for name in dir(import_module(module))}
    assert set(ASKED[unit]) <= with_the_core  # else the names above are not those of the core


def test_a_kernel_is_told_nothing_of_its_host(monkeypatch, quick):
    monkeypatch.setenv("MY_TOKEN", "secret")
    with Kernel(3, quick) as kernel:
        told = kernel.run("import os, sys; print(dict(os.environ), sys.path, sys.prefix, sys.argv[0])").output
    assert "secret" not in told and str(Path.home()) not in told and str(secret.ROOT) not in told
    assert "'PYTHONHASHSEED': '0'" in told and "'MPLBACKEND': 'Agg'" in told


def test_cells_run_answers_come_back_and_nothing_is_left(quick):
    with Kernel(3, quick) as kernel:
        room, process = kernel._manager.room, psutil.Process(kernel._started.pid)
        assert kernel.run("import numpy as np\nprint('hello')").output == "hello\n"
        assert kernel.run("1 / 0").error == "ZeroDivisionError: division by zero"
        assert kernel.run("def f(:").error == "SyntaxError: invalid syntax (line 1)"
        stand_ins = "from autograder import check\nfrom classroom.figures import draw, frame\nimport explorers.angular"
        drawing = "with frame(draw(check('f', 3))) as picture:\n    [*picture]\n    picture['x'].show(y=1)"
        assert kernel.run(f"{stand_ins}\n{drawing}") == kernel.run("")
        outside = "import sys; print([entry for entry in sys.path if not entry])\nimport autograder.checking.judge"
        assert kernel.run(outside).error == "ModuleNotFoundError: No module named 'autograder.checking.judge'"
        kernel.run("def f(x):\n    return x + np.random.rand()")
        one, other = (plain.decode(kernel.ask("f", plain.encode_call(call(np.ones(2))))["value"]) for _ in range(2))
        assert np.array_equal(one, other)  # drawn from the same seed in every call
        assert kernel.ask("g", plain.encode_call(call(1))) == {"missing": True}
        kernel.put_in_place("g", "def g(x):\n    return x + np.pi\n")
        assert plain.decode(kernel.ask("g", plain.encode_call(call(1)))["value"]) == 1 + np.pi
        kernel.run("def h(x, f, *, times):\n    return f(x) * times")
        asked = plain.encode_call(call(np.arange(2.0), form("scale", 3.0), times=2))
        assert plain.decode(kernel.ask("h", asked)["value"]).tolist() == [0, 6]
        kernel.run("class Line:\n    slope = 4\n\ndef line():\n    return Line()")
        observe = "def observe(answer, call):\n    return answer.slope * np.ones(2)\n"
        seen = kernel.ask("line", plain.encode_call(call()), observe=observe)
        assert plain.decode(seen["value"]).tolist() == [4, 4]
        kernel.run(
            "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])"
        )
        children = process.children()
    gone, alive = psutil.wait_procs([process, *children], timeout=5)
    assert len(children) == 1 and alive == [] and not room.exists()


def test_printed_text_is_cut_and_counted(quick):
    with Kernel(3, quick) as kernel:
        output = kernel.run("print('x' * 1_000_000)\nprint('\\x1b[31mred\\x1b[0m\\x07')").output
    assert len(output) < quick.output_kept + 100 and output.endswith("(the rest is left out)")


@pytest.mark.parametrize("bwrap", ["/bin/false", "/nowhere/bwrap"])
def test_a_kernel_that_cannot_start_is_nobody_s_fault_but_the_machine_s(bwrap, quick):
    tier = dataclasses.replace(tiers.detect(), bwrap=Path(bwrap))
    before = set(temporary.folder().glob("room-*"))
    with pytest.raises(KernelFault, match="did not start"), Kernel(3, quick, tier):
        pass
    assert set(temporary.folder().glob("room-*")) <= before


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_memory_is_limited():
    with Kernel(3, Limits()) as kernel:
        assert kernel.run("x = b'1' * 10**10").error == "MemoryError"


@pytest.mark.parametrize("line", ["'x' * 70", "'/' * 100_000"])
def test_an_endless_flood_is_stopped(line, quick):
    with pytest.raises(Stopped) as stop, Kernel(3, quick) as kernel:
        kernel.run(f"while True:\n    print({line})")
    assert stop.value.outcome in ("output-limit", "timeout")  # whichever comes first; messages may be lost in a flood
    assert len(stop.value.output) < quick.output_kept + 100


def test_the_secret_is_drawn_once_for_its_owner_only(tmp_path):
    path = tmp_path / "grading" / "secret"
    assert secret.make_secret(path) and not secret.make_secret(path)
    assert len(secret.read_secret(path)) == 64 and secret.read_secret(path) == path.read_bytes().strip()
    if os.name == "posix":
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_secret_is_kept_out_of_git():
    ignored = subprocess.run(["git", "check-ignore", "-q", str(secret.SECRET)], cwd=secret.ROOT)
    assert ignored.returncode in (0, 128)  # 128: not a checkout


def test_an_error_of_many_words_is_an_error_and_the_kernel_goes_on(quick):
    with Kernel(3, quick) as kernel:
        assert "too large to be read" in kernel.run("raise ValueError('x' * 12_000_000)").error
        assert kernel.run("print(1)").output == "1\n"


CLOSES_ITS_END = """
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
{}
"""


@pytest.mark.parametrize(
    "what", ["app.shell_socket.close(linger=0)", "app.shell_socket.unbind(app.shell_socket.LAST_ENDPOINT)"]
)
def test_a_kernel_that_stops_listening_is_stopped_in_time(what, quick):
    with pytest.raises(Stopped) as stop, Kernel(3, dataclasses.replace(quick, wait=3.0)) as kernel:
        for _ in range(3):
            kernel.run(CLOSES_ITS_END.format(what))
    assert stop.value.outcome in ("timeout", "crashed")


def test_a_message_of_more_parts_than_a_kernel_sends_stops_it(quick):
    with zmq.Context() as context, context.socket(zmq.PAIR) as one, context.socket(zmq.PAIR) as other:
        one.bind("inproc://parts")
        other.connect("inproc://parts")
        other.send_multipart([b""] * 6)
        assert Kernel(3, quick)._receive(one, None) == [b""] * 6
        other.send_multipart([b""] * 1000)
        with pytest.raises(Stopped, match="more than can be read"):
            Kernel(3, quick)._receive(one, _Output(quick))


def test_what_is_heard_is_held_against_the_grader_s_own_memory(quick, monkeypatch):
    with pytest.raises(Stopped, match="more than can be read") as stop, Kernel(3, quick) as kernel:
        monkeypatch.setattr("autograder.grading.kernel.GROWTH", -(2**50))
        kernel.run("import time; time.sleep(5)")
    assert stop.value.outcome == "output-limit"


def test_random_numbers_without_a_seed_are_the_same_in_every_run_and_others_when_drawn_again(quick):
    source = (
        "import random, numpy as np\nfor _ in range(2): print(np.random.default_rng().random(), np.random.random(), "
    )
    source += "np.random.RandomState().rand(), random.random())"
    said = []
    for _ in range(2):
        with Kernel(3, quick) as kernel:
            said.append(kernel.run(source).output.splitlines())
    assert said[0] == said[1] and len(said[0]) == 2
    assert not set(said[0][0].split()) & set(said[0][1].split())
