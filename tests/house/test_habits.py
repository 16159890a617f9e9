"""What stands in two places is the same in both: versions, checks before a commit, names of files."""

import re

import yaml

import start
from tests.__main__ import RUFF


def text_of(name):
    return (start.ROOT / name).read_text(encoding="utf-8")


def test_one_version_stands_in_the_project_file_in_the_citation_and_in_the_change_log(project):
    citation = yaml.safe_load(text_of("CITATION.cff"))
    assert citation["version"] == project["version"]
    assert citation["authors"] == [{"name": "The Reformer course authors"}]
    released = re.findall(r"^## (\d+\.\d+\.\d+)", text_of("CHANGELOG.md"), re.MULTILINE)
    assert released[0] == project["version"]


def test_before_a_commit_the_same_checks_are_run_as_first_in_the_suite():
    (local,) = yaml.safe_load(text_of(".pre-commit-config.yaml"))["repos"]
    assert [hook["entry"] for hook in local["hooks"]] == [" ".join(["ruff", *step]) for step in RUFF.values()]
    pin = re.search(r"^ruff==.*$", text_of("requirements.lock"), re.MULTILINE)[0]
    assert all(hook["additional_dependencies"] == [pin] for hook in local["hooks"])


def test_hosted_ci_runs_what_ci_runs_and_the_core_on_the_other_systems():
    text = text_of(".github/workflows/ci.yml")
    jobs = yaml.safe_load(text)["jobs"]
    assert "Untried" in text.splitlines()[0]
    assert {"run": "bash .ci/run"} in jobs["all"]["steps"]
    assert jobs["core"]["strategy"]["matrix"]["os"] == ["macos-latest", "windows-latest"]
    assert any("pytest tests/reformer" in step.get("run", "") for step in jobs["core"]["steps"])


def test_ci_asks_the_newest_python_for_the_core():
    newest = start.dotted(max(start.PYTHONS))
    assert f"newest=python{newest}" in text_of(".ci/run")
    assert newest in text_of(".github/workflows/ci.yml")


def test_files_and_commands_that_the_guides_name_are_there():
    for guide in ("README.md", "CONTRIBUTING.md"):
        text = text_of(guide)
        for command in re.findall(r"(?:`|^)(?:make|python start\.py) ([a-z][a-z-]*)", text, re.MULTILINE):
            assert command in start.COMMANDS, f"{guide} names the command {command}"
        paths = re.findall(r"`((?:\.github|\.ci|tests|reformer|explorers|classroom|solutions|data)/[\w./]*)`", text)
        assert paths
        for path in paths:
            if not re.search(r"NN|NAME", path):
                assert (start.ROOT / path).exists(), f"{guide} names {path}"


def test_the_learners_copies_and_what_is_made_stay_out_of_git():
    ignored = text_of(".gitignore").splitlines()
    assert {"/my_labs/", ".venv/", f"/{start.TURN.name}", "/release/"} <= set(ignored)
