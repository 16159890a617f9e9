"""What the long tests of rooms measured, on disk: tests/results/gallery_G1.json and so on."""

import json
import re
from datetime import UTC, datetime
from importlib.metadata import version
from platform import python_version

import numpy as np

from gallery import MODE, is_short
from start import ROOT

FOLDER = ROOT / "tests" / "results"
LIST_OF_NUMBERS = re.compile(r"\[[^\[\]{}\"]+\]")


def store(room, part, figures):
    """Put the figures of one test into the results of a room, with date and versions. Short mode is refused."""
    assert not is_short(), f"figures are those of full trainings: unset {MODE}"
    path = FOLDER / f"gallery_{room}.json"
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    versions = {"python": python_version(), "numpy": version("numpy")}
    stored[part] = {"date": datetime.now(UTC).date().isoformat(), "versions": versions, **figures}
    rounded = json.loads(json.dumps(stored, default=_listed), parse_float=lambda digits: round(float(digits), 3))
    text = json.dumps(rounded, indent=1, ensure_ascii=False)
    path.write_text(LIST_OF_NUMBERS.sub(_on_one_line, text) + "\n", encoding="utf-8", newline="\n")


def _listed(array):
    return np.asarray(array, np.float64).tolist()


def _on_one_line(found):
    return " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]")
