"""Base64url as in the Web Push documents: written without padding, read with or without."""

import base64
import re

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")


def to_base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode("ascii")


def from_base64url(text: str) -> bytes:
    """Decode; raises ``ValueError`` for any invalid character, which the standard library would skip."""
    if not _BASE64URL.fullmatch(text):
        msg = "not base64url"
        raise ValueError(msg)
    bare = text.rstrip("=")
    return base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
