"""pyproject.toml, environment.yml and requirements.lock say the same, and the code imports nothing else."""

import ast
import importlib.metadata
import itertools
import os
import re
import subprocess
import sys

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import start

LOCK_LINES = [line for line in start.LOCK.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
PINS = [Requirement(line) for line in LOCK_LINES]
PLATFORMS = [
    {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "x86_64"},
    {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux", "platform_machine": "aarch64"},
    {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "arm64"},
    {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin", "platform_machine": "x86_64"},
    {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"},
]
MACHINES = [
    default_environment()
    | platform
    | {"python_version": start.dotted(version), "python_full_version": f"{start.dotted(version)}.9"}
    for platform, version in itertools.product(PLATFORMS, start.PYTHONS)
]


def applies(requirement, machine):
    return requirement.marker is None or requirement.marker.evaluate(machine)


def all_requirements(project):
    return [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]


def test_conda_users_get_the_list_of_the_project_file_and_the_pins(project):
    environment = yaml.safe_load((start.ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, listed = environment["dependencies"]
    assert Requirement(python).specifier == Requirement(f"python{project['requires-python']}").specifier
    assert pip == "pip"
    constraint, itself, *requirements = listed["pip"]
    assert (constraint, itself) == ("-c requirements.lock", "-e .")
    assert sorted(requirements) == sorted(set(all_requirements(project)))


@pytest.mark.parametrize(
    "machine", MACHINES, ids=lambda m: f"{m['sys_platform']}-{m['platform_machine']}-{m['python_version']}"
)
def test_every_dependency_has_one_pin_that_fits_on_every_machine(project, machine):
    pins = {}
    for pin in PINS:
        if applies(pin, machine):
            pins.setdefault(canonicalize_name(pin.name), []).append(pin)
    assert all(len(found) == 1 for found in pins.values())
    for requirement in map(Requirement, all_requirements(project)):
        if applies(requirement, machine):
            (pin,) = pins[canonicalize_name(requirement.name)]
            (version,) = [specifier.version for specifier in pin.specifier]
            assert requirement.specifier.contains(version)


def test_the_lock_holds_exact_versions_and_nothing_of_a_registry():
    text = start.LOCK.read_text(encoding="utf-8")
    assert "python start.py lock" in text.splitlines()[1]
    assert all(re.fullmatch(r"==[^=*]+", str(pin.specifier)) and pin.url is None for pin in PINS)
    assert all(not pin.extras for pin in PINS)  # pip refuses extras in a list of constraints


@pytest.mark.parametrize(
    "name",
    [
        *("requirements.lock", "environment.yml", "pyproject.toml", "start.py", "Makefile", ".ci/run"),
        *(".pre-commit-config.yaml", ".github/workflows/ci.yml", "CONTRIBUTING.md", "CITATION.cff"),
    ],
)
def test_no_file_of_the_house_names_a_registry(name):
    text = (start.ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"index-url(?<!no-emit-index-url)|find-links|https?://", text)


def test_trax_is_offered_where_it_is_built(project, monkeypatch):
    for machine in MACHINES:
        monkeypatch.setattr(sys, "platform", machine["sys_platform"])
        monkeypatch.setattr(start.platform, "machine", lambda machine=machine: machine["platform_machine"])
        for requirement in map(Requirement, project["optional-dependencies"]["trax"]):
            assert applies(requirement, machine) == start.trax_is_built(machine["python_version"])


def test_the_installed_versions_are_those_of_the_lock():
    here = default_environment()
    for pin in PINS:
        if applies(pin, here):
            try:
                version = importlib.metadata.version(pin.name)
            except importlib.metadata.PackageNotFoundError:
                continue  # of an extra that is not installed
            assert pin.specifier.contains(version), f"{pin.name} is {version}, the lock says {pin.specifier}"


# ---- what the code imports ----

PACKAGES = ("reformer", "explorers", "autograder", "classroom", "trax_bridge", "gallery")
PEERS = {"torch", "transformers", "reformer_pytorch"}  # benchmarks/ runs them in environments of their own
WITH_TRAX = ("trax_bridge", "autograder/exercises/lab08")  # once `load_trax` was called
WITH_TEST_TOOLS = ("tests", "benchmarks", "explorers/stills.py")  # what only those run who change the course


def files_of(*places):
    found = [file for place in places for file in [start.ROOT / place, *(start.ROOT / place).rglob("*.py")]]
    return {file for file in found if file.suffix == ".py"}


def imported_by(files):
    """The top-level names that files import, of what is neither Python's own nor a file beside them."""
    names = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module] if isinstance(node, ast.ImportFrom) and node.level == 0 else []
            tops = {module.partition(".")[0] for module in modules}
            names |= {top for top in tops if not (file.parent / f"{top}.py").exists()}
    ours = {path.stem for path in start.ROOT.iterdir() if path.is_dir() or path.suffix == ".py"}
    return names - sys.stdlib_module_names - ours


def undeclared(names, declared):
    """Those of the imported names that no declared distribution provides."""
    declared = {canonicalize_name(Requirement(text).name) for text in declared}
    sources = importlib.metadata.packages_distributions()
    return {name for name in names if not declared & set(map(canonicalize_name, sources.get(name, [name])))}


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_imports_is_a_dependency(project, package):
    files = files_of(package) - files_of(*WITH_TEST_TOOLS, *WITH_TRAX)
    declared = project["dependencies"] + project["optional-dependencies"]["cluster"]  # grade --scheduler asks for it
    assert undeclared(imported_by(files), declared) == set()


def test_trax_is_imported_in_two_places_alone(project):
    declared = project["dependencies"] + project["optional-dependencies"]["trax"]
    assert undeclared(imported_by(files_of(*WITH_TRAX)), declared) == set()


def test_what_tests_and_benchmarks_import_is_declared(project):
    assert undeclared(imported_by(files_of(*WITH_TEST_TOOLS)), all_requirements(project)) <= PEERS


@pytest.mark.parametrize("name", [".ci/run", ".github/workflows/ci.yml"])
def test_ci_installs_for_the_core_what_the_core_and_its_tests_import(name):
    (line,) = re.findall(r"install .*-c requirements\.lock (.*)", (start.ROOT / name).read_text(encoding="utf-8"))
    tools = {"pytest-xdist"}  # asked for by an option
    assert {*line.split()} - tools == imported_by(files_of("reformer", "tests/reformer"))


@pytest.mark.trax
def test_all_packages_of_the_environment_can_be_imported_together(project):
    distributions = [canonicalize_name(Requirement(text).name) for text in all_requirements(project)]
    sources = importlib.metadata.packages_distributions()
    modules = {
        name
        for name, found in sources.items()
        if not name.startswith("_") and {canonicalize_name(source) for source in found} & set(distributions)
    }
    assert {"trax", "jax", "numpy", "nbgrader", "jupyterlab", "anywidget", "matplotlib", "pytest"} <= modules
    lines = ["import trax_bridge; trax_bridge.load_trax()"]  # soon: `import trax` itself takes five times as long
    lines += [f"import {name}" for name in sorted(modules)] + [f"import {name}" for name in PACKAGES]
    run = subprocess.run(
        [sys.executable, "-c", "\n".join([*lines, "print('together')"])],
        env=dict(os.environ, **start.SETTINGS),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert run.stdout.splitlines()[-1:] == ["together"], run.stderr[-2000:]
