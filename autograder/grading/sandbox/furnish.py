"""What a learner's kernel can see: one furnished folder for each unit, the Python it runs on, and the packages it has.

Only copies of the few files that a kernel needs are in the folder. Within walls the rest of the world has neutral
names: the folder is /course, Python is /python, the packages are in /packages, whatever they are called here.
"""

import compileall
import functools
import importlib.metadata
import os
import shutil
import sys
import sysconfig
from pathlib import Path

from autograder.grading.sandbox import profile_of, temporary
from reformer import UNITS

GRADING = Path(__file__).resolve().parents[1]
ROOM, CHECKING, REFORMER = GRADING / "room", GRADING.parent / "checking", GRADING.parents[1] / "reformer"
BRIDGE = GRADING.parents[1] / "trax_bridge"
FOR_EVERYBODY = ("numpy", "matplotlib", "ipykernel", "ipywidgets", "tqdm")
COURSE, PYTHON, PACKAGES = "/course", "/python", "/packages"


@functools.cache
def furnished(unit):
    """Return the folder with what the kernels of a unit may import, made at the first call and removed at exit.

    It is only read: by kernels within walls as /course.
    """
    folder = temporary.folder() / f"unit{unit}"
    folder.mkdir()
    packages = folder / "packages"
    copies = {
        ROOM / "launch.py": folder / "launch.py",
        ROOM / "confine.py": folder / "confine.py",
        ROOM / "nothing.py": packages / "nothing.py",
        ROOM / "package.py": packages / "autograder" / "__init__.py",
        ROOM / "probe.py": packages / "autograder" / "probe.py",
    }
    for name in ("__init__.py", "call.py", "plain.py", "answer.py"):
        copies[CHECKING / name] = packages / "autograder" / "checking" / name
    for name in ["__init__", "arguments", *_modules_before(unit)]:
        copies[REFORMER / f"{name}.py"] = packages / "reformer" / f"{name}.py"
    if "blocks" in _modules_before(unit):  # it chooses between the clear path and the tuned one
        for path in (REFORMER / "fast").glob("*.py"):
            copies[path] = packages / "reformer" / "fast" / path.name
    for name in profile_of(unit).bridge:
        copies[BRIDGE / f"{name}.py"] = packages / "trax_bridge" / f"{name}.py"
    for source, copy in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    compileall.compile_dir(folder, quiet=2, stripdir=str(folder), prependdir=COURSE)
    for name, content in {**_font_lists(), **_build_settings()}.items():
        (folder / name).write_bytes(content)
    for path in [folder, *folder.rglob("*")]:  # whatever the instructor's umask is
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def _modules_before(unit):
    """What a lab's kernel can import of the core: what its own unit teaches is what the lab asks for."""
    return [name for earlier, taught in UNITS.items() if earlier < unit for name in taught.modules]


def _font_lists():
    """Return matplotlib's lists of fonts, by file name: building one takes seconds, and every kernel would."""
    try:
        import matplotlib
        import matplotlib.font_manager  # noqa: F401 - importing it makes the list
    except ImportError:  # a learner's kernel then gets a stand-in for it
        return {}
    return {path.name: path.read_bytes() for path in Path(matplotlib.get_cachedir()).glob("fontlist-*.json")}


def _build_settings():
    """Return the module of Python's build settings with neutral names in it, by its file name."""
    name = f"{sysconfig._get_sysconfigdata_name()}.py" if hasattr(sysconfig, "_get_sysconfigdata_name") else ""
    path = Path(sysconfig.get_path("stdlib")) / name
    if not path.is_file() or _of_the_system(sys.base_prefix):
        return {}
    return {name: path.read_text(encoding="utf-8").replace(sys.base_prefix, PYTHON).encode()}


# --- Python and packages within walls ---------------------------------------------------------------------------


@functools.cache
def binds(unit, distributions):
    """Return what the walls show besides the system, as a list of (path here, path within).

    The furnished folder of a unit, the Python that runs this without its own packages, and those of some distributions.
    """
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library, stdlib = f"{PYTHON}/lib", Path(sysconfig.get_path("stdlib"))
    shown = [(Path(os.path.realpath(sys._base_executable)), f"{PYTHON}/bin/{version}")]
    if _of_the_system(sys.base_prefix):
        shown.append((stdlib, f"{library}/{version}"))
        shared = Path(sysconfig.get_config_var("LIBDIR") or "/") / (sysconfig.get_config_var("INSTSONAME") or "")
        shown += [(shared, f"{library}/{shared.name}")] if shared.suffix != ".a" and shared.is_file() else []
    else:
        shown.append((stdlib.parent, library))
    shown += [(furnished(unit), COURSE)]
    shown += [(furnished(unit) / name, f"{library}/{version}/{name}") for name in _build_settings()]
    return shown + [(path, f"{PACKAGES}/{path.name}") for path in _packages((*FOR_EVERYBODY, *distributions))]


def hidden():
    """Return folders within walls that are to be empty: Python's own packages, and how it was built."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    here, within = Path(sysconfig.get_path("stdlib")), f"{PYTHON}/lib/{version}"
    folders = [path.name for path in here.glob("config-*")] + ["site-packages", "dist-packages"]
    inside = [f"{within}/{name}" for name in folders if (here / name).is_dir()]
    beside = [] if _of_the_system(sys.base_prefix) or not (here.parent / "pkgconfig").is_dir() else ["pkgconfig"]
    return inside + [f"{PYTHON}/lib/{name}" for name in beside]


def _of_the_system(prefix):
    return str(prefix) in ("/usr", "/usr/local")


def _packages(names):
    """Return the files and folders of some distributions and all they need. Raises LookupError for a missing one."""
    from packaging.requirements import Requirement

    found, waiting = {}, list(names)
    for name in names:
        try:
            importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            raise LookupError(f"the package {name} is not installed") from None
    while waiting:
        name = waiting.pop()
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:  # one for another system
            continue
        key = str(distribution.locate_file(distribution.metadata["Name"]))
        if key not in found:
            found[key] = distribution
            needs = map(Requirement, distribution.requires or [])
            waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    roots = {distribution.locate_file(_top(file)) for distribution in found.values() for file in distribution.files}
    return sorted(Path(root) for root in roots if root and Path(root).name not in ("__pycache__", "bin"))


def _top(file):
    """Return the first part of a distribution's file; of one outside site-packages, such as a command, nothing."""
    return file.parts[0] if file.parts[0] != ".." else "__pycache__"
