"""What a measurement was taken on: goes into every file of results."""

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path


def describe_machine():
    """Processor, cores and system, as one line."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}"


def describe_versions(*packages):
    """Versions of Python and of the packages named."""
    return {"python": platform.python_version()} | {name: version(name) for name in packages}


def today():
    return datetime.datetime.now(datetime.UTC).date().isoformat()
