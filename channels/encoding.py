"""Base64url, as the Web Push documents write keys: without padding, and read with or without it."""

from __future__ import annotations

import base64
import re

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")


def to_base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Raises ``ValueError`` where the text is not base64url: the standard library would skip what it does not know."""
    if not _BASE64URL.fullmatch(text):
        msg = "not base64url"
        raise ValueError(msg)
    bare = text.rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
