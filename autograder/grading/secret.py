"""The course's secret: hidden questions draw their inputs from it. It stays outside git; every regrade needs it."""

import os
import secrets
from pathlib import Path

from autograder.grading.nbgrader_config import ROOT

SECRET = ROOT / "grading" / "secret"
MIN_BYTES = 16


class SecretFault(ValueError):
    """The file given holds no secret; the message says why."""


def read_secret(path=None):
    """Return the secret in a file, as bytes. Raises SecretFault."""
    path = Path(path or SECRET)
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SecretFault(f"the secret {path} cannot be read ({error.strerror})") from None
    if len(secret) < MIN_BYTES:
        raise SecretFault(f"the secret {path} has {len(secret)} bytes; it needs at least {MIN_BYTES}")
    return secret


def make_secret(path=None):
    """Draw the course's secret unless there is one, for its owner's eyes only. Returns whether it was made."""
    path = Path(path or SECRET)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
    return True
