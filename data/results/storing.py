"""Result files: what every script in this folder writes beside its figures."""

import json
import platform
import re
from importlib.metadata import version

import numpy as np

LIST_OF_NUMBERS = re.compile(r"\[[^\[\]{}\"]+\]")


def read(path):
    """The results that are there, or none yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path, settings, figures, packages=()):
    """Write a result file with the versions it was made with, each list of numbers on one line."""
    versions = {"python": platform.python_version(), "numpy": np.__version__}
    results = {
        "script": f"data/results/{path.stem}.py",
        "settings": settings,
        "versions": versions | {name: version(name) for name in packages},
    }
    text = json.dumps(results | figures, indent=1, ensure_ascii=False)
    text = LIST_OF_NUMBERS.sub(lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text)
    path.write_text(text + "\n", encoding="utf-8")
