"""A push's content and its delivery options."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

Urgency = Literal["very-low", "low", "normal", "high"]
_URGENCIES = get_args(Urgency)

# RFC 8291, section 4: services must accept 4096 octets, including 86 of header and 17 of the record.
MAX_PLAINTEXT = 3993
# Four weeks: FCM refuses a longer TTL, others shorten it.
MAX_TTL_S = 2_419_200
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")  # RFC 8030, section 5.4


@dataclass(slots=True)  # one per message: frozen would make construction three times as slow
class PushMessage:
    """``payload``: what the service worker gets, decrypted.

    ``fallback``: a shorter one, used if ``payload`` exceeds ``MAX_PLAINTEXT`` octets or on 413. ``ttl_s``: how long the
    service keeps it for an offline device, in seconds; ``urgency``: see RFC 8030, section 5.3; an undelivered message
    with the same ``topic`` is replaced. Raises ``ValueError`` for what no service would accept.
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
        """Plaintexts to try, in order."""
        if len(self.payload) > MAX_PLAINTEXT:
            return (self.fallback,)
        return (self.payload,) if self.fallback == self.payload else (self.payload, self.fallback)

    def headers(self) -> dict[str, str]:
        """The request's headers, without the signature's."""
        headers = {
            "TTL": str(min(self.ttl_s, MAX_TTL_S)),
            "Urgency": self.urgency,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
        }
        if self.topic is not None:
            headers["Topic"] = self.topic
        return headers
