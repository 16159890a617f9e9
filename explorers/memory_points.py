"""Measure the points of the memory meter that come with the course: `python -m explorers.memory_points`, seconds."""

import json

from explorers.memory_meter import STORED_POINTS, measure_memory

if __name__ == "__main__":
    STORED_POINTS.write_text(json.dumps(measure_memory()) + "\n", encoding="utf-8")
    print("written:", STORED_POINTS.name)
