"""Import Trax as a notebook wants it: soon, silently, with the random bits it was written for, and mended.

Of the seconds that `import trax` takes, most go into one line of `trax/layers/assert_shape.py`: for each function that
it decorates it asks `inspect` for the whole stack, with file and module of every frame, and keeps one file name and one
line number. While Trax is imported, the same two are read off the frame itself.
"""

import importlib
import importlib.util
import inspect
import os
import platform
import sys
import tempfile
import warnings
from contextlib import contextmanager

from trax_bridge.mending import mend

PYTHONS = ((3, 11), (3, 12), (3, 13))  # that Trax's own requirements are built for
RANDOM_BITS = "JAX_THREEFRY_PARTITIONABLE"  # jax 0.5 turned it on; Trax draws equal rotations for any shape without it
WITHOUT = "All of the course that is not marked Trax runs without it."


class TraxMissing(ImportError):
    """Trax is not installed; the message says how to install it, or where it exists."""


def load_trax():
    """Import Trax, in about the time that tensorflow and jax take alone, and return it.

    Nothing is printed or logged. What Trax computes is left alone; two of its functions are replaced, for resuming from
    a checkpoint (`mending`).

    Raises TraxMissing, an ImportError, if Trax is not installed, and RuntimeError if jax was imported before with the
    other random bits.
    """
    if "trax" not in sys.modules and importlib.util.find_spec("trax") is None:
        raise TraxMissing(how_to_install())
    choose_random_bits()
    with cheap_inspection(), silence():
        import trax
        import trax.supervised.training
    mend(trax)
    return trax


def trax_if_here():
    """`load_trax`, for a notebook that goes on without: None, after a sentence, where Trax is not installed."""
    try:
        return load_trax()
    except TraxMissing as missing:
        print(f"Left out: {missing}")
        return None


def trax_exists_here():
    """Is there a Trax to install on this machine, for this Python?"""
    here = sys.platform == "linux" or (sys.platform == "darwin" and platform.machine() == "arm64")
    return here and sys.version_info[:2] in PYTHONS


def how_to_install():
    """The sentence for a reader who has no Trax."""
    where = "on Linux and on Macs with an Apple processor, with Python 3.11 to 3.13"
    if trax_exists_here():
        return f"Trax is not installed: `make trax`, in the folder of the course, installs it. {WITHOUT}"
    version = ".".join(map(str, sys.version_info[:2]))
    return f"Trax does not exist for Python {version} on this machine: `make trax` installs it {where}. {WITHOUT}"


def choose_random_bits():
    """Tell jax to draw the random bits that Trax was written for.

    Raises RuntimeError if jax was imported before with others: numbers may have been drawn already.
    """
    os.environ[RANDOM_BITS] = "0"
    if "jax" in sys.modules and sys.modules["jax"].config.jax_threefry_partitionable:
        raise RuntimeError(
            f"jax was imported before Trax, with other random bits than Trax needs. Start Python anew, and call "
            f"load_trax() before anything imports jax, or set the variable {RANDOM_BITS}=0 before Python starts."
        )


@contextmanager
def cheap_inspection():
    """While inside, answer `assert_shape` from the frame alone, and everybody else as ever."""
    stack, getframeinfo = inspect.stack, inspect.getframeinfo

    def asked_by_trax(frame):
        return frame.f_globals.get("__name__") == "trax.layers.assert_shape"

    def quick_stack(context=1):
        frame = sys._getframe(1)
        if not asked_by_trax(frame):
            return inspect.getouterframes(frame, context)
        return [(frame,), (frame.f_back,)]

    def quick_info(frame, context=1):
        if not asked_by_trax(sys._getframe(1)):
            return getframeinfo(frame, context)
        return inspect.Traceback(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name, None, None)

    inspect.stack, inspect.getframeinfo = quick_stack, quick_info
    try:
        yield
    finally:
        inspect.stack, inspect.getframeinfo = stack, getframeinfo


@contextmanager
def silence():
    """While inside, nothing is printed; what a failed import would have said is noted on its exception.

    The streams of Python are left alone: loggers that are made meanwhile keep them for ever. What is written past
    Python, to the file descriptors, comes from TensorFlow; the notice of gym is taken out of its list.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    _without_gym_notices()
    kept = {number: os.dup(number) for number in (1, 2)}
    with tempfile.TemporaryFile() as said, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        try:
            for number in kept:
                os.dup2(said.fileno(), number)
            yield
        except BaseException as problem:
            said.seek(0)
            problem.add_note(said.read().decode(errors="replace")[-2000:])
            raise
        finally:
            for number, copy in kept.items():
                os.dup2(copy, number)
                os.close(copy)


def _without_gym_notices():
    """gym prints what its list of notices says about its version: that it is no longer looked after."""
    if importlib.util.find_spec("gym_notices") is not None:
        importlib.import_module("gym_notices.notices").notices.clear()
