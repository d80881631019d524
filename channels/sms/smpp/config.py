"""SMPP settings: message centre, account, sender, limits."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar, cast, get_args
from urllib.parse import SplitResult, unquote, urlsplit

from channels.sms.smpp.pdu import Address
from channels.twilio.account import E164, SHORT_CODE, sender_kind

Long = Literal["udh", "payload"]
Ids = Literal["same", "hex"]
Default = TypeVar("Default", int, None)

_PORT = 2775  # IANA's port for SMPP
_LONGEST = {"system_id": 15, "password": 8, "system_type": 12}
_INTERNATIONAL, _NETWORK, _ALPHANUMERIC = 1, 3, 5  # type of number, 5.2.5
_ISDN = 1  # numbering plan, 5.2.6
_OPTIONS = frozenset(
    {"from", "tls", "system_type", "ton", "npi", "window", "timeout", "enquire", "long", "ids"},
)
_YES = {"yes": True, "no": False, "1": True, "0": False, "true": True, "false": False}


class InvalidSmppUrl(ValueError):
    """Invalid account settings; ``problem`` says what to change, without credentials."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class SmppConfig:
    """An account at a message centre.

    ``sender``: a number (+33…), a short code or a name of at most 11 characters. ``window``: unanswered messages at
    once; ``timeout_s`` bounds connecting with binding, and each answer; ``enquire_s``: silence before an enquire_link.
    ``long``: several messages with a header each, or one whole that the message centre splits. ``ids``: ``hex`` if
    answers have message ids in hexadecimal and receipts in decimal, as at some centres. Raises ``InvalidSmppUrl``.
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
                raise InvalidSmppUrl(f"the {name} has at most {longest} ASCII signs")
        if not self.host or not self.system_id:
            raise InvalidSmppUrl("the URL is smpp://system_id:password@host:2775?from=sender")
        if not 0 < self.port < 1 << 16:
            raise InvalidSmppUrl("the port is between 1 and 65535")
        if sender_kind(self.sender) in {None, "messaging service"}:
            raise InvalidSmppUrl("from is a number (+33…), a short code, or a name of at most 11 signs")
        if self.long not in get_args(Long) or self.ids not in get_args(Ids):
            raise InvalidSmppUrl("long is udh or payload; ids is same or hex")
        if self.window < 1 or self.timeout_s <= 0 or self.enquire_s <= 0:
            raise InvalidSmppUrl("window, timeout and enquire are more than 0")
        if any(value is not None and not 0 <= value <= most for value, most in ((self.ton, 6), (self.npi, 18))):
            raise InvalidSmppUrl("ton is 0 to 6, npi 0 to 18")

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
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @classmethod
    def from_url(cls, url: str, *, ca_file: Path | str | None = None) -> "SmppConfig":
        """Read ``smpp://system_id:password@host:2775?from=+33199000000&tls=yes``.

        Credentials and values are percent-encoded; ``+`` is a plus. Options: ``from``, ``tls`` (yes, no),
        ``system_type``, ``ton``, ``npi``, ``window``, ``timeout``, ``enquire`` (seconds), ``long``, ``ids``.
        Raises ``InvalidSmppUrl``.
        """
        parts, port = _split(url)
        options = _options(parts.query)
        if not options.get("from"):
            raise InvalidSmppUrl("no sender: add ?from= with a number, a short code or a name")
        tls = _YES.get(options.get("tls", "no").lower())
        if tls is None:
            raise InvalidSmppUrl("tls is yes or no")
        return cls(
            host=parts.hostname or "",
            port=_PORT if port is None else port,
            system_id=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            sender=options["from"],
            tls=tls,
            system_type=options.get("system_type", ""),
            ton=_whole(options, "ton", None),
            npi=_whole(options, "npi", None),
            window=_whole(options, "window", 10),
            timeout_s=_seconds(options, "timeout", 20.0),
            enquire_s=_seconds(options, "enquire", 30.0),
            long=cast("Long", options.get("long", "udh")),  # validated by the class
            ids=cast("Ids", options.get("ids", "same")),
            ca_file=ca_file,
        )


def _split(url: str) -> tuple[SplitResult, int | None]:
    """Split a URL; errors never quote it, since an unescaped password may end up in any part."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = None, None
    if (
        parts is None
        or re.search(r"[\x00-\x20\x7f]", url)
        or parts.scheme != "smpp"
        or parts.path not in {"", "/"}
        or parts.fragment
        or not parts.hostname
    ):
        raise InvalidSmppUrl(
            "the URL is not smpp://system_id:password@host:2775?from=sender: percent-encode spaces and the signs "
            "/ ? # @ : % in the account and the password"
        )
    return parts, port


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        if name not in _OPTIONS:
            raise InvalidSmppUrl(f"the URL has an unknown option; known are {', '.join(sorted(_OPTIONS))}")
        if name in options:
            raise InvalidSmppUrl(f"the URL gives {name} twice")
        options[name] = unquote(value)
    return options


def _whole(options: Mapping[str, str], name: str, default: Default) -> int | Default:
    text = options.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise InvalidSmppUrl(f"{name} is a whole number")
    return int(text)


def _seconds(options: Mapping[str, str], name: str, default: float) -> float:
    text = options.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", text):
        raise InvalidSmppUrl(f"{name} is a number of seconds")
    return float(text)
