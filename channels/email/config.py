"""Mail settings: relay, credentials, sender, limits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import unquote

from channels.email.address import InvalidMailAddress, parse_address
from channels.email.fields import check_value
from channels.email.signature import DkimKey
from channels.provider_urls import InvalidProviderUrl, is_loopback, number, options, split, whole

Tls = Literal["starttls", "starttls-if-offered", "implicit", "none"]

_STARTTLS: Mapping[str, Tls] = {"required": "starttls", "if-offered": "starttls-if-offered", "never": "none"}
_HOST_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}$){_HOST_LABEL}(?:\.{_HOST_LABEL})*|[0-9A-Fa-f:.]{{2,45}}")
_HELO = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Za-z:.]{2,50}\]")
_WITH_NAME = re.compile(r"\s*(?P<name>[^<>]*?)\s*<(?P<address>[^<>]*)>\s*")
_PORTS = {"smtp": 587, "smtps": 465}
_RELAY_PORT = 25
_EXAMPLE = "smtp://user:password@host:port?options"
_OPTIONS = frozenset({"starttls", "from", "bounce", "helo", "pool", "timeout", "per_connection"})


@dataclass(frozen=True, slots=True)
class Sender:
    """Sender of a mail: an ASCII address and a display name."""

    address: str
    name: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Sender":
        """Read ``Mairie <alerte@ville.example>`` or a bare address; raises ``InvalidMailAddress``."""
        named = _WITH_NAME.fullmatch(text)
        address = parse_address(named["address"] if named else text)
        if not address.isascii():
            raise InvalidMailAddress("mail-sender-ascii")
        name = named["name"].strip().strip('"').strip() if named else ""
        try:
            check_value("the sender's name", name)
        except ValueError as error:
            raise InvalidMailAddress("mail-sender-name") from error
        return cls(address, name or None)


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """A relay and how to connect to it.

    ``tls``: ``starttls`` (required), ``starttls-if-offered``, ``implicit`` (port 465) or ``none``. Passwords are never
    sent over a network unencrypted. ``envelope_from``: where bounces go, by default the sender. ``ca_file``: PEM of the
    authority to trust instead of the system's. ``timeout_s`` bounds connecting and sending one message, each;
    ``wait_s`` the wait for one of ``pool_size`` connections; ``idle_s``: how long an unused one stays open. ``helo``:
    our EHLO name, by default our address literal. Raises ``InvalidProviderUrl``.
    """

    host: str
    port: int
    sender: Sender
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Tls = "starttls"
    envelope_from: str | None = None
    dkim: DkimKey | None = None
    pool_size: int = 8
    timeout_s: float = 30.0
    wait_s: float = 120.0
    idle_s: float = 15.0
    messages_per_connection: int = 100
    helo: str | None = None
    ca_file: Path | str | None = None

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise InvalidProviderUrl("url-host")
        if not 0 < self.port < 1 << 16:
            raise InvalidProviderUrl("url-port")
        if self.tls not in get_args(Tls):
            raise InvalidProviderUrl("url-one-of", name="tls", expected=", ".join(get_args(Tls)))
        if self.helo is not None and not _HELO.fullmatch(self.helo):
            raise InvalidProviderUrl("url-helo")
        for name in ("pool_size", "timeout_s", "wait_s", "idle_s", "messages_per_connection"):
            if not getattr(self, name) > 0:
                raise InvalidProviderUrl("url-more-than-0", name=name)
        self._check_credentials()

    def _check_credentials(self) -> None:
        if (self.username is None) != (self.password is None):
            raise InvalidProviderUrl("url-user-and-password")
        for credential in (self.username, self.password):
            if credential is not None and (not credential or re.search(r"[\x00-\x1f\x7f]", credential)):
                raise InvalidProviderUrl("url-credential")
        if self.username is not None and self.tls == "none" and not self.is_loopback:
            raise InvalidProviderUrl("url-password-in-clear")

    @property
    def bounce_address(self) -> str:
        """The envelope sender (RFC 5321's reverse-path)."""
        return self.envelope_from or self.sender.address

    @property
    def is_loopback(self) -> bool:
        """Whether the relay is on this machine."""
        return is_loopback(self.host)

    @classmethod
    def from_url(
        cls, url: str, *, sender: str | None = None, dkim: DkimKey | None = None, ca_file: Path | str | None = None
    ) -> "SmtpConfig":
        """Read ``smtp://user:password@host:587?starttls=required&from=Mairie <alerte@ville.example>``.

        ``smtps://`` is TLS from the start (port 465). ``smtp://`` asks for STARTTLS (port 587) unless the host is this
        machine (port 25, no TLS). Credentials and values are percent-encoded; ``+`` is a plus. Options: ``starttls``
        (required, if-offered, never), ``from``, ``bounce``, ``helo``, ``pool``, ``timeout``, ``per_connection``.
        ``sender`` is used where the URL has no ``from``. Raises ``InvalidProviderUrl``.
        """
        parts = split(url, _EXAMPLE)
        if parts.scheme not in _PORTS:
            raise InvalidProviderUrl("url-form", example=_EXAMPLE)
        given = options(parts.query, _OPTIONS)
        host = parts.hostname or ""
        tls = _tls(parts.scheme, host, given.get("starttls"))
        from_text = given.get("from") or sender
        if not from_text:
            raise InvalidProviderUrl("url-mail-sender")
        bounce = given.get("bounce")
        return cls(
            host=host,
            port=parts.port or (_RELAY_PORT if tls == "none" and is_loopback(host) else _PORTS[parts.scheme]),
            sender=_sender("from", from_text),
            username=unquote(parts.username) if parts.username is not None else None,
            password=unquote(parts.password) if parts.password is not None else None,
            tls=tls,
            envelope_from=_sender("bounce", bounce).address if bounce else None,
            dkim=dkim,
            pool_size=whole(given, "pool", 8),
            timeout_s=number(given, "timeout", 30.0),
            messages_per_connection=whole(given, "per_connection", 100),
            helo=given.get("helo"),
            ca_file=ca_file,
        )


def _tls(scheme: str, host: str, starttls: str | None) -> Tls:
    if scheme == "smtps":
        if starttls is not None:
            raise InvalidProviderUrl("url-starttls-twice")
        return "implicit"
    if starttls is None:
        return "none" if is_loopback(host) else "starttls"
    if starttls not in _STARTTLS:
        raise InvalidProviderUrl("url-one-of", name="starttls", expected=", ".join(_STARTTLS))
    return _STARTTLS[starttls]


def _sender(option: str, text: str) -> Sender:
    try:
        return Sender.parse(text)
    except InvalidMailAddress as error:
        raise InvalidProviderUrl("url-no-mail", name=option) from error
