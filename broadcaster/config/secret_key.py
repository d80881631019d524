"""The secret that seals addresses: read from a text, or created once in a file."""

import fcntl
import os
import secrets
from pathlib import Path

from broadcaster.errors import BadSetting, BadSettings

_BYTES = 32


def read(text: str) -> bytes:
    """Return the secret's bytes: hexadecimal, or any text that is long enough. Raises ``BadSettings``."""
    text = text.strip()
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = text.encode()
    if len(raw) < _BYTES:
        raise BadSettings(BadSetting("secret-too-short", "TOCSIN_SECRET_KEY", least=_BYTES))
    return raw


def make(path: Path) -> None:
    """Write a secret, unless a process starting concurrently has written one."""
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if file.read() == "":
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
