"""Result files: what every script in this folder writes beside its figures."""

import json
import platform
import re

import numpy as np

LIST_OF_NUMBERS = re.compile(r"\[[^\[\]{}\"]+\]")


def read(path):
    """The results that are there, or none yet."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def write(path, settings, figures):
    """Write a result file with the versions it was made with, each list of numbers on one line."""
    results = {
        "script": f"data/results/{path.stem}.py",
        "settings": settings,
        "versions": {"python": platform.python_version(), "numpy": np.__version__},
    }
    text = json.dumps(results | figures, indent=1, ensure_ascii=False)
    text = LIST_OF_NUMBERS.sub(lambda found: " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]"), text)
    path.write_text(text + "\n", encoding="utf-8")
