"""How many small changes to the clear core its own tests notice: mutation testing with mutmut, for `make test-long`.

Writes tests/results/mutations.json: counts for each module, the score, and the diff of every change that no test
noticed. Those that were looked at and found to change nothing do not count. They are listed in
`equivalent_mutants.json`, each with its reason, as "line → line" or as a pattern of it.

mutmut makes some 7,000 mutants, of which a core asks one in a second or two. So only a tenth is asked, those whose
number ends in 2: MUTANTS=0123456789 in the environment asks all. MUTATE="planes angular" asks for some modules only,
and keeps the stored rows of the others.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version

import pytest

import start
from reformer import UNITS

RESULTS = start.ROOT / "tests" / "results" / "mutations.json"
EQUIVALENT = start.ROOT / "tests" / "reformer" / "equivalent_mutants.json"
MODULES = ["arguments", *(name for unit in UNITS.values() for name in unit.modules)]
LOWEST_SCORE = 0.85
LAST_DIGITS = os.environ.get("MUTANTS", "2")
# mutmut stands between a function and its caller, which this test sees.
CHOSEN = "not a_checkpoint_that_cannot_be_written_on_the_way"
READ_THE_SOURCE = ("units", "one_path", "golden", "mutations")  # or other files; mutmut changes what they would see
SETTINGS = """
[tool.mutmut]
source_paths = [{paths}]
also_copy = ["reformer", "tests", "start.py"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-m", "not long and not trax and not browser", "-k", "{chosen}"]
pytest_add_cli_args_test_selection = ["tests/reformer"]
[tool.pytest.ini_options]
pythonpath = ["."]
addopts = "-q --import-mode=importlib"
markers = ["browser: x", "trax: x", "long: x", "alone: x"]
"""
# tqdm locks its bars across processes, and a mutant that mutmut stops while it holds the lock would keep it for ever.
A_LOCK_FOR_EACH_PROCESS = "\nimport threading, tqdm\n\ntqdm.tqdm.set_lock(threading.RLock())\n"


def mutate(folder, modules):
    """Run mutmut on a copy of the core. Returns all mutants, those asked, and a way to show one.

    Of each mutant it says "killed", "survived", "timeout", ..., or "not checked".
    """
    for name in ("reformer", "tests"):
        shutil.copytree(start.ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "results"))
    tests = folder / "tests" / "reformer"
    shutil.rmtree(tests / "fast")
    for name in READ_THE_SOURCE:
        (tests / f"test_{name}.py").unlink()
    shutil.copy(start.ROOT / "start.py", folder)
    with open(folder / "tests" / "conftest.py", "a", encoding="utf-8") as conftest:
        conftest.write(A_LOCK_FOR_EACH_PROCESS)
    paths = ", ".join(f'"reformer/{name}.py"' for name in modules)
    (folder / "pyproject.toml").write_text(SETTINGS.format(paths=paths, chosen=CHOSEN), encoding="utf-8")

    def mutmut(*arguments):
        environment = {**os.environ, "PYTHONPATH": "", **start.TEST_SETTINGS}
        command = [sys.executable, "-m", "mutmut", *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)

    ran = mutmut("run", "--max-children", str(min(4, os.cpu_count())), f"*__mutmut_*[{LAST_DIGITS}]")
    listed = mutmut("results", "--all", "true").stdout
    found = dict(re.findall(r"^\s+(\S+): (.+)$", listed, re.MULTILINE))
    asked = {name: word for name, word in found.items() if name[-1] in LAST_DIGITS}
    assert asked and "not checked" not in asked.values(), ran.stdout[-2000:] + ran.stderr[-2000:]
    return found, asked, lambda mutant: mutmut("show", mutant).stdout


def change_of(diff):
    """The lines that a mutant takes away and puts in, as "line → line"."""
    lines = diff.splitlines()
    was, now = (
        " ".join(line[1:].strip() for line in lines if line.startswith(sign) and not line.startswith(sign * 3))
        for sign in "-+"
    )
    return f"{was} → {now}"


@pytest.mark.long
def test_small_changes_to_the_core_are_noticed(tmp_path):
    modules = os.environ.get("MUTATE", "").split() or MODULES
    began = time.monotonic()
    found, asked, show = mutate(tmp_path, modules)
    known = [re.compile(entry["change"]) for entry in json.loads(EQUIVALENT.read_text(encoding="utf-8"))]
    stored = json.loads(RESULTS.read_text(encoding="utf-8"))["modules"] if RESULTS.exists() else {}
    for module in modules:
        of_module = {name: word for name, word in asked.items() if name.startswith(f"reformer.{module}.")}
        survivors = [name for name, word in of_module.items() if word in ("survived", "no tests")]
        changes = {name: change_of(show(name)) for name in survivors}
        equivalent = [name for name, change in changes.items() if any(one.fullmatch(change) for one in known)]
        stored[module] = {
            "mutants": sum(name.startswith(f"reformer.{module}.") for name in found),
            "asked": len(of_module),
            "equivalent": len(equivalent),
            "survived": len(survivors) - len(equivalent),
            "survivors": {name: change for name, change in changes.items() if name not in equivalent},
        }
    counted = sum(row["asked"] - row["equivalent"] for row in stored.values())
    score = 1 - sum(row["survived"] for row in stored.values()) / counted
    RESULTS.parent.mkdir(exist_ok=True)
    content = {
        "date": datetime.now(UTC).date().isoformat(),
        "versions": {name: version(name) for name in ("mutmut", "numpy", "hypothesis")},
        "seconds": round(time.monotonic() - began),
        "score": round(score, 4),
        "modules": stored,
    }
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    assert score >= LOWEST_SCORE
