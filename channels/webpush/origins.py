"""Which servers a push may go to.

An endpoint is an address that a stranger gave us and that our server will POST to: whoever subscribes could aim us at
a machine inside our own network. So only the origins of known push services are ever written to, by exact name or by
the suffix that a vendor owns, and only over https (http for a loopback that the configuration names).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KNOWN_ORIGINS: tuple[str, ...] = (
    "fcm.googleapis.com",  # Chrome, Edge on Android, Opera, Samsung Internet, Brave, Vivaldi
    "jmt17.google.com",  # Chromium as the Linux distributions build it
    "updates.push.services.mozilla.com",  # Firefox
    "web.push.apple.com",  # Safari
    "*.push.apple.com",
    "*.notify.windows.com",  # Edge on Windows: wns2-par02p.notify.windows.com and its many sisters
)

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
_ORIGIN = rf"(?:(?P<scheme>https?)://)?(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?"
# The characters of RFC 3986 and no others: no user, no fragment, no backslash that two parsers would read as two hosts.
_ENDPOINT = re.compile(rf"(?=https?://){_ORIGIN}(?:/[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*)?")
_RULE = re.compile(rf"(?P<wild>\*\.)?{_ORIGIN}")
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}")
_SCHEME = len("https://")
_DEFAULT_PORT = {"https": "443", "http": "80"}


def origin_of(endpoint: str) -> str | None:
    """``https://host[:port]`` of an endpoint, in lower case, without a default port; None where it is no such URL."""
    found = _ENDPOINT.fullmatch(endpoint)
    return _normal(found) if found else None


def believed_origin_of(endpoint: str) -> str | None:
    """The same of an endpoint that was judged when it was given: only its beginning is looked at, and once for all."""
    return _beginning(endpoint[: endpoint.find("/", _SCHEME)])


@lru_cache(maxsize=4096)
def _beginning(beginning: str) -> str | None:
    return origin_of(beginning)


def is_loopback(origin: str) -> bool:
    """True of an origin of ``origin_of`` on this very machine."""
    return _LOOPBACK.fullmatch(origin.partition("://")[2].partition(":")[0]) is not None


def allowed(endpoint: str, origins: Iterable[str]) -> bool:
    """Whether a push may go to this endpoint.

    An origin is a host (``fcm.googleapis.com``, on https and its port), a suffix (``*.push.apple.com``) or a whole
    origin (``https://push.example.org:8443``, ``http://127.0.0.1:8081``). Raises ``ValueError`` on another form.
    """
    origin = origin_of(endpoint)
    if origin is None:
        return False
    exact, suffixes = rules(tuple(origins))
    if origin in exact:
        return True
    return origin.startswith("https://") and origin.endswith(suffixes)  # another port stands behind the suffix


def service_of(origin: str, origins: Iterable[str]) -> str:
    """The rule that lets an origin of ``origin_of`` be written to, as it was given; ``other`` where none does.

    There are as many hosts as whoever subscribes names under a suffix, and few rules.
    """
    for rule in origins:
        exact, suffixes = rules((rule,))
        if origin in exact or (suffixes and origin.startswith("https://") and origin.endswith(suffixes)):
            return rule
    return "other"


def concrete(origins: Iterable[str]) -> list[str]:
    """The origins that name one server, in their order."""
    return [_exact(origin) for origin in origins if not origin.startswith("*.")]


@lru_cache(maxsize=32)
def rules(origins: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """(the exact origins, the suffixes of hosts); raises ``ValueError`` naming the origin that is none."""
    suffixes = []
    for rule in origins:
        found = _RULE.fullmatch(rule)
        if found is None:
            msg = f"{rule!r} is no origin: give a host, *.suffix, or scheme://host:port"
            raise ValueError(msg)
        if found["wild"]:
            if found["scheme"] or found["port"] or "." not in found["host"]:
                msg = f"{rule!r}: a suffix is *. and a domain of two names at least, without scheme or port"
                raise ValueError(msg)
            suffixes.append("." + found["host"].lower())
    return frozenset(concrete(origins)), tuple(suffixes)


def _exact(rule: str) -> str:
    found = _RULE.fullmatch(rule)
    if found is None:
        raise ValueError(rule)
    origin = _normal(found)
    if origin is None or (origin.startswith("http://") and not is_loopback(origin)):
        msg = f"{rule!r}: plain http is for this machine (127.0.0.1, localhost) alone"
        raise ValueError(msg)
    return origin


def _normal(found: re.Match[str]) -> str | None:
    scheme, host, port = found["scheme"] or "https", found["host"].lower(), found["port"]
    if not port or port == _DEFAULT_PORT[scheme]:
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{int(port)}" if 0 < int(port) < 1 << 16 else None
