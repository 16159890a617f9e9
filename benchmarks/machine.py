"""What a measurement was taken on: goes into every file of results."""

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path


def describe_machine():
    """What the figures depend on, the load of others included."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "load_average": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
    }


def describe_versions(*packages):
    """Versions of Python and of the packages named."""
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def today():
    return datetime.datetime.now(datetime.UTC).date().isoformat()
