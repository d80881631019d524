"""What a push carries, and what it asks of the push service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

Urgency = Literal["very-low", "low", "normal", "high"]
_URGENCIES = get_args(Urgency)

# RFC 8291, section 4: a service need take no more than 4096 octets, of which the header is 86 and the record's own 17.
MAX_PLAINTEXT = 3993
# Four weeks: a longer TTL is refused by FCM, and shortened by the others.
MAX_TTL_S = 2_419_200
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")  # RFC 8030, section 5.4


@dataclass(slots=True)  # one a message: frozen, making it would cost three times as much
class PushMessage:
    """``payload`` is what the service worker gets, decrypted.

    ``fallback`` is a shorter one, sent in its place when ``payload`` is over ``MAX_PLAINTEXT`` octets or the service
    answers 413. ``ttl_s`` is how long the service keeps it for a device that is away, in seconds; ``urgency`` what a
    device low on battery goes by (RFC 8030, section 5.3); of two undelivered messages with one ``topic`` the later
    replaces the earlier. Raises ``ValueError`` on what no service would take.
    """

    payload: bytes
    fallback: bytes
    ttl_s: int
    urgency: Urgency = "normal"
    topic: str | None = None

    def __post_init__(self) -> None:
        if not self.payload or not self.fallback:
            raise ValueError("a push without payload shows nothing: payload and fallback are both needed")
        if len(self.fallback) > MAX_PLAINTEXT:
            raise ValueError(f"fallback is {len(self.fallback)} octets: no push carries over {MAX_PLAINTEXT}")
        if self.ttl_s < 0:
            raise ValueError("ttl_s is negative: an alert that is over is not sent")
        if self.urgency not in _URGENCIES:
            raise ValueError(f"urgency {self.urgency!r} is none of {', '.join(_URGENCIES)}")
        if self.topic is not None and not _TOPIC.fullmatch(self.topic):
            raise ValueError("topic is 1 to 32 characters of base64url")

    @property
    def tries(self) -> tuple[bytes, ...]:
        """The plaintexts to try, in order."""
        if len(self.payload) > MAX_PLAINTEXT:
            return (self.fallback,)
        return (self.payload,) if self.fallback == self.payload else (self.payload, self.fallback)

    def headers(self) -> dict[str, str]:
        """The request's headers, all but the signature's."""
        headers = {
            "TTL": str(min(self.ttl_s, MAX_TTL_S)),
            "Urgency": self.urgency,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
        }
        if self.topic is not None:
            headers["Topic"] = self.topic
        return headers
