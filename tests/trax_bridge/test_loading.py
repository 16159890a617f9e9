"""Importing Trax, and what stands in its place where there is none."""

import inspect
import os
import subprocess
import sys

import pytest

import start
from trax_bridge import loading
from trax_bridge.loading import TraxMissing, cheap_inspection, how_to_install, load_trax, trax_if_here


def run(code, **variables):
    """Run code in a fresh process, from the folder of the course."""
    environment = {name: value for name, value in os.environ.items() if name not in start.SETTINGS} | variables
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=start.ROOT,
        env=environment | {"PYTHONPATH": str(start.ROOT)},
        capture_output=True,
        text=True,
    )


def test_the_bridge_is_imported_without_trax_and_without_jax():
    ran = run(
        "import sys, trax_bridge.ledger, trax_bridge.models\nprint({'trax', 'jax', 'tensorflow'} & set(sys.modules))"
    )
    assert ran.stdout == "set()\n", ran.stderr


@pytest.mark.parametrize("exists", [True, False])
def test_without_trax_one_sentence_says_how_to_install_it(monkeypatch, exists):
    monkeypatch.setattr(loading, "trax_exists_here", lambda: exists)
    monkeypatch.delitem(sys.modules, "trax", raising=False)
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TraxMissing, match="`make trax`") as caught:
        load_trax()
    assert isinstance(caught.value, ImportError)
    assert ("with Python 3.11 to 3.13" in str(caught.value)) is not exists
    assert "runs without it" in str(caught.value)


def test_a_notebook_goes_on_without_trax_after_the_same_sentence(monkeypatch, capsys):
    def missing():
        raise TraxMissing(how_to_install())

    monkeypatch.setattr(loading, "load_trax", missing)
    assert trax_if_here() is None
    assert capsys.readouterr().out == f"Left out: {how_to_install()}\n"


@pytest.mark.parametrize(
    "system, processor", [("linux", "x86_64"), ("darwin", "arm64"), ("darwin", "x86_64"), ("win32", "")]
)
@pytest.mark.parametrize("version", start.PYTHONS)
def test_trax_exists_where_the_course_installs_it(monkeypatch, system, processor, version):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "version_info", (*version, 0))
    monkeypatch.setattr(start.platform, "machine", lambda: processor)
    assert loading.trax_exists_here() == start.trax_is_built(start.dotted(version))
    assert ("does not exist" in how_to_install()) is not loading.trax_exists_here()


@pytest.mark.trax
def test_jax_with_other_random_bits_is_refused():
    ran = run("import jax, trax_bridge\ntrax_bridge.load_trax()", JAX_THREEFRY_PARTITIONABLE="1")
    assert ran.returncode == 1 and "RuntimeError: jax was imported before Trax" in ran.stderr


LOADED = """
import inspect, os, sys
before = inspect.stack, inspect.getframeinfo
import trax_bridge
trax = trax_bridge.load_trax()
assert trax_bridge.load_trax() is trax
assert (inspect.stack, inspect.getframeinfo) == before
assert not sys.modules["jax"].config.jax_threefry_partitionable
dense = trax.layers.Dense(2)
_, line = inspect.getsourcelines(trax.layers.core.Dense)
said = f"Defined at {trax.layers.core.__file__}:{line} function input"
assert dense._before_assert_fun._message == said, dense._before_assert_fun._message
print("loaded", end="")
"""


@pytest.mark.trax
def test_trax_is_imported_without_a_word_and_its_layers_know_where_they_are_defined():
    ran = run(LOADED, JAX_THREEFRY_PARTITIONABLE="1")
    assert (ran.stdout, ran.stderr) == ("loaded", "")


def test_others_than_trax_are_answered_as_ever_while_it_is_imported():
    with cheap_inspection():
        cheap = inspect.stack()[0]
        of_frame = inspect.getframeinfo(inspect.currentframe())
    true = inspect.stack()[0]
    assert cheap.function == of_frame.function == true.function
    assert (cheap.filename, cheap.lineno + 2) == (true.filename, true.lineno)
    assert cheap.code_context == ["        cheap = inspect.stack()[0]\n"]


def test_what_a_failed_import_said_is_noted_on_its_exception(capfd):
    with pytest.raises(OSError) as caught, loading.silence():
        os.write(2, b"libcuda is away")
        raise OSError("no")
    assert caught.value.__notes__ == ["libcuda is away"]
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
