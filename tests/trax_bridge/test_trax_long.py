"""What takes minutes with Trax, for `make test-long`: its own tests, what importing it costs, the ledger's figures.

Writes tests/results/trax.json, each test its own part.
"""

import json
import resource
import statistics
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import start
from reformer.angular import factorised_hash
from reformer.layers import linear, merge_heads
from reformer.lsh_attention import lsh_attention
from reformer.model import ReformerLM
from tests.trax_bridge.both import attention_of_both, heads_of, rows_that_see_others, started
from trax_bridge import load_trax, to_trax
from trax_bridge.models import rotations_of, trax_twin
from trax_bridge.twins import computed_by_both

pytestmark = [pytest.mark.trax, pytest.mark.long]

RESULTS = start.ROOT / "tests" / "results" / "trax.json"
OWN_TESTS = (
    "layers/research/efficient_attention_test.py",
    "layers/reversible_test.py",
    "models/reformer/reformer_test.py",
)
SEEDS = (0, 1, 2)
MODEL = ReformerLM(
    vocabulary_size=13, max_length=32, d_model=16, d_ff=24, n_heads=2, n_rounds=1, n_buckets=8, chunk_length=8
)
LONGER = replace(MODEL, max_length=128)
N_PADDED = 40


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
        env=start.environment({"PYTHONPATH": str(start.ROOT)}),
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
    assert costs["load_trax"] < costs["import trax"]


# ---- what the ledger says ----


def rounded(*numbers):
    return [number if isinstance(number, int) else float(f"{number:.2g}") for number in numbers]


def over_seeds(measure, *arguments, **options):
    """What a measurement gives for each seed: {name: [one number for each seed]}."""
    rows = [measure(np.random.default_rng(seed), *arguments, **options) for seed in SEEDS]
    return {name: rounded(*(row[name] for row in rows)) for name in rows[0]}


def rows_alone(rng, n_rounds):
    """Where a token sees only itself in some round: how many rows, and how far they and the others are off."""
    model = replace(LONGER, n_rounds=n_rounds)
    ours, theirs, buckets = attention_of_both(rng, model)
    others = np.all(rows_that_see_others(buckets, model), axis=1)
    off = np.max(np.abs(ours - theirs), axis=-1)
    share = off / np.max(np.abs(theirs), axis=-1)
    return {"rows": np.mean(~others), "off by a share of": np.max(share[~others]), "others off by": np.max(off[others])}


def rows_of_long_vectors(rng, scale):
    ours, theirs, _ = attention_of_both(rng, MODEL, scale=scale)
    return {"rows": np.mean(np.max(np.abs(ours - theirs), axis=-1) > 1e-3 * np.max(np.abs(theirs)))}


def rows_beside_padding(rng, n_rounds):
    """The real rows that differ when the last tokens are padding, by Trax's mask and by ours."""
    model = replace(LONGER, n_rounds=n_rounds)
    parameters = model.init_parameters(rng)["layers"]["0"]["attention"]
    x = rng.standard_normal((2, model.max_length, model.d_model), dtype=np.float32)
    padding = np.broadcast_to(np.arange(model.max_length) >= model.max_length - N_PADDED, x.shape[:2])
    sizes = dict(n_heads=model.n_heads, d_qk=8, d_v=8, chunk_len=model.chunk_length)
    hashing = dict(n_hashes=n_rounds, n_buckets=model.n_buckets, n_parallel_heads=None)
    masked = load_trax().layers.LSHSelfAttention(**sizes, **hashing, causal=True, masked=True, mode="eval")
    layer, inputs = started(masked, x, ~padding)
    weights = to_trax(model, parameters, layer.weights, part="attention")
    theirs, _ = load_trax().fastmath.jit(layer.pure_fn)(inputs, weights, layer.state, layer.rng)
    queries_keys, values = heads_of(model, parameters, x)
    buckets = factorised_hash(queries_keys, rotations_of(model, layer.state))
    of_heads = np.broadcast_to(padding[:, np.newaxis], values.shape[:-1])
    options = dict(n_buckets=model.n_buckets, chunk_length=model.chunk_length, padding=of_heads)
    ours = linear(merge_heads(lsh_attention(queries_keys, values, buckets, **options)), parameters["w_out"], None)
    return {"rows": np.mean(np.max(np.abs(ours - theirs), axis=-1)[~padding] > 0.01)}


def whole_model(rng, n_rounds, dtype=np.float32):
    """How far logits, loss and gradients of a whole ReformerLM are apart."""
    model = replace(MODEL, n_rounds=n_rounds)
    parameters = model.init_parameters(rng, dtype)
    ours, theirs = computed_by_both(model, parameters, rng.integers(0, model.vocabulary_size, (2, model.max_length)))
    largest = max(np.max(np.abs(array)) for array in theirs.gradients.values())
    apart = [np.max(np.abs(ours.gradients[name] - array)) for name, array in theirs.gradients.items()]
    return {
        "buckets that differ": sum(int(np.sum(a != b)) for a, b in zip(ours.buckets, theirs.buckets, strict=True)),
        "logits": np.max(np.abs(ours.logits - theirs.logits)),
        "loss": abs(ours.loss - theirs.loss),
        "gradients, as a share of the largest": max(apart) / largest,
    }


def predicting(rng, n_rounds):
    """Logits of Trax's model in "predict" mode, one token after the other, against all at once."""
    model, trax = replace(MODEL, n_rounds=n_rounds), load_trax()
    parameters = model.init_parameters(rng)
    tokens = rng.integers(0, model.vocabulary_size, (1, model.max_length))
    layer = trax_twin(model, parameters, tokens)
    at_once = layer(trax.fastmath.numpy.asarray(tokens))
    writer = trax_twin(model, parameters, tokens[:, :1], mode="predict")
    step, state, one_by_one = trax.fastmath.jit(writer.pure_fn), writer.state, []
    for token in np.pad(tokens, ((0, 0), (1, 0)))[0, :-1]:
        logits, state = step(trax.fastmath.numpy.asarray([[token]]), writer.weights, state, writer.rng)
        one_by_one.append(logits)
    off = np.max(np.abs(np.concatenate(one_by_one, axis=1) - at_once), axis=-1)
    return {"rows": np.mean(off > 0.01), "logits": np.max(off)}


def test_the_ledger_says_what_is_measured():
    jax = load_trax() and sys.modules["jax"]
    alone = {n: over_seeds(rows_alone, n) for n in (2, 4, 8)}
    whole = {n: over_seeds(whole_model, n) for n in (1, 2, 4)}
    with jax.experimental.enable_x64():
        exact = over_seeds(whole_model, 2, dtype=np.float64)
    padded = {n: over_seeds(rows_beside_padding, n) for n in (1, 4)}
    long = {f"{scale:.0e}": over_seeds(rows_of_long_vectors, scale) for scale in (1e3, 1e6)}
    written = {n: over_seeds(predicting, n) for n in (1, 2)}
    store(
        "ledger",
        {
            "seeds": SEEDS,
            "rows that see only themselves, by rounds": alone,
            "whole model in float32, by rounds": whole,
            "whole model of 2 rounds in float64": exact,
            "real rows that differ beside padding, by rounds": padded,
            "rows that differ where inputs are long, by their size": long,
            "rows that differ in predict mode, by rounds": written,
        },
    )
    assert not any(sum(figures["buckets that differ"]) for figures in (*whole.values(), exact))
    assert max(whole[1]["logits"]) < 1e-6 and max(exact["logits"]) < 1e-11
    assert max(max(whole[n]["logits"]) for n in (2, 4)) < 0.005
    assert all(max(figures["others off by"]) < 1e-6 for figures in alone.values())
    assert 0.003 < max(max(figures["off by a share of"]) for figures in alone.values()) < 0.0036
    assert 0.09 < min(alone[2]["rows"]) and max(alone[8]["rows"]) < 0.21
    assert 0.05 < min(padded[1]["rows"]) and max(padded[4]["rows"]) < 0.3
    assert max(long["1e+03"]["rows"]) == 0 and min(long["1e+06"]["rows"]) > 0.9
    assert min(min(figures["rows"]) for figures in written.values()) > 0.9
