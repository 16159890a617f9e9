"""`doctor`: what it says of this machine, of one without walls, and of what else may be missing."""

import importlib.metadata
import json
import os

import pytest

from autograder.__main__ import main
from autograder.grading import doctor
from autograder.grading.doctor import MISSING, NOTE, OK
from autograder.grading.sandbox import tiers


def found(capsys, *arguments):
    """The findings of the command by what they are about, and its exit code."""
    code = main(["doctor", "--json", *arguments])
    said = json.loads(capsys.readouterr().out)
    assert said["works"] == (code == 0)
    return {one["about"]: one for one in said["findings"]}, code


@pytest.fixture
def without_walls(monkeypatch):
    """A machine without bubblewrap."""
    monkeypatch.setattr(tiers, "_bubblewraps", list)
    monkeypatch.setattr(tiers, "detect", tiers.detect.__wrapped__)


def test_where_grading_works_it_says_so_and_runs_a_cell_behind_the_walls(capsys, quick):
    assert main(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "Grading works here, behind walls."
    assert f"ok       walls: isolation: {tiers.detect().name} – {tiers.detect().meaning}" in lines
    assert any(line.startswith("ok       a kernel: started behind the walls and ran a cell in ") for line in lines)
    assert any(line.startswith("ok       labs: ") and "labs/ is what solutions/ makes" in line for line in lines)
    assert {line[:9].strip() for line in lines[:-2]} <= {OK, NOTE, MISSING, ""}


def test_without_walls_it_says_what_to_do_and_fails(capsys, without_walls):
    findings, code = found(capsys)
    assert code == 1 and findings["walls"]["status"] == MISSING and "a kernel" not in findings
    assert (
        "there is no bubblewrap" in findings["walls"]["words"] and "apt install bubblewrap" in findings["walls"]["do"]
    )
    assert main(["doctor", "--quick"]) == 1
    assert capsys.readouterr().out.endswith("Grading does not work here: look at the lines on walls above.\n")


def test_a_bubblewrap_that_may_build_nothing_is_named_with_its_words(capsys, without_walls, monkeypatch, tmp_path):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2; exit 1\n", "ascii")
    broken.chmod(0o755)
    switch = tmp_path / "restricts"
    switch.write_text("1\n", "ascii")
    monkeypatch.setattr(tiers, "_bubblewraps", lambda: [broken])
    monkeypatch.setattr(doctor, "FORBIDDING", ((str(switch), "1", "switch it off"),))
    findings, code = found(capsys, "--quick")
    assert code == 1 and f"{broken} says: bwrap: setting up uid map: Permission denied" in findings["walls"]["words"]
    assert findings["walls"]["do"] == tiers.HOW_TO and findings["user namespaces"]["do"] == "switch it off"
    switch.write_text("0\n", "ascii")
    assert found(capsys, "--quick")[0]["user namespaces"]["status"] == NOTE


def test_a_kernel_that_does_not_start_or_sees_the_course_is_no_kernel_for_grading(monkeypatch, tmp_path, quick):
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\nexit 1\n", "ascii")
    broken.chmod(0o755)
    finding = doctor._kernel(tiers.Tier("a tier", "that breaks", broken))
    assert finding.status == MISSING and finding.needed and "did not start" in finding.words
    monkeypatch.setattr(doctor, "ROOT", "/usr/lib")  # what any kernel sees
    finding = doctor._kernel(tiers.detect())
    assert finding.status == MISSING and finding.needed and finding.words.startswith("it sees /usr/lib")


def test_a_secret_is_looked_at(tmp_path):
    path = tmp_path / "secret"
    assert doctor._secret(path).status == NOTE
    path.write_text("short", "ascii")
    assert doctor._secret(path).needed and "at least 16" in doctor._secret(path).words
    path.write_text("long enough for a secret", "ascii")
    path.chmod(0o644)
    assert doctor._secret(path).status == MISSING and doctor._secret(path).do == f"chmod 600 {path}"
    path.chmod(0o600)
    assert doctor._secret(path).status == OK


@pytest.mark.parametrize(
    ("cores", "memory", "status", "do"),
    [(2, 8, OK, ""), (8, 16, NOTE, "--jobs 4"), (4, 2, NOTE, "--jobs 1")],
)
def test_jobs_must_fit_into_memory(monkeypatch, cores, memory, status, do):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)), raising=False)
    monkeypatch.setattr(doctor, "_memory", lambda: memory * 2**30)
    finding = doctor._cores_and_memory()
    assert finding.status == status and do in finding.do and bool(finding.do) == bool(do)


def test_what_is_missing_is_named_and_what_is_optional_hinders_nothing(monkeypatch, tmp_path, capsys):
    real = doctor.importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name in ("trax", "distributed") else real(name)
    )
    findings, code = found(capsys, "--quick")
    assert code == 0 and findings["Trax"]["status"] == findings["Dask"]["status"] == NOTE
    assert findings["Trax"]["do"] == "python start.py trax" and "pip install distributed" in findings["Dask"]["do"]
    monkeypatch.setattr(doctor.shutil, "which", lambda name, path=None: None)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda place: Full)
    findings, code = found(capsys, "--quick")
    assert code == 1 and {findings[name]["status"] for name in ("alembic", "disk")} == {MISSING}


class Full:
    free = 1_000_000


def test_a_python_that_is_too_old_is_refused(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.1")
    wanted = importlib.metadata.metadata("reformer-course")["Requires-Python"]
    assert doctor._python().status == MISSING and doctor._python().words == f"3.10.1 is not {wanted}"


def test_labs_that_are_stale_are_named(monkeypatch):
    monkeypatch.setattr("autograder.grading.labs.stale_labs", lambda: ["lab02_hash_planes"])
    finding = doctor._labs(quick=False)
    assert finding.status == MISSING and "lab02_hash_planes" in finding.words and not finding.needed
