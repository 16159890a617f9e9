"""Runs that are killed, repeated, or made beside another: catalogue 57, 59, 60, as far as one run at a time goes."""

import ctypes
import json
import signal
import subprocess
import sys
import time

import psutil
import pytest

from autograder.__main__ import main
from autograder.grading.sample import as_bytes
from tests.autograder.hostile.canaries import BECOME_PARENT_OF_ORPHANS
from tests.autograder.hostile.entry import LAB
from tests.autograder.hostile.grading import WHOLE

STUDENTS = ("ann", "bob", "cleo")
MOST_SECONDS = 300

pytestmark = pytest.mark.alone


@pytest.fixture
def arguments(tmp_path, right, secret):
    """The arguments of a run, but for OUT, over three right submissions."""
    for student in STUDENTS:
        path = tmp_path / "submissions" / student / LAB.name / f"{LAB.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(as_bytes(right))
    (tmp_path / "secret").write_bytes(secret)
    return ["grade", str(tmp_path / "submissions"), "--secret", str(tmp_path / "secret")]


def started(arguments, out):
    command = [sys.executable, "-m", "autograder", *arguments, "--out", str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def until(happened):
    end = time.monotonic() + MOST_SECONDS
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def scores(out):
    report = json.loads((out / "report.json").read_text("utf-8"))
    return {one["student"]: one["score"] for one in report["submissions"]}


@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_run_that_is_ended_leaves_no_half_report_and_no_process(how, arguments, tmp_path):
    ctypes.CDLL(None).prctl(BECOME_PARENT_OF_ORPHANS, 1, 0, 0, 0)
    before = set(psutil.Process().children(recursive=True))
    out = tmp_path / "out"
    with started(arguments, out) as run:
        until(lambda: (out / "feedback" / STUDENTS[0]).exists() or run.poll() is not None)
        assert run.poll() is None
        run.send_signal(how)
    left = [one for one in psutil.Process().children(recursive=True) if one not in before]
    assert psutil.wait_procs(left, timeout=20)[1] == []
    report = out / "report.json"
    assert not report.exists() or report.read_text("utf-8") == "" or scores(out) == dict.fromkeys(STUDENTS, WHOLE)
    assert main([*arguments, "--out", str(out)]) == 0
    assert scores(out) == dict.fromkeys(STUDENTS, WHOLE)


def test_two_runs_at_the_same_time_come_to_the_same(arguments, tmp_path):
    outs = [tmp_path / "first", tmp_path / "second"]
    runs = [started(arguments, out) for out in outs]
    assert [run.wait(MOST_SECONDS) for run in runs] == [0, 0]
    reports = [(out / "report.json").read_bytes() for out in outs]
    assert reports[0] == reports[1] and scores(outs[0]) == dict.fromkeys(STUDENTS, WHOLE)
