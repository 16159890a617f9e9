"""Start a learner's kernel: give up rights, take the project out of reach, hand over to ipykernel.

Run as `python -P -s [-S] launch.py SETTINGS`, with the settings of `autograder.grading.sandbox` as JSON. It stands in a
furnished folder, beside `packages`.
"""

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent


def leave_only_the_library_and(*packages):
    """Import from `packages`, the standard library and, outside walls, site-packages; forget the project's place."""
    sys.meta_path[:] = [finder for finder in sys.meta_path if not _of_an_editable_install(finder)]
    sys.path_hooks[:] = [hook for hook in sys.path_hooks if not _of_an_editable_install(hook)]
    library = [Path(prefix).resolve() for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix}]
    inside = [entry for entry in sys.path if any(Path(entry).resolve().is_relative_to(prefix) for prefix in library)]
    sys.path[:] = [*map(str, packages), *inside]
    sys.path_importer_cache.clear()
    for name in [name for name in sys.modules if name.startswith("__editable__")]:
        del sys.modules[name]


def _of_an_editable_install(finder):
    return getattr(finder, "__module__", None) is not None and finder.__module__.startswith("__editable__")


def confine(limits, walled):
    """Set the limits that this machine knows; within walls all of them, and for good."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    if not walled:
        memory = limits["memory"] or resource.RLIM_INFINITY
        for which, most in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_AS, memory)):
            try:
                resource.setrlimit(which, (most, most))
            except (ValueError, OSError):  # macOS may refuse it
                pass
        return
    sys.path.insert(0, str(HERE))
    import confine

    sys.path.remove(str(HERE))
    confine.become(limits.pop("user"))
    confine.limit(**limits)
    confine.refuse_system_calls()


def draw_the_same_in_every_run():
    """Begin at the same place where code draws random numbers without a seed.

    Drawn again, they are others; but a hand-in that is graded again comes to the same.
    """
    import random

    import numpy
    from numpy.random import bit_generator

    bit_generator.randbits = random.Random(0).getrandbits  # where `default_rng()` has its seed from
    numpy.random.seed(0)  # noqa: NPY002 - of those who draw from it
    random.seed(0)


def main():
    settings = json.loads(sys.argv[1])
    confine(settings["limits"], settings["walled"])
    leave_only_the_library_and(HERE / "packages", *settings["packages"])
    home, work = Path(os.environ["HOME"]), Path(settings["work"])
    for folder in (home, work, Path(os.environ["TMPDIR"]), *map(Path, settings["folders"])):
        folder.mkdir(parents=True, exist_ok=True)
    for fonts in HERE.glob("fontlist-*.json"):  # building a list of fonts takes seconds
        shutil.copyfile(fonts, home / fonts.name)
    connection_file = home / "kernel.json"
    connection_file.write_text(json.dumps(settings["connection"]))
    os.chdir(work)

    draw_the_same_in_every_run()
    import nothing

    drawing = () if importlib.util.find_spec("matplotlib") else ("matplotlib",)  # which earns no points
    nothing.stand_in_for("classroom", "explorers", *drawing)

    from ipykernel.kernelapp import IPKernelApp

    sys.path.insert(0, str(work))  # as in Jupyter, where a cell can write a module and the next import it
    quiet = ["--HistoryManager.enabled=False", "--IPKernelApp.log_level=ERROR"]
    short = ["--InteractiveShell.colors=nocolor", "--InteractiveShell.xmode=Minimal"]
    IPKernelApp.launch_instance(["-f", str(connection_file), *quiet, *short])


if __name__ == "__main__":
    main()
