"""start.py: choosing a Python, keeping .venv, saying in one sentence what is wrong. Nothing here installs anything."""

import ast
import contextlib
import errno
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import start

GOOD = {"version": [3, 12, 1], "path": "/good", "cpython": True, "bits": 64, "has_gil": True, "has_venv": True}


# ---- what a user reads first ----


def test_a_python_of_3_8_can_read_start_py():
    ast.parse((start.ROOT / "start.py").read_text(encoding="utf-8"), feature_version=(3, 8))


def test_start_py_imports_the_standard_library_alone():
    tree = ast.parse((start.ROOT / "start.py").read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in imports if isinstance(node, ast.ImportFrom)}
    assert names <= sys.stdlib_module_names


def test_help_gives_each_command_one_line(capsys):
    assert start.main(["--help"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for name in start.COMMANDS:
        assert sum(line.split()[:1] == [name] for line in lines) == 1
    assert max(map(len, lines)) <= 120


def test_make_and_start_py_have_the_same_commands():
    makefile = (start.ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split()
    assert sorted(targets) == sorted([*start.COMMANDS, "help"])
    rules = re.findall(r"^([a-z][a-z -]*):\n\t(.*)\n(?!\t)", makefile, re.MULTILINE)
    assert sorted(name for names, _ in rules for name in names.split()) == sorted(targets)
    assert all("$(PYTHON) start.py" in recipe for _, recipe in rules)


def test_an_unknown_command_is_named(capsys):
    assert start.main(["lib"]) == 2
    assert "'lib'" in capsys.readouterr().err


# ---- choosing a Python ----


@pytest.fixture
def pythons(monkeypatch):
    """Let start.py find these Pythons, in this order, and no others: {command: facts or None}."""

    def put(found):
        monkeypatch.setattr(start, "python_commands", lambda: [[name] for name in found])
        monkeypatch.setattr(start, "probe", lambda command: found[command[0]])

    return put


def test_the_first_python_that_fits_is_taken(pythons):
    pythons(
        {"old": GOOD | {"version": [3, 9, 2]}, "shim": None, "a": GOOD | {"path": "/a"}, "b": GOOD | {"path": "/b"}}
    )
    assert start.find_python() == "/a"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": [3, 10, 13]}, "Python 3.10.13 at /good"),
        ({"version": [3, 15, 0]}, "Python 3.15.0 at /good"),
        ({"has_venv": False}, "apt install python3.12-venv"),
        ({"bits": 32}, "64-bit"),
        ({"cpython": False}, "CPython"),
        ({"has_gil": False}, "usual"),
    ],
)
def test_a_python_that_does_not_fit_is_named_with_the_reason(pythons, change, words):
    pythons({"python3": GOOD | change})
    with pytest.raises(start.Trouble) as trouble:
        start.find_python()
    assert words in str(trouble.value)
    assert "3.11, 3.12, 3.13 or 3.14" in str(trouble.value)


def test_no_python_at_all_is_said(pythons):
    pythons({"python3": None})
    with pytest.raises(start.Trouble, match="Found: none"):
        start.find_python()


def test_the_probe_describes_the_running_python():
    facts = start.probe([sys.executable])
    assert tuple(facts["version"]) == sys.version_info[:3]
    assert start.misfit(facts) == ""
    assert Path(facts["path"]).exists()


def test_what_is_no_python_is_passed_over(tmp_path):
    assert start.probe([str(tmp_path / "nothing")]) is None
    assert start.probe(["git"]) is None


def test_the_pythons_allowed_are_those_of_the_project_file(project):
    lowest, highest = min(start.PYTHONS), max(start.PYTHONS)
    assert project["requires-python"] == f">={start.dotted(lowest)},<{highest[0]}.{highest[1] + 1}"
    versions = [line.rpartition(" ")[2] for line in project["classifiers"] if "Python :: 3." in line]
    assert versions == [start.dotted(version) for version in sorted(start.PYTHONS)]


# ---- keeping the environment ----


@pytest.fixture
def house(monkeypatch, tmp_path):
    """A project folder of its own, where making a venv and installing only leave a note of what was asked."""
    asked = []
    for name in ("pyproject.toml", "requirements.lock"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    monkeypatch.setattr(start, "ROOT", tmp_path)
    monkeypatch.setattr(start, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(start, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(start, "STATE", tmp_path / ".venv" / "course.json")
    monkeypatch.setattr(start, "INSTALL_LOG", tmp_path / ".venv" / "install.log")
    monkeypatch.setattr(start, "TURN", tmp_path / ".venv.lock")
    monkeypatch.setattr(start, "venv_version", lambda: "3.12" if (start.VENV / "pyvenv.cfg").exists() else None)
    monkeypatch.setattr(start, "find_python", lambda: "/good")
    monkeypatch.setattr(start, "check_space", lambda fresh, with_trax: None)

    def new_venv(python, folder):
        asked.append("venv")
        (folder / "pyvenv.cfg").write_text("", encoding="utf-8")

    def run_installer(extras, progress):
        asked.append("install " + ",".join(extras))
        progress.unpacking = True
        return 0

    monkeypatch.setattr(start, "new_venv", new_venv)
    monkeypatch.setattr(start, "run_installer", run_installer)
    return asked


def break_install(monkeypatch, *, unpacking, raising=None, log="ERROR: (from versions: none)"):
    def run_installer(extras, progress):
        progress.unpacking = unpacking
        if raising:
            raise raising
        start.INSTALL_LOG.write_text(log, encoding="utf-8")
        return 1

    monkeypatch.setattr(start, "run_installer", run_installer)


def test_the_second_run_installs_nothing(house):
    start.make_environment()
    start.make_environment()
    assert house == ["venv", "install "]


def test_trax_once_added_stays(house):
    start.make_environment("trax")
    start.make_environment()
    assert house == ["venv", "install trax"]
    start.make_environment("test")
    start.make_environment("trax")
    assert house == ["venv", "install trax", "install test,trax"]


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock"])
def test_a_changed_project_file_or_lock_is_installed_with_all_extras_that_were_there(house, name):
    start.make_environment("trax")
    (start.ROOT / name).write_text("changed", encoding="utf-8")
    start.make_environment()
    assert house == ["venv", "install trax", "install trax"]


def test_a_folder_that_was_moved_gets_a_new_environment(house):
    start.make_environment("trax")
    start.write_state(start.read_state() | {"place": "/elsewhere"})
    start.make_environment()
    assert house == ["venv", "install trax", "venv", "install trax"]


def test_another_python_under_the_environment_means_a_new_one(house, monkeypatch):
    start.make_environment()
    monkeypatch.setattr(start, "venv_version", lambda: "3.13")
    start.make_environment()
    start.make_environment()
    assert house == 2 * ["venv", "install "]


@pytest.mark.parametrize("raising", [None, KeyboardInterrupt()])
def test_an_install_that_broke_off_while_unpacking_starts_over(house, monkeypatch, raising):
    start.make_environment()
    with monkeypatch.context() as broken:
        break_install(broken, unpacking=True, raising=raising)
        with pytest.raises((start.Trouble, KeyboardInterrupt)):
            start.make_environment("trax")
    start.make_environment()
    assert house == ["venv", "install ", "venv", "install "]


@pytest.mark.parametrize("raising", [None, KeyboardInterrupt()])
def test_an_install_that_fails_before_unpacking_leaves_the_environment_as_it_was(house, monkeypatch, raising):
    start.make_environment()
    with monkeypatch.context() as broken:
        break_install(broken, unpacking=False, raising=raising)
        with pytest.raises((start.Trouble, KeyboardInterrupt)):
            start.make_environment("trax")
    start.make_environment()
    assert house == ["venv", "install "]
    start.make_environment("trax")
    assert house == ["venv", "install ", "install trax"]


def test_a_venv_that_broke_off_while_it_was_made_starts_over(house, monkeypatch):
    def breaks_off(python, folder):
        (folder / "pyvenv.cfg").write_text("", encoding="utf-8")
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(start, "new_venv", breaks_off)
        with pytest.raises(KeyboardInterrupt):
            start.make_environment()
    start.make_environment()
    assert house == ["venv", "install "]


def test_an_environment_that_someone_else_made_is_kept_and_completed(house):
    start.VENV.mkdir()
    (start.VENV / "pyvenv.cfg").write_text("", encoding="utf-8")
    start.make_environment()
    assert house == ["install "]


def test_an_environment_that_someone_else_made_and_that_does_not_fit_is_left_alone(house, monkeypatch):
    start.VENV.mkdir()
    (start.VENV / "pyvenv.cfg").write_text("theirs", encoding="utf-8")
    monkeypatch.setattr(start, "venv_version", lambda: "3.9")
    with pytest.raises(start.Trouble, match="move it away"):
        start.make_environment()
    assert (start.VENV / "pyvenv.cfg").read_text(encoding="utf-8") == "theirs"
    assert house == []


def test_too_full_a_disk_is_said_before_anything_is_fetched(monkeypatch, tmp_path):
    monkeypatch.setattr(start, "VENV", tmp_path)
    monkeypatch.setattr(start.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 2.5e9}))
    start.check_space(fresh=True, with_trax=False)
    with pytest.raises(start.Trouble, match=r"4\.0 GB, and 2\.5 GB"):
        start.check_space(fresh=True, with_trax=True)


@pytest.fixture
def installers(monkeypatch, tmp_path):
    """Let pip and uv be programs that print what they are given; which of them is there and fails can be said."""
    program = tmp_path / "installer.py"
    program.write_text(
        "import os, sys\nprint(sys.argv[1:], *(os.environ[name] for name in "
        "('PIP_CONSTRAINT', 'UV_BUILD_CONSTRAINT', 'PIP_USER')))\nsys.exit(sys.argv[1] in os.environ['FAILING'])"
    )
    real = subprocess.Popen
    monkeypatch.setattr(start, "INSTALL_LOG", tmp_path / "install.log")
    monkeypatch.setattr(
        start.subprocess, "Popen", lambda command, **how: real([sys.executable, program, *command], **how)
    )

    def install(*, uv, failing=""):
        monkeypatch.setenv("FAILING", failing)
        monkeypatch.setattr(start.shutil, "which", lambda name: uv if name == "uv" else None)
        code = start.run_installer(["test", "trax"], start.Progress())
        return code, (tmp_path / "install.log").read_text(encoding="utf-8").splitlines()

    return install


def test_the_installer_gets_the_lock_for_what_it_installs_and_for_what_it_builds_with(installers):
    for uv in (None, "/bin/uv"):
        code, (line,) = installers(uv=uv)
        assert code == 0
        assert "'-c', 'requirements.lock', '-e', '.[test,trax]'" in line
        assert line.split()[-3:] == ["requirements.lock", "requirements.lock", "0"]


def test_uv_installs_where_it_is_on_the_path(installers):
    _, (line,) = installers(uv="/bin/uv")
    assert line.startswith(f"['/bin/uv', 'pip', 'install', '--python', '{start.venv_python()}'")
    _, (line,) = installers(uv=None)
    assert line.startswith(f"['{start.venv_python()}', '-m', 'pip', 'install'")


def test_where_uv_fails_pip_tries_and_the_log_has_both(installers, capsys):
    code, lines = installers(uv="/bin/uv", failing="/bin/uv")
    assert code == 0
    assert ["'/bin/uv'" in line for line in lines] == [True, False]
    assert "uv failed" in capsys.readouterr().out
    assert installers(uv="/bin/uv", failing=f"/bin/uv {start.venv_python()}")[0] == 1


@pytest.mark.parametrize(
    "line",
    ["Installing collected packages: numpy, pip\n", "Resolved 2 packages in 7ms\n", "Resolved 1 package in 7ms\n"],
)
def test_from_the_line_after_which_files_change_an_install_is_half_done(line):
    progress = start.Progress()
    progress.follow("Collecting numpy==2.4.6\n")
    assert not progress.unpacking
    progress.follow(line)
    assert progress.unpacking


# ---- two commands at once ----

HOLDER = "import start, time\nwith start.turn():\n    print('held', flush=True)\n    time.sleep(60)"


@pytest.fixture
def holder(monkeypatch, tmp_path):
    """Another process that makes .venv."""
    monkeypatch.setattr(start, "TURN", tmp_path / ".venv.lock")
    code = HOLDER.replace("start, time", f"start, time\nstart.TURN = start.Path({str(start.TURN)!r})", 1)
    process = subprocess.Popen([sys.executable, "-c", code], cwd=start.ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_the_second_command_waits_says_so_and_goes_on_when_the_first_is_gone_however_it_ended(
    holder, monkeypatch, capsys
):
    waits = []

    def sleep(seconds):
        waits.append(holder.poll())
        holder.kill()
        holder.wait()

    monkeypatch.setattr(start.time, "sleep", sleep)
    with start.turn():
        assert waits == [None]
        assert capsys.readouterr().out == "Another command is making .venv. Waiting until it has finished.\n"
    with start.turn():  # what a killed command left behind keeps nobody out
        assert capsys.readouterr().out == ""


def test_the_second_command_finds_done_what_the_first_did_while_it_waited(house, monkeypatch):
    state = {"finished": True, "place": str(start.ROOT), "python": "3.12", "inputs": start.fingerprint(), "extras": []}

    def turn():
        start.VENV.mkdir()
        (start.VENV / "pyvenv.cfg").write_text("", encoding="utf-8")
        start.write_state(state)
        return contextlib.nullcontext()

    monkeypatch.setattr(start, "turn", turn)
    start.make_environment()
    assert house == []


def test_an_environment_that_is_ready_needs_no_turn(house, monkeypatch):
    start.make_environment()
    monkeypatch.setattr(
        start, "turn", lambda: pytest.fail("a JupyterLab would wait for an install that changes nothing")
    )
    start.make_environment()


def test_a_folder_without_locks_is_no_reason_to_stop(monkeypatch, tmp_path):
    def no_locks(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    module = start.msvcrt if start.ON_WINDOWS else start.fcntl
    monkeypatch.setattr(module, "locking" if start.ON_WINDOWS else "flock", no_locks)
    with (tmp_path / "file").open("a") as file:
        assert start.take(file)


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(start, "TURN", tmp_path / "nowhere" / ".venv.lock")
    with pytest.raises(start.Trouble, match="cannot be made"), start.turn():
        pass


# ---- what is started ----


def test_what_is_started_sees_nothing_of_another_environment(monkeypatch):
    for name in start.FOREIGN:
        monkeypatch.setenv(name, "/other")
    variables = start.environment()
    assert "/other" not in variables.values()
    assert variables["PATH"].startswith(str(start.VENV))
    assert variables["VIRTUAL_ENV"] == str(start.VENV)


def test_the_users_own_pip_settings_are_kept(monkeypatch):
    monkeypatch.setenv("PIP_PROXY", "http://proxy.example:3128")
    assert start.environment()["PIP_PROXY"] == "http://proxy.example:3128"


def test_a_machine_without_a_screen_gets_no_text_browser(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    assert not start.has_screen()
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    assert start.has_screen()
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("WAYLAND_DISPLAY")
    assert start.has_screen()


@pytest.fixture
def started(monkeypatch):
    """What a command would start, as the list of arguments after Python's own name."""
    calls = []
    monkeypatch.setattr(start, "make_environment", lambda *extras: calls.append(set(extras)))
    monkeypatch.setattr(start, "call", lambda arguments: calls.append(arguments) or 0)
    monkeypatch.setattr(start, "become", lambda arguments, **how: calls.append(arguments) or 0)
    return calls


def test_lab_opens_lesson_00_from_the_projects_folder_and_passes_arguments_on(started, monkeypatch):
    monkeypatch.setattr(start, "is_root", lambda: True)
    start.main(["lab", "--port", "9999"])
    extras, copying, arguments = started
    assert extras == set()
    assert copying == ["-P", "-m", "classroom.my_labs"]
    assert f"--ServerApp.root_dir={start.ROOT}" in arguments
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in arguments
    assert (start.ROOT / "notebooks" / "00_start_here.ipynb").exists()
    assert "--allow-root" in arguments
    assert arguments[-2:] == ["--port", "9999"]


def test_lab_is_not_run_as_root_where_it_is_not(started, monkeypatch):
    monkeypatch.setattr(start, "is_root", lambda: False)
    start.main(["lab"])
    assert "--allow-root" not in started[-1]


@pytest.mark.parametrize(
    "name", ["sample", "grade", "formgrader", "selftest", "labs", "release", "exercise", "site", "syllabus"]
)
def test_a_file_beside_the_user_cannot_pose_as_a_module(started, name):
    start.main([name, "folder"])
    assert started[1][0] == "-P"
    assert started[1][-1] == "folder"


@pytest.mark.parametrize(
    ("command", "extras", "arguments"),
    [
        ("test", {"test", "trax"}, ["-m", "tests", "-k", "name"]),
        ("test-long", {"test", "trax", "long"}, ["-m", "tests", "long", "-k", "name"]),
    ],
)
def test_the_suite_runs_in_the_environment_with_all_that_it_needs(started, command, extras, arguments):
    start.main([command, "-k", "name"])
    assert started == [extras, arguments]


# ---- Trax, where there is one ----


@pytest.mark.parametrize(
    ("system", "machine", "python", "expected"),
    [
        ("linux", "x86_64", "3.13", True),
        ("linux", "x86_64", "3.14", False),
        ("darwin", "arm64", "3.11", True),
        ("darwin", "x86_64", "3.11", False),
        ("win32", "AMD64", "3.12", False),
    ],
)
def test_trax_says_where_it_is_not_built_and_how_to_have_it(
    house, monkeypatch, capsys, system, machine, python, expected
):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(start.platform, "machine", lambda: machine)
    monkeypatch.setattr(start, "venv_version", lambda: python)
    assert (start.main(["trax"]) == 0) is expected
    said = capsys.readouterr()
    assert ("Trax is in .venv." in said.out) is expected
    assert ("Installing the course and Trax (about 4 GB" in said.out) is expected
    assert (f"not built for Python {python}" in said.err and "PYTHON=" in said.err) is not expected


# ---- one sentence for what went wrong ----

# The lines that tell, as pip 23 to 25 and the compilers print them.
LOGS = {
    "no network": """
WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection broken by
'NewConnectionError('<pip._vendor.urllib3.connection.HTTPSConnection object>: Failed to establish a new connection:
[Errno -3] Temporary failure in name resolution')': /simple/numpy/
ERROR: Could not find a version that satisfies the requirement numpy==2.4.6 (from versions: none)
ERROR: No matching distribution found for numpy==2.4.6
""",
    "broken download": """
Collecting numpy==2.4.6
  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl (16.9 MB)
ERROR: Exception:
pip._vendor.urllib3.exceptions.ReadTimeoutError: HTTPSConnectionPool(host='index.example', port=443): Read timed out.
""",
    "a certificate": """
Could not fetch URL: There was a problem confirming the ssl certificate: HTTPSConnectionPool(host='index.example',
port=443): Max retries exceeded (Caused by SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]')))
ERROR: Could not find a version that satisfies the requirement numpy (from versions: none)
""",
    "an old mirror": """
WARNING: Retrying (Retry(total=4)) after connection broken by 'Failed to establish a new connection': /simple/numpy/
ERROR: Could not find a version that satisfies the requirement numpy<2.5,>=2.2 (from versions: 1.26.3, 1.26.4)
ERROR: No matching distribution found for numpy<2.5,>=2.2
""",
    "no gcc": """
      building 'psutil._psutil_linux' extension
      gcc -Wsign-compare -DNDEBUG -g -fwrapv -O3 -Wall -fPIC -c psutil/_psutil_linux.c
      error: command 'gcc' failed: No such file or directory
  ERROR: Failed building wheel for psutil
ERROR: Could not build wheels for psutil, which is required to install pyproject.toml-based projects
""",
    "no compiler for cmake": """
      CMake Error at CMakeDetermineCCompiler.cmake:48 (message):
        Could not find the compiler specified in the environment variable CC:
        gcc.
      CMake Error: CMAKE_C_COMPILER not set, after EnableLanguage
  ERROR: Failed building wheel for argon2-cffi-bindings
""",
    "no compiler on Windows": """
      error: Microsoft Visual C++ 14.0 or greater is required. Get it with "Microsoft C++ Build Tools"
  ERROR: Failed building wheel for psutil
""",
    "a failed build": """
      psutil/_psutil_linux.c:10:10: fatal error: Python.h: No such file or directory
      error: command '/usr/bin/gcc' failed with exit code 1
  ERROR: Failed building wheel for psutil
""",
    "a full disk": """
Installing collected packages: numpy
ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device
""",
    "no rights": """
ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/course/.venv/lib/site.py'
""",
}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no network", "network"),
        ("broken download", "network"),
        ("a certificate", "network"),
        ("an old mirror", "mirror"),
        ("no gcc", "no compiler"),
        ("no compiler for cmake", "no compiler"),
        ("no compiler on Windows", "no compiler"),
        ("a failed build", "building it failed"),
        ("a full disk", "disk is full"),
        ("no rights", "may not write"),
    ],
)
def test_a_failed_install_is_told_in_one_sentence(name, words):
    sentence = start.explain(LOGS[name])
    assert words in sentence
    assert "\n" not in sentence
    assert "Traceback" not in sentence


def test_an_unknown_failure_shows_the_line_that_names_the_error():
    log = "Collecting numpy\nERROR: something new\nWARNING: see the manual\n"
    assert start.explain(log) == "It stopped with: ERROR: something new"
    assert start.explain("") == "It stopped with: no message"


def test_the_sentence_names_the_log_and_no_traceback_follows(house, monkeypatch, capsys):
    break_install(monkeypatch, unpacking=False)
    assert start.main(["trax"]) == 1
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert str(start.INSTALL_LOG) in error
    assert json.loads(start.STATE.read_text(encoding="utf-8"))["finished"]


def test_ctrl_c_during_the_install_is_no_traceback(house, monkeypatch, capsys):
    break_install(monkeypatch, unpacking=True, raising=KeyboardInterrupt())
    assert start.main(["lab"]) == 130
    assert "Traceback" not in capsys.readouterr().err
