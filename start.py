"""Start any part of the course: `python start.py COMMAND`. `python start.py --help` lists the commands.

Everything runs in .venv, made here from a Python of 3.11 to 3.14 and the pins of requirements.lock. A Python that is
too old or too new still runs this file, to say so: it uses the standard library alone and no syntax newer than 3.8.
"""

import contextlib
import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    import msvcrt

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STATE = VENV / "course.json"
INSTALL_LOG = VENV / "install.log"
TURN = ROOT / ".venv.lock"  # beside .venv, which may have to be removed
LOCK = ROOT / "requirements.lock"

PYTHONS = ((3, 13), (3, 12), (3, 11), (3, 14))  # as they are looked for: first those that can have Trax
TRAX_PYTHONS = ("3.11", "3.12", "3.13")
FIRST_LESSON = "notebooks/00_start_here.ipynb"
ON_WINDOWS = os.name == "nt"

# What another environment leaves behind, and would lead Python away from .venv.
FOREIGN = ("VIRTUAL_ENV", "PYTHONHOME", "PYTHONPATH", "PYTHONSAFEPATH", "__PYVENV_LAUNCHER__")
SETTINGS = {
    "VIRTUAL_ENV": str(VENV),
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_USER": "0",
    "JUPYTER_PREFER_ENV_PATH": "1",
    "JUPYTER_RUNTIME_DIR": str(VENV / "jupyter"),  # a browser in a sandbox may not read the usual folder, a hidden one
    "JAX_THREEFRY_PARTITIONABLE": "0",  # Trax draws the same rotations for different shapes only with jax's old bits
    "TF_CPP_MIN_LOG_LEVEL": "2",
}
TEST_SETTINGS = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}

# JupyterLab without a question about news and without the instructor's buttons; kernels that leave notebooks as stored.
LAB_SETTINGS = dict.fromkeys(("JUPYTER_CONFIG_PATH", "JUPYTER_PATH"), str(ROOT / "classroom" / "jupyter"))


class Trouble(Exception):
    """Something the user can act on; its text is one clear sentence."""


# ---- the commands ------------------------------------------------------------------------------------------------


def lab(arguments):
    """open JupyterLab on lesson 00, and print its address"""
    make_environment()
    call(["-P", "-m", "classroom.my_labs"])
    options = [
        "--ServerApp.root_dir=" + str(ROOT),
        "--LabApp.default_url=/lab/tree/" + FIRST_LESSON,
        "--PasswordIdentityProvider.hashed_password=",  # so that the address with its token always opens it
        "--ServerApp.answer_yes=True",  # one Ctrl-C is enough
        "--ServerApp.log_level=ERROR",
        "--LabApp.log_level=ERROR",
    ]
    options += ["--allow-root"] if is_root() else []
    options += [] if has_screen() else ["--no-browser"]
    say("JupyterLab is starting. Ctrl-C stops it.")
    return become(["-m", "jupyterlab", *options, *arguments], cwd=ROOT, settings=LAB_SETTINGS)


def trax(arguments):
    """add Trax to the environment (Linux, and Macs with an Apple processor; Python 3.11 to 3.13)"""
    if arguments:
        raise Trouble("trax takes no arguments.")
    make_environment("trax")
    python = read_state()["python"]
    if not trax_is_built(python):
        raise Trouble(
            f"Trax is not built for Python {python} on this machine: its tensorflow-text exists for Linux and for Macs "
            "with an Apple processor only, and for Python 3.11 to 3.13. If one of these is here, remove the folder "
            ".venv and name it: make trax PYTHON=/path/to/python3.13"
        )
    say("Trax is in .venv.")
    return 0


def syllabus(arguments):
    """print hours, points and needs of each unit (--write: renew the tables in README and lesson 00)"""
    make_environment()
    return become(["-P", "-m", "classroom.syllabus", *arguments], cwd=ROOT)


def site(arguments):
    """run the lessons and write them as web pages"""
    make_environment()
    return become(["-P", "-m", "classroom.site", *arguments], cwd=ROOT)


def doctor(arguments):
    """say what this machine can isolate, and what is missing for grading (--quick)"""
    return autograder("doctor", arguments)


def labs(arguments):
    """make labs/ anew from solutions/"""
    return autograder("labs", arguments)


def release(arguments):
    """pack what students get into one file, course-student.zip (--out FOLDER)"""
    return autograder("release", arguments)


def collect(arguments):
    """make a folder of submissions from a platform's zip: collect ARCHIVE --lab LAB --out SUBMISSIONS"""
    return autograder("collect", arguments)


def grade(arguments):
    """grade a folder of submissions: grade SUBMISSIONS --out OUT"""
    return autograder("grade", arguments)


def regrade(arguments):
    """grade again what has changed since, as the last time: regrade OUT"""
    return autograder("regrade", arguments)


def sample(arguments):
    """write submissions to try the grading on, good and bad: sample FOLDER"""
    return autograder("sample", arguments)


def formgrader(arguments):
    """look at graded submissions in nbgrader's formgrader: formgrader OUT"""
    return autograder("formgrader", arguments)


def feedback(arguments):
    """make each student's feedback anew and pack it for handing back: feedback OUT"""
    return autograder("feedback", arguments)


def export(arguments):
    """write the grades as the CSV that a learning platform takes: export OUT"""
    return autograder("export", arguments)


def exercise(arguments):
    """put the five cells of a new exercise into its lab: exercise LAB NAME"""
    return autograder("exercise", arguments)


def selftest(arguments):
    """test the exercises: are the known mistakes caught and named?"""
    return autograder("selftest", arguments)


def autograder(command, arguments):
    make_environment()
    return become(["-P", "-m", "autograder", command, *arguments])


def test(arguments):
    """run what CI runs: ruff, then pytest with Trax and a browser, on all cores"""
    make_environment("test", "trax")
    return become(["-m", "tests", *arguments], cwd=ROOT, settings=TEST_SETTINGS)


def test_long(arguments):
    """run the tests that are too long for `test`"""
    make_environment("test", "trax", "long")
    return become(["-m", "tests", "long", *arguments], cwd=ROOT, settings=TEST_SETTINGS)


def bench(arguments):
    """measure speed and memory beside other implementations"""
    make_environment("test")
    return become(["-m", "benchmarks", *arguments], cwd=ROOT)


def lock(arguments):
    """renew requirements.lock from pyproject.toml (--upgrade: take the newest versions)"""
    make_environment("test")
    options = ["--universal", "--python-version", "3.11", "--all-extras", "--no-emit-index-url", "--no-annotate"]
    options += ["--quiet", "--custom-compile-command", "python start.py lock", "--output-file", LOCK.name]
    return become(["-m", "uv", "pip", "compile", "pyproject.toml", *options, *arguments], cwd=ROOT)


COMMANDS = {
    name.__name__.replace("_", "-"): name
    for name in (
        *(lab, trax, syllabus, site),
        *(doctor, labs, release, sample, collect, grade, regrade, formgrader, feedback, export),
        *(exercise, selftest, test, test_long, bench, lock),
    )
}


def main(arguments):
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        say(help_text())
        return 0
    if arguments[0] not in COMMANDS:
        say(f"There is no command {arguments[0]!r}. `python start.py --help` lists them.", error=True)
        return 2
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except Trouble as trouble:
        say(str(trouble), error=True)
        return 1
    except KeyboardInterrupt:
        say("\nStopped. The same command goes on from here.", error=True)
        return 130


def help_text():
    lines = ["python start.py COMMAND, or make COMMAND. The commands:", ""]
    lines += [f"  {name:<12}{function.__doc__}" for name, function in COMMANDS.items()]
    return "\n".join(lines + ["", "What follows the command goes on to the program it starts."])


# ---- the Python that the environment is made from ----------------------------------------------------------------

PROBE = """
import json, platform, struct, sys, sysconfig
try:
    import ensurepip, venv
    has_venv = True
except ImportError:
    has_venv = False
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "path": getattr(sys, "_base_executable", None) or sys.executable,
    "cpython": platform.python_implementation() == "CPython",
    "bits": 8 * struct.calcsize("P"),
    "has_gil": not sysconfig.get_config_var("Py_GIL_DISABLED"),
    "has_venv": has_venv,
}))
"""


def find_python():
    """The path of a Python that can carry the course: the running one if it fits, else one that PATH names."""
    misfits = []
    for command in python_commands():
        facts = probe(command)
        if facts is None:
            continue
        fault = misfit(facts)
        if not fault:
            return facts["path"]
        misfits.append("Python {} at {}{}".format(dotted(facts["version"]), facts["path"], fault))
    found = "; ".join(dict.fromkeys(misfits)) or "none"
    raise Trouble(
        f"The course needs Python 3.11, 3.12, 3.13 or 3.14. Found: {found}. Install one of these, or name it: "
        "make lab PYTHON=/path/to/python3.12"
    )


def python_commands():
    versions = [dotted(version) for version in PYTHONS]
    commands = [[sys.executable]]
    commands += [["py", "-" + version] for version in versions] if ON_WINDOWS else []
    commands += [["python" + version] for version in versions] + [["python3"], ["python"]]
    return [command for command in commands if shutil.which(command[0])]


def probe(command):
    """What a Python is, or None if the command is none: a shim without a version, the shop window of a store."""
    try:
        answer = subprocess.run(command + ["-c", PROBE], env=environment(), capture_output=True, text=True, timeout=60)
        return json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def misfit(facts):
    """Why this Python cannot carry the course, as the end of a sentence; empty if it can."""
    if tuple(facts["version"][:2]) not in PYTHONS:
        return " (not one of these versions)"
    if not (facts["cpython"] and facts["has_gil"] and facts["bits"] == 64):
        return " (not the usual 64-bit CPython)"
    if not facts["has_venv"]:
        return " (without its venv module; Debian and Ubuntu: apt install python{}-venv)".format(
            dotted(facts["version"][:2])
        )
    return ""


def dotted(version):
    return ".".join(str(part) for part in version)


# ---- the environment ---------------------------------------------------------------------------------------------


def make_environment(*extras):
    """Bring .venv to the pinned versions with at least these extras. Quick if it is there already."""
    state = read_state()
    if is_whole(state) and state == with_extras(state, extras):
        return
    with turn():
        state = read_state()
        if not is_whole(state):
            state = start_over(state)
        wanted = with_extras(state, extras)
        if wanted != state:
            install(state, wanted)


def with_extras(state, extras):
    """The state of a .venv brought to today's pins, with these extras beside those it has."""
    return dict(state, inputs=fingerprint(), extras=sorted({*extras, *state["extras"]}))


@contextlib.contextmanager
def turn():
    """Let one command at a time change .venv; the next one waits. A turn ends with its process, however that ends."""
    try:
        file = TURN.open("a")
    except OSError as error:
        raise Trouble(f"{TURN} cannot be made ({error.strerror}): check that you may write there.") from error
    with file:
        if not take(file):
            say("Another command is making .venv. Waiting until it has finished.")
            while not take(file):
                time.sleep(0.2)
        yield


def take(file):
    """Lock a file for this process, until it is closed; False where another process holds it."""
    try:
        if ON_WINDOWS:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass  # some network folders have no locks
    return True


def read_state():
    """What start.py noted about .venv; empty if it noted nothing."""
    try:
        return json.loads(STATE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def write_state(state):
    STATE.write_text(json.dumps(state), encoding="utf-8")


def is_whole(state):
    """Was the last install finished, here (a moved .venv points to its old place), and does its Python still run?"""
    return state.get("finished") and state.get("place") == str(ROOT) and state.get("python") == venv_version()


def fingerprint():
    """A digest of what an install depends on."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + LOCK.read_bytes()).hexdigest()


def venv_python(venv=VENV):
    return str(venv / "Scripts" / "python.exe" if ON_WINDOWS else venv / "bin" / "python")


def venv_version():
    """Major and minor version of the Python in .venv, or None if it does not run or has no pip."""
    code = "import importlib.util, sys; print(*sys.version_info[:2], sep='.') if importlib.util.find_spec('pip') else 0"
    try:
        answer = subprocess.run([venv_python(), "-c", code], env=environment(), capture_output=True, text=True)
    except OSError:
        return None
    return answer.stdout.strip() or None


def start_over(state):
    """A .venv with nothing of the course in it, and its state. One that someone else made there is taken over."""
    if (VENV / "pyvenv.cfg").exists() and not STATE.exists():
        if venv_version() not in [dotted(version) for version in PYTHONS]:
            raise Trouble("The folder .venv is not from start.py and cannot be used; move it away and try again.")
    else:
        python = find_python()
        say(f"Making .venv from {python}")
        try:
            shutil.rmtree(str(VENV), ignore_errors=not VENV.exists())
            VENV.mkdir()
            write_state({"finished": False})
        except OSError as error:
            raise Trouble(
                f"{VENV} cannot be made ({error.strerror}): close what uses it, and check that you may write there."
            ) from error
        new_venv(python, VENV)
    return {
        "finished": True,
        "place": str(ROOT),
        "python": venv_version(),
        "inputs": "",
        "extras": state.get("extras", []),
    }


def new_venv(python, folder):
    succeed([python, "-m", "venv", str(folder)], "Python could not make an environment")
    return venv_python(folder)


def install(state, wanted):
    """Install the project with the wanted extras. Until unpacking begins, .venv stays as good as it was."""
    adding = set(wanted["extras"]) - set(state["extras"])
    with_trax = "trax" in adding and trax_is_built(state["python"])
    check_space(fresh=not state["inputs"], with_trax=with_trax)
    size = "about 4 GB, 2 to 3 minutes" if with_trax else "about 0.5 GB, 1 minute"
    about = {"test": "its tests' tools", "long": "the tools of the long tests", "trax": "Trax"}
    names = ["the course"] + [about[extra] for extra in sorted(adding) if extra != "trax" or with_trax]
    say("Installing {} ({} on a fast line)".format(" and ".join(names), size))
    began = time.time()
    progress = Progress()
    write_state(dict(state, finished=False))
    try:
        code = run_installer(wanted["extras"], progress)
    finally:
        progress.clear()
        if not progress.unpacking:
            write_state(state)
    if code:
        log = INSTALL_LOG.read_text(encoding="utf-8", errors="replace")
        raise Trouble(f"{explain(log)} The whole log: {INSTALL_LOG}")
    write_state(wanted)
    say(f"Installed in {time.time() - began:.0f} s.")


def run_installer(extras, progress):
    """Let uv install, if it is on the path, and pip if it is not or if it fails: pip may know another index."""
    target = ".[{}]".format(",".join(extras)) if extras else "."
    pinned = ["-c", LOCK.name, "-e", target]
    # What builds a package (setuptools) comes from the lock too; older pips read the first name, newer the second.
    builds = {"PIP_CONSTRAINT": LOCK.name, "PIP_BUILD_CONSTRAINT": LOCK.name, "UV_BUILD_CONSTRAINT": LOCK.name}
    pip = [venv_python(), "-m", "pip", "install", "--progress-bar", "off", *pinned]
    uv = shutil.which("uv")
    with INSTALL_LOG.open("w", encoding="utf-8") as log:
        if uv:
            code = follow(
                [uv, "pip", "install", "--python", venv_python(), "--no-progress", *pinned], builds, log, progress
            )
            if code == 0:
                return code
            say("  uv failed; now with pip")
        return follow(pip, builds, log, progress)


def follow(command, settings, log, progress):
    """Run an installer to its end, with what it prints in the log and on the progress line. Returns its exit code."""
    installer = subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=environment(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    with installer:
        try:
            for line in installer.stdout:
                log.write(line)
                progress.follow(line)
        except BaseException:
            installer.terminate()
            raise
    return installer.returncode


class Progress:
    """One changing line about what an installer does; without a terminal, only that it unpacks."""

    def __init__(self):
        self.unpacking = False
        self.found = 0

    def follow(self, line):
        collecting = re.match(r"Collecting ([\w.-]+)", line)
        resolved = re.match(r"Resolved (\d+) packages?", line)  # uv says no more before it changes .venv
        if collecting:
            self.found += 1
            self.show(f"  {self.found:>4} packages, now {collecting.group(1)}")
        elif resolved:
            self.unpack(resolved.group(1))
        elif line.startswith("Installing collected packages"):
            self.unpack(line.count(",") + 1)

    def unpack(self, number):
        self.unpacking = True
        self.clear()
        say(f"  unpacking {number} packages")

    def show(self, text):
        if sys.stdout.isatty():
            print("\r" + text.ljust(60)[:60], end="", flush=True)

    def clear(self):
        if sys.stdout.isatty():
            print("\r" + 60 * " " + "\r", end="", flush=True)


def check_space(*, fresh, with_trax):
    """Refuse before the download what would end in a full disk."""
    needed = (0.6 if fresh else 0) + (3.4 if with_trax else 0)
    free = shutil.disk_usage(str(VENV)).free / 1e9
    if free < needed:
        raise Trouble(f"The disk is too full: this needs {needed:.1f} GB, and {free:.1f} GB are free.")


FAILURES = (
    (
        r"No space left on device|not enough space on the disk|Disk quota exceeded",
        "The disk is full: the environment needs 0.6 GB, with Trax 4 GB, and pip as much again for a moment in the "
        "folder for temporary files.",
    ),
    (
        r"Read-only file system|Permission denied|Access is denied|being used by another process",
        "pip may not write in .venv: check the rights of this folder, and close what runs from it.",
    ),
    (
        r"command '[^']+' failed: No such file|unable to execute '|Could not find the compiler|COMPILER not set"
        r"|Microsoft Visual C\+\+|invalid active developer path|linker `\w+` not found|Rust compiler",
        "A package has no ready build for this machine, and there is no compiler to build it: install one (Debian and "
        "Ubuntu: apt install build-essential; macOS: xcode-select --install; Windows: Visual C++ Build Tools).",
    ),
    (
        r"Failed building wheel for (\S+)|metadata-generation-failed",
        "A package has no ready build for this machine, and building it failed.",
    ),
    (
        r"Could not find a version that satisfies the requirement \S+.*\(from versions: (?!none)",
        "The package index that pip asks lacks a version the course needs; is it a mirror that lags behind?",
    ),
    (
        r"\(from versions: none\)|Failed to establish a new connection|Max retries exceeded|Read timed out"
        r"|CERTIFICATE_VERIFY_FAILED|ProxyError|IncompleteRead|Connection (reset|refused|aborted|broken)",
        "pip cannot reach its package index: is there a network, and does pip's configuration name the right proxy?",
    ),
)


def explain(log):
    """One sentence for a failed install, from what pip printed."""
    for pattern, sentence in FAILURES:
        if re.search(pattern, log):
            return sentence
    lines = [line.strip() for line in log.splitlines() if line.strip() and not line.startswith("WARNING")]
    errors = [line for line in lines if "error" in line.lower()]
    return "It stopped with: {}".format((errors or lines or ["no message"])[-1])


# ---- running things ----------------------------------------------------------------------------------------------


def environment(settings=None):
    """The variables for what is started: nothing of another environment, and .venv's programs first on PATH."""
    variables = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    programs = os.path.dirname(venv_python())
    path = variables.get("PATH", os.defpath)
    return dict(variables, **SETTINGS, **(settings or {}), PATH=programs + os.pathsep + path)


def call(arguments):
    """Run .venv's Python in the project's folder, and return its exit code."""
    return subprocess.call([venv_python(), *arguments], cwd=str(ROOT), env=environment())


def become(arguments, cwd=None, settings=None):
    """End as .venv's Python: its exit code is ours, and Ctrl-C goes straight to it."""
    command = [venv_python(), *arguments]
    if ON_WINDOWS:
        return wait_for(subprocess.Popen(command, cwd=str(cwd) if cwd else None, env=environment(settings)))
    os.chdir(str(cwd or "."))
    sys.stdout.flush()
    return os.execve(command[0], command, environment(settings))


def wait_for(process):
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the process got it as well, and decides


def succeed(command, complaint):
    """Run a command that has to succeed; otherwise raise Trouble with the complaint and its last line."""
    answer = subprocess.run(
        command, cwd=str(ROOT), env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if answer.returncode:
        raise Trouble(f"{complaint}. {explain(answer.stdout)}")


def say(text, error=False):
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


def is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


def has_screen():
    """Could a window open here? On Linux without one, a text browser would take over the terminal."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"))


def trax_is_built(python):
    """Does Trax's extra hold anything here, for Python "3.12", say? (The same condition stands in pyproject.toml.)"""
    here = sys.platform == "linux" or (sys.platform == "darwin" and platform.machine() == "arm64")
    return here and python in TRAX_PYTHONS


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an installer must not go on alone
    sys.exit(main(sys.argv[1:]))
