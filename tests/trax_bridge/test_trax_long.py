"""What takes minutes with Trax, for `make test-long`: its own tests, what importing it costs, the ledger's figures.

Writes tests/results/trax.json, each test its own part.
"""

import json
import resource
import statistics
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

import start

pytestmark = [pytest.mark.trax, pytest.mark.long]

RESULTS = start.ROOT / "tests" / "results" / "trax.json"
OWN_TESTS = (
    "layers/research/efficient_attention_test.py",
    "layers/reversible_test.py",
    "models/reformer/reformer_test.py",
)
SEEDS = (0, 1, 2)


def store(part, figures):
    """Put the figures of one test into the results file, with date and versions."""
    stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    versions = {name: version(name) for name in ("trax", "jax", "jaxlib", "numpy", "tensorflow")}
    stored[part] = {"date": datetime.now(UTC).date().isoformat(), "versions": versions, **figures}
    RESULTS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def run(command, folder):
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=start.in_environment({"PYTHONPATH": str(start.ROOT)}),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("name", OWN_TESTS)
def test_trax_passes_its_own_tests_as_shipped(tmp_path, name):
    file = Path(find_spec("trax").origin).parent / name
    report, settings = tmp_path / "report.xml", tmp_path / "pytest.ini"
    settings.write_text("[pytest]\n", encoding="utf-8")
    options = ["-c", settings, "--rootdir", tmp_path, "-p", "no:cacheprovider", f"--junitxml={report}"]
    ran = run(["-m", "pytest", "-q", *map(str, options), str(file)], tmp_path)
    assert report.exists(), ran.stdout[-2000:] + ran.stderr[-2000:]
    counts = ElementTree.parse(report).getroot().find("testsuite").attrib
    failed, skipped = int(counts["failures"]) + int(counts["errors"]), int(counts["skipped"])
    passed = int(counts["tests"]) - failed - skipped
    stored = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    so_far = stored.get("own tests", {}).get("files", {})
    store("own tests", {"files": so_far | {name: {"passed": passed, "skipped": skipped, "failed": failed}}})
    assert failed == 0 and passed > 0, ran.stdout[-4000:]


def seconds_of(code, folder):
    """CPU seconds of a fresh process: the median of three."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ran = run(["-c", code], folder)
        assert ran.returncode == 0, ran.stderr[-2000:]
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return round(statistics.median(spent), 2)


def test_what_importing_trax_costs(tmp_path):
    costs = {
        "tensorflow and jax": seconds_of("import tensorflow, jax", tmp_path),
        "import trax": seconds_of("import trax", tmp_path),
        "load_trax": seconds_of("import trax_bridge; trax_bridge.load_trax()", tmp_path),
    }
    ratios = {name: round(spent / costs["tensorflow and jax"], 2) for name, spent in costs.items()}
    store("import", {"CPU seconds, median of 3": costs, "times tensorflow and jax": ratios})
    assert ratios["load_trax"] <= 1.5
