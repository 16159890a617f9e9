"""What `make test` runs, and the Chromium it finds, or installs after it has said so."""

import subprocess
import sys

import pytest

import start
from tests import __main__ as suite
from tests import chromium


@pytest.fixture
def steps(monkeypatch):
    """Let the steps of the suite only be noted; a list of exit codes is handed out one by one, zeros after that."""
    noted, codes = [], []

    def python(*arguments):
        noted.append(arguments)
        return codes.pop(0) if codes else 0

    monkeypatch.setattr(suite, "python", python)
    monkeypatch.setattr(suite, "get_chromium", lambda: "/c")
    monkeypatch.setenv("CHROMIUM", "")
    return noted, codes


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([0, 0, 0, 0, 0], 0),
        ([0, 1, 0, 0, 0], 1),
        ([0, 0, 1, 0, 0], 1),
        ([0, 0, 0, 1, 0], 1),
        ([0, 0, 0, 0, 1], 1),
        ([0, 0, 0, 5, 0], 0),
        ([0, 0, 5, 5, 0], 0),
        ([0, 0, 5, 5, 5], 5),
    ],
)
def test_all_steps_are_run_and_one_that_fails_fails_the_suite(steps, given, expected):
    noted, codes = steps
    codes += given
    assert suite.main(["-k", "name"]) == expected
    assert [step[0] for step in noted] == ["ruff", "ruff", "pytest", "pytest", "pytest"]
    assert all(step[-2:] == ("-k", "name") for step in noted[2:])


def test_the_tests_of_a_file_are_run_by_one_process(tmp_path):
    """So they share what is slow to start. Which process runs a test depends on two packages that must fit together."""
    noting = "import os, pathlib, pytest\n\n@pytest.mark.parametrize('number', range(6))\ndef test_one(number):\n"
    noting += "    file = pathlib.Path(__file__)\n    with open(file.with_suffix('.txt'), 'a') as noted:\n"
    noting += "        print(os.environ['PYTEST_XDIST_WORKER'], file=noted)\n"
    for name in ("test_first.py", "test_second.py", "test_third.py"):
        (tmp_path / name).write_text(noting, encoding="utf-8")
    options = [option for option in suite.TOGETHER if option.startswith("--")]
    command = [sys.executable, "-m", "pytest", *options, "-n", "2", "-p", "no:cacheprovider", "."]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    workers = [file.read_text(encoding="utf-8").split() for file in tmp_path.glob("*.txt")]
    assert [len(names) for names in workers] == [6, 6, 6] and all(len(set(names)) == 1 for names in workers)


def test_the_long_part_is_run_alone(steps):
    assert suite.main(["long", "-k", "name"]) == 0
    assert steps[0] == [("pytest", "-m", "long", "--timeout=0", "-k", "name")]


@pytest.mark.parametrize("found", ["/c", None])
@pytest.mark.parametrize("built", [True, False])
def test_what_is_left_out_is_said(steps, monkeypatch, capsys, found, built):
    monkeypatch.setattr(suite, "get_chromium", lambda: found)
    monkeypatch.setattr(suite, "trax_is_built", lambda python: built)
    assert suite.main([]) == 0
    said = capsys.readouterr().out
    assert ("Left out: the tests in a browser" in said) is (found is None)
    assert ("Left out: the tests with Trax" in said) is not built


@pytest.mark.skipif(start.ON_WINDOWS, reason="a shell script is no program there")
def test_a_chromium_that_does_not_run_is_passed_over(monkeypatch, tmp_path):
    for name, code in (("chromium", 1), ("google-chrome", 0)):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\nexit {code}\n", encoding="utf-8")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "PLACES", ())
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert chromium.find_chromium() == str(tmp_path / "google-chrome")
    monkeypatch.setenv("CHROMIUM", str(tmp_path / "chromium"))
    assert chromium.find_chromium() is None


@pytest.mark.parametrize("may_use_apt", [True, False])
def test_system_packages_are_announced_before_they_are_installed(monkeypatch, capsys, may_use_apt):
    said_before = {}

    def printed_by(command):
        said_before[" ".join(command[-2:])] = capsys.readouterr().out
        return ""

    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "find_chromium", lambda: None)
    monkeypatch.setattr(chromium, "_may_use_apt", lambda: may_use_apt)
    monkeypatch.setattr(chromium, "_printed_by", printed_by)
    assert chromium.get_chromium() is None
    if may_use_apt:
        assert "Installing the system package `chromium` with apt-get. CHROMIUM=" in said_before["apt-get update"]
        assert "the system packages it needs" in said_before["--with-deps chromium"]
    else:
        assert "Fetching Playwright's." in said_before["install chromium"]
        assert "system package" not in "".join(said_before.values())
