"""What the long tests of rooms measured, on disk: tests/results/gallery_G1.json and so on."""

import json
from datetime import UTC, datetime
from importlib.metadata import version
from platform import python_version

from gallery import MODE, is_short
from start import ROOT

FOLDER = ROOT / "tests" / "results"


def store(room, figures):
    """Write the figures of a room, a dict, with date and versions. Figures of short mode are refused."""
    assert not is_short(), f"figures are those of full trainings: unset {MODE}"
    about = {"date": datetime.now(UTC).date().isoformat(), "versions": {"python": python_version()}}
    about["versions"]["numpy"] = version("numpy")
    text = json.dumps({**about, **figures}, indent=1, ensure_ascii=False)
    (FOLDER / f"gallery_{room}.json").write_text(text + "\n", encoding="utf-8", newline="\n")
