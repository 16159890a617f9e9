"""The catalogue, graded: every bad submission comes to what it must, and nothing else is touched, none other changed.

`make test` grades a part of it in one run and in one order. `make test-long` grades the rest, each alone, all in other
orders, and everything as an ordinary user too where root runs it.
"""

import dataclasses
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.grading.nbgrader_config import ROOT
from autograder.grading.sandbox import tiers
from tests.autograder.hostile.catalogue import CATALOGUE, OF_RUNS
from tests.autograder.hostile.entry import FUSE, LAB
from tests.autograder.hostile.grading import BESIDE, WHOLE, faults_of, faults_of_outputs, graded

SOON = [entry for entry in CATALOGUE.values() if not entry.long]
MOST_GROWTH = 300 * 2**20
MEMORY = 3 * 2**29
SEEDS = (1, 2, 3)
HARMFUL = (
    "fork()",
    "rmtree",
    "kill(-1",
    "killpg",
    "Popen",
    "mkdir(",
    "sh'",
    "sqlite3",
    "socket.socket(17",
    "Thread(target=more",
)
USER = 60500  # one that no machine has

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module", autouse=True)
def walls():
    """None of this is run without walls."""
    try:
        return tiers.detect()
    except tiers.NoSandbox as fault:
        pytest.fail(f"strangers' code is not run here: {fault}")


@pytest.fixture(scope="module")
def quick(quick):
    """The short limits of all tests, with less memory: what takes all it gets must leave some to the machine."""
    return dataclasses.replace(quick, memory=MEMORY)


@pytest.fixture(scope="module")
def batch(walls, right, secret, quick):
    with graded(SOON, right=right, secret=secret, limits=quick) as result:
        yield result


def test_every_number_of_the_catalogue_has_an_entry():
    assert {number for entry in SOON for number in entry.numbers} == set(range(1, 63)) - OF_RUNS


def test_what_could_harm_the_host_asks_first_whether_it_sees_it():
    for entry in CATALOGUE.values():
        for code in (entry.first, entry.last, *entry.answers.values()):
            assert FUSE in code or not any(word in code for word in HARMFUL), entry.name


@pytest.mark.parametrize("name", [entry.name for entry in SOON])
def test_a_bad_submission_comes_to_what_it_must(name, batch):
    assert faults_of(CATALOGUE[name], batch) == []


def test_nobody_s_points_change_beside_them(batch):
    assert [batch.entries[entry.name]["score"] for entry in BESIDE] == [WHOLE] * len(BESIDE)


def test_nothing_outside_is_touched(batch):
    assert batch.faults == []


def test_what_is_written_does_no_harm(batch):
    assert faults_of_outputs(batch) == []


def test_every_submission_is_graded_and_entered(batch):
    assert batch.code == 0 and len(batch.report["submissions"]) == len(SOON) + len(BESIDE)
    with sqlite3.connect(batch.out / "gradebook.db") as gradebook:
        assert gradebook.execute("select name from sqlite_master where type = 'trigger'").fetchall() == []
        assert gradebook.execute("select * from grade where manual_score is not null").fetchall() == []
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{batch.out / 'gradebook.db'}") as gradebook:
        for one in batch.report["submissions"]:
            assert gradebook.find_submission(LAB.name, one["student"]).score == one["score"]


def test_the_memory_of_the_grader_stays_flat(batch):
    assert batch.growth < MOST_GROWTH


def test_every_submission_takes_its_limits_at_most(batch, quick):
    assert max(batch.seconds.values()) < quick.submission + quick.wait


@pytest.mark.long
@pytest.mark.parametrize("name", CATALOGUE)
def test_a_bad_submission_comes_to_the_same_alone(name, walls, right, secret, quick):
    entry = CATALOGUE[name]
    entries = [CATALOGUE[entry.after], entry] if entry.after else [entry]
    with graded(entries, right=right, secret=secret, limits=quick, beside=BESIDE[:1]) as result:
        assert faults_of(entry, result) + result.faults + faults_of_outputs(result) == []
        assert result.entries[BESIDE[0].name]["score"] == WHOLE
        assert result.code == 0 and result.growth < MOST_GROWTH


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
def test_the_order_changes_nothing(seed, walls, right, secret, quick):
    with graded(SOON, right=right, secret=secret, limits=quick, seed=seed) as result:
        assert {entry.name: faults for entry in SOON if (faults := faults_of(entry, result))} == {}
        assert result.faults + faults_of_outputs(result) == [] and result.code == 0
        assert [result.entries[one.name]["score"] for one in BESIDE] == [WHOLE] * len(BESIDE)


@pytest.mark.long
def test_a_second_grading_gives_the_same(batch, right, secret, quick):
    with graded(SOON, right=right, secret=secret, limits=quick, times=2) as result:
        assert {entry.name: faults for entry in SOON if (faults := faults_of(entry, result))} == {}
        assert result.faults == []


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another")
def test_an_ordinary_user_s_grading_comes_to_the_same(walls):
    """This file again, as a user whose Python may lie in a home that is closed to them."""
    home = Path(tempfile.mkdtemp(prefix="home-"))
    os.chown(home, USER, USER)
    try:
        tests = [sys.executable, "-m", "pytest", __file__, "-q", "-m", "not long", "-p", "no:cacheprovider"]
        become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [*seen_by_everybody(walls.bwrap), *become, *tests]
        ran = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stdout[-10_000:] + ran.stderr[-2_000:]
    finally:
        shutil.rmtree(home, ignore_errors=True)


def seen_by_everybody(bwrap):
    """The command that opens the way to a Python that lies in a home closed to others, and to nothing else there."""
    command = [str(bwrap), "--dev-bind", "/", "/"]
    python = Path(sys.base_prefix).resolve()
    closed = [path for path in reversed(python.parents) if not path.stat().st_mode & 0o005]
    if closed:
        command += ["--perms", "0755", "--tmpfs", str(closed[0])]
        for path in [path for path in reversed(python.parents) if path.is_relative_to(closed[0])][1:]:
            command += ["--perms", "0755", "--dir", str(path)]
        command += ["--ro-bind", str(python), str(python)]
    return [*command, "--"]
