"""Start any part of the course: `python start.py COMMAND`. `python start.py --help` lists the commands.

Everything runs in .venv, made here from a Python of 3.11 to 3.13 and the pins of requirements.lock. A Python that is
too old or too new still runs this file, to say so: it uses the standard library alone and no syntax newer than 3.8.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
STATE = VENV / "course.json"
INSTALL_LOG = VENV / "install.log"
LOCK = ROOT / "requirements.lock"

PYTHONS = ((3, 13), (3, 12), (3, 11))
FIRST_LESSON = "notebooks/00_start_here.ipynb"
ON_WINDOWS = os.name == "nt"
NO_TESTS = 5  # pytest's exit code where nothing was chosen

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

# JupyterLab without a question about news and without the instructor's tabs.
LAB_SETTINGS = {"JUPYTER_CONFIG_PATH": str(ROOT / "classroom" / "jupyter")}


class Trouble(Exception):
    """Something the user can act on; its text is one clear sentence."""


# ---- the commands ------------------------------------------------------------------------------------------------


def lab(arguments):
    """open JupyterLab on lesson 00, and print its address"""
    make_environment()
    quiet_kernels()
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


def quiet_kernels():
    """Tell the kernels of .venv not to warn, in the learner's terminal, that their loopback sockets are plain."""
    settings = VENV / "etc" / "ipython" / "ipython_kernel_config.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"IPKernelApp": {"log_level": "ERROR"}}', encoding="utf-8")


def test(arguments):
    """run what CI runs: ruff, then pytest with Trax and a browser, on all cores"""
    make_environment("test", "trax")
    chromium = get_chromium()
    settings = dict(TEST_SETTINGS, **chromium_settings(chromium))
    codes = [call(["-m", "ruff", *step], settings=settings) for step in (["check", "."], ["format", "--check", "."])]
    for name, code in zip(("ruff check", "ruff format"), codes):
        if code:
            say(f"{name} found something; it stands above the tests.")
    # On all cores, but for those tests that measure memory or have to answer within seconds.
    together = ["-m", "not long and not alone", "-n", "auto", "--maxprocesses=4", "--dist=loadfile"]
    passes = [call(["-m", "pytest", *step, *arguments], settings=settings) for step in (together, ["-m", "alone"])]
    found = [code for code in passes if code != NO_TESTS]
    codes += found or [NO_TESTS]
    if not trax_is_built():
        say("Left out: the tests with Trax, which is not built for this machine.")
    if not chromium:
        say("Left out: the tests in a browser. No Chromium was found or could be got; CHROMIUM=path names one.")
        codes.append(1 if in_ci() else 0)
    return next((code for code in codes if code), 0)


def test_long(arguments):
    """run the tests that are too long for `test`"""
    make_environment("test", "trax", "long")
    settings = dict(TEST_SETTINGS, **chromium_settings(get_chromium()))
    return become(["-m", "pytest", "-m", "long", *arguments], cwd=ROOT, settings=settings)


def trax(arguments):
    """add Trax to the environment (Linux, and Macs with an Apple processor)"""
    if arguments:
        raise Trouble("trax takes no arguments.")
    if not trax_is_built():
        raise Trouble(
            "Trax is not built for this machine: its tensorflow-text exists for Linux and for Macs with an Apple "
            "processor only."
        )
    make_environment("trax")
    say("Trax is in .venv.")
    return 0


def labs(arguments):
    """make labs/ anew from solutions/"""
    make_environment()
    return become(["-P", "-m", "autograder", "labs", *arguments], cwd=ROOT)


def grade(arguments):
    """grade a folder of submissions: grade SUBMISSIONS --out OUT"""
    make_environment()
    return become(["-P", "-m", "autograder", "grade", *arguments])


def sample(arguments):
    """write submissions to try the grading on, good and bad: sample FOLDER"""
    make_environment()
    return become(["-P", "-m", "autograder", "sample", *arguments])


def formgrader(arguments):
    """look at graded submissions in nbgrader's formgrader: formgrader OUT"""
    make_environment()
    return become(["-P", "-m", "autograder", "formgrader", *arguments])


def selftest(arguments):
    """test the exercises: are the known mistakes caught and named?"""
    make_environment()
    return become(["-P", "-m", "autograder", "selftest", *arguments])


def site(arguments):
    """run the lessons and write them as web pages"""
    make_environment()
    return become(["-P", "-m", "classroom.site", *arguments], cwd=ROOT)


def bench(arguments):
    """measure speed and memory beside other implementations"""
    make_environment("test")
    return become(["-m", "benchmarks", *arguments], cwd=ROOT, settings=chromium_settings(get_chromium()))


def lock(arguments):
    """renew requirements.lock from pyproject.toml (--upgrade: take the newest versions)"""
    first_line = "# The versions the course is run with. `python start.py lock` renews this file from pyproject.toml.\n"
    with tempfile.TemporaryDirectory() as folder:
        python = new_venv(find_python(), Path(folder) / "venv")
        uv = [python, "-m", "pip", "install", "--quiet", "uv"]
        succeed(uv, "uv, which writes the lock, could not be installed")
        options = ["--universal", "--python-version", "3.11", "--all-extras", "--no-emit-index-url"]
        options += ["--no-header", "--no-annotate", "--quiet", "--output-file", str(LOCK)]
        succeed([python, "-m", "uv", "pip", "compile", "pyproject.toml", *options, *arguments], "uv found no lock")
    pins = LOCK.read_text(encoding="utf-8")
    LOCK.write_text(first_line + re.sub(r"(?m)^#.*\n", "", pins), encoding="utf-8", newline="\n")
    return 0


COMMANDS = {
    name.__name__.replace("_", "-"): name
    for name in (lab, test, test_long, trax, labs, sample, grade, formgrader, selftest, site, bench, lock)
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
        f"The course needs Python 3.11, 3.12 or 3.13. Found: {found}. Install one of these, or name it: "
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
    if not is_whole(state):
        state = start_over(state)
    wanted = dict(state, inputs=fingerprint(), extras=sorted({*extras, *state["extras"]}))
    if wanted != state:
        install(state, wanted)


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
    """Let pip install the project with the wanted extras. Until it begins to unpack, .venv stays as good as it was."""
    adding = set(wanted["extras"]) - set(state["extras"])
    check_space(adding, fresh=not state["inputs"])
    size = "about 4 GB, 2 to 3 minutes" if "trax" in adding else "about 0.5 GB, 1 minute"
    names = ["the course"] + [{"test": "its tests' tools", "trax": "Trax"}[extra] for extra in sorted(adding)]
    say("Installing {} ({} on a fast line)".format(" and ".join(names), size))
    began = time.time()
    progress = Progress()
    write_state(dict(state, finished=False))
    try:
        code = run_pip(wanted["extras"], progress)
    finally:
        progress.clear()
        if not progress.unpacking:
            write_state(state)
    if code:
        log = INSTALL_LOG.read_text(encoding="utf-8", errors="replace")
        raise Trouble(f"{explain(log)} The whole log: {INSTALL_LOG}")
    write_state(wanted)
    say(f"Installed in {time.time() - began:.0f} s.")


def run_pip(extras, progress):
    target = ".[{}]".format(",".join(extras)) if extras else "."
    command = [venv_python(), "-m", "pip", "install", "--progress-bar", "off", "-c", LOCK.name, "-e", target]
    # What builds a package (setuptools) comes from the lock too; older pips read the first name, newer the second.
    pins = {"PIP_CONSTRAINT": LOCK.name, "PIP_BUILD_CONSTRAINT": LOCK.name}
    pip = subprocess.Popen(
        command,
        cwd=str(ROOT),
        env=environment(pins),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    with pip, INSTALL_LOG.open("w", encoding="utf-8") as log:
        try:
            for line in pip.stdout:
                log.write(line)
                progress.follow(line)
        except BaseException:
            pip.terminate()
            raise
    return pip.returncode


class Progress:
    """One changing line about what pip does; without a terminal, only that it unpacks."""

    def __init__(self):
        self.unpacking = False
        self.found = 0

    def follow(self, line):
        collecting = re.match(r"Collecting ([\w.-]+)", line)
        if collecting:
            self.found += 1
            self.show(f"  {self.found:>4} packages, now {collecting.group(1)}")
        elif line.startswith("Installing collected packages"):
            self.unpacking = True
            self.clear()
            say("  unpacking {} packages".format(line.count(",") + 1))

    def show(self, text):
        if sys.stdout.isatty():
            print("\r" + text.ljust(60)[:60], end="", flush=True)

    def clear(self):
        if sys.stdout.isatty():
            print("\r" + 60 * " " + "\r", end="", flush=True)


def check_space(adding, fresh):
    """Refuse before the download what would end in a full disk."""
    needed = (0.6 if fresh else 0) + (3.4 if "trax" in adding and trax_is_built() else 0)
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


# ---- a Chromium for the tests ------------------------------------------------------------------------------------

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
CHROMIUM_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "%ProgramFiles%/Google/Chrome/Application/chrome.exe",
    "%ProgramFiles(x86)%/Google/Chrome/Application/chrome.exe",
    "%LocalAppData%/Google/Chrome/Application/chrome.exe",
    "%ProgramFiles(x86)%/Microsoft/Edge/Application/msedge.exe",
)


def get_chromium():
    """The path of a Chromium, installed if need be; None where none can be had, or where CHROMIUM names a wrong one."""
    if os.environ.get("CHROMIUM"):
        return find_chromium()
    return find_chromium() or playwright_chromium() or apt_chromium() or playwright_chromium(download=True)


def chromium_settings(path):
    """The variable by which tests and benchmarks learn where their Chromium is."""
    return {"CHROMIUM": path} if path else {}


def find_chromium():
    """The path of a Chromium that is there and runs, or None. The variable CHROMIUM comes first."""
    if os.environ.get("CHROMIUM"):
        return os.environ["CHROMIUM"] if runs(os.environ["CHROMIUM"]) else None
    paths = [shutil.which(name) for name in CHROMIUM_NAMES] + [os.path.expandvars(place) for place in CHROMIUM_PLACES]
    return next((path for path in paths if path and runs(path)), None)


def runs(path):
    """Is this a program that starts? (On Windows --version would open a window.)"""
    if ON_WINDOWS or not os.path.exists(path):
        return os.path.exists(path)
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.SubprocessError):
        return False


def apt_chromium():
    if not (is_root() and shutil.which("apt-get")):
        return None
    say("Installing Chromium with apt-get")
    settings = {"DEBIAN_FRONTEND": "noninteractive"}
    quietly(["apt-get", "update"], settings)
    quietly(["apt-get", "install", "--yes", "--no-install-recommends", "chromium"], settings)
    return find_chromium()


def playwright_chromium(download=False):
    """Playwright's own Chromium: where it lies if it is there, fetched first if asked for."""
    if download:
        say("Fetching Playwright's Chromium")
        with_system_libraries = ["--with-deps"] if is_root() and shutil.which("apt-get") else []
        quietly([venv_python(), "-m", "playwright", "install", *with_system_libraries, "chromium"])
    code = "from playwright.sync_api import sync_playwright as p\nwith p() as p: print(p.chromium.executable_path)"
    path = quietly([venv_python(), "-c", code]).strip()
    return path if path and runs(path) else None


# ---- running things ----------------------------------------------------------------------------------------------


def environment(settings=None):
    """The variables for what is started: nothing of another environment, and .venv's programs first on PATH."""
    variables = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    programs = os.path.dirname(venv_python())
    path = variables.get("PATH", os.defpath)
    return dict(variables, **SETTINGS, **(settings or {}), PATH=programs + os.pathsep + path)


def call(arguments, settings=None):
    """Run .venv's Python in the project's folder, and return its exit code."""
    return subprocess.call([venv_python(), *arguments], cwd=str(ROOT), env=environment(settings))


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


def quietly(command, settings=None):
    """Run a command that may fail; return what it printed, or nothing if it failed."""
    try:
        answer = subprocess.run(command, env=environment(settings), capture_output=True, text=True)
    except OSError:
        return ""
    return answer.stdout if answer.returncode == 0 else ""


def say(text, error=False):
    print(text, file=sys.stderr if error else sys.stdout, flush=True)


def is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


def in_ci():
    return os.environ.get("CI", "").lower() in ("true", "1")


def has_screen():
    """Could a window open here? On Linux without one, a text browser would take over the terminal."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"))


def trax_is_built():
    """Does Trax's extra hold anything here? (The same condition stands in pyproject.toml.)"""
    return sys.platform == "linux" or (sys.platform == "darwin" and platform.machine() == "arm64")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # pip must not go on alone
    sys.exit(main(sys.argv[1:]))
