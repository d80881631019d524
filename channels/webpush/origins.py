"""The servers that pushes may be sent to.

Endpoints come from strangers, and our server POSTs to them: a subscriber could aim us at a machine inside our own
network (SSRF). So only origins of known push services are allowed, by exact name or by a suffix that the vendor owns,
and only over https (http for a configured loopback).
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from channels.invalid import Invalid

KNOWN_ORIGINS: tuple[str, ...] = (
    "fcm.googleapis.com",  # Chrome, Edge on Android, Opera, Samsung Internet, Brave, Vivaldi
    "jmt17.google.com",  # Chromium as built by Linux distributions
    "updates.push.services.mozilla.com",  # Firefox
    "web.push.apple.com",  # Safari
    "*.push.apple.com",
    "*.notify.windows.com",  # Edge on Windows: wns2-par02p.notify.windows.com and many more
)

_HOST = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
_ORIGIN = rf"(?:(?P<scheme>https?)://)?(?P<host>{_HOST})(?::(?P<port>[0-9]{{1,5}}))?"
# RFC 3986 characters only: no user, no fragment, no backslash that two parsers would treat differently.
_ENDPOINT = re.compile(rf"(?=https?://){_ORIGIN}(?:/[A-Za-z0-9._~:/?@!$&'()*+,;=%\[\]-]*)?")
_RULE = re.compile(rf"(?P<wild>\*\.)?{_ORIGIN}")
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}")
_SCHEME = len("https://")
_DEFAULT_PORT = {"https": "443", "http": "80"}


def origin_of(endpoint: str) -> str | None:
    """Return an endpoint's ``https://host[:port]``, lower case, without a default port; None if invalid."""
    found = _ENDPOINT.fullmatch(endpoint)
    return _normal(found) if found else None


def believed_origin_of(endpoint: str) -> str | None:
    """Return the origin of an endpoint validated earlier: only its beginning is parsed, and cached."""
    return _beginning(endpoint[: endpoint.find("/", _SCHEME)])


@lru_cache(maxsize=4096)
def _beginning(beginning: str) -> str | None:
    return origin_of(beginning)


def is_loopback(origin: str) -> bool:
    return _LOOPBACK.fullmatch(origin.partition("://")[2].partition(":")[0]) is not None


def allowed(endpoint: str, origins: Iterable[str]) -> bool:
    """Return whether a push may go to this endpoint.

    An origin is a host (``fcm.googleapis.com``, https on the default port), a suffix (``*.push.apple.com``) or a whole
    origin (``https://push.example.org:8443``, ``http://127.0.0.1:8081``). Raises ``ValueError`` for other forms.
    """
    origin = origin_of(endpoint)
    if origin is None:
        return False
    exact, suffixes = rules(tuple(origins))
    if origin in exact:
        return True
    return origin.startswith("https://") and origin.endswith(suffixes)  # no other port behind a suffix


def service_of(origin: str, origins: Iterable[str]) -> str:
    """Return the rule that allows an origin of ``origin_of``, as given; ``other`` without one.

    Subscribers can name any number of hosts under a suffix, while rules are few.
    """
    for rule in origins:
        exact, suffixes = rules((rule,))
        if origin in exact or (suffixes and origin.startswith("https://") and origin.endswith(suffixes)):
            return rule
    return "other"


def concrete(origins: Iterable[str]) -> list[str]:
    """Return the origins that name a single server, in order."""
    return [_exact(origin) for origin in origins if not origin.startswith("*.")]


@lru_cache(maxsize=32)
def rules(origins: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return (exact origins, host suffixes); raises ``Invalid`` naming an invalid origin."""
    suffixes = []
    for rule in origins:
        found = _RULE.fullmatch(rule)
        if found is None:
            raise Invalid("push-origin", "origins", origin=rule)
        if found["wild"]:
            if found["scheme"] or found["port"] or "." not in found["host"]:
                raise Invalid("push-origin-suffix", "origins", origin=rule)
            suffixes.append("." + found["host"].lower())
    return frozenset(concrete(origins)), tuple(suffixes)


def _exact(rule: str) -> str:
    found = _RULE.fullmatch(rule)
    if found is None:
        raise Invalid("push-origin", "origins", origin=rule)
    origin = _normal(found)
    if origin is None or (origin.startswith("http://") and not is_loopback(origin)):
        raise Invalid("push-origin-http", "origins", origin=rule)
    return origin


def _normal(found: re.Match[str]) -> str | None:
    scheme, host, port = found["scheme"] or "https", found["host"].lower(), found["port"]
    if not port or port == _DEFAULT_PORT[scheme]:
        return f"{scheme}://{host}"
    return f"{scheme}://{host}:{int(port)}" if 0 < int(port) < 1 << 16 else None
