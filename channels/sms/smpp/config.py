"""SMPP settings: message centre, account, sender, limits."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import unquote

from channels.e164 import E164
from channels.provider_urls import InvalidProviderUrl, is_loopback, number, options, split, whole
from channels.sms.smpp.pdu import Address
from channels.twilio.account import SHORT_CODE, sender_kind

Long = Literal["udh", "payload"]
Ids = Literal["same", "hex"]

_EXAMPLE = "smpp://system_id:password@host:2775?from=sender"
_PORT = 2775  # IANA's port for SMPP
_LONGEST = {"system_id": 15, "password": 8, "system_type": 12}
_INTERNATIONAL, _NETWORK, _ALPHANUMERIC = 1, 3, 5  # type of number, 5.2.5
_ISDN = 1  # numbering plan, 5.2.6
_OPTIONS = frozenset({"from", "tls", "system_type", "ton", "npi", "window", "timeout", "enquire", "long", "ids"})
_YES = {"yes": True, "no": False, "1": True, "0": False, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class SmppConfig:
    """An account at a message centre.

    ``sender``: a number (+33…), a short code or a name of at most 11 characters. ``window``: unanswered messages at
    once; ``timeout_s`` bounds connecting with binding, and each answer; ``enquire_s``: silence before an enquire_link.
    ``long``: send a long text as several messages with a header each, or as one that the message centre splits.
    ``ids``: ``hex`` if answers have message ids in hexadecimal and receipts in decimal, as at some centres. Raises
    ``InvalidProviderUrl``.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    sender: str
    tls: bool = False
    system_type: str = ""
    ton: int | None = None
    npi: int | None = None
    window: int = 10
    timeout_s: float = 20.0
    enquire_s: float = 30.0
    long: Long = "udh"
    ids: Ids = "same"
    ca_file: Path | str | None = None

    def __post_init__(self) -> None:
        for name, longest in _LONGEST.items():
            text = getattr(self, name)
            if len(text) > longest or not text.isascii() or not (text.isprintable() or text == ""):
                raise InvalidProviderUrl("url-too-long", name=name, most=longest)
        if not self.host or not self.system_id:
            raise InvalidProviderUrl("url-form", example=_EXAMPLE)
        if not 0 < self.port < 1 << 16:
            raise InvalidProviderUrl("url-port")
        if sender_kind(self.sender) in {None, "messaging service"}:
            raise InvalidProviderUrl("url-sms-sender")
        for name, words in (("long", get_args(Long)), ("ids", get_args(Ids))):
            if getattr(self, name) not in words:
                raise InvalidProviderUrl("url-one-of", name=name, expected=", ".join(words))
        if self.window < 1 or self.timeout_s <= 0 or self.enquire_s <= 0:
            raise InvalidProviderUrl("url-more-than-0", name="window, timeout, enquire")
        if any(value is not None and not 0 <= value <= most for value, most in ((self.ton, 6), (self.npi, 18))):
            raise InvalidProviderUrl("url-ton-npi")

    @property
    def source(self) -> Address:
        """Return the sender's wire form."""
        if E164.fullmatch(self.sender):
            ton, npi = _INTERNATIONAL, _ISDN
        elif SHORT_CODE.fullmatch(self.sender):
            ton, npi = _NETWORK, 0
        else:
            ton, npi = _ALPHANUMERIC, 0
        return Address(
            ton if self.ton is None else self.ton, npi if self.npi is None else self.npi, self.sender.lstrip("+")
        )

    @property
    def is_loopback(self) -> bool:
        """Whether the message centre is on this machine."""
        return is_loopback(self.host)

    @classmethod
    def from_url(cls, url: str, *, ca_file: Path | str | None = None) -> "SmppConfig":
        """Read ``smpp://system_id:password@host:2775?from=+33199000000&tls=yes``.

        Credentials and values are percent-encoded; ``+`` is a plus. Options: ``from``, ``tls`` (yes, no),
        ``system_type``, ``ton``, ``npi``, ``window``, ``timeout``, ``enquire`` (seconds), ``long``, ``ids``.
        Raises ``InvalidProviderUrl``.
        """
        parts = split(url, _EXAMPLE)
        if parts.scheme != "smpp":
            raise InvalidProviderUrl("url-form", example=_EXAMPLE)
        given = options(parts.query, _OPTIONS)
        if not given.get("from"):
            raise InvalidProviderUrl("url-sms-sender")
        tls = _YES.get(given.get("tls", "no").lower())
        if tls is None:
            raise InvalidProviderUrl("url-one-of", name="tls", expected="yes, no")
        return cls(
            host=parts.hostname or "",
            port=_PORT if parts.port is None else parts.port,
            system_id=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            sender=given["from"],
            tls=tls,
            system_type=given.get("system_type", ""),
            ton=whole(given, "ton", None),
            npi=whole(given, "npi", None),
            window=whole(given, "window", 10),
            timeout_s=number(given, "timeout", 20.0),
            enquire_s=number(given, "enquire", 30.0),
            long=cast("Long", given.get("long", "udh")),  # validated by the class
            ids=cast("Ids", given.get("ids", "same")),
            ca_file=ca_file,
        )
