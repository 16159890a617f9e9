"""What the house's tests read: the project file."""

import tomllib

import pytest

import start


@pytest.fixture(scope="session")
def project():
    """The [project] table of pyproject.toml."""
    return tomllib.loads((start.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
