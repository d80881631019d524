"""The sending account, validated before use."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal
from urllib.parse import urlsplit

from channels.e164 import E164
from channels.invalid import Invalid

ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
SHORT_CODE = re.compile(r"[0-9]{3,8}")
# Twilio's alphanumeric sender id: at most 11 of these, with at least one letter.
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9+&_-](?:[A-Za-z0-9 +&_-]{0,9}[A-Za-z0-9+&_-])?")
_URL = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+(?:[/?][!-~]*)?")
_SUBDOMAIN = re.compile(r"[a-z][a-z0-9-]{0,30}")

SenderKind = Literal["number", "short code", "alphanumeric", "messaging service"]


class InvalidAccount(Invalid):
    """Invalid account setting; ``field`` names it."""


@lru_cache
def sender_kind(sender: str) -> SenderKind | None:
    """Return a sender's kind, or None if Twilio can't send from it."""
    if SERVICE_SID.fullmatch(sender):
        return "messaging service"
    if E164.fullmatch(sender):
        return "number"
    if SHORT_CODE.fullmatch(sender):
        return "short code"
    if _ALPHANUMERIC.fullmatch(sender):
        return "alphanumeric"
    return None


def is_alphanumeric(sender: str) -> bool:
    """Return whether receivers can't answer this sender: without STOP, messages must say how to opt out."""
    return sender_kind(sender) == "alphanumeric"


def is_url(text: str) -> bool:
    """Return whether Twilio can call and sign this URL unchanged: absolute, http or https, percent-encoded."""
    return _URL.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class TwilioAccount:
    """An account, its secret and the sender.

    ``sender``: an E.164 number, a short code, an alphanumeric id of at most 11 characters or a Messaging Service SID.
    ``base_url`` replaces ``https://api.twilio.com`` (a local server, a proxy). ``region`` and ``edge`` are Twilio's own
    (``ie1`` and ``dublin``). ``timeout_s``: limit per request in seconds, including the connection. ``helpers``:
    processes that may help with requests (``channels.transport.courier``). Raises ``InvalidAccount``.
    """

    account_sid: str
    auth_token: str
    sender: str
    base_url: str | None = None
    timeout_s: float = 15.0
    region: str | None = None
    edge: str | None = None
    helpers: int = 0

    def __post_init__(self) -> None:
        if not ACCOUNT_SID.fullmatch(self.account_sid):
            raise InvalidAccount("twilio-account-sid", "account_sid")
        if not self.auth_token or not self.auth_token.isascii() or not self.auth_token.isprintable():
            raise InvalidAccount("twilio-token", "auth_token")
        if " " in self.auth_token:
            raise InvalidAccount("twilio-token-space", "auth_token")
        if sender_kind(self.sender) is None:
            raise InvalidAccount("twilio-sender", "sender")
        if not 0 < self.timeout_s <= 600:  # noqa: PLR2004 - ten minutes, in seconds; NaN fails it too
            raise InvalidAccount("too-large-number", "timeout_s", most=600)
        for field in ("region", "edge"):
            value = getattr(self, field)
            if value is not None and not _SUBDOMAIN.fullmatch(value):
                raise InvalidAccount("twilio-region", field)
        if self.base_url is not None:
            _check_base_url(self.base_url)
            if self.region or self.edge:
                raise InvalidAccount("twilio-host-twice", "base_url")

    def __repr__(self) -> str:
        # Without the token: a repr may be logged.
        return f"TwilioAccount(account_sid={self.account_sid!r}, sender={self.sender!r}, base_url={self.base_url!r})"

    @property
    def sender_kind(self) -> SenderKind:
        kind = sender_kind(self.sender)
        if kind is None:  # pragma: no cover - __post_init__ refused it
            raise InvalidAccount("twilio-sender", "sender")
        return kind

    @property
    def endpoint(self) -> tuple[str, int]:
        """The host and port that messages are posted to."""
        parts = urlsplit(self.origin())
        return str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)

    def origin(self, product: str = "api") -> str:
        """Return a product's origin (``https://api.twilio.com``), without a final slash."""
        if self.base_url is not None:
            return self.base_url.rstrip("/")
        # As twilio.base.client_base.get_hostname: an edge without a region means us1.
        region = self.region or ("us1" if self.edge else None)
        return "https://" + ".".join(part for part in (product, self.edge, region, "twilio.com") if part)


def _check_base_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidAccount("base-url", "base_url") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise InvalidAccount("base-url", "base_url")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidAccount("base-url", "base_url")
