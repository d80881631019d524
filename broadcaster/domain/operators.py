"""Operators: the people who act in the console."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from broadcaster.domain.permissions import Caller, Permission, Role

LINK_HOLDS = timedelta(hours=1)
"""How long a link for the first administrator, or for a recovery, is valid."""
INVITATION_HOLDS = timedelta(days=7)
LONGEST_NAME = 80
KEY_OF_MACHINE, KEY_OF_COMMAND = "operator of this machine", "a command on this machine"
"""Labels of the keys that commands create; pages translate them."""
LEAST_PASSWORD, LONGEST_PASSWORD = 12, 128
"""In characters."""
ROLES = (Role.VIEWER, Role.WRITER, Role.APPROVER, Role.OWNER)
"""Roles for a station."""


@dataclass(frozen=True, slots=True)
class Operator:
    """``id`` is also that of their row among the keys; ``roles``: by station id; ``passkeys``: how many they have.

    ``phone``: E.164; requests to approve alerts go there. ``granted``: as in ``Caller``. ``has_openid``: they signed in
    by OpenID Connect.
    """

    id: int
    name: str
    mail: str | None
    admin: bool
    roles: Mapping[int, Role]
    disabled: bool
    passkeys: int
    has_password: bool
    phone: str | None = None
    granted: frozenset[int] = frozenset()
    has_openid: bool = False

    @property
    def caller(self) -> Caller:
        return Caller(self.id, self.roles, Role.ADMIN if self.admin else None, granted=self.granted)

    @property
    def login(self) -> str:
        """The name to type beside a password; a mail address distinguishes two people of the same name."""
        return self.mail or self.name

    @property
    def can_sign_in(self) -> bool:
        return not self.disabled and (self.passkeys > 0 or self.has_password)

    @property
    def comes_in(self) -> bool:
        """Return whether they can sign in, even if only through a provider, which may be unavailable."""
        return self.can_sign_in or (self.has_openid and not self.disabled)


@dataclass(frozen=True, slots=True)
class Passkey:
    """``credential`` and ``public_key`` as WebAuthn has them; ``device``: where it was made."""

    id: int
    operator_id: int
    credential: bytes
    public_key: bytes
    sign_count: int
    device: str
    made_at: datetime
    used_at: datetime | None


def may_manage(caller: Caller, who: Operator) -> bool:
    """Return whether a caller may disable an operator or reset how they sign in.

    This lets a caller act as that operator, so an owner may do it only if the operator has no role at other stations.
    """
    theirs = caller.stations(Permission.OPERATORS)
    if caller.key_id == who.id:
        return False
    return theirs is None or (not who.admin and bool(who.roles) and who.roles.keys() <= theirs)


@dataclass(frozen=True, slots=True)
class Party:
    """The relying party: a domain, and the origin of its pages."""

    id: str
    origin: str


def party_of(base_url: str) -> Party:
    """Return the relying party of a service's URL. A passkey needs a domain: a loopback address is ``localhost``."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if _is_loopback(host):
        port = "" if parts.port is None else f":{parts.port}"
        return Party("localhost", f"{parts.scheme}://localhost{port}")
    return Party(host, f"{parts.scheme}://{parts.netloc}")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def welcome_url(base_url: str, secret: str) -> str:
    """Return a one-time link. Its secret is in the fragment, which no server, proxy or log sees."""
    return f"{party_of(base_url).origin}/console/welcome#{secret}"
